-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- Ten bulk transfers that begin half a second apart and should end up with
-- equal shares: see Jain's index.

duration = 60
warmup = 20

link { "a", "b", rate = "100Mbit/s", delay = "20ms", queue = "1bdp" }
flow { from = "a", to = "b", cc = "cubic", count = 10, stagger = "500ms" }
