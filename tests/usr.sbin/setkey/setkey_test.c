/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * setkey: what it prints is FreeBSD's, what it reads takes effect on
 * connections, and what it cannot read does nothing.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <atf-c.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rig.h"

#define	ADD	"add 10.0.0.1 10.0.0.2 tcp 0x1000 -A tcp-md5 \"testkey\" ;"
/* The times of a listing change, and so does the process. */
#define	SED	" | sed -e 's/[A-Z][a-z][a-z] [ 0-9][0-9] ..:..:.. 20../T/g'" \
		" -e 's/pid=[0-9]*/pid=P/'"
#define	TIMES(used, bytes, packets)					\
	"\tcreated: T\tcurrent: T\n"					\
	"\tdiff: %u(s)\thard: 0(s)\tsoft: 0(s)\n"			\
	"\tlast: " used "\thard: 0(s)\tsoft: 0(s)\n"			\
	"\tcurrent: " bytes "(bytes)\thard: 0(bytes)\tsoft: 0(bytes)\n" \
	"\tallocated: " packets "\thard: 0\tsoft: 0\n"
#define	NEVER	"                    "

/* Run a script on beta. */
static void
script(struct rig *r, int status, const char *text, const char *output)
{
	char command[1024];
	FILE *f;

	ATF_REQUIRE((f = fopen("keys", "w")) != NULL);
	(void)fputs(text, f);
	ATF_REQUIRE_EQ(0, fclose(f));
	(void)snprintf(command, sizeof(command), "setkey -j beta -f keys%s",
	    status == 0 ? SED : "");
	rig_tool(r, status, command, output);
}

TEST(dump)
{
	struct rig r;
	char want[2048];

	rig_new(&r, 0);
	rig_tool(&r, 0, "setkey -j beta -D", "No SAD entries.\n");
	script(&r, 0, ADD "add 10.0.0.2 10.0.0.1 tcp 4096 -A tcp-md5 "
	    "0x01ab02CDff;\n", "");
	rig_run(&r, 7 * SECOND);
	(void)snprintf(want, sizeof(want),
	    "10.0.0.1 10.0.0.2 \n"
	    "\ttcp mode=any spi=4096(0x00001000) reqid=0(0x00000000)\n"
	    "\tA: tcp-md5  74657374 6b6579\n"
	    "\tseq=0x00000000 replay=0 flags=0x00000040 state=mature \n"
	    TIMES(NEVER, "0", "0")
	    "\tsadb_seq=1 pid=P refcnt=1\n"
	    "10.0.0.2 10.0.0.1 \n"
	    "\ttcp mode=any spi=4096(0x00001000) reqid=0(0x00000000)\n"
	    "\tA: tcp-md5  01ab02cd ff\n"
	    "\tseq=0x00000000 replay=0 flags=0x00000040 state=mature \n"
	    TIMES(NEVER, "0", "0")
	    "\tsadb_seq=0 pid=P refcnt=1\n", 7, 7);
	rig_tool(&r, 0, "setkey -j beta -D" SED, want);
	/* The other host has none. */
	rig_tool(&r, 0, "setkey -D", "No SAD entries.\n");
	rig_tool(&r, 0, "setkey -j beta -F", "");
	rig_tool(&r, 0, "setkey -j beta -D", "No SAD entries.\n");
	rig_free(&r);
}

TEST(get)
{
	struct rig r;
	char want[1024];

	rig_new(&r, 0);
	(void)snprintf(want, sizeof(want), "fd00::2 fd00::1 \n"
	    "\ttcp-ao mode=any spi=61(0x0000003d) reqid=0(0x00000000)\n"
	    "\tA: aes-128-cmac-96  3d\n"
	    "\tseq=0x00000000 replay=0 flags=0x00010040 state=mature \n"
	    TIMES(NEVER, "0", "0")
	    "\tsadb_seq=0 pid=P refcnt=1\n", 0);
	script(&r, 0, "add fd00::2 fd00::1 tcp-ao 62 -A hmac-sha-1-96 \"b\";"
	    "add fd00::2 fd00::1 tcp-ao 61 -f no-options\n"
	    "-A aes-128-cmac-96 \"=\";\nget fd00::2 fd00::1 tcp-ao 61;",
	    want);
	rig_free(&r);
}

TEST(remove)
{
	struct rig r;

	rig_new(&r, 0);
	script(&r, 0, ADD
	    "add fd00::2 fd00::1 tcp-ao 1 -A hmac-sha-1-96 \"a\";"
	    "add fd00::2 fd00::1 tcp-ao 2 -A hmac-sha-1-96 \"b\";"
	    "add fd00::2 fd00::1 tcp-ao 3 -A hmac-sha-1-96 \"c\";"
	    "delete fd00::2 fd00::1 tcp-ao 2;", "");
	rig_tool(&r, 0, "setkey -j beta -D | grep spi=",
	    "\ttcp mode=any spi=4096(0x00001000) reqid=0(0x00000000)\n"
	    "\ttcp-ao mode=any spi=1(0x00000001) reqid=0(0x00000000)\n"
	    "\ttcp-ao mode=any spi=3(0x00000003) reqid=0(0x00000000)\n");
	script(&r, 0, "deleteall fd00::2 fd00::1 tcp-ao;", "");
	rig_tool(&r, 0, "setkey -j beta -D | grep -c spi=", "1\n");
	script(&r, 0, "flush tcp-ao;", "");
	rig_tool(&r, 0, "setkey -j beta -D | grep -c spi=", "1\n");
	script(&r, 0, "flush tcp;", "");
	rig_tool(&r, 0, "setkey -j beta -D", "No SAD entries.\n");
	rig_free(&r);
}

/* What is refused is told, and the script goes on. */
TEST(refused)
{
	struct rig r;

	rig_new(&r, 0);
	script(&r, 1, ADD "\n\n" ADD "# twice\n"
	    "delete 10.0.0.2 10.0.0.1 tcp 0x1000;\n"
	    "get 10.0.0.2 10.0.0.1 tcp 0x1000;\n"
	    "deleteall 10.0.0.2 10.0.0.1 tcp;dump tcp-ao;\n"
	    "add 0.0.0.0 10.0.0.1 tcp 0x1000 -A tcp-md5 \"x\";\n"
	    "delete 10.0.0.1 10.0.0.2 tcp 0x1000;",
	    "The result of line 3: File exists.\n"
	    "The result of line 4: No entry.\n"
	    "The result of line 5: No entry.\n"
	    "The result of line 6: No entry.\n"
	    "The result of line 6: No SAD entries.\n"
	    "The result of line 7: Invalid argument.\n");
	rig_tool(&r, 0, "setkey -j beta -D", "No SAD entries.\n");
	rig_free(&r);
}

/* What cannot be understood ends the script; nothing is half done. */
TEST(syntax)
{
	static const struct {
		const char	*text, *says;
	} bad[] = {
		{ "foo;", "unknown operation at [foo]" },
		{ "\"add\";", "unknown operation at [...]" },
		{ "spdadd x;", "there are no policies here at [spdadd]" },
		{ "add", "address expected at [end of file]" },
		{ "add -7 10.0.0.1", "unknown option at [-7]" },
		{ "add 10.0.0.1[179] 10.0.0.2",
		    "keys of TCP are for all ports at [10.0.0.1[179]]" },
		{ "add 10.0.0.1 10.0.0.2 esp 1",
		    "protocol must be tcp or tcp-ao at [esp]" },
		{ "add 10.0.0.1 10.0.0.2 tcp 0x1001 -A tcp-md5 \"x\";",
		    "SPI of tcp must be 0x1000 at [0x1001]" },
		{ "add 10.0.0.1 10.0.0.2 tcp -4096 -A tcp-md5 \"x\";",
		    "SPI of tcp must be 0x1000 at [-4096]" },
		{ "add 10.0.0.1 10.0.0.2 tcp-ao 256 -A tcp-md5 \"x\";",
		    "KeyID must be 0 to 255 at [256]" },
		{ "add 10.0.0.1 10.0.0.2 tcp-ao 1x -A tcp-md5 \"x\";",
		    "KeyID must be 0 to 255 at [1x]" },
		{ "add 10.0.0.1 10.0.0.2 tcp 4096 -m any -A tcp-md5 \"x\";",
		    "keys of TCP know no such extension at [-m]" },
		{ "add 10.0.0.1 10.0.0.2 tcp 4096 -f no-options ",
		    "only tcp-ao has a flag, no-options at [no-options]" },
		{ "add 10.0.0.1 10.0.0.2 tcp 4096 \"x\";",
		    "-A expected at [...]" },
		{ "add 10.0.0.1 10.0.0.2 tcp 4096 -A hmac-sha-1-96 \"x\";",
		    "algorithm must be tcp-md5 at [hmac-sha-1-96]" },
		{ "add 10.0.0.1 10.0.0.2 tcp-ao 1 -A tcp-md5 \"x\";",
		    "algorithm must be hmac-sha-1-96 or aes-128-cmac-96 at "
		    "[tcp-md5]" },
		{ "add 10.0.0.1 10.0.0.2 tcp 4096 -A tcp-md5 x;",
		    "key must be \"text\" or 0x and pairs of digits at [...]" },
		{ "add 10.0.0.1 10.0.0.2 tcp 4096 -A tcp-md5 0x123;",
		    "key must be \"text\" or 0x and pairs of digits at "
		    "[...]" },
		{ "add 10.0.0.1 10.0.0.2 tcp 4096 -A tcp-md5 0x12g4;",
		    "key has what is no digit at [...]" },
		{ "add 10.0.0.1 10.0.0.2 tcp 4096 -A tcp-md5 \"\";",
		    "key must have 1 to 80 bytes at [...]" },
		{ "add 10.0.0.1 10.0.0.2 tcp 4096 -A tcp-md5 \"x\n\";",
		    "no closing quote at [...]" },
		{ "add 10.0.0.1 10.0.0.2 tcp 4096 -A tcp-md5 \"x\" y;",
		    "; expected at [...]" },
		{ "add 10.0.0.1 10.0.0.2 tcp 4096 -A tcp-md5 \"x\"",
		    "; expected at [end of file]" },
		{ "add 10.0.0.1 10.0.0.2 tcp 4096 -A tcp-md5 \"x\"y;",
		    "; expected at [...]" },
		{ "add 10.0.0.1 10.0.0.2 tcp 4096 0x1234;",
		    "-A expected at [...]" },
		{ "add 10.0.0.1 10.0.0.2 tcp 4096 -A 0x1234;",
		    "algorithm must be tcp-md5 at [...]" },
		{ "add 10.0.0.0/24 10.0.0.2 tcp 4096 -A tcp-md5 \"x\";",
		    "Name or service not known at [10.0.0.0/24]" },
		{ "add 10.0.0.1 fd00::2 tcp 4096 -A tcp-md5 \"x\";",
		    "addresses of different families at [;]" },
		{ "flush esp;", "protocol must be tcp or tcp-ao at [esp]" },
		{ "dump tcp x;", "; expected at [x]" }
	};
	char says[256], text[256];
	struct rig r;
	size_t i;

	rig_new(&r, 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text), "# one\n%s" ADD,
		    bad[i].text);
		(void)snprintf(says, sizeof(says), "setkey: line 2: %s\n",
		    bad[i].says);
		/* To the end of the file and no further. */
		if (strstr(bad[i].says, "end of file") != NULL)
			*strstr(text, ADD) = '\0';
		script(&r, 1, text, says);
	}
	rig_tool(&r, 0, "setkey -j beta -D", "No SAD entries.\n");
	rig_free(&r);
}

/* The longest key, and one byte more. */
TEST(lengths)
{
	char key[162], text[512];
	struct rig r;

	rig_new(&r, 0);
	memset(key, 'a', 160);
	key[160] = '\0';
	(void)snprintf(text, sizeof(text), "add 10.0.0.1 10.0.0.2 tcp 4096 "
	    "-A tcp-md5 0x%s;", key);
	script(&r, 0, text, "");
	(void)snprintf(text, sizeof(text), "add 10.0.0.2 10.0.0.1 tcp 4096 "
	    "-A tcp-md5 0x%saa;", key);
	rig_tool_says(&r, 0, "setkey -j beta -D",
	    "aaaaaaaa aaaaaaaa aaaaaaaa\n\tseq=");
	script(&r, 1, "add 10.0.0.2 10.0.0.1 tcp 4096 -A tcp-md5 "
	    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaa\";", "setkey: line 1: key must have 1 to 80 "
	    "bytes at [...]\n");
	rig_tool(&r, 0, "head -c 5000 /dev/zero | tr '\\0' x | "
	    "setkey -j beta -c 2>&1 | cut -c 1-24",
	    "setkey: line 1: too long\n");
	rig_tool(&r, 1, "head -c 500 /dev/zero | setkey -j beta -c",
	    "setkey: line 1: a NUL at []\n");
	rig_tool(&r, 1, "printf 'flush\\0;' | setkey -j beta -c",
	    "setkey: line 1: a NUL at [flush]\n");
	rig_free(&r);
}

TEST(usage)
{
	struct rig r;

	rig_new(&r, 0);
	rig_tool_says(&r, 1, "setkey", "usage: setkey ");
	rig_tool_says(&r, 1, "setkey -D -F", "usage: setkey ");
	rig_tool_says(&r, 1, "setkey -D x", "usage: setkey ");
	rig_tool_says(&r, 1, "setkey -x", "usage: setkey ");
	rig_tool(&r, 1, "setkey -f missing",
	    "setkey: missing: No such file or directory\n");
	rig_tool(&r, 1, "setkey -j nobody -D",
	    "setkey: there is no host called nobody\n");
	/* Through a pipe; of a name, every address. */
	rig_tool(&r, 0, "echo 'flush; ;; # nothing' | setkey -c", "");
	rig_free(&r);
}

/* Nobody but the owner can ask; listings of variables show nothing. */
TEST(hidden)
{
	struct stat st;
	struct rig r;

	rig_new(&r, 0);
	script(&r, 0, ADD, "");
	ATF_REQUIRE_EQ(0, stat("control", &st));
	ATF_CHECK_EQ(0600, st.st_mode & 07777);
	rig_tool(&r, 0, "sysctl -j beta -a | grep -e net.key -e testkey | "
	    "wc -l | tr -d ' '", "0\n");
	rig_tool(&r, 0, "sysctl -j beta -ao | grep -c 74657374 || true",
	    "0\n");
	rig_free(&r);
}

/* ---- Connections ---- */

/* Can alpha connect to beta, whose listener signs?  0 or -1. */
static int
connects(struct rig *r, int option)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(80), .sin_addr.s_addr = htonl(0x0a000002) };
	int fd, on = 1, to;

	WORKS(fd = sy_socket(r->a, AF_INET, SOCK_STREAM, 0));
	WORKS(sy_setsockopt(r->a, fd, IPPROTO_TCP, option, &on, sizeof(on)));
	WORKS(sy_setnonblock(r->a, fd, true));
	if (sy_connect(r->a, fd, (struct sockaddr *)&sin, sizeof(sin)) ==
	    -1 && errno != EINPROGRESS) {
		WORKS(sy_close(r->a, fd));
		return (-1);
	}
	rig_run(r, SECOND);
	WORKS(sy_setnonblock(r->b, r->listener, true));
	to = sy_accept(r->b, r->listener, NULL, NULL);
	WORKS(sy_close(r->a, fd));
	if (to != -1)
		WORKS(sy_close(r->b, to));
	rig_run(r, SECOND);
	return (to == -1 ? -1 : 0);
}

static const char both[] =
    "add 10.0.0.1 10.0.0.2 tcp 4096 -A tcp-md5 \"k\";"
    "add 10.0.0.2 10.0.0.1 tcp 4096 -A tcp-md5 \"k\";"
    "add 10.0.0.1 10.0.0.2 tcp-ao 7 -A hmac-sha-1-96 \"k\";"
    "add 10.0.0.2 10.0.0.1 tcp-ao 9 -A aes-128-cmac-96 \"k\";";

static void
effect(int option)
{
	struct rig r;
	int on = 1;

	rig_new(&r, 0);
	WORKS(sy_setsockopt(r.b, r.listener, IPPROTO_TCP, option, &on,
	    sizeof(on)));
	ATF_CHECK_EQ(-1, connects(&r, option));
	ATF_CHECK_EQ(EACCES, errno);
	script(&r, 0, both, "");
	ATF_CHECK_EQ(-1, connects(&r, option));
	rig_tool(&r, 0, "setkey -f keys", "");
	ATF_CHECK_EQ(0, connects(&r, option));
	rig_tool(&r, 0, "netstat -j beta -ss -p tcp | "
	    "grep -c 'packets with matching signature'", "1\n");
	/* The wrong key. */
	rig_tool(&r, 0, "setkey -F; sed 's/\"k\"/\"x\"/g' keys | setkey -c",
	    "");
	ATF_CHECK_EQ(-1, connects(&r, option));
	rig_free(&r);
}

TEST(effect_md5)
{
	effect(SY_TCP_MD5SIG);
}

TEST(effect_ao)
{
	effect(SY_TCP_AO);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, dump);
	ATF_TP_ADD_TC(tp, get);
	ATF_TP_ADD_TC(tp, remove);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, syntax);
	ATF_TP_ADD_TC(tp, lengths);
	ATF_TP_ADD_TC(tp, usage);
	ATF_TP_ADD_TC(tp, hidden);
	ATF_TP_ADD_TC(tp, effect_md5);
	ATF_TP_ADD_TC(tp, effect_ao);
	return (atf_no_error());
}
