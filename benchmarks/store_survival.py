"""Whether the store loses anything: `store_survival.py [WHAT ...]`.

WHAT is one or several of kill, writers, clock, older, rebuild, disk, corrupt; else all of them.
Each experiment does something bad to a store, many times, on SQLite and on PostgreSQL. Whatever
was acknowledged must be there afterwards. A loss is printed with its seed and ends the run with
exit code 1. `--times N` says how often, `--seed S` which. `--broken` breaks the store on purpose:
it acknowledges before the end of a transaction and checks nothing; then losses must be found.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import sqlalchemy

import postgres_server
from nightcramp.diary.entry import Cramp, Entry, Told
from nightcramp.intake.reading import Reading
from nightcramp.person.fact import Fact, Provenance
from nightcramp.person.night import Night
from nightcramp.store import backups, sqlite
from nightcramp.store import reading as rows
from nightcramp.store.database import StoreError, opened
from nightcramp.store.entries import add_entries, all_entries
from nightcramp.store.findings import keep_findings
from nightcramp.store.imports import add_import
from nightcramp.store.reading import everything
from nightcramp.store.records import line_of
from nightcramp.store.restore import restore
from nightcramp.store.sqlite import FILE
from nightcramp.store.trouble import DamagedError

RELEASED = Path(__file__).parents[1] / "tests" / "fixtures" / "store" / "released_1.db"
NOON = dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC)
LONGEST = 0.25
WRITES = 5
"""A writer is killed within the time of so many writes."""
RENEWED = 40
EXIT_STORE = 14
BROKEN: list[bool] = []


class LossError(Exception):
    """Something acknowledged is not there."""


class World:
    """Where an experiment runs: an empty data folder, and a server or none."""

    def __init__(self, folder: Path, address: str = "", data: Path | None = None) -> None:
        self.folder, self.address, self.data = folder, address, data
        self.home = folder / "home"
        self._count = 0

    @property
    def name(self) -> str:
        """Which database."""
        return "postgresql" if self.address else "sqlite"

    def renew(self) -> None:
        """Begin with nothing."""
        self._count += 1
        shutil.rmtree(self.home, ignore_errors=True)
        self.home = self.folder / f"home{self._count}"
        self.enter(self.home)
        for schema in self.schemas():
            self.run(f"DROP SCHEMA {schema} CASCADE")

    def enter(self, home: Path) -> None:
        """Let the program use a data folder."""
        os.environ["NIGHTCRAMP_HOME"] = str(home)
        os.environ.pop("NIGHTCRAMP_PERSON", None)
        if self.address:
            os.environ["NIGHTCRAMP_DATABASE"] = self.address
        else:
            os.environ.pop("NIGHTCRAMP_DATABASE", None)

    def wait(self) -> None:
        """Wait until the server has come to itself after a break-down."""

    def schemas(self) -> list[str]:
        """Return the schemas on the server."""
        like = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'nightcramp%'"
        return [row[0] for row in self.run(like)] if self.address else []

    def run(self, *statements: str) -> list[Any]:
        """Run statements on the server; return the rows of the last."""
        url = self.address.replace("postgresql:", "postgresql+psycopg:", 1)
        engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                for statement in statements:
                    result = connection.execute(sqlalchemy.text(statement))
                return list(result) if result.returns_rows else []
        finally:
            engine.dispose()


# --- what is told ---


def cramp(at: dt.datetime = NOON, note: str = "") -> Entry:
    """Return an entry about one cramp."""
    return Entry(id=uuid.uuid4().hex, made_at=at, zone="UTC", body=Cramp(at=at, note=note))


def tell(entries: Sequence[Entry]) -> list[bool]:
    """Add entries in a transaction of their own."""
    with opened() as store:
        return add_entries(store, entries)


def fill(dice: random.Random, entries: int = 60) -> None:
    """Tell a small diary with an import and an analysis, over two backups."""
    tell([cramp(NOON + dt.timedelta(hours=n), "x" * dice.randrange(300)) for n in range(entries)])
    evenings = [dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in range(40)]
    reading = Reading(
        file="diary.csv",
        format="CSV",
        as_of=NOON.date(),
        facts=[
            Fact(kind="answer", id="age", value=61.0, provenance=Provenance(file="f", at=str(n)))
            for n in range(10)
        ],
        nights=[Night(evening=evening, cramps=1, values={"steps": 4000}) for evening in evenings],
    )
    with opened() as store:
        add_import(store, reading, "0" * 64, NOON)
        keep_findings(store, "d", NOON, '{"findings": []}')
    tell([Entry(id=uuid.uuid4().hex, made_at=NOON, zone="UTC", body=Told(evening=evenings[0]))])


def content() -> list[str]:
    """Return everything in the store, as lines."""
    with opened(everyone=True) as store:
        return [line_of(record) for record in everything(store.connection)]


def ids_there() -> list[str]:
    """Return the ids in the store, in order of arrival."""
    with opened() as store:
        return [entry.id for entry in all_entries(store)]


def require(acknowledged: Sequence[str], there: Sequence[str], what: str) -> None:
    """Raise LossError unless all that was acknowledged is there, in its order."""
    lost = set(acknowledged) - set(there)
    if lost:
        raise LossError(f"{what}: {len(lost)} of {len(acknowledged)} acknowledged entries are lost")
    known = set(acknowledged)
    if [name for name in there if name in known] != list(acknowledged):
        raise LossError(f"{what}: the order of arrival is not kept")


# --- processes ---


def forked(work: Callable[[int], None]) -> tuple[int, int]:
    """Run work in a process of its own; return its id and where its lines can be read."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    process = os.fork()
    if not process:
        os.close(reading)
        _work(work, writing)
    os.close(writing)
    return process, reading


def _work(work: Callable[[int], None], writing: int) -> NoReturn:
    try:
        work(writing)
    except BaseException:
        traceback.print_exc()
        os._exit(3)
    os._exit(0)


def ended(process: int, reading: int) -> list[str]:
    """Wait for a process; return the whole lines it wrote. Raises if it failed by itself."""
    _, status = os.waitpid(process, 0)
    with os.fdopen(reading, "rb") as handle:
        text = handle.read().decode()
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("a writer failed")
    return text[: text.rfind("\n") + 1].split()


def on_a_day(day: dt.date) -> None:
    """Let the store believe that it is this day."""
    backups.today = lambda: day


def writing_for_ever(day: dt.date) -> Callable[[int], None]:
    """Return work that adds entry after entry and says each when it is acknowledged."""

    def work(out: int) -> None:
        on_a_day(day)
        while True:
            entry = cramp()
            with opened() as store:
                add_entries(store, [entry])
                if BROKEN:
                    os.write(out, f"{entry.id}\n".encode())
            if not BROKEN:
                os.write(out, f"{entry.id}\n".encode())

    return work


def pace(world: World) -> float:
    """Return how long telling once takes here and now, in seconds; all parts are loaded then."""
    content()
    began = time.perf_counter()
    for _ in range(3):
        tell([cramp()])
    world.renew()
    return (time.perf_counter() - began) / 3


def break_it() -> None:
    """Let the store acknowledge too early, and check nothing of what it reads."""
    BROKEN.append(True)
    for module, name in ((rows, "_check"), (rows, "_check_counts"), (sqlite, "_check_pages")):
        setattr(module, name, lambda *given: None)


# --- experiments ---


def kill(world: World, times: int, dice: random.Random) -> str:
    """A writer is killed at random moments, the first use of a store and backups among them."""
    acknowledged: list[str] = []
    total = checked = 0
    longest = 0.0
    for turn in range(times):
        if turn % RENEWED == 0:
            world.renew()
            total, acknowledged = total + len(acknowledged), []
            longest = WRITES * pace(world)
        day = dt.date(2026, 1, 1) + dt.timedelta(days=turn // 5)
        process, lines = forked(writing_for_ever(day))
        time.sleep(dice.uniform(0, longest))
        os.kill(process, signal.SIGKILL)
        acknowledged += ended(process, lines)
        require(acknowledged, ids_there(), f"kill {turn}")
        if turn % 10 == 9:
            _without_the_database(world, acknowledged)
            checked += 1
    total += len(acknowledged)
    return f"{times} kills, {total} acknowledged, none lost; {checked} times rebuilt without it"


def _without_the_database(world: World, acknowledged: list[str]) -> None:
    """Lose the database itself: backup and journal must have all that was acknowledged."""
    if world.address:
        world.run("TRUNCATE nightcramp.entry")
        restore()
        require(acknowledged, ids_there(), "after the table was lost")
        return
    copy = world.folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(world.home, copy)
    (copy / FILE).unlink(missing_ok=True)
    world.enter(copy)
    try:
        if acknowledged:
            restore()
            require(acknowledged, ids_there(), "after the file was lost")
    finally:
        world.enter(world.home)


def writers(world: World, times: int, dice: random.Random) -> str:
    """Two writers at once: nothing is lost, and what both tell is there once."""
    world.renew()
    shared = [cramp(note="told by both") for _ in range(times)]

    def work(out: int) -> None:
        for entry in shared:
            own = cramp()
            added = tell([entry, own])
            os.write(out, f"{own.id} {entry.id if added[0] else '-'}\n".encode())

    both = [forked(work), forked(work)]
    said = [ended(*one) for one in both]
    there = ids_there()
    for lines in said:
        require(lines[0::2], there, "two writers")
    firsts = [name for lines in said for name in lines[1::2] if name != "-"]
    if sorted(firsts) != sorted(entry.id for entry in shared) or len(there) != 3 * times:
        raise LossError("two writers: what both told is not there exactly once")
    return f"2 x {times} writes at once, {len(there)} entries, each there once"


def clock(world: World, times: int, dice: random.Random) -> str:
    """A clock that jumps back: nothing is refused, and the order of arrival is kept."""
    world.renew()
    acknowledged = []
    for _ in range(times):
        at = NOON + dt.timedelta(minutes=dice.randrange(-(10**6), 10**6))
        on_a_day(at.date())
        entry = cramp(at)
        tell([entry])
        acknowledged.append(entry.id)
    on_a_day(NOON.date())
    require(acknowledged, ids_there(), "clock")
    _without_the_database(world, acknowledged)
    return f"{times} entries under a jumping clock, all there in order of arrival"


def older(world: World, times: int, dice: random.Random) -> str:
    """A store of an older version, killed while it is brought up to date."""
    if world.address:
        return "no older version was released"
    for turn in range(times):
        world.renew()
        world.home.mkdir(mode=0o700)
        shutil.copy(RELEASED, world.home / FILE)
        process, lines = forked(lambda out: content() and None)
        time.sleep(dice.uniform(0, LONGEST))
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        ended(process, lines)
        kinds = [line.split('"')[3] for line in content()]
        counts = [kinds.count(kind) for kind in ("person", "import", "fact", "night")]
        if counts != [1, 3, 38, 3]:
            raise LossError(f"older version, kill {turn}: {counts}")
    return f"{times} kills while migrating, everything there"


def rebuild(world: World, times: int, dice: random.Random) -> str:
    """A restore that is killed: the store of before or the new one is there, or can be had."""
    world.renew()
    fill(dice)
    wanted, again = content(), 0
    for turn in range(times):
        process, lines = forked(lambda out: restore(replace=True) and None)
        time.sleep(dice.uniform(0, 2 * LONGEST))
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        ended(process, lines)
        try:
            there = content()
        except DamagedError:
            restore()
            there, again = content(), again + 1
        if there != wanted:
            raise LossError(f"restore, kill {turn}: not all is there")
    return f"{times} restores killed, everything there; {again} had to be begun again"


def disk(world: World, times: int, dice: random.Random) -> str:
    """A full disk: a clear error with its exit code, and everything of before is there."""
    world.renew()
    with _small_disk(world) as limited:
        acknowledged = []
        for _ in range(20):
            entry = cramp()
            tell([entry])
            acknowledged.append(entry.id)
        with limited():
            refused, more = _until_refused()
        acknowledged += more
        require(acknowledged, ids_there(), "full disk")
        entry = cramp()
        tell([entry])
        require([*acknowledged, entry.id], ids_there(), "room again")
        _without_the_database(world, [*acknowledged, entry.id])
    return f"full after {len(more)} more entries: exit {EXIT_STORE}, {refused!r}; all there"


_TELL = """
import os, sys
from nightcramp.cli import main
from nightcramp.diary.entry import Entry, Cramp
import datetime as dt, uuid
from nightcramp.store.database import opened
from nightcramp.store.entries import add_entries
import click
@main.cli.command()
def tell():
    while True:
        at = dt.datetime.now(dt.UTC)
        body = Cramp(at=at, note='x' * 3000)
        entry = Entry(id=uuid.uuid4().hex, made_at=at, zone='UTC', body=body)
        with opened() as store:
            add_entries(store, [entry])
        print(entry.id, flush=True)
main.main()
"""


def _until_refused() -> tuple[str, list[str]]:
    """Tell until the store refuses; return what it said and what it acknowledged."""
    done = subprocess.run(
        [sys.executable, "-c", _TELL, "tell"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_limit,
    )
    if done.returncode != EXIT_STORE or "Traceback" in done.stderr:
        raise LossError(f"full disk: exit {done.returncode}: {done.stderr[-2000:]}")
    return done.stderr.strip().splitlines()[-2][:160], done.stdout.split()


_most_bytes: list[int] = []


def _limit() -> None:
    if _most_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (_most_bytes[-1], _most_bytes[-1]))


@contextlib.contextmanager
def _small_disk(world: World) -> Iterator[Callable[[], Any]]:
    """Put the store on a small disk of its own; yield what fills it for a while."""
    place = (world.data.parent if world.data else world.folder) / "small"
    place.mkdir(exist_ok=True)
    if not _mounted(place):
        if world.address:
            raise RuntimeError("a full disk under PostgreSQL needs to be root")
        yield _small_files
        return
    try:
        if world.address:
            _use_tablespace(world, place)
        else:
            world.home = place / "home"
            world.enter(world.home)
        yield lambda: _ballast(place)
    finally:
        if world.address:
            _leave_tablespace(world)
        subprocess.run(["umount", str(place)], check=True)


def _mounted(place: Path) -> bool:
    words = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if os.geteuid() != 0:
        return False
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def _ballast(place: Path) -> Iterator[None]:
    """Fill a disk up to the last few pages."""
    ballast = place / "ballast"
    free = shutil.disk_usage(place).free
    ballast.write_bytes(b"\0" * max(0, free - 160_000))
    try:
        yield
    finally:
        ballast.unlink()


@contextlib.contextmanager
def _small_files() -> Iterator[None]:
    """Let no file grow beyond 200 kB, where no disk can be mounted."""
    _most_bytes.append(200_000)
    try:
        yield
    finally:
        _most_bytes.pop()


def _use_tablespace(world: World, place: Path) -> None:
    """Let the tables of the server lie on the small disk."""
    assert world.data is not None
    owner = world.data.stat()
    os.chown(place, owner.st_uid, owner.st_gid)
    world.run(
        f"CREATE TABLESPACE small LOCATION '{place}'",
        "ALTER ROLE postgres SET default_tablespace = small",
    )


def _leave_tablespace(world: World) -> None:
    world.renew()
    world.run("ALTER ROLE postgres RESET default_tablespace", "DROP TABLESPACE small")


def corrupt(world: World, times: int, dice: random.Random) -> str:
    """Bytes and pages are damaged: found and restored, or what is read is right."""
    if world.address:
        return _corrupt_server(world, times, dice)
    world.renew()
    fill(dice)
    wanted, whole = content(), world.home
    counts = {"found": 0, "unharmed": 0}
    for turn in range(times):
        world.home = world.folder / "damaged"
        shutil.rmtree(world.home, ignore_errors=True)
        shutil.copytree(whole, world.home)
        world.enter(world.home)
        harm = damage(world.home / FILE, dice)
        counts[_found_or_right(world, wanted, f"damage {turn}: {harm}")] += 1
    world.home = whole
    return f"{times} damages, {counts['found']} found and restored, {counts['unharmed']} unharmed"


def damage(file: Path, dice: random.Random) -> str:
    """Damage a file at a random place; return how."""
    data = bytearray(file.read_bytes())
    page = 4096 if len(data) % 8192 else 8192
    at = dice.randrange(len(data))
    start = at // page * page
    how = dice.choice(["bit", "byte", "byte", "byte", "run", "zero page", "other page", "cut"])
    if how == "bit":
        data[at] ^= 1 << dice.randrange(8)
    elif how == "byte":
        data[at] ^= dice.randrange(1, 256)
    elif how == "run":
        data[at : at + 40] = dice.randbytes(len(data[at : at + 40]))
    elif how == "zero page":
        data[start : start + page] = bytes(len(data[start : start + page]))
    elif how == "other page":
        other = dice.randrange(len(data)) // page * page
        data[start : start + page] = data[other : other + page]
    else:
        del data[at:]
    with file.open("r+b") as handle:
        handle.write(data)
        handle.truncate(len(data))
    return f"{how} at {at} of {file.name}"


def _found_or_right(world: World, wanted: list[str], what: str) -> str:
    """Read everything and write once more; return whether the damage was found."""
    found, new = "unharmed", cramp()
    try:
        there = content()
        if there != wanted:
            raise LossError(f"{what}: wrong content was read")
        tell([new])
    except DamagedError as error:
        if "nightcramp restore" not in error.hint:
            raise LossError(f"{what}: no way back is offered: {error}") from None
        found = "found"
    except StoreError as error:
        if "--replace" not in error.hint:
            raise LossError(f"{what}: {error}") from None
        found = "found"
    if found == "found":
        world.wait()
        restored = restore(replace=True)
        if restored.notes:
            raise LossError(f"{what}: {restored.notes}")
    there = content()
    if [line for line in there if new.id not in line] != wanted:
        raise LossError(f"{what}: {found}, but not all is there")
    if found == "unharmed" and not any(new.id in line for line in there):
        raise LossError(f"{what}: what was told afterwards is lost")
    return found


def _corrupt_server(world: World, times: int, dice: random.Random) -> str:
    """Damage the files of tables and indexes under a stopped server."""
    counts = {"found": 0, "unharmed": 0}
    for turn in range(times):
        with _own_server(world, checksums=bool(turn % 2)) as own:
            own.renew()
            fill(dice)
            wanted = content()
            own.run("CHECKPOINT")
            files = _relations(own)
            own.stop()
            name, path = dice.choice(files)
            harm = damage(path, dice)
            own.start()
            counts[_found_or_right(own, wanted, f"damage {turn}: {name}, {harm}")] += 1
    world.enter(world.home)
    return f"{times} damages, {counts['found']} found and restored, {counts['unharmed']} unharmed"


def _relations(own: Any) -> list[tuple[str, Path]]:
    rows = own.run(
        "SELECT relname, pg_relation_filepath(c.oid) FROM pg_class c JOIN pg_namespace n "
        "ON n.oid = relnamespace WHERE nspname = 'nightcramp' AND relkind IN ('r', 'i')"
    )
    found = [(name, own.data / path) for name, path in rows]
    return [(name, path) for name, path in found if path.stat().st_size]


class OwnServer(World):
    """A world whose server can be stopped and started."""

    def __init__(self, folder: Path, server: postgres_server.Server) -> None:
        super().__init__(folder, server.address, server.data)
        self._server = server

    def stop(self) -> None:
        """Stop the server in good order."""
        self._server.stop()

    def start(self) -> None:
        """Start it again."""
        self._server.start()

    def wait(self) -> None:
        """Wait until it answers."""
        self._server.wait()


@contextlib.contextmanager
def _own_server(world: World, checksums: bool) -> Iterator[OwnServer]:
    settings = ("fsync=off", "autovacuum=off", "shared_buffers=8MB")
    with postgres_server.running(*settings, checksums=checksums) as server:
        yield OwnServer(world.folder, server)


EXPERIMENTS = {
    "kill": (kill, 1000),
    "writers": (writers, 300),
    "clock": (clock, 200),
    "older": (older, 200),
    "rebuild": (rebuild, 200),
    "disk": (disk, 1),
    "corrupt": (corrupt, 1000),
}


@contextlib.contextmanager
def worlds(databases: Sequence[str], folder: Path) -> Iterator[list[World]]:
    """Yield a world for each database."""
    with contextlib.ExitStack() as stack:
        found = []
        for name in databases:
            place = folder / name
            place.mkdir()
            if name == "sqlite":
                found.append(World(place))
            else:
                server = stack.enter_context(postgres_server.running())
                found.append(World(place, server.address, server.data))
        yield found


def main() -> int:
    """Run the experiments; return 1 for a loss."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", choices=[[], *EXPERIMENTS], default=[])
    parser.add_argument("--times", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--broken", action="store_true")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if given.broken:
        break_it()
    databases = given.database or ["sqlite", "postgresql"]
    with tempfile.TemporaryDirectory() as folder, worlds(databases, Path(folder)) as found:
        for world in found:
            for name in given.what or EXPERIMENTS:
                work, usual = EXPERIMENTS[name]
                began = time.perf_counter()
                try:
                    said = work(world, given.times or usual, random.Random(given.seed))
                except Exception as loss:  # a surprise is as bad as a loss
                    if not isinstance(loss, LossError):
                        traceback.print_exc()
                    print(f"{world.name} {name}: LOST, seed {given.seed}: {loss}")
                    return 1
                print(f"{world.name} {name}: {said} ({time.perf_counter() - began:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
