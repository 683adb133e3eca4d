/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The variables by which other programs see and touch connections: what
 * they tell, and that what is malformed is refused and changes nothing.
 */
#include "pkt.h"

#include <netinet/tcp_export.h>

#define	LIST_MAX	64

struct list {
	struct xinpgen	first;
	struct xtcpcb	pcb[LIST_MAX];
};

/* A request as the control socket makes it, in a turn of the host. */
static int
ask(struct pd *t, const char *name, void *old, size_t *lenp,
    const void *new, size_t newlen)
{
	struct vnet *saved = vnet_enter(t->vnet);
	int error;

	error = kernel_sysctlbyname(name, old, lenp, new, newlen);
	vnet_leave(saved);
	return (error);
}

static uint64_t
state_count(struct pd *t, int state)
{
	uint64_t n[TCP_XSTATES];
	size_t len = sizeof(n);

	ATF_REQUIRE_EQ(0, ask(t, "net.inet.tcp.states", n, &len, NULL, 0));
	ATF_REQUIRE_EQ(sizeof(n), len);
	return (n[state]);
}

/* pcblist's connections, or (page not NULL) pcbpage's: how many. */
static size_t
list(struct pd *t, struct list *l, const struct xpcbpage *page)
{
	size_t len = sizeof(*l);

	ATF_REQUIRE_EQ(0, ask(t, page == NULL ?
	    "net.inet.tcp.pcblist" : "net.inet.tcp.pcbpage", l, &len, page,
	    page == NULL ? 0 : sizeof(*page)));
	ATF_REQUIRE(len >= 2 * sizeof(struct xinpgen));
	len -= 2 * sizeof(struct xinpgen);
	ATF_REQUIRE_EQ(0, len % sizeof(struct xtcpcb));
	return (len / sizeof(struct xtcpcb));
}

static int
put(struct pd *t, const char *name, const void *new, size_t len)
{
	return (ask(t, name, NULL, NULL, new, len));
}

/* The ends of connection 0. */
static struct xin_conninfo
ends(struct pd *t)
{
	const struct in_conninfo *inc = &pd_tcpcb(t)->t_inpcb.inp_inc;
	struct xin_conninfo xic;

	memset(&xic, 0, sizeof(xic));
	memcpy(xic.xic_faddr, &inc->inc_faddr, 16);
	memcpy(xic.xic_laddr, &inc->inc_laddr, 16);
	xic.xic_fport = inc->inc_fport;
	xic.xic_lport = inc->inc_lport;
	xic.xic_scope = inc->inc_scope;
	return (xic);
}

PD_TEST(states_listed)
{
	static struct list l;
	int lfd = pd_listen(t, 5);

	(void)lfd;
	ATF_REQUIRE_EQ(1, list(t, &l, NULL));
	ATF_CHECK_EQ(1, l.first.xig_count);
	ATF_CHECK_EQ(TCPS_LISTEN, l.pcb[0].t_state);
	ATF_CHECK_EQ(5, l.pcb[0].so_qlimit);
	ATF_CHECK_EQ(PD_PORT, l.pcb[0].inp_inc.xic_lport);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 <...>");
	ATF_REQUIRE_EQ(2, list(t, &l, NULL));
	ATF_CHECK_EQ(TCPS_SYN_RECEIVED, l.pcb[1].t_state);
	ATF_CHECK_EQ(PD_PEERPORT, l.pcb[1].inp_inc.xic_fport);
	ATF_CHECK_EQ(1, l.pcb[0].so_incqlen);
	INJECT(". 1:1(0) ack 1 win 65535");
	ATF_REQUIRE_EQ(2, list(t, &l, NULL));
	ATF_CHECK_EQ(TCPS_ESTABLISHED, l.pcb[1].t_state);
	ATF_CHECK_EQ(1, l.pcb[0].so_qlen);
	ATF_CHECK_EQ(1460, l.pcb[1].t_maxseg);
	ATF_CHECK_STREQ("freebsd", l.pcb[1].xt_stack);
	ATF_CHECK_STREQ("cubic", l.pcb[1].xt_cc);
	ATF_CHECK_EQ(1, state_count(t, TCPS_LISTEN));
	ATF_CHECK_EQ(0, state_count(t, TCPS_SYN_RECEIVED));
	ATF_CHECK_EQ(1, state_count(t, TCPS_ESTABLISHED));
}

PD_TEST(timers)
{
	static struct list l;
	int fd = pd_active(t, 0, 65535);

	OK(pd_send(t, fd, 100, 0) - 100);
	EXPECT("P. 1:101(100) ack 1");
	ADVANCE(30 * PD_MSEC);
	ATF_REQUIRE_EQ(1, list(t, &l, NULL));
	ATF_CHECK(l.pcb[0].tt_rexmt > 0 && l.pcb[0].tt_rexmt <= 1000 - 30);
	ATF_CHECK_EQ(0, l.pcb[0].tt_persist);
	ATF_CHECK_EQ(30, l.pcb[0].t_rcvtime);
	ATF_CHECK_EQ(100, l.pcb[0].so_snd.sb_cc);
}

PD_TEST(list_bounds)
{
	static struct list l;
	struct xpcbpage xpp = { .xpp_max = 2 };
	uint64_t last;
	size_t len;
	char c = 0;
	int i;

	for (i = 0; i < 5; i++)
		ATF_REQUIRE(pd_socket(t) >= 0);
	/* The size alone, with room for more. */
	len = 0;
	ATF_REQUIRE_EQ(0, ask(t, "net.inet.tcp.pcblist", NULL,
	    &len, NULL, 0));
	ATF_CHECK(len >= 2 * sizeof(struct xinpgen) +
	    5 * sizeof(struct xtcpcb));
	len = 100;
	ATF_CHECK_EQ(ENOMEM, ask(t, "net.inet.tcp.pcblist", &l,
	    &len, NULL, 0));
	ATF_CHECK_EQ(EPERM, put(t, "net.inet.tcp.pcblist", &c, 1));
	/* Two, two and one. */
	ATF_REQUIRE_EQ(2, list(t, &l, &xpp));
	xpp.xpp_after = last = l.pcb[1].inp_gencnt;
	ATF_REQUIRE_EQ(2, list(t, &l, &xpp));
	ATF_CHECK(l.pcb[0].inp_gencnt > last);
	xpp.xpp_after = l.pcb[1].inp_gencnt;
	ATF_REQUIRE_EQ(1, list(t, &l, &xpp));
	xpp.xpp_after = UINT64_MAX;
	ATF_REQUIRE_EQ(0, list(t, &l, &xpp));
	xpp.xpp_max = 0;
	ATF_CHECK_EQ(EINVAL, put(t, "net.inet.tcp.pcbpage", &xpp, sizeof(xpp)));
	xpp.xpp_max = UINT32_MAX;
	ATF_CHECK_EQ(EINVAL, put(t, "net.inet.tcp.pcbpage", &xpp, sizeof(xpp)));
	ATF_CHECK_EQ(EINVAL, put(t, "net.inet.tcp.pcbpage", &xpp, 3));
}

/* Whose they are, and under which descriptor. */
PD_TEST(owner)
{
	static struct list l;
	struct xin_conninfo xic;
	struct xucred xuc;
	size_t len = sizeof(xuc);
	int fd, lfd;

	lfd = pd_listen(t, 5);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 <...>");
	ATF_REQUIRE_EQ(2, list(t, &l, NULL));
	ATF_CHECK_EQ(lfd, l.pcb[0].so_fd);
	ATF_CHECK_EQ(TCPS_SYN_RECEIVED, l.pcb[1].t_state);
	ATF_CHECK_EQ(-1, l.pcb[1].so_fd);
	ATF_CHECK_EQ(4711, l.pcb[1].so_pid);
	ATF_CHECK_EQ(1001, l.pcb[1].so_uid);
	ATF_CHECK_STREQ("pd", l.pcb[1].so_comm);
	xic = l.pcb[1].inp_inc;
	ATF_CHECK_EQ(0, ask(t, "net.inet.tcp.getcred", &xuc, &len, &xic,
	    sizeof(xic)));
	ATF_CHECK_EQ(sizeof(xuc), len);
	ATF_CHECK_EQ(4711, xuc.cr_pid);
	ATF_CHECK_EQ(1001, xuc.cr_uid);
	ATF_CHECK_EQ(1002, xuc.cr_gid);
	xic.xic_fport++;
	ATF_CHECK_EQ(ENOENT, put(t, "net.inet.tcp.getcred", &xic,
	    sizeof(xic)));
	ATF_CHECK_EQ(EINVAL, put(t, "net.inet.tcp.getcred", NULL, 0));
	ATF_CHECK_EQ(EINVAL, put(t, "net.inet.tcp.getcred", &xic,
	    sizeof(xic) - 1));
	/* Established, it waits for accept; then it has one; then none. */
	INJECT(". 1:1(0) ack 1 win 65535");
	ATF_REQUIRE_EQ(2, list(t, &l, NULL));
	ATF_CHECK_EQ(-1, l.pcb[1].so_fd);
	fd = pd_accept(t, lfd);
	ATF_REQUIRE_EQ(2, list(t, &l, NULL));
	ATF_CHECK_EQ(fd, l.pcb[1].so_fd);
	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1");
	ATF_REQUIRE_EQ(2, list(t, &l, NULL));
	ATF_CHECK_EQ(-1, l.pcb[1].so_fd);
	ATF_CHECK_EQ(4711, l.pcb[1].so_pid);
}

PD_TEST(drop)
{
	struct xin_conninfo bad, xic;
	int fd = pd_active(t, 0, 65535);
	char more[sizeof(xic) + 1];

	xic = ends(t);
	memset(more, 0, sizeof(more));
	memcpy(more, &xic, sizeof(xic));
	ATF_CHECK_EQ(EPERM, put(t, "net.inet.tcp.drop", NULL, 0));
	ATF_CHECK_EQ(ENOMEM, put(t, "net.inet.tcp.drop", &xic, 0));
	ATF_CHECK_EQ(ENOMEM, put(t, "net.inet.tcp.drop", &xic,
	    sizeof(xic) - 1));
	ATF_CHECK_EQ(EINVAL, put(t, "net.inet.tcp.drop", more, sizeof(more)));
	bad = xic;
	bad.xic_faddr[10] ^= 0xff;
	bad.xic_faddr[0] = 0xfd;
	bad.xic_faddr[11] ^= 0xff;
	bad.xic_laddr[0] = 0;
	bad.xic_laddr[10] = bad.xic_laddr[11] = 0xff;
	memset(bad.xic_laddr, 0, 10);
	ATF_CHECK_EQ(EINVAL, put(t, "net.inet.tcp.drop", &bad, sizeof(bad)));
	bad = xic;
	bad.xic_fport = 0;
	ATF_CHECK_EQ(EINVAL, put(t, "net.inet.tcp.drop", &bad, sizeof(bad)));
	bad.xic_fport = (uint16_t)(xic.xic_fport + 1);
	ATF_CHECK_EQ(ESRCH, put(t, "net.inet.tcp.drop", &bad, sizeof(bad)));
	NOTHING();
	STATE(TCPS_ESTABLISHED);
	ATF_CHECK_EQ(0, put(t, "net.inet.tcp.drop", &xic, sizeof(xic)));
	EXPECT("R. 1:1(0) ack 1");
	ATF_CHECK_EQ(-ECONNABORTED, pd_recv(t, fd, 1, 0));
	ATF_CHECK_EQ(ESRCH, put(t, "net.inet.tcp.drop", &xic, sizeof(xic)));
}

/* The fixed part, a value, and one byte too many. */
union setopt {
	struct sockopt_parameters sop;
	char		bytes[sizeof(struct sockopt_parameters) + 2048 + 1];
};

PD_TEST(setsockopt)
{
	static union setopt so;
	struct sockopt_parameters *sop = &so.sop;
	size_t len = sizeof(*sop) + sizeof(int);
	int fd = pd_active(t, 0, 65535), on = 1;

	sop->sop_inc = ends(t);
	sop->sop_level = IPPROTO_TCP;
	sop->sop_optname = TCP_NODELAY;
	memcpy(sop->sop_optval, &on, sizeof(on));
	ATF_CHECK_EQ(EPERM, put(t, "net.inet.tcp.setsockopt", NULL, 0));
	ATF_CHECK_EQ(ENOMEM, put(t, "net.inet.tcp.setsockopt", &so,
	    sizeof(*sop) - 1));
	ATF_CHECK_EQ(EINVAL, put(t, "net.inet.tcp.setsockopt", &so,
	    sizeof(*sop)));
	ATF_CHECK_EQ(EINVAL, put(t, "net.inet.tcp.setsockopt", &so, len - 1));
	ATF_CHECK_EQ(E2BIG, put(t, "net.inet.tcp.setsockopt", &so,
	    sizeof(*sop) + 2049));
	sop->sop_inc.xic_lport ^= 1;
	ATF_CHECK_EQ(ESRCH, put(t, "net.inet.tcp.setsockopt", &so, len));
	sop->sop_inc.xic_lport = 0;
	ATF_CHECK_EQ(EINVAL, put(t, "net.inet.tcp.setsockopt", &so, len));
	sop->sop_id = UINT64_MAX;
	ATF_CHECK_EQ(ESRCH, put(t, "net.inet.tcp.setsockopt", &so, len));
	sop->sop_id = pd_tcpcb(t)->t_inpcb.inp_gencnt;
	sop->sop_optname = 12345;
	ATF_CHECK_EQ(ENOPROTOOPT, put(t, "net.inet.tcp.setsockopt", &so, len));
	ATF_CHECK_EQ(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_NODELAY));
	/* By number, then by the ends. */
	sop->sop_optname = TCP_NODELAY;
	ATF_CHECK_EQ(0, put(t, "net.inet.tcp.setsockopt", &so, len));
	ATF_CHECK_EQ(1, pd_getopt(t, fd, IPPROTO_TCP, TCP_NODELAY));
	sop->sop_id = 0;
	sop->sop_inc = ends(t);
	memset(sop->sop_optval, 0, sizeof(int));
	ATF_CHECK_EQ(0, put(t, "net.inet.tcp.setsockopt", &so, len));
	ATF_CHECK_EQ(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_NODELAY));
}

PD_TEST(stats)
{
	struct tcpstat ts;
	size_t len = sizeof(ts);
	char c = 1;

	(void)pd_active(t, 0, 65535);
	ATF_REQUIRE_EQ(0, ask(t, "net.inet.tcp.stats", &ts, &len,
	    NULL, 0));
	ATF_CHECK_EQ(sizeof(ts), len);
	ATF_CHECK_EQ(1, ts.tcps_connattempt);
	ATF_CHECK_EQ(1, ts.tcps_connects);
	ATF_CHECK_EQ(0, put(t, "net.inet.tcp.stats", &c, 1));
	len = sizeof(ts);
	ATF_REQUIRE_EQ(0, ask(t, "net.inet.tcp.stats", &ts, &len, NULL, 0));
	ATF_CHECK_EQ(0, ts.tcps_connattempt);
	ATF_CHECK_EQ(1, state_count(t, TCPS_ESTABLISHED));
}

PD_TEST(function_info)
{
	struct tcp_function_info tfi;
	size_t len = sizeof(tfi);

	(void)pd_active(t, 0, 65535);
	ATF_REQUIRE_EQ(0, ask(t, "net.inet.tcp.function_info",
	    &tfi, &len, NULL, 0));
	ATF_CHECK_EQ(sizeof(tfi), len);
	ATF_CHECK_STREQ("freebsd", tfi.tfi_name);
	ATF_CHECK_STREQ("freebsd", tfi.tfi_alias);
	ATF_CHECK_EQ(1, tfi.tfi_refcnt);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, states_listed);
	ATF_TP_ADD_TC(tp, timers);
	ATF_TP_ADD_TC(tp, list_bounds);
	ATF_TP_ADD_TC(tp, owner);
	ATF_TP_ADD_TC(tp, drop);
	ATF_TP_ADD_TC(tp, setsockopt);
	ATF_TP_ADD_TC(tp, stats);
	ATF_TP_ADD_TC(tp, function_info);
	return (atf_no_error());
}
