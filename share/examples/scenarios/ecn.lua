-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- The same path with a queue that drops, with one that marks above 30 packets
-- what allows it (RFC 3168), with Accurate ECN, and with a smaller reduction
-- for marks than for losses (RFC 8511): nothing is sent again, and the queue
-- stays short.

duration = 30

local ways = {
	{ "drops" },
	{ "ecn", ecn = 1 },
	{ "accurate", ecn = 3 },
	{ "abe", ecn = 1, abe = 1 },
}

for _, w in ipairs(ways) do
	local from, to = w[1] .. "1", w[1] .. "2"
	local vars = {
		["net.inet.tcp.ecn.enable"] = w.ecn or 0,
		["net.inet.tcp.cc.abe"] = w.abe or 0,
	}
	host(from) { sysctl = vars }
	host(to) { sysctl = vars }
	link { from, to, rate = "100Mbit/s", delay = "10ms", queue = "1bdp",
	    ecn = w.ecn and "30packets" }
	flow { from = from, to = to, label = w[1] }
end
