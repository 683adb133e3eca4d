/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What netstat prints, to the byte.
 */
#include <sys/types.h>
#include <netinet/in.h>
#include <atf-c.h>
#include <netdb.h>
#include <stdio.h>

#include "rig.h"

#define	HEAD	"Proto Recv-Q Send-Q Local Address          "		\
		"Foreign Address        (state)    "
#define	SERVERS	"Active Internet connections (including servers)\n"

/* Three connections to beta, one with five bytes to read. */
static void
three(struct rig *r)
{
	int fd, to;

	rig_new(r, 0);
	fd = rig_connect(r, 40001, 80, &to);
	WORKS(sy_send(r->a, fd, "hello", 5, 0));
	(void)rig_connect(r, 40002, 80, NULL);
	(void)rig_connect6(r, 40003, 8080);
	rig_run(r, SECOND);
}

TEST(list)
{
	const struct servent *serv;
	struct rig r;
	char line[128];

	three(&r);
	rig_tool(&r, 0, "netstat -j beta -an", SERVERS HEAD "\n"
"tcp6       0      0 fd00::2.8080           fd00::1.40003          ESTABLISHED\n"
"tcp4       0      0 10.0.0.2.80            10.0.0.1.40002         ESTABLISHED\n"
"tcp4       5      0 10.0.0.2.80            10.0.0.1.40001         ESTABLISHED\n"
"tcp46      0      0 *.8080                 *.*                    LISTEN     \n"
"tcp4       0      0 *.80                   *.*                    LISTEN     \n");
	/* The first host is alpha; without -a no listeners. */
	rig_tool(&r, 0, "netstat -n4", "Active Internet connections\n" HEAD "\n"
"tcp4       0      0 10.0.0.1.40002         10.0.0.2.80            ESTABLISHED\n"
"tcp4       0      0 10.0.0.1.40001         10.0.0.2.80            ESTABLISHED\n");
	rig_tool(&r, 0, "netstat -j beta -an -f inet6", SERVERS HEAD "\n"
"tcp6       0      0 fd00::2.8080           fd00::1.40003          ESTABLISHED\n"
"tcp46      0      0 *.8080                 *.*                    LISTEN     \n");
	/* By name, where the system knows the port's. */
	serv = getservbyport(htons(80), "tcp");
	(void)snprintf(line, sizeof(line),
	    "tcp4       0      0 *.%-20s *.*                    LISTEN     \n",
	    serv != NULL ? serv->s_name : "80");
	rig_tool_says(&r, 0, "netstat -j beta -a4", line);
	rig_free(&r);
}

TEST(columns)
{
	struct rig r;

	three(&r);
	rig_tool(&r, 0, "netstat -j beta -Ln",
"Current listen queue sizes (qlen/incqlen/maxqlen)\n"
"Proto Listen                           Local Address         \n"
"tcp46 1/0/7                            *.8080                 \n"
"tcp4  1/0/5                            *.80                   \n");
	rig_tool(&r, 0, "netstat -j beta -anT4 | tail -n +2 | head -n 2",
"Proto Rexmit OOORcv 0-win  Local Address          Foreign Address\n"
"tcp4       0      0      0 10.0.0.2.80            10.0.0.1.40002         \n");
	rig_tool(&r, 0, "netstat -j beta -ncC6", "Active Internet connections\n"
	    HEAD " Stack                            CC                     "
	    "cwin   ssthresh   MSS ECN\n"
"tcp6       0      0 fd00::2.8080           fd00::1.40003          ESTABLISHED"
" freebsd                          cubic                 14280 1073725440"
"  1440 off\n");
	rig_tool(&r, 0, "netstat -j beta -anx6 | head -n 3 | tail -n 2",
"Proto Recv-Q Send-Q Local Address          Foreign Address        "
"R-HIWA S-HIWA R-LOWA S-LOWA R-BCNT S-BCNT R-BMAX S-BMAX"
"   rexmt persist    keep    2msl  delack rcvtime\n"
"tcp6       0      0 fd00::2.8080           fd00::1.40003          "
" 66240  33120      1   2048      0      0 529920 264960"
"    0.00    0.00 7198.90    0.00    0.00    1.09\n");
	rig_tool_says(&r, 0, "netstat -j beta -nA",
"Tcpcb            Proto Recv-Q Send-Q Local Address      Foreign Address    "
"(state)    \n"
"               5 tcp6       0      0 fd00::2.8080       fd00::1.40003      "
"ESTABLISHED\n");
	rig_tool_says(&r, 0, "netstat -j beta -nW6",
"tcp6       0      0 fd00::2.8080                                  "
"fd00::1.40003                                 ESTABLISHED\n");
	rig_free(&r);
}

TEST(states)
{
	struct rig r;
	int fd, to;

	rig_new(&r, 0);
	fd = rig_connect(&r, 40001, 80, &to);
	WORKS(sy_close(r.b, to));
	rig_run(&r, SECOND);
	rig_tool_says(&r, 0, "netstat -j beta -n", " FIN_WAIT_2 \n");
	rig_tool_says(&r, 0, "netstat -n", " CLOSE_WAIT \n");
	WORKS(sy_close(r.a, fd));
	rig_run(&r, SECOND);
	rig_tool_says(&r, 0, "netstat -j beta -n", " TIME_WAIT  \n");
	rig_tool_says(&r, 0, "netstat -j beta -ss -p tcp",
	    "\t1 connection in TIME_WAIT state\n");
	rig_tool(&r, 0, "netstat -n", "");
	rig_free(&r);
}

TEST(json)
{
	struct rig r;

	three(&r);
	rig_tool(&r, 0, "netstat -j beta --libxo json -n6",
"{\"statistics\": {\"socket\": [{\"id\": 5, \"protocol\": \"tcp6\", "
"\"receive-bytes-waiting\": 0, \"send-bytes-waiting\": 0, "
"\"local\": {\"address\": \"fd00::2\", \"port\": \"8080\"}, "
"\"remote\": {\"address\": \"fd00::1\", \"port\": \"40003\"}, "
"\"tcp-state\": \"ESTABLISHED\"}]}}\n");
	rig_tool(&r, 0, "netstat -j beta --json -Ln4",
"{\"statistics\": {\"socket\": [{\"id\": 2, \"protocol\": \"tcp46\", "
"\"listen-queue-sizes\": \"1/0/7\", "
"\"local\": {\"address\": \"*\", \"port\": \"8080\"}}, "
"{\"id\": 1, \"protocol\": \"tcp4\", "
"\"listen-queue-sizes\": \"1/0/5\", "
"\"local\": {\"address\": \"*\", \"port\": \"80\"}}]}}\n");
	rig_tool(&r, 0, "netstat -j beta --libxo json,pretty -ss -p ip6",
"{\n  \"statistics\": {\n    \"ip6\": {\n"
"      \"received-packets\": 3,\n"
"      \"received-local-packets\": 3,\n"
"      \"sent-packets\": 1\n    }\n  }\n}\n");
	/* Everything is JSON that others can read. */
	rig_tool(&r, 0, "for o in -an -Lan -anx -anTcC -s '-s -p tcp'; do "
	    "netstat -j beta --json $o | python3 -m json.tool >/dev/null || "
	    "echo $o; done", "");
	rig_tool(&r, 1, "netstat --json -LT",
	    "netstat: -L goes with neither -x nor -T\n");
	rig_free(&r);
}

TEST(counters)
{
	struct rig r;

	three(&r);
	rig_tool(&r, 0, "netstat -j beta -ss -p tcp",
	    "tcp:\n"
	    "\t4 packets sent\n"
	    "\t\t4 ack-only packets (1 delayed)\n"
	    "\t7 packets received\n"
	    "\t\t3 acks (for 0 bytes)\n"
	    "\t\t1 packet (5 bytes) received in-sequence\n"
	    "\t3 connection accepts\n"
	    "\t3 connections established (including accepts)\n"
	    "\t3 segments updated rtt (of 3 attempts)\n"
	    "\t1 correct data packet header prediction\n"
	    "\t3 syncache entries added\n"
	    "\t\t3 completed\n"
	    "\t4 connection cache misses\n"
	    "TCP connection count by state:\n"
	    "\t2 connections in LISTEN state\n"
	    "\t3 connections in ESTABLISHED state\n");
	rig_tool(&r, 0, "netstat -j beta -s -p tcp | head -n 3",
	    "tcp:\n\t4 packets sent\n\t\t0 data packets (0 bytes)\n");
	rig_tool_says(&r, 0, "netstat -s -p tcp",
	    "\t\t1 data packet (5 bytes)\n");
	rig_tool_says(&r, 0, "netstat -j beta -sz",
	    "\t4 packets sent\n");
	rig_tool(&r, 0, "netstat -j beta -ss",
	    "tcp:\nTCP connection count by state:\n"
	    "\t2 connections in LISTEN state\n"
	    "\t3 connections in ESTABLISHED state\nip:\nip6:\n");
	rig_free(&r);
}

/* More connections than a page holds, each listed once. */
TEST(pages)
{
	struct rig r;
	int i;

	rig_new(&r, 0);
	for (i = 0; i < 1100; i++)
		WORKS(sy_socket(r.b, AF_INET, SOCK_STREAM, 0));
	rig_tool(&r, 0, "netstat -j beta -anA >all; grep -c CLOSED all; "
	    "sort -u all | grep -c CLOSED", "1100\n1100\n");
	rig_free(&r);
}

TEST(errors)
{
	struct rig r;

	rig_new(&r, 0);
	rig_tool(&r, 1, "netstat -j nobody -n",
	    "netstat: there is no host called nobody\n");
	rig_tool_says(&r, 1, "STACKYARD=/nonexistent netstat -n",
	    "/nonexistent");
	rig_tool(&r, 1, "netstat -s -p sctp",
	    "netstat: sctp: unknown or uninstrumented protocol\n");
	rig_tool(&r, 1, "netstat -f unix",
	    "netstat: unix: unknown address family\n");
	rig_tool(&r, 1, "netstat -xT",
	    "netstat: -x and -T are incompatible, pick one.\n");
	rig_tool_says(&r, 1, "netstat -r", "netstat: -r: ");
	rig_tool_says(&r, 1, "netstat -i", "netstat: -i: ");
	rig_tool_says(&r, 1, "netstat -w 1", "netstat: -w: ");
	rig_tool_says(&r, 1, "netstat -k", "usage: netstat ");
	rig_tool_says(&r, 1, "netstat extra", "usage: netstat ");
	rig_tool_says(&r, 1, "netstat --libxo xml", "--libxo xml: ");
	rig_free(&r);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, list);
	ATF_TP_ADD_TC(tp, columns);
	ATF_TP_ADD_TC(tp, states);
	ATF_TP_ADD_TC(tp, json);
	ATF_TP_ADD_TC(tp, counters);
	ATF_TP_ADD_TC(tp, pages);
	ATF_TP_ADD_TC(tp, errors);
	return (atf_no_error());
}
