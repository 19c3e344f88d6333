"""From what a person wants to test to a design: safety first, then the chances of an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from nightcramp.assess.assessment import assess
from nightcramp.assess.known import Known
from nightcramp.errors import InputError
from nightcramp.intake.own_record import OwnRecord
from nightcramp.knowledge.loader import Knowledge, knowledge
from nightcramp.knowledge.schema import TrialModel
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.facts import Facts
from nightcramp.trial.baseline import baseline_of
from nightcramp.trial.gate import SOON, Gate, gate, unanswered_signs
from nightcramp.trial.lock import Design, unequal
from nightcramp.trial.planner import Draft, Plan, Wish, plan
from nightcramp.trial.propose import Proposal, propose, propose_own
from nightcramp.trial.protocol import Arm, Outcome, Protocol

MEASURED: Mapping[str, Outcome] = {
    "cramps": "cramps",
    "nights": "nights_with_cramp",
    "pain": "pain",
    "sleep": "sleep_lost",
}
QUESTIONS: Mapping[Outcome, str] = {
    "cramps": noted("Does it make a difference to how many cramps I have: {first}, or {second}?"),
    "nights_with_cramp": noted(
        "Does it make a difference to on how many nights I have cramps: {first}, or {second}?"
    ),
    "pain": noted("Does it make a difference to how bad my cramps are: {first}, or {second}?"),
    "sleep_lost": noted(
        "Does it make a difference to how much sleep cramps cost me: {first}, or {second}?"
    ),
}
LONGEST_SLUG = 40
ANY_SIGN = noted("Is any of these so, now or in the last weeks?")


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be tested, and what was chosen otherwise than is proposed (None: as proposed).

    `what`: an action's id, or the person's own words. `against`: another one to compare it with.
    `dummy`: compare with a dummy; `nothing`: let a third arm have neither.
    """

    what: str
    against: str = ""
    dummy: bool = False
    nothing: bool = False
    outcome: Outcome | None = None
    smallest: float | None = None
    longest: int | None = None
    blocks: int | None = None
    block_nights: int | None = None
    washout: int | None = None
    run_in: int | None = None
    seen: frozenset[str] = frozenset()


class Planned(Struct, frozen=True, kw_only=True):
    """A trial before it is locked: what is proposed, its arms, and what may come of it.

    `draft`: the design, None where no design can tell anything. `blocks`: of all arms together.
    """

    proposals: tuple[Proposal, ...]
    arms: tuple[Arm, ...]
    plan: Plan
    draft: Draft | None
    error: float

    @property
    def first(self) -> Proposal:
        """Return what the first arm is."""
        return self.proposals[0]

    @property
    def blocks(self) -> int:
        """Return the blocks of all arms together, 0 where there is no design."""
        return self.draft.blocks // 2 * len(self.arms) if self.draft else 0

    @property
    def nights(self) -> int:
        """Return how many nights it would last."""
        return self.draft.run_in + self.blocks * self.draft.block_nights if self.draft else 0


def proposals_of(facts: Facts, seen: frozenset[str] = frozenset()) -> list[Proposal]:
    """Return what is worth testing, allowed ones first, best first."""
    return propose(assess(facts, questions=0), facts, seen)


def proposal_of(what: str, facts: Facts, seen: frozenset[str] = frozenset()) -> Proposal:
    """Return the proposal for an action by its id, or for something in the person's own words."""
    name = what.strip().replace("-", "_").casefold()
    if name not in facts.knowledge.actions:
        return propose_own(what, facts, seen)
    found = next((one for one in proposals_of(facts, seen) if one.action == name), None)
    return found or _beside_the_plan(name, facts, seen)


def _beside_the_plan(action: str, facts: Facts, seen: frozenset[str]) -> Proposal:
    """Return the proposal for an action that the plan does not hold for this person."""
    label = facts.knowledge.actions[action].label
    _refuse(label, gate(action, Known(facts, cautious=True), seen))
    return replace(propose_own(label, facts, seen), action=action)


def planned(wanted: Wanted, record: OwnRecord, facts: Facts) -> Planned:
    """Return the trial that is wanted with its chances; raises InputError where it is refused."""
    names = [wanted.what, *([wanted.against] if wanted.against else [])]
    proposals = tuple(proposal_of(name, facts, wanted.seen) for name in names)
    for proposal in proposals:
        _refuse(proposal.title, proposal)
    arms = _arms(wanted, proposals)
    known = facts.knowledge
    found = _plan(wanted, proposals, record, known)
    error = known.trial_model.error
    return Planned(proposals=proposals, arms=arms, plan=found, draft=found.best, error=error)


def check_allowed(proposal: Proposal) -> None:
    """Raise InputError where something is not for testing, with the reason alone."""
    if proposal.safety == "refused":
        raise InputError(_refused(proposal.title, proposal.reason))


def _refused(title: str, reason: str) -> str:
    said = _("{title}: this is not for testing now. {reason}")
    return said.format(title=title, reason=reason)


def _refuse(title: str, decided: Gate | Proposal) -> None:
    """Raise InputError where something is not for testing, with the reason."""
    if decided.safety == "refused":
        raise InputError(_refused(title, decided.reason), hint=seen_hint(decided))


def seen_hint(decided: Gate | Proposal) -> str:
    """Return how to say that a clinician has looked at the warning signs, "" for others."""
    soon = to_be_seen(decided)
    if not soon:
        return ""
    return _("Once a clinician has looked at it: {options}").format(
        options=" ".join(f"--seen {rule}" for rule in soon)
    )


def to_be_seen(decided: Gate | Proposal) -> list[str]:
    """Return the warning signs that refuse something until a clinician has looked at them.

    None where something else refuses it too.
    """
    rules = (
        decided.rules
        if isinstance(decided, Proposal)
        else [ground.rule for ground in decided.grounds]
    )
    flags = knowledge().red_flags
    soon = [rule for rule in rules if rule in flags and flags[rule].level == SOON]
    return soon if len(soon) >= len(set(rules)) else []


def _plan(
    wanted: Wanted, proposals: tuple[Proposal, ...], record: OwnRecord, known: Knowledge
) -> Plan:
    """Return the planner's answer, for one design only where all of it was chosen."""
    choices, first = known.trial_model, proposals[0]
    wish = Wish(
        expected=first.expected.ratio,
        smallest_effect=first.smallest_effect if wanted.smallest is None else wanted.smallest,
        shortest_block=_or(wanted.block_nights, max(one.block_nights for one in proposals)),
        washout=_or(wanted.washout, max(one.washout for one in proposals)),
        run_in=_or(wanted.run_in, max(one.run_in for one in proposals)),
        longest=_or(wanted.longest, choices.longest_nights),
        outcome=wanted.outcome or first.outcome,
    )
    if wish.washout >= wish.shortest_block:
        raise InputError(
            _("blocks of {block} nights are too short for {washout} that do not count").format(
                block=wish.shortest_block, washout=wish.washout
            ),
            hint=_("Make blocks longer (--block), or leave out fewer nights (--washout)."),
        )
    if wanted.blocks is not None:
        wish, choices = _only(wanted.blocks, wish, choices, 3 if wanted.nothing else 2)
    elif wanted.block_nights is not None:
        choices = replace(choices, block_lengths=[])
    baseline = baseline_of(record.nights, wish.outcome, known.diary_model, choices)
    return plan(wish, baseline, known.diary_model, choices)


def _only(blocks: int, wish: Wish, choices: TrialModel, arms: int) -> tuple[Wish, TrialModel]:
    """Return the wish and choices that leave one design, of so many blocks."""
    if blocks % arms or blocks < arms:
        raise unequal(blocks, arms)
    longest = wish.run_in + blocks // arms * 2 * wish.shortest_block
    return replace(wish, longest=longest), replace(choices, lengths=[], block_lengths=[])


def _or(chosen: int | None, proposed: int) -> int:
    return proposed if chosen is None else chosen


def _arms(wanted: Wanted, proposals: tuple[Proposal, ...]) -> tuple[Arm, ...]:
    """Return the arms, the two compared ones first; raises InputError for what cannot be."""
    if not all(one.arms for one in proposals):
        raise InputError(
            _("nobody has said how to test {what}").format(what=proposals[0].title.lower())
        )
    do, leave = proposals[0].arms
    if wanted.against:
        if wanted.dummy or wanted.nothing:
            raise InputError(_("two actions are compared with each other, without a third arm"))
        other = proposals[1].arms[0]
        return replace(do, id="first"), replace(other, id="second")
    if not wanted.dummy:
        if wanted.nothing:
            raise InputError(_("a third arm without either needs a dummy"), hint=_("Add --dummy."))
        return do, leave
    page = proposals[0].page
    if page is not None and not page.blinding:
        raise InputError(
            _("there is no dummy for {what}").format(what=proposals[0].title.lower()),
            hint=_("Leave out --dummy."),
        )
    dummy = Arm(
        id="dummy",
        label=_("Dummy in place of: {what}").format(what=proposals[0].title),
        instruction=_("Take the dummy that looks like it, in the same way."),
        kind="dummy",
    )
    return (do, dummy, replace(leave, kind="nothing")) if wanted.nothing else (do, dummy)


def design_of(found: Planned, prescriber: str = "") -> Design:
    """Return the design to lock; raises InputError where there is none or nobody agreed."""
    asked = [one for one in found.proposals if one.safety == "ask_prescriber"]
    if asked and not prescriber.strip():
        raise InputError(
            _("a prescriber must agree first. {reason}").format(reason=asked[0].reason),
            hint=_(
                "`nightcramp trial page FILE.pdf` with the same words writes the page that asks "
                'them. Then say who agreed: --prescriber "Dr Lee, 24 November".'
            ),
        )
    if found.draft is None:
        raise InputError(_("no design would tell anything: {why}").format(why=found.plan.why))
    wish, several = found.plan.wish, len(found.proposals) > 1
    return Design(
        title=titles_of(found),
        question=_question(found),
        arms=found.arms,
        run_in=found.draft.run_in,
        block_nights=found.draft.block_nights,
        blocks=found.blocks,
        washout=found.draft.washout,
        longest_run=found.plan.longest_run,
        outcome=wish.outcome,
        smallest_effect=wish.smallest_effect,
        error=found.error,
        action="" if several else found.first.action,
        factors=() if several else found.first.factors,
        prescriber=prescriber.strip(),
        chances=found.draft.chances,
    )


def check_advised(found: Planned, hint: str = "") -> None:
    """Raise InputError where a trial is advised against."""
    if found.plan.advice == "against":
        against = _("this trial is advised against. {why}")
        raise InputError(against.format(why=found.plan.why), hint=hint)


def check_signs(is_any: bool, hint: str = "") -> None:
    """Raise InputError where the person has a warning sign."""
    if is_any:
        raise InputError(_("then it is not the time for a trial; nothing was locked"), hint=hint)


def titles_of(found: Planned) -> str:
    """Return what is tested, in one line."""
    first, *others = (one.title for one in found.proposals)
    return _("{first} or {second}").format(first=first, second=others[0]) if others else first


def design_again(protocol: Protocol, facts: Facts, seen: frozenset[str] = frozenset()) -> Design:
    """Return the design of a protocol, for the same with a new order; InputError if refused now."""
    decided = gate(protocol.action or protocol.title, Known(facts, cautious=True), seen)
    _refuse(protocol.title, decided)
    return Design(**{name: getattr(protocol, name) for name in Design.__struct_fields__})


def _question(found: Planned) -> str:
    first, second = found.arms[0].label, found.arms[1].label
    return _(QUESTIONS[found.plan.wish.outcome]).format(first=first, second=second)


def slug_of(design: Design) -> str:
    """Return the short name that the ids of trials of a design begin with."""
    words = re.sub(r"[^a-z0-9]+", "_", (design.action or design.title).casefold()).strip("_")
    return words[:LONGEST_SLUG].strip("_") or "trial"


def signs_to_ask(facts: Facts) -> list[str]:
    """Return the questions about warning signs that must be answered before the lock."""
    questions = facts.knowledge.questions
    return [questions[name].ask for name in unanswered_signs(Known(facts, cautious=True))]
