/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* IPv4 options, and a socket's options of level IP and IPv6. */
#ifndef _STACKYARD_NETINET_IP_OPTIONS_H_
#define	_STACKYARD_NETINET_IP_OPTIONS_H_

#include <netinet/in.h>

#define	IP_MAXOPTLEN	40		/* bytes of all */
#define	IPOPT_EOL	0
#define	IPOPT_NOP	1
#define	IPOPT_LSRR	131		/* loose source route */
#define	IPOPT_SSRR	137		/* strict source route */

struct inpcb;
struct ip_info;
struct mbuf;
struct sockopt;

/* Where packets with the options m, of a pcb, are sent to, if not to their
 * destination; NULL. */
const struct in6_addr *ip_options_hop(const struct mbuf *m);
/* The options for an answer to m (its data behind the IP header), a pcb's;
 * NULL: it came by no source route. */
struct mbuf *ip_srcroute(const struct mbuf *m, const struct ip_info *ii);
/* A copy of such: NULL if memory is short. */
struct mbuf *ip_options_dup(const struct mbuf *m);
/* Whether a socket of IPv6 that is not bound takes no IPv4. */
void	in_pcb_v6only(struct inpcb *inp, bool on);
/* Levels IPPROTO_IP and IPPROTO_IPV6. */
int	ip_ctloutput(struct inpcb *inp, struct sockopt *sopt);

#endif /* !_STACKYARD_NETINET_IP_OPTIONS_H_ */
