/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * dummynet: an emulated path between an interface and its driver.
 *
 *   if_enqueue -> [loss] -> [duplication] -> [queue | AQM] -> [rate]
 *     -> [delay, jitter] -> [reordering] -> [corruption] -> driver
 *
 * A large segment that the driver would have cut (TSO) is cut on its way in,
 * so what is lost, queued and delayed are the packets of the wire.  What
 * happens to a packet in the pipe is not told to who sent it, as on a
 * real path: the sender sees 0, or ENOBUFS if memory was short.
 *
 * All chance comes from streams of the pipe's own, one for each purpose,
 * seeded by its configuration: a run repeats, pipes do not disturb each
 * other, and neither does, say, jitter disturb which packets are lost.
 *
 * All functions are called with the vnet of ifp current.
 */
#ifndef _STACKYARD_NETPFIL_DUMMYNET_H_
#define	_STACKYARD_NETPFIL_DUMMYNET_H_

#include <sys/types.h>
#include <sys/queue.h>

struct ifnet;
struct mbuf;
struct dn_pipe;

#define	DN_PROB_ONE	(1ULL << 32)	/* probabilities: 32-bit fractions */
#define	DN_RATE_MAX	1000000000000000ULL	/* bits/s */
#define	DN_DELAY_MAX	(86400 * 1000000000ULL)	/* delay, jitter, RTT: ns */
#define	DN_PACKETS_MAX	(1U << 22)	/* in one pipe; the rest is dropped */
#define	DN_HOLD_MIN	10000000ULL	/* see dc_reorder, ns */

/* One emulated direction.  All zeros: nothing is emulated. */
struct dn_config {
	uint64_t	dc_rate;	/* bits/s of IP packet and link header;
					   0: no limit */
	uint64_t	dc_delay;	/* one way, ns */
	uint64_t	dc_jitter;	/* added: uniform 0..this, ns; keeps
					   order unless dc_jitter_reorder */
	bool		dc_jitter_reorder;
	uint64_t	dc_loss;	/* probability of independent loss */
	/* Gilbert-Elliott: chance to enter and to leave the bad state for
	 * each packet, loss in either state; used if dc_ge_enter != 0.  A
	 * packet moves the state first and meets the loss of the new one, so
	 * the mean stay in the bad state is 1 / dc_ge_leave packets. */
	uint64_t	dc_ge_enter, dc_ge_leave;
	uint64_t	dc_ge_loss_good, dc_ge_loss_bad;
	/* Probability of being held back at the end of the path until
	 * dc_reorder_gap (0: 3) packets that are not held back have passed;
	 * if they do not come, for the delay, but at least DN_HOLD_MIN. */
	uint64_t	dc_reorder;
	uint32_t	dc_reorder_gap;
	uint64_t	dc_duplicate;
	/* One bit of an IP packet flipped, after its checksums were filled
	 * in; ARP is left alone. */
	uint64_t	dc_corrupt;
	/* Queue limit: bytes if != 0, else packets if != 0, else
	 * dc_queue_bdp (thousandths of rate times twice the delay) if != 0,
	 * else 50 packets.  The packet being sent is not in the queue, and an
	 * empty queue takes any packet. */
	uint64_t	dc_queue_bytes;
	uint32_t	dc_queue_packets;
	uint32_t	dc_queue_bdp;
	uint64_t	dc_base_rtt;	/* for dc_queue_bdp; 0: 2 * dc_delay */
	/* Mark CE in an ECT packet that finds more than this in the queue
	 * (droptail); 0: never. */
	uint64_t	dc_ecn_bytes;
	uint32_t	dc_ecn_packets;
	char		dc_aqm[16];	/* registered name; "" is "droptail" */
	uint64_t	dc_seed;
};

/*
 * Nothing goes missing: in + duplicates = out + queue_drops + loss_drops +
 * nomem_drops + queue_packets + line_packets, counted since the pipe began.
 */
struct dn_stats {
	uint64_t	ds_in_packets, ds_in_bytes;
	uint64_t	ds_out_packets, ds_out_bytes;
	uint64_t	ds_queue_drops, ds_loss_drops;
	uint64_t	ds_nomem_drops;
	uint64_t	ds_marks, ds_duplicates, ds_corrupted, ds_reordered;
	uint64_t	ds_queue_bytes;		/* now */
	uint32_t	ds_queue_packets;	/* now */
	uint32_t	ds_queue_packets_max;
	uint32_t	ds_line_packets;	/* past the queue, now */
	uint64_t	ds_queue_byte_ns;	/* integral over time */
	uint64_t	ds_busy_ns;		/* time the link was sending */
	uint64_t	ds_since;		/* when counting began, ns */
};

/* Put a pipe on what ifp sends (replacing one that is there).  EINVAL names
 * no AQM or a probability over one, or a number is over its maximum; ENOMEM.
 * cfg is copied. */
int	dn_attach(struct ifnet *ifp, const struct dn_config *cfg);
/* Change a pipe while it runs; packets in it stay: those past the queue keep
 * their time, those in it leave by the new rules.  Chance goes on unless
 * dc_seed changes, an AQM's state unless dc_aqm does.  ENOENT, and
 * dn_attach()'s errors, which change nothing. */
int	dn_reconfigure(struct ifnet *ifp, const struct dn_config *cfg);
/* Take it away; packets in it are dropped. */
void	dn_detach(struct ifnet *ifp);
/* What the pipe of ifp has counted, as of now: ENOENT. */
int	dn_getstats(struct ifnet *ifp, struct dn_stats *ds);
void	dn_resetstats(struct ifnet *ifp);

/*
 * A queue discipline.  The queue belongs to the pipe; enqueue decides
 * whether m may join it (0), is dropped (ENOBUFS; m freed by the caller) or
 * joins it marked (DN_MARK; changes nothing in a packet that is not
 * ECN-capable, see dn_ecn_capable()).  Dequeue decides the same when the link
 * is ready for m; the view is of what stays behind, dq_now the exact time.
 * State of da_statesize bytes per pipe, zeroed.  m begins at the link header
 * (m_pkthdr.l2hlen bytes) and must not be changed.
 */
#define	DN_MARK		(-1)
struct dn_queue_view {
	uint64_t	dq_bytes;	/* queued now */
	uint32_t	dq_packets;
	uint64_t	dq_limit_bytes;	/* 0: no such limit */
	uint32_t	dq_limit_packets;
	uint64_t	dq_rate;
	nstime_t	dq_now;
};
struct dn_aqm {
	char		da_name[16];
	size_t		da_statesize;
	int		(*da_enqueue)(void *state, const struct dn_config *cfg,
			    const struct dn_queue_view *q, struct mbuf *m);
	/* sojourn: ns that m waited.  May be NULL.  Returns 0, ENOBUFS to
	 * drop, DN_MARK to mark. */
	int		(*da_dequeue)(void *state, const struct dn_config *cfg,
			    const struct dn_queue_view *q, struct mbuf *m,
			    nstime_t sojourn);
};
/* Register a discipline with curvnet (kept by reference): EEXIST, ENOMEM. */
int	dn_aqm_register(const struct dn_aqm *aqm);
int	dn_aqm_unregister(const struct dn_aqm *aqm);	/* EBUSY, ENOENT */
/* For a discipline: is m an IP packet whose ECN field can say CE? */
bool	dn_ecn_capable(const struct mbuf *m);

#endif /* !_STACKYARD_NETPFIL_DUMMYNET_H_ */
