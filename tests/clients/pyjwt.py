# SPDX-License-Identifier: Apache-2.0
"""python3-jwt and python3-jwcrypto verify a token of authd through the JWKS. Reads ISSUER, TOKEN, TENANT_ID."""
import json
import os
import urllib.request

import jwt
from jwcrypto import jwk, jws

issuer, token = os.environ['ISSUER'], os.environ['TOKEN']
with urllib.request.urlopen(f'{issuer}/.well-known/openid-configuration') as reply:
    jwks_uri = json.load(reply)['jwks_uri']

key = jwt.PyJWKClient(jwks_uri).get_signing_key_from_jwt(token)
claims = jwt.decode(token, key.key, algorithms=['EdDSA'], issuer=issuer, audience=os.environ['TENANT_ID'])
assert claims['tenant'] == claims['tenant_id'] == claims['tenantId'] == os.environ['TENANT_ID']
print('python3-jwt verified', claims['sub'])

with urllib.request.urlopen(jwks_uri) as reply:
    keys = jwk.JWKSet.from_json(reply.read().decode())
signed = jws.JWS()
signed.deserialize(token)
signed.verify(keys.get_key(signed.jose_header['kid']), alg='EdDSA')
assert json.loads(signed.payload) == claims
print('python3-jwcrypto verified', signed.jose_header['kid'])

wrong = token[:-8] + ('A' if token[-8] != 'A' else 'B') + token[-7:]
try:
    jwt.decode(wrong, key.key, algorithms=['EdDSA'], issuer=issuer, audience=os.environ['TENANT_ID'])
except jwt.InvalidSignatureError:
    print('a changed signature is refused')
else:
    raise SystemExit('a changed signature was accepted')
