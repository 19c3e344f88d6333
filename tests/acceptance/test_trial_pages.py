"""A trial in the browser: chosen, planned, locked, carried out, and its answer."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import random
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import locked_trials
from nightcramp.cli.main import cli
from nightcramp.diary.entry import Entry, Told
from nightcramp.intake import diary_clock
from nightcramp.intake.diary_clock import new_id
from nightcramp.store.database import opened
from nightcramp.store.entries import add_entries
from nightcramp.store.trials import keep_lock, kept_trials
from nightcramp.trial.lock import lock
from nightcramp.trial.nights import adherence_key
from nightcramp.trial.protocol import Arm, Protocol
from people import ROOT

DAY = dt.timedelta(days=1)
FIRST = dt.date(2026, 3, 2)
DUMMY = Arm(id="dummy", label="The dummy", instruction="One capsule.", kind="dummy")
PILL = Arm(id="do", label="The capsule", instruction="One capsule.", kind="action")
STORY = "as_of: {day}\nanswers:\n  age: 60\n  muscle_cramp: yes\n"
SetClock = Callable[[str], None]


@pytest.fixture(autouse=True)
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Return a function that sets the clock of a person in UTC; it is 9 in the morning at first."""
    monkeypatch.setenv("TZ", "UTC")

    def to(text: str) -> None:
        moment = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
        monkeypatch.setattr(diary_clock, "utc_now", lambda: moment)

    to("2026-03-02T09:00")
    return to


def keep(ratio: float = 1.0, days: int = 0, **changes: Any) -> Protocol:
    """Lock a trial that begins on FIRST and keep its first nights, all as the trial said."""
    name = changes.pop("identifier", "stretching-1")
    plan = locked_trials.protocol(name, "a", **{"first_evening": FIRST, **changes})
    source, entries = random.Random(3), []
    for day in range(days):
        evening = plan.first_evening + day * DAY
        rate = 1.2 * (ratio if plan.arm_of(evening) is plan.arms[0] else 1.0)
        cramps = sum(source.random() < rate / 6 for _ in range(6))
        made = dt.datetime.combine(evening + DAY, dt.time(8), dt.UTC)
        body = Told(evening=evening, cramps=cramps, values={adherence_key(plan): 1.0})
        entries.append(Entry(id=new_id(), made_at=made, zone="UTC", body=body))
    with opened() as store:
        keep_lock(store, lock(plan, dt.datetime.combine(plan.first_evening, dt.time(9), dt.UTC)))
        add_entries(store, entries)
    return plan


@pytest.fixture
def _told_of(home: Path, tmp_path: Path) -> None:
    """Somebody without a warning sign has told of themselves."""
    assert home.parts
    story = tmp_path / "me.yaml"
    story.write_text(STORY.format(day=dt.date.today()), encoding="utf-8")
    import_file(story)


def import_file(path: Path) -> None:
    assert CliRunner().invoke(cli, ["import", str(path)]).exit_code == 0


def shown(app: Any, number: int = 1) -> dict[str, Any]:
    return dict(app.get(f"/api/trial/{number}").json()["trial"])


def planned(app: Any, **wish: str) -> dict[str, Any]:
    """Ask for a plan, wait for it, and return what the page shows."""
    answer = app.post("/trial/new", data=wish)
    assert answer.status_code == 200, answer.text
    for _ in range(600):
        page: dict[str, Any] = app.get("/api/trial/plan").json()
        if page["state"] != "working":
            return page
        time.sleep(0.05)
    raise AssertionError("it never came to an end")


# --- before ---


def test_without_a_trial_the_page_says_why_one_is_worth_it(app: Any) -> None:
    page = app.get("/trial")
    assert "Test one thing fairly" in page.text
    assert 'href="/trial/new"' in page.text


def test_nothing_is_proposed_to_somebody_unknown(app: Any) -> None:
    page = app.get("/trial/new")
    assert page.status_code == 200
    assert 'href="/interview"' in page.text
    answer = app.post("/trial/new", data={"words": "socks in bed"})
    assert answer.status_code == 422


@pytest.mark.usefixtures("_told_of")
def test_proposals_say_what_is_for_oneself_and_what_is_not(app: Any) -> None:
    page = app.get("/api/trial/new").json()
    assert "stretch_before_bed" in {one["what"] for one in page["allowed"]}
    text = app.get("/trial/new").text
    assert "You can test these yourself" in text
    assert "Not for testing" in text
    assert "Potassium is not for testing" in text


@pytest.mark.usefixtures("_told_of")
def test_quinine_and_prescribed_medicines_are_not_planned(app: Any) -> None:
    answer = app.post("/trial/new", data={"words": "quinine"})
    assert answer.status_code == 422
    assert "not for testing" in answer.text
    assert 'value="quinine"' in answer.text
    assert "nightcramp trial" not in answer.text


@pytest.mark.usefixtures("_told_of")
@pytest.mark.parametrize(
    "wish",
    [{}, {"words": " "}, {"words": "x", "smallest": "0"}, {"words": "x", "longest": "a lot"},
     {"words": "y" * 201}, {"words": "x", "measure": "luck"}, {"words": "x", "more": "1"}],
)  # fmt: skip
def test_a_wish_that_makes_no_sense_is_refused(app: Any, wish: dict[str, str]) -> None:
    answer = app.post("/api/trial/new", json=wish)
    assert answer.status_code == 422
    if "more" not in wish:
        assert app.post("/trial/new", data=wish).status_code == 422


@pytest.mark.usefixtures("_told_of")
def test_from_the_plan_to_the_lock(app: Any) -> None:
    page = planned(app, what="stretch_before_bed", longest="56")
    assert page["state"] == "ready"
    assert "usual end" in page["frequent"]
    assert page["signs"]
    lock_it = {"token": page["token"]}
    assert "warning signs" in app.post("/trial/plan/lock", data=lock_it).text
    no_sign = {**lock_it, "signs": "no"}
    assert "advised against" in app.post("/trial/plan/lock", data=no_sign).text
    assert not _trials()
    answer = app.post("/trial/plan/lock", data={**no_sign, "anyway": "yes"})
    assert answer.url.path == "/trial/1"
    (locked,) = _trials()
    assert locked.lock.sha256 in answer.text
    assert "Note this fingerprint today" in answer.text
    again = app.post("/trial/plan/lock", data={**no_sign, "anyway": "yes"})
    assert again.status_code == 422
    assert len(_trials()) == 1


@pytest.mark.usefixtures("_told_of")
def test_a_warning_sign_locks_nothing(app: Any) -> None:
    page = planned(app, what="stretch_before_bed", longest="56")
    form = {"token": page["token"], "signs": "yes", "anyway": "yes"}
    answer = app.post("/trial/plan/lock", data=form)
    assert answer.status_code == 422
    assert "nothing was locked" in answer.text
    assert not _trials()


@pytest.mark.usefixtures("_told_of")
def test_another_plan_than_the_one_shown_is_not_locked(app: Any) -> None:
    planned(app, what="stretch_before_bed", longest="56")
    form = {"token": "of yesterday", "signs": "no", "anyway": "yes"}
    assert "has changed meanwhile" in app.post("/trial/plan/lock", data=form).text
    assert not _trials()


@pytest.mark.usefixtures("_told_of")
def test_a_prescriber_is_asked_on_paper_and_must_agree(app: Any) -> None:
    page = planned(app, words="purple drops", longest="56")
    assert page["asks"]
    assert app.get("/trial/plan/page.pdf").content.startswith(b"%PDF")
    form = {"token": page["token"], "signs": "no", "anyway": "yes"}
    assert "must agree first" in app.post("/trial/plan/lock", data=form).text
    app.post("/trial/plan/lock", data={**form, "prescriber": "Dr Lee, 1 March"})
    assert shown(app)["prescriber"] == "Dr Lee, 1 March"


@pytest.mark.usefixtures("_told_of")
def test_two_trials_do_not_run_at_once(app: Any) -> None:
    keep(days=3)
    page = planned(app, what="stretch_before_bed", longest="56")
    form = {"token": page["token"], "signs": "no", "anyway": "yes"}
    assert "Another trial is not over" in app.post("/trial/plan/lock", data=form).text
    assert "A trial goes on" in app.get("/trial/new").text


def test_a_plan_that_nobody_asked_for(app: Any) -> None:
    assert "Nothing was chosen yet" in app.get("/trial/plan").text
    assert app.post("/trial/plan/lock", data={"token": "x"}).status_code == 422
    assert app.get("/trial/plan/page.pdf").status_code == 404


def test_a_warning_sign_waits_for_a_clinician(app: Any, home: Path) -> None:
    assert home.parts
    import_file(ROOT / "examples" / "margaret.yaml")
    page = app.get("/api/trial/new").json()
    waiting = next(one for one in page["refused"] if one["to_be_seen"])
    assert not page["allowed"]
    answer = app.post("/trial/new/seen", data={"signs": waiting["to_be_seen"]})
    assert "You can test these yourself" in answer.text
    assert "Only if your doctor or pharmacist agrees" in answer.text


# --- on the way ---


def test_today_is_one_line_and_counts_or_not(app: Any, set_clock: SetClock) -> None:
    plan = keep()
    assert "does not count yet" in shown(app)["tonight"]
    set_clock("2026-03-03T20:00")
    tonight = shown(app)["tonight"]
    assert plan.arm_of(FIRST).label in tonight  # type: ignore[union-attr]
    assert "This night counts." in tonight
    assert tonight in app.get("/trial").text


def test_done_and_not_done_are_kept_for_the_night_meant(app: Any, set_clock: SetClock) -> None:
    keep()
    set_clock("2026-03-04T09:00")
    nights = shown(app)["to_tell"]
    assert [night["evening"] for night in nights] == ["2026-03-03", "2026-03-02"]
    app.post("/trial/1/done", data={"night": "2026-03-03", "went": "done"})
    app.post("/trial/1/done", data={"night": "2026-03-02", "went": "not done"})
    assert [night["told"] for night in shown(app)["to_tell"]] == ["done", "not done"]
    assert "You did as it said on 1 of 2 nights you told of." in shown(app)["progress"]


@pytest.mark.parametrize(
    "form",
    [{"night": "2026-03-20", "went": "done"}, {"night": "2020-01-01", "went": "done"},
     {"night": "last", "went": "done"}, {"night": "2026-03-02", "went": "maybe"}, {}],
)  # fmt: skip
def test_a_night_that_is_none_of_the_trial_is_refused(app: Any, form: dict[str, str]) -> None:
    keep()
    assert app.post("/trial/1/done", data=form).status_code == 422


def test_what_happened_is_noted_and_escaped(app: Any, set_clock: SetClock) -> None:
    keep(days=3)
    set_clock("2026-03-05T09:00")
    form = {"kind": "illness", "night": "2026-03-03", "words": "fever <script>alert(1)</script>"}
    page = app.post("/trial/1/note", data=form).text
    assert "You were ill, night of Tue 3 to Wed 4 March: fever" in page
    assert "<script>alert" not in page
    assert app.post("/trial/1/note", data={**form, "words": ""}).status_code == 422
    assert app.post("/trial/1/note", data={**form, "words": "x" * 2001}).status_code == 422


def test_a_trial_is_stopped_with_a_reason(app: Any, set_clock: SetClock) -> None:
    keep(days=10)
    set_clock("2026-03-12T09:00")
    assert app.post("/trial/1/stop", data={"why": " "}).status_code == 422
    page = app.post("/trial/1/stop", data={"why": "a holiday"}).text
    assert "Stopped. What was kept of it stays." in page
    assert "a holiday" in page
    assert shown(app)["tonight"] == ""
    assert "stopped early" in app.get("/trial").text
    assert app.post("/trial/1/stop", data={"why": "again"}).status_code == 422


@pytest.mark.parametrize("number", ["0", "2", "-1", "stretching-1", "1" * 5000, "%C2%B2"])
def test_there_is_no_other_trial(app: Any, number: str) -> None:
    keep()
    assert app.get(f"/trial/{number}").status_code == 404
    assert app.get(f"/trial/{number}/report.html").status_code == 404


def test_no_address_names_what_is_tested(app: Any) -> None:
    plan = keep(days=5)
    text = app.get("/trial").text
    links = re.findall(r'(?:href|action)="([^"]*)"', text)
    assert not [link for link in links if plan.id in link or "stretch" in link.casefold()]


# --- blind ---


def test_a_blind_trial_never_shows_its_order_before_the_end(app: Any, set_clock: SetClock) -> None:
    keep(0.3, days=12, arms=(PILL, DUMMY), title="A capsule")
    set_clock("2026-03-14T09:00")
    found = shown(app)
    assert "pack 4" in found["tonight"]
    assert not found["order_open"]
    assert not [block for block in found["blocks"]["blocks"] if block["kind"] == "table"]
    assert "svg" not in json.dumps(found["picture"])
    assert not [block for block in found["picture"]["blocks"] if block["kind"] == "picture"]
    assert "once the trial has ended" in app.get("/trial").text
    assert app.get("/trial/1/protocol.json").status_code == 422
    assert app.get("/trial/1/export.zip").status_code == 422
    report = app.get("/trial/1/report.html").text
    assert "protocol.json" not in report.split("How to compute it again")[0]
    set_clock("2026-03-26T09:00")
    assert shown(app)["order_open"]
    assert app.get("/trial/1/protocol.json").status_code == 200


# --- after ---


def test_a_finished_trial_has_its_verdict_and_its_files(app: Any, set_clock: SetClock) -> None:
    plan = keep(0.2, days=112, blocks=16, block_nights=7)
    set_clock("2026-07-01T09:00")
    page = app.get("/trial/1").text
    found = shown(app)
    assert found["answer"]["title"] == "It works for you."
    assert "What this does not say" in page
    assert 'class="goal"' in page
    assert "Row A, Stretching" in page
    assert "It works for you." in app.get("/trial/1/report.html").text
    assert app.get("/trial/1/report.pdf").content.startswith(b"%PDF")
    archive = zipfile.ZipFile(io.BytesIO(app.get("/trial/1/export.zip").content))
    protocol = archive.read("protocol.json")
    assert hashlib.sha256(protocol).hexdigest() == found["fingerprint"]
    assert plan.id in protocol.decode()
    assert "it works" in app.get("/trial").text


def test_files_are_taken_away_and_not_opened_here(app: Any) -> None:
    keep(days=5)
    for name in ("report.html", "protocol.json", "calendar.ics"):
        answer = app.get(f"/trial/1/{name}")
        assert answer.headers["content-disposition"].startswith("attachment")
    text = app.get("/trial/1/calendar.ics").text
    assert "BEGIN:VEVENT" in text
    assert "tretch" not in text


def test_the_fingerprint_that_was_noted_is_compared(app: Any) -> None:
    keep()
    noted = shown(app)["fingerprint"].upper()
    same = app.post("/trial/1/compare", data={"noted": f" {noted[:32]} {noted[32:]}"})
    assert "It is the same fingerprint" in same.text
    other = app.post("/trial/1/compare", data={"noted": "0" * 64})
    assert other.status_code == 422
    assert "not the fingerprint" in other.text


def test_past_trials_stand_below_the_one_that_runs(app: Any, set_clock: SetClock) -> None:
    keep(days=24)
    keep(identifier="stretching-2", first_evening=FIRST + 40 * DAY)
    set_clock("2026-04-15T09:00")
    page = app.get("/api/trial").json()
    assert page["trial"]["number"] == 2
    assert [one["number"] for one in page["others"]] == [1]
    assert "Other trials" in app.get("/trial").text


@pytest.mark.usefixtures("_told_of")
def test_a_trial_is_chosen_locked_and_followed_on_a_phone(phone: Any) -> None:
    phone.goto("/trial")
    phone.get_by_role("link", name="See what I could test").tap()
    phone.get_by_label("What do you want to test?").fill("sleep with socks on")
    phone.get_by_role("button", name="See what may come of it").last.tap()
    phone.wait_for_url("**/trial/plan")
    phone.get_by_role("heading", name="sleep with socks on").wait_for()
    if phone.get_by_text("Somebody must agree first").count():
        phone.get_by_label("Who agreed, and when?").fill("Dr Lee")
    phone.get_by_label("No, none").check()
    if phone.get_by_label("All the same").count():
        phone.get_by_label("All the same").check()
    phone.get_by_role("button", name="Draw the order and lock it").tap()
    phone.wait_for_url("**/trial/1")
    assert phone.get_by_text("Note this fingerprint today").is_visible()


def _trials() -> list[Any]:
    with opened() as store:
        return list(kept_trials(store).values())
