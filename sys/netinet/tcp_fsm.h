/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* The states of a connection (RFC 9293, 3.3.2), FreeBSD's numbers. */
#ifndef _STACKYARD_NETINET_TCP_FSM_H_
#define	_STACKYARD_NETINET_TCP_FSM_H_

#define	TCP_NSTATES	11

#define	TCPS_CLOSED		0
#define	TCPS_LISTEN		1
#define	TCPS_SYN_SENT		2
#define	TCPS_SYN_RECEIVED	3
#define	TCPS_ESTABLISHED	4
#define	TCPS_CLOSE_WAIT		5	/* FIN came */
#define	TCPS_FIN_WAIT_1		6	/* FIN sent */
#define	TCPS_CLOSING		7	/* FIN sent and came, ours not ACKed */
#define	TCPS_LAST_ACK		8	/* FIN came, ours sent */
#define	TCPS_FIN_WAIT_2		9	/* our FIN is acknowledged */
#define	TCPS_TIME_WAIT		10

#define	TCPS_HAVERCVDSYN(s)	((s) >= TCPS_SYN_RECEIVED)
#define	TCPS_HAVEESTABLISHED(s)	((s) >= TCPS_ESTABLISHED)
#define	TCPS_HAVERCVDFIN(s)						\
	((s) == TCPS_CLOSE_WAIT ||					\
	((s) >= TCPS_CLOSING && (s) != TCPS_FIN_WAIT_2))

#endif /* !_STACKYARD_NETINET_TCP_FSM_H_ */
