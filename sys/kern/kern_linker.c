/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Images (the stack itself and the modules loaded into a host), and the
 * order in which their parts start and stop.
 *
 * A step of start-up is a SYSINIT; a step of stopping is a SYSUNINIT, or
 * MOD_UNLOAD for what DECLARE_MODULE started.  Steps are ordered by
 *
 *	(subsystem, order, name, position in the linker set)
 *
 * where the name stands because the position is the compiler's choice.
 * Each image sorts its steps once, when it is attached: start-up goes
 * through the first list upwards, stopping takes the entry of the highest
 * place that remains in the second lists of all images.  So stopping needs
 * no memory and cannot fail, and a vnet with modules stops as if they had
 * always been part of it.
 *
 * If a step fails, it has undone its own work, and what came before is
 * undone: every stopping step of a lower subsystem or order and, of the
 * same, the modules that were loaded and those SYSUNINITs whose SYSINIT of
 * the same name had run.
 *
 * linker_file_detach() differs in one point: all modules of the image are
 * asked first, since their answer may be that all has to stay.
 */
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/kld_image.h>
#include <sys/malloc.h>
#include <sys/module.h>
#include <sys/queue.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include "kern_private.h"

static MALLOC_DEFINE(M_LINKER, "linker", "modules loaded");

struct module_entry {
	TAILQ_ENTRY(module_entry) me_link;
	const struct mod_decl *me_decl;
};

/*
 * One image in one vnet; the host's memory, since it is there before and
 * after all that malloc(9) counts.  lf_order holds positions: of the
 * SYSINITs in their set, then, from lf_undo on, of the SYSUNINITs in
 * theirs, with the modules' SYSINITs counted on from the end of that set.
 */
struct linker_file {
	TAILQ_ENTRY(linker_file) lf_link;
	TAILQ_HEAD(module_list, module_entry) lf_modules; /* in order */
	const struct kld_image *lf_image;
	char		*lf_name;
	u_int		lf_ninit;
	u_int		lf_nuninit;
	u_int		lf_nundo;	/* steps left to undo */
	uint16_t	*lf_undo;
	uint16_t	lf_order[];
};
TAILQ_HEAD(linker_file_list, linker_file);

VNET_DEFINE_STATIC(struct linker_file_list, linker_files);
/* The file whose SYSINITs run now, and what the last of them failed with. */
VNET_DEFINE_STATIC(struct linker_file *, linker_starting);
VNET_DEFINE_STATIC(int, sysinit_error);
#define	V_linker_files		VNET(linker_files)
#define	V_linker_starting	VNET(linker_starting)
#define	V_sysinit_error		VNET(sysinit_error)

static const struct kld_image core_image = KLD_IMAGE_INIT(NULL);

/* All entries of the set `which' of image, and their number. */
#define	IMAGE_FOREACH(pp, image, which)					\
	for ((pp) = (image)->which[0]; (pp) < (image)->which[1]; (pp)++)
#define	IMAGE_COUNT(image, which)					\
	((u_int)((image)->which[1] - (image)->which[0]))

/* Positions and their order. */

static uint64_t
step_key(const struct sysinit *si)
{

	return ((uint64_t)si->subsystem << 32 | (uint32_t)si->order);
}

static const struct sysinit *
init_at(const struct linker_file *lf, u_int pos)
{

	return (lf->lf_image->ki_sysinit[0][pos]);
}

static const struct sysinit *
undo_at(const struct linker_file *lf, u_int pos)
{

	if (pos < lf->lf_nuninit)
		return (lf->lf_image->ki_sysuninit[0][pos]);
	return (init_at(lf, pos - lf->lf_nuninit));
}

/* Does step a at position apos come before step b at bpos? */
static bool
step_before(const struct sysinit *a, u_int apos, const struct sysinit *b,
    u_int bpos)
{
	int diff;

	if (step_key(a) != step_key(b))
		return (step_key(a) < step_key(b));
	diff = strcmp(a->name, b->name);
	return (diff != 0 ? diff < 0 : apos < bpos);
}

/* Shell's sort of the n positions at v. */
static void
sort_steps(const struct linker_file *lf, uint16_t *v, u_int n,
    const struct sysinit *(*at)(const struct linker_file *, u_int))
{
	const struct sysinit *si;
	u_int gap, i, j;
	uint16_t pos;

	for (gap = n / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
		for (i = gap; i < n; i++) {
			pos = v[i];
			si = at(lf, pos);
			for (j = i; j >= gap && step_before(si, pos,
			    at(lf, v[j - gap]), v[j - gap]); j -= gap)
				v[j] = v[j - gap];
			v[j] = pos;
		}
}

static bool
is_module_step(const struct sysinit *si)
{

	return (si->func == module_register_init);
}

/* Fill in lf_order. */
static void
order_steps(struct linker_file *lf)
{
	u_int i;

	for (i = 0; i < lf->lf_ninit; i++)
		lf->lf_order[i] = (uint16_t)i;
	sort_steps(lf, lf->lf_order, lf->lf_ninit, init_at);
	lf->lf_undo = lf->lf_order + lf->lf_ninit;
	for (i = 0; i < lf->lf_nuninit; i++)
		lf->lf_undo[i] = (uint16_t)i;
	lf->lf_nundo = lf->lf_nuninit;
	for (i = 0; i < lf->lf_ninit; i++)
		if (is_module_step(init_at(lf, i)))
			lf->lf_undo[lf->lf_nundo++] =
			    (uint16_t)(lf->lf_nuninit + i);
	sort_steps(lf, lf->lf_undo, lf->lf_nundo, undo_at);
}

/* The list of images. */

static struct linker_file *
linker_file_create(const struct kld_image *image, const char *name)
{
	struct linker_file *lf;
	size_t len, nsteps;
	u_int ninit, nuninit;

	ninit = IMAGE_COUNT(image, ki_sysinit);
	nuninit = IMAGE_COUNT(image, ki_sysuninit);
	nsteps = 2 * (size_t)ninit + nuninit;
	if (ninit + nuninit > UINT16_MAX)
		return (NULL);
	len = strlen(name) + 1;
	lf = host_alloc(sizeof(*lf) + nsteps * sizeof(lf->lf_order[0]) +
	    len, 0, true);
	if (lf == NULL)
		return (NULL);
	TAILQ_INIT(&lf->lf_modules);
	lf->lf_image = image;
	lf->lf_ninit = ninit;
	lf->lf_nuninit = nuninit;
	lf->lf_name = (char *)(lf->lf_order + nsteps);
	memcpy(lf->lf_name, name, len);
	order_steps(lf);
	TAILQ_INSERT_TAIL(&V_linker_files, lf, lf_link);
	return (lf);
}

static struct linker_file *
linker_file_find(const struct kld_image *image)
{
	struct linker_file *lf;

	TAILQ_FOREACH(lf, &V_linker_files, lf_link)
		if (lf->lf_image == image)
			return (lf);
	return (NULL);
}

/* Take lf, which has stopped, out of curvnet. */
static void
linker_file_free(struct linker_file *lf)
{
	const struct kld_image *image;
	void **copyp;

	image = lf->lf_image;
	sysctl_unregister_set(image->ki_sysctl[0], image->ki_sysctl[1]);
	TAILQ_REMOVE(&V_linker_files, lf, lf_link);
	if (image->ki_slot != NULL) {
		copyp = &curvnet->vnet_modmem[*image->ki_slot];
		vnet_region_free(*copyp);
		*copyp = NULL;
	}
	host_free(lf);
}

int
linker_foreach_image(int (*func)(const struct kld_image *, void *),
    void *arg)
{
	struct linker_file *lf;
	int error;

	TAILQ_FOREACH(lf, &V_linker_files, lf_link) {
		error = func(lf->lf_image, arg);
		if (error != 0)
			return (error);
	}
	return (0);
}

/* Modules. */

static const char *
decl_name(const struct mod_decl *md)
{

	return (md->md_data->name != NULL ? md->md_data->name :
	    md->md_name);
}

const char *
module_getname(module_t mod)
{

	return (decl_name(mod->me_decl));
}

static int
module_event(struct module_entry *me, modeventtype_t event)
{
	const moduledata_t *data;

	data = me->me_decl->md_data;
	if (data->evhand == NULL)
		return (0);
	return (data->evhand(me, event, data->priv));
}

module_t
module_lookupbyname(const char *name)
{
	struct linker_file *lf;
	struct module_entry *me;

	TAILQ_FOREACH(lf, &V_linker_files, lf_link)
		TAILQ_FOREACH(me, &lf->lf_modules, me_link)
			if (strcmp(module_getname(me), name) == 0)
				return (me);
	return (NULL);
}

int
module_foreach(int (*func)(const char *, const char *, void *), void *arg)
{
	struct linker_file *lf;
	struct module_entry *me;
	int error;

	TAILQ_FOREACH(lf, &V_linker_files, lf_link)
		TAILQ_FOREACH(me, &lf->lf_modules, me_link) {
			error = func(lf->lf_name, module_getname(me), arg);
			if (error != 0)
				return (error);
		}
	return (0);
}

void
module_register_init(const void *decl)
{
	struct linker_file *lf;
	struct module_entry *me;
	int error;

	lf = V_linker_starting;
	KASSERT(lf != NULL, ("a module registers out of start-up"));
	if (module_lookupbyname(decl_name(decl)) != NULL) {
		kern_log(LOG_ERR, "%s: module %s is already loaded",
		    lf->lf_name, decl_name(decl));
		sysinit_fail(EEXIST);
		return;
	}
	me = kern_malloc(sizeof(*me), M_LINKER, M_WAITOK);
	if (me == NULL) {
		sysinit_fail(ENOMEM);
		return;
	}
	me->me_decl = decl;
	TAILQ_INSERT_TAIL(&lf->lf_modules, me, me_link);
	error = module_event(me, MOD_LOAD);
	if (error != 0) {
		kern_log(LOG_ERR, "%s: module %s: load: error %d",
		    lf->lf_name, module_getname(me), error);
		TAILQ_REMOVE(&lf->lf_modules, me, me_link);
		kern_free(me, M_LINKER);
		sysinit_fail(error);
	}
}

/* Unload the module that decl declares from lf, whatever it answers. */
static void
module_undo(struct linker_file *lf, const struct mod_decl *decl)
{
	struct module_entry *me;
	int error;

	TAILQ_FOREACH(me, &lf->lf_modules, me_link)
		if (me->me_decl == decl)
			break;
	if (me == NULL)
		return;
	error = module_event(me, MOD_UNLOAD);
	if (error != 0)
		kern_log(LOG_WARNING, "%s: module %s: unload: error %d",
		    lf->lf_name, module_getname(me), error);
	TAILQ_REMOVE(&lf->lf_modules, me, me_link);
	kern_free(me, M_LINKER);
}

/* Start and stop. */

void
sysinit_fail(int error)
{

	if (V_sysinit_error == 0)
		V_sysinit_error = error;
}

/* Undo the last step of lf that remains. */
static void
undo_one(struct linker_file *lf)
{
	const struct sysinit *si;

	si = undo_at(lf, lf->lf_undo[--lf->lf_nundo]);
	if (is_module_step(si))
		module_undo(lf, si->udata);
	else
		si->func(si->udata);
}

/* Has a step called name run, among those up to `done' with this key? */
static bool
has_run(const struct linker_file *lf, u_int done, uint64_t key,
    const char *name)
{
	const struct sysinit *si;

	while (done-- > 0) {
		si = init_at(lf, lf->lf_order[done]);
		if (step_key(si) != key)
			return (false);
		if (strcmp(si->name, name) == 0)
			return (true);
	}
	return (false);
}

/* Undo what lf had done when the SYSINIT at place `failed' failed. */
static void
linker_file_unwind(struct linker_file *lf, u_int failed)
{
	const struct sysinit *si;
	uint64_t failkey, key;

	failkey = step_key(init_at(lf, lf->lf_order[failed]));
	while (lf->lf_nundo > 0) {
		si = undo_at(lf, lf->lf_undo[lf->lf_nundo - 1]);
		key = step_key(si);
		if (key < failkey || (key == failkey &&
		    (is_module_step(si) ||
		    has_run(lf, failed, key, si->name))))
			undo_one(lf);
		else
			lf->lf_nundo--;
	}
}

/* Run the SYSINITs of lf. */
static int
linker_file_start(struct linker_file *lf)
{
	const struct sysinit *si;
	struct linker_file *saved;
	u_int i;
	int error;

	saved = V_linker_starting;
	V_linker_starting = lf;
	V_sysinit_error = 0;
	for (i = 0; i < lf->lf_ninit; i++) {
		si = init_at(lf, lf->lf_order[i]);
		si->func(si->udata);
		if (V_sysinit_error != 0)
			break;
	}
	error = V_sysinit_error;
	V_sysinit_error = 0;
	V_linker_starting = saved;
	if (error != 0) {
		kern_log(LOG_ERR, "%s: start of %s failed: error %d",
		    lf->lf_name, init_at(lf, lf->lf_order[i])->name, error);
		linker_file_unwind(lf, i);
	}
	return (error);
}

void
linker_stop(void)
{
	struct linker_file *last, *lf;
	uint64_t key, lastkey;

	do {
		last = NULL;
		lastkey = 0;
		TAILQ_FOREACH(lf, &V_linker_files, lf_link) {
			if (lf->lf_nundo == 0)
				continue;
			key = step_key(undo_at(lf,
			    lf->lf_undo[lf->lf_nundo - 1]));
			if (last == NULL || key >= lastkey) {
				last = lf;
				lastkey = key;
			}
		}
		if (last != NULL)
			undo_one(last);
	} while (last != NULL);
}

void
linker_detach_all(void)
{
	struct linker_file *lf;

	/* The list is all zeros if start-up failed before it was made. */
	while (V_linker_files.tqh_last != NULL &&
	    (lf = TAILQ_LAST(&V_linker_files, linker_file_list)) != NULL)
		linker_file_free(lf);
	sysctl_tree_destroy();
}

int
linker_core_attach(void)
{
	struct linker_file *lf;

	TAILQ_INIT(&V_linker_files);
	lf = linker_file_create(&core_image, "stackyard");
	if (lf == NULL)
		return (ENOMEM);
	return (sysctl_register_set(core_image.ki_sysctl[0],
	    core_image.ki_sysctl[1]));
}

int
linker_core_start(void)
{

	return (linker_file_start(TAILQ_FIRST(&V_linker_files)));
}

/* Loading. */

/* Is there a version of module `name' from lo to hi in image? */
static bool
image_provides(const struct kld_image *image, const char *name, int lo,
    int hi)
{
	const struct mod_version *mv;
	const void * const *pp;

	IMAGE_FOREACH(pp, image, ki_modversion) {
		mv = *pp;
		if (strcmp(mv->mv_name, name) == 0 &&
		    mv->mv_version >= lo && mv->mv_version <= hi)
			return (true);
	}
	return (false);
}

static bool
dependency_met(const struct kld_image *image, const struct mod_depend *mp)
{
	struct linker_file *lf;

	if (strcmp(mp->mp_on, "kernel") == 0 ||
	    image_provides(image, mp->mp_on, mp->mp_minver, mp->mp_maxver))
		return (true);
	TAILQ_FOREACH(lf, &V_linker_files, lf_link)
		if (image_provides(lf->lf_image, mp->mp_on, mp->mp_minver,
		    mp->mp_maxver))
			return (true);
	return (false);
}

/* May image be attached to curvnet? */
static int
linker_file_check(const struct kld_image *image, const char *file)
{
	const struct mod_depend *mp;
	const void * const *pp;

	if (image->ki_kpi_version != STACKYARD_KPI_VERSION) {
		kern_log(LOG_ERR, "%s: built for kernel interface %u, this "
		    "is %u", file, image->ki_kpi_version,
		    STACKYARD_KPI_VERSION);
		return (ENOEXEC);
	}
	if (linker_file_find(image) != NULL) {
		kern_log(LOG_ERR, "%s: already loaded", file);
		return (EEXIST);
	}
	IMAGE_FOREACH(pp, image, ki_moddecl)
		if (module_lookupbyname(decl_name(*pp)) != NULL) {
			kern_log(LOG_ERR, "%s: module %s is already loaded",
			    file, decl_name(*pp));
			return (EEXIST);
		}
	IMAGE_FOREACH(pp, image, ki_moddepend) {
		mp = *pp;
		if (!dependency_met(image, mp)) {
			kern_log(LOG_ERR, "%s: module %s needs %s, version "
			    "%d to %d", file, mp->mp_name, mp->mp_on,
			    mp->mp_minver, mp->mp_maxver);
			return (ENOENT);
		}
	}
	return (0);
}

/* Give image's VNET variables their place in curvnet. */
static int
linker_file_region(const struct kld_image *image, const char *file)
{
	void *copy;
	int slot;

	slot = *image->ki_slot;
	if (slot < 0 || slot >= VNET_MODULES ||
	    curvnet->vnet_modmem[slot] != NULL) {
		kern_log(LOG_ERR, "%s: no place for variables", file);
		return (ENOMEM);
	}
	copy = vnet_region_alloc(image->ki_vnet[0], image->ki_vnet[1]);
	if (copy == NULL)
		return (ENOMEM);
	curvnet->vnet_modmem[slot] = copy;
	return (0);
}

int
linker_file_attach(const struct kld_image *image, const char *file)
{
	struct linker_file *lf;
	int error;

	error = linker_file_check(image, file);
	if (error == 0)
		error = linker_file_region(image, file);
	if (error != 0)
		return (error);
	lf = linker_file_create(image, file);
	if (lf == NULL) {
		vnet_region_free(curvnet->vnet_modmem[*image->ki_slot]);
		curvnet->vnet_modmem[*image->ki_slot] = NULL;
		return (ENOMEM);
	}
	error = sysctl_register_set(image->ki_sysctl[0],
	    image->ki_sysctl[1]);
	if (error == 0)
		error = linker_file_start(lf);
	if (error != 0)
		linker_file_free(lf);
	return (error);
}

/* Does a module loaded later, in another image, depend on one of lf? */
static bool
linker_file_needed(const struct linker_file *lf)
{
	const struct linker_file *other;
	const struct mod_depend *mp;
	const void * const *pp;

	for (other = TAILQ_NEXT(lf, lf_link); other != NULL;
	    other = TAILQ_NEXT(other, lf_link))
		IMAGE_FOREACH(pp, other->lf_image, ki_moddepend) {
			mp = *pp;
			if (image_provides(lf->lf_image, mp->mp_on,
			    mp->mp_minver, mp->mp_maxver))
				return (true);
		}
	return (false);
}

int
linker_file_quiesce(const struct kld_image *image)
{
	struct linker_file *lf;
	struct module_entry *me;
	int error;

	lf = linker_file_find(image);
	if (lf == NULL || image == &core_image)
		return (ENOENT);
	if (linker_file_needed(lf)) {
		kern_log(LOG_ERR, "%s: another module depends on it",
		    lf->lf_name);
		return (EBUSY);
	}
	TAILQ_FOREACH_REVERSE(me, &lf->lf_modules, module_list, me_link) {
		error = module_event(me, MOD_QUIESCE);
		if (error != 0 && error != EOPNOTSUPP) {
			kern_log(LOG_ERR, "%s: module %s: quiesce: error "
			    "%d", lf->lf_name, module_getname(me), error);
			return (error);
		}
	}
	return (0);
}

/*
 * Unload the modules of lf, last first.  If one refuses, load those again
 * that had agreed.
 */
static int
linker_file_unload_modules(struct linker_file *lf)
{
	struct module_entry *me;
	int error;

	error = 0;
	TAILQ_FOREACH_REVERSE(me, &lf->lf_modules, module_list, me_link) {
		error = module_event(me, MOD_UNLOAD);
		if (error != 0)
			break;
	}
	if (error != 0) {
		kern_log(LOG_ERR, "%s: module %s: unload: error %d",
		    lf->lf_name, module_getname(me), error);
		while ((me = TAILQ_NEXT(me, me_link)) != NULL)
			if (module_event(me, MOD_LOAD) != 0)
				kern_log(LOG_ERR, "%s: module %s: cannot "
				    "be loaded again", lf->lf_name,
				    module_getname(me));
		return (error);
	}
	while ((me = TAILQ_FIRST(&lf->lf_modules)) != NULL) {
		TAILQ_REMOVE(&lf->lf_modules, me, me_link);
		kern_free(me, M_LINKER);
	}
	return (0);
}

int
linker_file_detach(const struct kld_image *image)
{
	struct linker_file *lf;
	int error;

	error = linker_file_quiesce(image);
	if (error != 0)
		return (error);
	lf = linker_file_find(image);
	error = linker_file_unload_modules(lf);
	if (error != 0)
		return (error);
	while (lf->lf_nundo > 0)
		undo_one(lf);
	linker_file_free(lf);
	return (0);
}
