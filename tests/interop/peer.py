# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# The host kernel's end of a transfer:
#	peer.py recv PORT READY        print "length sha256" of what comes
#	peer.py send PORT READY FILE   send FILE to whoever connects
# READY is made once the socket listens.  Congestion control is cubic,
# whatever the host's default is.

import hashlib
import socket
import sys


def listen(port, ready):
    s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
    s.bind(("::", port))
    s.listen(1)
    open(ready, "w").close()
    return s.accept()[0]


def main():
    what, port, ready = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    c = listen(port, ready)
    c.settimeout(60)
    if what == "send":
        with open(sys.argv[4], "rb") as f:
            c.sendfile(f)
        c.shutdown(socket.SHUT_WR)
        while c.recv(65536):
            pass
        return
    h, n = hashlib.sha256(), 0
    while True:
        d = c.recv(1 << 20)
        if not d:
            break
        h.update(d)
        n += len(d)
    print(n, h.hexdigest())


main()
