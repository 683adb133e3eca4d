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

if peer peer_ns3 ns3.sim_packets.per_s.n1 ns3.sim_packets.per_s.n10 \
    ns3.sim_packets.use.n1 ns3.sim_packets.use.n10 \
    ns3.sim_packets.instr_per_packet.n1; then
	timed "$bin/peer_ns3" sim_packets -f 1 -s "$(size 30 0.3)"
	timed "$bin/peer_ns3" sim_packets -f 10 -s "$(size 30 0.3)"
	[ -n "$tiny" ] || counted ns3.sim_packets.instr_per_packet.n1 \
	    -s 0.5 0.8 "$bin/peer_ns3" sim_packets
fi
