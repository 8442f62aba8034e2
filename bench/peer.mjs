// The peer: oidc-provider with its in-memory adapter, opaque access tokens, rotating refresh tokens, RS256 ID tokens.
// Access tokens are JWTs where a `resource` is named.
import Provider from 'oidc-provider'
import MemoryAdapter from './node_modules/oidc-provider/lib/adapters/memory_adapter.js'

// The adapter's own store forgets all but the newest thousand entries, tokens that are still good among them.
const store = new Map()
class Adapter extends MemoryAdapter {
  constructor(model) {
    super(model, store)
  }
}

const [port, secret, callback, jwk] = process.argv.slice(2)
const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: Adapter,
  clients: [
    {
      client_id: 'bench',
      client_secret: secret,
      grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
      redirect_uris: [callback],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_post',
    },
    {
      client_id: 'bench-signing',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [JSON.parse(jwk)] },
    },
  ],
  cookies: { keys: ['bench-cookie-key'] },
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: async () => ({ scope: 'api', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
    },
  },
  scopes: ['openid', 'api'],
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  expiresWithSession: async () => false,
})
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'))
