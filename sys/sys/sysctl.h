/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The variables of a host, as sysctl(9).
 *
 * SYSCTL_* describe a variable by a constant in a linker set; each vnet has
 * its own tree made from the descriptions, with numbers for OID_AUTO given
 * in the order of registration.  A pointer into a VNET section means
 * the current vnet's copy whether CTLFLAG_VNET is given or not; the flag
 * is what sysctl(8) shows.
 */
#ifndef _STACKYARD_SYS_SYSCTL_H_
#define	_STACKYARD_SYS_SYSCTL_H_

#include <sys/linker_set.h>
#include <sys/types.h>
#include <sys/vnet.h>

#define	CTL_MAXNAME	24

#define	CTLTYPE		0xf
#define	CTLTYPE_NODE	1
#define	CTLTYPE_INT	2
#define	CTLTYPE_STRING	3
#define	CTLTYPE_S64	4
#define	CTLTYPE_OPAQUE	5
#define	CTLTYPE_STRUCT	CTLTYPE_OPAQUE
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
#define	CTLFLAG_RW	(CTLFLAG_RD | CTLFLAG_WR)
#define	CTLFLAG_DORMANT	0x20000000
#define	CTLFLAG_ANYBODY	0x10000000
#define	CTLFLAG_SECURE	0x08000000
#define	CTLFLAG_PRISON	0x04000000
#define	CTLFLAG_DYN	0x02000000
#define	CTLFLAG_SKIP	0x01000000
#define	CTLFLAG_TUN	0x00080000
#define	CTLFLAG_RDTUN	(CTLFLAG_RD | CTLFLAG_TUN)
#define	CTLFLAG_RWTUN	(CTLFLAG_RW | CTLFLAG_TUN)
#define	CTLFLAG_MPSAFE	0x00040000
#define	CTLFLAG_VNET	0x00020000
#define	CTLFLAG_DYING	0x00010000
#define	CTLFLAG_CAPRD	0x00008000
#define	CTLFLAG_CAPWR	0x00004000
#define	CTLFLAG_STATS	0x00002000
#define	CTLFLAG_NOFETCH	0x00001000
#define	CTLFLAG_NEEDGIANT 0

#define	OID_AUTO	(-1)

#define	CTL_SYSCTL		0
#define	CTL_SYSCTL_NAME		1	/* name of an oid */
#define	CTL_SYSCTL_NEXT		2	/* next oid without CTLFLAG_SKIP */
#define	CTL_SYSCTL_NAME2OID	3
#define	CTL_SYSCTL_OIDFMT	4
#define	CTL_SYSCTL_OIDDESCR	5
#define	CTL_SYSCTL_NEXTNOSKIP	7	/* next oid, CTLFLAG_SKIP ones too */
#define	CTL_KERN	1
#define	CTL_NET		4

struct sysctl_oid;

/* One request: what to read and what to write. */
struct sysctl_req {
	void		*oldptr;	/* NULL: the length is all that is asked */
	size_t		oldlen;		/* room there */
	size_t		oldidx;		/* bytes written, or wanted so far */
	const void	*newptr;	/* NULL: nothing is to be written */
	size_t		newlen;
	size_t		newidx;
	bool		bootstrap;	/* a tunable, before start-up */
};

#define	SYSCTL_HANDLER_ARGS						\
	const struct sysctl_oid *oidp, void *arg1, intmax_t arg2,	\
	struct sysctl_req *req

struct sysctl_oid {
	const struct sysctl_oid *oid_parent;	/* NULL: a top node */
	int		oid_number;		/* or OID_AUTO */
	u_int		oid_kind;		/* CTLTYPE_ | CTLFLAG_ */
	const void	*oid_arg1;
	intmax_t	oid_arg2;
	const char	*oid_name;
	int		(*oid_handler)(SYSCTL_HANDLER_ARGS);
	const char	*oid_fmt;
	const char	*oid_descr;
};

/* Copy l bytes at p out of the request's answer, or in from its value.
 * ENOMEM: the reader has less room; EINVAL: the value is too short. */
int	sysctl_out(struct sysctl_req *req, const void *p, size_t l);
int	sysctl_in(struct sysctl_req *req, void *p, size_t l);
#define	SYSCTL_OUT(req, p, l)	sysctl_out((req), (p), (l))
#define	SYSCTL_IN(req, p, l)	sysctl_in((req), (p), (l))
#define	SYSCTL_OUT_STR(req, s)	sysctl_out((req), (s), strlen(s) + 1)

/* Requests to write variables so far, never 0: what follows from variables
 * that nothing else writes, and was made when this was the same, is right. */
VNET_DECLARE(uint64_t, sysctl_gen);
#define	V_sysctl_gen	VNET(sysctl_gen)

/*
 * The standard handlers.  arg1 points to the variable, or is NULL and arg2
 * is the value (read only).  Return 0 or an errno: EPERM for a write to
 * what arg2 gives, EINVAL for a value of the wrong size.
 */
int	sysctl_handle_bool(SYSCTL_HANDLER_ARGS);
int	sysctl_handle_8(SYSCTL_HANDLER_ARGS);
int	sysctl_handle_16(SYSCTL_HANDLER_ARGS);
int	sysctl_handle_32(SYSCTL_HANDLER_ARGS);
int	sysctl_handle_int(SYSCTL_HANDLER_ARGS);
int	sysctl_handle_long(SYSCTL_HANDLER_ARGS);
int	sysctl_handle_64(SYSCTL_HANDLER_ARGS);
int	sysctl_handle_string(SYSCTL_HANDLER_ARGS);	/* arg2: size */
int	sysctl_handle_opaque(SYSCTL_HANDLER_ARGS);	/* arg2: size */
/* A struct of counters; writing anything sets them to 0.  arg2: size */
int	sysctl_handle_counters(SYSCTL_HANDLER_ARGS);

/*
 * For handlers of variables with a range: read *val; if written, check
 * lo <= value <= hi, else EINVAL, and only then store.  arg1 is not used.
 */
int	sysctl_int_range(const struct sysctl_oid *oidp,
	    struct sysctl_req *req, int *val, int lo, int hi);
int	sysctl_uint_range(const struct sysctl_oid *oidp,
	    struct sysctl_req *req, u_int *val, u_int lo, u_int hi);

/*
 * An int with a range, arg2 being SYSCTL_RANGE(lo, hi): EINVAL outside.
 */
int	sysctl_handle_range(SYSCTL_HANDLER_ARGS);
#define	SYSCTL_RANGE(lo, hi)						\
	((intmax_t)((uint64_t)(uint32_t)(lo) << 32 | (uint32_t)(hi)))

#define	SYSCTL_DECL(name)	extern const struct sysctl_oid sysctl_##name

#define	__SYSCTL_DEFINE(storage, id, parent, nbr, nam, kind, a1, a2,	\
    handler, fmt, descr)						\
	storage const struct sysctl_oid id = {				\
		.oid_parent = (parent), .oid_number = (nbr),		\
		.oid_kind = (kind), .oid_arg1 = (a1), .oid_arg2 = (a2),	\
		.oid_name = (nam), .oid_handler = (handler),		\
		.oid_fmt = (fmt), .oid_descr = (descr)			\
	};								\
	DATA_SET(sysctl_set, id)

#define	SYSCTL_ROOT_NODE(nbr, name, access, handler, descr)		\
	__SYSCTL_DEFINE(, sysctl__##name, NULL, nbr, #name,		\
	    CTLTYPE_NODE | (access), NULL, 0, handler, "N", descr)
#define	SYSCTL_NODE(parent, nbr, name, access, handler, descr)		\
	__SYSCTL_DEFINE(, sysctl_##parent##_##name, &sysctl_##parent,	\
	    nbr, #name, CTLTYPE_NODE | (access), NULL, 0, handler, "N",	\
	    descr)
#define	SYSCTL_OID(parent, nbr, name, kind, a1, a2, handler, fmt, descr) \
	__SYSCTL_DEFINE(static, sysctl_##parent##_##name,		\
	    &sysctl_##parent, nbr, #name, kind, a1, a2, handler, fmt,	\
	    descr)
#define	SYSCTL_PROC(parent, nbr, name, access, ptr, arg, handler, fmt,	\
    descr)								\
	SYSCTL_OID(parent, nbr, name, access, ptr, arg, handler, fmt,	\
	    descr)
#define	SYSCTL_BOOL(parent, nbr, name, access, ptr, val, descr)		\
	SYSCTL_OID(parent, nbr, name, CTLTYPE_U8 | (access), ptr, val,	\
	    sysctl_handle_bool, "CU", descr)
#define	SYSCTL_U8(parent, nbr, name, access, ptr, val, descr)		\
	SYSCTL_OID(parent, nbr, name, CTLTYPE_U8 | (access), ptr, val,	\
	    sysctl_handle_8, "CU", descr)
#define	SYSCTL_U16(parent, nbr, name, access, ptr, val, descr)		\
	SYSCTL_OID(parent, nbr, name, CTLTYPE_U16 | (access), ptr, val,	\
	    sysctl_handle_16, "SU", descr)
#define	SYSCTL_U32(parent, nbr, name, access, ptr, val, descr)		\
	SYSCTL_OID(parent, nbr, name, CTLTYPE_U32 | (access), ptr, val,	\
	    sysctl_handle_32, "IU", descr)
#define	SYSCTL_INT(parent, nbr, name, access, ptr, val, descr)		\
	SYSCTL_OID(parent, nbr, name, CTLTYPE_INT | (access), ptr, val,	\
	    sysctl_handle_int, "I", descr)
#define	SYSCTL_INT_RANGE(parent, nbr, name, access, ptr, lo, hi, descr)	\
	SYSCTL_OID(parent, nbr, name, CTLTYPE_INT | (access), ptr,	\
	    SYSCTL_RANGE(lo, hi), sysctl_handle_range, "I", descr)
#define	SYSCTL_UINT(parent, nbr, name, access, ptr, val, descr)		\
	SYSCTL_OID(parent, nbr, name, CTLTYPE_UINT | (access), ptr, val, \
	    sysctl_handle_int, "IU", descr)
#define	SYSCTL_LONG(parent, nbr, name, access, ptr, val, descr)		\
	SYSCTL_OID(parent, nbr, name, CTLTYPE_LONG | (access), ptr, val, \
	    sysctl_handle_long, "L", descr)
#define	SYSCTL_ULONG(parent, nbr, name, access, ptr, val, descr)	\
	SYSCTL_OID(parent, nbr, name, CTLTYPE_ULONG | (access), ptr, val, \
	    sysctl_handle_long, "LU", descr)
#define	SYSCTL_U64(parent, nbr, name, access, ptr, val, descr)		\
	SYSCTL_OID(parent, nbr, name, CTLTYPE_U64 | (access), ptr, val,	\
	    sysctl_handle_64, "QU", descr)
#define	SYSCTL_COUNTER_U64(parent, nbr, name, access, ptr, descr)	\
	SYSCTL_OID(parent, nbr, name,					\
	    CTLTYPE_U64 | CTLFLAG_STATS | (access), ptr, 0,		\
	    sysctl_handle_64, "QU", descr)
/* ptr: a char array; len: its size. */
#define	SYSCTL_STRING(parent, nbr, name, access, ptr, len, descr)	\
	SYSCTL_OID(parent, nbr, name, CTLTYPE_STRING | (access), ptr, len, \
	    sysctl_handle_string, "A", descr)
#define	SYSCTL_OPAQUE(parent, nbr, name, access, ptr, len, fmt, descr)	\
	SYSCTL_OID(parent, nbr, name, CTLTYPE_OPAQUE | (access), ptr, len, \
	    sysctl_handle_opaque, fmt, descr)
#define	SYSCTL_STRUCT(parent, nbr, name, access, ptr, type, descr)	\
	SYSCTL_OID(parent, nbr, name, CTLTYPE_OPAQUE | (access), ptr,	\
	    sizeof(struct type), sysctl_handle_opaque, "S," #type, descr)
/* A struct of counters, which a write of anything sets to 0. */
#define	SYSCTL_COUNTERS(parent, nbr, name, access, ptr, type, descr)	\
	SYSCTL_OID(parent, nbr, name, CTLTYPE_OPAQUE | CTLFLAG_STATS |	\
	    (access), ptr, sizeof(struct type), sysctl_handle_counters,	\
	    "S," #type, descr)

SYSCTL_DECL(_kern);
SYSCTL_DECL(_kern_ipc);
SYSCTL_DECL(_net);
SYSCTL_DECL(_net_inet);
SYSCTL_DECL(_net_inet6);
SYSCTL_DECL(_net_link);
SYSCTL_DECL(_security);
SYSCTL_DECL(_vm);

/*
 * Read and write variables of curvnet.  old may be NULL; *oldlenp is the
 * room there and becomes the bytes written (or wanted, if old is NULL);
 * new may be NULL.  The errors of sysctl(3): ENOENT unknown, EISDIR a node,
 * ENOTDIR beneath a leaf, EPERM read only, ENOMEM room too small, EINVAL.
 */
int	kernel_sysctl(const int *name, u_int namelen, void *old,
	    size_t *oldlenp, const void *new, size_t newlen);
int	kernel_sysctlbyname(const char *name, void *old, size_t *oldlenp,
	    const void *new, size_t newlen);
/*
 * Set the variable called name from text, as sysctl(8) would: numbers in
 * any base, strings, lists.  bootstrap: before start-up, when RDTUN ones
 * may be set.  Returns 0 or the errors above.
 */
int	sysctl_set_string(const char *name, const char *value,
	    bool bootstrap);

/* For kern_linker.c: add and remove the variables of one object. */
int	sysctl_register_set(const void * const *begin,
	    const void * const *end);
void	sysctl_unregister_set(const void * const *begin,
	    const void * const *end);
void	sysctl_tree_destroy(void);

#endif /* !_STACKYARD_SYS_SYSCTL_H_ */
