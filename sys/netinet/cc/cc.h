/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Congestion control modules: mod_cc(9), as FreeBSD 15 has it.
 *
 * A module is a struct cc_algo.  Registration copies it into the vnet, so
 * the module's own structure is never written; connections refer to the
 * vnet's copy by t_cc.  Every hook may be NULL.
 */
#ifndef _STACKYARD_NETINET_CC_CC_H_
#define	_STACKYARD_NETINET_CC_CC_H_

#include <sys/malloc.h>
#include <sys/queue.h>
#include <sys/sysctl.h>
#include <netinet/tcp.h>

SYSCTL_DECL(_net_inet_tcp);
SYSCTL_DECL(_net_inet_tcp_cc);

struct cc_var;
struct sockopt;
struct tcpcb;

/* What ack_received and cong_signal are told. */
typedef enum {
	CC_ACK =	0x00000001,	/* new data is acknowledged */
	CC_DUPACK =	0x00000002,
	CC_PARTIALACK =	0x00000004,	/* new data, still in recovery */
	CC_SACK =	0x00000008,	/* SACK told something new */
	CC_ECN =	0x00000100,	/* the peer saw CE */
	CC_RTO =	0x00000200,	/* retransmission timeout */
	CC_RTO_ERR =	0x00000400,	/* which was spurious: undo */
	CC_NDUPACK =	0x00000800,	/* loss detected: recovery begins */
	CC_SIGPRIVMASK = 0xFF000000	/* a module's own */
} ccsignal_t;

#define	CCF_ABC_SENTAWND	0x0001	/* a window was acknowledged */
#define	CCF_CWND_LIMITED	0x0002	/* the window, not the user, limits */
#define	CCF_USE_LOCAL_ABC	0x0004	/* labc instead of abc_l_var */
#define	CCF_ACKNOW		0x0008	/* the module wants an ACK sent */
#define	CCF_IPHDR_CE		0x0010
#define	CCF_TCPHDR_CWR		0x0020
#define	CCF_MAX_CWND		0x0040
#define	CCF_CHG_MAX_CWND	0x0080
#define	CCF_USR_IWND		0x0100
#define	CCF_USR_IWND_INIT_NSEG	0x0200
#define	CCF_HYSTART_ALLOWED	0x0400
#define	CCF_HYSTART_CAN_SH_CWND	0x0800
#define	CCF_HYSTART_CONS_SSTH	0x1000
#define	CCF_GROWTH_ONLY		0x10000	/* in slow start, no CC_ACK unless
					 * the window limits */

/* A connection as its module sees it; embedded in the tcpcb as t_ccv. */
struct cc_var {
	void		*cc_data;	/* the module's */
	union {
		struct tcpcb	*tp;
		union {
			struct tcpcb *tcp;
		} ccvc;			/* FreeBSD 14's spelling */
	};
	int		bytes_this_ack;	/* newly acknowledged by this ACK */
	tcp_seq		curack;
	uint32_t	flags;		/* CCF_* */
	uint16_t	nsegs;		/* ACK segments this one stands for */
	uint8_t		labc;
};

struct cc_algo {
	char	name[TCP_CA_NAME_MAX];
	/* Once for a vnet, when loaded and unloaded: 0 or an errno. */
	int	(*mod_init)(void);
	int	(*mod_destroy)(void);
	/* Bytes of cc_data that cb_init wants. */
	size_t	(*cc_data_sz)(void);
	/* A connection begins (or changes to) using the module; ptr, unless
	 * NULL, is memory of that size for it.  0 or an errno. */
	int	(*cb_init)(struct cc_var *ccv, void *ptr);
	void	(*cb_destroy)(struct cc_var *ccv);
	/* The connection is established. */
	void	(*conn_init)(struct cc_var *ccv);
	void	(*ack_received)(struct cc_var *ccv, ccsignal_t type);
	void	(*cong_signal)(struct cc_var *ccv, ccsignal_t type);
	void	(*post_recovery)(struct cc_var *ccv);
	void	(*after_idle)(struct cc_var *ccv);
	void	(*ecnpkt_handler)(struct cc_var *ccv);
	void	(*newround)(struct cc_var *ccv, uint32_t round_cnt);
	/* One measurement: microseconds, whether it was of a segment sent
	 * again, and the bytes in flight when that was sent. */
	void	(*rttsample)(struct cc_var *ccv, uint32_t usec_rtt,
		    uint32_t rxtcnt, uint32_t fas);
	/* TCP_CCALGOOPT. */
	int	(*ctl_output)(struct cc_var *ccv, struct sockopt *sopt,
		    void *buf);
	/* Stackyard's, or NULL: rttsample of what was sent once and, if round,
	 * newround then, which are there too. */
	void	(*measured)(struct cc_var *ccv, uint32_t usec_rtt,
		    uint32_t fas, bool round);
	/* The framework's: */
	STAILQ_ENTRY(cc_algo) entries;
	u_int	cc_refcount;		/* connections that use it */
	uint8_t	flags;
#define	CC_MODULE_BEING_REMOVED	0x01
};
STAILQ_HEAD(cc_head, cc_algo);
VNET_DECLARE(struct cc_head, cc_list);
VNET_DECLARE(struct cc_algo *, default_cc_ptr);
VNET_DECLARE(int, cc_do_abe);
VNET_DECLARE(int, cc_abe_frlossreduce);
#define	V_cc_list		VNET(cc_list)
#define	V_default_cc_ptr	VNET(default_cc_ptr)
#define	V_cc_do_abe		VNET(cc_do_abe)
#define	V_cc_abe_frlossreduce	VNET(cc_abe_frlossreduce)

#define	CC_ALGO(tp)		((tp)->t_cc)
#define	CC_DATA(tp)		((tp)->t_ccv.cc_data)
#define	CC_DEFAULT_ALGO()	V_default_cc_ptr
#define	CCV(ccv, what)		((ccv)->tp->what)

/* HyStart++ (cc_hystart.c), under FreeBSD's names. */
VNET_DECLARE(u_int, cc_hystart_css_growth_div);
VNET_DECLARE(u_int, cc_hystart_css_rounds);
VNET_DECLARE(u_int, cc_hystart_minrtt_thresh);
VNET_DECLARE(u_int, cc_hystart_maxrtt_thresh);
VNET_DECLARE(u_int, cc_hystart_n_rttsamples);
VNET_DECLARE(u_int, cc_hystart_lowcwnd);
#define	hystart_css_growth_div	VNET(cc_hystart_css_growth_div)
#define	hystart_css_rounds	VNET(cc_hystart_css_rounds)
#define	hystart_minrtt_thresh	VNET(cc_hystart_minrtt_thresh)
#define	hystart_maxrtt_thresh	VNET(cc_hystart_maxrtt_thresh)
#define	hystart_n_rttsamples	VNET(cc_hystart_n_rttsamples)
#define	hystart_lowcwnd		VNET(cc_hystart_lowcwnd)

MALLOC_DECLARE(M_CC_MEM);

/* EEXIST for a name that is there, EINVAL (cb_init without cc_data_sz),
 * ENOMEM, mod_init's.  algo is copied. */
int	cc_register_algo(const struct cc_algo *algo);
/* ENOENT; EBUSY: the default, or in use; mod_destroy's. */
int	cc_deregister_algo(const struct cc_algo *algo);
/* The algorithm called name in curvnet, or NULL. */
struct cc_algo *cc_find(const char *name);
/* Begin and end a connection's use of algo: 0, ENOMEM, cb_init's. */
int	cc_attach(struct tcpcb *tp, struct cc_algo *algo);
void	cc_detach(struct tcpcb *tp);
/* Change it: the new one is initialised first, and on failure the old one
 * stays. */
int	cc_switch(struct tcpcb *tp, struct cc_algo *algo);

/* What newreno does, for modules that want the same. */
void	newreno_cc_ack_received(struct cc_var *ccv, ccsignal_t type);
void	newreno_cc_cong_signal(struct cc_var *ccv, ccsignal_t type);
void	newreno_cc_post_recovery(struct cc_var *ccv);
void	newreno_cc_after_idle(struct cc_var *ccv);

#endif /* !_STACKYARD_NETINET_CC_CC_H_ */
