/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The congestion control module of share/examples, as a shared object made
 * from what is installed: loaded into two hosts, each with its own
 * variables, and taken out again.
 */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/kld_image.h>
#include <sys/module.h>
#include <sys/systm.h>

#include <dlfcn.h>

#include "cctest.h"

#define	EXAMPLE	STACKYARD_BUILD "/lib/stackyard/cc_example.so"

static struct cctest ct;
static struct tcpcb *const tp = &ct.ct_tp;

/* The example, in a place of its own among the modules. */
static const struct kld_image *
example_open(void **handlep)
{
	const struct kld_image *image;

	*handlep = dlopen(EXAMPLE, RTLD_NOW | RTLD_LOCAL);
	ATF_REQUIRE_MSG(*handlep != NULL, "%s", dlerror());
	image = dlsym(*handlep, "stackyard_kld");
	ATF_REQUIRE_MSG(image != NULL, "%s", dlerror());
	*image->ki_slot = 7;
	return (image);
}

ATF_TC_WITHOUT_HEAD(two_hosts);
ATF_TC_BODY(two_hosts, tc)
{
	const struct kld_image *image;
	struct testhost other;
	struct vnet *saved;
	void *handle;

	image = example_open(&handle);
	testhost_start(&other, "other");
	cct_open(&ct, "newreno");
	ATF_REQUIRE_EQ_MSG(0, linker_file_attach(image, "cc_example.so"),
	    "%s", ct.ct_host.th_log);
	saved = vnet_enter(other.th_vnet);
	ATF_CHECK_EQ(NULL, cc_find("example"));
	ATF_REQUIRE_EQ(0, linker_file_attach(image, "cc_example.so"));
	ATF_CHECK_EQ(0, cct_sysctl("net.inet.tcp.cc.example.b", "99"));
	vnet_leave(saved);

	ATF_REQUIRE_EQ(0, cc_switch(tp, cc_find("example")));
	ATF_CHECK_EQ_MSG(EBUSY, linker_file_detach(image), "it is in use");
	ATF_CHECK(cc_find("example") != NULL);
	ATF_REQUIRE_EQ(0, cc_switch(tp, cc_find("cubic")));
	ATF_CHECK_EQ(0, linker_file_detach(image));
	ATF_CHECK_EQ(NULL, cc_find("example"));
	ct.ct_host.th_log[0] = '\0';
	cct_close(&ct);
	/* The other host ends with the module in it, as its default. */
	saved = vnet_enter(other.th_vnet);
	ATF_CHECK_EQ(0, cct_sysctl("net.inet.tcp.cc.algorithm", "example"));
	vnet_leave(saved);
	testhost_stop(&other);
	ATF_CHECK_STREQ("", other.th_log);
	ATF_CHECK_EQ(0, dlclose(handle));
}

ATF_TC_WITHOUT_HEAD(behaviour);
ATF_TC_BODY(behaviour, tc)
{
	const struct kld_image *image;
	void *handle;

	image = example_open(&handle);
	cct_open(&ct, "newreno");
	ATF_REQUIRE_EQ(0, linker_file_attach(image, "cc_example.so"));
	ATF_REQUIRE_EQ(0, cc_switch(tp, cc_find("example")));

	cct_window(&ct, 20 * MSS, 50 * MSS);
	cct_ack(&ct, 2 * MSS);
	ATF_CHECK_EQ_MSG(22 * MSS, tp->snd_cwnd, "slow start");
	cct_window(&ct, 100 * MSS, 50 * MSS);
	cct_ack(&ct, 2 * MSS);
	ATF_CHECK_EQ_MSG(100 * MSS + 20, tp->snd_cwnd, "1 percent");
	ATF_REQUIRE_EQ(0, cct_sysctl("net.inet.tcp.cc.example.a", "10"));
	cct_ack(&ct, 2 * MSS);
	ATF_CHECK_EQ(100 * MSS + 220, tp->snd_cwnd);

	cct_window(&ct, 100 * MSS, 50 * MSS);
	cct_signal(&ct, CC_NDUPACK);
	ATF_CHECK_EQ(88 * MSS, tp->snd_ssthresh);
	ATF_CHECK(IN_FASTRECOVERY(tp->t_flags));
	cct_ack(&ct, 2 * MSS);
	cct_signal(&ct, CC_NDUPACK);
	ATF_CHECK_EQ(88 * MSS, tp->snd_ssthresh);
	ATF_CHECK_EQ(100 * MSS, tp->snd_cwnd);
	cct_recover(&ct);
	ATF_CHECK_EQ(88 * MSS, tp->snd_cwnd);

	ATF_REQUIRE_EQ(0, cct_sysctl("net.inet.tcp.cc.example.b", "25"));
	cct_window(&ct, 100 * MSS, 50 * MSS);
	cct_signal(&ct, CC_ECN);
	ATF_CHECK_EQ(75 * MSS, tp->snd_cwnd);
	EXIT_RECOVERY(tp->t_flags);
	cct_window(&ct, 100 * MSS, 50 * MSS);
	cct_signal(&ct, CC_RTO);
	ATF_CHECK_EQ(MSS, tp->snd_cwnd);
	ATF_CHECK_EQ(50 * MSS, tp->snd_ssthresh);

	ATF_REQUIRE_EQ(0, cc_switch(tp, cc_find("newreno")));
	ATF_REQUIRE_EQ(0, linker_file_detach(image));
	cct_close(&ct);
	ATF_CHECK_EQ(0, dlclose(handle));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, two_hosts);
	ATF_TP_ADD_TC(tp, behaviour);
	return (atf_no_error());
}
