/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Several sockets at one port: SO_REUSEADDR, SO_REUSEPORT, SO_REUSEPORT_LB
 * with its choice by the connection's hash, and TCP_REUSPORT_LB_NUMA.
 */
#include "pkt.h"

#define	NLISTEN	4
#define	NCONN	64

/* A listener at PD_PORT with the options, or -errno of bind or listen. */
static int
listen_with(struct pd *t, int option)
{
	struct vnet *saved;
	int error, fd = pd_socket(t);

	if (option != 0)
		OK(pd_setopt(t, fd, SOL_SOCKET, option, 1));
	if ((error = pd_bind(t, fd, PD_PORT)) != 0)
		return (-error);
	saved = vnet_enter(t->vnet);
	error = kern_listen(fd, NCONN);
	vnet_leave(saved);
	return (error != 0 ? -error : fd);
}

/* Connections come; counts[i] of them to listener fds[i]. */
static void
spread(struct pd *t, const int *fds, int *counts, int n)
{
	int c, i, fd;

	memset(counts, 0, (size_t)n * sizeof(*counts));
	for (c = 0; c < NCONN; c++) {
		pd_use(t, c);
		pd_renew(t);
		INJECT("S 0:0(0) win 65535 <mss 1460>");
		EXPECT("S. 0:0(0) ack 1 win 65535 <...>");
		/* Sent again, it comes to the same one. */
		INJECT("S 0:0(0) win 65535 <mss 1460>");
		EXPECT("S. 0:0(0) ack 1 win 65535 <...>");
		INJECT(". 1:1(0) ack 1 win 65535");
		for (i = 0; i < n; i++)
			if (fds[i] >= 0 && (fd = pd_accept(t, fds[i])) >= 0) {
				counts[i]++;
				pd_linger(t, fd, 1, 0);
				OK(pd_close(t, fd));
				EXPECT("R. 1:1(0) ack 1 <...>");
				break;
			}
		ATF_REQUIRE(i < n);
	}
}

PD_TEST(reuseaddr)
{
	ATF_REQUIRE(listen_with(t, SO_REUSEADDR) >= 0);
	/* Not beside one that listens at the same address. */
	ERR(-EADDRINUSE, listen_with(t, SO_REUSEADDR));
	ERR(-EADDRINUSE, listen_with(t, 0));
}

PD_TEST(reuseport)
{
	int counts[2], fds[2];

	fds[0] = listen_with(t, SO_REUSEPORT);
	fds[1] = listen_with(t, SO_REUSEPORT);
	ATF_REQUIRE(fds[0] >= 0 && fds[1] >= 0);
	ERR(-EADDRINUSE, listen_with(t, 0));
	ERR(-EADDRINUSE, listen_with(t, SO_REUSEADDR));
	/* They share the port, not the work. */
	spread(t, fds, counts, 2);
	ATF_REQUIRE(counts[0] == NCONN || counts[1] == NCONN);
}

PD_TEST(reuseport_lb)
{
	int counts[NLISTEN], fds[NLISTEN], i;

	for (i = 0; i < NLISTEN; i++)
		ATF_REQUIRE((fds[i] = listen_with(t, SO_REUSEPORT_LB)) >= 0);
	ERR(-EADDRINUSE, listen_with(t, 0));
	spread(t, fds, counts, NLISTEN);
	for (i = 0; i < NLISTEN; i++)
		ATF_REQUIRE_MSG(counts[i] > NCONN / NLISTEN / 4 &&
		    counts[i] < NCONN / NLISTEN * 2, "listener %d has %d", i,
		    counts[i]);
	/* One fewer: the others share the rest. */
	OK(pd_close(t, fds[1]));
	fds[1] = -1;
	spread(t, fds, counts, NLISTEN);
	ATF_REQUIRE_EQ(0, counts[1]);
	ATF_REQUIRE_EQ(NCONN, counts[0] + counts[2] + counts[3]);
}

#define	NUMA(fd, val)							\
	pd_setopt(t, (fd), IPPROTO_TCP, TCP_REUSPORT_LB_NUMA, (val))

PD_TEST(numa)
{
	int counts[3], fd, fds[3], i;

	fd = pd_socket(t);
	ERR(ENOENT, NUMA(fd, 0));		/* it does not listen */
	for (i = 0; i < 3; i++)
		ATF_REQUIRE((fds[i] = listen_with(t, SO_REUSEPORT_LB)) >= 0);
	ERR(EINVAL, NUMA(fds[0], -3));
	ERR(EINVAL, NUMA(fds[0], 8));
	ERR(TCP_REUSPORT_LB_NUMA_NODOM, pd_getopt(t, fds[0], IPPROTO_TCP,
	    TCP_REUSPORT_LB_NUMA));
	/* This host is in domain 0: those of it come first. */
	OK(NUMA(fds[0], TCP_REUSPORT_LB_NUMA_CURDOM));
	OK(NUMA(fds[1], 1));
	ERR(0, pd_getopt(t, fds[0], IPPROTO_TCP, TCP_REUSPORT_LB_NUMA));
	ERR(1, pd_getopt(t, fds[1], IPPROTO_TCP, TCP_REUSPORT_LB_NUMA));
	ERR(0, pd_sysctl_get(t, "net.inet.tcp.numa_domain"));
	spread(t, fds, counts, 3);
	ATF_REQUIRE_EQ(NCONN, counts[0]);
	OK(NUMA(fds[1], 0));
	spread(t, fds, counts, 3);
	ATF_REQUIRE(counts[0] != 0 && counts[1] != 0 && counts[2] == 0);
	/* None is of it: any will do. */
	OK(NUMA(fds[0], 2));
	OK(NUMA(fds[1], 3));
	OK(NUMA(fds[2], TCP_REUSPORT_LB_NUMA_NODOM));
	spread(t, fds, counts, 3);
	ATF_REQUIRE(counts[0] != 0 && counts[1] != 0 && counts[2] != 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, reuseaddr);
	ATF_TP_ADD_TC(tp, reuseport);
	ATF_TP_ADD_TC(tp, reuseport_lb);
	ATF_TP_ADD_TC(tp, numa);
	return (atf_no_error());
}
