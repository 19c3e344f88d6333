"""Settings: language, units and zone at once everywhere; people; export, restore and deletion."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from nightcramp.app.access.passphrases import set_passphrase
from nightcramp.app.access.people import people_here
from nightcramp.app.pages import ROUTES
from nightcramp.app.routes import View
from nightcramp.diary.amounts import amount_in_words, as_kept, as_shown, measuring_in
from nightcramp.knowledge.loader import knowledge
from nightcramp.store.archive import read_archive
from nightcramp.store.database import opened
from nightcramp.store.entries import add_entries, all_entries
from nightcramp.store.people import add_person
from stores import cramp

PAGES = [route.path for route in ROUTES if isinstance(route, View) and "{" not in route.path]


def keys() -> dict[str, str]:
    """Return the keys of the people in the store by name."""
    return {name: key for key, name in people_here().items()}


def log_cramp(note: str = "") -> None:
    """Log a cramp of "me"."""
    with opened("me") as store:
        add_entries(store, [cramp(note=note)])


# --- language, units, zone ---


def test_a_language_takes_effect_at_once_on_all_pages(app: Any) -> None:
    """Each page says which language it is in, and the page that comes next is in it already."""
    answer = app.post("/settings", data={"language": "es"})
    assert 'lang="es"' in answer.text
    for path in PAGES:
        page = app.get(path)
        assert page.status_code == 200, path
        assert '<html lang="es"' in page.text, path
    app.post("/settings", data={"language": "en"})
    assert '<html lang="en"' in app.get("/settings").text


def test_what_is_chosen_is_kept_for_this_person_alone(app: Any) -> None:
    with opened(everyone=True) as store:
        add_person(store, "Ann")
    app.post("/settings", data={"language": "es", "units": "imperial", "zone": "Asia/Tokyo"})
    mine = app.get("/api/settings").json()
    assert (mine["language"], mine["units"], mine["zone"]) == ("es", "imperial", "Asia/Tokyo")
    app.post("/sign-in/choose", data={"person": keys()["Ann"]})
    hers = app.get("/api/settings").json()
    assert (hers["language"], hers["units"], hers["zone"]) == ("en", "metric", "")


@pytest.mark.parametrize(
    "typed", [{"zone": "Mars/Olympus"}, {"language": "tlh"}, {"units": "cubits"}]
)
def test_what_does_not_fit_is_refused_and_nothing_changes(app: Any, typed: dict[str, str]) -> None:
    answer = app.post("/settings", data=typed)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    kept = app.get("/api/settings").json()
    assert (kept["language"], kept["units"], kept["zone"]) == ("en", "metric", "")


def test_the_zone_is_the_one_nights_are_told_in(app: Any) -> None:
    """A cramp carries the offset of the zone that was chosen."""
    app.post("/settings", data={"zone": "Asia/Tokyo"})
    app.post("/tonight")
    assert app.get("/api/tonight").json()["cramps"][0].endswith("+09:00")


@pytest.mark.parametrize(
    ("measure", "kept", "metric", "imperial"),
    [
        ("water", 1.5, "1.5 L", "51 fl oz"),
        ("weight", 70, "70 kg", "154 lb"),
        ("height", 1.7, "1.7 m", "67 in"),
        ("distance", 3500, "3500 m", "2.2 mi"),
        ("caffeine_cups", 1, "1 cup", "1 cup"),
        ("steps", 4000, "4000 steps", "4000 steps"),
    ],
)
def test_amounts_are_shown_in_the_units_chosen(
    measure: str, kept: float, metric: str, imperial: str
) -> None:
    """Only where the measure knows how to convert; what is given back is what was kept."""
    found = knowledge().measures[measure]
    assert amount_in_words(found, kept) == metric
    with measuring_in("imperial"):
        assert amount_in_words(found, kept) == imperial
        assert as_kept(found, as_shown(found, kept)) == pytest.approx(kept)


# --- what is kept ---


def test_the_archive_holds_all_and_comes_back(app: Any, tmp_path: Path) -> None:
    """Taken away, deleted, brought back: the same cramp is there, and no lost entry."""
    log_cramp("under the moon")
    taken = app.get("/settings/data/archive.zip")
    assert taken.headers["content-disposition"].startswith("attachment")
    archive = tmp_path / "taken.zip"
    archive.write_bytes(taken.content)
    assert sum(1 for _ in read_archive(archive)) == 2
    app.post("/settings/data/remove", data={"name": "me"})
    with opened() as store:
        assert all_entries(store) == []
    answer = app.post(
        "/settings/data/restore", data={"sure": "true"}, files={"archive": archive.read_bytes()}
    )
    assert answer.url.path == "/"
    assert "Entries: 1;" in answer.text
    assert "before-" in answer.text
    with opened() as store:
        assert [entry.body.note for entry in all_entries(store)] == ["under the moon"]  # type: ignore[union-attr]


def test_the_tables_open_in_a_spreadsheet(app: Any) -> None:
    log_cramp()
    with zipfile.ZipFile(io.BytesIO(app.get("/settings/data/tables.zip").content)) as packed:
        assert packed.namelist() == ["nights.csv", "cramps.csv"]
        assert packed.read("cramps.csv").startswith(b"\xef\xbb\xbfevening,at,leg")


def test_everything_is_deleted_only_by_name(app: Any, home: Path) -> None:
    """From the backups too; then the app begins anew."""
    log_cramp("planted secret")
    refused = app.post("/settings/data/remove", data={"name": "you"})
    assert refused.status_code == 422
    with opened() as store:
        assert len(all_entries(store)) == 1
    done = app.post("/settings/data/remove", data={"name": "me"})
    assert done.url.path == "/"
    assert "is deleted here" in done.text
    files = [path for path in home.rglob("*") if path.is_file()]
    assert not any(b"planted secret" in path.read_bytes() for path in files)
    assert app.get("/api/settings/data").json()["nights"] == 0


def test_a_file_that_is_no_archive_changes_nothing(app: Any) -> None:
    log_cramp("still here")
    for files in ({"archive": b"no zip"}, {}):
        answer = app.post("/settings/data/restore", data={"sure": "true"}, files=files)
        assert answer.status_code == 422
    unsure = app.post("/settings/data/restore", files={"archive": b"PK"})
    assert unsure.status_code == 422
    with opened() as store:
        assert len(all_entries(store)) == 1


def test_a_file_takes_no_place_where_several_have_theirs(app: Any) -> None:
    with opened(everyone=True) as store:
        add_person(store, "Ann")
    archive = app.get("/settings/data/archive.zip").content
    answer = app.post("/settings/data/restore", data={"sure": "true"}, files={"archive": archive})
    assert answer.status_code == 403
    assert 'action="/settings/data/restore"' not in app.get("/settings/data").text
    assert set(keys()) == {"me", "Ann"}


# --- people ---


def test_people_are_added_renamed_chosen_and_removed(app: Any) -> None:
    app.post("/people", data={"name": "Ann"})
    assert set(keys()) == {"me", "Ann"}
    ann = keys()["Ann"]
    app.post("/people/rename", data={"person": ann, "name": "Anna"})
    assert keys()["Anna"] == ann
    shown = app.post("/sign-in/choose", data={"person": ann})
    assert "The diary of Anna" in shown.text
    wrong = app.post("/people/remove", data={"person": ann, "name": "Ann"})
    assert wrong.status_code == 422
    gone = app.post("/people/remove", data={"person": ann, "name": "Anna"})
    assert gone.url.path == "/"
    assert set(keys()) == {"me"}


@pytest.mark.parametrize("name", ["", "me", "a\nb", "x" * 500])
def test_a_name_that_cannot_be_one_is_refused(app: Any, name: str) -> None:
    answer = app.post("/people", data={"name": name})
    assert answer.status_code == 422
    assert set(keys()) == {"me"}


def test_nobody_changes_a_diary_that_asks_for_its_passphrase(app: Any) -> None:
    """Not by its key either, and what is said is the same as of a key that is nobody's."""
    with opened(everyone=True) as store:
        add_person(store, "Ann")
    ann = keys()["Ann"]
    set_passphrase(ann, "correct horse battery staple")
    page = app.get("/people").text
    assert "It asks for its passphrase." in page
    said = set()
    for person in (ann, "0" * 32):
        for path, form in (
            ("/people/rename", {"person": person, "name": "Bob"}),
            ("/people/remove", {"person": person, "name": "Ann"}),
        ):
            answer = app.post(f"/api{path}", json=form)
            said.add((answer.status_code, answer.json()["detail"]))
    assert len(said) == 1
    assert set(keys()) == {"me", "Ann"}


def test_elsewhere_one_sees_oneself_alone(home: Path) -> None:
    """Listening for others, neither the names nor the number of the others is told."""
    from starlette.testclient import TestClient

    from nightcramp.app.gate import Gate
    from nightcramp.app.server import create_app

    with opened(everyone=True) as store:
        add_person(store, "Ann")
    words = "correct horse battery staple"
    set_passphrase(keys()["Ann"], words)
    client = TestClient(create_app(Gate(local=False)), base_url="http://localhost")
    client.post("/sign-in", data={"name": "Ann", "passphrase": words})
    found = client.get("/api/people").json()
    assert [one["name"] for one in found["people"]] == ["Ann"]
    assert not found["may_add"]
    assert client.post("/people", data={"name": "Eve"}).status_code == 403
    me = keys()["me"]
    other = client.post("/api/people/remove", json={"person": me, "name": "me"})
    assert other.status_code == 404
    assert client.get("/api/settings/data").json()["where"] == ""


def test_no_person_stands_in_an_address(app: Any) -> None:
    with opened(everyone=True) as store:
        add_person(store, "Ann")
    page = app.get("/people").text
    targets = re.findall(r'(?:href|action)="([^"]*)"', page)
    assert not any(key in target for key in people_here() for target in targets)


def test_settings_on_a_phone(phone: Any) -> None:
    """Spanish is chosen by a tap, without a word typed, and nothing is wider than the screen."""
    phone.goto("/settings")
    phone.get_by_text("Español").tap()
    phone.get_by_role("button", name="Keep it").tap()
    phone.get_by_role("heading", name="Ajustes", exact=True).wait_for()
    assert phone.locator("html").get_attribute("lang") == "es"
    phone.set_viewport_size({"width": 320, "height": 640})
    for path in ("/settings", "/settings/data", "/settings/reminders", "/people", "/design"):
        phone.goto(path)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 320, path
