/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Messages.  The host takes whole lines (ho_log), so the text of
 * kern_printf() is gathered until its newline; a line longer than the
 * buffer goes out in pieces.  Without a current vnet there is nobody to
 * tell.  panic() ends the process with its message on standard error.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include "kern_host.h"

#define	LINE_SIZE	240	/* of kern_printf()'s line, with its NUL */
#define	MSG_SIZE	1024	/* of one call's text, with its NUL */

struct line {
	u_int	l_len;
	char	l_text[LINE_SIZE];
};
VNET_DEFINE_STATIC(struct line, printf_line);
#define	V_printf_line	VNET(printf_line)

void
panic(const char *fmt, ...)
{
	char msg[MSG_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	host_panic(msg);
}

static void
line_flush(struct line *line)
{

	line->l_text[line->l_len] = '\0';
	line->l_len = 0;
	curvnet->vnet_ops->ho_log(curvnet->vnet_arg, LOG_INFO, line->l_text);
}

int
kern_printf(const char *fmt, ...)
{
	char msg[MSG_SIZE];
	struct line *line;
	const char *p;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (len < 0 || curvnet == NULL)
		return (len);
	line = &V_printf_line;
	for (p = msg; *p != '\0'; p++) {
		if (*p == '\n' || line->l_len == LINE_SIZE - 1)
			line_flush(line);
		if (*p != '\n')
			line->l_text[line->l_len++] = *p;
	}
	return (len);
}

void
kern_log(int level, const char *fmt, ...)
{
	char msg[MSG_SIZE];
	char *line, *end;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (len < 0 || curvnet == NULL)
		return;
	line = msg;
	do {
		end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		curvnet->vnet_ops->ho_log(curvnet->vnet_arg, level, line);
		line = end;
	} while (line != NULL && *line != '\0');
}
