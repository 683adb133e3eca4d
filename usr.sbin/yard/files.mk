# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# yard's sources.  Those of kernel kind move data and read connections from
# inside the stack; the others see libstackyard and the operating system.

SRCS=		endpoint.c conninfo.c
HOST_SRCS=	main.c util.c units.c \
		luaenv.c tunables.c keys.c scenario.c options.c \
		choice.c topology.c hosts.c pipes.c \
		sim.c flow.c sample.c stats.c \
		outdir.c json.c report.c plot.c progress.c \
		run.c compare.c up.c nc.c ncio.c
