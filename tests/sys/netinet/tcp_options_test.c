/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Options of level IPPROTO_TCP that no other program drives: the initial
 * window, the time without progress, the congestion control module and what
 * it takes, the names of function blocks.
 */
#include "pkt.h"

#include <netinet/cc/cc_newreno.h>

static int
set(struct pd *t, int fd, int name, const void *val, size_t len)
{
	struct vnet *saved = vnet_enter(t->vnet);
	int error;

	error = kern_setsockopt(fd, IPPROTO_TCP, name, val, len);
	vnet_leave(saved);
	return (error);
}

static int
get(struct pd *t, int fd, int name, void *val, size_t len)
{
	struct vnet *saved = vnet_enter(t->vnet);
	int error;

	error = kern_getsockopt(fd, IPPROTO_TCP, name, val, &len);
	vnet_leave(saved);
	return (error);
}

/* How many full segments leave at first. */
static int
first_flight(struct pd *t, int fd)
{
	int n;

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 30000);
	n = pd_pending(t);
	while (pd_pending(t) != 0)
		(void)pd_take(t);
	return (n);
}

PD_TEST(iwnd_nseg)
{
	int fd = pd_socket(t);

	ERR(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_IWND_NSEG));
	ERR(EINVAL, pd_setopt(t, fd, IPPROTO_TCP, TCP_IWND_NSEG, -1));
	ERR(EINVAL, pd_setopt(t, fd, IPPROTO_TCP, TCP_IWND_NSEG, 16385));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_IWND_NB, 2920));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_IWND_NSEG, 3));
	ERR(3, pd_getopt(t, fd, IPPROTO_TCP, TCP_IWND_NSEG));
	ERR(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_IWND_NB));
	ERR(3, first_flight(t, fd));
	ERR(EINVAL, pd_setopt(t, fd, IPPROTO_TCP, TCP_IWND_NSEG, 4));
	/* 0 is the variable's again. */
	pd_use(t, 1);
	fd = pd_socket(t);
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_IWND_NSEG, 3));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_IWND_NSEG, 0));
	ERR(10, first_flight(t, fd));
}

PD_TEST(iwnd_nb)
{
	int fd = pd_socket(t), lfd;

	ERR(EINVAL, pd_setopt(t, fd, IPPROTO_TCP, TCP_IWND_NB, -1));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_IWND_NSEG, 9));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_IWND_NB, 7500));
	ERR(7500, pd_getopt(t, fd, IPPROTO_TCP, TCP_IWND_NB));
	ERR(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_IWND_NSEG));
	ERR(5, first_flight(t, fd));
	/* And a listener's connections have it. */
	pd_use(t, 1);
	lfd = pd_listen(t, 5);
	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_IWND_NB, 2920));
	fd = pd_passive_at(t, lfd, 0, 65535);
	SEND(fd, 30000);
	ERR(2, pd_pending(t));
	pd_forget(t);
}

/* No progress for so long, however often it is tried again: a reset. */
PD_TEST(maxunacktime)
{
	struct tcp_info ti;
	int fd = pd_active(t, 0, 65535), i;

	ERR(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_MAXUNACKTIME));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_MAXUNACKTIME, 5));
	ERR(5, pd_getopt(t, fd, IPPROTO_TCP, TCP_MAXUNACKTIME));
	SEND(fd, 10);
	for (i = 0; i < 4; i++) {
		pd_pass(t, PD_SEC);
		STATE(TCPS_ESTABLISHED);
	}
	pd_info(t, fd, &ti);
	ATF_REQUIRE(ti.__tcpi_retransmits < 12);
	for (i = 0; i < 12 && pd_state(t) != GONE; i++) {
		pd_forget(t);
		pd_pass(t, PD_SEC);
	}
	STATE(GONE);
	EXPECT_LATE("R. 11:11(0) ack 1 <...>");
	ERR(ETIMEDOUT, SO_ERR(fd));
}

/* It counts from when something was in flight, or waited for a window, and
 * from each ACK of something; not from the peer's last segment, and however
 * many segments without an ACK come from it. */
PD_TEST(maxunacktime_begins)
{
	int fd = pd_active(t, 0, 65535), i;

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_MAXUNACKTIME, 5));
	ADVANCE(100 * PD_SEC);
	SEND(fd, 20);
	pd_pass(t, 4 * PD_SEC);
	STATE(TCPS_ESTABLISHED);
	INJECT(". 1:1(0) ack 11 win 65535");
	pd_pass(t, 4 * PD_SEC);
	STATE(TCPS_ESTABLISHED);
	INJECT(". 1:1(0) ack 21 win 0");
	pd_forget(t);
	ADVANCE(100 * PD_SEC);
	/* The window is closed: probes. */
	SEND(fd, 10);
	pd_forget(t);
	pd_pass(t, 4 * PD_SEC);
	STATE(TCPS_ESTABLISHED);
	for (i = 0; i < 30 && pd_state(t) != GONE; i++) {
		INJECT("P. %d:%d(10) ack 21 win 0", 1 + i * 10, 11 + i * 10);
		pd_forget(t);
		pd_pass(t, PD_SEC);
	}
	STATE(GONE);
	ERR(ETIMEDOUT, SO_ERR(fd));
	pd_forget(t);
}

PD_TEST(congestion)
{
	char name[TCP_CA_NAME_MAX];
	int fd = pd_active(t, 0, 65535);

	ERR(ESRCH, set(t, fd, TCP_CONGESTION, "none", 4));
	OK(set(t, fd, TCP_CONGESTION, "newreno", 7));
	memset(name, 'x', sizeof(name));
	OK(get(t, fd, TCP_CONGESTION, name, sizeof(name)));
	ATF_REQUIRE_STREQ("newreno", name);
	OK(set(t, fd, TCP_CONGESTION, "newreno", 8));
	OK(set(t, fd, TCP_CONGESTION, "cubic", sizeof("cubic")));
	OK(get(t, fd, TCP_CONGESTION, name, sizeof(name)));
	ATF_REQUIRE_STREQ("cubic", name);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
}

PD_TEST(ccalgoopt)
{
	struct cc_newreno_opts opt = { .name = CC_NEWRENO_BETA, .val = 70 };
	static char big[2049];
	int fd = pd_active(t, 0, 65535);

	OK(set(t, fd, TCP_CONGESTION, "newreno", 7));
	OK(set(t, fd, TCP_CCALGOOPT, &opt, sizeof(opt)));
	opt.val = 0;
	OK(get(t, fd, TCP_CCALGOOPT, &opt, sizeof(opt)));
	ATF_REQUIRE_EQ(70, opt.val);
	ERR(EMSGSIZE, set(t, fd, TCP_CCALGOOPT, &opt, 3));
	ERR(EMSGSIZE, set(t, fd, TCP_CCALGOOPT, big, 2048));
	ERR(EINVAL, set(t, fd, TCP_CCALGOOPT, big, sizeof(big)));
	opt.name = 99;
	ERR(ENOPROTOOPT, set(t, fd, TCP_CCALGOOPT, &opt, sizeof(opt)));
	/* A module that has none. */
	OK(set(t, fd, TCP_CONGESTION, "cubic", 5));
	ERR(ENOENT, set(t, fd, TCP_CCALGOOPT, &opt, sizeof(opt)));
	ERR(ENOENT, get(t, fd, TCP_CCALGOOPT, &opt, sizeof(opt)));
}

PD_TEST(functions)
{
	static struct tcp_function_block blk;
	const char *names[] = { "first", "second" };
	struct tcp_function_set fs;
	struct vnet *saved;
	int fd = pd_active(t, 0, 65535), n = nitems(names);

	memset(&blk, 0, sizeof(blk));
	strlcpy(blk.tfb_tcp_block_name, "first",
	    sizeof(blk.tfb_tcp_block_name));
	blk.tfb_base = "freebsd";
	saved = vnet_enter(t->vnet);
	OK(register_tcp_functions_as_names(&blk, M_WAITOK, names, &n));
	vnet_leave(saved);
	OK(get(t, fd, TCP_FUNCTION_BLK, &fs, sizeof(fs)));
	ATF_REQUIRE_STREQ("freebsd", fs.function_set_name);
	ERR(1, (int)fs.pcbcnt);
	strlcpy(fs.function_set_name, "second", sizeof(fs.function_set_name));
	OK(set(t, fd, TCP_FUNCTION_BLK, &fs, sizeof(fs)));
	memset(&fs, 'x', sizeof(fs));
	OK(get(t, fd, TCP_FUNCTION_BLK, &fs, sizeof(fs)));
	ATF_REQUIRE_STREQ("first", fs.function_set_name);
	ERR(1, (int)fs.pcbcnt);
	OK(get(t, fd, TCP_FUNCTION_ALIAS, &fs, sizeof(fs)));
	ATF_REQUIRE_STREQ("second", fs.function_set_name);
	ERR(ENOPROTOOPT, set(t, fd, TCP_FUNCTION_ALIAS, &fs, sizeof(fs)));
	ERR(EINVAL, set(t, fd, TCP_FUNCTION_BLK, &fs, sizeof(fs) - 1));
	strlcpy(fs.function_set_name, "third", sizeof(fs.function_set_name));
	ERR(ENOENT, set(t, fd, TCP_FUNCTION_BLK, &fs, sizeof(fs)));
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
}

/* Each by its own bounds; those in seconds, of so many as the clock has. */
PD_TEST(bounds)
{
	int fd = pd_socket(t), i;
	static const int seconds[] = { TCP_KEEPINIT, TCP_KEEPIDLE,
	    TCP_KEEPINTVL, TCP_MAXUNACKTIME };

	for (i = 0; i < (int)nitems(seconds); i++) {
		ERR(EINVAL, pd_setopt(t, fd, IPPROTO_TCP, seconds[i], -1));
		OK(pd_setopt(t, fd, IPPROTO_TCP, seconds[i], 77));
		ERR(77, pd_getopt(t, fd, IPPROTO_TCP, seconds[i]));
		OK(pd_setopt(t, fd, IPPROTO_TCP, seconds[i], 0));
	}
	ERR(75, pd_getopt(t, fd, IPPROTO_TCP, TCP_KEEPINIT));
	ERR(7200, pd_getopt(t, fd, IPPROTO_TCP, TCP_KEEPIDLE));
	ERR(75, pd_getopt(t, fd, IPPROTO_TCP, TCP_KEEPINTVL));
	ERR(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_MAXUNACKTIME));
	ERR(EINVAL, pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPCNT, 65536));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPCNT, 3));
	ERR(3, pd_getopt(t, fd, IPPROTO_TCP, TCP_KEEPCNT));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPCNT, 0));
	ERR(8, pd_getopt(t, fd, IPPROTO_TCP, TCP_KEEPCNT));
	ERR(1, pd_getopt(t, fd, IPPROTO_TCP, TCP_DELACK));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_DELACK, 0));
	ERR(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_DELACK));
}

/* What so_snd and so_rcv have, by ioctl(2). */
PD_TEST(ioctls)
{
	struct vnet *saved;
	int fd = pd_active(t, 0, 65535), n, space;

	saved = vnet_enter(t->vnet);
	OK(kern_ioctl(fd, FIONSPACE, &space));
	vnet_leave(saved);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	INJECT(". 1:11(10) ack 51 win 65535");
	saved = vnet_enter(t->vnet);
	OK(kern_ioctl(fd, FIONREAD, &n));
	ATF_REQUIRE_EQ(10, n);
	OK(kern_ioctl(fd, FIONWRITE, &n));
	ATF_REQUIRE_EQ(50, n);
	OK(kern_ioctl(fd, FIONSPACE, &n));
	ATF_REQUIRE_EQ(space - 50, n);
	n = 1;
	OK(kern_ioctl(fd, FIONBIO, &n));
	ERR(ENOTTY, kern_ioctl(fd, 12345, &n));
	ERR(EBADF, kern_ioctl(99, FIONREAD, &n));
	vnet_leave(saved);
	EXPECT_IN(40 * PD_MSEC, ". 101:101(0) ack 11");
	INJECT(". 11:11(0) ack 101 win 65535");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, iwnd_nseg);
	ATF_TP_ADD_TC(tp, iwnd_nb);
	ATF_TP_ADD_TC(tp, maxunacktime);
	ATF_TP_ADD_TC(tp, maxunacktime_begins);
	ATF_TP_ADD_TC(tp, congestion);
	ATF_TP_ADD_TC(tp, ccalgoopt);
	ATF_TP_ADD_TC(tp, functions);
	ATF_TP_ADD_TC(tp, bounds);
	ATF_TP_ADD_TC(tp, ioctls);
	return (atf_no_error());
}
