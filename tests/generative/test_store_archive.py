"""Archives: whatever was told comes back identical, and no hostile file gets in by half."""

from __future__ import annotations

import datetime as dt
import io
import os
import random
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from locked_trials import keep_trial
from nightcramp.diary.entry import Cramp, Entry, Leg, Medicine, Muscle, Relief, Told
from nightcramp.errors import InputError
from nightcramp.intake.reading import Account, Reading
from nightcramp.person.fact import Fact, LabResult, MedicineUse, Provenance
from nightcramp.person.night import Night
from nightcramp.store import archive
from nightcramp.store.archive import read_archive, write_archive
from nightcramp.store.database import opened
from nightcramp.store.entries import add_entries, all_entries
from nightcramp.store.findings import keep_findings
from nightcramp.store.imports import add_import
from nightcramp.store.people import add_person
from nightcramp.store.reading import everything
from nightcramp.store.records import json_of
from nightcramp.store.restore import restore
from stores import cramp

CASES = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

numbers = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(max_size=20)
zones = st.one_of(st.none(), st.timezones())
moments = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1), timezones=zones)
days = st.dates()
cramps = st.builds(
    Cramp,
    at=moments,
    leg=st.sampled_from([None, *get_args(Leg)]),
    muscles=st.lists(st.sampled_from(get_args(Muscle))).map(tuple),
    pain=st.none() | st.integers(0, 10),
    minutes=st.none() | numbers,
    woke=st.none() | st.booleans(),
    relief=st.lists(st.sampled_from(get_args(Relief))).map(tuple),
    note=words,
)
nights_told = st.builds(
    Told,
    evening=days,
    cramps=st.none() | st.integers(0, 9),
    values=st.dictionaries(words, numbers, max_size=4),
    medicines=st.lists(st.builds(Medicine, name=words, taken=st.booleans()), max_size=2).map(tuple),
    note=words,
)
entries = st.builds(
    Entry,
    id=st.uuids().map(lambda found: found.hex),
    made_at=moments,
    zone=words,
    replaces=words,
    body=st.none() | cramps | nights_told,
)
provenances = st.builds(Provenance, file=words, at=words)
facts = st.builds(
    Fact,
    kind=st.sampled_from(["answer", "condition", "medicine", "lab", "unrecognised"]),
    id=words,
    value=st.one_of(
        st.none(),
        st.booleans(),
        numbers,
        words,
        st.lists(words, max_size=2),
        st.builds(MedicineUse, dose=words, since_days=st.none() | numbers),
        st.builds(LabResult, value=st.none() | numbers, low=st.none() | numbers),
    ),
    provenance=provenances,
)
nights = st.builds(
    Night,
    evening=days,
    cramps=st.none() | st.integers(0, 9),
    values=st.dictionaries(words, numbers, max_size=3),
    provenance=st.lists(provenances, max_size=1).map(tuple),
    origins=st.dictionaries(words, words, max_size=2),
)
readings = st.builds(
    Reading,
    file=words,
    format=words,
    as_of=days,
    facts=st.lists(facts, max_size=4),
    nights=st.lists(nights, max_size=4, unique_by=lambda night: night.evening),
    account=st.builds(Account, to_ask=st.lists(words, max_size=2)),
)
_count = iter(range(10**9))


@contextmanager
def fresh_home(folder: Path) -> Iterator[Path]:
    """Use a data folder that nothing is in yet."""
    before = os.environ["NIGHTCRAMP_HOME"]
    home = folder / f"home{next(_count)}"
    os.environ["NIGHTCRAMP_HOME"] = str(home)
    try:
        yield home
    finally:
        os.environ["NIGHTCRAMP_HOME"] = before
        shutil.rmtree(home, ignore_errors=True)


def exported(path: Path) -> bytes:
    """Write an archive of everybody; return its bytes."""
    with opened(everyone=True) as store, path.open("wb") as handle:
        write_archive(handle, everything(store.connection))
    return path.read_bytes()


def keep(told: list[Entry], imported: list[Reading], analysis: str) -> None:
    """Keep all of it, the entries for two people."""
    with opened(everyone=True) as store:
        add_person(store, "Zoë")
    for person in ("me", "Zoë"):
        with opened(person) as store:
            add_entries(store, told)
            for number, reading in enumerate(imported):
                add_import(store, reading, f"{number}", dt.datetime(2026, 1, 1))
            keep_findings(store, "d", dt.datetime(2026, 1, 1, tzinfo=dt.UTC), json_of(analysis))
            keep_trial(store)


@CASES
@given(
    told=st.lists(entries, max_size=6, unique_by=lambda entry: entry.id),
    imported=st.lists(readings, max_size=2),
    analysis=words,
)
def test_export_restore_export_is_identical(
    home: Path, tmp_path: Path, told: list[Entry], imported: list[Reading], analysis: str
) -> None:
    """To the last byte, and the entries are those that were told, in their order."""
    with fresh_home(tmp_path):
        keep(told, imported, analysis)
        before = exported(tmp_path / "before.zip")
    with fresh_home(tmp_path):
        restore(tmp_path / "before.zip")
        assert exported(tmp_path / "after.zip") == before
        with opened("Zoë") as store:
            assert [json_of(one) for one in all_entries(store)] == [json_of(one) for one in told]


def test_an_archive_goes_from_one_database_to_the_other(
    home: Path, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the server to a file on this machine, identical, and its numbers go on."""
    reading = Reading(file="f", format="CSV", as_of=dt.date(2026, 1, 1))
    keep([cramp(0, "a"), cramp(1, "b\0ü")], [reading, reading], "x")
    before = exported(tmp_path / "before.zip")
    monkeypatch.delenv("NIGHTCRAMP_DATABASE")
    restore(tmp_path / "before.zip")
    assert exported(tmp_path / "between.zip") == before
    monkeypatch.setenv("NIGHTCRAMP_DATABASE", server)
    restore(tmp_path / "between.zip", replace=True)
    assert exported(tmp_path / "after.zip") == before
    with opened() as store:
        assert add_import(store, reading, "new", dt.datetime(2026, 1, 1)) == 5


# --- hostile archives ---


@pytest.fixture
def good(home: Path, tmp_path: Path) -> Path:
    """An archive with something of everything."""
    reading = Reading(
        file="diary.csv",
        format="CSV",
        as_of=dt.date(2026, 1, 1),
        facts=[Fact(kind="answer", id="x", value=1.0, provenance=Provenance(file="f", at="1"))],
        nights=[Night(evening=dt.date(2026, 1, 1), cramps=1)],
    )
    with fresh_home(tmp_path):
        keep([cramp(0, "a"), cramp(1, "b")], [reading], "x")
        exported(tmp_path / "good.zip")
    return tmp_path / "good.zip"


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Return a copy of an archive with its files changed."""
    with zipfile.ZipFile(path) as source:
        files = {name: source.read(name) for name in source.namelist()}
    change(files)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return path


def lines_of(files: dict[str, bytes], name: str) -> list[bytes]:
    """Return the lines of a file in an archive."""
    return files[name].splitlines(keepends=True)


def replaced(name: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    """Return a change that replaces the first of some bytes in a file."""

    def change(files: dict[str, bytes]) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return change


def without(name: str) -> Callable[[dict[str, bytes]], None]:
    """Return a change that leaves a file out."""
    return lambda files: files.pop(name) and None


def added(name: str, content: bytes) -> Callable[[dict[str, bytes]], None]:
    """Return a change that adds to a file, or adds a file."""

    def change(files: dict[str, bytes]) -> None:
        files[name] = files.get(name, b"") + content

    return change


def doubled(name: str) -> Callable[[dict[str, bytes]], None]:
    """Return a change that writes the first line of a file twice."""

    def change(files: dict[str, bytes]) -> None:
        files[name] = lines_of(files, name)[0] + files[name]

    return change


HERE = f'"format": {archive.FORMAT}'.encode()

FAULTS = {
    "a path that climbs": (added("../../evil", b"x"), "evil"),
    "another file": (added("x.exe", b"x"), "x.exe"),
    "a file is missing": (without("nights.jsonl"), "nights.jsonl"),
    "no JSON": (replaced("entries.jsonl", b'"body"', b"body"), "entries.jsonl line 1"),
    "a word for a number": (replaced("facts.jsonl", b":0,", b':"0",'), "facts.jsonl line 1"),
    "a line is cut off": (added("entries.jsonl", b'{"is":"entry"'), "entries.jsonl line 5"),
    "an end in between": (replaced("people.jsonl", b"}\n", b"\n"), "people.jsonl line 1"),
    "an entry twice": (doubled("entries.jsonl"), "entries.jsonl line 2"),
    "a person twice": (doubled("people.jsonl"), "people.jsonl line 2"),
    "an import twice": (doubled("imports.jsonl"), "imports.jsonl line 2"),
    "a fact twice": (doubled("facts.jsonl"), "facts.jsonl line 2"),
    "a night is gone": (lambda files: files.update({"nights.jsonl": b""}), "good.zip"),
    "of nobody": (replaced("entries.jsonl", b'"person":"', b'"person":"0'), "entries.jsonl line 1"),
    "of no import": (replaced("nights.jsonl", b'"number":1', b'"number":7'), "nights.jsonl line 1"),
    "a line elsewhere": (
        lambda files: files.update({"findings.jsonl": files["entries.jsonl"]}),
        "findings.jsonl line 1",
    ),
    "bad letters": (replaced("people.jsonl", b'"me"', b'"\xff"'), "people.jsonl line 1"),
    "deep brackets": (
        added("findings.jsonl", b'{"is":"findings","findings":' + b"[" * 100_000 + b"\n"),
        "findings.jsonl line 3",
    ),
    "a trial twice": (doubled("trials.jsonl"), "trials.jsonl line 2"),
    "another protocol": (replaced("trials.jsonl", b"0.75", b"0.95"), "trials.jsonl line 1"),
    "a look at no trial": (replaced("looks.jsonl", b"stretching-1", b"x"), "looks.jsonl line 1"),
    "trials are missing": (without("trials.jsonl"), "trials.jsonl"),
    "older than its files": (replaced("schema.json", HERE, b'"format": 1'), "good.zip"),
    "a newer format": (replaced("schema.json", HERE, b'"format": 99'), "schema.json"),
}


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("change", "place"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_file_and_line(
    good: Path, change: Callable[[dict[str, bytes]], None], place: str
) -> None:
    """And nothing of it is restored: the store is as empty as before."""
    with pytest.raises(InputError) as caught:
        restore(rewritten(good, change))
    assert place in str(caught.value)
    with opened() as store:
        assert all_entries(store) == []


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("number", range(1, archive.FORMAT))
def test_an_archive_of_an_earlier_format_is_restored(good: Path, number: int) -> None:
    """All of it, as it was written then: trials and interviews came later."""

    def as_before(files: dict[str, bytes]) -> None:
        for name, since in archive.SINCE.items():
            if since > number:
                del files[name]
        written = f'"format": {number}'.encode()
        files["schema.json"] = files["schema.json"].replace(HERE, written)

    assert restore(rewritten(good, as_before)).entries == 4
    with opened() as store:
        assert len(all_entries(store)) == 2


@pytest.mark.usefixtures("home")
def test_a_bomb_is_not_unpacked(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that would become gigabytes is given up early."""
    monkeypatch.setattr(archive, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(archive, "LONGEST_LINE", 1 << 16)
    with pytest.raises(InputError, match="too much"):
        restore(rewritten(good, added("findings.jsonl", b" " * (1 << 24))))
    many = b'{"is":"person"}\n' * 2
    with pytest.raises(InputError):
        restore(rewritten(good, added("people.jsonl", many * (1 << 18))))


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_archive_is_refused_or_right(good: Path, seed: int) -> None:
    """Bytes changed or cut anywhere: an error for people, or everything that was in it."""
    wanted = list(read_archive(good))
    dice, data = random.Random(seed), bytearray(good.read_bytes())
    for _ in range(dice.choice([1, 1, 3, 20])):
        data[dice.randrange(len(data))] = dice.randrange(256)
    if seed % 4 == 0:
        del data[dice.randrange(len(data)) :]
    good.write_bytes(data)
    try:
        found = list(read_archive(good))
    except InputError as error:
        found, place = wanted, error.where
    else:
        place = str(good)
    assert found == wanted
    assert str(good) in place


def test_the_same_records_give_the_same_bytes(good: Path) -> None:
    """Whenever and wherever an archive is written; it explains itself."""
    target = io.BytesIO()
    write_archive(target, read_archive(good))
    assert target.getvalue() == good.read_bytes()
    with zipfile.ZipFile(good) as found:
        assert {"README.txt", "schema.json"} <= set(found.namelist())


def test_every_line_follows_the_schema(good: Path) -> None:
    """The schema in an archive describes the lines beside it."""
    import json

    import jsonschema

    with zipfile.ZipFile(good) as found:
        validator = jsonschema.Draft202012Validator(json.loads(found.read("schema.json")))
        lines = [
            json.loads(line)
            for name in archive.KINDS
            for line in found.read(name).decode().splitlines()
        ]
    assert len(lines) == 20
    assert [error.message for line in lines for error in validator.iter_errors(line)] == []
    assert list(validator.iter_errors({**lines[0], "key": 1})) != []
