"""Answers to the items of CENT 2015 on title, introduction and methods."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.diary.wording import day_in_words
from nightcramp.knowledge.loader import knowledge
from nightcramp.report.trial_answer import nights
from nightcramp.report.trial_course import COMPARED, LETTERS, Course
from nightcramp.report.trial_size import fewer
from nightcramp.trial.betting import limit_of
from nightcramp.trial.protocol import Outcome

NOT_RECORDED = "Not recorded"
NOT_HERE = "Does not apply"
OUTCOMES: dict[Outcome, str] = {
    "cramps": "The number of cramps in a night.",
    "nights_with_cramp": "Whether a night had a cramp or more.",
    "pain": "The worst cramp pain of a night, from 0 (none) to 10. A night without cramp is 0.",
    "sleep_lost": "Sleep lost to cramps in a night, in tens of minutes. A night without is 0.",
}


def title(course: Course) -> str:
    """Return item 1a."""
    return f"{course.protocol.title}: a randomised N-of-1 trial."


def background(course: Course) -> str:
    """Return item 2a.1, from what is known of the action."""
    action = knowledge().actions.get(course.protocol.action)
    if action is None:
        return f"{NOT_RECORDED}: what is tested has no page in our knowledge."
    return f"{action.label}: {action.verdict}"


def why_one_person(course: Course) -> str:
    """Return item 2a.2, with the published course of cramps left alone."""
    untreated = knowledge().statements["natural_course"].text
    return f"Trials in groups tell what happens on average. This is about one person. {untreated}"


def question(course: Course) -> str:
    """Return item 2b."""
    first, second = (course.named(arm) for arm in COMPARED)
    return (
        f"{course.protocol.question} Compared: {first} with {second}. It matters to the person "
        f"from {fewer(course.protocol.smallest_effect)}."
    )


def design(course: Course) -> str:
    """Return item 3a."""
    plan = course.protocol
    run_in = f"{nights(plan.run_in)} of run-in, then " if plan.run_in else "No run-in. "
    washout = (
        f"The first {nights(plan.washout)} of every block are washout and do not count."
        if plan.washout
        else "No washout."
    )
    return (
        f"{len(plan.arms)} arms in turn in one person. {run_in}{plan.blocks} blocks of "
        f"{nights(plan.block_nights)}, equally many for each arm. {washout}"
    )


def changes(course: Course) -> str:
    """Return item 3b."""
    locked = "A locked protocol cannot be changed; its fingerprint would be another."
    again = [f"Started again as {event.other}." for event in course.events("restarted")]
    return " ".join([*(again or ["None."]), locked])


def person(course: Course) -> str:
    """Return item 4a."""
    return (
        f"{NOT_RECORDED} here: one person with night cramps who keeps a diary. Diagnosis, other "
        "illnesses and medicines are not in the files of the trial."
    )


def place(course: Course) -> str:
    """Return item 4b."""
    return f"The person's own diary. {NOT_RECORDED}: where the nights were slept."


def ethics(course: Course) -> str:
    """Return item 4c."""
    agreed = f" Agreed to by: {course.protocol.prescriber}." if course.protocol.prescriber else ""
    return (
        "One person's trial for their own use, not a research study. No approval by an ethics "
        f"committee is recorded.{agreed}"
    )


def interventions(course: Course) -> str:
    """Return item 5."""
    return " ".join(_arms(course))


def _arms(course: Course) -> Iterator[str]:
    for place, arm in enumerate(course.protocol.arms):
        done = [n.done for b in course.of_arm(place) for n in b.nights if n.done is not None]
        yield f"{LETTERS[place]}, “{arm.label}”: {arm.instruction} {_kept_to(course, done)}"


def _kept_to(course: Course, done: list[float]) -> str:
    """Return how often an arm was followed, as far as that may be shown."""
    if not course.order_open:
        return "How often it was followed is shown at the end."
    if not done:
        return "Whether it was followed was not told."
    return f"Followed on {sum(done):g} of the {nights(len(done))} told of."


def outcomes(course: Course) -> str:
    """Return item 6a.1."""
    return (
        f"{OUTCOMES[course.protocol.outcome]} Told by the person in the diary; a night runs from "
        "noon to noon. No other outcome was planned."
    )


def measuring(course: Course) -> str:
    """Return item 6a.2."""
    return f"{NOT_RECORDED}: how exact and how repeatable this person's own counting is."


def outcome_changes(course: Course) -> str:
    """Return item 6b."""
    return "None: the outcome is part of the locked protocol."


def length(course: Course) -> str:
    """Return item 7a, from the simulations made before the start."""
    plan = course.protocol
    asked = f"{plan.blocks} blocks, {nights(plan.nights)} in all."
    if not plan.chances:
        return f"{asked} {NOT_RECORDED}: how the length was chosen."
    told = " ".join(_chances(course))
    return f"{asked} Simulated before the start, on nights like the person's. {told}"


def _chances(course: Course) -> Iterator[str]:
    for chance in course.protocol.chances:
        works, same, harms, open_ = (
            round(100 * part)
            for part in (chance.works, chance.does_not_matter, chance.harms, chance.cannot_tell)
        )
        yield (
            f"If the ratio is really {chance.ratio:g}, of 100 such trials {works} say works, "
            f"{same} does not matter, {harms} harms, {open_} cannot tell."
        )


def looks(course: Course) -> str:
    """Return item 7b."""
    verdict = course.verdict
    return (
        "The person may look every morning. The stake and its interval allow for that; the test "
        "of the order is made once, at the end, and counts the looks in. All together err in at "
        f"most {round(100 * verdict.error)} of 100 trials without a difference. Nothing ends the "
        f"trial by itself; a stake of {limit_of(verdict.error):g} gives an answer before the end."
    )


def order(course: Course) -> str:
    """Return item 8a."""
    hidden = "The seed is shown at the end."
    seed = f"Seed: {course.protocol.seed}." if course.order_open else hidden
    return (
        "Drawn by chance, so that nothing else that changes over the weeks goes with an arm. Every "
        f"order that keeps the limits was equally likely. It follows from a seed by SHA-256. {seed}"
    )


def limits(course: Course) -> str:
    """Return item 8b."""
    plan = course.protocol
    return (
        f"Equally many blocks of each arm, at most {plan.longest_run} of one arm in a row. "
        f"{plan.space.size:,} orders keep these limits."
    )


def sequence(course: Course) -> str:
    """Return item 8c; hidden while a blind trial goes on."""
    if not course.order_open:
        return "Hidden until the trial has ended, because one of the arms is a dummy."
    return " ".join(LETTERS[block.arm] for block in course.known)


def concealment(course: Course) -> str:
    """Return item 9."""
    locked = course.report.locked_at
    on = f" on {day_in_words(locked.date())}" if locked else ""
    return (
        f"The whole order was drawn at once and locked{on}, so no arm was chosen in sight of the "
        f"nights before it. {_hidden(course)}"
    )


def _hidden(course: Course) -> str:
    """Return who could see the order beforehand."""
    if not course.blind:
        return "It was not hidden: the person could read it in the protocol."
    seen = [day_in_words(event.at.date()) for event in course.events("unblinded")]
    looked = f" It was looked at before the end: {', '.join(seen)}." if seen else ""
    return f"Until the end the program names packs in place of arms.{looked}"


def roles(course: Course) -> str:
    """Return item 10."""
    agreed = course.protocol.prescriber
    with_whom = f" {agreed} agreed." if agreed else ""
    return (
        "The program drew the order from the seed and said what to do; the person did it."
        f"{with_whom} {NOT_RECORDED}: who wished for the trial."
    )


def blinding(course: Course) -> str:
    """Return item 11a."""
    if course.blind:
        return f"Meant to be blind, with numbered packs. {NOT_RECORDED}: what anybody guessed."
    return "Nobody: the person knew what they did, and counted the cramps themselves."


def likeness(course: Course) -> str:
    """Return item 11b."""
    if course.blind:
        return f"{NOT_RECORDED} beyond what item 5 says of each arm."
    return f"{NOT_HERE}: there is no dummy to be like the real thing."


def comparing(course: Course) -> str:
    """Return item 12a."""
    return (
        "Three ways, fixed beforehand. A randomisation test over the orders, on the score of a fit "
        "without arms. A bet on the arm of each block (e-process). The size from a Bayesian "
        "negative binomial model of the nights, with its 95 % interval. By assignment first, by "
        "adherence second. Washout nights and blocks that are not over do not enter."
    )


def series(course: Course) -> str:
    """Return items 12b and 13a.2."""
    return f"{NOT_HERE}: this is one person's trial, not a series."


def drift(course: Course) -> str:
    """Return item 12c."""
    washout = course.protocol.washout
    left_out = f"The first {nights(washout)} of a block are left out. " if washout else ""
    return (
        f"Carry-over: {left_out}A check asks whether the arm of one block acted on into the next. "
        "Drift: the model has a trend, the year's wave, weekdays, and a hidden level by which "
        "nights close together resemble each other. The test of the order holds without them."
    )
