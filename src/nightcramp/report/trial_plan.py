"""A trial as plain text before it begins: what to test, what may come of it, what was locked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from nightcramp.diary.wording import day_in_words, night_in_words, span_in_words
from nightcramp.intake.trial_plan import Planned, seen_hint
from nightcramp.report.terminal import titled
from nightcramp.report.trial_course import LETTERS
from nightcramp.report.words import printable, wrap
from nightcramp.trial.lock import Lock
from nightcramp.trial.planner import Draft
from nightcramp.trial.propose import Proposal

MOST_SHOWN, MOST_REFUSED = 5, 8
SAFETY = {
    "allowed": "You can test these yourself",
    "ask_prescriber": "Only if your doctor or pharmacist agrees",
    "refused": "Not for testing",
}
NOTHING_TO_PROPOSE = "Nothing in your plan can be tested now. Help comes first."
ODDS = {
    "works": "works",
    "does_not_matter": "no matter",
    "harms": "worse",
    "cannot_tell": "can't tell",
}
WIDEST, WIDE = 30, 11


def proposals_text(found: Sequence[Proposal]) -> str:
    """Return what is worth testing, best first, then what needs agreement or is refused."""
    lines = titled("What you could test on your own nights")[1:]
    if not found:
        lines.append(wrap(NOTHING_TO_PROPOSE))
    for safety, title in SAFETY.items():
        chosen = [one for one in found if one.safety == safety]
        lines += titled(title) if chosen else []
        lines += _refused(chosen) if safety == "refused" else _proposed(chosen[:MOST_SHOWN])
    best = next((one for one in found if one.safety == "allowed"), None)
    if best is not None:
        name = best.action or f'"{best.words}"'
        lines += ["", wrap(f"Next: `nightcramp trial plan {name}` shows what may come of it.")]
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
        names = [_named(one) for one in refused[:MOST_REFUSED]]
        more = len(refused) - len(names)
        yield wrap("; ".join(names) + (f"; and {more} more" if more else ""), 4, "  x ")
        yield wrap(reason, 4)
        if hint := seen_hint(refused[0]):
            yield wrap(f"{hint}.", 4)


def _named(one: Proposal) -> str:
    return f"{one.title} [{one.action}]" if one.action else one.title


def plan_text(found: Planned) -> str:
    """Return the design that is proposed, or the advice against, with all chances."""
    lines = titled(" or ".join(one.title for one in found.proposals))[1:]
    for place, arm in enumerate(found.arms):
        lines.append(wrap(f"{LETTERS[place]}: {arm.label}. {arm.instruction}", 5, "  "))
    lines += titled("Worth doing" if found.plan.advice == "do" else "Better not")
    lines.append(wrap(found.plan.why))
    if found.draft:
        lines += [wrap(line) for line in _design(found, found.draft)]
    lines += [wrap(line) for line in _needed(found)]
    lines += titled("What may come of it: of 100 such trials, so many would say")
    lines += _table(found)
    lines += ["", wrap(f"Worked out with {found.plan.baseline}.")]
    lines += [wrap(line) for line in _next(found)]
    return printable("\n".join(lines) + "\n")


def _design(found: Planned, draft: Draft) -> Iterator[str]:
    best = "" if found.plan.advice == "do" else "The best would be: "
    run_in = f", after {_nights(draft.run_in)} to settle in" if draft.run_in else ""
    yield (
        f"{best}{found.nights} nights, {found.blocks} blocks of {draft.block_nights}{run_in}. "
        "Which block is which is drawn by chance."
    )
    if draft.washout:
        does = "does" if draft.washout == 1 else "do"
        yield (
            f"The first {_nights(draft.washout)} of each block {does} not count, so that the block "
            "before can wear off."
        )
    fewer = round(100 * (1 - found.plan.wish.smallest_effect))
    yield f"It matters to you from {fewer} of 100 fewer on."


def _nights(count: int) -> str:
    return "night" if count == 1 else f"{count} nights"


def _needed(found: Planned) -> Iterator[str]:
    needed = found.plan.nights_needed
    if found.plan.advice == "against" and needed:
        yield f"For an even chance of an answer about {needed} nights would be needed."


def _table(found: Planned) -> Iterator[str]:
    """Yield how many of 100 trials end in which way, a row for each thing that may be true."""
    yield f"  {'':{WIDEST}}" + "".join(f"{name:>{WIDE}}" for name in ODDS.values())
    for draft in sorted(found.plan.drafts, key=lambda draft: draft.nights):
        mark = ""
        if draft == found.draft and len(found.plan.drafts) > 1:
            mark = " (proposed)" if found.plan.advice == "do" else " (the best)"
        arms = " of the two arms compared" if len(found.arms) > 2 else ""
        yield f"  {draft.nights} nights{arms}, {draft.blocks} blocks of {draft.block_nights}{mark}"
        for chances in draft.chances:
            counts = (round(100 * getattr(chances, name)) for name in ODDS)
            row = "".join(f"{count or '-':>{WIDE}}" for count in counts)
            yield f"    {_if_true(chances.ratio):{WIDEST - 2}}{row}"


def _if_true(ratio: float) -> str:
    fewer = round(100 * (1 - ratio))
    if fewer == 0:
        return "if it makes no difference"
    return f"if it takes away {fewer} of 100" if fewer > 0 else f"if it adds {-fewer} to 100"


def _next(found: Planned) -> Iterator[str]:
    if found.first.page is not None:
        yield (
            "First: `nightcramp trial page FILE.pdf` with the same words writes the page that "
            "asks your prescriber."
        )
    if found.draft:
        yield "`nightcramp trial lock` with the same words draws the order and locks it."


def locked_text(locked: Lock, today: dt.date) -> str:
    """Return what was locked, and its SHA-256 to note somewhere else."""
    protocol = locked.protocol
    first, last = protocol.first_evening, protocol.last_evening
    lines = [
        wrap(f"Locked: {protocol.title}, as {protocol.id}."),
        wrap(f"{protocol.nights} nights, {span_in_words(first, last, today)}."),
        wrap(
            "Its fingerprint (SHA-256) is below. Send it to somebody, or write it down: then "
            "nobody can say later that the plan was changed."
        ),
        f"  {locked.sha256}",
        "",
        wrap("`nightcramp trial today` says what to do tonight."),
    ]
    return printable("\n".join(lines) + "\n")


def verified_text(locked: Lock, compared: str, today: dt.date) -> str:
    """Return that a protocol file is whole, and what it was compared with."""
    protocol = locked.protocol
    lines = [
        wrap(f"The protocol {protocol.id} is whole: its SHA-256 is"),
        f"  {locked.sha256}",
        wrap(
            f"It was locked on {day_in_words(locked.locked_at, today)}; its first night is "
            f"{night_in_words(protocol.first_evening, today)}."
        ),
        wrap(
            f"Its order is the one its seed draws, one of {protocol.space.size:,} that were "
            "equally likely."
        ),
        wrap(compared),
    ]
    return printable("\n".join(lines) + "\n")
