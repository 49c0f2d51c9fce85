# SPDX-License-Identifier: Apache-2.0
"""Sessions, refresh tokens and signing keys over their lives: what ends them, when, and that it is at once. The clock is
moved by ageing rows, not by waiting."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402
import forge  # noqa: E402

NEW_PASSWORD = 'copper-lantern-52-sky'


class Life(authd.TestCase):
    def user(self, tenant, **kw):
        return self.server.new_user(key=tenant['publishable_key'], **kw)

    def sign_in(self, tenant, user, password=authd.PASSWORD):
        reply = self.server.sign_in(user['email'], password, key=tenant['publishable_key'])
        self.assertEqual(reply.status, 200, reply)
        return reply.json['session']

    def refresh(self, tenant, token, key=None):
        return self.server.refresh(token, key=key or tenant['publishable_key'])

    def me(self, session):
        return self.server.get('/v1/auth/me', token=session['access_token'])

    def verify(self, tenant, token):
        return self.server.post('/v1/sessions/verify', {'token': token}, key=tenant['secret_key'])

    def assertEnded(self, tenant, session, code='session_revoked'):
        self.assertError(self.me(session), 401, 'session_revoked')
        self.assertError(self.refresh(tenant, session['refresh_token']), 401, code)

    def assertLives(self, tenant, session):
        self.assertEqual(self.me(session).status, 200)


class Sessions(Life):
    def test_V7_2_3_N_13_session_secrets_are_long_and_random(self):
        tenant = self.tenant()
        user = self.user(tenant)
        tokens = [user['session']['refresh_token']] + [self.sign_in(tenant, user)['refresh_token'] for _ in range(5)]
        macs = [forge.unb64(t[4:])[20:] for t in tokens]
        self.assertTrue(all(len(m) * 8 >= 128 for m in macs))
        self.assertEqual(len(set(macs)), len(macs))
        bits = [bin(int.from_bytes(m, 'big')).count('1') / (len(m) * 8) for m in macs]
        self.assertTrue(all(0.3 < b < 0.7 for b in bits), bits)

    def test_V7_2_4_every_sign_in_is_a_new_session(self):
        tenant = self.tenant()
        user = self.user(tenant)
        sessions = [user['session'], self.sign_in(tenant, user), self.sign_in(tenant, user)]
        self.assertEqual(len({s['id'] for s in sessions}), 3)
        claims = [authd.jwt_payload(s['access_token']) for s in sessions]
        self.assertEqual(len({c['jti'] for c in claims}), 3)
        self.assertEqual([c['sid'] for c in claims], [s['id'] for s in sessions])

    def test_V7_4_1_use_after_sign_out_fails_also_by_verify(self):
        tenant = self.tenant()
        user = self.user(tenant)
        session, other = user['session'], self.sign_in(tenant, user)
        self.assertEqual(self.verify(tenant, session['access_token']).status, 200)
        self.assertEqual(self.server.post('/v1/auth/sign-out', token=session['access_token']).status, 204)
        self.assertEnded(tenant, session)
        verified = self.verify(tenant, session['access_token'])
        self.assertTrue(verified.status == 401 or verified.json.get('active') is False, verified)
        self.assertLives(tenant, other)
        self.assertEqual(self.server.post('/v1/auth/sign-out', token=session['access_token']).status, 401)

    def test_V7_4_1_sign_out_of_all(self):
        tenant = self.tenant()
        user, stranger = self.user(tenant), self.user(tenant)
        sessions = [user['session'], self.sign_in(tenant, user)]
        self.assertEqual(self.server.post('/v1/auth/sign-out?scope=all', token=sessions[0]['access_token']).status, 204)
        for session in sessions:
            self.assertEnded(tenant, session)
        self.assertLives(tenant, stranger['session'])

    def test_V7_4_2_a_disabled_user_is_out_at_once(self):
        for status in ('disabled', 'banned'):
            with self.subTest(status=status):
                tenant = self.tenant()
                user = self.user(tenant)
                session = user['session']
                self.server.tenant_sql(tenant['slug'], f"UPDATE app_user SET status = '{status}'")
                self.assertError(self.me(session), 403, 'account_banned')
                self.assertError(self.refresh(tenant, session['refresh_token']), 403, 'account_banned')
                reply = self.server.sign_in(user['email'], key=tenant['publishable_key'])
                self.assertError(reply, 403, 'account_banned')
                wrong = self.server.sign_in(user['email'], 'wrong-guess-12', key=tenant['publishable_key'])
                self.assertError(wrong, 401, 'invalid_credentials')

    def test_V7_4_3_B15_password_change_ends_the_others(self):
        tenant = self.tenant()
        user = self.user(tenant)
        mine, other = user['session'], self.sign_in(tenant, user)

        def change(current, new):
            return self.server.post('/v1/auth/password/change', {'current_password': current, 'new_password': new},
                                    token=mine['access_token'])
        self.assertError(change('wrong-guess-12', NEW_PASSWORD), 401, 'invalid_credentials')
        self.assertLives(tenant, other)
        self.assertError(change(authd.PASSWORD, 'short'), 422, 'password_too_short')
        self.assertIn(change(authd.PASSWORD, NEW_PASSWORD).status, (200, 204))
        self.assertLives(tenant, mine)
        self.assertEqual(self.refresh(tenant, mine['refresh_token']).status, 200)
        self.assertEnded(tenant, other)
        self.assertError(self.server.sign_in(user['email'], key=tenant['publishable_key']), 401, 'invalid_credentials')
        self.sign_in(tenant, user, NEW_PASSWORD)

    def test_V7_5_2_a_user_lists_and_ends_sessions(self):
        tenant = self.tenant()
        user = self.user(tenant)
        mine, second, third = user['session'], self.sign_in(tenant, user), self.sign_in(tenant, user)

        def ids():
            reply = self.server.get('/v1/auth/sessions', token=mine['access_token'])
            return [s['id'] for s in reply.json['data']]
        self.assertEqual(set(ids()), {mine['id'], second['id'], third['id']})
        ended = self.server.request('DELETE', f'/v1/auth/sessions/{second["id"]}', token=mine['access_token'])
        self.assertEqual(ended.status, 204)
        self.assertEnded(tenant, second)
        self.assertEqual(set(ids()), {mine['id'], third['id']})
        self.assertEqual(self.server.request('DELETE', '/v1/auth/sessions', token=mine['access_token']).status, 204)
        self.assertEnded(tenant, third)
        self.assertEqual(ids(), [mine['id']])

    def test_V7_3_1_V7_3_2_B15_refresh_dies_of_idleness_and_of_age(self):
        for column, policy in (('rotated_at', {'session_idle': '1h'}), ('created_at', {'session_duration': '1h'})):
            with self.subTest(column=column):
                tenant = self.tenant(**policy)
                session = self.user(tenant)['session']
                self.server.tenant_sql(tenant['slug'], f"UPDATE session SET {column} = {column} - interval '50 minutes'")
                self.assertLives(tenant, session)
                self.server.tenant_sql(tenant['slug'], f"UPDATE session SET {column} = {column} - interval '11 minutes'")
                self.assertEqual(self.me(session).status, 401)
                self.assertError(self.refresh(tenant, session['refresh_token']), 401, 'refresh_token_expired')

    def test_V7_3_2_no_refresh_outlives_the_session(self):
        tenant = self.tenant(session_duration='1h')
        session = self.user(tenant)['session']
        self.server.tenant_sql(tenant['slug'], "UPDATE session SET created_at = created_at - interval '50 minutes'")
        fresh = self.refresh(tenant, session['refresh_token']).json
        claims = authd.jwt_payload(fresh['access_token'])
        self.assertEqual(authd.jwt_payload(session['access_token'])['auth_time'], claims['auth_time'] + 3000)
        self.assertEqual(claims['exp'], claims['auth_time'] + 3600)


class Refresh(Life):
    def test_a_repeat_gets_the_same_successor(self):
        tenant = self.tenant()
        first = self.user(tenant)['session']['refresh_token']
        replies = [self.refresh(tenant, first) for _ in range(3)]
        self.assertEqual({r.status for r in replies}, {200})
        self.assertEqual(len({r.json['refresh_token'] for r in replies}), 1)

    def test_a_late_replay_ends_the_session(self):
        tenant = self.tenant()
        session = self.user(tenant)['session']
        successor = self.refresh(tenant, session['refresh_token']).json
        newest = self.refresh(tenant, successor['refresh_token']).json
        self.server.tenant_sql(tenant['slug'], """UPDATE session SET rotated_at = rotated_at - interval '2 minutes',
                                                  previous_rotated_at = previous_rotated_at - interval '2 minutes'""")
        self.assertError(self.refresh(tenant, session['refresh_token']), 401, 'session_revoked')
        self.assertEnded(tenant, newest)
        events = self.server.tenant_sql(tenant['slug'], "SELECT event FROM audit WHERE event LIKE 'session.%'")
        self.assertIn('session.refresh_replayed', events)

    def test_an_unused_successor_is_repeated_for_a_minute_at_most(self):
        tenant = self.tenant(refresh_overlap='0')
        first = self.user(tenant)['session']['refresh_token']
        successor = self.refresh(tenant, first).json['refresh_token']
        self.server.tenant_sql(tenant['slug'], "UPDATE session SET rotated_at = rotated_at - interval '20 seconds'")
        self.assertEqual(self.refresh(tenant, first).json['refresh_token'], successor)
        self.server.tenant_sql(tenant['slug'], "UPDATE session SET rotated_at = rotated_at - interval '41 seconds'")
        self.assertError(self.refresh(tenant, first), 401, 'session_revoked')

    def test_only_the_client_it_was_issued_to(self):
        tenant = self.tenant()
        made = self.server.operator('POST', f'/v1/tenants/{tenant["slug"]}/clients', {'name': 'other'}).json
        session = self.user(tenant)['session']
        other = self.refresh(tenant, session['refresh_token'], key=made['publishable_key'])
        self.assertError(other, 401, 'refresh_token_invalid')
        self.assertEqual(self.refresh(tenant, session['refresh_token']).status, 200)

    def test_nothing_in_the_database_is_a_token(self):
        tenant = self.tenant()
        session = self.user(tenant)['session']
        rows = '\n'.join(self.server.tenant_sql(tenant['slug'], 'SELECT s::text FROM session s'))
        self.assertNotIn(session['refresh_token'], rows)
        self.assertNotIn(session['refresh_token'][30:], rows)
        guess = 'rft_' + forge.b64(forge.unb64(session['refresh_token'][4:])[:20] + bytes(28))
        self.assertError(self.refresh(tenant, guess), 401, 'refresh_token_invalid')


class Race(Life):
    def test_200_parallel_uses_over_two_processes_make_one_successor(self):
        ports = [self.server.port, self.server.start_second()]
        tenant = self.tenant()
        session = self.user(tenant)['session']
        use = authd.message('POST', '/v1/auth/token/refresh', {'refresh_token': session['refresh_token']},
                            key=tenant['publishable_key'])
        self.known(ports[1], tenant)
        replies = self.server.flood([use] * 200, ports, insist=True)
        self.assertEqual({r and r.status for r in replies}, {200}, replies[:5])
        successors = {r.json['refresh_token'] for r in replies}
        self.assertEqual(len(successors), 1)
        self.assertEqual(self.server.tenant_sql(tenant['slug'], 'SELECT generation FROM session'), ['1'])
        fresh = self.refresh(tenant, successors.pop())
        self.assertEqual(fresh.status, 200)
        self.server.tenant_sql(tenant['slug'], """UPDATE session SET rotated_at = rotated_at - interval '2 minutes',
                                                  previous_rotated_at = previous_rotated_at - interval '2 minutes'""")
        late = self.server.flood([use] * 20, ports, insist=True)
        self.assertEqual({(r.status, r.code) for r in late}, {(401, 'session_revoked')})
        self.assertEnded(tenant, fresh.json)

    def test_sign_out_beats_parallel_refreshes(self):
        tenant = self.tenant()
        session = self.user(tenant)['session']
        use = authd.message('POST', '/v1/auth/token/refresh', {'refresh_token': session['refresh_token']},
                            key=tenant['publishable_key'])
        out = authd.message('POST', '/v1/auth/sign-out', token=session['access_token'], key=tenant['publishable_key'])
        replies = self.server.flood([use] * 20 + [out] + [use] * 20, insist=True)
        self.assertIn(204, {r.status for r in replies})
        self.assertLessEqual({r.status for r in replies}, {200, 204, 401})
        for reply in replies:
            if reply.status == 200:
                self.assertEnded(tenant, reply.json)


class SigningKeys(Life):
    def keys(self, tenant):
        reply = self.server.get(f'/t/{tenant["slug"]}/.well-known/jwks.json')
        self.assertEqual(reply.status, 200)
        self.max_age = int(reply.headers['Cache-Control'].split('max-age=')[1].split(',')[0])
        return {k['kid'] for k in reply.json['keys']}

    def rotate(self, tenant, **body):
        reply = self.server.operator('POST', f'/v1/tenants/{tenant["slug"]}/keys/rotate', body)
        self.assertEqual(reply.status // 100, 2, reply)

    def kid(self, session):
        return forge.parts(session['access_token'])[0]['kid']

    def later(self, tenant, seconds):
        """The tenant's keys as they will be in so many seconds. The snapshot is built anew by a change."""
        column = "{0} = {0} - interval '%d seconds'" % seconds
        self.server.sql('UPDATE authd_control.signing_key SET '
                        + ', '.join(column.format(c) for c in ('published_at', 'signs_at', 'leaves_at', 'created_at'))
                        + f" WHERE tenant_id = '{tenant['id']}'")
        self.server.hjctl('tenant', 'update', tenant['slug'], '--name', f'later {seconds}')

    def test_J16_published_before_it_signs_and_old_tokens_verify_until_they_expire(self):
        tenant = self.tenant(access_token_ttl='24h')
        user = self.user(tenant)
        old = user['session']
        (before,) = self.keys(tenant)
        self.assertEqual(self.kid(old), before)
        self.rotate(tenant)
        both = self.keys(tenant)
        self.assertEqual(len(both), 2)
        self.assertEqual(self.kid(self.sign_in(tenant, user)), before, 'caches do not know the new key yet')
        self.later(tenant, self.max_age + 61)
        fresh = self.sign_in(tenant, user)
        self.assertEqual(self.kid(fresh), (both - {before}).pop())
        self.assertLives(tenant, old)
        self.later(tenant, 86400 - 120)
        self.assertEqual(self.keys(tenant), both, 'until the last token it signed has expired')
        self.later(tenant, 900)
        self.assertEqual(self.keys(tenant), both - {before})
        self.assertError(self.me(old), 401, 'invalid_token')
        self.assertLives(tenant, fresh)

    def test_J16_revoke_drops_at_once(self):
        tenant = self.tenant()
        user = self.user(tenant)
        (before,) = self.keys(tenant)
        self.rotate(tenant, revoke=True)
        after = self.keys(tenant)
        self.assertEqual(len(after), 1)
        self.assertNotIn(before, after)
        self.assertError(self.me(user['session']), 401, 'invalid_token')
        fresh = self.refresh(tenant, user['session']['refresh_token'])
        self.assertEqual(fresh.status, 200, 'the session itself was not leaked')
        self.assertEqual(self.kid(fresh.json), after.pop())
        self.assertLives(tenant, fresh.json)

    def test_J16_jwks_caching_matches_the_overlap(self):
        tenant = self.tenant()
        path = f'/t/{tenant["slug"]}/.well-known/jwks.json'
        reply = self.server.get(path)
        self.assertIn('public', reply.headers['Cache-Control'])
        self.assertEqual(reply.headers['Access-Control-Allow-Origin'], '*')
        again = self.server.get(path, headers={'If-None-Match': reply.headers['ETag']})
        self.assertEqual((again.status, again.body), (304, b''))
        self.rotate(tenant)
        self.assertEqual(self.server.get(path, headers={'If-None-Match': reply.headers['ETag']}).status, 200)
        rows = self.server.operator('GET', f'/v1/tenants/{tenant["slug"]}/keys').json['data']
        self.assertEqual(len(rows), 2)


class Tenants(Life):
    def test_suspended_is_refused_everywhere_but_discovery(self):
        tenant = self.tenant()
        user = self.user(tenant)
        session, key = user['session'], tenant['publishable_key']
        origin = {'Access-Control-Request-Method': 'POST'}
        before = self.server.request('OPTIONS', '/v1/auth/sign-in', origin='https://nobody.example', headers=origin)
        self.server.hjctl('tenant', 'suspend', tenant['slug'], '--yes')
        refused = [self.server.sign_in(user['email'], key=key), self.refresh(tenant, session['refresh_token']),
                   self.me(session), self.verify(tenant, session['access_token']),
                   self.server.post('/v1/auth/sign-up', {'email': 'new@example.com', 'password': authd.PASSWORD}, key=key),
                   self.server.get('/v1/auth/sessions', token=session['access_token']),
                   self.server.post('/v1/auth/sign-out', token=session['access_token'])]
        for reply in refused:
            self.assertError(reply, 403, 'tenant_suspended')
        for document in ('jwks.json', 'openid-configuration', 'oauth-authorization-server'):
            self.assertEqual(self.server.get(f'/t/{tenant["slug"]}/.well-known/{document}').status, 200)
        self.assertEqual(self.server.operator('GET', f'/v1/tenants/{tenant["slug"]}').json['status'], 'suspended')
        after = self.server.request('OPTIONS', '/v1/auth/sign-in', origin='https://nobody.example', headers=origin)
        self.assertEqual(before.status, after.status)
        self.server.hjctl('tenant', 'reactivate', tenant['slug'])
        self.assertLives(tenant, session)
        self.assertEqual(self.refresh(tenant, session['refresh_token']).status, 200)

    def test_deleted_is_indistinguishable_from_unknown(self):
        tenant = self.tenant()
        user = self.user(tenant)
        self.server.hjctl('tenant', 'delete', tenant['slug'], '--yes')
        self.assertError(self.server.sign_in(user['email'], key=tenant['publishable_key']), 401, 'invalid_client_key')
        self.assertError(self.refresh(tenant, user['session']['refresh_token']), 401, 'invalid_client_key')
        self.assertError(self.verify(tenant, user['session']['access_token']), 401, 'invalid_client_key')
        self.assertError(self.me(user['session']), 401, 'invalid_token')
        for document in ('jwks.json', 'openid-configuration', 'oauth-authorization-server'):
            gone = self.server.get(f'/t/{tenant["slug"]}/.well-known/{document}')
            never = self.server.get(f'/t/never-was-there/.well-known/{document}')
            self.assertError(gone, 404, 'not_found')
            self.assertEqual(gone.status, never.status)
        again = self.server.operator('POST', '/v1/tenants', {'slug': tenant['slug']})
        self.assertError(again, 409, 'slug_taken')


class Keys(Life):
    def path(self, tenant, *more):
        return '/'.join((f'/v1/tenants/{tenant["slug"]}/clients/{tenant["client_id"]}/keys',) + more)

    def make(self, tenant, kind):
        reply = self.server.operator('POST', self.path(tenant), {'kind': kind})
        self.assertEqual(reply.status, 201, reply)
        return reply.json

    def verify_with(self, key, session):
        return self.server.post('/v1/sessions/verify', {'token': session['access_token']}, key=key)

    def test_revoke_bites_on_the_next_request(self):
        tenant = self.tenant()
        session = self.user(tenant)['session']
        made = self.make(tenant, 'secret')
        self.assertEqual(self.verify_with(made['key'], session).status, 200)
        self.assertEqual(self.server.operator('DELETE', self.path(tenant, made['id'])).status, 204)
        self.assertError(self.verify_with(made['key'], session), 401, 'invalid_client_key')
        self.assertEqual(self.verify_with(tenant['secret_key'], session).status, 200)

    def test_V13_3_4_a_rolled_key_overlaps_and_ends(self):
        tenant = self.tenant()
        session = self.user(tenant)['session']
        old = self.make(tenant, 'secret')
        new = self.server.operator('POST', self.path(tenant, old['id'], 'roll'), {'overlap': '1h'}).json
        self.assertEqual(self.verify_with(old['key'], session).status, 200)
        self.assertEqual(self.verify_with(new['key'], session).status, 200)
        self.server.sql("UPDATE authd_control.client_key SET expires_at = now() - interval '1 second'"
                        f" WHERE id = '{old['id']}'")
        self.server.hjctl('tenant', 'update', tenant['slug'], '--name', 'later')
        self.assertError(self.verify_with(old['key'], session), 401, 'invalid_client_key')
        self.assertEqual(self.verify_with(new['key'], session).status, 200)

    def test_a_roll_without_overlap_ends_the_old_key_now(self):
        tenant = self.tenant()
        session = self.user(tenant)['session']
        old = self.make(tenant, 'secret')
        self.server.operator('POST', self.path(tenant, old['id'], 'roll'), {'overlap': '0s'})
        self.assertError(self.verify_with(old['key'], session), 401, 'invalid_client_key')

    def test_a_deleted_clients_keys_and_sessions_end(self):
        tenant = self.tenant()
        made = self.server.operator('POST', f'/v1/tenants/{tenant["slug"]}/clients', {'name': 'short-lived'}).json
        session = self.server.new_user(key=made['publishable_key'])['session']
        for _ in range(20):  # every loop remembers the token as verified
            self.assertLives(tenant, session)
        self.assertEqual(self.server.operator('DELETE', f'/v1/tenants/{tenant["slug"]}/clients/{made["id"]}').status, 204)
        for _ in range(20):
            self.assertError(self.me(session), 401, 'invalid_token')
            self.assertIs(self.verify(tenant, session['access_token']).json['active'], False)
        self.assertError(self.refresh(tenant, session['refresh_token'], key=made['publishable_key']), 401,
                         'invalid_client_key')
        self.assertError(self.refresh(tenant, session['refresh_token']), 401, 'refresh_token_invalid')

    def test_a_changed_audience_refuses_tokens_of_the_old_one_at_once(self):
        tenant = self.tenant()
        session = self.user(tenant)['session']
        for _ in range(20):
            self.assertLives(tenant, session)
        changed = self.server.operator('PATCH', f'/v1/tenants/{tenant["slug"]}/clients/{tenant["client_id"]}',
                                       {'audience': 'https://api.example.com'})
        self.assertEqual(changed.status, 200, changed)
        for _ in range(20):
            self.assertError(self.me(session), 401, 'invalid_token')
        self.assertLives(tenant, self.refresh(tenant, session['refresh_token']).json)

    def test_keys_are_shown_once(self):
        tenant = self.tenant()
        made = self.make(tenant, 'secret')
        for reply in (self.server.operator('GET', self.path(tenant)),
                      self.server.operator('GET', f'/v1/tenants/{tenant["slug"]}/clients'),
                      self.server.operator('GET', f'/v1/tenants/{tenant["slug"]}'),
                      self.server.operator('GET', '/v1/audit')):
            self.assertNotIn(made['key'], reply.body.decode())
            self.assertNotIn(made['key'][8:-4], reply.body.decode())
        row = next(k for k in self.server.operator('GET', self.path(tenant)).json['data'] if k['id'] == made['id'])
        self.assertTrue(row['hint'].endswith(made['key'][-4:]))
        self.assertTrue(row['hint'].startswith('sk_test_'))


if __name__ == '__main__':
    authd.main()
