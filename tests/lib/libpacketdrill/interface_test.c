/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the caller expects of the interface itself: its members, its
 * clock, its descriptors, its modesty.
 */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "drive.h"

static struct drive d;
static struct pkt p;

ATF_TC_WITHOUT_HEAD(members);
ATF_TC_BODY(members, tc)
{
	void *member;
	size_t i;

	drive_open(&d, AF_INET, NULL);
	ATF_REQUIRE_EQ(0, sizeof(d.i) % sizeof(void *));
	for (i = 0; i < sizeof(d.i) / sizeof(void *); i++) {
		memcpy(&member, (char *)&d.i + i * sizeof(void *),
		    sizeof(member));
		ATF_CHECK_MSG(member != NULL, "member %zu", i);
	}
	/* In the order that the caller was compiled with. */
	ATF_CHECK_EQ(33, i);
	ATF_CHECK_EQ(1 * sizeof(void *),
	    offsetof(struct packetdrill_interface, free));
	ATF_CHECK_EQ(2 * sizeof(void *),
	    offsetof(struct packetdrill_interface, socket));
	ATF_CHECK_EQ(18 * sizeof(void *),
	    offsetof(struct packetdrill_interface, ioctl));
	ATF_CHECK_EQ(24 * sizeof(void *),
	    offsetof(struct packetdrill_interface, netdev_send));
	ATF_CHECK_EQ(32 * sizeof(void *),
	    offsetof(struct packetdrill_interface, splice));
	drive_close(&d);
}

/* Several scripts in one process, and nobody says good-bye. */
ATF_TC_WITHOUT_HEAD(many);
ATF_TC_BODY(many, tc)
{
	static struct drive all[20];
	struct pkt *first = malloc(sizeof(*first));
	int fd, i;

	ATF_REQUIRE(first != NULL);
	for (i = 0; i < 20; i++) {
		drive_open(&all[i], i % 2 == 0 ? AF_INET : AF_INET6, NULL);
		fd = accepted(&all[i], listener(&all[i]));
		CALL(&all[i], 3, write, fd, "abc", 3);
		expect(&all[i], &p, A | P, 1, 3, 1);
		if (i == 0)
			*first = p;
		else if (i % 2 == 0)
			ATF_CHECK_EQ(0, memcmp(first->raw, p.raw, p.size));
	}
	/* The older ones still live. */
	for (i = 0; i < 20; i++)
		inject(&all[i], A, 1, 0, 4, 65535);
	for (i = 0; i < 20; i += 3)
		drive_close(&all[i]);
	free(first);
}

ATF_TC_WITHOUT_HEAD(clock);
ATF_TC_BODY(clock, tc)
{
	long long last, t;
	char buf[100];
	size_t size;
	int i;

	drive_open(&d, AF_INET, NULL);
	last = now(&d);
	for (i = 0; i < 10000; i++, last = t) {
		t = now(&d);
		ATF_REQUIRE_EQ(last + 1, t);
	}
	CALL(&d, 0, usleep, 5000);
	ATF_CHECK_EQ(last + 5000, now(&d));
	CALL(&d, 0, usleep, 0);
	ATF_CHECK_EQ(last + 5001, now(&d));
	/* There is nothing that could ever send. */
	size = sizeof(buf);
	CALL(&d, 0, netdev_receive, buf, &size, &t);
	ATF_CHECK_EQ(0, size);
	drive_close(&d);
}

/* Reading the clock runs what is due. */
ATF_TC_WITHOUT_HEAD(spinning);
ATF_TC_BODY(spinning, tc)
{
	long long came;

	drive_open(&d, AF_INET, NULL);
	(void)accepted(&d, listener(&d));
	CALL(&d, 0, usleep, 500000);
	inject(&d, A | P, 1, 100, 1, 65535);
	came = now(&d);
	while (now(&d) < came + 100000)
		continue;
	expect(&d, &p, A, 1, 0, 101);
	ATF_CHECK(p.when <= came + 40000);
	drive_close(&d);
}

/* ---- Descriptors ---- */

static unsigned
descriptors(void)
{
	struct dirent *e;
	unsigned n = 0;
	DIR *dir;

	dir = opendir("/proc/self/fd");
	ATF_REQUIRE(dir != NULL);
	while ((e = readdir(dir)) != NULL)
		n++;
	(void)closedir(dir);
	return (n);
}

ATF_TC_WITHOUT_HEAD(real_descriptors);
ATF_TC_BODY(real_descriptors, tc)
{
	struct stat st;
	unsigned before;
	int fd, i, lfd;

	drive_open(&d, AF_INET, NULL);
	before = descriptors();
	lfd = listener(&d);
	ATF_CHECK_EQ(0, fstat(lfd, &st));
	fd = accepted(&d, lfd);
	ATF_CHECK_EQ(0, fstat(fd, &st));
	CALL(&d, 0, fcntl, fd, F_SETFL, O_RDWR | O_NONBLOCK);
	CALL(&d, O_RDWR | O_NONBLOCK, fcntl, fd, F_GETFL);
	FAIL(&d, EAGAIN, read, fd, &st, 1);
	CALL(&d, 0, close, fd);
	ATF_CHECK_ERRNO(EBADF, close(fd) == -1);
	FAIL(&d, EBADF, read, fd, &st, 1);
	FAIL(&d, EBADF, close, fd);
	FAIL(&d, EBADF, listen, fd, 1);
	FAIL(&d, ENOTSOCK, listen, 1, 1);
	CALL(&d, 0, close, lfd);
	/* As many as one likes. */
	for (i = 0; i < 200; i++)
		ATF_REQUIRE(d.i.socket(d.i.userdata, AF_INET, SOCK_STREAM,
		    0) >= 0);
	drive_close(&d);
	ATF_CHECK_MSG(descriptors() <= before, "%u left over",
	    descriptors() - before);
}

/* The caller closes by close(2) what a script has left. */
ATF_TC_WITHOUT_HEAD(leftovers);
ATF_TC_BODY(leftovers, tc)
{
	int fd, i, lfd;

	drive_open(&d, AF_INET, NULL);
	lfd = listener(&d);
	fd = accepted(&d, lfd);
	ATF_REQUIRE_EQ(0, close(fd));
	ATF_REQUIRE_EQ(0, close(lfd));
	FAIL(&d, EBADF, listen, lfd, 1);
	/* The port is free again, the numbers mean new sockets. */
	for (i = 0; i < 5; i++) {
		ATF_CHECK_EQ(lfd, listener(&d));
		ATF_REQUIRE_EQ(0, close(lfd));
	}
	ATF_REQUIRE_EQ(lfd, open("/dev/null", O_RDWR));
	FAIL(&d, ENOTSOCK, listen, lfd, 1);
	CALL(&d, 4, write, lfd, "none", 4);
	drive_close(&d);
	ATF_CHECK_EQ_MSG(0, close(lfd), "it was not ours to close");
}

/* ---- Modesty ---- */

/* A number from /proc/self/status. */
static long
status(const char *what)
{
	char line[256];
	long value = -1;
	FILE *f;

	f = fopen("/proc/self/status", "r");
	ATF_REQUIRE(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, what, strlen(what)) == 0)
			value = strtol(line + strlen(what), NULL, 10);
	(void)fclose(f);
	return (value);
}

/* All memory is locked; threads are few and their stacks are small. */
ATF_TC_WITHOUT_HEAD(locked);
ATF_TC_BODY(locked, tc)
{
	long before;
	int fd;

#ifdef SANITIZED
	atf_tc_skip("a sanitizer's memory is too much to lock");
#endif
	drive_open(&d, AF_INET, NULL);
	drive_close(&d);
	if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
		atf_tc_skip("mlockall: %s", strerror(errno));
	before = status("VmLck:");
	ATF_CHECK_EQ(1, status("Threads:"));
	drive_open(&d, AF_INET, NULL);
	fd = accepted(&d, listener(&d));
	CALL(&d, 3, write, fd, "abc", 3);
	expect(&d, &p, A | P, 1, 3, 1);
	ATF_CHECK_EQ(2, status("Threads:"));
	ATF_CHECK_MSG(status("VmLck:") - before < 2048, "%ld KiB",
	    status("VmLck:") - before);
	drive_close(&d);
	ATF_CHECK_EQ(1, status("Threads:"));
}

/* The allocator is the C library's: another's would not load this way. */
ATF_TC_WITHOUT_HEAD(allocator);
ATF_TC_BODY(allocator, tc)
{
	drive_open(&d, AF_INET, NULL);
	ATF_CHECK_EQ(0, system("! grep -q jemalloc /proc/$PPID/maps"));
	drive_close(&d);
}

/* ---- Numbers ---- */

/* FreeBSD's options, beside Linux's of the same number. */
ATF_TC_WITHOUT_HEAD(options);
ATF_TC_BODY(options, tc)
{
	struct {
		char	name[32];
		uint32_t count;
	} block;
	char cc[16] = "newreno";
	socklen_t len;
	int fd, value;

	drive_open(&d, AF_INET, NULL);
	fd = listener(&d);
	value = 77;
	CALL(&d, 0, setsockopt, fd, IPPROTO_TCP, TCP_KEEPIDLE, &value,
	    sizeof(value));
	value = 0;
	len = sizeof(value);
	CALL(&d, 0, getsockopt, fd, IPPROTO_TCP, 0x10000 + 256, &value,
	    &len);
	ATF_CHECK_EQ(77, value);
	len = sizeof(block);
	CALL(&d, 0, getsockopt, fd, IPPROTO_TCP, 0x10000 + 8192, &block,
	    &len);
	ATF_CHECK_STREQ("freebsd", block.name);
	CALL(&d, 0, setsockopt, fd, IPPROTO_TCP, 0x10000 + 64, cc,
	    sizeof("newreno"));
	value = 0;
	len = sizeof(value);
	CALL(&d, 0, getsockopt, fd, SOL_SOCKET, SO_DOMAIN, &value, &len);
	ATF_CHECK_EQ(AF_INET, value);
	CALL(&d, 0, getsockopt, fd, SOL_SOCKET, 0x10000 + 0x1008, &value,
	    &len);
	ATF_CHECK_EQ(SOCK_STREAM, value);
	FAIL(&d, EFAULT, getsockopt, fd, SOL_SOCKET, SO_TYPE, &value, NULL);
	FAIL(&d, ENOPROTOOPT, setsockopt, fd, SOL_SOCKET, 9999, &value,
	    sizeof(value));
	drive_close(&d);
}

/* Every way to send and to receive, and what comes with it. */
ATF_TC_WITHOUT_HEAD(data);
ATF_TC_BODY(data, tc)
{
	char a[4] = "one", b[4] = "two", control[64];
	struct iovec iov[2] = { { a, 3 }, { b, 3 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct sockaddr_storage ss;
	struct cmsghdr *cm;
	socklen_t len;
	int fd, space, value;

	drive_open(&d, AF_INET, NULL);
	fd = accepted(&d, listener(&d));
	value = 1;
	CALL(&d, 0, setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &value,
	    sizeof(value));
	CALL(&d, 6, writev, fd, iov, 2);
	expect(&d, &p, A | P, 1, 6, 1);
	ATF_CHECK_EQ(0, memcmp(p.raw + p.size - 6, "onetwo", 6));
	CALL(&d, 3, send, fd, a, 3, 0);
	expect(&d, &p, A | P, 7, 3, 1);
	CALL(&d, 3, sendto, fd, a, 3, MSG_DONTWAIT, NULL, 0);
	expect(&d, &p, A | P, 10, 3, 1);
	CALL(&d, 6, sendmsg, fd, &msg, MSG_NOSIGNAL);
	expect(&d, &p, A | P, 13, 6, 1);
	CALL(&d, 0, ioctl, fd, 0x40046676UL, &space);	/* FIONSPACE */
	CALL(&d, 0, ioctl, fd, 0x40046677UL, &value);	/* FIONWRITE */
	ATF_CHECK_EQ(18, value);
	inject(&d, A | P, 1, 20, 19, 65535);
	CALL(&d, 0, ioctl, fd, 0x40046676UL, &value);
	ATF_CHECK_EQ(space + 18, value);
	CALL(&d, 0, ioctl, fd, 0x40046677UL, &value);
	ATF_CHECK_EQ(0, value);
	CALL(&d, 0, ioctl, fd, 0x541bUL, &value);	/* SIOCINQ */
	ATF_CHECK_EQ(20, value);
	CALL(&d, 6, readv, fd, iov, 2);
	CALL(&d, 3, recv, fd, a, 3, MSG_PEEK);
	len = sizeof(ss);
	CALL(&d, 3, recvfrom, fd, a, 3, 0, (struct sockaddr *)&ss, &len);
	value = 1;
	CALL(&d, 0, setsockopt, fd, IPPROTO_TCP, TCP_INQ, &value,
	    sizeof(value));
	msg.msg_control = control;
	msg.msg_controllen = sizeof(control);
	CALL(&d, 6, recvmsg, fd, &msg, 0);
	cm = CMSG_FIRSTHDR(&msg);
	ATF_REQUIRE(cm != NULL);
	ATF_CHECK_EQ(TCP_CM_INQ, cm->cmsg_type);
	memcpy(&value, CMSG_DATA(cm), sizeof(value));
	ATF_CHECK_EQ(5, value);
	msg.msg_controllen = 0;
	CALL(&d, 5, recvmsg, fd, &msg, 0);
	ATF_CHECK_EQ(MSG_CTRUNC, msg.msg_flags);
	FAIL(&d, EINVAL, readv, fd, iov, -1);
	FAIL(&d, EOPNOTSUPP, send, fd, a, 3, 0x40000000);
	CALL(&d, 0, shutdown, fd, SHUT_WR);
	expect(&d, &p, A | F, 19, 0, 21);
	FAIL(&d, EPIPE, send, fd, a, 3, 0);
	drive_close(&d);
}

/* ---- Mistakes ---- */

static void
refused(const char *flags, const char *says)
{
	char out[512] = "";
	ssize_t n;
	int fds[2], st;

	ATF_REQUIRE_EQ(0, pipe(fds));
	if (fork() == 0) {
		(void)dup2(fds[1], STDERR_FILENO);
		drive_open(&d, AF_INET, flags);
		_exit(0);
	}
	ATF_REQUIRE(wait(&st) != -1);
	(void)close(fds[1]);
	n = read(fds[0], out, sizeof(out) - 1);
	(void)close(fds[0]);
	ATF_CHECK_MSG(WIFEXITED(st) && WEXITSTATUS(st) == 1, "%s: %#x",
	    flags, st);
	ATF_CHECK_MSG(n > 0 && strstr(out, says) != NULL &&
	    strchr(out, '\n') == out + n - 1, "%s: %s", flags, out);
}

ATF_TC_WITHOUT_HEAD(bad_flags);
ATF_TC_BODY(bad_flags, tc)
{
	refused("mtu", "a flag is NAME=VALUE");
	refused("mtu=", "wants a number from 72 to 65535");
	refused("mtu=12", "wants a number from 72 to 65535");
	refused("mtu=1e9", "wants a number");
	refused("hook=2", "wants a number from 0 to 1");
	refused("colour=red", "colour: no such flag");
	refused("net.inet.tcp.nix=1", "net.inet.tcp.nix");
	refused("net.inet.tcp.sendspace=x", "net.inet.tcp.sendspace");
	refused("local=1.2.3", "1.2.3");
	ATF_REQUIRE_EQ(0, setenv("PDSO_MTU", "lots", 1));
	refused("", "PDSO_MTU=lots: wants a number");
	ATF_REQUIRE_EQ(0, unsetenv("PDSO_MTU"));
	ATF_REQUIRE_EQ(0, setenv("TMPDIR", "/nonexistent", 1));
	refused("", "/nonexistent");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, members);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, clock);
	ATF_TP_ADD_TC(tp, spinning);
	ATF_TP_ADD_TC(tp, real_descriptors);
	ATF_TP_ADD_TC(tp, leftovers);
	ATF_TP_ADD_TC(tp, locked);
	ATF_TP_ADD_TC(tp, allocator);
	ATF_TP_ADD_TC(tp, options);
	ATF_TP_ADD_TC(tp, data);
	ATF_TP_ADD_TC(tp, bad_flags);
	return (atf_no_error());
}
