/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Protocol control blocks: binding, connecting, and finding.
 *
 * Connections stand in a table with open addressing and linear probing.
 * The place in the table comes from the low bits of a 32-bit hash; a slot
 * holds the upper 16 beside the pointer, so a look-up hardly ever touches a
 * pcb that is not the one, and with at most half of the slots in use it ends
 * within one cache line as a rule.  Removal closes the gap by moving
 * later entries of the run back (Knuth 6.4, algorithm R), so there are no
 * tombstones.  The hash has a random key: a peer cannot choose ports that
 * collide.
 *
 * Bound ports stand in a second table, chained, which holds every pcb with a
 * local port, connected or not; listeners are found there.
 *
 * May touch: pcbs, routes for the choice of a source.  Knows no TCP.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include <net/if_var.h>
#include <netinet/in.h>
#include <netinet/in_pcb.h>
#include <netinet/ip_var.h>

#define	PCB_MINSLOTS	16		/* of a table's first version */
#define	PORT_MINSLOTS	16

MALLOC_DEFINE(M_PCB, "pcb", "Protocol control block tables");

static bool	pcb_grow(struct inpcbinfo *ipi);

#define	PCB_MAXSLOTS	(1 << 24)	/* that tcbhashsize may ask for */
VNET_DEFINE_STATIC(int, tcbhashsize) = 0;
#define	V_tcbhashsize	VNET(tcbhashsize)

static int
sysctl_tcbhashsize(SYSCTL_HANDLER_ARGS)
{
	int error, size = V_tcbhashsize;

	(void)arg1;
	(void)arg2;
	error = sysctl_int_range(oidp, req, &size, 0, PCB_MAXSLOTS);
	if (error != 0 || req->newptr == NULL)
		return (error);
	if (!powerof2(size))
		return (EINVAL);
	V_tcbhashsize = size;
	return (0);
}
SYSCTL_DECL(_net_inet_tcp);
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, tcbhashsize,
    CTLTYPE_INT | CTLFLAG_RDTUN, NULL, 0, sysctl_tcbhashsize, "I",
    "Slots that the table of connections begins with, a power of two (0: "
    "few; it grows)");

/* The third word of each mapped address; the two before are 0. */
#define	MAPPED_WORD	htonl(0xffff)

/* The parts of in_pcbhash()'s sum that are known for mapped addresses. */
static void
pcb_hash_init(struct inpcbinfo *ipi)
{
	const uint64_t *k = ipi->ipi_key;

	ipi->ipi_sum4 = k[0] + k[1] * k[2] + k[5] * k[6];
	ipi->ipi_fkey4 = k[3] + MAPPED_WORD;
	ipi->ipi_lkey4 = k[7] + MAPPED_WORD;
}

void
in_pcbinfo_init(struct inpcbinfo *ipi)
{
	static const uint32_t none = 0;

	memset(ipi, 0, sizeof(*ipi));
	ipi->ipi_nquiet = &none;
	TAILQ_INIT(&ipi->ipi_list);
	in_pcbexpect(ipi, NULL);
	vnet_random(ipi->ipi_key, sizeof(ipi->ipi_key));
	pcb_hash_init(ipi);
}

void
in_pcbinfo_destroy(struct inpcbinfo *ipi)
{
	KASSERT(ipi->ipi_count == 0, ("%u pcbs left", ipi->ipi_count));
	free(ipi->ipi_conns, M_PCB);
	free(ipi->ipi_ports, M_PCB);
}

/* ---- The table of connections ---- */

/*
 * Multilinear hashing in its half-multiplication form (Lemire and Kaser,
 * "Strongly universal string hashing is fast", 2014): of words w of 32 bits
 * and random keys k of 64,
 *
 *	(k0 + sum over even i of (k[i+1] + w[i]) * (k[i+2] + w[i+1])
 *	    mod 2^64) >> 32
 *
 * Any two connections collide with a chance of 2^-32 over the keys, so who
 * does not know them cannot fill a run of the table; and five multiplications
 * are a tenth of SipHash, which every arriving segment would pay.  Of mapped
 * addresses, which both are or none, two products and two sums are always the
 * same: pcb_hash_init() has them.
 */
static inline uint32_t
pcb_hash(const struct inpcbinfo *ipi, const struct in_conninfo *inc)
{
	const uint64_t *k = ipi->ipi_key;
	uint32_t w[PCB_HASHWORDS];
	uint64_t sum;

	/* The compiler would leave it a loop, of twice as many steps. */
	CTASSERT(PCB_HASHWORDS == 10);
	memcpy(w, inc, sizeof(w));
	if (__predict_true(IN6_IS_ADDR_V4MAPPED(&inc->inc_faddr))) {
		sum = ipi->ipi_sum4;
		sum += ipi->ipi_fkey4 * (k[4] + w[3]);
		sum += ipi->ipi_lkey4 * (k[8] + w[7]);
		sum += (k[9] + w[8]) * (k[10] + w[9]);
		return ((uint32_t)(sum >> 32));
	}
	sum = k[0];
	sum += (k[1] + w[0]) * (k[2] + w[1]);
	sum += (k[3] + w[2]) * (k[4] + w[3]);
	sum += (k[5] + w[4]) * (k[6] + w[5]);
	sum += (k[7] + w[6]) * (k[8] + w[7]);
	sum += (k[9] + w[8]) * (k[10] + w[9]);
	return ((uint32_t)(sum >> 32));
}

uint32_t
in_pcbhash(const struct inpcbinfo *ipi, const struct in_conninfo *inc)
{
	return (pcb_hash(ipi, inc));
}

static inline in_pcbslot_t
pcb_slot(struct inpcb *inp)
{
	return ((in_pcbslot_t)(inp->inp_hash >> 16) << PCBSLOT_PTRBITS |
	    (uintptr_t)inp);
}

static inline struct inpcb *
pcb_of(in_pcbslot_t slot)
{
	return ((struct inpcb *)(uintptr_t)(slot &
	    (((in_pcbslot_t)1 << PCBSLOT_PTRBITS) - 1)));
}

/* The slot of the table, which there is, that has inc or else is free for
 * it. */
static inline in_pcbslot_t *
pcb_probe(const struct inpcbinfo *ipi, const struct in_conninfo *inc,
    uint32_t hash)
{
	in_pcbslot_t *slot;
	uint32_t i;

	for (i = hash;; i++) {
		slot = &ipi->ipi_conns[i & ipi->ipi_connmask];
		if (*slot == 0 || (*slot >> PCBSLOT_PTRBITS == hash >> 16 &&
		    in_pcbsame(&pcb_of(*slot)->inp_inc, inc)))
			return (slot);
	}
}

static inline struct inpcb *
pcb_find(const struct inpcbinfo *ipi, const struct in_conninfo *inc,
    uint32_t hash)
{
	return (ipi->ipi_conns == NULL ? NULL :
	    pcb_of(*pcb_probe(ipi, inc, hash)));
}

struct inpcb *
in_pcblookup_other(struct inpcbinfo *ipi, const struct in_conninfo *inc,
    uint32_t *hash)
{
	struct inpcb *inp;

	*hash = pcb_hash(ipi, inc);
	inp = pcb_find(ipi, inc, *hash);
	if (inp != NULL)
		in_pcbexpect(ipi, inp);
	return (inp);
}

struct inpcb *
in_pcblookup(struct inpcbinfo *ipi, const struct in_conninfo *inc)
{
	uint32_t hash;

	return (in_pcblookup_hash(ipi, inc, &hash));
}

/* Put inp into the first free slot of its run. */
static inline void
pcb_place(struct inpcbinfo *ipi, struct inpcb *inp)
{
	in_pcbslot_t *conns = ipi->ipi_conns;
	uint32_t i, mask = ipi->ipi_connmask;

	for (i = inp->inp_hash & mask; conns[i] != 0;)
		i = (i + 1) & mask;
	conns[i] = pcb_slot(inp);
}

/* Twice the slots, so that at most half are in use. */
static bool __noinline
pcb_grow(struct inpcbinfo *ipi)
{
	in_pcbslot_t *old = ipi->ipi_conns, *new;
	uint32_t i, oldslots, slots;

	oldslots = old == NULL ? 0 : ipi->ipi_connmask + 1;
	slots = old == NULL ? (uint32_t)imax(V_tcbhashsize, PCB_MINSLOTS) :
	    2 * oldslots;
	new = mallocarray(slots, sizeof(*new), M_PCB, M_NOWAIT | M_ZERO);
	if (new == NULL)
		return (false);
	ipi->ipi_conns = new;
	ipi->ipi_connmask = slots - 1;
	for (i = 0; i < oldslots; i++)
		if (old[i] != 0)
			pcb_place(ipi, pcb_of(old[i]));
	free(old, M_PCB);
	return (true);
}

/* The table has room for inp, which can be in it. */
static inline bool
pcb_room(struct inpcbinfo *ipi, const struct inpcb *inp)
{
	KASSERT((inp->inp_flags & INP_INHASH) == 0, ("in the table"));
	/* No host of today hands out such a pointer unasked. */
	if ((uint64_t)(uintptr_t)inp >> PCBSLOT_PTRBITS != 0)
		return (false);
	return (2 * (ipi->ipi_nconns + 1) <= ipi->ipi_connmask + 1 ||
	    pcb_grow(ipi));
}

static inline void
pcb_entered(struct inpcbinfo *ipi, struct inpcb *inp)
{
	ipi->ipi_nconns++;
	inp->inp_flags |= INP_INHASH;
	in_pcbexpect(ipi, inp);
}

/* Enter inp, for which a place may be taken: ENOMEM, EADDRINUSE. */
static int
pcb_insert(struct inpcbinfo *ipi, struct inpcb *inp)
{
	in_pcbslot_t *slot;

	if (!pcb_room(ipi, inp))
		return (ENOMEM);
	inp->inp_hash = in_pcbhash(ipi, &inp->inp_inc);
	slot = pcb_probe(ipi, &inp->inp_inc, inp->inp_hash);
	if (*slot != 0 || (in_pcbquiet(ipi) &&
	    ipi->ipi_quiet->ipq_taken(&inp->inp_inc, inp->inp_hash)))
		return (EADDRINUSE);
	*slot = pcb_slot(inp);
	pcb_entered(ipi, inp);
	return (0);
}

/* The run goes on behind slot i, which becomes free: move entries back.  One
 * may move to i if its home is not behind i. */
static void __noinline
pcb_close_gap(const struct inpcbinfo *ipi, uint32_t i)
{
	uint32_t home, j, mask = ipi->ipi_connmask;

	for (j = (i + 1) & mask; ipi->ipi_conns[j] != 0; j = (j + 1) & mask) {
		home = pcb_of(ipi->ipi_conns[j])->inp_hash & mask;
		if (((j - home) & mask) >= ((j - i) & mask)) {
			ipi->ipi_conns[i] = ipi->ipi_conns[j];
			i = j;
		}
	}
	ipi->ipi_conns[i] = 0;
}

static void
pcb_remove(struct inpcbinfo *ipi, struct inpcb *inp)
{
	uint32_t i, mask = ipi->ipi_connmask;

	ipi->ipi_nconns--;
	if (ipi->ipi_last == inp)
		in_pcbexpect(ipi, NULL);
	for (i = inp->inp_hash & mask; ipi->ipi_conns[i] != pcb_slot(inp);)
		i = (i + 1) & mask;
	if (ipi->ipi_conns[(i + 1) & mask] != 0)
		pcb_close_gap(ipi, i);
	else
		ipi->ipi_conns[i] = 0;
}

/* ---- The table of ports ---- */

static struct inpcbporthead *
port_head(const struct inpcbinfo *ipi, uint16_t port)
{
	/* Fibonacci hashing: neighbouring ports go to distant chains. */
	return (&ipi->ipi_ports[((port * 2654435769U) >> 16) &
	    ipi->ipi_portmask]);
}

/* Unconnected ones, of which there are few, come first. */
static void
port_place(struct inpcbporthead *head, struct inpcb *inp)
{
	struct inpcb *next, *t = LIST_FIRST(head);

	if (inp->inp_fport == 0 || t == NULL || t->inp_fport != 0) {
		LIST_INSERT_HEAD(head, inp, inp_portlist);
		return;
	}
	while ((next = LIST_NEXT(t, inp_portlist)) != NULL &&
	    next->inp_fport == 0)
		t = next;
	LIST_INSERT_AFTER(t, inp, inp_portlist);
}

static bool
port_grow(struct inpcbinfo *ipi)
{
	struct inpcbporthead *old = ipi->ipi_ports, *new;
	struct inpcb *inp;
	uint32_t i, oldslots, slots;

	oldslots = old == NULL ? 0 : ipi->ipi_portmask + 1;
	slots = old == NULL ? PORT_MINSLOTS : 2 * oldslots;
	new = mallocarray(slots, sizeof(*new), M_PCB, M_NOWAIT | M_ZERO);
	if (new == NULL)
		return (false);
	ipi->ipi_ports = new;
	ipi->ipi_portmask = slots - 1;
	for (i = 0; i < slots; i++)
		LIST_INIT(&new[i]);
	for (i = 0; i < oldslots; i++)
		while ((inp = LIST_FIRST(&old[i])) != NULL) {
			LIST_REMOVE(inp, inp_portlist);
			port_place(port_head(ipi, inp->inp_lport), inp);
		}
	free(old, M_PCB);
	return (true);
}

/* Larger chains are better than none. */
static bool __noinline
port_room(struct inpcbinfo *ipi)
{
	return ((ipi->ipi_ports != NULL && ipi->ipi_portmask >= UINT16_MAX) ||
	    port_grow(ipi) || ipi->ipi_ports != NULL);
}

/* There is room for one more with a port, if in a longer chain. */
static inline bool
port_hasroom(struct inpcbinfo *ipi)
{
	return (__predict_true(ipi->ipi_nports <= ipi->ipi_portmask &&
	    ipi->ipi_ports != NULL) || port_room(ipi));
}

static int
port_enter(struct inpcbinfo *ipi, struct inpcb *inp, uint16_t port)
{
	KASSERT((inp->inp_flags & INP_INPORT) == 0, ("has a port"));
	if (!port_hasroom(ipi))
		return (ENOMEM);
	inp->inp_lport = port;
	port_place(port_head(ipi, port), inp);
	ipi->ipi_nports++;
	inp->inp_flags |= INP_INPORT;
	return (0);
}

/* inp, for which there is room, behind t in its chain of ports. */
static inline void
pcb_accept(struct inpcbinfo *ipi, struct inpcb *inp, struct inpcb *t,
    uint32_t hash)
{
	LIST_INSERT_AFTER(t, inp, inp_portlist);
	ipi->ipi_nports++;
	ipi->ipi_nconns++;
	inp->inp_flags |= INP_INPORT | INP_INHASH;
	inp->inp_hash = hash;
	pcb_place(ipi, inp);
	in_pcbexpect(ipi, inp);
}

/* There is no room yet, or there are others without a connection. */
static int __noinline
pcb_accept_any(struct inpcbinfo *ipi, struct inpcb *inp, struct inpcb *linp,
    uint32_t hash)
{
	struct inpcb *next;

	if (!pcb_room(ipi, inp) || !port_hasroom(ipi))
		return (ENOMEM);
	while ((next = LIST_NEXT(linp, inp_portlist)) != NULL &&
	    next->inp_fport == 0)
		linp = next;
	pcb_accept(ipi, inp, linp, hash);
	return (0);
}

/* Connections stand behind all that are none; mostly linp is the last of
 * these. */
int
in_pcbaccept(struct inpcbinfo *ipi, struct inpcb *inp, struct inpcb *linp,
    uint32_t hash)
{
	const struct inpcb *next = LIST_NEXT(linp, inp_portlist);

	KASSERT(hash == in_pcbhash(ipi, &inp->inp_inc) &&
	    pcb_find(ipi, &inp->inp_inc, hash) == NULL, ("not a new one"));
	KASSERT((inp->inp_flags & INP_INPORT) == 0 &&
	    (linp->inp_flags & INP_INPORT) != 0, ("ports"));
	if (__predict_false((next != NULL && next->inp_fport == 0) ||
	    ipi->ipi_nports > ipi->ipi_portmask ||
	    2 * (ipi->ipi_nconns + 1) > ipi->ipi_connmask + 1 ||
	    (uint64_t)(uintptr_t)inp >> PCBSLOT_PTRBITS != 0))
		return (pcb_accept_any(ipi, inp, linp, hash));
	pcb_accept(ipi, inp, linp, hash);
	return (0);
}

static inline void
pcb_leave(struct inpcbinfo *ipi, struct inpcb *inp)
{
	uint16_t flags = inp->inp_flags;

	if ((flags & INP_INPORT) != 0) {
		LIST_REMOVE(inp, inp_portlist);
		ipi->ipi_nports--;
		if (ipi->ipi_wild == inp)
			in_pcbwild_forget(ipi);
	}
	inp->inp_flags = flags & (uint16_t)~(INP_INHASH | INP_INPORT);
	if ((flags & INP_INHASH) != 0)
		pcb_remove(ipi, inp);
}

void
in_pcbleave(struct inpcbinfo *ipi, struct inpcb *inp)
{
	pcb_leave(ipi, inp);
}

/* What hangs on inp goes before it. */
static void __noinline
pcb_strip(struct inpcbinfo *ipi, struct inpcb *inp)
{
	m_freem(inp->inp_options);
	inp->inp_options = NULL;
	ro_invalidate(&inp->inp_route);
	in_pcbdestroy(ipi, inp);
}

void
in_pcbdestroy(struct inpcbinfo *ipi, struct inpcb *inp)
{
	struct nhop_object *nh = inp->inp_route.ro_nh;

	/* Mostly the table of routes has the next hop, too. */
	if (__predict_false(inp->inp_options != NULL ||
	    (nh != NULL && nh->nh_refs == 1))) {
		pcb_strip(ipi, inp);
		return;
	}
	if (nh != NULL)
		nh->nh_refs--;
	TAILQ_REMOVE(&ipi->ipi_list, inp, inp_list);
	ipi->ipi_count--;
	ipi->ipi_gencnt++;
	pcb_leave(ipi, inp);
}

/* Could both receive the same packet?  An IPv6 wildcard takes IPv4 too,
 * unless it is IPV6_V6ONLY; a wildcard takes every address. */
static bool
port_overlap(const struct inpcb *a, const struct in6_addr *laddr,
    uint8_t vflag)
{
	if ((a->inp_vflag & vflag) == 0)
		return (false);
	return (in_any(&a->inp_laddr) || in_any(laddr) ||
	    IN6_ARE_ADDR_EQUAL(&a->inp_laddr, laddr));
}

/*
 * May inp take port at laddr?  SO_REUSEPORT on both sides allows all;
 * SO_REUSEADDR allows it beside connections and sockets at another address,
 * but not beside an unconnected socket at the same one.  SO_EXCLBIND on
 * either side lets no unconnected socket have the port beside the other.
 */
static bool
port_free(const struct inpcbinfo *ipi, const struct inpcb *inp,
    const struct in6_addr *laddr, uint16_t port)
{
	const struct inpcb *t;
	const struct inpcbporthead *head;
	int mine, theirs;

	if (ipi->ipi_ports == NULL)
		head = NULL;
	else if (LIST_EMPTY(head = port_head(ipi, port)) && !in_pcbquiet(ipi))
		return (true);
	mine = inp->inp_socket != NULL ? inp->inp_socket->so_options : 0;
	if (in_pcbquiet(ipi) && (mine & SO_REUSEADDR) == 0 &&
	    ipi->ipi_quiet->ipq_port_taken(laddr, port, inp->inp_vflag))
		return (false);
	if (head == NULL)
		return (true);
	LIST_FOREACH(t, head, inp_portlist) {
		if (t == inp || t->inp_lport != port)
			continue;
		theirs = t->inp_socket != NULL ? t->inp_socket->so_options :
		    SO_REUSEADDR;
		if (((mine | theirs) & SO_EXCLBIND) != 0 &&
		    t->inp_fport == 0 &&
		    (t->inp_vflag & inp->inp_vflag) != 0)
			return (false);
		if (!port_overlap(t, laddr, inp->inp_vflag))
			continue;
		if ((mine & theirs & (SO_REUSEPORT | SO_REUSEPORT_LB)) != 0)
			continue;
		if ((mine & SO_REUSEADDR) != 0 && (t->inp_fport != 0 ||
		    (in_any(&t->inp_laddr) != in_any(laddr))))
			continue;
		return (false);
	}
	return (true);
}

VNET_DEFINE_STATIC(int, require_unique_port) = 0;
#define	V_require_unique_port	VNET(require_unique_port)
SYSCTL_INT(_net_inet_tcp, OID_AUTO, require_unique_port,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(require_unique_port), 0,
    "When no ephemeral port is free, do not share one with a connection to "
    "elsewhere");

/* May a connection share port with others?  No socket without a connection
 * may have it, and none to the same place. */
static bool
port_shareable(const struct inpcbinfo *ipi, const struct inpcb *inp,
    const struct in_conninfo *inc)
{
	const struct inpcb *t;
	uint32_t hash;

	LIST_FOREACH(t, port_head(ipi, inc->inc_lport), inp_portlist) {
		if (t->inp_fport != 0)
			break;
		if (t != inp && t->inp_lport == inc->inc_lport &&
		    port_overlap(t, &inc->inc_laddr, inp->inp_vflag))
			return (false);
	}
	hash = in_pcbhash(ipi, inc);
	if (in_pcbquiet(ipi) && ipi->ipi_quiet->ipq_taken(inc, hash))
		return (false);
	return (pcb_find(ipi, inc, hash) == NULL);
}

/* A port to share for the connection inc, or 0. */
static uint16_t
port_share(const struct inpcbinfo *ipi, const struct inpcb *inp,
    const struct in_conninfo *inc)
{
	struct in_conninfo c = *inc;
	uint32_t first, i, n;

	if (V_require_unique_port || ipi->ipi_ports == NULL)
		return (0);
	n = IPPORT_EPHEMERALLAST - IPPORT_EPHEMERALFIRST + 1;
	first = prng32_bounded(n);
	for (i = 0; i < n; i++) {
		c.inc_lport = (uint16_t)(IPPORT_EPHEMERALFIRST +
		    (first + i) % n);
		if (port_shareable(ipi, inp, &c))
			return (c.inc_lport);
	}
	return (0);
}

/* A free port of the ephemeral range (RFC 6056, algorithm 1), or 0. */
static uint16_t
port_pick(const struct inpcbinfo *ipi, const struct inpcb *inp,
    const struct in6_addr *laddr)
{
	const uint32_t n = IPPORT_EPHEMERALLAST - IPPORT_EPHEMERALFIRST + 1;
	uint32_t i, port;

	port = IPPORT_EPHEMERALFIRST + prng32_bounded(n);
	for (i = 0; i < n; i++) {
		if (port_free(ipi, inp, laddr, (uint16_t)port))
			return ((uint16_t)port);
		if (port++ == IPPORT_EPHEMERALLAST)
			port = IPPORT_EPHEMERALFIRST;
	}
	return (0);
}

int
in_pcbbind(struct inpcbinfo *ipi, struct inpcb *inp, struct sockaddr *nam)
{
	struct in6_addr laddr = inp->inp_laddr;
	uint32_t scope = 0;
	uint16_t port = 0;
	int error;

	if ((inp->inp_flags & INP_INPORT) != 0)
		return (EINVAL);
	if (nam != NULL) {
		error = in_sockaddr_get(nam, (inp->inp_flags &
		    INP_V6SOCKET) != 0 ? AF_INET6 : AF_INET, &laddr, &port,
		    &scope);
		if (error != 0)
			return (error);
		if (in_multicast(&laddr) || (!in_any(&laddr) &&
		    ifa_ifwithaddr(&laddr) == NULL))
			return (EADDRNOTAVAIL);
		if (IN6_IS_ADDR_V4MAPPED(&laddr) &&
		    (inp->inp_vflag & INP_IPV4) == 0)
			return (EADDRNOTAVAIL);
	}
	if (port == 0) {
		if ((port = port_pick(ipi, inp, &laddr)) == 0)
			return (EADDRNOTAVAIL);
		inp->inp_flags |= INP_ANONPORT;
	} else if (!in_port_permitted(port))
		return (EACCES);
	else if (!port_free(ipi, inp, &laddr, port))
		return (EADDRINUSE);
	if ((error = port_enter(ipi, inp, port)) != 0)
		return (error);
	in_pcbwild_forget(ipi);
	inp->inp_laddr = laddr;
	inp->inp_inc.inc_scope = scope;
	return (0);
}

/* A port for the connection inc, whose it is not yet: a free one, or if there
 * is none, one of a connection to elsewhere; 0: none of these. */
static uint16_t
port_for(const struct inpcbinfo *ipi, const struct inpcb *inp,
    const struct in_conninfo *inc)
{
	uint16_t port = port_pick(ipi, inp, &inc->inc_laddr);

	return (__predict_true(port != 0) ? port : port_share(ipi, inp, inc));
}

/* One that has no port takes that of its connection. */
static int
connect_insert(struct inpcbinfo *ipi, struct inpcb *inp)
{
	int error;

	if ((error = pcb_insert(ipi, inp)) != 0)
		return (error);
	error = port_enter(ipi, inp, inp->inp_lport);
	if (error == 0)
		inp->inp_flags |= INP_ANONPORT;
	else
		in_pcbleave(ipi, inp);
	return (error);
}

/* The connection from where inp is bound, which so has a port, but may be
 * bound to any address. */
static int __noinline
connect_bound(struct inpcbinfo *ipi, struct inpcb *inp,
    const struct in6_addr *faddr, uint16_t fport, uint32_t scope)
{
	struct in_conninfo *inc = &inp->inp_inc, old = *inc;
	int error;

	if (in_any(&inc->inc_laddr) &&
	    (error = ip_selectsrc(faddr, scope, &inc->inc_laddr)) != 0)
		goto fail;
	error = EADDRNOTAVAIL;
	if (IN6_IS_ADDR_V4MAPPED(faddr) !=
	    IN6_IS_ADDR_V4MAPPED(&inc->inc_laddr))
		goto fail;
	inc->inc_faddr = *faddr;
	inc->inc_fport = fport;
	inc->inc_scope = scope;
	if ((error = pcb_insert(ipi, inp)) != 0)
		goto fail;
	LIST_REMOVE(inp, inp_portlist);
	port_place(port_head(ipi, inp->inp_lport), inp);
	in_pcbwild_forget(ipi);
	return (0);
fail:
	*inc = old;
	return (error);
}

/* inp, without a port, is what it was before it was to be connected. */
static void __noinline
connect_undo(struct inpcb *inp)
{
	memset(&inp->inp_inc, 0, sizeof(inp->inp_inc));
	if ((inp->inp_flags & INP_V6SOCKET) == 0)
		inp->inp_laddr = inp->inp_faddr =
		    in6_mapped((struct in_addr){ INADDR_ANY });
}

/* Without a port inp has no address either (in_pcbbind() gives both), so all
 * that it will have follows from where to. */
int
in_pcbconnect(struct inpcbinfo *ipi, struct inpcb *inp,
    const struct in6_addr *faddr, uint16_t fport, uint32_t scope)
{
	struct in_conninfo *inc = &inp->inp_inc;
	const struct in6_addr *known;
	int error = 0;

	if (__predict_false((inp->inp_flags & INP_INPORT) != 0))
		return (connect_bound(ipi, inp, faddr, fport, scope));
	KASSERT(in_any(&inc->inc_laddr), ("an address without a port"));
	if (__predict_true((known = rt_source(faddr, scope)) != NULL))
		inc->inc_laddr = *known;
	else
		error = ip_selectsrc(faddr, scope, &inc->inc_laddr);
	if (__predict_true(error == 0)) {
		inc->inc_faddr = *faddr;
		inc->inc_fport = fport;
		inc->inc_scope = scope;
		inc->inc_lport = port_for(ipi, inp, inc);
		error = inc->inc_lport == 0 ? EADDRNOTAVAIL :
		    connect_insert(ipi, inp);
	}
	if (__predict_false(error != 0))
		connect_undo(inp);
	return (error);
}

/* ---- Unconnected sockets ---- */

#define	NUMA_DOMAINS	8		/* at most */
VNET_DEFINE_STATIC(int, numa_domain) = 0;
#define	V_numa_domain	VNET(numa_domain)

static int
sysctl_numa_domain(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	(void)arg2;
	return (sysctl_int_range(oidp, req, &V_numa_domain, 0,
	    NUMA_DOMAINS - 1));
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, numa_domain,
    CTLTYPE_INT | CTLFLAG_RDTUN | CTLFLAG_VNET, NULL, 0, sysctl_numa_domain,
    "I", "The memory domain that this host, and all that it receives, is in");

static bool
lb_member(const struct inpcb *inp)
{
	return (SOLISTENING(inp->inp_socket) &&
	    (inp->inp_socket->so_options & SO_REUSEPORT_LB) != 0);
}

int
in_pcblbgroup_domain(const struct inpcb *inp)
{
	return (inp->inp_numa == 0 ? IN_NUMA_NODOM :
	    inp->inp_numa - 1);
}

int
in_pcblbgroup_numa(struct inpcb *inp, int domain)
{
	if (domain == IN_NUMA_CURDOM)
		domain = V_numa_domain;
	if (domain != IN_NUMA_NODOM && (domain < 0 ||
	    domain >= NUMA_DOMAINS))
		return (EINVAL);
	if (inp->inp_socket == NULL || !lb_member(inp))
		return (ENOENT);
	inp->inp_numa = domain < 0 ? 0 : (uint8_t)(domain + 1);
	return (0);
}

/* Can inp, which is not connected, take a packet at all? */
static inline bool
wild_fits(const struct inpcb *inp, const struct in_conninfo *inc,
    uint8_t vflag)
{
	return (inp->inp_lport == inc->inc_lport &&
	    (inp->inp_vflag & vflag) != 0 && inp->inp_socket != NULL &&
	    (in_any(&inp->inp_laddr) ||
	    IN6_ARE_ADDR_EQUAL(&inp->inp_laddr, &inc->inc_laddr)));
}

/*
 * How well does inp fit a packet?  A listener before one that is only bound,
 * the exact address before the wildcard, a socket of the packet's own family
 * before a dual one, and of several that share the work (SO_REUSEPORT_LB)
 * those of this memory domain.  -1: not at all.
 */
static int
wild_score(const struct inpcb *inp, const struct in_conninfo *inc,
    uint8_t vflag)
{
	int score;

	if (!wild_fits(inp, inc, vflag))
		return (-1);
	score = inp->inp_vflag == vflag ? 2 : 0;
	if (!in_any(&inp->inp_laddr))
		score += 4;
	if (SOLISTENING(inp->inp_socket))
		score += 8;
	if (inp->inp_numa == V_numa_domain + 1)
		score++;
	return (score);
}

/* The n-th of those that share the work with a score of top. */
static struct inpcb *
lb_choose(struct inpcbinfo *ipi, const struct in_conninfo *inc,
    uint8_t vflag, int top, uint32_t n)
{
	struct inpcb *inp, *last = NULL;

	LIST_FOREACH(inp, port_head(ipi, inc->inc_lport), inp_portlist) {
		if (inp->inp_fport != 0)
			break;
		if (wild_score(inp, inc, vflag) != top || !lb_member(inp))
			continue;
		last = inp;
		if (n-- == 0)
			break;
	}
	return (last);
}

/* The best of the unconnected sockets in head.  Of several that share the
 * work the connection's hash, which a peer cannot foresee, chooses one. */
static struct inpcb * __noinline
wild_best(struct inpcbinfo *ipi, const struct inpcbporthead *head,
    const struct in_conninfo *inc, uint8_t vflag)
{
	struct inpcb *best = NULL, *inp;
	int score, top = -1;
	uint32_t shared = 0;

	LIST_FOREACH(inp, head, inp_portlist) {
		if (inp->inp_fport != 0)
			break;
		score = wild_score(inp, inc, vflag);
		if (score > top) {
			top = score;
			best = inp;
			shared = 0;
		}
		if (score == top && score >= 0 && lb_member(inp))
			shared++;
	}
	if (shared > 1 && lb_member(best))
		best = lb_choose(ipi, inc, vflag, top,
		    in_pcbhash(ipi, inc) % shared);
	return (best);
}

/* Where there is but one, it is the best if it fits, and so it is until another
 * one comes or it goes itself. */
struct inpcb *
in_pcblookup_wild_other(struct inpcbinfo *ipi, const struct in_conninfo *inc)
{
	const struct inpcbporthead *head;
	struct inpcb *inp, *next;
	uint8_t vflag;

	if (ipi->ipi_ports == NULL)
		return (NULL);
	vflag = IN6_IS_ADDR_V4MAPPED(&inc->inc_laddr) ? INP_IPV4 : INP_IPV6;
	head = port_head(ipi, inc->inc_lport);
	inp = LIST_FIRST(head);
	if (inp == NULL || inp->inp_fport != 0)
		return (NULL);
	next = LIST_NEXT(inp, inp_portlist);
	if (__predict_false(next != NULL && next->inp_fport == 0))
		return (wild_best(ipi, head, inc, vflag));
	if (!wild_fits(inp, inc, vflag))
		return (NULL);
	ipi->ipi_wild = inp;
	ipi->ipi_wild_laddr = inc->inc_laddr;
	ipi->ipi_wild_lport = inc->inc_lport;
	return (inp);
}
