/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The signatures of TCP segments by the letter of RFC 2385, RFC 5925 and
 * RFC 5926: the whole message is put together and digested at once, by
 * nothing of the code that is tested.  A packet begins with its IP header.
 */
#ifndef _TESTS_SIG_REF_H_
#define	_TESTS_SIG_REF_H_

#include <stdbool.h>
#include <stdint.h>

#define	REF_MD5_LEN	16
#define	REF_AO_LEN	12		/* of the MAC */

struct ref_ao {
	bool		ra_cmac;	/* AES-128-CMAC, else HMAC-SHA-1 */
	bool		ra_noopts;	/* other options are not signed */
	const char	*ra_key;	/* the master key */
	uint32_t	ra_sisn, ra_disn, ra_sne;
};

void	ref_md5(const uint8_t *pkt, uint32_t len, const char *key,
	    uint8_t out[REF_MD5_LEN]);
void	ref_ao(const uint8_t *pkt, uint32_t len, const struct ref_ao *ra,
	    uint8_t out[REF_AO_LEN]);
/* The traffic key: returns its length. */
uint32_t ref_ao_key(const uint8_t *pkt, const struct ref_ao *ra,
	    uint8_t out[20]);
/* Where a packet has an option, or -1. */
int	ref_option(const uint8_t *pkt, uint8_t kind, uint8_t len);

#endif /* !_TESTS_SIG_REF_H_ */
