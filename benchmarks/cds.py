"""How long a card takes, beside HealthChain with the same prefetch: p50, p99, calls a second.

    cds.py [--calls 300] [--at-once 4] [--healthchain /path/to/its/python]

Both are served by uvicorn on loopback, one process each, one after the other in the same run,
and asked by the same client over kept connections. What is sent is the prefetch of a person
with cramps, diabetes and heart failure who takes five medicines, and of one of the shared
records where there are any. nightcramp reads it, assesses the person and makes a card; the
HealthChain service does nothing but answer a fixed card. `processor` is the time the server
itself works for one call, which a busy machine hardly stretches.

HealthChain (PyPI, 0.16) is no dependency of the project: it lives in a virtual environment of
its own, whose Python is named by --healthchain or NIGHTCRAMP_HEALTHCHAIN; without it its rows
are left out, with the reason.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from record_systems import (
    BUNDLES,
    TODAY,
    VISIT,
    call,
    condition,
    medicine,
    prefetch,
    prefetch_of,
    record_in,
)

PEER = """
import socket, sys
import uvicorn
from healthchain.gateway import HealthChainAPI, CDSHooksService
from healthchain.models import Card, CDSRequest, CDSResponse

app, cds = HealthChainAPI(), CDSHooksService()

@cds.hook("patient-view", id="fixed")
def fixed(request: CDSRequest) -> CDSResponse:
    card = Card(summary="A card", indicator="info", source={"label": "fixed"}, detail="Fixed.")
    return CDSResponse(cards=[card])

app.register_service(cds, path="/cds")
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
listener.listen(512)
print("at http://127.0.0.1:%d/" % listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run([listener])
"""
OWN = """
import datetime as dt, socket, sys
import uvicorn
from nightcramp.cds.server import create_cds
from nightcramp.cds.settings import Settings
from nightcramp.knowledge.loader import knowledge

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
listener.listen(512)
port = listener.getsockname()[1]
settings = Settings(url="http://127.0.0.1:%d" % port, calls_per_minute=1_000_000)
day = dt.date.fromisoformat(sys.argv[1])
app = create_cds(settings, today=lambda: day)
knowledge()
print("at http://127.0.0.1:%d/" % port, flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run([listener])
"""
TAKEN = ("indapamide 2.5 MG", "salmeterol", "simvastatin 20 MG", "furosemide 20 MG", "metformin")


def people() -> dict[str, dict[str, Any]]:
    """Return what is sent, by name: calls of patient-view with their prefetch."""
    told = [condition("44054006"), condition("84114007"), *(medicine(name) for name in TAKEN)]
    found = {
        "cramps, 7 records": call(given=prefetch(condition(), *told)),
        "no cramps, 7 records": call(given=prefetch(*told)),
    }
    if BUNDLES:
        identifier, resources = record_in(BUNDLES[7])
        given = prefetch_of([*resources, condition(patient=identifier)], identifier)
        asked = call(given=given, patientId=identifier)
        found["cramps, shared record"] = asked
    return found


class Server(NamedTuple):
    """Where a program answers, and its process."""

    port: int
    pid: int

    def spent(self) -> float:
        """Return the milliseconds of processor time it took so far (Linux; else nought)."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(python: str, program: str, *arguments: str) -> Iterator[Server]:
    """Serve a program until the end."""
    process = subprocess.Popen(
        [python, "-c", program, *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("at http"):
                yield Server(int(line.rpartition(":")[2].strip("/\n")), process.pid)
                break
        else:
            raise SystemExit("the peer did not start")
    finally:
        process.terminate()
        process.wait(timeout=20)


def asked(port: int, path: str, request: dict[str, Any], calls: int, at_once: int) -> list[float]:
    """Return the milliseconds of each call, made over `at_once` kept connections."""
    spent: list[list[float]] = [[] for _one in range(at_once)]

    def ask(mine: list[float]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _again in range(calls // at_once):
            one = {**request, "hookInstance": str(uuid.uuid4())}
            one["context"] = {**request["context"], "userId": f"Practitioner/{uuid.uuid4()}"}
            body = json.dumps(one).encode()
            began = time.perf_counter()
            connection.request("POST", path, body, {"content-type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
            mine.append((time.perf_counter() - began) * 1000)
            assert response.status == 200, answer[:300]
        connection.close()

    threads = [threading.Thread(target=ask, args=(mine,)) for mine in spent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [one for mine in spent for one in mine]


def measured(server: Server, path: str, request: dict[str, Any], calls: int, at_once: int) -> str:
    """Return a row of the table: size, p50, p99, calls a second, processor time of a call."""
    asked(server.port, path, request, at_once * 3, at_once)
    began, before = time.perf_counter(), server.spent()
    spent = asked(server.port, path, request, calls, at_once)
    work = (server.spent() - before) / len(spent)
    rate = len(spent) / (time.perf_counter() - began)
    cuts = statistics.quantiles(spent, n=100)
    size = len(json.dumps(request)) / 1000
    return f"{size:7.0f} kB  {cuts[49]:8.1f} ms  {cuts[98]:8.1f} ms  {rate:8.0f}/s  {work:6.1f} ms"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--healthchain", default=os.environ.get("NIGHTCRAMP_HEALTHCHAIN", ""))
    chosen = parser.parse_args()
    print(f"{platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{chosen.calls} calls, {chosen.at_once} at once\n")
    print(
        f"{'':14}{'who':24}{'sent':>10}  {'p50':>11}  {'p99':>11}  {'rate':>10}  {'processor':>9}"
    )
    sent = people()
    with served(sys.executable, OWN, TODAY.isoformat()) as server:
        for name, request in sent.items():
            path = f"/cds-services/{VISIT}"
            row = measured(server, path, request, chosen.calls, chosen.at_once)
            print(f"{'nightcramp':14}{name:24}{row}", flush=True)
    if not chosen.healthchain:
        print("\nHealthChain is left out: --healthchain names no Python that has it.")
        return
    with served(chosen.healthchain, PEER) as server:
        for name, request in sent.items():
            path = "/cds/cds-services/fixed"
            row = measured(server, path, request, chosen.calls, chosen.at_once)
            print(f"{'HealthChain':14}{name:24}{row}", flush=True)


if __name__ == "__main__":
    main()
