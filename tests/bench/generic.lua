-- Our own JSON to /in/{key}, for wrk: wrk … -s generic.lua URL -- new|repeated BATCH RUN. As alerts.lua.

local POOL = 500
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local function alert(serial)
  return '{"dedup_key":"' .. run .. '-' .. number .. '-' .. serial .. '","title":"Disk is almost full on host ' .. serial ..
    '","status":"triggered","priority":"p3","labels":{"instance":"host' .. serial .. ':9100","job":"node"}}'
end

local function body(from, count)
  if count == 1 then return alert(from + 1) end
  local list = {}
  for i = 1, count do list[i] = alert(from + i) end
  return "[" .. table.concat(list, ",") .. "]"
end

function init(args)
  kind, batch, run = args[1], tonumber(args[2]), args[3]
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  serial, ready = 0, {}
  if kind == "repeated" then
    for i = 0, POOL / batch - 1 do ready[#ready + 1] = wrk.format("POST", nil, nil, body(i * batch, batch)) end
  end
end

function request()
  serial = serial + 1
  if kind == "repeated" then return ready[serial % #ready + 1] end
  return wrk.format("POST", nil, nil, body(serial * batch, batch))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('\n{"requests": %d, "seconds": %.3f, "status_errors": %d, "socket_errors": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n',
    summary.requests, summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
