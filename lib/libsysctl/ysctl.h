/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * libsysctl: sysctl(3) and kld(2) of a running stack, from another process.
 *
 * A connection leads to the control socket of a process with one or more
 * hosts (libstackyard's sy_control_listen(), "yard up") and to one host in
 * it.  The calls are those of FreeBSD's sysctl(3) with the connection in
 * front: numbers of variables, the queries beneath sysctl.*, errors and the
 * rules for lengths are the same.
 *
 * One thread uses a connection at a time.  Functions that return int return
 * -1 and set errno on failure unless they say otherwise; ysctl_error() has a
 * sentence for a person.
 */
#ifndef _YSCTL_H_
#define	_YSCTL_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ysctl;				/* a connection */

/* What went wrong last in this thread, as one sentence without a newline. */
const char *ysctl_error(void);

/*
 * Connect to the socket at path (NULL: where the environment variable
 * STACKYARD says) and choose the host called host (NULL: the one the process
 * made first).  NULL on failure: ENOENT neither path nor STACKYARD, or no
 * such socket; ECONNREFUSED nobody listens there; ESRCH no such host;
 * EPROTO not a stack, or one of another version; ENAMETOOLONG; ENOMEM.
 */
struct ysctl *ysctl_open(const char *path, const char *host);
void	ysctl_close(struct ysctl *);

/*
 * Read and write a variable by its number or name.  old may be NULL;
 * *oldlenp is the room there and becomes the bytes read (or wanted, if old
 * is NULL); new may be NULL.  ENOENT unknown; EISDIR a node; ENOTDIR beneath
 * a leaf; EPERM read only; ENOMEM room too small (as much as fits has been
 * read); EINVAL; and what the variable itself answers.  ECONNRESET: the
 * stack went away.
 */
int	ysctl(struct ysctl *, const int *name, unsigned namelen, void *old,
	    size_t *oldlenp, const void *newp, size_t newlen);
int	ysctlbyname(struct ysctl *, const char *name, void *old,
	    size_t *oldlenp, const void *newp, size_t newlen);
/* *sizep: room at mib in numbers, becomes their count. */
int	ysctlnametomib(struct ysctl *, const char *name, int *mib,
	    size_t *sizep);

/* One loaded file, or one module in it. */
#define	YSCTL_KLDNAME	64
struct ysctl_kld {
	int		id;		/* of the file; counted from 1 */
	int		refs;		/* files that need it, and itself */
	uint64_t	address;
	uint64_t	size;
	char		file[YSCTL_KLDNAME];	/* "cc_example.so"; "stackyard" */
	char		path[1024];	/* "" for what is linked in */
	char		module[YSCTL_KLDNAME];	/* "": the file's own record */
};
/*
 * Load the file at path; a path with a '/' is made absolute first, other
 * names are looked for where the stack looks.  Returns the file's id.
 * EEXIST loaded; ENOENT; ENOEXEC no module, or of another interface
 * version; what the module answered.
 */
int	ysctl_kldload(struct ysctl *, const char *path);
/* By name ("cc_example" or "cc_example.so") or id in digits.  force: over
 * the modules' objections to being quiesced.  ENOENT; EBUSY in use. */
int	ysctl_kldunload(struct ysctl *, const char *name, int force);
/*
 * The files in order of loading, each followed by its modules, in memory
 * that is the caller's to free(3); *countp is their number.
 */
int	ysctl_kldstat(struct ysctl *, struct ysctl_kld **listp,
	    size_t *countp);
/* The names of the process's hosts, each with its NUL, oldest first, then an
 * empty name; free(3) it.  NULL on failure. */
char	*ysctl_hosts(struct ysctl *);

#ifdef __cplusplus
}
#endif

#endif /* !_YSCTL_H_ */
