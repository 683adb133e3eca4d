-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- Let receive buffers grow as far as memory allows: a 1/256 of what is free,
-- between 2 and 64 MiB, looked at every ten seconds.  For hosts with fast,
-- long paths, whose memory others use too.

local least, most = 2 * 1024 * 1024, 64 * 1024 * 1024

sysctl["kern.ipc.maxsockbuf"] = 2 * most

every("10s", function()
	local room = host.freememory() // 256
	sysctl["net.inet.tcp.recvbuf_max"] =
	    math.max(least, math.min(most, room))
end)
