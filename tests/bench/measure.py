# SPDX-License-Identifier: Apache-2.0
"""Measuring: runs in pairs (A B B A …), CPU of server and PostgreSQL apart, how idle the box was."""
import json
import os
import statistics
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TICK = os.sysconf('SC_CLK_TCK')


def process_cpu(pid):
    """User + system seconds of a process, its threads and reaped children."""
    with open(f'/proc/{pid}/stat') as f:
        fields = f.read().rsplit(') ', 1)[1].split()
    return sum(int(x) for x in fields[11:15]) / TICK


def children(pid):
    out = []
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                with open(f'/proc/{entry}/stat') as f:
                    if int(f.read().rsplit(') ', 1)[1].split()[1]) == pid:
                        out.append(int(entry))
            except OSError:
                pass
    return out


def postgres_cpu(postmaster):
    total = process_cpu(postmaster)
    for pid in children(postmaster):
        try:
            total += process_cpu(pid)
        except OSError:
            pass
    return total


def box():
    with open('/proc/stat') as f:
        values = [int(x) for x in f.readline().split()[1:]]
    return sum(values), values[3] + values[4]


def rss_kib(pid):
    with open(f'/proc/{pid}/status') as f:
        return next(int(line.split()[1]) for line in f if line.startswith('VmRSS'))


class Meter:
    """CPU seconds of the server and of PostgreSQL, and the idle share of the box, over a with-block."""

    def __init__(self, server_pid, postmaster=None):
        self.server_pid, self.postmaster = server_pid, postmaster

    def __enter__(self):
        self.start = (process_cpu(self.server_pid), postgres_cpu(self.postmaster) if self.postmaster else 0, box())
        return self

    def __exit__(self, *_):
        self.server = process_cpu(self.server_pid) - self.start[0]
        self.postgres = (postgres_cpu(self.postmaster) - self.start[1]) if self.postmaster else 0
        total, idle = box()
        self.idle = (idle - self.start[2][1]) / max(1, total - self.start[2][0])


def wrk(url, script='plain', connections=8, threads=2, seconds=2, latency_only=False, **environment):
    """One run of wrk; the dict that the script reports plus rate."""
    env = {**os.environ, 'BENCH_LUA': os.path.join(HERE, 'lua'), 'THREADS': str(threads),
           **{k: str(v) for k, v in environment.items()}}
    done = subprocess.run(['wrk', f'-t{threads}', f'-c{connections}', f'-d{seconds}s', '--timeout', '10s',
                           '-s', os.path.join(HERE, 'lua', script + '.lua'), url],
                          capture_output=True, text=True, env=env)
    for line in done.stdout.splitlines():
        if line.startswith('JSON '):
            result = json.loads(line[5:])
            result['rate'] = result['requests'] / result['seconds']
            if done.stderr:
                result['note'] = done.stderr.strip().splitlines()[0][:200]
            return result
    raise RuntimeError(done.stdout + done.stderr)


def pairs(floor, server, n=7):
    """Alternates floor and server, A B B A; two lists of equal length."""
    a, b = [], []
    for i in range(n):
        for who in ('ab' if i % 2 == 0 else 'ba'):
            (a if who == 'a' else b).append(floor() if who == 'a' else server())
            time.sleep(0.05)
    return a, b


def spread(values, digits=2):
    return f'{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})'


def ratios(numerators, denominators):
    return [x / y for x, y in zip(numerators, denominators)]
