#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# train.sh TRAIN FAST: let the library of TRAIN, a build that counts (FAST=train),
# do what a stack does most, and put what it counted, how often each branch was
# taken, beside the objects to be of FAST, a build that uses it.  FAST/trained
# is then newer than the library.
#
# The work is that of `make bench', in amounts that let packets of transfers
# and short connections weigh about the same: bytes in bulk, in segments and
# in large ones; connections; ten flows through a queue that drops; a flood.

set -eu
train=$1
fast=$2

[ ! "$fast/trained" -nt "$train/lib/libstackyard.a" ] || exit 0
find "$train/obj" -name '*.gcda' -exec rm {} +

train()
{
	"$train/tests/bench/bench" "$@" >"$train/out" || {
		echo "train.sh: failed: $train/tests/bench/bench $*" >&2
		exit 1
	}
}

train inmem_bulk -w 65536 -n 50000
train inmem_bulk -w 1048576 -n 50000
train inmem_bulk -w 262144 -n 50000 -l
train inmem_conn -o 10 -t 17000 -n 30000
train sim_packets -f 10 -s 10
train synflood -n 20000

mkdir -p "$fast/obj"
(cd "$train/obj" && find . -name "*.gcda" | tar -cf - -T -) |
    tar -C "$fast/obj" -xf -
touch "$fast/trained"
