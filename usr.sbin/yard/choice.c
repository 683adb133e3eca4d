/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Function blocks and congestion control by name: which there are, from the
 * variables that list them beneath a header (the name is a line's first
 * word, with a star if it is the default), and choosing one for a socket.
 *
 * May touch: the socket it is given.
 */
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "choice.h"

bool
choice_exists(struct sy_host *host, enum choice what, const char *name,
    char *names, size_t size)
{
	char buf[8192], *line, *save, word[64];
	bool found;
	size_t len;

	names[0] = '\0';
	found = false;
	if (sy_sysctl_get(host, what == CHOICE_BLOCK ?
	    "net.inet.tcp.functions_available" : "net.inet.tcp.cc.available",
	    buf, sizeof(buf)) == -1)
		return (true);		/* the socket will tell */
	line = strtok_r(buf, "\n", &save);	/* the header */
	while (line != NULL && (line = strtok_r(NULL, "\n", &save)) != NULL) {
		len = strcspn(line, " *");
		snprintf(word, sizeof(word), "%.*s", (int)len, line);
		found = found || strcmp(word, name) == 0;
		len = strlen(names);
		snprintf(names + len, size - len, "%s%s",
		    len > 0 ? ", " : "", word);
	}
	return (found);
}

int
choice_set(struct sy_host *host, int fd, enum choice what, const char *name)
{
	struct sy_tcp_function_set set;

	if (what == CHOICE_CC)
		return (sy_setsockopt(host, fd, IPPROTO_TCP,
		    SY_TCP_CONGESTION, name, (socklen_t)strlen(name)));
	memset(&set, 0, sizeof(set));
	strncpy(set.function_set_name, name,
	    sizeof(set.function_set_name) - 1);
	return (sy_setsockopt(host, fd, IPPROTO_TCP, SY_TCP_FUNCTION_BLK,
	    &set, sizeof(set)));
}
