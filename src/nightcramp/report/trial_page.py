"""The page that asks a prescriber: what is to be tested, how, and what they are asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from nightcramp.diary.wording import day_in_words
from nightcramp.intake.trial_plan import Planned
from nightcramp.report.cent_methods import OUTCOMES
from nightcramp.report.document import AnyBlock, Bullets, Document, Facts, Para, Section, Table
from nightcramp.report.document_pdf import pdf_of
from nightcramp.report.trial import block_starts
from nightcramp.report.trial_course import LETTERS
from nightcramp.trial.gate import Page
from nightcramp.trial.planner import Draft
from nightcramp.trial.protocol import Protocol

LANGUAGE = "en"
LINE = "." * 190
PACKS = (
    "Do not show this list to the person or the prescriber before the last night is logged. Open "
    "it at once if somebody is unwell."
)


def page_pdf(found: Planned, page: Page, now: dt.datetime) -> bytes:
    """Return the page as PDF/UA-1; the same plan and time give the same bytes."""
    return pdf_of(page_of(found, page, now.date()), now)


def page_of(found: Planned, page: Page, today: dt.date) -> Document:
    """Return the page with the plan, what is asked, how to blind it, and where to sign."""
    sections = [
        Section(id="asks", title="What this is about", blocks=tuple(map(_para, page.asks))),
        Section(id="plan", title="The plan", blocks=tuple(_plan(found))),
        Section(id="please", title="Please", blocks=(Bullets(items=page.please),)),
    ]
    if page.blinding:
        blinding = Bullets(items=page.blinding)
        sections.append(
            Section(id="blinding", title="For the pharmacist: blinding", blocks=(blinding,))
        )
    pairs = tuple((name, LINE) for name in page.sign)
    sections.append(Section(id="sign", title="Your answer", blocks=(Facts(pairs=pairs),)))
    return Document(
        language=LANGUAGE,
        title=page.title,
        about=f"Written on {day_in_words(today)}. Without your agreement it does not begin.",
        sections=tuple(sections),
    )


def packs_pdf(protocol: Protocol, now: dt.datetime) -> bytes:
    """Return the list of packs for the pharmacist: which block is which arm."""
    return pdf_of(packs_of(protocol), now)


def packs_of(protocol: Protocol) -> Document:
    """Return the list of packs; nobody else sees it before the last night is logged."""
    head, widths = ("Pack", "From the evening of", "Nights", "What is in it"), (0.6, 2, 0.8, 3)
    rows = tuple(
        (
            f"{block + 1}",
            day_in_words(first),
            f"{protocol.block_nights}",
            protocol.arms[protocol.schedule[block]].label,
        )
        for block, first in enumerate(block_starts(protocol))
    )
    table = Table(caption="Packs in their order", head=head, rows=rows, widths=widths)
    keep = Para(text=PACKS, tone="warning")
    section = Section(id="packs", title="What is in which pack", blocks=(keep, table))
    return Document(
        language=LANGUAGE,
        title=f"For the pharmacist only: {protocol.title}",
        about=f"Trial {protocol.id}.",
        sections=(section,),
    )


def _para(text: str) -> Para:
    return Para(text=text)


def _plan(found: Planned) -> Iterator[AnyBlock]:
    arms = [
        (f"{LETTERS[place]}: {arm.label}", arm.instruction) for place, arm in enumerate(found.arms)
    ]
    yield Facts(pairs=(*arms, *_nights(found)))
    yield Para(text=found.plan.why)
    if found.draft is not None and found.draft.chances:
        yield _chances(found.draft)


def _nights(found: Planned) -> Iterator[tuple[str, str]]:
    yield "What is counted", OUTCOMES[found.plan.wish.outcome]
    if found.draft is None:
        yield "Length", "no length would tell anything"
        return
    nights = found.draft.block_nights
    yield "Length", f"{found.nights} nights, {found.blocks} blocks of {nights}"
    yield "Not counted", f"of each block, the first nights: {found.draft.washout}"
    fewer = round(100 * (1 - found.plan.wish.smallest_effect))
    yield "Matters from", f"{fewer} of 100 fewer"


def _chances(draft: Draft) -> Table:
    """Return how such trials end, if the true ratio is this."""
    head = ("If the true ratio is", "works", "does not matter", "harms", "cannot tell")
    rows = []
    for one in draft.chances:
        odds = (one.works, one.does_not_matter, one.harms, one.cannot_tell)
        rows.append((f"{one.ratio:.2f}", *(f"{round(100 * part)} of 100" for part in odds)))
    caption = "How such a trial ends, by what is true (1 is no difference)"
    return Table(caption=caption, head=head, rows=tuple(rows), widths=(2, 1.2, 1.6, 1.2, 1.4))
