/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Queue disciplines: the table where they register, and the one that is
 * always there.
 *
 * droptail takes what fits the queue's limit and drops the rest.  With an
 * ECN threshold K it is the marking of DCTCP's switch (Alizadeh et al., 2010;
 * RFC 8257): a packet that finds more than K in the queue is marked CE, by
 * the queue's length at that instant.
 *
 * A discipline belongs to the vnet it was registered with and cannot leave
 * while a pipe uses it.
 */
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/systm.h>
#include <netpfil/dummynet/dn_var.h>

SLIST_HEAD(dn_aqmhead, dn_aqm_entry);
VNET_DEFINE_STATIC(struct dn_aqmhead, dn_aqms);
#define	V_dn_aqms	VNET(dn_aqms)

static int
droptail_enqueue(void *state __unused, const struct dn_config *cfg,
    const struct dn_queue_view *q, struct mbuf *m)
{
	uint64_t len = (uint64_t)m->m_pkthdr.len;

	if (q->dq_packets != 0 &&
	    ((q->dq_limit_bytes != 0 &&
	    q->dq_bytes + len > q->dq_limit_bytes) ||
	    (q->dq_limit_packets != 0 &&
	    q->dq_packets >= q->dq_limit_packets)))
		return (ENOBUFS);
	if ((cfg->dc_ecn_bytes != 0 && q->dq_bytes > cfg->dc_ecn_bytes) ||
	    (cfg->dc_ecn_packets != 0 &&
	    q->dq_packets > cfg->dc_ecn_packets))
		return (DN_MARK);
	return (0);
}

static const struct dn_aqm droptail = {
	.da_name = "droptail",
	.da_enqueue = droptail_enqueue,
};

static struct dn_aqm_entry *
dn_aqm_find(const char *name)
{
	struct dn_aqm_entry *ae;

	SLIST_FOREACH(ae, &V_dn_aqms, ae_link)
		if (strncmp(ae->ae_aqm->da_name, name,
		    sizeof(ae->ae_aqm->da_name)) == 0)
			break;
	return (ae);
}

int
dn_aqm_register(const struct dn_aqm *aqm)
{
	struct dn_aqm_entry *ae;

	MPASS(aqm->da_enqueue != NULL && aqm->da_name[0] != '\0');
	if (dn_aqm_find(aqm->da_name) != NULL)
		return (EEXIST);
	ae = malloc(sizeof(*ae), M_DUMMYNET, M_NOWAIT | M_ZERO);
	if (ae == NULL)
		return (ENOMEM);
	ae->ae_aqm = aqm;
	SLIST_INSERT_HEAD(&V_dn_aqms, ae, ae_link);
	return (0);
}

int
dn_aqm_unregister(const struct dn_aqm *aqm)
{
	struct dn_aqm_entry *ae;

	ae = dn_aqm_find(aqm->da_name);
	if (ae == NULL || ae->ae_aqm != aqm)
		return (ENOENT);
	if (ae->ae_pipes != 0)
		return (EBUSY);
	SLIST_REMOVE(&V_dn_aqms, ae, dn_aqm_entry, ae_link);
	free(ae, M_DUMMYNET);
	return (0);
}

int
dn_aqm_hold(const char *name, struct dn_aqm_entry **aep, void **statep)
{
	struct dn_aqm_entry *ae;
	void *state = NULL;

	ae = dn_aqm_find(name[0] != '\0' ? name : droptail.da_name);
	if (ae == NULL)
		return (EINVAL);
	if (ae->ae_aqm->da_statesize != 0) {
		state = malloc(ae->ae_aqm->da_statesize, M_DUMMYNET,
		    M_NOWAIT | M_ZERO);
		if (state == NULL)
			return (ENOMEM);
	}
	ae->ae_pipes++;
	*aep = ae;
	*statep = state;
	return (0);
}

void
dn_aqm_release(struct dn_aqm_entry *ae, void *state)
{

	ae->ae_pipes--;
	free(state, M_DUMMYNET);
}

static void
dn_aqm_init(const void *arg __unused)
{
	int error;

	error = dn_aqm_register(&droptail);
	if (error != 0)
		sysinit_fail(error);
}
SYSINIT(dn_aqm, SI_SUB_PROTO_PFIL, SI_ORDER_FIRST, dn_aqm_init, NULL);

static void
dn_aqm_uninit(const void *arg __unused)
{
	struct dn_aqm_entry *ae;

	while ((ae = SLIST_FIRST(&V_dn_aqms)) != NULL) {
		MPASS(ae->ae_pipes == 0);
		SLIST_REMOVE_HEAD(&V_dn_aqms, ae_link);
		free(ae, M_DUMMYNET);
	}
}
SYSUNINIT(dn_aqm, SI_SUB_PROTO_PFIL, SI_ORDER_FIRST, dn_aqm_uninit, NULL);
