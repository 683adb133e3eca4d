/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A small packetdrill: loads the object as that does, plays the peer by
 * making packets and reading those that leave, and compares.
 *
 * The peer is 192.0.2.1 or 2001:db8::1, port 5000; we are 192.168.0.1 or
 * fd3d:0a0b:17d6::1, port 8080, unless a test has its own ideas.  Sequence
 * numbers in packets are the real ones; struct drive knows where both sides
 * began.
 */
#ifndef _DRIVE_H_
#define	_DRIVE_H_

#include <netinet/in.h>
#include <atf-c.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "object.h"

#define	LOCAL4		"192.168.0.1"
#define	REMOTE4		"192.0.2.1"
#define	LOCAL6		"fd3d:0a0b:17d6::1"
#define	REMOTE6		"2001:db8::1"
#define	LPORT		8080
#define	RPORT		5000
#define	PAYLOAD		65535

#define	F		0x01
#define	S		0x02
#define	R		0x04
#define	P		0x08
#define	A		0x10

struct drive {
	struct packetdrill_interface i;
	int		af;
	uint8_t		us[16], peer[16];	/* 4 bytes for IPv4 */
	uint16_t	lport, rport;
	uint32_t	iss;		/* ours, from our first SYN */
	uint32_t	irs;		/* the peer's */
	uint32_t	ts, tsecr;	/* time stamps, if on */
	bool		usets;
	long long	start;		/* us */
};

struct pkt {
	long long	when;		/* us since the start */
	size_t		size;		/* of the whole packet */
	int		flags;
	uint32_t	seq, ack;	/* relative to both beginnings */
	uint16_t	win;
	uint16_t	mss;		/* the option's; 0: none */
	uint16_t	lport;
	uint8_t		src[16];
	size_t		len;
	uint8_t		raw[PAYLOAD];	/* the whole packet */
};

/* Load the object and make a stack; once per drive. */
void	drive_open(struct drive *d, int af, const char *flags);
void	drive_close(struct drive *d);
/* A call through the interface that must return what is said. */
#define	CALL(d, want, member, ...) do {					\
	long call_rv_ = (long)(d)->i.member((d)->i.userdata,		\
	    ##__VA_ARGS__);						\
	ATF_REQUIRE_EQ_MSG((long)(want), call_rv_, #member ": %ld, %s",	\
	    call_rv_, strerror(errno));					\
} while (0)
/* One that must fail with an errno. */
#define	FAIL(d, error, member, ...)					\
	ATF_CHECK_ERRNO(error, (long)(d)->i.member((d)->i.userdata,	\
	    ##__VA_ARGS__) == -1)

/* A packet of the peer's; seq and ack as in struct pkt. */
void	inject(struct drive *d, int flags, uint32_t seq, size_t len,
	    uint32_t ack, uint16_t win);
/* The next packet; it must come. */
void	take(struct drive *d, struct pkt *p);
/* The same, and it must be this. */
void	expect(struct drive *d, struct pkt *p, int flags, uint32_t seq,
	    size_t len, uint32_t ack);
/* No packet before the clock has run so far (us). */
void	quiet(struct drive *d, useconds_t usec);
/* us since the start, by the interface's clock. */
long long now(struct drive *d);
/* Addresses for calls: ours and the peer's. */
socklen_t local(const struct drive *d, struct sockaddr_storage *ss);
socklen_t remote(const struct drive *d, struct sockaddr_storage *ss);
/* A socket that listens; one that a handshake has made. */
int	listener(struct drive *d);
int	accepted(struct drive *d, int lfd);

/* Wait, in real time, until the thread sleeps: how packetdrill learns that a
 * call blocks. */
void	wait_asleep(const _Atomic pid_t *tid);

#endif /* !_DRIVE_H_ */
