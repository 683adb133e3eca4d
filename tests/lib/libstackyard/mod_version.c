/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A module that says it was built for another version of the kernel
 * interfaces, for kld_test.  Stands in for kmod_start.c.
 */
#include <sys/param.h>
#include <sys/kld_image.h>

#undef	STACKYARD_KPI_VERSION
#define	STACKYARD_KPI_VERSION	9999

extern int kld_vnet_slot __hidden;
int kld_vnet_slot = -1;

const struct kld_image stackyard_kld = KLD_IMAGE_INIT(&kld_vnet_slot);
