# SPDX-License-Identifier: Apache-2.0
"""Logs and audit: who did what, when and from where; never a secret, never what an attacker wrote between the lines."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402
import forge  # noqa: E402

CANARY = 'canary-f7b1-zebra-91'


class Logs(authd.TestCase):
    settings = {'log_level': 'debug', 'log_format': 'json'}

    def lines(self):
        return [json.loads(line) for line in self.server.log_text().splitlines() if line.startswith('{')]

    def line_of(self, reply):
        """The access-log line of a reply, which is written after that is sent."""
        own = reply.headers['X-Request-Id']
        return authd.eventually(lambda: next((line for line in self.lines() if line.get('request_id') == own
                                              and 'status' in line), None), f'no log line for {own}')

    def events(self, tenant, columns='event'):
        return self.server.tenant_sql(tenant['slug'], f'SELECT {columns} FROM audit ORDER BY id')

    # -- secrets ------------------------------------------------------------------------------------

    def test_V16_2_5_no_secret_reaches_a_log_or_an_audit_row(self):
        secrets = set()
        tenant = self.tenant()
        secrets |= {tenant['secret_key'], tenant['publishable_key']}
        key = tenant['publishable_key']
        user = self.server.new_user(key=key, password=CANARY)
        secrets |= {CANARY, CANARY + '-wrong', CANARY + '-new'}
        self.server.sign_in(user['email'], CANARY + '-wrong', key=key)
        session = self.server.sign_in(user['email'], CANARY, key=key).json['session']
        fresh = self.server.refresh(session['refresh_token'], key=key).json
        for s in (user['session'], session, fresh):
            secrets |= {s['access_token'], s['refresh_token'], s['access_token'].split('.')[2]}
        self.server.post('/v1/auth/password/change', {'current_password': CANARY, 'new_password': CANARY + '-new'},
                         token=fresh['access_token'])
        path = f'/v1/tenants/{tenant["slug"]}/clients/{tenant["client_id"]}/keys'
        secrets.add(self.server.operator('POST', path, {'kind': 'secret'}).json['key'])
        secrets.add(self.server.operator('POST', '/v1/operators', {'name': 'Olga', 'role': 'reader'}).json['key'])
        secrets.add(self.server.env['OPERATOR_KEY'])
        # Where secrets go astray: in the URL, in a broken body, in the wrong header, as the e-mail.
        astray = [
            self.server.get(f'/v1/auth/me?access_token={fresh["access_token"]}&password={CANARY}'),
            self.server.request('POST', '/v1/auth/sign-in', raw=f'{{"password":"{CANARY}"'.encode(), key=key,
                                headers={'Content-Type': 'application/json'}),
            self.server.post('/v1/auth/sign-in', {'email': CANARY, 'password': CANARY, CANARY: 1}, key=key),
            self.server.sign_in(f'{CANARY}@example.com', 'x' * 12, key=key),
            self.server.get('/v1/auth/me', headers={'Authorization': f'Basic {CANARY}', 'Cookie': f'sid={CANARY}'}),
            self.server.get(f'/{CANARY}/nothing')]
        stored = self.server.sql('SELECT a::text FROM authd_control.audit a') + self.events(tenant, 'audit::text')
        for reply in astray:
            self.line_of(reply)
        # Not the banner of authd dev, which is there to show the keys of the demo.
        logged = '\n'.join(line for line in self.server.log_text().splitlines() if line.startswith('{'))
        for secret in secrets:
            for form in {secret, forge.b64(secret.encode()), secret[4:-4]}:
                self.assertNotIn(form, logged)
                self.assertNotIn(form, '\n'.join(stored))

    def test_V16_2_5_configuration_secrets_are_masked(self):
        self.assertNotIn('password=', self.server.log_text())

    # -- what is in a line --------------------------------------------------------------------------

    def test_V16_2_1_V16_2_2_who_what_when_where(self):
        tenant = self.tenant()
        user = self.server.new_user(key=tenant['publishable_key'])
        line = self.line_of(self.server.get('/v1/auth/me', token=user['session']['access_token'],
                                            key=tenant['publishable_key']))
        text = json.dumps(line)
        for word in ('/v1/auth/me', 'GET', '200', '127.0.0.1', tenant['id']):
            self.assertIn(word, text)
        stamp = next(v for v in line.values() if isinstance(v, str) and re.match(r'\d{4}-\d\d-\d\dT', v))
        self.assertRegex(stamp, r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$')

    def test_every_line_is_json(self):
        self.server.get('/nothing')
        odd = [line for line in self.server.log_text().splitlines() if not line.startswith('{')]
        # authd dev says where it serves, and PostgreSQL has a log of its own.
        self.assertLess(len(odd), 60, odd[:5])
        self.assertGreater(len(self.lines()), 0)

    def test_V16_4_1_log_injection(self):
        evil = 'x\n{"level":"error","msg":"forged"}\r\n\u2028\x1b[31m"}'
        tenant = self.tenant()
        self.server.post('/v1/auth/sign-up', {'email': evil, 'password': authd.PASSWORD, 'name': evil},
                         key=tenant['publishable_key'])
        self.server.sign_in(evil, key=tenant['publishable_key'])
        for header in ('User-Agent', 'X-Forwarded-For', 'X-Request-Id', 'Origin'):
            self.server.get('/v1/auth/me', headers={header: 'forged"}\t{"msg":"forged\u00e9'})
        raw = b'GET /\x1b[31mforged HTTP/1.1\r\nHost: x\r\n\r\n'
        authd.raw_exchange(self.server.port, raw)
        self.server.get('/forged%0a%7b%22msg%22%3a%22forged%22%7d')
        self.server.get('/a"b\\c')
        last = self.server.get('/nothing')
        self.line_of(last)
        for line in self.server.log_text().splitlines():
            self.assertNotIn('\x1b', line)
            if line.startswith('{'):
                record = json.loads(line)
                self.assertNotEqual(record.get('msg'), 'forged')
                self.assertNotEqual(record.get('message'), 'forged')

    # -- audit --------------------------------------------------------------------------------------

    def test_V16_3_1_all_authentication_outcomes(self):
        tenant = self.tenant(lockout_after=3, lockout_delay='10m')
        key = tenant['publishable_key']
        user = self.server.new_user(key=key)
        self.server.sign_in(user['email'], 'wrong-guess-12', key=key)
        session = self.server.sign_in(user['email'], key=key).json['session']
        self.server.refresh(session['refresh_token'], key=key)
        self.server.request('PATCH', '/v1/auth/me', {'name': 'Ada'}, token=session['access_token'])
        self.server.post('/v1/auth/password/change',
                         {'current_password': authd.PASSWORD, 'new_password': 'copper-lantern-52-sky'},
                         token=session['access_token'])
        self.server.post('/v1/auth/sign-out', token=session['access_token'])
        for _ in range(3):
            self.server.sign_in('nobody@example.com', 'wrong-guess-12', key=key)
        self.server.prolong_lock(tenant['slug'])
        self.server.sign_in('nobody@example.com', 'wrong-guess-12', key=key)
        events = self.events(tenant)
        for event in ('user.signed_up', 'user.sign_in_failed', 'user.signed_in', 'user.updated', 'user.password_changed',
                      'session.ended', 'user.sign_in_locked'):
            self.assertIn(event, events)
        self.assertEqual(events.count('user.sign_in_failed'), 4)
        rows = self.events(tenant, "event || ' ' || coalesce(address, '-') || ' ' || coalesce(request_id, '-') || ' ' ||"
                                   " coalesce(client_id, '-') || ' ' || (at IS NOT NULL)")
        for row in rows:
            self.assertRegex(row, r'^[a-z_.]+ 127\.0\.0\.1 req_\w{26} cli_\w{26} true$')

    def test_an_unknown_identifier_is_not_stored_in_clear(self):
        tenant = self.tenant()
        self.line_of(self.server.sign_in('who-is-this@example.com', 'wrong-guess-12', key=tenant['publishable_key']))
        self.assertNotIn('who-is-this', '\n'.join(self.events(tenant, 'audit::text')))
        self.assertNotIn('who-is-this', self.server.log_text())

    def test_V16_3_2_refused_authorisation_is_logged(self):
        for reply in (self.server.get('/v1/tenants', token=self.server.env['SECRET_KEY']),
                      self.server.get('/v1/auth/me', token='x.y.z'),
                      self.server.post('/v1/sessions/verify', {'token': 'x'}, key=self.server.env['PUBLISHABLE_KEY'])):
            line = self.line_of(reply)
            self.assertIn(str(reply.status), json.dumps(line))
            self.assertIn(reply.code, json.dumps(line))

    def test_every_control_write_is_audited(self):
        before = len(self.server.sql('SELECT id FROM authd_control.audit'))
        tenant = self.tenant()
        slug = tenant['slug']
        self.server.hjctl('tenant', 'update', slug, '--session-duration', '8h')
        self.server.hjctl('tenant', 'rotate-keys', slug)
        client = self.server.operator('POST', f'/v1/tenants/{slug}/clients', {'name': 'Shop'}).json
        self.server.operator('DELETE', f'/v1/tenants/{slug}/clients/{client["id"]}')
        self.server.hjctl('tenant', 'suspend', slug, '--yes')
        self.server.hjctl('tenant', 'reactivate', slug)
        self.server.hjctl('tenant', 'delete', slug, '--yes')
        rows = self.server.operator('GET', f'/v1/audit?tenant={tenant["id"]}&limit=100').json['data']
        self.assertEqual([r['event'] for r in reversed(rows)],
                         ['tenant.created', 'tenant.updated', 'signing_key.rotated', 'client.created', 'client.deleted',
                          'tenant.suspended', 'tenant.reactivated', 'tenant.deleted'])
        updated = next(r for r in rows if r['event'] == 'tenant.updated')
        self.assertIn('8h', json.dumps(updated['after']))
        self.assertTrue(all(r['actor_id'] and r['at'] and r['request_id'] for r in rows))
        self.assertGreaterEqual(len(self.server.sql('SELECT id FROM authd_control.audit')), before + 8)

    def test_V16_4_2_a_tenants_role_cannot_change_its_audit(self):
        """Rows can be added and, when their time has come, swept; not rewritten."""
        tenant = self.tenant()
        roles = self.server.sql(f"SELECT unnest(login_roles) FROM authd_control.tenant WHERE slug = '{tenant['slug']}'")
        for role in roles:
            may = self.server.tenant_sql(tenant['slug'], f"SELECT has_table_privilege('{role}', 'audit', 'UPDATE'),"
                                                         f" has_table_privilege('{role}', 'audit', 'TRUNCATE')")
            self.assertEqual(may, ['f|f'])

    def test_V13_2_2_a_tenants_role_reaches_no_other_database(self):
        tenant, other = self.tenant(), self.tenant()
        role = self.server.sql(f"SELECT login_roles[1] FROM authd_control.tenant WHERE slug = '{tenant['slug']}'")[0]
        mine, others = (self.server.tenant_database(t['slug']) for t in (tenant, other))
        control = self.server.sql('SELECT current_database()')[0]
        for database, may in ((mine, 't'), (others, 'f'), (control, 'f'), ('postgres', 'f'), ('template1', 'f')):
            self.assertEqual(self.server.sql(f"SELECT has_database_privilege('{role}', '{database}', 'CONNECT')"), [may],
                             database)
        attributes = self.server.sql('SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls'
                                     f" FROM pg_roles WHERE rolname = '{role}'")
        self.assertEqual(attributes, ['f|f|f|f|f'])

    # -- errors -------------------------------------------------------------------------------------

    def test_V16_5_1_generic_errors(self):
        """A broken database shows in the log, not in the reply."""
        tenant = self.tenant()
        user = self.server.new_user(key=tenant['publishable_key'])
        self.server.tenant_sql(tenant['slug'], 'ALTER TABLE session RENAME TO session_gone')
        try:
            reply = self.server.get('/v1/auth/me', token=user['session']['access_token'])
            self.assertEqual(reply.status // 100, 5, reply)
            self.assertEqual(set(reply.json['error']), {'code', 'message', 'status', 'request_id'})
            for word in ('session_gone', 'relation', 'SELECT', 'postgres', '42P01', 'tdb', '/tmp', tenant['slug']):
                self.assertNotIn(word, reply.body.decode())
            self.assertIn('42P01', self.server.log_text())
        finally:
            self.server.tenant_sql(tenant['slug'], 'ALTER TABLE session_gone RENAME TO session')
        self.assertEqual(self.server.get('/v1/auth/me', token=user['session']['access_token']).status, 200)

    def test_V16_5_2_one_tenants_database_gone_hurts_nobody_else(self):
        tenant, other = self.tenant(), self.tenant()
        user, neighbour = (self.server.new_user(key=t['publishable_key']) for t in (tenant, other))
        database = self.server.tenant_database(tenant['slug'])
        self.server.sql(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false;'
                        f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '{database}'")
        refused = self.server.sign_in(user['email'], key=tenant['publishable_key'])
        self.assertEqual(refused.status, 503, refused)
        self.assertGreaterEqual(int(refused.headers['Retry-After']), 1)
        self.assertEqual(self.server.get(f'/t/{tenant["slug"]}/.well-known/jwks.json').status, 200)
        self.assertEqual(self.server.sign_in(neighbour['email'], key=other['publishable_key']).status, 200)
        self.server.sql(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true')
        authd.eventually(lambda: self.server.sign_in(user['email'], key=tenant['publishable_key']).status == 200,
                         'did not recover')

    def test_two_tenants_failing_in_parallel_share_nothing(self):
        """The advisory class of shared error state: no byte of one request's error in another's."""
        tenants = [self.tenant(), self.tenant()]
        marks = ['first-mark', 'second-mark']
        messages, owners = [], []
        for n in range(200):
            body = {'email': 'a@example.com', 'password': authd.PASSWORD, marks[n % 2]: n}
            messages.append(authd.message('POST', '/v1/auth/sign-up', body, key=tenants[n % 2]['publishable_key']))
            owners.append(n % 2)
        for owner, reply in zip(owners, self.server.flood(messages)):
            self.assertEqual((reply.status, reply.code), (422, 'unknown_field'))
            self.assertNotIn(marks[1 - owner].encode(), reply.body)
            self.assertEqual(reply.json['error']['request_id'], reply.headers['X-Request-Id'])


if __name__ == '__main__':
    authd.main()
