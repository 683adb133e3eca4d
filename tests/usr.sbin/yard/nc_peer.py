# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# The other end of yard nc, on the host's own TCP:
#	nc_peer.py listen|connect ADDRESS PORT SEND RECEIVE
# sends the file SEND, then FIN, while it writes what comes to RECEIVE.

import socket
import sys
import threading
import time

how, address, port, send, receive = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET


def accept():
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, int(port)))
    s.listen(1)
    open("ready", "w").close()
    return s.accept()[0]


def connect():
    for _ in range(600):
        s = socket.socket(family, socket.SOCK_STREAM)
        try:
            s.connect((address, int(port)))
            return s
        except OSError:
            s.close()
            time.sleep(0.1)
    sys.exit("nobody listens")


conn = accept() if how == "listen" else connect()


def sender():
    with open(send, "rb") as f:
        conn.sendfile(f)
    conn.shutdown(socket.SHUT_WR)


thread = threading.Thread(target=sender)
thread.start()
with open(receive, "wb") as f:
    while data := conn.recv(1 << 16):
        f.write(data)
thread.join()
