# SPDX-License-Identifier: Apache-2.0
"""Show 5: authd killed under load, and PostgreSQL restarted under load. What was acknowledged is there; what is refused
meanwhile is refused as unavailable, never as a wrong password."""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402

ROUNDS, WORKERS = 10, 4


class Load:
    """Threads that sign up and refresh, and keep what was acknowledged to them."""

    def __init__(self, server, tenant, name):
        self.server, self.key, self.name = server, tenant['publishable_key'], name
        self.users, self.refreshed, self.statuses = [], [], []
        self.lock, self.stop, self.under_way = threading.Lock(), threading.Event(), threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(n,), daemon=True) for n in range(WORKERS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def send(self, path, body):
        try:
            reply = self.server.post(path, body, key=self.key)
        except OSError:
            return None
        except Exception:  # http.client's: the connection ended within a reply
            return None
        with self.lock:
            self.statuses.append(reply.status)
        return reply

    def work(self, worker):
        n = 0
        while not self.stop.is_set():
            n += 1
            email = f'{self.name}-{worker}-{n}@example.com'
            reply = self.send('/v1/auth/sign-up', {'email': email, 'password': authd.PASSWORD})
            if not reply or reply.status != 201:
                time.sleep(0.02)
                continue
            with self.lock:
                self.users.append(email)
            token = reply.json['session']['refresh_token']
            for _ in range(3):
                reply = self.send('/v1/auth/token/refresh', {'refresh_token': token})
                if not reply or reply.status != 200:
                    break
                token = reply.json['refresh_token']
            else:
                with self.lock:
                    self.refreshed.append(token)
                self.under_way.set()


class Killed(authd.TestCase):
    def test_kill_9_ten_times_under_load(self):
        tenant = self.tenant()
        acknowledged, tokens = [], []
        for round_number in range(ROUNDS):
            with Load(self.server, tenant, f'r{round_number}') as load:
                self.assertTrue(load.under_way.wait(authd.PATIENCE), 'there was load')
                time.sleep(0.3)
                self.server.kill()
                time.sleep(0.1)
            self.server.start()
            acknowledged += load.users
            tokens += load.refreshed[-5:]
        self.assertUsersSignIn(tenant, acknowledged)
        for token in tokens:
            self.assertEqual(self.server.refresh(token, key=tenant['publishable_key']).status, 200)
        orphans = self.server.tenant_sql(tenant['slug'], 'SELECT id FROM app_user WHERE id NOT IN (SELECT user_id FROM password)')
        self.assertEqual(orphans, [])

    def assertUsersSignIn(self, tenant, users):
        stored = set(self.server.tenant_sql(tenant['slug'], 'SELECT email FROM app_user'))
        self.assertLessEqual(set(users), stored, 'an acknowledged user is gone')
        for email in users[::max(1, len(users) // 40)]:
            self.assertEqual(self.server.sign_in(email, key=tenant['publishable_key']).status, 200, email)


class Restarted(authd.TestCase):
    def test_V16_5_3_postgres_restarted_under_load(self):
        tenant = self.tenant()
        user = self.server.new_user(key=tenant['publishable_key'])
        stop, seen = threading.Event(), []

        def sign_in_all_the_time():
            while not stop.is_set():
                try:
                    seen.append(self.server.sign_in(user['email'], key=tenant['publishable_key']))
                except OSError:
                    seen.append(None)
                time.sleep(0.02)
        self.addCleanup(stop.set)
        watcher = threading.Thread(target=sign_in_all_the_time, daemon=True)
        watcher.start()
        with Load(self.server, tenant, 'pg') as load:
            self.assertTrue(load.under_way.wait(authd.PATIENCE), 'there was load')
            self.server.postgres_stop()
            time.sleep(1.5)
            self.assertEqual(self.server.get(f'/t/{tenant["slug"]}/.well-known/jwks.json').status, 200)
            down = self.server.sign_in(user['email'], key=tenant['publishable_key'])
            self.server.postgres_start()
            authd.eventually(lambda: self.server.sign_in(user['email'], key=tenant['publishable_key']).status == 200,
                             'no recovery')
            time.sleep(0.5)
        stop.set()
        watcher.join()
        self.assertEqual(down.status, 503, down)
        self.assertGreaterEqual(int(down.headers['Retry-After']), 1)
        self.assertNotIn(None, seen, 'authd itself never refused a connection')
        self.assertLessEqual({r.status for r in seen}, {200, 503}, 'never 401 for a right password')
        self.assertLessEqual(set(load.statuses), {200, 201, 409, 503})
        for email in load.users[::max(1, len(load.users) // 20)]:
            self.assertRecovered(lambda: self.server.sign_in(email, key=tenant['publishable_key']))
        for token in load.refreshed[-5:]:
            self.assertRecovered(lambda: self.server.refresh(token, key=tenant['publishable_key']))
        self.assertRecovered(lambda: self.server.operator('PATCH', f'/v1/tenants/{tenant["slug"]}', {'name': 'Later'}))
        self.assertEqual(self.server.admin('/readyz').status, 200)

    def assertRecovered(self, send):
        """Each loop, and the control plane, has connections of its own and a wait of its own before it tries again."""
        reply = authd.eventually(lambda: (r := send()).status != 503 and r, 'no recovery')
        self.assertEqual(reply.status, 200, reply)


if __name__ == '__main__':
    authd.main()
