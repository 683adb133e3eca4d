-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- From the text of a script to its events.
--
--	script	= { option } { event }
--	option	= "--" name [ "=" value ]
--	event	= [ time ] ( packet | call | command | code )
--	time	= "*" | at | at "~" at | at "..." at	at = [ "+" ] seconds
--	packet	= ( "<" | ">" ) [ ip ] ( tcp | icmp ) [ "/" udp ]
--	call	= name "(" expressions ")" "=" result
--	command	= "`" shell "`"		code = "%{" ... "}%"
--
-- A scanner walks over the text: sc.s is the text, sc.at where it is.

local packet = require("parse_packet")
local scan = require("scan")

local parse = {}

-- ---- Options ----

-- Lines at the beginning; the command line has the same ones.
function parse.option(text, options)
	local name, value = text:match("^%-%-([%w_]+)=?(.*)$")
	if name == nil then
		return "an option is --NAME or --NAME=VALUE: " .. text
	end
	value = value:gsub('^"(.*)"$', "%1")
	options[name] = value
	return nil
end

local function options(sc, set)
	while scan.space(sc) and sc.s:find("^%-%-%a", sc.at) do
		local line = sc.s:match("^[^\n]*", sc.at)
		sc.at = sc.at + #line
		for word in line:gsub("%s//.*", ""):gmatch("%S+") do
			local why = parse.option(word, set)
			if why then
				scan.fail(sc, why)
			end
		end
	end
end

-- ---- Time ----

local function seconds(sc)
	local plus = scan.take(sc, "%+")
	local digits = scan.take(sc, "%d+%.?%d*") or scan.take(sc, "%.%d+")
	if digits == nil then
		return nil
	end
	digits = digits:gsub("%.+$", function(dots)
		sc.at = sc.at - #dots
		return ""
	end)
	return math.floor(tonumber(digits) * 1000000 + 0.5), plus ~= nil
end

-- us: { from, to, relative, blocking end }; any: whenever
local function time(sc)
	if scan.take(sc, "%*") then
		return { any = true }
	end
	local from, relative = seconds(sc)
	if from == nil then
		return nil
	end
	local t = { from = from, relative = relative }
	if scan.take(sc, "%.%.%.") then
		t.stop = seconds(sc) or scan.fail(sc, "wants an end after ...")
	elseif scan.take(sc, "~") then
		t.to = seconds(sc) or scan.fail(sc, "wants a time after ~")
	end
	return t
end

-- ---- Expressions ----

local expression

local function list(sc, close)
	local items = {}
	while not scan.take(sc, close) do
		items[#items + 1] = expression(sc)
		if not scan.take(sc, ",") and not sc.s:find("^" .. close,
		    sc.at) then
			scan.fail(sc, "wants , or the end of a list")
		end
	end
	return items
end

-- { a = 1, b(2) = c, "d" }: fields by name, the others by number
local function struct(sc)
	local fields, first = {}, true
	while not scan.take(sc, "}") do
		if not first and not scan.take(sc, ",") then
			scan.fail(sc, "wants , or } in a struct")
		end
		first = false
		local name = scan.take(sc, "[%a_][%w_]*%b()%s*=") or
		    scan.take(sc, "[%a_][%w_]*%s*=")
		local value = expression(sc)
		if name then
			fields[name:match("^[%w_]+")] = value
		else
			fields[#fields + 1] = value
		end
	end
	return { kind = "struct", fields = fields }
end

local escapes = { n = "\n", t = "\t", r = "\r", ["0"] = "\0" }
local function unescape(text)
	text = text:gsub("\\x(%x%x)", function(hex)
		return string.char(tonumber(hex, 16))
	end)
	return (text:gsub("\\(.)", function(c)
		return escapes[c] or c
	end))
end

local function primary(sc)
	local text = scan.take(sc, "%.%.%.")
	if text then
		return { kind = "any" }
	end
	text = scan.take(sc, "%-?0x%x+") or scan.take(sc, "%-?%d+")
	if text then
		return { kind = "number", value = math.tointeger(
		    tonumber(text)) }
	end
	text = scan.string(sc)
	if text then
		return { kind = "string", value = unescape(text) }
	end
	if scan.take(sc, "%[") then
		return { kind = "list", items = list(sc, "%]") }
	elseif scan.take(sc, "{") then
		return struct(sc)
	elseif scan.take(sc, "~") then
		return { kind = "not", of = primary(sc) }
	end
	text = scan.take(sc, "[%a_][%w_]*")
	if text == nil then
		scan.fail(sc, "wants an expression")
	end
	if scan.take(sc, "%(") then
		return { kind = "call", name = text, args = list(sc, "%)") }
	end
	return { kind = "name", value = text }
end

function expression(sc)
	local left = primary(sc)
	while scan.take(sc, "|") do
		left = { kind = "or", left = left, right = primary(sc) }
	end
	return left
end

-- ---- System calls ----

-- = 3, = -1 EAGAIN (Try again), = 0x802 (flags O_RDWR|O_NONBLOCK), = ...
local function call(sc, name)
	local event = { what = "call", name = name }
	if not scan.take(sc, "%(") then
		scan.fail(sc, "wants ( after " .. name)
	end
	event.args = list(sc, "%)")
	if not scan.take(sc, "=") then
		scan.fail(sc, "wants = and what the call returns")
	end
	event.result = expression(sc)
	event.errno = scan.take_line(sc, "E[A-Z0-9]+")
	event.note = scan.take_line(sc, "%b()")
	return event
end

-- ---- Events ----

local function body(sc)
	local direction = scan.take(sc, "[<>]")
	if direction then
		return packet.parse(sc, direction == "<")
	end
	local text = sc.s:match("^`([^`]*)`", sc.at)
	if text then
		sc.at = sc.at + #text + 2
		return { what = "command", source = text }
	end
	text = sc.s:match("^%%{(.-)}%%", sc.at)
	if text then
		sc.at = sc.at + #text + 4
		return { what = "code", source = text }
	end
	text = scan.take(sc, "[%a_][%w_]*")
	if text == nil then
		scan.fail(sc, "wants a packet, a system call, a command " ..
		    "or code")
	end
	return call(sc, text)
end

-- file's text: events, each with its line; options are set in set.
function parse.script(text, set)
	local sc = { s = text, at = 1 }
	local events = {}
	options(sc, set)
	while scan.space(sc) do
		local begin = sc.at
		local line = scan.line(sc)
		local t = time(sc)
		scan.space(sc)
		local event = body(sc)
		scan.take(sc, ";")
		event.time = t or { from = 0, relative = true }
		event.line = line
		event.text = text:sub(begin, sc.at - 1):gsub("%s+", " ")
		events[#events + 1] = event
	end
	return events
end

return parse
