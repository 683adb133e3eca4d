/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Fast open (RFC 7413) as Linux's programs ask for it: the hooks of
 * tcp_compat.h.
 *
 * A client's connect(2) may be put off to its first write, so that the SYN
 * has something to carry:
 *
 *	connect ---> is a cookie known, or none needed?
 *	  no: the SYN leaves, and asks for one
 *	  yes: SYN-SENT, but no SYN; the program sees a connection
 *	       write ---> the SYN leaves, with what was written
 *	       close ---> nothing was ever sent
 *
 * By a write that connects (MSG_FASTOPEN) on a socket that does not wait, a
 * cookie is asked for without the text, which the program has to write
 * again.  Who needs no cookie has text in any SYN; a listener of that kind
 * takes it from any.
 *
 * Touches: the connection and its socket.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_fastopen.h>
#include <netinet/tcp_var.h>

static bool
tcp_compat_flag(const struct tcpcb *tp, uint16_t flag)
{
	const struct tcp_compat *tc = tcp_compat_find(tp);

	return (tc != NULL && (tc->tc_flags & flag) != 0);
}

bool
tcp_compat_cookieless(const struct tcpcb *tp)
{
	return (tcp_compat_flag(tp, TC_TFOBARE));
}

u_int
tcp_compat_tfolimit(const struct tcpcb *lp, u_int limit)
{
	const struct tcp_compat *tc = tcp_compat_find(lp);

	return (tc != NULL && tc->tc_tfoqlen != 0 ? tc->tc_tfoqlen : limit);
}

/* Could a SYN of tp's carry text? */
static bool
tcp_compat_carries(const struct tcpcb *tp)
{
	return ((tp->t_flags & TF_FASTOPEN) != 0 &&
	    (tp->t_flags2 & TF2_TFO) != 0 &&
	    (tp->t_userto->tu_tfo->tfo_len != 0 ||
	    (tp->t_userto->tu_tfo->tfo_flags & TFO_BARE) != 0));
}

bool
tcp_compat_hold(struct tcpcb *tp)
{
	if (!tcp_compat_flag(tp, TC_TFOCONNECT) || !tcp_compat_carries(tp))
		return (false);
	tp->t_userto->tu_compat.tc_flags |= TC_TFOHELD;
	soisconnected(tptosocket(tp));
	return (true);
}

bool
tcp_compat_held(const struct tcpcb *tp)
{
	return (tcp_compat_flag(tp, TC_TFOHELD));
}

bool
tcp_compat_asks(const struct tcpcb *tp)
{
	return (tcp_compat_flag(tp, TC_TFOMSG) &&
	    (tp->t_flags & TF_FASTOPEN) != 0 && !tcp_compat_carries(tp) &&
	    (tptosocket(tp)->so_state & SS_NBIO) != 0);
}

void
tcp_compat_written(struct tcpcb *tp)
{
	if (tcp_compat_held(tp)) {
		tp->t_userto->tu_compat.tc_flags &= (uint16_t)~TC_TFOHELD;
		if (tp->t_state == TCPS_SYN_SENT)
			tcp_timer_activate(tp, TT_KEEP, tcp_keepinit_of(tp));
	}
	tcp_compat_notsent(tp);
}
