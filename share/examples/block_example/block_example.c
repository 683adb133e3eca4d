/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * paced: the default function block, but for when it sends: the window is
 * spread over the round trip instead of leaving in bursts.  The rate is
 *
 *	gain * cwnd / srtt
 *
 * with a gain of 2 in slow start, so that the window can still double, and
 * of 1.2 after it, so that what the timer loses does not keep the window
 * from being filled.  Once n bytes have left, the next may leave n / rate
 * later.  Until there is a round trip nothing is held back.
 *
 * Touches: its own state of the connection.
 */
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/module.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <net/vnet.h>
#include <netinet/in.h>
#include <netinet/tcp_var.h>

#define	BURST		2		/* segments that leave together */
#define	GAIN_SLOW_START	200		/* percent */

VNET_DEFINE_STATIC(u_int, paced_gain) = 120;
#define	V_paced_gain	VNET(paced_gain)

SYSCTL_NODE(_net_inet_tcp, OID_AUTO, paced, CTLFLAG_RW, NULL, "Pacing block");
SYSCTL_UINT(_net_inet_tcp_paced, OID_AUTO, gain, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(paced_gain), 0,
    "Rate after slow start, percent of a window per round trip");

/* A connection's state, zeroed by the framework. */
struct paced {
	nstime_t	next;		/* when more may leave */
};

/* Bytes that may leave now; if none, *when is when to ask again. */
static uint32_t
paced_quota(struct tcpcb *tp, nstime_t *when)
{
	const struct paced *paced = tp->t_fb_ptr;
	uint32_t quota = tcp_default_quota(tp, when);

	if (quota == 0 || tp->t_srtt_us == 0)
		return (quota);
	if (paced->next > getnstime()) {
		*when = paced->next;
		return (0);
	}
	return (min(quota, BURST * tcp_maxseg(tp)));
}

/* ts has left: it takes its time on the wire that the rate says. */
static void
paced_sent(struct tcpcb *tp, struct tcp_sent *ts)
{
	struct paced *paced = tp->t_fb_ptr;
	uint64_t gain = tp->snd_cwnd <= tp->snd_ssthresh ? GAIN_SLOW_START :
	    V_paced_gain;

	tcp_default_sent(tp, ts);
	paced->next = u64max(paced->next, getnstime()) +
	    (uint64_t)(ts->ts_end - ts->ts_start) * tp->t_srtt_us *
	    (100 * NS_PER_USEC) / u64max(gain * tp->snd_cwnd, 1);
}

static struct tcp_function_block paced_block = {
	.tfb_tcp_block_name = "paced",
	.tfb_base = "freebsd",		/* all that is not named here */
	.tfb_quota = paced_quota,
	.tfb_sent = paced_sent,
	.tfb_statesize = sizeof(struct paced)
};

static int
paced_modevent(module_t mod __unused, int type, void *data __unused)
{
	switch (type) {
	case MOD_LOAD:
		return (register_tcp_functions(&paced_block, M_WAITOK));
	case MOD_QUIESCE:
		return (deregister_tcp_functions(&paced_block, true, false));
	case MOD_UNLOAD:
		return (deregister_tcp_functions(&paced_block, false, true));
	default:
		return (0);
	}
}

static const moduledata_t paced_module = { "paced", paced_modevent, NULL };
DECLARE_MODULE(paced, paced_module, SI_SUB_PROTO_DOMAIN, SI_ORDER_ANY);
