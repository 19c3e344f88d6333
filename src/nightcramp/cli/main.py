"""Entry point of `nightcramp`: parses the command line, shows errors as sentences."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import click

from nightcramp import __version__
from nightcramp.cli import (
    cds,
    cohort,
    diary,
    doctor,
    fhir,
    findings,
    paper,
    passphrase,
    serve,
    store,
    trial,
    validate,
)
from nightcramp.cli.output import json_text
from nightcramp.errors import NightcrampError

FILES = click.argument("files", nargs=-1, type=click.Path(path_type=Path))
AS_OF = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The date to count back from; else the newest date in the files.",
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nightcramp")
@click.option("--person", metavar="NAME", help="Whose diary, where several people share a store.")
@click.pass_context
def cli(context: click.Context, person: str | None) -> None:
    """What is behind night-time leg cramps, and what to do about it.

    It does not replace a clinician. Nothing leaves this machine.
    """
    context.with_resource(store.speaking_of(person))


for command in (diary.log, diary.night, diary.diary, paper.type_command, findings.findings):
    cli.add_command(command)
cli.add_command(trial.trial)
cli.add_command(serve.serve)
cli.add_command(doctor.doctor)
cli.add_command(fhir.fhir)
cli.add_command(cds.cds)
cli.add_command(passphrase.passphrase)
cli.add_command(validate.validate)
cli.add_command(cohort.cohort)
for keeping in (store.export, store.backup, store.restore, store.people):
    cli.add_command(keeping)


@cli.command()
@FILES
@AS_JSON
@click.option("--questions", default=5, show_default=True, help="How many questions to name.")
@click.option("--clinician", is_flag=True, help="Also name examinations and tests.")
@AS_OF
def assess(
    files: tuple[Path, ...],
    as_json: bool,
    questions: int,
    clinician: bool,
    as_of: dt.datetime | None,
) -> None:
    """Assess the person of whom the FILES tell; without FILES, of whom imports and diary told.

    Story files, FHIR, Apple Health exports and spreadsheets are merged into one person.
    """
    from nightcramp.assess.assessment import assess as assess_facts
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.report.terminal import assessment_text

    facts = _facts(files, as_of)
    found = assess_facts(facts, questions=questions, clinician=clinician)
    click.echo(json_text(found) if as_json else assessment_text(found, knowledge()), nl=as_json)


@cli.command()
@click.argument("identifier", metavar="ID")
@FILES
@AS_JSON
@AS_OF
def explain(
    identifier: str, files: tuple[Path, ...], as_json: bool, as_of: dt.datetime | None
) -> None:
    """Show every piece of evidence for one explanation ID, and its source."""
    from nightcramp.assess.assessment import assess as assess_facts
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.knowledge.lookup import explanation_named
    from nightcramp.report.explain import explanation_text

    found = assess_facts(_facts(files, as_of), questions=0)
    item = explanation_named(identifier, found.explanations, knowledge())
    click.echo(
        json_text(item) if as_json else explanation_text(item, found, knowledge()), nl=as_json
    )


@cli.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--save", type=click.Path(path_type=Path, dir_okay=False), help="Save the story here."
)
def interview(file: Path | None, save: Path | None) -> None:
    """Ask what is worth asking, best question first; `?` says why, `q` stops.

    Starting from a story FILE it asks only what is missing.
    """
    from nightcramp.cli.interview import run_interview

    run_interview(file, save)


@cli.command(name="import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be read; keep nothing.")
@click.option("--mapping", type=click.Path(path_type=Path), help="Columns of a spreadsheet.")
@click.option(
    "--date-order",
    type=click.Choice(["dmy", "mdy", "ymd"]),
    help="Order of unclear dates.",
)
@click.option("--patient", default="", help="Id of the person, if a file holds several.")
@AS_JSON
def import_command(
    files: tuple[Path, ...],
    dry_run: bool,
    mapping: Path | None,
    date_order: str | None,
    patient: str,
    as_json: bool,
) -> None:
    """Read records into your own database: FHIR, Apple Health, spreadsheets, stories.

    All of the FILES or nothing. The same file twice changes nothing. `nightcramp undo` takes
    an import back.
    """
    from nightcramp.intake.importing import import_files
    from nightcramp.report.imports import import_text

    results = import_files(
        files, keep=not dry_run, mapping=mapping, date_order=date_order, patient=patient
    )
    click.echo(json_text(results) if as_json else import_text(results), nl=as_json)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--sheet", default="", help="Sheet of a workbook; else the first.")
@click.option("--save", type=click.Path(path_type=Path), help="Write it here, to be corrected.")
def columns(file: Path, sheet: str, save: Path | None) -> None:
    """Show how the columns of a diary FILE would be read; `--save` writes it to a file.

    Correct that file and give it to `nightcramp import --mapping`.
    """
    from nightcramp.intake.spreadsheet.mapping import describe_mapping, write_mapping
    from nightcramp.intake.spreadsheet.reader import mapping_of
    from nightcramp.knowledge.loader import knowledge

    mapping = mapping_of(file, knowledge(), sheet)
    click.echo(describe_mapping(mapping))
    if save is not None:
        write_mapping(mapping, save)
        click.echo(f"Written to {save}")


@cli.command()
@AS_JSON
def imports(as_json: bool) -> None:
    """List what was imported, with the numbers that `undo` takes."""
    from nightcramp.report.imports import list_text
    from nightcramp.store.database import opened
    from nightcramp.store.imports import list_imports

    with opened() as mine:
        found = list_imports(mine)
    click.echo(json_text(found) if as_json else list_text(found), nl=as_json)


@cli.command()
@click.argument("number", type=int)
def undo(number: int) -> None:
    """Take back the import with this NUMBER, with everything it brought."""
    from nightcramp.errors import UnknownIdError
    from nightcramp.store.database import opened
    from nightcramp.store.imports import undo_import

    with opened() as mine:
        done = undo_import(mine, number)
    if not done:
        raise UnknownIdError(
            f"there is no import {number}", hint="`nightcramp imports` lists them."
        )
    click.echo(f"Import {number} is taken back.")


@cli.command(name="knowledge")
@click.argument("identifier", required=False, metavar="[ID]")
@AS_JSON
@click.option("--check", is_flag=True, help="Check all content files and name every fault.")
def knowledge_command(identifier: str | None, as_json: bool, check: bool) -> None:
    """Print what nightcramp knows: an overview, or everything about one ID."""
    from nightcramp.knowledge.loader import knowledge, load
    from nightcramp.report.knowledge import overview_text, record_text

    if check:
        load()
        click.echo("The content files fit together.")
        return
    text = record_text(identifier, knowledge(), as_json) if identifier else None
    click.echo(text or overview_text(knowledge(), as_json))


@cli.command()
@click.argument("name", type=click.Choice(["story", "assessment"]))
def schema(name: str) -> None:
    """Print the JSON Schema of a story file or of an assessment."""
    from nightcramp.report.schemas import schema_of

    click.echo(_pretty(schema_of(name)))


def _facts(files: tuple[Path, ...], as_of: dt.datetime | None) -> Any:
    date = as_of.date() if as_of else None
    if files:
        from nightcramp.intake.merge import read_facts

        return read_facts(files, date)
    from nightcramp.intake.own_record import own_record
    from nightcramp.store.database import opened

    with opened() as mine:
        record = own_record(mine)
    return record.facts(date)


def _pretty(value: Any) -> str:
    import json

    return json.dumps(value, indent=1, ensure_ascii=False)


def main() -> None:
    """Run the command line; errors for people go to stderr with their exit code."""
    try:
        cli(standalone_mode=False)
    except NightcrampError as error:
        click.echo(f"nightcramp: {error}", err=True)
        sys.exit(error.exit_code)
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
