/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Options of level IP and IPv6 on TCP sockets: IPv4 options with source
 * routes, there and back, IPV6_USE_MIN_MTU, IP_MINTTL of listeners.  (TTL, TOS
 * and their like are in tcp_icmp_test, IPV6_V6ONLY in tcp_listen_test.)
 *
 * Addresses as bytes: c0000201 is us, c0000202 the peer, c0000203 a router
 * on our link, cb007107 one far away.
 */
#include "pkt.h"

static void
use_router(struct pd *t)
{
	ATF_REQUIRE_EQ(1, in_pton("192.0.2.3", &t->hop));
}

static size_t
bytes_of(const char *hex, uint8_t *buf)
{
	static const char digits[] = "0123456789abcdef";
	size_t n;

	for (n = 0; hex[2 * n] != '\0'; n++)
		buf[n] = (uint8_t)((strchr(digits, hex[2 * n]) - digits) << 4 |
		    (strchr(digits, hex[2 * n + 1]) - digits));
	return (n);
}

static int
set_options(struct pd *t, int fd, const char *hex)
{
	struct vnet *saved = vnet_enter(t->vnet);
	uint8_t buf[64];
	int error;

	error = kern_setsockopt(fd, IPPROTO_IP, IP_OPTIONS, buf,
	    bytes_of(hex, buf));
	vnet_leave(saved);
	return (error);
}

static void
options_are(struct pd *t, int fd, const char *hex)
{
	struct vnet *saved = vnet_enter(t->vnet);
	uint8_t buf[64], want[64];
	size_t len = sizeof(buf);

	OK(kern_getsockopt(fd, IPPROTO_IP, IP_OPTIONS, buf, &len));
	vnet_leave(saved);
	ATF_REQUIRE_EQ(bytes_of(hex, want), len);
	ATF_REQUIRE_EQ(0, memcmp(want, buf, len));
}

PD_TEST4(values)
{
	int fd = pd_socket(t);

	options_are(t, fd, "");
	OK(set_options(t, fd, "94040000"));	/* router alert */
	options_are(t, fd, "94040000");
	/* Not a multiple of 4, no length, a length too large, too small. */
	ERR(EINVAL, set_options(t, fd, "010101"));
	ERR(EINVAL, set_options(t, fd, "01010194"));
	ERR(EINVAL, set_options(t, fd, "94050000"));
	ERR(EINVAL, set_options(t, fd, "94010000"));
	ERR(EINVAL, set_options(t, fd, "94000000"));
	/* A source route without an address, with half of one, with that of
	 * nobody, of many; and two. */
	ERR(EINVAL, set_options(t, fd, "83030401"));
	ERR(EINVAL, set_options(t, fd, "83050400c0010101"));
	ERR(EINVAL, set_options(t, fd, "8307040000000001"));
	ERR(EINVAL, set_options(t, fd, "830704e000000101"));
	ERR(EINVAL, set_options(t, fd, "830704c000020301830704c000020301"));
	options_are(t, fd, "94040000");		/* as it was */
	/* 40 bytes, 44 with a hop; and no more. */
	OK(set_options(t, fd, "0101010101010101010101010101010101010101"
	    "0101010101010101010101010101010101010101"));
	ERR(EINVAL, set_options(t, fd,
	    "010101010101010101010101010101010101010101010101"
	    "0101010101010101010101010101010101010101"));
	OK(set_options(t, fd, "01832b04c0000203"
	    "cb007101cb007102cb007103cb007104cb007105cb007106cb007107"
	    "cb007108c0000202"));
	OK(set_options(t, fd, ""));
	options_are(t, fd, "");
}

/* On every packet, and segments are smaller by as much. */
PD_TEST4(sent)
{
	int fd = pd_socket(t);

	OK(set_options(t, fd, "94040000"));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("[ipopt 94040000] S 0:0(0) win 65535 <mss 1460,...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT("[ipopt 94040000] . 1:1(0) ack 1");
	SEND(fd, 1456);
	EXPECT("[ipopt 94040000] P. 1:1457(1456) ack 1");
	INJECT(". 1:1(0) ack 1457 win 65535");
	OK(set_options(t, fd, "9404000001010101"));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NODELAY, 1));
	SEND(fd, 1456);
	EXPECT("[ipopt 9404000001010101] . 1457:2909(1452) ack 1");
	EXPECT("[ipopt 9404000001010101] P. 2909:2913(4) ack 1");
	OK(set_options(t, fd, ""));
	INJECT(". 1:1(0) ack 2913 win 65535");
	SEND(fd, 10);
	EXPECT("P. 2913:2923(10) ack 1");
	INJECT(". 1:1(0) ack 2923 win 65535");
}

/* No large segments, whose options nobody would copy. */
PD_TEST4(no_tso)
{
	int fd;

	pd_settso(t);
	fd = pd_socket(t);
	OK(set_options(t, fd, "94040000"));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("[ipopt 94040000] S 0:0(0) win 65535 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT("[ipopt 94040000] . 1:1(0) ack 1");
	SEND(fd, 2912);
	EXPECT("[ipopt 94040000] . 1:1457(1456) ack 1");
	EXPECT("[ipopt 94040000] P. 1457:2913(1456) ack 1");
	ATF_REQUIRE_EQ(0, t->ncut);
}

/* A source route: to its first hop, with the rest in the option. */
PD_TEST4(route_out)
{
	int fd = pd_socket(t);

	use_router(t);
	OK(set_options(t, fd, "01830f04c0000203cb007107c0000202"));
	options_are(t, fd, "01830f04c0000203cb007107c0000202");
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("[ipopt 01830b04cb007107c0000202] S 0:0(0) win 65535 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT("[ipopt 01830b04cb007107c0000202] . 1:1(0) ack 1");
	STATE(TCPS_ESTABLISHED);
	OK(pd_shutdown(t, fd, SHUT_WR));
	EXPECT("[ipopt 01830b04cb007107c0000202] F. 1:1(0) ack 1");
}

/* Which counts, whatever way the answers come (RFC 9293, 3.9.2.1). */
PD_TEST4(route_kept)
{
	int fd = pd_socket(t);

	pd_sysctl(t, "net.inet.ip.accept_sourceroute", 1);
	use_router(t);
	OK(set_options(t, fd, "01830f04c0000203cb007107c0000202"));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("[ipopt 01830b04cb007107c0000202] S 0:0(0) win 65535 <...>");
	INJECT("[ipopt 01890708c0000203] S. 0:0(0) ack 1 win 65535 "
	    "<mss 1460>");
	EXPECT("[ipopt 01830b04cb007107c0000202] . 1:1(0) ack 1");
	options_are(t, fd, "01830f04c0000203cb007107c0000202");
}

/* One that came by a source route is answered by the same, backwards, in
 * every state. */
PD_TEST4(route_back)
{
	int fd, lfd = pd_listen(t, 5);

	pd_sysctl(t, "net.inet.ip.accept_sourceroute", 1);
	use_router(t);
	INJECT("[ipopt 01830b0ccb007107c0000203] S 0:0(0) win 65535 "
	    "<mss 1460>");
	EXPECT("[ipopt 01830b04cb007107c0000202] S. 0:0(0) ack 1 win 65535 "
	    "<mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
	fd = pd_accept(t, lfd);
	options_are(t, fd, "01830f04c0000203cb007107c0000202");
	options_are(t, lfd, "");
	SEND(fd, 1448);
	EXPECT("[ipopt 01830b04cb007107c0000202] P. 1:1449(1448) ack 1");
	INJECT("F. 1:1(0) ack 1449 win 65535");
	EXPECT("[ipopt 01830b04cb007107c0000202] . 1449:1449(0) ack 2");
	OK(pd_close(t, fd));
	EXPECT("[ipopt 01830b04cb007107c0000202] F. 1449:1449(0) ack 2");
	INJECT(". 2:2(0) ack 1450 win 65535");
	STATE(GONE);
}

/* The SYN cache keeps it for the SYN-ACK that goes again, and forgets it
 * with the handshake; a cookie does not, and takes the ACK's. */
PD_TEST4(route_back_handshake)
{
	int fd, lfd = pd_listen(t, 5);

	pd_sysctl(t, "net.inet.ip.accept_sourceroute", 1);
	use_router(t);
	INJECT("[ipopt 01830b0ccb007107c0000203] S 0:0(0) win 65535 "
	    "<mss 1460>");
	EXPECT("[ipopt 01830b04cb007107c0000202] S. 0:0(0) ack 1 win 65535 "
	    "<mss 1460>");
	EXPECT_IN(PD_SEC, "[ipopt 01830b04cb007107c0000202] S. 0:0(0) ack 1 "
	    "win 65535 <mss 1460>");
	INJECT("R 1:1(0) win 0");
	pd_sysctl(t, "net.inet.tcp.syncookies_only", 1);
	pd_use(t, 1);
	INJECT("[ipopt 01830b0ccb007107c0000203] S 0:0(0) win 65535 "
	    "<mss 1460>");
	EXPECT("[ipopt 01830b04cb007107c0000202] S. 0:0(0) ack 1 win 65535 "
	    "<mss 1460>");
	INJECT("[ipopt 01830708c0000203] . 1:1(0) ack 1 win 65535");
	fd = pd_accept(t, lfd);
	options_are(t, fd, "01830b04c0000203c0000202");
}

PD_TEST4(route_back_time_wait)
{
	int fd, lfd = pd_listen(t, 5);

	pd_sysctl(t, "net.inet.ip.accept_sourceroute", 1);
	use_router(t);
	INJECT("[ipopt 01890704c0000203] S 0:0(0) win 65535 "
	    "<mss 1460>");
	NOTHING();		/* its pointer is not beyond its end */
	INJECT("[ipopt 01890708c0000203] S 0:0(0) win 65535 <mss 1460>");
	EXPECT("[ipopt 01890704c0000202] S. 0:0(0) ack 1 win 65535 "
	    "<mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
	fd = pd_accept(t, lfd);
	OK(pd_close(t, fd));
	EXPECT("[ipopt 01890704c0000202] F. 1:1(0) ack 1");
	INJECT("F. 1:1(0) ack 2 win 65535");
	EXPECT("[ipopt 01890704c0000202] . 2:2(0) ack 2");
	INJECT("F. 1:1(0) ack 2 win 65535");
	EXPECT("[ipopt 01890704c0000202] . 2:2(0) ack 2");
}

/* Nobody takes them unless told so, nor those that do not end here. */
PD_TEST4(route_refused)
{
	(void)pd_listen(t, 5);
	INJECT("[ipopt 01830b0ccb007107c0000203] S 0:0(0) win 65535 "
	    "<mss 1460>");
	NOTHING();
	pd_sysctl(t, "net.inet.ip.accept_sourceroute", 1);
	INJECT("[ipopt 01830b08cb007107c0000203] S 0:0(0) win 65535 "
	    "<mss 1460>");
	NOTHING();
}

/* All hops in segments of 1280 bytes of packet. */
PD_TEST6(use_min_mtu)
{
	int fd = pd_socket(t);

	ERR(-1, pd_getopt(t, fd, IPPROTO_IPV6, IPV6_USE_MIN_MTU));
	ERR(EINVAL, pd_setopt(t, fd, IPPROTO_IPV6, IPV6_USE_MIN_MTU, 2));
	ERR(EINVAL, pd_setopt(t, fd, IPPROTO_IPV6, IPV6_USE_MIN_MTU, -2));
	OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_USE_MIN_MTU, 0));
	ERR(0, pd_getopt(t, fd, IPPROTO_IPV6, IPV6_USE_MIN_MTU));
	OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_USE_MIN_MTU, 1));
	ERR(1, pd_getopt(t, fd, IPPROTO_IPV6, IPV6_USE_MIN_MTU));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <mss 1220,...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 1300);
	EXPECT(". 1:1221(1220) ack 1");
	INJECT(". 1:1(0) ack 1221 win 65535");
	EXPECT("P. 1221:1301(80) ack 1");
	INJECT(". 1:1(0) ack 1301 win 65535");
}

/* Set later, what follows is smaller. */
PD_TEST6(use_min_mtu_later)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 1460);
	EXPECT("P. 1:1461(1460) ack 1");
	INJECT(". 1:1(0) ack 1461 win 65535");
	OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_USE_MIN_MTU, 1));
	SEND(fd, 1220);
	EXPECT("P. 1461:2681(1220) ack 1");
	INJECT(". 1:1(0) ack 2681 win 65535");
}

PD_TEST6(tclass)
{
	int fd = pd_socket(t);

	OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_TCLASS, 32));
	OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_TCLASS, -1));
	ERR(0, pd_getopt(t, fd, IPPROTO_IPV6, IPV6_TCLASS));
	ERR(EINVAL, pd_setopt(t, fd, IPPROTO_IPV6, IPV6_TCLASS, 256));
	ERR(EINVAL, pd_setopt(t, fd, IPPROTO_IPV6, IPV6_TCLASS, -2));
}

PD_TEST6(v6only)
{
	int fd = pd_socket(t);

	ERR(1, pd_getopt(t, fd, IPPROTO_IPV6, IPV6_V6ONLY));
	OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_V6ONLY, 0));
	OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
	ERR(1, pd_getopt(t, fd, IPPROTO_IPV6, IPV6_V6ONLY));
	OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_V6ONLY, 0));
	OK(pd_bind(t, fd, 9000));
	ERR(EINVAL, pd_setopt(t, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
}

/* net.inet6.ip6.v6only: what sockets begin with, and do by themselves. */
PD_TEST6(v6only_default)
{
	int fd, lfd;

	ERR(1, pd_getopt(t, pd_socket(t), IPPROTO_IPV6, IPV6_V6ONLY));
	pd_sysctl(t, "net.inet6.ip6.v6only", 0);
	lfd = pd_listen(t, 5);
	pd_sysctl(t, "net.inet6.ip6.v6only", 1);
	fd = pd_socket(t);
	ERR(1, pd_getopt(t, fd, IPPROTO_IPV6, IPV6_V6ONLY));
	OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_V6ONLY, 0));
	ERR(0, pd_getopt(t, fd, IPPROTO_IPV6, IPV6_V6ONLY));
	/* An accepted one is what its listener is. */
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <...>");
	INJECT(". 1:1(0) ack 1 win 65535");
	fd = pd_accept(t, lfd);
	ERR(0, pd_getopt(t, fd, IPPROTO_IPV6, IPV6_V6ONLY));
	pd_sysctl(t, "net.inet6.ip6.v6only", 0);
	ERR(0, pd_getopt(t, pd_socket(t), IPPROTO_IPV6, IPV6_V6ONLY));
}

/* A listener hears nothing from farther away either. */
PD_TEST4(minttl_listener)
{
	int lfd = pd_listen(t, 5);

	ERR(EINVAL, pd_setopt(t, lfd, IPPROTO_IP, IP_MINTTL, 256));
	ERR(EINVAL, pd_setopt(t, lfd, IPPROTO_IP, IP_MINTTL, -1));
	OK(pd_setopt(t, lfd, IPPROTO_IP, IP_MINTTL, 255));
	ERR(255, pd_getopt(t, lfd, IPPROTO_IP, IP_MINTTL));
	INJECT("[ttl 254] S 0:0(0) win 65535 <mss 1460>");
	INJECT("[ttl 254] . 1:1(0) ack 1 win 65535");
	NOTHING();
	INJECT("[ttl 255] S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <...>");
	INJECT("[ttl 255] . 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	ERR(255, pd_getopt(t, pd_accept(t, lfd), IPPROTO_IP, IP_MINTTL));
}

/* Levels and options that there are not; short values. */
PD_TEST(unknown)
{
	struct vnet *saved;
	int fd = pd_socket(t), i = 1;

	ERR(ENOPROTOOPT, pd_setopt(t, fd, IPPROTO_IP, 9999, 1));
	ERR(t->af == AF_INET ? EINVAL : ENOPROTOOPT,
	    pd_setopt(t, fd, IPPROTO_IPV6, 9999, 1));
	ERR(ENOPROTOOPT, pd_setopt(t, fd, IPPROTO_TCP, 9999, 1));
	ERR(ENOPROTOOPT, pd_setopt(t, fd, 9999, 1, 1));
	saved = vnet_enter(t->vnet);
	ERR(EINVAL, kern_setsockopt(fd, IPPROTO_IP, IP_TTL, &i, 3));
	ERR(EINVAL, kern_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &i, 3));
	ERR(EINVAL, kern_setsockopt(fd, IPPROTO_TCP, TCP_IWND_NB, &i, 3));
	ERR(EINVAL, kern_setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, &i, 0));
	vnet_leave(saved);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, values);
	ATF_TP_ADD_TC(tp, sent);
	ATF_TP_ADD_TC(tp, no_tso);
	ATF_TP_ADD_TC(tp, route_out);
	ATF_TP_ADD_TC(tp, route_kept);
	ATF_TP_ADD_TC(tp, route_back);
	ATF_TP_ADD_TC(tp, route_back_handshake);
	ATF_TP_ADD_TC(tp, route_back_time_wait);
	ATF_TP_ADD_TC(tp, route_refused);
	ATF_TP_ADD_TC(tp, use_min_mtu);
	ATF_TP_ADD_TC(tp, use_min_mtu_later);
	ATF_TP_ADD_TC(tp, tclass);
	ATF_TP_ADD_TC(tp, v6only);
	ATF_TP_ADD_TC(tp, v6only_default);
	ATF_TP_ADD_TC(tp, minttl_listener);
	ATF_TP_ADD_TC(tp, unknown);
	return (atf_no_error());
}
