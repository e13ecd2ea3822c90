// A client made of openid-client, as a product in JavaScript would be. It says on standard output where the browser must go,
// one JSON value a line, and reads on standard input where the browser came back. Arguments: issuer, id, secret, redirect URI, where
// to go after a logout.
import readline from 'node:readline';
import * as client from 'openid-client';

const [issuer, id, secret, redirect, after] = process.argv.slice(2);
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (value) => console.log(JSON.stringify(value));
const visit = async (url, step) => {
  say({ step, visit: url.href });
  return new URL((await lines.next()).value);
};

const config = await client.discovery(new URL(issuer), id, secret, client.ClientSecretBasic(secret), {
  execute: [client.allowInsecureRequests],
});
const metadata = config.serverMetadata();

// login is the code flow with PKCE, state and nonce, pushed or not.
async function login(step, { pushed = false, options, ...more } = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const parameters = {
    redirect_uri: redirect, scope: 'openid email offline_access', state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...more,
  };
  const url = pushed
    ? await client.buildAuthorizationUrlWithPAR(config, parameters, options)
    : client.buildAuthorizationUrl(config, parameters);
  const back = await visit(url, step);
  return client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }, undefined, options);
}

const tokens = await login('code');
say({ step: 'code', claims: tokens.claims(), type: tokens.token_type });

const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
say({ step: 'refresh', claims: fresh.claims() });
say({ step: 'userinfo', claims: await client.fetchUserInfo(config, fresh.access_token, fresh.claims().sub) });
say({ step: 'introspection', claims: await client.tokenIntrospection(config, fresh.access_token) });

say({ step: 'par', claims: (await login('par', { pushed: true })).claims() });

if (metadata.dpop_signing_alg_values_supported) {
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  const bound = await login('dpop', { options: { DPoP } });
  say({ step: 'dpop', type: bound.token_type, claims: await client.fetchUserInfo(config, bound.access_token, bound.claims().sub, { DPoP }) });
  const again = await client.refreshTokenGrant(config, bound.refresh_token, undefined, { DPoP });
  say({ step: 'dpop-refresh', type: again.token_type });
  let refused = false;
  await client.fetchUserInfo(config, again.access_token, bound.claims().sub).catch(() => { refused = true; });
  say({ step: 'dpop-stolen', refused });
}

if (metadata.device_authorization_endpoint) {
  const device = await client.initiateDeviceAuthorization(config, { scope: 'openid' });
  say({ step: 'device', visit: device.verification_uri_complete ?? device.verification_uri, code: device.user_code });
  const polled = await client.pollDeviceAuthorizationGrant(config, { ...device, interval: 1 });
  say({ step: 'device', claims: polled.claims() });
}

const left = await visit(client.buildEndSessionUrl(config, { id_token_hint: fresh.id_token, post_logout_redirect_uri: after, state: 'bye' }), 'logout');
say({ step: 'logout', state: left.searchParams.get('state') });
let ended = false;
await client.refreshTokenGrant(config, fresh.refresh_token ?? tokens.refresh_token).catch((error) => { ended = error.error === 'invalid_grant'; });
say({ step: 'ended', ended });
process.exit(0);
