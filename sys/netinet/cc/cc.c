/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The registry of congestion control modules: mod_cc(9).
 *
 * A host's modules are records in V_cc_list, in the order of registration;
 * a record is a copy of the module's struct cc_algo and counts the
 * connections whose t_cc points to it:
 *
 *	MOD_LOAD                             MOD_UNLOAD
 *	   | mod_init, copy                      | EBUSY: default, in use
 *	   v                                     v
 *	registered <--attach--> in use       mod_destroy, freed
 *
 * The default for new connections is the module that was asked for by
 * net.inet.tcp.cc.algorithm, "cubic" until somebody asks; while that is not
 * there, the first that was registered.
 *
 * A host that ends stops its modules before its connections, so from
 * cc_stop() on MOD_UNLOAD lets the record be, and cc_uninit(), which runs
 * below every protocol, takes all of them away.  The same holds while a
 * host starts, should its start fail.
 *
 * Touches: t_cc and t_ccv of a connection, nothing else of it.
 */
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/queue.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <net/vnet.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <netinet/cc/cc.h>
#include <netinet/cc/cc_module.h>

MALLOC_DEFINE(M_CC_MEM, "CC Mem", "congestion control state");

VNET_DEFINE(struct cc_head, cc_list);
VNET_DEFINE(struct cc_algo *, default_cc_ptr);
VNET_DEFINE(int, cc_do_abe) = 0;
VNET_DEFINE(int, cc_abe_frlossreduce) = 0;

/* The default that was asked for, whether it is there or not. */
VNET_DEFINE_STATIC(char, cc_wanted[TCP_CA_NAME_MAX]) = "cubic";
#define	V_cc_wanted	VNET(cc_wanted)
/* The host has started and does not end yet. */
VNET_DEFINE_STATIC(bool, cc_running);
#define	V_cc_running	VNET(cc_running)

/* ---- The registry ---- */

struct cc_algo *
cc_find(const char *name)
{
	struct cc_algo *rec;

	STAILQ_FOREACH(rec, &V_cc_list, entries)
		if (strncmp(rec->name, name, TCP_CA_NAME_MAX) == 0 &&
		    (rec->flags & CC_MODULE_BEING_REMOVED) == 0)
			return (rec);
	return (NULL);
}

/* Is algo complete? */
static bool
cc_algo_valid(const struct cc_algo *algo)
{
	size_t len = strnlen(algo->name, sizeof(algo->name));

	/* What they are together, they must be apart. */
	if (algo->measured != NULL && (algo->rttsample == NULL ||
	    algo->newround == NULL))
		return (false);
	if (len == 0 || len == sizeof(algo->name))
		return (false);
	if (algo->cb_init != NULL && algo->cc_data_sz == NULL)
		return (false);
	/* Nobody would free what cb_init is given. */
	return (algo->cb_init == NULL || algo->cb_destroy != NULL ||
	    algo->cc_data_sz() == 0);
}

int
cc_register_algo(const struct cc_algo *algo)
{
	struct cc_algo *rec;
	int error;

	if (!cc_algo_valid(algo))
		return (EINVAL);
	if (cc_find(algo->name) != NULL)
		return (EEXIST);
	rec = malloc(sizeof(*rec), M_CC_MEM, M_NOWAIT);
	if (rec == NULL)
		return (ENOMEM);
	*rec = *algo;
	rec->cc_refcount = 0;
	rec->flags = 0;
	/* Of the record NULL says that cb_init wants no memory: it need not be
	 * asked for every connection. */
	if (rec->cb_init != NULL && rec->cc_data_sz() == 0)
		rec->cc_data_sz = NULL;
	error = rec->mod_init != NULL ? rec->mod_init() : 0;
	if (error != 0) {
		free(rec, M_CC_MEM);
		return (error);
	}
	STAILQ_INSERT_TAIL(&V_cc_list, rec, entries);
	if (V_default_cc_ptr == NULL || strcmp(rec->name, V_cc_wanted) == 0)
		V_default_cc_ptr = rec;
	return (0);
}

/* May rec be taken away? */
static int
cc_removable(const struct cc_algo *rec)
{
	if (rec == NULL)
		return (ENOENT);
	if (rec == V_default_cc_ptr || rec->cc_refcount != 0)
		return (EBUSY);
	return (0);
}

int
cc_deregister_algo(const struct cc_algo *algo)
{
	struct cc_algo *rec = cc_find(algo->name);
	int error;

	error = cc_removable(rec);
	if (error != 0)
		return (error);
	/* mod_destroy may look for modules, but not find this one. */
	rec->flags |= CC_MODULE_BEING_REMOVED;
	if (rec->mod_destroy != NULL)
		error = rec->mod_destroy();
	if (error != 0) {
		rec->flags &= ~CC_MODULE_BEING_REMOVED;
		return (error);
	}
	STAILQ_REMOVE(&V_cc_list, rec, cc_algo, entries);
	free(rec, M_CC_MEM);
	return (0);
}

int
cc_modevent(module_t mod __unused, int type, void *data)
{
	const struct cc_algo *algo = data;

	if (algo == NULL)
		return (EINVAL);
	switch (type) {
	case MOD_LOAD:
		return (cc_register_algo(algo));
	case MOD_QUIESCE:
		return (cc_removable(cc_find(algo->name)));
	case MOD_UNLOAD:
		return (V_cc_running ? cc_deregister_algo(algo) : 0);
	case MOD_SHUTDOWN:
		return (0);
	default:
		return (EINVAL);
	}
}

/* ---- Connections ---- */

/* A state of size bytes is ours to allocate. */
static int __noinline
cc_state_alloc(struct cc_var *ccv, const struct cc_algo *algo, size_t size)
{
	void *ptr;
	int error;

	ptr = malloc(size, M_CC_MEM, M_NOWAIT | M_ZERO);
	if (ptr == NULL)
		return (ENOMEM);
	error = algo->cb_init(ccv, ptr);
	if (error != 0)
		free(ptr, M_CC_MEM);
	return (error);
}

/* Make algo's state for a connection in ccv. */
static inline int
cc_state_init(struct cc_var *ccv, const struct cc_algo *algo)
{
	ccv->cc_data = NULL;
	if (algo->cb_init == NULL)
		return (0);
	return (algo->cc_data_sz == NULL ? algo->cb_init(ccv, NULL) :
	    cc_state_alloc(ccv, algo, algo->cc_data_sz()));
}

int
cc_attach(struct tcpcb *tp, struct cc_algo *algo)
{
	int error;

	tp->t_ccv.tp = tp;
	error = cc_state_init(&tp->t_ccv, algo);
	if (error != 0)
		return (error);
	/* A block under which HyStart++ must not run clears this. */
	tp->t_ccv.flags |= CCF_HYSTART_ALLOWED;
	tp->t_cc = algo;
	algo->cc_refcount++;
	return (0);
}

void
cc_detach(struct tcpcb *tp)
{
	struct cc_algo *algo = tp->t_cc;

	if (algo == NULL)
		return;
	KASSERT(algo->cc_refcount > 0, ("%s: no connection left",
	    algo->name));
	if (algo->cb_destroy != NULL)
		algo->cb_destroy(&tp->t_ccv);
	tp->t_ccv.cc_data = NULL;
	tp->t_cc = NULL;
	algo->cc_refcount--;
}

int
cc_switch(struct tcpcb *tp, struct cc_algo *algo)
{
	struct cc_var ccv = tp->t_ccv;
	int error;

	if (algo == tp->t_cc)
		return (0);
	error = cc_state_init(&ccv, algo);
	if (error != 0)
		return (error);
	cc_detach(tp);
	tp->t_ccv.cc_data = ccv.cc_data;
	/* What the old one asked for. */
	tp->t_ccv.flags &= ~CCF_GROWTH_ONLY;
	tp->t_cc = algo;
	algo->cc_refcount++;
	return (0);
}

/* ---- Start and end of a host ---- */

static void
cc_init(const void *arg __unused)
{
	STAILQ_INIT(&V_cc_list);
}
SYSINIT(cc, SI_SUB_VNET, SI_ORDER_FIRST, cc_init, NULL);

static void
cc_uninit(const void *arg __unused)
{
	struct cc_algo *rec;

	while ((rec = STAILQ_FIRST(&V_cc_list)) != NULL) {
		if (rec->mod_destroy != NULL)
			(void)rec->mod_destroy();
		STAILQ_REMOVE_HEAD(&V_cc_list, entries);
		free(rec, M_CC_MEM);
	}
	V_default_cc_ptr = NULL;
}
SYSUNINIT(cc, SI_SUB_VNET, SI_ORDER_FIRST, cc_uninit, NULL);

static void
cc_start(const void *arg __unused)
{
	V_cc_running = true;
	if (cc_find(V_cc_wanted) == NULL)
		kern_log(LOG_WARNING, "net.inet.tcp.cc.algorithm: "
		    "no module %s until it is loaded", V_cc_wanted);
}
SYSINIT(cc_run, SI_SUB_LAST, SI_ORDER_FIRST, cc_start, NULL);

static void
cc_stop(const void *arg __unused)
{
	V_cc_running = false;
}
SYSUNINIT(cc_run, SI_SUB_LAST, SI_ORDER_FIRST, cc_stop, NULL);

/* ---- Variables ---- */

SYSCTL_NODE(_net_inet_tcp, OID_AUTO, cc, CTLFLAG_RW | CTLFLAG_MPSAFE, NULL,
    "Congestion control");

static int
cc_sysctl_algorithm(SYSCTL_HANDLER_ARGS)
{
	char name[TCP_CA_NAME_MAX];
	struct cc_algo *rec;
	int error;

	(void)arg1;
	(void)arg2;
	(void)strlcpy(name, V_default_cc_ptr != NULL ?
	    V_default_cc_ptr->name : V_cc_wanted, sizeof(name));
	error = sysctl_handle_string(oidp, name, sizeof(name), req);
	if (error != 0 || req->newptr == NULL)
		return (error);
	rec = cc_find(name);
	/* Before start-up no module is there; one can only ask for it. */
	if (rec == NULL && !req->bootstrap)
		return (ESRCH);
	(void)strlcpy(V_cc_wanted, name, sizeof(V_cc_wanted));
	if (rec != NULL)
		V_default_cc_ptr = rec;
	return (0);
}
SYSCTL_PROC(_net_inet_tcp_cc, OID_AUTO, algorithm,
    CTLFLAG_VNET | CTLTYPE_STRING | CTLFLAG_RW | CTLFLAG_MPSAFE, NULL, 0,
    cc_sysctl_algorithm, "A",
    "Congestion control module of new connections");

static int
cc_sysctl_available(SYSCTL_HANDLER_ARGS)
{
	struct cc_algo *rec;
	char row[80];
	int error, len;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	len = snprintf(row, sizeof(row), "\n%-16s%c %s\n", "CCmod", 'D',
	    "PCB count");
	error = SYSCTL_OUT(req, row, (size_t)len);
	STAILQ_FOREACH(rec, &V_cc_list, entries) {
		if (error != 0)
			break;
		len = snprintf(row, sizeof(row), "%-16s%c %u\n", rec->name,
		    rec == V_default_cc_ptr ? '*' : ' ', rec->cc_refcount);
		error = SYSCTL_OUT(req, row, (size_t)len);
	}
	if (error == 0)
		error = SYSCTL_OUT(req, "", 1);
	return (error);
}
SYSCTL_PROC(_net_inet_tcp_cc, OID_AUTO, available,
    CTLFLAG_VNET | CTLTYPE_STRING | CTLFLAG_RD | CTLFLAG_MPSAFE, NULL, 0,
    cc_sysctl_available, "A",
    "Congestion control modules, the default (*) and their connections");

SYSCTL_INT(_net_inet_tcp_cc, OID_AUTO, abe, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(cc_do_abe), 0,
    "Reduce less for ECN than for loss: Alternative Backoff with ECN "
    "(RFC 8511)");
SYSCTL_INT(_net_inet_tcp_cc, OID_AUTO, abe_frlossreduce,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(cc_abe_frlossreduce), 0,
    "With abe, reduce as for loss if loss follows ECN in one recovery");
