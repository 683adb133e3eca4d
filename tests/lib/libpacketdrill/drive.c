/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The small packetdrill of drive.h.  Packets are made and read byte by byte
 * here, with checksums of its own, so that it shares nothing with what it
 * tests.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "drive.h"

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint16_t
get16(const uint8_t *p)
{
	return ((uint16_t)(p[0] << 8 | p[1]));
}

static uint32_t
get32(const uint8_t *p)
{
	return ((uint32_t)get16(p) << 16 | get16(p + 2));
}

/* ---- Birth and death ---- */

void
drive_open(struct drive *d, int af, const char *flags)
{
	object_init_t *init;
	const char *why;

	init = object_load(&why);
	ATF_REQUIRE_MSG(init != NULL, "%s", why);
	memset(d, 0, sizeof(*d));
	init(flags, &d->i);
	d->af = af;
	ATF_REQUIRE_EQ(1, inet_pton(af, af == AF_INET ? LOCAL4 : LOCAL6,
	    d->us));
	ATF_REQUIRE_EQ(1, inet_pton(af, af == AF_INET ? REMOTE4 : REMOTE6,
	    d->peer));
	d->lport = LPORT;
	d->rport = RPORT;
	d->irs = 0xfffffff0;		/* wraps soon */
	d->start = now(d);
}

void
drive_close(struct drive *d)
{
	d->i.free(d->i.userdata);
}

long long
now(struct drive *d)
{
	struct timeval tv;

	ATF_REQUIRE_EQ(0, d->i.gettimeofday(d->i.userdata, &tv, NULL));
	return (tv.tv_sec * 1000000LL + tv.tv_usec - d->start);
}

/* ---- Addresses ---- */

static socklen_t
address(const struct drive *d, const uint8_t *addr, uint16_t port,
    struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *sin6 = (void *)ss;
	struct sockaddr_in *sin = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (d->af == AF_INET) {
		sin->sin_family = AF_INET;
		sin->sin_port = htons(port);
		memcpy(&sin->sin_addr, addr, 4);
		return (sizeof(*sin));
	}
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(port);
	memcpy(&sin6->sin6_addr, addr, 16);
	return (sizeof(*sin6));
}

socklen_t
local(const struct drive *d, struct sockaddr_storage *ss)
{
	return (address(d, d->us, d->lport, ss));
}

socklen_t
remote(const struct drive *d, struct sockaddr_storage *ss)
{
	return (address(d, d->peer, d->rport, ss));
}

/* ---- Checksums ---- */

/* Of a TCP segment, with its pseudo header: 0xffff if it is right. */
static uint32_t
tcp_sum(const uint8_t *src, const uint8_t *dst, size_t alen,
    const uint8_t *tcp, size_t len)
{
	uint32_t s;

	s = object_sum(src, alen, IPPROTO_TCP + (uint32_t)len);
	s = object_sum(dst, alen, s);
	return (object_sum(tcp, len, s));
}

/* ---- Making packets ---- */

static size_t
put_options(const struct drive *d, uint8_t *p, int flags)
{
	size_t n;

	n = 0;
	if ((flags & S) != 0) {
		p[n] = 2;
		p[n + 1] = 4;
		put16(p + n + 2, 1000);
		n += 4;
	}
	if (d->usets) {
		p[n] = p[n + 1] = 1;
		p[n + 2] = 8;
		p[n + 3] = 10;
		put32(p + n + 4, d->ts);
		put32(p + n + 8, d->tsecr);
		n += 12;
	}
	return (n);
}

static void
put_ip(const struct drive *d, uint8_t *p, size_t len)
{
	if (d->af == AF_INET) {
		p[0] = 0x45;
		put16(p + 2, (unsigned)(20 + len));
		p[8] = 64;
		p[9] = IPPROTO_TCP;
		memcpy(p + 12, d->peer, 4);
		memcpy(p + 16, d->us, 4);
		put16(p + 10, ~object_sum(p, 20, 0) & 0xffff);
	} else {
		p[0] = 0x60;
		put16(p + 4, (unsigned)len);
		p[6] = IPPROTO_TCP;
		p[7] = 64;
		memcpy(p + 8, d->peer, 16);
		memcpy(p + 24, d->us, 16);
	}
}

void
inject(struct drive *d, int flags, uint32_t seq, size_t len, uint32_t ack,
    uint16_t win)
{
	static uint8_t buf[PAYLOAD];
	size_t alen, hlen, ip;
	uint8_t *tcp;

	ip = d->af == AF_INET ? 20 : 40;
	alen = d->af == AF_INET ? 4 : 16;
	memset(buf, 0, sizeof(buf));
	tcp = buf + ip;
	hlen = 20 + put_options(d, tcp + 20, flags);
	put16(tcp, d->rport);
	put16(tcp + 2, d->lport);
	put32(tcp + 4, d->irs + seq);
	put32(tcp + 8, (flags & A) != 0 ? d->iss + ack : 0);
	tcp[12] = (uint8_t)(hlen / 4 << 4);
	tcp[13] = (uint8_t)flags;
	put16(tcp + 14, win);
	put_ip(d, buf, hlen + len);
	put16(tcp + 16, ~tcp_sum(d->peer, d->us, alen, tcp, hlen + len) &
	    0xffff);
	CALL(d, 0, netdev_send, buf, ip + hlen + len);
}

/* ---- Reading packets ---- */

static void
get_options(struct drive *d, struct pkt *p, const uint8_t *o, size_t len)
{
	size_t i;

	for (i = 0; i < len && o[i] != 0; i += o[i] == 1 ? 1 : o[i + 1]) {
		if (o[i] == 1)
			continue;
		ATF_REQUIRE(i + 1 < len && o[i + 1] >= 2 &&
		    i + o[i + 1] <= len);
		if (o[i] == 2)
			p->mss = get16(o + i + 2);
		if (o[i] == 8)
			d->tsecr = get32(o + i + 2);
	}
}

static void
check_ip(struct drive *d, struct pkt *p)
{
	const uint8_t *ip = p->raw;
	size_t alen = d->af == AF_INET ? 4 : 16;

	if (d->af == AF_INET) {
		ATF_REQUIRE_EQ(0x45, ip[0]);
		ATF_CHECK_EQ(p->size, get16(ip + 2));
		ATF_CHECK_EQ(IPPROTO_TCP, ip[9]);
		ATF_CHECK_EQ_MSG(0xffff, object_sum(ip, 20, 0), "IP checksum");
		memcpy(p->src, ip + 12, 4);
		ATF_CHECK_EQ(0, memcmp(ip + 16, d->peer, alen));
	} else {
		ATF_REQUIRE_EQ(6, ip[0] >> 4);
		ATF_CHECK_EQ(p->size, 40U + get16(ip + 4));
		ATF_CHECK_EQ(IPPROTO_TCP, ip[6]);
		memcpy(p->src, ip + 8, 16);
		ATF_CHECK_EQ(0, memcmp(ip + 24, d->peer, alen));
	}
}

static void
parse(struct drive *d, struct pkt *p)
{
	size_t alen = d->af == AF_INET ? 4 : 16;
	size_t hlen, ip = d->af == AF_INET ? 20 : 40;
	const uint8_t *tcp = p->raw + ip;

	check_ip(d, p);
	ATF_CHECK_EQ_MSG(0xffff, tcp_sum(p->src, d->peer, alen, tcp,
	    p->size - ip), "TCP checksum");
	p->lport = get16(tcp);
	p->flags = tcp[13];
	if ((p->flags & S) != 0)
		d->iss = get32(tcp + 4);
	p->seq = get32(tcp + 4) - d->iss;
	p->ack = (p->flags & A) != 0 ? get32(tcp + 8) - d->irs : 0;
	p->win = get16(tcp + 14);
	hlen = (size_t)(tcp[12] >> 4) * 4;
	ATF_REQUIRE(hlen >= 20 && ip + hlen <= p->size);
	get_options(d, p, tcp + 20, hlen - 20);
	p->len = p->size - ip - hlen;
}

void
take(struct drive *d, struct pkt *p)
{
	memset(p, 0, sizeof(*p));
	p->size = sizeof(p->raw);
	CALL(d, 0, netdev_receive, p->raw, &p->size, &p->when);
	ATF_REQUIRE_MSG(p->size > 0, "no packet will ever leave");
	p->when -= d->start;
	parse(d, p);
}

void
expect(struct drive *d, struct pkt *p, int flags, uint32_t seq, size_t len,
    uint32_t ack)
{
	struct pkt mine;

	if (p == NULL)
		p = &mine;
	take(d, p);
	if (p->flags != flags || p->seq != seq || p->len != len ||
	    p->ack != ack)
		atf_tc_fail("flags %#x seq %u(%zu) ack %u; wanted %#x "
		    "%u(%zu) %u", p->flags, p->seq, p->len, p->ack, flags,
		    seq, len, ack);
}

/*
 * The interface's only question about packets waits for one; so the next
 * must be later than the time to be quiet.
 */
void
quiet(struct drive *d, useconds_t usec)
{
	struct pkt p;
	long long from;

	from = now(d);
	CALL(d, 0, usleep, usec);
	p.size = sizeof(p.raw);
	/* A probe that the stack answers at once, from a port of nobody's. */
	d->rport ^= 1;
	inject(d, R, 0, 0, 0, 0);
	inject(d, A, 0, 0, 0, 0);
	CALL(d, 0, netdev_receive, p.raw, &p.size, &p.when);
	d->rport ^= 1;
	ATF_REQUIRE(p.size > 0);
	p.when -= d->start;
	ATF_CHECK_MSG(p.when >= from + usec, "a packet after %lld us",
	    p.when - from);
}

/* ---- Sockets ---- */

int
listener(struct drive *d)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, one = 1;

	fd = d->i.socket(d->i.userdata, d->af, SOCK_STREAM, IPPROTO_TCP);
	ATF_REQUIRE_MSG(fd >= 0, "socket: %s", strerror(errno));
	CALL(d, 0, setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &one,
	    sizeof(one));
	len = local(d, &ss);
	CALL(d, 0, bind, fd, (struct sockaddr *)&ss, len);
	CALL(d, 0, listen, fd, 5);
	return (fd);
}

int
accepted(struct drive *d, int lfd)
{
	struct pkt p;
	int fd;

	inject(d, S, 0, 0, 0, 65535);
	expect(d, &p, S | A, 0, 0, 1);
	inject(d, A, 1, 0, 1, 65535);
	fd = d->i.accept(d->i.userdata, lfd, NULL, NULL);
	ATF_REQUIRE_MSG(fd >= 0, "accept: %s", strerror(errno));
	return (fd);
}

/* ---- Threads ---- */

void
wait_asleep(const _Atomic pid_t *tid)
{
	int i;

	for (i = 0; i < 25000; i++) {
		if (*tid != 0 && object_thread_state(*tid) == 'S')
			return;
		(void)usleep(200);
	}
	atf_tc_fail("the thread does not sleep: %c", object_thread_state(*tid));
}
