/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Socket buffers.
 *
 *	sb_mb -> mbuf -> mbuf -> mbuf -> mbuf -> NULL
 *	         ^                 ^       ^
 *	         front             |       sb_mbtail: bytes join here
 *	         sbdrop()          sb_sndptr: holds the next new byte,
 *	                           sb_sndptroff bytes from the front
 *
 * What the buffer holds it owns.  sb_ccc counts the bytes, sb_mbcnt the
 * memory: MSIZE for each mbuf, and all of the storage it refers to, which
 * is counted once for each reference and so too high rather than too low.
 * What is lent for reading (a program's own bytes on their way out) costs
 * us nothing; a driver's receive buffers, lent to be written, do.
 *
 * A buffer of sb_hiwat bytes may take up to kern.ipc.sockbuf_waste_factor
 * times as much memory, and never more than kern.ipc.maxsockbuf.  That also
 * bounds sb_hiwat, less what the mbufs of a buffer full of 2 KiB clusters
 * take:
 *
 *	sb_hiwat <= maxsockbuf * MCLBYTES / (MSIZE + MCLBYTES)
 *
 * Bytes that arrive join the last mbuf if they follow its own in the same
 * storage (segments of one cluster that came one after the other: no copy,
 * and the memory is counted once), or if they are few and there is room
 * behind it that nobody else refers to.
 *
 * sb_sndptr only ever moves forward, along with what is sent for the first
 * time: a look-up at the mbuf it points to or further on starts there, one
 * before it at the front, which is where retransmissions are.
 *
 * Touches: socket buffers, and through the wakeups so's knotes and upcalls.
 */
#include <sys/param.h>
#include <sys/event.h>
#include <sys/mbuf.h>
#include <sys/sockbuf.h>
#include <sys/socketvar.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

CTASSERT(SB_BEGIN + sizeof(struct sb_begin) == sizeof(struct sockbuf) &&
    SB_BEGIN + __offsetof(struct sb_begin, sb_mbmax) ==
    __offsetof(struct sockbuf, sb_mbmax) &&
    SB_BEGIN + __offsetof(struct sb_begin, sb_timeo) ==
    __offsetof(struct sockbuf, sb_timeo));

#define	SB_COPYMAX	(MCLBYTES / 4)	/* more bytes than this: no copy */

/* How much a buffer of max bytes of memory holds. */
#define	SB_HIWAT(max)							\
	((max) / (MSIZE + MCLBYTES) * MCLBYTES +			\
	    (max) % (MSIZE + MCLBYTES) * MCLBYTES / (MSIZE + MCLBYTES))

/* How often 65535 is to be doubled for at least max bytes: the bits of the
 * number of times that it is too small.  A window takes no more than 14. */
#define	SB_DOUBLINGS(max)						\
	((max) <= 65535 ? 0U : (max) > 65535UL << 14 ? 14U :		\
	    64U - (u_int)__builtin_clzll(((max) - 1) / 65535))

VNET_DEFINE(struct sb_limits, sb_limits) = {
	.sl_max = SB_MAX,
	.sl_efficiency = 8,
	.sl_hiwat = SB_HIWAT(SB_MAX),
	.sl_mbmax = SB_MAX,
	.sl_doublings = SB_DOUBLINGS(SB_MAX),
	.sl_gen = 1,
};

void
sb_set_max(u_long max)
{
	struct sb_limits *sl;

	CTASSERT(MSIZE <= MCLBYTES);
	sl = &V_sb_limits;
	sl->sl_max = max;
	sl->sl_hiwat = ulmin(SB_HIWAT(max), INT_MAX);
	sl->sl_mbmax = ulmin(max, UINT_MAX);
	sl->sl_doublings = SB_DOUBLINGS(max);
	sl->sl_gen++;
}

static int
sysctl_maxsockbuf(SYSCTL_HANDLER_ARGS)
{
	u_long value;
	int error;

	(void)arg1;
	(void)arg2;
	value = V_sb_max;
	error = sysctl_handle_long(oidp, &value, 0, req);
	if (error != 0 || req->newptr == NULL)
		return (error);
	if (value < MSIZE + MCLBYTES)
		return (EINVAL);
	sb_set_max(value);
	return (0);
}
SYSCTL_PROC(_kern_ipc, OID_AUTO, maxsockbuf, CTLTYPE_ULONG | CTLFLAG_RW |
    CTLFLAG_VNET, NULL, 0, sysctl_maxsockbuf, "LU",
    "Maximum memory of a socket buffer");

static int
sysctl_waste_factor(SYSCTL_HANDLER_ARGS)
{
	int error, value;

	(void)arg1;
	(void)arg2;
	value = (int)V_sb_limits.sl_efficiency;
	error = sysctl_int_range(oidp, req, &value, 1, INT_MAX);
	V_sb_limits.sl_efficiency = (u_long)value;
	V_sb_limits.sl_gen++;
	return (error);
}
SYSCTL_PROC(_kern_ipc, OID_AUTO, sockbuf_waste_factor, CTLTYPE_INT |
    CTLFLAG_RW | CTLFLAG_VNET, NULL, 0, sysctl_waste_factor, "I",
    "Memory of a socket buffer for each byte that it may hold");

/* The memory that m stands for, bytes. */
static inline u_int
sb_mbmem(const struct mbuf *m)
{

	if ((m->m_flags & M_EXT) == 0 || ((m->m_flags & M_RDONLY) != 0 &&
	    m->m_ext.ext_type == EXT_LENT))
		return (MSIZE);
	return (MSIZE + m->m_ext.ext_size);
}

/* Let the buffer hold cc bytes, if that is within the limits. */
static inline bool
sb_set(struct sockbuf *sb, u_long cc, const struct sb_limits *sl)
{

	if (__predict_false(cc > sl->sl_hiwat))
		return (false);
	sb->sb_hiwat = (u_int)cc;
	sb->sb_mbmax = (u_int)ulmin(cc * sl->sl_efficiency, sl->sl_mbmax);
	return (true);
}

int
sbreserve(struct sockbuf *sb, u_long cc)
{

	if (!sb_set(sb, cc, &V_sb_limits))
		return (0);
	if (sb->sb_lowat > sb->sb_hiwat)
		sb->sb_lowat = sb->sb_hiwat;
	return (1);
}

/* Up to whole units, where the limits allow it. */
static inline void
sb_round(struct sockbuf *sb, u_int unit, const struct sb_limits *sl)
{
	const u_int over = sb->sb_hiwat % unit;

	if (over != 0)
		(void)sb_set(sb, (u_long)sb->sb_hiwat + unit - over, sl);
}

void
soround(struct socket *so, u_int unit)
{
	const struct sb_limits *sl = &V_sb_limits;

	sb_round(&so->so_snd, unit, sl);
	sb_round(&so->so_rcv, unit, sl);
}

int
soreserve(struct socket *so, u_long sndcc, u_long rcvcc)
{
	const struct sb_limits *sl = &V_sb_limits;

	if (!sb_set(&so->so_snd, sndcc, sl) ||
	    !sb_set(&so->so_rcv, rcvcc, sl)) {
		so->so_snd.sb_hiwat = so->so_snd.sb_mbmax = 0;
		so->so_rcv.sb_hiwat = so->so_rcv.sb_mbmax = 0;
		return (ENOBUFS);
	}
	if (so->so_rcv.sb_lowat > so->so_rcv.sb_hiwat)
		so->so_rcv.sb_lowat = so->so_rcv.sb_hiwat;
	if (so->so_rcv.sb_lowat == 0)
		so->so_rcv.sb_lowat = 1;
	if (so->so_snd.sb_lowat == 0)
		so->so_snd.sb_lowat = MCLBYTES;
	if (so->so_snd.sb_lowat > so->so_snd.sb_hiwat)
		so->so_snd.sb_lowat = so->so_snd.sb_hiwat;
	return (0);
}

void
so_begin_note(struct so_begin *sbg, const struct socket *so)
{

	memcpy(&sbg->sbg_rcv, (const char *)&so->so_rcv + SB_BEGIN,
	    sizeof(sbg->sbg_rcv));
	memcpy(&sbg->sbg_snd, (const char *)&so->so_snd + SB_BEGIN,
	    sizeof(sbg->sbg_snd));
	sbg->sbg_gen = V_sb_limits.sl_gen;
}

void
sballoc(struct sockbuf *sb, struct mbuf *m)
{

	sb->sb_ccc += (u_int)m->m_len;
	sb->sb_mbcnt += sb_mbmem(m);
}

void
sbfree(struct sockbuf *sb, struct mbuf *m)
{

	sb->sb_ccc -= (u_int)m->m_len;
	sb->sb_mbcnt -= sb_mbmem(m);
	if (sb->sb_sndptr == m) {
		sb->sb_sndptr = NULL;
		sb->sb_sndptroff = 0;
	} else if (sb->sb_sndptr != NULL)
		sb->sb_sndptroff -= (u_int)m->m_len;
}

/* Add the bytes of m to the mbuf n in front of it, if that is cheap. */
static inline bool
sb_join(struct mbuf *n, struct mbuf *m)
{

	if (n->m_type != m->m_type)
		return (false);
	if ((n->m_flags & m->m_flags & M_EXT) != 0 &&
	    n->m_ext.ext_ref == m->m_ext.ext_ref &&
	    n->m_data + n->m_len == m->m_data &&
	    m->m_len <= INT_MAX - n->m_len) {
		n->m_len += m->m_len;
		return (true);
	}
	if (m->m_len > SB_COPYMAX || m->m_len > M_TRAILINGSPACE(n))
		return (false);
	memcpy(n->m_data + n->m_len, m->m_data, (size_t)m->m_len);
	n->m_len += m->m_len;
	return (true);
}

/* Put m, some bytes that did not join n, behind n, the buffer's last. */
static inline void
sb_link(struct sockbuf *sb, struct mbuf *n, struct mbuf *m)
{

	m->m_flags &= M_EXT | M_RDONLY | M_EOR;
	m->m_next = m->m_nextpkt = NULL;
	if (n != NULL)
		n->m_next = m;
	else
		sb->sb_mb = m;
	sb->sb_mbtail = m;
	sballoc(sb, m);
}

/* The same as sbappendstream(), of anything. */
static void __noinline
sb_append(struct sockbuf *sb, struct mbuf *m)
{
	struct mbuf *n, *next;

	for (; m != NULL; m = next) {
		next = m->m_next;
		n = sb->sb_mbtail;
		if (m->m_len == 0 || (n != NULL && sb_join(n, m))) {
			sb->sb_ccc += (u_int)m->m_len;
			(void)m_free(m);
		} else
			sb_link(sb, n, m);
	}
}

void
sbappendstream(struct sockbuf *sb, struct mbuf *m, int flags __unused)
{

	/* Mostly one mbuf comes, and nothing is there that it could join. */
	if (m != NULL && sb->sb_mbtail == NULL && m->m_next == NULL &&
	    m->m_len != 0)
		sb_link(sb, NULL, m);
	else
		sb_append(sb, m);
}

struct mbuf *
sbcut(struct sockbuf *sb, int len)
{
	struct mbuf *first, *last, *m;

	KASSERT(len >= 0 && (u_int)len <= sb->sb_ccc, ("sbcut: %d of %u "
	    "bytes", len, sb->sb_ccc));
	first = sb->sb_mb;
	last = NULL;
	for (m = first; m != NULL && len >= m->m_len; m = m->m_next) {
		len -= m->m_len;
		sbfree(sb, m);
		last = m;
	}
	if (len > 0) {
		m->m_data += len;
		m->m_len -= len;
		sb->sb_ccc -= (u_int)len;
		if (sb->sb_sndptroff != 0)
			sb->sb_sndptroff -= (u_int)len;
	}
	sb->sb_mb = m;
	if (m == NULL)
		sb->sb_mbtail = NULL;
	if (last == NULL)
		return (NULL);
	last->m_next = NULL;
	return (first);
}

void
sbdrop_part(struct sockbuf *sb, int len)
{

	m_freem(sbcut(sb, len));
}

struct mbuf *
sbsndptr_noadv(struct sockbuf *sb, uint32_t off, uint32_t *moff)
{
	struct mbuf *m;
	uint32_t start;
	bool ahead;

	KASSERT(off <= sb->sb_ccc, ("sbsndptr: byte %u of %u", off,
	    sb->sb_ccc));
	ahead = sb->sb_sndptr == NULL || off >= sb->sb_sndptroff;
	if (sb->sb_sndptr != NULL && ahead) {
		m = sb->sb_sndptr;
		start = sb->sb_sndptroff;
	} else {
		m = sb->sb_mb;
		start = 0;
	}
	if (m == NULL) {
		*moff = 0;
		return (NULL);
	}
	while (off - start >= (uint32_t)m->m_len && m->m_next != NULL) {
		start += (uint32_t)m->m_len;
		m = m->m_next;
	}
	if (ahead) {
		sb->sb_sndptr = m;
		sb->sb_sndptroff = start;
	}
	*moff = off - start;
	return (m);
}

void
sbsndptr_adv(struct sockbuf *sb, struct mbuf *mb, uint32_t len)
{

	if (mb == NULL || mb != sb->sb_sndptr)
		return;
	while (len >= (uint32_t)mb->m_len && mb->m_next != NULL) {
		len -= (uint32_t)mb->m_len;
		sb->sb_sndptroff += (uint32_t)mb->m_len;
		mb = mb->m_next;
	}
	sb->sb_sndptr = mb;
}

void
sbcheck(const struct sockbuf *sb)
{
#ifdef INVARIANTS
	const struct mbuf *m, *last;
	u_int cc, mem;
	bool found;

	cc = mem = 0;
	last = NULL;
	found = sb->sb_sndptr == NULL && sb->sb_sndptroff == 0;
	for (m = sb->sb_mb; m != NULL; m = m->m_next) {
		KASSERT(m->m_len > 0 && m->m_nextpkt == NULL &&
		    (m->m_flags & M_PKTHDR) == 0, ("sockbuf %p: mbuf %p",
		    (const void *)sb, (const void *)m));
		if (m == sb->sb_sndptr)
			found = sb->sb_sndptroff == cc;
		cc += (u_int)m->m_len;
		mem += sb_mbmem(m);
		last = m;
	}
	KASSERT(cc == sb->sb_ccc && mem == sb->sb_mbcnt &&
	    last == sb->sb_mbtail, ("sockbuf %p: %u bytes, not %u, in %u "
	    "bytes of memory, not %u", (const void *)sb, cc, sb->sb_ccc, mem,
	    sb->sb_mbcnt));
	KASSERT(found, ("sockbuf %p: sndptr %p at %u", (const void *)sb,
	    (const void *)sb->sb_sndptr, sb->sb_sndptroff));
#else
	(void)sb;
#endif
}

/*
 * Somebody waits for a side of so.  The upcall comes last, as it may close
 * the socket; what it leaves of so is for the caller's own reference.
 */
void
sowakeup(struct socket *so, int which)
{
	const struct sockbuf *sb;
	const struct soupcalls *su;

	sb = which == SO_RCV ? &so->so_rcv : &so->so_snd;
	if ((sb->sb_flags & SB_KNOTE) != 0)
		knote_socket(so);
	if ((sb->sb_flags & SB_UPCALL) == 0)
		return;
	su = so->so_upcalls;
	if (__predict_false(su->su_func[which](so, su->su_arg[which],
	    M_NOWAIT) == SU_ISCONNECTED)) {
		soupcall_clear(so, which);
		soisconnected(so);
	}
}
