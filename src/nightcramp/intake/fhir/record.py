"""One person's record while it is read: what came in, what it gave, and what was left out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from nightcramp.intake.fhir.codes import Codes
from nightcramp.intake.fhir.dates import day_of
from nightcramp.intake.reading import Account
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.fact import Provenance

SHOWN_PLACES = 6


@dataclass(slots=True)
class Entry:
    """One resource of a kind that is read, and where it stands."""

    kind: str
    place: str
    resource: Any
    url: str = ""
    dated: str = ""


@dataclass
class Record:
    """Everything read of one person, by kind of resource."""

    knowledge: Knowledge
    codes: Codes
    file: str
    as_of: dt.date
    account: Account
    entries: dict[str, list[Entry]] = field(default_factory=dict)
    medications: dict[str, Any] = field(default_factory=dict)

    def of(self, kind: str) -> list[Entry]:
        """Return the resources of one kind, in the order of the file."""
        return self.entries.get(kind, [])

    def leave_out(self, entry: Entry, reason: str) -> None:
        """Account for a resource that gave nothing."""
        self.account.leave_out(entry.kind, reason)

    def use(self, entry: Entry) -> None:
        """Account for a resource that gave a fact."""
        self.account.used[entry.kind] += 1

    def day(self, *texts: str) -> dt.date | None:
        """Return the first of some dates that can be one; counts those that cannot."""
        for text in texts:
            if text:
                day = day_of(text, self.as_of)
                if day is not None:
                    return day
                self.account.leave_out("dates", noted("not a date that can be"))
        return None

    def days_ago(self, day: dt.date | None) -> float | None:
        """Return how long before the reading's date a day is."""
        return None if day is None else float((self.as_of - day).days)

    def origin(self, *entries: Entry, written: str = "", note: str = "") -> Provenance:
        """Return the provenance of a fact read from some resources."""
        places = list(dict.fromkeys(entry.place for entry in entries))
        more = len(places) - SHOWN_PLACES
        at = ", ".join(places[:SHOWN_PLACES])
        if more > 0:
            at = _("{names} and {more} more").format(names=at, more=more)
        return Provenance(file=self.file, at=at, written=written, note=note)


def changed_meaning(resource: Any) -> bool:
    """Return whether a resource carries a modifier that may turn its meaning round."""
    return bool(resource.modifier_extension)
