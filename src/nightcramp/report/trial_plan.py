"""A trial as plain text before it begins: what to test, what may come of it, what was locked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from nightcramp.diary.wording import day_in_words, night_in_words, span_in_words
from nightcramp.intake.trial_plan import Planned, seen_hint, titles_of
from nightcramp.language import gettext as _
from nightcramp.language import ngettext, noted
from nightcramp.report.document import TIED, Table
from nightcramp.report.terminal import titled
from nightcramp.report.trial_course import LETTERS
from nightcramp.report.trial_size import grouped
from nightcramp.report.words import printable, wrap
from nightcramp.trial.lock import Lock
from nightcramp.trial.planner import Draft
from nightcramp.trial.propose import Proposal

MOST_SHOWN, MOST_REFUSED = 5, 8
SAFETY = {
    "allowed": noted("You can test these yourself"),
    "ask_prescriber": noted("Only if your doctor or pharmacist agrees"),
    "refused": noted("Not for testing"),
}
NOTHING_TO_PROPOSE = noted("Nothing in your plan can be tested now. Help comes first.")
ODDS = {
    "works": noted("works"),
    "does_not_matter": noted("no matter"),
    "harms": noted("worse"),
    "cannot_tell": noted("can't tell"),
}
"""In a column as wide as `WIDE`, translated too."""
WIDEST, WIDE = 30, 11


def proposals_text(found: Sequence[Proposal]) -> str:
    """Return what is worth testing, best first, then what needs agreement or is refused."""
    lines = titled(_("What you could test on your own nights"))[1:]
    if not found:
        lines.append(wrap(_(NOTHING_TO_PROPOSE)))
    for safety, title in SAFETY.items():
        chosen = [one for one in found if one.safety == safety]
        lines += titled(_(title)) if chosen else []
        lines += _refused(chosen) if safety == "refused" else _proposed(chosen[:MOST_SHOWN])
    best = next((one for one in found if one.safety == "allowed"), None)
    if best is not None:
        name = best.action or f'"{best.words}"'
        said = _("Next: `nightcramp trial plan {name}` shows what may come of it.")
        lines += ["", wrap(said.format(name=name))]
    return printable("\n".join(lines) + "\n")


def _proposed(chosen: Sequence[Proposal]) -> Iterator[str]:
    for one in chosen:
        yield wrap(_named(one), 4, "  * ")
        if one.reason:
            yield wrap(one.reason, 4)
        yield wrap(one.why, 4)


def _refused(chosen: Sequence[Proposal]) -> Iterator[str]:
    """Yield each reason once, with all that it refuses."""
    for reason in dict.fromkeys(one.reason for one in chosen):
        refused = [one for one in chosen if one.reason == reason]
        names = "; ".join(_named(one) for one in refused[:MOST_REFUSED])
        if more := len(refused[MOST_REFUSED:]):
            names = _("{names}; and {more} more").format(names=names, more=more)
        yield wrap(names, 4, "  x ")
        yield wrap(reason, 4)
        if hint := seen_hint(refused[0]):
            yield wrap(f"{hint}.", 4)


def _named(one: Proposal) -> str:
    return f"{one.title} [{one.action}]" if one.action else one.title


def plan_text(found: Planned) -> str:
    """Return the design that is proposed, or the advice against, with all chances."""
    lines = titled(titles_of(found))[1:]
    for place, arm in enumerate(found.arms):
        lines.append(wrap(f"{LETTERS[place]}: {arm.label}. {arm.instruction}", 5, "  "))
    lines += titled(_("Worth doing") if found.plan.advice == "do" else _("Better not"))
    lines.append(wrap(found.plan.why))
    if found.draft:
        lines += [wrap(line) for line in design_in_words(found, found.draft)]
    lines += [wrap(line) for line in needed_in_words(found)]
    lines += titled(_("What may come of it: of 100 such trials, so many would say"))
    lines += _table(found)
    worked_out = _("Worked out with {baseline}.").format(baseline=found.plan.baseline)
    lines += ["", wrap(worked_out)]
    lines += [wrap(line) for line in _next(found)]
    return printable("\n".join(lines) + "\n")


def design_in_words(found: Planned, draft: Draft) -> Iterator[str]:
    """Yield how long a trial lasts, what does not count, and what matters, a sentence each."""
    length = _("{nights} nights, {blocks} blocks of {block}").format(
        nights=found.nights, blocks=found.blocks, block=draft.block_nights
    )
    if draft.run_in:
        after = (
            _("{length}, after night to settle in")
            if draft.run_in == 1
            else _("{length}, after {count} nights to settle in")
        )
        length = after.format(length=length, count=draft.run_in)
    said = (
        _("{length}. Which block is which is drawn by chance.")
        if found.plan.advice == "do"
        else _("The best would be: {length}. Which block is which is drawn by chance.")
    )
    yield said.format(length=length)
    if draft.washout:
        yield ngettext(
            "The first night of each block does not count, so that the block before can wear off.",
            "The first {count} nights of each block do not count, so that the block before can "
            "wear off.",
            draft.washout,
        ).format(count=draft.washout)
    fewer = round(100 * (1 - found.plan.wish.smallest_effect))
    yield _("It matters to you from {fewer} of 100 fewer on.").format(fewer=fewer)


def needed_in_words(found: Planned) -> Iterator[str]:
    """Yield how many nights an even chance of an answer needs, where that is known."""
    needed = found.plan.nights_needed
    if found.plan.advice == "against" and needed:
        yield _("For an even chance of an answer about {nights} nights would be needed.").format(
            nights=needed
        )


def _table(found: Planned) -> Iterator[str]:
    """Yield how many of 100 trials end in which way, a row for each thing that may be true."""
    yield f"  {'':{WIDEST}}" + "".join(f"{_(name):>{WIDE}}" for name in ODDS.values())
    said = (
        _("{nights} nights of the two arms compared, {blocks} blocks of {block}")
        if len(found.arms) > 2
        else _("{nights} nights, {blocks} blocks of {block}")
    )
    best = _("(proposed)") if found.plan.advice == "do" else _("(the best)")
    for draft in sorted(found.plan.drafts, key=lambda draft: draft.nights):
        mark = f" {best}" if draft == found.draft and len(found.plan.drafts) > 1 else ""
        design = said.format(nights=draft.nights, blocks=draft.blocks, block=draft.block_nights)
        yield f"  {design}{mark}"
        for chances in draft.chances:
            counts = (round(100 * getattr(chances, name)) for name in ODDS)
            row = "".join(f"{count or '-':>{WIDE}}" for count in counts)
            yield f"    {_if_true(chances.ratio):{WIDEST - 2}}{row}"


def chances_table(draft: Draft) -> Table:
    """Return how many of 100 trials of one design end in which way, a row for each truth."""
    rows = tuple(
        (_if_true(one.ratio), *(f"{round(100 * getattr(one, name))}" for name in ODDS))
        for one in draft.chances
    )
    return Table(
        caption=_("What may come of it: of 100 such trials, so many would say"),
        head=(_("What is true"), *(_(name) for name in ODDS.values())),
        rows=rows,
        widths=(2, 1, 1, 1, 1),
    )


def _if_true(ratio: float) -> str:
    fewer = round(100 * (1 - ratio))
    if fewer == 0:
        return _("if it makes no difference")
    if fewer > 0:
        return _("if it takes away {fewer} of 100").format(fewer=fewer)
    return _("if it adds {more} to 100").format(more=-fewer)


def _next(found: Planned) -> Iterator[str]:
    if found.first.page is not None:
        yield _(
            "First: `nightcramp trial page FILE.pdf` with the same words writes the page that "
            "asks your prescriber."
        )
    if found.draft:
        yield _("`nightcramp trial lock` with the same words draws the order and locks it.")


def locked_text(locked: Lock, today: dt.date) -> str:
    """Return what was locked, and its SHA-256 to note somewhere else."""
    protocol = locked.protocol
    first, last = protocol.first_evening, protocol.last_evening
    lines = [
        wrap(_("Locked: {title}, as {name}.").format(title=protocol.title, name=protocol.id)),
        wrap(
            _("{nights} nights, {span}.").format(
                nights=protocol.nights, span=span_in_words(first, last, today)
            )
        ),
        wrap(
            _(
                "Its fingerprint (SHA-256) is below. Send it to somebody, or write it down: then "
                "nobody can say later that the plan was changed."
            )
        ),
        f"  {locked.sha256}",
        "",
        wrap(_("`nightcramp trial today` says what to do tonight.")),
    ]
    return printable("\n".join(lines) + "\n")


def verified_text(locked: Lock, compared: str, today: dt.date) -> str:
    """Return that a protocol file is whole, and what it was compared with."""
    protocol = locked.protocol
    drawn = _("Its order is the one its seed draws, one of {orders} that were equally likely.")
    lines = [
        wrap(_("The protocol {name} is whole: its SHA-256 is").format(name=protocol.id)),
        f"  {locked.sha256}",
        wrap(
            _("It was locked on {day}; its first night is {night}.").format(
                day=day_in_words(locked.locked_at, today),
                night=night_in_words(protocol.first_evening, today),
            )
        ),
        wrap(drawn.format(orders=grouped(protocol.space.size))),
        wrap(compared),
    ]
    return printable("\n".join(lines).replace(TIED, " ") + "\n")
