/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Hosts: their names, what their stacks ask of them (time, chance, a place
 * for log lines, a next turn), birth and death.
 *
 * Chance.  Each host draws from a stream of its own, ChaCha20 under the key
 *
 *	BLAKE2b("host", the loop's seed, the host's name)
 *
 * so a host's chance depends on neither the other hosts nor their order.  In
 * real time with seed 0 the stream is the system's.
 *
 * Time.  In virtual time 1970 was when the loop began; in real time it was
 * when it was.
 *
 * Variables.  Those marked as tunables are set before the stack starts; the
 * others when it has started and the loop's modules are there, since values
 * may name what start-up brings (a congestion-control module, a variable of
 * a module).  Nothing has been sent by then.
 */
#if __has_include(<bsd/stdlib.h>)
#include <bsd/stdlib.h>
#endif
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sy_loop.h"

static int
by_name(const struct sy_host *a, const struct sy_host *b)
{

	return (strcmp(a->h_name, b->h_name));
}

RB_GENERATE(sy_names, sy_host, h_node, by_name)

/* ---- Chance ---- */

void
sy_derive(void *buf, size_t len, const char *label, uint64_t seed,
    const char *a, const char *b)
{
	crypto_generichash_state state;
	uint8_t seedbytes[8];
	int i;

	for (i = 0; i < 8; i++)
		seedbytes[i] = (uint8_t)(seed >> (8 * i));
	(void)crypto_generichash_init(&state, NULL, 0, len);
	(void)crypto_generichash_update(&state, (const uint8_t *)label,
	    strlen(label) + 1);
	(void)crypto_generichash_update(&state, seedbytes, 8);
	(void)crypto_generichash_update(&state, (const uint8_t *)a,
	    strlen(a) + 1);
	(void)crypto_generichash_update(&state, (const uint8_t *)b,
	    strlen(b) + 1);
	(void)crypto_generichash_final(&state, buf, len);
}

static void
random_init(struct sy_random *r, const struct sy_loop *loop,
    const char *name)
{

	r->r_system = loop->l_mode == SY_REAL && loop->l_seed == 0;
	r->r_used = sizeof(r->r_buf);
	r->r_block = 0;
	sy_derive(r->r_key, sizeof(r->r_key), "host", loop->l_seed, name,
	    "");
}

static void
random_refill(struct sy_random *r)
{
	uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
	size_t i;

	if (r->r_system) {
		randombytes_buf(r->r_buf, sizeof(r->r_buf));
	} else {
		for (i = 0; i < sizeof(nonce); i++)
			nonce[i] = (uint8_t)(r->r_block >> (8 * i));
		r->r_block++;
		(void)crypto_stream_chacha20(r->r_buf, sizeof(r->r_buf),
		    nonce, r->r_key);
	}
	r->r_used = 0;
}

void
syh_random(struct sy_host *host, void *buf, size_t len)
{
	struct sy_random *r;
	uint8_t *p;
	size_t n;

	r = &host->h_random;
	for (p = buf; len > 0; p += n, len -= n) {
		if (r->r_used == sizeof(r->r_buf))
			random_refill(r);
		n = sizeof(r->r_buf) - r->r_used;
		if (n > len)
			n = len;
		memcpy(p, r->r_buf + r->r_used, n);
		r->r_used += (uint32_t)n;
	}
}

/* ---- Time and log ---- */

uint64_t
syh_clock(struct sy_host *host)
{

	return (sy_loop_now(host->h_loop));
}

int64_t
syh_epoch(struct sy_host *host)
{

	return (host->h_loop->l_mode == SY_REAL ? sy_real_epoch() : 0);
}

void
syh_log(struct sy_host *host, int level, const char *line)
{

	if (host->h_starting)
		sy_note_log(line);
	if (host->h_log != NULL)
		host->h_log(host->h_logarg, level, line);
}

/* The program is the owner, under the name it was started by. */
void
syh_proc(struct sy_host *host, int32_t *pid, uint32_t *uid, uint32_t *gid,
    char *comm, size_t size)
{

	(void)host;
	*pid = (int32_t)getpid();
	*uid = (uint32_t)getuid();
	*gid = (uint32_t)getgid();
	(void)snprintf(comm, size, "%s", getprogname());
}

static void
log_to_stderr(void *arg, int level, const char *line)
{
	struct sy_host *host;

	(void)level;
	host = arg;
	(void)fprintf(stderr, "%s: %s\n", host->h_name, line);
}

void
sy_host_log(struct sy_host *host, void (*func)(void *, int, const char *),
    void *arg)
{

	host->h_log = func;
	host->h_logarg = arg;
}

/* ---- Birth ---- */

/* A host that is on no list yet; NULL: the reason has been noted. */
static struct sy_host *
host_alloc_named(struct sy_loop *loop, const char *name)
{
	struct sy_host *host;

	host = calloc(1, sizeof(*host));
	if (host == NULL || sy_event_add(loop, &host->h_event) != 0) {
		free(host);
		(void)sy_fail(ENOMEM, "sy_host_new: host %s: out of memory",
		    name);
		return (NULL);
	}
	host->h_event.ev_ishost = true;
	host->h_loop = loop;
	host->h_id = ++loop->l_born;
	memcpy(host->h_name, name, strlen(name) + 1);
	TAILQ_INIT(&host->h_ready);
	TAILQ_INIT(&host->h_taps);
	random_init(&host->h_random, loop, name);
	if (loop->l_mode == SY_REAL)
		sy_host_log(host, log_to_stderr, host);
	return (host);
}

/* Make the vnet, with a copy of vars whose struct the stack knows. */
static int
host_start(struct sy_host *host, const struct sy_var *vars, size_t nvars)
{
	struct vnet_line *line = &host->h_loop->l_line;
	struct syk_var *copy;
	size_t i;
	int error;

	copy = calloc(nvars + 1, sizeof(*copy));
	if (copy == NULL)
		return (sy_fail(ENOMEM, "sy_host_new: host %s: out of "
		    "memory", host->h_name));
	for (i = 0; i < nvars; i++) {
		copy[i].name = vars[i].name;
		copy[i].value = vars[i].value;
	}
	sy_note_log(NULL);
	host->h_starting = true;
	error = syk_host_create(host->h_name, host, copy, nvars,
	    line, host->h_loop->l_mode == SY_VIRTUAL ? &line->vl_now : NULL,
	    &host->h_vnet, &host->h_place);
	host->h_starting = false;
	free(copy);
	if (error != 0)
		return (sy_fail(error, "sy_host_new: host %s: %s%s%s",
		    host->h_name, strerror(error),
		    *sy_noted_log() != '\0' ? ": " : "", sy_noted_log()));
	return (0);
}

/* Set those of vars that are not tunables. */
static int
host_setvars(struct sy_host *host, const struct sy_var *vars, size_t nvars)
{
	size_t i;

	for (i = 0; i < nvars; i++)
		if (!syk_sysctl_istunable(vars[i].name) &&
		    sy_sysctl_set(host, vars[i].name, vars[i].value) != 0)
			return (-1);
	return (0);
}

static int
check_args(struct sy_loop *loop, const char *name, const struct sy_var *vars,
    size_t nvars)
{
	size_t i;

	if (name == NULL || *name == '\0' || strlen(name) >= SYK_NAMELEN)
		return (sy_fail(EINVAL, "sy_host_new: a host's name has 1 "
		    "to %d characters, not %zu", SYK_NAMELEN - 1,
		    name == NULL ? 0 : strlen(name)));
	if (sy_host_find(loop, name) != NULL)
		return (sy_fail(EEXIST, "sy_host_new: there is a host %s "
		    "already", name));
	for (i = 0; i < nvars; i++)
		if (vars[i].name == NULL || vars[i].value == NULL)
			return (sy_fail(EINVAL, "sy_host_new: host %s: "
			    "variable %zu has no name or no value", name,
			    i));
	return (0);
}

/* Take host, which is on the lists, apart. */
static void
host_destroy(struct sy_host *host)
{
	struct sy_loop *loop;

	loop = host->h_loop;
	sy_capture_host_gone(host);
	sy_tap_host_gone(host);
	sy_watch_forget_all(host);
	vnet_destroy(host->h_vnet);
	RB_REMOVE(sy_names, &loop->l_names, host);
	TAILQ_REMOVE(&loop->l_hosts, host, h_link);
	sy_host_forget(host);
	if (loop->l_subject == host)
		loop->l_subject = NULL;
	if (loop->l_last == host)
		loop->l_last = NULL;
	loop->l_gone++;
	free(host);
}

static struct sy_host *
host_new(struct sy_loop *loop, const char *name,
    const struct sy_var *vars, size_t nvars)
{
	struct sy_host *host;
	int error;

	if (check_args(loop, name, vars, nvars) != 0)
		return (NULL);
	host = host_alloc_named(loop, name);
	if (host == NULL)
		return (NULL);
	if (host_start(host, vars, nvars) != 0) {
		error = errno;
		sy_host_forget(host);
		free(host);
		errno = error;
		return (NULL);
	}
	TAILQ_INSERT_TAIL(&loop->l_hosts, host, h_link);
	(void)RB_INSERT(sy_names, &loop->l_names, host);
	if (sy_kld_attach_all(host) != 0 ||
	    host_setvars(host, vars, nvars) != 0) {
		error = errno;
		host_destroy(host);
		errno = error;
		return (NULL);
	}
	sy_control_host_new(host);
	return (host);
}

struct sy_host *
sy_host_new(struct sy_loop *loop, const char *name,
    const struct sy_var *vars, size_t nvars)
{
	struct sy_host *host;

	sy_take(loop);
	host = host_new(loop, name, vars, nvars);
	sy_drop(loop);
	return (host);
}

void
sy_host_free(struct sy_host *host)
{

	struct sy_loop *loop;

	if (host == NULL)
		return;
	loop = host->h_loop;
	assert(loop->l_running != host);
	sy_take(loop);
	host_destroy(host);
	sy_drop(loop);
}

/* ---- Looking and entering ---- */

struct sy_host *
sy_host_find(struct sy_loop *loop, const char *name)
{
	struct sy_host key;

	if (strlen(name) >= sizeof(key.h_name))
		return (NULL);
	memcpy(key.h_name, name, strlen(name) + 1);
	return (RB_FIND(sy_names, &loop->l_names, &key));
}

const char *
sy_host_name(const struct sy_host *host)
{

	return (host->h_name);
}

struct sy_loop *
sy_host_loop(const struct sy_host *host)
{

	return (host->h_loop);
}

struct vnet *
sy_host_vnet(struct sy_host *host)
{

	return (host->h_vnet);
}

void
sy_host_enter(struct sy_host *host)
{
	struct sy_loop *loop;

	loop = host->h_loop;
	assert(loop->l_ndoors < SY_DOORS);
	loop->l_doors[loop->l_ndoors++] = vnet_enter(host->h_vnet);
}

void
sy_host_leave(struct sy_host *host)
{
	struct sy_loop *loop;

	loop = host->h_loop;
	assert(loop->l_ndoors > 0);
	vnet_leave(loop->l_doors[--loop->l_ndoors]);
}
