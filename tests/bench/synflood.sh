# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# synflood: SYNs from everywhere, and a flow in the midst of them.

command="$bin/bench synflood"
timed "$command" -n "$(size 200000 6400)"
counted synflood.instr_per_syn -n "$(size 20000 640)" \
    "$(size 40000 1280)" "$command"
