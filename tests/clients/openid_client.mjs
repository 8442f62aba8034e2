// openid-client, unmodified: discovery, code + PKCE + nonce, userinfo, refresh and replay, introspection, client
// credentials, revocation. Reads one JSON line with what it needs; asks for a person by printing {"visit": URL} and reads
// the callback's URL from the next line; prints what it saw.
import * as client from 'openid-client'
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const read = async () => (await lines.next()).value
const { issuer, id, secret, callback } = JSON.parse(await read())
const conf = await client.discovery(new URL(issuer), id, secret, undefined, { execute: [client.allowInsecureRequests] })
const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const nonce = client.randomNonce()
const visit = client.buildAuthorizationUrl(conf, {
  redirect_uri: callback,
  scope: 'openid id api refresh_token',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
})
console.log(JSON.stringify({ visit: visit.href }))
const back = new URL(await read())
const tokens = await client.authorizationCodeGrant(conf, back, {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
})
const claims = tokens.claims()
const me = await client.fetchUserInfo(conf, tokens.access_token, claims.sub)
const second = await client.refreshTokenGrant(conf, tokens.refresh_token)
const third = await client.refreshTokenGrant(conf, second.refresh_token)
const seen = await client.tokenIntrospection(conf, third.access_token)
const replay = await client.refreshTokenGrant(conf, tokens.refresh_token).catch((problem) => problem.error)
const after = await client.tokenIntrospection(conf, third.access_token)
const machine = await client.clientCredentialsGrant(conf)
await client.tokenRevocation(conf, machine.access_token)
const revoked = await client.tokenIntrospection(conf, machine.access_token)
console.log(
  JSON.stringify({
    sub: claims.sub,
    email: me.email,
    active: seen.active,
    replay,
    afterReplay: after.active,
    afterRevocation: revoked.active,
  }),
)
process.exit(0)
