"""A trial as plain text while it runs and after: what to do tonight, how it stands, the answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from nightcramp.diary.wording import day_in_words, night_in_words, span_in_words
from nightcramp.intake.diary_clock import PersonClock
from nightcramp.intake.trial_run import Tonight, this_evening, tonight_of
from nightcramp.language import gettext as _
from nightcramp.language import noted, number
from nightcramp.person.night import Night
from nightcramp.person.verdict import Outcome, Verdict
from nightcramp.report.document_text import text_of
from nightcramp.report.terminal import titled
from nightcramp.report.trial_answer import answer, nights_in_words
from nightcramp.report.trial_course import LETTERS, Course, TrialReport
from nightcramp.report.trial_weighed import checks, weighed
from nightcramp.report.words import printable, wrap
from nightcramp.store.trials import KeptTrial
from nightcramp.trial.betting import limit_of
from nightcramp.trial.look import Look, notes_of
from nightcramp.trial.nights import TrialNights, trial_nights
from nightcramp.trial.protocol import Protocol

DAY = dt.timedelta(days=1)
MOST_NIGHTS = 5
"""So many nights that were not logged are named."""
STANDS: dict[Outcome, str] = {
    "works": noted("So far: it works. `nightcramp trial verdict` shows how sure that is."),
    "harms": noted(
        "So far: it makes things worse. `nightcramp trial verdict` shows how sure that is."
    ),
    "does_not_matter": noted(
        "So far: whatever difference there is, it is too small to matter to you."
    ),
    "withheld": noted("A check failed, so no answer is given: see `nightcramp trial verdict`."),
    "cannot_tell": noted("So far: no answer. That is usual before the end."),
}
ENDED = {
    "over": noted("The trial {trial} is over. `nightcramp trial verdict` shows the answer."),
    "stopped": noted("The trial {trial} was stopped. `nightcramp trial verdict` shows the answer."),
}


def today_text(trial: KeptTrial, clock: PersonClock) -> str:
    """Return one line: what to do tonight, and whether the night counts."""
    said = tonight_in_words(trial, tonight_of(trial, this_evening(clock)), clock.today)
    return printable(f"{said}\n")


def tonight_in_words(trial: KeptTrial, now: Tonight, today: dt.date) -> str:
    """Return what to do on one evening, and whether its night counts."""
    protocol = trial.protocol
    if now.phase == "before":
        return _("It begins on {day}; do as always until then.").format(
            day=day_in_words(protocol.first_evening, today)
        )
    if now.phase in ENDED:
        return _(ENDED[now.phase]).format(trial=protocol.id)
    day = day_in_words(now.evening, now.evening)
    if now.arm is None:
        return _(
            "Tonight ({day}): do as always. This night is to settle in and does not count."
        ).format(day=day)
    counts = (
        _("This night counts.")
        if now.counts
        else _("This night does not count yet; log it anyway.")
    )
    return f"{_to_do(now, day)} {counts}"


def _to_do(now: Tonight, day: str) -> str:
    assert now.arm is not None
    if now.pack is not None:
        return _("Tonight ({day}): take it from pack {pack}.").format(day=day, pack=now.pack)
    return _("Tonight ({day}): {arm}. {instruction}").format(
        day=day, arm=now.arm.label, instruction=now.arm.instruction
    )


def status_text(trial: KeptTrial, verdict: Verdict, told: TrialNights, clock: PersonClock) -> str:
    """Return how a trial stands this morning, in a few lines."""
    protocol, evening, today = trial.protocol, this_evening(clock), clock.today
    lines = titled(f"{protocol.title} [{protocol.id}]")[1:]
    lines += [wrap(line) for line in where_in_words(trial, evening, today)]
    lived = lived_nights(trial, evening)
    lines += [wrap(line) for line in logged_in_words(protocol, told, lived, today)]
    lines += [wrap(line) for line in _followed(told, lived)]
    notes = notes_of(protocol, told, evening, trial.looks, trial.events)
    lines += [wrap(line, 4, "  * ") for line in notes]
    lines += ["", *(wrap(line) for line in _stake(protocol, verdict))]
    if not trial.ended(evening):
        lines += ["", wrap(tonight_in_words(trial, tonight_of(trial, evening), today))]
    return printable("\n".join(lines) + "\n")


def where_in_words(trial: KeptTrial, evening: dt.date, today: dt.date) -> Iterator[str]:
    """Yield how far a trial has come, a sentence each."""
    protocol = trial.protocol
    span = span_in_words(protocol.first_evening, protocol.last_evening, today)
    night = (evening - protocol.first_evening).days
    yield _("{nights} nights, {span}.").format(nights=protocol.nights, span=span)
    if trial.stopped:
        yield _("Stopped on {day}.").format(day=day_in_words(trial.stopped, today))
    elif night >= protocol.nights:
        yield _("All nights are over.")
    elif night >= 0:
        block = protocol.block_of(evening)
        said = (
            _("Tonight is night {night} of {nights}, to settle in.")
            if block == -1
            else _("Tonight is night {night} of {nights}, block {block} of {blocks}.")
        )
        yield said.format(
            night=night + 1,
            nights=protocol.nights,
            block=(block or 0) + 1,
            blocks=protocol.blocks,
        )


def lived_nights(trial: KeptTrial, evening: dt.date) -> int:
    """Return how many nights of a trial are over."""
    protocol, until = trial.protocol, min(evening, trial.stopped or evening)
    return min(max((until - protocol.first_evening).days, 0), protocol.nights)


def logged_in_words(
    protocol: Protocol, told: TrialNights, lived: int, today: dt.date
) -> Iterator[str]:
    """Yield how many of the nights that are over were logged, and which were not."""
    missing = np.flatnonzero(np.isnan(told.outcome[:lived]))
    if not lived:
        return
    yield _("Logged: {logged} of {nights} so far.").format(
        logged=lived - len(missing), nights=nights_in_words(lived)
    )
    if len(missing):
        evenings = [protocol.first_evening + int(day) * DAY for day in missing[-MOST_NIGHTS:]]
        names = "; ".join(night_in_words(evening, today) for evening in evenings)
        said = (
            _("Not logged: {more} more and {nights}. What you still know, you can still log.")
            if len(missing) > MOST_NIGHTS
            else _("Not logged: {nights}. What you still know, you can still log.")
        )
        yield said.format(more=len(missing) - MOST_NIGHTS, nights=names)


def _followed(told: TrialNights, lived: int) -> Iterator[str]:
    """Yield on how many nights the trial was followed, and for how many that is not told."""
    done, known, nights = followed(told, lived)
    if known:
        yield followed_in_words(done, known)
    if known < nights:
        yield _("For {nights} you did not say: `nightcramp trial done`, or `not-done`.").format(
            nights=nights_in_words(nights - known)
        )


def followed(told: TrialNights, lived: int) -> tuple[int, int, int]:
    """Return (nights done as it said, nights told of, nights of blocks that are over)."""
    done = told.done[:lived][told.block[:lived] >= 0]
    known = done[~np.isnan(done)]
    return int(known.sum()), len(known), len(done)


def followed_in_words(done: int, known: int) -> str:
    """Return on how many of the nights told of the trial was followed."""
    said = _("You did as it said on {done} of {nights} you told of.")
    return said.format(done=done, nights=nights_in_words(known))


def _stake(protocol: Protocol, verdict: Verdict) -> Iterator[str]:
    yield _("{over} of {blocks} blocks have ended.").format(
        over=verdict.blocks_over, blocks=verdict.blocks
    )
    if not verdict.blocks_over:
        return
    yield _(STANDS[verdict.outcome])
    if verdict.outcome in ("cannot_tell", "does_not_matter"):
        yield _(
            "The stake began at 1 and is {stake} now. From {limit} on it shows a difference, "
            "however often you look."
        ).format(stake=number(verdict.stake, ".2g"), limit=number(limit_of(protocol.error)))


def schedule_text(trial: KeptTrial, clock: PersonClock) -> str:
    """Return all blocks with their dates, and what to do in each, as far as that is open."""
    protocol, evening = trial.protocol, this_evening(clock)
    hidden = not trial.order_open(evening)
    lines = titled(f"{protocol.title} [{protocol.id}]")[1:]
    if protocol.run_in:
        first = protocol.first_evening
        last = first + (protocol.run_in - 1) * DAY
        span = span_in_words(first, last, clock.today)
        lines.append("  " + _("{span}: to settle in").format(span=span))
    for block, first in enumerate(block_starts(protocol)):
        last = first + (protocol.block_nights - 1) * DAY
        pack = _("pack {number}").format(number=block + 1)
        what = pack if hidden else _arm_of(protocol, block)
        mark = " <- " + _("now") if first <= evening <= last else ""
        lines.append(f"  {block + 1:>2}  {span_in_words(first, last, clock.today)}: {what}{mark}")
    return printable("\n".join(lines) + "\n")


def _arm_of(protocol: Protocol, block: int) -> str:
    arm = protocol.schedule[block]
    return f"{LETTERS[arm]}, {protocol.arms[arm].label}"


def block_starts(protocol: Protocol) -> list[dt.date]:
    """Return the first evening of each block."""
    first = protocol.first_evening + protocol.run_in * DAY
    return [first + block * protocol.block_nights * DAY for block in range(protocol.blocks)]


def list_text(trials: Mapping[str, KeptTrial], clock: PersonClock) -> str:
    """Return all trials, oldest first, with how each stands."""
    if not trials:
        none = _("No trial yet. `nightcramp trial propose` shows what is worth testing.")
        return wrap(none) + "\n"
    lines = []
    for name, trial in trials.items():
        lines.append(wrap(f"{name}: {trial.protocol.title}", 4, "  * "))
        lines.append(wrap(state_in_words(trial, this_evening(clock), clock.today), 4))
    return printable("\n".join(lines) + "\n")


def state_in_words(trial: KeptTrial, evening: dt.date, today: dt.date) -> str:
    """Return when a trial is or was, and what the last look at it found."""
    protocol = trial.protocol
    span = span_in_words(protocol.first_evening, protocol.last_evening, today)
    how = _("to come") if evening < protocol.first_evening else _("running")
    if trial.ended(evening):
        how = _("stopped early") if trial.stopped else _("over")
    if not trial.looks:
        return f"{span}; {how}."
    found = _(STATE_WORDS[trial.looks[-1].verdict.outcome])
    return _("{span}; {state}; at the last look: {found}.").format(
        span=span, state=how, found=found
    )


STATE_WORDS: dict[Outcome, str] = {
    "works": noted("it works"),
    "does_not_matter": noted("no difference that matters"),
    "harms": noted("it makes things worse"),
    "cannot_tell": noted("no answer"),
    "withheld": noted("withheld"),
}


def report_of(trial: KeptTrial, nights: Sequence[Night], look: Look) -> TrialReport:
    """Return everything that the report of a look is made of."""
    day = look.verdict.made_on
    told = trial_nights(trial.protocol, nights, min(day, trial.stopped or day) - DAY)
    return TrialReport(
        protocol=trial.protocol,
        verdict=look.verdict,
        nights=told,
        notes=notes_of(trial.protocol, told, day, trial.looks, trial.events),
        events=trial.events,
        fingerprint=trial.lock.sha256,
        locked_at=trial.lock.locked_at,
    )


def verdict_text(report: TrialReport) -> str:
    """Return the answer, the three ways to weigh it and the checks."""
    course = Course(report)
    return text_of([answer(course), weighed(course), checks(course)])


def noted_text(what: str, evening: dt.date, today: dt.date) -> str:
    """Return what was kept of a night."""
    said = _("Noted for the night of {night}: {what}.")
    return printable(wrap(said.format(night=night_in_words(evening, today), what=what)) + "\n")
