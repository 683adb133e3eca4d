# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Tunables in Lua: what they set, what goes on, what is refused and stopped.

# lua FILE: standard input is the script.
lua()
{
	cat >"$1"
}

# fails MESSAGE: the script, on one line of standard input, is refused.
fails()
{
	cat >bad.lua
	atf_check -s exit:65 -e inline:"yard: up: $1\n" \
	    yard up -f bad.lua true
}

atf_test_case sets
sets_head()
{
	atf_set descr "assignments of every kind, includes, facts; -s comes last"
}
sets_body()
{
	mkdir sub
	lua a.lua <<-'EOF'
	sysctl["net.inet.tcp.sendspace"] = 65536
	sysctl["net.inet.tcp.recvspace"] = 2^17
	sysctl["net.inet.tcp.cc.algorithm"] = "newreno"
	sysctl["net.inet.tcp.rfc3042"] = false
	include("sub/b.lua")
	assert(host.name == "box" and host.cores >= 1 and host.memory > 0)
	assert(host.freememory() > 0 and #host.interfaces == 0)
	assert(sysctl["net.inet.tcp.sendspace"] == 65536)
	EOF
	lua sub/b.lua <<-'EOF'
	sysctl["net.inet.tcp.initcwnd_segments"] = 4
	sysctl["kern.ipc.maxsockets"] = "1234"
	EOF
	atf_check -o inline:"65536\n131072\nnewreno\n0\n5\n1234\n" \
	    yard up -n box -f a.lua -s net.inet.tcp.initcwnd_segments=5 -- \
	    sysctl -n net.inet.tcp.sendspace net.inet.tcp.recvspace \
	    net.inet.tcp.cc.algorithm net.inet.tcp.rfc3042 \
	    net.inet.tcp.initcwnd_segments kern.ipc.maxsockets
}

atf_test_case wrong
wrong_head()
{
	atf_set descr "errors name the file and the line"
}
wrong_body()
{
	printf '\n\nsysctl["nix.da"] = 1\n' | fails \
	    "bad.lua:3: sysctl: host host: nix.da=1: unknown variable"
	echo 'sysctl["net.inet.tcp.sendspace"] = "x"' | fails "bad.lua:1: \
sysctl: host host: net.inet.tcp.sendspace=x: not a value for it"
	echo 'sysctl["net.inet.tcp.cc.available"] = 1' | fails "bad.lua:1: \
sysctl: host host: net.inet.tcp.cc.available=1: read only, or to be set when \
the host is made"
	echo 'sysctl["net.inet.tcp.tso"] = 1.5' | fails \
	    "bad.lua:1: net.inet.tcp.tso: 1.5 is no whole number"
	echo 'sysctl["net.inet.tcp.tso"] = {}' | fails "bad.lua:1: \
net.inet.tcp.tso: a number, a string or a boolean is wanted, not a table"
	echo 'x = sysctl["net.inet.tcp.tso"]' | fails "bad.lua:1: \
net.inet.tcp.tso: it has no value before the host starts"
	echo 'x = nil + 1' | fails \
	    "bad.lua:1: attempt to perform arithmetic on a nil value"
	echo 'syntax error' | fails "bad.lua:1: syntax error near 'error'"
	echo 'every(0, print)' | fails "bad.lua:1: bad argument #1 to 'every' \
(an interval of 1 ms at least is wanted, such as \"10s\" or 0.5)"
	echo 'when("a", "!", 1, print)' | fails \
	    "bad.lua:1: bad argument #2 to 'when' (invalid option '!')"
	echo 'every(1, 2)' | fails "bad.lua:1: bad argument #2 to 'every' \
(function expected, got number)"
	atf_check -s exit:66 -e inline:"yard: up: nix.lua: No such file or \
directory\n" yard up -f nix.lua true
}

atf_test_case nothing
nothing_head()
{
	atf_set descr "a script that fails has set nothing: no host is made"
}
nothing_body()
{
	lua a.lua <<-'EOF'
	sysctl["net.inet.tcp.sendspace"] = 65536
	error("no")
	EOF
	atf_check -s exit:65 -e inline:"yard: up: a.lua:2: no\n" \
	    yard up -f a.lua -- touch ran
	[ ! -e ran ] || atf_fail "the command ran"
}

atf_test_case prison
prison_head()
{
	atf_set descr "no way out, and no way on"
}
prison_body()
{
	end="does not come to an end"
	for name in io os package debug coroutine; do
		echo "x = $name.x" | fails "bad.lua:1: attempt to index a \
nil value (global '$name')"
	done
	for name in load loadfile dofile require rawset collectgarbage; do
		echo "$name('x')" | fails "bad.lua:1: attempt to call a nil \
value (global '$name')"
	done
	for name in find match gmatch gsub dump; do
		echo "('x'):$name('x')" | fails "bad.lua:1: attempt to call \
a nil value (method '$name')"
	done
	echo 'while true do end' | fails "bad.lua:1: the script $end"
	echo 'while true do pcall(function() while true do end end) end' |
	    fails "bad.lua:1: the script $end"
	echo 'while true do pcall(string.rep, "x", 1e9) end' |
	    fails "bad.lua:1: the script $end"
	echo 'for i = 1, 1e9 do local s = string.rep("x", 1e7) end' |
	    fails "bad.lua:1: the script $end"
	echo 's = "x" while true do s = s .. s end' |
	    fails "bad.lua: not enough memory"
	echo 'setmetatable({}, { __gc = print })' |
	    fails "bad.lua:1: finalizers (__gc) are not allowed"
	echo 'getmetatable(sysctl).__index = nil' |
	    fails "bad.lua:1: attempt to index a boolean value"
	echo 'setmetatable(sysctl, {})' |
	    fails "bad.lua:1: cannot change a protected metatable"
}

atf_test_case includes
includes_head()
{
	atf_set descr "include() stays beneath the script's directory"
}
includes_body()
{
	mkdir in
	echo 'x = 1' >out.lua
	ln -s ../out.lua in/link.lua
	include()
	{
		echo "include('$1')" >in/a.lua
		atf_check -s exit:65 -e match:"$2" yard up -f in/a.lua true
	}
	include /etc/passwd "a name beneath the script's directory"
	include ../out.lua "outside of the script's directory"
	include link.lua "outside of the script's directory"
	include nix.lua "include: nix.lua: No such file"
	include a.lua "a.lua: 8 files deep"
}

atf_test_case live
live_head()
{
	atf_set descr "every() and when(); a failing function leaves nothing"
}
# Wait until the variable $1 is $2.
until_()
{
	i=0
	while [ "$(sysctl -n "$1")" != "$2" ]; do
		i=$((i + 1))
		[ $i -lt 1000 ] || atf_fail "$1 is $(sysctl -n "$1")"
	done
}
live_body()
{
	lua a.lua <<-'EOF'
	every("2ms", function()
		sysctl["net.inet.tcp.initcwnd_segments"] = 7
	end)
	when("net.inet.tcp.sendspace", ">", 70000, function(value)
		sysctl["net.inet.tcp.recvspace"] = value
	end, 0.002)
	when("net.inet.tcp.sendspace", "==", 5000, function()
		sysctl["net.inet.tcp.delacktime"] = 99
		sysctl["net.inet.tcp.rfc3042"] = 0
		sysctl["nix"] = 1
	end, 0.002)
	when("net.inet.tcp.sendspace", "==", 6000, function()
		while true do end
	end, 0.002)
	EOF
	mkfifo ready
	yard up -f a.lua >ready 2>err &
	pid=$!
	read -r line <ready
	STACKYARD=${line#STACKYARD=}
	export STACKYARD
	until_ net.inet.tcp.initcwnd_segments 7
	sysctl -q net.inet.tcp.initcwnd_segments=9
	until_ net.inet.tcp.initcwnd_segments 7
	sysctl net.inet.tcp.sendspace=80000
	until_ net.inet.tcp.recvspace 80000
	# Once, until it was false in between.
	sysctl net.inet.tcp.recvspace=65536
	sysctl net.inet.tcp.initcwnd_segments=9
	until_ net.inet.tcp.initcwnd_segments 7
	until_ net.inet.tcp.recvspace 65536
	sysctl net.inet.tcp.sendspace=5000
	i=0
	while ! grep -q nix err; do
		i=$((i + 1))
		[ $i -lt 1000 ] || atf_fail "it did not fail"
		sysctl -q net.inet.tcp.tso
	done
	atf_check -o inline:"40\n1\n" sysctl -n net.inet.tcp.delacktime \
	    net.inet.tcp.rfc3042
	sysctl net.inet.tcp.sendspace=6000
	until_ net.inet.tcp.sendspace 6000
	i=0
	while ! grep -q end err; do
		i=$((i + 1))
		[ $i -lt 1000 ] || atf_fail "it was not stopped"
		sysctl -q net.inet.tcp.tso
	done
	kill $pid
	wait $pid
	atf_check -o inline:"yard: up: a.lua:10: nix: unknown variable (it is \
not called again)\nyard: up: a.lua:13: the function does not come to an end \
(it is not called again)\n" cat err
}

atf_test_case examples
examples_head()
{
	atf_set descr "the scripts that come along work"
}
examples_body()
{
	dir=$STACKYARD_SRC/share/examples/tunables
	for f in "$dir"/*.lua; do
		atf_check -o ignore yard up -f "$f" true
	done
	atf_check -o inline:"newreno\n80\n20\n" yard up \
	    -f "$dir/lossy-path.lua" -- sysctl -n net.inet.tcp.cc.algorithm \
	    net.inet.tcp.cc.newreno.beta net.inet.tcp.initcwnd_segments
	atf_check -o inline:"134217728\n" yard up \
	    -f "$dir/recvbuf-by-memory.lua" -- sysctl -n kern.ipc.maxsockbuf
	atf_check -o inline:"5000\n" yard up -f "$dir/server.lua" -- \
	    sysctl -n net.inet.tcp.msl
}

atf_init_test_cases()
{
	atf_add_test_case sets
	atf_add_test_case wrong
	atf_add_test_case nothing
	atf_add_test_case prison
	atf_add_test_case includes
	atf_add_test_case live
	atf_add_test_case examples
}
