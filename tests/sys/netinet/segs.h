/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Arguments of EXPECT() and INJECT() for tests of recovery: full segments by
 * their number, from 0 on, and what the peer says of them.
 */
#ifndef _TESTS_SEGS_H_
#define	_TESTS_SEGS_H_

#define	MSS	1460

#define	SEG(i)		". %d:%d(%d) ack 1", 1 + (i) * MSS,		\
	    1 + ((i) + 1) * MSS, MSS
#define	LASTSEG(i)	"P. %d:%d(%d) ack 1", 1 + (i) * MSS,		\
	    1 + ((i) + 1) * MSS, MSS
/* The peer has the first n, and of the others from a to b - 1. */
#define	ACK(n)		". 1:1(0) ack %d win 65535", 1 + (n) * MSS
#define	SACK(n, a, b)							\
	". 1:1(0) ack %d win 65535 <nop,nop,sack %d:%d>",		\
	    1 + (n) * MSS, 1 + (a) * MSS, 1 + (b) * MSS
#define	SACK2(n, a, b, c, d)						\
	". 1:1(0) ack %d win 65535 <nop,nop,sack %d:%d %d:%d>",		\
	    1 + (n) * MSS, 1 + (a) * MSS, 1 + (b) * MSS, 1 + (c) * MSS,	\
	    1 + (d) * MSS

#endif /* !_TESTS_SEGS_H_ */
