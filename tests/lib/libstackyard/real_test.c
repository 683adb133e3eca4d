/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The loop in real time.  Nothing here waits for time to pass: descriptors
 * are ready before they are waited for, and times are in the past.
 */
#include <netinet/in.h>
#include <signal.h>
#include <unistd.h>

#include "sy_test.h"

static struct sy_loop *loop;
static int pipe_fds[2];
static int calls;
static short seen;

static void
begin(void)
{

	loop = sy_loop_new(SY_REAL, 1);
	ATF_REQUIRE(loop != NULL);
	ATF_REQUIRE_EQ(0, pipe(pipe_fds));
}

static void
end(void)
{

	sy_loop_free(loop);
	(void)close(pipe_fds[0]);
	(void)close(pipe_fds[1]);
}

static void
readable(void *arg, short revents)
{
	char c;

	ATF_CHECK(arg == &calls);
	seen = revents;
	calls++;
	ATF_REQUIRE_EQ(1, read(pipe_fds[0], &c, 1));
}

TEST(fd)
{

	begin();
	WORKS(sy_loop_fd(loop, pipe_fds[0], POLLIN, readable, &calls));
	ATF_CHECK_EQ(0, sy_loop_step(loop, 0));
	ATF_REQUIRE_EQ(2, write(pipe_fds[1], "xy", 2));
	ATF_CHECK_EQ(1, sy_loop_step(loop, UINT64_MAX));
	ATF_CHECK_EQ(1, calls);
	ATF_CHECK_EQ(POLLIN, seen);
	ATF_CHECK_EQ(1, sy_loop_step(loop, UINT64_MAX));
	ATF_CHECK_EQ(2, calls);
	ATF_CHECK_EQ(0, sy_loop_step(loop, 0));
	ATF_CHECK_EQ(2, sy_loop_events(loop));
	WORKS(sy_loop_fd(loop, pipe_fds[0], 0, NULL, NULL));
	FAILS(ENOENT, "not watched", sy_loop_fd(loop, pipe_fds[0], 0, NULL,
	    NULL));
	FAILS(EINVAL, "POLLIN", sy_loop_fd(loop, pipe_fds[0], POLLIN, NULL,
	    NULL));
	FAILS(EINVAL, "POLLIN", sy_loop_fd(loop, pipe_fds[0], POLLERR,
	    readable, NULL));
	FAILS(EINVAL, "POLLIN", sy_loop_fd(loop, -1, POLLIN, readable, NULL));
	ATF_REQUIRE_EQ(1, write(pipe_fds[1], "z", 1));
	ATF_CHECK_EQ(0, sy_loop_step(loop, 0));
	/* Nothing is left that could happen. */
	ATF_CHECK_EQ(0, sy_loop_run(loop, UINT64_MAX));
	end();
}

/* A callback may stop watching another descriptor that is ready. */
static int other_fds[2];

static void
first_wins(void *arg, short revents)
{

	(void)revents;
	calls++;
	WORKS(sy_loop_fd(loop, arg == NULL ? other_fds[0] : pipe_fds[0], 0,
	    NULL, NULL));
}

TEST(fd_unwatch)
{

	begin();
	ATF_REQUIRE_EQ(0, pipe(other_fds));
	WORKS(sy_loop_fd(loop, pipe_fds[0], POLLIN, first_wins, NULL));
	WORKS(sy_loop_fd(loop, other_fds[0], POLLIN, first_wins, &calls));
	ATF_REQUIRE_EQ(1, write(pipe_fds[1], "x", 1));
	ATF_REQUIRE_EQ(1, write(other_fds[1], "x", 1));
	ATF_CHECK_EQ(1, sy_loop_step(loop, 0));
	ATF_CHECK_EQ(1, calls);
	WORKS(sy_loop_fd(loop, pipe_fds[0], 0, NULL, NULL));
	ATF_CHECK_EQ(0, sy_loop_step(loop, 0));
	end();
}

/* One that was closed is told of it once and then forgotten. */
static void
gone(void *arg, short revents)
{

	(void)arg;
	calls++;
	seen = revents;
}

TEST(fd_closed)
{

	begin();
	WORKS(sy_loop_fd(loop, pipe_fds[0], POLLIN, gone, NULL));
	ATF_REQUIRE_EQ(0, close(pipe_fds[0]));
	ATF_CHECK_EQ(0, sy_loop_run(loop, UINT64_MAX));
	ATF_CHECK_EQ(1, calls);
	ATF_CHECK_EQ(POLLNVAL, seen);
	end();
}

static void
count(void *arg)
{

	(*(int *)arg)++;
}

/* Calls come when they are due, by the machine's clock. */
TEST(calls_due)
{
	uint64_t before, now;
	int late, past;

	begin();
	late = past = 0;
	before = sy_loop_now(loop);
	ATF_CHECK(before > 0);
	WORKS(sy_loop_at(loop, before - 5, count, &past));
	WORKS(sy_loop_at(loop, before + 3600 * SECOND, count, &late));
	ATF_CHECK_EQ(1, sy_loop_step(loop, 0));
	ATF_CHECK_EQ(1, past);
	ATF_CHECK_EQ(0, sy_loop_step(loop, 0));
	ATF_CHECK_EQ(0, late);
	now = sy_loop_now(loop);
	ATF_CHECK(now >= before);
	ATF_CHECK_EQ(0, sy_loop_run(loop, now));
	end();
}

/* Descriptors are served although calls are due without end. */
static void
again(void *arg)
{

	(void)arg;
	WORKS(sy_loop_at(loop, 0, again, NULL));
	if (calls > 0)
		sy_loop_stop(loop);
}

TEST(no_starving)
{

	begin();
	WORKS(sy_loop_at(loop, 0, again, NULL));
	WORKS(sy_loop_fd(loop, pipe_fds[0], POLLIN, readable, &calls));
	ATF_REQUIRE_EQ(1, write(pipe_fds[1], "x", 1));
	ATF_CHECK_EQ(1, sy_loop_run(loop, UINT64_MAX));
	ATF_CHECK_EQ(1, calls);
	end();
}

static void
ignored(void *arg __attribute__((__unused__)), int fd
    __attribute__((__unused__)), short revents __attribute__((__unused__)))
{
}

static void
counted(void *arg __attribute__((__unused__)))
{

	calls++;
}

/* A descriptor that is always ready does not keep what is due waiting. */
TEST(always_ready)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	struct sy_host *host;
	int listener, s, i;

	begin();
	ATF_REQUIRE((host = sy_host_new(loop, "a", NULL, 0)) != NULL);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = sy_socket(host, AF_INET, SOCK_STREAM, 0);
	WORKS(sy_bind(host, listener, (struct sockaddr *)&sin, len));
	WORKS(sy_listen(host, listener, 1));
	WORKS(sy_getsockname(host, listener, (struct sockaddr *)&sin, &len));
	s = sy_socket(host, AF_INET, SOCK_STREAM, 0);
	WORKS(sy_connect(host, s, (struct sockaddr *)&sin, len));
	WORKS(sy_watch(host, s, POLLOUT, ignored, NULL));
	(void)sy_loop_step(loop, 0);
	WORKS(sy_loop_at(loop, sy_loop_now(loop), counted, NULL));
	for (i = 0; i < 1000 && calls == 0; i++)
		(void)sy_loop_step(loop, 0);
	ATF_CHECK_MSG(calls > 0, "its time never came");
	end();
}

/* A signal's handler may stop a loop that waits for ever. */
static void
on_signal(int signo)
{

	(void)signo;
	sy_loop_stop(loop);
}

TEST(stop_by_signal)
{

	begin();
	WORKS(sy_loop_fd(loop, pipe_fds[0], POLLIN, readable, &calls));
	ATF_REQUIRE(signal(SIGALRM, on_signal) != SIG_ERR);
	(void)ualarm(1, 0);
	ATF_CHECK_EQ(1, sy_loop_run(loop, UINT64_MAX));
	ATF_CHECK_EQ(0, calls);
	end();
}

/* A host's timer, and a wait for it. */
TEST(host_timer)
{
	struct sy_host *host;
	struct sy_kevent kev;
	uint64_t before;
	int kq;

	begin();
	host = sy_host_new(loop, "h", NULL, 0);
	ATF_REQUIRE(host != NULL);
	WORKS(kq = sy_kqueue(host));
	SY_EV_SET(&kev, 1, SY_EVFILT_TIMER, SY_EV_ADD | SY_EV_ONESHOT,
	    SY_NOTE_USECONDS, 10, NULL);
	before = sy_loop_now(loop);
	ATF_CHECK_EQ(1, sy_kevent(host, kq, &kev, 1, &kev, 1, UINT64_MAX));
	ATF_CHECK_EQ(SY_EVFILT_TIMER, kev.filter);
	ATF_CHECK(sy_loop_now(loop) >= before + 10000);
	end();
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, fd);
	ATF_TP_ADD_TC(tp, fd_unwatch);
	ATF_TP_ADD_TC(tp, fd_closed);
	ATF_TP_ADD_TC(tp, calls_due);
	ATF_TP_ADD_TC(tp, no_starving);
	ATF_TP_ADD_TC(tp, always_ready);
	ATF_TP_ADD_TC(tp, stop_by_signal);
	ATF_TP_ADD_TC(tp, host_timer);
	return (atf_no_error());
}
