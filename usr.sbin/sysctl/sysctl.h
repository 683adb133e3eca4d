/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the files of sysctl(8) share: the options, one variable as the stack
 * describes it, and how complaints are made.
 */
#ifndef _SYSCTL_SYSCTL_H_
#define	_SYSCTL_SYSCTL_H_

#include <sys/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ysctl.h"

/* As sys/sys/sysctl.h has them. */
#define	CTLTYPE		0xf
#define	CTLTYPE_NODE	1
#define	CTLTYPE_INT	2
#define	CTLTYPE_STRING	3
#define	CTLTYPE_S64	4
#define	CTLTYPE_OPAQUE	5
#define	CTLTYPE_UINT	6
#define	CTLTYPE_LONG	7
#define	CTLTYPE_ULONG	8
#define	CTLTYPE_U64	9
#define	CTLTYPE_U8	0xa
#define	CTLTYPE_U16	0xb
#define	CTLTYPE_S8	0xc
#define	CTLTYPE_S16	0xd
#define	CTLTYPE_S32	0xe
#define	CTLTYPE_U32	0xf
#define	CTLFLAG_RD	0x80000000
#define	CTLFLAG_WR	0x40000000
#define	CTLFLAG_SKIP	0x01000000
#define	CTLFLAG_TUN	0x00080000
#define	CTLFLAG_VNET	0x00020000
#define	CTLFLAG_STATS	0x00002000

#define	CTL_MAXNAME	24

struct options {
	bool		o_all;		/* -a */
	bool		o_binary;	/* -b */
	size_t		o_room;		/* -B: bytes; 0: ask */
	bool		o_descr;	/* -d */
	bool		o_equals;	/* -e */
	bool		o_format;	/* -F */
	bool		o_human;	/* -h */
	bool		o_ignore;	/* -i */
	bool		o_length;	/* -l */
	bool		o_names;	/* -N */
	bool		o_values;	/* -n */
	bool		o_opaque;	/* -o */
	bool		o_quiet;	/* -q */
	bool		o_tunables;	/* -T */
	bool		o_type;		/* -t */
	bool		o_vnet;		/* -V */
	bool		o_writable;	/* -W */
	bool		o_hex;		/* -x */
};

/* One variable; v_mib has v_len numbers. */
struct var {
	int		v_mib[CTL_MAXNAME];
	size_t		v_len;
	char		v_name[1024];
	uint32_t	v_kind;		/* CTLTYPE_ | CTLFLAG_ */
	char		v_fmt[64];
};

extern struct options opt;
extern struct ysctl *stack;
extern int file_line;			/* of -f's file; 0: no file */

/* "sysctl: " and the message, and in a file where. */
void	complain(const char *fmt, ...)
	    __attribute__((__format__(__printf__, 1, 2)));
/* "sysctl: arg: " and what the number means; in a file, arg and where. */
void	complain_errno(const char *arg, int error);
/* "name: value" on out, as the options want it. */
void	print_name(const struct var *v);

/* Fill in the rest of v from its number: false if it has gone. */
bool	var_describe(struct var *v);
/* Its value, to be freed, and length; NULL: errno says why. */
void	*var_read(const struct var *v, size_t *lenp);

/* show.c: SHOWN; NOT_SHOWN: only shown if asked for; or it failed. */
#define	SHOWN		0
#define	FAILED		1
#define	NOT_SHOWN	2
int	show(const struct var *v, bool by_name);
void	show_value(const struct var *v, const void *value, size_t len);
const char *type_name(uint32_t kind);
/* The bytes of one number of that kind; 0: it is none. */
size_t	number_size(uint32_t kind);
bool	number_is_signed(uint32_t kind);

/* set.c: v to text; arg is what was asked for, to complain about. */
int	set(const struct var *v, const char *text, const char *arg);

/* file.c: carry out each line by func; how many failed. */
int	read_file(const char *path, int (*func)(char *));

#endif /* !_SYSCTL_SYSCTL_H_ */
