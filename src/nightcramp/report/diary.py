"""The diary as plain text: what was logged, what to do against a cramp, one night whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nightcramp.diary.clock import length_of
from nightcramp.diary.entry import Cramp, Entry, Told
from nightcramp.diary.nights import days_late, evening_told
from nightcramp.diary.wording import (
    LEG_WORDS,
    MUSCLE_WORDS,
    PLACES_OF,
    RELIEF_WORDS,
    cramps_in_words,
    day_in_words,
    late_in_words,
    name_in_words,
    night_in_words,
    value_in_words,
)
from nightcramp.intake.diary_book import SHOWN_ID, Book
from nightcramp.intake.diary_clock import PersonClock
from nightcramp.knowledge.lookup import name_of_medicine
from nightcramp.knowledge.schema import Action, Measure
from nightcramp.language import gettext as _
from nightcramp.language import ngettext, number
from nightcramp.language.dates import short_month, short_weekday
from nightcramp.person.night import Night
from nightcramp.report.words import BE_SEEN_NOTE, printable, wrap

LABEL = 32


def relief_text(action: Action) -> str:
    """Return the steps against a cramp, a short line each, and when not to do them."""
    steps = [line.split(". ")[0].removesuffix(".") + "." for line in action.how]
    lines = [_("Now, against the cramp"), *(wrap(step, 4, "  * ") for step in steps)]
    return "\n".join([*lines, wrap(action.harms, 4, "  x "), ""])


def be_seen_text() -> str:
    """Return when not to wait, in one sentence."""
    return wrap(_(BE_SEEN_NOTE), 0) + "\n"


def logged_text(entry: Entry, measures: Mapping[str, Measure], today: dt.date) -> str:
    """Return what was kept, the night it belongs to, and its id."""
    done = _("Now kept as: {entry}.") if entry.replaces else _("Logged: {entry}.")
    lines = [wrap(done.format(entry=_headline(entry, today)), 2, "")]
    lines += [wrap(line, 4, "  ") for line in _details(entry, measures)]
    named = _("Id of this entry: {id}").format(id=_id(entry))
    return printable("\n".join([*lines, f"  {named}"]) + "\n")


def night_now_text(entry: Entry, book: Book) -> str:
    """Return how many cramps the night of an entry has now, and what does not fit together."""
    evening = evening_told(entry)
    night = book.night(evening) if evening else None
    if night is None:
        return ""
    conflicts = [wrap(conflict, 4, "  ! ") for conflict in night.conflicts]
    now = _("That night now: {cramps}").format(cramps=cramps_in_words(night.cramps))
    return printable("\n".join([f"  {now}", *conflicts]) + "\n")


def removed_text(entries: Sequence[Entry], today: dt.date) -> str:
    """Return what was taken back, and that it stays in the history."""
    taken = _("Taken back: {entry}.")
    lines = [wrap(taken.format(entry=_headline(entry, today)), 2, "") for entry in entries]
    stays = _("It stays in the history: `nightcramp night {evening} --history`.")
    lines.append(wrap(stays.format(evening=evening_told(entries[0]))))
    return "\n".join(lines) + "\n"


def _headline(entry: Entry, today: dt.date) -> str:
    evening = evening_told(entry)
    assert evening is not None
    night = night_in_words(evening, today)
    if isinstance(entry.body, Cramp):
        time = f"{entry.body.at:%H:%M}"
        return _("a cramp at {time}, night of {night}").format(time=time, night=night)
    assert isinstance(entry.body, Told)
    only_count = entry.body == Told(evening=evening, cramps=entry.body.cramps)
    if only_count:
        cramps = cramps_in_words(entry.body.cramps)
        return _("{cramps}, night of {night}").format(cramps=cramps, night=night)
    day = day_in_words(evening, today)
    return _("{day} and the night of {night}").format(day=day, night=night)


def _details(entry: Entry, measures: Mapping[str, Measure]) -> Iterator[str]:
    """Yield what an entry tells beyond its headline, a line each."""
    if isinstance(entry.body, Cramp):
        told = cramp_in_words(entry.body)
        yield from [told] if told else []
    elif isinstance(entry.body, Told):
        yield from told_in_words(entry.body, measures)


def cramp_in_words(cramp: Cramp) -> str:
    """Return a cramp's details in words; empty where none were told."""
    told = [
        _where(cramp),
        _("pain {pain} of 10").format(pain=cramp.pain) if cramp.pain is not None else "",
        _lasted(cramp.minutes),
        {None: "", True: _("woke you"), False: _("did not wake you")}[cramp.woke],
        _helped(cramp),
        {None: "", True: _("sore the next day"), False: _("not sore the next day")}[
            cramp.sore_next_day
        ],
        f'"{cramp.note}"' if cramp.note else "",
    ]
    return "; ".join(part for part in told if part)


def _where(cramp: Cramp) -> str:
    places = _(" and ").join(_(MUSCLE_WORDS[muscle]) for muscle in cramp.muscles)
    if cramp.leg is None:
        return places
    return _(PLACES_OF[cramp.leg]).format(places=places) if places else _(LEG_WORDS[cramp.leg])


def _lasted(minutes: float | None) -> str:
    if minutes is None:
        return ""
    if minutes < 1:
        return _("{count} seconds").format(count=f"{minutes * 60:.0f}")
    several = ngettext("{count} minute", "{count} minutes", 1 if minutes == 1 else 2)
    return several.format(count=number(minutes, ".3g"))


def _helped(cramp: Cramp) -> str:
    if "nothing" in cramp.relief:
        return _("nothing helped")
    reliefs = ", ".join(_(RELIEF_WORDS[relief]) for relief in cramp.relief)
    return _("helped: {reliefs}").format(reliefs=reliefs) if reliefs else ""


def told_in_words(told: Told, measures: Mapping[str, Measure]) -> Iterator[str]:
    """Yield what was told of a night and its day, a line each."""
    if told.cramps is not None and (told.values or told.medicines or told.note):
        yield cramps_in_words(told.cramps)
    for key, value in told.values.items():
        yield f"{name_in_words(key, measures)}: {value_in_words(key, value, measures)}"
    for medicine in told.medicines:
        dose = f" {medicine.dose}" if medicine.dose else ""
        verb = _("taken") if medicine.taken else _("missed")
        yield f"{name_of_medicine(medicine.name)}{dose}: {verb}"
    if told.note:
        yield f'"{told.note}"'


def night_text(
    evening: dt.date,
    book: Book,
    clock: PersonClock,
    measures: Mapping[str, Measure],
    history: bool,
) -> str:
    """Return everything known of one night, where it is from, and what does not fit."""
    night = book.night(evening)
    parts = [
        _("Night of {night}: {cramps}").format(
            night=night_in_words(evening, clock.today), cramps=cramps_in_words(night.cramps)
        ),
        *_of_the_count(night),
        *_length(evening, clock),
        *_titled(_("Cramps"), _cramps(book.told(evening), clock)),
        *_titled(_("The day before it"), _values(night, measures, "day")),
        *_titled(_("The night itself"), _values(night, measures, "night")),
        *_titled(_("Notes"), [wrap(night.note, 2)] if night.note else []),
        *_titled(_("What does not fit together"), (wrap(c, 4, "  ! ") for c in night.conflicts)),
        *_titled(_("Entries"), _entries(book, evening, clock, measures, history)),
    ]
    return printable("\n".join(parts) + "\n")


def _titled(title: str, lines: Iterator[str] | Sequence[str]) -> list[str]:
    found = list(lines)
    return ["", title, *found] if found else []


def _of_the_count(night: Night) -> Iterator[str]:
    origin = night.origins.get("cramps", "")
    if origin:
        yield "  " + _("counted in {origin}").format(origin=origin)
    if night.cramps is None:
        yield wrap(_("Whether there was a cramp is not logged; that is not the same as none."))


def _length(evening: dt.date, clock: PersonClock) -> Iterator[str]:
    if changed := clock_changed(evening, clock):
        yield f"  {changed}"


def clock_changed(evening: dt.date, clock: PersonClock) -> str:
    """Return that a night was longer or shorter than others, "" for most."""
    hours = length_of(evening, clock.zone) / dt.timedelta(hours=1)
    if hours == 24:
        return ""
    changed = _("From noon to noon it had {hours} hours: the clock was changed.")
    return changed.format(hours=number(hours))


def _cramps(entries: Sequence[Entry], clock: PersonClock) -> Iterator[str]:
    cramps = [(entry, entry.body) for entry in entries if isinstance(entry.body, Cramp)]
    for entry, cramp in sorted(cramps, key=lambda pair: pair[1].at):
        told = cramp_in_words(cramp) or _("nothing more told yet")
        zone = elsewhere(entry, clock)
        told = f"{told} ({zone})" if zone else told
        yield wrap(f"{told}  [{_id(entry)}]", 9, f"  {cramp.at:%H:%M}  ")


def elsewhere(entry: Entry, clock: PersonClock) -> str:
    """Return by which clock an entry was told, "" where it is the person's own."""
    return _("by the clock of {zone}").format(zone=entry.zone) if entry.zone != clock.name else ""


def _values(night: Night, measures: Mapping[str, Measure], belongs: str) -> Iterator[str]:
    for name, told, origin in values_in_words(night, measures, belongs):
        yield f"  {name:<{LABEL}}  {told:<10}  {origin}".rstrip()


def values_in_words(
    night: Night, measures: Mapping[str, Measure], belongs: str
) -> Iterator[tuple[str, str, str]]:
    """Yield (name, value, who told it) of the day or of the night, in the knowledge's order."""
    place = {name: number for number, name in enumerate(measures)}
    for key in sorted(night.values, key=lambda key: (place.get(key, len(place)), key)):
        if belongs == (measures[key].belongs if key in measures else "day"):
            told = value_in_words(key, night.values[key], measures)
            yield name_in_words(key, measures), told, night.origins.get(key) or _("you")


def _entries(
    book: Book,
    evening: dt.date,
    clock: PersonClock,
    measures: Mapping[str, Measure],
    history: bool,
) -> Iterator[str]:
    holding = {entry.id for entry in book.chains.standing}
    shown = book.history(evening) if history else book.told(evening)
    for entry in shown:
        told = entry_in_words(entry, holding, clock, measures)
        at = entry.made_at
        when = f"{short_weekday(at)} {at:%d} {short_month(at)} {at:%H:%M}"
        yield wrap(told, 12, f"  {_id(entry)}  {when}  ")
    hidden = len(book.history(evening)) - len(shown)
    if hidden:
        more = _("and {count} replaced or taken back: add --history")
        yield wrap(more.format(count=hidden))


def entry_in_words(
    entry: Entry, holding: set[str], clock: PersonClock, measures: Mapping[str, Measure]
) -> str:
    """Return what an entry tells, and how it stands; `holding`: the ids of those that hold."""
    late = late_in_words(days_late(entry))
    marks = [_standing(entry, holding), late, elsewhere(entry, clock)]
    return "; ".join(part for part in [*_one_line(entry, measures), *marks] if part)


def _standing(entry: Entry, holding: set[str]) -> str:
    if entry.body is None:
        return ""
    replaces = _("replaces {id}").format(id=entry.replaces[:SHOWN_ID]) if entry.replaces else ""
    over = "" if entry.id in holding else _("holds no longer")
    return "; ".join(part for part in (replaces, over) if part)


def _one_line(entry: Entry, measures: Mapping[str, Measure]) -> Iterator[str]:
    if entry.body is None:
        yield _("takes {id} back").format(id=entry.replaces[:SHOWN_ID])
    elif isinstance(entry.body, Cramp):
        yield _("cramp at {time}").format(time=f"{entry.body.at:%H:%M}")
        yield from _details(entry, measures)
    else:
        lines = list(_details(entry, measures))
        yield from lines or [cramps_in_words(entry.body.cramps)]


def _id(entry: Entry) -> str:
    return entry.id[:SHOWN_ID]


def night_json(evening: dt.date, book: Book, history: bool) -> dict[str, Any]:
    """Return a night for programs: the night, its entries, and with `history` all of them."""
    entries = book.history(evening) if history else book.told(evening)
    return {"night": book.night(evening), "entries": entries}
