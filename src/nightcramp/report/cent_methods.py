"""Answers to the items of CENT 2015 on title, introduction and methods."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.diary.wording import day_in_words
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import gettext as _
from nightcramp.language import noted, number
from nightcramp.report.trial_answer import nights_in_words
from nightcramp.report.trial_course import COMPARED, LETTERS, Course
from nightcramp.report.trial_size import fewer, grouped
from nightcramp.trial.betting import limit_of
from nightcramp.trial.protocol import Outcome

OUTCOMES: dict[Outcome, str] = {
    "cramps": noted("The number of cramps in a night."),
    "nights_with_cramp": noted("Whether a night had a cramp or more."),
    "pain": noted(
        "The worst cramp pain of a night, from 0 (none) to 10. A night without cramp is 0."
    ),
    "sleep_lost": noted(
        "Sleep lost to cramps in a night, in tens of minutes. A night without is 0."
    ),
}


def title(course: Course) -> str:
    """Return item 1a."""
    return _("{title}: a randomised N-of-1 trial.").format(title=course.protocol.title)


def background(course: Course) -> str:
    """Return item 2a.1, from what is known of the action."""
    action = knowledge().actions.get(course.protocol.action)
    if action is None:
        return _("Not recorded: what is tested has no page in our knowledge.")
    return f"{action.label}: {action.verdict}"


def why_one_person(course: Course) -> str:
    """Return item 2a.2, with the published course of cramps left alone."""
    untreated = knowledge().statements["natural_course"].text
    why = _("Trials in groups tell what happens on average. This is about one person.")
    return f"{why} {untreated}"


def question(course: Course) -> str:
    """Return item 2b."""
    first, second = (course.named(arm) for arm in COMPARED)
    compared = _("Compared: {first} with {second}. It matters to the person from {fewer}.").format(
        first=first, second=second, fewer=fewer(course.protocol.smallest_effect)
    )
    return f"{course.protocol.question} {compared}"


def design(course: Course) -> str:
    """Return item 3a."""
    plan = course.protocol
    said = (
        _(
            "{arms} arms in turn in one person. {run_in} of run-in, then {blocks} blocks of "
            "{block}, equally many for each arm."
        )
        if plan.run_in
        else _(
            "{arms} arms in turn in one person. No run-in. {blocks} blocks of {block}, equally "
            "many for each arm."
        )
    )
    blocks = said.format(
        arms=len(plan.arms),
        run_in=nights_in_words(plan.run_in),
        blocks=plan.blocks,
        block=nights_in_words(plan.block_nights),
    )
    washout = (
        _("The first {nights} of every block are washout and do not count.")
        if plan.washout
        else _("No washout.")
    )
    return f"{blocks} {washout.format(nights=nights_in_words(plan.washout))}"


def changes(course: Course) -> str:
    """Return item 3b."""
    locked = _("A locked protocol cannot be changed; its fingerprint would be another.")
    again = [
        _("Started again as {trial}.").format(trial=event.other)
        for event in course.events("restarted")
    ]
    return " ".join([*(again or [_("None.")]), locked])


def person(course: Course) -> str:
    """Return item 4a."""
    return _(
        "Not recorded here: one person with night cramps who keeps a diary. Diagnosis, other "
        "illnesses and medicines are not in the files of the trial."
    )


def place(course: Course) -> str:
    """Return item 4b."""
    return _("The person's own diary. Not recorded: where the nights were slept.")


def ethics(course: Course) -> str:
    """Return item 4c."""
    own = _(
        "One person's trial for their own use, not a research study. No approval by an ethics "
        "committee is recorded."
    )
    agreed = course.protocol.prescriber
    return " ".join((own, _("Agreed to by: {who}.").format(who=agreed))) if agreed else own


def interventions(course: Course) -> str:
    """Return item 5."""
    return " ".join(_arms(course))


def _arms(course: Course) -> Iterator[str]:
    for place, arm in enumerate(course.protocol.arms):
        done = [n.done for b in course.of_arm(place) for n in b.nights if n.done is not None]
        told = _("{letter}, “{arm}”: {instruction}").format(
            letter=LETTERS[place], arm=arm.label, instruction=arm.instruction
        )
        yield f"{told} {_kept_to(course, done)}"


def _kept_to(course: Course, done: list[float]) -> str:
    """Return how often an arm was followed, as far as that may be shown."""
    if not course.order_open:
        return _("How often it was followed is shown at the end.")
    if not done:
        return _("Whether it was followed was not told.")
    return _("Followed on {done} of the {nights} told of.").format(
        done=number(sum(done), "g"), nights=nights_in_words(len(done))
    )


def outcomes(course: Course) -> str:
    """Return item 6a.1."""
    told = _(
        "Told by the person in the diary; a night runs from noon to noon. No other outcome was "
        "planned."
    )
    return f"{_(OUTCOMES[course.protocol.outcome])} {told}"


def measuring(course: Course) -> str:
    """Return item 6a.2."""
    return _("Not recorded: how exact and how repeatable this person's own counting is.")


def outcome_changes(course: Course) -> str:
    """Return item 6b."""
    return _("None: the outcome is part of the locked protocol.")


def length(course: Course) -> str:
    """Return item 7a, from the simulations made before the start."""
    plan = course.protocol
    asked = _("{blocks} blocks, {nights} in all.").format(
        blocks=plan.blocks, nights=nights_in_words(plan.nights)
    )
    if not plan.chances:
        return " ".join((asked, _("Not recorded: how the length was chosen.")))
    made = _("Simulated before the start, on nights like the person's.")
    return " ".join([asked, made, *_chances(course)])


def _chances(course: Course) -> Iterator[str]:
    for chance in course.protocol.chances:
        works, same, harms, unclear = (
            round(100 * part)
            for part in (chance.works, chance.does_not_matter, chance.harms, chance.cannot_tell)
        )
        yield _(
            "If the ratio is really {ratio}, of 100 such trials {works} say works, {same} does not "
            "matter, {harms} harms, {unclear} cannot tell."
        ).format(
            ratio=number(chance.ratio, "g"), works=works, same=same, harms=harms, unclear=unclear
        )


def looks(course: Course) -> str:
    """Return item 7b."""
    error = course.verdict.error
    return _(
        "The person may look every morning. The stake and its interval allow for that; the test of "
        "the order is made once, at the end, and counts the looks in. All together err in at most "
        "{most} of 100 trials without a difference. Nothing ends the trial by itself; a stake of "
        "{limit} gives an answer before the end."
    ).format(most=round(100 * error), limit=number(limit_of(error), "g"))


def order(course: Course) -> str:
    """Return item 8a."""
    drawn = _(
        "Drawn by chance, so that nothing else that changes over the weeks goes with an arm. Every "
        "order that keeps the limits was equally likely. It follows from a seed by SHA-256."
    )
    if not course.order_open:
        return " ".join((drawn, _("The seed is shown at the end.")))
    return " ".join((drawn, _("Seed: {seed}.").format(seed=course.protocol.seed)))


def limits(course: Course) -> str:
    """Return item 8b."""
    plan = course.protocol
    return _(
        "Equally many blocks of each arm, at most {longest} of one arm in a row. {orders} orders "
        "keep these limits."
    ).format(longest=plan.longest_run, orders=grouped(plan.space.size))


def sequence(course: Course) -> str:
    """Return item 8c; hidden while a blind trial goes on."""
    if not course.order_open:
        return _("Hidden until the trial has ended, because one of the arms is a dummy.")
    return " ".join(LETTERS[block.arm] for block in course.known)


def concealment(course: Course) -> str:
    """Return item 9."""
    locked = course.report.locked_at
    if locked:
        drawn = _(
            "The whole order was drawn at once and locked on {day}, so no arm was chosen in sight "
            "of the nights before it."
        ).format(day=day_in_words(locked.date()))
    else:
        drawn = _(
            "The whole order was drawn at once and locked, so no arm was chosen in sight of the "
            "nights before it."
        )
    return f"{drawn} {_hidden(course)}"


def _hidden(course: Course) -> str:
    """Return who could see the order beforehand."""
    if not course.blind:
        return _("It was not hidden: the person could read it in the protocol.")
    packs = _("Until the end the program names packs in place of arms.")
    seen = ", ".join(day_in_words(event.at.date()) for event in course.events("unblinded"))
    if not seen:
        return packs
    return " ".join((packs, _("It was looked at before the end: {days}.").format(days=seen)))


def roles(course: Course) -> str:
    """Return item 10."""
    agreed = course.protocol.prescriber
    said = [
        _("The program drew the order from the seed and said what to do; the person did it."),
        *([_("{who} agreed.").format(who=agreed)] if agreed else []),
        _("Not recorded: who wished for the trial."),
    ]
    return " ".join(said)


def blinding(course: Course) -> str:
    """Return item 11a."""
    if course.blind:
        return _("Meant to be blind, with numbered packs. Not recorded: what anybody guessed.")
    return _("Nobody: the person knew what they did, and counted the cramps themselves.")


def likeness(course: Course) -> str:
    """Return item 11b."""
    if course.blind:
        return _("Not recorded beyond what item 5 says of each arm.")
    return _("Does not apply: there is no dummy to be like the real thing.")


def comparing(course: Course) -> str:
    """Return item 12a."""
    return _(
        "Three ways, fixed beforehand. A randomisation test over the orders, on the score of a fit "
        "without arms. A bet on the arm of each block (e-process). The size from a Bayesian "
        "negative binomial model of the nights, with its 95 % interval. By assignment first, by "
        "adherence second. Washout nights and blocks that are not over do not enter."
    )


def series(course: Course) -> str:
    """Return items 12b and 13a.2."""
    return _("Does not apply: this is one person's trial, not a series.")


def drift(course: Course) -> str:
    """Return item 12c."""
    carried = (
        _(
            "Carry-over: The first {nights} of a block are left out. A check asks whether the arm "
            "of one block acted on into the next."
        )
        if course.protocol.washout
        else _("Carry-over: A check asks whether the arm of one block acted on into the next.")
    )
    drifting = _(
        "Drift: the model has a trend, the year's wave, weekdays, and a hidden level by which "
        "nights close together resemble each other. The test of the order holds without them."
    )
    return f"{carried.format(nights=nights_in_words(course.protocol.washout))} {drifting}"
