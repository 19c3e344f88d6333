"""The morning: one question, then what one likes to tell; any night, told or corrected later."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from nightcramp.intake.diary_clock import PersonClock

ZONE = dt.timezone(dt.timedelta(hours=1))
TODAY = dt.date(2026, 11, 26)
LAST, BEFORE = TODAY - dt.timedelta(days=1), TODAY - dt.timedelta(days=2)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the clock of whoever asks to a time of the day."""

    def set_to(hour: int, minute: int = 0) -> None:
        now = dt.datetime(2026, 11, 26, hour, minute, tzinfo=ZONE)
        clock = PersonClock(now, ZONE, "+01:00")
        monkeypatch.setattr("nightcramp.app.gate.person_clock", lambda zone="": clock)

    return set_to


def night(app: Any, evening: dt.date = LAST) -> dict[str, Any]:
    """Return the page of a night."""
    return app.get(f"/api/morning/{evening}").json()


def values(app: Any, evening: dt.date = LAST) -> dict[str, str]:
    """Return what is told of a night, as it would be typed."""
    page = night(app, evening)
    return {ask["name"]: ask["value"] for ask in page["of_day"] + page["of_night"] if ask["value"]}


def entries(app: Any) -> list[Any]:
    from nightcramp.store.database import opened
    from nightcramp.store.entries import all_entries

    with opened() as store:
        return all_entries(store)


def tell(app: Any, evening: dt.date = LAST, **told: Any) -> Any:
    return app.post(f"/morning/{evening}", data=told)


def rest(app: Any, evening: dt.date = LAST, **told: Any) -> Any:
    """Send the whole form of the day, with all that is asked."""
    page = night(app, evening)
    asked = [ask["name"] for ask in page["of_day"] + page["of_night"]]
    return tell(app, evening, part="day", asked=asked, **{**values(app, evening), **told})


def test_it_asks_one_question_of_the_night_just_past(app: Any, at: Any) -> None:
    at(7)
    text = app.get("/morning").text
    assert "Cramps last night?" in text
    assert "Wednesday 25 November" in text
    answer = tell(app, cramps="0")
    assert answer.url.path == f"/morning/{LAST}"
    assert "No cramp" in answer.text
    assert "Cramps last night?" not in answer.text
    assert (night(app)["count"], night(app)["asks_count"]) == (0, False)


@pytest.mark.parametrize("hour", [2, 13, 23])
def test_outside_the_morning_it_asks_which_night(app: Any, at: Any, hour: int) -> None:
    at(hour)
    page = app.get("/api/morning").json()
    assert page["nights"] == [str(LAST), str(BEFORE)]
    assert "Which night do you mean?" in app.get("/morning").text


def test_yes_takes_how_many(app: Any, at: Any) -> None:
    at(7)
    tell(app, cramps="3")
    assert night(app)["count"] == 3


def test_cramps_kept_in_the_night_count_and_can_be_all(app: Any, at: Any) -> None:
    at(3, 10)
    app.post("/tonight")
    at(7)
    text = app.get("/morning").text
    assert "1 cramp is kept of this night. Were there more?" in text
    assert "03:10" in text
    tell(app, cramps="1")
    assert (night(app)["count"], night(app)["asks_count"], night(app)["conflicts"]) == (
        1,
        False,
        [],
    )


def test_an_answer_is_changed_and_never_added(app: Any, at: Any) -> None:
    at(7)
    tell(app, cramps="0")
    rest(app, effort="7")
    tell(app, cramps="2")
    assert night(app)["count"] == 2
    assert night(app)["conflicts"] == []
    assert values(app) == {"effort": "7"}
    first, second, third = entries(app)
    assert (second.replaces, third.replaces) == (first.id, second.id)
    tell(app, cramps="2")
    assert len(entries(app)) == 3


def test_the_day_before_is_told_in_the_units_it_is_asked_in(app: Any, at: Any) -> None:
    at(7)
    tell(app, cramps="1")
    told = {
        "effort": "8",
        "effort_unusual": "yes",
        "stand_minutes": "5,5",
        "drinks": "6",
        "alcohol": "2",
        "caffeine_cups": "3",
        "caffeine_last": "16:30",
        "stretching": "no",
        "bedtime": "22:45",
        "wake_time": "06:40",
        "sleep_lost": "25",
    }
    answer = rest(app, **told, own_new="Dark chocolate", note="a long walk")
    assert answer.status_code == 200
    assert values(app) == {**told, "stand_minutes": "5.5"}
    kept = entries(app)[-1].body
    assert kept.values["stand_minutes"] == 330
    assert kept.values["own:dark_chocolate"] == 1
    assert (kept.cramps, kept.note) == (1, "a long walk")


def test_what_is_emptied_is_not_known_any_more_and_no_is_not_unknown(app: Any, at: Any) -> None:
    at(7)
    rest(app, heat="yes", sweating="no", drinks="6")
    rest(app, heat="", drinks="")
    assert values(app) == {"sweating": "no"}
    assert entries(app)[-1].body.values == {"sweating": 0.0}


def test_own_things_of_other_days_are_offered_and_kept_as_told(app: Any, at: Any) -> None:
    at(7)
    rest(app, BEFORE, own_new="chocolate")
    (own,) = night(app)["own"]
    assert (own["name"], own["label"], own["told"]) == ("own:chocolate", "chocolate", False)
    rest(app, own_asked="own:chocolate", own="own:chocolate")
    assert night(app)["own"][0]["told"]
    rest(app, own_asked="own:chocolate")
    assert not night(app)["own"][0]["told"]


def test_a_fault_is_said_and_what_was_typed_stays(app: Any, at: Any) -> None:
    at(7)
    answer = rest(app, stand_minutes="40", note="busy")
    assert answer.status_code == 422
    assert "It lies between 0 and 24" in answer.text
    assert 'value="40"' in answer.text
    assert "busy" in answer.text
    assert entries(app) == []


def test_what_other_ways_told_is_carried_over(app: Any, at: Any) -> None:
    from nightcramp.diary.entry import Medicine, Told
    from nightcramp.intake.diary_clock import person_clock
    from nightcramp.store.database import opened
    from nightcramp.store.entries import add_entries

    medicine = Medicine(name="indapamide", taken=True)
    with opened() as store:
        for told in (
            Told(evening=LAST, values={"drinks": 4.0}, medicines=(medicine,)),
            Told(evening=LAST, values={"water": 1.5}, note="hot"),
        ):
            add_entries(store, [person_clock("+01:00").entry(told)])
    at(7)
    tell(app, cramps="0")
    from nightcramp.diary.corrections import standing

    (held,) = standing(entries(app))
    assert held.body.values == {"drinks": 4.0, "water": 1.5}
    assert (held.body.medicines, held.body.note, held.body.cramps) == ((medicine,), "hot", 0)


def test_no_cramp_waits_for_the_morning_and_no_night_comes_early(app: Any, at: Any) -> None:
    at(22)
    assert "not over yet" in tell(app, TODAY, cramps="0").text
    assert app.get(f"/morning/{TODAY + dt.timedelta(days=1)}").status_code == 422
    assert app.get("/morning/soon").status_code == 404
    assert entries(app) == []


def test_more_is_told_of_one_cramp_or_it_is_taken_back(app: Any, at: Any) -> None:
    at(3, 10)
    app.post("/tonight")
    at(7)
    (cramp,) = night(app)["cramps"]
    told = {"leg": "left", "muscles": ["calf", "foot"], "pain": "7", "minutes": "4.5"}
    told |= {"woke": "yes", "relief": ["stretch"], "sore": "no", "note": "bad"}
    assert app.post(f"/cramps/{cramp['id']}", data=told).url.path == f"/morning/{LAST}"
    (now,) = night(app)["cramps"]
    page = app.get(f"/api/cramps/{now['id']}").json()
    for name, value in told.items():
        assert page[name] == value
    assert app.post(f"/cramps/{cramp['id']}", data={"pain": "11"}).status_code == 422
    app.post(f"/cramps/{cramp['id']}/remove")
    assert night(app)["cramps"] == []
    assert app.get(f"/cramps/{cramp['id']}").status_code == 404
    assert app.get("/cramps/nothing").status_code == 404


def test_the_first_page_asks_what_the_day_asks_for(app: Any, at: Any) -> None:
    at(7)
    assert "It does not replace a clinician" in app.get("/").text
    tell(app, BEFORE, cramps="1")
    home = app.get("/api/").json()
    assert (home["is_new"], home["evening"], home["interview"]) == (False, str(LAST), "start")
    tell(app, cramps="0")
    assert app.get("/api/").json()["evening"] is None


def test_more_leads_somewhere(app: Any) -> None:
    for link in app.get("/api/more").json()["links"]:
        assert app.get(link["path"]).status_code == 200, link["path"]


def test_the_question_works_on_a_phone(phone: Any) -> None:
    evening = dt.date.today() - dt.timedelta(days=3)
    phone.goto(f"/morning/{evening}")
    phone.get_by_text("Yes", exact=True).first.tap()
    phone.get_by_role("button", name="2", exact=True).tap()
    phone.get_by_role("heading", name="2 cramps").wait_for()
    phone.get_by_text("Great heat").scroll_into_view_if_needed()
    phone.get_by_role("group", name="Great heat").get_by_role("radio", name="Yes").check()
    phone.get_by_role("button", name="Keep").last.tap()
    phone.get_by_text("Kept.").first.wait_for()
    page = phone.request.get(f"/api/morning/{evening}").json()
    assert page["count"] == 2
    assert {ask["value"] for ask in page["of_day"] if ask["name"] == "heat"} == {"yes"}
