-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- Three senders, two routers, three receivers: the link between the routers
-- is what they share, and each has its own distance to it.  Addresses,
-- routes and forwarding are made from the links.

duration = 60
warmup = 10

link { "left", "right", rate = "50Mbit/s", delay = "10ms", queue = "1bdp" }
for i, delay in ipairs { "1ms", "10ms", "40ms" } do
	link { "s" .. i, "left", rate = "1Gbit/s", delay = delay }
	link { "right", "d" .. i, rate = "1Gbit/s", delay = "1ms" }
	flow { from = "s" .. i, to = "d" .. i, cc = "cubic",
	    label = delay .. " away" }
end
