/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Modules: loaded from shared objects into some hosts of a process, each
 * with its own variables, and taken out again; and every way in which that
 * can be refused.
 */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/module.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include <atf-c.h>
#include <dlfcn.h>

#include "testhost.h"

VNET_DEFINE(int, linkertest_event);
VNET_DEFINE(int, linkertest_error);
#define	V_linkertest_event	VNET(linkertest_event)
#define	V_linkertest_error	VNET(linkertest_error)

static int
linkertest_modevent(module_t mod __unused, int event, void *arg __unused)
{

	kern_printf("linkertest event %d\n", event);
	return (0);
}

/* A module of the program itself. */
static moduledata_t linkertest_data = { "linkertest", linkertest_modevent,
    NULL };
DECLARE_MODULE(linkertest, linkertest_data, SI_SUB_KLD, SI_ORDER_FIRST);
MODULE_VERSION(linkertest, 2);

struct testobject {
	void	*to_handle;
	const struct kld_image *to_image;
};

static void
object_open(struct testobject *to, const char *name, int slot)
{
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/%s.so", STACKYARD_TESTDIR,
	    name);
	to->to_handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	ATF_REQUIRE_MSG(to->to_handle != NULL, "%s", dlerror());
	to->to_image = dlsym(to->to_handle, "stackyard_kld");
	ATF_REQUIRE_MSG(to->to_image != NULL, "%s", dlerror());
	*to->to_image->ki_slot = slot;
}

static void
object_close(struct testobject *to)
{

	ATF_CHECK_EQ(0, dlclose(to->to_handle));
}

/* Attach, detach, ... in th's vnet. */
static int
attach(struct testhost *th, const struct kld_image *image, const char *file)
{
	struct vnet *saved;
	int error;

	th->th_log[0] = '\0';
	saved = vnet_enter(th->th_vnet);
	error = linker_file_attach(image, file);
	vnet_leave(saved);
	return (error);
}

static int
detach(struct testhost *th, const struct kld_image *image)
{
	struct vnet *saved;
	int error;

	th->th_log[0] = '\0';
	saved = vnet_enter(th->th_vnet);
	error = linker_file_detach(image);
	vnet_leave(saved);
	return (error);
}

static int
get_int(struct testhost *th, const char *name, int *valuep)
{
	struct vnet *saved;
	size_t len;
	int error;

	saved = vnet_enter(th->th_vnet);
	len = sizeof(*valuep);
	error = kernel_sysctlbyname(name, valuep, &len, NULL, 0);
	vnet_leave(saved);
	return (error);
}

static int
set_text(struct testhost *th, const char *name, const char *value)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter(th->th_vnet);
	error = sysctl_set_string(name, value, false);
	vnet_leave(saved);
	return (error);
}

static bool
has_module(struct testhost *th, const char *name)
{
	struct vnet *saved;
	bool found;

	saved = vnet_enter(th->th_vnet);
	found = module_lookupbyname(name) != NULL;
	vnet_leave(saved);
	return (found);
}

static int
find_type(const struct malloc_type *type, struct mem_stats *ms __unused,
    void *arg)
{

	return (strcmp(type->ks_shortdesc, arg) == 0);
}

static bool
has_type(struct testhost *th, const char *name)
{
	struct vnet *saved;
	bool found;

	saved = vnet_enter(th->th_vnet);
	found = malloc_type_foreach(find_type, __DECONST(char *, name)) != 0;
	vnet_leave(saved);
	return (found);
}

ATF_TC_WITHOUT_HEAD(two_vnets);
ATF_TC_BODY(two_vnets, tc)
{
	struct testhost one, two;
	struct testobject to;
	int value;

	object_open(&to, "testmod", 5);
	testhost_start(&one, "one");
	testhost_start(&two, "two");
	ATF_CHECK_EQ(ENOENT, get_int(&one, "kern.testmod.value", &value));

	ATF_REQUIRE_EQ_MSG(0, attach(&one, to.to_image, "testmod.so"), "%s",
	    one.th_log);
	ATF_CHECK_STREQ("testmod init 1\ntestmod event 0\n"
	    "testsecond event 0\n", one.th_log);
	ATF_CHECK_EQ(0, get_int(&one, "kern.testmod.value", &value));
	ATF_CHECK_EQ(42, value);
	ATF_CHECK(has_type(&one, "testmod"));
	ATF_CHECK(!has_type(&two, "testmod"));
	ATF_CHECK_EQ(ENOENT, get_int(&two, "kern.testmod.value", &value));
	ATF_CHECK_EQ(0, set_text(&one, "kern.testmod.value", "1000"));
	ATF_CHECK_EQ(0, set_text(&one, "kern.testmod.wide", "77"));

	ATF_REQUIRE_EQ(0, attach(&two, to.to_image, "testmod.so"));
	ATF_CHECK_EQ(0, get_int(&two, "kern.testmod.value", &value));
	ATF_CHECK_EQ_MSG(42, value, "%d", value);
	ATF_CHECK_EQ(0, get_int(&one, "kern.testmod.value", &value));
	ATF_CHECK_EQ_MSG(1000, value, "%d", value);

	ATF_REQUIRE_EQ(0, detach(&one, to.to_image));
	ATF_CHECK_STREQ("testsecond event 3\ntestmod event 3\n"
	    "testsecond event 1\ntestmod event 1\ntestmod uninit\n",
	    one.th_log);
	ATF_CHECK_EQ(ENOENT, get_int(&one, "kern.testmod.value", &value));
	ATF_CHECK(!has_module(&one, "testmod"));
	ATF_CHECK(!has_type(&one, "testmod"));
	ATF_CHECK(has_module(&two, "testmod"));
	ATF_CHECK_EQ(0, get_int(&two, "kern.testmod.value", &value));

	/* Loaded again it begins anew. */
	ATF_REQUIRE_EQ(0, attach(&one, to.to_image, "testmod.so"));
	ATF_CHECK_EQ(0, get_int(&one, "kern.testmod.value", &value));
	ATF_CHECK_EQ(42, value);
	testhost_stop(&one);
	testhost_stop(&two);
	object_close(&to);
}

ATF_TC_WITHOUT_HEAD(variables);
ATF_TC_BODY(variables, tc)
{
	struct testhost one;
	struct testobject to;
	struct vnet *saved;
	int *exported;

	object_open(&to, "testmod", VNET_MODULES - 1);
	exported = dlsym(to.to_handle, "vnet_entry_testmod_exported");
	ATF_REQUIRE(exported != NULL);
	testhost_start(&one, "one");
	saved = vnet_enter(one.th_vnet);
	ATF_CHECK(vnet_ptr_or_null(exported) == NULL);
	ATF_REQUIRE_EQ(0, linker_file_attach(to.to_image, "testmod.so"));
	ATF_REQUIRE(vnet_ptr(exported) != exported);
	ATF_CHECK_EQ(60, *(int *)vnet_ptr(exported));
	vnet_leave(saved);
	testhost_stop(&one);
	object_close(&to);
}

ATF_TC_WITHOUT_HEAD(refused);
ATF_TC_BODY(refused, tc)
{
	struct testhost th;
	struct testobject to, user;
	struct kld_image other;
	int value;

	object_open(&to, "testmod", 0);
	object_open(&user, "testmod_user", 1);
	testhost_start(&th, "one");

	other = *to.to_image;
	other.ki_kpi_version = STACKYARD_KPI_VERSION + 1;
	ATF_CHECK_EQ(ENOEXEC, attach(&th, &other, "other.so"));
	ATF_CHECK(strstr(th.th_log, "other.so") != NULL);
	ATF_CHECK_EQ(ENOENT, attach(&th, user.to_image, "user.so"));
	ATF_CHECK(strstr(th.th_log, "testmod") != NULL);
	ATF_CHECK_EQ(ENOENT, detach(&th, user.to_image));
	*to.to_image->ki_slot = -1;
	ATF_CHECK_EQ(ENOMEM, attach(&th, to.to_image, "testmod.so"));
	*to.to_image->ki_slot = VNET_MODULES;
	ATF_CHECK_EQ(ENOMEM, attach(&th, to.to_image, "testmod.so"));
	*to.to_image->ki_slot = 0;

	ATF_REQUIRE_EQ(0, attach(&th, to.to_image, "testmod.so"));
	ATF_CHECK_EQ(EEXIST, attach(&th, to.to_image, "testmod.so"));
	other = *to.to_image;
	ATF_CHECK_EQ_MSG(EEXIST, attach(&th, &other, "same.so"),
	    "a module of that name is loaded");
	ATF_REQUIRE_EQ(0, attach(&th, user.to_image, "user.so"));
	ATF_CHECK_EQ_MSG(EBUSY, detach(&th, to.to_image),
	    "another depends on it");
	ATF_CHECK_EQ(0, detach(&th, user.to_image));
	ATF_CHECK_EQ(0, detach(&th, to.to_image));
	ATF_CHECK_EQ(ENOENT, detach(&th, to.to_image));
	ATF_CHECK_EQ(ENOENT, get_int(&th, "kern.testmod.value", &value));
	testhost_stop(&th);
	object_close(&to);
	object_close(&user);
}

/* Have the module answer error to event in th. */
static void
answer(struct testhost *th, int event, int error)
{
	struct vnet *saved;

	saved = vnet_enter(th->th_vnet);
	V_linkertest_event = event + 1;
	V_linkertest_error = error;
	vnet_leave(saved);
}

ATF_TC_WITHOUT_HEAD(module_refuses);
ATF_TC_BODY(module_refuses, tc)
{
	struct testhost th;
	struct testobject to;
	int value;

	object_open(&to, "testmod", 0);
	testhost_start(&th, "one");

	answer(&th, MOD_LOAD, EPROTO);
	ATF_CHECK_EQ(EPROTO, attach(&th, to.to_image, "testmod.so"));
	ATF_CHECK_MSG(strstr(th.th_log, "testmod uninit") != NULL,
	    "its SYSINIT was not undone: %s", th.th_log);
	ATF_CHECK(strstr(th.th_log, "event 1") == NULL);
	ATF_CHECK(!has_module(&th, "testmod"));
	ATF_CHECK(!has_module(&th, "testsecond"));
	ATF_CHECK_EQ(ENOENT, get_int(&th, "kern.testmod.value", &value));

	answer(&th, -1, 0);
	ATF_REQUIRE_EQ(0, attach(&th, to.to_image, "testmod.so"));
	answer(&th, MOD_QUIESCE, EBUSY);
	ATF_CHECK_EQ(EBUSY, detach(&th, to.to_image));
	ATF_CHECK(strstr(th.th_log, "event 1") == NULL);

	/* testsecond agrees, testmod does not: testsecond comes back. */
	answer(&th, MOD_UNLOAD, EBUSY);
	ATF_CHECK_EQ(EBUSY, detach(&th, to.to_image));
	ATF_CHECK_MSG(strstr(th.th_log, "testsecond event 0") != NULL, "%s",
	    th.th_log);
	ATF_CHECK(strstr(th.th_log, "uninit") == NULL);
	ATF_CHECK(has_module(&th, "testsecond"));
	ATF_CHECK_EQ(0, get_int(&th, "kern.testmod.value", &value));

	/* The end of the vnet asks nobody. */
	th.th_log[0] = '\0';
	vnet_destroy(th.th_vnet);
	ATF_CHECK_MSG(strstr(th.th_log, "testmod uninit") != NULL, "%s",
	    th.th_log);
	object_close(&to);
}

ATF_TC_WITHOUT_HEAD(destroy_order);
ATF_TC_BODY(destroy_order, tc)
{
	struct testhost th;
	struct testobject to, user;

	object_open(&to, "testmod", 0);
	object_open(&user, "testmod_user", 1);
	testhost_start(&th, "one");
	ATF_CHECK_STREQ("linkertest event 0\n", th.th_log);
	ATF_REQUIRE_EQ(0, attach(&th, to.to_image, "testmod.so"));
	ATF_REQUIRE_EQ(0, attach(&th, user.to_image, "user.so"));
	th.th_log[0] = '\0';
	vnet_destroy(th.th_vnet);
	/* By place, whatever the image: KLD ANY, MIDDLE, FIRST, PROTO. */
	ATF_CHECK_STREQ("testsecond event 1\ntestmod event 1\n"
	    "testuser uninit\nlinkertest event 1\ntestmod uninit\n",
	    th.th_log);
	object_close(&to);
	object_close(&user);
}

static int
list_module(const char *file, const char *name, void *arg)
{

	(void)strlcat(arg, file, 256);
	(void)strlcat(arg, "/", 256);
	(void)strlcat(arg, name, 256);
	(void)strlcat(arg, " ", 256);
	return (strcmp(name, "testmod") == 0 ? 123 : 0);
}

ATF_TC_WITHOUT_HEAD(listing);
ATF_TC_BODY(listing, tc)
{
	struct testhost th;
	struct testobject to;
	struct vnet *saved;
	char list[256] = "";

	object_open(&to, "testmod", 0);
	testhost_start(&th, "one");
	ATF_REQUIRE_EQ(0, attach(&th, to.to_image, "testmod.so"));
	saved = vnet_enter(th.th_vnet);
	ATF_CHECK_EQ(123, module_foreach(list_module, list));
	ATF_CHECK_MSG(strstr(list, "stackyard/linkertest ") != NULL, "%s",
	    list);
	ATF_CHECK_MSG(strstr(list, "testmod.so/testmod ") != NULL, "%s",
	    list);
	ATF_CHECK(strstr(list, "testsecond") == NULL);
	ATF_CHECK_STREQ("testsecond",
	    module_getname(module_lookupbyname("testsecond")));
	vnet_leave(saved);
	testhost_stop(&th);
	object_close(&to);
}

ATF_TC_WITHOUT_HEAD(absent_sets);
ATF_TC_BODY(absent_sets, tc)
{
	struct testhost th;
	struct testobject to;

	object_open(&to, "testmod_empty", 3);
	ATF_CHECK_EQ(to.to_image->ki_sysinit[0], to.to_image->ki_sysinit[1]);
	ATF_CHECK_EQ(to.to_image->ki_vnet[0], to.to_image->ki_vnet[1]);
	testhost_start(&th, "one");
	ATF_CHECK_EQ(0, attach(&th, to.to_image, "empty.so"));
	ATF_CHECK_EQ(EEXIST, attach(&th, to.to_image, "empty.so"));
	ATF_CHECK_EQ(0, detach(&th, to.to_image));
	ATF_CHECK_EQ(0, attach(&th, to.to_image, "empty.so"));
	testhost_stop(&th);
	object_close(&to);
}

ATF_TC_WITHOUT_HEAD(versions);
ATF_TC_BODY(versions, tc)
{
	static const struct {
		int	lo, hi, error;
	} cases[] = {
		{ 2, 2, 0 }, { 1, 3, 0 }, { 1, 1, ENOENT }, { 3, 9, ENOENT }
	};
	struct mod_depend depend;
	const void *depends[1];
	struct testhost th;
	struct testobject to;
	struct kld_image image;
	u_int i;

	object_open(&to, "testmod_empty", 3);
	testhost_start(&th, "one");
	image = *to.to_image;
	image.ki_moddepend[0] = depends;
	image.ki_moddepend[1] = depends + 1;
	depends[0] = &depend;
	depend.mp_name = "some";
	depend.mp_on = "linkertest";	/* version 2 */
	for (i = 0; i < nitems(cases); i++) {
		depend.mp_minver = depend.mp_prefver = cases[i].lo;
		depend.mp_maxver = cases[i].hi;
		ATF_CHECK_EQ(cases[i].error, attach(&th, &image, "some.so"));
		if (cases[i].error == 0)
			ATF_CHECK_EQ(0, detach(&th, &image));
	}
	testhost_stop(&th);
	object_close(&to);
}

/* A sysctl that is there already keeps the whole object out. */
SYSCTL_NODE(_kern, OID_AUTO, linkertest, CTLFLAG_RW, NULL,
    "For linker_test");
static const struct sysctl_oid clash = {
	.oid_parent = &sysctl__kern, .oid_number = OID_AUTO,
	.oid_kind = CTLTYPE_NODE | CTLFLAG_RW, .oid_name = "linkertest"
};
static const struct sysctl_oid orphan = {
	.oid_parent = &clash, .oid_number = OID_AUTO,
	.oid_kind = CTLTYPE_NODE | CTLFLAG_RW, .oid_name = "orphan"
};

ATF_TC_WITHOUT_HEAD(sysctl_clash);
ATF_TC_BODY(sysctl_clash, tc)
{
	const void *oids[1];
	struct testhost th;
	struct testobject to;
	struct kld_image image;

	object_open(&to, "testmod_empty", 3);
	testhost_start(&th, "one");
	image = *to.to_image;
	image.ki_sysctl[0] = oids;
	image.ki_sysctl[1] = oids + 1;
	oids[0] = &clash;
	ATF_CHECK_EQ(EEXIST, attach(&th, &image, "clash.so"));
	ATF_CHECK(strstr(th.th_log, "linkertest") != NULL);
	oids[0] = &orphan;
	ATF_CHECK_EQ(EINVAL, attach(&th, &image, "orphan.so"));
	ATF_CHECK(th.th_vnet->vnet_modmem[3] == NULL);
	testhost_stop(&th);
	object_close(&to);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, two_vnets);
	ATF_TP_ADD_TC(tp, variables);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, module_refuses);
	ATF_TP_ADD_TC(tp, destroy_order);
	ATF_TP_ADD_TC(tp, listing);
	ATF_TP_ADD_TC(tp, absent_sets);
	ATF_TP_ADD_TC(tp, versions);
	ATF_TP_ADD_TC(tp, sysctl_clash);
	return (atf_no_error());
}
