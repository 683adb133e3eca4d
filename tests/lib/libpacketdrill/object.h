/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What every program needs that plays packetdrill: the object, loaded as
 * that loads it, the state of a thread, and the Internet checksum.  Shared
 * by the tests here and the script runner in tests/packetdrill.
 */
#ifndef _OBJECT_H_
#define	_OBJECT_H_

#include <sys/types.h>
#include <stddef.h>
#include <stdint.h>

#include "packetdrill_interface.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define	SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define	SANITIZED
#endif
#endif

#define	OBJECT		STACKYARD_BUILD "/lib/libstackyard-packetdrill.so"

typedef	void object_init_t(const char *, struct packetdrill_interface *);

/* The object's init; NULL, and in *why a line that says why. */
object_init_t *object_load(const char **why);
/* 'R' runs, 'S' sleeps, as packetdrill finds out. */
char	object_thread_state(pid_t tid);
/* The sum of RFC 1071 of len bytes, on top of s: not complemented. */
uint32_t object_sum(const uint8_t *p, size_t len, uint32_t s);

#endif /* !_OBJECT_H_ */
