/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Linux's ioctl(2) requests and flags of the calls that send and receive.
 * Touches: the socket.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <compat/compat.h>
#include <compat/linux/linux.h>
#include <compat/linux/linux_private.h>

/* Bytes in so_snd that were never sent. */
static int
linux_notsent(const struct socket *so)
{
	const struct tcpcb *tp = sototcpcb(so);
	uint32_t sent, there = sbused(&so->so_snd);

	if (tp == NULL || !TCPS_HAVEESTABLISHED(tp->t_state))
		return ((int)there);
	sent = tp->snd_max - tp->snd_una;
	return (there > sent ? (int)(there - sent) : 0);
}

int
linux_ioctl(struct socket *so, unsigned long cmd, void *data)
{
	switch (cmd) {
	case LINUX_FIONBIO:
		return (soioctl(so, FIONBIO, data));
	case LINUX_SIOCATMARK:
		return (soioctl(so, SIOCATMARK, data));
	case LINUX_SIOCINQ:
		return (SOLISTENING(so) ? EINVAL :
		    soioctl(so, FIONREAD, data));
	case LINUX_SIOCOUTQ:
		return (SOLISTENING(so) ? EINVAL :
		    soioctl(so, FIONWRITE, data));
	case LINUX_SIOCOUTQNSD:
		if (SOLISTENING(so))
			return (EINVAL);
		*(int *)data = linux_notsent(so);
		return (0);
	default:
		return (ENOTTY);
	}
}

static const struct {
	int	linux_flag;
	int	native;
} msgs[] = {
	{ LINUX_MSG_OOB, MSG_OOB },
	{ LINUX_MSG_PEEK, MSG_PEEK },
	{ LINUX_MSG_DONTROUTE, MSG_DONTROUTE },
	{ LINUX_MSG_TRUNC, MSG_TRUNC },
	{ LINUX_MSG_DONTWAIT, MSG_DONTWAIT },
	{ LINUX_MSG_EOR, 0 },		/* a stream has no records */
	{ LINUX_MSG_WAITALL, MSG_WAITALL },
	{ LINUX_MSG_NOSIGNAL, MSG_NOSIGNAL },
	{ LINUX_MSG_MORE, MSG_MORETOCOME },
};

/* A write that is to connect by fast open. */
static int
linux_msg_fastopen(struct socket *so)
{
	struct tcpcb *tp;

	if (SOLISTENING(so) || so->so_pcb == NULL)
		return (EOPNOTSUPP);
	tp = sototcpcb(so);
	if (!linux_tfo_client())
		return (EOPNOTSUPP);
	if ((so->so_state & SS_ISCONNECTING) != 0)
		return (EALREADY);
	if (tp->t_state != TCPS_CLOSED)
		return (EISCONN);
	tp->t_flags |= TF_FASTOPEN;
	return (compat_set_flag(tp, TC_TFOMSG, true));
}

int
linux_msg_prepare(struct socket *so, int flags)
{
	/* The corked end of it waits no longer than TCP_CORK's would. */
	if ((flags & LINUX_MSG_MORE) != 0 && so->so_pcb != NULL &&
	    tcp_compat(sototcpcb(so)) == NULL)
		return (ENOMEM);
	if ((flags & LINUX_MSG_FASTOPEN) != 0)
		return (linux_msg_fastopen(so));
	return (0);
}

int
linux_send_error(const struct socket *so, int error)
{
	const struct tcpcb *tp;

	if (error != ENOTCONN)
		return (error);
	tp = SOLISTENING(so) ? NULL : sototcpcb(so);
	return (tp != NULL && (tp->t_state == TCPS_SYN_SENT ||
	    tp->t_state == TCPS_SYN_RECEIVED) ? EWOULDBLOCK : EPIPE);
}

int
linux_msg_flags(struct socket *so, int flags, int *native)
{
	u_int i;
	int error;

	*native = 0;
	if (so != NULL && (error = linux_msg_prepare(so, flags)) != 0)
		return (error);
	flags &= ~LINUX_MSG_FASTOPEN;
	for (i = 0; i < nitems(msgs); i++)
		if ((flags & msgs[i].linux_flag) != 0) {
			*native |= msgs[i].native;
			flags &= ~msgs[i].linux_flag;
		}
	return (flags != 0 ? EOPNOTSUPP : 0);
}

bool
linux_inq(const struct socket *so, int *bytes)
{
	const struct tcp_compat *tc;

	if (so->so_pcb == NULL ||
	    (tc = tcp_compat_find(sototcpcb(so))) == NULL ||
	    (tc->tc_flags & TC_INQ) == 0)
		return (false);
	*bytes = (int)sbavail(&so->so_rcv);
	/* The end of the stream is something to read, too. */
	if (*bytes == 0 && (so->so_rcv.sb_state & SBS_CANTRCVMORE) != 0)
		*bytes = 1;
	return (true);
}
