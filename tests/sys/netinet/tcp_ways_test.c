/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Input and output have short ways for what is common (tcp_seg.h,
 * tcp_plain.c) and general ones.  Two connections have the same users and
 * get the same segments, drawn at random: text and acknowledgments in order
 * and not, SACK blocks, urgent text, windows that close, both ends' FINs.
 * One goes the short ways, the other the general way of output (routers may
 * cut its packets, which nothing else hears of), of input (a block takes
 * every segment through all stages), or both; blocks with fine steps of their
 * own are below both.  After each step the connections must be the same, and
 * all counters have moved the same.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_compat.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_var.h>

#include "pkt.h"
#include "staged.h"

#define	PAIRS	32
#define	STEPS	80
#define	MSS	1460

struct way {
	int		fd;
	struct tcpstat	before, moved;
};

struct pair {
	int		first;		/* connection; the other is next */
	int		opts;		/* PD_* */
	bool		general_output, linux_ways;
	const char	*block, *general_block;	/* NULL: the default */
	uint32_t	seed;
	int		step;
	char		what[200];
	struct way	ways[2];
};

/* ---- What must be the same ---- */

struct picture {
	uint64_t	p[27 + TT_N];
};

static void
take_buffers(const struct socket *so, uint64_t *p)
{
	*p++ = so->so_snd.sb_hiwat;
	*p++ = so->so_rcv.sb_hiwat;
	*p++ = so->so_snd.sb_ccc;
	*p++ = so->so_rcv.sb_ccc;
	*p++ = so->so_state;
}

static struct picture
take(struct pd *t, int i)
{
	const struct tcpcb *tp;
	struct picture pic;
	uint64_t *p = pic.p;
	int n;

	memset(&pic, 0, sizeof(pic));
	pd_use(t, i);
	if ((tp = pd_tcpcb(t)) == NULL)
		return (pic);
	*p++ = tp->t_state;
	*p++ = tp->t_flags;
	*p++ = tp->t_flags2 & ~TF2_NODF;
	*p++ = tp->snd_una - tp->iss;
	*p++ = tp->snd_max - tp->iss;
	*p++ = tp->snd_up - tp->iss;
	*p++ = tp->snd_wl1 - tp->irs;
	*p++ = tp->snd_wnd;
	*p++ = tp->snd_cwnd;
	*p++ = tp->snd_ssthresh;
	*p++ = tp->rcv_nxt - tp->irs;
	*p++ = tp->rcv_adv - tp->irs;
	*p++ = tp->last_ack_sent - tp->irs;
	*p++ = tp->ts_recent;
	*p++ = tp->t_dupacks;
	*p++ = tp->t_unacksegs;
	*p++ = tp->t_app_limited;
	*p++ = tp->t_srtt_us;
	*p++ = tp->t_delivered;
	*p++ = tp->t_snd_lost;
	*p++ = tp->t_snd_sacked;
	*p++ = tp->t_rxtshift;
	for (n = 0; n < TT_N; n++)
		/* They were not established at the same time. */
		*p++ = n == TT_KEEP ? 0 : tp->t_timers[n];
	if (tptosocket(tp) != NULL)
		take_buffers(tptosocket(tp), p);
	return (pic);
}

static bool
same(struct pd *t, const struct pair *pr)
{
	struct picture a = take(t, pr->first), b = take(t, pr->first + 1);
	u_int i;

	for (i = 0; i < nitems(a.p); i++)
		ATF_CHECK_MSG(a.p[i] == b.p[i], "pair %d, step %d, \"%s\": "
		    "number %u is %jx, in general %jx", pr->first,
		    pr->step, pr->what, i,
		    (uintmax_t)a.p[i], (uintmax_t)b.p[i]);
	return (memcmp(&a, &b, sizeof(a)) == 0 && a.p[0] != 0);
}

static void
same_counters(const struct pair *pr)
{
	const uint64_t *a = (const uint64_t *)&pr->ways[0].moved;
	const uint64_t *b = (const uint64_t *)&pr->ways[1].moved;
	u_int i;

	for (i = 0; i < sizeof(struct tcpstat) / sizeof(*a); i++)
		ATF_CHECK_MSG(a[i] == b[i], "pair %d, step %d, \"%s\": "
		    "counter %u moves by %ju, in general by %ju", pr->first,
		    pr->step, pr->what, i, (uintmax_t)a[i], (uintmax_t)b[i]);
}

static void
count_begin(struct pd *t, struct way *w)
{
	struct vnet *saved = vnet_enter(t->vnet);

	w->before = V_tcpstat;
	vnet_leave(saved);
}

static void
count_end(struct pd *t, struct way *w)
{
	const uint64_t *before = (const uint64_t *)&w->before;
	struct vnet *saved = vnet_enter(t->vnet);
	uint64_t *moved = (uint64_t *)&w->moved;
	u_int i;

	w->moved = V_tcpstat;
	for (i = 0; i < sizeof(w->moved) / sizeof(*moved); i++)
		moved[i] -= before[i];
	/* Lookups are nobody's way, and both have one peer. */
	w->moved.tcps_pcbcachemiss = w->moved.tcps_hc_added = 0;
	/* How many go the short way differs. */
	w->moved.tcps_preddat = 0;
	vnet_leave(saved);
}

/* ---- Blocks ---- */

/* Half a segment more than four in flight, and each third millisecond only
 * if there is more than one already. */
static uint32_t
few(struct tcpcb *tp, nstime_t *when)
{
	const nstime_t slot = 3 * NS_PER_MSEC, now = getnstime();
	uint32_t most = 9 * tp->t_maxseg / 2, out = tcp_inflight(tp);

	if (out > tp->t_maxseg && now % slot >= NS_PER_MSEC) {
		*when = roundup(now, slot);
		return (0);
	}
	return (most > out ? most - out : 0);
}

static void
add_block(struct pd *t, const char *name, bool all, bool paced)
{
	struct tcp_function_block blk = {
	    .tfb_tcp_do_segment = all ? staged : NULL,
	    .tfb_acked = all ? staged_acked : NULL,
	    .tfb_quota = paced ? few : NULL };

	pd_addblock(t, &blk, name);
}

/* ---- What comes ---- */

/* The peer's options: a time stamp, and some of what is in flight as SACK
 * blocks. */
static void
options(struct pair *pr, const struct tcpcb *tp, uint32_t ack,
    char *text, size_t size)
{
	uint32_t *seed = &pr->seed, first, flight, last, val = tp->ts_recent;
	const char *none = "";

	flight = tp->snd_max - tp->iss - ack;
	if (draw(seed, 3) == 0)
		val += draw(seed, 15) == 0 ? (uint32_t)-1 : 1;
	text[0] = '\0';
	if ((pr->opts & PD_TS) != 0) {
		snprintf(text, size, "<nop,nop,TS val %u ecr 100>", val);
		none = ",";
	}
	if ((pr->opts & PD_SACK) == 0 || flight < 2 || flight > 1u << 20 ||
	    draw(seed, 6) != 0)
		return;
	first = ack + 1 + draw(seed, flight - 1);
	last = first + 1 + draw(seed, ack + flight - first);
	if (text[0] != '\0')
		text[strlen(text) - 1] = '\0';
	else
		text[0] = '<', text[1] = '\0';
	snprintf(text + strlen(text), size - strlen(text),
	    "%snop,nop,sack %u:%u>", none, first, last);
}

/* The next segment of the peer's: most are regular. */
static void
segment(struct pd *t, struct pair *pr)
{
	uint32_t ack, flight, len, seq, win, *seed = &pr->seed;
	const struct tcpcb *tp = pd_tcpcb(t);
	const char *flags = draw(seed, 3) == 0 ? "P." : ".";
	char opts[100], urg[20] = "";

	seq = tp->rcv_nxt - tp->irs;
	ack = tp->snd_una - tp->iss;
	flight = tp->snd_max - tp->snd_una;
	len = draw(seed, 2) == 0 ? 0 : draw(seed, 2) == 0 ? MSS - 12 :
	    1 + draw(seed, MSS - 12);
	ack += draw(seed, 2) == 0 ? flight : draw(seed, flight + 1);
	if (draw(seed, 20) == 0)
		ack += draw(seed, 2) == 0 ? 1 : (uint32_t)-1;
	if (draw(seed, 12) == 0)
		seq += draw(seed, 2) == 0 ? MSS : seq > 10 ? (uint32_t)-10 : 0;
	if (draw(seed, 100) == 0)
		flags = "F.";
	if (draw(seed, 30) == 0 && len != 0) {
		flags = ".U";
		snprintf(urg, sizeof(urg), " urg %u", 1 + draw(seed, len));
	}
	win = (pr->opts & PD_WS) != 0 ? 512 : 65535;
	if (draw(seed, 6) == 0)
		win = draw(seed, 3) == 0 ? 0 : draw(seed, win);
	options(pr, tp, ack, opts, sizeof(opts));
	snprintf(pr->what, sizeof(pr->what), "%s %u:%u(%u) ack %u win %u%s %s",
	    flags, seq, seq + len, len, ack, win, urg, opts);
}

static void
use(struct pd *t, struct way *w, uint32_t what, uint32_t n)
{
	int fd = w->fd;

	if (fd < 0)
		return;
	if (what < 14)
		(void)pd_send(t, fd, n, 0);
	else if (what < 17)
		(void)pd_send(t, fd, n, MSG_MORETOCOME);
	else if (what < 28)
		(void)pd_recv(t, fd, n, 0);
	else if (what < 36)
		(void)pd_recv(t, fd, 1000000, 0);
	else if (what == 36)
		(void)pd_setopt(t, fd, IPPROTO_TCP, TCP_NODELAY, n & 1);
	else if (what == 37)
		(void)pd_setopt(t, fd, IPPROTO_TCP, TCP_NOPUSH, n & 1);
	else if (what == 38)
		(void)pd_send(t, fd, 1, MSG_OOB);
	else if (what == 39 && n % 3 == 0)
		(void)pd_shutdown(t, fd, SHUT_WR);
	else if (what == 40 && n % 3 == 0) {
		OK(pd_close(t, fd));
		w->fd = -1;
	}
}

static void
step(struct pd *t, struct pair *pr)
{
	uint32_t *seed = &pr->seed, what = draw(seed, 50), n;
	bool user = draw(seed, 3) == 0;
	struct way *w;

	n = 1 + draw(seed, draw(seed, 3) == 0 ? 40000 : 3000);
	pd_use(t, pr->first);
	if (user)
		snprintf(pr->what, sizeof(pr->what), "use %u %u", what, n);
	else
		segment(t, pr);
	for (w = pr->ways; w < pr->ways + 2; w++) {
		pd_use(t, pr->first + (int)(w - pr->ways));
		count_begin(t, w);
		if (user)
			use(t, w, what, n);
		else
			INJECT("%s", pr->what);
		count_end(t, w);
	}
	same_counters(pr);
}

static void
begin(struct pd *t, struct pair *pr)
{
	const uint16_t win = (pr->opts & PD_WS) != 0 ? 512 : 65535;
	int i;

	pd_sysctl(t, "net.inet.tcp.sendspace", 8192 << draw(&pr->seed, 4));
	strlcpy(pr->what, "the beginning", sizeof(pr->what));
	for (i = 0; i < 2; i++) {
		pd_use(t, pr->first + i);
		pr->ways[i].fd = pd_active(t, pr->opts, win);
		OK(pd_setopt(t, pr->ways[i].fd, SOL_SOCKET, SO_OOBINLINE, 1));
	}
	if (pr->block != NULL)
		OK(pd_setblock(t, pr->ways[0].fd, pr->block));
	if (pr->general_block != NULL)
		OK(pd_setblock(t, pr->ways[1].fd, pr->general_block));
	if (pr->general_output)
		pd_tcpcb(t)->t_flags2 |= TF2_NODF;
}

/* From here on; the SYNs are as always. */
static void
set_ways(struct pd *t, bool of_linux)
{
	struct vnet *saved = vnet_enter(t->vnet);

	V_tcp_ways.w_linux = of_linux;
	vnet_leave(saved);
}

/* Pairs of all kinds of SYN. */
static void
run(struct pd *t, struct pair *pr)
{
	int i;

	pr->seed = 116;
	for (i = 0; i < PAIRS; i++) {
		pr->first = 2 * i;
		pr->opts = i % 2 == 0 ? PD_ALL : i / 2 % 8;
		set_ways(t, false);
		begin(t, pr);
		set_ways(t, pr->linux_ways);
		for (pr->step = 0; pr->step < STEPS && same(t, pr);
		    pr->step++) {
			step(t, pr);
			if (draw(&pr->seed, 4) == 0)
				pd_pass(t, draw(&pr->seed, 60) * PD_MSEC);
			pd_forget(t);
		}
	}
}

PD_TEST(output)
{
	struct pair pr = { .general_output = true };

	run(t, &pr);
}

PD_TEST(all)
{
	struct pair pr = { .general_output = true, .general_block = "staged" };

	add_block(t, "staged", true, false);
	run(t, &pr);
}

PD_TEST(paced)
{
	struct pair pr = { .general_output = true, .block = "paced",
	    .general_block = "both" };

	add_block(t, "paced", false, true);
	add_block(t, "both", true, true);
	run(t, &pr);
}

/* Linux's ways of windows and of small segments. */
PD_TEST(ways_of_linux)
{
	struct pair pr = { .general_output = true, .general_block = "staged",
	    .linux_ways = true };

	add_block(t, "staged", true, false);
	run(t, &pr);
}

/* ---- One batch ---- */

/* An acknowledgment of all comes in one batch with what the user, told of it,
 * writes: the same is known of why there was no more in flight. */
PD_TEST(answer)
{
	const struct tcp_sent *ts;
	uint32_t limited[2];
	uint16_t flags[2];
	int fd, i;

	for (i = 0; i < 2; i++) {
		pd_use(t, i);
		fd = pd_active(t, 0, 65535);
		if (i == 1)
			pd_tcpcb(t)->t_flags2 |= TF2_NODF;
		/* All that the window takes. */
		SEND(fd, 14600);
		ATF_REQUIRE_EQ(pd_tcpcb(t)->snd_cwnd, 14600);
		pd_forget(t);
		BATCH_BEGIN();
		INJECT(". 1:1(0) ack 14601 win 65535");
		SEND(fd, 100);
		BATCH_END();
		pd_forget(t);
		ts = TAILQ_FIRST(&pd_tcpcb(t)->t_map);
		limited[i] = pd_tcpcb(t)->t_app_limited;
		flags[i] = ts->ts_flags;
	}
	ATF_CHECK_EQ(limited[0], limited[1]);
	ATF_CHECK_EQ(flags[0], flags[1]);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, answer);
	ATF_TP_ADD_TC(tp, output);
	ATF_TP_ADD_TC(tp, all);
	ATF_TP_ADD_TC(tp, paced);
	ATF_TP_ADD_TC(tp, ways_of_linux);
	return (atf_no_error());
}
