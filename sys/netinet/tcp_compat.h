/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What other systems' options and variables ask of a connection beyond
 * FreeBSD's: limits in milliseconds, windows, and when to be told.  It
 * stands in struct tcp_userto, so that only a connection that was asked has
 * it; TF2_COMPAT says so where paths are hot.  Knows no foreign number:
 * sys/compat translates.
 */
#ifndef _STACKYARD_NETINET_TCP_COMPAT_H_
#define	_STACKYARD_NETINET_TCP_COMPAT_H_

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/vnet.h>

#include <netinet/tcp.h>

struct socket;
struct tcp_seg;
struct tcpcb;

/* 0 in a member: nothing was asked. */
struct tcp_compat {
	uint32_t	tc_abort;	/* ms without progress, then the end */
	uint32_t	tc_connabort;	/* ms a handshake may take */
	uint32_t	tc_notify;	/* ms until the route is doubted */
	uint32_t	tc_connnotify;	/* the same in a handshake */
	uint32_t	tc_keepidle;	/* ms */
	uint32_t	tc_keepabort;	/* ms from the first probe on */
	uint32_t	tc_rtoinit;	/* ms */
	uint32_t	tc_rtomin;	/* ms */
	uint32_t	tc_rtomax;	/* ms */
	uint32_t	tc_clamp;	/* window, bytes */
	uint32_t	tc_notsent;	/* bytes not sent that are enough; 0:
					 * w_notsent */
	uint32_t	tc_defer;	/* s that a handshake waits for text */
	int32_t		tc_linger2;	/* s in FIN_WAIT_2; < 0 none */
	uint16_t	tc_syncnt;	/* SYNs sent again */
	uint16_t	tc_initcwnd;	/* segments */
	uint16_t	tc_flags;	/* TC_* */
	bool		tc_waking;	/* on the list of writers to wake */
	uint32_t	tc_tfoqlen;	/* half-open by fast open; 0: the usual */
	uint32_t	tc_corkseq;	/* what waits corked begins here */
	uint64_t	tc_corkend;	/* and leaves then */
	uint64_t	tc_stalled;	/* no progress since */
	TAILQ_ENTRY(tcpcb) tc_wakelink;
};
#define	TC_RECVERR	0x0001		/* ICMP errors are told at once */
#define	TC_INQ		0x0002		/* tell what is left to read */
#define	TC_CORKED	0x0004		/* corked, with a ceiling */
#define	TC_KEEPABORT	0x0008		/* tc_keepabort counts; 0 never */
#define	TC_KEEPUSER	0x0100		/* tc_abort is keepalive's limit, too */
#define	TC_NOABORT	0x0200		/* timeouts never end a connection */
#define	TC_NOCONNABORT	0x0400		/* nor an attempt at one */
#define	TC_CORKFULL	0x0800		/* corked until a segment is full */
/* Fast open: tcp_compat_tfo.c. */
#define	TC_TFOCONNECT	0x0010		/* connect(2) is put off to a write */
#define	TC_TFOBARE	0x0020		/* no cookie is needed */
#define	TC_TFOMSG	0x0040		/* a write that connects */
#define	TC_TFOHELD	0x0080		/* the SYN waits for a write */

/* Its tcp_compat, made if there is none yet; NULL: ENOMEM. */
struct tcp_compat *tcp_compat(struct tcpcb *tp);
/* The same, or NULL if there is none. */
struct tcp_compat *tcp_compat_find(const struct tcpcb *tp);
void	tcp_compat_free(struct tcpcb *tp);

/*
 * What all connections of a host do that has another system's ways; other
 * systems' variables set it.  In parentheses what is ours.
 */
struct tcp_ways {
	/* Timeouts in a row that end a connection, an attempt to connect,
	 * and a connection whose user has gone (0: net.inet.tcp.retries);
	 * and that make it doubt its route (0: none do). */
	int	w_retries;
	int	w_syn_retries;
	int	w_orphan_retries;
	int	w_doubt_retries;
	u_int	w_notsent;	/* bytes not sent that are enough (all) */
	u_int	w_reordering;	/* SACKed ranges above that mean loss (3) */
	int	w_app_win;	/* keep back window >> this (0: nothing) */
	int	w_max_orphans;	/* connections without users */
	int	w_max_tw;	/* those in TIME_WAIT (0: maxtcptw) */
	int	w_tso_divisor;	/* of cwnd, for a segment (0: all) */
	int	w_tw_reuse;	/* a new connection ends TIME_WAIT (0) */
	int	w_tw_reset;	/* a reset ends TIME_WAIT (0) */
	int	w_dsack;	/* report duplicates (1) */
	int	w_idle_restart;	/* the window times out when idle (1) */
	int	w_collapse;	/* lost neighbours are joined (1) */
	int	w_signed_win;	/* no window over 32767 unscaled (0) */
	int	w_frto;		/* detect spurious timeouts (1) */
	int	w_max_syn;	/* handshakes (0: the cache's limit) */
	int	w_mem[3];	/* pages: ease, pressure, limit (0: none) */
	int	w_rmem_min;	/* bytes granted under pressure */
	int	w_wmem_min;
	int	w_wscale;	/* SYNs scale windows of any size (1) */
	int	w_tstamp;	/* SYNs have time stamps: 1 always (1), 2 with
				 * scaling, 0 not */
	int	w_tstamp_wscale; /* what 2 comes from, if not 1 (1) */
	int	w_sack;		/* SYNs permit SACK (1) */
	int	w_keepabort;	/* ms from the first probe on (-1: keepcnt) */
	bool	w_linux;	/* Linux's order and padding of SYNs' options,
				 * its window there and later, its probes of
				 * closed windows, its Nagle's algorithm,
				 * its quick ACKs in the beginning, its
				 * timeouts, its window after a recovery */
	bool	w_urg_stays;	/* an urgent byte that nobody read joins the
				 * stream as the next one comes */
	bool	w_unread_reset;	/* closed with text unread: a reset */
	bool	w_pressure;	/* memory is short, by w_mem */
};
VNET_DECLARE(struct tcp_ways, tcp_ways);
#define	V_tcp_ways	VNET(tcp_ways)

/* What fills options up to a multiple of four bytes at their end. */
static inline uint8_t
tcp_pad_option(void)
{
	return (V_tcp_ways.w_linux ? TCPOPT_NOP : TCPOPT_EOL);
}

/* Hooks of the shared TCP; those of hot paths are behind TF2_COMPAT. */
/* Retransmission timeout: tcp_rto(). */
nstime_t tcp_compat_rto(const struct tcpcb *tp);
/* A timeout more: is it time to give up? */
bool	tcp_compat_gives_up(struct tcpcb *tp);
/* Is an attempt to connect bounded otherwise than by keepinit? */
bool	tcp_compat_keepinit(const struct tcpcb *tp);
/* Idle with probes out: does this end it? */
bool	tcp_compat_keep_over(struct tcpcb *tp, bool *over);
/* When the next probe is due, or that end; intvl is the usual time. */
nstime_t tcp_compat_keepnext(const struct tcpcb *tp, nstime_t intvl);
/* A closed window, and no answer: does this end it? */
bool	tcp_compat_persist_over(const struct tcpcb *tp);
/* An active open begins: which options does its SYN carry? */
void	tcp_compat_connect(struct tcpcb *tp);
uint32_t tcp_compat_clamp(const struct tcpcb *tp, uint32_t win);
/* A small segment is held back: may it leave after all?  If not, it will
 * be asked again at the ceiling. */
bool	tcp_compat_uncorks(struct tcpcb *tp);
/* Nothing is in flight: may what there is wait for more, for ever? */
bool	tcp_compat_corked(const struct tcpcb *tp);
/* Have text that is corked leave now. */
void	tcp_compat_flush(struct tcpcb *tp);
/* connect(2): is the SYN held until a write?  Then the socket looks
 * connected; and is it held now? */
bool	tcp_compat_hold(struct tcpcb *tp);
bool	tcp_compat_held(const struct tcpcb *tp);
/* A write that connects: does it only ask for a cookie? */
bool	tcp_compat_asks(const struct tcpcb *tp);
/* The user wrote. */
void	tcp_compat_written(struct tcpcb *tp);
/* Does a SYN's text need no cookie? */
bool	tcp_compat_cookieless(const struct tcpcb *tp);
/* Half-open connections that listener lp has by fast open, at most. */
u_int	tcp_compat_tfolimit(const struct tcpcb *lp, u_int limit);
/* What is not sent yet changed: writers may have to wait, or to wake. */
void	tcp_compat_notsent(struct tcpcb *tp);
/* The ACK of a handshake with lp, so long after its first SYN-ACK: shall it
 * be left aside since it has no text? */
bool	tcp_compat_defers(const struct tcpcb *lp, const struct tcp_seg *sg,
	    nstime_t waited);
/* The window of a SYN-ACK. */
uint16_t tcp_compat_synack_window(const struct tcpcb *lp, uint32_t win,
	    uint32_t mss);
/* An ICMP error that would be remembered: is it the user's at once? */
bool	tcp_compat_icmp(struct tcpcb *tp, int error);
/* TCP_DELACK or a quickack in force: is the acknowledgment put off? */
bool	tcp_compat_delack(struct tcpcb *tp);
/* The handshake is complete. */
void	tcp_compat_established(struct tcpcb *tp);
/* The user has gone, and so orphans' users: true if that was one too many,
 * by w_max_orphans or memory, and tp is over. */
bool	tcp_compat_orphan(struct tcpcb *tp, int orphans);
VNET_DECLARE(int, tcp_orphans);
#define	V_tcp_orphans	VNET(tcp_orphans)	/* those with TF2_ORPHAN */
/* To the log: a limit of another system's was reached. */
void	tcp_compat_warn(const char *what);
/* Is memory too short for a buffer of hiwat bytes to grow? */
bool	tcp_compat_pressure(uint32_t hiwat, bool rcv);
/* Is all the memory in use that may be, and so's part of it not small? */
bool	tcp_compat_full(const struct socket *so);
/* Acknowledge the next segments at once (true), or not (false). */
void	tcp_compat_quickack(struct tcpcb *tp, bool on);
/* The window after an idle time, which was `was' before. */
void	tcp_compat_restart(struct tcpcb *tp, uint32_t was);
/* Bytes of the initial window. */
uint32_t tcp_compat_initwnd(const struct tcpcb *tp, uint32_t maxseg);

#define	TCP_QUICKACKS	16		/* segments a quickack is good for */
#define	TCP_CORK_MSEC	200		/* a cork's ceiling */

#endif /* !_STACKYARD_NETINET_TCP_COMPAT_H_ */
