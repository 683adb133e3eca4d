-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- How long do transfers of different sizes take?  See the last column.

duration = 30
capture = false

link { "a", "b", rate = "20Mbit/s", delay = "40ms", queue = "1bdp" }
for i, bytes in ipairs { "10KB", "100KB", "1MB", "10MB" } do
	flow { from = "a", to = "b", bytes = bytes, start = 5 * (i - 1),
	    label = bytes }
end
