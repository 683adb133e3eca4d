/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The registry: what it takes and refuses, the default, what a connection
 * holds, and the variables in FreeBSD's format.
 */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <netinet/cc/cc_cubic.h>
#include <netinet/cc/cc_module.h>
#include <netinet/cc/cc_newreno.h>

#include "cctest.h"

/* What the test modules answer, and what they were asked. */
VNET_DEFINE(int, cctest_error);
VNET_DEFINE(int, cctest_inits);
VNET_DEFINE(int, cctest_destroys);
#define	V_cctest_error		VNET(cctest_error)
#define	V_cctest_inits		VNET(cctest_inits)
#define	V_cctest_destroys	VNET(cctest_destroys)

static struct cctest ct;
static struct tcpcb *const tp = &ct.ct_tp;

static int
x_mod_init(void)
{
	V_cctest_inits++;
	return (V_cctest_error);
}

static int
x_mod_destroy(void)
{
	V_cctest_destroys++;
	return (V_cctest_error);
}

static size_t
x_data_sz(void)
{
	return (100);
}

static int
x_cb_init(struct cc_var *ccv, void *ptr)
{
	if (V_cctest_error != 0)
		return (V_cctest_error);
	ATF_REQUIRE(ptr != NULL);
	ccv->cc_data = ptr;
	return (0);
}

static void
x_cb_destroy(struct cc_var *ccv)
{
	kern_free(ccv->cc_data, M_CC_MEM);
}

/* A module with state and one without anything. */
static const struct cc_algo x_algo = {
	.name = "x", .mod_init = x_mod_init, .mod_destroy = x_mod_destroy,
	.cc_data_sz = x_data_sz, .cb_init = x_cb_init,
	.cb_destroy = x_cb_destroy
};
static const struct cc_algo bare_algo = { .name = "bare" };

static uint64_t
memory(void)
{
	return (malloc_type_stats(M_CC_MEM)->ms_bytes);
}

/* Read a variable's text. */
static const char *
text(const char *name)
{
	static char buf[1024];
	size_t len = sizeof(buf);

	ATF_REQUIRE_EQ(0, kernel_sysctlbyname(name, buf, &len, NULL, 0));
	ATF_REQUIRE_EQ(strlen(buf) + 1, len);
	return (buf);
}

ATF_TC_WITHOUT_HEAD(registration);
ATF_TC_BODY(registration, tc)
{
	struct cc_algo algo = x_algo;
	uint64_t before;

	cct_open(&ct, "newreno");
	before = memory();
	ATF_CHECK_EQ(NULL, cc_find("x"));
	ATF_CHECK_EQ(ENOENT, cc_deregister_algo(&x_algo));
	ATF_REQUIRE_EQ(0, cc_register_algo(&algo));
	ATF_CHECK_EQ(1, V_cctest_inits);
	ATF_REQUIRE(cc_find("x") != NULL);
	ATF_CHECK_MSG(cc_find("x") != &algo, "it is not a copy");
	ATF_CHECK_EQ(NULL, STAILQ_NEXT(cc_find("x"), entries));
	ATF_CHECK_EQ(EEXIST, cc_register_algo(&algo));
	ATF_CHECK_EQ(EEXIST, cc_register_algo(&cubic_cc_algo));
	V_cctest_error = EDOM;
	ATF_CHECK_EQ_MSG(EDOM, cc_deregister_algo(&algo), "mod_destroy's");
	ATF_CHECK_MSG(cc_find("x") != NULL, "then it stays");
	V_cctest_error = 0;
	ATF_CHECK_EQ(0, cc_deregister_algo(&algo));
	ATF_CHECK_EQ(2, V_cctest_destroys);
	ATF_CHECK_EQ(NULL, cc_find("x"));

	/* Refused. */
	V_cctest_error = EDOM;
	ATF_CHECK_EQ_MSG(EDOM, cc_register_algo(&algo), "mod_init's");
	V_cctest_error = 0;
	algo.cb_destroy = NULL;
	ATF_CHECK_EQ(EINVAL, cc_register_algo(&algo));
	algo.cb_destroy = x_cb_destroy;
	algo.cc_data_sz = NULL;
	ATF_CHECK_EQ(EINVAL, cc_register_algo(&algo));
	algo = bare_algo;
	memset(algo.name, 'a', sizeof(algo.name));
	ATF_CHECK_EQ_MSG(EINVAL, cc_register_algo(&algo), "no end");
	algo.name[0] = '\0';
	ATF_CHECK_EQ_MSG(EINVAL, cc_register_algo(&algo), "no name");
	malloc_type_stats(M_CC_MEM)->ms_fault_after = 0;
	ATF_CHECK_EQ(ENOMEM, cc_register_algo(&bare_algo));
	ATF_CHECK_EQ(before, memory());
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(modevent);
ATF_TC_BODY(modevent, tc)
{
	void *data = __DECONST(void *, &x_algo);

	cct_open(&ct, "newreno");
	ATF_CHECK_EQ(EINVAL, cc_modevent(NULL, MOD_LOAD, NULL));
	ATF_CHECK_EQ(EINVAL, cc_modevent(NULL, 17, data));
	ATF_CHECK_EQ(ENOENT, cc_modevent(NULL, MOD_QUIESCE, data));
	ATF_REQUIRE_EQ(0, cc_modevent(NULL, MOD_LOAD, data));
	ATF_CHECK_EQ(EEXIST, cc_modevent(NULL, MOD_LOAD, data));
	ATF_CHECK_EQ(0, cc_modevent(NULL, MOD_SHUTDOWN, data));
	ATF_CHECK_EQ(0, cc_modevent(NULL, MOD_QUIESCE, data));

	/* In use. */
	ATF_REQUIRE_EQ(0, cc_switch(tp, cc_find("x")));
	ATF_CHECK_EQ(1, cc_find("x")->cc_refcount);
	ATF_CHECK_EQ(EBUSY, cc_modevent(NULL, MOD_QUIESCE, data));
	ATF_CHECK_EQ(EBUSY, cc_modevent(NULL, MOD_UNLOAD, data));
	ATF_REQUIRE_EQ(0, cc_switch(tp, cc_find("cubic")));
	ATF_CHECK_EQ(0, cc_find("x")->cc_refcount);

	/* The default. */
	ATF_REQUIRE_EQ(0, cct_sysctl("net.inet.tcp.cc.algorithm", "x"));
	ATF_CHECK_EQ(EBUSY, cc_modevent(NULL, MOD_QUIESCE, data));
	ATF_CHECK_EQ(EBUSY, cc_deregister_algo(&x_algo));
	ATF_REQUIRE_EQ(0, cct_sysctl("net.inet.tcp.cc.algorithm", "cubic"));
	ATF_CHECK_EQ(0, cc_modevent(NULL, MOD_UNLOAD, data));
	ATF_CHECK_EQ(ENOENT, cc_modevent(NULL, MOD_UNLOAD, data));
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(connections);
ATF_TC_BODY(connections, tc)
{
	struct cc_algo *newreno, *x;
	uint64_t before;
	void *data;

	cct_open(&ct, "newreno");
	newreno = cc_find("newreno");
	ATF_CHECK_EQ(newreno, CC_ALGO(tp));
	ATF_CHECK_EQ(tp, tp->t_ccv.tp);
	ATF_CHECK_EQ(tp, tp->t_ccv.ccvc.tcp);
	ATF_CHECK((tp->t_ccv.flags & CCF_HYSTART_ALLOWED) != 0);
	ATF_REQUIRE_EQ(0, cc_register_algo(&x_algo));
	ATF_REQUIRE_EQ(0, cc_register_algo(&bare_algo));
	x = cc_find("x");
	data = CC_DATA(tp);
	before = memory();

	/* The new state cannot be made: the old one stays. */
	V_cctest_error = EDOM;
	ATF_CHECK_EQ(EDOM, cc_switch(tp, x));
	V_cctest_error = 0;
	malloc_type_stats(M_CC_MEM)->ms_fault_after = 0;
	ATF_CHECK_EQ(ENOMEM, cc_switch(tp, x));
	ATF_CHECK_EQ(newreno, CC_ALGO(tp));
	ATF_CHECK_EQ(data, CC_DATA(tp));
	ATF_CHECK_EQ(before, memory());
	ATF_CHECK_EQ(0, x->cc_refcount);

	/* To itself: nothing is forgotten. */
	ATF_CHECK_EQ(0, cc_switch(tp, newreno));
	ATF_CHECK_EQ(data, CC_DATA(tp));

	tp->t_ccv.flags &= ~CCF_HYSTART_ALLOWED;
	ATF_CHECK_EQ(0, cc_switch(tp, x));
	ATF_CHECK_EQ(x, CC_ALGO(tp));
	ATF_CHECK(CC_DATA(tp) != NULL);
	ATF_CHECK_EQ(0, newreno->cc_refcount);
	ATF_CHECK_MSG((tp->t_ccv.flags & CCF_HYSTART_ALLOWED) == 0,
	    "what the block forbade stays forbidden");
	ATF_CHECK_EQ(0, cc_switch(tp, cc_find("bare")));
	ATF_CHECK_EQ(NULL, CC_DATA(tp));
	cc_detach(tp);
	ATF_CHECK_EQ(NULL, CC_ALGO(tp));
	cc_detach(tp);

	malloc_type_stats(M_CC_MEM)->ms_fault_after = 0;
	ATF_CHECK_EQ(ENOMEM, cc_attach(tp, newreno));
	ATF_CHECK_EQ(NULL, CC_ALGO(tp));
	ATF_CHECK_EQ(0, newreno->cc_refcount);
	ATF_CHECK_EQ(0, cc_attach(tp, newreno));
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(variables);
ATF_TC_BODY(variables, tc)
{
	static struct tcpcb second;

	cct_open(&ct, "newreno");
	ATF_CHECK_STREQ("cubic", text("net.inet.tcp.cc.algorithm"));
	ATF_CHECK_EQ(cc_find("cubic"), CC_DEFAULT_ALGO());
	ATF_CHECK_STREQ("\n"
	    "CCmod           D PCB count\n"
	    "cubic           * 0\n"
	    "newreno           1\n", text("net.inet.tcp.cc.available"));
	ATF_CHECK_EQ(EPERM, cct_sysctl("net.inet.tcp.cc.available", "x"));
	ATF_CHECK_EQ(ESRCH, cct_sysctl("net.inet.tcp.cc.algorithm", "x"));
	ATF_CHECK_EQ(ESRCH, cct_sysctl("net.inet.tcp.cc.algorithm", ""));
	ATF_CHECK_EQ(EINVAL, cct_sysctl("net.inet.tcp.cc.algorithm",
	    "a_name_that_is_too_long"));
	ATF_CHECK_EQ(0, cct_sysctl("net.inet.tcp.cc.algorithm", "newreno"));
	ATF_CHECK_STREQ("newreno", text("net.inet.tcp.cc.algorithm"));
	ATF_REQUIRE_EQ(0, cc_attach(&second, CC_DEFAULT_ALGO()));
	ATF_CHECK_STREQ("\n"
	    "CCmod           D PCB count\n"
	    "cubic             0\n"
	    "newreno         * 2\n", text("net.inet.tcp.cc.available"));
	cc_detach(&second);
	ATF_CHECK_EQ(1, CC_DEFAULT_ALGO()->cc_refcount);
	cct_close(&ct);
}

/* Asked for before start-up, and loaded later. */
ATF_TC_WITHOUT_HEAD(tunable);
ATF_TC_BODY(tunable, tc)
{
	struct vnet_tunable tun = { "net.inet.tcp.cc.algorithm", "newreno" };
	struct testhost th;
	struct vnet *saved;

	ATF_REQUIRE_EQ(0, testhost_start_with(&th, "one", &tun, 1));
	saved = vnet_enter(th.th_vnet);
	ATF_CHECK_STREQ("newreno", CC_DEFAULT_ALGO()->name);
	vnet_leave(saved);
	testhost_stop(&th);
	ATF_CHECK_STREQ("", th.th_log);

	tun.vt_value = "x";
	ATF_REQUIRE_EQ(0, testhost_start_with(&th, "two", &tun, 1));
	ATF_CHECK_MSG(strstr(th.th_log, "no module x") != NULL, "%s",
	    th.th_log);
	saved = vnet_enter(th.th_vnet);
	ATF_CHECK_STREQ("cubic", CC_DEFAULT_ALGO()->name);
	ATF_REQUIRE_EQ(0, cc_register_algo(&x_algo));
	ATF_CHECK_STREQ("x", CC_DEFAULT_ALGO()->name);
	vnet_leave(saved);
	testhost_stop(&th);
}

/* Hosts do not see each other's. */
ATF_TC_WITHOUT_HEAD(two_hosts);
ATF_TC_BODY(two_hosts, tc)
{
	struct testhost one, two;
	struct vnet *saved;

	testhost_start(&one, "one");
	testhost_start(&two, "two");
	saved = vnet_enter(one.th_vnet);
	ATF_REQUIRE_EQ(0, cc_register_algo(&x_algo));
	ATF_REQUIRE_EQ(0, cct_sysctl("net.inet.tcp.cc.algorithm", "x"));
	vnet_leave(saved);
	saved = vnet_enter(two.th_vnet);
	ATF_CHECK_EQ(NULL, cc_find("x"));
	ATF_CHECK_STREQ("cubic", CC_DEFAULT_ALGO()->name);
	ATF_CHECK_EQ(0, V_cctest_inits);
	vnet_leave(saved);
	testhost_stop(&two);
	testhost_stop(&one);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, registration);
	ATF_TP_ADD_TC(tp, modevent);
	ATF_TP_ADD_TC(tp, connections);
	ATF_TP_ADD_TC(tp, variables);
	ATF_TP_ADD_TC(tp, tunable);
	ATF_TP_ADD_TC(tp, two_hosts);
	return (atf_no_error());
}
