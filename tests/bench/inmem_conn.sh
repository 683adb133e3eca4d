# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# inmem_conn: short connections, beside few, many and very many others, with
# TIME_WAIT as full as it gets.

# conn OTHERS NAME
conn()
{
	command="$bin/bench inmem_conn -o $1 -t $(size 17000 20)"
	timed "$command" -n "$(size 10000 20)"
	counted "inmem_conn.instr_per_connection.$2" \
	    -n "$(size 1000 5)" "$(size 2000 10)" "$command"
}

conn 10 o10
if [ -z "$tiny" ]; then
	conn 10000 o10k
	conn 100000 o100k
fi

if peer peer_kernel kernel.inmem_conn.per_s.o0; then
	timed_if_possible kernel.inmem_conn.per_s.o0 \
	    "$bin/peer_kernel" inmem_conn -n "$(size 3000 20)"
fi
if peer peer_lwip lwip.inmem_conn.per_s.o0 \
    lwip.inmem_conn.instr_per_connection.o0; then
	timed "$bin/peer_lwip" inmem_conn -n "$(size 10000 20)"
	counted lwip.inmem_conn.instr_per_connection.o0 -n \
	    "$(size 1000 5)" "$(size 2000 10)" "$bin/peer_lwip" inmem_conn
fi
