# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# yard up: the command's environment and end, the socket's life, complaints.

atf_test_case command
command_head()
{
	atf_set descr "the command's environment, and its end is yard's"
}
command_body()
{
	atf_check -o inline:"$STACKYARD_BUILD/libexec/stackyard\n" \
	    yard up -- sh -c 'echo ${PATH%%:*}'
	atf_check -o match:"^srw-------" yard up -- sh -c \
	    'ls -l $STACKYARD; ls -ld ${STACKYARD%/*}' 
	atf_check -s exit:0 yard up true
	atf_check -s exit:3 yard up -- sh -c 'exit 3'
	atf_check -s exit:137 yard up -- sh -c 'kill -9 $$'
	atf_check -s exit:127 -e inline:"yard: up: nix: No such file or \
directory\n" yard up nix
	atf_check -s exit:126 -e inline:"yard: up: /: Permission denied\n" \
	    yard up /
	# Its arguments are its own.
	atf_check -o inline:"-s x=1\n" yard up echo -s x=1
}

atf_test_case gone
gone_head()
{
	atf_set descr "nothing is left behind"
}
gone_body()
{
	mkdir tmp
	atf_check -o match:"^$PWD/tmp/stackyard" env TMPDIR="$PWD/tmp" \
	    yard up -- sh -c 'echo $STACKYARD'
	atf_check rmdir tmp
	mkdir tmp
	atf_check -s exit:127 -e ignore env TMPDIR="$PWD/tmp" yard up nix
	atf_check rmdir tmp
	atf_check yard up -S here -- test -S here
	atf_check -s exit:1 test -e here
}

atf_test_case signals
signals_head()
{
	atf_set descr "without a command: until a signal"
}
signals_body()
{
	mkfifo ready
	for signal in INT TERM HUP; do
		sh -c 'exec yard up -S control >ready' &
		pid=$!
		read -r line <ready
		atf_check_equal STACKYARD=control "$line"
		STACKYARD=control atf_check -o ignore \
		    sysctl net.inet.tcp.sendspace
		kill -$signal $pid
		wait $pid || atf_fail "SIG$signal: status $?"
		[ ! -e control ] || atf_fail "SIG$signal: left its socket"
	done
}

atf_test_case host
host_head()
{
	atf_set descr "variables, modules and the host's name"
}
host_body()
{
	atf_check -o inline:"100000\nexample\n" yard up -k cc_example \
	    -s net.inet.tcp.sendspace=100000 \
	    -s net.inet.tcp.cc.algorithm=example -- \
	    sysctl -n net.inet.tcp.sendspace net.inet.tcp.cc.algorithm
	atf_check -o inline:"box\n" yard up -n box -- \
	    sysctl -nj box kern.hostname
}

atf_test_case personality
personality_head()
{
	atf_set descr "another system's ways, and what comes after them"
}
personality_body()
{
	atf_check -o inline:"freebsd\n30\n" yard up -- \
	    sysctl -n compat.personality net.inet.tcp.rexmit_min
	atf_check -o inline:"linux\n200\n0\n" yard up -P linux -- \
	    sysctl -n compat.personality net.inet.tcp.rexmit_min \
	    net.ipv4.tcp_rfc1337
	atf_check -o inline:"illumos\n500\n0\n" yard up -P illumos \
	    -s net.inet.tcp.rexmit_min=500 -- \
	    sysctl -n compat.personality net.inet.tcp.rexmit_min \
	    net.inet.tcp.tolerate_missing_ts
	atf_check -s exit:64 -e inline:"yard: up: -P plan9: a personality is\
 freebsd, linux or illumos\n" yard up -P plan9 -- true
	atf_check -s exit:65 -e match:"^yard: up: .*compat.personality" \
	    yard up -P linux -s compat.personality=illumos -- true
	atf_check -s exit:65 -e match:"^yard: up: .*compat.personality" \
	    yard up -s compat.personality=plan9
}

atf_test_case refused
refused_head()
{
	atf_set descr "what is wrong, in one line"
}
refused_body()
{
	atf_check -s exit:64 -e inline:"yard: up: -s x: wants name=value\n" \
	    yard up -s x
	atf_check -s exit:64 -e inline:"yard: up: -i tap0: wants \
interface,address/length\n" yard up -i tap0
	atf_check -s exit:64 -e inline:"yard: up: -M 12: an MTU is a number \
from 72 to 65535\n" yard up -M 12
	atf_check -s exit:65 -e match:"^yard: up: .*nix.*unknown variable" \
	    yard up -s nix=1
	atf_check -s exit:65 -e match:"no such module" yard up -k nix
	atf_check -s exit:64 -e match:"^usage: yard up" yard up -Z
	atf_check -s exit:73 -e match:"^yard: up: control socket /nix/x: No \
such file" yard up -S /nix/x
}

atf_init_test_cases()
{
	atf_add_test_case command
	atf_add_test_case gone
	atf_add_test_case signals
	atf_add_test_case host
	atf_add_test_case personality
	atf_add_test_case refused
}
