/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Explicit congestion notification: a queue marks packets (CE) instead of
 * dropping them, the receiver tells the sender, and the sender behaves as
 * if they had been lost, but need not send them again.
 *
 * Classic ECN (RFC 3168).  Agreed upon by SYN with ECE and CWR, SYN-ACK with
 * ECE.  The receiver sets ECE on all it sends from a CE on until a CWR; the
 * sender reduces once for a window (cc_cong_signal(CC_ECN)), and sets CWR on
 * the next new text.
 *
 * Accurate ECN (RFC 9768).  Agreed upon by SYN with AE, CWR and ECE:
 *
 *	SYN asks	SYN-ACK		both then
 *	AE CWR ECE
 *	1  1   1	0 1 0		Accurate ECN; the SYN was Not-ECT
 *	1  1   1	0 1 1		                      was ECT(1)
 *	1  1   1	1 0 0		                      was ECT(0)
 *	1  1   1	1 1 0		                      was CE
 *	1  1   1	1 0 1		reserved: Accurate ECN, SYN unchanged
 *	1  1   1	0 0 1		classic ECN
 *	1  1   1	0 0 0		no ECN
 *	1  1   1	1 1 1		no ECN: the peer only reflects
 *	0  1   1	0 0 1		classic ECN
 *	others but 0	as 1 1 1	(3.1.3)
 *
 * The three flags then are the field ACE: the receiver's count of CE marked
 * segments modulo 8, which begins at 5; only the ACK of the SYN-ACK says in
 * the code above how that came.  The count is wrapped when more than seven
 * segments are acknowledged at once; then the most that is possible is taken,
 * unless the option AccECN, three counts of bytes modulo 2^24 (ECT(0) and
 * ECT(1) from 1, CE from 0), shows that it was less.  The two kinds of the
 * option have the two ECTs in different order, so that a short one can end
 * with what did not change.
 *
 * Middleboxes that do harm (RFC 9768, 3.2.2.3, 3.2.2.4, 3.2.3.2):
 *
 *	SYN, SYN-ACK lost too often	no ECN asked for any more, nothing
 *					sent as ECT; what comes is still fed
 *					back (RFC 3168, 6.1.1.1)
 *	SYN or SYN-ACK came marked,	nothing sent as ECT
 *	  as it was not sent
 *	ACE 0 in the first ACK		nor marks believed
 *	option's ECT counts 0		the option is not believed
 *
 * Text is sent as ECT the first time only; not what goes again, probes,
 * SYNs and ACKs (RFC 3168, 6.1.4 to 6.1.6).
 *
 * Touches: t_flags2 and t_ecn of the connection, tcpstat's counts of ECN, and
 * by its signals the congestion control.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_var.h>

MALLOC_DEFINE(M_TCPECN, "tcpecn", "TCP connections' ECN");

SYSCTL_NODE(_net_inet_tcp, OID_AUTO, ecn, CTLFLAG_RW | CTLFLAG_MPSAFE, NULL,
    "Explicit congestion notification");
VNET_DEFINE(int, tcp_do_ecn) = 2;
VNET_DEFINE_STATIC(int, tcp_ecn_maxretries) = 1;
#define	V_tcp_ecn_maxretries	VNET(tcp_ecn_maxretries)

static int
sysctl_ecn_enable(SYSCTL_HANDLER_ARGS)
{
	return (sysctl_int_range(oidp, req, arg1, 0, (int)arg2));
}
SYSCTL_PROC(_net_inet_tcp_ecn, OID_AUTO, enable,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_do_ecn), 4,
    sysctl_ecn_enable, "I",
    "ECN: 0 never; asked for by us and granted: 1 classic, 3 accurate; "
    "granted only: 2 classic, 4 accurate");
SYSCTL_INT_RANGE(_net_inet_tcp_ecn, OID_AUTO, maxretries,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_ecn_maxretries), 0, INT_MAX,
    "Retransmissions of a SYN or SYN-ACK that still ask for ECN");

#define	ACE_INIT	5		/* of the counts of segments */
#define	ACE_MOD		8
#define	ACE_ZERO	0
#define	OPT_INIT(cp)	((cp) == IPTOS_ECN_CE ? 0U : 1U) /* of bytes */
#define	OPT_MASK	0xffffffU
#define	OPT_BACK	0x800000U	/* from here on: an old option */

/* ACE and the flags it is made of. */
static u_int
ace_get(uint16_t flags)
{
	return (((flags & TH_AE) != 0) << 2 | ((flags & TH_CWR) != 0) << 1 |
	    ((flags & TH_ECE) != 0));
}

static uint16_t
ace_flags(u_int ace)
{
	return (((ace & 4) != 0 ? TH_AE : 0) | ((ace & 2) != 0 ? TH_CWR : 0) |
	    ((ace & 1) != 0 ? TH_ECE : 0));
}

/* How a SYN's or SYN-ACK's codepoint is told. */
static u_int
ace_of_codepoint(uint8_t cp)
{
	static const uint8_t ace[] = {
		[IPTOS_ECN_NOTECT] = 2, [IPTOS_ECN_ECT1] = 3,
		[IPTOS_ECN_ECT0] = 4, [IPTOS_ECN_CE] = 6
	};

	return (ace[cp]);
}

static uint8_t
seg_codepoint(const struct tcp_seg *sg)
{
	return (sg->sg_ip->ii_tos & IPTOS_ECN_MASK);
}

/* The connection's state; NULL if memory is short: no ECN then. */
static struct tcp_ecn *
ecn_state(struct tcpcb *tp)
{
	struct tcp_ecn *te = tp->t_ecn;

	if (te == NULL)
		te = tp->t_ecn = malloc(sizeof(*te), M_TCPECN,
		    M_NOWAIT | M_ZERO);
	if (te != NULL)
		te->te_rcep = te->te_scep = te->te_rsent = ACE_INIT;
	return (te);
}

void
tcp_ecn_free(struct tcpcb *tp)
{
	free(tp->t_ecn, M_TCPECN);
	tp->t_ecn = NULL;
	tp->t_flags2 &= ~(TF2_ECN_ANY | TF2_ECN_SND_ECE | TF2_ECN_SND_CWR);
}

static void
ecn_begin_classic(struct tcpcb *tp)
{
	tp->t_flags2 |= TF2_ECN_PERMIT;
	TCPSTAT_INC(tcps_ecn_shs);
}

static void
ecn_begin_ace(struct tcpcb *tp)
{
	tp->t_flags2 |= TF2_ACE_PERMIT;
	tp->t_ecn->te_flags |= TE_OPTDUE;
	TCPSTAT_INC(tcps_ecn_shs);
}

/* ---- The option ---- */

/* The codepoints in the order of each kind. */
static const uint8_t opt_order[2][3] = {
	{ IPTOS_ECN_ECT0, IPTOS_ECN_CE, IPTOS_ECN_ECT1 },
	{ IPTOS_ECN_ECT1, IPTOS_ECN_CE, IPTOS_ECN_ECT0 }
};

void
tcp_ecn_parse(struct tcpopt *to, const uint8_t *p, int len)
{
	const uint8_t *order = opt_order[p[0] == TCPOPT_ACCECN1];
	int i, n = (len - 2) / TCPOLEN_ACCECN_COUNTER;

	if (n > 3 || len != 2 + n * TCPOLEN_ACCECN_COUNTER) {
		to->to_flags |= TOF_BAD;
		return;
	}
	to->to_ecnmask = 0;
	for (i = 0, p += 2; i < n; i++, p += TCPOLEN_ACCECN_COUNTER) {
		to->to_ecn[order[i]] = (uint32_t)p[0] << 16 |
		    (uint32_t)p[1] << 8 | p[2];
		to->to_ecnmask |= (uint8_t)(1 << order[i]);
	}
	to->to_flags |= TOF_ACCECN;
}

int
tcp_ecn_option_room(const struct tcpcb *tp)
{
	return ((tp->t_ecn->te_flags & TE_OPTDUE) != 0 ?
	    2 + 2 * TCPOLEN_ACCECN_COUNTER : 0);
}

/* The option of that kind (0 or 1), with as many counts as there is room
 * for: its length. */
static int
ecn_put_option(uint8_t *opt, int room, int kind, const uint32_t bytes[4])
{
	int i, n = imin((room - 2) / TCPOLEN_ACCECN_COUNTER, 3);
	uint32_t v;
	uint8_t cp;

	if (n < 1)
		return (0);
	*opt++ = kind ? TCPOPT_ACCECN1 : TCPOPT_ACCECN0;
	*opt++ = (uint8_t)(2 + n * TCPOLEN_ACCECN_COUNTER);
	for (i = 0; i < n; i++) {
		cp = opt_order[kind][i];
		v = bytes[cp] + OPT_INIT(cp);
		*opt++ = (uint8_t)(v >> 16);
		*opt++ = (uint8_t)(v >> 8);
		*opt++ = (uint8_t)v;
	}
	return (2 + n * TCPOLEN_ACCECN_COUNTER);
}

int
tcp_ecn_option(struct tcpcb *tp, uint8_t *opt, int room)
{
	struct tcp_ecn *te = tp->t_ecn;
	int len;

	if ((te->te_flags & TE_OPTDUE) == 0)
		return (0);
	len = ecn_put_option(opt, room, te->te_last == IPTOS_ECN_ECT1,
	    te->te_rbytes);
	/* One that is lost must not be the last word. */
	if (len != 0 && tp->t_state >= TCPS_ESTABLISHED)
		te->te_flags &= ~TE_OPTDUE;
	return (len);
}

/* The peer's counts: returns the bytes newly marked CE, or -1 if the option
 * says nothing of them. */
static int32_t
ecn_option_take(struct tcpcb *tp, const struct tcpopt *to)
{
	struct tcp_ecn *te = tp->t_ecn;
	int32_t marked = -1;
	uint32_t d;
	uint8_t cp;

	if ((te->te_flags & TE_OPTSEEN) == 0) {
		te->te_flags |= TE_OPTSEEN;
		for (cp = IPTOS_ECN_ECT1; cp <= IPTOS_ECN_ECT0; cp++)
			if ((to->to_ecnmask & 1 << cp) != 0 &&
			    to->to_ecn[cp] == 0)
				te->te_flags |= TE_OPTBAD;
	}
	if ((te->te_flags & TE_OPTBAD) != 0)
		return (-1);
	for (cp = IPTOS_ECN_ECT1; cp <= IPTOS_ECN_CE; cp++) {
		if ((to->to_ecnmask & 1 << cp) == 0)
			continue;
		d = (to->to_ecn[cp] - OPT_INIT(cp) - te->te_sbytes[cp]) &
		    OPT_MASK;
		if (d >= OPT_BACK)
			continue;
		te->te_sbytes[cp] += d;
		if (cp == IPTOS_ECN_CE)
			marked = (int32_t)d;
	}
	return (marked);
}

/* ---- The handshake ---- */

void
tcp_ecn_connect(struct tcpcb *tp)
{
	struct tcp_ecn *te;

	if ((V_tcp_do_ecn == 1 || V_tcp_do_ecn == 3) &&
	    (te = ecn_state(tp)) != NULL)
		te->te_ask = V_tcp_do_ecn == 1 ? TCP_ECN_CLASSIC :
		    TCP_ECN_ACE;
}

uint16_t
tcp_ecn_syn_flags(struct tcpcb *tp)
{
	struct tcp_ecn *te = tp->t_ecn;

	if (te == NULL)
		return (0);
	if (tp->t_rxtshift > V_tcp_ecn_maxretries)
		te->te_flags |= TE_PLAIN | TE_NOECT;
	if ((te->te_flags & TE_PLAIN) != 0)
		return (0);
	if ((te->te_flags & TE_PASSIVE) == 0)
		return (te->te_ask == TCP_ECN_CLASSIC ? TH_ECE | TH_CWR :
		    TCP_ECN_FLAGS);
	return (tcp_ecn_synack_flags(te->te_syn, 0));
}

uint16_t
tcp_ecn_synack_flags(uint8_t code, u_int rexmits)
{
	if (code == TCP_ECN_NONE || rexmits > (u_int)V_tcp_ecn_maxretries)
		return (0);
	if (code == TCP_ECN_CLASSIC)
		return (TH_ECE);
	return (ace_flags(ace_of_codepoint(code &
	    (uint8_t)IPTOS_ECN_MASK)));
}

int
tcp_ecn_synack_option(uint8_t code, uint8_t *opt, int room)
{
	static const uint32_t none[4];

	if (code < TCP_ECN_ACE)
		return (0);
	return (ecn_put_option(opt, room, 0, none));
}

uint8_t
tcp_ecn_syn_code(const struct tcp_seg *sg)
{
	uint16_t flags = sg->sg_flags & TCP_ECN_FLAGS;
	bool accurate = V_tcp_do_ecn >= 3;

	if (V_tcp_do_ecn == 0 || flags == 0)
		return (TCP_ECN_NONE);
	if (accurate && flags != (TH_CWR | TH_ECE))
		return (TCP_ECN_ACE | seg_codepoint(sg));
	return ((flags & (TH_CWR | TH_ECE)) == (TH_CWR | TH_ECE) ?
	    TCP_ECN_CLASSIC : TCP_ECN_NONE);
}

void
tcp_ecn_passive(struct tcpcb *tp, uint8_t code, bool plain)
{
	struct tcp_ecn *te;

	if (code == TCP_ECN_NONE || (te = ecn_state(tp)) == NULL) {
		tcp_ecn_free(tp);
		return;
	}
	te->te_flags |= TE_PASSIVE;
	if (plain)
		te->te_flags |= TE_PLAIN | TE_NOECT;
	te->te_syn = code;
	if (code == TCP_ECN_CLASSIC) {
		ecn_begin_classic(tp);
		return;
	}
	te->te_flags |= TE_THIRD;
	ecn_begin_ace(tp);
}

/* One that asks for nothing: the way does not let ECN pass, perhaps. */
void
tcp_ecn_syn_again(struct tcpcb *tp, const struct tcp_seg *sg)
{
	if (tp->t_ecn != NULL && (sg->sg_flags & TCP_ECN_FLAGS) == 0)
		tp->t_ecn->te_flags |= TE_PLAIN | TE_NOECT;
}

/* The peer tells how our SYN or SYN-ACK came. */
static void
ecn_count_told(u_int ace)
{
	if (ace == ace_of_codepoint(IPTOS_ECN_NOTECT))
		TCPSTAT_INC(tcps_ace_nect);
	else if (ace == ace_of_codepoint(IPTOS_ECN_ECT1))
		TCPSTAT_INC(tcps_ace_ect1);
	else if (ace == ace_of_codepoint(IPTOS_ECN_ECT0))
		TCPSTAT_INC(tcps_ace_ect0);
	else if (ace == ace_of_codepoint(IPTOS_ECN_CE))
		TCPSTAT_INC(tcps_ace_ce);
}

void
tcp_ecn_synack(struct tcpcb *tp, const struct tcp_seg *sg)
{
	struct tcp_ecn *te = tp->t_ecn;
	u_int ace = ace_get(sg->sg_flags);

	if (te->te_ask == TCP_ECN_CLASSIC)
		ace = (ace & 3) == 1 ? 1 : 0;
	if (ace == ACE_ZERO || ace == ACE_MOD - 1) {
		tcp_ecn_free(tp);
		return;
	}
	if (ace == 1) {
		ecn_begin_classic(tp);
		return;
	}
	ecn_begin_ace(tp);
	ecn_count_told(ace);
	te->te_syn = TCP_ECN_ACE | seg_codepoint(sg);
	te->te_flags |= TE_HANDSHAKE | TE_FIRST;
	if (seg_codepoint(sg) == IPTOS_ECN_CE)
		te->te_rcep++;
	/* We sent it as Not-ECT; 5 is reserved, and says nothing. */
	if (ace != ace_of_codepoint(IPTOS_ECN_NOTECT) && ace != 5)
		te->te_flags |= TE_NOECT;
	if ((sg->sg_to.to_flags & TOF_ACCECN) != 0)
		(void)ecn_option_take(tp, &sg->sg_to);
}

bool
tcp_ecn_owes_ack(const struct tcpcb *tp)
{
	return (tp->t_ecn != NULL &&
	    (tp->t_ecn->te_flags & TE_HANDSHAKE) != 0);
}

/* ---- What comes ---- */

static void
ecn_count_codepoint(uint8_t cp)
{
	switch (cp) {
	case IPTOS_ECN_CE:
		TCPSTAT_INC(tcps_ecn_rcvce);
		break;
	case IPTOS_ECN_ECT0:
		TCPSTAT_INC(tcps_ecn_rcvect0);
		break;
	case IPTOS_ECN_ECT1:
		TCPSTAT_INC(tcps_ecn_rcvect1);
		break;
	default:
		break;
	}
}

/* RFC 3168, 6.1.3. */
static int
ecn_input_classic(struct tcpcb *tp, const struct tcp_seg *sg, uint8_t cp)
{
	int v = TV_OK;

	if ((sg->sg_flags & TH_CWR) != 0) {
		tp->t_flags2 &= ~TF2_ECN_SND_ECE;
		/* Its window may be one segment: it waits for this ACK. */
		if (sg->sg_len != 0)
			v = TV_ACKNOW;
	}
	if (cp == IPTOS_ECN_CE) {
		tp->t_ecn->te_rcep += tcp_nsegs(sg);
		tp->t_flags2 |= TF2_ECN_SND_ECE;
	}
	return (v);
}

/* RFC 9768, 3.2.2 and 3.2.3. */
static int
ecn_input_ace(struct tcpcb *tp, const struct tcp_seg *sg, uint8_t cp)
{
	struct tcp_ecn *te = tp->t_ecn;
	int v = TV_OK;

	if (cp == IPTOS_ECN_CE)
		te->te_rcep += tcp_nsegs(sg);
	if (sg->sg_len == 0) {
		/* Marked ACKs: before the field has gone half round, but
		 * not one for one (3.2.2.5.1). */
		return (te->te_rcep - te->te_rsent >= 3 ? TV_ACKNOW : TV_OK);
	}
	if (cp != IPTOS_ECN_NOTECT) {
		te->te_rbytes[cp] += sg->sg_len;
		te->te_flags |= TE_OPTDUE;
	}
	/* A change is told at once (3.2.3.3). */
	if (cp != te->te_last)
		v = TV_ACKEACH;
	te->te_last = cp;
	return (v);
}

int
tcp_ecn_input(struct tcpcb *tp, const struct tcp_seg *sg)
{
	uint8_t cp = seg_codepoint(sg);
	struct cc_var *ccv = &tp->t_ccv;
	int v;

	ecn_count_codepoint(cp);
	if ((tp->t_flags2 & TF2_ACE_PERMIT) != 0)
		v = ecn_input_ace(tp, sg, cp);
	else
		v = ecn_input_classic(tp, sg, cp);
	if (CC_ALGO(tp)->ecnpkt_handler == NULL)
		return (v);
	ccv->flags &= ~(CCF_IPHDR_CE | CCF_TCPHDR_CWR | CCF_ACKNOW);
	if (cp == IPTOS_ECN_CE)
		ccv->flags |= CCF_IPHDR_CE;
	if ((sg->sg_flags & TH_CWR) != 0 &&
	    (tp->t_flags2 & TF2_ECN_PERMIT) != 0)
		ccv->flags |= CCF_TCPHDR_CWR;
	CC_ALGO(tp)->ecnpkt_handler(ccv);
	if ((ccv->flags & CCF_ACKNOW) != 0)
		v |= TV_ACKEACH;
	return (v);
}

/* ---- What an ACK says ---- */

/* The ACK of our SYN-ACK (RFC 9768, table 4): segments found marked. */
static uint32_t
ace_third(struct tcp_ecn *te, u_int ace)
{
	switch (ace) {
	case 0:				/* somebody clears the field */
		te->te_flags |= TE_NOECT | TE_DEAF;
		return (0);
	case 3:				/* it was sent as Not-ECT */
	case 4:
	case 6:
		te->te_flags |= TE_NOECT;
		break;
	default:
		break;
	}
	return (ace == 6 ? 1 : 0);
}

/*
 * Segments newly marked, of segs newly acknowledged or SACKed; marked is how
 * many bytes they had, or -1 (RFC 9768, 3.2.2.5 and its appendix A.2).
 */
static uint32_t
ace_decode(u_int ace, uint32_t known, uint32_t segs, int32_t marked,
    u_int mss)
{
	uint32_t d = (ace - known) & (ACE_MOD - 1), most;

	if (marked == 0)
		return (d);
	if (marked > 0 && d == 0)
		d = ACE_MOD;
	if (segs < ACE_MOD || d >= segs)
		return (d);
	most = segs - ((segs - d) & (ACE_MOD - 1));
	/* So many would have to be smaller than half a segment. */
	if (marked > 0 && (uint32_t)marked / most < mss / 2)
		return (d);
	return (most);
}

static uint32_t
ecn_marks_ace(struct tcpcb *tp, const struct tcp_seg *sg,
    const struct tcp_acked *ta)
{
	u_int ace = ace_get(sg->sg_flags), mss = tcp_fixed_maxseg(tp);
	struct tcp_ecn *te = tp->t_ecn;
	uint32_t d, segs;
	int32_t marked = -1;

	if ((sg->sg_to.to_flags & TOF_ACCECN) != 0)
		marked = ecn_option_take(tp, &sg->sg_to);
	segs = howmany(tcp_delivered(ta) -
	    ((ta->ta_flags & TS_SYN) != 0), mss);
	if ((te->te_flags & TE_THIRD) != 0) {
		te->te_flags = (uint16_t)((te->te_flags & ~TE_THIRD) |
		    TE_FIRST);
		if (sg->sg_len == 0 &&
		    (sg->sg_to.to_flags & TOF_SACK) == 0) {
			ecn_count_told(ace);
			d = ace_third(te, ace);
			te->te_scep += d;
			return (d);
		}
	}
	/* 3 marks would make the first field 0, too. */
	if ((te->te_flags & TE_FIRST) != 0 && ace == ACE_ZERO && segs < 3 &&
	    marked <= 0)
		te->te_flags |= TE_NOECT | TE_DEAF;
	te->te_flags &= ~TE_FIRST;
	if ((te->te_flags & TE_DEAF) != 0)
		return (0);
	d = ace_decode(ace, te->te_scep, segs, marked, mss);
	te->te_scep += d;
	return (d);
}

static uint32_t
ecn_marks_classic(struct tcpcb *tp, const struct tcp_seg *sg,
    const struct tcp_acked *ta)
{
	uint32_t n;

	/* On a SYN-ACK, when both opened at once, it means another thing. */
	if ((sg->sg_flags & TH_ECE) == 0 ||
	    (ta->ta_flags & TS_SYN) != 0)
		return (0);
	/* Which of them was marked is not told; one at least. */
	n = MAX(howmany(tcp_delivered(ta), tcp_fixed_maxseg(tp)), 1);
	tp->t_ecn->te_scep += n;
	return (n);
}

void
tcp_ecn_acked(struct tcpcb *tp, const struct tcp_seg *sg,
    struct tcp_acked *ta)
{
	bool over = SEQ_GEQ(ta->ta_ack, tp->snd_recover);
	uint32_t marks;

	marks = (tp->t_flags2 & TF2_ACE_PERMIT) != 0 ?
	    ecn_marks_ace(tp, sg, ta) : ecn_marks_classic(tp, sg, ta);
	ta->ta_ece = marks != 0;
	/* Recovery from loss has reduced for this window already. */
	if (IN_FASTRECOVERY(tp->t_flags) ||
	    ((tp->t_flags2 & TF2_RTOLOSS) != 0 && !over))
		return;
	if (marks == 0) {
		if (IN_CONGRECOVERY(tp->t_flags) && over)
			cc_post_recovery(tp, ta->ta_ack);
		return;
	}
	if (IN_CONGRECOVERY(tp->t_flags) && !over)
		return;
	TCPSTAT_INC(tcps_ecn_rcwnd);
	tp->t_ccv.bytes_this_ack = (int)ta->ta_acked;
	cc_cong_signal(tp, ta->ta_ack, CC_ECN);
}

/* ---- What leaves ---- */

/* The codepoint of len bytes of new text. */
static uint8_t
ecn_mark_text(const struct tcpcb *tp, uint32_t len)
{
	uint32_t segs = howmany(len, tcp_fixed_maxseg(tp));

	if ((tp->t_flags2 & TF2_ECN_USE_ECT1) != 0) {
		TCPSTAT_ADD(tcps_ecn_sndect1, segs);
		return (IPTOS_ECN_ECT1);
	}
	TCPSTAT_ADD(tcps_ecn_sndect0, segs);
	return (IPTOS_ECN_ECT0);
}

static uint16_t
ecn_flags_ace(struct tcp_ecn *te, bool pure)
{
	if ((te->te_flags & TE_HANDSHAKE) != 0) {
		te->te_flags &= ~TE_HANDSHAKE;
		if (pure)
			return (ace_flags(ace_of_codepoint(te->te_syn &
			    (uint8_t)IPTOS_ECN_MASK)));
	}
	te->te_rsent = te->te_rcep;
	return (ace_flags(te->te_rcep & (ACE_MOD - 1)));
}

uint16_t
tcp_ecn_output(struct tcpcb *tp, uint32_t len, bool pure, uint8_t *tos)
{
	struct tcp_ecn *te = tp->t_ecn;
	uint16_t flags = 0;

	*tos &= (uint8_t)~IPTOS_ECN_MASK;
	if (len != 0 && (te->te_flags & TE_NOECT) == 0)
		*tos |= ecn_mark_text(tp, len);
	if ((tp->t_flags2 & TF2_ACE_PERMIT) != 0)
		return (ecn_flags_ace(te, pure));
	if ((tp->t_flags2 & TF2_ECN_SND_ECE) != 0)
		flags |= TH_ECE;
	if (len != 0 && (tp->t_flags2 & TF2_ECN_SND_CWR) != 0) {
		tp->t_flags2 &= ~TF2_ECN_SND_CWR;
		flags |= TH_CWR;
	}
	return (flags);
}

void
tcp_ecn_info(const struct tcpcb *tp, struct tcp_info *ti)
{
	const struct tcp_ecn *te = tp->t_ecn;

	if ((tp->t_flags2 & TF2_ECN_ANY) == 0)
		return;
	ti->tcpi_options |= (tp->t_flags2 & TF2_ACE_PERMIT) != 0 ?
	    TCPI_OPT_ACE : TCPI_OPT_ECN;
	ti->tcpi_delivered_ce = te->te_scep - ACE_INIT;
	ti->tcpi_received_ce = te->te_rcep - ACE_INIT;
	ti->__tcpi_delivered_e1_bytes = te->te_sbytes[IPTOS_ECN_ECT1];
	ti->__tcpi_delivered_e0_bytes = te->te_sbytes[IPTOS_ECN_ECT0];
	ti->__tcpi_delivered_ce_bytes = te->te_sbytes[IPTOS_ECN_CE];
	ti->__tcpi_received_e1_bytes = te->te_rbytes[IPTOS_ECN_ECT1];
	ti->__tcpi_received_e0_bytes = te->te_rbytes[IPTOS_ECN_ECT0];
	ti->__tcpi_received_ce_bytes = te->te_rbytes[IPTOS_ECN_CE];
}
