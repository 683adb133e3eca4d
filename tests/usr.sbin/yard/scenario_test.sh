# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Reading scenarios: what is wrong is told in one exact line, with its place.

# What is here, but for atf-check's own files.
here()
{
	ls -A | grep -v -e '^check[.]' -e '^atf-check[.]'
}

# says TEXT ERROR: the scenario is refused with that line, and leaves nothing.
says()
{
	printf '%s\n' "$1" >s.lua
	atf_check -s exit:65 -e inline:"yard: $2\n" yard run s.lua
	atf_check_equal s.lua "$(here)"
}

atf_test_case units
units_body()
{
	says 'link { "a", "b", rate = "100Mbits" }' \
	    's.lua:1: link: rate: "100Mbits" is not a rate (as in 100Mbit/s)'
	says 'link { "a", "b", rate = 100 }' \
	    's.lua:1: link: rate: 100 is not a rate (as in 100Mbit/s)'
	says 'link { "a", "b", delay = "20" }' \
	    's.lua:1: link: delay: "20" is not a time (as in 20ms)'
	says 'link { "a", "b", loss = "1.5" }' \
	    's.lua:1: link: loss: "1.5" is not a share (as in 1% or 0.01)'
	says 'link { "a", "b", loss = 2 }' \
	    's.lua:1: link: loss: 2 is not a share (as in 1% or 0.01)'
	says 'link { "a", "b", queue = "5 packets" }' \
	    's.lua:1: link: queue: "5 packets" is not a queue size (as in 1bdp, 100packets or 64KB)'
	says 'link { "a", "b", mtu = 70000 }' \
	    's.lua:1: link: mtu: 70000 is too large'
	says 'link { "a", "b", jitter_reorder = 1 }' \
	    's.lua:1: link: jitter_reorder: 1 is neither true nor false'
	says 'link { "a", "b", delay = {} }' \
	    's.lua:1: link: delay: a table is not a time (as in 20ms)'
	says 'flow { from = "a", to = "b", bytes = "10mb" }' \
	    's.lua:1: flow: bytes: "10mb" is not a size (as in 100KB)'
	says 'flow { from = "a", to = "b", count = 0 }' \
	    's.lua:1: flow: count: 0 is not from 1 to 50000'
	says 'duration = "0s"' 's.lua:1: duration: "0s" is too small'
	says 'seed = -1' 's.lua:1: seed: -1 is not a whole number'
}

atf_test_case keys
keys_body()
{
	says 'duratoin = 3' \
	    "s.lua:1: duratoin: no such key; is duration meant? (a variable of one's own begins with local)"
	says 'velocity = 3' \
	    "s.lua:1: velocity: no such key (a variable of one's own begins with local)"
	says 'link { "a", "b", delya = "1ms" }' \
	    's.lua:1: link: delya: no such key; is delay meant?'
	says 'link { "a", "b", reverse = { mtu = 9000 } }' \
	    's.lua:1: link: reverse: mtu: no such key'
	says 'link { "a", "b", "c" }' \
	    's.lua:1: link: "c" is there without a key'
	says 'link { "a" }' \
	    's.lua:1: link: joins two hosts (as in link { "a", "b" })'
	says 'link { "a", "a" }' 's.lua:1: link: both ends are the same host'
	says 'link "a"' 's.lua:1: link: "a" is not a table'
	says 'link { "a", "b b" }' \
	    "s.lua:1: link: \"b b\" is not a host's name (letters, digits, _, . and -; 31 at most)"
	says 'host(3)' \
	    's.lua:1: host: 3 is not a name (as in host "a" { })'
	says 'host "a" { sysctls = {} }' \
	    's.lua:1: host: sysctls: no such key; is sysctl meant?'
	says 'host "a" { sysctl = { 1 } }' \
	    's.lua:1: sysctl: 1 stands there without the name of a variable'
	says 'flow { from = "a" }' 's.lua:1: flow: needs both from and to'
	says 'flow { from = "a", to = "b", options = { nodelya = true } }' \
	    's.lua:1: flow: options: nodelya: no such key; is nodelay meant?'
	says 'flow { from = "a", to = "b", pattern = { on = 1 } }' \
	    's.lua:1: flow: pattern: needs either request and response or on and off'
	says 'link { "a", "b", gilbert = { enter = 0.1 } }' \
	    's.lua:1: link: gilbert: needs both enter and leave'
	says 'capture = 3' \
	    's.lua:1: capture: 3 is neither true, false nor a table'
}

atf_test_case places
places_head()
{
	atf_set descr "the line of the key, not of the statement"
}
places_body()
{
	says 'link { "a", "b",
  -- rate = "1x",
  label = nil, delay = "1ms",
  rate = "1x",
}' 's.lua:4: link: rate: "1x" is not a rate (as in 100Mbit/s)'
	says 'link { "a", "b", delay = "1ms",
  reverse = {
    delay = "1x" } }' \
	    's.lua:3: link: reverse: delay: "1x" is not a time (as in 20ms)'
	says 'link { "a", "b" } flow { from = "a", to = "b" }
flow { from = "a",
  to = "bb" }' 's.lua:3: flow: to: no host "bb"; is "b" meant?'
	says 'host "a" {
  sysctl = {
    ["net.inet.no.such"] = 1 } }
link { "a", "b" }
flow { from = "a", to = "b" }' \
	    's.lua:3: sysctl: net.inet.no.such=1: unknown variable (host "a")'
	says 'local rate = "1x"
local function make(to)
  link { "a", to, rate = rate }
end
make "b"' 's.lua:3: link: rate: "1x" is not a rate (as in 100Mbit/s)'
}

atf_test_case whole
whole_head()
{
	atf_set descr "errors of the whole scenario"
}
whole_body()
{
	says '' 's.lua: no flow, so nothing to run'
	says 'flow { from = "x", to = "y" }' \
	    's.lua:1: flow: from: no host "x"'
	says 'link { "a", "b" } link { "c", "d" }
flow { from = "a", to = "d" }' 's.lua:2: flow: no way from a to d'
	says 'link { "a", "b" } flow { from = "a", to = "a" }' \
	    's.lua:1: flow: from and to are the same host'
	says 'duration = 5 link { "a", "b" }
flow { from = "a", to = "b",
 start = "5s" }' 's.lua:3: flow: start: after the end (duration)'
	says 'link { "a", "b" } flow { from = "a", to = "b" }
warmup = 40' 's.lua: warmup: not shorter than duration'
	says 'link { "a", "b", queue = "1bdp" } flow { from = "a", to = "b" }' \
	    's.lua:1: link: queue: a part of the bandwidth-delay product is nothing without both rate and delay (or rtt)'
	says 'capture = { at = { "z" } }
link { "a", "b" } flow { from = "a", to = "b" }' \
	    's.lua: capture: at: no host "z"'
	says 'title = "../x" link { "a", "b" } flow { from = "a", to = "b" }' \
	    "s.lua: title: \"../x\" cannot be part of a directory's name"
}

atf_test_case choices
choices_head()
{
	atf_set descr "an unknown block or module: those there are"
}
choices_body()
{
	echo 'link { "a", "b" }
flow { from = "a", to = "b",
  cc = "cubik" }' >s.lua
	atf_check -s exit:65 \
	    -e match:'^yard: s.lua:3: flow: cc: no "cubik" here \(there is .*newreno' \
	    yard run s.lua
	sed 's/cc =/block =/' s.lua >b.lua
	atf_check -s exit:65 \
	    -e match:'^yard: b.lua:3: flow: block: no "cubik" here \(there is .*freebsd' \
	    yard run b.lua
	echo 'modules = { "./none.so" }' | cat - s.lua >m.lua
	atf_check -s exit:65 -e match:'^yard: m.lua:1: modules: .*./none.so' \
	    yard run m.lua
	atf_check -s exit:65 -e match:'^yard: -k: .*./none.so' \
	    yard run -k ./none.so s.lua
	atf_check_equal "b.lua m.lua s.lua" "$(here | xargs)"
}

atf_test_case lua
lua_head()
{
	atf_set descr "Lua's own errors; the sandbox"
}
lua_body()
{
	says 'x x' "s.lua:1: syntax error near 'x'"
	says 'local t = nil .. "a"' \
	    's.lua:1: attempt to concatenate a nil value'
	says 'error({})' 's.lua: error without a message'
	says 'error("first\nsecond")' 's.lua:1: first'
	says 'error("a\27[31mb", 0)' 's.lua: a?[31mb'
	says 'while true do end' 's.lua:1: the scenario does not come to an end'
	says 'local s = ("x"):rep(1 << 30)' 's.lua: not enough memory'
	for f in io os debug package require dofile loadfile load next; do
		says "assert($f == nil) link { 1, 2 }" \
		    's.lua:1: link: joins two hosts (as in link { "a", "b" })'
	done
	says 'assert(string.dump == nil) math.randomseed()' \
	    "s.lua:1: bad argument #1 to 'randomseed' (number expected, got no value)"
	printf 'x\0y' >s.lua
	atf_check -s exit:65 -e inline:"yard: s.lua: not a text\n" \
	    yard run s.lua
	atf_check -s exit:66 -e inline:"yard: none.lua: No such file or directory\n" \
	    yard run none.lua
	atf_check -s exit:66 -e inline:"yard: .: Is a directory\n" yard run .
}

atf_test_case order
order_head()
{
	atf_set descr "pairs and math.random are the same in every run"
}
order_body()
{
	cat >s.lua <<-'EOF'
	local t = { 30, 10, b = 1, a = 2, zz = 3, [1.5] = 4 }
	local s = ""
	for k, v in pairs(t) do s = s .. k .. "=" .. v .. " " end
	print(s, math.random(1000000) == math.random(1000000))
	print(math.random(1000000))
	EOF
	yard run s.lua 2>one
	for i in 1 2 3 4 5 6 7 8; do
		yard run s.lua 2>two
		atf_check cmp one two
	done
	atf_check -o inline:"1=30 1.5=4 2=10 a=2 b=1 zz=3 \tfalse\n" head -1 one
}

atf_test_case usage
usage_body()
{
	atf_check -s exit:64 -e match:'^usage: yard ' yard
	atf_check -s exit:64 -e match:'^usage: yard run ' yard run
	atf_check -s exit:64 -e match:'usage: yard run ' yard run -x a.lua
	atf_check -s exit:64 -e match:'^usage: yard compare ' yard compare
	atf_check -s exit:1 -e match:'^usage: yard nc ' yard nc
	atf_check -s exit:64 \
	    -e inline:'yard: no command "rum"; is run meant?\n' yard rum
	atf_check -s exit:64 -e \
	    inline:'yard: no command "frobnicate" (yard help lists them)\n' \
	    yard frobnicate
	atf_check -s exit:64 -e match:'no command "../bin/yard"' \
	    yard ../bin/yard
	atf_check -s exit:64 -e inline:'yard: -S: "x" is not a whole number\n' \
	    yard compare -S x a/b
	atf_check -o match:'compare' yard help
	atf_check -o match:'compare' yard --help
	atf_check -o match:'^Stackyard [0-9]' yard version
	atf_check -o match:'^Stackyard [0-9]' yard --version
}

atf_init_test_cases()
{
	atf_add_test_case units
	atf_add_test_case keys
	atf_add_test_case places
	atf_add_test_case whole
	atf_add_test_case choices
	atf_add_test_case lua
	atf_add_test_case order
	atf_add_test_case usage
}
