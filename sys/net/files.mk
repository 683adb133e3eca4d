# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Interfaces, links and routes.

SRCS+=		net/if.c net/if_addr.c net/if_capture.c net/if_epair.c \
		net/if_ethersubr.c net/if_handover.c net/if_loop.c \
		net/nhop.c net/route.c
