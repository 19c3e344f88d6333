"""The page that asks a prescriber: what is to be tested, how, and what they are asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from nightcramp.diary.wording import day_in_words
from nightcramp.intake.trial_plan import Planned
from nightcramp.language import gettext as _
from nightcramp.language import language, noted, number
from nightcramp.report.cent_methods import OUTCOMES
from nightcramp.report.document import AnyBlock, Bullets, Document, Facts, Para, Section, Table
from nightcramp.report.document_pdf import pdf_of
from nightcramp.report.trial import block_starts
from nightcramp.report.trial_course import LETTERS
from nightcramp.trial.gate import Page
from nightcramp.trial.planner import Draft
from nightcramp.trial.protocol import Protocol

LINE = "." * 190
PACKS = noted(
    "Do not show this list to the person or the prescriber before the last night is logged. Open "
    "it at once if somebody is unwell."
)


def page_pdf(found: Planned, page: Page, now: dt.datetime) -> bytes:
    """Return the page as PDF/UA-1; the same plan and time give the same bytes."""
    return pdf_of(page_of(found, page, now.date()), now)


def page_of(found: Planned, page: Page, today: dt.date) -> Document:
    """Return the page with the plan, what is asked, how to blind it, and where to sign."""
    sections = [
        Section(id="asks", title=_("What this is about"), blocks=tuple(map(_para, page.asks))),
        Section(id="plan", title=_("The plan"), blocks=tuple(_plan(found))),
        Section(id="please", title=_("Please"), blocks=(Bullets(items=page.please),)),
    ]
    if page.blinding:
        blinding = Bullets(items=page.blinding)
        title = _("For the pharmacist: blinding")
        sections.append(Section(id="blinding", title=title, blocks=(blinding,)))
    pairs = tuple((name, LINE) for name in page.sign)
    sections.append(Section(id="sign", title=_("Your answer"), blocks=(Facts(pairs=pairs),)))
    about = _("Written on {day}. Without your agreement it does not begin.")
    return Document(
        language=language(),
        title=page.title,
        about=about.format(day=day_in_words(today)),
        sections=tuple(sections),
    )


def packs_pdf(protocol: Protocol, now: dt.datetime) -> bytes:
    """Return the list of packs for the pharmacist: which block is which arm."""
    return pdf_of(packs_of(protocol), now)


def packs_of(protocol: Protocol) -> Document:
    """Return the list of packs; nobody else sees it before the last night is logged."""
    head = (_("Pack"), _("From the evening of"), _("Nights"), _("What is in it"))
    rows = tuple(
        (
            f"{block + 1}",
            day_in_words(first),
            f"{protocol.block_nights}",
            protocol.arms[protocol.schedule[block]].label,
        )
        for block, first in enumerate(block_starts(protocol))
    )
    caption = _("Packs in their order")
    table = Table(caption=caption, head=head, rows=rows, widths=(0.6, 2, 0.8, 3))
    keep = Para(text=_(PACKS), tone="warning")
    section = Section(id="packs", title=_("What is in which pack"), blocks=(keep, table))
    return Document(
        language=language(),
        title=_("For the pharmacist only: {title}").format(title=protocol.title),
        about=_("Trial {name}.").format(name=protocol.id),
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
    yield _("What is counted"), _(OUTCOMES[found.plan.wish.outcome])
    if found.draft is None:
        yield _("Length"), _("no length would tell anything")
        return
    length = _("{nights} nights, {blocks} blocks of {block}").format(
        nights=found.nights, blocks=found.blocks, block=found.draft.block_nights
    )
    yield _("Length"), length
    left_out = _("of each block, the first nights: {washout}")
    yield _("Not counted"), left_out.format(washout=found.draft.washout)
    fewer = round(100 * (1 - found.plan.wish.smallest_effect))
    yield _("Matters from"), _("{fewer} of 100 fewer").format(fewer=fewer)


def _chances(draft: Draft) -> Table:
    """Return how such trials end, if the true ratio is this."""
    head = (
        _("If the true ratio is"),
        _("works"),
        _("does not matter"),
        _("harms"),
        _("cannot tell"),
    )
    rows = []
    for one in draft.chances:
        odds = (one.works, one.does_not_matter, one.harms, one.cannot_tell)
        parts = (_("{part} of 100").format(part=round(100 * part)) for part in odds)
        rows.append((number(one.ratio, ".2f"), *parts))
    caption = _("How such a trial ends, by what is true (1 is no difference)")
    return Table(caption=caption, head=head, rows=tuple(rows), widths=(2, 1.2, 1.6, 1.2, 1.4))
