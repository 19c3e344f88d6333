"""What one's nights show: worked out beside the pages, kept, and said as it is."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nightcramp.app import background
from nightcramp.diary.entry import Entry, Told
from nightcramp.errors import InputError
from nightcramp.intake.diary_clock import new_id
from nightcramp.store.database import opened
from nightcramp.store.entries import add_entries

FIRST = dt.date(2026, 2, 2)
WORKED_OUT = "nightcramp.diary.findings.findings_of"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look is waited for a little only, so that the page that waits is seen too."""
    monkeypatch.setattr(background.Work.wait, "__defaults__", (0.01,))


def keep_nights(nights: int, *, acts: bool = True, first: dt.date = FIRST) -> None:
    """Keep nights whose cramps follow alcohol, or nothing at all."""
    random = np.random.default_rng(2)
    entries = []
    for night in range(nights):
        evening = first + dt.timedelta(days=night)
        drinks = 3.0 * int(random.random() < 0.4)
        cramps = int(random.poisson(1.5 if drinks and acts else 0.4))
        made = dt.datetime.combine(evening + dt.timedelta(days=1), dt.time(8), dt.UTC)
        body = Told(evening=evening, cramps=cramps, values={"alcohol": drinks})
        entries.append(Entry(id=new_id(), made_at=made, zone="UTC", body=body))
    with opened() as store:
        add_entries(store, entries)


def looked(app: Any) -> dict[str, Any]:
    """Ask for a look, wait for it, and return what the page shows."""
    app.post("/findings")
    for _ in range(600):
        page: dict[str, Any] = app.get("/api/findings").json()
        if page["state"] != "working":
            return page
        time.sleep(0.05)
    raise AssertionError("it never came to an end")


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, list[int]]]:
    """A look that goes on until it is let go, and how often one was begun."""
    gate, begun = threading.Event(), []

    def slow(*_: object) -> None:
        begun.append(1)
        gate.wait(30)
        raise InputError("the nights could not be read", hint="Look again.")

    monkeypatch.setattr(WORKED_OUT, slow)
    yield gate, begun
    gate.set()


def test_without_nights_there_is_nothing_to_look_at(app: Any) -> None:
    page = app.get("/findings")
    assert "No night is written down yet" in page.text
    assert app.post("/findings").status_code == 200
    assert app.get("/api/findings").json()["state"] == "nothing"


def test_what_was_found_is_shown_with_its_table(app: Any) -> None:
    keep_nights(130)
    assert app.get("/api/findings").json()["state"] == "never"
    page = looked(app)
    assert page["state"] == "current"
    found = next(group for group in page["groups"] if group["state"] == "found")
    assert "Alcoholic drinks" in found["findings"][0]["said"][0]
    assert found["findings"][0]["word"] == "supported"
    assert page["picture"]["title"].startswith("Alcoholic drinks")
    text = app.get("/findings").text
    assert "histories like yours" in text
    assert 'id="findings-table"' in text
    assert "Look at my nights" not in text


def test_silence_is_a_usual_result(app: Any) -> None:
    keep_nights(60, acts=False)
    page = looked(app)
    assert "usual result and no fault of yours" in page["silence"]
    assert "Nothing stands out." in app.get("/findings").text


def test_a_new_night_makes_the_findings_old(app: Any) -> None:
    keep_nights(60, acts=False)
    looked(app)
    keep_nights(1, first=FIRST + dt.timedelta(days=60))
    page = app.get("/findings").text
    assert "Your nights have changed" in page
    assert "Look at my nights again" in page


def test_other_pages_answer_meanwhile_and_one_look_is_enough(
    app: Any, held: tuple[threading.Event, list[int]]
) -> None:
    keep_nights(20)
    for _ in range(3):
        assert "being looked at" in app.post("/findings").text
    assert app.get("/nights").status_code == 200
    assert held[1] == [1]


def test_a_look_that_fails_says_why(app: Any, held: tuple[threading.Event, list[int]]) -> None:
    keep_nights(20)
    held[0].set()
    page = looked(app)
    assert page["state"] == "never"
    text = app.get("/findings").text
    assert "The nights could not be read." in text
    assert "Look at my nights" in text


def test_an_unforeseen_fault_tells_nothing_of_the_person(
    app: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("chocolate on Tuesday")

    monkeypatch.setattr(WORKED_OUT, broken)
    keep_nights(20)
    assert "omething went wrong" in looked(app)["problem"]
    assert "chocolate" not in caplog.text


def test_ten_years_fit_on_a_page(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from nightcramp.person.finding import Finding, Findings, Ratio

    ratio = Ratio(ratio=1.1, low=0.5, high=2.0)
    one = Finding(
        id="alcohol", label="alcohol", state="undecided", why="more nights would tell",
        probability=0.4, before=0.5, effect=ratio, published=ratio,
    )  # fmt: skip
    last = FIRST + dt.timedelta(days=3649)
    found = Findings(
        version="", first=FIRST, last=last, nights=3650, logged=3650, with_cramps=9, cramps=9,
        findings=(one,),
    )  # fmt: skip
    monkeypatch.setattr(WORKED_OUT, lambda *_: found)
    keep_nights(3650)
    looked(app)
    page = app.get("/findings")
    assert len(page.content) < 200_000
    assert "the latest half year" in page.text


def test_a_look_is_taken_on_a_phone(phone: Any, home: Path) -> None:
    assert home.parts
    keep_nights(40, acts=False)
    phone.goto("/findings")
    phone.get_by_role("button", name="Look at my nights").tap()
    phone.get_by_text("usual result").wait_for()
    phone.get_by_text("The same as a table", exact=True).tap()
    assert phone.get_by_role("table").is_visible()
