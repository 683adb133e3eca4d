/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The security association database, of keys for TCP (RFC 2385, RFC 5925).
 *
 * A key is found by protocol, the two addresses, and the SPI, once for every
 * segment that is signed or verified, so that a key that is added, replaced
 * or deleted counts from the next segment on.  Keys hang in chains by a
 * keyed hash of their addresses; all keys between the same two addresses, of
 * which there may be at most one of TCP-MD5 and 256 of TCP-AO each way, are
 * thus in one chain.  The chains double as keys come, and there are none
 * before the first one.
 *
 *	add -> [chain, list] -> delete, flush: overwritten and freed
 *
 * setkey(8) reaches this file by the variables net.key.*, which listings of
 * variables leave out; who may open the control socket may read the keys,
 * and nobody else.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include <kern/kern_digest.h>
#include <netipsec/key.h>

MALLOC_DEFINE(M_SECA, "key", "Keys that sign segments");

#define	KEY_MAX		65536		/* keys of a host, at most */
#define	KEY_CHAINS	16		/* at first */

LIST_HEAD(key_chain, key_sa);
TAILQ_HEAD(key_list, key_sa);

VNET_DEFINE_STATIC(struct key_chain *, key_chains) = NULL;
VNET_DEFINE_STATIC(uint32_t, key_mask) = 0;
VNET_DEFINE_STATIC(uint32_t, key_count) = 0;
VNET_DEFINE_STATIC(uint64_t, key_serial) = 0;
VNET_DEFINE_STATIC(struct key_list, key_all);
VNET_DEFINE_STATIC(uint8_t, key_secret[16]);
#define	V_key_chains	VNET(key_chains)
#define	V_key_mask	VNET(key_mask)
#define	V_key_count	VNET(key_count)
#define	V_key_serial	VNET(key_serial)
#define	V_key_all	VNET(key_all)
#define	V_key_secret	VNET(key_secret)

static void
key_init(const void *arg __unused)
{
	TAILQ_INIT(&V_key_all);
	vnet_random(V_key_secret, sizeof(V_key_secret));
}
SYSINIT(key, SI_SUB_PROTO_DOMAIN, SI_ORDER_FIRST, key_init, NULL);

static void
key_uninit(const void *arg __unused)
{
	key_flush(0);
	free(V_key_chains, M_SECA);
}
SYSUNINIT(key, SI_SUB_PROTO_DOMAIN, SI_ORDER_FIRST, key_uninit, NULL);

/* ---- Finding ---- */

static struct key_chain *
key_chain_of(const struct in6_addr *src, const struct in6_addr *dst)
{
	struct in6_addr pair[2] = { *src, *dst };

	return (&V_key_chains[siphash24(V_key_secret, pair, sizeof(pair)) &
	    V_key_mask]);
}

static bool
key_is_between(const struct key_sa *ks, uint8_t proto,
    const struct in6_addr *src, const struct in6_addr *dst)
{
	return (ks->ks_proto == proto &&
	    IN6_ARE_ADDR_EQUAL(&ks->ks_src, src) &&
	    IN6_ARE_ADDR_EQUAL(&ks->ks_dst, dst));
}

struct key_sa *
key_find(uint8_t proto, const struct in6_addr *src,
    const struct in6_addr *dst, uint32_t spi)
{
	struct key_sa *ks;

	if (V_key_count == 0)
		return (NULL);
	LIST_FOREACH(ks, key_chain_of(src, dst), ks_chain)
		if (ks->ks_spi == spi && key_is_between(ks, proto, src, dst))
			return (ks);
	return (NULL);
}

struct key_sa *
key_lowest(uint8_t proto, const struct in6_addr *src,
    const struct in6_addr *dst)
{
	struct key_sa *best = NULL, *ks;

	if (V_key_count == 0)
		return (NULL);
	LIST_FOREACH(ks, key_chain_of(src, dst), ks_chain)
		if (key_is_between(ks, proto, src, dst) &&
		    (best == NULL || ks->ks_spi < best->ks_spi))
			best = ks;
	return (best);
}

void
key_used(struct key_sa *ks, uint32_t len)
{
	if (ks->ks_packets == 0)
		ks->ks_firstuse = getnstime();
	ks->ks_packets++;
	ks->ks_bytes += len;
}

/* ---- Adding ---- */

/* Twice as many chains, as long as there is memory for them. */
static int
key_grow(void)
{
	struct key_chain *chains;
	struct key_sa *ks;
	uint32_t n;

	n = V_key_chains == NULL ? KEY_CHAINS : 2 * (V_key_mask + 1);
	chains = malloc(n * sizeof(*chains), M_SECA, M_NOWAIT | M_ZERO);
	if (chains == NULL)
		return (V_key_chains == NULL ? ENOMEM : 0);
	free(V_key_chains, M_SECA);
	V_key_chains = chains;
	V_key_mask = n - 1;
	TAILQ_FOREACH(ks, &V_key_all, ks_all)
		LIST_INSERT_HEAD(key_chain_of(&ks->ks_src, &ks->ks_dst), ks,
		    ks_chain);
	return (0);
}

static bool
key_is_valid(const struct xkey *xk)
{
	struct in6_addr dst, src;

	memcpy(&src, xk->xk_src, sizeof(src));
	memcpy(&dst, xk->xk_dst, sizeof(dst));
	if (xk->xk_keylen < 1 || xk->xk_keylen > XKEY_MAXLEN ||
	    in_any(&src) || in_any(&dst) || in_multicast(&src) ||
	    in_multicast(&dst) ||
	    IN6_IS_ADDR_V4MAPPED(&src) != IN6_IS_ADDR_V4MAPPED(&dst))
		return (false);
	switch (xk->xk_proto) {
	case XKEY_TCP:
		return (xk->xk_spi == XKEY_TCP_SPI &&
		    xk->xk_alg == XKEY_TCP_MD5 && xk->xk_flags == 0);
	case XKEY_TCP_AO:
		return (xk->xk_spi <= XKEY_AO_MAXSPI &&
		    (xk->xk_alg == XKEY_HMAC_SHA1_96 ||
		    xk->xk_alg == XKEY_AES_128_CMAC_96) &&
		    (xk->xk_flags & ~(uint32_t)XKEY_NOOPTIONS) == 0);
	default:
		return (false);
	}
}

/* The key that xk names, or NULL. */
static struct key_sa *
key_named(const struct xkey *xk)
{
	struct in6_addr dst, src;

	memcpy(&src, xk->xk_src, sizeof(src));
	memcpy(&dst, xk->xk_dst, sizeof(dst));
	return (key_find(xk->xk_proto, &src, &dst, xk->xk_spi));
}

int
key_add(const struct xkey *xk)
{
	struct key_sa *ks;
	int error;

	if (!key_is_valid(xk))
		return (EINVAL);
	if (key_named(xk) != NULL)
		return (EEXIST);
	if (V_key_count >= KEY_MAX)
		return (ENOBUFS);
	if ((V_key_chains == NULL || V_key_count > V_key_mask) &&
	    (error = key_grow()) != 0)
		return (error);
	ks = malloc(sizeof(*ks), M_SECA, M_NOWAIT | M_ZERO);
	if (ks == NULL)
		return (ENOMEM);
	memcpy(&ks->ks_src, xk->xk_src, sizeof(ks->ks_src));
	memcpy(&ks->ks_dst, xk->xk_dst, sizeof(ks->ks_dst));
	ks->ks_serial = ++V_key_serial;
	ks->ks_spi = xk->xk_spi;
	ks->ks_flags = xk->xk_flags;
	ks->ks_proto = xk->xk_proto;
	ks->ks_alg = xk->xk_alg;
	ks->ks_keylen = xk->xk_keylen;
	memcpy(ks->ks_key, xk->xk_key, xk->xk_keylen);
	ks->ks_born = getnstime();
	LIST_INSERT_HEAD(key_chain_of(&ks->ks_src, &ks->ks_dst), ks,
	    ks_chain);
	TAILQ_INSERT_TAIL(&V_key_all, ks, ks_all);
	V_key_count++;
	return (0);
}

/* ---- Deleting ---- */

static void
key_free(struct key_sa *ks)
{
	LIST_REMOVE(ks, ks_chain);
	TAILQ_REMOVE(&V_key_all, ks, ks_all);
	V_key_count--;
	digest_wipe(ks->ks_key, sizeof(ks->ks_key));
	free(ks, M_SECA);
}

int
key_delete(const struct xkey *xk)
{
	struct key_sa *ks;

	if ((ks = key_named(xk)) == NULL)
		return (ENOENT);
	key_free(ks);
	return (0);
}

void
key_flush(uint8_t proto)
{
	struct key_sa *ks, *next;

	TAILQ_FOREACH_SAFE(ks, &V_key_all, ks_all, next) {
		if (proto == 0 || ks->ks_proto == proto)
			key_free(ks);
	}
}

/* ---- For setkey(8) ---- */

SYSCTL_NODE(_net, OID_AUTO, key, CTLFLAG_RW, NULL, "Keys of TCP");

/* A request, which must have exactly len bytes. */
static int
key_request(struct sysctl_req *req, void *buf, size_t len)
{
	if (req->newptr == NULL)
		return (EPERM);
	if (req->newlen != len)
		return (EINVAL);
	return (SYSCTL_IN(req, buf, len));
}

static int
sysctl_key_add(SYSCTL_HANDLER_ARGS)
{
	struct xkey xk;
	int error;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	if ((error = key_request(req, &xk, sizeof(xk))) == 0)
		error = key_add(&xk);
	digest_wipe(&xk, sizeof(xk));
	return (error);
}
SYSCTL_PROC(_net_key, OID_AUTO, add,
    CTLTYPE_OPAQUE | CTLFLAG_VNET | CTLFLAG_WR | CTLFLAG_SKIP, NULL, 0,
    sysctl_key_add, "S,xkey", "Add the key that is written");

static int
sysctl_key_delete(SYSCTL_HANDLER_ARGS)
{
	struct xkey xk;
	int error;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	error = key_request(req, &xk, sizeof(xk));
	return (error != 0 ? error : key_delete(&xk));
}
SYSCTL_PROC(_net_key, OID_AUTO, delete,
    CTLTYPE_OPAQUE | CTLFLAG_VNET | CTLFLAG_WR | CTLFLAG_SKIP, NULL, 0,
    sysctl_key_delete, "S,xkey", "Delete the key that is written");

static int
sysctl_key_flush(SYSCTL_HANDLER_ARGS)
{
	int error, proto;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	if ((error = key_request(req, &proto, sizeof(proto))) != 0)
		return (error);
	if (proto < 0 || proto > XKEY_TCP_AO)
		return (EINVAL);
	key_flush((uint8_t)proto);
	return (0);
}
SYSCTL_PROC(_net_key, OID_AUTO, flush,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_WR | CTLFLAG_SKIP, NULL, 0,
    sysctl_key_flush, "I", "Delete all keys of a protocol (0: of all)");

static void
key_export(const struct key_sa *ks, struct xkey *xk)
{
	nstime_t now = getnstime();

	memset(xk, 0, sizeof(*xk));
	memcpy(xk->xk_src, &ks->ks_src, sizeof(xk->xk_src));
	memcpy(xk->xk_dst, &ks->ks_dst, sizeof(xk->xk_dst));
	xk->xk_spi = ks->ks_spi;
	xk->xk_proto = ks->ks_proto;
	xk->xk_alg = ks->ks_alg;
	xk->xk_keylen = ks->ks_keylen;
	xk->xk_flags = ks->ks_flags;
	xk->xk_age = (now - ks->ks_born) / NS_PER_SEC;
	xk->xk_used = ks->ks_packets == 0 ? UINT64_MAX :
	    (now - ks->ks_firstuse) / NS_PER_SEC;
	xk->xk_packets = ks->ks_packets;
	xk->xk_bytes = ks->ks_bytes;
	memcpy(xk->xk_key, ks->ks_key, ks->ks_keylen);
}

static int
sysctl_key_dump(SYSCTL_HANDLER_ARGS)
{
	const struct key_sa *ks;
	struct xkey xk;
	int error = 0;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	TAILQ_FOREACH(ks, &V_key_all, ks_all) {
		key_export(ks, &xk);
		if ((error = SYSCTL_OUT(req, &xk, sizeof(xk))) != 0)
			break;
	}
	digest_wipe(&xk, sizeof(xk));
	return (error);
}
SYSCTL_PROC(_net_key, OID_AUTO, dump,
    CTLTYPE_OPAQUE | CTLFLAG_VNET | CTLFLAG_RD | CTLFLAG_SKIP, NULL, 0,
    sysctl_key_dump, "S,xkey", "All keys");
