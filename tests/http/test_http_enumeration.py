# SPDX-License-Identifier: Apache-2.0
"""An unknown user answers as a known one does, and a thousand guesses are a thousand, however they arrive."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402


def visible(reply):
    """All of a reply that a client could tell two apart by."""
    headers = sorted((n.lower(), v) for n, v in reply.headers.items() if n.lower() not in ('x-request-id', 'date'))
    return reply.status, headers, reply.body.replace(reply.headers['X-Request-Id'].encode(), b'')


class Enumeration(authd.TestCase):
    settings = {'hash_queue': 2000}

    def guess(self, tenant, email, password='wrong-guess-12', **kw):
        return self.server.sign_in(email, password, key=tenant['publishable_key'], **kw)

    def test_V6_3_8_unknown_user_and_wrong_password_look_alike(self):
        tenant = self.tenant(allowed_origins=['https://app.acme.com'])
        user = self.server.new_user(key=tenant['publishable_key'])
        for more in ({}, {'origin': 'https://app.acme.com'}):
            for password in ('wrong-guess-12', '', 'x' * 256, 'p\u00e4ssw\u00f6rd \u2603'):
                with self.subTest(password=password, **more):
                    known = self.guess(tenant, user['email'], password, **more)
                    unknown = self.guess(tenant, 'unknown-' + user['email'][8:], password, **more)
                    self.assertEqual(visible(known), visible(unknown))

    def test_V6_3_8_a_user_without_password_looks_alike(self):
        tenant = self.tenant()
        user = self.server.new_user(key=tenant['publishable_key'])
        wrong = self.guess(tenant, user['email'])
        self.server.tenant_sql(tenant['slug'], 'DELETE FROM password')
        self.assertEqual(visible(wrong), visible(self.guess(tenant, user['email'])))

    def test_V6_3_8_lockout_is_the_same_for_unknown_users(self):
        tenant = self.tenant(lockout_after=3, lockout_delay='10m')
        user = self.server.new_user(key=tenant['publishable_key'])
        emails = user['email'], 'nobody-at-all@example.com'
        for _ in range(3):
            known, unknown = (self.guess(tenant, email) for email in emails)
            self.assertEqual(known.status, 401)
            self.assertEqual(visible(known), visible(unknown))
        imposed = 'SELECT DISTINCT failures, locked_until - last_at FROM attempt'
        self.assertEqual(self.server.tenant_sql(tenant['slug'], imposed), ['3|00:00:01'])
        # Both until the same moment, so that what is left can be compared: the one's lies between two of the other's.
        self.server.tenant_sql(tenant['slug'], "UPDATE attempt SET locked_until = now() + interval '1 hour'")
        replies = [self.guess(tenant, email) for email in emails + emails[:1]]
        left = [int(r.headers['Retry-After']) for r in replies]
        self.assertEqual(left, sorted(left, reverse=True))
        for reply in replies:
            self.assertError(reply, 429, 'account_locked')
            reply.headers.replace_header('Retry-After', '-')
        self.assertEqual([visible(r) for r in replies[1:]], [visible(replies[0])] * 2)

    def test_timing_is_of_the_same_kind(self):
        """Not the statistics (tests/bench has them): only that an unknown user costs a hash."""
        tenant = self.tenant(lockout_after=100)
        user = self.server.new_user(key=tenant['publishable_key'])
        times = {user['email']: [], 'nobody-at-all@example.com': []}
        for _ in range(80):  # of each the least disturbed counts: a busy machine needs more tries until there is one
            for email, seconds in times.items():
                start = time.monotonic()
                self.assertEqual(self.guess(tenant, email).status, 401)
                seconds.append(time.monotonic() - start)
            known, unknown = (min(t) for t in times.values())
            if len(seconds) >= 15 and max(known, unknown) / min(known, unknown) < 2.5:
                return
        self.fail(f'{known:.4f} s for a known user, {unknown:.4f} s for an unknown one')

    def test_N_6_counters_survive_spelling_and_belong_to_the_tenant(self):
        tenant, other = self.tenant(lockout_after=2, lockout_delay='10m'), self.tenant()
        user = self.server.new_user(key=tenant['publishable_key'], email='Mixed.Case@Example.COM')
        self.server.new_user(key=other['publishable_key'], email='mixed.case@example.com')
        for email in ('MIXED.CASE@example.com', 'mixed.case@EXAMPLE.com'):
            self.assertEqual(self.guess(tenant, email).status, 401)
        self.server.prolong_lock(tenant['slug'])
        self.assertError(self.guess(tenant, user['email'], authd.PASSWORD), 429, 'account_locked')
        self.assertEqual(self.guess(other, 'mixed.case@example.com', authd.PASSWORD).status, 200)

    def test_N_6_an_honest_success_forgets_the_failures(self):
        tenant = self.tenant(lockout_after=3, lockout_delay='10m')
        user = self.server.new_user(key=tenant['publishable_key'])
        for _ in range(3):
            self.assertEqual([self.guess(tenant, user['email']).status for _ in range(2)], [401, 401])
            self.assertEqual(self.guess(tenant, user['email'], authd.PASSWORD).status, 200)


class Guesses(authd.TestCase):
    settings = {'hash_queue': 2000, 'request_timeout': '60s'}

    def flood(self, tenant, user, ports=None):
        """A thousand guesses that were answered; how many of them were counted. A slow machine says 503 to some, and they
        are sent again: mostly that was not looked at, but it may have been counted and then not logged in time."""
        guess = authd.message('POST', '/v1/auth/sign-in', {'email': user['email'], 'password': 'wrong-guess-12'},
                              key=tenant['publishable_key'])
        codes, refused = [], 0
        while missing := 1000 - len(codes):
            replies = self.server.flood([guess] * missing, ports)
            self.assertNotIn(None, replies, 'every one was answered')
            busy = [r.code for r in replies if r.status == 503]
            self.assertLessEqual(set(busy), {'tenant_db_unavailable', 'tenant_capacity'})
            codes += [r.code for r in replies if r.status != 503]
            refused += len(busy)
        self.assertLessEqual(set(codes), {'invalid_credentials', 'account_locked'})
        counted = int(self.server.tenant_sql(tenant['slug'], 'SELECT failures FROM attempt')[0])
        self.assertLessEqual(codes.count('invalid_credentials'), counted)
        self.assertGreaterEqual(codes.count('invalid_credentials') + refused, counted)
        return counted

    def assertLocked(self, tenant, user):
        self.assertError(self.server.sign_in(user['email'], key=tenant['publishable_key']), 429, 'account_locked')

    def test_N_6_a_thousand_parallel_guesses_count_as_a_thousand(self):
        tenant = self.tenant(lockout_after=5, lockout_delay='1h')
        user = self.server.new_user(key=tenant['publishable_key'])
        start = time.monotonic()
        counted = self.flood(tenant, user)
        # A wait of one second follows the last free guess and doubles: what a slow machine lets through is known.
        elapsed = time.monotonic() - start
        self.assertGreaterEqual(counted, 5)
        self.assertLessEqual(counted, 5 + sum(1 for n in range(12) if elapsed >= 2 ** (n + 1) - 1))
        self.server.tenant_sql(tenant['slug'], "UPDATE attempt SET locked_until = now() - interval '1 minute'")
        wrong = self.server.sign_in(user['email'], 'wrong-guess-12', key=tenant['publishable_key'])
        self.assertError(wrong, 401, 'invalid_credentials')
        self.server.prolong_lock(tenant['slug'])
        self.assertLocked(tenant, user)

    def test_N_6_the_hard_stop_holds_exactly(self):
        tenant = self.tenant(lockout_after=100, lockout_delay='1h')
        user = self.server.new_user(key=tenant['publishable_key'])
        self.assertEqual(self.flood(tenant, user), 100)
        self.assertLocked(tenant, user)

    def test_N_6_over_two_processes(self):
        ports = [self.server.port, self.server.start_second()]
        tenant = self.tenant(lockout_after=100, lockout_delay='1h')
        self.known(ports[1], tenant)
        user = self.server.new_user(key=tenant['publishable_key'])
        self.assertEqual(self.flood(tenant, user, ports), 100)


if __name__ == '__main__':
    authd.main()
