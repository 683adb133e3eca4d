/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Variables as text, in and out, as sysctl(8) writes them: numbers in
 * decimal, lists with a space between, strings as they are, and what is
 * none of these as 0x and hexadecimal digits.
 *
 * Also says which variables are tunables, before there is a vnet that could
 * be asked: by the stack's own linker set of descriptions.
 *
 * Kernel kind: calls kernel_sysctl().
 */
#include <sys/param.h>
#include <sys/linker_set.h>
#include <sys/malloc.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include "sy_internal.h"

#define	VALUE_MAX	(16U << 20)	/* bytes of one value, at most */

SET_DECLARE(sysctl_set, const struct sysctl_oid);

/* The description with that parent and the len bytes at name as its name. */
static const struct sysctl_oid *
described(const struct sysctl_oid *parent, const char *name, size_t len)
{
	const struct sysctl_oid * const *pp;

	SET_FOREACH(pp, sysctl_set)
		if ((*pp)->oid_parent == parent &&
		    strncmp((*pp)->oid_name, name, len) == 0 &&
		    (*pp)->oid_name[len] == '\0')
			return (*pp);
	return (NULL);
}

bool
syk_sysctl_istunable(const char *name)
{
	const struct sysctl_oid *oid;
	const char *dot;
	size_t len;

	for (oid = NULL;; name = dot + 1) {
		dot = strchr(name, '.');
		len = dot != NULL ? (size_t)(dot - name) : strlen(name);
		oid = described(oid, name, len);
		if (oid == NULL)
			return (false);
		if (dot == NULL)
			return ((oid->oid_kind & CTLFLAG_TUN) != 0);
	}
}

int
syk_sysctl_set(struct vnet *vnet, const char *name, const char *value)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	error = sysctl_set_string(name, value, false);
	vnet_leave(saved);
	return (error);
}

/* ---- Out ---- */

/* Text that is counted whole and kept as far as there is room. */
struct text {
	char	*t_buf;
	size_t	t_size;
	size_t	t_len;
};

static void
text_add(struct text *t, const char *s, size_t len)
{
	size_t n;

	if (t->t_len < t->t_size) {
		n = ulmin(len, t->t_size - t->t_len);
		memcpy(t->t_buf + t->t_len, s, n);
	}
	t->t_len += len;
}

static void
text_end(struct text *t)
{

	if (t->t_size > 0)
		t->t_buf[ulmin(t->t_len, t->t_size - 1)] = '\0';
}

/* The bytes of one number of that kind, 0 if it is none, and its sign. */
static size_t
number_size(u_int kind, bool *has_sign)
{

	*has_sign = false;
	switch (kind & CTLTYPE) {
	case CTLTYPE_INT:
	case CTLTYPE_S32:
		*has_sign = true;
		return (4);
	case CTLTYPE_UINT:
	case CTLTYPE_U32:
		return (4);
	case CTLTYPE_LONG:
		*has_sign = true;
		return (sizeof(long));
	case CTLTYPE_ULONG:
		return (sizeof(long));
	case CTLTYPE_S64:
		*has_sign = true;
		return (8);
	case CTLTYPE_U64:
		return (8);
	case CTLTYPE_S8:
		*has_sign = true;
		return (1);
	case CTLTYPE_U8:
		return (1);
	case CTLTYPE_S16:
		*has_sign = true;
		return (2);
	case CTLTYPE_U16:
		return (2);
	default:
		return (0);
	}
}

/* The number of size bytes at p, widened with its sign if it has one. */
static uint64_t
number_get(const void *p, size_t size, bool has_sign)
{
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;

	switch (size) {
	case 1:
		memcpy(&u8, p, 1);
		return (has_sign ? (uint64_t)(int8_t)u8 : u8);
	case 2:
		memcpy(&u16, p, 2);
		return (has_sign ? (uint64_t)(int16_t)u16 : u16);
	case 4:
		memcpy(&u32, p, 4);
		return (has_sign ? (uint64_t)(int32_t)u32 : u32);
	default:
		memcpy(&u64, p, 8);
		return (u64);
	}
}

static void
text_numbers(struct text *t, const char *p, size_t len, size_t size,
    bool has_sign)
{
	uint64_t value;
	char digits[32];
	size_t off;
	int n;

	for (off = 0; off + size <= len; off += size) {
		value = number_get(p + off, size, has_sign);
		if (has_sign)
			n = snprintf(digits, sizeof(digits), "%s%jd",
			    off > 0 ? " " : "", (intmax_t)(int64_t)value);
		else
			n = snprintf(digits, sizeof(digits), "%s%ju",
			    off > 0 ? " " : "", (uintmax_t)value);
		text_add(t, digits, (size_t)n);
	}
}

static void
text_hex(struct text *t, const char *p, size_t len)
{
	char digits[4];
	size_t i;

	text_add(t, "0x", 2);
	for (i = 0; i < len; i++) {
		(void)snprintf(digits, sizeof(digits), "%02x",
		    (uint8_t)p[i]);
		text_add(t, digits, 2);
	}
}

static void
text_value(struct text *t, u_int kind, const char *p, size_t len)
{
	size_t size;
	bool has_sign;

	size = number_size(kind, &has_sign);
	if (size > 0)
		text_numbers(t, p, len, size, has_sign);
	else if ((kind & CTLTYPE) == CTLTYPE_STRING)
		text_add(t, p, strnlen(p, len));
	else
		text_hex(t, p, len);
	text_end(t);
}

/* The kind of the variable called name: CTLTYPE_ | CTLFLAG_. */
static int
kind_of(const char *name, u_int *kindp)
{
	struct {
		u_int	kind;
		char	fmt[60];
	} answer;
	int oid[CTL_MAXNAME + 2];
	size_t len;
	int error;

	len = CTL_MAXNAME * sizeof(oid[0]);
	error = kernel_sysctlbyname("sysctl.name2oid", &oid[2], &len, name,
	    strlen(name));
	if (error != 0)
		return (error);
	oid[0] = CTL_SYSCTL;
	oid[1] = CTL_SYSCTL_OIDFMT;
	memset(&answer, 0, sizeof(answer));
	error = kernel_sysctl(oid, (u_int)(len / sizeof(oid[0])) + 2,
	    &answer, &(size_t){ sizeof(answer) }, NULL, 0);
	if (error != 0 && error != ENOMEM)	/* the format was cut */
		return (error);
	*kindp = answer.kind;
	return (0);
}

/*
 * The value of the variable called name in memory that is the caller's, to
 * be given back by host_free().  A value may grow between being measured and
 * being read only if it is made while read, so room is left for that.
 */
static int
value_of(const char *name, char **valuep, size_t *lenp)
{
	size_t room;
	int error;

	for (room = 0;; room = room * 2 + 256) {
		error = kernel_sysctlbyname(name, NULL, lenp, NULL, 0);
		if (error != 0)
			return (error);
		room = ulmax(room, *lenp);
		if (room > VALUE_MAX)
			return (ENOMEM);
		*valuep = host_alloc(room + 1, 0, true);
		if (*valuep == NULL)
			return (ENOMEM);
		*lenp = room;
		error = kernel_sysctlbyname(name, *valuep, lenp, NULL, 0);
		if (error == 0)
			return (0);
		host_free(*valuep);
		if (error != ENOMEM)
			return (error);
	}
}

int
syk_sysctl_get(struct vnet *vnet, const char *name, char *buf, size_t size,
    size_t *lenp)
{
	struct vnet *saved;
	struct text text;
	size_t len;
	char *value;
	u_int kind;
	int error;

	saved = vnet_enter(vnet);
	error = kind_of(name, &kind);
	if (error == 0)
		error = value_of(name, &value, &len);
	vnet_leave(saved);
	if (error != 0)
		return (error);
	text = (struct text){ .t_buf = buf, .t_size = size };
	text_value(&text, kind, value, len);
	*lenp = text.t_len;
	host_free(value);
	return (0);
}

int
syk_sysctl(struct vnet *vnet, const int *mib, unsigned nmib,
    const char *name, void *old, size_t *oldlenp, const void *newp,
    size_t newlen)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	if (mib != NULL)
		error = kernel_sysctl(mib, nmib, old, oldlenp, newp, newlen);
	else
		error = kernel_sysctlbyname(name, old, oldlenp, newp,
		    newlen);
	vnet_leave(saved);
	return (error);
}
