/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Values as text.
 *
 * Numbers of every width, several with a space between; strings; structures
 * that have a form of their own, by the format the stack gives with them
 * ("S,timeval"); all other opaque ones only if asked for, in hexadecimal.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sysctl.h"

#define	Q_OIDDESCR	5
#define	DUMP_BYTES	16		/* of an opaque value, with -o */

static const struct {
	const char	*t_name;
	size_t		t_size;		/* of a number */
	bool		t_signed;
} types[16] = {
	[CTLTYPE_NODE] = { "node", 0, false },
	[CTLTYPE_INT] = { "integer", 4, true },
	[CTLTYPE_STRING] = { "string", 0, false },
	[CTLTYPE_S64] = { "int64_t", 8, true },
	[CTLTYPE_OPAQUE] = { "opaque", 0, false },
	[CTLTYPE_UINT] = { "unsigned integer", 4, false },
	[CTLTYPE_LONG] = { "long integer", sizeof(long), true },
	[CTLTYPE_ULONG] = { "unsigned long", sizeof(long), false },
	[CTLTYPE_U64] = { "uint64_t", 8, false },
	[CTLTYPE_U8] = { "uint8_t", 1, false },
	[CTLTYPE_U16] = { "uint16_t", 2, false },
	[CTLTYPE_S8] = { "int8_t", 1, true },
	[CTLTYPE_S16] = { "int16_t", 2, true },
	[CTLTYPE_S32] = { "int32_t", 4, true },
	[CTLTYPE_U32] = { "uint32_t", 4, false },
};

const char *
type_name(uint32_t kind)
{

	return (types[kind & CTLTYPE].t_name != NULL ?
	    types[kind & CTLTYPE].t_name : "unknown");
}

size_t
number_size(uint32_t kind)
{

	return (types[kind & CTLTYPE].t_size);
}

bool
number_is_signed(uint32_t kind)
{

	return (types[kind & CTLTYPE].t_signed);
}

/* ---- Numbers ---- */

/* The number of size bytes at p, widened. */
static int64_t
number_at(const unsigned char *p, size_t size, bool is_signed)
{
	uint64_t value;

	value = 0;
	memcpy(&value, p, size);	/* little-endian, as all we run on */
	if (is_signed && size < sizeof(value) &&
	    (value >> (size * 8 - 1) & 1) != 0)
		value |= ~UINT64_C(0) << (size * 8);
	return ((int64_t)value);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
    "number_at() copies low bytes first");

static void
show_numbers(const struct var *v, const unsigned char *p, size_t len)
{
	size_t off, size;
	int64_t value;
	bool is_signed;

	size = number_size(v->v_kind);
	is_signed = number_is_signed(v->v_kind);
	for (off = 0; off + size <= len; off += size) {
		if (off > 0)
			putchar(' ');
		value = number_at(p + off, size, is_signed);
		if (opt.o_hex)
			printf("%#0*" PRIx64, (int)(2 + 2 * size),
			    (uint64_t)value & ~UINT64_C(0) >> (64 - 8 * size));
		else if (is_signed)
			printf(opt.o_human ? "%'" PRId64 : "%" PRId64, value);
		else
			printf(opt.o_human ? "%'" PRIu64 : "%" PRIu64,
			    (uint64_t)value);
	}
}

/* ---- Structures ---- */

static bool
show_clockinfo(const void *value, size_t len)
{
	int ci[5];			/* hz, tick, spare, stathz, profhz */

	if (len != sizeof(ci))
		return (false);
	memcpy(ci, value, sizeof(ci));
	printf("{ hz = %d, tick = %d, profhz = %d, stathz = %d }", ci[0],
	    ci[1], ci[4], ci[3]);
	return (true);
}

static bool
show_timeval(const void *value, size_t len)
{
	int64_t tv[2];
	char date[64];
	struct tm tm;
	time_t t;

	if (len != sizeof(tv))
		return (false);
	memcpy(tv, value, sizeof(tv));
	t = (time_t)tv[0];
	if (localtime_r(&t, &tm) == NULL ||
	    strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", &tm) == 0)
		*date = '\0';
	printf("{ sec = %jd, usec = %jd } %s", (intmax_t)tv[0],
	    (intmax_t)tv[1], date);
	return (true);
}

static bool
show_loadavg(const void *value, size_t len)
{
	struct {
		uint32_t avg[3];
		long	scale;
	} la;

	if (len != sizeof(la))
		return (false);
	memcpy(&la, value, sizeof(la));
	if (la.scale == 0)
		return (false);
	printf("{ %.2f %.2f %.2f }", (double)la.avg[0] / (double)la.scale,
	    (double)la.avg[1] / (double)la.scale,
	    (double)la.avg[2] / (double)la.scale);
	return (true);
}

static const struct {
	const char	*f_fmt;
	bool		(*f_show)(const void *, size_t);
} forms[] = {
	{ "S,clockinfo", show_clockinfo },
	{ "S,loadavg", show_loadavg },
	{ "S,timeval", show_timeval },
};

static void
show_dump(const struct var *v, const unsigned char *p, size_t len)
{
	size_t i;

	printf("Format:%s Length:%zu Dump:0x", v->v_fmt, len);
	for (i = 0; i < len && (opt.o_hex || i < DUMP_BYTES); i++)
		printf("%02x", p[i]);
	if (i < len)
		printf("...");
}

/* A function that shows v, or NULL if it has no form of its own. */
static bool
(*form_of(const struct var *v))(const void *, size_t)
{
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(forms[i].f_fmt, v->v_fmt) == 0)
			return (forms[i].f_show);
	return (NULL);
}

/* ---- One variable ---- */

void
show_value(const struct var *v, const void *value, size_t len)
{
	bool (*form)(const void *, size_t);

	if (number_size(v->v_kind) > 0) {
		show_numbers(v, value, len);
	} else if ((v->v_kind & CTLTYPE) == CTLTYPE_STRING) {
		printf("%.*s", (int)len, (const char *)value);
	} else {
		form = form_of(v);
		if (form == NULL || !form(value, len))
			show_dump(v, value, len);
	}
}

/* What -d, -t and -F ask for instead of the value. */
static void
show_about(const struct var *v)
{
	int mib[CTL_MAXNAME + 2];
	char descr[1024];
	size_t len;
	bool more;

	print_name(v);
	more = false;
	if (opt.o_type || opt.o_format) {
		printf("%s", opt.o_type ? type_name(v->v_kind) : v->v_fmt);
		more = true;
	}
	if (!opt.o_descr)
		return;
	mib[0] = 0;
	mib[1] = Q_OIDDESCR;
	memcpy(&mib[2], v->v_mib, v->v_len * sizeof(mib[0]));
	memset(descr, 0, sizeof(descr));
	len = sizeof(descr) - 1;
	if (ysctl(stack, mib, (unsigned)v->v_len + 2, descr, &len, NULL,
	    0) != 0)
		*descr = '\0';
	printf("%s%s", more ? ": " : "", descr);
}

/* Is v one that is shown only when somebody asks? */
static bool
is_hidden(const struct var *v)
{

	return ((v->v_kind & CTLTYPE) == CTLTYPE_OPAQUE && !opt.o_opaque &&
	    !opt.o_hex && !opt.o_binary && form_of(v) == NULL);
}

int
show(const struct var *v, bool by_name)
{
	void *value;
	size_t len;

	if (opt.o_names) {
		printf("%s", v->v_name);
		return (SHOWN);
	}
	if (opt.o_descr || opt.o_type || opt.o_format) {
		show_about(v);
		return (SHOWN);
	}
	if (is_hidden(v))
		return (NOT_SHOWN);
	value = var_read(v, &len);
	if (value == NULL) {
		if (by_name)
			complain_errno(v->v_name, errno);
		return (FAILED);
	}
	if (opt.o_binary)
		(void)fwrite(value, 1, len, stdout);
	else {
		print_name(v);
		if (opt.o_length)
			printf("%zu%s", len, opt.o_equals ? "=" : ": ");
		show_value(v, value, len);
	}
	free(value);
	return (SHOWN);
}
