"""The command that writes FHIR: the record and assessment, the questions, the codes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from nightcramp.language import NAMES, speaking

FORMS = ("--questionnaire", "--diary", "--codes")


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--questionnaire", is_flag=True, help="The questions, as an SDC Questionnaire.")
@click.option("--diary", is_flag=True, help="The questions about one night, as a Questionnaire.")
@click.option("--codes", is_flag=True, help="The code systems of the project's own.")
@click.option("--language", type=click.Choice(list(NAMES)), default="en", help="Language of texts.")
@click.option("--name", "named", is_flag=True, help="Also the name that the store knows you by.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Count times back from this day.")
@click.option("--save", type=click.Path(path_type=Path), help="Write it to a new file.")
def fhir(
    files: tuple[Path, ...],
    questionnaire: bool,
    diary: bool,
    codes: bool,
    language: str,
    named: bool,
    as_of: dt.datetime | None,
    save: Path | None,
) -> None:
    """Write the record and assessment as a FHIR R4 bundle: yours, or that of FILES.

    `nightcramp import` reads it back without loss. Who gets it can read everything in it.
    """
    asked = [
        name for name, given in zip(FORMS, (questionnaire, diary, codes), strict=True) if given
    ]
    if len(asked) > 1 or (asked and (files or named)):
        raise click.UsageError(f"{' '.join(FORMS)} stand alone, without FILES")
    with speaking(language):
        made = _form(asked[0]) if asked else _bundle(files, as_of, named)
        _written(made, save)


def _form(asked: str) -> dict[str, Any]:
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.report.fhir.questionnaire import interview, morning_diary
    from nightcramp.report.fhir.terminology import terminology

    makers: dict[str, Callable[..., dict[str, Any]]] = dict(
        zip(FORMS, (interview, morning_diary, terminology), strict=True)
    )
    return makers[asked](knowledge())


def _bundle(files: tuple[Path, ...], as_of: dt.datetime | None, named: bool) -> dict[str, Any]:
    from nightcramp.report.fhir.bundle import bundle_of
    from nightcramp.report.fhir.export import of_files, of_store
    from nightcramp.store.database import opened

    now = dt.datetime.now().astimezone().replace(microsecond=0)
    date = as_of.date() if as_of else None
    if files:
        return bundle_of(of_files(files, now, date))
    with opened() as mine:
        exported = of_store(mine, now, date, named=named)
    return bundle_of(exported)


def _written(made: dict[str, Any], save: Path | None) -> None:
    text = json.dumps(made, indent=1, ensure_ascii=False)
    if save is None:
        click.echo(text)
        return
    from nightcramp.store.csv_tables import refuse_existing
    from nightcramp.store.files import written_whole

    refuse_existing(save)
    with written_whole(save) as handle:
        handle.write(text.encode())
    click.echo(f"Written to {save}")
