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
        replies = {email: [self.guess(tenant, email) for _ in range(5)]
                   for email in (user['email'], 'nobody-at-all@example.com')}
        known, unknown = replies.values()
        self.assertEqual([r.status for r in known], [401] * 3 + [429] * 2)
        self.assertEqual([visible(r) for r in known], [visible(r) for r in unknown])

    def test_timing_is_of_the_same_kind(self):
        """Not the statistics (tests/bench has them): only that an unknown user costs a hash."""
        tenant = self.tenant(lockout_after=100)
        user = self.server.new_user(key=tenant['publishable_key'])
        times = {user['email']: [], 'nobody-at-all@example.com': []}
        for _ in range(15):
            for email, seconds in times.items():
                start = time.monotonic()
                self.assertEqual(self.guess(tenant, email).status, 401)
                seconds.append(time.monotonic() - start)
        known, unknown = (min(t) for t in times.values())  # the least disturbed
        self.assertLess(max(known, unknown) / min(known, unknown), 2.5, times)

    def test_N_6_counters_survive_spelling_and_belong_to_the_tenant(self):
        tenant, other = self.tenant(lockout_after=2, lockout_delay='10m'), self.tenant()
        user = self.server.new_user(key=tenant['publishable_key'], email='Mixed.Case@Example.COM')
        self.server.new_user(key=other['publishable_key'], email='mixed.case@example.com')
        for email in ('MIXED.CASE@example.com', 'mixed.case@EXAMPLE.com'):
            self.assertEqual(self.guess(tenant, email).status, 401)
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

    def flood(self, tenant, email, ports=None):
        guess = authd.message('POST', '/v1/auth/sign-in', {'email': email, 'password': 'wrong-guess-12'},
                              key=tenant['publishable_key'])
        replies = self.server.flood([guess] * 1000, ports)
        self.assertNotIn(None, replies, 'every one was answered')
        codes = [r.code for r in replies]
        # A slow machine may answer some with 503: those were not looked at.
        self.assertLessEqual(set(codes), {'invalid_credentials', 'account_locked', 'tenant_db_unavailable',
                                          'tenant_capacity'}, set(codes))
        self.assertGreater(codes.count('account_locked'), 500)
        return codes.count('invalid_credentials')

    def assertCounted(self, lockout_after, exactly):
        tenant = self.tenant(lockout_after=lockout_after, lockout_delay='1h')
        user = self.server.new_user(key=tenant['publishable_key'])
        start = time.monotonic()
        wrong = self.flood(tenant, user['email'])
        # A wait of one second follows the last free guess and doubles: what a slow machine lets through is known.
        elapsed = time.monotonic() - start
        grown = 0 if exactly else sum(1 for n in range(12) if elapsed >= 2 ** (n + 1) - 1)
        self.assertGreaterEqual(wrong, lockout_after)
        self.assertLessEqual(wrong, lockout_after + grown)
        failures = self.server.tenant_sql(tenant['slug'], 'SELECT failures FROM attempt')
        self.assertEqual(failures, [str(wrong)])
        while not exactly and self.wrong_once(tenant, user) != 401:
            time.sleep(0.1)
        self.assertError(self.server.sign_in(user['email'], key=tenant['publishable_key']), 429, 'account_locked')

    def wrong_once(self, tenant, user):
        return self.server.sign_in(user['email'], 'wrong-guess-12', key=tenant['publishable_key']).status

    def test_N_6_a_thousand_parallel_guesses_count_as_a_thousand(self):
        self.assertCounted(5, exactly=False)

    def test_N_6_the_hard_stop_holds_exactly(self):
        self.assertCounted(100, exactly=True)

    def test_N_6_over_two_processes(self):
        ports = [self.server.port, self.server.start_second()]
        tenant = self.tenant(lockout_after=100, lockout_delay='1h')
        self.known(ports[1], tenant)
        user = self.server.new_user(key=tenant['publishable_key'])
        self.assertEqual(self.flood(tenant, user['email'], ports), 100)


if __name__ == '__main__':
    authd.main()
