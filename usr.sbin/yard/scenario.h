/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A scenario: hosts, the links between them and the flows over these, as a
 * file of Lua describes them (yard(1) has the keys).  Plain data, which is
 * not changed once it is read.  Times are in ns, rates in bits/s.
 */
#ifndef _YARD_SCENARIO_H_
#define	_YARD_SCENARIO_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <stackyard.h>

#include "keys.h"
#include "units.h"
#include "util.h"

#define	SC_NAMELEN	32		/* a host's name with its NUL */
#define	SC_LINKS_MAX	65535		/* addresses count them in 16 bits */
#define	SC_FLOWS_MAX	50000		/* and ports the flows */
#define	SC_OPTIONS	14		/* socket options that flows know */

/* Variables in sysctl(8)'s names. */
struct sc_vars {
	struct sy_var	*v_list;
	size_t		v_n;
};

struct sc_host {
	char		*h_name;
	struct place	h_place;
	struct sc_vars	h_vars;
};

/* One direction of a link. */
struct sc_pipe {
	uint64_t	p_rate, p_delay, p_jitter;
	bool		p_jitter_reorder;
	double		p_loss;
	double		p_ge_enter, p_ge_leave, p_ge_good, p_ge_bad;
	double		p_reorder, p_duplicate, p_corrupt;
	uint64_t	p_reorder_gap;
	struct queue_size p_queue, p_ecn;
	uint64_t	p_rtt;		/* what bdp counts with; 0: the
					   link's own */
	char		*p_aqm;
};

struct sc_link {
	struct place	l_place;
	size_t		l_host[2];
	uint64_t	l_mtu;		/* 0: 1500 */
	struct sc_pipe	l_pipe[2];	/* [i]: what l_host[i] sends */
};

struct sc_options {
	uint64_t	o_set;		/* bit i: the option i of options.c */
	union {
		bool		b;
		uint64_t	n;
	}		o_value[SC_OPTIONS];
};

/* What the programs at a flow's ends do. */
enum sc_app { APP_BULK, APP_REQUEST, APP_ONOFF };

struct sc_flow {
	struct place	f_place;
	char		*f_from, *f_to;
	size_t		f_host[2];	/* from, to */
	char		*f_block, *f_cc, *f_label;
	uint64_t	f_start, f_stagger;
	uint64_t	f_bytes;	/* 0: no limit */
	uint64_t	f_seconds;	/* ns; 0: no limit */
	uint64_t	f_count;
	bool		f_ipv6, f_verify;
	uint64_t	f_rate;		/* the program's; 0: all it can */
	enum sc_app	f_app;
	uint64_t	f_request, f_response, f_think, f_times;
	uint64_t	f_on, f_off;
	struct sc_options f_options;
};

struct scenario {
	char		*s_file;	/* as it was named */
	char		*s_name;	/* for people and directories */
	char		*s_text;
	size_t		s_textlen;
	lua_State	*s_lua;		/* while it is read */

	uint64_t	s_seed;
	uint64_t	s_duration;
	uint64_t	s_sample;
	uint64_t	s_warmup;
	bool		s_capture, s_png;
	uint64_t	s_snaplen;
	char		**s_capture_at;	/* names of hosts; none: senders */
	size_t		s_ncapture_at;
	struct sc_vars	s_vars;		/* for every host */
	struct place	s_vars_place;
	struct place	s_modules_place; /* all zeros: -k named them */
	char		**s_modules;
	size_t		s_nmodules;
	struct sc_host	*s_hosts;
	size_t		s_nhosts;
	struct sc_link	*s_links;
	size_t		s_nlinks;
	struct sc_flow	*s_flows;
	size_t		s_nflows;
};

/* Read the scenario in the file, or in text (taken over) that is called
 * file; the program ends with a message if it is wrong. */
struct scenario *scenario_load(const char *file);
struct scenario *scenario_parse(const char *file, char *text, size_t len);
void	scenario_free(struct scenario *sc);
/* Index of the host called name, or SIZE_MAX. */
size_t	scenario_host(const struct scenario *sc, const char *name);
/* Flows with each counted as often as its `count' says. */
size_t	scenario_nflows(const struct scenario *sc);

/* options.c: the key `options' of a flow, and putting it into force. */
void	options_read(const struct place *pl, const struct key *k, void *flow);
/* NULL, or the name of the option that could not be set (errno). */
const char *options_set(const struct sc_options *so, struct sy_host *host,
	    int fd, bool ipv6);

#endif /* !_YARD_SCENARIO_H_ */
