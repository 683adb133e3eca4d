# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# yard nc: what it refuses, and files to and from the host's own TCP through
# a TAP device, in a network namespace.

atf_test_case errors
errors_body()
{
	says()
	{
		message=$1
		shift
		atf_check -s exit:1 -e inline:"yard: nc: $message\n" \
		    yard nc "$@"
	}
	says "there is only lo0, where nobody else is: -i names a TAP device (as in -i tap0,10.0.0.2/24)" \
	    10.0.0.1 80
	says '-i: "tap0" is not INTERFACE,ADDRESS/LENGTH (as in tap0,10.0.0.2/24)' \
	    -i tap0 10.0.0.1 80
	says 'port: "http" is not a number from 1 to 65535' \
	    -i tap0,10.0.0.2/24 10.0.0.1 http
	says 'port: "70000" is not a number from 1 to 65535' \
	    -i tap0,10.0.0.2/24 10.0.0.1 70000
	says '-w: "0" is not a number from 1 to 2147483647' \
	    -w 0 -i tap0,10.0.0.2/24 10.0.0.1 80
	atf_check -s exit:1 -e match:'^yard: nc: no.such.host port 80: ' \
	    yard nc -n -i tap0,10.0.0.2/24 no.such.host 80
	atf_check -s exit:1 -e match:'usage: yard nc' yard nc -l
}

# Run the shell text $1 in a network namespace with tap0 (MTU $2) in it.
in_netns()
{
	[ -c /dev/net/tun ] || atf_skip "no TAP devices here"
	cat >netns.sh <<-EOF
	ip link set lo up
	ip tuntap add dev tap0 mode tap || exit 99
	ip link set tap0 mtu ${2:-1500} up
	ip addr add 10.9.0.1/24 dev tap0
	ip -6 addr add fd09::1/64 dev tap0 nodad
	$1
	EOF
	unshare -n sh netns.sh
	status=$?
	[ $status -ne 99 ] || atf_skip "cannot make a TAP device"
	return $status
}

make_files()
{
	python3 -c '
import random
r = random.Random(1)
open("up", "wb").write(r.randbytes(20000000))
open("down", "wb").write(r.randbytes(20000011))'
}

# transfer MTU OWN PEER [OPTION ...]: both ways at once, connecting.
transfer()
{
	mtu=$1
	own=$2
	peer=$3
	shift 3
	rm -f ready up.got down.got
	in_netns "python3 $STACKYARD_TESTDIR/nc_peer.py listen $peer 5000 \
	    down up.got &
	until [ -e ready ]; do sleep 0.1; done
	yard nc -N -M $mtu -i tap0,$own $* $peer 5000 <up >down.got || exit 1
	wait" $mtu || atf_fail "$own mtu $mtu $*: status $?"
	atf_check cmp up up.got
	atf_check cmp down down.got
}

atf_test_case files
files_head()
{
	atf_set descr "20 MB each way at once, by IPv4 and IPv6"
	atf_set require.user root
	atf_set require.progs "ip unshare python3"
}
files_body()
{
	make_files
	for mtu in 1500 9000; do
		for option in "" -O; do
			transfer $mtu 10.9.0.2/24 10.9.0.1 $option
			transfer $mtu fd09::2/64 fd09::1 $option
		done
	done
	transfer 1500 10.9.0.2/24 10.9.0.1 -c newreno -b freebsd -p 4000
}

atf_test_case listen
listen_head()
{
	atf_set descr "the same, listening"
	atf_set require.user root
	atf_set require.progs "ip unshare python3"
}
listen_body()
{
	make_files
	for own in 10.9.0.2/24 fd09::2/64; do
		rm -f up.got down.got
		in_netns "python3 $STACKYARD_TESTDIR/nc_peer.py connect \
		    ${own%/*} 5001 down up.got &
		yard nc -l -N -i tap0,$own 5001 <up >down.got || exit 1
		wait" || atf_fail "$own: status $?"
		atf_check cmp up up.got
		atf_check cmp down down.got
	done
}

atf_test_case pipes
pipes_head()
{
	atf_set descr "pipes for standard input and output; slow readers"
	atf_set require.user root
	atf_set require.progs "ip unshare python3"
}
pipes_body()
{
	make_files
	in_netns "python3 $STACKYARD_TESTDIR/nc_peer.py listen 10.9.0.1 5000 \
	    down up.got &
	until [ -e ready ]; do sleep 0.1; done
	cat up | yard nc -N -i tap0,10.9.0.2/24 10.9.0.1 5000 |
	    dd bs=1000 of=down.got 2>/dev/null
	wait" || atf_fail "status $?"
	atf_check cmp up up.got
	atf_check cmp down down.got
}

atf_test_case refused
refused_head()
{
	atf_set descr "nobody there, nobody answers, no such choice"
	atf_set require.user root
	atf_set require.progs "ip unshare"
}
refused_body()
{
	in_netns "yard nc -i tap0,10.9.0.2/24 10.9.0.1 5000 </dev/null" 2>err
	atf_check_equal 1 $?
	atf_check -o inline:"yard: nc: 10.9.0.1 port 5000: Connection refused\n" \
	    grep -v '^nc: ' err
	in_netns "yard nc -w 1 -i tap0,10.9.0.2/24 10.9.0.7 5000 </dev/null" \
	    2>err
	atf_check_equal 1 $?
	atf_check -o match:"^yard: nc: 10.9.0.7 port 5000: " grep yard: err
	in_netns "yard nc -c nosuch -i tap0,10.9.0.2/24 10.9.0.1 5000" 2>err
	atf_check_equal 1 $?
	atf_check -o match:'^yard: nc: no congestion control "nosuch" here \(there is ' \
	    cat err
	in_netns "yard nc -i tap0,10.9.0.2/33 10.9.0.1 5000" 2>err
	atf_check_equal 1 $?
	atf_check -o match:"^yard: nc: -i: " cat err
}

atf_test_case not_root
not_root_head()
{
	atf_set descr "no permission for the device: one line"
	atf_set require.user root
	atf_set require.progs "setpriv"
}
not_root_body()
{
	[ -c /dev/net/tun ] || atf_skip "no TAP devices here"
	chmod 755 .
	setpriv --reuid 65534 --regid 65534 --clear-groups \
	    "$(command -v yard)" nc -i tap77,10.9.0.2/24 10.9.0.1 80 \
	    2>err </dev/null
	atf_check_equal 1 $?
	atf_check -o match:'^yard: nc: .*tap77' cat err
	atf_check -o inline:"1\n" grep -c . err
}

atf_init_test_cases()
{
	atf_add_test_case errors
	atf_add_test_case files
	atf_add_test_case listen
	atf_add_test_case pipes
	atf_add_test_case refused
	atf_add_test_case not_root
}
