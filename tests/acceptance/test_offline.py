"""Without a connection: what is told stays on the phone, and arrives exactly once."""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from apps import PHONE, Served, killable, serving
from nightcramp.intake.diary_clock import new_id

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
NAME = "Ottilie Quint"


def entry(body: dict[str, Any] | None, **changed: Any) -> dict[str, Any]:
    """Return an entry as a phone sends it."""
    told = {"id": new_id(), "made_at": NOW.isoformat(), "zone": "Europe/Berlin", "origin": "app"}
    return {**told, "replaces": "", "body": body, **changed}


def cramp(minutes_ago: int = 0, **told: Any) -> dict[str, Any]:
    """Return a cramp of some minutes ago."""
    at = NOW - dt.timedelta(minutes=minutes_ago)
    return {"is": "cramp", "at": at.isoformat(), **told}


def handed_over(app: Any, *entries: dict[str, Any]) -> list[str]:
    """Hand entries over; return what became of each."""
    answer = app.post("/api/entries", json={"entries": list(entries)})
    assert answer.status_code == 200, answer.text
    return [arrival["became"] for arrival in answer.json()["arrivals"]]


def kept_entries(app: Any) -> list[Any]:
    """Return the entries in the store."""
    from nightcramp.store.database import opened
    from nightcramp.store.entries import all_entries

    with opened() as store:
        return all_entries(store)


# --- what the server makes of a batch ---


def test_an_entry_arrives_once_however_often_it_is_sent(app: Any) -> None:
    one, two = entry(cramp()), entry(cramp(40))
    assert handed_over(app, one, two, one) == ["added", "added", "there"]
    assert handed_over(app, two, one) == ["there", "there"]
    assert len(kept_entries(app)) == 2


def test_one_that_is_refused_keeps_no_other_out(app: Any) -> None:
    one = entry(cramp())
    handed_over(app, one)
    other = {**one, "body": cramp(pain=9)}
    faulty = [
        other,
        entry(cramp(pain=11)),
        entry(cramp(), zone="Nowhere/Here"),
        entry(cramp(), id="short"),
        entry({"is": "cramp", "at": "0001-01-01T03:00:00Z"}),
        entry({"is": "cramp", "at": "2026-11-24T03:00:00"}),
        entry({"is": "night", "evening": "2026-11-24", "values": {"heat": 7}}),
        entry({"is": "night", "evening": "2026-11-24", "values": {"nonsense": 1}}),
        entry(None),
    ]
    became = handed_over(app, *faulty, entry(cramp(50)))
    assert became == ["refused"] * len(faulty) + ["added"]
    assert [held.body.pain for held in kept_entries(app)] == [None, None]


def test_a_correction_may_arrive_before_what_it_corrects(app: Any) -> None:
    first = entry(cramp())
    better = entry(cramp(pain=7), replaces=first["id"])
    gone = entry(cramp(50))
    handed_over(app, better, entry(None, replaces=gone["id"]))
    handed_over(app, gone, first)
    (held,) = app.get("/api/tonight").json()["cramps"]
    assert dt.datetime.fromisoformat(held) == NOW


def test_a_phone_whose_clock_is_ahead_loses_nothing_and_is_told(app: Any) -> None:
    ahead = (NOW + dt.timedelta(hours=3)).isoformat()
    told = entry({"is": "cramp", "at": ahead}, made_at=ahead)
    (arrival,) = app.post("/api/entries", json={"entries": [told]}).json()["arrivals"]
    assert arrival["became"] == "added"
    assert "clock of this phone is ahead" in arrival["said"]
    assert len(kept_entries(app)) == 1


def test_entries_never_land_in_another_diary(app: Any) -> None:
    answer = app.post("/api/entries", json={"diary": "0" * 32, "entries": [entry(cramp())]})
    assert answer.status_code == 403
    assert kept_entries(app) == []


def test_a_batch_has_an_end(app: Any) -> None:
    answer = app.post("/api/entries", json={"entries": [entry(cramp())] * 501})
    assert answer.status_code == 422


# --- what a phone keeps ---


def test_the_kept_pages_know_nobody(app: Any) -> None:
    app.post("/tonight")
    key = app.get("/api/tonight").json()["diary"]
    for name in ("tonight", "relief", "morning", "offline"):
        text = app.get(f"/shell/en/{name}").text
        assert key not in text
        assert "Kept: a cramp at {time}" in text or "Kept: a cramp at" not in text
    assert app.get("/shell/en/../../etc/passwd").status_code == 404
    assert app.get("/shell/xx/tonight").status_code == 404
    assert 'lang="es"' in app.get("/shell/es/tonight").text


def test_the_worker_changes_when_what_it_keeps_does(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nightcramp.app import shells

    answer = app.get("/sw.js?lang=en")
    assert answer.headers["service-worker-allowed"] == "/"
    assert answer.headers["content-type"].startswith("text/javascript")
    shells.worker.cache_clear()
    monkeypatch.setattr(shells, "static", lambda name: f"/static/{name}?v=new")
    changed = app.get("/sw.js?lang=en").text
    shells.worker.cache_clear()
    assert changed.splitlines()[0] != answer.text.splitlines()[0]


def test_the_script_is_small_and_the_app_can_be_installed(app: Any) -> None:
    manifest = app.get("/static/app.webmanifest").json()
    sizes = {icon["sizes"]: icon["src"] for icon in manifest["icons"]}
    assert {"192x192", "512x512"} <= sizes.keys()
    assert all(app.get(address).status_code == 200 for address in sizes.values())
    assert "maskable" in {icon.get("purpose") for icon in manifest["icons"]}
    assert (manifest["start_url"], manifest["display"]) == ("/tonight", "standalone")
    assert len(app.get("/static/nightcramp.js").content) < 10_000


# --- in a browser ---


def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds; fails after half a minute."""
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)


class Diary:
    """A server that can be switched off and on again at the same address."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = 0
        self.stack = ExitStack()
        self.served: Served

    def on(self) -> None:
        self.served = self.stack.enter_context(serving(self.home, "--port", str(self.port)))
        self.port = int(self.served.address.rsplit(":", 1)[1])

    def off(self) -> None:
        self.stack.close()
        self.stack = ExitStack()

    def kill(self) -> None:
        self.served.process.send_signal(signal.SIGKILL)
        self.off()

    @property
    def address(self) -> str:
        return self.served.address


@pytest.fixture
def diary(home: Path) -> Iterator[Diary]:
    running = Diary(home)
    running.on()
    yield running
    running.off()


@contextmanager
def phone_of(chromium: Any, address: str, **options: Any) -> Iterator[Any]:
    context = chromium.new_context(base_url=address, **{**PHONE, **options})
    context.set_default_timeout(20_000)
    try:
        yield context.new_page()
    finally:
        context.close()


def ready(page: Any, path: str = "/tonight") -> None:
    """Open a page, and wait until the phone could open it without a connection."""
    page.goto(path)
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.wait_for_function("caches.keys().then((names) => names.length > 0)")


def press(page: Any) -> None:
    page.get_by_role("button", name="Cramp now").tap()
    page.wait_for_url("**/tonight/relief")


def waiting(page: Any) -> str:
    return page.locator("[data-waiting]").inner_text()


def test_a_press_without_connection_is_kept_and_arrives_once(chromium: Any, diary: Diary) -> None:
    with phone_of(chromium, diary.address) as page:
        ready(page)
        diary.off()
        page.goto("/tonight")
        press(page)
        page.get_by_text("Kept: a cramp at").wait_for()
        assert page.get_by_text("toes towards the shin").first.is_visible()
        eventually(lambda: "1 entry waits on this phone" in waiting(page))
        page.goto("/nights")
        assert page.get_by_role("heading", name="The diary cannot be reached").is_visible()
        diary.on()
        page.goto("/tonight")
        eventually(lambda: len(kept_entries(page)) == 1)
        eventually(lambda: page.reload() and page.get_by_text("1 cramp this night").is_visible())
        assert not page.locator("[data-waiting]").is_visible()
    assert len(kept_entries(None)) == 1


def browser_process(profile: Path) -> int:
    """Return the process of the browser that was started with a profile."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            is_first = f"--user-data-dir={profile}" in words and "--type=" not in words
            if is_first and "chrom" in os.readlink(folder / "exe"):
                return int(folder.name)
    raise AssertionError("the browser does not run")


def test_nothing_is_lost_when_browser_and_server_are_killed(
    chromium: Any, diary: Diary, tmp_path: Path
) -> None:
    profile = tmp_path / "profile"
    with killable(chromium, diary.address, profile) as context:
        ready(context.new_page())
    with killable(chromium, diary.address, profile) as context:
        page = context.new_page()
        diary.kill()
        page.goto("/tonight")
        press(page)
        os.kill(browser_process(profile), signal.SIGKILL)
    with killable(chromium, diary.address, profile) as context:
        page = context.new_page()
        page.goto("/tonight/relief")
        eventually(lambda: "1 entry waits on this phone" in waiting(page))
        diary.on()
        page.goto("/tonight")
        eventually(lambda: len(kept_entries(page)) == 1)
    assert len(kept_entries(None)) == 1


def test_two_phones_that_correct_one_cramp_are_both_kept_and_it_is_said(
    chromium: Any, diary: Diary
) -> None:
    with phone_of(chromium, diary.address) as mine, phone_of(chromium, diary.address) as yours:
        ready(mine)
        press(mine)
        mine.get_by_role("link", name="Tell more now").tap()
        mine.wait_for_url("**/cramps/*")
        path = mine.url.removeprefix(diary.address)
        ready(yours, path)
        diary.off()
        for page, pain in ((mine, "4"), (yours, "9")):
            page.get_by_role("radio", name=pain, exact=True).check()
            page.get_by_role("button", name="Keep").tap()
            page.wait_for_url("**/morning/*")
        diary.on()
        for page in (mine, yours):
            page.goto("/tonight")
        eventually(lambda: len(kept_entries(mine)) == 3)
        mine.go_back()
        mine.wait_for_url("**/morning/*")
        mine.reload()
        assert mine.get_by_text("corrected differently in two places").is_visible()
        assert {e.body.pain for e in kept_entries(mine)} == {None, 4, 9}


PUT = """(entries) => new Promise((done) => {
  const asked = indexedDB.open("nightcramp", 1);
  asked.onsuccess = () => {
    const change = asked.result.transaction("waiting", "readwrite");
    for (const entry of entries) change.objectStore("waiting").put({ entry, diary: "" });
    change.oncomplete = () => { asked.result.close(); done(); };
  };
})"""


def test_three_hundred_entries_arrive_and_a_false_one_stays(chromium: Any, diary: Diary) -> None:
    many = [entry(cramp(minutes)) for minutes in range(300)]
    with phone_of(chromium, diary.address) as page:
        ready(page)
        press(page)
        first = kept_entries(page)[0]
        false = {**entry(cramp(pain=3)), "id": first.id}
        page.evaluate(PUT, [*many, false, {**entry(cramp()), "zone": 7}])
        page.reload()
        eventually(lambda: len(kept_entries(page)) == 301)
        eventually(lambda: "The diary refused 2, which stays on this phone" in waiting(page))
        page.evaluate(PUT, many)
        page.reload()
        left = "() => new Promise((done) => { const asked = indexedDB.open('nightcramp', 1);"
        left += " asked.onsuccess = () => { const all = asked.result.transaction('waiting')"
        left += ".objectStore('waiting').count(); all.onsuccess = () => { asked.result.close();"
        left += " done(all.result); }; }; })"
        eventually(lambda: page.evaluate(left) == 2)
        assert len(kept_entries(page)) == 301


def test_a_session_that_ended_is_said_quietly(chromium: Any, diary: Diary) -> None:
    with phone_of(chromium, diary.address, service_workers="block") as page:
        page.route("**/api/entries", lambda route: route.fulfill(status=401, json={}))
        page.goto("/tonight")
        press(page)
        page.get_by_role("link", name="Sign in to hand over").wait_for()
        assert kept_entries(page) == []
        page.unroute("**/api/entries")
        page.goto("/tonight")
        eventually(lambda: len(kept_entries(page)) == 1)


def test_the_cache_holds_no_health_fact_and_no_name(chromium: Any, diary: Diary) -> None:
    with phone_of(chromium, diary.address) as page:
        ready(page)
        press(page)
        key = page.evaluate("document.querySelector('[data-diary]').dataset.diary")
        page.goto("/morning")
        held = page.evaluate(
            """async () => { const found = [];
            for (const name of await caches.keys()) { const cache = await caches.open(name);
              for (const one of await cache.keys())
                found.push([one.url, await (await cache.match(one)).text()]); }
            return found; }"""
        )
        assert {url.split("?")[0].rsplit("/", 1)[1] for url, _ in held} >= {"tonight", "morning"}
        at = kept_entries(page)[0].body.at
        for _url, text in held:
            assert key not in text
            assert f"a cramp at {at:%H:%M}" not in text
