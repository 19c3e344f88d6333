"""The commands `cohort`: the same questions asked of everybody in a database."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import click

FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)
CDM = click.option(
    "--cdm",
    "address",
    required=True,
    metavar="ADDRESS",
    help="A DuckDB file; a folder of Parquet or of FHIR NDJSON files; postgresql://…; "
    "spark:FOLDER.",
)
DAY = click.DateTime(["%Y-%m-%d"])
MEMORY = click.option("--memory", default="", help="The most memory for DuckDB, such as 4GB.")
THREADS = click.option("--threads", default=0, help="Threads for DuckDB; 0: one a processor.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


@click.group()
def cohort() -> None:
    """Ask the same of everybody in a database (OMOP CDM 5.3 or 5.4, FHIR bulk export)."""


@cohort.command()
@CDM
@click.option("--out", required=True, type=FOLDER, help="A new folder for what is found.")
@click.option("--everyone", is_flag=True, help="Not only those with a sign of cramps on record.")
@click.option("--as-of", type=DAY, help="Look at all on this day; else each on their own.")
@click.option("--intervals", is_flag=True, help="Also work out how sure each share is (slow).")
@click.option("--smallest-cell", type=int, help="Hide smaller counts in tables; 0 shows all.")
@click.option("--tables-only", is_flag=True, help="Keep no row about single people.")
@click.option("--no-report", is_flag=True, help="Write the rows alone, no tables and no report.")
@click.option("--no-pdf", is_flag=True, help="Leave out the PDF of the report.")
@MEMORY
@THREADS
@click.option("--processes", default=0, help="So many weigh at once; 0: one a processor.")
@AS_JSON
def screen(
    address: str,
    out: Path,
    everyone: bool,
    as_of: dt.datetime | None,
    intervals: bool,
    smallest_cell: int | None,
    tables_only: bool,
    no_report: bool,
    no_pdf: bool,
    memory: str,
    threads: int,
    processes: int,
    as_json: bool,
) -> None:
    """Find what may be behind the cramps of everybody who has them.

    Everybody with a sign of cramps (a diagnosis, quinine) is looked at on the day of the latest
    one. The folder gets one row a person (people, factors, medicines, as Parquet), tables in
    which small counts are hidden, and a report.
    """
    from nightcramp.cli.output import json_text
    from nightcramp.cohort.screen import screen as screen_database
    from nightcramp.cohort.settings import Settings
    from nightcramp.cohort.tables.report_files import written_report
    from nightcramp.knowledge.loader import knowledge

    settings = Settings(
        when=_when(everyone, as_of),
        intervals=intervals,
        smallest_cell=smallest_cell,
        processes=processes,
        limits=_limits(memory, threads),
        rows=not tables_only,
    )

    def finish(folder: Path) -> None:
        if not no_report:
            written_report(folder, settings, pdf=not no_pdf)

    if no_report and tables_only:
        raise click.UsageError("--no-report and --tables-only together would leave nothing.")
    run = screen_database(address, out, knowledge(), settings, progress=_progress(), finish=finish)
    if not no_report:
        _show(out, as_json)
    elif as_json:
        click.echo(json_text(run), nl=False)
    click.echo(f"Written to {out}", err=True)


@cohort.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@AS_JSON
def show(folder: Path, as_json: bool) -> None:
    """Print what a screening found again, from its FOLDER."""
    _show(folder, as_json)


@cohort.command()
@CDM
@click.argument("person", type=int)
@click.option("--as-of", type=DAY, help="Look at the person on this day.")
@click.option("--questions", default=5, show_default=True, help="How many questions to name.")
@AS_JSON
def person(
    address: str, person: int, as_of: dt.datetime | None, questions: int, as_json: bool
) -> None:
    """Assess one PERSON (an id) of a database, as `nightcramp assess` would."""
    from nightcramp.assess.assessment import assess
    from nightcramp.cli.output import json_text
    from nightcramp.cohort.people.one import facts_of_person
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.report.terminal import assessment_text

    facts = facts_of_person(address, person, knowledge(), as_of.date() if as_of else None)
    found = assess(facts, questions=questions)
    click.echo(json_text(found) if as_json else assessment_text(found, knowledge()), nl=as_json)


@cohort.command()
@CDM
@click.option(
    "--medicine",
    "medicines",
    multiple=True,
    default=("diuretic", "statin", "laba"),
    show_default=True,
    help="An ingredient or a class; again for more.",
)
@click.option(
    "--marker",
    "markers",
    multiple=True,
    help="A sign of cramps, a condition or a medicine; else every diagnosis of cramps and quinine.",
)
@click.option("--control", "controls", multiple=True, help="A medicine that cannot matter.")
@click.option("--run-in", type=int, help="Days without it before a start counts as one.")
@click.option("--window", type=int, help="Days between the two starts, at most.")
@click.option(
    "--trend",
    type=click.Choice(["rates", "counts", "none"]),
    help="How chance is worked out: by rates in others, by counts in all, not at all.",
)
@click.option("--no-case-series", is_flag=True, help="Only the order of starts (much faster).")
@click.option("--html", "page", type=FILE, help="Also write the report as a page (.html).")
@click.option("--pdf", type=FILE, help="Also write the report as a PDF.")
@MEMORY
@THREADS
@AS_JSON
def sequence(
    address: str,
    medicines: tuple[str, ...],
    markers: tuple[str, ...],
    controls: tuple[str, ...],
    run_in: int | None,
    window: int | None,
    trend: str | None,
    no_case_series: bool,
    page: Path | None,
    pdf: Path | None,
    memory: str,
    threads: int,
    as_json: bool,
) -> None:
    """Ask whether cramps follow the start of a medicine more often than they precede it.

    By the order of starts (prescription sequence symmetry) and by a self-controlled case series,
    beside medicines that cannot matter.
    """
    from nightcramp.cli.output import json_text
    from nightcramp.cohort.sequence.run import sequence_in
    from nightcramp.cohort.sequence.settings import settings
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.report.cohort_sequence import sequence_document, sequence_text
    from nightcramp.store.csv_tables import refuse_existing

    for new in (page, pdf):
        if new is not None:
            refuse_existing(new)
    changes = {"run_in": run_in, "window": window, "trend": trend}
    chosen = settings(
        **{name: value for name, value in changes.items() if value is not None},
        case_series=not no_case_series,
    )
    found = sequence_in(
        address, medicines, markers, controls, chosen, knowledge(), _limits(memory, threads)
    )
    if page is not None or pdf is not None:
        _write_documents(sequence_document(found), page, pdf)
    click.echo(json_text(found) if as_json else sequence_text(found), nl=as_json)


def _write_documents(document: Any, page: Path | None, pdf: Path | None) -> None:
    """Write a report as a page and as a PDF, each whole or not at all."""
    from nightcramp.report.document_html import html_of
    from nightcramp.report.document_pdf import pdf_of

    if page is not None:
        _write(page, html_of(document).encode())
    if pdf is not None:
        _write(pdf, pdf_of(document, dt.datetime.now().astimezone()))


def _write(path: Path, content: bytes) -> None:
    from nightcramp.store.files import written_whole

    with written_whole(path) as handle:
        handle.write(content)
    click.echo(f"Written to {path}", err=True)


def _when(everyone: bool, as_of: dt.datetime | None) -> Any:
    from nightcramp.cohort.people.batch import When

    return When(everyone=everyone, day=as_of.date() if as_of else None)


def _limits(memory: str, threads: int) -> Any:
    from nightcramp.cohort.source.address import Limits

    return Limits(memory=memory, threads=threads)


def _show(folder: Path, as_json: bool) -> None:
    from nightcramp.cli.output import json_text
    from nightcramp.cohort.tables.report_files import kept_summary
    from nightcramp.report.cohort import cohort_text

    summary = kept_summary(folder)
    click.echo(json_text(summary) if as_json else cohort_text(summary), nl=as_json)


def _progress() -> Any:
    """Return what tells a person at a terminal how far it is; each line writes over the last."""
    if not sys.stderr.isatty():
        return lambda people: None
    return lambda people: click.echo(f"{people:,} people read\r", nl=False, err=True)
