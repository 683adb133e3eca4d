/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * pkt: runs scripts of packetdrill's language against
 * libstackyard-packetdrill.so.
 *
 * What the language means is in the Lua files here.  This file gives them
 * the object, loaded as packetdrill loads it, as a table `so': its clock, its
 * wire, and its system calls.  A call's arguments are integers, of which some
 * are addresses of buffers; buffers are Lua's, so the Lua side lays out the
 * structs.
 *
 * Calls that block are made by a second thread, which reads the clock,
 * calls, and reads the clock; the first goes on when that one sleeps or is
 * done.
 *
 * TCP_INFO is asked for through the C library's getsockopt(2), as packetdrill
 * does.
 *
 * May use the environment, threads, and the system's getsockopt().
 */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#include "object.h"

#define	SOURCES		STACKYARD_SRC "/tests/packetdrill/"
#define	ARGS		6		/* of a call at most */
#define	PACKET		65535
#define	ASLEEP_TRIES	50000		/* of ASLEEP_US each, real time */
#define	ASLEEP_US	200

static struct packetdrill_interface it;

/* ---- System calls ---- */

typedef	long call_t(const intptr_t *);

#define	INT(n)		((int)a[n])
#define	LEN(n)		((size_t)a[n])
#define	PTR(n)		((void *)a[n])
#define	CALL(name, ...)							\
static long								\
call_##name(const intptr_t *a)						\
{									\
									\
	return ((long)it.name(it.userdata, __VA_ARGS__));		\
}

CALL(socket, INT(0), INT(1), INT(2))
CALL(bind, INT(0), PTR(1), (socklen_t)a[2])
CALL(listen, INT(0), INT(1))
CALL(accept, INT(0), PTR(1), PTR(2))
CALL(connect, INT(0), PTR(1), (socklen_t)a[2])
CALL(read, INT(0), PTR(1), LEN(2))
CALL(readv, INT(0), PTR(1), INT(2))
CALL(recv, INT(0), PTR(1), LEN(2), INT(3))
CALL(recvfrom, INT(0), PTR(1), LEN(2), INT(3), PTR(4), PTR(5))
CALL(recvmsg, INT(0), PTR(1), INT(2))
CALL(write, INT(0), PTR(1), LEN(2))
CALL(writev, INT(0), PTR(1), INT(2))
CALL(send, INT(0), PTR(1), LEN(2), INT(3))
CALL(sendto, INT(0), PTR(1), LEN(2), INT(3), PTR(4), (socklen_t)a[5])
CALL(sendmsg, INT(0), PTR(1), INT(2))
CALL(fcntl, INT(0), INT(1), a[2])
CALL(ioctl, INT(0), (unsigned long)a[1], PTR(2))
CALL(close, INT(0))
CALL(shutdown, INT(0), INT(1))
CALL(getsockopt, INT(0), INT(1), INT(2), PTR(3), PTR(4))
CALL(setsockopt, INT(0), INT(1), INT(2), PTR(3), (socklen_t)a[4])
CALL(poll, PTR(0), (nfds_t)a[1], INT(2))
CALL(epoll_create, INT(0))
CALL(epoll_ctl, INT(0), INT(1), INT(2), PTR(3))
CALL(epoll_wait, INT(0), PTR(1), INT(2), INT(3))
CALL(pipe, PTR(0))
CALL(splice, INT(0), PTR(1), INT(2), PTR(3), LEN(4), (unsigned)a[5])

#define	ROW(name)	{ #name, call_##name }
static const struct {
	const char	*name;
	call_t		*call;
} calls[] = {
	ROW(socket), ROW(bind), ROW(listen), ROW(accept), ROW(connect),
	ROW(read), ROW(readv), ROW(recv), ROW(recvfrom), ROW(recvmsg),
	ROW(write), ROW(writev), ROW(send), ROW(sendto), ROW(sendmsg),
	ROW(fcntl), ROW(ioctl), ROW(close), ROW(shutdown), ROW(getsockopt),
	ROW(setsockopt), ROW(poll), ROW(epoll_create), ROW(epoll_ctl),
	ROW(epoll_wait), ROW(pipe), ROW(splice),
};

static call_t *
find_call(lua_State *L, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, name) == 0)
			return (calls[i].call);
	luaL_error(L, "%s: no such call in the interface", name);
	return (NULL);
}

static void
get_args(lua_State *L, intptr_t args[ARGS])
{
	int i;

	for (i = 0; i < ARGS; i++)
		args[i] = (intptr_t)luaL_optinteger(L, i + 2, 0);
}

/* so.call(name, ...): what it returned, errno */
static int
l_call(lua_State *L)
{
	intptr_t args[ARGS];
	call_t *call;

	call = find_call(L, luaL_checkstring(L, 1));
	get_args(L, args);
	errno = 0;
	lua_pushinteger(L, call(args));
	lua_pushinteger(L, errno);
	return (2);
}

/* ---- The clock ---- */

static long long
now(void)
{
	struct timeval tv;

	(void)it.gettimeofday(it.userdata, &tv, NULL);
	return (tv.tv_sec * 1000000LL + tv.tv_usec);
}

static int
l_now(lua_State *L)
{

	lua_pushinteger(L, now());
	return (1);
}

/* so.sleep(microseconds) */
static int
l_sleep(lua_State *L)
{

	(void)it.usleep(it.userdata, (useconds_t)luaL_checkinteger(L, 1));
	return (0);
}

/* ---- Calls that block ---- */

static struct {
	pthread_t	thread;
	call_t		*call;
	intptr_t	args[ARGS];
	_Atomic pid_t	tid;
	_Atomic bool	done;
	long		rv;
	int		error;
	long long	ended;
} job;

static void *
work(void *arg)
{

	(void)arg;
	job.tid = (pid_t)syscall(SYS_gettid);
	(void)now();
	errno = 0;
	job.rv = job.call(job.args);
	job.error = errno;
	job.ended = now();
	job.done = true;
	return (NULL);
}

static bool
wait_asleep(void)
{
	int i;

	for (i = 0; i < ASLEEP_TRIES; i++) {
		if (job.done || (job.tid != 0 &&
		    object_thread_state(job.tid) == 'S'))
			return (true);
		(void)usleep(ASLEEP_US);
	}
	return (false);
}

/* so.start(name, ...): the call sleeps, or is done */
static int
l_start(lua_State *L)
{

	job.call = find_call(L, luaL_checkstring(L, 1));
	get_args(L, job.args);
	job.tid = 0;
	job.done = false;
	if (pthread_create(&job.thread, NULL, work, NULL) != 0 ||
	    !wait_asleep())
		return (luaL_error(L, "a call that blocks does not sleep"));
	return (0);
}

/*
 * so.result(wait): nil, the call has not come back; or what it returned,
 * errno, and when.  wait: give it a moment to come back.
 */
static int
l_result(lua_State *L)
{
	int i;

	(void)wait_asleep();		/* it may just be coming back */
	for (i = 0; lua_toboolean(L, 1) && !job.done && i < ASLEEP_TRIES / 25;
	    i++)
		(void)usleep(ASLEEP_US);
	if (!job.done)
		return (0);
	(void)pthread_join(job.thread, NULL);
	lua_pushinteger(L, job.rv);
	lua_pushinteger(L, job.error);
	lua_pushinteger(L, job.ended);
	return (3);
}

/* ---- The wire ---- */

static int
l_send(lua_State *L)
{
	const char *p;
	size_t len;

	p = luaL_checklstring(L, 1, &len);
	if (it.netdev_send(it.userdata, p, len) != 0)
		return (luaL_error(L, "netdev_send: %s", strerror(errno)));
	return (0);
}

/* so.receive(): the next packet and when it left; nil: there is none */
static int
l_receive(lua_State *L)
{
	static char buf[PACKET];
	long long when;
	size_t len;

	len = sizeof(buf);
	if (it.netdev_receive(it.userdata, buf, &len, &when) != 0)
		return (luaL_error(L, "netdev_receive: %s",
		    strerror(errno)));
	if (len == 0)
		return (0);
	lua_pushlstring(L, buf, len);
	lua_pushinteger(L, when);
	return (2);
}

/* so.sum(string, sum): the Internet checksum so far, not complemented */
static int
l_sum(lua_State *L)
{
	const char *p;
	size_t len;

	p = luaL_checklstring(L, 1, &len);
	lua_pushinteger(L, object_sum((const uint8_t *)p, len,
	    (uint32_t)luaL_optinteger(L, 2, 0)));
	return (1);
}

/* ---- Buffers ---- */

/* so.buf(size, or string): a buffer, and its address */
static int
l_buf(lua_State *L)
{
	const char *from;
	size_t len;
	void *p;

	from = NULL;
	if (lua_type(L, 1) == LUA_TSTRING)
		from = lua_tolstring(L, 1, &len);
	else
		len = (size_t)luaL_checkinteger(L, 1);
	p = lua_newuserdatauv(L, len + 1, 0);
	memset(p, 0, len + 1);
	if (from != NULL)
		memcpy(p, from, len);
	lua_pushinteger(L, (lua_Integer)(intptr_t)p);
	return (2);
}

/* so.bytes(buffer, n): its first n bytes, as a string */
static int
l_bytes(lua_State *L)
{
	size_t n;

	luaL_checktype(L, 1, LUA_TUSERDATA);
	n = (size_t)luaL_checkinteger(L, 2);
	luaL_argcheck(L, n < lua_rawlen(L, 1), 2, "longer than the buffer");
	lua_pushlstring(L, lua_touserdata(L, 1), n);
	return (1);
}

/* ---- The rest ---- */

/* so.getsockopt(fd, level, name, size): the C library's; nil, errno */
static int
l_getsockopt(lua_State *L)
{
	char val[1024];
	socklen_t len;

	memset(val, 0, sizeof(val));
	len = sizeof(val);
	if (getsockopt((int)luaL_checkinteger(L, 1),
	    (int)luaL_checkinteger(L, 2), (int)luaL_checkinteger(L, 3), val,
	    &len) != 0) {
		lua_pushnil(L);
		lua_pushinteger(L, errno);
		return (2);
	}
	lua_pushlstring(L, val, sizeof(val));
	return (1);
}

/* so.init(flags) */
static int
l_init(lua_State *L)
{
	object_init_t *init;
	const char *why;

	init = object_load(&why);
	if (init == NULL)
		return (luaL_error(L, "%s", why));
	init(luaL_checkstring(L, 1), &it);
	return (0);
}

static int
l_free(lua_State *L)
{

	(void)L;
	it.free(it.userdata);
	return (0);
}

static int
l_setenv(lua_State *L)
{

	(void)setenv(luaL_checkstring(L, 1), luaL_checkstring(L, 2), 1);
	return (0);
}

static const luaL_Reg functions[] = {
	{ "buf", l_buf }, { "bytes", l_bytes }, { "call", l_call },
	{ "free", l_free }, { "getsockopt", l_getsockopt },
	{ "init", l_init }, { "now", l_now }, { "receive", l_receive },
	{ "result", l_result }, { "send", l_send }, { "setenv", l_setenv },
	{ "sleep", l_sleep }, { "start", l_start }, { "sum", l_sum },
	{ NULL, NULL }
};

/* What the Lua files know: so, TOOLS, EPOLL_PACKED,
 * and where they find each other. */
static void
set_up(lua_State *L, int argc, char **argv)
{
	int i;

	luaL_openlibs(L);
	luaL_newlib(L, functions);
	lua_setglobal(L, "so");
	lua_pushliteral(L, STACKYARD_BUILD "/libexec/stackyard");
	lua_setglobal(L, "TOOLS");
	lua_pushboolean(L, sizeof(struct epoll_event) == 12);
	lua_setglobal(L, "EPOLL_PACKED");
	lua_getglobal(L, "package");
	lua_pushliteral(L, SOURCES "?.lua");
	lua_setfield(L, -2, "path");
	lua_newtable(L);
	for (i = 1; i < argc; i++) {
		lua_pushstring(L, argv[i]);
		lua_rawseti(L, -2, i);
	}
	lua_setglobal(L, "arg");
}

int
main(int argc, char **argv)
{
	lua_State *L;
	int rv;

	L = luaL_newstate();
	if (L == NULL) {
		(void)fprintf(stderr, "pkt: out of memory\n");
		return (EXIT_FAILURE);
	}
	set_up(L, argc, argv);
	if (luaL_dofile(L, SOURCES "pkt.lua") != LUA_OK) {
		(void)fprintf(stderr, "%s\n", lua_tostring(L, -1));
		return (EXIT_FAILURE);
	}
	rv = (int)luaL_optinteger(L, -1, 0);
	lua_close(L);
	return (rv);
}
