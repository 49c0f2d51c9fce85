# SPDX-License-Identifier: Apache-2.0
"""What arrives on a connection before a route sees it: caps, limits, time-outs, smuggling shapes, HTTP/2."""
import http.client
import os
import select
import socket
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402

PATH = '/t/acme/.well-known/jwks.json'


def get(head='', path=PATH):
    return f'GET {path} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n'.encode()


def connect(port):
    return socket.create_connection(('127.0.0.1', port), timeout=authd.PATIENCE)


class Caps(authd.TestCase):
    settings = {'max_connections': 16, 'loops': 2}

    def test_connections_above_the_cap_wait_in_the_backlog(self):
        clients = []
        for _ in range(24):
            s = connect(self.server.port)
            s.sendall(get())
            clients.append(s)

        def answered():
            return select.select(clients, [], [], 0)[0]
        authd.eventually(lambda: len(answered()) >= 16)
        time.sleep(0.5)  # for more to come that must not
        served = answered()
        waiting = [s for s in clients if s not in served]
        self.assertEqual(len(served), 16)
        for s in served:
            self.assertIn(b'200 OK', s.recv(65536))
            s.close()
        for s in waiting:
            self.assertIn(b'200 OK', s.recv(65536))
            s.close()


class Descriptors(unittest.TestCase):
    def test_V13_1_2_clients_leave_descriptors_to_the_database(self):
        """256 descriptors and four hundred idle clients: those that are served are served, the rest wait."""
        server = authd.Server({**authd.PATIENT, 'db_connection_budget': 8, 'loops': 1}, descriptors=256)
        try:
            self.assertIn('"max_connections_lowered"', server.log_text())
            crowd = [connect(server.port) for _ in range(400)]
            request = authd.message('POST', '/v1/auth/sign-in', {'email': 'a@example.com', 'password': 'x' * 12},
                                    key=server.env['PUBLISHABLE_KEY_2'])
            crowd[0].sendall(request)
            self.assertIn(b' 401 ', crowd[0].recv(65536))
            for s in crowd:
                s.close()
        finally:
            self.assertEqual(server.stop(), [])


class Heads(authd.TestCase):
    def status(self, data):
        reply = authd.raw_exchange(self.server.port, data)
        return int(reply.split()[1]) if reply else None

    def test_http2_stays_off(self):
        reply = authd.raw_exchange(self.server.port, b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + bytes(9))
        self.assertTrue(reply == b'' or b' 400 ' in reply.split(b'\r\n')[0], reply)
        reply = authd.raw_exchange(self.server.port, get('Connection: Upgrade, HTTP2-Settings, close\r\n'
                                                         'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'))
        self.assertTrue(reply.startswith(b'HTTP/1.1 200'), reply)

    def test_ambiguous_heads_are_refused_and_the_connection_closed(self):
        shapes = {
            'two hosts': get('Host: other\r\n'),
            'two lengths': b'POST /v1/auth/sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ',
            'length and chunked': b'POST /v1/auth/sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n'
                                  b'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
            'two codings': b'POST /v1/auth/sign-in HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n'
                           b'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
            'no host': f'GET {PATH} HTTP/1.1\r\n\r\n'.encode(),
            'bare LF': f'GET {PATH} HTTP/1.1\nHost: a\n\n'.encode(),
            'mixed line ends': f'GET {PATH} HTTP/1.1\r\nHost: a\nX: y\r\n\r\n'.encode(),
            'folded line': get('X-A: b\r\n c\r\n'),
            'absolute form': f'GET http://localhost{PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n'.encode(),
            'blank before colon': get('Content-Length : 0\r\n'),
            'NUL': get('X-A: \0\r\n'),
        }
        for name, data in shapes.items():
            with self.subTest(name):
                reply = authd.raw_exchange(self.server.port, data + get('X-Second: 1\r\n'))
                self.assertTrue(reply.startswith(b'HTTP/1.1 400') or reply == b'', reply[:200])
                self.assertEqual(reply.count(b'HTTP/1.1 '), 1 if reply else 0, reply[:600])

    def test_a_head_over_16_kib_is_431(self):
        self.assertEqual(self.status(get(f'X-Long: {"a" * 17000}\r\n')), 431)

    def test_a_body_over_64_kib_is_413(self):
        self.assertEqual(self.status(b'POST /v1/auth/sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n'), 413)
        chunked = b'POST /v1/auth/sign-in HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
        self.assertEqual(self.status(chunked + b'11170\r\n' + b'x' * 70000 + b'\r\n0\r\n\r\n'), 413)

    def test_V13_4_6_replies_name_no_server(self):
        reply = self.server.get('/nothing')
        self.assertNotIn('Server', reply.headers)
        self.assertNotIn('h2o', str(reply.headers))

    def test_V13_4_4_trace_is_refused(self):
        self.assertIn(self.status(f'TRACE {PATH} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'.encode()), (404, 405))

    def test_head_has_the_length_and_no_body(self):
        body = self.server.get(PATH).body
        reply = authd.raw_exchange(self.server.port, get('Connection: close\r\n').replace(b'GET', b'HEAD'))
        head, _, rest = reply.partition(b'\r\n\r\n')
        self.assertEqual(rest, b'')
        self.assertIn(f'content-length: {len(body)}'.encode(), head.lower())

    def test_pipelined_requests_are_answered_in_order(self):
        reply = authd.raw_exchange(self.server.port, get() + get(path='/nothing') + get('Connection: close\r\n'))
        self.assertEqual([int(part.split()[0]) for part in reply.split(b'HTTP/1.1 ')[1:]], [200, 404, 200])

    def test_expect_continue(self):
        with connect(self.server.port) as s:
            s.sendall(b'POST /v1/auth/sign-in HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n'
                      b'Expect: 100-continue\r\nContent-Length: 2\r\n\r\n')
            self.assertTrue(s.recv(1000).startswith(b'HTTP/1.1 100'))
            s.sendall(b'{}')
            self.assertTrue(s.recv(65536).startswith(b'HTTP/1.1 401'))

    def test_a_client_that_leaves_early_harms_nobody(self):
        for cut in (b'', b'GET', get()[:-1]):
            with connect(self.server.port) as s:
                s.sendall(cut)
        body = b'{"email":"a@example.com","password":"violet-anchor-76-drum"}'
        for _ in range(20):
            with connect(self.server.port) as s:
                s.sendall(b'POST /v1/auth/sign-in HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n'
                          b'X-Client-Id: ' + self.server.env['PUBLISHABLE_KEY'].encode() +
                          b'\r\nContent-Length: %d\r\n\r\n' % len(body) + body)
        self.assertEqual(self.server.get(PATH).status, 200)

    def test_V16_4_1_no_input_forges_a_log_line(self):
        marker = 'forged-' + os.urandom(4).hex()
        authd.raw_exchange(self.server.port, get('Connection: close\r\n', f'/%0a{{"event":"{marker}"}}'))
        authd.raw_exchange(self.server.port, get(f'User-Agent: {marker}\r\nX-Request-Id: {marker}\r\n'
                                                 f'X-Forwarded-For: {marker}\r\nConnection: close\r\n'))
        self.server.logged(self.server.get(f'/{marker}?{marker}'))
        self.assertNotIn(marker, self.server.log_text().replace('failed to normalize', ''))


class SlowClients(authd.TestCase):
    def test_dripped_heads_and_bodies_are_cut(self):
        starts = [b'GET / HTTP/1.1\r\nHost: a\r\nX-Drip: ',
                  b'POST /v1/auth/sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n']
        clients = []
        for start in starts:
            s = connect(self.server.port)
            s.sendall(start)
            clients.append(s)

        def all_cut():
            time.sleep(0.5)
            for s in list(clients):
                try:
                    s.sendall(b'a')
                    if select.select([s], [], [], 0)[0] and s.recv(1000) == b'':
                        raise ConnectionResetError
                except OSError:
                    clients.remove(s)
                    s.close()
            return not clients
        authd.eventually(all_cut, 'ten seconds in all are what a request may take to arrive', 30)

    def test_an_idle_connection_is_closed(self):
        connection = http.client.HTTPConnection('127.0.0.1', self.server.port, timeout=30)
        connection.request('GET', PATH)
        connection.getresponse().read()
        self.assertEqual(connection.sock.recv(1), b'')
        connection.close()


class Overload(authd.TestCase):
    settings = {'max_requests': 16, 'hash_threads': 1}

    def test_requests_above_the_cap_are_503_at_once(self):
        body = b'{"email":"a@example.com","password":"violet-anchor-76-drum"}'
        request = (b'POST /v1/auth/sign-in HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n'
                   b'Connection: close\r\nX-Client-Id: ' + self.server.env['PUBLISHABLE_KEY'].encode() +
                   b'\r\nContent-Length: %d\r\n\r\n' % len(body) + body)

        def refused():
            """How many of sixty at once; none when the machine sends them more slowly than it hashes."""
            clients = [connect(self.server.port) for _ in range(60)]
            for s in clients:
                s.sendall(request)
            statuses = []
            for s in clients:
                reply = s.makefile('rb').read()
                statuses.append(int(reply.split()[1]))
                if statuses[-1] == 503:
                    self.assertIn(b'retry-after: ', reply.lower())
                    self.assertIn(b'"overloaded"', reply)
                s.close()
            return statuses.count(503)
        authd.eventually(refused, 'sixty at once were all let in')
        self.assertEqual(self.server.get(PATH).status, 200)


if __name__ == '__main__':
    authd.main()
