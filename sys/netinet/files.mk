# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Internet protocols: IP, and TCP.

.include "files.ip.mk"
.include "files.tcp.mk"
