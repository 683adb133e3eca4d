-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- Expressions and what they are worth.

local names = require("names")

local value = {}

local swaps = { htons = ">I2", ntohs = ">I2", htonl = ">I4", ntohl = ">I4" }

-- An expression of integers; an error if it is none.
function value.int(node)
	local int = value.int
	if node == nil then
		error("an argument is missing", 0)
	elseif node.kind == "number" then
		return node.value
	elseif node.kind == "name" then
		return names.value[node.value] or names.errno[node.value] or
		    error(node.value .. ": no such name", 0)
	elseif node.kind == "or" then
		return int(node.left) | int(node.right)
	elseif node.kind == "not" then
		return ~int(node.of) & 0xffffffff
	elseif node.kind == "call" and swaps[node.name] then
		return (string.unpack("=" .. swaps[node.name]:sub(2),
		    string.pack(swaps[node.name], int(node.args[1]))))
	elseif node.kind == "list" and #node.items == 1 then
		return int(node.items[1])
	end
	error("wants a number", 0)
end

-- The same; ... or nothing is another.
function value.int_or(node, other)
	if node == nil or node.kind == "any" then
		return other
	end
	return value.int(node)
end

-- htons(8080): 8080
function value.port(node)
	if node.kind == "call" then
		node = node.args[1]
	end
	return value.int(node)
end

-- The number in [4], or nil.
function value.first(node)
	if node.kind == "list" and #node.items > 0 then
		return value.int_or(node.items[1], nil)
	elseif node.kind == "any" then
		return nil
	end
	return value.int(node)
end

function value.items(node)
	if node == nil or node.kind == "any" then
		return {}
	end
	return node.kind == "list" and node.items or { node }
end

-- ---- Values of options ----

local function text(node)
	return node.value
end

-- Structs by their fields: names in both systems' manner.
local function struct(f)
	local int_or = value.int_or
	if f.onoff or f.l_onoff then
		return string.pack("=i4i4", value.int(f.onoff or f.l_onoff),
		    int_or(f.linger or f.l_linger, 0))
	elseif f.tv_sec then
		return string.pack("=i8i8", value.int(f.tv_sec),
		    int_or(f.tv_usec, 0))
	elseif f.function_set_name then
		return string.pack("=c32I4", text(f.function_set_name),
		    int_or(f.pcbcnt, 0))
	elseif f.enable then
		return string.pack("=I4c16", value.int(f.enable),
		    f.psk and text(f.psk) or "")
	end
	error("a struct that no option has", 0)
end

-- The bytes of an option's value; nil: NULL.
function value.option(node)
	if node.kind == "string" then
		return node.value .. "\0"
	elseif node.kind == "struct" then
		return struct(node.fields)
	elseif node.kind == "any" or
	    (node.kind == "name" and node.value == "NULL") then
		return nil
	elseif node.kind == "list" then
		local out = ""
		for _, item in ipairs(node.items) do
			out = out .. (item.kind == "string" and item.value or
			    string.pack("=I4", value.int(item) &
			    0xffffffff))
		end
		return out
	end
	return string.pack("=I4", value.int(node) & 0xffffffff)
end

-- nil, or what is wrong with the bytes of an answer.
function value.compare_option(node, bytes)
	local want = nil
	if node.kind == "any" or (node.kind == "list" and
	    (node.items[1] == nil or node.items[1].kind == "any")) then
		return nil
	elseif node.kind == "string" then
		want, bytes = node.value, bytes:match("^[^\0]*")
	else
		want = value.option(node)
	end
	if node.kind == "struct" and node.fields.function_set_name then
		want, bytes = text(node.fields.function_set_name),
		    bytes:match("^[^\0]*")
	end
	if want == bytes then
		return nil
	elseif #want == 4 and #bytes == 4 then
		return ("bad getsockopt value: expected: %d vs actual: %d")
		    :format(string.unpack("=i4", want),
		    string.unpack("=i4", bytes))
	end
	return ("bad getsockopt value: expected: %q vs actual: %q"):format(
	    want, bytes)
end

return value
