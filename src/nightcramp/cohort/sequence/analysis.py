"""Medicines before a cramp marker, by sequence and by case series, beside negative controls."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

import nightcramp
from nightcramp.assess.known import lineage
from nightcramp.cohort.content import cohort_content
from nightcramp.cohort.sequence.case_series import CaseSeries, case_series
from nightcramp.cohort.sequence.controls import (
    Calibrated,
    ErrorSummary,
    SystematicError,
    calibrated,
    summary,
    systematic_error,
)
from nightcramp.cohort.sequence.histories import BEFORE, Days, Histories
from nightcramp.cohort.sequence.ratio import (
    SequenceRatio,
    Stretch,
    sequence_ratio,
    suggested_run_in,
    tellable,
    waiting_times,
)
from nightcramp.cohort.sequence.settings import Published, Settings, content
from nightcramp.cohort.sequence.settings import settings as shipped
from nightcramp.cohort.source.arrays import EPOCH
from nightcramp.cohort.source.tokens import Token
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.intake.answers import suggestion
from nightcramp.knowledge.loader import Knowledge, knowledge
from nightcramp.language import gettext as _

RUN_IN_SHORT, RUN_IN_UNKNOWN = "run_in_short", "run_in_unknown"
LIVES = ("born", "observed", "died")
SHOWN_WAITING = 730
"""Waiting times are shown for so many days."""


class Result(Struct, frozen=True, kw_only=True):
    """What was found of one medicine or class; each ratio with one freed of systematic error.

    `other_run_ins`: the sequence ratio with shorter and longer ones. `suggested_run_in`: what the
    waiting times of the medicine suggest, None where they say nothing.
    """

    id: str
    sequence: SequenceRatio
    sequence_calibrated: Calibrated | None = None
    other_run_ins: list[SequenceRatio] = []
    suggested_run_in: int | None = None
    series: CaseSeries | None = None
    series_calibrated: Calibrated | None = None
    published: Published | None = None
    notices: tuple[str, ...] = ()


class Waiting(Struct, frozen=True, kw_only=True):
    """First records of something by time since the beginning of observation."""

    id: str
    stretches: list[Stretch]
    suggested_run_in: int | None


class SequenceReport(Struct, frozen=True, kw_only=True):
    """Everything `nightcramp cohort sequence` shows; counts None where of too few to tell.

    `since`, `until`: the first and last day anybody was observed. `markers`: ids; `marked`: people
    who have one. `controls`: of negative controls; `members`: those the error was fitted to.
    `error`, `series_error`: the systematic error they show.
    """

    version: str
    people: int
    since: dt.date
    until: dt.date
    markers: list[str]
    marked: int | None
    settings: Settings
    results: list[Result]
    controls: list[Result]
    members: list[str]
    error: ErrorSummary | None
    series_error: ErrorSummary | None
    waiting: list[Waiting]


def analyse(
    histories: Histories,
    medicines: Sequence[str],
    markers: Sequence[str],
    settings: Settings | None = None,
    controls: Sequence[str] | None = None,
) -> SequenceReport:
    """Return what the histories show of medicines (or classes) before cramp markers.

    `controls`: medicines or classes that cannot matter; those of the content where None. Raises
    UnknownIdError for an id nothing carries, InputError where nobody was observed.
    """
    chosen = settings or shipped()
    known = knowledge()
    if not len(histories):
        raise InputError(
            _("nobody was observed"),
            where=_("events"),
            hint=_("A sequence needs periods of observation: OBSERVATION_PERIOD in OMOP."),
        )
    study = _Study(histories, [one for name in markers for one in marker_ids(name, known)], chosen)
    given = content().controls.medicines if controls is None else controls
    beside = [name for name in given if name not in medicines]
    members = [
        one
        for one in control_members(beside, known)
        if one not in medicines and f"medicine:{one}" in histories.records
    ]
    of_members = [study.result(name, known, whole=False) for name in members]
    error, series_error = _errors(of_members, chosen)
    results = [study.result(name, known) for name in medicines]
    shown = {one.id: one for one in of_members}
    shown |= {name: study.result(name, known, whole=False) for name in beside}
    return SequenceReport(
        version=nightcramp.__version__,
        people=histories.people,
        since=_date(int(histories.entry.min())),
        until=_date(int(histories.exit.max())),
        markers=list(markers),
        marked=tellable(study.marked, chosen),
        settings=chosen,
        results=[_freed(one, error, series_error, chosen) for one in results],
        controls=[shown[name] for name in dict.fromkeys([*beside, *members])],
        members=members,
        error=summary(error, chosen.confidence) if error else None,
        series_error=summary(series_error, chosen.confidence) if series_error else None,
        waiting=[
            _waiting(name, histories, first, chosen)
            for name, first in [
                *((name, study.first(medicine_ids(name, known))) for name in medicines),
                ("", study.marker),
            ]
        ],
    )


def _date(day: int) -> dt.date:
    return EPOCH + dt.timedelta(days=day)


class _Study:
    """Histories with the markers that are asked about."""

    def __init__(self, histories: Histories, markers: list[str], chosen: Settings) -> None:
        self.histories = histories
        self.markers = markers
        self.chosen = chosen
        self.marker = histories.first(markers)

    @property
    def marked(self) -> int:
        """Return how many histories hold a first marker."""
        return int(((self.marker != BEFORE) & (self.marker <= self.histories.exit)).sum())

    @functools.cached_property
    def marker_run_in(self) -> int | None:
        """Return the run-in that the waiting times of the marker suggest."""
        return suggested_run_in(self.histories, self.marker, self.chosen)

    def first(self, ids: list[str]) -> Days:
        """Return the first days of any of these."""
        return self.histories.first(ids)

    def result(self, name: str, known: Knowledge, *, whole: bool = True) -> Result:
        """Return what is found of one medicine; `whole`: with other run-ins too."""
        chosen, ids = self.chosen, medicine_ids(name, known)
        first = self.first(ids)
        suggested = suggested_run_in(self.histories, first, chosen)
        run_in, notices = self._run_in(suggested)
        return Result(
            id=name,
            sequence=self._sequence(first, run_in),
            other_run_ins=[
                _ratio_alone(self._sequence(first, other))
                for other in sorted({*chosen.run_ins, run_in})
            ]
            if whole
            else [],
            suggested_run_in=suggested,
            series=case_series(
                self.histories,
                ids,
                self.markers,
                chosen if whole else replace(chosen, profile_below=0),
                run_in,
            )
            if chosen.case_series
            else None,
            published=next((one for one in content().published if one.medicine == name), None),
            notices=notices,
        )

    def _sequence(self, first: Days, run_in: int) -> SequenceRatio:
        return sequence_ratio(self.histories, first, self.marker, self.chosen, run_in)

    def _run_in(self, suggested: int | None) -> tuple[int, tuple[str, ...]]:
        """Return the run-in of a medicine, and what is to be said of it."""
        needed = [one for one in (suggested, self.marker_run_in) if one is not None]
        chosen = self.chosen.run_in
        if chosen is None:
            return max(needed, default=int(content().choices["run_in"].value)), ()
        if not needed:
            return chosen, (RUN_IN_UNKNOWN,)
        return chosen, (RUN_IN_SHORT,) if max(needed) > chosen else ()


def _ratio_alone(found: SequenceRatio) -> SequenceRatio:
    """Return a ratio without its counts: between two run-ins they would differ by a few people."""
    return replace(found, starters=None, after=None, before=None, crude=None)


def _waiting(name: str, histories: Histories, first: Days, chosen: Settings) -> Waiting:
    return Waiting(
        id=name,
        stretches=[
            _told(one, chosen)
            for one in waiting_times(histories, first, chosen.stretch, SHOWN_WAITING)
        ],
        suggested_run_in=suggested_run_in(histories, first, chosen),
    )


def _told(one: Stretch, chosen: Settings) -> Stretch:
    """Return a stretch, its starts hidden where they are of too few people."""
    starts = tellable(one.starts or 0, chosen)
    return Stretch(
        since=one.since, until=one.until, starts=starts, person_years=round(one.person_years, 1)
    )


def _errors(
    results: list[Result], chosen: Settings
) -> tuple[SystematicError | None, SystematicError | None]:
    """Return the systematic error of sequences and of case series, None with too few controls."""
    return (
        _error([one.sequence for one in results], chosen),
        _error([one.series for one in results if one.series], chosen),
    )


def _error(found: Sequence[SequenceRatio | CaseSeries], chosen: Settings) -> SystematicError | None:
    there = [(log, se) for one in found if (log := _log(one)) is not None and (se := one.log_se)]
    if len(there) < max(chosen.least_controls, 3):
        return None
    return systematic_error([a for a, _b in there], [b for _a, b in there], chosen.most_spread)


def _log(found: SequenceRatio | CaseSeries) -> float | None:
    return math.log(found.ratio.value) if found.ratio else None


def _freed(
    result: Result,
    error: SystematicError | None,
    series_error: SystematicError | None,
    chosen: Settings,
) -> Result:
    """Return a result with its ratios freed of the errors, where those are known."""
    return replace(
        result,
        sequence_calibrated=_off(result.sequence, error, chosen),
        series_calibrated=_off(result.series, series_error, chosen),
    )


def _off(
    found: SequenceRatio | CaseSeries | None, error: SystematicError | None, chosen: Settings
) -> Calibrated | None:
    if found is None or error is None or found.log_se is None:
        return None
    log = _log(found)
    return None if log is None else calibrated(log, found.log_se, error, chosen.confidence)


def medicine_ids(name: str, known: Knowledge) -> list[str]:
    """Return the ids of records of a medicine, or of a class and all that is in it."""
    names = [*known.medicines, *known.medicine_classes]
    if name not in names:
        raise UnknownIdError(
            _("there is no medicine or class {name!r}").format(name=name),
            hint=suggestion(name, names),
        )
    return [f"medicine:{one}" for one in names if name in lineage(known, one)]


def marker_ids(name: str, known: Knowledge) -> list[str]:
    """Return the ids of records of a marker: one of `cohort.toml`, a condition, or a medicine."""
    for marker in cohort_content(known).markers:
        if marker.id == name:
            return [
                *(f"condition:{one}" for one in marker.conditions),
                *(found for one in marker.medicines for found in medicine_ids(one, known)),
            ]
    if name in known.conditions:
        return [f"condition:{name}"]
    if name in known.medicines or name in known.medicine_classes:
        return medicine_ids(name, known)
    names = [*known.conditions, *known.medicines, *known.medicine_classes]
    raise UnknownIdError(
        _("there is no marker {name!r}").format(name=name), hint=suggestion(name, names)
    )


def wanted_of(
    medicines: Sequence[str], markers: Sequence[str], controls: Sequence[str] | None = None
) -> Callable[[Token], bool]:
    """Return which tokens of events an analysis needs; raises as `analyse` does."""
    known = knowledge()
    named = [*medicines, *(content().controls.medicines if controls is None else controls)]
    ids = {one for name in named for one in medicine_ids(name, known)}
    ids |= {one for name in markers for one in marker_ids(name, known)}
    return lambda token: token.kind in LIVES or f"{token.kind}:{token.id}" in ids


def control_members(names: Sequence[str], known: Knowledge) -> list[str]:
    """Return the medicines in these classes of which no effect of their own is known."""
    found = []
    for name in names:
        if name in known.medicines:
            found.append(name)
            continue
        ids = (one.removeprefix("medicine:") for one in medicine_ids(name, known))
        found += [one for one in ids if one in known.medicines and not known.medicines[one].effect]
    return list(dict.fromkeys(found))
