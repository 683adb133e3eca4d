/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the files of TCP's output say to each other and to nobody else:
 *
 *	tcp_plan	what the next segment is to be, with its options
 *	tcp_segment	builds it, notes it, and gives it to IP
 *	tcp_head	the headers that a connection keeps
 *	tcp_plain	plain segments, in one go
 *	tcp_output	when; the general way
 *	tcp_respond	segments that come from no send buffer
 */
#ifndef _STACKYARD_NETINET_TCP_OUTPUT_IMPL_H_
#define	_STACKYARD_NETINET_TCP_OUTPUT_IMPL_H_

#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/systm.h>
#include <netinet/ip_plain.h>
#include <netinet/ip_var.h>
#include <netinet/tcp_head.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_var.h>

/* What the next segment is to be. */
struct tcp_plan {
	struct tcp_sent	*p_again;	/* a lost range, or NULL */
	tcp_seq		p_seq;
	uint32_t	p_off;		/* of the text in so_snd */
	uint32_t	p_len;		/* bytes of text */
	uint32_t	p_new;		/* of them new, behind p_again */
	bool		p_newfin;	/* and a FIN behind them */
	uint32_t	p_win;		/* window to promise, bytes */
	uint16_t	p_flags;	/* TH_* */
	bool		p_ackonly;	/* nothing for the sent map */
	bool		p_last;		/* leaves nothing to send */
	uint8_t		p_optlen;
	bool		p_optsack;	/* SACK blocks among them */
	bool		p_probe;	/* larger than others (RFC 4821) */
	uint8_t		p_opt[TCP_MAXOLEN];
};

/* tcp_plan.c */

/* Is there anything to send?  *p is what. */
bool	tcp_plan(struct tcpcb *tp, struct tcp_plan *p);
/* Bytes of text that one segment with optlen bytes of options, or what TSO
 * makes several of, takes. */
uint32_t tcp_seg_limit(const struct tcpcb *tp, uint32_t optlen);
/* May a segment of len bytes, less than the full mss, leave now?  all: it is
 * all there is. */
bool	tcp_small_ok(const struct tcpcb *tp, uint32_t len, uint32_t mss,
	    bool all);
/* Should the peer hear of win, if it is more than it was promised? */
bool	tcp_window_grown(const struct tcpcb *tp, const struct socket *so,
	    uint32_t win);

/* What is left of the window that was promised, bytes. */
static inline uint32_t
tcp_promised(const struct tcpcb *tp)
{
	return (SEQ_GT(tp->rcv_adv, tp->rcv_nxt) ?
	    tp->rcv_adv - tp->rcv_nxt : 0);
}

/* Is our FIN due, or sent and perhaps not acknowledged yet? */
static inline bool
tcp_in_fin(const struct tcpcb *tp)
{
	const u_int states = 1U << TCPS_FIN_WAIT_1 | 1U << TCPS_CLOSING |
	    1U << TCPS_LAST_ACK;

	return ((states >> tp->t_state & 1) != 0);
}

static inline bool
tcp_wants_fin(const struct tcpcb *tp)
{
	return ((tp->t_flags & TF_SENTFIN) == 0 && tcp_in_fin(tp));
}

/* Is there new text, or the FIN, that was not sent yet? */
static inline bool
tcp_new_waits(const struct tcpcb *tp, const struct socket *so)
{
	return ((tp->t_flags & TF_SENTFIN) == 0 && (tcp_wants_fin(tp) ||
	    sbavail(&so->so_snd) > tp->snd_max - tp->snd_una));
}

/* While our FIN is not acknowledged, an ACK says it again, which costs
 * nothing; but not one of a hole, for to a peer that has one, too, before our
 * FIN, it would be one more segment to answer so. */
static inline bool
tcp_repeats_fin(const struct tcpcb *tp)
{
	return ((tp->t_flags & TF_SENTFIN) != 0 &&
	    tp->snd_una != tp->snd_max && tcp_in_fin(tp) &&
	    tp->t_segqlen == 0);
}

/* The time stamp where it is the first option, as in all segments but SYNs:
 * TCPOLEN_TIMESTAMP + 2 bytes. */
static inline void
tcp_put_timestamp(void *opt, const struct tcpcb *tp)
{
	const uint32_t kind = htonl(TCPOPT_NOP << 24 | TCPOPT_NOP << 16 |
	    TCPOPT_TIMESTAMP << 8 | TCPOLEN_TIMESTAMP);
	const uint32_t val = htonl(tcp_ts_getticks() + tp->ts_offset);
	const uint32_t ecr = htonl(tp->ts_recent);

	memcpy(opt, &kind, sizeof(kind));
	memcpy((char *)opt + 4, &val, sizeof(val));
	memcpy((char *)opt + 8, &ecr, sizeof(ecr));
}

/* The options of nearly all SYNs, in our order: TCPOLEN_SYNALL bytes. */
#define	TCPOLEN_SYNALL	(TCPOLEN_MAXSEG + 1 + TCPOLEN_WINDOW +		\
	    TCPOLEN_SACK_PERMITTED + TCPOLEN_TIMESTAMP)
static inline void
tcp_put_synall(void *opt, uint16_t mss, uint8_t scale, uint32_t val,
    uint32_t ecr)
{
	const uint32_t w[5] = {
		htonl(TCPOPT_MAXSEG << 24 | TCPOLEN_MAXSEG << 16 | mss),
		htonl(TCPOPT_NOP << 24 | TCPOPT_WINDOW << 16 |
		    TCPOLEN_WINDOW << 8 | scale),
		htonl(TCPOPT_SACK_PERMITTED << 24 |
		    TCPOLEN_SACK_PERMITTED << 16 |
		    TCPOPT_TIMESTAMP << 8 | TCPOLEN_TIMESTAMP),
		htonl(val),
		htonl(ecr)
	};

	CTASSERT(sizeof(w) == TCPOLEN_SYNALL);
	memcpy(opt, w, sizeof(w));
}

/* Space in the buffer of so: nothing rather than too little (RFC 1122,
 * 4.2.3.3). */
static inline long
tcp_wise_space(const struct tcpcb *tp, const struct socket *so)
{
	long space = sbspace(&so->so_rcv);

	if (__predict_false(space < tp->t_maxseg &&
	    space < (long)so->so_rcv.sb_hiwat / 4))
		return (0);
	return (space);
}

/* The window to promise for so much space: never less than before. */
static inline uint32_t
tcp_window_of(const struct tcpcb *tp, long space)
{
	/* A scale that was not agreed upon is 0. */
	const uint32_t max = (uint32_t)TCP_MAXWIN << tp->rcv_scale;

	return (min(max, (uint32_t)lmax(space, tcp_promised(tp))));
}

/* The window to promise now. */
static inline uint32_t
tcp_adv_window(struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);
	long space = so != NULL ? tcp_wise_space(tp, so) : 0;

	if (__predict_false((tp->t_flags2 & TF2_COMPAT) != 0))
		space = tcp_compat_clamp(tp, (uint32_t)space);
	return (tcp_window_of(tp, space));
}

/* Has so much space come free that the peer should hear of it?  Mostly it has
 * not, whatever else there is. */
static inline bool
tcp_window_update_due(struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);
	const long promised = tcp_promised(tp);
	long more;

	if (so == NULL)
		return (false);
	more = sbspace(&so->so_rcv) - promised;
	if (__predict_true(more < 2 * tp->t_maxseg &&
	    2 * more < (long)so->so_rcv.sb_hiwat && !V_tcp_ways.w_linux))
		return (false);
	return (tcp_window_grown(tp, so, tcp_adv_window(tp)));
}

/* The window field, bytes rounded up: what is below 0 is shifted to -1. */
static inline uint32_t
tcp_scaled_window(uint32_t win, uint8_t scale)
{
	return ((uint32_t)((((int64_t)win - 1) >> scale) + 1));
}

/*
 * Write what all headers have, as words, where m's data begins; hdrlen bytes
 * with the options, which are the caller's.  The checksum field gets the
 * pseudo header's sum.
 */
static inline void
tcp_put_header(struct mbuf *m, const struct in_conninfo *inc, tcp_seq seq,
    tcp_seq ack, u_int flags, uint32_t win, uint32_t hdrlen)
{
	struct tcphdr *th = mtod(m, struct tcphdr *);
	const uint32_t len = (uint32_t)m->m_pkthdr.len;
	uint32_t w;

	w = htonl((uint32_t)inc->inc_lport << 16 | inc->inc_fport);
	memcpy(&th->th_sport, &w, sizeof(w));
	th->th_seq = htonl(seq);
	th->th_ack = htonl(ack);
	/* Length in words of 4 bytes; TH_AE stands in front of the others. */
	w = htonl(hdrlen << 26 | flags << 16 | win);
	memcpy((char *)th + __offsetof(struct tcphdr, th_flags) - 1, &w,
	    sizeof(w));
	th->th_urp = 0;
	m->m_pkthdr.csum_data = __offsetof(struct tcphdr, th_sum);
	m->m_pkthdr.l4hlen = (uint8_t)hdrlen;
	if (__predict_true(IN6_IS_ADDR_V4MAPPED(&inc->inc_faddr))) {
		m->m_pkthdr.csum_flags |= CSUM_TCP;
		th->th_sum = in_pseudo_sum4(&inc->inc_laddr, &inc->inc_faddr,
		    len, IPPROTO_TCP);
	} else {
		m->m_pkthdr.csum_flags |= CSUM_TCP_IPV6;
		th->th_sum = in_pseudo_sum(&inc->inc_laddr, &inc->inc_faddr,
		    len, IPPROTO_TCP);
	}
}

/* tcp_segment.c */

/* The way of a new connection, to where no source route leads; if there is none
 * whoever needs it finds that. */
static inline void
tcp_find_way(struct inpcb *inp)
{
	if (inp->inp_route.ro_nh == NULL && inp->inp_options == NULL)
		(void)ro_lookup(&inp->inp_route, &inp->inp_faddr,
		    inp->inp_inc.inc_scope);
}

/* What few sockets ask of IP. */
#define	INP_RARESEND	(INP_MINMTU | INP_DONTROUTE | INP_NOHOPS)

/* Is nothing of the kind asked, nor of others, of tp's segments? */
static inline bool
tcp_ip_is_plain(const struct tcpcb *tp)
{
	const struct inpcb *inp = &tp->t_inpcb;

	return ((tp->t_flags2 & TF2_NODF) == 0 &&
	    (inp->inp_flags & INP_RARESEND) == 0 &&
	    inp->inp_udpport == 0 && inp->inp_options == NULL);
}

/* An mbuf with room for a header of hdrlen bytes, in front of len bytes of
 * text, of which there is none yet: NULL if memory is short. */
static inline struct mbuf *
tcp_build(const struct tcpcb *tp, uint32_t hdrlen, uint32_t len)
{
	struct mbuf *m;

	if ((m = mb_gethdr()) == NULL)
		return (NULL);
	m->m_data += max_hdr;
	m->m_len = (int)hdrlen;
	m->m_pkthdr.len = (int)(hdrlen + len);
	m->m_pkthdr.flowid = tp->t_inpcb.inp_hash;
	return (m);
}

/* Put len bytes of text, from off in the send buffer, behind m's header: false,
 * and m is gone, if memory is short.  fresh: some were never sent. */
bool	tcp_build_text(struct tcpcb *tp, struct mbuf *m, uint32_t hdrlen,
	    uint32_t off, uint32_t len, bool fresh);
/* m is to be cut into segments with mss bytes of text. */
void	tcp_build_tso(const struct tcpcb *tp, struct mbuf *m, uint32_t mss);
/* Hand a finished segment to IP. inp: the connection, or NULL. */
int	tcp_ip_send(struct mbuf *m, struct inpcb *inp,
	    const struct in_conninfo *inc, uint8_t tos, uint8_t ttl,
	    uint16_t udpport, const struct mbuf *ipopts);
/* The segment that was planned leaves: 0 or an errno. */
int	tcp_send_plan(struct tcpcb *tp, struct tcp_plan *p);

/* An ACK that promises win bytes, not 0, leaves, and with it go flags; what it
 * says of text that came twice is the caller's to forget. */
static inline void
tcp_note_window(struct tcpcb *tp, uint32_t win, u_int gone)
{
	u_int flags = tp->t_flags;

	if (SEQ_GT(tp->rcv_nxt + win, tp->rcv_adv))
		tp->rcv_adv = tp->rcv_nxt + win;
	tp->last_ack_sent = tp->rcv_nxt;
	tp->t_unacksegs = 0;
	if ((flags & TF_DELACK) != 0)
		tcp_timer_off(tp, TT_DELACK);
	tp->t_flags = flags & ~(TF_ACKNOW | TF_DELACK | TF_RXWIN0SENT | gone);
}

/* The same of any window. */
static inline void
tcp_note_promise(struct tcpcb *tp, uint32_t win)
{
	tcp_note_window(tp, win, 0);
	if (__predict_false(win == 0))
		tp->t_flags |= TF_RXWIN0SENT;
}

/* tcp_output.c */

/* Set the timers that are due after output. */
void	tcp_output_timers(struct tcpcb *tp);
/* Output has failed for error, which becomes 0 if it is to be tried again. */
int	tcp_output_error(struct tcpcb *tp, int error);
/* The general way: all that may leave, planned segment by segment. */
int	tcp_any_output(struct tcpcb *tp, const struct socket *so);

/* Nothing that may be sent is not: it is the user, not the network, who
 * limits what is in flight. */
static inline void
tcp_note_applimited(struct tcpcb *tp)
{
	uint32_t inflight = tcp_inflight(tp);

	if (inflight < tp->snd_cwnd)
		tp->t_app_limited = max((uint32_t)tp->t_delivered + inflight,
		    1);
}

/* Output has come to its end: what is to happen next. */
static __always_inline void
tcp_output_end(struct tcpcb *tp, const struct socket *so)
{
	uint32_t sent = tp->snd_max - tp->snd_una, avail;

	avail = so != NULL ? sbavail(&so->so_snd) : 0;
	if ((tp->t_flags & (TF_LASTIDLE | TF_MORETOCOME)) == TF_LASTIDLE)
		tp->t_flags &= ~TF_LASTIDLE;
	if ((sent | avail) != 0 && !tcp_timer_active(tp, TT_REXMT) &&
	    !tcp_timer_active(tp, TT_PERSIST))
		tcp_output_timers(tp);
	if (tp->t_snd_lost == 0 && avail <= sent && so != NULL)
		tcp_note_applimited(tp);
}

/* Send the ACK that tcp_respond() would, if nothing rare is switched on for
 * the synchronized connection tp: false if something is. */
bool	tcp_plain_respond(struct tcpcb *tp, tcp_seq seq);

#endif /* !_STACKYARD_NETINET_TCP_OUTPUT_IMPL_H_ */
