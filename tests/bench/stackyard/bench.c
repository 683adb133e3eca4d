/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * bench MEASUREMENT [options]: one run of one measurement of the stack, for
 * tests/bench/bench.sh, which repeats them, in turn with the same of other
 * stacks.  stackyard-bench(7) says what each measures.
 *
 * bench combos [-k module]...: the function blocks and congestion control
 * modules there are, a pair on a line.  bench counts: does count_from_here()
 * work?
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "inside.h"
#include "xfer_k.h"

#define	ADDRS_MAX	64
/* The ephemeral ports of an address are a few more than this. */
#define	PORTS		15000

bool	figure_units_only;

/* ---- Two hosts ---- */

const char *
short_number(uint64_t n, uint64_t base)
{
	static char buf[2][24];
	static unsigned which;
	char *p = buf[which++ % 2];

	if (n >= base * base && n % (base * base) == 0)
		(void)snprintf(p, sizeof(buf[0]), "%jum",
		    (uintmax_t)(n / (base * base)));
	else if (n >= base && n % base == 0)
		(void)snprintf(p, sizeof(buf[0]), "%juk",
		    (uintmax_t)(n / base));
	else
		(void)snprintf(p, sizeof(buf[0]), "%ju", (uintmax_t)n);
	return (p);
}

int
must(int result)
{
	if (result < 0)
		die("%s", sy_error());
	return (result);
}

static struct sy_host *
two_host(struct two *t, const struct opts *o, const char *name,
    const struct sy_var *vars, size_t nvars)
{
	struct sy_host *host;

	if ((host = sy_host_new(t->loop, name, vars, nvars)) == NULL)
		die("%s", sy_error());
	must(sy_sysctl_set(host, "net.inet.tcp.functions_default", o->block));
	must(sy_sysctl_set(host, "net.inet.tcp.cc.algorithm", o->cc));
	return (host);
}

void
two_new(struct two *t, const struct opts *o, const struct sy_var *vars,
    size_t nvars)
{
	unsigned i;

	if ((t->loop = sy_loop_new(SY_VIRTUAL, 1)) == NULL)
		die("%s", sy_error());
	for (i = 0; i < o->nmodules; i++)
		must(sy_kldload(t->loop, o->modules[i]));
	t->a = two_host(t, o, "a", vars, nvars);
	t->b = two_host(t, o, "b", vars, nvars);
	must(sy_link(t->a, t->b, 0, 0));
	must(sy_addr_add(t->a, "epair0a", "10.0.0.1/24"));
	must(sy_addr_add(t->b, "epair0b", "10.0.0.2/24"));
}

struct sockaddr_in
two_addr(const char *addr, unsigned port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port) };

	(void)inet_pton(AF_INET, addr, &sin.sin_addr);
	return (sin);
}

int
two_listen(struct two *t, int backlog)
{
	struct sockaddr_in sin = two_addr("0.0.0.0", PORT);
	int fd;

	fd = must(sy_socket(t->b, AF_INET, SOCK_STREAM, 0));
	must(sy_bind(t->b, fd, (struct sockaddr *)&sin, sizeof(sin)));
	must(sy_listen(t->b, fd, backlog));
	return (fd);
}

void
two_connect(struct two *t, int listener, const struct sockaddr_in *from,
    int *out, int *in)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(PORT), .sin_addr.s_addr = htonl(0x0a000002) };

	*out = must(sy_socket(t->a, AF_INET, SOCK_STREAM, 0));
	if (from != NULL)
		must(sy_bind(t->a, *out, (const struct sockaddr *)from,
		    sizeof(*from)));
	must(sy_connect(t->a, *out, (struct sockaddr *)&sin, sizeof(sin)));
	*in = must(sy_accept(t->b, listener, NULL, NULL));
}

void
two_others(struct two *t, int listener, uint64_t n)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	char text[32];
	uint64_t i;
	int out, in;

	if (n > (uint64_t)ADDRS_MAX * PORTS)
		die("-o %ju is more than %d", (uintmax_t)n,
		    ADDRS_MAX * PORTS);
	must(sy_route_add(t->b, "10.0.1.0/24", "10.0.0.1"));
	for (i = 0; i < n; i++) {
		if (i % PORTS == 0) {
			(void)snprintf(text, sizeof(text), "10.0.1.%u",
			    (unsigned)(i / PORTS + 1));
			(void)inet_pton(AF_INET, text, &from.sin_addr);
			(void)strcat(text, "/32");
			must(sy_addr_add(t->a, "epair0a", text));
		}
		two_connect(t, listener, &from, &out, &in);
	}
}

uint64_t
two_bytes(const struct two *t)
{
	return (xk_bytes(sy_host_vnet(t->a)) + xk_bytes(sy_host_vnet(t->b)));
}

/* ---- Segments from nowhere ---- */

struct flood *
flood_host(struct sy_host *host)
{
	struct flood *f;

	sy_host_enter(host);
	f = flood_new(PORT, 1);
	sy_host_leave(host);
	if (f == NULL)
		die("flood0 cannot be made");
	must(sy_addr_add(host, "flood0", "10.1.0.1/24"));
	must(sy_route_add(host, "0.0.0.0/0", "10.1.0.2"));
	return (f);
}

void
flood_now(struct sy_host *host, struct flood *f, unsigned n)
{
	sy_host_enter(host);
	if (flood_send(f, n) != n)
		die("memory is short");
	sy_host_leave(host);
}

/* ---- Blocks and modules ---- */

/* The next name of a table with one line of headings, or NULL. */
static char *
next_name(char **text)
{
	char *line;

	while ((line = strsep(text, "\n")) != NULL)
		if (*line != '\0')
			return (strsep(&line, " "));
	return (NULL);
}

static void
combos_of(struct sy_host *host, const char *block)
{
	char buf[8192], *text = buf;
	const char *name;

	must((int)sy_sysctl_get(host, "net.inet.tcp.cc.available", buf,
	    sizeof(buf)));
	(void)next_name(&text);
	while ((name = next_name(&text)) != NULL)
		(void)printf("%s %s\n", block, name);
}

static uint64_t
combos(const struct opts *o)
{
	char buf[8192], *text = buf;
	const char *name;
	struct two t;

	two_new(&t, o, NULL, 0);
	must((int)sy_sysctl_get(t.a, "net.inet.tcp.functions_available", buf,
	    sizeof(buf)));
	(void)next_name(&text);
	while ((name = next_name(&text)) != NULL)
		combos_of(t.a, name);
	sy_loop_free(t.loop);
	return (0);
}

static uint64_t
counts(const struct opts *o __attribute__((__unused__)))
{
	(void)printf("%s\n", COUNTS);
	return (0);
}

/* ---- The command line ---- */

static const struct {
	const char	*name;
	const char	*options;	/* that mean something for it */
	uint64_t	(*func)(const struct opts *);
	uint64_t	count;		/* by default */
} measurements[] = {
	{ "combos",	"k:",		combos,		0 },
	{ "counts",	"",		counts,		0 },
	{ "inmem_bulk",	"b:c:k:ln:uw:",	inmem_bulk,	200000 },
	{ "inmem_conn",	"b:c:k:n:o:t:u", inmem_conn,	20000 },
	{ "idle_bytes",	"b:c:k:n:",	idle_bytes,	100000 },
	{ "synflood",	"b:c:k:n:u",	synflood,	200000 },
	{ "sim_packets", "c:f:s:u",	sim_packets,	0 },
#ifdef __linux__
	{ "tap_bulk",	"b:c:ln:r",	tap_bulk,	100000 },
#endif
};
#define	NMEASUREMENTS	(sizeof(measurements) / sizeof(measurements[0]))

static void
usage(void)
{
	unsigned i;

	(void)fprintf(stderr, "usage: bench measurement [options]; "
	    "measurements and their options:\n");
	for (i = 0; i < NMEASUREMENTS; i++)
		(void)fprintf(stderr, "\t%s %s\n", measurements[i].name,
		    measurements[i].options);
	exit(64);
}

static uint64_t
number(const char *text, uint64_t max)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || *text == '-' ||
	    n == 0 || n > max)
		die("%s is not a number from 1 to %ju", text, (uintmax_t)max);
	return (n);
}

static void
option(struct opts *o, int c, const char *arg)
{
	switch (c) {
	case 'b':	o->block = arg; break;
	case 'c':	o->cc = arg; break;
	case 'f':	o->flows = number(arg, 32); break;
	case 'k':
		if (o->nmodules == MODULES_MAX)
			die("more than %d modules", MODULES_MAX);
		o->modules[o->nmodules++] = arg;
		break;
	case 'l':	o->large = true; break;
	case 'n':	o->count = number(arg, 1000000000); break;
	case 'o':	o->others = number(arg, 1000000); break;
	case 'r':	o->receive = true; break;
	case 's':	o->seconds = (double)number(arg, 1000); break;
	case 't':	o->timewait = number(arg, 1000000); break;
	case 'u':	figure_units_only = true; break;
	case 'w':	o->window = number(arg, 1 << 26); break;
	default:	usage();
	}
}

int
main(int argc, char **argv)
{
	struct opts o = { .block = "freebsd", .cc = "cubic", .flows = 1,
	    .seconds = 30, .window = 262144 };
	uint64_t units;
	unsigned i;
	int c;

	for (i = 0; argc > 1 && i < NMEASUREMENTS; i++)
		if (strcmp(argv[1], measurements[i].name) == 0)
			break;
	if (argc < 2 || i == NMEASUREMENTS)
		usage();
	o.count = measurements[i].count;
	optind = 2;
	while ((c = getopt(argc, argv, measurements[i].options)) != -1)
		option(&o, c, optarg);
	if (optind != argc)
		usage();
	units = measurements[i].func(&o);
	if (figure_units_only)
		(void)printf("%ju\n", (uintmax_t)units);
	return (0);
}
