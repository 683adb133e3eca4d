-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- The scanner that the parsers share.  sc.s is the text, sc.at where it is.
-- A mistake is an error of the form { line, text }.

local scan = {}

function scan.line(sc)
	local _, n = sc.s:sub(1, sc.at - 1):gsub("\n", "")
	return n + 1
end

function scan.fail(sc, why)
	local near = sc.s:match("^[^\n]*", sc.at)
	error({ line = scan.line(sc), text = "syntax error: " .. why ..
	    (near ~= "" and ", at: " .. near or "") }, 0)
end

-- Past blanks and comments; false: the text has ended.
function scan.space(sc)
	repeat
		local before = sc.at
		sc.at = sc.s:match("^%s*()", sc.at)
		sc.at = sc.s:match("^//[^\n]*()", sc.at) or sc.at
		sc.at = sc.s:match("^#[^\n]*()", sc.at) or sc.at
		if sc.s:find("^/%*", sc.at) then
			sc.at = sc.s:match("^/%*.-%*/()", sc.at) or
			    scan.fail(sc, "a comment without an end")
		end
	until sc.at == before
	return sc.at <= #sc.s
end

-- The pattern, here: what it matched, or nil.
function scan.take(sc, pattern)
	scan.space(sc)
	local found = sc.s:match("^" .. pattern, sc.at)
	if found then
		sc.at = sc.at + #found
	end
	return found
end

-- The same, on this line only.
function scan.take_line(sc, pattern)
	local skip = sc.s:match("^[ \t]*()", sc.at)
	local found = sc.s:match("^" .. pattern, skip)
	if found then
		sc.at = skip + #found
	end
	return found
end

-- "text", without its quotes; nil: there is none.
function scan.string(sc)
	scan.space(sc)
	if sc.s:sub(sc.at, sc.at) ~= '"' then
		return nil
	end
	local at = sc.at + 1
	while true do
		local c = sc.s:sub(at, at)
		if c == "" or c == "\n" then
			scan.fail(sc, "a string without an end")
		elseif c == '"' then
			break
		end
		at = at + (c == "\\" and 2 or 1)
	end
	local text = sc.s:sub(sc.at + 1, at - 1)
	sc.at = at + 1
	return text
end

return scan
