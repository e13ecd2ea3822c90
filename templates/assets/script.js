// Comfort only: every page works without this file. Buttons that need it are hidden until it runs.
"use strict";

// Send once: a second submit of the same form is dropped while the first is under way. The button stays enabled, so
// that its value is sent and the focus is kept. After ten seconds without an answer the person may try again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("[data-reveal]")) cover(button);
  setTimeout(() => delete form.dataset.sent, 10000);
});

// A page that comes back by the Back button may be sent again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) delete form.dataset.sent;
});

// Code fields send themselves when six digits are in, once per page.
for (const field of document.querySelectorAll("input[data-advance]")) {
  field.addEventListener("input", () => {
    if (field.dataset.advance === "done" || !/^\d{6}$/.test(field.value.replace(/\s/g, ""))) return;
    field.dataset.advance = "done";
    field.form.requestSubmit();
  });
}

// Show and hide the password. It is covered again before it is sent, so that password managers recognise it.
function cover(button) {
  if (document.getElementById(button.dataset.reveal).type === "text") button.click();
}

for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  const words = { password: [button.textContent, button.ariaLabel], text: [button.dataset.hide, button.dataset.hideLabel] };
  button.hidden = false;
  button.addEventListener("click", () => {
    field.type = field.type === "password" ? "text" : "password";
    [button.textContent, button.ariaLabel] = words[field.type];
  });
}

// Copy. Browsers offer the clipboard on https and localhost only; elsewhere the button stays hidden.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const word = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
    setTimeout(() => (button.textContent = word), 2000);
  });
}

// Print. Every browser has it in a menu as well.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// Pop-ups stand in front of the page they belong to. Without this file they are the page. Escape is Cancel; a pop-up without Cancel stays
// until it was answered.
for (const dialog of document.querySelectorAll("dialog[data-modal]")) {
  dialog.close();
  dialog.showModal();
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    dialog.querySelector("[data-cancel]")?.click();
  });
}

// A response for the client leaves at once; Continue remains for browsers without script.
for (const form of document.querySelectorAll("form[data-send-now]")) form.requestSubmit();

// Passkeys. A button asks the server for a challenge, the browser for the answer, and sends its form with it. What the browser knows as bytes
// travels as base64url.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const words = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function optionsFrom(url) {
  const answer = await fetch(url, { method: "POST" });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const { publicKey } = await answer.json();
  const ids = [publicKey.user, ...(publicKey.allowCredentials ?? []), ...(publicKey.excludeCredentials ?? [])].filter(Boolean);
  for (const known of ids) known.id = bytes(known.id);
  publicKey.challenge = bytes(publicKey.challenge);
  return publicKey;
}

function answerOf({ id, rawId, type, response }) {
  const said = { clientDataJSON: words(response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[part]) said[part] = words(response[part]);
  }
  if (response.getTransports) said.transports = response.getTransports();
  return JSON.stringify({ id, rawId: words(rawId), type, clientExtensionResults: {}, response: said });
}

const answered = new WeakSet(); // forms that are on their way with an answer
let asking = new AbortController(); // the browser asks for one passkey at a time

async function usePasskey(button, mediation) {
  asking.abort();
  const { signal } = (asking = new AbortController());
  const publicKey = await optionsFrom(button.dataset.passkey);
  const credential = await navigator.credentials[publicKey.user ? "create" : "get"]({ publicKey, mediation, signal });
  const { form } = button;
  const add = ({ formData }) => formData.set("passkey", answerOf(credential));
  form.addEventListener("formdata", add);
  form.noValidate = "alone" in button.dataset; // the other fields are for those without a passkey
  answered.add(form);
  form.requestSubmit();
  answered.delete(form);
  form.noValidate = false;
  form.removeEventListener("formdata", add); // it counts once: whoever comes back by the Back button types
}

// The passkeys of this device are offered in the list that the browser opens at the email field. A challenge is good for five minutes,
// so a page that stays open asks again.
async function offerPasskeys(button) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const offer = usePasskey(button, "conditional");
  const mine = asking;
  offer.catch(() => {});
  setTimeout(() => {
    if (asking !== mine) return;
    if (document.hidden) document.addEventListener("visibilitychange", () => offerPasskeys(button), { once: true });
    else offerPasskeys(button);
  }, 240000);
}

for (const button of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential) break;
  const failed = button.form.querySelector("[data-passkey-failed]");
  button.hidden = false;
  button.form.querySelector("[data-passkey-missing]")?.remove();
  button.addEventListener("click", async () => {
    const instead = button.form.elements[button.dataset.instead];
    if (instead) instead.required = false;
    if (!("alone" in button.dataset) && !button.form.reportValidity()) return;
    failed.hidden = true;
    try {
      await usePasskey(button);
    } catch (error) {
      failed.hidden = error.name === "AbortError"; // another button was pressed
      if (button.dataset.autofill) offerPasskeys(button);
    }
  });
  if (button.dataset.autofill) offerPasskeys(button);
  if (button.form.querySelector("[type=submit]")) continue;
  button.form.addEventListener("submit", (event) => {
    if (answered.has(button.form)) return;
    event.preventDefault(); // Enter presses the only button there is
    event.stopPropagation();
    button.click();
  });
}
