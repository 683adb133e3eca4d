/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Flows: the two programs of each, as the events of their endpoints and of
 * the clock drive them.
 *
 *	bulk		the client sends all it can, until `bytes' or
 *			`seconds' are over; then FIN.  The server reads, and
 *			closes after the client.
 *	rate		the same, but after t seconds at most rate * t bytes
 *			were given to the socket.
 *	on, off		the same, only while on.
 *	request		the client sends request bytes, the server answers
 *			with response bytes, the client thinks; again.
 *
 * A flow has completed when its receiver has the last byte.  Its sockets are
 * closed when both sides have seen the other's FIN, or when the run ends.
 *
 * May touch: the flow's sockets and its endpoints.
 */
#include <netinet/in.h>
#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "choice.h"
#include "sim.h"

#define	TICK	(10 * NS_PER_MS)	/* of a program with a rate */

static void	client_event(void *, enum ep_event);
static void	server_event(void *, enum ep_event);
static void	flow_fail(struct flow *, int);

static bool
is_limited(const struct flow *fl)
{

	return (fl->fl_sc->f_rate != 0);
}

static void
at(struct flow *fl, uint64_t when, void (*func)(void *))
{

	if (sy_loop_at(fl->fl_sim->si_loop, when, func, fl) == -1)
		fail(EX_OSERR, "%s", sy_error());
}

static uint64_t
now(const struct flow *fl)
{

	return (sy_loop_now(fl->fl_sim->si_loop));
}

/* ---- Addresses ---- */

/* The address of the server on the last link of the way there. */
static void
server_addr(const struct flow *fl, struct sockaddr_storage *ss,
    socklen_t *len)
{
	const struct sim *si = fl->fl_sim;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;
	char text[TOPO_ADDRLEN];
	uint32_t last, *path;
	size_t n;
	int af;

	path = xcalloc(si->si_sc->s_nhosts, sizeof(*path));
	n = topology_path(si->si_topo, fl->fl_sc->f_host[0],
	    fl->fl_sc->f_host[1], path);
	last = path[n - 1];
	free(path);
	af = fl->fl_sc->f_ipv6 ? AF_INET6 : AF_INET;
	topology_addr(last / 2, 1 - (int)(last % 2), af, "", text);
	memset(ss, 0, sizeof(*ss));
	ss->ss_family = (sa_family_t)af;
	if (af == AF_INET) {
		sin->sin_port = htons(fl->fl_port);
		(void)inet_pton(af, text, &sin->sin_addr);
		*len = sizeof(*sin);
	} else {
		sin6->sin6_port = htons(fl->fl_port);
		(void)inet_pton(af, text, &sin6->sin6_addr);
		*len = sizeof(*sin6);
	}
}

/* ---- The programs ---- */

/* Closed on both sides: nothing more will happen. */
static void
flow_close(struct flow *fl)
{
	int i;

	sample_flow(fl, now(fl));
	for (i = 0; i < 2; i++) {
		if (fl->fl_fd[i] == -1)
			continue;
		if (fl->fl_ep[i] != NULL) {
			sy_host_enter(fl->fl_host[i]);
			endpoint_leave(fl->fl_ep[i]);
			sy_host_leave(fl->fl_host[i]);
		}
		(void)sy_close(fl->fl_host[i], fl->fl_fd[i]);
		fl->fl_fd[i] = -1;
	}
}

static void
flow_end(struct flow *fl, enum flow_state state)
{

	if (fl->fl_state == FL_DONE || fl->fl_state == FL_FAILED)
		return;
	fl->fl_state = state;
	fl->fl_sim->si_active--;
}

static void
flow_fail(struct flow *fl, int error)
{

	fl->fl_error = error;
	flow_end(fl, FL_FAILED);
	flow_close(fl);
}

/* Give the client's socket what the rate allows by now. */
static void
give(struct flow *fl)
{
	unsigned __int128 total;

	if (!fl->fl_on)
		return;
	total = (unsigned __int128)fl->fl_sc->f_rate *
	    (now(fl) - fl->fl_rate_since) / (8 * NS_PER_S) +
	    fl->fl_rate_given;
	if (total > fl->fl_given) {
		endpoint_send(fl->fl_ep[CLIENT],
		    (uint64_t)total - fl->fl_given);
		fl->fl_given = (uint64_t)total;
	}
}

static void
tick(void *arg)
{
	struct flow *fl = arg;

	if (fl->fl_state != FL_RUNNING || !fl->fl_on)
		return;
	sy_host_enter(fl->fl_host[CLIENT]);
	give(fl);
	sy_host_leave(fl->fl_host[CLIENT]);
	at(fl, now(fl) + TICK, tick);
}

/* The client may send from now on. */
static void
turn_on(struct flow *fl)
{

	fl->fl_on = true;
	fl->fl_rate_since = now(fl);
	fl->fl_rate_given = fl->fl_given;
	if (is_limited(fl))
		at(fl, now(fl) + TICK, tick);
	else
		endpoint_send(fl->fl_ep[CLIENT], UINT64_MAX);
}

static void
turn(void *arg)
{
	struct flow *fl = arg;

	if (fl->fl_state != FL_RUNNING)
		return;
	sy_host_enter(fl->fl_host[CLIENT]);
	if (fl->fl_on) {
		fl->fl_on = false;
		if (!is_limited(fl))
			endpoint_hold(fl->fl_ep[CLIENT]);
		at(fl, now(fl) + fl->fl_sc->f_off, turn);
	} else {
		turn_on(fl);
		at(fl, now(fl) + fl->fl_sc->f_on, turn);
	}
	sy_host_leave(fl->fl_host[CLIENT]);
}

/* The flow's seconds are over. */
static void
stop(void *arg)
{
	struct flow *fl = arg;

	if (fl->fl_state != FL_RUNNING)
		return;
	fl->fl_on = false;
	sy_host_enter(fl->fl_host[CLIENT]);
	if (fl->fl_sc->f_app != APP_REQUEST && !is_limited(fl))
		endpoint_hold(fl->fl_ep[CLIENT]);
	endpoint_finish(fl->fl_ep[CLIENT]);
	sy_host_leave(fl->fl_host[CLIENT]);
}

static void
ask(void *arg)
{
	struct flow *fl = arg;
	const struct sc_flow *sc = fl->fl_sc;

	if (fl->fl_state != FL_RUNNING)
		return;
	fl->fl_asked = now(fl);
	sy_host_enter(fl->fl_host[CLIENT]);
	endpoint_expect(fl->fl_ep[CLIENT],
	    (fl->fl_exchanges + 1) * sc->f_response);
	endpoint_send(fl->fl_ep[CLIENT], sc->f_request);
	sy_host_leave(fl->fl_host[CLIENT]);
}

static void
answered(struct flow *fl)
{

	fl->fl_exchanges++;
	hist_add(fl->fl_waits, (now(fl) - fl->fl_asked) / NS_PER_US);
	if (fl->fl_exchanges == fl->fl_sc->f_times) {
		fl->fl_ended = now(fl);
		endpoint_finish(fl->fl_ep[CLIENT]);
		return;
	}
	at(fl, now(fl) + fl->fl_sc->f_think, ask);
}

static void
connected(struct flow *fl)
{
	const struct sc_flow *sc = fl->fl_sc;

	fl->fl_connected = now(fl);
	fl->fl_state = FL_RUNNING;
	if (sc->f_seconds != 0)
		at(fl, fl->fl_started + sc->f_seconds, stop);
	if (sc->f_app == APP_REQUEST) {
		at(fl, now(fl), ask);
		return;
	}
	if (sc->f_bytes != 0)
		endpoint_limit(fl->fl_ep[CLIENT], sc->f_bytes);
	turn_on(fl);
	if (sc->f_app == APP_ONOFF)
		at(fl, now(fl) + sc->f_on, turn);
}

static void
client_event(void *arg, enum ep_event event)
{
	struct flow *fl = arg;

	switch (event) {
	case EP_CONNECTED:
		connected(fl);
		break;
	case EP_RECEIVED:
		answered(fl);
		break;
	case EP_EOF:			/* the server has answered our FIN */
		flow_end(fl, FL_DONE);
		flow_close(fl);
		break;
	case EP_FAILED:
		flow_fail(fl, endpoint_error(fl->fl_ep[CLIENT]));
		break;
	}
}

static void
server_event(void *arg, enum ep_event event)
{
	struct flow *fl = arg;
	const struct sc_flow *sc = fl->fl_sc;
	struct endpoint *ep = fl->fl_ep[SERVER];

	switch (event) {
	case EP_CONNECTED:
		break;
	case EP_RECEIVED:
		if (sc->f_app != APP_REQUEST) {
			fl->fl_ended = now(fl);
			break;
		}
		endpoint_expect(ep, (endpoint_received(ep) / sc->f_request +
		    1) * sc->f_request);
		endpoint_send(ep, sc->f_response);
		break;
	case EP_EOF:
		if (fl->fl_ended == 0)
			fl->fl_ended = now(fl);
		endpoint_finish(ep);
		break;
	case EP_FAILED:
		flow_fail(fl, endpoint_error(ep));
		break;
	}
}

/* ---- Sockets ---- */

static void
attach(struct flow *fl, int end, int fd)
{
	const uint8_t *pattern;

	pattern = fl->fl_pattern != NULL ? fl->fl_pattern :
	    fl->fl_sim->si_pattern;
	fl->fl_fd[end] = fd;
	sy_host_enter(fl->fl_host[end]);
	fl->fl_ep[end] = endpoint_new(fd, pattern, fl->fl_sc->f_verify,
	    end == CLIENT ? client_event : server_event, fl);
	sy_host_leave(fl->fl_host[end]);
	if (fl->fl_ep[end] == NULL)
		fail(EX_OSERR, "out of memory");
}

static void
accepted(void *arg, int fd, short revents)
{
	struct flow *fl = arg;
	const struct sc_flow *sc = fl->fl_sc;
	int s;

	(void)revents;
	s = sy_accept(fl->fl_host[SERVER], fd, NULL, NULL);
	if (s == -1)
		return;			/* it went away meanwhile */
	(void)sy_watch(fl->fl_host[SERVER], fd, 0, NULL, NULL);
	(void)sy_close(fl->fl_host[SERVER], fd);
	fl->fl_listener = -1;
	attach(fl, SERVER, s);
	sy_host_enter(fl->fl_host[SERVER]);
	if (sc->f_app == APP_REQUEST)
		endpoint_expect(fl->fl_ep[SERVER], sc->f_request);
	else if (sc->f_bytes != 0)
		endpoint_expect(fl->fl_ep[SERVER], sc->f_bytes);
	sy_host_leave(fl->fl_host[SERVER]);
}

/* Block and module by name; that they exist was checked before. */
static void
choose(const struct flow *fl, struct sy_host *host, int fd)
{
	const struct sc_flow *sc = fl->fl_sc;

	if (sc->f_block != NULL &&
	    choice_set(host, fd, CHOICE_BLOCK, sc->f_block) == -1)
		key_fail(&sc->f_place, "block", "%s: %s", sc->f_block,
		    strerror(errno));
	if (sc->f_cc != NULL &&
	    choice_set(host, fd, CHOICE_CC, sc->f_cc) == -1)
		key_fail(&sc->f_place, "cc", "%s: %s", sc->f_cc,
		    strerror(errno));
}

/* A socket of an end of the flow with all its options. */
static int
make_socket(const struct flow *fl, int end)
{
	const struct sc_flow *sc = fl->fl_sc;
	struct sy_host *host;
	const char *bad;
	int fd;

	host = fl->fl_host[end];
	fd = sy_socket(host, sc->f_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	if (fd == -1 || sy_setnonblock(host, fd, true) == -1)
		key_fail(&sc->f_place, NULL, "socket: %s", strerror(errno));
	choose(fl, host, fd);
	bad = options_set(&sc->f_options, host, fd, sc->f_ipv6);
	if (bad != NULL)
		key_fail(&sc->f_place, "options", "%s: %s", bad,
		    strerror(errno));
	return (fd);
}

/* What the socket uses, for the table: chosen or the host's default. */
static void
learn(struct flow *fl)
{
	struct sy_tcp_function_set set;
	socklen_t len;

	memset(&set, 0, sizeof(set));
	len = sizeof(set);
	if (sy_getsockopt(fl->fl_host[CLIENT], fl->fl_fd[CLIENT], IPPROTO_TCP,
	    SY_TCP_FUNCTION_BLK, &set, &len) == 0)
		memcpy(fl->fl_block, set.function_set_name,
		    sizeof(fl->fl_block) - 1);
	len = sizeof(fl->fl_cc) - 1;
	(void)sy_getsockopt(fl->fl_host[CLIENT], fl->fl_fd[CLIENT],
	    IPPROTO_TCP, SY_TCP_CONGESTION, fl->fl_cc, &len);
}

static void
start(void *arg)
{
	struct flow *fl = arg;
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	fl->fl_started = now(fl);
	fl->fl_base_time = fl->fl_started;
	fl->fl_state = FL_CONNECTING;
	fd = make_socket(fl, CLIENT);
	server_addr(fl, &ss, &len);
	attach(fl, CLIENT, fd);
	learn(fl);
	if (sy_connect(fl->fl_host[CLIENT], fd, (struct sockaddr *)&ss,
	    len) == -1 && errno != EINPROGRESS)
		flow_fail(fl, errno);
}

/* xorshift64*. */
uint8_t *
flow_pattern(uint64_t seed)
{
	uint8_t *p;
	size_t i;

	p = xcalloc(EP_PERIOD, 1);
	seed = (seed + 1) * 0x9e3779b97f4a7c15ULL | 1;
	for (i = 0; i < EP_PERIOD; i++) {
		seed ^= seed >> 12;
		seed ^= seed << 25;
		seed ^= seed >> 27;
		p[i] = (uint8_t)(seed * 0x2545f4914f6cdd1dULL >> 56);
	}
	return (p);
}

void
flow_setup(struct flow *fl)
{
	const struct sc_flow *sc = fl->fl_sc;
	struct sim *si = fl->fl_sim;
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	if (sc->f_app == APP_REQUEST)
		fl->fl_waits = xcalloc(1, sizeof(*fl->fl_waits));
	if (sc->f_verify)
		fl->fl_pattern = flow_pattern(si->si_sc->s_seed * 65536 +
		    fl->fl_index + 1);
	fd = make_socket(fl, SERVER);
	server_addr(fl, &ss, &len);
	if (sy_bind(fl->fl_host[SERVER], fd, (struct sockaddr *)&ss,
	    len) == -1 || sy_listen(fl->fl_host[SERVER], fd, 1) == -1 ||
	    sy_watch(fl->fl_host[SERVER], fd, POLLIN, accepted, fl) == -1)
		key_fail(&sc->f_place, NULL, "port %u of %s: %s",
		    fl->fl_port, sc->f_to, strerror(errno));
	fl->fl_listener = fd;
	at(fl, fl->fl_start, start);
}

void
flow_free(struct flow *fl)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (fl->fl_ep[i] == NULL)
			continue;
		sy_host_enter(fl->fl_host[i]);
		endpoint_free(fl->fl_ep[i]);
		sy_host_leave(fl->fl_host[i]);
	}
	free(fl->fl_waits);
	text_free(&fl->fl_csv);
}

uint64_t
flow_received(const struct flow *fl)
{
	const struct endpoint *ep;

	ep = fl->fl_ep[1 - fl->fl_sender];
	return (ep != NULL ? endpoint_received(ep) : 0);
}

void
flow_look(struct flow *fl)
{
	struct sy_host *host;
	int fd;

	host = fl->fl_host[fl->fl_sender];
	fd = fl->fl_fd[fl->fl_sender];
	if (fd == -1)
		return;
	sy_host_enter(host);
	(void)conninfo_get(fd, &fl->fl_info);
	sy_host_leave(host);
}

const char *
flow_state_name(const struct flow *fl)
{
	static const char *const names[] = {
		[FL_WAITING] = "waiting", [FL_CONNECTING] = "connecting",
		[FL_RUNNING] = "running", [FL_DONE] = "done",
		[FL_FAILED] = "failed",
	};

	return (names[fl->fl_state]);
}
