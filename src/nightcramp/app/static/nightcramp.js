// Keeps what is told until the diary has it, each entry once. The service worker begins with this.

const AGAIN = 20e3, RECENT = 18e5, BATCH = 200;
const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");

/** A moment as the wall clock of this phone shows it, with its offset. */
function wall(at, length = 23) {
  const ahead = -at.getTimezoneOffset() * 6e4, text = (time) => new Date(time).toISOString();
  return text(+at + ahead).slice(0, length) + (ahead < 0 ? "-" : "+") + text(Math.abs(ahead)).slice(11, 16);
}

/** Do something with both stores in one transaction; it is on the disk when this is done. */
async function kept(work) {
  const db = await new Promise((done, fail) => {
    const asked = indexedDB.open("nightcramp", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("waiting", { keyPath: "entry.id" });
      asked.result.createObjectStore("known");
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  try {
    return await new Promise((done, fail) => {
      const change = db.transaction(["waiting", "known"], "readwrite", { durability: "strict" });
      let result;
      work(change.objectStore("waiting"), change.objectStore("known"), (value) => { result = value; });
      change.oncomplete = () => done(result);
      change.onabort = () => fail(change.error);
    });
  } finally {
    db.close();
  }
}

/** What is known by a name, or all that waits. */
const read = (name) => kept((waiting, known, give) => {
  const from = name ? known.get(name) : waiting.getAll();
  from.onsuccess = () => give(from.result);
});

/** Keep an entry. `name`: to find it by; `fresh`: how long another one is the same. */
function keep(body, diary, replaces = "", name = "", fresh = 0) {
  const now = new Date();
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || wall(now).slice(-6);
  const entry = { id: newId(), made_at: wall(now), zone, origin: "app", replaces, body };
  return kept((waiting, known, give) => {
    const whose = known.get("diary"), before = known.get(name || "none");
    before.onsuccess = () => {
      const last = before.result;
      if (last && fresh && Math.abs(now - last.at) < fresh) return give(false);
      if (last && name === "night" && last.evening === body.evening) entry.replaces = last.id;
      if (name && body) known.put({ id: entry.id, at: now.getTime(), evening: body.evening }, name);
      else if (name) known.delete(name);
      waiting.put({ entry, diary: diary || whose.result || "" });
      give(true);
    };
  });
}

/** Send what waits; answers why some still does, "" for nothing. */
const handOver = () => (navigator.locks ? navigator.locks.request("nightcramp", send) : send());

async function send() {
  const others = new Set();
  for (let size = BATCH; ;) {
    const open = (await read()).filter((one) => !one.refused && !others.has(one.diary));
    if (!open.length) return others.size ? "other" : "";
    const diary = open[0].diary;
    const batch = open.filter((one) => one.diary === diary).slice(0, size);
    const body = JSON.stringify({ diary, entries: batch.map((one) => one.entry) });
    let answer, why;
    try {
      answer = await fetch("/api/entries", {
        method: "POST", body, headers: { "content-type": "application/json" },
        signal: AbortSignal.timeout(2e4),
      });
      const { arrivals, detail } = await answer.json();
      if (answer.ok && arrivals.length === batch.length) await settle(arrivals);
      else if (answer.ok) return "later";
      else why = detail;
    } catch {
      return "offline";
    }
    const { status, ok } = answer;
    if (status === 401) return "signin";
    if (status === 403) others.add(diary);
    else if (ok) size = Math.min(size * 2, BATCH);
    else if (![400, 413, 422].includes(status)) return "later";
    else if (batch.length > 1) size = Math.ceil(batch.length / 2);
    else await settle([{ id: batch[0].entry.id, became: "refused", said: why }]);
  }
}

/** Forget what the diary has now; what it refused stays. */
const settle = (arrivals) => kept((waiting, known) => {
  for (const { id, became, said } of arrivals) {
    const held = waiting.get(id);
    if (became === "refused") held.onsuccess = () => held.result && waiting.put({ ...held.result, refused: said || "?" });
    else waiting.delete(id);
    if (became === "added" && said) known.put(Date.now(), "clock");
  }
});

// --- on a page ---

const one = (what) => document.querySelector(what);
const clock = (time) => wall(new Date(time)).slice(11, 16);
let delay = 5e3, timer = 0, busy = false;

/** Hand over, and try again ever later while something waits. */
async function attempt() {
  clearTimeout(timer);
  const state = await handOver().catch(() => "later");
  if (!(await show(state)) || !state) return;
  timer = setTimeout(attempt, delay * (0.75 + Math.random() / 2));
  delay = Math.min(delay * 2, 300e3);
}

async function show(state) {
  const held = await read(), refused = held.filter((each) => each.refused);
  const ahead = await read("clock"), count = held.length - refused.length;
  const place = one("[data-waiting]");
  if (place) {
    const words = place.dataset, [text, link] = place.children, said = [];
    const put = (text, count) => said.push(text.replace("{count}", count).replace("{why}", refused[0]?.refused));
    if (count) put(state === "other" ? words.other : count > 1 ? words.many : words.one, count);
    if (refused.length) put(words.refused, refused.length);
    if (Date.now() - ahead < 432e5) said.push(words.clock);
    text.textContent = said.join(" ");
    link.hidden = !(count && state === "signin");
    place.hidden = !said.length;
  }
  return count;
}

/** Go on when it has arrived, or soon after; a worker sends the rest. */
async function go(to) {
  await (await navigator.serviceWorker?.getRegistration())?.sync?.register("entries").catch(() => {});
  await Promise.race([attempt(), new Promise((done) => setTimeout(done, 900))]);
  location.assign(to);
}

const say = (words) => sessionStorage.setItem("said", words);

/** The evening of the night just past, by this phone. */
const lastEvening = () => wall(new Date(Date.now() - 864e5)).slice(0, 10);

/** Keep what a form tells, and return where to go on; null where the server has to do it. */
const FORMS = {
  async cramp({ dataset }) {
    const body = { is: "cramp", at: wall(new Date(), 19) };
    if (!(await keep(body, dataset.diary, "", "press", AGAIN))) say(dataset.again);
    return "/tonight/relief";
  },
  async undo({ dataset, elements }) {
    await keep(null, dataset.diary, elements.entry.value || (await read("press")).id, "press");
    say(dataset.done);
    return "/tonight";
  },
  async night({ dataset }, submitter) {
    const count = submitter?.value || one("#many").value, evening = dataset.evening || lastEvening();
    if (!/^\d{1,3}$/.test(count)) return null;
    await keep({ is: "night", evening, cramps: +count }, dataset.diary, "", "night");
    say(dataset.keptWords);
    return `/morning/${evening}`;
  },
  async details(form) {
    const told = new FormData(form), has = (name) => told.get(name) || null;
    const yes = (name) => has(name) && told.get(name) === "yes";
    const minutes = has("minutes") && +told.get("minutes").replace(",", ".");
    if (minutes !== null && !(minutes > 0 && minutes <= 1440)) return null;
    const { at, diary, replaces, goto } = form.dataset;
    await keep({
      is: "cramp", at, leg: has("leg"), muscles: told.getAll("muscles"), pain: has("pain") && +told.get("pain"),
      minutes, woke: yes("woke"), relief: told.getAll("relief"), sore_next_day: yes("sore"), note: told.get("note").trim(),
    }, diary, replaces);
    return goto;
  },
};

async function tell(form, submitter) {
  if (busy || !form.dataset.entry) return;
  busy = true;
  const to = await FORMS[form.dataset.entry](form, submitter).catch(() => null);
  if (to) await go(to).catch(() => location.assign(to));
  else {
    delete form.dataset.entry;
    form.requestSubmit(submitter);
  }
  busy = false;
}

/** Fill in what this phone knows. */
async function fill() {
  const form = one("[data-diary]:not([data-diary=''])"), now = one("[data-now]"), night = one("[data-night]"), { lang } = document.documentElement;
  if (form) await kept((waiting, known) => known.put(form.dataset.diary, "diary"));
  if (now) now.textContent = clock(Date.now());
  if (night && !night.textContent) {
    const evening = new Date(`${lastEvening()}T12:00`).toLocaleDateString(lang === "en" ? "en-GB" : lang, { dateStyle: "full" });
    night.textContent = night.dataset.words.replace("{evening}", evening);
  }
  const said = one("[data-said]"), place = one("[data-kept]"), words = sessionStorage.getItem("said");
  if (said && words) said.hidden = !(said.textContent = words);
  const press = await read("press");
  if (press && Date.now() - press.at > RECENT) await kept((waiting, known) => known.delete("press"));
  else if (press && place?.hidden) {
    one("[data-kept] p").textContent = place.dataset.words.replace("{time}", clock(press.at));
    place.hidden = false;
  }
  sessionStorage.removeItem("said");
}

function wake() {
  if (document.visibilityState !== "visible") return;
  delay = 5e3;
  fill();
  attempt();
}

if (globalThis.document) {
  addEventListener("submit", (event) => {
    if (event.target.dataset.entry) event.preventDefault();
    tell(event.target, event.submitter);
  });
  const button = one(".now");
  // A finger that slips off the button has pressed it.
  for (const name of ["pointerup", "pointercancel"]) button?.addEventListener(name, () => tell(button.form));
  addEventListener("online", wake);
  addEventListener("pageshow", wake);
  document.addEventListener("visibilitychange", wake);
  navigator.serviceWorker?.register(`/sw.js?lang=${document.documentElement.lang}`).catch(() => {});
}
