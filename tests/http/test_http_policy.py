# SPDX-License-Identifier: Apache-2.0
"""Every policy row bites: set by hjctl, seen on the next request. A test's name is the row's; a row of policy.def without
a test, or a test without a row, fails."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402

ORIGIN = 'https://app.acme.com'


class Policy(authd.TestCase):
    def update(self, tenant, **policy):
        flags = []
        for name, value in policy.items():
            flags += ['--' + name.replace('_', '-'), str(value)]
        self.server.hjctl('tenant', 'update', tenant['slug'], *flags)

    def user(self, tenant, **kw):
        return self.server.new_user(key=tenant['publishable_key'], **kw)

    def sign_in(self, tenant, email, password=authd.PASSWORD, **kw):
        return self.server.sign_in(email, password, key=tenant['publishable_key'], **kw)

    def sign_up(self, tenant, email, password=authd.PASSWORD, name=None):
        body = {'email': email, 'password': password, **({'name': name} if name else {})}
        return self.server.post('/v1/auth/sign-up', body, key=tenant['publishable_key'])

    def refresh(self, tenant, token):
        return self.server.refresh(token, key=tenant['publishable_key'])

    def me(self, user, **kw):
        return self.server.get('/v1/auth/me', token=user['session']['access_token'], **kw)

    def age(self, tenant, user, column, seconds):
        """Makes the session's column older, as if time had passed."""
        self.server.tenant_sql(tenant['slug'], f"UPDATE session SET {column} = {column} - interval '{seconds} seconds'"
                                               f" WHERE id = '{user['session']['id']}'")

    # -- sessions and tokens ------------------------------------------------------------------------

    def test_policy_session_duration(self):
        tenant = self.tenant()
        user = self.user(tenant)
        self.age(tenant, user, 'created_at', 7200)
        self.assertEqual(self.me(user).status, 200)
        self.update(tenant, session_duration='1h')
        self.assertEqual(self.me(user).status, 401)
        self.assertError(self.refresh(tenant, user['session']['refresh_token']), 401, 'refresh_token_expired')
        self.update(tenant, session_duration='2m')
        session = self.sign_in(tenant, user['email']).json['session']
        claims = authd.jwt_payload(session['access_token'])
        self.assertLessEqual(claims['exp'] - claims['iat'], 120, 'no token outlives its session')
        self.assertLessEqual(session['expires_in'], 120)

    def test_policy_session_idle(self):
        tenant = self.tenant()
        user = self.user(tenant)
        self.age(tenant, user, 'rotated_at', 600)
        self.assertEqual(self.me(user).status, 200)
        self.update(tenant, session_idle='5m')
        self.assertEqual(self.me(user).status, 401)
        self.assertError(self.refresh(tenant, user['session']['refresh_token']), 401, 'refresh_token_expired')
        active = self.sign_in(tenant, user['email']).json['session']
        self.assertEqual(self.refresh(tenant, active['refresh_token']).status, 200)
        self.update(tenant, session_idle='0')
        self.assertEqual(self.me(user).status, 200, 'off again: the session had not ended for good')

    def test_policy_access_token_ttl(self):
        tenant = self.tenant()
        user = self.user(tenant)
        self.assertEqual(user['session']['expires_in'], 900)
        self.update(tenant, access_token_ttl='90s')
        for session in (self.sign_in(tenant, user['email']).json['session'],
                        self.refresh(tenant, user['session']['refresh_token']).json):
            claims = authd.jwt_payload(session['access_token'])
            self.assertEqual((claims['exp'] - claims['iat'], session['expires_in']), (90, 90))

    def test_policy_refresh_overlap(self):
        tenant = self.tenant(refresh_overlap='60s')
        user = self.user(tenant)
        first = user['session']['refresh_token']
        second = self.refresh(tenant, first).json['refresh_token']
        third = self.refresh(tenant, second).json['refresh_token']
        again = self.refresh(tenant, first)
        self.assertEqual((again.status, again.json['refresh_token']), (200, second), 'inside the overlap')
        self.update(tenant, refresh_overlap='0')
        self.assertError(self.refresh(tenant, first), 401, 'session_revoked')
        self.assertError(self.refresh(tenant, third), 401, 'session_revoked')

    def test_policy_max_sessions_per_user(self):
        tenant = self.tenant()
        oldest = self.user(tenant)
        middle = self.sign_in(tenant, oldest['email']).json
        newest = self.sign_in(tenant, oldest['email']).json
        self.update(tenant, max_sessions_per_user=2)
        last = self.sign_in(tenant, oldest['email']).json
        self.assertEqual([self.me(u).status for u in (oldest, middle, newest, last)], [401, 401, 200, 200])
        self.assertError(self.me(oldest), 401, 'session_revoked')
        listed = self.server.get('/v1/auth/sessions', token=last['session']['access_token']).json['data']
        self.assertEqual({s['id'] for s in listed}, {newest['session']['id'], last['session']['id']})

    def test_policy_tenant_claim_aliases(self):
        tenant = self.tenant()
        user = self.user(tenant)
        claims = authd.jwt_payload(user['session']['access_token'])
        self.assertEqual([claims.get(n) for n in ('tenant', 'tenant_id', 'tenantId')], [tenant['id']] * 3)
        self.update(tenant, tenant_claim_aliases='org,workspace_id')
        claims = authd.jwt_payload(self.refresh(tenant, user['session']['refresh_token']).json['access_token'])
        self.assertEqual([claims.get(n) for n in ('tenant', 'org', 'workspace_id', 'tenant_id', 'tenantId')],
                         [tenant['id']] * 3 + [None] * 2)
        self.update(tenant, tenant_claim_aliases='')
        slim = authd.jwt_payload(self.sign_in(tenant, user['email']).json['session']['access_token'])
        self.assertEqual([n for n in slim if slim[n] == tenant['id']], sorted(['aud', 'tenant']))
        refused = self.server.hjctl('tenant', 'update', tenant['slug'], '--tenant-claim-aliases', 'sub', check=False)
        self.assertNotEqual(refused.returncode, 0, 'a registered claim is no alias')

    def test_policy_audience(self):
        tenant = self.tenant()
        user = self.user(tenant)
        self.assertEqual(authd.jwt_payload(user['session']['access_token'])['aud'], tenant['id'])
        self.update(tenant, audience='https://api.acme.com')
        self.assertError(self.me(user), 401, 'invalid_token')
        fresh = {'session': self.refresh(tenant, user['session']['refresh_token']).json}
        self.assertEqual(authd.jwt_payload(fresh['session']['access_token'])['aud'], 'https://api.acme.com')
        self.assertEqual(self.me(fresh).status, 200)
        self.server.hjctl('client', 'update', tenant['slug'], tenant['client_id'], '--audience', 'https://own.acme.com')
        own = self.refresh(tenant, fresh['session']['refresh_token']).json
        self.assertEqual(authd.jwt_payload(own['access_token'])['aud'], 'https://own.acme.com', "the client's own wins")

    # -- browsers -----------------------------------------------------------------------------------

    def preflight(self, tenant, origin):
        return self.server.request('OPTIONS', f'/v1/auth/sign-in?client_id={tenant["publishable_key"]}', origin=origin,
                                   headers={'Access-Control-Request-Method': 'POST',
                                            'Access-Control-Request-Headers': 'x-client-id, content-type'})

    def assertOrigin(self, tenant, user, origin, allowed):
        pre = self.preflight(tenant, origin)
        real = self.sign_in(tenant, user['email'], origin=origin)
        if allowed:
            self.assertEqual((pre.status, real.status), (204, 200))
            for reply in (pre, real):
                self.assertEqual(reply.headers['Access-Control-Allow-Origin'], origin)
                self.assertIn('origin', reply.headers['Vary'].lower())
                self.assertIsNone(reply.headers['Access-Control-Allow-Credentials'])
        else:
            self.assertError(pre, 403, 'origin_not_allowed')
            self.assertError(real, 403, 'origin_not_allowed')
            for reply in (pre, real):
                self.assertEqual([h for h in reply.headers if h.lower().startswith('access-control')], [])

    def test_policy_allowed_origins(self):
        tenant = self.tenant()
        user = self.user(tenant)
        self.assertOrigin(tenant, user, ORIGIN, False)
        self.update(tenant, allowed_origins=f'{ORIGIN},http://localhost:3000')
        self.assertOrigin(tenant, user, ORIGIN, True)
        self.assertOrigin(tenant, user, 'http://localhost:3000', True)
        for other in ('http://app.acme.com', 'https://app.acme.com:8443', 'https://app.acme.com.evil.example', 'null',
                      'https://evilapp.acme.com', 'https://APP.acme.com.', 'https://app.acme.com/'):
            with self.subTest(origin=other):
                self.assertOrigin(tenant, user, other, False)
        with self.assertNothingChanges(tenant['slug']):
            self.sign_up_from('https://evil.example', tenant)
        self.update(tenant, allowed_origins='')
        self.assertOrigin(tenant, user, ORIGIN, False)

    def sign_up_from(self, origin, tenant):
        reply = self.server.post('/v1/auth/sign-up', {'email': 'evil@example.com', 'password': authd.PASSWORD},
                                 key=tenant['publishable_key'], origin=origin)
        self.assertError(reply, 403, 'origin_not_allowed')

    # -- passwords ----------------------------------------------------------------------------------

    def test_policy_password_min_length(self):
        tenant = self.tenant()
        self.assertError(self.sign_up(tenant, 'a@example.com', 'kiwi-4a'), 422, 'password_too_short')
        self.assertEqual(self.sign_up(tenant, 'a@example.com', 'kiwi-4ab').status, 201)
        self.update(tenant, password_min_length=15)
        self.assertError(self.sign_up(tenant, 'b@example.com', 'kiwi-4ab-zoo-x'), 422, 'password_too_short')
        self.assertEqual(self.sign_up(tenant, 'b@example.com', 'kiwi-4ab-zoo-xy').status, 201)
        self.assertEqual(self.sign_in(tenant, 'a@example.com', 'kiwi-4ab').status, 200, 'an old one still opens')

    def hash_of(self, tenant, email):
        return self.server.tenant_sql(tenant['slug'], f"""SELECT hash FROM password JOIN app_user u ON u.id = user_id
                                                          WHERE email_key = '{email}'""")[0]

    def test_policy_password_hash_V11_4_2(self):
        tenant = self.tenant()
        user = self.user(tenant)
        self.assertTrue(self.hash_of(tenant, user['email']).startswith('$argon2id$v=19$m=19456,t=2,p=1$'))
        self.update(tenant, password_hash='scrypt')
        self.assertError(self.sign_in(tenant, user['email'], 'not the password'), 401, 'invalid_credentials')
        self.assertIn('$argon2id$', self.hash_of(tenant, user['email']), 'only the right password rehashes')
        self.assertEqual(self.sign_in(tenant, user['email']).status, 200)
        self.assertRegex(self.hash_of(tenant, user['email']), r'^\$(7|scrypt|s1)\$')
        self.assertEqual(self.sign_in(tenant, user['email']).status, 200)
        self.update(tenant, password_hash='argon2id')
        self.assertEqual(self.sign_in(tenant, user['email']).status, 200)
        self.assertIn('$argon2id$', self.hash_of(tenant, user['email']))
        self.assertEqual(self.sign_in(tenant, user['email']).status, 200)

    def test_policy_password_blocklist(self):
        tenant = self.tenant()
        for common in ('password1', 'qwertyuiop', 'Password123', f'{tenant["slug"]}{tenant["slug"]}', 'wanda@example.com'):
            with self.subTest(password=common):
                self.assertError(self.sign_up(tenant, 'wanda@example.com', common), 422, 'password_too_common')
        self.assertError(self.sign_up(tenant, 'x@example.com', 'wandakowalski', 'Wanda Kowalski'), 422,
                         'password_too_common')
        self.update(tenant, password_blocklist='off')
        self.assertEqual(self.sign_up(tenant, 'wanda@example.com', 'password1').status, 201)

    def test_policy_sign_up(self):
        tenant = self.tenant()
        self.assertEqual(self.sign_up(tenant, 'a@example.com').status, 201)
        self.update(tenant, sign_up='closed')
        with self.assertNothingChanges(tenant['slug']):
            self.assertError(self.sign_up(tenant, 'b@example.com'), 403, 'sign_up_closed')
            self.assertError(self.sign_up(tenant, 'a@example.com'), 403, 'sign_up_closed')
        self.assertEqual(self.sign_in(tenant, 'a@example.com').status, 200)

    # -- guessing -----------------------------------------------------------------------------------

    def wrong(self, tenant, email, times=1):
        return [self.sign_in(tenant, email, 'wrong-guess-12') for _ in range(times)]

    def test_policy_lockout_after(self):
        tenant = self.tenant(lockout_delay='10m')
        user = self.user(tenant)
        self.assertEqual([r.status for r in self.wrong(tenant, user['email'], 5)], [401] * 5)
        self.update(tenant, lockout_after=6)
        self.assertEqual([r.code for r in self.wrong(tenant, user['email'])], ['invalid_credentials'])
        self.server.prolong_lock(tenant['slug'])
        self.assertEqual([r.code for r in self.wrong(tenant, user['email'])], ['account_locked'])
        self.assertError(self.sign_in(tenant, user['email']), 429, 'account_locked')

    def test_policy_lockout_delay_N_6(self):
        tenant = self.tenant(lockout_after=1, lockout_delay='3s')
        user = self.user(tenant)
        ended = "UPDATE attempt SET locked_until = now() - interval '1 minute'"
        imposed = 'SELECT extract(epoch FROM locked_until - last_at)::int FROM attempt'
        waits = []
        for _ in range(4):
            self.wrong(tenant, user['email'])
            waits += self.server.tenant_sql(tenant['slug'], imposed)
            self.server.tenant_sql(tenant['slug'], ended)
        self.assertEqual(waits, ['1', '2', '3', '3'], 'doubles up to the policy')
        self.update(tenant, lockout_delay='1m')
        self.wrong(tenant, user['email'])
        self.assertEqual(self.server.tenant_sql(tenant['slug'], imposed), ['16'])
        self.server.prolong_lock(tenant['slug'])
        self.assertGreater(int(self.wrong(tenant, user['email'])[0].headers['Retry-After']), 3000)
        self.server.tenant_sql(tenant['slug'], 'UPDATE attempt SET failures = 99, locked_until = NULL')
        self.wrong(tenant, user['email'])
        self.server.tenant_sql(tenant['slug'], ended)
        self.assertError(self.sign_in(tenant, user['email']), 429, 'account_locked')

    def rate(self, requests):
        """Statuses of requests in a row, and the first refusal."""
        replies = [r() for r in requests]
        refused = next((r for r in replies if r.status == 429), None)
        return [r.status for r in replies], refused

    def assertLimited(self, send, allowed, limit):
        statuses, refused = self.rate([send] * (allowed + 1))
        self.assertEqual(statuses[-1], 429, statuses)
        self.assertNotIn(429, statuses[:-1])
        self.assertError(refused, 429, 'rate_limited')
        self.assertGreaterEqual(int(refused.headers['Retry-After']), 1)
        if limit:
            self.assertEqual(refused.headers['RateLimit-Limit'], str(limit))

    def test_policy_rate_limit_address(self):
        tenant = self.tenant()
        user = self.user(tenant)
        self.update(tenant, rate_limit_address=2)
        number = iter(range(100))
        self.assertLimited(lambda: self.sign_in(tenant, f'nobody{next(number)}@example.com', 'wrong-guess-12'), 2, 2)
        self.assertEqual(self.me(user).status, 200, 'only credentials are counted')
        self.update(tenant, rate_limit_address=0)
        self.assertEqual(self.sign_in(tenant, user['email']).status, 200)

    def test_policy_rate_limit_identifier(self):
        tenant = self.tenant()
        user = self.user(tenant)
        self.update(tenant, rate_limit_identifier=2)
        self.assertLimited(lambda: self.sign_in(tenant, user['email']), 2, None)
        self.assertError(self.sign_in(tenant, user['email'].upper()), 429, 'rate_limited')
        other = self.user(tenant)
        self.assertEqual(self.sign_in(tenant, other['email']).status, 200)

    def test_policy_rate_limit_key(self):
        tenant = self.tenant()
        user = self.user(tenant)
        key = self.server.operator('POST', f'/v1/tenants/{tenant["slug"]}/clients/{tenant["client_id"]}/keys',
                                   {'kind': 'publishable'}).json['key']
        self.update(tenant, rate_limit_key=2)
        self.assertLimited(lambda: self.me(user, key=key), 2, 2)
        self.assertEqual(self.me(user).status, 200, 'without the key it is not counted')
        self.assertEqual(self.me(user, key=tenant['publishable_key']).status, 200, 'another key is another count')

    def test_policy_rate_limit_tenant(self):
        tenant, other = self.tenant(), self.tenant()
        user, stranger = self.user(tenant), self.user(other)
        self.update(tenant, rate_limit_tenant=2)
        self.assertLimited(lambda: self.me(user), 2, 2)
        self.assertEqual(self.me(stranger).status, 200)
        self.assertEqual(self.server.get(f'/t/{tenant["slug"]}/.well-known/jwks.json').status, 200)

    # -- the table itself ---------------------------------------------------------------------------

    def test_every_row_has_a_test(self):
        with open(os.path.join(authd.SOURCE, 'include', 'authd', 'policy.def')) as f:
            rows = set(re.findall(r'^POLICY\((\w+)', f.read(), re.M))
        tested = {re.sub(r'_([NV]_?\d[\d_]*)$', '', n[len('test_policy_'):]) for n in dir(self)
                  if n.startswith('test_policy_')}
        self.assertEqual(rows, tested)


if __name__ == '__main__':
    authd.main()
