/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* See cctest.h. */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include "cctest.h"

void
cct_open(struct cctest *ct, const char *name)
{
	struct tcpcb *tp = &ct->ct_tp;
	struct cc_algo *algo;

	memset(ct, 0, sizeof(*ct));
	testhost_start(&ct->ct_host, "host");
	ct->ct_host.th_now = NS_PER_SEC;
	ct->ct_saved = vnet_enter(ct->ct_host.th_vnet);
	tp->t_fb = &ct->ct_fb;
	TAILQ_INIT(&tp->t_map);
	tp->t_state = TCPS_ESTABLISHED;
	tp->t_maxseg = MSS;
	tp->snd_scale = TCP_MAX_WINSHIFT;
	tp->snd_wnd = (uint32_t)TCP_MAXWIN << TCP_MAX_WINSHIFT;
	tp->snd_una = tp->snd_max = tp->snd_recover = 0xfffff000;
	cct_window(ct, 10 * MSS, (uint32_t)TCP_MAXWIN << TCP_MAX_WINSHIFT);
	algo = cc_find(name);
	ATF_REQUIRE_MSG(algo != NULL, "no module %s", name);
	ATF_REQUIRE_EQ(0, cc_attach(tp, algo));
	if (algo->conn_init != NULL)
		algo->conn_init(&tp->t_ccv);
}

void
cct_close(struct cctest *ct)
{
	cc_detach(&ct->ct_tp);
	vnet_leave(ct->ct_saved);
	testhost_stop(&ct->ct_host);
	ATF_CHECK_STREQ_MSG("", ct->ct_host.th_log, "the host complained");
}

void
cct_advance(struct cctest *ct, nstime_t ns)
{
	vnet_leave(ct->ct_saved);
	ct->ct_host.th_now += ns;
	ct->ct_saved = vnet_enter(ct->ct_host.th_vnet);
}

/* All of the window is in flight. */
static void
fill(struct tcpcb *tp)
{
	if (SEQ_LT(tp->snd_max, tp->snd_una + tp->snd_cwnd))
		tp->snd_max = tp->snd_una + tp->snd_cwnd;
	tp->snd_nxt = tp->snd_max;
}

void
cct_window(struct cctest *ct, uint32_t cwnd, uint32_t ssthresh)
{
	struct tcpcb *tp = &ct->ct_tp;

	tp->snd_cwnd = cwnd;
	tp->snd_ssthresh = ssthresh;
	tp->snd_max = tp->snd_una;
	fill(tp);
}

void
cct_ack_n(struct cctest *ct, uint32_t bytes, uint16_t nsegs)
{
	struct tcpcb *tp = &ct->ct_tp;
	struct cc_var *ccv = &tp->t_ccv;

	tp->snd_una += bytes;
	ccv->nsegs = nsegs;
	ccv->bytes_this_ack = (int)bytes;
	ccv->curack = tp->snd_una;
	ccv->flags |= CCF_CWND_LIMITED;
	if (tp->snd_cwnd > tp->snd_ssthresh) {
		tp->t_bytes_acked += bytes;
		if (tp->t_bytes_acked >= tp->snd_cwnd) {
			tp->t_bytes_acked -= tp->snd_cwnd;
			ccv->flags |= CCF_ABC_SENTAWND;
		}
	} else {
		ccv->flags &= ~CCF_ABC_SENTAWND;
		tp->t_bytes_acked = 0;
	}
	CC_ALGO(tp)->ack_received(ccv, CC_ACK);
	fill(tp);
}

void
cct_ack(struct cctest *ct, uint32_t bytes)
{
	cct_ack_n(ct, bytes, 1);
}

void
cct_round(struct cctest *ct, nstime_t rtt, uint32_t bytes)
{
	struct tcpcb *tp = &ct->ct_tp;
	uint32_t done, window = tp->snd_cwnd;
	nstime_t start = ct->ct_host.th_now;

	for (done = 0; done < window; done += bytes) {
		bytes = min(bytes, window - done);
		cct_advance(ct, start + rtt * (done + bytes) / window -
		    ct->ct_host.th_now);
		cct_ack(ct, bytes);
	}
}

void
cct_signal(struct cctest *ct, ccsignal_t type)
{
	struct tcpcb *tp = &ct->ct_tp;

	if (type == CC_NDUPACK && !IN_FASTRECOVERY(tp->t_flags))
		tp->snd_recover = tp->snd_max;
	if (type == CC_RTO) {
		EXIT_RECOVERY(tp->t_flags);
		tp->t_rxtshift++;
	}
	tp->t_ccv.bytes_this_ack = 0;
	CC_ALGO(tp)->cong_signal(&tp->t_ccv, type);
}

void
cct_recover(struct cctest *ct)
{
	struct tcpcb *tp = &ct->ct_tp;

	/* As much has been sent meanwhile as ssthresh lets out. */
	tp->snd_una = tp->snd_recover;
	tp->snd_max = tp->snd_una + tp->snd_ssthresh;
	CC_ALGO(tp)->post_recovery(&tp->t_ccv);
	EXIT_RECOVERY(tp->t_flags);
	tp->t_bytes_acked = 0;
}

int
cct_sysctl(const char *name, const char *value)
{
	return (sysctl_set_string(name, value, false));
}
