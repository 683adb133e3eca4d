# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# sysctl(8): each flag, type, complaint and exit status, to the letter.

# Bring a host up in the background for the rest of the test case.
with_stack()
{
	mkfifo ready
	yard up -k "$STACKYARD_TESTDIR/mod_types.so" >ready &
	yard=$!
	read -r line <ready
	STACKYARD=${line#STACKYARD=}
	export STACKYARD
	"$@"
	kill $yard
	wait $yard
}

atf_test_case numbers
numbers_head()
{
	atf_set descr "every width, shown and set, its ends and beyond"
}
# set NAME OLD NEW: shown as "old -> new".
set_()
{
	atf_check -o inline:"types.$1: $2 -> $3\n" sysctl "types.$1=$3"
	atf_check -o inline:"$3\n" sysctl -n "types.$1"
}
# bad NAME VALUE TYPE
bad()
{
	atf_check -s exit:1 -e inline:"sysctl: invalid $3 '$2'\n" \
	    sysctl "types.$1=$2"
}
numbers_inside()
{
	set_ u8 200 255
	bad u8 256 uint8_t
	bad u8 -1 uint8_t
	set_ s8 -100 -128
	set_ s8 -128 127
	bad s8 128 int8_t
	bad s8 -129 int8_t
	set_ u16 60000 65535
	bad u16 65536 uint16_t
	set_ s16 -30000 32767
	bad s16 32768 int16_t
	set_ u32 4000000000 4294967295
	bad u32 4294967296 uint32_t
	set_ s32 -2000000000 -2147483648
	bad s32 -2147483649 int32_t
	set_ u64 18000000000000000000 18446744073709551615
	bad u64 18446744073709551616 uint64_t
	set_ s64 -9000000000000000000 -9223372036854775808
	bad s64 9223372036854775808 int64_t
	set_ int -5 2147483647
	bad int 2147483648 integer
	set_ uint 3000000000 0
	bad uint -1 "unsigned integer"
	set_ long -5000000000 5000000000
	bad long 1e3 "long integer"
	set_ ulong 5000000000 18446744073709551615
	bad ulong x "unsigned long"
	bad int 5x integer
	atf_check -s exit:1 -e inline:"sysctl: empty numeric value\n" \
	    sysctl types.int=
	atf_check -o inline:"types.int: 2147483647 -> 16\n" sysctl \
	    types.int=0x10
	atf_check -o inline:"types.int: 16 -> 8\n" sysctl "types.int: 010"
	atf_check -o inline:"types.list: 1 2 3 -> 4 5 6\n" sysctl \
	    types.list=4,5,6
	atf_check -o inline:"types.list: 4 5 6 -> 7 8 9\n" sysctl \
	    "types.list=7 8  9"
	atf_check -s exit:1 -o inline:"types.list: 7 8 9\n" \
	    -e inline:"sysctl: types.list=1,2,3,4: Invalid argument\n" \
	    sysctl types.list=1,2,3,4
	atf_check -o inline:"types.list: 7 8 9\n" sysctl types.list
}
numbers_body()
{
	with_stack numbers_inside
}

atf_test_case strings
strings_head()
{
	atf_set descr "strings, structures, what is hidden or write only"
}
strings_inside()
{
	atf_check -o inline:"types.string: some text -> other words\n" \
	    sysctl "types.string=other words"
	atf_check -s exit:1 -o inline:"types.string: other words\n" \
	    -e match:"types.string=.*: Invalid argument" \
	    sysctl types.string=sixteen-letters-and-more
	atf_check -o inline:"types.string: other words\n" sysctl types.string
	TZ=UTC0 atf_check -o inline:"types.time: { sec = 86400, usec = 7 } \
Fri Jan  2 00:00:00 1970\n" sysctl types.time
	for flag in -o -x; do
		TZ=UTC0 atf_check -o match:"^types.time: . sec = 86400, " \
		    sysctl $flag types.time
	done
	# Nobody knows its form: nothing by itself, and no failure.
	atf_check sysctl types.opaque
	atf_check -o inline:"types.string: other words -> 'it is\n" \
	    sysctl types.string="'it is"
	atf_check -o inline:"types.string: 'it is -> it's\n" \
	    sysctl "types.string = \"it's\""
	atf_check -o inline:"types.opaque: Format:S,unheard Length:20 \
Dump:0x010203ff000000000000000000000000...\n" sysctl -o types.opaque
	atf_check -o inline:"types.opaque: Format:S,unheard Length:20 \
Dump:0x010203ff00000000000000000000000000000000\n" sysctl -x types.opaque
	atf_check -s exit:1 -e inline:"sysctl: oid 'types.opaque' is read \
only\n" sysctl types.opaque=1
	atf_check -o inline:"types.hidden: 9\n" sysctl types.hidden
	atf_check -o not-match:hidden -o match:types.int sysctl types
	atf_check -s exit:1 -e inline:"sysctl: types.writeonly: Operation \
not permitted\n" sysctl types.writeonly
	atf_check sysctl types.writeonly=3
	atf_check -s exit:1 -e match:"oid 'types.rdtun' is a read only \
tunable\$" -e match:"yard up -f tunables.lua" sysctl types.rdtun=1
	atf_check -s exit:1 -e inline:"sysctl: oid 'types' isn't a leaf \
node\n" sysctl types=1
}
strings_body()
{
	with_stack strings_inside
}

atf_test_case flags
flags_head()
{
	atf_set descr "every flag"
}
flags_inside()
{
	atf_check -o inline:"-5\n" sysctl -n types.int
	atf_check -o inline:"types.int\n" sysctl -N types.int
	atf_check -o inline:"types.int=-5\n" sysctl -e types.int
	atf_check -o inline:"types.int: A variable of type int\n" \
	    sysctl -d types.int
	atf_check -o inline:"A variable of type int\n" sysctl -nd types.int
	atf_check -o inline:"types.int: integer\n" sysctl -t types.int
	atf_check -o inline:"types.int: integer: A variable of type int\n" \
	    sysctl -td types.int
	atf_check -o match:"^types.int: integer\$" -o not-match:"^types: " \
	    sysctl -t types
	atf_check -o match:"^types: One of each\$" \
	    -o match:"^types.int: A variable of type int\$" sysctl -d types
	# A description is all that -d wants.
	atf_check -o inline:"types.int: A variable of type int\n" \
	    sysctl -d types.int=3
	atf_check -o inline:"types.int: -5\n" sysctl types.int
	atf_check -o inline:"types.int: I\n" sysctl -F types.int
	atf_check -o inline:"types.int: 4: -5\n" sysctl -l types.int
	atf_check -o inline:"4: -5\n" sysctl -nl types.int
	atf_check -o inline:"types.int=4=-5\n" sysctl -el types.int
	atf_check -o inline:"types.list: 12: 1 2 3\n" sysctl -l types.list
	atf_check -o inline:"types.u8: 0xc8\n" sysctl -x types.u8
	atf_check -o inline:"types.s8: 0x9c\n" sysctl -x types.s8
	atf_check -o inline:"types.u32: 0xee6b2800\n" sysctl -x types.u32
	printf 'some text\0' >want
	atf_check -o save:got sysctl -b types.string
	atf_check cmp want got
	atf_check -o inline:"types.int: -5\n" sysctl -B 4 types.int
	atf_check -s exit:1 -e ignore sysctl -B 2 types.int
	atf_check -s exit:1 -e match:"a size in bytes" sysctl -B x types.int
	atf_check sysctl -i nix.da
	atf_check -s exit:1 sysctl -q nix.da
	atf_check -s exit:1 -e inline:"sysctl: unknown oid 'nix.da'\n" \
	    sysctl nix.da
	atf_check -s exit:1 -e inline:"sysctl: unknown oid 'types.int.x'\n" \
	    sysctl types.int.x
	atf_check -s exit:2 -o inline:"types.int: -5\n" \
	    -e inline:"sysctl: unknown oid 'a'\nsysctl: unknown oid 'b'\n" \
	    sysctl a types.int b
	atf_check -o match:"^types.rdtun\$" -o not-match:"^types.int\$" \
	    sysctl -aNT
	atf_check -o match:"^types.int\$" -o not-match:"^types.rdtun\$" \
	    sysctl -aNW
	atf_check -o match:"^types.int\$" -o not-match:"^types.list\$" \
	    sysctl -aNV
	atf_check -o inline:"types.int: -5\n" sysctl -W types.int types.rdtun
	atf_check -o inline:"types.rdtun: 4\n" sysctl -T types.int types.rdtun
	for flag in -T -W; do
		atf_check -s exit:1 -e match:"^sysctl: Can't set variables \
when using -T or -W\$" -e match:"^usage: sysctl" sysctl $flag types.int=1
	done
	atf_check -o inline:"types.int: -5\n" sysctl -a types.int
	atf_check -o match:"^types.u8: 0xc8\$" -o not-match:"^net" \
	    sysctl -X types
	atf_check -o inline:"types.int: -5 -> 6\n" sysctl -w types.int=6
	atf_check -o inline:"6 -> 7\n" sysctl -n types.int=7
	LC_ALL=C atf_check -o inline:"types.u32: 4000000000\n" \
	    sysctl -h types.u32
	for args in "-nN types.int" "-lN types.int" "" "-Z"; do
		atf_check -s exit:1 -e match:"^usage: sysctl" sysctl $args
	done
	atf_check -s exit:1 -e inline:"sysctl: there is no host called \
nobody\n" sysctl -j nobody types.int
	atf_check -o inline:"types.int: 7\n" sysctl -j host types.int
}
flags_body()
{
	with_stack flags_inside
}

atf_test_case file
file_head()
{
	atf_set descr "-f: comments, quotes, and where a line is wrong"
}
file_inside()
{
	cat >good <<-'END'
	# a comment

	types.int = 11		# another
	types.string="with # inside"
	types.uint: 12
	END
	atf_check -o inline:"types.int: -5 -> 11\n\
types.string: some text -> with # inside\n\
types.uint: 3000000000 -> 12\n" sysctl -f good
	cat >bad <<-'END'
	types.int=1
	nix=1
	types.int=x
	types.rdtun=1
	types.string = more-than-sixteen-letters
	types.int=2
	END
	atf_check -s exit:4 -o inline:"types.int: 11 -> 1\n\
types.string: with # inside\ntypes.int: 1 -> 2\n" -e save:err sysctl -f bad
	atf_check -o match:"^sysctl: unknown oid 'nix' at line 2\$" \
	    -o match:"^sysctl: invalid integer 'x' at line 3\$" \
	    -o match:"is a read only tunable at line 4\$" \
	    -o match:"^sysctl: types.string = more-than-sixteen-letters at \
line 5: Invalid argument\$" cat err
	atf_check -s exit:66 -e inline:"sysctl: nix: No such file or \
directory\n" sysctl -f nix
	# What -e writes can be read again.
	sysctl -eW types >all
	atf_check -o not-empty sysctl -f all
}
file_body()
{
	with_stack file_inside
}

atf_test_case all
all_head()
{
	atf_set descr "-a lists every variable once; each has a description"
}
all_body()
{
	atf_check -o save:names yard up -- sysctl -aN
	sort names | uniq -d >twice
	atf_check -o empty cat twice
	for name in net.inet.tcp.sendspace net.inet.tcp.cc.algorithm \
	    kern.ipc.maxsockbuf net.inet.tcp.functions_default; do
		grep -qx "$name" names || atf_fail "no $name"
	done
	atf_check -o save:descr yard up -- sysctl -ad
	atf_check -s exit:1 grep -v ": ..." descr
	while read -r name; do
		grep -q "^$name: " descr || atf_fail "$name: no description"
	done <names
	# A line of -a for each that has a value to show.
	atf_check -o save:values yard up -- sysctl -a
	atf_check -o match:"^net.inet.tcp.sendspace: 32768\$" cat values
}

atf_test_case nobody
nobody_head()
{
	atf_set descr "without a stack: one line that says what to do"
}
nobody_body()
{
	unset STACKYARD
	atf_check -s exit:1 -e inline:"sysctl: no stack: STACKYARD is not \
set (start one by \"yard up -- command\")\n" sysctl -a
	STACKYARD=nix atf_check -s exit:1 -e inline:"sysctl: nix: No such \
file or directory\n" sysctl -a
}

atf_init_test_cases()
{
	atf_add_test_case numbers
	atf_add_test_case strings
	atf_add_test_case flags
	atf_add_test_case file
	atf_add_test_case all
	atf_add_test_case nobody
}
