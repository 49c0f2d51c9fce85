# SPDX-License-Identifier: Apache-2.0
"""Every route of /openapi.json, called as documented: it succeeds with the documented status and shape, and every refusal
that its row documents can be provoked and looks as documented. A code that is documented for a route and that nothing
here provokes fails the last test."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402
import examples  # noqa: E402
from examples import ADMIN, Call, OPERATOR, PUBLISHABLE, SECRET, USER, World  # noqa: E402

ORIGIN = 'https://stranger.example'
NOWHERE = {'tenant': 'no-such-tenant', 'client': 'cli_' + '0' * 26, 'key': 'key_' + '0' * 26, 'operator': 'adm_' + '0' * 26,
           'session': 'ses_' + '0' * 26}
# Provoked where the circumstances are: chaos and crash tests, the policy tests, the signing-key tests.
ELSEWHERE = {'internal_error', 'overloaded', 'tenant_db_unavailable', 'tenant_not_provisioned', 'tenant_capacity',
             'control_plane_unavailable', 'request_header_fields_too_large', 'rate_limited', 'token_expired'}
# Only when two callers meet in the same instant.
RACES = {('DELETE /v1/tenants/{}', 'conflict'), ('POST /v1/tenants/{}/keys/rotate', 'conflict')}


def refusal(code):
    """A test's way to provoke a code; it runs for every route whose row documents it."""
    def mark(method):
        method.code = code
        return method
    return mark


class Refusals:
    """code → a call of the route that must be answered with it. None: not for this route."""

    def __init__(self, world):
        self.w, self.calls = world, {}
        self.ways = {m.code: m for m in (getattr(self, n) for n in dir(self) if not n.startswith('__'))
                     if hasattr(m, 'code')}

    def call(self, route):
        """Refused calls use nothing up, so one preparation serves a route's refusals."""
        if route.shape not in self.calls or self.w.spent:
            self.calls[route.shape] = Call(self.w, route)
            self.w.spent = None
        return self.calls[route.shape].again()

    @refusal('bad_request')
    def repeated_query(self, route):
        call = self.call(route)
        return call.send(path=f'{call.path}{"&" if "?" in call.path else "?"}a=1&a=2')

    @refusal('invalid_client_key')
    def unknown_key(self, route):
        wrong = self.w.tenant['secret_key'][:-1] + ('x' if self.w.tenant['secret_key'][-1] != 'x' else 'y')
        if route.need in (OPERATOR, ADMIN):
            wrong = self.w.operator_key[:-1] + ('x' if self.w.operator_key[-1] != 'x' else 'y')
            return self.call(route).send(credential={'token': wrong})
        return self.call(route).send(key=wrong)

    @refusal('missing_token')
    def no_token(self, route):
        return self.call(route).send(credential={})

    @refusal('invalid_token')
    def no_jwt(self, route):
        return self.call(route).send(credential={'token': 'a.b.c'})

    @refusal('operator_key_required')
    def another_kind_of_key(self, route):
        return self.call(route).send(credential={'key': self.w.tenant['secret_key']})

    @refusal('insufficient_permissions')
    def lower_kind_of_key(self, route):
        if route.need == SECRET:
            return self.call(route).send(credential={'key': self.w.tenant['publishable_key']})
        if not hasattr(self, 'reader'):
            self.reader = self.w.make('/v1/operators', {'name': 'Rita', 'role': 'reader'})['key']
        return self.call(route).send(credential={'token': self.reader})

    @refusal('origin_not_allowed')
    def strange_origin(self, route):
        return self.call(route).send(origin=ORIGIN)

    @refusal('tenant_mismatch')
    def other_tenant(self, route):
        call = self.call(route)
        return call.send(key=call.credential.get('key') or self.w.tenant['publishable_key'],
                         headers={'X-Tenant-Id': 'tnt_' + '0' * 26})

    @refusal('tenant_suspended')
    def suspended(self, route):
        call = self.call(route)
        self.w.server.operator('POST', f'{self.w.base}/suspend')
        try:
            return call.send()
        finally:
            self.w.server.operator('POST', f'{self.w.base}/reactivate')

    @refusal('session_revoked')
    def signed_out(self, route):
        self.w.sign_in()
        call = Call(self.w, route)
        self.w.server.post('/v1/auth/sign-out', token=self.w.session['access_token'])
        reply = call.send()
        self.w.sign_in()
        return reply

    @refusal('account_banned')
    def banned(self, route):
        self.w.sign_in()
        call = Call(self.w, route)
        status = "UPDATE app_user SET status = '{}'"
        self.w.server.tenant_sql(self.w.slug, status.format('banned'))
        try:
            return call.send()
        finally:
            self.w.server.tenant_sql(self.w.slug, status.format('active'))

    @refusal('not_found')
    def unknown_id(self, route):
        call = self.call(route)
        path, names = call.path, route.parameters
        ids = [p for p, t in zip(path.split('/'), route.path.split('/')) if t.startswith('{')]
        last = ids[-1]
        prefix = last[:4] if re.match(r'[a-z]{3}_', last) else None
        return call.send(path=path.replace(last, prefix + '0' * 26 if prefix else 'no-such-' + names[-1][:6]))

    @refusal('invalid_json')
    def broken_json(self, route):
        return self.call(route).send(raw=b'{"a":', headers={'Content-Type': 'application/json'})

    @refusal('body_too_large')
    def huge_body(self, route):
        return self.call(route).send(raw=b' ' * 70000 + b'{}', headers={'Content-Type': 'application/json'})

    @refusal('unsupported_media_type')
    def form_body(self, route):
        return self.call(route).send(raw=b'a=b', headers={'Content-Type': 'application/x-www-form-urlencoded'})

    @refusal('unknown_field')
    def unknown_field(self, route):
        call = self.call(route)
        call.body = {**(call.body or {}), 'surprise': 1}
        return call.send()

    @refusal('validation_failed')
    def wrong_field(self, route):
        call = self.call(route)
        if call.body:
            call.body = {**call.body, next(iter(call.body)): 7.5}
            return call.send()
        query = [p['name'] for p in route.operation['parameters'] if p['in'] == 'query']
        return call.send(path=f'{call.path}?{query[0] if query else "surprise"}=%21')

    @refusal('precondition_failed')
    def stale_etag(self, route):
        return self.call(route).send(headers={'If-Match': '"stale"'})

    # -- codes of single flows ----------------------------------------------------------------------

    @refusal('invalid_credentials')
    def wrong_password(self, route):
        call = self.call(route)
        field = 'current_password' if 'current_password' in call.body else 'password'
        call.body = {**call.body, field: 'wrong-guess-12'}
        return call.send()

    @refusal('account_locked')
    def locked(self, route):
        self.w.server.policy(self.w.slug, lockout_after=1, lockout_delay='10m')
        try:
            call = self.call(route)
            self.w.server.sign_in(self.w.user['email'], 'wrong-guess-12', key=self.w.tenant['publishable_key'])
            self.w.server.prolong_lock(self.w.slug)
            return call.send()
        finally:
            self.w.server.policy(self.w.slug, lockout_after=None, lockout_delay=None)
            self.w.server.tenant_sql(self.w.slug, 'DELETE FROM attempt')

    def with_new_password(self, route, password):
        call = self.call(route)
        field = 'new_password' if 'new_password' in call.body else 'password'
        call.body = {**call.body, field: password}
        return call.send()

    @refusal('password_too_short')
    def short_password(self, route):
        return self.with_new_password(route, 'kiwi-4a')

    @refusal('password_too_common')
    def common_password(self, route):
        return self.with_new_password(route, 'password1')

    @refusal('sign_up_closed')
    def closed(self, route):
        self.w.server.policy(self.w.slug, sign_up='closed')
        try:
            return self.call(route).send()
        finally:
            self.w.server.policy(self.w.slug, sign_up='open')

    @refusal('email_already_exists')
    def taken_email(self, route):
        call = self.call(route)
        call.body['email'] = self.w.user['email'].upper()
        return call.send()

    @refusal('refresh_token_invalid')
    def no_refresh_token(self, route):
        call = self.call(route)
        call.body = {'refresh_token': 'rft_' + 'A' * 64}
        return call.send()

    @refusal('refresh_token_expired')
    def old_session(self, route):
        self.w.sign_in()
        call = Call(self.w, route)
        self.w.server.tenant_sql(self.w.slug, "UPDATE session SET created_at = created_at - interval '31 days'")
        reply = call.send()
        self.w.sign_in()
        return reply

    @refusal('slug_taken')
    def taken_slug(self, route):
        call = self.call(route)
        call.body['slug'] = self.w.slug
        return call.send()

    @refusal('conflict')
    def not_in_that_state(self, route):
        return CONFLICTS[route.shape](self.w, Call(self.w, route))


def _twice(w, call):
    call.send()
    return call.send()


def _revoked(w, call):
    path = call.path.rsplit('/', 1)[0]
    w.server.operator('DELETE', path)
    return call.send()


def _last_admin_key(w, call):
    me = w.server.operator('GET', '/v1/operators/me').json
    keys = w.server.operator('GET', f'/v1/operators/{me["id"]}/keys').json['data']
    path = {'DELETE /v1/operators/{}': f'/v1/operators/{me["id"]}',
            'PATCH /v1/operators/{}': f'/v1/operators/{me["id"]}',
            'DELETE /v1/operators/{}/keys/{}': f'/v1/operators/{me["id"]}/keys/{keys[0]["id"]}'}[call.route.shape]
    if call.route.method == 'PATCH':
        call.body = {'role': 'reader'}
    return call.send(path=path)


def _on_suspended(w, call):
    slug = w.new_tenant()
    return call.send(path=f'/v1/tenants/{slug}/reactivate')


def _machine_without_publishable(w, call):
    client = w.make(f'{w.base}/clients', {'name': w.fresh('spa'), 'type': 'spa'})
    return call.send(path=f'{w.base}/clients/{client["id"]}/keys')


# What "not in a state that allows this" is for each route that documents it.
CONFLICTS = {
    'POST /v1/tenants/{}/suspend': _twice,
    'POST /v1/tenants/{}/reactivate': _on_suspended,
    'POST /v1/tenants/{}/clients/{}/keys': _machine_without_publishable,
    'POST /v1/tenants/{}/clients/{}/keys/{}/roll': _revoked,
    'DELETE /v1/tenants/{}/clients/{}/keys/{}': _twice,
    'DELETE /v1/operators/{}': _last_admin_key,
    'PATCH /v1/operators/{}': _last_admin_key,
    'DELETE /v1/operators/{}/keys/{}': _last_admin_key,
}


class Scenarios(authd.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.routes = examples.routes(cls.server)
        cls.world = World(cls.server)

    def test_every_route_succeeds_as_documented(self):
        for route in self.routes:
            with self.subTest(route=route.name):
                reply = Call(self.world, route).send()
                self.assertEqual(reply.status, route.success, reply)
                schema = route.operation['responses'][str(reply.status)].get('content')
                self.assertEqual(reply.status == 204, reply.body == b'', reply)
                if schema:
                    self.assertShape(reply.json, schema['application/json']['schema'])

    def assertShape(self, value, schema, where=''):
        """The part of JSON Schema that the document uses."""
        while '$ref' in schema:
            schema = self.server.openapi()['components']['schemas'][schema['$ref'].rsplit('/', 1)[1]]
        for alternative in schema.get('anyOf', schema.get('oneOf', [])):
            if alternative.get('type') != 'null' and value is not None:
                self.assertShape(value, alternative, where)
        types = schema.get('type')
        if value is None:
            allowed = types is None or 'null' in types or schema.get('anyOf') or schema.get('oneOf')
            self.assertTrue(allowed, f'{where} is null')
            return
        kinds = {'object': dict, 'array': list, 'string': str, 'integer': int, 'boolean': bool, 'number': (int, float)}
        if types:
            names = [types] if isinstance(types, str) else types
            self.assertTrue(any(isinstance(value, kinds[n]) for n in names if n != 'null'), f'{where}: {value!r}: {types}')
        if isinstance(value, dict) and 'properties' in schema:
            self.assertLessEqual(set(value), set(schema['properties']), where)
            self.assertLessEqual(set(schema.get('required', [])), set(value), where)
            for name, member in value.items():
                self.assertShape(member, schema['properties'][name], f'{where}.{name}')
        if isinstance(value, list) and 'items' in schema:
            for item in value:
                self.assertShape(item, schema['items'], f'{where}[]')

    def test_every_documented_refusal(self):
        refusals = Refusals(self.world)
        statuses = self.error_rows()
        for route in self.routes:
            for code, status in route.codes.items():
                if code in ELSEWHERE or (route.shape, code) in RACES:
                    continue
                with self.subTest(route=route.name, code=code):
                    self.assertEqual(statuses[code], status)
                    self.assertIn(code, refusals.ways, 'no way to provoke it')
                    reply = refusals.ways[code](route)
                    if code == 'body_too_large' and reply.code is None:  # the contract's exception: said before our code runs
                        self.assertEqual((reply.status, reply.headers['Connection']), (413, 'close'))
                    else:
                        self.assertError(reply, status, code)

    def error_rows(self):
        with open(os.path.join(authd.SOURCE, 'include', 'authd', 'errors.def')) as f:
            return {code: int(status) for code, status in re.findall(r'^ERR\((\w+), (\d+)', f.read(), re.M)}

    def test_every_error_code_is_documented_somewhere(self):
        documented = {code for route in self.routes for code in route.codes}
        self.assertEqual(set(self.error_rows()) - documented, {'method_not_allowed'})

    def test_method_not_allowed_everywhere(self):
        paths = {}
        for route in self.routes:
            paths.setdefault(route.path, []).append(route)
        for path, rows in paths.items():
            with self.subTest(path=path):
                reply = Call(self.world, rows[0])
                answer = self.server.request('PUT', reply.path)
                self.assertError(answer, 405, 'method_not_allowed')
                allowed = set(re.split(', *', answer.headers['Allow']))
                expected = {r.method for r in rows} | {'OPTIONS'} | ({'HEAD'} if 'GET' in {r.method for r in rows} else set())
                self.assertEqual(allowed, expected)

    def test_no_route_writes_without_a_need(self):
        for route in self.routes:
            if route.method != 'GET':
                self.assertNotEqual(route.need, 'nothing', route)

    def test_V7_6_2_only_signing_in_starts_a_session(self):
        started = set()
        for route in self.routes:
            call = Call(self.world, route)
            count = 'SELECT count(*) FROM session'
            before = self.server.tenant_sql(self.world.slug, count)
            call.send()
            if self.server.tenant_sql(self.world.slug, count) != before:
                started.add(route.shape)
        self.assertEqual(started, {'POST /v1/auth/sign-up', 'POST /v1/auth/sign-in'})

    def test_secrets_are_not_read_back(self):
        """The advisory class of secrets visible in API reads: no GET answers with a member that is shown once."""
        once = re.compile(r'^(key|secret_key|publishable_key|access_token|refresh_token|password|hash|sealed.*|wrapped.*)$')

        def names(value):
            if isinstance(value, dict):
                for name, member in value.items():
                    yield name
                    yield from names(member)
            if isinstance(value, list):
                for item in value:
                    yield from names(item)
        for route in self.routes:
            if route.method == 'GET' and route.path != '/openapi.json':
                with self.subTest(route=route.name):
                    reply = Call(self.world, route).send()
                    self.assertEqual([n for n in names(reply.json) if once.match(n)], [])


class EndUser(authd.TestCase):
    """One user's life, in the words of the contract."""

    def test_sign_up_sign_in_me(self):
        tenant = self.tenant()
        made = self.server.post('/v1/auth/sign-up', {'email': 'Ada@Example.com', 'password': authd.PASSWORD, 'name': 'Ada',
                                                     'metadata': {'plan': 'pro'}}, key=tenant['publishable_key'])
        self.assertEqual(made.status, 201)
        user, session = made.json['user'], made.json['session']
        self.assertEqual((user['email'], user['email_verified'], user['name'], user['roles'], user['public_metadata']),
                         ('Ada@Example.com', False, 'Ada', [], {'plan': 'pro'}))
        self.assertRegex(user['id'], '^usr_[0-9A-HJKMNP-TV-Z]{26}$')
        self.assertEqual(session['token_type'], 'Bearer')
        self.assertRegex(session['refresh_token'], '^rft_[A-Za-z0-9_-]{64}$')
        self.assertRegex(session['access_token_expires_at'], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$')
        again = self.server.sign_in('ada@example.COM', key=tenant['publishable_key']).json
        self.assertEqual(again['user'], user)
        me = self.server.get('/v1/auth/me', token=again['session']['access_token'])
        self.assertEqual(me.json, user)

    def test_T1_claims(self):
        tenant = self.tenant()
        user = self.server.new_user(key=tenant['publishable_key'])
        fresh = self.server.refresh(user['session']['refresh_token'], key=tenant['publishable_key']).json
        for session in (user['session'], fresh):
            claims = authd.jwt_payload(session['access_token'])
            self.assertEqual(claims['iss'], tenant['issuer'])
            self.assertEqual(claims['sub'], user['user']['id'])
            self.assertEqual(claims['client_id'], tenant['client_id'])
            self.assertEqual(claims['sid'], user['session']['id'])
            self.assertEqual(claims['amr'], ['pwd'])
            self.assertEqual(claims['email'], user['email'])
            self.assertEqual([claims[n] for n in ('tenant', 'tenant_id', 'tenantId', 'aud')], [tenant['id']] * 4)
            self.assertLessEqual({'exp', 'iat', 'jti', 'auth_time', 'acr'}, set(claims))
            for absent in ('org_id', 'org_role', 'permissions'):
                self.assertNotIn(absent, claims)

    def test_profile(self):
        user = self.server.new_user()
        token = user['session']['access_token']
        changed = self.server.request('PATCH', '/v1/auth/me', {'name': 'Ada', 'metadata': {'a': [1, 'x', None]}}, token=token)
        self.assertEqual((changed.json['name'], changed.json['public_metadata']), ('Ada', {'a': [1, 'x', None]}))
        kept = self.server.request('PATCH', '/v1/auth/me', {}, token=token)
        self.assertEqual((kept.json['name'], kept.json['public_metadata']), ('Ada', {'a': [1, 'x', None]}))
        gone = self.server.request('PATCH', '/v1/auth/me', {'name': None, 'metadata': None}, token=token)
        self.assertEqual((gone.json['name'], gone.json['public_metadata']), (None, {}))

    def test_sign_in_form(self):
        tenant = self.tenant(sign_up='closed', password_min_length=15)
        config = self.server.get('/v1/auth/config', key=tenant['publishable_key']).json
        self.assertEqual(config, {'sign_up': 'closed', 'password_min_length': 15, 'methods': ['password']})

    def test_verify(self):
        tenant = self.tenant()
        user = self.server.new_user(key=tenant['publishable_key'])
        token = user['session']['access_token']
        good = self.server.post('/v1/sessions/verify', {'token': token}, key=tenant['secret_key']).json
        self.assertEqual((good['active'], good['user']['id'], good['session']['id']),
                         (True, user['user']['id'], user['session']['id']))
        self.assertEqual(good['claims'], authd.jwt_payload(token))
        for bad in ('x', token[:-1], user['session']['refresh_token']):
            reply = self.server.post('/v1/sessions/verify', {'token': bad}, key=tenant['secret_key'])
            self.assertEqual((reply.status, reply.json), (200, {'active': False}))

    def test_unlock(self):
        tenant = self.tenant(lockout_after=1, lockout_delay='1h')
        user = self.server.new_user(key=tenant['publishable_key'])
        self.server.sign_in(user['email'], 'wrong-guess-12', key=tenant['publishable_key'])
        self.server.prolong_lock(tenant['slug'])
        self.assertError(self.server.sign_in(user['email'], key=tenant['publishable_key']), 429, 'account_locked')
        unlocked = self.server.post('/v1/users/unlock', {'email': user['email']}, key=tenant['secret_key'])
        self.assertEqual(unlocked.status, 204)
        self.assertEqual(self.server.sign_in(user['email'], key=tenant['publishable_key']).status, 200)

    def test_lockout(self):
        tenant = self.tenant(lockout_after=2, lockout_delay='1h')
        ask = lambda email: self.server.get(f'/v1/users/lockout?email={email}', key=tenant['secret_key'])  # noqa: E731
        free = {'failures': 0, 'locked_until': None, 'disabled': False}
        self.assertEqual(ask('nobody@example.com').json, free)
        for failures in (1, 2):
            self.server.sign_in('Nobody@example.com', 'wrong-guess-12', key=tenant['publishable_key'])
            self.assertEqual(ask('nobody@example.com').json['failures'], failures)
        self.server.prolong_lock(tenant['slug'])
        self.assertIsNotNone(ask('nobody@example.com').json['locked_until'])
        self.server.post('/v1/users/unlock', {'email': 'nobody@example.com'}, key=tenant['secret_key'])
        self.assertEqual(ask('nobody@example.com').json, free)
        self.assertError(ask('no-address'), 422, 'validation_failed')
        refused = self.server.get('/v1/users/lockout?email=a@b.c', key=tenant['publishable_key'])
        self.assertError(refused, 403, 'insufficient_permissions')

    def test_keys_as_bearer(self):
        tenant = self.tenant()
        for credential in ({'token': tenant['secret_key']}, {'key': tenant['secret_key']},
                           {'key': tenant['secret_key'], 'token': tenant['secret_key']}):
            self.assertEqual(self.server.post('/v1/sessions/verify', {'token': 'x'}, **credential).status, 200)
        self.assertEqual(self.server.post('/v1/sessions/verify', {'token': 'x'}, token=tenant['publishable_key']).status, 401)

    def test_tenant_header_may_agree(self):
        tenant = self.tenant()
        user = self.server.new_user(key=tenant['publishable_key'])
        for name in (tenant['id'], tenant['slug']):
            reply = self.server.sign_in(user['email'], key=tenant['publishable_key'], headers={'X-Tenant-Id': name})
            self.assertEqual(reply.status, 200)
        token = user['session']['access_token']
        self.assertEqual(self.server.get('/v1/auth/me', token=token, headers={'X-Tenant-Id': 'tnt_other'}).status, 200,
                         'without a key it is ignored')


class ControlPlane(authd.TestCase):
    def test_a_tenants_life(self):
        op = self.server.operator
        made = op('POST', '/v1/tenants', {'slug': 'north-wind', 'name': 'North Wind', 'environment': 'dev',
                                          'policy': {'session_duration': '8h'}})
        self.assertEqual(made.status, 201, made)
        tenant = made.json
        self.assertEqual(tenant['issuer'], f"{self.server.env['BASE_URL']}/t/north-wind")
        self.assertEqual((tenant['status'], tenant['environment'], tenant['policy']['session_duration']),
                         ('active', 'dev', '8h'))
        self.assertTrue(tenant['client']['publishable_key'].startswith('pk_dev_'))
        self.assertTrue(tenant['client']['secret_key'].startswith('sk_dev_'))
        for name in ('north-wind', tenant['id']):
            got = op('GET', f'/v1/tenants/{name}')
            self.assertEqual((got.status, got.json['id']), (200, tenant['id']))
        changed = op('PATCH', '/v1/tenants/north-wind', {'policy': {'session_duration': None, 'lockout_after': 4}}).json
        self.assertEqual((changed['policy']['session_duration'], changed['policy']['lockout_after']), ('30d', 4))
        self.assertError(op('PATCH', '/v1/tenants/north-wind', {'slug': 'other'}), 422, 'unknown_field')
        self.assertEqual(op('POST', '/v1/tenants/north-wind/suspend').json['status'], 'suspended')
        self.assertEqual(op('GET', '/v1/tenants?status=suspended').json['data'][0]['slug'], 'north-wind')
        self.assertEqual(op('POST', '/v1/tenants/north-wind/reactivate').json['status'], 'active')
        self.assertEqual(op('DELETE', '/v1/tenants/north-wind').status, 204)
        self.assertNotIn('north-wind', [t['slug'] for t in op('GET', '/v1/tenants?limit=100').json['data']
                                        if t['status'] != 'deleted'])

    def test_etags(self):
        tenant = self.tenant()
        path = f'/v1/tenants/{tenant["slug"]}'
        etag = self.server.operator('GET', path).headers['ETag']
        ok = self.server.operator('PATCH', path, {'name': 'One'}, headers={'If-Match': etag})
        self.assertEqual(ok.status, 200)
        self.assertNotEqual(ok.headers['ETag'], etag)
        self.assertError(self.server.operator('PATCH', path, {'name': 'Two'}, headers={'If-Match': etag}), 412,
                         'precondition_failed')
        self.assertEqual(self.server.operator('GET', path).json['name'], 'One')

    def test_deleting_drops_the_database_unless_kept(self):
        def delete(query=''):
            tenant = self.tenant()
            database = self.server.tenant_database(tenant['slug'])
            self.assertEqual(self.server.operator('DELETE', f'/v1/tenants/{tenant["slug"]}{query}').status, 204)
            self.server.sql("UPDATE authd_control.tenant SET deleted_at = deleted_at - interval '1 minute'")
            self.server.new_tenant()  # wakes the background
            return lambda: self.server.sql(f"SELECT 1 FROM pg_database WHERE datname = '{database}'")
        kept = delete('?keep_database=true')
        for _ in range(2):  # once the second is gone, the round that dropped the first is over
            left = delete()
            authd.eventually(lambda: not left())
        self.assertTrue(kept())

    def test_readers_read(self):
        made = self.server.operator('POST', '/v1/operators', {'name': 'Rita', 'role': 'reader'}).json
        self.assertEqual(self.server.get('/v1/tenants', token=made['key']).status, 200)
        self.assertEqual(self.server.get('/v1/operators/me', token=made['key']).json['name'], 'Rita')
        self.assertError(self.server.request('POST', '/v1/tenants', {'slug': 'no-no'}, token=made['key']), 403,
                         'insufficient_permissions')
        self.assertEqual(self.server.operator('PATCH', f'/v1/operators/{made["id"]}', {'role': 'admin'}).status, 200)
        self.assertEqual(self.server.request('POST', '/v1/tenants', {'slug': 'yes-yes'}, token=made['key']).status, 201)

    def test_last_used_is_seen(self):
        tenant = self.tenant()
        self.server.new_user(key=tenant['publishable_key'])
        path = f'/v1/tenants/{tenant["slug"]}/clients/{tenant["client_id"]}/keys'
        authd.eventually(lambda: {k['kind'] for k in self.server.operator('GET', path).json['data'] if k['last_used_at']}
                         == {'publishable'})

    def test_audit_filters(self):
        tenant = self.tenant()
        self.server.policy(tenant['slug'], lockout_after=5)
        rows = self.server.operator('GET', f'/v1/audit?tenant={tenant["slug"]}').json['data']
        self.assertEqual({r['tenant_id'] for r in rows}, {tenant['id']})
        updated = self.server.operator('GET', f'/v1/audit?tenant={tenant["slug"]}&event=tenant.updated').json['data']
        self.assertEqual([r['event'] for r in updated], ['tenant.updated'])
        at = updated[0]['at']
        since = self.server.operator('GET', f'/v1/audit?tenant={tenant["slug"]}&since={at}').json['data']
        until = self.server.operator('GET', f'/v1/audit?tenant={tenant["slug"]}&until={at}').json['data']
        self.assertIn(updated[0]['id'], [r['id'] for r in since])
        self.assertNotIn(updated[0]['id'], [r['id'] for r in until])


class Browsers(authd.TestCase):
    def test_B21_public_documents_answer_any_origin(self):
        slug = self.server.env['TENANT_SLUG']
        for path in (f'/t/{slug}/.well-known/jwks.json', f'/t/{slug}/.well-known/openid-configuration', '/openapi.json'):
            reply = self.server.get(path, origin=ORIGIN)
            self.assertEqual((reply.status, reply.headers['Access-Control-Allow-Origin']), (200, '*'))
            pre = self.server.request('OPTIONS', path, origin=ORIGIN, headers={'Access-Control-Request-Method': 'GET'})
            self.assertEqual((pre.status, pre.headers['Access-Control-Allow-Origin']), (204, '*'))

    def test_operators_have_no_cors(self):
        for origin in (ORIGIN, self.server.env['ALLOWED_ORIGIN']):
            reply = self.server.operator('GET', '/v1/tenants', origin=origin)
            self.assertError(reply, 403, 'origin_not_allowed')
            pre = self.server.request('OPTIONS', '/v1/tenants', origin=origin,
                                      headers={'Access-Control-Request-Method': 'GET'})
            self.assertEqual(pre.status, 403)

    def test_errors_are_readable_by_the_listed_origin(self):
        tenant = self.tenant(allowed_origins=['https://app.acme.com'])
        for reply in (self.server.sign_in('a@example.com', key=tenant['publishable_key'], origin='https://app.acme.com'),
                      self.server.get('/v1/auth/me', key=tenant['publishable_key'], origin='https://app.acme.com'),
                      self.server.request('POST', '/v1/auth/sign-in', raw=b'{', key=tenant['publishable_key'],
                                          origin='https://app.acme.com', headers={'Content-Type': 'application/json'})):
            self.assertGreaterEqual(reply.status, 400)
            self.assertEqual(reply.headers['Access-Control-Allow-Origin'], 'https://app.acme.com')
            self.assertIn('X-Request-Id', reply.headers['Access-Control-Expose-Headers'].replace('x-request-id',
                                                                                                 'X-Request-Id'))

    def test_openapi_is_one_document(self):
        reply = self.server.get('/openapi.json')
        document = reply.json
        self.assertEqual(document['openapi'], '3.1.0')
        text = json.dumps(document)
        for name in re.findall(r'#/components/schemas/(\w+)', text):
            self.assertIn(name, document['components']['schemas'])
        ids = re.findall(r'"operationId": "([^"]+)"', text)
        self.assertEqual(len(ids), len(set(ids)))
        again = self.server.get('/openapi.json', headers={'If-None-Match': reply.headers['ETag']})
        self.assertEqual(again.status, 304)


if __name__ == '__main__':
    authd.main()
