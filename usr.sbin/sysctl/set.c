/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Setting a variable from text.
 *
 * Nothing is sent until all of the value has been understood; then the old
 * value is shown, the new one is sent, and what the stack made of it is shown:
 *
 *	name: old -> new
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sysctl.h"

/* Why v must not be written: 0 it may. */
static int
refused(const struct var *v)
{

	if ((v->v_kind & CTLTYPE) == CTLTYPE_NODE) {
		complain("oid '%s' isn't a leaf node", v->v_name);
		return (1);
	}
	if ((v->v_kind & CTLFLAG_WR) != 0)
		return (0);
	if ((v->v_kind & CTLFLAG_TUN) == 0) {
		complain("oid '%s' is read only", v->v_name);
		return (1);
	}
	complain("oid '%s' is a read only tunable", v->v_name);
	fprintf(stderr, "sysctl: Tunable values are set when the stack "
	    "starts, by \"yard up -s name=value\" or \"yard up -f "
	    "tunables.lua\"\n");
	return (1);
}

/* The number that text is, if it is one of size bytes. */
static bool
parse_number(const char *text, size_t size, bool is_signed, uint64_t *valuep)
{
	uintmax_t high;
	intmax_t low, s;
	char *end;

	errno = 0;
	if (is_signed) {
		s = strtoimax(text, &end, 0);
		low = INTMAX_MIN >> (64 - 8 * size);
		if (s < low || s > -(low + 1))
			errno = ERANGE;
		*valuep = (uint64_t)s;
	} else {
		high = UINTMAX_MAX >> (64 - 8 * size);
		*valuep = strtoumax(text, &end, 0);
		if (strchr(text, '-') != NULL || *valuep > high)
			errno = ERANGE;
	}
	return (errno == 0 && end != text && *end == '\0');
}

/* A list of numbers, with commas or spaces between; NULL: no such list. */
static void *
parse_numbers(const struct var *v, char *text, size_t *lenp)
{
	unsigned char *value;
	uint64_t number;
	size_t room, size;
	char *word;

	size = number_size(v->v_kind);
	if (text[strspn(text, ", \t")] == '\0') {
		complain("empty numeric value");
		return (NULL);
	}
	room = (strlen(text) / 2 + 1) * size;
	value = calloc(1, room + sizeof(number));
	*lenp = 0;
	while (value != NULL && (word = strsep(&text, ", \t")) != NULL) {
		if (*word == '\0')
			continue;
		if (!parse_number(word, size, number_is_signed(v->v_kind),
		    &number)) {
			complain("invalid %s '%s'", type_name(v->v_kind),
			    word);
			free(value);
			return (NULL);
		}
		memcpy(value + *lenp, &number, size);
		*lenp += size;
	}
	return (value);
}

/* The value that text is for v, to be freed; NULL: it has been said why. */
static void *
parse(const struct var *v, const char *text, size_t *lenp)
{
	char *copy;
	void *value;

	copy = strdup(text);
	if (copy == NULL || (v->v_kind & CTLTYPE) == CTLTYPE_STRING) {
		*lenp = strlen(text);
		return (copy);
	}
	if (number_size(v->v_kind) == 0) {
		complain("oid '%s' is type %d, cannot set that", v->v_name,
		    (int)(v->v_kind & CTLTYPE));
		value = NULL;
	} else
		value = parse_numbers(v, copy, lenp);
	free(copy);
	return (value);
}

static int
failed(const char *arg, bool shown)
{
	int error;

	error = errno;
	if (shown && !opt.o_binary)
		putchar('\n');
	switch (error) {
	case EOPNOTSUPP:
		complain("%s: value is not available", arg);
		break;
	case ENOTDIR:
		complain("%s: specification is incomplete", arg);
		break;
	default:
		complain_errno(arg, error);
		break;
	}
	return (1);
}

int
set(const struct var *v, const char *text, const char *arg)
{
	size_t len;
	void *value;
	bool shown, values;
	int rv;

	if (refused(v) != 0)
		return (1);
	value = parse(v, text, &len);
	if (value == NULL)
		return (1);
	/* What cannot be read is not shown. */
	shown = (v->v_kind & CTLFLAG_RD) != 0 && show(v, false) == SHOWN;
	rv = ysctl(stack, v->v_mib, (unsigned)v->v_len, NULL, NULL, value,
	    len);
	free(value);
	if (rv != 0)
		return (failed(arg, shown));
	if (!shown || opt.o_names || opt.o_type || opt.o_format) {
		if (shown && !opt.o_binary)
			putchar('\n');
		return (0);
	}
	if (!opt.o_binary)
		printf(" -> ");
	values = opt.o_values;
	opt.o_values = true;
	if (show(v, false) == SHOWN && !opt.o_binary)
		putchar('\n');
	opt.o_values = values;
	return (0);
}
