"""The stand-alone script of an export computes the same test, and sees what was tampered with."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locked_trials import LOCKED_AT, NO_STRETCH, STRETCH, locked
from nightcramp.intake.diary_clock import PersonClock
from nightcramp.intake.trial_run import look_at
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.night import Night
from nightcramp.report import recompute
from nightcramp.report.trial import report_of
from nightcramp.report.trial_export import write_export
from nightcramp.store.trials import KeptTrial
from nightcramp.trial.protocol import Arm, Protocol

DUMMY = Arm(id="dummy", label="Dummy", instruction="Take it.", kind="dummy")
SHAPES: dict[str, dict[str, Any]] = {
    "two arms": {"blocks": 8},
    "a run-in": {"blocks": 6, "run_in": 5, "washout": 2},
    "three arms": {"blocks": 9, "arms": (STRETCH, DUMMY, NO_STRETCH)},
    "too many to list": {"blocks": 24, "block_nights": 2, "washout": 0},
}


def nights_of(protocol: Protocol) -> list[Night]:
    """Return made-up nights, some not logged, with fewer cramps in the first arm."""
    random, nights = np.random.default_rng(5), []
    for day in range(protocol.nights):
        evening = protocol.first_evening + dt.timedelta(days=day)
        arm = protocol.arm_of(evening)
        cramps = int(random.poisson(0.6 if arm and arm.id == "do" else 1.2))
        if random.random() < 0.9:
            nights.append(Night(evening=evening, cramps=cramps))
    return nights


def exported(folder: Path, **changes: Any) -> tuple[Path, float]:
    """Return the unpacked export of a trial that is over, and its p-value."""
    trial = KeptTrial(lock=locked(**changes))
    nights = nights_of(trial.protocol)
    after = trial.protocol.last_evening + dt.timedelta(days=1)
    now = dt.datetime.combine(after, dt.time(9), LOCKED_AT.tzinfo)
    look = look_at(trial, nights, PersonClock(now, dt.UTC, "UTC"))
    target = io.BytesIO()
    report = report_of(trial, nights, look)
    write_export(target, trial, report, knowledge().diary_model)
    with zipfile.ZipFile(target) as archive:
        archive.extractall(folder)
    assert look.verdict.p is not None
    return folder, look.verdict.p


@pytest.mark.parametrize("changes", SHAPES.values(), ids=SHAPES)
def test_the_script_finds_the_same_p(
    changes: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Written anew, with another way to solve and to count, it agrees to six digits."""
    folder, p = exported(tmp_path, **changes)
    assert recompute.main(folder) == 0
    said = capsys.readouterr().out
    assert f"p = {p:.6f}" in said
    assert "fit together" in said


def test_the_script_runs_alone(tmp_path: Path) -> None:
    """By Python with NumPy in an empty folder, with nothing of this project to import."""
    folder, _ = exported(tmp_path)
    code = f"import sys; sys.modules['nightcramp'] = None; sys.argv = ['x', {str(folder)!r}]; "
    code += f"exec(open({str(folder / 'recompute.py')!r}).read())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "the same" in done.stdout


def changed_json(name: str, change: Callable[[Any], None]) -> Callable[[Path], None]:
    """Return what changes one of the JSON files of an export."""

    def changed(folder: Path) -> None:
        content = json.loads((folder / name).read_text(encoding="utf-8"))
        change(content)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")

    return changed


def other_arm(folder: Path) -> None:
    """Move a night to the other arm."""
    path = folder / "nights.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    rows[6]["arm"] = str(1 - int(rows[6]["arm"]))
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def all_alike(folder: Path) -> None:
    """Give every night that was logged one cramp."""
    path = folder / "nights.csv"
    head, *lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    alike = [[*line[:4], "1" if line[4] else "", line[5]] for line in lines]
    path.write_text("".join(",".join(line) + "\n" for line in [head, *alike]), encoding="utf-8")


TAMPERED: dict[str, tuple[Callable[[Path], None], str]] = {
    "an easier protocol": (
        changed_json("protocol.json", lambda found: found.update(smallest_effect=0.95)),
        "not the one that was locked",
    ),
    "a schedule by hand": (
        changed_json("protocol.json", lambda found: found["schedule"].reverse()),
        "not the one that the seed draws",
    ),
    "a night in the other arm": (other_arm, "is in another arm"),
    "locked afterwards": (
        changed_json("lock.json", lambda found: found.update(locked_at="2027-01-01T00:00:00Z")),
        "only after the first evening",
    ),
    "other cramps": (all_alike, "NOT THE SAME"),
    "another verdict": (
        changed_json("verdict.json", lambda found: found.update(p=0.01)),
        "NOT THE SAME",
    ),
}


@pytest.mark.parametrize(("change", "words"), TAMPERED.values(), ids=TAMPERED)
def test_the_script_says_what_was_tampered_with(
    change: Callable[[Path], None],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In words, and it does not end well."""
    folder, _ = exported(tmp_path, blocks=8, seed="c")
    change(folder)
    assert recompute.main(folder) == 1
    assert words in capsys.readouterr().out


def test_the_same_trial_gives_the_same_export(tmp_path: Path) -> None:
    """To the last byte, so that two copies can be compared."""
    first, _ = exported(tmp_path / "a")
    second, _ = exported(tmp_path / "b")
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()
