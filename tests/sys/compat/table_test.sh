# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# table.tsv, held against the variables that there are, the options that the
# headers name, the tests, and the pages.

here=$STACKYARD_SRC/tests/sys/compat
tab=$(printf '\t')

complain()
{
	echo "$*"
	echo "$*" >>complaints
}

finish()
{
	[ ! -s complaints ] || atf_fail "$(wc -l <complaints) complaints"
}

# is_in FILE LINE
is_in()
{
	grep -qxF "$2" "$1"
}

rows()
{
	grep -v '^#' "$here/table.tsv"
}

# Names of a system and a kind.
names_of()
{
	rows | awk -F'\t' -v s="$1" -v k="$2" '$1 == s && $2 == k { print $3 }'
}

atf_test_case form
form_head()
{
	atf_set descr "five columns, and no row twice"
}
form_body()
{
	rows | awk -F'\t' 'NF != 5 || $1 !~ /^(freebsd|linux|illumos)$/ ||
	    $2 !~ /^(variable|option|ioctl|flag)$/' >bad
	atf_check cat bad
	rows | cut -f1-3 | sort | uniq -d >twice
	atf_check cat twice
}

atf_test_case variables
variables_head()
{
	atf_set descr "each variable resolves; none of those there is missing"
}
variables_body()
{
	for system in freebsd linux illumos; do
		names_of $system variable
	done >wanted
	# Hidden ones are not listed, but answer to their names.
	yard up -- sh -c '
		sysctl -aN >listed
		sysctl -ad >described
		{ cat listed; sysctl -iN $(grep -vxFf listed wanted); } >names
	' || atf_fail "yard up failed"
	grep -v '^#' "$STACKYARD_SRC/tests/sys/netinet/variables/absent" |
	    cut -f1 >absent
	while read -r name; do
		is_in names "$name" || is_in absent "$name" ||
		    complain "$name: there is none"
	done <wanted
	grep -e '^net\.ipv4\.' -e '^net\.core\.' -e '^compat\.illumos\.' \
	    names >there
	while read -r name; do
		is_in wanted "$name" || complain "$name: not in the table"
	done <there
	# What Linux ignores says so.
	rows | awk -F'\t' '$4 == "ignored" { print $3 }' >ignored
	while read -r name; do
		grep "^$name: No effect: .*Linux" described >/dev/null ||
		    complain "$name: does not say that Linux ignores it"
	done <ignored
	finish
}

atf_test_case options
options_head()
{
	atf_set descr "each option of TCP in the headers is in the table"
}
options_body()
{
	for system in linux illumos; do
		upper=$(echo $system | tr a-z A-Z)
		names_of $system option >wanted
		# Level IPPROTO_TCP: until what FreeBSD's come after.
		sed -n "/Level IPPROTO_TCP/,/${upper}_TCP_FREEBSD/p" \
		    "$STACKYARD_SRC/sys/compat/$system/$system.h" |
		    sed -n "s/^#define	${upper}_\(TCP_[A-Z0-9_]*\).*/\1/p" |
		    grep -v -e _FREEBSD -e _CM_ >there
		[ -s there ] || complain "$system.h: no options found"
		while read -r name; do
			is_in wanted "$name" ||
			    complain "$system: $name: not in the table"
		done <there
		grep '^TCP_' wanted | while read -r name; do
			is_in there "$name" ||
			    complain "$system: $name: not in the header"
		done
	done
	finish
}

atf_test_case cases
cases_head()
{
	atf_set descr "each test case of the table exists"
}
cases_body()
{
	rows | cut -f5 | tr ' ' '\n' | grep : | sort -u >wanted
	cut -d: -f1 wanted | sort -u | while read -r program; do
		for file in $(find "$STACKYARD_BUILD/tests" -type f \
		    -name "$program" -perm -u+x); do
			"$file" -l | sed -n "s/^ident: /$program:/p"
		done
	done >there
	while read -r case; do
		is_in there "$case" || complain "there is no case $case"
	done <wanted
	rows | awk -F'\t' '$5 !~ /:/ && $5 != "variables" && $5 != "absent"' |
	    while read -r row; do
		complain "no test: $row"
	done
	rows | grep -v "^freebsd$tab" | grep "${tab}absent$" |
	    while read -r row; do
		complain "absent, and not FreeBSD's: $row"
	done
	# The list of driven variables says the same.
	grep -v '^#' \
	    "$STACKYARD_SRC/tests/sys/netinet/variables/compat.tsv" >list
	while IFS=$tab read -r name cases; do
		rows | grep "$tab$name$tab" >row || continue
		[ "$(cut -f5 row)" = "$cases" ] ||
		    complain "$name: compat.tsv has other cases"
	done <list
	finish
}

atf_test_case pages
pages_head()
{
	atf_set descr "tcp-linux(4) and tcp-illumos(4) have what is theirs"
}
pages_body()
{
	man=$STACKYARD_SRC/share/man/man4
	for system in linux illumos; do
		rows | awk -F'\t' -v s=$system '$1 == s { print $3 }' |
		    sort >in_table
		sed -n -e 's/^\.It Va \([a-z0-9_.]*\).*/\1/p' \
		    -e 's/^\.It Dv \([A-Z0-9_]*\).*/\1/p' \
		    "$man/tcp-$system.4" | sort -u >in_page
		comm -23 in_table in_page | while read -r name; do
			complain "tcp-$system(4): $name is not in it"
		done
		comm -13 in_table in_page | while read -r name; do
			complain "tcp-$system(4): $name is not in the table"
		done
	done
	finish
}

atf_init_test_cases()
{
	atf_add_test_case form
	atf_add_test_case variables
	atf_add_test_case options
	atf_add_test_case cases
	atf_add_test_case pages
}
