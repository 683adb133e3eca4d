/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Internet protocol control blocks: who talks to whom, and by which way.
 *
 * Connections are found by a keyed hash of addresses and ports in a table
 * with open addressing, whose entries hold half the hash, so one cache line
 * answers in the common case; it doubles as connections come.  Segments come
 * in trains, so the connection found last is tried first.  Sockets
 * that are bound without being connected are found by their port: in each
 * chain of that table they come before the connected ones, of which a server's
 * port may have a hundred thousand.
 *
 * Addresses are struct in6_addr, IPv4 in mapped form.
 */
#ifndef _STACKYARD_NETINET_IN_PCB_H_
#define	_STACKYARD_NETINET_IN_PCB_H_

#include <sys/queue.h>
#include <sys/socketvar.h>
#include <net/route.h>
#include <netinet/in.h>

struct in_conninfo {
	struct in6_addr	inc_faddr;	/* foreign */
	struct in6_addr	inc_laddr;	/* local */
	uint16_t	inc_fport;	/* host order */
	uint16_t	inc_lport;
	uint32_t	inc_scope;	/* link-local: interface index */
};

struct inpcb {
	struct in_conninfo inp_inc;
	struct socket	*inp_socket;	/* NULL: the user has gone */
	struct route	inp_route;
	uint32_t	inp_hash;	/* of the connection's four-tuple */
	uint16_t	inp_flags;	/* INP_* */
	uint8_t		inp_vflag;	/* INP_IPV4, INP_IPV6: what it takes */
	uint8_t		inp_ttl;	/* 0: the host's default */
	uint8_t		inp_tos;
	uint8_t		inp_numa;	/* listener: domain + 1, or 0 for all */
	union {
		struct {
			uint16_t inp_udpport;	/* TCP over UDP: the peer's */
			uint8_t	inp_minttl;
			uint8_t	inp_irregular;	/* TCPI_*: tcp_var.h */
		};
		uint32_t inp_picky;	/* 0: none of these is so */
	};
	LIST_ENTRY(inpcb) inp_portlist; /* same local port */
	TAILQ_ENTRY(inpcb) inp_list;	/* all */
	struct mbuf	*inp_options;	/* IPv4's to send, or NULL */
	uint64_t	inp_gencnt;	/* its number: ipi_gencnt at birth */
};
#define	inp_faddr	inp_inc.inc_faddr
#define	inp_laddr	inp_inc.inc_laddr
#define	inp_fport	inp_inc.inc_fport
#define	inp_lport	inp_inc.inc_lport

#define	INP_IPV4	0x1
#define	INP_IPV6	0x2
/* inp_flags */
#define	INP_V6SOCKET	0x0001		/* the user speaks AF_INET6 */
#define	INP_V6ONLY	0x0002
#define	INP_INHASH	0x0004		/* in the connection table */
#define	INP_INPORT	0x0008		/* in the port table */
#define	INP_ANONPORT	0x0010		/* port chosen by us */
#define	INP_DROPPED	0x0020		/* the connection is over */
#define	INP_MINMTU	0x0080		/* IPV6_USE_MIN_MTU 1 */
#define	INP_PATHMTU	0x0100		/* and 0 */
#define	INP_DONTROUTE	0x0200		/* SO_DONTROUTE */
#define	INP_DEBUG	0x0800		/* SO_DEBUG */
#define	INP_NOHOPS	0x0400		/* IPV6_UNICAST_HOPS 0 */

#define	INP_WLOCK_ASSERT(inp)		((void)(inp))
#define	INP_LOCK_ASSERT(inp)		((void)(inp))
#define	INP_WLOCK(inp)			((void)(inp))
#define	INP_WUNLOCK(inp)		((void)(inp))
#define	INP_RLOCK(inp)			((void)(inp))
#define	INP_RUNLOCK(inp)		((void)(inp))

TAILQ_HEAD(inpcbhead, inpcb);
LIST_HEAD(inpcbporthead, inpcb);

/* Connections that live on without a pcb, TIME_WAIT's: whoever has them
 * answers whether one has these ends, whose hash is that, and whether one
 * keeps a port, at laddr (or any), from sockets of a kind (INP_IPV4,
 * INP_IPV6). */
struct inpcb_quiet {
	bool	(*ipq_taken)(const struct in_conninfo *inc, uint32_t hash);
	bool	(*ipq_port_taken)(const struct in6_addr *laddr, uint16_t port,
		    uint8_t vflag);
};

/*
 * A slot of the table of connections: a pointer, which takes 48 bits, below
 * 16 bits of the connection's hash, so that one that differs is told without
 * a look at the pcb, in eight bytes; 0: free.
 */
typedef	uint64_t in_pcbslot_t;
#define	PCBSLOT_PTRBITS	48

/* Of 32 bits each: what is hashed; and one key more than that. */
#define	PCB_HASHWORDS	(sizeof(struct in_conninfo) / sizeof(uint32_t))
#define	PCB_KEYWORDS	(PCB_HASHWORDS + 1)

struct inpcbinfo {
	in_pcbslot_t	*ipi_conns;	/* power of two, or NULL */
	uint32_t	ipi_connmask;
	uint32_t	ipi_nconns;
	struct inpcbporthead *ipi_ports; /* by local port */
	uint32_t	ipi_portmask;
	uint32_t	ipi_nports;
	uint32_t	ipi_count;	/* all */
	uint64_t	ipi_gencnt;	/* births and deaths so far */
	struct inpcbhead ipi_list;
	struct inpcb	*ipi_last;	/* the last one found, or NULL */
	uint64_t	ipi_same;	/* its addresses' ii_same, or: */
#define	PCB_SAME_UNKNOWN	UINT64_MAX	/* or there is none */
	/* Who takes what is for that address and port, or NULL: the only one
	 * without a connection in its chain of ports; found last. */
	struct inpcb	*ipi_wild;
	struct in6_addr	ipi_wild_laddr;
	uint16_t	ipi_wild_lport;
	const struct inpcb_quiet *ipi_quiet;	/* if *ipi_nquiet is not 0 */
	const uint32_t	*ipi_nquiet;	/* how many those have */
	uint64_t	ipi_key[PCB_KEYWORDS];	/* of the hash */
	/* What mapped addresses have in common, in its sum: by itself, and in
	 * the words before those that differ. */
	uint64_t	ipi_sum4;
	uint64_t	ipi_fkey4;
	uint64_t	ipi_lkey4;
};

void	in_pcbinfo_init(struct inpcbinfo *ipi);
void	in_pcbinfo_destroy(struct inpcbinfo *ipi);

/* Are there connections without a pcb at all? */
static inline bool
in_pcbquiet(const struct inpcbinfo *ipi)
{
	return (__predict_false(*ipi->ipi_nquiet != 0));
}

/* Make inp (zeroed memory of the caller) known, with its socket. */
static inline void
in_pcbinit(struct inpcbinfo *ipi, struct inpcb *inp, struct socket *so)
{
	inp->inp_socket = so;
	inp->inp_gencnt = ++ipi->ipi_gencnt;
	TAILQ_INSERT_TAIL(&ipi->ipi_list, inp, inp_list);
	ipi->ipi_count++;
}
/* Forget it: tables, route, options. */
void	in_pcbdestroy(struct inpcbinfo *ipi, struct inpcb *inp);
/* Bind as bind(2): EINVAL bound already, EADDRNOTAVAIL, EADDRINUSE,
 * EAFNOSUPPORT, EACCES for a reserved port. */
int	in_pcbbind(struct inpcbinfo *ipi, struct inpcb *inp,
	    struct sockaddr *nam);
/* in_priv.c: are programs the superuser; may they bind to that port? */
bool	in_suser(void);
bool	in_port_permitted(uint16_t port);
/* Choose local address and port as needed and enter the connection table.
 * Errors of bind, and EADDRNOTAVAIL, EHOSTUNREACH, EADDRINUSE. */
int	in_pcbconnect(struct inpcbinfo *ipi, struct inpcb *inp,
	    const struct in6_addr *faddr, uint16_t fport, uint32_t scope);
/* Enter a connection that the listener linp accepts, on its port.  inp_inc is
 * filled in; the last look-up did not find it, neither here nor among
 * ipi_quiet's, and told its hash: ENOMEM. */
int	in_pcbaccept(struct inpcbinfo *ipi, struct inpcb *inp,
	    struct inpcb *linp, uint32_t hash);
/* Leave both tables; the port is given back. */
void	in_pcbleave(struct inpcbinfo *ipi, struct inpcb *inp);
/* A keyed hash of a connection's ends. */
uint32_t in_pcbhash(const struct inpcbinfo *ipi,
	    const struct in_conninfo *inc);
/* Ports and scope, in which most differ, are compared first, as one word. */
static inline bool
in_pcbsame(const struct in_conninfo *a, const struct in_conninfo *b)
{
	CTASSERT(sizeof(*a) - __offsetof(struct in_conninfo, inc_fport) ==
	    sizeof(uint64_t));
	return (memcmp(&a->inc_fport, &b->inc_fport, sizeof(uint64_t)) == 0 &&
	    IN6_ARE_ADDR_EQUAL(&a->inc_faddr, &b->inc_faddr) &&
	    IN6_ARE_ADDR_EQUAL(&a->inc_laddr, &b->inc_laddr));
}
/* inp is likely to be looked for next. */
static inline void
in_pcbexpect(struct inpcbinfo *ipi, struct inpcb *inp)
{
	ipi->ipi_last = inp;
	ipi->ipi_same = PCB_SAME_UNKNOWN;
}
/* What it, which is there, was found for is what IP calls that, if anything. */
static inline void
in_pcbsame_note(struct inpcbinfo *ipi, uint64_t same)
{
	if (same != 0)
		ipi->ipi_same = same;
}
/* The connection, or NULL. */
struct inpcb *in_pcblookup(struct inpcbinfo *ipi,
	    const struct in_conninfo *inc);
/* The same, of all but the one found last; *hash becomes inc's. */
struct inpcb *in_pcblookup_other(struct inpcbinfo *ipi,
	    const struct in_conninfo *inc, uint32_t *hash);
/* The same, of all; if there is none *hash is inc's. */
static inline struct inpcb *
in_pcblookup_hash(struct inpcbinfo *ipi, const struct in_conninfo *inc,
    uint32_t *hash)
{
	struct inpcb *inp = ipi->ipi_last;

	return (inp != NULL && in_pcbsame(&inp->inp_inc, inc) ? inp :
	    in_pcblookup_other(ipi, inc, hash));
}
/* The socket bound to inc's local side, listeners first, or NULL; and the same
 * without a look at who was found last. */
struct inpcb *in_pcblookup_wild_other(struct inpcbinfo *ipi,
	    const struct in_conninfo *inc);
static inline struct inpcb *
in_pcblookup_wild(struct inpcbinfo *ipi, const struct in_conninfo *inc)
{
	return (ipi->ipi_wild != NULL &&
	    ipi->ipi_wild_lport == inc->inc_lport &&
	    IN6_ARE_ADDR_EQUAL(&ipi->ipi_wild_laddr, &inc->inc_laddr) ?
	    ipi->ipi_wild : in_pcblookup_wild_other(ipi, inc));
}
/* One without a connection has come or gone. */
static inline void
in_pcbwild_forget(struct inpcbinfo *ipi)
{
	ipi->ipi_wild = NULL;
}

#define	IN_NUMA_NODOM	(-2)
#define	IN_NUMA_CURDOM	(-1)
/* TCP_REUSPORT_LB_NUMA's value for a listener. */
int	in_pcblbgroup_domain(const struct inpcb *inp);
/* Have listener inp take what comes in a NUMA domain first.  EINVAL no such
 * domain; ENOENT not in a SO_REUSEPORT_LB group. */
int	in_pcblbgroup_numa(struct inpcb *inp, int domain);

#endif /* !_STACKYARD_NETINET_IN_PCB_H_ */
