/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Sequence numbers are compared modulo 2^32 (RFC 9293, 3.4). */
#ifndef _STACKYARD_NETINET_TCP_SEQ_H_
#define	_STACKYARD_NETINET_TCP_SEQ_H_

#define	SEQ_LT(a, b)	((int32_t)((a) - (b)) < 0)
#define	SEQ_LEQ(a, b)	((int32_t)((a) - (b)) <= 0)
#define	SEQ_GT(a, b)	((int32_t)((a) - (b)) > 0)
#define	SEQ_GEQ(a, b)	((int32_t)((a) - (b)) >= 0)
#define	SEQ_MIN(a, b)	(SEQ_LT(a, b) ? (a) : (b))
#define	SEQ_MAX(a, b)	(SEQ_GT(a, b) ? (a) : (b))
#define	SEQ_SUB(a, b)	((a) - (b))

/* Time stamps of RFC 7323, milliseconds. */
#define	TSTMP_LT(a, b)	((int32_t)((a) - (b)) < 0)
#define	TSTMP_GT(a, b)	((int32_t)((a) - (b)) > 0)
#define	TSTMP_GEQ(a, b)	((int32_t)((a) - (b)) >= 0)

#endif /* !_STACKYARD_NETINET_TCP_SEQ_H_ */
