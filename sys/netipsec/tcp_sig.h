/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Signed segments: TCP-MD5 (RFC 2385) and TCP-AO (RFC 5925, RFC 5926).  This
 * is what TCP calls; tcp_sig.c tells them apart, tcp_md5.c and tcp_ao.c are
 * the two.
 *
 * A connection or listener signs, and takes nothing unsigned, if it has
 * TF_SIGNATURE; with tu_ao that is TCP-AO, else TCP-MD5.  The same is there
 * for who has no tcpcb (an entry of a cache of SYNs or of TIME_WAIT): it
 * says whether, by ao being NULL or not, and which by ao.
 */
#ifndef _STACKYARD_NETIPSEC_TCP_SIG_H_
#define	_STACKYARD_NETIPSEC_TCP_SIG_H_

#include <sys/types.h>
#include <netinet/in_pcb.h>
#include <netinet/tcp.h>

struct digest;
struct ip_icmperr;
struct key_sa;
struct mbuf;
struct sockopt;
struct tcp_seg;
struct tcp_syn;
struct tcpcb;

/* A traffic key, ready for use, and what it was made of.  A SYN's is not
 * kept. */
struct tcp_aokey {
	void		*ak_mac;	/* digest_mac_prepare()'s, or NULL */
	uint64_t	ak_serial;	/* of the master key */
	tcp_seq		ak_sisn, ak_disn;
	uint32_t	ak_ports;	/* as in the header */
};

/* What TCP-AO knows of a connection, or of a listener's wishes. */
struct tcp_ao {
	tcp_seq		ao_iss, ao_irs;
	/* The newest sequence number seen, and the number above it (the
	 * sequence number extension, RFC 5925, 6.2). */
	tcp_seq		ao_snd_seq, ao_rcv_seq;
	uint32_t	ao_snd_sne, ao_rcv_sne;
	uint8_t		ao_current;	/* KeyID of the key we sign with */
	uint8_t		ao_rnext;	/* of the one the peer shall use */
	uint8_t		ao_peer_key;	/* the KeyIDs that came last */
	uint8_t		ao_peer_rnext;
	struct tcp_aokey *ao_keys;	/* our direction's, the peer's; NULL */
	uint8_t		ao_flags;
#define	AO_CURRENT	0x01		/* ao_current says something */
#define	AO_RNEXT	0x02		/* ao_rnext does */
#define	AO_PEER		0x04		/* ao_peer_* do */
#define	AO_KEEP		0x08		/* keep traffic keys */
};

/* ---- For a connection or a listener ---- */

/* Is there anything to do for a segment?  Nearly always there is not. */
#define	TCP_SIG_WANTED(tp, sg)						\
	__predict_false(((tp)->t_flags & TF_SIGNATURE) != 0 ||		\
	    ((sg)->sg_to.to_flags & (TOF_SIGNATURE | TOF_AO)) != 0)
/* May sg, whose header and text are m's, be taken? */
bool	tcp_sig_input(struct tcpcb *tp, const struct mbuf *m,
	    const struct tcp_seg *sg);
/* Is sg one that a listener with TCP-MD5 takes unsigned, and answers so:
 * there is no key between the two hosts? */
bool	tcp_sig_exempt(const struct tcpcb *tp, const struct tcp_seg *sg);
/* What to sign by: NULL for TCP-MD5.  For a listener, which knows no
 * connection, it is made in *ao from the segment that is answered. */
struct tcp_ao *tcp_sig_ao(struct tcpcb *tp, const struct tcp_seg *sg,
	    struct tcp_ao *ao);
/* Bytes of options, padding included, of a signature. */
u_int	tcp_sig_optlen(const struct tcpcb *tp);
/* tp, whose handshake was sy, is to sign if sy was signed: ENOMEM. */
int	tcp_sig_inherit(struct tcpcb *tp, const struct tcp_syn *sy);
/* Does an ICMP error count (RFC 5925, 7.8)? */
bool	tcp_sig_takes_icmp(const struct tcpcb *tp,
	    const struct ip_icmperr *ie);
/* TCP_MD5SIG, TCP_AO, TCP_AO_KEYS. */
int	tcp_sig_ctloutput(struct tcpcb *tp, struct sockopt *sopt);
void	tcp_sig_free(struct tcpcb *tp);

/* ---- For who has no tcpcb ---- */

/*
 * Put room for the signature behind the optlen bytes of options at opt,
 * which has TCP_MAXOLEN: the new length, or the old one if there is no room
 * (and tcp_sig_sign() will refuse).
 */
int	tcp_sig_option(uint8_t *opt, int optlen, const struct tcp_ao *ao);
/* Sign the segment m, complete but for its checksum: EACCES there is no key,
 * it must not be sent; ENOMEM. */
int	tcp_sig_sign(struct mbuf *m, const struct in_conninfo *inc,
	    struct tcp_ao *ao);
/* May sg, whose header and text are m's, be taken? */
bool	tcp_sig_verify(const struct mbuf *m, const struct tcp_seg *sg,
	    struct tcp_ao *ao);
/*
 * What TCP-AO knows of a connection of the listener with wishes that begins
 * with sg: the SYN, when ao_iss is still to be set, or the ACK of the
 * SYN-ACK.
 */
void	tcp_ao_begin(struct tcp_ao *ao, const struct tcp_ao *wishes,
	    const struct tcp_seg *sg);
/* The same, of what was kept of it. */
void	tcp_ao_resume(struct tcp_ao *ao, tcp_seq iss, tcp_seq irs,
	    uint8_t current, uint8_t rnext);

/* Let go of the traffic keys that are kept. */
void	tcp_ao_forget(struct tcp_ao *ao);

/* ---- Between tcp_sig.c and the two ---- */

int	tcp_md5_sign(struct mbuf *m, const struct in_conninfo *inc);
bool	tcp_md5_verify(const struct mbuf *m, const struct tcp_seg *sg);
int	tcp_ao_sign(struct mbuf *m, const struct in_conninfo *inc,
	    struct tcp_ao *ao);
bool	tcp_ao_verify(const struct mbuf *m, const struct tcp_seg *sg,
	    struct tcp_ao *ao);
/* The option of that kind and length in the header of m, or NULL. */
uint8_t	*tcp_sig_find(const struct mbuf *m, uint8_t kind, uint8_t len);
/* Feed a digest the pseudo header of RFC 9293, 3.1, or RFC 8200, 8.1; a
 * header without options and checksum; what is in m from byte off on. */
void	tcp_sig_add_pseudo(struct digest *dg, const struct in6_addr *src,
	    const struct in6_addr *dst, uint32_t len);
void	tcp_sig_add_header(struct digest *dg, const struct mbuf *m);
void	tcp_sig_add_text(struct digest *dg, const struct mbuf *m, int off);
/* An address as it stands in packets: 4 or 16 bytes, which are returned. */
size_t	tcp_sig_address(const struct in6_addr *addr, const uint8_t **bytes);
/* Compare in a time that does not tell where they differ. */
bool	tcp_sig_same(const uint8_t *a, const uint8_t *b, size_t len);

#endif /* !_STACKYARD_NETIPSEC_TCP_SIG_H_ */
