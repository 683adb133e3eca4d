-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- Two paths alike but for the queue: one drops what does not fit, the other
-- marks packets (RFC 3168) long before that.

duration = 30
sysctl = { ["net.inet.tcp.ecn.enable"] = 1 }

link { "a", "b", rate = "50Mbit/s", delay = "20ms", queue = "1bdp" }
flow { from = "a", to = "b", cc = "cubic", label = "drops" }

link { "c", "d", rate = "50Mbit/s", delay = "20ms", queue = "1bdp",
    ecn = "0.25bdp" }
flow { from = "c", to = "d", cc = "cubic", label = "marks" }
