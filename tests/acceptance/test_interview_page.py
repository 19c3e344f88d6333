"""The interview in the browser: one question a page, back is safe, and a result soon."""

from __future__ import annotations

from typing import Any

import pytest

from nightcramp.intake.interview import MOST_STEPS, SIGNS_A_PAGE

MOST = 60
TYPICAL = {
    "age": "71",
    "sex": "female",
    "called_cramp": "yes",
    "onset": "3",
    "site": "calf",
    "wakes_from_sleep": "yes",
}
"""What a typical person answers; of all else they say no, or that they do not know."""


def step(app: Any, path: str = "/interview") -> dict[str, Any]:
    return app.get(f"/api{path}").json()  # type: ignore[no-any-return]


def answer(app: Any, page: dict[str, Any], **given: Any) -> Any:
    form = {"kind": page["kind"], "ids": page["ids"], **given}
    return app.post(f"/interview/{page['number']}", data=form)


def typical(page: dict[str, Any]) -> dict[str, Any]:
    """Return what the typical person answers to a page."""
    if page["kind"] == "signs":
        return {"then": "none"}
    if page["kind"] != "question":
        return {"then": "on", "line": "indapamide 1.5 mg" if page["kind"] == "medicines" else ""}
    name = page["ids"][0]
    if name in TYPICAL:
        return {"value": TYPICAL[name], "span": "years" if name == "onset" else ""}
    return {"value": "no"} if page["asks"] == "yes_no" else {"then": "unknown"}


def talk_to_the_end(app: Any) -> int:
    """Answer as the typical person does; return how many pages it took."""
    for number in range(MOST):
        page = step(app)
        if page["kind"] == "finished":
            return number
        assert answer(app, page, **typical(page)).status_code == 200
    raise AssertionError("it goes on asking")


def test_a_typical_person_has_a_result_within_25_pages(app: Any) -> None:
    assert talk_to_the_end(app) <= MOST_STEPS == 25
    text = app.get("/interview").text
    assert 'href="/result"' in text
    story = app.get("/api/interview/6").json()
    assert story["kind"] in ("signs", "medicines")


def test_warning_signs_come_first_and_each_says_why(app: Any) -> None:
    page = step(app)
    assert page["kind"] == "signs"
    assert len(page["signs"]) == SIGNS_A_PAGE
    assert all(sign["why"] for sign in page["signs"])
    assert "Why these?" in app.get("/interview").text


def test_an_emergency_leads_to_what_to_do_at_once(app: Any) -> None:
    page = step(app)
    while "chest_pain" not in page["ids"]:
        answer(app, page, then="none")
        page = step(app)
    sent = app.post(
        f"/interview/{page['number']}",
        data={"kind": "signs", "ids": page["ids"], "value": "chest_pain", "then": "answer"},
        follow_redirects=False,
    )
    assert sent.headers["location"] == "/result"
    end = step(app)
    assert end["kind"] == "finished"
    assert end["emergency"]
    assert end["urgent"]["do"]


def test_ticks_and_none_together_are_refused_and_nothing_is_lost(app: Any) -> None:
    page = step(app)
    ticked = page["ids"][1]
    answered = answer(app, page, then="none", value=ticked)
    assert answered.status_code == 422
    assert "something is ticked" in answered.text.lower()
    assert f'value="{ticked}" checked' in answered.text
    assert step(app)["number"] == 1


def test_back_shows_what_was_answered_and_changing_it_keeps_the_rest(app: Any) -> None:
    while (page := step(app))["ids"] != ["age"]:
        answer(app, page, **typical(page))
    number = page["number"]
    answer(app, page, value="71")
    answer(app, step(app), value="female")
    again = step(app, f"/interview/{number}")
    assert again["value"] == "71"
    answer(app, again, value="75")
    assert step(app, f"/interview/{number}")["value"] == "75"
    assert step(app)["number"] == number + 2
    assert [one["chosen"] for one in step(app, f"/interview/{number + 1}")["choices"]].count(True)


def test_a_wrong_answer_says_what_would_fit_and_shows_what_was_typed(app: Any) -> None:
    while (page := step(app))["ids"] != ["age"]:
        answer(app, page, **typical(page))
    answered = answer(app, page, value="seventy")
    assert answered.status_code == 422
    assert "is not a number" in answered.text
    assert 'value="seventy"' in answered.text


def test_medicines_are_written_one_by_one_and_can_be_removed(app: Any) -> None:
    while (page := step(app))["kind"] != "medicines":
        answer(app, page, **typical(page))
    answer(app, page, then="add", line="indapamide 1.5 mg since May")
    shown = answer(app, page, then="add", line="blue pills")
    assert "understood: indapamide" in shown.text
    assert "kept, but not known here" in shown.text
    answer(app, page, then="remove", place="1")
    lines = step(app, f"/interview/{page['number']}")["lines"]
    assert [line["text"] for line in lines] == ["indapamide 1.5 mg since May"]


def test_more_questions_can_be_asked_for(app: Any) -> None:
    talk_to_the_end(app)
    if not step(app)["more"]:
        pytest.skip("nothing more is worth asking")
    more = step(app, "/interview?more=1")
    assert more["kind"] == "question"
    sent = app.post(
        f"/interview/{more['number']}",
        data={"kind": "question", "ids": more["ids"], "then": "unknown", "going_on": "true"},
        follow_redirects=False,
    )
    assert sent.headers["location"] == "/interview?more=1"


@pytest.mark.parametrize("path", ["/interview/0", "/interview/99", "/interview/x", "/interview/²"])
def test_a_step_that_was_not_reached_is_not_there(app: Any, path: str) -> None:
    assert app.get(path).status_code == 404


def test_a_question_that_nobody_asks_is_refused(app: Any) -> None:
    sent = app.post("/api/interview/1", json={"kind": "question", "ids": ["no_such"]})
    assert sent.status_code == 404
    assert step(app)["number"] == 1


def test_what_was_told_is_in_the_assessment(app: Any, home: Any) -> None:
    from nightcramp.intake.own_record import own_record
    from nightcramp.store.database import opened

    talk_to_the_end(app)
    with opened() as store:
        facts = own_record(store).facts()
    assert facts.value("age") == 71.0
    assert [fact.id for fact in facts.medicines()] == ["indapamide"]


def test_the_whole_talk_on_a_phone(phone: Any) -> None:
    phone.goto("/interview")
    phone.get_by_role("button", name="None of these").tap()
    phone.get_by_text("Page 2 of at most 25").wait_for()
    phone.get_by_role("link", name="Back").tap()
    phone.get_by_text("Page 1 of at most 25").wait_for()
