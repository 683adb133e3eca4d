# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# The lists of this directory, held against the test programs there are.

dir=$STACKYARD_SRC/tests/sys/netinet/requirements
tab=$(printf '\t')

# The lines of a list, without its comments.
lines()
{
	grep -v -e '^#' -e '^$' "$dir/$1"
}

complain()
{
	echo "$*"
	echo "$*" >>complaints
}

finish()
{
	[ ! -s complaints ] || atf_fail "$(wc -l <complaints) complaints"
}

# Every line of a list names cases that exist.
check_cases()
{
	lines "$1" | tr ' \t' '\n\n' | sed -n 's/^\([a-z0-9_]*\):.*/\1/p' |
	    sort -u >programs
	while read -r program; do
		for file in $(find "$STACKYARD_BUILD/tests" -type f \
		    -name "$program" -perm -u+x); do
			"$file" -l | sed -n "s/^ident: /$program:/p"
		done
	done <programs >there
	lines "$1" >list
	while IFS= read -r line; do
		names=${line##*"$tab"}
		[ "$names" != "$line" ] || complain "$1: no tab: $line"
		[ -n "$names" ] || complain "$1: no case: $line"
		for case in $names; do
			grep -qxF "$case" there ||
			    complain "$1: no case $case: $line"
		done
	done <list
}

atf_test_case rfc9293
rfc9293_head()
{
	atf_set descr "each MUST of RFC 9293 has a case, which exists"
}
rfc9293_body()
{
	check_cases rfc9293.tsv
	lines rfc9293.tsv | cut -f1 | sort >shown
	[ -z "$(uniq -d shown)" ] || complain "twice: $(uniq -d shown)"
	n=1
	while [ $n -le 69 ]; do
		grep -qx "MUST-$n" shown || complain "MUST-$n: no case"
		n=$((n + 1))
	done
	finish
}

atf_test_case behaviour
behaviour_head()
{
	atf_set descr "what packets look like has a case, which exists"
}
behaviour_body()
{
	check_cases behaviour.tsv
	[ "$(lines behaviour.tsv | wc -l)" -ge 73 ] ||
	    complain "behaviour.tsv has lost lines"
	finish
}

atf_init_test_cases()
{
	atf_add_test_case rfc9293
	atf_add_test_case behaviour
}
