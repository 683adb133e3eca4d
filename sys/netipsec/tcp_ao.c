/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP-AO (RFC 5925) with the algorithms of RFC 5926.  A segment's option is
 *
 *	29, 16, KeyID, RNextKeyID, 12 bytes of MAC(traffic key, message)
 *	message = SNE | pseudo header | header and options | text
 *
 * in which the checksum and the option's MAC are 0; with XKEY_NOOPTIONS this
 * is the only option in it.
 *
 * Keys.  A master key of setkey(8) holds for one direction, and its SPI is
 * the KeyID on the wire: RFC 5925's master key tuple with SendID s and
 * RecvID r is here the key s from us to the peer and the key r from the peer
 * to us.  Of a master key each direction of each connection gets two traffic
 * keys, since the initial sequence numbers go into them:
 *
 *	context = addresses, ports, ISN of the sender, ISN of the receiver
 *	SYN without ACK: the receiver's ISN is 0; all others: both
 *	HMAC-SHA-1-96	   HMAC-SHA1(key, 1 | "TCP-AO" | context | 160)
 *	AES-128-CMAC-96	   AES-CMAC(key', 1 | "TCP-AO" | context | 128)
 *		where key' = key, if it has 16 bytes, else AES-CMAC(0, key)
 *
 * A connection keeps the last one of each direction, ready for use, with what
 * it was made of: the master key's serial number, which no other ever has,
 * the initial sequence numbers and the ports.  So a changed key counts at
 * once.  A SYN's, which is used once, is derived when it is needed.
 *
 * Rollover.  We sign with Current_key and ask by RNextKeyID for the key of
 * the peer's next segments.  Who is asked for a key it has uses it from then
 * on:
 *
 *	user: TCP_AO_KEYS (rnext 2)	-> RNextKeyID 2 in what we send
 *	peer has key 2			-> its Current_key is 2
 *
 * Only the newest segments count for that, lest a late one turn it back.
 * Any key between the two addresses is good for verifying.
 *
 * SNE.  Sequence numbers repeat after 2^32 bytes; the SNE counts how often
 * they did.  With the newest number seen, any other less than 2^31 away has
 * a definite SNE:
 *
 *	  newest ... ffffff00 |wrap| 00000100	  SNE of the latter: one more
 *	  late   ... 00000100 |wrap| ffffff00	  SNE of the latter: one less
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/systm.h>

#include <kern/kern_digest.h>
#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <netipsec/key.h>
#include <netipsec/tcp_sig.h>

#define	AO_MACLEN	12

enum ao_way { AO_OUT, AO_IN, AO_WAYS };

MALLOC_DEFINE(M_TCPAOKEY, "tcpaokey", "TCP-AO traffic keys");

/* One segment's part in the keys. */
struct ao_context {
	const struct key_sa *ac_ks;	/* with the addresses */
	tcp_seq		ac_sisn;	/* the sender's; host order */
	tcp_seq		ac_disn;
	uint32_t	ac_sne;
	struct tcp_aokey *ac_kept;	/* where the key is kept, or NULL */
};

/* ---- Keys ---- */

static bool
ao_mac(enum digest_mac mac, const void *key, size_t keylen, const void *p,
    size_t len, uint8_t out[DIGEST_MAX_LEN])
{
	struct digest dg;

	if (!digest_mac_begin(&dg, mac, key, keylen))
		return (false);
	digest_add(&dg, p, len);
	return (digest_end(&dg, out));
}

/* What a traffic key is made of: 1, label, context, length in bits. */
static size_t
ao_kdf_input(const struct ao_context *ac, const struct tcphdr *th,
    uint16_t bits, uint8_t buf[64])
{
	const tcp_seq isn[2] = { htonl(ac->ac_sisn), htonl(ac->ac_disn) };
	const uint8_t *addr;
	uint8_t *p = buf;
	size_t n;

	*p++ = 1;
	memcpy(p, "TCP-AO", 6);
	p += 6;
	n = tcp_sig_address(&ac->ac_ks->ks_src, &addr);
	memcpy(p, addr, n);
	p += n;
	n = tcp_sig_address(&ac->ac_ks->ks_dst, &addr);
	memcpy(p, addr, n);
	p += n;
	memcpy(p, &th->th_sport, 2);
	memcpy(p + 2, &th->th_dport, 2);
	memcpy(p + 4, isn, sizeof(isn));
	p += 4 + sizeof(isn);
	*p++ = (uint8_t)(bits >> 8);
	*p++ = (uint8_t)bits;
	return ((size_t)(p - buf));
}

/* The traffic key of a segment: its length, or 0 without memory. */
static size_t
ao_traffic_key(const struct ao_context *ac, const struct tcphdr *th,
    uint8_t key[DIGEST_MAX_LEN])
{
	static const uint8_t zero[DIGEST_CMAC_KEYLEN];
	const struct key_sa *ks = ac->ac_ks;
	uint8_t buf[64], master[DIGEST_MAX_LEN];
	const uint8_t *mkey = ks->ks_key;
	bool done;
	size_t n;

	if (ks->ks_alg == XKEY_HMAC_SHA1_96) {
		n = ao_kdf_input(ac, th, 8 * DIGEST_SHA1_LEN, buf);
		done = ao_mac(DIGEST_HMAC_SHA1, mkey, ks->ks_keylen, buf, n,
		    key);
		return (done ? DIGEST_SHA1_LEN : 0);
	}
	n = ao_kdf_input(ac, th, 8 * DIGEST_CMAC_LEN, buf);
	done = true;
	if (ks->ks_keylen != DIGEST_CMAC_KEYLEN) {
		done = ao_mac(DIGEST_AES_128_CMAC, zero, sizeof(zero), mkey,
		    ks->ks_keylen, master);
		mkey = master;
	}
	done = done && ao_mac(DIGEST_AES_128_CMAC, mkey, DIGEST_CMAC_KEYLEN,
	    buf, n, key);
	digest_wipe(master, sizeof(master));
	return (done ? DIGEST_CMAC_LEN : 0);
}

static enum digest_mac
ao_algorithm(const struct ao_context *ac)
{
	return (ac->ac_ks->ks_alg == XKEY_HMAC_SHA1_96 ? DIGEST_HMAC_SHA1 :
	    DIGEST_AES_128_CMAC);
}

/* The key of a connection for one way: NULL if it is not kept. */
static struct tcp_aokey *
ao_kept(struct tcp_ao *ao, enum ao_way way, const struct tcphdr *th)
{
	if ((ao->ao_flags & AO_KEEP) == 0 || (th->th_flags & TH_SYN) != 0)
		return (NULL);
	if (ao->ao_keys == NULL)
		ao->ao_keys = mallocarray(AO_WAYS, sizeof(*ao->ao_keys),
		    M_TCPAOKEY, M_NOWAIT | M_ZERO);
	return (ao->ao_keys != NULL ? &ao->ao_keys[way] : NULL);
}

void
tcp_ao_forget(struct tcp_ao *ao)
{
	int way;

	for (way = 0; ao->ao_keys != NULL && way < AO_WAYS; way++)
		digest_mac_release(ao->ao_keys[way].ak_mac);
	free(ao->ao_keys, M_TCPAOKEY);
	ao->ao_keys = NULL;
}

/* Make ak the key of this segment: false without memory. */
static bool
ao_renew(const struct ao_context *ac, const struct tcphdr *th,
    struct tcp_aokey *ak)
{
	uint8_t key[DIGEST_MAX_LEN];
	size_t keylen;

	digest_mac_release(ak->ak_mac);
	memset(ak, 0, sizeof(*ak));
	if ((keylen = ao_traffic_key(ac, th, key)) != 0)
		ak->ak_mac = digest_mac_prepare(ao_algorithm(ac), key,
		    keylen);
	digest_wipe(key, sizeof(key));
	ak->ak_serial = ac->ac_ks->ks_serial;
	ak->ak_sisn = ac->ac_sisn;
	ak->ak_disn = ac->ac_disn;
	memcpy(&ak->ak_ports, th, sizeof(ak->ak_ports));
	return (ak->ak_mac != NULL);
}

/* Begin a segment's MAC. */
static bool
ao_begin(const struct ao_context *ac, const struct tcphdr *th,
    struct digest *dg)
{
	struct tcp_aokey *ak = ac->ac_kept;
	uint8_t key[DIGEST_MAX_LEN];
	size_t keylen;
	bool begun;

	if (ak != NULL) {
		if ((ak->ak_mac == NULL ||
		    ak->ak_serial != ac->ac_ks->ks_serial ||
		    ak->ak_sisn != ac->ac_sisn ||
		    ak->ak_disn != ac->ac_disn ||
		    memcmp(&ak->ak_ports, th, sizeof(ak->ak_ports)) != 0) &&
		    !ao_renew(ac, th, ak))
			return (false);
		return (digest_mac_reuse(dg, ak->ak_mac));
	}
	if ((keylen = ao_traffic_key(ac, th, key)) == 0)
		return (false);
	begun = digest_mac_begin(dg, ao_algorithm(ac), key, keylen);
	digest_wipe(key, sizeof(key));
	return (begun);
}

/* ---- The message ---- */

/* The options as they are signed: the MAC is 0, and with XKEY_NOOPTIONS the
 * others are not there. */
static void
ao_add_options(struct digest *dg, const struct mbuf *m, const uint8_t *opt,
    bool all)
{
	static const uint8_t zero[AO_MACLEN];
	const struct tcphdr *th = mtod(m, const struct tcphdr *);
	const uint8_t *cp = (const uint8_t *)(th + 1);
	const uint8_t *end = mtod(m, const uint8_t *) + (th->th_off << 2);

	if (all)
		digest_add(dg, cp, (size_t)(opt - cp));
	digest_add(dg, opt, TCPOLEN_AO - AO_MACLEN);
	digest_add(dg, zero, AO_MACLEN);
	if (all)
		digest_add(dg, opt + TCPOLEN_AO,
		    (size_t)(end - opt - TCPOLEN_AO));
}

/* The MAC of the segment m, whose option is opt. */
static bool
ao_segment_mac(const struct ao_context *ac, const struct mbuf *m,
    const uint8_t *opt, uint8_t out[DIGEST_MAX_LEN])
{
	const struct tcphdr *th = mtod(m, const struct tcphdr *);
	const struct key_sa *ks = ac->ac_ks;
	uint32_t sne = htonl(ac->ac_sne);
	struct digest dg;

	if (!ao_begin(ac, th, &dg))
		return (false);
	digest_add(&dg, &sne, sizeof(sne));
	tcp_sig_add_pseudo(&dg, &ks->ks_src, &ks->ks_dst,
	    (uint32_t)m->m_pkthdr.len);
	tcp_sig_add_header(&dg, m);
	ao_add_options(&dg, m, opt, (ks->ks_flags & XKEY_NOOPTIONS) == 0);
	tcp_sig_add_text(&dg, m, th->th_off << 2);
	return (digest_end(&dg, out));
}

/* ---- Sequence number extension ---- */

/* Of seq, where newest has sne. */
static uint32_t
ao_sne(tcp_seq newest, uint32_t sne, tcp_seq seq)
{
	if (SEQ_GT(seq, newest))
		return (seq < newest ? sne + 1 : sne);
	return (seq > newest ? sne - 1 : sne);
}

static void
ao_advance(tcp_seq *newest, uint32_t *sne, tcp_seq seq)
{
	if (SEQ_GT(seq, *newest)) {
		*sne = ao_sne(*newest, *sne, seq);
		*newest = seq;
	}
}

/* ---- Sending ---- */

/* The key to sign with: what was chosen, or the lowest one. */
static struct key_sa *
ao_current(struct tcp_ao *ao, const struct in_conninfo *inc)
{
	struct key_sa *ks;

	if ((ao->ao_flags & AO_CURRENT) != 0)
		return (key_find(XKEY_TCP_AO, &inc->inc_laddr,
		    &inc->inc_faddr, ao->ao_current));
	ks = key_lowest(XKEY_TCP_AO, &inc->inc_laddr, &inc->inc_faddr);
	if (ks != NULL) {
		ao->ao_current = (uint8_t)ks->ks_spi;
		ao->ao_flags |= AO_CURRENT;
	}
	return (ks);
}

/* The KeyID to ask for. */
static uint8_t
ao_rnext(struct tcp_ao *ao, const struct in_conninfo *inc)
{
	const struct key_sa *ks;

	if ((ao->ao_flags & AO_RNEXT) == 0 && (ks = key_lowest(XKEY_TCP_AO,
	    &inc->inc_faddr, &inc->inc_laddr)) != NULL) {
		ao->ao_rnext = (uint8_t)ks->ks_spi;
		ao->ao_flags |= AO_RNEXT;
	}
	return (ao->ao_rnext);
}

int
tcp_ao_sign(struct mbuf *m, const struct in_conninfo *inc, struct tcp_ao *ao)
{
	const struct tcphdr *th = mtod(m, const struct tcphdr *);
	uint8_t mac[DIGEST_MAX_LEN], *opt;
	struct ao_context ac;
	struct key_sa *ks;
	tcp_seq seq = ntohl(th->th_seq);

	ks = ao_current(ao, inc);
	opt = tcp_sig_find(m, TCPOPT_AO, TCPOLEN_AO);
	if (ks == NULL || opt == NULL) {
		TCPSTAT_INC(tcps_sig_err_buildsig);
		return (EACCES);
	}
	opt[2] = (uint8_t)ks->ks_spi;
	opt[3] = ao_rnext(ao, inc);
	ac.ac_ks = ks;
	ac.ac_sisn = ao->ao_iss;
	ac.ac_disn = (th->th_flags & (TH_SYN | TH_ACK)) == TH_SYN ? 0 :
	    ao->ao_irs;
	ac.ac_sne = ao_sne(ao->ao_snd_seq, ao->ao_snd_sne, seq);
	ac.ac_kept = ao_kept(ao, AO_OUT, th);
	if (!ao_segment_mac(&ac, m, opt, mac)) {
		TCPSTAT_INC(tcps_sig_err_buildsig);
		return (ENOMEM);
	}
	memcpy(opt + TCPOLEN_AO - AO_MACLEN, mac, AO_MACLEN);
	ao_advance(&ao->ao_snd_seq, &ao->ao_snd_sne, seq);
	key_used(ks, (uint32_t)m->m_pkthdr.len);
	return (0);
}

/* ---- Receiving ---- */

/* What a segment, found right, tells of keys and sequence numbers. */
static void
ao_learn(struct tcp_ao *ao, const struct tcp_seg *sg)
{
	const struct in_conninfo *inc = &sg->sg_inc;
	uint8_t rnext = sg->sg_to.to_aornext;

	if ((sg->sg_flags & TH_SYN) != 0) {
		/* Later ones may be of another connection. */
		if ((ao->ao_flags & AO_PEER) != 0)
			return;
		ao->ao_irs = ao->ao_rcv_seq = sg->sg_seq;
		ao->ao_rcv_sne = 0;
	} else if (SEQ_LT(sg->sg_seq, ao->ao_rcv_seq))
		return;
	ao_advance(&ao->ao_rcv_seq, &ao->ao_rcv_sne, sg->sg_seq);
	ao->ao_peer_key = sg->sg_to.to_aokey;
	ao->ao_peer_rnext = rnext;
	ao->ao_flags |= AO_PEER;
	if (((ao->ao_flags & AO_CURRENT) == 0 || ao->ao_current != rnext) &&
	    key_find(XKEY_TCP_AO, &inc->inc_laddr, &inc->inc_faddr,
	    rnext) != NULL) {
		ao->ao_current = rnext;
		ao->ao_flags |= AO_CURRENT;
	}
}

bool
tcp_ao_verify(const struct mbuf *m, const struct tcp_seg *sg,
    struct tcp_ao *ao)
{
	const uint16_t syn = sg->sg_flags & TH_SYN;
	uint8_t mac[DIGEST_MAX_LEN];
	struct ao_context ac;
	const uint8_t *opt;
	struct key_sa *ks;

	ks = key_find(XKEY_TCP_AO, &sg->sg_inc.inc_faddr,
	    &sg->sg_inc.inc_laddr, sg->sg_to.to_aokey);
	if (ks == NULL) {
		TCPSTAT_INC(tcps_sig_err_buildsig);
		return (false);
	}
	ac.ac_ks = ks;
	ac.ac_sisn = syn != 0 ? sg->sg_seq : ao->ao_irs;
	ac.ac_disn = (sg->sg_flags & (TH_SYN | TH_ACK)) == TH_SYN ? 0 :
	    ao->ao_iss;
	ac.ac_sne = syn != 0 ? 0 : ao_sne(ao->ao_rcv_seq, ao->ao_rcv_sne,
	    sg->sg_seq);
	ac.ac_kept = ao_kept(ao, AO_IN, mtod(m, const struct tcphdr *));
	opt = tcp_sig_find(m, TCPOPT_AO, TCPOLEN_AO);
	if (opt == NULL || !ao_segment_mac(&ac, m, opt, mac) ||
	    !tcp_sig_same(mac, opt + TCPOLEN_AO - AO_MACLEN, AO_MACLEN)) {
		TCPSTAT_INC(tcps_sig_rcvbadsig);
		return (false);
	}
	TCPSTAT_INC(tcps_sig_rcvgoodsig);
	key_used(ks, (uint32_t)m->m_pkthdr.len);
	ao_learn(ao, sg);
	return (true);
}

void
tcp_ao_resume(struct tcp_ao *ao, tcp_seq iss, tcp_seq irs, uint8_t current,
    uint8_t rnext)
{
	memset(ao, 0, sizeof(*ao));
	ao->ao_iss = ao->ao_snd_seq = iss;
	ao->ao_irs = ao->ao_rcv_seq = irs;
	ao->ao_current = current;
	ao->ao_rnext = rnext;
	ao->ao_flags = AO_CURRENT | AO_RNEXT;
}

void
tcp_ao_begin(struct tcp_ao *ao, const struct tcp_ao *wishes,
    const struct tcp_seg *sg)
{
	const struct in_conninfo *inc = &sg->sg_inc;
	const struct in6_addr *peer = &inc->inc_faddr, *us = &inc->inc_laddr;
	bool syn = (sg->sg_flags & TH_SYN) != 0;
	/* The keys that the peer uses and asks for will do. */
	uint8_t current = sg->sg_to.to_aornext, rnext = sg->sg_to.to_aokey;
	const struct key_sa *ks;

	if ((wishes->ao_flags & AO_RNEXT) != 0 &&
	    key_find(XKEY_TCP_AO, peer, us, wishes->ao_rnext) != NULL)
		rnext = wishes->ao_rnext;
	if (key_find(XKEY_TCP_AO, us, peer, current) == NULL &&
	    (ks = key_lowest(XKEY_TCP_AO, us, peer)) != NULL)
		current = (uint8_t)ks->ks_spi;
	tcp_ao_resume(ao, syn ? 0 : sg->sg_ack - 1,
	    syn ? sg->sg_seq : sg->sg_seq - 1, current, rnext);
}
