/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * kqueues: each filter and flag, what a scan reports and what it leaves,
 * timers in virtual time, bounds, and descriptors that close.
 */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/event.h>
#include <sys/malloc.h>
#include <sys/socketvar.h>
#include <sys/syscallsubr.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <sys/vnet.h>

#include <atf-c.h>

#include "fakeproto.h"

#define	NS(sec)		((nstime_t)(sec) * NS_PER_SEC)

static int kqfd;
static struct kevent ev;	/* the last event reported */
static char mark;		/* what udata points to */

static void
begin(void)
{

	fake_begin();
	ATF_REQUIRE_EQ(0, kern_kqueue(&kqfd));
}

/* One change: 0 or an errno. */
static int
change(uintptr_t ident, int filter, int flags, u_int fflags, int64_t data)
{
	struct kevent kev;
	int n;

	memset(&kev, 0, sizeof(kev));
	kev.ident = ident;
	kev.filter = (short)filter;
	kev.flags = (unsigned short)flags;
	kev.fflags = fflags;
	kev.data = data;
	kev.udata = &mark;
	return (kern_kevent(kqfd, &kev, 1, NULL, 0, &n));
}

/* How many events there are, at most 8; the last is in ev. */
static int
scan(void)
{
	struct kevent out[8];
	int n;

	ATF_REQUIRE_EQ(0, kern_kevent(kqfd, NULL, 0, out, 8, &n));
	if (n > 0) {
		ev = out[n - 1];
		ATF_CHECK(ev.udata == &mark);
	}
	return (n);
}

ATF_TC_WITHOUT_HEAD(errors);
ATF_TC_BODY(errors, tc)
{
	int fd, n;

	begin();
	fd = fake_socket();
	ATF_CHECK_EQ(EINVAL, change((uintptr_t)fd, -3, EV_ADD, 0, 0));
	ATF_CHECK_EQ(EINVAL, change((uintptr_t)fd, 0, EV_ADD, 0, 0));
	ATF_CHECK_EQ(EBADF, change(99, EVFILT_READ, EV_ADD, 0, 0));
	ATF_CHECK_EQ(EBADF, change(UINTPTR_MAX, EVFILT_READ, EV_ADD, 0, 0));
	ATF_CHECK_EQ(EBADF, change(99, EVFILT_READ, EV_DELETE, 0, 0));
	ATF_CHECK_EQ(EINVAL, change((uintptr_t)kqfd, EVFILT_READ, EV_ADD, 0,
	    0));
	ATF_CHECK_EQ(ENOENT, change((uintptr_t)fd, EVFILT_READ, EV_DELETE, 0,
	    0));
	ATF_CHECK_EQ(ENOENT, change((uintptr_t)fd, EVFILT_READ, EV_ENABLE, 0,
	    0));
	ATF_CHECK_EQ(ENOENT, change(1, EVFILT_USER, 0, NOTE_TRIGGER, 0));
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_ADD, 0, 0));
	ATF_CHECK_EQ(ENOENT, change((uintptr_t)fd, EVFILT_WRITE, EV_DELETE,
	    0, 0));
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_DELETE, 0, 0));
	ATF_CHECK_EQ(EBADF, kern_kevent(fd, NULL, 0, NULL, 0, &n));
	ATF_CHECK_EQ(EBADF, kern_kevent(99, NULL, 0, NULL, 0, &n));
	ATF_CHECK_EQ(ENOTSOCK, kern_connect(kqfd, fake_addr()));
	fake_end();
}

/* Errors of changes, and receipts, among the events. */
ATF_TC_WITHOUT_HEAD(receipts);
ATF_TC_BODY(receipts, tc)
{
	struct kevent kev[3], out[3];
	int n;

	begin();
	memset(kev, 0, sizeof(kev));
	kev[0].filter = kev[1].filter = kev[2].filter = EVFILT_USER;
	kev[0].ident = 1;
	kev[0].flags = EV_ADD | EV_RECEIPT;
	kev[0].fflags = NOTE_TRIGGER;
	kev[1].ident = 2;
	kev[1].flags = EV_DELETE;
	kev[2].ident = 3;
	kev[2].flags = EV_ADD;
	ATF_CHECK_EQ(0, kern_kevent(kqfd, kev, 3, out, 3, &n));
	ATF_CHECK_EQ(2, n);
	ATF_CHECK(out[0].ident == 1 && out[0].flags == EV_ERROR &&
	    out[0].data == 0);
	ATF_CHECK(out[1].ident == 2 && out[1].flags == EV_ERROR &&
	    out[1].data == ENOENT);
	/* All were applied, and what is ready comes next time. */
	ATF_CHECK_EQ(0, kern_kevent(kqfd, kev + 1, 0, out, 3, &n));
	ATF_CHECK_EQ(1, n);
	ATF_CHECK_EQ(1U, out[0].ident);
	/* No room for the error. */
	ATF_CHECK_EQ(ENOENT, kern_kevent(kqfd, kev + 1, 1, out, 0, &n));
	fake_end();
}

ATF_TC_WITHOUT_HEAD(read_level);
ATF_TC_BODY(read_level, tc)
{
	char buf[100];
	struct socket *so;
	int fd;

	begin();
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_ADD, 0, 0));
	ATF_CHECK_EQ(0, scan());
	fake_arrive(so, "hello", 5);
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ((uintptr_t)fd, ev.ident);
	ATF_CHECK_EQ(EVFILT_READ, ev.filter);
	ATF_CHECK_EQ(5, ev.data);
	ATF_CHECK_EQ(0, ev.flags);
	/* As long as there is something. */
	ATF_CHECK_EQ(3, fake_read(fd, buf, 3, 0));
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(2, ev.data);
	ATF_CHECK_EQ(2, fake_read(fd, buf, 3, 0));
	ATF_CHECK_EQ(0, scan());
	/* Read before it was reported. */
	fake_arrive(so, "x", 1);
	ATF_CHECK_EQ(1, fake_read(fd, buf, 3, 0));
	ATF_CHECK_EQ(0, scan());
	/* Added when it is there already, and added again. */
	fake_arrive(so, "abc", 3);
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_DELETE, 0, 0));
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_ADD, 0, 0));
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_ADD, 0, 0));
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(3, ev.data);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(read_lowat);
ATF_TC_BODY(read_lowat, tc)
{
	struct socket *so;
	int fd, value;

	begin();
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_ADD,
	    NOTE_LOWAT, 4));
	fake_arrive(so, "abc", 3);
	ATF_CHECK_EQ(0, scan());
	fake_arrive(so, "d", 1);
	ATF_CHECK_EQ(1, scan());
	value = 10;
	ATF_CHECK_EQ(0, kern_setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &value,
	    sizeof(value)));
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_ADD, 0, 0));
	ATF_CHECK_EQ(0, scan());
	fake_arrive(so, "efghij", 6);
	ATF_CHECK_EQ(1, scan());
	fake_end();
}

ATF_TC_WITHOUT_HEAD(read_eof);
ATF_TC_BODY(read_eof, tc)
{
	char buf[100];
	struct socket *so;
	int fd;

	begin();
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_ADD, 0, 0));
	fake_arrive(so, "abc", 3);
	fake_gone(so, ECONNRESET);
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(EV_EOF, ev.flags);
	ATF_CHECK_EQ((u_int)ECONNRESET, ev.fflags);
	ATF_CHECK_EQ(3, ev.data);
	ATF_CHECK_EQ(3, fake_read(fd, buf, 10, 0));
	ATF_CHECK_EQ(-ECONNRESET, fake_read(fd, buf, 10, 0));
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(EV_EOF, ev.flags);
	ATF_CHECK_EQ(0U, ev.fflags);
	ATF_CHECK_EQ(0, ev.data);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(listening);
ATF_TC_BODY(listening, tc)
{
	struct socket *head;
	int afd, fd;

	begin();
	fd = fake_socket();
	head = fake_so(fd);
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_ADD, 0, 0));
	ATF_CHECK_EQ(0, kern_listen(fd, 5));
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_WRITE, EV_ADD, 0, 0));
	ATF_CHECK_EQ(0, scan());
	soisconnected(sonewconn(head, 0));
	(void)sonewconn(head, SS_ISCONNECTED);
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(2, ev.data);
	ATF_CHECK_EQ(0, kern_accept(fd, NULL, &afd));
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(1, ev.data);
	ATF_CHECK_EQ(0, kern_accept(fd, NULL, &afd));
	ATF_CHECK_EQ(0, scan());
	head->so_error = ECONNABORTED;
	sorwakeup(head);
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(EV_EOF, ev.flags);
	ATF_CHECK_EQ((u_int)ECONNABORTED, ev.fflags);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(write);
ATF_TC_BODY(write, tc)
{
	static char buf[FAKE_SNDSPACE];
	struct socket *so;
	int fd;

	begin();
	fd = fake_socket();
	so = fake_so(fd);
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_WRITE, EV_ADD, 0, 0));
	ATF_CHECK_EQ(0, scan());
	ATF_CHECK_EQ(EINPROGRESS, kern_connect(fd, fake_addr()));
	ATF_CHECK_EQ(0, scan());
	soisconnected(so);
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(FAKE_SNDSPACE, ev.data);
	ATF_CHECK_EQ(FAKE_SNDSPACE, fake_write(fd, buf, sizeof(buf), 0));
	ATF_CHECK_EQ(0, scan());
	(void)fake_take(so, buf, 2047);
	ATF_CHECK_EQ(0, scan());
	(void)fake_take(so, buf, 1);
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(2048, ev.data);
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_WRITE, EV_ADD,
	    NOTE_LOWAT, 3000));
	ATF_CHECK_EQ(0, scan());
	ATF_CHECK_EQ(0, kern_shutdown(fd, SHUT_WR));
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(EV_EOF, ev.flags);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(clear);
ATF_TC_BODY(clear, tc)
{
	struct socket *so;
	int fd;

	begin();
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ,
	    EV_ADD | EV_CLEAR, 0, 0));
	fake_arrive(so, "abc", 3);
	fake_arrive(so, "def", 3);
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(6, ev.data);
	ATF_CHECK_EQ(EV_CLEAR, ev.flags);
	ATF_CHECK_EQ(0, scan());
	fake_arrive(so, "ghi", 3);
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(9, ev.data);
	ATF_CHECK_EQ(0, scan());
	fake_end();
}

ATF_TC_WITHOUT_HEAD(oneshot);
ATF_TC_BODY(oneshot, tc)
{
	struct socket *so;
	int fd;

	begin();
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ,
	    EV_ADD | EV_ONESHOT, 0, 0));
	fake_arrive(so, "abc", 3);
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(0, scan());
	ATF_CHECK_EQ(ENOENT, change((uintptr_t)fd, EVFILT_READ, EV_DELETE, 0,
	    0));
	fake_end();
}

ATF_TC_WITHOUT_HEAD(disable);
ATF_TC_BODY(disable, tc)
{
	struct socket *so;
	int fd;

	begin();
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ,
	    EV_ADD | EV_DISABLE, 0, 0));
	fake_arrive(so, "abc", 3);
	ATF_CHECK_EQ(0, scan());
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_ENABLE, 0, 0));
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_DISABLE, 0,
	    0));
	ATF_CHECK_EQ(0, scan());
	/* Adding it again enables it. */
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_ADD, 0, 0));
	ATF_CHECK_EQ(1, scan());
	/* Dispatched: disabled once reported. */
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ,
	    EV_ADD | EV_DISPATCH, 0, 0));
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(0, scan());
	fake_arrive(so, "def", 3);
	ATF_CHECK_EQ(0, scan());
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_ENABLE, 0, 0));
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(6, ev.data);
	fake_end();
}

/* All that are ready get their turn, few at a time. */
ATF_TC_WITHOUT_HEAD(fairness);
ATF_TC_BODY(fairness, tc)
{
	struct kevent out[3];
	int count[12], fd[12], i, j, n, order;

	begin();
	memset(count, 0, sizeof(count));
	for (i = 0; i < 12; i++) {
		fd[i] = fake_connected();
		ATF_CHECK_EQ(0, change((uintptr_t)fd[i], EVFILT_READ,
		    EV_ADD, 0, 0));
		fake_arrive(fake_so(fd[i]), "x", 1);
	}
	order = 0;
	for (i = 0; i < 8; i++) {
		ATF_REQUIRE_EQ(0, kern_kevent(kqfd, NULL, 0, out, 3, &n));
		ATF_CHECK_EQ(3, n);
		for (j = 0; j < n; j++) {
			ATF_CHECK_EQ((uintptr_t)fd[order % 12],
			    out[j].ident);
			order++;
		}
	}
	ATF_CHECK_EQ(24, order);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(user);
ATF_TC_BODY(user, tc)
{

	begin();
	ATF_CHECK_EQ(0, change(5, EVFILT_USER, EV_ADD, NOTE_FFCOPY | 0x0f,
	    0));
	ATF_CHECK_EQ(0, scan());
	ATF_CHECK_EQ(0, change(5, EVFILT_USER, 0, NOTE_TRIGGER, 7));
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(0x0fU, ev.fflags);
	ATF_CHECK_EQ(7, ev.data);
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(0, change(5, EVFILT_USER, 0, NOTE_FFOR | 0x30, 0));
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(0x3fU, ev.fflags);
	ATF_CHECK_EQ(0, change(5, EVFILT_USER, 0, NOTE_FFAND | 0x33, 0));
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(0x33U, ev.fflags);
	ATF_CHECK_EQ(0, change(5, EVFILT_USER, EV_DELETE, 0, 0));
	ATF_CHECK_EQ(0, scan());
	/* Once each time. */
	ATF_CHECK_EQ(0, change(5, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0));
	ATF_CHECK_EQ(0, change(5, EVFILT_USER, 0, NOTE_TRIGGER, 0));
	ATF_CHECK_EQ(0, change(5, EVFILT_USER, 0, NOTE_TRIGGER, 0));
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(0, scan());
	fake_end();
}

ATF_TC_WITHOUT_HEAD(timer);
ATF_TC_BODY(timer, tc)
{

	begin();
	fake_time(NS(10));
	ATF_CHECK_EQ(0, change(1, EVFILT_TIMER, EV_ADD, 0, 100));
	fake_time(NS(10) + 99 * NS_PER_MSEC);
	ATF_CHECK_EQ(0, scan());
	fake_time(NS(10) + 100 * NS_PER_MSEC);
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(1, ev.data);
	ATF_CHECK_EQ(EV_CLEAR, ev.flags);
	ATF_CHECK_EQ(0, scan());
	/* The period does not drift. */
	fake_time(NS(10) + 350 * NS_PER_MSEC);
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(2, ev.data);
	fake_time(NS(10) + 399 * NS_PER_MSEC);
	ATF_CHECK_EQ(0, scan());
	fake_time(NS(10) + 400 * NS_PER_MSEC);
	ATF_CHECK_EQ(1, scan());
	/* Long away. */
	fake_time(NS(20));
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(96, ev.data);
	/* Another period, from now. */
	ATF_CHECK_EQ(0, change(1, EVFILT_TIMER, EV_ADD, NOTE_SECONDS, 2));
	fake_time(NS(22) - 1);
	ATF_CHECK_EQ(0, scan());
	fake_time(NS(22));
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(NOTE_SECONDS, (int)ev.fflags);
	ATF_CHECK_EQ(0, change(1, EVFILT_TIMER, EV_DELETE, 0, 0));
	fake_time(NS(100));
	ATF_CHECK_EQ(0, scan());
	fake_end();
}

ATF_TC_WITHOUT_HEAD(timer_units);
ATF_TC_BODY(timer_units, tc)
{

	begin();
	fake_time(NS(1));
	ATF_CHECK_EQ(EINVAL, change(1, EVFILT_TIMER, EV_ADD,
	    NOTE_SECONDS | NOTE_USECONDS, 1));
	ATF_CHECK_EQ(EINVAL, change(1, EVFILT_TIMER, EV_ADD, 0, -1));
	ATF_CHECK_EQ(0, change(1, EVFILT_TIMER, EV_ADD | EV_ONESHOT,
	    NOTE_USECONDS, 5));
	ATF_CHECK_EQ(0, change(2, EVFILT_TIMER, EV_ADD | EV_ONESHOT,
	    NOTE_NSECONDS, 7000));
	ATF_CHECK_EQ(0, change(3, EVFILT_TIMER, EV_ADD | EV_ONESHOT,
	    NOTE_MSECONDS, 0));
	ATF_CHECK_EQ(0, change(4, EVFILT_TIMER, EV_ADD, NOTE_SECONDS,
	    INT64_MAX));
	fake_time(NS(1) + 5000);
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(1U, ev.ident);
	fake_time(NS(1) + 7000);
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(2U, ev.ident);
	fake_time(NS(1) + NS_PER_MSEC);
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(3U, ev.ident);
	ATF_CHECK_EQ(1, ev.data);
	fake_time(NS(1000000));
	ATF_CHECK_EQ(0, scan());
	/* A oneshot that was reported is gone. */
	ATF_CHECK_EQ(ENOENT, change(1, EVFILT_TIMER, EV_DELETE, 0, 0));
	/* A disabled one counts on. */
	ATF_CHECK_EQ(0, change(5, EVFILT_TIMER, EV_ADD | EV_DISABLE, 0,
	    1000));
	fake_time(NS(1000003));
	ATF_CHECK_EQ(0, scan());
	ATF_CHECK_EQ(0, change(5, EVFILT_TIMER, EV_ENABLE, 0, 0));
	ATF_CHECK_EQ(1, scan());
	ATF_CHECK_EQ(3, ev.data);
	fake_end();
}

/* A descriptor that closes takes its knotes along. */
ATF_TC_WITHOUT_HEAD(fdclose);
ATF_TC_BODY(fdclose, tc)
{
	struct socket *so;
	int fd, other;

	begin();
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_ADD, 0, 0));
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_WRITE, EV_ADD, 0, 0));
	fake_arrive(so, "x", 1);
	ATF_CHECK_EQ(0, kern_close(fd));
	ATF_CHECK_EQ(0, scan());
	fake_arrive(so, "x", 1);
	ATF_CHECK_EQ(0, scan());
	fake_gone(so, 0);
	/* And the next one of that number has none. */
	other = fake_connected();
	ATF_CHECK_EQ(fd, other);
	ATF_CHECK_EQ(ENOENT, change((uintptr_t)fd, EVFILT_READ, EV_ENABLE, 0,
	    0));
	ATF_CHECK_EQ(0, scan());
	/* The kqueue goes before the socket. */
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_WRITE, EV_ADD, 0, 0));
	ATF_CHECK_EQ(0, kern_close(kqfd));
	sowwakeup(fake_so(fd));
	fake_end();
}

static int nnotified;

static void
notified(void *arg)
{

	ATF_CHECK(arg == &nnotified);
	nnotified++;
}

ATF_TC_WITHOUT_HEAD(notify);
ATF_TC_BODY(notify, tc)
{
	char buf[10];
	struct socket *so;
	int fd, revents;

	begin();
	nnotified = 0;
	ATF_CHECK_EQ(0, kern_kqueue_notify(kqfd, notified, &nnotified));
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(0, change((uintptr_t)fd, EVFILT_READ, EV_ADD, 0, 0));
	ATF_CHECK_EQ(0, nnotified);
	ATF_CHECK_EQ(0, kern_poll(kqfd, SOPOLL_IN | SOPOLL_OUT, &revents));
	ATF_CHECK_EQ(0, revents);
	fake_arrive(so, "x", 1);
	ATF_CHECK_EQ(1, nnotified);
	fake_arrive(so, "x", 1);
	ATF_CHECK_EQ(0, change(1, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0));
	ATF_CHECK_EQ(1, nnotified);
	ATF_CHECK_EQ(0, kern_poll(kqfd, SOPOLL_IN | SOPOLL_OUT, &revents));
	ATF_CHECK_EQ(SOPOLL_IN, revents);
	ATF_CHECK_EQ(2, scan());
	ATF_CHECK_EQ(0, change(1, EVFILT_USER, EV_DELETE, 0, 0));
	ATF_CHECK_EQ(2, fake_read(fd, buf, 10, 0));
	ATF_CHECK_EQ(0, kern_poll(kqfd, SOPOLL_IN, &revents));
	ATF_CHECK_EQ(0, revents);
	ATF_CHECK_EQ(0, scan());
	ATF_CHECK_EQ(1, nnotified);
	fake_arrive(so, "x", 1);
	ATF_CHECK_EQ(2, nnotified);
	fake_end();
}

/* Many knotes, found and deleted in another order than they were made. */
ATF_TC_WITHOUT_HEAD(many);
ATF_TC_BODY(many, tc)
{
	uintptr_t i;

	begin();
	for (i = 0; i < 3000; i++)
		ATF_REQUIRE_EQ(0, change(i * 64, EVFILT_USER, EV_ADD, 0, 0));
	for (i = 2999; i < 3000; i--)
		ATF_REQUIRE_EQ(0, change(i * 64, EVFILT_USER, 0,
		    NOTE_TRIGGER, 0));
	ATF_CHECK_EQ(8, scan());
	ATF_CHECK_EQ(2992U * 64, ev.ident);
	for (i = 0; i < 3000; i += 2)
		ATF_REQUIRE_EQ(0, change(i * 64, EVFILT_USER, EV_DELETE, 0,
		    0));
	for (i = 0; i < 3000; i++)
		ATF_REQUIRE_EQ(i % 2 == 0 ? ENOENT : 0, change(i * 64,
		    EVFILT_USER, EV_ENABLE, 0, 0));
	fake_end();
}

ATF_TC_WITHOUT_HEAD(bounds);
ATF_TC_BODY(bounds, tc)
{
	extern const struct malloc_type M_KQUEUE[1];
	uintptr_t i;
	int fd;

	begin();
	fake_sysctl("kern.kq_calloutmax", "2");
	ATF_CHECK_EQ(0, change(1, EVFILT_TIMER, EV_ADD, 0, 1));
	ATF_CHECK_EQ(0, change(2, EVFILT_TIMER, EV_ADD, 0, 1));
	ATF_CHECK_EQ(ENOMEM, change(3, EVFILT_TIMER, EV_ADD, 0, 1));
	ATF_CHECK_EQ(0, change(1, EVFILT_TIMER, EV_DELETE, 0, 0));
	ATF_CHECK_EQ(0, change(3, EVFILT_TIMER, EV_ADD, 0, 1));
	for (i = 0; i < KQ_USERMAX; i++)
		ATF_REQUIRE_EQ(0, change(i, EVFILT_USER, EV_ADD, 0, 0));
	ATF_CHECK_EQ(ENOMEM, change(i, EVFILT_USER, EV_ADD, 0, 0));
	/* Shortage at each point. */
	ATF_CHECK_EQ(0, kern_close(kqfd));
	malloc_type_stats(M_KQUEUE)->ms_fault_after = 0;
	ATF_CHECK_EQ(ENOMEM, kern_kqueue(&fd));
	for (i = 1; i < 4; i++) {
		malloc_type_stats(M_KQUEUE)->ms_fault_after = i;
		ATF_CHECK_EQ(0, kern_kqueue(&kqfd));
		ATF_CHECK_EQ(ENOMEM, change(1, EVFILT_TIMER, EV_ADD, 0, 1));
		ATF_CHECK_EQ(0, kern_close(kqfd));
	}
	malloc_type_stats(M_KQUEUE)->ms_fault_after = UINT64_MAX;
	ATF_CHECK_EQ(0, kern_kqueue(&kqfd));
	fake_end();
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, errors);
	ATF_TP_ADD_TC(tp, receipts);
	ATF_TP_ADD_TC(tp, read_level);
	ATF_TP_ADD_TC(tp, read_lowat);
	ATF_TP_ADD_TC(tp, read_eof);
	ATF_TP_ADD_TC(tp, listening);
	ATF_TP_ADD_TC(tp, write);
	ATF_TP_ADD_TC(tp, clear);
	ATF_TP_ADD_TC(tp, oneshot);
	ATF_TP_ADD_TC(tp, disable);
	ATF_TP_ADD_TC(tp, fairness);
	ATF_TP_ADD_TC(tp, user);
	ATF_TP_ADD_TC(tp, timer);
	ATF_TP_ADD_TC(tp, timer_units);
	ATF_TP_ADD_TC(tp, fdclose);
	ATF_TP_ADD_TC(tp, notify);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, bounds);
	return (atf_no_error());
}
