"""The answer of a trial in plain words: what came out, how sure it is, what it does not say."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.diary.wording import day_in_words
from nightcramp.errors import InputError
from nightcramp.language import gettext as _
from nightcramp.language import ngettext, noted
from nightcramp.person.verdict import Check, Outcome
from nightcramp.report.document import AnyBlock, Bullets, Para, Section, Subhead
from nightcramp.report.findings import MEDICINE_NOTE, in_hundred
from nightcramp.report.trial_course import COMPARED, Course
from nightcramp.report.trial_size import Size, fewer, size_of
from nightcramp.report.words import BE_SEEN_NOTE, LADDER_MARKS
from nightcramp.trial.protocol import check, fingerprint

HEADLINES: dict[Outcome, str] = {
    "works": noted("It works for you."),
    "does_not_matter": noted("It makes no difference that matters to you."),
    "harms": noted("It makes things worse for you."),
    "cannot_tell": noted("We can't tell."),
    "withheld": noted("We give no answer, because a check failed."),
}
HELPS = noted("How sure: that A helps you is {mark} {word} on your own nights.")
WORSENS = noted("How sure: that A makes it worse for you is {mark} {word} on your own nights.")
LADDER: dict[Outcome, tuple[str, str]] = {
    "works": (HELPS, noted("confirmed")),
    "does_not_matter": (HELPS, noted("refuted")),
    "harms": (WORSENS, "confirmed"),
}
DOUBTFUL = noted("Do not rely on this report: something is wrong with its protocol.")
ALWAYS_UNSAID = (
    noted("What it does for other people. These are your nights alone."),
    noted("Why, or what another amount, hour or length would do."),
)
UNSAID: dict[Outcome, str] = {
    "works": noted("That it will go on working for ever. Cramps change over the years."),
    "does_not_matter": noted(
        "That there is no difference at all. It is smaller than matters to you."
    ),
    "harms": noted("That it would go on making things worse for ever."),
    "cannot_tell": noted("That it does not work. No answer is not a no."),
    "withheld": noted("That it works, that it does not, or that it harms."),
}
FAILED = {
    "missing": noted("many more nights were not logged under one arm than under the other"),
    "carry_over": noted("what was done in one block seems to have acted on into the next"),
    "changed_nights": noted("nights were changed after a look at the answer, and they decide it"),
}
HOLDS = {
    "missing": noted("About as many nights were not logged under A as under B"),
    "carry_over": noted("What was done in one block did not act on into the next"),
    "changed_nights": noted("Without the nights changed after a look the answer would be the same"),
}
"""The checks in plain words, by their ids."""
EXPECTED = noted(
    "That it was the thing itself: you knew which nights were which, and what you expected may be "
    "part of it."
)


def answer(course: Course) -> Section:
    """Return the answer, warnings first."""
    return Section(
        id="answer",
        title=headline(course),
        blocks=(
            *(Para(text=text, tone="warning") for text in warnings(course)),
            *_came_out(course),
            *_on_the_way(course),
            Subhead(text=_("What this does not say")),
            Bullets(items=tuple(_unsaid(course))),
            *_last(course),
        ),
    )


def headline(course: Course) -> str:
    """Return the verdict as one sentence; none where the protocol is not to be relied on."""
    verdict = course.verdict
    if any(warnings(course)):
        return _(DOUBTFUL)
    if verdict.outcome != "cannot_tell":
        return _(HEADLINES[verdict.outcome])
    if verdict.effect is None:
        return _("There is nothing to tell yet.")
    if verdict.more_nights:
        return ngettext(
            "We can't tell yet: another {count} night might.",
            "We can't tell yet: another {count} nights might.",
            verdict.more_nights,
        ).format(count=verdict.more_nights)
    return _(HEADLINES["cannot_tell"])


def nights_in_words(count: int) -> str:
    """Return a number of nights in words."""
    return ngettext("{count} night", "{count} nights", count).format(count=count)


def warnings(course: Course) -> Iterator[str]:
    """Yield what makes the whole report doubtful: a protocol that is not the one locked."""
    now, locked = fingerprint(course.protocol), course.report.fingerprint
    if now != locked:
        yield _(
            "The protocol in this report is not the one that was locked. Do not rely on the "
            "answer. Locked: {locked}. Here: {here}."
        ).format(locked=locked, here=now)
    if course.verdict.fingerprint != now:
        yield _("The answer was worked out from another protocol than the one in this report.")
    try:
        check(course.protocol)
    except InputError as error:
        yield _("The protocol does not hold: {fault}.").format(fault=error.message)


def _came_out(course: Course) -> Iterator[AnyBlock]:
    size = size_of(course.verdict, course.protocol.outcome, course.verdict.effect)
    if size is not None:
        yield Para(text=in_numbers(course, size), tone="lead")
    else:
        yield Para(text=_without_numbers(course), tone="lead")
    yield from (Para(text=text) for text in _how_sure(course))


def in_numbers(course: Course, size: Size) -> str:
    """Return the size in natural frequencies, with its interval."""
    first, second = course.named(COMPARED[0]), course.named(COMPARED[1])
    return _(
        "With {first} you have {amount} {unit}, instead of {other} with {second}. It could be "
        "{span}."
    ).format(
        first=first,
        amount=size.about(size.first),
        unit=size.unit,
        other=size.about(size.second),
        second=second,
        span=size.span,
    )


def _without_numbers(course: Course) -> str:
    """Return what is said instead of a size."""
    verdict = course.verdict
    if verdict.outcome == "withheld":
        return _("{reason}. So no size is shown either.").format(reason=first_up(reason(course)))
    if course.phase == "to_come":
        first = day_in_words(course.protocol.first_evening)
        return _("The first night is {day}.").format(day=first)
    if verdict.effect is None:
        return _("Blocks that are over: {over} of {blocks}. {reason}.").format(
            over=verdict.blocks_over, blocks=verdict.blocks, reason=first_up(reason(course))
        )
    return _("With {arm} nothing was counted, so we give no size in numbers.").format(
        arm=course.named(COMPARED[1])
    )


def _how_sure(course: Course) -> Iterator[str]:
    """Yield what the verdict rests on, and how sure it is."""
    verdict = course.verdict
    if verdict.effect is None:
        return
    yield _("Why we say so: {reason}.").format(reason=reason(course))
    if verdict.outcome in LADDER:
        said, word = LADDER[verdict.outcome]
        sure = _(said).format(mark=LADDER_MARKS[word], word=_(word))
        yield f"{sure} {_error(course)}"
    if verdict.large_enough is not None:
        yield _(
            "You said that at least {fewer} would matter to you. That A does that much: {chance}."
        ).format(fewer=fewer(verdict.smallest_effect), chance=in_hundred(verdict.large_enough))
    if verdict.outcome == "cannot_tell" and verdict.more_nights is None:
        yield _(
            "As many more nights of this kind as one can ask for would probably not tell either."
        )


def reason(course: Course) -> str:
    """Return why the verdict is what it is, the arms by their letters."""
    failed = [check for check in course.verdict.checks if not check.holds]
    if course.verdict.outcome == "withheld" and failed:
        return "; ".join(_failed(check) for check in failed)
    return _(course.verdict.why).replace(_("the first arm"), "A")


def _failed(check: Check) -> str:
    if check.id in FAILED:
        return _(FAILED[check.id])
    return _("it does not hold that {what}").format(what=_(check.says))


def must_hold(check: Check) -> str:
    """Return what must hold before an answer is given, as a sentence begins."""
    return _(HOLDS[check.id]) if check.id in HOLDS else first_up(_(check.says))


def first_up(text: str) -> str:
    """Return a text that begins as a sentence does."""
    return text[:1].upper() + text[1:]


def _error(course: Course) -> str:
    error = course.verdict.error
    if course.verdict.outcome == "does_not_matter":
        return _("All sizes that fit your nights are smaller than what matters to you.")
    return _(
        "If A and B were alike, chance alone would lead to “works” or “harms” in at most {most} of "
        "100 such trials."
    ).format(most=round(100 * error))


def _on_the_way(course: Course) -> Iterator[AnyBlock]:
    if course.notes:
        yield Subhead(text=_("What happened on the way"))
        yield Bullets(items=course.notes)


def _unsaid(course: Course) -> Iterator[str]:
    yield _(UNSAID[course.verdict.outcome])
    if not course.blind and course.verdict.outcome in ("works", "harms"):
        yield _(EXPECTED)
    yield from map(_, ALWAYS_UNSAID)


def _last(course: Course) -> Iterator[Para]:
    if course.protocol.prescriber:
        yield Para(text=_(MEDICINE_NOTE))
    yield Para(text=_(BE_SEEN_NOTE), tone="note")
