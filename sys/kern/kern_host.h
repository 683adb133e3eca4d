/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The host's face: what the kernel takes from the machine it runs on, other
 * than through struct vnet_hostops.  Included by kern_host.c, which sees
 * the host's headers and none of the kernel's, and by the kernel files that
 * call it, so that the compiler compares the two.
 */
#ifndef _STACKYARD_KERN_HOST_H_
#define	_STACKYARD_KERN_HOST_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory: see sys/malloc.h. */
void	*host_alloc(size_t size, size_t align, bool zero);
void	host_free(void *ptr);
size_t	host_size(const void *ptr);

/* End the process with this message. */
void	host_panic(const char *msg) __attribute__((__noreturn__));

/* See sys/systm.h. */
uint64_t siphash24(const uint8_t key[16], const void *data, size_t len);

#endif /* !_STACKYARD_KERN_HOST_H_ */
