/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Modules: shared objects loaded into the hosts of a loop.
 *
 * An object is in the process once, however many loops have it: the table
 * below holds each with its place (slot) in every vnet's array of module
 * memory, and counts the loops.  That table is all that loops share, and so
 * all that has a lock.  Loading makes these steps, and undoes those made if
 * one fails:
 *
 *	find the file; dlopen(3); find stackyard_kld; compare versions;
 *	give it a slot; attach it to each host of the loop, oldest first
 *
 * Hosts made later get the loop's modules in the order of their loading,
 * before their variables are set.  Unloading asks all hosts first, for a
 * module that is in use in one must stay in all.
 *
 * May use the dynamic linker, the environment and the file system.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sy_loop.h"

#define	KLD_NAMESIZE	64

struct sy_kld {
	void		*k_handle;	/* NULL: the slot is free */
	const void	*k_image;
	unsigned	k_loops;
	int		k_id;		/* counted from 2; the stack is 1 */
	char		k_file[KLD_NAMESIZE];	/* "cc_example.so" */
	char		*k_path;	/* where it was found */
};

static pthread_mutex_t klds_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sy_kld klds[SYK_KLD_SLOTS];
static int klds_lastid = 1;

/* ---- Finding files ---- */

/* dir/name or dir/name.so into path, if there is such a file. */
static bool
file_in(const char *dir, size_t dirlen, const char *name, char *path)
{
	static const char *const suffixes[] = { "", ".so" };
	size_t i;
	int n;

	for (i = 0; i < 2; i++) {
		n = snprintf(path, PATH_MAX, "%.*s/%s%s", (int)dirlen, dir,
		    name, suffixes[i]);
		if (n > 0 && n < PATH_MAX && access(path, R_OK) == 0)
			return (true);
	}
	return (false);
}

/* The same in each directory of a colon-separated list. */
static bool
file_in_list(const char *list, const char *name, char *path)
{
	size_t len;

	for (; list != NULL && *list != '\0'; list += len + (list[len] ==
	    ':')) {
		len = strcspn(list, ":");
		if (len > 0 && file_in(list, len, name, path))
			return (true);
	}
	return (false);
}

/* The file that this code came from: a program or a shared object. */
static bool
own_file(char *path)
{
	Dl_info info;
	ssize_t n;

	if (dladdr(&klds_lock, &info) != 0 && info.dli_fname != NULL &&
	    strchr(info.dli_fname, '/') != NULL &&
	    realpath(info.dli_fname, path) != NULL)
		return (true);
	n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	if (n <= 0)
		return (false);
	path[n] = '\0';
	return (true);
}

/*
 * The directories beside us: a program is in bin or libexec/stackyard, the
 * library in lib, and modules are in lib/stackyard of the same prefix.
 */
static bool
file_beside(const char *name, char *path)
{
	char dir[PATH_MAX + 32], own[PATH_MAX];
	char *slash;
	int up;

	if (!own_file(own))
		return (false);
	for (up = 0; up < 3; up++) {
		slash = strrchr(own, '/');
		if (slash == NULL)
			return (false);
		*slash = '\0';
		(void)snprintf(dir, sizeof(dir), "%s/lib/stackyard", own);
		if (up > 0 && file_in(dir, strlen(dir), name, path))
			return (true);
	}
	return (false);
}

/* The file that `name', as given by the program, means: ENOENT. */
static int
find_file(const char *name, char *path)
{

	if (strchr(name, '/') != NULL) {
		if (strlen(name) >= PATH_MAX || access(name, R_OK) != 0)
			return (sy_fail(errno == EACCES ? EACCES : ENOENT,
			    "kldload: %s: there is no such file, or it "
			    "cannot be read", name));
		memcpy(path, name, strlen(name) + 1);
		return (0);
	}
	if (*name != '\0' &&
	    (file_in_list(getenv("STACKYARD_MODULES"), name, path) ||
	    file_beside(name, path) ||
	    file_in_list(STACKYARD_KMODDIR, name, path)))
		return (0);
	return (sy_fail(ENOENT, "kldload: %s: no such module in the "
	    "directories of STACKYARD_MODULES nor in the installed ones",
	    name));
}

static const char *
base_name(const char *path)
{
	const char *slash;

	slash = strrchr(path, '/');
	return (slash != NULL ? slash + 1 : path);
}

/* Is file, such as "cc_example.so", what the program calls name? */
static bool
is_called(const char *file, const char *name)
{
	size_t len;

	name = base_name(name);
	len = strlen(name);
	return (strncmp(file, name, len) == 0 &&
	    (file[len] == '\0' || strcmp(&file[len], ".so") == 0));
}

/* Is it a loaded object's name, not the stack's own? */
static bool
is_so(const char *file)
{
	size_t len;

	len = strlen(file);
	return (len > 3 && strcmp(&file[len - 3], ".so") == 0);
}

/* ---- The process's table; klds_lock is held ---- */

static struct sy_kld *
slot_of(void *handle)
{
	int i;

	for (i = 0; i < SYK_KLD_SLOTS; i++)
		if (klds[i].k_handle == handle)
			return (&klds[i]);
	return (NULL);
}

/* The description of the object at handle, if it is one of ours. */
static int
check_image(void *handle, const char *path, const void **imagep)
{
	unsigned its, ours;

	*imagep = dlsym(handle, "stackyard_kld");
	if (*imagep == NULL)
		return (sy_fail(ENOEXEC, "kldload: %s: it is no Stackyard "
		    "module (make it with kmod.mk)", path));
	syk_kld_version(*imagep, &its, &ours);
	if (its != ours)
		return (sy_fail(ENOEXEC, "kldload: %s: it was built for "
		    "version %u of the kernel interfaces and this is %u; "
		    "build it again", path, its, ours));
	return (0);
}

/* Take the object at path into the table, or count one more loop. */
static struct sy_kld *
kld_get(const char *path)
{
	struct sy_kld *kld;
	const void *image;
	void *handle;

	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL) {
		(void)sy_fail(ENOEXEC, "kldload: %s", dlerror());
		return (NULL);
	}
	kld = slot_of(handle);
	if (kld != NULL) {
		(void)dlclose(handle);		/* was counted before */
		kld->k_loops++;
		return (kld);
	}
	if (check_image(handle, path, &image) != 0) {
		(void)dlclose(handle);
		errno = ENOEXEC;
		return (NULL);
	}
	kld = slot_of(NULL);
	if (kld == NULL) {
		(void)dlclose(handle);
		(void)sy_fail(ENOMEM, "kldload: %s: %d modules are loaded "
		    "already", path, SYK_KLD_SLOTS);
		return (NULL);
	}
	kld->k_path = strdup(path);
	if (kld->k_path == NULL) {
		(void)dlclose(handle);
		(void)sy_fail(ENOMEM, "kldload: %s: out of memory", path);
		return (NULL);
	}
	kld->k_handle = handle;
	kld->k_image = image;
	kld->k_loops = 1;
	kld->k_id = ++klds_lastid;
	memcpy(kld->k_file, base_name(path), strlen(base_name(path)) + 1);
	syk_kld_setslot(image, (int)(kld - klds));
	return (kld);
}

static void
kld_put(struct sy_kld *kld)
{
	void *handle;

	if (--kld->k_loops > 0)
		return;
	handle = kld->k_handle;
	free(kld->k_path);
	*kld = (struct sy_kld){ .k_handle = NULL };
	(void)dlclose(handle);
}

/* ---- A loop's modules ---- */

static struct sy_kld *
get_locked(const char *path)
{
	struct sy_kld *kld;
	int error;

	(void)pthread_mutex_lock(&klds_lock);
	kld = kld_get(path);
	error = errno;
	(void)pthread_mutex_unlock(&klds_lock);
	errno = error;
	return (kld);
}

static void
put_locked(struct sy_kld *kld)
{

	(void)pthread_mutex_lock(&klds_lock);
	kld_put(kld);
	(void)pthread_mutex_unlock(&klds_lock);
}

static int
attach(struct sy_host *host, struct sy_kld *kld)
{
	int error;

	sy_note_log(NULL);
	host->h_starting = true;
	error = syk_kld_attach(host->h_vnet, kld->k_image, kld->k_file);
	host->h_starting = false;
	if (error == 0)
		return (0);
	return (sy_fail(error, "kldload: %s: host %s: %s%s%s", kld->k_file,
	    host->h_name, strerror(error),
	    *sy_noted_log() != '\0' ? ": " : "", sy_noted_log()));
}

/* Attach kld to all hosts of loop, or to none. */
static int
attach_hosts(struct sy_loop *loop, struct sy_kld *kld)
{
	struct sy_host *host, *done;
	int error;

	TAILQ_FOREACH(host, &loop->l_hosts, h_link) {
		if (attach(host, kld) == 0)
			continue;
		error = errno;
		TAILQ_FOREACH(done, &loop->l_hosts, h_link) {
			if (done == host)
				break;
			(void)syk_kld_detach(done->h_vnet, kld->k_image);
		}
		errno = error;
		return (-1);
	}
	return (0);
}

static bool
is_loaded(const struct sy_loop *loop, const char *path)
{
	unsigned i;

	for (i = 0; i < loop->l_nklds; i++)
		if (is_called(loop->l_klds[i]->k_file, path))
			return (true);
	return (false);
}

/* Opening the file may take long and is nobody's turn; the rest is. */
int
sy_kld_load(struct sy_loop *loop, const char *name)
{
	struct sy_kld *kld;
	char path[PATH_MAX];
	int error, id;

	if (find_file(name, path) != 0)
		return (-1);
	if (strlen(base_name(path)) >= KLD_NAMESIZE)
		return (sy_fail(ENAMETOOLONG, "kldload: %s: the name is "
		    "longer than %d characters", name, KLD_NAMESIZE - 1));
	kld = get_locked(path);
	if (kld == NULL)
		return (-1);
	id = kld->k_id;
	sy_take(loop);
	if (is_loaded(loop, path))
		error = sy_fail(EEXIST, "kldload: %s: it is loaded already",
		    name);
	else
		error = attach_hosts(loop, kld);
	if (error == 0)
		loop->l_klds[loop->l_nklds++] = kld;
	sy_drop(loop);
	if (error == 0)
		return (id);
	error = errno;
	put_locked(kld);
	errno = error;
	return (-1);
}

int
sy_kldload(struct sy_loop *loop, const char *name)
{

	return (sy_kld_load(loop, name) < 0 ? -1 : 0);
}

int
sy_kld_attach_all(struct sy_host *host)
{
	struct sy_loop *loop;
	unsigned i;

	loop = host->h_loop;
	for (i = 0; i < loop->l_nklds; i++)
		if (attach(host, loop->l_klds[i]) != 0)
			return (-1);
	return (0);
}

/* What a host said to one of the steps of unloading. */
static int
unload_fail(int error, const struct sy_kld *kld, const struct sy_host *host)
{

	return (sy_fail(error, "kldunload: %s: host %s: %s%s", kld->k_file,
	    host->h_name, strerror(error), error == EBUSY ?
	    "; something there still uses it" : ""));
}

/* Detach kld from all hosts of loop, or from none.  force: without asking
 * its modules first. */
static int
detach_hosts(struct sy_loop *loop, struct sy_kld *kld, bool force)
{
	struct sy_host *host, *done;
	int error;

	TAILQ_FOREACH(host, &loop->l_hosts, h_link) {
		error = force ? 0 : syk_kld_quiesce(host->h_vnet,
		    kld->k_image);
		if (error != 0)
			return (unload_fail(error, kld, host));
	}
	TAILQ_FOREACH(host, &loop->l_hosts, h_link) {
		error = syk_kld_detach(host->h_vnet, kld->k_image);
		if (error == 0)
			continue;
		TAILQ_FOREACH(done, &loop->l_hosts, h_link) {
			if (done == host)
				break;
			(void)attach(done, kld);
		}
		return (unload_fail(error, kld, host));
	}
	return (0);
}

/* Does name, or the number it is, mean kld? */
static bool
is_meant(const struct sy_kld *kld, const char *name)
{
	char digits[16];

	(void)snprintf(digits, sizeof(digits), "%d", kld->k_id);
	return (is_called(kld->k_file, name) || strcmp(digits, name) == 0);
}

/* Take what name means out of the loop; NULL: the reason has been noted. */
static struct sy_kld *
unload(struct sy_loop *loop, const char *name, bool force)
{
	struct sy_kld *kld;
	unsigned i;

	for (i = 0; i < loop->l_nklds; i++)
		if (is_meant(loop->l_klds[i], name))
			break;
	if (i == loop->l_nklds) {
		(void)sy_fail(ENOENT, "kldunload: %s: it is not loaded",
		    name);
		return (NULL);
	}
	kld = loop->l_klds[i];
	if (detach_hosts(loop, kld, force) != 0)
		return (NULL);
	for (loop->l_nklds--; i < loop->l_nklds; i++)
		loop->l_klds[i] = loop->l_klds[i + 1];
	return (kld);
}

int
sy_kld_unload(struct sy_loop *loop, const char *name, bool force)
{
	struct sy_kld *kld;

	sy_take(loop);
	kld = unload(loop, name, force);
	sy_drop(loop);
	if (kld == NULL)
		return (-1);
	put_locked(kld);
	return (0);
}

int
sy_kldunload(struct sy_loop *loop, const char *name)
{

	return (sy_kld_unload(loop, name, false));
}

void
sy_kld_release_all(struct sy_loop *loop)
{

	while (loop->l_nklds > 0)
		put_locked(loop->l_klds[--loop->l_nklds]);
}

/* ---- What is loaded ---- */

struct walk {
	int	(*w_func)(void *, const struct sy_kldinfo *);
	void	*w_arg;
	struct sy_kldinfo w_info;
	const char *w_file;		/* whose modules are wanted */
};

/* Where the object that addr lies in begins and ends. */
static int
measure(struct dl_phdr_info *object, size_t size, void *arg)
{
	struct sy_kldinfo *info;
	uintptr_t end, low;
	int i;

	(void)size;
	info = arg;
	low = UINTPTR_MAX;
	end = 0;
	for (i = 0; i < object->dlpi_phnum; i++) {
		if (object->dlpi_phdr[i].p_type != PT_LOAD)
			continue;
		if (object->dlpi_phdr[i].p_vaddr < low)
			low = object->dlpi_phdr[i].p_vaddr;
		if (object->dlpi_phdr[i].p_vaddr +
		    object->dlpi_phdr[i].p_memsz > end)
			end = object->dlpi_phdr[i].p_vaddr +
			    object->dlpi_phdr[i].p_memsz;
	}
	if (low > end || info->ki_address - object->dlpi_addr < low ||
	    info->ki_address - object->dlpi_addr >= end)
		return (0);
	info->ki_address = object->dlpi_addr + low;
	info->ki_size = end - low;
	return (1);
}

static int
walk_module(void *arg, const char *file, const char *module)
{
	struct walk *walk;

	walk = arg;
	if (walk->w_file == NULL ? is_so(file) :
	    strcmp(file, walk->w_file) != 0)
		return (0);
	walk->w_info.ki_module = module;
	return (walk->w_func(walk->w_arg, &walk->w_info));
}

/* One file, inside which addr is (its modules are those of w_file). */
static int
walk_file(struct walk *walk, struct sy_host *host, const void *addr)
{
	int error;

	walk->w_info.ki_module = NULL;
	walk->w_info.ki_address = (uintptr_t)addr;
	(void)dl_iterate_phdr(measure, &walk->w_info);
	error = walk->w_func(walk->w_arg, &walk->w_info);
	return (error != 0 ? error : syk_kld_modules(host->h_vnet,
	    walk_module, walk));
}

int
sy_kld_foreach(struct sy_loop *loop, struct sy_host *host,
    int (*func)(void *, const struct sy_kldinfo *), void *arg)
{
	struct walk walk = { .w_func = func, .w_arg = arg };
	unsigned i;
	int error;

	walk.w_info.ki_id = 1;
	walk.w_info.ki_file = "stackyard";
	walk.w_info.ki_path = "";
	error = walk_file(&walk, host, &klds_lock);
	for (i = 0; i < loop->l_nklds && error == 0; i++) {
		walk.w_info.ki_id = loop->l_klds[i]->k_id;
		walk.w_info.ki_file = walk.w_file = loop->l_klds[i]->k_file;
		walk.w_info.ki_path = loop->l_klds[i]->k_path;
		error = walk_file(&walk, host, loop->l_klds[i]->k_image);
	}
	return (error);
}
