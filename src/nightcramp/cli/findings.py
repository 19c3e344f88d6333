"""The command `findings`: what the diary shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from nightcramp.person.finding import Findings
    from nightcramp.person.night import Night


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write a picture of nights and findings (SVG).",
)
def findings(files: tuple[Path, ...], as_json: bool, picture: Path | None) -> None:
    """Show what your nights say of what may act on your cramps, and what they don't.

    Of your diary; with FILES (spreadsheets, Apple Health exports, records) of those alone. It
    takes some seconds: the same analysis runs on made-up histories like yours, to see how often
    chance would fool it. `nightcramp assess` uses what was found.
    """
    from nightcramp.cli.output import json_text
    from nightcramp.report.findings import findings_text

    found, nights = _of_files(files) if files else _of_diary()
    if picture is not None:
        _draw(picture, found, nights)
    click.echo(json_text(found) if as_json else findings_text(found), nl=as_json)
    if picture is not None:
        click.echo(f"The picture is in {picture}", err=True)


def _of_diary() -> tuple[Findings, list[Night]]:
    """Return the findings of the store, made anew only where something changed."""
    from nightcramp.intake.own_findings import own_findings
    from nightcramp.intake.own_record import keep, own_record
    from nightcramp.store.database import opened

    with opened() as store:
        record = own_record(store)
    found = record.up_to_date()
    if found is None:
        found = own_findings(record)
        with opened() as store:
            keep(store, record, found)
    return found, record.nights


def _of_files(files: tuple[Path, ...]) -> tuple[Findings, list[Night]]:
    from nightcramp.assess.known import Known
    from nightcramp.diary.findings import findings_of
    from nightcramp.diary.nights import nights_of
    from nightcramp.intake.formats import read_any
    from nightcramp.intake.merge import merged
    from nightcramp.knowledge.loader import knowledge

    readings = [read_any(knowledge(), path) for path in files]
    nights = nights_of([], [reading.nights for reading in readings], knowledge().measures)
    return findings_of(nights, Known(merged(readings))), nights


def _draw(path: Path, found: Findings, nights: list[Night]) -> None:
    """Write the picture, whole or not at all."""
    from nightcramp.report.findings_picture import findings_svg
    from nightcramp.store.files import written_whole

    with written_whole(path) as handle:
        handle.write(findings_svg(found, nights).encode())
