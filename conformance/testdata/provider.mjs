// Another implementation of OpenID Connect, set up for the plans. Arguments: the port and the registrations as JSON.
import http from 'node:http';
import { Provider } from 'oidc-provider';

const [port, registrations] = [Number(process.argv[2]), JSON.parse(process.argv[3])];
const provider = new Provider(`http://localhost:${port}`, {
  clients: registrations,
  cookies: { keys: ['conformance'], long: { sameSite: 'none' } },
  enableHttpPostMethods: true,
  pkce: { required: () => false },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  scopes: ['openid', 'offline_access'],
  features: {
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  // As it comes it refuses to call loopback addresses, as ours does.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: 'Cleo Lindt', email: 'cleo@example.com', email_verified: true }),
  }),
});
http.createServer(provider.callback()).listen(port, '127.0.0.1', () => console.log('listening'));
