# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Every socket option and ioctl that the stack knows, by its sources, has
# test cases in options*.tsv, which exist, in programs that name it.

dir=$STACKYARD_SRC/tests/sys/netinet
sys=$STACKYARD_SRC/sys

complain()
{
	echo "$*"
	echo "$*" >>complaints
}

# The options in the sources.
known()
{
	sed -n 's/^	case \(TCP_[A-Z0-9_]*\):.*/\1/p' "$sys/netinet/tcp_usrreq.c"
	sed -n 's/^	case \(IPV*6*_[A-Z0-9_]*\):.*/\1/p' \
	    "$sys/netinet/ip_options.c"
	grep -ow 'SO_[A-Z_]*' "$sys/kern/uipc_sockopt.c" |
	    grep -v -e SO_SWITCHES -e SO_READABLE
	sed -n 's/^#define	\(FIO[A-Z]*\)	.*/\1/p
	    s/^#define	\(SIOC[A-Z]*\)	.*/\1/p' "$sys/sys/socketvar.h"
}

# The lines of the tables.
listed()
{
	cat "$dir"/options*.tsv | grep -v -e '^#' -e '^$'
}

atf_test_case complete
complete_head()
{
	atf_set descr "every option has a test case, and no other has"
}
complete_body()
{
	known | sort -u >known
	listed | cut -f1 | sort >listed
	# The sources were understood.
	for name in TCP_NODELAY IP_TTL IPV6_V6ONLY SO_LINGER FIONREAD; do
		grep -qx "$name" known || complain "$name: not found"
	done
	comm -23 known listed >missing
	while read -r name; do
		complain "$name: no test case"
	done <missing
	comm -13 known listed >stale
	while read -r name; do
		complain "$name: there is no such option, or it stands twice"
	done <stale
	[ ! -s complaints ] || atf_fail "$(wc -l <complaints) complaints"
}

# named NAME PROGRAM: does the program, or what all have, name the option?
named()
{
	find "$STACKYARD_SRC/tests" \( -name "$2.c" -o -name 'pkt.[ch]' \) \
	    -exec grep -qwE "(SY_)?$1" {} \; -print | grep -q .
}

atf_test_case driven
driven_head()
{
	atf_set descr "the test cases exist, in programs that name the option"
}
driven_body()
{
	listed | tr ' \t' '\n\n' | sed -n 's/:.*//p' | sort -u >programs
	while read -r program; do
		for file in $(find "$STACKYARD_BUILD/tests/sys" -type f \
		    -name "$program" -perm -u+x); do
			"$file" -l | sed -n "s/^ident: /$program:/p"
		done
	done <programs >cases
	listed | while read -r name where; do
		[ -n "$where" ] || complain "$name: no test case"
		for case in $where; do
			grep -qx "$case" cases ||
			    complain "$name: no case $case"
			named "$name" "${case%%:*}" ||
			    complain "$name: ${case%%:*} does not name it"
		done
	done
	[ ! -s complaints ] || atf_fail "$(wc -l <complaints) complaints"
}

atf_init_test_cases()
{
	atf_add_test_case complete
	atf_add_test_case driven
}
