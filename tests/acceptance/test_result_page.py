"""The result and the doctor's page: what a person and a clinician would notice of them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nightcramp.app.gate import Gate
from nightcramp.app.pages.evidence import KINDS, evidence, item_of
from nightcramp.app.templating import Frame, render
from nightcramp.assess.assessment import Assessment, assess
from nightcramp.intake.importing import import_files
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import FOLDER, speaking
from nightcramp.language.catalogue import read_catalogue
from nightcramp.language.extract import texts_of_code
from nightcramp.person.facts import Facts
from nightcramp.person.finding import Finding, Ratio
from nightcramp.report.result import ResultPage, others_of, result_of
from nightcramp.report.terminal import ruled_out_first
from nightcramp.report.visit import DoctorPage, doctor_of
from people import EXAMPLES, STORIES, TODAY, assessed, person

MARGARET = EXAMPLES[0]
EMERGENCIES = ("nlc-ca-03", "nlc-ces-02", "nlc-dvt-09", "nlc-k-02", "nlc-rhabdo-04")
NUMBERED = re.compile(r"in 10\b|of 12|\d ?%|nearly certain|times as likely|shares")
OWN = (
    "app/pages/result",
    "app/pages/doctor",
    "app/pages/evidence",
    "report/plans",
    "report/causes",
    "report/sourced",
    "report/result",
    "report/visit",
    "app/templates/result",
    "app/templates/doctor",
    "app/templates/evidence",
    "report/share_picture",
    "report/medicine_timeline",
)


def story(name: str) -> Path:
    return next(path for path in STORIES if path.stem == name)


def shown(found: Assessment, **more: Any) -> str:
    """Return the result of an assessment as a page."""
    return render("result.html", result_of(found, knowledge(), **more), Frame(path="/result"))


def shown_to_doctor(facts: Facts, *, reader: bool = False) -> str:
    found = assess(facts, questions=0)
    page = doctor_of(found, facts, [], knowledge(), TODAY)
    return render("doctor.html", page, Frame(path="/doctor", reader=reader))


def main_of(html: str) -> str:
    """Return what stands between the parts that every page has."""
    return html.split("<main", 1)[1].split("</main>", 1)[0]


def headings(html: str) -> list[tuple[int, str]]:
    """Return (level, words) of all headings in order."""
    found = re.findall(r"<h(\d)[^>]*>(.*?)</h\d>", main_of(html), re.DOTALL)
    return [(int(level), re.sub(r"<[^>]+>", "", words).strip()) for level, words in found]


def of_margaret(questions: int = 3) -> str:
    return shown(assessed(MARGARET, questions=questions))


# --- the result ---


def test_the_level_comes_first_then_what_it_is_then_the_picture_then_what_to_do() -> None:
    html = of_margaret()
    words = [
        "See a clinician within days",
        "What this looks like",
        "What is behind them",
        "First: is any of these so?",
        "Each cause, with what speaks for and against it",
        "What you can do",
        "Not for you, or ask first",
        "What people believe, and what was tested",
        "Worth answering next",
        "How far to trust this",
    ]
    places = [html.index(word) for word in words]
    assert places == sorted(places)


@pytest.mark.parametrize("path", [*EXAMPLES, *STORIES], ids=lambda path: path.stem)
def test_headings_are_in_order_and_there_is_one_first(path: Path) -> None:
    levels = [level for level, _ in headings(shown(assessed(path, questions=2)))]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_what_is_not_explained_is_in_title_picture_and_table() -> None:
    html = of_margaret()
    assert "Not explained: about 3 (it could be 0 to 6)" in html
    assert "Not explained by anything we know".casefold() in html.casefold()
    assert re.search(
        r'<th scope="row">not explained by anything we know</th><td>about 3</td>', html
    )


def test_a_cause_opens_its_ledger_with_sources() -> None:
    html = of_margaret()
    cause = next(
        part for part in html.split('<details class="cause card">')[1:] if "Indapamide" in part
    )
    assert "about 4 of 12 cramps (it could be 0 to 7); suspected" in cause
    for said in (
        "What speaks for it",
        "began within three months of starting it",
        "What speaks against it",
        "What we don't know: 7",
        "To be honest",
        "Naranjo score for a medicine: 2 points, possible",
        "sequence ratio 1.48 (1.29 to 1.68), British Columbia",
        "grade A",
    ):
        assert said in cause
    link = '<a href="https://doi.org/10.1001/archinternmed.2011.1029" rel="noreferrer">Garrison SR'
    assert link in cause
    assert "PMID 22157068" in cause


def test_pages_load_nothing_from_elsewhere() -> None:
    html = of_margaret()
    assert not re.search(r'(src|action|data)="https?:', html)
    assert "style=" not in html
    assert all("noreferrer" in tag for tag in re.findall(r"<a [^>]*https?:[^>]*>", html))


def test_beliefs_are_told_with_what_was_tested_and_a_fair_test() -> None:
    html = of_margaret().split("What people believe, and what was tested")[1]
    soap = html[html.index("A bar of soap in the bed") :].split("</details>\n", 1)[0]
    assert "No study was found" in soap
    assert "Here is how to try it fairly" in html
    assert 'href="/trial"' in html


@pytest.mark.parametrize("name", EMERGENCIES)
def test_an_emergency_shows_only_what_to_do_now_and_no_number(name: str) -> None:
    found = assessed(story(name), questions=3)
    html = main_of(shown(found))
    assert headings(shown(found))[0] == (
        1,
        "GET HELP NOW: call your emergency number (999, 112, 911)",
    )
    assert 'href="tel:112"' in html
    assert found.triage.reasons[0].do.split(".")[0] in html
    assert "ordinary appointment" not in html
    assert not NUMBERED.search(html)
    for later in ("What you can do", "What people believe", "<details", "<svg"):
        assert later not in html
    assert others_of(found, knowledge()).causes == []


def test_no_number_stands_beside_an_emergency_that_must_be_ruled_out() -> None:
    found = assessed(story("nlc-dvt-01"), questions=3)
    assert found.triage.level == "same_day"
    html = main_of(shown(found))
    assert "A blood clot in a leg vein: must be ruled out first." in html
    assert "Be seen first." in html
    assert not NUMBERED.search(html)


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_emergencies_never_get_a_number_nor_the_word_unlikely(path: Path) -> None:
    found = assessed(path)
    pages = [result_of(found, knowledge()).causes, others_of(found, knowledge()).causes]
    emergencies = {e.label for e in found.explanations if e.kind == "emergency"}
    for cause in (cause for page in pages for cause in page if cause.label in emergencies):
        assert (cause.size, cause.sure, cause.start, cause.effect) == ("", "", None, [])
        assert not any(line.force for line in [*cause.speaks_for, *cause.against])
        assert not any("unlikely" in line or "Number" in line for line in cause.standing)


def test_what_is_forbidden_is_not_advised_and_said_so_apart() -> None:
    kidneys = person("muscle_cramp", age=70, conditions=["kidney failure"])
    plan = result_of(assess(kidneys, questions=0), knowledge()).plan
    advised = " ".join(item.label for item in [*plan.first, *plan.more])
    assert "agnesium" not in advised
    assert "agnesium" not in " ".join(item.label for item in plan.believed)
    assert any("Magnesium" in note.label for note in plan.not_for_you)


def test_with_a_suspected_clot_nobody_is_told_to_stretch_or_rub() -> None:
    plan = result_of(assessed(story("nlc-dvt-01")), knowledge()).plan
    shown_how = " ".join(line for item in [*plan.first, *plan.more] for line in item.how)
    assert not re.search(r"\b(stretch|rub)\b", shown_how, re.IGNORECASE)


@pytest.mark.parametrize("path", [*EXAMPLES, *STORIES], ids=lambda path: path.stem)
def test_quinine_is_never_suggested(path: Path) -> None:
    plan = result_of(assessed(path), knowledge()).plan
    assert not any("uinine" in item.label for item in [*plan.first, *plan.more])


def test_a_rise_that_is_possible_is_said_to_be_one() -> None:
    html = of_margaret()
    assert "of 12 cramps about 2 fewer (it could be 2 more to 5 fewer)" in html.replace("Of", "of")


def test_own_nights_are_shown_with_what_they_mean() -> None:
    finding = Finding(
        id="medicine:furosemide",
        label="furosemide",
        state="found",
        why="",
        contrast="with against without",
        probability=0.95,
        effect=Ratio(ratio=2.0, low=1.5, high=3.0),
    )
    html = shown(assessed(MARGARET), findings=(finding,))
    assert "What your nights show" in html
    assert "2 times the cramps (it could be 1.5 to 3 times)" in html
    assert "Do not stop or change a prescribed medicine because of this" in html


def test_contradictions_and_what_was_not_understood_say_where_they_come_from() -> None:
    told = person("muscle_cramp", age=30, medicines=["blue pill of my neighbour"])
    found = assess(told, questions=0)
    html = shown(found)
    assert found.unrecognised
    assert "Not understood, so it played no part" in html
    assert found.unrecognised[0].provenance.at in html


# --- the pages in the app ---


def test_with_nothing_known_the_page_says_where_to_start(app: Any) -> None:
    html = app.get("/result").text
    assert "There is nothing to assess yet" in html
    assert 'href="/interview"' in main_of(html)
    assert 'href="/records"' in main_of(html)
    assert "There is nothing to assess yet" in app.get("/doctor").text


def test_with_a_short_diary_only_it_says_when_it_will_count(app: Any) -> None:
    app.post("/tonight")
    assert "Your diary is kept" in app.get("/result").text
    assert "Whole diary" in app.get("/doctor").text


def test_the_result_of_an_import_is_the_same_as_page_and_as_json(app: Any) -> None:
    import_files([MARGARET], keep=True)
    html, data = app.get("/result").text, app.get("/api/result").json()
    assert "See a clinician within days" in html
    page = msgspec.convert(data, ResultPage)
    assert page.picture is not None
    assert page.picture.title in html
    assert app.get("/result/others").status_code == 200
    doctor = msgspec.convert(app.get("/api/doctor").json(), DoctorPage)
    assert doctor.there
    assert doctor.who == "72 years, female"


class ReaderGate(Gate):
    """A gate through which everybody comes as a clinician with a link."""

    def asked(self, request: Any, *, public: bool) -> Any:
        asked = super().asked(request, public=public)
        viewer = msgspec.structs.replace(asked.viewer, role="reader")
        request.state.asked = replace(asked, viewer=viewer)
        return request.state.asked


def test_a_clinician_with_a_link_sees_the_doctors_page_and_no_other(home: Path) -> None:
    from starlette.testclient import TestClient

    from nightcramp.app.server import create_app

    with TestClient(create_app(ReaderGate()), base_url="http://localhost") as client:
        import_files([MARGARET], keep=True)
        page = client.get("/doctor")
        assert page.status_code == 200
        assert "Indapamide" in page.text
        assert "/settings/links" not in page.text
        for path in ("/result", "/result/others", "/evidence", "/api/result"):
            assert client.get(path).status_code == 403


# --- for the doctor ---


def test_the_doctors_page_holds_what_a_visit_needs() -> None:
    from nightcramp.intake.merge import read_facts

    html = shown_to_doctor(read_facts([MARGARET]))
    for said in (
        "See a clinician within days",
        "grade A, published",
        "Not explained: about 3 of 12 cramps (it could be 0 to 6).",
        "Begun in the three months before the cramps: indapamide.",
        "begun 3 weeks before the cramps",
        "start not told",
        "<td>2 points, possible</td><td>possible</td>",
        "Not all items of these scores are answered.",
        "3.4 mmol/L; range 3.5 to 5.3; no date",
        "Low potassium (suspected)",
        "heart trace (ECG) if it is below 3.0",
        "Questions to answer in this visit",
        "10.1001/archinternmed.2011.1029",
    ):
        assert said in html
    assert html.index("See a clinician") < html.index("What points to what")


def test_no_test_is_named_without_a_cause_of_weight() -> None:
    facts = person("muscle_cramp", age=40)
    page = doctor_of(assess(facts, questions=0), facts, [], knowledge(), TODAY)
    assert page.tests == []


def test_the_doctor_sees_no_share_beside_an_emergency() -> None:
    from nightcramp.intake.merge import read_facts

    facts = read_facts([story("nlc-dvt-01")])
    html = main_of(shown_to_doctor(facts))
    assert not re.search(r"of 12|in 10\b", html)
    assert "must be ruled out first" in html


def test_weeks_of_the_diary_are_counted_on_the_second_page() -> None:
    from nightcramp.person.night import Night
    from nightcramp.report.visit import pattern_of, weeks_of

    evenings = [TODAY - dt.timedelta(days=day) for day in range(1, 57)]
    nights = [
        Night(evening=evening, cramps=2 if day < 28 and day % 7 == 0 else 0)
        for day, evening in enumerate(evenings)
    ]
    told = {line.label: line.says for line in pattern_of(None, nights, TODAY)}
    assert told["Last 4 weeks"].startswith("about 2 cramps a week; cramps on 4 of 28 logged nights")
    assert told["The 4 weeks before"].startswith("about 0 cramps a week; cramps on 0 of 28")
    assert told["Whole diary"] == "8 cramps in 56 logged nights of 56"
    assert [week.cramps for week in weeks_of(nights)] == [2, 2, 2, 2, 0, 0, 0, 0]


# --- contracts and templates ---


@pytest.mark.parametrize("path", [*EXAMPLES, *STORIES], ids=lambda path: path.stem)
def test_every_person_can_be_shown(path: Path) -> None:
    from nightcramp.intake.merge import read_facts

    facts = read_facts([path])
    found = assess(facts, questions=2)
    page = result_of(found, knowledge())
    assert (page.counts is False) == ruled_out_first(found)
    shown(found)
    render("result_others.html", others_of(found, knowledge()), Frame())
    shown_to_doctor(facts)


def test_everything_known_has_its_page_with_sources(app: Any) -> None:
    known = knowledge()
    page = evidence(None)  # type: ignore[arg-type]
    assert [group.kind for group in page.groups] == list(KINDS)
    assert {len(known.factors), len(known.mimics), len(known.actions)} <= {
        len(group.entries) for group in page.groups
    }
    for kind, number in (("causes", 1), ("alike", 2), ("actions", 3), ("medicines", 4)):
        assert app.get(f"/evidence/{kind}/{number}").status_code == 200
    for path in ("causes/0", "causes/9999", "causes/x", "none/1"):
        assert app.get(f"/evidence/{path}").status_code == 404
    quinine = render(
        "evidence_item.html", item_of("actions", known.actions["quinine"], known), Frame()
    )
    assert "We never suggest it" in quinine
    assert "10.1002/14651858" in quinine


def test_every_record_can_be_shown() -> None:
    known = knowledge()
    for kind, records in (
        ("causes", known.factors),
        ("alike", known.mimics),
        ("actions", known.actions),
        ("medicines", {**known.medicine_classes, **known.medicines}),
    ):
        for record in records.values():
            render("evidence_item.html", item_of(kind, record, known), Frame())


def test_an_emergency_has_no_starting_weight_among_the_evidence() -> None:
    known = knowledge()
    for mimic in known.mimics.values():
        parts = [part.title for part in item_of("alike", mimic, known).parts]
        assert ("Where it starts" in parts) == (mimic.kind != "emergency")


# --- on a phone, and on paper ---


def test_on_a_phone_a_cause_opens_and_nothing_runs_off_the_side(phone: Any, served: Any) -> None:
    import_files([MARGARET], keep=True)
    phone.set_viewport_size({"width": 320, "height": 640})
    phone.goto("/result")
    wide = "document.documentElement.scrollWidth - innerWidth"
    assert phone.evaluate(wide) <= 0
    cause = phone.locator("details.cause").filter(has_text="Indapamide")
    cause.locator("summary").first.tap()
    assert cause.get_by_text("What speaks against it").is_visible()
    assert phone.evaluate(wide) <= 0
    assert phone.get_by_role("img", name=re.compile("Of 12 of your cramps, about 4")).is_visible()


def test_for_the_doctor_it_is_one_page_and_a_second_with_sources(phone: Any, served: Any) -> None:
    import_files([MARGARET], keep=True)
    phone.goto("/doctor")
    paper = phone.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 2


# --- in Spanish ---


def own_texts() -> set[str]:
    """Return the texts of these pages that stand nowhere else."""
    found = list(texts_of_code())
    others = {one.text for one in found if not one.where.startswith(OWN)}
    return {one.text for one in found if one.where.startswith(OWN)} - others


def test_every_text_of_these_pages_is_in_spanish() -> None:
    lacking = own_texts() - set(read_catalogue(FOLDER / "es").texts)
    assert not lacking


@pytest.mark.parametrize("path", [MARGARET, story("nlc-dvt-01")], ids=lambda path: path.stem)
def test_no_english_sentence_of_these_pages_is_left_in_spanish(path: Path) -> None:
    from nightcramp.intake.merge import read_facts

    with speaking("es"):
        facts = read_facts([path])
        html = shown(assess(facts, questions=2)) + shown_to_doctor(facts)
    texts = read_catalogue(FOLDER / "es").texts
    plain = [text for text in own_texts() if "{" not in text and len(text.split()) > 1]
    left = [text for text in plain if text in html and texts.get(text) != text]
    assert not left
    assert "Qué habla a favor" in html
