/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Whole transfers between two hosts, each described by a row: a path, what
 * the hosts are told, and what the programs at both ends do.
 *
 *	row.c		the table, made from numbers; a row as a line of text
 *	transfer.c	runs a row: hosts, path, two programs
 *	wire.c		judges every packet that leaves or reaches a host
 *	inside.c	looks into the stack (kernel kind, xfer_k.h)
 *
 * This is for sources of host kind.
 */
#ifndef _XFER_H_
#define	_XFER_H_

#include <sys/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stackyard.h"
#include "xfer_k.h"

#define	MS	1000000ULL
#define	SECOND	1000000000ULL
#define	NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- Rows (row.c) ---- */

/* Who sends when, and how they part. */
enum xf_order {
	XF_PUSH,		/* a sends; b reads and closes */
	XF_PULL,		/* b sends; a reads and closes */
	XF_BOTH,		/* both send at once */
	XF_REPLY,		/* a sends, shuts down; b answers, closes */
	XF_CLOSE,		/* a sends and closes at once; b reads */
	XF_ORDERS
};

struct xf_row {
	unsigned	id;
	uint64_t	seed;
	/* The path. */
	unsigned	ways;		/* 1 a to b is bad, 2 b to a, 3 both */
	double		loss;		/* 0..1, as the next four */
	double		burst;		/* of packets lost in bursts */
	double		reorder, duplicate, corrupt;
	unsigned	delay, jitter;	/* ms */
	bool		jitter_reorder;
	unsigned	rate;		/* kbit/s; 0: no limit */
	unsigned	queue;		/* packets */
	int		mtu;
	bool		v6;
	/* The hosts. */
	const char	*cc;
	bool		sack, ts, tso, delack, prr;
	unsigned	buf;		/* of sockets, bytes; 0: the stack's */
	/* The programs. */
	enum xf_order	order;
	size_t		bytes[2];	/* a to b, b to a */
	size_t		write_max, read_max;
	bool		odd;		/* sizes up to these, not these */
	bool		nodelay, iov, peek;
	unsigned	pause;		/* ms between reads */
	int		maxseg;		/* TCP_MAXSEG, set halfway; 0: not */
};

/* Row id of group; false: the group has no such row. */
bool	xf_row(const char *group, unsigned id, struct xf_row *row);
extern const char *const xf_groups[];		/* NULL ends */
/* The row as a line of text. */
void	xf_print(const struct xf_row *row, char *buf, size_t size);
/* Virtual time, ns, in which the row must be over. */
uint64_t xf_limit(const struct xf_row *row);
/* Is anything on the path that could make a segment be sent again? */
bool	xf_spotless(const struct xf_row *row);
/* The data: len bytes from off of what dir (0: a to b) carries. */
void	xf_pattern(uint64_t seed, unsigned dir, size_t off, void *buf,
	    size_t len);
/* The next of a sequence of random numbers. */
uint64_t xf_random(uint64_t *state);

/* ---- Running a row (transfer.c) ---- */

struct xf;
struct xf_wire;

struct xf_wire_count {
	uint64_t	packets;	/* of TCP, sent */
	uint64_t	again;		/* bytes of text sent more than once */
	uint64_t	resets;
};

/* The program at one end. */
struct xf_end {
	struct xf	*e_run;
	struct sy_host	*e_host;
	const char	*e_ifname;
	unsigned	e_dir;		/* what it sends: 0 is a to b */
	int		e_fd;		/* -1: not yet, or closed */
	size_t		e_tosend, e_sent;
	size_t		e_toget, e_got;
	bool		e_waits;	/* sends when it has seen the end */
	bool		e_closes;	/* close() where others shutdown() */
	bool		e_eof, e_shut, e_closed, e_paused, e_resized;
	int		e_error;	/* it gave up; XF_FAULTS only */
	uint64_t	e_random;
	struct xk_conn	e_last;		/* the connection, last time */
};

struct xf {
	struct xf_row	x_row;
	const char	*x_pcap;	/* record to this file, or NULL */
	int		x_flags;
#define	XF_FAULTS	1		/* memory may be short: an end may
					   give up */
#define	XF_NOCHECK	2		/* no checks but of the data */
	struct sy_loop	*x_loop;
	struct xf_end	x_end[2];	/* a, b */
	int		x_listen;
	struct xf_wire	*x_wire;
	struct xk_memory x_memory[2];	/* before there was a connection */
	/* What it came to. */
	uint64_t	x_done;		/* when both had closed, ns */
	uint64_t	x_events;
	struct xf_wire_count x_count;
	char		x_fail[512];	/* what is wrong; "": nothing */
	/* Called after each event, and when hosts are made. */
	void		(*x_hook)(struct xf *, struct xf_end *, void *);
	void		(*x_born)(struct xf *, void *);
	void		*x_hookarg;
};

/* Run x_row.  Returns false if something was wrong, with x_fail. */
bool	xf_run(struct xf *x);
void	xf_fail(struct xf *x, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 2, 3)));

/* ---- The wire (wire.c) ---- */

/* Begin to watch both hosts' interfaces; NULL: no memory. */
struct xf_wire *xf_wire_new(struct xf *x);
/* Judge what has passed since the last time. */
void	xf_wire_look(struct xf_wire *w);
/* Has all text arrived, and both FINs been sent? */
void	xf_wire_end(struct xf_wire *w);
const struct xf_wire_count *xf_wire_count(const struct xf_wire *w);
/* Stop watching: before the hosts go. */
void	xf_wire_free(struct xf_wire *w);

#endif /* !_XFER_H_ */
