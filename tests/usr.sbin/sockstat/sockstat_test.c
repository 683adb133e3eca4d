/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What sockstat prints, to the byte.
 */
#include <sys/socket.h>
#include <netinet/in.h>
#include <atf-c.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <pwd.h>

#include "rig.h"

#define	HEAD	"USER     COMMAND    PID   FD  PROTO  LOCAL ADDRESS      "   \
		"   FOREIGN ADDRESS      "

static struct rig r;
static char expected[4096];

/* A row: descriptor (or "?"), protocol, ends, and the rest of the line. */
static void
row(const char *fd, const char *proto, const char *local,
    const char *foreign, const char *rest)
{
	size_t len = strlen(expected);

	(void)snprintf(expected + len, sizeof(expected) - len,
	    "%-8u %-10.10s %-5d %-3s %-6s %-21s %-21s%s\n",
	    (unsigned)getuid(), "sockstat_test", (int)getpid(), fd, proto,
	    local, foreign, rest);
}

static void
says(const char *command)
{
	rig_tool(&r, 0, command, expected);
	expected[0] = '\0';
}

static const char *
number(int fd)
{
	static char text[4][16];
	static unsigned i;

	(void)snprintf(text[i % 4], sizeof(text[0]), "%d", fd);
	return (text[i++ % 4]);
}

TEST(list)
{
	int fd, to;

	rig_new(&r, 0);
	fd = rig_connect(&r, 40001, 80, &to);
	(void)rig_connect(&r, 40002, 80, NULL);
	(void)rig_connect6(&r, 40003, 8080);
	rig_run(&r, SECOND);
	(void)strcpy(expected, HEAD "\n");
	row(number(r.listener), "tcp4", "*:80", "*:*", "");
	row(number(r.listener6), "tcp46", "*:8080", "*:*", "");
	row(number(to), "tcp4", "10.0.0.2:80", "10.0.0.1:40001", "");
	/* Two that nobody has accepted. */
	row("?", "tcp4", "10.0.0.2:80", "10.0.0.1:40002", "");
	row("?", "tcp6", "fd00::2:8080", "fd00::1:40003", "");
	says("sockstat -n -j beta");
	row(number(r.listener), "tcp4", "*:80", "*:*", "");
	row(number(r.listener6), "tcp46", "*:8080", "*:*", "");
	says("sockstat -nql -j beta");
	row(number(r.listener6), "tcp46", "*:8080", "*:*", "");
	row("?", "tcp6", "fd00::2:8080", "fd00::1:40003", "");
	says("sockstat -nq6 -j beta");
	row("?", "tcp6", "fd00::2:8080", "fd00::1:40003", "");
	says("sockstat -nqc6 -j beta");
	/* The first host is alpha. */
	row(number(fd), "tcp4", "10.0.0.1:40001", "10.0.0.2:80", "");
	says("sockstat -nqc -p 40001-40001,7");
	row(number(r.listener6), "tcp46", "*:8080", "*:*", "");
	row("?", "tcp6", "fd00::2:8080", "fd00::1:40003", "");
	says("sockstat -nqj beta -p 8000-8079,8080 -P tcp");
	rig_free(&r);
}

TEST(columns)
{
	const struct passwd *pw = getpwuid(getuid());
	char line[256];
	int fd;

	rig_new(&r, 0);
	fd = rig_connect(&r, 40001, 80, NULL);
	(void)strcpy(expected, HEAD " CONN STATE  \n");
	row(number(fd), "tcp4", "10.0.0.1:40001", "10.0.0.2:80",
	    " ESTABLISHED ");
	says("sockstat -ns");
	(void)snprintf(line, sizeof(line), " ESTABLISHED  %-32s %-16s",
	    "freebsd", "cubic");
	row(number(fd), "tcp4", "10.0.0.1:40001", "10.0.0.2:80", line);
	says("sockstat -nqsSC");
	(void)snprintf(expected, sizeof(expected),
	    "%-8s %-10s %-5d %-3d tcp4   %-45s %-45s\n",
	    pw != NULL ? pw->pw_name : number((int)getuid()),
	    "sockstat_test", (int)getpid(), fd, "10.0.0.1:40001",
	    "10.0.0.2:80");
	says("sockstat -qw");
	/* Its user is gone, the connection not yet. */
	WORKS(sy_close(r.a, fd));
	row("?", "tcp4", "10.0.0.1:40001", "10.0.0.2:80", " FIN_WAIT_1  ");
	says("sockstat -nqs");
	rig_free(&r);
}

/* One that a peer has begun: it is in no socket yet. */
TEST(handshake)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(80) };
	int fd;

	rig_new(&r, 0);
	sin.sin_addr.s_addr = htonl(0x0a000002);
	WORKS(fd = sy_socket(r.a, AF_INET, SOCK_STREAM, 0));
	WORKS(sy_setnonblock(r.a, fd, true));
	ATF_REQUIRE_EQ(-1, sy_connect(r.a, fd, (struct sockaddr *)&sin,
	    sizeof(sin)));
	/* The neighbour is found, the SYN comes: 5 ms a way. */
	rig_run(&r, 17 * MS);
	rig_tool_says(&r, 0, "sockstat -nqsc -j beta", "SYN_RCVD");
	rig_run(&r, SECOND);
	rig_tool_says(&r, 0, "sockstat -nqsc -j beta", "ESTABLISHED");
	/* In TIME_WAIT it is in no socket any more. */
	WORKS(sy_close(r.a, fd));
	rig_run(&r, SECOND);
	WORKS(fd = sy_accept(r.b, r.listener, NULL, NULL));
	WORKS(sy_close(r.b, fd));
	rig_run(&r, SECOND);
	rig_tool_says(&r, 0, "sockstat -nqsc", "TIME_WAIT");
	rig_free(&r);
}

TEST(mistakes)
{
	rig_new(&r, 0);
	rig_tool(&r, 1, "sockstat -p 80,x", "sockstat: -p 80,x: a port is a "
	    "number from 0 to 65535\n");
	rig_tool(&r, 1, "sockstat -p 65536", "sockstat: -p 65536: a port is "
	    "a number from 0 to 65535\n");
	rig_tool(&r, 1, "sockstat -p 9-8", "sockstat: -p 9-8: the range 9-8 "
	    "ends before it begins\n");
	rig_tool(&r, 1, "sockstat -p 9:8", "sockstat: -p 9:8: wants ports "
	    "and ranges of ports, separated by commas\n");
	rig_tool(&r, 1, "sockstat -P tcp,udp", "sockstat: -P udp: only tcp "
	    "has sockets to show\n");
	rig_tool(&r, 1, "sockstat -u", "sockstat: -u: the stack keeps "
	    "nothing that this would show\n");
	rig_tool(&r, 1, "sockstat -j gamma", "sockstat: there is no host "
	    "called gamma\n");
	rig_tool_says(&r, 1, "sockstat more", "usage: sockstat");
	rig_tool_says(&r, 1, "sockstat >/dev/full", "standard output");
	rig_tool_says(&r, 1, "STACKYARD= sockstat", "STACKYARD is not set");
	rig_free(&r);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, list);
	ATF_TP_ADD_TC(tp, columns);
	ATF_TP_ADD_TC(tp, handshake);
	ATF_TP_ADD_TC(tp, mistakes);
	return (atf_no_error());
}
