-- The API for wrk: wrk … -s api.lua URL -- create|read|list KEY PATH RUN
--   create: POST PATH with a new incident each time; read, list: GET PATH.

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  kind, path, run = args[1], args[3], args[4]
  wrk.headers["Authorization"] = "Bearer " .. args[2]
  wrk.headers["Content-Type"] = "application/json"
  serial = 0
end

function request()
  if kind ~= "create" then return wrk.format("GET", path) end
  serial = serial + 1
  local body = '{"title":"Bench ' .. run .. " " .. number .. " " .. serial .. '","severity":3}'
  return wrk.format("POST", path, nil, body)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('\n{"requests": %d, "seconds": %.3f, "status_errors": %d, "socket_errors": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n',
    summary.requests, summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
