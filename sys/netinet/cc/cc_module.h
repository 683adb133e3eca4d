/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* How a congestion control module announces itself. */
#ifndef _STACKYARD_NETINET_CC_CC_MODULE_H_
#define	_STACKYARD_NETINET_CC_CC_MODULE_H_

#include <sys/module.h>

/* The module event handler of every cc module; data->priv is its algo. */
int	cc_modevent(module_t mod, int type, void *data);

#define	DECLARE_CC_MODULE(ccname, ccalgo)				\
	static const moduledata_t cc_##ccname = {			\
		.name = #ccname,					\
		.evhand = cc_modevent,					\
		.priv = (void *)(uintptr_t)(ccalgo)			\
	};								\
	DECLARE_MODULE(ccname, cc_##ccname, SI_SUB_KLD, SI_ORDER_FIRST)

#endif /* !_STACKYARD_NETINET_CC_CC_MODULE_H_ */
