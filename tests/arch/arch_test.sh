# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# The architecture's rules, held by reading what the compiler was given and
# what it made: who includes whom, no writable static data in the stack,
# headers that compile alone, a licence line in every file, manual pages
# without complaints.  Beside each rule a test shows that breaking it is seen.

here=$STACKYARD_TESTDIR

# headers TOP: the headers under TOP/sys, as they are named in an #include.
headers()
{
	(cd "$1/sys" && find . -name '*.h' | sed 's,^[.]/,,' | LC_ALL=C sort)
}

# check_layers TOP OBJDIR: print the offences of TOP's sources and of the
# dependencies that the compiler wrote below OBJDIR.
check_layers()
{
	headers "$1" >headers.list
	{
		find "$1/sys" -name '*.[ch]' | LC_ALL=C sort
		find "$2/sys" "$2/lib" "$2/usr.sbin" -name '*.d' 2>/dev/null |
		    LC_ALL=C sort
	} | xargs awk -v top="$1/" -v exists=headers.list \
	    -f "$here/layers.awk" "$here/layers"
}

# check_data OBJECT ...: print the writable static data of the objects.
check_data()
{
	for o in "$@"; do
		readelf -SsW "$o" | sed "1i\\
File: $o"
	done | awk -f "$here/data.awk"
}

# check_header TOP HEADER FLAGS: print what each compiler has against a file
# that includes the header and nothing else.
check_header()
{
	for cc in $compilers; do
		echo "#include <$2>" | $cc -std=c17 -Wall -Wextra -Werror \
		    $3 -x c -fsyntax-only - >messages 2>&1 || {
			echo "$2: does not compile alone with $cc:"
			grep error: messages | head -n 3 | sed 's/^/    /'
		}
	done
}

find_compilers()
{
	compilers=
	for cc in gcc clang; do
		! command -v $cc >/dev/null || compilers="$compilers $cc"
	done
	: "${compilers:=$CC}"
}

# check_licences TOP: print the files without a licence line near the top.
check_licences()
{
	(cd "$1" && find . \( -path ./build -o -path ./.git \) -prune -o \
	    -type f \( -name '*.[chS]' -o -name '*.mk' -o -name '*.lua' -o \
	    -name '*.sh' -o -name '*.awk' -o -name '*.py' -o -name '*.[1-9]' \
	    -o -name '*.d' -o -name '*Makefile' -o -name Kyuafile -o \
	    -path './.ci/*' -o -path './mk/*' \) -print | LC_ALL=C sort |
	while read -r f; do
		head -n 4 "$f" |
		    grep -q 'SPDX-License-Identifier: BSD-2-Clause' ||
		    echo "$f: no SPDX line"
	done)
}

# check_pages DIR: print mandoc's complaints about the pages below DIR.
# Whether a page that one refers to is installed is no fault of the page.
check_pages()
{
	find "$1" -name '*.[1-9]' | LC_ALL=C sort |
	while read -r f; do
		mandoc -T lint -W style "$f" |
		    grep -v 'referenced manual not found'
	done
}

# none FILE: fail, and show, unless there are no offences in FILE.
none()
{
	[ ! -s "$1" ] || {
		cat "$1"
		atf_fail "$(wc -l <"$1") offences"
	}
}

atf_test_case layers
layers_head()
{
	atf_set descr "includes go downward only, and to no host header"
}
layers_body()
{
	[ -d "$STACKYARD_BUILD/obj/sys/kern" ] || atf_fail "no dependencies"
	check_layers "$STACKYARD_SRC" "$STACKYARD_BUILD/obj" >offences
	none offences
}

atf_test_case layers_seen
layers_seen_head()
{
	atf_set descr "each kind of forbidden include is found"
}
layers_seen_body()
{
	mkdir -p t/sys/sys t/sys/kern t/sys/net t/sys/netinet/cc t/lib/x \
	    t/sys/dev o/sys/kern o/lib
	top=$(pwd)/t
	echo '#include <sys/time.h>' >t/sys/sys/a.h
	echo '#include <net/if.h>' >t/sys/sys/b.h
	: >t/sys/net/if.h >t/sys/sys/c.h >t/sys/netinet/cc/cc_own.h
	echo '#include_next <stdio.h>' >t/sys/sys/stdio.h
	echo '#include_next <stdlib.h>' >t/sys/sys/d.h
	printf '%s\n' '#include <sys/c.h>' '#include <sys/socket.h>' \
	    '# include <stdint.h>' '#include "../net/if.h"' >t/sys/kern/k.c
	printf '%s\n' '#include <sys/c.h>' '#include <net/if.h>' \
	    '#include <netinet/cc/cc_own.h>' >t/sys/netinet/cc/cc_x.c
	echo '#include <unistd.h>' >t/sys/dev/d.c
	: >t/lib/x/l.c
	echo "o/k.o: $top/sys/kern/k.c $top/sys/sys/c.h \\
 $top/sys/net/if.h /usr/include/stdint.h
$top/sys/net/if.h:" >o/sys/kern/k.d
	echo "l.o: $top/lib/x/l.c $top/usr.sbin/yard/y.h" >o/lib/l.d

	check_layers "$top" "$(pwd)/o" | LC_ALL=C sort >offences
	cat >expected <<-EOF
	lib/x/l.c: includes usr.sbin/yard/y.h, of a higher layer
	sys/kern/k.c: includes sys/net/if.h, of a higher layer
	sys/kern/k.c:2: host header <sys/socket.h>
	sys/netinet/cc/cc_x.c:1: includes sys/c.h, which modules here do not see
	sys/netinet/cc/cc_x.c:2: includes net/if.h, which modules here do not see
	sys/sys/a.h:1: host header <sys/time.h>
	sys/sys/b.h:1: includes sys/net/if.h, of a higher layer
	sys/sys/d.h:1: host header <stdlib.h>
	sys/sys/stdio.h:1: host header <stdio.h>
	EOF
	atf_check -o file:expected cat offences
}

atf_test_case data
data_head()
{
	atf_set descr "no writable static data under sys/"
}
data_body()
{
	[ -z "$SAN" ] || atf_skip "sanitizers add data of their own"
	[ "$FAST" != yes ] || atf_skip "the objects are not compiled yet"
	# An object may outlive its source.
	(cd "$STACKYARD_BUILD/obj" && find sys -name '*.o') |
	while read -r o; do
		[ ! -f "$STACKYARD_SRC/${o%.o}.c" ] ||
		    echo "$STACKYARD_BUILD/obj/$o"
	done >objects
	[ -s objects ] || atf_fail "no objects"
	check_data $(cat objects) >offences
	none offences
}

atf_test_case data_seen
data_seen_head()
{
	atf_set descr "each kind of writable static data is found"
}
data_seen_body()
{
	cat >x.c <<-'EOF'
	#define IN(s) __attribute__((__section__(s), __used__))
	int initialised = 1;
	static int zero;
	int common __attribute__((__common__));
	__thread int *curvnet, *other_tls;
	int in_vnet IN("set_vnet") = 2;
	static const int constant = 3;
	const int *const relocated = &constant;
	const int *relocated_writable = &constant;
	static const int *const __set_a_sym_constant IN("set_a") = &constant;
	static const int *stray IN("set_b") = &constant;
	int elsewhere IN("mine") = 4;
	int *f(void);
	int *
	f(void)
	{
		static int counter;

		return (&counter + zero++ + *stray);
	}
	EOF
	atf_check $CC -c -fPIC -O0 x.c
	# Compilers differ in how they call a static local and where they put
	# an address.
	check_data x.o | sed -e 's/counter\.[0-9]*/counter/' \
	    -e 's/f\.counter/counter/' -e 's/in \.data\..*/in .data/' |
	    LC_ALL=C sort >out
	cat >expected <<-EOF
	x.o: writable common in common
	x.o: writable counter in .bss
	x.o: writable elsewhere in mine
	x.o: writable initialised in .data
	x.o: writable other_tls in .tbss
	x.o: writable relocated_writable in .data
	x.o: writable stray in set_b
	x.o: writable zero in .bss
	EOF
	atf_check -o file:expected cat out
}

atf_test_case headers
headers_head()
{
	atf_set descr "every header compiles alone, with each compiler"
	atf_set timeout 600
}
headers_body()
{
	find_compilers
	for h in $(headers "$STACKYARD_SRC"); do
		check_header "$STACKYARD_SRC" "$h" \
		    "-D_KERNEL -I$STACKYARD_SRC/sys"
	done >offences
	lib=$STACKYARD_SRC/lib/libstackyard
	check_header "$STACKYARD_SRC" stackyard.h "-I$lib" >>offences
	check_header "$STACKYARD_SRC" stackyard.h \
	    "-D_KERNEL -I$STACKYARD_SRC/sys -I$lib" >>offences
	none offences
}

atf_test_case headers_seen
headers_seen_head()
{
	atf_set descr "a header that needs another first is found"
}
headers_seen_body()
{
	find_compilers
	echo 'struct s { missing_t m; };' >bad.h
	check_header . bad.h -I. >out
	for cc in $compilers; do
		atf_check -o ignore grep "bad.h: does not compile alone with $cc" \
		    out
	done
}

atf_test_case licences
licences_head()
{
	atf_set descr "every source and page carries its licence line"
}
licences_body()
{
	check_licences "$STACKYARD_SRC" >offences
	none offences
	mkdir -p t/mk t/build
	echo '/* SPDX-License-Identifier: BSD-2-Clause */' >t/good.c
	for f in bad.c bad.h bad.mk bad.lua bad.sh bad.4 mk/bad Makefile; do
		echo x >t/$f
	done
	: >t/build/not.c
	check_licences t >offences
	atf_check -o inline:"8\n" grep -c 'no SPDX line' offences
}

atf_test_case pages
pages_head()
{
	atf_set descr "mandoc has nothing against the manual pages"
}
pages_body()
{
	check_pages "$STACKYARD_SRC/share/man" >offences
	none offences
	mkdir t
	printf '%s\n' .Dd 'January 1, 2026' '.Dt BAD 4' .Os '.Sh NAME' \
	    .Foo >t/bad.4
	check_pages t >offences
	atf_check -s exit:0 test -s offences
}

atf_init_test_cases()
{
	atf_add_test_case layers
	atf_add_test_case layers_seen
	atf_add_test_case data
	atf_add_test_case data_seen
	atf_add_test_case headers
	atf_add_test_case headers_seen
	atf_add_test_case licences
	atf_add_test_case pages
}
