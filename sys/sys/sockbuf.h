/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Socket buffers: a byte stream held in mbufs.
 *
 * The mbufs of sb_mb hold sb_ccc bytes.  A send buffer keeps what has been
 * sent and not acknowledged at its front; sb_sndptr remembers the mbuf
 * that holds the next byte to be sent for the first time, so that output
 * does not walk the buffer (sb_sndptroff is the offset of the start of that
 * mbuf's data from the start of the buffer).
 */
#ifndef _STACKYARD_SYS_SOCKBUF_H_
#define	_STACKYARD_SYS_SOCKBUF_H_

#include <sys/time.h>
#include <sys/types.h>

struct mbuf;
struct socket;

#define	SB_MAX		(2 * 1024 * 1024) /* kern.ipc.maxsockbuf's default */

/* What bounds buffers; all but the second follow from the first. */
struct sb_limits {
	u_long		sl_max;		/* kern.ipc.maxsockbuf */
	u_long		sl_efficiency;	/* kern.ipc.sockbuf_waste_factor */
	u_long		sl_hiwat;	/* sb_hiwat at most */
	u_long		sl_mbmax;	/* sb_mbmax at most */
	u_int		sl_doublings;	/* of 65535 until it is sl_max, or 14:
					 * a TCP window's scale (RFC 7323) */
	uint32_t	sl_gen;		/* how often these have changed */
};

/*
 * A time to wait in four bytes: microseconds up to 2^31 (36 minutes), and
 * whole seconds, rounded up, with SB_TIMEO_SEC beyond.
 */
typedef	uint32_t sbtimeo_t;
#define	SB_TIMEO_SEC	0x80000000U

static inline sbtimeo_t
sbtimeo(uint32_t sec, uint32_t usec)
{
	if (sec * 1000000ULL + usec < SB_TIMEO_SEC)
		return (sec * 1000000 + usec);
	return (SB_TIMEO_SEC | (sec < INT32_MAX ? sec + (usec != 0) :
	    INT32_MAX));
}

static inline nstime_t
sbtimeo_ns(sbtimeo_t timeo)
{
	if ((timeo & SB_TIMEO_SEC) != 0)
		return ((timeo & ~SB_TIMEO_SEC) * NS_PER_SEC);
	return (timeo * NS_PER_USEC);
}

/* sb_flags */
#define	SB_WAIT		0x0004		/* a reader or writer waits */
#define	SB_SEL		0x0008		/* a poll waits */
#define	SB_UPCALL	0x0020
#define	SB_NOINTR	0x0040
#define	SB_KNOTE	0x0100		/* the socket has knotes */
#define	SB_AUTOSIZE	0x0800		/* may be resized by the protocol */
#define	SB_STOP		0x1000
#define	SB_HELD		0x2000		/* the protocol wants no more yet */
/* sb_state */
#define	SBS_CANTSENDMORE	0x0010
#define	SBS_CANTRCVMORE		0x0020
#define	SBS_RCVATMARK		0x0040	/* at the urgent mark */

struct sockbuf {
	struct mbuf	*sb_mb;		/* the data */
	struct mbuf	*sb_mbtail;	/* its last mbuf */
	struct mbuf	*sb_sndptr;	/* holds the next new byte, or NULL */
	u_int		sb_sndptroff;	/* offset of sb_sndptr's first byte */
	u_int		sb_ccc;		/* bytes here */
	u_int		sb_hiwat;	/* bytes at most */
	u_int		sb_lowat;	/* bytes or space that wakes */
	u_int		sb_mbcnt;	/* memory the mbufs take, bytes */
	u_int		sb_mbmax;	/* at most */
	uint16_t	sb_flags;
	uint16_t	sb_state;
	sbtimeo_t	sb_timeo;	/* SO_{RCV,SND}TIMEO; 0 none */
};

/* What buffers of sockets of a kind begin with, of the same names and in the
 * same order as there. */
struct sb_begin {
	u_int		sb_hiwat;
	u_int		sb_lowat;
	u_int		sb_mbcnt;	/* 0 */
	u_int		sb_mbmax;
	uint16_t	sb_flags;
	uint16_t	sb_state;	/* 0 */
	sbtimeo_t	sb_timeo;
};
#define	SB_BEGIN	__offsetof(struct sockbuf, sb_hiwat)

/* Bytes that can be read now; the same, FreeBSD's two names. */
static inline u_int
sbavail(const struct sockbuf *sb)
{
	return (sb->sb_ccc);
}

static inline u_int
sbused(const struct sockbuf *sb)
{
	return (sb->sb_ccc);
}

/* Space for data, bytes; negative if the buffer is over-full. */
static inline long
sbspace(const struct sockbuf *sb)
{
	long data = (long)sb->sb_hiwat - (long)sb->sb_ccc;
	long mem = (long)sb->sb_mbmax - (long)sb->sb_mbcnt;

	return (data < mem ? data : mem);
}

/* Append chain m (consumed), a part of a stream; the flags are PRUS_*. */
void	sbappendstream(struct sockbuf *sb, struct mbuf *m, int flags);
/* Drop len (<= sb_ccc) bytes from the front. */
void	sbdrop_part(struct sockbuf *sb, int len);
void	m_free_chain(struct mbuf *m);
static inline void
sbdrop(struct sockbuf *sb, int len)
{
	struct mbuf *m = sb->sb_mb;

	if ((u_int)len != sb->sb_ccc || m == NULL) {
		sbdrop_part(sb, len);
		return;
	}
	sb->sb_mb = sb->sb_mbtail = sb->sb_sndptr = NULL;
	sb->sb_sndptroff = sb->sb_ccc = sb->sb_mbcnt = 0;
	m_free_chain(m);
}
/* As sbdrop(), but the mbufs that go are returned, with their bytes; one
 * that is dropped in part stays. */
struct mbuf *sbcut(struct sockbuf *sb, int len);
/* Drop all. */
static inline void
sbflush(struct sockbuf *sb)
{
	if (sb->sb_mb != NULL)
		sbdrop(sb, (int)sb->sb_ccc);
}

/* Let the buffer hold cc bytes: 1, or 0 if that is over maxsockbuf. */
int	sbreserve(struct sockbuf *sb, u_long cc);
/*
 * The mbuf that holds byte off (<= sb_ccc), *moff its place in it; for the
 * end of the buffer the last mbuf, or NULL if it is empty.  Fast when off
 * is in or behind the mbuf where the last look-up ahead of all others
 * ended, and near the front.
 */
struct mbuf *sbsndptr_noadv(struct sockbuf *sb, uint32_t off,
	    uint32_t *moff);
/* Note that len bytes from the mbuf mb on, which sbsndptr_noadv() returned,
 * have now been sent. */
void	sbsndptr_adv(struct sockbuf *sb, struct mbuf *mb, uint32_t len);
/* Account for mbuf m that enters, or leaves at the front. */
void	sballoc(struct sockbuf *sb, struct mbuf *m);
void	sbfree(struct sockbuf *sb, struct mbuf *m);
/* Free what the buffer holds, and its reservation. */
static inline void
sbdestroy(struct sockbuf *sb)
{
	sbflush(sb);
	sb->sb_hiwat = 0;
	sb->sb_mbmax = 0;
}

/* Panics under INVARIANTS if counts and chain disagree. */
void	sbcheck(const struct sockbuf *sb);

/*
 * sorwakeup(), sowwakeup(), socantrcvmore() and socantsendmore() (all in
 * sys/socketvar.h) wake whoever waits for a socket: knotes, then the upcall.
 * An upcall may close the socket, so the caller holds a reference (soref())
 * if it touches so afterwards, and expects pr_close and what follows from it
 * beneath itself.
 */

#endif /* !_STACKYARD_SYS_SOCKBUF_H_ */
