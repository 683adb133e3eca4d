/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The host kernel's network (net.h), by ioctls, and ip(8) where those would
 * be netlink.  Linux only.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../figure.h"
#include "net.h"

#define	NET_PORT	5001

__attribute__((__noreturn__))
static void
cannot(const char *what)
{
	(void)fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(NET_CANNOT);
}

void
net_pin(void)
{
	cpu_set_t set;
	int cpu;

	/* Any: where we are. */
	cpu = sched_getcpu();
	CPU_ZERO(&set);
	CPU_SET(cpu < 0 ? 0 : cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		die("sched_setaffinity: %s", strerror(errno));
}

int
net_new(void)
{
	int ns;

	if (unshare(CLONE_NEWNET) != 0)
		cannot("no network namespace");
	if ((ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) < 0)
		cannot("/proc/self/ns/net");
	net_ip("link set dev lo up");
	return (ns);
}

void
net_enter(int ns)
{
	if (setns(ns, CLONE_NEWNET) != 0)
		die("setns: %s", strerror(errno));
}

void
net_ip(const char *format, ...)
{
	char command[256];
	va_list ap;
	int n;

	n = snprintf(command, sizeof(command), "ip ");
	va_start(ap, format);
	(void)vsnprintf(command + n, sizeof(command) - (size_t)n, format, ap);
	va_end(ap);
	if (system(command) != 0)
		die("failed: %s", command);
}

void
net_no_offload(const char *ifname)
{
	static const uint32_t what[] = { ETHTOOL_STSO, ETHTOOL_SGSO,
	    ETHTOOL_SGRO, ETHTOOL_STXCSUM, ETHTOOL_SRXCSUM };
	struct ethtool_value value;
	struct ifreq ifr = { .ifr_flags = 0 };
	unsigned i;
	int fd;

	if ((fd = socket(AF_INET, SOCK_DGRAM, 0)) < 0)
		die("socket: %s", strerror(errno));
	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	ifr.ifr_data = (char *)&value;
	for (i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		value = (struct ethtool_value){ .cmd = what[i], .data = 0 };
		/* What cannot be changed may be off already. */
		if (ioctl(fd, SIOCETHTOOL, &ifr) != 0 && errno != EOPNOTSUPP)
			die("%s: offload %u: %s", ifname, (unsigned)what[i],
			    strerror(errno));
	}
	(void)close(fd);
}

int
net_tap(const char *ifname, bool offload)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd;

	if (offload)
		ifr.ifr_flags |= IFF_VNET_HDR;
	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	if ((fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK)) < 0 ||
	    ioctl(fd, TUNSETIFF, &ifr) != 0)
		cannot("/dev/net/tun");
	if (offload && ioctl(fd, TUNSETOFFLOAD,
	    TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) != 0)
		die("TUNSETOFFLOAD: %s", strerror(errno));
	return (fd);
}

static void
net_cubic(int fd)
{
	if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5) != 0)
		die("cubic: %s", strerror(errno));
}

void
net_nonblock(int fd)
{
	if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		die("fcntl: %s", strerror(errno));
}

int
net_listen(int ns)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(NET_PORT) };
	int fd;

	if (ns >= 0)
		net_enter(ns);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) != 0 ||
	    listen(fd, 128) != 0)
		die("listen: %s", strerror(errno));
	net_cubic(fd);
	return (fd);
}

void
net_connect(int ns, int listener, const char *address, int *out, int *in)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(NET_PORT) };

	if (ns >= 0)
		net_enter(ns);
	(void)inet_pton(AF_INET, address, &sin.sin_addr);
	*out = socket(AF_INET, SOCK_STREAM, 0);
	if (*out < 0)
		die("socket: %s", strerror(errno));
	net_cubic(*out);
	if (connect(*out, (struct sockaddr *)&sin, sizeof(sin)) != 0 ||
	    (*in = accept(listener, NULL, NULL)) < 0)
		die("connect: %s", strerror(errno));
}
