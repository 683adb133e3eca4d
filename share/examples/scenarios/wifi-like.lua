-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- A path that behaves as a bad wireless link does: losses come in bursts
-- (Gilbert-Elliott), the delay jitters and packets overtake each other.  The
-- receiver checks every byte.

duration = 30

link { "laptop", "server", rate = "40Mbit/s", delay = "10ms",
    queue = "100packets",
    jitter = "4ms", jitter_reorder = true,
    gilbert = { enter = "0.1%", leave = "20%", bad = "50%" },
    duplicate = "0.01%", corrupt = "0.01%" }
flow { from = "server", to = "laptop", cc = "cubic", verify = true,
    label = "download" }
flow { from = "laptop", to = "server", cc = "cubic", verify = true,
    label = "upload" }
