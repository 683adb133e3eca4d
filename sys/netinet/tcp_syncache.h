/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Handshakes that a peer has begun: the SYN cache (tcp_syncache.c), cookies
 * (tcp_syncookie.c), and the listener that stands behind both
 * (tcp_listen.c).
 *
 * An entry of the cache is known to tcp_syncache.c alone.  What a handshake
 * has come to is handed on as a struct tcp_syn, by value.
 */
#ifndef _STACKYARD_NETINET_TCP_SYNCACHE_H_
#define	_STACKYARD_NETINET_TCP_SYNCACHE_H_

#include <netinet/in_pcb.h>
#include <netinet/tcp.h>
#include <netinet/tcp_var.h>
#include <netipsec/tcp_sig.h>

struct mbuf;
struct route;

/* What a SYN asked for and a SYN-ACK promised. */
struct tcp_syn {
	struct in_conninfo sy_inc;
	tcp_seq		sy_irs;		/* the SYN's number */
	tcp_seq		sy_iss;		/* the SYN-ACK's */
	uint32_t	sy_tsrecent;	/* the peer's last time stamp */
	uint32_t	sy_when;	/* SYN-ACK last, us (modulo 2^32) */
	uint16_t	sy_peermss;	/* 0: it named none */
	uint16_t	sy_mss;		/* we named this one */
	uint16_t	sy_win;		/* and this window */
	uint16_t	sy_flags;	/* SYF_* */
	uint16_t	sy_port;	/* the peer's UDP port, or 0 */
	uint32_t	sy_tsoff;	/* our time stamps are offset by it */
	struct mbuf	*sy_ipopts;	/* IPv4's, the way back, or NULL */
	uint8_t		sy_scales;	/* the peer's << 4 | ours */
	uint8_t		sy_tos;
	uint8_t		sy_ttl;
	uint8_t		sy_ecn;		/* TCP_ECN_* */
	uint8_t		sy_sent;	/* challenges << 4 | SYN-ACKs again */
	uint8_t		sy_aocurrent;	/* TCP-AO: KeyIDs, as in a tcp_ao */
	uint8_t		sy_aornext;
};
/* Options that both want have the numbers that they have in a tcpopt. */
#define	SYF_NOOPT	0x0001		/* TCP_NOOPT */
#define	SYF_SCALE	TOF_SCALE	/* both scale their windows */
#define	SYF_SACK	TOF_SACKPERM
#define	SYF_ECNPLAIN	0x0008		/* ECN does not get through */
#define	SYF_TSTMP	TOF_TS		/* both stamp */
#define	SYF_UNREACH	0x0020		/* an ICMP error came */
#define	SYF_SIGNATURE	0x0040		/* TF_SIGNATURE: TCP-MD5, or */
#define	SYF_COOKIE	0x0080		/* there is no entry */
#define	SYF_FASTOPEN	TOF_FASTOPEN	/* a cookie for fast open is due */
#define	SYF_AO		0x0400		/* TCP-AO */
#define	SYF_FASTOPENEXP	TOF_FASTOPENEXP	/* in the experimental option */
#define	SYF_ACKED	0x1000		/* only text is missing */
#define	SYF_AGAIN	0x2000		/* a SYN-ACK was asked for once more;
					 * is no TOF_* */

#define	SY_REXMITS(sy)	((sy)->sy_sent & 0xf)

/* ---- tcp_syncache.c ---- */

enum tcp_scverdict {
	TCP_SC_NONE,		/* no handshake fits: a reset is due */
	TCP_SC_DONE,		/* dealt with */
	TCP_SC_CHILD		/* a connection was made */
};

/* Of what follows, sy is what tcp_syncache_get() found for sg. */
/* A SYN for the listener lp. */
void	tcp_syncache_syn(struct tcpcb *lp, const struct tcp_seg *sg,
	    struct tcp_syn *sy);
/* An ACK; with TCP_SC_CHILD *tpp is established by it, or, in SYN_RECEIVED, is
 * to have sg next. */
enum tcp_scverdict tcp_syncache_ack(struct tcpcb *lp,
	    const struct tcp_seg *sg, struct tcp_syn *sy, struct tcpcb **tpp);
/* A reset. */
void	tcp_syncache_rst(const struct tcp_seg *sg, struct tcp_syn *sy);
/* An ICMP error about a SYN-ACK with that number. */
void	tcp_syncache_unreach(const struct in_conninfo *inc, uint16_t udpport,
	    tcp_seq seq);
/* End the handshake between these ends: false if there is none. */
bool	tcp_syncache_drop(const struct in_conninfo *inc);
/* The handshake between sg's ends, until something comes that changes it:
 * NULL if there is none. */
struct tcp_syn *tcp_syncache_get(const struct tcp_seg *sg);
bool	tcp_syncache_exists(const struct in_conninfo *inc);
/* How many there are; and for lp. */
uint32_t tcp_syncache_count(void);
uint32_t tcp_syncache_countof(const struct tcpcb *lp);
/* Call func for each behind cursor after (0: all), with its cursor, until it
 * returns non-zero. */
int	tcp_syncache_foreach(uint64_t after, int (*func)(
	    const struct tcp_syn *, uint64_t cursor, void *), void *arg);

/* ---- tcp_syncookie.c ---- */

/* The number of a SYN-ACK that remembers sy by itself. */
tcp_seq	tcp_syncookie_make(const struct tcp_syn *sy);
/* What the ACK sg brings back: false if it is none of ours, or too old. */
bool	tcp_syncookie_read(const struct tcp_seg *sg, struct tcp_syn *sy);

/* ---- tcp_listen.c ---- */

/* In both sy is the handshake that sg belongs to, or NULL. */
/* Is anything signed, or to be?  If not tcp_listen_signed() has no objection.
 * It says: may sg, whose header and text are m's, be taken by the listener, or
 * socket that is only bound, lp (tcp_sig.h)? */
static inline bool
tcp_listen_signs(const struct tcpcb *lp, const struct tcp_seg *sg,
    const struct tcp_syn *sy)
{
	return (TCP_SIG_WANTED(lp, sg) || (sy != NULL &&
	    __predict_false((sy->sy_flags & SYF_SIGNATURE) != 0)));
}
bool	tcp_listen_signed(struct tcpcb *lp, const struct mbuf *m,
	    const struct tcp_seg *sg, const struct tcp_syn *sy);
/* A segment, with its mbuf, for the listener lp. */
void	tcp_listen_input(struct tcpcb *lp, struct mbuf *m,
	    struct tcp_seg *sg, struct tcp_syn *sy);
/* What lp would agree to with the SYN sg; and the way back, which is good
 * until another one is asked for. */
struct route *tcp_listen_offer(const struct tcpcb *lp,
	    const struct tcp_seg *sg, struct tcp_syn *sy);
/* The connection that sy has come to by sg, on lp's queue, its SYN-ACK sent
 * at that time: NULL if there is no room or no memory.  SC_UNSENT: the
 * SYN-ACK is still to be sent. */
#define	SC_UNSENT	UINT64_MAX
struct tcpcb *tcp_listen_child(struct tcpcb *lp, const struct tcp_syn *sy,
	    const struct tcp_seg *sg, nstime_t sent);

#endif /* !_STACKYARD_NETINET_TCP_SYNCACHE_H_ */
