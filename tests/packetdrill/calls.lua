-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- System calls of a script: expressions become the integers and buffers of a
-- call, and what comes back is compared.
--
-- A call here is a function of the context and the arguments' expressions.
-- It gives the call's arguments and, if there is more to compare than the
-- result, a function that does so when the call has returned.  Buffers must
-- live as long as the call: they hang in cx.keep.

local names = require("names")
local value = require("value")
local wire = require("wire")

local calls = {}

local int, int_or = value.int, value.int_or

-- ---- Buffers ----

local function buffer(cx, from)
	local buf, address = so.buf(from)
	cx.keep[#cx.keep + 1] = buf
	return buf, address
end

-- What a script wants sent: its string, or so many zeros.
local function text_out(cx, node, len)
	if node.kind == "string" then
		local text = node.value
		text = text .. string.rep("\0", (len or #text) - #text)
		return select(2, buffer(cx, text)), len or #node.value
	end
	if len == nil then
		error("wants a length or a string", 0)
	end
	return select(2, buffer(cx, len)), len
end

-- Was what came what the script says?
local function compare_text(node, buf, n)
	if node.kind == "string" and n >= 0 and
	    so.bytes(buf, n) ~= node.value:sub(1, n) then
		return ("bad data: expected: %q vs actual: %q"):format(
		    node.value, so.bytes(buf, n))
	end
	return nil
end

-- ---- Addresses ----

local function default_address(cx, ip, port)
	local c = cx.config
	if c.v6 or c.mapped then
		return string.pack("=I2>I2", names.value.AF_INET6, port) ..
		    "\0\0\0\0" .. (c.mapped and string.rep("\0", 10) ..
		    "\xff\xff" .. ip or ip) .. "\0\0\0\0"
	end
	return string.pack("=I2>I2", names.value.AF_INET, port) .. ip ..
	    string.rep("\0", 8)
end

local function ip_of(node)
	if node.kind == "call" then
		local last = node.args[#node.args]
		if node.name == "htonl" then
			return string.pack(">I4", int(last))
		end
		return wire.address(last.value) or
		    error(last.value .. ": no address", 0)
	end
	return string.pack(">I4", int(node))
end

-- An address, and its port.
local function address(cx, node, ip, port)
	if node.kind == "name" and node.value == "NULL" then
		return "", nil
	elseif node.kind ~= "struct" then
		return default_address(cx, ip, port), port
	end
	local f = node.fields
	if f.sin_addr then
		port = value.port(f.sin_port)
		return string.pack("=I2>I2", int(f.sa_family or f.sin_family),
		    port) .. ip_of(f.sin_addr) .. string.rep("\0", 8), port
	elseif f.sin6_addr then
		port = value.port(f.sin6_port)
		return string.pack("=I2>I2", int(f.sa_family or
		    f.sin6_family), port) .. "\0\0\0\0" ..
		    ip_of(f.sin6_addr) .. "\0\0\0\0", port
	end
	return string.pack("=I2", int(f.sa_family)) ..
	    string.rep("\0", 14), nil
end

local function put_address(cx, node, ip, port, len)
	local bytes
	bytes, port = address(cx, node, ip, port)
	if bytes == "" then
		return 0, int_or(len, 0), nil
	end
	return select(2, buffer(cx, bytes)), int_or(len, #bytes), port
end

local function room_for_address(cx)
	local _, a = buffer(cx, 128)
	local _, l = buffer(cx, string.pack("=I4", 128))
	return a, l
end

-- ---- Connections ----

function calls.socket(cx, a)
	return { int_or(a[1], cx.config.domain), int(a[2]),
	    int_or(a[3], 0) }
end

function calls.bind(cx, a)
	local fd = cx.fd(a[1])
	local p, len, port = put_address(cx, a[2], cx.config.local_ip,
	    cx.config.bind_port, a[3])
	cx.bound[fd] = port ~= 0 and port or nil
	return { fd, p, len }
end

function calls.listen(cx, a)
	local fd = cx.fd(a[1])
	cx.listen(fd)
	return { fd, int(a[2]) }
end

function calls.accept(cx, a)
	return { cx.fd(a[1]), room_for_address(cx) }
end

function calls.connect(cx, a)
	local fd = cx.fd(a[1])
	local p, len, port = put_address(cx, a[2], cx.config.remote_ip,
	    cx.config.connect_port, a[3])
	cx.connect(fd, port)
	return { fd, p, len }
end

function calls.close(cx, a)
	return { cx.fd(a[1]) }
end

function calls.shutdown(cx, a)
	return { cx.fd(a[1]), int(a[2]) }
end

-- ---- Data ----

local function read(cx, a, ...)
	local len = int_or(a[3], a[2].kind == "string" and #a[2].value or 0)
	local buf, p = buffer(cx, len)
	return { cx.fd(a[1]), p, len, ... }, function(rv)
		return compare_text(a[2], buf, rv)
	end
end

function calls.read(cx, a)
	return read(cx, a)
end

function calls.recv(cx, a)
	return read(cx, a, int(a[4]))
end

function calls.recvfrom(cx, a)
	return read(cx, a, int(a[4]), room_for_address(cx))
end

function calls.write(cx, a)
	return { cx.fd(a[1]), text_out(cx, a[2], int(a[3])) }
end

function calls.send(cx, a)
	local p, len = text_out(cx, a[2], int(a[3]))
	return { cx.fd(a[1]), p, len, int(a[4]) }
end

function calls.sendto(cx, a)
	local fd = cx.fd(a[1])
	local p, len = text_out(cx, a[2], int(a[3]))
	local to, tolen, port = put_address(cx, a[5], cx.config.remote_ip,
	    cx.config.connect_port, a[6])
	if to ~= 0 then
		cx.connect(fd, port)
	end
	return { fd, p, len, int(a[4]), to, tolen }
end

-- [{..., 1000}, {"text", 4}]: the array of struct iovec, and its buffers
local function iovec(cx, node)
	local bytes, bufs = "", {}
	for i, item in ipairs(value.items(node)) do
		local base = item.fields[1] or item.fields.iov_base
		local len = int(item.fields[2] or item.fields.iov_len)
		local buf, p = buffer(cx, base.kind == "string" and
		    base.value .. string.rep("\0", len - #base.value) or len)
		bufs[i] = { buf = buf, node = base, len = len }
		bytes = bytes .. string.pack("=jj", p, len)
	end
	return select(2, buffer(cx, bytes)), #bufs, bufs
end

local function compare_iovec(bufs, rv)
	for _, b in ipairs(bufs) do
		local why = compare_text(b.node, b.buf, math.min(rv, b.len))
		if why then
			return why
		end
		rv = math.max(0, rv - b.len)
	end
	return nil
end

function calls.writev(cx, a)
	local p = iovec(cx, a[2])
	return { cx.fd(a[1]), p, int(a[3]) }
end

function calls.readv(cx, a)
	local p, _, bufs = iovec(cx, a[2])
	return { cx.fd(a[1]), p, int(a[3]) }, function(rv)
		return compare_iovec(bufs, rv)
	end
end

-- struct msghdr: name, namelen, iov, iovlen, control, controllen, flags
local function msghdr(cx, f, name, namelen, controllen)
	local iov, count, bufs = 0, 0, {}
	if f.msg_iov then
		iov, count, bufs = iovec(cx, f.msg_iov)
	end
	local _, control = buffer(cx, controllen + 1)
	local buf, p = buffer(cx, string.pack("=jI4xxxxjjjji4xxxx", name,
	    namelen, iov, count, controllen > 0 and control or 0,
	    controllen, 0))
	return p, bufs, buf
end

function calls.sendmsg(cx, a)
	local f, fd = a[2].fields, cx.fd(a[1])
	local name, namelen, port = 0, 0, nil
	local flags = int(a[3])
	if f.msg_name and flags & names.value.MSG_FASTOPEN ~= 0 then
		name, namelen, port = put_address(cx, f.msg_name,
		    cx.config.remote_ip, cx.config.connect_port)
		cx.connect(fd, port)
	end
	return { fd, (msghdr(cx, f, name, namelen, 0)), flags }
end

function calls.recvmsg(cx, a)
	local f = a[2].fields
	local name, _ = room_for_address(cx)
	local p, bufs, buf = msghdr(cx, f, name, 128, 256)
	return { cx.fd(a[1]), p, int(a[3]) }, function(rv)
		local got = string.unpack("=i4", so.bytes(buf, 52), 49)
		local want = f.msg_flags and int(f.msg_flags)
		if rv >= 0 and want and want ~= got then
			return ("bad msg_flags: expected: %#x vs actual: " ..
			    "%#x"):format(want, got)
		end
		return compare_iovec(bufs, rv)
	end
end

-- ---- Options and requests ----

function calls.setsockopt(cx, a)
	local bytes = value.option(a[4])
	local p = 0
	if bytes then
		p = select(2, buffer(cx, bytes))
	end
	return { cx.fd(a[1]), int(a[2]), int(a[3]), p,
	    int_or(a[5], #(bytes or "")) }
end

function calls.getsockopt(cx, a)
	local len = value.first(a[5]) or 256
	local buf, p = buffer(cx, len)
	local lbuf, lp = buffer(cx, string.pack("=I4", len))
	return { cx.fd(a[1]), int(a[2]), int(a[3]), p, lp }, function(rv)
		if rv ~= 0 then
			return nil
		end
		local got = string.unpack("=I4", so.bytes(lbuf, 4))
		return value.compare_option(a[4], so.bytes(buf, got))
	end
end

-- In and out: [1] is what is there before, and after.
local function in_out(cx, node)
	if node == nil or node.kind ~= "list" then
		return node and int(node) or 0
	end
	local first = node.items[1]
	local buf, p = buffer(cx, string.pack("=i4", int_or(first, 0)))
	return p, function(rv)
		local got = string.unpack("=i4", so.bytes(buf, 4))
		if rv ~= -1 and first and first.kind ~= "any" and
		    int(first) ~= got then
			return ("bad value: expected: %d vs actual: %d")
			    :format(int(first), got)
		end
		return nil
	end
end

function calls.ioctl(cx, a)
	local p, check = in_out(cx, a[3])
	return { cx.fd(a[1]), int(a[2]), p }, check
end

function calls.fcntl(cx, a)
	return { cx.fd(a[1]), int(a[2]), int_or(a[3], 0) }
end

-- ---- Events ----

local function compare_events(want, got)
	if want ~= nil and want.kind ~= "any" and int(want) ~= got then
		return ("bad events: expected: %#x vs actual: %#x"):format(
		    int(want), got)
	end
	return nil
end

function calls.poll(cx, a)
	local bytes, items = "", value.items(a[1])
	for _, item in ipairs(items) do
		bytes = bytes .. string.pack("=i4i2i2", cx.fd(item.fields.fd),
		    int(item.fields.events), 0)
	end
	local buf, p = buffer(cx, bytes)
	return { p, int(a[2]), int(a[3]) }, function()
		local why
		for i, item in ipairs(items) do
			local got = string.unpack("=I2", so.bytes(buf,
			    8 * i), 8 * i - 1)
			why = why or compare_events(item.fields.revents, got)
		end
		return why
	end
end

function calls.epoll_create(_, a)
	return { int(a[1]) }
end

-- struct epoll_event, which is packed on amd64 alone
local EVENT <const> = EPOLL_PACKED and "=I4i8" or "=I4xxxxi8"
local EVENT_SIZE <const> = string.packsize(EVENT)

local function event_data(cx, fields)
	if fields.fd then
		return cx.fd(fields.fd)
	end
	return int_or(fields.ptr or fields.u32 or fields.u64 or
	    { kind = "any" }, 0)
end

function calls.epoll_ctl(cx, a)
	local p = 0
	if a[4] and a[4].kind == "struct" then
		local f = a[4].fields
		p = select(2, buffer(cx, string.pack(EVENT, int(f.events) &
		    0xffffffff, event_data(cx, f))))
	end
	return { cx.fd(a[1]), int(a[2]), cx.fd(a[3]), p }
end

function calls.epoll_wait(cx, a)
	local max, items = int(a[3]), value.items(a[2])
	local buf, p = buffer(cx, EVENT_SIZE * math.max(max, 1))
	return { cx.fd(a[1]), p, max, int(a[4]) }, function(rv)
		for i = 1, math.min(rv, #items) do
			local f = items[i].fields or {}
			local events, data = string.unpack(EVENT, so.bytes(
			    buf, EVENT_SIZE * i), EVENT_SIZE * (i - 1) + 1)
			local why = compare_events(f.events, events)
			if why or f.fd and cx.fd(f.fd) ~= data then
				return why or "bad fd in an event"
			end
		end
		return nil
	end
end

function calls.pipe(cx, a)
	local buf, p = buffer(cx, 8)
	return { p }, function(rv)
		if rv == 0 then
			local r, w = string.unpack("=i4i4", so.bytes(buf, 8))
			cx.give(int(a[1].items[1]), r)
			cx.give(int(a[1].items[2]), w)
		end
		return nil
	end
end

function calls.splice(cx, a)
	return { cx.fd(a[1]), 0, cx.fd(a[3]), 0, int(a[5]), int(a[6]) }
end

-- What returns a descriptor.
calls.gives_fd = { socket = true, accept = true, epoll_create = true }

return calls
