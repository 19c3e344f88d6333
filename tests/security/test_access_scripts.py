"""No text that somebody typed, sent or put into a file ever becomes part of a page's markup."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from nightcramp.store.database import opened
from nightcramp.store.people import rename_person
from walks import (
    Planted,
    acts,
    addresses,
    evenings,
    forms,
    named,
    plant,
    shown,
    typed,
)

SCRIPT = """<x y="z'>"""
RAW = ("<x y=", """y="z'""")
"""What of it may stand in no page as it is: a tag, and both quotes in a row."""
SOURCES = Path(__file__).parents[2] / "src" / "nightcramp" / "app"


def assert_plain(answer: Any, where: str) -> None:
    """Fail where a payload stands in a page unescaped, or where the app broke on it."""
    assert answer.status_code != 500, where
    if answer.headers.get("content-type", "").startswith("text/html"):
        found = [raw for raw in RAW if raw in answer.text]
        assert not found, f"{where}: {answer.text[: answer.text.find(found[0]) + 60][-200:]}"


@pytest.fixture
def planted(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planted:
    """Somebody whose every stored word is a script, the name included."""
    one = plant("me", SCRIPT, tmp_path, monkeypatch)
    with opened(everyone=True) as store:
        rename_person(store, "me", SCRIPT)
    return one


def visit_all(client: Any, ids: tuple[str, ...]) -> int:
    """Look at every page; return on how many of them the payload stood as the text it is."""
    seen = 0
    for route in shown():
        for address in addresses(route, [*ids, *evenings()]):
            answer = client.get(address)
            assert_plain(answer, address)
            seen += "&lt;x y=&#34;z&#39;&gt;" in answer.text
    return seen


def test_what_is_stored_is_never_markup(planted: Planted, app: Any) -> None:
    """Notes, names, medicines, files and titles that hold a script, on every page."""
    assert SCRIPT in app.get("/api/settings/security").text.replace('\\"', '"')
    assert visit_all(app, planted.ids) >= 5


@pytest.mark.parametrize("act", acts(), ids=named(acts()))
def test_what_is_typed_is_never_markup(act: Any, planted: Planted, app: Any) -> None:
    """Each text field of each form, in the answer and on every page after."""
    found = list(forms(act.form, SCRIPT))
    file = (f"{SCRIPT}.csv", f"date,cramps,{SCRIPT}\n2026-03-01,1,{SCRIPT}", "text/csv")
    for values in found:
        for address in addresses(act, [planted.ids[0], evenings()[0]]):
            files = dict.fromkeys(act.files, file) or None
            answer = app.post(address, data=typed(values), files=files)
            assert_plain(answer, f"{address} {values}")
    if any(SCRIPT in repr(values) for values in found) or act.files:
        visit_all(app, planted.ids[:1])


def test_what_stands_in_an_address_is_never_markup(planted: Planted, app: Any) -> None:
    """Parts of the path, every question an address may hold, and addresses that do not exist."""
    code = "".join(path.read_text() for path in SOURCES.rglob("*.py"))
    asked = set(re.findall(r"query(?:\.get\(|\[)\"(\w+)\"", code))
    script = quote(SCRIPT, safe="")
    for route in shown():
        for address in addresses(route, [script]):
            assert_plain(app.get(address), address)
            for name in asked:
                assert_plain(app.get(f"{address}?{name}={script}"), address)
    assert_plain(app.get(f"/{script}"), "nowhere")


def test_no_page_holds_a_script_or_style_of_its_own(planted: Planted, app: Any) -> None:
    """The policy forbids them, so that nothing depends on them."""
    for route in shown():
        for address in addresses(route, planted.ids[:1]):
            answer = app.get(address)
            if answer.headers["content-type"].startswith("text/html"):
                assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", answer.text), address
                assert not re.search(r"<style|\sstyle=|\son\w+=", answer.text), address
                fetched = r"<(?!a\b)[^>]*\s(src|srcset|href|action|data)=\"\s*(\w+:)?//"
                assert not re.search(fetched, answer.text), address
