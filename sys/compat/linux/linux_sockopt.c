/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Linux's socket options over ours: tcp-linux(4).
 *
 * Three kinds.  Those that mean the same go through a table, number for
 * number.  Those that mean something else here (TCP_CONGESTION, buffer
 * sizes) are put into our terms and go the same way.  What has no option of
 * ours stands in the connection's struct tcp_compat.
 *
 * Buffer sizes: Linux takes n, sets twice that aside, and tells twice that;
 * half of it (or what tcp_adv_win_scale says) becomes the window.  So n is
 * the size of ours.
 *
 * Touches: the socket and its connection.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/sockopt.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <compat/compat.h>
#include <compat/linux/linux.h>
#include <compat/linux/linux_private.h>

#define	LINUX_MIN_RCVBUF	2304	/* bytes as Linux counts them */
#define	LINUX_MIN_SNDBUF	4608
#define	LINUX_MIN_MSS		88	/* bytes */
#define	LINUX_MAX_MSS		32767
#define	LINUX_MAX_KEEPIDLE	32767	/* s */
#define	LINUX_MAX_KEEPINTVL	32767
#define	LINUX_MAX_KEEPCNT	127
#define	LINUX_MAX_SYNCNT	255
#define	LINUX_MAX_LINGER2	120	/* s */
#define	LINUX_CA_NAME_MAX	16

/* ---- Number for number ---- */

struct linux_option {
	int	level, name;		/* Linux's */
	int	nlevel, nname;		/* ours */
	int	lo, hi;			/* an int's range; 0, 0: ours */
};

static const struct linux_option options[] = {
	{ LINUX_SOL_SOCKET, LINUX_SO_DEBUG, SOL_SOCKET, SO_DEBUG, 0, 0 },
	{ LINUX_SOL_SOCKET, LINUX_SO_REUSEADDR, SOL_SOCKET, SO_REUSEADDR,
	    0, 0 },
	{ LINUX_SOL_SOCKET, LINUX_SO_TYPE, SOL_SOCKET, SO_TYPE, 0, 0 },
	{ LINUX_SOL_SOCKET, LINUX_SO_DONTROUTE, SOL_SOCKET, SO_DONTROUTE,
	    0, 0 },
	{ LINUX_SOL_SOCKET, LINUX_SO_BROADCAST, SOL_SOCKET, SO_BROADCAST,
	    0, 0 },
	{ LINUX_SOL_SOCKET, LINUX_SO_KEEPALIVE, SOL_SOCKET, SO_KEEPALIVE,
	    0, 0 },
	{ LINUX_SOL_SOCKET, LINUX_SO_OOBINLINE, SOL_SOCKET, SO_OOBINLINE,
	    0, 0 },
	{ LINUX_SOL_SOCKET, LINUX_SO_LINGER, SOL_SOCKET, SO_LINGER, 0, 0 },
	{ LINUX_SOL_SOCKET, LINUX_SO_REUSEPORT, SOL_SOCKET, SO_REUSEPORT,
	    0, 0 },
	{ LINUX_SOL_SOCKET, LINUX_SO_RCVTIMEO, SOL_SOCKET, SO_RCVTIMEO,
	    0, 0 },
	{ LINUX_SOL_SOCKET, LINUX_SO_SNDTIMEO, SOL_SOCKET, SO_SNDTIMEO,
	    0, 0 },
	{ LINUX_SOL_SOCKET, LINUX_SO_TIMESTAMP, SOL_SOCKET, SO_TIMESTAMP,
	    0, 0 },
	{ LINUX_SOL_SOCKET, LINUX_SO_ACCEPTCONN, SOL_SOCKET, SO_ACCEPTCONN,
	    0, 0 },
	{ LINUX_SOL_SOCKET, LINUX_SO_PROTOCOL, SOL_SOCKET, SO_PROTOCOL,
	    0, 0 },
	{ LINUX_SOL_IP, LINUX_IP_TOS, IPPROTO_IP, IP_TOS, 0, 255 },
	{ LINUX_SOL_IP, LINUX_IP_TTL, IPPROTO_IP, IP_TTL, -1, 255 },
	{ LINUX_SOL_IP, LINUX_IP_OPTIONS, IPPROTO_IP, IP_OPTIONS, 0, 0 },
	{ LINUX_SOL_IP, LINUX_IP_MINTTL, IPPROTO_IP, IP_MINTTL, 0, 255 },
	{ LINUX_SOL_IPV6, LINUX_IPV6_UNICAST_HOPS, IPPROTO_IPV6,
	    IPV6_UNICAST_HOPS, -1, 255 },
	{ LINUX_SOL_IPV6, LINUX_IPV6_V6ONLY, IPPROTO_IPV6, IPV6_V6ONLY,
	    0, 0 },
	{ LINUX_SOL_IPV6, LINUX_IPV6_TCLASS, IPPROTO_IPV6, IPV6_TCLASS,
	    -1, 255 },
	{ LINUX_SOL_TCP, LINUX_TCP_KEEPIDLE, IPPROTO_TCP, TCP_KEEPIDLE,
	    1, LINUX_MAX_KEEPIDLE },
	{ LINUX_SOL_TCP, LINUX_TCP_KEEPINTVL, IPPROTO_TCP, TCP_KEEPINTVL,
	    1, LINUX_MAX_KEEPINTVL },
	{ LINUX_SOL_TCP, LINUX_TCP_KEEPCNT, IPPROTO_TCP, TCP_KEEPCNT,
	    1, LINUX_MAX_KEEPCNT },
};

static const struct linux_option *
linux_find(int level, int name)
{
	u_int i;

	for (i = 0; i < nitems(options); i++)
		if (options[i].level == level && options[i].name == name)
			return (&options[i]);
	return (NULL);
}

static int
linux_set_same(struct socket *so, const struct linux_option *o,
    const void *val, size_t len)
{
	int error, value;

	if (o->lo != o->hi) {
		if ((error = compat_int_in(val, len, &value)) != 0)
			return (error);
		if (value < o->lo || value > o->hi)
			return (EINVAL);
		/* -1 is the system's own, 0 none at all. */
		if (o->nname == IP_TTL && o->nlevel == IPPROTO_IP &&
		    value == 0)
			return (EINVAL);
	}
	return (compat_set(so, o->nlevel, o->nname, val, len));
}

/* A switch is 1, there, not the option's own bit. */
static bool
linux_is_switch(const struct linux_option *o)
{
	return (o->nlevel == SOL_SOCKET && o->nname < SO_SNDBUF &&
	    o->nname != SO_LINGER);
}

static int
linux_get_same(struct socket *so, const struct linux_option *o, void *val,
    size_t *lenp)
{
	int error, value;

	if (!linux_is_switch(o))
		return (compat_get(so, o->nlevel, o->nname, val, lenp));
	error = compat_get_int(so, o->nlevel, o->nname, &value);
	value = value != 0;
	return (error != 0 ? error :
	    compat_out(&value, sizeof(value), val, lenp));
}

/* ---- Level SOL_SOCKET ---- */

/* Twice what is asked for, within limits, as Linux counts; for a window its
 * part of that, for sending half of it, is the size of ours. */
static int
linux_set_buffer(struct socket *so, int name, int value, bool force)
{
	bool rcv = name == SO_RCVBUF;
	int least = (rcv ? LINUX_MIN_RCVBUF : LINUX_MIN_SNDBUF) / 2;

	if (force && !in_suser())
		return (EPERM);
	if (!force)
		value = (int)min((u_int)value, (u_int)(rcv ?
		    V_linux_rmem_max : V_linux_wmem_max));
	value = imin(imax(value, least), INT_MAX / 2);
	if (rcv)
		value = linux_win_from_space(2 * value);
	/* What the two variables allow, kern.ipc.maxsockbuf must, too. */
	linux_make_room(value);
	return (compat_set_int(so, SOL_SOCKET, name, value));
}

static int
linux_get_buffer(struct socket *so, int name, int *value)
{
	int error;

	if ((error = compat_get_int(so, SOL_SOCKET, name, value)) != 0)
		return (error);
	if (name == SO_RCVBUF)
		*value = linux_space_from_win(*value);
	else
		*value = *value > INT_MAX / 2 ? INT_MAX : 2 * *value;
	return (0);
}

static int
linux_set_socket(struct socket *so, int name, const void *val, size_t len)
{
	int error, value;

	if ((error = compat_int_in(val, len, &value)) != 0)
		return (error);
	switch (name) {
	case LINUX_SO_SNDBUF:
	case LINUX_SO_SNDBUFFORCE:
		return (linux_set_buffer(so, SO_SNDBUF, value,
		    name == LINUX_SO_SNDBUFFORCE));
	case LINUX_SO_RCVBUF:
	case LINUX_SO_RCVBUFFORCE:
		return (linux_set_buffer(so, SO_RCVBUF, value,
		    name == LINUX_SO_RCVBUFFORCE));
	case LINUX_SO_RCVLOWAT:
		return (compat_set_int(so, SOL_SOCKET, SO_RCVLOWAT,
		    value < 0 ? INT_MAX : imax(value, 1)));
	default:
		/* SO_SNDLOWAT can be read only, there. */
		return (ENOPROTOOPT);
	}
}

static int
linux_get_socket(struct socket *so, int name, int *value)
{
	int error;

	switch (name) {
	case LINUX_SO_SNDBUF:
		return (linux_get_buffer(so, SO_SNDBUF, value));
	case LINUX_SO_RCVBUF:
		return (linux_get_buffer(so, SO_RCVBUF, value));
	case LINUX_SO_RCVLOWAT:
		return (compat_get_int(so, SOL_SOCKET, SO_RCVLOWAT, value));
	case LINUX_SO_SNDLOWAT:
		*value = 1;
		return (0);
	case LINUX_SO_ERROR:
		error = compat_get_int(so, SOL_SOCKET, SO_ERROR, value);
		*value = linux_errno(*value);
		return (error);
	case LINUX_SO_DOMAIN:
		error = compat_get_int(so, SOL_SOCKET, SO_DOMAIN, value);
		if (*value == AF_INET6)
			*value = LINUX_AF_INET6;
		return (error);
	default:
		return (ENOPROTOOPT);
	}
}

/* ---- Levels IPPROTO_IP and IPPROTO_IPV6 ---- */

static bool
linux_is_recverr(int level, int name)
{
	return ((level == LINUX_SOL_IP && name == LINUX_IP_RECVERR) ||
	    (level == LINUX_SOL_IPV6 && name == LINUX_IPV6_RECVERR));
}

static int
linux_get_ip(struct tcpcb *tp, int level, int name, int *value)
{
	const struct tcp_compat *tc = tcp_compat_find(tp);

	if (linux_is_recverr(level, name)) {
		*value = tc != NULL && (tc->tc_flags & TC_RECVERR) != 0;
		return (0);
	}
	if ((level == LINUX_SOL_IP && name == LINUX_IP_MTU) ||
	    (level == LINUX_SOL_IPV6 && name == LINUX_IPV6_MTU)) {
		if (tp->t_inpcb.inp_fport == 0)
			return (ENOTCONN);
		*value = (int)tcp_pmtu(tp);
		return (0);
	}
	return (ENOPROTOOPT);
}

/* ---- Level IPPROTO_TCP ---- */

/*
 * What we will announce, and send at most; a connection that is there can
 * send less, no more.  0: as if nothing had been set.
 */
static int
linux_set_maxseg(struct tcpcb *tp, int value)
{
	bool idle = tp->t_state == TCPS_CLOSED || tp->t_state == TCPS_LISTEN;
	uint16_t mss;

	if (value != 0 && (value < LINUX_MIN_MSS || value > LINUX_MAX_MSS))
		return (EINVAL);
	if (value == 0 && idle) {
		tp->t_usermss = 0;
		tp->t_maxseg = (uint16_t)V_tcp_mssdflt;
	}
	if (value == 0)
		return (0);
	mss = (uint16_t)imax(value, V_tcp_minmss);
	if (idle)
		tp->t_usermss = mss;
	if (tp->t_state == TCPS_CLOSED || mss < tp->t_maxseg)
		tp->t_maxseg = mss;
	return (0);
}

static int
linux_set_cork(struct socket *so, struct tcpcb *tp, bool on)
{
	int error;

	if ((error = compat_set_flag(tp, TC_CORKED, on)) != 0)
		return (error);
	return (compat_set_int(so, IPPROTO_TCP, TCP_NOPUSH, on));
}

static int
linux_set_nodelay(struct socket *so, struct tcpcb *tp, int value)
{
	int error;

	error = compat_set_int(so, IPPROTO_TCP, TCP_NODELAY, value);
	if (error == 0 && value != 0)
		tcp_compat_flush(tp);
	return (error);
}

/* Seconds in which n timeouts pass, of 1 s doubled up to 120 s; what Linux
 * keeps of TCP_DEFER_ACCEPT is n. */
static int
linux_defer_seconds(int seconds)
{
	int period = 1, timeout = 1;

	if (seconds <= 0)
		return (0);
	while (period < seconds) {
		timeout = imin(timeout * 2, 120);
		if (period > INT_MAX - timeout)
			return (INT_MAX);
		period += timeout;
	}
	return (period);
}

static int
linux_set_clamp(const struct tcpcb *tp, struct tcp_compat *tc, int value)
{
	if (value == 0) {
		if (tp->t_state != TCPS_CLOSED)
			return (EINVAL);
		tc->tc_clamp = 0;
	} else
		tc->tc_clamp = max((u_int)value, LINUX_MIN_RCVBUF / 2);
	return (0);
}

/* Attempts, which take the place of keepinit. */
static int
linux_set_syncnt(struct tcp_compat *tc, int value)
{
	if (value < 1 || value > LINUX_MAX_SYNCNT)
		return (EINVAL);
	tc->tc_syncnt = (uint16_t)value;
	return (0);
}

static int
linux_set_compat(struct tcpcb *tp, int name, int value)
{
	struct tcp_compat *tc;

	if ((tc = tcp_compat(tp)) == NULL)
		return (ENOMEM);
	switch (name) {
	case LINUX_TCP_SYNCNT:
		return (linux_set_syncnt(tc, value));
	case LINUX_TCP_LINGER2:
		tc->tc_linger2 = value < 0 ? -1 :
		    imin(value, LINUX_MAX_LINGER2);
		return (0);
	case LINUX_TCP_DEFER_ACCEPT:
		tc->tc_defer = (uint32_t)linux_defer_seconds(value);
		return (0);
	case LINUX_TCP_WINDOW_CLAMP:
		return (linux_set_clamp(tp, tc, value));
	case LINUX_TCP_USER_TIMEOUT:
		if (value < 0)
			return (EINVAL);
		tc->tc_abort = (uint32_t)value;
		tc->tc_flags |= TC_KEEPUSER;
		return (0);
	case LINUX_TCP_NOTSENT_LOWAT:
		tc->tc_notsent = (uint32_t)value;
		tcp_compat_notsent(tp);
		return (0);
	case LINUX_TCP_INQ:
		if (value < 0 || value > 1)
			return (EINVAL);
		return (compat_set_flag(tp, TC_INQ, value != 0));
	default:
		return (ENOPROTOOPT);
	}
}

static int
linux_set_tcp(struct socket *so, struct tcpcb *tp, int name, int value)
{
	switch (name) {
	case LINUX_TCP_NODELAY:
		return (linux_set_nodelay(so, tp, value));
	case LINUX_TCP_MAXSEG:
		return (linux_set_maxseg(tp, value));
	case LINUX_TCP_CORK:
		return (linux_set_cork(so, tp, value != 0));
	case LINUX_TCP_QUICKACK:
		tcp_compat_quickack(tp, value != 0);
		return (0);
	default:
		return (linux_set_compat(tp, name, value));
	}
}

static int
linux_get_tcp(struct socket *so, struct tcpcb *tp, int name, int *value)
{
	static const struct tcp_compat nothing;
	const struct tcp_compat *tc = tcp_compat_find(tp);

	if (tc == NULL)
		tc = &nothing;
	switch (name) {
	case LINUX_TCP_NODELAY:
		return (compat_get_int(so, IPPROTO_TCP, TCP_NODELAY, value));
	case LINUX_TCP_MAXSEG:
		*value = TCPS_HAVEESTABLISHED(tp->t_state) ?
		    (int)tcp_fixed_maxseg(tp) : tp->t_maxseg;
		return (0);
	case LINUX_TCP_CORK:
		return (compat_get_int(so, IPPROTO_TCP, TCP_NOPUSH, value));
	case LINUX_TCP_FASTOPEN:
		*value = (int)tc->tc_tfoqlen;
		return (0);
	case LINUX_TCP_FASTOPEN_CONNECT:
		*value = (tc->tc_flags & TC_TFOCONNECT) != 0;
		return (0);
	case LINUX_TCP_FASTOPEN_NO_COOKIE:
		*value = (tc->tc_flags & TC_TFOBARE) != 0;
		return (0);
	case LINUX_TCP_QUICKACK:
		*value = tp->t_delack_opt <= 0;
		return (0);
	case LINUX_TCP_SYNCNT:
		*value = tc->tc_syncnt != 0 ? tc->tc_syncnt :
		    linux_syn_retries();
		return (0);
	case LINUX_TCP_LINGER2:
		*value = tc->tc_linger2 != 0 ? tc->tc_linger2 :
		    (int)(tcp_finwait2_time(tp) / NS_PER_SEC);
		return (0);
	case LINUX_TCP_DEFER_ACCEPT:
		*value = (int)tc->tc_defer;
		return (0);
	case LINUX_TCP_WINDOW_CLAMP:
		*value = (int)tc->tc_clamp;
		return (0);
	case LINUX_TCP_USER_TIMEOUT:
		*value = (int)tc->tc_abort;
		return (0);
	case LINUX_TCP_NOTSENT_LOWAT:
		*value = (int)tc->tc_notsent;
		return (0);
	case LINUX_TCP_INQ:
		*value = (tc->tc_flags & TC_INQ) != 0;
		return (0);
	default:
		return (ENOPROTOOPT);
	}
}

/* An algorithm by its name: ENOENT, or EPERM if it is not among those
 * allowed. */
static int
linux_set_congestion(struct socket *so, const void *val, size_t len)
{
	char name[LINUX_CA_NAME_MAX];
	const char *native;
	int error;

	if (val == NULL || len < 1)
		return (EINVAL);
	memset(name, 0, sizeof(name));
	memcpy(name, val, MIN(len, sizeof(name) - 1));
	native = linux_cc_to_native(name);
	if (cc_find(native) == NULL)
		return (ENOENT);
	if (!in_suser() && !linux_cc_allowed(native))
		return (EPERM);
	error = compat_set(so, IPPROTO_TCP, TCP_CONGESTION, native,
	    strlen(native) + 1);
	return (error == ESRCH ? ENOENT : error);
}

static int
linux_get_congestion(struct socket *so, void *val, size_t *lenp)
{
	char name[TCP_CA_NAME_MAX], answer[LINUX_CA_NAME_MAX];
	size_t len = sizeof(name);
	int error;

	memset(name, 0, sizeof(name));
	error = compat_get(so, IPPROTO_TCP, TCP_CONGESTION, name, &len);
	if (error != 0)
		return (error);
	memset(answer, 0, sizeof(answer));
	strlcpy(answer, linux_cc_from_native(name), sizeof(answer));
	return (compat_out(answer, sizeof(answer), val, lenp));
}

/* ---- Fast open ---- */

#define	FASTOPEN_KEY_LEN	16	/* bytes */

/* One key, or one and the one before it; they are the host's. */
static int
linux_set_fastopen_key(const void *val, size_t len)
{
	static const char variable[] = "net.inet.tcp.fastopen.setkey";
	int error = 0;

	if (val == NULL || (len != FASTOPEN_KEY_LEN &&
	    len != 2 * FASTOPEN_KEY_LEN))
		return (EINVAL);
	if (len == 2 * FASTOPEN_KEY_LEN)
		error = kernel_sysctlbyname(variable, NULL, NULL,
		    (const char *)val + FASTOPEN_KEY_LEN, FASTOPEN_KEY_LEN);
	return (error != 0 ? error : kernel_sysctlbyname(variable, NULL,
	    NULL, val, FASTOPEN_KEY_LEN));
}

/* Only before there is a connection. */
static bool
linux_is_idle(const struct tcpcb *tp)
{
	return (tp->t_state == TCPS_CLOSED || tp->t_state == TCPS_LISTEN);
}

/* So many connections may be half-open by it; 0: none are. */
static int
linux_set_tfo_server(struct tcpcb *tp, int value)
{
	struct tcp_compat *tc;

	if (value < 0 || !linux_is_idle(tp))
		return (EINVAL);
	if ((tc = tcp_compat(tp)) == NULL)
		return (ENOMEM);
	tc->tc_tfoqlen = (uint32_t)value;
	if (value != 0)
		tp->t_flags |= TF_FASTOPEN;
	else
		tp->t_flags &= ~TF_FASTOPEN;
	return (0);
}

/* connect(2) is put off to the first write. */
static int
linux_set_tfo_connect(struct tcpcb *tp, int value)
{
	if (value < 0 || value > 1)
		return (EINVAL);
	if (!linux_tfo_client())
		return (EOPNOTSUPP);
	if (tp->t_state != TCPS_CLOSED)
		return (EINVAL);
	if (value != 0)
		tp->t_flags |= TF_FASTOPEN;
	else
		tp->t_flags &= ~TF_FASTOPEN;
	return (compat_set_flag(tp, TC_TFOCONNECT, value != 0));
}

static int
linux_set_fastopen(struct tcpcb *tp, int name, const void *val, size_t len)
{
	int error, value;

	if (name == LINUX_TCP_FASTOPEN_KEY)
		return (linux_set_fastopen_key(val, len));
	if ((error = compat_int_in(val, len, &value)) != 0)
		return (error);
	if (name == LINUX_TCP_FASTOPEN)
		return (linux_set_tfo_server(tp, value));
	if (name == LINUX_TCP_FASTOPEN_CONNECT)
		return (linux_set_tfo_connect(tp, value));
	if (value < 0 || value > 1 || !linux_is_idle(tp))
		return (EINVAL);
	return (compat_set_flag(tp, TC_TFOBARE, value != 0));
}

/* ---- The doors ---- */

int
linux_setsockopt(struct socket *so, int level, int name, const void *val,
    size_t len)
{
	const struct linux_option *o;
	struct tcpcb *tp = sototcpcb(so);
	int error, value;

	if (level == LINUX_SOL_TCP && name >= LINUX_TCP_FREEBSD)
		return (compat_set(so, IPPROTO_TCP, name - LINUX_TCP_FREEBSD,
		    val, len));
	if ((o = linux_find(level, name)) != NULL)
		return (linux_set_same(so, o, val, len));
	if (level == LINUX_SOL_SOCKET)
		return (linux_set_socket(so, name, val, len));
	if (tp == NULL)
		return (EINVAL);
	if (level == LINUX_SOL_TCP && name == LINUX_TCP_CONGESTION)
		return (linux_set_congestion(so, val, len));
	if (level == LINUX_SOL_TCP && (name == LINUX_TCP_MD5SIG ||
	    name == LINUX_TCP_MD5SIG_EXT))
		return (linux_set_md5sig(so, val, len,
		    name == LINUX_TCP_MD5SIG_EXT));
	if (level == LINUX_SOL_TCP && (name == LINUX_TCP_FASTOPEN ||
	    name == LINUX_TCP_FASTOPEN_CONNECT ||
	    name == LINUX_TCP_FASTOPEN_NO_COOKIE ||
	    name == LINUX_TCP_FASTOPEN_KEY))
		return (linux_set_fastopen(tp, name, val, len));
	if ((error = compat_int_in(val, len, &value)) != 0)
		return (error);
	if (linux_is_recverr(level, name))
		return (compat_set_flag(tp, TC_RECVERR, value != 0));
	if (level == LINUX_SOL_TCP)
		return (linux_set_tcp(so, tp, name, value));
	return (ENOPROTOOPT);
}

int
linux_getsockopt(struct socket *so, int level, int name, void *val,
    size_t *lenp)
{
	const struct linux_option *o;
	struct tcpcb *tp = sototcpcb(so);
	struct linux_tcp_info li;
	int error, value = 0;

	if (level == LINUX_SOL_TCP && name >= LINUX_TCP_FREEBSD)
		return (compat_get(so, IPPROTO_TCP, name - LINUX_TCP_FREEBSD,
		    val, lenp));
	if ((o = linux_find(level, name)) != NULL)
		return (linux_get_same(so, o, val, lenp));
	if (level == LINUX_SOL_SOCKET) {
		error = linux_get_socket(so, name, &value);
		return (error != 0 ? error :
		    compat_out(&value, sizeof(value), val, lenp));
	}
	if (level == LINUX_SOL_TCP && name == LINUX_TCP_INFO) {
		linux_tcp_info(so, &li);
		return (compat_out(&li, sizeof(li), val, lenp));
	}
	if (tp == NULL)
		return (EINVAL);
	if (level == LINUX_SOL_TCP && name == LINUX_TCP_CONGESTION)
		return (linux_get_congestion(so, val, lenp));
	error = level == LINUX_SOL_TCP ?
	    linux_get_tcp(so, tp, name, &value) :
	    linux_get_ip(tp, level, name, &value);
	return (error != 0 ? error :
	    compat_out(&value, sizeof(value), val, lenp));
}
