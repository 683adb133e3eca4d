/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * tcpsso sets what it says, on connections in the middle of a transfer too.
 */
#include <sys/types.h>
#include <netinet/in.h>
#include <atf-c.h>

#include "rig.h"

#define	PACED	STACKYARD_BUILD "/lib/stackyard/block_example.so"

/* The block and the cc change several times while bytes are lost. */
TEST(mid_transfer)
{
	struct rig r;
	int i;

	rig_new(&r, 0.01);
	WORKS(sy_kldload(r.loop, PACED));
	rig_transfer(&r, 40001, 4000000);
	for (i = 0; i < 3; i++) {
		rig_run(&r, 300 * MS);
		rig_tool(&r, 0, "tcpsso -a TCP_FUNCTION_BLK paced", "");
		rig_tool_says(&r, 0, "netstat -nc4", " paced ");
		rig_run(&r, 300 * MS);
		rig_tool(&r, 0, "tcpsso -S paced TCP_CONGESTION newreno", "");
		rig_tool_says(&r, 0, "netstat -nC4", " newreno ");
		rig_run(&r, 300 * MS);
		rig_tool(&r, 0, "tcpsso -C newreno IPPROTO_TCP "
		    "TCP_FUNCTION_BLK freebsd", "");
		rig_tool(&r, 0, "tcpsso -s ESTABLISHED 6 64 cubic", "");
		rig_tool_says(&r, 0, "netstat -ncC4", " freebsd ");
		ATF_REQUIRE_MSG(r.got < r.bytes, "over too early");
	}
	rig_run(&r, 60 * SECOND);
	ATF_CHECK_EQ(r.bytes, r.got);
	rig_tool_says(&r, 0, "netstat -ss -p tcp", "retransmitted\n");
	rig_free(&r);
}

TEST(one)
{
	struct rig r;
	socklen_t len = sizeof(int);
	int on = 0, to;

	rig_new(&r, 0);
	(void)rig_connect(&r, 40001, 80, &to);
	(void)rig_connect(&r, 40002, 80, NULL);
	/* Numbers 1 and 2 are the listeners. */
	rig_tool(&r, 0, "tcpsso -j beta -i 3 TCP_NODELAY 1", "");
	WORKS(sy_getsockopt(r.b, to, IPPROTO_TCP, SY_TCP_NODELAY, &on, &len));
	ATF_CHECK(on != 0);
	rig_tool(&r, 0, "tcpsso -j beta -i 3 SOL_SOCKET SO_KEEPALIVE 1", "");
	rig_tool(&r, 0, "tcpsso -j beta -i 4 TCP_CONGESTION newreno", "");
	rig_tool(&r, 0, "netstat -j beta -nC | grep -c newreno", "1\n");
	rig_tool(&r, 1, "tcpsso -j beta -i 99 TCP_NODELAY 1",
	    "tcpsso: 99: No such process\n");
	rig_free(&r);
}

TEST(errors)
{
	struct rig r;

	rig_new(&r, 0);
	(void)rig_connect(&r, 40001, 80, NULL);
	rig_tool_says(&r, 1, "tcpsso", "usage: tcpsso ");
	rig_tool_says(&r, 1, "tcpsso -a TCP_NODELAY", "usage: tcpsso ");
	rig_tool_says(&r, 1, "tcpsso -a -i 3 TCP_NODELAY 1",
	    "usage: tcpsso ");
	rig_tool(&r, 1, "tcpsso -a TCP_NOSUCH 1",
	    "tcpsso: TCP_NOSUCH: unknown option\n");
	rig_tool(&r, 1, "tcpsso -a SOL_SOCKET TCP_NODELAY 1",
	    "tcpsso: TCP_NODELAY: unknown option of level SOL_SOCKET\n");
	rig_tool_says(&r, 1, "tcpsso -a NOLEVEL TCP_NODELAY 1",
	    "tcpsso: NOLEVEL: unknown level: ");
	rig_tool(&r, 1, "tcpsso -a TCP_NODELAY 99999999999",
	    "tcpsso: 99999999999: value out of range\n");
	rig_tool(&r, 1, "tcpsso -i x TCP_NODELAY 1",
	    "tcpsso: x: not a connection's number: see netstat -A\n");
	rig_tool(&r, 1, "tcpsso -s UP TCP_NODELAY 1",
	    "tcpsso: UP: unknown state: see netstat(1)\n");
	rig_tool(&r, 1, "tcpsso -a TCP_CONGESTION nosuch", "tcpsso: "
	    "10.0.0.1 40001 10.0.0.2 80: No such process\n");
	rig_tool(&r, 1, "tcpsso -a TCP_FUNCTION_BLK nosuch", "tcpsso: "
	    "10.0.0.1 40001 10.0.0.2 80: No such file or directory\n");
	rig_free(&r);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, mid_transfer);
	ATF_TP_ADD_TC(tp, one);
	ATF_TP_ADD_TC(tp, errors);
	return (atf_no_error());
}
