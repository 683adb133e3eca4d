/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What IP's variables net.inet.ip.stats and net.inet6.ip6.stats carry to
 * other programs.  As in tcp_export.h: <stdint.h> alone, so that both sides
 * can include it.
 */
#ifndef _STACKYARD_NETINET_IP_EXPORT_H_
#define	_STACKYARD_NETINET_IP_EXPORT_H_

#include <stdint.h>

/* What IP has seen and done, counted for each family. */
struct ipstat {
	uint64_t	ips_total;	/* received */
	uint64_t	ips_tooshort;	/* fewer bytes than the header says */
	uint64_t	ips_badvers;
	uint64_t	ips_badhlen;	/* header length, or extension header */
	uint64_t	ips_badlen;	/* total length smaller than header */
	uint64_t	ips_badsum;	/* header checksum */
	uint64_t	ips_badoptions;
	uint64_t	ips_badaddr;	/* addresses that cannot be on a wire */
	uint64_t	ips_cantforward; /* for others, and not forwarded */
	uint64_t	ips_forward;	/* forwarded */
	uint64_t	ips_noproto;	/* no such transport */
	uint64_t	ips_delivered;	/* to a transport */
	uint64_t	ips_fragments;	/* fragments received */
	uint64_t	ips_fragdropped; /* for lack of room, or wrong */
	uint64_t	ips_fragtimeout; /* packets never completed */
	uint64_t	ips_reassembled; /* packets completed */
	uint64_t	ips_localout;	/* sent by transports */
	uint64_t	ips_odropped;	/* of these, not sent */
	uint64_t	ips_fragmented;	/* packets cut */
	uint64_t	ips_ofragments;	/* into so many fragments */
	uint64_t	ips_cantfrag;	/* too big and not to be cut */
};

#endif /* !_STACKYARD_NETINET_IP_EXPORT_H_ */
