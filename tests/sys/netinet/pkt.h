/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * For tests of TCP on the packet level: one host in virtual time with one
 * point-to-point interface, whose other end is the test.  Segments are
 * written as packetdrill(1) writes them:
 *
 *	INJECT("S 0:0(0) win 65535 <mss 1460,sackOK,TS val 7 ecr 0>");
 *	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,TS val 100 ecr 7>");
 *
 * that is flags (FSRP.UEWA, or - for none), first:last(length), and ack, win,
 * urg, <options> if wanted.  In front of the flags, [ttl N,tos N,nodf] gives
 * those of the IP header; without them 64 and 0 are sent and expected, and
 * that (IPv4) routers must not fragment.  udp N there is TCP over UDP, with
 * the peer's port; ours is t->udpport.  ipopt HEX are IPv4 options.
 *
 *   numbers	sequence numbers count from the initial one of their side,
 *		and our time stamps from 100 in the first segment that has
 *		one (any other number written there will do as well)
 *   val *	our time stamp is what it must be at that time
 *   win	not written: anything is right
 *   <...>	any options; not written: there must be none
 *   options	mss N, nop, eol, wscale N, sackOK, sack A:B C:D,
 *		TS val N ecr N, FO, FO 1f2b, hex 1f2b (sent as it is), md5,
 *		ao KEY RNEXT (TCP-MD5 and TCP-AO: see sign and signature)
 *
 * Text is a pattern by which each byte is checked, both ways.  What is sent
 * is checked down to the IP header, and that no window is taken back; after
 * each step so are the invariants of all connections, tcp_check().
 *
 * The peer's initial sequence number is close to the end of the numbers, so
 * that every test crosses it.  The MTU is 1500 for IPv4 and 1520 for IPv6,
 * so that one text describes both.
 */
#ifndef _TESTS_PKT_H_
#define	_TESTS_PKT_H_

#include <atf-c.h>

#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/syscallsubr.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <sys/vnet.h>
#include <net/if_var.h>
#include <netinet/in.h>
#include <netinet/in_pcb.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp_syncache.h>
#include <netinet/tcp_var.h>
#include <netinet6/icmp6.h>

#define	PD_PORT		8080		/* where our listeners listen */
#define	PD_PEERPORT	40000		/* the peer of connection 0 */
#define	PD_CONNS	80
#define	PD_FDS		256
#define	PD_IRS		0xfffffe00U	/* the peer's initial number */

#define	PD_MSEC		UINT64_C(1000)	/* times are in microseconds */
#define	PD_SEC		UINT64_C(1000000)

/* One connection, as the peer sees it. */
struct pd_conn {
	uint16_t	lport, fport;
	uint32_t	iss, irs;
	bool		iss_known;	/* our SYN has been seen */
	bool		ts_known;
	uint32_t	ts_off;		/* ours on the wire less as written */
	uint32_t	ts_first;	/* the first one, on the wire */
	nstime_t	ts_when;	/* of that */
	bool		edge_known;
	uint32_t	edge;		/* where the promised window ends */
};

struct pd_fd {
	uint64_t	sent, rcvd;	/* bytes: places in the pattern */
};

struct pd {
	struct vnet	*vnet;
	struct ifnet	*ifp;
	int		af;
	struct in6_addr	us, peer;
	nstime_t	now, start;
	struct pd_conn	*c;		/* the one that is talked about */
	struct pd_conn	conns[PD_CONNS];
	struct pd_fd	fds[PD_FDS];
	uint64_t	seed;
	bool		ended;		/* by the test: it is not drained */
	struct in6_addr	hop;		/* packets are sent there, if set */
	uint16_t	udpport;	/* our port for TCP over UDP */
	uint16_t	quote_udp;	/* pd_icmp(): about a datagram to there */
	bool		lossy;		/* no memory for a packet: it is lost */
	bool		tso;		/* the interface cuts large segments */
	u_int		ncut;		/* of those so far */
	bool		forged;		/* the peer's text is another one */
	/* Fill in the signature of a packet of the peer's, whose checksum is
	 * still 0; is that of one of ours right?  NULL: it does not matter. */
	void		(*sign)(const struct pd *t, uint8_t *pkt,
			    uint32_t len);
	bool		(*signature)(const struct pd *t, const uint8_t *pkt,
			    uint32_t len);
	char		log[4096];
};

/*
 * A test case, run for both families; the body has struct pd *t.
 */
#define	PD_TEST_FAMILIES(name, first, last)				\
	static void pd_test_##name(struct pd *);			\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)						\
	{								\
		pd_run(pd_test_##name, (first), (last));		\
	}								\
	static void							\
	pd_test_##name(struct pd *t)
#define	PD_TEST(name)	PD_TEST_FAMILIES(name, AF_INET, AF_INET6)
#define	PD_TEST4(name)	PD_TEST_FAMILIES(name, AF_INET, AF_INET)
#define	PD_TEST6(name)	PD_TEST_FAMILIES(name, AF_INET6, AF_INET6)
void	pd_run(void (*func)(struct pd *), int first, int last);
/* Begin with another host, for which a tunable is set. */
void	pd_restart(struct pd *t, const char *name, const char *value);

/* The peer sends a segment. */
void	pd_inject(struct pd *t, const char *file, int line,
	    const char *fmt, ...) __printflike(4, 5);
#define	INJECT(...)	pd_inject(t, __FILE__, __LINE__, __VA_ARGS__)
/* The same with a checksum that is wrong. */
void	pd_inject_badsum(struct pd *t, const char *text);
/* All that is injected between these comes as one batch. */
#define	BATCH_BEGIN()	struct vnet *pd_saved = vnet_enter(t->vnet)
#define	BATCH_END()	do { vnet_leave(pd_saved); pd_check(t); } while (0)

/* The next segment was sent now; or it is after usec microseconds, and
 * nothing before. */
void	pd_expect(struct pd *t, const char *file, int line,
	    const char *fmt, ...) __printflike(4, 5);
void	pd_expect_in(struct pd *t, const char *file, int line, uint64_t usec,
	    const char *fmt, ...) __printflike(5, 6);
#define	EXPECT(...)	pd_expect(t, __FILE__, __LINE__, __VA_ARGS__)
#define	EXPECT_IN(usec, ...)						\
	pd_expect_in(t, __FILE__, __LINE__, (usec), __VA_ARGS__)
/* The same, whenever it was sent; and a segment that does not matter. */
void	pd_expect_late(struct pd *t, const char *file, int line,
	    const char *fmt, ...) __printflike(4, 5);
#define	EXPECT_LATE(...)						\
	pd_expect_late(t, __FILE__, __LINE__, __VA_ARGS__)
void	pd_skip(struct pd *t);
/* The (relative) number behind the next segment's text, which is checked,
 * and the segment is gone. */
uint32_t pd_take(struct pd *t);
/* Nothing was sent. */
void	pd_nothing(struct pd *t, const char *file, int line);
#define	NOTHING()	pd_nothing(t, __FILE__, __LINE__)
/* Time passes, in which nothing is sent. */
void	pd_advance(struct pd *t, const char *file, int line, uint64_t usec);
#define	ADVANCE(usec)	pd_advance(t, __FILE__, __LINE__, (usec))
/* Time passes; what is sent waits to be looked at, or forgotten. */
void	pd_pass(struct pd *t, uint64_t usec);
void	pd_forget(struct pd *t);
/* How many segments wait to be looked at. */
int	pd_pending(const struct pd *t);

/* An ICMP error comes about a segment of ours with this (relative) sequence
 * number; arg stands in the last two bytes of its header. */
void	pd_icmp(struct pd *t, uint8_t type, uint8_t code, uint32_t arg,
	    uint32_t seq);
/* A fragmentation needed or packet too big. */
void	pd_toobig(struct pd *t, uint32_t mtu, uint32_t seq);

/* Talk about connection i; pd_renew(): it begins anew. */
void	pd_use(struct pd *t, int i);
void	pd_renew(struct pd *t);
/* The current connection's tcpcb, or NULL; its state or -1. */
struct tcpcb *pd_tcpcb(struct pd *t);
int	pd_state(struct pd *t);
/* What the SYN cache has of it: false if nothing. */
bool	pd_handshake(struct pd *t, struct tcp_syn *sy);
#define	GONE		(-1)
void	pd_require_state(struct pd *t, const char *file, int line, int want);
#define	STATE(want)	pd_require_state(t, __FILE__, __LINE__, (want))
/* Bytes that it has received out of order. */
int	pd_waiting(struct pd *t);
void	pd_check(struct pd *t);

/* Requests.  Each returns an errno, or what is said. */
int	pd_socket(struct pd *t);		/* descriptor */
int	pd_bind(struct pd *t, int fd, uint16_t port);
int	pd_listen(struct pd *t, int backlog);	/* descriptor */
int	pd_accept(struct pd *t, int fd);	/* descriptor or -errno */
int	pd_connect(struct pd *t, int fd);
int	pd_close(struct pd *t, int fd);
int	pd_shutdown(struct pd *t, int fd, int how);
int	pd_send(struct pd *t, int fd, size_t n, int flags); /* n or -errno */
/* sendto(2) the peer, which connects. */
int	pd_sendto(struct pd *t, int fd, size_t n);
int	pd_recv(struct pd *t, int fd, size_t max, int flags);
int	pd_setopt(struct pd *t, int fd, int level, int name, int val);
int	pd_getopt(struct pd *t, int fd, int level, int name);
/* Register blk, zeroed but for what it replaces of the default block, as
 * name; and TCP_FUNCTION_BLK: an errno. */
void	pd_addblock(struct pd *t, struct tcp_function_block *blk,
	    const char *name);
int	pd_setblock(struct pd *t, int fd, const char *name);
int	pd_poll(struct pd *t, int fd);		/* SOPOLL_* */
void	pd_info(struct pd *t, int fd, struct tcp_info *ti);
void	pd_sysctl(struct pd *t, const char *name, int64_t val);
/* What an int is; the errno of setting a variable. */
int	pd_sysctl_get(struct pd *t, const char *name);
int	pd_sysctl_try(struct pd *t, const char *name, const char *text);
void	pd_sysctl_text(struct pd *t, const char *name, const char *text);
void	pd_linger(struct pd *t, int fd, int onoff, int seconds);
/* Let the interface fill checksums in and cut large segments. */
void	pd_settso(struct pd *t);
void	pd_setmtu(struct pd *t, uint32_t mtu);

/* The same, with what must come of it. */
#define	OK(call)		ATF_REQUIRE_EQ(0, (call))
#define	ERR(want, call)		ATF_REQUIRE_EQ((want), (call))
#define	SEND(fd, n)							\
	ATF_REQUIRE_EQ((int)(n), pd_send(t, (fd), (size_t)(n), 0))
#define	RECV(fd, n)							\
	ATF_REQUIRE_EQ((int)(n), pd_recv(t, (fd), (size_t)(n), 0))
#define	RECV_EOF(fd)		ATF_REQUIRE_EQ(0, pd_recv(t, (fd), 1, 0))
#define	RECV_ERR(fd, error)						\
	ATF_REQUIRE_EQ(-(error), pd_recv(t, (fd), 1, 0))
#define	RECV_NOTHING(fd)	RECV_ERR(fd, EWOULDBLOCK)
#define	SO_ERR(fd)		pd_getopt(t, (fd), SOL_SOCKET, SO_ERROR)

/*
 * Connections made: returns the descriptor.  The SYNs carry an MSS of 1460
 * and what opts asks for, the peer's window is win (before scaling).
 */
#define	PD_RTT		10	/* microseconds that the handshake takes */
#define	PD_SACK		0x1
#define	PD_TS		0x2	/* the peer's begin with 7 */
#define	PD_WS		0x4	/* the peer's factor is 7 */
#define	PD_ALL		(PD_SACK | PD_TS | PD_WS)
int	pd_active(struct pd *t, int opts, uint16_t win);
int	pd_passive(struct pd *t, int opts, uint16_t win);
/* The same for a listener that is there. */
int	pd_passive_at(struct pd *t, int lfd, int opts, uint16_t win);

/* A number from 0 to n - 1, the next of t's (splitmix64). */
static inline uint64_t
pd_draw(struct pd *t, uint64_t n)
{
	uint64_t z = t->seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return ((z ^ z >> 31) % n);
}

#endif /* !_TESTS_PKT_H_ */
