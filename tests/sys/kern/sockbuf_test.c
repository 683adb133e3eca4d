/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Socket buffers: how bytes join, what memory is counted, where sb_sndptr
 * points, what may be reserved; and random histories held against a plain
 * array.
 */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/sockbuf.h>
#include <sys/socketvar.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include <atf-c.h>

#include "fakeproto.h"
#include "testhost.h"

#define	MODELMAX	100000

static struct sockbuf sb;
static uint8_t model[MODELMAX];
static u_int modellen;
static uint64_t seed;

static void
begin(void)
{

	fake_begin();
	memset(&sb, 0, sizeof(sb));
	ATF_REQUIRE_EQ(1, sbreserve(&sb, MODELMAX));
	modellen = 0;
}

/* The buffer is what the model says, and its figures are right. */
static void
check(void)
{
	static uint8_t buf[MODELMAX];
	const struct mbuf *last, *m;
	u_int mem;
	int len;

	sbcheck(&sb);
	last = NULL;
	mem = 0;
	len = 0;
	for (m = sb.sb_mb; m != NULL; m = m->m_next) {
		ATF_REQUIRE(m->m_len > 0);
		if (m == sb.sb_sndptr)
			ATF_REQUIRE_EQ((u_int)len, sb.sb_sndptroff);
		memcpy(buf + len, m->m_data, (size_t)m->m_len);
		len += m->m_len;
		mem += MSIZE + ((m->m_flags & M_EXT) != 0 ?
		    m->m_ext.ext_size : 0);
		last = m;
	}
	ATF_REQUIRE_EQ(modellen, (u_int)len);
	ATF_REQUIRE_EQ(modellen, sbavail(&sb));
	ATF_REQUIRE_EQ(mem, sb.sb_mbcnt);
	ATF_REQUIRE(last == sb.sb_mbtail);
	ATF_REQUIRE_EQ(0, memcmp(buf, model, modellen));
}

static void
append(const void *text, int len)
{

	sbappendstream(&sb, fake_chain(text, len), 0);
	memcpy(model + modellen, text, (size_t)len);
	modellen += (u_int)len;
}

static void
drop(int len)
{

	sbdrop(&sb, len);
	modellen -= (u_int)len;
	memmove(model, model + len, modellen);
}

static u_int
nmbufs(void)
{
	const struct mbuf *m;
	u_int n;

	n = 0;
	for (m = sb.sb_mb; m != NULL; m = m->m_next)
		n++;
	return (n);
}

ATF_TC_WITHOUT_HEAD(small_writes_join);
ATF_TC_BODY(small_writes_join, tc)
{
	int i;

	begin();
	for (i = 0; i < 10 * MLEN; i++)
		append(&"0123456789"[i % 10], 1);
	check();
	ATF_CHECK(nmbufs() <= 13);
	/* Behind a cluster with room. */
	drop((int)modellen);
	append(model, 1000);
	for (i = 0; i < 40; i++)
		append("abcdefghij", 10);
	check();
	ATF_CHECK_EQ(1U, nmbufs());
	/* Many bytes are not copied, though there is room. */
	append(model, 600);
	check();
	ATF_CHECK_EQ(2U, nmbufs());
	sbflush(&sb);
	fake_end();
}

/* Storage that somebody else refers to is not written. */
ATF_TC_WITHOUT_HEAD(shared_is_not_written);
ATF_TC_BODY(shared_is_not_written, tc)
{
	struct mbuf *m, *other;

	begin();
	m = m_getcl(M_NOWAIT, MT_DATA, 0);
	memcpy(m->m_data, "abcdef", 6);
	m->m_len = 3;
	other = m_copym(m, 0, 3, M_NOWAIT);
	other->m_len = 6;
	sbappendstream(&sb, m, 0);
	memcpy(model, "abc", 3);
	modellen = 3;
	append("XYZ", 3);
	check();
	ATF_CHECK_EQ(0, memcmp(other->m_data, "abcdef", 6));
	m_freem(other);
	/* Now it is ours alone, but no longer the last. */
	append("xyz", 3);
	check();
	ATF_CHECK_EQ(2U, nmbufs());
	sbflush(&sb);
	fake_end();
}

/* Segments of one cluster become one mbuf again, without a copy. */
ATF_TC_WITHOUT_HEAD(neighbours_join);
ATF_TC_BODY(neighbours_join, tc)
{
	static uint8_t text[MJUM16BYTES];
	struct mbuf *m, *n;
	int off, len;

	begin();
	seed = 5;
	for (off = 0; off < MJUM16BYTES; off++)
		text[off] = (uint8_t)test_random(&seed);
	m = fake_chain(text, MJUM16BYTES);
	ATF_REQUIRE_EQ(MJUM16BYTES, M_SIZE(m));
	for (off = 0; off < MJUM16BYTES; off += len) {
		len = imin(1448, MJUM16BYTES - off);
		n = m_copym(m, off, len, M_NOWAIT);
		sbappendstream(&sb, n, 0);
	}
	memcpy(model, text, MJUM16BYTES);
	modellen = MJUM16BYTES;
	check();
	ATF_CHECK_EQ(1U, nmbufs());
	ATF_CHECK(sb.sb_mb->m_data == m->m_data);
	ATF_CHECK_EQ(2U, m->m_ext.ext_ref->er_refs);
	/* A gap is not bridged. */
	sbflush(&sb);
	sbappendstream(&sb, m_copym(m, 0, 1000, M_NOWAIT), 0);
	sbappendstream(&sb, m_copym(m, 1001, 1000, M_NOWAIT), 0);
	memcpy(model, text, 1000);
	memcpy(model + 1000, text + 1001, 1000);
	modellen = 2000;
	check();
	ATF_CHECK_EQ(2U, nmbufs());
	m_freem(m);
	sbflush(&sb);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(empty_mbufs_go);
ATF_TC_BODY(empty_mbufs_go, tc)
{
	struct mbuf *m;

	begin();
	sbappendstream(&sb, m_gethdr(M_NOWAIT, MT_DATA), 0);
	check();
	ATF_CHECK_EQ(0U, nmbufs());
	m = m_gethdr(M_NOWAIT, MT_DATA);
	m->m_next = fake_chain("text", 4);
	m->m_next->m_next = m_get(M_NOWAIT, MT_DATA);
	sbappendstream(&sb, m, 0);
	memcpy(model, "text", 4);
	modellen = 4;
	check();
	sbdrop(&sb, 0);
	check();
	ATF_CHECK_EQ(0, (int)(sb.sb_mb->m_flags & M_PKTHDR));
	sbdestroy(&sb);
	ATF_CHECK_EQ(0U, sb.sb_hiwat);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(lent_costs_nothing);
ATF_TC_BODY(lent_costs_nothing, tc)
{
	static char text[100000];
	struct mbuf *m;

	begin();
	m = m_get(M_NOWAIT, MT_DATA);
	ATF_REQUIRE_EQ(0, m_extadd(m, text, sizeof(text), NULL, NULL, NULL,
	    M_RDONLY));
	m->m_len = 5000;
	sbappendstream(&sb, m, 0);
	ATF_CHECK_EQ((u_int)MSIZE, sb.sb_mbcnt);
	sbdrop(&sb, 4999);
	ATF_CHECK_EQ((u_int)MSIZE, sb.sb_mbcnt);
	/* Nothing joins it, though there is room. */
	sbappendstream(&sb, fake_chain("x", 1), 0);
	ATF_CHECK_EQ(2U, nmbufs());
	ATF_CHECK_EQ(0, text[5000]);
	sbflush(&sb);
	ATF_CHECK_EQ(0U, sb.sb_mbcnt);
	/* A driver's buffer, to be written, is counted. */
	m = m_get(M_NOWAIT, MT_DATA);
	ATF_REQUIRE_EQ(0, m_extadd(m, text, 4000, NULL, NULL, NULL, 0));
	m->m_len = 10;
	sbappendstream(&sb, m, 0);
	ATF_CHECK_EQ((u_int)MSIZE + 4000, sb.sb_mbcnt);
	sbflush(&sb);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(cut);
ATF_TC_BODY(cut, tc)
{
	struct mbuf *m;
	char buf[8];

	begin();
	append(model, 5000);
	append("tail", 4);
	m = sbcut(&sb, 10);
	ATF_CHECK_EQ(NULL, m);
	m = sbcut(&sb, (int)sbavail(&sb) - 2);
	ATF_REQUIRE(m != NULL);
	memmove(model, model + 5002, 2);
	modellen = 2;
	check();
	m_copydata(sb.sb_mb, 0, 2, buf);
	ATF_CHECK_EQ(0, memcmp(buf, "il", 2));
	m_freem(m);
	m = sbcut(&sb, 2);
	ATF_CHECK(m != NULL && m->m_next == NULL);
	m_freem(m);
	modellen = 0;
	check();
	fake_end();
}

ATF_TC_WITHOUT_HEAD(reserve);
ATF_TC_BODY(reserve, tc)
{
	struct sockbuf b;

	begin();
	memset(&b, 0, sizeof(b));
	b.sb_lowat = 5000;
	ATF_CHECK_EQ(1, sbreserve(&b, 1000));
	ATF_CHECK_EQ(1000U, b.sb_hiwat);
	ATF_CHECK_EQ(8000U, b.sb_mbmax);
	ATF_CHECK_EQ(1000U, b.sb_lowat);
	/* The most is maxsockbuf less what mbufs take. */
	ATF_CHECK_EQ(1, sbreserve(&b, 1864135));
	ATF_CHECK_EQ((u_int)SB_MAX, b.sb_mbmax);
	ATF_CHECK_EQ(0, sbreserve(&b, 1864136));
	ATF_CHECK_EQ(1864135U, b.sb_hiwat);
	fake_sysctl("kern.ipc.sockbuf_waste_factor", "2");
	ATF_CHECK_EQ(1, sbreserve(&b, 1000));
	ATF_CHECK_EQ(2000U, b.sb_mbmax);
	ATF_CHECK_EQ(EINVAL, sysctl_set_string(
	    "kern.ipc.sockbuf_waste_factor", "0", false));
	ATF_CHECK_EQ(EINVAL, sysctl_set_string("kern.ipc.maxsockbuf",
	    "2303", false));
	fake_sysctl("kern.ipc.maxsockbuf", "2304");
	ATF_CHECK_EQ(1, sbreserve(&b, 2048));
	ATF_CHECK_EQ(0, sbreserve(&b, 2049));
	ATF_CHECK_EQ(2304U, b.sb_mbmax);
	fake_sysctl("kern.ipc.maxsockbuf", "4294967295");
	ATF_CHECK_EQ(4294967295U, V_sb_max);
	ATF_CHECK_EQ(1, sbreserve(&b, INT_MAX));
	ATF_CHECK_EQ(UINT_MAX - 1, b.sb_mbmax);
	ATF_CHECK_EQ(0, sbreserve(&b, (u_long)INT_MAX + 1));
	fake_end();
}

/* Both buffers at once come to what sbreserve() makes of each. */
ATF_TC_WITHOUT_HEAD(both);
ATF_TC_BODY(both, tc)
{
	static const char *const max[] = { "2304", "65536", "2097152",
	    "4294967295" };
	static struct socket so;
	struct sockbuf was[2];
	u_long cc[2], size;
	u_int i, unit;
	int error;

	begin();
	for (i = 0; i < 20000; i++) {
		fake_sysctl("kern.ipc.maxsockbuf", max[i / 5000]);
		cc[0] = test_random(&seed) >> 8 >> test_random(&seed) % 56;
		cc[1] = test_random(&seed) >> 8 >> test_random(&seed) % 56;
		memset(&so, 0, sizeof(so));
		memset(was, 0, sizeof(was));
		so.so_snd.sb_lowat = was[0].sb_lowat = MCLBYTES;
		so.so_rcv.sb_lowat = was[1].sb_lowat = 100;
		error = soreserve(&so, cc[0], cc[1]);
		ATF_REQUIRE_EQ(error == 0, sbreserve(&was[0], cc[0]) &&
		    sbreserve(&was[1], cc[1]));
		if (error != 0)
			continue;
		ATF_REQUIRE_EQ(was[0].sb_lowat, so.so_snd.sb_lowat);
		ATF_REQUIRE_EQ(u64max(was[1].sb_lowat, 1),
		    so.so_rcv.sb_lowat);
		unit = 64 + (u_int)(test_random(&seed) % 65472);
		soround(&so, unit);
		size = roundup(cc[0], unit);
		if (size != cc[0] && size <= V_sb_max)
			(void)sbreserve(&was[0], size);
		size = roundup(cc[1], unit);
		if (size != cc[1] && size <= V_sb_max)
			(void)sbreserve(&was[1], size);
		ATF_REQUIRE_EQ(was[0].sb_hiwat, so.so_snd.sb_hiwat);
		ATF_REQUIRE_EQ(was[0].sb_mbmax, so.so_snd.sb_mbmax);
		ATF_REQUIRE_EQ(was[1].sb_hiwat, so.so_rcv.sb_hiwat);
		ATF_REQUIRE_EQ(was[1].sb_mbmax, so.so_rcv.sb_mbmax);
	}
	fake_end();
}

ATF_TC_WITHOUT_HEAD(space);
ATF_TC_BODY(space, tc)
{

	begin();
	ATF_REQUIRE_EQ(1, sbreserve(&sb, 10000));
	ATF_CHECK_EQ(10000, sbspace(&sb));
	append(model, 3000);
	ATF_CHECK_EQ(7000, sbspace(&sb));
	sb.sb_mbmax = MSIZE + MJUMPAGESIZE + 10;
	ATF_CHECK_EQ(10, sbspace(&sb));
	sb.sb_hiwat = 2000;
	ATF_CHECK_EQ(-1000, sbspace(&sb));
	sbflush(&sb);
	fake_end();
}

/* Where new bytes begin is found again from where they began before. */
ATF_TC_WITHOUT_HEAD(sndptr);
ATF_TC_BODY(sndptr, tc)
{
	struct mbuf *m, *n;
	uint32_t moff;
	int i;

	begin();
	ATF_CHECK_EQ(NULL, sbsndptr_noadv(&sb, 0, &moff));
	ATF_CHECK_EQ(0U, moff);
	sbsndptr_adv(&sb, NULL, 0);
	for (i = 0; i < 4; i++)
		append(model, 2000);
	m = sbsndptr_noadv(&sb, 4500, &moff);
	ATF_CHECK(m == sb.sb_mb->m_next->m_next);
	ATF_CHECK_EQ(500U, moff);
	check();
	/* A retransmission from the front does not disturb it. */
	n = sbsndptr_noadv(&sb, 100, &moff);
	ATF_CHECK(n == sb.sb_mb && moff == 100);
	sbsndptr_adv(&sb, n, 1000);
	ATF_CHECK(sb.sb_sndptr == m);
	/* Sending on. */
	sbsndptr_adv(&sb, m, 2000);
	ATF_CHECK(sb.sb_sndptr == m->m_next);
	check();
	/* The end. */
	n = sbsndptr_noadv(&sb, 8000, &moff);
	ATF_CHECK(n == sb.sb_mbtail && moff == 2000);
	append("more", 4);
	n = sbsndptr_noadv(&sb, 8000, &moff);
	ATF_CHECK_EQ('m', n->m_data[moff]);
	/* What is acknowledged moves it. */
	drop(7000);
	ATF_CHECK_EQ(0U, sb.sb_sndptroff);
	n = sbsndptr_noadv(&sb, 1000, &moff);
	ATF_CHECK_EQ('m', n->m_data[moff]);
	check();
	drop((int)modellen);
	ATF_CHECK_EQ(NULL, sb.sb_sndptr);
	check();
	fake_end();
}

static void
step_append(void)
{
	static uint8_t text[20000];
	int i, len;

	switch (test_random(&seed) % 4) {
	case 0:
		len = 1 + (int)(test_random(&seed) % 20000);
		break;
	case 1:
		len = 1 + (int)(test_random(&seed) % 10);
		break;
	default:
		len = 1 + (int)(test_random(&seed) % 1500);
		break;
	}
	if ((u_int)len > MODELMAX - modellen)
		return;
	for (i = 0; i < len; i++)
		text[i] = (uint8_t)test_random(&seed);
	append(text, len);
}

static struct mbuf *inflight[8];

/* Look at some place, as output does, and hold on to what is there. */
static void
step_send(void)
{
	struct mbuf *m, **slot;
	uint32_t moff, off;
	u_int len;

	off = (uint32_t)(test_random(&seed) % (modellen + 1));
	if (test_random(&seed) % 2 == 0 && sb.sb_sndptr != NULL)
		off = (uint32_t)max(off, sb.sb_sndptroff);
	m = sbsndptr_noadv(&sb, off, &moff);
	if (modellen == 0) {
		ATF_REQUIRE_EQ(NULL, m);
		return;
	}
	ATF_REQUIRE(m != NULL && moff <= (uint32_t)m->m_len);
	len = min(1448, modellen - off);
	if (len == 0)
		return;
	ATF_REQUIRE_EQ(model[off], (uint8_t)m->m_data[moff]);
	slot = &inflight[test_random(&seed) % nitems(inflight)];
	m_freem(*slot);
	*slot = m_copym(m, (int)moff, (int)len, M_NOWAIT);
	ATF_REQUIRE(*slot != NULL);
	sbsndptr_adv(&sb, m, len);
}

ATF_TC_WITHOUT_HEAD(random_history);
ATF_TC_BODY(random_history, tc)
{
	u_int i;

	begin();
	for (seed = 1; seed < 9; seed++) {
		for (i = 0; i < 1000; i++) {
			switch (test_random(&seed) % 8) {
			case 0:
			case 1:
			case 2:
				step_append();
				break;
			case 3:
				drop((int)(test_random(&seed) %
				    (modellen + 1)));
				break;
			default:
				step_send();
				break;
			}
			check();
		}
	}
	sbflush(&sb);
	for (i = 0; i < nitems(inflight); i++)
		m_freem(inflight[i]);
	fake_end();
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, small_writes_join);
	ATF_TP_ADD_TC(tp, shared_is_not_written);
	ATF_TP_ADD_TC(tp, neighbours_join);
	ATF_TP_ADD_TC(tp, empty_mbufs_go);
	ATF_TP_ADD_TC(tp, lent_costs_nothing);
	ATF_TP_ADD_TC(tp, cut);
	ATF_TP_ADD_TC(tp, reserve);
	ATF_TP_ADD_TC(tp, both);
	ATF_TP_ADD_TC(tp, space);
	ATF_TP_ADD_TC(tp, sndptr);
	ATF_TP_ADD_TC(tp, random_history);
	return (atf_no_error());
}
