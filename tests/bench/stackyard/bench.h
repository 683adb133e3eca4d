/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the measurements of this directory share: options, two hosts joined
 * by an Ethernet link in virtual time, and the form of what is printed, one
 * line per figure: name, value and unit, separated by tabs.
 *
 * A measurement is a function of the options that prints its figures and
 * returns how many units of work (segments, connections, packets) it did.
 * With -u only that number is printed, for who counts the instructions of two
 * runs and divides the difference.
 */
#ifndef _BENCH_H_
#define	_BENCH_H_

#include <sys/socket.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "../figure.h"
#include "stackyard.h"

#define	SECOND		1000000000ULL
#define	MILLISECOND	1000000ULL
#define	PORT		5001
#define	MODULES_MAX	32

struct flood;

struct opts {
	const char	*block, *cc;	/* -b, -c */
	uint64_t	flows;		/* -f */
	bool		large;		/* -l: segments above the MTU */
	const char	*modules[MODULES_MAX];	/* -k, each */
	unsigned	nmodules;
	uint64_t	count;		/* -n: units of work */
	uint64_t	others;		/* -o: connections beside them */
	bool		receive;	/* -r: the other way */
	double		seconds;	/* -s */
	uint64_t	timewait;	/* -t: connections closed before */
	uint64_t	window;		/* -w: bytes */
};

struct two {
	struct sy_loop	*loop;
	struct sy_host	*a, *b;		/* 10.0.0.1 and 10.0.0.2 */
};

/* A size or number as names of figures have it: 256k, 16m. */
const char *short_number(uint64_t n, uint64_t base);
/* Complain and exit if a function of libstackyard failed. */
int	must(int result);
void	two_new(struct two *t, const struct opts *o, const struct sy_var *vars,
	    size_t nvars);
/* A listening socket of b. */
int	two_listen(struct two *t, int backlog);
struct sockaddr_in two_addr(const char *addr, unsigned port);
/* Connect a to b's listener; from is a's address, NULL: any. */
void	two_connect(struct two *t, int listener, const struct sockaddr_in *from,
	    int *out, int *in);
/* Give a more addresses, and open n connections from them. */
void	two_others(struct two *t, int listener, uint64_t n);
/* The host's interface flood0 (inside.h), with address and default route. */
struct flood *flood_host(struct sy_host *host);
/* Let n SYNs come out of it. */
void	flood_now(struct sy_host *host, struct flood *f, unsigned n);
/* Bytes that the allocators of both hosts have given out. */
uint64_t two_bytes(const struct two *t);

uint64_t inmem_bulk(const struct opts *o);
uint64_t inmem_conn(const struct opts *o);
uint64_t idle_bytes(const struct opts *o);
uint64_t synflood(const struct opts *o);
uint64_t sim_packets(const struct opts *o);
uint64_t tap_bulk(const struct opts *o);

#endif /* !_BENCH_H_ */
