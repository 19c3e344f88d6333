"""Everything the store holds of one person: imports, nights, findings from them, and trials."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field

import msgspec

from nightcramp import __version__
from nightcramp.diary.nights import nights_of
from nightcramp.errors import InputError
from nightcramp.intake.diary_facts import with_diary
from nightcramp.intake.merge import merged
from nightcramp.intake.reading import Reading
from nightcramp.intake.told import ToldStory, told_in
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import gettext as _
from nightcramp.person.facts import Facts
from nightcramp.person.finding import Findings
from nightcramp.person.night import Night
from nightcramp.store.database import Store
from nightcramp.store.entries import all_entries
from nightcramp.store.findings import keep_findings, kept_findings
from nightcramp.store.imports import stored_readings
from nightcramp.store.trials import KeptTrial, kept_trials, latest_verdicts


@dataclass(frozen=True)
class OwnRecord:
    """What was told in interviews and imported, and what the diary holds.

    `kept` is the latest analysis with the digest it was made of; `trials`: all locked trials by
    id, oldest first. `readings` are of `told` and `imported` together.
    """

    readings: list[Reading]
    nights: list[Night]
    kept: tuple[str, Findings] | None
    trials: dict[str, KeptTrial] = field(default_factory=dict)
    told: ToldStory = field(default_factory=ToldStory)
    imported: list[Reading] = field(default_factory=list)

    def digest(self) -> str:
        """Return a digest of everything that findings depend on."""
        known = knowledge()
        facts = [[reading.as_of, reading.facts] for reading in self.readings]
        parts = [__version__, self.nights, facts, known.diary_model, list(known.measures.values())]
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()

    def up_to_date(self) -> Findings | None:
        """Return the kept findings if nothing they depend on has changed since."""
        if self.kept is None or self.kept[0] != self.digest():
            return None
        return self.kept[1]

    def facts(self, as_of: dt.date | None = None) -> Facts:
        """Return the facts of imports and diary, with what findings and verdicts show.

        Raises InputError where there is nothing yet.
        """
        date = as_of or dt.date.today()
        readings = with_diary(self.readings, self.nights, date)
        found = self.kept[1].findings if self.kept else ()
        verdicts = latest_verdicts(self.trials)
        shown = any(f.state == "found" for f in found) or any(v.tells for v in verdicts)
        if not readings and not shown:
            raise InputError(
                _("there is nothing to assess yet"),
                hint=_("Give a story file, `nightcramp import` your records, or keep a diary."),
            )
        facts = merged(readings, date)
        return Facts(facts.knowledge, facts.all, found, verdicts)


def own_record(store: Store) -> OwnRecord:
    """Return what the store holds of its person."""
    imports, told = stored_readings(store), told_in(store, knowledge())
    imported = [reading.nights for reading in imports]
    return OwnRecord(
        told=told,
        imported=imports,
        readings=[*told.readings(knowledge()), *imports],
        nights=nights_of(all_entries(store), imported, knowledge().measures),
        kept=_kept(store),
        trials=kept_trials(store),
    )


def _kept(store: Store) -> tuple[str, Findings] | None:
    """Return the kept findings; those of a version that wrote them otherwise are made anew."""
    kept = kept_findings(store)
    if kept is None:
        return None
    try:
        return kept[0], msgspec.json.decode(kept[2], type=Findings)
    except msgspec.ValidationError:
        return None


def keep(store: Store, record: OwnRecord, findings: Findings) -> None:
    """Keep findings with the digest of what they were made of."""
    now = dt.datetime.now().astimezone()
    keep_findings(store, record.digest(), now, msgspec.json.encode(findings).decode())
