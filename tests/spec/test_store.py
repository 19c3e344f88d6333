"""What the store promises, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from locked_trials import keep_trial
from nightcramp.diary.entry import Entry
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.intake.reading import Reading
from nightcramp.person.fact import Fact, Provenance
from nightcramp.person.night import Night
from nightcramp.store.database import StoreError, opened
from nightcramp.store.entries import add_entries, all_entries
from nightcramp.store.findings import keep_findings, kept_findings
from nightcramp.store.imports import add_import, stored_readings
from nightcramp.store.people import add_person, list_people, remove_person, rename_person
from nightcramp.store.place import current_place
from nightcramp.store.restore import restore
from nightcramp.store.tables import HEAD
from nightcramp.store.trials import kept_trials
from nightcramp.store.trouble import DamagedError
from stores import NOON, cramp, told

SECRET = "hunter2"
READING = Reading(
    file="a",
    format="CSV",
    as_of=NOON.date(),
    facts=[Fact(kind="answer", id="x", value=1.0, provenance=Provenance(file="a", at="1"))],
    nights=[Night(evening=NOON.date(), cramps=1)],
)


def tell(*entries: Entry, person: str | None = None) -> list[bool]:
    """Add entries in one transaction."""
    with opened(person) as store:
        return add_entries(store, entries)


def notes(person: str | None = None) -> list[str]:
    """Return the notes of the cramps that are there, in order."""
    with opened(person) as store:
        return [entry.body.note for entry in all_entries(store) if entry.body]


def all_of_mine() -> tuple[object, ...]:
    """Return everything of the person, by the ways in which the program reads it."""
    with opened() as store:
        return all_entries(store), stored_readings(store), kept_findings(store), kept_trials(store)


def change(statement: str) -> None:
    """Change the database behind the program's back."""
    with current_place().engine().connect() as connection, connection.begin():
        connection.execute(text(statement))


# --- entries ---


@pytest.mark.usefixtures("store_home")
def test_entries_come_back_as_told_in_order_of_arrival() -> None:
    """Whatever their clocks said."""
    entries = [
        cramp(60, "late", pain=7, muscles=("calf", "foot"), woke=True),
        cramp(-600, "early"),
        told(dt.date(2026, 3, 13), cramps=0, values={"steps": 1234.5, "own:wine": 1.0}),
    ]
    for entry in entries:
        assert tell(entry) == [True]
    with opened() as store:
        assert all_entries(store) == entries


@pytest.mark.usefixtures("store_home")
def test_the_same_entry_twice_is_there_once() -> None:
    """Also twice in one go."""
    first, second = cramp(0, "a"), cramp(1, "b")
    assert tell(first, first) == [True, False]
    assert tell(second, first) == [True, False]
    assert notes() == ["a", "b"]


@pytest.mark.usefixtures("store_home")
def test_another_entry_with_an_id_that_is_there_is_refused() -> None:
    """And nothing that came with it is written."""
    first = cramp(0, "a")
    tell(first)
    other = Entry(id=first.id, made_at=NOON, zone="UTC", body=cramp(0, "b").body)
    with pytest.raises(InputError, match=first.id):
        tell(cramp(2, "c"), other)
    assert notes() == ["a"]


@pytest.mark.usefixtures("store_home")
@pytest.mark.parametrize(
    "entry",
    [
        Entry(id="1", made_at=NOON, zone="UTC"),
        told(NOON.date(), values={"steps": float("nan")}),
        cramp(0, "half a pair: \ud800"),
    ],
    ids=["short id", "no number", "no text"],
)
def test_what_would_not_come_back_is_refused(entry: Entry) -> None:
    """With a sentence, not kept in part."""
    with pytest.raises(InputError):
        tell(cramp(), entry)
    assert notes() == []


def _tell_and_fail() -> None:
    with opened() as store:
        assert add_entries(store, [cramp(1, "b")]) == [True]
        keep_findings(store, "", NOON, "no JSON")


@pytest.mark.usefixtures("store_home")
def test_an_error_on_the_way_leaves_everything_as_it_was() -> None:
    """Entries added before it are gone with it, from the journal too."""
    tell(cramp(0, "a"))
    with pytest.raises(InputError):
        _tell_and_fail()
    assert notes() == ["a"]
    restore(replace=True)
    assert notes() == ["a"]


# --- people ---


@pytest.mark.usefixtures("store_home")
def test_people_do_not_see_each_others_diary(monkeypatch: pytest.MonkeyPatch) -> None:
    """The person is the one named, else that of the environment, else "me"."""
    with opened(everyone=True) as store:
        add_person(store, "Anna")
    same = cramp(0, "of both")
    tell(same, cramp(1, "mine"))
    tell(same, cramp(2, "Anna's"), person="Anna")
    assert notes() == ["of both", "mine"]
    assert notes("Anna") == ["of both", "Anna's"]
    monkeypatch.setenv("NIGHTCRAMP_PERSON", "Anna")
    assert notes() == ["of both", "Anna's"]


@pytest.mark.usefixtures("store_home")
def test_somebody_unknown_is_answered_with_the_names() -> None:
    """A slip of the finger starts no new diary."""
    with opened(everyone=True) as store:
        add_person(store, "Anna")
    with pytest.raises(UnknownIdError) as caught:
        notes("Ana")
    assert "Anna, me" in caught.value.hint


@pytest.mark.usefixtures("store_home")
@pytest.mark.parametrize("name", ["", "  ", "me", "x" * 61, "a\nb"])
def test_names_are_short_printable_and_free(name: str) -> None:
    """Anything else is refused, and nobody is added."""
    with pytest.raises(InputError), opened(everyone=True) as store:
        add_person(store, name)
    with opened() as store:
        assert [one.name for one in list_people(store)] == ["me"]


@pytest.mark.usefixtures("store_home")
def test_a_new_name_changes_nothing_else() -> None:
    """The only person in a store need not be named."""
    tell(cramp(0, "a"))
    with opened(everyone=True) as store:
        rename_person(store, "me", "Zoë")
    assert notes() == notes("Zoë") == ["a"]


def test_nothing_of_a_removed_person_stays(store_home: Path) -> None:
    """Not in the tables, the journal or the backups; the others' is untouched."""
    with opened(everyone=True) as store:
        add_person(store, "Anna")
    tell(cramp(0, "mine"))
    tell(cramp(0, "private"), person="Anna")
    with opened(everyone=True) as store:
        remove_person(store, "Anna")
    assert restore(replace=True).people == 1
    assert notes() == ["mine"]
    kept = [path for path in store_home.rglob("*") if path.is_file()]
    assert [path for path in kept if b"private" in path.read_bytes()] == []
    with current_place().engine().connect() as connection:
        journal = connection.scalars(text("SELECT text FROM journal")).all()
    assert journal
    assert "private" not in "".join(journal)


@pytest.mark.usefixtures("store_home")
def test_when_everybody_is_gone_there_is_an_empty_me() -> None:
    """The store goes on to work."""
    tell(cramp())
    with opened(everyone=True) as store:
        remove_person(store, "me")
    assert notes() == []
    assert tell(cramp()) == [True]


# --- findings ---


@pytest.mark.usefixtures("store_home")
def test_the_latest_analysis_counts() -> None:
    """Also when the clock says that it is older; it comes back as JSON without spaces."""
    with opened() as store:
        assert kept_findings(store) is None
        keep_findings(store, "first", NOON, '{"rate": 1.50, "of": []}')
        keep_findings(store, "second", NOON - dt.timedelta(days=9), "{}")
    with opened() as store:
        assert kept_findings(store) == ("second", NOON - dt.timedelta(days=9), "{}")


@pytest.mark.usefixtures("store_home")
def test_an_analysis_is_json() -> None:
    """Anything else is refused."""
    with pytest.raises(InputError, match="JSON"), opened() as store:
        keep_findings(store, "x", NOON, "{")


# --- damage ---

DAMAGES = {
    "another note": "UPDATE entry SET body = replace(body, 'calm', 'warm')",
    "another person": "UPDATE entry SET person_id = (SELECT max(id) FROM person)",
    "one is gone": "DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)",
    "an import is gone": 'DELETE FROM "import"',
    "a night is gone": "DELETE FROM night",
    "a fact of another": "UPDATE fact SET place = place + 1",
    "another file": "UPDATE \"import\" SET file = 'b'",
    "an analysis is gone": "DELETE FROM finding",
    "another analysis": "UPDATE finding SET body = '[]'",
    "a protocol is gone": "DELETE FROM trial",
    "another protocol": "UPDATE trial SET body = replace(body, 'Stretching', 'Walking')",
    "locked at another time": "UPDATE trial SET locked_at = '2026-03-01T00:00:00+00:00'",
    "another hash": "UPDATE trial SET sha256 = replace(sha256, substr(sha256, 1, 1), 'x')",
    "an event is gone": "DELETE FROM trial_event",
    "another event": "UPDATE trial_event SET body = replace(body, 'fever', 'fewer')",
    "a look is gone": "DELETE FROM look",
    "another verdict": "UPDATE look SET body = replace(body, 'cannot_tell', 'works')",
    "other nights": "UPDATE look SET outcomes = '[0.0]'",
    "another name": "UPDATE person SET name = 'mo' WHERE name = 'me'",
    "nobody": "DELETE FROM person",
}


@pytest.mark.usefixtures("store_home")
@pytest.mark.parametrize("statement", DAMAGES.values(), ids=DAMAGES)
def test_a_changed_row_is_noticed_and_everything_comes_back(statement: str) -> None:
    """The error names the command, which needs no more than its name."""
    with opened(everyone=True) as store:
        add_person(store, "Anna")
    tell(cramp(0, "calm"), cramp(1, "b"))
    with opened() as store:
        add_import(store, READING, "0" * 64, NOON)
        keep_findings(store, "d", NOON, "{}")
        keep_trial(store)
    before = all_of_mine()
    change(statement)
    with pytest.raises(DamagedError) as caught:
        all_of_mine()
    assert "`nightcramp restore`" in caught.value.hint
    assert restore().notes == ()
    assert all_of_mine() == before


@pytest.mark.usefixtures("store_home")
def test_a_good_store_is_not_replaced_by_accident() -> None:
    """With `replace` it is moved aside, and where to is said."""
    tell(cramp(0, "a"))
    with pytest.raises(InputError, match="nothing is wrong"):
        restore()
    assert "before" in restore(replace=True).aside
    assert notes() == ["a"]


@pytest.mark.usefixtures("store_home")
def test_a_store_of_a_newer_version_is_left_as_it_is() -> None:
    """Nothing is read from it or written to it."""
    tell(cramp(0, "a"))
    change("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer"):
        tell(cramp(1, "b"))
    change(f"UPDATE alembic_version SET version_num = '{HEAD}'")
    assert notes() == ["a"]


# --- addresses ---


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "address",
    [
        f"mysql://me:{SECRET}@host/x",
        f"postgresql://me:{SECRET}@/x?host=/nowhere",
        f"postgresql://me@/x?host=/nowhere&password={SECRET}",
        f"postgresql://me:{SECRET}@host:port/x",
        f"{SECRET} is no address",
    ],
)
def test_an_address_that_fails_never_shows_its_password(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says where to look instead."""
    monkeypatch.setenv("NIGHTCRAMP_DATABASE", address)
    with pytest.raises(StoreError) as caught:
        notes()
    assert SECRET not in str(caught.value)
    assert caught.value.hint


@pytest.mark.usefixtures("home")
def test_without_its_driver_postgresql_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The extra is named."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.setenv("NIGHTCRAMP_DATABASE", "postgresql://localhost/x")
    with pytest.raises(StoreError) as caught:
        notes()
    assert "nightcramp[postgres]" in caught.value.hint


def test_a_database_that_is_not_there_is_named(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to do about it."""
    monkeypatch.setenv("NIGHTCRAMP_DATABASE", server.replace("/postgres?", "/nothere?"))
    with pytest.raises(StoreError, match="nothere"):
        notes()


@pytest.mark.usefixtures("server")
def test_a_server_that_breaks_off_says_what_can_be_done() -> None:
    """Nothing of that transaction is there; everything of before is."""
    tell(cramp(0, "a"))
    with pytest.raises(StoreError) as caught, opened() as store:
        store.connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert "`nightcramp restore --replace`" in caught.value.hint
    assert notes() == ["a"]
