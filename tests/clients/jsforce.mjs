// jsforce, unmodified, at Salesforce's door: code + PKCE, identity, API, refresh with its rotation handler and without,
// client credentials, revoke. Its apps rotate, keep their refresh token, rotate with an overlap, have no secret.
import jsforce from 'jsforce'
import { refusal, report, told, visit } from './conversation.mjs'

const { issuer, callback, rotating, keeping, overlapping, native } = told
const version = '60.0'
const resources = `/services/data/v${version}/`

const oauth2Of = (app) =>
  new jsforce.OAuth2({
    loginUrl: issuer,
    clientId: app.consumer_key,
    clientSecret: app.consumer_secret,
    redirectUri: callback,
    useVerifier: true,
  })

const signIn = async (app, scope = 'api id refresh_token') => {
  const oauth2 = oauth2Of(app)
  const back = await visit(oauth2.getAuthorizationUrl({ scope }))
  const connection = new jsforce.Connection({ oauth2, version })
  const code = back.searchParams.get('code')
  await connection.authorize(code)
  return { oauth2, connection, code }
}

// As an app does that has stored its refresh token, and whose access token has ended meanwhile.
const restored = ({ oauth2, connection: { instanceUrl, refreshToken } }) =>
  new jsforce.Connection({ oauth2, version, instanceUrl, refreshToken, accessToken: '00D000000000000!ended' })

const withToken = (connection, accessToken) =>
  new jsforce.Connection({ version, instanceUrl: connection.instanceUrl, accessToken })

// Calls the API, with an access token that has ended before each call after the first.
const callTimes = async (connection, times) => {
  const answers = []
  for (let call = 0; call < times; call += 1) {
    if (call) connection.accessToken = '00D000000000000!ended'
    answers.push(await refusal(connection.request(resources)))
  }
  return answers
}

const findings = {}

{
  const { connection, code, oauth2 } = await signIn(rotating)
  findings.identity = await connection.identity()
  findings.instanceUrl = connection.instanceUrl
  findings.versions = await connection.request('/services/data/')
  findings.resources = await connection.request(resources)
  findings.unknownResource = await refusal(connection.request(`${resources}nothing`))
  findings.accessToken = connection.accessToken
  findings.codeAgain = await refusal(oauth2.requestToken(code))
}
{
  const signedIn = await signIn(rotating)
  const connection = restored(signedIn)
  const used = [connection.refreshToken]
  connection.on('refresh', (accessToken, answer) => {
    connection.refreshToken = answer.refresh_token
    used.push(answer.refresh_token)
  })
  findings.withHandler = { answers: await callTimes(connection, 3), refreshTokens: used }
  const alive = await refusal(withToken(connection, connection.accessToken).identity())
  findings.replay = {
    before: alive,
    words: await refusal(signedIn.oauth2.refreshToken(used[0])),
    newestRefreshToken: await refusal(signedIn.oauth2.refreshToken(used.at(-1))),
    newestAccessToken: await refusal(withToken(connection, connection.accessToken).request(resources)),
  }
}
findings.withoutHandler = { answers: await callTimes(restored(await signIn(rotating)), 2) }
{
  const connection = restored(await signIn(keeping))
  const before = connection.refreshToken
  findings.rotationOff = { answers: await callTimes(connection, 3), same: connection.refreshToken === before }
}
findings.withOverlap = { answers: await callTimes(restored(await signIn(overlapping)), 3) }
{
  const { connection, oauth2 } = await signIn(native)
  const { access_token: accessToken } = await oauth2.refreshToken(connection.refreshToken)
  findings.withoutSecret = await refusal(withToken(connection, accessToken).request(resources))
}
{
  const { connection, oauth2 } = await signIn(rotating)
  const { accessToken, refreshToken } = connection
  await connection.logout()
  findings.logout = {
    accessToken: await refusal(withToken({ instanceUrl: issuer }, accessToken).request(resources)),
    refreshToken: await refusal(oauth2.refreshToken(refreshToken)),
  }
}
{
  const { connection, oauth2 } = await signIn(rotating)
  const { accessToken, refreshToken } = connection
  await connection.logout(true)
  findings.logoutWithRevoke = {
    accessToken: await refusal(withToken({ instanceUrl: issuer }, accessToken).request(resources)),
    refreshToken: await refusal(oauth2.refreshToken(refreshToken)),
  }
}
{
  const { connection } = await signIn(rotating, 'id refresh_token')
  const before = connection.refreshToken
  connection.on('refresh', (accessToken, answer) => (connection.refreshToken = answer.refresh_token))
  findings.withoutApiScope = {
    api: await refusal(connection.request(resources)),
    identity: await refusal(connection.identity()),
    refreshed: connection.refreshToken !== before,
  }
  await connection.logout(true)
}
{
  const machine = new jsforce.Connection({ oauth2: oauth2Of(rotating), version })
  await machine.authorize({ grant_type: 'client_credentials' })
  const { accessToken } = machine
  findings.machine = {
    identity: await machine.identity(),
    resources: await machine.request(resources),
    hasRefreshToken: Boolean(machine.refreshToken),
  }
  await machine.logout()
  findings.machine.afterLogout = await refusal(withToken({ instanceUrl: issuer }, accessToken).request(resources))
  const wrong = oauth2Of({ ...rotating, consumer_secret: 'wrong' })
  findings.wrongSecret = await refusal(wrong.requestToken({ grant_type: 'client_credentials' }))
  findings.notAllowed = await refusal(oauth2Of(keeping).requestToken({ grant_type: 'client_credentials' }))
}

report(findings)
