/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Fast open's keys, as Linux's scripts write them: net.ipv4.tcp_fastopen_key.
 *
 *	key	four groups of eight hexadecimal digits, joined by `-'; each
 *		is a number, of which the key has the lowest byte first
 *	value	key [, key]: what cookies are made with, and a second key
 *		whose cookies are good, too
 *
 * A group may have fewer digits.  Nothing is changed unless all is right.
 *
 * Touches: the host's keys of fast open.
 */
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <netinet/tcp_fastopen.h>
#include <compat/linux/linux.h>
#include <compat/linux/linux_private.h>

#define	GROUPS		4
#define	GROUP_DIGITS	8
/* With what joins or ends it. */
#define	KEY_TEXT	(GROUPS * (GROUP_DIGITS + 1))

/* Behind the group of digits at p; NULL: there is none. */
static const char *
group_in(const char *p, uint8_t out[4])
{
	uint32_t value = 0;
	int i, n;

	for (n = 0; digit_value(p[n]) < 16; n++) {
		if (n == GROUP_DIGITS)
			return (NULL);
		value = value << 4 | (uint32_t)digit_value(p[n]);
	}
	for (i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (8 * i));
	return (n == 0 ? NULL : p + n);
}

/* Behind the key at p; NULL: there is none. */
static const char *
key_in(const char *p, uint8_t key[TCP_FASTOPEN_KEY_LEN])
{
	int i;

	for (i = 0; i < GROUPS; i++) {
		if (i > 0 && *p++ != '-')
			return (NULL);
		if ((p = group_in(p, key + 4 * i)) == NULL)
			return (NULL);
	}
	return (p);
}

/* The keys of a value: how many; 0 if it is wrong. */
static u_int
keys_in(const char *p, uint8_t keys[TFO_MAX_KEYS][TCP_FASTOPEN_KEY_LEN])
{
	u_int n = 0;

	do {
		if (n > 0)
			p++;
		if (n == TFO_MAX_KEYS || (p = key_in(p, keys[n])) == NULL)
			return (0);
		n++;
	} while (*p == ',');
	return (*p == '\0' ? n : 0);
}

static void
key_out(const uint8_t key[TCP_FASTOPEN_KEY_LEN], char text[KEY_TEXT])
{
	const uint8_t *g;
	int i;

	for (i = 0; i < GROUPS; i++) {
		g = key + 4 * i;
		(void)snprintf(text + (GROUP_DIGITS + 1) * i,
		    GROUP_DIGITS + 2, "%02x%02x%02x%02x%s", g[3], g[2], g[1],
		    g[0], i < GROUPS - 1 ? "-" : "");
	}
}

static int
sysctl_fastopen_key(SYSCTL_HANDLER_ARGS)
{
	uint8_t keys[TFO_MAX_KEYS][TCP_FASTOPEN_KEY_LEN] = { { 0 } };
	char text[TFO_MAX_KEYS * KEY_TEXT];
	u_int i, n;
	int error;

	(void)arg1;
	(void)arg2;
	/* Without a key: zeros. */
	n = tcp_fastopen_keys(keys);
	key_out(keys[0], text);
	for (i = 1; i < n; i++) {
		text[i * KEY_TEXT - 1] = ',';
		key_out(keys[i], text + i * KEY_TEXT);
	}
	error = sysctl_handle_string(oidp, text, sizeof(text), req);
	if (error != 0 || req->newptr == NULL)
		return (error);
	if ((n = keys_in(text, keys)) == 0)
		return (EINVAL);
	tcp_fastopen_setkeys(keys, n);
	return (0);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_fastopen_key,
    CTLTYPE_STRING | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_fastopen_key,
    "A", "Fast open's key, and maybe a second one whose cookies are good: "
    "four hexadecimal groups each, XXXXXXXX-XXXXXXXX-XXXXXXXX-XXXXXXXX");
