/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Two hosts to try tools on; see rig.h.
 */
#include <sys/types.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rig.h"

#define	SOCKET	"control"
#define	OUTPUT	65536

static struct sockaddr_in
end(uint32_t addr, uint16_t port)
{
	struct sockaddr_in sin;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(addr);
	sin.sin_port = htons(port);
	return (sin);
}

static struct sockaddr_in6
end6(const char *addr, uint16_t port)
{
	struct sockaddr_in6 sin6;

	memset(&sin6, 0, sizeof(sin6));
	sin6.sin6_family = AF_INET6;
	ATF_REQUIRE_EQ(1, inet_pton(AF_INET6, addr, &sin6.sin6_addr));
	sin6.sin6_port = htons(port);
	return (sin6);
}

static void
listeners(struct rig *r)
{
	struct sockaddr_in sin = end(INADDR_ANY, 80);
	struct sockaddr_in6 sin6 = end6("::", 8080);
	int off = 0;

	WORKS(r->listener = sy_socket(r->b, AF_INET, SOCK_STREAM, 0));
	WORKS(sy_bind(r->b, r->listener, (struct sockaddr *)&sin,
	    sizeof(sin)));
	WORKS(sy_listen(r->b, r->listener, 5));
	WORKS(r->listener6 = sy_socket(r->b, AF_INET6, SOCK_STREAM, 0));
	WORKS(sy_setsockopt(r->b, r->listener6, IPPROTO_IPV6, IPV6_V6ONLY,
	    &off, sizeof(off)));
	WORKS(sy_bind(r->b, r->listener6, (struct sockaddr *)&sin6,
	    sizeof(sin6)));
	WORKS(sy_listen(r->b, r->listener6, 7));
}

void
rig_new(struct rig *r, double loss)
{
	struct sy_pipe p = { .rate = 10000000, .delay = 5 * MS,
	    .queue_bdp = 1.0, .loss = loss };

	memset(r, 0, sizeof(*r));
	r->loop = sy_loop_new(SY_VIRTUAL, 1);
	ATF_REQUIRE(r->loop != NULL);
	r->a = sy_host_new(r->loop, "alpha", NULL, 0);
	r->b = sy_host_new(r->loop, "beta", NULL, 0);
	ATF_REQUIRE(r->a != NULL && r->b != NULL);
	WORKS(sy_link(r->a, r->b, 0, 0));
	WORKS(sy_addr_add(r->a, "epair0a", "10.0.0.1/24"));
	WORKS(sy_addr_add(r->b, "epair0b", "10.0.0.2/24"));
	WORKS(sy_addr_add(r->a, "epair0a", "fd00::1/64"));
	WORKS(sy_addr_add(r->b, "epair0b", "fd00::2/64"));
	WORKS(sy_pipe(r->a, "epair0a", &p));
	WORKS(sy_pipe(r->b, "epair0b", &p));
	listeners(r);
	WORKS(sy_control_listen(r->loop, SOCKET));
	ATF_REQUIRE_EQ(0, setenv("STACKYARD", SOCKET, 1));
	/* Past the detection of duplicate addresses. */
	rig_run(r, 10 * SECOND);
}

void
rig_free(struct rig *r)
{
	sy_loop_free(r->loop);
}

void
rig_run(struct rig *r, uint64_t ns)
{
	WORKS(sy_loop_run(r->loop, sy_loop_now(r->loop) + ns));
}

int
rig_connect(struct rig *r, uint16_t from, uint16_t to, int *bp)
{
	struct sockaddr_in sin = end(0x0a000001, from);
	int fd;

	WORKS(fd = sy_socket(r->a, AF_INET, SOCK_STREAM, 0));
	WORKS(sy_bind(r->a, fd, (struct sockaddr *)&sin, sizeof(sin)));
	sin = end(0x0a000002, to);
	WORKS(sy_connect(r->a, fd, (struct sockaddr *)&sin, sizeof(sin)));
	rig_run(r, 100 * MS);
	if (bp != NULL)
		WORKS(*bp = sy_accept(r->b, to == 80 ? r->listener :
		    r->listener6, NULL, NULL));
	return (fd);
}

int
rig_connect6(struct rig *r, uint16_t from, uint16_t to)
{
	struct sockaddr_in6 sin6 = end6("fd00::1", from);
	int fd;

	WORKS(fd = sy_socket(r->a, AF_INET6, SOCK_STREAM, 0));
	WORKS(sy_bind(r->a, fd, (struct sockaddr *)&sin6, sizeof(sin6)));
	sin6 = end6("fd00::2", to);
	WORKS(sy_connect(r->a, fd, (struct sockaddr *)&sin6, sizeof(sin6)));
	rig_run(r, 100 * MS);
	return (fd);
}

/* ---- A transfer ---- */

static uint8_t
pattern(uint64_t i)
{
	return ((uint8_t)(i * 31 + i / 251));
}

static void
sender(void *arg, int fd, short revents)
{
	struct rig *r = arg;
	uint8_t buf[4096];
	size_t i, len;
	ssize_t n;

	(void)revents;
	len = r->bytes - r->sent < sizeof(buf) ? (size_t)(r->bytes -
	    r->sent) : sizeof(buf);
	for (i = 0; i < len; i++)
		buf[i] = pattern(r->sent + i);
	n = sy_send(r->a, fd, buf, len, MSG_DONTWAIT);
	ATF_REQUIRE_MSG(n > 0, "%s", sy_error());
	r->sent += (uint64_t)n;
	if (r->sent == r->bytes)
		WORKS(sy_close(r->a, fd));
}

static void
receiver(void *arg, int fd, short revents)
{
	struct rig *r = arg;
	uint8_t buf[4096];
	ssize_t i, n;

	(void)revents;
	n = sy_recv(r->b, fd, buf, sizeof(buf), MSG_DONTWAIT);
	ATF_REQUIRE_MSG(n >= 0, "%s", sy_error());
	for (i = 0; i < n; i++)
		ATF_REQUIRE_EQ(pattern(r->got + (uint64_t)i), buf[i]);
	r->got += (uint64_t)n;
	if (n == 0)
		WORKS(sy_close(r->b, fd));
}

void
rig_transfer(struct rig *r, uint16_t from, uint64_t bytes)
{
	r->bytes = bytes;
	r->from = rig_connect(r, from, 80, &r->to);
	WORKS(sy_watch(r->b, r->to, POLLIN, receiver, r));
	WORKS(sy_watch(r->a, r->from, POLLOUT, sender, r));
}

/* ---- The tools ---- */

/* The tools of this build first on PATH; what they say in buf. */
static int
run(const char *command, char buf[OUTPUT])
{
	char line[1024];
	size_t len;
	FILE *f;

	(void)snprintf(line, sizeof(line),
	    "PATH=%s/libexec/stackyard:$PATH; { %s; } 2>&1", STACKYARD_BUILD,
	    command);
	ATF_REQUIRE((f = popen(line, "r")) != NULL);
	len = fread(buf, 1, OUTPUT - 1, f);
	buf[len] = '\0';
	return (WEXITSTATUS(pclose(f)));
}

void
rig_tool(const struct rig *r, int status, const char *command,
    const char *output)
{
	static char buf[OUTPUT];
	int got;

	(void)r;
	got = run(command, buf);
	if (strcmp(buf, output) != 0)
		atf_tc_fail_nonfatal("%s: says\n%s\ninstead of\n%s",
		    command, buf, output);
	ATF_CHECK_EQ_MSG(status, got, "%s: status %d instead of %d", command,
	    got, status);
}

void
rig_tool_says(const struct rig *r, int status, const char *command,
    const char *part)
{
	static char buf[OUTPUT];
	int got;

	(void)r;
	got = run(command, buf);
	if (strstr(buf, part) == NULL)
		atf_tc_fail_nonfatal("%s: says\n%s\nwithout\n%s", command,
		    buf, part);
	ATF_CHECK_EQ_MSG(status, got, "%s: status %d instead of %d", command,
	    got, status);
}
