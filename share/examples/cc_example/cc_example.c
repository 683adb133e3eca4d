/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * example: Scalable TCP (Kelly, 2003) in the fewest lines.  In congestion
 * avoidance an ACK adds a percent of the bytes it acknowledges, so that a
 * window of any size grows by the same part in each round trip; congestion
 * takes b percent of the window away.  All else is as in newreno.
 *
 * Touches: snd_cwnd and snd_ssthresh of the connection.
 */
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/module.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <net/vnet.h>
#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <netinet/cc/cc.h>
#include <netinet/cc/cc_module.h>

/* Each host has its own a and b. */
VNET_DEFINE_STATIC(u_int, example_a) = 1;
VNET_DEFINE_STATIC(u_int, example_b) = 12;
#define	V_example_a	VNET(example_a)
#define	V_example_b	VNET(example_b)

SYSCTL_NODE(_net_inet_tcp_cc, OID_AUTO, example, CTLFLAG_RW, NULL,
    "Scalable TCP");
SYSCTL_UINT(_net_inet_tcp_cc_example, OID_AUTO, a, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(example_a), 0, "Percent of the bytes acknowledged to add");
SYSCTL_UINT(_net_inet_tcp_cc_example, OID_AUTO, b, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(example_b), 0, "Percent of the window that congestion takes");

static void
example_ack_received(struct cc_var *ccv, ccsignal_t type)
{
	uint64_t cwnd = CCV(ccv, snd_cwnd);

	if (cwnd <= CCV(ccv, snd_ssthresh)) {
		newreno_cc_ack_received(ccv, type);	/* slow start */
		return;
	}
	if (type != CC_ACK || IN_RECOVERY(CCV(ccv, t_flags)) ||
	    (ccv->flags & CCF_CWND_LIMITED) == 0)
		return;
	cwnd += (uint64_t)ccv->bytes_this_ack * V_example_a / 100;
	CCV(ccv, snd_cwnd) = (uint32_t)ulmin(cwnd,
	    (u_long)TCP_MAXWIN << CCV(ccv, snd_scale));
}

static void
example_cong_signal(struct cc_var *ccv, ccsignal_t type)
{
	uint32_t cwnd = CCV(ccv, snd_cwnd);
	bool first = !IN_RECOVERY(CCV(ccv, t_flags));

	newreno_cc_cong_signal(ccv, type);
	if (!first || (type != CC_NDUPACK && type != CC_ECN))
		return;
	cwnd -= (uint32_t)((uint64_t)cwnd * min(V_example_b, 100) / 100);
	CCV(ccv, snd_ssthresh) = max(cwnd, 2 * tcp_fixed_maxseg(ccv->tp));
	if (type == CC_ECN)
		CCV(ccv, snd_cwnd) = CCV(ccv, snd_ssthresh);
}

static const struct cc_algo example_cc_algo = {
	.name = "example",
	.ack_received = example_ack_received,
	.cong_signal = example_cong_signal,
	.post_recovery = newreno_cc_post_recovery,
	.after_idle = newreno_cc_after_idle
};
DECLARE_CC_MODULE(example, &example_cc_algo);
