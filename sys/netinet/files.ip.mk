# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# IP, ICMP and ARP; IPv6's own part is in netinet6.  Included by files.mk.

SRCS+=		netinet/if_ether.c netinet/if_llatbl.c netinet/in.c \
		netinet/in_cksum.c netinet/ip_forward.c netinet/ip_icmp.c \
		netinet/ip_input.c netinet/ip_options.c netinet/ip_output.c \
		netinet/ip_pmtu.c \
		netinet/ip_reass.c netinet/ip_tso.c
