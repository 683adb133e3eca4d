/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * mbufs: what each call gives and takes, sharing, limits, shortage at each
 * point, the end of the vnet they came from, and long random histories of
 * chains held against plain arrays of bytes.
 */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include <vm/uma.h>

#include <atf-c.h>

#include "testhost.h"

static struct testhost host;

static const char * const zone_names[] = {
	"mbuf", "mbuf_cluster", "mbuf_jumbo_page", "mbuf_jumbo_16k",
	"mbuf_ext_refcnt"
};

static void
begin(void)
{

	testhost_start(&host, "one");
	(void)vnet_enter(host.th_vnet);
}

static int
zone_cur(const char *name)
{

	return (uma_zone_get_cur(uma_zone_find(name)));
}

/* Nothing is out. */
static void
check_none_out(void)
{
	u_int i;

	for (i = 0; i < nitems(zone_names); i++)
		ATF_CHECK_EQ_MSG(0, zone_cur(zone_names[i]), "%s: %d",
		    zone_names[i], zone_cur(zone_names[i]));
}

static void
end(void)
{

	check_none_out();
	vnet_leave(NULL);
	testhost_stop(&host);
}

/* No zone gives anything after `after' more items; UINT64_MAX: all do. */
static void
set_faults(uint64_t after)
{
	u_int i;

	for (i = 0; i < nitems(zone_names); i++)
		uma_zone_set_fault(uma_zone_find(zone_names[i]), after);
}

/* A packet of len bytes: the letters in turn. */
static struct mbuf *
letters(int len)
{
	struct mbuf *m, *n;
	int i, part, done;

	m = m_getm2(NULL, len, M_NOWAIT, MT_DATA, M_PKTHDR);
	ATF_REQUIRE(m != NULL);
	m->m_pkthdr.len = len;
	done = 0;
	for (n = m; n != NULL; n = n->m_next) {
		part = MIN(len - done, M_TRAILINGSPACE(n));
		for (i = 0; i < part; i++)
			n->m_data[i] = (char)('a' + (done + i) % 26);
		n->m_len = part;
		done += part;
	}
	ATF_REQUIRE_EQ(len, done);
	return (m);
}

/* The chain has len bytes, letters from the from-th on. */
static void
check_letters(const struct mbuf *m, int from, int len)
{
	char buf[40000];
	int i;

	ATF_REQUIRE_EQ(len, (int)m_length(__DECONST(struct mbuf *, m),
	    NULL));
	m_copydata(m, 0, len, buf);
	for (i = 0; i < len; i++)
		ATF_REQUIRE_EQ_MSG('a' + (from + i) % 26, buf[i],
		    "byte %d is %c", i, buf[i]);
}

ATF_TC_WITHOUT_HEAD(layout);
ATF_TC_BODY(layout, tc)
{
	struct mbuf *m;
	int sizes[] = { MCLBYTES, MJUMPAGESIZE, MJUM16BYTES };
	u_int i;

	begin();
	ATF_CHECK(MLEN >= 200);
	ATF_CHECK(MHLEN >= max_hdr);
	m = m_get(M_NOWAIT, MT_DATA);
	ATF_CHECK(m->m_data + MLEN == (char *)m + MSIZE);
	ATF_CHECK_EQ(MLEN, M_TRAILINGSPACE(m));
	ATF_CHECK_EQ(0, M_LEADINGSPACE(m));
	ATF_CHECK(m_free(m) == NULL);
	m = m_gethdr(M_NOWAIT, MT_DATA);
	ATF_CHECK(m->m_data + MHLEN == (char *)m + MSIZE);
	ATF_CHECK_EQ(MHLEN, M_TRAILINGSPACE(m));
	ATF_CHECK(m->m_pkthdr.rcvif == NULL && m->m_pkthdr.len == 0 &&
	    m->m_pkthdr.csum_flags == 0 && m->m_pkthdr.PH_loc.u64 == 0);
	m_freem(m);
	for (i = 0; i < nitems(sizes); i++) {
		m = m_getjcl(M_NOWAIT, MT_DATA, i == 0 ? M_PKTHDR : 0,
		    sizes[i]);
		ATF_CHECK_EQ(sizes[i], M_SIZE(m));
		ATF_CHECK_EQ(0U, (uintptr_t)m->m_data % CACHE_LINE_SIZE);
		memset(m->m_data, 'x', (size_t)sizes[i]);
		ATF_CHECK_EQ(1U, m->m_ext.ext_ref->er_refs);
		m_freem(m);
	}
	end();
}

ATF_TC_WITHOUT_HEAD(getm2);
ATF_TC_BODY(getm2, tc)
{
	static const struct {
		int	len;
		int	first;		/* storage of the first mbuf */
		u_int	count;
	} cases[] = {
		{ 0, MHLEN, 1 }, { MHLEN, MHLEN, 1 },
		{ MHLEN + 1, MCLBYTES, 1 }, { MCLBYTES, MCLBYTES, 1 },
		{ MCLBYTES + 1, MJUMPAGESIZE, 1 },
		{ MJUMPAGESIZE + 100, MJUMPAGESIZE, 2 },
		{ MJUM16BYTES - 1, MJUMPAGESIZE, 4 },
		{ MJUM16BYTES, MJUM16BYTES, 1 },
		{ 3 * MJUM16BYTES + 10, MJUM16BYTES, 4 }
	};
	struct mbuf *m, *n;
	u_int count, i;
	int room;

	begin();
	for (i = 0; i < nitems(cases); i++) {
		m = m_getm2(NULL, cases[i].len, M_NOWAIT, MT_DATA, M_PKTHDR);
		ATF_CHECK_EQ(cases[i].first, M_SIZE(m));
		ATF_CHECK((m->m_flags & M_PKTHDR) != 0);
		room = 0;
		count = 0;
		for (n = m; n != NULL; n = n->m_next) {
			ATF_CHECK(n == m || (n->m_flags & M_PKTHDR) == 0);
			room += M_SIZE(n);
			count++;
		}
		ATF_CHECK_EQ(cases[i].count, count);
		ATF_CHECK(room >= cases[i].len);
		/* Behind another. */
		n = m_get(M_NOWAIT, MT_DATA);
		ATF_CHECK(m_getm2(m, 5, M_NOWAIT, MT_DATA, M_PKTHDR) == m);
		ATF_CHECK_EQ(NULL, n->m_next);
		m_freem(n);
		m_freem(m);
	}
	set_faults(2);
	ATF_CHECK_EQ(NULL, m_getm2(NULL, 3 * MJUM16BYTES, M_NOWAIT, MT_DATA,
	    0));
	set_faults(UINT64_MAX);
	end();
}

/* A copy shares storage, and lets go of it in either order. */
ATF_TC_WITHOUT_HEAD(copym_shares);
ATF_TC_BODY(copym_shares, tc)
{
	struct mbuf *m, *n, *o;

	begin();
	m = letters(5000);
	ATF_REQUIRE_EQ(MJUMPAGESIZE, M_SIZE(m));
	ATF_CHECK(M_WRITABLE(m));
	n = m_copym(m, 100, 4500, M_NOWAIT);
	ATF_CHECK(n->m_data == m->m_data + 100);
	ATF_CHECK_EQ(0, (int)(n->m_flags & M_PKTHDR));
	ATF_CHECK(!M_WRITABLE(m) && !M_WRITABLE(n));
	ATF_CHECK_EQ(0, M_TRAILINGSPACE(n));
	ATF_CHECK_EQ(0, M_LEADINGSPACE(n));
	check_letters(n, 100, 4500);
	o = m_copym(m, 0, M_COPYALL, M_NOWAIT);
	ATF_CHECK_EQ(5000, o->m_pkthdr.len);
	ATF_CHECK_EQ(3U, m->m_ext.ext_ref->er_refs);
	m_freem(m);
	check_letters(n, 100, 4500);
	m_freem(n);
	ATF_CHECK(M_WRITABLE(o));
	check_letters(o, 0, 5000);
	n = m_copym(o, 0, 10, M_NOWAIT);
	ATF_CHECK_EQ(10, n->m_pkthdr.len);
	m_freem(n);
	m_freem(o);
	end();
}

static int nfreed;
static void *freed_arg1, *freed_arg2;

static void
count_freed(void *arg1, void *arg2)
{

	nfreed++;
	freed_arg1 = arg1;
	freed_arg2 = arg2;
}

ATF_TC_WITHOUT_HEAD(lent);
ATF_TC_BODY(lent, tc)
{
	static char text[] = "lent storage";
	struct mbuf *m, *n;

	begin();
	nfreed = 0;
	m = m_gethdr(M_NOWAIT, MT_DATA);
	uma_zone_set_fault(uma_zone_find("mbuf_ext_refcnt"), 0);
	ATF_CHECK_EQ(ENOMEM, m_extadd(m, text, sizeof(text), count_freed,
	    text, m, M_RDONLY));
	ATF_CHECK_EQ(0, (int)(m->m_flags & M_EXT));
	uma_zone_set_fault(uma_zone_find("mbuf_ext_refcnt"), UINT64_MAX);
	ATF_CHECK_EQ(0, nfreed);
	ATF_REQUIRE_EQ(0, m_extadd(m, text, sizeof(text), count_freed, text,
	    m, M_RDONLY));
	m->m_len = m->m_pkthdr.len = (int)strlen(text);
	ATF_CHECK(!M_WRITABLE(m));
	n = m_copym(m, 5, 7, M_NOWAIT);
	ATF_CHECK(n->m_data == text + 5);
	ATF_CHECK((n->m_flags & M_RDONLY) != 0);
	m_freem(m);
	ATF_CHECK_EQ(0, nfreed);
	ATF_CHECK(!M_WRITABLE(n));
	/* To write, a copy is made, and then it is given back. */
	n = m_unshare(n, M_NOWAIT);
	ATF_CHECK_EQ(1, nfreed);
	ATF_CHECK(freed_arg1 == text && freed_arg2 == m);
	ATF_CHECK(M_WRITABLE(n) && n->m_len == 7);
	ATF_CHECK_EQ(0, memcmp(n->m_data, "storage", 7));
	m_freem(n);
	/* Without a function, and writable. */
	m = m_get(M_NOWAIT, MT_DATA);
	ATF_REQUIRE_EQ(0, m_extadd(m, text, sizeof(text), NULL, NULL, NULL,
	    0));
	ATF_CHECK(M_WRITABLE(m));
	m_freem(m);
	ATF_CHECK_EQ(1, nfreed);
	end();
}

ATF_TC_WITHOUT_HEAD(pullup);
ATF_TC_BODY(pullup, tc)
{
	struct mbuf *m, *n;
	char *data;

	begin();
	/* There already: nothing happens. */
	m = letters(300);
	data = m->m_data;
	m = m_pullup(m, 100);
	ATF_CHECK(m->m_data == data);
	/* Pieces of one byte. */
	n = NULL;
	while (m->m_len > 1) {
		ATF_REQUIRE((n = m_split(m, 1, M_NOWAIT)) != NULL);
		m_freem(n);
	}
	m_freem(m);
	m = letters(60);
	n = m_split(m, 20, M_NOWAIT);
	m_adj(n, 0);
	m_cat(m, n);
	m->m_pkthdr.len = 60;
	m = m_pullup(m, 45);
	ATF_REQUIRE(m != NULL);
	ATF_CHECK(m->m_len >= 45);
	m_sanity(m);
	check_letters(m, 0, 60);
	/* More than there is. */
	ATF_CHECK_EQ(NULL, m_pullup(m, 61));
	ATF_CHECK_EQ(NULL, m_pullup(letters(300), MHLEN + 301));
	check_none_out();
	/* Out of shared storage. */
	m = letters(3000);
	n = m_copym(m, 2990, 10, M_NOWAIT);
	m_adj(m, -2980);
	n->m_next = NULL;
	m_cat(m, n);
	m->m_pkthdr.len += 10;
	ATF_CHECK_EQ(30, (int)m_length(m, NULL));
	m = m_pullup(m, 25);
	ATF_CHECK(m != NULL && m->m_len >= 25 && M_WRITABLE(m));
	m_freem(m);
	end();
}

ATF_TC_WITHOUT_HEAD(prepend);
ATF_TC_BODY(prepend, tc)
{
	struct mbuf *m, *n;

	begin();
	m = letters(100);
	M_PREPEND(m, 40, M_NOWAIT);
	ATF_REQUIRE(m != NULL);
	ATF_CHECK_EQ(140, m->m_pkthdr.len);
	ATF_CHECK_EQ(40, m->m_len);
	/* The new mbuf has room for more in front. */
	ATF_CHECK(M_LEADINGSPACE(m) >= max_hdr);
	n = m;
	M_PREPEND(m, 14, M_NOWAIT);
	ATF_CHECK(m == n);
	ATF_CHECK_EQ(154, m->m_pkthdr.len);
	m_sanity(m);
	m_adj(m, 54);
	check_letters(m, 0, 100);
	m_freem(m);
	m = letters(100);
	set_faults(0);
	M_PREPEND(m, 40, M_NOWAIT);
	set_faults(UINT64_MAX);
	ATF_CHECK_EQ(NULL, m);
	m = letters(100);
	M_PREPEND(m, MHLEN + 1, M_NOWAIT);
	ATF_CHECK_EQ(NULL, m);
	end();
}

ATF_TC_WITHOUT_HEAD(copyback);
ATF_TC_BODY(copyback, tc)
{
	char buf[600];
	struct mbuf *m;

	begin();
	/* What was in the memory before is not seen. */
	m = m_getcl(M_NOWAIT, MT_DATA, 0);
	memset(m->m_data, 'x', MCLBYTES);
	m_freem(m);
	m = letters(100);
	memset(m->m_data + 100, 'x', (size_t)M_TRAILINGSPACE(m));
	ATF_CHECK_EQ(0, m_copyback(m, 10, 3, "XYZ"));
	ATF_CHECK_EQ(100, m->m_pkthdr.len);
	/* Beyond the end: what is between is zeros. */
	ATF_CHECK_EQ(0, m_copyback(m, 500, 3, "XYZ"));
	ATF_CHECK_EQ(503, m->m_pkthdr.len);
	m_sanity(m);
	m_copydata(m, 0, 503, buf);
	ATF_CHECK_EQ(0, memcmp(buf + 8, "ijXYZno", 7));
	ATF_CHECK_EQ(0, buf[100]);
	ATF_CHECK_EQ(0, buf[499]);
	ATF_CHECK_EQ(0, memcmp(buf + 500, "XYZ", 3));
	set_faults(0);
	ATF_CHECK_EQ(ENOBUFS, m_copyback(m, 40000, 3, "XYZ"));
	ATF_CHECK_EQ(0, m_append(m, (int)sizeof(buf) * 60, buf));
	set_faults(UINT64_MAX);
	ATF_CHECK_EQ(503, (int)m_length(m, NULL));
	ATF_CHECK_EQ(ENOBUFS, m_copyback(m, INT_MAX, 3, "XYZ"));
	m_freem(m);
	end();
}

/* Packets joined are one packet; few bytes move into room that is there. */
ATF_TC_WITHOUT_HEAD(cat);
ATF_TC_BODY(cat, tc)
{
	struct mbuf *m;

	begin();
	m = letters(26 * 100);
	m_cat(m, letters(26 * 100));
	m->m_pkthdr.len = 26 * 200;
	m_sanity(m);
	ATF_CHECK_EQ(0, (int)(m->m_next->m_flags & M_PKTHDR));
	ATF_CHECK_EQ(NULL, m->m_next->m_next);
	m_cat(m, letters(26));
	ATF_CHECK_EQ(NULL, m->m_next->m_next);
	check_letters(m, 0, 26 * 201);
	m_freem(m);
	end();
}

ATF_TC_WITHOUT_HEAD(limits);
ATF_TC_BODY(limits, tc)
{
	struct mbuf *m[3];

	begin();
	ATF_REQUIRE_EQ(0, sysctl_set_string("kern.ipc.nmbclusters", "2",
	    false));
	m[0] = m_getcl(M_NOWAIT, MT_DATA, 0);
	m[1] = m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);
	m[2] = m_getcl(M_NOWAIT, MT_DATA, 0);
	ATF_CHECK(m[0] != NULL && m[1] != NULL && m[2] == NULL);
	ATF_CHECK_EQ(2, zone_cur("mbuf"));
	/* Other sizes are other limits. */
	m[2] = m_getjcl(M_NOWAIT, MT_DATA, 0, MJUMPAGESIZE);
	ATF_CHECK(m[2] != NULL);
	ATF_REQUIRE_EQ(0, sysctl_set_string("kern.ipc.nmbufs", "3", false));
	ATF_CHECK_EQ(NULL, m_get(M_NOWAIT, MT_DATA));
	ATF_REQUIRE_EQ(0, sysctl_set_string("kern.ipc.nmbufs", "0", false));
	m[2]->m_next = m_get(M_NOWAIT, MT_DATA);
	ATF_CHECK(m[2]->m_next != NULL);
	ATF_CHECK_EQ(EINVAL, sysctl_set_string("kern.ipc.nmbjumbop", "-1",
	    false));
	m_freem(m[0]);
	m_freem(m[1]);
	m_freem(m[2]);
	end();
}

ATF_TC_WITHOUT_HEAD(limit_tunable);
ATF_TC_BODY(limit_tunable, tc)
{
	const struct vnet_tunable tun = { "kern.ipc.nmbjumbo16", "1" };
	struct mbuf *m;

	ATF_REQUIRE_EQ(0, testhost_start_with(&host, "one", &tun, 1));
	(void)vnet_enter(host.th_vnet);
	m = m_getjcl(M_NOWAIT, MT_DATA, 0, MJUM16BYTES);
	ATF_CHECK(m != NULL);
	ATF_CHECK_EQ(NULL, m_getjcl(M_NOWAIT, MT_DATA, 0, MJUM16BYTES));
	m_freem(m);
	end();
}

/* mbufs outlive the vnet that made them. */
ATF_TC_WITHOUT_HEAD(outlive);
ATF_TC_BODY(outlive, tc)
{
	static struct testhost other;
	static char text[] = "lent";
	struct mbuf *m, *n, *p;

	nfreed = 0;
	testhost_start(&other, "other");
	begin();
	m = letters(5000);
	n = m_copym(m, 0, M_COPYALL, M_NOWAIT);
	p = m_get(M_NOWAIT, MT_DATA);
	ATF_REQUIRE_EQ(0, m_extadd(p, text, sizeof(text), count_freed, NULL,
	    NULL, 0));
	vnet_leave(NULL);
	testhost_stop(&host);

	(void)vnet_enter(other.th_vnet);
	m_freem(m);
	check_letters(n, 0, 5000);
	/* A copy is now the other's, of storage that is not. */
	m = m_copym(n, 0, M_COPYALL, M_NOWAIT);
	m_freem(n);
	ATF_CHECK(zone_cur("mbuf") > 0);
	ATF_CHECK_EQ(0, zone_cur("mbuf_jumbo_page"));
	/* Lending to a stray mbuf takes memory of who is there. */
	n = m_copym(p, 0, 0, M_NOWAIT);
	ATF_CHECK_EQ(NULL, n);
	check_letters(m, 0, 5000);
	m_freem(m);
	check_none_out();
	vnet_leave(NULL);
	testhost_stop(&other);
	/* The last one comes back when no vnet is left. */
	m_freem(p);
	ATF_CHECK_EQ(1, nfreed);
}

ATF_TC_WITHOUT_HEAD(queue);
ATF_TC_BODY(queue, tc)
{
	struct mbufq mq;
	struct mbuf *m[3];
	int i;

	begin();
	mbufq_init(&mq, 2);
	ATF_CHECK_EQ(NULL, mbufq_dequeue(&mq));
	for (i = 0; i < 3; i++)
		m[i] = letters(10);
	ATF_CHECK_EQ(0, mbufq_enqueue(&mq, m[0]));
	ATF_CHECK_EQ(0, mbufq_enqueue(&mq, m[1]));
	ATF_CHECK_EQ(ENOBUFS, mbufq_enqueue(&mq, m[2]));
	ATF_CHECK(mbufq_first(&mq) == m[0]);
	ATF_CHECK(mbufq_dequeue(&mq) == m[0]);
	ATF_CHECK_EQ(NULL, m[0]->m_nextpkt);
	ATF_CHECK_EQ(0, mbufq_enqueue(&mq, m[0]));
	ATF_CHECK_EQ(2, mbufq_len(&mq));
	mbufq_drain(&mq);
	ATF_CHECK_EQ(0, mbufq_len(&mq));
	ATF_CHECK_EQ(0, mbufq_enqueue(&mq, m[2]));
	m_freep(mbufq_first(&mq));
	end();
}

/* Random histories: a chain and the bytes that it must hold. */
#define	MODELMAX	20000
static uint8_t model[MODELMAX * 2];
static int modellen;
static uint64_t seed;

static int
pick(int n)
{

	return (n <= 0 ? 0 : (int)(test_random(&seed) % (uint64_t)n));
}

static void
model_random(uint8_t *to, int len)
{

	for (; len > 0; len--)
		*to++ = (uint8_t)test_random(&seed);
}

static void
model_compare(const struct mbuf *m)
{
	static uint8_t buf[MODELMAX * 2];
	const struct mbuf *n;

	m_sanity(m);
	for (n = m; n != NULL; n = n->m_next) {
		ATF_REQUIRE_EQ(n == m, (n->m_flags & M_PKTHDR) != 0);
		ATF_REQUIRE(n->m_data >= M_START(n) && n->m_data + n->m_len <=
		    M_START(n) + M_SIZE(n));
	}
	ATF_REQUIRE_EQ(modellen, (int)m_length(__DECONST(struct mbuf *, m),
	    NULL));
	ATF_REQUIRE_EQ(modellen, m->m_pkthdr.len);
	m_copydata(m, 0, modellen, buf);
	ATF_REQUIRE_EQ(0, memcmp(buf, model, (size_t)modellen));
}

static struct mbuf *
model_start(void)
{
	struct mbuf *m;

	do {
		m = m_gethdr(M_NOWAIT, MT_DATA);
	} while (m == NULL);
	modellen = 0;
	return (m);
}

/* The end is written to, or grown. */
static struct mbuf *
step_grow(struct mbuf *m)
{
	static uint8_t more[MODELMAX];
	int len, off;

	len = pick(pick(4) == 0 ? MODELMAX - modellen : 300);
	if (modellen + len > MODELMAX)
		return (m);
	model_random(more, len);
	if (pick(2) == 0) {
		if (m_append(m, len, more) == 0)
			return (m);
		off = modellen;
	} else {
		off = pick(modellen + 1);
		m = m_unshare(m, M_NOWAIT);
		if (m == NULL)
			return (model_start());
		if (m_copyback(m, off, len, more) != 0)
			return (m);
	}
	memcpy(model + off, more, (size_t)len);
	modellen = imax(modellen, off + len);
	return (m);
}

static struct mbuf *
step_trim(struct mbuf *m)
{
	int len;

	len = pick(modellen / 2);
	if (pick(2) == 0) {
		m_adj(m, len);
		memmove(model, model + len, (size_t)(modellen - len));
	} else
		m_adj(m, -len);
	modellen -= len;
	return (m);
}

static struct mbuf *
step_prepend(struct mbuf *m)
{
	int len;

	len = 1 + pick(max_hdr);
	if (modellen + len > MODELMAX)
		return (m);
	M_PREPEND(m, len, M_NOWAIT);
	if (m == NULL)
		return (model_start());
	memmove(model + len, model, (size_t)modellen);
	model_random(model, len);
	modellen += len;
	if (!M_WRITABLE(m)) {
		atf_tc_fail("prepended bytes cannot be written");
		return (m);
	}
	memcpy(m->m_data, model, (size_t)len);
	return (m);
}

/* Cut it in two and join that again. */
static struct mbuf *
step_split(struct mbuf *m)
{
	struct mbuf *n;
	int at;

	at = pick(modellen + 1);
	n = m_split(m, at, M_NOWAIT);
	if (n == NULL)
		return (m);
	ATF_REQUIRE_EQ(at, m->m_pkthdr.len);
	ATF_REQUIRE_EQ(modellen - at, n->m_pkthdr.len);
	m_sanity(m);
	m_sanity(n);
	m_cat(m, n);
	m->m_pkthdr.len = modellen;
	return (m);
}

/* The copy lives on, or the original; the other one is scribbled upon. */
static struct mbuf *
step_copy(struct mbuf *m)
{
	static const uint8_t dirt[64];
	struct mbuf *n, *old;

	if (modellen == 0)
		return (m);
	switch (pick(3)) {
	case 0:
		n = m_copym(m, 0, M_COPYALL, M_NOWAIT);
		break;
	case 1:
		n = m_dup(m, M_NOWAIT);
		break;
	default:
		return (m_defrag(m, M_NOWAIT));
	}
	if (n == NULL)
		return (m);
	old = pick(2) == 0 ? n : m;
	m = old == n ? m : n;
	old = m_unshare(old, M_NOWAIT);
	if (old != NULL)
		(void)m_copyback(old, 0, imin(modellen, (int)sizeof(dirt)),
		    dirt);
	m_freem(old);
	return (m);
}

static struct mbuf *
step_part(struct mbuf *m)
{
	struct mbuf *n;
	uint8_t buf[MHLEN];
	int len, off;

	if (pick(2) == 0) {
		len = pick(imin(MHLEN, modellen) + 1);
		m = m_pullup(m, len);
		if (m == NULL)
			return (model_start());
		ATF_REQUIRE(m->m_len >= len);
		return (m);
	}
	off = pick(modellen);
	len = pick(imin(MHLEN, modellen - off));
	if (len == 0)
		return (m);
	n = m_copym(m, off, len, M_NOWAIT);
	if (n != NULL) {
		m_copydata(n, 0, len, buf);
		ATF_REQUIRE_EQ(0, memcmp(buf, model + off, (size_t)len));
		ATF_REQUIRE_EQ(len, (int)m_length(n, NULL));
	}
	m_freem(n);
	return (m);
}

static struct mbuf *(* const steps[])(struct mbuf *) = {
	step_grow, step_trim, step_prepend, step_split, step_copy, step_part
};

static void
history(bool short_of_memory)
{
	struct mbuf *m;
	int i;

	begin();
	for (seed = 1; seed < 21; seed++) {
		m = model_start();
		for (i = 0; i < 400; i++) {
			if (short_of_memory)
				set_faults((uint64_t)pick(6));
			m = steps[pick(nitems(steps))](m);
			set_faults(UINT64_MAX);
			model_compare(m);
		}
		m_freem(m);
		check_none_out();
	}
	end();
}

ATF_TC_WITHOUT_HEAD(random_history);
ATF_TC_BODY(random_history, tc)
{

	history(false);
}

ATF_TC_WITHOUT_HEAD(random_shortage);
ATF_TC_BODY(random_shortage, tc)
{

	history(true);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, layout);
	ATF_TP_ADD_TC(tp, getm2);
	ATF_TP_ADD_TC(tp, copym_shares);
	ATF_TP_ADD_TC(tp, lent);
	ATF_TP_ADD_TC(tp, pullup);
	ATF_TP_ADD_TC(tp, prepend);
	ATF_TP_ADD_TC(tp, copyback);
	ATF_TP_ADD_TC(tp, cat);
	ATF_TP_ADD_TC(tp, limits);
	ATF_TP_ADD_TC(tp, limit_tunable);
	ATF_TP_ADD_TC(tp, outlive);
	ATF_TP_ADD_TC(tp, queue);
	ATF_TP_ADD_TC(tp, random_history);
	ATF_TP_ADD_TC(tp, random_shortage);
	return (atf_no_error());
}
