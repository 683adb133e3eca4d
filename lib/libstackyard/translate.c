/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The program's numbers into the stack's, and back.
 *
 * The stack has FreeBSD's numbers; the program has its system's.  Each
 * table has a row per number: the program's by name, the stack's by value.
 * Where the two agree, as on FreeBSD, the rows say so and nothing else
 * changes.  Structs that hold values (struct linger, struct timeval, int)
 * are alike in both.  Touches no state.
 */
#include <sys/socket.h>
#include <sys/types.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "sy_loop.h"

#define	NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

struct pair {
	int	host;
	int	kern;
};

/* ---- Families, types, addresses ---- */

static const struct pair domains[] = {
	{ AF_INET, 2 },
	{ AF_INET6, 28 },
	{ AF_UNSPEC, 0 },
};

static const struct pair types[] = {
	{ SOCK_STREAM, 1 },
	{ SOCK_DGRAM, 2 },
	{ SOCK_RAW, 3 },
};

enum syk_af
sy_tr_domain(int domain)
{

	switch (domain) {
	case AF_INET:
		return (SYK_AF_INET);
	case AF_INET6:
		return (SYK_AF_INET6);
	case AF_UNSPEC:
		return (SYK_AF_NONE);
	default:
		return (SYK_AF_OTHER);
	}
}

int
sy_tr_type(int type)
{
	size_t i;

	for (i = 0; i < NITEMS(types); i++)
		if (types[i].host == type)
			return (types[i].kern);
	return (-1);
}

static int
inet_in(const struct sockaddr *sa, socklen_t len, struct syk_addr *addr)
{
	struct sockaddr_in sin;

	if (len < (socklen_t)sizeof(sin))
		return (EINVAL);
	memcpy(&sin, sa, sizeof(sin));
	addr->port = sin.sin_port;
	memcpy(addr->addr, &sin.sin_addr, 4);
	return (0);
}

static int
inet6_in(const struct sockaddr *sa, socklen_t len, struct syk_addr *addr)
{
	struct sockaddr_in6 sin6;

	if (len < (socklen_t)sizeof(sin6))
		return (EINVAL);
	memcpy(&sin6, sa, sizeof(sin6));
	addr->port = sin6.sin6_port;
	addr->flowinfo = sin6.sin6_flowinfo;
	addr->scope = sin6.sin6_scope_id;
	memcpy(addr->addr, &sin6.sin6_addr, 16);
	return (0);
}

int
sy_tr_addr_in(const struct sockaddr *sa, socklen_t len,
    struct syk_addr *addr)
{

	memset(addr, 0, sizeof(*addr));
	if (sa == NULL || len < (socklen_t)(offsetof(struct sockaddr,
	    sa_family) + sizeof(sa->sa_family)))
		return (EINVAL);
	addr->family = sy_tr_domain(sa->sa_family);
	if (addr->family == SYK_AF_INET)
		return (inet_in(sa, len, addr));
	if (addr->family == SYK_AF_INET6)
		return (inet6_in(sa, len, addr));
	return (0);
}

/* Copy the size bytes at from to the program, as far as *len allows. */
static void
hand_out(struct sockaddr *sa, socklen_t *len, const void *from, size_t size)
{

	memcpy(sa, from, *len < (socklen_t)size ? *len : size);
	*len = (socklen_t)size;
}

static void
inet_out(const struct syk_addr *addr, struct sockaddr *sa, socklen_t *len)
{
	struct sockaddr_in sin;

	memset(&sin, 0, sizeof(sin));
#ifdef __FreeBSD__
	sin.sin_len = sizeof(sin);
#endif
	sin.sin_family = AF_INET;
	sin.sin_port = addr->port;
	memcpy(&sin.sin_addr, addr->addr, 4);
	hand_out(sa, len, &sin, sizeof(sin));
}

static void
inet6_out(const struct syk_addr *addr, struct sockaddr *sa, socklen_t *len)
{
	struct sockaddr_in6 sin6;

	memset(&sin6, 0, sizeof(sin6));
#ifdef __FreeBSD__
	sin6.sin6_len = sizeof(sin6);
#endif
	sin6.sin6_family = AF_INET6;
	sin6.sin6_port = addr->port;
	sin6.sin6_flowinfo = addr->flowinfo;
	sin6.sin6_scope_id = addr->scope;
	memcpy(&sin6.sin6_addr, addr->addr, 16);
	hand_out(sa, len, &sin6, sizeof(sin6));
}

void
sy_tr_addr_out(const struct syk_addr *addr, struct sockaddr *sa,
    socklen_t *len)
{

	if (sa == NULL || len == NULL)
		return;
	if (addr->family == SYK_AF_INET)
		inet_out(addr, sa, len);
	else if (addr->family == SYK_AF_INET6)
		inet6_out(addr, sa, len);
	else
		*len = 0;
}

/* ---- Flags ---- */

static const struct pair msgs[] = {
	{ MSG_OOB, SYK_MSG_OOB },
	{ MSG_PEEK, SYK_MSG_PEEK },
	{ MSG_DONTROUTE, 0x4 },
	{ MSG_EOR, 0x8 },
	{ MSG_TRUNC, 0x10 },
	{ MSG_WAITALL, SYK_MSG_WAITALL },
	{ MSG_DONTWAIT, SYK_MSG_DONTWAIT },
	{ MSG_NOSIGNAL, 0 },		/* there are no signals */
#ifdef MSG_MORE
	{ MSG_MORE, SYK_MSG_MORE },
#endif
#ifdef MSG_FASTOPEN
	{ MSG_FASTOPEN, SYK_MSG_FASTOPEN },
#endif
#ifdef MSG_EOF
	{ MSG_EOF, 0x100 },
#endif
	{ SY_MSG_DISCARD, 0x1000000 },
};

int
sy_tr_msg_in(int flags, int *kflags)
{
	size_t i;

	*kflags = 0;
	for (i = 0; flags != 0 && i < NITEMS(msgs); i++)
		if ((flags & msgs[i].host) != 0) {
			*kflags |= msgs[i].kern;
			flags &= ~msgs[i].host;
		}
	return (flags != 0 ? EOPNOTSUPP : 0);
}

static const struct pair polls[] = {
	{ POLLIN, SYK_POLLIN },
	{ POLLOUT, SYK_POLLOUT },
	{ POLLPRI, SYK_POLLPRI },
	{ POLLERR, SYK_POLLERR },
	{ POLLHUP, SYK_POLLHUP },
	{ POLLRDNORM, SYK_POLLIN },
#if POLLWRNORM != POLLOUT
	{ POLLWRNORM, SYK_POLLOUT },
#endif
	{ POLLRDBAND, SYK_POLLPRI },
};

int
sy_tr_poll_in(short events)
{
	size_t i;
	int kevents;

	kevents = 0;
	for (i = 0; i < NITEMS(polls); i++)
		if ((events & polls[i].host) != 0)
			kevents |= polls[i].kern;
	return (kevents);
}

short
sy_tr_poll_out(int kevents, short wanted)
{
	size_t i;
	int revents;

	revents = 0;
	wanted |= POLLERR | POLLHUP;
	for (i = 0; i < NITEMS(polls); i++)
		if ((kevents & polls[i].kern) != 0)
			revents |= polls[i].host & wanted;
	return ((short)revents);
}

/* ---- Options ---- */

#define	K_SOL_SOCKET	0xffff
#define	K_SO_TYPE	0x1008
#define	K_SO_DOMAIN	0x1019

static const struct pair so_options[] = {
	{ SO_DEBUG, 0x0001 },
	{ SO_ACCEPTCONN, 0x0002 },
	{ SO_REUSEADDR, 0x0004 },
	{ SO_KEEPALIVE, 0x0008 },
	{ SO_DONTROUTE, 0x0010 },
	{ SO_BROADCAST, 0x0020 },
	{ SO_LINGER, 0x0080 },
	{ SO_OOBINLINE, 0x0100 },
	{ SO_REUSEPORT, 0x0200 },
	{ SO_TIMESTAMP, 0x0400 },
	{ SO_SNDBUF, 0x1001 },
	{ SO_RCVBUF, 0x1002 },
	{ SO_SNDLOWAT, 0x1003 },
	{ SO_RCVLOWAT, 0x1004 },
	{ SO_SNDTIMEO, 0x1005 },
	{ SO_RCVTIMEO, 0x1006 },
	{ SO_ERROR, 0x1007 },
	{ SO_TYPE, K_SO_TYPE },
	{ SO_PROTOCOL, 0x1016 },
	{ SO_DOMAIN, K_SO_DOMAIN },
	{ SY_SO_NOSIGPIPE, 0x0800 },
	{ SY_SO_REUSEPORT_LB, 0x10000 },
	{ SY_SO_LISTENQLIMIT, 0x1011 },
	{ SY_SO_LISTENQLEN, 0x1012 },
	{ SY_SO_LISTENINCQLEN, 0x1013 },
};

static const struct pair ip_options[] = {
	{ IP_OPTIONS, 1 },
	{ IP_TOS, 3 },
	{ IP_TTL, 4 },
#ifdef IP_MINTTL
	{ IP_MINTTL, 66 },
#endif
#ifdef IP_DONTFRAG
	{ IP_DONTFRAG, 67 },
#endif
};

static const struct pair ip6_options[] = {
	{ IPV6_UNICAST_HOPS, 4 },
	{ IPV6_V6ONLY, 27 },
	{ IPV6_TCLASS, 61 },
#ifdef IPV6_USE_MIN_MTU
	{ IPV6_USE_MIN_MTU, 42 },
#endif
	{ SY_IPV6_USE_MIN_MTU, 42 },
};

static const struct level {
	int		host, kern;
	const struct pair *options;	/* NULL: FreeBSD's numbers as is */
	size_t		n;
} levels[] = {
	{ SOL_SOCKET, K_SOL_SOCKET, so_options, NITEMS(so_options) },
	{ IPPROTO_IP, 0, ip_options, NITEMS(ip_options) },
	{ IPPROTO_IPV6, 41, ip6_options, NITEMS(ip6_options) },
	{ IPPROTO_TCP, 6, NULL, 0 },
};

int
sy_tr_option(int level, int name, int *klevel, int *kname)
{
	const struct level *l;
	size_t i;

	for (l = levels; l < &levels[NITEMS(levels)]; l++)
		if (l->host == level)
			break;
	if (l == &levels[NITEMS(levels)])
		return (ENOPROTOOPT);
	*klevel = l->kern;
	if (l->options == NULL) {
		*kname = name >= SY_TCP_FREEBSD ? name - SY_TCP_FREEBSD :
		    name;
		return (0);
	}
	for (i = 0; i < l->n; i++)
		if (l->options[i].host == name) {
			*kname = l->options[i].kern;
			return (0);
		}
	return (ENOPROTOOPT);
}

void
sy_tr_optval_out(int klevel, int kname, void *val, size_t len)
{
	const struct pair *table;
	size_t i, n;
	int value;

	if (klevel != K_SOL_SOCKET || len != sizeof(value) ||
	    (kname != K_SO_TYPE && kname != K_SO_DOMAIN))
		return;
	table = kname == K_SO_TYPE ? types : domains;
	n = kname == K_SO_TYPE ? NITEMS(types) : NITEMS(domains);
	memcpy(&value, val, sizeof(value));
	for (i = 0; i < n; i++)
		if (table[i].kern == value) {
			memcpy(val, &table[i].host, sizeof(value));
			return;
		}
}
