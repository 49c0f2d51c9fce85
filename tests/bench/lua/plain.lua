-- SPDX-License-Identifier: Apache-2.0
-- One request over and over. Environment: METHOD, HEADERS (name=value lines), BODY, WANT (status); BODIES names a file of
-- bodies, one a line, that take turns.
dofile(os.getenv('BENCH_LUA') .. '/report.lua')
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init()
  bad, want = 0, tonumber(os.getenv('WANT') or '200')
  wrk.method = os.getenv('METHOD') or 'GET'
  wrk.body = os.getenv('BODY')
  for line in (os.getenv('HEADERS') or ''):gmatch('[^\n]+') do
    local name, value = line:match('^([^=]+)=(.*)$')
    wrk.headers[name] = value
  end
  all, at = {wrk.format()}, 0
  if os.getenv('BODIES') then
    all = {}
    for line in io.lines(os.getenv('BODIES')) do table.insert(all, wrk.format(nil, nil, nil, line)) end
  end
end
function request() at = at % #all + 1; return all[at] end
function response(status) if status ~= want then bad = bad + 1 end end
function done(summary, latency)
  local sum = 0
  for _, t in ipairs(threads) do sum = sum + t:get('bad') end
  report(summary, latency, sum)
end
