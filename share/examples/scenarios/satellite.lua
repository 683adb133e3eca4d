-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- A long fat way with a thin way back.  What is in flight is more than the
-- socket buffers may grow to by default, so their limits are raised.

duration = 60
warmup = 20
sysctl = {
	["kern.ipc.maxsockbuf"] = 33554432,
	["net.inet.tcp.sendbuf_max"] = 33554432,
	["net.inet.tcp.recvbuf_max"] = 33554432,
}

link { "ground", "far", rate = "100Mbit/s", delay = "300ms", queue = "0.5bdp",
    reverse = { rate = "2Mbit/s", queue = "100packets" } }
flow { from = "ground", to = "far", cc = "cubic" }
