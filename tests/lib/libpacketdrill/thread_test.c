/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Blocking calls of a second thread, as packetdrill makes them: it reads
 * the clock, calls, and reads the clock; the first thread watches it fall
 * asleep and goes on with the script.
 */
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "drive.h"

#define	LONG_US		30000		/* real: "for a while" */

static struct drive d;
static struct pkt p;

/* A call for the second thread, and what came of it. */
static struct job {
	long		(*call)(struct job *);
	int		fd;
	_Atomic pid_t	tid;
	int		dawdle;		/* us real between clock and call */
	_Atomic bool	last;		/* there is no clock afterwards */
	pthread_t	thread;
	long		rv;
	int		error;
	long long	began, ended;	/* by the interface's clock */
	_Atomic int	done;
} job;

static void *
work(void *arg)
{
	struct job *j = arg;

	j->tid = (pid_t)syscall(SYS_gettid);
	j->began = now(&d);
	if (j->dawdle != 0)
		(void)usleep((useconds_t)j->dawdle);
	errno = 0;
	j->rv = j->call(j);
	j->error = errno;
	if (j->dawdle != 0)
		(void)usleep((useconds_t)j->dawdle);
	if (!j->last)
		j->ended = now(&d);
	j->done = 1;
	return (NULL);
}

/* Start it, and wait until it sleeps in its call. */
static void
start(long (*call)(struct job *), int fd)
{
	int dawdle = job.dawdle;

	memset(&job, 0, sizeof(job));
	job.call = call;
	job.fd = fd;
	job.dawdle = dawdle;
	ATF_REQUIRE_EQ(0, pthread_create(&job.thread, NULL, work, &job));
	wait_asleep(&job.tid);
}

static void
finish(long rv, int error)
{
	ATF_REQUIRE_EQ(0, pthread_join(job.thread, NULL));
	ATF_CHECK_EQ_MSG(rv, job.rv, "%ld, %s", job.rv,
	    strerror(job.error));
	if (error != 0)
		ATF_CHECK_EQ_MSG(error, job.error, "%s",
		    strerror(job.error));
}

/* ---- The calls ---- */

static long
do_connect(struct job *j)
{
	struct sockaddr_storage ss;
	socklen_t len;

	len = remote(&d, &ss);
	return (d.i.connect(d.i.userdata, j->fd, (struct sockaddr *)&ss,
	    len));
}

static long
do_accept(struct job *j)
{
	return (d.i.accept(d.i.userdata, j->fd, NULL, NULL));
}

static long
do_read(struct job *j)
{
	static char buf[1000];

	return (d.i.read(d.i.userdata, j->fd, buf, sizeof(buf)));
}

static long
do_read_all(struct job *j)
{
	static char buf[1000];

	return (d.i.recv(d.i.userdata, j->fd, buf, sizeof(buf),
	    MSG_WAITALL));
}

static long
do_write(struct job *j)
{
	static char buf[100000];

	return (d.i.write(d.i.userdata, j->fd, buf, sizeof(buf)));
}

static long
do_poll(struct job *j)
{
	struct pollfd pfd = { .fd = j->fd, .events = POLLIN };

	return (d.i.poll(d.i.userdata, &pfd, 1, 250));
}

static long
do_epoll_wait(struct job *j)
{
	struct epoll_event ev;

	return (d.i.epoll_wait(d.i.userdata, j->fd, &ev, 1, -1));
}

static long
do_usleep(struct job *j)
{
	(void)j;
	return (d.i.usleep(d.i.userdata, 12345));
}

static int
new_socket(void)
{
	int fd;

	fd = d.i.socket(d.i.userdata, AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(fd >= 0);
	return (fd);
}

/* The SYN that connect has sent. */
static void
take_syn(void)
{
	take(&d, &p);
	ATF_REQUIRE_EQ(S, p.flags);
	memcpy(d.us, p.src, sizeof(d.us));
	d.lport = p.lport;
}

/* ---- Tests ---- */

ATF_TC_WITHOUT_HEAD(connect);
ATF_TC_BODY(connect, tc)
{
	long long at;
	int dawdle;

	/* However slow the thread is around its call, time waits. */
	for (dawdle = 0; dawdle <= LONG_US; dawdle += LONG_US) {
		job.dawdle = dawdle;
		drive_open(&d, AF_INET, NULL);
		start(do_connect, new_socket());
		take_syn();
		ATF_CHECK_EQ(p.when, job.began);
		wait_asleep(&job.tid);
		CALL(&d, 0, usleep, 100000);
		ATF_CHECK_EQ(0, job.done);
		at = now(&d);
		inject(&d, S | A, 0, 0, 1, 65535);
		CALL(&d, 0, usleep, 5000);
		expect(&d, &p, A, 1, 0, 1);
		finish(0, 0);
		ATF_CHECK_EQ(at, p.when);
		ATF_CHECK_MSG(job.ended == at || job.ended == at + 1,
		    "%lld, not %lld", job.ended, at);
		drive_close(&d);
	}
}

ATF_TC_WITHOUT_HEAD(connect_refused);
ATF_TC_BODY(connect_refused, tc)
{
	drive_open(&d, AF_INET, NULL);
	start(do_connect, new_socket());
	take_syn();
	inject(&d, R | A, 0, 0, 1, 0);
	finish(-1, ECONNREFUSED);
	drive_close(&d);
}

/* Nobody answers: SYNs until the stack gives up, 75 s later. */
ATF_TC_WITHOUT_HEAD(connect_timeout);
ATF_TC_BODY(connect_timeout, tc)
{
	long long first;
	int fd, n;

	drive_open(&d, AF_INET, NULL);
	fd = new_socket();
	start(do_connect, fd);
	take_syn();
	first = p.when;
	for (n = 0;; n++) {
		memset(&p, 0, sizeof(p));
		p.size = sizeof(p.raw);
		CALL(&d, 0, netdev_receive, p.raw, &p.size, &p.when);
		if (p.size == 0)
			break;
	}
	ATF_CHECK_MSG(n >= 3, "%d SYNs more", n);
	finish(-1, ETIMEDOUT);
	ATF_CHECK_EQ_MSG(75000000, job.ended - first, "%lld us",
	    job.ended - first);
	drive_close(&d);
}

/* Of the caller's: SO_SNDTIMEO. */
ATF_TC_WITHOUT_HEAD(connect_sndtimeo);
ATF_TC_BODY(connect_sndtimeo, tc)
{
	struct timeval tv = { 0, 150000 };
	int fd;

	drive_open(&d, AF_INET, NULL);
	fd = new_socket();
	CALL(&d, 0, setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &tv,
	    sizeof(tv));
	start(do_connect, fd);
	take_syn();
	CALL(&d, 0, usleep, 400000);
	finish(-1, EINPROGRESS);
	ATF_CHECK_EQ_MSG(150000, job.ended - job.began, "%lld us",
	    job.ended - job.began);
	drive_close(&d);
}

ATF_TC_WITHOUT_HEAD(accept);
ATF_TC_BODY(accept, tc)
{
	long long at;

	drive_open(&d, AF_INET, NULL);
	start(do_accept, listener(&d));
	inject(&d, S, 0, 0, 0, 65535);
	expect(&d, &p, S | A, 0, 0, 1);
	CALL(&d, 0, usleep, 20000);
	ATF_CHECK_EQ(0, job.done);
	at = now(&d);
	inject(&d, A, 1, 0, 1, 65535);
	ATF_REQUIRE_EQ(0, pthread_join(job.thread, NULL));
	ATF_REQUIRE_MSG(job.rv >= 0, "%s", strerror(job.error));
	ATF_CHECK(job.ended - at <= 1);
	CALL(&d, 2, write, (int)job.rv, "hi", 2);
	expect(&d, &p, A | P, 1, 2, 1);
	drive_close(&d);
}

ATF_TC_WITHOUT_HEAD(data);
ATF_TC_BODY(data, tc)
{
	struct timeval tv = { 1, 0 };
	uint32_t acked;
	int fd;

	drive_open(&d, AF_INET, NULL);
	fd = accepted(&d, listener(&d));
	start(do_read, fd);
	inject(&d, A | P, 1, 300, 1, 65535);
	finish(300, 0);
	/* All of it or nothing. */
	start(do_read_all, fd);
	inject(&d, A | P, 301, 600, 1, 65535);
	CALL(&d, 0, usleep, 1000);
	ATF_CHECK_EQ(0, job.done);
	inject(&d, A | P, 901, 400, 1, 65535);
	finish(1000, 0);
	/* More than the send buffer holds. */
	start(do_write, fd);
	for (acked = 1; acked < 100001;) {
		take(&d, &p);
		if (p.len == 0)
			continue;
		acked = p.seq + (uint32_t)p.len;
		inject(&d, A, 1301, 0, acked, 65535);
	}
	finish(100000, 0);
	/* Nothing comes within a second. */
	CALL(&d, 0, setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
	    sizeof(tv));
	start(do_read, fd);
	CALL(&d, 0, usleep, 3000000);
	finish(-1, EAGAIN);
	ATF_CHECK_EQ_MSG(1000000, job.ended - job.began, "%lld",
	    job.ended - job.began);
	/* The end of the stream. */
	start(do_read, fd);
	inject(&d, A | F, 1301, 0, 100001, 65535);
	finish(0, 0);
	drive_close(&d);
}

ATF_TC_WITHOUT_HEAD(waiting);
ATF_TC_BODY(waiting, tc)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int ep, fd;

	drive_open(&d, AF_INET, NULL);
	fd = accepted(&d, listener(&d));
	start(do_poll, fd);
	CALL(&d, 0, usleep, 300000);
	finish(0, 0);
	ATF_CHECK_EQ(250000, job.ended - job.began);
	ep = d.i.epoll_create(d.i.userdata, 1);
	ATF_REQUIRE(ep >= 0);
	CALL(&d, 0, epoll_ctl, ep, EPOLL_CTL_ADD, fd, &ev);
	start(do_epoll_wait, ep);
	CALL(&d, 0, usleep, 300000);
	ATF_CHECK_EQ(0, job.done);
	inject(&d, A | P, 1, 300, 1, 65535);
	finish(1, 0);
	start(do_usleep, 0);
	CALL(&d, 0, usleep, 300000);
	finish(0, 0);
	ATF_CHECK_EQ(12345, job.ended - job.began);
	drive_close(&d);
}

/* What a thread sleeps on is closed by another, or goes altogether. */
ATF_TC_WITHOUT_HEAD(closed);
ATF_TC_BODY(closed, tc)
{
	int fd, lfd;

	drive_open(&d, AF_INET, NULL);
	lfd = listener(&d);
	fd = accepted(&d, lfd);
	start(do_read, fd);
	CALL(&d, 0, close, fd);
	finish(-1, EBADF);
	start(do_accept, lfd);
	CALL(&d, 0, close, lfd);
	finish(-1, EBADF);
	/* The stack ends while somebody sleeps in it. */
	start(do_accept, listener(&d));
	job.last = true;
	drive_close(&d);
	ATF_REQUIRE_EQ(0, pthread_join(job.thread, NULL));
	ATF_CHECK_EQ(-1, job.rv);
}

/* In the first thread a call that waits runs time itself. */
ATF_TC_WITHOUT_HEAD(first_thread);
ATF_TC_BODY(first_thread, tc)
{
	struct timeval tv = { 2, 0 };
	struct pollfd pfd;
	long long at;
	char c;
	int fd;

	drive_open(&d, AF_INET, NULL);
	fd = accepted(&d, listener(&d));
	CALL(&d, 0, setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
	    sizeof(tv));
	at = now(&d);
	FAIL(&d, EAGAIN, read, fd, &c, 1);
	ATF_CHECK_EQ(at + 2000000, now(&d));
	pfd = (struct pollfd){ .fd = fd, .events = POLLIN };
	CALL(&d, 0, poll, &pfd, 1, 500);
	ATF_CHECK_EQ(at + 2500000, now(&d));
	tv.tv_sec = 0;
	CALL(&d, 0, setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
	    sizeof(tv));
	CALL(&d, 0, close, fd);
	fd = d.i.socket(d.i.userdata, AF_INET, SOCK_STREAM, 0);
	d.lport++;
	ATF_REQUIRE_EQ(-1, do_connect(&(struct job){ .fd = fd }));
	ATF_CHECK_EQ(ETIMEDOUT, errno);
	/* Nothing would ever end this one. */
	fd = listener(&d);
	FAIL(&d, EDEADLK, accept, fd, NULL, NULL);
	drive_close(&d);
}

/* A thread that begins a call and dies: time goes on, if late. */
static void *
die(void *arg)
{
	(void)arg;
	(void)now(&d);
	return (NULL);
}

ATF_TC_WITHOUT_HEAD(died);
ATF_TC_BODY(died, tc)
{
	pthread_t thread;
	long long at;

	drive_open(&d, AF_INET, NULL);
	ATF_REQUIRE_EQ(0, pthread_create(&thread, NULL, die, NULL));
	ATF_REQUIRE_EQ(0, pthread_join(thread, NULL));
	at = now(&d);
	ATF_CHECK_EQ(at + 1, now(&d));
	drive_close(&d);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, connect);
	ATF_TP_ADD_TC(tp, connect_refused);
	ATF_TP_ADD_TC(tp, connect_timeout);
	ATF_TP_ADD_TC(tp, connect_sndtimeo);
	ATF_TP_ADD_TC(tp, accept);
	ATF_TP_ADD_TC(tp, data);
	ATF_TP_ADD_TC(tp, waiting);
	ATF_TP_ADD_TC(tp, closed);
	ATF_TP_ADD_TC(tp, first_thread);
	ATF_TP_ADD_TC(tp, died);
	return (atf_no_error());
}
