/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP Fast Open (RFC 7413): what the other files of TCP call.
 * tcp_fastopen.c has the server and the option, tcp_fastopen_cache.c the
 * client and its cookies.
 *
 * A connection has a struct tcp_tfo, and TF2_TFO, from when fast open is asked
 * for until its handshake is complete, and no longer; a listener has one once
 * a SYN with the option came.
 */
#ifndef _STACKYARD_NETINET_TCP_FASTOPEN_H_
#define	_STACKYARD_NETINET_TCP_FASTOPEN_H_

#include <sys/vnet.h>
#include <netinet/tcp.h>

struct in_conninfo;
struct sockopt;
struct tcp_acked;
struct tcp_seg;
struct tcpcb;
struct tcpopt;

#define	TCP_FASTOPEN_COOKIE_LEN	8	/* of the cookies we make, bytes */
#define	TCP_FASTOPEN_KEY_LEN	16

/* A listener's connections that are open before their handshake is complete.
 * The listener and each of them hold a reference. */
struct tcp_tfoq {
	u_int		tq_refs;
	u_int		tq_pending;
	u_int		tq_resets[2];	/* in this period and the one before */
	uint64_t	tq_period;	/* this one, TFO_RESET_PERIOD each */
};

struct tcp_tfo {
	struct tcp_tfoq	*tfo_queue;	/* NULL: not counted anywhere */
	uint8_t		tfo_cookie[TCP_FASTOPEN_MAX_COOKIE_LEN];
	uint8_t		tfo_psk[TCP_FASTOPEN_PSK_LEN];
	uint8_t		tfo_len;	/* of tfo_cookie; 0: ask for one */
	uint8_t		tfo_flags;
};
#define	TFO_OPTION	0x01	/* our first SYN or SYN-ACK has the option */
#define	TFO_EXP		0x02	/* as an experimental one (RFC 6994) */
#define	TFO_PSK		0x04	/* tfo_psk is set */
#define	TFO_PENDING	0x08	/* counted in tfo_queue */
#define	TFO_TEXT	0x10	/* our SYN carried text */
#define	TFO_RESET	0x20	/* the peer has reset it */
#define	TFO_BARE	0x40	/* it may, without the option */

/* ---- Server ---- */

/* Keys that are good at a time: the one that cookies are made with, and the
 * one before it. */
#define	TFO_MAX_KEYS	2
/* The host's keys, that one first: their number. */
u_int	tcp_fastopen_keys(uint8_t keys[TFO_MAX_KEYS][TCP_FASTOPEN_KEY_LEN]);
/* Make these n its only ones. */
void	tcp_fastopen_setkeys(
	    const uint8_t keys[TFO_MAX_KEYS][TCP_FASTOPEN_KEY_LEN], u_int n);

/* What comes of a SYN with the option. */
enum tfo_verdict {
	TFO_NONE,		/* a SYN like any other */
	TFO_COOKIE,		/* the same, but the SYN-ACK has the cookie */
	TFO_VALID,		/* open at once, with the SYN's text */
	TFO_RENEW		/* both */
};

/*
 * Is the cookie of len bytes one that we gave inc's peer?  len 0: it asks
 * for one.  TFO_COOKIE and TFO_RENEW: latest is what to give it.
 */
enum tfo_verdict tcp_fastopen_check_cookie(const struct in_conninfo *inc,
	    const uint8_t *cookie, u_int len,
	    uint8_t latest[TCP_FASTOPEN_COOKIE_LEN]);
/* The same for the SYN sg to listener lp, if both want fast open and not too
 * many of lp's connections are pending. */
enum tfo_verdict tcp_fastopen_syn(struct tcpcb *lp, const struct tcp_seg *sg,
	    uint8_t latest[TCP_FASTOPEN_COOKIE_LEN]);
/*
 * Carry a verdict other than TFO_NONE out on tp, which the SYN sg has put into
 * SYN_RECEIVED, with its output asked for.  May run upcalls: tp may be gone
 * afterwards.
 */
void	tcp_fastopen_accept(struct tcpcb *tp, struct tcpcb *lp,
	    enum tfo_verdict v, const uint8_t latest[TCP_FASTOPEN_COOKIE_LEN],
	    struct tcp_seg *sg);
/* Write the option of len bytes of cookie at p, of room bytes; exp: as an
 * experimental one.  Returns its length, 0 if it does not fit. */
u_int	tcp_fastopen_put(uint8_t *p, u_int room, const uint8_t *cookie,
	    u_int len, bool exp);

/* ---- Client ---- */

/* tp is about to send its first SYN: what it will carry.  Clears TF_FASTOPEN
 * if the path is disabled. */
void	tcp_fastopen_connect(struct tcpcb *tp);
/* Bytes of text that go with the SYN, behind optlen bytes of options. */
uint32_t tcp_fastopen_text(struct tcpcb *tp, u_int optlen);
/* SYN-ACK sg has acknowledged ta: frees tu_tfo; a verdict.  With TF2_TFO, and
 * before tcp_established(). */
int	tcp_fastopen_synacked(struct tcpcb *tp, const struct tcp_seg *sg,
	    const struct tcp_acked *ta);

/* ---- Both; only with TF2_TFO ---- */

/* The peer resets tp, whose handshake is not complete. */
void	tcp_fastopen_reset(struct tcpcb *tp);
/* The option of the first SYN or SYN-ACK: bytes written at p, of room. */
u_int	tcp_fastopen_option(struct tcpcb *tp, uint8_t *p, u_int room);
/* tp may send text behind its SYN-ACK: so many bytes before the peer has
 * acknowledged it; 0: none. */
uint32_t tcp_fastopen_window(const struct tcpcb *tp);

/* ---- Both ---- */

/* The handshake is about to be complete, or the connection over. */
void	tcp_fastopen_free(struct tcpcb *tp);
/* tu_tfo, all 0 at first: NULL if memory is short. */
struct tcp_tfo *tcp_fastopen_state(struct tcpcb *tp);
/* TCP_FASTOPEN: EPERM it is not enabled, EINVAL too late. */
int	tcp_fastopen_ctloutput(struct tcpcb *tp, struct sockopt *sopt);
/* Parse an option of len bytes, of which p is the kind. */
void	tcp_fastopen_parse(struct tcpopt *to, const uint8_t *p, int len);

/* ---- Between the two files ---- */

/* SipHash-2-4 of len bytes at data as a cookie. */
void	tcp_fastopen_hash(const uint8_t key[TCP_FASTOPEN_KEY_LEN],
	    const void *data, size_t len,
	    uint8_t cookie[TCP_FASTOPEN_COOKIE_LEN]);
VNET_DECLARE(bool, tfo_client);
#define	V_tfo_client	VNET(tfo_client)

#endif /* !_STACKYARD_NETINET_TCP_FASTOPEN_H_ */
