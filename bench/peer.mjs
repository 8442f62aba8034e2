// The peer: oidc-provider with its in-memory adapter, one client that may do client credentials and introspection.
import Provider from 'oidc-provider'

const port = Number(process.argv[2])
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: 'bench',
      client_secret: 'bench-secret-bench-secret-bench-secret',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_post',
    },
  ],
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    devInteractions: { enabled: false },
  },
  scopes: ['api'],
})
provider.listen(port, '127.0.0.1', () => console.log('ready'))
