# SPDX-License-Identifier: Apache-2.0
"""How each route is called so that it succeeds. One row per route; scenarios, isolation, bad input and chaos all walk this
table, and a route of /openapi.json that is not in it fails the suite."""
import itertools

import authd
import openapi

OTHER_PASSWORD = 'copper-lantern-52-sky'
NOTHING, PUBLISHABLE, SECRET, USER, OPERATOR, ADMIN = (
    'nothing', 'publishable-key', 'secret-key', 'user-token', 'operator', 'operator-admin')


class World:
    """A tenant with a user, a client, a key, and whatever else a call wants to exist. Credentials by need."""
    serial = itertools.count(1)

    def __init__(self, server, operator_key=None, **policy):
        self.server = server
        generous = {f'rate_limit_{what}': 0 for what in ('address', 'identifier', 'key', 'tenant')}
        self.tenant = server.new_tenant(policy={**generous, **policy})
        self.slug, self.client = self.tenant['slug'], self.tenant['client_id']
        self.base = f'/v1/tenants/{self.slug}'
        self.operator_key = operator_key or server.env['OPERATOR_KEY']
        self.spent = None  # what makes good again what the last call used up
        self.new_user()

    def credential(self, need):
        return {NOTHING: {}, PUBLISHABLE: {'key': self.tenant['publishable_key']},
                SECRET: {'key': self.tenant['secret_key']}, USER: {'token': self.session['access_token']},
                OPERATOR: {'token': self.operator_key}, ADMIN: {'token': self.operator_key}}[need]

    # -- things that a call uses up -----------------------------------------------------------------

    def fresh(self, what):
        return f'{what}-{next(self.serial)}'

    def email(self):
        return f'{self.fresh("guest")}@example.com'

    def sign_in(self):
        """A new session for the world's user."""
        self.session = self.server.sign_in(self.user['email'], key=self.tenant['publishable_key']).json['session']
        return self.session

    def other_session(self):
        keep = self.session
        made = self.sign_in()
        self.session = keep
        return made['id']

    def new_user(self):
        self.user = self.server.new_user(key=self.tenant['publishable_key'])
        self.session = self.user['session']

    def make(self, path, body):
        reply = self.server.operator('POST', path, body)
        assert reply.status == 201, reply
        return reply.json

    def new_client(self):
        return self.make(f'{self.base}/clients', {'name': self.fresh('client')})['id']

    def keys(self):
        return f'{self.base}/clients/{self.client}/keys'

    def new_key(self):
        return self.make(self.keys(), {'kind': 'secret'})['id']

    def new_operator(self):
        return self.make('/v1/operators', {'name': self.fresh('operator'), 'role': 'reader'})['id']

    def new_operator_key(self):
        operator = self.new_operator()
        return f'{operator}/keys/{self.make(f"/v1/operators/{operator}/keys", {})["id"]}'

    def new_tenant(self):
        return self.server.new_tenant()['slug']

    def suspended_tenant(self):
        slug = self.new_tenant()
        self.server.operator('POST', f'/v1/tenants/{slug}/suspend')
        return slug


def _change_password(w):
    w.spent = World.new_user
    return '/v1/auth/password/change', {'current_password': authd.PASSWORD, 'new_password': OTHER_PASSWORD}


def _sign_out(w):
    w.spent = World.sign_in
    return '/v1/auth/sign-out', None


def _end_others(w):
    w.other_session()
    return '/v1/auth/sessions', None


def fixed(path, body=None):
    """A call that can be repeated for ever."""
    return lambda w: (path.format(w=w), body)


# shape → what makes (path, body) of one call; it may prepare things first.
EXAMPLES = {
    'POST /v1/auth/sign-up': lambda w: ('/v1/auth/sign-up', {'email': w.email(), 'password': authd.PASSWORD,
                                                             'name': 'Ada', 'metadata': {'plan': 'free'}}),
    'POST /v1/auth/sign-in': lambda w: ('/v1/auth/sign-in', {'email': w.user['email'], 'password': authd.PASSWORD}),
    'POST /v1/auth/token/refresh': lambda w: ('/v1/auth/token/refresh', {'refresh_token': w.session['refresh_token']}),
    'POST /v1/auth/sign-out': _sign_out,
    'GET /v1/auth/me': fixed('/v1/auth/me'),
    'PATCH /v1/auth/me': lambda w: ('/v1/auth/me', {'name': w.fresh('Ada'), 'metadata': {'plan': 'free'}}),
    'POST /v1/auth/password/change': _change_password,
    'GET /v1/auth/sessions': fixed('/v1/auth/sessions'),
    'DELETE /v1/auth/sessions/{}': lambda w: (f'/v1/auth/sessions/{w.other_session()}', None),
    'DELETE /v1/auth/sessions': _end_others,
    'GET /v1/auth/config': fixed('/v1/auth/config'),
    'POST /v1/sessions/verify': lambda w: ('/v1/sessions/verify', {'token': w.session['access_token']}),
    'GET /v1/users/lockout': lambda w: (f'/v1/users/lockout?email={w.user["email"]}', None),
    'POST /v1/users/unlock': lambda w: ('/v1/users/unlock', {'email': w.user['email']}),
    'GET /t/{}/.well-known/jwks.json': fixed('/t/{w.slug}/.well-known/jwks.json'),
    'GET /t/{}/.well-known/oauth-authorization-server': fixed('/t/{w.slug}/.well-known/oauth-authorization-server'),
    'GET /.well-known/oauth-authorization-server/t/{}': fixed('/.well-known/oauth-authorization-server/t/{w.slug}'),
    'GET /t/{}/.well-known/openid-configuration': fixed('/t/{w.slug}/.well-known/openid-configuration'),
    'GET /openapi.json': fixed('/openapi.json'),

    'POST /v1/tenants': lambda w: ('/v1/tenants', {'slug': w.fresh('fresh'), 'name': 'Fresh', 'environment': 'test',
                                                   'policy': {'session_duration': '8h'}}),
    'GET /v1/tenants': fixed('/v1/tenants'),
    'GET /v1/tenants/{}': fixed('{w.base}'),
    'PATCH /v1/tenants/{}': lambda w: (w.base, {'name': w.fresh('Acme'), 'policy': {'lockout_after': 9}}),
    'DELETE /v1/tenants/{}': lambda w: (f'/v1/tenants/{w.new_tenant()}', None),
    'POST /v1/tenants/{}/suspend': lambda w: (f'/v1/tenants/{w.new_tenant()}/suspend', None),
    'POST /v1/tenants/{}/reactivate': lambda w: (f'/v1/tenants/{w.suspended_tenant()}/reactivate', None),
    'POST /v1/tenants/{}/keys/rotate': lambda w: (f'/v1/tenants/{w.new_tenant()}/keys/rotate', {'revoke': False}),
    'GET /v1/tenants/{}/keys': fixed('{w.base}/keys'),
    'POST /v1/tenants/{}/clients': lambda w: (f'{w.base}/clients', {'name': w.fresh('Shop'), 'type': 'web'}),
    'GET /v1/tenants/{}/clients': fixed('{w.base}/clients'),
    'GET /v1/tenants/{}/clients/{}': fixed('{w.base}/clients/{w.client}'),
    'PATCH /v1/tenants/{}/clients/{}': lambda w: (f'{w.base}/clients/{w.client}', {'name': w.fresh('Shop')}),
    'DELETE /v1/tenants/{}/clients/{}': lambda w: (f'{w.base}/clients/{w.new_client()}', None),
    'POST /v1/tenants/{}/clients/{}/keys': lambda w: (w.keys(), {'kind': 'secret'}),
    'GET /v1/tenants/{}/clients/{}/keys': lambda w: (w.keys(), None),
    'POST /v1/tenants/{}/clients/{}/keys/{}/roll': lambda w: (f'{w.keys()}/{w.new_key()}/roll', {'overlap': '1h'}),
    'DELETE /v1/tenants/{}/clients/{}/keys/{}': lambda w: (f'{w.keys()}/{w.new_key()}', None),
    'POST /v1/operators': lambda w: ('/v1/operators', {'name': w.fresh('Olga'), 'role': 'reader'}),
    'GET /v1/operators': fixed('/v1/operators'),
    'GET /v1/operators/me': fixed('/v1/operators/me'),
    'GET /v1/operators/{}': lambda w: (f'/v1/operators/{w.new_operator()}', None),
    'PATCH /v1/operators/{}': lambda w: (f'/v1/operators/{w.new_operator()}', {'name': w.fresh('Olga')}),
    'DELETE /v1/operators/{}': lambda w: (f'/v1/operators/{w.new_operator()}', None),
    'POST /v1/operators/{}/keys': lambda w: (f'/v1/operators/{w.new_operator()}/keys', None),
    'GET /v1/operators/{}/keys': lambda w: (f'/v1/operators/{w.new_operator()}/keys', None),
    'DELETE /v1/operators/{}/keys/{}': lambda w: (f'/v1/operators/{w.new_operator_key()}', None),
    'GET /v1/audit': fixed('/v1/audit'),
}


class Call:
    """One call of a route, prepared and ready to send, perhaps with something changed."""

    def __init__(self, world, route):
        self.world, self.route = world, route
        if world.spent:
            world.spent, renew = None, world.spent
            renew(world)
        self.path, self.body = EXAMPLES[route.shape](world)
        self.credential = world.credential(route.need)

    def again(self):
        """The same call for something that has not happened yet: nothing is prepared anew but who calls."""
        twin = object.__new__(Call)
        twin.world, twin.route, twin.path = self.world, self.route, self.path
        twin.body = dict(self.body) if self.body else self.body
        twin.credential = self.world.credential(self.route.need)
        return twin

    def send(self, path=None, credential=None, **kw):
        more = self.credential if credential is None else credential
        body = {} if 'raw' in kw else {'body': self.body}
        return self.world.server.request(self.route.method, path or self.path, **{**body, **more, **kw})


def routes(server):
    """All routes of the server, each of which must have an example; and no example without route."""
    all_routes = openapi.routes(server.openapi())
    missing = {r.shape for r in all_routes} ^ set(EXAMPLES)
    assert not missing, f'examples.py and /openapi.json differ: {sorted(missing)}'
    return all_routes
