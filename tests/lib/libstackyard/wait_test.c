/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Waiting in virtual time without a connection: kqueue timers and user
 * events, poll as a sleep, deadlock, callbacks that may not wait.
 */
#include "sy_test.h"

static struct sy_loop *loop;
static struct sy_host *host;
static int kq;

static void
begin(void)
{

	loop = sy_loop_new(SY_VIRTUAL, 1);
	host = sy_host_new(loop, "h", NULL, 0);
	ATF_REQUIRE_MSG(host != NULL, "%s", sy_error());
	WORKS(kq = sy_kqueue(host));
	WORKS(sy_loop_run(loop, 5 * SECOND));
}

static int
change(uintptr_t ident, short filter, unsigned short flags, unsigned fflags,
    int64_t data)
{
	struct sy_kevent kev;

	SY_EV_SET(&kev, ident, filter, flags, fflags, data, &loop);
	return (sy_kevent(host, kq, &kev, 1, NULL, 0, 0));
}

/* The next event: 0 for none within timeout. */
static uintptr_t
next(uint64_t timeout)
{
	struct sy_kevent kev;
	int n;

	WORKS(n = sy_kevent(host, kq, NULL, 0, &kev, 1, timeout));
	if (n == 0)
		return (0);
	ATF_CHECK_EQ(1, n);
	ATF_CHECK(kev.udata == &loop);
	return (kev.ident);
}

TEST(timers)
{

	begin();
	WORKS(change(1, SY_EVFILT_TIMER, SY_EV_ADD | SY_EV_ONESHOT, 0, 30));
	WORKS(change(2, SY_EVFILT_TIMER, SY_EV_ADD, SY_NOTE_USECONDS, 20000));
	ATF_CHECK_EQ(0, next(0));
	ATF_CHECK_EQ(5 * SECOND, sy_loop_now(loop));
	ATF_CHECK_EQ(0, next(10 * MS));
	ATF_CHECK_EQ(5 * SECOND + 10 * MS, sy_loop_now(loop));
	ATF_CHECK_EQ(2, next(UINT64_MAX));
	ATF_CHECK_EQ(5 * SECOND + 20 * MS, sy_loop_now(loop));
	ATF_CHECK_EQ(1, next(UINT64_MAX));
	ATF_CHECK_EQ(5 * SECOND + 30 * MS, sy_loop_now(loop));
	ATF_CHECK_EQ(2, next(SECOND));
	ATF_CHECK_EQ(5 * SECOND + 40 * MS, sy_loop_now(loop));
	WORKS(change(2, SY_EVFILT_TIMER, SY_EV_DELETE, 0, 0));
	FAILS(EDEADLK, "nothing is left", sy_kevent(host, kq, NULL, 0,
	    &(struct sy_kevent){ 0 }, 1, UINT64_MAX));
	sy_loop_free(loop);
}

static void
trigger(void *arg)
{

	(void)arg;
	WORKS(change(7, SY_EVFILT_USER, 0, SY_NOTE_TRIGGER, 0));
}

/* An event that comes from a call of the program's, not from the stack. */
TEST(user_events)
{

	begin();
	WORKS(change(7, SY_EVFILT_USER, SY_EV_ADD | SY_EV_CLEAR, 0, 0));
	WORKS(sy_loop_at(loop, 6 * SECOND, trigger, NULL));
	ATF_CHECK_EQ(7, next(UINT64_MAX));
	ATF_CHECK_EQ(6 * SECOND, sy_loop_now(loop));
	sy_loop_free(loop);
}

TEST(kevent_errors)
{
	struct sy_kevent kev;

	begin();
	FAILS(EBADF, "descriptor 99", sy_kevent(host, 99, NULL, 0, NULL, 0,
	    0));
	FAILS(EINVAL, "kevent", sy_kevent(host, kq, NULL, 1, NULL, 0, 0));
	FAILS(EINVAL, "kevent", sy_kevent(host, kq, NULL, 0, NULL, 1, 0));
	FAILS(EINVAL, "kevent", sy_kevent(host, kq, NULL, -1, NULL, 0, 0));
	FAILS(EINVAL, "kevent", change(1, -77, SY_EV_ADD, 0, 0));
	FAILS(ENOENT, "kevent", change(1, SY_EVFILT_TIMER, SY_EV_DELETE, 0,
	    0));
	FAILS(EBADF, "kevent", change(55, SY_EVFILT_READ, SY_EV_ADD, 0, 0));
	/* With room for it, the failure is an event. */
	SY_EV_SET(&kev, 1, SY_EVFILT_TIMER, SY_EV_DELETE, 0, 0, NULL);
	ATF_CHECK_EQ(1, sy_kevent(host, kq, &kev, 1, &kev, 1, 0));
	ATF_CHECK((kev.flags & SY_EV_ERROR) != 0);
	ATF_CHECK_EQ(ENOENT, kev.data);
	sy_loop_free(loop);
}

TEST(poll_sleeps)
{
	struct pollfd pfd = { .fd = -1, .events = POLLIN, .revents = 77 };

	begin();
	ATF_CHECK_EQ(0, sy_poll(host, NULL, 0, 250));
	ATF_CHECK_EQ(5 * SECOND + 250 * MS, sy_loop_now(loop));
	ATF_CHECK_EQ(0, sy_poll(host, &pfd, 1, 250));
	ATF_CHECK_EQ(0, pfd.revents);
	ATF_CHECK_EQ(5 * SECOND + 500 * MS, sy_loop_now(loop));
	ATF_CHECK_EQ(0, sy_poll(host, NULL, 0, 0));
	FAILS(EDEADLK, "nothing is left", sy_poll(host, NULL, 0, -1));
	FAILS(EINVAL, "poll", sy_poll(host, NULL, 1, 0));
	pfd.fd = 44;
	ATF_CHECK_EQ(1, sy_poll(host, &pfd, 1, -1));
	ATF_CHECK_EQ(POLLNVAL, pfd.revents);
	sy_loop_free(loop);
}

static void
stop(void *arg)
{

	(void)arg;
	sy_loop_stop(loop);
}

TEST(stopped)
{

	begin();
	WORKS(sy_loop_at(loop, 6 * SECOND, stop, NULL));
	FAILS(EINTR, "sy_loop_stop", sy_poll(host, NULL, 0, -1));
	ATF_CHECK_EQ(6 * SECOND, sy_loop_now(loop));
	sy_loop_free(loop);
}

static int calls;

static void
may_not_wait(void *arg)
{

	(void)arg;
	calls++;
	FAILS(EDEADLK, "callback may not wait", sy_poll(host, NULL, 0, 10));
	FAILS(EDEADLK, "callback may not wait", sy_kevent(host, kq, NULL, 0,
	    &(struct sy_kevent){ 0 }, 1, 10));
	ATF_CHECK_EQ(0, sy_poll(host, NULL, 0, 0));
}

TEST(callbacks)
{

	begin();
	WORKS(sy_loop_at(loop, 0, may_not_wait, NULL));
	WORKS(sy_loop_step(loop, 0));
	ATF_CHECK_EQ(1, calls);
	sy_host_enter(host);
	FAILS(EDEADLK, "sy_host_leave", sy_poll(host, NULL, 0, 10));
	sy_host_leave(host);
	sy_loop_free(loop);
}

static void
ignore(void *arg, int fd, short revents)
{

	(void)arg;
	(void)fd;
	(void)revents;
}

TEST(watch_errors)
{

	begin();
	FAILS(EBADF, "descriptor 50", sy_watch(host, 50, POLLIN, ignore,
	    NULL));
	FAILS(EBADF, "descriptor -1", sy_watch(host, -1, POLLIN, ignore,
	    NULL));
	FAILS(ENOTSOCK, "only sockets", sy_watch(host, kq, POLLIN, ignore,
	    NULL));
	FAILS(EINVAL, "POLLIN", sy_watch(host, kq, POLLIN, NULL, NULL));
	FAILS(EINVAL, "POLLIN", sy_watch(host, kq, POLLNVAL, ignore, NULL));
	FAILS(ENOENT, "not watched", sy_watch(host, kq, 0, NULL, NULL));
	sy_loop_free(loop);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, timers);
	ATF_TP_ADD_TC(tp, user_events);
	ATF_TP_ADD_TC(tp, kevent_errors);
	ATF_TP_ADD_TC(tp, poll_sleeps);
	ATF_TP_ADD_TC(tp, stopped);
	ATF_TP_ADD_TC(tp, callbacks);
	ATF_TP_ADD_TC(tp, watch_errors);
	return (atf_no_error());
}
