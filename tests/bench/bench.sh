#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# bench.sh [-t] [-o file] [-r runs] [figure ...]: measure the stack and its
# peers, write one line per number to file, and print a table beside what is
# to be reached; stackyard-bench(7) says what each figure is.
#
#	-t	tiny: each measurement once, and so little of it that the
#		figures mean nothing; for the test that all of it works
#
# Instructions are counted once, since they are the same each time, in as
# many jobs as there are processors; then come the rounds, in which nothing
# else runs: each round is every timed measurement once, the stack's and the
# peers' in turn, so that what else happens on the machine meets all alike.
#
# Below $work, `counted' and `timed' are the lists of jobs, and `raw' what
# came out of them: round, name, value, unit.

set -u
here=$(cd "${0%/*}" && pwd)
bin=${STACKYARD_BUILD:?}/tests/bench
runs=7
tiny=
out=$STACKYARD_BUILD/bench.tsv

while getopts o:r:t option; do
	case $option in
	o)	out=$OPTARG ;;
	r)	runs=$OPTARG ;;
	t)	tiny=yes runs=1 ;;
	*)	echo "usage: bench.sh [-t] [-o file] [-r runs]" \
		    "[figure ...]" >&2
		exit 64 ;;
	esac
done
shift $((OPTIND - 1))
case $runs in
*[!0-9]*|0|'')	echo "bench.sh: -r $runs: not a number of runs" >&2; exit 64 ;;
esac
. "$here/figures"
figures=${*:-$all_figures}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
: >"$work/raw"; : >"$work/counted"; : >"$work/timed"; : >"$work/notes"

# wants FIGURE: is it to be measured?
wants()
{
	case " $figures " in
	*" $1 "*)	return 0 ;;
	esac
	return 1
}

# size USUAL TINY: how much of it
size()
{
	[ -n "$tiny" ] && echo "$2" || echo "$1"
}

# timed COMMAND ...: a measurement of every round
timed()
{
	echo "- $*" >>"$work/timed"
}

# timed_if_possible NAME,... COMMAND ...: the same; if the command ends with
# the status 77, because the system does not let it, these figures are absent
timed_if_possible()
{
	echo "$*" >>"$work/timed"
}

# counted NAME OPTION LESS MORE COMMAND ...: instructions per unit, from the
# difference of two runs, with OPTION LESS and OPTION MORE
counted()
{
	echo "$*" >>"$work/counted"
}

# absent REASON NAME ...: not measured, and why
absent()
{
	echo "$1" >>"$work/notes"
	shift
	for name; do
		printf '0\t%s\tabsent\t\n' "$name" >>"$work/raw"
	done
}

# peer PROGRAM NAME ...: is the peer's program there?  If not, these figures
# are absent.
peer()
{
	peer=$1
	shift
	[ -x "$bin/$peer" ] && return
	absent "$peer: not there; make bench-peers installs what it needs" "$@"
	return 1
}

for figure in $figures; do
	[ -f "$here/$figure.sh" ] || {
		echo "bench.sh: $figure: no such figure" >&2
		exit 64
	}
	. "$here/$figure.sh"
done

if command -v valgrind >/dev/null 2>&1 && [ -z "${SAN:-}" ]; then
	[ ! -s "$work/counted" ] ||
	    awk '{ print NR }' "$work/counted" |
	    xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 1 \
	    sh "$here/count.sh" "$work" >>"$work/raw" || exit 1
else
	why="there is no valgrind"
	[ -z "${SAN:-}" ] || why="it is built with sanitizers"
	absent "instructions are not counted: $why" \
	    $(sed 's/ .*//' "$work/counted")
fi

# once ROUND NAMES COMMAND ...: one measurement
once()
{
	round=$1 names=$2
	shift 2
	"$@" >"$work/figures" 2>"$work/errors" </dev/null
	case $?,$names in
	0,*)	sed "s/^/$round	/" "$work/figures" >>"$work/raw" ;;
	77,[!-]*)
		absent "$(cat "$work/errors")" $(echo "$names" | tr , ' ') ;;
	*)	cat "$work/errors" >&2
		echo "bench.sh: failed: $*" >&2
		exit 1 ;;
	esac
}

round=1
while [ $round -le "$runs" ]; do
	while read -r job; do
		once $round $job
	done <"$work/timed"
	round=$((round + 1))
done

awk -v out="$out" -f "$here/summary.awk" "$here/targets" "$work/raw" || exit 1
sort -u "$work/notes"
case ${FAST:-no} in
yes)	echo "stackyard: optimised as a whole, with a profile (FAST=yes)" ;;
*)	echo "stackyard: the everyday build (FAST=yes optimises more)" ;;
esac
for peer in lwip ns3; do
	! grep "	$peer[.]" "$work/raw" | grep -qv '	absent	' ||
	    "$bin/peer_$peer" build
done
