/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * info_test once more, in a program whose imports are all found before it
 * begins, and read-only from then on (the Makefile has it linked so).
 */
#include "info_test.c"
