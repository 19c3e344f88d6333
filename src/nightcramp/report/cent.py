"""CENT 2015, the CONSORT extension for N-of-1 trials: every item, asked in our own words.

Items that concern a series of trials do not apply to one person's trial and say so; what the
trial's files do not hold is said to be not recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.report import cent_methods as methods
from nightcramp.report import cent_results as results
from nightcramp.report.document import AnyBlock, Facts, Para, Section, Subhead
from nightcramp.report.trial_course import Course

Answer = Callable[[Course], str]
ABOUT = noted(
    "CENT 2015 is the list of what a report of such a trial must tell, made by an international "
    "group of experts (Vohra and others, BMJ 2015; 350: h1738). Here is every item, for whoever "
    "wants to check this trial. Where something is not known or does not apply, that is said."
)


@dataclass(frozen=True)
class Item:
    """One item: its number, what it asks in our words, and what answers it."""

    number: str
    asks: str
    answer: Answer


GROUPS: dict[str, tuple[Item, ...]] = {
    noted("Title and summary"): (
        Item("1a", noted("Called an N-of-1 trial in its title"), methods.title),
        Item("1b", noted("Summary"), results.summary),
    ),
    noted("Introduction"): (
        Item("2a.1", noted("Background"), methods.background),
        Item("2a.2", noted("Why one person's own trial"), methods.why_one_person),
        Item("2b", noted("What was asked"), methods.question),
    ),
    noted("Methods"): (
        Item("3a", noted("Design: number and length of blocks, run-in, washout"), methods.design),
        Item("3b", noted("Changes of the methods after the start"), methods.changes),
        Item("4a", noted("Who: diagnosis, other illnesses, other treatments"), methods.person),
        Item("4b", noted("Where the data were collected"), methods.place),
        Item("4c", noted("Research or not; ethics approval"), methods.ethics),
        Item(
            "5", noted("What was done in each block, and how it was kept to"), methods.interventions
        ),
        Item("6a.1", noted("Outcomes, how and when they were taken"), methods.outcomes),
        Item("6a.2", noted("How good the measuring is"), methods.measuring),
        Item("6b", noted("Changes of the outcomes after the start"), methods.outcome_changes),
        Item("7a", noted("How the length was chosen"), methods.length),
        Item("7b", noted("Looks before the end, and when to stop"), methods.looks),
        Item("8a", noted("Whether and how the order was drawn by chance"), methods.order),
        Item("8b", noted("Limits put on the order"), methods.limits),
        Item("8c", noted("The whole order as planned"), methods.sequence),
        Item("9", noted("How the order was kept hidden"), methods.concealment),
        Item("10", noted("Who drew the order, enrolled and assigned"), methods.roles),
        Item("11a", noted("Who did not know which arm it was"), methods.blinding),
        Item("11b", noted("How alike the arms were"), methods.likeness),
        Item("12a", noted("How the arms were compared"), methods.comparing),
        Item("12b", noted("For a series: how trials were put together"), methods.series),
        Item(
            "12c",
            noted("Carry-over, drift over time, nights that resemble each other"),
            methods.drift,
        ),
    ),
    noted("Results"): (
        Item("13a.1", noted("Blocks completed, and departures from the plan"), results.completed),
        Item("13a.2", noted("For a series: people enrolled and analysed"), methods.series),
        Item("13b", noted("Losses and exclusions, and when"), results.losses),
        Item("14a", noted("Dates"), results.dates),
        Item("14b", noted("Whether it was stopped early, and why"), results.stopped),
        Item("15", noted("How it was before the start"), results.baseline),
        Item("16", noted("Blocks and nights that were analysed"), results.analysed),
        Item("17a.1", noted("Results of each block, with a picture"), results.each_block),
        Item("17a.2", noted("Size of the effect and its interval"), results.effect),
        Item("17b", noted("For yes-or-no outcomes: absolute and relative"), results.yes_or_no),
        Item("18", noted("Other analyses, planned or not"), results.others),
        Item("19", noted("Harms"), results.harms),
    ),
    noted("Discussion"): (
        Item("20", noted("Limits of this trial"), results.limitations),
        Item("21", noted("For whom else it may hold"), results.others_too),
        Item("22", noted("What it means"), results.meaning),
    ),
    noted("Other information"): (
        Item("23", noted("Registration"), results.registration),
        Item("24", noted("Where the protocol is"), results.protocol),
        Item("25", noted("Funding"), results.funding),
    ),
}


def cent(course: Course) -> Section:
    """Return all items with their answers."""
    parts: list[AnyBlock] = [Para(text=_(ABOUT))]
    for title, items in GROUPS.items():
        pairs = tuple((f"{item.number}. {_(item.asks)}", item.answer(course)) for item in items)
        parts += [Subhead(text=_(title)), Facts(pairs=pairs)]
    heading = _("For checking: CENT 2015, item by item")
    return Section(id="cent", title=heading, blocks=tuple(parts))
