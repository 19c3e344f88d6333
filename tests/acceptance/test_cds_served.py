"""The service as it is started: what it says, what it answers over the wire, what it logs."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from record_systems import (
    VISIT,
    Keys,
    call,
    condition,
    medicine,
    patient,
    prefetch,
)

ROOT = Path(__file__).parent.parent.parent
MODULES = Path(os.environ.get("NIGHTCRAMP_NODE_MODULES", ROOT / "node_modules"))
GIVEN = {
    **prefetch(condition(), condition("44054006"), medicine("indapamide 2.5 MG Zaphodine")),
    "patient": patient(name=[{"family": "Muster"}]),
}


class Running:
    """A service that runs, and what it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.said = process.stdout.readline()
        self.port = int(self.said.split("127.0.0.1:")[1].split("/")[0])

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, path, data, {"content-type": "application/json", **headers})
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        return response.status, json.loads(answer) if answer else None

    def stop(self) -> str:
        """Stop it; return all it wrote to its log and its output."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.process.terminate()
        said = self.process.stdout.read() + self.process.stderr.read()
        self.process.communicate(timeout=20)
        return said


@contextmanager
def running(*options: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "nightcramp.cli.main", "cds", "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/"
    )
    try:
        yield Running(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    """The service without settings: for this machine alone."""
    with running() as found:
        yield found


def test_it_answers_over_the_wire_and_logs_no_health_fact() -> None:
    with running() as found:
        status, discovery = found.ask("GET", "/cds-services")
        assert (status, len(discovery["services"])) == (200, 3)
        status, answer = found.ask("POST", f"/cds-services/{VISIT}", call(given=GIVEN))
        assert status == 200
        assert "indapamide" in answer["cards"][0]["summary"]
        found.ask("POST", f"/cds-services/{VISIT}", {**call(given=GIVEN), "hook": "Muster"})
        said = found.stop()
    assert "only this machine may call" in said
    assert "POST /cds-services/{id} 200" in said
    for secret in ("Muster", "indapamide", "Zaphodine", "p1", "90392009", "Practitioner"):
        assert secret not in said


def test_fifty_megabytes_are_refused_at_their_first_line(service: Running) -> None:
    """It says so before anything of them is sent."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as wire:
        wire.sendall(
            f"POST /cds-services/{VISIT} HTTP/1.1\r\nhost: 127.0.0.1\r\n"
            "content-type: application/json\r\ncontent-length: 50000000\r\n\r\n".encode()
        )
        assert wire.recv(100).startswith(b"HTTP/1.1 413")


def test_it_is_not_opened_to_others_without_clients() -> None:
    command = [sys.executable, "-m", "nightcramp.cli.main", "cds", "serve", "--host", "0.0.0.0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 12
    assert "only this machine may call" in done.stderr


def test_with_settings_a_token_is_needed(tmp_path: Path) -> None:
    keys = Keys()
    (tmp_path / "keys.json").write_bytes(keys.public)
    file = tmp_path / "cds.toml"
    file.write_text(
        f'url = "http://127.0.0.1:8322"\n[[client]]\niss = "{keys.iss}"\nkeys = "keys.json"\n'
    )
    with running("--settings", str(file)) as found:
        assert found.ask("POST", f"/cds-services/{VISIT}", call(given=GIVEN))[0] == 401


@pytest.mark.parametrize("text", ["uurl = 1", "url = "])
def test_wrong_settings_are_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cds.toml"
    file.write_text(text)
    command = [sys.executable, "-m", "nightcramp.cli.main", "cds", "serve", "--settings", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 12
    assert str(file) in done.stderr
    assert "Traceback" not in done.stderr


# --- an independent check ---

VALIDATE = """
const v = require('cds-validator');
let text = '';
process.stdin.on('data', (part) => { text += part; });
process.stdin.on('end', () => {
  const asked = JSON.parse(text);
  v[asked.kind](asked.value)
    .then(() => console.log('[]'))
    .catch((all) => console.log(JSON.stringify(all.map((one) => one.stack || one.message))));
});
"""
ADDED_TO_CARDS = {"uuid", "selectionBehavior", "overrideReasons"}
"""What 2.0 added to cards; `cds-validator` 0.3 knows a draft from before 1.0."""


def validated(kind: str, value: Any) -> list[str]:
    """Return the faults that the npm package finds."""
    if not (MODULES / "cds-validator").is_dir() or shutil.which("node") is None:
        pytest.skip(
            f"npm package cds-validator not in {MODULES} (NIGHTCRAMP_NODE_MODULES), or no node"
        )
    done = subprocess.run(
        ["node", "-e", VALIDATE],
        input=json.dumps({"kind": kind, "value": value}),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NODE_PATH": str(MODULES)},
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def as_in_the_draft(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer as that draft had it: what 2.0 added left out, actions as texts."""
    cards = []
    for card in answer["cards"]:
        old = {key: value for key, value in card.items() if key not in ADDED_TO_CARDS}
        old["source"] = {k: v for k, v in card["source"].items() if k != "topic"}
        old["links"] = [{k: v for k, v in link.items() if k != "type"} for link in card["links"]]
        old["suggestions"] = [
            {"label": one["label"], "uuid": one["uuid"], "create": json.dumps(one["actions"])}
            for one in card.get("suggestions", [])
        ]
        cards.append(old)
    return {"cards": cards}


def test_cards_pass_the_validator_of_npm(service: Running) -> None:
    """But for what 2.0 added, which is named, an independent reader of CDS Hooks takes them."""
    asked = call(given=GIVEN, userId="Practitioner/validator")
    _status, answer = service.ask("POST", f"/cds-services/{VISIT}", asked)
    assert answer["cards"][0]["suggestions"]
    assert validated("Card", as_in_the_draft(answer)) == []
    faults = " ".join(validated("Card", answer))
    for added in (*ADDED_TO_CARDS, "topic", "type", "actions"):
        assert f'"{added}"' in faults
    assert "summary" not in faults
    assert "indicator" not in faults


def test_discovery_passes_the_validator_of_npm(service: Running) -> None:
    _status, found = service.ask("GET", "/cds-services")
    named = [{**one, "name": one["title"]} for one in found["services"]]
    old = [{key: value for key, value in one.items() if key != "title"} for one in named]
    assert validated("DiscoveryResponse", {"services": old}) == []
