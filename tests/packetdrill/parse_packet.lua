-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- Packets as scripts write them:
--
--	[ect0] P. 1:1001(1000) ack 1 win 257 urg 3 <nop,nop,TS val 1 ecr 2>
--	icmp unreachable frag_needed mtu 1200 [1:1461(1460)]
--	S 0:0(0) win 65535 <mss 1452> / udp(9899 > 9899)
--
-- What is left out of a packet that leaves the stack is not compared, except
-- options: none written means none there; <...> says that any will do.

local scan = require("scan")

local flag_bits <const> = { F = 0x01, S = 0x02, R = 0x04, P = 0x08,
    ["."] = 0x10, U = 0x20, E = 0x40, W = 0x80, A = 0x100 }
local packet = { flag_bits = flag_bits, flag_order = "FSRP.UEWA" }

local ecn_names <const> = { noecn = 0, ect1 = 1, ect0 = 2, ce = 3 }

-- ---- The IP header ----

local function ip_item(sc, ip)
	local word = scan.take(sc, "[%a][%w_]*")
	if word == "ect01" then
		ip.ect01 = true
	elseif ecn_names[word] then
		ip.ecn = ecn_names[word]
	elseif word == "tos" or word == "ttl" or word == "flowlabel" then
		ip[word] = math.tointeger(tonumber(scan.take(sc, "0x%x+") or
		    scan.take(sc, "%d+")))
		if ip[word] == nil then
			scan.fail(sc, "wants a number after " .. word)
		end
	else
		scan.fail(sc, "wants noecn, ect0, ect1, ect01, ce, tos, " ..
		    "ttl or flowlabel")
	end
end

local function ip_info(sc)
	local open = scan.take(sc, "[%[%(]")
	local ip = {}
	if open == nil then
		return ip
	end
	repeat
		ip_item(sc, ip)
	until not scan.take(sc, ",") and scan.take(sc, "[%]%)]")
	return ip
end

-- ---- Options ----

local function number(sc, what)
	local text = scan.take(sc, "0x%x+") or scan.take(sc, "%d+")
	return math.tointeger(tonumber(text or scan.fail(sc,
	    "wants a number after " .. what)))
end

-- A number, or "any".
local function maybe(sc, what)
	if scan.take(sc, "%.%.%.") or scan.take(sc, "%*") then
		return "any"
	end
	return number(sc, what)
end

local function sack(sc)
	local blocks = {}
	while true do
		local from, to = scan.take(sc, "%d+%s*:%s*%d+"), nil
		if from == nil then
			break
		end
		from, to = from:match("(%d+)%s*:%s*(%d+)")
		blocks[#blocks + 1] = { math.tointeger(tonumber(from)),
		    math.tointeger(tonumber(to)) }
	end
	return { name = "sack", blocks = blocks }
end

local option_parsers = {
	mss = function(sc)
		return { name = "mss", value = maybe(sc, "mss") }
	end,
	wscale = function(sc)
		return { name = "wscale", value = maybe(sc, "wscale") }
	end,
	sack = sack,
	TS = function(sc)
		local o = { name = "TS" }
		_ = scan.take(sc, "val") or scan.fail(sc, "wants val")
		o.val = maybe(sc, "val")
		_ = scan.take(sc, "ecr") or scan.fail(sc, "wants ecr")
		o.ecr = maybe(sc, "ecr")
		return o
	end,
	FO = function(sc)
		if scan.take(sc, "%.%.%.") or scan.take(sc, "%*") then
			return { name = "FO", cookie = "any" }
		end
		local hex = scan.take(sc, "%x+") or ""
		return { name = "FO", cookie = (hex:gsub("%x%x?",
		    function(h)
			return string.char(tonumber(h, 16))
		    end)) }
	end,
	md5 = function(sc)
		scan.take(sc, "%a+")
		scan.take(sc, "%.%.%.")
		return { name = "md5" }
	end,
	eol = function() return { name = "eol" } end,
	nop = function() return { name = "nop" } end,
	NOP = function() return { name = "nop" } end,
	sackOK = function() return { name = "sackOK" } end,
}

-- A list of options, "any", or nil if none is written.
local function tcp_options(sc)
	if not scan.take(sc, "<") then
		return nil
	end
	if scan.take(sc, "%.%.%.%s*>") or scan.take(sc, "%*%s*>") then
		return "any"
	end
	local found = {}
	while not scan.take(sc, ">") do
		local name = scan.take(sc, "FOEXP") and "FO" or
		    scan.take(sc, "%a[%a%d]*")
		local parser = option_parsers[name]
		if parser == nil then
			scan.fail(sc, (name or "this") .. " is no option; " ..
			    "there are mss, wscale, sackOK, sack, TS, FO, " ..
			    "md5, nop and eol")
		end
		found[#found + 1] = parser(sc)
		scan.take(sc, ",")
	end
	return found
end

-- ---- TCP ----

-- 1:1001(1000)
local function sequence(sc, event)
	local from, to, len
	local text = scan.take(sc, "%d+%s*:%s*%d+%s*%(%s*%d+%s*%)")
	if text then
		from, to, len = text:match("(%d+)%D+(%d+)%D+(%d+)")
		event.seq = math.tointeger(tonumber(from))
		event.len = math.tointeger(tonumber(len))
		if (event.seq + event.len - tonumber(to)) % 2^32 ~= 0 then
			scan.fail(sc, text .. ": the length is not the " ..
			    "difference of the numbers")
		end
		return
	end
	event.seq = number(sc, "the flags, for the sequence,")
end

local function flags(sc)
	local text = scan.take(sc, "[FSRPUEWA%.]+") or scan.take(sc, "%-")
	local bits = 0
	if text == nil then
		scan.fail(sc, "wants flags out of FSRPUEWA. or -")
	end
	for c in text:gmatch("[^-]") do
		bits = bits | flag_bits[c]
	end
	return bits
end

local function udp(sc, event)
	if not scan.take(sc, "/%s*udp%s*%(") then
		return
	end
	event.udp = { number(sc, "udp(") }
	_ = scan.take(sc, ">") or scan.fail(sc, "wants > between the ports")
	event.udp[2] = number(sc, ">")
	_ = scan.take(sc, "%)") or scan.fail(sc, "wants )")
end

local function tcp(sc, event)
	event.flags = flags(sc)
	sequence(sc, event)
	if scan.take(sc, "ack%f[%W]") then
		event.ack = number(sc, "ack")
	end
	if scan.take(sc, "win%f[%W]") then
		event.win = number(sc, "win")
	end
	if scan.take(sc, "urg%f[%W]") then
		event.urg = number(sc, "urg")
	end
	event.options = tcp_options(sc)
	udp(sc, event)
	return event
end

-- ---- ICMP ----

local function icmp(sc, event)
	event.icmp = { type = scan.take(sc, "[%a_]+") or
	    number(sc, "icmp") }
	local word = scan.take(sc, "[%a%d_]+")
	while word do
		if word == "mtu" then
			event.icmp.mtu = number(sc, "mtu")
		else
			event.icmp.code = tonumber(word) or word
		end
		word = scan.take_line(sc, "[%a%d_]+")
	end
	if scan.take(sc, "%[") then
		local inner = {}
		scan.take(sc, "tcp")
		sequence(sc, inner)
		event.icmp.seq = inner.seq
		event.icmp.len = inner.len or 0
		scan.take(sc, "%]")
	end
	udp(sc, event)
	return event
end

function packet.parse(sc, inbound)
	local event = { what = "packet", inbound = inbound,
	    ip = ip_info(sc) }
	if scan.take(sc, "icmp%f[%W]") then
		return icmp(sc, event)
	end
	scan.take(sc, "tcp%f[%W]")
	return tcp(sc, event)
end

return packet
