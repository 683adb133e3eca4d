-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- IPv4 and IPv6 side by side on one link with large packets; the same code
-- carries both.

duration = 20

link { "a", "b", rate = "1Gbit/s", delay = "2ms", queue = "1bdp", mtu = 9000 }
flow { from = "a", to = "b", label = "IPv4" }
flow { from = "a", to = "b", ipv6 = true, label = "IPv6" }
