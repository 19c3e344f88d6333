"""A throw-away PostgreSQL server in a temporary folder, for tests and benchmarks."""

from __future__ import annotations

import os
import pwd
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DEBIAN = Path("/usr/lib/postgresql")
ACCOUNT = "postgres"
PATIENCE = 60.0
MOST_BYTES = 2 << 30


def programs() -> Path | None:
    """Return the folder of the newest server programs, or None where there are none."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


class Server:
    """A server with its data in a folder, reached through a socket there and nothing else.

    Started as root it runs as the account `postgres`, for it refuses to be root.
    """

    def __init__(self, folder: Path, settings: Sequence[str], *, checksums: bool) -> None:
        found = programs()
        assert found is not None, "PostgreSQL's server is not installed"
        self._programs, self._folder, self._settings = found, folder, settings
        self.data = folder / "data"
        self.address = f"postgresql://postgres@/postgres?host={folder}"
        if os.geteuid() == 0:
            account = pwd.getpwnam(ACCOUNT)
            os.chown(folder, account.pw_uid, account.pw_gid)
        asked = ["--auth=trust", "--no-sync", "--encoding=UTF8", f"--username={ACCOUNT}"]
        asked += ["--data-checksums"] if checksums else []
        self._make([str(found / "initdb"), *asked, "-D", str(self.data)])

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = [f"unix_socket_directories={self._folder}", "listen_addresses="]
        given = [word for option in (*options, *self._settings) for word in ("-c", option)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self.data), *given],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                preexec_fn=_with_little_memory,
                **_as_account(),
            )
        self.wait()

    def stop(self) -> None:
        """Stop the server, by its id, and wait until it is gone."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(PATIENCE)

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _make(self, words: list[str]) -> None:
        done = subprocess.run(
            words, cwd=self._folder, capture_output=True, text=True, check=False, **_as_account()
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def wait(self) -> None:
        """Wait until the server answers."""
        asked = [str(self._programs / "pg_isready"), "-q", "-U", ACCOUNT, "-h", str(self._folder)]
        until = time.monotonic() + PATIENCE
        while subprocess.run(asked, check=False).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(self._log.read_text(errors="replace")[-2000:])
            time.sleep(0.05)


@contextmanager
def running(*settings: str, checksums: bool = False) -> Iterator[Server]:
    """Yield a server that runs, in a new folder; stop it and remove the folder at the end."""
    folder = Path(tempfile.mkdtemp(prefix="nightcramp-pg-"))
    try:
        server = Server(folder, settings, checksums=checksums)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _with_little_memory() -> None:
    """Keep a server with damaged files from eating the machine's memory."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))


def _as_account() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam(ACCOUNT)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
