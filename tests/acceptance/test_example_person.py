"""The example: a whole person made up, shown on every page, and nothing of one's own touched."""

from __future__ import annotations

import datetime as dt
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from nightcramp.app import example
from nightcramp.app.example import (
    EXAMPLE_NAME,
    MORNING,
    PACKAGED,
    example_clock,
    example_place,
    leave_example,
)
from nightcramp.app.pages import ROUTES
from nightcramp.app.routes import Act, View
from nightcramp.assess.assessment import assess
from nightcramp.assess.known import Known
from nightcramp.diary.findings import findings_of
from nightcramp.intake.merge import merged
from nightcramp.intake.own_record import OwnRecord, own_record
from nightcramp.intake.trial_run import look_at
from nightcramp.language.catalogue import Catalogue
from nightcramp.store.archive import read_archive
from nightcramp.store.database import opened
from nightcramp.store.entries import add_entries, all_entries
from nightcramp.store.place import placed_at
from nightcramp.trial.lock import check_lock
from stores import cramp

REFUSED = {"/settings/security", "/settings/links"}
"""She has nothing to keep from anybody: these pages say so."""
EVENING = str(MORNING.date() - dt.timedelta(days=2))
REBUILD = "the packaged example is of another version: run python docs/example_person.py"


def record() -> OwnRecord:
    """Return what the example holds, as today's code reads it."""
    with placed_at(example_place()), opened() as store:
        return own_record(store)


def addresses(app: Any) -> list[str]:
    """Return an address of every view, with an evening and what the pages link to filled in."""
    found = [route.path for route in ROUTES if isinstance(route, View)]
    listed = " ".join(app.get(path).text for path in ("/nights", "/trial", "/evidence", "/morning"))
    linked = set(re.findall(r'href="(/[^"#?]*)', listed))
    filled = []
    for path in found:
        pattern = re.compile(re.sub(r"{\w+(:\w+)?}", "[^/]+", path))
        known = path.replace("{evening}", EVENING)
        if "{" in known:
            known = next((one for one in sorted(linked) if pattern.fullmatch(one)), "")
        filled.append(known)
    return [path for path in filled if path]


def test_she_opens_on_every_page(app: Any) -> None:
    """Each says that it is made up; two have nothing to show and say why."""
    app.post("/example")
    seen = addresses(app)
    assert len(seen) >= 20
    for path in seen:
        page = app.get(path)
        assert page.status_code == (403 if path in REFUSED else 200), path
        if path not in REFUSED and "night" not in page.text.split("\n")[1]:
            assert "This is an example. Everything here is made up." in page.text, path


def test_ones_own_store_is_untouched(app: Any, home: Path) -> None:
    """Whatever is pressed in the example; and the example itself is as before when it is left."""
    with opened("me") as store:
        add_entries(store, [cramp(note="mine")])
    before = {path: path.read_bytes() for path in home.glob("person.db")}
    app.post("/example")
    app.post("/tonight")
    app.post(f"/morning/{EVENING}", data={"part": "count", "cramps": "9"})
    assert len(app.get("/api/tonight").json()["cramps"]) == 2
    assert {path: path.read_bytes() for path in home.glob("person.db")} == before
    left = app.post("/example/leave")
    assert "made up" not in left.text
    with opened("me") as store:
        assert [entry.body.note for entry in all_entries(store)] == ["mine"]  # type: ignore[union-attr]
    app.post("/example")
    assert len(app.get("/api/tonight").json()["cramps"]) == 1
    app.post("/settings/data/remove", data={"name": EXAMPLE_NAME})
    assert app.get("/api/settings/data").json()["nights"] == len(record().nights)


def test_she_speaks_the_language_of_who_looks(app: Any) -> None:
    app.post("/settings", data={"language": "es"})
    app.post("/example")
    assert '<html lang="es"' in app.get("/nights").text
    app.post("/settings", data={"language": "en"})
    app.post("/example/leave")
    assert '<html lang="es"' in app.get("/settings").text


def test_no_page_falls_back_to_english(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all of her on them, in Spanish, each text that is looked up is found."""
    lacking: dict[str, str] = {}
    get, counted = Catalogue.get, Catalogue.counted

    def noted(words: Catalogue, text: str) -> None:
        if words.texts and text not in words.texts and text not in words.texts.values():
            lacking.setdefault(text, path)

    def got(words: Catalogue, text: str) -> str:
        noted(words, text)
        return get(words, text)

    def count(words: Catalogue, one: str, many: str, number: int) -> str:
        noted(words, one)
        return counted(words, one, many, number)

    path = ""
    app.post("/settings", data={"language": "es"})
    app.post("/example")
    seen = addresses(app)
    monkeypatch.setattr(Catalogue, "get", got)
    monkeypatch.setattr(Catalogue, "counted", count)
    for path in seen:
        assert '<html lang="es"' in app.get(path).text, path
    assert not lacking


def test_elsewhere_she_is_shown_to_who_is_signed_in(home: Path) -> None:
    from starlette.testclient import TestClient

    from nightcramp.app.gate import Gate
    from nightcramp.app.server import create_app

    client = TestClient(create_app(Gate(local=False)), base_url="http://localhost")
    assert client.post("/api/example").status_code == 401
    client.cookies.set("nightcramp-example", "1")
    assert client.get("/nights", follow_redirects=False).headers["location"] == "/sign-in"


# --- what is in her ---


def test_the_archive_is_small_and_read_by_todays_code(home: Path) -> None:
    assert PACKAGED.stat().st_size < 300_000
    assert sum(1 for _ in read_archive(PACKAGED)) > 300
    kept = record()
    logged = [night for night in kept.nights if night.cramps is not None]
    assert (MORNING.date() - min(night.evening for night in logged)).days == 121
    assert len(logged) >= 115
    assert all(night.evening < MORNING.date() for night in kept.nights)


def test_her_findings_are_what_the_analysis_says_today(home: Path) -> None:
    """One true effect was put in and one is found, at about its size; nothing else is."""
    kept = record()
    found = kept.up_to_date()
    assert found is not None, REBUILD
    assert found == findings_of(kept.nights, Known(merged(kept.readings))), REBUILD
    states = {one.id: one.state for one in found.findings}
    assert [name for name, state in states.items() if state == "found"] == ["effort_unusual"]
    effort = next(one for one in found.findings if one.id == "effort_unusual")
    assert effort.effect is not None
    assert effort.effect.low < 2.46 < effort.effect.high
    assert not found.withheld


def test_her_trial_is_over_and_its_verdict_is_what_is_said_today(home: Path) -> None:
    """The lock is whole; it was advised before it began; it works, as it truly does."""
    trial = next(iter(record().trials.values()))
    check_lock(trial.lock)
    assert max(chance.works for chance in trial.protocol.chances) >= 0.5
    assert trial.ended(MORNING.date())
    assert [look.verdict.outcome for look in trial.looks] == ["cannot_tell", "cannot_tell", "works"]
    last = trial.looks[-1]
    again = look_at(trial, record().nights, example_clock())
    assert again.outcomes == last.outcomes
    assert again.verdict.outcome == "works"
    assert again.verdict.effect == last.verdict.effect, REBUILD
    assert last.verdict.effect is not None
    assert last.verdict.effect.low < 0.4 < last.verdict.effect.high


def test_her_assessment_has_a_suspect_and_a_plan(home: Path) -> None:
    facts = record().facts(MORNING.date())
    found = assess(facts)
    ladders = {share.id: share.ladder for share in found.shares}
    assert ladders["medication:indapamide"] == "suspected"
    assert ladders["muscle_fatigue"] == "supported"
    assert any(item.id == "review_medicine" for item in found.plan)
    assert found.triage.level in ("routine", "self_care")


# --- where she lives ---


def test_first_uses_at_once_see_one_whole_store(home: Path) -> None:
    seen: list[int] = []

    def look() -> None:
        with placed_at(example_place()), opened() as store:
            seen.append(len(all_entries(store)))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert len(set(seen)) == 1
    assert len(list((home / "example").iterdir())) == 1


def test_a_new_package_brings_a_new_example(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was restored of the one before is thrown away."""
    before = example_place().folder
    monkeypatch.setattr(example, "_fingerprint", lambda: "another")
    after = example_place().folder
    assert after != before
    assert not before.exists()
    assert example_place().folder == after
    leave_example()
    assert not after.exists()


def test_processes_that_build_at_once_take_the_first(home: Path) -> None:
    """Another process was faster: its example is the one that stays."""
    place = example_place()
    with placed_at(place), opened() as store:
        add_entries(store, [cramp(note="of another process")])
        before = len(all_entries(store))
    example._build(place.folder)
    with placed_at(place), opened() as store:
        assert len(all_entries(store)) == before
    assert [path.name for path in (home / "example").iterdir()] == [place.folder.name]


def test_her_clock_is_that_morning_and_goes_on(home: Path) -> None:
    """So slowly that it stays the morning; later entries are later."""
    clock = example_clock()
    assert clock.now.replace(tzinfo=None) == MORNING
    assert clock.name == "Europe/London"
    example_place()
    first, second = example_clock("Asia/Tokyo"), example_clock("Asia/Tokyo")
    assert first.now.date() == MORNING.date()
    assert first.now.hour == 7
    assert MORNING <= first.now.replace(tzinfo=None) <= second.now.replace(tzinfo=None)


def test_the_example_is_opened_by_a_form_alone() -> None:
    """A page that is only looked at never opens or leaves it."""
    acts = {route.path for route in ROUTES if isinstance(route, Act)}
    assert {"/example", "/example/leave"} <= acts


def test_the_example_on_a_phone(phone: Any) -> None:
    phone.goto("/")
    phone.get_by_role("button", name="See an example").tap()
    phone.get_by_text("Everything here is made up").wait_for()
    phone.get_by_role("link", name="Result").tap()
    phone.get_by_text("about 5 fit this: indapamide").first.wait_for()
    phone.get_by_role("button", name="Leave the example").tap()
    phone.get_by_text("You left the example").wait_for()
