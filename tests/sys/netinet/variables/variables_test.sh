# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# What sysctl(8) shows, held against the lists of this directory.

dir=$STACKYARD_SRC/tests/sys/netinet/variables

# The lines of a list, without its comments.
lines()
{
	grep -v -e '^#' -e '^$' "$dir/$1"
}

# Write what sysctl says about all variables into files.
ask()
{
	yard up -- sh -c '
		hidden="net.inet.tcp.drop net.inet.tcp.setsockopt"
		hidden="$hidden net.inet.tcp.function_info net.inet.tcp.pcbpage"
		hidden="$hidden net.inet.tcp.fastopen.ccache_list"
		hidden="$hidden net.inet.tcp.hostcache.list"
		hidden="$hidden net.inet.tcp.hostcache.histo"
		{ sysctl -aN; sysctl -N $hidden; } | sort >names
		sysctl -aN >listed
		sysctl -aNW >writable
		sysctl -aNT >tunable
		sysctl -aNV >vnet
		{ sysctl -at; sysctl -t $hidden; } >types
		sysctl -a >values
	' || atf_fail "yard up failed"
}

# is_in FILE NAME
is_in()
{
	grep -qxF "$2" "$1"
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

type_of()
{
	case $1 in
	INT|UMA_CUR|UMA_MAX)	echo integer ;;
	UINT)			echo unsigned integer ;;
	ULONG)			echo unsigned long ;;
	U32)			echo uint32_t ;;
	BOOL)			echo uint8_t ;;
	STRING)			echo string ;;
	COUNTER_U64*)		echo uint64_t ;;
	VNET_PCPUSTAT)		echo opaque ;;
	esac
}

atf_test_case table
table_head()
{
	atf_set descr "names, types, access and defaults are FreeBSD's"
}
table_body()
{
	ask
	tab=$(printf '\t')
	lines table.txt >table
	while IFS=$tab read -r name type access default; do
		if lines absent | grep -q "^$name$tab"; then
			! is_in names "$name" ||
			    complain "$name: there, and in absent"
			continue
		fi
		if ! is_in names "$name"; then
			complain "$name: neither there nor in absent"
			continue
		fi
		! lines differs | grep -q "^$name$tab" || continue
		want=$(type_of "$type")
		[ -z "$want" ] || is_in types "$name: $want" ||
		    complain "$name: $(grep "^$name: " types), not $want"
		case +$access+ in
		*+SKIP+*)
			! is_in listed "$name" || complain "$name: not hidden"
			continue ;;
		*+RW+*|*+RWTUN+*|*+WR+*)
			is_in writable "$name" ||
			    complain "$name: cannot be written" ;;
		*)	! is_in writable "$name" ||
			    complain "$name: can be written" ;;
		esac
		case +$access+ in
		*TUN+*)	is_in tunable "$name" || complain "$name: no tunable" ;;
		esac
		case +$access+ in
		*+VNET+*) is_in vnet "$name" || complain "$name: not VNET" ;;
		esac
		[ -z "$default" ] || [ "$type" = COUNTER_U64_ARRAY ] ||
		    is_in values "$name: $default" || complain \
		    "$(grep "^$name: " values): the default is $default"
	done <table
	finish
}

atf_test_case lists
lists_head()
{
	atf_set descr "what is missing only becomes less; no name is made up"
}
lists_body()
{
	ask
	[ "$(lines absent | wc -l)" -le 123 ] ||
	    complain "absent has $(lines absent | wc -l) names"
	lines absent | cut -f1 >absent
	while read -r name; do
		lines table.txt | grep -q "^$name	" ||
		    complain "absent: $name: not in the table"
	done <absent
	lines differs | cut -f1 >differs
	while read -r name; do
		is_in names "$name" || complain "differs: $name: not there"
	done <differs
	finish
}

atf_test_case driven
driven_head()
{
	atf_set descr "every writable variable has a test case, which exists"
}
driven_body()
{
	ask
	cat "$dir"/*.tsv | grep -v '^#' >driven
	cut -f1 driven | sort >driven_names
	while read -r name; do
		is_in driven_names "$name" || complain "$name: no test case"
	done <writable
	# What the programs say they have, as "program:case".
	tr ' \t' '\n\n' <driven | sed -n 's/:.*//p' | sort -u >programs
	while read -r program; do
		for file in $(find "$STACKYARD_BUILD/tests" -type f \
		    -name "$program" -perm -u+x); do
			"$file" -l | sed -n "s/^ident: /$program:/p"
		done
	done <programs >cases
	while read -r name cases; do
		is_in names "$name" || complain "$name: not there"
		for case in $cases; do
			is_in cases "$case" || complain "$name: no case $case"
		done
	done <driven
	finish
}

atf_test_case pages
pages_head()
{
	atf_set descr "tcp(4) and its like have each variable and option"
}
pages_body()
{
	ask
	man=$STACKYARD_SRC/share/man/man4
	grep '^net\.inet\.tcp\.' names | sort >in_tree
	cat "$man/tcp.4" "$man/mod_cc.4" "$man/cc_newreno.4" \
	    "$man/cc_cubic.4" "$man/syncache.4" | sed -n 's/^\.It Va \(net\.inet\.tcp\..*\)/\1/p' |
	    sort >in_pages
	comm -23 in_tree in_pages | while read -r name; do
		complain "$name: in no page"
	done
	comm -13 in_tree in_pages | while read -r name; do
		complain "$name: in a page, and not there"
	done
	# What setsockopt(2) knows at level IPPROTO_TCP.
	sed -n 's/^	case \(TCP_[A-Z0-9_]*\):.*/\1/p' \
	    "$STACKYARD_SRC/sys/netinet/tcp_usrreq.c" | sort -u >in_code
	sed -n 's/^\.It Dv \(TCP_[A-Z0-9_]*\).*/\1/p' "$man/tcp.4" |
	    sort >in_page
	atf_check cmp in_code in_page
	finish
}

atf_init_test_cases()
{
	atf_add_test_case pages
	atf_add_test_case table
	atf_add_test_case lists
	atf_add_test_case driven
}
