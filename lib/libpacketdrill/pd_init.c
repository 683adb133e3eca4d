/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The beginning and the end of instances.
 *
 * packetdrill_interface_init() makes a stack for its caller and fills in
 * the interface.  It cannot fail: what goes wrong ends the program, with a
 * line that says why, as a failed assertion of packetdrill's does.  It may
 * be called again, for another script; what is not given back by free stays
 * until the program ends, when only what lies outside the process is
 * removed.
 *
 * An instance answers sysctl(8) and its like at a socket in a directory of
 * its own; the environment variable STACKYARD leads there, so that commands
 * that a script runs find the latest one.
 *
 * A module that is loaded looks for the stack's symbols among those of the
 * whole program.  The caller has loaded us privately, so we open ourselves
 * once more, for all.
 *
 * Touches: the list of instances, the environment, files below TMPDIR.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pd.h"

#define	HOST_NAME	"packetdrill"
#define	LOCAL_V4	"192.168.0.1/16"
#define	LOCAL_V6	"fd3d:fa7b:d17d::1/48"

static pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;
static TAILQ_HEAD(, pd) list = TAILQ_HEAD_INITIALIZER(list);

struct pd *
pd_find(int fd)
{
	struct pd *pd;
	bool owns;

	(void)pthread_mutex_lock(&list_mutex);
	TAILQ_FOREACH(pd, &list, pd_link) {
		(void)pthread_mutex_lock(&pd->pd_mutex);
		owns = pd_file_owns(pd, fd);
		(void)pthread_mutex_unlock(&pd->pd_mutex);
		if (owns)
			break;
	}
	(void)pthread_mutex_unlock(&list_mutex);
	return (pd);
}

/* ---- The control socket ---- */

static void
remove_dir(struct pd *pd)
{

	if (pd->pd_path != NULL)
		(void)unlink(pd->pd_path);
	if (pd->pd_dir != NULL)
		(void)rmdir(pd->pd_dir);
}

static int
control_open(struct pd *pd)
{
	const char *tmp;

	tmp = getenv("TMPDIR");
	if (tmp == NULL || *tmp == '\0')
		tmp = "/tmp";
	if (asprintf(&pd->pd_dir, "%s/stackyard.XXXXXX", tmp) == -1) {
		pd->pd_dir = NULL;
		return (sy_fail(ENOMEM, "out of memory"));
	}
	if (mkdtemp(pd->pd_dir) == NULL) {
		(void)sy_fail(errno, "%s: cannot make it: %s", pd->pd_dir,
		    strerror(errno));
		free(pd->pd_dir);
		pd->pd_dir = NULL;
		return (-1);
	}
	if (asprintf(&pd->pd_path, "%s/control", pd->pd_dir) == -1) {
		pd->pd_path = NULL;
		return (sy_fail(ENOMEM, "out of memory"));
	}
	if (sy_control_listen(pd->pd_loop, pd->pd_path) != 0)
		return (-1);
	if (setenv("STACKYARD", pd->pd_path, 1) != 0)
		return (sy_fail(errno, "environment: %s", strerror(errno)));
	return (0);
}

/* ---- Making one ---- */

/* What the caller's first bind or connect does not tell. */
static int
add_addresses(struct pd *pd, const struct pd_flags *pf)
{
	char prefix[64];
	bool v4, v6;
	size_t i;

	v4 = v6 = false;
	for (i = 0; i < pf->pf_naddrs; i++) {
		if (strchr(pf->pf_addrs[i], ':') != NULL)
			v6 = true;
		else
			v4 = true;
		(void)snprintf(prefix, sizeof(prefix), "%.50s%s",
		    pf->pf_addrs[i], strchr(pf->pf_addrs[i], '/') != NULL ?
		    "" : strchr(pf->pf_addrs[i], ':') != NULL ? "/128" :
		    "/32");
		if (sy_addr_add(pd->pd_host, PD_IFNAME, prefix) != 0)
			return (-1);
	}
	if (!v4 && sy_addr_add(pd->pd_host, PD_IFNAME, LOCAL_V4) != 0)
		return (-1);
	return (v6 ? 0 : sy_addr_add(pd->pd_host, PD_IFNAME, LOCAL_V6));
}

static int
make_stack(struct pd *pd, const struct pd_flags *pf)
{
	int error;

	pd->pd_loop = sy_loop_new(SY_VIRTUAL, pf->pf_seed);
	if (pd->pd_loop == NULL)
		return (-1);
	pd->pd_host = sy_host_new(pd->pd_loop, HOST_NAME, pf->pf_vars,
	    pf->pf_nvars);
	if (pd->pd_host == NULL)
		return (-1);
	error = pdk_netif_create(pd->pd_host->h_vnet, pf->pf_mtu,
	    &pd->pd_ifp);
	if (error != 0)
		return (sy_fail(error, "interface " PD_IFNAME ": %s",
		    strerror(error)));
	return (add_addresses(pd, pf));
}

static void
make_symbols_global(void)
{
	Dl_info info;

	if (dladdr(&list_mutex, &info) != 0)
		(void)dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD |
		    RTLD_GLOBAL);
}

static void
destroy(struct pd *pd)
{

	if (pd->pd_host != NULL)
		pd_file_end(pd);
	sy_loop_free(pd->pd_loop);
	remove_dir(pd);
	free(pd->pd_path);
	free(pd->pd_dir);
	free(pd);
}

/* Say why the program ends, and end it. */
static void
give_up(const char *why)
{

	(void)fprintf(stderr, "libstackyard-packetdrill: %s\n", why);
	exit(EXIT_FAILURE);
}

static struct pd *
make(const char *flags)
{
	struct pd_flags pf;
	struct pd *pd;
	char why[256];

	if (pd_flags_parse(&pf, flags, why, sizeof(why)) != 0)
		give_up(why);
	pd = calloc(1, sizeof(*pd));
	if (pd == NULL)
		give_up("out of memory");
	pd_clock_init(pd);
	pd->pd_pid = getpid();
	pd->pd_hook = pf.pf_hook;
	if (make_stack(pd, &pf) != 0 || control_open(pd) != 0) {
		(void)snprintf(why, sizeof(why), "%s", sy_error());
		destroy(pd);
		give_up(why);
	}
	pd_flags_free(&pf);
	return (pd);
}

/* ---- The end of one ---- */

static void
pd_free(void *userdata)
{
	struct pd *pd;
	const char *env;

	pd = userdata;
	if (pd == NULL)
		return;
	(void)pthread_mutex_lock(&list_mutex);
	TAILQ_REMOVE(&list, pd, pd_link);
	if (pd->pd_hook)
		pd_hook_off();
	(void)pthread_mutex_unlock(&list_mutex);
	pd_clock_end(pd);
	env = getenv("STACKYARD");
	if (env != NULL && strcmp(env, pd->pd_path) == 0)
		(void)unsetenv("STACKYARD");
	destroy(pd);
}

/* The program ends: leave nothing lying about. */
__attribute__((__destructor__))
static void
clean_up(void)
{
	struct pd *pd;

	TAILQ_FOREACH(pd, &list, pd_link) {
		if (pd->pd_hook)
			pd_hook_off();
		if (pd->pd_pid == getpid())
			remove_dir(pd);
	}
}

/* ---- The door ---- */

static const struct packetdrill_interface members = {
	.free = pd_free,
	.socket = pd_socket,
	.bind = pd_bind,
	.listen = pd_listen,
	.accept = pd_accept,
	.connect = pd_connect,
	.read = pd_read,
	.readv = pd_readv,
	.recv = pd_recv,
	.recvfrom = pd_recvfrom,
	.recvmsg = pd_recvmsg,
	.write = pd_write,
	.writev = pd_writev,
	.send = pd_send,
	.sendto = pd_sendto,
	.sendmsg = pd_sendmsg,
	.fcntl = pd_fcntl,
	.ioctl = pd_ioctl,
	.close = pd_close,
	.shutdown = pd_shutdown,
	.getsockopt = pd_getsockopt,
	.setsockopt = pd_setsockopt,
	.poll = pd_poll,
	.netdev_send = pd_netdev_send,
	.netdev_receive = pd_netdev_receive,
	.usleep = pd_usleep,
	.gettimeofday = pd_gettimeofday,
	.epoll_create = pd_epoll_create,
	.epoll_ctl = pd_epoll_ctl,
	.epoll_wait = pd_epoll_wait,
	.pipe = pd_pipe,
	.splice = pd_splice,
};

void
packetdrill_interface_init(const char *flags,
    struct packetdrill_interface *interface)
{
	struct pd *pd;

	make_symbols_global();
	pd = make(flags);
	(void)pthread_mutex_lock(&list_mutex);
	TAILQ_INSERT_TAIL(&list, pd, pd_link);
	if (pd->pd_hook)
		pd_hook_on();
	(void)pthread_mutex_unlock(&list_mutex);
	*interface = members;
	interface->userdata = pd;
}
