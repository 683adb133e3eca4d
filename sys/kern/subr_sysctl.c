/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the handlers of variables are made of: copying out and in, the
 * standard handlers, and numbers from text.
 *
 * A standard handler answers with the variable's value and then, if there
 * is a new one, takes it only if it has exactly the variable's size; so a
 * value is taken whole or not at all.
 */
#include <sys/param.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include "sysctl_private.h"

void *
sysctl_variable(const void *arg1)
{
	void *copy;

	if (arg1 == NULL)
		return (NULL);
	copy = vnet_ptr_or_null(arg1);
	return (copy != NULL ? copy : __DECONST(void *, arg1));
}

int
sysctl_out(struct sysctl_req *req, const void *p, size_t l)
{
	size_t room;

	if (req->oldptr == NULL) {
		req->oldidx += l;
		return (0);
	}
	room = req->oldlen > req->oldidx ? req->oldlen - req->oldidx : 0;
	if (room > 0 && l > 0)
		memcpy((char *)req->oldptr + req->oldidx, p, ulmin(room, l));
	req->oldidx += l;
	return (l > room ? ENOMEM : 0);
}

int
sysctl_in(struct sysctl_req *req, void *p, size_t l)
{

	if (req->newptr == NULL)
		return (0);
	if (req->newlen - req->newidx < l)
		return (EINVAL);
	if (l > 0)
		memcpy(p, (const char *)req->newptr + req->newidx, l);
	req->newidx += l;
	return (0);
}

/*
 * Answer with the len bytes at value; if written, take exactly as many
 * into var, unless that is NULL.
 */
static int
handle_bytes(struct sysctl_req *req, const void *value, void *var,
    size_t len)
{
	int error;

	error = sysctl_out(req, value, len);
	if (error != 0 || req->newptr == NULL)
		return (error);
	if (var == NULL)
		return (EPERM);
	if (req->newlen - req->newidx != len)
		return (EINVAL);
	return (sysctl_in(req, var, len));
}

/* The handler of an integer of len bytes. */
static int
handle_integer(struct sysctl_req *req, void *arg1, intmax_t arg2,
    size_t len)
{
	union {
		uint8_t		v8;
		uint16_t	v16;
		uint32_t	v32;
		uint64_t	v64;
	} constant;
	void *var;

	var = sysctl_variable(arg1);
	if (var != NULL)
		return (handle_bytes(req, var, var, len));
	switch (len) {
	case 1:
		constant.v8 = (uint8_t)arg2;
		break;
	case 2:
		constant.v16 = (uint16_t)arg2;
		break;
	case 4:
		constant.v32 = (uint32_t)arg2;
		break;
	default:
		constant.v64 = (uint64_t)arg2;
		break;
	}
	return (handle_bytes(req, &constant, NULL, len));
}

int
sysctl_handle_bool(SYSCTL_HANDLER_ARGS)
{
	uint8_t value;
	bool *var;
	int error;

	(void)oidp;
	var = sysctl_variable(arg1);
	value = var != NULL ? *var : arg2 != 0;
	error = handle_bytes(req, &value, var != NULL ? &value : NULL, 1);
	if (error == 0 && req->newptr != NULL)
		*var = value != 0;
	return (error);
}

int
sysctl_handle_8(SYSCTL_HANDLER_ARGS)
{

	(void)oidp;
	return (handle_integer(req, arg1, arg2, sizeof(uint8_t)));
}

int
sysctl_handle_16(SYSCTL_HANDLER_ARGS)
{

	(void)oidp;
	return (handle_integer(req, arg1, arg2, sizeof(uint16_t)));
}

int
sysctl_handle_32(SYSCTL_HANDLER_ARGS)
{

	(void)oidp;
	return (handle_integer(req, arg1, arg2, sizeof(uint32_t)));
}

int
sysctl_handle_int(SYSCTL_HANDLER_ARGS)
{

	(void)oidp;
	return (handle_integer(req, arg1, arg2, sizeof(int)));
}

int
sysctl_handle_long(SYSCTL_HANDLER_ARGS)
{

	(void)oidp;
	return (handle_integer(req, arg1, arg2, sizeof(long)));
}

int
sysctl_handle_64(SYSCTL_HANDLER_ARGS)
{

	(void)oidp;
	return (handle_integer(req, arg1, arg2, sizeof(uint64_t)));
}

/* A size of 0 is that of a string which does not change. */
int
sysctl_handle_string(SYSCTL_HANDLER_ARGS)
{
	size_t len;
	char *var;
	int error;

	(void)oidp;
	var = sysctl_variable(arg1);
	len = arg2 > 0 ? strnlen(var, (size_t)arg2 - 1) : strlen(var);
	error = sysctl_out(req, var, len);
	if (error == 0)
		error = sysctl_out(req, "", 1);
	if (error != 0 || req->newptr == NULL)
		return (error);
	if (arg2 <= 0)
		return (EPERM);
	len = req->newlen - req->newidx;
	if (len >= (size_t)arg2)
		return (EINVAL);
	error = sysctl_in(req, var, len);
	if (error == 0)
		var[len] = '\0';
	return (error);
}

int
sysctl_handle_opaque(SYSCTL_HANDLER_ARGS)
{
	void *var;

	(void)oidp;
	var = sysctl_variable(arg1);
	return (handle_bytes(req, var, var, (size_t)arg2));
}

/* Counters go back to 0 whatever is written. */
int
sysctl_handle_counters(SYSCTL_HANDLER_ARGS)
{
	void *var;
	int error;

	(void)oidp;
	var = sysctl_variable(arg1);
	error = sysctl_out(req, var, (size_t)arg2);
	if (error == 0 && req->newptr != NULL)
		memset(var, 0, (size_t)arg2);
	return (error);
}

int
sysctl_int_range(const struct sysctl_oid *oidp, struct sysctl_req *req,
    int *val, int lo, int hi)
{
	int error, new;

	new = *val;
	error = sysctl_handle_int(oidp, &new, 0, req);
	if (error != 0 || req->newptr == NULL)
		return (error);
	if (new < lo || new > hi)
		return (EINVAL);
	*val = new;
	return (0);
}

int
sysctl_uint_range(const struct sysctl_oid *oidp, struct sysctl_req *req,
    u_int *val, u_int lo, u_int hi)
{
	u_int new;
	int error;

	new = *val;
	error = sysctl_handle_int(oidp, &new, 0, req);
	if (error != 0 || req->newptr == NULL)
		return (error);
	if (new < lo || new > hi)
		return (EINVAL);
	*val = new;
	return (0);
}

/* Text. */

/* The bytes of an integer type, 0 for another, and whether it has a sign. */
static size_t
type_size(u_int type, bool *has_signp)
{

	*has_signp = type == CTLTYPE_INT || type == CTLTYPE_LONG ||
	    type == CTLTYPE_S8 || type == CTLTYPE_S16 ||
	    type == CTLTYPE_S32 || type == CTLTYPE_S64;
	switch (type) {
	case CTLTYPE_S8:
	case CTLTYPE_U8:
		return (1);
	case CTLTYPE_S16:
	case CTLTYPE_U16:
		return (2);
	case CTLTYPE_S32:
	case CTLTYPE_U32:
		return (4);
	case CTLTYPE_S64:
	case CTLTYPE_U64:
		return (8);
	case CTLTYPE_INT:
	case CTLTYPE_UINT:
		return (sizeof(int));
	case CTLTYPE_LONG:
	case CTLTYPE_ULONG:
		return (sizeof(long));
	default:
		return (0);
	}
}

/*
 * The digits at *pp, in the base that their prefix says, as strtoull(3)
 * does; *pp moves behind them.
 */
static int
parse_digits(const char **pp, uint64_t *valuep)
{
	const char *p;
	uint64_t value;
	int base;

	p = *pp;
	base = 10;
	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	} else if (p[0] == '0')
		base = 8;
	if (digit_value(*p) >= base)
		return (EINVAL);
	value = 0;
	for (; digit_value(*p) < base; p++)
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value,
		    (uint64_t)digit_value(*p), &value))
			return (EINVAL);
	*pp = p;
	*valuep = value;
	return (0);
}

/* One number of len bytes at *pp, which moves behind it. */
static int
parse_number(const char **pp, size_t len, bool has_sign, uint64_t *valuep)
{
	uint64_t limit, value;
	bool negative;
	int error;

	negative = **pp == '-';
	if (**pp == '-' || **pp == '+')
		(*pp)++;
	error = parse_digits(pp, &value);
	if (error != 0)
		return (error);
	limit = UINT64_MAX >> (64 - 8 * len);
	if (has_sign)
		limit = limit / 2 + negative;
	else if (negative)
		limit = 0;
	if (value > limit)
		return (EINVAL);
	*valuep = negative ? 0 - value : value;
	return (0);
}

static void
store_number(union sysctl_value *sv, u_int i, size_t len, uint64_t value)
{

	switch (len) {
	case 1:
		sv->sv_8[i] = (uint8_t)value;
		break;
	case 2:
		sv->sv_16[i] = (uint16_t)value;
		break;
	case 4:
		sv->sv_32[i] = (uint32_t)value;
		break;
	default:
		sv->sv_64[i] = value;
		break;
	}
}

static const char *
skip_blanks(const char *p)
{

	while (*p == ' ' || *p == '\t' || *p == '\n')
		p++;
	return (p);
}

int
sysctl_parse(u_int type, const char *text, union sysctl_value *value,
    size_t *lenp)
{
	uint64_t number;
	size_t len;
	u_int n;
	bool has_sign;

	len = type_size(type, &has_sign);
	if (len == 0)
		return (EINVAL);
	n = 0;
	for (text = skip_blanks(text); *text != '\0';
	    text = skip_blanks(text)) {
		if (n == SYSCTL_MAXLIST ||
		    parse_number(&text, len, has_sign, &number) != 0 ||
		    strchr(" \t\n", *text) == NULL)
			return (EINVAL);
		store_number(value, n++, len, number);
	}
	*lenp = n * len;
	return (n > 0 ? 0 : EINVAL);
}

int
sysctl_handle_range(SYSCTL_HANDLER_ARGS)
{
	int hi, lo;

	lo = (int)(uint32_t)((uint64_t)arg2 >> 32);
	hi = (int)(uint32_t)arg2;
	return (sysctl_int_range(oidp, req, arg1, lo, hi));
}
