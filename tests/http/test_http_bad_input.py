# SPDX-License-Identifier: Apache-2.0
"""What is malformed gets the error table's answer and changes nothing: bodies, fields, keys, tokens, paths, limits."""
import json
import os
import string
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402
import forge  # noqa: E402

UP, IN = '/v1/auth/sign-up', '/v1/auth/sign-in'
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


class Bodies(authd.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.acme = cls.server.new_tenant(policy={'rate_limit_address': 0})
        cls.user = cls.server.new_user(key=cls.acme['publishable_key'])
        cls.token = cls.user['session']['access_token']
        cls.credentials = {'key': {'key': cls.acme['publishable_key']}, 'token': {'token': cls.token},
                           'operator': {'token': cls.server.env['OPERATOR_KEY']}}
        slug = cls.acme['slug']
        # Every route that reads a body, with one that it would accept.
        cls.accepted = [
            ('POST', UP, 'key', {'email': 'new@example.com', 'password': authd.PASSWORD}),
            ('POST', IN, 'key', {'email': cls.user['email'], 'password': authd.PASSWORD}),
            ('POST', '/v1/auth/token/refresh', 'key', {'refresh_token': cls.user['session']['refresh_token']}),
            ('PATCH', '/v1/auth/me', 'token', {'name': 'Ada'}),
            ('POST', '/v1/auth/password/change', 'token',
             {'current_password': authd.PASSWORD, 'new_password': 'copper-lantern-52-sky'}),
            ('POST', '/v1/tenants', 'operator', {'slug': 'brand-new'}),
            ('PATCH', f'/v1/tenants/{slug}', 'operator', {'name': 'Acme', 'policy': {'session_duration': '8h'}}),
            ('POST', f'/v1/tenants/{slug}/clients', 'operator', {'name': 'Shop', 'type': 'web'}),
            ('PATCH', f'/v1/tenants/{slug}/clients/{cls.acme["client_id"]}', 'operator', {'name': 'Shop'}),
            ('POST', f'/v1/tenants/{slug}/clients/{cls.acme["client_id"]}/keys', 'operator', {'kind': 'secret'}),
            ('POST', '/v1/operators', 'operator', {'name': 'Olga', 'role': 'reader'}),
        ]

    def send(self, row, raw, content_type='application/json'):
        method, path, who, _ = row
        return self.server.request(method, path, raw=raw, headers={'Content-Type': content_type},
                                   **self.credentials[who])

    def assertRefused(self, make, status, code):
        """Every body-reading route answers so to make(accepted body), and nothing is stored."""
        with self.assertNothingChanges(self.acme['slug']):
            for row in self.accepted:
                with self.subTest(route=f'{row[0]} {row[1]}'):
                    self.assertError(self.send(row, make(row[3])), status, code)

    def test_broken_json(self):
        whole = json.dumps
        for make in (lambda b: b'{', lambda b: whole(b)[:-1].encode(), lambda b: whole(b).encode() + b'x',
                     lambda b: whole(b).replace('"', "'").encode(), lambda b: (whole(b) * 2).encode(),
                     lambda b: whole(b).encode('utf-16'), lambda b: b'\xef\xbb\xbf' + whole(b).encode(),
                     lambda b: whole(b)[:-1].encode() + b',}', lambda b: whole(b)[:-1].encode() + b',"n":01}',
                     lambda b: whole(b)[:-1].encode() + b',"n":NaN}'):
            self.assertRefused(make, 400, 'invalid_json')

    def test_J07_duplicate_members_invalid_utf8_and_nul(self):
        def twice(body):
            text = json.dumps(body)
            return f'{text[:-1]}, {text[1:]}'.encode()
        self.assertRefused(twice, 400, 'invalid_json')
        for bad in (b'\xff', b'\xc0\xaf', b'\xed\xa0\x80', b'\xf4\x90\x80\x80', b'\x00', b'\\u0000', b'\\ud800'):
            with self.subTest(bytes=bad):
                self.assertRefused(lambda body: json.dumps({**body, next(iter(body)): '@@'}).encode().replace(b'@@', bad),
                                   400, 'invalid_json')

    def test_deep_nesting(self):
        for opening, closing in ((b'[', b']'), (b'{"a":', b'}')):
            for depth in (33, 30000 // len(opening)):
                deep = opening * depth + b'1' + closing * depth
                self.assertRefused(lambda body: json.dumps({**body, 'zz': '@@'}).encode().replace(b'"@@"', deep),
                                   400, 'invalid_json')

    def test_a_megabyte_of_nesting_costs_nothing(self):
        for raw in (b'[' * 1_000_000, b'{"a":' * 200_000):
            self.assertTooLarge(self.send_all(self.accepted[1], raw))

    def send_all(self, row, raw):
        """On a bare socket: the server may answer and close before it has read everything."""
        head = authd.message(row[0], row[1], **self.credentials[row[2]])[:-2]
        head += b'Content-Type: application/json\r\nContent-Length: %d\r\n\r\n' % len(raw)
        return authd.parse_reply(authd.raw_exchange(self.server.port, head + raw))

    def assertTooLarge(self, reply):
        """Above the global limit the answer comes before our code runs (contract, section 9), and the connection ends."""
        self.assertEqual((reply.status, reply.headers['Connection']), (413, 'close'))

    def test_no_object(self):
        for raw in (b'[]', b'"text"', b'1', b'null', b'true'):
            with self.subTest(raw=raw):
                with self.assertNothingChanges(self.acme['slug']):
                    for row in self.accepted:
                        reply = self.send(row, raw)
                        self.assertIn((reply.status, reply.code), ((400, 'invalid_json'), (422, 'validation_failed')))

    def test_empty_body_where_fields_are_required(self):
        row = next(r for r in self.accepted if r[1] == IN)
        self.assertEqual(self.send(row, b'').status // 100, 4)
        self.assertError(self.send(row, b'{}'), 422, 'validation_failed')

    def test_unknown_fields(self):
        self.assertRefused(lambda body: json.dumps({**body, 'is_admin': True}).encode(), 422, 'unknown_field')
        self.assertRefused(lambda body: json.dumps({**body, '': 1}).encode(), 422, 'unknown_field')
        self.assertRefused(lambda body: json.dumps({**body, '__proto__': {}}).encode(), 422, 'unknown_field')

    def test_mass_assignment(self):
        """Fields that exist but are not the caller's to write."""
        for field, value in (('email_verified', True), ('id', 'usr_00000000000000000000000000'), ('status', 'active'),
                             ('roles', ['admin']), ('created_at', '2020-01-01T00:00:00Z')):
            for row in self.accepted[:5]:
                with self.subTest(field=field, route=row[1]):
                    self.assertError(self.send(row, json.dumps({**row[3], field: value}).encode()), 422, 'unknown_field')

    def test_wrong_types(self):
        with self.assertNothingChanges(self.acme['slug']):
            for row in self.accepted:
                for field, right in row[3].items():
                    wrong = [1, 1.5, True, [], ['x']] + ([{}] if isinstance(right, str) else ['x'])
                    for value in wrong:
                        with self.subTest(route=f'{row[0]} {row[1]}', field=field, value=value):
                            reply = self.send(row, json.dumps({**row[3], field: value}).encode())
                            error = self.assertError(reply, 422, 'validation_failed')
                            self.assertEqual(error['errors'][0]['field'].split('.')[0], field)

    def test_over_long_values(self):
        with self.assertNothingChanges(self.acme['slug']):
            for row in self.accepted:
                for field, right in row[3].items():
                    if isinstance(right, str):
                        with self.subTest(route=f'{row[0]} {row[1]}', field=field):
                            reply = self.send(row, json.dumps({**row[3], field: 'x' * 20000}).encode())
                            self.assertIn(reply.status, (401, 422), reply)

    def test_body_over_the_limit(self):
        for row in self.accepted:
            with self.subTest(route=f'{row[0]} {row[1]}'):
                self.assertTooLarge(self.send_all(row, json.dumps({**row[3], next(iter(row[3])): 'x' * 70000}).encode()))

    def test_oversize_secret_is_refused_cheaply(self):
        """The advisory class of a megabyte password: a thousand of them must not cost a thousand hashes."""
        big = authd.message('POST', IN, {'email': self.user['email'], 'password': 'x' * 60000},
                            key=self.acme['publishable_key'])
        with self.assertNothingChanges(self.acme['slug']):
            replies = self.server.flood([big] * 100)
        self.assertEqual({r.status for r in replies}, {422})
        self.assertTooLarge(self.send_all(self.accepted[1], json.dumps({'password': 'x' * 1_000_000}).encode()))

    def test_V6_2_9_long_passwords_are_accepted_whole(self):
        password = 'correct horse battery \u00fc ' * 10
        password = password.encode()[:256].decode(errors='ignore')
        user = self.server.new_user(key=self.acme['publishable_key'], password=password)
        sign_in = self.server.sign_in
        self.assertEqual(sign_in(user['email'], password, key=self.acme['publishable_key']).status, 200)
        for near in (password[:-1], password[:72], password + 'x', password.upper(), ' ' + password[:200]):
            reply = sign_in(user['email'], near, key=self.acme['publishable_key'])
            self.assertIn(reply.status, (401, 422), near)

    def test_content_types(self):
        for content_type in ('text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x',
                             'application/jsonp', 'application/json, text/plain', ''):
            with self.subTest(content_type=content_type):
                self.assertRefusedType(content_type)
        self.assertEqual(self.send(self.accepted[1], json.dumps(self.accepted[1][3]).encode(),
                                   'Application/JSON; charset=utf-8').status, 200)

    def assertRefusedType(self, content_type):
        with self.assertNothingChanges(self.acme['slug']):
            for row in self.accepted:
                self.assertError(self.send(row, json.dumps(row[3]).encode(), content_type), 415,
                                 'unsupported_media_type')

    def test_bad_emails(self):
        for email in ('', 'plain', '@example.com', 'a@', 'a b@example.com', 'a@b@c', 'a@exa mple.com', 'a@.com',
                      'x' * 250 + '@example.com', 'a\n@example.com', 'a@example.com\r\nBcc: b@c', '\u202ea@example.com',
                      'a\uff20example.com', 'a@\uff45xample.com\u2024', ' '):
            with self.subTest(email=email):
                reply = self.server.post(UP, {'email': email, 'password': authd.PASSWORD},
                                         key=self.acme['publishable_key'])
                self.assertError(reply, 422, 'validation_failed')

    def test_bad_policies(self):
        with self.assertNothingChanges(self.acme['slug']):
            for name, values in {
                'session_duration': ('', '0', '0s', '-1s', '8', '8 h', '8H', '1.5h', '401d', '99999999999999999999d', 5),
                'session_idle': ('-1s', 'off', 'never'),
                'access_token_ttl': ('0', '25h'),
                'refresh_overlap': ('61s', '-1s'),
                'allowed_origins': ('https://app.acme.com', ['*'], ['null'], ['https://a.com/'], ['https://*.a.com'],
                                    ['app.acme.com'], ['ftp://a.com'], ['https://a.com:99999'], ['https://u@a.com'],
                                    ['https://a.com', 1], ['https://a.com#x'], ['https://a..com'], ['https://']),
                'password_min_length': (7, 65, '8', 8.5, -1),
                'password_hash': ('md5', '', 1),
                'lockout_after': (0, 101, 10 ** 18),
                'rate_limit_address': (-1, 10 ** 9),
                'tenant_claim_aliases': (['sub'], ['tenant'], ['a b'], [''], ['x'] * 9, 'x'),
                'audience': ('x' * 257, 1, ['x']),
                'no_such_policy': (1,),
            }.items():
                for value in values:
                    with self.subTest(policy=name, value=value):
                        reply = self.server.operator('PATCH', f'/v1/tenants/{self.acme["slug"]}',
                                                     {'policy': {name: value}})
                        self.assertEqual(reply.status, 422, reply)
                        self.assertIn(reply.code, ('validation_failed', 'unknown_field'))

    def test_one_bad_policy_changes_none(self):
        with self.assertNothingChanges(self.acme['slug']):
            self.server.operator('PATCH', f'/v1/tenants/{self.acme["slug"]}',
                                 {'name': 'x', 'policy': {'session_duration': '1h', 'lockout_after': 0}})

    def test_bad_slugs(self):
        for slug in ('', 'A', 'a', '1abc', '-abc', 'a_b', 'a.b', 'x' * 33, '../etc', 'a/b', 'tnt_x', "a';--", 'caf\u00e9',
                     'a b', 'abc\n'):
            with self.subTest(slug=slug):
                self.assertError(self.server.operator('POST', '/v1/tenants', {'slug': slug}), 422, 'validation_failed')

    def test_sql_is_only_text(self):
        """The advisory class of SQL injection: whatever is stored comes back as it was."""
        for name in ("'; DROP TABLE app_user; --", "\\'; SELECT pg_sleep(5); --", '$1', '%s', '{{7*7}}', '${jndi:x}'):
            reply = self.server.request('PATCH', '/v1/auth/me', {'name': name}, token=self.token)
            self.assertEqual((reply.status, reply.json['name']), (200, name))


class Keys(authd.TestCase):
    def use(self, key):
        return self.server.post('/v1/sessions/verify', {'token': 'x'}, key=key)

    def test_truncated_or_changed_keys(self):
        """The advisory class of truncated credentials: no prefix of a key is a key, nor one with any character changed."""
        for name in ('PUBLISHABLE_KEY', 'SECRET_KEY'):
            key = self.server.env[name]
            for n in range(1, len(key)):
                self.assertError(self.use(key[:n]), 401, 'invalid_client_key')
            for i in range(len(key)):
                other = key[:i] + BASE62[(BASE62.find(key[i]) + 1) % 62] + key[i + 1:]
                self.assertError(self.use(other), 401, 'invalid_client_key')
            for more in (key + 'x', key + key, key.upper(), key.replace('_', '-'), key + '%00'):
                self.assertError(self.use(more), 401, 'invalid_client_key')

    def test_operator_keys_too(self):
        key = self.server.env['OPERATOR_KEY']
        for n in range(1, len(key), 3):
            reply = self.server.get('/v1/operators/me', token=key[:n])
            self.assertIn((reply.status, reply.code), ((403, 'operator_key_required'), (401, 'invalid_client_key')))
        for wrong in (self.server.env['SECRET_KEY'], self.server.env['PUBLISHABLE_KEY'], 'x', key + 'x'):
            reply = self.server.get('/v1/tenants', token=wrong)
            self.assertIn((reply.status, reply.code), ((403, 'operator_key_required'), (401, 'invalid_client_key')))

    def test_unknown_and_revoked_are_the_same(self):
        tenant = self.tenant()
        path = f'/v1/tenants/{tenant["slug"]}/clients/{tenant["client_id"]}/keys'
        made = self.server.operator('POST', path, {'kind': 'secret'}).json
        self.server.operator('DELETE', f'{path}/{made["id"]}')
        revoked, mistyped = self.use(made['key']), self.use(made['key'][:-1] + ('a' if made['key'][-1] != 'a' else 'b'))
        for reply in (revoked, mistyped):
            reply.headers.replace_header('X-Request-Id', '-')
            reply.headers.replace_header('Date', '-')
        self.assertEqual(sorted(revoked.headers.items()), sorted(mistyped.headers.items()))
        self.assertEqual(revoked.json['error']['message'], mistyped.json['error']['message'])

    def test_a_publishable_key_is_no_secret_key(self):
        self.assertError(self.use(self.server.env['PUBLISHABLE_KEY']), 403, 'insufficient_permissions')

    def test_two_keys_that_differ(self):
        reply = self.server.post('/v1/sessions/verify', {'token': 'x'}, key=self.server.env['SECRET_KEY'],
                                 token=self.server.env['SECRET_KEY_2'])
        self.assertError(reply, 400, 'bad_request')

    def test_keys_and_tokens_in_the_query_are_ignored_B24(self):
        session = self.server.new_user()['session']
        for path in (f'/v1/auth/me?access_token={session["access_token"]}', f'/v1/auth/me?token={session["access_token"]}'):
            reply = self.server.get(path)
            self.assertIn(reply.status, (401, 422), reply)


class Tokens(authd.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.acme = cls.server.new_tenant(policy={'rate_limit_address': 0})
        cls.user = cls.server.new_user(key=cls.acme['publishable_key'])
        cls.token = cls.user['session']['access_token']
        cls.refresh_token = cls.user['session']['refresh_token']
        cls.header, cls.payload, cls.signature = forge.parts(cls.token)
        jwks = cls.server.get(f'/t/{cls.acme["slug"]}/.well-known/jwks.json').json
        cls.public = forge.unb64(jwks['keys'][0]['x'])

    def me(self, token, **kw):
        return self.server.get('/v1/auth/me', token=token, **kw)

    def assertNoToken(self, token):
        self.assertError(self.me(token), 401, 'invalid_token')
        self.assertError(self.me(token, key=self.acme['publishable_key']), 401, 'invalid_token')

    def test_the_right_one_works(self):
        self.assertEqual(self.me(self.token).status, 200)

    def test_truncated_tokens(self):
        """The advisory class of partial tokens: every prefix of both kinds."""
        for n in range(1, len(self.token), 7):
            self.assertError(self.me(self.token[:n]), 401, 'invalid_token')
        for n in range(len(self.token) - 90, len(self.token)):
            self.assertError(self.me(self.token[:n]), 401, 'invalid_token')
        for n in range(0, len(self.refresh_token)):
            reply = self.server.refresh(self.refresh_token[:n], key=self.acme['publishable_key'])
            self.assertIn((reply.status, reply.code), ((401, 'refresh_token_invalid'), (422, 'validation_failed')))

    def test_every_byte_of_the_signature_counts(self):
        """The advisory class of unverified signatures."""
        signing_input = self.token.rsplit('.', 1)[0]
        for i in range(64):
            flipped = bytearray(self.signature)
            flipped[i] ^= 1 << (i % 8)
            self.assertError(self.me(f'{signing_input}.{forge.b64(bytes(flipped))}'), 401, 'invalid_token')
        for signature in (b'', self.signature[:63], self.signature + b'x', bytes(64), self.signature * 2):
            self.assertNoToken(f'{signing_input}.{forge.b64(signature)}')
        self.assertNoToken(signing_input)
        self.assertNoToken(signing_input + '.')

    def test_every_byte_of_a_refresh_token_counts(self):
        raw = forge.unb64(self.refresh_token[4:])
        for i in range(len(raw)):
            flipped = bytearray(raw)
            flipped[i] ^= 1 << (i % 8)
            reply = self.server.refresh('rft_' + forge.b64(bytes(flipped)), key=self.acme['publishable_key'])
            self.assertError(reply, 401, 'refresh_token_invalid')

    def test_changed_payload(self):
        head, _, signature = self.token.split('.')
        other = self.server.new_user(key=self.acme['publishable_key'])['user']
        for change in ({'sub': other['id']}, {'exp': self.payload['exp'] + 86400}, {'tenant': 'tnt_x'}, {'aud': 'x'}):
            payload = forge.b64(json.dumps({**self.payload, **change}).encode())
            self.assertNoToken(f'{head}.{payload}.{signature}')

    def test_J01_alg_none(self):
        for alg in ('none', 'None', 'NONE', 'nOnE', '', 'ES256', 'RS256', 'Ed448', None):
            for sign in (None, forge.hs256(b'')):
                self.assertNoToken(forge.token({**self.header, 'alg': alg}, self.payload, sign))
        header = {k: v for k, v in self.header.items() if k != 'alg'}
        self.assertNoToken(forge.token(header, self.payload, forge.hs256(b'')))

    def test_J02_public_key_as_hmac_secret(self):
        secrets = [self.public, forge.b64(self.public).encode(), b'', self.header['kid'].encode()]
        for alg in ('HS256', 'HS384', 'HS512', 'EdDSA'):
            for secret in secrets:
                self.assertNoToken(forge.token({**self.header, 'alg': alg}, self.payload, forge.hs256(secret)))

    def test_J04_non_canonical_signature(self):
        self.assertNoToken(forge.with_s_plus_l(self.token))

    def test_J07_duplicate_members(self):
        attacker = forge.Ed25519()
        doubled = json.dumps(self.header)[:-1].encode() + b',"alg":"EdDSA"}'
        self.assertNoToken(forge.token(doubled, self.payload, attacker.sign))

    def test_J10_keys_and_addresses_in_the_header_are_ignored(self):
        attacker = forge.Ed25519()
        jwk = {'kty': 'OKP', 'crv': 'Ed25519', 'x': forge.b64(attacker.public)}
        for more in ({'jwk': jwk}, {'jku': 'http://127.0.0.1:1/keys'}, {'x5u': 'http://127.0.0.1:1/'}, {'x5c': ['x']},
                     {'jwk': jwk, 'kid': None}, {'crit': ['exp']}, {'b64': False, 'crit': ['b64']}, {'zip': 'DEF'}):
            self.assertNoToken(forge.token({**self.header, **more}, self.payload, attacker.sign))

    def test_J10_kid_is_opaque(self):
        attacker = forge.Ed25519()
        for kid in ('', 'x', '../../../../etc/passwd', "' OR 1=1 --", 'key_' + '0' * 26, self.header['kid'].lower(),
                    self.header['kid'] + '\u0000', 'http://127.0.0.1/', 'x' * 5000, 1, None, [self.header['kid']], {}):
            self.assertNoToken(forge.token({**self.header, 'kid': kid}, self.payload, attacker.sign))

    def test_J11_typ_is_explicit(self):
        for typ in ('JWT', 'at+JWT ', 'logout+jwt', 'dpop+jwt', 'secevent+jwt', '', None, 1):
            self.assertNoToken(forge.token({**self.header, 'typ': typ}, self.payload, forge.Ed25519().sign))

    def test_J14_size_and_depth(self):
        self.assertNoToken(self.token + 'A' * 8192)
        deep = b'[' * 3000 + b']' * 3000
        self.assertNoToken(forge.token(json.dumps(self.header)[:-1].encode() + b',"x":' + deep + b'}', self.payload))
        self.assertNoToken('.' * 100)
        self.assertNoToken('a.b.c.d.e')

    def test_V9_refresh_tokens_and_keys_are_no_access_tokens(self):
        for other in (self.refresh_token, self.user['session']['id'], self.acme['publishable_key']):
            self.assertError(self.me(other), 401, 'invalid_token')
        self.assertEqual(self.me(self.acme['secret_key']).status, 401)
        reply = self.server.refresh(self.token, key=self.acme['publishable_key'])
        self.assertIn((reply.status, reply.code), ((401, 'refresh_token_invalid'), (422, 'validation_failed')))

    def test_authorization_forms(self):
        for value, status in ((f'bearer {self.token}', 200), (f'BEARER {self.token}', 200), (f'Bearer  {self.token}', 401),
                              (f'Bearer\t{self.token}', 401), (f'Bearer {self.token} x', 401), ('Bearer', 401),
                              ('Bearer ', 401), (f'Basic {self.token}', 401), (self.token, 401), ('', 401)):
            with self.subTest(value=value[:20]):
                reply = self.server.get('/v1/auth/me', headers={'Authorization': value})
                self.assertEqual(reply.status, status, reply)
                if status == 401:
                    self.assertTrue(reply.headers['WWW-Authenticate'].startswith('Bearer'))


class Lists(authd.TestCase):
    def test_limits(self):
        """The advisory class of page_size 0 and of the largest one."""
        tenant = self.tenant()
        user = self.server.new_user(key=tenant['publishable_key'])
        for _ in range(3):
            self.server.sign_in(user['email'], key=tenant['publishable_key'])
        lists = [('/v1/auth/sessions', user['session']['access_token'])]
        lists += [(p, self.server.env['OPERATOR_KEY'])
                  for p in ('/v1/tenants', '/v1/operators', '/v1/audit', f'/v1/tenants/{tenant["slug"]}/clients')]
        for path, token in lists:
            for limit in ('0', '-1', '101', '99999999999999999999', '1.5', 'x', '', '0x10', '1e2', '%31%30%30%30'):
                with self.subTest(path=path, limit=limit):
                    self.assertEqual(self.server.get(f'{path}?limit={limit}', token=token).status, 422)
            for limit in (1, 100):
                with self.subTest(path=path, limit=limit):
                    reply = self.server.get(f'{path}?limit={limit}', token=token)
                    self.assertEqual(reply.status, 200)
                    self.assertLessEqual(len(reply.json['data']), limit)
            self.assertPagesAgree(path, token)
            for cursor in ('x', '%00', 'AAAA', 'a' * 3000):
                with self.subTest(path=path, cursor=cursor[:8]):
                    self.assertIn(self.server.get(f'{path}?cursor={cursor}', token=token).status, (400, 422))

    def assertPagesAgree(self, path, token):
        whole = self.server.get(f'{path}?limit=100', token=token).json['data']
        paged, cursor = [], ''
        for _ in range(101):
            page = self.server.get(f'{path}?limit=1{cursor}', token=token)
            paged += page.json['data']
            if not page.json['has_more']:
                break
            self.assertIn('rel="next"', page.headers['Link'])
            cursor = f'&cursor={page.json["next_cursor"]}'
        self.assertEqual([r['id'] for r in paged][:len(whole)], [r['id'] for r in whole])

    def test_unknown_and_repeated_parameters(self):
        key = self.server.env['OPERATOR_KEY']
        self.assertIn(self.server.get('/v1/tenants?limit=1&limit=2', token=key).status, (400, 422))
        self.assertEqual(self.server.get('/v1/tenants?no_such=1', token=key).status, 200, 'tolerated on read')
        self.assertError(self.server.post('/v1/operators?no_such=1', {'name': 'x'}, token=key), 422, 'unknown_field')
        self.assertIn(self.server.get('/v1/tenants?status=nonsense', token=key).status, (400, 422))
        self.assertIn(self.server.get('/v1/audit?since=yesterday', token=key).status, (400, 422))

    def test_malformed_ids_in_the_path(self):
        token = self.server.new_user()['session']['access_token']
        for bad in ('x', 'ses_', 'ses_' + 'U' * 26, 'usr_' + '0' * 26, 'ses_' + '0' * 26 + 'x', "ses_'--", '0'):
            self.assertError(self.server.request('DELETE', f'/v1/auth/sessions/{bad}', token=token), 404, 'not_found')


if __name__ == '__main__':
    authd.main()
