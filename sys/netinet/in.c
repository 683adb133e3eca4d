/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Internet addresses as text and as a program's sockaddr, and the table of
 * transports.
 *
 * One kind of address is known inside: struct in6_addr, IPv4 in its mapped
 * form (netinet/in.h).  This file is where the outside's two kinds become
 * one and one becomes two again.  Text follows RFC 5952 for output: lower
 * case, no leading zeros, the longest run of two or more zero groups (the
 * first of equals) written as "::".
 *
 * The transports of a vnet are few, but are looked up for every packet: a
 * byte for each of the 256 protocol numbers leads to the place in a short
 * array.
 */

#include <sys/param.h>
#include <sys/errno.h>
#include <sys/socket.h>
#include <sys/systm.h>
#include <net/vnet.h>
#include <netinet/in.h>
#include <netinet/ip_impl.h>
#include <netinet/ip_var.h>

#define	GROUPS	8			/* of 16 bits in an IPv6 address */

const struct in6_addr in6addr_any;
const struct in6_addr in6addr_loopback = { .__u6_addr.__u6_addr8 = {
	[15] = 1
} };

bool
in_multicast(const struct in6_addr *a)
{
	uint32_t v4;

	if (!IN6_IS_ADDR_V4MAPPED(a))
		return (IN6_IS_ADDR_MULTICAST(a));
	v4 = ntohl(a->s6_addr32[3]);
	return (IN_MULTICAST(v4) || v4 == INADDR_BROADCAST);
}

bool
in_loopback(const struct in6_addr *a)
{
	if (!IN6_IS_ADDR_V4MAPPED(a))
		return (IN6_IS_ADDR_LOOPBACK(a));
	return (IN_LOOPBACK(ntohl(a->s6_addr32[3])));
}

/* Find the run of zero groups to leave out: *lenp is 0 if there is none. */
static int
ntop_longest_run(const uint16_t group[GROUPS], int *lenp)
{
	int best, bestlen, i, start;

	best = bestlen = 0;
	for (i = 0; i < GROUPS; i++) {
		start = i;
		while (i < GROUPS && group[i] == 0)
			i++;
		if (i - start > bestlen) {
			best = start;
			bestlen = i - start;
		}
	}
	*lenp = bestlen >= 2 ? bestlen : 0;
	return (best);
}

static void
ntop6(const uint16_t group[GROUPS], char *buf)
{
	char *p;
	int i, run, runlen;

	run = ntop_longest_run(group, &runlen);
	p = buf;
	for (i = 0; i < GROUPS; i++) {
		if (runlen > 0 && i == run) {
			*p++ = ':';
			*p++ = ':';
			i += runlen - 1;
			continue;
		}
		if (i > 0 && p[-1] != ':')
			*p++ = ':';
		p += snprintf(p, sizeof("ffff"), "%x", ntohs(group[i]));
	}
	*p = '\0';
}

char *
in_ntop(const struct in6_addr *a, char *buf, size_t len)
{
	char text[INET6_ADDRSTRLEN];
	const uint8_t *b;

	if (IN6_IS_ADDR_V4MAPPED(a)) {
		b = &a->s6_addr[12];
		snprintf(text, sizeof(text), "%u.%u.%u.%u", b[0], b[1], b[2],
		    b[3]);
	} else
		ntop6(a->s6_addr16, text);
	strlcpy(buf, text, len);
	return (buf);
}

/*
 * Four decimal numbers from 0 to 255 without leading zeros (which some read
 * as octal), the whole of text.
 */
static int
pton4(const char *text, uint8_t out[4])
{
	int digits, i, value;

	for (i = 0; i < 4; i++) {
		value = digits = 0;
		while (*text >= '0' && *text <= '9') {
			if (digits > 0 && value == 0)
				return (0);
			value = value * 10 + (*text++ - '0');
			if (++digits > 3 || value > 255)
				return (0);
		}
		if (digits == 0 || *text != (i < 3 ? '.' : '\0'))
			return (0);
		if (i < 3)
			text++;
		out[i] = (uint8_t)value;
	}
	return (1);
}

static int
hexdigit(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

/* What pton6() has read so far. */
struct pton6 {
	uint8_t	bytes[16];
	int	n;			/* bytes read */
	int	gap;			/* where "::" stood, or -1 */
};

/*
 * One group, or an IPv4 address in the place of the last two: *textp moves
 * behind it.  0 if it is neither.
 */
static int
pton6_group(struct pton6 *p, const char **textp)
{
	const char *t;
	int digits, value;

	t = *textp;
	for (value = digits = 0; hexdigit(*t) >= 0; t++) {
		value = value << 4 | hexdigit(*t);
		if (++digits > 4)
			return (0);
	}
	if (*t == '.') {
		if (p->n > 12 || !pton4(*textp, &p->bytes[p->n]))
			return (0);
		p->n += 4;
		*textp = t + strlen(t);
		return (1);
	}
	if (digits == 0 || p->n > 14)
		return (0);
	p->bytes[p->n++] = (uint8_t)(value >> 8);
	p->bytes[p->n++] = (uint8_t)value;
	*textp = t;
	return (1);
}

static int
pton6(const char *text, uint8_t out[16])
{
	struct pton6 p = { .gap = -1 };

	if (text[0] == ':' && text[1] != ':')
		return (0);
	while (*text != '\0') {
		if (text[0] == ':' && text[1] == ':') {
			if (p.gap >= 0)
				return (0);
			p.gap = p.n;
			text += 2;
			if (*text == ':')
				return (0);
			continue;
		}
		if (*text == ':')
			text++;
		if (!pton6_group(&p, &text) || (*text != '\0' && *text != ':'))
			return (0);
	}
	/* "::" stands for one group at least. */
	if (p.gap < 0 ? p.n != 16 : p.n > 14)
		return (0);
	memset(out, 0, 16);
	if (p.gap < 0)
		p.gap = 16;
	memcpy(out, p.bytes, (size_t)MIN(p.gap, p.n));
	if (p.n > p.gap)
		memcpy(out + 16 - (p.n - p.gap), p.bytes + p.gap,
		    (size_t)(p.n - p.gap));
	return (1);
}

int
in_pton(const char *text, struct in6_addr *a)
{
	struct in6_addr addr;
	struct in_addr v4;
	uint8_t b[4];

	if (strchr(text, ':') == NULL) {
		if (!pton4(text, b))
			return (0);
		memcpy(&v4.s_addr, b, sizeof(b));
		*a = in6_mapped(v4);
		return (1);
	}
	if (!pton6(text, addr.s6_addr))
		return (0);
	*a = addr;
	return (1);
}

static int
sockaddr_get4(const struct sockaddr *sa, struct in6_addr *addr,
    uint16_t *port, uint32_t *scope)
{
	struct sockaddr_in sin;

	if (sa->sa_len != sizeof(sin))
		return (EINVAL);
	memcpy(&sin, sa, sizeof(sin));
	if (addr != NULL)
		*addr = in6_mapped(sin.sin_addr);
	if (port != NULL)
		*port = ntohs(sin.sin_port);
	if (scope != NULL)
		*scope = 0;
	return (0);
}

static int
sockaddr_get6(const struct sockaddr *sa, struct in6_addr *addr,
    uint16_t *port, uint32_t *scope)
{
	struct sockaddr_in6 sin6;

	if (sa->sa_len != sizeof(sin6))
		return (EINVAL);
	memcpy(&sin6, sa, sizeof(sin6));
	if (addr != NULL)
		*addr = sin6.sin6_addr;
	if (port != NULL)
		*port = ntohs(sin6.sin6_port);
	if (scope != NULL)
		*scope = sin6.sin6_scope_id;
	return (0);
}

int
in_sockaddr_get(const struct sockaddr *sa, int af, struct in6_addr *addr,
    uint16_t *port, uint32_t *scope)
{
	if (sa->sa_family != af)
		return (EAFNOSUPPORT);
	switch (af) {
	case AF_INET:
		return (sockaddr_get4(sa, addr, port, scope));
	case AF_INET6:
		return (sockaddr_get6(sa, addr, port, scope));
	default:
		return (EAFNOSUPPORT);
	}
}

void
in_sockaddr_set(struct sockaddr_storage *ss, int af,
    const struct in6_addr *addr, uint16_t port, uint32_t scope)
{
	struct sockaddr_in sin = { 0 };
	struct sockaddr_in6 sin6 = { 0 };

	if (af == AF_INET) {
		sin.sin_len = sizeof(sin);
		sin.sin_family = AF_INET;
		sin.sin_port = htons(port);
		sin.sin_addr = in6_unmapped(addr);
		memcpy(ss, &sin, sizeof(sin));
	} else {
		sin6.sin6_len = sizeof(sin6);
		sin6.sin6_family = AF_INET6;
		sin6.sin6_port = htons(port);
		sin6.sin6_addr = *addr;
		sin6.sin6_scope_id = scope;
		memcpy(ss, &sin6, sizeof(sin6));
	}
}

VNET_DEFINE(struct ip_prototab, ip_prototab);

int
ip_proto_register(uint8_t proto, const struct ip_proto *ipp)
{
	struct ip_prototab *pt;
	int i;

	pt = &V_ip_prototab;
	if (pt->pt_index[proto] != 0)
		return (EEXIST);
	for (i = 1; i <= IP_PROTOS_MAX; i++)
		if (pt->pt_protos[i] == NULL) {
			pt->pt_protos[i] = ipp;
			pt->pt_index[proto] = (uint8_t)i;
			return (0);
		}
	return (ENOSPC);
}

void
ip_proto_unregister(uint8_t proto)
{
	struct ip_prototab *pt;

	pt = &V_ip_prototab;
	if (pt->pt_index[proto] == 0)
		return;
	pt->pt_protos[pt->pt_index[proto]] = NULL;
	ip_forget();
	pt->pt_index[proto] = 0;
}
