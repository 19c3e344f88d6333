"""What code says is whole in every language: the same texts in English and in another beside."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pypdf
import pytest

from nightcramp.assess.assessment import assess
from nightcramp.assess.known import Known
from nightcramp.diary.clock import wall_of, zone_named
from nightcramp.diary.entry import Cramp, Entry, Medicine, Told
from nightcramp.diary.findings import findings_of
from nightcramp.diary.sheet import sheet_of
from nightcramp.diary.wording import day_in_words, night_in_words, value_in_words
from nightcramp.errors import InputError, NightcrampError
from nightcramp.intake.answers import fit_answer
from nightcramp.intake.diary_book import Book
from nightcramp.intake.diary_clock import PersonClock, date_in, evening_in, moment_in
from nightcramp.intake.diary_words import (
    LEGS,
    MUSCLES,
    RELIEFS,
    cramp_from_words,
    told_from_words,
)
from nightcramp.intake.files import read_mapping
from nightcramp.intake.paper import row_in_words, told_from_line
from nightcramp.intake.paper_rows import rows_of
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import NAMES, number, speaking
from nightcramp.person.facts import Facts
from nightcramp.person.night import Night
from nightcramp.report.diary import logged_text, night_text
from nightcramp.report.diary_calendar import diary_text, list_text
from nightcramp.report.explain import citation, explanation_text
from nightcramp.report.findings import findings_text
from nightcramp.report.findings_picture import findings_svg
from nightcramp.report.paper import PAPERS, paper_pdf, sheet_data
from nightcramp.report.terminal import assessment_text
from nightcramp.store.archive import read_archive
from nightcramp.store.consistency import fault_of_name
from people import EXAMPLES, TODAY, from_story, person, read_facts

OTHERS = [code for code in NAMES if code != "en"]
EVENING = dt.date(2026, 11, 24)
ZONE = ZoneInfo("Europe/Berlin")
CLOCK = PersonClock(wall_of(dt.datetime(2026, 11, 25, 9, tzinfo=ZONE), ZONE), ZONE, "Europe/Berlin")
WORDS_TYPED = {*LEGS, *MUSCLES, *RELIEFS, "minutes"}
TYPED = re.compile(r"`[^`]*`|\"[^\"]*\"|'[^']*'|\[\w+\]|--\w+")
"""What stands in every language as it is: commands, words typed, ids."""
SMALL_WORDS = re.compile(r"\b(?:the|of|and|with|is|are|your?|not|nights?|cramps?|to)\b", re.I)
LEAST_WORDS = 4


def plain(text: str) -> str:
    """Return a text on one line, without the citations in it."""
    flat = " ".join(text.split())
    for source in knowledge().sources.values():
        flat = flat.replace(" ".join(citation(source).split()), "")
    return flat


def sentences(text: str) -> Iterator[str]:
    """Yield the pieces between full stops and colons that have some words."""
    for piece in re.split(r"(?<=[.:;?!])\s|\s[*?!>x-]\s", TYPED.sub("", text)):
        words = [word for word in re.findall(r"[^\W\d_]{2,}", piece) if word not in WORDS_TYPED]
        if len(words) >= LEAST_WORDS:
            yield piece.strip()


def left_over(english: str, other: str) -> list[str]:
    """Return what of an English text stands in its translation, sentences and small words."""
    english, other = plain(english), plain(other)
    bare = TYPED.sub("", other)
    return [piece for piece in sentences(english) if piece in bare] + SMALL_WORDS.findall(bare)


def in_both(code: str, write: Callable[[], str]) -> tuple[str, str]:
    """Return a text in English and in another language, each written from the facts on."""
    english = write()
    with speaking(code):
        return english, write()


def assessed(story: dict[str, Any] | None = None) -> str:
    facts = read_facts(EXAMPLES, TODAY) if story is None else from_story(story)
    return assessment_text(assess(facts), knowledge())


def explained() -> str:
    found = assess(read_facts(EXAMPLES, TODAY))
    return "\n".join(explanation_text(one, found, knowledge()) for one in found.explanations)


STORIES: list[dict[str, Any] | None] = [
    None,
    {"answers": {"chest_pain": "yes", "breathless_at_rest": "yes"}},
    {"answers": {"leg_swelling_one_side": "yes", "age": 70}},
    {"answers": {}},
]


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("story", STORIES, ids=["margaret", "emergency", "swollen", "nothing"])
def test_an_assessment_is_whole(story: dict[str, Any] | None, code: str) -> None:
    english, other = in_both(code, lambda: assessed(story))
    assert left_over(english, other) == []


@pytest.mark.parametrize("code", OTHERS)
def test_every_explanation_is_whole(code: str) -> None:
    assert left_over(*in_both(code, explained)) == []


def kept(nights: int, rate: float, logs_all: bool = True) -> list[Night]:
    """Return a diary in which alcohol acts."""
    random = np.random.default_rng(1)
    found = []
    for place in range(nights):
        drank, tea = float(random.random() < 0.4) * 3, float(random.random() < 0.5)
        cramps = int(random.poisson(rate * (3 if drank else 1)))
        day = {"alcohol": drank, "stretching": tea, "own:mango": float(random.random() < 0.3)}
        if cramps or logs_all:
            evening = EVENING - dt.timedelta(days=nights - place)
            found.append(Night(evening=evening, cramps=cramps, values=day))
    return found


DIARIES = {
    "none": list,
    "short": lambda: kept(20, 0.5),
    "few cramps": lambda: kept(60, 0.01),
    "only bad": lambda: kept(200, 0.3, logs_all=False),
    "long": lambda: kept(150, 0.5),
}


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("name", DIARIES)
def test_findings_are_whole(name: str, code: str) -> None:
    """The text, and the words of the picture; what the person named stays as it is."""

    def write() -> str:
        nights = DIARIES[name]()
        found = findings_of(nights, Known(Facts(knowledge(), [])))
        drawn = re.findall(r">([^<>]+)<", findings_svg(found, nights))
        return findings_text(found) + "\n".join(drawn)

    assert left_over(*in_both(code, write)) == []


@pytest.mark.parametrize("code", OTHERS)
def test_an_assessment_with_findings_is_whole(code: str) -> None:
    def write() -> str:
        facts = person("called_cramp", age=70)
        found = findings_of(kept(150, 0.5), Known(facts))
        own = assess(Facts(knowledge(), facts.all, found.findings))
        texts = [explanation_text(one, own, knowledge()) for one in own.explanations[:8]]
        return assessment_text(own, knowledge()) + "\n".join(texts)

    assert left_over(*in_both(code, write)) == []


def entries() -> list[Entry]:
    """Return a night told in every way, with what does not fit together."""

    def at(hour: int, minute: int = 0) -> dt.datetime:
        return wall_of(dt.datetime(2026, 11, 25, hour, minute, tzinfo=ZONE), ZONE)

    def entry(letter: str, hour: int, body: Cramp | Told | None, replaces: str = "") -> Entry:
        return Entry(
            id=letter * 32,
            made_at=at(hour),
            zone="Asia/Tokyo" if letter == "b" else "Europe/Berlin",
            replaces=replaces * 32,
            body=body,
        )

    hurt = Cramp(
        at=at(3, 10),
        leg="left",
        muscles=("calf", "foot"),
        pain=7,
        minutes=1.5,
        woke=True,
        relief=("stretch", "walk"),
        sore_next_day=False,
    )
    more = Cramp(at=at(4), leg="both", minutes=0.5, relief=("nothing",), woke=False)
    values = {"heat": 1.0, "alcohol": 1.0, "caffeine_cups": 2.5, "bedtime": 630.0}
    pills = (Medicine(name="magnesium", taken=True, dose="300 mg"),)
    return [
        entry("a", 5, hurt),
        entry("b", 5, more),
        entry("c", 6, Told(evening=EVENING, cramps=0, values=values, medicines=pills)),
        entry("d", 7, Told(evening=EVENING, cramps=5, values={"heat": 0.0})),
        entry("e", 7, Told(evening=EVENING, cramps=1), "c"),
        entry("f", 8, Told(evening=EVENING, values=values), "c"),
        entry("0", 8, None, "d"),
        entry("1", 9, Told(evening=EVENING, values={"alcohol": 3.0})),
    ]


@pytest.mark.parametrize("code", OTHERS)
def test_the_diary_is_whole(code: str) -> None:
    """A night with all that can be said of it, the calendar, the list, what was logged."""

    def write() -> str:
        measures = knowledge().measures
        imported = [Night(evening=EVENING, cramps=9, values={"steps": 8000.0})]
        book = Book(entries(), [], measures)
        conflicts = Book(entries(), [], measures).night(EVENING).conflicts
        first = EVENING - dt.timedelta(days=30)
        logged = [logged_text(one, measures, TODAY) for one in entries() if one.body]
        return "\n".join(
            [
                night_text(EVENING, book, CLOCK, measures, history=True),
                diary_text(book, first, EVENING, TODAY),
                list_text(book, first, EVENING, TODAY),
                *conflicts,
                *logged,
                *(value_in_words(key, v, measures) for key, v in imported[0].values.items()),
            ]
        )

    assert left_over(*in_both(code, write)) == []


@pytest.mark.parametrize("code", OTHERS)
def test_the_paper_diary_is_whole(code: str) -> None:
    def write() -> str:
        data = sheet_data(sheet_of(EVENING, own=("mango",)), "a4", knowledge())
        data.pop("command")
        return "\n".join(map(str, _texts(data)))

    english, other = in_both(code, write)
    assert left_over(english, other) == []
    with speaking(code):
        assert sheet_data(sheet_of(EVENING), "a4", knowledge())["language"] == code


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("size", sorted(PAPERS))
def test_the_paper_diary_has_two_pages_in_every_language(size: str, code: str) -> None:
    """The longest sheet that there can be is not longer elsewhere."""
    now = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
    sheet = sheet_of(EVENING, own=("W" * 24, "magnesium tablets taken", "compression stockings"))
    with speaking(code):
        reader = pypdf.PdfReader(io.BytesIO(paper_pdf(sheet, size, knowledge(), now=now)))
    assert len(reader.pages) == 2
    assert reader.trailer["/Root"]["/Lang"] == code


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _line(text: str) -> Callable[[], object]:
    return lambda: told_from_line(text, EVENING, sheet_of(EVENING), knowledge())


def _day(*words: str) -> Callable[[], object]:
    return lambda: told_from_words(words, EVENING, knowledge())


def _cramp(*words: str) -> Callable[[], object]:
    return lambda: cramp_from_words(words, CLOCK.now, knowledge())


def _answer(name: str, value: Any) -> Callable[[], object]:
    return lambda: fit_answer(knowledge(), name, value, TODAY)


FAULTS: dict[str, Callable[[], object]] = {
    "no such question": _answer("agee", 4),
    "no number": _answer("age", "old"),
    "not possible": _answer("age", 300),
    "no option": _answer("sex", "tall"),
    "no duration": _answer("onset", "blue"),
    "not yes": _answer("chest_pain", "perhaps"),
    "future": lambda: date_in("2027-01-01", CLOCK),
    "no date": lambda: date_in("soonish", CLOCK),
    "unclear date": lambda: date_in("03/04/2026", CLOCK),
    "night to come": lambda: evening_in("2026-12-24", CLOCK),
    "time to come": lambda: moment_in("today 23:30", CLOCK),
    "no time": lambda: moment_in("at dawn", CLOCK),
    "no zone": lambda: zone_named("Atlantis"),
    "unknown word": _day("watter=2"),
    "impossible value": _day("water=900L"),
    "no unit": _day("water=2"),
    "no value": _day("water"),
    "twice": _day("pain_worst=2", "pain_worst=3"),
    "no medicine": _day("took=yes"),
    "unknown word of a cramp": _cramp("purple"),
    "pain": _cramp("pain=12"),
    "minutes": _cramp("minutes=many"),
    "no column": _line("2 p7 9"),
    "no letter": _line("2 q7"),
    "clock": _line("2 @3"),
    "rows": lambda: rows_of("2 q7\nz", sheet_of(EVENING), knowledge(), CLOCK, "sheet.txt"),
    "sheet": lambda: sheet_of(EVENING, nights=40),
    "own": lambda: sheet_of(EVENING, own=("a=b",)),
    "lab": lambda: from_story({"labs": ["potassium 900 mmol/L"]}),
    "unit": lambda: from_story({"labs": ["potassium 4 parsec"]}),
    "entry": lambda: from_story({"medicins": []}),
    "list": lambda: from_story({"medicines": 4}),
    "no file": lambda: read_mapping(Path("nowhere.txt")),
    "no archive": lambda: list(read_archive(Path(__file__))),
}


def message(fault: Callable[[], object]) -> str:
    """Return what the error of something says, libraries' own words left out."""
    with pytest.raises(NightcrampError) as caught:
        fault()
    said = f"{caught.value.message}. {caught.value.where}. {caught.value.hint}"
    for foreign in ("File is not a zip file", "No such file or directory", __file__):
        said = said.replace(foreign, "")
    return said


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("name", FAULTS)
def test_errors_are_whole(name: str, code: str) -> None:
    english, other = in_both(code, lambda: message(FAULTS[name]))
    assert english != other
    assert [piece for piece in sentences(english) if piece in TYPED.sub("", other)] == []


def test_days_numbers_and_units_are_said_as_in_spain() -> None:
    measures = knowledge().measures
    assert night_in_words(EVENING, TODAY) == "Tue 24 to Wed 25 November"
    with speaking("es"):
        assert night_in_words(EVENING, TODAY) == "mar 24 al mié 25 de noviembre"
        assert day_in_words(EVENING) == "mar 24 de noviembre de 2026"
        assert number(1.25, ".3g") == "1,25"
        assert value_in_words("caffeine_cups", 1.0, measures) == "1 taza"
        assert value_in_words("caffeine_cups", 2.5, measures) == "2,5 tazas"
        told = told_from_line("2 p7 f5", EVENING, sheet_of(EVENING), knowledge())
        assert row_in_words(told, sheet_of(EVENING), knowledge()).startswith("2 calambres; ")


def test_what_is_typed_stays_as_it_is() -> None:
    """Commands, words of the diary and letters of the sheet are the same in every language."""
    typed = ["pain_worst=7", "no-stretching", "cramps=2"]
    english = told_from_words(typed, EVENING, knowledge())
    with speaking("es"):
        assert told_from_words(typed, EVENING, knowledge()) == english
        assert evening_in("last night", CLOCK) == EVENING
        with pytest.raises(InputError, match="`nightcramp log`"):
            Book([], [], knowledge().measures).current("last")
        assert fault_of_name("") != ""
        assert fault_of_name("Ana") == ""
