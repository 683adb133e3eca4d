/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP_INFO: by the interface, and by the C library's getsockopt() on the
 * descriptors that the interface has returned, as the caller's assertions
 * read it.
 */
#include <arpa/inet.h>
#include <linux/tcp.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "drive.h"

static struct drive d;
static struct pkt p;

/* By the C library, whatever the compiler thinks of it. */
static int (*volatile indirect)(int, int, int, void *, socklen_t *) =
    getsockopt;

static void
check_info(const struct tcp_info *ti, socklen_t len)
{
	ATF_CHECK_EQ_MSG(sizeof(*ti), len, "%u bytes", len);
	ATF_CHECK_EQ(1, ti->tcpi_state);
	ATF_CHECK_EQ(1000, ti->tcpi_snd_mss);
	ATF_CHECK_EQ(2, ti->tcpi_unacked);
	ATF_CHECK_EQ_MSG(0, ti->tcpi_total_retrans, "%u",
	    ti->tcpi_total_retrans);
}

ATF_TC_WITHOUT_HEAD(info);
ATF_TC_BODY(info, tc)
{
	struct tcp_info ti;
	socklen_t len;
	int fd, lfd;

	drive_open(&d, AF_INET, NULL);
	lfd = listener(&d);
	fd = accepted(&d, lfd);
	CALL(&d, 2000, write, fd, p.raw, 2000);
	expect(&d, &p, A, 1, 1000, 1);
	expect(&d, &p, A | P, 1001, 1000, 1);
	len = sizeof(ti);
	CALL(&d, 0, getsockopt, fd, IPPROTO_TCP, TCP_INFO, &ti, &len);
	check_info(&ti, len);
	memset(&ti, 0, sizeof(ti));
	len = sizeof(ti);
	ATF_REQUIRE_EQ_MSG(0, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &ti,
	    &len), "%s", strerror(errno));
	check_info(&ti, len);
	memset(&ti, 0, sizeof(ti));
	len = sizeof(ti);
	ATF_REQUIRE_EQ(0, indirect(fd, IPPROTO_TCP, TCP_INFO, &ti, &len));
	check_info(&ti, len);
	/* The peer has acknowledged one of them. */
	inject(&d, A, 1, 0, 1001, 65535);
	len = sizeof(ti);
	ATF_REQUIRE_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &ti, &len));
	ATF_CHECK_EQ(1, ti.tcpi_unacked);
	/* As much as there is room for. */
	memset(&ti, 0xff, sizeof(ti));
	len = 8;
	ATF_REQUIRE_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &ti, &len));
	ATF_CHECK_EQ(8, len);
	ATF_CHECK_EQ(UINT32_MAX, ti.tcpi_rto);
	len = sizeof(ti);
	ATF_REQUIRE_EQ(0, getsockopt(lfd, IPPROTO_TCP, TCP_INFO, &ti, &len));
	ATF_CHECK_EQ(10, ti.tcpi_state);
	drive_close(&d);
	ATF_CHECK_EQ(-1, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &ti, &len));
}

/* Everybody else's getsockopt() is what it was. */
ATF_TC_WITHOUT_HEAD(others);
ATF_TC_BODY(others, tc)
{
	struct tcp_info ti;
	socklen_t len;
	int fd, sys, type, ufd;

	sys = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(sys >= 0);
	drive_open(&d, AF_INET, NULL);
	ufd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	fd = listener(&d);
	len = sizeof(ti);
	ATF_CHECK_EQ(0, getsockopt(sys, IPPROTO_TCP, TCP_INFO, &ti, &len));
	ATF_CHECK_EQ(7, ti.tcpi_state);
	len = sizeof(type);
	ATF_CHECK_EQ(0, getsockopt(ufd, SOL_SOCKET, SO_TYPE, &type, &len));
	ATF_CHECK_EQ(SOCK_SEQPACKET, type);
	ATF_CHECK_ERRNO(EBADF, getsockopt(-1, SOL_SOCKET, SO_TYPE, &type,
	    &len) == -1);
	/* A number of ours that the system has given to another. */
	ATF_REQUIRE_EQ(0, close(fd));
	ATF_REQUIRE_EQ(fd, socket(AF_INET, SOCK_DGRAM, 0));
	ATF_CHECK_EQ(0, getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len));
	ATF_CHECK_EQ(SOCK_DGRAM, type);
	drive_close(&d);
	ATF_CHECK_EQ(0, getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len));
	ATF_CHECK_EQ(SOCK_DGRAM, type);
}

/* Two stacks at a time, and one that leaves the program alone. */
ATF_TC_WITHOUT_HEAD(several);
ATF_TC_BODY(several, tc)
{
	static struct drive e, none;
	struct tcp_info ti;
	socklen_t len;
	int a, b, c;

	drive_open(&d, AF_INET, NULL);
	drive_open(&e, AF_INET6, NULL);
	a = listener(&d);
	b = accepted(&e, listener(&e));
	len = sizeof(ti);
	ATF_REQUIRE_EQ(0, getsockopt(a, IPPROTO_TCP, TCP_INFO, &ti, &len));
	ATF_CHECK_EQ(10, ti.tcpi_state);
	len = sizeof(ti);
	ATF_REQUIRE_EQ(0, getsockopt(b, IPPROTO_TCP, TCP_INFO, &ti, &len));
	ATF_CHECK_EQ(1, ti.tcpi_state);
	drive_close(&d);
	len = sizeof(ti);
	ATF_REQUIRE_EQ(0, getsockopt(b, IPPROTO_TCP, TCP_INFO, &ti, &len));
	drive_close(&e);
	drive_open(&none, AF_INET, "hook=0");
	c = listener(&none);
	ATF_CHECK_EQ(-1, getsockopt(c, IPPROTO_TCP, TCP_INFO, &ti, &len));
	drive_close(&none);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, info);
	ATF_TP_ADD_TC(tp, others);
	ATF_TP_ADD_TC(tp, several);
	return (atf_no_error());
}
