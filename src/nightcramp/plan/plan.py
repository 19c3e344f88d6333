"""What to do: actions that fit this person, what to expect of each, and whom to ask."""

from __future__ import annotations

from msgspec import Struct

from nightcramp.assess.known import Known
from nightcramp.assess.ledger import status_name
from nightcramp.assess.medicines import PREFIX
from nightcramp.assess.next_question import label_of
from nightcramp.assess.picture import IDIOPATHIC, Picture
from nightcramp.assess.syndromes import TARGET
from nightcramp.knowledge.schema import Action, Trial
from nightcramp.language import called, noted, number
from nightcramp.language import gettext as _
from nightcramp.person.verdict import Verdict
from nightcramp.plan.safety import SafetyNote, blocked, safety_notes

Shares = dict[str, tuple[float, float, float]]
ADVISED_KINDS = frozenset({"care", "relieve", "prevent"})
"""Supplements, medicines and beliefs are described with their verdict, never advised."""

SHOWED = {
    "works": noted("it works for you"),
    "does_not_matter": noted("it makes no difference that matters to you"),
    "harms": noted("it makes your cramps worse"),
}
MEASURED = {
    "cramps": noted("{ratio} times the cramps you have without it"),
    "nights_with_cramp": noted("cramps on {ratio} times as many nights as without it"),
    "pain": noted("{ratio} times the pain you have without it"),
    "sleep_lost": noted("{ratio} times the lost sleep you have without it"),
}
KIND_ORDER = ("care", "relieve", "prevent", "supplement", "medicine", "belief")


class Expected(Struct, frozen=True, kw_only=True):
    """Expected fall in cramps in per cent with its interval, and what that rests on."""

    percent: float
    low: float
    high: float
    basis: str
    source: list[str]


class PlanItem(Struct, frozen=True, kw_only=True):
    """One action for this person."""

    id: str
    label: str
    kind: str
    advised: bool
    because: list[str]
    expected_reduction: Expected | None
    verdict: str
    how: list[str]
    evidence: list[Trial]
    harms: str
    safety: list[SafetyNote]
    ask_clinician: list[str]
    self_test: bool
    order: int
    diary: str = ""
    """What the person's own nights show of it."""
    ladder: str = ""
    """`confirmed` or `refuted` by the person's own trial, "" where there is no verdict."""
    trial: str = ""
    """What the person's own trial showed of it."""


def make_plan(found: Picture, shares: Shares, known: Known, cautious: Known) -> list[PlanItem]:
    """Return the actions that fit, advised ones first.

    In an emergency nothing but getting help is advised: the list is empty.
    """
    if found.triage.level == "emergency":
        return []
    items = [_item(action, found, shares, known, cautious) for action in _fitting(found, known)]
    return sorted(items, key=_order)


def _fitting(found: Picture, known: Known) -> list[Action]:
    return [action for action in known.knowledge.actions.values() if _fits(action, found, known)]


def _fits(action: Action, found: Picture, known: Known) -> bool:
    """Return whether an action is for this person; what they have tried themselves always is."""
    if known.facts.verdict_on(action.id):
        return True
    cramp = next(s.probability for s in found.syndromes if s.id == TARGET)
    general = action.general and cramp >= known.knowledge.model.general_from
    wanted = general or bool(action.when) or bool(_targets(action, found, known))
    return bool(known.truth(action.when)) and wanted


def _targets(action: Action, found: Picture, known: Known) -> list[str]:
    """Return the explanations of some weight that an action is for."""
    names = []
    for name, weight in found.weights.items():
        wanted = name in action.factors or (
            "medication" in action.factors and name.startswith(PREFIX)
        )
        least = known.knowledge.model.shown_weight
        if wanted and (weight >= least or name in found.flagged):
            names.append(name)
    return sorted(names, key=lambda name: -found.weights[name])


def _item(
    action: Action, found: Picture, shares: Shares, known: Known, cautious: Known
) -> PlanItem:
    verdict = known.facts.verdict_on(action.id)
    notes = [*_harmed(verdict), *safety_notes(action.id, cautious)]
    targets = _targets(action, found, known)
    expected = _tried(verdict) if verdict else _expected(action, targets, shares, known)
    return PlanItem(
        id=action.id,
        label=action.label,
        kind=action.kind,
        advised=_is_advised(action, verdict) and not (action.never or blocked(notes)),
        because=targets,
        expected_reduction=expected,
        verdict=action.verdict,
        how=action.how,
        evidence=action.trials,
        harms=action.harms,
        safety=notes,
        ask_clinician=_to_ask(action, targets, found),
        self_test=action.self_test and not notes,
        order=action.order,
        diary=_of_diary(action.id, known),
        ladder=_ladder(verdict),
        trial=_of_trial(verdict),
    )


def _is_advised(action: Action, verdict: Verdict | None) -> bool:
    """Return whether an action is advised, safety aside.

    What is care for an illness stays; of the rest, the person's own trial decides, if it tells.
    """
    if verdict is None or action.kind == "care":
        return action.kind in ADVISED_KINDS
    return verdict.outcome == "works" and (action.kind in ADVISED_KINDS or action.self_test)


def _harmed(verdict: Verdict | None) -> list[SafetyNote]:
    """Return the warning that the person's own trial found more cramps with an action."""
    if verdict is None or verdict.outcome != "harms":
        return []
    careful = _("Do not go on with it by yourself; show this to your clinician.")
    say = f"{_of_trial(verdict)} {careful}"
    return [SafetyNote(rule="own_trial", effect="block", say=say, source=[], status="own")]


def _ladder(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    return "confirmed" if verdict.outcome == "works" else "refuted"


def _of_trial(verdict: Verdict | None) -> str:
    """Return in words what the person's own trial showed, or nothing."""
    return _("Your trial: {showed}").format(showed=showed(verdict)) if verdict else ""


def showed(verdict: Verdict) -> str:
    """Return in words what a trial that tells showed, with its size and nights."""
    size = verdict.effect
    assert size is not None
    return _(
        "{showed}. With it you have {times} (it could be {low} to {high}), in {nights} nights."
    ).format(
        showed=_(SHOWED[verdict.outcome]),
        times=_(MEASURED[verdict.measured]).format(ratio=number(size.ratio, ".2g")),
        low=number(size.low, ".2g"),
        high=number(size.high, ".2g"),
        nights=verdict.nights_counted,
    )


def _tried(verdict: Verdict) -> Expected | None:
    """Return the fall that the person's own trial leads to expect; None where there is none."""
    size = verdict.effect
    if size is None or verdict.outcome != "works" or not verdict.of_cramps:
        return None
    percent, low, high = (
        round(max(100 * (1 - ratio), 0.0), 1) for ratio in (size.ratio, size.high, size.low)
    )
    return Expected(percent=percent, low=low, high=high, basis=_("your own trial"), source=[])


def _of_diary(action: str, known: Known) -> str:
    """Return in words what the diary found of an action, or nothing."""
    for finding in known.facts.findings:
        if action in finding.actions and finding.effect:
            size = finding.effect
            return _(
                "Your diary: {ratio} times the cramps, {label}, {contrast} "
                "(it could be {low} to {high})."
            ).format(
                ratio=number(size.ratio, ".2g"),
                label=finding.label,
                contrast=finding.contrast,
                low=number(size.low, ".2g"),
                high=number(size.high, ".2g"),
            )
    return ""


def _expected(action: Action, targets: list[str], shares: Shares, known: Known) -> Expected | None:
    if action.reduction:
        rest = action.reduction
        return Expected(
            percent=rest.percent,
            low=rest.low,
            high=rest.high,
            basis=_("trials ({status})").format(status=status_name(rest.status)),
            source=rest.source,
        )
    reached = [shares[name] for name in targets if name in shares and name != IDIOPATHIC]
    if not reached:
        return None
    percent, low, high = (round(100 * sum(column), 1) for column in zip(*reached, strict=True))
    return Expected(
        percent=min(percent, 100.0),
        low=min(low, 100.0),
        high=min(high, 100.0),
        basis=_("at most the share of: {names}").format(
            names=", ".join(_plain(name, known) for name in targets)
        ),
        source=[],
    )


def _plain(name: str, known: Known) -> str:
    words = name.removeprefix(PREFIX).replace("_", " ")
    return called(words, in_a_sentence(label_of(name, known)))


def in_a_sentence(label: str) -> str:
    """Return a label as it stands within a sentence."""
    return label[:1].lower() + label[1:]


def _to_ask(action: Action, targets: list[str], found: Picture) -> list[str]:
    asked = list(action.ask_clinician)
    for item in found.factors:
        if item.factor.id in targets:
            asked.extend(item.factor.ask_clinician)
    return list(dict.fromkeys(asked))


def _order(item: PlanItem) -> tuple[bool, bool, int, int, float, str]:
    """Sort advised ones first; care stays first of them, then what the person's trial confirmed."""
    weight = item.expected_reduction.percent if item.expected_reduction else 0.0
    after = item.kind != "care" and item.ladder != "confirmed"
    return (not item.advised, after, KIND_ORDER.index(item.kind), item.order, -weight, item.id)
