"""What becomes of cards: counts by month, kind and reason; whose cards they were is not kept."""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec import Struct

from nightcramp.cds.cards import REASONS_AGAINST
from nightcramp.cds.messages import Reaction
from nightcramp.cds.settings import Muting
from nightcramp.errors import InputError
from nightcramp.language import gettext as _

MOST_CARDS = 50_000
NO_REASON, OTHER_REASON = "no-reason", "other-reason"


class Count(Struct, frozen=True, order=True):
    """One thing that is counted: who called which service, what kind of card, what became of it."""

    client: str
    service: str
    kind: str
    outcome: str
    reason: str = ""


@dataclass
class _Out:
    """A card that was given, until it is told what became of it."""

    client: str
    service: str
    kind: str
    told: set[str] = field(default_factory=set)


@dataclass
class Reactions:
    """Counts of cards given, accepted and overridden; in a file where one is set."""

    muting: Muting = field(default_factory=Muting)
    file: Path | None = None
    months: dict[str, Counter[Count]] = field(default_factory=dict)
    _out: OrderedDict[str, _Out] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Read the counts of earlier days."""
        if self.file is not None and self.file.exists():
            self.months = _read(self.file)

    def given(self, card: str, client: str, service: str, kind: str, today: dt.date) -> None:
        """Note that a card was given."""
        with self._lock:
            self._out[card] = _Out(client, service, kind)
            while len(self._out) > MOST_CARDS:
                self._out.popitem(last=False)
            self._add(Count(client, service, kind, "given"), today)

    def tell(self, reactions: list[Reaction], client: str, service: str, today: dt.date) -> None:
        """Count what became of cards of a client, each card and outcome once; others are not."""
        with self._lock:
            for one in reactions:
                out = self._out.get(one.card)
                if out is None or (out.client, out.service) != (client, service):
                    continue
                if one.outcome not in out.told:
                    out.told.add(one.outcome)
                    reason = _reason(one) if one.outcome == "overridden" else ""
                    self._add(Count(client, service, out.kind, one.outcome, reason), today)
            self._write()

    def is_muted(self, client: str, service: str, kind: str, today: dt.date) -> bool:
        """Return whether a client's clinicians override nearly all cards of a kind."""
        with self._lock:
            told: Counter[str] = Counter()
            for month in _last_months(today, self.muting.months):
                for count, many in self.months.get(month, Counter()).items():
                    if (count.client, count.service, count.kind) == (client, service, kind):
                        told[count.outcome] += many
        answered = told["accepted"] + told["overridden"]
        enough = answered >= self.muting.least
        return enough and told["overridden"] >= self.muting.share * answered

    def _add(self, count: Count, today: dt.date) -> None:
        month = f"{today:%Y-%m}"
        self.months.setdefault(month, Counter())[count] += 1

    def _write(self) -> None:
        if self.file is None:
            return
        plain = {
            month: [
                [*msgspec.structs.astuple(count), many] for count, many in sorted(counts.items())
            ]
            for month, counts in sorted(self.months.items())
        }
        made = self.file.with_suffix(".new")
        made.write_bytes(msgspec.json.encode(plain))
        os.replace(made, self.file)


def _reason(one: Reaction) -> str:
    """Return the code of a reason that was offered; what anybody else wrote is not kept."""
    coding = one.override_reason.reason if one.override_reason else None
    if coding is None:
        return NO_REASON
    return coding.code if coding.code in REASONS_AGAINST else OTHER_REASON


def _last_months(today: dt.date, many: int) -> list[str]:
    first = today.year * 12 + today.month - 1
    return [f"{(first - back) // 12:04}-{(first - back) % 12 + 1:02}" for back in range(many)]


def _read(file: Path) -> dict[str, Counter[Count]]:
    kind = dict[str, list[tuple[str, str, str, str, str, int]]]
    try:
        plain = msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        raise InputError(_("the counts cannot be read"), where=str(file)) from None
    return {
        month: Counter({Count(*row[:5]): row[5] for row in rows}) for month, rows in plain.items()
    }
