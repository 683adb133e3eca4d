/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A connection (struct tcpcb), what travels through the stages of its
 * input and output, and the interface of function blocks:
 * tcp_functions(9).
 *
 * The life of a segment:
 *
 *   tcp_input       length, checksum, one parse into a struct tcp_seg
 *     -> lookup     listener: tcp_listen | the block's do_segment
 *     -> stages     sequence, RST, SYN, ACK, URG, text, FIN (RFC 9293,
 *                   3.10.7.4); each returns a verdict, TV_*
 *     -> verdict    acts on it in one place: acknowledge, wake, drop
 *   tcp_output      quota -> plan -> build -> sent map -> ip_send
 *
 * Who frees: only tcp_verdict(), the timers' door and the user requests end
 * a connection (tcp_drop, tcp_close); no stage does.
 */
#ifndef _STACKYARD_NETINET_TCP_VAR_H_
#define	_STACKYARD_NETINET_TCP_VAR_H_

#include <sys/callout.h>
#include <sys/queue.h>
#include <sys/socketvar.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <netinet/in_pcb.h>
#include <netinet/ip_var.h>
#include <netinet/tcp.h>
#include <netinet/tcp_compat.h>
#include <netinet/tcp_export.h>
#include <netinet/tcp_fsm.h>
#include <netinet/tcp_seq.h>
#include <netinet/tcp_timer.h>
#include <netinet/cc/cc.h>

struct tcp_ao;
struct tcp_cwv;
struct tcp_ecn;
struct tcp_function_block;
struct tcp_loss;
struct tcp_pmtud;
struct tcp_tfo;
struct tcpcb;

/* ---- What is in flight ---- */

/*
 * One record of the sent map: a contiguous range of sequence numbers, from
 * SND.UNA to SND.MAX in order without a gap.  A SYN or FIN counts as a
 * byte.  A record is in flight, or SACKed, or lost (and to be sent again):
 *
 *            sent                SACKed by the peer
 *   (new) ---------> in flight ------------------------> SACKED
 *                     |    ^                               |
 *      detect_loss    v    | sent again                    | reneged
 *                    LOST -+ <-----------------------------+
 *
 * so that bytes in flight = (snd_max - snd_una) - t_snd_sacked - t_snd_lost.
 */
struct tcp_sent {
	TAILQ_ENTRY(tcp_sent) ts_link;
	tcp_seq		ts_start;
	tcp_seq		ts_end;		/* the byte after the last */
	nstime_t	ts_time;	/* last sent */
	/* Delivery rate (draft-ietf-ccwg-bbr): the connection when sent. */
	uint64_t	ts_delivered;	/* t_delivered */
	nstime_t	ts_deltime;	/* t_delivered_time */
	nstime_t	ts_firsttime;	/* t_first_sent_time */
	tcp_seq		ts_nxt;		/* snd_max when last sent */
	uint16_t	ts_xmits;	/* times sent */
	uint16_t	ts_flags;	/* TS_* */
	uint64_t	ts_block;	/* for the function block */
};
TAILQ_HEAD(tcp_sentmap, tcp_sent);
#define	TS_SACKED	0x0001
#define	TS_LOST		0x0002
#define	TS_SYN		0x0004		/* its first byte is the SYN */
#define	TS_FIN		0x0008		/* its last byte is the FIN */
#define	TS_APPLIMITED	0x0010		/* sent while the user had no more */
#define	TS_RXT(ts)	((ts)->ts_xmits > 1)

/* ---- What came ---- */

struct sackblk {
	tcp_seq		start;
	tcp_seq		end;		/* the byte after the last */
};
#define	MAX_SACK_BLKS	6		/* remembered */
#define	TCP_MAX_SACK	4		/* in one segment */

struct tcpopt {
	uint32_t	to_flags;
#define	TOF_MSS		0x0001
#define	TOF_SCALE	0x0002
#define	TOF_SACKPERM	0x0004
#define	TOF_TS		0x0010
#define	TOF_SIGNATURE	0x0040
#define	TOF_SACK	0x0080
#define	TOF_FASTOPEN	0x0100
#define	TOF_ACCECN	0x0200
#define	TOF_AO		0x0400
#define	TOF_FASTOPENEXP	0x0800		/* as an experimental option */
#define	TOF_BAD		0x8000		/* malformed: the rest was ignored */
	uint16_t	to_mss;
	uint8_t		to_wscale;
	uint8_t		to_nsacks;
	uint32_t	to_tsval;	/* host order */
	uint32_t	to_tsecr;
	uint8_t		to_ecnmask;	/* which of to_ecn are there */
	uint8_t		to_aokey;	/* KeyID and RNextKeyID */
	uint8_t		to_aornext;
	uint32_t	to_ecn[4];	/* bytes by codepoint, 24 bits */
	struct sackblk	to_sack[TCP_MAX_SACK];	/* host order */
	uint8_t		to_tfo_len;	/* of the cookie, bytes */
	uint8_t		to_tfo_cookie[TCP_FASTOPEN_MAX_COOKIE_LEN];
};

/* A segment that arrived, in host order. */
struct tcp_seg {
	struct mbuf	*sg_m;		/* its text only (NULL once taken) */
	const struct ip_info *sg_ip;
	const struct in_conninfo *sg_ends; /* foreign: the sender */
#define	sg_inc		sg_ends[0]
	uint32_t	sg_hash;	/* in_pcbhash() of it; not for a block */
	tcp_seq		sg_seq;		/* of what is left after trimming */
	tcp_seq		sg_came;	/* as it came */
	tcp_seq		sg_ack;
	uint32_t	sg_win;		/* as scaled by the peer's factor */
	uint32_t	sg_len;		/* bytes of text */
	uint16_t	sg_flags;	/* TH_* */
	uint16_t	sg_joined;	/* tcp_nsegs() */
	/* Zeros mostly, which one store makes. */
	uint16_t	sg_urp;		/* 0 without URG */
	uint16_t	sg_udpport;	/* came over UDP, from there; 0 plain */
	int		sg_errno;	/* TV_DROP: what the user is told */
	struct tcpopt	sg_to;
	struct mbuf	*sg_ipopts;	/* a SYN's, for a listener: the way back
					 * (ip_srcroute()), or NULL; taken */
	struct in_conninfo sg_read;	/* sg_ends, where no pcb has them */
};

/* Segments joined into this one. */
static inline uint16_t
tcp_nsegs(const struct tcp_seg *sg)
{
	return (sg->sg_joined + (sg->sg_joined == 0));
}

/* Verdicts of the input stages; OR-ed together. */
#define	TV_OK		0x0000
#define	TV_STOP		0x0001		/* no further stage */
#define	TV_ACKNOW	0x0002		/* acknowledge when the batch ends */
#define	TV_ACKEACH	0x0004		/* acknowledge this one at once */
#define	TV_DELACK	0x0008		/* acknowledge soon */
#define	TV_OUTPUT	0x0010		/* there may be something to send */
#define	TV_WAKERD	0x0020		/* the reader has something */
#define	TV_WAKEWR	0x0040		/* the writer has space */
#define	TV_DROP		0x0080		/* end the connection: sg_errno */
#define	TV_GONE		0x0100		/* over: close without an error */
#define	TV_RST		0x0200		/* answer with a reset */
#define	TV_CONNECTED	0x0400		/* tell the socket */
#define	TV_DISCONNECTED	0x0800
#define	TV_RCVEOF	0x1000		/* the peer will send no more */
#define	TV_TIMEWAIT	0x2000		/* enter TIME_WAIT */

/* What one ACK has told: argument of acked and detect_loss. */
struct tcp_acked {
	tcp_seq		ta_ack;
	uint32_t	ta_acked;	/* bytes newly acknowledged */
	uint32_t	ta_sacked;	/* bytes newly SACKed */
	uint32_t	ta_known;	/* of ta_acked: SACKed before */
	uint32_t	ta_lost;	/* bytes found lost by this ACK */
	uint32_t	ta_dsacked;	/* bytes that the peer got twice */
	uint32_t	ta_inflight;	/* before this ACK */
	uint64_t	ta_rtt;		/* ns; 0: no measurement */
	uint32_t	ta_rtt_xmits;	/* times the measured one was sent */
	/* Delivery rate sample: rs_delivered bytes in rs_interval ns; 0: none. */
	uint64_t	rs_delivered;
	uint64_t	rs_interval;
	uint64_t	rs_prior_delivered;
	uint16_t	ta_flags;	/* TS_SYN, TS_FIN: it covers our SYN,
					 * FIN; TS_APPLIMITED: of the sample */
	uint16_t	ta_nsegs;
	bool		ta_dupack;	/* a duplicate ACK (RFC 5681) */
	bool		ta_ece;
};

/* Bytes of text that it acknowledges. */
static inline uint32_t
tcp_acked_text(const struct tcp_acked *ta)
{
	return (ta->ta_acked - (ta->ta_flags & TS_SYN) / TS_SYN -
	    (ta->ta_flags & TS_FIN) / TS_FIN);
}

/* Bytes that it says have arrived, and none before said. */
static inline uint32_t
tcp_delivered(const struct tcp_acked *ta)
{
	return (ta->ta_acked - ta->ta_known + ta->ta_sacked);
}

/* ---- A connection ---- */

struct tseg {				/* out-of-order text */
	TAILQ_ENTRY(tseg) tq_link;
	tcp_seq		tq_start;
	tcp_seq		tq_end;
	uint32_t	tq_serial;	/* when last touched, for SACK's order */
	bool		tq_fin;
	struct mbuf	*tq_m;
};
TAILQ_HEAD(tsegqe_head, tseg);

struct sackhint {
	tcp_seq		last_sack_ack;
	int		sack_bytes_rexmit;
};

/* Limits that few users set; 0: the variable's.  And what is as rare. */
struct tcp_userto {
	uint32_t	tu_keepinit;	/* seconds */
	uint32_t	tu_keepidle;
	uint32_t	tu_keepintvl;
	uint32_t	tu_maxunacktime;
	uint32_t	tu_keepcnt;	/* probes */
	struct tcp_compat tu_compat;	/* if TF2_COMPAT */
	uint32_t	tu_iwnd_nb;	/* initial window, bytes */
	uint32_t	tu_iwnd_nseg;	/* or segments */
	/* A connection's own, which is not inherited. */
	struct tcp_cwv	*tu_cwv;	/* with TF2_CWV only */
	struct tcp_tfo	*tu_tfo;	/* with TF2_TFO only */
	struct tcp_pmtud *tu_pmtud;	/* NULL: segments are full */
	struct tcp_ao	*tu_ao;		/* NULL: no TCP-AO */
};

/* The headers of its segments, as they leave, from the source's link address
 * on: tcp_head.h. */
struct tcp_head {
	uint32_t	hd_gen;		/* V_way_gen when made; 0: none */
	uint32_t	hd_max;		/* bytes of header and text that fit */
	uint8_t		hd_ether[8];
	uint8_t		hd_ip[20];
	uint8_t		hd_tcp[16];	/* up to the sum */
	uint16_t	hd_sum;
	uint16_t	hd_urp;
};
#define	TCP_HEADKEPT	48		/* bytes of headers, for wide moves */

/*
 * In the order of use: behind the inpcb, of which input reads the first line,
 * the numbers and flags that each segment needs; then times; then what
 * belongs to loss, the handshake and the rest.  An idle connection has
 * nothing else but its socket and its module's data, and all of that is to
 * stay within a kilobyte: what only some connections need stands apart.
 */
struct tcpcb {
	struct inpcb	t_inpcb;	/* first: tcpcb and inpcb are one */

	/* Hot: sending (RFC 9293, 3.3.1). */
	tcp_seq		snd_una;
	tcp_seq		snd_nxt;	/* = snd_max, but for probes */
	tcp_seq		snd_max;
	tcp_seq		snd_wl1, snd_wl2;
	tcp_seq		snd_up;		/* urgent pointer */
	uint32_t	snd_wnd;	/* peer's window, bytes */
	uint32_t	snd_cwnd;
	uint32_t	snd_ssthresh;
	uint32_t	t_snd_sacked;	/* bytes SACKed, not acknowledged */
	uint32_t	t_snd_lost;	/* bytes lost and not sent again */
	tcp_seq		snd_fack;	/* highest SACKed + 1 */
	tcp_seq		snd_recover;
	tcp_seq		t_loss_edge;	/* judged by SACK up to here */
	struct tcp_sentmap t_map;
	struct tcp_loss	*t_loss;	/* NULL: there was none so far */

	/* Hot: receiving. */
	tcp_seq		rcv_nxt;
	tcp_seq		rcv_adv;	/* window promised up to here */
	uint32_t	rcv_wnd;
	tcp_seq		rcv_up;
	tcp_seq		last_ack_sent;
	uint32_t	ts_recent;
	uint32_t	ts_offset;

	u_int		t_flags;	/* TF_* */
	u_int		t_flags2;	/* TF2_* */
	uint8_t		t_state;	/* TCPS_* */
	uint8_t		snd_scale, rcv_scale;
	uint8_t		request_r_scale;
	uint16_t	t_maxseg;	/* payload and options, bytes */
	uint16_t	t_dupacks;
	uint16_t	t_unacksegs;	/* full segments not acknowledged yet */
	int16_t		t_delack_opt;	/* TCP_DELACK; -1: the variable's */
	int		t_rxtshift;	/* timeouts in a row */
	uint32_t	t_acktime;	/* tcp_acktime() of the last bare ACK */
	uint32_t	t_progress;	/* tcp_acktime() of the last ACK of
					 * something, or since when there is
					 * something */
	uint16_t	t_segqlen;	/* ranges of text out of order */
	uint16_t	t_tsomax;	/* bytes of IP packet for TSO; 0 none */

	struct tcp_function_block *t_fb; /* the vnet's copy */
	void		*t_fb_ptr;	/* the block's state */
	struct cc_algo	*t_cc;		/* the vnet's copy */
	struct cc_var	t_ccv;

	/* Times. */
	nstime_t	t_timers[TT_N];	/* deadlines; UINT64_MAX: off */
	struct callout_entry t_callout;	/* tcp_timer_door() */
	STAILQ_ENTRY(tcpcb) t_outlink;	/* if TF2_OUTLINKED */
	uint32_t	t_srtt_us;	/* smoothed, microseconds; 0 none */
	uint32_t	t_rttvar_us;
	uint32_t	t_rttmin_us;	/* least seen */
	int		t_srtt;		/* ticks * 32, for modules */
	u_int		t_rttupdated;	/* measurements */
	uint32_t	ts_recent_age;	/* tcp_ts_age() */
	nstime_t	t_rcvtime;	/* last segment came */
	nstime_t	t_sndtime;	/* last data left */

	/* Delivery rate. */
	uint64_t	t_delivered;	/* bytes delivered */
	nstime_t	t_delivered_time;
	nstime_t	t_first_sent_time;
	uint32_t	t_app_limited;	/* t_delivered at its end, or 0 */
	uint32_t	t_bytes_acked;	/* for byte counting (RFC 3465) */
	/* Rounds. */
	uint32_t	t_round;
	tcp_seq		t_round_end;
	/* The growth of the receive buffer. */
	uint32_t	rfbuf_ts;	/* our time stamp as counting began */
	uint32_t	rfbuf_cnt;	/* bytes received since */
	tcp_seq		rfbuf_mark;	/* end of the window then */
	uint32_t	t_rcvrtt;	/* seen as a receiver, ms; 0 unknown */

	/* Rare. */
	struct sackhint	sackhint;
	uint32_t	snd_cwnd_prev;	/* with TF_PREVVALID: tcp_loss.h */
	tcp_seq		iss, irs;
	uint32_t	max_sndwnd;
	uint16_t	t_peermss;	/* what the peer's SYN said; 0 nothing */
	uint16_t	t_usermss;	/* TCP_MAXSEG; 0 none */
	uint16_t	t_keepprobes;
	uint16_t	t_chackcnt;	/* challenge ACKs sent */
	uint32_t	t_chackend;	/* in the period that ends then, ms */
	uint16_t	t_softerror;
	uint8_t		t_oobflags;	/* TCPOOB_*: tcp_urgent.c */
	char		t_iobc;		/* the urgent byte */
	uint32_t	t_sndrexmitpack;/* segments sent again */
	uint32_t	t_sndzerowin;
	struct tcp_ecn	*t_ecn;		/* NULL: not asked for, or refused */
	struct tcp_userto *t_userto;	/* NULL: the variables' values */
	void		*t_osd;		/* helper modules' data */

	/* Hot: only t_head.hd_gen is cleared at birth. */
	struct tcp_head	t_head;
};

/* Something that t_head was made of is to change. */
static inline void
tcp_head_forget(struct tcpcb *tp)
{
	tp->t_head.hd_gen = 0;
}

#define	intotcpcb(inp)	((struct tcpcb *)(inp))
#define	sototcpcb(so)	((struct tcpcb *)(so)->so_pcb)
#define	tptoinpcb(tp)	(&(tp)->t_inpcb)
#define	tptosocket(tp)	((tp)->t_inpcb.inp_socket)

/* t_flags */
#define	TF_ACKNOW	0x00000001	/* acknowledge at the next output */
#define	TF_DELACK	0x00000002	/* one is owed */
#define	TF_NODELAY	0x00000004
#define	TF_NOOPT	0x00000008
#define	TF_SENTFIN	0x00000010
#define	TF_REQ_SCALE	0x00000020
#define	TF_RCVD_SCALE	0x00000040
#define	TF_REQ_TSTMP	0x00000080
#define	TF_RCVD_TSTMP	0x00000100
#define	TF_SACK_PERMIT	0x00000200
#define	TF_NEEDSYN	0x00000400
#define	TF_NEEDFIN	0x00000800	/* the user will send no more */
#define	TF_NOPUSH	0x00001000
#define	TF_PREVVALID	0x00002000	/* *_prev can be restored */
#define	TF_WAKESOR	0x00004000
#define	TF_GPUTINPROG	0x00008000
#define	TF_MORETOCOME	0x00010000
#define	TF_SONOTCONN	0x00020000
#define	TF_LASTIDLE	0x00040000	/* idle before this output */
#define	TF_RXWIN0SENT	0x00080000	/* a window of 0 was promised */
#define	TF_FASTRECOVERY	0x00100000
#define	TF_WASFRECOVERY	0x00200000
#define	TF_SIGNATURE	0x00400000	/* all is signed: tcp_sig.h */
#define	TF_FORCEDATA	0x00800000	/* a probe of a closed window */
#define	TF_TSO		0x01000000
#define	TF_ACTIVEOPEN	0x02000000	/* we sent the first SYN */
#define	TF_CONGRECOVERY	0x20000000
#define	TF_WASCRECOVERY	0x40000000
#define	TF_FASTOPEN	0x80000000
#define	TF_RECOVERY	(TF_FASTRECOVERY | TF_CONGRECOVERY)
/* t_flags2 */
#define	TF2_PLPMTU_BLACKHOLE	0x00000001
#define	TF2_OUTPENDING		0x00000002	/* output is asked for */
#define	TF2_SYNLOST		0x00000004	/* the SYN was sent twice */
#define	TF2_RTOLOSS		0x00000008	/* recovering from a timeout */
#define	TF2_PMTUD		0x00000010	/* larger segments may do */
#define	TF2_ECN_PERMIT		0x00000020
#define	TF2_ECN_SND_CWR		0x00000040
#define	TF2_ECN_SND_ECE		0x00000080
#define	TF2_ACE_PERMIT		0x00000100
#define	TF2_ECN_USE_ECT1	0x00000800
#define	TF2_COMPAT		0x10000000	/* tcp_compat.h's are set */
#define	TF2_ORPHAN		0x20000000	/* its user has gone */
#define	TF2_NODF		0x00002000	/* segments may be fragmented */
#define	TF2_ECN_ANY	(TF2_ECN_PERMIT | TF2_ACE_PERMIT)
#define	TF2_RESCUED		0x00010000	/* in this recovery */
#define	TF2_TFO			0x00020000	/* tu_tfo: opening fast */
#define	TF2_OOBAHEAD		0x00100000	/* to be taken out of line */
#define	TF2_CWV			0x00400000	/* there is a tu_cwv */
#define	TF2_NVP			0x00800000	/* the window is too large */
#define	TF2_OUTLINKED		0x00040000	/* on the vnet's output list */
#define	TF2_OUTFREED		0x00080000	/* and nowhere else any more */
#define	TF2_INOUTPUT		0x00001000	/* output is running */
#define	TF2_FRTO1		0x01000000	/* RFC 5682: after step 1 */
#define	TF2_FRTO2		0x02000000	/* and after step 2 */
#define	TF2_FRTO	(TF2_FRTO1 | TF2_FRTO2)
#define	TF2_DSACKED		0x04000000	/* the peer sends D-SACKs */

#define	IN_FASTRECOVERY(t_flags)	((t_flags) & TF_FASTRECOVERY)
#define	ENTER_FASTRECOVERY(t_flags)	((t_flags) |= TF_FASTRECOVERY)
#define	EXIT_FASTRECOVERY(t_flags)	((t_flags) &= ~TF_FASTRECOVERY)
#define	IN_CONGRECOVERY(t_flags)	((t_flags) & TF_CONGRECOVERY)
#define	ENTER_CONGRECOVERY(t_flags)	((t_flags) |= TF_CONGRECOVERY)
#define	EXIT_CONGRECOVERY(t_flags)	((t_flags) &= ~TF_CONGRECOVERY)
#define	IN_RECOVERY(t_flags)		((t_flags) & TF_RECOVERY)
#define	ENTER_RECOVERY(t_flags)		((t_flags) |= TF_RECOVERY)
#define	EXIT_RECOVERY(t_flags)		((t_flags) &= ~TF_RECOVERY)

/* NULL: no TCP-AO. */
static inline struct tcp_ao *
tcp_ao_of(const struct tcpcb *tp)
{
	return (tp->t_userto != NULL ? tp->t_userto->tu_ao : NULL);
}

/* Time for t_acktime and t_progress: of 2^20 ns, about a millisecond. */
#define	TCP_ACKTIME_SHIFT	20
static inline uint32_t
tcp_acktime(void)
{
	return ((uint32_t)(getnstime() >> TCP_ACKTIME_SHIFT));
}

/* Has the user gone? */
static inline bool
tcp_detached(const struct tcpcb *tp)
{
	return (tptosocket(tp) == NULL ||
	    (tptosocket(tp)->so_state & SS_NOFDREF) != 0);
}

/* Bytes in flight, by the sent map. */
static inline uint32_t
tcp_inflight(const struct tcpcb *tp)
{
	return (tp->snd_max - tp->snd_una - tp->t_snd_sacked -
	    tp->t_snd_lost);
}

/* ---- Function blocks ---- */

struct tcp_query_resp {
	int		req;
#define	TCP_QUERY_SENDMAP	1
#define	TCP_QUERY_TIMERS_UP	2
#define	TCP_QUERY_RACK_TIMES	3
	uint32_t	rack_num_dropped;
	uint32_t	rack_reorder_ts;
};
struct stack_specific_info {
	char		stack_name[TCP_FUNCTION_NAME_LEN_MAX];
	uint32_t	policer_last_bw;
	uint32_t	reserved;
};

struct tcp_function_block {
	char	tfb_tcp_block_name[TCP_FUNCTION_NAME_LEN_MAX];
	/* Required, unless a base has them. */
	int	(*tfb_tcp_output)(struct tcpcb *);
	void	(*tfb_tcp_do_segment)(struct tcpcb *, struct mbuf *,
		    struct tcphdr *, int drop_hdrlen, int tlen,
		    uint8_t iptos);
	int	(*tfb_tcp_ctloutput)(struct tcpcb *, struct sockopt *);
	int	(*tfb_tcp_handoff_ok)(struct tcpcb *);
	/* Optional. */
	int	(*tfb_do_segment_nounlock)(struct tcpcb *, struct mbuf *,
		    struct tcphdr *, int, int, uint8_t, int,
		    struct timeval *);
	int	(*tfb_do_queued_segments)(struct tcpcb *, int);
	int	(*tfb_tcp_fb_init)(struct tcpcb *, void **);
	void	(*tfb_tcp_fb_fini)(struct tcpcb *, int destroyed);
	int	(*tfb_tcp_timer_stop_all)(struct tcpcb *);
	void	(*tfb_tcp_rexmit_tmr)(struct tcpcb *);
	void	(*tfb_tcp_mtu_chg)(struct tcpcb *);
	int	(*tfb_pru_options)(struct tcpcb *, int);
	void	(*tfb_hwtls_change)(struct tcpcb *, int);
	int	(*tfb_chg_query)(struct tcpcb *, struct tcp_query_resp *);
	void	(*tfb_switch_failed)(struct tcpcb *);
	int	(*tfb_compute_pipe)(struct tcpcb *);
	int	(*tfb_stack_info)(struct tcpcb *,
		    struct stack_specific_info *);
	void	(*tfb_inherit)(struct tcpcb *, struct inpcb *);
	/* The framework's. */
	volatile uint32_t tfb_refcnt;	/* connections that use it */
	uint32_t	tfb_flags;
#define	TCP_FUNC_BEING_REMOVED	0x01
#define	TCP_FUNC_OUTPUT_CANDROP	0x02
#define	TCP_FUNC_DEFAULT_OK	0x04
#define	TCP_FUNC_PLAIN		0x08	/* output, quota, sent and pipe are
					 * the default's: set at registration */
#define	TCP_FUNC_PLAINACK	0x10	/* acked and detect_loss are */
	uint8_t		tfb_id;
	uint8_t		tfb_irregular;	/* TCPI_BLOCK, if do_segment is not
					 * the default's */

	/*
	 * Stackyard's: what the default do_segment and output are made of.
	 * A member left NULL comes from the block called tfb_base, or from
	 * the default if tfb_base is NULL.
	 */
	const char	*tfb_base;	/* a registered block's name */
	/* An ACK has updated the sent map. */
	void	(*tfb_acked)(struct tcpcb *, const struct tcp_acked *);
	/* Mark what is lost with tcp_sent_lose(); returns the bytes marked. */
	uint32_t (*tfb_detect_loss)(struct tcpcb *, const struct tcp_acked *);
	/* Bytes that may leave now; if 0, *when (ns) may say when to ask
	 * again (UINT64_MAX: when something happens). */
	uint32_t (*tfb_quota)(struct tcpcb *, nstime_t *when);
	/* ts was sent, for the ts_xmits-th time. */
	void	(*tfb_sent)(struct tcpcb *, struct tcp_sent *ts);
	/* Timer TT_* fired: 0, or an errno to end the connection with. */
	int	(*tfb_timer)(struct tcpcb *, tt_which);
	/* Bytes of t_fb_ptr for each connection, zeroed; 0: none, or
	 * tfb_tcp_fb_init allocates it itself. */
	size_t	tfb_statesize;
};

/*
 * Register blk, or blk under other names, with curvnet; it is copied.
 * wait is M_NOWAIT or M_WAITOK.  EINVAL a required member is missing or the
 * base unknown; ENOMEM; EALREADY a name is taken; E2BIG more than 8 names.
 * With names all or nothing: *num_names becomes the index that failed.
 */
#define	TCP_FUNCTION_NAME_NUM_MAX	8
int	register_tcp_functions(struct tcp_function_block *blk, int wait);
int	register_tcp_functions_as_name(struct tcp_function_block *blk,
	    const char *name, int wait);
int	register_tcp_functions_as_names(struct tcp_function_block *blk,
	    int wait, const char *names[], int *num_names);
/*
 * EPERM the built-in default; ENOENT unknown; EBUSY the current default, or
 * in use and not force.  quiesce: only ask.  force: connections change to
 * the default block.
 */
int	deregister_tcp_functions(struct tcp_function_block *blk, bool quiesce,
	    bool force);
/* By name, with a reference on the block, or NULL. */
struct tcp_function_block *find_and_ref_tcp_functions(
	    struct tcp_function_set *fs);
struct tcp_function_block *find_and_ref_tcp_fb(
	    struct tcp_function_block *blk);
int	find_tcp_function_alias(struct tcp_function_block *blk,
	    struct tcp_function_set *fs);
void	tcp_switch_back_to_default(struct tcpcb *tp);
/* The default for new connections, with a reference. */
struct tcp_function_block *tcp_default_functions(void);
VNET_DECLARE(struct tcp_function_block *, tcp_func_default);
#define	V_tcp_func_default	VNET(tcp_func_default)
/* A new connection, with t_fb_ptr NULL, begins with the default: 0, or an
 * errno, and then it has none. */
int	tcp_functions_begin(struct tcpcb *tp);	/* if that has a beginning */
static inline int
tcp_functions_attach(struct tcpcb *tp)
{
	struct tcp_function_block *blk = V_tcp_func_default;

	tp->t_fb = blk;
	tp->t_inpcb.inp_irregular |= blk->tfb_irregular;
	blk->tfb_refcnt++;
	return (__predict_true(blk->tfb_statesize == 0 &&
	    blk->tfb_tcp_fb_init == NULL) ? 0 : tcp_functions_begin(tp));
}
void	tcp_functions_detach(struct tcpcb *tp, int destroyed);
/* A new connection takes its listener's block, if the variable says so. */
int	tcp_functions_inherit(struct tcpcb *tp, struct tcpcb *listener);
/* setsockopt(TCP_FUNCTION_BLK): ENOENT, handoff_ok's and fb_init's errors. */
int	tcp_functions_switch(struct tcpcb *tp,
	    const struct tcp_function_set *fs);

/* The default fine steps and members; a block may call them. */
extern const struct tcp_function_block tcp_freebsd_block;
int	tcp_default_output(struct tcpcb *tp);
void	tcp_default_do_segment(struct tcpcb *tp, struct mbuf *m,
	    struct tcphdr *th, int drop_hdrlen, int tlen, uint8_t iptos);
int	tcp_default_ctloutput(struct tcpcb *tp, struct sockopt *sopt);
int	tcp_default_handoff_ok(struct tcpcb *tp);
void	tcp_default_acked(struct tcpcb *tp, const struct tcp_acked *ta);
uint32_t tcp_default_detect_loss(struct tcpcb *tp,
	    const struct tcp_acked *ta);
uint32_t tcp_default_quota(struct tcpcb *tp, nstime_t *when);
void	tcp_default_sent(struct tcpcb *tp, struct tcp_sent *ts);
int	tcp_default_timer(struct tcpcb *tp, tt_which timer);

/* ---- The sent map (tcp_sentmap.c) ---- */

/* Append [snd_max, snd_max + len) as sent now: NULL if memory is short. */
struct tcp_sent *tcp_sent_new(struct tcpcb *tp, uint32_t len,
	    uint16_t flags);
/* The first len bytes of ts (LOST) are sent again now; ts is split if it is
 * longer: ENOBUFS. */
int	tcp_sent_again(struct tcpcb *tp, struct tcp_sent *ts, uint32_t len);
/* Join ts (LOST) with the lost records behind it, to limit bytes of text. */
void	tcp_sent_gather(struct tcpcb *tp, struct tcp_sent *ts,
	    uint32_t limit);
/* Let ts (LOST, the last) cover len bytes of new text, and a FIN, too. */
void	tcp_sent_extend(struct tcpcb *tp, struct tcp_sent *ts, uint32_t len,
	    bool fin);
/* Mark ts lost (if it is in flight), or everything in flight. */
uint32_t tcp_sent_lose(struct tcpcb *tp, struct tcp_sent *ts);
uint32_t tcp_sent_lose_all(struct tcpcb *tp);
/* Nothing is lost; what was is in flight, and will be judged anew. */
void	tcp_sent_found(struct tcpcb *tp);
/* The last len bytes that are not SACKed are lost. */
uint32_t tcp_sent_lose_last(struct tcpcb *tp, uint32_t len);
/* The peer takes back what it SACKed. */
void	tcp_sent_renege(struct tcpcb *tp);
/* Mark the first len bytes in flight lost; returns how many. */
uint32_t tcp_sent_lose_first(struct tcpcb *tp, uint32_t len);
/* Take what ack, behind SND.UNA and up to SND.MAX, covers off the map and note
 * it in ta, which is zeroed but for what was known before. */
void	tcp_sent_acked(struct tcpcb *tp, tcp_seq ack, struct tcp_acked *ta);
/* Mark what a segment's SACK blocks cover and note it in ta. */
void	tcp_sent_sacked(struct tcpcb *tp, const struct tcpopt *to,
	    struct tcp_acked *ta);
/* The first lost record, or NULL. */
struct tcp_sent *tcp_sent_firstlost(const struct tcpcb *tp);
/* Forget all. */
void	tcp_sent_flush(struct tcpcb *tp);
/* NULL, or what is wrong with the connection's bookkeeping (DESIGN 11):
 * text for a person. */
const char *tcp_check(struct tcpcb *tp);

/* ---- The shared parts ---- */

VNET_DECLARE(struct inpcbinfo, tcbinfo);
VNET_DECLARE(uma_zone_t, tcp_sent_zone);
VNET_DECLARE(uma_zone_t, tcp_seg_zone);
#define	V_tcbinfo		VNET(tcbinfo)
#define	V_tcp_sent_zone		VNET(tcp_sent_zone)
#define	V_tcp_seg_zone		VNET(tcp_seg_zone)

VNET_DECLARE(int, tcp_mssdflt);
VNET_DECLARE(int, tcp_v6mssdflt);
VNET_DECLARE(int, tcp_minmss);
VNET_DECLARE(int, tcp_delack_enabled);
VNET_DECLARE(int, tcp_do_rfc1323);
VNET_DECLARE(int, tcp_do_rfc3042);
VNET_DECLARE(int, tcp_do_rfc3390);
VNET_DECLARE(int, tcp_do_rfc3465);
VNET_DECLARE(int, tcp_abc_l_var);
VNET_DECLARE(int, tcp_do_sack);
VNET_DECLARE(int, tcp_do_newsack);
VNET_DECLARE(int, tcp_do_lrd);
VNET_DECLARE(int, tcp_do_prr);
VNET_DECLARE(int, tcp_do_tso);
VNET_DECLARE(int, tcp_do_pmtud);
VNET_DECLARE(int, tcp_initcwnd_segments);
VNET_DECLARE(int, tcp_sendspace);
VNET_DECLARE(int, tcp_recvspace);
VNET_DECLARE(int, tcp_do_autosndbuf);
VNET_DECLARE(int, tcp_autosndbuf_inc);
VNET_DECLARE(int, tcp_autosndbuf_max);
VNET_DECLARE(int, tcp_do_autorcvbuf);
VNET_DECLARE(int, tcp_autorcvbuf_max);
VNET_DECLARE(int, blackhole);
VNET_DECLARE(int, insecure_rst);
VNET_DECLARE(u_int, tcp_ack_war_cnt);
VNET_DECLARE(u_int, tcp_ack_war_timewindow);
VNET_DECLARE(u_int, tcp_map_limit);
VNET_DECLARE(u_int, tcp_reass_maxqueuelen);
VNET_DECLARE(int, tcp_ts_offset_per_conn);
VNET_DECLARE(int, tcp_tolerate_missing_ts);
VNET_DECLARE(int, tcp_rexmit_drop_options);
VNET_DECLARE(int, tcp_functions_inherit_listen_socket_stack);
#define	V_tcp_mssdflt		VNET(tcp_mssdflt)
#define	V_tcp_v6mssdflt		VNET(tcp_v6mssdflt)
#define	V_tcp_minmss		VNET(tcp_minmss)
#define	V_tcp_delack_enabled	VNET(tcp_delack_enabled)
#define	V_tcp_do_rfc1323	VNET(tcp_do_rfc1323)
#define	V_tcp_do_rfc3042	VNET(tcp_do_rfc3042)
#define	V_tcp_do_rfc3390	VNET(tcp_do_rfc3390)
#define	V_tcp_do_rfc3465	VNET(tcp_do_rfc3465)
#define	V_tcp_abc_l_var		VNET(tcp_abc_l_var)
#define	V_tcp_do_sack		VNET(tcp_do_sack)
#define	V_tcp_do_newsack	VNET(tcp_do_newsack)
#define	V_tcp_do_lrd		VNET(tcp_do_lrd)
#define	V_tcp_do_prr		VNET(tcp_do_prr)
#define	V_tcp_do_tso		VNET(tcp_do_tso)
#define	V_tcp_do_pmtud		VNET(tcp_do_pmtud)
#define	V_tcp_initcwnd_segments	VNET(tcp_initcwnd_segments)
#define	V_tcp_sendspace		VNET(tcp_sendspace)
#define	V_tcp_recvspace		VNET(tcp_recvspace)
#define	V_tcp_do_autosndbuf	VNET(tcp_do_autosndbuf)
#define	V_tcp_autosndbuf_inc	VNET(tcp_autosndbuf_inc)
#define	V_tcp_autosndbuf_max	VNET(tcp_autosndbuf_max)
#define	V_tcp_do_autorcvbuf	VNET(tcp_do_autorcvbuf)
#define	V_tcp_autorcvbuf_max	VNET(tcp_autorcvbuf_max)
#define	V_blackhole		VNET(blackhole)
#define	V_insecure_rst		VNET(insecure_rst)
#define	V_tcp_ack_war_cnt	VNET(tcp_ack_war_cnt)
#define	V_tcp_ack_war_timewindow VNET(tcp_ack_war_timewindow)
#define	V_tcp_map_limit		VNET(tcp_map_limit)
#define	V_tcp_reass_maxqueuelen	VNET(tcp_reass_maxqueuelen)
#define	V_tcp_ts_offset_per_conn VNET(tcp_ts_offset_per_conn)
#define	V_tcp_tolerate_missing_ts VNET(tcp_tolerate_missing_ts)
#define	V_tcp_rexmit_drop_options VNET(tcp_rexmit_drop_options)
#define	V_functions_inherit_listen_socket_stack			\
	VNET(tcp_functions_inherit_listen_socket_stack)

VNET_DECLARE(struct tcpstat, tcpstat);
#define	V_tcpstat		VNET(tcpstat)
#define	TCPSTAT_INC(name)	(V_tcpstat.name++)
#define	TCPSTAT_ADD(name, val)	(V_tcpstat.name += (val))
/* How many connections are in each state. */
VNET_DECLARE(uint64_t[TCP_NSTATES], tcps_states);
#define	V_tcps_states		VNET(tcps_states)
#define	TCPSTATES_INC(state)	(V_tcps_states[state]++)
#define	TCPSTATES_DEC(state)	(V_tcps_states[state]--)

/* The memory of one that is gone. */
void	tcp_zfree(struct tcpcb *tp);
/* tcp_subr.c: birth and end of a connection. */
struct tcpcb *tcp_newtcpcb(struct socket *so);
/* End it: tell the peer by RST if it is synchronized, the user by errnum.
 * tp is gone afterwards. */
void	tcp_drop(struct tcpcb *tp, int errnum);
/* End it without a word.  tp is gone afterwards, unless the user still has
 * the socket: then the pcb is only out of the tables. */
void	tcp_close(struct tcpcb *tp);
/* Free a pcb that is INP_DROPPED or was never used, severed from its
 * socket. */
void	tcp_free(struct tcpcb *tp);
/* The peer's MSS is known (0: it said nothing): sets t_maxseg, buffers,
 * initial window. */
void	tcp_mss(struct tcpcb *tp, int offer);
/* MSS to offer to inc's peer. */
int	tcp_mssopt(struct tcpcb *tp);
/* The same for a connection to be, by the way ro, of the listener lp. */
int	tcp_mssopt_to(const struct in_conninfo *inc, const struct tcpcb *lp,
	    struct route *ro, uint16_t udpport);
/* The factor to ask for, so that the largest buffer can be promised. */
/* The smallest scale with which the largest buffer can be promised (RFC 7323,
 * 2.3). */
static inline uint8_t
tcp_request_scale(void)
{
	CTASSERT(TCP_MAX_WINSHIFT == 14);
	return ((uint8_t)V_sb_limits.sl_doublings);
}
/* What these remember of the last connection is good no longer. */
void	tcp_sized_forget(void);
/* The largest t_maxseg that interface, route, peer and user allow, and what
 * lies around it in a packet. */
int	tcp_path_mss(struct tcpcb *tp);
/* The path's MTU as far as it is known, bytes; 0: there is no way. */
uint32_t tcp_pmtu(struct tcpcb *tp);
int	tcp_hdrlen(const struct tcpcb *tp);
/* The way's MTU; t_tsomax is learnt. */
uint32_t tcp_path_mtu(struct tcpcb *tp);
/* t_maxseg for a path of mtu bytes. */
void	tcp_mtu_update(struct tcpcb *tp, uint32_t mtu);
/* Payload of a full segment with the options in use now. */
u_int	tcp_maxseg(const struct tcpcb *tp);
u_int	tcp_fixed_maxseg(const struct tcpcb *tp);
int	tcp_compute_pipe(struct tcpcb *tp);
uint32_t tcp_compute_initwnd(uint32_t maxseg);
static inline bool
tcp_timer_active(const struct tcpcb *tp, tt_which timer)
{
	return (tp->t_timers[timer] != UINT64_MAX);
}
/* Have the callout fire at when, or, if it waits for nothing yet, at when at
 * the latest. */
void	tcp_timer_arm(struct tcpcb *tp, nstime_t when);
/* Have timer fire at when, ns.  The callout is armed only for what comes before
 * all else. */
static inline void
tcp_timer_on(struct tcpcb *tp, tt_which timer, nstime_t when)
{
	tp->t_timers[timer] = when;
	if (!callout_entry_pending(&tp->t_callout) ||
	    when < callout_entry_time(&tp->t_callout))
		tcp_timer_arm(tp, when);
}
/* The same; UINT64_MAX: never. */
static inline void
tcp_timer_at(struct tcpcb *tp, tt_which timer, nstime_t when)
{
	if (when != UINT64_MAX)
		tcp_timer_on(tp, timer, when);
	else
		tp->t_timers[timer] = when;
}
/* Have timer not fire; the callout finds that out. */
static inline void
tcp_timer_off(struct tcpcb *tp, tt_which timer)
{
	tp->t_timers[timer] = UINT64_MAX;
}
#define	TCP_TMR_GRANULARITY_TICKS	1
#define	TCP_TMR_GRANULARITY_USEC	2
uint32_t tcp_get_srtt(struct tcpcb *tp, int granularity);
uint32_t tcp_get_usecs(struct timeval *tv);
/* Milliseconds, for time stamps. */
static inline uint32_t
tcp_ts_getticks(void)
{
	return ((uint32_t)(getnstime() / NS_PER_MSEC));
}
/* For ts_recent_age: of 2^30 ns, about a second. */
#define	TCP_TS_AGE_SHIFT	30
static inline uint32_t
tcp_ts_age(void)
{
	return ((uint32_t)(getnstime() >> TCP_TS_AGE_SHIFT));
}
/* The first sequence number of a connection, and what its time stamps are
 * offset by; the latter alone. */
void	tcp_new_numbers(const struct in_conninfo *inc, tcp_seq *isn,
	    uint32_t *ts_offset);
uint32_t tcp_new_ts_offset(const struct in_conninfo *inc);
/* True: tp is gone, since both ends are here (nolocaltimewait), or became
 * an entry (tcp_timewait.c). */
bool	tcp_enter_timewait(struct tcpcb *tp);
/* Is the peer an address of this host? */
bool	tcp_peer_is_local(const struct in_conninfo *inc);
nstime_t tcp_2msl(bool local);
void	tcp_established(struct tcpcb *tp);

/* tcp_parse.c */
/* Parse m (its data at the TCP header) into sg: 0, or EINVAL for a header
 * that is not one.  sg_m is left NULL. */
int	tcp_parse(const struct mbuf *m, const struct ip_info *ii,
	    struct tcp_seg *sg);
void	tcp_dooptions(struct tcpopt *to, const uint8_t *cp, int cnt,
	    bool syn);
/* The parsed segment that goes with an mbuf given to do_segment. */
struct tcp_seg *tcp_seg_of(const struct mbuf *m);

/* tcp_stages.c, tcp_synsent.c, tcp_ack.c: the stages. */
int	tcp_synsent(struct tcpcb *tp, struct tcp_seg *sg);
int	tcp_stage_sequence(struct tcpcb *tp, struct tcp_seg *sg);
int	tcp_stage_rst(struct tcpcb *tp, struct tcp_seg *sg);
int	tcp_stage_syn(struct tcpcb *tp, struct tcp_seg *sg);
/* The same without ECN, of one that acknowledges something new, nothing new,
 * or what cannot be; and with it or before a handshake's end. */
int	tcp_ack_new(struct tcpcb *tp, const struct tcp_seg *sg);
int	tcp_ack_again(struct tcpcb *tp, struct tcp_seg *sg);
int	tcp_ack_outside(struct tcpcb *tp, struct tcp_seg *sg);
int	tcp_ack_unusual(struct tcpcb *tp, struct tcp_seg *sg);
int	tcp_stage_ack(struct tcpcb *tp, struct tcp_seg *sg);
void	tcp_ack_first(struct tcpcb *tp, const struct tcp_seg *sg,
	    nstime_t sent);
int	tcp_stage_urg(struct tcpcb *tp, struct tcp_seg *sg);
int	tcp_stage_text(struct tcpcb *tp, struct tcp_seg *sg);
int	tcp_stage_fin(struct tcpcb *tp, struct tcp_seg *sg);
/* Act on a verdict; tp may be gone afterwards: returns true if it is. */
bool	tcp_verdict(struct tcpcb *tp, struct tcp_seg *sg, int verdict);

/* tcp_input.c */
void	tcp_input(struct mbuf *m, const struct ip_info *ii);
void	tcp_ctlinput(const struct ip_icmperr *ie);
/* Give a segment, whose mbuf begins with the header, to tp's block. */
void	tcp_dispatch(struct tcpcb *tp, struct mbuf *m, struct tcp_seg *sg);

/* tcp_info.c */
void	tcp_fill_info(struct tcpcb *tp, struct tcp_info *ti);

/* tcp_udp.c: TCP over UDP.  What comes goes on to tcp_input.c. */
VNET_DECLARE(int, tcp_udp_overhead);
#define	V_tcp_udp_overhead	VNET(tcp_udp_overhead)
int	tcp_udp_opt_port(struct tcpcb *tp, struct sockopt *sopt);
int	tcp_udp_wrap(struct mbuf **mp, const struct in_conninfo *inc,
	    uint16_t port);
void	tcp_input_udp(struct mbuf *m, const struct ip_info *ii,
	    uint16_t port);
void	tcp_ctlinput_udp(const struct ip_icmperr *ie, uint16_t port);

/* tcp_urgent.c */
void	tcp_oob_take(struct tcpcb *tp, struct mbuf *m, uint32_t len);
int	tcp_usr_rcvoob(struct socket *so, struct mbuf *m, int flags);
void	tcp_urgent_send(struct tcpcb *tp, const struct socket *so);
uint16_t tcp_urgent_pointer(const struct tcpcb *tp, tcp_seq seq);
VNET_DECLARE(int, tcp_stdurg);
#define	V_tcp_stdurg	VNET(tcp_stdurg)

/* tcp_reass.c */
int	tcp_reass(struct tcpcb *tp, struct tcp_seg *sg);
/* Give the reader what is in order now: a verdict. */
int	tcp_reass_deliver(struct tcpcb *tp, struct tcp_seg *sg);
void	tcp_reass_flush(struct tcpcb *tp);
/* At start-up: net.inet.tcp.reass.maxsegments takes effect. */
void	tcp_reass_limit(void);
/* The blocks to report, newest first: returns how many (<= max). */
int	tcp_sack_report(const struct tcpcb *tp, struct sackblk *blk, int max);

/* tcp_output.c */
#define	tcp_output(tp)	((tp)->t_fb->tfb_tcp_output(tp))
/* Ask the block to output when the batch ends. */
void	tcp_output_later(struct tcpcb *tp);
/* The same after the reader took bytes, and after a segment came, if there is
 * something to say. */
void	tcp_output_rcvd(struct tcpcb *tp);
void	tcp_output_if(struct tcpcb *tp);
static inline void
tcp_output_answer(struct tcpcb *tp)
{
	if ((tp->t_flags & TF_ACKNOW) != 0)
		tcp_output_later(tp);
	else
		tcp_output_if(tp);
}
/* The user is about to put more into so: was it he who limited what is in
 * flight, whatever else came in the same batch? */
void	tcp_note_write(struct tcpcb *tp, const struct socket *so);
void	tcp_output_cancel(struct tcpcb *tp);
/* At the end of all connections: nothing waits any more. */
void	tcp_output_drain(void);
/* A segment without text that is made from what is here alone. */
struct tcp_bare {
	const struct in_conninfo *tb_inc;
	tcp_seq		tb_seq;
	tcp_seq		tb_ack;
	uint16_t	tb_flags;	/* TH_* */
	uint16_t	tb_win;		/* as in the header */
	uint8_t		tb_tos;
	uint8_t		tb_ttl;		/* 0: the host's default */
	uint16_t	tb_udpport;	/* over UDP to there; 0: plain */
	uint8_t		tb_optlen;	/* a multiple of 4 */
	bool		tb_signed;
	struct tcp_ao	*tb_ao;		/* NULL: by TCP-MD5 */
	const struct mbuf *tb_ipopts;	/* ip_options.h; NULL: inp's */
	uint8_t		tb_opt[TCP_MAXOLEN];
};
/* Add a time stamp, with NOPs before it as needed. */
void	tcp_bare_timestamp(struct tcp_bare *tb, uint32_t val, uint32_t ecr);
/* It is to be signed; no option may follow that needs room before it. */
void	tcp_bare_sign(struct tcp_bare *tb, struct tcp_ao *ao);
/* inp: whose route to use, or NULL. */
void	tcp_bare_send(const struct tcp_bare *tb, struct inpcb *inp);
/* Not for the block's sake: a RST or ACK out of the blue. tp may be NULL. */
void	tcp_respond(struct tcpcb *tp, const struct in_conninfo *inc,
	    tcp_seq ack, tcp_seq seq, uint16_t flags, const struct tcp_seg *sg);
/* Answer sg with the reset that RFC 9293, 3.10.7 prescribes. */
void	tcp_reset_reply(struct tcpcb *tp, const struct tcp_seg *sg);
/* A challenge ACK (RFC 5961), unless there were too many. */
void	tcp_challenge_ack(struct tcpcb *tp);
/* Space to judge what comes by: never less than was promised. */
static inline uint32_t
tcp_rcv_window(const struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);
	uint32_t promised = 0;
	long space;

	if (SEQ_GT(tp->rcv_adv, tp->rcv_nxt))
		promised = tp->rcv_adv - tp->rcv_nxt;
	if (so == NULL)
		return (promised);
	space = sbspace(&so->so_rcv);
	if (space < (long)promised)
		space = promised;
	return ((uint32_t)lmin(space,
	    (long)TCP_MAXWIN << TCP_MAX_WINSHIFT));
}

/* tcp_cong.c: between the core and the cc module. */
void	cc_conn_init(struct tcpcb *tp);
void	cc_ack_received(struct tcpcb *tp, uint32_t acked, uint16_t nsegs,
	    ccsignal_t type);
void	cc_cong_signal(struct tcpcb *tp, tcp_seq ack, ccsignal_t type);
void	cc_post_recovery(struct tcpcb *tp, tcp_seq ack);
void	cc_after_idle(struct tcpcb *tp);

/* tcp_log.c: net.inet.tcp.log_debug.  What is wrong with a segment that is
 * dropped: with one that was parsed, and with one that cannot be. */
void	tcp_log_wrong(const struct tcp_seg *sg, const char *what);
void	tcp_log_unread(const struct ip_info *ii, const char *what);
/* SO_DEBUG: what becomes of a connection. */
void	tcp_trace(const struct tcpcb *tp, const char *what, int arg);
void	tcp_trace_state(const struct tcpcb *tp, int newstate);
#define	TCP_TRACED(tp)							\
	__predict_false(((tp)->t_inpcb.inp_flags & INP_DEBUG) != 0)

/*
 * inp_irregular: why no segment of a connection is regular with a time stamp
 * (tcp_seg.h), whatever it says.  Each is kept where it changes.
 */
#define	TCPI_UNSYNCED	0x01	/* not synchronized, or in TIME_WAIT */
#define	TCPI_UNSTAMPED	0x02	/* no time stamps were agreed upon */
#define	TCPI_HELD	0x04	/* text waits out of order */
#define	TCPI_SIGNED	0x08	/* TF_SIGNATURE */
#define	TCPI_BLOCK	0x10	/* its block has a do_segment of its own */

static inline bool
tcp_is_synced(int state)
{
	return ((u_int)state - TCPS_ESTABLISHED <
	    TCPS_TIME_WAIT - TCPS_ESTABLISHED);
}

/* newstate is entered; by these two only a connection comes to be
 * synchronized. */
static inline void
tcp_state_note(struct tcpcb *tp, int newstate)
{
	if (newstate == TCPS_ESTABLISHED || newstate == TCPS_FIN_WAIT_1)
		tp->t_inpcb.inp_irregular &= (uint8_t)~TCPI_UNSYNCED;
	else if (!tcp_is_synced(newstate))
		tp->t_inpcb.inp_irregular |= TCPI_UNSYNCED;
	if (TCP_TRACED(tp))
		tcp_trace_state(tp, newstate);
}

static inline void
tcp_state_change(struct tcpcb *tp, int newstate)
{
	tcp_state_note(tp, newstate);
	TCPSTATES_DEC(tp->t_state);
	TCPSTATES_INC(newstate);
	tp->t_state = (uint8_t)newstate;
}

/* The same of one whose state, oldstate, is known. */
static inline void
tcp_state_step(struct tcpcb *tp, int oldstate, int newstate)
{
	KASSERT(tp->t_state == oldstate, ("state %u", tp->t_state));
	tcp_state_note(tp, newstate);
	TCPSTATES_DEC(oldstate);
	TCPSTATES_INC(newstate);
	tp->t_state = (uint8_t)newstate;
}

/* The user of tp has gone: true if that was one too many, and tp is over. */
static inline bool
tcp_orphan(struct tcpcb *tp)
{
	int orphans = V_tcp_orphans;

	if (__predict_true((tp->t_flags2 & TF2_ORPHAN) == 0)) {
		tp->t_flags2 |= TF2_ORPHAN;
		V_tcp_orphans = ++orphans;
	}
	return (__predict_false(orphans > V_tcp_ways.w_max_orphans ||
	    V_tcp_ways.w_mem[2] != 0) && tcp_compat_orphan(tp, orphans));
}

/* It counts no longer among those: it is over, or needs no memory. */
static inline void
tcp_unorphan(struct tcpcb *tp)
{
	if ((tp->t_flags2 & TF2_ORPHAN) != 0) {
		tp->t_flags2 &= ~TF2_ORPHAN;
		V_tcp_orphans--;
	}
}

/* tcp_timer.c */
void	tcp_rtt_sample(struct tcpcb *tp, nstime_t ns);
void	tcp_setpersist(struct tcpcb *tp);
/* How long FIN_WAIT_2 lasts when nobody can read any more. */
nstime_t tcp_finwait2_time(const struct tcpcb *tp);
int	tcp_timer_rexmt(struct tcpcb *tp);

/* tcp_usrreq.c */
MALLOC_DECLARE(M_TCPUSERTO);
struct tcp_userto *tcp_userto(struct tcpcb *tp);
extern const struct protosw tcp_protosw, tcp6_protosw;

SYSCTL_DECL(_net_inet_tcp);

#endif /* !_STACKYARD_NETINET_TCP_VAR_H_ */
