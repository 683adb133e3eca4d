/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Descriptors: the lowest free number first, what is behind them, their
 * limit, the table's growth and end; and moving bytes through a program's
 * ranges.
 */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/socketvar.h>
#include <sys/syscallsubr.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/uio.h>
#include <sys/vnet.h>

#include <atf-c.h>

#include "fakeproto.h"
#include "testhost.h"

extern const struct malloc_type M_FILEDESC[1];

ATF_TC_WITHOUT_HEAD(lowest_first);
ATF_TC_BODY(lowest_first, tc)
{
	int fd, i;

	fake_begin();
	ATF_CHECK_EQ(0U, malloc_type_stats(M_FILEDESC)->ms_bytes);
	for (i = 0; i < 300; i++)
		ATF_REQUIRE_EQ(i, fake_socket());
	ATF_CHECK_EQ(0, kern_close(70));
	ATF_CHECK_EQ(0, kern_close(200));
	ATF_CHECK_EQ(0, kern_close(3));
	ATF_CHECK_EQ(3, fake_socket());
	ATF_CHECK_EQ(0, kern_kqueue(&fd));
	ATF_CHECK_EQ(70, fd);
	ATF_CHECK_EQ(200, fake_socket());
	ATF_CHECK_EQ(300, fake_socket());
	/* All of them are what they were. */
	for (i = 0; i < 301; i++)
		ATF_CHECK_EQ(i == 70 ? ENOTSOCK : 0, kern_listen(i, 1));
	fake_end();
}

/* Whatever was opened and closed before. */
ATF_TC_WITHOUT_HEAD(lowest_of_many);
ATF_TC_BODY(lowest_of_many, tc)
{
	static bool used[400];
	uint32_t seed;
	int i, lowest, open, want;

	fake_begin();
	seed = 7;
	open = 0;
	for (i = 0; i < 20000; i++) {
		seed = seed * 1664525 + 1013904223;
		/* The number grows and falls, by far and by little. */
		want = (i / 500) % 2 == 0 ? 390 : 150;
		if (open < want || (seed >> 20) % 5 == 0) {
			for (lowest = 0; lowest < 400 && used[lowest]; )
				lowest++;
			if (lowest == 400)
				continue;
			ATF_REQUIRE_EQ(lowest, fake_socket());
			used[lowest] = true;
			open++;
		} else {
			lowest = (int)((seed >> 8) % 400);
			ATF_REQUIRE_EQ(used[lowest] ? 0 : EBADF,
			    kern_close(lowest));
			open -= used[lowest];
			used[lowest] = false;
		}
	}
	fake_end();
}

ATF_TC_WITHOUT_HEAD(wrong_ones);
ATF_TC_BODY(wrong_ones, tc)
{
	static const int bad[] = { -1, 0, 63, 64, 1000000, INT_MAX, INT_MIN };
	struct sockaddr_storage ss;
	struct socket *so;
	bool b;
	u_int i;
	int j, kq, pass, value;

	fake_begin();
	value = 0;
	kq = -1;
	/* Without a table, and with one. */
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < nitems(bad); i++) {
			if (pass == 1 && bad[i] == 0)
				continue;
			ATF_CHECK_EQ(EBADF, fd_getsock(bad[i], &so));
			ATF_CHECK_EQ(EBADF, kern_close(bad[i]));
			ATF_CHECK_EQ(EBADF, kern_listen(bad[i], 1));
			ATF_CHECK_EQ(EBADF, kern_accept(bad[i], NULL, &j));
			ATF_CHECK_EQ(-EBADF, fake_read(bad[i], &ss, 1, 0));
			ATF_CHECK_EQ(-EBADF, fake_write(bad[i], &ss, 1, 0));
			ATF_CHECK_EQ(EBADF, kern_poll(bad[i], 1, &value));
			ATF_CHECK_EQ(EBADF, kern_fcntl_getfl(bad[i], &b));
			ATF_CHECK_EQ(EBADF, kern_fcntl_setfl(bad[i], true));
			ATF_CHECK_EQ(EBADF, kern_getsockname(bad[i], &ss));
			ATF_CHECK_EQ(EBADF, kern_kevent(bad[i], NULL, 0,
			    NULL, 0, &value));
		}
		if (pass == 0)
			ATF_CHECK_EQ(0, kern_kqueue(&kq));
	}
	ATF_CHECK_EQ(0, kq);
	ATF_CHECK_EQ(ENOTSOCK, fd_getsock(kq, &so));
	ATF_CHECK_EQ(ENOTSOCK, kern_getpeername(kq, &ss));
	ATF_CHECK_EQ(ENOTTY, kern_ioctl(kq, FIONREAD, &value));
	ATF_CHECK_EQ(0, kern_fcntl_getfl(kq, &b));
	ATF_CHECK(!b);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(limit);
ATF_TC_BODY(limit, tc)
{
	int fd, i;

	fake_begin();
	fake_sysctl("kern.maxfilesperproc", "70");
	for (i = 0; i < 70; i++)
		ATF_REQUIRE_EQ(i, fake_socket());
	ATF_CHECK_EQ(EMFILE, kern_socket(AF_INET, SOCK_STREAM, 0, &fd));
	ATF_CHECK_EQ(EMFILE, kern_kqueue(&fd));
	ATF_CHECK_EQ(70, V_fakestate.fs_pcbs);
	ATF_CHECK_EQ(0, kern_close(5));
	ATF_CHECK_EQ(5, fake_socket());
	fake_sysctl("kern.maxfilesperproc", "10");
	ATF_CHECK_EQ(0, kern_close(69));
	ATF_CHECK_EQ(EMFILE, kern_socket(AF_INET, SOCK_STREAM, 0, &fd));
	ATF_CHECK_EQ(0, kern_close(9));
	ATF_CHECK_EQ(9, fake_socket());
	/* One is free, but beyond. */
	ATF_CHECK_EQ(0, kern_close(20));
	ATF_CHECK_EQ(0, kern_close(5));
	ATF_CHECK_EQ(5, fake_socket());
	ATF_CHECK_EQ(EMFILE, kern_socket(AF_INET, SOCK_STREAM, 0, &fd));
	ATF_CHECK_EQ(EINVAL, sysctl_set_string("kern.maxfilesperproc", "0",
	    false));
	fake_end();
}

/* The table cannot grow: nothing is lost. */
ATF_TC_WITHOUT_HEAD(shortage);
ATF_TC_BODY(shortage, tc)
{
	int fd, i;

	fake_begin();
	for (i = 0; i < 64; i++)
		ATF_REQUIRE_EQ(i, fake_socket());
	for (i = 0; i < 2; i++) {
		malloc_type_stats(M_FILEDESC)->ms_fault_after = (uint64_t)i;
		ATF_CHECK_EQ(ENOMEM, kern_socket(AF_INET, SOCK_STREAM, 0,
		    &fd));
		malloc_type_stats(M_FILEDESC)->ms_fault_after = UINT64_MAX;
	}
	ATF_CHECK_EQ(64, fake_socket());
	for (i = 0; i < 65; i++)
		ATF_CHECK_EQ(0, kern_close(i));
	fake_end();
}

ATF_TC_WITHOUT_HEAD(closeall);
ATF_TC_BODY(closeall, tc)
{

	fake_begin();
	(void)fake_socket();
	(void)fake_connected();
	fd_closeall();
	ATF_CHECK_EQ(0, V_fakestate.fs_pcbs);
	ATF_CHECK_EQ(2U, V_fakestate.fs_naborts);
	ATF_CHECK_EQ(0U, malloc_type_stats(M_FILEDESC)->ms_bytes);
	ATF_CHECK_EQ(0, fake_socket());
	fake_end();
}

/* Bytes through ranges of all sizes, and back. */
ATF_TC_WITHOUT_HEAD(ranges);
ATF_TC_BODY(ranges, tc)
{
	struct iovec iov[5];
	struct uio uio;
	char buf[32], to[16];

	memset(buf, '.', sizeof(buf));
	iov[0] = (struct iovec){ buf, 3 };
	iov[1] = (struct iovec){ NULL, 0 };
	iov[2] = (struct iovec){ buf + 10, 1 };
	iov[3] = (struct iovec){ buf + 20, 5 };
	uio = (struct uio){ iov, 4, 9, UIO_READ };
	ATF_CHECK_EQ(0, uiomove("01", 2, &uio));
	ATF_CHECK_EQ(7, uio.uio_resid);
	ATF_CHECK_EQ(0, uiomove("234567", 6, &uio));
	ATF_CHECK_EQ(1, uio.uio_resid);
	ATF_CHECK_EQ(0, uiomove("89", 2, &uio));
	ATF_CHECK_EQ(0, uio.uio_resid);
	ATF_CHECK_EQ(0, memcmp(buf, "012.......3.........45678.", 26));
	iov[0] = (struct iovec){ buf + 20, 5 };
	iov[1] = (struct iovec){ buf, 100 };
	uio = (struct uio){ iov, 2, 8, UIO_WRITE };
	memset(to, '.', sizeof(to));
	ATF_CHECK_EQ(0, uiomove(to, 16, &uio));
	ATF_CHECK_EQ(0, memcmp(to, "45678012....", 12));
	ATF_CHECK_EQ(0, uio.uio_resid);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, lowest_first);
	ATF_TP_ADD_TC(tp, lowest_of_many);
	ATF_TP_ADD_TC(tp, wrong_ones);
	ATF_TP_ADD_TC(tp, limit);
	ATF_TP_ADD_TC(tp, shortage);
	ATF_TP_ADD_TC(tp, closeall);
	ATF_TP_ADD_TC(tp, ranges);
	return (atf_no_error());
}
