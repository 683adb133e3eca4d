/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * yard compare: pairs of function block and congestion control over one
 * path, each alone and then all together.
 *
 * It writes scenarios and runs them as yard run would: what it does is in
 * the scenario.lua of each run, and a user goes on from there.  The one with
 * all flows is compare.lua.  Losses and marks are on the way of the data;
 * the way back is clean.  Where the path holds more than the socket buffers
 * may grow to by default, the scenario raises their limits,
 *
 *	maximum = 2 * (bandwidth-delay product + queue)
 *
 * May touch: the directory of results, standard output.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "plot.h"
#include "report.h"
#include "run.h"
#include "scenario.h"
#include "sim.h"
#include "units.h"
#include "yard.h"

#define	BUFFER_MAX	(2 * 1024 * 1024)	/* the stack's default limit */
#define	FLOWS_MAX	64

static const char compare_usage[] =
    "compare [-Cfnp] [-k module] [-o directory] [-S seed]\n"
    "           [-s rate,delay,queue[,loss=share][,ecn=size]] [-t seconds]\n"
    "           block/cc ...";

struct path {
	char	*pa_text;		/* cut into the following */
	char	*pa_rate, *pa_delay, *pa_queue;
	char	*pa_loss, *pa_ecn;	/* NULL: none */
	uint64_t pa_bytes;		/* what it holds, queue included */
};

struct compare {
	struct path	c_path;
	const char	*c_duration;	/* s */
	uint64_t	c_seed;
	bool		c_capture, c_dry, c_force, c_png;
	const char	*c_dir;		/* NULL: yard-compare-SEED */
	const char	*c_modules[FLOWS_MAX];
	size_t		c_nmodules;
	char		*c_block[FLOWS_MAX], *c_cc[FLOWS_MAX];
	size_t		c_n;
};

/* ---- The command line ---- */

static void
check_path(struct path *p)
{
	struct queue_size qs;
	uint64_t bdp, delay, rate;
	double share;

	if (!unit_rate(p->pa_rate, &rate) || rate == 0)
		fail(EX_USAGE, "-s: \"%s\" is not a rate (as in 100Mbit/s)",
		    p->pa_rate);
	if (!unit_time(p->pa_delay, &delay))
		fail(EX_USAGE, "-s: \"%s\" is not a time (as in 20ms)",
		    p->pa_delay);
	if (!unit_queue(p->pa_queue, &qs))
		fail(EX_USAGE, "-s: \"%s\" is not a queue size (as in 1bdp, "
		    "100packets or 64KB)", p->pa_queue);
	if (p->pa_loss != NULL && !unit_share(p->pa_loss, &share))
		fail(EX_USAGE, "-s: \"%s\" is not a share (as in 1%%)",
		    p->pa_loss);
	bdp = (uint64_t)((unsigned __int128)rate * 2 * delay / 8 / NS_PER_S);
	if (qs.qs_kind == QS_BDP)
		p->pa_bytes = bdp + (uint64_t)((unsigned __int128)bdp *
		    qs.qs_n / 1000000);
	else
		p->pa_bytes = bdp + (qs.qs_kind == QS_BYTES ? qs.qs_n :
		    qs.qs_n * 1514);
	if (p->pa_ecn != NULL && !unit_queue(p->pa_ecn, &qs))
		fail(EX_USAGE, "-s: \"%s\" is not a queue size (as in 1bdp, "
		    "100packets or 64KB)", p->pa_ecn);
}

/* RATE,DELAY,QUEUE[,loss=P][,ecn=SIZE] */
static void
parse_path(struct path *p, const char *arg)
{
	char *save, *word;

	free(p->pa_text);
	memset(p, 0, sizeof(*p));
	p->pa_text = xstrdup(arg);
	p->pa_rate = strtok_r(p->pa_text, ",", &save);
	p->pa_delay = strtok_r(NULL, ",", &save);
	p->pa_queue = strtok_r(NULL, ",", &save);
	if (p->pa_rate == NULL || p->pa_delay == NULL || p->pa_queue == NULL)
		fail(EX_USAGE, "-s: \"%s\" is not RATE,DELAY,QUEUE (as in "
		    "100Mbit/s,20ms,1bdp)", arg);
	while ((word = strtok_r(NULL, ",", &save)) != NULL) {
		if (strncmp(word, "loss=", 5) == 0)
			p->pa_loss = word + 5;
		else if (strncmp(word, "ecn=", 4) == 0)
			p->pa_ecn = word + 4;
		else
			fail(EX_USAGE, "-s: \"%s\" is neither loss= nor ecn=",
			    word);
	}
	check_path(p);
}

static void
add_pair(struct compare *c, char *arg)
{
	char *slash;

	slash = strchr(arg, '/');
	if (slash == NULL || slash == arg || slash[1] == '\0' ||
	    strpbrk(arg, "\"\\\n") != NULL || strchr(slash + 1, '/') != NULL)
		fail(EX_USAGE, "\"%s\" is not BLOCK/CC (as in freebsd/cubic)",
		    arg);
	if (c->c_n == FLOWS_MAX)
		fail(EX_USAGE, "more than %d pairs", FLOWS_MAX);
	*slash = '\0';
	c->c_block[c->c_n] = arg;
	c->c_cc[c->c_n++] = slash + 1;
}

static void
check_seconds(const char *arg)
{
	uint64_t ns;
	char *s;

	s = xasprintf("%ss", arg);
	if (!unit_time(s, &ns) || ns == 0)
		fail(EX_USAGE, "-t: \"%s\" is not a number of seconds", arg);
	free(s);
}

/* ---- Scenarios ---- */

static void
write_settings(const struct compare *c, struct text *t)
{
	const struct path *p = &c->c_path;
	size_t i;

	text_printf(t, "seed = %ju\nduration = %s\n", (uintmax_t)c->c_seed,
	    c->c_duration);
	if (!c->c_capture)
		text_printf(t, "capture = false\n");
	if (c->c_nmodules > 0) {
		text_printf(t, "modules = {");
		for (i = 0; i < c->c_nmodules; i++)
			text_printf(t, "%s \"%s\"", i > 0 ? "," : "",
			    c->c_modules[i]);
		text_printf(t, " }\n");
	}
	if (p->pa_ecn == NULL && 2 * p->pa_bytes <= BUFFER_MAX)
		return;
	text_printf(t, "sysctl = {\n");
	if (p->pa_ecn != NULL)
		text_printf(t, "  [\"net.inet.tcp.ecn.enable\"] = 1,\n");
	if (2 * p->pa_bytes > BUFFER_MAX)
		text_printf(t,
		    "  [\"kern.ipc.maxsockbuf\"] = %ju,\n"
		    "  [\"net.inet.tcp.sendbuf_max\"] = %ju,\n"
		    "  [\"net.inet.tcp.recvbuf_max\"] = %ju,\n",
		    (uintmax_t)(2 * p->pa_bytes), (uintmax_t)(2 * p->pa_bytes),
		    (uintmax_t)(2 * p->pa_bytes));
	text_printf(t, "}\n");
}

/* The scenario of pairs first to last - 1. */
static void
write_text(const struct compare *c, struct text *t, size_t first, size_t last)
{
	const struct path *p = &c->c_path;
	size_t i;

	write_settings(c, t);
	text_printf(t, "link { \"sender\", \"receiver\",\n"
	    "  rate = \"%s\", delay = \"%s\",\n  queue = \"%s\"", p->pa_rate,
	    p->pa_delay, p->pa_queue);
	if (p->pa_ecn != NULL)
		text_printf(t, ", ecn = \"%s\"", p->pa_ecn);
	if (p->pa_loss != NULL)
		text_printf(t, ",\n  loss = \"%s\", reverse = { loss = 0 }",
		    p->pa_loss);
	text_printf(t, " }\n");
	for (i = first; i < last; i++)
		text_printf(t, "flow { from = \"sender\", to = \"receiver\",\n"
		    "  block = \"%s\", cc = \"%s\",\n  label = \"%s/%s\" }\n",
		    c->c_block[i], c->c_cc[i], c->c_block[i], c->c_cc[i]);
}

/* ---- Runs ---- */

struct results {
	struct outdir	*r_out;
	struct plot	*r_plot;
	struct json	r_json;
	size_t		r_failures;
};

/* Run the text (taken over) as a run called name, into a column. */
static void
run_one(struct results *r, struct text *t, char *name, int column,
    const char *title)
{
	struct scenario *sc;
	struct sim *si;
	char *dir, *file;

	sc = scenario_parse("compare", t->t_s, t->t_len);
	free(sc->s_name);
	sc->s_name = name;
	outdir_mkdir(r->r_out, name);
	file = xasprintf("%s/scenario.lua", name);
	write_scenario(sc, r->r_out, file);
	dir = xasprintf("%s/", name);
	si = sim_run(sc, r->r_out, dir);
	report_table(si);
	putchar('\n');
	fflush(stdout);
	json_object(&r->r_json, NULL);
	json_string(&r->r_json, "directory", name);
	report_json(si, &r->r_json);
	json_close(&r->r_json, '}');
	plot_add(r->r_plot, column, title, si);
	r->r_failures += report_failures(si);
	sim_free(si);
	scenario_free(sc);
	free(dir);
	free(file);
}

static void
run_all(const struct compare *c, struct results *r)
{
	struct text t;
	size_t i;

	for (i = 0; i < c->c_n; i++) {
		memset(&t, 0, sizeof(t));
		write_text(c, &t, i, i + 1);
		run_one(r, &t, xasprintf("%zu-%s-%s", i + 1, c->c_block[i],
		    c->c_cc[i]), 0, "each alone");
	}
	if (c->c_n < 2)
		return;
	memset(&t, 0, sizeof(t));
	write_text(c, &t, 0, c->c_n);
	run_one(r, &t, xstrdup("together"), 1, "together");
}

/* See that all of it can be run, before any of it is. */
static void
check(const struct compare *c)
{
	struct text t = { NULL, 0, 0 };
	struct scenario *sc;

	write_text(c, &t, 0, c->c_n);
	sc = scenario_parse("compare", t.t_s, t.t_len);
	sim_check(sc);
	scenario_free(sc);
}

static int
compare(const struct compare *c)
{
	struct text whole = { NULL, 0, 0 };
	struct results r;
	FILE *fp, *json;
	char *name;

	memset(&r, 0, sizeof(r));
	name = c->c_dir != NULL ? xstrdup(c->c_dir) :
	    xasprintf("yard-compare-%ju", (uintmax_t)c->c_seed);
	check(c);
	write_text(c, &whole, 0, c->c_n);
	r.r_out = outdir_open(name, c->c_force);
	fp = outdir_fopen(r.r_out, "compare.lua");
	(void)fwrite(whole.t_s, 1, whole.t_len, fp);
	outdir_fclose(r.r_out, fp);
	json = outdir_fopen(r.r_out, "table.json");
	json_begin(&r.r_json, json);
	json_string(&r.r_json, "version", sy_version());
	json_array(&r.r_json, "runs");
	r.r_plot = plot_new(c->c_n > 1 ? 2 : 1, whole.t_s);
	run_all(c, &r);
	json_close(&r.r_json, ']');
	json_end(&r.r_json);
	outdir_fclose(r.r_out, json);
	plot_finish(r.r_plot, r.r_out, c->c_png);
	outdir_commit(r.r_out);
	printf("%s/\n", name);
	text_free(&whole);
	free(name);
	return (r.r_failures > 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static void
print_scenario(const struct compare *c)
{
	struct text t = { NULL, 0, 0 };

	write_text(c, &t, 0, c->c_n);
	fputs(t.t_s, stdout);
	text_free(&t);
}

static void
add_compare_module(struct compare *c, const char *arg)
{

	if (c->c_nmodules == NELEM(c->c_modules) ||
	    strpbrk(arg, "\"\\\n") != NULL)
		fail(EX_USAGE, "-k: %s: cannot be taken", arg);
	c->c_modules[c->c_nmodules++] = arg;
}

static void
parse_options(struct compare *c, int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "Cfk:no:pS:s:t:")) != -1)
		switch (ch) {
		case 'C':
			c->c_capture = false;
			break;
		case 'f':
			c->c_force = true;
			break;
		case 'k':
			add_compare_module(c, optarg);
			break;
		case 'n':
			c->c_dry = true;
			break;
		case 'o':
			c->c_dir = optarg;
			break;
		case 'p':
			c->c_png = true;
			break;
		case 'S':
			c->c_seed = parse_seed(optarg);
			break;
		case 's':
			parse_path(&c->c_path, optarg);
			break;
		case 't':
			check_seconds(optarg);
			c->c_duration = optarg;
			break;
		default:
			usage(EX_USAGE, compare_usage);
		}
}

int
compare_main(int argc, char **argv)
{
	struct compare c;
	int status;

	memset(&c, 0, sizeof(c));
	parse_path(&c.c_path, "100Mbit/s,20ms,1bdp");
	c.c_duration = "30";
	c.c_seed = 1;
	c.c_capture = true;
	parse_options(&c, argc, argv);
	if (optind == argc)
		usage(EX_USAGE, compare_usage);
	while (optind < argc)
		add_pair(&c, argv[optind++]);
	status = EXIT_SUCCESS;
	if (c.c_dry)
		print_scenario(&c);
	else
		status = compare(&c);
	free(c.c_path.pa_text);
	return (status);
}
