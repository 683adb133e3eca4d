/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What each call says in each state of a connection, with FreeBSD's errors:
 * a table of states by calls, each of which is tried on a connection of its
 * own; then each error of tcp(4)'s ERRORS, and what needs more than a table.
 */
#include "pkt.h"

/* ---- States ---- */

enum state {
	S_NEW,			/* socket(2) and no more */
	S_BOUND,
	S_LISTEN,
	S_SYN_SENT,
	S_SYN_RCVD,		/* both opened at once */
	S_ESTAB,
	S_CLOSE_WAIT,		/* the peer has shut down */
	S_FIN_WAIT_1,		/* we have; */
	S_FIN_WAIT_2,
	S_CLOSING,
	S_LAST_ACK,
	S_TIME_WAIT,
	S_RESET,		/* by the peer; not yet told */
	S_REFUSED,		/* likewise */
	S_N
};

static const struct {
	const char	*name;
	int		tcps;	/* TCPS_*, or GONE */
} states[S_N] = {
	{ "new", GONE }, { "bound", GONE }, { "listening", GONE },
	{ "SYN_SENT", TCPS_SYN_SENT }, { "SYN_RECEIVED", TCPS_SYN_RECEIVED },
	{ "ESTABLISHED", TCPS_ESTABLISHED },
	{ "CLOSE_WAIT", TCPS_CLOSE_WAIT },
	{ "FIN_WAIT_1", TCPS_FIN_WAIT_1 },
	{ "FIN_WAIT_2", TCPS_FIN_WAIT_2 }, { "CLOSING", TCPS_CLOSING },
	{ "LAST_ACK", TCPS_LAST_ACK }, { "TIME_WAIT", TCPS_TIME_WAIT },
	{ "reset", GONE }, { "refused", GONE }
};

static int
call_listen(struct pd *t, int fd)
{
	struct vnet *saved = vnet_enter(t->vnet);
	int error;

	error = kern_listen(fd, 5);
	vnet_leave(saved);
	return (error);
}

/* One that has no connection yet. */
static int
begin_socket(struct pd *t, enum state state)
{
	int fd = pd_socket(t);

	if (state == S_NEW)
		return (fd);
	if (state == S_BOUND || state == S_LISTEN) {
		OK(pd_bind(t, fd, (uint16_t)(9000 + t->c->fport -
		    PD_PEERPORT)));
		if (state == S_LISTEN)
			OK(call_listen(t, fd));
		return (fd);
	}
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	return (fd);
}

/* What the peer and we say from ESTABLISHED on. */
static void
go_on(struct pd *t, int fd, enum state state)
{
	switch (state) {
	case S_RESET:
		INJECT("R. 1:1(0) ack 1 win 0");
		return;
	case S_CLOSE_WAIT:
	case S_LAST_ACK:
		INJECT("F. 1:1(0) ack 1 win 65535");
		break;
	default:
		break;
	}
	if (state >= S_FIN_WAIT_1)
		OK(pd_shutdown(t, fd, SHUT_WR));
	if (state == S_CLOSING)
		INJECT("F. 1:1(0) ack 1 win 65535");
	if (state == S_FIN_WAIT_2 || state == S_TIME_WAIT)
		INJECT(". 1:1(0) ack 2 win 65535");
	if (state == S_TIME_WAIT)
		INJECT("F. 1:1(0) ack 2 win 65535");
}

static int
make(struct pd *t, enum state state)
{
	int fd;

	pd_renew(t);
	if (state < S_ESTAB || state == S_REFUSED)
		fd = begin_socket(t, state);
	else
		fd = pd_active(t, 0, 65535);
	if (state == S_SYN_RCVD)
		INJECT("S 0:0(0) win 65535 <mss 1460>");
	else if (state == S_REFUSED)
		INJECT("R. 0:0(0) ack 1 win 0");
	else if (state > S_ESTAB)
		go_on(t, fd, state);
	pd_forget(t);
	STATE(states[state].tcps);
	return (fd);
}

/* ---- Calls ---- */

static int
call_bind(struct pd *t, int fd)
{
	return (pd_bind(t, fd, 9500));
}

static int
call_accept(struct pd *t, int fd)
{
	return (-pd_accept(t, fd));
}

static int
call_send(struct pd *t, int fd)
{
	int n = pd_send(t, fd, 10, 0);

	return (n < 0 ? -n : n == 10 ? 0 : -1);
}

static int
call_recv(struct pd *t, int fd)
{
	return (-pd_recv(t, fd, 10, 0));
}

static int
call_recv_oob(struct pd *t, int fd)
{
	return (-pd_recv(t, fd, 1, MSG_OOB));
}

static int
call_shutdown_rd(struct pd *t, int fd)
{
	return (pd_shutdown(t, fd, SHUT_RD));
}

static int
call_shutdown_wr(struct pd *t, int fd)
{
	return (pd_shutdown(t, fd, SHUT_WR));
}

static int
call_shutdown_rdwr(struct pd *t, int fd)
{
	return (pd_shutdown(t, fd, SHUT_RDWR));
}

static int
call_getsockname(struct pd *t, int fd)
{
	struct vnet *saved = vnet_enter(t->vnet);
	struct sockaddr_storage ss;
	int error;

	error = kern_getsockname(fd, &ss);
	vnet_leave(saved);
	return (error);
}

static int
call_getpeername(struct pd *t, int fd)
{
	struct vnet *saved = vnet_enter(t->vnet);
	struct sockaddr_storage ss;
	int error;

	error = kern_getpeername(fd, &ss);
	vnet_leave(saved);
	return (error);
}

static int
call_so_option(struct pd *t, int fd)
{
	return (pd_setopt(t, fd, SOL_SOCKET, SO_KEEPALIVE, 1));
}

static int
call_ip_option(struct pd *t, int fd)
{
	return (t->af == AF_INET ? pd_setopt(t, fd, IPPROTO_IP, IP_TTL, 9) :
	    pd_setopt(t, fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9));
}

static int
call_tcp_option(struct pd *t, int fd)
{
	return (pd_setopt(t, fd, IPPROTO_TCP, TCP_NODELAY, 1));
}

static int
call_tcp_info(struct pd *t, int fd)
{
	struct vnet *saved = vnet_enter(t->vnet);
	struct tcp_info ti;
	size_t len = sizeof(ti);
	int error;

	error = kern_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &ti, &len);
	vnet_leave(saved);
	return (error);
}

static int
call_iwnd(struct pd *t, int fd)
{
	return (pd_setopt(t, fd, IPPROTO_TCP, TCP_IWND_NSEG, 2));
}

static int
call_encaps(struct pd *t, int fd)
{
	return (pd_setopt(t, fd, IPPROTO_TCP, TCP_REMOTE_UDP_ENCAPS_PORT, 0));
}

static int
call_block(struct pd *t, int fd)
{
	return (pd_setblock(t, fd, "none"));
}

static int
call_congestion(struct pd *t, int fd)
{
	struct vnet *saved = vnet_enter(t->vnet);
	int error;

	error = kern_setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "newreno", 7);
	vnet_leave(saved);
	return (error);
}

static int
call_fionread(struct pd *t, int fd)
{
	struct vnet *saved = vnet_enter(t->vnet);
	int error, n;

	error = kern_ioctl(fd, FIONREAD, &n);
	vnet_leave(saved);
	return (error);
}

/* ---- The table ---- */

#define	OK_		0
#define	INVAL		EINVAL
#define	NOTCONN		ENOTCONN
#define	ISCONN		EISCONN
#define	AGAIN		EWOULDBLOCK
#define	PIPE		EPIPE
#define	CRESET		ECONNRESET
#define	REFUSED		ECONNREFUSED

static const struct {
	const char	*name;
	int		(*func)(struct pd *, int);
	int		want[S_N];
} calls[] = {
	/*  new      bound    listen
	 *  SYN_SENT SYN_RCVD ESTAB
	 *  CLOSE_W  FIN_W_1  FIN_W_2  CLOSING  LAST_ACK TIME_W
	 *  reset    refused */
	{ "bind", call_bind, {
	    OK_, INVAL, INVAL,
	    INVAL, INVAL, INVAL,
	    INVAL, INVAL, INVAL, INVAL, INVAL, INVAL,
	    INVAL, INVAL } },
	{ "listen", call_listen, {
	    OK_, OK_, OK_,
	    INVAL, INVAL, INVAL,
	    INVAL, INVAL, INVAL, INVAL, INVAL, INVAL,
	    INVAL, INVAL } },
	{ "connect", pd_connect, {
	    EINPROGRESS, EINPROGRESS, EOPNOTSUPP,
	    EALREADY, EALREADY, ISCONN,
	    ISCONN, ISCONN, ISCONN, ISCONN, ISCONN, ISCONN,
	    REFUSED, REFUSED } },
	{ "accept", call_accept, {
	    INVAL, INVAL, AGAIN,
	    INVAL, INVAL, INVAL,
	    INVAL, INVAL, INVAL, INVAL, INVAL, INVAL,
	    INVAL, INVAL } },
	{ "send", call_send, {
	    NOTCONN, NOTCONN, NOTCONN,
	    NOTCONN, NOTCONN, OK_,
	    OK_, PIPE, PIPE, PIPE, PIPE, PIPE,
	    PIPE, PIPE } },
	{ "recv", call_recv, {
	    NOTCONN, NOTCONN, NOTCONN,
	    AGAIN, AGAIN, AGAIN,
	    OK_, AGAIN, AGAIN, OK_, OK_, OK_,
	    CRESET, REFUSED } },
	{ "recv MSG_OOB", call_recv_oob, {
	    INVAL, INVAL, NOTCONN,
	    INVAL, INVAL, INVAL,
	    INVAL, INVAL, INVAL, INVAL, INVAL, INVAL,
	    CRESET, CRESET } },
	{ "shutdown SHUT_RD", call_shutdown_rd, {
	    NOTCONN, NOTCONN, NOTCONN,
	    OK_, OK_, OK_,
	    OK_, OK_, OK_, OK_, OK_, NOTCONN,
	    NOTCONN, NOTCONN } },
	{ "shutdown SHUT_WR", call_shutdown_wr, {
	    NOTCONN, NOTCONN, NOTCONN,
	    OK_, OK_, OK_,
	    OK_, OK_, OK_, OK_, OK_, NOTCONN,
	    NOTCONN, NOTCONN } },
	{ "shutdown SHUT_RDWR", call_shutdown_rdwr, {
	    NOTCONN, NOTCONN, NOTCONN,
	    OK_, OK_, OK_,
	    OK_, OK_, OK_, OK_, OK_, NOTCONN,
	    NOTCONN, NOTCONN } },
	{ "getsockname", call_getsockname, {
	    OK_, OK_, OK_,
	    OK_, OK_, OK_,
	    OK_, OK_, OK_, OK_, OK_, OK_,
	    OK_, OK_ } },
	{ "getpeername", call_getpeername, {
	    NOTCONN, NOTCONN, NOTCONN,
	    NOTCONN, NOTCONN, OK_,
	    OK_, OK_, OK_, OK_, OK_, NOTCONN,
	    NOTCONN, NOTCONN } },
	{ "SO_KEEPALIVE", call_so_option, {
	    OK_, OK_, OK_,
	    OK_, OK_, OK_,
	    OK_, OK_, OK_, OK_, OK_, OK_,
	    OK_, OK_ } },
	{ "IP_TTL", call_ip_option, {
	    OK_, OK_, OK_,
	    OK_, OK_, OK_,
	    OK_, OK_, OK_, OK_, OK_, OK_,
	    OK_, OK_ } },
	{ "TCP_NODELAY", call_tcp_option, {
	    OK_, OK_, OK_,
	    OK_, OK_, OK_,
	    OK_, OK_, OK_, OK_, OK_, OK_,
	    CRESET, CRESET } },
	{ "TCP_INFO", call_tcp_info, {
	    OK_, OK_, OK_,
	    OK_, OK_, OK_,
	    OK_, OK_, OK_, OK_, OK_, OK_,
	    CRESET, CRESET } },
	{ "TCP_IWND_NSEG", call_iwnd, {
	    OK_, OK_, OK_,
	    OK_, OK_, INVAL,
	    INVAL, INVAL, INVAL, INVAL, INVAL, INVAL,
	    CRESET, CRESET } },
	{ "TCP_REMOTE_UDP_ENCAPS_PORT", call_encaps, {
	    OK_, OK_, INVAL,
	    INVAL, INVAL, INVAL,
	    INVAL, INVAL, INVAL, INVAL, INVAL, INVAL,
	    CRESET, CRESET } },
	{ "TCP_FUNCTION_BLK", call_block, {
	    ENOENT, ENOENT, ENOENT,
	    ENOENT, ENOENT, ENOENT,
	    ENOENT, ENOENT, ENOENT, ENOENT, ENOENT, ENOENT,
	    CRESET, CRESET } },
	{ "TCP_CONGESTION", call_congestion, {
	    OK_, OK_, OK_,
	    OK_, OK_, OK_,
	    OK_, OK_, OK_, OK_, OK_, OK_,
	    CRESET, CRESET } },
	{ "FIONREAD", call_fionread, {
	    OK_, OK_, OK_,
	    OK_, OK_, OK_,
	    OK_, OK_, OK_, OK_, OK_, OK_,
	    OK_, OK_ } }
};

/* All calls in one state, each on its own connection; then it is closed, and
 * the connection must end. */
static void
row(struct pd *t, enum state state)
{
	int error, fd;
	u_int i;

	for (i = 0; i < nitems(calls); i++) {
		pd_use(t, (int)i);
		fd = make(t, state);
		error = calls[i].func(t, fd);
		ATF_REQUIRE_MSG(error == calls[i].want[state],
		    "%s, %s: error %d, not %d", states[state].name,
		    calls[i].name, error, calls[i].want[state]);
		pd_forget(t);
		OK(pd_close(t, fd));
		pd_forget(t);
	}
}

#define	ROW(name, state)	PD_TEST(name) { row(t, state); }
ROW(new, S_NEW)
ROW(bound, S_BOUND)
ROW(listening, S_LISTEN)
ROW(syn_sent, S_SYN_SENT)
ROW(syn_received, S_SYN_RCVD)
ROW(established, S_ESTAB)
ROW(close_wait, S_CLOSE_WAIT)
ROW(fin_wait_1, S_FIN_WAIT_1)
ROW(fin_wait_2, S_FIN_WAIT_2)
ROW(closing, S_CLOSING)
ROW(last_ack, S_LAST_ACK)
ROW(time_wait, S_TIME_WAIT)
ROW(reset, S_RESET)
ROW(refused, S_REFUSED)

/* ---- Errors of tcp(4) ---- */

PD_TEST(eisconn)
{
	int fd = pd_active(t, 0, 65535);

	ERR(EISCONN, pd_connect(t, fd));
	STATE(TCPS_ESTABLISHED);
}

PD_TEST(enobufs)
{
	struct vnet *saved;
	int error, fd;

	/* No memory for a connection, nor for what is to be sent. */
	saved = vnet_enter(t->vnet);
	uma_zone_set_fault(uma_zone_find("tcpcb"), 0);
	error = kern_socket(t->af, SOCK_STREAM, 0, &fd);
	vnet_leave(saved);
	ERR(ENOBUFS, error);
	fd = pd_active(t, 0, 65535);
	saved = vnet_enter(t->vnet);
	uma_zone_set_fault(uma_zone_find("mbuf"), 0);
	vnet_leave(saved);
	ERR(-ENOBUFS, pd_send(t, fd, 10, 0));
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
	ERR(ENOBUFS, pd_setopt(t, fd, SOL_SOCKET, SO_SNDBUF, INT_MAX));
}

PD_TEST(etimedout)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 10);
	pd_pass(t, 3600 * PD_SEC);
	pd_forget(t);
	STATE(GONE);
	RECV_ERR(fd, ETIMEDOUT);
	RECV_EOF(fd);
	ERR(-EPIPE, pd_send(t, fd, 1, 0));
	/* And before there is a connection. */
	pd_use(t, 1);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	pd_pass(t, 75 * PD_SEC);
	pd_forget(t);
	ERR(ETIMEDOUT, SO_ERR(fd));
	ERR(0, SO_ERR(fd));
}

PD_TEST(econnreset)
{
	int fd = pd_active(t, 0, 65535);

	INJECT(". 1:11(10) ack 1 win 65535");
	INJECT("R. 11:11(0) ack 1 win 0");
	STATE(GONE);
	/* First what came before it. */
	RECV(fd, 10);
	RECV_ERR(fd, ECONNRESET);
	RECV_EOF(fd);
}

PD_TEST(econnrefused)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	INJECT("R. 0:0(0) ack 1 win 0");
	STATE(GONE);
	ERR(ECONNREFUSED, SO_ERR(fd));
}

PD_TEST(eaddrinuse)
{
	int fd = pd_socket(t), other = pd_socket(t);

	OK(pd_bind(t, fd, 9000));
	ERR(EADDRINUSE, pd_bind(t, other, 9000));
	OK(pd_bind(t, other, 9001));
	ERR(EINVAL, pd_bind(t, other, 9002));
}

/* A name of the test's family. */
static int
call_named(struct pd *t, int fd, const char *text4, const char *text6,
    uint16_t port, int (*func)(int, struct sockaddr *))
{
	struct sockaddr_storage ss;
	struct in6_addr a;
	struct vnet *saved;
	int error;

	memset(&ss, 0, sizeof(ss));
	ATF_REQUIRE_EQ(1, in_pton(t->af == AF_INET ? text4 : text6, &a));
	in_sockaddr_set(&ss, t->af, &a, port, 0);
	saved = vnet_enter(t->vnet);
	error = func(fd, (struct sockaddr *)&ss);
	vnet_leave(saved);
	return (error);
}

PD_TEST(eaddrnotavail)
{
	int fd = pd_socket(t);

	ERR(EADDRNOTAVAIL, call_named(t, fd, "192.0.2.77", "2001:db8::77",
	    9000, kern_bind));
	ERR(EADDRNOTAVAIL, call_named(t, fd, "192.0.2.2", "2001:db8::2", 0,
	    kern_connect));
}

PD_TEST(eafnosupport)
{
	struct sockaddr_storage ss;
	struct vnet *saved;
	int error, fd = pd_socket(t);

	ERR(EAFNOSUPPORT, call_named(t, fd, "224.0.0.5", "ff02::5", 9000,
	    kern_bind));
	ERR(EAFNOSUPPORT, call_named(t, fd, "224.0.0.5", "ff02::5", 9000,
	    kern_connect));
	/* Another family. */
	memset(&ss, 0, sizeof(ss));
	in_sockaddr_set(&ss, t->af == AF_INET ? AF_INET6 : AF_INET, &t->us,
	    9000, 0);
	saved = vnet_enter(t->vnet);
	error = kern_bind(fd, (struct sockaddr *)&ss);
	ERR(EAFNOSUPPORT, error);
	error = kern_connect(fd, (struct sockaddr *)&ss);
	ERR(EAFNOSUPPORT, error);
	ss.ss_len = 3;
	error = kern_bind(fd, (struct sockaddr *)&ss);
	ERR(EINVAL, error);
	error = kern_socket(99, SOCK_STREAM, 0, &fd);
	ERR(EAFNOSUPPORT, error);
	vnet_leave(saved);
}

PD_TEST4(eacces)
{
	int fd = pd_socket(t);

	ERR(EACCES, call_named(t, fd, "255.255.255.255", "", 9000,
	    kern_connect));
}

extern const struct malloc_type M_PCB[1];

/* Of connect(2) that fails nothing is left, so that it can be tried again. */
PD_TEST(connect_undone)
{
	const struct in6_addr any = t->af == AF_INET ?
	    in6_mapped((struct in_addr){ INADDR_ANY }) : in6addr_any;
	struct inpcb *inp;
	struct socket *so;
	struct vnet *saved;
	int error, fd = pd_socket(t);
	u_int i;

	saved = vnet_enter(t->vnet);
	OK(fd_getsock(fd, &so));
	inp = tptoinpcb(sototcpcb(so));
	/* Neither table is there yet; each is asked for in its turn. */
	for (i = 0; i < 2; i++) {
		malloc_type_stats(M_PCB)->ms_fault_after = i;
		error = call_named(t, fd, "192.0.2.9", "2001:db8::9", 9000,
		    kern_connect);
		malloc_type_stats(M_PCB)->ms_fault_after = UINT64_MAX;
		ERR(ENOMEM, error);
		ATF_CHECK(IN6_ARE_ADDR_EQUAL(&any, &inp->inp_laddr));
		ATF_CHECK(IN6_ARE_ADDR_EQUAL(&any, &inp->inp_faddr));
		ATF_CHECK_EQ(0, inp->inp_lport | inp->inp_fport);
		ATF_CHECK_EQ(0, inp->inp_flags & (INP_INHASH | INP_INPORT));
	}
	vnet_leave(saved);
	ERR(EINPROGRESS, pd_connect(t, fd));
	pd_skip(t);
}

static int
no_handoff(struct tcpcb *tp __unused)
{
	return (EINVAL);
}

/* A block that takes no connection that has begun. */
PD_TEST(einval)
{
	static struct tcp_function_block blk;
	int fd;

	blk = (struct tcp_function_block){ .tfb_tcp_handoff_ok = no_handoff };
	pd_addblock(t, &blk, "late");
	fd = pd_socket(t);
	OK(pd_setblock(t, fd, "late"));
	OK(pd_setblock(t, fd, "freebsd"));
	ERR(EINPROGRESS, pd_connect(t, fd));
	pd_skip(t);
	ERR(EINVAL, pd_setblock(t, fd, "late"));
	OK(pd_setblock(t, fd, "freebsd"));
}

PD_TEST(enoent)
{
	int fd = pd_active(t, 0, 65535);

	ERR(ENOENT, pd_setblock(t, fd, "none"));
}

/* ---- More than one call ---- */

/* accept(2) of one that was reset meanwhile. */
PD_TEST(accept_after_reset)
{
	int fd, lfd = pd_listen(t, 5);

	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <...>");
	INJECT(". 1:1(0) ack 1 win 65535");
	INJECT("R 1:1(0) win 0");
	ERR(-ECONNABORTED, pd_accept(t, lfd));
	ERR(-EWOULDBLOCK, pd_accept(t, lfd));
	/* One that has sent a FIN is there. */
	pd_use(t, 1);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <...>");
	INJECT("F. 1:1(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2");
	fd = pd_accept(t, lfd);
	ATF_REQUIRE(fd >= 0);
	RECV_EOF(fd);
}

/* A listener that is shut down lets those go who wait for a connection. */
PD_TEST(shutdown_listener)
{
	int lfd = pd_listen(t, 5);

	ERR(ENOTCONN, pd_shutdown(t, lfd, SHUT_WR));
	ERR(-EWOULDBLOCK, pd_accept(t, lfd));
	ERR(ENOTCONN, pd_shutdown(t, lfd, SHUT_RD));
	ATF_REQUIRE((pd_poll(t, lfd) & SOPOLL_ERR) != 0);
	ERR(-ECONNABORTED, pd_accept(t, lfd));
	ERR(-EWOULDBLOCK, pd_accept(t, lfd));
}

/* Shut down before the handshake is over: it goes on, and a FIN follows. */
PD_TEST(shutdown_in_syn_sent)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	OK(pd_shutdown(t, fd, SHUT_WR));
	STATE(TCPS_SYN_SENT);
	ERR(-EPIPE, pd_send(t, fd, 1, 0));
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT("F. 1:1(0) ack 1");
	STATE(TCPS_FIN_WAIT_1);
	INJECT("P. 1:11(10) ack 2 win 65535");
	RECV(fd, 10);
	STATE(TCPS_FIN_WAIT_2);
	INJECT("F. 11:11(0) ack 2 win 65535");
	EXPECT(". 2:2(0) ack 12");
	STATE(TCPS_TIME_WAIT);
}

/* No reading any more: what comes is acknowledged and forgotten. */
PD_TEST(shutdown_read)
{
	int fd = pd_active(t, 0, 65535);

	INJECT(". 1:11(10) ack 1 win 65535");
	OK(pd_shutdown(t, fd, SHUT_RD));
	RECV_EOF(fd);
	INJECT(". 11:21(10) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 21");
	RECV_EOF(fd);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 21");
	INJECT(". 21:21(0) ack 11 win 65535");
}

/* What is not a descriptor of a socket. */
PD_TEST(descriptors)
{
	struct vnet *saved;
	int kq;

	saved = vnet_enter(t->vnet);
	OK(kern_kqueue(&kq));
	ERR(ENOTSOCK, kern_listen(kq, 1));
	ERR(ENOTSOCK, kern_shutdown(kq, SHUT_WR));
	ERR(EBADF, kern_listen(99, 1));
	ERR(EBADF, kern_close(-1));
	vnet_leave(saved);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, new);
	ATF_TP_ADD_TC(tp, bound);
	ATF_TP_ADD_TC(tp, listening);
	ATF_TP_ADD_TC(tp, syn_sent);
	ATF_TP_ADD_TC(tp, syn_received);
	ATF_TP_ADD_TC(tp, established);
	ATF_TP_ADD_TC(tp, close_wait);
	ATF_TP_ADD_TC(tp, fin_wait_1);
	ATF_TP_ADD_TC(tp, fin_wait_2);
	ATF_TP_ADD_TC(tp, closing);
	ATF_TP_ADD_TC(tp, last_ack);
	ATF_TP_ADD_TC(tp, time_wait);
	ATF_TP_ADD_TC(tp, reset);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, eisconn);
	ATF_TP_ADD_TC(tp, enobufs);
	ATF_TP_ADD_TC(tp, etimedout);
	ATF_TP_ADD_TC(tp, econnreset);
	ATF_TP_ADD_TC(tp, econnrefused);
	ATF_TP_ADD_TC(tp, eaddrinuse);
	ATF_TP_ADD_TC(tp, eaddrnotavail);
	ATF_TP_ADD_TC(tp, eafnosupport);
	ATF_TP_ADD_TC(tp, eacces);
	ATF_TP_ADD_TC(tp, connect_undone);
	ATF_TP_ADD_TC(tp, einval);
	ATF_TP_ADD_TC(tp, enoent);
	ATF_TP_ADD_TC(tp, accept_after_reset);
	ATF_TP_ADD_TC(tp, shutdown_listener);
	ATF_TP_ADD_TC(tp, shutdown_in_syn_sent);
	ATF_TP_ADD_TC(tp, shutdown_read);
	ATF_TP_ADD_TC(tp, descriptors);
	return (atf_no_error());
}
