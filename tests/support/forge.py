# SPDX-License-Identifier: Apache-2.0
"""Tokens as an attacker would make them: any header, any payload, signed with a key of one's own (Ed25519 by RFC 8032,
section 6, slow and with nothing but integers), with HMAC, or not at all."""
import base64
import hashlib
import hmac
import json
import os

P = 2 ** 255 - 19
L = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def _recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return P - x if (x & 1) != sign else x


def _add(a, b):
    u, v = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    w, z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = v - u, z - w, z + w, v + u
    return e * f % P, g * h % P, f * g % P, e * h % P


_Y = 4 * pow(5, P - 2, P) % P
_X = _recover_x(_Y, 0)
_BASE = (_X, _Y, 1, _X * _Y % P)


def _multiply(n, point):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = _add(out, point)
        point, n = _add(point, point), n >> 1
    return out


def _compress(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, 'little')


def _hash(*parts):
    return int.from_bytes(hashlib.sha512(b''.join(parts)).digest(), 'little')


class Ed25519:
    """A key pair of the attacker's own."""

    def __init__(self, seed=None):
        digest = hashlib.sha512(seed or os.urandom(32)).digest()
        self.scalar = int.from_bytes(digest[:32], 'little') & (2 ** 254 - 8) | 2 ** 254
        self.prefix = digest[32:]
        self.public = _compress(_multiply(self.scalar, _BASE))

    def sign(self, message):
        r = _hash(self.prefix, message) % L
        point = _compress(_multiply(r, _BASE))
        s = (r + _hash(point, self.public, message) * self.scalar) % L
        return point + s.to_bytes(32, 'little')


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def parts(token):
    """header, payload, signature of a JWT."""
    header, payload, signature = token.split('.')
    return json.loads(unb64(header)), json.loads(unb64(payload)), unb64(signature)


def token(header, payload, sign=None):
    """A JWT of these parts; sign(bytes) gives the signature, without it there is none. Parts may be dict or bytes."""
    encoded = [b64(p if isinstance(p, bytes) else json.dumps(p).encode()) for p in (header, payload)]
    signing_input = '.'.join(encoded)
    return signing_input + '.' + b64(sign(signing_input.encode()) if sign else b'')


def hs256(secret):
    return lambda data: hmac.new(secret, data, hashlib.sha256).digest()


def with_s_plus_l(text):
    """The same signature with S + L: valid to a verifier that does not insist on the canonical form."""
    header, payload, signature = text.split('.')
    raw = unb64(signature)
    s = int.from_bytes(raw[32:], 'little') + L
    return f'{header}.{payload}.{b64(raw[:32] + s.to_bytes(32, "little"))}'
