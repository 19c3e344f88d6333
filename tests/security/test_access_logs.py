"""What people tell is in no log and in no address, whatever goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from nightcramp.app.access.passphrases import set_passphrase
from nightcramp.store.database import opened
from nightcramp.store.people import rename_person
from walks import WORDS, Planted, acts, addresses, evenings, forms, plant, shown, typed

MARK = "wq7xmarkz"
TYPED = "vk3ptyped"
BROKEN = """
import sys
import threading
import nightcramp.app.pages as pages
from nightcramp.app.pages.tonight import TonightPage
from nightcramp.app.routes import Act, Nothing, View

def fail(asked, form=None) -> TonightPage:
    with asked.opened() as store:
        raise RuntimeError(f"wq7xmarkz {asked.viewer.name} {dict(asked.query)}")

def fail_later(asked) -> TonightPage:
    failing = threading.Thread(target=lambda: 1 / int("wq7xmarkz"))
    failing.start()
    failing.join()
    return TonightPage(now=asked.clock.now, wq7xmarkz=1)

pages.ROUTES += (
    View("/boom", fail, "tonight.html", "It fails."),
    View("/later", fail_later, "tonight.html", "It fails elsewhere too."),
    View("/template", lambda asked: None, "nowhere-wq7xmarkz.html", "It has no page."),
    Act("/boom", fail, Nothing, "It fails.", again="/boom"),
)
for route in pages.ROUTES:
    if route.path == "/template":
        route.make.__annotations__["return"] = TonightPage
from nightcramp.cli.main import main
main()
"""


@contextmanager
def serving_broken(home: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve the app with pages that fail; yield its address, and what it writes once it ended."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("NIGHTCRAMP_")}
    process = subprocess.Popen(
        [sys.executable, "-c", BROKEN, "serve", "--port", "0"],
        env={**kept, "NIGHTCRAMP_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    written = [process.stdout.readline()]
    errors = process.stderr
    reading = threading.Thread(target=lambda: written.extend(errors))
    reading.start()
    try:
        yield written[0].split(" is at ")[1].split()[0].rstrip("/"), written
    finally:
        process.terminate()
        process.wait(timeout=20)
        reading.join(timeout=10)
        written.extend(process.stdout)
        process.stdout.close()
        process.stderr.close()


@pytest.fixture
def planted(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planted:
    """Somebody with a name, a passphrase and words that occur nowhere else."""
    one = plant("me", MARK, tmp_path, monkeypatch)
    set_passphrase(one.key, WORDS)
    with opened(everyone=True) as store:
        rename_person(store, "me", MARK)
    return one


def walk(client: httpx.Client, ids: tuple[str, ...], answers: list[httpx.Response]) -> None:
    """Open every page, and fill every form with words that occur nowhere else."""
    for route in shown():
        for address in addresses(route, [ids[0], *evenings()[:1], TYPED]):
            answers.append(client.get(address))
    for act in acts():
        if act.path.startswith(("/sign-", "/settings/security")):
            continue
        for address in addresses(act, [ids[0], evenings()[0]]):
            first = next(forms(act.form, TYPED))
            answers.append(client.post(address, data=typed(first)))
            answers.append(client.post(f"/api{address}", json=first))
            for field in act.files:
                file = (f"{TYPED}.csv", f"date,cramps,{TYPED}\n2026-03-01,{TYPED},", "text/csv")
                answers.append(client.post(address, files={field: file}))


def test_nothing_that_was_told_is_in_a_log_or_an_address(planted: Planted, home: Path) -> None:
    """All pages, all forms, forms that are none, and pages that fail in unforeseen ways."""
    answers: list[httpx.Response] = []
    token = ""
    with (
        serving_broken(home) as (address, written),
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        wrong = {"name": TYPED, "passphrase": f"{TYPED} {TYPED}"}
        answers.append(client.post("/sign-in", data=wrong))
        answers.append(client.post("/sign-in", data={"name": MARK, "passphrase": WORDS}))
        token = client.cookies["nightcramp-session"]
        link = client.post("/api/settings/links", json={"label": TYPED, "days": 1}).json()
        answers.append(httpx.get(link["secret"]))
        walk(client, planted.ids, answers)
        for path in ("/boom", "/later", "/template"):
            answers += [client.get(f"{path}?q={TYPED}"), client.get(f"/api{path}?q={TYPED}")]
        answers.append(client.post("/boom", data={"note": TYPED}))
        form = {"content-type": f"multipart/form-data; boundary={TYPED}"}
        answers.append(client.post("/boom", content=f"--{TYPED}x{MARK}".encode(), headers=form))
        answers.append(client.get(f"/{TYPED}"))
    log = "".join(written)
    assert sum(answer.status_code == 500 for answer in answers) >= 6, "the failures happened"
    assert "RuntimeError in /boom" in log, "and were noted, by kind and route"
    secrets = (MARK, TYPED, WORDS, token, link["secret"].rpartition("/")[2], planted.ids[0])
    assert [one for one in secrets if one in log] == []
    for answer in answers:
        for found in (answer, *answer.history):
            place = found.headers.get("location", "")
            assert not any(one in place for one in (MARK, TYPED, WORDS, token)), place
        if answer.status_code >= 500:
            assert MARK not in answer.text
            assert "Traceback" not in answer.text


def test_the_log_of_this_process_is_as_silent(
    planted: Planted, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Libraries log nothing of what was sent either, at the level that is shown."""
    mine = client()
    mine.post("/sign-in", data={"name": TYPED, "passphrase": TYPED})
    mine.post("/sign-in", content=TYPED.encode(), headers={"content-type": "multipart/form-data"})
    assert TYPED not in caplog.text
