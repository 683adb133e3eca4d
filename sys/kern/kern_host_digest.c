/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The host's face for digests (kern_digest.h): MD5 is libmd's, and what has
 * a key is libcrypto's, of OpenSSL 3.  A part of the host's face of its own,
 * so that its libraries are seen in one place.
 */
#include <sys/types.h>

#include <md5.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "kern_digest.h"

_Static_assert(sizeof(MD5_CTX) <= sizeof(((struct digest *)0)->dg_md5),
    "MD5's state has room");
_Static_assert(DIGEST_MD5_LEN <= DIGEST_MAX_LEN, "and its result");

static MD5_CTX *
md5_of(struct digest *dg)
{

	return ((MD5_CTX *)(void *)dg->dg_md5);
}

void
digest_md5_begin(struct digest *dg)
{

	dg->dg_mac = NULL;
	MD5Init(md5_of(dg));
}

void *
digest_mac_prepare(enum digest_mac which, const void *key, size_t keylen)
{
	static const char *const names[] = {
		[DIGEST_HMAC_SHA1] = OSSL_MAC_NAME_HMAC,
		[DIGEST_AES_128_CMAC] = OSSL_MAC_NAME_CMAC
	};
	char cipher[] = "AES-128-CBC", hash[] = "SHA1";
	OSSL_PARAM params[2];
	EVP_MAC_CTX *ctx;
	EVP_MAC *mac;

	if (which == DIGEST_HMAC_SHA1)
		params[0] = OSSL_PARAM_construct_utf8_string(
		    OSSL_MAC_PARAM_DIGEST, hash, 0);
	else
		params[0] = OSSL_PARAM_construct_utf8_string(
		    OSSL_MAC_PARAM_CIPHER, cipher, 0);
	params[1] = OSSL_PARAM_construct_end();
	mac = EVP_MAC_fetch(NULL, names[which], NULL);
	ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	EVP_MAC_free(mac);
	if (ctx == NULL || EVP_MAC_init(ctx, key, keylen, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		return (NULL);
	}
	return (ctx);
}

bool
digest_mac_begin(struct digest *dg, enum digest_mac which, const void *key,
    size_t keylen)
{

	dg->dg_mac = digest_mac_prepare(which, key, keylen);
	dg->dg_failed = dg->dg_lent = false;
	return (dg->dg_mac != NULL);
}

bool
digest_mac_reuse(struct digest *dg, void *prepared)
{

	dg->dg_mac = prepared;
	dg->dg_failed = false;
	dg->dg_lent = true;
	/* Without a key: the one that it has. */
	return (EVP_MAC_init(prepared, NULL, 0, NULL) == 1);
}

void
digest_mac_release(void *prepared)
{

	EVP_MAC_CTX_free(prepared);
}

void
digest_add(struct digest *dg, const void *p, size_t len)
{

	if (dg->dg_mac == NULL)
		MD5Update(md5_of(dg), p, len);
	else if (EVP_MAC_update(dg->dg_mac, p, len) != 1)
		dg->dg_failed = true;
}

bool
digest_end(struct digest *dg, uint8_t out[DIGEST_MAX_LEN])
{
	size_t len;
	bool done;

	if (dg->dg_mac == NULL) {
		MD5Final(out, md5_of(dg));
		return (true);
	}
	done = EVP_MAC_final(dg->dg_mac, out, &len, DIGEST_MAX_LEN) == 1 &&
	    !dg->dg_failed;
	if (!dg->dg_lent)
		EVP_MAC_CTX_free(dg->dg_mac);
	return (done);
}

void
digest_wipe(void *p, size_t len)
{

	OPENSSL_cleanse(p, len);
}
