-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- The names that scripts use, with the numbers of the interface: Linux's, and
-- for what only FreeBSD has 0x10000 + FreeBSD's number.

local FREEBSD <const> = 0x10000

local names = {
	AF_INET = 2, PF_INET = 2, AF_INET6 = 10, PF_INET6 = 10,
	SOCK_STREAM = 1, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000,
	IPPROTO_TCP = 6, IPPROTO_IP = 0, IPPROTO_IPV6 = 41,
	SHUT_RD = 0, SHUT_WR = 1, SHUT_RDWR = 2,
	NULL = 0, INADDR_ANY = 0,

	SOL_SOCKET = 1, SOL_IP = 0, SOL_IPV6 = 41, SOL_TCP = 6,
	SO_DEBUG = 1, SO_REUSEADDR = 2, SO_TYPE = 3, SO_ERROR = 4,
	SO_DONTROUTE = 5, SO_BROADCAST = 6, SO_SNDBUF = 7, SO_RCVBUF = 8,
	SO_KEEPALIVE = 9, SO_OOBINLINE = 10, SO_PRIORITY = 12,
	SO_LINGER = 13, SO_REUSEPORT = 15, SO_RCVLOWAT = 18,
	SO_SNDLOWAT = 19, SO_RCVTIMEO = 20, SO_SNDTIMEO = 21,
	SO_TIMESTAMP = 29, SO_ACCEPTCONN = 30, SO_SNDBUFFORCE = 32,
	SO_RCVBUFFORCE = 33, SO_MARK = 36, SO_TIMESTAMPING = 37,
	SO_PROTOCOL = 38, SO_DOMAIN = 39, SO_BUSY_POLL = 46,
	SO_MAX_PACING_RATE = 47, SO_INCOMING_CPU = 49, SO_ZEROCOPY = 60,
	SO_TXTIME = 61,
	SO_USELOOPBACK = FREEBSD + 0x40, SO_NOSIGPIPE = FREEBSD + 0x800,
	SO_SETFIB = FREEBSD + 0x1014, SO_USER_COOKIE = FREEBSD + 0x1015,

	IP_TOS = 1, IP_TTL = 2, IP_MTU_DISCOVER = 10, IP_RECVERR = 11,
	IP_RECVTTL = 12, IP_RECVTOS = 13, IP_MTU = 14, IP_MINTTL = 21,
	IP_PMTUDISC_DONT = 0, IP_PMTUDISC_WANT = 1, IP_PMTUDISC_DO = 2,
	IP_PMTUDISC_PROBE = 3,
	IPV6_UNICAST_HOPS = 16, IPV6_MTU_DISCOVER = 23, IPV6_MTU = 24,
	IPV6_RECVERR = 25, IPV6_V6ONLY = 26, IPV6_TCLASS = 67,

	TCP_NODELAY = 1, TCP_MAXSEG = 2, TCP_CORK = 3, TCP_KEEPIDLE = 4,
	TCP_KEEPINTVL = 5, TCP_KEEPCNT = 6, TCP_SYNCNT = 7,
	TCP_LINGER2 = 8, TCP_DEFER_ACCEPT = 9, TCP_WINDOW_CLAMP = 10,
	TCP_INFO = 11, TCP_QUICKACK = 12, TCP_CONGESTION = 13,
	TCP_MD5SIG = 14, TCP_THIN_LINEAR_TIMEOUTS = 16,
	TCP_THIN_DUPACK = 17, TCP_USER_TIMEOUT = 18, TCP_REPAIR = 19,
	TCP_FASTOPEN = 23, TCP_TIMESTAMP = 24, TCP_NOTSENT_LOWAT = 25,
	TCP_CC_INFO = 26, TCP_SAVE_SYN = 27, TCP_SAVED_SYN = 28,
	TCP_FASTOPEN_CONNECT = 30, TCP_ULP = 31, TCP_MD5SIG_EXT = 32,
	TCP_FASTOPEN_KEY = 33, TCP_FASTOPEN_NO_COOKIE = 34,
	TCP_ZEROCOPY_RECEIVE = 35, TCP_INQ = 36, TCP_TX_DELAY = 37,
	TCP_NOPUSH = FREEBSD + 4, TCP_NOOPT = FREEBSD + 8,
	TCP_STATS = FREEBSD + 33, TCP_LOG = FREEBSD + 34,
	TCP_LOGBUF = FREEBSD + 35, TCP_LOGID = FREEBSD + 36,
	TCP_LOGDUMP = FREEBSD + 37, TCP_LOGDUMPID = FREEBSD + 38,
	TCP_CCALGOOPT = FREEBSD + 65, TCP_MAXUNACKTIME = FREEBSD + 68,
	TCP_REMOTE_UDP_ENCAPS_PORT = FREEBSD + 71,
	TCP_DELACK = FREEBSD + 72, TCP_KEEPINIT = FREEBSD + 128,
	TCP_FUNCTION_BLK = FREEBSD + 8192,
	TCP_FUNCTION_ALIAS = FREEBSD + 8193,

	MSG_OOB = 1, MSG_PEEK = 2, MSG_DONTROUTE = 4, MSG_CTRUNC = 8,
	MSG_TRUNC = 0x20, MSG_DONTWAIT = 0x40, MSG_EOR = 0x80,
	MSG_WAITALL = 0x100, MSG_ERRQUEUE = 0x2000, MSG_NOSIGNAL = 0x4000,
	MSG_MORE = 0x8000, MSG_ZEROCOPY = 0x4000000,
	MSG_FASTOPEN = 0x20000000, MSG_CMSG_CLOEXEC = 0x40000000,
	TCP_CM_INQ = 36,

	FIONREAD = 0x541b, SIOCINQ = 0x541b, SIOCOUTQ = 0x5411,
	TIOCOUTQ = 0x5411, SIOCOUTQNSD = 0x894b, SIOCATMARK = 0x8905,
	FIONBIO = 0x5421,
	FIONWRITE = 0x40046677, FIONSPACE = 0x40046676,

	F_DUPFD = 0, F_GETFD = 1, F_SETFD = 2, F_GETFL = 3, F_SETFL = 4,
	F_DUPFD_CLOEXEC = 1030, FD_CLOEXEC = 1,
	O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_NONBLOCK = 0x800,

	POLLIN = 1, POLLPRI = 2, POLLOUT = 4, POLLERR = 8, POLLHUP = 16,
	POLLNVAL = 32, POLLRDHUP = 0x2000,
	EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3,
	EPOLLIN = 1, EPOLLPRI = 2, EPOLLOUT = 4, EPOLLERR = 8,
	EPOLLHUP = 16, EPOLLRDNORM = 0x40, EPOLLRDBAND = 0x80,
	EPOLLWRNORM = 0x100, EPOLLWRBAND = 0x200, EPOLLRDHUP = 0x2000,
	EPOLLEXCLUSIVE = 1 << 28, EPOLLONESHOT = 1 << 30,
	EPOLLET = 1 << 31,
	SPLICE_F_MOVE = 1, SPLICE_F_NONBLOCK = 2, SPLICE_F_MORE = 4,
}

-- Linux's error numbers.
local errno = {
	EPERM = 1, ENOENT = 2, EINTR = 4, EIO = 5, EBADF = 9, EAGAIN = 11,
	ENOMEM = 12, EACCES = 13, EFAULT = 14, EBUSY = 16, EEXIST = 17,
	EINVAL = 22, EMFILE = 24, ENOTTY = 25, EPIPE = 32, EDOM = 33,
	EDEADLK = 35, ENOSYS = 38, ELOOP = 40, ENOTSOCK = 88, EDESTADDRREQ = 89,
	EMSGSIZE = 90, EPROTOTYPE = 91, ENOPROTOOPT = 92,
	EPROTONOSUPPORT = 93, EOPNOTSUPP = 95, EAFNOSUPPORT = 97,
	EADDRINUSE = 98, EADDRNOTAVAIL = 99, ENETDOWN = 100,
	ENETUNREACH = 101, ENETRESET = 102, ECONNABORTED = 103,
	ECONNRESET = 104, ENOBUFS = 105, EISCONN = 106, ENOTCONN = 107,
	ESHUTDOWN = 108, ETOOMANYREFS = 109, ETIMEDOUT = 110,
	ECONNREFUSED = 111, EHOSTDOWN = 112, EHOSTUNREACH = 113,
	EALREADY = 114, EINPROGRESS = 115,
}

local errno_name = {}
for name, number in pairs(errno) do
	errno_name[number] = name
end
errno.EWOULDBLOCK = errno.EAGAIN
errno.ENOTSUP = errno.EOPNOTSUPP

-- Of ICMP and ICMPv6: { type, code }.
local icmp4 = {
	unreachable = { 3, {
		net_unreachable = 0, host_unreachable = 1,
		protocol_unreachable = 2, port_unreachable = 3,
		frag_needed = 4, source_route_failed = 5, net_unknown = 6,
		host_unknown = 7, source_host_isolated = 8,
		net_prohibited = 9, host_prohibited = 10,
		net_unreachable_for_tos = 11, host_unreachable_for_tos = 12,
		packet_filtered = 13, precedence_violation = 14,
		precedence_cutoff = 15 } },
	source_quench = { 4, {} },
	redirect = { 5, { net = 0, host = 1 } },
	time_exceeded = { 11, { exceeded_in_transit = 0, ttl_exceeded = 0,
		reassembly_time = 1 } },
	parameter_problem = { 12, {} },
}

local icmp6 = {
	unreachable = { 1, {
		no_route = 0, admin_prohibited = 1, not_neighbour = 2,
		beyond_scope = 2, address_unreachable = 3,
		port_unreachable = 4 } },
	packet_too_big = { 2, {} },
	time_exceeded = { 3, { exceed_hopcount = 0, hop_limit_exceeded = 0,
		exceed_reassembly_time = 1 } },
	parameter_problem = { 4, { erroneous_header_field = 0,
		unknown_next_header = 1, unrecognized_ipv6_option = 2 } },
}

return { value = names, errno = errno, errno_name = errno_name,
    icmp4 = icmp4, icmp6 = icmp6 }
