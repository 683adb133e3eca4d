# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# idle_bytes: what connections hold that do nothing.

timed "$bin/bench idle_bytes" -n "$(size 100000 100)"
