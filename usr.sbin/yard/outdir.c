/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Results are written to DIR.tmp, which becomes DIR when all of them are
 * there.  If the program fails or is told to end (SIGINT, SIGTERM, SIGHUP),
 * DIR.tmp goes away and DIR stays as it was.
 *
 * A directory of results is known by the file .yard in it, which lists what
 * yard wrote.  When DIR exists it steps aside as DIR.old; after DIR.tmp has
 * taken its place the files listed there are removed, and whatever else lay
 * there (a user's notes) moves back in.  A directory without .yard belongs
 * to somebody else and is only written to on demand.
 *
 * While a run lasts .yard is locked (flock(2)), so that two runs into one
 * DIR see each other, and what a killed one left can be told from what a
 * living one is doing.
 *
 * May touch: DIR, DIR.tmp, DIR.old; the handlers of three signals.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "outdir.h"
#include "progress.h"
#include "util.h"

#define	MANIFEST	".yard"

struct outdir {
	char		*od_name;	/* DIR */
	char		*od_work;	/* DIR.tmp */
	char		*od_old;	/* DIR.old */
	char		*od_path;	/* outdir_path()'s last answer */
	struct text	od_list;	/* what was written, a name a line */
	int		od_lock;	/* the descriptor of .yard */
};

/* What has to be removed if the program ends now; there is at most one. */
static struct outdir *unfinished;
static volatile sig_atomic_t told_to_end;

static void
on_signal(int sig)
{

	told_to_end = sig;
}

/* Remove what the text lists (directories after what is in them) in dir,
 * then the list and dir itself if nothing else is left. */
static void
remove_listed(const char *dir, const char *list)
{
	const char *end, *p;
	char *path;

	for (end = list + strlen(list); end > list; end = p) {
		for (p = end - 1; p > list && p[-1] != '\n'; p--)
			;
		path = xasprintf("%s/%.*s", dir, (int)(end - p - 1), p);
		(void)remove(path);
		free(path);
	}
	path = xasprintf("%s/%s", dir, MANIFEST);
	(void)unlink(path);
	free(path);
	(void)rmdir(dir);
}

static void
remove_unfinished(void)
{

	if (unfinished == NULL)
		return;
	remove_listed(unfinished->od_work,
	    unfinished->od_list.t_s != NULL ? unfinished->od_list.t_s : "");
	unfinished = NULL;
}

/* The list of a directory of results; NULL if it is none.  A name that
 * leads elsewhere makes it none. */
static char *
read_list(const char *dir)
{
	struct text t = { NULL, 0, 0 };
	char buf[4096], *path;
	FILE *fp;
	size_t n;

	path = xasprintf("%s/%s", dir, MANIFEST);
	fp = fopen(path, "r");
	free(path);
	if (fp == NULL)
		return (NULL);
	text_add(&t, "", 0);
	while ((n = fread(buf, 1, sizeof(buf), fp)) > 0)
		text_add(&t, buf, n);
	fclose(fp);
	if (strlen(t.t_s) != t.t_len || strstr(t.t_s, "..") != NULL ||
	    t.t_s[0] == '/' || strstr(t.t_s, "\n/") != NULL ||
	    (t.t_len > 0 && t.t_s[t.t_len - 1] != '\n'))
		text_free(&t);
	return (t.t_s);
}

/* Make DIR.tmp, or take over one that yard made, and lock it. */
static int
make_work(struct outdir *od)
{
	char *path;
	int create, fd;

	create = O_CREAT;
	if (mkdir(od->od_work, 0777) == -1) {
		if (errno != EEXIST)
			return (-1);
		create = 0;
	}
	path = xasprintf("%s/%s", od->od_work, MANIFEST);
	fd = open(path, O_RDWR | O_CLOEXEC | create, 0666);
	free(path);
	if (fd == -1 && create == 0)
		errno = EEXIST;
	if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == -1) {
		close(fd);
		return (-1);
	}
	return (fd);
}

/* What a run that was killed has left: all that it made, by its list or,
 * since that is only written at the end, what is there. */
static void
clear_work(const char *dir)
{
	struct dirent *de;
	char *path;
	DIR *dp;

	dp = opendir(dir);
	if (dp == NULL)
		return;
	while ((de = readdir(dp)) != NULL) {
		if (strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0 ||
		    strcmp(de->d_name, MANIFEST) == 0)
			continue;
		path = xasprintf("%s/%s", dir, de->d_name);
		if (de->d_type == DT_DIR) {
			clear_work(path);
			(void)rmdir(path);
		} else
			(void)unlink(path);
		free(path);
	}
	closedir(dp);
}

static void
check_target(const char *path, bool force)
{
	struct stat st;
	char *list;

	if (lstat(path, &st) == -1) {
		if (errno == ENOENT)
			return;
		fail(EX_CANTCREAT, "%s: %s", path, strerror(errno));
	}
	if (!S_ISDIR(st.st_mode))
		fail(EX_CANTCREAT, "%s: not a directory", path);
	list = read_list(path);
	if (list == NULL && !force)
		fail(EX_CANTCREAT, "%s: a directory that yard did not make "
		    "(-f writes to it all the same)", path);
	free(list);
}

static void
catch_signals(void)
{
	static const int sigs[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	sigemptyset(&sa.sa_mask);
	for (i = 0; i < NELEM(sigs); i++)
		(void)sigaction(sigs[i], &sa, NULL);
}

struct outdir *
outdir_open(const char *path, bool force)
{
	struct outdir *od;
	size_t len;

	od = xcalloc(1, sizeof(*od));
	od->od_name = xstrdup(path);
	for (len = strlen(path); len > 1 && path[len - 1] == '/'; len--)
		od->od_name[len - 1] = '\0';
	od->od_work = xasprintf("%s.tmp", od->od_name);
	od->od_old = xasprintf("%s.old", od->od_name);
	check_target(od->od_name, force);
	catch_signals();
	od->od_lock = make_work(od);
	if (od->od_lock == -1 && errno == EWOULDBLOCK)
		fail(EX_CANTCREAT, "%s: another yard is writing to it",
		    od->od_name);
	if (od->od_lock == -1)
		fail(EX_CANTCREAT, "%s: %s", od->od_work, strerror(errno));
	clear_work(od->od_work);
	unfinished = od;
	at_failure(remove_unfinished);
	return (od);
}

const char *
outdir_work(const struct outdir *od)
{

	return (od->od_work);
}

const char *
outdir_name(const struct outdir *od)
{

	return (od->od_name);
}

/* Is name in the list, which has a name a line? */
static bool
is_listed(const struct text *list, const char *name)
{
	const char *p;
	size_t len;

	len = strlen(name);
	for (p = list->t_s; p != NULL && (p = strstr(p, name)) != NULL; p++)
		if ((p == list->t_s || p[-1] == '\n') && p[len] == '\n')
			return (true);
	return (false);
}

const char *
outdir_path(struct outdir *od, const char *name)
{

	if (!is_listed(&od->od_list, name))
		text_printf(&od->od_list, "%s\n", name);
	free(od->od_path);
	od->od_path = xasprintf("%s/%s", od->od_work, name);
	return (od->od_path);
}

void
outdir_mkdir(struct outdir *od, const char *name)
{
	const char *path;

	path = outdir_path(od, name);
	if (mkdir(path, 0777) == -1)
		fail(EX_CANTCREAT, "%s: %s", path, strerror(errno));
}

static FILE *
open_as(struct outdir *od, const char *name, const char *mode)
{
	const char *path;
	FILE *fp;

	path = outdir_path(od, name);
	fp = fopen(path, mode);
	if (fp == NULL)
		fail(EX_CANTCREAT, "%s: %s", path, strerror(errno));
	return (fp);
}

FILE *
outdir_fopen(struct outdir *od, const char *name)
{

	return (open_as(od, name, "w"));
}

void
outdir_append(struct outdir *od, const char *name, const char *text,
    size_t len)
{
	FILE *fp;

	fp = open_as(od, name, "a");
	(void)fwrite(text, 1, len, fp);
	outdir_fclose(od, fp);
}

void
outdir_fclose(struct outdir *od, FILE *fp)
{
	bool bad;

	bad = ferror(fp) != 0;
	if (fclose(fp) == EOF || bad)
		fail(EX_IOERR, "%s: %s", od->od_work, strerror(errno));
}

/* What is left in DIR.old after its results went moves to DIR. */
static void
move_back(const struct outdir *od)
{
	struct dirent *de;
	char *from, *to;
	DIR *dp;

	dp = opendir(od->od_old);
	if (dp == NULL)
		return;
	while ((de = readdir(dp)) != NULL) {
		if (strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		from = xasprintf("%s/%s", od->od_old, de->d_name);
		to = xasprintf("%s/%s", od->od_name, de->d_name);
		if (access(to, F_OK) == -1)
			(void)rename(from, to);
		free(from);
		free(to);
	}
	closedir(dp);
	if (rmdir(od->od_old) == -1)
		warn_line("%s: keeps files that the new results replace",
		    od->od_old);
}

static void
replace(struct outdir *od)
{
	char *list;
	bool old;

	old = rename(od->od_name, od->od_old) == 0;
	if (!old && errno != ENOENT)
		fail(EX_CANTCREAT, "%s: %s", od->od_old, strerror(errno));
	if (rename(od->od_work, od->od_name) == -1) {
		if (old)
			(void)rename(od->od_old, od->od_name);
		fail(EX_CANTCREAT, "%s: %s", od->od_name, strerror(errno));
	}
	unfinished = NULL;
	if (!old)
		return;
	list = read_list(od->od_old);
	if (list != NULL) {
		remove_listed(od->od_old, list);
		free(list);
	}
	move_back(od);
}

void
outdir_commit(struct outdir *od)
{
	size_t len;

	outdir_check();
	len = od->od_list.t_len;
	if (len > 0 && write(od->od_lock, od->od_list.t_s, len) !=
	    (ssize_t)len)
		fail(EX_IOERR, "%s: %s", od->od_work, strerror(errno));
	replace(od);
	close(od->od_lock);
	text_free(&od->od_list);
	free(od->od_name);
	free(od->od_work);
	free(od->od_old);
	free(od->od_path);
	free(od);
}

void
outdir_check(void)
{
	int sig;

	sig = told_to_end;
	if (sig == 0)
		return;
	progress_clear();
	remove_unfinished();
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}
