"""Nothing that was acknowledged is lost: a short run of `benchmarks/store_survival.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import postgres_server

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SHORT = {"kill": 25, "writers": 15, "clock": 15, "older": 5, "rebuild": 5, "disk": 1, "corrupt": 40}
ON_A_SERVER = {"kill": 25, "writers": 15, "clock": 15, "rebuild": 5, "disk": 1, "corrupt": 2}


def run(what: str, times: int, database: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run an experiment in a process of its own."""
    script = BENCHMARKS / "store_survival.py"
    words = [what, "--times", str(times), "--database", database, "--seed", "5", *more]
    return subprocess.run(
        [sys.executable, str(script), *words], capture_output=True, text=True, check=False
    )


def survival(what: str, times: int, database: str) -> str:
    """Run an experiment that must go well; return what it printed."""
    done = run(what, times, database)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(("what", "times"), SHORT.items(), ids=SHORT)
def test_a_file_survives(what: str, times: int) -> None:
    """Kills, writers at once, a jumping clock, an older version, a killed restore, a full disk."""
    assert survival(what, times, "sqlite").startswith(f"sqlite {what}: ")


@pytest.mark.parametrize(("what", "times"), ON_A_SERVER.items(), ids=ON_A_SERVER)
def test_a_store_on_a_server_survives(what: str, times: int) -> None:
    """The same on PostgreSQL; only root can make its disk full."""
    if postgres_server.programs() is None:
        pytest.skip("PostgreSQL's server is not installed")
    if what == "disk" and os.geteuid() != 0:
        pytest.skip("needs to be root")
    assert survival(what, times, "postgresql").startswith(f"postgresql {what}: ")


@pytest.mark.parametrize(("what", "times"), [("kill", 60), ("corrupt", 200)])
def test_a_broken_store_does_not_survive(what: str, times: int) -> None:
    """One that acknowledges too early, or checks nothing, is found out by the same runs."""
    done = run(what, times, "sqlite", "--broken")
    assert done.returncode == 1, done.stderr
    assert "LOST" in done.stdout
