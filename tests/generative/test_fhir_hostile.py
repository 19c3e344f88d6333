"""Whatever a file holds, reading it gives a Reading or an InputError, and the count adds up."""

from __future__ import annotations

import gzip
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile_fhir import FIXTURE, MUTATION, hostile_bytes, mutated
from nightcramp.errors import InputError
from nightcramp.intake.fhir.reader import read_fhir, read_fhir_resources
from nightcramp.intake.reading import Reading
from nightcramp.knowledge.loader import knowledge


def check(reading: Reading) -> None:
    """Check that every resource is used or left out with a reason, and nothing more."""
    account = reading.account
    for kind, count in account.read.items():
        left_out = sum(account.unused.get(kind, {}).values())
        assert count == account.used[kind] + left_out, kind


def read_bytes(data: bytes, name: str) -> Reading | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return read_or_refusal(lambda: read_fhir(path, knowledge()), str(path))


def read_or_refusal(read: Callable[[], Reading], file: str) -> Reading | None:
    """Return the reading, or None for a refusal that names the file."""
    try:
        return read()
    except InputError as error:
        refusal = error
    assert file in str(refusal)
    return None


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=hostile_bytes(), name=st.sampled_from(["a.json", "a.ndjson", "a"]))
def test_damaged_files_are_read_or_refused(data: bytes, name: str) -> None:
    reading = read_bytes(data, name)
    if reading is not None:
        check(reading)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=hostile_bytes(), cut=st.integers(0, 200))
def test_damaged_archives_are_read_or_refused(data: bytes, cut: int) -> None:
    packed = gzip.compress(data, 1)
    reading = read_bytes(packed[: len(packed) - cut], "a.json.gz")
    if reading is not None:
        check(reading)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutations=st.lists(MUTATION, max_size=8))
def test_parsed_resources_are_read_or_refused(mutations: list[tuple[object, ...]]) -> None:
    record = mutated(mutations)
    reading = read_or_refusal(
        lambda: read_fhir_resources([record], knowledge(), file="phone"), "phone"
    )
    if reading is not None:
        check(reading)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("deep.json", b'{"resourceType":"Patient","a":' + b"[" * 10**6, "nested too deeply"),
        ("deep.ndjson", b'{"resourceType":"Patient","a":' + b'{"a":' * 10**6, "nested too deeply"),
        ("cut.json", FIXTURE.read_bytes()[:5000], "not valid JSON"),
        ("empty.json", b"", "is empty"),
        (
            "latin.json",
            '{"resourceType":"Patient","id":"ü"}'.encode("latin-1"),
            "not text in UTF-8",
        ),
        ("other.json", b'{"a": 1}', "not FHIR"),
        ("half.ndjson", b'{"resourceType":"Patient","id":"1"}\n{"resourceType":"Pa', "line 2"),
        ("cut.json.gz", gzip.compress(FIXTURE.read_bytes())[:-40], "damaged or cut off"),
        ("bomb.json.gz", gzip.compress(b" " * 200_000_000, 9), "unpacks to far more"),
    ],
)
def test_the_error_names_the_place(name: str, data: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=says) as error:
        read_fhir(path, knowledge())
    assert str(path) in str(error.value)


@pytest.mark.parametrize("member", ["../up.json", "/etc/x.json", "a/../../x.json", "C:\\x.json"])
def test_archives_whose_paths_climb_out_are_refused(member: str, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, FIXTURE.read_text())
    with pytest.raises(InputError, match="out of the archive"):
        read_fhir(path, knowledge())


def test_zip_bombs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", b" " * 100_000_000)
    with pytest.raises(InputError, match="unpacks to far more"):
        read_fhir(path, knowledge())


def test_dates_of_the_year_20205_are_not_believed(tmp_path: Path) -> None:
    record = json.loads(FIXTURE.read_text())
    request = next(
        e["resource"]
        for e in record["entry"]
        if e["resource"]["resourceType"] == "MedicationRequest"
    )
    request["authoredOn"] = "20205-01-01"
    path = tmp_path / "a.json"
    path.write_text(json.dumps(record))
    reading = read_fhir(path, knowledge())
    assert reading.as_of == read_fhir(FIXTURE, knowledge()).as_of
    assert reading.account.unused["dates"]["not a date that can be"] == 1
