# SPDX-License-Identifier: Apache-2.0
"""A running authd as a fixture: private PostgreSQL, free ports, two demo tenants; ended by pid.

    from authd import Server, TestCase

    class SignIn(TestCase):            # one server per test class
        def test_...(self):
            reply = self.server.post('/v1/auth/sign-in', {...}, key=self.server.env['PUBLISHABLE_KEY'])
"""
import asyncio
import base64
import contextlib
import http.client
import io
import itertools
import json
import os
import re
import resource
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

BUILD = os.environ.get('AUTHD_BUILD', os.path.join(os.path.dirname(__file__), '..', '..', 'build', 'dev'))
AUTHD = os.path.join(BUILD, 'authd', 'authd')
HJCTL = os.path.join(BUILD, 'hjctl', 'hjctl')
SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
PASSWORD = 'violet-anchor-76-drum'
PATIENCE = 60  # seconds until what must happen counts as not happening, on the slowest machine
# Time-outs of the server that a slow machine must not run into; a test that is about one sets it itself.
PATIENT = {'request_timeout': '60s', 'db_statement_timeout': '30s', 'db_connect_timeout': '30s'}
_sequence = itertools.count(1)

# A checksum per table. Left out: what changes by itself (last use, spare databases, the janitor's due-list).
_CHECKSUM = "SELECT '{0}', count(*), coalesce(md5(string_agg(r::text, '|' ORDER BY r::text)), '') FROM ({1}) r;"
CONTROL_CONTENTS = 'SET search_path = authd_control;' + ''.join(_CHECKSUM.format(*t) for t in (
    ('tenant', "SELECT id, slug, name, status, policy, revision, database_name, active_role FROM tenant"
               " WHERE slug IS NOT NULL"),
    ('client', 'SELECT * FROM client'),
    ('client_key', 'SELECT id, client_id, kind, hash, expires_at, revoked_at FROM client_key'),
    ('signing_key', 'SELECT k.* FROM signing_key k JOIN tenant t ON t.id = k.tenant_id WHERE t.slug IS NOT NULL'),
    ('operator', 'SELECT * FROM operator'),
    ('operator_key', 'SELECT id, operator_id, hash, revoked_at FROM operator_key'),
    ('audit', 'SELECT * FROM audit')))
TENANT_CONTENTS = ''.join(_CHECKSUM.format(t, f'SELECT * FROM {t}')
                          for t in ('app_user', 'password', 'session', 'attempt', 'audit'))


def eventually(what, why='it did not happen', seconds=PATIENCE):
    """Asks until the answer is true, and returns it. A machine that stands still between two questions, frozen or suspended,
    has waited for five seconds at most."""
    asked = time.monotonic()
    while not (value := what()):
        if seconds < 0:
            raise AssertionError(why() if callable(why) else why)
        time.sleep(0.02)
        before, asked = asked, time.monotonic()
        seconds -= min(asked - before, 5)
    return value


def _claim(port):
    """The port is ours while this process lives: other tests that look for one see the claim, not only the port."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f'\0authd-test-port-{port}')
        with socket.socket() as s:
            s.bind(('127.0.0.1', port))
    except OSError:
        claim.close()
        return False
    claim.detach()  # open until this process ends
    return True


def free_port():
    """A free port below the ephemeral range, so that nobody's outgoing connection takes it meanwhile."""
    start = 10000 + (os.getpid() * 37 + next(_sequence) * 101) % 20000
    for port in itertools.chain(range(start, 32000), range(10000, start)):
        if _claim(port):
            return port
    raise RuntimeError('no free port')


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The error code, or None."""
        try:
            return self.json['error']['code']
        except (ValueError, KeyError, TypeError):
            return None

    def __repr__(self):
        return f'<{self.status} {self.body[:300]!r}>'


def request(port, method, path, body=None, key=None, token=None, headers=None, origin=None, raw=None, timeout=PATIENCE):
    """One request on a connection of its own. body: JSON value; raw: bytes as they are."""
    all_headers = {}
    if key:
        all_headers['X-Client-Id'] = key
    if token:
        all_headers['Authorization'] = f'Bearer {token}'
    if origin:
        all_headers['Origin'] = origin
    data = raw
    if body is not None:
        data = json.dumps(body).encode()
        all_headers['Content-Type'] = 'application/json'
    all_headers.update(headers or {})
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=timeout)
    try:
        connection.request(method, path, body=data, headers=all_headers)
        r = connection.getresponse()
        return Reply(r.status, r.headers, r.read())
    finally:
        connection.close()


def raw_exchange(port, data):
    """Sends bytes, returns everything until the server closes. It closes what falls silent, too, but after ten seconds:
    a request that it would answer and keep the connection should ask it to close."""
    with socket.create_connection(('127.0.0.1', port), timeout=PATIENCE) as s:
        received = b''
        try:
            s.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            while chunk := s.recv(65536):
                received += chunk
        except ConnectionResetError:
            pass
        return received


def message(method, path, body=None, key=None, token=None, headers=None, origin=None):
    """One request as bytes, for flood and raw_exchange; the server is asked to close afterwards."""
    data = b'' if body is None else json.dumps(body).encode()
    lines = [f'{method} {path} HTTP/1.1', 'Host: 127.0.0.1', 'Connection: close']
    if body is not None:
        lines += ['Content-Type: application/json', f'Content-Length: {len(data)}']
    lines += [f'X-Client-Id: {key}'] * bool(key) + [f'Authorization: Bearer {token}'] * bool(token)
    lines += [f'Origin: {origin}'] * bool(origin) + [f'{n}: {v}' for n, v in (headers or {}).items()]
    return '\r\n'.join(lines).encode() + b'\r\n\r\n' + data


class _Received:
    """Bytes that http.client can read a response from."""
    def __init__(self, data):
        self.data = data

    def makefile(self, *_):
        return io.BytesIO(self.data)


def parse_reply(data):
    """The (first) response in these bytes; None when there is none."""
    if not data.startswith(b'HTTP/1.'):
        return None
    r = http.client.HTTPResponse(_Received(data))
    r.begin()
    return Reply(r.status, r.headers, r.read())


def flood(messages, timeout=3 * PATIENCE):
    """Sends every (port, bytes) at once, each on a connection of its own that is open before the first byte goes out;
    the replies in the same order, None where the connection broke."""
    async def connect(port):
        try:
            return await asyncio.open_connection('127.0.0.1', port)
        except OSError:
            return None

    async def exchange(connection, data):
        if not connection:
            return None
        reader, writer = connection
        try:
            writer.write(data)
            received = await asyncio.wait_for(reader.read(), timeout)
        except (OSError, asyncio.TimeoutError):
            received = b''
        writer.close()
        return parse_reply(received)

    async def everything():
        connections = await asyncio.gather(*(connect(port) for port, _ in messages))
        return await asyncio.gather(*(exchange(c, data) for c, (_, data) in zip(connections, messages)))

    return asyncio.run(everything())


def jwt_payload(token):
    part = token.split('.')[1]
    return json.loads(base64.urlsafe_b64decode(part + '=' * (-len(part) % 4)))


def parse_env(text):
    """Lines NAME=value, shell-quoted."""
    out = {}
    for line in text.splitlines():
        if '=' in line:
            name, _, value = line.partition('=')
            words = shlex.split(value)
            out[name] = words[0] if words else ''
    return out


class Psql:
    """One psql that stays: a statement costs a millisecond instead of a process."""
    END = '-- end of answer --'

    def __init__(self, url, database=None):
        target = url if not database else (url + f' dbname={database}' if '://' not in url else
                                           re.sub(r'(://[^/]*/)[^?]*', rf'\g<1>{database}', url))
        self.process = subprocess.Popen(['psql', '-X', '-q', '-A', '-t', target], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)

    def run(self, statement):
        self.process.stdin.write(statement.rstrip().rstrip(';') + f';\n\\echo {self.END}\n')
        self.process.stdin.flush()
        rows = []
        for line in self.process.stdout:
            if line.rstrip('\n') == self.END:
                break
            if line.rstrip('\n'):
                rows.append(line.rstrip('\n'))
        else:
            raise OSError('psql ended: ' + ' '.join(rows))
        errors = [r for r in rows if r.startswith(('ERROR:', 'psql: error:', 'FATAL:'))]
        if any('terminat' in r or 'closed the connection' in r for r in rows):
            raise OSError(' '.join(rows))
        assert not errors, rows
        return rows

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(PATIENCE)


class Server:
    def __init__(self, settings=None, state=None, extra_environment=None, descriptors=None):
        self.state = state or tempfile.mkdtemp(prefix='authd-', dir='/tmp')
        os.chmod(self.state, 0o755)
        self.owns_state = state is None
        self.descriptors = descriptors
        self.port, self.admin_port = free_port(), free_port()
        self.environment = dict(os.environ)
        self.environment.update({f'AUTHD_{k.upper()}': str(v) for k, v in (settings or {}).items()})
        self.environment.update(extra_environment or {})
        self.process = None
        self.others = []
        self.psqls = {}
        try:
            self.start()
        except BaseException:
            self.abandon()
            raise

    # -- life ---------------------------------------------------------------------------------------

    def start(self, wait=5 * PATIENCE):
        ready = os.path.join(self.state, 'ready')
        if os.path.exists(ready):
            os.unlink(ready)
        self.log = open(os.path.join(self.state, 'server.log'), 'ab')
        self.process = subprocess.Popen(
            [AUTHD, 'dev', '--state', self.state, '--demo', '--keep-postgres',
             '--port', str(self.port), '--admin-port', str(self.admin_port)],
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, env=self.environment,
            preexec_fn=self.limit_descriptors if self.descriptors else None)
        eventually(lambda: os.path.exists(ready) or self.process.poll() is not None, self.log_text, wait)
        if not os.path.exists(ready):
            raise RuntimeError('authd did not start:\n' + self.log_text()[-4000:])
        with open(os.path.join(self.state, 'env')) as f:
            self.env = parse_env(f.read())

    def abandon(self):
        """Leaves nothing running of what could not be started; its files stay to be looked at."""
        self.process.kill()
        self.process.wait()
        try:
            with open(os.path.join(self.state, 'postgres', 'data', 'postmaster.pid')) as f:
                os.kill(int(f.readline()), signal.SIGQUIT)
        except (OSError, ValueError):
            pass

    def limit_descriptors(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors, self.descriptors))

    def start_second(self, settings=None):
        """Another process on the same control database; returns its port."""
        port, admin = free_port(), free_port()
        environment = dict(self.environment)
        environment.update({f'AUTHD_{k.upper()}': str(v) for k, v in (settings or {}).items()})
        environment['AUTHD_LISTEN'] = f'127.0.0.1:{port}'
        environment['AUTHD_ADMIN_LISTEN'] = f'127.0.0.1:{admin}'
        process = subprocess.Popen([AUTHD, 'serve', '--config', os.path.join(self.state, 'authd.yaml')],
                                   stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, env=environment)
        self.others.append(process)

        def ready_or_ended():
            try:
                return process.poll() is not None or request(admin, 'GET', '/readyz').status == 200
            except OSError:
                return False
        eventually(ready_or_ended, self.log_text)
        if process.poll() is not None:
            raise RuntimeError('second authd did not start:\n' + self.log_text()[-4000:])
        return port

    def log_text(self):
        """What is logged so far, without a last line that is only half there."""
        with open(os.path.join(self.state, 'server.log'), errors='replace') as f:
            whole, newline, _ = f.read().rpartition('\n')
            return whole + newline

    def logged(self, *replies):
        """Waits until the access log has the lines of these replies, which are written after they are sent."""
        for reply in replies:
            eventually(lambda: reply.headers['X-Request-Id'] in self.log_text(), f'no log line for {reply}')

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def terminate(self, wait=2 * PATIENCE):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(wait)

    def postgres_stop(self):
        subprocess.run(self.env['PG_STOP_CMD'], shell=True, check=True, stdout=subprocess.DEVNULL)

    def postgres_start(self):
        subprocess.run(self.env['PG_START_CMD'], shell=True, check=True, stdout=subprocess.DEVNULL)

    def stop(self):
        """Ends everything; returns what the sanitizers or the server itself complained about."""
        for p in self.others + [self.process]:
            if p and p.poll() is None:
                p.send_signal(signal.SIGTERM)
        for psql in self.psqls.values():
            psql.close()
        self.psqls.clear()
        bad = []
        for p in self.others + [self.process]:
            if p:
                try:
                    p.wait(120)  # however busy the box is
                except subprocess.TimeoutExpired:
                    p.kill()
                    bad.append('did not drain')
        if hasattr(self, 'env'):
            subprocess.run(self.env['PG_STOP_CMD'], shell=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        text = self.log_text()
        for mark in ('ERROR: AddressSanitizer', 'ERROR: LeakSanitizer', 'WARNING: ThreadSanitizer', 'runtime error:',
                     'Assertion'):
            if mark in text:
                at = text.index(mark)
                bad.append(text[at:at + 3000])
        self.log.close()
        if self.owns_state and not bad:
            shutil.rmtree(self.state, ignore_errors=True)
        return bad

    # -- talking ------------------------------------------------------------------------------------

    def request(self, method, path, body=None, port=None, **kw):
        return request(port or self.port, method, path, body, **kw)

    def get(self, path, **kw):
        return self.request('GET', path, **kw)

    def post(self, path, body=None, **kw):
        return self.request('POST', path, body if body is not None else {}, **kw)

    def admin(self, path):
        return request(self.admin_port, 'GET', path)

    def flood(self, messages, ports=None, insist=False):
        """Each of the bytes at once, over the ports in turn. Insisting: what is answered 503 is sent again, as that asks."""
        ports = ports or [self.port]
        addressed = [(ports[i % len(ports)], m) for i, m in enumerate(messages)]
        replies = flood(addressed)

        def done():
            again = [i for i, reply in enumerate(replies) if reply and reply.status == 503]
            for i, reply in zip(again, flood([addressed[i] for i in again])):
                replies[i] = reply
            return not again
        if insist:
            eventually(done, 'overloaded without end')
        return replies

    def operator(self, method, path, body=None, **kw):
        return self.request(method, path, body, token=self.env['OPERATOR_KEY'], **kw)

    def hjctl(self, *args, check=True, **kw):
        done = subprocess.run(shlex.split(self.env['HJCTL']) + list(args), capture_output=True, text=True,
                              env=self.environment, **kw)
        if check and done.returncode != 0:
            raise AssertionError(f'hjctl {args}: exit {done.returncode}\n{done.stdout}\n{done.stderr}')
        return done

    def policy(self, tenant, **policy):
        reply = self.operator('PATCH', f'/v1/tenants/{tenant}', {'policy': policy})
        assert reply.status == 200, reply
        return reply

    def new_tenant(self, **body):
        """A tenant of one's own: {'slug', 'publishable_key', 'secret_key', …}."""
        slug = f't{os.getpid() % 10000}-{next(_sequence)}'
        reply = self.operator('POST', '/v1/tenants', {'slug': slug, 'environment': 'test', **body})
        assert reply.status == 201, reply
        made = reply.json
        if made['status'] != 'active':  # a busy machine makes its database in the background
            eventually(lambda: self.operator('GET', f'/v1/tenants/{slug}').json['status'] == 'active')
        return {'slug': slug, 'id': made['id'], 'issuer': made['issuer'],
                'publishable_key': made['client']['publishable_key'], 'secret_key': made['client']['secret_key'],
                'client_id': made['client']['id']}

    def new_user(self, key=None, email=None, password=PASSWORD, **kw):
        """Signs somebody up; returns the reply's JSON with the e-mail beside it."""
        email = email or f'user{next(_sequence)}-{os.getpid()}@example.com'
        reply = self.post('/v1/auth/sign-up', {'email': email, 'password': password},
                          key=key or self.env['PUBLISHABLE_KEY'], **kw)
        assert reply.status == 201, reply
        return {**reply.json, 'email': email}

    def sign_in(self, email, password=PASSWORD, key=None, **kw):
        return self.post('/v1/auth/sign-in', {'email': email, 'password': password},
                         key=key or self.env['PUBLISHABLE_KEY'], **kw)

    def refresh(self, refresh_token, key=None, **kw):
        return self.post('/v1/auth/token/refresh', {'refresh_token': refresh_token},
                         key=key or self.env['PUBLISHABLE_KEY'], **kw)

    def sql(self, statement, database=None):
        """Runs SQL as the development superuser; rows as text. database: default the control database."""
        for attempt in (1, 2):
            psql = self.psqls.pop(database, None) or Psql(self.env['DATABASE_URL'], database)
            try:
                rows = psql.run(statement)
            except OSError:  # its backend was ended: by a restart, or by a dropped database
                psql.close()
                if attempt == 2:
                    raise
                continue
            self.psqls[database] = psql
            while len(self.psqls) > 4:
                self.psqls.pop(next(iter(self.psqls))).close()
            return rows

    def tenant_database(self, tenant):
        return self.sql(f"SELECT database_name FROM authd_control.tenant WHERE slug = '{tenant}'")[0]

    def tenant_sql(self, tenant, statement):
        """SQL in a tenant's own database, with the search path that authd has there."""
        return self.sql('SET search_path = authd_data;' + statement, self.tenant_database(tenant))

    def prolong_lock(self, tenant):
        """Makes a lock that guesses have earned last an hour more: the first ones end after a second or two, which a slow
        machine may need for one request."""
        self.tenant_sql(tenant, "UPDATE attempt SET locked_until = locked_until + interval '1 hour'")

    def contents(self, *tenants):
        """What is stored, as far as a request may have changed it: equal before and after means nothing was."""
        out = {'control': self.sql(CONTROL_CONTENTS)}
        for tenant in tenants:
            out[tenant] = self.tenant_sql(tenant, TENANT_CONTENTS)
        return out

    def openapi(self):
        if not hasattr(self, 'document'):
            self.document = self.get('/openapi.json').json
        return self.document


class TestCase(unittest.TestCase):
    """One server per class; settings = {...} become AUTHD_… variables."""
    settings = {}
    environment = {}

    @classmethod
    def setUpClass(cls):
        cls.server = Server({**PATIENT, **cls.settings}, extra_environment=cls.environment)

    @classmethod
    def tearDownClass(cls):
        complaints = cls.server.stop()
        if complaints:
            raise AssertionError('the server complained:\n' + '\n'.join(complaints))

    def tenant(self, **policy):
        """A tenant of the test's own, without rate limits unless it asks for them."""
        generous = {f'rate_limit_{what}': 0 for what in ('address', 'identifier', 'key', 'tenant')}
        return self.server.new_tenant(policy={**generous, **policy})

    def known(self, port, tenant):
        """Waits until another process has heard of a tenant that was just made."""
        eventually(lambda: self.server.get(f'/t/{tenant["slug"]}/.well-known/jwks.json', port=port).status == 200,
                   'the other process does not know the tenant')

    @contextlib.contextmanager
    def assertNothingChanges(self, *tenants):
        before = self.server.contents(*tenants)
        yield
        self.assertEqual(before, self.server.contents(*tenants))

    def assertError(self, reply, status, code):
        self.assertEqual((reply.status, reply.code), (status, code), reply)
        error = reply.json['error']
        self.assertEqual(error['status'], status)
        self.assertTrue(error['message'])
        self.assertEqual(error['request_id'], reply.headers['X-Request-Id'])
        return error


def main():
    unittest.main(verbosity=2, argv=[sys.argv[0]] + sys.argv[1:])
