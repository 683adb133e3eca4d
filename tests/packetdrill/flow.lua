-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- The flows of a script: which connection a packet belongs to, how the
-- numbers in a script become those on the wire, and whether what left the
-- stack is what was expected.
--
-- A script's numbers of our side begin where the script says; the stack
-- chooses its own.  From our first SYN on
--
--	on the wire = in the script + flow.shift	(modulo 2^32)
--
-- for sequence numbers, the peer's ACKs and its SACK blocks.  The peer's own
-- numbers are those of the script.  Our time stamps are learned one by one:
-- the value that the script writes for what left stands for the value that
-- was in it, when the peer echoes it.

local packet = require("parse_packet")
local names = require("names")
local wire = require("wire")

local flow = {}

local MASK <const> = 0xffffffff
local SYN <const>, RST <const>, ACK <const> = 0x02, 0x04, 0x10
local EPHEMERAL <const> = 50000

-- config: v6, local_ip, remote_ip (bytes), bind_port, connect_port, mss
function flow.new(config)
	return { config = config, count = 0, cur = nil }
end

-- A socket was bound, or listens: packets to come are for it.
function flow.listen(st, port)
	st.listening = port
	st.cur = nil
end

-- A socket connects.
function flow.connect(st, lport, dport)
	st.cur = { lport = lport, rport = dport, sent = {}, active = true }
end

local function child(st)
	st.count = st.count + 1
	st.cur = { lport = st.listening or st.config.bind_port,
	    rport = EPHEMERAL + st.count, sent = {} }
	return st.cur
end

-- ---- Into the stack ----

local function out_number(f, n)
	return (n + (f.shift or 0)) & MASK
end

local function ecr(f, n)
	if n == 0 or n == "any" then
		return n == 0 and 0 or f.last_val or 0
	end
	return f.sent[n] or (n + (f.ts_shift or 0)) & MASK
end

-- The peer's options, their numbers as on the wire.
local function peer_options(f, event)
	local options = {}
	for i, o in ipairs(event.options or {}) do
		if o.name == "TS" then
			o = { name = "TS", val = o.val, ecr = ecr(f, o.ecr) }
		elseif o.name == "sack" then
			local blocks = {}
			for k, b in ipairs(o.blocks) do
				blocks[k] = { out_number(f, b[1]),
				    out_number(f, b[2]) }
			end
			o = { name = "sack", blocks = blocks }
		end
		options[i] = o
	end
	return options
end

local function base(st)
	return { src = st.config.remote_ip, dst = st.config.local_ip }
end

local function inject_tcp(st, f, event)
	local p = base(st)
	p.sport, p.dport = f.rport, f.lport
	p.ip, p.udp = event.ip, event.udp
	p.flags, p.seq, p.len = event.flags, event.seq, event.len or 0
	p.ack = event.flags & ACK ~= 0 and out_number(f, event.ack or 0) or 0
	p.win, p.urg = event.win or 0, event.urg
	p.options = peer_options(f, event)
	return wire.tcp(p)
end

local function icmp_numbers(st, icmp)
	local kinds = st.config.v6 and names.icmp6 or names.icmp4
	if type(icmp.type) == "number" then
		return icmp.type, icmp.code or 0
	end
	local kind = kinds[icmp.type] or
	    error(icmp.type .. ": no such ICMP message", 0)
	local code = icmp.code or 0
	if type(code) == "string" then
		code = kind[2][code] or
		    error(code .. ": no such code of " .. icmp.type, 0)
	end
	return kind[1], code
end

-- The error quotes a segment of ours: the headers, as it left, if none of
-- that sequence number did as much of it as the script tells.
local function inject_icmp(st, f, event)
	local icmp, p = event.icmp, base(st)
	local kind, code = icmp_numbers(st, icmp)
	p.ip = event.ip
	local q = { src = p.dst, dst = p.src, sport = f.lport,
	    dport = f.rport, flags = ACK, ack = 0, win = 0,
	    seq = out_number(f, icmp.seq or 0), len = icmp.len or 0,
	    udp = event.udp }
	local quoted = wire.tcp(q):sub(1, (st.config.v6 and 40 or 20) +
	    (event.udp and 28 or 8))
	return wire.icmp(p, kind, code, icmp.mtu or 0, quoted)
end

function flow.inject(st, event)
	local f = st.cur or child(st)
	local bytes = event.icmp and inject_icmp(st, f, event) or
	    inject_tcp(st, f, event)
	so.send(bytes)
end

-- ---- Out of the stack ----

-- p's numbers, which are the wire's, as the script has them.
local function to_script(f, p)
	local shift = f.shift or 0
	p.wire_seq = p.seq
	p.seq = (p.seq - shift) & MASK
	for _, o in ipairs(p.options) do
		if o.name == "TS" then
			f.last_val = o.val
			o.wire_val = o.val
		end
	end
end

local function learn(f, event, p)
	if f.shift == nil and (p.flags & SYN ~= 0) then
		f.shift = (p.seq - (event.seq or 0)) & MASK
	end
end

local function same_option(want, have)
	if want.name ~= have.name then
		return false
	elseif want.name == "TS" then
		return want.ecr == "any" or want.ecr == have.ecr
	elseif want.name == "FO" then
		return want.cookie == "any" or want.cookie == have.cookie
	elseif want.name == "sack" then
		for i, b in ipairs(want.blocks) do
			local h = have.blocks[i]
			if h == nil or b[1] ~= h[1] or b[2] ~= h[2] then
				return false
			end
		end
		return #want.blocks == #have.blocks
	end
	return want.value == "any" or want.value == have.value
end

-- Remember what the script calls our time stamp.
local function learn_ts(f, want, have)
	for i, o in ipairs(want) do
		if o.name == "TS" and o.val ~= "any" and have[i] then
			f.sent[o.val] = have[i].wire_val
			f.ts_shift = f.ts_shift or
			    (have[i].wire_val - o.val) & MASK
		end
	end
end

local function compare_options(f, event, p)
	if event.options == "any" then
		return nil
	end
	local want = event.options or {}
	for i = 1, math.max(#want, #p.options) do
		if want[i] == nil or p.options[i] == nil or
		    not same_option(want[i], p.options[i]) then
			return "bad outbound TCP options"
		end
	end
	learn_ts(f, want, p.options)
	return nil
end

-- Expected tos: the whole octet, or its two bits of ECN.
local function compare_ip(ip, have)
	if ip.ecn and have.tos & 3 ~= ip.ecn then
		return ("ECN bits: expected: %d vs actual: %d"):format(
		    ip.ecn, have.tos & 3)
	elseif ip.ect01 and have.tos & 3 ~= 1 and have.tos & 3 ~= 2 then
		return "ECN bits: expected: 1 or 2 vs actual: " ..
		    (have.tos & 3)
	end
	for _, field in ipairs({ "tos", "ttl", "flowlabel" }) do
		if ip[field] and ip[field] ~= have[field] then
			return ("bad value for %s: expected: %d vs " ..
			    "actual: %s"):format(field, ip[field],
			    have[field])
		end
	end
	return nil
end

local function compare_udp(want, have)
	if (want == nil) ~= (have == nil) then
		return want and "not in UDP" or "unexpectedly in UDP"
	elseif want and (want[1] ~= have[1] or want[2] ~= have[2]) then
		return ("UDP ports: expected: %d > %d vs actual: %d > %d")
		    :format(want[1], want[2], have[1], have[2])
	end
	return nil
end

-- A reset in answer to nothing that is known has numbers as on the wire.
local function sequence_fits(event, p)
	return event.seq == p.seq or (p.flags & RST ~= 0 and
	    event.seq == p.wire_seq)
end

local function compare(f, event, p)
	local fields = {
		{ "flags", event.flags, p.flags },
		{ "payload length", event.len or 0, p.len },
		{ "ack", event.ack, p.flags & ACK ~= 0 and p.ack or nil },
		{ "win", event.win, p.win },
		{ "urg", event.urg, p.urg },
	}
	for _, field in ipairs(fields) do
		if field[2] and field[2] ~= field[3] then
			return ("live packet field %s: expected: %s vs " ..
			    "actual: %s"):format(field[1], field[2],
			    field[3])
		end
	end
	if not sequence_fits(event, p) then
		return ("live packet field seq: expected: %d vs actual: %d")
		    :format(event.seq, p.seq)
	end
	return compare_options(f, event, p) or
	    compare_ip(event.ip, p.ip) or compare_udp(event.udp, p.udp)
end

local function ports_fit(st, f, p)
	if p.src ~= st.config.local_ip then
		if not f.active or f.lport then
			return false
		end
		st.config.local_ip = p.src
	end
	if f.active and f.lport == nil then
		f.lport = p.sport
	end
	return p.dst == st.config.remote_ip and p.sport == f.lport and
	    p.dport == f.rport
end

-- bytes have left the stack: nil, or what is wrong and the actual packet.
function flow.check(st, event, bytes)
	local f = st.cur or child(st)
	local p, why = wire.read(bytes)
	if p == nil then
		return "unexpected packet: " .. why
	end
	if not ports_fit(st, f, p) then
		return ("unexpected packet: ports %d > %d"):format(p.sport,
		    p.dport), wire.describe(p, packet.flag_order)
	end
	learn(f, event, p)
	to_script(f, p)
	why = compare(f, event, p)
	return why, wire.describe(p, packet.flag_order)
end

-- What left, for people, when nothing is expected.
function flow.describe(st, bytes)
	local p, why = wire.read(bytes)
	if p == nil then
		return why
	end
	if st.cur then
		to_script(st.cur, p)
	end
	return wire.describe(p, packet.flag_order)
end

return flow
