-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- A path that loses packets for other reasons than congestion: give up less
-- of the window for a loss, and start larger.  Not for a shared bottleneck.

sysctl["net.inet.tcp.cc.algorithm"] = "newreno"
sysctl["net.inet.tcp.cc.newreno.beta"] = 80
sysctl["net.inet.tcp.initcwnd_segments"] = 20
