/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The table of transports that sockets can be made for, one for each vnet.
 *
 * A transport is known by (family, type, protocol).  protosw_find() answers
 * socket(2): with a protocol, that one, which must have the type asked for;
 * with 0, the first of the family and type.
 *
 * Touches: curvnet's table.  The protosw themselves are the transports'.
 */
#include <sys/param.h>
#include <sys/protosw.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#define	PROTOSW_MAX	16	/* transports of a vnet */

VNET_DEFINE_STATIC(const struct protosw *, protosw_tab[PROTOSW_MAX]);
#define	V_protosw_tab	VNET(protosw_tab)

/* The last answer, and what was asked; none (pf_pr is NULL) once the table
 * has changed. */
struct protosw_found {
	int		pf_domain, pf_type, pf_protocol;
	const struct protosw *pf_pr;
};
VNET_DEFINE_STATIC(struct protosw_found, protosw_found);
#define	V_protosw_found	VNET(protosw_found)

int
protosw_register(const struct protosw *pr)
{
	const struct protosw **slot, **tab;
	u_int i;

	tab = V_protosw_tab;
	slot = NULL;
	for (i = PROTOSW_MAX; i-- > 0; ) {
		if (tab[i] == NULL)
			slot = &tab[i];
		else if (tab[i]->pr_family == pr->pr_family &&
		    tab[i]->pr_type == pr->pr_type &&
		    tab[i]->pr_protocol == pr->pr_protocol)
			return (EEXIST);
	}
	if (slot == NULL)
		return (ENOMEM);
	*slot = pr;
	V_protosw_found.pf_pr = NULL;
	return (0);
}

void
protosw_unregister(const struct protosw *pr)
{
	const struct protosw **tab;
	u_int i;

	tab = V_protosw_tab;
	for (i = 0; i < PROTOSW_MAX; i++)
		if (tab[i] == pr)
			tab[i] = NULL;
	V_protosw_found.pf_pr = NULL;
}

static const struct protosw * __noinline
protosw_search(int domain, int type, int protocol, int *error)
{
	const struct protosw *pr, **tab;
	bool family, proto;
	u_int i;

	tab = V_protosw_tab;
	family = proto = false;
	for (i = 0; i < PROTOSW_MAX; i++) {
		pr = tab[i];
		if (pr == NULL || pr->pr_family != domain)
			continue;
		family = true;
		if (protocol != 0 && pr->pr_protocol != protocol)
			continue;
		proto = true;
		if (pr->pr_type == type) {
			V_protosw_found = (struct protosw_found){ domain,
			    type, protocol, pr };
			return (pr);
		}
	}
	if (!family)
		*error = EAFNOSUPPORT;
	else if (proto)
		*error = EPROTOTYPE;
	else
		*error = EPROTONOSUPPORT;
	return (NULL);
}

const struct protosw *
protosw_find(int domain, int type, int protocol, int *error)
{
	struct protosw_found *pf;

	pf = &V_protosw_found;
	if (__predict_false(pf->pf_domain != domain || pf->pf_type != type ||
	    pf->pf_protocol != protocol || pf->pf_pr == NULL))
		return (protosw_search(domain, type, protocol, error));
	return (pf->pf_pr);
}
