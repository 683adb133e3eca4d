-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- A bulk transfer that meets others on its way: short downloads again and
-- again, a source that is on and off, and a steady one of 5 Mbit/s.

duration = 40

link { "a", "b", rate = "50Mbit/s", delay = "15ms", queue = "1bdp" }
flow { from = "a", to = "b", cc = "cubic", label = "bulk" }
flow { from = "b", to = "a", cc = "cubic", count = 3, start = "5s",
    pattern = { request = "300B", response = "200KB", think = "250ms" },
    label = "web" }
flow { from = "a", to = "b", cc = "newreno", start = "10s",
    pattern = { on = "1s", off = "2s" }, label = "on and off" }
flow { from = "a", to = "b", cc = "newreno", start = "10s",
    rate = "5Mbit/s", options = { nodelay = true }, label = "steady" }
