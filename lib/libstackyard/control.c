/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The control socket: a thread that answers sysctl(3)'s and kld(2)'s
 * requests about the hosts of a loop (ysctl_proto.h) while another thread
 * runs the loop, or does something else entirely.
 *
 *	client --request--> read whole --turn--> the variable --> reply
 *
 * A request is read whole before the turn is asked for, and its answer is in
 * memory of the thread's own before it is sent, so that the stack waits for
 * one variable and never for a client.  Clients are polled; one that stops
 * reading keeps nobody else waiting.
 *
 * Bounds: MAX_CLIENTS connections, the oldest idle one goes for a new one;
 * a name of YP_NAME_MAX bytes, a value of YP_NEW_MAX; an answer of
 * YP_OLD_MAX.  What is not a request ends its connection.
 *
 * May use the operating system's sockets, threads and files.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sy_loop.h"
#include "ysctl.h"
#include "ysctl_proto.h"

#define	MAX_CLIENTS	64
#define	STACK_SIZE	(256 * 1024)

struct client {
	int		c_fd;		/* -1: the place is free */
	uint64_t	c_used;		/* when it asked last, counted */
	char		c_host[SYK_NAMELEN];	/* "": the oldest */
	struct yp_request c_req;
	char		*c_payload;	/* name, NUL, new value */
	size_t		c_in;		/* bytes of both that have come */
	char		*c_out;		/* NULL: nothing to send */
	size_t		c_outlen, c_sent;
};

struct sy_control {
	struct sy_loop	*c_loop;
	pthread_t	c_thread;
	int		c_listener;
	int		c_pipe[2];	/* closed at our end: the thread ends */
	uint64_t	c_count;	/* of requests and arrivals */
	struct client	c_clients[MAX_CLIENTS];
	struct sockaddr_un c_sun;
	dev_t		c_dev;		/* of our socket's file */
	ino_t		c_ino;
};

/* What a request came to. */
struct result {
	int		r_error;
	size_t		r_oldlen;
	char		*r_data;	/* begins with room for a yp_reply */
	size_t		r_datalen;	/* after that */
	char		r_text[YP_TEXT_MAX];
};
#define	DATA_OFFSET	sizeof(struct yp_reply)

/* ---- Answering ---- */

static void
complain(struct result *r, int error, const char *fmt, const char *arg)
{

	r->r_error = error;
	(void)snprintf(r->r_text, sizeof(r->r_text), fmt, arg);
}

/* Make room for len bytes of answer: false if memory is short. */
static bool
room(struct result *r, size_t len)
{
	char *p;

	p = realloc(r->r_data, DATA_OFFSET + len + 1);
	if (p == NULL) {
		complain(r, ENOMEM, "out of memory%s", "");
		return (false);
	}
	r->r_data = p;
	return (true);
}

/* The host a client means; the turn is ours. */
static struct sy_host *
host_of(struct sy_loop *loop, const struct client *c, struct result *r)
{
	struct sy_host *host;

	host = *c->c_host != '\0' ? sy_host_find(loop, c->c_host) :
	    TAILQ_FIRST(&loop->l_hosts);
	if (host == NULL)
		complain(r, ESRCH, *c->c_host != '\0' ?
		    "there is no host called %s" : "there are no hosts%s",
		    c->c_host);
	return (host);
}

static void
do_host(struct sy_loop *loop, struct client *c, struct result *r)
{
	const char *name;

	name = c->c_payload;
	if (c->c_req.yq_namelen >= sizeof(c->c_host)) {
		complain(r, ESRCH, "there is no host called %.64s...", name);
		return;
	}
	memcpy(c->c_host, name, strlen(name) + 1);
	(void)host_of(loop, c, r);
}

static void
do_hosts(struct sy_loop *loop, struct result *r)
{
	struct sy_host *host;
	size_t len;

	len = 1;
	TAILQ_FOREACH(host, &loop->l_hosts, h_link)
		len += strlen(host->h_name) + 1;
	if (!room(r, len))
		return;
	TAILQ_FOREACH(host, &loop->l_hosts, h_link) {
		len = strlen(host->h_name) + 1;
		memcpy(r->r_data + DATA_OFFSET + r->r_datalen, host->h_name,
		    len);
		r->r_datalen += len;
	}
	r->r_data[DATA_OFFSET + r->r_datalen++] = '\0';
}

static void
do_sysctl(struct sy_loop *loop, struct client *c, struct result *r)
{
	int mib[YP_NAME_MAX / sizeof(int)];
	const struct yp_request *req;
	struct sy_host *host;
	size_t oldlen;
	bool by_mib;

	req = &c->c_req;
	host = host_of(loop, c, r);
	if (host == NULL)
		return;
	by_mib = req->yq_op == YP_SYSCTL;
	if (by_mib)
		memcpy(mib, c->c_payload, req->yq_namelen);
	oldlen = req->yq_oldlen;
	r->r_error = syk_sysctl(host->h_vnet, by_mib ? mib : NULL,
	    req->yq_namelen / sizeof(int), c->c_payload,
	    (req->yq_flags & YP_OLD) != 0 ? r->r_data + DATA_OFFSET : NULL,
	    (req->yq_flags & YP_OLDLEN) != 0 ? &oldlen : NULL,
	    (req->yq_flags & YP_NEW) != 0 ?
	    c->c_payload + req->yq_namelen + 1 : NULL, req->yq_newlen);
	r->r_oldlen = oldlen;
	if ((req->yq_flags & YP_OLD) != 0 &&
	    (r->r_error == 0 || r->r_error == ENOMEM))
		r->r_datalen = oldlen < req->yq_oldlen ? oldlen :
		    req->yq_oldlen;
}

static int
one_kld(void *arg, const struct sy_kldinfo *info)
{
	struct ysctl_kld kld;
	struct result *r;

	r = arg;
	memset(&kld, 0, sizeof(kld));
	kld.id = info->ki_id;
	kld.refs = 1;
	kld.address = info->ki_address;
	kld.size = info->ki_size;
	(void)snprintf(kld.file, sizeof(kld.file), "%s", info->ki_file);
	(void)snprintf(kld.path, sizeof(kld.path), "%s", info->ki_path);
	(void)snprintf(kld.module, sizeof(kld.module), "%s",
	    info->ki_module != NULL ? info->ki_module : "");
	if (!room(r, r->r_datalen + sizeof(kld)))
		return (ENOMEM);
	memcpy(r->r_data + DATA_OFFSET + r->r_datalen, &kld, sizeof(kld));
	r->r_datalen += sizeof(kld);
	return (0);
}

static void
do_kldstat(struct sy_loop *loop, const struct client *c, struct result *r)
{
	struct sy_host *host;

	host = host_of(loop, c, r);
	if (host != NULL)
		(void)sy_kld_foreach(loop, host, one_kld, r);
}

/* Why loading or unloading name failed; the client knows what it asked. */
static const char *
kld_reason(const char *name)
{
	const char *base, *s;

	base = strrchr(name, '/');
	base = base != NULL ? base + 1 : name;
	s = strstr(sy_error(), ": ");
	s = s != NULL ? s + 2 : sy_error();
	if (strncmp(s, name, strlen(name)) == 0)
		s += strlen(name);
	else if (strncmp(s, base, strlen(base)) == 0)
		s += strlen(base);
	else
		return (s);
	if (strncmp(s, ".so", 3) == 0)
		s += 3;
	return (strncmp(s, ": ", 2) == 0 ? s + 2 : s);
}

/* These take the turn themselves, where they need it. */
static void
do_kld(struct sy_loop *loop, const struct client *c, struct result *r)
{
	int id;

	id = 0;
	if (c->c_req.yq_op == YP_KLDLOAD)
		id = sy_kld_load(loop, c->c_payload);
	else
		id = sy_kld_unload(loop, c->c_payload,
		    (c->c_req.yq_flags & YP_FORCE) != 0);
	if (id < 0) {
		complain(r, errno, "%s", kld_reason(c->c_payload));
	} else if (room(r, sizeof(id))) {
		memcpy(r->r_data + DATA_OFFSET, &id, sizeof(id));
		r->r_datalen = sizeof(id);
	}
}

static void
do_in_turn(struct sy_loop *loop, struct client *c, struct result *r)
{

	sy_take(loop);
	switch (c->c_req.yq_op) {
	case YP_HOST:
		do_host(loop, c, r);
		break;
	case YP_HOSTS:
		do_hosts(loop, r);
		break;
	case YP_KLDSTAT:
		do_kldstat(loop, c, r);
		break;
	default:
		do_sysctl(loop, c, r);
		break;
	}
	sy_drop(loop);
}

/* Carry out what c asks and have the reply ready to be sent. */
static void
serve(struct sy_control *ctl, struct client *c)
{
	struct result r = { .r_error = 0 };
	struct yp_reply rep;
	size_t textlen;

	if (room(&r, (c->c_req.yq_flags & YP_OLD) != 0 ?
	    c->c_req.yq_oldlen : 0)) {
		if (c->c_req.yq_op == YP_KLDLOAD ||
		    c->c_req.yq_op == YP_KLDUNLOAD)
			do_kld(ctl->c_loop, c, &r);
		else
			do_in_turn(ctl->c_loop, c, &r);
	}
	/* A variable may have armed a timer that the loop sleeps past. */
	if (ctl->c_loop->l_real != NULL)
		sy_real_wakeup(ctl->c_loop->l_real);
	textlen = strlen(r.r_text);
	rep = (struct yp_reply){ .yr_magic = YP_MAGIC, .yr_error = r.r_error,
	    .yr_oldlen = r.r_oldlen, .yr_datalen = r.r_datalen,
	    .yr_textlen = (uint32_t)textlen };
	if (!room(&r, r.r_datalen + textlen)) {
		free(r.r_data);
		return;			/* c_out stays NULL: it is closed */
	}
	memcpy(r.r_data, &rep, sizeof(rep));
	memcpy(r.r_data + DATA_OFFSET + r.r_datalen, r.r_text, textlen);
	c->c_out = r.r_data;
	c->c_outlen = DATA_OFFSET + r.r_datalen + textlen;
	c->c_sent = 0;
}

/* ---- Clients ---- */

static void
client_reset(struct client *c)
{

	free(c->c_payload);
	free(c->c_out);
	c->c_payload = c->c_out = NULL;
	c->c_in = c->c_outlen = c->c_sent = 0;
}

static void
client_close(struct client *c)
{

	(void)close(c->c_fd);
	client_reset(c);
	c->c_fd = -1;
}

/* The header is there: may it be one? */
static bool
is_request(const struct yp_request *req)
{

	if (req->yq_magic != YP_MAGIC || req->yq_op < YP_HOST ||
	    req->yq_op > YP_KLDSTAT || req->yq_namelen > YP_NAME_MAX ||
	    req->yq_newlen > YP_NEW_MAX || req->yq_oldlen > YP_OLD_MAX)
		return (false);
	return (req->yq_op != YP_SYSCTL ||
	    req->yq_namelen % sizeof(int) == 0);
}

/*
 * Read what has come: 1 a request is complete, 0 there is more to come, -1
 * the client is gone or talks nonsense.
 */
static int
client_read(struct client *c)
{
	size_t head, want;
	ssize_t n;
	char *to;

	head = sizeof(c->c_req);
	for (;;) {
		if (c->c_in < head) {
			to = (char *)&c->c_req + c->c_in;
			want = head - c->c_in;
		} else {
			/* Between name and value stands a NUL of ours. */
			to = c->c_payload + (c->c_in - head);
			want = c->c_req.yq_namelen;
			if (c->c_in - head < want)
				want -= c->c_in - head;
			else {
				to++;
				want += c->c_req.yq_newlen - (c->c_in - head);
			}
			if (want == 0)
				return (1);
		}
		n = recv(c->c_fd, to, want, MSG_DONTWAIT);
		if (n <= 0)
			return (n < 0 && (errno == EAGAIN || errno == EINTR) ?
			    0 : -1);
		c->c_in += (size_t)n;
		if (c->c_in == head && c->c_payload == NULL) {
			if (!is_request(&c->c_req))
				return (-1);
			c->c_payload = calloc(1, c->c_req.yq_namelen +
			    c->c_req.yq_newlen + 2);
			if (c->c_payload == NULL)
				return (-1);
		}
	}
}

/* Send what can be sent: false if the client is gone. */
static bool
client_write(struct client *c)
{
	ssize_t n;

	n = send(c->c_fd, c->c_out + c->c_sent, c->c_outlen - c->c_sent,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return (errno == EAGAIN || errno == EINTR);
	c->c_sent += (size_t)n;
	if (c->c_sent == c->c_outlen)
		client_reset(c);
	return (true);
}

static void
client_ready(struct sy_control *ctl, struct client *c)
{
	int got;

	if (c->c_out == NULL) {
		got = client_read(c);
		if (got > 0) {
			c->c_used = ++ctl->c_count;
			serve(ctl, c);
		}
		if (got < 0 || (got > 0 && c->c_out == NULL)) {
			client_close(c);
			return;
		}
	}
	if (c->c_out != NULL && !client_write(c))
		client_close(c);
}

/* A free place, or that of who has been silent longest. */
static struct client *
client_place(struct sy_control *ctl)
{
	struct client *best;
	int i;

	best = &ctl->c_clients[0];
	for (i = 0; i < MAX_CLIENTS; i++) {
		if (ctl->c_clients[i].c_fd < 0)
			return (&ctl->c_clients[i]);
		if (ctl->c_clients[i].c_used < best->c_used)
			best = &ctl->c_clients[i];
	}
	client_close(best);
	return (best);
}

static void
client_accept(struct sy_control *ctl)
{
	struct client *c;
	int fd;

	fd = accept4(ctl->c_listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	c = client_place(ctl);
	c->c_fd = fd;
	c->c_used = ++ctl->c_count;
	*c->c_host = '\0';
}

/* ---- The thread ---- */

static void *
control_thread(void *arg)
{
	struct pollfd pfd[MAX_CLIENTS + 2];
	struct sy_control *ctl;
	struct client *c;
	int i;

	ctl = arg;
	for (;;) {
		pfd[0] = (struct pollfd){ ctl->c_pipe[0], POLLIN, 0 };
		pfd[1] = (struct pollfd){ ctl->c_listener, POLLIN, 0 };
		for (i = 0; i < MAX_CLIENTS; i++) {
			c = &ctl->c_clients[i];
			pfd[i + 2] = (struct pollfd){ c->c_fd,
			    c->c_out != NULL ? POLLOUT : POLLIN, 0 };
		}
		if (poll(pfd, MAX_CLIENTS + 2, -1) < 0)
			continue;
		if (pfd[0].revents != 0)
			return (NULL);
		for (i = 0; i < MAX_CLIENTS; i++)
			if (pfd[i + 2].fd >= 0 && pfd[i + 2].revents != 0)
				client_ready(ctl, &ctl->c_clients[i]);
		if (pfd[1].revents != 0)
			client_accept(ctl);
	}
}

/* All signals are the program's other threads'. */
static int
start_thread(struct sy_control *ctl)
{
	sigset_t all, old;
	pthread_attr_t attr;
	int error;

	error = pthread_attr_init(&attr);
	if (error != 0)
		return (error);
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&ctl->c_thread, &attr, control_thread, ctl);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)pthread_attr_destroy(&attr);
	return (error);
}

/* ---- The socket ---- */

/* Does somebody listen at sun? */
static bool
is_alive(const struct sockaddr_un *sun)
{
	bool alive;
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return (true);		/* who knows */
	alive = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 ||
	    errno != ECONNREFUSED;
	(void)close(fd);
	return (alive);
}

/*
 * Bind fd to sun, for its owner alone: the mode of the descriptor is that of
 * the file from the beginning, whatever the umask.  Only a dead socket is
 * replaced, never another file.
 */
static int
bind_private(int fd, const struct sockaddr_un *sun)
{
	struct stat st;
	int try;

	(void)fchmod(fd, 0600);
	for (try = 0; try < 2; try++) {
		if (bind(fd, (const struct sockaddr *)sun,
		    sizeof(*sun)) == 0)
			return (chmod(sun->sun_path, 0600) == 0 ? 0 : errno);
		if (errno != EADDRINUSE || try > 0 ||
		    lstat(sun->sun_path, &st) != 0 ||
		    !S_ISSOCK(st.st_mode) || is_alive(sun))
			return (errno != 0 ? errno : EADDRINUSE);
		(void)unlink(sun->sun_path);
	}
	return (EADDRINUSE);
}

static int
open_listener(struct sy_control *ctl)
{
	struct stat st;
	int error;

	ctl->c_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (ctl->c_listener < 0)
		return (errno);
	error = bind_private(ctl->c_listener, &ctl->c_sun);
	if (error == 0 && listen(ctl->c_listener, 64) != 0)
		error = errno;
	if (error == 0 && lstat(ctl->c_sun.sun_path, &st) == 0) {
		ctl->c_dev = st.st_dev;
		ctl->c_ino = st.st_ino;
	}
	if (error != 0)
		(void)close(ctl->c_listener);
	return (error);
}

/* Close the socket and remove its file, if it still is ours. */
static void
close_listener(struct sy_control *ctl)
{
	struct stat st;

	if (lstat(ctl->c_sun.sun_path, &st) == 0 &&
	    st.st_dev == ctl->c_dev && st.st_ino == ctl->c_ino)
		(void)unlink(ctl->c_sun.sun_path);
	(void)close(ctl->c_listener);
}

/* ---- Beginning and end ---- */

void
sy_control_host_new(struct sy_host *host)
{

	if (host->h_loop->l_turn != NULL)
		syk_host_share(host->h_vnet, true);
}

/* From now on there are turns; or no more. */
static void
share_all(struct sy_loop *loop, struct sy_turn *turn)
{
	struct sy_host *host;

	loop->l_turn = turn;
	sy_set_rare(loop, SY_RARE_TURNS, turn != NULL);
	TAILQ_FOREACH(host, &loop->l_hosts, h_link)
		syk_host_share(host->h_vnet, turn != NULL);
}

static struct sy_control *
control_new(struct sy_loop *loop, const char *path)
{
	struct sy_control *ctl;
	int i;

	ctl = calloc(1, sizeof(*ctl));
	if (ctl == NULL)
		return (NULL);
	ctl->c_loop = loop;
	for (i = 0; i < MAX_CLIENTS; i++)
		ctl->c_clients[i].c_fd = -1;
	ctl->c_sun.sun_family = AF_UNIX;
	memcpy(ctl->c_sun.sun_path, path, strlen(path) + 1);
	return (ctl);
}

/* What is needed besides ctl itself: 0, or an errno and nothing is left. */
static int
control_start(struct sy_control *ctl)
{
	struct sy_turn *turn;
	int error;

	if (pipe2(ctl->c_pipe, O_CLOEXEC) != 0)
		return (errno);
	error = open_listener(ctl);
	if (error == 0) {
		turn = sy_turn_new();
		if (turn == NULL) {
			error = ENOMEM;
		} else {
			share_all(ctl->c_loop, turn);
			error = start_thread(ctl);
		}
		if (error == 0)
			return (0);
		if (turn != NULL) {
			share_all(ctl->c_loop, NULL);
			sy_turn_free(turn);
		}
		close_listener(ctl);
	}
	(void)close(ctl->c_pipe[0]);
	(void)close(ctl->c_pipe[1]);
	return (error);
}

int
sy_control_listen(struct sy_loop *loop, const char *path)
{
	struct sy_control *ctl;
	int error;

	if (loop->l_control != NULL)
		return (sy_fail(EALREADY, "control socket %s: the loop has "
		    "one already", path));
	if (loop->l_depth > 0 || loop->l_ndoors > 0)
		return (sy_fail(EDEADLK, "control socket %s: it cannot be "
		    "opened from a callback", path));
	if (*path == '\0' || strlen(path) >= sizeof(ctl->c_sun.sun_path))
		return (sy_fail(ENAMETOOLONG, "control socket %s: the path "
		    "has 1 to %zu characters", path,
		    sizeof(ctl->c_sun.sun_path) - 1));
	ctl = control_new(loop, path);
	error = ctl != NULL ? control_start(ctl) : ENOMEM;
	if (error != 0) {
		free(ctl);
		return (sy_fail(error, "control socket %s: %s", path,
		    strerror(error)));
	}
	loop->l_control = ctl;
	return (0);
}

int
sy_control_close(struct sy_loop *loop)
{
	struct sy_control *ctl;
	struct sy_turn *turn;
	int i;

	ctl = loop->l_control;
	if (ctl == NULL)
		return (sy_fail(ENOENT, "the loop has no control socket"));
	if (loop->l_depth > 0 || loop->l_ndoors > 0)
		return (sy_fail(EDEADLK, "control socket %s: it cannot be "
		    "closed from a callback", ctl->c_sun.sun_path));
	(void)close(ctl->c_pipe[1]);
	(void)pthread_join(ctl->c_thread, NULL);
	(void)close(ctl->c_pipe[0]);
	for (i = 0; i < MAX_CLIENTS; i++)
		if (ctl->c_clients[i].c_fd >= 0)
			client_close(&ctl->c_clients[i]);
	close_listener(ctl);
	loop->l_control = NULL;
	turn = loop->l_turn;
	share_all(loop, NULL);
	sy_turn_free(turn);
	free(ctl);
	return (0);
}
