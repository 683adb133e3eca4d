/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The database of keys: what it takes and finds, and the variables by which
 * setkey(8) reaches it.
 */
#include "sig_pkt.h"

#define	MD5(us, key)							\
	sig_key(t, (us), XKEY_TCP, XKEY_TCP_MD5, XKEY_TCP_SPI, 0, (key))

/* A test case inside of the host. */
#define	KEY_TEST(name)							\
	static void key_test_##name(struct pd *);			\
	PD_TEST(name)							\
	{								\
		CURVNET_SET(t->vnet);					\
		key_test_##name(t);					\
		CURVNET_RESTORE();					\
	}								\
	static void							\
	key_test_##name(struct pd *t)

static struct key_sa *
find(struct pd *t, bool us, uint8_t proto, uint32_t spi)
{
	return (key_find(proto, us ? &t->us : &t->peer,
	    us ? &t->peer : &t->us, spi));
}

KEY_TEST(add_delete)
{
	ATF_REQUIRE(find(t, true, XKEY_TCP, XKEY_TCP_SPI) == NULL);
	ERR(ENOENT, MD5(true, NULL));
	OK(MD5(true, "one"));
	ERR(EEXIST, MD5(true, "two"));
	OK(MD5(false, "three"));
	ATF_REQUIRE_EQ(3, find(t, true, XKEY_TCP, XKEY_TCP_SPI)->ks_keylen);
	ATF_REQUIRE_EQ(5, find(t, false, XKEY_TCP, XKEY_TCP_SPI)->ks_keylen);
	ATF_REQUIRE(find(t, true, XKEY_TCP_AO, XKEY_TCP_SPI) == NULL);
	OK(MD5(true, NULL));
	ATF_REQUIRE(find(t, true, XKEY_TCP, XKEY_TCP_SPI) == NULL);
	ATF_REQUIRE(find(t, false, XKEY_TCP, XKEY_TCP_SPI) != NULL);
	ERR(ENOENT, MD5(true, NULL));
}

KEY_TEST(lowest)
{
	u_int i;

	ATF_REQUIRE(key_lowest(XKEY_TCP_AO, &t->us, &t->peer) == NULL);
	OK(MD5(true, "x"));
	for (i = 256; i-- > 3; )
		OK(sig_key(t, true, XKEY_TCP_AO, XKEY_HMAC_SHA1_96, i, 0,
		    "k"));
	ATF_REQUIRE_EQ(3, key_lowest(XKEY_TCP_AO, &t->us,
	    &t->peer)->ks_spi);
	ATF_REQUIRE(key_lowest(XKEY_TCP_AO, &t->peer, &t->us) == NULL);
	for (i = 3; i < 256; i++)
		ATF_REQUIRE_EQ(i, find(t, true, XKEY_TCP_AO, i)->ks_spi);
	key_flush(XKEY_TCP_AO);
	ATF_REQUIRE(key_lowest(XKEY_TCP_AO, &t->us, &t->peer) == NULL);
	ATF_REQUIRE(find(t, true, XKEY_TCP, XKEY_TCP_SPI) != NULL);
	key_flush(0);
	ATF_REQUIRE(find(t, true, XKEY_TCP, XKEY_TCP_SPI) == NULL);
}

/* A valid key, for tests that spoil it. */
static struct xkey
sample(struct pd *t)
{
	struct xkey xk;

	memset(&xk, 0, sizeof(xk));
	memcpy(xk.xk_src, &t->us, sizeof(xk.xk_src));
	memcpy(xk.xk_dst, &t->peer, sizeof(xk.xk_dst));
	xk.xk_proto = XKEY_TCP_AO;
	xk.xk_alg = XKEY_HMAC_SHA1_96;
	xk.xk_spi = 255;
	xk.xk_flags = XKEY_NOOPTIONS;
	xk.xk_keylen = XKEY_MAXLEN;
	memset(xk.xk_key, 'k', XKEY_MAXLEN);
	return (xk);
}

#define	SPOIL(change) do {						\
	xk = sample(t);							\
	change;								\
	ERR(EINVAL, key_add(&xk));					\
} while (0)

KEY_TEST(invalid)
{
	struct xkey xk;

	SPOIL(xk.xk_keylen = 0);
	SPOIL(xk.xk_keylen = XKEY_MAXLEN + 1);
	SPOIL(xk.xk_keylen = UINT16_MAX);
	SPOIL(xk.xk_spi = 256);
	SPOIL(xk.xk_alg = XKEY_TCP_MD5);
	SPOIL(xk.xk_alg = 77);
	SPOIL(xk.xk_proto = 0);
	SPOIL(xk.xk_proto = 3);
	SPOIL(xk.xk_flags = 1);
	SPOIL(xk.xk_proto = XKEY_TCP);
	SPOIL(xk.xk_proto = XKEY_TCP; xk.xk_alg = XKEY_TCP_MD5;
	    xk.xk_flags = 0);
	SPOIL(memset(xk.xk_dst, 0, 16));
	SPOIL(xk.xk_src[0] = 0xff);
	/* Of two families. */
	SPOIL(memcpy(xk.xk_src, &in6addr_loopback, 16);
	    xk.xk_dst[10] = xk.xk_dst[11] = 0xff; memset(xk.xk_dst, 0, 10));
	xk = sample(t);
	OK(key_add(&xk));
}

/* ---- The variables ---- */

static int
write_key(const char *name, const void *p, size_t len)
{
	return (kernel_sysctlbyname(name, NULL, NULL, p, len));
}

KEY_TEST(variables)
{
	struct xkey out[3], xk = sample(t);
	size_t len = sizeof(out);
	int proto = XKEY_TCP;
	struct vnet *saved;

	OK(write_key("net.key.add", &xk, sizeof(xk)));
	ERR(EEXIST, write_key("net.key.add", &xk, sizeof(xk)));
	ERR(EINVAL, write_key("net.key.add", &xk, sizeof(xk) - 1));
	ERR(EINVAL, write_key("net.key.delete", &xk, 0));
	ERR(EPERM, write_key("net.key.dump", &xk, sizeof(xk)));
	OK(MD5(false, "three"));
	ADVANCE(7 * PD_SEC);
	saved = vnet_enter(t->vnet);
	OK(kernel_sysctlbyname("net.key.dump", out, &len, NULL, 0));
	vnet_leave(saved);
	ATF_REQUIRE_EQ(2 * sizeof(xk), len);
	ATF_REQUIRE_EQ(0, memcmp(out[0].xk_key, xk.xk_key, XKEY_MAXLEN));
	ATF_REQUIRE_EQ(XKEY_NOOPTIONS, out[0].xk_flags);
	ATF_REQUIRE_EQ(7, out[0].xk_age);
	ATF_REQUIRE_EQ(UINT64_MAX, out[0].xk_used);
	ATF_REQUIRE_EQ(0, memcmp(out[1].xk_key, "three", 5));
	ATF_REQUIRE_EQ(5, out[1].xk_keylen);
	OK(write_key("net.key.flush", &proto, sizeof(proto)));
	ERR(EINVAL, write_key("net.key.flush", &proto, 1));
	proto = 3;
	ERR(EINVAL, write_key("net.key.flush", &proto, sizeof(proto)));
	len = sizeof(out);
	OK(kernel_sysctlbyname("net.key.dump", out, &len, NULL, 0));
	ATF_REQUIRE_EQ(sizeof(xk), len);
	OK(write_key("net.key.delete", &xk, sizeof(xk)));
	ERR(ENOENT, write_key("net.key.delete", &xk, sizeof(xk)));
}

/* Hosts 0 to 3 (0 is none, 3 a multicast address). */
static void
host(uint8_t addr[16], uint64_t i)
{
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff };

	memcpy(addr, mapped, sizeof(mapped));
	addr[15] = (uint8_t)i;
	addr[12] = i == 0 ? 0 : i == 3 ? 224 : 10;
}

/* A message that is nearly one, or is; *n: its place in the model, of those
 * that are. */
static struct xkey
message(struct pd *t, u_int *n)
{
	uint64_t src = pd_draw(t, 12), dst = pd_draw(t, 12), spi = pd_draw(t, 3);
	struct xkey xk;
	u_int i;

	src = src < 4 ? src : 1 + src % 2;
	dst = dst < 4 ? dst : 1 + dst % 2;
	memset(&xk, 0, sizeof(xk));
	host(xk.xk_src, src);
	host(xk.xk_dst, dst);
	xk.xk_proto = XKEY_TCP_AO;
	xk.xk_alg = (uint8_t)(XKEY_HMAC_SHA1_96 + pd_draw(t, 2));
	xk.xk_spi = (uint32_t)spi;
	xk.xk_keylen = (uint16_t)(1 + pd_draw(t, XKEY_MAXLEN));
	for (i = 0; i < sizeof(xk.xk_key); i++)
		xk.xk_key[i] = (uint8_t)pd_draw(t, 256);
	*n = (u_int)(((src - 1) * 2 + dst - 1) * 3 + spi);
	if (src % 3 == 0 || dst % 3 == 0)
		*n = UINT_MAX;
	if (pd_draw(t, 4) == 0) {
		/* Protocol, algorithm, length, or flags. */
		((uint8_t *)&xk)[__offsetof(struct xkey, xk_proto) +
		    pd_draw(t, 8)] ^= 0x80;
		*n = UINT_MAX;
	}
	return (xk);
}

/* All that is there is in the model, and the other way round. */
static void
compare(const bool *there, u_int n)
{
	static struct xkey out[64];
	size_t len = sizeof(out);
	u_int i, want = 0;

	for (i = 0; i < n; i++)
		want += there[i];
	OK(kernel_sysctlbyname("net.key.dump", out, &len, NULL, 0));
	ATF_REQUIRE_EQ(want * sizeof(out[0]), len);
	for (i = 0; i < want; i++)
		ATF_REQUIRE(there[(((u_int)out[i].xk_src[15] - 1) * 2 +
		    out[i].xk_dst[15] - 1) * 3 + out[i].xk_spi]);
}

/* Messages at random: what is refused changes nothing. */
KEY_TEST(messages)
{
	bool there[12] = { false };
	struct xkey xk;
	int all = 0, error, i;
	size_t len;
	u_int n;

	for (i = 0; i < 20000; i++) {
		xk = message(t, &n);
		len = pd_draw(t, 8) == 0 ? pd_draw(t, sizeof(xk)) : sizeof(xk);
		if (pd_draw(t, 2) == 0) {
			error = write_key("net.key.add", &xk, len);
			if (n == UINT_MAX || len != sizeof(xk))
				ERR(EINVAL, error);
			else
				ERR(there[n] ? EEXIST : 0, error);
			if (error == 0)
				there[n] = true;
		} else if (len == sizeof(xk) && n != UINT_MAX) {
			error = write_key("net.key.delete", &xk, len);
			ERR(there[n] ? 0 : ENOENT, error);
			there[n] = false;
		}
		if (pd_draw(t, 500) == 0) {
			OK(write_key("net.key.flush", &all, sizeof(all)));
			memset(there, 0, sizeof(there));
		}
		compare(there, nitems(there));
	}
}

/* Listings of variables have no keys. */
KEY_TEST(hidden)
{
	int mib[CTL_MAXNAME], next[CTL_MAXNAME + 2] = { CTL_SYSCTL,
	    CTL_SYSCTL_NEXT, CTL_NET };
	char name[64];
	size_t len, mlen = 1;

	OK(MD5(true, "secret"));
	for (;;) {
		len = sizeof(mib);
		if (kernel_sysctl(next, (u_int)mlen + 2, mib, &len, NULL,
		    0) != 0 || mib[0] != CTL_NET)
			break;
		mlen = len / sizeof(int);
		memcpy(next + 2, mib, len);
		next[1] = CTL_SYSCTL_NAME;
		len = sizeof(name);
		OK(kernel_sysctl(next, (u_int)mlen + 2, name, &len, NULL,
		    0));
		next[1] = CTL_SYSCTL_NEXT;
		ATF_REQUIRE_MSG(strncmp(name, "net.key.", 8) != 0, "%s",
		    name);
	}
	ATF_REQUIRE(mlen > 1);
}

static void
set_number(uint8_t addr[16], uint32_t i)
{
	addr[12] = 10;
	addr[13] = (uint8_t)(i >> 16);
	addr[14] = (uint8_t)(i >> 8);
	addr[15] = (uint8_t)i;
}

/* Many keys, found and deleted again; and their number has a limit. */
KEY_TEST(many)
{
	struct in6_addr a;
	struct xkey xk = sample(t);
	uint32_t i;

	for (i = 0; i < 65536; i++) {
		set_number(xk.xk_src, i);
		OK(key_add(&xk));
	}
	set_number(xk.xk_src, i);
	ERR(ENOBUFS, key_add(&xk));
	memcpy(&a, xk.xk_src, sizeof(a));
	for (i = 0; i < 65536; i += 257) {
		set_number(a.s6_addr, i);
		ATF_REQUIRE(key_find(XKEY_TCP_AO, &a, &t->peer, 255) != NULL);
		ATF_REQUIRE(key_find(XKEY_TCP_AO, &t->peer, &a, 255) == NULL);
	}
	memcpy(xk.xk_src, &a, sizeof(a));
	OK(key_delete(&xk));
	OK(key_add(&xk));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, add_delete);
	ATF_TP_ADD_TC(tp, lowest);
	ATF_TP_ADD_TC(tp, invalid);
	ATF_TP_ADD_TC(tp, variables);
	ATF_TP_ADD_TC(tp, messages);
	ATF_TP_ADD_TC(tp, hidden);
	ATF_TP_ADD_TC(tp, many);
	return (atf_no_error());
}
