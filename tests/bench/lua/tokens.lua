-- SPDX-License-Identifier: Apache-2.0
-- GET /v1/auth/me with the tokens of FILE in turn (one a line).
dofile(os.getenv('BENCH_LUA') .. '/report.lua')
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init()
  bad, requests, at = 0, {}, 0
  for token in io.lines(os.getenv('FILE')) do
    table.insert(requests, wrk.format('GET', '/v1/auth/me', {['Authorization'] = 'Bearer ' .. token, ['Host'] = 'localhost'}))
  end
end
function request() at = at % #requests + 1; return requests[at] end
function response(status) if status ~= 200 then bad = bad + 1 end end
function done(summary, latency)
  local sum = 0
  for _, t in ipairs(threads) do sum = sum + t:get('bad') end
  report(summary, latency, sum)
end
