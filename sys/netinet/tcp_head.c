/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Making the headers that a connection keeps: tcp_head.h says what they are
 * and how long they are good.  A new one is made by the functions that write
 * the headers of other segments.
 */
#include <sys/param.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_output_impl.h>
#include <netinet/tcp_var.h>

static int
sysctl_pmtud(SYSCTL_HANDLER_ARGS)
{
	int error;

	(void)arg2;
	error = sysctl_handle_int(oidp, arg1, 0, req);
	/* What is kept has DF. */
	way_gen_bump();
	return (error);
}
VNET_DEFINE(int, tcp_do_pmtud) = 1;
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, path_mtu_discovery,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_do_pmtud), 0,
    sysctl_pmtud, "I",
    "Forbid fragmentation, and learn the path's MTU (RFC 1191)");

/* Is the way, which is known, an IPv4 Ethernet that fills sums in? */
static bool
tcp_head_possible(const struct tcpcb *tp)
{
	const struct route *ro = &tp->t_inpcb.inp_route;

	/* The largest header fits. */
	return (V_tcp_do_pmtud && ro->ro_nh->nh_mtu >= sizeof(struct ip) +
	    sizeof(struct tcphdr) + TCP_MAXOLEN &&
	    (TCP_HEADSUMS & ~ro->ro_nh->nh_ifp->if_hwassist) == 0 &&
	    tcp_ip_is_plain(tp));
}

static void
tcp_head_fill(const struct inpcb *inp, struct tcp_head *hd)
{
	const struct nhop_object *nh = inp->inp_route.ro_nh;
	const uint32_t ports = htonl((uint32_t)inp->inp_lport << 16 |
	    inp->inp_fport);
	const uint16_t type = htons(ETHERTYPE_IP);

	CTASSERT(sizeof(*hd) - __offsetof(struct tcp_head, hd_ether) ==
	    TCP_HEADKEPT);
	/* 8 bytes, for an address of 6, as ether_output_known(). */
	memcpy(hd->hd_ether, nh->nh_ifp->if_lladdr, sizeof(hd->hd_ether));
	memcpy(hd->hd_ether + ETHER_ADDR_LEN, &type, sizeof(type));
	ip_header4_write((struct ip *)(void *)hd->hd_ip, 0, 0, htonl(IP_DF),
	    inp->inp_tos, ip_ttl(inp->inp_ttl), IPPROTO_TCP, &inp->inp_laddr,
	    &inp->inp_faddr, true);
	memcpy(hd->hd_tcp, &ports, sizeof(ports));
	memset(hd->hd_tcp + sizeof(ports), 0, sizeof(hd->hd_tcp) -
	    sizeof(ports));
	hd->hd_sum = in_pseudo_sum4(&inp->inp_laddr, &inp->inp_faddr, 0,
	    IPPROTO_TCP);
	hd->hd_urp = 0;
	hd->hd_max = min(nh->nh_mtu, IP_MAXPACKET) - sizeof(struct ip);
	hd->hd_gen = V_way_gen;
}

void
tcp_head_make(struct tcpcb *tp)
{
	const struct inpcb *inp = &tp->t_inpcb;

	if (ip_way_is_plain(&inp->inp_route, &inp->inp_laddr) &&
	    tcp_head_possible(tp))
		tcp_head_fill(&tp->t_inpcb, &tp->t_head);
}

bool
tcp_head_right(struct tcpcb *tp)
{
	const struct inpcb *inp = &tp->t_inpcb;
	struct tcp_head now;

	if (!tcp_head_ok(tp))
		return (true);
	/* ip_way_is_plain() knows one source only: it may be another's now. */
	if (inp->inp_route.ro_llgen != V_way_gen ||
	    ifa_ifwithaddr(&inp->inp_laddr) == NULL || !tcp_head_possible(tp))
		return (false);
	tcp_head_fill(&tp->t_inpcb, &now);
	return (memcmp(&now, &tp->t_head, sizeof(now)) == 0);
}
