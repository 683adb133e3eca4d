# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Emulated paths.

SRCS+=	netpfil/dummynet/dn_aqm.c
SRCS+=	netpfil/dummynet/dn_chance.c
SRCS+=	netpfil/dummynet/dn_heap.c
SRCS+=	netpfil/dummynet/dn_packet.c
SRCS+=	netpfil/dummynet/dn_pipe.c
