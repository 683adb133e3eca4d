# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Every script below freebsd/ and linux/ is a test case, for IPv4 and for
# IPv6; one that says --ip_version itself is one, for that.
#
#	freebsd/rst/listen.pkt		freebsd_rst_listen_ipv4, ..._ipv6
#
# Scripts in linux/ meet a host of Linux's personality, as a user's would who
# says so on packetdrill's command line (stackyard-packetdrill(7)).

scripts=${STACKYARD_SRC}/tests/packetdrill

# play VERSION SCRIPT
play()
{
	flags=
	case $2 in
	linux/*) flags=--so_flags=compat.personality=linux ;;
	esac
	atf_check -s exit:0 -o ignore -e ignore "${STACKYARD_TESTDIR}/pkt" \
	    ${flags} ${1:+--ip_version=$1} "${scripts}/$2"
}

# add NAME VERSION SCRIPT
add()
{
	eval "$1_head() { :; }; $1_body() { play '$2' '$3'; }"
	atf_add_test_case "$1"
}

# Without a process for each script: all of this runs for each test case.
atf_init_test_cases()
{
	cd "${scripts}" || return 1
	own=$(grep -l '^--ip_version' freebsd/*/*.pkt linux/*/*.pkt)
	for script in freebsd/*/*.pkt linux/*/*.pkt; do
		name=${script%.pkt}
		topic=${name%/*}
		name=${topic%/*}_${topic#*/}_${name##*/}
		case ${own} in
		*"${script}"*)
			add "${name}" "" "${script}" ;;
		*)
			add "${name}_ipv4" ipv4 "${script}"
			add "${name}_ipv6" ipv6 "${script}" ;;
		esac
	done
}
