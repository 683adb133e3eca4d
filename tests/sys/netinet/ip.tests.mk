# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Tests of IP, ICMP and ARP, and of TCP right above.

IP_TESTS=	arp_test cksum_test icmp_test ip_addr_test ip_forward_test \
		ip_fuzz_test ip_input_test ip_output_test ip_pmtu_test \
		ip_reass_test head_test
ATF_TESTS_C+=	${IP_TESTS}
.for _t in ${IP_TESTS}
SRCS.${_t}=	ip_host.c
.endfor
