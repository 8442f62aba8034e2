// openid-client, unmodified, registers itself at the standards' door: with an initial access token, without a secret, and
// with nothing where the org lets everybody in; then code + PKCE + nonce, userinfo, refresh and revocation with what it got.
import * as client from 'openid-client'
import { refusal, report, told, visit } from './conversation.mjs'

const { issuer, callback, initialAccessToken } = told
const insecure = { execute: [client.allowInsecureRequests] }
const findings = {}

const register = (metadata, authentication, token) =>
  client.dynamicClientRegistration(new URL(issuer), metadata, authentication, { ...insecure, initialAccessToken: token })

const goThrough = async (conf) => {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  }
  const back = await visit(
    client.buildAuthorizationUrl(conf, {
      redirect_uri: callback,
      scope: 'openid profile offline_access',
      code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
    }),
  )
  const tokens = await client.authorizationCodeGrant(conf, back, checks)
  const me = await client.fetchUserInfo(conf, tokens.access_token, tokens.claims().sub)
  const second = await client.refreshTokenGrant(conf, tokens.refresh_token)
  await client.tokenRevocation(conf, second.refresh_token)
  return {
    audience: tokens.claims().aud,
    name: me.name,
    scope: tokens.scope,
    rotated: second.refresh_token !== tokens.refresh_token,
    afterRevocation: await refusal(client.refreshTokenGrant(conf, second.refresh_token)),
  }
}
const manage = async (registered, method, document) => {
  const reply = await fetch(registered.registration_client_uri, {
    method,
    headers: {
      authorization: `Bearer ${registered.registration_access_token}`,
      ...(document && { 'content-type': 'application/json' }),
    },
    body: document && JSON.stringify(document),
  })
  return { status: reply.status, body: method === 'DELETE' ? null : await reply.json() }
}

{
  const conf = await register({ redirect_uris: [callback], client_name: 'Quayside' }, undefined, initialAccessToken)
  const registered = conf.clientMetadata()
  findings.registered = registered
  findings.flow = await goThrough(conf)
  findings.read = await manage(registered, 'GET')
  findings.renamed = await manage(registered, 'PUT', { ...findings.read.body, client_name: 'Quay' })
  findings.deleted = await manage(registered, 'DELETE')
  findings.gone = await manage(registered, 'GET')
}
{
  const metadata = { redirect_uris: [callback], client_name: 'Pocket', token_endpoint_auth_method: 'none' }
  const conf = await register(metadata, client.None(), initialAccessToken)
  findings.withoutSecret = { registered: conf.clientMetadata(), flow: await goThrough(conf) }
}
{
  const basic = await register({ redirect_uris: [callback], client_name: 'Basic' }, client.ClientSecretBasic(), initialAccessToken)
  findings.basic = await goThrough(basic)
}
{
  const conf = await register({ redirect_uris: [callback], client_name: 'Anybody' })
  findings.open = { registered: conf.clientMetadata(), flow: await goThrough(conf) }
  findings.refused = await refusal(register({ redirect_uris: ['http://evil.example/'] }))
  findings.wrongToken = await refusal(register({ redirect_uris: [callback] }, undefined, 'wrong'))
}

report(findings)
