/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Fast open as Linux's programs ask for it: TCP_FASTOPEN_CONNECT,
 * MSG_FASTOPEN, TCP_FASTOPEN_NO_COOKIE and the length of TCP_FASTOPEN.
 */
#include <sys/param.h>
#include <sys/systm.h>

#include "compat_subr.h"

#define	SYNOPT	"mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0"
#define	COOKIE	"0102030405060708"

/* All connections go to one port. */
static void
next_conn(struct pd *t, int i)
{
	pd_use(t, i);
	t->c->fport = PD_PEERPORT;
}

/* A socket that does not wait. */
static int
client(struct pd *t)
{
	struct vnet *saved;
	int fd;

	pd_sysctl(t, "net.ipv4.tcp_fastopen", 1);
	fd = pd_socket(t);
	saved = vnet_enter(t->vnet);
	ATF_REQUIRE_EQ(0, kern_fcntl_setfl(fd, true));
	vnet_leave(saved);
	return (fd);
}

/* sendto(2) with MSG_FASTOPEN. */
static int
fastopen(struct pd *t, int fd, size_t n)
{
	struct vnet *saved;
	int error, native;

	saved = vnet_enter(t->vnet);
	error = linux_msg_flags(cs_socket(t, fd), LINUX_MSG_FASTOPEN,
	    &native);
	vnet_leave(saved);
	if (error != 0)
		return (-error);
	ATF_REQUIRE_EQ(0, native);
	return (pd_sendto(t, fd, n));
}

/* Connection 0 learns the cookie by a connect that carries nothing. */
static void
learn(struct pd *t)
{
	int fd = client(t);

	next_conn(t, 0);
	TCP_SET(fd, LINUX_TCP_FASTOPEN_CONNECT, 1);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <" SYNOPT ",FO,eol,eol>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,FO " COOKIE ">");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	INJECT("R 1:1(0) win 0");
	OK(pd_close(t, fd));
}

/* With a cookie connect(2) succeeds at once, and the SYN leaves with the
 * first write. */
PD_TEST(connect_held)
{
	struct linux_tcp_info li;
	int fd;

	learn(t);
	next_conn(t, 1);
	fd = client(t);
	TCP_SET(fd, LINUX_TCP_FASTOPEN_CONNECT, 1);
	OK(pd_connect(t, fd));
	NOTHING();
	ATF_REQUIRE_EQ(SOPOLL_OUT, pd_poll(t, fd));
	lx_info(t, fd, &li);
	ATF_REQUIRE_EQ(LINUX_TCP_SYN_SENT, li.tcpi_state);
	RECV_NOTHING(fd);
	ERR(EISCONN, pd_connect(t, fd));
	/* As long as it takes. */
	ADVANCE(1000 * PD_SEC);
	SEND(fd, 500);
	EXPECT("S 0:500(500) win 65535 <" SYNOPT ",FO " COOKIE
	    ",eol,eol>");
	STATE(TCPS_SYN_SENT);
	INJECT("S. 0:0(0) ack 501 win 65535 <mss 1460>");
	EXPECT(". 501:501(0) ack 1");
	STATE(TCPS_ESTABLISHED);
	SEND(fd, 100);
	EXPECT("P. 501:601(100) ack 1");
	INJECT("P. 1:11(10) ack 601 win 65535");
	RECV(fd, 10);
}

/* From the write on it is an attempt as any other. */
PD_TEST(connect_held_ends)
{
	int fd;

	learn(t);
	next_conn(t, 1);
	fd = client(t);
	TCP_SET(fd, LINUX_TCP_FASTOPEN_CONNECT, 1);
	OK(pd_connect(t, fd));
	ADVANCE(1000 * PD_SEC);
	SEND(fd, 500);
	pd_pass(t, 76 * PD_SEC);
	pd_forget(t);
	RECV_ERR(fd, ETIMEDOUT);
	STATE(GONE);
	next_conn(t, 2);
	fd = client(t);
	TCP_SET(fd, LINUX_TCP_FASTOPEN_CONNECT, 1);
	OK(pd_connect(t, fd));
	SEND(fd, 10);
	EXPECT("S 0:10(10) win 65535 <" SYNOPT ",FO " COOKIE ",eol,eol>");
	INJECT("R. 0:0(0) ack 1 win 0");
	RECV_ERR(fd, ECONNREFUSED);
	/* Closed before anything was written: not a word. */
	next_conn(t, 3);
	fd = client(t);
	TCP_SET(fd, LINUX_TCP_FASTOPEN_CONNECT, 1);
	OK(pd_connect(t, fd));
	OK(pd_close(t, fd));
	NOTHING();
	STATE(GONE);
	/* Shut down before: the SYN leaves, for a FIN has to. */
	next_conn(t, 4);
	fd = client(t);
	TCP_SET(fd, LINUX_TCP_FASTOPEN_CONNECT, 1);
	OK(pd_connect(t, fd));
	OK(pd_shutdown(t, fd, SHUT_WR));
	EXPECT("S 0:0(0) <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT("F. 1:1(0) ack 1");
}

PD_TEST(connect_errors)
{
	int fd;

	fd = pd_socket(t);
	/* Not unless clients may. */
	TCP_ERR(EOPNOTSUPP, fd, LINUX_TCP_FASTOPEN_CONNECT, 1);
	pd_sysctl(t, "net.ipv4.tcp_fastopen", 1);
	ATF_REQUIRE_EQ(0, TCP_GET(fd, LINUX_TCP_FASTOPEN_CONNECT));
	TCP_SET(fd, LINUX_TCP_FASTOPEN_CONNECT, 1);
	ATF_REQUIRE_EQ(1, TCP_GET(fd, LINUX_TCP_FASTOPEN_CONNECT));
	ATF_REQUIRE_EQ(0, TCP_GET(fd, LINUX_TCP_FASTOPEN));
	TCP_ERR(EINVAL, fd, LINUX_TCP_FASTOPEN_CONNECT, 2);
	TCP_ERR(EINVAL, fd, LINUX_TCP_FASTOPEN_CONNECT, -1);
	TCP_SET(fd, LINUX_TCP_FASTOPEN_CONNECT, 0);
	fd = pd_active(t, 0, 65535);
	TCP_ERR(EINVAL, fd, LINUX_TCP_FASTOPEN_CONNECT, 1);
	TCP_ERR(EINVAL, fd, LINUX_TCP_FASTOPEN, 1);
	TCP_ERR(EINVAL, fd, LINUX_TCP_FASTOPEN_NO_COOKIE, 1);
}

/* MSG_FASTOPEN: without a cookie only a SYN leaves, with one the text, too. */
PD_TEST(msg_fastopen)
{
	int fd;

	fd = client(t);
	next_conn(t, 0);
	ATF_REQUIRE_EQ(-EINPROGRESS, fastopen(t, fd, 500));
	EXPECT("S 0:0(0) win 65535 <" SYNOPT ",FO,eol,eol>");
	ATF_REQUIRE_EQ(-EALREADY, fastopen(t, fd, 500));
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,FO " COOKIE ">");
	EXPECT(". 1:1(0) ack 1");
	NOTHING();
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	ATF_REQUIRE_EQ(-EISCONN, fastopen(t, fd, 500));
	next_conn(t, 1);
	fd = client(t);
	ATF_REQUIRE_EQ(500, fastopen(t, fd, 500));
	EXPECT("S 0:500(500) win 65535 <" SYNOPT ",FO " COOKIE
	    ",eol,eol>");
	INJECT("S. 0:0(0) ack 501 win 65535 <mss 1460>");
	EXPECT(". 501:501(0) ack 1");
	/* Not unless clients may, and not on a listener. */
	ATF_REQUIRE_EQ(-EOPNOTSUPP, fastopen(t, pd_listen(t, 5), 10));
	fd = client(t);
	pd_sysctl(t, "net.ipv4.tcp_fastopen", 2);
	ATF_REQUIRE_EQ(-EOPNOTSUPP, fastopen(t, fd, 10));
}

/* A socket that waits sends its text once there is a connection. */
PD_TEST(msg_fastopen_blocking)
{
	int fd;

	pd_sysctl(t, "net.ipv4.tcp_fastopen", 1);
	fd = pd_socket(t);
	next_conn(t, 0);
	ATF_REQUIRE_EQ(500, fastopen(t, fd, 500));
	EXPECT("S 0:0(0) win 65535 <" SYNOPT ",FO,eol,eol>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,FO " COOKIE ">");
	EXPECT("P. 1:501(500) ack 1");
}

/* Text without a cookie, and without the option. */
PD_TEST(no_cookie)
{
	int fd;

	fd = client(t);
	TCP_ERR(EINVAL, fd, LINUX_TCP_FASTOPEN_NO_COOKIE, 2);
	TCP_SET(fd, LINUX_TCP_FASTOPEN_NO_COOKIE, 1);
	ATF_REQUIRE_EQ(1, TCP_GET(fd, LINUX_TCP_FASTOPEN_NO_COOKIE));
	next_conn(t, 0);
	ATF_REQUIRE_EQ(500, fastopen(t, fd, 500));
	EXPECT("S 0:500(500) win 65535 <" SYNOPT ">");
	INJECT("S. 0:0(0) ack 501 win 65535 <mss 1460>");
	EXPECT(". 501:501(0) ack 1");
	/* The same by connect(2); it is not taken, and goes again. */
	next_conn(t, 1);
	fd = client(t);
	TCP_SET(fd, LINUX_TCP_FASTOPEN_NO_COOKIE, 1);
	TCP_SET(fd, LINUX_TCP_FASTOPEN_CONNECT, 1);
	OK(pd_connect(t, fd));
	NOTHING();
	SEND(fd, 300);
	EXPECT("S 0:300(300) win 65535 <" SYNOPT ">");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT("P. 1:301(300) ack 1");
}

/* A SYN with text, from anybody. */
static void
syn_with_text(struct pd *t, int i, bool taken)
{
	pd_use(t, i);
	t->c->lport = PD_PORT;
	INJECT("S 0:100(100) win 65535 <mss 1460>");
	if (taken)
		EXPECT("S. 0:0(0) ack 101 win 65535 <mss 1460>");
	else
		EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
}

PD_TEST(no_cookie_listener)
{
	int fd, lfd;

	pd_sysctl(t, "net.ipv4.tcp_fastopen", 2);
	lfd = pd_listen(t, 20);
	TCP_SET(lfd, LINUX_TCP_FASTOPEN, 2);
	ATF_REQUIRE_EQ(2, TCP_GET(lfd, LINUX_TCP_FASTOPEN));
	syn_with_text(t, 0, false);
	TCP_SET(lfd, LINUX_TCP_FASTOPEN_NO_COOKIE, 1);
	syn_with_text(t, 1, true);
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 100);
	/* Two may be half-open. */
	syn_with_text(t, 2, true);
	syn_with_text(t, 3, false);
	pd_use(t, 1);
	INJECT(". 101:101(0) ack 1 win 65535");
	syn_with_text(t, 4, true);
	/* A SYN without text is as any other. */
	pd_use(t, 5);
	t->c->lport = PD_PORT;
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 <...>");
	TCP_SET(lfd, LINUX_TCP_FASTOPEN, 0);
	syn_with_text(t, 6, false);
	TCP_ERR(EINVAL, lfd, LINUX_TCP_FASTOPEN, -1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, connect_held);
	ATF_TP_ADD_TC(tp, connect_held_ends);
	ATF_TP_ADD_TC(tp, connect_errors);
	ATF_TP_ADD_TC(tp, msg_fastopen);
	ATF_TP_ADD_TC(tp, msg_fastopen_blocking);
	ATF_TP_ADD_TC(tp, no_cookie);
	ATF_TP_ADD_TC(tp, no_cookie_listener);
	return (atf_no_error());
}
