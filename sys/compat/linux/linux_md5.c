/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Linux's TCP_MD5SIG: a key for a peer, given to the socket.
 *
 * Ours come from the database of security associations, by both addresses;
 * so the key is put there for both directions, between the peer and the
 * address that the socket is bound to or would take, and the socket told to
 * sign (TCP_MD5SIG).  A key is of one peer, not of a network.
 *
 * Touches: the security association database, and the connection.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/ip_var.h>
#include <netinet/tcp_var.h>
#include <netipsec/key.h>
#include <compat/compat.h>
#include <compat/linux/linux.h>
#include <compat/linux/linux_private.h>

#define	PREFIX_WHOLE4	32		/* bits of an address */
#define	PREFIX_WHOLE6	128

/* The peer: 0, or EINVAL for what is no address. */
static int
md5_peer(const struct linux_md5sig *lm, struct in6_addr *peer)
{
	struct in_addr in;
	uint16_t family;

	memcpy(&family, lm->tcpm_addr, sizeof(family));
	if (family == LINUX_AF_INET) {
		memcpy(&in, lm->tcpm_addr + LINUX_SIN_ADDR, sizeof(in));
		*peer = in6_mapped(in);
	} else if (family == LINUX_AF_INET6)
		memcpy(peer, lm->tcpm_addr + LINUX_SIN6_ADDR, sizeof(*peer));
	else
		return (EINVAL);
	return (in_any(peer) ? EINVAL : 0);
}

/* A key for segments from src to dst, or none (keylen 0). */
static int
md5_key(const struct linux_md5sig *lm, const struct in6_addr *src,
    const struct in6_addr *dst)
{
	struct xkey xk;

	memset(&xk, 0, sizeof(xk));
	memcpy(xk.xk_src, src, sizeof(xk.xk_src));
	memcpy(xk.xk_dst, dst, sizeof(xk.xk_dst));
	xk.xk_spi = XKEY_TCP_SPI;
	xk.xk_proto = XKEY_TCP;
	xk.xk_alg = XKEY_TCP_MD5;
	xk.xk_keylen = lm->tcpm_keylen;
	memcpy(xk.xk_key, lm->tcpm_key, lm->tcpm_keylen);
	if (key_find(XKEY_TCP, src, dst, XKEY_TCP_SPI) != NULL)
		(void)key_delete(&xk);
	return (lm->tcpm_keylen == 0 ? 0 : key_add(&xk));
}

int
linux_set_md5sig(struct socket *so, const void *val, size_t len, bool ext)
{
	const struct inpcb *inp = tptoinpcb(sototcpcb(so));
	struct in6_addr local = inp->inp_laddr, peer;
	struct linux_md5sig lm;
	int error;

	if (val == NULL || len < sizeof(lm))
		return (EINVAL);
	memcpy(&lm, val, sizeof(lm));
	if (lm.tcpm_keylen > LINUX_MD5SIG_MAXKEYLEN ||
	    (error = md5_peer(&lm, &peer)) != 0)
		return (EINVAL);
	if (ext && (lm.tcpm_flags & LINUX_MD5SIG_FLAG_PREFIX) != 0 &&
	    lm.tcpm_prefixlen != (IN6_IS_ADDR_V4MAPPED(&peer) ?
	    PREFIX_WHOLE4 : PREFIX_WHOLE6))
		return (EOPNOTSUPP);
	if (in_any(&local) &&
	    (error = ip_selectsrc(&peer, inp->inp_inc.inc_scope,
	    &local)) != 0)
		return (error);
	if ((error = md5_key(&lm, &local, &peer)) != 0 ||
	    (error = md5_key(&lm, &peer, &local)) != 0)
		return (error);
	/* A listener may have keys for other peers. */
	if (lm.tcpm_keylen == 0 && SOLISTENING(so))
		return (0);
	return (compat_set_int(so, IPPROTO_TCP, TCP_MD5SIG,
	    lm.tcpm_keylen != 0));
}
