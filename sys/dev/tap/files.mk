# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# TAP: frames to and from the host's own kernel.

SRCS+=		dev/tap/if_tap.c
SRCS+=		dev/tap/tap_vnet.c
HOST_SRCS+=	dev/tap/tap_host.c
