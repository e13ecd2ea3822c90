// A product that logs people in through Vestibule and lets them switch accounts. npm install openid-client@6
import http from 'node:http';
import * as oidc from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, LISTEN } = process.env;
const base = `http://${LISTEN}`;
const config = await oidc.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, oidc.ClientSecretBasic(CLIENT_SECRET), {
  execute: ISSUER.startsWith('http://localhost') ? [oidc.allowInsecureRequests] : [],
});

http.createServer(async (request, response) => {
  const url = new URL(request.url, base);
  if (url.pathname === '/login') { // also the switch: /login?account=globex
    const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()];
    const to = oidc.buildAuthorizationUrl(config, {
      redirect_uri: `${base}/callback`, scope: 'openid email', state, nonce, account: url.searchParams.get('account') ?? '',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    });
    response.setHeader('Set-Cookie', `flow=${[state, nonce, verifier].join('.')}; HttpOnly; SameSite=Lax; Max-Age=600`);
    return response.writeHead(303, { Location: to.href }).end();
  }
  if (url.pathname === '/callback') {
    const [state, nonce, verifier] = (/flow=([^;]*)/.exec(request.headers.cookie ?? '')?.[1] ?? '').split('.');
    try {
      const tokens = await oidc.authorizationCodeGrant(config, url, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce });
      const { sub, account_name: account, amr } = tokens.claims();
      return response.end(`${sub} of ${account} proved ${amr}\n`); // here your own session begins
    } catch (refused) { // also when the person or the provider refused: refused.error says why
      return response.writeHead(401).end(`not logged in: ${refused.error ?? 'please log in again'}\n`);
    }
  }
  response.writeHead(404).end();
}).listen(Number(LISTEN.split(':')[1]), '127.0.0.1', () => console.log('listening'));
