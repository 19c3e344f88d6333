"""Records in the browser: a file is read, looked at, kept or not, and taken back."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path
from typing import Any

from nightcramp.intake.own_record import own_record
from nightcramp.store.database import opened
from people import ROOT

MARGARET = ROOT / "examples" / "margaret.yaml"
NIGHTS = ROOT / "examples" / "nights.csv"


def send(app: Any, name: str, content: bytes) -> str:
    """Send a file; return the address of the page that tells of it."""
    sent = app.post("/records", files={"file": (name, content)}, follow_redirects=False)
    assert sent.status_code == 303, sent.text
    return str(sent.headers["location"])


def read_to_the_end(app: Any, address: str) -> dict[str, Any]:
    for _ in range(400):
        page: dict[str, Any] = app.get(f"/api{address}").json()
        if page["state"] in ("done", "failed"):
            return page
        time.sleep(0.05)
    raise AssertionError("it is still being read")


def facts_kept() -> int:
    with opened() as store:
        return sum(len(reading.facts) for reading in own_record(store).readings)


def test_a_file_is_looked_at_before_anything_is_kept(app: Any) -> None:
    address = send(app, "margaret.yaml", MARGARET.read_bytes())
    page = read_to_the_end(app, address)
    assert page["file"] == "margaret.yaml"
    assert page["facts"] > 10
    assert facts_kept() == 0
    assert "What we understood of margaret.yaml" in app.get(address).text
    app.post(f"{address}/accept")
    assert facts_kept() == page["facts"]
    (one,) = app.get("/api/records").json()["imports"]
    assert (one["file"], one["facts"]) == ("margaret.yaml", page["facts"])
    app.post(f"/records/{one['number']}/undo")
    assert facts_kept() == 0


def test_nothing_is_kept_of_a_file_that_is_not_wanted(app: Any, tmp_path: Path) -> None:
    address = send(app, "nights.csv", NIGHTS.read_bytes())
    assert read_to_the_end(app, address)["nights"] > 100
    app.post(f"{address}/drop")
    assert app.get("/api/records").json() == {"imports": [], "reading": ""}
    assert app.get(address).status_code == 404


def test_the_same_file_twice_changes_nothing(app: Any) -> None:
    for _ in range(2):
        address = send(app, "margaret.yaml", MARGARET.read_bytes())
        read_to_the_end(app, address)
        last = app.post(f"{address}/accept")
    assert "It is there already" in last.text
    assert len(app.get("/api/records").json()["imports"]) == 1


def test_where_it_was_said_is_the_name_of_the_file_not_a_place_on_the_server(app: Any) -> None:
    address = send(app, "margaret.yaml", MARGARET.read_bytes())
    read_to_the_end(app, address)
    app.post(f"{address}/accept")
    with opened() as store:
        (reading,) = own_record(store).readings
    assert reading.file == "margaret.yaml"
    assert {fact.provenance.file for fact in reading.facts} == {"margaret.yaml"}


def test_a_file_that_cannot_be_read_says_why_and_keeps_nothing(app: Any) -> None:
    address = send(app, "story.yaml", b"answers: {age: [1")
    page = read_to_the_end(app, address)
    assert page["state"] == "failed"
    assert page["problem"]["where"].startswith("story.yaml")
    assert "nightcramp-" not in page["problem"]["where"]
    text = app.get(address).text
    assert "This file could not be read" in text
    assert "Traceback" not in text


def test_a_bomb_of_a_zip_is_refused(app: Any) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("apple_health_export/export.xml", b"<HealthData>" + b" " * (300 << 20))
    page = read_to_the_end(app, send(app, "export.zip", bomb.getvalue()))
    assert page["state"] == "failed"


def test_no_file_is_a_clear_fault(app: Any) -> None:
    sent = app.post("/records", data={"date_order": "dmy"})
    assert sent.status_code == 422
    assert "Choose one file first" in sent.text


def test_a_name_with_a_path_stays_a_name(app: Any) -> None:
    address = send(app, "../../etc/margaret.yaml", MARGARET.read_bytes())
    assert read_to_the_end(app, address)["file"] == "margaret.yaml"


def test_sending_a_file_on_a_phone(phone: Any) -> None:
    phone.goto("/records")
    phone.set_input_files("#file", str(MARGARET))
    phone.get_by_role("button", name="Read this file").tap()
    phone.get_by_role("button", name="Keep this").tap()
    phone.get_by_text("Kept. You can take it back").wait_for()
