/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * peer_lwip inmem_bulk | inmem_conn [-u] [-n count]; peer_lwip build
 *
 * lwIP, doing what bench does with the stack: both ends in one thread, the
 * callback ("raw") interface, data copied in and out, checksums computed and
 * verified.
 *
 * There is one lwIP in a process, so one instance is both hosts: it has two
 * interfaces, each connection end is bound to one of them, and what leaves
 * by one is queued and then received by the other.  The queue copies each
 * packet, as every driver of lwIP does that is not the hardware itself:
 * what is sent belongs to the sender until it is acknowledged, and input
 * changes headers in place.
 *
 * Segment size, window and options are decided when lwIP is built; `build'
 * says them.
 */
#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <lwip/priv/tcp_priv.h>
#include <string.h>
#include <unistd.h>

#include "../figure.h"

#define	BENCH_PORT	5001
#define	CHUNK		65536
#define	QUEUE		4096		/* packets; a power of two */
#define	PATIENCE	10		/* s without any packet */
/* Connections after which all TIME_WAIT is made to end: finding a port walks
 * the list of them, which is meant to be short. */
#define	FORGET		100

bool	figure_units_only;

static struct netif netif_a, netif_b;
static struct {
	struct pbuf	*p;
	struct netif	*to;
} queue[QUEUE];
static unsigned queue_in, queue_out;

static void
check(err_t error, const char *what)
{
	if (error != ERR_OK)
		die("lwIP: %s: %s", what, lwip_strerr(error));
}

/* ---- The wire ---- */

static err_t
wire_output(struct netif *from, struct pbuf *p,
    const ip4_addr_t *to __attribute__((__unused__)))
{
	struct pbuf *copy;

	if (queue_in - queue_out == QUEUE)
		return (ERR_MEM);
	copy = pbuf_alloc(PBUF_RAW, p->tot_len, PBUF_RAM);
	if (copy == NULL)
		return (ERR_MEM);
	check(pbuf_copy(copy, p), "copying");
	queue[queue_in % QUEUE].p = copy;
	queue[queue_in % QUEUE].to = from == &netif_a ? &netif_b : &netif_a;
	queue_in++;
	return (ERR_OK);
}

static err_t
wire_init(struct netif *netif)
{
	netif->output = wire_output;
	netif->mtu = 1500;
	netif->flags |= NETIF_FLAG_LINK_UP;
	netif->name[0] = 'w';
	netif->name[1] = 'e';
	return (ERR_OK);
}

static void
wire_add(struct netif *netif, const char *addr)
{
	ip4_addr_t ip, mask, gw;

	ip4addr_aton(addr, &ip);
	IP4_ADDR(&mask, 255, 255, 255, 0);
	IP4_ADDR(&gw, 0, 0, 0, 0);
	if (netif_add(netif, &ip, &mask, &gw, NULL, wire_init,
	    ip_input) == NULL)
		die("lwIP: no interface");
	netif_set_up(netif);
}

/* Deliver one packet, if one waits. */
static bool
wire_one(void)
{
	unsigned i;

	if (queue_in == queue_out)
		return (false);
	i = queue_out++ % QUEUE;
	if (queue[i].to->input(queue[i].p, queue[i].to) != ERR_OK)
		pbuf_free(queue[i].p);
	return (true);
}

/* Deliver what waits, and what that causes, until *done. */
static void
wire_run(const bool *done)
{
	double since = 0;

	while (!*done) {
		if (wire_one()) {
			since = 0;
			continue;
		}
		sys_check_timeouts();
		if (since == 0)
			since = wall();
		else if (wall() - since > PATIENCE)
			die("lwIP: nothing happens");
	}
}

/* ---- Bulk ---- */

static struct {
	struct tcp_pcb	*out, *in;
	uint64_t	want, put, got;
	bool		connected, accepted, done;
	char		from[CHUNK], to[CHUNK];
} bulk;

static void
bulk_write(struct tcp_pcb *pcb)
{
	uint64_t len;

	while (bulk.put < bulk.want && (len = tcp_sndbuf(pcb)) > 0) {
		if (len > bulk.want - bulk.put)
			len = bulk.want - bulk.put;
		if (len > CHUNK - 1)
			len = CHUNK - 1;
		if (tcp_write(pcb, bulk.from, (u16_t)len,
		    TCP_WRITE_FLAG_COPY) != ERR_OK)
			break;
		bulk.put += len;
	}
	check(tcp_output(pcb), "output");
}

static err_t
bulk_sent(void *arg __attribute__((__unused__)), struct tcp_pcb *pcb,
    u16_t len __attribute__((__unused__)))
{
	bulk_write(pcb);
	return (ERR_OK);
}

static err_t
bulk_recv(void *arg __attribute__((__unused__)), struct tcp_pcb *pcb,
    struct pbuf *p, err_t error __attribute__((__unused__)))
{
	if (p == NULL)
		die("lwIP: an end");
	pbuf_copy_partial(p, bulk.to, p->tot_len, 0);
	bulk.got += p->tot_len;
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	bulk.done = bulk.got >= bulk.want;
	return (ERR_OK);
}

static err_t
bulk_accepted(void *arg __attribute__((__unused__)), struct tcp_pcb *pcb,
    err_t error)
{
	check(error, "accept");
	tcp_recv(pcb, bulk_recv);
	bulk.in = pcb;
	bulk.accepted = true;
	return (ERR_OK);
}

static err_t
bulk_connected(void *arg __attribute__((__unused__)),
    struct tcp_pcb *pcb __attribute__((__unused__)), err_t error)
{
	check(error, "connect");
	bulk.connected = true;
	return (ERR_OK);
}

static void
peer_listen(tcp_accept_fn accepted)
{
	struct tcp_pcb *pcb;

	if ((pcb = tcp_new()) == NULL)
		die("lwIP: no pcb");
	tcp_bind_netif(pcb, &netif_b);
	check(tcp_bind(pcb, IP_ADDR_ANY, BENCH_PORT), "bind");
	if ((pcb = tcp_listen(pcb)) == NULL)
		die("lwIP: no listener");
	tcp_accept(pcb, accepted);
}

static struct tcp_pcb *
peer_connect(tcp_connected_fn connected)
{
	struct tcp_pcb *pcb;
	ip_addr_t to;

	if ((pcb = tcp_new()) == NULL)
		die("lwIP: no pcb");
	tcp_bind_netif(pcb, &netif_a);
	ipaddr_aton("10.0.0.2", &to);
	check(tcp_connect(pcb, &to, BENCH_PORT, connected), "connect");
	return (pcb);
}

static uint64_t
inmem_bulk(uint64_t count)
{
	double seconds;

	memset(bulk.from, 'x', sizeof(bulk.from));
	peer_listen(bulk_accepted);
	bulk.out = peer_connect(bulk_connected);
	wire_run(&bulk.connected);
	wire_run(&bulk.accepted);
	bulk.want = count * tcp_mss(bulk.out);
	tcp_sent(bulk.out, bulk_sent);
	count_from_here();
	seconds = wall();
	bulk_write(bulk.out);
	wire_run(&bulk.done);
	seconds = wall() - seconds;
	figure((double)bulk.want * 8 / seconds / 1e9, "Gbit/s",
	    "lwip.inmem_bulk.gbit_per_s");
	figure(seconds * 1e9 / (double)count, "ns",
	    "lwip.inmem_bulk.ns_per_segment");
	return (count);
}

/* ---- Connections ---- */

static bool	conn_over;		/* closed on both sides */

/* The accepting side answers a byte with a byte and closes. */
static err_t
conn_serve(void *arg __attribute__((__unused__)), struct tcp_pcb *pcb,
    struct pbuf *p, err_t error __attribute__((__unused__)))
{
	char byte;

	if (p == NULL)
		return (ERR_OK);
	pbuf_copy_partial(p, &byte, 1, 0);
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	check(tcp_write(pcb, &byte, 1, TCP_WRITE_FLAG_COPY), "write");
	return (tcp_close(pcb));
}

static err_t
conn_accepted(void *arg __attribute__((__unused__)), struct tcp_pcb *pcb,
    err_t error)
{
	check(error, "accept");
	tcp_recv(pcb, conn_serve);
	return (ERR_OK);
}

/* The other side takes the byte, and closes at the end. */
static err_t
conn_answer(void *arg __attribute__((__unused__)), struct tcp_pcb *pcb,
    struct pbuf *p, err_t error __attribute__((__unused__)))
{
	char byte;

	if (p == NULL) {
		conn_over = true;
		return (tcp_close(pcb));
	}
	pbuf_copy_partial(p, &byte, 1, 0);
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	return (ERR_OK);
}

static err_t
conn_connected(void *arg __attribute__((__unused__)), struct tcp_pcb *pcb,
    err_t error)
{
	char byte = 'x';

	check(error, "connect");
	tcp_recv(pcb, conn_answer);
	check(tcp_write(pcb, &byte, 1, TCP_WRITE_FLAG_COPY), "write");
	return (tcp_output(pcb));
}

static uint64_t
inmem_conn(uint64_t count)
{
	double seconds;
	uint64_t i;

	peer_listen(conn_accepted);
	count_from_here();
	seconds = wall();
	for (i = 0; i < count; i++) {
		conn_over = false;
		(void)peer_connect(conn_connected);
		wire_run(&conn_over);
		while (wire_one())
			continue;
		if (i % FORGET == FORGET - 1) {
			tcp_ticks += 2 * TCP_MSL / TCP_SLOW_INTERVAL + 1;
			tcp_tmr();
			tcp_tmr();
		}
	}
	seconds = wall() - seconds;
	figure((double)count / seconds, "/s", "lwip.inmem_conn.per_s.o0");
	return (count);
}

/* ---- The command line ---- */

static void
build(void)
{
	(void)printf("lwIP %s (%s): MSS %d, window %d, send buffer %d, "
	    "time stamps %s, SACK %s\n", LWIP_VERSION_STRING, LWIP_BUILD,
	    TCP_MSS, TCP_WND, TCP_SND_BUF,
	    LWIP_TCP_TIMESTAMPS ? "yes" : "no",
	    LWIP_TCP_SACK_OUT ? "yes" : "no");
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	uint64_t count = 50000, units = 0;
	int c;

	optind = 2;
	while ((c = getopt(argc, argv, "n:u")) != -1)
		if (c == 'n')
			count = strtoull(optarg, NULL, 10);
		else if (c == 'u')
			figure_units_only = true;
		else
			return (64);
	lwip_init();
	wire_add(&netif_a, "10.0.0.1");
	wire_add(&netif_b, "10.0.0.2");
	if (strcmp(what, "inmem_bulk") == 0)
		units = inmem_bulk(count);
	else if (strcmp(what, "inmem_conn") == 0)
		units = inmem_conn(count);
	else if (strcmp(what, "build") == 0)
		build();
	else if (strcmp(what, "counts") == 0)
		(void)printf("%s\n", COUNTS);
	else
		die("usage: peer_lwip inmem_bulk | inmem_conn | build "
		    "[-u] [-n count]");
	if (figure_units_only)
		(void)printf("%ju\n", (uintmax_t)units);
	return (0);
}
