# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Keys, and the signatures of TCP segments: TCP-MD5 and TCP-AO.

SRCS+=		netipsec/key.c netipsec/tcp_ao.c netipsec/tcp_md5.c \
		netipsec/tcp_sig.c
