/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The TAP driver: mbufs in and out of a descriptor of the host.
 *
 * In: one system call brings one frame, whose size is not known before, into
 * a chain that holds the largest there is (64 KiB, if the host leaves cutting
 * to us):
 *
 *	slot	   0	     1	      2	       3	4
 *	       | 2 KiB | 16 KiB | 16 KiB | 16 KiB | 16 KiB |
 *
 * A frame leaves with the slots it filled, and these alone are replaced.  A
 * small one is copied into a plain mbuf instead, so that a stream of
 * acknowledgements neither costs clusters nor allocates them.  The IP header
 * is aligned.  When memory is short frames are read and dropped, as by an
 * adapter without buffers.
 *
 * Out: a virtio-net header and the chain, as it is, in one call.  If the
 * host takes no more, frames wait in order; beyond TAP_QUEUE they are
 * dropped.
 *
 * Touches: its softc, and the host through tap_host.h.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <sys/vnet.h>
#include <net/if_var.h>
#include <dev/tap/if_tap.h>
#include <dev/tap/tap_host.h>
#include <dev/tap/tap_vnet.h>

#define	TAP_SLOTS	5
#define	TAP_ALIGN	2	/* in front of a frame: IP is aligned */
#define	TAP_FRAME_MAX	(ETHER_HDR_LEN + 65535)
#define	TAP_MTU_MAX	(65535 - ETHER_HDR_LEN)	/* the host's own limit */
#define	TAP_SMALL	(MHLEN - TAP_ALIGN)	/* bytes that are copied */
#define	TAP_VECS	64	/* pieces of a frame that is sent */
#define	TAP_CAPS	(IFCAP_HWCSUM | IFCAP_HWCSUM_IPV6 | IFCAP_TSO |	\
			IFCAP_LRO)

CTASSERT(MCLBYTES - TAP_ALIGN + (TAP_SLOTS - 1) * MJUM16BYTES >
    TAP_FRAME_MAX);

struct tap {
	int		t_fd;
	struct mbuf	*t_slot[TAP_SLOTS];	/* NULL: to be filled */
	struct mbufq	t_queue;		/* waiting for the host */
};

MALLOC_DEFINE(M_TAP, "tap", "TAP interfaces");

/*
 * In.
 */

static struct mbuf *
tap_slot_alloc(int i)
{
	struct mbuf *m;

	if (i != 0)
		return (m_getjcl(M_NOWAIT, MT_DATA, 0, MJUM16BYTES));
	m = m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);
	if (m != NULL)
		m->m_data += TAP_ALIGN;
	return (m);
}

/* Bytes that slot i takes. */
static int
tap_slot_size(int i)
{

	return (i == 0 ? MCLBYTES - TAP_ALIGN : MJUM16BYTES);
}

static bool
tap_fill(struct tap *t)
{
	int i;

	for (i = 0; i < TAP_SLOTS; i++)
		if (t->t_slot[i] == NULL &&
		    (t->t_slot[i] = tap_slot_alloc(i)) == NULL)
			return (false);
	return (true);
}

/* A frame of len bytes, all of them in slot 0, as a plain mbuf. */
static struct mbuf *
tap_take_small(struct tap *t, int len)
{
	struct mbuf *m;

	m = m_gethdr(M_NOWAIT, MT_DATA);
	if (m == NULL)
		return (NULL);
	m->m_data += TAP_ALIGN;
	memcpy(m->m_data, t->t_slot[0]->m_data, (size_t)len);
	m->m_len = m->m_pkthdr.len = len;
	return (m);
}

/* A frame of len bytes with the slots it lies in. */
static struct mbuf *
tap_take_large(struct tap *t, int len)
{
	struct mbuf *m, **tail;
	int i, left;

	tail = &m;
	for (i = 0, left = len; left > 0; i++) {
		*tail = t->t_slot[i];
		t->t_slot[i] = NULL;
		(*tail)->m_len = imin(left, tap_slot_size(i));
		left -= (*tail)->m_len;
		tail = &(*tail)->m_next;
	}
	m->m_pkthdr.len = len;
	return (m);
}

/*
 * One frame from the host, or NULL in *mp if it was no good.
 */
static int
tap_read(struct ifnet *ifp, struct mbuf **mp)
{
	struct tap *t = ifp->if_softc;
	struct tap_vec vec[1 + TAP_SLOTS];
	struct tap_vnet_hdr vh;
	size_t done;
	bool filled;
	int error, i, len;

	*mp = NULL;
	filled = tap_fill(t);
	vec[0] = (struct tap_vec){ &vh, sizeof(vh) };
	for (i = 0; filled && i < TAP_SLOTS; i++)
		vec[1 + i] = (struct tap_vec){ t->t_slot[i]->m_data,
		    (size_t)tap_slot_size(i) };
	error = tap_host_read(t->t_fd, vec, 1 + i, &done);
	if (error != 0)
		return (error);
	if (!filled) {
		ifp->if_data.ifi_iqdrops++;
		return (0);
	}
	if (done < sizeof(vh) + ETHER_HDR_LEN ||
	    done > sizeof(vh) + TAP_FRAME_MAX) {
		ifp->if_data.ifi_ierrors++;
		return (0);
	}
	len = (int)(done - sizeof(vh));
	*mp = len <= TAP_SMALL ? tap_take_small(t, len) :
	    tap_take_large(t, len);
	if (*mp == NULL)
		ifp->if_data.ifi_iqdrops++;
	else if (tap_vnet_input(*mp, &vh) != 0) {
		ifp->if_data.ifi_ierrors++;
		m_freem(*mp);
		*mp = NULL;
	}
	return (0);
}

int
tap_input(struct ifnet *ifp, u_int *framesp)
{
	struct mbuf *batch, *m, **tail;
	struct vnet *saved;
	int error = 0;
	u_int n;

	saved = vnet_enter(ifp->if_vnet);
	batch = NULL;
	tail = &batch;
	for (n = 0; n < TAP_BATCH; n++) {
		error = tap_read(ifp, &m);
		if (error != 0)
			break;
		if (m != NULL) {
			*tail = m;
			tail = &m->m_nextpkt;
		}
	}
	if (framesp != NULL)
		*framesp = n;
	if (error != 0 && error != EAGAIN && error != ENXIO)
		ifp->if_data.ifi_ierrors++;
	if (batch != NULL)
		if_input(ifp, batch);
	vnet_leave(saved);
	return (error == ENXIO ? ENXIO : 0);
}

/*
 * Out.
 */

static int
tap_pieces(const struct mbuf *m)
{
	int n;

	for (n = 0; m != NULL; m = m->m_next)
		n++;
	return (n);
}

/* Write m, of at most TAP_VECS pieces, which stays the caller's. */
static int
tap_write(struct tap *t, const struct mbuf *m)
{
	struct tap_vec vec[1 + TAP_VECS];
	struct tap_vnet_hdr vh;
	int n;

	tap_vnet_output(m, &vh);
	vec[0] = (struct tap_vec){ &vh, sizeof(vh) };
	for (n = 1; m != NULL; m = m->m_next)
		vec[n++] = (struct tap_vec){ m->m_data, (size_t)m->m_len };
	return (tap_host_write(t->t_fd, vec, n));
}

/* Write m or, if the host takes no more, let it wait. */
static int
tap_send(struct ifnet *ifp, struct mbuf *m)
{
	struct tap *t = ifp->if_softc;
	int error;

	error = mbufq_len(&t->t_queue) != 0 ? EAGAIN : tap_write(t, m);
	if (error != EAGAIN) {
		ifp->if_data.ifi_oerrors += error != 0;
		m_freem(m);
		return (error);
	}
	error = mbufq_enqueue(&t->t_queue, m);
	if (error != 0) {
		ifp->if_data.ifi_oqdrops++;
		m_freem(m);
	}
	return (error);
}

static int
tap_transmit(struct ifnet *ifp, struct mbuf *m)
{
	int error = 0;

	if (__predict_false(m->m_pkthdr.len < ETHER_HDR_LEN))
		error = EINVAL;
	else if (__predict_false(tap_pieces(m) > TAP_VECS)) {
		m = m_defrag(m, M_NOWAIT);
		if (tap_pieces(m) > TAP_VECS)
			error = ENOBUFS;
	}
	if (error != 0) {
		ifp->if_data.ifi_oerrors++;
		m_freem(m);
		return (error);
	}
	return (tap_send(ifp, m));
}

bool
tap_wants_write(const struct ifnet *ifp)
{
	const struct tap *t = ifp->if_softc;

	return (mbufq_len(&t->t_queue) != 0);
}

void
tap_output_ready(struct ifnet *ifp)
{
	struct tap *t = ifp->if_softc;
	struct vnet *saved;
	struct mbuf *m;
	int error;

	saved = vnet_enter(ifp->if_vnet);
	while ((m = mbufq_first(&t->t_queue)) != NULL) {
		error = tap_write(t, m);
		if (error == EAGAIN)
			break;
		if (error != 0)
			ifp->if_data.ifi_oerrors++;
		m_freem(mbufq_dequeue(&t->t_queue));
	}
	vnet_leave(saved);
}

/*
 * Birth and death.
 */

/* What the host may leave undone, by what is enabled here. */
static int
tap_offload(int capenable)
{
	int offload = 0;

	if ((capenable & (IFCAP_RXCSUM | IFCAP_RXCSUM_IPV6)) != 0) {
		offload |= TAP_HOST_CSUM;
		if ((capenable & IFCAP_LRO) != 0)
			offload |= TAP_HOST_TSO;
	}
	return (offload);
}

static int
tap_reconfig(struct ifnet *ifp)
{
	struct tap *t = ifp->if_softc;

	return (tap_host_offload(t->t_fd, tap_offload(ifp->if_capenable)));
}

/* Free all but the descriptor. */
static void
tap_free(struct tap *t)
{
	int i;

	for (i = 0; i < TAP_SLOTS; i++)
		m_freem(t->t_slot[i]);
	mbufq_drain(&t->t_queue);
	free(t, M_TAP);
}

static void
tap_dtor(struct ifnet *ifp)
{
	struct tap *t = ifp->if_softc;

	tap_host_close(t->t_fd);
	tap_free(t);
}

static struct ifnet *
tap_alloc(const char *name, int flags, int fd)
{
	struct ifnet *ifp;
	struct tap *t;

	t = malloc(sizeof(*t), M_TAP, M_NOWAIT | M_ZERO);
	if (t == NULL)
		return (NULL);
	ifp = if_alloc(IFT_ETHER, name);
	if (ifp == NULL) {
		free(t, M_TAP);
		return (NULL);
	}
	t->t_fd = fd;
	mbufq_init(&t->t_queue, TAP_QUEUE);
	ifp->if_softc = t;
	ifp->if_dtor = tap_dtor;
	ifp->if_transmit = tap_transmit;
	ifp->if_reconfig = tap_reconfig;
	ifp->if_mtu_max = TAP_MTU_MAX;
	if ((flags & TAP_OFFLOAD) != 0)
		ifp->if_capabilities = ifp->if_capenable = TAP_CAPS;
	return (ifp);
}

int
tap_create_fd(const char *name, int flags, int fd, struct ifnet **ifpp)
{
	uint8_t lladdr[ETHER_ADDR_LEN];
	struct ifnet *ifp;
	int error;

	if (name[0] == '\0' || strlen(name) >= IFNAMSIZ)
		return (EINVAL);
	error = tap_host_adopt(fd);
	if (error != 0)
		return (error);
	ifp = tap_alloc(name, flags, fd);
	if (ifp == NULL)
		return (ENOMEM);
	vnet_random(lladdr, sizeof(lladdr));
	lladdr[0] = (lladdr[0] & 0xfc) | 0x02;	/* one's own, given locally */
	error = ether_ifattach(ifp, lladdr);
	if (error != 0) {
		tap_free(ifp->if_softc);
		if_free(ifp);
		return (error);
	}
	if_up(ifp);
	*ifpp = ifp;
	return (0);
}

int
tap_create(const char *name, int flags, struct ifnet **ifpp, int *fdp)
{
	char host_name[TAP_NAMESIZ];
	int error, fd;

	CTASSERT(TAP_NAMESIZ == IFNAMSIZ);
	if (strlen(name) >= IFNAMSIZ)
		return (EINVAL);
	memset(host_name, 0, sizeof(host_name));
	strlcpy(host_name, name[0] != '\0' ? name : "tap%d",
	    sizeof(host_name));
	error = tap_host_open(host_name,
	    tap_offload((flags & TAP_OFFLOAD) != 0 ? TAP_CAPS : 0), &fd);
	if (error != 0)
		return (error);
	error = tap_create_fd(host_name, flags, fd, ifpp);
	if (error != 0) {
		tap_host_close(fd);
		return (error);
	}
	if (fdp != NULL)
		*fdp = fd;
	return (0);
}

int
tap_poll_fd(const struct ifnet *ifp)
{
	const struct tap *t = ifp->if_softc;

	return (t->t_fd);
}
