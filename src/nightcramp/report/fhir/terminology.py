"""The code systems of the project's own that exports and forms use, each code with its words."""

from __future__ import annotations

from collections.abc import Mapping

from nightcramp import __version__
from nightcramp.intake.fhir import canonical as ours
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import language, noted
from nightcramp.report.fhir.assessment import FLAGGED
from nightcramp.report.fhir.diary import PARTS, WORDS
from nightcramp.report.fhir.elements import Json, clean, filled
from nightcramp.report.fhir.medicines import medicine_name
from nightcramp.report.fhir.results import FIGURES, OUTCOMES, STATES
from nightcramp.report.words import LEVEL_TITLES

ROLES = {
    "fact": noted("holds what was told or read"),
    "entry": noted("holds an entry of the diary"),
    "night": noted("holds what an import brought of a night"),
    "derived": noted("says once more what another resource holds"),
    "result": noted("was worked out"),
}
ORIGINS = {
    "terminal": noted("told in a terminal"),
    "app": noted("told in the app"),
    "paper": noted("told on paper"),
    "program": noted("told through a program"),
}
DIARY = {
    ours.CRAMP: noted("a cramp"),
    ours.COUNT: noted("cramps in the night"),
    ours.NOTE: noted("note"),
    ours.NAMED: noted("something the person named"),
}


def code_systems(knowledge: Knowledge) -> list[Json]:
    """Return all code systems of ours, in the language asked for."""
    return [_system(address, codes) for address, codes in _codes(knowledge).items()]


def terminology(knowledge: Knowledge) -> Json:
    """Return all code systems of ours as one bundle."""
    entries = [{"fullUrl": one["url"], "resource": one} for one in code_systems(knowledge)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _codes(knowledge: Knowledge) -> dict[str, dict[str, str]]:
    """Return the words of each code, by code system."""
    conditions = {name: record.label for name, record in knowledge.conditions.items()}
    questions = knowledge.questions
    medicines = [*knowledge.medicines, *knowledge.medicine_classes]
    explanations = {name: record.label for name, record in knowledge.factors.items()}
    explanations |= {name: record.label for name, record in knowledge.mimics.items()}
    return {
        ours.QUESTION: {name: record.ask for name, record in questions.items()},
        ours.CONDITION: conditions,
        ours.MEDICINE: {name: medicine_name(knowledge, name) for name in medicines},
        ours.LAB: {name: record.label for name, record in knowledge.labs.items()},
        ours.MEASURE: {name: record.label for name, record in knowledge.measures.items()},
        ours.EXPLANATION: {**explanations, "idiopathic": _("no cause found")},
        ours.TRIAGE: _looked_up({**LEVEL_TITLES, "flagged": FLAGGED}),
        ours.DIARY_CODE: _looked_up({**DIARY, **PARTS}),
        **{address: _looked_up(words) for address, words in WORDS.items()},
        ours.FINDING: _looked_up(STATES),
        ours.VERDICT: _looked_up(OUTCOMES),
        ours.FIGURE: _looked_up(FIGURES),
        ours.ROLE: _looked_up(ROLES),
        ours.ORIGIN: _looked_up(ORIGINS),
        **{
            ours.answers_of(name): {option.id: option.label for option in record.options}
            for name, record in questions.items()
            if record.options
        },
    }


def _looked_up(words: Mapping[str, str]) -> dict[str, str]:
    return {code: _(said) for code, said in words.items()}


def _system(address: str, codes: Mapping[str, str]) -> Json:
    name = address.rpartition("/")[2]
    concepts = [
        filled(code=code, display=clean(words) if words != code else "")
        for code, words in codes.items()
    ]
    return {
        "resourceType": "CodeSystem",
        "id": name,
        "language": language(),
        "url": address,
        "version": __version__,
        "name": "Nightcramp" + "".join(part.capitalize() for part in name.split("-")),
        "title": f"nightcramp: {name}",
        "status": "active",
        "experimental": False,
        "caseSensitive": True,
        "content": "complete",
        "count": len(concepts),
        "concept": concepts,
    }
