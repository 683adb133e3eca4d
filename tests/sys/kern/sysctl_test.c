/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The tree of variables: every type read and written, every error of
 * sysctl(3), text, and the questions that sysctl(8) asks.
 */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include <vm/uma.h>

#include <atf-c.h>

#include "testhost.h"

VNET_DEFINE_STATIC(bool, t_bool) = true;
VNET_DEFINE_STATIC(uint8_t, t_u8) = 8;
VNET_DEFINE_STATIC(uint16_t, t_u16) = 16;
VNET_DEFINE_STATIC(uint32_t, t_u32) = 32;
VNET_DEFINE_STATIC(int, t_int) = -1;
VNET_DEFINE_STATIC(u_int, t_uint) = 1;
VNET_DEFINE_STATIC(long, t_long) = -2;
VNET_DEFINE_STATIC(u_long, t_ulong) = 2;
VNET_DEFINE_STATIC(uint64_t, t_u64) = 64;
VNET_DEFINE_STATIC(char, t_string[8]) = "seven77";
VNET_DEFINE_STATIC(uint32_t, t_opaque[3]) = { 1, 2, 3 };
VNET_DEFINE_STATIC(int, t_range) = 5;
VNET_DEFINE_STATIC(u_int, t_urange) = 5;
VNET_DEFINE_STATIC(int, t_tun) = 9;
#define	V_t_bool	VNET(t_bool)
#define	V_t_int		VNET(t_int)
#define	V_t_range	VNET(t_range)
#define	V_t_urange	VNET(t_urange)

SYSCTL_ROOT_NODE(OID_AUTO, sysctltest, CTLFLAG_RW, NULL, "For this test");
SYSCTL_NODE(_sysctltest, OID_AUTO, n, CTLFLAG_RW, NULL, NULL);
SYSCTL_NODE(_sysctltest, OID_AUTO, empty, CTLFLAG_RW, NULL, NULL);
SYSCTL_NODE(_sysctltest, OID_AUTO, hidden, CTLFLAG_RW | CTLFLAG_SKIP, NULL,
    "Not listed");
SYSCTL_BOOL(_sysctltest, 30, flag, CTLFLAG_RW, &VNET_NAME(t_bool), 0, "b");
SYSCTL_U8(_sysctltest, 29, u8, CTLFLAG_RW, &VNET_NAME(t_u8), 0, "u8");
SYSCTL_U16(_sysctltest, 28, u16, CTLFLAG_RW, &VNET_NAME(t_u16), 0, "u16");
SYSCTL_U32(_sysctltest, 27, u32, CTLFLAG_RW, &VNET_NAME(t_u32), 0, "u32");
SYSCTL_INT(_sysctltest, 3, int, CTLFLAG_RW | CTLFLAG_VNET,
    &VNET_NAME(t_int), 0, "A signed number");
SYSCTL_UINT(_sysctltest, OID_AUTO, uint, CTLFLAG_RW, &VNET_NAME(t_uint), 0,
    "u");
SYSCTL_LONG(_sysctltest, OID_AUTO, long, CTLFLAG_RW, &VNET_NAME(t_long), 0,
    "l");
SYSCTL_ULONG(_sysctltest, OID_AUTO, ulong, CTLFLAG_RW,
    &VNET_NAME(t_ulong), 0, "ul");
SYSCTL_U64(_sysctltest, OID_AUTO, u64, CTLFLAG_RW, &VNET_NAME(t_u64), 0,
    "u64");
SYSCTL_STRING(_sysctltest, OID_AUTO, string, CTLFLAG_RW,
    &VNET_NAME(t_string), sizeof(VNET_NAME(t_string)), "s");
SYSCTL_OPAQUE(_sysctltest, OID_AUTO, opaque, CTLFLAG_RW,
    &VNET_NAME(t_opaque), sizeof(VNET_NAME(t_opaque)), "IU", "o");
SYSCTL_INT(_sysctltest_n, OID_AUTO, constant, CTLFLAG_RD, NULL, 77, "c");
SYSCTL_INT(_sysctltest_n, OID_AUTO, stubborn, CTLFLAG_RW, NULL, 78,
    "Claims to be writable");
SYSCTL_INT(_sysctltest_n, OID_AUTO, readonly, CTLFLAG_RD,
    &VNET_NAME(t_int), 0, "r");
SYSCTL_INT(_sysctltest_n, OID_AUTO, writeonly, CTLFLAG_WR,
    &VNET_NAME(t_int), 0, "w");
SYSCTL_INT(_sysctltest_n, OID_AUTO, tun, CTLFLAG_RDTUN, &VNET_NAME(t_tun),
    0, "t");
SYSCTL_INT(_sysctltest_hidden, OID_AUTO, inside, CTLFLAG_RD, NULL, 1, "h");
SYSCTL_INT(_sysctltest_n, OID_AUTO, skipped, CTLFLAG_RD | CTLFLAG_SKIP,
    NULL, 79, NULL);

static int
test_range(SYSCTL_HANDLER_ARGS)
{

	(void)arg1;
	if (arg2 != 0)
		return (sysctl_uint_range(oidp, req, &V_t_urange, 3, 10));
	return (sysctl_int_range(oidp, req, &V_t_range, -3, 10));
}
SYSCTL_PROC(_sysctltest_n, OID_AUTO, range, CTLTYPE_INT | CTLFLAG_RW, NULL,
    0, test_range, "I", "From -3 to 10");
SYSCTL_PROC(_sysctltest_n, OID_AUTO, urange, CTLTYPE_UINT | CTLFLAG_RW,
    NULL, 1, test_range, "IU", "From 3 to 10");

/* A node that answers for all names below it with their numbers. */
static int
test_handled(SYSCTL_HANDLER_ARGS)
{

	(void)oidp;
	return (sysctl_out(req, arg1, (size_t)arg2 * sizeof(int)));
}
SYSCTL_NODE(_sysctltest, 4, handled, CTLFLAG_RD, test_handled, "Handled");

static struct testhost host;

static void
begin(void)
{

	testhost_start(&host, "one");
	(void)vnet_enter(host.th_vnet);
}

static void
end(void)
{

	vnet_leave(NULL);
	testhost_stop(&host);
}

/* Read the integer called name, which must have len bytes. */
static intmax_t
get(const char *name, size_t len)
{
	union {
		int8_t	s8;
		int16_t	s16;
		int32_t	s32;
		int64_t	s64;
	} v;
	size_t room;

	room = sizeof(v);
	ATF_REQUIRE_EQ_MSG(0, kernel_sysctlbyname(name, &v, &room, NULL, 0),
	    "%s", name);
	ATF_REQUIRE_EQ_MSG(len, room, "%s", name);
	return (len == 1 ? v.s8 : len == 2 ? v.s16 : len == 4 ? v.s32 :
	    v.s64);
}

static int
set(const char *name, const char *value)
{

	return (sysctl_set_string(name, value, false));
}

/* Ask sysctl.`question' of the numbers name[0 .. n-1]. */
static int
ask(int question, const int *name, u_int n, void *out, size_t *lenp)
{
	int full[CTL_MAXNAME];

	full[0] = CTL_SYSCTL;
	full[1] = question;
	memcpy(full + 2, name, n * sizeof(int));
	return (kernel_sysctl(full, n + 2, out, lenp, NULL, 0));
}

static int
number_of(const char *name, int *out, u_int *np)
{
	size_t len;
	int error;

	len = CTL_MAXNAME * sizeof(int);
	error = kernel_sysctlbyname("sysctl.name2oid", out, &len, name,
	    strlen(name));
	*np = (u_int)(len / sizeof(int));
	return (error);
}

ATF_TC_WITHOUT_HEAD(types);
ATF_TC_BODY(types, tc)
{
	static const struct {
		const char	*name;
		size_t		len;
		intmax_t	initial;
		const char	*text;
		intmax_t	value;
		const char	*bad[4];
	} t[] = {
		{ "u8", 1, 8, "0x7f", 127, { "256", "-1", "", "1x" } },
		{ "u16", 2, 16, "07777", 4095, { "65536", "08", "+", 0 } },
		{ "u32", 4, 32, "+5", 5, { "4294967296", "1 2", "-", 0 } },
		{ "int", 4, -1, "-2147483648", INT_MIN,
		    { "2147483648", "-2147483649", "0x", "1,2" } },
		{ "uint", 4, 1, "4294967295", -1, { "4294967296", "-2" } },
		{ "long", 8, -2, " 9223372036854775807 ", LONG_MAX,
		    { "9223372036854775808", "9999999999999999999999" } },
		{ "ulong", 8, 2, "18446744073709551615", -1,
		    { "18446744073709551616", "- 1" } },
		{ "u64", 8, 64, "0xffffffff00000000", -4294967296,
		    { "0x10000000000000000", "0xg" } },
	};
	char name[64];
	u_int b, i;

	begin();
	for (i = 0; i < nitems(t); i++) {
		(void)snprintf(name, sizeof(name), "sysctltest.%s",
		    t[i].name);
		ATF_CHECK_EQ_MSG(t[i].initial, get(name, t[i].len), "%s",
		    name);
		ATF_CHECK_EQ(0, set(name, t[i].text));
		ATF_CHECK_EQ_MSG(t[i].value, get(name, t[i].len), "%s",
		    name);
		for (b = 0; b < 4 && t[i].bad[b] != NULL; b++)
			ATF_CHECK_EQ_MSG(EINVAL, set(name, t[i].bad[b]),
			    "%s=%s", name, t[i].bad[b]);
		ATF_CHECK_EQ_MSG(t[i].value, get(name, t[i].len),
		    "%s changed", name);
	}
	end();
}

ATF_TC_WITHOUT_HEAD(booleans);
ATF_TC_BODY(booleans, tc)
{

	begin();
	ATF_CHECK_EQ(1, get("sysctltest.flag", 1));
	ATF_CHECK_EQ(0, set("sysctltest.flag", "0"));
	ATF_CHECK(!V_t_bool);
	ATF_CHECK_EQ(0, set("sysctltest.flag", "2"));
	ATF_CHECK(V_t_bool);
	ATF_CHECK_EQ(1, get("sysctltest.flag", 1));
	end();
}

ATF_TC_WITHOUT_HEAD(strings);
ATF_TC_BODY(strings, tc)
{
	char buf[16];
	size_t len;

	begin();
	len = 0;
	ATF_CHECK_EQ(0, kernel_sysctlbyname("sysctltest.string", NULL, &len,
	    NULL, 0));
	ATF_CHECK_EQ(8, len);
	len = sizeof(buf);
	ATF_CHECK_EQ(0, kernel_sysctlbyname("sysctltest.string", buf, &len,
	    "new", 3));
	ATF_CHECK_EQ(8, len);
	ATF_CHECK_STREQ("seven77", buf);
	len = sizeof(buf);
	ATF_CHECK_EQ(0, kernel_sysctlbyname("sysctltest.string", buf, &len,
	    NULL, 0));
	ATF_CHECK_EQ(4, len);
	ATF_CHECK_STREQ("new", buf);
	ATF_CHECK_EQ(EINVAL, set("sysctltest.string", "eight888"));
	ATF_CHECK_EQ(0, set("sysctltest.string", "7777777"));
	ATF_CHECK_EQ(0, set("sysctltest.string", ""));
	len = sizeof(buf);
	ATF_CHECK_EQ(0, kernel_sysctlbyname("sysctltest.string", buf, &len,
	    NULL, 0));
	ATF_CHECK_EQ(1, len);
	ATF_CHECK_EQ(EPERM, set("kern.ostype", "BSD"));
	len = 5;
	memset(buf, 'x', sizeof(buf));
	ATF_CHECK_EQ(ENOMEM, kernel_sysctlbyname("kern.ostype", buf, &len,
	    NULL, 0));
	ATF_CHECK_EQ(5, len);
	ATF_CHECK_EQ(0, memcmp(buf, "Stackx", 6));
	end();
}

ATF_TC_WITHOUT_HEAD(opaques);
ATF_TC_BODY(opaques, tc)
{
	uint32_t v[4] = { 7, 8, 9, 10 };
	size_t len;

	begin();
	ATF_CHECK_EQ(EINVAL, kernel_sysctlbyname("sysctltest.opaque", NULL,
	    NULL, v, 8));
	ATF_CHECK_EQ(EINVAL, kernel_sysctlbyname("sysctltest.opaque", NULL,
	    NULL, v, 16));
	len = sizeof(v);
	ATF_CHECK_EQ(0, kernel_sysctlbyname("sysctltest.opaque", v, &len,
	    NULL, 0));
	ATF_CHECK_EQ(12, len);
	ATF_CHECK(v[0] == 1 && v[1] == 2 && v[2] == 3 && v[3] == 10);
	ATF_CHECK_EQ(0, kernel_sysctlbyname("sysctltest.opaque", NULL, NULL,
	    v + 1, 12));
	len = sizeof(v);
	ATF_CHECK_EQ(0, kernel_sysctlbyname("sysctltest.opaque", v, &len,
	    NULL, 0));
	ATF_CHECK(v[0] == 2 && v[2] == 10);
	ATF_CHECK_EQ(EINVAL, set("sysctltest.opaque", "1 2 3"));
	end();
}

ATF_TC_WITHOUT_HEAD(by_vnet);
ATF_TC_BODY(by_vnet, tc)
{
	struct testhost other;
	char name[64];
	size_t len;

	begin();
	testhost_start(&other, "two");
	ATF_CHECK_EQ(0, set("sysctltest.int", "5"));
	ATF_CHECK_EQ(5, V_t_int);
	(void)vnet_enter(other.th_vnet);
	ATF_CHECK_EQ(-1, get("sysctltest.int", 4));
	len = sizeof(name);
	ATF_CHECK_EQ(0, kernel_sysctlbyname("kern.hostname", name, &len,
	    "other.example", 13));
	ATF_CHECK_STREQ("two", name);
	len = sizeof(name);
	ATF_CHECK_EQ(0, kernel_sysctlbyname("kern.hostname", name, &len,
	    NULL, 0));
	ATF_CHECK_STREQ("other.example", name);
	vnet_leave(host.th_vnet);
	len = sizeof(name);
	ATF_CHECK_EQ(0, kernel_sysctlbyname("kern.hostname", name, &len,
	    NULL, 0));
	ATF_CHECK_STREQ("one", name);
	testhost_stop(&other);
	end();
}

ATF_TC_WITHOUT_HEAD(errors);
ATF_TC_BODY(errors, tc)
{
	int value[2] = { 3, 3 };
	size_t len;

	begin();
	ATF_CHECK_EQ(ENOENT, set("nothing", "1"));
	ATF_CHECK_EQ(ENOENT, set("sysctltest.nothing", "1"));
	ATF_CHECK_EQ(ENOENT, set("sysctltest.in", "1"));
	ATF_CHECK_EQ(ENOENT, set("sysctltest.inte", "1"));
	ATF_CHECK_EQ(ENOENT, set("sysctltest..int", "1"));
	ATF_CHECK_EQ(ENOENT, set("sysctltest.int.x", "1"));
	ATF_CHECK_EQ(ENOENT, set("", "1"));
	ATF_CHECK_EQ(ENOENT, set(".", "1"));
	ATF_CHECK_EQ(EISDIR, set("sysctltest", "1"));
	ATF_CHECK_EQ(EISDIR, set("sysctltest.n.", "1"));
	ATF_CHECK_EQ(EPERM, set("sysctltest.n.constant", "1"));
	ATF_CHECK_EQ(EPERM, set("sysctltest.n.readonly", "1"));
	ATF_CHECK_EQ(EPERM, set("sysctltest.n.readonly", "not a number"));
	ATF_CHECK_EQ(EPERM, set("sysctltest.n.stubborn", "1"));
	ATF_CHECK_EQ(-1, V_t_int);
	ATF_CHECK_EQ(0, set("sysctltest.n.writeonly", "4"));
	ATF_CHECK_EQ(4, V_t_int);
	len = sizeof(value);
	ATF_CHECK_EQ(EPERM, kernel_sysctlbyname("sysctltest.n.writeonly",
	    value, &len, NULL, 0));
	ATF_CHECK_EQ(EISDIR, kernel_sysctlbyname("sysctltest.n", value,
	    &len, NULL, 0));
	len = 3;
	ATF_CHECK_EQ(ENOMEM, kernel_sysctlbyname("sysctltest.int", value,
	    &len, NULL, 0));
	ATF_CHECK_EQ(3, len);
	ATF_CHECK_EQ(EINVAL, kernel_sysctlbyname("sysctltest.int", NULL,
	    NULL, value, 3));
	ATF_CHECK_EQ(EINVAL, kernel_sysctlbyname("sysctltest.int", NULL,
	    NULL, value, 8));
	ATF_CHECK_EQ(4, V_t_int);
	end();
}

ATF_TC_WITHOUT_HEAD(errors_of_numbers);
ATF_TC_BODY(errors_of_numbers, tc)
{
	int name[CTL_MAXNAME + 1] = { 0 };
	u_int n;

	begin();
	ATF_CHECK_EQ(EINVAL, kernel_sysctl(name, 1, NULL, NULL, NULL, 0));
	ATF_CHECK_EQ(EINVAL, kernel_sysctl(name, CTL_MAXNAME + 1, NULL,
	    NULL, NULL, 0));
	name[0] = CTL_KERN;
	name[1] = 1;		/* kern.ostype */
	ATF_CHECK_EQ(0, kernel_sysctl(name, 2, NULL, NULL, NULL, 0));
	ATF_CHECK_EQ(ENOTDIR, kernel_sysctl(name, 3, NULL, NULL, NULL, 0));
	name[1] = 32;		/* kern.ipc */
	ATF_CHECK_EQ(EISDIR, kernel_sysctl(name, 2, NULL, NULL, NULL, 0));
	name[1] = 31;
	ATF_CHECK_EQ(ENOENT, kernel_sysctl(name, 2, NULL, NULL, NULL, 0));
	name[1] = -1;
	ATF_CHECK_EQ(ENOENT, kernel_sysctl(name, 2, NULL, NULL, NULL, 0));
	/* A number of another node's child. */
	ATF_REQUIRE_EQ(0, number_of("sysctltest.uint", name, &n));
	ATF_CHECK_EQ(0, kernel_sysctl(name, 2, NULL, NULL, NULL, 0));
	name[0] = CTL_KERN;
	ATF_CHECK_EQ(ENOENT, kernel_sysctl(name, 2, NULL, NULL, NULL, 0));
	end();
}

ATF_TC_WITHOUT_HEAD(tunables);
ATF_TC_BODY(tunables, tc)
{

	begin();
	ATF_CHECK_EQ(EPERM, set("sysctltest.n.tun", "1"));
	ATF_CHECK_EQ(9, get("sysctltest.n.tun", 4));
	ATF_CHECK_EQ(0, sysctl_set_string("sysctltest.n.tun", "10", true));
	ATF_CHECK_EQ(10, get("sysctltest.n.tun", 4));
	ATF_CHECK_EQ(EPERM, sysctl_set_string("sysctltest.n.readonly", "1",
	    true));
	ATF_CHECK_EQ(0, sysctl_set_string("sysctltest.int", "1", true));
	end();
}

ATF_TC_WITHOUT_HEAD(ranges);
ATF_TC_BODY(ranges, tc)
{

	begin();
	ATF_CHECK_EQ(0, set("sysctltest.n.range", "-3"));
	ATF_CHECK_EQ(-3, V_t_range);
	ATF_CHECK_EQ(EINVAL, set("sysctltest.n.range", "-4"));
	ATF_CHECK_EQ(EINVAL, set("sysctltest.n.range", "11"));
	ATF_CHECK_EQ(-3, get("sysctltest.n.range", 4));
	ATF_CHECK_EQ(0, set("sysctltest.n.urange", "10"));
	ATF_CHECK_EQ(EINVAL, set("sysctltest.n.urange", "2"));
	ATF_CHECK_EQ(EINVAL, set("sysctltest.n.urange", "4294967295"));
	ATF_CHECK_EQ(10, V_t_urange);
	end();
}

ATF_TC_WITHOUT_HEAD(questions);
ATF_TC_BODY(questions, tc)
{
	struct {
		u_int	kind;
		char	fmt[16];
	} f;
	char text[256];
	int name[CTL_MAXNAME];
	size_t len;
	u_int n;

	begin();
	ATF_REQUIRE_EQ(0, number_of("sysctltest.int", name, &n));
	ATF_CHECK_EQ(2, n);
	ATF_CHECK_EQ(3, name[1]);
	len = sizeof(text);
	ATF_CHECK_EQ(0, ask(CTL_SYSCTL_NAME, name, n, text, &len));
	ATF_CHECK_STREQ("sysctltest.int", text);
	ATF_CHECK_EQ(sizeof("sysctltest.int"), len);
	len = sizeof(f);
	ATF_CHECK_EQ(0, ask(CTL_SYSCTL_OIDFMT, name, n, &f, &len));
	ATF_CHECK_EQ(CTLTYPE_INT | CTLFLAG_RW | CTLFLAG_VNET, f.kind);
	ATF_CHECK_STREQ("I", f.fmt);
	ATF_CHECK_EQ(6, len);
	len = sizeof(text);
	ATF_CHECK_EQ(0, ask(CTL_SYSCTL_OIDDESCR, name, n, text, &len));
	ATF_CHECK_STREQ("A signed number", text);
	end();
}

ATF_TC_WITHOUT_HEAD(odd_questions);
ATF_TC_BODY(odd_questions, tc)
{
	char fmt[32], text[256];
	int name[CTL_MAXNAME];
	size_t len;
	u_int n;

	begin();
	ATF_REQUIRE_EQ(0, number_of("sysctltest.int", name, &n));
	/* Numbers behind a known name, and of none. */
	name[2] = 12;
	len = sizeof(text);
	ATF_CHECK_EQ(0, ask(CTL_SYSCTL_NAME, name, 3, text, &len));
	ATF_CHECK_STREQ("sysctltest.int.12", text);
	ATF_CHECK_EQ(ENOTDIR, ask(CTL_SYSCTL_OIDFMT, name, 3, fmt, &len));
	ATF_CHECK_EQ(ENOENT, ask(CTL_SYSCTL_NAME, name, 0, text, &len));
	ATF_CHECK_EQ(0, number_of("sysctltest.n", name, &n));
	len = sizeof(text);
	ATF_CHECK_EQ(ENOENT, ask(CTL_SYSCTL_OIDDESCR, name, n, text, &len));
	ATF_CHECK_EQ(ENOENT, number_of("sysctltest.nil", name, &n));
	ATF_CHECK_EQ(ENOENT, number_of("", name, &n));
	memset(text, 'x', sizeof(text));
	ATF_CHECK_EQ(ENAMETOOLONG, kernel_sysctlbyname("sysctl.name2oid",
	    NULL, NULL, text, sizeof(text)));

	/* A node that handles what is below it. */
	ATF_REQUIRE_EQ(0, number_of("sysctltest.handled", name, &n));
	name[2] = 5;
	name[3] = 6;
	len = sizeof(text);
	ATF_CHECK_EQ(0, kernel_sysctl(name, 4, text, &len, NULL, 0));
	ATF_CHECK_EQ(8, len);
	ATF_CHECK_EQ(0, memcmp(text, name + 2, 8));
	end();
}

/*
 * Walk all leaves by `question', appending the names of this test's to
 * list; every one must be found by its name and readable.  Returns how
 * many there were.
 */
static u_int
walk(int question, char *list, size_t size)
{
	char text[256];
	int back[CTL_MAXNAME], name[CTL_MAXNAME];
	size_t len;
	u_int count, n, nback;
	int error;

	n = 0;
	list[0] = '\0';
	for (count = 0; ; count++) {
		len = sizeof(back);
		error = ask(question, name, n, back, &len);
		if (error != 0)
			break;
		nback = (u_int)(len / sizeof(int));
		ATF_REQUIRE_MSG(memcmp(back, name, MIN(n, nback) *
		    sizeof(int)) != 0 || n == 0, "walk stands still");
		n = nback;
		memcpy(name, back, len);
		len = sizeof(text);
		ATF_REQUIRE_EQ(0, ask(CTL_SYSCTL_NAME, name, n, text, &len));
		ATF_CHECK_EQ_MSG(0, number_of(text, back, &nback), "%s",
		    text);
		ATF_CHECK_MSG(n == nback && memcmp(back, name,
		    n * sizeof(int)) == 0, "two variables called %s", text);
		len = 0;
		error = kernel_sysctl(name, n, NULL, &len, NULL, 0);
		if (name[0] != CTL_SYSCTL)
			ATF_CHECK_MSG(error == 0 || error == EPERM ||
			    error == ENOENT || error == EINVAL,
			    "%s: error %d", text, error);
		if (strncmp(text, "sysctltest.", 11) == 0) {
			(void)strlcat(list, text + 11, size);
			(void)strlcat(list, " ", size);
		}
	}
	ATF_CHECK_EQ(ENOENT, error);
	return (count);
}

ATF_TC_WITHOUT_HEAD(walks);
ATF_TC_BODY(walks, tc)
{
	char all[1024], listed[1024];
	u_int nall, nlisted;

	begin();
	nlisted = walk(CTL_SYSCTL_NEXT, listed, sizeof(listed));
	nall = walk(CTL_SYSCTL_NEXTNOSKIP, all, sizeof(all));
	/* The meta variables, one inside a hidden node, one hidden. */
	ATF_CHECK_MSG(nall >= nlisted + 8, "%u of %u", nlisted, nall);
	ATF_CHECK_MSG(strncmp(listed, "int handled u32 u16 u8 flag ", 28) ==
	    0, "not in the order of numbers: %s", listed);
	ATF_CHECK(strstr(listed, "hidden.inside") == NULL);
	ATF_CHECK(strstr(listed, "n.skipped") == NULL);
	ATF_CHECK(strstr(listed, "n.range") != NULL);
	ATF_CHECK(strstr(all, "hidden.inside") != NULL);
	ATF_CHECK(strstr(all, "n.skipped") != NULL);
	end();
}

/* From a node, from a number that is not there, and past a leaf. */
ATF_TC_WITHOUT_HEAD(next_of);
ATF_TC_BODY(next_of, tc)
{
	int name[CTL_MAXNAME], out[CTL_MAXNAME];
	size_t len;
	u_int n;

	begin();
	ATF_REQUIRE_EQ(0, number_of("sysctltest", name, &n));
	len = sizeof(out);
	ATF_REQUIRE_EQ(0, ask(CTL_SYSCTL_NEXT, name, 1, out, &len));
	ATF_CHECK(len == 8 && out[0] == name[0] && out[1] == 3);
	name[1] = 5;
	len = sizeof(out);
	ATF_REQUIRE_EQ(0, ask(CTL_SYSCTL_NEXT, name, 2, out, &len));
	ATF_CHECK_EQ(27, out[1]);
	name[1] = 3;
	name[2] = 1;
	len = sizeof(out);
	ATF_REQUIRE_EQ(0, ask(CTL_SYSCTL_NEXT, name, 3, out, &len));
	ATF_CHECK_EQ(4, out[1]);
	name[0] = INT_MAX;
	len = sizeof(out);
	ATF_CHECK_EQ(ENOENT, ask(CTL_SYSCTL_NEXT, name, 1, out, &len));
	len = 4;
	name[0] = CTL_KERN;
	ATF_CHECK_EQ(ENOMEM, ask(CTL_SYSCTL_NEXT, name, 1, out, &len));
	end();
}

ATF_TC_WITHOUT_HEAD(memory_tables);
ATF_TC_BODY(memory_tables, tc)
{
	char text[16384];
	uma_zone_t zone;
	size_t len, wanted;
	void *p;

	begin();
	p = kern_malloc(64, M_TEMP, M_WAITOK);
	zone = uma_zcreate("sysctl_test", 40, NULL, NULL, NULL, NULL, 7, 0);
	wanted = 0;
	ATF_CHECK_EQ(0, kernel_sysctlbyname("vm.malloc", NULL, &wanted,
	    NULL, 0));
	len = sizeof(text);
	ATF_CHECK_EQ(0, kernel_sysctlbyname("vm.malloc", text, &len, NULL,
	    0));
	ATF_CHECK_EQ(wanted, len);
	ATF_CHECK_EQ(len - 1, strlen(text));
	ATF_CHECK(strstr(text, "\ntemp ") != NULL);
	len = sizeof(text);
	ATF_CHECK_EQ(0, kernel_sysctlbyname("vm.zone", text, &len, NULL, 0));
	ATF_CHECK(strstr(text, "\nsysctl_test ") != NULL);
	kern_free(p, M_TEMP);
	uma_zdestroy(zone);
	end();
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, types);
	ATF_TP_ADD_TC(tp, booleans);
	ATF_TP_ADD_TC(tp, strings);
	ATF_TP_ADD_TC(tp, opaques);
	ATF_TP_ADD_TC(tp, by_vnet);
	ATF_TP_ADD_TC(tp, errors);
	ATF_TP_ADD_TC(tp, errors_of_numbers);
	ATF_TP_ADD_TC(tp, tunables);
	ATF_TP_ADD_TC(tp, ranges);
	ATF_TP_ADD_TC(tp, questions);
	ATF_TP_ADD_TC(tp, odd_questions);
	ATF_TP_ADD_TC(tp, walks);
	ATF_TP_ADD_TC(tp, next_of);
	ATF_TP_ADD_TC(tp, memory_tables);
	return (atf_no_error());
}
