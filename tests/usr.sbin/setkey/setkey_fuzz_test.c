/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Scripts that nobody would write, from words of the language and bytes that
 * are none, for setkey's parser, with a stack that is not there: whatever
 * comes, what the stack is asked for makes sense, and no error shows a key.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <atf-c.h>
#include <errno.h>
#include <netdb.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../usr.sbin/setkey/setkey.h"

#define	ROUNDS	20000
#define	WORDS	24

/* What a key is made of here, and nothing else. */
#define	SECRET	"SeCrEt"
#define	HEX	"0x5ec4e75ec4e7"

static const char * const words[] = {
	"add", "add", "get", "delete", "deleteall", "flush", "dump", "spdadd",
	"10.0.0.1", "10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2",
	"10.0.0.0/24", "10.0.0.1[any]", "-4", "-6n", "tcp", "tcp", "tcp-ao",
	"tcp-ao", "0x1000", "4096", "5", "255", "256", "-1", "-A", "-A",
	"tcp-md5", "hmac-sha-1-96", "aes-128-cmac-96", "-f", "no-options",
	";", ";", ";", "#", "\n", "\"" SECRET "\"", "\"" SECRET, HEX, HEX "f",
	HEX "g", "\"" SECRET "\"" SECRET, SECRET, "\"\"", "\""
};
/* Operations that are right, to go wrong behind their first words. */
static const char * const right[] = {
	"add -n 10.0.0.1 10.0.0.2 tcp 0x1000 -A tcp-md5 \"" SECRET "\" ;\n",
	"add -n fd00::1 fd00::2 tcp-ao 5 -f no-options -A hmac-sha-1-96 " HEX
	    " ;\n",
	"delete -n 10.0.0.1 10.0.0.2 tcp 0x1000 ;\n", "flush tcp-ao ;\n"
};

static uint64_t seed = 1;
static u_int adds, others;

static uint64_t
draw(uint64_t n)
{
	/* splitmix64 */
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return ((z ^ z >> 31) % n);
}

/* ---- The stack ---- */

static void
asked_to_add(const struct xkey *xk)
{
	bool ao = xk->xk_proto == XKEY_TCP_AO;

	ATF_REQUIRE(ao || xk->xk_proto == XKEY_TCP);
	ATF_REQUIRE(ao ? xk->xk_spi <= XKEY_AO_MAXSPI :
	    xk->xk_spi == XKEY_TCP_SPI);
	ATF_REQUIRE(ao == (xk->xk_alg != XKEY_TCP_MD5));
	ATF_REQUIRE(xk->xk_keylen >= 1 && xk->xk_keylen <= XKEY_MAXLEN);
	ATF_REQUIRE(ao || xk->xk_flags == 0);
	adds++;
}

int
ysctlbyname(struct ysctl *y, const char *name, void *old, size_t *oldlen,
    const void *new, size_t newlen)
{
	ATF_REQUIRE(y == NULL);
	if (strcmp(name, "net.key.add") == 0) {
		ATF_REQUIRE_EQ(sizeof(struct xkey), newlen);
		asked_to_add(new);
	} else
		others++;
	if (strcmp(name, "net.key.dump") == 0) {
		if (old != NULL)
			memset(old, 0, *oldlen);
		*oldlen = 0;
	}
	errno = ENOENT;
	return (strcmp(name, "net.key.dump") == 0 || draw(2) == 0 ? 0 : -1);
}

/* ---- The resolver, which asks nobody ---- */

struct answer {
	struct addrinfo	ai;
	struct sockaddr_storage ss;
};

int
getaddrinfo(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **res)
{
	struct answer *a;
	int af = strchr(node, ':') != NULL ? AF_INET6 : AF_INET;

	ATF_REQUIRE(service == NULL);
	if (hints->ai_family != AF_UNSPEC && hints->ai_family != af)
		return (EAI_FAMILY);
	ATF_REQUIRE((a = calloc(1, sizeof(*a))) != NULL);
	a->ai.ai_family = af;
	a->ai.ai_addr = (struct sockaddr *)&a->ss;
	if (inet_pton(af, node, af == AF_INET ?
	    (void *)&((struct sockaddr_in *)&a->ss)->sin_addr :
	    (void *)&((struct sockaddr_in6 *)&a->ss)->sin6_addr) != 1) {
		free(a);
		return (EAI_NONAME);
	}
	*res = &a->ai;
	return (0);
}

void
freeaddrinfo(struct addrinfo *ai)
{
	free(ai);
}

/* ---- Scripts ---- */

static size_t
script(char *buf, size_t size)
{
	u_int i, n = (u_int)draw(WORDS);
	size_t len = 0;
	const char *w;

	buf[0] = '\0';
	if (draw(2) == 0) {
		w = right[draw(sizeof(right) / sizeof(right[0]))];
		len = (size_t)snprintf(buf, size, "%s", w);
		if (draw(2) == 0)
			len = draw(len);
	}
	for (i = 0; i < n; i++) {
		w = words[draw(sizeof(words) / sizeof(words[0]))];
		len += (size_t)snprintf(buf + len, size - len, "%s%s", w,
		    draw(12) == 0 ? "" : " ");
	}
	for (; len != 0 && draw(4) == 0;)
		buf[draw(len)] = (char)draw(256);
	return (len);
}

/* Run one, and look at what it says. */
static void
run(char *text, size_t len, FILE *err, int keep)
{
	FILE *f = fmemopen(text, len, "r");
	char says[4096];
	ssize_t n;
	int status;

	ATF_REQUIRE(f != NULL);
	ATF_REQUIRE(dup2(fileno(err), STDERR_FILENO) >= 0);
	status = script_run(NULL, f);
	(void)fclose(f);
	n = pread(STDERR_FILENO, says, sizeof(says) - 1, 0);
	ATF_REQUIRE_EQ(0, ftruncate(STDERR_FILENO, 0));
	(void)lseek(STDERR_FILENO, 0, SEEK_SET);
	ATF_REQUIRE(dup2(keep, STDERR_FILENO) >= 0);
	ATF_REQUIRE(status == 0 || status == 1);
	ATF_REQUIRE(n >= 0);
	says[n] = '\0';
	ATF_CHECK(n == 0 || strstr(says, "line ") != NULL);
	/* Not so SECRET, which as a word by itself is none. */
	ATF_CHECK_MSG(strstr(says, HEX) == NULL, "%s: %s", text, says);
}

ATF_TC_WITHOUT_HEAD(scripts);
ATF_TC_BODY(scripts, tc)
{
	FILE *err = tmpfile();
	char buf[2048];
	size_t len;
	int i, keep = dup(STDERR_FILENO);

	ATF_REQUIRE(err != NULL && keep >= 0);
	ATF_REQUIRE(freopen("/dev/null", "w", stdout) != NULL);
	for (i = 0; i < ROUNDS; i++)
		if ((len = script(buf, sizeof(buf))) != 0)
			run(buf, len, err, keep);
	ATF_CHECK_MSG(adds > ROUNDS / 16, "%u", adds);
	ATF_CHECK_MSG(others > ROUNDS / 16, "%u", others);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, scripts);
	return (atf_no_error());
}
