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

// A response for the client leaves at once; Continue remains for browsers without script.
for (const form of document.querySelectorAll("form[data-send-now]")) form.requestSubmit();
