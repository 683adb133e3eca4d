/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Captures: files, failures, hosts that go.  What is in the files is for the
 * tests of sys/net and for transfer_test.
 */
#include <sys/stat.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "sy_test.h"

static struct sy_loop *loop;
static struct sy_host *a, *b;

static void
begin(void)
{

	loop = sy_loop_new(SY_VIRTUAL, 1);
	a = sy_host_new(loop, "a", NULL, 0);
	b = sy_host_new(loop, "b", NULL, 0);
	ATF_REQUIRE(a != NULL && b != NULL);
	WORKS(sy_link(a, b, 0, 0));
}

/* The file holds whole blocks, the first of them a section header. */
static void
check_file(const char *path, int nblocks)
{
	uint32_t head[2], tail;
	FILE *fp;
	int n;

	fp = fopen(path, "r");
	ATF_REQUIRE(fp != NULL);
	for (n = 0; fread(head, sizeof(head), 1, fp) == 1; n++) {
		if (n == 0)
			ATF_CHECK_EQ(0x0a0d0d0a, head[0]);
		ATF_REQUIRE_EQ(0, fseek(fp, (long)head[1] - 12, SEEK_CUR));
		ATF_REQUIRE_EQ(1, fread(&tail, sizeof(tail), 1, fp));
		ATF_REQUIRE_EQ(head[1], tail);
	}
	ATF_CHECK(feof(fp));
	ATF_CHECK_MSG(n >= nblocks, "%d blocks", n);
	(void)fclose(fp);
}

TEST(file)
{
	struct sy_capture *cap;
	struct stat st;

	begin();
	cap = sy_capture_open(loop, "out.pcapng", "a comment");
	ATF_REQUIRE_MSG(cap != NULL, "%s", sy_error());
	WORKS(sy_capture_if(cap, a, "epair0a", 0));
	WORKS(sy_capture_if(cap, b, "epair0b", 96));
	WORKS(sy_capture_close(cap));
	check_file("out.pcapng", 3);
	/* An older file is replaced. */
	cap = sy_capture_open(loop, "out.pcapng", NULL);
	ATF_REQUIRE(cap != NULL);
	WORKS(sy_capture_close(cap));
	check_file("out.pcapng", 1);
	ATF_REQUIRE_EQ(0, stat("out.pcapng", &st));
	ATF_CHECK(st.st_size < 200);
	sy_loop_free(loop);
}

TEST(refused)
{
	struct sy_loop *other;
	struct sy_capture *cap, *cap2;
	struct sy_host *c;

	begin();
	ATF_CHECK(sy_capture_open(loop, "no/such/dir", NULL) == NULL);
	ATF_CHECK_EQ(ENOENT, errno);
	ATF_CHECK(strstr(sy_error(), "no/such/dir") != NULL);
	cap = sy_capture_open(loop, "1.pcapng", NULL);
	cap2 = sy_capture_open(loop, "2.pcapng", NULL);
	ATF_REQUIRE(cap != NULL && cap2 != NULL);
	FAILS(ENXIO, "no such interface", sy_capture_if(cap, a, "em0", 0));
	FAILS(ENXIO, "no such interface", sy_capture_if(cap, a,
	    "an interface with a long name", 0));
	WORKS(sy_capture_if(cap, a, "epair0a", 0));
	FAILS(EBUSY, "already", sy_capture_if(cap, a, "epair0a", 0));
	FAILS(EBUSY, "already", sy_capture_if(cap2, a, "epair0a", 0));
	other = sy_loop_new(SY_VIRTUAL, 1);
	c = sy_host_new(other, "c", NULL, 0);
	FAILS(EINVAL, "another loop", sy_capture_if(cap, c, "lo0", 0));
	sy_loop_free(other);
	/* Closed, it lets go of the interface. */
	WORKS(sy_capture_close(cap));
	WORKS(sy_capture_if(cap2, a, "epair0a", 0));
	sy_loop_free(loop);	/* closes cap2 */
	check_file("2.pcapng", 2);
}

/* A full disk is not passed over in silence. */
TEST(full)
{
	struct sy_capture *cap;

	if (access("/dev/full", W_OK) != 0)
		atf_tc_skip("there is no /dev/full");
	begin();
	cap = sy_capture_open(loop, "/dev/full", NULL);
	ATF_REQUIRE(cap != NULL);
	WORKS(sy_capture_if(cap, a, "epair0a", 0));
	FAILS(ENOSPC, "/dev/full is not complete", sy_capture_close(cap));
	sy_loop_free(loop);
}

TEST(host_gone)
{
	struct sy_capture *cap;

	begin();
	cap = sy_capture_open(loop, "out.pcapng", NULL);
	ATF_REQUIRE(cap != NULL);
	WORKS(sy_capture_if(cap, a, "epair0a", 0));
	WORKS(sy_capture_if(cap, b, "epair0b", 0));
	WORKS(sy_capture_if(cap, a, "lo0", 0));
	sy_host_free(a);
	WORKS(sy_loop_run(loop, SECOND));
	a = sy_host_new(loop, "a", NULL, 0);
	WORKS(sy_capture_if(cap, a, "lo0", 0));
	WORKS(sy_capture_close(cap));
	check_file("out.pcapng", 5);
	sy_loop_free(loop);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, file);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, full);
	ATF_TP_ADD_TC(tp, host_gone);
	return (atf_no_error());
}
