"""The command `validate`: the assessment held against a national survey."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from nightcramp.validation.respondents import Respondents

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def validate() -> None:
    """Hold the assessment against a survey of a population."""


@validate.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.option("--html", "page", type=FILE, help="Also write the report as a page (.html).")
@click.option("--mapping", type=FILE, help="Your own mapping of columns to facts (TOML).")
@click.option("--map", "kept", type=FILE, help="A derived map in place of the one that is kept.")
@click.option("--derive", type=FILE, help="Derive the map from PATH, write it here, stop.")
@click.option(
    "--no-boosted", is_flag=True, help="Leave out the boosted model, which takes longest."
)
def nhanes(
    path: Path,
    as_json: bool,
    page: Path | None,
    mapping: Path | None,
    kept: Path | None,
    derive: Path | None,
    no_boosted: bool,
) -> None:
    """Assess every respondent of NHANES and compare with the cramps they told of.

    PATH: the folder of one round (a table of people and one of medicines), or its table of
    people. It takes some minutes.
    """
    from nightcramp.cli.output import json_text
    from nightcramp.report.validation import document_of, validation_text
    from nightcramp.store.csv_tables import refuse_existing
    from nightcramp.validation.mapping import SHIPPED
    from nightcramp.validation.maps import read_map
    from nightcramp.validation.validate import read_respondents
    from nightcramp.validation.validate import validate as hold_against

    for new in (page, derive):
        if new is not None:
            refuse_existing(new)
    using = read_map(kept) if kept else None
    people = read_respondents(path, mapping or SHIPPED)
    if derive is not None:
        _derive(derive, people)
        return
    found = hold_against(people, using, bound=not no_boosted)
    if page is not None:
        from nightcramp.report.document_html import html_of

        _write(page, html_of(document_of(found)))
    click.echo(json_text(found) if as_json else validation_text(found), nl=as_json)
    if page is not None:
        click.echo(f"Written to {page}", err=True)


def _derive(path: Path, people: Respondents) -> None:
    from nightcramp.validation.maps import map_text
    from nightcramp.validation.validate import derived

    round_ = people.survey.wave.name
    command = f"nightcramp validate nhanes PATH --derive FILE, on the round {round_}"
    _write(path, map_text(derived(people), command))
    click.echo(f"Written to {path}")


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    from nightcramp.store.files import written_whole

    with written_whole(path) as handle:
        handle.write(text.encode())
