/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The harness itself: whatever differs from what a test says must make it
 * fail.  Each case says one thing that is wrong, and has to fail.
 */
#include <sys/wait.h>
#include <stdlib.h>
#include <unistd.h>

#include "pkt_impl.h"

/* A segment with everything in it, sent by us 50 ms after the handshake. */
#define	FLAGS	"P."
#define	NUMBERS	" 1:11(10)"
#define	ACK	" ack 1"
#define	WIN	" win 1027"
#define	OPTS	" <nop,nop,TS val 150 ecr 7,nop,nop,sack 101:201>"

static void
speak(struct pd *t)
{
	int fd = pd_active(t, PD_ALL, 65535);

	INJECT("P. 101:201(100) ack 1 win 512 <nop,nop,TS val 8 ecr 100>");
	pd_forget(t);
	ADVANCE(50 * PD_MSEC);
	SEND(fd, 10);
}

PD_TEST(right)
{
	speak(t);
	EXPECT(FLAGS NUMBERS ACK WIN OPTS);
	ADVANCE(229 * PD_MSEC);
	EXPECT_IN(1 * PD_MSEC, FLAGS NUMBERS ACK WIN
	    " <nop,nop,TS val * ecr 7,nop,nop,sack 101:201>");
}

/* func fails, in a process of its own, whatever the family. */
static void
must_fail(void (*func)(struct pd *))
{
	static const int families[] = { AF_INET, AF_INET6 };
	pid_t pid;
	u_int i;
	int status;

	for (i = 0; i < nitems(families); i++) {
		ATF_REQUIRE((pid = fork()) >= 0);
		if (pid == 0) {
			pd_run(func, families[i], families[i]);
			exit(EXIT_SUCCESS);
		}
		ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
		ATF_REQUIRE(WIFEXITED(status));
		ATF_REQUIRE_EQ(EXIT_FAILURE, WEXITSTATUS(status));
	}
}

#define	FAILING(name)							\
	static void pd_test_##name(struct pd *);			\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)						\
	{								\
		must_fail(pd_test_##name);				\
	}								\
	static void							\
	pd_test_##name(struct pd *t)

/* A case that says `statement' after speak(), which is wrong. */
#define	WRONG(name, statement)						\
	FAILING(name)							\
	{								\
		speak(t);						\
		statement;						\
		pd_forget(t);						\
	}

WRONG(flags, EXPECT("." NUMBERS ACK WIN OPTS))
WRONG(flags_more, EXPECT("FP." NUMBERS ACK WIN OPTS))
WRONG(sequence, EXPECT(FLAGS " 2:12(10)" ACK WIN OPTS))
WRONG(length, EXPECT(FLAGS " 1:12(11)" ACK WIN OPTS))
WRONG(ack, EXPECT(FLAGS NUMBERS " ack 2" WIN OPTS))
WRONG(win, EXPECT(FLAGS NUMBERS ACK " win 1026" OPTS))
WRONG(urg, EXPECT(FLAGS NUMBERS ACK WIN " urg 1" OPTS))
WRONG(ttl, EXPECT("[ttl 63] " FLAGS NUMBERS ACK WIN OPTS))
WRONG(tos, EXPECT("[tos 4] " FLAGS NUMBERS ACK WIN OPTS))
WRONG(no_options, EXPECT(FLAGS NUMBERS ACK WIN))
WRONG(other_options, EXPECT(FLAGS NUMBERS ACK WIN
    " <nop,nop,TS val 150 ecr 7>"))
WRONG(order_of_options, EXPECT(FLAGS NUMBERS ACK WIN
    " <nop,nop,sack 101:201,nop,nop,TS val 150 ecr 7>"))
WRONG(begin_of_options, EXPECT(FLAGS NUMBERS ACK WIN " <nop,eol,...>"))
WRONG(ts_val, EXPECT(FLAGS NUMBERS ACK WIN
    " <nop,nop,TS val 151 ecr 7,nop,nop,sack 101:201>"))
WRONG(ts_ecr, EXPECT(FLAGS NUMBERS ACK WIN
    " <nop,nop,TS val 150 ecr 8,nop,nop,sack 101:201>"))
WRONG(sack, EXPECT(FLAGS NUMBERS ACK WIN
    " <nop,nop,TS val 150 ecr 7,nop,nop,sack 101:202>"))
WRONG(nothing, NOTHING())
WRONG(quiet, ADVANCE(1))
WRONG(state, STATE(TCPS_CLOSE_WAIT))
WRONG(more, { pd_forget(t); EXPECT(FLAGS NUMBERS ACK WIN OPTS); })
WRONG(time, { pd_pass(t, 1); EXPECT(FLAGS NUMBERS ACK WIN OPTS); })
WRONG(too_early, { pd_forget(t);
    EXPECT_IN(230 * PD_MSEC + 1, FLAGS NUMBERS ACK WIN " <...>"); })
WRONG(too_late, { pd_forget(t);
    EXPECT_IN(230 * PD_MSEC - 1, FLAGS NUMBERS ACK WIN " <...>"); })
WRONG(syntax, EXPECT("X" NUMBERS ACK WIN OPTS))
WRONG(text_sent, { t->c->iss++; EXPECT(FLAGS " 0:10(10)" ACK " <...>"); })

/* What was sent and not looked at. */
FAILING(left_at_end)
{
	speak(t);
}

/* The pattern tells shifted text from right text. */
FAILING(text_read)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P. 1:101(100) ack 1 win 65535");
	RECV(fd, 50);
	t->fds[fd].rcvd++;
	pd_pass(t, PD_SEC);
	pd_forget(t);
	RECV(fd, 50);
}

/* What tcp_check() finds. */
FAILING(invariants)
{
	(void)pd_active(t, 0, 65535);
	pd_tcpcb(t)->snd_max++;
	pd_check(t);
	pd_tcpcb(t)->snd_max--;
}

/* A packet that somebody keeps is noticed at the end. */
FAILING(leak)
{
	static struct mbuf *volatile kept;

	CURVNET_SET(t->vnet);
	ATF_REQUIRE((kept = m_get(M_NOWAIT, MT_DATA)) != NULL);
	CURVNET_RESTORE();
}

/* ---- Headers ---- */

/* A segment of the peer's is, with the sides exchanged, one of ours. */
static uint32_t
build(struct pd *t, uint8_t *pkt)
{
	struct in6_addr us = t->us;
	struct pd_seg sg;
	uint16_t port = t->c->lport;
	uint32_t len;

	pd_seg_parse(t, "P. 1:101(100) ack 1 win 100 <mss 1460>", false, &sg);
	len = pd_seg_build(t, &sg, pkt);
	t->us = t->peer;
	t->peer = us;
	t->c->lport = t->c->fport;
	t->c->fport = port;
	return (len);
}

/* Any bit that flips on its way is seen: by a checksum, or in IPv6 as wrong
 * addresses, lengths, version and so on. */
PD_TEST(headers)
{
	static uint8_t pkt[PD_PKTLEN];
	struct pd_seg sg;
	uint32_t bit, len = build(t, pkt);
	const char *wrong;

	wrong = pd_seg_read(t, pkt, len, &sg);
	ATF_REQUIRE_MSG(wrong == NULL, "%s", wrong);
	ATF_REQUIRE_EQ(100, sg.len);
	for (bit = 0; bit < len * 8; bit++) {
		pkt[bit / 8] ^= 1 << bit % 8;
		wrong = pd_seg_read(t, pkt, len, &sg);
		/* Traffic class, flow label, hop limit: no sum has them. */
		ATF_REQUIRE_MSG(wrong != NULL || (t->af == AF_INET6 &&
		    ((bit >= 4 && bit < 32) || bit / 8 == 0 ||
		    bit / 8 == 7)), "bit %u", bit);
		pkt[bit / 8] ^= 1 << bit % 8;
	}
	ATF_REQUIRE(pd_seg_read(t, pkt, len - 1, &sg) != NULL);
}

/* Segments as text, and back. */
PD_TEST(printing)
{
	static const char * const lines[] = {
		"S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK>",
		"S. 0:0(0) ack 1 win 65535 <nop,nop,TS val 100 ecr 0>",
		"P. 1:101(100) ack 1 win 1 <nop,nop,sack 1:2 3:4>",
		"FSRP.UEWA 5:5(0) ack 7 win 0 urg 9",
		"[ttl 1,tos 3] - 1:1(0) win 3",
		"R 4294967295:4294967295(0) win 0 <eol,hex fd0512>"
	};
	char buf[PD_TEXTLEN];
	struct pd_seg sg;
	u_int i;

	for (i = 0; i < nitems(lines); i++) {
		pd_seg_parse(t, lines[i], true, &sg);
		ATF_CHECK_STREQ(lines[i], pd_seg_print(t, &sg, true, buf));
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, right);
	ATF_TP_ADD_TC(tp, flags);
	ATF_TP_ADD_TC(tp, flags_more);
	ATF_TP_ADD_TC(tp, sequence);
	ATF_TP_ADD_TC(tp, length);
	ATF_TP_ADD_TC(tp, ack);
	ATF_TP_ADD_TC(tp, win);
	ATF_TP_ADD_TC(tp, urg);
	ATF_TP_ADD_TC(tp, ttl);
	ATF_TP_ADD_TC(tp, tos);
	ATF_TP_ADD_TC(tp, no_options);
	ATF_TP_ADD_TC(tp, other_options);
	ATF_TP_ADD_TC(tp, order_of_options);
	ATF_TP_ADD_TC(tp, begin_of_options);
	ATF_TP_ADD_TC(tp, ts_val);
	ATF_TP_ADD_TC(tp, ts_ecr);
	ATF_TP_ADD_TC(tp, sack);
	ATF_TP_ADD_TC(tp, nothing);
	ATF_TP_ADD_TC(tp, quiet);
	ATF_TP_ADD_TC(tp, state);
	ATF_TP_ADD_TC(tp, more);
	ATF_TP_ADD_TC(tp, time);
	ATF_TP_ADD_TC(tp, too_early);
	ATF_TP_ADD_TC(tp, too_late);
	ATF_TP_ADD_TC(tp, syntax);
	ATF_TP_ADD_TC(tp, text_sent);
	ATF_TP_ADD_TC(tp, left_at_end);
	ATF_TP_ADD_TC(tp, text_read);
	ATF_TP_ADD_TC(tp, invariants);
	ATF_TP_ADD_TC(tp, leak);
	ATF_TP_ADD_TC(tp, headers);
	ATF_TP_ADD_TC(tp, printing);
	return (atf_no_error());
}
