/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Options of the level SOL_SOCKET, and the way of all others.
 *
 * Three kinds: switches, which are bits of so_options and carry the bit's
 * own number; figures of a socket buffer; and single ones.  An int is the
 * value of most, a struct linger or a struct timeval of the rest.
 *
 *	ENOPROTOOPT	no such option, or not in this direction
 *	EINVAL		the value is too short, or makes no sense
 *	EDOM		a time out of range
 *	ENOBUFS		a buffer larger than kern.ipc.maxsockbuf allows
 *	ECONNRESET	an option of the transport, which has let go
 *
 * A listening socket's figures are noted for the sockets accepted from it.
 *
 * Touches: the socket.
 */
#include <sys/param.h>
#include <sys/protosw.h>
#include <sys/socketvar.h>
#include <sys/sockopt.h>
#include <sys/systm.h>
#include <sys/time.h>

#include "uipc_private.h"

/* The switches that can be set, and those that can only be read. */
#define	SO_SWITCHES							\
	(SO_DEBUG | SO_REUSEADDR | SO_KEEPALIVE | SO_DONTROUTE |	\
	SO_BROADCAST | SO_USELOOPBACK | SO_OOBINLINE | SO_REUSEPORT |	\
	SO_TIMESTAMP | SO_NOSIGPIPE | SO_NO_OFFLOAD | SO_NO_DDP |	\
	SO_REUSEPORT_LB | SO_RERROR)
#define	SO_READABLE	(SO_SWITCHES | SO_ACCEPTCONN)

int
sooptcopyin(struct sockopt *sopt, void *buf, size_t len, size_t minlen)
{

	if (sopt->sopt_valsize < minlen ||
	    (sopt->sopt_val == NULL && minlen > 0))
		return (EINVAL);
	if (sopt->sopt_valsize > len)
		sopt->sopt_valsize = len;
	if (sopt->sopt_valsize > 0)
		memcpy(buf, sopt->sopt_val, sopt->sopt_valsize);
	return (0);
}

int
sooptcopyout(struct sockopt *sopt, const void *buf, size_t len)
{

	if (sopt->sopt_valsize > len)
		sopt->sopt_valsize = len;
	if (sopt->sopt_val != NULL && sopt->sopt_valsize > 0)
		memcpy(sopt->sopt_val, buf, sopt->sopt_valsize);
	return (0);
}

static inline bool
is_switch(int name, int of)
{

	return (name > 0 && powerof2(name) && (name & of) != 0);
}

static int
soopt_set_linger(struct socket *so, struct sockopt *sopt)
{
	struct linger l;
	int error;

	error = sooptcopyin(sopt, &l, sizeof(l), sizeof(l));
	if (error != 0)
		return (error);
	if (l.l_linger < 0 || l.l_linger > USHRT_MAX)
		return (EDOM);
	so->so_linger = (u_short)l.l_linger;
	if (l.l_onoff != 0)
		so->so_options |= SO_LINGER;
	else
		so->so_options &= ~SO_LINGER;
	return (0);
}

static int
soopt_set_timeo(struct sockbuf *sb, struct sockopt *sopt)
{
	struct timeval tv;
	int error;

	error = sooptcopyin(sopt, &tv, sizeof(tv), sizeof(tv));
	if (error != 0)
		return (error);
	if (tv.tv_sec < 0 || tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return (EDOM);
	sb->sb_timeo = sbtimeo((uint32_t)MIN(tv.tv_sec, INT32_MAX),
	    (uint32_t)tv.tv_usec);
	return (0);
}

/* The size or the mark of a buffer. */
static int
soopt_set_buffer(struct socket *so, int name, int value)
{
	struct sockbuf *sb;

	sb = name == SO_SNDBUF || name == SO_SNDLOWAT ? &so->so_snd :
	    &so->so_rcv;
	if (value < 1)
		return (EINVAL);
	if (name == SO_SNDLOWAT || name == SO_RCVLOWAT) {
		sb->sb_lowat = min((u_int)value, sb->sb_hiwat);
		return (0);
	}
	if (sbreserve(sb, (u_long)value) == 0)
		return (ENOBUFS);
	sb->sb_flags &= (uint16_t)~SB_AUTOSIZE;
	return (0);
}

/* The options whose value is one int. */
static int
soopt_set_int(struct socket *so, struct sockopt *sopt)
{
	int error, value;

	error = sooptcopyin(sopt, &value, sizeof(value), sizeof(value));
	if (error != 0)
		return (error);
	if (is_switch(sopt->sopt_name, SO_SWITCHES)) {
		if (value != 0)
			so->so_options |= sopt->sopt_name;
		else
			so->so_options &= ~sopt->sopt_name;
		return (0);
	}
	switch (sopt->sopt_name) {
	case SO_SNDBUF:
	case SO_RCVBUF:
	case SO_SNDLOWAT:
	case SO_RCVLOWAT:
		return (soopt_set_buffer(so, sopt->sopt_name, value));
	case SO_SETFIB:
		/* There is one table of routes. */
		return (value == 0 ? 0 : EINVAL);
	case SO_USER_COOKIE:
		so->so_user_cookie = (u_int)value;
		return (0);
	default:
		return (ENOPROTOOPT);
	}
}

static int
soopt_set(struct socket *so, struct sockopt *sopt)
{

	switch (sopt->sopt_name) {
	case SO_LINGER:
		return (soopt_set_linger(so, sopt));
	case SO_SNDTIMEO:
		return (soopt_set_timeo(&so->so_snd, sopt));
	case SO_RCVTIMEO:
		return (soopt_set_timeo(&so->so_rcv, sopt));
	case SO_SNDBUF:
	case SO_RCVBUF:
	case SO_SNDLOWAT:
	case SO_RCVLOWAT:
	case SO_SETFIB:
	case SO_USER_COOKIE:
		return (soopt_set_int(so, sopt));
	default:
		if (!is_switch(sopt->sopt_name, SO_SWITCHES))
			return (ENOPROTOOPT);
		return (soopt_set_int(so, sopt));
	}
}

/* To the transport, if it takes options and is there. */
static int
soopt_transport(struct socket *so, struct sockopt *sopt)
{

	if (so->so_proto->pr_ctloutput == NULL)
		return (ENOPROTOOPT);
	if (so->so_pcb == NULL)
		return (ECONNRESET);
	return (so->so_proto->pr_ctloutput(so, sopt));
}

int
sosetopt(struct socket *so, struct sockopt *sopt)
{
	struct sockopt copy;
	int error;

	sopt->sopt_dir = SOPT_SET;
	if (sopt->sopt_level != SOL_SOCKET)
		return (soopt_transport(so, sopt));
	copy = *sopt;
	error = soopt_set(so, sopt);
	if (error != 0)
		return (error);
	if (SOLISTENING(so))
		solisten_note_buffers(so);
	(void)soopt_transport(so, &copy);
	return (0);
}

static int
soopt_get_linger(struct socket *so, struct sockopt *sopt)
{
	struct linger l;

	l.l_onoff = so->so_options & SO_LINGER;
	l.l_linger = so->so_linger;
	return (sooptcopyout(sopt, &l, sizeof(l)));
}

static int
soopt_get_timeo(const struct sockbuf *sb, struct sockopt *sopt)
{
	const nstime_t timeo = sbtimeo_ns(sb->sb_timeo);
	struct timeval tv;

	tv.tv_sec = (time_t)(timeo / NS_PER_SEC);
	tv.tv_usec = (timeo % NS_PER_SEC) / NS_PER_USEC;
	return (sooptcopyout(sopt, &tv, sizeof(tv)));
}

/* so's error, which this call takes away. */
static int
soopt_take_error(struct socket *so)
{
	int error;

	if (so->so_error != 0) {
		error = so->so_error;
		so->so_error = 0;
	} else {
		error = so->so_rerror;
		so->so_rerror = 0;
	}
	return (error);
}

/* The int that is the value of option name; false: there is none. */
static bool
soopt_get_int(struct socket *so, int name, int *value)
{
	const struct solisten *sol;

	sol = SOLISTENING(so) ? so->so_sol : NULL;
	if (is_switch(name, SO_READABLE)) {
		*value = so->so_options & name;
		return (true);
	}
	switch (name) {
	case SO_DOMAIN:
		*value = so->so_proto->pr_family;
		break;
	case SO_TYPE:
		*value = so->so_type;
		break;
	case SO_PROTOCOL:
		*value = so->so_proto->pr_protocol;
		break;
	case SO_ERROR:
		*value = soopt_take_error(so);
		break;
	case SO_SNDBUF:
		*value = (int)so->so_snd.sb_hiwat;
		break;
	case SO_RCVBUF:
		*value = (int)so->so_rcv.sb_hiwat;
		break;
	case SO_SNDLOWAT:
		*value = (int)so->so_snd.sb_lowat;
		break;
	case SO_RCVLOWAT:
		*value = (int)so->so_rcv.sb_lowat;
		break;
	case SO_LISTENQLIMIT:
		*value = sol != NULL ? (int)sol->sol_qlimit : 0;
		break;
	case SO_LISTENQLEN:
		*value = sol != NULL ? (int)sol->sol_qlen : 0;
		break;
	case SO_LISTENINCQLEN:
		*value = sol != NULL ? (int)(sol->sol_incqlen +
		    sol->sol_nincomp) : 0;
		break;
	default:
		return (false);
	}
	return (true);
}

int
sogetopt(struct socket *so, struct sockopt *sopt)
{
	int value;

	sopt->sopt_dir = SOPT_GET;
	if (sopt->sopt_level != SOL_SOCKET)
		return (soopt_transport(so, sopt));
	switch (sopt->sopt_name) {
	case SO_LINGER:
		return (soopt_get_linger(so, sopt));
	case SO_SNDTIMEO:
		return (soopt_get_timeo(&so->so_snd, sopt));
	case SO_RCVTIMEO:
		return (soopt_get_timeo(&so->so_rcv, sopt));
	default:
		if (!soopt_get_int(so, sopt->sopt_name, &value))
			return (ENOPROTOOPT);
		return (sooptcopyout(sopt, &value, sizeof(value)));
	}
}

/* so_snd's free space, as an answer. */
static int
soioctl_space(const struct socket *so)
{
	long space;

	space = sbspace(&so->so_snd);
	return (space < 0 ? 0 : (int)space);
}

int
soioctl(struct socket *so, u_long cmd, void *data)
{

	switch (cmd) {
	case FIONBIO:
		if (*(int *)data != 0)
			so->so_state |= SS_NBIO;
		else
			so->so_state &= ~SS_NBIO;
		return (0);
	case FIONREAD:
		*(int *)data = (int)sbavail(&so->so_rcv);
		return (0);
	case FIONWRITE:
		*(int *)data = (int)sbused(&so->so_snd);
		return (0);
	case FIONSPACE:
		*(int *)data = soioctl_space(so);
		return (0);
	case SIOCATMARK:
		*(int *)data =
		    (so->so_rcv.sb_state & SBS_RCVATMARK) != 0;
		return (0);
	default:
		if (so->so_proto->pr_control == NULL || so->so_pcb == NULL)
			return (ENOTTY);
		return (so->so_proto->pr_control(so, cmd, data));
	}
}
