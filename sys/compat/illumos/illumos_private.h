/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* What the files of sys/compat/illumos share: limits of the page. */
#ifndef _STACKYARD_COMPAT_ILLUMOS_PRIVATE_H_
#define	_STACKYARD_COMPAT_ILLUMOS_PRIVATE_H_

#define	ILLUMOS_KEEPIDLE_MIN	10000		/* ms: ten seconds */
#define	ILLUMOS_KEEPIDLE_MAX	864000000	/* ms: ten days */
#define	ILLUMOS_KEEPABORT	480000		/* ms: eight minutes */

#endif /* !_STACKYARD_COMPAT_ILLUMOS_PRIVATE_H_ */
