"""What is read does not depend on the language: the same told in Spanish gives the same facts,
and English lines read the same to who reads Spanish.
"""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from nightcramp.errors import InputError
from nightcramp.intake.conditions import read_condition
from nightcramp.intake.files import read_mapping
from nightcramp.intake.labs import read_lab_line
from nightcramp.intake.medicines import read_medicine
from nightcramp.intake.story import facts_of_story
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import speaking
from nightcramp.language.names import names_of
from nightcramp.language.words import words_of
from nightcramp.person.duration import days_in
from nightcramp.person.fact import Fact, LabResult, MedicineUse, Provenance
from people import EXAMPLES, STORIES, TODAY

ORIGIN = Provenance(file="story", at="line")
SPEC = Path(__file__).parents[1] / "spec"
TABLES = [SPEC / f"test_{name}_text.py" for name in ("medicine", "condition", "lab")]
TABLES.append(SPEC.parent / "unit" / "test_duration.py")
UNITS = {"day": "días", "week": "semanas", "month": "meses", "year": "años", "hour": "horas"}
MONTHS = list(zip(words_of("en").time.months, words_of("es").time.months, strict=False))[:8]
COUNTS = [("two", "dos"), ("three", "tres"), ("six", "seis"), ("half a", "medio"), ("a", "un")]


def plain_facts(facts: Iterator[Fact]) -> list[tuple[str, str, Any]]:
    """Return facts without where they were written, decimal commas of doses as points."""
    found = []
    for fact in facts:
        value: Any = fact.value
        if isinstance(value, MedicineUse):
            value = replace(value, dose=value.dose.replace(",", "."))
        found.append((fact.kind, fact.id, value if fact.kind != "unrecognised" else ""))
    return found


def medicine(text: str, code: str) -> list[tuple[str, str, Any]]:
    with speaking(code):
        return plain_facts(read_medicine(knowledge(), text, ORIGIN, TODAY))


def condition(text: str, code: str) -> list[tuple[str, str, Any]]:
    with speaking(code):
        return plain_facts(read_condition(knowledge(), text, ORIGIN))


def lab(text: str, code: str) -> list[tuple[str, str, Any]] | str:
    with speaking(code):
        try:
            return plain_facts(read_lab_line(knowledge(), text, ORIGIN))
        except InputError as error:
            return type(error).__name__


def days(text: str, code: str) -> float | None:
    with speaking(code):
        return days_in(text, TODAY)


# The same in both languages


@st.composite
def spans(draw: st.DrawFn) -> tuple[str, str]:
    """A time, in English and Spanish."""
    kind = draw(st.sampled_from(["ago", "words", "month", "year", "month of a year", "vague"]))
    if kind in ("month", "month of a year"):
        english, spanish = draw(st.sampled_from(MONTHS))
        year = draw(st.integers(1990, 2025)) if kind != "month" else None
        if year:
            return f"since {english} {year}", f"desde {spanish} de {year}"
        return f"since {english}", f"desde {spanish}"
    if kind == "year":
        year = draw(st.integers(1960, 2025))
        return f"since {year}", f"desde {year}"
    unit, unidad = draw(st.sampled_from(list(UNITS.items())[:4]))
    if kind == "words":
        english, spanish = draw(st.sampled_from(COUNTS[:3]))
        return f"for {english} {unit}s", f"desde hace {spanish} {unidad}"
    if kind == "vague" and unit != "day":
        return f"for {unit}s", f"desde hace {unidad}"
    count = draw(st.integers(2, 40))
    return f"for {count} {unit}s", f"desde hace {count} {unidad}"


@st.composite
def doses(draw: st.DrawFn) -> tuple[str, str]:
    """A dose and how often, in English and Spanish."""
    amount = draw(st.sampled_from(["5", "1.5", "12.5", "40", "100", "0.25"]))
    unit = draw(st.sampled_from(["mg", "mcg", "g", "ml"]))
    often = draw(
        st.sampled_from(
            [
                ("", ""),
                (" twice a day", " dos veces al día"),
                (" every 8 hours", " cada 8 horas"),
                (" once a week", " una vez a la semana"),
                (" every 3 months", " cada 3 meses"),
                (" every night", " cada noche"),
                (" three times a day", " tres veces al día"),
            ]
        )
    )
    return f" {amount} {unit}{often[0]}", f" {amount.replace('.', ',')} {unit}{often[1]}"


CHANGES = [
    ("{span}", "{span}"),
    ("stopped {ago}", "la dejé {hace}"),
    ("raised {ago}", "subida {hace}"),
    ("lowered {ago}", "reducida {hace}"),
    ("no longer taken", "ya no lo tomo"),
]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_medicine_told_in_both_languages_gives_the_same_facts(data: st.DataObject) -> None:
    identifier = data.draw(st.sampled_from(sorted(knowledge().medicines)))
    dose, dosis = data.draw(doses())
    span, desde = data.draw(spans())
    count, (unit, unidad) = (
        data.draw(st.integers(2, 30)),
        data.draw(st.sampled_from([*UNITS.items()])),
    )
    change, cambio = data.draw(st.sampled_from(CHANGES))
    english = change.format(span=span, ago=f"{count} {unit}s ago")
    spanish = cambio.format(span=desde, hace=f"hace {count} {unidad}")
    name = names_of("es").medicines[identifier][0]
    told = medicine(f"{identifier.replace('_', ' ')}{dose}, {english}", "en")
    assert medicine(f"{name}{dosis}, {spanish}", "es") == told
    assert all(kind == "medicine" for kind, _, _ in told)


@settings(max_examples=100, deadline=None)
@given(pair=spans())
def test_times_told_in_both_languages_are_the_same(pair: tuple[str, str]) -> None:
    english, spanish = pair
    assert days(spanish, "es") == days(english, "en") == days(english, "es")
    assert days(english, "en") is not None


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_condition_told_in_both_languages_gives_the_same_facts(data: st.DataObject) -> None:
    identifier = data.draw(st.sampled_from(sorted(knowledge().conditions)))
    name = data.draw(st.sampled_from(names_of("es").conditions[identifier]))
    assert ("condition", identifier, True) in condition(f"tengo {name}", "es")
    assert ("condition", identifier, False) in condition(f"nunca he tenido {name}", "es")
    assert condition(f"mi madre tuvo {name}", "es") == []


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_result_told_in_both_languages_gives_the_same_facts(data: st.DataObject) -> None:
    record = knowledge().labs[data.draw(st.sampled_from(sorted(knowledge().labs)))]
    low, high = record.plausible
    value = round(data.draw(st.floats(low, high)), 3)
    word, palabra = data.draw(st.sampled_from([("low", "bajo"), ("high", "alta"), ("normal",) * 2]))
    english = next(name for name in record.names if name[0].isalpha())
    spanish = names_of("es").labs[record.id][0]
    told = lab(f"{english} {value:.3f} {record.unit}", "en")
    written = f"{value:.3f}".replace(".", ",")
    assert lab(f"{spanish} {written} {record.unit}", "es") == told
    assert lab(f"{spanish}: {palabra}", "es") == lab(f"{english}: {word}", "en")
    assert (
        isinstance(told, str) or isinstance(told[0][2], LabResult) or told[0][0] == "unrecognised"
    )


# English to who reads Spanish


def lines_in(path: Path) -> list[str]:
    """Return every short text in a file of tests."""
    found = [
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return [text for text in found if "\n" not in text and len(text) < 200]


@pytest.mark.parametrize("path", TABLES, ids=[path.stem for path in TABLES])
def test_english_lines_read_the_same_to_who_reads_spanish(path: Path) -> None:
    lines = lines_in(path)
    assert len(lines) > 20
    for line in lines:
        for read in (medicine, condition, lab, days):
            assert read(line, "es") == read(line, "en"), line


@pytest.mark.parametrize("path", [*STORIES, *EXAMPLES], ids=lambda path: path.stem)
def test_english_stories_read_the_same_to_who_reads_spanish(path: Path) -> None:
    story = read_mapping(path)
    english = facts_of_story(knowledge(), story, "story", TODAY)
    with speaking("es"):
        spanish = facts_of_story(knowledge(), story, "story", TODAY)
    assert plain_facts(iter(spanish)) == plain_facts(iter(english))


def test_english_names_are_understood_by_who_reads_spanish() -> None:
    """But for the few that are Spanish words: "osa" is a bear."""
    differing = set()
    known = knowledge()
    for kind, read in (
        ("medicines", medicine),
        ("medicine_classes", medicine),
        ("conditions", condition),
    ):
        for record in getattr(known, kind).values():
            for name in (*record.names, *getattr(record, "brands", ())):
                if read(name, "es") != read(name, "en"):
                    differing.add(name)
    assert differing == {"alli", "esa", "lama", "osa", "rayos", "tia"}


@pytest.mark.parametrize("written", ["tia", "osa", "lama"])
def test_what_is_ambiguous_is_not_guessed(written: str) -> None:
    assert all(kind == "unrecognised" for kind, _, _ in condition(written, "es"))


def test_a_story_says_its_language() -> None:
    """A story in Spanish counts from its own day, whoever reads it."""
    story = {"as_of": "2026-03-01", "language": "es", "answers": {"onset": "hace 2 semanas"}}
    (fact,) = facts_of_story(knowledge(), story, "story", dt.date(2026, 11, 23))
    assert fact.value == 14
    with pytest.raises(InputError, match="story: language"):
        facts_of_story(knowledge(), {"language": "eo"}, "story", TODAY)
