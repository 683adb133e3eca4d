/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * tcpdrop ends what it says, and nothing else.
 */
#include <sys/types.h>
#include <atf-c.h>
#include <netinet/in.h>
#include <errno.h>

#include "rig.h"

#define	ONE	"10.0.0.2 80 10.0.0.1 40001"

/* beta's end was dropped: both users are told. */
static void
is_dropped(struct rig *r, int fd, int to)
{
	char c;

	rig_run(r, SECOND);
	ATF_CHECK_EQ(-1, sy_recv(r->b, to, &c, 1, MSG_DONTWAIT));
	ATF_CHECK_EQ(ECONNABORTED, errno);
	ATF_CHECK_EQ(-1, sy_recv(r->a, fd, &c, 1, MSG_DONTWAIT));
	ATF_CHECK_EQ(ECONNRESET, errno);
}

static void
lives(struct rig *r, int fd)
{
	char c;

	ATF_CHECK_EQ(-1, sy_recv(r->a, fd, &c, 1, MSG_DONTWAIT));
	ATF_CHECK_EQ(EAGAIN, errno);
}

TEST(one)
{
	static const char *const commands[] = {
		("tcpdrop -j beta " ONE),
		"tcpdrop -j beta 10.0.0.2:80 10.0.0.1:40001",
		"tcpdrop -j beta 10.0.0.2.80 10.0.0.1.40001"
	};
	struct rig r;
	size_t i;
	int fd, other, to;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		rig_new(&r, 0);
		fd = rig_connect(&r, 40001, 80, &to);
		other = rig_connect(&r, 40002, 80, NULL);
		rig_tool(&r, 0, commands[i], ONE ": dropped\n");
		is_dropped(&r, fd, to);
		lives(&r, other);
		rig_tool(&r, 1, commands[i],
		    "tcpdrop: " ONE ": No such process\n");
		rig_free(&r);
	}
}

TEST(ipv6)
{
	struct rig r;
	char c;
	int fd;

	rig_new(&r, 0);
	fd = rig_connect6(&r, 40003, 8080);
	rig_tool(&r, 0, "tcpdrop -j beta [fd00::2]:8080 fd00::1.40003",
	    "fd00::2 8080 fd00::1 40003: dropped\n");
	rig_run(&r, SECOND);
	ATF_CHECK_EQ(-1, sy_recv(r.a, fd, &c, 1, MSG_DONTWAIT));
	ATF_CHECK_EQ(ECONNRESET, errno);
	rig_free(&r);
}

TEST(filter)
{
	struct rig r;
	int fd, fd2, to, to2;

	rig_new(&r, 0);
	fd = rig_connect(&r, 40001, 80, &to);
	fd2 = rig_connect(&r, 40002, 80, &to2);
	WORKS(sy_setsockopt(r.b, to, IPPROTO_TCP, SY_TCP_CONGESTION,
	    "newreno", 7));
	rig_tool(&r, 0, "tcpdrop -j beta -la", "tcpdrop " ONE "\n"
	    "tcpdrop 10.0.0.2 80 10.0.0.1 40002\n");
	rig_tool(&r, 0, "tcpdrop -j beta -l -C newreno", "tcpdrop " ONE "\n");
	rig_tool(&r, 0, "tcpdrop -j beta -l -S freebsd -s FIN_WAIT_1", "");
	rig_tool(&r, 0, "tcpdrop -j beta -C newreno -S freebsd "
	    "-s ESTABLISHED", ONE ": dropped\n");
	is_dropped(&r, fd, to);
	lives(&r, fd2);
	/* Listed commands can be run; listeners stay. */
	rig_tool(&r, 0, "tcpdrop -j beta -l -s ESTABLISHED | "
	    "sed 's/tcpdrop/& -j beta/' | sh",
	    "10.0.0.2 80 10.0.0.1 40002: dropped\n");
	is_dropped(&r, fd2, to2);
	rig_tool_says(&r, 0, "netstat -j beta -Ln", "*.80 ");
	rig_free(&r);
}

/* In TIME_WAIT nobody is told; the entry is gone. */
TEST(time_wait)
{
	struct rig r;
	int fd, to;

	rig_new(&r, 0);
	fd = rig_connect(&r, 40001, 80, &to);
	WORKS(sy_close(r.b, to));
	rig_run(&r, SECOND);
	WORKS(sy_close(r.a, fd));
	rig_run(&r, SECOND);
	rig_tool(&r, 0, "tcpdrop -j beta -s TIME_WAIT", ONE ": dropped\n");
	rig_tool(&r, 0, "netstat -j beta -n", "");
	rig_free(&r);
}

TEST(errors)
{
	struct rig r;

	rig_new(&r, 0);
	rig_tool_says(&r, 1, "tcpdrop", "usage: tcpdrop ");
	rig_tool_says(&r, 1, "tcpdrop 1 2 3", "usage: tcpdrop ");
	rig_tool_says(&r, 1, "tcpdrop -a -C cubic", "usage: tcpdrop ");
	rig_tool_says(&r, 1, "tcpdrop -l " ONE, "usage: tcpdrop ");
	rig_tool(&r, 1, "tcpdrop -s UP",
	    "tcpdrop: UP: unknown state: see netstat(1)\n");
	rig_tool(&r, 1, "tcpdrop nothing there",
	    "tcpdrop: nothing: no port: write address:port or address.port\n");
	rig_tool(&r, 1, "tcpdrop 10.0.0.2 80 fd00::1 40001", "tcpdrop: "
	    "10.0.0.2 80 fd00::1 40001: different address families\n");
	rig_tool(&r, 1, "tcpdrop 10.0.0.2 0 10.0.0.1 40001",
	    "tcpdrop: 10.0.0.2 0 10.0.0.1 40001: Invalid argument\n");
	rig_tool_says(&r, 1, "tcpdrop 10.0.0.2 80x 10.0.0.1 40001",
	    "tcpdrop: 10.0.0.2 port 80x: ");
	rig_tool(&r, 1, "tcpdrop -j nobody -a",
	    "tcpdrop: there is no host called nobody\n");
	rig_free(&r);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, one);
	ATF_TP_ADD_TC(tp, ipv6);
	ATF_TP_ADD_TC(tp, filter);
	ATF_TP_ADD_TC(tp, time_wait);
	ATF_TP_ADD_TC(tp, errors);
	return (atf_no_error());
}
