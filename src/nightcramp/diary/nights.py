"""Nights from everything that is known: the person's own entries, and what imports brought.

The person's own word wins over imports, value by value and for the number of cramps; of what was
told twice the later counts, and of several imports the newest. "No cramp" and "not logged" stay
apart. What does not fit together is kept and said.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath

from msgspec import Struct

from nightcramp.diary.corrections import Chains, Fork, instant, standing
from nightcramp.diary.entry import Cramp, Entry, Told
from nightcramp.diary.wording import MEDICINE, cramps_in_words, name_in_words, value_in_words
from nightcramp.knowledge.schema import Measure
from nightcramp.language import gettext as _
from nightcramp.language import ngettext
from nightcramp.person.night import Night, evening_of

__all__ = ["days_late", "evening_told", "nights_of", "standing"]

CRAMPS = "cramps"


class _Own(Struct, frozen=True):
    """What the person told of one night, oldest first."""

    told: tuple[tuple[dt.datetime, Told], ...] = ()
    cramps: tuple[tuple[str, Cramp], ...] = ()
    """Each with the id of what was first told, so that a corrected cramp stays one."""
    forks: tuple[Fork, ...] = ()


def evening_told(entry: Entry) -> dt.date | None:
    """Return the evening an entry tells of, by the wall clock it was told with."""
    if isinstance(entry.body, Cramp):
        return evening_of(entry.body.at)
    return entry.body.evening if entry.body else None


def days_late(entry: Entry) -> int:
    """Return how many days after the morning of its night an entry was made."""
    evening = evening_told(entry)
    return max((entry.made_at.date() - evening).days - 1, 0) if evening else 0


def nights_of(
    entries: Iterable[Entry], imported: Sequence[Sequence[Night]], measures: Mapping[str, Measure]
) -> list[Night]:
    """Return a night for every evening something is known of, earliest first.

    `imported`: the nights of each import, oldest import first. The order in which entries
    arrived makes no difference.
    """
    own = _own_by_evening(Chains(entries))
    brought: dict[dt.date, list[Night]] = defaultdict(list)
    for night in (night for nights in imported for night in nights):
        brought[night.evening].append(night)
    nights = (
        _night(evening, own.get(evening, _Own()), brought.get(evening, []), measures)
        for evening in sorted(own.keys() | brought.keys())
    )
    return [night for night in nights if night.cramps is not None or night.values or night.note]


def _own_by_evening(chains: Chains) -> dict[dt.date, _Own]:
    told: dict[dt.date, list[tuple[dt.datetime, Told]]] = defaultdict(list)
    cramps: dict[dt.date, list[tuple[str, Cramp]]] = defaultdict(list)
    forks: dict[dt.date, list[Fork]] = defaultdict(list)
    for entry in chains.standing:
        if isinstance(entry.body, Cramp):
            cramps[evening_of(entry.body.at)].append((chains.root_of(entry), entry.body))
        elif entry.body:
            told[entry.body.evening].append((instant(entry.made_at), entry.body))
    for fork in chains.forks():
        for evening in {evening for entry in fork.holding if (evening := evening_told(entry))}:
            forks[evening].append(fork)
    return {
        evening: _Own(tuple(told[evening]), tuple(cramps[evening]), tuple(forks[evening]))
        for evening in told.keys() | cramps.keys()
    }


def _night(
    evening: dt.date, own: _Own, brought: list[Night], measures: Mapping[str, Measure]
) -> Night:
    conflicts = [_fork_in_words(fork) for fork in own.forks]
    cramps, counted = _cramps(own, brought, conflicts)
    values, origins = _values(own, brought, measures, conflicts)
    notes = [told.note for _, told in own.told] + [cramp.note for _, cramp in own.cramps]
    notes += [night.note for night in brought]
    return Night(
        evening=evening,
        cramps=cramps,
        values=values,
        note="; ".join(dict.fromkeys(note for note in notes if note)),
        provenance=tuple(place for night in brought for place in night.provenance),
        origins={**origins, **counted},
        conflicts=tuple(dict.fromkeys(conflicts)),
    )


def _cramps(
    own: _Own, brought: list[Night], conflicts: list[str]
) -> tuple[int | None, dict[str, str]]:
    """Return (how many cramps, where that was told); the person's own word before imports."""
    mine = _own_cramps(own, conflicts)
    counts = {file_of(night): night.cramps for night in brought if night.cramps is not None}
    newest = next((file_of(n) for n in reversed(brought) if n.cramps is not None), "")
    counts = {**counts, _("you"): mine} if mine is not None else counts
    if len(set(counts.values())) > 1:
        said = "; ".join(f"{who}: {cramps_in_words(count)}" for who, count in counts.items())
        rule = _("Cramps are told differently ({said}). The newest counts ({newest}).")
        if mine is not None:
            rule = _("Cramps are told differently ({said}). Your own word counts.")
        conflicts.append(rule.format(said=said, newest=newest))
    if mine is not None:
        return mine, {CRAMPS: ""}
    return (counts[newest], {CRAMPS: newest}) if counts else (None, {})


def _own_cramps(own: _Own, conflicts: list[str]) -> int | None:
    """Return how many cramps the person told of: one by one, as a count, or both together.

    A count holds the cramps up to when it was told; those logged after it come on top.
    """
    logged = {root: instant(cramp.at) for root, cramp in own.cramps}
    conflicts += _at_one_time(own)
    counts = [(at, told.cramps) for at, told in own.told if told.cramps is not None]
    if not counts:
        return len(logged) or None
    told_at, count = counts[-1]
    before = sum(at <= told_at for at in logged.values())
    conflicts += _told_twice(_("The night"), [cramps_in_words(count) for _, count in counts])
    conflicts += _count_against_logged(count, before, len(logged))
    return max(count, before) + len(logged) - before


def _count_against_logged(count: int, before: int, logged: int) -> Iterator[str]:
    if count == 0 and logged:
        yield ngettext(
            "No cramp was told, but {cramps} is logged. It counts.",
            "No cramp was told, but {cramps} are logged. They count.",
            logged,
        ).format(cramps=cramps_in_words(logged))
    elif count < before:
        yield _(
            "{cramps} told, but {before} were logged before that. The larger number counts."
        ).format(cramps=cramps_in_words(count), before=before)


def _at_one_time(own: _Own) -> Iterator[str]:
    times = {root: f"{cramp.at:%H:%M}" for root, cramp in own.cramps}
    for time, count in Counter(times.values()).items():
        if count > 1:
            yield _(
                "{count} cramps were logged at {time}. If it was one, take the others back."
            ).format(count=count, time=time)


def _values(
    own: _Own, brought: list[Night], measures: Mapping[str, Measure], conflicts: list[str]
) -> tuple[dict[str, float], dict[str, str]]:
    """Return (values, where each was told), the newest last and the person's own word over all."""
    values: dict[str, float] = {}
    origins: dict[str, str] = {}
    for night in brought:
        values.update(night.values)
        origins.update(dict.fromkeys(night.values, file_of(night)))
    mine: dict[str, list[float]] = defaultdict(list)
    for _when, told in own.told:
        for key, value in _told_values(told).items():
            mine[key].append(value)
    for key, told_values in mine.items():
        said = [value_in_words(key, value, measures) for value in told_values]
        conflicts += _told_twice(name_in_words(key, measures).capitalize(), said)
        values[key], origins[key] = told_values[-1], ""
    return dict(sorted(values.items())), dict(sorted(origins.items()))


def _told_values(told: Told) -> dict[str, float]:
    """Return what was told of a day by key, medicines taken or missed among it."""
    medicines = {
        MEDICINE + medicine_key(medicine.name): float(medicine.taken) for medicine in told.medicines
    }
    return {**told.values, **medicines}


def medicine_key(name: str) -> str:
    """Return the name by which a medicine's values are kept: an ingredient's id as it is."""
    return "_".join(re.findall(r"\w+", name.casefold())) or "unnamed"


def _told_twice(what: str, said: list[str]) -> Iterator[str]:
    """Yield that something was told differently, in the order it was told."""
    different = list(dict.fromkeys(said))
    if len(different) > 1:
        yield _("{what} was told as {said}. The later counts: {last}.").format(
            what=what, said=_(", then as ").join(different), last=said[-1]
        )


def _fork_in_words(fork: Fork) -> str:
    if fork.taken_back:
        return _("An entry was taken back in one place and corrected in another. It counts.")
    said = _(", and as ").join(_entry_in_words(entry) for entry in fork.holding)
    return _("One entry was corrected differently in two places: as {said}. Both are kept.").format(
        said=said
    )


def _entry_in_words(entry: Entry) -> str:
    if isinstance(entry.body, Cramp):
        return _("a cramp at {time}").format(time=f"{entry.body.at:%H:%M}")
    return _("told at {time}").format(time=f"{entry.made_at:%H:%M}")


def file_of(night: Night) -> str:
    """Return the name of the file an imported night was read from, without its folder."""
    return PurePath(night.provenance[0].file).name if night.provenance else _("an import")
