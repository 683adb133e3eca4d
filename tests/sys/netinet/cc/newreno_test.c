/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* newreno: each formula at the head of cc_newreno.c, to the byte. */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/sockopt.h>
#include <sys/systm.h>
#include <netinet/cc/cc_newreno.h>

#include "cctest.h"

static struct cctest ct;
static struct tcpcb *const tp = &ct.ct_tp;

/* What an ACK of bytes, for nsegs ACKs, adds to a window of cwnd segments
 * under ssthresh segments. */
static uint32_t
growth(uint32_t cwnd, uint32_t ssthresh, uint32_t bytes, uint16_t nsegs)
{
	cct_window(&ct, cwnd * MSS, ssthresh * MSS);
	cct_ack_n(&ct, bytes, nsegs);
	return (tp->snd_cwnd - cwnd * MSS);
}

ATF_TC_WITHOUT_HEAD(slow_start);
ATF_TC_BODY(slow_start, tc)
{
	cct_open(&ct, "newreno");
	ATF_CHECK_EQ(MSS, growth(10, 1000, MSS, 1));
	ATF_CHECK_EQ(1, growth(10, 1000, 1, 1));
	ATF_CHECK_EQ(2 * MSS, growth(10, 1000, 2 * MSS, 1));
	ATF_CHECK_EQ_MSG(2 * MSS, growth(10, 1000, 7 * MSS, 1), "L is 2");
	ATF_CHECK_EQ_MSG(7 * MSS, growth(10, 1000, 7 * MSS, 4),
	    "four ACKs in one");
	ATF_CHECK_EQ(4 * MSS, growth(10, 1000, 7 * MSS, 2));

	ATF_REQUIRE_EQ(0, cct_sysctl("net.inet.tcp.abc_l_var", "5"));
	ATF_CHECK_EQ(5 * MSS, growth(10, 1000, 7 * MSS, 1));
	tp->t_ccv.flags |= CCF_USE_LOCAL_ABC;
	tp->t_ccv.labc = 3;
	ATF_CHECK_EQ(3 * MSS, growth(10, 1000, 7 * MSS, 1));
	tp->t_flags2 = TF2_RTOLOSS;
	ATF_CHECK_EQ_MSG(MSS, growth(10, 1000, 7 * MSS, 1),
	    "L is 1 after a timeout");
	tp->t_flags2 = 0;
	ATF_REQUIRE_EQ(0, cct_sysctl("net.inet.tcp.rfc3465", "0"));
	ATF_CHECK_EQ(MSS, growth(10, 1000, 7 * MSS, 1));

	/* The last ACK of slow start: to a segment beyond ssthresh. */
	ATF_REQUIRE_EQ(0, cct_sysctl("net.inet.tcp.rfc3465", "1"));
	ATF_CHECK_EQ(3 * MSS, growth(10, 12, 40 * MSS, 20));
	ATF_CHECK_EQ(MSS, growth(10, 10, 2 * MSS, 1));
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(no_growth);
ATF_TC_BODY(no_growth, tc)
{
	struct cc_var *ccv = &tp->t_ccv;

	cct_open(&ct, "newreno");
	ccv->bytes_this_ack = MSS;
	ccv->nsegs = 1;
	newreno_cc_ack_received(ccv, CC_ACK);
	ATF_CHECK_EQ_MSG(10 * MSS, tp->snd_cwnd, "the user limits");
	ccv->flags |= CCF_CWND_LIMITED;
	newreno_cc_ack_received(ccv, CC_DUPACK);
	newreno_cc_ack_received(ccv, CC_PARTIALACK);
	ATF_CHECK_EQ(10 * MSS, tp->snd_cwnd);
	ENTER_CONGRECOVERY(tp->t_flags);
	newreno_cc_ack_received(ccv, CC_ACK);
	ATF_CHECK_EQ_MSG(10 * MSS, tp->snd_cwnd, "during recovery");
	EXIT_RECOVERY(tp->t_flags);
	newreno_cc_ack_received(ccv, CC_ACK);
	ATF_CHECK_EQ(11 * MSS, tp->snd_cwnd);
	cct_close(&ct);
}

/* One segment for each window, however it is acknowledged. */
ATF_TC_WITHOUT_HEAD(avoidance);
ATF_TC_BODY(avoidance, tc)
{
	static const uint32_t sizes[] = { 1, 333, MSS, 2 * MSS, 50 * MSS };
	uint32_t i, round;

	cct_open(&ct, "newreno");
	for (i = 0; i < nitems(sizes); i++) {
		cct_window(&ct, 20 * MSS, 10 * MSS);
		tp->t_bytes_acked = 0;
		for (round = 1; round <= 10; round++) {
			cct_round(&ct, 10 * MS, sizes[i]);
			ATF_CHECK_EQ_MSG((20 + round) * MSS, tp->snd_cwnd,
			    "ACKs of %u, round %u: %u", sizes[i], round,
			    tp->snd_cwnd);
		}
	}
	/* RFC 5681 (3), if bytes are not counted. */
	ATF_REQUIRE_EQ(0, cct_sysctl("net.inet.tcp.rfc3465", "0"));
	ATF_CHECK_EQ(MSS / 20, growth(20, 10, MSS, 1));
	ATF_CHECK_EQ(3 * MSS / 20, growth(20, 10, MSS, 3));
	ATF_CHECK_EQ(1, growth(2000, 10, MSS, 1));
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(largest);
ATF_TC_BODY(largest, tc)
{
	uint32_t most = (uint32_t)TCP_MAXWIN << TCP_MAX_WINSHIFT;

	cct_open(&ct, "newreno");
	cct_window(&ct, most - 1, most);
	cct_ack(&ct, MSS);
	ATF_CHECK_EQ(most, tp->snd_cwnd);
	tp->snd_scale = 0;
	cct_window(&ct, TCP_MAXWIN - 1, most);
	cct_ack(&ct, MSS);
	ATF_CHECK_EQ(TCP_MAXWIN, tp->snd_cwnd);
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(loss);
ATF_TC_BODY(loss, tc)
{
	cct_open(&ct, "newreno");
	cct_window(&ct, 101 * MSS, 50 * MSS);
	cct_signal(&ct, CC_NDUPACK);
	ATF_CHECK_EQ(101 * MSS / 2, tp->snd_ssthresh);
	ATF_CHECK_EQ_MSG(101 * MSS, tp->snd_cwnd, "the block's business");
	ATF_CHECK(IN_FASTRECOVERY(tp->t_flags) &&
	    IN_CONGRECOVERY(tp->t_flags));
	cct_signal(&ct, CC_NDUPACK);
	cct_signal(&ct, CC_ECN);
	ATF_CHECK_EQ_MSG(101 * MSS / 2, tp->snd_ssthresh, "once a window");
	cct_recover(&ct);
	ATF_CHECK_EQ(101 * MSS / 2, tp->snd_cwnd);

	/* Never under two segments; never for more than is in flight. */
	cct_window(&ct, 3 * MSS, 50 * MSS);
	cct_signal(&ct, CC_NDUPACK);
	ATF_CHECK_EQ(2 * MSS, tp->snd_ssthresh);
	EXIT_RECOVERY(tp->t_flags);
	cct_window(&ct, 100 * MSS, 50 * MSS);
	tp->snd_max = tp->snd_una + 30 * MSS;
	cct_signal(&ct, CC_NDUPACK);
	ATF_CHECK_EQ(15 * MSS, tp->snd_ssthresh);

	/* Nor for more than the window (what is SACKed is no more in it). */
	EXIT_RECOVERY(tp->t_flags);
	tp->snd_max = tp->snd_una + 150 * MSS;
	cct_signal(&ct, CC_NDUPACK);
	ATF_CHECK_EQ(50 * MSS, tp->snd_ssthresh);

	/* What this ACK took away was in flight. */
	tp->snd_max = tp->snd_una + 30 * MSS;
	EXIT_RECOVERY(tp->t_flags);
	tp->t_ccv.bytes_this_ack = 20 * MSS;
	newreno_cc_cong_signal(&tp->t_ccv, CC_NDUPACK);
	ATF_CHECK_EQ(25 * MSS, tp->snd_ssthresh);
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(recovered);
ATF_TC_BODY(recovered, tc)
{
	cct_open(&ct, "newreno");
	cct_window(&ct, 60 * MSS, 50 * MSS);
	newreno_cc_post_recovery(&tp->t_ccv);
	ATF_CHECK_EQ_MSG(60 * MSS, tp->snd_cwnd, "there was no recovery");
	ENTER_FASTRECOVERY(tp->t_flags);
	newreno_cc_post_recovery(&tp->t_ccv);
	ATF_CHECK_EQ(50 * MSS, tp->snd_cwnd);
	tp->snd_max = tp->snd_una + 8 * MSS;
	newreno_cc_post_recovery(&tp->t_ccv);
	ATF_CHECK_EQ_MSG(9 * MSS, tp->snd_cwnd, "no burst");
	tp->snd_max = tp->snd_una;
	newreno_cc_post_recovery(&tp->t_ccv);
	ATF_CHECK_EQ(2 * MSS, tp->snd_cwnd);
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(ecn);
ATF_TC_BODY(ecn, tc)
{
	cct_open(&ct, "newreno");
	cct_window(&ct, 100 * MSS, 50 * MSS);
	cct_signal(&ct, CC_ECN);
	ATF_CHECK_EQ(50 * MSS, tp->snd_ssthresh);
	ATF_CHECK_EQ(50 * MSS, tp->snd_cwnd);
	ATF_CHECK(IN_CONGRECOVERY(tp->t_flags) &&
	    !IN_FASTRECOVERY(tp->t_flags));
	cct_signal(&ct, CC_ECN);
	ATF_CHECK_EQ_MSG(50 * MSS, tp->snd_cwnd, "once a window");
	EXIT_RECOVERY(tp->t_flags);

	/* ABE, and loss in the same recovery. */
	ATF_REQUIRE_EQ(0, cct_sysctl("net.inet.tcp.cc.abe", "1"));
	cct_window(&ct, 100 * MSS, 50 * MSS);
	cct_signal(&ct, CC_ECN);
	ATF_CHECK_EQ(80 * MSS, tp->snd_cwnd);
	cct_signal(&ct, CC_NDUPACK);
	ATF_CHECK_EQ(80 * MSS, tp->snd_ssthresh);
	ATF_CHECK(IN_FASTRECOVERY(tp->t_flags));
	EXIT_RECOVERY(tp->t_flags);
	ATF_REQUIRE_EQ(0, cct_sysctl("net.inet.tcp.cc.abe_frlossreduce",
	    "1"));
	cct_window(&ct, 100 * MSS, 50 * MSS);
	cct_signal(&ct, CC_ECN);
	cct_signal(&ct, CC_NDUPACK);
	ATF_CHECK_EQ_MSG(50 * MSS, tp->snd_ssthresh, "%u",
	    tp->snd_ssthresh);
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(timeout);
ATF_TC_BODY(timeout, tc)
{
	cct_open(&ct, "newreno");
	cct_window(&ct, 100 * MSS, 50 * MSS);
	tp->snd_max = tp->snd_una + 80 * MSS;
	cct_signal(&ct, CC_RTO);
	ATF_CHECK_EQ(40 * MSS, tp->snd_ssthresh);
	ATF_CHECK_EQ(MSS, tp->snd_cwnd);
	cct_signal(&ct, CC_RTO);
	ATF_CHECK_EQ_MSG(40 * MSS, tp->snd_ssthresh,
	    "the same data timed out again");
	tp->t_rxtshift = 0;
	cct_signal(&ct, CC_RTO);
	ATF_CHECK_EQ(2 * MSS, tp->snd_ssthresh);
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(idle);
ATF_TC_BODY(idle, tc)
{
	cct_open(&ct, "newreno");
	cct_window(&ct, 100 * MSS, 50 * MSS);
	newreno_cc_after_idle(&tp->t_ccv);
	ATF_CHECK_EQ(tcp_compute_initwnd(MSS), tp->snd_cwnd);
	ATF_CHECK_EQ(75 * MSS, tp->snd_ssthresh);
	cct_window(&ct, 3 * MSS, 50 * MSS);
	newreno_cc_after_idle(&tp->t_ccv);
	ATF_CHECK_EQ(3 * MSS, tp->snd_cwnd);
	ATF_CHECK_EQ(50 * MSS, tp->snd_ssthresh);
	cct_close(&ct);
}

/* Ask newreno's ctl_output. */
static int
option(enum sopt_dir dir, int name, uint32_t *val, size_t size)
{
	struct cc_newreno_opts opt = { .name = name, .val = *val };
	struct sockopt sopt = { .sopt_dir = dir, .sopt_val = &opt,
	    .sopt_valsize = size };
	int error;

	error = CC_ALGO(tp)->ctl_output(&tp->t_ccv, &sopt, &opt);
	*val = opt.val;
	return (error);
}

ATF_TC_WITHOUT_HEAD(options);
ATF_TC_BODY(options, tc)
{
	const size_t size = sizeof(struct cc_newreno_opts);
	uint32_t val = 70;

	cct_open(&ct, "newreno");
	ATF_CHECK_EQ(EMSGSIZE, option(SOPT_SET, CC_NEWRENO_BETA, &val, 4));
	ATF_CHECK_EQ(EMSGSIZE, option(SOPT_GET, CC_NEWRENO_BETA, &val, 0));
	ATF_CHECK_EQ(ENOPROTOOPT, option(SOPT_SET, 3, &val, size));
	ATF_CHECK_EQ(ENOPROTOOPT, option(SOPT_GET, 0, &val, size));
	ATF_CHECK_EQ(0, option(SOPT_SET, CC_NEWRENO_BETA, &val, size));
	val = 0;
	ATF_CHECK_EQ(EINVAL, option(SOPT_SET, CC_NEWRENO_BETA, &val, size));
	val = 101;
	ATF_CHECK_EQ(EINVAL, option(SOPT_SET, CC_NEWRENO_BETA, &val, size));
	ATF_CHECK_EQ(0, option(SOPT_GET, CC_NEWRENO_BETA, &val, size));
	ATF_CHECK_EQ(70, val);
	val = 90;
	ATF_CHECK_EQ(EACCES, option(SOPT_SET, CC_NEWRENO_BETA_ECN, &val,
	    size));
	ATF_REQUIRE_EQ(0, cct_sysctl("net.inet.tcp.cc.abe", "1"));
	ATF_CHECK_EQ(0, option(SOPT_SET, CC_NEWRENO_BETA_ECN, &val, size));
	val = 0;
	ATF_CHECK_EQ(0, option(SOPT_GET, CC_NEWRENO_BETA_ECN, &val, size));
	ATF_CHECK_EQ(90, val);

	cct_window(&ct, 100 * MSS, 50 * MSS);
	cct_signal(&ct, CC_ECN);
	ATF_CHECK_EQ(90 * MSS, tp->snd_cwnd);
	EXIT_RECOVERY(tp->t_flags);
	cct_window(&ct, 100 * MSS, 50 * MSS);
	cct_signal(&ct, CC_NDUPACK);
	ATF_CHECK_EQ(70 * MSS, tp->snd_ssthresh);
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(variables);
ATF_TC_BODY(variables, tc)
{
	uint32_t val = 0;

	cct_open(&ct, "newreno");
	ATF_CHECK_EQ(EINVAL, cct_sysctl("net.inet.tcp.cc.newreno.beta", "0"));
	ATF_CHECK_EQ(EINVAL, cct_sysctl("net.inet.tcp.cc.newreno.beta",
	    "101"));
	ATF_CHECK_EQ(0, cct_sysctl("net.inet.tcp.cc.newreno.beta", "60"));
	ATF_CHECK_EQ(EACCES, cct_sysctl("net.inet.tcp.cc.newreno.beta_ecn",
	    "85"));
	ATF_CHECK_EQ(0, cct_sysctl("net.inet.tcp.cc.abe", "1"));
	ATF_CHECK_EQ(EINVAL, cct_sysctl("net.inet.tcp.cc.newreno.beta_ecn",
	    "0"));
	ATF_CHECK_EQ(0, cct_sysctl("net.inet.tcp.cc.newreno.beta_ecn",
	    "85"));
	/* For connections that begin now. */
	ATF_CHECK_EQ(0, option(SOPT_GET, CC_NEWRENO_BETA, &val,
	    sizeof(struct cc_newreno_opts)));
	ATF_CHECK_EQ(50, val);
	cc_detach(tp);
	ATF_REQUIRE_EQ(0, cc_attach(tp, cc_find("newreno")));
	cct_window(&ct, 100 * MSS, 50 * MSS);
	cct_signal(&ct, CC_ECN);
	ATF_CHECK_EQ(85 * MSS, tp->snd_cwnd);
	EXIT_RECOVERY(tp->t_flags);
	cct_window(&ct, 100 * MSS, 50 * MSS);
	cct_signal(&ct, CC_NDUPACK);
	ATF_CHECK_EQ(60 * MSS, tp->snd_ssthresh);
	cct_close(&ct);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, slow_start);
	ATF_TP_ADD_TC(tp, no_growth);
	ATF_TP_ADD_TC(tp, avoidance);
	ATF_TP_ADD_TC(tp, largest);
	ATF_TP_ADD_TC(tp, loss);
	ATF_TP_ADD_TC(tp, recovered);
	ATF_TP_ADD_TC(tp, ecn);
	ATF_TP_ADD_TC(tp, timeout);
	ATF_TP_ADD_TC(tp, idle);
	ATF_TP_ADD_TC(tp, options);
	ATF_TP_ADD_TC(tp, variables);
	return (atf_no_error());
}
