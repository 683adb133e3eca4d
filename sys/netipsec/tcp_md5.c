/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP-MD5 (RFC 2385): a segment's option 19 has
 *
 *	MD5(pseudo header | header, checksum 0, no options | text | key)
 *
 * and the key is that of the two addresses, in the direction of the segment.
 * No option is signed, and nothing prevents replay; RFC 5925 has replaced
 * it, but routers speak it.
 *
 * Without a key a segment is neither sent nor taken.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/systm.h>

#include <kern/kern_digest.h>
#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <netipsec/key.h>
#include <netipsec/tcp_sig.h>

static void
tcp_md5_digest(const struct key_sa *ks, const struct mbuf *m,
    uint8_t out[DIGEST_MAX_LEN])
{
	const struct tcphdr *th = mtod(m, const struct tcphdr *);
	struct digest dg;

	digest_md5_begin(&dg);
	tcp_sig_add_pseudo(&dg, &ks->ks_src, &ks->ks_dst,
	    (uint32_t)m->m_pkthdr.len);
	tcp_sig_add_header(&dg, m);
	tcp_sig_add_text(&dg, m, th->th_off << 2);
	digest_add(&dg, ks->ks_key, ks->ks_keylen);
	(void)digest_end(&dg, out);
}

int
tcp_md5_sign(struct mbuf *m, const struct in_conninfo *inc)
{
	uint8_t sum[DIGEST_MAX_LEN], *opt;
	struct key_sa *ks;

	ks = key_find(XKEY_TCP, &inc->inc_laddr, &inc->inc_faddr,
	    XKEY_TCP_SPI);
	opt = tcp_sig_find(m, TCPOPT_SIGNATURE, TCPOLEN_SIGNATURE);
	if (ks == NULL || opt == NULL) {
		TCPSTAT_INC(tcps_sig_err_buildsig);
		return (EACCES);
	}
	tcp_md5_digest(ks, m, sum);
	memcpy(opt + 2, sum, DIGEST_MD5_LEN);
	key_used(ks, (uint32_t)m->m_pkthdr.len);
	return (0);
}

bool
tcp_md5_verify(const struct mbuf *m, const struct tcp_seg *sg)
{
	uint8_t sum[DIGEST_MAX_LEN];
	const uint8_t *opt;
	struct key_sa *ks;

	ks = key_find(XKEY_TCP, &sg->sg_inc.inc_faddr, &sg->sg_inc.inc_laddr,
	    XKEY_TCP_SPI);
	if (ks == NULL) {
		TCPSTAT_INC(tcps_sig_err_buildsig);
		return (false);
	}
	opt = tcp_sig_find(m, TCPOPT_SIGNATURE, TCPOLEN_SIGNATURE);
	tcp_md5_digest(ks, m, sum);
	if (opt == NULL || !tcp_sig_same(sum, opt + 2, DIGEST_MD5_LEN)) {
		TCPSTAT_INC(tcps_sig_rcvbadsig);
		return (false);
	}
	TCPSTAT_INC(tcps_sig_rcvgoodsig);
	key_used(ks, (uint32_t)m->m_pkthdr.len);
	return (true);
}
