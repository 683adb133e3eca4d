/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The security association database: which keys sign segments from one
 * address to another.  key.c has the theory.
 *
 * A key found is good until the next call that adds, deletes or flushes:
 * nobody keeps a pointer to one.
 */
#ifndef _STACKYARD_NETIPSEC_KEY_H_
#define	_STACKYARD_NETIPSEC_KEY_H_

#include <sys/queue.h>
#include <sys/time.h>
#include <netinet/in.h>
#include <netipsec/key_export.h>

struct key_sa {
	LIST_ENTRY(key_sa) ks_chain;	/* same hash of the addresses */
	TAILQ_ENTRY(key_sa) ks_all;	/* in the order they came */
	struct in6_addr	ks_src;
	struct in6_addr	ks_dst;
	uint64_t	ks_serial;	/* no other key ever has it */
	uint32_t	ks_spi;
	uint32_t	ks_flags;	/* XKEY_NOOPTIONS */
	uint8_t		ks_proto;	/* XKEY_TCP, XKEY_TCP_AO */
	uint8_t		ks_alg;		/* XKEY_TCP_MD5, ... */
	uint16_t	ks_keylen;
	uint8_t		ks_key[XKEY_MAXLEN];
	nstime_t	ks_born;
	nstime_t	ks_firstuse;	/* 0: never */
	uint64_t	ks_packets;
	uint64_t	ks_bytes;
};

/* The key, or NULL. */
struct key_sa *key_find(uint8_t proto, const struct in6_addr *src,
	    const struct in6_addr *dst, uint32_t spi);
/* The one with the lowest SPI, or NULL. */
struct key_sa *key_lowest(uint8_t proto, const struct in6_addr *src,
	    const struct in6_addr *dst);
/* It has signed, or proved right, a segment of len bytes. */
void	key_used(struct key_sa *ks, uint32_t len);

/* EINVAL; EEXIST; ENOBUFS too many; ENOMEM. */
int	key_add(const struct xkey *xk);
/* ENOENT */
int	key_delete(const struct xkey *xk);
/* proto 0: all. */
void	key_flush(uint8_t proto);

#endif /* !_STACKYARD_NETIPSEC_KEY_H_ */
