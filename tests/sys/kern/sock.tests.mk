# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# The tests of sockets have a transport of their own.

SRCS+=		fakeproto.c
