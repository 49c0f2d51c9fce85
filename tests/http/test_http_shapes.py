# SPDX-License-Identifier: Apache-2.0
"""HTTP as an attacker speaks it: smuggling shapes, path tricks, hostile Host and forwarding headers, methods, and what
the listener must not say or serve."""
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402

IN = '/v1/auth/sign-in'


class Raw(authd.TestCase):
    def send(self, text):
        return authd.raw_exchange(self.server.port, text if isinstance(text, bytes) else text.encode())

    def assertClosed(self, text):
        """Refused with 400 before anything is routed, and the connection is not used again."""
        received = self.send(text)
        self.assertTrue(received == b'' or received.startswith(b'HTTP/1.1 400') or received.startswith(b'HTTP/1.0 400'),
                        received[:200])
        self.assertEqual(received.count(b'HTTP/1.'), 1 if received else 0, 'one answer, then closed')
        self.assertNotIn(b' 200 ', received)

    def test_smuggling_shapes(self):
        get = 'GET /v1/auth/me HTTP/1.1\r\nHost: x\r\n\r\n'
        body = '{}'
        for name, head in {
            'two content lengths': 'Content-Length: 2\r\nContent-Length: 2\r\n',
            'conflicting content lengths': 'Content-Length: 2\r\nContent-Length: 40\r\n',
            'list of content lengths': 'Content-Length: 2, 2\r\n',
            'signed length': 'Content-Length: +2\r\n',
            'negative length': 'Content-Length: -2\r\n',
            'hexadecimal length': 'Content-Length: 0x2\r\n',
            'blank in length': 'Content-Length: 2 0\r\n',
            'empty length': 'Content-Length:\r\n',
            'overflowing length': 'Content-Length: 18446744073709551618\r\n',
            'length and coding': 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n',
            'coding and length': 'Transfer-Encoding: chunked\r\nContent-Length: 2\r\n',
            'unknown coding': 'Transfer-Encoding: gzip\r\n',
            'chunked not last': 'Transfer-Encoding: chunked, identity\r\n',
            'two codings': 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
            'odd chunked': 'Transfer-Encoding: xchunked\r\n',
            'tab before the value': 'Transfer-Encoding:\x0bchunked\r\n',
            'blank before the colon': 'Content-Length : 2\r\n',
            'blank before the coding colon': 'Transfer-Encoding : chunked\r\n',
            'folded': 'X-A: b\r\n Content-Length: 2\r\n',
            'folded coding': 'Transfer-Encoding:\r\n chunked\r\n',
            'name with a NUL': 'X-\0A: b\r\n',
            'value with a NUL': 'X-A: b\0c\r\n',
            'bare CR in a value': 'X-A: b\rContent-Length: 2\r\n',
            'bare LF': 'X-A: b\nContent-Length: 2\r\n',
            'no colon': 'Nonsense\r\n',
            'empty name': ': x\r\n',
        }.items():
            with self.subTest(name):
                self.assertClosed(f'POST {IN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{head}\r\n{body}{get}')

    def test_hosts(self):
        for name, head in {'two': 'Host: a\r\nHost: b\r\n', 'the same twice': 'Host: a\r\nHost: a\r\n', 'none': '',
                           'empty': 'Host:\r\n', 'user info': 'Host: a@b\r\n', 'path': 'Host: a/b\r\n',
                           'blank': 'Host: a b\r\n', 'list': 'Host: a, b\r\n'}.items():
            with self.subTest(name):
                self.assertClosed(f'GET /openapi.json HTTP/1.1\r\n{head}\r\n')

    def test_request_lines(self):
        for line in ('GET http://evil.example/openapi.json HTTP/1.1', 'GET  /openapi.json HTTP/1.1',
                     'GET /openapi.json  HTTP/1.1', 'GET /openapi.json', 'GET /openapi.json HTTP/1.2',
                     'GET /openapi.json HTTP/2.0', 'GET /openapi.json HTTP/0.9', 'GET\t/openapi.json HTTP/1.1',
                     'GET /open\0api.json HTTP/1.1', ' GET /openapi.json HTTP/1.1', 'GET openapi.json HTTP/1.1',
                     'GET * HTTP/1.1', 'CONNECT evil.example:443 HTTP/1.1', 'GET /a b HTTP/1.1',
                     'PRI * HTTP/2.0\r\n\r\nSM', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'):
            with self.subTest(line=line):
                self.assertClosed(f'{line}\r\nHost: x\r\n\r\n')

    def test_bare_line_feeds(self):
        self.assertClosed('GET /openapi.json HTTP/1.1\nHost: x\n\n')
        self.assertClosed('GET /openapi.json HTTP/1.1\r\nHost: x\n\r\n')

    def test_no_upgrade(self):
        received = self.send('GET /t/none/.well-known/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\n'
                             'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n')
        self.assertTrue(received.startswith(b'HTTP/1.1 404'), received[:100])
        received = self.send('GET /t/none/.well-known/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\n'
                             'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n')
        self.assertTrue(received.startswith(b'HTTP/1.1 404'), received[:100])

    def test_pipelined_requests_are_answered_in_order(self):
        one = 'GET /t/none/.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n'
        last = 'GET /t/none/.well-known/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
        self.assertEqual(self.send(one * 3 + last).count(b'HTTP/1.1 404'), 4)

    def test_chunked_bodies(self):
        body = f'{{"email":"x@example.com","password":"{authd.PASSWORD}"}}'.encode()
        head = (f'POST {IN} HTTP/1.1\r\nHost: x\r\nX-Client-Id: {self.server.env["PUBLISHABLE_KEY"]}\r\n'
                'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n').encode()
        whole = b'%x\r\n%s\r\n0\r\n\r\n' % (len(body), body)
        self.assertTrue(self.send(head + whole).startswith(b'HTTP/1.1 401'))
        for bad in (b'zz\r\n' + body, b'-2\r\n{}\r\n0\r\n\r\n', b'ffffffffffffffffff\r\n{}'):
            received = self.send(head + bad)
            self.assertTrue(received == b'' or received.startswith(b'HTTP/1.1 4'), received[:100])
        endless = head + b'10000\r\n' + b'x' * 65536 + b'\r\n' + b'10000\r\n' + b'x' * 65536
        received = self.send(endless)
        self.assertTrue(received == b'' or b' 413 ' in received[:30], received[:100])

    def test_head_too_large(self):
        for head in (f'X-A: {"x" * 17000}\r\n', 'X-A: b\r\n' * 2500, f'Cookie: {"x" * 40000}\r\n'):
            received = self.send(f'GET /openapi.json HTTP/1.1\r\nHost: x\r\n{head}\r\n')
            self.assertTrue(received == b'' or received[9:12] in (b'431', b'400'), received[:100])
        received = self.send(f'GET /{"x" * 20000} HTTP/1.1\r\nHost: x\r\n\r\n')
        self.assertTrue(received == b'' or received[9:12] in (b'431', b'400', b'414'), received[:100])

    def test_repeated_headers_that_must_be_single(self):
        key = self.server.env['PUBLISHABLE_KEY']
        for name, value in (('X-Client-Id', key), ('Authorization', 'Bearer x'), ('Origin', 'https://a.example'),
                            ('Content-Type', 'application/json')):
            with self.subTest(header=name):
                received = self.send(f'POST {IN} HTTP/1.1\r\nHost: x\r\nX-Client-Id: {key}\r\nContent-Length: 2\r\n'
                                     f'Connection: close\r\n{name}: {value}\r\n{name}: {value}\r\n\r\n{{}}')
                self.assertTrue(received.startswith(b'HTTP/1.1 400'), received[:100])


class Paths(authd.TestCase):
    def status(self, path, method='GET', **kw):
        received = authd.raw_exchange(self.server.port, authd.message(method, path, **kw))
        reply = authd.parse_reply(received)
        return reply.status if reply else None

    def test_path_tricks(self):
        token = self.server.new_user()['session']['access_token']
        self.assertEqual(self.status('/v1/auth/me', token=token), 200)
        for path in ('//v1/auth/me', '/v1//auth/me', '/v1/auth/me/', '/v1/./auth/me', '/v1/auth/../auth/me', '/v1/auth/me/.',
                     '/v1/auth%2Fme', '/v1/auth/%2e%2e/auth/me', '/v1/auth/me%00', '/v1/auth/me%', '/v1/auth/me%zz',
                     '/v1/auth/me;x=1', '/V1/auth/me', '/v1/auth/ME', '/v1/auth/me%20', '/v1\\auth\\me', '/v1/auth/me#x',
                     '/v1/auth/me%0d%0aX-A:b', '/v1/auth/%6De/', '/%c0%af', '/v1/auth/me%ff', '/' + 'a/' * 500):
            with self.subTest(path=path[:40]):
                self.assertIn(self.status(path, token=token), (400, 404))

    def test_slugs_are_not_paths(self):
        self.assertEqual(self.status(f'/t/{self.server.env["TENANT_SLUG"]}/.well-known/jwks.json'), 200)
        for slug in ('..', '%2e%2e', '', 'acme%2F..', self.server.env['TENANT_SLUG'].upper(), 'a' * 200, "'", '%00', '*'):
            with self.subTest(slug=slug):
                self.assertIn(self.status(f'/t/{slug}/.well-known/jwks.json'), (400, 404))

    def test_V13_4_4_methods(self):
        key = self.server.env['PUBLISHABLE_KEY']
        for method in ('TRACE', 'TRACK', 'DEBUG', 'PROPFIND', 'PATCH', 'DELETE', 'PUT', 'GET'):
            with self.subTest(method=method):
                reply = authd.parse_reply(authd.raw_exchange(self.server.port, authd.message(method, IN, key=key)))
                self.assertEqual(reply.status, 405)
                self.assertIn('POST', reply.headers['Allow'])
                self.assertNotIn('TRACE', reply.headers['Allow'])
                self.assertNotIn(key.encode(), reply.body, 'nothing is echoed')

    def test_method_override_is_ignored(self):
        token = self.server.new_user()['session']['access_token']
        for header in ('X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'):
            self.server.get('/v1/auth/sessions', token=token, headers={header: 'DELETE'})
        self.server.get('/v1/auth/sessions?_method=DELETE', token=token)
        self.assertEqual(self.status('/v1/auth/me', token=token), 200)

    def test_head_has_no_body(self):
        reply = self.server.request('HEAD', f'/t/{self.server.env["TENANT_SLUG"]}/.well-known/jwks.json')
        self.assertEqual((reply.status, reply.body), (200, b''))
        self.assertGreater(int(reply.headers['Content-Length']), 0)


class Surface(authd.TestCase):
    def test_hostile_hosts_change_nothing(self):
        """The advisory class of Host poisoning: what names this instance comes from the settings."""
        slug, issuer = self.server.env['TENANT_SLUG'], self.server.env['ISSUER']
        user = self.server.new_user()
        hostile = {'Host': 'evil.example', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https',
                   'X-Original-Host': 'evil.example', 'Forwarded': 'host=evil.example;proto=https',
                   'X-Forwarded-Prefix': '/evil', 'X-Original-URL': '/evil', 'X-Rewrite-URL': '/evil',
                   'X-Zitadel-Forward-To': 'http://169.254.169.254/'}
        for path in (f'/t/{slug}/.well-known/openid-configuration', f'/t/{slug}/.well-known/oauth-authorization-server',
                     f'/.well-known/oauth-authorization-server/t/{slug}'):
            reply = self.server.get(path, headers=hostile)
            self.assertEqual(reply.status, 200, reply)
            self.assertEqual(reply.json['issuer'], issuer)
            self.assertTrue(reply.json['jwks_uri'].startswith(issuer + '/'))
            self.assertNotIn(b'evil', reply.body)
        signed = self.server.sign_in(user['email'], headers=hostile)
        self.assertEqual(authd.jwt_payload(signed.json['session']['access_token'])['iss'], issuer)
        self.assertNotIn('evil', str(signed.headers))

    def test_B25_metadata_belongs_to_its_issuer(self):
        for slug, issuer in ((self.server.env['TENANT_SLUG'], self.server.env['ISSUER']),
                             (self.server.env['TENANT_SLUG_2'], self.server.env['ISSUER_2'])):
            for path in (f'/t/{slug}/.well-known/openid-configuration', f'/t/{slug}/.well-known/oauth-authorization-server',
                         f'/.well-known/oauth-authorization-server/t/{slug}'):
                document = self.server.get(path).json
                self.assertEqual(document['issuer'], issuer)
                uri = urllib.parse.urlsplit(document['jwks_uri'])
                self.assertEqual(self.server.get(uri.path).status, 200)

    def test_V13_4_6_no_version_banner(self):
        replies = [self.server.get('/'), self.server.get('/openapi.json'), self.server.get('/v1/auth/me'),
                   self.server.request('OPTIONS', IN), self.server.post(IN, {})]
        raw = authd.raw_exchange(self.server.port, b'nonsense\r\n\r\n')
        for text in [str(r.headers) + r.body.decode()[:300] for r in replies if r.status != 200] + [raw.decode()] + \
                [str(r.headers) for r in replies]:
            for word in ('h2o', 'libpq', 'postgres', 'jansson', 'openssl', 'authd/'):
                self.assertNotIn(word, text.lower())

    def test_V13_4_5_operations_are_not_on_the_public_listener(self):
        for path in ('/metrics', '/healthz', '/readyz', '/debug', '/status', '/server-status', '/.env', '/.git/config'):
            self.assertError(self.server.get(path), 404, 'not_found')
        self.assertEqual(self.server.admin('/healthz').status, 200)
        self.assertEqual(self.server.admin('/readyz').status, 200)
        self.assertIn(b'# TYPE', self.server.admin('/metrics').body)
        for path in ('/v1/auth/me', '/openapi.json', '/v1/tenants'):
            self.assertEqual(self.server.admin(path).status, 404)

    def test_V13_4_2_no_debug(self):
        for path in ('/?debug=1', '/debug', '/debug/pprof', '/trace', '/_status', '/swagger', '/graphql', '/console'):
            self.assertError(self.server.get(path, headers={'X-Debug': '1', 'X-Forwarded-Debug': 'true'}), 404, 'not_found')

    def test_V3_4_headers_of_every_reply(self):
        user = self.server.new_user()
        replies = [self.server.get('/v1/auth/me', token=user['session']['access_token']), self.server.get('/v1/auth/me'),
                   self.server.get('/nothing'), self.server.sign_in(user['email']), self.server.post(IN, {}),
                   self.server.get(f'/t/{self.server.env["TENANT_SLUG"]}/.well-known/jwks.json')]
        for reply in replies:
            self.assertEqual(reply.headers['X-Content-Type-Options'], 'nosniff')
            self.assertRegex(reply.headers['X-Request-Id'], '^req_[0-9A-HJKMNP-TV-Z]{26}$')
            self.assertTrue(reply.headers['Content-Type'].startswith('application/'))
            self.assertNotIn('Set-Cookie', reply.headers)
        for reply in replies[:5]:
            self.assertIn('no-store', reply.headers['Cache-Control'])

    def test_request_ids_are_ours(self):
        for sent in ('req_00000000000000000000000000', 'x', 'a\tb', '"><script>'):
            reply = self.server.get('/nothing', headers={'X-Request-Id': sent})
            self.assertRegex(reply.headers['X-Request-Id'], '^req_[0-9A-HJKMNP-TV-Z]{26}$')
        ids = {self.server.get('/nothing').headers['X-Request-Id'] for _ in range(20)}
        self.assertEqual(len(ids), 20)


class Addresses(authd.TestCase):
    """B23: who a client is comes from its socket, unless a configured proxy says otherwise."""

    def address_in_audit(self, tenant, headers, port=None):
        user = self.server.new_user(key=tenant['publishable_key'], headers=headers, port=port)
        return self.server.tenant_sql(tenant['slug'], f"SELECT address FROM session WHERE id = '{user['session']['id']}'")[0]

    def test_B23_forwarded_headers_from_anybody_are_ignored(self):
        tenant = self.tenant()
        for value in ('203.0.113.7', '203.0.113.7, 127.0.0.1', '::1', 'unknown', '', '1.2.3.4:80', "'; --", '9' * 500):
            self.assertEqual(self.address_in_audit(tenant, {'X-Forwarded-For': value}), '127.0.0.1')
        self.assertEqual(self.address_in_audit(tenant, {'X-Real-IP': '203.0.113.7', 'Forwarded': 'for=203.0.113.7'}),
                         '127.0.0.1')

    def test_B23_a_spoofer_stays_in_one_bucket(self):
        tenant = self.tenant(rate_limit_address=2)
        replies = [self.server.sign_in('a@example.com', 'wrong-guess-12', key=tenant['publishable_key'],
                                       headers={'X-Forwarded-For': f'203.0.113.{n}'}) for n in range(3)]
        self.assertEqual(replies[-1].status, 429)

    def test_B23_a_configured_proxy_is_believed_for_one_hop(self):
        port = self.server.start_second({'trusted_proxies': '127.0.0.1/32'})
        tenant = self.tenant()
        self.known(port, tenant)
        for value, seen in (('203.0.113.7', '203.0.113.7'), ('198.51.100.1, 203.0.113.7', '203.0.113.7'),
                            ('203.0.113.7, 127.0.0.1', '203.0.113.7'), ('2001:db8::1', '2001:db8::1'),
                            ('garbage', '127.0.0.1'), ('203.0.113.7, garbage', '127.0.0.1')):
            with self.subTest(value=value):
                self.assertEqual(self.address_in_audit(tenant, {'X-Forwarded-For': value}, port), seen)

    def test_B23_one_ipv6_network_is_one_client(self):
        """The advisory class of limiters keyed by IPv6 text: a /64 is one bucket however it is written."""
        port = self.server.start_second({'trusted_proxies': '127.0.0.1/32'})
        tenant = self.tenant(rate_limit_address=2)
        self.known(port, tenant)
        spellings = ['2001:db8:1:2::1', '2001:DB8:1:2::ffff', '2001:0db8:0001:0002:0:0:0:9', '2001:db8:1:2:aaaa::',
                     '2001:db8:1:2:0:0:1.2.3.4', '2001:db8:1:2::5']
        replies = [self.server.sign_in('a@example.com', 'wrong-guess-12', key=tenant['publishable_key'], port=port,
                                       headers={'X-Forwarded-For': s}) for s in spellings]
        self.assertEqual([r.status for r in replies], [401] * 2 + [429] * 4)
        other = self.server.sign_in('a@example.com', 'wrong-guess-12', key=tenant['publishable_key'], port=port,
                                    headers={'X-Forwarded-For': '2001:db8:1:3::1'})
        self.assertEqual(other.status, 401)


if __name__ == '__main__':
    authd.main()
