# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# The directory of results: what is in it, and that it is whole or not there.

# What is here, but for atf-check's own files.
here()
{
	ls -A | grep -v -e '^check[.]' -e '^atf-check[.]' | xargs
}

scenario()
{
	cat >s.lua <<-EOF
	duration = ${1:-2}
	link { "a", "b", rate = "10Mbit/s", delay = "10ms", queue = "1bdp" }
	flow { from = "a", to = "b", cc = "cubic", label = 'a "label" \\\\' }
	EOF
}

atf_test_case files
files_head()
{
	atf_set descr "every file is there and well formed"
	atf_set require.progs "gnuplot python3 tcpdump"
}
files_body()
{
	scenario
	atf_check -o match:'^yard-s-1/$' yard run s.lua
	atf_check -o inline:".yard
capture.pcapng
flow1.csv
plot.gp
plot.svg
queue1.csv
scenario.lua
table.json
" ls -A yard-s-1
	cd yard-s-1
	atf_check cmp scenario.lua ../s.lua
	atf_check python3 -c '
import csv, json, xml.dom.minidom
j = json.load(open("table.json"))
assert j["version"].startswith("Stackyard ")
assert j["scenario"] == "s" and j["seed"] == 1
assert j["flows"][0]["label"] == "a \"label\" \\"
for name, columns in (("flow1.csv", 8), ("queue1.csv", 8)):
	rows = list(csv.reader(open(name)))
	assert rows[0][0] == "time_s"
	assert all(len(r) == columns for r in rows)
	times = [float(r[0]) for r in rows[1:]]
	assert times == sorted(times) and 0 <= times[0] and times[-1] == 2
	assert abs(len(times) - 200) < 10
	for r in rows[1:]:
		[float(x) for x in r if x != ""]
svg = xml.dom.minidom.parse("plot.svg")
text = "".join(n.data for t in svg.getElementsByTagName("text")
    for n in t.childNodes if n.nodeType == n.TEXT_NODE)
for word in ("cwnd", "RTT", "goodput", "queue", "10Mbit/s"):
	assert word in open("plot.svg").read(), word
'
	tcpdump -nr capture.pcapng >../dump 2>/dev/null
	atf_check -o match:'Flags \[S\]' -o match:'mss 1460' cat ../dump
	atf_check -e ignore gnuplot plot.gp
}

atf_test_case png
png_head()
{
	atf_set require.progs gnuplot
}
png_body()
{
	scenario
	atf_check -o ignore yard run -p -o out s.lua
	test "$(head -c 4 out/plot.png | tail -c 3)" = PNG ||
	    atf_fail "plot.png is no PNG"
	test ! -e out/plot.svg || atf_fail "plot.svg as well"
}

atf_test_case no_gnuplot
no_gnuplot_head()
{
	atf_set descr "without gnuplot: a line, the rest, and success"
}
no_gnuplot_body()
{
	scenario
	yard=$(command -v yard)
	atf_check -o ignore -e inline:'yard: no gnuplot here, so no plot: plot.gp and the .csv files are what it needs\n' \
	    env PATH=/nonexistent "$yard" run s.lua
	test -f yard-s-1/plot.gp && test -f yard-s-1/flow1.csv ||
	    atf_fail "plot.gp or flow1.csv is missing"
	test ! -e yard-s-1/plot.svg || atf_fail "there is a plot"
}

atf_test_case foreign
foreign_head()
{
	atf_set descr "a directory of somebody else is left alone"
}
foreign_body()
{
	scenario
	mkdir out
	echo mine >out/notes
	atf_check -s exit:73 -e inline:'yard: out: a directory that yard did not make (-f writes to it all the same)\n' \
	    yard run -o out s.lua
	atf_check -o inline:"notes\n" ls -A out
	atf_check -o ignore yard run -f -o out s.lua
	atf_check -o inline:"mine\n" cat out/notes
	test -f out/table.json || atf_fail "no results"
	echo x >file
	atf_check -s exit:73 -e inline:'yard: file: not a directory\n' \
	    yard run -o file s.lua
	atf_check -s exit:73 -e match:'^yard: none/x.tmp: ' \
	    yard run -o none/x s.lua
	mkdir theirs.tmp
	atf_check -s exit:73 -e inline:'yard: theirs.tmp: File exists\n' \
	    yard run -o theirs s.lua
}

atf_test_case again
again_head()
{
	atf_set descr "results are replaced, notes among them stay"
}
again_body()
{
	scenario
	atf_check -o ignore yard run -o out s.lua
	echo mine >out/notes
	sed -i 's/^flow.*/&\n&/' s.lua
	atf_check -o ignore yard run -o out/ s.lua
	atf_check -o inline:"mine\n" cat out/notes
	atf_check cmp out/scenario.lua s.lua
	test -f out/flow2.csv || atf_fail "no second flow"
	sed -i '$d' s.lua
	atf_check -o ignore yard run -o out s.lua
	test ! -e out/flow2.csv || atf_fail "the second flow is left"
	atf_check_equal "out s.lua" "$(here)"
}

atf_test_case signal
signal_head()
{
	atf_set descr "a run that is ended leaves nothing, old results stay"
}
signal_body()
{
	scenario
	atf_check -o ignore yard run -o out s.lua
	cp -R out before
	scenario 2000000
	for sig in INT TERM HUP; do
		sh -c 'trap - INT; exec yard run -o out s.lua' &
		pid=$!
		until [ -s out.tmp/scenario.lua ]; do
			kill -0 $pid || atf_fail "it ended by itself"
			sleep 0.1
		done
		atf_check -s exit:73 \
		    -e inline:'yard: out: another yard is writing to it\n' \
		    yard run -o out s.lua
		kill -$sig $pid
		wait $pid
		status=$?
		test $status -gt 128 || atf_fail "status $status after $sig"
		atf_check diff -r out before
		test ! -e out.tmp || atf_fail "out.tmp is left after $sig"
	done
}

atf_test_case killed
killed_head()
{
	atf_set descr "what a killed run left is taken over"
}
killed_body()
{
	scenario 2000000
	yard run -o out s.lua &
	pid=$!
	until [ -s out.tmp/scenario.lua ]; do
		kill -0 $pid || atf_fail "it ended by itself"
		sleep 0.1
	done
	kill -KILL $pid
	wait $pid
	scenario
	atf_check -o ignore yard run -o out s.lua
	atf_check_equal "out s.lua" "$(here)"
}

atf_test_case full
full_head()
{
	atf_set descr "a disk that is full is an error, not a short file"
	atf_set require.user root
}
full_body()
{
	scenario 20
	yard=$(command -v yard)
	command -v unshare >/dev/null || atf_skip "no unshare"
	mkdir small
	unshare -m sh -c "mount -t tmpfs -o size=256k tmpfs small &&
	    cd small && '$yard' run ../s.lua; status=\$?
	    ls -A >../left; exit \$status" 2>err
	status=$?
	grep -q -e 'mount:' -e '^unshare:' err && atf_skip "no tmpfs here"
	atf_check_equal 74 $status
	atf_check -o inline:"1\n" grep -c '^yard: ' err
	atf_check test ! -s left
}

atf_test_case no_reader
no_reader_head()
{
	atf_set descr "a table that cannot be written is an error"
}
no_reader_body()
{
	[ -c /dev/full ] || atf_skip "no /dev/full here"
	scenario
	yard run s.lua >/dev/full 2>err
	atf_check_equal 74 $?
	atf_check -o inline:"yard: standard output: No space left on device\n" \
	    cat err
}

atf_init_test_cases()
{
	atf_add_test_case no_reader
	atf_add_test_case files
	atf_add_test_case png
	atf_add_test_case no_gnuplot
	atf_add_test_case foreign
	atf_add_test_case again
	atf_add_test_case signal
	atf_add_test_case killed
	atf_add_test_case full
}
