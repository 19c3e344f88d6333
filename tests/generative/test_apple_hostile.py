"""Broken and malicious exports: a reading or one clear error, soon and in little memory."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightcramp.errors import InputError
from nightcramp.intake.apple_health import archive, stream
from nightcramp.intake.apple_health.reader import read_apple_health
from nightcramp.intake.reading import Reading
from nightcramp.knowledge.loader import knowledge

SECRET = "Rosalind"
ENTRY = (
    '<Record type="HKQuantityTypeIdentifierStepCount" sourceName="Rosalind’s Apple Watch" '
    'unit="count" startDate="2025-06-09 10:00:00 +0200" endDate="2025-06-09 10:05:00 +0200" '
    'value="{}"><MetadataEntry key="HKTimeZone" value="Europe/Zurich"/></Record>\n'
)
WHOLE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<!DOCTYPE HealthData [\n<!ELEMENT HealthData (Record*)>\n"
    "<!ATTLIST Record\n type CDATA #REQUIRED\n>\n]>\n"
    '<HealthData locale="en">\n<ExportDate value="2025-06-17 12:00:00 +0200"/>\n'
    + ENTRY.format(120)
    + '<Record type="HKCategoryTypeIdentifierSleepAnalysis" sourceName="x" '
    'startDate="2025-06-09 23:00:00 +0200" endDate="2025-06-10 06:00:00 +0200" '
    'value="HKCategoryValueSleepAnalysisAsleep"/>\n'
    '<Workout duration="5" durationUnit="min" sourceName="x" '
    'startDate="2025-06-09 20:00:00 +0200" endDate="2025-06-09 20:05:00 +0200"/>\n'
    "</HealthData>\n"
)
MEGABYTE = 1_000_000


def read(path: Path) -> Reading | InputError:
    """Return the reading or the error; anything else fails the test."""
    try:
        return read_apple_health(path, knowledge())
    except InputError as error:
        return error


def refused(path: Path, data: bytes | str) -> InputError:
    """Return the error for a file that must not be read."""
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    found = read(path)
    assert isinstance(found, InputError)
    assert SECRET not in str(found)
    assert str(path) in found.where
    return found


@pytest.fixture
def xml(tmp_path: Path) -> Path:
    return tmp_path / "export.xml"


# --- entities ---

BOMB = "".join(
    f'<!ENTITY l{n} "{"&l" + str(n - 1) + ";" if n else "lol"}{"&l0;" * 9}">' for n in range(1, 10)
)


@pytest.mark.parametrize(
    "document_type",
    [
        pytest.param(f'[<!ENTITY l0 "lol">{BOMB}]', id="billion laughs"),
        pytest.param('[<!ENTITY a "text">]', id="one entity"),
        pytest.param('[<!ENTITY x SYSTEM "file:///etc/passwd">]', id="external entity"),
        pytest.param('[<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]', id="parameter entity"),
        pytest.param('[<!ENTITY % p "<!ELEMENT a EMPTY>"> %p;]', id="parameter entity inside"),
        pytest.param('SYSTEM "file:///etc/passwd"', id="external document type"),
        pytest.param('PUBLIC "x" "file:///etc/passwd"', id="public document type"),
        pytest.param('[<!ATTLIST Record value CDATA "7">]', id="values that are not there"),
        pytest.param('[<!ENTITY a "b"> <!ELEMENT broken ]', id="entity in a broken type"),
    ],
)
def test_document_types_that_are_not_apples_are_refused(xml: Path, document_type: str) -> None:
    text = f"<!DOCTYPE HealthData {document_type}>\n<HealthData>{ENTRY.format('&l9;')}</HealthData>"
    error = refused(xml, text)
    assert "line" in error.where


def test_entities_are_refused_in_other_encodings_too(xml: Path) -> None:
    text = (
        '<?xml version="1.0"?><!DOCTYPE HealthData [<!ENTITY a "b">]><HealthData>&a;</HealthData>'
    )
    refused(xml, text.encode("utf-16"))


# --- cut off, half written, wrong encoding ---


def test_cut_off_anywhere_it_is_never_half_read(xml: Path) -> None:
    data = WHOLE.encode()
    for length in range(len(data.rstrip())):
        refused(xml, data[:length])


def test_a_zip_cut_off_anywhere_is_never_half_read(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("apple_health_export/export.xml", WHOLE)
    data = path.read_bytes()
    for length in range(0, len(data), 3):
        refused(path, data[:length])


def test_an_error_inside_the_packed_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as out:
        out.writestr("apple_health_export/export.xml", WHOLE)
    refused(path, path.read_bytes().replace(b'value="120"', b'value="999"'))


def test_a_zip_of_many_disks_is_refused(tmp_path: Path) -> None:
    """Found by fuzzing: 20 bytes that look like the end of a zip of several volumes."""
    locator = b"PK\x06\x07" + b"\xff" * 16
    refused(tmp_path / "export.zip", b"PK\x03\x04" + locator + b"PK\x05\x06" + b"\0" * 18)
    refused(tmp_path / "export.xml", b"<HealthData" + locator + b"PK\x05\x06" + b"\0" * 18)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1"])
def test_encodings_that_say_what_they_are_are_read(xml: Path, encoding: str) -> None:
    text = WHOLE.replace("’", "'").replace('encoding="UTF-8"', f'encoding="{encoding[:10]}"')
    if encoding != "iso-8859-1":
        text = text.replace(f' encoding="{encoding[:10]}"', "")
    xml.write_bytes(text.encode(encoding))
    found = read(xml)
    assert isinstance(found, Reading)
    assert [night.values["steps"] for night in found.nights] == [120]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(WHOLE.encode("cp1252"), id="another encoding than it says"),
        pytest.param(WHOLE.replace("UTF-8", "EBCDIC-X").encode(), id="no such encoding"),
        pytest.param(WHOLE.replace("UTF-8", "shift_jis").encode(), id="many bytes a letter"),
        pytest.param(WHOLE.replace("UTF-8", "hex").encode(), id="a codec that is no encoding"),
        pytest.param(b"\0" * 1000, id="nothing"),
        pytest.param(b"\xff\xfe" + b"<\0" * 50, id="half a letter"),
    ],
)
def test_wrong_encodings(xml: Path, data: bytes) -> None:
    refused(xml, data)


# --- bombs ---


def peak(path: Path) -> tuple[Reading | InputError, int]:
    """Return what reading gave and the most memory Python held meanwhile."""
    knowledge()
    tracemalloc.start()
    try:
        found = read(path)
        return found, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out,
        out.open("apple_health_export/export.xml", "w") as entry,
    ):
        entry.write(b"<HealthData>")
        for _ in range(110):
            entry.write(b" " * MEGABYTE)
    found, most = peak(path)
    assert isinstance(found, InputError)
    assert most < 20 * MEGABYTE


@pytest.mark.parametrize("name", ["../export.xml", "/export.xml", "a/../../x.json", "C:\\x.xml"])
def test_paths_that_climb_out_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("apple_health_export/export.xml", WHOLE)
        out.writestr(name, "x")
    found = read(path)
    assert isinstance(found, InputError)
    assert "leads out" in found.message
    assert (
        sorted(item.name for item in tmp_path.parent.iterdir() if item.name == "export.xml") == []
    )


@pytest.mark.parametrize(
    ("piece", "count"),
    [
        pytest.param(b"<Record>", 400_000, id="records in records"),
        pytest.param(b"<a>", 1_000_000, id="depth of a million"),
        pytest.param(b'<a b="/>">', 400_000, id="depth in disguise"),
        pytest.param(b"<Correlation>", 400_000, id="correlations in correlations"),
    ],
)
def test_depth_is_bounded(xml: Path, piece: bytes, count: int) -> None:
    xml.write_bytes(b"<HealthData>" + piece * count)
    found, most = peak(xml)
    assert isinstance(found, InputError)
    assert "nested" in found.message
    assert most < 40 * MEGABYTE


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'<HealthData x="' + b"a" * 12 * MEGABYTE + b'"/>', id="one long value"),
        pytest.param(
            b"<HealthData><!--" + b"a" * 12 * MEGABYTE + b"--></HealthData>", id="comment"
        ),
        pytest.param(b"<!--<HealthData-->" + b" " * 12 * MEGABYTE, id="nothing before the data"),
    ],
)
def test_one_endless_entry_is_refused(xml: Path, data: bytes) -> None:
    xml.write_bytes(data)
    found, most = peak(xml)
    assert isinstance(found, InputError)
    assert most < 40 * MEGABYTE


def test_memory_does_not_grow_with_the_records(xml: Path) -> None:
    """Forty thousand records of one day take what five thousand take."""
    most = []
    for count in (5_000, 40_000):
        xml.write_text("<HealthData>\n" + ENTRY.format(1) * count + "</HealthData>")
        found, held = peak(xml)
        assert isinstance(found, Reading)
        assert found.account.used["StepCount"] == count
        most.append(held)
    assert most[1] < most[0] + MEGABYTE


def test_endless_kinds_sources_and_devices_are_bounded(xml: Path) -> None:
    with xml.open("w") as out:
        out.write("<HealthData>\n")
        for n in range(30_000):
            out.write(
                f'<Record type="T{n}" startDate="2025-06-09 10:00:00 +0200" endDate="x"/>'
                f'<Record type="HKQuantityTypeIdentifierStepCount" sourceName="S{n}" unit="count" '
                f'device="d{n}" startDate="2025-06-09 10:00:00 +0200" '
                f'endDate="2025-06-09 10:00:00 +0200" value="1"/>'
            )
        out.write("</HealthData>\n")
    found, most = peak(xml)
    assert isinstance(found, Reading)
    assert len(found.account.read) < 1100
    assert found.account.unused["StepCount"]["more than 64 sources"] == 30_000 - 64
    assert most < 30 * MEGABYTE


# --- anything at all ---


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_changed_bytes_give_a_reading_or_an_error(xml: Path, data: st.DataObject) -> None:
    changed = bytearray(WHOLE.encode())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(changed) - 1))
        piece = data.draw(
            st.one_of(st.binary(max_size=3), st.sampled_from([b"<", b">", b'"', b"&"]))
        )
        changed[at : at + data.draw(st.integers(0, 3))] = piece
    xml.write_bytes(bytes(changed))
    found = read(xml)
    assert isinstance(found, Reading) or "Rosalind" not in str(found)


ATTRIBUTE = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<&\"'"), max_size=40
)
KINDS = (
    "HKQuantityTypeIdentifierStepCount",
    "HKQuantityTypeIdentifierHeartRate",
    "HKQuantityTypeIdentifierBodyMass",
    "HKQuantityTypeIdentifierOxygenSaturation",
    "HKCategoryTypeIdentifierSleepAnalysis",
    "HKCategoryTypeIdentifierPregnancy",
    "HKCategoryTypeIdentifierContraceptive",
    "HKCategoryTypeIdentifierDiarrhea",
)
DATES = st.one_of(
    ATTRIBUTE,
    st.sampled_from(
        [
            "20205-06-09 10:00:00 +0200",
            "2025-06-09 10:00:00 +9999",
            "2025-06-09 10:00:00 -1500",
            "2025-06-09 10:00:00 +1500",
            "2099-12-31 23:59:59 -1200",
            "2000-01-01 00:00:00 +1400",
            "2025-06-09T10:00:00Z",
            "2025-06-09",
            "4001-01-01 00:00:00 +0000",
            "0000-00-00 00:00:00 +0000",
        ]
    ),
)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(KINDS),
        "value": st.one_of(
            ATTRIBUTE, st.floats().map(str), st.just("HKCategoryValueSleepAnalysisAsleep")
        ),
        "unit": st.sampled_from(["count", "kg", "%", "count/min", ""]),
        "sourceName": ATTRIBUTE,
        "device": ATTRIBUTE,
        "startDate": DATES,
        "endDate": DATES,
        "duration": ATTRIBUTE,
        "durationUnit": st.just("min"),
        "dateComponents": DATES,
        "activeEnergyBurned": ATTRIBUTE,
        "HKCharacteristicTypeIdentifierDateOfBirth": DATES,
    },
)
TAGS = st.sampled_from(["Record", "Workout", "ActivitySummary", "Me", "ExportDate", "Correlation"])
ZONES = st.one_of(
    ATTRIBUTE, st.sampled_from(["Asia/Tokyo", "Pacific/Kiritimati", "../x", "Europe"])
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(entries=st.lists(st.tuples(TAGS, RECORDS, st.one_of(st.none(), ZONES)), max_size=12))
def test_any_values_in_sound_xml_are_read_or_accounted_for(
    xml: Path, entries: list[tuple[str, dict[str, str], str | None]]
) -> None:
    with xml.open("w", encoding="utf-8") as out:
        out.write("<HealthData>")
        for tag, attributes, zone in entries:
            written = " ".join(f'{key}="{value}"' for key, value in attributes.items())
            inside = "" if zone is None else f'<MetadataEntry key="HKTimeZone" value="{zone}"/>'
            out.write(f"<{tag} {written}>{inside}</{tag}>")
        out.write("</HealthData>")
    found = read(xml)
    assert isinstance(found, Reading)
    assert all(count >= 0 for count in found.account.used.values())
    for night in found.nights:
        assert night.evening <= found.as_of
        for name, value in night.values.items():
            low, high = knowledge().measures[name].plausible
            assert low <= value <= high


def test_bounds_are_smaller_than_what_the_tests_send() -> None:
    assert stream.MOST_TOKEN < 12 * MEGABYTE
    assert archive.BOMB_BYTES < 110 * MEGABYTE
