# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Modules from a shell: loaded, listed, in use, unloaded, refused.

with_stack()
{
	mkfifo ready
	yard up >ready &
	yard=$!
	read -r line <ready
	STACKYARD=${line#STACKYARD=}
	export STACKYARD
	"$@"
	kill $yard
	wait $yard
}

atf_test_case load
load_head()
{
	atf_set descr "a module's variables come and go with it"
}
load_inside()
{
	var=net.inet.tcp.cc.example.a
	atf_check -s exit:1 -e inline:"sysctl: unknown oid '$var'\n" \
	    sysctl $var
	atf_check kldload cc_example
	atf_check -o inline:"$var: 1\n" sysctl $var
	atf_check -o match:"^example  *  0\$" sysctl \
	    net.inet.tcp.cc.available
	atf_check -s exit:1 -e inline:"kldload: can't load cc_example: it \
is loaded already\n" kldload cc_example
	atf_check kldload -n cc_example
	atf_check -s exit:1 kldload -q cc_example
	atf_check -o inline:"cc_example.so is already loaded\n" \
	    kldload -nv cc_example.so
	atf_check -o inline:"Unloaded cc_example\n" kldunload -v cc_example
	atf_check -s exit:1 -e inline:"sysctl: unknown oid '$var'\n" \
	    sysctl $var
	atf_check -s exit:1 -e inline:"kldunload: can't unload cc_example: \
it is not loaded\n" kldunload cc_example
	atf_check -o match:"^Loaded /.*/block_example.so, id=[0-9]+\$" \
	    kldload -v "$STACKYARD_BUILD/lib/stackyard/block_example.so"
	atf_check -o match:"^paced  *  -  *0\$" sysctl \
	    net.inet.tcp.functions_available
}
load_body()
{
	with_stack load_inside
}

atf_test_case busy
busy_head()
{
	atf_set descr "what is the default stays"
}
busy_inside()
{
	atf_check kldload cc_example block_example
	atf_check -o ignore sysctl net.inet.tcp.cc.algorithm=example \
	    net.inet.tcp.functions_default=paced
	atf_check -s exit:1 -e inline:"kldunload: can't unload cc_example: \
host host: Device or resource busy; something there still uses it\n" \
	    kldunload cc_example
	atf_check -s exit:1 -e ignore kldunload block_example
	atf_check -s exit:1 -e ignore kldunload -f cc_example
	atf_check -o inline:"net.inet.tcp.cc.algorithm: example\n" \
	    sysctl net.inet.tcp.cc.algorithm
	atf_check -o ignore sysctl net.inet.tcp.cc.algorithm=cubic \
	    net.inet.tcp.functions_default=freebsd
	atf_check kldunload cc_example block_example
}
busy_body()
{
	with_stack busy_inside
}

atf_test_case list
list_head()
{
	atf_set descr "kldstat's forms"
}
list_inside()
{
	atf_check -o match:"^Id Refs Address  *Size Name\$" \
	    -o match:"^ 1    1 0x[0-9a-f]{16} +[0-9a-f]+ stackyard\$" kldstat
	atf_check kldload cc_example
	atf_check -o match:"^ 2    1 0x.* cc_example.so\$" \
	    -o not-match:stackyard\$ kldstat -n cc_example
	atf_check -o match:"cc_example.so \(/.*\)\$" -o match:"Contains \
modules:" -o match:"^		  1 example\$" kldstat -v
	atf_check -o match:"[0-9]K cc_example.so" kldstat -h -i 2
	atf_check -o match:"^  2    1 example\$" kldstat -m example
	atf_check kldstat -q -m example
	atf_check -s exit:1 kldstat -q -m nix
	atf_check -s exit:1 -e inline:"kldstat: can't find module nix: it \
is not loaded\n" kldstat -m nix
	atf_check -s exit:1 -e inline:"kldstat: can't find file nix: it is \
not loaded\n" kldstat -n nix
	atf_check -s exit:1 -e inline:"kldstat: can't stat id 9: it is not \
loaded\n" kldstat -i 9
	atf_check kldunload -i 2
	atf_check -s exit:1 -e inline:"kldunload: can't unload 1: it is the \
stack itself\n" kldunload -i 1
	atf_check -s exit:1 -e match:"an id is a number" kldunload -i x
}
list_body()
{
	with_stack list_inside
}

atf_test_case refused
refused_head()
{
	atf_set descr "no file, no module, another version, no arguments"
}
refused_inside()
{
	good="$STACKYARD_TESTDIR/../../lib/libstackyard"
	atf_check -s exit:1 -e inline:"kldload: can't load nix: no such \
module in the directories of STACKYARD_MODULES nor in the installed ones\n" \
	    kldload nix
	atf_check -s exit:1 -e match:"./nix: No such file" kldload ./nix
	atf_check -s exit:1 -e match:"it is no Stackyard module" \
	    kldload "$good/plain.so"
	atf_check -s exit:1 -e match:"was built for version [0-9]+ of the \
kernel interfaces and this is [0-9]+; build it again" \
	    kldload "$good/mod_version.so"
	# The others are loaded all the same.
	atf_check -s exit:1 -e ignore kldload nix cc_example
	atf_check kldstat -q -m example
	for tool in kldload kldunload "kldstat x"; do
		atf_check -s exit:1 -e match:"^usage: ${tool% *}" $tool
	done
}
refused_body()
{
	with_stack refused_inside
}

atf_init_test_cases()
{
	atf_add_test_case load
	atf_add_test_case busy
	atf_add_test_case list
	atf_add_test_case refused
}
