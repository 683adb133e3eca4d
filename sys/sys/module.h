/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Modules: pieces that announce themselves by DECLARE_MODULE, whether they
 * are part of the stack or come in a shared object loaded later.  A module
 * is told MOD_LOAD in every vnet, when the vnet is made or the object is
 * loaded, and MOD_UNLOAD likewise.
 *
 * A shared object describes itself by one struct kld_image, which
 * kmod_start.c puts into each module under the name stackyard_kld.
 */
#ifndef _STACKYARD_SYS_MODULE_H_
#define	_STACKYARD_SYS_MODULE_H_

#include <sys/kernel.h>
#include <sys/linker_set.h>

typedef enum modeventtype {
	MOD_LOAD,
	MOD_UNLOAD,
	MOD_SHUTDOWN,
	MOD_QUIESCE
} modeventtype_t;

struct module_entry;
typedef	struct module_entry *module_t;
/* Returns 0 or an errno, which refuses the load or the unload. */
typedef	int (*modeventhand_t)(module_t, int /* modeventtype_t */, void *);

typedef struct moduledata {
	const char	*name;
	modeventhand_t	evhand;
	void		*priv;
} moduledata_t;

struct mod_decl {			/* what DECLARE_MODULE leaves */
	const char	*md_name;
	const moduledata_t *md_data;
};
struct mod_version {			/* what MODULE_VERSION leaves */
	const char	*mv_name;
	int		mv_version;
};
struct mod_depend {			/* what MODULE_DEPEND leaves */
	const char	*mp_name;
	const char	*mp_on;
	int		mp_minver, mp_prefver, mp_maxver;
};

/*
 * Module `name`, told its events through data (a moduledata_t) at
 * (sub, order) of start-up.
 */
#define	DECLARE_MODULE(name, data, sub, order)				\
	static const struct mod_decl name##_mod_decl = {		\
		.md_name = #name, .md_data = &(data)			\
	};								\
	DATA_SET(moddecl_set, name##_mod_decl);				\
	SYSINIT(name##module, (sub), (order), module_register_init,	\
	    &name##_mod_decl)
#define	MODULE_VERSION(name, version)					\
	static const struct mod_version name##_mod_version = {		\
		.mv_name = #name, .mv_version = (version)		\
	};								\
	DATA_SET(modversion_set, name##_mod_version)
#define	MODULE_DEPEND(name, on, vmin, vpref, vmax)			\
	static const struct mod_depend name##_depend_on_##on = {	\
		.mp_name = #name, .mp_on = #on, .mp_minver = (vmin),	\
		.mp_prefver = (vpref), .mp_maxver = (vmax)		\
	};								\
	DATA_SET(moddepend_set, name##_depend_on_##on)

/* What one loaded object brings: its sets and its VNET variables. */
struct kld_image {
	uint32_t	ki_kpi_version;	/* STACKYARD_KPI_VERSION it saw */
	const void * const *ki_sysinit[2];	/* begin, end of each set */
	const void * const *ki_sysuninit[2];
	const void * const *ki_sysctl[2];
	const void * const *ki_malloc[2];
	const void * const *ki_moddecl[2];
	const void * const *ki_modversion[2];
	const void * const *ki_moddepend[2];
	char		*ki_vnet[2];	/* VNET variables' templates */
	int		*ki_slot;	/* its place in vnet_modmem */
};
extern const struct kld_image stackyard_kld;

/* The SYSINIT of DECLARE_MODULE: sends MOD_LOAD in curvnet. */
void	module_register_init(const void *decl);

/*
 * Bring the object described by image, loaded under the name file, into
 * curvnet: its variables, its sysctls, its SYSINITs and modules.  The
 * caller (libstackyard's loader) has set *ki_slot and keeps the object
 * loaded until linker_file_detach().
 * Returns 0; ENOEXEC for another KPI version; EEXIST for a module name
 * already here; ENOENT for a missing dependency; ENOMEM; or what a module
 * answered.  On failure nothing stays.  The reason is logged.
 */
int	linker_file_attach(const struct kld_image *image, const char *file);
/*
 * Take it out of curvnet again.  Returns 0, ENOENT, or what a module
 * answered to MOD_QUIESCE or MOD_UNLOAD (EBUSY: in use); then all stays.
 */
int	linker_file_detach(const struct kld_image *image);
/* Would linker_file_detach() succeed?  Asks MOD_QUIESCE only. */
int	linker_file_quiesce(const struct kld_image *image);

/* One module of curvnet, for kldstat: called in order of load. */
int	module_foreach(int (*func)(const char *file, const char *modname,
	    void *arg), void *arg);
/* The module called name in curvnet, or NULL. */
module_t module_lookupbyname(const char *name);
const char *module_getname(module_t mod);

#endif /* !_STACKYARD_SYS_MODULE_H_ */
