/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* See sig_ref.h. */
#include <md5.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sig_ref.h"

#define	TCP	6

static uint8_t message[70000];
static size_t mlen;

static void
add(const void *p, size_t len)
{
	if (mlen + len > sizeof(message))
		abort();
	memcpy(message + mlen, p, len);
	mlen += len;
}

static void
add32(uint32_t v)
{
	const uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 8), (uint8_t)v };

	add(b, sizeof(b));
}

static bool
is_v6(const uint8_t *pkt)
{
	return (pkt[0] >> 4 == 6);
}

static const uint8_t *
tcp_of(const uint8_t *pkt)
{
	return (pkt + (is_v6(pkt) ? 40 : 20));
}

static void
add_addresses(const uint8_t *pkt)
{
	if (is_v6(pkt))
		add(pkt + 8, 32);
	else
		add(pkt + 12, 8);
}

static void
add_pseudo(const uint8_t *pkt, uint32_t tcplen)
{
	add_addresses(pkt);
	if (is_v6(pkt)) {
		add32(tcplen);
		add32(TCP);
	} else
		add32(TCP << 16 | tcplen);
}

/* The 20 bytes, the checksum 0. */
static void
add_header(const uint8_t *th)
{
	add(th, 16);
	add("\0", 2);
	add(th + 18, 2);
}

int
ref_option(const uint8_t *pkt, uint8_t kind, uint8_t len)
{
	const uint8_t *th = tcp_of(pkt);
	int end = (th[12] >> 4) * 4, i;

	for (i = 20; i + len <= end; i += th[i] <= 1 || th[i + 1] == 0 ? 1 :
	    th[i + 1])
		if (th[i] == kind && th[i + 1] == len)
			return ((int)(th - pkt) + i);
	return (-1);
}

void
ref_md5(const uint8_t *pkt, uint32_t len, const char *key,
    uint8_t out[REF_MD5_LEN])
{
	const uint8_t *th = tcp_of(pkt);
	uint32_t off = (th[12] >> 4) * 4U;
	MD5_CTX ctx;

	len -= (uint32_t)(th - pkt);
	mlen = 0;
	add_pseudo(pkt, len);
	add_header(th);
	add(th + off, len - off);
	add(key, strlen(key));
	MD5Init(&ctx);
	MD5Update(&ctx, message, mlen);
	MD5Final(out, &ctx);
}

/* A MAC of the message. */
static uint32_t
mac(bool cmac, const void *key, size_t keylen, uint8_t out[20])
{
	char name[] = "AES-128-CBC";
	OSSL_PARAM params[2] = {
		OSSL_PARAM_construct_utf8_string("cipher", name, 0),
		OSSL_PARAM_construct_end()
	};
	unsigned hlen = 20;
	size_t len;

	if (cmac) {
		if (EVP_Q_mac(NULL, "CMAC", NULL, NULL, params, key, keylen,
		    message, mlen, out, 20, &len) == NULL)
			abort();
		return (16);
	}
	if (HMAC(EVP_sha1(), key, (int)keylen, message, mlen, out, &hlen) ==
	    NULL)
		abort();
	return (20);
}

uint32_t
ref_ao_key(const uint8_t *pkt, const struct ref_ao *ra, uint8_t out[20])
{
	static const uint8_t zero[16];
	const uint8_t *key = (const uint8_t *)ra->ra_key;
	size_t keylen = strlen(ra->ra_key);
	uint8_t master[20];

	if (ra->ra_cmac && keylen != 16) {
		mlen = 0;
		add(key, keylen);
		keylen = mac(true, zero, sizeof(zero), master);
		key = master;
	}
	mlen = 0;
	add("\1TCP-AO", 7);
	add_addresses(pkt);
	add(tcp_of(pkt), 4);
	add32(ra->ra_sisn);
	add32(ra->ra_disn);
	add(ra->ra_cmac ? "\0\200" : "\0\240", 2);
	return (mac(ra->ra_cmac, key, keylen, out));
}

void
ref_ao(const uint8_t *pkt, uint32_t len, const struct ref_ao *ra,
    uint8_t out[REF_AO_LEN])
{
	const uint8_t *th = tcp_of(pkt);
	uint32_t at, keylen, off = (th[12] >> 4) * 4U;
	uint8_t all[20], key[20];

	at = (uint32_t)(ref_option(pkt, 29, 16) - (th - pkt));
	keylen = ref_ao_key(pkt, ra, key);
	len -= (uint32_t)(th - pkt);
	mlen = 0;
	add32(ra->ra_sne);
	add_pseudo(pkt, len);
	add_header(th);
	if (!ra->ra_noopts)
		add(th + 20, at - 20);
	add(th + at, 4);
	add("\0\0\0\0\0\0\0\0\0\0\0", REF_AO_LEN);
	if (!ra->ra_noopts)
		add(th + at + 16, off - at - 16);
	add(th + off, len - off);
	(void)mac(ra->ra_cmac, key, keylen, all);
	memcpy(out, all, REF_AO_LEN);
}
