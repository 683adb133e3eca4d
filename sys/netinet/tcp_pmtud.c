/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The size of segments that the path takes, where ICMP does not tell it.
 *
 * Black holes (RFC 2923, 2.1).  A router drops what is too big, and its
 * errors do not come.  So if full segments time out again and again, the
 * segment size is lowered, twice for each:
 *
 *	timeouts in a row	1	2 3		4 5		6
 *	size			full	blackhole_mss	mssdflt, no DF	full
 *
 * and if none of them arrives size was not the reason.  A size that is not
 * larger than blackhole_mss goes to the default at once.
 *
 * Recovery.  Ten minutes after segments have become smaller, for this or an
 * ICMP error, the size that interface, route and peer allow is used again
 * (RFC 1191, 6.3): the path may be another one.
 *
 * Probing (RFC 4821), if net.inet.tcp.plpmtud asks for it, from the smaller
 * size or from blackhole_mss on: new text leaves now and then as one larger
 * segment.  It arrives: that is the size now.  It alone is lost, which SACK
 * tells: larger ones are not tried for ten minutes, its text goes again in
 * small segments, and nothing is made of the loss.  The first probe has all
 * that is possible, the others halve what is left,
 *
 *	 size    probe = (size + high) / 2    high
 *	   |------------------|-----------------|
 *	 arrives                        does not arrive
 *
 * until that is less than 16 bytes.  Like other text a probe is marked by
 * queues, counts as in flight and needs the window; enough must wait behind
 * it for its loss to be noticed by three SACKs.
 *
 * Touches: t_maxseg, t_flags2 and tu_pmtud of the connection, and of an ACK
 * the bytes found lost.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_pmtud.h>
#include <netinet/tcp_var.h>

MALLOC_DEFINE(M_TCPPMTUD, "tcppmtud", "TCP connections' segment sizes");

VNET_DEFINE_STATIC(int, pmtud_blackhole_detect) = 0;
#define	V_pmtud_blackhole_detect	VNET(pmtud_blackhole_detect)
VNET_DEFINE_STATIC(int, pmtud_blackhole_mss) = 1200;
#define	V_pmtud_blackhole_mss	VNET(pmtud_blackhole_mss)
VNET_DEFINE_STATIC(int, v6pmtud_blackhole_mss) = 1220;
#define	V_v6pmtud_blackhole_mss	VNET(v6pmtud_blackhole_mss)
VNET_DEFINE(int, plpmtud) = 0;

static int
sysctl_mode(SYSCTL_HANDLER_ARGS)
{
	return (sysctl_int_range(oidp, req, arg1, 0, (int)arg2));
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, pmtud_blackhole_detection,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(pmtud_blackhole_detect), 3, sysctl_mode, "I",
    "Make segments smaller when full ones time out: "
    "0 never, 1 always, 2 IPv4 only, 3 IPv6 only");
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, plpmtud,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(plpmtud), 2,
    sysctl_mode, "I",
    "Search for the path's segment size by larger segments (RFC 4821): "
    "0 never, 1 once it was lowered, 2 from pmtud_blackhole_mss on");

static int
sysctl_mss(SYSCTL_HANDLER_ARGS)
{
	return (sysctl_int_range(oidp, req, arg1, (int)arg2, 65535));
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, pmtud_blackhole_mss,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(pmtud_blackhole_mss),
    TCP_MINMSS, sysctl_mss, "I",
    "Segment size, in bytes, tried in a black hole, IPv4");
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, v6pmtud_blackhole_mss,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(v6pmtud_blackhole_mss), TCP_MINMSS, sysctl_mss, "I",
    "Segment size, in bytes, tried in a black hole, IPv6");

#define	PMTUD_AGAIN	(600 * NS_PER_SEC)	/* RFC 1191, 6.3 */
#define	PMTUD_STEP	16			/* bytes: near enough */
#define	PMTUD_BEHIND	4			/* segments behind a probe */

static bool
pmtud_is_v6(const struct tcpcb *tp)
{
	return (!IN6_IS_ADDR_V4MAPPED(&tp->t_inpcb.inp_faddr));
}

/* The size to fall back on. */
static int
pmtud_small(const struct tcpcb *tp)
{
	return (pmtud_is_v6(tp) ? V_v6pmtud_blackhole_mss :
	    V_pmtud_blackhole_mss);
}

static void
pmtud_size(struct tcpcb *tp, int mss)
{
	tp->t_maxseg = (uint16_t)mss;
	if (tp->t_fb->tfb_tcp_mtu_chg != NULL)
		tp->t_fb->tfb_tcp_mtu_chg(tp);
}

static struct tcp_pmtud *
pmtud_state(struct tcpcb *tp)
{
	struct tcp_userto *tu = tcp_userto(tp);

	if (tu == NULL)
		return (NULL);
	if (tu->tu_pmtud == NULL)
		tu->tu_pmtud = malloc(sizeof(*tu->tu_pmtud), M_TCPPMTUD,
		    M_NOWAIT | M_ZERO);
	if (tu->tu_pmtud != NULL)
		tp->t_flags2 |= TF2_PMTUD;
	return (tu->tu_pmtud);
}

void
tcp_pmtud_free(struct tcpcb *tp)
{
	if (tp->t_userto != NULL) {
		free(tp->t_userto->tu_pmtud, M_TCPPMTUD);
		tp->t_userto->tu_pmtud = NULL;
	}
	tp->t_flags2 &= ~(TF2_PMTUD | TF2_NODF | TF2_PLPMTU_BLACKHOLE);
}

void
tcp_pmtud_lowered(struct tcpcb *tp)
{
	struct tcp_pmtud *pm = pmtud_state(tp);

	/* If memory is short, it stays small. */
	if (pm == NULL)
		return;
	pm->pm_again = getnstime() + PMTUD_AGAIN;
	pm->pm_high = (uint16_t)tcp_path_mss(tp);
	pm->pm_probe = 0;
}

/* ---- Black holes ---- */

static bool
pmtud_detects(const struct tcpcb *tp)
{
	switch (V_pmtud_blackhole_detect) {
	case 1:
		return (true);
	case 2:
		return (!pmtud_is_v6(tp));
	case 3:
		return (pmtud_is_v6(tp));
	default:
		return (false);
	}
}

/* Was what timed out as large as segments are? */
static bool
pmtud_full(const struct tcpcb *tp)
{
	const struct tcp_sent *ts = TAILQ_FIRST(&tp->t_map);

	return (ts != NULL &&
	    ts->ts_end - ts->ts_start >= tcp_fixed_maxseg(tp));
}

static void
pmtud_lower(struct tcpcb *tp)
{
	int dflt = pmtud_is_v6(tp) ? V_tcp_v6mssdflt : V_tcp_mssdflt;

	if (tp->t_maxseg > pmtud_small(tp)) {
		pmtud_size(tp, pmtud_small(tp));
		TCPSTAT_INC(tcps_pmtud_blackhole_activated);
	} else {
		if (tp->t_maxseg > dflt)
			pmtud_size(tp, dflt);
		/* Whatever is in the way may cut them. */
		tp->t_flags2 |= TF2_NODF;
		tcp_head_forget(tp);
		TCPSTAT_INC(tcps_pmtud_blackhole_activated_min_mss);
	}
	tp->t_flags2 |= TF2_PLPMTU_BLACKHOLE;
	tcp_pmtud_lowered(tp);
}

void
tcp_pmtud_timeout(struct tcpcb *tp)
{
	if ((tp->t_flags2 & TF2_PMTUD) != 0)
		tp->t_userto->tu_pmtud->pm_probe = 0;	/* that tells nothing of it */
	if (!V_tcp_do_pmtud || !pmtud_detects(tp))
		return;
	if (tp->t_rxtshift == 2 || tp->t_rxtshift == 4) {
		if (pmtud_full(tp))
			pmtud_lower(tp);
	} else if (tp->t_rxtshift == 6 &&
	    (tp->t_flags2 & TF2_PLPMTU_BLACKHOLE) != 0) {
		pmtud_size(tp, tcp_path_mss(tp));
		tcp_pmtud_free(tp);
		TCPSTAT_INC(tcps_pmtud_blackhole_failed);
	}
}

/* ---- Probing ---- */

void
tcp_pmtud_established(struct tcpcb *tp)
{
	struct tcp_pmtud *pm;

	if (tp->t_maxseg <= pmtud_small(tp) ||
	    (tp->t_flags & TF_SACK_PERMIT) == 0 ||
	    (pm = pmtud_state(tp)) == NULL)
		return;
	pm->pm_high = tp->t_maxseg;
	pm->pm_again = getnstime() + PMTUD_AGAIN;
	pmtud_size(tp, pmtud_small(tp));
}

uint32_t
tcp_pmtud_probe(struct tcpcb *tp, uint32_t avail, uint32_t room,
    uint32_t optlen)
{
	const struct tcp_pmtud *pm = tp->t_userto->tu_pmtud;
	uint32_t len, path, size = tp->t_maxseg;

	if (V_plpmtud == 0 || pm->pm_probe != 0 ||
	    (tp->t_flags & TF_SACK_PERMIT) == 0 ||
	    (tp->t_flags & TF_FORCEDATA) != 0 ||
	    IN_RECOVERY(tp->t_flags) || (tp->t_flags2 & TF2_RTOLOSS) != 0 ||
	    tp->t_snd_lost != 0 || pm->pm_high < size + PMTUD_STEP)
		return (0);
	path = (uint32_t)tcp_path_mss(tp);
	len = MIN(path, pm->pm_high);
	/* All that is possible, unless that was too much. */
	if (len < path)
		len = (size + len + 1) / 2;
	if (len <= size)
		return (0);
	len -= optlen;
	return (room >= len + PMTUD_BEHIND * size &&
	    avail >= len + PMTUD_BEHIND * size ? len : 0);
}

void
tcp_pmtud_sent(struct tcpcb *tp, const struct tcp_sent *ts, uint32_t optlen)
{
	struct tcp_pmtud *pm = tp->t_userto->tu_pmtud;

	pm->pm_start = ts->ts_start;
	pm->pm_end = ts->ts_end;
	pm->pm_probe = (uint16_t)(ts->ts_end - ts->ts_start + optlen);
	TCPSTAT_INC(tcps_pmtud_probes);
}

void
tcp_pmtud_acked(struct tcpcb *tp, const struct tcp_acked *ta)
{
	struct tcp_pmtud *pm = tp->t_userto->tu_pmtud;

	if (pm->pm_probe != 0 && SEQ_GEQ(ta->ta_ack, pm->pm_end)) {
		if (pm->pm_probe > tp->t_maxseg)
			pmtud_size(tp, pm->pm_probe);
		pm->pm_probe = 0;
		if (tp->t_maxseg >= tcp_path_mss(tp)) {
			tcp_pmtud_free(tp);
			return;
		}
	}
	if (getnstime() < pm->pm_again || pm->pm_probe != 0)
		return;
	/* Try all of it again; by probes, if they are asked for. */
	if (V_plpmtud != 0) {
		tcp_pmtud_lowered(tp);
		return;
	}
	pmtud_size(tp, tcp_path_mss(tp));
	tcp_pmtud_free(tp);
}

/* The record that begins at the probe's start, if that is still there. */
static struct tcp_sent *
pmtud_record(struct tcpcb *tp)
{
	const tcp_seq start = tp->t_userto->tu_pmtud->pm_start;
	struct tcp_sent *ts;

	TAILQ_FOREACH(ts, &tp->t_map, ts_link)
		if (SEQ_GEQ(ts->ts_start, start))
			break;
	return (ts != NULL && ts->ts_start == start ? ts : NULL);
}

void
tcp_pmtud_lost(struct tcpcb *tp, struct tcp_acked *ta)
{
	struct tcp_pmtud *pm = tp->t_userto->tu_pmtud;
	const struct tcp_sent *ts;

	if (pm->pm_probe == 0 || ta->ta_lost == 0 ||
	    (ts = pmtud_record(tp)) == NULL || (ts->ts_flags & TS_LOST) == 0)
		return;
	/* With others it may have been any reason: another probe will do. */
	if (ta->ta_lost == ts->ts_end - ts->ts_start) {
		pm->pm_high = pm->pm_probe - 1;
		ta->ta_lost = 0;
		tp->t_dupacks = 0;
	}
	pm->pm_probe = 0;
}
