# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# IPv6's own part of IP, ICMPv6 and neighbour discovery.

SRCS+=		netinet6/icmp6.c netinet6/ip6_input.c netinet6/nd6.c
