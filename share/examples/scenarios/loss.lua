-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- The same transfer over paths that lose nothing, one packet in a thousand,
-- and one in a hundred, at random.

duration = 30

for i, loss in ipairs { "0%", "0.1%", "1%" } do
	local from, to = "a" .. i, "b" .. i
	link { from, to, rate = "100Mbit/s", delay = "20ms", queue = "1bdp",
	    loss = loss, reverse = { loss = 0 } }
	flow { from = from, to = to, cc = "cubic", label = loss .. " loss" }
end
