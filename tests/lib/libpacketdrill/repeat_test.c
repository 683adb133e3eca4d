/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * One sequence, of everything that a script does, a thousand times: each
 * time the same packets at the same microseconds.
 */
#include <sys/syscall.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "drive.h"

#define	RUNS	1000

static struct drive d;
static struct pkt p;
static uint64_t hash;
static unsigned npackets;
static _Atomic pid_t tid;

static void
add(const void *data, size_t len)
{
	const uint8_t *b = data;
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ b[i]) * 1099511628211U;	/* FNV-1a */
}

/* Note a packet: when it left and every byte of it. */
static void
note(void)
{
	take(&d, &p);
	add(&p.when, sizeof(p.when));
	add(p.raw, p.size);
	npackets++;
}

static void *
blocking_read(void *arg)
{
	long long times[2];
	static char buf[5000];
	ssize_t n;

	tid = (pid_t)syscall(SYS_gettid);
	times[0] = now(&d);
	n = d.i.recv(d.i.userdata, *(int *)arg, buf, sizeof(buf),
	    MSG_WAITALL);
	times[1] = now(&d);
	add(times, sizeof(times));
	add(&n, sizeof(n));
	return (NULL);
}

static void
run(int af)
{
	pthread_t thread;
	static char data[3952];
	int fd, i, lfd;

	drive_open(&d, af, "net.inet.tcp.rexmit_min=30");
	d.usets = true;
	d.ts = 100;
	lfd = listener(&d);
	inject(&d, S, 0, 0, 0, 65535);
	note();
	inject(&d, A, 1, 0, 1, 65535);
	fd = d.i.accept(d.i.userdata, lfd, NULL, NULL);
	ATF_REQUIRE(fd >= 0);
	/* Data, a loss, its timer twice. */
	CALL(&d, 3952, write, fd, data, 3952);
	for (i = 0; i < 6; i++)
		note();
	CALL(&d, 0, usleep, 777);
	inject(&d, A, 1, 0, 3953, 65535);
	/* A thread that sleeps while data comes. */
	tid = 0;
	ATF_REQUIRE_EQ(0, pthread_create(&thread, NULL, blocking_read, &fd));
	wait_asleep(&tid);
	for (i = 0; i < 10; i++) {
		CALL(&d, 0, usleep, 1000 + 13 * (useconds_t)i);
		inject(&d, A | P, 1 + 500 * (uint32_t)i, 500, 3953, 65535);
	}
	ATF_REQUIRE_EQ(0, pthread_join(thread, NULL));
	for (i = 0; i < 5; i++)
		note();
	CALL(&d, 0, close, fd);
	note();
	note();
	drive_close(&d);
}

static void
repeat(int af)
{
	uint64_t first;
	unsigned i, n;

	for (i = first = n = 0; i < RUNS; i++) {
		hash = 14695981039346656037U;
		npackets = 0;
		run(af);
		if (i == 0) {
			first = hash;
			n = npackets;
		}
		ATF_REQUIRE_EQ_MSG(n, npackets, "run %u", i);
		ATF_REQUIRE_EQ_MSG(first, hash, "run %u differs", i);
	}
}

ATF_TC_WITHOUT_HEAD(ipv4);
ATF_TC_BODY(ipv4, tc)
{
	repeat(AF_INET);
}

ATF_TC_WITHOUT_HEAD(ipv6);
ATF_TC_BODY(ipv6, tc)
{
	repeat(AF_INET6);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ipv4);
	ATF_TP_ADD_TC(tp, ipv6);
	return (atf_no_error());
}
