-- What wrk sends. Arguments: mode, file of people, file of draws, the first spare title, a number
-- that differs from round to round, milliseconds between a connection's requests (0: none), path.
--
-- A line of people is a token or, for 304s, a token and an ETag. Draws are people's numbers from 0,
-- three bytes each, spread by Zipf's law.

local ffi = require("ffi")
ffi.cdef("int kill(int pid, int sig); int getpid(void);")

local people, draws, mode, path, title, place, pace = {}, "", "", "", 0, 0, 0
local expected = { read = 200, once = 200, unchanged = 304 }
local threads, stopped = {}, false

-- For thread:get(), at the end.
wrong, first_wrong = 0, 0

function setup(thread)
    threads[#threads + 1] = thread
    thread:set("number", #threads)
end

function init(args)
    mode, path, pace = args[1], args[7], tonumber(args[6])
    title = tonumber(args[4]) + number - 1
    for line in io.lines(args[2]) do people[#people + 1] = line end
    local file = io.open(args[3], "rb")
    draws = file:read("*a")
    file:close()
    math.randomseed(tonumber(args[5]) * 1000 + number)
    place = math.random(0, 1000000)
    if pace > 0 then delay = exponential end
    if mode == "write" or mode == "mix" then response = check_write else sent = nil end
end

function exponential()
    return math.floor(-math.log(1 - math.random()) * pace + math.random())
end

-- Who is next, by Zipf's law.
local function drawn()
    local at = (place * 3) % #draws
    local a, b, c = draws:byte(at + 1, at + 3)
    return people[a * 65536 + b * 256 + c + 1]
end

-- Who is next when everybody writes as often as anybody else.
local function anybody()
    return people[(place * 7919 + number * 104729) % #people + 1]
end

local function build(method, where, person, more)
    return method .. " " .. where .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
        .. "\r\nAccept: application/json\r\nAuthorization: Bearer " .. person .. "\r\n"
        .. (more or "") .. "\r\n"
end

local function get(person) return build("GET", path, person) end

local function put(person)
    expected_now = 201
    return build("PUT", path .. "movie/" .. title .. "/", person, "Content-Length: 0\r\n")
end

local function delete(person)
    expected_now = 204
    return build("DELETE", path .. "movie/" .. title .. "/", person)
end

local modes = {}

function modes.read() return get(drawn()) end

function modes.unchanged()
    local token, etag = drawn():match("^(%S+) (.+)$")
    return build("GET", path, token, "If-None-Match: " .. etag .. "\r\n")
end

-- Everybody once; the run ends after the last. One thread only.
local walked = 0
function modes.once()
    walked = walked + 1
    if walked > #people and not stopped then
        stopped = true
        wrk.thread:stop()
        ffi.C.kill(ffi.C.getpid(), 2)
    end
    return get(people[place % #people + 1])
end

-- Add, remove: the same title, by the same person, one after the other. One connection a thread.
local writer
function modes.write()
    if writer then
        local person = writer
        writer = nil
        return delete(person)
    end
    writer = anybody()
    return put(writer)
end

-- Of twenty, eighteen reads, one add, and the removal of what was added.
local turn = 0
function modes.mix()
    turn = turn % 20 + 1
    if turn == 7 then
        writer = drawn()
        return put(writer)
    elseif turn == 17 then
        return delete(writer)
    end
    expected_now = 200
    return get(drawn())
end

-- wrk builds one request of the first thread to look at, and does not send it.
local looked_at = false
function request()
    if number == 1 and not looked_at then
        looked_at = true
        return get(people[1])
    end
    place = place + 1
    return modes[mode]()
end

function check_write(status)
    if status ~= expected_now then
        wrong = wrong + 1
        first_wrong = status
    end
end

function done(summary, latency)
    local errors, wrongs, example = summary.errors, 0, 0
    for _, thread in ipairs(threads) do
        wrongs = wrongs + (thread:get("wrong") or 0)
        if thread:get("first_wrong") ~= 0 then example = thread:get("first_wrong") end
    end
    io.write(string.format(
        '\nRESULT {"requests": %d, "seconds": %f, "bytes": %d, "p50_ms": %f, "p99_ms": %f, '
        .. '"refused": %d, "broken": %d, "late": %d, "unexpected": %d, "example": %d}\n',
        summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3, errors.status, errors.connect + errors.read + errors.write,
        errors.timeout, wrongs, example))
end
