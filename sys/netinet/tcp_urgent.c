/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Urgent data (RFC 9293, 3.8.5; RFC 6093).
 *
 * A segment with URG names a place in the stream, up, where urgent data
 * ends.  The user is told; so_oobmark counts the bytes of so_rcv before the
 * last urgent byte, and reading stops there (SIOCATMARK).
 *
 *	stream	. . . . U . . .		URG: up is the byte behind U
 *	                ^ ^
 *	             mark up
 *
 * What the pointer in the header is counted to, RFC 793 said in two ways:
 * to the byte behind the urgent data (RFC 6093 and 9293, and what is done),
 * or to its last byte (RFC 1122); net.inet.tcp.stdurg chooses.
 *
 * The last urgent byte, U, stays in the stream with SO_OOBINLINE.  Without,
 * it is taken out as the stream passes by, in order, and kept for one
 * recv(2) with MSG_OOB:
 *
 *	           URG            U comes by            recv
 *	nothing ---------> ahead ------------> have ------------> had
 *	MSG_OOB: EINVAL    EWOULDBLOCK         U                  EINVAL
 *
 * A new URG begins again; a byte that was not read is forgotten then (in
 * Linux's ways it joins the stream where it was, if the reader has not come
 * by), one that was ahead is part of the stream like any other.
 *
 * Touches: the connection, its socket's mark, and the mbufs of its input.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_seg.h>
#include <netinet/tcp_var.h>

/* t_oobflags */
#define	TCPOOB_HAVEDATA	0x01
#define	TCPOOB_HADDATA	0x02

VNET_DEFINE(int, tcp_stdurg) = 0;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, stdurg, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_stdurg), 0,
    "The urgent pointer is that of RFC 1122, to the last urgent byte");

/* ---- What comes ---- */

/* A byte that nobody read: back to its place in the stream.  It is lost if
 * memory is short. */
static void
oob_return(const struct tcpcb *tp, struct socket *so)
{
	struct sockbuf *sb = &so->so_rcv;
	int front = (int)so->so_oobmark, all = (int)sbavail(sb);
	struct mbuf *byte, *head = NULL, *tail = NULL;

	if (front == 0 && (sb->sb_state & SBS_RCVATMARK) == 0)
		return;
	byte = m_get(M_NOWAIT, MT_DATA);
	if (front > 0)
		head = m_copym(sb->sb_mb, 0, front, M_NOWAIT);
	if (all > front)
		tail = m_copym(sb->sb_mb, front, all - front, M_NOWAIT);
	if (byte == NULL || (front > 0 && head == NULL) ||
	    (all > front && tail == NULL)) {
		m_freem(byte);
		m_freem(head);
		m_freem(tail);
		return;
	}
	byte->m_len = 1;
	*mtod(byte, char *) = tp->t_iobc;
	sbflush(sb);
	sbappendstream(sb, head, 0);
	sbappendstream(sb, byte, 0);
	sbappendstream(sb, tail, 0);
}

/* The stage (the sixth).  The mark moves forward only. */
int
tcp_stage_urg(struct tcpcb *tp, struct tcp_seg *sg)
{
	struct socket *so = tptosocket(tp);
	tcp_seq up;

	if (TCPS_HAVERCVDFIN(tp->t_state) || so == NULL)
		return (TV_OK);
	if ((sg->sg_flags & TH_URG) == 0 || sg->sg_urp == 0) {
		tcp_urg_passed(tp);
		return (TV_OK);
	}
	up = sg->sg_seq + sg->sg_urp;
	if (sg->sg_urp + sbavail(&so->so_rcv) > V_sb_max ||
	    SEQ_LEQ(up, tp->rcv_up))
		return (TV_OK);
	tp->rcv_up = up;
	if (V_tcp_ways.w_urg_stays &&
	    (tp->t_oobflags & TCPOOB_HAVEDATA) != 0)
		oob_return(tp, so);
	so->so_oobmark = sbavail(&so->so_rcv) + (up - tp->rcv_nxt) - 1;
	so->so_rcv.sb_state &= (uint16_t)~SBS_RCVATMARK;
	if (so->so_oobmark == 0)
		so->so_rcv.sb_state |= SBS_RCVATMARK;
	tp->t_oobflags = 0;
	tp->t_flags2 &= ~TF2_OOBAHEAD;
	if ((so->so_options & SO_OOBINLINE) == 0)
		tp->t_flags2 |= TF2_OOBAHEAD;
	sohasoutofband(so);
	return (TV_OK);
}

/* Take byte off out of m: false if memory for cutting it is short. */
static bool
oob_cut(struct mbuf *m, int off)
{
	struct mbuf *rest;
	int tail = m->m_len - off - 1;

	if (off == 0) {
		m->m_data++;
	} else if (tail > 0 && M_WRITABLE(m)) {
		memmove(m->m_data + off, m->m_data + off + 1, (size_t)tail);
	} else if (tail > 0) {
		/* Others may see these bytes, too. */
		rest = m_copym(m, off + 1, tail, M_NOWAIT);
		if (rest == NULL)
			return (false);
		rest->m_next = m->m_next;
		m->m_next = rest;
		m->m_len = off;
		return (true);
	}
	m->m_len--;
	return (true);
}

/*
 * len bytes, in m, join the stream at RCV.NXT: take the urgent byte out if
 * it is among them.  If that cannot be done for lack of memory, it stays
 * there.
 */
void
tcp_oob_take(struct tcpcb *tp, struct mbuf *m, uint32_t len)
{
	const struct socket *so = tptosocket(tp);
	uint32_t off = tp->rcv_up - 1 - tp->rcv_nxt;
	char byte;

	if (off >= len)
		return;
	tp->t_flags2 &= ~TF2_OOBAHEAD;
	if (so == NULL || (so->so_options & SO_OOBINLINE) != 0)
		return;
	for (; off >= (uint32_t)m->m_len; m = m->m_next)
		off -= (uint32_t)m->m_len;
	byte = m->m_data[off];
	if (!oob_cut(m, (int)off)) {
		tp->t_oobflags = TCPOOB_HADDATA;
		return;
	}
	tp->t_iobc = byte;
	tp->t_oobflags = TCPOOB_HAVEDATA;
}

/* recv(2) with MSG_OOB: the byte into m. */
int
tcp_usr_rcvoob(struct socket *so, struct mbuf *m, int flags)
{
	struct tcpcb *tp = sototcpcb(so);

	if ((tp->t_inpcb.inp_flags & INP_DROPPED) != 0)
		return (ECONNRESET);
	if ((so->so_oobmark == 0 &&
	    (so->so_rcv.sb_state & SBS_RCVATMARK) == 0) ||
	    (so->so_options & SO_OOBINLINE) != 0 ||
	    (tp->t_oobflags & TCPOOB_HADDATA) != 0)
		return (EINVAL);
	if ((tp->t_oobflags & TCPOOB_HAVEDATA) == 0)
		return (EWOULDBLOCK);
	m->m_len = 1;
	*mtod(m, char *) = tp->t_iobc;
	if ((flags & MSG_PEEK) == 0)
		tp->t_oobflags = TCPOOB_HADDATA;
	return (0);
}

/* ---- What is sent ---- */

/*
 * What so_snd now ends with is urgent.  The peer is to hear of it at once,
 * by a segment without text if nothing else may leave.
 */
void
tcp_urgent_send(struct tcpcb *tp, const struct socket *so)
{
	/* A SYN that is not acknowledged is a byte in front of the text. */
	tp->snd_up = tp->snd_una + sbavail(&so->so_snd) +
	    (tp->t_state < TCPS_ESTABLISHED);
	if (TCPS_HAVEESTABLISHED(tp->t_state))
		tp->t_flags |= TF_ACKNOW;
}

/* The pointer for a segment that begins at seq, before SND.UP. */
uint16_t
tcp_urgent_pointer(const struct tcpcb *tp, tcp_seq seq)
{
	uint32_t off = tp->snd_up - seq;

	if (V_tcp_stdurg)
		off--;
	return ((uint16_t)min(off, UINT16_MAX));
}
