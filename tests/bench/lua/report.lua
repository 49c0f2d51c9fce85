-- SPDX-License-Identifier: Apache-2.0
-- Shared by the scripts: one line of JSON at the end. Replies whose status is not the wanted one count as bad.
function report(summary, latency, bad)
  io.write(string.format('JSON {"requests":%d,"seconds":%.4f,"bad":%d,"p50_us":%d,"p99_us":%d,"max_us":%d}\n',
    summary.requests, summary.duration / 1e6,
    bad + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
