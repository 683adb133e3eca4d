-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- Code in a script, %{ ... }%: assertions about TCP_INFO, in the part of
-- Python that scripts use for it.  Each line is
--
--	assert EXPRESSION [ , MESSAGE ]
--	print EXPRESSION
--
-- where an expression may name the fields of struct tcp_info and the states
-- TCP_*, use arithmetic, comparisons, and, or, not.

local info = {}

-- Linux's struct tcp_info, in order.
local layout = {
	{ "B", "tcpi_state tcpi_ca_state tcpi_retransmits tcpi_probes " ..
	    "tcpi_backoff tcpi_options wscales flags" },
	{ "I4", "tcpi_rto tcpi_ato tcpi_snd_mss tcpi_rcv_mss tcpi_unacked " ..
	    "tcpi_sacked tcpi_lost tcpi_retrans tcpi_fackets " ..
	    "tcpi_last_data_sent tcpi_last_ack_sent tcpi_last_data_recv " ..
	    "tcpi_last_ack_recv tcpi_pmtu tcpi_rcv_ssthresh tcpi_rtt " ..
	    "tcpi_rttvar tcpi_snd_ssthresh tcpi_snd_cwnd tcpi_advmss " ..
	    "tcpi_reordering tcpi_rcv_rtt tcpi_rcv_space " ..
	    "tcpi_total_retrans" },
	{ "I8", "tcpi_pacing_rate tcpi_max_pacing_rate tcpi_bytes_acked " ..
	    "tcpi_bytes_received" },
	{ "I4", "tcpi_segs_out tcpi_segs_in tcpi_notsent_bytes " ..
	    "tcpi_min_rtt tcpi_data_segs_in tcpi_data_segs_out" },
	{ "I8", "tcpi_delivery_rate tcpi_busy_time tcpi_rwnd_limited " ..
	    "tcpi_sndbuf_limited" },
	{ "I4", "tcpi_delivered tcpi_delivered_ce" },
	{ "I8", "tcpi_bytes_sent tcpi_bytes_retrans" },
	{ "I4", "tcpi_dsack_dups tcpi_reord_seen tcpi_rcv_ooopack " ..
	    "tcpi_snd_wnd tcpi_rcv_wnd tcpi_rehash" },
}

local states = {
	TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_SYN_RECV = 3,
	TCP_FIN_WAIT1 = 4, TCP_FIN_WAIT2 = 5, TCP_TIME_WAIT = 6,
	TCP_CLOSE = 7, TCP_CLOSE_WAIT = 8, TCP_LAST_ACK = 9,
	TCP_LISTEN = 10, TCP_CLOSING = 11,
	TCP_CA_Open = 0, TCP_CA_Disorder = 1, TCP_CA_CWR = 2,
	TCP_CA_Recovery = 3, TCP_CA_Loss = 4,
	TCPI_OPT_TIMESTAMPS = 1, TCPI_OPT_SACK = 2, TCPI_OPT_WSCALE = 4,
	TCPI_OPT_ECN = 8, TCPI_OPT_ECN_SEEN = 16, TCPI_OPT_SYN_DATA = 32,
}

function info.read(bytes)
	local fields, at = { True = true, False = false }, 1
	for name, number in pairs(states) do
		fields[name] = number
	end
	for _, row in ipairs(layout) do
		for name in row[2]:gmatch("%S+") do
			fields[name], at = string.unpack("=" .. row[1],
			    bytes, at)
		end
	end
	fields.tcpi_snd_wscale = fields.wscales & 15
	fields.tcpi_rcv_wscale = fields.wscales >> 4
	fields.tcpi_delivery_rate_app_limited = fields.flags & 1
	fields.abs, fields.min, fields.max = math.abs, math.min, math.max
	return fields
end

-- Python's a <= b <= c
local function chain(e)
	return (e:gsub("([%w_.]+)%s*([<>]=?)%s*([%w_.]+)%s*([<>]=?)",
	    "%1 %2 %3 and %3 %4"))
end

-- 0 is false in Python.
local function evaluate(text, fields)
	text = text:gsub("!=", "~="):gsub("%f[%w_]not%s+([%a_][%w_]*)",
	    "(%1 == 0)")
	local lua = chain(text)
	local f, why = load("return " .. lua, "=code", "t", fields)
	if f == nil then
		error("cannot read: " .. text .. ": " .. why, 0)
	end
	local result = f()
	return result ~= 0 and result
end

-- The values of the fields that text names.
local function shown(text, fields)
	local out = {}
	for name in text:gmatch("tcpi_[%w_]+") do
		out[#out + 1] = name .. " is " .. tostring(fields[name])
	end
	return table.concat(out, ", ")
end

-- assert TEST, MESSAGE: up to the first comma outside of brackets
local function test_of(text)
	local depth = 0
	for at = 1, #text do
		local c = text:sub(at, at)
		depth = depth + (c == "(" and 1 or c == ")" and -1 or 0)
		if c == "," and depth == 0 then
			return text:sub(1, at - 1)
		end
	end
	return text
end

local function line(text, fields)
	local e = text:match("^print%s*(.*)$")
	if e then
		print(evaluate(e, fields) or 0)
		return
	end
	e = text:match("^assert%s+(.*)$") or
	    error("wants assert or print: " .. text, 0)
	local test = test_of(e)
	if not evaluate(test, fields) then
		error("assertion failed: " .. test .. ": " ..
		    shown(test, fields), 0)
	end
end

-- code: a script's; bytes: the struct.  An error if an assertion fails.
function info.run(code, bytes)
	local fields = info.read(bytes)
	for text in code:gmatch("[^\n;]+") do
		text = text:gsub("#.*", ""):match("^%s*(.-)%s*$")
		if text ~= "" then
			line(text, fields)
		end
	end
end

return info
