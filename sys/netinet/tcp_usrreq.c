/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What users ask of TCP (RFC 9293, 3.10.1 to 3.10.6): the requests of
 * struct protosw, and the options of level IPPROTO_TCP.
 *
 * A pcb that is INP_DROPPED belongs to a connection that is over; requests
 * answer as FreeBSD's do, mostly ECONNRESET or EINVAL.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/protosw.h>
#include <sys/socketvar.h>
#include <sys/sockopt.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_fastopen.h>
#include <netinet/tcp_timewait.h>
#include <netinet/tcp_var.h>
#include <netipsec/tcp_sig.h>

static bool
tcp_is_over(const struct tcpcb *tp)
{
	return ((tp->t_inpcb.inp_flags & INP_DROPPED) != 0);
}

static int
tcp_user_af(const struct tcpcb *tp)
{
	return ((tp->t_inpcb.inp_flags & INP_V6SOCKET) != 0 ? AF_INET6 :
	    AF_INET);
}

/* ---- Birth and end ---- */

static int
tcp_usr_attach(struct socket *so, int proto __unused)
{
	struct tcpcb *tp;
	int error;

	if (so->so_snd.sb_hiwat == 0 || so->so_rcv.sb_hiwat == 0) {
		error = soreserve(so, (u_long)V_tcp_sendspace,
		    (u_long)V_tcp_recvspace);
		if (error != 0)
			return (error);
		so->so_snd.sb_flags |= SB_AUTOSIZE;
		so->so_rcv.sb_flags |= SB_AUTOSIZE;
	}
	if ((tp = tcp_newtcpcb(so)) == NULL)
		return (ENOBUFS);
	if (so->so_proto->pr_family == AF_INET6) {
		tp->t_inpcb.inp_flags |= INP_V6SOCKET;
		tp->t_inpcb.inp_vflag = INP_IPV4 | INP_IPV6;
		tp->t_inpcb.inp_laddr = tp->t_inpcb.inp_faddr = in6addr_any;
	} else {
		tp->t_inpcb.inp_vflag = INP_IPV4;
		tp->t_inpcb.inp_laddr = tp->t_inpcb.inp_faddr =
		    in6_mapped((struct in_addr){ INADDR_ANY });
	}
	so->so_pcb = tp;
	return (0);
}

/* The peer has all we sent, and nobody reads: no socket is needed. */
static bool
tcp_needs_no_socket(const struct tcpcb *tp)
{
	return (tp->t_state == TCPS_FIN_WAIT_2 ||
	    tp->t_state == TCPS_TIME_WAIT);
}

/* The socket goes, and the connection, unless it can stay without it. */
static void
tcp_usr_detach(struct socket *so)
{
	struct tcpcb *tp = sototcpcb(so);

	so->so_pcb = NULL;
	tp->t_inpcb.inp_socket = NULL;
	if (!tcp_needs_no_socket(tp))
		tcp_free(tp);
	else if (tp->t_state == TCPS_TIME_WAIT)
		(void)tcp_tw_compress(tp);
}

/* The user sends no more: which state follows (RFC 9293, 3.10.4). */
static void
tcp_usrclosed(struct tcpcb *tp)
{
	switch (tp->t_state) {
	case TCPS_SYN_SENT:
		/* Text that was given before connecting still goes. */
		if ((tp->t_flags & TF_FASTOPEN) != 0) {
			tp->t_flags |= TF_NEEDFIN;
			break;
		}
		/* FALLTHROUGH */
	case TCPS_CLOSED:
	case TCPS_LISTEN:
		tcp_close(tp);
		break;
	case TCPS_SYN_RECEIVED:
		tp->t_flags |= TF_NEEDFIN;
		break;
	case TCPS_ESTABLISHED:
		tcp_state_change(tp, TCPS_FIN_WAIT_1);
		break;
	case TCPS_CLOSE_WAIT:
		tcp_state_change(tp, TCPS_LAST_ACK);
		break;
	default:
		break;
	}
}

/*
 * Nobody reads or writes any more.  With SO_LINGER and no time the peer gets
 * a reset; else what is buffered is sent, then a FIN.
 */
static void
tcp_disconnect(struct tcpcb *tp)
{
	struct socket *so = tptosocket(tp);

	if (tp->t_state < TCPS_SYN_SENT || (tp->t_state == TCPS_SYN_SENT &&
	    (tp->t_flags & TF_FASTOPEN) == 0)) {
		tcp_close(tp);
		return;
	}
	if ((so->so_options & SO_LINGER) != 0 && so->so_linger == 0) {
		tcp_drop(tp, 0);
		return;
	}
	soisdisconnecting(so);
	sbflush(&so->so_rcv);
	tcp_usrclosed(tp);
	if (tcp_is_over(tp))
		return;
	if (tp->t_state == TCPS_FIN_WAIT_2)
		tcp_timer_activate(tp, TT_2MSL, tcp_finwait2_time(tp));
	tcp_output_later(tp);
}

static int
tcp_usr_disconnect(struct socket *so)
{
	struct tcpcb *tp = sototcpcb(so);

	if (tcp_is_over(tp))
		return (ECONNRESET);
	if (tp->t_state != TCPS_TIME_WAIT)
		tcp_disconnect(tp);
	return (0);
}

static void
tcp_usr_close(struct socket *so)
{
	struct tcpcb *tp = sototcpcb(so);

	if (tcp_is_over(tp) || tp->t_state == TCPS_TIME_WAIT ||
	    (so->so_state & (SS_ISDISCONNECTING | SS_ISDISCONNECTED)) != 0)
		return;
	tcp_disconnect(tp);
}

static void
tcp_usr_abort(struct socket *so)
{
	struct tcpcb *tp = sototcpcb(so);

	if (tcp_is_over(tp) || tp->t_state == TCPS_TIME_WAIT)
		return;
	/* A handshake that was begun by the peer goes without a word: the
	 * peer may be the one honest client in a flood (RFC 4987). */
	if (tp->t_state == TCPS_SYN_RECEIVED &&
	    (tp->t_flags & (TF_ACTIVEOPEN | TF_FASTOPEN)) == 0)
		tcp_close(tp);
	else
		tcp_drop(tp, ECONNABORTED);
}

static int
tcp_usr_shutdown(struct socket *so, int how __unused)
{
	struct tcpcb *tp = sototcpcb(so);

	if (tcp_is_over(tp))
		return (ECONNRESET);
	tcp_usrclosed(tp);
	if (!tcp_is_over(tp))
		tcp_output_later(tp);
	return (0);
}

/* ---- Names ---- */

static int
tcp_usr_bind(struct socket *so, struct sockaddr *nam)
{
	struct tcpcb *tp = sototcpcb(so);

	if (tcp_is_over(tp))
		return (EINVAL);
	return (in_pcbbind(&V_tcbinfo, tptoinpcb(tp), nam));
}

static int
tcp_usr_listen(struct socket *so, int backlog)
{
	struct tcpcb *tp = sototcpcb(so);
	struct inpcb *inp = tptoinpcb(tp);
	int error;

	if (tcp_is_over(tp))
		return (EINVAL);
	if ((error = solisten_proto_check(so)) != 0)
		return (error);
	if ((inp->inp_flags & INP_INPORT) == 0 &&
	    (error = in_pcbbind(&V_tcbinfo, inp, NULL)) != 0)
		return (error);
	if ((error = solisten_proto(so, backlog)) != 0)
		return (error);
	tcp_state_change(tp, TCPS_LISTEN);
	return (0);
}

static int
tcp_usr_accept(struct socket *so, struct sockaddr_storage *ss)
{
	struct tcpcb *tp = sototcpcb(so);
	struct inpcb *inp = tptoinpcb(tp);

	if ((so->so_state & SS_ISDISCONNECTED) != 0 || tcp_is_over(tp))
		return (ECONNABORTED);
	in_sockaddr_set(ss, tcp_user_af(tp), &inp->inp_faddr,
	    inp->inp_fport, inp->inp_inc.inc_scope);
	return (0);
}

static int
tcp_usr_sockaddr(struct socket *so, struct sockaddr_storage *ss)
{
	struct inpcb *inp = tptoinpcb(sototcpcb(so));

	in_sockaddr_set(ss, tcp_user_af(sototcpcb(so)), &inp->inp_laddr,
	    inp->inp_lport, inp->inp_inc.inc_scope);
	return (0);
}

static int
tcp_usr_peeraddr(struct socket *so, struct sockaddr_storage *ss)
{
	struct inpcb *inp = tptoinpcb(sototcpcb(so));

	in_sockaddr_set(ss, tcp_user_af(sototcpcb(so)), &inp->inp_faddr,
	    inp->inp_fport, inp->inp_inc.inc_scope);
	return (0);
}

/* ---- Connecting ---- */

/* Active OPEN: the SYN leaves when the batch ends. */
static void
tcp_connect_start(struct tcpcb *tp)
{
	tp->iss = tcp_new_isn(&tp->t_inpcb.inp_inc);
	tp->snd_una = tp->snd_nxt = tp->snd_max = tp->snd_up = tp->iss;
	tp->snd_recover = tp->snd_fack = tp->t_loss_edge = tp->iss;
	tp->t_round_end = tp->iss;
	tp->ts_offset = tcp_new_ts_offset(&tp->t_inpcb.inp_inc);
	tp->t_flags |= TF_ACTIVEOPEN;
	tcp_ecn_connect(tp);
	if ((tp->t_flags & TF_NOOPT) != 0)
		tp->t_flags &= ~(TF_REQ_SCALE | TF_REQ_TSTMP |
		    TF_SACK_PERMIT);
	if ((tp->t_flags & TF_FASTOPEN) != 0)
		tcp_fastopen_connect(tp);
	tcp_state_change(tp, TCPS_SYN_SENT);
	tcp_timer_activate(tp, TT_KEEP, tcp_keepinit_of(tp));
	TCPSTAT_INC(tcps_connattempt);
}

/* All of connect(2) but the SYN itself. */
static int
tcp_connect(struct socket *so, struct sockaddr *nam)
{
	struct tcpcb *tp = sototcpcb(so);
	struct inpcb *inp = tptoinpcb(tp);
	struct in6_addr faddr;
	uint32_t scope;
	uint16_t port;
	int error;

	if (tcp_is_over(tp))
		return (ECONNREFUSED);
	if (tp->t_state != TCPS_CLOSED)
		return (EINVAL);
	error = in_sockaddr_get(nam, tcp_user_af(tp), &faddr, &port, &scope);
	if (error != 0)
		return (error);
	if (in_multicast(&faddr) || port == 0 || (IN6_IS_ADDR_V4MAPPED(&faddr) &&
	    in6_unmapped(&faddr).s_addr == INADDR_BROADCAST))
		return (in_multicast(&faddr) ? EAFNOSUPPORT : EADDRNOTAVAIL);
	if (IN6_IS_ADDR_V4MAPPED(&faddr) ? (inp->inp_vflag & INP_IPV4) == 0 :
	    (inp->inp_vflag & INP_IPV6) == 0)
		return (EINVAL);
	/* The unspecified address means this host. */
	if (in_any(&faddr))
		faddr = IN6_IS_ADDR_V4MAPPED(&faddr) ?
		    in6_mapped((struct in_addr){ htonl(INADDR_LOOPBACK) }) :
		    in6addr_loopback;
	error = in_pcbconnect(&V_tcbinfo, inp, &faddr, port, scope);
	if (error != 0)
		return (error);
	tcp_connect_start(tp);
	soisconnecting(so);
	return (0);
}

static int
tcp_connect_syn(struct socket *so)
{
	struct tcpcb *tp = sototcpcb(so);
	int error;

	error = tcp_output(tp);
	if (error != 0) {
		so->so_state &= ~SS_ISCONNECTING;
		tcp_close(tp);
	}
	return (error);
}

static int
tcp_usr_connect(struct socket *so, struct sockaddr *nam)
{
	int error;

	error = tcp_connect(so, nam);
	return (error != 0 ? error : tcp_connect_syn(so));
}

/* ---- Data ---- */

static int
tcp_usr_send(struct socket *so, int flags, struct mbuf *m,
    struct sockaddr *nam)
{
	struct tcpcb *tp = sototcpcb(so);
	bool connect = nam != NULL && tp->t_state < TCPS_SYN_SENT;
	int error = 0;

	if (tcp_is_over(tp)) {
		m_freem(m);
		return (ECONNRESET);
	}
	if (connect && (error = tcp_connect(so, nam)) != 0) {
		m_freem(m);
		return (error);
	}
	sbappendstream(&so->so_snd, m, flags);
	/* The SYN may take text along. */
	if (connect && (error = tcp_connect_syn(so)) != 0)
		return (error);
	if ((flags & PRUS_OOB) != 0)
		/* The byte after the urgent data (RFC 9293, 3.8.5). */
		tp->snd_up = tp->snd_una + sbavail(&so->so_snd) +
		    (tp->t_state < TCPS_ESTABLISHED);
	if ((flags & PRUS_EOF) != 0) {
		socantsendmore(so);
		tcp_usrclosed(tp);
		if (tcp_is_over(tp))
			return (0);
	}
	if ((flags & PRUS_MORETOCOME) != 0)
		tp->t_flags |= TF_MORETOCOME;
	else
		tp->t_flags &= ~TF_MORETOCOME;
	tcp_output_later(tp);
	return (0);
}

/* The reader took bytes: the window may be worth an update. */
static int
tcp_usr_rcvd(struct socket *so, int flags __unused)
{
	struct tcpcb *tp = sototcpcb(so);

	if (tcp_is_over(tp))
		return (ECONNRESET);
	if (TCPS_HAVEESTABLISHED(tp->t_state))
		tcp_output_later(tp);
	return (0);
}

/* Urgent data stays in the stream: there is nothing out of band to read
 * (RFC 6093). */
static int
tcp_usr_rcvoob(struct socket *so __unused, struct mbuf *m __unused,
    int flags __unused)
{
	return (EINVAL);
}

/* ---- Options ---- */

void
tcp_fill_info(struct tcpcb *tp, struct tcp_info *ti)
{
	const struct socket *so = tptosocket(tp);
	u_int mss = MAX(tcp_fixed_maxseg(tp), 1);
	nstime_t now = getnstime();

	memset(ti, 0, sizeof(*ti));
	ti->tcpi_state = tp->t_state;
	ti->__tcpi_ca_state = (tp->t_flags2 & TF2_RTOLOSS) != 0 ? 4 :
	    IN_FASTRECOVERY(tp->t_flags) ? 3 : 0;
	ti->__tcpi_retransmits = (uint8_t)tp->t_rxtshift;
	ti->__tcpi_backoff = (uint8_t)tp->t_rxtshift;
	ti->__tcpi_probes = (uint8_t)tp->t_keepprobes;
	if ((tp->t_flags & TF_RCVD_TSTMP) != 0)
		ti->tcpi_options |= TCPI_OPT_TIMESTAMPS;
	if ((tp->t_flags & TF_SACK_PERMIT) != 0)
		ti->tcpi_options |= TCPI_OPT_SACK;
	if ((tp->t_flags & TF_RCVD_SCALE) != 0) {
		ti->tcpi_options |= TCPI_OPT_WSCALE;
		ti->tcpi_snd_wscale = tp->snd_scale & 0xf;
		ti->tcpi_rcv_wscale = tp->rcv_scale & 0xf;
	}
	if ((tp->t_flags & TF_FASTOPEN) != 0)
		ti->tcpi_options |= TCPI_OPT_TFO;
	ti->tcpi_rto = (uint32_t)(tcp_rto(tp) / NS_PER_USEC);
	ti->__tcpi_ato = (uint32_t)(V_tcp_delacktime / NS_PER_USEC);
	ti->tcpi_snd_mss = tp->t_maxseg;
	ti->tcpi_rcv_mss = tp->t_maxseg;
	ti->__tcpi_unacked = howmany(tp->snd_max - tp->snd_una, mss);
	ti->__tcpi_sacked = howmany(tp->t_snd_sacked, mss);
	ti->__tcpi_lost = howmany(tp->t_snd_lost, mss);
	ti->__tcpi_last_data_sent = (uint32_t)((now - tp->t_sndtime) /
	    NS_PER_USEC);
	ti->tcpi_last_data_recv = (uint32_t)((now - tp->t_rcvtime) /
	    NS_PER_USEC);
	ti->__tcpi_last_ack_recv = ti->tcpi_last_data_recv;
	ti->__tcpi_pmtu = tcp_pmtu(tp);
	ti->tcpi_rtt = tp->t_srtt_us;
	ti->tcpi_rttvar = tp->t_rttvar_us;
	ti->tcpi_rttmin = tp->t_rttmin_us;
	ti->tcpi_snd_ssthresh = tp->snd_ssthresh;
	ti->tcpi_snd_cwnd = tp->snd_cwnd;
	ti->__tcpi_advmss = tp->t_maxseg;
	ti->__tcpi_reordering = 3;
	ti->tcpi_rcv_space = so != NULL ? so->so_rcv.sb_hiwat : 0;
	ti->tcpi_snd_wnd = tp->snd_wnd;
	ti->tcpi_snd_nxt = tp->snd_nxt;
	ti->tcpi_rcv_nxt = tp->rcv_nxt;
	ti->tcpi_snd_rexmitpack = tp->t_sndrexmitpack;
	ti->tcpi_rcv_ooopack = tp->t_rcvoopack;
	ti->tcpi_snd_zerowin = tp->t_sndzerowin;
	ti->tcpi_snd_una = tp->snd_una;
	ti->tcpi_snd_max = tp->snd_max;
	ti->tcpi_rcv_numsacks = tp->t_segqlen;
	ti->tcpi_rcv_adv = tp->rcv_adv;
	ti->tcpi_dupacks = tp->t_dupacks;
	tcp_ecn_info(tp, ti);
}

/* Set or clear a flag of the connection by an int option. */
static int
tcp_opt_flag(struct tcpcb *tp, struct sockopt *sopt, u_int flag)
{
	int error, on;

	if (sopt->sopt_dir == SOPT_GET) {
		on = (tp->t_flags & flag) != 0;
		return (sooptcopyout(sopt, &on, sizeof(on)));
	}
	if ((error = sooptcopyin(sopt, &on, sizeof(on), sizeof(on))) != 0)
		return (error);
	if (on)
		tp->t_flags |= flag;
	else
		tp->t_flags &= ~flag;
	/* What was held back may leave now. */
	if (tp->t_state >= TCPS_ESTABLISHED)
		tcp_output_later(tp);
	return (0);
}

/* The connection's own limits, all 0 at first: NULL if memory is short. */
struct tcp_userto *
tcp_userto(struct tcpcb *tp)
{
	if (tp->t_userto == NULL)
		tp->t_userto = malloc(sizeof(*tp->t_userto), M_TCPUSERTO,
		    M_NOWAIT | M_ZERO);
	return (tp->t_userto);
}

/* One of those, of at most `most', at offset off of struct tcp_userto; dflt
 * is what the variable says. */
static int
tcp_opt_userto(struct tcpcb *tp, struct sockopt *sopt, size_t off,
    uint32_t dflt, uint32_t most)
{
	uint32_t ui = 0;
	int error;

	if (sopt->sopt_dir == SOPT_GET) {
		if (tp->t_userto != NULL)
			memcpy(&ui, (char *)tp->t_userto + off, sizeof(ui));
		if (ui == 0)
			ui = dflt;
		return (sooptcopyout(sopt, &ui, sizeof(ui)));
	}
	if ((error = sooptcopyin(sopt, &ui, sizeof(ui), sizeof(ui))) != 0)
		return (error);
	if (ui > most)
		return (EINVAL);
	if (tcp_userto(tp) == NULL)
		return (ENOMEM);
	memcpy((char *)tp->t_userto + off, &ui, sizeof(ui));
	return (0);
}

/* An option in seconds. */
#define	TCP_OPT_SECONDS(tp, sopt, member, var)				\
	tcp_opt_userto((tp), (sopt), __offsetof(struct tcp_userto, member), \
	    (uint32_t)((var) / NS_PER_SEC), UINT32_MAX / hz)

static int
tcp_opt_maxseg(struct tcpcb *tp, struct sockopt *sopt)
{
	int error, mss = tp->t_maxseg;

	if (sopt->sopt_dir == SOPT_GET)
		return (sooptcopyout(sopt, &mss, sizeof(mss)));
	if ((error = sooptcopyin(sopt, &mss, sizeof(mss), sizeof(mss))) != 0)
		return (error);
	if (mss < V_tcp_minmss || mss > 65535 || (tp->t_state !=
	    TCPS_CLOSED && tp->t_state != TCPS_LISTEN && mss > tp->t_maxseg))
		return (EINVAL);
	tp->t_usermss = (uint16_t)mss;
	if (tp->t_state == TCPS_CLOSED || mss < tp->t_maxseg)
		tp->t_maxseg = (uint16_t)mss;
	return (0);
}

static int
tcp_opt_congestion(struct tcpcb *tp, struct sockopt *sopt)
{
	char name[TCP_CA_NAME_MAX];
	struct cc_algo *algo;
	int error;

	if (sopt->sopt_dir == SOPT_GET)
		return (sooptcopyout(sopt, CC_ALGO(tp)->name,
		    sizeof(CC_ALGO(tp)->name)));
	memset(name, 0, sizeof(name));
	if ((error = sooptcopyin(sopt, name, sizeof(name) - 1, 1)) != 0)
		return (error);
	if ((algo = cc_find(name)) == NULL)
		return (ESRCH);
	if (algo == CC_ALGO(tp))
		return (0);
	if ((error = cc_switch(tp, algo)) != 0)
		return (error);
	if (TCPS_HAVEESTABLISHED(tp->t_state) && algo->conn_init != NULL)
		algo->conn_init(&tp->t_ccv);
	return (0);
}

#define	CC_ALGOOPT_LIMIT	2048	/* bytes */

static int
tcp_opt_ccalgoopt(struct tcpcb *tp, struct sockopt *sopt)
{
	void *buf;
	int error;

	if (sopt->sopt_valsize > CC_ALGOOPT_LIMIT)
		return (EINVAL);
	if (CC_ALGO(tp)->ctl_output == NULL)
		return (ENOENT);
	buf = malloc(MAX(sopt->sopt_valsize, 1), M_TEMP, M_NOWAIT | M_ZERO);
	if (buf == NULL)
		return (ENOMEM);
	error = sooptcopyin(sopt, buf, sopt->sopt_valsize,
	    sopt->sopt_valsize);
	if (error == 0)
		error = CC_ALGO(tp)->ctl_output(&tp->t_ccv, sopt, buf);
	if (error == 0 && sopt->sopt_dir == SOPT_GET)
		error = sooptcopyout(sopt, buf, sopt->sopt_valsize);
	free(buf, M_TEMP);
	return (error);
}

static int
tcp_opt_function(struct tcpcb *tp, struct sockopt *sopt)
{
	struct tcp_function_set fs;
	int error;

	memset(&fs, 0, sizeof(fs));
	if (sopt->sopt_dir == SOPT_GET) {
		strlcpy(fs.function_set_name, tp->t_fb->tfb_tcp_block_name,
		    sizeof(fs.function_set_name));
		fs.pcbcnt = tp->t_fb->tfb_refcnt;
		if (sopt->sopt_name == TCP_FUNCTION_ALIAS)
			(void)find_tcp_function_alias(tp->t_fb, &fs);
		return (sooptcopyout(sopt, &fs, sizeof(fs)));
	}
	if (sopt->sopt_name == TCP_FUNCTION_ALIAS)
		return (ENOPROTOOPT);
	if ((error = sooptcopyin(sopt, &fs, sizeof(fs), sizeof(fs))) != 0)
		return (error);
	if (tcp_is_over(tp))
		return (ECONNRESET);
	return (tcp_functions_switch(tp, &fs));
}

int
tcp_default_ctloutput(struct tcpcb *tp, struct sockopt *sopt)
{
	struct tcp_info ti;
	int delack, error;

	switch (sopt->sopt_name) {
	case TCP_NODELAY:
		return (tcp_opt_flag(tp, sopt, TF_NODELAY));
	case TCP_NOPUSH:
		return (tcp_opt_flag(tp, sopt, TF_NOPUSH));
	case TCP_NOOPT:
		return (tcp_opt_flag(tp, sopt, TF_NOOPT));
	case TCP_MAXSEG:
		return (tcp_opt_maxseg(tp, sopt));
	case TCP_FASTOPEN:
		return (tcp_fastopen_ctloutput(tp, sopt));
	case TCP_INFO:
		if (sopt->sopt_dir == SOPT_SET)
			return (ENOPROTOOPT);
		tcp_fill_info(tp, &ti);
		return (sooptcopyout(sopt, &ti, sizeof(ti)));
	case TCP_DELACK:
		delack = tp->t_delack_opt >= 0 ? tp->t_delack_opt :
		    V_tcp_delack_enabled;
		if (sopt->sopt_dir == SOPT_GET)
			return (sooptcopyout(sopt, &delack, sizeof(delack)));
		error = sooptcopyin(sopt, &delack, sizeof(delack),
		    sizeof(delack));
		if (error == 0)
			tp->t_delack_opt = delack != 0;
		return (error);
	case TCP_MAXUNACKTIME:
		return (TCP_OPT_SECONDS(tp, sopt, tu_maxunacktime,
		    V_tcp_maxunacktime));
	case TCP_KEEPINIT:
		return (TCP_OPT_SECONDS(tp, sopt, tu_keepinit,
		    V_tcp_keepinit));
	case TCP_KEEPIDLE:
		error = TCP_OPT_SECONDS(tp, sopt, tu_keepidle,
		    V_tcp_keepidle);
		/* From now on, whatever the timer was. */
		if (error == 0 && sopt->sopt_dir == SOPT_SET &&
		    TCPS_HAVEESTABLISHED(tp->t_state))
			tcp_timer_activate(tp, TT_KEEP,
			    tcp_keepidle_of(tp));
		return (error);
	case TCP_KEEPINTVL:
		return (TCP_OPT_SECONDS(tp, sopt, tu_keepintvl,
		    V_tcp_keepintvl));
	case TCP_KEEPCNT:
		return (tcp_opt_userto(tp, sopt, __offsetof(struct tcp_userto,
		    tu_keepcnt), (uint32_t)V_tcp_keepcnt, UINT16_MAX));
	default:
		return (ENOPROTOOPT);
	}
}

/* An int option of level IP or IPv6 that stands in a byte of the pcb. */
static int
ip_opt_byte(struct sockopt *sopt, uint8_t *val, int lo, int dflt)
{
	int error, i;

	if (sopt->sopt_dir == SOPT_GET) {
		i = *val != 0 || lo == 0 ? *val : dflt;
		return (sooptcopyout(sopt, &i, sizeof(i)));
	}
	if ((error = sooptcopyin(sopt, &i, sizeof(i), sizeof(i))) != 0)
		return (error);
	if (i == -1 && lo != 0)
		i = 0;			/* back to the default */
	else if (i < lo || i > 255)
		return (EINVAL);
	*val = (uint8_t)i;
	return (0);
}

static int
ip_opt_v6only(struct inpcb *inp, struct sockopt *sopt)
{
	int error, on = (inp->inp_flags & INP_V6ONLY) != 0;

	if (sopt->sopt_dir == SOPT_GET)
		return (sooptcopyout(sopt, &on, sizeof(on)));
	if ((error = sooptcopyin(sopt, &on, sizeof(on), sizeof(on))) != 0)
		return (error);
	if ((inp->inp_flags & (INP_INPORT | INP_INHASH)) != 0)
		return (EINVAL);
	inp->inp_flags &= (uint16_t)~INP_V6ONLY;
	inp->inp_vflag = INP_IPV4 | INP_IPV6;
	if (on) {
		inp->inp_flags |= INP_V6ONLY;
		inp->inp_vflag = INP_IPV6;
	}
	return (0);
}

static int
ip_ctloutput(struct inpcb *inp, struct sockopt *sopt)
{
	bool v6 = sopt->sopt_level == IPPROTO_IPV6;

	if (v6 && (inp->inp_flags & INP_V6SOCKET) == 0)
		return (EINVAL);
	if ((!v6 && sopt->sopt_name == IP_TTL) ||
	    (v6 && sopt->sopt_name == IPV6_UNICAST_HOPS))
		return (ip_opt_byte(sopt, &inp->inp_ttl, 1, V_ip_defttl));
	if ((!v6 && sopt->sopt_name == IP_TOS) ||
	    (v6 && sopt->sopt_name == IPV6_TCLASS))
		return (ip_opt_byte(sopt, &inp->inp_tos, 0, 0));
	if (!v6 && sopt->sopt_name == IP_MINTTL)
		return (ip_opt_byte(sopt, &inp->inp_minttl, 0, 0));
	if (v6 && sopt->sopt_name == IPV6_V6ONLY)
		return (ip_opt_v6only(inp, sopt));
	return (ENOPROTOOPT);
}

static int
tcp_ctloutput(struct socket *so, struct sockopt *sopt)
{
	struct tcpcb *tp = sototcpcb(so);

	switch (sopt->sopt_level) {
	case IPPROTO_TCP:
		break;
	case IPPROTO_IP:
	case IPPROTO_IPV6:
		return (ip_ctloutput(tptoinpcb(tp), sopt));
	default:
		return (ENOPROTOOPT);
	}
	if (tcp_is_over(tp) && sopt->sopt_dir == SOPT_SET)
		return (ECONNRESET);
	switch (sopt->sopt_name) {
	case TCP_FUNCTION_BLK:
	case TCP_FUNCTION_ALIAS:
		return (tcp_opt_function(tp, sopt));
	case TCP_CONGESTION:
		return (tcp_opt_congestion(tp, sopt));
	case TCP_CCALGOOPT:
		return (tcp_opt_ccalgoopt(tp, sopt));
	case TCP_MD5SIG:
	case TCP_AO:
	case TCP_AO_KEYS:
		return (tcp_sig_ctloutput(tp, sopt));
	default:
		return (tp->t_fb->tfb_tcp_ctloutput(tp, sopt));
	}
}

#define	TCP_PROTOSW(family)						\
	.pr_family = (family),						\
	.pr_type = SOCK_STREAM,						\
	.pr_protocol = IPPROTO_TCP,					\
	.pr_flags = PR_CONNREQUIRED | PR_IMPLOPCL | PR_WANTRCVD,	\
	.pr_attach = tcp_usr_attach,					\
	.pr_detach = tcp_usr_detach,					\
	.pr_bind = tcp_usr_bind,					\
	.pr_listen = tcp_usr_listen,					\
	.pr_accept = tcp_usr_accept,					\
	.pr_connect = tcp_usr_connect,					\
	.pr_disconnect = tcp_usr_disconnect,				\
	.pr_close = tcp_usr_close,					\
	.pr_abort = tcp_usr_abort,					\
	.pr_shutdown = tcp_usr_shutdown,				\
	.pr_rcvd = tcp_usr_rcvd,					\
	.pr_rcvoob = tcp_usr_rcvoob,					\
	.pr_send = tcp_usr_send,					\
	.pr_sockaddr = tcp_usr_sockaddr,				\
	.pr_peeraddr = tcp_usr_peeraddr,				\
	.pr_ctloutput = tcp_ctloutput

const struct protosw tcp_protosw = { TCP_PROTOSW(AF_INET) };
const struct protosw tcp6_protosw = { TCP_PROTOSW(AF_INET6) };
