# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Speed, fairness and memory against their targets.  A figure that misses its
# target says so and fails nothing: it depends on the machine.

measure=$STACKYARD_BUILD/tests/bench/measure

printf '%-44s %10s %-11s %s\n' measured figure '' target
for what in flow flows vnets connections; do
	"$measure" $what || exit 1
done
