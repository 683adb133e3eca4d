# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# yard run: what flows do, and that it is the same each time.

# value FILE EXPRESSION: of the JSON j.
value()
{
	python3 -c 'import json, sys
j = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$1" "$2"
}

# holds FILE CONDITION
holds()
{
	atf_check_equal "$2: True" "$2: $(value "$1" "$2")"
}

atf_test_case fills
fills_head()
{
	atf_set descr "one cubic flow fills its link; the figures agree"
}
fills_body()
{
	cat >one.lua <<-'EOF'
	duration = 30
	warmup = 10
	capture = false
	link { "a", "b", rate = "100Mbit/s", delay = "20ms", queue = "1bdp" }
	flow { from = "a", to = "b", block = "freebsd", cc = "cubic" }
	EOF
	atf_check -o save:out yard run one.lua
	atf_check_equal yard-one-1/ "$(tail -1 out)"
	j=yard-one-1/table.json
	holds $j 'j["bottlenecks"][0]["used_share"] >= 0.95'
	# 1448 bytes of each 1514 are the program's.
	holds $j '92 < j["flows"][0]["goodput_mbps"] < 95.7'
	holds $j '40 <= j["flows"][0]["rtt_min_ms"] < 41'
	holds $j '40 <= j["flows"][0]["rtt_median_ms"] <= j["flows"][0]["rtt_p95_ms"] <= 82'
	holds $j 'j["flows"][0]["completion_s"] is None'
	holds $j 'j["simulated_s"] == 30 and j["jain_index"] == 1'
	# The last row of the samples is the end of the run.
	holds $j 'open("yard-one-1/flow1.csv").read().split("\n")[-2].split(",")[6] == str(j["flows"][0]["received_bytes"])'
}

atf_test_case shares
shares_head()
{
	atf_set descr "ten flows share a link"
}
shares_body()
{
	cat >ten.lua <<-'EOF'
	duration = 60
	warmup = 10
	capture = false
	link { "a", "b", rate = "100Mbit/s", delay = "20ms", queue = "1bdp" }
	flow { from = "a", to = "b", cc = "cubic", count = 10,
	    stagger = "100ms" }
	EOF
	atf_check -o match:"Jain's index 0\.[89]" yard run -o out ten.lua
	holds out/table.json 'len(j["flows"]) == 10'
	holds out/table.json 'j["bottlenecks"][0]["used_share"] > 0.95'
	holds out/table.json 'j["flows"][9]["start_s"] == 0.9'
}

atf_test_case repeats
repeats_head()
{
	atf_set descr "same file and seed, same bytes; another seed, others"
}
repeats_body()
{
	cat >r.lua <<-'EOF'
	duration = 5
	link { "a", "b", rate = "20Mbit/s", delay = "10ms", loss = "1%",
	    jitter = "2ms", jitter_reorder = true, duplicate = "0.1%" }
	link { "b", "c", rate = "10Mbit/s", delay = "5ms", corrupt = "0.1%" }
	flow { from = "a", to = "c", cc = "cubic", count = 2 }
	flow { from = "c", to = "a", cc = "newreno", ipv6 = true,
	    pattern = { request = 500, response = "20KB", think = "50ms" } }
	EOF
	atf_check -o save:out1 yard run -o one r.lua
	atf_check -o save:out2 yard run -o two r.lua
	for f in one/*; do
		atf_check cmp $f two/${f#one/}
	done
	atf_check sed -i '$d' out1 out2
	atf_check cmp out1 out2
	atf_check -o ignore yard run -S 2 -o three r.lua
	for f in capture.pcapng flow1.csv flow2.csv flow3.csv; do
		atf_check -s exit:1 -o ignore cmp one/$f three/$f
	done
	atf_check_equal 2 "$(value three/table.json 'j["seed"]')"
}

atf_test_case verify
verify_head()
{
	atf_set descr "every byte arrives over a path that does all it can"
}
verify_body()
{
	cat >v.lua <<-'EOF'
	duration = 300
	capture = false
	link { "a", "b", rate = "20Mbit/s", delay = "5ms", loss = "2%",
	    jitter = "5ms", jitter_reorder = true, reorder = "1%",
	    duplicate = "1%", corrupt = "1%" }
	flow { from = "a", to = "b", bytes = "2MB", verify = true }
	flow { from = "b", to = "a", bytes = "2MB", verify = true,
	    ipv6 = true }
	flow { from = "a", to = "b", verify = true,
	    pattern = { request = "10KB", response = "30KB", times = 20 } }
	EOF
	atf_check -o ignore yard run -o out v.lua
	holds out/table.json 'all(f["state"] == "done" for f in j["flows"])'
	holds out/table.json 'j["flows"][0]["received_bytes"] == 2000000'
	holds out/table.json 'j["flows"][1]["received_bytes"] == 2000000'
	holds out/table.json 'j["flows"][2]["received_bytes"] == 600000'
	holds out/table.json 'j["flows"][2]["exchanges"] == 20'
	holds out/table.json 'j["bottlenecks"][0]["corrupted_packets"] > 0'
	holds out/table.json 'j["simulated_s"] < 300'
}

atf_test_case programs
programs_head()
{
	atf_set descr "rates, on and off, seconds, requests"
}
programs_body()
{
	cat >p.lua <<-'EOF'
	duration = 20
	capture = false
	link { "a", "b", rate = "100Mbit/s", delay = "10ms" }
	flow { from = "a", to = "b", rate = "5Mbit/s" }
	flow { from = "a", to = "b", rate = "8Mbit/s", bytes = "1MB" }
	flow { from = "a", to = "b", rate = "8Mbit/s",
	    pattern = { on = "1s", off = "1s" } }
	flow { from = "a", to = "b", seconds = 3, rate = "1Mbit/s" }
	flow { from = "a", to = "b", start = 2,
	    pattern = { request = 100, response = 1000, think = "80ms" } }
	EOF
	atf_check -o match:'exchanges, median' yard run -o out p.lua
	j=out/table.json
	holds $j '4.9 < j["flows"][0]["goodput_mbps"] < 5.1'
	holds $j '1.0 < j["flows"][1]["completion_s"] < 1.2'
	holds $j '3.9 < j["flows"][2]["goodput_mbps"] < 4.3'
	holds $j '3.0 < j["flows"][3]["completion_s"] < 3.2'
	holds $j '350000 < j["flows"][3]["received_bytes"] < 380000'
	# An exchange takes a round trip of 20 ms and 80 ms of thought.
	holds $j '175 < j["flows"][4]["exchanges"] <= 180'
	holds $j '20 <= j["flows"][4]["response_median_ms"] < 21'
}

atf_test_case routes
routes_head()
{
	atf_set descr "packets find their way through a ring and a tree"
}
routes_body()
{
	cat >t.lua <<-'EOF'
	duration = 10
	for i = 1, 6 do
		link { "r" .. i, "r" .. i % 6 + 1, delay = "1ms" }
		link { "r" .. i, "h" .. i, delay = "1ms" }
	end
	for i = 1, 6 do
		for j = 1, 6 do
			if i ~= j then
				flow { from = "h" .. i, to = "h" .. j,
				    bytes = "10KB", ipv6 = j % 2 == 0 }
			end
		end
	end
	capture = { at = { "r1" } }
	EOF
	atf_check -o ignore yard run -o out t.lua
	holds out/table.json 'len(j["flows"]) == 30'
	holds out/table.json 'all(f["received_bytes"] == 10000 for f in j["flows"])'
	# h1 and h4 are three links of the ring apart, and two to get on it.
	holds out/table.json 'all(10 <= f["rtt_min_ms"] < 11 for f in j["flows"] if f["from"] + f["to"] == "h1h4")'
}

atf_test_case options
options_head()
{
	atf_set descr "socket options and variables reach the packets"
}
options_body()
{
	cat >o.lua <<-'EOF'
	sysctl = { ["net.inet.tcp.sack.enable"] = 0 }
	link { "a", "b", delay = "1ms" }
	flow { from = "a", to = "b", bytes = "20KB",
	    options = { mss = 500, tos = 16, ttl = 3, nodelay = true,
	    sndbuf = "10KB", rcvbuf = "8KB", keepidle = "60s" } }
	EOF
	atf_check -o ignore yard run -o out o.lua
	tcpdump -nnvr out/capture.pcapng 'tcp and dst port 5001' \
	    >dump 2>/dev/null
	atf_check -o match:'tos 0x10, ttl 3' head -1 dump
	atf_check -o match:'mss 500' -o not-match:sackOK sed -n 2p dump
	atf_check -s exit:1 grep -E 'length (50[1-9]|5[1-9][0-9]|[0-9]{4})$' dump
	holds out/table.json 'j["variables"]["all"] == {"net.inet.tcp.sack.enable": "0"}'
	holds out/table.json 'j["flows"][0]["received_bytes"] == 20000'
}

atf_test_case fails
fails_head()
{
	atf_set descr "a flow that fails: results, and status 1"
}
fails_body()
{
	cat >f.lua <<-'EOF'
	duration = 600
	link { "a", "b", delay = "1ms", loss = 1 }
	link { "a", "c", delay = "1ms" }
	flow { from = "a", to = "b" }
	flow { from = "a", to = "c", bytes = 1000 }
	EOF
	atf_check -s exit:1 -o match:'failed: ' yard run -o out f.lua
	holds out/table.json 'j["flows"][0]["state"] == "failed"'
	holds out/table.json 'len(j["flows"][0]["error"]) > 0'
	holds out/table.json 'j["flows"][1]["state"] == "done"'
}

atf_test_case examples
examples_head()
{
	atf_set descr "the scenarios under share/examples, if shorter"
}
examples_body()
{
	for f in "$STACKYARD_SRC"/share/examples/scenarios/*.lua; do
		sed -e 's/^duration = .*/duration = 25/' \
		    -e 's/^warmup = .*/warmup = 1/' \
		    -e '1i capture = false' $f >${f##*/}
		atf_check -o match:'^yard-' yard run ${f##*/}
	done
}

# Flow 1 of ecn.lua has no ECN, 2 classic, 3 accurate, 4 with ABE.
atf_test_case marks
marks_head()
{
	atf_set descr "marking queues instead of drops: ecn.lua"
}
marks_body()
{
	sed -e '1i capture = false' -e 's/^duration = .*/duration = 10/' \
	    "$STACKYARD_SRC"/share/examples/scenarios/ecn.lua >f.lua
	atf_check -o match:' dropped, [1-9][0-9]* marked' yard run -o out f.lua
	holds out/table.json 'j["flows"][0]["marked_segments"] is None'
	holds out/table.json 'j["bottlenecks"][0]["marked_packets"] == 0'
	holds out/table.json 'j["bottlenecks"][0]["dropped_packets"] > 0'
	for i in 1 2 3; do
		holds out/table.json \
		    "j['bottlenecks'][$i]['marked_packets'] > 0"
		holds out/table.json \
		    "j['bottlenecks'][$i]['dropped_packets'] == 0"
		holds out/table.json "j['flows'][$i]['marked_segments'] > 0"
		holds out/table.json \
		    "j['bottlenecks'][$i]['queue_mean_packets'] < 30"
	done
	# Accurate ECN tells each mark, but for those still on their way.
	holds out/table.json \
	    '0 <= j["bottlenecks"][2]["marked_packets"] - \
	    j["flows"][2]["marked_segments"] <= 5'
	# A smaller reduction keeps the path fuller.
	holds out/table.json \
	    'j["flows"][3]["goodput_mbps"] > j["flows"][1]["goodput_mbps"]'
}

atf_init_test_cases()
{
	atf_add_test_case marks
	atf_add_test_case fills
	atf_add_test_case shares
	atf_add_test_case repeats
	atf_add_test_case verify
	atf_add_test_case programs
	atf_add_test_case routes
	atf_add_test_case options
	atf_add_test_case fails
	atf_add_test_case examples
}
