/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

#include <atf-c.h>
#include "rig.h"
TEST(x)
{
	struct rig r;
	int fd, b;
	rig_new(&r, 0);
	fd = rig_connect(&r, 40001, 80, &b);
	WORKS(sy_send(r.a, fd, "hello", 5, 0));
	rig_connect(&r, 40002, 80, NULL);
	rig_connect6(&r, 40003, 8080);
	rig_run(&r, SECOND);
	rig_tool(&r, 0, "for i in -an -n -a -anx -anT -anc -anC -ancC -Ln -anW -anA '-an -4' '-an -6' '-L -6n' '-an -f inet6' '--libxo json -an' '--json -LT' '--libxo json,pretty -Ln' '-s -p tcp' '-ss' '-z' '-ss' '-sj beta -p ip'; do echo \"## $i\"; netstat -j beta $i; done; netstat -an", "");
	rig_free(&r);
}
ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, x);
	return (atf_no_error());
}
