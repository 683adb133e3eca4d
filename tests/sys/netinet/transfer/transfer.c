/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * One transfer: hosts a and b, the path between them, a program on each.
 *
 * The programs know what they are to send and to get, and nothing else.
 * Each reads to the end and compares every byte with the pattern; sends, at
 * once or when it has seen the end (e_waits), then shuts down or closes;
 * and closes when both are done.
 *
 * After every event, for the host whose turn it was (DESIGN 11):
 *
 *	the connection's own bookkeeping	tcp_check()
 *	nothing goes back	snd_una, snd_max, rcv_nxt, and rcv_adv: the
 *				window never shrinks
 *	bytes are conserved	accepted from the program = acknowledged +
 *				in the send buffer; received = given to the
 *				program + in the receive buffer
 *	both ends agree		snd_una <= the peer's rcv_nxt <= snd_max
 *	the wire		wire.c
 *
 * At the end time goes on until TIME_WAIT is over; then nothing that a
 * connection uses may be in use.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xfer.h"

#define	PORT		7
#define	CHUNK		65536		/* of a read or write, bytes */
#define	RETRY		(10 * MS)	/* when memory was short */
#define	FAULT_LIMIT	(4000 * SECOND)
#define	EVENTS_LIMIT	100000		/* a storm, if time stands still */
/* TIME_WAIT, FIN_WAIT_2, and FINs that are lost some times over. */
#define	AFTERMATH	(400 * SECOND)

static void	end_work(struct xf_end *e);

void
xf_fail(struct xf *x, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (x->x_fail[0] != '\0')
		return;
	n = snprintf(x->x_fail, sizeof(x->x_fail), "at %.6f s: ",
	    (double)sy_loop_now(x->x_loop) / SECOND);
	va_start(ap, fmt);
	(void)vsnprintf(x->x_fail + n, sizeof(x->x_fail) - (size_t)n, fmt, ap);
	va_end(ap);
	sy_loop_stop(x->x_loop);
}

static const char *
end_name(const struct xf_end *e)
{
	return (e->e_dir == 0 ? "a" : "b");
}

/* ---- The programs ---- */

/* A call of e's failed: an end in a test of faults gives up. */
static void
end_error(struct xf_end *e, const char *what, int error)
{
	if ((e->e_run->x_flags & XF_FAULTS) == 0)
		xf_fail(e->e_run, "%s: %s failed: %s (%zu of %zu sent, %zu of "
		    "%zu received)", end_name(e), what, strerror(error),
		    e->e_sent, e->e_tosend, e->e_got, e->e_toget);
	e->e_error = error;
	(void)sy_close(e->e_host, e->e_fd);
	e->e_fd = -1;
	e->e_closed = true;
}

static void
end_resume(void *arg)
{
	struct xf_end *e = arg;

	e->e_paused = false;
	if (!e->e_closed)
		end_work(e);
}

/* Do nothing for some time; 0: memory was short, so a short time. */
static void
end_pause(struct xf_end *e, uint64_t ns)
{
	e->e_paused = true;
	(void)sy_loop_at(e->e_run->x_loop,
	    sy_loop_now(e->e_run->x_loop) + ns, end_resume, e);
}

/* Not now, for want of data, space or memory: true.  Else the end. */
static bool
end_later(struct xf_end *e, const char *what, int error)
{
	if (error == EAGAIN)
		return (true);
	if ((error == ENOBUFS || error == ENOMEM) &&
	    (e->e_run->x_flags & XF_FAULTS) != 0) {
		if (!e->e_paused)
			end_pause(e, RETRY);
		return (true);
	}
	end_error(e, what, error);
	return (false);
}

static size_t
end_size(struct xf_end *e, size_t most)
{
	if (most > CHUNK)
		most = CHUNK;
	if (e->e_run->x_row.odd)
		return (1 + xf_random(&e->e_random) % most);
	return (most);
}

static void
end_compare(struct xf_end *e, const unsigned char *got, size_t len,
    const char *what)
{
	unsigned char want[CHUNK];
	size_t i;

	if (len > e->e_toget - e->e_got) {
		xf_fail(e->e_run, "%s: %s gave %zu bytes after %zu of %zu",
		    end_name(e), what, len, e->e_got, e->e_toget);
		return;
	}
	xf_pattern(e->e_run->x_row.seed, 1 - e->e_dir, e->e_got, want, len);
	if (memcmp(got, want, len) == 0)
		return;
	for (i = 0; got[i] == want[i];)
		i++;
	xf_fail(e->e_run, "%s: %s gave byte %zu as 0x%02x, not 0x%02x",
	    end_name(e), what, e->e_got + i, got[i], want[i]);
}

static ssize_t
end_recv(struct xf_end *e, unsigned char *buf, size_t len)
{
	struct iovec iov[3];
	ssize_t n, peeked;

	peeked = -1;
	if (e->e_run->x_row.peek) {
		peeked = sy_recv(e->e_host, e->e_fd, buf, len, MSG_PEEK);
		if (peeked > 0)
			end_compare(e, buf, (size_t)peeked, "MSG_PEEK");
	}
	if (e->e_run->x_row.iov) {
		iov[0] = (struct iovec){ buf, len / 3 };
		iov[1] = (struct iovec){ buf + len / 3, len / 2 - len / 3 };
		iov[2] = (struct iovec){ buf + len / 2, len - len / 2 };
		n = sy_readv(e->e_host, e->e_fd, iov, 3);
	} else
		n = sy_recv(e->e_host, e->e_fd, buf, len, 0);
	/* More may have come between the two. */
	if (peeked >= 0 && n < peeked &&
	    (e->e_run->x_flags & XF_FAULTS) == 0)
		xf_fail(e->e_run, "%s: MSG_PEEK gave %zd, the next read %zd",
		    end_name(e), peeked, n);
	return (n);
}

/* Read what there is, or once for a reader that pauses. */
static void
end_read(struct xf_end *e)
{
	unsigned char buf[CHUNK];
	ssize_t n;

	while (!e->e_eof && !e->e_paused) {
		n = end_recv(e, buf, end_size(e, e->e_run->x_row.read_max));
		if (n < 0) {
			(void)end_later(e, "reading", errno);
			return;
		}
		if (n == 0) {
			e->e_eof = true;
			if (e->e_got != e->e_toget)
				xf_fail(e->e_run, "%s: the end came after "
				    "%zu of %zu bytes", end_name(e),
				    e->e_got, e->e_toget);
			return;
		}
		end_compare(e, buf, (size_t)n, "reading");
		e->e_got += (size_t)n;
		if (e->e_run->x_row.pause != 0)
			end_pause(e, e->e_run->x_row.pause * MS);
	}
}

static ssize_t
end_send(struct xf_end *e, size_t len)
{
	unsigned char buf[CHUNK];
	struct iovec iov[2];

	xf_pattern(e->e_run->x_row.seed, e->e_dir, e->e_sent, buf, len);
	if (!e->e_run->x_row.iov)
		return (sy_send(e->e_host, e->e_fd, buf, len, 0));
	iov[0] = (struct iovec){ buf, len / 3 };
	iov[1] = (struct iovec){ buf + len / 3, len - len / 3 };
	return (sy_writev(e->e_host, e->e_fd, iov, 2));
}

/* The end of what it sends: half of the connection, or all of it. */
static void
end_shut(struct xf_end *e)
{
	e->e_shut = true;
	if (e->e_closes) {
		(void)sy_close(e->e_host, e->e_fd);
		e->e_fd = -1;
		e->e_closed = true;
	} else if (sy_shutdown(e->e_host, e->e_fd, SHUT_WR) != 0)
		end_error(e, "shutting down", errno);
}

/* Halfway, smaller segments from now on. */
static void
end_resize(struct xf_end *e)
{
	int mss = e->e_run->x_row.maxseg;

	if (mss == 0 || e->e_resized || e->e_sent < e->e_tosend / 2)
		return;
	e->e_resized = true;
	if (sy_setsockopt(e->e_host, e->e_fd, IPPROTO_TCP, SY_TCP_MAXSEG,
	    &mss, sizeof(mss)) != 0)
		end_error(e, "TCP_MAXSEG", errno);
}

static void
end_write(struct xf_end *e)
{
	size_t len;
	ssize_t n;

	if (e->e_shut || (e->e_waits && !e->e_eof))
		return;
	while (e->e_sent < e->e_tosend) {
		len = end_size(e, e->e_run->x_row.write_max);
		if (len > e->e_tosend - e->e_sent)
			len = e->e_tosend - e->e_sent;
		if ((n = end_send(e, len)) < 0) {
			(void)end_later(e, "writing", errno);
			return;
		}
		e->e_sent += (size_t)n;
		end_resize(e);
	}
	end_shut(e);
}

static void
end_ready(void *arg, int fd __attribute__((__unused__)),
    short revents __attribute__((__unused__)))
{
	end_work(arg);
}

static void
end_close(struct xf_end *e)
{
	socklen_t len = sizeof(int);
	int error = -1;

	if (sy_getsockopt(e->e_host, e->e_fd, SOL_SOCKET, SO_ERROR, &error,
	    &len) != 0 || error != 0)
		end_error(e, "the connection", error);
	if (e->e_fd < 0)
		return;
	(void)sy_close(e->e_host, e->e_fd);
	e->e_fd = -1;
	e->e_closed = true;
}

/* All that e can do now, and what it then waits for. */
static void
end_work(struct xf_end *e)
{
	short events = 0;

	if (!e->e_closed && !e->e_paused)
		end_read(e);
	if (!e->e_closed)
		end_write(e);
	if (!e->e_closed && e->e_eof && e->e_shut)
		end_close(e);
	if (e->e_closed) {
		if (e->e_run->x_end[0].e_closed && e->e_run->x_end[1].e_closed)
			sy_loop_stop(e->e_run->x_loop);
		return;
	}
	if (!e->e_eof && !e->e_paused)
		events |= POLLIN;
	if (!e->e_shut && !(e->e_waits && !e->e_eof))
		events |= POLLOUT;
	if (sy_watch(e->e_host, e->e_fd, events, end_ready, e) != 0 &&
	    events != 0 && end_later(e, "watching", errno) && !e->e_paused)
		end_error(e, "watching", errno);
}

/* ---- After every event ---- */

#define	BEHIND(a, b)	((int32_t)((a) - (b)) < 0)

static bool
check_forward(struct xf *x, struct xf_end *e, const struct xk_conn *c)
{
	const struct xk_conn *l = &e->e_last;
	const char *what = NULL;

	if (!l->c_found || l->iss != c->iss || l->irs != c->irs ||
	    l->t_state < XK_ESTABLISHED)
		return (true);
	if (BEHIND(c->snd_una, l->snd_una))
		what = "snd_una";
	else if (BEHIND(c->snd_max, l->snd_max))
		what = "snd_max";
	else if (BEHIND(c->rcv_nxt, l->rcv_nxt))
		what = "rcv_nxt";
	else if (BEHIND(c->rcv_adv, l->rcv_adv))
		what = "rcv_adv (the window shrank)";
	if (what != NULL)
		xf_fail(x, "%s: %s went back (%s)", end_name(e), what,
		    c->c_state);
	return (what == NULL);
}

/* A SYN and a FIN count in sequence numbers, not in bytes. */
static bool
check_conserved(struct xf *x, struct xf_end *e, const struct xk_conn *c)
{
	uint32_t acked, rcvd;

	if (!c->c_user || c->t_state < XK_ESTABLISHED || c->t_state ==
	    XK_LAST || e->e_fd < 0)
		return (true);
	acked = c->snd_una - c->iss - 1;
	if (e->e_shut && acked == e->e_sent + 1)
		acked--;
	if (acked + c->c_sndused != e->e_sent) {
		xf_fail(x, "%s: %zu bytes were sent: %u acknowledged and %u "
		    "in the buffer (%s)", end_name(e), e->e_sent, acked,
		    c->c_sndused, c->c_state);
		return (false);
	}
	rcvd = c->rcv_nxt - c->irs - 1;
	if (rcvd == e->e_toget + 1)
		rcvd--;
	if (rcvd != e->e_got + c->c_rcvused) {
		xf_fail(x, "%s: %u bytes came: %zu read and %u in the buffer "
		    "(%s)", end_name(e), rcvd, e->e_got, c->c_rcvused,
		    c->c_state);
		return (false);
	}
	return (true);
}

/* What s has sent, r has got. */
static bool
check_agreed(struct xf *x, const struct xf_end *se, const struct xf_end *re)
{
	const struct xk_conn *s = &se->e_last, *r = &re->e_last;

	if (!s->c_found || !r->c_found || s->t_state < XK_ESTABLISHED ||
	    r->t_state < XK_ESTABLISHED || s->iss != r->irs)
		return (true);
	if (!BEHIND(r->rcv_nxt, s->snd_una) && !BEHIND(s->snd_max, r->rcv_nxt))
		return (true);
	xf_fail(x, "%s's snd_una %u, snd_max %u; %s's rcv_nxt %u (from the "
	    "ISN)", end_name(se), s->snd_una - s->iss, s->snd_max - s->iss,
	    end_name(re), r->rcv_nxt - s->iss);
	return (false);
}

static void
after_event(struct sy_host *host, void *arg)
{
	struct xf *x = arg;
	struct xf_end *e;
	struct xk_conn c;

	e = &x->x_end[host == x->x_end[0].e_host ? 0 : 1];
	if (sy_loop_events(x->x_loop) > EVENTS_LIMIT)
		xf_fail(x, "%u events, %zu/%zu and %zu/%zu bytes got",
		    EVENTS_LIMIT, x->x_end[0].e_got, x->x_end[0].e_toget,
		    x->x_end[1].e_got, x->x_end[1].e_toget);
	if ((x->x_flags & XF_NOCHECK) == 0) {
		xk_conn(sy_host_vnet(host), &c);
		if (c.c_bad != NULL)
			xf_fail(x, "%s: tcp_check: %s (%s)", end_name(e),
			    c.c_bad, c.c_state);
		if (c.c_found && check_forward(x, e, &c) &&
		    check_conserved(x, e, &c)) {
			e->e_last = c;
			(void)(check_agreed(x, e, &x->x_end[1 - e->e_dir]) &&
			    check_agreed(x, &x->x_end[1 - e->e_dir], e));
		}
		e->e_last = c;
		if (x->x_wire != NULL)
			xf_wire_look(x->x_wire);
	}
	if (x->x_hook != NULL)
		x->x_hook(x, e, x->x_hookarg);
}

/* ---- Hosts and path ---- */

static bool
make_host(struct xf *x, unsigned i)
{
	const struct xf_row *row = &x->x_row;
	const struct sy_var vars[] = {
		{ "net.inet.tcp.cc.algorithm", row->cc },
		{ "net.inet.tcp.sack.enable", row->sack ? "1" : "0" },
		{ "net.inet.tcp.rfc1323", row->ts ? "1" : "0" },
		{ "net.inet.tcp.tso", row->tso ? "1" : "0" },
		{ "net.inet.tcp.delayed_ack", row->delack ? "1" : "0" },
		{ "net.inet.tcp.do_prr", row->prr ? "1" : "0" },
	};
	struct xf_end *e = &x->x_end[i];

	e->e_run = x;
	e->e_dir = i;
	e->e_fd = -1;
	e->e_ifname = i == 0 ? "epair0a" : "epair0b";
	e->e_tosend = row->bytes[i];
	e->e_toget = row->bytes[1 - i];
	e->e_random = row->seed + i;
	e->e_waits = i == 1 && row->order == XF_REPLY;
	e->e_closes = i == 0 && row->order == XF_CLOSE;
	e->e_host = sy_host_new(x->x_loop, i == 0 ? "a" : "b", vars,
	    NITEMS(vars));
	if (e->e_host == NULL) {
		xf_fail(x, "%s", sy_error());
		return (false);
	}
	xk_memory(sy_host_vnet(e->e_host), &x->x_memory[i]);
	return (true);
}

static bool
make_pipe(struct xf *x, unsigned i)
{
	const struct xf_row *row = &x->x_row;
	struct xf_end *e = &x->x_end[i];
	struct sy_pipe p = {
		.rate = row->rate * 1000ULL,
		.delay = row->delay * MS,
		.queue_packets = row->queue,
	};

	if ((row->ways & (1u << i)) != 0) {
		p.jitter = row->jitter * MS;
		p.jitter_reorder = row->jitter_reorder;
		p.loss = row->loss;
		p.reorder = row->reorder;
		p.duplicate = row->duplicate;
		p.corrupt = row->corrupt;
		if (row->burst > 0) {
			/* Bad for two packets at a time: longer, and one that
			 * is sent again by itself may never get through. */
			p.ge_leave = 0.5;
			p.ge_loss_bad = 0.8;
			p.ge_enter = p.ge_leave * row->burst /
			    (p.ge_loss_bad - row->burst);
		}
	}
	return (sy_pipe(e->e_host, e->e_ifname, &p) == 0);
}

static bool
make_path(struct xf *x)
{
	static const char *const addrs[2][2] = {
		{ "10.0.0.1/24", "10.0.0.2/24" },
		{ "2001:db8::1/64", "2001:db8::2/64" }
	};
	unsigned i;

	if (sy_link(x->x_end[0].e_host, x->x_end[1].e_host, 0,
	    x->x_row.mtu) != 0)
		return (false);
	for (i = 0; i < 2; i++)
		if (sy_addr_add(x->x_end[i].e_host, x->x_end[i].e_ifname,
		    addrs[x->x_row.v6][i]) != 0 || !make_pipe(x, i))
			return (false);
	return (true);
}

/* ---- Sockets ---- */

static socklen_t
peer_addr(const struct xf_row *row, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	if (row->v6) {
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = htons(PORT);
		(void)inet_pton(AF_INET6, "2001:db8::2", &sin6->sin6_addr);
		return (sizeof(*sin6));
	}
	sin->sin_family = AF_INET;
	sin->sin_port = htons(PORT);
	(void)inet_pton(AF_INET, "10.0.0.2", &sin->sin_addr);
	return (sizeof(*sin));
}

/* A socket as the row wants it, or -1. */
static int
make_socket(struct xf *x, struct sy_host *host)
{
	const struct xf_row *row = &x->x_row;
	int fd, on = 1, size = (int)row->buf;

	fd = sy_socket(host, row->v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		return (-1);
	if (sy_setnonblock(host, fd, true) != 0 || (row->nodelay &&
	    sy_setsockopt(host, fd, IPPROTO_TCP, SY_TCP_NODELAY, &on,
	    sizeof(on)) != 0) || (row->buf != 0 &&
	    (sy_setsockopt(host, fd, SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)) != 0 || sy_setsockopt(host, fd, SOL_SOCKET,
	    SO_RCVBUF, &size, sizeof(size)) != 0))) {
		(void)sy_close(host, fd);
		return (-1);
	}
	return (fd);
}

static void
accept_ready(void *arg, int fd, short revents __attribute__((__unused__)))
{
	struct xf *x = arg;
	struct xf_end *b = &x->x_end[1];
	int conn;

	conn = sy_accept(b->e_host, fd, NULL, NULL);
	if (conn < 0) {
		if (errno != EAGAIN && (x->x_flags & XF_FAULTS) == 0)
			xf_fail(x, "b: accepting failed: %s", sy_error());
		return;
	}
	if (b->e_fd >= 0 || b->e_closed) {
		if ((x->x_flags & XF_FAULTS) == 0)
			xf_fail(x, "b: accepted twice");
		(void)sy_close(b->e_host, conn);
		return;
	}
	b->e_fd = conn;
	(void)sy_setnonblock(b->e_host, conn, true);
	end_work(b);
}

/* Listen at b, connect from a. */
static bool
make_connection(struct xf *x)
{
	struct sockaddr_storage ss;
	struct xf_end *a = &x->x_end[0], *b = &x->x_end[1];
	socklen_t len;

	len = peer_addr(&x->x_row, &ss);
	if ((x->x_listen = make_socket(x, b->e_host)) < 0 ||
	    sy_bind(b->e_host, x->x_listen, (struct sockaddr *)&ss, len) != 0 ||
	    sy_listen(b->e_host, x->x_listen, 5) != 0 ||
	    sy_watch(b->e_host, x->x_listen, POLLIN, accept_ready, x) != 0)
		return (false);
	if ((a->e_fd = make_socket(x, a->e_host)) < 0)
		return (false);
	if (sy_connect(a->e_host, a->e_fd, (struct sockaddr *)&ss, len) != 0 &&
	    errno != EINPROGRESS)
		return (false);
	return (sy_watch(a->e_host, a->e_fd, POLLOUT, end_ready, a) == 0);
}

/* ---- The run ---- */

/* Nothing may be left when TIME_WAIT is over. */
static void
check_left(struct xf *x)
{
	const char *what;
	uint64_t n;
	unsigned i;

	for (i = 0; i < 2; i++) {
		n = xk_pcbs(sy_host_vnet(x->x_end[i].e_host));
		if (n != 0)
			xf_fail(x, "%s: %ju connections or listeners are "
			    "left (%s)", end_name(&x->x_end[i]), (uintmax_t)n,
			    x->x_end[i].e_last.c_found ?
			    x->x_end[i].e_last.c_state : "none seen");
		what = xk_leak(sy_host_vnet(x->x_end[i].e_host),
		    &x->x_memory[i], &n);
		if (what != NULL)
			xf_fail(x, "%s: %ju bytes of %s are left",
			    end_name(&x->x_end[i]), (uintmax_t)n, what);
	}
}

/* Who is still at it when time is up. */
static void
fail_late(struct xf *x, uint64_t limit)
{
	const struct xf_end *a = &x->x_end[0], *b = &x->x_end[1];

	xf_fail(x, "not over after %ju s: a %s, %zu/%zu sent, %zu/%zu got%s; "
	    "b %s, %zu/%zu sent, %zu/%zu got%s; timeouts %ju, %ju",
	    (uintmax_t)(limit / SECOND), a->e_last.c_found ?
	    a->e_last.c_state : "no connection", a->e_sent, a->e_tosend,
	    a->e_got, a->e_toget, a->e_closed ? ", closed" : "",
	    b->e_last.c_found ? b->e_last.c_state : "no connection",
	    b->e_sent, b->e_tosend, b->e_got, b->e_toget,
	    b->e_closed ? ", closed" : "",
	    (uintmax_t)a->e_last.c_rexmttimeo,
	    (uintmax_t)b->e_last.c_rexmttimeo);
}

/* Both programs, until both have closed or time is up. */
static void
transfer(struct xf *x)
{
	const struct xf_end *a = &x->x_end[0], *b = &x->x_end[1];
	uint64_t limit;
	bool over;

	limit = (x->x_flags & XF_FAULTS) != 0 ? FAULT_LIMIT :
	    xf_limit(&x->x_row);
	(void)sy_loop_run(x->x_loop, limit);
	x->x_done = sy_loop_now(x->x_loop);
	/* If a gave up before it reached b, b has nobody to wait for. */
	over = a->e_closed && (b->e_closed ||
	    (a->e_error != 0 && b->e_fd < 0));
	if (x->x_fail[0] == '\0' && !over)
		fail_late(x, limit);
}

/* Close what is open, and see that nothing is left. */
static void
clean_up(struct xf *x)
{
	uint64_t until;
	int i;

	if (x->x_fail[0] != '\0')
		return;
	if (x->x_listen >= 0)
		(void)sy_close(x->x_end[1].e_host, x->x_listen);
	for (i = 0; i < 2; i++)
		if (x->x_end[i].e_fd >= 0)
			(void)sy_close(x->x_end[i].e_host, x->x_end[i].e_fd);
	until = sy_loop_now(x->x_loop) + AFTERMATH;
	while (sy_loop_run(x->x_loop, until) == 1 && x->x_fail[0] == '\0')
		continue;
	if (x->x_wire != NULL)
		xf_wire_end(x->x_wire);
	if (x->x_fail[0] == '\0')
		check_left(x);
}

bool
xf_run(struct xf *x)
{
	bool made;

	x->x_fail[0] = '\0';
	x->x_listen = -1;
	memset(x->x_end, 0, sizeof(x->x_end));
	x->x_wire = NULL;
	x->x_loop = sy_loop_new(SY_VIRTUAL, x->x_row.seed);
	if (x->x_loop == NULL)
		return (false);
	if (make_host(x, 0) && make_host(x, 1)) {
		sy_loop_hook(x->x_loop, after_event, x);
		if (x->x_born != NULL)
			x->x_born(x, x->x_hookarg);
		made = make_path(x);
		if (made && (x->x_flags & XF_NOCHECK) == 0) {
			x->x_wire = xf_wire_new(x);
			made = x->x_wire != NULL;
		}
		if (made && make_connection(x))
			transfer(x);
		else if ((x->x_flags & XF_FAULTS) == 0)
			xf_fail(x, "setting up: %s", sy_error());
		clean_up(x);
	}
	x->x_events = sy_loop_events(x->x_loop);
	if (x->x_wire != NULL) {
		x->x_count = *xf_wire_count(x->x_wire);
		xf_wire_free(x->x_wire);
	}
	sy_loop_hook(x->x_loop, NULL, NULL);
	sy_loop_free(x->x_loop);
	return (x->x_fail[0] == '\0');
}
