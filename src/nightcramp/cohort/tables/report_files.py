"""The tables and the report of a screening, written into its folder and read from it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from nightcramp.cohort.settings import Settings
from nightcramp.cohort.weigh.results import TABLES
from nightcramp.errors import InputError
from nightcramp.language import gettext as _

if TYPE_CHECKING:
    from nightcramp.cohort.tables.population import CohortSummary

SUMMARY = "summary.json"


def written_report(folder: Path, settings: Settings, *, pdf: bool) -> None:
    """Write the tables and the report of a screening; takes its rows away if not wanted."""
    from nightcramp.cohort.tables.summary import summarise
    from nightcramp.cohort.tables.summary_tables import write_tables
    from nightcramp.report.cohort import PAPER, cohort_document
    from nightcramp.report.document_html import html_of
    from nightcramp.report.document_pdf import pdf_of

    summary = summarise(folder, settings.smallest_cell, settings.limits)
    write_tables(summary, folder)
    kept = msgspec.json.format(msgspec.json.encode(summary), indent=1)
    (folder / SUMMARY).write_bytes(kept)
    page = html_of(cohort_document(summary))
    (folder / "report.html").write_text(page, encoding="utf-8")
    if pdf:
        now = dt.datetime.now().astimezone()
        (folder / "report.pdf").write_bytes(pdf_of(cohort_document(summary, PAPER), now))
    if not settings.rows:
        for name in TABLES:
            (folder / f"{name}.parquet").unlink()


def kept_summary(folder: Path) -> CohortSummary:
    """Return what a screening found; raises InputError where the folder holds none."""
    from nightcramp.cohort.tables.population import CohortSummary

    path = folder / SUMMARY
    try:
        return msgspec.json.decode(path.read_bytes(), type=CohortSummary)
    except OSError:
        raise InputError(
            _("holds no screening"),
            where=str(folder),
            hint=_("`nightcramp cohort screen --out FOLDER` makes one."),
        ) from None
    except msgspec.DecodeError as error:
        raise InputError(
            _("cannot be read: {reason}").format(reason=str(error)), where=str(path)
        ) from None
