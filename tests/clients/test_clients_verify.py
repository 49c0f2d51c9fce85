# SPDX-License-Identifier: Apache-2.0
"""Strangers verify our tokens: jose (Node), python3-jwt, python3-jwcrypto, Crypt::JWT (Perl)."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


class ForeignClients(authd.TestCase):
    def run_client(self, *command, **more):
        done = subprocess.run(command, cwd=HERE, env={**os.environ, **self.server.env, **more},
                              capture_output=True, text=True, timeout=5 * authd.PATIENCE)
        sys.stderr.write(done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def token(self):
        user = self.server.new_user()
        return {'TOKEN': user['session']['access_token'],
                'TENANT_ID': authd.jwt_payload(user['session']['access_token'])['tenant']}

    def test_jose_verifies_with_its_tenants_jwks_only(self):
        out = self.run_client('node', 'jose.mjs')
        self.assertIn('refused with the JWKS of B', out)

    def test_python_jwt_and_jwcrypto_verify(self):
        self.assertIn('a changed signature is refused', self.run_client('/usr/bin/python3', 'pyjwt.py', **self.token()))

    def test_perl_crypt_jwt_verifies(self):
        self.run_client('/usr/bin/perl', 'crypt_jwt.pl', **self.token())


if __name__ == '__main__':
    authd.main()
