"""Opens a person's diary: entries, what corrects what, and nights with what imports brought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from nightcramp.diary.corrections import Chains
from nightcramp.diary.entry import Cramp, Entry
from nightcramp.diary.nights import evening_told, nights_of
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.intake.reading import Reading
from nightcramp.knowledge.schema import Measure
from nightcramp.language import gettext as _
from nightcramp.person.night import Night

LEAST_ID, SHOWN_ID = 4, 8
SHOWN = 5


class Book:
    """One person's diary as it stands: its entries, their chains and its nights by evening."""

    def __init__(
        self,
        entries: Sequence[Entry],
        readings: Sequence[Reading],
        measures: Mapping[str, Measure],
    ) -> None:
        self.chains = Chains(entries)
        self.nights = {
            night.evening: night
            for night in nights_of(entries, [reading.nights for reading in readings], measures)
        }

    @property
    def logged(self) -> Collection[dt.date]:
        """Return the evenings of which it is known whether there was a cramp."""
        return [night.evening for night in self.nights.values() if night.cramps is not None]

    def night(self, evening: dt.date) -> Night:
        """Return what is known of a night; nothing, where nothing is."""
        return self.nights.get(evening) or Night(evening=evening)

    def told(self, evening: dt.date) -> list[Entry]:
        """Return the entries that hold and tell of a night, oldest first."""
        return [entry for entry in self.chains.standing if evening_told(entry) == evening]

    def history(self, evening: dt.date) -> list[Entry]:
        """Return every entry that tells of a night, or replaced or took back one that did."""
        about = {
            self.chains.root_of(entry)
            for entry in self.chains.known.values()
            if evening_told(entry) == evening
        }
        return [e for e in self.chains.known.values() if self.chains.root_of(e) in about]

    def current(self, name: str) -> list[Entry]:
        """Return what holds now of the entry with this id (or the start of it), or `last`.

        Raises UnknownIdError for an id that is not there or not long enough to be one.
        """
        if name == "last":
            return self._last(self.chains.standing)
        wanted = name.strip().casefold()
        found = [known for known in self.chains.known if known.startswith(wanted)]
        if len(wanted) < LEAST_ID or not found:
            raise UnknownIdError(
                _("there is no entry {name!r}").format(name=name[:40]),
                hint=_("`nightcramp night last` shows the ids; the first four signs are enough."),
            )
        if len(found) > 1:
            names = ", ".join(known[: SHOWN_ID + 4] for known in found[:SHOWN])
            several = _("several entries begin with {name!r}: {names}")
            raise UnknownIdError(several.format(name=name, names=names))
        return self.chains.current(found[0])

    def to_take_back(self, name: str) -> list[Entry]:
        """Return what holds now of an entry; raises InputError where nothing does any more."""
        held = self.current(name)
        if not held:
            raise InputError(_("this entry is taken back already; nothing was changed"))
        return held

    def cramp(self, name: str) -> tuple[Entry, Cramp]:
        """Return the one cramp that an id means, or the latest for `last`; raises InputError."""
        cramps = [e for e in self.chains.standing if isinstance(e.body, Cramp)]
        if name == "last":
            held = sorted(cramps, key=lambda e: e.body.at)[-1:]  # type: ignore[union-attr]
        else:
            held = self.current(name)
        if len(held) > 1:
            names = _(" and ").join(entry.id[:SHOWN_ID] for entry in held)
            raise InputError(
                _("it was corrected in two ways: {names}").format(names=names),
                hint=_("Name one of them."),
            )
        if not held or not isinstance(held[0].body, Cramp):
            raise InputError(
                _("that is no cramp that stands in the diary"),
                hint=_(
                    "`nightcramp log` tells of a cramp now, `nightcramp log cramp --at 03:10` of "
                    "one before."
                ),
            )
        return held[0], held[0].body

    def _last(self, entries: Sequence[Entry]) -> list[Entry]:
        if not entries:
            raise InputError(_("nothing is logged yet"), hint=_("`nightcramp log` logs a cramp."))
        return list(entries[-1:])
