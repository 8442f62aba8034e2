// openid-client, unmodified, at the door whose issuer it is told: discovery, code + PKCE + nonce, userinfo, refresh and
// replay, introspection, client credentials, revocation. And an API that checks JWT-based access tokens by itself: by jose
// and, where they are RFC 9068's, by oauth4webapi.
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as resource from 'oauth4webapi'
import * as client from 'openid-client'
import { refusal, report, told, visit } from './conversation.mjs'

const { issuer, callback, app, native, jwtApp } = told
const insecure = { execute: [client.allowInsecureRequests] }
const { consumer_key: id, consumer_secret: secret } = app
const findings = {}

const conf = await client.discovery(new URL(issuer), id, secret, undefined, insecure)
findings.metadata = conf.serverMetadata()
const rfc8414 = { ...insecure, algorithm: 'oauth2' }
const found = await client.discovery(new URL(issuer), id, secret, undefined, rfc8414)
findings.metadataOfRfc8414 = found.serverMetadata()

const signIn = async (conf) => {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  }
  const back = await visit(
    client.buildAuthorizationUrl(conf, {
      redirect_uri: callback,
      scope: 'openid id api refresh_token',
      code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
    }),
  )
  return { back, checks }
}
const active = async (token) => (await client.tokenIntrospection(conf, token)).active

{
  const { back, checks } = await signIn(conf)
  findings.callback = Object.fromEntries(back.searchParams)
  const otherVerifier = { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() }
  findings.wrongVerifier = await refusal(client.authorizationCodeGrant(conf, back, otherVerifier))
  const tokens = await client.authorizationCodeGrant(conf, back, checks)
  const claims = tokens.claims()
  findings.tokens = tokens
  findings.claims = claims
  findings.hasNonce = claims.nonce === checks.expectedNonce
  findings.userinfo = await client.fetchUserInfo(conf, tokens.access_token, claims.sub)
  findings.introspection = {
    accessToken: await client.tokenIntrospection(conf, tokens.access_token),
    refreshToken: await client.tokenIntrospection(conf, tokens.refresh_token),
  }
  findings.nonsense = await client.tokenIntrospection(conf, 'nonsense').catch((problem) => problem.error)
  const second = await client.refreshTokenGrant(conf, tokens.refresh_token)
  const third = await client.refreshTokenGrant(conf, second.refresh_token)
  findings.refreshTokens = [tokens, second, third].map((one) => one.refresh_token)
  findings.refreshedClaims = third.claims()
  const before = await active(third.access_token)
  findings.replay = {
    before,
    error: await refusal(client.refreshTokenGrant(conf, tokens.refresh_token)),
    newestAccessToken: await active(third.access_token),
    newestRefreshToken: await refusal(client.refreshTokenGrant(conf, third.refresh_token)),
  }
}
{
  const { back, checks } = await signIn(conf)
  const tokens = await client.authorizationCodeGrant(conf, back, checks)
  const before = await active(tokens.access_token)
  findings.codeReplay = {
    before,
    error: await refusal(client.authorizationCodeGrant(conf, back, checks)),
    accessToken: await active(tokens.access_token),
  }
}
{
  const { back, checks } = await signIn(conf)
  const tokens = await client.authorizationCodeGrant(conf, back, checks)
  await client.tokenRevocation(conf, tokens.refresh_token)
  findings.revocation = {
    accessToken: await active(tokens.access_token),
    refreshToken: await refusal(client.refreshTokenGrant(conf, tokens.refresh_token)),
  }
}
{
  const machine = await client.clientCredentialsGrant(conf)
  findings.machine = { tokens: machine, introspection: await client.tokenIntrospection(conf, machine.access_token) }
  await client.tokenRevocation(conf, machine.access_token)
  findings.machine.afterRevocation = await active(machine.access_token)
}
{
  const open = await client.discovery(new URL(issuer), native.consumer_key, undefined, client.None(), insecure)
  const { back, checks } = await signIn(open)
  const tokens = await client.authorizationCodeGrant(open, back, checks)
  const second = await client.refreshTokenGrant(open, tokens.refresh_token)
  const me = await client.fetchUserInfo(open, second.access_token, tokens.claims().sub)
  findings.withoutSecret = { email: me.email, rotated: second.refresh_token !== tokens.refresh_token }
  await client.tokenRevocation(open, second.refresh_token)
  findings.withoutSecret.afterRevocation = await refusal(client.refreshTokenGrant(open, second.refresh_token))
}
{
  const basic = await client.discovery(new URL(issuer), id, undefined, client.ClientSecretBasic(secret), insecure)
  findings.basic = await refusal(client.clientCredentialsGrant(basic))
  const wrong = await client.discovery(new URL(issuer), id, 'wrong', undefined, insecure)
  findings.wrongSecret = await client.clientCredentialsGrant(wrong).catch(({ status, error }) => ({ status, error }))
}
if (jwtApp) {
  const own = await client.discovery(new URL(issuer), jwtApp.consumer_key, jwtApp.consumer_secret, undefined, insecure)
  const { access_token: token } = await client.clientCredentialsGrant(own)
  const metadata = own.serverMetadata()
  const audience = new URL(issuer).origin
  const checked = await jwtVerify(token, createRemoteJWKSet(new URL(metadata.jwks_uri)), { issuer, audience })
  const request = new Request(audience, { headers: { authorization: `Bearer ${token}` } })
  const asApi = resource.validateJwtAccessToken(metadata, request, audience, { [resource.allowInsecureRequests]: true })
  findings.jwt = {
    header: checked.protectedHeader,
    claims: checked.payload,
    asApi: await asApi.catch((problem) => problem.message),
    introspection: await client.tokenIntrospection(own, token),
  }
  await client.tokenRevocation(own, token)
  findings.jwt.afterRevocation = (await client.tokenIntrospection(own, token)).active
}

report(findings)
