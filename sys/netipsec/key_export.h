/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A key as setkey(8) and the stack tell it to each other, by the variables
 *
 *	net.key.add	written: a struct xkey.  EEXIST it is there; EINVAL;
 *			ENOBUFS too many
 *	net.key.delete	written: a struct xkey, of which addresses, protocol
 *			and SPI count.  ENOENT
 *	net.key.flush	written: an int, the protocol; 0: all
 *	net.key.dump	read: all keys, in the order in which they came
 *
 * all of them hidden from listings.  The kernel and the tool both include
 * this file, which therefore includes nothing of either.
 *
 * An address has 16 bytes, IPv4 in its mapped form.  A key holds for one
 * direction between two addresses, whatever the ports.
 */
#ifndef _STACKYARD_NETIPSEC_KEY_EXPORT_H_
#define	_STACKYARD_NETIPSEC_KEY_EXPORT_H_

#include <stdint.h>

#define	XKEY_MAXLEN	80		/* bytes of a key, at most */

struct xkey {
	uint8_t		xk_src[16];
	uint8_t		xk_dst[16];
	uint32_t	xk_spi;		/* TCP-AO: the KeyID */
	uint8_t		xk_proto;
#define	XKEY_TCP	1		/* TCP-MD5: the SPI is XKEY_TCP_SPI */
#define	XKEY_TCP_AO	2		/* TCP-AO: SPI 0 to XKEY_AO_MAXSPI */
	uint8_t		xk_alg;
#define	XKEY_TCP_MD5	1
#define	XKEY_HMAC_SHA1_96 2
#define	XKEY_AES_128_CMAC_96 3
	uint16_t	xk_keylen;	/* bytes: 1 to XKEY_MAXLEN */
	uint32_t	xk_flags;
#define	XKEY_NOOPTIONS	0x00010000	/* TCP-AO: the options are not signed */
	uint32_t	xk_reserved;
	/* Read only. */
	uint64_t	xk_age;		/* seconds since it was added */
	uint64_t	xk_used;	/* since its first use; UINT64_MAX: none */
	uint64_t	xk_packets;	/* signed or found right by it */
	uint64_t	xk_bytes;
	uint8_t		xk_key[XKEY_MAXLEN];
};
#define	XKEY_TCP_SPI	0x1000
#define	XKEY_AO_MAXSPI	255

#endif /* !_STACKYARD_NETIPSEC_KEY_EXPORT_H_ */
