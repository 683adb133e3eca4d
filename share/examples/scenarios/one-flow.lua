-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- One bulk transfer over a long path with a queue of one bandwidth-delay
-- product: it should fill the link once it has found its rate.

duration = 30
warmup = 10		-- the table counts from here on

link { "a", "b", rate = "100Mbit/s", delay = "20ms", queue = "1bdp" }
flow { from = "a", to = "b", block = "freebsd", cc = "cubic" }
