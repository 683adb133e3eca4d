/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Listeners and their queues, and the errors of connect(2) and its kin.
 */
#include "pkt.h"

/* ---- The queue ---- */

/* The peer's side of a handshake; the connection waits at the listener. */
static void
arrive(struct pd *t, int i)
{
	pd_use(t, i);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
	NOTHING();
	STATE(TCPS_ESTABLISHED);
}

PD_TEST(in_order)
{
	int fd[3], i, lfd = pd_listen(t, 5);

	for (i = 0; i < 3; i++)
		arrive(t, i);
	for (i = 0; i < 3; i++) {
		pd_use(t, i);
		ATF_REQUIRE((fd[i] = pd_accept(t, lfd)) >= 0);
	}
	ERR(-EWOULDBLOCK, pd_accept(t, lfd));
	/* Each has its own stream. */
	for (i = 0; i < 3; i++) {
		pd_use(t, i);
		INJECT("P. 1:11(10) ack 1 win 65535");
		RECV(fd[i], 10);
		SEND(fd[i], 20);
		EXPECT("P. 1:21(20) ack 11");
	}
}

/* Text that comes before accept(2) is kept. */
PD_TEST(text_before_accept)
{
	int fd, lfd = pd_listen(t, 5);

	arrive(t, 0);
	INJECT("FP. 1:101(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 102");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 100);
	RECV_EOF(fd);
}

/* A full queue takes no more: the peer may try again, or is told so; who
 * comes later finds room once there is some. */
PD_TEST(overflow)
{
	int i, lfd = pd_listen(t, 2);

	for (i = 0; i < 4; i++)
		arrive(t, i);
	pd_use(t, 4);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	pd_sysctl(t, "net.inet.tcp.syncache.rst_on_sock_fail", 0);
	INJECT(". 1:1(0) ack 1 win 65535");
	NOTHING();
	STATE(TCPS_SYN_RECEIVED);
	pd_sysctl(t, "net.inet.tcp.syncache.rst_on_sock_fail", 1);
	INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT("R 1:1(0) win 0");
	STATE(GONE);
	pd_use(t, 0);
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
	pd_use(t, 4);
	pd_renew(t);
	ADVANCE(PD_SEC);
	arrive(t, 4);
	for (i = 1; i < 5; i++) {
		pd_use(t, i);
		ATF_REQUIRE(pd_accept(t, lfd) >= 0);
	}
}

/* Handshakes that are begun and not ended: bounded, and none is refused by
 * a reset, for it may be a true one. */
PD_TEST(syn_flood)
{
	int i, lfd = pd_listen(t, 5);
	uint32_t pcbs;

	for (i = 0; i < PD_CONNS - 1; i++) {
		pd_use(t, i);
		INJECT("S 0:0(0) win 65535 <mss 1460>");
		EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
		NOTHING();
	}
	CURVNET_SET(t->vnet);
	pcbs = V_tcbinfo.ipi_count;
	CURVNET_RESTORE();
	ATF_REQUIRE(pcbs <= 1 + 5 + 5);
	/* The newest of them is still good. */
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
	pd_pass(t, 2 * PD_SEC);
	pd_forget(t);
}

/* A connection reset before it is accepted. */
PD_TEST(reset_before_accept)
{
	int lfd = pd_listen(t, 5);

	arrive(t, 0);
	arrive(t, 1);
	pd_use(t, 0);
	INJECT("R 1:1(0) win 0");
	STATE(GONE);
	ERR(-ECONNABORTED, pd_accept(t, lfd));
	pd_use(t, 1);
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
	ERR(-EWOULDBLOCK, pd_accept(t, lfd));
	NOTHING();
}

/* A handshake that is reset leaves no trace. */
PD_TEST(reset_in_handshake)
{
	int lfd = pd_listen(t, 5);

	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT("R 1:1(0) win 0");
	NOTHING();
	STATE(GONE);
	ERR(-EWOULDBLOCK, pd_accept(t, lfd));
	ADVANCE(100 * PD_SEC);
}

/* One that nobody ends goes after keepinit. */
PD_TEST(handshake_timeout)
{
	int lfd = pd_listen(t, 5);

	INJECT("S 0:0(0) win 65535 <mss 1460>");
	pd_pass(t, 75 * PD_SEC);
	STATE(GONE);
	ERR(-EWOULDBLOCK, pd_accept(t, lfd));
	while (pd_pending(t) > 0)
		pd_skip(t);
	ADVANCE(600 * PD_SEC);
}

/* The listener goes: who waits at it is reset. */
PD_TEST(listener_closes)
{
	int lfd = pd_listen(t, 5);

	arrive(t, 0);
	OK(pd_close(t, lfd));
	EXPECT("R. 1:1(0) ack 1 win 0");
	NOTHING();
	STATE(GONE);
	INJECT("S 10:10(0) win 65535 <mss 1460>");
	pd_renew(t);
	EXPECT("R. 0:0(0) ack 11 win 0");
}

/* Accepted connections outlive it. */
PD_TEST(listener_closes_first)
{
	int fd, lfd = pd_listen(t, 5);

	arrive(t, 0);
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	OK(pd_close(t, lfd));
	NOTHING();
	INJECT("P. 1:11(10) ack 1 win 65535");
	RECV(fd, 10);
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 11");
	/* And a new listener finds the port free. */
	lfd = pd_listen(t, 5);
	arrive(t, 1);
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
}

/* What accepted sockets take over. */
PD_TEST(inherits)
{
	int fd, lfd = pd_listen(t, 5);

	OK(pd_setopt(t, lfd, SOL_SOCKET, SO_KEEPALIVE, 1));
	OK(pd_setopt(t, lfd, SOL_SOCKET, SO_RCVBUF, 30000));
	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_NODELAY, 1));
	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_KEEPIDLE, 11));
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 30000 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	ATF_REQUIRE(pd_getopt(t, fd, SOL_SOCKET, SO_KEEPALIVE) != 0);
	ATF_REQUIRE(pd_getopt(t, fd, IPPROTO_TCP, TCP_NODELAY) != 0);
	ATF_REQUIRE_EQ(30660, pd_getopt(t, fd, SOL_SOCKET, SO_RCVBUF));
	EXPECT_IN(11 * PD_SEC, ". 0:0(0) ack 1");
}

/* ---- Errors ---- */

PD_TEST(connect_errors)
{
	struct in6_addr peer = t->peer;
	int fd = pd_socket(t), lfd;

	/* Nobody can be reached by this. */
	ATF_REQUIRE_EQ(1, in_pton(t->af == AF_INET ? "198.51.100.1" :
	    "2001:db8:1::1", &t->peer));
	ERR(EHOSTUNREACH, pd_connect(t, fd));
	t->peer = peer;
	t->c->fport = 0;
	ERR(EADDRNOTAVAIL, pd_connect(t, fd));
	t->c->fport = PD_PEERPORT;
	NOTHING();
	/* It can still be used. */
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	ERR(EALREADY, pd_connect(t, fd));
	OK(pd_close(t, fd));
	lfd = pd_listen(t, 5);
	ERR(EOPNOTSUPP, pd_connect(t, lfd));
	NOTHING();
}

PD_TEST(request_errors)
{
	int fd = pd_socket(t), lfd;

	ERR(-ENOTCONN, pd_send(t, fd, 10, 0));
	ERR(-ENOTCONN, pd_recv(t, fd, 10, 0));
	ERR(-EINVAL, pd_accept(t, fd));
	OK(pd_bind(t, fd, 1234));
	ERR(EINVAL, pd_bind(t, fd, 1235));
	lfd = pd_socket(t);
	ERR(EADDRINUSE, pd_bind(t, lfd, 1234));
	OK(pd_bind(t, lfd, 0));
	NOTHING();
}

PD_TEST(listen_twice)
{
	int fd, lfd = pd_listen(t, 5);

	fd = pd_socket(t);
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_REUSEADDR, 1));
	ERR(EADDRINUSE, pd_bind(t, fd, PD_PORT));
	ERR(-ENOTCONN, pd_send(t, lfd, 10, 0));
}

/* After a refusal the error comes once. */
PD_TEST(refused)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	INJECT("R. 0:0(0) ack 1 win 0");
	RECV_ERR(fd, ECONNREFUSED);
	ERR(-EPIPE, pd_send(t, fd, 10, 0));
	NOTHING();
}

/* ---- Families and addresses ---- */

/* A listener of AF_INET6 at the wildcard. */
static int
listen6(struct pd *t, int v6only)
{
	struct sockaddr_storage ss = { 0 };
	struct vnet *saved;
	int error, fd, on = 1;

	saved = vnet_enter(t->vnet);
	ATF_REQUIRE_EQ(0, kern_socket(AF_INET6, SOCK_STREAM, 0, &fd));
	ATF_REQUIRE_EQ(0, kern_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY,
	    &v6only, sizeof(v6only)));
	ATF_REQUIRE_EQ(0, kern_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof(on)));
	in_sockaddr_set(&ss, AF_INET6, &in6addr_any, PD_PORT, 0);
	error = kern_bind(fd, (struct sockaddr *)&ss);
	ATF_REQUIRE_EQ(0, error);
	ATF_REQUIRE_EQ(0, kern_listen(fd, 5));
	vnet_leave(saved);
	return (fd);
}

/* It takes both; of an IPv4 peer the user sees the mapped address. */
PD_TEST(dual_stack)
{
	struct sockaddr_storage ss;
	struct in6_addr a;
	struct vnet *saved;
	int fd, lfd = listen6(t, 0);

	arrive(t, 0);
	saved = vnet_enter(t->vnet);
	ATF_REQUIRE_EQ(0, kern_accept(lfd, &ss, &fd));
	vnet_leave(saved);
	ATF_REQUIRE_EQ(AF_INET6, ss.ss_family);
	ATF_REQUIRE_EQ(0, in_sockaddr_get((struct sockaddr *)&ss, AF_INET6,
	    &a, NULL, NULL));
	ATF_REQUIRE(IN6_ARE_ADDR_EQUAL(&a, &t->peer));
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
}

PD_TEST(v6only)
{
	(void)listen6(t, 1);
	if (t->af == AF_INET6) {
		arrive(t, 0);
		return;
	}
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("R. 0:0(0) ack 1 win 0");
}

/* The listener of an address is preferred to that of all. */
PD_TEST(specific_first)
{
	struct sockaddr_storage ss;
	struct vnet *saved;
	int fd, all, one;

	all = listen6(t, 0);
	one = pd_listen(t, 5);
	arrive(t, 0);
	ATF_REQUIRE(pd_accept(t, one) >= 0);
	OK(pd_close(t, one));
	arrive(t, 1);
	saved = vnet_enter(t->vnet);
	ATF_REQUIRE_EQ(0, kern_accept(all, &ss, &fd));
	vnet_leave(saved);
}

/* In whatever order they came. */
PD_TEST(specific_last)
{
	int all, fd, one;

	one = pd_listen(t, 5);
	all = listen6(t, 0);
	arrive(t, 0);
	ATF_REQUIRE((fd = pd_accept(t, one)) >= 0);
	ERR(-EWOULDBLOCK, pd_accept(t, all));
}

/* A socket that is only bound, be it to the very address, hides no
 * listener. */
PD_TEST(bound_hides_not)
{
	int all, fd;

	fd = pd_socket(t);
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_REUSEADDR, 1));
	OK(pd_bind(t, fd, PD_PORT));
	all = listen6(t, 0);
	arrive(t, 0);
	OK(pd_close(t, all));
	EXPECT("R. 1:1(0) ack 1");
}

/* Many connections, found among each other, each with its own numbers. */
PD_TEST(many)
{
	const int n = 600;
	int i;

	pd_sysctl(t, "kern.ipc.soacceptqueue", n);
	(void)pd_listen(t, n);
	for (i = 0; i < n; i++) {
		t->c->fport = (uint16_t)(PD_PEERPORT + i);
		t->c->iss_known = t->c->edge_known = false;
		t->c->iss = 0;
		INJECT("S 0:0(0) win 65535 <mss 1460>");
		EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
		INJECT(". 1:1(0) ack 1 win 65535");
		STATE(TCPS_ESTABLISHED);
	}
	/* Every other one goes; the rest is still found. */
	for (i = 0; i < n; i += 2) {
		t->c->fport = (uint16_t)(PD_PEERPORT + i);
		INJECT("R 1:1(0) win 0");
		STATE(GONE);
	}
	for (i = 1; i < n; i += 2) {
		t->c->fport = (uint16_t)(PD_PEERPORT + i);
		STATE(TCPS_ESTABLISHED);
	}
	NOTHING();
}

/* The host goes down with connections in every state. */
PD_TEST(host_goes_down)
{
	int fd, i;

	(void)pd_listen(t, 5);
	arrive(t, 0);
	pd_use(t, 1);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	for (i = 2; i < 10; i++) {
		pd_forget(t);
		pd_use(t, i);
		fd = pd_active(t, PD_ALL, 65535);
		if (i >= 3)
			SEND(fd, 20000);
		if (i >= 4) {
			INJECT("P. 1001:2001(1000) ack 1 win 512 "
			    "<nop,nop,TS val 8 ecr 100>");
			INJECT("P. 1:501(500) ack 1 win 512 "
			    "<nop,nop,TS val 8 ecr 100>");
		}
		if (i == 5 || i == 6)
			OK(pd_close(t, fd));
		if (i == 7)
			OK(pd_shutdown(t, fd, SHUT_WR));
		if (i == 8)
			INJECT("F. 501:501(0) ack 1 win 512 "
			    "<nop,nop,TS val 8 ecr 100>");
	}
	pd_forget(t);
	fd = pd_socket(t);
	pd_use(t, 10);
	ERR(EINPROGRESS, pd_connect(t, fd));
	pd_forget(t);
	t->ended = true;
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, in_order);
	ATF_TP_ADD_TC(tp, text_before_accept);
	ATF_TP_ADD_TC(tp, overflow);
	ATF_TP_ADD_TC(tp, syn_flood);
	ATF_TP_ADD_TC(tp, reset_before_accept);
	ATF_TP_ADD_TC(tp, reset_in_handshake);
	ATF_TP_ADD_TC(tp, handshake_timeout);
	ATF_TP_ADD_TC(tp, listener_closes);
	ATF_TP_ADD_TC(tp, listener_closes_first);
	ATF_TP_ADD_TC(tp, inherits);
	ATF_TP_ADD_TC(tp, connect_errors);
	ATF_TP_ADD_TC(tp, request_errors);
	ATF_TP_ADD_TC(tp, listen_twice);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, dual_stack);
	ATF_TP_ADD_TC(tp, v6only);
	ATF_TP_ADD_TC(tp, specific_first);
	ATF_TP_ADD_TC(tp, specific_last);
	ATF_TP_ADD_TC(tp, bound_hides_not);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, host_goes_down);
	return (atf_no_error());
}
