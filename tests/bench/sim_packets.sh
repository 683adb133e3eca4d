# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# sim_packets: simulated flows over a bottleneck.

for flows in 1 10; do
	command="$bin/bench sim_packets -f $flows"
	timed "$command" -s "$(size 30 1)"
	counted sim_packets.instr_per_packet.n$flows -s "$(size 2 1)" \
	    "$(size 6 2)" "$command"
done
