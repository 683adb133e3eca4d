# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# pkt itself: what is wrong in a script, or happens otherwise than it says, is
# told with the script's line and exit status 1.

# script: the handshake of a server, and what stands on standard input
script()
{
	cat >t.pkt <<'END'
0.0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1000>
+0 > S. 0:0(0) ack 1 <mss ...>
+.1 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
END
	cat >>t.pkt
}

PATH=${STACKYARD_TESTDIR}:${PATH}

good()
{
	atf_check pkt "$@" t.pkt
	atf_check pkt --ip_version=ipv6 "$@" t.pkt
}

# bad PATTERN [LINE]: wrong is the last line, or that one
bad()
{
	line=${2:-$(wc -l <t.pkt)}
	atf_check -s exit:1 -e match:"t[.]pkt:${line}: .*$1" pkt t.pkt
}

atf_test_case packets
packets_body()
{
	script <<'END'
+0 write(4, ..., 100) = 100
+0 > P. 1:101(100) ack 1 win 65535
END
	good
	for packet in "> . 1:101(100) ack 1" "> P. 1:100(99) ack 1" \
	    "> P. 2:102(100) ack 1" "> P. 1:101(100) ack 2" \
	    "> P. 1:101(100) ack 1 win 7" "> P. 1:101(100) ack 1 <nop,nop>" \
	    "> [tos 4] P. 1:101(100) ack 1" "> [ect0] P. 1:101(100) ack 1" \
	    "> P. 1:101(100) ack 1 / udp(9 > 9)"; do
		printf '+0 write(4, ..., 100) = 100\n+0 %s\n' "${packet}" |
		    script
		bad "error handling packet: "
	done
}

atf_test_case times
times_body()
{
	script <<'END'
+.1 < P. 1:101(100) ack 1 win 65535
+.04 > . 1:1(0) ack 101
+0...0.3 recv(4, ..., 200, MSG_WAITALL) = 200
+.3 < P. 101:201(100) ack 1 win 65535
* > . 1:1(0) ack 201
END
	good
	script <<'END'
`sysctl net.inet.tcp.always_keepalive=0 >/dev/null`
+.1~+.3 > R 1:1(0)
END
	bad 'no packet will ever leave'
	script <<'END'
+0...0.1 read(4, ..., 100) = 100
+.3 < P. 1:101(100) ack 1 win 65535
END
	bad 'timing error: expected return of read at 0.200000 sec' 8
	script <<'END'
+0...0.1 read(4, ..., 100) = 100
END
	bad 'the call has not returned'
}

atf_test_case timing
timing_body()
{
	cat >t.pkt <<'END'
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0 > S 0:0(0) <...>

// The next one comes after a second.
+.9 > S 0:0(0) <...>
END
	bad 'timing error: expected outbound packet at 0.900000 sec but'
	atf_check pkt --tolerance_usecs=100000 t.pkt
}

atf_test_case calls
calls_body()
{
	script <<'END'
+0 recv(4, ..., 100, MSG_DONTWAIT) = -1 EAGAIN (Try again)
+0 < P. 1:4(3) ack 1 win 65535
+0 read(4, "\x00\x00\x00", 3) = 3
+0 getsockopt(4, SOL_SOCKET, SO_ERROR, [0], [4]) = 0
+0 getsockopt(4, SOL_SOCKET, SO_ERROR, ..., [4]) = ...
+0 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLOUT}], 1, 0) = 1
END
	good
	for call in "read(4, ..., 100) = 7" \
	    "recv(4, ..., 100, MSG_DONTWAIT) = -1 EPIPE (Broken pipe)" \
	    "getsockopt(4, SOL_SOCKET, SO_ERROR, [5], [4]) = 0" \
	    "ioctl(4, SIOCINQ, [9]) = 0" \
	    "poll([{fd=4, events=POLLOUT, revents=0}], 1, 0) = 1" \
	    "close(77) = 0" "close() = 0" "sing(4) = 0"; do
		echo "+0 ${call}" | script
		bad 'error handling system call: '
	done
}

atf_test_case code
code_body()
{
	script <<'END'
%{ assert tcpi_state == TCP_ESTABLISHED and not tcpi_unacked, (1, 2) }%
%{ assert 0 <= tcpi_unacked <= 5 # a comment
assert tcpi_snd_mss != 7 }%
END
	good
	echo '%{ assert tcpi_unacked == 5, tcpi_unacked }%' | script
	bad 'assertion failed: tcpi_unacked == 5: tcpi_unacked is 0'
	echo '%{ import os }%' | script
	bad 'wants assert or print: import os'
}

atf_test_case commands
commands_body()
{
	script <<'END'
+0 `test -f t.pkt`
`sysctl net.inet.tcp.msl >/dev/null`
END
	good
	echo '+0 `exit 3`' | script
	bad 'error executing .exit 3.: non-zero status 3'
}

atf_test_case syntax
syntax_body()
{
	for line in "+0 > X 0:0(0)" "+0 < . 1:1(1)" "+0 < . 1:1(0) <mess 3>" \
	    "+0 close(3" "+0 close(3) 0" '+0 write(3, "abc, 3) = 3' \
	    "+0 ?" "+0...x close(3) = 0" "/* never ends"; do
		echo "${line}" | script
		bad 'syntax error: ' '[89]'	# or at the end
	done
	echo "0 close(3) = 0" >t.pkt
	atf_check -s exit:1 -e match:'--nothing: no such option' \
	    pkt --nothing=1 t.pkt
	atf_check -s exit:1 -e match:'missing.pkt: cannot open it' \
	    pkt missing.pkt
	atf_check -s exit:1 -e match:'usage: pkt' pkt
	atf_check -s exit:1 -e match:'ip_version=ipv5: there are' \
	    pkt --ip_version=ipv5 t.pkt
}

atf_init_test_cases()
{
	for name in packets times timing calls code commands syntax; do
		atf_add_test_case ${name}
	done
}
