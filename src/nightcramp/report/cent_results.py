"""Answers to the items of CENT 2015 on results, discussion and other information."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.diary.wording import day_in_words, span_in_words
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.verdict import Check
from nightcramp.report.cent_methods import NOT_HERE, NOT_RECORDED
from nightcramp.report.trial_answer import (
    HOLDS,
    first_up,
    headline,
    in_numbers,
    nights,
    reason,
)
from nightcramp.report.trial_course import COMPARED, LETTERS, Course, mean
from nightcramp.report.trial_size import in_times, size_of, usual
from nightcramp.report.trial_weighed import HIDDEN
from nightcramp.trial.events import TrialEvent

WITHHELD = "Withheld, because a check failed"
PHASES = {
    "to_come": "The trial has not begun.",
    "running": "The trial is not over; this is a look on the way.",
    "over": "The trial ran to its end.",
    "stopped": "The trial was stopped before its end.",
}


def summary(course: Course) -> str:
    """Return item 1b."""
    plan, verdict = course.protocol, course.verdict
    first, second = (course.named(arm) for arm in COMPARED)
    return (
        f"Design: {first} against {second} in one person, {plan.blocks} blocks of "
        f"{nights(plan.block_nights)} in an order drawn by chance. So far "
        f"{nights(verdict.nights_counted)} counted, {verdict.nights_missing} not logged. "
        f"Result: {effect(course)} "
        f"Conclusion: {headline(course)}"
    )


def completed(course: Course) -> str:
    """Return item 13a.1."""
    verdict = course.verdict
    over = " ".join(LETTERS[block.arm] for block in course.known if block.over)
    in_order = f", in this order: {over}" if over else ""
    told = _told(course.events("deviation", "illness", "restarted"))
    departures = f"Told of on the way: {told}" if told else "No departure was told of."
    return f"{verdict.blocks_over} of {verdict.blocks} blocks{in_order}. {departures}"


def _told(events: list[TrialEvent]) -> str:
    """Return what happened, each with its day and the person's own words."""
    return " ".join(_event(event) for event in events)


def _event(event: TrialEvent) -> str:
    on = day_in_words(event.evening or event.at.date())
    said = f": “{event.note}”" if event.note else ""
    return f"{event.kind}, {on}{said}."


def losses(course: Course) -> str:
    """Return item 13b."""
    lost = [f"block {b.number + 1}: {b.missing}" for b in course.blocks if b.missing]
    if not course.verdict.blocks_over:
        return "No block is over yet."
    if not lost:
        return "No night that counts was left out or not logged."
    return f"Nights not logged, of those that count: {', '.join(lost)}. None was left out."


def dates(course: Course) -> str:
    """Return item 14a."""
    plan = course.protocol
    planned = f"Planned: {span_in_words(plan.first_evening, plan.last_evening)}."
    return f"{planned} This report: {day_in_words(course.verdict.made_on)}."


def stopped(course: Course) -> str:
    """Return item 14b."""
    told = _told(course.events("stopped", "restarted"))
    return f"{PHASES[course.phase]} {told}".strip()


def baseline(course: Course) -> str:
    """Return item 15."""
    values = [n.value for n in course.run_in if n.lived and n.value is not None]
    rate = mean(values)
    if rate is None:
        return f"{NOT_RECORDED}: the trial has no run-in nights that were logged."
    return f"Run-in: {usual(rate, course.protocol.outcome)}, over {nights(len(values))} logged."


def analysed(course: Course) -> str:
    """Return item 16."""
    if not course.order_open:
        return "By assignment. How many blocks and nights of each arm is shown at the end."
    rows = [_analysed(course, arm) for arm in range(len(course.protocol.arms))]
    return " ".join(["By assignment.", *rows])


def _analysed(course: Course, arm: int) -> str:
    blocks = [block for block in course.of_arm(arm) if block.over]
    logged, missing = sum(len(b.used) for b in blocks), sum(b.missing for b in blocks)
    beside = "" if arm in COMPARED else " Not part of the comparison."
    return (
        f"{LETTERS[arm]}: {len(blocks)} blocks, {nights(logged)} counted, {missing} not logged."
        f"{beside}"
    )


def each_block(course: Course) -> str:
    """Return item 17a.1."""
    if not any(block.over for block in course.blocks):
        return "No block is over yet."
    if not course.order_open:
        return f"Shown at the end. {HIDDEN}"
    return "See the picture, and the table of all nights block by block."


def effect(course: Course) -> str:
    """Return item 17a.2."""
    verdict = course.verdict
    if verdict.outcome == "withheld":
        return f"{WITHHELD}: {reason(course)}."
    if verdict.effect is None:
        return f"Not known: {reason(course)}."
    size = size_of(verdict, course.protocol.outcome, verdict.effect)
    spoken = f" {in_numbers(course, size)}" if size else ""
    return f"Ratio of A to B {in_times(verdict.effect)}.{spoken}"


def yes_or_no(course: Course) -> str:
    """Return item 17b."""
    verdict = course.verdict
    if course.protocol.outcome != "nights_with_cramp":
        return f"{NOT_HERE}: the outcome is a number, not yes or no."
    if verdict.outcome == "withheld":
        return f"{WITHHELD}."
    if verdict.rate_first is None or verdict.rate_second is None:
        return "Not known yet."
    first, second = (_in_hundred_nights(rate) for rate in (verdict.rate_first, verdict.rate_second))
    return (
        f"Of every 100 nights with A {first} had a cramp, with B {second}. Ratio "
        f"{in_times(verdict.effect)}."
    )


def _in_hundred_nights(rate: float) -> str:
    return f"{round(100 * rate)}"


def others(course: Course) -> str:
    """Return item 18."""
    verdict = course.verdict
    by_done = f"{WITHHELD}" if verdict.outcome == "withheld" else in_times(verdict.by_adherence)
    told = " ".join(_check(check) for check in verdict.checks)
    return f"Planned: by adherence, ratio of A to B {by_done}. Checks: {told or 'not made yet.'}"


def _check(check: Check) -> str:
    says = HOLDS.get(check.id, first_up(check.says))
    return f"{says}: {'yes' if check.holds else 'no'}."


def harms(course: Course) -> str:
    """Return item 19."""
    told = _told(course.events("illness"))
    action = knowledge().actions.get(course.protocol.action)
    known = (
        f" What is known of its harms: {action.harms}"
        if action is not None and action.harms
        else ""
    )
    none = "None was told of. The trial does not ask for them one by one."
    found = f"Told of on the way: {told}" if told else none
    return f"{found}{known}"


def limitations(course: Course) -> str:
    """Return item 20."""
    return " ".join(_limits(course))


def _limits(course: Course) -> Iterator[str]:
    verdict = course.verdict
    if not course.blind:
        yield "The person knew the arm, so hope and attention may be part of the difference."
    yield "The person counted their own nights."
    if verdict.nights_missing:
        yield f"{nights(verdict.nights_missing).capitalize()} that should count were not logged."
    if verdict.followed is not None and verdict.followed < 1:
        yield "The order was not followed on every night."
    if len(course.protocol.arms) > len(COMPARED):
        yield "Only A and B were compared; nothing is said of the other arms."
    yield "The size leans on a model; the test of the order does not."


def others_too(course: Course) -> str:
    """Return item 21."""
    return "For nobody else: one person, these nights. It may guide what another person tries."


def meaning(course: Course) -> str:
    """Return item 22."""
    return f"{headline(course)} {first_up(reason(course))}."


def registration(course: Course) -> str:
    """Return item 23."""
    locked = course.report.locked_at
    at = f", locked {locked:%Y-%m-%d %H:%M %Z}".rstrip() if locked else ""
    return (
        "No public register is recorded. In its place stands the fingerprint of the protocol"
        f"{at}; see the protocol below."
    )


def protocol(course: Course) -> str:
    """Return item 24."""
    if course.order_open:
        return "Comes with this report: protocol.json."
    return "With the person. It comes with this report once the trial has ended."


def funding(course: Course) -> str:
    """Return item 25."""
    return "None is recorded."
