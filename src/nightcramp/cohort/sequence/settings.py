"""The choices behind sequence ratios and case series: a content file, and what a run changes."""

from __future__ import annotations

import functools
from typing import Any, Literal

import msgspec
from msgspec import Struct

from nightcramp.errors import InputError, KnowledgeError
from nightcramp.knowledge.loader import CONTENT, Knowledge, knowledge, read_toml
from nightcramp.knowledge.schema import Status
from nightcramp.language import gettext as _

FILE = CONTENT / "cohort_sequence.toml"
SOURCELESS = {"assumed", "definition"}

Trend = Literal["rates", "counts", "none"]
"""How the order expected without an effect is found.

`rates`: from the marker's rate by month, age and sex in people not near a start of the medicine.
`counts`: from the marker's starts on the days around each start (Tsiropoulos 2009). `none`: crude.
"""

Interval = Literal["score", "exact"]
"""Of a proportion: Wilson's, or the wider one of Clopper and Pearson."""

Risk = Literal["after_start", "while_taken"]
"""When the rate may differ: so many days from the start, or while the medicine is taken."""


class _Read(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of everything read from the content file."""


class Choice(_Read, frozen=True, kw_only=True):
    """One number, with where it comes from."""

    value: int | float
    status: Status
    source: list[str] = []
    note: str = ""


class Controls(_Read, frozen=True, kw_only=True):
    """Medicines and classes that nobody takes to bring cramps."""

    medicines: list[str]
    source: list[str]
    note: str = ""


class Published(_Read, frozen=True, kw_only=True):
    """A published sequence ratio of a medicine or class, with its 95 % interval."""

    medicine: str
    ratio: float
    low: float
    high: float
    source: list[str]


class Content(_Read, frozen=True, kw_only=True):
    """The whole of `cohort_sequence.toml`."""

    choices: dict[str, Choice]
    lists: dict[str, list[int]]
    controls: Controls
    published: list[Published]
    methods: dict[str, list[str]]


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything a run rests on; days unless said otherwise.

    `run_in` None: what the waiting times suggest. `age_band` in years. `all_markers`: further
    markers count too, each at least `apart` from the one before. `calendar`, `ages`: the case
    series' rate may change over the years, and with age.
    """

    run_in: int | None
    run_ins: tuple[int, ...]
    window: int
    blackout: int
    age_band: int
    least_pairs: int
    least_exposed: int
    smallest_cell: int
    stretch: int
    tolerance: float
    risk: int
    before: int
    washout: int
    gap: int
    lasts: int
    apart: int
    harmonics: int
    least_band: int
    profile_below: int
    alarm: float
    common: float
    least_controls: int
    most_spread: float
    trend: Trend = "rates"
    interval: Interval = "score"
    confidence: float = 0.95
    risk_window: Risk = "after_start"
    all_markers: bool = False
    calendar: bool = True
    ages: bool = True
    case_series: bool = True


@functools.lru_cache(maxsize=1)
def content() -> Content:
    """Return the shipped choices; raises KnowledgeError with the file and what is wrong in it."""
    try:
        read = msgspec.convert(read_toml(FILE), Content)
    except msgspec.ValidationError as error:
        raise KnowledgeError(str(error), where=str(FILE)) from None
    if faults := faults_of(read, knowledge()):
        raise KnowledgeError("\n  ".join(faults), where=str(FILE))
    return read


def faults_of(read: Content, known: Knowledge) -> list[str]:
    """Return what does not fit together: numbers without a source, unknown sources and ids."""
    names = {*known.medicines, *known.medicine_classes}
    cited = {f"[choices.{name}]": one.source for name, one in read.choices.items()}
    cited |= {f"[[published]] {one.medicine}": one.source for one in read.published}
    cited["[controls]"] = read.controls.source
    medicines = [*(one.medicine for one in read.published), *read.controls.medicines]
    return [
        *(
            f"[choices.{name}] has no source"
            for name, one in read.choices.items()
            if one.status not in SOURCELESS and not one.source
        ),
        *(
            f"{at}: no source {s!r}"
            for at, all_ in cited.items()
            for s in all_
            if s not in known.sources
        ),
        *(f"no medicine or class {name!r}" for name in medicines if name not in names),
        *(
            f"[[published]] {one.medicine}: the interval does not hold its point"
            for one in read.published
            if not one.low <= one.ratio <= one.high
        ),
    ]


def settings(**changes: Any) -> Settings:
    """Return the shipped choices with some changed; raises InputError for what cannot be."""
    chosen: dict[str, Any] = {name: one.value for name, one in content().choices.items()}
    chosen |= content().lists | changes
    try:
        made = msgspec.convert(chosen, Settings, strict=False)
    except msgspec.ValidationError as error:
        fault = _("a setting cannot be used: {fault}").format(fault=error)
        raise InputError(fault, where=_("settings")) from None
    _check(made)
    return made


def _check(made: Settings) -> None:
    """Refuse windows of no days, days below nought, and a confidence that is none."""
    least = {"window": 1, "age_band": 1, "risk": 1, "blackout": 0, "before": 0, "run_in": 0}
    for name, lowest in least.items():
        value = getattr(made, name)
        if value is not None and value < lowest:
            raise InputError(
                _("must be at least {least}, not {value}").format(least=lowest, value=value),
                where=name,
            )
    if made.blackout >= made.window:
        raise InputError(
            _("must be shorter than the window of {days} days").format(days=made.window),
            where="blackout",
        )
    if not 0.5 <= made.confidence < 1:
        raise InputError(_("must be from 0.5 to below 1, such as 0.95"), where="confidence")
