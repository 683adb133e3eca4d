/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * poll, epoll by level and by edge, pipes and splice.
 */
#include <sys/epoll.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "drive.h"

static struct drive d;
static struct pkt p;
static int ep, fd;

static void
up(uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.u64 = 0x1234567890 };

	drive_open(&d, AF_INET, NULL);
	fd = accepted(&d, listener(&d));
	ep = d.i.epoll_create(d.i.userdata, 1);
	ATF_REQUIRE_MSG(ep >= 0, "%s", strerror(errno));
	CALL(&d, 0, epoll_ctl, ep, EPOLL_CTL_ADD, fd, &ev);
}

/* What epoll reports now; 0 for nothing. */
static uint32_t
report(void)
{
	struct epoll_event ev[4];
	int n;

	n = d.i.epoll_wait(d.i.userdata, ep, ev, 4, 0);
	ATF_REQUIRE_MSG(n == 0 || n == 1, "%d, %s", n, strerror(errno));
	if (n == 0)
		return (0);
	ATF_CHECK_EQ(0x1234567890, ev[0].data.u64);
	return (ev[0].events);
}

ATF_TC_WITHOUT_HEAD(level);
ATF_TC_BODY(level, tc)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP,
	    .data.u64 = 0x1234567890 };
	char buf[100];
	int null;

	up(EPOLLIN | EPOLLOUT);
	ATF_CHECK_EQ(EPOLLOUT, report());
	ATF_CHECK_EQ(EPOLLOUT, report());
	inject(&d, A | P, 1, 10, 1, 65535);
	ATF_CHECK_EQ(EPOLLIN | EPOLLOUT, report());
	CALL(&d, 0, epoll_ctl, ep, EPOLL_CTL_MOD, fd, &ev);
	ATF_CHECK_EQ(EPOLLIN, report());
	CALL(&d, 10, read, fd, buf, sizeof(buf));
	ATF_CHECK_EQ(0, report());
	inject(&d, A | F, 11, 0, 1, 65535);
	ATF_CHECK_EQ(EPOLLIN | EPOLLRDHUP, report());
	FAIL(&d, EEXIST, epoll_ctl, ep, EPOLL_CTL_ADD, fd, &ev);
	CALL(&d, 0, epoll_ctl, ep, EPOLL_CTL_DEL, fd, NULL);
	ATF_CHECK_EQ(0, report());
	FAIL(&d, ENOENT, epoll_ctl, ep, EPOLL_CTL_DEL, fd, NULL);
	FAIL(&d, ENOENT, epoll_ctl, ep, EPOLL_CTL_MOD, fd, &ev);
	FAIL(&d, EBADF, epoll_ctl, ep, EPOLL_CTL_ADD, 999, &ev);
	FAIL(&d, EINVAL, epoll_ctl, ep, EPOLL_CTL_ADD, ep, &ev);
	FAIL(&d, EINVAL, epoll_ctl, fd, EPOLL_CTL_ADD, ep, &ev);
	FAIL(&d, EFAULT, epoll_ctl, ep, EPOLL_CTL_ADD, fd, NULL);
	FAIL(&d, EINVAL, epoll_wait, ep, &ev, 0, 0);
	FAIL(&d, EINVAL, epoll_create, 0);
	null = open("/dev/null", O_RDWR);
	FAIL(&d, EINVAL, epoll_wait, null, &ev, 1, 0);
	/* A descriptor that is closed leaves. */
	CALL(&d, 0, epoll_ctl, ep, EPOLL_CTL_ADD, fd, &ev);
	CALL(&d, 0, close, fd);
	ATF_CHECK_EQ(0, report());
	CALL(&d, 0, close, ep);
	drive_close(&d);
}

ATF_TC_WITHOUT_HEAD(edge);
ATF_TC_BODY(edge, tc)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLET,
	    .data.u64 = 0x1234567890 };
	char buf[100];

	up(EPOLLIN | EPOLLOUT | EPOLLET);
	ATF_CHECK_EQ(EPOLLOUT, report());
	ATF_CHECK_EQ(0, report());
	inject(&d, A | P, 1, 10, 1, 65535);
	ATF_CHECK_EQ(EPOLLIN | EPOLLOUT, report());
	ATF_CHECK_EQ(0, report());
	/* More comes before the first was read. */
	inject(&d, A | P, 11, 10, 1, 65535);
	ATF_CHECK_EQ(EPOLLIN | EPOLLOUT, report());
	ATF_CHECK_EQ(0, report());
	CALL(&d, 20, read, fd, buf, sizeof(buf));
	ATF_CHECK_EQ(0, report());
	CALL(&d, 0, epoll_ctl, ep, EPOLL_CTL_MOD, fd, &ev);
	ATF_CHECK_EQ(EPOLLOUT, report());
	ev.events |= EPOLLONESHOT;
	CALL(&d, 0, epoll_ctl, ep, EPOLL_CTL_MOD, fd, &ev);
	ATF_CHECK_EQ(EPOLLOUT, report());
	inject(&d, A | P, 21, 10, 1, 65535);
	ATF_CHECK_EQ(0, report());
	CALL(&d, 0, epoll_ctl, ep, EPOLL_CTL_MOD, fd, &ev);
	ATF_CHECK_EQ(EPOLLIN | EPOLLOUT, report());
	drive_close(&d);
}

/* A listener, and an end of a pipe; the time-out is virtual. */
ATF_TC_WITHOUT_HEAD(others);
ATF_TC_BODY(others, tc)
{
	struct epoll_event ev = { .events = EPOLLIN }, got[8];
	struct pollfd pfd[4];
	long long at;
	int lfd, pipes[2];

	drive_open(&d, AF_INET, NULL);
	lfd = listener(&d);
	ep = d.i.epoll_create(d.i.userdata, 1);
	CALL(&d, 0, pipe, pipes);
	ev.data.fd = lfd;
	CALL(&d, 0, epoll_ctl, ep, EPOLL_CTL_ADD, lfd, &ev);
	ev.data.fd = pipes[0];
	CALL(&d, 0, epoll_ctl, ep, EPOLL_CTL_ADD, pipes[0], &ev);
	at = now(&d);
	CALL(&d, 0, epoll_wait, ep, got, 8, 300);
	ATF_CHECK_EQ(at + 300000, now(&d));
	pfd[0] = (struct pollfd){ .fd = lfd, .events = POLLIN };
	pfd[1] = (struct pollfd){ .fd = pipes[0], .events = POLLIN };
	pfd[2] = (struct pollfd){ .fd = -1, .events = POLLIN };
	pfd[3] = (struct pollfd){ .fd = ep, .events = POLLIN };
	CALL(&d, 0, poll, pfd, 4, 100);
	ATF_CHECK_EQ(at + 400000, now(&d));
	inject(&d, S, 0, 0, 0, 65535);
	expect(&d, &p, S | A, 0, 0, 1);
	inject(&d, A, 1, 0, 1, 65535);
	CALL(&d, 1, epoll_wait, ep, got, 8, -1);
	ATF_CHECK_EQ(lfd, got[0].data.fd);
	CALL(&d, 3, write, pipes[1], "abc", 3);
	CALL(&d, 2, epoll_wait, ep, got, 8, -1);
	/* One at a time, each has its turn. */
	CALL(&d, 1, epoll_wait, ep, got, 1, -1);
	CALL(&d, 1, epoll_wait, ep, got + 1, 1, -1);
	ATF_CHECK(got[0].data.fd != got[1].data.fd);
	CALL(&d, 3, poll, pfd, 4, -1);
	ATF_CHECK_EQ(POLLIN, pfd[0].revents & pfd[1].revents &
	    pfd[3].revents);
	ATF_CHECK_EQ(0, pfd[2].revents);
	CALL(&d, 0, close, lfd);
	CALL(&d, 3, poll, pfd, 4, 0);
	ATF_CHECK_EQ(POLLNVAL, pfd[0].revents);
	drive_close(&d);
}

ATF_TC_WITHOUT_HEAD(splice_out);
ATF_TC_BODY(splice_out, tc)
{
	static char buf[200000], got[200000];
	size_t have, i;
	ssize_t n;
	int pipes[2];

	up(EPOLLIN);
	CALL(&d, 0, pipe, pipes);
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i * 7 + i / 256);
	FAIL(&d, EAGAIN, splice, pipes[0], NULL, fd, NULL, 10,
	    SPLICE_F_NONBLOCK);
	CALL(&d, 3000, write, pipes[1], buf, 3000);
	CALL(&d, 2500, splice, pipes[0], NULL, fd, NULL, 2500, 0);
	expect(&d, &p, A, 1, 1000, 1);
	ATF_CHECK_EQ(0, memcmp(buf, p.raw + p.size - p.len, p.len));
	inject(&d, A, 1, 0, 1001, 65535);
	expect(&d, &p, A, 1001, 1000, 1);
	inject(&d, A, 1, 0, 2001, 65535);
	expect(&d, &p, A | P, 2001, 500, 1);
	inject(&d, A, 1, 0, 2501, 65535);
	CALL(&d, 500, splice, pipes[0], NULL, fd, NULL, 10000, 0);
	CALL(&d, 0, fcntl, fd, F_SETFL, O_NONBLOCK);
	/* The send buffer fills; what does not fit stays in the pipe. */
	for (have = i = 0; i < 50; i++) {
		CALL(&d, 4096, write, pipes[1], buf, 4096);
		n = d.i.splice(d.i.userdata, pipes[0], NULL, fd, NULL,
		    65536, 0);
		if (n < 0)
			break;
		have += (size_t)n;
	}
	ATF_CHECK_EQ(EAGAIN, errno);
	ATF_CHECK_MSG(have >= 32000, "%zu", have);
	CALL(&d, 4096 * (i + 1) - have, read, pipes[0], got, sizeof(got));
	drive_close(&d);
}

ATF_TC_WITHOUT_HEAD(splice_in);
ATF_TC_BODY(splice_in, tc)
{
	static char got[70000];
	int i, pipes[2];
	uint32_t seq;
	loff_t off = 0;

	up(EPOLLIN);
	CALL(&d, 0, pipe, pipes);
	CALL(&d, 0, fcntl, fd, F_SETFL, O_NONBLOCK);
	FAIL(&d, EAGAIN, splice, fd, NULL, pipes[1], NULL, 100, 0);
	inject(&d, A | P, 1, 1000, 1, 65535);
	CALL(&d, 600, splice, fd, NULL, pipes[1], NULL, 600, 0);
	CALL(&d, 400, splice, fd, NULL, pipes[1], NULL, 600, 0);
	CALL(&d, 1000, read, pipes[0], got, sizeof(got));
	/* A pipe of one page: the rest stays in the socket. */
	ATF_REQUIRE(d.i.fcntl(d.i.userdata, pipes[1], F_SETPIPE_SZ, 4096) >=
	    0);
	for (i = 0, seq = 1001; i < 10; i++, seq += 1000)
		inject(&d, A | P, seq, 1000, 1, 65535);
	CALL(&d, 4096, splice, fd, NULL, pipes[1], NULL, 65536, 0);
	FAIL(&d, EAGAIN, splice, fd, NULL, pipes[1], NULL, 65536,
	    SPLICE_F_NONBLOCK);
	CALL(&d, 4096, read, pipes[0], got, sizeof(got));
	CALL(&d, 5904, read, fd, got, sizeof(got));
	/* The end of the stream is an end. */
	inject(&d, A | F, seq, 0, 1, 65535);
	CALL(&d, 0, splice, fd, NULL, pipes[1], NULL, 100, 0);
	FAIL(&d, ESPIPE, splice, fd, &off, pipes[1], NULL, 100, 0);
	FAIL(&d, EINVAL, splice, fd, NULL, fd, NULL, 100, 0);
	FAIL(&d, EINVAL, splice, fd, NULL, ep, NULL, 100, 0);
	FAIL(&d, EBADF, splice, 998, NULL, 999, NULL, 100, 0);
	drive_close(&d);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, level);
	ATF_TP_ADD_TC(tp, edge);
	ATF_TP_ADD_TC(tp, others);
	ATF_TP_ADD_TC(tp, splice_out);
	ATF_TP_ADD_TC(tp, splice_in);
	return (atf_no_error());
}
