/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * illumos's socket options over ours: tcp-illumos(4).  As linux_sockopt.c:
 * a table for what means the same, our terms for what can be put into them,
 * and struct tcp_compat for the rest.
 *
 * Touches: the socket and its connection.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/sockopt.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <compat/compat.h>
#include <compat/illumos/illumos.h>
#include <compat/illumos/illumos_private.h>

#define	MAX_INIT_CWND	16		/* segments */
#define	MAX_LINGER2	86400		/* s: a day */

static const struct {
	int	level, name;		/* illumos's */
	int	nlevel, nname;		/* ours */
} options[] = {
	{ ILLUMOS_SOL_SOCKET, ILLUMOS_SO_DEBUG, SOL_SOCKET, SO_DEBUG },
	{ ILLUMOS_SOL_SOCKET, ILLUMOS_SO_ACCEPTCONN, SOL_SOCKET,
	    SO_ACCEPTCONN },
	{ ILLUMOS_SOL_SOCKET, ILLUMOS_SO_REUSEADDR, SOL_SOCKET,
	    SO_REUSEADDR },
	{ ILLUMOS_SOL_SOCKET, ILLUMOS_SO_KEEPALIVE, SOL_SOCKET,
	    SO_KEEPALIVE },
	{ ILLUMOS_SOL_SOCKET, ILLUMOS_SO_DONTROUTE, SOL_SOCKET,
	    SO_DONTROUTE },
	{ ILLUMOS_SOL_SOCKET, ILLUMOS_SO_BROADCAST, SOL_SOCKET,
	    SO_BROADCAST },
	{ ILLUMOS_SOL_SOCKET, ILLUMOS_SO_LINGER, SOL_SOCKET, SO_LINGER },
	{ ILLUMOS_SOL_SOCKET, ILLUMOS_SO_OOBINLINE, SOL_SOCKET,
	    SO_OOBINLINE },
	{ ILLUMOS_SOL_SOCKET, ILLUMOS_SO_SNDBUF, SOL_SOCKET, SO_SNDBUF },
	{ ILLUMOS_SOL_SOCKET, ILLUMOS_SO_RCVBUF, SOL_SOCKET, SO_RCVBUF },
	{ ILLUMOS_SOL_SOCKET, ILLUMOS_SO_SNDLOWAT, SOL_SOCKET,
	    SO_SNDLOWAT },
	{ ILLUMOS_SOL_SOCKET, ILLUMOS_SO_RCVLOWAT, SOL_SOCKET,
	    SO_RCVLOWAT },
	{ ILLUMOS_SOL_SOCKET, ILLUMOS_SO_SNDTIMEO, SOL_SOCKET,
	    SO_SNDTIMEO },
	{ ILLUMOS_SOL_SOCKET, ILLUMOS_SO_RCVTIMEO, SOL_SOCKET,
	    SO_RCVTIMEO },
	{ ILLUMOS_SOL_SOCKET, ILLUMOS_SO_PROTOTYPE, SOL_SOCKET,
	    SO_PROTOTYPE },
	{ ILLUMOS_SOL_IP, ILLUMOS_IP_OPTIONS, IPPROTO_IP, IP_OPTIONS },
	{ ILLUMOS_SOL_IP, ILLUMOS_IP_TOS, IPPROTO_IP, IP_TOS },
	{ ILLUMOS_SOL_IP, ILLUMOS_IP_TTL, IPPROTO_IP, IP_TTL },
	{ ILLUMOS_SOL_IPV6, ILLUMOS_IPV6_UNICAST_HOPS, IPPROTO_IPV6,
	    IPV6_UNICAST_HOPS },
	{ ILLUMOS_SOL_IPV6, ILLUMOS_IPV6_TCLASS, IPPROTO_IPV6,
	    IPV6_TCLASS },
	{ ILLUMOS_SOL_IPV6, ILLUMOS_IPV6_V6ONLY, IPPROTO_IPV6,
	    IPV6_V6ONLY },
	{ ILLUMOS_SOL_TCP, ILLUMOS_TCP_NODELAY, IPPROTO_TCP, TCP_NODELAY },
	{ ILLUMOS_SOL_TCP, ILLUMOS_TCP_MAXSEG, IPPROTO_TCP, TCP_MAXSEG },
	{ ILLUMOS_SOL_TCP, ILLUMOS_TCP_MD5SIG, IPPROTO_TCP, TCP_MD5SIG },
};

/* Our level and name of those that mean the same; false: none does. */
static bool
illumos_find(int level, int name, int *nlevel, int *nname)
{
	u_int i;

	for (i = 0; i < nitems(options); i++)
		if (options[i].level == level && options[i].name == name) {
			*nlevel = options[i].nlevel;
			*nname = options[i].nname;
			return (true);
		}
	return (false);
}

/* ---- Level SOL_SOCKET ---- */

static int
illumos_set_socket(struct socket *so, int name, int value)
{
	if (name != ILLUMOS_SO_EXCLBIND)
		return (ENOPROTOOPT);
	if (value != 0)
		so->so_options |= SO_EXCLBIND;
	else
		so->so_options &= ~SO_EXCLBIND;
	return (0);
}

static int
illumos_get_socket(struct socket *so, int name, int *value)
{
	int error;

	switch (name) {
	case ILLUMOS_SO_EXCLBIND:
		*value = (so->so_options & SO_EXCLBIND) != 0;
		return (0);
	case ILLUMOS_SO_TYPE:
		*value = so->so_type == SOCK_STREAM ? ILLUMOS_SOCK_STREAM :
		    ILLUMOS_SOCK_DGRAM;
		return (0);
	case ILLUMOS_SO_DOMAIN:
		*value = so->so_proto->pr_family == AF_INET6 ?
		    ILLUMOS_AF_INET6 : ILLUMOS_AF_INET;
		return (0);
	case ILLUMOS_SO_ERROR:
		error = compat_get_int(so, SOL_SOCKET, SO_ERROR, value);
		*value = illumos_errno(*value);
		return (error);
	default:
		return (ENOPROTOOPT);
	}
}

/* ---- Level IPPROTO_TCP ---- */

/* More than RFC 3390's four segments only as the superuser. */
static int
illumos_set_initcwnd(const struct tcpcb *tp, struct tcp_compat *tc,
    int value)
{
	u_int mss = tcp_maxseg(tp);

	if (value < 1 || value > MAX_INIT_CWND)
		return (EINVAL);
	if (!in_suser() && (u_int)value * mss >
	    min(4 * mss, max(2 * mss, 4380)))
		return (EPERM);
	tc->tc_initcwnd = (uint16_t)value;
	return (0);
}

/* The first probe's time, which is counted from now on. */
static int
illumos_set_keepidle(struct tcpcb *tp, struct tcp_compat *tc, int64_t ms)
{
	if (ms < ILLUMOS_KEEPIDLE_MIN || ms > ILLUMOS_KEEPIDLE_MAX)
		return (EINVAL);
	tc->tc_keepidle = (uint32_t)ms;
	if (TCPS_HAVEESTABLISHED(tp->t_state))
		tcp_timer_activate(tp, TT_KEEP, tcp_keepidle_of(tp));
	return (0);
}

static int
illumos_set_keepabort(struct tcp_compat *tc, int value)
{
	tc->tc_keepabort = (uint32_t)value;
	tc->tc_flags |= TC_KEEPABORT;
	return (0);
}

/* Probes are counted again, whatever time was set. */
static int
illumos_set_probes(struct socket *so, struct tcp_compat *tc, int name,
    int value)
{
	if (value < 1)
		return (EINVAL);
	tc->tc_flags &= (uint16_t)~TC_KEEPABORT;
	return (compat_set_int(so, IPPROTO_TCP, name, value));
}

static uint32_t
rto_min_of(const struct tcp_compat *tc)
{
	return (tc->tc_rtomin != 0 ? tc->tc_rtomin :
	    (uint32_t)(V_tcp_rexmit_min / NS_PER_MSEC));
}

static uint32_t
rto_max_of(const struct tcp_compat *tc)
{
	return (tc->tc_rtomax != 0 ? tc->tc_rtomax :
	    (uint32_t)(V_tcp_rexmit_max / NS_PER_MSEC));
}

static uint32_t
rto_initial_of(const struct tcp_compat *tc)
{
	return (tc->tc_rtoinit != 0 ? tc->tc_rtoinit :
	    (uint32_t)(V_tcp_rexmit_initial / NS_PER_MSEC));
}

/* Least and most stay in order, the first between them. */
static int
illumos_set_rto(struct tcp_compat *tc, int name, int value)
{
	uint32_t ms = (uint32_t)value;

	if (value < 1)
		return (EINVAL);
	switch (name) {
	case ILLUMOS_TCP_RTO_MIN:
		if (ms > rto_max_of(tc))
			return (EINVAL);
		tc->tc_rtomin = ms;
		break;
	case ILLUMOS_TCP_RTO_MAX:
		if (ms < rto_min_of(tc))
			return (EINVAL);
		tc->tc_rtomax = ms;
		break;
	default:
		if (ms < rto_min_of(tc) || ms > rto_max_of(tc))
			return (EINVAL);
		tc->tc_rtoinit = ms;
		break;
	}
	return (0);
}

/* The member that a threshold stands in, or NULL. */
static uint32_t *
illumos_threshold(struct tcp_compat *tc, int name)
{
	switch (name) {
	case ILLUMOS_TCP_NOTIFY_THRESHOLD:
		return (&tc->tc_notify);
	case ILLUMOS_TCP_ABORT_THRESHOLD:
		return (&tc->tc_abort);
	case ILLUMOS_TCP_CONN_NOTIFY_THRESHOLD:
		return (&tc->tc_connnotify);
	case ILLUMOS_TCP_CONN_ABORT_THRESHOLD:
		return (&tc->tc_connabort);
	default:
		return (NULL);
	}
}

/* How long it takes until retransmissions end a connection, if nothing was
 * set: timeouts of the least, doubled up to the most. */
static int
illumos_abort_default(const struct tcp_compat *tc)
{
	uint64_t ms = 0, rto = rto_min_of(tc);
	int i, n = V_tcp_ways.w_retries != 0 ? V_tcp_ways.w_retries :
	    V_tcp_retries;

	for (i = 0; i <= n; i++) {
		ms += rto;
		rto = MIN(2 * rto, rto_max_of(tc));
	}
	return ((int)MIN(ms, INT_MAX));
}

/* Of a threshold, 0 means never, and is not the same as nothing set. */
static int
illumos_set_threshold(struct tcp_compat *tc, int name, uint32_t *threshold,
    int value)
{
	uint16_t never = name == ILLUMOS_TCP_ABORT_THRESHOLD ? TC_NOABORT :
	    name == ILLUMOS_TCP_CONN_ABORT_THRESHOLD ? TC_NOCONNABORT : 0;

	if (value < 0)
		return (EINVAL);
	*threshold = (uint32_t)value;
	if (value == 0)
		tc->tc_flags |= never;
	else
		tc->tc_flags &= (uint16_t)~never;
	return (0);
}

static int
illumos_get_threshold(const struct tcp_compat *tc, int name,
    uint32_t threshold)
{
	if (threshold == 0 && name == ILLUMOS_TCP_ABORT_THRESHOLD &&
	    (tc->tc_flags & TC_NOABORT) == 0)
		return (illumos_abort_default(tc));
	if (threshold == 0 && name == ILLUMOS_TCP_CONN_ABORT_THRESHOLD &&
	    (tc->tc_flags & TC_NOCONNABORT) == 0)
		return ((int)(V_tcp_keepinit / NS_PER_MSEC));
	return ((int)threshold);
}

/* Only full segments, as long as it takes. */
static int
illumos_set_cork(struct socket *so, struct tcp_compat *tc, bool on)
{
	if (on)
		tc->tc_flags |= TC_CORKFULL;
	else
		tc->tc_flags &= (uint16_t)~TC_CORKFULL;
	return (compat_set_int(so, IPPROTO_TCP, TCP_NOPUSH, on));
}

static int
illumos_set_tcp(struct socket *so, struct tcpcb *tp, int name, int value)
{
	struct tcp_compat *tc;
	uint32_t *threshold;

	if ((tc = tcp_compat(tp)) == NULL)
		return (ENOMEM);
	if ((threshold = illumos_threshold(tc, name)) != NULL)
		return (illumos_set_threshold(tc, name, threshold, value));
	switch (name) {
	case ILLUMOS_TCP_CORK:
		return (illumos_set_cork(so, tc, value != 0));
	case ILLUMOS_TCP_INIT_CWND:
		return (illumos_set_initcwnd(tp, tc, value));
	case ILLUMOS_TCP_KEEPALIVE_THRESHOLD:
		return (illumos_set_keepidle(tp, tc, value));
	case ILLUMOS_TCP_KEEPIDLE:
		return (illumos_set_keepidle(tp, tc,
		    (int64_t)value * 1000));
	case ILLUMOS_TCP_KEEPALIVE_ABORT_THRESHOLD:
		return (illumos_set_keepabort(tc, value));
	case ILLUMOS_TCP_KEEPCNT:
		return (illumos_set_probes(so, tc, TCP_KEEPCNT, value));
	case ILLUMOS_TCP_KEEPINTVL:
		return (illumos_set_probes(so, tc, TCP_KEEPINTVL, value));
	case ILLUMOS_TCP_RTO_INITIAL:
	case ILLUMOS_TCP_RTO_MIN:
	case ILLUMOS_TCP_RTO_MAX:
		return (illumos_set_rto(tc, name, value));
	case ILLUMOS_TCP_LINGER2:
		tc->tc_linger2 = value < 0 ? -1 : imin(value, MAX_LINGER2);
		return (0);
	case ILLUMOS_TCP_QUICKACK:
		/* Each segment, until it is taken away. */
		tp->t_delack_opt = value != 0 ? 0 : -1;
		return (0);
	default:
		return (ENOPROTOOPT);
	}
}

static int
illumos_keepabort_of(const struct tcp_compat *tc)
{
	if ((tc->tc_flags & TC_KEEPABORT) != 0)
		return ((int)tc->tc_keepabort);
	return (V_tcp_ways.w_keepabort >= 0 ? V_tcp_ways.w_keepabort :
	    (int)((nstime_t)V_tcp_keepcnt * V_tcp_keepintvl / NS_PER_MSEC));
}

static int
illumos_get_tcp(struct socket *so, struct tcpcb *tp, int name, int *value)
{
	struct tcp_compat copy = { .tc_flags = 0 };
	uint32_t *threshold;

	if (tcp_compat_find(tp) != NULL)
		copy = *tcp_compat_find(tp);
	if ((threshold = illumos_threshold(&copy, name)) != NULL) {
		*value = illumos_get_threshold(&copy, name, *threshold);
		return (0);
	}
	switch (name) {
	case ILLUMOS_TCP_CORK:
		return (compat_get_int(so, IPPROTO_TCP, TCP_NOPUSH, value));
	case ILLUMOS_TCP_INIT_CWND:
		*value = copy.tc_initcwnd != 0 ? copy.tc_initcwnd :
		    (int)(tcp_compute_initwnd(tcp_maxseg(tp)) /
		    tcp_maxseg(tp));
		return (0);
	case ILLUMOS_TCP_KEEPALIVE_THRESHOLD:
		*value = (int)(tcp_keepidle_of(tp) / NS_PER_MSEC);
		return (0);
	case ILLUMOS_TCP_KEEPIDLE:
		*value = (int)(tcp_keepidle_of(tp) / NS_PER_SEC);
		return (0);
	case ILLUMOS_TCP_KEEPALIVE_ABORT_THRESHOLD:
		*value = illumos_keepabort_of(&copy);
		return (0);
	case ILLUMOS_TCP_KEEPCNT:
		return (compat_get_int(so, IPPROTO_TCP, TCP_KEEPCNT, value));
	case ILLUMOS_TCP_KEEPINTVL:
		return (compat_get_int(so, IPPROTO_TCP, TCP_KEEPINTVL,
		    value));
	case ILLUMOS_TCP_RTO_INITIAL:
		*value = (int)rto_initial_of(&copy);
		return (0);
	case ILLUMOS_TCP_RTO_MIN:
		*value = (int)rto_min_of(&copy);
		return (0);
	case ILLUMOS_TCP_RTO_MAX:
		*value = (int)rto_max_of(&copy);
		return (0);
	case ILLUMOS_TCP_LINGER2:
		*value = copy.tc_linger2 != 0 ? copy.tc_linger2 :
		    (int)(tcp_finwait2_time(tp) / NS_PER_SEC);
		return (0);
	case ILLUMOS_TCP_QUICKACK:
		*value = tp->t_delack_opt == 0;
		return (0);
	default:
		return (ENOPROTOOPT);
	}
}

/* illumos's names: "sunreno" is what others call newreno. */
static int
illumos_set_congestion(struct socket *so, const void *val, size_t len)
{
	char name[TCP_CA_NAME_MAX];
	int error;

	if (val == NULL || len < 1)
		return (EINVAL);
	memset(name, 0, sizeof(name));
	memcpy(name, val, MIN(len, sizeof(name) - 1));
	if (strcmp(name, "sunreno") == 0)
		strlcpy(name, "newreno", sizeof(name));
	error = compat_set(so, IPPROTO_TCP, TCP_CONGESTION, name,
	    strlen(name) + 1);
	return (error == ESRCH ? ENOENT : error);
}

/* ---- The doors ---- */

int
illumos_setsockopt(struct socket *so, int level, int name, const void *val,
    size_t len)
{
	struct tcpcb *tp = sototcpcb(so);
	int error, nlevel, nname, value;

	if (level == ILLUMOS_SOL_TCP && name >= ILLUMOS_TCP_FREEBSD)
		return (compat_set(so, IPPROTO_TCP,
		    name - ILLUMOS_TCP_FREEBSD, val, len));
	if (illumos_find(level, name, &nlevel, &nname))
		return (compat_set(so, nlevel, nname, val, len));
	if (level == ILLUMOS_SOL_TCP && name == ILLUMOS_TCP_CONGESTION)
		return (illumos_set_congestion(so, val, len));
	if ((error = compat_int_in(val, len, &value)) != 0)
		return (error);
	if (level == ILLUMOS_SOL_SOCKET)
		return (illumos_set_socket(so, name, value));
	if (tp == NULL)
		return (EINVAL);
	return (level == ILLUMOS_SOL_TCP ?
	    illumos_set_tcp(so, tp, name, value) : ENOPROTOOPT);
}

int
illumos_getsockopt(struct socket *so, int level, int name, void *val,
    size_t *lenp)
{
	struct tcpcb *tp = sototcpcb(so);
	int error, nlevel, nname, value = 0;

	if (level == ILLUMOS_SOL_TCP && name >= ILLUMOS_TCP_FREEBSD)
		return (compat_get(so, IPPROTO_TCP,
		    name - ILLUMOS_TCP_FREEBSD, val, lenp));
	if (illumos_find(level, name, &nlevel, &nname))
		return (compat_get(so, nlevel, nname, val, lenp));
	if (level == ILLUMOS_SOL_TCP && name == ILLUMOS_TCP_CONGESTION)
		return (compat_get(so, IPPROTO_TCP, TCP_CONGESTION, val,
		    lenp));
	if (level == ILLUMOS_SOL_SOCKET)
		error = illumos_get_socket(so, name, &value);
	else if (level != ILLUMOS_SOL_TCP)
		error = ENOPROTOOPT;
	else if (tp == NULL)
		error = EINVAL;
	else
		error = illumos_get_tcp(so, tp, name, &value);
	return (error != 0 ? error :
	    compat_out(&value, sizeof(value), val, lenp));
}
