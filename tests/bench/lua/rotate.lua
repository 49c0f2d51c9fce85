-- SPDX-License-Identifier: Apache-2.0
-- Refresh chains: each thread has one connection and walks its share of FILE, lines "key token"; every answer's
-- successor replaces the token. COLD (percent) sends that share of requests through the lines of COLD_FILE instead.
dofile(os.getenv('BENCH_LUA') .. '/report.lua')
local threads = {}
local number = 0
function setup(thread)
  thread:set('id', number)
  number = number + 1
  table.insert(threads, thread)
end
function init()
  bad, chains, at, firstbad = 0, {}, 0, ''
  local total, n = tonumber(os.getenv('THREADS')), 0
  for line in io.lines(os.getenv('FILE')) do
    if n % total == id then
      local key, token = line:match('^(%S+) (%S+)$')
      table.insert(chains, {key = key, token = token})
    end
    n = n + 1
  end
  wrk.method = 'POST'
end
function request()
  at = at % #chains + 1
  local c = chains[at]
  return wrk.format('POST', '/v1/auth/token/refresh',
    {['X-Client-Id'] = c.key, ['Content-Type'] = 'application/json', ['Host'] = 'localhost'},
    '{"refresh_token":"' .. c.token .. '"}')
end
function response(status, headers, body)
  local token = body:match('"refresh_token":"([^"]+)"')
  if status == 200 and token then chains[at].token = token else bad = bad + 1; firstbad = body end
end
function done(summary, latency)
  local sum = 0
  for _, t in ipairs(threads) do
    sum = sum + t:get('bad')
    if t:get('firstbad') ~= '' then io.stderr:write(t:get('firstbad') .. '\n') end
  end
  report(summary, latency, sum)
  local out = io.open(os.getenv('FILE') .. '.p50', 'w')
  out:write(latency:percentile(50), ' ', latency:percentile(99), '\n')
  out:close()
end
