/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* See fakeproto.h. */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/filedesc.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/protosw.h>
#include <sys/socketvar.h>
#include <sys/soquick.h>
#include <sys/syscallsubr.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include <vm/uma.h>

#include <atf-c.h>

#include "fakeproto.h"
#include "testhost.h"

VNET_DEFINE(struct fakestate, fakestate);

static struct testhost host;

/* The errno that the test wants of this request. */
static int
fake_fail(void)
{
	int error;

	error = V_fakestate.fs_fail;
	V_fakestate.fs_fail = 0;
	return (error);
}

static int
fake_attach(struct socket *so, int proto __unused)
{
	struct fakepcb *fp;
	int error;

	error = fake_fail();
	if (error == 0 && so->so_snd.sb_hiwat == 0) {
		error = soreserve(so, FAKE_SNDSPACE, FAKE_RCVSPACE);
		so->so_rcv.sb_flags |= SB_AUTOSIZE;
		so->so_snd.sb_flags |= SB_AUTOSIZE;
	}
	if (error != 0)
		return (error);
	fp = kern_malloc(sizeof(*fp), M_TEMP, M_NOWAIT | M_ZERO);
	if (fp == NULL)
		return (ENOBUFS);
	fp->fp_so = so;
	fp->fp_oob = -1;
	so->so_pcb = fp;
	V_fakestate.fs_pcbs++;
	return (0);
}

/* Let go of the socket. */
static void
fake_sever(struct socket *so)
{

	kern_free(so->so_pcb, M_TEMP);
	so->so_pcb = NULL;
	V_fakestate.fs_pcbs--;
}

static void
fake_detach(struct socket *so)
{

	V_fakestate.fs_ndetach++;
	fake_sever(so);
	sofree(so);
}

static int
fake_bind(struct socket *so __unused, struct sockaddr *nam)
{

	return (nam->sa_family != AF_INET ? EAFNOSUPPORT : fake_fail());
}

static int
fake_listen(struct socket *so, int backlog)
{
	int error;

	error = solisten_proto_check(so);
	return (error != 0 ? error : solisten_proto(so, backlog));
}

static void
fake_address(struct sockaddr_storage *ss, int host_part)
{

	memset(ss, 0, sizeof(*ss));
	ss->ss_len = 16;
	ss->ss_family = AF_INET;
	ss->__ss_pad1[0] = (char)host_part;
}

static int
fake_accept(struct socket *so, struct sockaddr_storage *ss)
{

	if ((so->so_state & SS_ISDISCONNECTED) != 0)
		return (ECONNABORTED);
	if (ss != NULL)
		fake_address(ss, 2);
	return (fake_fail());
}

static int
fake_connect(struct socket *so, struct sockaddr *nam __unused)
{
	int error;

	error = fake_fail();
	if (error != 0)
		return (error);
	soisconnecting(so);
	if (V_fakestate.fs_prompt)
		soisconnected(so);
	return (0);
}

static int
fake_disconnect(struct socket *so)
{

	fakepcb(so)->fp_ndisconnect++;
	if ((so->so_options & SO_LINGER) != 0 && so->so_linger == 0) {
		soisdisconnected(so);
		return (0);
	}
	soisdisconnecting(so);
	if (V_fakestate.fs_prompt)
		soisdisconnected(so);
	return (fake_fail());
}

static void
fake_close(struct socket *so)
{

	fakepcb(so)->fp_nclose++;
}

static void
fake_abort(struct socket *so)
{

	V_fakestate.fs_naborts++;
	soisdisconnected(so);
	fake_sever(so);
	sofree(so);
}

static int
fake_shutdown(struct socket *so, int how __unused)
{

	fakepcb(so)->fp_nshutdown++;
	socantsendmore(so);
	return (0);
}

static int
fake_rcvd(struct socket *so, int flags __unused)
{

	fakepcb(so)->fp_nrcvd++;
	return (0);
}

static int
fake_rcvoob(struct socket *so, struct mbuf *m, int flags)
{
	struct fakepcb *fp;

	fp = fakepcb(so);
	if (fp->fp_oob < 0)
		return (EWOULDBLOCK);
	m->m_data[0] = (char)fp->fp_oob;
	m->m_len = 1;
	if ((flags & MSG_PEEK) == 0)
		fp->fp_oob = -1;
	return (0);
}

static int
fake_send(struct socket *so, int flags, struct mbuf *m, struct sockaddr *nam)
{
	struct fakepcb *fp;
	int error;

	error = fake_fail();
	if (error != 0) {
		m_freem(m);
		return (error);
	}
	fp = fakepcb(so);
	fp->fp_nsend++;
	fp->fp_prus = flags;
	fp->fp_named = nam != NULL;
	sbappendstream(&so->so_snd, m, flags);
	if (nam != NULL && (so->so_state & SS_ISCONNECTED) == 0)
		soisconnected(so);
	if ((flags & PRUS_EOF) != 0)
		socantsendmore(so);
	return (0);
}

static int
fake_send_now(struct socket *so, struct mbuf *m)
{

	return (fake_send(so, 0, m, NULL));
}

/* Every second read is one to hear of. */
static bool
fake_rcvd_idle(const struct socket *so, const struct vnet *vnet)
{

	ATF_CHECK(vnet == curvnet);
	return (fakepcb(so)->fp_nrcvd++ % 2 == 0);
}

static int
fake_sockaddr(struct socket *so __unused, struct sockaddr_storage *ss)
{

	fake_address(ss, 1);
	return (0);
}

static int
fake_peeraddr(struct socket *so __unused, struct sockaddr_storage *ss)
{

	fake_address(ss, 2);
	return (0);
}

static int
fake_ctloutput(struct socket *so, struct sockopt *sopt)
{
	struct fakepcb *fp;

	fp = fakepcb(so);
	if (sopt->sopt_level == SOL_SOCKET) {
		fp->fp_solopt = sopt->sopt_name;
		return (EINVAL);
	}
	if (sopt->sopt_level != FAKE_PROTO || sopt->sopt_name != FAKE_OPTION)
		return (ENOPROTOOPT);
	if (sopt->sopt_dir == SOPT_GET)
		return (sooptcopyout(sopt, &fp->fp_option,
		    sizeof(fp->fp_option)));
	return (sooptcopyin(sopt, &fp->fp_option, sizeof(fp->fp_option),
	    sizeof(fp->fp_option)));
}

static int
fake_control(struct socket *so __unused, u_long cmd, void *data)
{

	if (cmd != 1234)
		return (EOPNOTSUPP);
	*(int *)data = 4321;
	return (0);
}

const struct protosw fakeproto = {
	.pr_family = AF_INET, .pr_type = SOCK_STREAM,
	.pr_protocol = FAKE_PROTO,
	.pr_flags = PR_CONNREQUIRED | PR_WANTRCVD | PR_IMPLOPCL,
	.pr_attach = fake_attach, .pr_detach = fake_detach,
	.pr_bind = fake_bind, .pr_listen = fake_listen,
	.pr_accept = fake_accept, .pr_connect = fake_connect,
	.pr_disconnect = fake_disconnect, .pr_close = fake_close,
	.pr_abort = fake_abort, .pr_shutdown = fake_shutdown,
	.pr_rcvd = fake_rcvd, .pr_rcvoob = fake_rcvoob,
	.pr_send = fake_send, .pr_sockaddr = fake_sockaddr,
	.pr_peeraddr = fake_peeraddr, .pr_ctloutput = fake_ctloutput,
	.pr_control = fake_control,
	.pr_write = fake_send_now, .pr_rcvd_idle = fake_rcvd_idle
};

/* Other transports of streams, which the vnet has made known, step aside. */
void
fake_register(void)
{
	const struct protosw *pr;
	int error;

	while ((pr = protosw_find(AF_INET, SOCK_STREAM, 0, &error)) != NULL)
		protosw_unregister(pr);
	while ((pr = protosw_find(AF_INET6, SOCK_STREAM, 0, &error)) != NULL)
		protosw_unregister(pr);
	ATF_REQUIRE_EQ(0, protosw_register(&fakeproto));
}

void
fake_begin(void)
{

	testhost_start(&host, "one");
	(void)vnet_enter(host.th_vnet);
	fake_register();
}

static int
check_zone(uma_zone_t zone, void *arg __unused)
{

	ATF_CHECK_EQ_MSG(strcmp(zone->uz_name, "mbuf_pool") == 0,
	    uma_zone_get_cur(zone), "%s: %d items left", zone->uz_name,
	    uma_zone_get_cur(zone));
	return (0);
}

void
fake_end(void)
{

	fd_closeall();
	ATF_CHECK_EQ(0, V_fakestate.fs_pcbs);
	(void)uma_zone_foreach(check_zone, NULL);
	protosw_unregister(&fakeproto);
	vnet_leave(NULL);
	testhost_stop(&host);
	ATF_CHECK_EQ_MSG(0U, host.th_nlines, "%s", host.th_log);
}

struct sockaddr *
fake_addr(void)
{
	static struct sockaddr sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_len = sizeof(sa);
	sa.sa_family = AF_INET;
	return (&sa);
}

int
fake_socket(void)
{
	int error, fd;

	error = kern_socket(AF_INET, SOCK_STREAM, 0, &fd);
	ATF_REQUIRE_EQ(0, error);
	return (fd);
}

struct socket *
fake_so(int fd)
{
	struct socket *so;

	ATF_REQUIRE_EQ(0, fd_getsock(fd, &so));
	return (so);
}

int
fake_connected(void)
{
	int fd;

	fd = fake_socket();
	ATF_REQUIRE_EQ(EINPROGRESS, kern_connect(fd, fake_addr()));
	soisconnected(fake_so(fd));
	return (fd);
}

struct mbuf *
fake_chain(const void *text, int len)
{
	struct mbuf *m, *n;
	const char *from;

	m = m_getm2(NULL, len, M_NOWAIT, MT_DATA, M_PKTHDR);
	ATF_REQUIRE(m != NULL);
	m->m_pkthdr.len = len;
	from = text;
	for (n = m; n != NULL; n = n->m_next) {
		n->m_len = imin(len, M_TRAILINGSPACE(n));
		memcpy(n->m_data, from, (size_t)n->m_len);
		from += n->m_len;
		len -= n->m_len;
	}
	return (m);
}

void
fake_arrive(struct socket *so, const void *text, size_t len)
{

	sbappendstream(&so->so_rcv, fake_chain(text, (int)len), 0);
	sorwakeup(so);
}

void
fake_eof(struct socket *so)
{

	socantrcvmore(so);
}

void
fake_gone(struct socket *so, int error)
{

	so->so_error = (uint16_t)error;
	soisdisconnected(so);
	if ((so->so_state & SS_NOFDREF) != 0) {
		fake_sever(so);
		sofree(so);
	}
}

size_t
fake_take(struct socket *so, void *buf, size_t size)
{
	int len;

	len = (int)ulmin(size, sbused(&so->so_snd));
	if (len > 0)
		m_copydata(so->so_snd.sb_mb, 0, len, buf);
	sbdrop(&so->so_snd, len);
	sbcheck(&so->so_snd);
	sowwakeup(so);
	return ((size_t)len);
}

/* Writes and reads without flags go three ways by turns, the general one, that
 * for one range, and the quick one if it is one of those: what comes of them is
 * the same. */
static u_int turns;

static u_int
which_way(int fd, int flags, struct socket **so)
{

	return (flags == 0 && fd_getsock(fd, so) == 0 ? turns++ % 3 : 0);
}

static int
write_range(u_int way, struct socket *so, const void *text, size_t len,
    size_t *done)
{
	int error;

	error = way == 2 && sosend_is_quick(so, len) ?
	    sosend_quick(so, text, len) : -1;
	if (error < 0)
		return (sosend_buf(so, text, len, done));
	*done = len;
	return (error);
}

ssize_t
fake_write(int fd, const void *text, size_t len, int flags)
{
	struct iovec iov;
	struct socket *so;
	struct uio uio;
	size_t done;
	u_int way;
	int error;

	way = which_way(fd, flags, &so);
	if (way != 0) {
		soref(so);
		error = write_range(way, so, text, len, &done);
		sorele(so);
		return (error != 0 ? -error : (ssize_t)done);
	}
	iov.iov_base = __DECONST(void *, text);
	iov.iov_len = len;
	uio.uio_iov = &iov;
	uio.uio_iovcnt = 1;
	uio.uio_resid = (ssize_t)len;
	error = kern_send(fd, &uio, flags, NULL, &done);
	return (error != 0 ? -error : (ssize_t)done);
}

static int
read_range(u_int way, struct socket *so, void *buf, size_t size, size_t *done)
{

	*done = way == 2 ? soreceive_quick(so, buf, size) : 0;
	if (*done == 0)
		return (soreceive_buf(so, buf, size, done));
	/* fake_rcvd_idle() has counted it. */
	if (soreceive_tell(so, curvnet))
		ATF_CHECK_EQ(0, fakepcb(so)->fp_nrcvd % 2);
	return (0);
}

ssize_t
fake_read(int fd, void *buf, size_t size, int flags)
{
	struct iovec iov;
	struct socket *so;
	struct uio uio;
	size_t done;
	u_int way;
	int error;

	way = which_way(fd, flags, &so);
	if (way != 0) {
		soref(so);
		error = read_range(way, so, buf, size, &done);
		sorele(so);
		return (error != 0 ? -error : (ssize_t)done);
	}
	iov.iov_base = buf;
	iov.iov_len = size;
	uio.uio_iov = &iov;
	uio.uio_iovcnt = 1;
	uio.uio_resid = (ssize_t)size;
	error = kern_recv(fd, &uio, &flags, NULL, &done);
	return (error != 0 ? -error : (ssize_t)done);
}

void
fake_time(nstime_t now)
{

	vnet_leave(NULL);
	host.th_now = now;
	(void)vnet_run(host.th_vnet);
	(void)vnet_enter(host.th_vnet);
}

void
fake_sysctl(const char *name, const char *value)
{

	ATF_REQUIRE_EQ(0, sysctl_set_string(name, value, false));
}
