"""Those who write at the same time share a transaction, and nobody's entry depends on another's."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nightcramp.errors import InputError, UnknownIdError
from nightcramp.store.database import Store, opened
from nightcramp.store.entries import add_entries, all_entries
from nightcramp.store.people import add_person
from nightcramp.store.place import home
from nightcramp.store.restore import restore
from nightcramp.store.sqlite import FILE
from nightcramp.store.together import together
from stores import cramp

PEOPLE = ("me", "Anna", "Bert")
TOLD = 20


@pytest.fixture
def keys(store_home: Path) -> dict[str, str]:
    """The keys of three people, by name."""
    with opened(everyone=True) as store:
        for name in PEOPLE[1:]:
            add_person(store, name)
    return {name: key_of(name) for name in PEOPLE}


def key_of(name: str) -> str:
    with opened(name) as store:
        return store.who.key


def told_by(name: str) -> int:
    with opened(name) as store:
        return len(all_entries(store))


def tell_at_once(keys: dict[str, str]) -> list[list[bool]]:
    """Let everybody tell of their cramps, all at the same moment."""
    ready = threading.Barrier(8)

    def tell(number: int) -> list[bool]:
        if number < ready.parties:
            ready.wait()
        key = keys[PEOPLE[number % len(PEOPLE)]]
        return together(key, lambda store: add_entries(store, [cramp(number)]))

    with ThreadPoolExecutor(ready.parties) as many:
        return list(many.map(tell, range(TOLD * len(PEOPLE))))


def test_everybody_has_their_own_and_nothing_is_lost(keys: dict[str, str]) -> None:
    assert tell_at_once(keys) == [[True]] * (TOLD * len(PEOPLE))
    assert [told_by(name) for name in PEOPLE] == [TOLD] * len(PEOPLE)


def test_one_who_fails_takes_nobody_along(keys: dict[str, str]) -> None:
    def fails(store: Store) -> None:
        add_entries(store, [cramp(1)])
        raise InputError("this does not fit")

    def one(number: int) -> str:
        name = PEOPLE[number % len(PEOPLE)]
        try:
            if number % 4 == 0:
                together(keys[name], fails)
            else:
                together(keys[name], lambda store: add_entries(store, [cramp(number)]))
        except InputError as error:
            return error.message
        return "kept"

    with ThreadPoolExecutor(8) as many:
        said = list(many.map(one, range(24)))
    assert said == ["this does not fit" if number % 4 == 0 else "kept" for number in range(24)]
    assert sum(told_by(name) for name in PEOPLE) == 18


def test_somebody_who_is_not_there_is_told_so(keys: dict[str, str]) -> None:
    with pytest.raises(UnknownIdError):
        together("0" * 32, lambda store: add_entries(store, [cramp()]))


@pytest.mark.usefixtures("home")
def test_what_was_written_together_comes_back_from_the_journal(home_keys: dict[str, str]) -> None:
    tell_at_once(home_keys)
    (home() / FILE).write_bytes(b"broken")
    restore(None)
    assert [told_by(name) for name in PEOPLE] == [TOLD] * len(PEOPLE)


@pytest.fixture
def home_keys(home: Path) -> dict[str, str]:
    """The keys of three people in a store that is a file."""
    with opened(everyone=True) as store:
        for name in PEOPLE[1:]:
            add_person(store, name)
    return {name: key_of(name) for name in PEOPLE}
