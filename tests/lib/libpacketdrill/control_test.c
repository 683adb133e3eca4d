/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Commands in scripts: children of the caller's that talk to the stack
 * while the caller waits for them, and time stands still.
 */
#include <sys/stat.h>
#include <sys/wait.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "drive.h"

#define	TOOLS		STACKYARD_BUILD "/libexec/stackyard/"
#define	MODULES		STACKYARD_BUILD "/lib/stackyard/"

static struct drive d;
static struct pkt p;

/* The first line of a command's output. */
static const char *
output(const char *command)
{
	static char line[512];
	FILE *f;

	*line = '\0';
	f = popen(command, "r");
	ATF_REQUIRE(f != NULL);
	if (fgets(line, sizeof(line), f) == NULL)
		*line = '\0';
	ATF_REQUIRE_MSG(pclose(f) == 0, "%s", command);
	line[strcspn(line, "\n")] = '\0';
	return (line);
}

#define	RUN(command)							\
	ATF_REQUIRE_EQ_MSG(0, system(command), "%s", command)

ATF_TC_WITHOUT_HEAD(variables);
ATF_TC_BODY(variables, tc)
{
	long long before;
	int fd, lfd;

	drive_open(&d, AF_INET, NULL);
	lfd = listener(&d);
	before = now(&d);
	RUN(TOOLS "sysctl -q net.inet.tcp.initcwnd_segments=3 && sleep 0.1");
	ATF_CHECK_STREQ("3", output(TOOLS
	    "sysctl -n net.inet.tcp.initcwnd_segments"));
	ATF_CHECK_EQ(before + 1, now(&d));
	/* It has come to the stack, not to a copy. */
	fd = accepted(&d, lfd);
	CALL(&d, 8000, write, fd, p.raw, 8000);
	expect(&d, &p, A, 1, 1000, 1);
	expect(&d, &p, A, 1001, 1000, 1);
	expect(&d, &p, A, 2001, 1000, 1);
	before = p.when;
	expect(&d, &p, A, 1, 1000, 1);
	ATF_CHECK(p.when > before);
	drive_close(&d);
}

/* A command ends a connection: the reset leaves at the time it had. */
ATF_TC_WITHOUT_HEAD(drop);
ATF_TC_BODY(drop, tc)
{
	long long before;
	char c;
	int fd;

	drive_open(&d, AF_INET, NULL);
	fd = accepted(&d, listener(&d));
	CALL(&d, 0, usleep, 1000);
	before = now(&d);
	RUN(TOOLS "tcpdrop " LOCAL4 " 8080 " REMOTE4 " 5000 >drop.out");
	expect(&d, &p, R | A, 1, 0, 1);
	ATF_CHECK_EQ(before, p.when);
	FAIL(&d, ECONNABORTED, read, fd, &c, 1);
	drive_close(&d);
}

/* sockstat, netstat: the descriptors are the caller's. */
ATF_TC_WITHOUT_HEAD(lists);
ATF_TC_BODY(lists, tc)
{
	char want[128];
	int fd, lfd;

	drive_open(&d, AF_INET, NULL);
	(void)dup(1);
	lfd = listener(&d);
	fd = accepted(&d, lfd);
	(void)snprintf(want, sizeof(want), "%-5d %-3d tcp4   %-21s %-21s",
	    (int)getpid(), fd, LOCAL4 ":8080", REMOTE4 ":5000");
	ATF_CHECK_STREQ(want, output(TOOLS "sockstat -qc | cut -c 21-"));
	(void)snprintf(want, sizeof(want), "%-5d %-3d tcp4   %-21s %-21s",
	    (int)getpid(), lfd, LOCAL4 ":8080", "*:*");
	ATF_CHECK_STREQ(want, output(TOOLS "sockstat -ql | cut -c 21-"));
	ATF_CHECK_STREQ("tcp4       0      0 192.168.0.1.8080       "
	    "192.0.2.1.5000         ESTABLISHED", output(TOOLS
	    "netstat -n | tail -n 1"));
	drive_close(&d);
}

/* setkey: with its key a SYN is signed. */
ATF_TC_WITHOUT_HEAD(keys);
ATF_TC_BODY(keys, tc)
{
	struct sockaddr_storage ss;
	int fd, one = 1;

	drive_open(&d, AF_INET, NULL);
	RUN("echo 'add " LOCAL4 " " REMOTE4 " tcp 0x1000 -A tcp-md5 "
	    "\"secret\" ; add " REMOTE4 " " LOCAL4 " tcp 0x1000 -A tcp-md5 "
	    "\"secret\" ;' | " TOOLS "setkey -c");
	ATF_CHECK_STREQ(LOCAL4 " " REMOTE4 " ", output(TOOLS
	    "setkey -D | grep '^" LOCAL4 "'"));
	fd = d.i.socket(d.i.userdata, AF_INET, SOCK_STREAM | SOCK_NONBLOCK,
	    0);
	CALL(&d, 0, setsockopt, fd, IPPROTO_TCP, 0x10000 + 16, &one,
	    sizeof(one));
	CALL(&d, 0, bind, fd, (struct sockaddr *)&ss, local(&d, &ss));
	FAIL(&d, EINPROGRESS, connect, fd, (struct sockaddr *)&ss,
	    remote(&d, &ss));
	take(&d, &p);
	ATF_CHECK_EQ(S, p.flags);
	ATF_CHECK_MSG(memmem(p.raw + 40, p.size - 40, "\023\022", 2) !=
	    NULL, "no signature");
	drive_close(&d);
}

ATF_TC_WITHOUT_HEAD(modules);
ATF_TC_BODY(modules, tc)
{
	struct {
		char	name[32];
		uint32_t count;
	} block = { .name = "paced" };
	int fd;

	drive_open(&d, AF_INET, NULL);
	RUN(TOOLS "kldload " MODULES "cc_example.so");
	RUN(TOOLS "kldload " MODULES "block_example.so");
	RUN(TOOLS "kldstat | grep -q block_example");
	RUN(TOOLS "sysctl -n net.inet.tcp.cc.available | grep -q example");
	fd = listener(&d);
	CALL(&d, 0, setsockopt, fd, IPPROTO_TCP, 0x10000 + 8192, &block,
	    sizeof(block));
	fd = accepted(&d, fd);
	CALL(&d, 3, write, fd, "abc", 3);
	expect(&d, &p, A | P, 1, 3, 1);
	drive_close(&d);
}

/* Where the environment leads: to the latest, and to no debris. */
ATF_TC_WITHOUT_HEAD(path);
ATF_TC_BODY(path, tc)
{
	static struct drive e;
	char first[256], dir[256];
	struct stat st;

	ATF_REQUIRE_EQ(0, setenv("TMPDIR", ".", 1));
	drive_open(&d, AF_INET, NULL);
	ATF_REQUIRE(getenv("STACKYARD") != NULL);
	(void)snprintf(first, sizeof(first), "%s", getenv("STACKYARD"));
	(void)snprintf(dir, sizeof(dir), "%.*s",
	    (int)(strrchr(first, '/') - first), first);
	ATF_REQUIRE_EQ(0, stat(dir, &st));
	ATF_CHECK_EQ(0700, st.st_mode & 0777);
	drive_open(&e, AF_INET, NULL);
	ATF_CHECK(strcmp(first, getenv("STACKYARD")) != 0);
	RUN(TOOLS "sysctl -q net.inet.tcp.sendspace=40000");
	drive_close(&d);
	ATF_CHECK_EQ(-1, stat(dir, &st));
	ATF_CHECK_STREQ("40000", output(TOOLS
	    "sysctl -n net.inet.tcp.sendspace"));
	drive_close(&e);
	ATF_CHECK(getenv("STACKYARD") == NULL);
}

/* free never comes: the end of the program removes the socket. */
ATF_TC_WITHOUT_HEAD(no_free);
ATF_TC_BODY(no_free, tc)
{
	int st;

	ATF_REQUIRE_EQ(0, mkdir("tmp", 0700));
	ATF_REQUIRE_EQ(0, setenv("TMPDIR", "tmp", 1));
	if (fork() == 0) {
		drive_open(&d, AF_INET, NULL);
		drive_open(&d, AF_INET, NULL);
		/* A child's end is not the program's. */
		if (fork() == 0)
			exit(0);
		(void)wait(&st);
		if (system("test $(ls tmp | wc -l) = 2") != 0)
			_exit(1);
		exit(0);
	}
	ATF_REQUIRE(wait(&st) != -1);
	ATF_CHECK_EQ(0, st);
	RUN("test $(ls tmp | wc -l) = 0");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, variables);
	ATF_TP_ADD_TC(tp, drop);
	ATF_TP_ADD_TC(tp, lists);
	ATF_TP_ADD_TC(tp, keys);
	ATF_TP_ADD_TC(tp, modules);
	ATF_TP_ADD_TC(tp, path);
	ATF_TP_ADD_TC(tp, no_free);
	return (atf_no_error());
}
