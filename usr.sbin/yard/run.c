/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * yard run: one scenario from its file to the directory of its results.
 *
 * Options that change the run (seed, modules) are written down where they
 * can be read again: the seed is in the directory's name and in table.json.
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
#include "yard.h"

static const char run_usage[] =
    "run [-fp] [-k module] [-o directory] [-S seed] file.lua";

uint64_t
parse_seed(const char *arg)
{
	uint64_t seed;

	if (!unit_count(arg, &seed))
		fail(EX_USAGE, "-S: \"%s\" is not a whole number", arg);
	return (seed);
}

void
add_module(struct scenario *sc, const char *path)
{

	sc->s_modules = xgrow(sc->s_modules, sc->s_nmodules,
	    sizeof(*sc->s_modules));
	sc->s_modules[sc->s_nmodules++] = xstrdup(path);
}

void
write_scenario(const struct scenario *sc, struct outdir *out,
    const char *name)
{
	FILE *fp;

	fp = outdir_fopen(out, name);
	(void)fwrite(sc->s_text, 1, sc->s_textlen, fp);
	outdir_fclose(out, fp);
}

static int
run(struct scenario *sc, const char *dir, bool force)
{
	struct outdir *out;
	struct plot *plot;
	struct sim *si;
	char *name;
	int status;

	name = dir != NULL ? xstrdup(dir) : xasprintf("yard-%s-%ju",
	    sc->s_name, (uintmax_t)sc->s_seed);
	out = outdir_open(name, force);
	write_scenario(sc, out, "scenario.lua");
	si = sim_run(sc, out, "");
	report_file(si);
	plot = plot_new(1, sc->s_text);
	plot_add(plot, 0, sc->s_name, si);
	plot_finish(plot, out, sc->s_png);
	outdir_commit(out);
	report_table(si);
	printf("%s/\n", name);
	free(name);
	status = report_failures(si) > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	sim_free(si);
	return (status);
}

int
run_main(int argc, char **argv)
{
	const char *dir, *modules[64], *seed;
	struct scenario *sc;
	size_t i, nmodules;
	bool force, png;
	int ch, status;

	dir = seed = NULL;
	force = png = false;
	nmodules = 0;
	while ((ch = getopt(argc, argv, "fk:o:pS:")) != -1)
		switch (ch) {
		case 'f':
			force = true;
			break;
		case 'k':
			if (nmodules == NELEM(modules))
				fail(EX_USAGE, "-k: too many modules");
			modules[nmodules++] = optarg;
			break;
		case 'o':
			dir = optarg;
			break;
		case 'p':
			png = true;
			break;
		case 'S':
			seed = optarg;
			break;
		default:
			usage(EX_USAGE, run_usage);
		}
	if (argc - optind != 1)
		usage(EX_USAGE, run_usage);
	sc = scenario_load(argv[optind]);
	if (seed != NULL)
		sc->s_seed = parse_seed(seed);
	sc->s_png = sc->s_png || png;
	for (i = 0; i < nmodules; i++)
		add_module(sc, modules[i]);
	status = run(sc, dir, force);
	scenario_free(sc);
	return (status);
}
