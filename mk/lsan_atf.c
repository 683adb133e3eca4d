/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * libatf-c loses a little memory when it lists and describes test cases.
 * That is no leak of ours: the leak checker is told of the functions that do
 * it.  They are never above a test's body on the stack, so what a test leaks
 * is still reported.  Linked into C tests under SAN=address by test.mk; may
 * touch nothing else.
 */
const char	*__lsan_default_options(void);
const char	*__lsan_default_suppressions(void);

/* Kyua takes a word on standard error, while listing, for a failure. */
const char *
__lsan_default_options(void)
{

	return ("print_suppressions=0");
}

const char *
__lsan_default_suppressions(void)
{

	return ("leak:atf_tp_get_tcs\n"
	    "leak:atf_map_insert\n"
	    "leak:atf_map_init_charpp\n"
	    "leak:atf_list_init\n"
	    "leak:atf_list_append\n");
}
