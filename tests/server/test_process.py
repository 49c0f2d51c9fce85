# SPDX-License-Identifier: Apache-2.0
"""The process: take-over by a new binary, drain, reload, start-up refusals, probes, socket activation."""
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402

PATH = '/t/acme/.well-known/jwks.json'


def alive(pid):
    try:
        with open(f'/proc/{pid}/stat') as f:
            return f.read().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


class Load:
    """Threads that open one connection after the other; each failure is kept."""

    def __init__(self, port, threads=4):
        self.port, self.failures, self.served, self.stopping = port, [], 0, False
        self.threads = [threading.Thread(target=self.run) for _ in range(threads)]
        for t in self.threads:
            t.start()

    def run(self):
        while not self.stopping:
            try:
                reply = authd.request(self.port, 'GET', PATH)
                if reply.status != 200:
                    self.failures.append(reply)
                self.served += 1
            except OSError as e:
                self.failures.append(e)
            except http.client.HTTPException as e:
                self.failures.append(e)

    def wait_for(self, more):
        enough = self.served + more
        authd.eventually(lambda: self.served >= enough or self.failures)

    def stop(self):
        self.stopping = True
        for t in self.threads:
            t.join()


class Kept:
    """A connection that is used again and again."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection('127.0.0.1', port, timeout=authd.PATIENCE)

    def says_good_bye(self):
        self.connection.request('GET', PATH)
        reply = self.connection.getresponse()
        assert reply.status == 200 and reply.read()[:1] == b'{', reply.status
        return reply.headers['Connection'] == 'close'


class TakeOver(authd.TestCase):
    def pid(self):
        with open(self.server.env['SERVER_PIDFILE']) as f:
            return int(f.read())

    def tearDown(self):
        pid = self.pid()
        if pid != self.server.process.pid:  # the successor is not our child
            os.kill(pid, signal.SIGTERM)
            authd.eventually(lambda: not alive(pid))

    def test_1_a_successor_that_cannot_start_changes_nothing(self):
        key = os.path.join(self.server.state, 'root.key')
        os.chmod(key, 0o644)
        try:
            os.kill(self.pid(), signal.SIGUSR2)
            authd.eventually(lambda: 'take_over_failed' in self.server.log_text())
        finally:
            os.chmod(key, 0o600)
        self.assertEqual(self.server.get(PATH).status, 200)
        self.assertEqual(self.pid(), self.server.process.pid)

    def test_2_a_new_binary_takes_over_without_a_refused_connection(self):
        first = self.pid()
        kept = Kept(self.server.port)
        self.assertFalse(kept.says_good_bye())
        load = Load(self.server.port)
        try:
            load.wait_for(20)
            os.kill(first, signal.SIGUSR2)
            authd.eventually(kept.says_good_bye)  # until then, and then, the old one answers
            authd.eventually(lambda: self.pid() != first and '"successor":true' in self.server.log_text())
            authd.eventually(lambda: not alive(first))
            load.wait_for(20)
        finally:
            load.stop()
        self.assertEqual(load.failures, [])


class Drain(authd.TestCase):
    def test_sigterm_answers_what_is_open_and_ends(self):
        kept = Kept(self.server.port)
        self.assertFalse(kept.says_good_bye())
        slow = socket.create_connection(('127.0.0.1', self.server.port), timeout=authd.PATIENCE)
        slow.sendall(b'POST /v1/auth/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
                     b'Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n')
        self.assertTrue(slow.recv(1000).startswith(b'HTTP/1.1 100'), 'it is open')
        slow.sendall(b'{')
        self.server.process.send_signal(signal.SIGTERM)
        authd.eventually(lambda: authd.request(self.server.admin_port, 'GET', '/readyz').status == 503)
        self.assertEqual(authd.request(self.server.admin_port, 'GET', '/readyz').json['status'], 'draining')
        authd.eventually(self.refuses)
        slow.sendall(b'}')
        self.assertEqual(slow.recv(65536).split()[1], b'401')
        self.assertTrue(kept.says_good_bye())
        slow.close()
        self.assertEqual(self.server.process.wait(authd.PATIENCE), 0)
        self.assertFalse(os.path.exists(self.server.env['SERVER_PIDFILE']))


    def refuses(self):
        try:
            socket.create_connection(('127.0.0.1', self.server.port), timeout=authd.PATIENCE).close()
        except OSError:
            return True
        return False


class Probes(authd.TestCase):
    settings = {'drain_timeout': '1s'}

    def admin(self, path):
        return authd.request(self.server.admin_port, 'GET', path)

    def test_health_and_readiness(self):
        self.assertEqual(self.admin('/healthz').json, {'status': 'ok'})
        ready = self.admin('/readyz')
        self.assertEqual((ready.status, ready.json['status']), (200, 'ready'))
        self.assertEqual(self.admin('/nothing').status, 404)

    def test_V13_4_5_metrics_are_not_on_the_public_listener(self):
        for path in ('/metrics', '/healthz', '/readyz'):
            self.assertEqual(self.server.get(path).status, 404, path)

    def test_metrics_count_by_route_and_never_by_tenant(self):
        before = len(self.admin('/metrics').body.splitlines())
        tenant = self.server.new_tenant()
        self.server.new_user(key=tenant['publishable_key'])
        counted = 'authd_requests_total{method="POST",route="/v1/auth/sign-up",class="2xx"} 1'
        authd.eventually(lambda: counted in self.admin('/metrics').body.decode())  # once the reply is gone
        text = self.admin('/metrics').body.decode()
        self.assertNotIn(tenant['id'], text)
        self.assertNotIn('acme', text)
        self.assertLess(abs(len(text.splitlines()) - before), 10)
        for line in text.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) .+|[a-z_]+(\{.+\})? [0-9.]+)$')

    def test_healthcheck_command(self):
        config = os.path.join(self.server.state, 'authd.yaml')
        done = subprocess.run([authd.AUTHD, 'healthcheck', '--config', config], capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (0, b''))
        nowhere = {**os.environ, 'AUTHD_ADMIN_LISTEN': f'127.0.0.1:{authd.free_port()}'}
        done = subprocess.run([authd.AUTHD, 'healthcheck', '--config', config], capture_output=True, env=nowhere)
        self.assertEqual(done.returncode, 1)

    def test_sighup_applies_what_may_change_and_names_what_may_not(self):
        path = os.path.join(self.server.state, 'authd.yaml')
        with open(path) as f:
            before = f.read()
        try:
            with open(path, 'w') as f:
                f.write(before + 'access_log: false\nmax_requests: 77\n')
            self.server.process.send_signal(signal.SIGHUP)
            authd.eventually(lambda: '"reloaded"' in self.server.log_text())
            self.assertIn('"setting_needs_restart","setting":"max_requests"', self.server.log_text())
            self.server.get('/silent')
            time.sleep(0.4)
            self.assertNotIn('/silent', self.server.log_text())
            with open(path, 'w') as f:
                f.write('nonsense: 1\n')
            self.server.process.send_signal(signal.SIGHUP)
            authd.eventually(lambda: 'reload_refused' in self.server.log_text())
            self.assertIn('authd.yaml:1: nonsense', self.server.log_text())
            self.assertEqual(self.server.get(PATH).status, 200)
        finally:
            with open(path, 'w') as f:
                f.write(before)
            self.server.process.send_signal(signal.SIGHUP)
            authd.eventually(lambda: self.server.log_text().count('"reloaded"') == 2)


class StartUp(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix='authd-', dir='/tmp')

    def tearDown(self):
        shutil.rmtree(self.directory)

    def run_with(self, command, text, **variables):
        path = os.path.join(self.directory, 'authd.yaml')
        with open(path, 'w') as f:
            f.write(text)
        return subprocess.run([authd.AUTHD, command, '--config', path], capture_output=True, text=True, timeout=authd.PATIENCE,
                              env={**os.environ, **variables})

    GOOD = ('multi_tenant_enabled: true\npublic_url: http://localhost:1\ncontrol_database_url: host=/nowhere\n'
            'root_key_file: /nowhere/key\n')

    def test_V13_serve_and_check_config_refuse_alike(self):
        for text, words in ((self.GOOD + 'loop: 1\n', 'authd.yaml:5: loop: there is no such setting'),
                            (self.GOOD + 'loops: x\n', 'authd.yaml:5: loops: must be'),
                            (self.GOOD.replace('true', 'false'), 'MULTI_TENANT_ENABLED=true'),
                            ('', 'public_url')):
            serve, check = self.run_with('serve', text), self.run_with('check-config', text)
            self.assertEqual((serve.returncode, check.returncode), (1, 1))
            self.assertEqual(serve.stderr, check.stderr)
            self.assertIn(words, check.stderr)
        self.assertEqual(self.run_with('check-config', self.GOOD).returncode, 0)

    def test_secrets_are_not_printed(self):
        done = self.run_with('--print-config', self.GOOD.replace('/nowhere\n', '/nowhere password=hunter2\n', 1))
        self.assertEqual(done.returncode, 0)
        self.assertNotIn('hunter2', done.stdout + done.stderr)

    def test_a_missing_root_key_or_database_ends_the_start(self):
        done = self.run_with('serve', self.GOOD + 'listen: 127.0.0.1:0\nadmin_listen: []\n')
        self.assertEqual(done.returncode, 1)
        self.assertIn('/nowhere/key', done.stderr)

    def test_a_taken_address_is_named(self):
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            s.listen()
            done = self.run_with('serve', self.GOOD + f'listen: 127.0.0.1:{s.getsockname()[1]}\n')
        self.assertEqual(done.returncode, 1)
        self.assertIn('listen_failed', done.stderr)

    def test_usage(self):
        for args, code in (([], 2), (['nonsense'], 2), (['serve', '--state', 'x'], 2), (['dev', '--port', '0'], 2),
                           (['dev', '--port'], 2), (['--help'], 0), (['--version'], 0), (['--help-settings'], 0)):
            done = subprocess.run([authd.AUTHD, *args], capture_output=True, timeout=authd.PATIENCE)
            self.assertEqual(done.returncode, code, args)


class ServiceManager(authd.TestCase):
    """Socket activation and sd_notify, as systemd does them."""

    def test_activated_socket_and_notifications(self):
        notify = os.path.join(self.server.state, 'notify')
        listener = socket.create_server(('127.0.0.1', 0))
        port = listener.getsockname()[1]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
            inbox.bind(notify)
            inbox.settimeout(authd.PATIENCE)
            environment = {**os.environ, 'NOTIFY_SOCKET': notify, 'AUTHD_ADMIN_LISTEN': '', 'WATCHDOG_USEC': '1000000',
                           'AUTHD_LISTEN': '127.0.0.1:1', 'LISTEN_FDS': '1'}
            script = 'import os,sys; fd=int(sys.argv[1]); os.dup2(fd,3); os.set_inheritable(3,True); ' \
                     'os.environ["LISTEN_PID"]=str(os.getpid()); os.execv(sys.argv[2],sys.argv[2:])'
            process = subprocess.Popen(
                ['/usr/bin/python3', '-c', script, str(listener.fileno()), authd.AUTHD, 'serve', '--config',
                 os.path.join(self.server.state, 'authd.yaml')], env=environment, pass_fds=[listener.fileno()],
                stdout=self.server.log, stderr=self.server.log)
            try:
                self.assertEqual(inbox.recv(1000), b'READY=1')
                self.assertEqual(authd.request(port, 'GET', PATH).status, 200)
                self.assertEqual(inbox.recv(1000), b'WATCHDOG=1')
                process.send_signal(signal.SIGHUP)
                authd.eventually(lambda: inbox.recv(1000).startswith(b'RELOADING=1\nMONOTONIC_USEC='))
                authd.eventually(lambda: inbox.recv(1000) == b'READY=1')
            finally:
                process.send_signal(signal.SIGTERM)
            authd.eventually(lambda: inbox.recv(1000) == b'STOPPING=1')
            self.assertEqual(process.wait(authd.PATIENCE), 0)
        listener.close()


if __name__ == '__main__':
    authd.main()
