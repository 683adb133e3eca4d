/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Helpers of the tests of libstackyard. */
#ifndef _SY_TEST_H_
#define	_SY_TEST_H_

#include <sys/types.h>
#include <atf-c.h>
#include <errno.h>
#include <string.h>

#include "stackyard.h"

#define	MS	1000000ULL
#define	SECOND	1000000000ULL

/* The call fails with this errno and says so with this word in sy_error(). */
#define	FAILS(error, word, call) do {					\
	errno = 0;							\
	ATF_CHECK_MSG((call) == -1, "%s did not fail", #call);		\
	ATF_CHECK_EQ_MSG((error), errno, "%s: errno %d, %s", #call,	\
	    errno, sy_error());						\
	ATF_CHECK_MSG(strstr(sy_error(), (word)) != NULL,		\
	    "%s: no \"%s\" in \"%s\"", #call, (word), sy_error());	\
} while (0)

/* The call succeeds. */
#define	WORKS(call)							\
	ATF_REQUIRE_MSG((call) != -1, "%s: %s", #call, sy_error())

/* A test case without a description. */
#define	TEST(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

#endif /* !_SY_TEST_H_ */
