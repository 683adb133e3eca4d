-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- A server with many short connections: longer queues of new ones, and less
-- patience with those who do not answer once it gets crowded.

sysctl["kern.ipc.soacceptqueue"] = 256 * host.cores
sysctl["net.inet.tcp.msl"] = 5000

when("net.inet.tcp.pcbcount", ">", 10000, function(n)
	sysctl["net.inet.tcp.keepinit"] = 10000
	sysctl["net.inet.tcp.finwait2_timeout"] = 10000
	print("crowded: " .. n .. " connections")
end)

when("net.inet.tcp.pcbcount", "<", 5000, function()
	sysctl["net.inet.tcp.keepinit"] = 75000
	sysctl["net.inet.tcp.finwait2_timeout"] = 60000
end)
