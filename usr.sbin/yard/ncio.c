/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The two directions of yard nc, each with one buffer:
 *
 *	standard input -> up -> connection	until EOF, then FIN if asked
 *	connection -> down -> standard output	until the peer's FIN
 *
 * A direction reads only when its buffer is empty, so whoever is slow slows
 * the other end down and nothing else.  Neither end may block, or the
 * stack's timers would stand still: the socket is non-blocking; standard
 * input is read once when poll(2) says so; standard output, unless it is a
 * file, gets PIPE_BUF bytes each time poll(2) says so, which a pipe takes
 * whole.
 *
 * It is over when both directions are; a person at a terminal is not waited
 * for once the peer has said all it had to.
 *
 * May touch: its connection, standard input and output.
 */
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ncio.h"
#include "util.h"

#define	BUFFER	(256 * 1024)

struct buffer {
	char	*b_data;
	size_t	b_at, b_end;		/* what is still to be written */
};

struct relay {
	const struct relay_config *r_rc;
	struct buffer	r_up, r_down;
	bool		r_in_eof;	/* standard input has ended */
	bool		r_net_eof;	/* the peer has */
	bool		r_net_closed;	/* nothing more goes out */
	bool		r_file;		/* standard output never blocks */
	bool		r_terminal;	/* standard input is a person */
	short		r_net_events, r_in_events, r_out_events;
	uint64_t	r_active;	/* when data last moved, ns */
	int64_t		r_timer;	/* sy_loop_at()'s id; -1 none */
	int		r_error;
	bool		r_stdio;	/* of standard input or output */
	bool		r_done;
};

static void	on_net(void *, int, short);
static void	on_in(void *, short);
static void	on_out(void *, short);

static bool
is_empty(const struct buffer *b)
{

	return (b->b_at == b->b_end);
}

static void
finish(struct relay *r, int error, bool stdio)
{

	if (!r->r_done) {
		r->r_error = error;
		r->r_stdio = stdio;
	}
	r->r_done = true;
	sy_loop_stop(r->r_rc->rc_loop);
}

static void
moved(struct relay *r)
{

	r->r_active = sy_loop_now(r->r_rc->rc_loop);
}

/* ---- Up ---- */

static void
write_net(struct relay *r)
{
	const struct relay_config *rc = r->r_rc;
	struct buffer *b = &r->r_up;
	ssize_t n;

	while (!is_empty(b)) {
		n = sy_send(rc->rc_host, rc->rc_fd, b->b_data + b->b_at,
		    b->b_end - b->b_at, MSG_NOSIGNAL);
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n == -1) {
			finish(r, errno, false);
			return;
		}
		b->b_at += (size_t)n;
		moved(r);
	}
}

static void
read_in(struct relay *r)
{
	struct buffer *b = &r->r_up;
	ssize_t n;

	n = read(STDIN_FILENO, b->b_data, BUFFER);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1) {
		finish(r, errno, true);
		return;
	}
	if (n == 0) {
		r->r_in_eof = true;
		return;
	}
	b->b_at = 0;
	b->b_end = (size_t)n;
	moved(r);
	write_net(r);
}

/* ---- Down ---- */

static bool
takes_more(const struct relay *r)
{
	struct pollfd pfd = { STDOUT_FILENO, POLLOUT, 0 };

	return (r->r_file || poll(&pfd, 1, 0) == 1);
}

static void
write_out(struct relay *r)
{
	struct buffer *b = &r->r_down;
	size_t len;
	ssize_t n;

	while (!is_empty(b) && takes_more(r)) {
		len = b->b_end - b->b_at;
		if (!r->r_file && len > PIPE_BUF)
			len = PIPE_BUF;
		n = write(STDOUT_FILENO, b->b_data + b->b_at, len);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n == -1) {
			finish(r, errno, true);
			return;
		}
		b->b_at += (size_t)n;
	}
}

static void
read_net(struct relay *r)
{
	const struct relay_config *rc = r->r_rc;
	struct buffer *b = &r->r_down;
	ssize_t n;

	while (is_empty(b) && !r->r_done) {
		n = sy_recv(rc->rc_host, rc->rc_fd, b->b_data, BUFFER, 0);
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n == -1) {
			finish(r, errno, false);
			return;
		}
		if (n == 0) {
			r->r_net_eof = true;
			return;
		}
		b->b_at = 0;
		b->b_end = (size_t)n;
		moved(r);
		write_out(r);
	}
}

/* ---- What to wait for ---- */

static void
watch_fd(struct relay *r, int fd, short events, short *was,
    void (*func)(void *, short))
{

	if (events == *was)
		return;
	*was = events;
	if (sy_loop_fd(r->r_rc->rc_loop, fd, events, func, r) == -1)
		finish(r, errno, true);
}

/* After anything moved: is it over, and if not, what next? */
static void
settle(struct relay *r)
{
	const struct relay_config *rc = r->r_rc;
	bool up, down;
	short events;

	if (r->r_in_eof && is_empty(&r->r_up) && !r->r_net_closed) {
		r->r_net_closed = true;
		if (rc->rc_shutdown)
			(void)sy_shutdown(rc->rc_host, rc->rc_fd, SHUT_WR);
	}
	up = !is_empty(&r->r_up);
	down = !is_empty(&r->r_down);
	if (r->r_net_eof && !up && !down &&
	    (r->r_in_eof || r->r_terminal))
		finish(r, 0, false);
	if (r->r_done)
		return;
	events = (short)((!r->r_net_eof && !down ? POLLIN : 0) |
	    (up ? POLLOUT : 0));
	if (events != r->r_net_events) {
		r->r_net_events = events;
		if (sy_watch(rc->rc_host, rc->rc_fd, events, on_net, r) == -1)
			finish(r, errno, false);
	}
	watch_fd(r, STDIN_FILENO, !r->r_in_eof && !up ? POLLIN : 0,
	    &r->r_in_events, on_in);
	watch_fd(r, STDOUT_FILENO, down ? POLLOUT : 0, &r->r_out_events,
	    on_out);
}

static void
on_net(void *arg, int fd, short revents)
{
	struct relay *r = arg;

	(void)fd;
	if ((revents & (POLLOUT | POLLERR)) != 0)
		write_net(r);
	if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		read_net(r);
	settle(r);
}

static void
on_in(void *arg, short revents)
{
	struct relay *r = arg;

	(void)revents;
	read_in(r);
	settle(r);
}

static void
on_out(void *arg, short revents)
{
	struct relay *r = arg;

	(void)revents;
	write_out(r);
	if (is_empty(&r->r_down) && !r->r_net_eof)
		read_net(r);
	settle(r);
}

/* The idle timer is set again for the rest whenever it finds activity. */
static void
on_timer(void *arg)
{
	struct relay *r = arg;
	const struct relay_config *rc = r->r_rc;

	r->r_timer = -1;
	if (sy_loop_now(rc->rc_loop) >= r->r_active + rc->rc_idle)
		finish(r, 0, false);
	else
		r->r_timer = sy_loop_at(rc->rc_loop, r->r_active +
		    rc->rc_idle, on_timer, r);
}

static void
unwatch(struct relay *r)
{
	const struct relay_config *rc = r->r_rc;

	if (r->r_net_events != 0)
		(void)sy_watch(rc->rc_host, rc->rc_fd, 0, NULL, NULL);
	if (r->r_in_events != 0)
		(void)sy_loop_fd(rc->rc_loop, STDIN_FILENO, 0, NULL, NULL);
	if (r->r_out_events != 0)
		(void)sy_loop_fd(rc->rc_loop, STDOUT_FILENO, 0, NULL, NULL);
	if (r->r_timer != -1)
		(void)sy_loop_cancel(rc->rc_loop, r->r_timer);
	free(r->r_up.b_data);
	free(r->r_down.b_data);
}

int
relay(const struct relay_config *rc, bool *stdio)
{
	struct relay r;
	struct stat st;

	memset(&r, 0, sizeof(r));
	r.r_rc = rc;
	r.r_up.b_data = xcalloc(1, BUFFER);
	r.r_down.b_data = xcalloc(1, BUFFER);
	r.r_file = fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode);
	r.r_terminal = isatty(STDIN_FILENO) == 1;
	r.r_timer = -1;
	moved(&r);
	if (rc->rc_idle != 0)
		r.r_timer = sy_loop_at(rc->rc_loop, r.r_active + rc->rc_idle,
		    on_timer, &r);
	settle(&r);
	while (!r.r_done)
		(void)sy_loop_run(rc->rc_loop, UINT64_MAX);
	unwatch(&r);
	*stdio = r.r_stdio;
	return (r.r_error);
}
