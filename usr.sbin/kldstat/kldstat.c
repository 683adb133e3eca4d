/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * kldstat(8): what is loaded into a running stack.
 *
 * May use the control socket only.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ysctl.h"

static bool human, verbose;

static void
usage(void)
{

	fprintf(stderr, "usage: kldstat [-hqv] [-j host] [-i id | -n file | "
	    "-m module]\n");
	exit(1);
}

/* 12K, 3.4M; exact below 1024. */
static void
print_size(uint64_t size)
{
	static const char units[] = " KMGT";
	double v;
	int u;

	if (!human) {
		printf("%8" PRIx64, size);
		return;
	}
	v = (double)size;
	for (u = 0; v >= 1024 && units[u + 1] != '\0'; u++)
		v /= 1024;
	if (u == 0)
		printf("%7" PRIu64 " ", size);
	else
		printf(v < 10 ? "%7.1f%c" : "%7.0f%c", v, units[u]);
}

/* The file at list[i], and with -v its modules, which follow it. */
static void
print_file(const struct ysctl_kld *list, size_t count, size_t i)
{
	const struct ysctl_kld *k;
	size_t m;

	k = &list[i];
	printf("%2d %4d 0x%016" PRIx64 " ", k->id, k->refs, k->address);
	print_size(k->size);
	printf(" %s", k->file);
	if (!verbose) {
		printf("\n");
		return;
	}
	if (*k->path != '\0')
		printf(" (%s)", k->path);
	printf("\n\tContains modules:\n\t\t Id Name\n");
	for (m = i + 1; m < count && *list[m].module != '\0'; m++)
		printf("\t\t%3zu %s\n", m - i, list[m].module);
}

/* Does file mean k, with or without its .so? */
static bool
is_file(const struct ysctl_kld *k, const char *file)
{
	size_t len;

	len = strlen(file);
	return (strncmp(k->file, file, len) == 0 && (k->file[len] == '\0' ||
	    strcmp(&k->file[len], ".so") == 0));
}

/* 0, or 1 if nothing was found. */
static int
print_files(const struct ysctl_kld *list, size_t count, int id,
    const char *file)
{
	size_t i;
	bool found;

	found = false;
	for (i = 0; i < count; i++) {
		if (*list[i].module != '\0' || (id != 0 && list[i].id != id) ||
		    (file != NULL && !is_file(&list[i], file)))
			continue;
		if (!found)
			printf("Id Refs %-18s %*sSize Name\n", "Address", 4,
			    "");
		found = true;
		print_file(list, count, i);
	}
	if (found)
		return (0);
	if (file != NULL)
		fprintf(stderr, "kldstat: can't find file %s: it is not "
		    "loaded\n", file);
	else
		fprintf(stderr, "kldstat: can't stat id %d: it is not "
		    "loaded\n", id);
	return (1);
}

static int
print_module(const struct ysctl_kld *list, size_t count, const char *module,
    bool quiet)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(list[i].module, module) != 0)
			continue;
		if (!quiet)
			printf("Id  Refs Name\n%3d %4d %s\n", list[i].id,
			    list[i].refs, module);
		return (0);
	}
	if (!quiet)
		fprintf(stderr, "kldstat: can't find module %s: it is not "
		    "loaded\n", module);
	return (1);
}

int
main(int argc, char **argv)
{
	const char *file, *host, *module;
	struct ysctl_kld *list;
	struct ysctl *y;
	size_t count;
	bool quiet;
	int ch, id, status;

	file = host = module = NULL;
	quiet = false;
	id = 0;
	while ((ch = getopt(argc, argv, "hi:j:m:n:qv")) != -1)
		switch (ch) {
		case 'h':
			human = true;
			break;
		case 'i':
			id = atoi(optarg);
			if (id <= 0)
				usage();
			break;
		case 'j':
			host = optarg;
			break;
		case 'm':
			module = optarg;
			break;
		case 'n':
			file = optarg;
			break;
		case 'q':
			quiet = true;
			break;
		case 'v':
			verbose = true;
			break;
		default:
			usage();
		}
	if (optind != argc)
		usage();
	y = ysctl_open(NULL, host);
	if (y == NULL || ysctl_kldstat(y, &list, &count) != 0) {
		fprintf(stderr, "kldstat: %s\n", ysctl_error());
		return (1);
	}
	status = module != NULL ? print_module(list, count, module, quiet) :
	    print_files(list, count, id, file);
	free(list);
	ysctl_close(y);
	return (status);
}
