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
	uint32_t	tc_notsent;	/* bytes not sent that are enough */
	uint32_t	tc_defer;	/* s that a handshake waits for text */
	int32_t		tc_linger2;	/* s in FIN_WAIT_2; < 0 none */
	uint16_t	tc_syncnt;	/* SYNs sent again */
	uint16_t	tc_initcwnd;	/* segments */
	uint16_t	tc_flags;	/* TC_* */
	bool		tc_waking;	/* on the list of writers to wake */
	uint32_t	tc_corkseq;	/* what waits corked begins here */
	uint64_t	tc_corkend;	/* and leaves then */
	uint64_t	tc_stalled;	/* no progress since */
	uint64_t	tc_keepbegan;	/* the first probe's time */
	TAILQ_ENTRY(tcpcb) tc_wakelink;
};
#define	TC_RECVERR	0x0001		/* ICMP errors are told at once */
#define	TC_INQ		0x0002		/* tell what is left to read */
#define	TC_CORKED	0x0004		/* corked, with a ceiling */
#define	TC_KEEPFOREVER	0x0008		/* tc_keepabort: never */
#define	TC_KEEPABORT	0x0010		/* tc_keepabort counts */

/* Its tcp_compat, made if there is none yet; NULL: ENOMEM. */
struct tcp_compat *tcp_compat(struct tcpcb *tp);
/* The same, or NULL if there is none. */
struct tcp_compat *tcp_compat_find(const struct tcpcb *tp);
void	tcp_compat_free(struct tcpcb *tp);

/* Timeouts in a row that end an attempt to connect, and a connection whose
 * user has gone; 0: as net.inet.tcp.retries. */
VNET_DECLARE(int, tcp_syn_retries);
VNET_DECLARE(int, tcp_orphan_retries);
#define	V_tcp_syn_retries	VNET(tcp_syn_retries)
#define	V_tcp_orphan_retries	VNET(tcp_orphan_retries)

/* Hooks of the shared TCP; those of hot paths are behind TF2_COMPAT. */
/* Retransmission timeout: tcp_rto(). */
nstime_t tcp_compat_rto(const struct tcpcb *tp);
/* A timeout more: is it time to give up? */
bool	tcp_compat_gives_up(struct tcpcb *tp);
/* Idle with probes out: does this end it? */
bool	tcp_compat_keep_over(struct tcpcb *tp, bool *over);
uint32_t tcp_compat_clamp(const struct tcpcb *tp, uint32_t win);
/* A small segment is held back: may it leave after all?  If not, it will
 * be asked again at the ceiling. */
bool	tcp_compat_uncorks(struct tcpcb *tp);
/* Have text that is corked leave now. */
void	tcp_compat_flush(struct tcpcb *tp);
/* What is not sent yet changed: writers may have to wait, or to wake. */
void	tcp_compat_notsent(struct tcpcb *tp);
/* The ACK of a handshake without text: shall it wait? */
bool	tcp_compat_defers(struct tcpcb *tp, const struct tcp_seg *sg);
/* An ICMP error that would be remembered: is it the user's at once? */
bool	tcp_compat_icmp(struct tcpcb *tp, int error);
/* TCP_DELACK or a quickack in force: is the acknowledgment put off? */
bool	tcp_compat_delack(struct tcpcb *tp);
/* Acknowledge the next segments at once (true), or not (false). */
void	tcp_compat_quickack(struct tcpcb *tp, bool on);
/* Bytes of the initial window. */
uint32_t tcp_compat_initwnd(const struct tcpcb *tp, uint32_t maxseg);

#define	TCP_QUICKACKS	16		/* segments a quickack is good for */
#define	TCP_CORK_MSEC	200		/* a cork's ceiling */

#endif /* !_STACKYARD_NETINET_TCP_COMPAT_H_ */
