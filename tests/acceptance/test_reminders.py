"""Reminders: a calendar and notes that say nothing of one's health, at the times wanted."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import stat
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import nightcramp.app.pages.reminders as page
from locked_trials import EVENING, locked
from nightcramp.app.access.preferences import keep_preferences
from nightcramp.app.access.reminders import Reminders, keep_reminders, note_sent, reminders_of
from nightcramp.app.reminders import (
    Reminding,
    check_address,
    reminder_calendar,
    send,
    send_due,
    shown_address,
)
from nightcramp.diary.entry import Entry, Told
from nightcramp.errors import InputError
from nightcramp.intake.diary_clock import new_id, person_clock
from nightcramp.store.database import opened
from nightcramp.store.entries import add_entries
from nightcramp.store.trials import keep_lock
from nightcramp.trial.nights import adherence_key

PAGE = "/settings/reminders"
ADDRESS = "json://planted-secret:planted-word@127.0.0.1:9/hook"
TELLING = re.compile(r"cramp|leg|calf|medic|trial|stretch|pain|health|indapamide", re.I)
LONDON = person_clock("Europe/London").zone
DAY = dt.date(2026, 11, 24)


def me() -> str:
    """Return the key of "me"."""
    with opened("me") as store:
        return store.who.key


def at(clock: str, day: dt.date = DAY) -> dt.datetime:
    """Return a moment by the wall of London."""
    return dt.datetime.combine(day, dt.time.fromisoformat(clock), LONDON).astimezone(dt.UTC)


def told(evening: dt.date, **what: Any) -> None:
    """Tell the diary of "me" of a night."""
    made_at = dt.datetime.combine(evening, dt.time(22), dt.UTC)
    body = Told(evening=evening, **what)
    with opened("me") as store:
        add_entries(store, [Entry(id=new_id(), made_at=made_at, zone="UTC", body=body)])


class Post:
    """Where notes arrive in place of an address."""

    def __init__(self, takes: bool = True) -> None:
        self.takes = takes
        self.notes: list[tuple[Sequence[str], str, str]] = []

    def __call__(self, addresses: Sequence[str], title: str, body: str) -> bool:
        self.notes.append((addresses, title, body))
        return self.takes

    @property
    def titles(self) -> list[str]:
        return [title for _, title, _ in self.notes]


@pytest.fixture
def wanting(home: Path) -> str:
    """The key of "me", who gave an address and lives in London."""
    keep_preferences(me(), zone="Europe/London")
    keep_reminders(me(), Reminders(addresses=(ADDRESS,)))
    return me()


# --- the calendar ---


def feed_address(app: Any) -> str:
    """Make a feed and return the path of its address."""
    shown = app.post(f"{PAGE}/feed").text
    found = re.search(r'value="http://localhost(/feed/[^"]+\.ics)"', shown)
    assert found
    return found[1]


def unfolded(content: bytes) -> list[str]:
    return content.decode().replace("\r\n ", "").split("\r\n")


def test_a_calendar_subscribes_without_a_cookie(app: Any) -> None:
    """By its address alone, which is shown once and never again."""
    from starlette.testclient import TestClient

    path = feed_address(app)
    assert path not in app.get(PAGE).text
    calendar = TestClient(app.app, base_url="http://localhost").get(path)
    assert calendar.status_code == 200
    assert calendar.headers["content-type"].startswith("text/calendar")
    lines = unfolded(calendar.content)
    assert lines.count("RRULE:FREQ=DAILY") == 2
    assert [line for line in lines if line.startswith("SUMMARY")] == [
        "SUMMARY:Evening note",
        "SUMMARY:Morning note",
    ]


def test_an_address_that_is_old_ended_or_guessed_opens_nothing(app: Any) -> None:
    first = feed_address(app)
    second = feed_address(app)
    assert app.get(first).status_code == 404
    assert app.get(second).status_code == 200
    app.post(f"{PAGE}/feed/end")
    for path in (second, "/feed/.ics", "/feed/" + "a" * 43 + ".ics", "/feed/%2e%2e.ics"):
        assert app.get(path).status_code == 404, path


def test_the_calendar_says_nothing_of_health(app: Any) -> None:
    """Nor does it name anybody, in either language; the name of the program is in no title."""
    for language in ("en", "es"):
        app.post("/settings", data={"language": language})
        lines = unfolded(app.get(feed_address(app)).content)
        shown = [line for line in lines if not line.startswith(("PRODID", "UID", "TZID"))]
        assert not TELLING.search("\n".join(shown).lower())
        assert any(line.endswith("@nightcramp.invalid") for line in lines)
    assert "SUMMARY:Nota de la noche" in lines


def test_times_are_those_of_the_persons_clock(app: Any) -> None:
    """A time left empty is no note; the zone says when its clocks change."""
    app.post("/settings", data={"zone": "Europe/London"})
    app.post(PAGE, data={"evening": "21:45", "morning": ""})
    lines = unfolded(app.get(feed_address(app)).content)
    starts = [line for line in lines if line.startswith("DTSTART;TZID=Europe/London")]
    assert len(starts) == 1
    assert starts[0].endswith("T214500")
    assert "TZID:Europe/London" in lines
    assert {"TZOFFSETTO:+0100", "TZOFFSETTO:+0000"} <= set(lines)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/London", ["20260329T010000", "20261025T020000", "20270328T010000"]),
        ("Australia/Lord_Howe", ["20260405T020000", "20261004T020000", "20270404T020000"]),
        ("Asia/Tokyo", []),
    ],
)
def test_the_calendar_knows_when_clocks_change(zone: str, expected: list[str]) -> None:
    """By the wall of before, to the minute, as the rules of the zone have it."""
    since = dt.datetime(2026, 1, 10, 12, tzinfo=dt.UTC)
    lines = unfolded(reminder_calendar(Reminders(), person_clock(zone), "x", since))
    end = lines.index("END:VTIMEZONE")
    changes = [line.partition(":")[2] for line in lines[:end] if line.startswith("DTSTART")]
    assert [change for change in changes[1:] if change > "2026"][:3] == expected
    assert bool(changes[1:]) == bool(expected)


def test_an_offset_that_never_changes_needs_no_zone() -> None:
    since = dt.datetime(2026, 1, 10, 12, tzinfo=dt.UTC)
    lines = unfolded(reminder_calendar(Reminders(), person_clock("+02:00"), "x", since))
    assert "DTSTART:20260110T190000Z" in lines
    assert "BEGIN:VTIMEZONE" not in lines


def test_two_people_have_notes_of_their_own() -> None:
    since, clock = dt.datetime(2026, 1, 10, tzinfo=dt.UTC), person_clock("UTC")

    def names(who: str) -> set[str]:
        lines = unfolded(reminder_calendar(Reminders(), clock, who, since))
        return {line for line in lines if line.startswith("UID:")}

    assert names("one") == names("one")
    assert not names("one") & names("other")


# --- notes that are sent ---


def test_nothing_is_sent_where_no_address_was_given(home: Path) -> None:
    keep_reminders(me(), Reminders())
    post = Post()
    assert send_due(at("08:01"), post) == 0
    assert not post.notes


def test_a_morning_note_comes_once_and_says_nothing(wanting: str) -> None:
    post = Post()
    for clock in ("07:59", "08:00", "08:00", "08:30", "09:01"):
        send_due(at(clock), post)
    assert post.notes == [
        ((ADDRESS,), "Morning note", "A minute for your notes, when you have one.")
    ]
    send_due(at("08:10", DAY + dt.timedelta(days=1)), post)
    assert len(post.notes) == 2
    assert not any(TELLING.search(title + body) for _, title, body in post.notes)


def test_a_night_that_is_told_needs_no_note(wanting: str) -> None:
    told(DAY - dt.timedelta(days=1), cramps=0)
    post = Post()
    send_due(at("08:00"), post)
    assert not post.notes


def test_an_evening_note_comes_until_the_day_is_told(wanting: str) -> None:
    post = Post()
    send_due(at("21:00"), post)
    told(DAY + dt.timedelta(days=1), values={"drinks": 5.0})
    send_due(at("21:00", DAY + dt.timedelta(days=1)), post)
    assert post.titles == ["Evening note"]


def test_in_a_trial_the_evening_note_waits_for_its_answer(wanting: str) -> None:
    """What the day held does not answer it; telling that it was done does."""
    with opened("me") as store:
        keep_lock(store, locked())
    told(EVENING, values={"drinks": 5.0})
    post = Post()
    send_due(at("21:00", EVENING), post)
    assert post.titles == ["Evening note"]
    following = EVENING + dt.timedelta(days=1)
    told(following, values={adherence_key(locked().protocol): 1.0})
    send_due(at("21:00", following), post)
    assert post.titles == ["Evening note"]


def test_a_note_is_in_the_persons_language_and_by_their_clock(home: Path) -> None:
    keep_preferences(me(), zone="Asia/Tokyo", language="es")
    keep_reminders(me(), Reminders(addresses=(ADDRESS,)))
    post = Post()
    send_due(at("08:00"), post)
    assert not post.notes
    send_due(dt.datetime(2026, 11, 23, 23, 5, tzinfo=dt.UTC), post)
    assert post.titles == ["Nota de la mañana"]


def test_a_failure_is_shown_and_the_address_is_not_logged(
    app: Any, wanting: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        send_due(at("08:00"), Post(takes=False))
        shown = app.get(PAGE)
    assert "could not be sent" in shown.text
    assert "planted" not in caplog.text
    send_due(at("21:00"), Post())
    assert "could not be sent" not in app.get(PAGE).text


def test_an_address_is_really_tried_and_never_logged(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody listens at this one: it fails, and no library says what it was."""
    pytest.importorskip("apprise")
    with caplog.at_level(logging.DEBUG):
        assert send([ADDRESS], "Morning note", "body") is False
    assert "planted" not in caplog.text


def test_a_note_arrives_as_it_was_written(home: Path) -> None:
    """Sent in earnest to a server of this test."""
    pytest.importorskip("apprise")
    import http.server

    arrived: list[dict[str, Any]] = []

    class Listening(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["content-length"])
            arrived.append(json.loads(self.rfile.read(size)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Listening) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        address = f"json://127.0.0.1:{server.server_port}/"
        assert send([address], "Evening note", "A minute for your notes.")
    assert arrived[0]["title"] == "Evening note"
    assert arrived[0]["message"] == "A minute for your notes."


def test_one_of_two_servers_sends(wanting: str) -> None:
    assert note_sent(wanting, "morning", "2026-11-24")
    assert not note_sent(wanting, "morning", "2026-11-24")
    assert note_sent(wanting, "evening", "2026-11-24")


def test_the_thread_sends_and_ends_with_the_server(wanting: str) -> None:
    """Whatever goes wrong in it, it goes on."""
    sent, post, moments = threading.Event(), Post(), iter([None, at("08:00")])

    def now() -> dt.datetime:
        moment = next(moments, at("08:00"))
        assert moment is not None, "a clock that fails"
        return moment

    def how(addresses: Sequence[str], title: str, body: str) -> bool:
        sent.set()
        return post(addresses, title, body)

    with Reminding(now, how, every=0.01) as running:
        assert sent.wait(20)
    assert not running._thread.is_alive()
    assert post.titles == ["Morning note"]


# --- the page ---


def test_addresses_are_kept_for_their_owner_alone(app: Any, home: Path) -> None:
    """Shown without their secrets, removed one by one."""
    pytest.importorskip("apprise")
    app.post(f"{PAGE}/addresses", data={"address": ADDRESS})
    app.post(f"{PAGE}/addresses", data={"address": "ntfy://ntfy.example/two"})
    shown = app.get(PAGE).text
    assert "ntfy.example/two" in shown
    assert "planted-word" not in shown
    assert stat.S_IMODE((home / "app.db").stat().st_mode) == 0o600
    app.post(f"{PAGE}/addresses/remove", data={"place": "0"})
    assert reminders_of(me()).addresses == ("ntfy://ntfy.example/two",)


@pytest.mark.parametrize("address", ["", "no address", "https://", "javascript:alert(1)"])
def test_what_is_no_address_is_refused(app: Any, address: str) -> None:
    pytest.importorskip("apprise")
    with pytest.raises(InputError):
        check_address(address)
    answer = app.post(f"{PAGE}/addresses", data={"address": address})
    assert answer.status_code == 422
    assert reminders_of(me()).addresses == ()


def test_a_test_note_says_whether_it_went(
    app: Any, wanting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = Post()
    monkeypatch.setattr(page, "send", post)
    assert "Sent." in app.post(f"{PAGE}/test").text
    post.takes = False
    assert app.post(f"{PAGE}/test").status_code == 422
    assert "could not be sent" in app.get(PAGE).text
    assert not any(TELLING.search(title + body) for _, title, body in post.notes)


def test_without_the_extra_the_page_says_how_to_get_it(
    app: Any, wanting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nightcramp.app.reminders as reminders

    for module in (page, reminders):
        monkeypatch.setattr(module, "can_send", lambda: False)
    shown = app.get(PAGE).text
    assert "nightcramp[reminders]" in shown
    assert shown_address(ADDRESS) == "json://…"
    assert "planted" not in shown
    assert app.post(f"{PAGE}/test").status_code == 422


@pytest.mark.parametrize("typed", ["25:00", "9", "21:00:00", "21:60", "<b>"])
def test_a_time_that_is_none_is_refused(app: Any, typed: str) -> None:
    assert app.post(PAGE, data={"evening": typed, "morning": "08:00"}).status_code == 422
    assert app.get(f"/api{PAGE}").json()["evening"] == "21:00"


def test_with_a_person_their_reminders_go(app: Any, wanting: str) -> None:
    app.post("/settings/data/remove", data={"name": "me"})
    assert reminders_of(wanting) == Reminders()
