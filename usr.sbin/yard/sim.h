/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A scenario while it runs, and what came of it.
 *
 * hosts.c and pipes.c make it, sim.c drives time, flow.c is the programs on
 * the hosts, sample.c writes down how they fare, report.c and plot.c show it.
 */
#ifndef _YARD_SIM_H_
#define	_YARD_SIM_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <stackyard.h>

#include "endpoint.h"
#include "outdir.h"
#include "scenario.h"
#include "stats.h"
#include "topology.h"
#include "util.h"

#define	RATE_WINDOW	10		/* samples that goodput is over */

enum { CLIENT, SERVER };		/* ends of a flow, from and to */

/*
 *	WAITING --start--> CONNECTING --handshake--> RUNNING --FIN--> DONE
 *	                       |                        |
 *	                       +-------> FAILED <-------+
 */
enum flow_state { FL_WAITING, FL_CONNECTING, FL_RUNNING, FL_DONE, FL_FAILED };

struct flow {
	const struct sc_flow *fl_sc;
	struct sim	*fl_sim;
	size_t		fl_index;	/* from 0 */
	uint16_t	fl_port;	/* the server's */
	uint64_t	fl_start;	/* ns */
	enum flow_state	fl_state;
	struct sy_host	*fl_host[2];
	int		fl_fd[2];	/* -1: none */
	int		fl_listener;	/* -1: none */
	struct endpoint	*fl_ep[2];
	uint8_t		*fl_pattern;	/* its own, with verify; else NULL */
	int		fl_sender;	/* CLIENT or SERVER: the data's */
	int		fl_error;	/* errno of FL_FAILED */
	size_t		fl_bottleneck;	/* in si_pipes; SIZE_MAX: none */
	char		fl_block[32], fl_cc[16];
	uint64_t	fl_started;	/* connect(2); ns */
	uint64_t	fl_connected;
	uint64_t	fl_ended;	/* last byte received; 0: not yet */
	/* The programs. */
	uint64_t	fl_given;	/* rate: bytes allowed so far */
	uint64_t	fl_rate_since;	/* ns; since the program may send */
	uint64_t	fl_rate_given;	/* fl_given then */
	bool		fl_on;
	uint64_t	fl_exchanges;	/* responses received */
	uint64_t	fl_asked;	/* when the request was made, ns */
	struct hist	*fl_waits;	/* response times, us; or NULL */
	/* Samples. */
	struct conninfo	fl_info;	/* the last */
	uint64_t	fl_window[RATE_WINDOW];	/* received, a ring */
	size_t		fl_nsamples;
	struct text	fl_csv;
	struct hist	fl_rtt;		/* us */
	/* As the measured time began. */
	uint64_t	fl_base_time, fl_base_received;
	uint32_t	fl_base_rexmits;
};

/* A pipe with a rate, on the way of some flow. */
struct pipe_watch {
	size_t		pw_link;
	int		pw_end;		/* that sends */
	struct sy_host	*pw_host;
	char		pw_ifname[TOPO_IFLEN];
	bool		pw_bottleneck;	/* of some flow */
	uint64_t	pw_packet_sum;	/* of samples */
	uint64_t	pw_samples;
	struct sy_pipe_stats pw_stats;	/* the last, from the warm-up on */
	struct sy_pipe_stats pw_before;	/* the warm-up's */
	struct text	pw_csv;
	char		pw_name[16];	/* of its file, without .csv */
};

struct sim {
	const struct scenario *si_sc;
	struct outdir	*si_out;
	const char	*si_dir;	/* in si_out: "" or "name/" */
	struct topology	*si_topo;
	struct sy_loop	*si_loop;
	struct sy_host	**si_hosts;
	struct sy_capture *si_capture;
	uint8_t		*si_pattern;	/* of flows that do not verify */
	struct flow	*si_flows;
	size_t		si_nflows;
	size_t		si_active;	/* flows neither done nor failed */
	struct pipe_watch *si_pipes;
	size_t		si_npipes;
	uint64_t	*si_rtt;	/* by 2 * link + end: base RTT, ns */
	uint64_t	si_now;		/* ns */
};

/* sim.c: run sc to its end, with its files in dir of out. */
struct sim *sim_run(const struct scenario *sc, struct outdir *out,
	    const char *dir);
void	sim_free(struct sim *si);
/* Could sc be run?  The program ends with a message if not. */
void	sim_check(const struct scenario *sc);
/* The name of one of its files, in out; valid until the next call. */
const char *sim_file(const struct sim *si, const char *name);

/* hosts.c: hosts, links, routes, modules. */
void	hosts_make(struct sim *si);
/* pipes.c: what the links emulate, and which of them are bottlenecks. */
void	pipes_make(struct sim *si);

/* flow.c */
void	flow_setup(struct flow *fl);
void	flow_free(struct flow *fl);
/* A pattern of EP_PERIOD bytes that follows from seed; to be freed. */
uint8_t	*flow_pattern(uint64_t seed);
/* Bytes that the receiving program has got. */
uint64_t flow_received(const struct flow *fl);
/* Take the last look at the sender's connection. */
void	flow_look(struct flow *fl);
const char *flow_state_name(const struct flow *fl);

/* sample.c */
void	sample_start(struct sim *si);
void	sample_all(struct sim *si);
/* One row of a flow. */
void	sample_flow(struct flow *fl, uint64_t now);
/* The warm-up is over. */
void	sample_rebase(struct sim *si);
void	sample_finish(struct sim *si);
/* Goodput in bits/s over the measured time. */
double	sample_goodput(const struct flow *fl);
/* Segments sent again in the measured time, and their share of all. */
uint32_t sample_rexmits(const struct flow *fl, double *share);

#endif /* !_YARD_SIM_H_ */
