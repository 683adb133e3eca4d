# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Other systems' numbers, names and structs.

SRCS+=		compat/compat_host.c compat/compat_subr.c
SRCS+=		compat/illumos/illumos_errno.c \
		compat/illumos/illumos_ndd.c \
		compat/illumos/illumos_sockopt.c
SRCS+=		compat/linux/linux_cc.c compat/linux/linux_errno.c \
		compat/linux/linux_info.c compat/linux/linux_ioctl.c \
		compat/linux/linux_md5.c compat/linux/linux_mem.c \
		compat/linux/linux_new.c compat/linux/linux_old.c \
		compat/linux/linux_sockopt.c compat/linux/linux_tfo.c \
		compat/linux/linux_vars.c
