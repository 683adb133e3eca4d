/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Recording packets in pcapng (draft-ietf-opsawg-pcapng), time stamps in
 * nanoseconds, both directions.
 *
 * One capture is one section:
 *
 *	Section Header		what made it, and the caller's comment
 *	Interface Description	one whenever an interface joins
 *	Enhanced Packet		one per packet: interface, time since 1970,
 *				direction, bytes
 *
 * Every block is	type, length, body, options, length again
 * of 32-bit words, in the order of bytes of the machine, which the section
 * header shows.
 *
 * Blocks are collected in a buffer, which goes to the writer whenever the
 * next block has no room; so a writer sees whole blocks, few times.
 *
 * A capture may serve the interfaces of many hosts and outlive all of them.
 * So it belongs to none, and its memory comes from the process's host, not
 * from a malloc type.
 *
 * What is recorded is the packet as the wire would carry it: a checksum
 * left to the interface is filled in, in the recorded bytes only.  A large
 * segment left to be cut is recorded whole, as it is.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <net/if_var.h>

#define	CAP_BUFSIZE	(256 * 1024)
#define	CAP_SNAPLEN_MAX	(128 * 1024)
#define	CAP_NAME_MAX	255		/* of an interface, bytes */
#define	CAP_COMMENT_MAX	65535		/* what an option can hold, bytes */

#define	PCAPNG_SHB	0x0a0d0d0a
#define	PCAPNG_IDB	0x00000001
#define	PCAPNG_EPB	0x00000006
#define	PCAPNG_MAGIC	0x1a2b3c4d	/* shows the order of bytes */

#define	OPT_END		0
#define	OPT_COMMENT	1
#define	SHB_HARDWARE	2
#define	SHB_OS		3
#define	SHB_USERAPPL	4
#define	IF_NAME		2
#define	IF_MACADDR	6
#define	IF_SPEED	8
#define	IF_TSRESOL	9
#define	EPB_FLAGS	2
#define	EPB_INBOUND	1
#define	EPB_OUTBOUND	2

#define	LINKTYPE_ETHERNET	1
#define	LINKTYPE_RAW		101	/* IP, version by its first nibble */

struct shb_fixed {
	uint32_t	type, length, magic;
	uint16_t	major, minor;
	uint32_t	section[2];	/* its length; all ones: not given */
};

struct idb_fixed {
	uint32_t	type, length;
	uint16_t	linktype, reserved;
	uint32_t	snaplen;
};

struct epb_head {
	uint32_t	type, length, interface;
	uint32_t	time_high, time_low;
	uint32_t	caplen, origlen;
};

/* Follows the packet's bytes. */
struct epb_tail {
	uint16_t	flags_code, flags_len;
	uint32_t	flags;
	uint16_t	end_code, end_len;
	uint32_t	length;
};

struct capture {
	int		(*cp_write)(void *, const void *, size_t);
	void		*cp_arg;
	int		cp_error;	/* the writer's first */
	uint32_t	cp_interfaces;	/* described so far */
	size_t		cp_len;		/* bytes in cp_buf */
	uint8_t		cp_buf[CAP_BUFSIZE];
};

/* The recording of one interface. */
struct if_capture {
	struct capture	*ic_cap;
	uint32_t	ic_id;		/* number of its description */
	uint32_t	ic_snaplen;
};

MALLOC_DEFINE(M_CAPTURE, "capture", "packet recording");

VNET_DEFINE(if_cksum_t *, if_cksum);

int
capture_flush(struct capture *cap)
{
	if (cap->cp_error == 0 && cap->cp_len > 0)
		cap->cp_error = cap->cp_write(cap->cp_arg, cap->cp_buf,
		    cap->cp_len);
	cap->cp_len = 0;
	return (cap->cp_error);
}

/* Room for a block of len bytes, or NULL once the writer has failed. */
static uint8_t *
cap_reserve(struct capture *cap, size_t len)
{
	uint8_t *p;

	if (__predict_false(len > CAP_BUFSIZE - cap->cp_len))
		(void)capture_flush(cap);
	if (__predict_false(cap->cp_error != 0))
		return (NULL);
	p = &cap->cp_buf[cap->cp_len];
	cap->cp_len += len;
	return (p);
}

/* Bytes of an option that holds len bytes. */
static inline uint32_t
opt_size(size_t len)
{
	return ((uint32_t)(4 + roundup2(len, 4)));
}

/* Write an option at p; returns its end. */
static uint8_t *
opt_put(uint8_t *p, uint16_t code, const void *data, size_t len)
{
	const uint16_t head[2] = { code, (uint16_t)len };
	size_t padded;

	padded = roundup2(len, 4);
	memcpy(p, head, sizeof(head));
	p += sizeof(head);
	if (len > 0)
		memcpy(p, data, len);
	memset(p + len, 0, padded - len);
	return (p + padded);
}

static uint8_t *
opt_put_text(uint8_t *p, uint16_t code, const char *text)
{
	return (opt_put(p, code, text, strlen(text)));
}

/* The last option, and the length that ends a block. */
static void
block_end(uint8_t *p, uint32_t length)
{
	p = opt_put(p, OPT_END, NULL, 0);
	memcpy(p, &length, sizeof(length));
}

static void
cap_put_section(struct capture *cap, const char *comment)
{
	static const char hardware[] = "virtual", os[] = "Stackyard",
	    appl[] = "Stackyard";
	struct shb_fixed shb = {
		.type = PCAPNG_SHB, .magic = PCAPNG_MAGIC, .major = 1,
		.section = { UINT32_MAX, UINT32_MAX }
	};
	size_t clen;
	uint8_t *p;

	clen = comment != NULL ? strnlen(comment, CAP_COMMENT_MAX) : 0;
	shb.length = (uint32_t)sizeof(shb) + (clen > 0 ? opt_size(clen) : 0) +
	    opt_size(strlen(hardware)) + opt_size(strlen(os)) +
	    opt_size(strlen(appl)) + opt_size(0) + sizeof(uint32_t);
	p = cap_reserve(cap, shb.length);
	memcpy(p, &shb, sizeof(shb));
	p += sizeof(shb);
	if (clen > 0)
		p = opt_put(p, OPT_COMMENT, comment, clen);
	p = opt_put_text(p, SHB_HARDWARE, hardware);
	p = opt_put_text(p, SHB_OS, os);
	p = opt_put_text(p, SHB_USERAPPL, appl);
	block_end(p, shb.length);
}

struct capture *
capture_create(int (*write)(void *, const void *, size_t), void *arg,
    const char *comment)
{
	struct capture *cap;

	cap = host_alloc(sizeof(*cap), 0, false);
	if (cap == NULL)
		return (NULL);
	cap->cp_write = write;
	cap->cp_arg = arg;
	cap->cp_error = 0;
	cap->cp_interfaces = 0;
	cap->cp_len = 0;
	cap_put_section(cap, comment);
	return (cap);
}

int
capture_destroy(struct capture *cap)
{
	int error;

	error = capture_flush(cap);
	host_free(cap);
	return (error);
}

/* Describe ifp: 0 or the writer's errno. */
static int
cap_put_interface(struct capture *cap, const struct ifnet *ifp,
    const char *name, uint32_t snaplen)
{
	static const uint8_t tsresol = 9;	/* 10^-9 s */
	struct idb_fixed idb = { .type = PCAPNG_IDB, .snaplen = snaplen };
	size_t nlen;
	uint8_t *p;
	bool ether;

	ether = ifp->if_type == IFT_ETHER;
	nlen = strnlen(name, CAP_NAME_MAX);
	idb.linktype = ether ? LINKTYPE_ETHERNET : LINKTYPE_RAW;
	idb.length = (uint32_t)sizeof(idb) + opt_size(nlen) +
	    (ether ? opt_size(ETHER_ADDR_LEN) : 0) +
	    (ifp->if_baudrate != 0 ? opt_size(sizeof(uint64_t)) : 0) +
	    opt_size(sizeof(tsresol)) + opt_size(0) + sizeof(uint32_t);
	p = cap_reserve(cap, idb.length);
	if (p == NULL)
		return (cap->cp_error);
	memcpy(p, &idb, sizeof(idb));
	p = opt_put(p + sizeof(idb), IF_NAME, name, nlen);
	if (ether)
		p = opt_put(p, IF_MACADDR, ifp->if_lladdr, ETHER_ADDR_LEN);
	if (ifp->if_baudrate != 0)
		p = opt_put(p, IF_SPEED, &ifp->if_baudrate,
		    sizeof(ifp->if_baudrate));
	p = opt_put(p, IF_TSRESOL, &tsresol, sizeof(tsresol));
	block_end(p, idb.length);
	return (0);
}

int
if_capture_start(struct ifnet *ifp, struct capture *cap, uint32_t snaplen,
    const char *ifname)
{
	struct if_capture *ic;
	int error;

	if (ifp->if_capture != NULL)
		return (EBUSY);
	if (snaplen == 0 || snaplen > CAP_SNAPLEN_MAX)
		snaplen = CAP_SNAPLEN_MAX;
	ic = kern_malloc(sizeof(*ic), M_CAPTURE, M_NOWAIT);
	if (ic == NULL)
		return (ENOMEM);
	error = cap_put_interface(cap, ifp,
	    ifname != NULL ? ifname : ifp->if_xname, snaplen);
	if (error != 0) {
		kern_free(ic, M_CAPTURE);
		return (error);
	}
	ic->ic_cap = cap;
	ic->ic_id = cap->cp_interfaces++;
	ic->ic_snaplen = snaplen;
	ifp->if_capture = ic;
	if_handed_reset(ifp);
	return (0);
}

void
if_capture_stop(struct ifnet *ifp)
{
	kern_free(ifp->if_capture, M_CAPTURE);
	ifp->if_capture = NULL;
}

/*
 * Where the IP packet's parts lie, from the recorded bytes: l3 and l4 are
 * offsets of the headers, end that behind the packet.  Lengths that
 * disagree mean that nothing can be completed.
 */
struct cap_layout {
	uint32_t	l3, l4, end;
	bool		v4;
};

static bool
cap_parse(const struct mbuf *m, const uint8_t *pkt, uint32_t caplen,
    uint32_t l2len, struct cap_layout *cl)
{
	const uint8_t *ip = pkt + l2len;

	if (caplen < l2len + 20)
		return (false);
	cl->l3 = l2len;
	cl->v4 = (ip[0] >> 4) == 4;
	if (cl->v4) {
		cl->l4 = l2len + (ip[0] & 0x0f) * 4u;
		cl->end = l2len + (ip[2] << 8 | ip[3]);
	} else {
		cl->l4 = l2len + (m->m_pkthdr.l3hlen >= 40 ?
		    m->m_pkthdr.l3hlen : 40u);
		cl->end = l2len + 40u + (ip[4] << 8 | ip[5]);
	}
	return (cl->l4 >= l2len + 20 && cl->l4 < cl->end &&
	    cl->end <= (uint32_t)m->m_pkthdr.len);
}

/* The IPv4 header's checksum, in the recorded bytes. */
static void
cap_complete_ip(uint8_t *ip, uint32_t hlen)
{
	uint32_t i, sum;

	ip[10] = ip[11] = 0;
	sum = 0;
	for (i = 0; i < hlen; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = ~(sum + (sum >> 16)) & 0xffff;
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

/*
 * Fill in what csum_flags still asks for.  The transport's field holds the
 * pseudo header's sum, so the inverted sum over all of the segment, with the
 * field, is the checksum.  UDP writes a sum of 0 as 0xffff (RFC 768).
 */
static void
cap_complete(const struct mbuf *m, uint8_t *pkt, uint32_t caplen,
    uint32_t l2len)
{
	const uint32_t flags = m->m_pkthdr.csum_flags;
	struct cap_layout cl;
	uint32_t field;
	uint16_t sum;

	if (!cap_parse(m, pkt, caplen, l2len, &cl))
		return;
	if ((flags & CSUM_IP) != 0 && cl.v4 && cl.l4 <= caplen)
		cap_complete_ip(pkt + cl.l3, cl.l4 - cl.l3);
	if ((flags & CSUM_TSO) != 0 || V_if_cksum == NULL)
		return;
	if ((flags & (CSUM_IP_TCP | CSUM_IP6_TCP)) != 0)
		field = cl.l4 + 16;
	else if ((flags & (CSUM_IP_UDP | CSUM_IP6_UDP)) != 0)
		field = cl.l4 + 6;
	else
		return;
	if (field + sizeof(sum) > caplen || field + sizeof(sum) > cl.end)
		return;
	sum = V_if_cksum(m, (int)cl.end, (int)cl.l4);
	if (sum == 0 && (flags & (CSUM_IP_UDP | CSUM_IP6_UDP)) != 0)
		sum = 0xffff;
	memcpy(pkt + field, &sum, sizeof(sum));
}

/* Nanoseconds since 1970. */
static inline uint64_t
cap_time(void)
{
	return (curvnet->vnet_now +
	    (uint64_t)curvnet->vnet_ops->ho_epoch(curvnet->vnet_arg));
}

void
if_capture_packet(struct ifnet *ifp, struct mbuf *m, bool out)
{
	const struct if_capture *ic = ifp->if_capture;
	struct epb_head head = {
		.type = PCAPNG_EPB, .interface = ic->ic_id,
		.origlen = (uint32_t)m->m_pkthdr.len
	};
	struct epb_tail tail = {
		.flags_code = EPB_FLAGS, .flags_len = sizeof(tail.flags),
		.flags = out ? EPB_OUTBOUND : EPB_INBOUND
	};
	uint64_t now;
	uint32_t padded;
	uint8_t *p;

	head.caplen = min(head.origlen, ic->ic_snaplen);
	padded = roundup2(head.caplen, 4);
	head.length = tail.length =
	    (uint32_t)(sizeof(head) + padded + sizeof(tail));
	p = cap_reserve(ic->ic_cap, head.length);
	if (p == NULL)
		return;
	now = cap_time();
	head.time_high = (uint32_t)(now >> 32);
	head.time_low = (uint32_t)now;
	memcpy(p, &head, sizeof(head));
	p += sizeof(head);
	m_copydata(m, 0, (int)head.caplen, p);
	memset(p + head.caplen, 0, padded - head.caplen);
	if ((m->m_pkthdr.csum_flags & (CSUM_IP | CSUM_DELAY_DATA |
	    CSUM_DELAY_DATA_IPV6)) != 0)
		cap_complete(m, p, head.caplen, ifp->if_hdrlen);
	memcpy(p + padded, &tail, sizeof(tail));
}
