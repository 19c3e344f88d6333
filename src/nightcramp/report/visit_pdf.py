"""The page for a visit of ten minutes as a tagged PDF: one page, nights and sources on a second."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from nightcramp.language import gettext as _
from nightcramp.language import language, noted
from nightcramp.language.dates import short_month
from nightcramp.report.document_pdf import cleaned
from nightcramp.report.pdf import compile_pdf
from nightcramp.report.visit import DoctorPage

MOST_LABS, MOST_POINTERS = 8, 5
"""So many stand on the first page; the others follow on the second."""
WORDS = {
    "title": noted("Night leg cramps: for the doctor"),
    "nothing": noted("There is nothing to assess yet"),
    "looks_like": noted("What this looks like"),
    "rule_out": noted("Must be ruled out first"),
    "no_numbers": noted("No numbers are shown while this must be ruled out."),
    "pattern": noted("Pattern"),
    "pointers": noted("What points to what"),
    "medicines": noted("Medicines beside the cramps"),
    "scores": noted("Scores for side effects of medicines"),
    "medicine": noted("medicine"),
    "incomplete": noted("Not all items of these scores are answered."),
    "tests": noted("Tests"),
    "done": noted("Done"),
    "worth": noted("Might be worth it, and because of what"),
    "own": noted("Own trials, nights, and what was tried"),
    "mind": noted("To mind"),
    "asks": noted("Questions to answer in this visit"),
    "doubts": noted("This does not fit together"),
    "foot": noted(
        "Made by nightcramp from what this person told and wrote down. It does not replace a "
        "clinician. Shares rest on published associations and are rather too high than too low."
    ),
    "rests": noted("What the sizes rest on"),
    "weeks": noted("Nights, week by week"),
    "week": noted("week from"),
    "logged": noted("nights logged"),
    "bad": noted("nights with cramps"),
    "cramps": noted("cramps"),
    "sources": noted("Sources"),
    "more_labs": noted("Other results"),
    "for": noted("For: {lines}."),
}
"""The words of the page, by their place in the template."""


def visit_pdf(page: DoctorPage, now: dt.datetime) -> bytes:
    """Return the page for a doctor as PDF/UA-1; raises as `compile_pdf` does.

    The web page shows the same.
    """
    shown: dict[str, Any] = msgspec.to_builtins(page)
    for week in shown["weeks"]:
        week["first"] = _dated(dt.date.fromisoformat(week["first"]))
    words = {name: _(text) for name, text in WORDS.items()}
    made = _("made on {date}").format(date=_dated(dt.date.fromisoformat(shown["made_on"])))
    data = {
        "page": cleaned(shown),
        "words": words,
        "about": "; ".join(part for part in (shown["who"], made) if part),
        "language": language(),
        "most_labs": MOST_LABS,
        "most_pointers": MOST_POINTERS,
    }
    return compile_pdf("visit", data, now=now)


def _dated(date: dt.date) -> str:
    return f"{date.day} {short_month(date)} {date.year}"
