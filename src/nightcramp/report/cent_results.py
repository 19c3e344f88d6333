"""Answers to the items of CENT 2015 on results, discussion and other information."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.diary.wording import day_in_words, span_in_words
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import gettext as _
from nightcramp.language import ngettext, noted
from nightcramp.person.verdict import Check
from nightcramp.report.trial_answer import (
    first_up,
    headline,
    in_numbers,
    must_hold,
    nights_in_words,
    reason,
)
from nightcramp.report.trial_course import COMPARED, LETTERS, Course, mean
from nightcramp.report.trial_size import in_times, size_of, usual
from nightcramp.report.trial_weighed import HIDDEN, WITHHELD
from nightcramp.trial.events import Kind, TrialEvent

PHASES = {
    "to_come": noted("The trial has not begun."),
    "running": noted("The trial is not over; this is a look on the way."),
    "over": noted("The trial ran to its end."),
    "stopped": noted("The trial was stopped before its end."),
}
EVENTS: dict[Kind, str] = {
    "stopped": noted("stopped, {day}{said}."),
    "restarted": noted("restarted, {day}{said}."),
    "restarts": noted("restarts, {day}{said}."),
    "deviation": noted("deviation, {day}{said}."),
    "illness": noted("illness, {day}{said}."),
    "unblinded": noted("unblinded, {day}{said}."),
}


def summary(course: Course) -> str:
    """Return item 1b."""
    plan, verdict = course.protocol, course.verdict
    first, second = (course.named(arm) for arm in COMPARED)
    return _(
        "Design: {first} against {second} in one person, {blocks} blocks of {block} in an order "
        "drawn by chance. So far {counted} counted, {missing} not logged. Result: {result} "
        "Conclusion: {conclusion}"
    ).format(
        first=first,
        second=second,
        blocks=plan.blocks,
        block=nights_in_words(plan.block_nights),
        counted=nights_in_words(verdict.nights_counted),
        missing=verdict.nights_missing,
        result=effect(course),
        conclusion=headline(course),
    )


def completed(course: Course) -> str:
    """Return item 13a.1."""
    verdict = course.verdict
    order = " ".join(LETTERS[block.arm] for block in course.known if block.over)
    said = (
        _("{over} of {blocks} blocks, in this order: {order}.")
        if order
        else _("{over} of {blocks} blocks.")
    )
    over = said.format(over=verdict.blocks_over, blocks=verdict.blocks, order=order)
    told = _told(course.events("deviation", "illness", "restarted"))
    if not told:
        return " ".join((over, _("No departure was told of.")))
    return " ".join((over, _("Told of on the way: {events}").format(events=told)))


def _told(events: list[TrialEvent]) -> str:
    """Return what happened, each with its day and the person's own words."""
    return " ".join(_event(event) for event in events)


def _event(event: TrialEvent) -> str:
    on = day_in_words(event.evening or event.at.date())
    said = _(": “{note}”").format(note=event.note) if event.note else ""
    return _(EVENTS[event.kind]).format(day=on, said=said)


def losses(course: Course) -> str:
    """Return item 13b."""
    said = _("block {number}: {missing}")
    lost = [
        said.format(number=block.number + 1, missing=block.missing)
        for block in course.blocks
        if block.missing
    ]
    if not course.verdict.blocks_over:
        return _("No block is over yet.")
    if not lost:
        return _("No night that counts was left out or not logged.")
    return _("Nights not logged, of those that count: {lost}. None was left out.").format(
        lost=", ".join(lost)
    )


def dates(course: Course) -> str:
    """Return item 14a."""
    plan = course.protocol
    return _("Planned: {span}. This report: {day}.").format(
        span=span_in_words(plan.first_evening, plan.last_evening),
        day=day_in_words(course.verdict.made_on),
    )


def stopped(course: Course) -> str:
    """Return item 14b."""
    told = _told(course.events("stopped", "restarted"))
    return f"{_(PHASES[course.phase])} {told}".strip()


def baseline(course: Course) -> str:
    """Return item 15."""
    values = [n.value for n in course.run_in if n.lived and n.value is not None]
    rate = mean(values)
    if rate is None:
        return _("Not recorded: the trial has no run-in nights that were logged.")
    return _("Run-in: {average}, over {nights} logged.").format(
        average=usual(rate, course.protocol.outcome), nights=nights_in_words(len(values))
    )


def analysed(course: Course) -> str:
    """Return item 16."""
    if not course.order_open:
        return _("By assignment. How many blocks and nights of each arm is shown at the end.")
    rows = [_analysed(course, arm) for arm in range(len(course.protocol.arms))]
    return " ".join([_("By assignment."), *rows])


def _analysed(course: Course, arm: int) -> str:
    blocks = [block for block in course.of_arm(arm) if block.over]
    logged, missing = sum(len(b.used) for b in blocks), sum(b.missing for b in blocks)
    counted = _("{letter}: {blocks} blocks, {nights} counted, {missing} not logged.").format(
        letter=LETTERS[arm],
        blocks=len(blocks),
        nights=nights_in_words(logged),
        missing=missing,
    )
    return counted if arm in COMPARED else " ".join((counted, _("Not part of the comparison.")))


def each_block(course: Course) -> str:
    """Return item 17a.1."""
    if not any(block.over for block in course.blocks):
        return _("No block is over yet.")
    if not course.order_open:
        return " ".join((_("Shown at the end."), _(HIDDEN)))
    return _("See the picture, and the table of all nights block by block.")


def effect(course: Course) -> str:
    """Return item 17a.2."""
    verdict = course.verdict
    if verdict.outcome == "withheld":
        return _("Withheld, because a check failed: {reason}.").format(reason=reason(course))
    if verdict.effect is None:
        return _("Not known: {reason}.").format(reason=reason(course))
    ratio = _("Ratio of A to B {ratio}.").format(ratio=in_times(verdict.effect))
    size = size_of(verdict, course.protocol.outcome, verdict.effect)
    return f"{ratio} {in_numbers(course, size)}" if size else ratio


def yes_or_no(course: Course) -> str:
    """Return item 17b."""
    verdict = course.verdict
    if course.protocol.outcome != "nights_with_cramp":
        return _("Does not apply: the outcome is a number, not yes or no.")
    if verdict.outcome == "withheld":
        return _(WITHHELD)
    if verdict.rate_first is None or verdict.rate_second is None:
        return _("Not known yet.")
    return _(
        "Of every 100 nights with A {first} had a cramp, with B {second}. Ratio {ratio}."
    ).format(
        first=round(100 * verdict.rate_first),
        second=round(100 * verdict.rate_second),
        ratio=in_times(verdict.effect),
    )


def others(course: Course) -> str:
    """Return item 18."""
    verdict = course.verdict
    if verdict.outcome == "withheld":
        planned = _("Planned: by adherence, ratio of A to B Withheld, because a check failed.")
    else:
        planned = _("Planned: by adherence, ratio of A to B {ratio}.").format(
            ratio=in_times(verdict.by_adherence)
        )
    told = " ".join(_check(check) for check in verdict.checks)
    checks = _("Checks: {checks}").format(checks=told) if told else _("Checks: not made yet.")
    return f"{planned} {checks}"


def _check(check: Check) -> str:
    said = _("{check}: yes.") if check.holds else _("{check}: no.")
    return said.format(check=must_hold(check))


def harms(course: Course) -> str:
    """Return item 19."""
    told = _told(course.events("illness"))
    action = knowledge().actions.get(course.protocol.action)
    found = (
        _("Told of on the way: {events}").format(events=told)
        if told
        else _("None was told of. The trial does not ask for them one by one.")
    )
    if action is None or not action.harms:
        return found
    return " ".join((found, _("What is known of its harms: {harms}").format(harms=action.harms)))


def limitations(course: Course) -> str:
    """Return item 20."""
    return " ".join(_limits(course))


def _limits(course: Course) -> Iterator[str]:
    verdict = course.verdict
    if not course.blind:
        yield _("The person knew the arm, so hope and attention may be part of the difference.")
    yield _("The person counted their own nights.")
    if verdict.nights_missing:
        yield ngettext(
            "{count} night that should count were not logged.",
            "{count} nights that should count were not logged.",
            verdict.nights_missing,
        ).format(count=verdict.nights_missing)
    if verdict.followed is not None and verdict.followed < 1:
        yield _("The order was not followed on every night.")
    if len(course.protocol.arms) > len(COMPARED):
        yield _("Only A and B were compared; nothing is said of the other arms.")
    yield _("The size leans on a model; the test of the order does not.")


def others_too(course: Course) -> str:
    """Return item 21."""
    return _("For nobody else: one person, these nights. It may guide what another person tries.")


def meaning(course: Course) -> str:
    """Return item 22."""
    return f"{headline(course)} {first_up(reason(course))}."


def registration(course: Course) -> str:
    """Return item 23."""
    locked = course.report.locked_at
    if not locked:
        return _(
            "No public register is recorded. In its place stands the fingerprint of the protocol; "
            "see the protocol below."
        )
    return _(
        "No public register is recorded. In its place stands the fingerprint of the protocol, "
        "locked {time}; see the protocol below."
    ).format(time=f"{locked:%Y-%m-%d %H:%M %Z}".rstrip())


def protocol(course: Course) -> str:
    """Return item 24."""
    if course.order_open:
        return _("Comes with this report: protocol.json.")
    return _("With the person. It comes with this report once the trial has ended.")


def funding(course: Course) -> str:
    """Return item 25."""
    return _("None is recorded.")
