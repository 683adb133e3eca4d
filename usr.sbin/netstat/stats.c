/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * netstat -s: what a protocol has counted, line by line in FreeBSD's words.
 *
 * The tables below say it all: how deep a line is indented, its counters
 * with their names in JSON, and its words, in which
 *
 *	%u	stands for the second counter (the first leads the line)
 *	%s %y %e	for the ending, if the counter before is not 1, of
 *		"packets", "entries" (or "entry") and "misses"
 *
 * With -ss a line whose counters are all 0 is left out.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netinet/ip_export.h"
#include "netstat.h"

#define	NONE	UINT16_MAX

struct line {
	uint8_t		l_depth;
	uint16_t	l_off[2];	/* of the counters; NONE: no such */
	const char	*l_name[2];	/* in JSON; of a group */
	const char	*l_words;
};
#define	ONE(depth, member, name, words)					\
	{ depth, { offsetof(STRUCT, member), NONE }, { name, NULL }, words }
#define	TWO(depth, m1, name1, m2, name2, words)				\
	{ depth, { offsetof(STRUCT, m1), offsetof(STRUCT, m2) },	\
	    { name1, name2 }, words }
#define	GROUP(name)	{ 0, { NONE, NONE }, { name, NULL }, NULL }
#define	END_GROUP	{ 0, { NONE, NONE }, { NULL, NULL }, NULL }

#define	STRUCT	struct tcpstat
static const struct line tcp_lines[] = {
	ONE(0, tcps_sndtotal, "sent-packets",
	    "packet%s sent"),
	TWO(1, tcps_sndpack, "sent-data-packets",
	    tcps_sndbyte, "sent-data-bytes",
	    "data packet%s (%u byte%s)"),
	TWO(1, tcps_sndrexmitpack, "sent-retransmitted-packets",
	    tcps_sndrexmitbyte, "sent-retransmitted-bytes",
	    "data packet%s (%u byte%s) retransmitted"),
	ONE(1, tcps_sndrexmitbad, "sent-unnecessary-retransmitted-packets",
	    "data packet%s unnecessarily retransmitted"),
	ONE(1, tcps_mturesent, "sent-resends-by-mtu-discovery",
	    "resend%s initiated by MTU discovery"),
	TWO(1, tcps_sndacks, "sent-ack-only-packets",
	    tcps_delack, "sent-packets-delayed",
	    "ack-only packet%s (%u delayed)"),
	ONE(1, tcps_sndurg, "sent-urg-only-packets",
	    "URG only packet%s"),
	ONE(1, tcps_sndprobe, "sent-window-probe-packets",
	    "window probe packet%s"),
	ONE(1, tcps_sndwinup, "sent-window-update-packets",
	    "window update packet%s"),
	ONE(1, tcps_sndctrl, "sent-control-packets",
	    "control packet%s"),
	ONE(0, tcps_rcvtotal, "received-packets",
	    "packet%s received"),
	TWO(1, tcps_rcvackpack, "received-ack-packets",
	    tcps_rcvackbyte, "received-ack-bytes",
	    "ack%s (for %u byte%s)"),
	ONE(1, tcps_rcvdupack, "received-duplicate-acks",
	    "duplicate ack%s"),
	ONE(1, tcps_tunneled_pkts, "received-udp-tunneled-pkts",
	    "UDP tunneled pkt%s"),
	ONE(1, tcps_tunneled_errs, "received-bad-udp-tunneled-pkts",
	    "UDP tunneled pkt cnt with error%s"),
	ONE(1, tcps_rcvacktoomuch, "received-acks-for-unsent-data",
	    "ack%s for unsent data"),
	ONE(1, tcps_rcvghostack, "received-ghost-acks",
	    "ack%s for data not yet sent during connection setup"),
	ONE(1, tcps_rcvacktooold, "received-too-old-acks",
	    "ack%s for data acknowledged long ago"),
	TWO(1, tcps_rcvpack, "received-in-sequence-packets",
	    tcps_rcvbyte, "received-in-sequence-bytes",
	    "packet%s (%u byte%s) received in-sequence"),
	TWO(1, tcps_rcvduppack, "received-completely-duplicate-packets",
	    tcps_rcvdupbyte, "received-completely-duplicate-bytes",
	    "completely duplicate packet%s (%u byte%s)"),
	ONE(1, tcps_pawsdrop, "received-old-duplicate-packets",
	    "old duplicate packet%s"),
	TWO(1, tcps_rcvpartduppack, "received-some-duplicate-packets",
	    tcps_rcvpartdupbyte, "received-some-duplicate-bytes",
	    "packet%s with some dup. data (%u byte%s duped)"),
	TWO(1, tcps_rcvoopack, "received-out-of-order-packets",
	    tcps_rcvoobyte, "received-out-of-order-bytes",
	    "out-of-order packet%s (%u byte%s)"),
	TWO(1, tcps_rcvpackafterwin, "received-after-window-packets",
	    tcps_rcvbyteafterwin, "received-after-window-bytes",
	    "packet%s (%u byte%s) of data after window"),
	ONE(1, tcps_rcvwinprobe, "received-window-probes",
	    "window probe%s"),
	ONE(1, tcps_rcvwinupd, "receive-window-update-packets",
	    "window update packet%s"),
	ONE(1, tcps_rcvafterclose, "received-after-close-packets",
	    "packet%s received after close"),
	ONE(1, tcps_rcvbadsum, "discard-bad-checksum",
	    "discarded for bad checksum%s"),
	ONE(1, tcps_rcvbadoff, "discard-bad-header-offset",
	    "discarded for bad header offset field%s"),
	ONE(1, tcps_rcvshort, "discard-too-short",
	    "discarded because packet too short"),
	ONE(1, tcps_rcvreassfull, "discard-reassembly-queue-full",
	    "discarded due to full reassembly queue"),
	ONE(0, tcps_connattempt, "connection-requests",
	    "connection request%s"),
	ONE(0, tcps_accepts, "connections-accepts",
	    "connection accept%s"),
	ONE(0, tcps_badsyn, "bad-connection-attempts",
	    "bad connection attempt%s"),
	ONE(0, tcps_listendrop, "listen-queue-overflows",
	    "listen queue overflow%s"),
	ONE(0, tcps_badrst, "ignored-in-window-resets",
	    "ignored RSTs in the window%s"),
	ONE(0, tcps_connects, "connections-established",
	    "connection%s established (including accepts)"),
	ONE(1, tcps_usedrtt, "connections-hostcache-rtt",
	    "time%s used RTT from hostcache"),
	ONE(1, tcps_usedrttvar, "connections-hostcache-rttvar",
	    "time%s used RTT variance from hostcache"),
	ONE(1, tcps_usedssthresh, "connections-hostcache-ssthresh",
	    "time%s used slow-start threshold from hostcache"),
	TWO(0, tcps_closed, "connections-closed",
	    tcps_drops, "connection-drops",
	    "connection%s closed (including %u drop%s)"),
	ONE(1, tcps_cachedrtt, "connections-updated-rtt-on-close",
	    "connection%s updated cached RTT on close"),
	ONE(1, tcps_cachedrttvar, "connections-updated-variance-on-close",
	    "connection%s updated cached RTT variance on close"),
	ONE(1, tcps_cachedssthresh, "connections-updated-ssthresh-on-close",
	    "connection%s updated cached ssthresh on close"),
	ONE(0, tcps_conndrops, "embryonic-connections-dropped",
	    "embryonic connection%s dropped"),
	TWO(0, tcps_rttupdated, "segments-updated-rtt",
	    tcps_segstimed, "segment-update-attempts",
	    "segment%s updated rtt (of %u attempt%s)"),
	ONE(0, tcps_rexmttimeo, "retransmit-timeouts",
	    "retransmit timeout%s"),
	ONE(1, tcps_timeoutdrop, "connections-dropped-by-retransmit-timeout",
	    "connection%s dropped by rexmit timeout"),
	ONE(0, tcps_persisttimeo, "persist-timeout",
	    "persist timeout%s"),
	ONE(1, tcps_persistdrop, "connections-dropped-by-persist-timeout",
	    "connection%s dropped by persist timeout"),
	ONE(1, tcps_progdrops, "connections-dropped-due-to-progress-time",
	    "connection%s dropped due to progress timeout"),
	ONE(0, tcps_finwait2_drops, "connections-dropped-by-finwait2-timeout",
	    "Connection%s (fin_wait_2) dropped because of timeout"),
	ONE(0, tcps_keeptimeo, "keepalive-timeout",
	    "keepalive timeout%s"),
	ONE(1, tcps_keepprobe, "keepalive-probes",
	    "keepalive probe%s sent"),
	ONE(1, tcps_keepdrops, "connections-dropped-by-keepalives",
	    "connection%s dropped by keepalive"),
	ONE(0, tcps_predack, "ack-header-predictions",
	    "correct ACK header prediction%s"),
	ONE(0, tcps_preddat, "data-packet-header-predictions",
	    "correct data packet header prediction%s"),
	GROUP("syncache"),
	ONE(0, tcps_sc_added, "entries-added",
	    "syncache entr%y added"),
	ONE(1, tcps_sc_retransmitted, "retransmitted",
	    "retransmitted"),
	ONE(1, tcps_sc_dupsyn, "duplicates",
	    "dupsyn"),
	ONE(1, tcps_sc_dropped, "dropped",
	    "dropped"),
	ONE(1, tcps_sc_completed, "completed",
	    "completed"),
	ONE(1, tcps_sc_bucketoverflow, "bucket-overflow",
	    "bucket overflow"),
	ONE(1, tcps_sc_cacheoverflow, "cache-overflow",
	    "cache overflow"),
	ONE(1, tcps_sc_reset, "reset",
	    "reset"),
	ONE(1, tcps_sc_stale, "stale",
	    "stale"),
	ONE(1, tcps_sc_aborted, "aborted",
	    "aborted"),
	ONE(1, tcps_sc_badack, "bad-ack",
	    "badack"),
	ONE(1, tcps_sc_unreach, "unreachable",
	    "unreach"),
	ONE(1, tcps_sc_zonefail, "zone-failures",
	    "zone failure%s"),
	ONE(0, tcps_sc_sendcookie, "sent-cookies",
	    "cookie%s sent"),
	ONE(0, tcps_sc_recvcookie, "received-cookies",
	    "cookie%s received"),
	ONE(0, tcps_sc_spurcookie, "spurious-cookies",
	    "spurious cookie%s rejected"),
	ONE(0, tcps_sc_failcookie, "failed-cookies",
	    "failed cookie%s rejected"),
	END_GROUP,
	GROUP("hostcache"),
	ONE(0, tcps_hc_added, "entries-added",
	    "hostcache entr%y added"),
	ONE(1, tcps_hc_bucketoverflow, "buffer-overflows",
	    "bucket overflow"),
	END_GROUP,
	GROUP("sack"),
	ONE(0, tcps_sack_recovery_episode, "recovery-episodes",
	    "SACK recovery episode%s"),
	ONE(0, tcps_sack_rexmits, "segment-retransmits",
	    "segment rexmit%s in SACK recovery episodes"),
	ONE(0, tcps_sack_rexmits_tso, "tso-chunk-retransmits",
	    "tso chunk rexmit%s in SACK recovery episodes"),
	ONE(0, tcps_sack_rexmit_bytes, "byte-retransmits",
	    "byte rexmit%s in SACK recovery episodes"),
	ONE(0, tcps_sack_rcv_blocks, "received-blocks",
	    "SACK option%s (SACK blocks) received"),
	ONE(0, tcps_sack_send_blocks, "sent-option-blocks",
	    "SACK option%s (SACK blocks) sent"),
	ONE(0, tcps_sack_lostrexmt, "lost-retransmissions",
	    "SACK retransmission%s lost"),
	ONE(0, tcps_sack_sboverflow, "scoreboard-overflows",
	    "SACK scoreboard overflow%s"),
	END_GROUP,
	GROUP("ecn"),
	ONE(0, tcps_ecn_rcvce, "received-ce-packets",
	    "packet%s received with ECN CE bit set"),
	ONE(0, tcps_ecn_rcvect0, "received-ect0-packets",
	    "packet%s received with ECN ECT(0) bit set"),
	ONE(0, tcps_ecn_rcvect1, "received-ect1-packets",
	    "packet%s received with ECN ECT(1) bit set"),
	ONE(0, tcps_ecn_sndect0, "sent-ect0-packets",
	    "packet%s sent with ECN ECT(0) bit set"),
	ONE(0, tcps_ecn_sndect1, "sent-ect1-packets",
	    "packet%s sent with ECN ECT(1) bit set"),
	ONE(0, tcps_ecn_shs, "handshakes",
	    "successful ECN handshake%s"),
	ONE(0, tcps_ecn_rcwnd, "congestion-reductions",
	    "time%s ECN reduced the congestion window"),
	ONE(0, tcps_ace_nect, "ace-nonect-syn",
	    "ACE SYN packet%s with Non-ECT"),
	ONE(0, tcps_ace_ect0, "ace-ect0-syn",
	    "ACE SYN packet%s with ECT0"),
	ONE(0, tcps_ace_ect1, "ace-ect1-syn",
	    "ACE SYN packet%s with ECT1"),
	ONE(0, tcps_ace_ce, "ace-ce-syn",
	    "ACE SYN packet%s with CE"),
	END_GROUP,
	GROUP("tcp-signature"),
	ONE(0, tcps_sig_rcvgoodsig, "received-good-signature",
	    "packet%s with matching signature received"),
	ONE(0, tcps_sig_rcvbadsig, "received-bad-signature",
	    "packet%s with bad signature received"),
	ONE(0, tcps_sig_err_buildsig, "failed-make-signature",
	    "time%s failed to make signature due to no SA"),
	ONE(0, tcps_sig_err_sigopts, "no-signature-expected",
	    "time%s unexpected signature received"),
	ONE(0, tcps_sig_err_nosigopt, "no-signature-provided",
	    "time%s no signature provided by segment"),
	END_GROUP,
	GROUP("pmtud"),
	ONE(0, tcps_pmtud_blackhole_activated, "pmtud-activated",
	    "Path MTU discovery black hole detection activation%s"),
	ONE(0, tcps_pmtud_blackhole_activated_min_mss,
	    "pmtud-activated-min-mss",
	    "Path MTU discovery black hole detection min MSS activation%s"),
	ONE(0, tcps_pmtud_blackhole_failed, "pmtud-failed",
	    "Path MTU discovery black hole detection failure%s"),
	END_GROUP,
	GROUP("tw"),
	ONE(0, tcps_tw_responds, "tw_responds",
	    "time%s connection in TIME-WAIT responded with ACK"),
	ONE(0, tcps_tw_recycles, "tw_recycles",
	    "time%s connection in TIME-WAIT was actively recycled"),
	ONE(0, tcps_tw_resets, "tw_resets",
	    "time%s connection in TIME-WAIT responded with RST"),
	END_GROUP,
	GROUP("dsack"),
	ONE(0, tcps_dsack_count, "received-dsacks",
	    "duplicate SACK%s received"),
	ONE(0, tcps_dsack_bytes, "received-dsack-bytes",
	    "byte%s reported by duplicate SACKs"),
	ONE(0, tcps_dsack_tlp_count, "received-tlp-dsacks",
	    "duplicate SACK%s of tail loss probes received"),
	ONE(0, tcps_dsack_tlp_bytes, "received-tlp-dsack-bytes",
	    "byte%s of tail loss probes reported by duplicate SACKs"),
	END_GROUP,
	GROUP("tlp"),
	ONE(0, tcps_tlpresends, "sent-probes",
	    "tail loss probe%s sent"),
	ONE(0, tcps_tlpresend_bytes, "sent-probe-bytes",
	    "byte%s sent as tail loss probes"),
	END_GROUP,
	ONE(0, tcps_minmssdrops, "connections-dropped-by-minmss",
	    "connection%s dropped for too small segments"),
	ONE(0, tcps_pcbcachemiss, "pcb-cache-misses",
	    "connection cache miss%e"),
	ONE(0, tcps_chack_sent, "sent-challenge-acks",
	    "challenge ACK%s sent"),
	ONE(0, tcps_nomem, "delayed-by-memory",
	    "output%s delayed for lack of memory"),
	GROUP("fastopen"),
	ONE(0, tcps_tfo_cookies, "cookies-given",
	    "fast open cookie%s given"),
	ONE(0, tcps_tfo_valid, "accepted-syns",
	    "SYN%s with a right cookie opened at once"),
	ONE(0, tcps_tfo_invalid, "bad-cookies",
	    "SYN%s with a wrong cookie"),
	ONE(0, tcps_tfo_overflow, "overflows",
	    "SYN%s whose cookie was ignored, too many being pending"),
	ONE(0, tcps_tfo_requests, "cookie-requests",
	    "SYN%s sent that asked for a cookie"),
	ONE(0, tcps_tfo_syntext, "sent-syns-with-data",
	    "SYN%s sent with a cookie and data"),
	ONE(0, tcps_tfo_acked, "accepted-syns-with-data",
	    "SYN%s whose data was accepted"),
	ONE(0, tcps_tfo_disabled, "paths-disabled",
	    "path%s disabled for fast open"),
	END_GROUP,
};
#undef STRUCT

#define	STRUCT	struct ipstat
static const struct line ip_lines[] = {
	ONE(0, ips_total, "received-packets",
	    "total packet%s received"),
	ONE(1, ips_badsum, "dropped-bad-checksum",
	    "bad header checksum%s"),
	ONE(1, ips_tooshort, "dropped-below-minimum-size",
	    "with size smaller than minimum"),
	ONE(1, ips_badhlen, "dropped-bad-header-length",
	    "with header length < data size"),
	ONE(1, ips_badlen, "dropped-bad-data-length",
	    "with data length < header length"),
	ONE(1, ips_badoptions, "dropped-bad-options",
	    "with bad options"),
	ONE(1, ips_badvers, "dropped-bad-version",
	    "with incorrect version number"),
	ONE(1, ips_badaddr, "dropped-bad-addresses",
	    "with bad addresses"),
	ONE(1, ips_fragments, "received-fragments",
	    "fragment%s received"),
	ONE(1, ips_fragdropped, "dropped-fragments",
	    "fragment%s dropped (dup or out of space)"),
	ONE(1, ips_fragtimeout, "dropped-fragments-after-timeout",
	    "fragment%s dropped after timeout"),
	ONE(1, ips_reassembled, "reassembled-packets",
	    "packet%s reassembled ok"),
	ONE(1, ips_delivered, "received-local-packets",
	    "packet%s for this host"),
	ONE(1, ips_noproto, "dropped-unknown-protocol",
	    "packet%s for unknown/unsupported protocol"),
	ONE(1, ips_forward, "forwarded-packets",
	    "packet%s forwarded"),
	ONE(1, ips_cantforward, "packets-cannot-forward",
	    "packet%s not forwardable"),
	ONE(1, ips_localout, "sent-packets",
	    "packet%s sent from this host"),
	ONE(1, ips_odropped, "discard-output",
	    "output packet%s dropped"),
	ONE(1, ips_fragmented, "fragmented-packets",
	    "output datagram%s fragmented"),
	ONE(1, ips_ofragments, "fragments-created",
	    "fragment%s created"),
	ONE(1, ips_cantfrag, "fragments-failed",
	    "datagram%s that can't be fragmented"),
};
#undef STRUCT

#define	NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

static const struct proto {
	const char	*p_name;
	int		p_family;	/* 0: both */
	const char	*p_variable;
	size_t		p_size;
	const struct line *p_lines;
	size_t		p_nlines;
} protos[] = {
	{ "tcp", 0, "net.inet.tcp.stats", sizeof(struct tcpstat), tcp_lines,
	    NITEMS(tcp_lines) },
	{ "ip", 4, "net.inet.ip.stats", sizeof(struct ipstat), ip_lines,
	    NITEMS(ip_lines) },
	{ "ip6", 6, "net.inet6.ip6.stats", sizeof(struct ipstat), ip_lines,
	    NITEMS(ip_lines) }
};

bool
stats_has_proto(const char *name)
{
	size_t i;

	for (i = 0; i < NITEMS(protos); i++)
		if (strcmp(protos[i].p_name, name) == 0)
			return (true);
	return (false);
}

static uint64_t
counter(const char *stats, uint16_t off)
{
	uint64_t n;

	memcpy(&n, stats + off, sizeof(n));
	return (n);
}

/* A line's words, with n[0] in front. */
static void
say(const struct line *l, const uint64_t n[2])
{
	const char *p;
	uint64_t last = n[0];

	text("\t%s%" PRIu64 " ", l->l_depth != 0 ? "\t" : "", last);
	for (p = l->l_words; *p != '\0'; p++) {
		if (*p != '%') {
			text("%c", *p);
			continue;
		}
		switch (*++p) {
		case 'u':
			last = n[1];
			text("%" PRIu64, last);
			break;
		case 'y':
			text("%s", last == 1 ? "y" : "ies");
			break;
		case 'e':
			text("%s", last == 1 ? "" : "es");
			break;
		default:
			text("%s", last == 1 ? "" : "s");
			break;
		}
	}
	text("\n");
}

static void
show_line(const struct line *l, const char *stats, bool hide)
{
	uint64_t n[2] = { 0, 0 };
	int i;

	if (l->l_off[0] == NONE) {
		if (l->l_name[0] != NULL)
			json_open(l->l_name[0], '{');
		else
			json_close('}');
		return;
	}
	for (i = 0; i < 2 && l->l_off[i] != NONE; i++)
		n[i] = counter(stats, l->l_off[i]);
	if (hide && n[0] == 0 && n[1] == 0)
		return;
	for (i = 0; i < 2 && l->l_off[i] != NONE; i++)
		json_number(l->l_name[i], n[i]);
	say(l, n);
}

/* How many connections are in each state; these are no counters, so they
 * are not set to 0. */
static void
show_states(struct ysctl *y, bool hide)
{
	uint64_t n[TCP_XSTATES];
	size_t len = sizeof(n);
	int i;

	if (ysctlbyname(y, "net.inet.tcp.states", n, &len, NULL, 0) != 0 ||
	    len != sizeof(n))
		err(1, "net.inet.tcp.states");
	json_open("TCP connection count by state", '{');
	text("TCP connection count by state:\n");
	for (i = 0; i < TCP_XSTATES; i++) {
		if (hide && n[i] == 0)
			continue;
		json_number(pcb_states[i], n[i]);
		text("\t%" PRIu64 " connection%s in %s state\n", n[i],
		    n[i] == 1 ? "" : "s", pcb_states[i]);
	}
	json_close('}');
}

static void
show_proto(struct ysctl *y, const struct options *o, const struct proto *p)
{
	size_t i, len = p->p_size;
	char *stats, *zero;

	stats = calloc(2, p->p_size);
	if (stats == NULL)
		err(1, "%s", p->p_variable);
	zero = stats + p->p_size;
	if (ysctlbyname(y, p->p_variable, stats, &len, o->o_zero ? zero :
	    NULL, o->o_zero ? p->p_size : 0) != 0)
		err(1, "%s", p->p_variable);
	if (len != p->p_size)
		errx(1, "%s: the stack is of another version", p->p_variable);
	json_open(p->p_name, '{');
	text("%s:\n", p->p_name);
	for (i = 0; i < p->p_nlines; i++)
		show_line(&p->p_lines[i], stats, o->o_stats > 1);
	if (p->p_lines == tcp_lines)
		show_states(y, o->o_stats > 1);
	json_close('}');
	free(stats);
}

void
show_stats(struct ysctl *y, const struct options *o)
{
	size_t i;

	json_open("statistics", '{');
	for (i = 0; i < NITEMS(protos); i++)
		if (o->o_proto != NULL ?
		    strcmp(o->o_proto, protos[i].p_name) == 0 :
		    o->o_family == 0 || protos[i].p_family == 0 ||
		    protos[i].p_family == o->o_family)
			show_proto(y, o, &protos[i]);
	json_close('}');
}
