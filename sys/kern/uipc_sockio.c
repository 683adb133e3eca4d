/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Sending and receiving.
 *
 * A program's bytes are copied once on the way out, into clusters that the
 * transport keeps in so_snd and shares with the segments it sends; and once
 * on the way in, out of the segments that it has put on so_rcv.  Neither
 * copy is made for bytes that come or go as mbufs.
 *
 * A write becomes one chain, given to the transport by one pr_send:
 *
 *	bytes left	storage of the next mbuf
 *	>= 16 KiB	16 KiB cluster
 *	> 2 KiB		4 KiB cluster
 *	> MLEN		2 KiB cluster
 *	fewer		the mbuf itself
 *
 * Large clusters leave in many segments that all refer to them; that a
 * receive buffer can charge each of them for the whole cluster is why
 * sbappendstream() joins neighbours.  What small writes leave unused at the
 * end of so_snd it fills up.
 *
 * Errors come in the order of the stream: first what has been received,
 * then so_error, once, then the end.
 *
 * Touches: the socket, its transport, the program's ranges.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/protosw.h>
#include <sys/socketvar.h>
#include <sys/systm.h>
#include <sys/uio.h>

#include "uipc_private.h"

#define	SOSEND_OOBROOM	1024	/* urgent data may exceed so_snd by this */

/* The error that so keeps for the next call, and, unless peeking, no
 * longer. */
static int
so_take_error(struct socket *so, bool peek)
{
	int error;

	error = so->so_error != 0 ? so->so_error : so->so_rerror;
	if (!peek) {
		if (so->so_error != 0)
			so->so_error = 0;
		else
			so->so_rerror = 0;
	}
	return (error);
}

/* May so send now?  addr: where to, if the program has said so. */
static int
sosend_check(struct socket *so, const struct sockaddr *addr)
{
	int error, flags;

	if ((so->so_snd.sb_state & SBS_CANTSENDMORE) != 0)
		return (EPIPE);
	if (so->so_error != 0) {
		error = so->so_error;
		so->so_error = 0;
		return (error);
	}
	flags = so->so_proto->pr_flags;
	if ((so->so_state & SS_ISCONNECTED) == 0) {
		if ((flags & (PR_CONNREQUIRED | PR_IMPLOPCL)) ==
		    PR_CONNREQUIRED)
			return (ENOTCONN);
		if (addr == NULL)
			return ((flags & PR_CONNREQUIRED) != 0 ? ENOTCONN :
			    EDESTADDRREQ);
	}
	if (addr != NULL && sockaddr_check(addr) != 0)
		return (EINVAL);
	return (so->so_pcb == NULL ? EPIPE : 0);
}

/* An mbuf to begin a write of len bytes with. */
static struct mbuf *
sosend_getmbuf(int len)
{
	struct mbuf *m;
	int size;

	if (len <= MLEN)
		return (m_get(M_NOWAIT, MT_DATA));
	size = len >= MJUM16BYTES ? MJUM16BYTES :
	    len > MCLBYTES ? MJUMPAGESIZE : MCLBYTES;
	m = m_getjcl(M_NOWAIT, MT_DATA, 0, size);
	if (m == NULL && size != MCLBYTES)
		m = m_getcl(M_NOWAIT, MT_DATA, 0);
	return (m);
}

/* Copy in len bytes of uio, or as many as there is memory for; NULL: for
 * none. */
static struct mbuf *
sosend_copyin(struct uio *uio, int len)
{
	struct mbuf *first, *m, **tail;
	int part;

	first = NULL;
	tail = &first;
	do {
		m = sosend_getmbuf(len);
		if (m == NULL)
			break;
		part = imin(len, M_SIZE(m));
		(void)uiomove(m->m_data, part, uio);
		m->m_len = part;
		len -= part;
		*tail = m;
		tail = &m->m_next;
	} while (len > 0);
	return (first);
}

/* Give chain m, the last of the write or not, to the transport. */
static int
sosend_give(struct socket *so, struct sockaddr *addr, struct mbuf *m,
    int flags, bool last)
{
	int prus;

	prus = 0;
	if ((flags & MSG_OOB) != 0)
		prus |= PRUS_OOB;
	if ((flags & MSG_EOF) != 0 && last)
		prus |= PRUS_EOF;
	if ((flags & MSG_MORETOCOME) != 0)
		prus |= PRUS_MORETOCOME;
	return (so->so_proto->pr_send(so, prus, m, addr));
}

/* So many of resid bytes can be taken now; 0: so must wait for space. */
static long
sosend_space(struct socket *so, long resid, int flags)
{
	long space;

	space = sbspace(&so->so_snd);
	if ((flags & MSG_OOB) != 0)
		space += SOSEND_OOBROOM;
	if (space <= 0 || (so->so_snd.sb_flags & SB_HELD) != 0 ||
	    (space < resid && space < (long)so->so_snd.sb_lowat))
		return (0);
	return (lmin(lmin(space, resid), INT_MAX));
}

/* sosend() of a chain that is there already. */
static int
sosend_chain(struct socket *so, struct sockaddr *addr, struct mbuf *top,
    int flags)
{
	long resid;
	int error;

	resid = m_length(top, NULL);
	error = (flags & MSG_EOR) != 0 ? EINVAL : sosend_check(so, addr);
	if (error == 0 && resid > 0 && sosend_space(so, resid, flags) == 0)
		error = EWOULDBLOCK;
	if (error != 0) {
		m_freem(top);
		return (error);
	}
	return (sosend_give(so, addr, top, flags, true));
}

int
sosend(struct socket *so, struct sockaddr *addr, struct uio *uio,
    struct mbuf *top, int flags)
{
	struct mbuf *m;
	long len;
	int error;

	if (uio == NULL)
		return (sosend_chain(so, addr, top, flags));
	if (uio->uio_resid < 0 || (flags & MSG_EOR) != 0)
		return (EINVAL);
	error = sosend_check(so, addr);
	if (error != 0)
		return (error);
	len = 0;
	if (uio->uio_resid > 0) {
		len = sosend_space(so, uio->uio_resid, flags);
		if (len == 0)
			return (EWOULDBLOCK);
	} else if ((flags & MSG_EOF) == 0 && addr == NULL)
		return (0);
	m = sosend_copyin(uio, (int)len);
	if (m == NULL)
		return (ENOBUFS);
	return (sosend_give(so, addr, m, flags, uio->uio_resid == 0));
}

/*
 * What most small writes are: some bytes for one mbuf, on a connection that
 * is up and has the space.
 */
static inline bool
sosend_is_small(const struct socket *so, size_t len)
{

	/* No bytes are no small write either: less 1, they are too many. */
	return (len - 1 < (size_t)MLEN &&
	    (so->so_state & SS_ISCONNECTED) != 0 && so->so_error == 0 &&
	    (so->so_snd.sb_state & SBS_CANTSENDMORE) == 0 &&
	    (so->so_snd.sb_flags & SB_HELD) == 0 && so->so_pcb != NULL &&
	    sbspace(&so->so_snd) >= (long)len);
}

static int __noinline
sosend_range(struct socket *so, const void *buf, size_t len, size_t *lenp)
{
	struct iovec iov;
	struct uio uio;
	int error;

	iov.iov_base = __DECONST(void *, buf);
	iov.iov_len = len;
	uio = (struct uio){ .uio_iov = &iov, .uio_iovcnt = 1,
	    .uio_resid = (ssize_t)len, .uio_rw = UIO_WRITE };
	error = sosend(so, NULL, &uio, NULL, 0);
	*lenp = len - (size_t)uio.uio_resid;
	return (error);
}

int
sosend_buf(struct socket *so, const void *buf, size_t len, size_t *lenp)
{
	struct mbuf *m;

	if (!sosend_is_small(so, len))
		return (sosend_range(so, buf, len, lenp));
	m = m_get(M_NOWAIT, MT_DATA);
	if (m == NULL)
		return (ENOBUFS);
	memcpy(m->m_data, buf, len);
	m->m_len = (int32_t)len;
	*lenp = len;
	return (so->so_proto->pr_send(so, 0, m, NULL));
}

/* So many bytes must be there before resid of them are read. */
static long
soreceive_want(const struct socket *so, long resid, int flags)
{
	const struct sockbuf *sb;
	long want;

	sb = &so->so_rcv;
	want = (long)sb->sb_lowat;
	if ((flags & MSG_WAITALL) != 0 && resid <= (long)sb->sb_hiwat / 2)
		want = resid;
	if (so->so_oobmark != 0)
		want = lmin(want, (long)so->so_oobmark);
	return (lmin(want, resid));
}

/* May so read now?  0: yes; or *eof: there will be nothing. */
static int
soreceive_check(struct socket *so, long resid, int flags, bool *eof)
{
	const struct sockbuf *sb;

	sb = &so->so_rcv;
	*eof = false;
	if (sbavail(sb) > 0) {
		if ((flags & MSG_DONTWAIT) != 0 || so->so_error != 0 ||
		    (sb->sb_state & SBS_CANTRCVMORE) != 0 ||
		    sbspace(sb) <= 0 ||
		    (long)sbavail(sb) >= soreceive_want(so, resid, flags))
			return (0);
		return (EWOULDBLOCK);
	}
	if (so->so_error != 0 || so->so_rerror != 0)
		return (so_take_error(so, (flags & MSG_PEEK) != 0));
	*eof = true;
	if ((sb->sb_state & SBS_CANTRCVMORE) != 0)
		return (0);
	if ((so->so_state & (SS_ISCONNECTED | SS_ISCONNECTING |
	    SS_ISDISCONNECTING | SS_ISDISCONNECTED)) == 0 &&
	    (so->so_proto->pr_flags & PR_CONNREQUIRED) != 0)
		return (ENOTCONN);
	return (resid == 0 ? 0 : EWOULDBLOCK);
}

/* Copy the first len bytes of sb out. */
static void
soreceive_copyout(const struct sockbuf *sb, struct uio *uio, int len)
{
	struct mbuf *m;
	int part;

	for (m = sb->sb_mb; len > 0; m = m->m_next) {
		part = imin(len, m->m_len);
		(void)uiomove(m->m_data, part, uio);
		len -= part;
	}
}

/*
 * Take the first *lenp bytes of sb as a chain, or fewer if memory for the
 * mbuf that must be cut in two is short; NULL: none.
 */
static struct mbuf *
soreceive_take(struct sockbuf *sb, int *lenp)
{
	struct mbuf *chain, *last, *m, *part;
	int whole;

	whole = 0;
	for (m = sb->sb_mb; m != NULL && whole + m->m_len <= *lenp;
	    m = m->m_next)
		whole += m->m_len;
	part = NULL;
	if (whole < *lenp)
		part = m_copym(m, 0, *lenp - whole, M_NOWAIT);
	if (part == NULL)
		*lenp = whole;
	chain = sbcut(sb, *lenp);
	if (chain == NULL)
		return (part);
	(void)m_length(chain, &last);
	last->m_next = part;
	return (chain);
}

/* len bytes have left so_rcv. */
static void
soreceive_done(struct socket *so, int len, int flags)
{

	so->so_rcv.sb_state &= (uint16_t)~SBS_RCVATMARK;
	if (so->so_oobmark != 0) {
		so->so_oobmark -= (u_int)len;
		if (so->so_oobmark == 0)
			so->so_rcv.sb_state |= SBS_RCVATMARK;
	}
	if ((so->so_proto->pr_flags & PR_WANTRCVD) != 0 &&
	    so->so_pcb != NULL)
		(void)so->so_proto->pr_rcvd(so, flags);
}

/* Receive the urgent byte. */
static int
soreceive_oob(struct socket *so, struct uio *uio, int flags)
{
	struct mbuf *m;
	int error;

	if (so->so_proto->pr_rcvoob == NULL)
		return (EOPNOTSUPP);
	if (so->so_pcb == NULL)
		return (EINVAL);
	m = m_get(M_NOWAIT, MT_DATA);
	if (m == NULL)
		return (ENOBUFS);
	error = so->so_proto->pr_rcvoob(so, m, flags & MSG_PEEK);
	if (error == 0 && (flags & (MSG_TRUNC | MSG_DISCARD)) != 0)
		uio->uio_resid -= lmin(m->m_len, uio->uio_resid);
	else if (error == 0)
		(void)uiomove(m->m_data, m->m_len, uio);
	m_freem(m);
	return (error);
}

/* Receive len bytes that are there. */
static int
soreceive_bytes(struct socket *so, struct uio *uio, struct mbuf **mp0,
    int len, int flags)
{
	struct sockbuf *sb;
	bool peek;

	sb = &so->so_rcv;
	peek = (flags & MSG_PEEK) != 0;
	if ((flags & (MSG_TRUNC | MSG_DISCARD)) != 0)
		uio->uio_resid -= len;
	else if (mp0 != NULL) {
		*mp0 = peek ? m_copym(sb->sb_mb, 0, len, M_NOWAIT) :
		    soreceive_take(sb, &len);
		if (*mp0 == NULL)
			return (ENOBUFS);
		uio->uio_resid -= len;
		if (!peek)
			soreceive_done(so, len, flags);
		return (0);
	} else
		soreceive_copyout(sb, uio, len);
	if (!peek) {
		sbdrop(sb, len);
		soreceive_done(so, len, flags);
	}
	return (0);
}

int
soreceive(struct socket *so, struct sockaddr_storage *from, struct uio *uio,
    struct mbuf **mp0, int *flagsp)
{
	u_int len;
	int error, flags;
	bool eof;

	flags = flagsp != NULL ? *flagsp : 0;
	if (flagsp != NULL)
		*flagsp = 0;
	if (from != NULL)
		from->ss_len = 0;
	if (mp0 != NULL)
		*mp0 = NULL;
	if (uio->uio_resid < 0)
		return (EINVAL);
	if (SOLISTENING(so))
		return (ENOTCONN);
	if ((flags & MSG_OOB) != 0)
		return (soreceive_oob(so, uio, flags));
	error = soreceive_check(so, uio->uio_resid, flags, &eof);
	if (error != 0 || eof || uio->uio_resid == 0)
		return (error);
	len = sbavail(&so->so_rcv);
	if (uio->uio_resid < (long)len)
		len = (u_int)uio->uio_resid;
	if (so->so_oobmark != 0)
		len = min(len, so->so_oobmark);
	return (soreceive_bytes(so, uio, mp0, (int)len, flags));
}

/*
 * What most reads find: enough bytes in the first mbuf, and no urgent mark.
 * Returns how many were read; 0: this is another.
 */
static inline u_int
soreceive_first(struct socket *so, void *buf, size_t len)
{
	const struct sockbuf *sb;
	u_int n;

	sb = &so->so_rcv;
	n = (u_int)ulmin(len, sbavail(sb));
	if (n == 0 || sbavail(sb) < sb->sb_lowat || so->so_oobmark != 0 ||
	    n > (u_int)sb->sb_mb->m_len)
		return (0);
	uio_copy(buf, sb->sb_mb->m_data, n);
	sbdrop(&so->so_rcv, (int)n);
	soreceive_done(so, (int)n, 0);
	return (n);
}

static int __noinline
soreceive_range(struct socket *so, void *buf, size_t len, size_t *lenp)
{
	struct iovec iov;
	struct uio uio;
	int error;

	iov.iov_base = buf;
	iov.iov_len = len;
	uio = (struct uio){ .uio_iov = &iov, .uio_iovcnt = 1,
	    .uio_resid = (ssize_t)len, .uio_rw = UIO_READ };
	error = soreceive(so, NULL, &uio, NULL, NULL);
	*lenp = len - (size_t)uio.uio_resid;
	return (error);
}

int
soreceive_buf(struct socket *so, void *buf, size_t len, size_t *lenp)
{
	u_int n;

	n = soreceive_first(so, buf, len);
	if (n == 0)
		return (soreceive_range(so, buf, len, lenp));
	*lenp = n;
	return (0);
}

int
sopoll(struct socket *so, int events)
{
	int revents;

	if (SOLISTENING(so)) {
		revents = TAILQ_EMPTY(&so->so_sol->sol_comp) ? 0 : SOPOLL_IN;
		return (so->so_error != 0 ? (events & revents) | SOPOLL_ERR :
		    events & revents);
	}
	revents = 0;
	if (soreadable(so))
		revents |= SOPOLL_IN;
	if (sowriteable(so))
		revents |= SOPOLL_OUT;
	if (sohasoob(so))
		revents |= SOPOLL_PRI;
	revents &= events;
	if (so->so_error != 0)
		revents |= SOPOLL_ERR;
	if ((so->so_rcv.sb_state & SBS_CANTRCVMORE) != 0 &&
	    (so->so_snd.sb_state & SBS_CANTSENDMORE) != 0)
		revents |= SOPOLL_HUP;
	return (revents);
}
