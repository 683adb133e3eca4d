/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Red-black and splay trees: libbsd's copy of the BSD macros. */
#ifndef _STACKYARD_SYS_TREE_H_
#define	_STACKYARD_SYS_TREE_H_

#include <sys/types.h>
#include <bsd/sys/tree.h>

#endif /* !_STACKYARD_SYS_TREE_H_ */
