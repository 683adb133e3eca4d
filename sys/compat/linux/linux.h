/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Linux's numbers and structs, and the doors through which a call that
 * speaks them reaches a socket of ours: tcp-linux(4).
 *
 * The numbers of the two systems collide (FreeBSD's TCP_NOPUSH is Linux's
 * TCP_KEEPIDLE), so that a number is read here only, and only as Linux's.
 * FreeBSD's own options of level IPPROTO_TCP come as LINUX_TCP_FREEBSD +
 * FreeBSD's number.  What Linux calls an errno is linux_errno() of ours: the
 * functions below return ours.
 *
 * Seen by files of both kinds, so it uses integers alone.
 */
#ifndef _STACKYARD_COMPAT_LINUX_H_
#define	_STACKYARD_COMPAT_LINUX_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct socket;

/* Address families. */
#define	LINUX_AF_UNSPEC		0
#define	LINUX_AF_INET		2
#define	LINUX_AF_INET6		10

/* Levels. */
#define	LINUX_SOL_IP		0
#define	LINUX_SOL_SOCKET	1
#define	LINUX_SOL_TCP		6
#define	LINUX_SOL_IPV6		41

/* Level SOL_SOCKET. */
#define	LINUX_SO_DEBUG		1
#define	LINUX_SO_REUSEADDR	2
#define	LINUX_SO_TYPE		3
#define	LINUX_SO_ERROR		4
#define	LINUX_SO_DONTROUTE	5
#define	LINUX_SO_BROADCAST	6
#define	LINUX_SO_SNDBUF		7
#define	LINUX_SO_RCVBUF		8
#define	LINUX_SO_KEEPALIVE	9
#define	LINUX_SO_OOBINLINE	10
#define	LINUX_SO_LINGER		13
#define	LINUX_SO_REUSEPORT	15
#define	LINUX_SO_RCVLOWAT	18
#define	LINUX_SO_SNDLOWAT	19
#define	LINUX_SO_RCVTIMEO	20
#define	LINUX_SO_SNDTIMEO	21
#define	LINUX_SO_TIMESTAMP	29
#define	LINUX_SO_ACCEPTCONN	30
#define	LINUX_SO_SNDBUFFORCE	32
#define	LINUX_SO_RCVBUFFORCE	33
#define	LINUX_SO_PROTOCOL	38
#define	LINUX_SO_DOMAIN		39

/* Level IPPROTO_IP. */
#define	LINUX_IP_TOS		1
#define	LINUX_IP_TTL		2
#define	LINUX_IP_OPTIONS	4
#define	LINUX_IP_RECVERR	11
#define	LINUX_IP_MTU		14
#define	LINUX_IP_MINTTL		21

/* Level IPPROTO_IPV6. */
#define	LINUX_IPV6_UNICAST_HOPS	16
#define	LINUX_IPV6_MTU		24
#define	LINUX_IPV6_RECVERR	25
#define	LINUX_IPV6_V6ONLY	26
#define	LINUX_IPV6_TCLASS	67

/* Level IPPROTO_TCP. */
#define	LINUX_TCP_NODELAY	1
#define	LINUX_TCP_MAXSEG	2
#define	LINUX_TCP_CORK		3
#define	LINUX_TCP_KEEPIDLE	4
#define	LINUX_TCP_KEEPINTVL	5
#define	LINUX_TCP_KEEPCNT	6
#define	LINUX_TCP_SYNCNT	7
#define	LINUX_TCP_LINGER2	8
#define	LINUX_TCP_DEFER_ACCEPT	9
#define	LINUX_TCP_WINDOW_CLAMP	10
#define	LINUX_TCP_INFO		11
#define	LINUX_TCP_QUICKACK	12
#define	LINUX_TCP_CONGESTION	13
#define	LINUX_TCP_MD5SIG	14
#define	LINUX_TCP_USER_TIMEOUT	18
#define	LINUX_TCP_FASTOPEN	23
#define	LINUX_TCP_NOTSENT_LOWAT	25
#define	LINUX_TCP_FASTOPEN_CONNECT 30
#define	LINUX_TCP_MD5SIG_EXT	32
#define	LINUX_TCP_FASTOPEN_KEY	33
#define	LINUX_TCP_FASTOPEN_NO_COOKIE 34
#define	LINUX_TCP_INQ		36
#define	LINUX_TCP_CM_INQ	LINUX_TCP_INQ	/* control message: an int */
#define	LINUX_TCP_FREEBSD	0x10000

/* Flags of the calls that send and receive. */
#define	LINUX_MSG_OOB		0x1
#define	LINUX_MSG_PEEK		0x2
#define	LINUX_MSG_DONTROUTE	0x4
#define	LINUX_MSG_TRUNC		0x20
#define	LINUX_MSG_DONTWAIT	0x40
#define	LINUX_MSG_EOR		0x80
#define	LINUX_MSG_WAITALL	0x100
#define	LINUX_MSG_NOSIGNAL	0x4000
#define	LINUX_MSG_MORE		0x8000
#define	LINUX_MSG_FASTOPEN	0x20000000

/* ioctl(2) requests; the value is an int. */
#define	LINUX_SIOCINQ		0x541b
#define	LINUX_FIONREAD		LINUX_SIOCINQ
#define	LINUX_SIOCOUTQ		0x5411
#define	LINUX_TIOCOUTQ		LINUX_SIOCOUTQ
#define	LINUX_FIONBIO		0x5421
#define	LINUX_SIOCATMARK	0x8905
#define	LINUX_SIOCOUTQNSD	0x894b	/* those not sent at all */

/* tcpi_state. */
#define	LINUX_TCP_ESTABLISHED	1
#define	LINUX_TCP_SYN_SENT	2
#define	LINUX_TCP_SYN_RECV	3
#define	LINUX_TCP_FIN_WAIT1	4
#define	LINUX_TCP_FIN_WAIT2	5
#define	LINUX_TCP_TIME_WAIT	6
#define	LINUX_TCP_CLOSE		7
#define	LINUX_TCP_CLOSE_WAIT	8
#define	LINUX_TCP_LAST_ACK	9
#define	LINUX_TCP_LISTEN	10
#define	LINUX_TCP_CLOSING	11

/* tcpi_ca_state. */
#define	LINUX_TCP_CA_OPEN	0
#define	LINUX_TCP_CA_DISORDER	1
#define	LINUX_TCP_CA_CWR	2
#define	LINUX_TCP_CA_RECOVERY	3
#define	LINUX_TCP_CA_LOSS	4

/* tcpi_options. */
#define	LINUX_TCPI_OPT_TIMESTAMPS 1
#define	LINUX_TCPI_OPT_SACK	2
#define	LINUX_TCPI_OPT_WSCALE	4
#define	LINUX_TCPI_OPT_ECN	8
#define	LINUX_TCPI_OPT_ECN_SEEN	16
#define	LINUX_TCPI_OPT_SYN_DATA	32

/* LINUX_TCP_MD5SIG and LINUX_TCP_MD5SIG_EXT. */
#define	LINUX_MD5SIG_MAXKEYLEN	80
#define	LINUX_MD5SIG_FLAG_PREFIX 1
#define	LINUX_SIN_ADDR		4	/* in a struct sockaddr_in, bytes */
#define	LINUX_SIN6_ADDR		8	/* in a struct sockaddr_in6 */
struct linux_md5sig {
	uint8_t		tcpm_addr[128];	/* struct sockaddr_storage */
	uint8_t		tcpm_flags;
	uint8_t		tcpm_prefixlen;
	uint16_t	tcpm_keylen;	/* 0: take the key away */
	int32_t		tcpm_ifindex;
	uint8_t		tcpm_key[LINUX_MD5SIG_MAXKEYLEN];
};

/*
 * What LINUX_TCP_INFO answers, as the kernel lays it out: the C library's
 * struct tcp_info is its first 104 bytes.  Windows in segments; times in
 * microseconds, the last_ ones in milliseconds.
 */
struct linux_tcp_info {
	uint8_t		tcpi_state;
	uint8_t		tcpi_ca_state;
	uint8_t		tcpi_retransmits;
	uint8_t		tcpi_probes;
	uint8_t		tcpi_backoff;
	uint8_t		tcpi_options;
	uint8_t		tcpi_snd_wscale:4, tcpi_rcv_wscale:4;
	uint8_t		tcpi_delivery_rate_app_limited:1;
	uint8_t		tcpi_fastopen_client_fail:2;

	uint32_t	tcpi_rto;
	uint32_t	tcpi_ato;
	uint32_t	tcpi_snd_mss;
	uint32_t	tcpi_rcv_mss;

	uint32_t	tcpi_unacked;
	uint32_t	tcpi_sacked;
	uint32_t	tcpi_lost;
	uint32_t	tcpi_retrans;
	uint32_t	tcpi_fackets;

	uint32_t	tcpi_last_data_sent;
	uint32_t	tcpi_last_ack_sent;
	uint32_t	tcpi_last_data_recv;
	uint32_t	tcpi_last_ack_recv;

	uint32_t	tcpi_pmtu;
	uint32_t	tcpi_rcv_ssthresh;
	uint32_t	tcpi_rtt;
	uint32_t	tcpi_rttvar;
	uint32_t	tcpi_snd_ssthresh;
	uint32_t	tcpi_snd_cwnd;
	uint32_t	tcpi_advmss;
	uint32_t	tcpi_reordering;

	uint32_t	tcpi_rcv_rtt;
	uint32_t	tcpi_rcv_space;

	uint32_t	tcpi_total_retrans;

	uint64_t	tcpi_pacing_rate;
	uint64_t	tcpi_max_pacing_rate;
	uint64_t	tcpi_bytes_acked;
	uint64_t	tcpi_bytes_received;
	uint32_t	tcpi_segs_out;
	uint32_t	tcpi_segs_in;

	uint32_t	tcpi_notsent_bytes;
	uint32_t	tcpi_min_rtt;
	uint32_t	tcpi_data_segs_in;
	uint32_t	tcpi_data_segs_out;

	uint64_t	tcpi_delivery_rate;

	uint64_t	tcpi_busy_time;
	uint64_t	tcpi_rwnd_limited;
	uint64_t	tcpi_sndbuf_limited;

	uint32_t	tcpi_delivered;
	uint32_t	tcpi_delivered_ce;

	uint64_t	tcpi_bytes_sent;
	uint64_t	tcpi_bytes_retrans;
	uint32_t	tcpi_dsack_dups;
	uint32_t	tcpi_reord_seen;

	uint32_t	tcpi_rcv_ooopack;

	uint32_t	tcpi_snd_wnd;
	uint32_t	tcpi_rcv_wnd;

	uint32_t	tcpi_rehash;

	uint16_t	tcpi_total_rto;
	uint16_t	tcpi_total_rto_recoveries;
	uint32_t	tcpi_total_rto_time;
};

/*
 * setsockopt(2) and getsockopt(2).  *lenp is the room at val and becomes the
 * length of the answer.  ENOPROTOOPT, EINVAL and what Linux's page names,
 * as errors of ours.  curvnet is the socket's.
 */
int	linux_setsockopt(struct socket *so, int level, int name,
	    const void *val, size_t len);
int	linux_getsockopt(struct socket *so, int level, int name, void *val,
	    size_t *lenp);
/* ioctl(2): EINVAL on a listener, ENOTTY for what is not known. */
int	linux_ioctl(struct socket *so, unsigned long cmd, void *data);
/* MSG_* into ours, for a call on so: EOPNOTSUPP, ENOMEM.  With
 * LINUX_MSG_FASTOPEN the write to come connects by fast open: EOPNOTSUPP,
 * EISCONN, EALREADY. */
int	linux_msg_flags(struct socket *so, int flags, int *native);
/* What flags ask of so beyond those of ours. */
int	linux_msg_prepare(struct socket *so, int flags);
/* An error of ours that writing to so had, as Linux has it: while there is
 * no connection yet a write waits, and never ENOTCONN. */
int	linux_send_error(const struct socket *so, int error);
/* With TCP_INQ set: true, and in *bytes what the LINUX_TCP_CM_INQ control
 * message after a recvmsg(2) says. */
bool	linux_inq(const struct socket *so, int *bytes);
/* Our errno as Linux's number. */
int	linux_errno(int native);
/* Fill in what a socket of TCP is at; as LINUX_TCP_INFO. */
void	linux_tcp_info(struct socket *so, struct linux_tcp_info *li);

#endif /* !_STACKYARD_COMPAT_LINUX_H_ */
