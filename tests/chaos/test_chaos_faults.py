# SPDX-License-Identifier: Apache-2.0
"""Every statement of the storage floor made to fail in turn, before it is sent and after it was committed, while every
route is called. A failed call answers 5xx with the error body and leaves nothing half-written; afterwards the same call
works. Needs a build with fault injection (the dev preset)."""
import os
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402
import examples  # noqa: E402
from examples import ADMIN, Call, OPERATOR, PUBLISHABLE, SECRET, USER, World  # noqa: E402

BEFORE, AFTER = 'before', 'after'

# Each must be empty, whatever failed. Control plane, then a tenant's database.
CONTROL_INVARIANTS = """SET search_path = authd_control;
SELECT 'revision is not that of the last change' FROM feed_head WHERE revision <> (SELECT coalesce(max(revision), 0) FROM change);
SELECT 'tenant newer than the feed: ' || id FROM tenant WHERE revision > (SELECT revision FROM feed_head);
SELECT 'client without tenant: ' || id FROM client WHERE tenant_id NOT IN (SELECT id FROM tenant);
SELECT 'active tenant without signing key: ' || id FROM tenant t WHERE status IN ('active', 'suspended')
   AND NOT EXISTS (SELECT FROM signing_key k WHERE k.tenant_id = t.id AND k.revoked_at IS NULL AND k.signs_at <= now());
SELECT 'active tenant without its client: ' || id FROM tenant t WHERE status IN ('active', 'suspended')
   AND slug IS NOT NULL AND NOT EXISTS (SELECT FROM client c WHERE c.tenant_id = t.id);
SELECT 'tenant made without audit: ' || id FROM tenant t WHERE slug IS NOT NULL AND status <> 'provisioning'
   AND NOT EXISTS (SELECT FROM audit a WHERE a.tenant_id = t.id AND a.event = 'tenant.created');
SELECT 'client made without audit: ' || id FROM client c WHERE NOT EXISTS (SELECT FROM audit a WHERE a.target_id = c.id
   AND a.event = 'client.created') AND created_at > (SELECT min(created_at) FROM tenant t WHERE t.id = c.tenant_id)
   + interval '5 seconds';
SELECT 'operator made without key: ' || id FROM operator o WHERE NOT EXISTS (SELECT FROM operator_key k WHERE k.operator_id = o.id);
SELECT 'audit of a client that is not: ' || target_id FROM audit WHERE event LIKE 'client.%' AND target_id NOT IN (SELECT id FROM client);
SELECT 'audit of an operator that is not: ' || target_id FROM audit WHERE event IN ('operator.created', 'operator.deleted')
   AND target_id NOT IN (SELECT id FROM operator)"""
TENANT_INVARIANTS = """SELECT 'user without password: ' || id FROM app_user WHERE id NOT IN (SELECT user_id FROM password);
SELECT 'user without audit: ' || id FROM app_user u WHERE NOT EXISTS (SELECT FROM audit a WHERE a.user_id = u.id AND a.event = 'user.signed_up');
SELECT 'audit of a user that is not: ' || user_id FROM audit WHERE event = 'user.signed_up' AND user_id NOT IN (SELECT id FROM app_user);
SELECT 'session without audit: ' || id FROM session s WHERE NOT EXISTS (SELECT FROM audit a WHERE a.session_id = s.id
   AND a.event IN ('user.signed_up', 'user.signed_in'));
SELECT 'audit of a session that is not: ' || session_id FROM audit WHERE event IN ('user.signed_up', 'user.signed_in')
   AND session_id NOT IN (SELECT id FROM session);
SELECT 'session ended without reason: ' || id FROM session WHERE (ended_at IS NULL) <> (end_reason IS NULL);
SELECT 'session of nobody: ' || id FROM session WHERE user_id NOT IN (SELECT id FROM app_user)"""


def statements(*patterns):
    """Names in the .sql files of these names."""
    store = os.path.join(authd.SOURCE, 'authd', 'store')
    names = []
    for file in sorted(os.listdir(store)):
        if file.endswith('.sql') and any(re.fullmatch(p, file) for p in patterns):
            with open(os.path.join(store, file)) as f:
                names += re.findall(r'^-- name: (\w+)', f.read(), re.M)
    return names


class Faults(authd.TestCase):
    fault_file = None

    @classmethod
    def setUpClass(cls):
        with open(os.path.join(authd.BUILD, 'CMakeCache.txt')) as f:
            if 'AUTHD_FAULTS:BOOL=ON' not in f.read() and 'AUTHD_FAULTS=ON' not in f.read():
                raise unittest.SkipTest('a build without fault injection')

    @classmethod
    def bring_up(cls):
        cls.fault_file = f'/tmp/authd-fault-{os.getpid()}-{cls.__name__}'
        cls.mtime = time.time_ns()
        cls.environment = {'AUTHD_FAULT': cls.fault_file}
        super().setUpClass()
        cls.server_routes = examples.routes(cls.server)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        os.unlink(cls.fault_file) if os.path.exists(cls.fault_file) else None

    @classmethod
    def fault(cls, *lines):
        """Takes effect with the next statement; the time is set because two writes may fall into one tick."""
        with open(cls.fault_file + '.new', 'w') as f:
            f.write(''.join(line + '\n' for line in lines))
        cls.mtime += 1_000_000
        os.utime(cls.fault_file + '.new', ns=(cls.mtime, cls.mtime))
        os.rename(cls.fault_file + '.new', cls.fault_file)

    def assertInvariants(self, world):
        broken = self.server.sql(CONTROL_INVARIANTS) + self.server.tenant_sql(world.slug, TENANT_INVARIANTS)
        self.assertEqual(broken, [])

    def contents(self, world):
        """Without the attempts: a guess is counted before anything else happens, and that is right. A tenant whose answer
        was lost is finished in the background; until then it is the background that changes things."""
        authd.eventually(lambda: self.server.sql("SELECT id FROM authd_control.tenant WHERE status = 'provisioning'") == [])
        tables = self.server.contents(world.slug)
        return tables['control'], [row for row in tables[world.slug] if not row.startswith('attempt|')]

    def assertFailed(self, reply):
        self.assertIn((reply.status, reply.code), (
            (503, 'tenant_db_unavailable'), (503, 'control_plane_unavailable'), (500, 'internal_error')), reply)
        self.assertEqual(set(reply.json['error']), {'code', 'message', 'status', 'request_id'})
        if reply.status == 503:
            self.assertGreaterEqual(int(reply.headers['Retry-After']), 1)

    def send_with(self, call, when, *names):
        """The reply to a call during which these statements fail."""
        self.fault(*(f'{name} {when}' for name in names))
        try:
            return call.send()
        finally:
            self.fault()

    def statements_of(self, world, route, names):
        """Those of the names whose failure the route feels: halves, as long as a half makes it fail."""
        call = Call(world, route)

        def search(group):
            nonlocal call
            if self.send_with(call, BEFORE, *group).status == route.success:
                call = Call(world, route)
                return []
            if len(group) == 1:
                return group
            return search(group[:len(group) // 2]) + search(group[len(group) // 2:])
        return search(names)

    def background_rests(self):
        """What a lost answer left half-made is finished in the background, which changes the tenant's row."""
        unfinished = "SELECT 1 FROM authd_control.tenant WHERE status = 'provisioning'"
        authd.eventually(lambda: not self.server.sql(unfinished), 'still provisioning')

    def fails_before(self, world, route, name):
        """Nothing was sent: nothing is written, and afterwards the same call works."""
        call = Call(world, route)
        self.background_rests()
        before = self.contents(world)
        self.assertFailed(self.send_with(call, BEFORE, name))
        self.assertEqual(before, self.contents(world), 'nothing was written')
        self.assertInvariants(world)
        after = call.send()
        self.assertEqual(after.status, route.success, after)

    def fails_after(self, world, route, name):
        """The statement takes effect and its answer is lost: the caller does not know, the data does."""
        call = Call(world, route)
        reply = self.send_with(call, AFTER, name)
        if reply.status != route.success:
            self.assertFailed(reply)
        self.assertInvariants(world)
        again = call.send()
        self.assertIn(again.status, (route.success, 401, 404, 409), again)
        self.assertInvariants(world)
        if route.need == USER:
            world.new_user()

    def walk(self, needs, names):
        """The whole matrix: route → statements it felt."""
        world, used = World(self.server, max_sessions_per_user=50), {}
        for route in [r for r in self.server_routes if r.need in needs]:
            used[route.name] = self.statements_of(world, route, names)
            for name in used[route.name]:
                for check in (self.fails_before, self.fails_after):
                    with self.subTest(route=route.name, statement=name, check=check.__name__):
                        check(world, route, name)
        return used


class UserFaults(Faults):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bring_up()

    def test_every_user_route_with_every_statement(self):
        names = statements(r'(users|sessions|attempts|tenant_audit)\.sql')
        used = self.walk({PUBLISHABLE, SECRET, USER}, names)
        self.assertEqual([route for route in used if not used[route]], ['GET /v1/auth/config'], 'asked no database')
        unused = set(names) - {n for found in used.values() for n in found}
        # The first is for a full hash queue, the second for what is refused: the next test.
        self.assertEqual(unused, {'attempt_give_back', 'tenant_audit_add'}, 'statements that no route used')

    def test_a_refusal_that_cannot_be_audited_fails(self):
        world = World(self.server)
        guess = next(Call(world, r) for r in self.server_routes if r.path == '/v1/auth/sign-in')
        guess.body['password'] = 'wrong-guess-12'
        for when in (BEFORE, AFTER):
            self.assertFailed(self.send_with(guess, when, 'tenant_audit_add'))
            self.assertInvariants(world)
        self.assertError(guess.send(), 401, 'invalid_credentials')


class ControlFaults(Faults):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bring_up()

    def test_every_control_route_with_every_statement(self):
        used = self.walk({OPERATOR, ADMIN}, statements(r'(control.*|provision)\.sql'))
        self.assertEqual([route for route in used if not used[route]], [], 'asked no database')


if __name__ == '__main__':
    authd.main()
