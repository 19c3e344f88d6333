"""The people in the store, by their key: who is there, and how all of somebody goes."""

from __future__ import annotations

from nightcramp.app.access.database import forget
from nightcramp.store.database import opened
from nightcramp.store.people import remove_person
from nightcramp.store.place import current_place, guarded
from nightcramp.store.reading import people_in
from nightcramp.store.upgrade import is_current


def people_here() -> dict[str, str]:
    """Return the name of everybody in the store by their key, oldest first; raises StoreError.

    It keeps no writer waiting.
    """
    place = current_place()
    if place.exists():
        with guarded(place), place.engine(locks=False).connect() as connection:
            if is_current(connection):
                found = people_in(connection).values()
                return {record.key: record.name for record in found}
    with opened(everyone=True) as store:
        return {record.key: record.name for record in people_in(store.connection).values()}


def remove_with_access(name: str) -> list[str]:
    """Remove somebody with everything of theirs, and what they sign in with.

    Returns the files that were moved aside and still hold what was theirs.
    """
    with opened(everyone=True) as store:
        keys = {record.name: record.key for record in people_in(store.connection).values()}
        remove_person(store, name)
        aside = store.journal.place.moved_aside()
    forget(keys[name])
    return aside
