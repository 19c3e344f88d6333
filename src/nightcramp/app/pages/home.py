"""The first page: what this is for who is new, and else what the day asks for."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from msgspec import Struct

from nightcramp.app.asked import Asked
from nightcramp.app.pages.interview import talk_of
from nightcramp.app.pages.morning import book_of, is_told
from nightcramp.app.routes import Route, View
from nightcramp.assess.known import Known
from nightcramp.assess.triage import URGENT, triage
from nightcramp.diary.entry import Cramp
from nightcramp.errors import InputError
from nightcramp.intake.diary_clock import DAY
from nightcramp.intake.own_record import OwnRecord
from nightcramp.intake.trial_run import this_evening
from nightcramp.language import gettext as _
from nightcramp.report.trial import today_text
from nightcramp.report.words import LEVEL_TITLES


class HomePage(Struct, frozen=True, kw_only=True):
    """What to do now, the most pressing first; `is_new`: nothing is known of the person.

    `urgent`: what cannot wait, "" for nothing. `evening`: of the last night where it is not
    told, with the `cramps` kept in it. `trial`: what a trial asks for tonight. `interview`:
    whether to start it or to go on. `records`: none were read yet.
    """

    is_new: bool = False
    urgent: str = ""
    evening: dt.date | None = None
    cramps: int = 0
    trial: str = ""
    interview: Literal["", "start", "go_on"] = ""
    records: bool = False
    diary: str = ""


def home(asked: Asked) -> HomePage:
    """Return what the day asks for."""
    record = asked.record
    steps = len(record.told.steps)
    if not (steps or record.readings or record.nights or record.trials):
        return HomePage(is_new=True)
    evening, cramps = _open_night(asked)
    return HomePage(
        urgent=_urgent(record, asked),
        evening=evening,
        cramps=cramps,
        trial=_trial(record, asked),
        interview=_interview(record, asked),
        records=not record.imported,
        diary=asked.viewer.key,
    )


def _open_night(asked: Asked) -> tuple[dt.date | None, int]:
    """Return the last night, where its question is open, and how many cramps are kept of it."""
    evening, book = asked.clock.today - DAY, book_of(asked)
    if is_told(book, evening):
        return None, 0
    return evening, sum(isinstance(entry.body, Cramp) for entry in book.told(evening))


def _urgent(record: OwnRecord, asked: Asked) -> str:
    try:
        facts = record.facts(asked.clock.today)
    except InputError:
        return ""
    level = triage(Known(facts, cautious=True)).level
    return _(LEVEL_TITLES[level]) if level in URGENT else ""


def _trial(record: OwnRecord, asked: Asked) -> str:
    evening = this_evening(asked.clock)
    running = [trial for trial in record.trials.values() if not trial.ended(evening)]
    return today_text(running[-1], asked.clock).strip() if running else ""


def _interview(record: OwnRecord, asked: Asked) -> Literal["", "start", "go_on"]:
    if not record.told.steps:
        return "start"
    return "go_on" if talk_of(record, asked).next_step() else ""


ROUTES: tuple[Route, ...] = (View("/", home, "home.html", "What the day asks for."),)
