# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Congestion control: the registry, and the modules that come with the stack.

SRCS+=		netinet/cc/cc.c \
		netinet/cc/cc_cubic.c \
		netinet/cc/cc_hystart.c \
		netinet/cc/cc_newreno.c
