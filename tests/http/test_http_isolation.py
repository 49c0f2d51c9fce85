# SPDX-License-Identifier: Apache-2.0
"""Two tenants, and everything of one presented to the other: keys, tokens, ids, cursors, on every route. It is refused as
if it did not exist, and changes nothing."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402
import examples  # noqa: E402
from examples import ADMIN, Call, OPERATOR, PUBLISHABLE, SECRET, USER, World  # noqa: E402


class Isolation(authd.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.routes = examples.routes(cls.server)
        cls.a, cls.b = World(cls.server), World(cls.server)

    def each(self, *needs):
        """Routes of these needs; each in a subtest of its own."""
        return [r for r in self.routes if r.need in needs]

    # -- every route --------------------------------------------------------------------------------

    def test_I5_J15_token_of_one_with_the_key_of_the_other(self):
        for route in self.each(USER):
            call = Call(self.a, route)
            with self.subTest(route=route.name), self.assertNothingChanges(self.a.slug, self.b.slug):
                for kind in ('publishable_key', 'secret_key'):
                    self.assertError(call.send(key=self.b.tenant[kind]), 401, 'invalid_token')

    def test_I5_token_of_one_never_reads_the_other(self):
        for route in self.each(USER):
            with self.subTest(route=route.name):
                call = Call(self.a, route)
                with self.assertUnchanged(self.b):
                    call.send(headers={'X-Tenant-Id': self.b.tenant['id']})

    def assertUnchanged(self, world):
        class Unchanged:
            def __enter__(this):
                this.before = self.server.contents(world.slug)[world.slug]

            def __exit__(this, kind, *_):
                if kind is None:
                    self.assertEqual(this.before, self.server.contents(world.slug)[world.slug])
        return Unchanged()

    def test_tenant_header_that_disagrees(self):
        for route in self.each(PUBLISHABLE, SECRET, USER):
            call = Call(self.a, route)
            key = {'key': call.credential.get('key', self.a.tenant['publishable_key'])}
            with self.subTest(route=route.name), self.assertNothingChanges(self.a.slug, self.b.slug):
                for name in (self.b.tenant['id'], self.b.slug, 'tnt_unknown', ''):
                    reply = call.send(headers={'X-Tenant-Id': name}, **key)
                    self.assertError(reply, 403, 'tenant_mismatch')

    def test_tenant_in_the_body_that_disagrees(self):
        for route in self.each(PUBLISHABLE, SECRET, USER):
            call = Call(self.a, route)
            if call.body:
                key = {'key': call.credential.get('key', self.a.tenant['publishable_key'])}
                with self.subTest(route=route.name), self.assertNothingChanges(self.a.slug, self.b.slug):
                    for field in ('tenant', 'tenant_id', 'tenantId'):
                        call.body = {**call.body, field: self.b.tenant['id']}
                        self.assertError(call.send(**key), 403, 'tenant_mismatch')
                        del call.body[field]

    def test_keys_open_only_their_own_kind_of_route(self):
        """The advisory class of low privileges at admin endpoints: credential kind x route, from the document."""
        credentials = {'nobody': {}, PUBLISHABLE: {'key': self.a.tenant['publishable_key']},
                       SECRET: {'key': self.a.tenant['secret_key']}, 'secret bearer': {'token': self.a.tenant['secret_key']},
                       USER: {'token': self.a.session['access_token']}, OPERATOR: {'token': self.server.env['OPERATOR_KEY']},
                       'operator as client': {'key': self.server.env['OPERATOR_KEY']},
                       'refresh token': {'token': self.a.session['refresh_token']}}
        opens = {PUBLISHABLE: {PUBLISHABLE, SECRET, 'secret bearer'}, SECRET: {SECRET, 'secret bearer'}, USER: {USER},
                 OPERATOR: {OPERATOR, 'operator as client'}, ADMIN: {OPERATOR, 'operator as client'}}
        for route in self.each(*opens):
            call = Call(self.a, route)
            with self.assertNothingChanges(self.a.slug):
                for name, credential in credentials.items():
                    if name not in opens[route.need]:
                        with self.subTest(route=route.name, credential=name):
                            reply = call.send(credential=credential)
                            self.assertIn(reply.status, (401, 403), reply)

    # -- ids ----------------------------------------------------------------------------------------

    def test_IDOR_every_id_of_the_other_tenant(self):
        """Each id in a path replaced by one that exists, in the other tenant."""
        swaps = 0
        for route in self.each(USER, OPERATOR, ADMIN):
            if len(route.parameters) == 0 or (route.need != USER and len(route.parameters) < 2):
                continue
            mine, others = Call(self.a, route), Call(self.b, route)
            mine_parts, other_parts = mine.path.split('/'), others.path.split('/')
            places = [i for i, part in enumerate(route.path.split('/')) if part.startswith('{')]
            for i in places[1:] if route.need != USER else places:
                if mine_parts[i] == other_parts[i]:
                    continue
                swapped = '/'.join(mine_parts[:i] + [other_parts[i]] + mine_parts[i + 1:])
                with self.subTest(route=route.name, path=swapped), self.assertNothingChanges(self.a.slug, self.b.slug):
                    self.assertError(mine.send(path=swapped), 404, 'not_found')
                    swaps += 1
        self.assertGreater(swaps, 5)

    def test_IDOR_another_users_session(self):
        stranger = self.server.new_user(key=self.a.tenant['publishable_key'])
        reply = self.server.request('DELETE', f'/v1/auth/sessions/{stranger["session"]["id"]}',
                                    token=self.a.session['access_token'])
        self.assertError(reply, 404, 'not_found')
        self.assertEqual(self.server.get('/v1/auth/me', token=stranger['session']['access_token']).status, 200)

    def test_refresh_tokens_stay_at_home(self):
        with self.assertNothingChanges(self.a.slug, self.b.slug):
            reply = self.server.refresh(self.a.session['refresh_token'], key=self.b.tenant['publishable_key'])
            self.assertError(reply, 401, 'refresh_token_invalid')

    def test_verify_knows_only_its_own(self):
        reply = self.server.post('/v1/sessions/verify', {'token': self.a.session['access_token']},
                                 key=self.b.tenant['secret_key'])
        self.assertEqual((reply.status, reply.json), (200, {'active': False}))

    def test_a_session_row_copied_to_another_tenant_is_no_session(self):
        """Rule 7 of tenancy: what is keyed to a tenant does not open elsewhere, even with the row in place."""
        session = self.a.sign_in()
        row = self.server.tenant_sql(self.a.slug, f"SELECT s::text FROM session s WHERE id = '{session['id']}'")[0]
        user = self.server.tenant_sql(self.a.slug, f"SELECT u::text FROM app_user u WHERE id = '{self.a.user['user']['id']}'")[0]

        def quote(text):
            return text.replace("'", "''")
        self.server.tenant_sql(self.b.slug, f"INSERT INTO app_user SELECT (('{quote(user)}')::app_user).*;"
                                            f"INSERT INTO session SELECT (('{quote(row)}')::session).*")
        key = self.b.tenant['publishable_key']
        self.assertError(self.server.refresh(session['refresh_token'], key=key), 401, 'refresh_token_invalid')
        self.assertError(self.server.get('/v1/auth/me', token=session['access_token'], key=key), 401, 'invalid_token')

    def test_a_sealed_signing_key_copied_to_another_tenant_does_not_open(self):
        victim, thief = self.tenant(), self.tenant()
        sealed = f"""UPDATE authd_control.signing_key SET sealed_secret = (SELECT sealed_secret FROM authd_control.signing_key
                     WHERE tenant_id = '{victim['id']}') WHERE tenant_id = '{thief['id']}'"""
        self.server.sql(sealed)
        self.server.operator('PATCH', f'/v1/tenants/{thief["slug"]}', {'name': 'reload'})
        reply = self.server.post('/v1/auth/sign-up', {'email': 'a@example.com', 'password': authd.PASSWORD},
                                 key=thief['publishable_key'])
        if reply.status == 201:
            # Served from the old snapshot at most: signed by its own key, never by the victim's.
            claims = authd.jwt_payload(reply.json['session']['access_token'])
            self.assertEqual(claims['tenant'], thief['id'])
        user = self.server.new_user(key=victim['publishable_key'])
        self.assertEqual(self.server.get('/v1/auth/me', token=user['session']['access_token']).status, 200)

    # -- same names, different things ---------------------------------------------------------------

    def test_I4_the_same_email_in_two_tenants(self):
        users = {}
        for world, password in ((self.a, authd.PASSWORD), (self.b, examples.OTHER_PASSWORD)):
            users[world] = self.server.new_user(key=world.tenant['publishable_key'], email='same@example.com',
                                                password=password)
        self.assertNotEqual(users[self.a]['user']['id'], users[self.b]['user']['id'])
        sign_in = self.server.sign_in
        self.assertEqual(sign_in('same@example.com', examples.OTHER_PASSWORD, key=self.a.tenant['publishable_key']).status, 401)
        self.assertEqual(sign_in('same@example.com', examples.OTHER_PASSWORD, key=self.b.tenant['publishable_key']).status, 200)
        self.server.post('/v1/auth/sign-out?scope=all', token=users[self.a]['session']['access_token'])
        self.assertEqual(self.server.get('/v1/auth/me', token=users[self.b]['session']['access_token']).status, 200)

    def test_cursors_belong_to_tenant_user_and_filter(self):
        for world in (self.a, self.b):
            for _ in range(3):
                world.other_session()
        page = self.server.get('/v1/auth/sessions?limit=1', token=self.a.session['access_token'])
        cursor = page.json['next_cursor']
        self.assertTrue(cursor)
        self.assertNotIn(self.a.user['user']['id'], cursor)
        stranger = self.server.new_user(key=self.a.tenant['publishable_key'])
        for token in (self.b.session['access_token'], stranger['session']['access_token']):
            reply = self.server.get(f'/v1/auth/sessions?limit=1&cursor={cursor}', token=token)
            self.assertIn(reply.status, (400, 422), reply)
        op = self.server.operator
        cursor = op('GET', '/v1/tenants?limit=1').json['next_cursor']
        for path in (f'/v1/tenants?limit=1&status=suspended&cursor={cursor}', f'/v1/operators?cursor={cursor}',
                     f'/v1/audit?cursor={cursor}', f'{self.a.base}/clients?cursor={cursor}'):
            self.assertIn(op('GET', path).status, (400, 422), path)
        changed = cursor[:-2] + ('A' if cursor[-2] != 'A' else 'B') + cursor[-1]
        self.assertIn(op('GET', f'/v1/tenants?limit=1&cursor={changed}').status, (400, 422))

    def test_lists_show_only_ones_own(self):
        key_b = self.b.new_client()
        clients = self.server.operator('GET', f'{self.a.base}/clients?limit=100').json['data']
        self.assertNotIn(key_b, [c['id'] for c in clients])
        sessions = self.server.get('/v1/auth/sessions?limit=100', token=self.a.session['access_token']).json['data']
        self.assertEqual({s['user_id'] for s in sessions}, {self.a.user['user']['id']})

    def test_one_jwks_each(self):
        kids = [{k['kid'] for k in self.server.get(f'/t/{w.slug}/.well-known/jwks.json').json['keys']}
                for w in (self.a, self.b)]
        self.assertFalse(kids[0] & kids[1])
        self.assertError(self.server.get('/.well-known/jwks.json'), 404, 'not_found')


if __name__ == '__main__':
    authd.main()
