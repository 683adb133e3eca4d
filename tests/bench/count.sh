# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# count.sh DIR N: do the job in line N of DIR/counted, which is NAME OPTION
# LESS MORE COMMAND ...: print, as a line of raw figures, the instructions
# that a unit of the command's work takes.  What is done once does not count:
# two runs are made, with OPTION LESS and OPTION MORE, and the instructions in
# which they differ are divided by the units in which they differ.  The command
# prints its units when given -u.  Programs that can begin to count when they
# have prepared everything (figure.h) do.

set -u
dir=$1
set -- $(sed -n "$2p" "$dir/counted")
name=$1 option=$2 less=$3 more=$4
shift 4

# run OPTION VALUE COMMAND ...: units and instructions
run()
{
	valgrind --tool=callgrind --callgrind-out-file=/dev/null $late \
	    --log-file="$dir/$name.log" "$3" "$4" $5 "$1" "$2" -u \
	    >"$dir/$name.units" </dev/null || {
		echo "count.sh: failed: $3 $4 $5" >&2
		tail -n 3 "$dir/$name.log" >&2
		exit 1
	}
	echo "$(cat "$dir/$name.units")" \
	    "$(awk '/Collected :/ { print $4 }' "$dir/$name.log")"
}

program=$1 figure=$2
shift 2
late=
[ "$("$program" counts 2>/dev/null)" != yes ] || late=--instr-atstart=no
first=$(run "$option" "$less" "$program" "$figure" "$*") &&
second=$(run "$option" "$more" "$program" "$figure" "$*") || exit 255
echo "$first $second" | awk -v name="$name" '
	NF != 4 || $3 <= $1 { exit 1 }
	{ printf("0\t%s\t%.1f\tinstructions\n", name, ($4 - $2) / ($3 - $1)) }'
