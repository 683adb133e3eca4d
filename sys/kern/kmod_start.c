/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Linked into every module: the description by which the loader brings the
 * module into a host.  The loader finds it under the name stackyard_kld and
 * writes the module's place in vnet_modmem into kld_vnet_slot; it is the
 * same in all vnets of the process.  This is the one word of a module that
 * is neither constant nor a vnet's.
 */
#include <sys/param.h>
#include <sys/kld_image.h>

extern int kld_vnet_slot __hidden;
int kld_vnet_slot = -1;

const struct kld_image stackyard_kld = KLD_IMAGE_INIT(&kld_vnet_slot);
