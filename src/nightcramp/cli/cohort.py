"""The commands `cohort`: the same questions asked of everybody in a database."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    pass

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
    from nightcramp.cohort.report_files import written_report
    from nightcramp.cohort.screen import screen as screen_database
    from nightcramp.cohort.settings import Settings
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
    from nightcramp.cohort.one import facts_of_person
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.report.terminal import assessment_text

    facts = facts_of_person(address, person, knowledge(), as_of.date() if as_of else None)
    found = assess(facts, questions=questions)
    click.echo(json_text(found) if as_json else assessment_text(found, knowledge()), nl=as_json)


def _when(everyone: bool, as_of: dt.datetime | None) -> Any:
    from nightcramp.cohort.batch import When

    return When(everyone=everyone, day=as_of.date() if as_of else None)


def _limits(memory: str, threads: int) -> Any:
    from nightcramp.cohort.address import Limits

    return Limits(memory=memory, threads=threads)


def _show(folder: Path, as_json: bool) -> None:
    from nightcramp.cli.output import json_text
    from nightcramp.cohort.report_files import kept_summary
    from nightcramp.report.cohort import cohort_text

    summary = kept_summary(folder)
    click.echo(json_text(summary) if as_json else cohort_text(summary), nl=as_json)


def _progress() -> Any:
    """Return what tells a person at a terminal how far it is."""
    if not sys.stderr.isatty():
        return lambda people: None
    return lambda people: click.echo(f"\r{people:,} people read", nl=False, err=True)
