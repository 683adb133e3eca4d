/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Sockets over a transport that the test plays (fakeproto.h): their life,
 * sending and receiving, listening, options, and shortage of memory at
 * each point.
 */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/protosw.h>
#include <sys/socketvar.h>
#include <sys/sockopt.h>
#include <sys/syscallsubr.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <sys/vnet.h>

#include <vm/uma.h>

#include <atf-c.h>

#include "fakeproto.h"
#include "testhost.h"

static char big[200000];

/* Bytes that tell where they are from. */
static void
fill_big(void)
{
	u_int i;

	for (i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7 + i / 251);
}

static int
getopt_int(int fd, int name)
{
	size_t len;
	int value;

	len = sizeof(value);
	value = -1;
	ATF_CHECK_EQ(0, kern_getsockopt(fd, SOL_SOCKET, name, &value, &len));
	ATF_CHECK_EQ(sizeof(value), len);
	return (value);
}

static int
setopt_int(int fd, int name, int value)
{

	return (kern_setsockopt(fd, SOL_SOCKET, name, &value,
	    sizeof(value)));
}

ATF_TC_WITHOUT_HEAD(create);
ATF_TC_BODY(create, tc)
{
	int fd;

	fake_begin();
	ATF_CHECK_EQ(EAFNOSUPPORT, kern_socket(AF_LINK, SOCK_STREAM, 0,
	    &fd));
	ATF_CHECK_EQ(EPROTOTYPE, kern_socket(AF_INET, SOCK_DGRAM, 0, &fd));
	ATF_CHECK_EQ(EPROTONOSUPPORT, kern_socket(AF_INET, SOCK_STREAM, 77,
	    &fd));
	ATF_CHECK_EQ(EPROTOTYPE, kern_socket(AF_INET, SOCK_DGRAM, FAKE_PROTO,
	    &fd));
	V_fakestate.fs_fail = ENOBUFS;
	ATF_CHECK_EQ(ENOBUFS, kern_socket(AF_INET, SOCK_STREAM, 0, &fd));
	ATF_CHECK_EQ(0, kern_socket(AF_INET, SOCK_STREAM, FAKE_PROTO, &fd));
	ATF_CHECK_EQ(0, kern_close(fd));
	ATF_CHECK_EQ(1U, V_fakestate.fs_ndetach);
	ATF_CHECK_EQ(EEXIST, protosw_register(&fakeproto));
	ATF_CHECK(sizeof(struct socket) <= 192);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(table_of_transports);
ATF_TC_BODY(table_of_transports, tc)
{
	static struct protosw pr[16];
	int error, i;

	fake_begin();
	for (i = 0; i < 16; i++) {
		pr[i] = fakeproto;
		pr[i].pr_protocol = (short)(i + 1);
		error = protosw_register(&pr[i]);
		ATF_CHECK_EQ(i < 15 ? 0 : ENOMEM, error);
	}
	/* The first of the type is the one for no protocol. */
	ATF_CHECK(protosw_find(AF_INET, SOCK_STREAM, 0, &error) ==
	    &fakeproto);
	ATF_CHECK(protosw_find(AF_INET, SOCK_STREAM, 3, &error) == &pr[2]);
	protosw_unregister(&fakeproto);
	ATF_CHECK(protosw_find(AF_INET, SOCK_STREAM, 0, &error) == &pr[0]);
	ATF_CHECK_EQ(0, protosw_register(&fakeproto));
	for (i = 0; i < 16; i++)
		protosw_unregister(&pr[i]);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(maxsockets);
ATF_TC_BODY(maxsockets, tc)
{
	static struct testhost th;
	const struct vnet_tunable tun = { "kern.ipc.maxsockets", "2" };
	struct socket *so[3];
	size_t len;
	int open;

	ATF_REQUIRE_EQ(0, testhost_start_with(&th, "few", &tun, 1));
	(void)vnet_enter(th.th_vnet);
	fake_register();
	ATF_CHECK_EQ(0, socreate(AF_INET, &so[0], SOCK_STREAM, 0));
	ATF_CHECK(so[0]->so_proto == &fakeproto);
	ATF_CHECK_EQ(0, socreate(AF_INET, &so[1], SOCK_STREAM, 0));
	ATF_CHECK_EQ(ENFILE, socreate(AF_INET, &so[2], SOCK_STREAM, 0));
	len = sizeof(open);
	ATF_CHECK_EQ(0, kernel_sysctlbyname("kern.ipc.numopensockets", &open,
	    &len, NULL, 0));
	ATF_CHECK_EQ(2, open);
	ATF_CHECK_EQ(0, soclose(so[0]));
	ATF_CHECK_EQ(0, socreate(AF_INET, &so[2], SOCK_STREAM, 0));
	soabort(so[1]);
	soabort(so[2]);
	vnet_leave(NULL);
	testhost_stop(&th);
}

ATF_TC_WITHOUT_HEAD(connect);
ATF_TC_BODY(connect, tc)
{
	struct sockaddr_storage ss;
	struct sockaddr bad;
	int fd, revents;

	fake_begin();
	fd = fake_socket();
	bad = *fake_addr();
	bad.sa_len = 12;
	ATF_CHECK_EQ(EINVAL, kern_bind(fd, &bad));
	ATF_CHECK_EQ(EINVAL, kern_connect(fd, &bad));
	bad.sa_family = AF_INET6;
	bad.sa_len = 16;
	ATF_CHECK_EQ(EINVAL, kern_connect(fd, &bad));
	ATF_CHECK_EQ(0, kern_bind(fd, fake_addr()));
	ATF_CHECK_EQ(ENOTCONN, kern_getpeername(fd, &ss));
	ATF_CHECK_EQ(0, kern_getsockname(fd, &ss));
	ATF_CHECK_EQ(-ENOTCONN, fake_write(fd, "x", 1, 0));
	ATF_CHECK_EQ(-ENOTCONN, fake_read(fd, big, 1, 0));
	V_fakestate.fs_fail = ENETUNREACH;
	ATF_CHECK_EQ(ENETUNREACH, kern_connect(fd, fake_addr()));
	ATF_CHECK_EQ(EINPROGRESS, kern_connect(fd, fake_addr()));
	ATF_CHECK_EQ(EALREADY, kern_connect(fd, fake_addr()));
	ATF_CHECK_EQ(0, kern_poll(fd, SOPOLL_IN | SOPOLL_OUT, &revents));
	ATF_CHECK_EQ(0, revents);
	ATF_CHECK_EQ(-EWOULDBLOCK, fake_read(fd, big, 1, 0));
	soisconnected(fake_so(fd));
	ATF_CHECK_EQ(EISCONN, kern_connect(fd, fake_addr()));
	ATF_CHECK_EQ(0, kern_getpeername(fd, &ss));
	ATF_CHECK_EQ(2, ss.__ss_pad1[0]);
	ATF_CHECK_EQ(0, kern_poll(fd, SOPOLL_IN | SOPOLL_OUT, &revents));
	ATF_CHECK_EQ(SOPOLL_OUT, revents);
	fake_end();
}

/* A connection that fails says why once, and is then at its end. */
ATF_TC_WITHOUT_HEAD(connect_fails);
ATF_TC_BODY(connect_fails, tc)
{
	int fd, revents;

	fake_begin();
	fd = fake_socket();
	ATF_CHECK_EQ(EINPROGRESS, kern_connect(fd, fake_addr()));
	fake_gone(fake_so(fd), ECONNREFUSED);
	ATF_CHECK_EQ(0, kern_poll(fd, SOPOLL_IN | SOPOLL_OUT, &revents));
	ATF_CHECK_EQ(SOPOLL_IN | SOPOLL_OUT | SOPOLL_ERR | SOPOLL_HUP,
	    revents);
	ATF_CHECK_EQ(ECONNREFUSED, getopt_int(fd, SO_ERROR));
	ATF_CHECK_EQ(0, getopt_int(fd, SO_ERROR));
	ATF_CHECK_EQ(0, fake_read(fd, big, 1, 0));
	ATF_CHECK_EQ(-EPIPE, fake_write(fd, "x", 1, 0));
	ATF_CHECK_EQ(ENOTCONN, kern_shutdown(fd, SHUT_WR));
	ATF_CHECK_EQ(0, kern_close(fd));
	ATF_CHECK_EQ(EBADF, kern_close(fd));
	V_fakestate.fs_prompt = true;
	fd = fake_socket();
	ATF_CHECK_EQ(0, kern_connect(fd, fake_addr()));
	fake_end();
}

/* What a close does while the connection lives, and who frees it. */
ATF_TC_WITHOUT_HEAD(close_connected);
ATF_TC_BODY(close_connected, tc)
{
	struct socket *so;
	int fd;

	fake_begin();
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(5, fake_write(fd, "bytes", 5, 0));
	ATF_CHECK_EQ(0, kern_close(fd));
	/* Still there, with what is to be sent. */
	ATF_CHECK_EQ(5U, sbused(&so->so_snd));
	/* Of a goodbye it hears no more than that. */
	ATF_CHECK_EQ(0U, fakepcb(so)->fp_nclose);
	ATF_CHECK_EQ(1U, fakepcb(so)->fp_ndisconnect);
	ATF_CHECK_EQ(SS_NOFDREF | SS_ISCONNECTED | SS_ISDISCONNECTING,
	    so->so_state);
	fake_gone(so, 0);
	ATF_CHECK_EQ(0, V_fakestate.fs_pcbs);
	ATF_CHECK_EQ(0U, V_fakestate.fs_ndetach);
	/* A transport that holds a reference is cut off when it lets go. */
	fd = fake_connected();
	so = fake_so(fd);
	soref(so);
	ATF_CHECK_EQ(0, kern_close(fd));
	soisdisconnected(so);
	ATF_CHECK_EQ(1, V_fakestate.fs_pcbs);
	sorele(so);
	ATF_CHECK_EQ(0, V_fakestate.fs_pcbs);
	ATF_CHECK_EQ(1U, V_fakestate.fs_ndetach);
	/* Ended before the close. */
	fd = fake_connected();
	V_fakestate.fs_prompt = true;
	V_fakestate.fs_fail = ECONNRESET;
	ATF_CHECK_EQ(ECONNRESET, kern_close(fd));
	ATF_CHECK_EQ(EBADF, kern_close(fd));
	ATF_CHECK_EQ(0, V_fakestate.fs_pcbs);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(linger);
ATF_TC_BODY(linger, tc)
{
	struct linger l;
	struct socket *so;
	int fd, i;

	fake_begin();
	for (i = 0; i < 3; i++) {
		fd = fake_connected();
		so = fake_so(fd);
		l.l_onoff = 1;
		l.l_linger = 5;
		ATF_CHECK_EQ(0, kern_setsockopt(fd, SOL_SOCKET, SO_LINGER,
		    &l, sizeof(l)));
		ATF_CHECK_EQ(EWOULDBLOCK, kern_close(fd));
		ATF_CHECK_EQ(-EPIPE, fake_write(fd, "x", 1, 0));
		fake_time(getnstime() + 4999 * NS_PER_MSEC);
		ATF_CHECK_EQ(EWOULDBLOCK, kern_close(fd));
		ATF_CHECK_EQ(1U, fakepcb(so)->fp_ndisconnect);
		if (i == 0) {
			/* The peer has all of it. */
			soisdisconnected(so);
			ATF_CHECK_EQ(0, kern_close(fd));
			ATF_CHECK_EQ(0, V_fakestate.fs_pcbs);
			continue;
		}
		if (i == 1)
			/* The time is over. */
			fake_time(getnstime() + NS_PER_MSEC);
		else
			/* Nobody wants to wait. */
			ATF_CHECK_EQ(0, kern_fcntl_setfl(fd, true));
		ATF_CHECK_EQ(0, kern_close(fd));
		ATF_CHECK_EQ(1, V_fakestate.fs_pcbs);
		fake_gone(so, 0);
		ATF_CHECK_EQ(0, V_fakestate.fs_pcbs);
	}
	/* A linger of nothing is a reset. */
	fd = fake_connected();
	l.l_linger = 0;
	ATF_CHECK_EQ(0, kern_setsockopt(fd, SOL_SOCKET, SO_LINGER, &l,
	    sizeof(l)));
	ATF_CHECK_EQ(0, kern_close(fd));
	ATF_CHECK_EQ(0, V_fakestate.fs_pcbs);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(shutdown);
ATF_TC_BODY(shutdown, tc)
{
	struct socket *so;
	int fd;

	fake_begin();
	fd = fake_socket();
	ATF_CHECK_EQ(ENOTCONN, kern_shutdown(fd, SHUT_RD));
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(EINVAL, kern_shutdown(fd, 3));
	ATF_CHECK_EQ(EINVAL, kern_shutdown(fd, -1));
	fake_arrive(so, "unread", 6);
	ATF_CHECK_EQ(0, kern_shutdown(fd, SHUT_RD));
	ATF_CHECK_EQ(0U, sbavail(&so->so_rcv));
	ATF_CHECK_EQ(0, fake_read(fd, big, 6, 0));
	ATF_CHECK_EQ(0U, fakepcb(so)->fp_nshutdown);
	ATF_CHECK_EQ(1U, fakepcb(so)->fp_nrcvd);
	ATF_CHECK_EQ(4, fake_write(fd, "sent", 4, 0));
	ATF_CHECK_EQ(0, kern_shutdown(fd, SHUT_WR));
	ATF_CHECK_EQ(1U, fakepcb(so)->fp_nshutdown);
	ATF_CHECK_EQ(-EPIPE, fake_write(fd, "x", 1, 0));
	ATF_CHECK_EQ(4U, sbused(&so->so_snd));
	fake_end();
}

ATF_TC_WITHOUT_HEAD(send);
ATF_TC_BODY(send, tc)
{
	static char out[sizeof(big)];
	struct socket *so;
	int fd;

	fake_begin();
	fill_big();
	fd = fake_connected();
	so = fake_so(fd);
	/* One pr_send, and as much as there is space for. */
	ATF_CHECK_EQ(FAKE_SNDSPACE, fake_write(fd, big, 100000, 0));
	ATF_CHECK_EQ(1U, fakepcb(so)->fp_nsend);
	ATF_CHECK_EQ(0, fakepcb(so)->fp_prus);
	ATF_CHECK_EQ(-EWOULDBLOCK, fake_write(fd, big, 1, 0));
	sbcheck(&so->so_snd);
	/* 16 KiB clusters. */
	ATF_CHECK_EQ(2U * (MSIZE + MJUM16BYTES), so->so_snd.sb_mbcnt);
	ATF_CHECK_EQ((size_t)FAKE_SNDSPACE, fake_take(so, out, sizeof(out)));
	ATF_CHECK_EQ(0, memcmp(out, big, FAKE_SNDSPACE));
	ATF_CHECK_EQ(3000, fake_write(fd, big, 3000, 0));
	ATF_CHECK_EQ(MSIZE + MJUMPAGESIZE, (int)so->so_snd.sb_mbcnt);
	/* Room that is left is used. */
	ATF_CHECK_EQ(500, fake_write(fd, big + 3000, 500, 0));
	ATF_CHECK_EQ(MSIZE + MJUMPAGESIZE, (int)so->so_snd.sb_mbcnt);
	ATF_CHECK_EQ(3500U, fake_take(so, out, sizeof(out)));
	ATF_CHECK_EQ(0, memcmp(out, big, 3500));
	/* Nothing is nothing. */
	ATF_CHECK_EQ(0, fake_write(fd, big, 0, 0));
	ATF_CHECK_EQ(3U, fakepcb(so)->fp_nsend);
	ATF_CHECK_EQ(-EINVAL, fake_write(fd, big, 1, MSG_EOR));
	V_fakestate.fs_fail = EHOSTUNREACH;
	ATF_CHECK_EQ(-EHOSTUNREACH, fake_write(fd, big, 1, 0));
	so->so_error = ECONNRESET;
	ATF_CHECK_EQ(-ECONNRESET, fake_write(fd, big, 1, 0));
	ATF_CHECK_EQ(1, fake_write(fd, big, 1, 0));
	fake_end();
}

ATF_TC_WITHOUT_HEAD(send_lowat);
ATF_TC_BODY(send_lowat, tc)
{
	static char out[3000];
	struct socket *so;
	int fd;

	fake_begin();
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(MCLBYTES, getopt_int(fd, SO_SNDLOWAT));
	ATF_CHECK_EQ(FAKE_SNDSPACE, fake_write(fd, big, FAKE_SNDSPACE, 0));
	(void)fake_take(so, out, MCLBYTES - 1);
	/* Too little space to begin with, but enough for a small write. */
	ATF_CHECK_EQ(-EWOULDBLOCK, fake_write(fd, big, 3000, 0));
	ATF_CHECK_EQ(100, fake_write(fd, big, 100, 0));
	(void)fake_take(so, out, 101);
	ATF_CHECK_EQ(MCLBYTES, fake_write(fd, big, 3000, 0));
	/* Urgent bytes go a little beyond. */
	ATF_CHECK_EQ(-EWOULDBLOCK, fake_write(fd, big, 1, 0));
	ATF_CHECK_EQ(1, fake_write(fd, big, 1, MSG_OOB));
	ATF_CHECK_EQ(PRUS_OOB, fakepcb(so)->fp_prus);
	ATF_CHECK_EQ(1023, fake_write(fd, big, 1023, MSG_OOB));
	ATF_CHECK_EQ(-EWOULDBLOCK, fake_write(fd, big, 1, MSG_OOB));
	fake_end();
}

ATF_TC_WITHOUT_HEAD(send_flags);
ATF_TC_BODY(send_flags, tc)
{
	struct iovec iov;
	struct socket *so;
	struct uio uio;
	size_t len;
	int fd;

	fake_begin();
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(1, fake_write(fd, big, 1, MSG_MORETOCOME));
	ATF_CHECK_EQ(PRUS_MORETOCOME, fakepcb(so)->fp_prus);
	/* Not all of it went, so it is not the end yet. */
	ATF_CHECK_EQ(FAKE_SNDSPACE - 1, fake_write(fd, big, FAKE_SNDSPACE,
	    MSG_EOF));
	ATF_CHECK_EQ(0, fakepcb(so)->fp_prus);
	(void)fake_take(so, big, FAKE_SNDSPACE);
	ATF_CHECK_EQ(1, fake_write(fd, big, 1, MSG_EOF));
	ATF_CHECK_EQ(PRUS_EOF, fakepcb(so)->fp_prus);
	ATF_CHECK_EQ(-EPIPE, fake_write(fd, big, 1, 0));
	/* The end alone. */
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(0, fake_write(fd, big, 0, MSG_EOF));
	ATF_CHECK_EQ(PRUS_EOF, fakepcb(so)->fp_prus);
	ATF_CHECK_EQ(1U, fakepcb(so)->fp_nsend);
	/* To an address: a connection is made on the way. */
	fd = fake_socket();
	so = fake_so(fd);
	iov.iov_base = big;
	iov.iov_len = 10;
	uio.uio_iov = &iov;
	uio.uio_iovcnt = 1;
	uio.uio_resid = 10;
	ATF_CHECK_EQ(0, kern_send(fd, &uio, 0, fake_addr(), &len));
	ATF_CHECK_EQ(10U, len);
	ATF_CHECK(fakepcb(so)->fp_named);
	/* Ranges that do not hold what they should. */
	uio.uio_resid = 10;
	ATF_CHECK_EQ(EINVAL, kern_send(fd, &uio, 0, NULL, &len));
	uio.uio_resid = -1;
	ATF_CHECK_EQ(EINVAL, kern_send(fd, &uio, 0, NULL, &len));
	fake_end();
}

/* A chain goes as it is. */
ATF_TC_WITHOUT_HEAD(send_chain);
ATF_TC_BODY(send_chain, tc)
{
	struct mbuf *m;
	struct socket *so;
	int fd;

	fake_begin();
	fd = fake_connected();
	so = fake_so(fd);
	m = fake_chain(big, 50000);
	ATF_CHECK_EQ(0, sosend(so, NULL, NULL, m, 0));
	ATF_CHECK_EQ(50000U, sbused(&so->so_snd));
	ATF_CHECK(so->so_snd.sb_mb == m);
	/* No space: the chain is gone. */
	m = m_get(M_NOWAIT, MT_DATA);
	m->m_len = 1;
	ATF_CHECK_EQ(EWOULDBLOCK, sosend(so, NULL, NULL, m, 0));
	m = m_get(M_NOWAIT, MT_DATA);
	ATF_CHECK_EQ(EINVAL, sosend(so, NULL, NULL, m, MSG_EOR));
	fake_end();
}

/* Many small writes take little memory. */
ATF_TC_WITHOUT_HEAD(send_small);
ATF_TC_BODY(send_small, tc)
{
	static char out[5000];
	struct socket *so;
	int fd, i;

	fake_begin();
	fill_big();
	fd = fake_connected();
	so = fake_so(fd);
	for (i = 0; i < 5000; i++)
		ATF_REQUIRE_EQ(1, fake_write(fd, big + i, 1, 0));
	ATF_CHECK(so->so_snd.sb_mbcnt <= 30 * MSIZE);
	sbcheck(&so->so_snd);
	ATF_CHECK_EQ(5000U, fake_take(so, out, sizeof(out)));
	ATF_CHECK_EQ(0, memcmp(big, out, sizeof(out)));
	fake_end();
}

ATF_TC_WITHOUT_HEAD(receive);
ATF_TC_BODY(receive, tc)
{
	char buf[100];
	struct socket *so;
	int fd;

	fake_begin();
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(-EWOULDBLOCK, fake_read(fd, buf, 10, 0));
	ATF_CHECK_EQ(0, fake_read(fd, buf, 0, 0));
	fake_arrive(so, "hello world", 11);
	ATF_CHECK_EQ(5, fake_read(fd, buf, 5, MSG_PEEK));
	ATF_CHECK_EQ(0, memcmp(buf, "hello", 5));
	ATF_CHECK_EQ(0U, fakepcb(so)->fp_nrcvd);
	ATF_CHECK_EQ(5, fake_read(fd, buf, 5, 0));
	ATF_CHECK_EQ(0, memcmp(buf, "hello", 5));
	ATF_CHECK_EQ(1U, fakepcb(so)->fp_nrcvd);
	ATF_CHECK_EQ(6, fake_read(fd, buf, sizeof(buf), 0));
	ATF_CHECK_EQ(0, memcmp(buf, " world", 6));
	sbcheck(&so->so_rcv);
	/* First the bytes, then the error, then the end. */
	fake_arrive(so, "last", 4);
	fake_gone(so, ECONNRESET);
	ATF_CHECK_EQ(2, fake_read(fd, buf, 2, 0));
	ATF_CHECK_EQ(2, fake_read(fd, buf, 5, 0));
	ATF_CHECK_EQ(-ECONNRESET, fake_read(fd, buf, 5, MSG_PEEK));
	ATF_CHECK_EQ(-ECONNRESET, fake_read(fd, buf, 5, 0));
	ATF_CHECK_EQ(0, fake_read(fd, buf, 5, 0));
	ATF_CHECK_EQ(0, fake_read(fd, buf, 5, 0));
	fake_end();
}

/* so's state, errors and bytes as the bits of n have it; returns n >> 8. */
static u_int
in_state(struct socket *so, u_int n)
{

	so->so_state = (short)((n & 0x1 ? SS_ISCONNECTED : 0) |
	    (n & 0x2 ? SS_ISCONNECTING : 0) |
	    (n & 0x4 ? SS_ISDISCONNECTING : 0) |
	    (n & 0x8 ? SS_ISDISCONNECTED : 0));
	so->so_rcv.sb_state = n & 0x10 ? SBS_CANTRCVMORE : 0;
	so->so_error = n & 0x20 ? ECONNRESET : 0;
	so->so_rerror = n & 0x40 ? EHOSTDOWN : 0;
	sbflush(&so->so_rcv);
	if ((n & 0x80) != 0)
		sbappendstream(&so->so_rcv, fake_chain("x", 1), 0);
	return (n >> 8);
}

/* What a look at a socket says, the call says, too, and the other way. */
ATF_TC_WITHOUT_HEAD(looks);
ATF_TC_BODY(looks, tc)
{
	struct socket *acc, *so;
	size_t len;
	u_int n;
	int error, fd;
	char c;
	bool ended, idle;

	fake_begin();
	fd = fake_connected();
	so = fake_so(fd);
	for (n = 0; in_state(so, n) == 0; n++) {
		idle = soreceive_is_idle(so);
		ended = soreceive_is_ended(so);
		len = 77;
		error = soreceive_buf(so, &c, 1, &len);
		ATF_CHECK_MSG(ended == (error == 0 && len == 0), "%#x", n);
		ATF_CHECK_MSG(!idle || error == EWOULDBLOCK, "%#x", n);
		ATF_CHECK_MSG(idle || error != EWOULDBLOCK ||
		    (so->so_state & SS_ISCONNECTED) == 0, "%#x", n);
	}
	(void)in_state(so, 0x1);
	fake_gone(so, 0);
	ATF_CHECK_EQ(0, kern_close(fd));
	fd = fake_socket();
	so = fake_so(fd);
	ATF_CHECK(!soaccept_is_idle(so));
	ATF_CHECK_EQ(0, kern_listen(fd, 5));
	ATF_CHECK(soaccept_is_idle(so));
	ATF_CHECK_EQ(EWOULDBLOCK, soaccept(so, &acc, NULL));
	so->so_rcv.sb_state = SBS_CANTRCVMORE;
	ATF_CHECK(!soreceive_is_ended(so));
	ATF_CHECK_EQ(ENOTCONN, soreceive_buf(so, &c, 1, &len));
	so->so_error = ECONNABORTED;
	ATF_CHECK(!soaccept_is_idle(so));
	ATF_CHECK_EQ(ECONNABORTED, soaccept(so, &acc, NULL));
	ATF_CHECK_EQ(0, kern_close(fd));
	fake_end();
}

ATF_TC_WITHOUT_HEAD(receive_discard);
ATF_TC_BODY(receive_discard, tc)
{
	char buf[10];
	struct socket *so;
	struct uio uio;
	size_t len;
	int fd, flags;

	fake_begin();
	fd = fake_connected();
	so = fake_so(fd);
	fake_arrive(so, "0123456789", 10);
	memset(buf, 'x', sizeof(buf));
	ATF_CHECK_EQ(3, fake_read(fd, buf, 3, MSG_TRUNC));
	ATF_CHECK_EQ('x', buf[0]);
	memset(&uio, 0, sizeof(uio));
	uio.uio_resid = 4;
	flags = MSG_DISCARD;
	ATF_CHECK_EQ(0, kern_recv(fd, &uio, &flags, NULL, &len));
	ATF_CHECK_EQ(4U, len);
	ATF_CHECK_EQ(0, flags);
	flags = 0;
	uio.uio_resid = 4;
	ATF_CHECK_EQ(EINVAL, kern_recv(fd, &uio, &flags, NULL, &len));
	ATF_CHECK_EQ(3, fake_read(fd, buf, 10, 0));
	ATF_CHECK_EQ(0, memcmp(buf, "789", 3));
	ATF_CHECK_EQ(3U, fakepcb(so)->fp_nrcvd);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(receive_lowat);
ATF_TC_BODY(receive_lowat, tc)
{
	char buf[100];
	struct socket *so;
	int fd, revents;

	fake_begin();
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(0, setopt_int(fd, SO_RCVLOWAT, 10));
	fake_arrive(so, "12345", 5);
	ATF_CHECK_EQ(0, kern_poll(fd, SOPOLL_IN, &revents));
	ATF_CHECK_EQ(0, revents);
	ATF_CHECK_EQ(-EWOULDBLOCK, fake_read(fd, buf, 20, 0));
	/* Fewer are asked for, or none waited for. */
	ATF_CHECK_EQ(2, fake_read(fd, buf, 2, 0));
	ATF_CHECK_EQ(3, fake_read(fd, buf, 20, MSG_DONTWAIT));
	fake_arrive(so, "1234567890", 10);
	ATF_CHECK_EQ(0, kern_poll(fd, SOPOLL_IN, &revents));
	ATF_CHECK_EQ(SOPOLL_IN, revents);
	ATF_CHECK_EQ(10, fake_read(fd, buf, 20, 0));
	/* All, or what there is at the end. */
	fake_arrive(so, "1234567890", 10);
	ATF_CHECK_EQ(-EWOULDBLOCK, fake_read(fd, buf, 20, MSG_WAITALL));
	ATF_CHECK_EQ(-EWOULDBLOCK, fake_read(fd, buf, 20, MSG_WAITALL |
	    MSG_PEEK));
	fake_arrive(so, "1234567890", 10);
	ATF_CHECK_EQ(20, fake_read(fd, buf, 20, MSG_WAITALL));
	fake_arrive(so, "1234567890", 10);
	ATF_CHECK_EQ(10, fake_read(fd, big, FAKE_RCVSPACE, MSG_WAITALL));
	fake_arrive(so, "12345", 5);
	ATF_CHECK_EQ(-EWOULDBLOCK, fake_read(fd, buf, 20, MSG_WAITALL));
	fake_eof(so);
	ATF_CHECK_EQ(5, fake_read(fd, buf, 20, MSG_WAITALL));
	ATF_CHECK_EQ(0, fake_read(fd, buf, 20, MSG_WAITALL));
	fake_end();
}

/* A buffer that can hold no more is read, whatever was waited for. */
ATF_TC_WITHOUT_HEAD(receive_full);
ATF_TC_BODY(receive_full, tc)
{
	struct socket *so;
	int fd;

	fake_begin();
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(0, setopt_int(fd, SO_RCVBUF, 1000));
	ATF_CHECK_EQ(0, setopt_int(fd, SO_RCVLOWAT, 2000));
	ATF_CHECK_EQ(1000, getopt_int(fd, SO_RCVLOWAT));
	fake_arrive(so, big, 500);
	ATF_CHECK_EQ(-EWOULDBLOCK, fake_read(fd, big, 2000, 0));
	so->so_rcv.sb_mbmax = so->so_rcv.sb_mbcnt;
	ATF_CHECK_EQ(500, fake_read(fd, big, 2000, 0));
	fake_end();
}

ATF_TC_WITHOUT_HEAD(urgent);
ATF_TC_BODY(urgent, tc)
{
	char buf[100];
	struct socket *so;
	int fd, mark, revents;

	fake_begin();
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(-EWOULDBLOCK, fake_read(fd, buf, 1, MSG_OOB));
	fake_arrive(so, "before", 6);
	so->so_oobmark = 6;
	fakepcb(so)->fp_oob = '!';
	sohasoutofband(so);
	fake_arrive(so, "after", 5);
	ATF_CHECK_EQ(0, kern_poll(fd, SOPOLL_PRI, &revents));
	ATF_CHECK_EQ(SOPOLL_PRI, revents);
	ATF_CHECK_EQ(0, kern_ioctl(fd, SIOCATMARK, &mark));
	ATF_CHECK_EQ(0, mark);
	ATF_CHECK_EQ(1, fake_read(fd, buf, 1, MSG_OOB | MSG_PEEK));
	ATF_CHECK_EQ(1, fake_read(fd, buf, 1, MSG_OOB));
	ATF_CHECK_EQ('!', buf[0]);
	ATF_CHECK_EQ(-EWOULDBLOCK, fake_read(fd, buf, 1, MSG_OOB));
	/* A read stops at the mark, also one that waits for all. */
	ATF_CHECK_EQ(6, fake_read(fd, buf, 100, MSG_PEEK));
	ATF_CHECK_EQ(2, fake_read(fd, buf, 2, 0));
	ATF_CHECK_EQ(4, fake_read(fd, buf, 100, MSG_WAITALL));
	ATF_CHECK_EQ(0, kern_ioctl(fd, SIOCATMARK, &mark));
	ATF_CHECK_EQ(1, mark);
	ATF_CHECK_EQ(5, fake_read(fd, buf, 100, 0));
	ATF_CHECK_EQ(0, memcmp(buf, "after", 5));
	ATF_CHECK_EQ(0, kern_ioctl(fd, SIOCATMARK, &mark));
	ATF_CHECK_EQ(0, mark);
	fake_end();
}

static struct mbuf *
receive_mbufs(struct socket *so, ssize_t len, int flags, int expected)
{
	struct mbuf *m;
	struct uio uio;
	int error;

	memset(&uio, 0, sizeof(uio));
	uio.uio_resid = len;
	error = soreceive(so, NULL, &uio, &m, &flags);
	ATF_CHECK_EQ(expected < 0 ? -expected : 0, error);
	ATF_CHECK_EQ(expected < 0 ? len : len - expected, uio.uio_resid);
	ATF_CHECK_EQ(imax(expected, 0), m == NULL ? 0 :
	    (int)m_length(m, NULL));
	sbcheck(&so->so_rcv);
	return (m);
}

ATF_TC_WITHOUT_HEAD(receive_mbufs);
ATF_TC_BODY(receive_mbufs, tc)
{
	static char out[10000];
	struct mbuf *m, *n;
	struct socket *so;
	char *data;
	int fd;

	fake_begin();
	fill_big();
	fd = fake_connected();
	so = fake_so(fd);
	ATF_CHECK_EQ(NULL, receive_mbufs(so, 10, 0, -EWOULDBLOCK));
	fake_arrive(so, big, 10000);
	data = so->so_rcv.sb_mb->m_data;
	m = receive_mbufs(so, 5000, MSG_PEEK, 5000);
	ATF_CHECK(m->m_data == data);
	m_freem(m);
	/* Cut inside the second mbuf. */
	m = receive_mbufs(so, 5000, 0, 5000);
	ATF_CHECK(m->m_data == data);
	m_copydata(m, 0, 5000, out);
	ATF_CHECK_EQ(0, memcmp(out, big, 5000));
	n = receive_mbufs(so, 5000, 0, 5000);
	m_copydata(n, 0, 5000, out);
	ATF_CHECK_EQ(0, memcmp(out, big + 5000, 5000));
	m_freem(m);
	m_freem(n);
	ATF_CHECK_EQ(2U, fakepcb(so)->fp_nrcvd);
	/* Without memory for the cut: what is before it, if any. */
	fake_arrive(so, big, 5000);
	uma_zone_set_fault(uma_zone_find("mbuf"), 0);
	m = receive_mbufs(so, 100, 0, -ENOBUFS);
	ATF_CHECK_EQ(NULL, m);
	uma_zone_set_fault(uma_zone_find("mbuf"), 0);
	m = receive_mbufs(so, 4500, 0, MJUMPAGESIZE);
	uma_zone_set_fault(uma_zone_find("mbuf"), UINT64_MAX);
	m_freem(m);
	m = receive_mbufs(so, 4500, 0, 5000 - MJUMPAGESIZE);
	m_freem(m);
	fake_end();
}

/* Bytes through two sockets and back, in pieces of all sizes. */
ATF_TC_WITHOUT_HEAD(stream);
ATF_TC_BODY(stream, tc)
{
	static char out[sizeof(big)];
	struct mbuf *m;
	struct socket *a, *b;
	size_t nread, sent;
	ssize_t n;
	uint64_t seed;
	int fda, fdb, len;

	fake_begin();
	fill_big();
	fda = fake_connected();
	fdb = fake_connected();
	a = fake_so(fda);
	b = fake_so(fdb);
	sent = nread = 0;
	seed = 1;
	while (nread < sizeof(big)) {
		len = (int)(test_random(&seed) % (test_random(&seed) % 2 ?
		    40000 : 300));
		n = fake_write(fda, big + sent, ulmin((size_t)len,
		    sizeof(big) - sent), 0);
		if (n > 0)
			sent += (size_t)n;
		/* The wire: references to what a has, then dropped there. */
		len = imin((int)sbused(&a->so_snd),
		    (int)sbspace(&b->so_rcv));
		len = imin(len, 1448 * (int)(test_random(&seed) % 8));
		if (len > 0) {
			m = m_copym(a->so_snd.sb_mb, 0, len, M_NOWAIT);
			sbappendstream(&b->so_rcv, m, 0);
			sbdrop(&a->so_snd, len);
		}
		sbcheck(&a->so_snd);
		sbcheck(&b->so_rcv);
		n = fake_read(fdb, out + nread, ulmin(sizeof(out) - nread,
		    test_random(&seed) % 30000), 0);
		if (n > 0)
			nread += (size_t)n;
	}
	ATF_CHECK_EQ(0, memcmp(out, big, sizeof(big)));
	fake_end();
}

/* Whatever cannot be allocated, nothing is lost and nothing leaks. */
ATF_TC_WITHOUT_HEAD(send_shortage);
ATF_TC_BODY(send_shortage, tc)
{
	static const char * const zones[] = {
		"mbuf", "mbuf_cluster", "mbuf_jumbo_page", "mbuf_jumbo_16k"
	};
	static const size_t sizes[] = { 10, 1500, 3000, 20000, 32768 };
	static char out[FAKE_SNDSPACE];
	struct socket *so;
	ssize_t n;
	size_t done;
	uint64_t after;
	u_int i, z;
	int fd;

	fake_begin();
	fill_big();
	fd = fake_connected();
	so = fake_so(fd);
	for (after = 0; after < 8; after++) {
		for (i = 0; i < nitems(sizes); i++) {
			for (z = 0; z < nitems(zones); z++)
				uma_zone_set_fault(uma_zone_find(zones[z]),
				    after);
			done = 0;
			while (done < sizes[i]) {
				n = fake_write(fd, big + done,
				    sizes[i] - done, 0);
				ATF_REQUIRE(n > 0 || n == -ENOBUFS);
				if (n > 0)
					done += (size_t)n;
			}
			sbcheck(&so->so_snd);
			ATF_REQUIRE_EQ(sizes[i], fake_take(so, out,
			    sizeof(out)));
			ATF_REQUIRE_EQ(0, memcmp(out, big, sizes[i]));
		}
	}
	for (z = 0; z < nitems(zones); z++)
		uma_zone_set_fault(uma_zone_find(zones[z]), UINT64_MAX);
	/* One refusal is one error, whichever way the write goes. */
	for (i = 0; i < 2; i++) {
		uma_zone_set_fault(uma_zone_find("mbuf"), 0);
		ATF_CHECK_EQ(-ENOBUFS, fake_write(fd, big, 10, 0));
		ATF_CHECK_EQ(10, fake_write(fd, big, 10, MSG_MORETOCOME));
		ATF_REQUIRE_EQ(10, fake_take(so, out, sizeof(out)));
	}
	/* Without large clusters small ones do. */
	fake_sysctl("kern.ipc.nmbjumbop", "1");
	fake_sysctl("kern.ipc.nmbjumbo16", "1");
	ATF_CHECK_EQ(FAKE_SNDSPACE, fake_write(fd, big, 100000, 0));
	ATF_CHECK_EQ((size_t)FAKE_SNDSPACE, fake_take(so, out, sizeof(out)));
	ATF_CHECK_EQ(0, memcmp(out, big, sizeof(out)));
	fake_end();
}

/* Each call that makes something, with each allocation failing in turn. */
ATF_TC_WITHOUT_HEAD(create_shortage);
ATF_TC_BODY(create_shortage, tc)
{
	extern const struct malloc_type M_FILEDESC[1], M_SOLISTEN[1];
	struct socket *head, *so;
	int fd;

	fake_begin();
	uma_zone_set_fault(uma_zone_find("socket"), 0);
	ATF_CHECK_EQ(ENOBUFS, kern_socket(AF_INET, SOCK_STREAM, 0, &fd));
	uma_zone_set_fault(uma_zone_find("socket"), UINT64_MAX);
	malloc_type_stats(M_TEMP)->ms_fault_after = 0;
	ATF_CHECK_EQ(ENOBUFS, kern_socket(AF_INET, SOCK_STREAM, 0, &fd));
	malloc_type_stats(M_TEMP)->ms_fault_after = UINT64_MAX;
	malloc_type_stats(M_FILEDESC)->ms_fault_after = 0;
	ATF_CHECK_EQ(ENOMEM, kern_socket(AF_INET, SOCK_STREAM, 0, &fd));
	malloc_type_stats(M_FILEDESC)->ms_fault_after = 1;
	ATF_CHECK_EQ(ENOMEM, kern_socket(AF_INET, SOCK_STREAM, 0, &fd));
	malloc_type_stats(M_FILEDESC)->ms_fault_after = UINT64_MAX;
	ATF_CHECK_EQ(0, V_fakestate.fs_pcbs);
	fd = fake_socket();
	head = fake_so(fd);
	malloc_type_stats(M_SOLISTEN)->ms_fault_after = 0;
	ATF_CHECK_EQ(ENOMEM, kern_listen(fd, 5));
	malloc_type_stats(M_SOLISTEN)->ms_fault_after = UINT64_MAX;
	ATF_CHECK(!SOLISTENING(head));
	ATF_CHECK_EQ(0, kern_listen(fd, 5));
	uma_zone_set_fault(uma_zone_find("socket"), 0);
	ATF_CHECK_EQ(NULL, sonewconn(head, 0));
	uma_zone_set_fault(uma_zone_find("socket"), UINT64_MAX);
	V_fakestate.fs_fail = ENOBUFS;
	ATF_CHECK_EQ(NULL, sonewconn(head, 0));
	so = sonewconn(head, 0);
	ATF_CHECK(so != NULL);
	soisconnected(so);
	/* No descriptor for what was accepted: it is aborted. */
	fake_sysctl("kern.maxfilesperproc", "1");
	ATF_CHECK_EQ(EMFILE, kern_accept(fd, NULL, &fd));
	ATF_CHECK_EQ(1U, V_fakestate.fs_naborts);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(listen);
ATF_TC_BODY(listen, tc)
{
	struct sockaddr_storage ss;
	struct socket *head, *so;
	int fd, lfd, revents;

	fake_begin();
	lfd = fake_socket();
	head = fake_so(lfd);
	ATF_CHECK_EQ(EINVAL, kern_accept(lfd, &ss, &fd));
	ATF_CHECK_EQ(0, getopt_int(lfd, SO_ACCEPTCONN));
	ATF_CHECK_EQ(0, kern_listen(lfd, 5));
	ATF_CHECK_EQ(SO_ACCEPTCONN, getopt_int(lfd, SO_ACCEPTCONN));
	ATF_CHECK_EQ(EOPNOTSUPP, kern_connect(lfd, fake_addr()));
	ATF_CHECK_EQ(-ENOTCONN, fake_read(lfd, big, 1, 0));
	ATF_CHECK_EQ(-ENOTCONN, fake_write(lfd, big, 1, 0));
	ATF_CHECK_EQ(EWOULDBLOCK, kern_accept(lfd, &ss, &fd));
	/* A handshake that goes on cannot be accepted yet. */
	so = sonewconn(head, 0);
	ATF_CHECK_EQ(SQ_INCOMP, so->so_qstate);
	ATF_CHECK_EQ(1, getopt_int(lfd, SO_LISTENINCQLEN));
	ATF_CHECK_EQ(0, getopt_int(lfd, SO_LISTENQLEN));
	ATF_CHECK_EQ(EWOULDBLOCK, kern_accept(lfd, &ss, &fd));
	ATF_CHECK_EQ(0, kern_poll(lfd, SOPOLL_IN, &revents));
	ATF_CHECK_EQ(0, revents);
	soisconnected(so);
	ATF_CHECK_EQ(SQ_COMP, so->so_qstate);
	ATF_CHECK_EQ(0, getopt_int(lfd, SO_LISTENINCQLEN));
	ATF_CHECK_EQ(1, getopt_int(lfd, SO_LISTENQLEN));
	ATF_CHECK_EQ(0, kern_poll(lfd, SOPOLL_IN | SOPOLL_OUT, &revents));
	ATF_CHECK_EQ(SOPOLL_IN, revents);
	(void)sonewconn(head, SS_ISCONNECTED);
	ATF_CHECK_EQ(0, kern_accept(lfd, &ss, &fd));
	ATF_CHECK(fake_so(fd) == so);
	ATF_CHECK_EQ(2, ss.__ss_pad1[0]);
	ATF_CHECK_EQ(SQ_NONE, so->so_qstate);
	ATF_CHECK_EQ(SS_ISCONNECTED, so->so_state);
	ATF_CHECK_EQ(1, so->so_count);
	ATF_CHECK_EQ(4, fake_write(fd, "text", 4, 0));
	ATF_CHECK_EQ(0, kern_accept(lfd, NULL, &fd));
	ATF_CHECK_EQ(0, getopt_int(lfd, SO_LISTENQLEN));
	/* The listener's own error. */
	head->so_error = ECONNABORTED;
	ATF_CHECK_EQ(ECONNABORTED, kern_accept(lfd, NULL, &fd));
	ATF_CHECK_EQ(EWOULDBLOCK, kern_accept(lfd, NULL, &fd));
	/* What is connected does not listen. */
	fd = fake_connected();
	ATF_CHECK_EQ(EINVAL, kern_listen(fd, 5));
	fake_end();
}

ATF_TC_WITHOUT_HEAD(listen_limits);
ATF_TC_BODY(listen_limits, tc)
{
	struct socket *head, *so;
	int fd, i;

	fake_begin();
	fd = fake_socket();
	head = fake_so(fd);
	ATF_CHECK_EQ(0, getopt_int(fd, SO_LISTENQLIMIT));
	ATF_CHECK_EQ(0, kern_listen(fd, -1));
	ATF_CHECK_EQ(128, getopt_int(fd, SO_LISTENQLIMIT));
	fake_sysctl("kern.ipc.soacceptqueue", "10");
	ATF_CHECK_EQ(10U, V_somaxconn);
	ATF_CHECK_EQ(0, kern_listen(fd, 11));
	ATF_CHECK_EQ(10, getopt_int(fd, SO_LISTENQLIMIT));
	fake_sysctl("kern.ipc.somaxconn", "65535");
	ATF_CHECK_EQ(EINVAL, sysctl_set_string("kern.ipc.somaxconn", "65536",
	    false));
	ATF_CHECK_EQ(EINVAL, sysctl_set_string("kern.ipc.soacceptqueue", "0",
	    false));
	/* 4: 7 fit, more than 6 is too many. */
	ATF_CHECK_EQ(0, kern_listen(fd, 4));
	for (i = 0; i < 7; i++)
		ATF_CHECK(sonewconn(head, SS_ISCONNECTED) != NULL);
	ATF_CHECK_EQ(NULL, sonewconn(head, SS_ISCONNECTED));
	ATF_CHECK_EQ(NULL, sonewconn(head, 0));
	ATF_CHECK_EQ(2U, head->so_sol->sol_overflows);
	ATF_CHECK_EQ(7, getopt_int(fd, SO_LISTENQLEN));
	/* The oldest open handshake gives way. */
	ATF_CHECK_EQ(0, kern_accept(fd, NULL, &i));
	so = sonewconn(head, 0);
	for (i = 0; i < 4; i++)
		ATF_CHECK(sonewconn(head, 0) != NULL);
	ATF_CHECK_EQ(5, getopt_int(fd, SO_LISTENINCQLEN));
	ATF_CHECK(TAILQ_FIRST(&head->so_sol->sol_incomp) == so);
	ATF_CHECK_EQ(0U, V_fakestate.fs_naborts);
	ATF_CHECK(sonewconn(head, 0) != NULL);
	ATF_CHECK_EQ(1U, V_fakestate.fs_naborts);
	ATF_CHECK_EQ(5, getopt_int(fd, SO_LISTENINCQLEN));
	/* Closing the listener aborts them all. */
	ATF_CHECK_EQ(0, kern_close(fd));
	ATF_CHECK_EQ(1U + 5 + 6, V_fakestate.fs_naborts);
	ATF_CHECK_EQ(1, V_fakestate.fs_pcbs);
	fake_end();
}

/* A connection that ends before it is accepted. */
ATF_TC_WITHOUT_HEAD(listen_dead);
ATF_TC_BODY(listen_dead, tc)
{
	struct socket *head, *so;
	int fd, lfd;

	fake_begin();
	lfd = fake_socket();
	head = fake_so(lfd);
	ATF_CHECK_EQ(0, kern_listen(lfd, 5));
	/* In the handshake: nobody hears of it. */
	so = sonewconn(head, 0);
	fake_gone(so, ECONNRESET);
	ATF_CHECK_EQ(0, getopt_int(lfd, SO_LISTENINCQLEN));
	ATF_CHECK_EQ(1, V_fakestate.fs_pcbs);
	/* A reference in passing changes nothing. */
	so = sonewconn(head, 0);
	soref(so);
	sorele(so);
	soisconnected(so);
	soref(so);
	sorele(so);
	/* Complete: the program does. */
	fake_gone(so, ECONNRESET);
	ATF_CHECK_EQ(1, V_fakestate.fs_pcbs);
	ATF_CHECK_EQ(1, getopt_int(lfd, SO_LISTENQLEN));
	ATF_CHECK_EQ(ECONNABORTED, kern_accept(lfd, NULL, &fd));
	ATF_CHECK_EQ(EWOULDBLOCK, kern_accept(lfd, NULL, &fd));
	/* Complete, and pr_accept says no. */
	so = sonewconn(head, SS_ISCONNECTED);
	soisdisconnected(so);
	ATF_CHECK_EQ(ECONNABORTED, kern_accept(lfd, NULL, &fd));
	ATF_CHECK_EQ(1U, V_fakestate.fs_naborts);
	ATF_CHECK_EQ(1, V_fakestate.fs_pcbs);
	/* Dead ones wait when the listener closes. */
	so = sonewconn(head, SS_ISCONNECTED);
	fake_gone(so, ECONNRESET);
	ATF_CHECK_EQ(0, kern_close(lfd));
	fake_end();
}

ATF_TC_WITHOUT_HEAD(inherit);
ATF_TC_BODY(inherit, tc)
{
	struct timeval tv = { .tv_sec = 3, .tv_usec = 500000 };
	struct linger l = { .l_onoff = 1, .l_linger = 9 };
	struct socket *head, *so;
	bool nonblock;
	int fd, lfd;

	fake_begin();
	lfd = fake_socket();
	head = fake_so(lfd);
	ATF_CHECK_EQ(0, setopt_int(lfd, SO_KEEPALIVE, 1));
	ATF_CHECK_EQ(0, setopt_int(lfd, SO_RCVBUF, 20000));
	ATF_CHECK_EQ(0, kern_listen(lfd, 5));
	/* Also what is set later. */
	ATF_CHECK_EQ(0, setopt_int(lfd, SO_SNDBUF, 30000));
	ATF_CHECK_EQ(0, setopt_int(lfd, SO_SNDLOWAT, 99));
	ATF_CHECK_EQ(0, setopt_int(lfd, SO_OOBINLINE, 1));
	ATF_CHECK_EQ(0, kern_setsockopt(lfd, SOL_SOCKET, SO_RCVTIMEO, &tv,
	    sizeof(tv)));
	ATF_CHECK_EQ(0, kern_setsockopt(lfd, SOL_SOCKET, SO_LINGER, &l,
	    sizeof(l)));
	ATF_CHECK_EQ(0, kern_fcntl_setfl(lfd, true));
	so = sonewconn(head, SS_ISCONNECTED);
	ATF_CHECK_EQ(0, kern_accept(lfd, NULL, &fd));
	ATF_CHECK_EQ(SO_KEEPALIVE | SO_OOBINLINE | SO_LINGER,
	    so->so_options);
	ATF_CHECK_EQ(9, so->so_linger);
	ATF_CHECK_EQ(20000, getopt_int(fd, SO_RCVBUF));
	ATF_CHECK_EQ(30000, getopt_int(fd, SO_SNDBUF));
	ATF_CHECK_EQ(99, getopt_int(fd, SO_SNDLOWAT));
	ATF_CHECK_EQ(3500 * NS_PER_MSEC, sbtimeo_ns(so->so_rcv.sb_timeo));
	ATF_CHECK_EQ(0U, so->so_rcv.sb_flags & SB_AUTOSIZE);
	ATF_CHECK_EQ(0, kern_fcntl_getfl(fd, &nonblock));
	ATF_CHECK(nonblock);
	fake_end();
}

/* Each has today's limits, not those of the one before it. */
ATF_TC_WITHOUT_HEAD(inherit_limits);
ATF_TC_BODY(inherit_limits, tc)
{
	struct socket *head, *so;
	int lfd;

	fake_begin();
	lfd = fake_socket();
	head = fake_so(lfd);
	ATF_CHECK_EQ(0, setopt_int(lfd, SO_RCVBUF, 20000));
	ATF_CHECK_EQ(0, kern_listen(lfd, 5));
	ATF_REQUIRE((so = sonewconn(head, 0)) != NULL);
	ATF_CHECK_EQ(20000U * 8, so->so_rcv.sb_mbmax);
	fake_sysctl("kern.ipc.sockbuf_waste_factor", "3");
	ATF_REQUIRE((so = sonewconn(head, 0)) != NULL);
	ATF_CHECK_EQ(20000U * 3, so->so_rcv.sb_mbmax);
	ATF_REQUIRE((so = sonewconn(head, 0)) != NULL);
	ATF_CHECK_EQ(20000U * 3, so->so_rcv.sb_mbmax);
	ATF_CHECK_EQ(20000U, so->so_rcv.sb_hiwat);
	ATF_CHECK_EQ(0U, so->so_rcv.sb_mbcnt);
	ATF_CHECK_EQ(0, setopt_int(lfd, SO_RCVBUF, 10000));
	ATF_REQUIRE((so = sonewconn(head, 0)) != NULL);
	ATF_CHECK_EQ(10000U, so->so_rcv.sb_hiwat);
	fake_sysctl("kern.ipc.maxsockbuf", "5000");
	ATF_CHECK(sonewconn(head, 0) == NULL);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(options);
ATF_TC_BODY(options, tc)
{
	static const int switches[] = {
		SO_DEBUG, SO_REUSEADDR, SO_KEEPALIVE, SO_DONTROUTE,
		SO_BROADCAST, SO_USELOOPBACK, SO_OOBINLINE, SO_REUSEPORT,
		SO_TIMESTAMP, SO_NOSIGPIPE, SO_NO_OFFLOAD, SO_NO_DDP,
		SO_REUSEPORT_LB, SO_RERROR
	};
	struct socket *so;
	u_int i;
	int fd;

	fake_begin();
	fd = fake_socket();
	so = fake_so(fd);
	for (i = 0; i < nitems(switches); i++) {
		ATF_CHECK_EQ(0, getopt_int(fd, switches[i]));
		ATF_CHECK_EQ(0, setopt_int(fd, switches[i], 5));
		ATF_CHECK_EQ(switches[i], getopt_int(fd, switches[i]));
		/* The transport hears of it, whatever it says. */
		ATF_CHECK_EQ(switches[i], fakepcb(so)->fp_solopt);
		ATF_CHECK_EQ(0, setopt_int(fd, switches[i], 0));
		ATF_CHECK_EQ(0, getopt_int(fd, switches[i]));
	}
	ATF_CHECK_EQ(AF_INET, getopt_int(fd, SO_DOMAIN));
	ATF_CHECK_EQ(SOCK_STREAM, getopt_int(fd, SO_TYPE));
	ATF_CHECK_EQ(FAKE_PROTO, getopt_int(fd, SO_PROTOCOL));
	ATF_CHECK_EQ(0, setopt_int(fd, SO_SETFIB, 0));
	ATF_CHECK_EQ(EINVAL, setopt_int(fd, SO_SETFIB, 1));
	ATF_CHECK_EQ(0, setopt_int(fd, SO_USER_COOKIE, 77));
	ATF_CHECK_EQ(77U, so->so_user_cookie);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(option_errors);
ATF_TC_BODY(option_errors, tc)
{
	size_t len;
	char c;
	int fd, value;

	fake_begin();
	fd = fake_socket();
	/* Not there, or not to be set, or too short. */
	ATF_CHECK_EQ(ENOPROTOOPT, setopt_int(fd, 0x40000000, 1));
	ATF_CHECK_EQ(ENOPROTOOPT, setopt_int(fd, SO_KEEPALIVE |
	    SO_REUSEADDR, 1));
	ATF_CHECK_EQ(ENOPROTOOPT, setopt_int(fd, 0, 1));
	ATF_CHECK_EQ(ENOPROTOOPT, setopt_int(fd, INT_MIN, 1));
	ATF_CHECK_EQ(ENOPROTOOPT, setopt_int(fd, SO_ACCEPTCONN, 1));
	ATF_CHECK_EQ(ENOPROTOOPT, setopt_int(fd, SO_TYPE, 1));
	ATF_CHECK_EQ(ENOPROTOOPT, setopt_int(fd, SO_ERROR, 1));
	ATF_CHECK_EQ(EINVAL, kern_setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE,
	    &fd, 3));
	ATF_CHECK_EQ(EINVAL, kern_setsockopt(fd, SOL_SOCKET, SO_LINGER, &fd,
	    4));
	len = sizeof(value);
	ATF_CHECK_EQ(ENOPROTOOPT, kern_getsockopt(fd, SOL_SOCKET,
	    SO_USER_COOKIE, &value, &len));
	/* An answer is cut to the room there is. */
	len = 1;
	ATF_CHECK_EQ(0, kern_getsockopt(fd, SOL_SOCKET, SO_TYPE, &c, &len));
	ATF_CHECK_EQ(1U, len);
	ATF_CHECK_EQ(SOCK_STREAM, c);
	/* Other levels are the transport's. */
	value = 42;
	ATF_CHECK_EQ(0, kern_setsockopt(fd, FAKE_PROTO, FAKE_OPTION, &value,
	    sizeof(value)));
	value = 0;
	len = sizeof(value);
	ATF_CHECK_EQ(0, kern_getsockopt(fd, FAKE_PROTO, FAKE_OPTION, &value,
	    &len));
	ATF_CHECK_EQ(42, value);
	ATF_CHECK_EQ(ENOPROTOOPT, kern_setsockopt(fd, FAKE_PROTO, 1, &value,
	    sizeof(value)));
	fake_end();
}

ATF_TC_WITHOUT_HEAD(option_buffers);
ATF_TC_BODY(option_buffers, tc)
{
	struct socket *so;
	int fd;

	fake_begin();
	fd = fake_socket();
	so = fake_so(fd);
	ATF_CHECK_EQ(FAKE_SNDSPACE, getopt_int(fd, SO_SNDBUF));
	ATF_CHECK_EQ(FAKE_RCVSPACE, getopt_int(fd, SO_RCVBUF));
	ATF_CHECK_EQ(MCLBYTES, getopt_int(fd, SO_SNDLOWAT));
	ATF_CHECK_EQ(1, getopt_int(fd, SO_RCVLOWAT));
	ATF_CHECK_EQ(EINVAL, setopt_int(fd, SO_SNDBUF, 0));
	ATF_CHECK_EQ(EINVAL, setopt_int(fd, SO_RCVBUF, -1));
	ATF_CHECK_EQ(EINVAL, setopt_int(fd, SO_RCVLOWAT, 0));
	ATF_CHECK_EQ(ENOBUFS, setopt_int(fd, SO_RCVBUF, 1864136));
	ATF_CHECK((so->so_rcv.sb_flags & SB_AUTOSIZE) != 0);
	ATF_CHECK_EQ(0, setopt_int(fd, SO_RCVBUF, 1864135));
	ATF_CHECK_EQ(1864135, getopt_int(fd, SO_RCVBUF));
	ATF_CHECK_EQ(0U, so->so_rcv.sb_flags & SB_AUTOSIZE);
	ATF_CHECK((so->so_snd.sb_flags & SB_AUTOSIZE) != 0);
	ATF_CHECK_EQ(0, setopt_int(fd, SO_SNDBUF, 1000));
	ATF_CHECK_EQ(1000, getopt_int(fd, SO_SNDLOWAT));
	ATF_CHECK_EQ(0, setopt_int(fd, SO_SNDLOWAT, 2000));
	ATF_CHECK_EQ(1000, getopt_int(fd, SO_SNDLOWAT));
	fake_end();
}

ATF_TC_WITHOUT_HEAD(option_times);
ATF_TC_BODY(option_times, tc)
{
	struct linger l;
	struct socket *so;
	struct timeval tv;
	size_t len;
	int fd;

	fake_begin();
	fd = fake_socket();
	so = fake_so(fd);
	tv.tv_sec = 1;
	tv.tv_usec = 250000;
	ATF_CHECK_EQ(0, kern_setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv,
	    sizeof(tv)));
	ATF_CHECK_EQ(1250 * NS_PER_MSEC, sbtimeo_ns(so->so_snd.sb_timeo));
	memset(&tv, 0, sizeof(tv));
	len = sizeof(tv);
	ATF_CHECK_EQ(0, kern_getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv,
	    &len));
	ATF_CHECK(tv.tv_sec == 1 && tv.tv_usec == 250000);
	/* The longest in microseconds, and what is in seconds. */
	ATF_CHECK_EQ(((1ULL << 31) - 1) * NS_PER_USEC,
	    sbtimeo_ns(sbtimeo(2147, 483647)));
	ATF_CHECK_EQ(2148 * NS_PER_SEC, sbtimeo_ns(sbtimeo(2147, 483648)));
	ATF_CHECK_EQ(86400 * NS_PER_SEC, sbtimeo_ns(sbtimeo(86400, 0)));
	ATF_CHECK_EQ(INT32_MAX * NS_PER_SEC,
	    sbtimeo_ns(sbtimeo(INT32_MAX, 999999)));
	tv.tv_usec = 1000000;
	ATF_CHECK_EQ(EDOM, kern_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
	    sizeof(tv)));
	tv.tv_usec = -1;
	ATF_CHECK_EQ(EDOM, kern_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
	    sizeof(tv)));
	tv.tv_usec = 0;
	tv.tv_sec = -1;
	ATF_CHECK_EQ(EDOM, kern_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
	    sizeof(tv)));
	l.l_onoff = 1;
	l.l_linger = 65536;
	ATF_CHECK_EQ(EDOM, kern_setsockopt(fd, SOL_SOCKET, SO_LINGER, &l,
	    sizeof(l)));
	l.l_linger = -1;
	ATF_CHECK_EQ(EDOM, kern_setsockopt(fd, SOL_SOCKET, SO_LINGER, &l,
	    sizeof(l)));
	l.l_linger = 65535;
	ATF_CHECK_EQ(0, kern_setsockopt(fd, SOL_SOCKET, SO_LINGER, &l,
	    sizeof(l)));
	memset(&l, 0, sizeof(l));
	len = sizeof(l);
	ATF_CHECK_EQ(0, kern_getsockopt(fd, SOL_SOCKET, SO_LINGER, &l,
	    &len));
	ATF_CHECK(l.l_onoff != 0 && l.l_linger == 65535);
	l.l_onoff = 0;
	ATF_CHECK_EQ(0, kern_setsockopt(fd, SOL_SOCKET, SO_LINGER, &l,
	    sizeof(l)));
	ATF_CHECK_EQ(0, so->so_options & SO_LINGER);
	fake_end();
}

ATF_TC_WITHOUT_HEAD(ioctls);
ATF_TC_BODY(ioctls, tc)
{
	struct socket *so;
	bool nonblock;
	int fd, value;

	fake_begin();
	fd = fake_connected();
	so = fake_so(fd);
	fake_arrive(so, "abc", 3);
	ATF_CHECK_EQ(2, fake_write(fd, "ab", 2, 0));
	ATF_CHECK_EQ(0, kern_ioctl(fd, FIONREAD, &value));
	ATF_CHECK_EQ(3, value);
	ATF_CHECK_EQ(0, kern_ioctl(fd, FIONWRITE, &value));
	ATF_CHECK_EQ(2, value);
	ATF_CHECK_EQ(0, kern_ioctl(fd, FIONSPACE, &value));
	ATF_CHECK_EQ(FAKE_SNDSPACE - 2, value);
	ATF_CHECK_EQ(0, setopt_int(fd, SO_SNDBUF, 1));
	ATF_CHECK_EQ(0, kern_ioctl(fd, FIONSPACE, &value));
	ATF_CHECK_EQ(0, value);
	value = 1;
	ATF_CHECK_EQ(0, kern_ioctl(fd, FIONBIO, &value));
	ATF_CHECK_EQ(0, kern_fcntl_getfl(fd, &nonblock));
	ATF_CHECK(nonblock);
	ATF_CHECK_EQ(0, kern_fcntl_setfl(fd, false));
	ATF_CHECK_EQ(0, so->so_state & SS_NBIO);
	ATF_CHECK_EQ(0, kern_ioctl(fd, 1234, &value));
	ATF_CHECK_EQ(4321, value);
	ATF_CHECK_EQ(EOPNOTSUPP, kern_ioctl(fd, 1, &value));
	fake_end();
}

static int nupcalls;

static int
upcall_count(struct socket *so, void *arg, int waitflag __unused)
{

	ATF_CHECK(arg == &nupcalls);
	ATF_CHECK((so->so_state & SS_NOFDREF) == 0);
	nupcalls++;
	return (SU_OK);
}

/* The program closes the descriptor as soon as it hears anything. */
static int
upcall_close(struct socket *so __unused, void *arg, int waitflag __unused)
{

	nupcalls++;
	ATF_CHECK_EQ(0, kern_close(*(int *)arg));
	return (SU_OK);
}

ATF_TC_WITHOUT_HEAD(upcalls);
ATF_TC_BODY(upcalls, tc)
{
	struct socket *so;
	int fd;

	fake_begin();
	fd = fake_connected();
	so = fake_so(fd);
	nupcalls = 0;
	soupcall_set(so, SO_RCV, upcall_count, &nupcalls);
	fake_arrive(so, "x", 1);
	ATF_CHECK_EQ(1, nupcalls);
	sowwakeup(so);
	ATF_CHECK_EQ(1, nupcalls);
	soupcall_set(so, SO_SND, upcall_count, &nupcalls);
	sowwakeup(so);
	ATF_CHECK_EQ(2, nupcalls);
	fake_eof(so);
	ATF_CHECK_EQ(3, nupcalls);
	soupcall_clear(so, SO_RCV);
	fake_arrive(so, "x", 1);
	ATF_CHECK_EQ(3, nupcalls);
	/* A close calls nobody. */
	ATF_CHECK_EQ(0, kern_close(fd));
	ATF_CHECK_EQ(3, nupcalls);
	fake_gone(so, 0);

	/* Closed from an upcall, the socket stays for who holds it. */
	fd = fake_connected();
	so = fake_so(fd);
	soupcall_set(so, SO_RCV, upcall_close, &fd);
	soref(so);
	fake_arrive(so, "x", 1);
	ATF_CHECK_EQ(4, nupcalls);
	ATF_CHECK((so->so_state & SS_NOFDREF) != 0);
	soisdisconnected(so);
	sorele(so);
	ATF_CHECK_EQ(0, V_fakestate.fs_pcbs);
	/* And during a call of its own. */
	fd = fake_connected();
	so = fake_so(fd);
	soupcall_set(so, SO_SND, upcall_close, &fd);
	ATF_CHECK_EQ(0, kern_shutdown(fd, SHUT_WR));
	ATF_CHECK_EQ(5, nupcalls);
	fake_gone(so, 0);
	fake_end();
}

/* A listener's upcall accepts at once. */
static int accepted_fd;

static int
upcall_accept(struct socket *so __unused, void *arg, int waitflag __unused)
{

	ATF_CHECK_EQ(0, kern_accept(*(int *)arg, NULL, &accepted_fd));
	return (SU_OK);
}

ATF_TC_WITHOUT_HEAD(upcall_accepts);
ATF_TC_BODY(upcall_accepts, tc)
{
	struct socket *head, *so;
	int fd;

	fake_begin();
	fd = fake_socket();
	head = fake_so(fd);
	ATF_CHECK_EQ(0, kern_listen(fd, 1));
	soupcall_set(head, SO_RCV, upcall_accept, &fd);
	so = sonewconn(head, 0);
	accepted_fd = -1;
	soisconnected(so);
	ATF_CHECK(accepted_fd >= 0 && fake_so(accepted_fd) == so);
	so = sonewconn(head, SS_ISCONNECTED);
	ATF_CHECK(fake_so(accepted_fd) == so);
	fake_end();
}

/* A host that goes down with everything open. */
ATF_TC_WITHOUT_HEAD(destroy);
ATF_TC_BODY(destroy, tc)
{
	static struct testhost th;
	struct socket *head, *so;
	int fd, fds[5];

	testhost_start(&th, "doomed");
	(void)vnet_enter(th.th_vnet);
	fake_register();
	fds[0] = fake_socket();
	fds[1] = fake_connected();
	ATF_CHECK_EQ(4, fake_write(fds[1], "text", 4, 0));
	fake_arrive(fake_so(fds[1]), "text", 4);
	fd = fake_socket();
	head = fake_so(fd);
	ATF_CHECK_EQ(0, kern_listen(fd, 5));
	(void)sonewconn(head, SS_ISCONNECTED);
	(void)sonewconn(head, 0);
	fds[2] = fake_connected();
	so = fake_so(fds[2]);
	ATF_CHECK_EQ(4, fake_write(fds[2], "text", 4, 0));
	ATF_CHECK_EQ(0, kern_close(fds[2]));
	ATF_CHECK_EQ(0, kern_kqueue(&fds[3]));
	/* This one waits for a goodbye that will not come; it and its pcb
	 * are the transport's to free. */
	ATF_CHECK(so->so_pcb != NULL && (so->so_state & SS_NOFDREF) != 0);
	kern_free(so->so_pcb, M_TEMP);
	soorphan(so);
	vnet_leave(NULL);
	testhost_stop(&th);
	ATF_CHECK_EQ_MSG(0U, th.th_nlines, "%s", th.th_log);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, create);
	ATF_TP_ADD_TC(tp, table_of_transports);
	ATF_TP_ADD_TC(tp, maxsockets);
	ATF_TP_ADD_TC(tp, connect);
	ATF_TP_ADD_TC(tp, connect_fails);
	ATF_TP_ADD_TC(tp, close_connected);
	ATF_TP_ADD_TC(tp, linger);
	ATF_TP_ADD_TC(tp, shutdown);
	ATF_TP_ADD_TC(tp, send);
	ATF_TP_ADD_TC(tp, send_lowat);
	ATF_TP_ADD_TC(tp, send_flags);
	ATF_TP_ADD_TC(tp, send_chain);
	ATF_TP_ADD_TC(tp, send_small);
	ATF_TP_ADD_TC(tp, receive);
	ATF_TP_ADD_TC(tp, looks);
	ATF_TP_ADD_TC(tp, receive_discard);
	ATF_TP_ADD_TC(tp, receive_lowat);
	ATF_TP_ADD_TC(tp, receive_full);
	ATF_TP_ADD_TC(tp, urgent);
	ATF_TP_ADD_TC(tp, receive_mbufs);
	ATF_TP_ADD_TC(tp, stream);
	ATF_TP_ADD_TC(tp, send_shortage);
	ATF_TP_ADD_TC(tp, create_shortage);
	ATF_TP_ADD_TC(tp, listen);
	ATF_TP_ADD_TC(tp, listen_limits);
	ATF_TP_ADD_TC(tp, listen_dead);
	ATF_TP_ADD_TC(tp, inherit);
	ATF_TP_ADD_TC(tp, inherit_limits);
	ATF_TP_ADD_TC(tp, options);
	ATF_TP_ADD_TC(tp, option_errors);
	ATF_TP_ADD_TC(tp, option_buffers);
	ATF_TP_ADD_TC(tp, option_times);
	ATF_TP_ADD_TC(tp, ioctls);
	ATF_TP_ADD_TC(tp, upcalls);
	ATF_TP_ADD_TC(tp, upcall_accepts);
	ATF_TP_ADD_TC(tp, destroy);
	return (atf_no_error());
}
