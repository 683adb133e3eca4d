/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * newreno: the congestion control of RFC 5681 and RFC 6582.  With windows
 * in bytes and one segment being mss bytes,
 *
 *	slow start (cwnd <= ssthresh)
 *	    an ACK of N bytes:	cwnd += min(N, L * mss)		RFC 3465
 *	congestion avoidance
 *	    a window ACKed:	cwnd += mss			RFC 3465
 *	loss			ssthresh = beta * used		RFC 5681 (4)
 *	    end of recovery:	cwnd = min(ssthresh,
 *				    max(flight, mss) + mss)	RFC 6582, 3.2
 *	ECN			ssthresh = cwnd =
 *				    beta_ecn * used		RFC 8511
 *	timeout			ssthresh = used / 2, cwnd = mss	RFC 5681
 *	idle			cwnd = min(initial, cwnd)	RFC 5681, 4.1
 *				ssthresh >= 3/4 cwnd		RFC 7661, 4.4
 *
 * where L is abc_l_var, but 1 while a timeout is being repaired; `used' is
 * the smaller of cwnd and what was in flight when the ACK came; beta is one
 * half, and beta_ecn is beta unless cc.abe allows the larger.  No reduction
 * leaves ssthresh under two segments.  What is in the window during
 * recovery is the function block's business.
 *
 * An ACK that stands for several (nsegs) may grow the window as much as
 * those would have, but does not carry slow start past ssthresh by more than
 * a segment.  Nothing grows while the window is not what limits the sender
 * (CCF_CWND_LIMITED), nor during recovery.  The first slow start is watched
 * by HyStart++ (cc_hystart.c).
 *
 * Touches: snd_cwnd, snd_ssthresh and the recovery flags of the connection.
 */
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/malloc.h>
#include <sys/module.h>
#include <sys/socket.h>
#include <sys/sockopt.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <net/vnet.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <netinet/cc/cc.h>
#include <netinet/cc/cc_hystart.h>
#include <netinet/cc/cc_module.h>
#include <netinet/cc/cc_newreno.h>

#define	MIN_SSTHRESH	2		/* segments (RFC 5681) */

VNET_DEFINE(int, newreno_beta) = 50;
VNET_DEFINE(int, newreno_beta_ecn) = 80;

static int
newreno_cb_init(struct cc_var *ccv, void *ptr)
{
	struct newreno *nreno = ptr;

	if (nreno == NULL)
		nreno = malloc(sizeof(*nreno), M_CC_MEM, M_NOWAIT);
	if (nreno == NULL)
		return (ENOMEM);
	memset(nreno, 0, sizeof(*nreno));
	nreno->beta = (uint32_t)V_newreno_beta;
	nreno->beta_ecn = (uint32_t)V_newreno_beta_ecn;
	ccv->cc_data = nreno;
	return (0);
}

static void
newreno_cb_destroy(struct cc_var *ccv)
{
	free(ccv->cc_data, M_CC_MEM);
}

static size_t
newreno_data_sz(void)
{
	return (sizeof(struct newreno));
}

/* The state, unless another module calls, whose cc_data is its own. */
static struct newreno *
newreno_state(const struct cc_var *ccv)
{
	const struct cc_algo *algo = CCV(ccv, t_cc);

	if (algo == NULL || algo->cb_init != newreno_cb_init)
		return (NULL);
	return (ccv->cc_data);
}

static void
newreno_conn_init(struct cc_var *ccv)
{
	struct newreno *nreno = newreno_state(ccv);

	ccv->flags |= CCF_GROWTH_ONLY;
	if (nreno != NULL)
		cc_hystart_start(&nreno->hystart, ccv);
}

/* ---- Growth ---- */

void
newreno_cc_grow(struct cc_var *ccv, uint32_t incr)
{
	uint64_t cwnd = (uint64_t)CCV(ccv, snd_cwnd) + incr;

	CCV(ccv, snd_cwnd) = (uint32_t)u64min(cwnd,
	    (uint64_t)TCP_MAXWIN << CCV(ccv, snd_scale));
}

uint32_t
newreno_cc_slow_start(const struct cc_var *ccv)
{
	uint32_t cwnd = CCV(ccv, snd_cwnd), mss = tcp_fixed_maxseg(ccv->tp);
	uint32_t ssthresh = CCV(ccv, snd_ssthresh);
	uint64_t incr, l = 1;

	if (V_tcp_do_rfc3465 && (CCV(ccv, t_flags2) & TF2_RTOLOSS) == 0)
		l = (ccv->flags & CCF_USE_LOCAL_ABC) != 0 ? ccv->labc :
		    (u_int)imax(V_tcp_abc_l_var, 1);
	incr = u64min((u_int)imax(ccv->bytes_this_ack, 0),
	    l * mss * max(ccv->nsegs, 1));
	return ((uint32_t)u64min(incr, (uint64_t)mss +
	    (ssthresh > cwnd ? ssthresh - cwnd : 0)));
}

/* Growth of congestion avoidance: a segment for each window. */
static uint32_t
newreno_avoidance(struct cc_var *ccv)
{
	uint32_t cwnd = CCV(ccv, snd_cwnd), mss = tcp_fixed_maxseg(ccv->tp);

	if (V_tcp_do_rfc3465) {
		if ((ccv->flags & CCF_ABC_SENTAWND) == 0)
			return (0);
		ccv->flags &= ~CCF_ABC_SENTAWND;
		return (mss);
	}
	/* RFC 5681 (3), without counting bytes. */
	return ((uint32_t)u64max((uint64_t)mss * mss * max(ccv->nsegs, 1) /
	    max(cwnd, 1), 1));
}

void
newreno_cc_ack_received(struct cc_var *ccv, ccsignal_t type)
{
	struct newreno *nreno = newreno_state(ccv);
	uint32_t incr;

	if (type != CC_ACK || IN_RECOVERY(CCV(ccv, t_flags)) ||
	    (ccv->flags & CCF_CWND_LIMITED) == 0)
		return;
	if (CCV(ccv, snd_cwnd) > CCV(ccv, snd_ssthresh))
		incr = newreno_avoidance(ccv);
	else {
		incr = newreno_cc_slow_start(ccv);
		if (nreno != NULL)
			incr = cc_hystart_increase(&nreno->hystart, incr);
	}
	newreno_cc_grow(ccv, incr);
}

void
newreno_cc_after_idle(struct cc_var *ccv)
{
	uint32_t cwnd = CCV(ccv, snd_cwnd);

	CCV(ccv, snd_ssthresh) = max(CCV(ccv, snd_ssthresh),
	    cwnd - cwnd / 4);
	CCV(ccv, snd_cwnd) = min(cwnd,
	    tcp_compute_initwnd(tcp_fixed_maxseg(ccv->tp)));
}

static void
newreno_newround(struct cc_var *ccv, uint32_t round_cnt __unused)
{
	struct newreno *nreno = newreno_state(ccv);

	if (nreno != NULL)
		cc_hystart_round(&nreno->hystart, ccv);
}

static void
newreno_rttsample(struct cc_var *ccv, uint32_t usec_rtt, uint32_t rxtcnt,
    uint32_t fas)
{
	struct newreno *nreno = newreno_state(ccv);

	if (nreno != NULL)
		cc_hystart_sample(&nreno->hystart, ccv, usec_rtt, rxtcnt,
		    fas);
}

static void
newreno_measured(struct cc_var *ccv, uint32_t usec_rtt, uint32_t fas,
    bool round)
{
	struct newreno *nreno = newreno_state(ccv);

	if (nreno != NULL)
		cc_hystart_measured(&nreno->hystart, ccv, usec_rtt, fas,
		    round);
}

/* ---- Reduction ---- */

uint32_t
newreno_cc_window_used(const struct cc_var *ccv)
{
	uint64_t flight;

	/* Which the ACK, taken in already, has made smaller. */
	flight = (uint64_t)(CCV(ccv, snd_max) - CCV(ccv, snd_una)) +
	    (u_int)imax(ccv->bytes_this_ack, 0);
	return ((uint32_t)u64min(flight, CCV(ccv, snd_cwnd)));
}

void
newreno_cc_reduce(struct cc_var *ccv, uint32_t window, uint32_t num,
    uint32_t den)
{
	CCV(ccv, snd_ssthresh) = max((uint32_t)((uint64_t)window * num / den),
	    MIN_SSTHRESH * tcp_fixed_maxseg(ccv->tp));
}

/* Recovery from loss begins; the window was reduced if ECN has begun one. */
static void
newreno_loss(struct cc_var *ccv, uint32_t beta, uint32_t beta_ecn)
{
	if (IN_FASTRECOVERY(CCV(ccv, t_flags)))
		return;
	if (!IN_CONGRECOVERY(CCV(ccv, t_flags)))
		newreno_cc_reduce(ccv, newreno_cc_window_used(ccv), beta,
		    100);
	else if (V_cc_do_abe && V_cc_abe_frlossreduce)
		newreno_cc_reduce(ccv, CCV(ccv, snd_ssthresh), beta,
		    beta_ecn);
	ENTER_RECOVERY(CCV(ccv, t_flags));
}

static void
newreno_ecn(struct cc_var *ccv, uint32_t percent)
{
	if (IN_CONGRECOVERY(CCV(ccv, t_flags)))
		return;
	newreno_cc_reduce(ccv, newreno_cc_window_used(ccv), percent, 100);
	CCV(ccv, snd_cwnd) = CCV(ccv, snd_ssthresh);
	ENTER_CONGRECOVERY(CCV(ccv, t_flags));
}

static void
newreno_timeout(struct cc_var *ccv)
{
	/* The same data a second time is no second congestion. */
	if (CCV(ccv, t_rxtshift) <= 1)
		newreno_cc_reduce(ccv, min(CCV(ccv, snd_cwnd),
		    CCV(ccv, snd_max) - CCV(ccv, snd_una)), 1, 2);
	CCV(ccv, snd_cwnd) = tcp_fixed_maxseg(ccv->tp);
}

void
newreno_cc_cong_signal(struct cc_var *ccv, ccsignal_t type)
{
	struct newreno *nreno = newreno_state(ccv);
	uint32_t beta, beta_ecn;

	beta = nreno != NULL ? nreno->beta : (uint32_t)V_newreno_beta;
	beta_ecn = nreno != NULL ? nreno->beta_ecn :
	    (uint32_t)V_newreno_beta_ecn;
	if (nreno != NULL)
		cc_hystart_stop(&nreno->hystart);
	switch ((uint32_t)type) {
	case CC_NDUPACK:
		newreno_loss(ccv, beta, beta_ecn);
		break;
	case CC_ECN:
		newreno_ecn(ccv, V_cc_do_abe ? beta_ecn : beta);
		break;
	case CC_RTO:
		newreno_timeout(ccv);
		break;
	default:
		break;
	}
}

void
newreno_cc_post_recovery(struct cc_var *ccv)
{
	uint32_t mss = tcp_fixed_maxseg(ccv->tp);
	int pipe;

	if (!IN_FASTRECOVERY(CCV(ccv, t_flags)))
		return;
	/* A window that is nearly empty must not go out at once. */
	pipe = imax(tcp_compute_pipe(ccv->tp), (int)mss);
	CCV(ccv, snd_cwnd) = min(CCV(ccv, snd_ssthresh), (u_int)pipe + mss);
}

/* ---- Options and variables ---- */

static int
newreno_option_set(struct newreno *nreno, const struct cc_newreno_opts *opt)
{
	if (opt->name != CC_NEWRENO_BETA && opt->name != CC_NEWRENO_BETA_ECN)
		return (ENOPROTOOPT);
	if (opt->name == CC_NEWRENO_BETA_ECN && !V_cc_do_abe)
		return (EACCES);
	if (opt->val < 1 || opt->val > 100)
		return (EINVAL);
	if (opt->name == CC_NEWRENO_BETA)
		nreno->beta = opt->val;
	else
		nreno->beta_ecn = opt->val;
	return (0);
}

static int
newreno_option_get(const struct newreno *nreno, struct cc_newreno_opts *opt)
{
	switch (opt->name) {
	case CC_NEWRENO_BETA:
		opt->val = nreno->beta;
		return (0);
	case CC_NEWRENO_BETA_ECN:
		opt->val = nreno->beta_ecn;
		return (0);
	default:
		return (ENOPROTOOPT);
	}
}

static int
newreno_ctl_output(struct cc_var *ccv, struct sockopt *sopt, void *buf)
{
	if (sopt->sopt_valsize != sizeof(struct cc_newreno_opts))
		return (EMSGSIZE);
	if (sopt->sopt_dir == SOPT_SET)
		return (newreno_option_set(ccv->cc_data, buf));
	return (newreno_option_get(ccv->cc_data, buf));
}

static int
newreno_sysctl_beta(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	if (arg2 == CC_NEWRENO_BETA)
		return (sysctl_int_range(oidp, req, &V_newreno_beta, 1,
		    100));
	if (req->newptr != NULL && !V_cc_do_abe)
		return (EACCES);
	return (sysctl_int_range(oidp, req, &V_newreno_beta_ecn, 1, 100));
}

SYSCTL_NODE(_net_inet_tcp_cc, OID_AUTO, newreno, CTLFLAG_RW | CTLFLAG_MPSAFE,
    NULL, "The newreno module");
SYSCTL_PROC(_net_inet_tcp_cc_newreno, OID_AUTO, beta,
    CTLFLAG_VNET | CTLTYPE_INT | CTLFLAG_RW | CTLFLAG_MPSAFE, NULL,
    CC_NEWRENO_BETA, newreno_sysctl_beta, "I",
    "What loss leaves of the window, percent");
SYSCTL_PROC(_net_inet_tcp_cc_newreno, OID_AUTO, beta_ecn,
    CTLFLAG_VNET | CTLTYPE_INT | CTLFLAG_RW | CTLFLAG_MPSAFE, NULL,
    CC_NEWRENO_BETA_ECN, newreno_sysctl_beta, "I",
    "What ECN leaves of the window, percent, if cc.abe is set");

const struct cc_algo newreno_cc_algo = {
	.name = "newreno",
	.cc_data_sz = newreno_data_sz,
	.cb_init = newreno_cb_init,
	.cb_destroy = newreno_cb_destroy,
	.conn_init = newreno_conn_init,
	.ack_received = newreno_cc_ack_received,
	.cong_signal = newreno_cc_cong_signal,
	.post_recovery = newreno_cc_post_recovery,
	.after_idle = newreno_cc_after_idle,
	.newround = newreno_newround,
	.rttsample = newreno_rttsample,
	.measured = newreno_measured,
	.ctl_output = newreno_ctl_output
};
DECLARE_CC_MODULE(newreno, &newreno_cc_algo);
MODULE_VERSION(newreno, 2);
