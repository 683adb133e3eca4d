/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The quick ways of small reads and writes.
 *
 * A write of no more than an mbuf holds, on a connection that is up and has
 * the space, and a read of all that is there, if that is one mbuf's own
 * bytes, are what request and answer are made of.  Their whole work is a
 * copy, an mbuf, and the buffer's three or four words; so it stands here, for
 * the call's own function.  Each says whether it has been done.  If not,
 * nothing was, and sosend_buf() and soreceive_buf() do it, of which these are
 * the same for what they take.
 *
 * They ask of the protocol more than those (sys/protosw.h): pr_write, to send
 * at once what is the whole batch, and pr_rcvd_idle, to know that pr_rcvd has
 * nothing to do.  Without these two there is no quick way.
 *
 * Touches: the socket and its buffers, and mbufs.
 */
#ifndef _STACKYARD_SYS_SOQUICK_H_
#define	_STACKYARD_SYS_SOQUICK_H_

#include <sys/mbuf.h>
#include <sys/rawbytes.h>
#include <sys/socketvar.h>

/* As sbappendstream() of m, one mbuf of some bytes of its own and no packet,
 * to a buffer that is empty. */
static inline void
sbappend_first(struct sockbuf *sb, struct mbuf *m)
{

	sb->sb_mb = sb->sb_mbtail = m;
	sb->sb_ccc = (u_int)m->m_len;
	sb->sb_mbcnt = MSIZE;
}

/* Is a write of len bytes to so one of these? */
static inline bool
sosend_is_quick(const struct socket *so, size_t len)
{

	/* No bytes are none of these: less 1, they are too many. */
	return (len - 1 < (size_t)MLEN &&
	    (so->so_state & SS_ISCONNECTED) != 0 && so->so_error == 0 &&
	    (so->so_snd.sb_state & SBS_CANTSENDMORE) == 0 &&
	    (so->so_snd.sb_flags & SB_HELD) == 0 && so->so_pcb != NULL &&
	    sbspace(&so->so_snd) >= (long)len &&
	    so->so_proto->pr_write != NULL);
}

/* Make it: 0, ENOBUFS, or what the protocol says. */
static inline int
sosend_quick(struct socket *so, const void *buf, size_t len)
{
	struct mbuf *m;

	m = mb_get_fast(curvnet->vnet_mbufs);
	if (__predict_false(m == NULL) &&
	    (m = m_get(M_NOWAIT, MT_DATA)) == NULL)
		return (ENOBUFS);
	m->m_len = (int32_t)len;
	copy_short(m->m_data, buf, len);
	return (so->so_proto->pr_write(so, m));
}

/*
 * Read all that so_rcv has, if it is in one mbuf's own bytes and no more than
 * len.  Returns how many bytes were read; 0: this is no quick read.  pr_rcvd
 * is not called: soreceive_tell() says whether it is to be.
 */
static inline u_int
soreceive_quick(struct socket *so, void *buf, size_t len)
{
	struct sockbuf *sb = &so->so_rcv;
	struct mbuf *m = sb->sb_mb;
	const u_int n = sb->sb_ccc;

	if (m == NULL || m != sb->sb_mbtail || (m->m_flags & M_EXT) != 0 ||
	    n > len || n < sb->sb_lowat || so->so_oobmark != 0 ||
	    so->so_proto->pr_rcvd_idle == NULL)
		return (0);
	copy_short(buf, m->m_data, n);
	sb->sb_mb = sb->sb_mbtail = sb->sb_sndptr = NULL;
	sb->sb_sndptroff = sb->sb_ccc = sb->sb_mbcnt = 0;
	sb->sb_state &= (uint16_t)~SBS_RCVATMARK;
	if (__predict_false(!uma_zfree_fast(m->m_pool->mp_mbuf, m)))
		(void)m_free(m);
	return (n);
}

/* Is pr_rcvd, if so, which is vnet's, was read from, to be called? */
static inline bool
soreceive_tell(const struct socket *so, const struct vnet *vnet)
{

	return (so->so_pcb != NULL && !so->so_proto->pr_rcvd_idle(so, vnet));
}

#endif /* !_STACKYARD_SYS_SOQUICK_H_ */
