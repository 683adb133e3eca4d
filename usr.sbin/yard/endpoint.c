/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The programs at the two ends of a flow, inside the stack so that they cost
 * next to nothing: what they send is lent to the socket (one pattern for all
 * of them, never copied), and what arrives is thrown away unread, or
 * compared where it lies.
 *
 * A socket's upcall says that something changed; it comes from the middle
 * of the protocol's work, so it only puts the endpoint's task off to the end
 * of the batch.  The task reads all there is, then writes:
 *
 *	to send = min(min(ep_want, ep_limit) - ep_sent, space)
 *
 * and waits for an eighth of the buffer to be free before it fills it, so
 * that a buffer that grows on demand (it does when seven eighths full) still
 * sees the demand.
 *
 * An endpoint outlives its socket: its owner frees it at the end of the run.
 *
 * May touch: its socket, through sosend(), soreceive() and the buffers'
 * space.
 */
#include <sys/types.h>
#include <sys/errno.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/socket.h>
#include <sys/socketvar.h>
#include <sys/syscallsubr.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include "endpoint.h"

#define	EP_BURST	(64 * 1024)	/* bytes handed over at once, at most */
#define	EP_READ		(1 << 30)	/* more than any buffer holds */

struct endpoint {
	struct socket	*ep_so;		/* NULL once left */
	struct vnet_task ep_task;
	uint64_t	ep_want;	/* bytes to be sent so far */
	uint64_t	ep_limit;	/* bytes in all; then FIN */
	uint64_t	ep_sent, ep_received;
	uint64_t	ep_expect;	/* 0: nothing */
	const uint8_t	*ep_pattern;
	bool		ep_verify;
	bool		ep_connected;
	bool		ep_finished;	/* FIN was sent */
	bool		ep_eof;
	int		ep_error;
	endpoint_event_t *ep_func;
	void		*ep_arg;
};

static void
ep_fail(struct endpoint *ep, int error)
{

	if (ep->ep_error != 0)
		return;
	ep->ep_error = error;
	ep->ep_func(ep->ep_arg, EP_FAILED);
}

/* len bytes of the pattern from stream offset off, lent; NULL: no memory. */
static struct mbuf *
ep_chain(const struct endpoint *ep, uint64_t off, u_int len)
{
	struct mbuf *m, *top, **mp;
	u_int at, n;

	top = NULL;
	mp = &top;
	for (n = 0; len > 0; len -= n, off += n) {
		m = top == NULL ? m_gethdr(M_NOWAIT, MT_DATA) :
		    m_get(M_NOWAIT, MT_DATA);
		if (m == NULL)
			break;
		if (top == NULL)
			m->m_pkthdr.len = (int)len;
		*mp = m;
		mp = &m->m_next;
		at = (u_int)(off % EP_PERIOD);
		n = min(len, EP_PERIOD - at);
		if (m_extadd(m, __DECONST(char *, ep->ep_pattern) + at, n,
		    NULL, NULL, NULL, M_RDONLY) != 0)
			break;
		m->m_len = (int)n;
	}
	if (len > 0) {
		m_freem(top);
		return (NULL);
	}
	return (top);
}

/* Bytes that may be handed over now; 0: wait for more space. */
static u_int
ep_quota(const struct endpoint *ep)
{
	const struct sockbuf *sb = &ep->ep_so->so_snd;
	uint64_t left;
	long space;

	left = u64min(ep->ep_want, ep->ep_limit) - ep->ep_sent;
	space = sbspace(sb);
	if (left == 0 || space <= 0)
		return (0);
	if (left > (uint64_t)space &&
	    space < lmin((long)sb->sb_hiwat / 8, EP_BURST))
		return (0);
	return ((u_int)u64min(u64min(left, (uint64_t)space), EP_BURST));
}

static void
ep_write(struct endpoint *ep)
{
	struct mbuf *m;
	u_int n;
	int error;

	while (ep->ep_error == 0 && ep->ep_so != NULL &&
	    (n = ep_quota(ep)) > 0) {
		m = ep_chain(ep, ep->ep_sent, n);
		error = m == NULL ? ENOBUFS :
		    sosend(ep->ep_so, NULL, NULL, m, MSG_DONTWAIT);
		if (error == EWOULDBLOCK)
			return;
		if (error != 0) {
			ep_fail(ep, error);
			return;
		}
		ep->ep_sent += n;
	}
	if (ep->ep_sent == ep->ep_limit && !ep->ep_finished &&
	    ep->ep_so != NULL && ep->ep_error == 0) {
		ep->ep_finished = true;
		(void)soshutdown(ep->ep_so, SHUT_WR);
	}
}

/* Is the chain, from stream offset off on, the pattern? */
static bool
ep_same(const struct endpoint *ep, const struct mbuf *m, uint64_t off)
{
	int at, done, n;

	for (; m != NULL; m = m->m_next)
		for (done = 0; done < m->m_len; done += n, off += (u_int)n) {
			at = (int)(off % EP_PERIOD);
			n = imin(m->m_len - done, EP_PERIOD - at);
			if (memcmp(m->m_data + done, ep->ep_pattern + at,
			    (size_t)n) != 0)
				return (false);
		}
	return (true);
}

/* Receive once; *np becomes the bytes. */
static int
ep_receive(struct endpoint *ep, uint64_t *np)
{
	struct uio uio;
	struct mbuf *m;
	int error, flags;

	memset(&uio, 0, sizeof(uio));
	uio.uio_resid = EP_READ;
	uio.uio_rw = UIO_READ;
	m = NULL;
	flags = MSG_DONTWAIT | (ep->ep_verify ? 0 : MSG_DISCARD);
	error = soreceive(ep->ep_so, NULL, &uio, ep->ep_verify ? &m : NULL,
	    &flags);
	*np = (uint64_t)(EP_READ - uio.uio_resid);
	if (error == 0 && !ep_same(ep, m, ep->ep_received))
		error = EBADMSG;
	m_freem(m);
	return (error);
}

static void
ep_read(struct endpoint *ep)
{
	uint64_t n;
	int error;

	while (!ep->ep_eof && ep->ep_error == 0 && ep->ep_so != NULL &&
	    soreadable(ep->ep_so)) {
		error = ep_receive(ep, &n);
		if (error == EWOULDBLOCK)
			return;
		if (error != 0) {
			ep_fail(ep, error);
			return;
		}
		ep->ep_received += n;
		if (ep->ep_expect != 0 && ep->ep_received >= ep->ep_expect) {
			ep->ep_expect = 0;
			ep->ep_func(ep->ep_arg, EP_RECEIVED);
		}
		if (n == 0) {
			ep->ep_eof = true;
			ep->ep_func(ep->ep_arg, EP_EOF);
		}
	}
}

static void
ep_task(void *arg)
{
	struct endpoint *ep = arg;
	int error;

	if (ep->ep_so == NULL || ep->ep_error != 0)
		return;
	if (!ep->ep_connected) {
		if ((ep->ep_so->so_state & SS_ISCONNECTED) == 0) {
			error = ep->ep_so->so_error;
			if (error != 0)
				ep_fail(ep, error);
			return;
		}
		ep->ep_connected = true;
		ep->ep_func(ep->ep_arg, EP_CONNECTED);
	}
	ep_read(ep);
	if (ep->ep_so != NULL)
		ep_write(ep);
}

static int
ep_readable(struct socket *so __unused, void *arg, int waitflag __unused)
{
	struct endpoint *ep = arg;

	vnet_task_enqueue(&ep->ep_task);
	return (SU_OK);
}

/* Most ACKs do not free enough space to be worth a task. */
static int
ep_writable(struct socket *so, void *arg, int waitflag __unused)
{
	struct endpoint *ep = arg;

	if (!ep->ep_connected || so->so_error != 0 || ep_quota(ep) > 0 ||
	    (so->so_snd.sb_state & SBS_CANTSENDMORE) != 0)
		vnet_task_enqueue(&ep->ep_task);
	return (SU_OK);
}

struct endpoint *
endpoint_new(int fd, const uint8_t *pattern, bool verify,
    endpoint_event_t *func, void *arg)
{
	struct endpoint *ep;
	struct socket *so;

	if (fd_getsock(fd, &so) != 0)
		return (NULL);
	ep = malloc(sizeof(*ep), M_TEMP, M_NOWAIT | M_ZERO);
	if (ep == NULL)
		return (NULL);
	ep->ep_so = so;
	ep->ep_limit = UINT64_MAX;
	ep->ep_pattern = pattern;
	ep->ep_verify = verify;
	ep->ep_func = func;
	ep->ep_arg = arg;
	VNET_TASK_INIT(&ep->ep_task, ep_task, ep);
	if (soupcall_set(so, SO_RCV, ep_readable, ep) != 0 ||
	    soupcall_set(so, SO_SND, ep_writable, ep) != 0) {
		free(ep, M_TEMP);
		return (NULL);
	}
	vnet_task_enqueue(&ep->ep_task);
	return (ep);
}

void
endpoint_leave(struct endpoint *ep)
{

	vnet_task_cancel(&ep->ep_task);
	if (ep->ep_so == NULL)
		return;
	soupcall_clear(ep->ep_so, SO_RCV);
	soupcall_clear(ep->ep_so, SO_SND);
	ep->ep_so = NULL;
}

void
endpoint_free(struct endpoint *ep)
{

	endpoint_leave(ep);
	free(ep, M_TEMP);
}

void
endpoint_send(struct endpoint *ep, uint64_t bytes)
{

	ep->ep_want = bytes > UINT64_MAX - ep->ep_want ? UINT64_MAX :
	    ep->ep_want + bytes;
	vnet_task_enqueue(&ep->ep_task);
}

void
endpoint_hold(struct endpoint *ep)
{

	ep->ep_want = ep->ep_sent;
}

void
endpoint_limit(struct endpoint *ep, uint64_t bytes)
{

	ep->ep_limit = u64max(bytes, ep->ep_sent);
}

void
endpoint_finish(struct endpoint *ep)
{

	ep->ep_limit = u64min(ep->ep_limit, ep->ep_want);
	vnet_task_enqueue(&ep->ep_task);
}

void
endpoint_expect(struct endpoint *ep, uint64_t bytes)
{

	ep->ep_expect = bytes;
}

uint64_t
endpoint_sent(const struct endpoint *ep)
{

	return (ep->ep_sent);
}

uint64_t
endpoint_received(const struct endpoint *ep)
{

	return (ep->ep_received);
}

int
endpoint_error(const struct endpoint *ep)
{

	return (ep->ep_error);
}
