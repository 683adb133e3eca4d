# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# stackyard(7) is run as it stands: every line that begins with "$ ", in one
# shell, in a directory that looks as a clone does after `make demo'.  What
# comes before that (git clone, make demo) is how continuous integration
# begins.

# The commands of the page, one a line, continuations joined.
commands()
{
	sed -n '/^\.Bd/,/^\.Ed/p' \
	    "$STACKYARD_SRC/share/man/man7/stackyard.7" |
	    sed -e 's/\\(dq/"/g' -e 's/\\e/\\/g' |
	    awk '/^\$ / || more { print
		more = /\\$/ }' | sed 's/^\$ //'
}

atf_test_case commands
commands_head()
{
	atf_set descr "every command of the tutorial"
	atf_set require.progs "make gnuplot"
}
commands_body()
{
	commands | grep -v -e '^git clone' -e '^cd stackyard' \
	    -e '^make demo' >steps
	[ "$(wc -l <steps)" -gt 20 ] || atf_fail "few commands: $(cat steps)"
	mkdir clone clone/build
	ln -s "$STACKYARD_BUILD" clone/build/current
	cp -R "$STACKYARD_SRC/share" clone/
	export CC SAN
	# The build's own variables are none of an outsider's.
	unset MAKEFLAGS MAKELEVEL STACKYARD_MAKE
	(cd clone && sh -ex ../steps) >out 2>err ||
	    { cat err; atf_fail "$(grep -v '^make' err | tail -1)"; }
	for f in yard-compare-1/plot.svg yard-three-1/flow3.csv \
	    yard-half-1/flow2.csv both/together/flow2.csv; do
		test -s clone/$f || atf_fail "no $f"
	done
	atf_check -o match:'freebsd *mine' -o match:'spread *cubic' \
	    -o match:'spread *mine' cat out
}

atf_test_case sizes
sizes_head()
{
	atf_set descr "the modules that it walks through are short"
}
sizes_body()
{
	lines()
	{
		grep -c '[^[:space:]]' \
		    "$STACKYARD_SRC/share/examples/$1/$1.c"
	}
	test "$(lines cc_example)" -lt 80 || atf_fail "cc_example"
	test "$(lines block_example)" -lt 100 || atf_fail "block_example"
}

atf_init_test_cases()
{
	atf_add_test_case commands
	atf_add_test_case sizes
}
