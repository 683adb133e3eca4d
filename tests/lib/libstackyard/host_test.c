/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Hosts: names, variables, chance, logs, death at inconvenient times.
 */
#include <stdio.h>

#include "ktest.h"
#include "sy_test.h"

static struct sy_loop *loop;

static struct sy_host *
host(const char *name)
{
	struct sy_host *h;

	h = sy_host_new(loop, name, NULL, 0);
	ATF_REQUIRE_MSG(h != NULL, "%s", sy_error());
	return (h);
}

/* sy_host_new() fails with this errno and this word in the sentence. */
static void
refused(const char *name, const char *var, const char *value, int error,
    const char *word)
{
	const struct sy_var v = { var, value };

	errno = 0;
	ATF_CHECK(sy_host_new(loop, name, &v, var != NULL) == NULL);
	ATF_CHECK_EQ_MSG(error, errno, "%s=%s: errno %d: %s", var, value,
	    errno, sy_error());
	ATF_CHECK_MSG(strstr(sy_error(), word) != NULL, "%s", sy_error());
}

TEST(names)
{
	struct sy_host *a;

	loop = sy_loop_new(SY_VIRTUAL, 1);
	a = host("a");
	ATF_CHECK_STREQ("a", sy_host_name(a));
	ATF_CHECK(sy_host_loop(a) == loop);
	ATF_CHECK(sy_host_vnet(a) != NULL);
	ATF_CHECK(sy_host_find(loop, "a") == a);
	ATF_CHECK(sy_host_find(loop, "b") == NULL);
	ATF_CHECK(sy_host_find(loop, "a name that is longer than any can "
	    "be") == NULL);
	refused("a", NULL, NULL, EEXIST, "already");
	refused("", NULL, NULL, EINVAL, "name");
	refused(NULL, NULL, NULL, EINVAL, "name");
	refused("a name that is longer than any can be", NULL, NULL, EINVAL,
	    "31");
	(void)host("1234567890123456789012345678901");
	sy_host_free(a);
	ATF_CHECK(sy_host_find(loop, "a") == NULL);
	(void)host("a");
	sy_host_free(NULL);
	sy_loop_free(loop);
}

TEST(variables)
{
	const struct sy_var vars[] = {
		{ "kern.ipc.maxsockbuf", "1000000" },
		{ "kern.ipc.maxsockets", "77" },	/* a tunable */
		{ "kern.hostname", "other" },
	};
	struct sy_host *h;
	char buf[32];

	loop = sy_loop_new(SY_VIRTUAL, 1);
	h = sy_host_new(loop, "h", vars, 3);
	ATF_REQUIRE_MSG(h != NULL, "%s", sy_error());
	ATF_CHECK_EQ(7, sy_sysctl_get(h, "kern.ipc.maxsockbuf", buf, 32));
	ATF_CHECK_STREQ("1000000", buf);
	ATF_CHECK_EQ(2, sy_sysctl_get(h, "kern.ipc.maxsockets", buf, 32));
	ATF_CHECK_STREQ("77", buf);
	ATF_CHECK_EQ(5, sy_sysctl_get(h, "kern.hostname", buf, 32));
	ATF_CHECK_STREQ("other", buf);
	h = host("name");
	ATF_CHECK_EQ(4, sy_sysctl_get(h, "kern.hostname", buf, 32));
	ATF_CHECK_STREQ("name", buf);
	refused("x", "no.such.variable", "1", ENOENT, "no.such.variable");
	refused("x", "kern.ipc.maxsockbuf", "many", EINVAL, "many");
	refused("x", "kern.ipc.maxsockets", "many", EINVAL, "maxsockets");
	refused("x", "kern.ostype", "Plan9", EPERM, "kern.ostype");
	refused("x", "kern.ipc", "1", EISDIR, "node");
	refused("x", "kern.hostname", NULL, EINVAL, "no value");
	ATF_CHECK(sy_host_find(loop, "x") == NULL);
	sy_loop_free(loop);
}

static int
option(struct sy_host *h, int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	ATF_REQUIRE_EQ_MSG(0, sy_getsockopt(h, fd, level, name, &value,
	    &len), "%s", sy_error());
	return (value);
}

/* A host with another system's personality speaks its numbers, and the
 * program's and FreeBSD's where they cannot be mistaken. */
TEST(personality)
{
	const struct sy_var lx[] = { { "compat.personality", "linux" } };
	const struct sy_var il[] = { { "compat.personality", "illumos" } };
	struct sy_host *h;
	int fd, value = 7;

	loop = sy_loop_new(SY_VIRTUAL, 1);
	ATF_REQUIRE((h = sy_host_new(loop, "lx", lx, 1)) != NULL);
	ATF_REQUIRE((fd = sy_socket(h, AF_INET, SOCK_STREAM, 0)) >= 0);
	/* Linux's TCP_SYNCNT is 7, and its TCP_KEEPCNT 6. */
	ATF_REQUIRE_EQ(6, option(h, fd, 6, 7));
	ATF_REQUIRE_EQ(0, sy_setsockopt(h, fd, 6, 6, &value,
	    sizeof(value)));
	ATF_REQUIRE_EQ(7, option(h, fd, 6, 6));
	ATF_REQUIRE_EQ(7, option(h, fd, 6, SY_TCP_KEEPCNT));
	ATF_REQUIRE_EQ(-1, sy_setsockopt(h, fd, 6, 64, &value,
	    sizeof(value)));
	ATF_REQUIRE_EQ(ENOPROTOOPT, errno);
	/* SO_RCVBUF, which Linux doubles. */
	value = 10000;
	ATF_REQUIRE_EQ(0, sy_setsockopt(h, fd, SOL_SOCKET, SO_RCVBUF, &value,
	    sizeof(value)));
	ATF_REQUIRE_EQ(20000, option(h, fd, 1, 8));
	ATF_REQUIRE_EQ(0, sy_ioctl(h, fd, 0x541b, &value));
	ATF_REQUIRE_EQ(0, value);
	ATF_REQUIRE_EQ(0, sy_ioctl(h, fd, SY_FIONSPACE, &value));
	ATF_REQUIRE((h = sy_host_new(loop, "il", il, 1)) != NULL);
	ATF_REQUIRE((fd = sy_socket(h, AF_INET, SOCK_STREAM, 0)) >= 0);
	/* SO_EXCLBIND, and TCP_RTO_MIN. */
	value = 1;
	ATF_REQUIRE_EQ(0, sy_setsockopt(h, fd, 0xffff, 0x1015, &value,
	    sizeof(value)));
	ATF_REQUIRE_EQ(1, option(h, fd, 0xffff, 0x1015));
	ATF_REQUIRE_EQ(400, option(h, fd, 6, 0x1a));
	ATF_REQUIRE_EQ(SOCK_STREAM, option(h, fd, SOL_SOCKET, SO_TYPE));
	refused("other", "compat.personality", "plan9", EINVAL,
	    "compat.personality");
	sy_loop_free(loop);
}

TEST(sysctl)
{
	struct sy_host *h;
	char buf[32];

	loop = sy_loop_new(SY_VIRTUAL, 1);
	h = host("h");
	WORKS(sy_sysctl_set(h, "kern.ipc.maxsockbuf", "0x100000"));
	ATF_CHECK_EQ(7, sy_sysctl_get(h, "kern.ipc.maxsockbuf", buf, 32));
	ATF_CHECK_STREQ("1048576", buf);
	/* The length is whole even when the text is cut. */
	ATF_CHECK_EQ(7, sy_sysctl_get(h, "kern.ipc.maxsockbuf", buf, 4));
	ATF_CHECK_STREQ("104", buf);
	ATF_CHECK_EQ(7, sy_sysctl_get(h, "kern.ipc.maxsockbuf", NULL, 0));
	FAILS(ENOENT, "kern.nothing", sy_sysctl_set(h, "kern.nothing", "1"));
	FAILS(ENOENT, "unknown", sy_sysctl_get(h, "kern.nothing", buf, 32));
	FAILS(EISDIR, "node", sy_sysctl_get(h, "kern.ipc", buf, 32));
	FAILS(EPERM, "read only", sy_sysctl_set(h, "kern.ipc.maxsockets",
	    "1"));
	FAILS(EINVAL, "=x", sy_sysctl_set(h, "kern.ipc.maxsockbuf", "x"));
	/* A table that is made while it is read. */
	ATF_CHECK(sy_sysctl_get(h, "vm.malloc", buf, sizeof(buf)) > 100);
	ATF_CHECK_EQ(sizeof(buf) - 1, strlen(buf));
	sy_loop_free(loop);
}

/* A host's chance follows from the loop's seed and its name alone. */
static void
draw(uint64_t seed, const char *name, const char *before, uint8_t out[64])
{
	struct sy_host *other, *h;
	uint8_t wasted[300];

	loop = sy_loop_new(SY_VIRTUAL, seed);
	if (before != NULL) {
		other = host(before);
		kt_random(sy_host_vnet(other), wasted, sizeof(wasted));
	}
	h = host(name);
	kt_random(sy_host_vnet(h), wasted, sizeof(wasted));
	kt_random(sy_host_vnet(h), out, 64);
	ATF_CHECK(memcmp(wasted, wasted + 256, 44) != 0);
	sy_loop_free(loop);
}

TEST(chance)
{
	uint8_t a[64], b[64];

	draw(1, "h", NULL, a);
	draw(1, "h", "other", b);
	ATF_CHECK(memcmp(a, b, sizeof(a)) == 0);
	draw(2, "h", NULL, b);
	ATF_CHECK(memcmp(a, b, sizeof(a)) != 0);
	draw(1, "g", NULL, b);
	ATF_CHECK(memcmp(a, b, sizeof(a)) != 0);
}

/* In real time seed 0 is different each time, another seed is not. */
TEST(chance_real)
{
	struct sy_host *h;
	uint8_t out[4][16];
	int i;

	for (i = 0; i < 4; i++) {
		loop = sy_loop_new(SY_REAL, i < 2 ? 0 : 5);
		h = host("h");
		kt_random(sy_host_vnet(h), out[i], 16);
		sy_loop_free(loop);
	}
	ATF_CHECK(memcmp(out[0], out[1], 16) != 0);
	ATF_CHECK(memcmp(out[2], out[3], 16) == 0);
}

static char logged[64];

static void
take_line(void *arg, int level, const char *line)
{

	ATF_CHECK(arg == logged);
	ATF_CHECK_EQ(3, level);
	(void)snprintf(logged, sizeof(logged), "%s", line);
}

TEST(log_lines)
{
	struct sy_host *h;

	loop = sy_loop_new(SY_VIRTUAL, 1);
	h = host("h");
	kt_log(sy_host_vnet(h), "nobody reads this");
	sy_host_log(h, take_line, logged);
	kt_log(sy_host_vnet(h), "a line");
	ATF_CHECK_STREQ("a line", logged);
	sy_host_log(h, NULL, NULL);
	kt_log(sy_host_vnet(h), "another");
	ATF_CHECK_STREQ("a line", logged);
	sy_loop_free(loop);
}

static void
set_timer(struct sy_host *h, int kq, int64_t ms)
{
	struct sy_kevent kev;

	SY_EV_SET(&kev, 1, SY_EVFILT_TIMER, SY_EV_ADD, 0, ms, NULL);
	WORKS(sy_kevent(h, kq, &kev, 1, NULL, 0, 0));
}

/* A hook frees the host whose turn it was; the loop goes on. */
static void
free_host(struct sy_host *h, void *arg)
{

	if (h == arg) {
		sy_host_free(h);
		sy_loop_hook(loop, NULL, NULL);
	}
}

TEST(freed_by_hook)
{
	struct sy_host *a, *b;

	loop = sy_loop_new(SY_VIRTUAL, 1);
	a = host("a");
	b = host("b");
	set_timer(a, sy_kqueue(a), 10);
	set_timer(b, sy_kqueue(b), 15);
	sy_loop_hook(loop, free_host, a);
	WORKS(sy_loop_run(loop, 100 * MS));
	ATF_CHECK(sy_host_find(loop, "a") == NULL);
	ATF_CHECK(sy_host_find(loop, "b") == b);
	sy_loop_free(loop);
}

/* A wait for a host that is freed ends. */
static void
free_a(void *arg)
{

	sy_host_free(arg);
	/* Perhaps at the same address. */
	(void)host("a2");
}

TEST(freed_in_wait)
{
	struct sy_kevent kev;
	struct sy_host *a;
	int kq;

	loop = sy_loop_new(SY_VIRTUAL, 1);
	a = host("a");
	WORKS(kq = sy_kqueue(a));
	WORKS(sy_loop_at(loop, 5, free_a, a));
	FAILS(EBADF, "freed", sy_kevent(a, kq, NULL, 0, &kev, 1, SECOND));
	sy_loop_free(loop);
}

/* Doors nest, and two hosts' doors may be open at once. */
TEST(doors)
{
	struct sy_host *a, *b;

	loop = sy_loop_new(SY_VIRTUAL, 1);
	a = host("a");
	b = host("b");
	sy_host_enter(a);
	sy_host_enter(b);
	sy_host_enter(a);
	sy_host_leave(a);
	sy_host_leave(b);
	sy_host_leave(a);
	WORKS(sy_loop_run(loop, 10));
	sy_loop_free(loop);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, names);
	ATF_TP_ADD_TC(tp, variables);
	ATF_TP_ADD_TC(tp, personality);
	ATF_TP_ADD_TC(tp, sysctl);
	ATF_TP_ADD_TC(tp, chance);
	ATF_TP_ADD_TC(tp, chance_real);
	ATF_TP_ADD_TC(tp, log_lines);
	ATF_TP_ADD_TC(tp, freed_by_hook);
	ATF_TP_ADD_TC(tp, freed_in_wait);
	ATF_TP_ADD_TC(tp, doors);
	return (atf_no_error());
}
