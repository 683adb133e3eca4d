# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# options.tsv, held against the sources and the test programs.

ATF_TESTS_SH+=	options_test
