# SPDX-License-Identifier: Apache-2.0
"""authd dev: what it leaves behind, what survives restarts, and where the database goes."""
import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402

WANTED = ('BASE_URL TENANT ISSUER PUBLISHABLE_KEY SECRET_KEY ALLOWED_ORIGIN TENANT_2 ISSUER_2 PUBLISHABLE_KEY_2 '
          'SECRET_KEY_2 ALLOWED_ORIGIN_2 OPERATOR_KEY HJCTL START_CMD SERVER_PIDFILE PG_STOP_CMD PG_START_CMD '
          'DATABASE_URL').split()


class Development(authd.TestCase):
    settings = {'drain_timeout': '1s'}

    def test_env_has_every_name_and_a_shell_reads_it(self):
        path = os.path.join(self.server.state, 'env')
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        for name in WANTED:
            self.assertTrue(self.server.env.get(name), name)
            said = subprocess.run(['sh', '-c', f'. {shlex.quote(path)}; printf %s "${name}"'], capture_output=True,
                                  text=True).stdout
            self.assertEqual(said, self.server.env[name])

    def test_secrets_are_private(self):
        for name in ('root.key', 'operator.key', 'authd.yaml'):
            mode = os.stat(os.path.join(self.server.state, name)).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600, name)

    def test_the_database_is_reachable_for_us_alone(self):
        self.assertEqual(self.server.sql('SELECT current_user'), ['authd'])
        self.assertEqual(self.server.sql("SELECT current_setting('listen_addresses') = ''"), ['t'])

    def test_the_start_command_works_after_a_kill_and_keys_stay(self):
        before = dict(self.server.env)
        user = self.server.new_user()
        self.server.kill()
        os.unlink(os.path.join(self.server.state, 'ready'))
        self.server.process = subprocess.Popen(shlex.split(before['START_CMD']), env=self.server.environment,
                                               stdout=self.server.log, stderr=self.server.log)
        authd.eventually(lambda: os.path.exists(os.path.join(self.server.state, 'ready')), self.server.log_text)
        with open(os.path.join(self.server.state, 'env')) as f:
            self.assertEqual(authd.parse_env(f.read()), before)
        with open(before['SERVER_PIDFILE']) as f:
            self.assertEqual(int(f.read()), self.server.process.pid)
        self.assertEqual(self.server.sign_in(user['email']).status, 200)

    def test_a_second_server_on_the_same_state_is_refused(self):
        done = subprocess.run([authd.AUTHD, 'dev', '--state', self.server.state], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn('another authd dev serves from', done.stderr)

    def test_lost_secret_keys_are_replaced(self):
        path = os.path.join(self.server.state, 'env')
        self.server.terminate()
        before = self.server.env['SECRET_KEY']
        os.unlink(path)
        self.server.start()
        self.assertNotEqual(self.server.env['SECRET_KEY'], before)
        reply = self.server.post('/v1/sessions/verify', {'token': 'x'}, key=self.server.env['SECRET_KEY'])
        self.assertNotEqual(reply.code, 'invalid_client_key')


class Postgres(unittest.TestCase):
    def run_dev(self, state, *options):
        log = open(os.path.join(os.path.dirname(state), 'log'), 'ab')
        process = subprocess.Popen([authd.AUTHD, 'dev', '--state', state, '--port', str(authd.free_port()),
                                    '--admin-port', str(authd.free_port()), *options], stdout=log, stderr=log)
        log.close()
        authd.eventually(lambda: os.path.exists(os.path.join(state, 'ready')) or process.poll() is not None,
                         seconds=5 * authd.PATIENCE)
        self.assertIsNone(process.poll())
        with open(os.path.join(state, 'env')) as f:
            return process, authd.parse_env(f.read())

    def postmaster(self, env):
        data = shlex.split(env['PG_STOP_CMD'])
        with open(os.path.join(data[data.index('-D') + 1], 'postmaster.pid')) as f:
            return int(f.readline())

    def check_life(self, state):
        """Runs, answers psql, and takes its database along when it is killed. Returns the socket's directory."""
        process, env = self.run_dev(state)
        pid = self.postmaster(env)
        self.assertEqual(subprocess.run(['psql', '-Atc', 'SELECT 1', env['DATABASE_URL']], capture_output=True,
                                        text=True).stdout, '1\n')
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertEnds(pid)
        return env['DATABASE_URL'].split()[0].removeprefix('host=')

    def assertEnds(self, pid):
        authd.eventually(lambda: not os.path.exists(f'/proc/{pid}'))

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix='authd-', dir='/tmp')
        os.chmod(self.directory, 0o755)

    def tearDown(self):
        shutil.rmtree(self.directory)

    def test_the_database_dies_with_its_parent(self):
        state = os.path.join(self.directory, 'state')
        self.assertEqual(self.check_life(state), os.path.join(state, 'postgres', 'run'))

    def test_a_directory_out_of_reach_or_too_long_puts_it_elsewhere(self):
        places = [os.path.join(self.directory, 'x' * 100)]
        if os.geteuid() == 0:
            closed = os.path.join(self.directory, 'closed')
            os.mkdir(closed, 0o700)
            places.append(os.path.join(closed, 'state'))
        for state in places:
            with self.subTest(state):
                socket_directory = self.check_life(state)
                self.assertFalse(socket_directory.startswith(self.directory))
                shutil.rmtree(os.path.dirname(socket_directory))

    def test_sigint_ends_both(self):
        process, env = self.run_dev(os.path.join(self.directory, 'state'))
        pid = self.postmaster(env)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(authd.PATIENCE), 0)
        self.assertEnds(pid)


if __name__ == '__main__':
    authd.main()
