/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The control socket: that it answers whatever the program does, that it
 * believes nothing, and that hundreds of connections survive thousands of
 * requests beside them.
 */
#include <sys/stat.h>
#include <sys/un.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <ysctl.h>
#include <ysctl_proto.h>

#include "sy_test.h"

#define	SOCKET		"control"
#define	EXAMPLE		STACKYARD_BUILD "/lib/stackyard/cc_example.so"
#define	BLOCK		STACKYARD_BUILD "/lib/stackyard/block_example.so"

static struct sy_loop *loop;

static void
up(int mode)
{
	loop = sy_loop_new(mode, 1);
	ATF_REQUIRE(loop != NULL);
	ATF_REQUIRE(sy_host_new(loop, "a", NULL, 0) != NULL);
	ATF_REQUIRE(sy_host_new(loop, "b", NULL, 0) != NULL);
	WORKS(sy_control_listen(loop, SOCKET));
}

static struct ysctl *
client(const char *host)
{
	struct ysctl *y;

	y = ysctl_open(SOCKET, host);
	ATF_REQUIRE_MSG(y != NULL, "%s", ysctl_error());
	return (y);
}

static int
get_int(struct ysctl *y, const char *name)
{
	size_t len = sizeof(int);
	int value = -1;

	ATF_REQUIRE_EQ_MSG(0, ysctlbyname(y, name, &value, &len, NULL, 0),
	    "%s: %s", name, ysctl_error());
	return (value);
}

static void
set_int(struct ysctl *y, const char *name, int value)
{
	ATF_REQUIRE_EQ_MSG(0, ysctlbyname(y, name, NULL, NULL, &value,
	    sizeof(value)), "%s: %s", name, ysctl_error());
}

static void
still_answers(void)
{
	struct ysctl *y;

	y = client(NULL);
	ATF_CHECK_EQ(32768, get_int(y, "net.inet.tcp.sendspace"));
	ysctl_close(y);
}

/* ---- What it answers ---- */

TEST(variables)
{
	struct ysctl *a, *b, *first;
	char name[64];
	size_t len;
	int mib[24];

	up(SY_VIRTUAL);
	a = client("a");
	b = client("b");
	first = client(NULL);
	set_int(b, "net.inet.tcp.sendspace", 50000);
	ATF_CHECK_EQ(50000, get_int(b, "net.inet.tcp.sendspace"));
	ATF_CHECK_EQ(32768, get_int(a, "net.inet.tcp.sendspace"));
	ATF_CHECK_EQ(32768, get_int(first, "net.inet.tcp.sendspace"));
	/* Lengths as sysctl(3) has them. */
	len = 0;
	ATF_CHECK_EQ(0, ysctlbyname(a, "net.inet.tcp.cc.algorithm", NULL,
	    &len, NULL, 0));
	ATF_CHECK_EQ(sizeof("cubic"), len);
	len = 3;
	ATF_CHECK_ERRNO(ENOMEM, ysctlbyname(a, "net.inet.tcp.cc.algorithm",
	    name, &len, NULL, 0) == -1);
	len = 24;
	ATF_REQUIRE_EQ(0, ysctlnametomib(a, "net.inet.tcp.sendspace", mib,
	    &len));
	ATF_CHECK_EQ(4, len);
	ATF_CHECK_EQ(4, mib[0]);
	ATF_CHECK_ERRNO(ENOENT, ysctlbyname(a, "net.inet.nix", NULL, NULL,
	    NULL, 0) == -1);
	ATF_CHECK_ERRNO(EISDIR, ysctlbyname(a, "net.inet", name, &len, NULL,
	    0) == -1);
	ATF_CHECK_ERRNO(EPERM, ysctlbyname(a, "net.inet.tcp.cc.available",
	    NULL, NULL, "x", 1) == -1);
	ATF_CHECK_ERRNO(EINVAL, ysctlbyname(a, "net.inet.tcp.sendspace",
	    NULL, NULL, "x", 1) == -1);
	ATF_CHECK_EQ(32768, get_int(a, "net.inet.tcp.sendspace"));
	ysctl_close(a);
	ysctl_close(b);
	ysctl_close(first);
	sy_loop_free(loop);
	ATF_CHECK_EQ_MSG(-1, access(SOCKET, F_OK), "it is still there");
}

TEST(hosts)
{
	struct ysctl *y;
	char *names;

	up(SY_VIRTUAL);
	ATF_CHECK_ERRNO(ESRCH, ysctl_open(SOCKET, "nobody") == NULL);
	ATF_CHECK_STREQ("there is no host called nobody", ysctl_error());
	y = client("b");
	names = ysctl_hosts(y);
	ATF_REQUIRE(names != NULL);
	ATF_CHECK_EQ(0, memcmp("a\0b\0", names, 5));
	free(names);
	/* One that goes, and one that comes. */
	sy_host_free(sy_host_find(loop, "b"));
	ATF_CHECK_ERRNO(ESRCH, ysctlbyname(y, "net.inet.tcp.sendspace", NULL,
	    NULL, NULL, 0) == -1);
	ATF_REQUIRE(sy_host_new(loop, "b", NULL, 0) != NULL);
	ATF_CHECK_EQ(32768, get_int(y, "net.inet.tcp.sendspace"));
	ysctl_close(y);
	sy_loop_free(loop);
}

TEST(modules)
{
	struct ysctl_kld *list;
	struct ysctl *y;
	size_t count, i;
	int id, seen;

	up(SY_VIRTUAL);
	y = client(NULL);
	id = ysctl_kldload(y, EXAMPLE);
	ATF_REQUIRE_MSG(id > 1, "%s", ysctl_error());
	ATF_CHECK_EQ(1, get_int(y, "net.inet.tcp.cc.example.a"));
	ATF_CHECK_ERRNO(EEXIST, ysctl_kldload(y, EXAMPLE) == -1);
	ATF_REQUIRE_EQ(0, ysctl_kldstat(y, &list, &count));
	for (i = 0, seen = 0; i < count; i++)
		if (list[i].id == id) {
			seen++;
			ATF_CHECK_STREQ("cc_example.so", list[i].file);
			ATF_CHECK(list[i].size > 0);
		}
	ATF_CHECK_EQ_MSG(2, seen, "the file and its module");
	ATF_CHECK_STREQ("example", list[count - 1].module);
	free(list);
	ATF_CHECK_EQ(0, ysctlbyname(y, "net.inet.tcp.cc.algorithm", NULL,
	    NULL, "example", 7));
	ATF_CHECK_ERRNO(EBUSY, ysctl_kldunload(y, "cc_example", 0) == -1);
	ATF_CHECK_EQ(0, ysctlbyname(y, "net.inet.tcp.cc.algorithm", NULL,
	    NULL, "cubic", 5));
	ATF_CHECK_EQ_MSG(0, ysctl_kldunload(y, "cc_example", 0), "%s",
	    ysctl_error());
	ATF_CHECK_ERRNO(ENOENT, ysctlbyname(y, "net.inet.tcp.cc.example.a",
	    NULL, NULL, NULL, 0) == -1);
	ATF_CHECK_ERRNO(ENOENT, ysctl_kldunload(y, "cc_example", 0) == -1);
	ysctl_close(y);
	sy_loop_free(loop);
}

/* ---- Whatever the program does ---- */

struct asker {
	pthread_t	a_thread;
	atomic_bool	a_done;
};

static void *
ask(void *arg)
{
	struct asker *a = arg;
	struct ysctl *y;

	y = client("a");
	set_int(y, "net.inet.tcp.sendspace", 40000);
	ATF_CHECK_EQ(40000, get_int(y, "net.inet.tcp.sendspace"));
	ysctl_close(y);
	atomic_store(&a->a_done, true);
	return (NULL);
}

static void
ask_begin(struct asker *a)
{
	atomic_store(&a->a_done, false);
	ATF_REQUIRE_EQ(0, pthread_create(&a->a_thread, NULL, ask, a));
}

static void
ask_end(struct asker *a)
{
	ATF_REQUIRE_EQ(0, pthread_join(a->a_thread, NULL));
	ATF_CHECK(atomic_load(&a->a_done));
}

/* From inside a callback: the thread that runs the loop waits for it. */
static void
blocked(void *arg)
{
	ask_begin(arg);
	ask_end(arg);
	sy_loop_stop(loop);
}

TEST(blocked_callback)
{
	struct asker a;

	up(SY_REAL);
	WORKS(sy_loop_at(loop, sy_loop_now(loop), blocked, &a));
	ATF_CHECK_EQ(1, sy_loop_run(loop, UINT64_MAX));
	sy_loop_free(loop);
	ATF_CHECK_EQ(-1, access(SOCKET, F_OK));
	up(SY_VIRTUAL);
	WORKS(sy_loop_at(loop, 5, blocked, &a));
	ATF_CHECK_EQ(1, sy_loop_run(loop, UINT64_MAX));
	sy_loop_free(loop);
}

TEST(outside)
{
	struct asker a;

	up(SY_REAL);
	ask_begin(&a);
	ask_end(&a);
	sy_loop_free(loop);
}

/* A loop that is busy for as long as it is not answered. */
static void
again(void *arg)
{
	struct asker *a = arg;

	if (atomic_load(&a->a_done))
		sy_loop_stop(loop);
	else
		(void)sy_loop_at(loop, sy_loop_now(loop) + 1, again, a);
}

TEST(busy_loop)
{
	struct asker a;

	up(SY_VIRTUAL);
	ask_begin(&a);
	WORKS(sy_loop_at(loop, 5, again, &a));
	ATF_CHECK_EQ(1, sy_loop_run(loop, UINT64_MAX));
	ask_end(&a);
	sy_loop_free(loop);
}

/* Asleep in a call of the library's, with nothing else to wake it. */
static void *
ask_and_stop(void *arg)
{
	(void)ask(arg);
	sy_loop_stop(loop);
	return (NULL);
}

TEST(asleep)
{
	struct asker a;

	up(SY_REAL);
	ATF_REQUIRE_EQ(0, pthread_create(&a.a_thread, NULL, ask_and_stop,
	    &a));
	ATF_CHECK_EQ(1, sy_loop_run(loop, UINT64_MAX));
	ask_end(&a);
	sy_loop_free(loop);
}

TEST(no_mbufs)
{
	struct ysctl *y;

	up(SY_REAL);
	y = client("a");
	set_int(y, "kern.ipc.nmbufs", 1);
	ATF_CHECK_EQ(1, get_int(y, "kern.ipc.nmbufs"));
	set_int(y, "net.inet.tcp.sendspace", 40001);
	ATF_CHECK_EQ(40001, get_int(y, "net.inet.tcp.sendspace"));
	ysctl_close(y);
	sy_loop_free(loop);
}

/* ---- The socket ---- */

TEST(mode)
{
	struct stat st;
	mode_t old;

	old = umask(0);
	up(SY_VIRTUAL);
	(void)umask(old);
	ATF_REQUIRE_EQ(0, stat(SOCKET, &st));
	ATF_CHECK(S_ISSOCK(st.st_mode));
	ATF_CHECK_EQ(0600, st.st_mode & 07777);
	sy_loop_free(loop);
}

TEST(in_the_way)
{
	struct sy_loop *second;
	struct sockaddr_un sun = { .sun_family = AF_UNIX,
	    .sun_path = SOCKET };
	int fd;

	/* A dead one is replaced. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sun, sizeof(sun)));
	(void)close(fd);
	up(SY_VIRTUAL);
	/* A live one is not. */
	second = sy_loop_new(SY_VIRTUAL, 2);
	FAILS(EADDRINUSE, "control", sy_control_listen(second, SOCKET));
	FAILS(EALREADY, "already", sy_control_listen(loop, "other"));
	still_answers();
	/* Nor another file. */
	FAILS(EADDRINUSE, "/dev/null", sy_control_listen(second,
	    "/dev/null"));
	FAILS(ENOENT, "/nix/x", sy_control_listen(second, "/nix/x"));
	FAILS(ENAMETOOLONG, "characters", sy_control_listen(second, ""));
	sy_loop_free(second);
	WORKS(sy_control_close(loop));
	FAILS(ENOENT, "no control", sy_control_close(loop));
	WORKS(sy_control_listen(loop, SOCKET));
	sy_loop_free(loop);
}

TEST(not_there)
{
	ATF_CHECK_ERRNO(ENOENT, ysctl_open("nix", NULL) == NULL);
	(void)unsetenv("STACKYARD");
	ATF_CHECK_ERRNO(ENOENT, ysctl_open(NULL, NULL) == NULL);
	ATF_CHECK_MATCH("STACKYARD is not set", ysctl_error());
}

/* ---- Nonsense ---- */

static int
raw(const void *buf, size_t len)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX,
	    .sun_path = SOCKET };
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ATF_REQUIRE_EQ(0, connect(fd, (struct sockaddr *)&sun, sizeof(sun)));
	ATF_REQUIRE_EQ((ssize_t)len, send(fd, buf, len, MSG_NOSIGNAL));
	return (fd);
}

/* It hangs up. */
static void
refused(const struct yp_request *req)
{
	char c;
	int fd;

	fd = raw(req, sizeof(*req));
	ATF_CHECK_EQ(0, recv(fd, &c, 1, 0));
	(void)close(fd);
}

TEST(nonsense)
{
	const struct yp_request good = { .yq_magic = YP_MAGIC,
	    .yq_op = YP_SYSCTLBYNAME, .yq_namelen = 4 };
	struct yp_request req;
	unsigned i, n;
	int fd;

	up(SY_REAL);
	req = good;
	req.yq_magic++;
	refused(&req);
	req = good;
	req.yq_op = 0;
	refused(&req);
	req.yq_op = YP_KLDSTAT + 1;
	refused(&req);
	req = good;
	req.yq_namelen = YP_NAME_MAX + 1;
	refused(&req);
	req = good;
	req.yq_newlen = YP_NEW_MAX + 1;
	refused(&req);
	req = good;
	req.yq_oldlen = UINT64_MAX;
	refused(&req);
	req = good;
	req.yq_op = YP_SYSCTL;
	req.yq_namelen = 5;
	refused(&req);
	/* Half a request, and away. */
	for (n = 1; n < sizeof(good); n++)
		(void)close(raw(&good, n));
	/* More of them than there are places; the last one is served. */
	for (i = 0; i < 300; i++) {
		fd = raw(&good, 1 + i % (sizeof(good) - 1));
		ATF_REQUIRE(fd >= 0);
	}
	still_answers();
	sy_loop_free(loop);
}

/* Random bytes with the right beginning: nothing may come of it. */
TEST(noise)
{
	struct yp_request req;
	unsigned char junk[256];
	unsigned i, j;

	up(SY_REAL);
	srandom(1);
	for (i = 0; i < 2000; i++) {
		for (j = 0; j < sizeof(junk); j++)
			junk[j] = (unsigned char)random();
		memcpy(&req, junk, sizeof(req));
		req.yq_magic = YP_MAGIC;
		req.yq_op = 1 + req.yq_op % 4;
		req.yq_namelen %= 64;
		req.yq_newlen %= 64;
		req.yq_oldlen %= 4096;
		memcpy(junk, &req, sizeof(req));
		(void)close(raw(junk, 1 + i % sizeof(junk)));
	}
	still_answers();
	sy_loop_free(loop);
}

/* ---- All at once ---- */

#define	CONNS		100
#define	REQUESTS	10000
#define	ASKERS		4
#define	LOADS		100
#define	CHUNK		8192

static struct conn {
	int		c_out, c_in;
	uint64_t	c_sent, c_got;
} conns[CONNS];
static struct sy_host *alice, *bob;
static atomic_int askers_left;
static bool closing;

static unsigned char
byte_at(unsigned conn, uint64_t pos)
{
	return ((unsigned char)((pos * 31 >> 3) + conn * 7 + pos));
}

static void
do_write(void *arg, int fd, short revents)
{
	unsigned char buf[CHUNK];
	struct conn *c = arg;
	size_t i;
	ssize_t n;

	(void)revents;
	if (closing || c->c_sent - c->c_got > 4 * CHUNK)
		return;
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = byte_at((unsigned)(c - conns), c->c_sent + i);
	n = sy_send(alice, fd, buf, sizeof(buf), 0);
	if (n > 0)
		c->c_sent += (uint64_t)n;
	else
		ATF_CHECK_EQ_MSG(EAGAIN, errno, "%s", sy_error());
}

static void
do_read(void *arg, int fd, short revents)
{
	unsigned char buf[CHUNK];
	struct conn *c = arg;
	ssize_t i, n;

	(void)revents;
	while ((n = sy_recv(bob, fd, buf, sizeof(buf), 0)) > 0)
		for (i = 0; i < n; i++, c->c_got++)
			ATF_REQUIRE_EQ_MSG(byte_at((unsigned)(c - conns),
			    c->c_got), buf[i], "connection %zu, byte %ju",
			    (size_t)(c - conns), (uintmax_t)c->c_got);
	ATF_CHECK_EQ_MSG(EAGAIN, errno, "%s", sy_error());
}

static void *
ask_much(void *arg)
{
	static const char *const names[] = {
		"net.inet.tcp.sendspace", "net.inet.tcp.recvspace",
		"net.inet.tcp.keepidle", "net.inet.tcp.delacktime"
	};
	struct ysctl *y;
	size_t len;
	char text[4096];
	int i, value;

	y = client((uintptr_t)arg % 2 != 0 ? "b" : "a");
	for (i = 0; i < REQUESTS / ASKERS / 2; i++) {
		value = get_int(y, names[i % 4]);
		if (i % 8 == 7) {
			len = sizeof(text);
			ATF_REQUIRE_EQ(0, ysctlbyname(y,
			    "net.inet.tcp.cc.available", text, &len, NULL,
			    0));
		} else
			set_int(y, names[i % 4], value);
	}
	ysctl_close(y);
	atomic_fetch_sub(&askers_left, 1);
	return (NULL);
}

static void *
load_much(void *arg)
{
	struct ysctl *y;
	int i;

	(void)arg;
	y = client(NULL);
	for (i = 0; i < LOADS; i++) {
		ATF_REQUIRE_MSG(ysctl_kldload(y, i % 2 != 0 ? EXAMPLE :
		    BLOCK) > 0, "%s", ysctl_error());
		ATF_REQUIRE_EQ_MSG(0, ysctl_kldunload(y, i % 2 != 0 ?
		    "cc_example" : "block_example", 0), "%s", ysctl_error());
	}
	ysctl_close(y);
	atomic_fetch_sub(&askers_left, 1);
	return (NULL);
}

static void
connect_all(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(80), .sin_addr.s_addr = htonl(0x0a000002) };
	unsigned i;
	int s;

	WORKS(sy_link(alice, bob, 0, 1500));
	WORKS(sy_addr_add(alice, "epair0a", "10.0.0.1/24"));
	WORKS(sy_addr_add(bob, "epair0b", "10.0.0.2/24"));
	s = sy_socket(bob, AF_INET, SOCK_STREAM, 0);
	WORKS(sy_bind(bob, s, (struct sockaddr *)&sin, sizeof(sin)));
	WORKS(sy_listen(bob, s, CONNS));
	for (i = 0; i < CONNS; i++) {
		conns[i].c_out = sy_socket(alice, AF_INET, SOCK_STREAM, 0);
		WORKS(sy_connect(alice, conns[i].c_out,
		    (struct sockaddr *)&sin, sizeof(sin)));
		conns[i].c_in = sy_accept(bob, s, NULL, NULL);
		ATF_REQUIRE(conns[i].c_in >= 0);
		WORKS(sy_setnonblock(alice, conns[i].c_out, true));
		WORKS(sy_setnonblock(bob, conns[i].c_in, true));
		WORKS(sy_watch(alice, conns[i].c_out, POLLOUT, do_write,
		    &conns[i]));
		WORKS(sy_watch(bob, conns[i].c_in, POLLIN, do_read,
		    &conns[i]));
	}
}

static bool
all_arrived(void)
{
	unsigned i;

	for (i = 0; i < CONNS; i++)
		if (conns[i].c_got != conns[i].c_sent)
			return (false);
	return (true);
}

TEST(stress)
{
	pthread_t threads[ASKERS + 1];
	uintptr_t i;

	up(SY_REAL);
	alice = sy_host_find(loop, "a");
	bob = sy_host_find(loop, "b");
	connect_all();
	atomic_store(&askers_left, ASKERS + 1);
	for (i = 0; i < ASKERS; i++)
		ATF_REQUIRE_EQ(0, pthread_create(&threads[i], NULL, ask_much,
		    (void *)i));
	ATF_REQUIRE_EQ(0, pthread_create(&threads[ASKERS], NULL, load_much,
	    NULL));
	while (atomic_load(&askers_left) > 0)
		WORKS(sy_loop_step(loop, 1000000));
	for (i = 0; i <= ASKERS; i++)
		ATF_REQUIRE_EQ(0, pthread_join(threads[i], NULL));
	closing = true;
	for (i = 0; i < CONNS; i++)
		WORKS(sy_watch(alice, conns[i].c_out, 0, NULL, NULL));
	while (!all_arrived())
		WORKS(sy_loop_step(loop, 1000000));
	for (i = 0; i < CONNS; i++)
		ATF_CHECK_MSG(conns[i].c_got > 0, "connection %ju",
		    (uintmax_t)i);
	sy_loop_free(loop);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, variables);
	ATF_TP_ADD_TC(tp, hosts);
	ATF_TP_ADD_TC(tp, modules);
	ATF_TP_ADD_TC(tp, blocked_callback);
	ATF_TP_ADD_TC(tp, outside);
	ATF_TP_ADD_TC(tp, busy_loop);
	ATF_TP_ADD_TC(tp, asleep);
	ATF_TP_ADD_TC(tp, no_mbufs);
	ATF_TP_ADD_TC(tp, mode);
	ATF_TP_ADD_TC(tp, in_the_way);
	ATF_TP_ADD_TC(tp, not_there);
	ATF_TP_ADD_TC(tp, nonsense);
	ATF_TP_ADD_TC(tp, noise);
	ATF_TP_ADD_TC(tp, stress);
	return (atf_no_error());
}
