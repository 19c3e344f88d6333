"""The diary as plain text: what was logged, what to do against a cramp, one night whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nightcramp.diary.clock import length_of
from nightcramp.diary.entry import Cramp, Entry, Told
from nightcramp.diary.nights import days_late, evening_told
from nightcramp.diary.wording import (
    cramps_in_words,
    day_in_words,
    late_in_words,
    name_in_words,
    night_in_words,
    value_in_words,
)
from nightcramp.intake.diary_book import SHOWN_ID, Book
from nightcramp.intake.diary_clock import PersonClock
from nightcramp.knowledge.schema import Action, Measure
from nightcramp.person.night import Night
from nightcramp.report.words import BE_SEEN_NOTE, printable, wrap

LABEL = 32


def relief_text(action: Action) -> str:
    """Return the steps against a cramp, a short line each, and when not to do them."""
    steps = [line.split(". ")[0].removesuffix(".") + "." for line in action.how]
    lines = ["Now, against the cramp", *(wrap(step, 4, "  * ") for step in steps)]
    return "\n".join([*lines, wrap(action.harms, 4, "  x "), ""])


def be_seen_text() -> str:
    """Return when not to wait, in one sentence."""
    return wrap(BE_SEEN_NOTE, 0) + "\n"


def logged_text(entry: Entry, measures: Mapping[str, Measure], today: dt.date) -> str:
    """Return what was kept, the night it belongs to, and its id."""
    done = "Now kept as" if entry.replaces else "Logged"
    lines = [wrap(f"{done}: {_headline(entry, today)}.", 2, "")]
    lines += [wrap(line, 4, "  ") for line in _details(entry, measures)]
    return printable("\n".join([*lines, f"  Id of this entry: {_id(entry)}"]) + "\n")


def night_now_text(entry: Entry, book: Book) -> str:
    """Return how many cramps the night of an entry has now, and what does not fit together."""
    evening = evening_told(entry)
    night = book.night(evening) if evening else None
    if night is None:
        return ""
    conflicts = [wrap(conflict, 4, "  ! ") for conflict in night.conflicts]
    now = f"  That night now: {cramps_in_words(night.cramps)}"
    return printable("\n".join([now, *conflicts]) + "\n")


def removed_text(entries: Sequence[Entry], today: dt.date) -> str:
    """Return what was taken back, and that it stays in the history."""
    lines = [wrap(f"Taken back: {_headline(entry, today)}.", 2, "") for entry in entries]
    evening = evening_told(entries[0])
    lines.append(wrap(f"It stays in the history: `nightcramp night {evening} --history`."))
    return "\n".join(lines) + "\n"


def _headline(entry: Entry, today: dt.date) -> str:
    evening = evening_told(entry)
    assert evening is not None
    night = f"night of {night_in_words(evening, today)}"
    if isinstance(entry.body, Cramp):
        return f"a cramp at {entry.body.at:%H:%M}, {night}"
    assert isinstance(entry.body, Told)
    only_count = entry.body == Told(evening=evening, cramps=entry.body.cramps)
    if only_count:
        return f"{cramps_in_words(entry.body.cramps)}, {night}"
    return f"{day_in_words(evening, today)} and the {night}"


def _details(entry: Entry, measures: Mapping[str, Measure]) -> Iterator[str]:
    """Yield what an entry tells beyond its headline, a line each."""
    if isinstance(entry.body, Cramp):
        told = cramp_in_words(entry.body)
        yield from [told] if told else []
    elif isinstance(entry.body, Told):
        yield from told_in_words(entry.body, measures)


def cramp_in_words(cramp: Cramp) -> str:
    """Return a cramp's details in words; empty where none were told."""
    place = " and ".join(cramp.muscles)
    leg = {None: "", "both": "both legs"}.get(cramp.leg, f"{cramp.leg} leg")
    if cramp.leg and place:
        leg = "both legs," if cramp.leg == "both" else str(cramp.leg)
    told = [
        f"{leg} {place}".strip(),
        f"pain {cramp.pain} of 10" if cramp.pain is not None else "",
        _lasted(cramp.minutes),
        {None: "", True: "woke you", False: "did not wake you"}[cramp.woke],
        _helped(cramp),
        {None: "", True: "sore the next day", False: "not sore the next day"}[cramp.sore_next_day],
        f'"{cramp.note}"' if cramp.note else "",
    ]
    return "; ".join(part for part in told if part)


def _lasted(minutes: float | None) -> str:
    if minutes is None:
        return ""
    if minutes < 1:
        return f"{minutes * 60:.0f} seconds"
    return f"{minutes:.3g} minute{'' if minutes == 1 else 's'}"


def _helped(cramp: Cramp) -> str:
    if "nothing" in cramp.relief:
        return "nothing helped"
    return f"helped: {', '.join(cramp.relief)}" if cramp.relief else ""


def told_in_words(told: Told, measures: Mapping[str, Measure]) -> Iterator[str]:
    """Yield what was told of a night and its day, a line each."""
    if told.cramps is not None and (told.values or told.medicines or told.note):
        yield cramps_in_words(told.cramps)
    for key, value in told.values.items():
        yield f"{name_in_words(key, measures)}: {value_in_words(key, value, measures)}"
    for medicine in told.medicines:
        dose = f" {medicine.dose}" if medicine.dose else ""
        verb = "taken" if medicine.taken else "missed"
        yield f"{medicine.name.replace('_', ' ')}{dose}: {verb}"
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
        f"Night of {night_in_words(evening, clock.today)}: {cramps_in_words(night.cramps)}",
        *_of_the_count(night),
        *_length(evening, clock),
        *_titled("Cramps", _cramps(book.told(evening), clock)),
        *_titled("The day before it", _values(night, measures, "day")),
        *_titled("The night itself", _values(night, measures, "night")),
        *_titled("Notes", [wrap(night.note, 2)] if night.note else []),
        *_titled("What does not fit together", (wrap(c, 4, "  ! ") for c in night.conflicts)),
        *_titled("Entries", _entries(book, evening, clock, measures, history)),
    ]
    return printable("\n".join(parts) + "\n")


def _titled(title: str, lines: Iterator[str] | Sequence[str]) -> list[str]:
    found = list(lines)
    return ["", title, *found] if found else []


def _of_the_count(night: Night) -> Iterator[str]:
    origin = night.origins.get("cramps", "")
    if origin:
        yield f"  counted in {origin}"
    if night.cramps is None:
        yield wrap("Whether there was a cramp is not logged; that is not the same as none.")


def _length(evening: dt.date, clock: PersonClock) -> Iterator[str]:
    hours = length_of(evening, clock.zone) / dt.timedelta(hours=1)
    if hours != 24:
        yield f"  From noon to noon it had {hours:g} hours: the clock was changed."


def _cramps(entries: Sequence[Entry], clock: PersonClock) -> Iterator[str]:
    cramps = [(entry, entry.body) for entry in entries if isinstance(entry.body, Cramp)]
    for entry, cramp in sorted(cramps, key=lambda pair: pair[1].at):
        told = cramp_in_words(cramp) or "nothing more told yet"
        yield wrap(f"{told}{_elsewhere(entry, clock)}  [{_id(entry)}]", 9, f"  {cramp.at:%H:%M}  ")


def _elsewhere(entry: Entry, clock: PersonClock) -> str:
    return f" (by the clock of {entry.zone})" if entry.zone != clock.name else ""


def _values(night: Night, measures: Mapping[str, Measure], belongs: str) -> Iterator[str]:
    """Yield what is known of the day or of the night, in the order of the knowledge's list."""
    place = {name: number for number, name in enumerate(measures)}
    for key in sorted(night.values, key=lambda key: (place.get(key, len(place)), key)):
        if belongs == (measures[key].belongs if key in measures else "day"):
            name = name_in_words(key, measures)
            told = value_in_words(key, night.values[key], measures)
            yield f"  {name:<{LABEL}}  {told:<10}  {night.origins.get(key) or 'you'}".rstrip()


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
        late = late_in_words(days_late(entry))
        marks = [_standing(entry, holding), late, _elsewhere(entry, clock).strip(" ()")]
        told = "; ".join(part for part in [*_one_line(entry, measures), *marks] if part)
        when = f"{entry.made_at:%a %d %b %H:%M}"
        yield wrap(told, 12, f"  {_id(entry)}  {when}  ")
    hidden = len(book.history(evening)) - len(shown)
    if hidden:
        yield wrap(f"and {hidden} replaced or taken back: add --history")


def _standing(entry: Entry, holding: set[str]) -> str:
    if entry.body is None:
        return ""
    replaces = f"replaces {entry.replaces[:SHOWN_ID]}" if entry.replaces else ""
    over = "" if entry.id in holding else "holds no longer"
    return "; ".join(part for part in (replaces, over) if part)


def _one_line(entry: Entry, measures: Mapping[str, Measure]) -> Iterator[str]:
    if entry.body is None:
        yield f"takes {entry.replaces[:SHOWN_ID]} back"
    elif isinstance(entry.body, Cramp):
        yield f"cramp at {entry.body.at:%H:%M}"
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
