# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# The example program of libstackyard(3): it does what it says, and the page
# and the program are the same text; and every function is in the page.

dir=$STACKYARD_SRC/share/examples/embed
page=$STACKYARD_SRC/share/man/man3/libstackyard.3

atf_test_case runs
runs_head()
{
	atf_set descr "the example, as make built it from what is installed"
}
runs_body()
{
	echo=$STACKYARD_BUILD/obj/share/examples/embed/echo

	atf_check -o save:first "$echo"
	atf_check -o match:'^hello after [0-9]+\.[0-9][0-9] ms$' cat first
	# Three round trips of 40 ms and what ten bits per microsecond take:
	# neighbour, connection, data.
	ms=$(sed 's/.* after \([0-9]*\)\..*/\1/' first)
	[ "$ms" -ge 80 ] && [ "$ms" -lt 130 ] || atf_fail "$ms ms"
	atf_check -o file:first "$echo"
}

atf_test_case same_text
same_text_head()
{
	atf_set descr "the program is the page's example"
}
same_text_body()
{
	sed -n '/^#include/,$p' "$dir/echo.c" >program
	awk '/^\.Sh EXAMPLES/ { in_examples = 1 }
	    /^\.Ed/ && show { exit }
	    show { gsub(/\\e/, "\\"); print }
	    in_examples && /^\.Bd -literal$/ { show = 1 }' "$page" >page
	atf_check test -s page
	atf_check cmp program page
	lines=$(grep -c . program)
	[ "$lines" -le 40 ] || atf_fail "the example has $lines lines"
}

atf_test_case complete
complete_head()
{
	atf_set descr "every function of stackyard.h is in the page, and no other"
}
complete_body()
{
	$CC -E -P "$STACKYARD_SRC/lib/libstackyard/stackyard.h" |
	    tr '\n' ' ' | grep -o 'sy_[a-z0-9_]*(' | tr -d '(' | sort -u \
	    >in_header
	sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/s/^\.F[no] \(sy_[a-z0-9_]*\).*/\1/p' \
	    "$page" | sort -u >in_synopsis
	atf_check cmp in_header in_synopsis
	while read -r f; do
		sed '1,/^\.Sh DESCRIPTION/d' "$page" | grep -q "$f" ||
		    atf_fail "$f is not described"
	done <in_header
}

atf_test_case lint
lint_body()
{
	mandoc -T lint -W style "$page" 2>/dev/null |
	    grep -v 'referenced manual not found' >opinion
	atf_check cat opinion
}

atf_init_test_cases()
{
	atf_add_test_case runs
	atf_add_test_case same_text
	atf_add_test_case complete
	atf_add_test_case lint
}
