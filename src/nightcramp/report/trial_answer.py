"""The answer of a trial in plain words: what came out, how sure it is, what it does not say."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.diary.wording import day_in_words
from nightcramp.errors import InputError
from nightcramp.person.verdict import Outcome
from nightcramp.report.document import AnyBlock, Bullets, Para, Section, Subhead
from nightcramp.report.findings import MEDICINE_NOTE, in_hundred
from nightcramp.report.trial_course import COMPARED, Course
from nightcramp.report.trial_size import Size, fewer, size_of
from nightcramp.report.words import BE_SEEN_NOTE, LADDER_MARKS
from nightcramp.trial.protocol import check, fingerprint

HEADLINES: dict[Outcome, str] = {
    "works": "It works for you.",
    "does_not_matter": "It makes no difference that matters to you.",
    "harms": "It makes things worse for you.",
    "cannot_tell": "We can't tell.",
    "withheld": "We give no answer, because a check failed.",
}
LADDER: dict[Outcome, tuple[str, str]] = {
    "works": ("that A helps you is", "confirmed"),
    "does_not_matter": ("that A helps you is", "refuted"),
    "harms": ("that A makes it worse for you is", "confirmed"),
}
DOUBTFUL = "Do not rely on this report: something is wrong with its protocol."
ALWAYS_UNSAID = (
    "What it does for other people. These are your nights alone.",
    "Why, or what another amount, hour or length would do.",
)
UNSAID: dict[Outcome, tuple[str, ...]] = {
    "works": ("That it will go on working for ever. Cramps change over the years.",),
    "does_not_matter": ("That there is no difference at all. It is smaller than matters to you.",),
    "harms": ("That it would go on making things worse for ever.",),
    "cannot_tell": ("That it does not work. No answer is not a no.",),
    "withheld": ("That it works, that it does not, or that it harms.",),
}
FAILED = {
    "missing": "many more nights were not logged under one arm than under the other",
    "carry_over": "what was done in one block seems to have acted on into the next",
    "changed_nights": "nights were changed after a look at the answer, and they decide it",
}
HOLDS = {
    "missing": "About as many nights were not logged under A as under B",
    "carry_over": "What was done in one block did not act on into the next",
    "changed_nights": "Without the nights changed after a look the answer would be the same",
}
"""The checks in plain words, by their ids."""
EXPECTED = (
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
            Subhead(text="What this does not say"),
            Bullets(items=tuple(_unsaid(course))),
            *_last(course),
        ),
    )


def headline(course: Course) -> str:
    """Return the verdict as one sentence; none where the protocol is not to be relied on."""
    verdict = course.verdict
    if any(warnings(course)):
        return DOUBTFUL
    if verdict.outcome != "cannot_tell":
        return HEADLINES[verdict.outcome]
    if verdict.effect is None:
        return "There is nothing to tell yet."
    if verdict.more_nights:
        return f"We can't tell yet: another {nights(verdict.more_nights)} might."
    return HEADLINES["cannot_tell"]


def nights(count: int) -> str:
    """Return a number of nights in words."""
    return f"{count} night{'' if count == 1 else 's'}"


def warnings(course: Course) -> Iterator[str]:
    """Yield what makes the whole report doubtful: a protocol that is not the one locked."""
    now, locked = fingerprint(course.protocol), course.report.fingerprint
    if now != locked:
        yield (
            "The protocol in this report is not the one that was locked. Do not rely on the "
            f"answer. Locked: {locked}. Here: {now}."
        )
    if course.verdict.fingerprint != now:
        yield "The answer was worked out from another protocol than the one in this report."
    try:
        check(course.protocol)
    except InputError as error:
        yield f"The protocol does not hold: {error.message}."


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
    return (
        f"With {first} you have {size.about(size.first)} {size.unit}, instead of "
        f"{size.about(size.second)} with {second}. It could be {size.span}."
    )


def _without_numbers(course: Course) -> str:
    """Return what is said instead of a size."""
    verdict = course.verdict
    if verdict.outcome == "withheld":
        return f"{first_up(reason(course))}. So no size is shown either."
    if course.phase == "to_come":
        return f"The first night is {day_in_words(course.protocol.first_evening)}."
    if verdict.effect is None:
        over = f"Blocks that are over: {verdict.blocks_over} of {verdict.blocks}."
        return f"{over} {first_up(reason(course))}."
    return f"With {course.named(COMPARED[1])} nothing was counted, so we give no size in numbers."


def _how_sure(course: Course) -> Iterator[str]:
    """Yield what the verdict rests on, and how sure it is."""
    verdict = course.verdict
    if verdict.effect is None:
        return
    yield f"Why we say so: {reason(course)}."
    if verdict.outcome in LADDER:
        what, word = LADDER[verdict.outcome]
        yield f"How sure: {what} {LADDER_MARKS[word]} {word} on your own nights. {_error(course)}"
    if verdict.large_enough is not None:
        yield (
            f"You said that at least {fewer(verdict.smallest_effect)} would matter to you. That A "
            f"does that much: {in_hundred(verdict.large_enough)}."
        )
    if verdict.outcome == "cannot_tell" and verdict.more_nights is None:
        yield "As many more nights of this kind as one can ask for would probably not tell either."


def reason(course: Course) -> str:
    """Return why the verdict is what it is, the arms by their letters."""
    failed = [check for check in course.verdict.checks if not check.holds]
    if course.verdict.outcome == "withheld" and failed:
        return "; ".join(FAILED.get(c.id, f"it does not hold that {c.says}") for c in failed)
    return course.verdict.why.replace("the first arm", "A")


def first_up(text: str) -> str:
    """Return a text that begins as a sentence does."""
    return text[:1].upper() + text[1:]


def _error(course: Course) -> str:
    error = course.verdict.error
    if course.verdict.outcome == "does_not_matter":
        return "All sizes that fit your nights are smaller than what matters to you."
    return (
        f"If A and B were alike, chance alone would lead to “works” or “harms” in at most "
        f"{round(100 * error)} of 100 such trials."
    )


def _on_the_way(course: Course) -> Iterator[AnyBlock]:
    if course.verdict.notes:
        yield Subhead(text="What happened on the way")
        yield Bullets(items=course.verdict.notes)


def _unsaid(course: Course) -> Iterator[str]:
    yield from UNSAID[course.verdict.outcome]
    if not course.blind and course.verdict.outcome in ("works", "harms"):
        yield EXPECTED
    yield from ALWAYS_UNSAID


def _last(course: Course) -> Iterator[Para]:
    if course.protocol.prescriber:
        yield Para(text=MEDICINE_NOTE)
    yield Para(text=BE_SEEN_NOTE, tone="note")
