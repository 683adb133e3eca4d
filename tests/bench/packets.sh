# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Instructions that a packet through the bottleneck costs, its share of the
# acknowledgments, the path and the programs included: the difference between
# a run of 4 and one of 2 simulated seconds, so that what is done once does not
# count; and where they go.  Needs valgrind, which no other part does.

measure=$STACKYARD_BUILD/tests/bench/measure

if ! command -v valgrind >/dev/null 2>&1; then
	echo "instructions per packet: not measured, there is no valgrind"
	exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# run SECONDS: prints packets and instructions
run()
{
	valgrind --tool=callgrind --callgrind-out-file="$dir/$1" \
	    "$measure" packets "$1" >"$dir/packets" 2>"$dir/log" || {
		echo "packets.sh: valgrind failed:" >&2
		tail -n 3 "$dir/log" >&2
		exit 1
	}
	echo "$(cat "$dir/packets")" \
	    "$(awk '$1 == "totals:" || $1 == "summary:" { n = $2 }
		END { print n }' "$dir/$1")"
}

short=$(run 2) && long=$(run 4) || exit 1
echo "$short $long" | awk '{
	printf("%-44s %10.0f\n", "instructions per data packet",
	    ($4 - $2) / ($3 - $1)) }'
callgrind_annotate --auto=no "$dir/4" 2>/dev/null |
    sed -n 's/^ *[0-9,]* *( *\([0-9.]*%\)) *[^ ]*:\([A-Za-z_0-9]*\).*/\2 \1/p' |
    awk 'NR <= 15 { printf("  %-42s %10s\n", $1, $2) }'
