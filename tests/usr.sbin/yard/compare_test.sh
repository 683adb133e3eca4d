# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# yard compare: each alone, then together; the scenarios that it writes.

atf_test_case compares
compares_head()
{
	atf_set require.progs "gnuplot python3"
}
compares_body()
{
	atf_check -o save:out yard compare -t 4 freebsd/newreno freebsd/cubic
	for t in '^1-freebsd-newreno: 4 s' '^2-freebsd-cubic: 4 s' \
	    '^together: 4 s' "^Jain's index" '^yard-compare-1/$'; do
		atf_check -o ignore grep -e "$t" out
	done
	atf_check -o inline:".yard
1-freebsd-newreno
2-freebsd-cubic
compare.lua
plot.gp
plot.svg
table.json
together
" ls -A yard-compare-1
	atf_check -o inline:"capture.pcapng
flow1.csv
flow2.csv
queue1.csv
scenario.lua
" ls -A yard-compare-1/together
	atf_check python3 -c '
import json
j = json.load(open("yard-compare-1/table.json"))
assert [len(r["flows"]) for r in j["runs"]] == [1, 1, 2]
assert j["runs"][1]["flows"][0]["cc"] == "cubic"
assert j["runs"][2]["directory"] == "together"
assert all(r["bottlenecks"][0]["used_share"] > 0.5 for r in j["runs"])
'
	# Again into the same place, and one pair alone.
	atf_check -o not-match:together yard compare -t 1 freebsd/cubic
	atf_check -o inline:"1-freebsd-cubic\n" \
	    find yard-compare-1 -mindepth 1 -type d -printf '%f\n'
}

atf_test_case scenario
scenario_head()
{
	atf_set descr "what it writes is what it runs, and runs again"
}
scenario_body()
{
	args="-t 3 -S 7 -s 20Mbit/s,5ms,64packets,loss=0.1%,ecn=30packets"
	atf_check -o save:n.lua yard compare -n $args freebsd/newreno freebsd/cubic
	cat >expected <<-'EOF'
	seed = 7
	duration = 3
	sysctl = {
	  ["net.inet.tcp.ecn.enable"] = 1,
	}
	link { "sender", "receiver",
	  rate = "20Mbit/s", delay = "5ms",
	  queue = "64packets", ecn = "30packets",
	  loss = "0.1%", reverse = { loss = 0 } }
	flow { from = "sender", to = "receiver",
	  block = "freebsd", cc = "newreno",
	  label = "freebsd/newreno" }
	flow { from = "sender", to = "receiver",
	  block = "freebsd", cc = "cubic",
	  label = "freebsd/cubic" }
	EOF
	atf_check cmp expected n.lua
	args="-t 3 -S 7 -s 20Mbit/s,5ms,64packets,loss=0.1%"
	atf_check -o save:n.lua yard compare -n $args freebsd/newreno freebsd/cubic
	atf_check -o ignore yard compare -o out $args freebsd/newreno freebsd/cubic
	atf_check cmp n.lua out/compare.lua
	atf_check -o ignore yard run -o again out/compare.lua
	for f in flow1.csv flow2.csv queue1.csv; do
		atf_check cmp out/together/$f again/$f
	done
	atf_check -o ignore yard run -o alone out/1-freebsd-newreno/scenario.lua
	atf_check cmp out/1-freebsd-newreno/flow1.csv alone/flow1.csv
}

atf_test_case buffers
buffers_head()
{
	atf_set descr "buffers may hold what a large path does"
}
buffers_body()
{
	atf_check -o not-match:sysctl yard compare -n freebsd/cubic
	atf_check -o match:'"kern.ipc.maxsockbuf"\] = 100000000,' \
	    yard compare -n -s 1Gbit/s,100ms,1bdp freebsd/cubic
}

atf_test_case module
module_head()
{
	atf_set descr "a module that is loaded, without captures"
}
module_body()
{
	atf_check -o match:'freebsd  example' yard compare -C -t 2 \
	    -k "$STACKYARD_BUILD/lib/stackyard/cc_example.so" freebsd/example
	test ! -e yard-compare-1/1-freebsd-example/capture.pcapng ||
	    atf_fail "there is a capture"
}

atf_test_case errors
errors_body()
{
	says()
	{
		status=$1
		message=$2
		shift 2
		atf_check -s exit:$status -e inline:"yard: $message\n" \
		    yard compare "$@"
		test ! -e yard-compare-1 || atf_fail "something is left"
	}
	says 64 '"cubic" is not BLOCK/CC (as in freebsd/cubic)' cubic
	says 64 '"a/b/c" is not BLOCK/CC (as in freebsd/cubic)' a/b/c
	says 64 '-s: "100Mbit/s" is not RATE,DELAY,QUEUE (as in 100Mbit/s,20ms,1bdp)' \
	    -s 100Mbit/s a/b
	says 64 '-s: "100Mb" is not a rate (as in 100Mbit/s)' \
	    -s 100Mb,20ms,1bdp a/b
	says 64 '-s: "20" is not a time (as in 20ms)' -s 1Mbit/s,20,1bdp a/b
	says 64 '-s: "1bdb" is not a queue size (as in 1bdp, 100packets or 64KB)' \
	    -s 1Mbit/s,20ms,1bdb a/b
	says 64 '-s: "delay=3" is neither loss= nor ecn=' \
	    -s 1Mbit/s,20ms,1bdp,delay=3 a/b
	says 64 '-t: "0" is not a number of seconds' -t 0 a/b
	atf_check -s exit:65 -e match:'^yard: compare:.*: no "nosuch" here' \
	    yard compare nosuch/cubic
	atf_check -s exit:65 -e match:'no "nosuch" here' \
	    yard compare -t 1 freebsd/cubic freebsd/nosuch
	test ! -e yard-compare-1 || atf_fail "something is left"
}

atf_init_test_cases()
{
	atf_add_test_case compares
	atf_add_test_case scenario
	atf_add_test_case buffers
	atf_add_test_case module
	atf_add_test_case errors
}
