
// --- the service worker: opens the pages of the night without a connection ---

const PATIENCE = 3e3;

self.addEventListener("install", (event) => event.waitUntil(store().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(settleIn()));
self.addEventListener("sync", (event) => event.waitUntil(handOver().then((state) => {
  if (state === "offline" || state === "later") throw new Error(state);
})));
self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(caches.match(request).then((one) => one || fetch(request)));
  else if (request.mode === "navigate") event.respondWith(page(request, url.pathname));
});

/** Fetch what is kept as nobody: no cookie goes along, so nothing of anybody comes back. */
async function store() {
  const cache = await caches.open(KEPT.cache);
  await Promise.all([...Object.values(KEPT.shells), ...KEPT.assets].map(async (address) => {
    const answer = await fetch(address, { credentials: "omit", cache: "reload" });
    if (!answer.ok) throw new Error(address);
    await cache.put(address, answer);
  }));
}

async function settleIn() {
  for (const name of await caches.keys()) if (name !== KEPT.cache) await caches.delete(name);
  await self.clients.claim();
}

async function page(request, path) {
  const own = KEPT.shells[path.startsWith("/morning/") ? "/morning" : path];
  const shell = () => caches.match(own || KEPT.shells[""]).then((one) => one || Response.error());
  try {
    const late = new Promise((_, fail) => own && setTimeout(fail, PATIENCE));
    const answer = await Promise.race([fetch(request), late]);
    // Signed out, or the diary is in trouble: the button still works, and what it keeps waits.
    return own && (answer.type === "opaqueredirect" || answer.status >= 500) ? shell() : answer;
  } catch {
    return shell();
  }
}
