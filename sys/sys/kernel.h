/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Start-up in order, and kernel time.
 *
 * SYSINIT(uniquifier, subsystem, order, func, ident) has func(ident) run
 * when a vnet is created, sorted by subsystem, order and name; SYSUNINIT's
 * run in the opposite order when it is destroyed.  In a module they run in
 * every vnet when the module is loaded and unloaded.
 */
#ifndef _STACKYARD_SYS_KERNEL_H_
#define	_STACKYARD_SYS_KERNEL_H_

#include <sys/linker_set.h>
#include <sys/vnet.h>

enum sysinit_sub_id {
	SI_SUB_DUMMY		= 0x0000000,
	SI_SUB_TUNABLES		= 0x0700000,
	SI_SUB_VM		= 0x1000000,
	SI_SUB_KMEM		= 0x1800000,
	SI_SUB_MBUF		= 0x1b00000,
	SI_SUB_INIT_IF		= 0x3000000,
	SI_SUB_VNET		= 0x3200000,
	SI_SUB_PROTO_BEGIN	= 0x8000000,
	SI_SUB_PROTO_PFIL	= 0x8100000,
	SI_SUB_PROTO_IF		= 0x8400000,
	SI_SUB_PROTO_DOMAIN	= 0x8800000,
	SI_SUB_PROTO_MC		= 0x8900000,
	SI_SUB_PROTO_FIREWALL	= 0x8a00000,
	SI_SUB_KLD		= 0x9000000,	/* DECLARE_MODULE's events */
	SI_SUB_LAST		= 0xfffffff
};
#define	SI_SUB_DRIVERS		SI_SUB_KLD

enum sysinit_elem_order {
	SI_ORDER_FIRST	= 0x0000000,
	SI_ORDER_SECOND	= 0x0000001,
	SI_ORDER_THIRD	= 0x0000002,
	SI_ORDER_FOURTH	= 0x0000003,
	SI_ORDER_MIDDLE	= 0x1000000,
	SI_ORDER_ANY	= 0xfffffff
};

typedef	void (*sysinit_cfunc_t)(const void *);

struct sysinit {
	enum sysinit_sub_id	subsystem;
	enum sysinit_elem_order	order;
	sysinit_cfunc_t		func;
	const void		*udata;
	const char		*name;
};

/* func may be declared with void * or const void *. */
#define	SYSINIT(uniq, subs, ord, fn, ident)				\
	static const struct sysinit uniq##_sys_init = {			\
		.subsystem = (subs), .order = (ord),			\
		.func = (sysinit_cfunc_t)(uintptr_t)(fn),		\
		.udata = (const void *)(uintptr_t)(ident),		\
		.name = #uniq						\
	};								\
	DATA_SET(sysinit_set, uniq##_sys_init)
#define	SYSUNINIT(uniq, subs, ord, fn, ident)				\
	static const struct sysinit uniq##_sys_uninit = {		\
		.subsystem = (subs), .order = (ord),			\
		.func = (sysinit_cfunc_t)(uintptr_t)(fn),		\
		.udata = (const void *)(uintptr_t)(ident),		\
		.name = #uniq						\
	};								\
	DATA_SET(sysuninit_set, uniq##_sys_uninit)

/*
 * A start-up step that fails calls this with an errno; vnet_alloc() (or
 * the load of the module) then undoes what was done and returns it.
 */
void	sysinit_fail(int error);

/* Kernel time: a tick is a millisecond. */
#define	hz		1000
#define	tick		(1000000 / hz)		/* microseconds */
#define	NS_PER_TICK	1000000ULL
#define	NS_PER_USEC	1000ULL
#define	NS_PER_MSEC	1000000ULL
#define	NS_PER_SEC	1000000000ULL
#define	ticks		((int)(curvnet->vnet_now / NS_PER_TICK))

#endif /* !_STACKYARD_SYS_KERNEL_H_ */
