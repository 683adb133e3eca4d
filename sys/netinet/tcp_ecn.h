/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Explicit congestion notification between TCPs (tcp_ecn.c has the theory):
 * what the other files of TCP call.
 *
 * A connection has a struct tcp_ecn from the moment its SYN asks for ECN, or
 * answers one that does, and while ECN is in use; t_flags2 says how:
 *
 *	TF2_ECN_PERMIT	RFC 3168
 *	TF2_ACE_PERMIT	Accurate ECN, RFC 9768
 */
#ifndef _STACKYARD_NETINET_TCP_ECN_H_
#define	_STACKYARD_NETINET_TCP_ECN_H_

#include <sys/vnet.h>

#include <netinet/tcp.h>

struct tcp_acked;
struct tcp_info;
struct tcp_seg;
struct tcpcb;
struct tcpopt;

#define	TCP_ECN_FLAGS	(TH_AE | TH_CWR | TH_ECE)

struct tcp_ecn {
	uint16_t	te_flags;	/* TE_* */
	uint8_t		te_ask;		/* what our SYN asks for: TCP_ECN_* */
	uint8_t		te_syn;		/* what came with the peer's SYN */
	uint8_t		te_last;	/* codepoint of the last text */
	uint8_t		te_unused[3];
	uint32_t	te_rcep;	/* segments marked CE that came, + 5 */
	uint32_t	te_scep;	/* of ours, as far as we know, + 5 */
	uint32_t	te_rsent;	/* te_rcep as last told */
	/* Bytes of text by codepoint; [0] is not used. */
	uint32_t	te_rbytes[4];	/* came */
	uint32_t	te_sbytes[4];	/* arrived there, by the option */
};
#define	TE_NOECT	0x0001	/* send nothing that may be marked */
#define	TE_PLAIN	0x0002	/* our SYN (SYN-ACK) asks no more */
#define	TE_HANDSHAKE	0x0004	/* the ACK of the SYN-ACK is owed */
#define	TE_THIRD	0x0008	/* and expected */
#define	TE_FIRST	0x0010	/* the next ACE field is the first */
#define	TE_DEAF		0x0020	/* the peer's ACE field is not true */
#define	TE_OPTDUE	0x0040	/* the option has news */
#define	TE_OPTSEEN	0x0080	/* the peer's option has come */
#define	TE_OPTBAD	0x0100	/* and is not true */
#define	TE_PASSIVE	0x0200	/* the peer's SYN came first */

/* What a SYN asks for and how its IP header arrived, in a byte (for an entry
 * of a cache of SYNs, too). */
#define	TCP_ECN_NONE	0
#define	TCP_ECN_CLASSIC	1
#define	TCP_ECN_ACE	4		/* + the codepoint of its IP header */

/* ---- The handshake ---- */

VNET_DECLARE(int, tcp_do_ecn);		/* net.inet.tcp.ecn.enable */
#define	V_tcp_do_ecn	VNET(tcp_do_ecn)

/* Our SYN is about to leave for the first time; only if V_tcp_do_ecn is odd is
 * there something to do. */
void	tcp_ecn_connect(struct tcpcb *tp);
/* The ECN flags of a SYN, or of a SYN-ACK, that leaves now. */
uint16_t tcp_ecn_syn_flags(struct tcpcb *tp);
/* What the SYN sg asks for, as far as net.inet.tcp.ecn.enable allows. */
uint8_t	tcp_ecn_syn_code(const struct tcp_seg *sg);
/* tp is opened by a SYN of that code; plain: its SYN-ACK did not answer it,
 * since ECN does not get through, perhaps. */
void	tcp_ecn_passive(struct tcpcb *tp, uint8_t code, bool plain);
/* The same without a connection: the ECN flags of a SYN-ACK that goes for
 * the rexmits'th time again, and the option in the first one. */
uint16_t tcp_ecn_synack_flags(uint8_t code, u_int rexmits);
int	tcp_ecn_synack_option(uint8_t code, uint8_t *opt, int room);
/* The SYN came again. */
void	tcp_ecn_syn_again(struct tcpcb *tp, const struct tcp_seg *sg);
/* The SYN-ACK came, and our SYN had asked for ECN. */
void	tcp_ecn_synack(struct tcpcb *tp, const struct tcp_seg *sg);
/* Is the ACK that says how the SYN-ACK came still owed? */
bool	tcp_ecn_owes_ack(const struct tcpcb *tp);

/* ---- Afterwards; only with TF2_ECN_ANY ---- */

/* An acceptable segment: what its IP header and CWR say; a verdict. */
int	tcp_ecn_input(struct tcpcb *tp, const struct tcp_seg *sg);
/* What its ACK says of ours; before loss is looked for. */
void	tcp_ecn_acked(struct tcpcb *tp, const struct tcp_seg *sg,
	    struct tcp_acked *ta);
/* The ECN flags of a segment with len bytes of text never sent before; its
 * codepoint goes into *tos. */
uint16_t tcp_ecn_output(struct tcpcb *tp, uint32_t len, bool pure,
	    uint8_t *tos);
/* Bytes that the option will want of the room for options. */
int	tcp_ecn_option_room(const struct tcpcb *tp);
/* Put the option at opt, which has room bytes: its length. */
int	tcp_ecn_option(struct tcpcb *tp, uint8_t *opt, int room);

/* len bytes of such an option at p. */
void	tcp_ecn_parse(struct tcpopt *to, const uint8_t *p, int len);
void	tcp_ecn_info(const struct tcpcb *tp, struct tcp_info *ti);
void	tcp_ecn_free(struct tcpcb *tp);

#endif /* !_STACKYARD_NETINET_TCP_ECN_H_ */
