# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# 100 MB in each direction between the stack and the host kernel's TCP, by
# `yard nc' over a TAP device, checksummed at both ends; and a page from a
# real HTTP server.  Everything happens in a network namespace that is the
# test's own and goes with it.

NS=stackyard$$
BYTES=100000000
PEER4=192.0.2.1
OURS4=192.0.2.2
PEER6=2001:db8::1
OURS6=2001:db8::2

# The namespace with the device tap0 in it, of MTU $1.
start_net()
{
	[ -c /dev/net/tun ] || atf_skip "there is no /dev/net/tun"
	ip netns add $NS || atf_skip "no network namespace can be made"
	echo $NS >ns
	run ip tuntap add dev tap0 mode tap vnet_hdr
	run ip link set lo up
	run ip link set tap0 mtu $1 up
	run ip addr add $PEER4/24 dev tap0
	run ip -6 addr add $PEER6/64 dev tap0 nodad
}

stop_net()
{
	[ -f ns ] || return 0
	ip netns pids $(cat ns) | xargs -r kill
	ip netns del $(cat ns)
}

run()
{
	nsenter --net=/run/netns/$NS "$@"
}

# Wait for file $1, which another process makes: at most 20 seconds.
wait_for()
{
	i=0
	while [ ! -e "$1" ]; do
		i=$((i + 1))
		[ $i -lt 200 ] || atf_fail "$1 did not appear"
		sleep 0.1
	done
}

# nc family mtu [options]: yard nc on the device.
nc()
{
	if [ $1 = 4 ]; then addr=$OURS4/24; else addr=$OURS6/64; fi
	mtu=$2
	shift 2
	run yard nc -w 30 -N -M $mtu -i tap0,$addr "$@"
}

# transfer family mtu [-O]: both directions.
transfer()
{
	family=$1 mtu=$2
	shift 2
	if [ $family = 4 ]; then peer=$PEER4; else peer=$PEER6; fi
	start_net $mtu
	head -c $BYTES /dev/urandom >sent
	sum="$BYTES $(sha256sum <sent | cut -d ' ' -f 1)"

	run python3 $STACKYARD_TESTDIR/peer.py recv 5001 ready1 >there &
	wait_for ready1
	nc $family $mtu "$@" $peer 5001 <sent >answer ||
	    atf_fail "yard nc sending: exit status $?"
	wait $!
	[ "$(cat there)" = "$sum" ] ||
	    atf_fail "the kernel received $(cat there), not $sum"
	[ ! -s answer ] || atf_fail "bytes came from nowhere"

	run python3 $STACKYARD_TESTDIR/peer.py send 5002 ready2 sent &
	wait_for ready2
	nc $family $mtu "$@" $peer 5002 </dev/null >got ||
	    atf_fail "yard nc receiving: exit status $?"
	cmp sent got || atf_fail "what arrived is not what was sent"
}

# transfer_case name family mtu [options]
transfer_case()
{
	name=$1
	shift
	atf_test_case $name cleanup
	eval "${name}_head() {
		atf_set descr '100 MB to and from the kernel: IPv$1, MTU $2 $3'
	}
	${name}_body() { transfer $*; }
	${name}_cleanup() { stop_net; }"
}

transfer_case v4_1500 4 1500
transfer_case v4_9000 4 9000
transfer_case v6_1500 6 1500
transfer_case v6_9000 6 9000
transfer_case v4_1500_plain 4 1500 -O
transfer_case v4_9000_plain 4 9000 -O
transfer_case v6_1500_plain 6 1500 -O
transfer_case v6_9000_plain 6 9000 -O

# The stack listens, the kernel connects.
atf_test_case listen cleanup
listen_head()
{
	atf_set descr "The kernel connects to yard nc -l"
}
listen_body()
{
	start_net 1500
	head -c 1000000 /dev/urandom >sent
	nc 4 1500 -l 5003 <sent >got &
	# Until yard nc listens the kernel is refused, or finds nobody.
	run python3 - <<'PY' || atf_fail "the kernel's side failed"
import socket, sys, time
for i in range(100):
    try:
        s = socket.create_connection(("192.0.2.2", 5003), timeout=20)
        break
    except OSError:
        time.sleep(0.1)
else:
    sys.exit("nobody answers")
data = open("sent", "rb").read()
s.sendall(data[::-1])
s.shutdown(socket.SHUT_WR)
got = b""
while True:
    d = s.recv(65536)
    if not d:
        break
    got += d
sys.exit(0 if got == data else "wrong bytes")
PY
	wait $! || atf_fail "yard nc -l: exit status $?"
	python3 -c 'import sys
sys.exit(open("sent","rb").read()[::-1] != open("got","rb").read())' ||
	    atf_fail "yard nc received wrong bytes"
}
listen_cleanup()
{
	stop_net
}

# A page from Python's HTTP server.
atf_test_case http cleanup
http_head()
{
	atf_set descr "A page fetched from a real HTTP server with yard nc"
}
http_body()
{
	start_net 1500
	mkdir www
	head -c 300000 /dev/urandom | base64 >www/page.txt
	(cd www && exec nsenter --net=/run/netns/$NS python3 -u -m http.server \
	    --bind $PEER4 8080) >server.log 2>&1 &
	i=0
	until grep -q Serving server.log; do
		i=$((i + 1))
		[ $i -lt 200 ] || atf_fail "the server did not start"
		sleep 0.1
	done
	printf 'GET /page.txt HTTP/1.0\r\nHost: test\r\n\r\n' |
	    nc 4 1500 $PEER4 8080 >answer ||
	    atf_fail "yard nc: exit status $?"
	head -n 1 answer | grep -q '^HTTP/1.0 200 OK' ||
	    atf_fail "the server said: $(head -n 1 answer)"
	sed '1,/^\r$/d' answer >page
	cmp page www/page.txt || atf_fail "the page is not the page"
}
http_cleanup()
{
	stop_net
}

atf_init_test_cases()
{
	for t in v4_1500 v4_9000 v6_1500 v6_9000 v4_1500_plain \
	    v4_9000_plain v6_1500_plain v6_9000_plain listen http; do
		atf_add_test_case $t
	done
}
