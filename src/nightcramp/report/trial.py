"""A trial as plain text while it runs and after: what to do tonight, how it stands, the answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from nightcramp.diary.wording import day_in_words, night_in_words, span_in_words
from nightcramp.intake.diary_clock import PersonClock
from nightcramp.intake.trial_run import Tonight, this_evening, tonight_of
from nightcramp.person.night import Night
from nightcramp.person.verdict import Outcome, Verdict
from nightcramp.report.document_text import text_of
from nightcramp.report.terminal import titled
from nightcramp.report.trial_answer import answer
from nightcramp.report.trial_course import LETTERS, Course, TrialReport
from nightcramp.report.trial_weighed import checks, weighed
from nightcramp.report.words import printable, wrap
from nightcramp.store.trials import KeptTrial
from nightcramp.trial.betting import limit_of
from nightcramp.trial.look import Look
from nightcramp.trial.nights import TrialNights, trial_nights
from nightcramp.trial.protocol import Protocol

DAY = dt.timedelta(days=1)
MOST_NIGHTS = 5
"""So many nights that were not logged are named."""
STANDS: dict[Outcome, str] = {
    "works": "So far: it works. `nightcramp trial verdict` shows how sure that is.",
    "harms": "So far: it makes things worse. `nightcramp trial verdict` shows how sure that is.",
    "does_not_matter": "So far: whatever difference there is, it is too small to matter to you.",
    "withheld": "A check failed, so no answer is given: see `nightcramp trial verdict`.",
    "cannot_tell": "So far: no answer. That is usual before the end.",
}


def today_text(trial: KeptTrial, clock: PersonClock) -> str:
    """Return one line: what to do tonight, and whether the night counts."""
    return printable(f"{_tonight(trial, tonight_of(trial, this_evening(clock)), clock.today)}\n")


def _tonight(trial: KeptTrial, now: Tonight, today: dt.date) -> str:
    protocol = trial.protocol
    if now.phase == "before":
        return (
            f"It begins on {day_in_words(protocol.first_evening, today)}; do as always until then."
        )
    if now.phase in ("over", "stopped"):
        how = "is over" if now.phase == "over" else "was stopped"
        return f"The trial {protocol.id} {how}. `nightcramp trial verdict` shows the answer."
    evening = f"Tonight ({now.evening:%a} {now.evening.day} {now.evening:%B})"
    if now.arm is None:
        return f"{evening}: do as always. This night is to settle in and does not count."
    counts = "This night counts." if now.counts else "This night does not count yet; log it anyway."
    return f"{evening}: {_to_do(now)} {counts}"


def _to_do(now: Tonight) -> str:
    assert now.arm is not None
    if now.pack is not None:
        return f"take it from pack {now.pack}."
    return f"{now.arm.label}. {now.arm.instruction}"


def status_text(trial: KeptTrial, verdict: Verdict, told: TrialNights, clock: PersonClock) -> str:
    """Return how a trial stands this morning, in a few lines."""
    protocol, evening, today = trial.protocol, this_evening(clock), clock.today
    lines = titled(f"{protocol.title} [{protocol.id}]")[1:]
    lines += [wrap(line) for line in _where(trial, evening, today)]
    until = min(evening, trial.stopped or evening)
    lived = min(max((until - protocol.first_evening).days, 0), protocol.nights)
    lines += [wrap(line) for line in _logged(protocol, told, lived, today)]
    lines += [wrap(line) for line in _followed(told, lived)]
    lines += [wrap(line, 4, "  * ") for line in verdict.notes]
    lines += ["", *(wrap(line) for line in _stake(protocol, verdict))]
    if not trial.ended(evening):
        lines += ["", wrap(_tonight(trial, tonight_of(trial, evening), today))]
    return printable("\n".join(lines) + "\n")


def _where(trial: KeptTrial, evening: dt.date, today: dt.date) -> Iterator[str]:
    protocol = trial.protocol
    span = span_in_words(protocol.first_evening, protocol.last_evening, today)
    night = (evening - protocol.first_evening).days
    yield f"{protocol.nights} nights, {span}."
    if trial.stopped:
        yield f"Stopped on {day_in_words(trial.stopped, today)}."
    elif night >= protocol.nights:
        yield "All nights are over."
    elif night >= 0:
        block = protocol.block_of(evening)
        place = "to settle in" if block == -1 else f"block {(block or 0) + 1} of {protocol.blocks}"
        yield f"Tonight is night {night + 1} of {protocol.nights}, {place}."


def _logged(protocol: Protocol, told: TrialNights, lived: int, today: dt.date) -> Iterator[str]:
    """Yield how many of the nights that are over were logged, and which were not."""
    missing = np.flatnonzero(np.isnan(told.outcome[:lived]))
    if not lived:
        return
    yield f"Logged: {lived - len(missing)} of {_nights(lived)} so far."
    if len(missing):
        evenings = [protocol.first_evening + int(day) * DAY for day in missing[-MOST_NIGHTS:]]
        names = "; ".join(night_in_words(evening, today) for evening in evenings)
        before = f"{len(missing) - MOST_NIGHTS} more and " if len(missing) > MOST_NIGHTS else ""
        yield f"Not logged: {before}{names}. What you still know, you can still log."


def _followed(told: TrialNights, lived: int) -> Iterator[str]:
    """Yield on how many nights the trial was followed, and for how many that is not told."""
    done = told.done[:lived][told.block[:lived] >= 0]
    known = done[~np.isnan(done)]
    if len(known):
        yield f"You did as it said on {int(known.sum())} of {_nights(len(known))} you told of."
    if len(known) < len(done):
        untold = _nights(len(done) - len(known))
        yield f"For {untold} you did not say: `nightcramp trial done`, or `not-done`."


def _nights(count: int) -> str:
    return f"{count} night{'' if count == 1 else 's'}"


def _stake(protocol: Protocol, verdict: Verdict) -> Iterator[str]:
    yield f"{verdict.blocks_over} of {verdict.blocks} blocks have ended."
    if not verdict.blocks_over:
        return
    yield STANDS[verdict.outcome]
    if verdict.outcome in ("cannot_tell", "does_not_matter"):
        yield (
            f"The stake began at 1 and is {verdict.stake:.2g} now. From "
            f"{limit_of(protocol.error):g} on it shows a difference, however often you look."
        )


def schedule_text(trial: KeptTrial, clock: PersonClock) -> str:
    """Return all blocks with their dates, and what to do in each, as far as that is open."""
    protocol, evening = trial.protocol, this_evening(clock)
    hidden = not trial.order_open(evening)
    lines = titled(f"{protocol.title} [{protocol.id}]")[1:]
    if protocol.run_in:
        first = protocol.first_evening
        last = first + (protocol.run_in - 1) * DAY
        lines.append(f"  {span_in_words(first, last, clock.today)}: to settle in")
    for block, first in enumerate(block_starts(protocol)):
        last = first + (protocol.block_nights - 1) * DAY
        what = f"pack {block + 1}" if hidden else _arm_of(protocol, block)
        mark = " <- now" if first <= evening <= last else ""
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
        return wrap("No trial yet. `nightcramp trial propose` shows what is worth testing.") + "\n"
    lines = []
    for name, trial in trials.items():
        lines.append(wrap(f"{name}: {trial.protocol.title}", 4, "  * "))
        lines.append(wrap(_state(trial, this_evening(clock), clock.today), 4))
    return printable("\n".join(lines) + "\n")


def _state(trial: KeptTrial, evening: dt.date, today: dt.date) -> str:
    protocol = trial.protocol
    span = span_in_words(protocol.first_evening, protocol.last_evening, today)
    how = "to come" if evening < protocol.first_evening else "running"
    if trial.ended(evening):
        how = "stopped early" if trial.stopped else "over"
    looks = [STATE_WORDS[look.verdict.outcome] for look in trial.looks[-1:]]
    return f"{span}; {how}{''.join(f'; at the last look: {words}' for words in looks)}."


STATE_WORDS: dict[Outcome, str] = {
    "works": "it works",
    "does_not_matter": "no difference that matters",
    "harms": "it makes things worse",
    "cannot_tell": "no answer",
    "withheld": "withheld",
}


def report_of(trial: KeptTrial, nights: Sequence[Night], look: Look) -> TrialReport:
    """Return everything that the report of a look is made of."""
    day = look.verdict.made_on
    return TrialReport(
        protocol=trial.protocol,
        verdict=look.verdict,
        nights=trial_nights(trial.protocol, nights, min(day, trial.stopped or day) - DAY),
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
    return printable(
        wrap(f"Noted for the night of {night_in_words(evening, today)}: {what}.") + "\n"
    )
