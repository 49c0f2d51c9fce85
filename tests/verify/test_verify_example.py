# SPDX-License-Identifier: Apache-2.0
"""libauthd-verify as a stranger meets it: installed into a prefix, found by pkg-config, linked into the example resource
server, which then gets good, foreign, forged, expired and revoked tokens of a real authd, and of an issuer of the
test's own, whose key the test holds."""
import contextlib
import http.server
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402
import forge  # noqa: E402

EXAMPLE = os.path.join(authd.SOURCE, 'docs', 'examples', 'resource-server', 'server.c')
SANITIZE = [f'-fsanitize={os.environ["AUTHD_SANITIZE"]}'] if os.environ.get('AUTHD_SANITIZE') else []
CC = [os.environ.get('CC', 'cc'), '-Wall', '-Wextra', '-Werror', *SANITIZE]


def run(*command, **kw):
    done = subprocess.run(command, capture_output=True, text=True, **kw)
    if done.returncode:
        raise AssertionError(f'{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}')
    return done.stdout


class Installed(unittest.TestCase):
    """The library in a prefix, and the example built against it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prefix = tempfile.mkdtemp(prefix='authd-verify-', dir='/tmp')
        cls.addClassCleanup(shutil.rmtree, cls.prefix)
        run(os.environ.get('CMAKE', 'cmake'), '--install', authd.BUILD, '--prefix', cls.prefix, '--component', 'verify')
        (cls.lib,) = [d for d, _, files in os.walk(cls.prefix) if 'libauthd-verify.so' in files]
        cls.environment = {**os.environ, 'PKG_CONFIG_PATH': os.path.join(cls.lib, 'pkgconfig'), 'LD_LIBRARY_PATH': cls.lib}
        cls.example = os.path.join(cls.prefix, 'server')
        run(*CC, '-o', cls.example, EXAMPLE, *cls.pkg_config('--cflags', '--libs'))

    @classmethod
    def pkg_config(cls, *options):
        return shlex.split(run('pkg-config', *options, 'libauthd-verify', env=cls.environment))

    @contextlib.contextmanager
    def resource_server(self, issuer, program=None, **environment):
        """Its port."""
        port = authd.free_port()
        with tempfile.TemporaryFile('w+') as log:
            process = subprocess.Popen([program or self.example, str(port), issuer], stderr=log,
                                       env={**self.environment, **environment})
            try:
                deadline = time.monotonic() + 30
                while True:
                    with contextlib.suppress(OSError):
                        authd.request(port, 'GET', '/')
                        break
                    self.assertIsNone(process.poll())
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.02)
                yield port
                self.assertIsNone(process.poll(), 'the resource server has ended')
            finally:
                process.kill()
                process.wait()
                log.seek(0)
                sys.stderr.write(log.read())

    def assertServed(self, port, token, tenant):
        reply = authd.request(port, 'GET', '/', token=token)
        self.assertEqual((reply.status, reply.body), (200, f'tenant {tenant}\norganization none\n'.encode()))

    def assertRefused(self, port, token, code='invalid_token', status=401):
        reply = authd.request(port, 'GET', '/', token=token)
        self.assertEqual((reply.status, reply.body.decode().strip()), (status, code), token)


class RealIssuer(Installed, authd.TestCase):
    def person(self, **policy):
        tenant = self.tenant(**policy)
        user = self.server.new_user(key=tenant['publishable_key'])
        return tenant, user

    def token(self, tenant, user):
        return self.server.sign_in(user['email'], key=tenant['publishable_key']).json['session']['access_token']

    def test_a_good_token_shows_its_tenant(self):
        tenant, user = self.person()
        with self.resource_server(tenant['issuer']) as port:
            self.assertServed(port, user['session']['access_token'], tenant['id'])
            self.assertRefused(port, None, 'missing_token')
            token = user['session']['access_token']
            for headers in ({'Authorization': f'Basic {token}'}, {'Authorization': f'Bearer  {token}'}):
                self.assertEqual(authd.request(port, 'GET', '/', headers=headers).status, 401)
            twice = f'GET / HTTP/1.1\r\nAuthorization: Bearer {token}\r\nAuthorization: Bearer {token}\r\n\r\n'
            self.assertIn(b' 401 ', authd.raw_exchange(port, twice.encode()))

    def test_I5_J15_another_tenants_token_is_refused(self):
        (acme, _), (_, stranger) = self.person(), self.person()
        with self.resource_server(acme['issuer']) as port:
            self.assertRefused(port, stranger['session']['access_token'])

    def test_J01_J02_J03_forged_tokens(self):
        tenant, user = self.person()
        good = user['session']['access_token']
        header, payload, signature = forge.parts(good)
        jwks = self.server.get(f'/t/{tenant["slug"]}/.well-known/jwks.json').json
        self.assertEqual(jwks['tenant'], tenant['id'])
        public = forge.unb64(jwks['keys'][0]['x'])
        attacker = forge.Ed25519()
        own_key = {'kty': 'OKP', 'crv': 'Ed25519', 'x': forge.b64(attacker.public)}
        forged = [forge.token({**header, 'alg': alg}, payload, sign) for alg in ('none', 'None', '') for sign in (None, attacker.sign)]
        forged += [forge.token({**header, 'alg': 'HS256'}, payload, forge.hs256(s)) for s in (public, forge.b64(public).encode())]
        forged += [forge.token(header, payload, attacker.sign), forge.token({**header, 'kid': 'key_other'}, payload, attacker.sign),
                   forge.token({**header, 'jwk': own_key}, payload, attacker.sign), forge.token(header, payload, lambda _: signature),
                   forge.token(header, {**payload, 'sub': 'usr_00000000000000000000000000'}, lambda _: signature),
                   forge.token({**header, 'typ': 'JWT'}, payload, lambda _: signature),
                   forge.token({**header, 'kid': 'key_other'}, payload, lambda _: signature),
                   forge.with_s_plus_l(good), good + '=', good[:-1], good + '.e30', good.rpartition('.')[0] + '.']
        with self.resource_server(tenant['issuer']) as port:
            for token in forged:
                if token != good:
                    self.assertRefused(port, token)
            self.assertServed(port, good, tenant['id'])

    def test_J09_a_token_for_another_audience(self):
        tenant, user = self.person()
        changed = self.server.operator('PATCH', f'/v1/tenants/{tenant["slug"]}', {'policy': {'audience': 'https://other.example'}})
        self.assertEqual(changed.status, 200, changed)
        with self.resource_server(tenant['issuer']) as port:
            self.assertRefused(port, self.token(tenant, user))
            self.assertServed(port, user['session']['access_token'], tenant['id'])

    def test_J13_expired(self):
        tenant, user = self.person(access_token_ttl='5s')
        with self.resource_server(tenant['issuer']) as port:
            token = self.token(tenant, user)
            self.assertServed(port, token, tenant['id'])
            time.sleep(max(0, authd.jwt_payload(token)['exp'] + 2.1 - time.time()))
            self.assertRefused(port, token, 'token_expired')

    def test_J16_rotation_is_picked_up_without_a_restart(self):
        tenant, user = self.person()
        with self.resource_server(tenant['issuer']) as port:
            self.assertServed(port, user['session']['access_token'], tenant['id'])
            reply = self.server.operator('POST', f'/v1/tenants/{tenant["slug"]}/keys/rotate', {'revoke': True})
            self.assertEqual(reply.status // 100, 2, reply)
            fresh = self.token(tenant, user)
            self.assertNotEqual(forge.parts(fresh)[0]['kid'], forge.parts(user['session']['access_token'])[0]['kid'])
            self.assertServed(port, fresh, tenant['id'])
            self.assertRefused(port, user['session']['access_token'])

    def test_V7_4_1_an_ended_session_is_refused_where_it_is_asked_about(self):
        tenant, user = self.person()
        token = user['session']['access_token']
        with self.resource_server(tenant['issuer'], AUTHD_SECRET_KEY=tenant['secret_key']) as asking, \
                self.resource_server(tenant['issuer']) as trusting:
            self.assertServed(asking, token, tenant['id'])
            self.assertServed(trusting, token, tenant['id'])
            self.assertEqual(self.server.post('/v1/auth/sign-out', token=token).status, 204)
            time.sleep(5.1)
            self.assertRefused(asking, token, 'session_revoked')
            self.assertServed(trusting, token, tenant['id'])

    def test_the_issuer_is_down(self):
        tenant, user = self.person()
        token = user['session']['access_token']
        with self.resource_server(tenant['issuer']) as warm, self.resource_server(tenant['issuer']) as cold, \
                self.resource_server(tenant['issuer'], AUTHD_SECRET_KEY=tenant['secret_key']) as asking:
            self.assertServed(warm, token, tenant['id'])
            self.server.kill()
            try:
                self.assertServed(warm, token, tenant['id'])
                self.assertRefused(cold, token, 'unavailable', 503)
                self.assertRefused(asking, token, 'unavailable', 503)
            finally:
                self.server.start()
            time.sleep(5.1)
            for port in (warm, cold, asking):
                self.assertServed(port, token, tenant['id'])


class Issuer(http.server.ThreadingHTTPServer):
    """An issuer whose keys the test has."""
    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', authd.free_port()), Answer)
        self.url = f'http://127.0.0.1:{self.server_port}/t/acme'
        self.owner, self.keys, self.asked = 'tnt_1', {'key_1': forge.Ed25519()}, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def token(self, header=None, payload=None, kid='key_1'):
        now = int(time.time())
        header = {'alg': 'EdDSA', 'typ': 'at+jwt', 'kid': kid, **(header or {})}
        payload = payload if isinstance(payload, bytes) else {
            'iss': self.url, 'sub': 'usr_1', 'aud': 'tnt_1', 'tenant': 'tnt_1', 'iat': now, 'exp': now + 60, **(payload or {})}
        return forge.token(header, payload, self.keys[kid].sign)

    def jwks(self):
        keys = [{'kty': 'OKP', 'crv': 'Ed25519', 'kid': kid, 'x': forge.b64(key.public)} for kid, key in self.keys.items()]
        return {'keys': keys, 'tenant': self.owner}


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked += 1
        body = json.dumps(self.server.jwks()).encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class OwnIssuer(Installed):
    """What a valid signature does not make good."""

    def setUp(self):
        self.issuer = Issuer()
        self.addCleanup(self.issuer.server_close)
        self.addCleanup(self.issuer.shutdown)

    def test_J08_J09_J11_J13_signed_and_still_refused(self):
        now = int(time.time())
        with self.resource_server(self.issuer.url) as port:
            self.assertServed(port, self.issuer.token(), 'tnt_1')
            for change in ({'typ': 'JWT'}, {'typ': 'logout+jwt'}, {'typ': None}, {'crit': ['exp']}, {'alg': 'ES256'}, {'b64': False}):
                self.assertRefused(port, self.issuer.token(change))
            for change in ({'iss': self.issuer.url + '/'}, {'iss': self.issuer.url.replace('acme', 'globex')}, {'aud': 'tnt_2'},
                           {'aud': ['tnt_1', 'tnt_2']}, {'tenant': 'tnt_2', 'aud': 'tnt_2'}, {'tenant_id': 'tnt_2'}, {'exp': None},
                           {'exp': 1e300}, {'nbf': now + 60}, {'iat': now + 60}, {'org_role': 'owner'}, {'sub': ''}):
                self.assertRefused(port, self.issuer.token(None, change))
            self.assertRefused(port, self.issuer.token(None, {'exp': now - 3}), 'token_expired')
            payload = json.dumps(authd.jwt_payload(self.issuer.token()))
            self.assertRefused(port, self.issuer.token(None, (payload[:-1] + ', "sub": "usr_2"}').encode()))
            self.assertEqual(self.issuer.asked, 1)

    def test_the_organization_is_told(self):
        with self.resource_server(self.issuer.url) as port:
            token = self.issuer.token(None, {'org_id': 'org_1', 'org_role': 'admin', 'permissions': ['a:read']})
            self.assertEqual(authd.request(port, 'GET', '/', token=token).body, b'tenant tnt_1\norganization org_1\n')

    def test_rotation_with_overlap_and_a_flood_of_unknown_keys(self):
        with self.resource_server(self.issuer.url) as port:
            old = self.issuer.token()
            self.assertServed(port, old, 'tnt_1')
            self.issuer.keys['key_2'] = forge.Ed25519()
            self.assertServed(port, self.issuer.token(kid='key_2'), 'tnt_1')
            self.assertServed(port, old, 'tnt_1')
            for n in range(40):
                self.issuer.keys[f'forged_{n}'] = self.issuer.keys['key_1']
                self.assertRefused(port, self.issuer.token(kid=f'forged_{n}'))
            self.assertEqual(self.issuer.asked, 2)

    def test_keys_with_another_owner_verify_nothing(self):
        self.issuer.owner = 'tnt_2'
        with self.resource_server(self.issuer.url) as port:
            self.assertRefused(port, self.issuer.token())


class Package(Installed):
    """What is installed, and that it is only that."""

    def test_exports_only_its_interface(self):
        shared = os.path.join(self.lib, 'libauthd-verify.so')
        self.assertIn('[libauthd-verify.so.0]', run('readelf', '-d', shared))
        with open(os.path.join(self.prefix, 'include', 'authd', 'verify.h')) as f:
            header = f.read()
        names = {line.split()[-1] for line in run('nm', '-D', '--defined-only', shared).splitlines()} - {'AUTHD_VERIFY_0'}
        names = {n for n in names if not n.startswith(('__', '_fini', '_init'))}
        for name in names:
            self.assertTrue(name.endswith('@@AUTHD_VERIFY_0'), name)
            self.assertIn(name.split('@')[0] + '(', header)
        self.assertEqual(len(names), 9)
        archive = run('nm', '-g', '--defined-only', os.path.join(self.lib, 'libauthd-verify.a'))
        for line in archive.splitlines():
            if len(line.split()) == 3 and ' __' not in line:
                self.assertRegex(line.split()[2], '^authdv?_')

    def test_links_statically_and_from_cxx(self):
        program = os.path.join(self.prefix, 'static')
        libraries = [os.path.join(self.lib, 'libauthd-verify.a') if f == '-lauthd-verify' else f
                     for f in self.pkg_config('--cflags', '--libs', '--static')]
        foreign = [f for f in libraries if not f.startswith('-l') or f in ('-lsodium', '-ljansson', '-lcurl')]
        run(*CC, '-o', program, EXAMPLE, *foreign)
        issuer = Issuer()
        self.addCleanup(issuer.server_close)
        self.addCleanup(issuer.shutdown)
        with self.resource_server(issuer.url, program=program, LD_LIBRARY_PATH='') as port:
            self.assertServed(port, issuer.token(), 'tnt_1')
        run('c++', '-std=c++11', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-x', 'c++', '-', *self.pkg_config('--cflags'),
            input='#include <authd/verify.h>\nauthd_verify_options o = AUTHD_VERIFY_OPTIONS;\n')

    def test_the_manual_names_every_function_and_option(self):
        page = os.path.join(self.prefix, 'share', 'man', 'man3', 'authd_verify.3')
        text = run('mandoc', '-Tlint', '-W', 'warning', page) + run('mandoc', '-Tutf8', page).replace('\b', '')
        with open(page) as f:
            source = f.read()
        with open(os.path.join(authd.SOURCE, 'include', 'authd', 'verify.h')) as f:
            options = f.read().split('struct authd_verify_options {')[1].split('\n};')[0]
        self.assertIn('LIBAUTHD-VERIFY', text)
        for name in re.findall(r'(\w+)(?:\)\(.*)?;', options):
            if name not in ('size', 'line'):
                self.assertIn(name, source)


if __name__ == '__main__':
    authd.main()
