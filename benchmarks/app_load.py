"""How long “Cramp now” takes under load, beside a bare route that writes one row; what is lost.

    app_load.py [--people 50] [--presses 20] [--only sqlite|postgresql|start|kill]

People press at the same time, each again as soon as they were answered, over connections of
their own; what is sent is what the button sends where there is JavaScript. Beside it, in the
same run and on the same disk or server, a bare FastAPI route that writes one row. `start`: from
the start of the process to the first page. `kill`: the server is killed in the middle of it;
every press that was answered must be there afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import postgres_server

BARE = textwrap.dedent(
    """
    import sys, uuid, datetime as dt, socket
    import uvicorn
    from fastapi import FastAPI
    from sqlalchemy import create_engine, text

    address = sys.argv[1]
    options = {"connect_args": {"timeout": 30}} if "sqlite" in address else {}
    engine = create_engine(address, **options)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS cramp (id TEXT, at TEXT)"))
    app = FastAPI()

    @app.get("/tonight")
    def page():
        return {"now": dt.datetime.now().isoformat()}

    @app.post("/tonight", status_code=201)
    def press():
        with engine.begin() as connection:
            row = {"id": uuid.uuid4().hex, "at": dt.datetime.now().isoformat()}
            connection.execute(text("INSERT INTO cramp VALUES (:id, :at)"), row)

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    print("bare is at http://127.0.0.1:%d/" % listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run([listener])
    """
)


@contextmanager
def process(command: list[str], **environment: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a server that says where it is; yield it with its port."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("NIGHTCRAMP_")}
    running = subprocess.Popen(
        command, env={**kept, **environment}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout is not None
        said = running.stdout.readline()
        yield running, int(said.split(" is at ")[1].split()[0].rstrip("/").rsplit(":", 1)[1])
    finally:
        running.terminate()
        running.communicate(timeout=20)


@asynccontextmanager
async def connection(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, path: str, body: bytes
) -> int:
    """Send one request and read its answer whole; return the status."""
    head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}\r\n"
    writer.write(f"{head}content-type: application/json\r\n\r\n".encode() + body)
    status = int((await reader.readline()).split()[1])
    length = 0
    while (line := await reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    await reader.readexactly(length)
    return status


async def person(port: int, path: str, presses: int, took: list[float]) -> None:
    """Press again and again, noting how long each press took."""
    async with connection(port) as (reader, writer):
        for _ in range(presses):
            begun = time.perf_counter()
            status = await ask(reader, writer, "POST", path, new_entry()[1])
            took.append(time.perf_counter() - begun)
            assert status < 300, status


async def load(port: int, path: str, people: int, presses: int) -> list[float]:
    took: list[float] = []
    await asyncio.gather(*(person(port, path, presses, took) for _ in range(people)))
    return took


def pressed(port: int, path: str, people: int, presses: int) -> list[float]:
    """Return how long each press took, after a few to warm up."""
    asyncio.run(load(port, path, 2, 3))
    return sorted(asyncio.run(load(port, path, people, presses)))


def shown(name: str, took: list[float]) -> str:
    """Return the middle and the slowest hundredth in milliseconds."""
    p50, p99 = statistics.median(took), took[int(0.99 * (len(took) - 1))]
    return f"{name:28} p50 {1000 * p50:7.0f} ms   p99 {1000 * p99:7.0f} ms   {len(took)} presses"


def serve(home: Path, database: str = "") -> tuple[list[str], dict[str, str]]:
    command = [sys.executable, "-m", "nightcramp.cli.main", "serve", "--port", "0"]
    place = {"NIGHTCRAMP_DATABASE": database} if database else {}
    return command, {"NIGHTCRAMP_HOME": str(home), **place}


def bare(address: str) -> list[str]:
    return [sys.executable, "-c", BARE, address]


def compare(name: str, home: Path, ours: str, theirs: str, people: int, presses: int) -> None:
    """Print the press beside the bare route, each server by itself, in turn."""
    command, environment = serve(home, ours)
    with process(command, **environment) as (_, port):
        mine = pressed(port, "/api/entries", people, presses)
    with process(bare(theirs)) as (_, port):
        other = pressed(port, "/tonight", people, presses)
    print(shown(f"{name}: cramp now", mine))
    print(shown(f"{name}: bare route", other))
    middle = statistics.median(mine) / statistics.median(other)
    print(f"{name}: {middle:.1f} times the bare route in the middle")


def starting(runs: int = 5) -> None:
    """Print the time from the start of the process to its first page, beside a bare app."""
    mine, other = [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            command, environment = serve(Path(folder) / "home")
            mine.append(first_page(command, environment))
            other.append(first_page(bare(f"sqlite:///{folder}/bare.db"), {}))
    ratio = statistics.median(mine) / statistics.median(other)
    print(
        f"start to first page: {statistics.median(mine):.2f} s, bare FastAPI "
        f"{statistics.median(other):.2f} s, {ratio:.1f} times"
    )


def first_page(command: list[str], environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    with process(command, **environment) as (_, port):
        asyncio.run(one_page(port))
        return time.perf_counter() - begun


async def one_page(port: int) -> None:
    async with connection(port) as (reader, writer):
        assert await ask(reader, writer, "GET", "/tonight", b"") == 200


def killed(home: Path, database: str, people: int, rounds: int) -> tuple[int, int]:
    """Kill the server under load again and again; return (acknowledged, there at the end)."""
    acknowledged: list[str] = []
    for number in range(rounds):
        command, environment = serve(home, database)
        with process(command, **environment) as (running, port):
            asyncio.run(until_killed(port, people, running, 0.03 * number, acknowledged))
    there = ids_there(home, database)
    return len(acknowledged), len(set(acknowledged) & there)


async def until_killed(
    port: int,
    people: int,
    running: subprocess.Popen[str],
    seconds: float,
    acknowledged: list[str],
) -> None:
    before = len(acknowledged)

    async def press_for_ever() -> None:
        try:
            async with connection(port) as (reader, writer):
                while True:
                    name, body = new_entry()
                    if await ask(reader, writer, "POST", "/api/entries", body) == 200:
                        acknowledged.append(name)
        except (OSError, asyncio.IncompleteReadError, IndexError):
            return

    async def kill() -> None:
        while len(acknowledged) < before + people:
            await asyncio.sleep(0.01)
        await asyncio.sleep(seconds)
        running.send_signal(signal.SIGKILL)

    await asyncio.gather(kill(), *(press_for_ever() for _ in range(people)))


def new_entry() -> tuple[str, bytes]:
    """Return the id of an entry as a phone makes it, and the request that hands it over."""
    import datetime as dt
    import uuid

    import msgspec

    from nightcramp.diary.entry import Cramp, Entry

    now, name = dt.datetime.now().astimezone(), uuid.uuid4().hex
    entry = Entry(id=name, made_at=now, zone="UTC", origin="app", body=Cramp(at=now))
    return name, b'{"entries":[' + msgspec.json.encode(entry) + b"]}"


def ids_there(home: Path, database: str) -> set[str]:
    from nightcramp.store.database import opened
    from nightcramp.store.entries import all_entries

    os.environ.update(serve(home, database)[1])
    with opened() as store:
        return {entry.id for entry in all_entries(store)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--presses", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=10, help="how often the server is killed")
    parser.add_argument("--only", choices=["sqlite", "postgresql", "start", "kill"])
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if told.only in (None, "start"):
            starting()
        if told.only in (None, "sqlite"):
            file = f"sqlite:///{folder}/bare.db"
            compare("SQLite", folder / "home", "", file, told.people, told.presses)
        if told.only in (None, "postgresql") and postgres_server.programs():
            with postgres_server.running("max_connections=100") as server:
                theirs = server.address.replace("postgresql:", "postgresql+psycopg:")
                compare(
                    "PostgreSQL", folder / "pg", server.address, theirs, told.people, told.presses
                )
        if told.only in (None, "kill"):
            said, there = killed(folder / "killed", "", told.people, told.rounds)
            print(f"killed {told.rounds} times under load: {said} acknowledged, {there} there")
            assert said == there, "something was lost"


if __name__ == "__main__":
    main()
