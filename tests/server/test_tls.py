# SPDX-License-Identifier: Apache-2.0
"""TLS: versions, resumption, no HTTP/2, certificates reloaded under way."""
import os
import signal
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402

PATH = '/t/acme/.well-known/jwks.json'


class Tls(authd.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cert = os.path.join(cls.server.state, 'cert.pem')
        cls.key = os.path.join(cls.server.state, 'key.pem')
        cls.make_certificate('first')
        cls.port = cls.server.start_second({'tls_certificate': cls.cert, 'tls_private_key': cls.key,
                                            'drain_timeout': '2s'})

    @classmethod
    def make_certificate(cls, name):
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                        '-days', '2', '-subj', f'/CN={name}', '-addext', 'subjectAltName=DNS:localhost',
                        '-keyout', cls.key, '-out', cls.cert], check=True, capture_output=True)

    def connect(self, context=None, session=None):
        context = context or self.context()
        raw = socket.create_connection(('127.0.0.1', self.port), timeout=authd.PATIENCE)
        return context.wrap_socket(raw, server_hostname='localhost', session=session)

    def context(self, version=None, alpn=None):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if version:
            context.minimum_version = context.maximum_version = version
        if alpn:
            context.set_alpn_protocols(alpn)
        return context

    def fetch(self, s):
        s.sendall(f'GET {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n'.encode())
        return s.recv(65536)

    def test_1_both_versions_serve(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.connect(self.context(version)) as s:
                self.assertTrue(self.fetch(s).startswith(b'HTTP/1.1 200'))

    def test_2_http2_is_not_offered(self):
        with self.connect(self.context(alpn=['h2', 'http/1.1'])) as s:
            self.assertNotEqual(s.selected_alpn_protocol(), 'h2')
            self.assertTrue(self.fetch(s).startswith(b'HTTP/1.1 200'))

    def resumes(self, context, session):
        with self.connect(context, session) as s:
            self.fetch(s)
            return s.session_reused, s.session

    def test_3_sessions_resume_also_after_a_reload(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context(version)
            reused, session = self.resumes(context, None)
            self.assertFalse(reused)
            reused, session = self.resumes(context, session)
            self.assertTrue(reused)
            self.reload()
            self.assertTrue(self.resumes(context, session)[0])

    def reload(self):
        count = self.server.log_text().count('"reloaded"')
        self.server.others[-1].send_signal(signal.SIGHUP)
        authd.eventually(lambda: self.server.log_text().count('"reloaded"') > count)

    def served_certificate(self):
        with self.connect() as s:
            return s.getpeercert(binary_form=True)

    def test_4_certificates_are_reloaded_and_bad_ones_refused(self):
        before = self.served_certificate()
        with open(self.cert, 'w') as f:
            f.write('nonsense')
        self.reload()
        self.assertEqual(self.served_certificate(), before)
        self.assertIn('tls_refused', self.server.log_text())
        self.make_certificate('second')
        self.reload()
        self.assertNotEqual(self.served_certificate(), before)

    def test_5_plain_http_and_silence_are_dropped(self):
        self.assertNotIn(b'HTTP/1.1 2', authd.raw_exchange(self.port, b'GET / HTTP/1.1\r\nHost: a\r\n\r\n'))

        def dropped():
            """After five seconds, before the ten that a request may take; a busy machine may need another try."""
            started = time.monotonic()
            self.assertEqual(authd.raw_exchange(self.port, b''), b'')
            return time.monotonic() - started < 9
        authd.eventually(dropped)


if __name__ == '__main__':
    authd.main()
