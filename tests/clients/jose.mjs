// SPDX-License-Identifier: Apache-2.0
// A resource server that knows nothing of authd but its URL: signs in at tenant A, verifies the access token with jose
// through A's JWKS, must fail with B's, and sees the tenant in all three claims. Reads the variables of DIR/env.
import assert from 'node:assert/strict'
import { createRemoteJWKSet, jwtVerify, errors, decodeProtectedHeader } from 'jose'

const env = process.env
const email = `jose-${process.pid}-${Date.now()}@example.com`
const password = 'violet-anchor-76-drum'

async function post (path, body, headers = {}) {
  const reply = await fetch(env.BASE_URL + path, {
    method: 'POST', headers: { 'content-type': 'application/json', 'x-client-id': env.PUBLISHABLE_KEY, ...headers }, body: JSON.stringify(body)
  })
  return { status: reply.status, json: reply.status === 204 ? null : await reply.json() }
}

async function discover (issuer) {
  const reply = await fetch(`${issuer}/.well-known/oauth-authorization-server`)
  assert.equal(reply.status, 200)
  const metadata = await reply.json()
  assert.equal(metadata.issuer, issuer)
  return createRemoteJWKSet(new URL(metadata.jwks_uri), { timeoutDuration: 60000 })
}

const up = await post('/v1/auth/sign-up', { email, password })
assert.equal(up.status, 201, JSON.stringify(up.json))
const signedIn = await post('/v1/auth/sign-in', { email, password })
assert.equal(signedIn.status, 200, JSON.stringify(signedIn.json))
const token = signedIn.json.session.access_token

const header = decodeProtectedHeader(token)
assert.equal(header.alg, 'EdDSA')
assert.equal(header.typ, 'at+jwt')
assert.match(header.kid, /^key_/)

const [keysOfA, keysOfB] = await Promise.all([discover(env.ISSUER), discover(env.ISSUER_2)])
const { payload } = await jwtVerify(token, keysOfA, { issuer: env.ISSUER, typ: 'at+jwt', algorithms: ['EdDSA'], requiredClaims: ['exp', 'iat', 'jti', 'sid', 'client_id', 'auth_time'] })
assert.match(payload.tenant, /^tnt_/)
assert.equal(payload.tenant_id, payload.tenant)
assert.equal(payload.tenantId, payload.tenant)
assert.equal(payload.aud, payload.tenant)
assert.equal(payload.sub, signedIn.json.user.id)
assert.equal(payload.sid, signedIn.json.session.id)
assert.deepEqual(payload.amr, ['pwd'])
console.log('verified with the JWKS of A:', payload.tenant, payload.tenant_id, payload.tenantId)

await assert.rejects(jwtVerify(token, keysOfB, { issuer: env.ISSUER }), errors.JWKSNoMatchingKey)
console.log('refused with the JWKS of B: no key of B has that kid')

const refreshed = await post('/v1/auth/token/refresh', { refresh_token: signedIn.json.session.refresh_token })
assert.equal(refreshed.status, 200)
const again = await jwtVerify(refreshed.json.access_token, keysOfA, { issuer: env.ISSUER, typ: 'at+jwt' })
assert.equal(again.payload.sid, payload.sid)
console.log('refreshed token verifies too')
