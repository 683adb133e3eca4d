/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What a script does first: connections in both directions and both
 * families, loss, timers, the interface's MTU.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>

#include "drive.h"

static struct drive d;
static struct pkt p;

static const struct {
	int	af;
	size_t	ip;			/* bytes of its header */
} families[] = { { AF_INET, 20 }, { AF_INET6, 40 } };

ATF_TC_WITHOUT_HEAD(passive);
ATF_TC_BODY(passive, tc)
{
	char buf[2000];
	int fd, i, lfd;

	for (i = 0; i < 2; i++) {
		drive_open(&d, families[i].af, "");
		lfd = listener(&d);
		inject(&d, S, 0, 0, 0, 65535);
		expect(&d, &p, S | A, 0, 0, 1);
		ATF_CHECK_EQ(1500 - families[i].ip - 20, p.mss);
		ATF_CHECK_EQ(0, memcmp(p.src, d.us, 4));
		inject(&d, A, 1, 0, 1, 65535);
		fd = d.i.accept(d.i.userdata, lfd, NULL, NULL);
		ATF_REQUIRE(fd >= 0);
		/* Data out, of the peer's MSS at most, and in. */
		CALL(&d, 2000, write, fd, buf, 2000);
		expect(&d, &p, A, 1, 1000, 1);
		expect(&d, &p, A | P, 1001, 1000, 1);
		inject(&d, A, 1, 0, 2001, 65535);
		inject(&d, A | P, 1, 700, 2001, 65535);
		inject(&d, A | P, 701, 700, 2001, 65535);
		expect(&d, &p, A, 2001, 0, 1401);
		CALL(&d, 1400, read, fd, buf, sizeof(buf));
		/* The end. */
		CALL(&d, 0, close, fd);
		expect(&d, &p, A | F, 2001, 0, 1401);
		inject(&d, A | F, 1401, 0, 2002, 65535);
		expect(&d, &p, A, 2002, 0, 1402);
		CALL(&d, 0, close, lfd);
		drive_close(&d);
	}
}

ATF_TC_WITHOUT_HEAD(active);
ATF_TC_BODY(active, tc)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int error, fd, i;

	for (i = 0; i < 2; i++) {
		drive_open(&d, families[i].af, "");
		fd = d.i.socket(d.i.userdata, d.af,
		    SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP);
		ATF_REQUIRE(fd >= 0);
		ATF_CHECK_EQ(O_RDWR | O_NONBLOCK, d.i.fcntl(d.i.userdata, fd,
		    F_GETFL));
		len = remote(&d, &ss);
		FAIL(&d, EINPROGRESS, connect, fd, (struct sockaddr *)&ss,
		    len);
		/* Any local address: the caller takes it from the SYN. */
		take(&d, &p);
		ATF_CHECK_EQ(S, p.flags);
		memcpy(d.us, p.src, sizeof(d.us));
		d.lport = p.lport;
		inject(&d, S | A, 0, 0, 1, 65535);
		expect(&d, &p, A, 1, 0, 1);
		len = sizeof(error);
		CALL(&d, 0, getsockopt, fd, SOL_SOCKET, SO_ERROR, &error,
		    &len);
		ATF_CHECK_EQ(0, error);
		CALL(&d, 0, close, fd);
		drive_close(&d);
	}
}

/* bind says which address the host has. */
ATF_TC_WITHOUT_HEAD(local_from_bind);
ATF_TC_BODY(local_from_bind, tc)
{
	struct sockaddr_storage ss;
	int fd, lfd, i;

	for (i = 0; i < 2; i++) {
		drive_open(&d, families[i].af, NULL);
		ATF_REQUIRE_EQ(1, inet_pton(d.af, i == 0 ? "10.20.30.40" :
		    "2001:db8:5::40", d.us));
		lfd = listener(&d);
		fd = accepted(&d, lfd);
		CALL(&d, 5, write, fd, "hello", 5);
		expect(&d, &p, A | P, 1, 5, 1);
		ATF_CHECK_EQ(0, memcmp(p.src, d.us, i == 0 ? 4 : 16));
		drive_close(&d);

		/* A socket that takes any: the peer's packets say it. */
		drive_open(&d, families[i].af, NULL);
		lfd = d.i.socket(d.i.userdata, d.af, SOCK_STREAM, 0);
		memset(d.us, 0, sizeof(d.us));
		CALL(&d, 0, bind, lfd, (struct sockaddr *)&ss,
		    local(&d, &ss));
		CALL(&d, 0, listen, lfd, 5);
		ATF_REQUIRE_EQ(1, inet_pton(d.af, i == 0 ? "10.9.8.7" :
		    "2001:db8:9::7", d.us));
		(void)accepted(&d, lfd);
		drive_close(&d);
	}
}

/* A segment is lost: by duplicate acknowledgements, by its timer, twice. */
ATF_TC_WITHOUT_HEAD(loss);
ATF_TC_BODY(loss, tc)
{
	long long rto, sent;
	int fd;

	drive_open(&d, AF_INET, "net.inet.tcp.rexmit_min=30");
	fd = accepted(&d, listener(&d));
	CALL(&d, 0, usleep, 10000);
	CALL(&d, 5000, write, fd, p.raw, 5000);
	do
		take(&d, &p);
	while (p.seq + p.len < 5001);
	CALL(&d, 0, usleep, 10000);
	sent = now(&d);
	inject(&d, A, 1, 0, 1, 65535);
	inject(&d, A, 1, 0, 1, 65535);
	inject(&d, A, 1, 0, 1, 65535);
	expect(&d, &p, A, 1, 1000, 1);
	ATF_CHECK_EQ(sent, p.when);
	inject(&d, A, 1, 0, 5001, 65535);
	CALL(&d, 1000, write, fd, p.raw, 1000);
	expect(&d, &p, A | P, 5001, 1000, 1);
	sent = p.when;
	expect(&d, &p, A | P, 5001, 1000, 1);
	rto = p.when - sent;
	ATF_CHECK_MSG(rto >= 30000 && rto < 3000000, "after %lld us", rto);
	ATF_CHECK_EQ(p.when, now(&d));
	sent = p.when;
	expect(&d, &p, A | P, 5001, 1000, 1);
	ATF_CHECK_MSG(p.when - sent > rto, "after %lld us", p.when - sent);
	drive_close(&d);
}

ATF_TC_WITHOUT_HEAD(delayed_ack);
ATF_TC_BODY(delayed_ack, tc)
{
	long long came;

	drive_open(&d, AF_INET, NULL);
	(void)accepted(&d, listener(&d));
	CALL(&d, 0, usleep, 500000);
	inject(&d, A | P, 1, 100, 1, 65535);
	came = now(&d);
	expect(&d, &p, A, 1, 0, 101);
	ATF_CHECK_MSG(p.when - came > 30000 && p.when - came <= 40000,
	    "%lld us", p.when - came);
	/* By the caller's sleep, not by its waiting. */
	inject(&d, A | P, 101, 100, 1, 65535);
	CALL(&d, 0, usleep, 1000000);
	came = now(&d);
	expect(&d, &p, A, 1, 0, 201);
	ATF_CHECK(p.when < came - 900000);
	drive_close(&d);
}

static void
check_mtu(const char *flags, unsigned mtu)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	drive_open(&d, AF_INET, flags);
	fd = d.i.socket(d.i.userdata, AF_INET, SOCK_STREAM | SOCK_NONBLOCK,
	    0);
	len = remote(&d, &ss);
	FAIL(&d, EINPROGRESS, connect, fd, (struct sockaddr *)&ss, len);
	take(&d, &p);
	ATF_CHECK_EQ_MSG(mtu - 40, p.mss, "%s: MSS %u", flags, p.mss);
	drive_close(&d);
}

ATF_TC_WITHOUT_HEAD(mtu);
ATF_TC_BODY(mtu, tc)
{
	check_mtu("", 1500);
	check_mtu("mtu=1280", 1280);
	check_mtu("seed=7,mtu=9000,net.inet.tcp.sendspace=40000", 9000);
	ATF_REQUIRE_EQ(0, setenv("PDSO_MTU", "1300", 1));
	check_mtu("", 1300);
	check_mtu("mtu=1400", 1400);
}

/* Spoilt packets are none. */
ATF_TC_WITHOUT_HEAD(spoilt);
ATF_TC_BODY(spoilt, tc)
{
	static uint8_t zero[70000];
	size_t len;
	int lfd;

	drive_open(&d, AF_INET, NULL);
	lfd = listener(&d);
	FAIL(&d, EINVAL, netdev_send, zero, 0);
	FAIL(&d, EINVAL, netdev_send, zero, sizeof(zero));
	for (len = 1; len < 100; len++) {
		zero[0] = 0x45;
		CALL(&d, 0, netdev_send, zero, len);
		zero[0] = 0x60;
		CALL(&d, 0, netdev_send, zero, len);
		zero[0] = 0;
		CALL(&d, 0, netdev_send, zero, len);
	}
	(void)accepted(&d, lfd);
	drive_close(&d);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, passive);
	ATF_TP_ADD_TC(tp, active);
	ATF_TP_ADD_TC(tp, local_from_bind);
	ATF_TP_ADD_TC(tp, loss);
	ATF_TP_ADD_TC(tp, delayed_ack);
	ATF_TP_ADD_TC(tp, mtu);
	ATF_TP_ADD_TC(tp, spoilt);
	return (atf_no_error());
}
