# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# inmem_bulk: bulk data between two hosts of one thread.

# Every function block with every congestion control module, in one window.
modules=
for module in "$STACKYARD_BUILD"/lib/stackyard/*.so; do
	case $module in
	*_example.so|*'*.so')	;;
	*)			modules="$modules -k $module" ;;
	esac
done

# bulk BLOCK CC WINDOW LESS MORE
bulk()
{
	name=$1_$2_w$(($3 / 1024))k
	[ $(($3 % 1048576)) -ne 0 ] || name=$1_$2_w$(($3 / 1048576))m
	command="$bin/bench inmem_bulk $modules -b $1 -c $2 -w $3"
	timed "$command" -n "$(size 200000 2000)"
	timed "$command" -n "$(size 400000 2000)" -l
	counted "inmem_bulk.instr_per_segment.$name" -n "$4" "$5" "$command"
	counted "inmem_bulk.instr_per_segment.${name}_large" -n "$4" "$5" \
	    "$command -l"
}

"$bin/bench" combos $modules >"$work/combos" || exit 1
if [ -n "$tiny" ]; then
	bulk freebsd cubic 262144 500 1000
else
	while read -r block cc; do
		bulk "$block" "$cc" 262144 20000 40000
	done <"$work/combos"
	for window in 65536 1048576 16777216; do
		bulk freebsd cubic $window 20000 40000
	done
fi

if peer peer_kernel kernel.inmem_bulk.gbit_per_s.cubic \
    kernel.inmem_bulk.gbit_per_s.cubic_large; then
	timed_if_possible kernel.inmem_bulk.gbit_per_s.cubic \
	    "$bin/peer_kernel" inmem_bulk -n "$(size 50000 500)"
	timed_if_possible kernel.inmem_bulk.gbit_per_s.cubic_large \
	    "$bin/peer_kernel" inmem_bulk -l -n "$(size 400000 500)"
fi
if peer peer_lwip lwip.inmem_bulk.gbit_per_s lwip.inmem_bulk.ns_per_segment \
    lwip.inmem_bulk.instr_per_segment; then
	timed "$bin/peer_lwip" inmem_bulk -n "$(size 50000 500)"
	counted lwip.inmem_bulk.instr_per_segment -n "$(size 2000 200)" \
	    "$(size 6000 400)" "$bin/peer_lwip" inmem_bulk
fi
