/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * tun0: IP packets in and out of memory.
 *
 * The caller is the network.  What the stack sends is kept, whole and with
 * the time it left, until the caller takes it; what the caller gives enters
 * the stack as from a wire.  The interface can do nothing for the stack, so
 * packets leave with their checksums filled in and no larger than the MTU,
 * and come in to be checked.
 *
 *	stack -> tun_transmit() -> tn_out: p p p p -> pdk_netif_output()
 *	stack <- if_input() <- pdk_netif_input()
 *
 * Everything is reached through it, both families, by a default route;
 * there are no neighbours to find.
 *
 * Touches: its softc; addresses and routes of its own interface.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/syscallsubr.h>
#include <sys/systm.h>
#include <sys/vnet.h>
#include <net/if_var.h>
#include <net/route.h>
#include <netinet/in.h>

#include "pd_netif.h"

#define	TUN_QUEUE	16384		/* packets that may wait */
#define	TUN_PACKET	65535		/* bytes of the largest */

struct tun_packet {
	STAILQ_ENTRY(tun_packet) tp_link;
	nstime_t	tp_when;
	size_t		tp_len;
	uint8_t		tp_data[];
};

struct tun {
	STAILQ_HEAD(, tun_packet) tn_out;
	u_int		tn_count;
};

MALLOC_DEFINE(M_TUN, "tun", "packets for the caller");

/* ---- Out ---- */

static int
tun_keep(struct tun *tn, const struct mbuf *m)
{
	struct tun_packet *p;
	size_t len;

	len = (size_t)m->m_pkthdr.len;
	if (tn->tn_count == TUN_QUEUE)
		return (ENOBUFS);
	p = kern_malloc(sizeof(*p) + len, M_TUN, M_NOWAIT);
	if (p == NULL)
		return (ENOBUFS);
	p->tp_when = curvnet->vnet_now;
	p->tp_len = len;
	m_copydata(m, 0, (int)len, p->tp_data);
	STAILQ_INSERT_TAIL(&tn->tn_out, p, tp_link);
	tn->tn_count++;
	return (0);
}

static int
tun_transmit(struct ifnet *ifp, struct mbuf *m)
{
	int error;

	error = tun_keep(ifp->if_softc, m);
	if (error != 0)
		ifp->if_data.ifi_oqdrops++;
	m_freem(m);
	return (error);
}

static int
tun_output(struct ifnet *ifp, struct mbuf *m,
    const struct in6_addr *nexthop __unused, struct route *ro __unused)
{

	return (if_enqueue(ifp, m));
}

static struct tun_packet *
tun_take(struct tun *tn)
{
	struct tun_packet *p;

	p = STAILQ_FIRST(&tn->tn_out);
	if (p != NULL) {
		STAILQ_REMOVE_HEAD(&tn->tn_out, tp_link);
		tn->tn_count--;
	}
	return (p);
}

size_t
pdk_netif_output(struct ifnet *ifp, void *buf, size_t size, uint64_t *when)
{
	struct tun_packet *p;
	struct vnet *saved;
	size_t len;

	len = 0;
	saved = vnet_enter(ifp->if_vnet);
	p = tun_take(ifp->if_softc);
	if (p != NULL) {
		len = MIN(size, p->tp_len);
		memcpy(buf, p->tp_data, len);
		*when = p->tp_when;
		kern_free(p, M_TUN);
	}
	vnet_leave(saved);
	return (len);
}

bool
pdk_netif_waits(struct ifnet *ifp)
{
	struct vnet *saved;
	bool waits;

	saved = vnet_enter(ifp->if_vnet);
	waits = ((struct tun *)ifp->if_softc)->tn_count != 0;
	vnet_leave(saved);
	return (waits);
}

/* ---- In ---- */

static void
tun_input(struct ifnet *ifp, struct mbuf *m)
{
	netisr_t *isr;

	isr = (*mtod(m, uint8_t *) >> 4) == 4 ? V_ip_netisr :
	    (*mtod(m, uint8_t *) >> 4) == 6 ? V_ip6_netisr : NULL;
	if (isr == NULL) {
		ifp->if_data.ifi_ierrors++;
		m_freem(m);
		return;
	}
	isr(m);
}

static struct mbuf *
tun_packet(const void *buf, size_t len)
{
	struct mbuf *m;

	m = m_gethdr(M_NOWAIT, MT_DATA);
	if (m != NULL && m_append(m, (int)len, buf) == 0) {
		m_freem(m);
		m = NULL;
	}
	return (m);
}

int
pdk_netif_input(struct ifnet *ifp, const void *buf, size_t len)
{
	struct vnet *saved;
	struct mbuf *m;

	if (len == 0 || len > TUN_PACKET)
		return (EINVAL);
	saved = vnet_enter(ifp->if_vnet);
	m = tun_packet(buf, len);
	if (m != NULL)
		if_input(ifp, m);
	vnet_leave(saved);
	return (m != NULL ? 0 : ENOBUFS);
}

/* ---- Addresses ---- */

/* Loopback has its interface; groups and the like are nobody's. */
static bool
can_be_own(const struct in6_addr *addr)
{
	uint32_t v4;

	if (!IN6_IS_ADDR_V4MAPPED(addr))
		return (!IN6_IS_ADDR_UNSPECIFIED(addr) &&
		    !IN6_IS_ADDR_LOOPBACK(addr) &&
		    !IN6_IS_ADDR_MULTICAST(addr));
	memcpy(&v4, &addr->s6_addr[12], sizeof(v4));
	v4 = ntohl(v4);
	return (v4 >> 24 != 0 && v4 >> 24 != 127 && v4 >> 28 < 14);
}

int
pdk_addr_learn(struct ifnet *ifp, const uint8_t addr[16])
{
	struct in6_addr a;
	struct vnet *saved;
	int error;

	memcpy(&a, addr, sizeof(a));
	if (!can_be_own(&a))
		return (EADDRNOTAVAIL);
	saved = vnet_enter(ifp->if_vnet);
	error = ifa_ifwithaddr(&a) != NULL ? 0 :
	    ifa_add(ifp, &a, IN6_IS_ADDR_V4MAPPED(&a) ? 32 : 128);
	vnet_leave(saved);
	return (error);
}

bool
pdk_at_end(struct vnet *vnet, int fd)
{
	struct socket *so;
	struct vnet *saved;
	bool end;

	saved = vnet_enter(vnet);
	end = fd_getsock(fd, &so) == 0 && !SOLISTENING(so) &&
	    (so->so_rcv.sb_state & SBS_CANTRCVMORE) != 0;
	vnet_leave(saved);
	return (end);
}

void
pdk_setfd(struct vnet *vnet, int fd, int shown)
{
	struct socket *so;
	struct vnet *saved;

	saved = vnet_enter(vnet);
	if (fd_getsock(fd, &so) == 0)
		so->so_fd = shown;
	vnet_leave(saved);
}

/* ---- Birth and death ---- */

static void
tun_dtor(struct ifnet *ifp)
{
	struct tun_packet *p;
	struct tun *tn;

	tn = ifp->if_softc;
	while ((p = tun_take(tn)) != NULL)
		kern_free(p, M_TUN);
	kern_free(tn, M_TUN);
}

static struct ifnet *
tun_alloc(void)
{
	struct ifnet *ifp;
	struct tun *tn;

	tn = kern_malloc(sizeof(*tn), M_TUN, M_NOWAIT | M_ZERO);
	if (tn == NULL)
		return (NULL);
	ifp = if_alloc(IFT_OTHER, PD_IFNAME);
	if (ifp == NULL) {
		kern_free(tn, M_TUN);
		return (NULL);
	}
	STAILQ_INIT(&tn->tn_out);
	ifp->if_softc = tn;
	ifp->if_dtor = tun_dtor;
	ifp->if_output = tun_output;
	ifp->if_transmit = tun_transmit;
	ifp->if_input = tun_input;
	ifp->if_flags = IFF_POINTOPOINT;
	ifp->if_mtu = 1500;
	return (ifp);
}

static int
tun_routes(struct ifnet *ifp)
{
	const struct in6_addr v6 = { .s6_addr = { 0 } };
	const struct in6_addr v4 = in6_mapped((struct in_addr){ 0 });
	int error;

	error = rt_add(&v4, 0, NULL, ifp, RTF_UP | RTF_STATIC, 0);
	if (error == 0)
		error = rt_add(&v6, 0, NULL, ifp, RTF_UP | RTF_STATIC, 0);
	return (error);
}

static int
tun_create(unsigned mtu, struct ifnet **ifpp)
{
	struct ifnet *ifp;
	int error;

	ifp = tun_alloc();
	if (ifp == NULL)
		return (ENOMEM);
	error = if_attach(ifp);
	if (error != 0) {
		tun_dtor(ifp);
		if_free(ifp);
		return (error);
	}
	error = if_setmtu(ifp, mtu);
	if (error == 0) {
		if_up(ifp);
		error = tun_routes(ifp);
	}
	if (error != 0)
		if_detach(ifp);
	else
		*ifpp = ifp;
	return (error);
}

int
pdk_netif_create(struct vnet *vnet, unsigned mtu, struct ifnet **ifpp)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	error = tun_create(mtu, ifpp);
	vnet_leave(saved);
	return (error);
}
