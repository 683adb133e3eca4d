/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* See sig_pkt.h. */
#include "sig_pkt.h"
#include "sig_ref.h"

struct peerkey {
	const char	*key;		/* NULL: none */
	bool		cmac, noopts;
};

static const char *md5key;
static struct peerkey aokeys[XKEY_AO_MAXSPI + 1];
static uint32_t sne[2];			/* theirs, ours */

/* ---- The host's ---- */

int
sig_key(struct pd *t, bool us, uint8_t proto, uint8_t alg, uint32_t spi,
    uint32_t flags, const char *key)
{
	struct vnet *saved;
	struct xkey xk;
	int error;

	memset(&xk, 0, sizeof(xk));
	memcpy(xk.xk_src, us ? &t->us : &t->peer, sizeof(xk.xk_src));
	memcpy(xk.xk_dst, us ? &t->peer : &t->us, sizeof(xk.xk_dst));
	xk.xk_proto = proto;
	xk.xk_alg = alg;
	xk.xk_spi = spi;
	xk.xk_flags = flags;
	if (key != NULL) {
		xk.xk_keylen = (uint16_t)strlen(key);
		memcpy(xk.xk_key, key, strlen(key));
	}
	saved = vnet_enter(t->vnet);
	error = key != NULL ? key_add(&xk) : key_delete(&xk);
	vnet_leave(saved);
	return (error);
}

void
sig_md5_keys(struct pd *t, const char *key)
{
	OK(sig_key(t, true, XKEY_TCP, XKEY_TCP_MD5, XKEY_TCP_SPI, 0, key));
	OK(sig_key(t, false, XKEY_TCP, XKEY_TCP_MD5, XKEY_TCP_SPI, 0, key));
}

void
sig_ao_keys(struct pd *t, uint8_t alg, uint8_t id, uint32_t flags,
    const char *key)
{
	OK(sig_key(t, true, XKEY_TCP_AO, alg, id, flags, key));
	OK(sig_key(t, false, XKEY_TCP_AO, alg, id, flags, key));
}

/* ---- The peer's ---- */

static uint32_t
get32(const uint8_t *p)
{
	return ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3]);
}

/* The MAC of a segment, of the peer's or ours. */
static bool
ao_mac(const struct pd *t, const uint8_t *pkt, uint32_t len, int at,
    bool ours, uint8_t mac[REF_AO_LEN])
{
	const struct peerkey *pk = &aokeys[pkt[at + 2]];
	const uint8_t *th = pkt + (t->af == AF_INET ? 20 : 40);
	uint32_t iss = t->c->iss;
	struct ref_ao ra;

	if (pk->key == NULL)
		return (false);
	if (ours && (th[13] & TH_SYN) != 0)
		iss = get32(th + 4);		/* may be news */
	ra.ra_cmac = pk->cmac;
	ra.ra_noopts = pk->noopts;
	ra.ra_key = pk->key;
	ra.ra_sisn = ours ? iss : t->c->irs;
	ra.ra_disn = (th[13] & (TH_SYN | TH_ACK)) == TH_SYN ? 0 :
	    ours ? t->c->irs : iss;
	ra.ra_sne = sne[ours];
	ref_ao(pkt, len, &ra, mac);
	return (true);
}

static void
peer_sign(const struct pd *t, uint8_t *pkt, uint32_t len)
{
	uint8_t sum[REF_MD5_LEN];
	int at;

	at = ref_option(pkt, TCPOPT_SIGNATURE, TCPOLEN_SIGNATURE);
	if (at >= 0 && md5key != NULL) {
		ref_md5(pkt, len, md5key, sum);
		memcpy(pkt + at + 2, sum, REF_MD5_LEN);
	}
	at = ref_option(pkt, TCPOPT_AO, TCPOLEN_AO);
	if (at >= 0 && ao_mac(t, pkt, len, at, false, sum))
		memcpy(pkt + at + 4, sum, REF_AO_LEN);
}

static bool
peer_check(const struct pd *t, const uint8_t *pkt, uint32_t len)
{
	uint8_t sum[REF_MD5_LEN];
	int at;

	at = ref_option(pkt, TCPOPT_SIGNATURE, TCPOLEN_SIGNATURE);
	if (at >= 0) {
		if (md5key == NULL)
			return (false);
		ref_md5(pkt, len, md5key, sum);
		return (memcmp(pkt + at + 2, sum, REF_MD5_LEN) == 0);
	}
	at = ref_option(pkt, TCPOPT_AO, TCPOLEN_AO);
	return (at < 0 || (ao_mac(t, pkt, len, at, true, sum) &&
	    memcmp(pkt + at + 4, sum, REF_AO_LEN) == 0));
}

void
sig_peer_md5(struct pd *t, const char *key)
{
	md5key = key;
	t->sign = peer_sign;
	t->signature = peer_check;
}

void
sig_peer_ao(struct pd *t, uint8_t alg, uint8_t id, bool noopts,
    const char *key)
{
	aokeys[id].key = key;
	aokeys[id].cmac = alg == XKEY_AES_128_CMAC_96;
	aokeys[id].noopts = noopts;
	t->sign = peer_sign;
	t->signature = peer_check;
}

void
sig_peer_sne(uint32_t theirs, uint32_t ours)
{
	sne[0] = theirs;
	sne[1] = ours;
}

struct mbuf *
sig_mbuf(const uint8_t *pkt, int len, struct ip_info *ii)
{
	int hlen = pkt[0] >> 4 == 6 ? 40 : 20;
	struct in_addr a;
	struct mbuf *m;

	memset(ii, 0, sizeof(*ii));
	if (hlen == 40) {
		memcpy(&ii->ii_src, pkt + 8, 16);
		memcpy(&ii->ii_dst, pkt + 24, 16);
	} else {
		memcpy(&a, pkt + 12, 4);
		ii->ii_src = in6_mapped(a);
		memcpy(&a, pkt + 16, 4);
		ii->ii_dst = in6_mapped(a);
	}
	m = m_gethdr(M_NOWAIT, MT_DATA);
	ATF_REQUIRE(m != NULL);
	m->m_len = m->m_pkthdr.len = len - hlen;
	memcpy(mtod(m, uint8_t *), pkt + hlen, (size_t)m->m_len);
	return (m);
}
