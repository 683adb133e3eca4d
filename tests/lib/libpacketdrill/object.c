/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The object, loaded as packetdrill does it; see object.h.  It shares
 * nothing with what it tests.  May read /proc.
 */
#include <dlfcn.h>
#include <stdio.h>

#include "object.h"

/* A sanitizer's run time refuses to be bypassed. */
#ifdef SANITIZED
#define	BIND	0
#else
#define	BIND	RTLD_DEEPBIND
#endif

object_init_t *
object_load(const char **why)
{
	object_init_t *init;
	void *object;

	init = NULL;
	object = dlopen(OBJECT, RTLD_NOW | RTLD_LOCAL | BIND);
	if (object != NULL)
		init = (object_init_t *)dlsym(object,
		    "packetdrill_interface_init");
	if (init == NULL)
		*why = dlerror();
	return (init);
}

char
object_thread_state(pid_t tid)
{
	char path[64], state = '?';
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
	    (int)tid);
	f = fopen(path, "r");
	if (f != NULL) {
		(void)fscanf(f, "%*d (%*[^)]) %c", &state);
		(void)fclose(f);
	}
	return (state);
}

uint32_t
object_sum(const uint8_t *p, size_t len, uint32_t s)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		s += (uint32_t)p[i] << 8 | p[i + 1];
	if (len % 2 != 0)
		s += (uint32_t)p[len - 1] << 8;
	while (s > 0xffff)
		s = (s & 0xffff) + (s >> 16);
	return (s);
}
