-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- Real packets: bytes from fields and fields from bytes, with checksums of
-- their own.  RFC 791, 8200, 792, 4443, 768, 9293.
--
-- A segment is a table: src, dst (bytes), sport, dport, seq, ack, flags, win,
-- urg, options (a list), len (of the text), ip = { tos, ttl, flowlabel },
-- udp = { source port, destination port } if it comes in UDP.

local wire = {}

local TCP <const>, UDP <const> = 6, 17
local ICMP <const>, ICMP6 <const> = 1, 58

-- ---- Addresses ----

local function hextets(text)
	local out = ""
	for h in text:gmatch("%x+") do
		out = out .. string.pack(">I2", tonumber(h, 16))
	end
	return out
end

-- 4 or 16 bytes of an address, or nil.
function wire.address(text)
	local a, b, c, d = text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
	if a then
		return string.char(a, b, c, d)
	end
	local mapped = text:match("^::ffff:(%d+%.%d+%.%d+%.%d+)$")
	if mapped then
		return string.rep("\0", 10) .. "\xff\xff" ..
		    wire.address(mapped)
	end
	local head, tail = text:match("^([%x:]-)::([%x:]*)$")
	head, tail = hextets(head or text), hextets(tail or "")
	if not text:find("^[%x:]+$") or #head + #tail > 16 then
		return nil
	end
	return head .. string.rep("\0", 16 - #head - #tail) .. tail
end

-- ---- Checksums ----

local function pseudo(p, proto, len)
	return so.sum(p.src .. p.dst .. string.pack(">I4I4", len, proto))
end

local function checksum(bytes, start)
	return ~so.sum(bytes, start) & 0xffff
end

-- bytes, with the sum of them put at offset at.
local function fill_sum(bytes, at, start)
	return bytes:sub(1, at) .. string.pack(">I2", checksum(bytes,
	    start)) .. bytes:sub(at + 3)
end

-- ---- Options ----

local option_bytes = {
	mss = function(o) return string.pack(">BBI2", 2, 4, o.value) end,
	wscale = function(o) return string.pack("BBB", 3, 3, o.value) end,
	sackOK = function() return "\4\2" end,
	nop = function() return "\1" end,
	eol = function() return "\0" end,
	TS = function(o)
		return string.pack(">BBI4I4", 8, 10, o.val & 0xffffffff,
		    o.ecr & 0xffffffff)
	end,
	sack = function(o)
		local out = string.pack("BB", 5, 2 + 8 * #o.blocks)
		for _, b in ipairs(o.blocks) do
			out = out .. string.pack(">I4I4", b[1] & 0xffffffff,
			    b[2] & 0xffffffff)
		end
		return out
	end,
	FO = function(o)
		return string.pack("BB", 34, 2 + #o.cookie) .. o.cookie
	end,
	md5 = function() return "\19\18" .. string.rep("\0", 16) end,
}

local function put_options(options)
	local out = ""
	for _, o in ipairs(options) do
		out = out .. option_bytes[o.name](o)
	end
	return out .. string.rep("\0", -#out % 4)
end

local option_readers = {
	[2] = function(b)
		return { name = "mss", value = string.unpack(">I2", b) }
	end,
	[3] = function(b) return { name = "wscale", value = b:byte() } end,
	[4] = function() return { name = "sackOK" } end,
	[5] = function(b)
		local o = { name = "sack", blocks = {} }
		for at = 1, #b - 7, 8 do
			o.blocks[#o.blocks + 1] = { string.unpack(">I4I4",
			    b, at) }
		end
		return o
	end,
	[8] = function(b)
		local val, ecr = string.unpack(">I4I4", b)
		return { name = "TS", val = val, ecr = ecr }
	end,
	[19] = function() return { name = "md5" } end,
	[34] = function(b) return { name = "FO", cookie = b } end,
}

local function get_options(bytes)
	local options, at = {}, 1
	while at <= #bytes do
		local kind, len = bytes:byte(at, at + 1)
		if kind < 2 then
			options[#options + 1] = { name =
			    kind == 0 and "eol" or "nop" }
			at = at + 1
		else
			if len == nil or len < 2 or at + len - 1 > #bytes then
				error("an option of a wrong length", 0)
			end
			local reader = option_readers[kind]
			options[#options + 1] = reader and reader(
			    bytes:sub(at + 2, at + len - 1)) or
			    { name = "kind " .. kind }
			at = at + len
		end
	end
	return options
end

-- ---- Building ----

local function put_ip(p, proto, payload)
	local ip = p.ip or {}
	local tos = (ip.tos or 0) & 0xfc | (ip.ecn or (ip.tos or 0) & 3)
	if #p.src == 4 then
		local header = string.pack(">BBI2I2I2BBI2", 0x45, tos,
		    20 + #payload, 0, 0x4000, ip.ttl or 255, proto, 0) ..
		    p.src .. p.dst
		return fill_sum(header, 10) .. payload
	end
	return string.pack(">I4I2BB", 6 << 28 | tos << 20 |
	    (ip.flowlabel or 0), #payload, proto, ip.ttl or 255) ..
	    p.src .. p.dst .. payload
end

local function put_udp(p, bytes)
	local len = 8 + #bytes
	bytes = string.pack(">I2I2I2I2", p.udp[1], p.udp[2], len, 0) .. bytes
	return fill_sum(bytes, 6, pseudo(p, UDP, len))
end

function wire.tcp(p)
	local options = put_options(p.options or {})
	local off = (20 + #options) // 4
	local bytes = string.pack(">I2I2I4I4I2I2I2I2", p.sport, p.dport,
	    p.seq & 0xffffffff, p.ack & 0xffffffff, off << 12 | p.flags,
	    p.win, 0, p.urg or 0) .. options .. string.rep("\0", p.len)
	if p.udp then
		bytes = fill_sum(bytes, 16, pseudo(p, TCP, #bytes))
		return put_ip(p, UDP, put_udp(p, bytes))
	end
	return put_ip(p, TCP, fill_sum(bytes, 16, pseudo(p, TCP, #bytes)))
end

-- An error about the packet quoted: p has src, dst and ip.
function wire.icmp(p, type, code, rest, quoted)
	local bytes = string.pack(">BBI2I4", type, code, 0, rest) .. quoted
	if #p.src == 4 then
		return put_ip(p, ICMP, fill_sum(bytes, 2))
	end
	return put_ip(p, ICMP6, fill_sum(bytes, 2,
	    pseudo(p, ICMP6, #bytes)))
end

-- ---- Reading ----

local function get_ip(bytes)
	local p = { ip = {} }
	local first, proto = bytes:byte(1), nil
	if first >> 4 == 4 then
		p.ip.tos, p.ip.ttl, proto = bytes:byte(2), bytes:byte(9),
		    bytes:byte(10)
		p.src, p.dst = bytes:sub(13, 16), bytes:sub(17, 20)
		if so.sum(bytes:sub(1, 20)) ~= 0xffff then
			error("a wrong IP checksum", 0)
		end
		return p, proto, bytes:sub(21, string.unpack(">I2", bytes,
		    3))
	end
	local word, len
	word, len, proto, p.ip.ttl = string.unpack(">I4I2BB", bytes)
	p.ip.tos, p.ip.flowlabel = word >> 20 & 0xff, word & 0xfffff
	p.src, p.dst = bytes:sub(9, 24), bytes:sub(25, 40)
	return p, proto, bytes:sub(41, 40 + len)
end

local function get_tcp(p, bytes)
	local off
	p.sport, p.dport, p.seq, p.ack, off, p.win, p.urg = string.unpack(
	    ">I2I2I4I4I2I2xxI2", bytes)
	p.flags = off & 0x1ff
	off = off >> 12 << 2
	-- In UDP, whose checksum there is, TCP's may be left out.
	local summed = not p.udp or bytes:sub(17, 18) ~= "\0\0"
	if summed and so.sum(bytes, pseudo(p, TCP, #bytes)) ~= 0xffff then
		error("a wrong TCP checksum", 0)
	end
	p.options = get_options(bytes:sub(21, off))
	p.len = #bytes - off
	return p
end

-- A segment, or nil and what it is instead.
function wire.read(bytes)
	local p, proto, rest = get_ip(bytes)
	if proto == UDP then
		local sport, dport, _, sum = string.unpack(">I2I2I2I2", rest)
		if sum ~= 0 and so.sum(rest, pseudo(p, UDP, #rest)) ~=
		    0xffff then
			error("a wrong UDP checksum", 0)
		end
		p.udp = { sport, dport }
		rest = rest:sub(9)
	elseif proto ~= TCP then
		return nil, "a packet of protocol " .. proto
	end
	return get_tcp(p, rest)
end

-- ---- Describing ----

local function option_text(o)
	if o.name == "mss" or o.name == "wscale" then
		return o.name .. " " .. o.value
	elseif o.name == "TS" then
		return ("TS val %s ecr %s"):format(o.val, o.ecr)
	elseif o.name == "FO" then
		return "FO " .. o.cookie:gsub(".", function(c)
			return ("%02x"):format(c:byte())
		end)
	elseif o.name == "sack" then
		local out = "sack"
		for _, b in ipairs(o.blocks) do
			out = out .. (" %d:%d"):format(b[1], b[2])
		end
		return out
	end
	return o.name
end

-- As a script would write it; numbers as they stand in p.
function wire.describe(p, order)
	local flags, out = "", {}
	for i = 1, #order do
		local bit = 1 << (i - 1)
		if p.flags & bit ~= 0 then
			flags = flags .. order:sub(i, i)
		end
	end
	out[1] = flags == "" and "-" or flags
	out[2] = ("%d:%d(%d)"):format(p.seq, p.seq + p.len, p.len)
	if p.flags & 0x10 ~= 0 then
		out[#out + 1] = "ack " .. p.ack
	end
	out[#out + 1] = "win " .. p.win
	if p.flags & 0x20 ~= 0 then
		out[#out + 1] = "urg " .. p.urg
	end
	local options = {}
	for i, o in ipairs(p.options) do
		options[i] = option_text(o)
	end
	if #options > 0 then
		out[#out + 1] = "<" .. table.concat(options, ",") .. ">"
	end
	if p.udp then
		out[#out + 1] = ("/ udp(%d > %d)"):format(p.udp[1], p.udp[2])
	end
	return table.concat(out, " ")
end

return wire
