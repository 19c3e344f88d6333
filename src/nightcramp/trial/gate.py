"""Whether something may be tested on one's own nights: alone, with a prescriber, or not at all.

Every rule and every word is in the content files; the strictest rule that holds decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from nightcramp.assess.known import Known
from nightcramp.assess.triage import URGENT, triage
from nightcramp.knowledge.schema import Who
from nightcramp.language import gettext as _
from nightcramp.plan.safety import safety_notes
from nightcramp.trial.words import Named, named_in

Safety = Literal["allowed", "ask_prescriber", "refused"]
STRICTER: tuple[Safety, ...] = ("allowed", "ask_prescriber", "refused")
OF_WHO: dict[Who, Safety] = {
    "self": "allowed",
    "prescriber": "ask_prescriber",
    "nobody": "refused",
}
SOON = "soon"


class Ground(Struct, frozen=True, kw_only=True):
    """One reason for a decision: the rule in the content files, and what it says."""

    safety: Safety
    rule: str
    says: str
    source: tuple[str, ...] = ()


class Page(Struct, frozen=True, kw_only=True):
    """A page that asks a prescriber to agree."""

    title: str
    asks: tuple[str, ...]
    please: tuple[str, ...]
    blinding: tuple[str, ...]
    sign: tuple[str, ...]


class Gate(Struct, frozen=True, kw_only=True):
    """What may be done with a wish to test something.

    `grounds`: those that decided, the strictest only. `page`: to be printed where a prescriber
    is asked. `unanswered`: questions about warning signs to be answered before a test is locked.
    """

    safety: Safety
    grounds: tuple[Ground, ...]
    page: Page | None = None
    unanswered: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Return the reasons in one paragraph."""
        return " ".join(dict.fromkeys(ground.says for ground in self.grounds))


def gate(wanted: str, known: Known, seen: frozenset[str] = frozenset()) -> Gate:
    """Return whether an action (by id) or a remedy in the person's own words may be tested.

    `known` should be cautious. `seen`: ids of red flags of level soon that a clinician has
    looked at; urgent ones stand until the facts behind them are corrected.
    """
    return decided(wanted, known, (*standing_flags(known, seen), *_grounds(wanted, known)))


def decided(wanted: str, known: Known, grounds: tuple[Ground, ...]) -> Gate:
    """Return the decision of the strictest of some grounds."""
    place = max((STRICTER.index(ground.safety) for ground in grounds), default=0)
    safety = STRICTER[place]
    deciding = tuple(ground for ground in grounds if ground.safety == safety)
    page = _page(wanted, known, deciding) if safety == "ask_prescriber" else None
    unanswered = () if safety == "refused" else tuple(unanswered_signs(known))
    return Gate(safety=safety, grounds=deciding, page=page, unanswered=unanswered)


def unanswered_signs(known: Known) -> Iterator[str]:
    """Yield the questions about warning signs that the person was not asked yet."""
    for question in known.knowledge.questions.values():
        wanted = question.red_flag and not question.clinician
        told = known.facts.asked(question.id) or known.value(question.id) is not None
        if wanted and not told and known.truth(question.ask_if) is not False:
            yield question.id


def standing_flags(known: Known, seen: frozenset[str] = frozenset()) -> Iterator[Ground]:
    """Yield a refusal for every red flag that stands, or that no clinician has seen yet."""
    words = known.knowledge.trial_model.words
    for flag in triage(known).reasons:
        urgent = flag.level in URGENT
        if urgent or (flag.level == SOON and flag.id not in seen):
            first = words.urgent_first if urgent else words.seen_first
            says = " ".join((first, flag.say, flag.do))
            yield Ground(safety="refused", rule=flag.id, says=says, source=tuple(flag.source))


def _grounds(wanted: str, known: Known) -> tuple[Ground, ...]:
    if wanted in known.knowledge.actions:
        return tuple(_of_action(wanted, known))
    named = named_in(wanted.removeprefix("own:"), known.knowledge)
    return tuple(_of_words(named, known))


def _of_action(action: str, known: Known) -> Iterator[Ground]:
    template = known.knowledge.trials[action]
    yield from _of_rules([action], known)
    if template.who != "self":
        yield Ground(safety=OF_WHO[template.who], rule=action, says=template.why)


def _of_rules(actions: list[str], known: Known) -> Iterator[Ground]:
    """Yield what the safety rules say of actions."""
    for action in actions:
        for note in safety_notes(action, known):
            yield Ground(
                safety="refused" if note.effect == "block" else "ask_prescriber",
                rule=note.rule,
                says=note.say,
                source=tuple(note.source),
            )


def _of_words(named: Named, known: Known) -> Iterator[Ground]:
    for kind, identifier in named.targets:
        if kind == "action":
            yield from _of_action(identifier, known)
        elif kind == "remedy":
            yield from _of_remedy(identifier, known)
        else:
            yield _of_medicine(identifier, named.changing, known)
    if named.unknown or not named.targets:
        words = known.knowledge.trial_model.words.unknown
        says = words.format(words=", ".join(named.unknown) or _("no name"))
        yield Ground(safety="ask_prescriber", rule="unknown", says=says)


def _of_remedy(remedy: str, known: Known) -> Iterator[Ground]:
    record = known.knowledge.remedies[remedy]
    yield from _of_rules(record.like, known)
    yield Ground(safety=OF_WHO[record.who], rule=record.id, says=record.say)


def _of_medicine(medicine: str, changing: bool, known: Known) -> Ground:
    words = known.knowledge.trial_model.words
    if changing or known.truth(f"med({medicine!r})"):
        return Ground(safety="refused", rule="medicine_changed", says=words.changed)
    return Ground(safety="ask_prescriber", rule="medicine_new", says=words.new)


def _page(wanted: str, known: Known, grounds: tuple[Ground, ...]) -> Page:
    """Return the page that asks a prescriber, its gaps filled in."""
    page = known.knowledge.trial_model.page
    action = known.knowledge.actions.get(wanted)
    label = (action.label if action else wanted.removeprefix("own:")).lower()
    reasons = " ".join(dict.fromkeys(ground.says for ground in grounds))
    blind = action is None or bool(known.knowledge.trials[wanted].dummy)
    return Page(
        title=page.title,
        asks=tuple(_filled(text, label, reasons) for text in page.asks),
        please=tuple(page.please),
        blinding=tuple(page.blinding) if blind else (),
        sign=tuple(page.sign),
    )


def _filled(text: str, action: str, reasons: str) -> str:
    return text.replace("{action}", action).replace("{reasons}", reasons)
