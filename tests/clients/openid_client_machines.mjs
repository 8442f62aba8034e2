// openid-client, unmodified, where nobody is at a browser: JWT bearer by a generic grant request, private_key_jwt at every
// endpoint that authenticates clients, and introspection answered by a signed JWT, which the client verifies.
import { randomUUID, webcrypto } from 'node:crypto'
import { SignJWT } from 'jose'
import * as client from 'openid-client'
import { refusal, report, told } from './conversation.mjs'

const { issuer, app, username, pem, otherPem } = told
const insecure = { execute: [client.allowInsecureRequests] }
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const findings = {}

const keyOf = (text) => {
  const der = Buffer.from(text.replace(/-----[A-Z ]+-----/g, ''), 'base64')
  return webcrypto.subtle.importKey('pkcs8', der, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['sign'])
}
const [key, otherKey] = [await keyOf(pem), await keyOf(otherPem)]
const discovered = (secretOrMetadata, authentication) =>
  client.discovery(new URL(issuer), app.consumer_key, secretOrMetadata, authentication, insecure)
const assertion = (claims = {}, by = key) =>
  new SignJWT({ iss: app.consumer_key, sub: username, aud: issuer, jti: randomUUID(), ...claims })
    .setProtectedHeader({ alg: 'RS256' })
    .setExpirationTime('2m')
    .sign(by)

const bySecret = await discovered(app.consumer_secret)
const byKey = await discovered(undefined, client.PrivateKeyJwt(key))
const exchanged = (conf, text) => client.genericGrantRequest(conf, GRANT, { assertion: text })
{
  const sent = await assertion()
  const tokens = await exchanged(bySecret, sent)
  findings.jwtBearer = { tokens, introspection: await client.tokenIntrospection(bySecret, tokens.access_token) }
  findings.jwtBearer.again = await refusal(exchanged(bySecret, sent))
  findings.jwtBearer.ofAnotherKey = await refusal(exchanged(await discovered(undefined, client.None()), await assertion({}, otherKey)))
  findings.jwtBearer.forAnotherServer = await refusal(exchanged(bySecret, await assertion({ aud: 'https://other.example' })))
  const tokenEndpoint = bySecret.serverMetadata().token_endpoint
  findings.jwtBearer.forTheTokenEndpoint = await refusal(exchanged(bySecret, await assertion({ aud: tokenEndpoint })))
}
{
  const machine = await client.clientCredentialsGrant(byKey)
  const before = await client.tokenIntrospection(byKey, machine.access_token)
  const both = await exchanged(byKey, await assertion())
  await client.tokenRevocation(byKey, machine.access_token)
  findings.privateKeyJwt = {
    before,
    both: (await client.tokenIntrospection(byKey, both.access_token)).username,
    after: await client.tokenIntrospection(byKey, machine.access_token),
  }
  const foreign = await discovered(undefined, client.PrivateKeyJwt(otherKey))
  findings.privateKeyJwt.ofAnotherKey = await client
    .clientCredentialsGrant(foreign)
    .then(() => null, ({ status }) => status)
}
if (issuer.endsWith('/oidc')) {
  const metadata = { client_secret: app.consumer_secret, introspection_signed_response_alg: 'RS256' }
  const signed = await discovered(metadata)
  client.enableNonRepudiationChecks(signed)
  const { access_token: token } = await client.clientCredentialsGrant(signed)
  findings.signed = await client.tokenIntrospection(signed, token)
  await client.tokenRevocation(signed, token)
  findings.signedAfter = await client.tokenIntrospection(signed, token)
}

report(findings)
