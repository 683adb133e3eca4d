-- SPDX-License-Identifier: BSD-2-Clause
-- Copyright (c) 2026 The Stackyard developers
--
-- pkt [--OPTION[=VALUE] ...] SCRIPT ...
--
-- Plays scripts, one stack each.  Time is the stack's: an event of a script
-- is waited for by sleeping and by reading its clock; packets that leave in
-- the meantime keep the time at which they left until the script asks.
--
-- A call with an end ("0.1...0.3 read(...)") is made by a second thread; its
-- result is looked at as soon as it has come back, and must have come back
-- when its end is due.
--
-- Exit status 0: all is as the scripts say; 1: something is not, and a line
-- says where.

local calls = require("calls")
local flow = require("flow")
local info = require("info")
local names = require("names")
local parse = require("parse")
local value = require("value")
local wire = require("wire")

local TCP_INFO <const> = 11

-- ---- Options ----

local defaults = {
	ip_version = "ipv4", tolerance_usecs = "4000", so_flags = "",
	bind_port = "8080", connect_port = "8080",
}

-- Options that are packetdrill's business with a real network, or choose
-- what we do anyway: there is nothing to do.
local without_effect = {
	local_linkaddr = true, gateway_ip = true, gateway_linkaddr = true,
	netmask_ip = true, speed = true, persistent_tun_dev = true,
	send_omit_free = true, strict_segments = true, so_filename = true,
	tcp_ts_tick_usecs = true, use_expect = true, code_command = true,
	code_format = true, code_sockopt = true, udp_encaps = true,
	tun_dev = true,
}

local known = { verbose = true, init_scripts = true, mtu = true,
    local_ip = true, remote_ip = true }
for name in pairs(defaults) do
	known[name] = true
end

local function check_options(options)
	for name in pairs(options) do
		if not known[name] and not without_effect[name] then
			error("--" .. name .. ": no such option", 0)
		end
	end
end

local versions = {
	ipv4 = { domain = 2, ours = "192.168.0.1", peer = "192.0.2.1" },
	ipv6 = { domain = 10, ours = "fd3d:a0b:17d6::1",
	    peer = "2001:db8::1", v6 = true },
	["ipv4-mapped-ipv6"] = { domain = 10, ours = "192.168.0.1",
	    peer = "192.0.2.1", mapped = true },
}
versions.ipv4_mapped_ipv6 = versions["ipv4-mapped-ipv6"]

local function configure(o)
	local v = versions[o.ip_version] or error("--ip_version=" ..
	    o.ip_version .. ": there are ipv4, ipv6, ipv4-mapped-ipv6", 0)
	return { domain = v.domain, v6 = v.v6, mapped = v.mapped,
	    local_ip = wire.address(o.local_ip or v.ours),
	    remote_ip = wire.address(o.remote_ip or v.peer),
	    bind_port = math.tointeger(tonumber(o.bind_port)),
	    connect_port = math.tointeger(tonumber(o.connect_port)),
	    tolerance = tonumber(o.tolerance_usecs) }
end

-- ---- State ----

local function new_state(options, config, dir)
	local st = { config = config, dir = dir, verbose = options.verbose,
	    flows = flow.new(config), fds = {}, bound = {}, keep = {},
	    last = 0 }
	function st.fd(node)
		local fd = value.int(node)
		return st.fds[fd] or fd
	end
	function st.give(script, live)
		st.fds[script] = live
	end
	function st.listen(fd)
		flow.listen(st.flows, st.bound[fd] or config.bind_port)
	end
	-- A second connect of the same socket goes on with the first.
	function st.connect(fd, port)
		if st.connecting ~= fd then
			flow.connect(st.flows, st.bound[fd], port)
		end
		st.connecting, st.current = fd, fd
	end
	return st
end

-- ---- Time ----

-- The clock, in us since the beginning.
local function now(st)
	st.clock = so.now() - st.start
	return st.clock
end

local function wait_until(st, us)
	while st.clock < us do
		if us - st.clock > 1 then
			so.sleep(us - st.clock - 1)
		end
		now(st)
	end
end

local function shown(us)
	return ("%.6f"):format(us / 1000000)
end

-- nil, or a timing error: what happened at `at' was due at the event's time.
local function check_time(st, event, what, at)
	local t, tolerance = event.time, st.config.tolerance
	if t.any or (at >= event.from - tolerance and
	    at <= event.to + tolerance) then
		return nil
	elseif event.from ~= event.to then
		return ("timing error: expected %s in time range %s~%s sec " ..
		    "but happened at %s sec"):format(what, shown(event.from),
		    shown(event.to), shown(at))
	end
	return ("timing error: expected %s at %s sec but happened at %s " ..
	    "sec; tolerance %s sec"):format(what, shown(event.from),
	    shown(at), shown(tolerance))
end

-- When an event is due: from, to, stop in us since the beginning.
local function schedule(st, event)
	local t = event.time
	local base = t.relative and st.last or 0
	event.from = t.any and st.last or base + t.from
	event.to = t.to and base + t.to or event.from
	event.stop = t.stop and base + t.stop
end

-- ---- System calls ----

local function check_result(event, rv, error_number)
	local want = value.int_or(event.result, nil)
	if want and calls.gives_fd[event.name] and want >= 0 then
		want = rv >= 0 and rv or want
	end
	if event.dups and want and want >= 0 and rv >= 0 then
		want = rv
	end
	local got = rv == -1 and " " .. (names.errno_name[error_number] or
	    error_number) or ""
	if want and want ~= rv then
		return ("Expected result %d but got %d%s"):format(want, rv,
		    got)
	elseif want == -1 and event.errno and
	    names.errno[event.errno] ~= error_number then
		return ("Expected errno %s but got%s"):format(event.errno,
		    got)
	end
	return nil
end

-- The call has returned.
local function finish_call(st, event, rv, error_number)
	local why = check_result(event, rv, error_number)
	if why then
		return why
	end
	local gives = calls.gives_fd[event.name] or event.dups
	if gives and rv >= 0 then
		st.give(value.int_or(event.result, rv), rv)
	end
	if rv >= 0 and (event.name == "accept" or (event.name == "socket" and
	    st.current == nil)) then
		st.current = rv
	end
	if event.name == "close" and rv == 0 then
		if st.connecting == event.live[1] then
			st.connecting = nil
		end
		st.bound[event.live[1]] = nil
	end
	return event.check and event.check(rv) or nil
end

-- Look after the call of the other thread; wait: it must be done.
local function reap(st, wait)
	local event = st.pending
	if event == nil then
		return nil
	end
	local rv, error_number, ended = so.result(wait)
	if rv == nil then
		return wait and "the call has not returned", event
	end
	st.pending = nil
	event.from, event.to = event.stop, event.stop
	return check_time(st, event, "return of " .. event.name,
	    ended - st.start) or finish_call(st, event, rv, error_number),
	    event
end

-- Have the other thread's call come back, if it does in time.
local function finish_pending(st)
	local stop = st.pending.stop
	wait_until(st, stop)
	local why, whose = reap(st, false)
	if st.pending then
		wait_until(st, stop + st.config.tolerance)
		why, whose = reap(st, true)
	end
	return why, whose
end

local function run_call(st, event)
	local prepare = calls[event.name]
	if type(prepare) ~= "function" then
		return event.name .. ": no such system call"
	end
	wait_until(st, event.from)
	st.keep = event
	event.live, event.check = prepare(st, event.args)
	event.dups = event.name == "fcntl" and (event.live[2] == 0 or
	    event.live[2] == names.value.F_DUPFD_CLOEXEC)
	if event.stop then
		st.pending = event
		so.start(event.name, table.unpack(event.live))
		return nil
	end
	return finish_call(st, event, so.call(event.name,
	    table.unpack(event.live)))
end

-- ---- Packets ----

local function run_packet(st, event)
	if event.inbound then
		wait_until(st, event.from)
		flow.inject(st.flows, event)
		return nil
	end
	local bytes, at = so.receive()
	if bytes == nil then
		return "no packet will ever leave"
	end
	now(st)
	at = at - st.start
	st.happened = at
	local why, actual = flow.check(st.flows, event, bytes)
	why = why or check_time(st, event, "outbound packet", at)
	return why and why .. "\nscript packet: " .. event.text ..
	    "\nactual packet: " .. shown(at) .. " " .. (actual or "?")
end

-- ---- Commands and code ----

local function quote(text)
	return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function run_command(st, event)
	wait_until(st, event.from)
	local ok, how, status = os.execute("cd " .. quote(st.dir) ..
	    " && { " .. event.source .. "\n}")
	if ok then
		return nil
	end
	return ("error executing `%s`: %s %d"):format(event.source,
	    how == "exit" and "non-zero status" or "signal", status)
end

local function run_code(st, event)
	wait_until(st, event.from)
	local bytes, error_number = so.getsockopt(st.current or -1, 6,
	    TCP_INFO)
	if bytes == nil then
		return "TCP_INFO: " .. (names.errno_name[error_number] or
		    error_number)
	end
	local ok, why = pcall(info.run, event.source, bytes)
	return not ok and why or nil
end

-- ---- Scripts ----

local kinds = {
	call = { run = run_call, name = "system call" },
	packet = { run = run_packet, name = "packet" },
	command = { run = run_command, name = "command" },
	code = { run = run_code, name = "code" },
}

local function report(path, event, why)
	io.stderr:write(("%s:%d: error handling %s: %s\n"):format(path,
	    event.line, kinds[event.what].name, why))
	return false
end

-- One event, and what it leaves behind for the next one's time.
local function step(st, path, event)
	local kind = kinds[event.what]
	schedule(st, event)
	st.happened = nil
	if st.verbose then
		io.stdout:write(("%s:%d: %s\n"):format(path, event.line,
		    event.text))
	end
	-- One call at a time: another thread's must have returned.
	if event.what == "call" and st.pending and (event.stop or
	    event.from >= st.pending.stop) then
		local why, whose = finish_pending(st)
		if why then
			return report(path, whose, why)
		end
	end
	local ok, why = pcall(kind.run, st, event)
	if why then
		return report(path, event, type(why) == "table" and
		    why.text or why)
	end
	local late, whose = reap(st, st.pending and st.clock >
	    st.pending.stop + st.config.tolerance)
	if late then
		return report(path, whose, late)
	end
	st.last = (event.time.any or event.time.to) and
	    (st.happened or st.clock) or event.from
	return ok
end

local function play(st, path, events)
	for _, event in ipairs(events) do
		if not step(st, path, event) then
			return false
		end
	end
	if st.pending then
		local why, whose = finish_pending(st)
		if why then
			return report(path, whose, why)
		end
	end
	return true
end

local function load_script(path, command_line)
	local file = io.open(path, "rb") or error(path .. ": cannot open it",
	    0)
	local text = file:read("a")
	file:close()
	local options = setmetatable({}, { __index = defaults })
	local events = parse.script(text, options)
	for name, v in pairs(command_line) do
		options[name] = v
	end
	check_options(options)
	return events, options
end

local function flags_of(options)
	local flags = options.so_flags
	for name, flag in pairs({ mtu = "mtu", local_ip = "local" }) do
		if options[name] then
			flags = flags .. "," .. flag .. "=" .. options[name]
		end
	end
	return flags
end

local function run(path, command_line)
	local ok, events, options = pcall(load_script, path, command_line)
	if not ok then
		local why = events
		io.stderr:write(type(why) == "table" and ("%s:%d: %s\n")
		    :format(path, why.line, why.text) or
		    ("%s: %s\n"):format(path, why))
		return false
	end
	local config = configure(options)
	local st = new_state(options, config, path:match("^(.*)/[^/]*$") or
	    ".")
	so.init(flags_of(options))
	if options.init_scripts then
		os.execute(options.init_scripts)
	end
	st.start = so.now()
	st.clock = 0
	ok = play(st, path, events)
	if st.pending == nil then
		so.free()
	end
	return ok
end

local function main()
	local command_line, scripts, good = {}, {}, true
	for _, word in ipairs(arg) do
		if word:find("^%-") then
			local why = parse.option(word, command_line)
			if why then
				error("pkt: " .. why, 0)
			end
		else
			scripts[#scripts + 1] = word
		end
	end
	if #scripts == 0 then
		io.stderr:write("usage: pkt [--OPTION[=VALUE] ...] " ..
		    "SCRIPT ...\n")
		return 1
	end
	so.setenv("PATH", TOOLS .. ":" .. os.getenv("PATH"))
	for _, path in ipairs(scripts) do
		good = run(path, command_line) and good
	end
	return good and 0 or 1
end

return main()
