/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Digests, from the host's libraries: MD5 (RFC 1321), and the keyed ones
 * HMAC-SHA-1 (RFC 2104) and AES-128-CMAC (RFC 4493).  Included by
 * kern_host_digest.c, which sees the host's headers and none of the
 * kernel's, and by the kernel files that call it, so that the compiler
 * compares the two.
 *
 * A digest is begun, fed and finished; what was begun must be finished,
 * since it may hold memory.
 */
#ifndef _STACKYARD_KERN_KERN_DIGEST_H_
#define	_STACKYARD_KERN_KERN_DIGEST_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define	DIGEST_MD5_LEN		16	/* bytes of results */
#define	DIGEST_SHA1_LEN		20
#define	DIGEST_CMAC_LEN		16
#define	DIGEST_MAX_LEN		20
#define	DIGEST_CMAC_KEYLEN	16

enum digest_mac { DIGEST_HMAC_SHA1, DIGEST_AES_128_CMAC };

struct digest {
	uint64_t	dg_md5[12];	/* room for its state */
	void		*dg_mac;	/* the library's; NULL: MD5 */
	bool		dg_failed;	/* a part was not taken */
	bool		dg_lent;	/* dg_mac is a prepared one */
};

void	digest_md5_begin(struct digest *dg);
/* False: no memory (nothing was begun).  CMAC's key has 16 bytes. */
bool	digest_mac_begin(struct digest *dg, enum digest_mac mac,
	    const void *key, size_t keylen);
/* The same with a key that is prepared once for many digests, of which one at
 * a time may be in progress: NULL, no memory.  What was prepared is wiped and
 * freed by digest_mac_release(), which takes NULL, too. */
void	*digest_mac_prepare(enum digest_mac mac, const void *key,
	    size_t keylen);
bool	digest_mac_reuse(struct digest *dg, void *prepared);
void	digest_mac_release(void *prepared);
void	digest_add(struct digest *dg, const void *p, size_t len);
/* False: the library failed, and out is not a result. */
bool	digest_end(struct digest *dg, uint8_t out[DIGEST_MAX_LEN]);
/* Overwrite a secret, whatever the compiler thinks of it. */
void	digest_wipe(void *p, size_t len);

#endif /* !_STACKYARD_KERN_KERN_DIGEST_H_ */
