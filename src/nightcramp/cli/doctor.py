"""The command that writes the page for a visit to the doctor."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click


@click.command()
@click.argument("page", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def doctor(page: Path, files: tuple[Path, ...]) -> None:
    """Write the page for a visit to PAGE (.pdf): of the FILES, else of your own record.

    One page for ten minutes, a second with nights and sources.
    """
    from nightcramp.assess.assessment import assess
    from nightcramp.errors import InputError
    from nightcramp.intake.merge import read_facts
    from nightcramp.intake.own_record import own_record
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.report.visit import doctor_of
    from nightcramp.report.visit_pdf import visit_pdf
    from nightcramp.store.csv_tables import refuse_existing
    from nightcramp.store.database import opened
    from nightcramp.store.files import written_whole

    if page.suffix.casefold() != ".pdf":
        raise InputError("the page is a PDF (.pdf)", where=str(page))
    refuse_existing(page)
    if files:
        facts, nights = read_facts(files), []
    else:
        with opened() as store:
            record = own_record(store)
        facts, nights = record.facts(), record.nights
    now = dt.datetime.now().astimezone()
    shown = doctor_of(assess(facts, questions=0), facts, nights, knowledge(), now.date())
    content = visit_pdf(shown, now)
    with written_whole(page) as handle:
        handle.write(content)
    click.echo(f"Written to {page}")
