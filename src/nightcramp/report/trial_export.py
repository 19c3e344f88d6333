"""Everything of one trial in a zip, so that somebody else can check it and compute it again."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from nightcramp import __version__
from nightcramp.diary.design import common_prior
from nightcramp.knowledge.schema import DiaryModel
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.report.trial_course import Course, TrialReport
from nightcramp.report.trial_report import nights_csv
from nightcramp.store.trials import KeptTrial
from nightcramp.trial.analysis import NODES
from nightcramp.trial.lock import file_of
from nightcramp.trial.protocol import canonical
from nightcramp.trial.score import MONTE_CARLO, MOST_COUNTED, MOST_LISTED

EARLIEST = (1980, 1, 1, 0, 0, 0)
SCRIPT = "recompute.py"
EXPLAINED = noted("""\
One trial on one person's own nights, complete. Written by nightcramp {version}.

  protocol.json  what was decided before the first night, to the letter as it was locked
  lock.json      its SHA-256, when it was locked, and the protocol once more: the file that
                 `nightcramp trial verify` checks
  nights.csv     every night so far: block (-1 before the first), arm (from 0, as in the
                 protocol), whether it counts, its outcome (empty: not logged), and whether the
                 arm was followed (1, 0, empty: not told)
  events.json    what happened on the way: stopped, started again, ill, a night otherwise
  looks.json     every look at the verdict, with the nights as they stood then
  verdict.json   the verdict as it stands now
  analysis.json  the choices that the test of the order needs
  recompute.py   checks all of this and computes the test again

To check: have Python with NumPy, unpack, and run

  python recompute.py

It checks that the protocol is the one of its SHA-256, that the order is the one its seed draws
(so it was not chosen), that no night was moved to another arm, and computes the p-value again.
Compare the SHA-256 with the one that was noted when the trial was locked. This is health data:
keep it where you keep such.
""")


def write_export(to: BinaryIO, trial: KeptTrial, report: TrialReport, model: DiaryModel) -> None:
    """Write all files of a trial; the same trial and verdict give the same bytes."""
    files = {
        "README.txt": _(EXPLAINED).format(version=__version__),
        "protocol.json": canonical(trial.protocol).decode(),
        "lock.json": file_of(trial.lock).decode(),
        "nights.csv": nights_csv(Course(report)),
        "events.json": _json(trial.events),
        "looks.json": _json(trial.looks),
        "verdict.json": _json(report.verdict),
        "analysis.json": json.dumps(_choices(model), indent=1) + "\n",
        SCRIPT: Path(__file__).with_name(SCRIPT).read_text(encoding="utf-8"),
    }
    with zipfile.ZipFile(to, "w") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name, EARLIEST)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            archive.writestr(info, text)


def _json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode() + "\n"


def _choices(model: DiaryModel) -> dict[str, Any]:
    """Return what the test takes for possible, and from how many orders on it draws them."""
    mean, sd = common_prior(model)
    return {
        "sigma": NODES.sigma.tolist(),
        "rho": NODES.rho.tolist(),
        "kappa": NODES.kappa.tolist(),
        "mean": mean,
        "sd": sd,
        "most_listed": MOST_LISTED,
        "most_counted": MOST_COUNTED,
        "drawn": MONTE_CARLO,
    }
