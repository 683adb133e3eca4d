/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Hosts: variables of their own, doors, tasks, wake-ups, tunables, the
 * order of start-up and its undoing at every step.
 */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/callout.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include <atf-c.h>

#include "testhost.h"

struct line {
	char	l_bytes[64];
} __aligned(64);

VNET_DEFINE_STATIC(int, test_number) = 7;
VNET_DEFINE_STATIC(char, test_byte) = 1;
VNET_DEFINE_STATIC(struct line, test_line) = { "sixty-four" };
VNET_DEFINE_STATIC(int, test_tunable) = 3;
VNET_DEFINE_STATIC(int, test_fail_at);
VNET_DEFINE_STATIC(int, test_seen);
#define	V_test_number	VNET(test_number)
#define	V_test_byte	VNET(test_byte)
#define	V_test_line	VNET(test_line)
#define	V_test_tunable	VNET(test_tunable)
#define	V_test_fail_at	VNET(test_fail_at)
#define	V_test_seen	VNET(test_seen)

SYSCTL_ROOT_NODE(OID_AUTO, vnettest, CTLFLAG_RW, NULL, "For vnet_test");
SYSCTL_INT(_vnettest, OID_AUTO, tunable, CTLFLAG_RDTUN,
    &VNET_NAME(test_tunable), 0, "Read by a SYSINIT");
SYSCTL_INT(_vnettest, OID_AUTO, fail_at, CTLFLAG_RDTUN,
    &VNET_NAME(test_fail_at), 0, "The step that fails");

MALLOC_DEFINE(M_VNETTEST, "vnettest", "for vnet_test");

/*
 * Steps of start-up; each leaves its letter in the log, SYSUNINITs in upper
 * case.  They stand here in another order than they run.
 */
static void
step(const char *name)
{

	kern_printf("step %s\n", name);
	if (V_test_fail_at == name[0])
		sysinit_fail(ENXIO);
}

static void
unstep(const char *name)
{

	kern_printf("undo %s\n", name);
}

static void
see_tunable(const void *arg __unused)
{

	V_test_seen = V_test_tunable;
}

SYSINIT(seen, SI_SUB_VNET, SI_ORDER_ANY, see_tunable, NULL);
SYSINIT(d, SI_SUB_LAST, SI_ORDER_SECOND, step, "d");
SYSINIT(c, SI_SUB_LAST, SI_ORDER_FIRST, step, "c");
SYSINIT(f, SI_SUB_LAST, SI_ORDER_FIRST, step, "f");
SYSINIT(b, SI_SUB_LAST, SI_ORDER_FIRST, step, "b");
SYSINIT(e, SI_SUB_LAST, SI_ORDER_ANY, step, "e");
SYSINIT(a, SI_SUB_LAST - 1, SI_ORDER_ANY, step, "a");
SYSUNINIT(a, SI_SUB_LAST - 1, SI_ORDER_ANY, unstep, "a");
SYSUNINIT(c, SI_SUB_LAST, SI_ORDER_FIRST, unstep, "c");
SYSUNINIT(f, SI_SUB_LAST, SI_ORDER_FIRST, unstep, "f");
SYSUNINIT(b, SI_SUB_LAST, SI_ORDER_FIRST, unstep, "b");
SYSUNINIT(e, SI_SUB_LAST, SI_ORDER_ANY, unstep, "e");

ATF_TC_WITHOUT_HEAD(variables);
ATF_TC_BODY(variables, tc)
{
	struct testhost one, two;
	struct vnet *saved;

	testhost_start(&one, "one");
	testhost_start(&two, "two");
	ATF_CHECK(curvnet == NULL);
	ATF_CHECK(one.th_vnet->vnet_id != two.th_vnet->vnet_id);
	ATF_CHECK_STREQ("two", two.th_vnet->vnet_name);

	saved = vnet_enter(one.th_vnet);
	ATF_CHECK(saved == NULL);
	ATF_CHECK_EQ(7, V_test_number);
	V_test_number = 8;
	V_test_byte = 2;
	ATF_CHECK_STREQ("sixty-four", V_test_line.l_bytes);
	ATF_CHECK_EQ(0, (uintptr_t)&V_test_line % 64);
	vnet_leave(saved);

	saved = vnet_enter(two.th_vnet);
	ATF_CHECK_EQ(7, V_test_number);
	ATF_CHECK_EQ(1, V_test_byte);
	ATF_CHECK_EQ(0, (uintptr_t)&V_test_line % 64);
	ATF_CHECK(vnet_ptr(&VNET_NAME(test_number)) == &V_test_number);
	ATF_CHECK(vnet_ptr_or_null(&one) == NULL);
	ATF_CHECK(vnet_ptr_or_null("text") == NULL);
	vnet_leave(saved);
	ATF_CHECK(curvnet == NULL);

	testhost_stop(&one);
	testhost_stop(&two);
	ATF_CHECK(curvnet == NULL);
}

ATF_TC_WITHOUT_HEAD(long_name);
ATF_TC_BODY(long_name, tc)
{
	struct testhost th;

	testhost_start(&th, "a-name-that-is-longer-than-a-vnet-can-keep");
	ATF_CHECK_EQ(VNET_NAMELEN - 1, strlen(th.th_vnet->vnet_name));
	testhost_stop(&th);
}

ATF_TC_WITHOUT_HEAD(doors);
ATF_TC_BODY(doors, tc)
{
	struct testhost one, two;
	struct vnet *s1, *s2, *s3;
	u_int nclock;

	testhost_start(&one, "one");
	testhost_start(&two, "two");
	one.th_now = 1000;
	two.th_now = 500;
	nclock = one.th_nclock;

	s1 = vnet_enter(one.th_vnet);
	ATF_CHECK_EQ(1000, curvnet->vnet_now);
	one.th_now = 2000;
	s2 = vnet_enter(two.th_vnet);
	ATF_CHECK_EQ(500, curvnet->vnet_now);
	s3 = vnet_enter(one.th_vnet);
	ATF_CHECK_EQ_MSG(1000, curvnet->vnet_now, "inner door read clock");
	ATF_CHECK_EQ(2, one.th_vnet->vnet_depth);
	vnet_leave(s3);
	ATF_CHECK(curvnet == two.th_vnet);
	vnet_leave(s2);
	ATF_CHECK(curvnet == one.th_vnet);
	vnet_leave(s1);
	ATF_CHECK_EQ(nclock + 1, one.th_nclock);

	/* A clock that runs backwards is not followed. */
	one.th_now = 10;
	s1 = vnet_enter(one.th_vnet);
	ATF_CHECK_EQ(1000, curvnet->vnet_now);
	vnet_leave(s1);

	testhost_stop(&one);
	testhost_stop(&two);
}

/* Tasks that write their letter and may put off another. */
struct letter {
	struct vnet_task le_task;
	struct vnet_task *le_then;
	char		*le_out;
	char		le_char;
};

static void
letter_func(void *arg)
{
	struct letter *le;
	size_t len;

	le = arg;
	len = strlen(le->le_out);
	le->le_out[len] = le->le_char;
	le->le_out[len + 1] = '\0';
	if (le->le_then != NULL)
		vnet_task_enqueue(le->le_then);
}

static void
letter_init(struct letter *le, char c, char *out, struct vnet_task *then)
{

	VNET_TASK_INIT(&le->le_task, letter_func, le);
	le->le_char = c;
	le->le_out = out;
	le->le_then = then;
}

ATF_TC_WITHOUT_HEAD(tasks);
ATF_TC_BODY(tasks, tc)
{
	struct testhost th;
	struct letter a, b, c;
	struct vnet *s1, *s2;
	char out[16] = "";

	testhost_start(&th, "one");
	letter_init(&a, 'a', out, NULL);
	letter_init(&b, 'b', out, &a.le_task);
	letter_init(&c, 'c', out, NULL);

	s1 = vnet_enter(th.th_vnet);
	vnet_task_enqueue(&b.le_task);
	s2 = vnet_enter(th.th_vnet);
	vnet_task_enqueue(&c.le_task);
	vnet_task_enqueue(&b.le_task);
	vnet_leave(s2);
	ATF_CHECK_STREQ("", out);
	vnet_leave(s1);
	ATF_CHECK_STREQ("bca", out);

	out[0] = '\0';
	s1 = vnet_enter(th.th_vnet);
	vnet_task_enqueue(&a.le_task);
	vnet_task_enqueue(&c.le_task);
	vnet_task_cancel(&a.le_task);
	vnet_task_cancel(&b.le_task);
	ATF_CHECK(!a.le_task.vt_pending);
	vnet_leave(s1);
	ATF_CHECK_STREQ("c", out);
	testhost_stop(&th);
}

ATF_TC_WITHOUT_HEAD(task_send);
ATF_TC_BODY(task_send, tc)
{
	struct testhost one, two;
	struct letter a;
	struct vnet *saved;
	char out[16] = "";

	testhost_start(&one, "one");
	testhost_start(&two, "two");
	letter_init(&a, 'a', out, NULL);
	one.th_now = 5000;
	saved = vnet_enter(one.th_vnet);
	vnet_task_send(two.th_vnet, &a.le_task);
	vnet_task_send(two.th_vnet, &a.le_task);
	vnet_leave(saved);
	ATF_CHECK_EQ(1, two.th_nwakeups);
	ATF_CHECK_EQ(5000, two.th_woken);
	ATF_CHECK_EQ(0, one.th_nwakeups);
	ATF_CHECK(vnet_next(two.th_vnet) <= 5000);
	ATF_CHECK_STREQ("", out);

	two.th_now = 5000;
	ATF_CHECK_EQ(UINT64_MAX, vnet_run(two.th_vnet));
	ATF_CHECK_STREQ("a", out);
	/* Into one that is entered: done when it is left. */
	saved = vnet_enter(two.th_vnet);
	vnet_task_send(two.th_vnet, &a.le_task);
	ATF_CHECK_STREQ("a", out);
	vnet_leave(saved);
	ATF_CHECK_STREQ("aa", out);
	ATF_CHECK_EQ(1, two.th_nwakeups);
	testhost_stop(&one);
	testhost_stop(&two);
}

/* What is put off to the next turn asks for one. */
ATF_TC_WITHOUT_HEAD(task_later);
ATF_TC_BODY(task_later, tc)
{
	struct testhost th;
	struct letter a;
	struct vnet *saved;
	char out[16] = "";

	testhost_start(&th, "one");
	letter_init(&a, 'a', out, NULL);
	th.th_now = 5000;
	saved = vnet_enter(th.th_vnet);
	vnet_task_later(&a.le_task);
	vnet_task_later(&a.le_task);
	vnet_leave(saved);
	ATF_CHECK_STREQ("", out);
	ATF_CHECK_EQ(1, th.th_nwakeups);
	ATF_CHECK_EQ(5000, th.th_woken);
	ATF_CHECK_EQ(5000, vnet_next(th.th_vnet));
	ATF_CHECK_EQ(UINT64_MAX, vnet_run(th.th_vnet));
	ATF_CHECK_STREQ("a", out);
	testhost_stop(&th);
}

#define	LINE_HOSTS	6

static void
line_another(void *arg __unused, uint64_t when __unused)
{

	atf_tc_fail("a turn at another time");
}

/* LINE_HOSTS hosts that may wait in line, and one that sends them tasks. */
static struct in_line {
	struct testhost	il_host[LINE_HOSTS], il_sender;
	struct letter	il_task[LINE_HOSTS];
	struct vnet_line il_line;
	char		il_out[16];
} il;

static void
line_start(void)
{
	struct vnet *vnet;
	u_int i;

	il = (struct in_line){ .il_line = { .vl_next = UINT64_MAX,
	    .vl_another = line_another } };
	testhost_start(&il.il_sender, "sender");
	for (i = 0; i < LINE_HOSTS; i++) {
		testhost_start(&il.il_host[i], "one");
		letter_init(&il.il_task[i], (char)('a' + i), il.il_out, NULL);
		vnet = il.il_host[i].th_vnet;
		vnet->vnet_line = &il.il_line;
		vnet->vnet_clock = &il.il_line.vl_now;
		vnet->vnet_rare = 0;
		vnet->vnet_waits = 0;
	}
}

static void
line_join(u_int i)
{
	struct vnet *saved;

	saved = vnet_enter(il.il_sender.th_vnet);
	vnet_task_send(il.il_host[i].th_vnet, &il.il_task[i].le_task);
	vnet_leave(saved);
}

/* Host i leaves without a turn. */
static void
line_unjoin(u_int i)
{
	struct vnet *saved;

	vnet_unjoin(il.il_host[i].th_vnet);
	saved = vnet_enter(il.il_host[i].th_vnet);
	vnet_task_cancel(&il.il_task[i].le_task);
	vnet_leave(saved);
}

/* Who waits in line, as letters, beside a string of the same: the front has
 * its turn by the line, anyone singly, and anyone may leave without. */
ATF_TC_WITHOUT_HEAD(in_line);
ATF_TC_BODY(in_line, tc)
{
	char want[LINE_HOSTS + 1] = "", had[LINE_HOSTS + 1], *at;
	struct vnet_place *place;
	uint64_t seed = 1;
	u_int i, turn;

	line_start();
	for (turn = 0; turn < 10000; turn++) {
		i = (u_int)(test_random(&seed) % LINE_HOSTS);
		(void)snprintf(had, sizeof(had), "%c", (char)('a' + i));
		il.il_out[0] = '\0';
		at = strchr(want, *had);
		if (at == NULL) {
			line_join(i);
			(void)strlcat(want, had, sizeof(want));
			had[0] = '\0';
		} else {
			memmove(at, at + 1, strlen(at));
			switch (test_random(&seed) % 4) {
			case 0:
				ATF_CHECK(vnet_line_run(&il.il_line,
				    &il.il_host[i]));
				(void)snprintf(had, sizeof(had), "%.*s%c",
				    (int)(at - want), want, (char)('a' + i));
				memmove(want, at, strlen(at) + 1);
				break;
			case 1:
				line_unjoin(i);
				had[0] = '\0';
				break;
			default:
				(void)vnet_run(il.il_host[i].th_vnet);
			}
		}
		ATF_REQUIRE_STREQ(had, il.il_out);
		for (place = il.il_line.vl_first, at = want; place != NULL;
		    place = place->pl_next)
			ATF_REQUIRE(place->pl_arg == &il.il_host[*at++ - 'a']);
		ATF_REQUIRE_EQ('\0', *at);
	}
	for (i = 0; i < LINE_HOSTS; i++)
		testhost_stop(&il.il_host[i]);
	testhost_stop(&il.il_sender);
	ATF_CHECK(il.il_line.vl_first == NULL);
}

static void
count(void *arg)
{

	++*(int *)arg;
}

ATF_TC_WITHOUT_HEAD(wakeups);
ATF_TC_BODY(wakeups, tc)
{
	struct testhost th;
	struct callout c1, c2;
	struct vnet *saved;
	int fired = 0;

	testhost_start(&th, "one");
	callout_init(&c1, 1);
	callout_init(&c2, 1);
	ATF_REQUIRE_EQ(UINT64_MAX, vnet_next(th.th_vnet));

	saved = vnet_enter(th.th_vnet);
	callout_reset_at(&c1, 9000, count, &fired);
	callout_reset_at(&c2, 7000, count, &fired);
	ATF_CHECK_EQ_MSG(0, th.th_nwakeups, "woken while entered");
	vnet_leave(saved);
	ATF_CHECK_EQ(1, th.th_nwakeups);
	ATF_CHECK_EQ(7000, th.th_woken);

	/* Nothing earlier: not told again. */
	saved = vnet_enter(th.th_vnet);
	callout_stop(&c2);
	vnet_leave(saved);
	ATF_CHECK_EQ(1, th.th_nwakeups);

	/* Its driver is told by vnet_run()'s answer, not by ho_wakeup. */
	th.th_now = 7000;
	ATF_CHECK_EQ(9000, vnet_run(th.th_vnet));
	ATF_CHECK_EQ(0, fired);
	th.th_now = 9000;
	ATF_CHECK_EQ(UINT64_MAX, vnet_run(th.th_vnet));
	ATF_CHECK_EQ(1, fired);
	ATF_CHECK_EQ(1, th.th_nwakeups);

	/* Armed without a door. */
	CURVNET_SET(th.th_vnet);
	callout_reset_at(&c1, 20000, count, &fired);
	CURVNET_RESTORE();
	ATF_CHECK_EQ(2, th.th_nwakeups);
	ATF_CHECK_EQ(20000, th.th_woken);
	saved = vnet_enter(th.th_vnet);
	callout_stop(&c1);
	vnet_leave(saved);
	testhost_stop(&th);
}

ATF_TC_WITHOUT_HEAD(tunables);
ATF_TC_BODY(tunables, tc)
{
	const struct vnet_tunable good[] = {
		{ "vnettest.tunable", "0x21" },
		{ "kern.hostname", "somebody" },
	};
	const struct vnet_tunable unknown[] = { { "vnettest.nil", "1" } };
	const struct vnet_tunable bad[] = { { "vnettest.tunable", "ten" } };
	const struct vnet_tunable fixed[] = { { "kern.ostype", "BSD" } };
	struct testhost th;
	struct vnet *saved;

	ATF_REQUIRE_EQ(0, testhost_start_with(&th, "one", good, 2));
	saved = vnet_enter(th.th_vnet);
	ATF_CHECK_EQ_MSG(0x21, V_test_seen, "not set before SYSINITs");
	vnet_leave(saved);
	testhost_stop(&th);

	ATF_CHECK_EQ(ENOENT, testhost_start_with(&th, "one", unknown, 1));
	ATF_CHECK(strstr(th.th_log, "vnettest.nil") != NULL);
	ATF_CHECK_EQ(EINVAL, testhost_start_with(&th, "one", bad, 1));
	ATF_CHECK(strstr(th.th_log, "vnettest.tunable=ten") != NULL);
	ATF_CHECK_EQ(EINVAL, testhost_start_with(&th, "one", fixed, 1));
	ATF_CHECK(curvnet == NULL);
}

/* What the steps of this file logged. */
static void
steps_of(const struct testhost *th, char *out, size_t size)
{
	const char *p;
	char one[2] = "";

	out[0] = '\0';
	for (p = th->th_log; (p = strchr(p, ' ')) != NULL; p++) {
		one[0] = p[1];
		if (p - th->th_log < 4 || strncmp(p - 4, "step", 4) == 0)
			(void)strlcat(out, one, size);
		else if (strncmp(p - 4, "undo", 4) == 0) {
			one[0] = (char)(one[0] - 'a' + 'A');
			(void)strlcat(out, one, size);
		}
	}
}

ATF_TC_WITHOUT_HEAD(order);
ATF_TC_BODY(order, tc)
{
	struct testhost th;
	char steps[64];

	testhost_start(&th, "one");
	vnet_destroy(th.th_vnet);
	steps_of(&th, steps, sizeof(steps));
	/* Equals run by name, and all are undone backwards. */
	ATF_CHECK_STREQ("abcfdeEFCBA", steps);
}

ATF_TC_WITHOUT_HEAD(failing_start);
ATF_TC_BODY(failing_start, tc)
{
	static const struct {
		const char *step;
		const char *log;
	} cases[] = {
		{ "97", "a" },			/* a */
		{ "98", "abA" },		/* b */
		{ "99", "abcBA" },		/* c: b ran, c did not */
		{ "100", "abcfdFCBA" },		/* d */
		{ "101", "abcfdeFCBA" },		/* e */
	};
	struct vnet_tunable tun;
	struct testhost th;
	char steps[64];
	u_int i;

	for (i = 0; i < nitems(cases); i++) {
		tun.vt_name = "vnettest.fail_at";
		tun.vt_value = cases[i].step;
		ATF_CHECK_EQ(ENXIO, testhost_start_with(&th, "one", &tun,
		    1));
		steps_of(&th, steps, sizeof(steps));
		ATF_CHECK_STREQ(cases[i].log, steps);
		ATF_CHECK(curvnet == NULL);
	}
}

ATF_TC_WITHOUT_HEAD(leak_is_reported);
ATF_TC_BODY(leak_is_reported, tc)
{
	struct testhost th;
	struct vnet *saved;
	void *p;

	testhost_start(&th, "leaky");
	saved = vnet_enter(th.th_vnet);
	p = kern_malloc(100, M_VNETTEST, M_WAITOK);
	vnet_leave(saved);
	vnet_destroy(th.th_vnet);
	ATF_CHECK(strstr(th.th_log, "vnettest never freed") != NULL);
	host_free(p);

	testhost_start(&th, "tidy");
	vnet_destroy(th.th_vnet);
	ATF_CHECK_EQ_MSG(NULL, strstr(th.th_log, "never freed"), "%s",
	    th.th_log);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, variables);
	ATF_TP_ADD_TC(tp, long_name);
	ATF_TP_ADD_TC(tp, doors);
	ATF_TP_ADD_TC(tp, tasks);
	ATF_TP_ADD_TC(tp, task_send);
	ATF_TP_ADD_TC(tp, task_later);
	ATF_TP_ADD_TC(tp, in_line);
	ATF_TP_ADD_TC(tp, wakeups);
	ATF_TP_ADD_TC(tp, tunables);
	ATF_TP_ADD_TC(tp, order);
	ATF_TP_ADD_TC(tp, failing_start);
	ATF_TP_ADD_TC(tp, leak_is_reported);
	return (atf_no_error());
}
