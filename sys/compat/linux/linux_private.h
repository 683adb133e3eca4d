/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* What the files of sys/compat/linux share. */
#ifndef _STACKYARD_COMPAT_LINUX_PRIVATE_H_
#define	_STACKYARD_COMPAT_LINUX_PRIVATE_H_

#include <sys/sysctl.h>
#include <sys/vnet.h>

struct socket;

/* net.core.rmem_max and wmem_max, bytes. */
VNET_DECLARE(int, linux_rmem_max);
VNET_DECLARE(int, linux_wmem_max);
#define	V_linux_rmem_max	VNET(linux_rmem_max)
#define	V_linux_wmem_max	VNET(linux_wmem_max)

/* TCP_MD5SIG, and TCP_MD5SIG_EXT. */
int	linux_set_md5sig(struct socket *so, const void *val, size_t len,
	    bool ext);
/* The window that a receive buffer of so many bytes, as Linux counts, gives;
 * and back (tcp_adv_win_scale). */
int	linux_win_from_space(int space);
int	linux_space_from_win(int win);
/* Let a buffer of ours be so large: kern.ipc.maxsockbuf. */
void	linux_make_room(int bytes);
/* Does tcp_fastopen let clients open fast? */
bool	linux_tfo_client(void);
/* SYNs sent again before an attempt ends. */
int	linux_syn_retries(void);
/* May a program choose the algorithm of this (native) name? */
bool	linux_cc_allowed(const char *name);
/* An algorithm's name here and there: "newreno" is "reno". */
const char *linux_cc_to_native(const char *name);
const char *linux_cc_from_native(const char *name);

/* The value of the variable that we call name, an int; and set it: as
 * kernel_sysctlbyname() and sysctl_set_string() return. */
int	linux_ours(const char *name, int *value);
int	linux_set_ours(const char *name, int value,
	    const struct sysctl_req *req);
/* A variable that is on or off: what is written, 1 for any number but 0; and
 * the handler for an int at arg1. */
int	linux_sysctl_bool(const struct sysctl_oid *oidp,
	    struct sysctl_req *req, int *on);
int	linux_sysctl_switch(SYSCTL_HANDLER_ARGS);
/* Another name for one of ours (arg1) that is on or off, or for its inverse
 * (arg2 is not 0). */
int	linux_sysctl_alias_bool(SYSCTL_HANDLER_ARGS);
#define	LINUX_ALIAS_SWITCH(name, native, inverse, descr)		\
	SYSCTL_PROC(_net_ipv4, OID_AUTO, name,				\
	    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW,			\
	    __DECONST(char *, native), inverse, linux_sysctl_alias_bool, \
	    "I", descr)
#define	LINUX_ALIAS_BOOL(name, native, descr)				\
	LINUX_ALIAS_SWITCH(name, native, 0, descr)
#define	LINUX_ALIAS_NOT(name, native, descr)				\
	LINUX_ALIAS_SWITCH(name, native, 1, descr)

SYSCTL_DECL(_net_core);
SYSCTL_DECL(_net_ipv4);

#endif /* !_STACKYARD_COMPAT_LINUX_PRIVATE_H_ */
