/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * netstat: options, and what its files share.
 */
#ifndef _NETSTAT_H_
#define	_NETSTAT_H_

#include "pcbs.h"

struct options {
	bool		o_all;		/* -a: listeners too */
	bool		o_id;		/* -A: the connections' numbers */
	bool		o_numeric;	/* -n */
	bool		o_queues;	/* -L */
	bool		o_buffers;	/* -x */
	bool		o_trouble;	/* -T */
	bool		o_stack;	/* -c */
	bool		o_cc;		/* -C */
	bool		o_wide;		/* -W */
	int		o_stats;	/* -s, -ss */
	bool		o_zero;		/* -z */
	int		o_family;	/* 0, 4 or 6 */
	const char	*o_proto;	/* -p */
};

/* list.c: the connections; stats.c: the counters. */
void	list_connections(struct ysctl *y, const struct options *o);
void	show_stats(struct ysctl *y, const struct options *o);
bool	stats_has_proto(const char *name);

/*
 * json.c: JSON, in order, if json_on; each does nothing otherwise.  A name
 * is NULL in a list.
 */
extern bool json_on;
void	json_begin(bool pretty);
void	json_open(const char *name, char bracket);	/* '{' or '[' */
void	json_close(char bracket);			/* '}' or ']' */
void	json_number(const char *name, uint64_t value);
void	json_text(const char *name, const char *value);
void	json_end(void);
/* Text, if JSON is not on. */
void	text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* !_NETSTAT_H_ */
