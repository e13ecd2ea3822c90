// What a product would be around docs/samples/spa.mjs: who is there, and buttons.
import { users, login, logout, comeIn } from '/sample.mjs';

const text = (id, value) => (document.getElementById(id).textContent = value);
const show = (user) => {
  const said = user?.profile ?? {};
  text('who', said.email ?? 'nobody');
  text('account-name', said.account_name ?? '');
  text('amr', (said.amr ?? []).join(' '));
  text('acr', said.acr ?? '');
};
const press = (id, act) => document.getElementById(id).addEventListener('click', act);
let refreshed = 0;

press('login', () => login());
press('acme', () => login('acme'));
press('globex', () => login('globex'));
press('logout', logout);
press('sleep', async () => { // until the access token has expired
  users.stopSilentRenew();
  const user = await users.getUser();
  user.expires_at = 1;
  await users.storeUser(user);
  location.reload();
});
const user = await comeIn();
users.events.addUserLoaded((user) => { show(user); text('refreshed', `refreshed ${++refreshed} times`); });
users.events.addUserUnloaded(() => show(null));
show(user);
text('ready', 'ready');
