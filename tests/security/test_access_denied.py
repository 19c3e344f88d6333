"""Default deny: whoever is not signed in, reads by a link, or is somebody else, sees nothing.

These tests walk over all routes there are, so that a new page is covered on its first day.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nightcramp.app.access.links import links_of, make_link
from nightcramp.app.access.passphrases import set_passphrase
from nightcramp.app.routes import Act, Download, Passage, View
from walks import (
    WORDS,
    Planted,
    acts,
    addresses,
    all_of,
    evenings,
    forms,
    named,
    plant,
    routes,
    shown,
    typed,
)

MARK = "wq7xmarkz"
OTHER = "vk3pmarky"


@pytest.fixture
def planted(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planted:
    """Somebody with a passphrase, whose every word holds a mark."""
    one = plant("me", MARK, tmp_path, monkeypatch)
    set_passphrase(one.key, WORDS)
    return one


def ids_of(planted: Planted) -> list[str]:
    return [*planted.ids, *evenings()]


@pytest.mark.parametrize("local", [True, False], ids=["this machine", "elsewhere"])
def test_who_is_not_signed_in_sees_nothing(local: bool, planted: Planted, client: Any) -> None:
    """Views and downloads send to the sign-in page or answer 401; public ones hold nothing."""
    nobody = client(local=local)
    for route in shown():
        for address in addresses(route, ids_of(planted)):
            page = nobody.get(address, follow_redirects=False)
            json = nobody.get(f"/api{address}", follow_redirects=False)
            assert MARK not in page.text + json.text, address
            if not getattr(route, "public", False):
                assert (page.status_code, page.headers["location"]) == (303, "/sign-in"), address
                assert json.status_code == 401, address


@pytest.mark.parametrize("local", [True, False], ids=["this machine", "elsewhere"])
def test_who_is_not_signed_in_changes_nothing(local: bool, planted: Planted, client: Any) -> None:
    before, nobody = all_of("me"), client(local=local)
    for act in acts():
        for address in addresses(act, ids_of(planted)):
            page = nobody.post(address, data={}, follow_redirects=False)
            json = nobody.post(f"/api{address}", json={}, follow_redirects=False)
            if not act.public:
                assert (page.status_code, page.headers["location"]) == (303, "/sign-in"), address
                assert json.status_code == 401, address
    assert all_of("me") == before


def test_what_is_not_a_route_of_pages_knows_nobody(planted: Planted, client: Any) -> None:
    """Addresses beside the routes, as of static files, hold nothing of anybody."""
    from nightcramp.app.server import create_app

    ours = {route.path for route in routes()} | {f"/api{route.path}" for route in routes()}
    app: Any = create_app()
    fixed = [one.path for one in app.app.routes if one.path not in ours]
    assert fixed
    nobody = client()
    for path in fixed:
        for address in {path, *(path.replace("{name}", one) for one in ("tonight", "offline"))}:
            answer = nobody.get(address.replace("{code}", "en"))
            assert MARK not in answer.text, address
            assert "set-cookie" not in answer.headers


def test_a_person_without_a_passphrase_cannot_be_reached_from_elsewhere(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    one = plant("me", MARK, tmp_path, monkeypatch)
    elsewhere, here = client(local=False), client()
    elsewhere.cookies.set("nightcramp-person", one.key)
    assert elsewhere.get("/tonight", follow_redirects=False).status_code == 303
    answer = elsewhere.post("/sign-in/choose", data={"person": one.key}, follow_redirects=False)
    assert answer.status_code == 403
    assert elsewhere.get("/api/nights").status_code == 401
    assert here.get("/api/nights").status_code == 200


def test_the_person_does_see_it(planted: Planted, signed_in: Any) -> None:
    """What these tests look for is on many pages, so that they would find it."""
    mine, seen = signed_in(), set()
    for route in shown():
        for address in addresses(route, ids_of(planted)):
            seen |= {route.path} if MARK in mine.get(address).text else set()
    assert len(seen) >= 8


# --- a clinician's link ---


def test_a_reader_sees_pages_for_readers_and_nothing_else(planted: Planted, client: Any) -> None:
    reader = client(local=False)
    opened = reader.get(f"/link/{make_link(planted.key, 'Dr', 7)}", follow_redirects=False)
    assert (opened.status_code, opened.headers["location"]) == (303, "/doctor")
    for route in shown():
        for address in addresses(route, ids_of(planted)):
            page = reader.get(address, follow_redirects=False)
            if route.readers:
                assert page.status_code not in (303, 401, 403), address
            elif not getattr(route, "public", False):
                assert page.status_code == 403, address
                assert MARK not in page.text
                assert reader.get(f"/api{address}").status_code == 403


def test_a_reader_can_never_act(planted: Planted, client: Any) -> None:
    """Acts answer 403; those that are public, such as signing in, change nothing of the diary."""
    before, reader = all_of("me"), client()
    reader.get(f"/link/{make_link(planted.key, 'Dr', 1)}", follow_redirects=False)
    for act in acts():
        for address in addresses(act, [planted.ids[0], evenings()[0]]):
            if not act.public:
                for values in [{}, typed(next(forms(act.form, "x")))]:
                    page = reader.post(address, data=values, follow_redirects=False)
                    assert page.status_code == 403, address
                assert reader.post(f"/api{address}", json={}).status_code == 403
    for act in acts():
        if act.public:
            reader.get(f"/link/{make_link(planted.key, 'Dr', 1)}", follow_redirects=False)
            for values in list(forms(act.form, planted.key))[:3] or [{}]:
                reader.post(act.path, data=typed(values), follow_redirects=False)
    assert all_of("me") == before


def test_a_readers_token_is_not_a_session_of_the_person(planted: Planted, client: Any) -> None:
    """The cookie of a link put in the place of the session's opens nothing."""
    reader, thief = client(), client()
    reader.get(f"/link/{make_link(planted.key, 'Dr', 7)}", follow_redirects=False)
    thief.cookies.set("nightcramp-session", reader.cookies["nightcramp-reader"])
    assert thief.get("/api/nights").status_code == 401


# --- somebody else ---


@pytest.fixture
def two(
    planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signed_in: Callable[..., Any]
) -> tuple[Any, Planted]:
    """A client signed in as one person, and another person with all their ids."""
    other = plant("Bea", OTHER, tmp_path, monkeypatch, trial="two")
    set_passphrase(other.key, f"{WORDS} two")
    theirs = signed_in("Bea", f"{WORDS} two")
    story = {"file": ("theirs.csv", f"date,cramps\n2026-03-01,1\n{OTHER}", "text/csv")}
    found = theirs.post("/records", files=story, follow_redirects=False)
    make_link(other.key, OTHER, 7)
    ids = [found.headers.get("location", "").rpartition("/")[2], links_of(other.key)[0].id]
    everything = Planted(other.name, other.key, OTHER, (*other.ids, *filter(None, ids)))
    return signed_in("me"), everything


def test_nothing_of_another_person_is_shown_by_a_guessed_id(two: tuple[Any, Planted]) -> None:
    me, other = two
    for route in shown():
        for address in addresses(route, [*other.ids, *evenings()]):
            page, json = me.get(address), me.get(f"/api{address}")
            assert OTHER not in page.text + json.text, address
            assert page.status_code < 500, address


def test_nothing_of_another_person_is_changed_by_a_guessed_id(two: tuple[Any, Planted]) -> None:
    """Neither by an address nor by any field of a form."""
    me, other = two
    before = all_of(other.name)
    found = [act for act in acts() if "sign-out" not in act.path]
    for act in found:
        for address in addresses(act, other.ids):
            me.post(address, data={}, follow_redirects=False)
    for act in found:
        for identifier in other.ids if forms_with_text(act) else ():
            address = addresses(act, [identifier])[0]
            for values in list(forms(act.form, identifier))[:2]:
                answer = me.post(address, data=typed(values), follow_redirects=False)
                assert answer.status_code < 500, address
                assert OTHER not in answer.text, address
    assert all_of(other.name) == before


def forms_with_text(act: Any) -> bool:
    return "payload" in repr(list(forms(act.form, "payload")))


@pytest.mark.parametrize("route", routes(), ids=named(routes()))
def test_each_route_says_what_it_is(route: Any) -> None:
    """A route of another kind than these would not be walked over above."""
    assert isinstance(route, View | Act | Download | Passage)


def test_few_routes_are_open_to_who_is_not_signed_in() -> None:
    """A new public route is to be thought about: name it here."""
    assert {route.path for route in routes() if getattr(route, "public", False)} <= {
        "/sign-in",
        "/sign-in/passkey",
        "/sign-in/choose",
        "/sign-out",
        "/link/{token}",
        "/link/close",
        "/example",
        "/example/leave",
        "/feed/{token}.ics",
    }
