# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# tap_bulk: bulk data between the stack and the kernel over TAP; between two
# kernels over two of them; and, for comparison, two kernels with nothing
# between them.

# tap NAME OPTIONS COUNT
tap()
{
	timed_if_possible tap_bulk.gbit_per_s.$1 "$bin/bench" tap_bulk $2 \
	    -n "$(size $3 500)"
}

if peer peer_kernel tap_bulk.gbit_per_s.plain_send \
    tap_bulk.gbit_per_s.plain_receive tap_bulk.gbit_per_s.offload_send \
    tap_bulk.gbit_per_s.offload_receive relay.tap_bulk.gbit_per_s.plain \
    relay.tap_bulk.gbit_per_s.offload; then
	tap plain_send "" 50000
	tap plain_receive -r 50000
	timed_if_possible relay.tap_bulk.gbit_per_s.plain \
	    "$bin/peer_kernel" tap_bulk -n "$(size 50000 500)"
	tap offload_send -l 400000
	tap offload_receive "-l -r" 400000
	timed_if_possible relay.tap_bulk.gbit_per_s.offload \
	    "$bin/peer_kernel" tap_bulk -l -n "$(size 400000 500)"
	wants inmem_bulk || \
	    timed_if_possible kernel.inmem_bulk.gbit_per_s.cubic_large \
	    "$bin/peer_kernel" inmem_bulk -l -n "$(size 400000 500)"
fi
