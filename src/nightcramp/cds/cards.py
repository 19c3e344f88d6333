"""The one card for a visit: warning signs first, then what may play a part, then tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nightcramp.assess.assessment import Assessment
from nightcramp.assess.medicines import PREFIX
from nightcramp.assess.triage import URGENT, Reason
from nightcramp.cds.evidence import effect_in_short, links_to, shortened
from nightcramp.cds.laboratory import suggestions
from nightcramp.cds.messages import Card, Coding, Indicator, Link, Source
from nightcramp.cds.person import Person
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Level
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.plan.plan import in_a_sentence
from nightcramp.report.causes import first_causes
from nightcramp.report.sourced import Citations
from nightcramp.report.terminal import ruled_out_first
from nightcramp.report.visit import Pointer, TestIdea, pointers_of, tests_of
from nightcramp.report.words import LEVEL_TITLES

LONGEST_SUMMARY = 139
MOST_REASONS = 4
MOST_CAUSES = 4
MOST_TESTS = 3
INDICATORS: dict[Level, Indicator] = {
    "emergency": "critical",
    "same_day": "warning",
    "soon": "warning",
    "routine": "info",
    "self_care": "info",
}
SIGNS: dict[Level, str] = {
    "emergency": noted("Leg cramps with a warning sign: emergency"),
    "same_day": noted("Leg cramps with a warning sign: to be seen today"),
    "soon": noted("Leg cramps with a warning sign: to be seen within days"),
}
REASONS_AGAINST = {
    "known-already": noted("I know this already"),
    "not-a-cramp": noted("This person has no leg cramps (any more)"),
    "not-relevant-now": noted("Not what this visit is about"),
    "benefit-outweighs": noted("Considered; the benefit of the medicine outweighs it"),
    "checked-already": noted("The test has been done elsewhere"),
    "not-convinced": noted("The evidence does not convince me"),
    "wrong-data": noted("The record it rests on is wrong"),
}
"""Why a card may be overridden, by code."""


@dataclass(frozen=True)
class Place:
    """Where the service is reached, and whether the page for the visit can be opened."""

    url: str
    has_page: bool = False

    @property
    def reasons(self) -> list[Coding]:
        """What is offered to be chosen when a card is dismissed."""
        system = f"{self.url}/codes/override-reasons"
        return [
            Coding(code=code, system=system, display=_(said))
            for code, said in REASONS_AGAINST.items()
        ]

    @property
    def source(self) -> Source:
        """Whose guidance the cards are."""
        system = f"{self.url}/codes/topics"
        topic = Coding(code="night-leg-cramps", system=system, display=_("Night leg cramps"))
        return Source(label="nightcramp", url=f"{self.url}/", topic=topic)

    @property
    def page(self) -> list[Link]:
        """The link that opens the page for the visit inside the record system, if it can."""
        if not self.has_page:
            return []
        return [Link(label=_("The page for this visit"), url=f"{self.url}/launch", type="smart")]


@dataclass(frozen=True)
class Told:
    """A card and what kind it is: kinds are what is counted and may be muted."""

    kind: str
    card: Card


def visit_card(
    found: Assessment, person: Person, patient: str, place: Place, known: Knowledge
) -> Told | None:
    """Return the card for the assessment of a person with cramps; None if it would say nothing."""
    counts = not ruled_out_first(found)
    reasons = [r for r in found.triage.reasons if r.level != "self_care"]
    shown = chosen(pointers_of(found, known, Citations(known.sources)), found) if counts else []
    tests = tests_of(found, known)[:MOST_TESTS] if counts else []
    if not (reasons or shown):
        return None
    causes = _causes_of(tests, found, known)
    offered = suggestions(causes, person.facts, patient, known)
    card = Card(
        uuid="",
        summary=_summary(found, shown),
        detail="\n".join(_detail(found, reasons, shown, tests, person.lacked)).strip(),
        indicator=INDICATORS[found.triage.level],
        source=place.source,
        suggestions=offered,
        selection_behavior="any" if offered else "",
        override_reasons=place.reasons,
        links=[*place.page, *links_to(_sources(found, reasons, shown), known)],
    )
    return Told(_kind(found, shown), card)


def chosen(pointers: Sequence[Pointer], found: Assessment) -> list[Pointer]:
    """Return the causes to show: medicines are never crowded out by what comes before them."""
    medicines = [one for one in pointers if _id_of(one, found).startswith(PREFIX)]
    others = [one for one in pointers if one not in medicines]
    kept = [*medicines[:MOST_CAUSES], *others[: max(2, MOST_CAUSES - len(medicines))]]
    return [one for one in pointers if one in kept]


def _causes_of(tests: Sequence[TestIdea], found: Assessment, known: Knowledge) -> dict[str, str]:
    """Return what is said of each factor whose tests are shown, by its id."""
    shown = [one.id for one in first_causes(found, known) if one.id in known.factors]
    factors = [name for name in shown if known.factors[name].tests]
    return {name: idea.because for name, idea in zip(factors, tests, strict=False)}


def _id_of(pointer: Pointer, found: Assessment) -> str:
    return next((one.id for one in found.explanations if one.label == pointer.label), "")


def _clinical(one: Pointer, found: Assessment) -> str:
    """Return the clinician's word for a cause in brackets; medicines have none but their name."""
    is_medicine = _id_of(one, found).startswith(PREFIX)
    return "" if is_medicine or not one.clinical else f" ({one.clinical})"


def _kind(found: Assessment, shown: Sequence[Pointer]) -> str:
    if found.triage.level in SIGNS:
        return "warning-sign"
    if any(_id_of(one, found).startswith(PREFIX) for one in shown):
        return "medicine"
    return "cause" if shown else "routine"


def _summary(found: Assessment, shown: Sequence[Pointer]) -> str:
    if found.triage.level in SIGNS:
        return _(SIGNS[found.triage.level])
    if not shown:
        return _("Leg cramps: something to look at in this visit")
    text = _("Leg cramps: {names} may play a part")
    names = [in_a_sentence(one.label) for one in shown[:3]]
    while len(names) > 1 and len(text.format(names=", ".join(names))) > LONGEST_SUMMARY:
        names.pop()
    return shortened(text.format(names=", ".join(names)), LONGEST_SUMMARY)


def _detail(
    found: Assessment,
    reasons: Sequence[Reason],
    shown: Sequence[Pointer],
    tests: Sequence[TestIdea],
    lacked: Sequence[str],
) -> Iterator[str]:
    """Yield the lines of the card, in Markdown; what is said to the person is marked so."""
    yield from reason_lines(reasons)
    if shown:
        yield from titled(_("What may play a part"))
        yield from (f"- {_pointer_line(one, found)}" for one in shown)
    if tests:
        yield from titled(_("Tests that might be worth it, and because of what"))
        yield from (f"- {one.because}: {'; '.join(one.tests)}" for one in tests)
    yield from ending(lacked)


def reason_lines(reasons: Sequence[Reason]) -> Iterator[str]:
    """Yield the warning signs, the most urgent first."""
    if not reasons:
        return
    urgent = reasons[0].level in URGENT
    title = _(LEVEL_TITLES[reasons[0].level]) if urgent else _("To look at")
    yield from titled(_("{title} (as said to the person)").format(title=title))
    yield from (f"- {one.say} {one.do}" for one in reasons[:MOST_REASONS])


def ending(lacked: Sequence[str]) -> Iterator[str]:
    """Yield what the card could not know, and what it is not."""
    if lacked:
        yield from titled(_("Not given, so not weighed"))
        yield f"{'; '.join(lacked)}."
    yield ""
    yield _(
        "It does not replace judgement, and no prescribed medicine is to be changed on its word. "
        "Shares rest on published associations and are rather too high than too low."
    )


def titled(text: str) -> list[str]:
    """Return a title in Markdown, after an empty line."""
    return ["", f"**{text}**", ""]


def _pointer_line(one: Pointer, found: Assessment) -> str:
    facts = "; ".join(part for part in (one.size, one.sure) if part)
    share = next((share for share in found.shares if share.id == _id_of(one, found)), None)
    effect = f" {_capital(effect_in_short(share.effects[0]))}." if share else ""
    supports = _("For: {lines}.").format(lines="; ".join(one.speaks_for)) if one.speaks_for else ""
    return f"**{one.label}**{_clinical(one, found)}: {facts}.{effect} {supports}".strip()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sources(
    found: Assessment, reasons: Sequence[Reason], shown: Sequence[Pointer]
) -> Iterator[str]:
    """Yield the sources of what is shown, those of effects first."""
    names = {_id_of(one, found) for one in shown}
    for share in found.shares:
        if share.id in names:
            yield from (key for effect in share.effects for key in effect.source)
    for one in found.explanations:
        if one.id in names:
            yield from (key for line in one.supports for key in line.source)
    yield from (key for reason in reasons for key in reason.source)
