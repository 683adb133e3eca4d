# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# `make bench' works: each measurement, once and with tiny counts, gives the
# figures that it says it gives, and they are numbers; or absent, for what
# this machine has not got.  Nothing is said about how large they are, but for
# memory, which is counted exactly and has to stay within what is allowed.

. "$STACKYARD_SRC/tests/bench/figures"

# tiny FIGURE: measure it and look at what is in the file
tiny()
{
	export STACKYARD_BUILD SAN
	atf_check -o save:table -e save:errors \
	    sh "$STACKYARD_SRC/tests/bench/bench.sh" -t -o bench.tsv "$1"
	sed 's/^/    /' table
	eval "names=\$$1"
	for name in $names; do
		awk -F'\t' -v name="$name" '
			$1 == name && (($2 == "absent" && name ~ \
			    /^(lwip|kernel|ns3|relay|tap_bulk)[.]|instr/) ||
			    $2 ~ /^[0-9.]+(e[-+]?[0-9]+)?$/) {
				found++
			}
			END { exit (found != 1) }' bench.tsv ||
		    atf_fail "$name: not once, or not a number, in bench.tsv"
	done
	atf_check -o empty awk -F'\t' 'NF != 3' bench.tsv
}

atf_test_case memory
memory_head()
{
	atf_set descr 'what is idle holds no more bytes than it may'
}
memory_body()
{
	tiny idle_bytes
	for name in established syn_received time_wait; do
		atf_check -o ignore awk -v name="idle_bytes.$name" '
			$1 == name && $2 == "<=" { most = $3 }
			$1 == name && NF == 3 && $3 == "bytes" { got = $2 }
			END {
				print name, got, "of", most
				exit (most == "" || got == "" || got > most)
			}' "$STACKYARD_SRC/tests/bench/targets" bench.tsv
	done
}

for figure in $all_figures; do
	atf_test_case $figure
	eval "${figure}_head()
	{
		atf_set descr 'the measurement $figure works'
	}
	${figure}_body()
	{
		tiny $figure
	}"
done

atf_test_case statistics
statistics_head()
{
	atf_set descr "median, least and most, quotients and targets"
}
statistics_body()
{
	printf '%s\n' 'ratio x.ratio = x.a / x.b' 'x.a <= 2 1' \
	    'x.b >= 50 60 or x.ratio 0.01' 'x.ratio <= 1 0.5' >targets
	printf '%s\t%s\t%s\tns\n' 1 x.a 3 1 x.b 30 2 x.a 1 2 x.b 40 \
	    3 x.a 2 3 x.b 50 1 y.c 1 2 y.c 4 0 lwip.x.a absent >raw
	atf_check -o save:table awk -v out=tsv \
	    -f "$STACKYARD_SRC/tests/bench/summary.awk" targets raw
	tr '\t' ' ' <tsv >got
	atf_check -o file:got printf '%s\n' 'x.a 2 ns' 'x.a.min 1 ns' \
	    'x.a.max 3 ns' 'x.b 40 ns' 'x.b.min 30 ns' 'x.b.max 50 ns' \
	    'lwip.x.a absent ' 'x.ratio 0.04 times' 'x.ratio.min 0.025 times' \
	    'x.ratio.max 0.1 times' 'y.c 2.5 ns' 'y.c.min 1 ns' 'y.c.max 4 ns'
	atf_check -o match:'^x.a .* reached$' -o match:'^x.b .* by x.ratio$' \
	    -o match:'^x.ratio .* aim reached$' -o not-match:MISSED cat table
}

atf_init_test_cases()
{
	for figure in $all_figures; do
		atf_add_test_case $figure
	done
	atf_add_test_case memory
	atf_add_test_case statistics
}
