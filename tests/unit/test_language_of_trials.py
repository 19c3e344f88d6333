"""Trials in Spanish: nothing English is left over, what is kept and locked stays as it was."""

from __future__ import annotations

import datetime as dt
import html
import io
import re

import pypdf
import pytest
from msgspec.structs import replace

from nightcramp.intake.diary_clock import PersonClock
from nightcramp.intake.trial_run import look_at
from nightcramp.language import speaking
from nightcramp.report.trial import (
    list_text,
    report_of,
    schedule_text,
    status_text,
    today_text,
    verdict_text,
)
from nightcramp.report.trial_calendar import calendar_of
from nightcramp.report.trial_course import TrialReport
from nightcramp.report.trial_page import packs_of
from nightcramp.report.trial_report import trial_html, trial_pdf
from nightcramp.store.trials import KeptTrial
from nightcramp.trial.events import TrialEvent
from nightcramp.trial.lock import Lock
from nightcramp.trial.protocol import Protocol, canonical, fingerprint
from trial_reports import DUMMY, LOCKED, NOW, STRETCH, edge_cases, nights, protocol

CASES = [name for name in edge_cases() if name not in ("hostile", "long names")]
EVENTS = (
    TrialEvent(kind="illness", at=NOW, evening=dt.date(2026, 4, 2), note="fiebre"),
    TrialEvent(kind="deviation", at=NOW, evening=dt.date(2026, 4, 3), note="de viaje"),
)
WORD = re.compile(r"[^\W\d_]{2,}")
HASH = re.compile(r"[0-9a-f]{32,}\S*")
LEAST_WORDS = 4


def sentences(text: str, plan: Protocol) -> set[str]:
    """Return the sentences of a page or text that have words of our own, locked words aside."""
    own = [plan.title, plan.question, plan.id, plan.seed, plan.prescriber]
    own += [words for arm in plan.arms for words in (arm.label, arm.instruction)]
    plain = re.sub(r"<style>.*?</style>", "", text, flags=re.S)
    pieces = re.split(r"<[^>]*>|\n\s*\n|\n  \* |\n-+\n", plain)
    found = set()
    for piece in pieces:
        for sentence in re.split(r"(?<=[.:;?!])\s", html.unescape(" ".join(piece.split()))):
            rest = HASH.sub("", sentence)
            for words in filter(None, own):
                rest = rest.replace(words, "")
            if len(WORD.findall(rest)) >= LEAST_WORDS:
                found.add(sentence)
    return found


def finished(**changes: object) -> tuple[KeptTrial, TrialReport, PersonClock]:
    """Return a simulated trial whose nights are over, with its report by the analysis."""
    plan = protocol(**changes)
    locked = Lock(sha256=fingerprint(plan), locked_at=LOCKED, protocol=plan)
    trial = KeptTrial(lock=locked, events=EVENTS)
    day = plan.last_evening + dt.timedelta(days=3)
    clock = PersonClock(dt.datetime.combine(day, dt.time(9), dt.UTC), dt.UTC, "UTC")
    told = nights(plan, 0.2)
    return trial, report_of(trial, told, look_at(trial, told, clock)), clock


def texts() -> list[tuple[str, Protocol]]:
    """Return every text of a finished trial, of a blind one too."""
    found = []
    for changes in ({}, {"arms": (STRETCH, DUMMY), "prescriber": "Dr Lee"}):
        trial, report, clock = finished(**changes)
        running = PersonClock(dt.datetime(2026, 4, 9, 20, tzinfo=dt.UTC), dt.UTC, "UTC")
        shown = [verdict_text(report), trial_html(report)]
        shown += [status_text(trial, report.verdict, report.nights, at) for at in (clock, running)]
        shown += [today_text(trial, at) for at in (clock, running)]
        shown += [schedule_text(trial, running), list_text({trial.protocol.id: trial}, clock)]
        calendar = calendar_of(trial, running.today).decode().splitlines()
        shown += [line for line in calendar if line.startswith(("SUMMARY:", "DESCRIPTION:"))]
        packs = packs_of(trial.protocol)
        shown += [f"{block}" for section in packs.sections for block in section.blocks[:1]]
        found += [(text, trial.protocol) for text in shown]
    return found


def test_no_english_sentence_is_left_in_a_finished_trial() -> None:
    english = texts()
    with speaking("es"):
        spanish = texts()
    for (before, plan), (after, _) in zip(english, spanish, strict=True):
        left = sentences(before, plan) & sentences(after, plan)
        assert not left, sorted(left)[:5]


@pytest.mark.parametrize("name", CASES)
def test_no_english_sentence_is_left_in_a_report(name: str) -> None:
    report = edge_cases()[name]
    english = trial_html(report)
    with speaking("es"):
        spanish = trial_html(report)
    read = sentences(english, report.protocol)
    left = read & sentences(spanish, report.protocol)
    assert len(read) > 100
    assert not left, sorted(left)[:5]
    assert '<html lang="en">' in english
    assert '<html lang="es">' in spanish


def test_numbers_of_a_report_have_a_decimal_comma() -> None:
    report = edge_cases()["works"]
    with speaking("es"):
        page = verdict_text(report)
    assert "0,52 (de 0,36 a 0,74)" in page
    assert not re.search(r"\d\.\d", page)


def test_the_pdf_is_spanish_with_its_accents() -> None:
    with speaking("es"):
        made = trial_pdf(edge_cases()["works"], NOW)
    found = pypdf.PdfReader(io.BytesIO(made))
    words = " ".join(" ".join(page.extract_text() for page in found.pages).split())
    assert found.trailer["/Root"]["/Lang"] == "es"
    for said in ("opción", "¿Pudo el orden", "mañana", "«Funciona»", "Lo mismo en una tabla"):
        assert said in words


def test_what_is_kept_of_a_look_is_the_same_in_every_language() -> None:
    trial, report, clock = finished()
    told = nights(trial.protocol, 0.2)
    with speaking("es"):
        look = look_at(trial, told, clock)
        shown = report_of(trial, told, look)
    assert look.verdict == report.verdict
    assert report.notes == report.verdict.notes
    assert shown.notes[0] == "1 nota de enfermedad; esas noches cuentan igual."


def test_a_locked_protocol_keeps_its_words() -> None:
    plan = protocol()
    before = canonical(plan)
    with speaking("es"):
        assert canonical(plan) == before
        assert plan.title in trial_html(edge_cases()["works"])


def test_a_check_that_failed_is_told_in_spanish() -> None:
    report = edge_cases()["withheld"]
    odd = [replace(check, id="odd") for check in report.verdict.checks]
    with speaking("es"):
        page = verdict_text(replace(report, verdict=replace(report.verdict, checks=tuple(odd))))
    assert "No se cumple que la opción de un bloque" in " ".join(page.split())
