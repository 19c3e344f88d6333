"""Which actions must not be suggested to this person, and what is said in their place."""

from __future__ import annotations

from msgspec import Struct

from nightcramp.assess.known import Known
from nightcramp.knowledge.schema import SafetyRule


class SafetyNote(Struct, frozen=True, kw_only=True):
    """A safety rule that holds, or that cannot be ruled out yet."""

    rule: str
    effect: str
    say: str
    source: list[str]
    status: str


def safety_notes(action: str, cautious: Known) -> list[SafetyNote]:
    """Return the safety rules that hold for an action, blocking ones first."""
    rules = [
        rule
        for rule in cautious.knowledge.safety.values()
        if action in rule.blocks and cautious.truth(rule.when)
    ]
    return sorted((_note(rule) for rule in rules), key=lambda note: note.effect != "block")


def blocked(notes: list[SafetyNote]) -> bool:
    """Return whether any of the notes forbids the suggestion."""
    return any(note.effect == "block" for note in notes)


def _note(rule: SafetyRule) -> SafetyNote:
    return SafetyNote(
        rule=rule.id, effect=rule.effect, say=rule.say, source=rule.source, status=rule.status
    )
