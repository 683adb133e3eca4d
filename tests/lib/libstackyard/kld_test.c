/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Loading and unloading modules: into hosts that are there and hosts to
 * come, all or nothing, in several loops, and what is refused.
 */
#include <stdlib.h>

#include "sy_test.h"

#define	GOOD	STACKYARD_TESTDIR "/mod_good.so"

static struct sy_loop *loop;

static struct sy_host *
host(const char *name)
{
	struct sy_host *h;

	h = sy_host_new(loop, name, NULL, 0);
	ATF_REQUIRE_MSG(h != NULL, "%s", sy_error());
	return (h);
}

/* The module's variable in h is value; NULL: there is none. */
static void
loads(struct sy_host *h, const char *value)
{
	char buf[16];

	if (value == NULL) {
		FAILS(ENOENT, "unknown", sy_sysctl_get(h,
		    "security.mod_good.loads", buf, sizeof(buf)));
		return;
	}
	WORKS(sy_sysctl_get(h, "security.mod_good.loads", buf, sizeof(buf)));
	ATF_CHECK_STREQ(value, buf);
}

TEST(load)
{
	const struct sy_var var = { "security.mod_good.busy", "1" };
	struct sy_host *a, *b, *c;
	char buf[8];

	loop = sy_loop_new(SY_VIRTUAL, 1);
	a = host("a");
	b = host("b");
	loads(a, NULL);
	WORKS(sy_kldload(loop, GOOD));
	loads(a, "41");
	loads(b, "41");
	loads(host("later"), "41");
	/* A variable of the module's for a host made afterwards. */
	c = sy_host_new(loop, "c", &var, 1);
	ATF_REQUIRE_MSG(c != NULL, "%s", sy_error());
	WORKS(sy_sysctl_get(c, "security.mod_good.busy", buf, sizeof(buf)));
	ATF_CHECK_STREQ("1", buf);
	WORKS(sy_sysctl_get(b, "security.mod_good.busy", buf, sizeof(buf)));
	ATF_CHECK_STREQ("0", buf);
	FAILS(EEXIST, "already", sy_kldload(loop, GOOD));
	/* In use in one host: stays in all. */
	FAILS(EBUSY, "host c", sy_kldunload(loop, "mod_good"));
	loads(a, "41");
	WORKS(sy_sysctl_set(c, "security.mod_good.busy", "0"));
	WORKS(sy_kldunload(loop, "mod_good"));
	loads(a, NULL);
	loads(c, NULL);
	FAILS(ENOENT, "not loaded", sy_kldunload(loop, "mod_good"));
	/* And again, by its file's name. */
	WORKS(sy_kldload(loop, GOOD));
	loads(a, "41");
	WORKS(sy_kldunload(loop, "mod_good.so"));
	sy_loop_free(loop);
}

TEST(all_or_nothing)
{
	struct sy_host *a, *refuse;

	loop = sy_loop_new(SY_VIRTUAL, 1);
	a = host("a");
	refuse = host("refuse");
	FAILS(ENXIO, "host refuse", sy_kldload(loop, GOOD));
	loads(a, NULL);
	sy_host_free(refuse);
	WORKS(sy_kldload(loop, GOOD));
	loads(a, "41");
	/* A host where a module of the loop's does not load is not made. */
	errno = 0;
	ATF_CHECK(sy_host_new(loop, "refuse", NULL, 0) == NULL);
	ATF_CHECK_EQ(ENXIO, errno);
	ATF_CHECK(strstr(sy_error(), "mod_good") != NULL);
	ATF_CHECK(sy_host_find(loop, "refuse") == NULL);
	sy_loop_free(loop);
}

TEST(several_loops)
{
	struct sy_loop *other;
	struct sy_host *a, *b;

	loop = sy_loop_new(SY_VIRTUAL, 1);
	a = host("a");
	WORKS(sy_kldload(loop, GOOD));
	other = loop;
	loop = sy_loop_new(SY_VIRTUAL, 2);
	b = host("b");
	loads(b, NULL);
	WORKS(sy_kldload(loop, GOOD));
	loads(b, "41");
	WORKS(sy_kldunload(other, "mod_good"));
	loads(a, NULL);
	loads(b, "41");
	sy_loop_free(other);
	loads(b, "41");
	sy_loop_free(loop);
}

TEST(refused)
{
	char name[100];

	loop = sy_loop_new(SY_VIRTUAL, 1);
	(void)host("a");
	FAILS(ENOENT, "no such file", sy_kldload(loop,
	    "/nonexistent/mod.so"));
	FAILS(ENOENT, "STACKYARD_MODULES", sy_kldload(loop, "mod_good"));
	FAILS(ENOENT, "STACKYARD_MODULES", sy_kldload(loop, ""));
	FAILS(ENOEXEC, "no Stackyard module", sy_kldload(loop,
	    STACKYARD_TESTDIR "/plain.so"));
	FAILS(ENOEXEC, "version 9999", sy_kldload(loop,
	    STACKYARD_TESTDIR "/mod_version.so"));
	FAILS(ENOEXEC, "Kyuafile", sy_kldload(loop,
	    STACKYARD_TESTDIR "/Kyuafile"));
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	FAILS(ENOENT, "xxx", sy_kldload(loop, name));
	sy_loop_free(loop);
}

TEST(search_path)
{

	loop = sy_loop_new(SY_VIRTUAL, 1);
	ATF_REQUIRE_EQ(0, setenv("STACKYARD_MODULES",
	    ":/nonexistent:" STACKYARD_TESTDIR, 1));
	WORKS(sy_kldload(loop, "mod_good"));
	WORKS(sy_kldunload(loop, "mod_good"));
	WORKS(sy_kldload(loop, "mod_good.so"));
	/* A loop without hosts has modules for those to come. */
	loads(host("a"), "41");
	sy_loop_free(loop);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, load);
	ATF_TP_ADD_TC(tp, all_or_nothing);
	ATF_TP_ADD_TC(tp, several_loops);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, search_path);
	return (atf_no_error());
}
