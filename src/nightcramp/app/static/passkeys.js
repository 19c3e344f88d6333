/* Asks the device for a passkey and sends what it signed with the form, in place of typed words. */

const bytes = (text) => Uint8Array.from(
  atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function asked(options) {
  const known = (one) => ({ ...one, id: bytes(one.id) });
  const found = { ...options, challenge: bytes(options.challenge) };
  if (options.user) found.user = { ...options.user, id: bytes(options.user.id) };
  for (const name of ["allowCredentials", "excludeCredentials"]) {
    if (options[name]) found[name] = options[name].map(known);
  }
  return found;
}

function told(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const failed = form.querySelector("[data-failed]");
    failed.hidden = true;
    try {
      const publicKey = asked(JSON.parse(form.dataset.options));
      const credential = await navigator.credentials[form.dataset.passkey]({ publicKey });
      form.elements.credential.value = told(credential);
    } catch {
      failed.hidden = false;
      return;
    }
    form.submit();
  });
}
