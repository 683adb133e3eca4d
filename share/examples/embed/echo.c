/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The example of libstackyard(3): two hosts, a link of 10 Mbit/s and 20 ms
 * each way, an echo service on one and a client on the other, in virtual
 * time.  The client waits in its calls; the service is called back.
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stackyard.h>

static void
echo(void *host, int fd, short revents)
{
	char buf[1024];
	ssize_t n = sy_recv(host, fd, buf, sizeof(buf), 0);

	if (n <= 0 || sy_send(host, fd, buf, n, 0) != n)
		sy_close(host, fd);
}

static void
welcome(void *host, int fd, short revents)
{
	sy_watch(host, sy_accept(host, fd, NULL, NULL), POLLIN, echo, host);
}

int
main(void)
{
	struct sy_loop *loop = sy_loop_new(SY_VIRTUAL, 1);
	struct sy_host *a = sy_host_new(loop, "a", NULL, 0);
	struct sy_host *b = sy_host_new(loop, "b", NULL, 0);
	struct sy_pipe path = { .rate = 10000000, .delay = 20000000 };
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(7), .sin_addr.s_addr = inet_addr("10.0.0.2") };
	int l = sy_socket(b, AF_INET, SOCK_STREAM, 0);
	int s = sy_socket(a, AF_INET, SOCK_STREAM, 0);
	char buf[16] = "";

	if (sy_link(a, b, 0, 0) || sy_addr_add(a, "epair0a", "10.0.0.1/24") ||
	    sy_addr_add(b, "epair0b", "10.0.0.2/24") ||
	    sy_pipe(a, "epair0a", &path) || sy_pipe(b, "epair0b", &path) ||
	    sy_bind(b, l, (void *)&sin, sizeof(sin)) || sy_listen(b, l, 5) ||
	    sy_watch(b, l, POLLIN, welcome, b) ||
	    sy_connect(a, s, (void *)&sin, sizeof(sin)) ||
	    sy_send(a, s, "hello", 5, 0) < 0 || sy_recv(a, s, buf, 15, 0) < 0)
		errx(1, "%s", sy_error());
	printf("%s after %.2f ms\n", buf, sy_loop_now(loop) / 1e6);
	sy_loop_free(loop);
}
