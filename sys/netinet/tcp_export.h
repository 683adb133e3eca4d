/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What TCP's variables carry to and from other programs: netstat(1),
 * tcpdrop(8), tcpsso(8), and whoever reads the same variables.
 *
 * Both sides include this file, the stack and programs of the host, so it
 * stands on <stdint.h> alone: integers of fixed width, in the machine's
 * order, no pointers, no type that two systems lay out differently.  The
 * names are FreeBSD's where FreeBSD has the thing.
 *
 *	net.inet.tcp.pcblist	xinpgen, xtcpcb..., xinpgen
 *	net.inet.tcp.pcbpage	the same, in pieces: write a struct xpcbpage
 *	net.inet.tcp.stats	tcpstat
 *	net.inet.tcp.states	uint64_t[TCP_XSTATES]
 *	net.inet.tcp.drop	write a struct xin_conninfo
 *	net.inet.tcp.getcred	the same, and read a struct xucred
 *	net.inet.tcp.setsockopt	write a struct sockopt_parameters
 *	net.inet.tcp.function_info	tcp_function_info...
 *
 * Each record that is listed begins with its length, by which a reader
 * finds the next: members may join at the end.
 */
#ifndef _STACKYARD_NETINET_TCP_EXPORT_H_
#define	_STACKYARD_NETINET_TCP_EXPORT_H_

#include <stdint.h>

#define	TCP_XNAMELEN	32	/* TCP_FUNCTION_NAME_LEN_MAX */
#define	TCP_XCCLEN	16	/* TCP_CA_NAME_MAX */
#define	TCP_XSTATES	11	/* TCP_NSTATES */
#define	TCP_XCOMMLEN	20	/* VNET_COMMLEN */

/* Two ends.  Addresses in network order, IPv4 as ::ffff:a.b.c.d. */
struct xin_conninfo {
	uint8_t		xic_faddr[16];	/* foreign */
	uint8_t		xic_laddr[16];	/* local */
	uint16_t	xic_fport;	/* host order */
	uint16_t	xic_lport;
	uint32_t	xic_scope;	/* link-local: interface index */
};

/*
 * Before a list, and after it: the generation then.  If the two differ,
 * connections came or went while the list was made (of pages: between
 * them).
 */
struct xinpgen {
	uint32_t	xig_len;	/* of this record */
	uint32_t	xig_count;	/* connections and listeners */
	uint64_t	xig_gen;	/* grows as they come and go */
};

/* Which part of the list is wanted: at most xpp_max of those younger than
 * the one with inp_gencnt xpp_after (0: from the first). */
struct xpcbpage {
	uint64_t	xpp_after;
	uint32_t	xpp_max;
	uint32_t	xpp_pad;
};

struct xsockbuf {
	uint32_t	sb_cc;		/* bytes there */
	uint32_t	sb_hiwat;
	uint32_t	sb_lowat;
	uint32_t	sb_mbcnt;	/* memory, bytes */
	uint32_t	sb_mbmax;
};

/* A connection or a listener.  Times in milliseconds, 0 for a timer that
 * does not run. */
struct xtcpcb {
	uint32_t	xt_len;		/* of this record */
	uint32_t	inp_vflag;	/* XINP_* */
	uint64_t	inp_gencnt;	/* its number, never used again */
	struct xin_conninfo inp_inc;
	uint32_t	so_options;	/* FreeBSD's SO_* */
	uint32_t	so_qlen;	/* complete, not accepted */
	uint32_t	so_incqlen;	/* handshakes open */
	uint32_t	so_qlimit;
	struct xsockbuf	so_rcv;
	struct xsockbuf	so_snd;
	int32_t		t_state;	/* TCPS_*, 0 (CLOSED) to 10 */
	uint32_t	t_flags;
	uint32_t	t_sndzerowin;
	uint32_t	t_sndrexmitpack;
	uint32_t	t_rcvoopack;
	uint32_t	tt_rexmt;
	uint32_t	tt_persist;
	uint32_t	tt_keep;
	uint32_t	tt_2msl;
	uint32_t	tt_delack;
	uint32_t	t_rcvtime;	/* since the last segment came */
	uint32_t	t_snd_cwnd;	/* bytes */
	uint32_t	t_snd_ssthresh;
	uint32_t	t_maxseg;
	uint32_t	t_rcv_wnd;
	uint32_t	t_snd_wnd;
	uint32_t	t_srtt;		/* microseconds */
	uint32_t	t_rttvar;
	uint32_t	xt_ecn;		/* 0 no, 1 RFC 3168, 2 accurate */
	char		xt_stack[TCP_XNAMELEN];
	char		xt_cc[TCP_XCCLEN];
	/* The owner; a pid of 0: not known. */
	int32_t		so_pid;
	uint32_t	so_uid;
	int32_t		so_fd;		/* -1: no descriptor leads to it */
	char		so_comm[TCP_XCOMMLEN];
	uint32_t	xt_pad;
};
/* Numbers from here on are places: of connections in TIME_WAIT without a
 * socket, and of handshakes that peers have begun. */
#define	XINP_TIMEWAIT	(UINT64_C(1) << 62)
#define	XINP_HANDSHAKE	(UINT64_C(1) << 63)

#define	XINP_IPV4	0x1
#define	XINP_IPV6	0x2

/* Who owns the connection between the ends that are written to
 * net.inet.tcp.getcred. */
struct xucred {
	uint32_t	cr_version;	/* XUCRED_VERSION */
	uint32_t	cr_uid;
	uint32_t	cr_gid;
	int32_t		cr_pid;
};
#define	XUCRED_VERSION	0

/* Set an option of the connection with number sop_id or, if that is 0, the
 * one between sop_inc's ends.  The value follows. */
struct sockopt_parameters {
	struct xin_conninfo sop_inc;
	uint64_t	sop_id;
	int32_t		sop_level;	/* FreeBSD's numbers */
	int32_t		sop_optname;
	char		sop_optval[];
};

struct tcp_function_info {
	uint32_t	tfi_refcnt;	/* connections that use it */
	uint32_t	tfi_id;
	char		tfi_name[TCP_XNAMELEN];	/* of the block */
	char		tfi_alias[TCP_XNAMELEN]; /* this one of its names */
};

/* What TCP has counted: every counter of FreeBSD's by its name, and two of
 * our own. */
struct tcpstat {
	/* Connections. */
	uint64_t	tcps_connattempt;	/* begun here */
	uint64_t	tcps_accepts;		/* begun by the peer */
	uint64_t	tcps_connects;		/* established */
	uint64_t	tcps_drops;		/* ended by an error */
	uint64_t	tcps_conndrops;		/* before they were established */
	uint64_t	tcps_minmssdrops;	/* segments too small on average */
	uint64_t	tcps_closed;
	/* Round trips and timers. */
	uint64_t	tcps_segstimed;		/* ACKs that could be timed */
	uint64_t	tcps_rttupdated;
	uint64_t	tcps_delack;		/* ACKs sent late */
	uint64_t	tcps_timeoutdrop;
	uint64_t	tcps_rexmttimeo;
	uint64_t	tcps_persisttimeo;
	uint64_t	tcps_keeptimeo;
	uint64_t	tcps_keepprobe;
	uint64_t	tcps_keepdrops;
	uint64_t	tcps_progdrops;		/* TCP_MAXUNACKTIME */
	/* Sent. */
	uint64_t	tcps_sndtotal;
	uint64_t	tcps_sndpack;		/* data, for the first time */
	uint64_t	tcps_sndbyte;
	uint64_t	tcps_sndrexmitpack;
	uint64_t	tcps_sndrexmitbyte;
	uint64_t	tcps_sndrexmitbad;	/* timeouts undone */
	uint64_t	tcps_sndacks;		/* nothing but an ACK */
	uint64_t	tcps_sndprobe;
	uint64_t	tcps_sndurg;
	uint64_t	tcps_sndwinup;
	uint64_t	tcps_sndctrl;		/* SYN, FIN, RST */
	/* Received. */
	uint64_t	tcps_rcvtotal;
	uint64_t	tcps_rcvpack;		/* data in order */
	uint64_t	tcps_rcvbyte;
	uint64_t	tcps_rcvbadsum;
	uint64_t	tcps_rcvbadoff;
	uint64_t	tcps_rcvreassfull;
	uint64_t	tcps_rcvshort;
	uint64_t	tcps_rcvduppack;
	uint64_t	tcps_rcvdupbyte;
	uint64_t	tcps_rcvpartduppack;
	uint64_t	tcps_rcvpartdupbyte;
	uint64_t	tcps_rcvoopack;
	uint64_t	tcps_rcvoobyte;
	uint64_t	tcps_rcvpackafterwin;
	uint64_t	tcps_rcvbyteafterwin;
	uint64_t	tcps_rcvafterclose;
	uint64_t	tcps_rcvwinprobe;
	uint64_t	tcps_rcvdupack;
	uint64_t	tcps_rcvacktoomuch;	/* of what was never sent */
	uint64_t	tcps_rcvghostack;	/* never sent, before it was up */
	uint64_t	tcps_rcvacktooold;
	uint64_t	tcps_rcvackpack;	/* that acknowledge data */
	uint64_t	tcps_rcvackbyte;
	uint64_t	tcps_rcvwinupd;
	uint64_t	tcps_pawsdrop;
	uint64_t	tcps_predack;		/* pure ACKs, expected */
	uint64_t	tcps_preddat;		/* pure data, expected */
	uint64_t	tcps_pcbcachemiss;
	/* The host cache. */
	uint64_t	tcps_cachedrtt;
	uint64_t	tcps_cachedrttvar;
	uint64_t	tcps_cachedssthresh;
	uint64_t	tcps_usedrtt;
	uint64_t	tcps_usedrttvar;
	uint64_t	tcps_usedssthresh;
	/* More of connections. */
	uint64_t	tcps_persistdrop;
	uint64_t	tcps_badsyn;		/* SYN in the window */
	uint64_t	tcps_mturesent;		/* sent again for a smaller MTU */
	uint64_t	tcps_listendrop;	/* listen queue full */
	uint64_t	tcps_badrst;		/* ignored resets */
	/* The SYN cache. */
	uint64_t	tcps_sc_added;
	uint64_t	tcps_sc_retransmitted;
	uint64_t	tcps_sc_dupsyn;
	uint64_t	tcps_sc_dropped;
	uint64_t	tcps_sc_completed;
	uint64_t	tcps_sc_bucketoverflow;
	uint64_t	tcps_sc_cacheoverflow;
	uint64_t	tcps_sc_reset;
	uint64_t	tcps_sc_stale;
	uint64_t	tcps_sc_aborted;
	uint64_t	tcps_sc_badack;
	uint64_t	tcps_sc_unreach;
	uint64_t	tcps_sc_zonefail;
	uint64_t	tcps_sc_sendcookie;
	uint64_t	tcps_sc_recvcookie;
	uint64_t	tcps_sc_spurcookie;
	uint64_t	tcps_sc_failcookie;
	/* The host cache. */
	uint64_t	tcps_hc_added;
	uint64_t	tcps_hc_bucketoverflow;
	uint64_t	tcps_finwait2_drops;
	/* Selective acknowledgment. */
	uint64_t	tcps_sack_recovery_episode;
	uint64_t	tcps_sack_rexmits;
	uint64_t	tcps_sack_rexmits_tso;	/* of these, large ones */
	uint64_t	tcps_sack_rexmit_bytes;
	uint64_t	tcps_sack_rcv_blocks;	/* segments with the option */
	uint64_t	tcps_sack_send_blocks;
	uint64_t	tcps_sack_lostrexmt;
	uint64_t	tcps_sack_sboverflow;
	/* Congestion notification: received, then sent. */
	uint64_t	tcps_ecn_rcvce;
	uint64_t	tcps_ecn_rcvect0;
	uint64_t	tcps_ecn_rcvect1;
	uint64_t	tcps_ecn_shs;		/* handshakes */
	uint64_t	tcps_ecn_rcwnd;		/* reductions */
	uint64_t	tcps_ecn_sndect0;
	uint64_t	tcps_ecn_sndect1;
	uint64_t	tcps_ace_nect;
	uint64_t	tcps_ace_ect1;
	uint64_t	tcps_ace_ect0;
	uint64_t	tcps_ace_ce;
	/* TCP-MD5. */
	uint64_t	tcps_sig_rcvgoodsig;
	uint64_t	tcps_sig_rcvbadsig;
	uint64_t	tcps_sig_err_buildsig;
	uint64_t	tcps_sig_err_sigopts;
	uint64_t	tcps_sig_err_nosigopt;
	/* Black holes on the path. */
	uint64_t	tcps_pmtud_blackhole_activated;
	uint64_t	tcps_pmtud_blackhole_activated_min_mss;
	uint64_t	tcps_pmtud_blackhole_failed;
	/* TCP over UDP. */
	uint64_t	tcps_tunneled_pkts;
	uint64_t	tcps_tunneled_errs;
	/* Duplicate SACKs received. */
	uint64_t	tcps_dsack_count;
	uint64_t	tcps_dsack_bytes;
	uint64_t	tcps_dsack_tlp_bytes;
	uint64_t	tcps_dsack_tlp_count;
	/* TIME_WAIT. */
	uint64_t	tcps_tw_recycles;	/* SYNs that opened anew */
	uint64_t	tcps_tw_resets;
	uint64_t	tcps_tw_responds;	/* ACKs sent */
	/* Tail loss probes. */
	uint64_t	tcps_tlpresends;
	uint64_t	tcps_tlpresend_bytes;
	/* Ours. */
	uint64_t	tcps_chack_sent;	/* challenge ACKs */
	uint64_t	tcps_nomem;		/* output put off for lack of it */
	uint64_t	tcps_pmtud_probes;	/* RFC 4821 probes sent */
	/* Fast open, server then client. */
	uint64_t	tcps_tfo_cookies;	/* given to who asked */
	uint64_t	tcps_tfo_valid;		/* SYNs that opened at once */
	uint64_t	tcps_tfo_invalid;	/* with a cookie not ours */
	uint64_t	tcps_tfo_overflow;	/* while too many are pending */
	uint64_t	tcps_tfo_requests;	/* SYNs that ask for a cookie */
	uint64_t	tcps_tfo_syntext;	/* SYNs with a cookie and text */
	uint64_t	tcps_tfo_acked;		/* whose text was taken */
	uint64_t	tcps_tfo_disabled;	/* paths disabled */
};

#endif /* !_STACKYARD_NETINET_TCP_EXPORT_H_ */
