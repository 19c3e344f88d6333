"""Reads the words in which a night, a day or a cramp is told: `pain=7`, `heat`, `took=...`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import TypeVar, get_args

from msgspec import Struct
from msgspec.structs import replace

from nightcramp.diary.entry import Cramp, Leg, Medicine, Muscle, Relief, Told
from nightcramp.errors import InputError
from nightcramp.intake.diary_values import (
    measure_named,
    measure_words,
    near_words,
    value_of,
    what_fits,
)
from nightcramp.intake.medicines import medicine_ids, use_in
from nightcramp.intake.names import normal
from nightcramp.intake.spreadsheet import words as said
from nightcramp.intake.spreadsheet.cells import MOST_CRAMPS, yes_or_no
from nightcramp.intake.spreadsheet.numbers import count_in, decimal_of, minutes_in, number_in
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import noted

LEGS: dict[str, str] = {"left leg": "left", "right leg": "right", "both legs": "both"}
LEGS |= {leg: leg for leg in get_args(Leg)}
MUSCLES: dict[str, str] = {muscle: muscle for muscle in get_args(Muscle)}
MUSCLES |= {"calves": "calf", "feet": "foot", "arch": "foot", "sole": "foot", "toe": "toes"}
MUSCLES |= {"thighs": "thigh", "hamstring": "thigh", "shins": "shin", "fingers": "hand"}
MUSCLES |= {"hands": "hand", "belly": "trunk", "back": "trunk"}
RELIEFS: dict[str, str] = {relief: relief for relief in get_args(Relief) if relief != "other"}
RELIEFS |= {"stretched": "stretch", "stretching": "stretch", "stood": "stand", "walked": "walk"}
RELIEFS |= {"standing": "stand", "walking": "walk", "massaged": "massage", "rubbed": "massage"}
RELIEFS |= {"rubbing": "massage", "warmth": "heat", "ice": "cold", "drank": "drink"}
WOKE, SORE = {"woke", "woken", "woke me", "woke up"}, {"sore", "sore next day", "soreness"}
COUNTS = {"cramps", "cramp", "how many"}
NO_CRAMPS = {"none", "no cramp", "no cramps"}
TAKEN = {"took": True, "taken": True, "missed": False, "skipped": False, "forgot": False}
MISSED = "medicine_missed"
NOTES = {"note", "notes"}
CRAMP_HINT = noted(
    "Words of a cramp: left, right, both; calf, foot, toes, shin, thigh; pain=7, minutes=4, woke, "
    "sore; what helped: stretch, stand, walk, massage, heat, cold; note=..."
)
LONGEST_CRAMP = 1440
LONGEST_NOTE, LONGEST_NAME, MOST_VALUE = 2000, 60, 1e9

Value = TypeVar("Value")


class Word(Struct, frozen=True):
    """One word taken apart: `name=value`, a bare `name`, or `no-name`."""

    written: str
    name: str
    value: str = ""

    @property
    def bare(self) -> bool:
        """Whether no value stands with it."""
        return "=" not in self.written and not self.value

    @property
    def shown(self) -> str:
        """The word as a message names it, cut where it is long."""
        return self.written[:LONGEST_NAME]


def told_from_words(words: Sequence[str], evening: dt.date, knowledge: Knowledge) -> Told:
    """Return what words tell of a night and the day before it; raises InputError.

    Words: `water=1.5L`, `heat`, `no-stretching`, `took=indapamide`, `cramps=2`, `+chocolate`
    for what the person names, `note=...`.
    """
    reader = _ToldReader(knowledge, evening)
    for word in map(_word, words):
        reader.read(word)
    return reader.told()


def cramp_from_words(words: Sequence[str], at: dt.datetime, knowledge: Knowledge) -> Cramp:
    """Return the cramp that words tell of; raises InputError naming what is not understood.

    Words: `left`, `calf`, `pain=7`, `minutes=4`, `woke`, `stretch`, `sore`, `note=...`.
    """
    fields: dict[str, object] = {}
    for word in map(_word, words):
        field, value = _cramp_field(word)
        fields[field] = _together(word, fields.get(field), value)
    return Cramp(at=at, **fields)  # type: ignore[arg-type]


def detailed(
    cramp: Cramp, words: Sequence[str], at: dt.datetime | None, knowledge: Knowledge
) -> Cramp:
    """Return a cramp with what words add to it or correct; a note is added to the one before."""
    if not words and at is None:
        raise InputError(_("nothing is told of the cramp"), hint=_(CRAMP_HINT))
    more = cramp_from_words(words, at or cramp.at, knowledge)
    empty = Cramp(at=more.at)
    fields = Cramp.__struct_fields__
    told = {f: v for f in fields if (v := getattr(more, f)) != getattr(empty, f) or f == "at"}
    if more.note and cramp.note and more.note != cramp.note:
        told["note"] = f"{cramp.note}; {more.note}"
    return replace(cramp, **told)


def named_first(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Return (the id that stands first, or `last`; the other words)."""
    named = bool(words) and re.fullmatch(r"last|[0-9a-f]{4,32}", words[0].casefold())
    return (words[0].casefold(), words[1:]) if named else ("last", words)


def own_name(name: str) -> str:
    """Return the key of something that the person named: `own:dark_chocolate`."""
    return "own:" + "_".join(re.findall(r"\w+", name.casefold()))


def _word(written: str) -> Word:
    text = " ".join(written.split())[: LONGEST_NOTE + LONGEST_NAME]
    name, mark, value = text.partition("=")
    name, value = name.strip(), value.strip()
    denied = re.fullmatch(r"(?:no|not)[-_ ](.+)", name, re.I)
    if denied and not mark and normal(name) not in NO_CRAMPS:
        return Word(text, denied[1], "no")
    if not name or (mark and not value):
        fault = _("{word!r}: nothing stands before the =")
        if name:
            fault = _("{word!r}: nothing stands after the =")
        if not mark:
            fault = _("an empty word tells nothing")
        raise InputError(
            fault.format(word=text[:LONGEST_NAME]),
            hint=_("For instance pain=7, water=1.5L or heat."),
        )
    return Word(text, name, value)


class _ToldReader:
    """Gathers what the words of one night tell, refusing what is told twice."""

    def __init__(self, knowledge: Knowledge, evening: dt.date) -> None:
        self.knowledge = knowledge
        self.evening = evening
        self.cramps: int | None = None
        self.values: dict[str, float] = {}
        self.medicines: dict[str, Medicine] = {}
        self.note = ""

    def told(self) -> Told:
        """Return what was told; raises InputError where it is nothing."""
        told = Told(
            evening=self.evening,
            cramps=self.cramps,
            values=self.values,
            medicines=tuple(self.medicines.values()),
            note=self.note,
        )
        if told == Told(evening=self.evening):
            raise InputError(_("no word tells anything"), hint=_day_hint(self.knowledge))
        return told

    def read(self, word: Word) -> None:
        """Take in one word; raises InputError for what is unknown, impossible or told twice."""
        name = normal(word.name)
        if word.name.startswith("+"):
            self._own(word)
        elif name in COUNTS or name in NO_CRAMPS:
            self.cramps = _once(word, self.cramps, _count(word, name))
        elif name in TAKEN:
            self._medicines(word, TAKEN[name])
        elif name in NOTES:
            self.note = _once(word, self.note or None, _note(word))
        else:
            self._measure(word)

    def _measure(self, word: Word) -> None:
        measure = measure_named(word.name, self.knowledge)
        if measure is None:
            known = [*measure_words(self.knowledge), *TAKEN, "cramps", "none", "note"]
            raise InputError(
                _("{word!r} is not a word of the diary").format(word=word.shown),
                hint=near_words(word.name, known) + _day_hint(self.knowledge),
            )
        if word.bare and measure.kind != "yes_no":
            raise InputError(
                _("{word!r} needs a value ({label})").format(word=word.shown, label=measure.label),
                hint=what_fits(word.name, measure),
            )
        value = value_of(word.name, word.value or "yes", measure)
        self.values[measure.id] = _once(word, self.values.get(measure.id), value)

    def _own(self, word: Word) -> None:
        name = word.name.removeprefix("+").strip()
        key = own_name(name)
        if key == "own:" or len(name) > LONGEST_NAME:
            raise InputError(
                _("{word!r} is not a name to keep").format(word=word.shown),
                hint=_("For instance {example}.").format(example="+chocolate"),
            )
        if measure := measure_named(name, self.knowledge):
            raise InputError(
                _("{word!r}: {label} is kept already, without the +").format(
                    word=word.shown, label=measure.label
                ),
                hint=what_fits(name, measure),
            )
        self.values[key] = _once(word, self.values.get(key), _own_value(word))

    def _medicines(self, word: Word, taken: bool) -> None:
        told = yes_or_no(word.value or "yes")
        if isinstance(told, float) and not taken:
            self.values[MISSED] = _once(word, self.values.get(MISSED), told)
            return
        if isinstance(told, float):
            raise InputError(
                _("{word!r} needs the name of a medicine").format(word=word.shown),
                hint=_("For instance {example}.").format(example=f"{word.name}=indapamide"),
            )
        for name, dose in _named(word.value, self.evening, self.knowledge):
            medicine = Medicine(name=name, taken=taken, dose=dose)
            self.medicines[name] = _once(word, self.medicines.get(name), medicine)


def _day_hint(knowledge: Knowledge) -> str:
    told = [m for m in knowledge.measures.values() if not m.healthkit]
    names = ", ".join(measure.id for measure in told)
    return _(
        "Words of the day: {names}, water, alcohol, standing, bed, wake, took, missed, +anything."
    ).format(names=names)


def _once(word: Word, before: Value | None, value: Value) -> Value:
    """Return a value told once, or twice the same; raises InputError for two different ones."""
    if before is not None and before != value:
        raise InputError(
            _("{word!r} tells something that another word tells differently").format(
                word=word.shown
            )
        )
    return value


def _count(word: Word, name: str) -> int:
    """Return how many cramps a word tells of that night."""
    count = 0 if name in NO_CRAMPS and word.bare else None
    if name in COUNTS:
        count = 0 if said.is_no(word.value) else count_in(word.value)
    if count is None or count > MOST_CRAMPS:
        raise InputError(
            _("{word!r} does not say how many cramps").format(word=word.shown),
            hint=_("For instance cramps=2, or none."),
        )
    return count


def _note(word: Word) -> str:
    if not word.value or len(word.value) > LONGEST_NOTE:
        raise InputError(
            _("a note holds 1 to {most} characters").format(most=LONGEST_NOTE),
            hint=_('note="a long walk"'),
        )
    return word.value


def _own_value(word: Word) -> float:
    """Return yes as 1, no as 0, or the number that stands with one's own thing."""
    told = yes_or_no(word.value or "yes")
    if isinstance(told, float):
        return told
    number, unit, _rest = number_in(word.value, decimal_of([word.value]))
    if number is None or unit or abs(number) > MOST_VALUE:
        raise InputError(
            _("{word!r} is neither yes, no nor a number").format(word=word.shown),
            hint=_("For instance {example}.").format(example=f"{word.name}=2"),
        )
    return number


def _named(text: str, day: dt.date, knowledge: Knowledge) -> Iterable[tuple[str, str]]:
    """Yield (name, dose) of the medicines in a text: an ingredient's id, or as written."""
    for part in filter(None, (part.strip() for part in re.split(r"[,;]", text))):
        dose = use_in(part, day).dose
        for name in _ingredients(part, knowledge) or [re.sub(r"\s+\d.*", "", part)[:LONGEST_NAME]]:
            yield name, dose


def _ingredients(text: str, knowledge: Knowledge) -> list[str]:
    """Return the ingredients named in a text; a slip of the pen only in its first word."""
    found = medicine_ids(knowledge, text)
    plain = {item.id for item in found if not item.near or item.start == 0}
    return sorted(plain & knowledge.medicines.keys())


def _cramp_field(word: Word) -> tuple[str, object]:
    """Return (field, value) of one word of a cramp; raises InputError for what is no such word."""
    name = normal(word.name)
    if word.bare and name in LEGS:
        return "leg", LEGS[name]
    if word.bare and name in MUSCLES and name != "other":
        return "muscles", (MUSCLES[name],)
    if word.bare and name in RELIEFS:
        return "relief", (RELIEFS[name],)
    if name in RELIEFS and said.is_no(word.value):
        raise InputError(
            _("{word!r}: what did not help is left out").format(word=word.shown),
            hint=_("If nothing helped, say nothing."),
        )
    if name in WOKE or name in SORE:
        return "woke" if name in WOKE else "sore_next_day", _said_yes(word)
    if name in NOTES:
        return "note", _note(word)
    if reader := _CRAMP_VALUES.get(name):
        return reader(word)
    raise _unknown_of_cramp(word)


def _said_yes(word: Word) -> bool:
    told = yes_or_no(word.value or "yes")
    if isinstance(told, str):
        raise InputError(
            _("{word!r} is {told}").format(word=word.shown, told=_(told)),
            hint=_("Say {name}, or {name}=no.").format(name=word.name),
        )
    return bool(told)


def _pain(word: Word) -> tuple[str, object]:
    pain = re.fullmatch(r"(\d{1,2})(?:\s*/\s*10)?", word.value)
    if pain is None or int(pain[1]) > 10:
        raise InputError(
            _("{word!r}: pain is a whole number from 0 (none) to 10 (the worst)").format(
                word=word.shown
            ),
            hint=_("For instance {example}.").format(example="pain=7"),
        )
    return "pain", int(pain[1])


def _minutes(word: Word) -> tuple[str, object]:
    number, unit, _rest = number_in(word.value, decimal_of([word.value]))
    per = {"": 1.0, "s": 1 / 60, "sec": 1 / 60, "seconds": 1 / 60}.get(unit)
    minutes = number * per if number is not None and per else minutes_in(word.value)
    if minutes is None or ":" in word.value or not 0 < minutes <= LONGEST_CRAMP:
        raise InputError(
            _("{word!r} does not say how many minutes it lasted").format(word=word.shown),
            hint=_("For instance minutes=4, or minutes=30s."),
        )
    return "minutes", minutes


def _leg(word: Word) -> tuple[str, object]:
    return "leg", _one_of(word, word.value, LEGS)


def _muscles(word: Word) -> tuple[str, object]:
    return "muscles", tuple(_one_of(word, part, MUSCLES) for part in _parts(word))


def _relief(word: Word) -> tuple[str, object]:
    known = {**RELIEFS, "other": "other"}
    return "relief", tuple(_one_of(word, part, known) for part in _parts(word))


def _parts(word: Word) -> list[str]:
    return [part for part in re.split(r"[,;+ ]+", word.value) if part] or [""]


def _one_of(word: Word, text: str, known: dict[str, str]) -> str:
    if normal(text) in known:
        return known[normal(text)]
    raise InputError(
        _("{word!r}: {text!r} does not fit").format(word=word.shown, text=text),
        hint=_("It is one of: {names}.").format(names=", ".join(dict.fromkeys(known.values()))),
    )


_CRAMP_VALUES = {"pain": _pain, "minutes": _minutes, "lasted": _minutes, "duration": _minutes}
_CRAMP_VALUES |= {"leg": _leg, "side": _leg, "muscle": _muscles, "muscles": _muscles}
_CRAMP_VALUES |= {"where": _muscles, "relief": _relief, "helped": _relief, "relieved": _relief}


def _unknown_of_cramp(word: Word) -> InputError:
    known = [*LEGS, *MUSCLES, *RELIEFS, *WOKE, *SORE, *_CRAMP_VALUES, *NOTES]
    return InputError(
        _("{word!r} is not a word of a cramp").format(word=word.shown),
        hint=near_words(word.name, known) + _(CRAMP_HINT),
    )


def _together(word: Word, before: object, value: object) -> object:
    """Return places and remedies together; anything else can only be told once."""
    if isinstance(before, tuple) and isinstance(value, tuple):
        return tuple(dict.fromkeys([*before, *value]))
    if {before, value} == {"left", "right"}:
        return "both"
    return _once(word, before, value)
