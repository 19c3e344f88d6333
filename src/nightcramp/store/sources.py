"""From what a store can be built anew: an archive, a backup and the journal, or its own tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from sqlalchemy import Connection

from nightcramp.language import gettext as _
from nightcramp.store.archive import read_archive
from nightcramp.store.backups import Backup, Backups
from nightcramp.store.journal import last_number, rows_after, transactions, transactions_of
from nightcramp.store.journal_files import Transaction
from nightcramp.store.place import Place, trouble_of
from nightcramp.store.reading import everything
from nightcramp.store.records import AnewRecord, EndRecord, Record
from nightcramp.store.trouble import DATABASE_ERRORS, DamagedError, StoreError

Group = tuple[str, Iterable[Record]]


class Source(Struct, frozen=True, kw_only=True):
    """Records that belong together, group after group, each with its name."""

    words: str
    groups: Sequence[Group]
    last: int
    """The highest number that a transaction of the journal ever had."""
    missing: tuple[str, ...] = ()
    """What is known to be missing, a sentence each."""


def source_of(place: Place, old: Connection | None, archive: Path | None) -> Source:
    """Return what to build from; raises StoreError where there is nothing."""
    backups = Backups(place.backups).all()
    found, unread = _journal(place, old)
    last = max([_last_in(old), *(b.number for b in backups), *(t.number for t in found)])
    if archive is not None:
        return Source(words=str(archive), groups=[(str(archive), read_archive(archive))], last=last)
    good = next((backup for backup in backups if backup.is_good()), None)
    chain = _chain(good, found, last, unread, gaps=place.files is None)
    if chain is None or chain.missing:
        is_newest = place.files is None or _last_in(old) == last
        chain = (_tables(old, last) if is_newest else None) or chain
    if chain is None:
        raise StoreError(
            _("there is no backup and no journal to restore from"),
            where=place.shown,
            hint=_("Give an archive: `nightcramp restore FILE`."),
        )
    return chain


def _journal(place: Place, old: Connection | None) -> tuple[list[Transaction], list[str]]:
    """Return the journal as far as it can be read, and that some of it cannot, if so."""
    found: list[Transaction] = []
    try:
        found.extend(transactions(place, old))
    except (DamagedError, *DATABASE_ERRORS) as error:
        trouble = error if isinstance(error, DamagedError) else trouble_of(place, error)
        if not isinstance(trouble, DamagedError):
            raise trouble from None
        return found, [_("The journal cannot be read to its end.")]
    finally:
        if old is not None:
            old.rollback()
    return found, []


def _last_in(old: Connection | None) -> int:
    """Return the last number the database knows, unless its place is damaged."""
    try:
        rows = list(rows_after(old, last_number(old) - 1)) if old is not None else []
    except (DamagedError, *DATABASE_ERRORS):
        return 0
    finally:
        if old is not None:
            old.rollback()
    found = [one for row in rows for one in transactions_of(*row) if not one.fault]
    return max((one.number for one in found), default=0)


def _chain(
    good: Backup | None,
    found: Sequence[Transaction],
    last: int,
    unread: Sequence[str],
    *,
    gaps: bool,
) -> Source | None:
    """Return the newest base, a good backup or a journal that begins anew, and what follows.

    `gaps`: whether numbers are left out where nothing was written, as a server does.
    """
    after = good.number if good else 0
    anew = max((one.number for one in found if one.anew and one.number > after), default=None)
    first = anew or after + 1
    later = [one for one in found if one.number >= first]
    groups = [_group(one) for one in later if not one.fault]
    numbers = range(first, last + 1) if not gaps else range(0)
    missing = (*unread, *_missing(later, numbers))
    if anew is not None:
        return Source(words=_("the journal"), groups=groups, last=last, missing=missing)
    if good is None:
        return None
    base: Group = (str(good.path), read_archive(good.path))
    words = _("the backup {path} and the journal").format(path=good.path)
    return Source(words=words, groups=[base, *groups], last=last, missing=missing)


def _group(one: Transaction) -> Group:
    marks = AnewRecord | EndRecord
    records = [record for record in one.records if not isinstance(record, marks)]
    return _("transaction {number} of the journal").format(number=one.number), records


def _missing(later: Sequence[Transaction], numbers: Iterable[int]) -> Iterator[str]:
    """Yield what is damaged in the journal, and what it does not hold."""
    yield from (f"{one.fault[:1].upper()}{one.fault[1:]}." for one in later if one.fault)
    there = {one.number for one in later}
    gone = [number for number in numbers if number not in there]
    if gone:
        lost = _("Of the transactions {first} to {last}, {count} are not in the journal.")
        yield lost.format(first=gone[0], last=gone[-1], count=len(gone))


def _tables(old: Connection | None, last: int) -> Source | None:
    """Return the tables themselves, where all of them can be read."""
    if old is None:
        return None
    try:
        records = list(everything(old))
    except (DamagedError, *DATABASE_ERRORS):
        return None
    finally:
        old.rollback()
    return Source(words=_("its own tables"), groups=[(_("the tables"), records)], last=last)
