/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The program's own getsockopt().
 *
 * The caller asks the C library, not us, for TCP_INFO on descriptors that we
 * have given out.  For the system these are idle sockets of another family,
 * so the call would fail; an object that was loaded privately cannot put a
 * function of its own in the place of the library's either.  So we change
 * the one word by which the program, and it alone, finds the function: the
 * entry of getsockopt in the main program's table of imported functions.
 *
 *	program: call *GOT[getsockopt] --> hooked() -- ours? --> pd_getsockopt
 *						    \- no ---> the C library's
 *
 * The entries are found by the relocations that name the symbol, as the
 * dynamic linker finds them (ELF: DT_JMPREL and DT_RELA).  If the linker has
 * made their page read-only, it is writable for the time of the change.
 * Nothing is changed where this is not understood: on other processors than
 * the two below, or if an entry cannot be written.  pd_hook_off() puts back
 * what was there.
 *
 * May use the program's headers in memory, and mprotect(2).
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "pd.h"

#if defined(__x86_64__)
#define	PD_JUMP_SLOT	R_X86_64_JUMP_SLOT
#define	PD_GLOB_DAT	R_X86_64_GLOB_DAT
#define	PD_ABS		R_X86_64_64
#elif defined(__aarch64__)
#define	PD_JUMP_SLOT	R_AARCH64_JUMP_SLOT
#define	PD_GLOB_DAT	R_AARCH64_GLOB_DAT
#define	PD_ABS		R_AARCH64_ABS64
#endif

#define	SLOTS		8	/* entries that one program has at most */

typedef	int getsockopt_t(int, int, int, void *, socklen_t *);

static struct {
	uintptr_t	*s_where;
	uintptr_t	s_was;
} slots[SLOTS];
static unsigned nslots;
static unsigned users;

static int
hooked(int fd, int level, int name, void *val, socklen_t *len)
{
	struct pd *pd;

	pd = pd_find(fd);
	return (pd != NULL ? pd_getsockopt(pd, fd, level, name, val, len) :
	    getsockopt(fd, level, name, val, len));
}

#ifdef PD_JUMP_SLOT
struct image {				/* of the main program */
	uintptr_t	im_base;
	const ElfW(Rela) *im_rela[2];	/* DT_RELA, DT_JMPREL */
	size_t		im_size[2];	/* bytes */
	const ElfW(Sym)	*im_symbols;
	const char	*im_strings;
	uintptr_t	im_ro, im_roend;	/* made read-only */
};

/* Write a word of the program's, wherever it is. */
static bool
put(const struct image *im, uintptr_t *where, uintptr_t value)
{
	uintptr_t page, pagesize;
	bool ro;

	ro = (uintptr_t)where >= im->im_ro && (uintptr_t)where < im->im_roend;
	pagesize = (uintptr_t)sysconf(_SC_PAGESIZE);
	page = (uintptr_t)where & ~(pagesize - 1);
	if (ro && mprotect((void *)page, pagesize,
	    PROT_READ | PROT_WRITE) != 0)
		return (false);
	__atomic_store_n(where, value, __ATOMIC_RELEASE);
	if (ro)
		(void)mprotect((void *)page, pagesize, PROT_READ);
	return (true);
}

/* An address in the dynamic section: glibc has added the base, others not. */
static uintptr_t
address(const struct image *im, ElfW(Addr) value)
{

	return (value < im->im_base ? im->im_base + value : value);
}

static void
read_dynamic(struct image *im, const ElfW(Dyn) *d)
{

	for (; d->d_tag != DT_NULL; d++)
		switch (d->d_tag) {
		case DT_RELA:
			im->im_rela[0] = (const void *)address(im,
			    d->d_un.d_ptr);
			break;
		case DT_RELASZ:
			im->im_size[0] = d->d_un.d_val;
			break;
		case DT_JMPREL:
			im->im_rela[1] = (const void *)address(im,
			    d->d_un.d_ptr);
			break;
		case DT_PLTRELSZ:
			im->im_size[1] = d->d_un.d_val;
			break;
		case DT_SYMTAB:
			im->im_symbols = (const void *)address(im,
			    d->d_un.d_ptr);
			break;
		case DT_STRTAB:
			im->im_strings = (const void *)address(im,
			    d->d_un.d_ptr);
			break;
		}
}

static bool
is_getsockopt(const struct image *im, const ElfW(Rela) *r)
{
	const char *name;

	switch (ELF64_R_TYPE(r->r_info)) {
	case PD_JUMP_SLOT:
	case PD_GLOB_DAT:
	case PD_ABS:
		name = im->im_strings +
		    im->im_symbols[ELF64_R_SYM(r->r_info)].st_name;
		return (strcmp(name, "getsockopt") == 0);
	default:
		return (false);
	}
}

static void
change(const struct image *im)
{
	const ElfW(Rela) *r;
	uintptr_t *where;
	int i;

	if (im->im_symbols == NULL || im->im_strings == NULL)
		return;
	for (i = 0; i < 2; i++) {
		r = im->im_rela[i];
		for (; r != NULL && r < im->im_rela[i] + im->im_size[i] /
		    sizeof(*r) && nslots < SLOTS; r++) {
			if (!is_getsockopt(im, r))
				continue;
			where = (uintptr_t *)(im->im_base + r->r_offset);
			slots[nslots].s_where = where;
			slots[nslots].s_was = *where;
			if (put(im, where, (uintptr_t)hooked))
				nslots++;
		}
	}
}

/* The first object is the program itself. */
static int
find_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	const ElfW(Phdr) *ph;
	struct image *im;
	int i;

	(void)size;
	im = arg;
	im->im_base = info->dlpi_addr;
	for (i = 0; i < info->dlpi_phnum; i++) {
		ph = &info->dlpi_phdr[i];
		if (ph->p_type == PT_DYNAMIC)
			read_dynamic(im, (const void *)(im->im_base +
			    ph->p_vaddr));
		if (ph->p_type == PT_GNU_RELRO) {
			im->im_ro = im->im_base + ph->p_vaddr;
			im->im_roend = im->im_ro + ph->p_memsz;
		}
	}
	return (1);
}

void
pd_hook_on(void)
{
	struct image im;

	if (users++ > 0)
		return;
	memset(&im, 0, sizeof(im));
	(void)dl_iterate_phdr(find_program, &im);
	change(&im);
}

void
pd_hook_off(void)
{
	struct image im;

	if (--users > 0)
		return;
	memset(&im, 0, sizeof(im));
	(void)dl_iterate_phdr(find_program, &im);
	while (nslots > 0) {
		nslots--;
		(void)put(&im, slots[nslots].s_where, slots[nslots].s_was);
	}
}
#else
void
pd_hook_on(void)
{
}

void
pd_hook_off(void)
{
}
#endif
