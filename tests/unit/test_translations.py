"""Every text has its translation, with the same numbers and the same things filled in."""

from __future__ import annotations

import re
import string

import pytest

from nightcramp.knowledge.loader import knowledge
from nightcramp.language import FOLDER, NAMES, ngettext, speaking
from nightcramp.language.catalogue import Catalogue, read_catalogue
from nightcramp.language.extract import Found, missing, texts_of_code, texts_of_knowledge

OTHERS = [code for code in NAMES if code != "en"]
NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f]\d+)*")


def numbers(text: str) -> list[str]:
    """Return the digits of each number, whatever separates thousands and decimals."""
    return sorted(re.sub(r"\D", "", found) for found in NUMBER.findall(text))


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def faults_of(english: str, other: str) -> list[str]:
    """Return what is wrong with one translation, in words."""
    found = []
    if numbers(english) != numbers(other):
        found.append(f"other numbers: {numbers(english)} became {numbers(other)}")
    if "{" in english and fields(english) != fields(other):
        found.append("other things are filled in")
    if (english[:1] == " ", english[-1:] == " ") != (other[:1] == " ", other[-1:] == " "):
        found.append("spaces at the ends differ")
    if english.endswith(".") != other.endswith("."):
        found.append("one of them ends with a full stop")
    if english.count("`") != other.count("`"):
        found.append("commands are marked otherwise")
    return found


def faults(words: Catalogue) -> list[str]:
    found = []
    for english, other in words.texts.items():
        for form in other if isinstance(other, tuple) else [other]:
            plural = isinstance(other, tuple)
            found += [
                f"{english[:70]!r}: {fault}"
                for fault in faults_of(english, form)
                if not (plural and "numbers" in fault)
            ]
    return found


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_translated(code: str) -> None:
    lacking = missing(read_catalogue(FOLDER / code))
    assert not lacking, f"{len(lacking)} texts, for instance {lacking[:3]}"


@pytest.mark.parametrize("code", OTHERS)
def test_translations_keep_numbers_and_what_is_filled_in(code: str) -> None:
    found = faults(read_catalogue(FOLDER / code))
    assert not found, "\n".join(found[:40])


@pytest.mark.parametrize("code", OTHERS)
def test_nothing_is_translated_that_nobody_reads(code: str) -> None:
    used = {one.text for one in (*texts_of_code(), *texts_of_knowledge())}
    assert not set(read_catalogue(FOLDER / code).texts) - used


def test_the_checks_see_a_wrong_number() -> None:
    assert faults_of("up to 300 mg", "hasta 3000 mg")
    assert faults_of("at 1.5 litres", "a 1,5 litros") == []
    assert faults_of("{count} nights", "{cuenta} noches")


def test_a_language_changes_texts_and_nothing_else() -> None:
    english = knowledge()
    with speaking("es"):
        spanish = knowledge()
    assert spanish.factors.keys() == english.factors.keys()
    for name, factor in english.factors.items():
        assert spanish.factors[name].effect[0].ratio == factor.effect[0].ratio
        assert spanish.factors[name].group == factor.group
    assert spanish.questions["age"].ask != english.questions["age"].ask


def test_counted_texts_have_two_forms() -> None:
    assert ngettext("{count} night", "{count} nights", 1) == "{count} night"
    assert ngettext("{count} night", "{count} nights", 0) == "{count} nights"
    assert Catalogue({"a": ("uno", "varios")}).counted("a", "b", 2) == "varios"


def test_a_found_text_says_where_it_stands() -> None:
    assert all(isinstance(one, Found) and one.where for one in texts_of_knowledge())


def test_no_text_hides_in_a_filled_string() -> None:
    """What stands inside an f-string is not found where texts are collected."""
    hidden = re.compile(r"""f["'][^"\n]*\{(?:_|gettext|ngettext|noted)\(["']""")
    modules = FOLDER.parent.rglob("*.py")
    assert [str(path) for path in modules if hidden.search(path.read_text(encoding="utf-8"))] == []
