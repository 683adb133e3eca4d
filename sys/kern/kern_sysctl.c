/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The management information base: a host's variables by number and name.
 *
 * The linker sets of descriptions are the tree.  Nothing is built from
 * them: a vnet has one record for each set registered with it, so ten
 * thousand hosts share one read-only tree.  A variable's number is the one
 * it asks for, or for OID_AUTO
 *
 *	(first number of its set) + (its position there)
 *
 * with the first numbers counting on from CTL_AUTO_START in the order of
 * registration; so a number leads to its description at once.  Children of
 * a node are found by looking through the sets, some hundreds of entries:
 * microseconds, for what a person or a tool asks.
 *
 * Beneath "sysctl" are the questions that sysctl(8) asks about the tree
 * itself: the name of a number, the next leaf, the number of a name, the
 * type and the text that describes it.  Leaves are ordered as sequences of
 * numbers; a node with a handler of its own counts as a leaf, and what
 * follows it in a name is the handler's to read.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/queue.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include "kern_private.h"
#include "sysctl_private.h"

#define	CTL_AUTO_START	0x100	/* numbers below are asked for */
#define	NAME_SIZE	256	/* of a whole name with its NUL, bytes */

/* One set of descriptions in one vnet. */
struct sysctl_set {
	STAILQ_ENTRY(sysctl_set) ss_link;
	const void * const *ss_begin;
	const void * const *ss_end;
	int		ss_first;	/* number of ss_begin[0] if OID_AUTO */
};
STAILQ_HEAD(sysctl_sets, sysctl_set);

VNET_DEFINE_STATIC(struct sysctl_sets, sysctl_sets);
VNET_DEFINE_STATIC(int, sysctl_next_number) = CTL_AUTO_START;
#define	V_sysctl_sets		VNET(sysctl_sets)
#define	V_sysctl_next_number	VNET(sysctl_next_number)

/* All descriptions of curvnet. */
#define	FOREACH_OID(ss, pp)						\
	STAILQ_FOREACH(ss, &V_sysctl_sets, ss_link)			\
		for ((pp) = (ss)->ss_begin; (pp) < (ss)->ss_end; (pp)++)

static int
entry_number(const struct sysctl_set *ss, const void * const *pp)
{
	const struct sysctl_oid *oid;

	oid = *pp;
	return (oid->oid_number != OID_AUTO ? oid->oid_number :
	    ss->ss_first + (int)(pp - ss->ss_begin));
}

static bool
is_node(const struct sysctl_oid *oid)
{

	return ((oid->oid_kind & CTLTYPE) == CTLTYPE_NODE);
}

/* A node that only holds others. */
static bool
is_plain_node(const struct sysctl_oid *oid)
{

	return (is_node(oid) && oid->oid_handler == NULL);
}

/* Children. */

static const struct sysctl_oid *
child_by_number(const struct sysctl_oid *parent, int number)
{
	const struct sysctl_set *ss;
	const struct sysctl_oid *oid;
	const void * const *pp;

	STAILQ_FOREACH(ss, &V_sysctl_sets, ss_link) {
		if (number < ss->ss_first ||
		    number - ss->ss_first >= ss->ss_end - ss->ss_begin)
			continue;
		oid = ss->ss_begin[number - ss->ss_first];
		if (oid->oid_parent == parent && oid->oid_number == OID_AUTO)
			return (oid);
	}
	FOREACH_OID(ss, pp) {
		oid = *pp;
		if (oid->oid_parent == parent && oid->oid_number == number &&
		    number != OID_AUTO)
			return (oid);
	}
	return (NULL);
}

/* The child whose name is the len bytes at name. */
static const struct sysctl_oid *
child_by_name(const struct sysctl_oid *parent, const char *name, size_t len,
    int *numberp)
{
	const struct sysctl_set *ss;
	const struct sysctl_oid *oid;
	const void * const *pp;

	FOREACH_OID(ss, pp) {
		oid = *pp;
		if (oid->oid_parent == parent &&
		    strncmp(oid->oid_name, name, len) == 0 &&
		    oid->oid_name[len] == '\0') {
			*numberp = entry_number(ss, pp);
			return (oid);
		}
	}
	return (NULL);
}

/* The child with the least number above *numberp, which becomes that. */
static const struct sysctl_oid *
child_after(const struct sysctl_oid *parent, int *numberp)
{
	const struct sysctl_set *ss;
	const struct sysctl_oid *found, *oid;
	const void * const *pp;
	int best, number;

	found = NULL;
	best = 0;
	FOREACH_OID(ss, pp) {
		oid = *pp;
		if (oid->oid_parent != parent)
			continue;
		number = entry_number(ss, pp);
		if (number > *numberp && (found == NULL || number < best)) {
			found = oid;
			best = number;
		}
	}
	*numberp = best;
	return (found);
}

/* Names. */

/*
 * The variable with the numbers name[0 .. namelen - 1].  *usedp becomes
 * how many of them lead to it; a node with a handler leaves the others.
 */
static int
find_by_numbers(const int *name, u_int namelen,
    const struct sysctl_oid **oidp, u_int *usedp)
{
	const struct sysctl_oid *oid;
	u_int i;

	oid = NULL;
	for (i = 0; i < namelen; i++) {
		oid = child_by_number(oid, name[i]);
		if (oid == NULL)
			return (ENOENT);
		if (i + 1 == namelen || !is_plain_node(oid))
			break;
	}
	if (oid == NULL)
		return (ENOENT);
	if (i + 1 < namelen && !is_node(oid))
		return (ENOTDIR);
	*oidp = oid;
	*usedp = i + 1;
	return (0);
}

/*
 * The variable called name, its number in numbers (room for CTL_MAXNAME)
 * and the length of that in *lenp.  A dot may end the name of a node.
 */
static int
find_by_name(const char *name, const struct sysctl_oid **oidp, int *numbers,
    u_int *lenp)
{
	const struct sysctl_oid *oid;
	const char *dot;
	size_t len;
	u_int i;

	oid = NULL;
	for (i = 0; i < CTL_MAXNAME; i++) {
		dot = strchr(name, '.');
		len = dot != NULL ? (size_t)(dot - name) : strlen(name);
		oid = child_by_name(oid, name, len, &numbers[i]);
		if (oid == NULL)
			return (ENOENT);
		if (dot == NULL || dot[1] == '\0') {
			*oidp = oid;
			*lenp = i + 1;
			return (0);
		}
		name = dot + 1;
	}
	return (ENOENT);
}

/*
 * The first leaf under parent that comes after name, the empty name coming
 * before all; with honor_skip, not one marked CTLFLAG_SKIP nor one below
 * such a node.  Its numbers go to out[depth ..] and their count to *lenp.
 */
static bool
next_leaf(const struct sysctl_oid *parent, const int *name, u_int namelen,
    bool honor_skip, int *out, u_int depth, u_int *lenp)
{
	const struct sysctl_oid *oid;
	int number;

	if (depth == CTL_MAXNAME)
		return (false);
	number = -1;
	if (namelen > 0) {
		number = name[0];
		oid = child_by_number(parent, number);
		out[depth] = number;
		if (oid != NULL && is_plain_node(oid) && next_leaf(oid,
		    name + 1, namelen - 1, honor_skip, out, depth + 1, lenp))
			return (true);
	}
	while ((oid = child_after(parent, &number)) != NULL) {
		if (honor_skip && (oid->oid_kind & CTLFLAG_SKIP) != 0)
			continue;
		out[depth] = number;
		if (!is_plain_node(oid)) {
			*lenp = depth + 1;
			return (true);
		}
		if (next_leaf(oid, NULL, 0, honor_skip, out, depth + 1,
		    lenp))
			return (true);
	}
	return (false);
}

/* Requests. */

VNET_DEFINE(uint64_t, sysctl_gen) = 1;

static bool
is_writable(const struct sysctl_oid *oid, const struct sysctl_req *req)
{

	return ((oid->oid_kind & CTLFLAG_WR) != 0 ||
	    (req->bootstrap && (oid->oid_kind & CTLFLAG_TUN) != 0));
}

/* Have oid answer req; rest: the numbers of the name that follow oid's. */
static int
sysctl_request(const struct sysctl_oid *oid, const int *rest, u_int nrest,
    struct sysctl_req *req)
{
	int error;

	if (is_plain_node(oid))
		return (EISDIR);
	if (req->newptr != NULL && !is_writable(oid, req))
		return (EPERM);
	if (req->oldptr != NULL && (oid->oid_kind & CTLFLAG_RD) == 0)
		return (EPERM);
	if (oid->oid_handler == NULL)
		return (EINVAL);
	if (is_node(oid))
		error = oid->oid_handler(oid, __DECONST(void *, rest),
		    (intmax_t)nrest, req);
	else
		error = oid->oid_handler(oid, sysctl_variable(oid->oid_arg1),
		    oid->oid_arg2, req);
	if (req->newptr != NULL)
		V_sysctl_gen++;
	return (error);
}

/* As sysctl_request(), with the arguments of kernel_sysctl(). */
static int
sysctl_call(const struct sysctl_oid *oid, const int *rest, u_int nrest,
    void *old, size_t *oldlenp, const void *new, size_t newlen)
{
	struct sysctl_req req;
	int error;

	memset(&req, 0, sizeof(req));
	req.oldptr = oldlenp != NULL ? old : NULL;
	req.oldlen = req.oldptr != NULL ? *oldlenp : 0;
	req.newptr = new;
	req.newlen = newlen;
	error = sysctl_request(oid, rest, nrest, &req);
	if (oldlenp != NULL && (error == 0 || error == ENOMEM))
		*oldlenp = req.oldptr != NULL ?
		    ulmin(req.oldidx, req.oldlen) : req.oldidx;
	return (error);
}

int
kernel_sysctl(const int *name, u_int namelen, void *old, size_t *oldlenp,
    const void *new, size_t newlen)
{
	const struct sysctl_oid *oid;
	u_int used;
	int error;

	if (namelen < 2 || namelen > CTL_MAXNAME)
		return (EINVAL);
	error = find_by_numbers(name, namelen, &oid, &used);
	if (error != 0)
		return (error);
	return (sysctl_call(oid, name + used, namelen - used, old, oldlenp,
	    new, newlen));
}

int
kernel_sysctlbyname(const char *name, void *old, size_t *oldlenp,
    const void *new, size_t newlen)
{
	const struct sysctl_oid *oid;
	int numbers[CTL_MAXNAME];
	u_int len;
	int error;

	error = find_by_name(name, &oid, numbers, &len);
	if (error != 0)
		return (error);
	return (sysctl_call(oid, NULL, 0, old, oldlenp, new, newlen));
}

int
sysctl_set_string(const char *name, const char *value, bool bootstrap)
{
	const struct sysctl_oid *oid;
	struct sysctl_req req;
	union sysctl_value buf;
	int numbers[CTL_MAXNAME];
	u_int len;
	int error;

	error = find_by_name(name, &oid, numbers, &len);
	if (error != 0)
		return (error);
	if (is_node(oid))
		return (EISDIR);
	memset(&req, 0, sizeof(req));
	req.bootstrap = bootstrap;
	req.newptr = value;
	req.newlen = strlen(value);
	if ((oid->oid_kind & CTLTYPE) != CTLTYPE_STRING) {
		error = sysctl_parse(oid->oid_kind & CTLTYPE, value, &buf,
		    &req.newlen);
		req.newptr = &buf;
	}
	if (error != 0)
		return (is_writable(oid, &req) ? error : EPERM);
	return (sysctl_request(oid, NULL, 0, &req));
}

/* Registration. */

static bool
is_registered(const struct sysctl_oid *oid)
{
	const struct sysctl_set *ss;
	const void * const *pp;

	FOREACH_OID(ss, pp)
		if (*pp == oid)
			return (true);
	return (false);
}

/* Can oid, which is registered, be told from its siblings and reached? */
static int
oid_check(const struct sysctl_oid *oid)
{
	const struct sysctl_set *ss;
	const struct sysctl_oid *other;
	const void * const *pp;

	if (oid->oid_parent != NULL && !is_registered(oid->oid_parent)) {
		kern_log(LOG_ERR, "variable %s: no node to hold it",
		    oid->oid_name);
		return (EINVAL);
	}
	FOREACH_OID(ss, pp) {
		other = *pp;
		if (other != oid && other->oid_parent == oid->oid_parent &&
		    (strcmp(other->oid_name, oid->oid_name) == 0 ||
		    (oid->oid_number != OID_AUTO &&
		    oid->oid_number == other->oid_number))) {
			kern_log(LOG_ERR, "variable %s exists already",
			    oid->oid_name);
			return (EEXIST);
		}
	}
	return (0);
}

/*
 * The first set registered is the stack's own, which its tests check; a
 * module's is checked here.
 */
int
sysctl_register_set(const void * const *begin, const void * const *end)
{
	struct sysctl_set *ss;
	const void * const *pp;
	bool first;
	int error;

	if (begin == end)
		return (0);
	if (end - begin > INT_MAX - V_sysctl_next_number)
		return (ENOMEM);
	ss = host_alloc(sizeof(*ss), 0, true);
	if (ss == NULL)
		return (ENOMEM);
	ss->ss_begin = begin;
	ss->ss_end = end;
	ss->ss_first = V_sysctl_next_number;
	first = V_sysctl_sets.stqh_first == NULL;
	if (first)
		STAILQ_INIT(&V_sysctl_sets);
	STAILQ_INSERT_TAIL(&V_sysctl_sets, ss, ss_link);
	V_sysctl_next_number += (int)(end - begin);
	for (pp = begin; !first && pp < end; pp++) {
		error = oid_check(*pp);
		if (error != 0) {
			sysctl_unregister_set(begin, end);
			return (error);
		}
	}
	return (0);
}

void
sysctl_unregister_set(const void * const *begin,
    const void * const *end __unused)
{
	struct sysctl_set *ss;

	STAILQ_FOREACH(ss, &V_sysctl_sets, ss_link)
		if (ss->ss_begin == begin) {
			STAILQ_REMOVE(&V_sysctl_sets, ss, sysctl_set,
			    ss_link);
			host_free(ss);
			return;
		}
}

void
sysctl_tree_destroy(void)
{
	struct sysctl_set *ss;

	while ((ss = STAILQ_FIRST(&V_sysctl_sets)) != NULL)
		sysctl_unregister_set(ss->ss_begin, ss->ss_end);
}

/* Questions about the tree. */

static int
sysctl_sysctl_name(SYSCTL_HANDLER_ARGS)
{
	const struct sysctl_oid *oid;
	char buf[NAME_SIZE];
	const int *name;
	size_t len;
	intmax_t i;
	int n;

	(void)oidp;
	name = arg1;
	if (arg2 == 0)
		return (ENOENT);
	oid = NULL;
	len = 0;
	for (i = 0; i < arg2; i++) {
		if (i == 0 || oid != NULL)
			oid = child_by_number(oid, name[i]);
		if (oid != NULL)
			n = snprintf(buf + len, sizeof(buf) - len, "%s%s",
			    i > 0 ? "." : "", oid->oid_name);
		else
			n = snprintf(buf + len, sizeof(buf) - len, "%s%d",
			    i > 0 ? "." : "", name[i]);
		if (n < 0 || (size_t)n >= sizeof(buf) - len)
			return (ENAMETOOLONG);
		len += (size_t)n;
	}
	return (sysctl_out(req, buf, len + 1));
}

/* oidp's own number says whether CTLFLAG_SKIP is honored. */
static int
sysctl_sysctl_next(SYSCTL_HANDLER_ARGS)
{
	int out[CTL_MAXNAME];
	u_int len;

	if (!next_leaf(NULL, arg1, (u_int)arg2,
	    oidp->oid_number == CTL_SYSCTL_NEXT, out, 0, &len))
		return (ENOENT);
	return (sysctl_out(req, out, len * sizeof(out[0])));
}

static int
sysctl_sysctl_name2oid(SYSCTL_HANDLER_ARGS)
{
	const struct sysctl_oid *oid;
	char name[NAME_SIZE];
	int numbers[CTL_MAXNAME];
	u_int len;
	int error;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	if (req->newptr == NULL || req->newlen == 0)
		return (ENOENT);
	if (req->newlen >= sizeof(name))
		return (ENAMETOOLONG);
	len = (u_int)req->newlen;
	error = sysctl_in(req, name, len);
	if (error != 0)
		return (error);
	name[len] = '\0';
	error = find_by_name(name, &oid, numbers, &len);
	if (error != 0)
		return (error);
	return (sysctl_out(req, numbers, len * sizeof(numbers[0])));
}

static int
sysctl_sysctl_oidfmt(SYSCTL_HANDLER_ARGS)
{
	const struct sysctl_oid *oid;
	u_int used;
	int error;

	(void)oidp;
	error = find_by_numbers(arg1, (u_int)arg2, &oid, &used);
	if (error == 0 && oid->oid_fmt == NULL)
		error = ENOENT;
	if (error == 0)
		error = sysctl_out(req, &oid->oid_kind,
		    sizeof(oid->oid_kind));
	if (error == 0)
		error = SYSCTL_OUT_STR(req, oid->oid_fmt);
	return (error);
}

static int
sysctl_sysctl_oiddescr(SYSCTL_HANDLER_ARGS)
{
	const struct sysctl_oid *oid;
	u_int used;
	int error;

	(void)oidp;
	error = find_by_numbers(arg1, (u_int)arg2, &oid, &used);
	if (error == 0 && oid->oid_descr == NULL)
		error = ENOENT;
	if (error == 0)
		error = SYSCTL_OUT_STR(req, oid->oid_descr);
	return (error);
}

SYSCTL_DECL(_sysctl);
SYSCTL_ROOT_NODE(CTL_SYSCTL, sysctl, CTLFLAG_RW | CTLFLAG_SKIP, NULL,
    "Questions about the variables");
static SYSCTL_NODE(_sysctl, CTL_SYSCTL_NAME, name, CTLFLAG_RD,
    sysctl_sysctl_name, "Name of a number");
static SYSCTL_NODE(_sysctl, CTL_SYSCTL_NEXT, next, CTLFLAG_RD,
    sysctl_sysctl_next, "Next variable that is listed");
SYSCTL_PROC(_sysctl, CTL_SYSCTL_NAME2OID, name2oid,
    CTLTYPE_INT | CTLFLAG_RW, NULL, 0, sysctl_sysctl_name2oid, "I",
    "Number of a name");
static SYSCTL_NODE(_sysctl, CTL_SYSCTL_OIDFMT, oidfmt, CTLFLAG_RD,
    sysctl_sysctl_oidfmt, "Kind and format of a variable");
static SYSCTL_NODE(_sysctl, CTL_SYSCTL_OIDDESCR, oiddescr, CTLFLAG_RD,
    sysctl_sysctl_oiddescr, "Description of a variable");
static SYSCTL_NODE(_sysctl, CTL_SYSCTL_NEXTNOSKIP, nextnoskip, CTLFLAG_RD,
    sysctl_sysctl_next, "Next variable, listed or not");
