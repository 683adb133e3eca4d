/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Addresses as text and as sockaddrs, kinds of addresses, transports. */
#include "ip_host.h"

/* Text that is read, and the text it is written as. */
static const struct {
	const char *in, *out;
} texts[] = {
	{ "0.0.0.0", "0.0.0.0" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "10.0.20.199", "10.0.20.199" },
	{ "::ffff:1.2.3.4", "1.2.3.4" },
	{ "::FFFF:0102:0304", "1.2.3.4" },
	{ "::", "::" },
	{ "::1", "::1" },
	{ "1::", "1::" },
	{ "0:0:0:0:0:0:0:0", "::" },
	{ "2001:db8::1", "2001:db8::1" },
	{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
	{ "2001:0db8:0000:0001:0000:0000:0000:0001", "2001:db8:0:1::1" },
	/* The longest run, the first of two, never a single zero. */
	{ "1:0:0:2:0:0:0:3", "1:0:0:2::3" },
	{ "1:0:0:2:0:0:3:4", "1::2:0:0:3:4" },
	{ "1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7" },
	{ "0:1:2:3:4:5:6:0", "0:1:2:3:4:5:6:0" },
	{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
	{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
	{ "64:ff9b::1.2.3.4", "64:ff9b::102:304" },
	{ "1:2:3:4:5:6:7.8.9.10", "1:2:3:4:5:6:708:90a" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" }
};

static const char *const not_addresses[] = {
	"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3",
	"256.1.1.1", "1.2.3.1000", "01.2.3.4", "1.2.3.04", "1.2.3.4 ",
	" 1.2.3.4", "1.2.3.a", "-1.2.3.4", ":", ":::", "1:", ":1",
	"1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":::1", "1:::2",
	"::12345", "::g", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:5",
	"1.2.3.4::", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "fe80::1%em0"
};

ATF_TC_WITHOUT_HEAD(text);
ATF_TC_BODY(text, tc)
{
	char buf[INET6_ADDRSTRLEN];
	struct in6_addr a, b;
	size_t i;

	for (i = 0; i < nitems(texts); i++) {
		ATF_CHECK_EQ_MSG(1, in_pton(texts[i].in, &a), "%s",
		    texts[i].in);
		ATF_CHECK_STREQ(texts[i].out, in_ntop(&a, buf, sizeof(buf)));
		ATF_CHECK_EQ(1, in_pton(buf, &b));
		ATF_CHECK(IN6_ARE_ADDR_EQUAL(&a, &b));
	}
	ATF_CHECK_STREQ("ffff", in_ntop(&a, buf, 5));
}

ATF_TC_WITHOUT_HEAD(no_text);
ATF_TC_BODY(no_text, tc)
{
	struct in6_addr a = in6addr_loopback;
	size_t i;

	for (i = 0; i < nitems(not_addresses); i++)
		ATF_CHECK_EQ_MSG(0, in_pton(not_addresses[i], &a), "'%s'",
		    not_addresses[i]);
	ATF_CHECK(IN6_IS_ADDR_LOOPBACK(&a));
}

/* Whatever is written can be read. */
ATF_TC_WITHOUT_HEAD(text_round_trip);
ATF_TC_BODY(text_round_trip, tc)
{
	char buf[INET6_ADDRSTRLEN];
	struct in6_addr a, b;
	uint64_t seed = 3;
	int i, j;

	for (i = 0; i < 20000; i++) {
		for (j = 0; j < 8; j++)
			a.s6_addr16[j] = ih_random(&seed) % 3 == 0 ?
			    (uint16_t)ih_random(&seed) : 0;
		in_ntop(&a, buf, sizeof(buf));
		ATF_REQUIRE_EQ_MSG(1, in_pton(buf, &b), "%s", buf);
		ATF_REQUIRE_MSG(IN6_ARE_ADDR_EQUAL(&a, &b), "%s", buf);
	}
}

ATF_TC_WITHOUT_HEAD(kinds);
ATF_TC_BODY(kinds, tc)
{
	static const struct {
		const char *text;
		bool any, multicast, loopback;
	} t[] = {
		{ "0.0.0.0", true, false, false },
		{ "::", true, false, false },
		{ "0.0.0.1", false, false, false },
		{ "127.0.0.1", false, false, true },
		{ "127.255.0.9", false, false, true },
		{ "128.0.0.1", false, false, false },
		{ "::1", false, false, true },
		{ "::2", false, false, false },
		{ "223.255.255.255", false, false, false },
		{ "224.0.0.0", false, true, false },
		{ "239.1.2.3", false, true, false },
		{ "240.0.0.0", false, false, false },
		{ "255.255.255.255", false, true, false },
		{ "ff02::1", false, true, false },
		{ "fe80::1", false, false, false }
	};
	struct in6_addr a;
	size_t i;

	for (i = 0; i < nitems(t); i++) {
		a = ih_addr(t[i].text);
		ATF_CHECK_EQ_MSG(t[i].any, in_any(&a), "%s", t[i].text);
		ATF_CHECK_EQ_MSG(t[i].multicast, in_multicast(&a), "%s",
		    t[i].text);
		ATF_CHECK_EQ_MSG(t[i].loopback, in_loopback(&a), "%s",
		    t[i].text);
	}
}

ATF_TC_WITHOUT_HEAD(sockaddrs);
ATF_TC_BODY(sockaddrs, tc)
{
	const struct in6_addr v4 = ih_addr("10.1.2.3"), v6 = ih_addr("fe80::7");
	struct sockaddr_storage ss;
	struct sockaddr *sa = (struct sockaddr *)&ss;
	struct in6_addr a;
	uint32_t scope;
	uint16_t port;

	memset(&ss, 0xff, sizeof(ss));
	in_sockaddr_set(&ss, AF_INET, &v4, 0x1234, 7);
	ATF_CHECK_EQ(0, memcmp(&ss, "\x10\x02\x12\x34\x0a\x01\x02\x03"
	    "\0\0\0\0\0\0\0\0", 16));
	ATF_CHECK_EQ(0, in_sockaddr_get(sa, AF_INET, &a, &port, &scope));
	ATF_CHECK(IN6_ARE_ADDR_EQUAL(&v4, &a));
	ATF_CHECK_EQ(0x1234, port);
	ATF_CHECK_EQ(0, scope);
	ATF_CHECK_EQ(0, in_sockaddr_get(sa, AF_INET, NULL, NULL, NULL));
	ATF_CHECK_EQ(EAFNOSUPPORT, in_sockaddr_get(sa, AF_INET6, &a, NULL,
	    NULL));
	sa->sa_len = 15;
	ATF_CHECK_EQ(EINVAL, in_sockaddr_get(sa, AF_INET, &a, NULL, NULL));

	in_sockaddr_set(&ss, AF_INET6, &v6, 443, 7);
	ATF_CHECK_EQ(0, memcmp(&ss, "\x1c\x1c\x01\xbb\0\0\0\0\xfe\x80", 10));
	ATF_CHECK_EQ(0, in_sockaddr_get(sa, AF_INET6, &a, &port, &scope));
	ATF_CHECK(IN6_ARE_ADDR_EQUAL(&v6, &a));
	ATF_CHECK_EQ(443, port);
	ATF_CHECK_EQ(7, scope);
	ATF_CHECK_EQ(EAFNOSUPPORT, in_sockaddr_get(sa, AF_INET, &a, NULL,
	    NULL));
	sa->sa_len = 16;
	ATF_CHECK_EQ(EINVAL, in_sockaddr_get(sa, AF_INET6, &a, NULL, NULL));
	sa->sa_family = AF_LINK;
	ATF_CHECK_EQ(EAFNOSUPPORT, in_sockaddr_get(sa, AF_LINK, &a, NULL,
	    NULL));

	/* A user of AF_INET6 sees IPv4 mapped, one of AF_INET does not. */
	in_sockaddr_set(&ss, AF_INET6, &v4, 1, 0);
	ATF_CHECK_EQ(0, in_sockaddr_get(sa, AF_INET6, &a, NULL, NULL));
	ATF_CHECK(IN6_ARE_ADDR_EQUAL(&v4, &a));
	in_sockaddr_set(&ss, AF_INET, &in6addr_any, 1, 0);
	ATF_CHECK_EQ(0, in_sockaddr_get(sa, AF_INET, &a, NULL, NULL));
	ATF_CHECK(in_any(&a) && IN6_IS_ADDR_V4MAPPED(&a));
}

ATF_TC_WITHOUT_HEAD(transports);
ATF_TC_BODY(transports, tc)
{
	static const struct ip_proto t[20];
	struct vnet *a = ih_host("a");
	int i;

	ATF_CHECK_EQ(EEXIST, ip_proto_register(PROTO_TEST, &t[0]));
	ATF_CHECK_EQ(EEXIST, ip_proto_register(IPPROTO_ICMP, &t[0]));
	ATF_CHECK_EQ(EEXIST, ip_proto_register(IPPROTO_ICMPV6, &t[0]));
	ATF_CHECK_EQ(0, ip_proto_register(200, &t[0]));
	ip_proto_unregister(200);
	ip_proto_unregister(200);
	/* There is an end to it, and what went makes room. */
	for (i = 0; i < 20 && ip_proto_register((uint8_t)(180 + i),
	    &t[i]) == 0; i++)
		;
	ATF_CHECK(i > 8 && i < 20);
	ATF_CHECK_EQ(ENOSPC, ip_proto_register(230, &t[0]));
	ip_proto_unregister(182);
	ATF_CHECK_EQ(0, ip_proto_register(230, &t[0]));
	/* Another host knows nothing of it. */
	ih_host("b");
	ATF_CHECK_EQ(0, ip_proto_register(230, &t[0]));
	ih_enter(a);
	ih_end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, text);
	ATF_TP_ADD_TC(tp, no_text);
	ATF_TP_ADD_TC(tp, text_round_trip);
	ATF_TP_ADD_TC(tp, kinds);
	ATF_TP_ADD_TC(tp, sockaddrs);
	ATF_TP_ADD_TC(tp, transports);
	return (atf_no_error());
}
