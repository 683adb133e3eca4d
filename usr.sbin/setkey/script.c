/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The language of setkey(8), as far as it is about keys of TCP:
 *
 *	add [-46n] src dst protocol spi [-f no-options] -A algorithm key ;
 *	get [-46n] src dst protocol spi ;
 *	delete [-46n] src dst protocol spi ;
 *	deleteall [-46n] src dst protocol ;
 *	flush [protocol] ;
 *	dump [protocol] ;
 *
 * Each operation is carried out when its semicolon is read.  What the stack
 * refuses is told and the script goes on; at what cannot be understood it
 * ends.
 */
#include <sys/socket.h>
#include <netinet/in.h>
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "setkey.h"

enum op { OP_ADD, OP_GET, OP_DELETE, OP_DELETEALL, OP_FLUSH, OP_DUMP, OP_N };

static const char *const op_names[OP_N] = {
	"add", "get", "delete", "deleteall", "flush", "dump"
};

struct script {
	struct lex	sc_lex;		/* at the token that comes next */
	struct ysctl	*sc_y;
	bool		sc_failed;	/* something was refused */
	enum { S_NONE, S_HEX, S_ALL } sc_secret; /* what may be a key here */
	/* The operation in progress. */
	enum op		sc_op;
	int		sc_opline;
	struct addrinfo	*sc_src, *sc_dst;
	struct xkey	sc_key;
};

/* ---- Reading ---- */

/* What an error may show of a token: nothing that is a key, or part of one,
 * or that was meant to be one. */
static const char *
shown(const struct script *sc)
{
	const struct lex *lx = &sc->sc_lex;
	const char *digits;

	if (lx->lx_kind == T_END)
		return ("end of file");
	if (lx->lx_kind == T_STRING || sc->sc_secret == S_ALL)
		return (lx->lx_kind == T_SEMICOLON ? ";" : "...");
	/* Longer than an SPI in digits, or where none is expected any more. */
	digits = strstr(lx->lx_text, "0x");
	if (digits != NULL && (sc->sc_secret == S_HEX || strlen(digits) > 10))
		return ("...");
	return (lx->lx_text);
}

static bool
complain(const struct script *sc, const char *what)
{
	warnx("line %d: %s at [%s]", sc->sc_lex.lx_line, what, shown(sc));
	return (false);
}

static bool
next(struct script *sc)
{
	return (lex_next(&sc->sc_lex) || complain(sc, sc->sc_lex.lx_error));
}

static bool
is_word(const struct script *sc, const char *word)
{
	return (sc->sc_lex.lx_kind == T_WORD &&
	    strcmp(sc->sc_lex.lx_text, word) == 0);
}

/* A number below limit, in any base: -1 if it is none. */
static long
number(const char *text, unsigned long limit)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 0);
	if (end == text || *end != '\0' || errno != 0 || n >= limit ||
	    text[0] == '-' || text[0] == '+')
		return (-1);
	return ((long)n);
}

/* Options of the addresses: -4, -6, -n. */
static bool
read_options(struct script *sc, struct addrinfo *hints)
{
	const char *p;

	while (sc->sc_lex.lx_kind == T_WORD && sc->sc_lex.lx_text[0] == '-') {
		for (p = sc->sc_lex.lx_text + 1; *p != '\0'; p++)
			if (*p == '4')
				hints->ai_family = AF_INET;
			else if (*p == '6')
				hints->ai_family = AF_INET6;
			else if (*p == 'n')
				hints->ai_flags |= AI_NUMERICHOST;
			else
				return (complain(sc, "unknown option"));
		if (!next(sc))
			return (false);
	}
	return (true);
}

static bool
read_address(struct script *sc, const struct addrinfo *hints,
    struct addrinfo **res)
{
	int error;

	if (sc->sc_lex.lx_kind != T_WORD)
		return (complain(sc, "address expected"));
	if (strchr(sc->sc_lex.lx_text, '[') != NULL)
		return (complain(sc, "keys of TCP are for all ports"));
	error = getaddrinfo(sc->sc_lex.lx_text, NULL, hints, res);
	if (error != 0)
		return (complain(sc, gai_strerror(error)));
	return (next(sc));
}

static bool
read_protocol(struct script *sc)
{
	int i;

	for (i = XKEY_TCP; i <= XKEY_TCP_AO; i++)
		if (is_word(sc, proto_names[i])) {
			sc->sc_key.xk_proto = (uint8_t)i;
			return (next(sc));
		}
	return (complain(sc, "protocol must be tcp or tcp-ao"));
}

static bool
read_spi(struct script *sc)
{
	bool ao = sc->sc_key.xk_proto == XKEY_TCP_AO;
	long spi;

	spi = number(sc->sc_lex.lx_text, 1UL << 32);
	if (sc->sc_lex.lx_kind != T_WORD || spi < 0 ||
	    (ao ? spi > XKEY_AO_MAXSPI : spi != XKEY_TCP_SPI))
		return (complain(sc, ao ? "KeyID must be 0 to 255" :
		    "SPI of tcp must be 0x1000"));
	sc->sc_key.xk_spi = (uint32_t)spi;
	sc->sc_secret = S_HEX;
	return (next(sc));
}

static int
hexdigit(char ch)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *p = ch != '\0' ? strchr(digits, ch) : NULL;

	if (p == NULL)
		return (-1);
	return ((int)(p - digits) - (p - digits >= 16 ? 6 : 0));
}

/* A key: "text" or 0x with two digits for each byte. */
static bool
read_key(struct script *sc)
{
	const struct lex *lx = &sc->sc_lex;
	struct xkey *xk = &sc->sc_key;
	const char *p = lx->lx_text;
	size_t n = lx->lx_len;

	if (lx->lx_kind == T_STRING) {
		if (n == 0 || n > XKEY_MAXLEN)
			return (complain(sc, "key must have 1 to 80 bytes"));
		memcpy(xk->xk_key, p, n);
		xk->xk_keylen = (uint16_t)n;
		return (next(sc));
	}
	if (lx->lx_kind != T_WORD || n < 4 || n % 2 != 0 ||
	    strncmp(p, "0x", 2) != 0)
		return (complain(sc, "key must be \"text\" or 0x and pairs "
		    "of digits"));
	if (n / 2 - 1 > XKEY_MAXLEN)
		return (complain(sc, "key must have 1 to 80 bytes"));
	for (n = 0, p += 2; *p != '\0'; p += 2, n++) {
		if (hexdigit(p[0]) < 0 || hexdigit(p[1]) < 0)
			return (complain(sc, "key has what is no digit"));
		xk->xk_key[n] = (uint8_t)(hexdigit(p[0]) << 4 |
		    hexdigit(p[1]));
	}
	xk->xk_keylen = (uint16_t)n;
	return (next(sc));
}

/* -f no-options, before the algorithm. */
static bool
read_extensions(struct script *sc)
{
	while (sc->sc_lex.lx_kind == T_WORD && sc->sc_lex.lx_text[0] == '-' &&
	    !is_word(sc, "-A")) {
		if (!is_word(sc, "-f"))
			return (complain(sc, "keys of TCP know no such "
			    "extension"));
		if (!next(sc))
			return (false);
		if (!is_word(sc, "no-options") ||
		    sc->sc_key.xk_proto != XKEY_TCP_AO)
			return (complain(sc, "only tcp-ao has a flag, "
			    "no-options"));
		sc->sc_key.xk_flags |= XKEY_NOOPTIONS;
		if (!next(sc))
			return (false);
	}
	return (true);
}

static bool
read_algorithm(struct script *sc)
{
	bool ao = sc->sc_key.xk_proto == XKEY_TCP_AO;
	int i;

	if (!is_word(sc, "-A"))
		return (complain(sc, "-A expected"));
	if (!next(sc))
		return (false);
	for (i = XKEY_TCP_MD5; i <= XKEY_AES_128_CMAC_96; i++)
		if (ao == (i != XKEY_TCP_MD5) && is_word(sc, alg_names[i])) {
			sc->sc_key.xk_alg = (uint8_t)i;
			sc->sc_secret = S_ALL;
			return (next(sc) && read_key(sc));
		}
	return (complain(sc, ao ? "algorithm must be hmac-sha-1-96 or "
	    "aes-128-cmac-96" : "algorithm must be tcp-md5"));
}

/* ---- Doing ---- */

/* What the stack answered, in FreeBSD's words. */
static void
refused(struct script *sc, int error)
{
	sc->sc_failed = true;
	(void)printf("The result of line %d: %s.\n", sc->sc_opline,
	    error != ENOENT ? strerror(error) :
	    sc->sc_op == OP_DUMP ? "No SAD entries" : "No entry");
}

static bool
same_key(const struct xkey *a, const struct xkey *b)
{
	return (a->xk_proto == b->xk_proto && a->xk_spi == b->xk_spi &&
	    memcmp(a->xk_src, b->xk_src, sizeof(a->xk_src)) == 0 &&
	    memcmp(a->xk_dst, b->xk_dst, sizeof(a->xk_dst)) == 0);
}

/* Show or delete those of the stack's keys that the operation means: 0, or
 * an errno. */
static int
do_listed(struct script *sc)
{
	int error = ENOENT;
	struct xkey *list;
	size_t i, n;

	list = keys_read(sc->sc_y, &n);
	for (i = 0; i < n; i++) {
		if (sc->sc_op == OP_DELETEALL)
			sc->sc_key.xk_spi = list[i].xk_spi;
		if (!same_key(&list[i], &sc->sc_key))
			continue;
		error = 0;
		if (sc->sc_op == OP_GET)
			key_show(&list[i], 0);
		else if (ysctlbyname(sc->sc_y, "net.key.delete", NULL, NULL,
		    &list[i], sizeof(list[i])) != 0)
			error = errno;
	}
	free(list);
	return (error);
}

/* The operation for the addresses in sc_key. */
static void
do_key(struct script *sc)
{
	const char *name = sc->sc_op == OP_ADD ? "net.key.add" :
	    "net.key.delete";
	int error = 0;

	if (sc->sc_op == OP_GET || sc->sc_op == OP_DELETEALL)
		error = do_listed(sc);
	else if (ysctlbyname(sc->sc_y, name, NULL, NULL, &sc->sc_key,
	    sizeof(sc->sc_key)) != 0)
		error = errno;
	if (error != 0)
		refused(sc, error);
}

static void
take_address(const struct addrinfo *ai, uint8_t addr[16])
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	memset(addr, 0, 16);
	if (ai->ai_family == AF_INET) {
		memcpy(&sin, ai->ai_addr, sizeof(sin));
		addr[10] = addr[11] = 0xff;
		memcpy(addr + 12, &sin.sin_addr, 4);
	} else {
		memcpy(&sin6, ai->ai_addr, sizeof(sin6));
		memcpy(addr, &sin6.sin6_addr, 16);
	}
}

/* A name may stand for several addresses: every pair of one family. */
static bool
do_pairs(struct script *sc)
{
	const struct addrinfo *dst, *src;
	bool done = false;

	for (src = sc->sc_src; src != NULL; src = src->ai_next)
		for (dst = sc->sc_dst; dst != NULL; dst = dst->ai_next) {
			if (src->ai_family != dst->ai_family)
				continue;
			take_address(src, sc->sc_key.xk_src);
			take_address(dst, sc->sc_key.xk_dst);
			do_key(sc);
			done = true;
		}
	return (done || complain(sc, "addresses of different families"));
}

static void
do_flush(struct script *sc)
{
	int proto = sc->sc_key.xk_proto;

	if (ysctlbyname(sc->sc_y, "net.key.flush", NULL, NULL, &proto,
	    sizeof(proto)) != 0)
		refused(sc, errno);
}

/* ---- Operations ---- */

static bool
read_end(struct script *sc)
{
	if (sc->sc_lex.lx_kind != T_SEMICOLON)
		return (complain(sc, "; expected"));
	return (true);
}

/* Operations on one key, from its addresses on. */
static bool
run_key(struct script *sc)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };

	return (read_options(sc, &hints) &&
	    read_address(sc, &hints, &sc->sc_src) &&
	    read_address(sc, &hints, &sc->sc_dst) && read_protocol(sc) &&
	    (sc->sc_op == OP_DELETEALL || read_spi(sc)) &&
	    (sc->sc_op != OP_ADD ||
	    (read_extensions(sc) && read_algorithm(sc))) &&
	    read_end(sc) && do_pairs(sc));
}

/* flush and dump. */
static bool
run_all(struct script *sc)
{
	if (sc->sc_lex.lx_kind != T_SEMICOLON && !read_protocol(sc))
		return (false);
	if (!read_end(sc))
		return (false);
	if (sc->sc_op == OP_FLUSH)
		do_flush(sc);
	else if (!keys_show(sc->sc_y, sc->sc_key.xk_proto))
		refused(sc, ENOENT);
	return (true);
}

static bool
run_operation(struct script *sc)
{
	bool done;
	int op;

	for (op = 0; op < OP_N && !is_word(sc, op_names[op]); op++)
		;
	if (op == OP_N)
		return (complain(sc, strncmp(sc->sc_lex.lx_text, "spd", 3) ==
		    0 ? "there are no policies here" : "unknown operation"));
	memset(&sc->sc_key, 0, sizeof(sc->sc_key));
	sc->sc_op = (enum op)op;
	sc->sc_secret = S_NONE;
	sc->sc_opline = sc->sc_lex.lx_line;
	sc->sc_src = sc->sc_dst = NULL;
	done = next(sc) && (op == OP_FLUSH || op == OP_DUMP ? run_all(sc) :
	    run_key(sc));
	if (sc->sc_src != NULL)
		freeaddrinfo(sc->sc_src);
	if (sc->sc_dst != NULL)
		freeaddrinfo(sc->sc_dst);
	return (done);
}

int
script_run(struct ysctl *y, FILE *file)
{
	struct script sc;

	memset(&sc, 0, sizeof(sc));
	sc.sc_lex.lx_file = file;
	sc.sc_lex.lx_line = 1;
	sc.sc_y = y;
	for (;;) {
		if (!next(&sc))
			return (1);
		if (sc.sc_lex.lx_kind == T_END)
			return (sc.sc_failed);
		if (sc.sc_lex.lx_kind == T_SEMICOLON)
			continue;
		if (!run_operation(&sc))
			return (1);
	}
}
