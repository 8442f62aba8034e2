// jsforce, unmodified, at Salesforce's door: code + PKCE, identity, refresh with its rotation handler and without,
// client credentials, revoke. Speaks with the test as openid_client.mjs does.
import jsforce from 'jsforce'
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const read = async () => (await lines.next()).value
const { issuer, id, secret, callback } = JSON.parse(await read())
const oauth2 = new jsforce.OAuth2({
  loginUrl: issuer,
  clientId: id,
  clientSecret: secret,
  redirectUri: callback,
  useVerifier: true,
})
console.log(JSON.stringify({ visit: oauth2.getAuthorizationUrl({ scope: 'api id refresh_token' }) }))
const code = new URL(await read()).searchParams.get('code')
const connection = new jsforce.Connection({ oauth2, version: '60.0' })
const handled = (token, answer) => {
  if (answer.refresh_token) connection.refreshToken = answer.refresh_token
}
connection.on('refresh', handled)
await connection.authorize(code)
const who = await connection.identity()
const first = connection.refreshToken
connection.accessToken = '00D!dead'
const versions = await connection.request('/services/data/v60.0/')
const rotated = connection.refreshToken !== first
const spent = await oauth2.refreshToken(first).catch((problem) => problem.message)
const machine = new jsforce.Connection({ oauth2: { loginUrl: issuer, clientId: id, clientSecret: secret } })
await machine.authorize({ grant_type: 'client_credentials' })
const robot = await machine.identity()
await machine.logout(true)
console.log(
  JSON.stringify({ username: who.username, identity: versions.identity, rotated, spent, robot: robot.username }),
)
process.exit(0)
