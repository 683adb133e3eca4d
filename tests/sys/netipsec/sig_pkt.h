/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Packet-level tests whose peer signs, and checks our signatures, by
 * sig_ref.h: keys of the host and of the peer.
 */
#ifndef _TESTS_SIG_PKT_H_
#define	_TESTS_SIG_PKT_H_

#include "../netinet/pkt.h"

#include <netipsec/key.h>
#include <netipsec/tcp_sig.h>

/* Add, delete (key NULL) a key of the host: 0 or an errno.  us: for what we
 * send. */
int	sig_key(struct pd *t, bool us, uint8_t proto, uint8_t alg,
	    uint32_t spi, uint32_t flags, const char *key);
/* TCP-MD5 both ways. */
void	sig_md5_keys(struct pd *t, const char *key);
/* The same of TCP-AO with one KeyID. */
void	sig_ao_keys(struct pd *t, uint8_t alg, uint8_t id, uint32_t flags,
	    const char *key);

/* What the peer signs by, and expects: a key (NULL: none of TCP-MD5); for
 * TCP-AO a key for each KeyID, of algorithm alg. */
void	sig_peer_md5(struct pd *t, const char *key);
void	sig_peer_ao(struct pd *t, uint8_t alg, uint8_t id, bool noopts,
	    const char *key);
/* The SNE that the peer uses and expects. */
void	sig_peer_sne(uint32_t theirs, uint32_t ours);

/* A packet, with its IP header, as it comes to TCP. */
struct mbuf *sig_mbuf(const uint8_t *pkt, int len, struct ip_info *ii);

/* A counter of the host. */
#define	COUNT(want, name) do {						\
	CURVNET_SET(t->vnet);						\
	ATF_REQUIRE_EQ((want), V_tcpstat.name);				\
	CURVNET_RESTORE();						\
} while (0)

#endif /* !_TESTS_SIG_PKT_H_ */
