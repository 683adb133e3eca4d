/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Internet addresses, protocol numbers and options, FreeBSD's values.
 *
 * Inside the stack every address is a struct in6_addr: IPv4 addresses stand
 * in their mapped form ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so that tables,
 * comparisons and hashes know one kind only.  The family is recovered by
 * IN6_IS_ADDR_V4MAPPED where a header is built or a user is answered.
 */
#ifndef _STACKYARD_NETINET_IN_H_
#define	_STACKYARD_NETINET_IN_H_

#ifndef _KERNEL
#include_next <netinet/in.h>
#else
#include <sys/socket.h>
#include <sys/systm.h>

typedef	uint32_t	in_addr_t;
typedef	uint16_t	in_port_t;

struct in_addr {
	in_addr_t	s_addr;		/* network order */
};

struct in6_addr {
	union {
		uint8_t		__u6_addr8[16];
		uint16_t	__u6_addr16[8];
		uint32_t	__u6_addr32[4];
		uint64_t	__u6_addr64[2];
	} __u6_addr;
};
#define	s6_addr		__u6_addr.__u6_addr8
#define	s6_addr16	__u6_addr.__u6_addr16
#define	s6_addr32	__u6_addr.__u6_addr32
#define	s6_addr64	__u6_addr.__u6_addr64

struct sockaddr_in {
	uint8_t		sin_len;
	sa_family_t	sin_family;
	in_port_t	sin_port;	/* network order */
	struct in_addr	sin_addr;
	char		sin_zero[8];
};

struct sockaddr_in6 {
	uint8_t		sin6_len;
	sa_family_t	sin6_family;
	in_port_t	sin6_port;	/* network order */
	uint32_t	sin6_flowinfo;
	struct in6_addr	sin6_addr;
	uint32_t	sin6_scope_id;	/* interface index */
} __packed __aligned(4);		/* 28 bytes, as programs have it */

#define	INADDR_ANY		((in_addr_t)0x00000000)
#define	INADDR_LOOPBACK		((in_addr_t)0x7f000001)	/* host order */
#define	INADDR_BROADCAST	((in_addr_t)0xffffffff)
#define	IN_MULTICAST(i)		(((in_addr_t)(i) & 0xf0000000) == 0xe0000000)
#define	IN_LOOPBACK(i)		(((in_addr_t)(i) & 0xff000000) == 0x7f000000)

#define	INET_ADDRSTRLEN		16
#define	INET6_ADDRSTRLEN	46

#define	IPPROTO_IP		0
#define	IPPROTO_HOPOPTS		0
#define	IPPROTO_ICMP		1
#define	IPPROTO_TCP		6
#define	IPPROTO_UDP		17
#define	IPPROTO_IPV6		41
#define	IPPROTO_ROUTING		43
#define	IPPROTO_FRAGMENT	44
#define	IPPROTO_ICMPV6		58
#define	IPPROTO_NONE		59
#define	IPPROTO_DSTOPTS		60
#define	IPPROTO_RAW		255
#define	IPPROTO_MAX		256

/* Level IPPROTO_IP */
#define	IP_OPTIONS	1
#define	IP_TOS		3
#define	IP_TTL		4
#define	IP_MINTTL	66
#define	IP_DONTFRAG	67
/* Level IPPROTO_IPV6 */
#define	IPV6_UNICAST_HOPS	4
#define	IPV6_V6ONLY		27
#define	IPV6_USE_MIN_MTU	42
#define	IPV6_TCLASS		61

#define	IPPORT_RESERVED		1024
#define	IPPORT_EPHEMERALFIRST	10000
#define	IPPORT_EPHEMERALLAST	65535

extern const struct in6_addr in6addr_any;
extern const struct in6_addr in6addr_loopback;

#define	IN6_ARE_ADDR_EQUAL(a, b)					\
	((a)->s6_addr64[0] == (b)->s6_addr64[0] &&			\
	(a)->s6_addr64[1] == (b)->s6_addr64[1])
#define	IN6_IS_ADDR_UNSPECIFIED(a)					\
	(((a)->s6_addr64[0] | (a)->s6_addr64[1]) == 0)
#define	IN6_IS_ADDR_LOOPBACK(a)						\
	((a)->s6_addr64[0] == 0 && (a)->s6_addr32[2] == 0 &&		\
	(a)->s6_addr32[3] == htonl(1))
#define	IN6_IS_ADDR_V4MAPPED(a)						\
	((a)->s6_addr64[0] == 0 && (a)->s6_addr32[2] == htonl(0xffff))
#define	IN6_IS_ADDR_LINKLOCAL(a)					\
	((a)->s6_addr[0] == 0xfe && ((a)->s6_addr[1] & 0xc0) == 0x80)
#define	IN6_IS_ADDR_MULTICAST(a)	((a)->s6_addr[0] == 0xff)

/* The mapped form of the IPv4 address v4 (network order), and back. */
static inline struct in6_addr
in6_mapped(struct in_addr v4)
{
	struct in6_addr a;

	a.s6_addr64[0] = 0;
	a.s6_addr32[2] = htonl(0xffff);
	a.s6_addr32[3] = v4.s_addr;
	return (a);
}

static inline struct in_addr
in6_unmapped(const struct in6_addr *a)
{
	return ((struct in_addr){ .s_addr = a->s6_addr32[3] });
}

/* Is this address (mapped or not) unspecified, multicast, broadcast (the
 * limited one), loopback? */
static inline bool
in_any(const struct in6_addr *a)
{
	return (a->s6_addr64[0] == 0 && a->s6_addr32[3] == 0 &&
	    (a->s6_addr32[2] == 0 || a->s6_addr32[2] == htonl(0xffff)));
}
bool	in_multicast(const struct in6_addr *a);
bool	in_loopback(const struct in6_addr *a);

/* Text of an address (mapped ones in dotted form) into buf of at least
 * INET6_ADDRSTRLEN; returns buf.  And back: 1 or 0; IPv4 gives mapped. */
char	*in_ntop(const struct in6_addr *a, char *buf, size_t len);
int	in_pton(const char *text, struct in6_addr *a);

/*
 * A sockaddr's address and port (host order), checked: EINVAL for a wrong
 * length, EAFNOSUPPORT for a family that is not af (AF_INET6 sockets take
 * AF_INET6 only).  Any of the results may be NULL.
 */
int	in_sockaddr_get(const struct sockaddr *sa, int af,
	    struct in6_addr *addr, uint16_t *port, uint32_t *scope);
/* Fill ss for a user of family af; a mapped address becomes AF_INET if af
 * is AF_INET and stays mapped in AF_INET6. */
void	in_sockaddr_set(struct sockaddr_storage *ss, int af,
	    const struct in6_addr *addr, uint16_t port, uint32_t scope);
#endif /* _KERNEL */

#endif /* !_STACKYARD_NETINET_IN_H_ */
