"""What to do, what not, and what people believe, as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from nightcramp.assess.assessment import Assessment
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import ngettext, noted
from nightcramp.plan.plan import Expected, PlanItem
from nightcramp.plan.safety import SafetyNote
from nightcramp.report.sourced import Citations, SourceView, TestedView, tested_view
from nightcramp.report.terminal import chosen, named
from nightcramp.report.words import STATUS_WORDS, TWELVE

BELIEVED = frozenset({"belief", "supplement", "medicine"})
KINDS = {
    "care": noted("with your clinician"),
    "relieve": noted("during a cramp"),
    "prevent": noted("by yourself, to have fewer"),
    "supplement": noted("something to take"),
    "medicine": noted("a medicine"),
    "belief": noted("a belief"),
}


class NoteView(Struct, frozen=True, kw_only=True):
    """A warning: the things it is about, what is said, and what that rests on."""

    label: str
    says: list[str]
    rests_on: list[str]
    sources: list[SourceView]


class PlanView(Struct, frozen=True, kw_only=True):
    """One thing to do, or one that people believe in, with honest labels.

    `expected` is the fall in cramps in words, "" where nothing is known or may be said, and
    `basis` what it rests on. `evidence` is the label of the best that was tested.
    `own`: what the person's own trial and nights show. `try_it`: a fair test may be offered.
    """

    label: str
    kind: str
    aim: str
    expected: str
    basis: str
    evidence: str
    verdict: str
    how: list[str]
    own: list[str]
    careful: list[str]
    harms: str
    ask: list[str]
    tested: list[TestedView]
    sources: list[SourceView]
    try_it: bool


class Plan(Struct, frozen=True, kw_only=True):
    """The plan of a person: first what to do, then more of it; then warnings, then beliefs."""

    first: list[PlanView]
    more: list[PlanView]
    not_for_you: list[NoteView]
    believed: list[PlanView]


def plan_of(found: Assessment, known: Knowledge, *, counts: bool) -> Plan:
    """Return the plan in the order it was made.

    `counts`: whether numbers may be given; where not, trials and beliefs have to wait too.
    """
    labels = {item.id: item.label for item in found.explanations}
    advised = [item for item in found.plan if item.advised]
    first = [item for item in advised if item in chosen(advised)]
    more = [item for item in advised if item not in first]
    warned = [item for item in found.plan if item.safety and not item.advised]
    believed = [
        item
        for item in found.plan
        if item.kind in BELIEVED and not item.advised and item not in warned
    ]
    return Plan(
        first=[plan_view(item, labels, known, counts=counts) for item in first],
        more=[plan_view(item, labels, known, counts=counts) for item in more],
        not_for_you=note_views(warned, known),
        believed=[believed_view(item, labels, known) for item in believed] if counts else [],
    )


def plan_view(
    item: PlanItem, labels: Mapping[str, str], known: Knowledge, *, counts: bool
) -> PlanView:
    """Return one thing to do."""
    cited = Citations(known.sources)
    causes = ", ".join(named(name, labels) for name in item.because)
    expected = item.expected_reduction
    if expected and counts:
        cited.numbers(expected.source)
    return PlanView(
        label=item.label,
        kind=_(KINDS[item.kind]),
        aim=_("for: {causes}").format(causes=causes) if causes and counts else "",
        expected=fewer(expected) if expected and counts else "",
        basis=_basis(expected) if expected and counts else "",
        evidence=_evidence(item) if counts else "",
        verdict=item.verdict,
        how=item.how,
        own=[line for line in (item.trial, item.diary) if line],
        careful=[note.say for note in item.safety],
        harms=item.harms,
        ask=item.ask_clinician,
        tested=[tested_view(trial, cited) for trial in item.evidence] if counts else [],
        sources=cited.views(),
        try_it=item.self_test,
    )


def believed_view(item: PlanItem, labels: Mapping[str, str], known: Knowledge) -> PlanView:
    """Return what was tested of a belief; how to do it only where a fair test may be offered."""
    view = plan_view(item, labels, known, counts=True)
    how = item.how if item.self_test else []
    return replace(view, how=how, aim="", expected="", basis="")


def note_views(items: Iterable[PlanItem], known: Knowledge) -> list[NoteView]:
    """Return why things are not for this person, or to be asked about first; alike ones as one."""
    alike: dict[tuple[str, ...], list[PlanItem]] = {}
    for item in items:
        alike.setdefault(tuple(note.say for note in item.safety), []).append(item)
    return [_note_view(group, known) for group in alike.values()]


def _note_view(items: list[PlanItem], known: Knowledge) -> NoteView:
    cited, notes = Citations(known.sources), items[0].safety
    for note in notes:
        cited.numbers(note.source)
    return NoteView(
        label="; ".join(item.label for item in items),
        says=[note.say for note in notes],
        rests_on=list(dict.fromkeys(_rests_on(note) for note in notes)),
        sources=cited.views(),
    )


def _rests_on(note: SafetyNote) -> str:
    return _(STATUS_WORDS.get(note.status, note.status))


def fewer(expected: Expected) -> str:
    """Return the expected fall in cramps of twelve, with its interval."""
    return _("of 12 cramps {fall} ({spread})").format(
        fall=_fall(expected.percent), spread=_spread(expected)
    )


def _basis(expected: Expected) -> str:
    return _("What is expected rests on: {basis}.").format(basis=expected.basis)


def _evidence(item: PlanItem) -> str:
    """Return the label of what was tested first of all, as its file lists it."""
    first = item.evidence[0].grade if item.evidence else ""
    return _("evidence: {label}").format(label=first) if first else ""


def _fall(percent: float) -> str:
    count = _cramps(percent)
    if count <= 0:
        return _("less than one fewer")
    return ngettext("about {count} fewer", "about {count} fewer", count).format(count=count)


def _spread(expected: Expected) -> str:
    """Return the interval in words; a rise is said to be one."""
    low, high = _cramps(expected.low), _cramps(expected.high)
    if low < 0:
        return _("it could be {more} more to {fewer} fewer").format(more=-low, fewer=high)
    return _("it could be {low} to {high}").format(low=low, high=high)


def _cramps(percent: float) -> int:
    return round(percent / 100 * TWELVE)
