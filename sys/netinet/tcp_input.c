/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Arrival: from IP to the connection (RFC 9293, 3.10.7).
 *
 *   length and checksum -> parse -> look-up
 *     -> a connection: its block's do_segment
 *     -> TIME_WAIT: tcp_timewait.c
 *     -> a listener: tcp_listen_input
 *     -> nobody: reset
 *
 * The default do_segment is at the beginning, since nearly every segment goes
 * straight into it: the stages of 3.10.7.4 in their order, whose verdicts
 * tcp_verdict() carries out.  What nearly all segments are is told at the end,
 * in tcp_input(), by a few words, and goes there without a look-up.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/in_pcb.h>
#include <netinet/ip.h>
#include <netinet/ip_options.h>
#include <netinet/tcp_seg.h>
#include <netinet/tcp_syncache.h>
#include <netinet/tcp_timewait.h>
#include <netinet/tcp_var.h>
#include <netipsec/tcp_sig.h>

VNET_DEFINE_STATIC(int, drop_synfin) = 0;
#define	V_drop_synfin	VNET(drop_synfin)
SYSCTL_INT(_net_inet_tcp, OID_AUTO, drop_synfin, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(drop_synfin), 0,
    "Drop segments that carry both SYN and FIN");

/* The header, which may lie in several mbufs, into one: NULL, and m is gone,
 * if there is none. */
static struct mbuf * __noinline
tcp_pull_header(struct mbuf *m, const struct ip_info *ii)
{
	int off;

	if (m->m_pkthdr.len < (int)sizeof(struct tcphdr) || ii->ii_bcast) {
		TCPSTAT_INC(tcps_rcvshort);
		tcp_log_unread(ii, "shorter than a header, or broadcast");
		m_freem(m);
		return (NULL);
	}
	if (m->m_len < (int)sizeof(struct tcphdr) &&
	    (m = m_pullup(m, sizeof(struct tcphdr))) == NULL)
		return (NULL);
	off = mtod(m, struct tcphdr *)->th_off << 2;
	if (off < (int)sizeof(struct tcphdr) || off > m->m_pkthdr.len) {
		TCPSTAT_INC(tcps_rcvbadoff);
		tcp_log_unread(ii, "the header's length is impossible");
		m_freem(m);
		return (NULL);
	}
	return (m->m_len < off ? m_pullup(m, off) : m);
}

static struct mbuf * __noinline
tcp_refuse_sum(struct mbuf *m, const struct ip_info *ii)
{
	TCPSTAT_INC(tcps_rcvbadsum);
	tcp_log_unread(ii, "the checksum is wrong");
	m_freem(m);
	return (NULL);
}

/* Header contiguous, checksum right, parsed: the segment, else NULL, and it
 * is gone. */
static inline struct mbuf *
tcp_accept_segment(struct mbuf *m, const struct ip_info *ii,
    struct tcp_seg *sg, uint16_t udpport)
{
	const u_int least = sizeof(struct tcphdr);
	u_int off_flags = 0;
	bool whole = false;

	TCPSTAT_INC(tcps_rcvtotal);
	/* Mostly it lies in one mbuf. */
	if (__predict_true((u_int)m->m_len >= least)) {
		off_flags = tcp_off_flags(mtod(m, struct tcphdr *));
		whole = (u_int)TCP_OFF(off_flags) - least <=
		    (u_int)m->m_len - least && !ii->ii_bcast;
	}
	if (__predict_false(!whole)) {
		if ((m = tcp_pull_header(m, ii)) == NULL)
			return (NULL);
		off_flags = tcp_off_flags(mtod(m, struct tcphdr *));
	}
	if (udpport == 0 && ip_cksum_verify(m, ii, IPPROTO_TCP,
	    (uint32_t)m->m_pkthdr.len) != 0)
		return (tcp_refuse_sum(m, ii));
	tcp_read_header(m, ii, sg, off_flags, udpport);
	return (m);
}

/* The stages, in RFC 9293's order, until one says stop. */
static int
tcp_stages(struct tcpcb *tp, struct tcp_seg *sg)
{
	int v = TV_OK;

#define	STAGE(name)							\
	if (((v |= tcp_stage_##name(tp, sg)) & TV_STOP) != 0)		\
		return (v)
	STAGE(sequence);
	STAGE(rst);
	STAGE(syn);
	STAGE(ack);
	STAGE(urg);
	STAGE(text);
	STAGE(fin);
#undef STAGE
	return (v);
}

/* The stages from ACK on of a segment without text that tcp_regular() is true
 * of: those that have nothing to do with it are left out. */
static __always_inline int
tcp_stages_empty(struct tcpcb *tp, struct tcp_seg *sg)
{
	const int v = tcp_ack_regular(tp, sg);

	if ((sg->sg_flags & TH_FIN) == 0 || (v & TV_STOP) != 0)
		return (v);
	return (v | (tcp_wants_text(tp) ? tcp_fin_inorder(tp) :
	    tcp_stage_text(tp, sg)));
}

/* The same of one with text; stamped: it has a time stamp. */
static __always_inline int
tcp_stages_regular(struct tcpcb *tp, struct tcp_seg *sg, const bool stamped)
{
	int v = TV_OK;

	if (tcp_predicted(tp, sg))
		tcp_ack_predicted(tp, sg);
	else if (((v = tcp_ack_regular(tp, sg)) & TV_STOP) != 0)
		return (v);
	if (tp->t_state == TCPS_ESTABLISHED)
		v |= tcp_text_inorder(tp, sg, stamped);
	else
		v |= tcp_stage_text(tp, sg);
	if ((sg->sg_flags & TH_FIN) != 0 && (v & TV_STOP) == 0)
		v |= tcp_fin_inorder(tp);
	return (v);
}

static __always_inline void
tcp_delay_ack(struct tcpcb *tp)
{
	if ((tp->t_flags & TF_DELACK) != 0)
		return;
	tp->t_flags |= TF_DELACK;
	tcp_timer_on(tp, TT_DELACK, getnstime() + V_tcp_delacktime);
}

/* The news for so, of which the first who is told may close it. */
static void
tcp_verdict_wake(struct socket *so, int v)
{
	/* Who opened fast may have closed before it was. */
	if ((v & TV_CONNECTED) != 0 &&
	    (so->so_state & SS_ISDISCONNECTING) == 0)
		soisconnected(so);
	if ((v & TV_RCVEOF) != 0)
		socantrcvmore(so);
	else if ((v & TV_WAKERD) != 0)
		sorwakeup(so);
	if ((v & TV_WAKEWR) != 0)
		sowwakeup(so);
	if ((v & TV_DISCONNECTED) != 0)
		soisdisconnected(so);
}

static void __noinline
tcp_verdict_tell(struct socket *so, int v)
{
	if (v == TV_WAKEWR)
		sowwakeup(so);
	else if (v != 0) {
		soref(so);
		tcp_verdict_wake(so, v);
		sorele(so);
	}
}

/* The same: mostly it is one thing, or several that nobody waits for in a way
 * that calls him. */
#define	TV_CHANGES	(TV_CONNECTED | TV_DISCONNECTED)
#define	TV_NEWS		(TV_CHANGES | TV_RCVEOF | TV_WAKERD | TV_WAKEWR)
static __always_inline void
tcp_verdict_news(struct socket *so, int v)
{
	v &= TV_NEWS;
	if (v == TV_WAKERD)
		sorwakeup(so);
	else if ((v & TV_CHANGES) != 0 || ((so->so_rcv.sb_flags |
	    so->so_snd.sb_flags) & (SB_KNOTE | SB_UPCALL)) != 0)
		tcp_verdict_tell(so, v);
	else if ((v & TV_RCVEOF) != 0)
		so->so_rcv.sb_state |= SBS_CANTRCVMORE;
}

/* tcp_verdict() of one that ends nothing and that nothing leaves for before
 * the batch does. */
#define	TV_ENDING	(TV_ACKEACH | TV_DROP | TV_GONE | TV_RST | TV_TIMEWAIT)
static __always_inline void
tcp_verdict_usual(struct tcpcb *tp, int v)
{
	struct socket *so = tptosocket(tp);

	if ((v & TV_ACKNOW) != 0)
		tp->t_flags |= TF_ACKNOW;
	else if ((v & TV_DELACK) != 0)
		tcp_delay_ack(tp);
	if ((v & (TV_ACKNOW | TV_OUTPUT)) != 0 &&
	    (tp->t_flags2 & TF2_OUTPENDING) == 0)
		tcp_output_answer(tp);
	if (so != NULL)
		tcp_verdict_news(so, v);
}

/* It came; and the header, which lies in one mbuf, goes. */
static __always_inline void
tcp_segment_begin(struct tcpcb *tp, struct mbuf *m, struct tcp_seg *sg,
    int hdrlen)
{
	m->m_data += hdrlen;
	m->m_len -= hdrlen;
	m->m_pkthdr.len -= hdrlen;
	sg->sg_m = m;
	tp->t_rcvtime = getnstime();
}

static __always_inline void
tcp_segment_end(struct tcpcb *tp, struct tcp_seg *sg, int v)
{
	if (sg->sg_m != NULL)
		m_freem(sg->sg_m);
	if (__predict_true((v & TV_ENDING) == 0))
		tcp_verdict_usual(tp, v);
	else {
		sg->sg_m = NULL;
		(void)tcp_verdict(tp, sg, v);
	}
}

/* One that tcp_regular() is true of.  Into one without text nobody looks. */
static __always_inline void
tcp_segment_regular(struct tcpcb *tp, struct mbuf *m, struct tcp_seg *sg,
    int hdrlen, const bool stamped)
{
	int v;

	/* What has a time stamp may have it. */
	if (stamped || sg->sg_to.to_flags != 0)
		tcp_ts_spanned(tp, sg, sg->sg_seq, sg->sg_len);
	if (sg->sg_len == 0) {
		tp->t_rcvtime = getnstime();
		sg->sg_m = m;
		v = tcp_stages_empty(tp, sg);
	} else {
		tcp_segment_begin(tp, m, sg, hdrlen);
		v = tcp_stages_regular(tp, sg, stamped);
	}
	tcp_segment_end(tp, sg, v);
}

/* The same, for those whom it costs little to be called. */
static void __noinline
tcp_input_regular(struct tcpcb *tp, struct mbuf *m, struct tcp_seg *sg,
    int hdrlen)
{
	tcp_segment_regular(tp, m, sg, hdrlen, false);
}

/* Any other. */
static void __noinline
tcp_segment_other(struct tcpcb *tp, struct mbuf *m, struct tcp_seg *sg,
    int hdrlen)
{
	tcp_segment_begin(tp, m, sg, hdrlen);
	tcp_segment_end(tp, sg, tp->t_state == TCPS_SYN_SENT ?
	    tcp_synsent(tp, sg) : tcp_stages(tp, sg));
}

void
tcp_default_do_segment(struct tcpcb *tp, struct mbuf *m,
    struct tcphdr *th __unused, int drop_hdrlen, int tlen __unused,
    uint8_t iptos __unused)
{
	struct tcp_seg *sg = tcp_seg_of(m);

	if (tcp_regular(tp, sg))
		tcp_input_regular(tp, m, sg, drop_hdrlen);
	else
		tcp_segment_other(tp, m, sg, drop_hdrlen);
}

/* A verdict's acknowledgments and output; true if the connection is gone. */
static bool
tcp_verdict_output(struct tcpcb *tp, struct tcp_seg *sg, int v)
{
	if ((v & (TV_ACKNOW | TV_ACKEACH)) != 0)
		tp->t_flags |= TF_ACKNOW;
	else if ((v & TV_DELACK) != 0)
		tcp_delay_ack(tp);
	if ((v & TV_TIMEWAIT) != 0) {
		if ((v & (TV_ACKNOW | TV_ACKEACH)) != 0)
			tcp_respond(tp, &tp->t_inpcb.inp_inc, tp->rcv_nxt,
			    tp->snd_max, TH_ACK, sg);
		return (tcp_enter_timewait(tp));
	}
	if ((v & TV_ACKEACH) != 0)
		return (tcp_output(tp) < 0);
	if ((v & (TV_ACKNOW | TV_OUTPUT)) != 0)
		tcp_output_answer(tp);
	return (false);
}

/* The connection ends. */
static bool
tcp_verdict_end(struct tcpcb *tp, struct tcp_seg *sg, int v)
{
	if ((v & TV_RST) != 0)
		tcp_reset_reply(tp, sg);
	if ((v & TV_DROP) != 0)
		tcp_drop(tp, sg->sg_errno);
	else if ((v & TV_GONE) != 0)
		tcp_close(tp);
	else
		return (tcp_verdict_output(tp, sg, v));
	return (true);
}

/*
 * Carry out a verdict.  The order matters: first what may end the
 * connection, then output, then the news for the user, whose callback may
 * close the socket: tp is not touched after it.
 */
bool __noinline
tcp_verdict(struct tcpcb *tp, struct tcp_seg *sg, int v)
{
	struct socket *so = tptosocket(tp);
	bool gone;

	if (so != NULL)
		soref(so);
	gone = (v & (TV_RST | TV_DROP | TV_GONE)) != 0 ?
	    tcp_verdict_end(tp, sg, v) : tcp_verdict_output(tp, sg, v);
	if (so != NULL) {
		if (!gone)
			tcp_verdict_wake(so, v);
		sorele(so);
	}
	return (gone);
}

/* ---- To whom it is ---- */

/* To a block that has a do_segment of its own: as tcp_functions(9) says. */
static void __noinline
tcp_dispatch_block(struct tcpcb *tp, struct mbuf *m, struct tcp_seg *sg)
{
	struct tcphdr th;

	m->m_pkthdr.PH_loc.ptr = sg;
	th = *mtod(m, struct tcphdr *);
	th.th_seq = sg->sg_seq;
	th.th_ack = sg->sg_ack;
	th.th_win = ntohs(th.th_win);
	th.th_urp = sg->sg_urp;
	tp->t_fb->tfb_tcp_do_segment(tp, m, &th, th.th_off << 2,
	    (int)sg->sg_len, sg->sg_ip->ii_tos);
}

/* One that is not regular, or is for another block. */
void
tcp_dispatch(struct tcpcb *tp, struct mbuf *m, struct tcp_seg *sg)
{
	if ((sg->sg_flags & TH_SYN) == 0)
		sg->sg_win <<= tp->snd_scale;
	if (tp->t_fb->tfb_tcp_do_segment == tcp_default_do_segment)
		tcp_segment_other(tp, m, sg, m->m_pkthdr.len -
		    (int)sg->sg_len);
	else
		tcp_dispatch_block(tp, m, sg);
}

VNET_DEFINE_STATIC(bool, blackhole_local) = false;
#define	V_blackhole_local	VNET(blackhole_local)
SYSCTL_BOOL(_net_inet_tcp, OID_AUTO, blackhole_local,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(blackhole_local), 0,
    "Let blackhole hold for segments from this host, too");
VNET_DEFINE_STATIC(int, log_in_vain) = 0;
#define	V_log_in_vain	VNET(log_in_vain)

static int
sysctl_log_in_vain(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	(void)arg2;
	return (sysctl_int_range(oidp, req, &V_log_in_vain, 0, 2));
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, log_in_vain,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_log_in_vain,
    "I", "Log what is sent to ports where nobody is: 1 SYNs, 2 all");

static void
tcp_log_in_vain(const struct tcp_seg *sg)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	if (V_log_in_vain == 0 ||
	    (V_log_in_vain == 1 && (sg->sg_flags & TH_SYN) == 0))
		return;
	kern_log(LOG_INFO, "TCP: [%s]:%u to [%s]:%u: nobody is there, "
	    "flags 0x%x",
	    in_ntop(&sg->sg_inc.inc_faddr, from, sizeof(from)),
	    sg->sg_inc.inc_fport,
	    in_ntop(&sg->sg_inc.inc_laddr, to, sizeof(to)),
	    sg->sg_inc.inc_lport, sg->sg_flags);
}

/* net.inet.tcp.blackhole: 1 silent to SYNs, 2 to all. */
static bool
tcp_in_blackhole(const struct tcp_seg *sg)
{
	if (V_blackhole == 0 || (V_blackhole == 1 &&
	    (sg->sg_flags & TH_SYN) == 0))
		return (false);
	return (V_blackhole_local || !tcp_peer_is_local(&sg->sg_inc));
}

/* Nobody listens either: the answer of CLOSED (3.10.7.1).  inp: a socket that
 * is only bound, or NULL. */
static void __noinline
tcp_input_closed(struct mbuf *m, struct tcp_seg *sg, struct inpcb *inp)
{
	m_freem(m);
	if (inp == NULL) {
		tcp_log_in_vain(sg);
		if (tcp_in_blackhole(sg))
			return;
	}
	tcp_reset_reply(inp != NULL ? intotcpcb(inp) : NULL, sg);
}

/* No connection; sy: what it has in the SYN cache, or NULL. */
static inline void
tcp_input_noconn(struct mbuf *m, struct tcp_seg *sg, struct tcp_syn *sy)
{
	struct inpcb *inp = in_pcblookup_wild(&V_tcbinfo, &sg->sg_inc);
	struct tcpcb *lp = intotcpcb(inp);

	if (__predict_false(inp == NULL)) {
		tcp_input_closed(m, sg, NULL);
		return;
	}
	if (__predict_false(sg->sg_ip->ii_ttl < inp->inp_minttl ||
	    (tcp_listen_signs(lp, sg, sy) &&
	    !tcp_listen_signed(lp, m, sg, sy)))) {
		m_freem(m);
		return;
	}
	if (__predict_false(!SOLISTENING(inp->inp_socket))) {
		tcp_input_closed(m, sg, inp);
		return;
	}
	sg->sg_ipopts = NULL;
	if (__predict_true(sg->sg_ip->ii_hdrlen <= sizeof(struct ip))) {
		tcp_listen_input(lp, m, sg, sy);
		return;
	}
	sg->sg_ipopts = ip_srcroute(m, sg->sg_ip);
	tcp_listen_input(lp, m, sg, sy);
	m_freem(sg->sg_ipopts);
}

/* Is it SYN and FIN, and are these not wanted?  Then it is gone. */
static inline bool
tcp_refuse_synfin(struct mbuf *m, const struct tcp_seg *sg)
{
	const uint16_t synfin = TH_SYN | TH_FIN;

	if (__predict_true((sg->sg_flags & synfin) != synfin ||
	    !V_drop_synfin))
		return (false);
	tcp_log_wrong(sg, "SYN and FIN");
	m_freem(m);
	return (true);
}

/*
 * One that is not for a connection.  A handshake that the SYN cache has began
 * when no connection with its ends waited any more: who completes it need not
 * be looked for there.
 */
static void __noinline
tcp_input_unknown(struct mbuf *m, struct tcp_seg *sg)
{
	struct tcp_syn *sy = tcp_syncache_get(sg);

	if (tcp_refuse_synfin(m, sg))
		return;
	if ((sy == NULL || (sg->sg_flags & TH_ACK) == 0) &&
	    tcp_tw_input(m, sg) == TCP_TW_DONE)
		m_freem(m);
	else
		tcp_input_noconn(m, sg, sy);
}

/* One that the connection may not have, or that is not regular or for another
 * block. */
static void
tcp_input_other(struct mbuf *m, struct tcp_seg *sg, struct inpcb *inp)
{
	struct tcpcb *tp = intotcpcb(inp);

	if (tcp_refuse_synfin(m, sg))
		return;
	if (__predict_false(inp->inp_udpport != sg->sg_udpport)) {
		/* Not of this connection, whatever its numbers say. */
		m_freem(m);
		tcp_reset_reply(NULL, sg);
		return;
	}
	if (sg->sg_ip->ii_ttl < inp->inp_minttl ||
	    (TCP_SIG_WANTED(tp, sg) && !tcp_sig_input(tp, m, sg))) {
		m_freem(m);
		return;
	}
	if (__predict_true(tp->t_state != TCPS_TIME_WAIT)) {
		tcp_dispatch(tp, m, sg);
		return;
	}
	sg->sg_hash = inp->inp_hash;
	if (tcp_tw_segment(tp, sg) == TCP_TW_DONE)
		m_freem(m);
	else
		tcp_input_noconn(m, sg, tcp_syncache_get(sg));
}

/*
 * A regular segment for a connection of the default do_segment has that done
 * here.  udpport: the UDP port it came from, or 0.
 */
void
tcp_input_udp(struct mbuf *m, const struct ip_info *ii, uint16_t udpport)
{
	struct inpcbinfo *ipi = &V_tcbinfo;
	const struct inpcb *last = ipi->ipi_last;
	struct tcp_seg sg;
	struct inpcb *inp;
	struct tcpcb *tp;

	if ((m = tcp_accept_segment(m, ii, &sg, udpport)) == NULL)
		return;
	inp = in_pcblookup_hash(ipi, &sg.sg_read, &sg.sg_hash);
	if (inp != last)
		TCPSTAT_INC(tcps_pcbcachemiss);
	if (inp == NULL) {
		tcp_input_unknown(m, &sg);
		return;
	}
	in_pcbsame_note(ipi, ii->ii_same);
	tp = intotcpcb(inp);
	if (__predict_false(inp->inp_udpport != udpport ||
	    inp->inp_minttl > ii->ii_ttl || !tcp_regular(tp, &sg) ||
	    tp->t_fb->tfb_tcp_do_segment != tcp_default_do_segment)) {
		tcp_input_other(m, &sg, inp);
		return;
	}
	sg.sg_win <<= tp->snd_scale;
	tcp_input_regular(tp, m, &sg, m->m_pkthdr.len - (int)sg.sg_len);
}

/* Is what came with ii between the hosts of the connection that was found
 * last?  Then so is, it is noted, all that is the same for IP. */
static bool __noinline
tcp_is_between(struct inpcbinfo *ipi, const struct ip_info *ii)
{
	const struct inpcb *inp = ipi->ipi_last;

	if (inp == NULL || ii->ii_bcast ||
	    inp->inp_inc.inc_scope != ii->ii_scope ||
	    !IN6_ARE_ADDR_EQUAL(&inp->inp_faddr, &ii->ii_src) ||
	    !IN6_ARE_ADDR_EQUAL(&inp->inp_laddr, &ii->ii_dst))
		return (false);
	in_pcbsame_note(ipi, ii->ii_same);
	return (true);
}

/* Is th, which came with ii, for the connection that was found last? */
static inline bool
tcp_is_for_last(struct inpcbinfo *ipi, const struct ip_info *ii,
    const struct tcphdr *th)
{
	const uint32_t ports = tcp_ports(th);

	/* What is the same is not unknown: there is one. */
	return ((__predict_true(ii->ii_same == ipi->ipi_same) ||
	    tcp_is_between(ipi, ii)) &&
	    memcmp(&ipi->ipi_last->inp_inc.inc_fport, &ports,
	    sizeof(ports)) == 0);
}

/*
 * What nearly all segments are: with ACK, PSH and FIN at most, and by the
 * header's length a time stamp.  If it has no other options, is regular and
 * whole, and is for the connection that was found last, it is not looked at
 * again; tcp_input_udp() would come to the same.
 */
static void __noinline
tcp_input_stamped(struct mbuf *m, const struct ip_info *ii)
{
	const struct tcphdr *th = mtod(m, const struct tcphdr *);
	struct inpcbinfo *ipi = &V_tcbinfo;
	struct tcp_seg sg;
	struct tcpcb *tp;

	if (__predict_false(!tcp_is_for_last(ipi, ii, th) ||
	    raw32(th + 1) != htonl(TCP_STAMPED) ||
	    ipi->ipi_last->inp_picky != 0)) {
		tcp_input_udp(m, ii, 0);
		return;
	}
	tp = intotcpcb(ipi->ipi_last);
	tcp_read_stamped(m, ii, &sg, tp);
	if (__predict_false(!tcp_regular_stamped(tp, &sg) ||
	    ip_cksum_verify(m, ii, IPPROTO_TCP,
	    (uint32_t)m->m_pkthdr.len) != 0)) {
		tcp_input_udp(m, ii, 0);
		return;
	}
	TCPSTAT_INC(tcps_rcvtotal);
	tcp_segment_regular(tp, m, &sg, TCP_STAMPED_OFF, true);
}

void
tcp_input(struct mbuf *m, const struct ip_info *ii)
{
	if (__predict_true(m->m_len >= TCP_STAMPED_OFF &&
	    tcp_is_stamped(mtod(m, const struct tcphdr *))))
		tcp_input_stamped(m, ii);
	else
		tcp_input_udp(m, ii, 0);
}
