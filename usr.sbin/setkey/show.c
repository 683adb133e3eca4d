/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Keys as FreeBSD's setkey(8) prints them.  What these keys have not, such
 * as a replay window or a lifetime, is shown as there where it is not used.
 */
#include <sys/types.h>
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "setkey.h"

#define	FLAG_CYCSEQ	0x40		/* shown of every key, as there */

const char *const proto_names[] = {
	[XKEY_TCP] = "tcp",
	[XKEY_TCP_AO] = "tcp-ao"
};
const char *const alg_names[] = {
	[XKEY_TCP_MD5] = "tcp-md5",
	[XKEY_HMAC_SHA1_96] = "hmac-sha-1-96",
	[XKEY_AES_128_CMAC_96] = "aes-128-cmac-96"
};

struct xkey *
keys_read(struct ysctl *y, size_t *np)
{
	static const char name[] = "net.key.dump";
	struct xkey *list = NULL;
	size_t len;

	do {
		free(list);
		if (ysctlbyname(y, name, NULL, &len, NULL, 0) != 0)
			err(1, "%s", name);
		/* One may come in between. */
		len += sizeof(*list);
		if ((list = malloc(len)) == NULL)
			err(1, "%s", name);
		if (ysctlbyname(y, name, list, &len, NULL, 0) == 0) {
			*np = len / sizeof(*list);
			return (list);
		}
	} while (errno == ENOMEM);
	err(1, "%s", name);
}

static const char *
address(const uint8_t addr[16], char buf[INET6_ADDRSTRLEN])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (memcmp(addr, mapped, sizeof(mapped)) == 0)
		return (inet_ntop(AF_INET, addr + 12, buf,
		    INET6_ADDRSTRLEN));
	return (inet_ntop(AF_INET6, addr, buf, INET6_ADDRSTRLEN));
}

/* The time of that many seconds ago, as "Nov 21 07:25:08 2026"; of
 * UINT64_MAX ago there is none. */
static const char *
ago(time_t now, uint64_t seconds, char buf[32])
{
	time_t t = now - (time_t)seconds;
	struct tm tm;

	if (seconds == UINT64_MAX || localtime_r(&t, &tm) == NULL ||
	    strftime(buf, 32, "%b %e %H:%M:%S %Y", &tm) == 0)
		(void)snprintf(buf, 32, "%20s", "");
	return (buf);
}

static void
show_lifetimes(const struct xkey *xk)
{
	char buf[32], cur[32];
	time_t now = time(NULL);

	(void)printf("\tcreated: %s\tcurrent: %s\n",
	    ago(now, xk->xk_age, buf), ago(now, 0, cur));
	(void)printf("\tdiff: %ju(s)\thard: 0(s)\tsoft: 0(s)\n",
	    (uintmax_t)xk->xk_age);
	(void)printf("\tlast: %s\thard: 0(s)\tsoft: 0(s)\n",
	    ago(now, xk->xk_used, buf));
	(void)printf("\tcurrent: %ju(bytes)\thard: 0(bytes)"
	    "\tsoft: 0(bytes)\n", (uintmax_t)xk->xk_bytes);
	(void)printf("\tallocated: %ju\thard: 0\tsoft: 0\n",
	    (uintmax_t)xk->xk_packets);
}

void
key_show(const struct xkey *xk, size_t left)
{
	char buf[INET6_ADDRSTRLEN];
	size_t i;

	if (xk->xk_proto == 0 || xk->xk_proto > XKEY_TCP_AO ||
	    xk->xk_alg == 0 || xk->xk_alg > XKEY_AES_128_CMAC_96 ||
	    xk->xk_keylen > XKEY_MAXLEN)
		errx(1, "the stack's list of keys makes no sense");
	(void)printf("%s ", address(xk->xk_src, buf));
	(void)printf("%s \n\t%s mode=any spi=%u(0x%08x) "
	    "reqid=0(0x00000000)\n", address(xk->xk_dst, buf),
	    proto_names[xk->xk_proto], xk->xk_spi, xk->xk_spi);
	(void)printf("\tA: %s ", alg_names[xk->xk_alg]);
	for (i = 0; i < xk->xk_keylen; i++)
		(void)printf("%s%02x", i % 4 == 0 ? " " : "",
		    xk->xk_key[i]);
	(void)printf("\n\tseq=0x00000000 replay=0 flags=0x%08x "
	    "state=mature \n", xk->xk_flags | FLAG_CYCSEQ);
	show_lifetimes(xk);
	(void)printf("\tsadb_seq=%zu pid=%ld refcnt=1\n", left,
	    (long)getpid());
}

bool
keys_show(struct ysctl *y, int proto)
{
	struct xkey *list;
	size_t i, left = 0, n;
	bool some;

	list = keys_read(y, &n);
	for (i = 0; i < n; i++)
		left += proto == 0 || list[i].xk_proto == proto;
	some = left != 0;
	for (i = 0; i < n; i++)
		if (proto == 0 || list[i].xk_proto == proto)
			key_show(&list[i], --left);
	free(list);
	return (some);
}
