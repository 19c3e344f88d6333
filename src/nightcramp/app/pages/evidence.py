"""What nightcramp knows, for everybody to read: causes, lookalikes, remedies and medicines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from nightcramp.app.asked import Asked
from nightcramp.app.routes import Route, View
from nightcramp.assess.assessment import effect_view
from nightcramp.errors import UnknownIdError
from nightcramp.knowledge.loader import Knowledge, knowledge
from nightcramp.knowledge.lookup import name_of_medicine
from nightcramp.knowledge.schema import (
    Action,
    Clue,
    Effect,
    Factor,
    Medicine,
    MedicineClass,
    Mimic,
    Presence,
    Prior,
)
from nightcramp.language import gettext as _
from nightcramp.language import number
from nightcramp.report.explain import effect_line
from nightcramp.report.sourced import (
    Citations,
    LineView,
    SourceView,
    TestedView,
    force,
    tested_view,
)
from nightcramp.report.words import STATUS_WORDS


class EvidenceEntry(Struct, frozen=True, kw_only=True):
    """One thing that is known about, by its number in its list."""

    number: int
    label: str
    about: str


class EvidenceGroup(Struct, frozen=True, kw_only=True):
    """A list of things of one kind."""

    kind: str
    title: str
    about: str
    entries: list[EvidenceEntry]


class EvidencePage(Struct, frozen=True, kw_only=True):
    """All that is known, as lists."""

    groups: list[EvidenceGroup]
    sources: int


class EvidencePart(Struct, frozen=True, kw_only=True):
    """A headed part of what is known of one thing: sentences, then lines with their sources."""

    title: str
    says: list[str] = []
    lines: list[LineView] = []


class EvidenceItemPage(Struct, frozen=True, kw_only=True):
    """All that is known of one thing, each number with what it rests on."""

    group: str
    title: str
    clinical: str
    about: str
    parts: list[EvidencePart]
    tested: list[TestedView]
    sources: list[SourceView]


def evidence(asked: Asked) -> EvidencePage:
    """Return the lists of what is known."""
    known = knowledge()
    groups = [
        EvidenceGroup(
            kind=kind,
            title=_title(kind),
            about=_about(kind),
            entries=[
                EvidenceEntry(number=place, label=_label(record), about=_summary(record))
                for place, record in enumerate(_records(kind, known), 1)
            ],
        )
        for kind in KINDS
    ]
    return EvidencePage(groups=groups, sources=len(known.sources))


def evidence_item(asked: Asked) -> EvidenceItemPage:
    """Return what is known of one thing; raises UnknownIdError for a number that is not there."""
    known, kind, place = knowledge(), asked.params["kind"], asked.params["number"]
    if kind not in KINDS or not (place.isascii() and place.isdigit() and len(place) < 6):
        raise UnknownIdError(_("there is no such page"))
    records = _records(kind, known)
    if not 1 <= int(place) <= len(records):
        raise UnknownIdError(_("there is no such page"))
    return item_of(kind, records[int(place) - 1], known)


def item_of(kind: str, record: Any, known: Knowledge) -> EvidenceItemPage:
    """Return what is known of a record."""
    cited = Citations(known.sources)
    parts = [part for part in KINDS[kind](record, known, cited) if part.says or part.lines]
    trials = record.trials if isinstance(record, Action) else []
    tested = [tested_view(trial, cited) for trial in trials]
    return EvidenceItemPage(
        group=_title(kind),
        title=_label(record),
        clinical=getattr(record, "clinical", ""),
        about=_summary(record),
        parts=parts,
        tested=tested,
        sources=cited.views(),
    )


def _records(kind: str, known: Knowledge) -> list[Any]:
    """Return the records of a kind, sorted by id, so that numbers stay while nothing is added."""
    if kind == "medicines":
        classes = [item for item in known.medicine_classes.values() if item.effect or item.say]
        single = [item for item in known.medicines.values() if item.effect or item.say]
        return [*sorted(classes, key=_id), *sorted(single, key=_id)]
    every: dict[str, dict[str, Any]] = {
        "causes": {**known.factors},
        "alike": {**known.mimics},
        "actions": {**known.actions},
    }
    return sorted(every[kind].values(), key=_id)


def _id(record: Any) -> str:
    return str(record.id)


def _title(kind: str) -> str:
    titles = {
        "causes": _("What can be behind night cramps"),
        "alike": _("What is taken for a night cramp"),
        "actions": _("What people do about them"),
        "medicines": _("Medicines and cramps"),
    }
    return titles[kind]


def _about(kind: str) -> str:
    about = {
        "causes": _("How often each is there, and how many more cramps go with it."),
        "alike": _("How each is told apart from a cramp."),
        "actions": _("What was tested, in whom, and what came out."),
        "medicines": _("Never stop or change a prescribed medicine because of what is here."),
    }
    return about[kind]


def _label(record: Any) -> str:
    if isinstance(record, Medicine):
        return name_of_medicine(record.id)
    return str(record.label)


def _summary(record: Any) -> str:
    return record.say if isinstance(record, Medicine | MedicineClass) else str(record.summary)


def _of_factor(factor: Factor, known: Knowledge, cited: Citations) -> list[EvidencePart]:
    return [
        EvidencePart(title=_("To be honest"), says=[factor.honest]),
        _effects(factor.effect, known, cited),
        EvidencePart(
            title=_("How often it is there"),
            lines=[_presence(item, cited) for item in factor.presence],
        ),
        _clues(_("What speaks for it being there"), factor.presence_clue, cited),
        _clues(_("What speaks for it being the cause"), factor.attribution_clue, cited),
        EvidencePart(title=_("Ask your clinician"), says=factor.ask_clinician),
        EvidencePart(title=_("Examinations that can settle it"), says=factor.tests),
    ]


def _of_mimic(mimic: Mimic, known: Knowledge, cited: Citations) -> list[EvidencePart]:
    prior = [_prior(item, cited) for item in mimic.prior] if mimic.kind != "emergency" else []
    return [
        EvidencePart(title=_("How to tell it apart"), says=[mimic.tell_apart]),
        EvidencePart(title=_("Where it starts"), lines=prior),
        _clues(_("What speaks for it and against it"), mimic.feature, cited),
        EvidencePart(title=_("Ask your clinician"), says=mimic.ask_clinician),
    ]


def _of_action(action: Action, known: Knowledge, cited: Citations) -> list[EvidencePart]:
    how = [] if action.kind == "medicine" and not action.never else action.how
    return [
        EvidencePart(title=_("What came out"), says=[action.verdict]),
        EvidencePart(title=_("How it is done"), says=how),
        EvidencePart(title=_("What to mind"), says=[action.harms] if action.harms else []),
        EvidencePart(title=_("Ask your clinician"), says=action.ask_clinician),
        _warnings(action, known, cited),
    ]


def _of_medicine(
    record: Medicine | MedicineClass, known: Knowledge, cited: Citations
) -> list[EvidencePart]:
    above = record.classes if isinstance(record, Medicine) else record.parents
    groups = [known.medicine_classes[name].label for name in above]
    return [
        EvidencePart(title=_("Belongs to"), says=groups),
        EvidencePart(title=_("How it could act"), says=[record.mechanism] * bool(record.mechanism)),
        _effects(record.effect, known, cited),
    ]


Parts = Callable[[Any, Knowledge, Citations], list[EvidencePart]]
KINDS: dict[str, Parts] = {
    "causes": _of_factor,
    "alike": _of_mimic,
    "actions": _of_action,
    "medicines": _of_medicine,
}


def _effects(effects: Iterable[Effect], known: Knowledge, cited: Citations) -> EvidencePart:
    lines = [
        LineView(
            says=effect_line(effect_view(effect, known.credibility[effect.grade].probability)),
            rests_on=_("grade {grade}: {meaning}").format(
                grade=effect.grade, meaning=known.credibility[effect.grade].meaning
            ),
            note=effect.note,
            sources=cited.numbers(effect.source),
        )
        for effect in effects
    ]
    return EvidencePart(title=_("How many more cramps go with it"), lines=lines)


def _presence(item: Presence, cited: Citations) -> LineView:
    share = number(100 * item.probability, ".3g")
    size = _("{share} in 100").format(share=share)
    if item.low is not None and item.high is not None:
        size = _("{size} ({low} to {high})").format(
            size=size, low=number(100 * item.low, ".3g"), high=number(100 * item.high, ".3g")
        )
    return LineView(
        says=item.says,
        force=size,
        rests_on=_(STATUS_WORDS[item.status]),
        note=item.population,
        sources=cited.numbers(item.source),
    )


def _prior(item: Prior, cited: Citations) -> LineView:
    return LineView(
        says=item.anchor,
        force=_("weight {weight} beside the others").format(weight=number(item.weight)),
        rests_on=_(STATUS_WORDS[item.status]),
        sources=cited.numbers(item.source),
    )


def _clues(title: str, clues: Iterable[Clue], cited: Citations) -> EvidencePart:
    return EvidencePart(title=title, lines=[_clue(clue, cited) for clue in clues])


def _clue(clue: Clue, cited: Citations) -> LineView:
    moved = [force(clue.ratio)] if clue.ratio != 1.0 else []
    if clue.ratio_if_no != 1.0:
        moved.append(_("if not: {moved}").format(moved=force(clue.ratio_if_no)))
    return LineView(
        says=clue.says,
        force="; ".join(moved),
        rests_on=_(STATUS_WORDS[clue.status]),
        note=clue.note,
        sources=cited.numbers(clue.source),
    )


def _warnings(action: Action, known: Knowledge, cited: Citations) -> EvidencePart:
    lines = [
        LineView(
            says=rule.say,
            rests_on=_(STATUS_WORDS[rule.status]),
            sources=cited.numbers(rule.source),
        )
        for rule in known.safety.values()
        if action.id in rule.blocks
    ]
    return EvidencePart(title=_("Not for everybody"), lines=lines)


ROUTES: tuple[Route, ...] = (
    View("/evidence", evidence, "evidence.html", "What is known, as lists."),
    View(
        "/evidence/{kind}/{number}",
        evidence_item,
        "evidence_item.html",
        "All that is known of one thing, with its sources.",
    ),
)
