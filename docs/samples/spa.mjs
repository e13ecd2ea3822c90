// A product that runs in the browser alone. npm install oidc-client-ts@3
import { UserManager } from 'oidc-client-ts';

export const users = new UserManager({
  authority: 'https://login.example.com', client_id: 'events-app',
  redirect_uri: 'https://events.example.com/callback', post_logout_redirect_uri: 'https://events.example.com/',
  scope: 'openid email', loadUserInfo: true, // the email is in userinfo
  filterProtocolClaims: false, // or the library hides amr and acr
});

export const login = (account) => users.signinRedirect({ extraQueryParams: { account } }); // also the switch: login('globex')
export const logout = () => users.signoutRedirect();

// comeIn returns who is logged in, if anybody. Call it once, when the page opens.
export async function comeIn() {
  try {
    if (location.pathname === '/callback') return await users.signinCallback();
    const user = await users.getUser();
    return user?.expired ? await users.signinSilent() : user; // the page was closed, or the computer asleep
  } catch (refused) { // also when the person or the provider refused: refused.error says why
    return users.removeUser();
  } finally {
    if (location.pathname === '/callback') history.replaceState(null, '', '/');
  }
}

// A minute before the access token expires the library refreshes. When the login does not satisfy the account any more, it is over.
users.events.addSilentRenewError((refused) => refused.error === 'invalid_grant' && users.removeUser());
