/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A host whose clock the test turns, and an interface whose driver writes
 * down what it is given and when.
 */
#ifndef _TESTS_DUMMYNET_WORLD_H_
#define	_TESTS_DUMMYNET_WORLD_H_

#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <sys/vnet.h>
#include <net/if_var.h>
#include <netpfil/dummynet/dummynet.h>
#include <atf-c.h>

#define	WORLD_MAX	65536		/* packets that can be written down */
#define	WORLD_PAYLOAD	34		/* link and IPv4 header, bytes */
#define	US		1000ULL		/* ns */
#define	MS		1000000ULL
#define	SEC		1000000000ULL
#define	MBIT		1000000ULL	/* bits/s */
/* A probability of x percent. */
#define	PERCENT(x)	((uint64_t)((x) * (double)DN_PROB_ONE / 100))

struct sighting {
	nstime_t	s_when;
	uint32_t	s_len;
	uint16_t	s_id;		/* IPv4's identification */
	uint8_t		s_tos;
};

struct world {
	nstime_t	w_now;
	struct vnet	*w_vnet;
	struct vnet	*w_saved;	/* in the host: what was current */
	struct ifnet	w_if;
	struct dn_config w_cfg;
	/* What came out; packets themselves are kept if w_keep. */
	u_int		w_n;
	bool		w_keep;
	struct mbufq	w_kept;
	struct sighting	w_seen[WORLD_MAX];
};

/* Make the host and the interface and put a pipe of w_cfg on it; the test
 * then is inside the host, at time 1 s. */
struct world *world_begin(const struct dn_config *cfg);
/* Drop the pipe and the host. */
void	world_end(struct world *w);
/* Let all happen that is to happen until t, and be at t. */
void	world_run(struct world *w, nstime_t t);
/* An Ethernet frame of len bytes: IPv4 (tos, identification id), UDP whose
 * payload is counted up; checksums right. */
struct mbuf *world_packet(int len, uint16_t id, uint8_t tos);
/* The same in IPv6, id in the flow label. */
struct mbuf *world_packet6(int len, uint16_t id, uint8_t tclass);
/* Give m to the pipe now. */
int	world_give(struct world *w, struct mbuf *m);
/* Send n packets of len bytes now, identified from id on. */
void	world_send(struct world *w, u_int n, int len, u_int id);
struct dn_stats world_stats(struct world *w);
/* in + duplicates = out + drops + what is inside. */
void	world_conserve(struct world *w);

#endif /* !_TESTS_DUMMYNET_WORLD_H_ */
