"""The calendar and one night, as a person sees and corrects them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from nightcramp.diary.entry import Entry, Told
from nightcramp.intake import diary_clock
from nightcramp.intake.diary_clock import new_id
from nightcramp.person.night import evening_of
from nightcramp.store.database import opened
from nightcramp.store.entries import add_entries, all_entries

DAY = dt.timedelta(days=1)
NOW = dt.datetime(2026, 3, 20, 9, tzinfo=dt.UTC)
LAST = dt.date(2026, 3, 19)
NIGHT = LAST - 2 * DAY


@pytest.fixture(autouse=True)
def _morning(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is nine in the morning of 20 March 2026, in UTC."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr(diary_clock, "utc_now", lambda: NOW)


def told(evening: dt.date, replaces: str = "", **what: Any) -> Entry:
    made = dt.datetime.combine(evening + DAY, dt.time(8), dt.UTC)
    body = Told(evening=evening, **what) if what else None
    return Entry(id=new_id(), made_at=made, zone="UTC", replaces=replaces, body=body)


def keep(*entries: Entry) -> None:
    with opened() as store:
        add_entries(store, entries)


def marks(app: Any, until: str = "") -> dict[str, str]:
    """Return the sign of each night shown, by its evening."""
    page = app.get(f"/api/nights?until={until}" if until else "/api/nights").json()
    return {n["evening"]: n["sign"] for month in page["months"] for n in month["nights"]}


def test_an_empty_diary_says_how_to_begin(app: Any) -> None:
    page = app.get("/nights")
    assert page.status_code == 200
    assert "Nothing is written down yet" in page.text
    assert f'href="/morning/{LAST}"' in page.text


def test_each_night_has_the_sign_of_its_cramps(app: Any) -> None:
    keep(*(told(LAST - count * DAY, cramps=count) for count in range(4)))
    keep(told(LAST - 6 * DAY, cramps=7))
    shown = marks(app)
    assert [shown[str(LAST - day * DAY)] for day in range(7)] == [
        "none", "one", "two", "more", "unlogged", "unlogged", "more",
    ]  # fmt: skip
    page = app.get("/nights").text
    drawings = [one["drawing"] for one in app.get("/api/nights").json()["signs"]]
    assert len({part.split('fill="')[0].split("stroke")[0] for part in drawings}) == 5
    assert all(drawing in page for drawing in drawings)
    assert "You logged 5 of 7 nights" in page
    assert "Thu 19 to Fri 20 March: no cramp" in page


def test_ten_years_are_turned_over_twelve_weeks_at_a_time(app: Any) -> None:
    keep(*(told(LAST - day * DAY, cramps=day % 4) for day in range(3650)))
    newest = app.get("/api/nights").json()
    assert len(marks(app)) == 84
    assert newest["newer"] is None
    older = app.get(f"/api/nights?until={newest['older']}").json()
    assert len(marks(app, newest["older"])) == 84
    assert older["newer"] == str(LAST)
    assert app.get(f"/nights?until={LAST - 3640 * DAY}").status_code == 200
    oldest = app.get(f"/api/nights?until={LAST - 3640 * DAY}").json()
    assert oldest["older"] is None


def test_the_chart_has_its_table(app: Any) -> None:
    keep(*(told(LAST - day * DAY, cramps=1) for day in range(0, 14, 2)))
    page = app.get("/api/nights").json()
    assert "7 cramps" in page["chart"]["title"]
    assert sum(int(row[1]) for row in page["chart_rows"]) == 7
    assert "<table>" in app.get("/nights").text


@pytest.mark.parametrize(
    "night", ["yesterday", "2026-13-40", "0001-01-01", "9999-12-31x", "%F0%9F%98%80"]
)
def test_what_is_no_night_is_not_found(app: Any, night: str) -> None:
    answer = app.get(f"/nights/{night}")
    assert answer.status_code == 404
    assert "There is no such night" in answer.text


@pytest.mark.parametrize("address", ["/nights/2026-03-25", "/nights/9999-12-31"])
def test_a_night_to_come_is_said_to_be_so(app: Any, address: str) -> None:
    answer = app.get(address)
    assert answer.status_code == 422
    assert "has not begun" in answer.text


@pytest.mark.parametrize("until", ["soon", "2026-99-99", "2030-01-01"])
def test_a_calendar_until_nowhere_is_refused(app: Any, until: str) -> None:
    assert app.get("/nights", params={"until": until}).status_code == 422


def test_one_night_shows_all_that_is_known(app: Any) -> None:
    keep(told(NIGHT, cramps=1, values={"alcohol": 3.0, "own:chocolate": 1.0}, note="<b>odd</b>"))
    page = app.get(f"/nights/{NIGHT}").text
    assert "Tue 17 to Wed 18 March" in page
    assert "3 drinks" in page
    assert "Chocolate" in page
    assert "&lt;b&gt;odd&lt;/b&gt;" in page
    assert f'href="/morning/{NIGHT}"' in page


def test_not_logged_is_not_none(app: Any) -> None:
    page = app.get(f"/nights/{NIGHT}").text
    assert "not the same as none" in page


@pytest.mark.parametrize(("time", "days"), [("03:10", 1), ("11:59", 1), ("12:00", 0), ("23:30", 0)])
def test_a_cramp_belongs_to_the_day_its_time_says(app: Any, time: str, days: int) -> None:
    answer = app.post(f"/nights/{NIGHT}/add", data={"at": time})
    assert f"Kept: a cramp at {time}." in answer.text
    with opened() as store:
        (entry,) = all_entries(store)
    assert entry.body.at.date() == NIGHT + days * DAY
    assert evening_of(entry.body.at) == NIGHT
    assert entry.origin == "app"


@pytest.mark.parametrize("time", ["25:00", "noon-ish", "<script>", ""])
def test_a_time_that_is_none_is_said_on_the_page(app: Any, time: str) -> None:
    answer = app.post(f"/nights/{NIGHT}/add", data={"at": time})
    assert answer.status_code == 422
    assert "Tue 17 to Wed 18 March" in answer.text
    assert "<script>alert" not in answer.text
    assert marks(app).get(str(NIGHT)) in (None, "unlogged")


def test_a_cramp_to_come_is_not_kept(app: Any) -> None:
    answer = app.post(f"/nights/{NOW.date()}/add", data={"at": "13:00"})
    assert answer.status_code == 422


def test_an_entry_is_taken_back_and_stays_in_the_history(app: Any) -> None:
    wrong = told(NIGHT, cramps=2)
    keep(wrong)
    answer = app.post(f"/nights/{NIGHT}/take-back", data={"entry": wrong.id})
    assert "Taken back" in answer.text
    page = app.get(f"/api/nights/{NIGHT}").json()
    assert page["sign"] == "unlogged"
    assert page["entries"] == []
    assert len(page["history"]) == 2
    again = app.post(f"/nights/{NIGHT}/take-back", data={"entry": wrong.id})
    assert again.status_code == 422


def test_an_entry_of_another_night_is_not_taken_back_here(app: Any) -> None:
    other = told(NIGHT - DAY, cramps=2)
    keep(other)
    answer = app.post(f"/nights/{NIGHT}/take-back", data={"entry": other.id})
    assert answer.status_code == 404
    assert app.get(f"/api/nights/{NIGHT - DAY}").json()["sign"] == "two"


def test_two_corrections_of_one_entry_are_both_kept_until_one_is_taken_back(app: Any) -> None:
    first = told(NIGHT, cramps=1)
    ones = [told(NIGHT, replaces=first.id, cramps=count) for count in (2, 3)]
    keep(first, *ones)
    page = app.get(f"/nights/{NIGHT}").text
    assert "What does not fit together" in page
    assert "Both are kept" in page
    assert "something does not fit" in app.get("/nights").text
    answer = app.post(f"/nights/{NIGHT}/take-back", data={"entry": ones[1].id})
    assert "What does not fit together" not in answer.text
    assert app.get(f"/api/nights/{NIGHT}").json()["sign"] == "two"


def test_a_night_is_opened_and_corrected_on_a_phone(phone: Any) -> None:
    phone.goto("/nights")
    night = phone.locator(".calendar a").first
    box = night.bounding_box()
    assert min(box["width"], box["height"]) >= 48
    night.tap()
    phone.get_by_text("Add a cramp").tap()
    phone.get_by_label("When was it?").fill("00:05")
    phone.get_by_role("button", name="Keep it").tap()
    phone.get_by_text("Kept: a cramp at 00:05.").wait_for()
    phone.get_by_role("button", name="Take this back").tap()
    phone.get_by_text("Taken back. It stays").wait_for()
