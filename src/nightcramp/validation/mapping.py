"""Which columns of a survey become which facts: a text file, checked against the knowledge."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct, field

from nightcramp.errors import InputError
from nightcramp.intake.answers import fit_answer, suggestion
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.person.units import canonical

SHIPPED = Path(__file__).parent / "nhanes.toml"


class _Read(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of everything read from a mapping."""


class Between(_Read, frozen=True, kw_only=True):
    """Codes from `least` to `most`, both included."""

    least: float
    most: float


class Rule(_Read, frozen=True, kw_only=True):
    """A value that a fact takes where every column named holds one of its codes."""

    value: bool | str
    when: dict[str, list[float] | Between]


class Entry(_Read, frozen=True, kw_only=True):
    """What one fact comes from, in some waves or (none named) in all."""

    id: str
    note: str = ""
    waves: list[int] = []


class Told(Entry, frozen=True, kw_only=True):
    """A fact that takes the value of its first rule that holds, else stays unknown."""

    rules: list[Rule]


class Counted(Entry, frozen=True, kw_only=True):
    """A number that stands in the first of these columns that the file has."""

    columns: list[str]
    divide_by: float = 1.0


class Measured(Entry, frozen=True, kw_only=True):
    """A laboratory result in a unit, in the first of these columns that the file has."""

    columns: list[str]
    unit: str


class Wave(_Read, frozen=True, kw_only=True):
    """One round of the survey; `own_sources`: of effects that were read off this round."""

    code: int
    name: str
    checked: bool
    own_sources: list[str] = []


class Design(_Read, frozen=True, kw_only=True):
    """Files, design, age and sex of the survey."""

    name: str
    people: str
    medicines: str
    person: str
    wave: str
    stratum: str
    cluster: str
    weight: str
    age: str
    sex: str
    female: list[float]
    least_age: float
    age_bands: list[int]
    age_groups: list[int]
    waves: list[Wave]

    @property
    def columns(self) -> list[str]:
        """Return the columns without which nothing can be computed."""
        return [
            *(self.person, self.wave, self.stratum, self.cluster),
            *(self.weight, self.age, self.sex),
        ]


class Outcome(_Read, frozen=True, kw_only=True):
    """The item about cramps; a code that is in none of these is no answer."""

    column: str
    never: list[float]
    mild: list[float]
    often: list[float]


class Aims(_Read, frozen=True, kw_only=True):
    """What is aimed at: area, part of the way to the boosted model, range of the slope."""

    auc: float
    way: float
    slope: tuple[float, float]


class MedicineTable(_Read, frozen=True, kw_only=True):
    """The table of medicines, one line each."""

    person: str
    taken: str
    yes: list[float]
    no: list[float]
    name: str
    days: str
    days_unknown: list[float]

    @property
    def columns(self) -> list[str]:
        """Return the columns of the table that are read."""
        return [self.person, self.taken, self.name, self.days]


class Mapping(_Read, frozen=True, kw_only=True):
    """A whole mapping, and the file it was read from."""

    survey: Design
    outcome: Outcome
    aims: Aims
    medicines: MedicineTable
    facts: list[Told] = field(default_factory=list, name="fact")
    numbers: list[Counted] = field(default_factory=list, name="number")
    labs: list[Measured] = field(default_factory=list, name="lab")

    def wave(self, code: int) -> Wave | None:
        """Return the round of the survey with this code, None where it is not described."""
        return next((wave for wave in self.survey.waves if wave.code == code), None)

    def entries(self, wave: int) -> list[Told | Counted | Measured]:
        """Return what is read in a round."""
        every: list[Told | Counted | Measured] = [*self.facts, *self.numbers, *self.labs]
        return [entry for entry in every if not entry.waves or wave in entry.waves]


def choices(entry: Told | Counted | Measured) -> list[list[str]]:
    """Return the columns an entry reads; of each list one is enough."""
    if isinstance(entry, Told):
        return [[name] for name in dict.fromkeys(n for rule in entry.rules for n in rule.when)]
    return [entry.columns]


def read_mapping(path: Path, knowledge: Knowledge) -> Mapping:
    """Read a mapping; raises InputError that names the file and all that does not fit in it."""
    try:
        mapping = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Mapping)
    except OSError as error:
        unread = _("cannot be read: {reason}").format(reason=error.strerror or "")
        raise InputError(unread, where=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise InputError(
            _("is not a mapping: {fault}").format(fault=error),
            where=str(path),
            hint=_("The mapping that comes along is {path}.").format(path=SHIPPED),
        ) from None
    faults = list(_faults(mapping, knowledge))
    if faults:
        raise InputError("\n  ".join([_("does not fit the knowledge:"), *faults]), where=str(path))
    return mapping


def _faults(mapping: Mapping, knowledge: Knowledge) -> Iterator[str]:
    for entry in mapping.facts:
        for rule in entry.rules:
            yield from _of_value(f"[[fact]] {entry.id}", entry.id, rule.value, knowledge)
            if not rule.when:
                yield _("{place}: a rule without columns").format(place=f"[[fact]] {entry.id}")
    for number in mapping.numbers:
        yield from _of_number(number, knowledge)
    for lab in mapping.labs:
        yield from _of_lab(lab, knowledge)


def _of_value(place: str, name: str, value: bool | str, knowledge: Knowledge) -> Iterator[str]:
    try:
        fitted = fit_answer(knowledge, name, value, dt.date.min)
    except InputError as error:
        yield f"{place}: {error.message}. {error.hint}".rstrip(" .")
        return
    if type(fitted) is not type(value):
        yield _("{place}: {value!r} is not of its kind").format(place=place, value=value)


def _of_number(entry: Counted, knowledge: Knowledge) -> Iterator[str]:
    place = f"[[number]] {entry.id}"
    question = knowledge.questions.get(entry.id)
    if question is None or question.kind != "number":
        hint = suggestion(entry.id, list(knowledge.questions))
        unknown = _("there is no question {name!r} that is answered by a number")
        yield f"{place}: {unknown.format(name=entry.id)}. {hint}".rstrip(" .")
    if not entry.divide_by or not entry.columns:
        yield _("{place}: needs columns, and not to be divided by 0").format(place=place)


def _of_lab(entry: Measured, knowledge: Knowledge) -> Iterator[str]:
    place = f"[[lab]] {entry.id}"
    lab = knowledge.labs.get(entry.id)
    if lab is None:
        hint = suggestion(entry.id, list(knowledge.labs))
        unknown = _("there is no test {name!r}").format(name=entry.id)
        yield f"{place}: {unknown}. {hint}".rstrip(" .")
        return
    if not entry.columns:
        yield _("{place}: needs columns").format(place=place)
    units = {canonical(lab.unit), *(canonical(one.unit) for one in lab.units)}
    if canonical(entry.unit) not in units:
        yield _("{place}: is not reported in {unit!r}").format(place=place, unit=entry.unit)
