/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * For the tests of IP: hosts in a common virtual time; wires, which are
 * Ethernet interfaces whose other end is the test; packets written and read
 * as bytes; and a transport that remembers what it is given.
 *
 * What packets should be is computed here by the plainest means, and by
 * nothing of the code that is tested.
 */
#ifndef _TESTS_IP_HOST_H_
#define	_TESTS_IP_HOST_H_

#include <atf-c.h>

#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <sys/vnet.h>
#include <net/if_var.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/ip_var.h>
#include <netinet6/icmp6.h>

#define	SEC	NS_PER_SEC
#define	MSEC	NS_PER_MSEC

/* A packet or frame. */
struct pkt {
	uint32_t	len;
	uint32_t	csum_flags;	/* sent: what was left to the driver */
	uint16_t	segsz;
	nstime_t	time;		/* sent: when */
	uint8_t		b[65536 + 64];
};

/* The next number of the sequence that *seed names. */
uint64_t ih_random(uint64_t *seed);

/*
 * Hosts.  ih_host() leaves the new host entered, as ih_enter() does; there
 * is always one current host, or none before the first.
 */
struct vnet *ih_host(const char *name);
void	ih_enter(struct vnet *vnet);
/* Destroy all hosts and check that no mbuf is left of any of them. */
void	ih_end(void);
/* Let ns pass: all that falls due happens in order. */
void	ih_run(nstime_t ns);
nstime_t ih_now(void);
/* mbufs and clusters of the current host in use. */
int	ih_mbufs(void);
/* Set a variable of the current host. */
void	ih_sysctl(const char *name, const char *value);
/* The host's last log line, "" if none; and forget it. */
const char *ih_logged(void);

/*
 * Wires of the current host: the interface has the link address
 * 02:00:00:00:00:id, and nothing of capabilities.
 */
struct ifnet *ih_wire(const char *name, uint8_t id);
struct in6_addr ih_addr(const char *text);
void	ih_ifa(struct ifnet *ifp, const char *addr, int plen);
void	ih_route(const char *addr, int plen, const char *gw,
	    struct ifnet *ifp);
/* The next frame that the host has sent by ifp, or NULL; good until the
 * next call. */
const struct pkt *ih_sent(struct ifnet *ifp);
/* Nothing was sent that was not asked for: fails the test if it was. */
void	ih_quiet(struct ifnet *ifp);
/* A frame arrives at ifp; one from an mbuf chain of pieces of piece bytes,
 * beginning off bytes into aligned memory. */
void	ih_arrive(struct ifnet *ifp, const struct pkt *frame);
void	ih_arrive_pieces(struct ifnet *ifp, const struct pkt *frame,
	    int piece, int off);
/* The packet p in a frame from 02:..:from arrives at ifp. */
void	ih_arrive_ip(struct ifnet *ifp, const struct pkt *p, uint8_t from);
/* Put the header of a frame in front of p, to and from 02:..:id (to 0xff:
 * broadcast). */
void	ih_frame(struct pkt *p, uint8_t to, uint8_t from, uint16_t type);
/* Tell the host that neighbour addr has link address 02:..:id. */
void	ih_neighbour(struct ifnet *ifp, const char *addr, uint8_t id);

/*
 * Packets.  Each begins one or puts something at its end; pkt_ip() and
 * pkt_end() write the lengths and the header's checksum.
 */
uint16_t pkt_sum(const void *p, size_t len, uint32_t sum);
void	pkt_hex(struct pkt *p, const char *hex);
void	pkt_fill(struct pkt *p, uint32_t len, uint8_t seed);
/* A header of the addresses' family, TTL 64, without payload. */
void	pkt_ip(struct pkt *p, const char *src, const char *dst,
	    uint8_t proto);
/* All is there: lengths, IPv4 header checksum. */
void	pkt_end(struct pkt *p);
/* Fill in the checksum at off (of the packet) of an ICMP message or segment
 * that begins at ulp; with the pseudo header if proto is not ICMP's. */
void	pkt_ulp_sum(struct pkt *p, uint32_t ulp, uint32_t off,
	    uint8_t proto);
/* Cut [off, off + len) of the payload of p, a packet without options, as a
 * fragment. */
void	pkt_fragment(const struct pkt *p, struct pkt *f, uint32_t id,
	    uint32_t off, uint32_t len, bool more);
/* Is this p?  If not, both are shown, and the test fails. */
void	pkt_equal(const struct pkt *want, const struct pkt *got,
	    const char *file, int line);
#define	PKT_EQUAL(want, got)	pkt_equal((want), (got), __FILE__, __LINE__)
/* The frame sent by ifp next carries want, to 02:..:to. */
void	pkt_sent(struct ifnet *ifp, const struct pkt *want, uint8_t to,
	    const char *file, int line);
#define	PKT_SENT(ifp, want, to)						\
	pkt_sent((ifp), (want), (to), __FILE__, __LINE__)

/*
 * The transport PROTO_TEST, which is registered in every host.
 */
#define	PROTO_TEST	253		/* for experiments, RFC 3692 */
struct ulp {
	int		n;		/* packets */
	struct ip_info	ii;		/* the last one's */
	struct pkt	p;
	uint32_t	csum_flags;
	int		contig;		/* bytes of it in the first mbuf */
	int		nerr;		/* errors */
	struct ip_icmperr err;		/* the last one */
	uint8_t		err_ulp[512];
};
/* That of the current host. */
struct ulp *ih_ulp(void);
/* len bytes made by pkt_fill(), room for headers in front. */
struct mbuf *ih_data(uint32_t len);
/* Send m by PROTO_TEST from src to dst. */
int	ih_send_mbuf(struct mbuf *m, const char *src, const char *dst,
	    uint8_t flags, struct route *ro);
/* The same with ih_data(len). */
int	ih_send(const char *src, const char *dst, uint32_t len, uint8_t flags,
	    struct route *ro);
/* What ih_send() should make of it, an IPv4 identification left 0. */
void	ih_send_expect(struct pkt *p, const char *src, const char *dst,
	    uint32_t len, uint8_t flags);

#endif /* !_TESTS_IP_HOST_H_ */
