/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The TCP header (RFC 9293, 3.1), its options, and socket options of level
 * IPPROTO_TCP with FreeBSD's numbers.
 */
#ifndef _STACKYARD_NETINET_TCP_H_
#define	_STACKYARD_NETINET_TCP_H_

#ifndef _KERNEL
#include_next <netinet/tcp.h>
#else
#include <sys/types.h>

typedef	uint32_t tcp_seq;
#define	tcp6_seq	tcp_seq
#define	tcp6hdr		tcphdr

struct tcphdr {
	uint16_t	th_sport;
	uint16_t	th_dport;
	tcp_seq		th_seq;
	tcp_seq		th_ack;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint8_t		th_x2:4, th_off:4;
#else
	uint8_t		th_off:4, th_x2:4;
#endif
	uint8_t		th_flags;
#define	TH_FIN	0x01
#define	TH_SYN	0x02
#define	TH_RST	0x04
#define	TH_PUSH	0x08
#define	TH_ACK	0x10
#define	TH_URG	0x20
#define	TH_ECE	0x40
#define	TH_CWR	0x80
#define	TH_AE	0x100			/* the low bit of th_x2 */
#define	TH_FLAGS	(TH_FIN | TH_SYN | TH_RST | TH_ACK | TH_URG | TH_ECE | TH_CWR)
	uint16_t	th_win;
	uint16_t	th_sum;
	uint16_t	th_urp;
} __packed __aligned(2);

#define	TCPOPT_EOL		0
#define	TCPOPT_NOP		1
#define	TCPOPT_MAXSEG		2
#define	TCPOLEN_MAXSEG		4
#define	TCPOPT_WINDOW		3
#define	TCPOLEN_WINDOW		3
#define	TCPOPT_SACK_PERMITTED	4
#define	TCPOLEN_SACK_PERMITTED	2
#define	TCPOPT_SACK		5
#define	TCPOLEN_SACKHDR		2
#define	TCPOLEN_SACK		8
#define	TCPOPT_TIMESTAMP	8
#define	TCPOLEN_TIMESTAMP	10
#define	TCPOPT_SIGNATURE	19
#define	TCPOLEN_SIGNATURE	18
#define	TCPOPT_AO		29
#define	TCPOLEN_AO		16		/* with the MACs of RFC 5926 */
#define	TCPOPT_FAST_OPEN	34
#define	TCPOLEN_FAST_OPEN_EMPTY	2
#define	TCPOPT_ACCECN0		172	/* ECT(0), CE, ECT(1) */
#define	TCPOPT_ACCECN1		174	/* ECT(1), CE, ECT(0) */
#define	TCPOLEN_ACCECN_COUNTER	3	/* bytes of each */
#define	TCPOPT_EXPERIMENT	254	/* RFC 6994: then who uses it */
#define	TCPEXID_FAST_OPEN	0xf989
#define	TCPOLEN_EXID		4

#define	TCP_MAXOLEN		40	/* bytes of options at most */
#define	TCP_MSS			536	/* when the peer says nothing (RFC 9293) */
#define	TCP_MINMSS		216
#define	TCP_MAXWIN		65535
#define	TCP_MAX_WINSHIFT	14

#define	TCP_NODELAY		1
#define	TCP_MAXSEG		2
#define	TCP_NOPUSH		4
#define	TCP_NOOPT		8
#define	TCP_MD5SIG		16
#define	TCP_INFO		32
#define	TCP_STATS		33
#define	TCP_IWND_NB		43
#define	TCP_IWND_NSEG		44
#define	TCP_CONGESTION		64
#define	TCP_CCALGOOPT		65
#define	TCP_MAXUNACKTIME	68
#define	TCP_REMOTE_UDP_ENCAPS_PORT 71
#define	TCP_DELACK		72
#define	TCP_KEEPINIT		128
#define	TCP_KEEPIDLE		256
#define	TCP_KEEPINTVL		512
#define	TCP_KEEPCNT		1024
#define	TCP_FASTOPEN		1025
#define	TCP_REUSPORT_LB_NUMA	1026
#define	TCP_REUSPORT_LB_NUMA_NODOM	(-2)
#define	TCP_REUSPORT_LB_NUMA_CURDOM	(-1)
#define	TCP_FUNCTION_BLK	8192
#define	TCP_FUNCTION_ALIAS	8193
/* Stackyard's own. */
#define	TCP_AO			16384
#define	TCP_AO_KEYS		16385

#define	TCP_CA_NAME_MAX			16
#define	TCP_FUNCTION_NAME_LEN_MAX	32

struct tcp_function_set {
	char		function_set_name[TCP_FUNCTION_NAME_LEN_MAX];
	uint32_t	pcbcnt;
};

/* TCP_FASTOPEN takes an int, too: enable alone. */
#define	TCP_FASTOPEN_MIN_COOKIE_LEN	4
#define	TCP_FASTOPEN_MAX_COOKIE_LEN	16
#define	TCP_FASTOPEN_PSK_LEN		16
struct tcp_fastopen {
	int		enable;
	uint8_t		psk[TCP_FASTOPEN_PSK_LEN];
};

/*
 * TCP_AO_KEYS: KeyIDs.  Read, -1: none so far.  Written, -1: leave it; the
 * peer's are not read.
 */
struct tcp_ao_keys {
	int		tak_current;	/* what we sign with */
	int		tak_rnext;	/* what the peer is asked to use */
	int		tak_peer_key;	/* what it uses */
	int		tak_peer_rnext;	/* what it asks for */
};

#define	TCPI_OPT_TIMESTAMPS	0x01
#define	TCPI_OPT_SACK		0x02
#define	TCPI_OPT_WSCALE		0x04
#define	TCPI_OPT_ECN		0x08
#define	TCPI_OPT_TOE		0x10
#define	TCPI_OPT_TFO		0x20
#define	TCPI_OPT_ACE		0x40

/* What TCP_INFO answers.  Times in microseconds, sizes in bytes. */
struct tcp_info {
	uint8_t		tcpi_state;
	uint8_t		__tcpi_ca_state;	/* 0 open, 3 recovery, 4 loss */
	uint8_t		__tcpi_retransmits;	/* timeouts in a row */
	uint8_t		__tcpi_probes;		/* unanswered probes */
	uint8_t		__tcpi_backoff;
	uint8_t		tcpi_options;
	uint8_t		tcpi_snd_wscale:4, tcpi_rcv_wscale:4;

	uint32_t	tcpi_rto;
	uint32_t	__tcpi_ato;
	uint32_t	tcpi_snd_mss;
	uint32_t	tcpi_rcv_mss;

	uint32_t	__tcpi_unacked;
	uint32_t	__tcpi_sacked;
	uint32_t	__tcpi_lost;
	uint32_t	__tcpi_retrans;		/* in flight again */
	uint32_t	__tcpi_fackets;

	uint32_t	__tcpi_last_data_sent;
	uint32_t	__tcpi_last_ack_sent;
	uint32_t	tcpi_last_data_recv;
	uint32_t	__tcpi_last_ack_recv;

	uint32_t	__tcpi_pmtu;
	uint32_t	__tcpi_rcv_ssthresh;
	uint32_t	tcpi_rtt;
	uint32_t	tcpi_rttvar;
	uint32_t	tcpi_snd_ssthresh;
	uint32_t	tcpi_snd_cwnd;
	uint32_t	__tcpi_advmss;
	uint32_t	__tcpi_reordering;

	uint32_t	__tcpi_rcv_rtt;
	uint32_t	tcpi_rcv_space;

	uint32_t	tcpi_snd_wnd;
	uint32_t	tcpi_snd_bwnd;
	uint32_t	tcpi_snd_nxt;
	uint32_t	tcpi_rcv_nxt;
	uint32_t	tcpi_toe_tid;
	uint32_t	tcpi_snd_rexmitpack;	/* segments sent again */
	uint32_t	tcpi_rcv_ooopack;
	uint32_t	tcpi_snd_zerowin;

	uint32_t	tcpi_delivered_ce;
	uint32_t	tcpi_received_ce;
	uint32_t	__tcpi_delivered_e1_bytes;
	uint32_t	__tcpi_delivered_e0_bytes;
	uint32_t	__tcpi_delivered_ce_bytes;
	uint32_t	__tcpi_received_e1_bytes;
	uint32_t	__tcpi_received_e0_bytes;
	uint32_t	__tcpi_received_ce_bytes;

	uint32_t	tcpi_total_tlp;
	uint64_t	tcpi_total_tlp_bytes;

	uint32_t	tcpi_snd_una;
	uint32_t	tcpi_snd_max;
	uint32_t	tcpi_rcv_numsacks;
	uint32_t	tcpi_rcv_adv;
	uint32_t	tcpi_dupacks;
	uint32_t	tcpi_rttmin;
	uint32_t	__tcpi_pad[14];
};
#endif /* _KERNEL */

#endif /* !_STACKYARD_NETINET_TCP_H_ */
