/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * yard nc: nc(1) over the stack, by a TAP device, so that real files go to
 * and from real peers.
 *
 * One host in real time with one interface; its addresses and gateways come
 * from the command line.  A connection is made to the first address of the
 * peer's name that answers, or taken from the first peer that comes; then
 * ncio.c copies.  At the end the socket lingers, so that what was sent
 * arrives before the host goes.  Exit status as nc: 0, or 1 after a message.
 *
 * May touch: a TAP device, standard input and output.
 */
#include <sys/socket.h>
#include <netinet/in.h>

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stackyard.h>

#include "choice.h"
#include "ncio.h"
#include "units.h"
#include "yard.h"

#define	ADDRS_MAX	8
#define	LINGER_S	30

static const char nc_usage[] =
    "nc -i interface,address/length[,...] [-46Nnv] [-b block] [-c cc]\n"
    "           [-g gateway] [-M mtu] [-m module] [-O] [-p port] "
    "[-w seconds]\n"
    "           host port\n"
    "       yard nc -l -i interface,address/length[,...] [options] "
    "[address] port";

struct nc {
	char		*nc_ifname;
	char		*nc_addr[ADDRS_MAX];
	size_t		nc_naddrs;
	const char	*nc_gateway[ADDRS_MAX];
	size_t		nc_ngateways;
	const char	*nc_module[ADDRS_MAX];
	size_t		nc_nmodules;
	const char	*nc_block, *nc_cc;
	const char	*nc_host, *nc_port;	/* nc_host NULL: any */
	int		nc_family;
	uint16_t	nc_sport;
	uint64_t	nc_mtu;
	uint64_t	nc_wait;		/* ns; 0: for ever */
	bool		nc_listen, nc_shutdown, nc_numeric, nc_verbose;
	bool		nc_offload;
	struct sy_loop	*nc_loop;
	struct sy_host	*nc_sy;
};

/* ---- The command line ---- */

static void
add(const char **list, size_t *n, const char *what, const char *arg)
{

	if (*n == ADDRS_MAX)
		fail(EXIT_FAILURE, "nc: %s: more than %d", what, ADDRS_MAX);
	list[(*n)++] = arg;
}

/* IFACE,ADDR/LEN[,ADDR/LEN ...] */
static void
parse_interface(struct nc *nc, char *arg)
{
	char *save, *word;

	nc->nc_ifname = strtok_r(arg, ",", &save);
	while ((word = strtok_r(NULL, ",", &save)) != NULL) {
		if (nc->nc_naddrs == ADDRS_MAX)
			fail(EXIT_FAILURE, "nc: -i: more than %d addresses",
			    ADDRS_MAX);
		nc->nc_addr[nc->nc_naddrs++] = word;
	}
	if (nc->nc_ifname == NULL || nc->nc_naddrs == 0)
		fail(EXIT_FAILURE, "nc: -i: \"%s\" is not "
		    "INTERFACE,ADDRESS/LENGTH (as in tap0,10.0.0.2/24)", arg);
}

static uint64_t
parse_number(const char *option, const char *arg, uint64_t least,
    uint64_t most)
{
	uint64_t n;

	if (!unit_count(arg, &n) || n < least || n > most)
		fail(EXIT_FAILURE, "nc: %s: \"%s\" is not a number from %ju "
		    "to %ju", option, arg, (uintmax_t)least, (uintmax_t)most);
	return (n);
}

static void
parse_option(struct nc *nc, int ch, char *arg)
{

	switch (ch) {
	case '4':
		nc->nc_family = AF_INET;
		break;
	case '6':
		nc->nc_family = AF_INET6;
		break;
	case 'b':
		nc->nc_block = arg;
		break;
	case 'c':
		nc->nc_cc = arg;
		break;
	case 'g':
		add(nc->nc_gateway, &nc->nc_ngateways, "-g", arg);
		break;
	case 'i':
		parse_interface(nc, arg);
		break;
	case 'l':
		nc->nc_listen = true;
		break;
	case 'M':
		nc->nc_mtu = parse_number("-M", arg, 72, 65535);
		break;
	case 'm':
		add(nc->nc_module, &nc->nc_nmodules, "-m", arg);
		break;
	case 'N':
		nc->nc_shutdown = true;
		break;
	case 'n':
		nc->nc_numeric = true;
		break;
	case 'O':
		nc->nc_offload = false;
		break;
	case 'p':
		nc->nc_sport = (uint16_t)parse_number("-p", arg, 1, 65535);
		nc->nc_port = arg;
		break;
	case 'v':
		nc->nc_verbose = true;
		break;
	case 'w':
		nc->nc_wait = NS_PER_S * parse_number("-w", arg, 1, INT32_MAX);
		break;
	default:
		usage(EXIT_FAILURE, nc_usage);
	}
}

/* host port; with -l, [address] port, or none of it after -p. */
static void
parse_peer(struct nc *nc, int argc, char **argv)
{

	if (argc > 2 || (!nc->nc_listen && argc != 2) ||
	    (argc == 0 && nc->nc_sport == 0))
		usage(EXIT_FAILURE, nc_usage);
	if (argc > 0)
		nc->nc_port = argv[argc - 1];
	if (argc == 2)
		nc->nc_host = argv[0];
	(void)parse_number("port", nc->nc_port, 1, 65535);
	if (nc->nc_ifname == NULL)
		fail(EXIT_FAILURE, "nc: there is only lo0, where nobody else "
		    "is: -i names a TAP device (as in -i tap0,10.0.0.2/24)");
	/* Listening on any address means any of the family there is. */
	if (nc->nc_family == AF_UNSPEC && nc->nc_host == NULL)
		nc->nc_family = strchr(nc->nc_addr[0], ':') != NULL ?
		    AF_INET6 : AF_INET;
}

/* ---- The host ---- */

static void
make_host(struct nc *nc)
{
	size_t i;

	nc->nc_loop = sy_loop_new(SY_REAL, 0);
	if (nc->nc_loop == NULL)
		fail(EXIT_FAILURE, "nc: %s", sy_error());
	nc->nc_sy = sy_host_new(nc->nc_loop, "nc", NULL, 0);
	if (nc->nc_sy == NULL)
		fail(EXIT_FAILURE, "nc: %s", sy_error());
	for (i = 0; i < nc->nc_nmodules; i++)
		if (sy_kldload(nc->nc_loop, nc->nc_module[i]) == -1)
			fail(EXIT_FAILURE, "nc: %s", sy_error());
	if (sy_tap(nc->nc_sy, nc->nc_ifname, nc->nc_offload,
	    (int)nc->nc_mtu) == -1)
		fail(EXIT_FAILURE, "nc: %s", sy_error());
	for (i = 0; i < nc->nc_naddrs; i++)
		if (sy_addr_add(nc->nc_sy, nc->nc_ifname,
		    nc->nc_addr[i]) == -1)
			fail(EXIT_FAILURE, "nc: -i: %s", sy_error());
	for (i = 0; i < nc->nc_ngateways; i++)
		if (sy_route_add(nc->nc_sy,
		    strchr(nc->nc_gateway[i], ':') != NULL ? "::/0" :
		    "0.0.0.0/0", nc->nc_gateway[i]) == -1)
			fail(EXIT_FAILURE, "nc: -g: %s", sy_error());
}

static struct addrinfo *
resolve(const struct nc *nc)
{
	struct addrinfo hints, *ai;
	int error;

	memset(&hints, 0, sizeof(hints));
	hints.ai_family = nc->nc_family;
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV |
	    (nc->nc_listen ? AI_PASSIVE : 0);
	error = getaddrinfo(nc->nc_host, nc->nc_port, &hints, &ai);
	if (error == EAI_NONAME && !nc->nc_numeric) {
		hints.ai_flags &= ~AI_NUMERICHOST;
		error = getaddrinfo(nc->nc_host, nc->nc_port, &hints, &ai);
	}
	if (error != 0)
		fail(EXIT_FAILURE, "nc: %s port %s: %s",
		    nc->nc_host != NULL ? nc->nc_host : "any", nc->nc_port,
		    gai_strerror(error));
	return (ai);
}

/* ---- The connection ---- */

static void
choose(const struct nc *nc, int fd, enum choice what, const char *name)
{
	char names[512];

	if (name == NULL)
		return;
	if (!choice_exists(nc->nc_sy, what, name, names, sizeof(names)))
		fail(EXIT_FAILURE, "nc: no %s \"%s\" here (there is %s)",
		    what == CHOICE_BLOCK ? "block" : "congestion control",
		    name, names);
	if (choice_set(nc->nc_sy, fd, what, name) == -1)
		fail(EXIT_FAILURE, "nc: %s: %s", name, strerror(errno));
}

static int
make_socket(const struct nc *nc, int family)
{
	int fd;

	fd = sy_socket(nc->nc_sy, family, SOCK_STREAM, 0);
	if (fd == -1)
		fail(EXIT_FAILURE, "nc: socket: %s", strerror(errno));
	choose(nc, fd, CHOICE_BLOCK, nc->nc_block);
	choose(nc, fd, CHOICE_CC, nc->nc_cc);
	return (fd);
}

/* poll() one descriptor for the time that -w gives; 0, or an errno. */
static int
wait_for(const struct nc *nc, int fd, short events)
{
	struct pollfd pfd = { fd, events, 0 };
	int n;

	n = sy_poll(nc->nc_sy, &pfd, 1, nc->nc_wait == 0 ? -1 :
	    (int)(nc->nc_wait / NS_PER_MS > INT32_MAX ? INT32_MAX :
	    nc->nc_wait / NS_PER_MS));
	return (n == 1 ? 0 : n == 0 ? ETIMEDOUT : errno);
}

/* Bind to the port that -p gives. */
static void
bind_source(const struct nc *nc, int fd, int family)
{
	struct sockaddr_storage ss;
	socklen_t len;

	if (nc->nc_sport == 0)
		return;
	memset(&ss, 0, sizeof(ss));
	ss.ss_family = (sa_family_t)family;
	if (family == AF_INET6) {
		((struct sockaddr_in6 *)&ss)->sin6_port = htons(nc->nc_sport);
		len = sizeof(struct sockaddr_in6);
	} else {
		((struct sockaddr_in *)&ss)->sin_port = htons(nc->nc_sport);
		len = sizeof(struct sockaddr_in);
	}
	if (sy_bind(nc->nc_sy, fd, (struct sockaddr *)&ss, len) == -1)
		fail(EXIT_FAILURE, "nc: port %u: %s", nc->nc_sport,
		    strerror(errno));
}

/* Connect to one address: a descriptor, or -1 and errno. */
static int
connect_one(const struct nc *nc, const struct addrinfo *ai)
{
	socklen_t len;
	int error, fd;

	fd = make_socket(nc, ai->ai_family);
	bind_source(nc, fd, ai->ai_family);
	(void)sy_setnonblock(nc->nc_sy, fd, true);
	error = 0;
	if (sy_connect(nc->nc_sy, fd, ai->ai_addr, ai->ai_addrlen) == -1)
		error = errno;
	if (error == EINPROGRESS)
		error = wait_for(nc, fd, POLLOUT);
	len = sizeof(error);
	if (error == 0)
		(void)sy_getsockopt(nc->nc_sy, fd, SOL_SOCKET, SO_ERROR,
		    &error, &len);
	if (error == 0)
		return (fd);
	(void)sy_close(nc->nc_sy, fd);
	errno = error;
	return (-1);
}

static int
connect_any(const struct nc *nc, const struct addrinfo *list)
{
	const struct addrinfo *ai;
	int fd;

	for (ai = list, fd = -1; ai != NULL && fd == -1; ai = ai->ai_next)
		fd = connect_one(nc, ai);
	if (fd == -1)
		fail(EXIT_FAILURE, "nc: %s port %s: %s", nc->nc_host,
		    nc->nc_port, strerror(errno));
	if (nc->nc_verbose)
		fprintf(stderr, "Connection to %s port %s succeeded\n",
		    nc->nc_host, nc->nc_port);
	return (fd);
}

static int
accept_one(const struct nc *nc, const struct addrinfo *ai)
{
	char addr[NI_MAXHOST], port[NI_MAXSERV];
	struct sockaddr_storage ss;
	socklen_t len;
	int error, fd, s;

	s = make_socket(nc, ai->ai_family);
	if (sy_bind(nc->nc_sy, s, ai->ai_addr, ai->ai_addrlen) == -1 ||
	    sy_listen(nc->nc_sy, s, 1) == -1)
		fail(EXIT_FAILURE, "nc: port %s: %s", nc->nc_port,
		    strerror(errno));
	len = sizeof(ss);
	fd = sy_accept(nc->nc_sy, s, (struct sockaddr *)&ss, &len);
	if (fd == -1)
		fail(EXIT_FAILURE, "nc: port %s: %s", nc->nc_port,
		    strerror(errno));
	(void)sy_close(nc->nc_sy, s);
	(void)sy_setnonblock(nc->nc_sy, fd, true);
	error = getnameinfo((struct sockaddr *)&ss, len, addr, sizeof(addr),
	    port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	if (nc->nc_verbose && error == 0)
		fprintf(stderr, "Connection from %s port %s\n", addr, port);
	return (fd);
}

/* Let what was sent arrive, then close. */
static void
close_socket(const struct nc *nc, int fd)
{
	struct linger linger = { 1, LINGER_S };

	(void)sy_setsockopt(nc->nc_sy, fd, SOL_SOCKET, SO_LINGER, &linger,
	    sizeof(linger));
	(void)sy_setnonblock(nc->nc_sy, fd, false);
	(void)sy_close(nc->nc_sy, fd);
}

static int
talk(const struct nc *nc, int fd)
{
	struct relay_config rc;
	bool stdio;
	int error;

	memset(&rc, 0, sizeof(rc));
	rc.rc_loop = nc->nc_loop;
	rc.rc_host = nc->nc_sy;
	rc.rc_fd = fd;
	rc.rc_shutdown = nc->nc_shutdown;
	rc.rc_idle = nc->nc_wait;
	error = relay(&rc, &stdio);
	if (error != 0) {
		warn_line("nc: %s: %s", stdio ? "standard input or output" :
		    "connection", strerror(error));
		return (EXIT_FAILURE);
	}
	close_socket(nc, fd);
	return (EXIT_SUCCESS);
}

int
nc_main(int argc, char **argv)
{
	struct addrinfo *ai;
	struct nc nc;
	int ch, fd, status;

	memset(&nc, 0, sizeof(nc));
	nc.nc_offload = true;
	nc.nc_family = AF_UNSPEC;
	while ((ch = getopt(argc, argv, "46b:c:g:i:lM:m:NnOp:vw:")) != -1)
		parse_option(&nc, ch, optarg);
	parse_peer(&nc, argc - optind, argv + optind);
	ai = resolve(&nc);
	make_host(&nc);
	fd = nc.nc_listen ? accept_one(&nc, ai) : connect_any(&nc, ai);
	freeaddrinfo(ai);
	status = talk(&nc, fd);
	sy_loop_free(nc.nc_loop);
	return (status);
}
