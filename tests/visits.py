"""Every page of the app, visited as different people meet it: for tests and pictures of them all.

A scene is one person in one browser; its visits are the pages that they see. The addresses come
from the routes there are, so that a new page is visited on its first day; a page whose address
names something needs a sample here.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps import PHONE

ROOT = Path(__file__).parent.parent
EMERGENCY = ROOT / "vignettes" / "shared" / "stories" / "nlc-ces-02.yaml"
FLAT = {**PHONE, "device_scale_factor": 1}
RECORD = ROOT / "examples" / "nights.csv"
PASSPHRASE = "correct horse battery staple"
NOT_A_CRAMP = "0" * 32
NO_CRAMP, NOT_LOGGED = "none", "unlogged"
Get = Callable[[str], Any]
"""Asks the API, at an address below it, as whoever the scene is of."""


@dataclass(frozen=True)
class Visit:
    """One page in one state. `fills`: what a form there is sent with, for it to be refused.

    `path`: that of its view, "" for what is no view; `action`: how the form's address begins.
    """

    name: str
    address: str
    path: str = ""
    action: str = ""
    fills: Mapping[str, str] = field(default_factory=dict)

    def go(self, page: Any) -> None:
        """Bring a page of the browser here."""
        page.goto(self.address)
        if self.action:
            with page.expect_navigation():
                page.evaluate(SEND, [self.action, dict(self.fills)])


@dataclass(frozen=True)
class Scene:
    """One person in one browser, and what they visit."""

    name: str
    language: str
    context: Any
    visits: Sequence[Visit]


SEND = """([action, fills]) => {
  const forms = [...document.forms], goes = (one) => one.getAttribute("action");
  const form = forms.find((one) => goes(one) === action)
    || forms.find((one) => goes(one).startsWith(action));
  for (const [name, value] of Object.entries(fills)) {
    const there = form.elements.namedItem(name);
    if (there instanceof HTMLElement && there.type !== "checkbox") there.value = value;
    else form.append(Object.assign(document.createElement("input"), { name, value }));
  }
  HTMLFormElement.prototype.submit.call(form);
}"""
"""Sends a form as it stands but for some fields, whatever the browser thinks of them."""


# --- samples of what addresses name ---


def _evenings(get: Get) -> list[str]:
    """Return an evening with cramps that were told of one by one, and one without any."""
    marks = [night for month in get("/nights")["months"] for night in month["nights"]]
    with_cramps = [one["evening"] for one in marks if one["sign"] not in (NO_CRAMP, NOT_LOGGED)]
    told = next((one for one in with_cramps if _cramps_of(get, one)), None)
    without = next((one["evening"] for one in marks if one["sign"] == NO_CRAMP), None)
    return [one for one in (told, without) if one]


def _cramps_of(get: Get, evening: str) -> list[str]:
    return [cramp["id"] for cramp in get(f"/nights/{evening}")["cramps_told"]]


def _cramps(get: Get) -> list[str]:
    told = _cramps_of(get, _evenings(get)[0])
    return [f"/cramps/{cramp}" for cramp in told[:1]]


def _evidence(get: Get) -> list[str]:
    groups = get("/evidence")["groups"]
    return [f"/evidence/{group['kind']}/{group['entries'][0]['number']}" for group in groups]


def _readings(get: Get) -> list[str]:
    found = get("/records")["reading"]
    return [f"/records/reading/{found}"] if found else []


def _trials(get: Get) -> list[str]:
    found = get("/trial")
    shown = [found["trial"]] if found["trial"] else []
    return [f"/trial/{one['number']}" for one in [*shown, *found["others"]]]


def _questions(get: Get) -> list[str]:
    """Return one step of the interview of each kind, as far as it went."""
    kinds: dict[tuple[str, str], str] = {}
    for number in range(1, get("/interview")["number"]):
        page = get(f"/interview/{number}")
        kinds.setdefault((page["kind"], page["asks"]), f"/interview/{number}")
    return list(kinds.values())


SAMPLES: dict[str, Callable[[Get], list[str]]] = {
    "/cramps/{id}": _cramps,
    "/morning/{evening}": lambda get: [f"/morning/{one}" for one in _evenings(get)],
    "/nights/{evening}": lambda get: [f"/nights/{one}" for one in _evenings(get)],
    "/interview/{number}": _questions,
    "/records/reading/{id}": _readings,
    "/trial/{number}": _trials,
    "/evidence/{kind}/{number}": _evidence,
}

REFUSED: dict[str, tuple[str, dict[str, str]]] = {
    "/tonight/relief": ("/tonight/undo", {"entry": NOT_A_CRAMP}),
    "/interview/{number}": ("/interview/", {"then": "answer"}),
    "/morning/{evening}": ("/morning/", {"part": "day", "asked": "stand_minutes", "own_new": "=1"}),
    "/nights/{evening}": ("/nights/", {"at": "half past never"}),
    "/cramps/{id}": ("/cramps/", {"minutes": "0"}),
    "/records": ("/records", {"date_order": "ydm"}),
    "/trial/new": ("/trial/new", {"words": ""}),
    "/trial/plan": ("/trial/plan/lock", {"token": "another"}),
    "/trial/{number}": ("/trial/", {"noted": "not this"}),
    "/sign-in": ("/sign-in", {"name": "nobody", "passphrase": "not this"}),
    "/settings": ("/settings", {"zone": "Nowhere/At all"}),
    "/settings/security": ("/settings/security/passphrase", {"new": "short", "again": "short"}),
    "/settings/links": ("/settings/links", {"days": "99"}),
    "/settings/data": ("/settings/data/remove", {"name": "somebody else"}),
    "/settings/reminders": ("/settings/reminders/addresses", {"address": "nowhere"}),
    "/people": ("/people", {"name": ""}),
}
"""By the path of a view: a form that stands there, and what it is refused with."""

NEVER_REFUSED = {"/tonight", "/findings", "/example", "/sign-in/passkey"}
"""Views whose forms hold nothing to be refused, or nothing a person could fill."""

SAME_FOR_ALL = {"/evidence", "/evidence/{kind}/{number}", "/design", "/sign-in", "/sign-in/passkey"}
"""Views that hold nothing of anybody: visited once."""
OWN = "/settings/"
"""Below it are pages that the example refuses to show."""


def views() -> list[Any]:
    """Return all views there are."""
    from nightcramp.app.pages import ROUTES
    from nightcramp.app.routes import View

    return [route for route in ROUTES if isinstance(route, View)]


def name_of(address: str, state: str = "") -> str:
    """Return a short name of a page, without what an address names."""
    words = re.sub(r"(?<=/)(?:[\w-]{12,}|\d{4}-\d\d-\d\d)", "one", address).strip("/")
    return "-".join(filter(None, [words.replace("/", "-") or "home", state]))


# --- scenes ---


def scenes(browser: Any, address: str, only: Sequence[str] = ()) -> Iterator[Scene]:
    """Yield every scene in turn over a server with an empty store, some of them by their names.

    Each scene is over when the next is asked for.
    """
    for name, (make, language, locale) in SCENES.items():
        if only and name not in only:
            continue
        context = browser.new_context(
            base_url=address, locale=locale, service_workers="block", **FLAT
        )
        context.set_default_timeout(20_000)
        yield Scene(name, language, context, list(make(context)))
        context.close()


def _new(context: Any) -> Iterator[Visit]:
    """Yield what somebody sees who has told nothing yet."""
    get = _asking(context)
    for view in views():
        if "{" not in view.path:
            yield Visit(name_of(view.path), view.path, view.path)
    first = get("/nights")["last_night"]
    yield Visit("nights-one", f"/nights/{first}", "/nights/{evening}")
    yield Visit("morning-one", f"/morning/{first}", "/morning/{evening}")
    for path in _samples_of("/evidence/{kind}/{number}", get):
        yield Visit(name_of(path), path, "/evidence/{kind}/{number}")
    for path in ("/interview/{number}", "/records", "/settings", "/people"):
        yield _refused(path, path.replace("/{number}", ""))
    for view in views():
        if view.path.startswith(OWN) and view.path in REFUSED:
            yield _refused(view.path, view.path)
    yield Visit("not-there", "/nowhere")
    for name in ("tonight", "relief", "morning", "offline"):
        yield Visit(f"kept-{name}", f"/shell/en/{name}")


def _example(context: Any) -> Iterator[Visit]:
    """Yield what the example person sees, who has nights, findings and a trial."""
    get = _asking(context)
    _post(context, "/example", {})
    _post(context, "/tonight", {})
    known = functools.cache(get)
    yield from _of_example(known)
    reading = f"/records/reading/{_read(context, RECORD)}"
    yield Visit(name_of(reading), reading, "/records/reading/{id}")
    _plan(context)
    yield Visit("trial-plan-ready", "/trial/plan", "/trial/plan")
    here = [path for path in REFUSED if not path.startswith(OWN) and path not in SAME_FOR_ALL]
    for path in here:
        if path in ("/records", "/settings", "/people", "/interview/{number}"):
            continue
        yield _refused(path, next(iter(_samples_of(path, known)), path))


def _spanish(context: Any) -> Iterator[Visit]:
    """Yield the pages of the example in Spanish."""
    _post(context, "/example", {})
    _post(context, "/settings", {"language": "es", "units": "metric", "zone": ""})
    yield from _of_example(functools.cache(_asking(context)))
    yield _refused("/morning/{evening}", "/morning")


def _of_example(get: Get) -> Iterator[Visit]:
    for view in views():
        if view.path in SAME_FOR_ALL or view.path.startswith(OWN):
            continue
        for address in _samples_of(view.path, get):
            yield Visit(name_of(address), address, view.path)


def _urgent(context: Any) -> Iterator[Visit]:
    """Yield what somebody sees whose answers are an emergency, on a machine of two people."""
    _post(context, "/people", {"name": "Ana"})
    get = _asking(context)
    ana = next(one["person"] for one in get("/people")["people"] if one["name"] == "Ana")
    _post(context, "/sign-in/choose", {"person": ana})
    reading = _read(context, EMERGENCY)
    _post(context, f"/records/reading/{reading}/accept", {})
    for path in ("/", "/result", "/doctor", "/interview", "/trial/new", "/people", "/records"):
        yield Visit(name_of(path), path, path)


def _guarded(context: Any) -> Iterator[Visit]:
    """Yield what a passphrase adds: being signed in, links and their pages."""
    _post(context, "/settings/security/passphrase", {"new": PASSPHRASE, "again": PASSPHRASE})
    made = context.request.post("/api/settings/links", data={"label": "Dr Lee", "days": 7}).json()
    yield Visit("settings-links-one", "/settings/links", "/settings/links")
    yield Visit("settings-security-on", "/settings/security", "/settings/security")
    yield Visit("sign-in-done", "/sign-in", "/sign-in")
    yield Visit("link-opened", made["secret"].partition("://")[2].partition("/")[2])
    yield Visit("link-refused", "/result")


def _signed_out(context: Any) -> Iterator[Visit]:
    """Yield what nobody sees, where the diary has a passphrase."""
    yield Visit("sign-in", "/sign-in", "/sign-in")
    yield Visit("home", "/")
    yield _refused("/sign-in", "/sign-in")


SCENES: dict[str, tuple[Callable[[Any], Iterator[Visit]], str, str]] = {
    "new": (_new, "en", "en-GB"),
    "example": (_example, "en", "en-GB"),
    "spanish": (_spanish, "es", "es-ES"),
    "urgent": (_urgent, "en", "en-GB"),
    "guarded": (_guarded, "en", "en-GB"),
    "signed-out": (_signed_out, "en", "en-GB"),
}
"""By name: how a scene is made, its language, and that of the browser."""


def _samples_of(path: str, get: Get) -> list[str]:
    return SAMPLES[path](get) if "{" in path else [path]


def _refused(path: str, address: str) -> Visit:
    action, fills = REFUSED[path]
    return Visit(name_of(address, "refused"), address, path, action, fills)


def _asking(context: Any) -> Get:
    def get(path: str) -> Any:
        answer = context.request.get(f"/api{path}")
        if not answer.ok:
            raise LookupError(f"{path}: {answer.status} {answer.text()}")
        return answer.json()

    return get


def _post(context: Any, path: str, values: Mapping[str, str]) -> None:
    answer = context.request.post(path, form=dict(values), max_redirects=0)
    assert answer.status == 303, (path, answer.status, answer.text()[-2000:])


def _read(context: Any, path: Path) -> str:
    """Let a record file be read to its end; return the id of the reading."""
    sent = {"name": path.name, "mimeType": "text/plain", "buffer": path.read_bytes()}
    answer = context.request.post("/api/records", multipart={"file": sent})
    assert answer.ok, answer.text()
    name = str(answer.json()["goto"]).rpartition("/")[2]
    get = _asking(context)
    _wait(lambda: get(f"/records/reading/{name}")["state"] == "done", name)
    return name


def _plan(context: Any) -> None:
    """Let a trial be planned to its end."""
    get = _asking(context)
    proposed = get("/trial/new")["allowed"][0]["what"]
    _post(context, "/trial/new", {"what": proposed})
    _wait(lambda: get("/trial/plan")["state"] == "ready", proposed)


def _wait(is_so: Callable[[], bool], what: str) -> None:
    for _try in range(300):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come to its end")
