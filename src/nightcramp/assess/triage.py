"""How soon to see a clinician: rules over facts, never a score."""

from __future__ import annotations

from msgspec import Struct

from nightcramp.assess.known import Known
from nightcramp.knowledge.schema import Level, RedFlag

LEVELS: tuple[Level, ...] = ("emergency", "same_day", "soon", "routine", "self_care")
URGENT = frozenset({"emergency", "same_day"})


class Reason(Struct, frozen=True, kw_only=True):
    """A red flag that fired, and the facts that made it fire."""

    id: str
    level: Level
    say: str
    do: str
    points_to: list[str]
    source: list[str]
    status: str
    because: list[str]


class Triage(Struct, frozen=True, kw_only=True):
    """The most urgent level that any rule asks for, with all reasons, urgent first."""

    level: Level
    reasons: list[Reason]


def triage(known: Known) -> Triage:
    """Apply every red flag; `known` should be cautious."""
    reasons = known.each("red_flags", _reason_if_fired)
    fired = [reason for reason in reasons.values() if reason]
    fired.sort(key=lambda reason: (LEVELS.index(reason.level), reason.id))
    return Triage(level=fired[0].level if fired else "self_care", reasons=fired)


def flagged(result: Triage) -> list[str]:
    """Return what urgent flags point to, in order, each once."""
    urgent = [reason for reason in result.reasons if reason.level in URGENT]
    return list(dict.fromkeys(target for reason in urgent for target in reason.points_to))


def undecided(known: Known) -> list[RedFlag]:
    """Return the flags whose facts are not all known, so that asking could make them fire."""
    return [f for f in known.knowledge.red_flags.values() if known.truth(f.when) is None]


def _reason_if_fired(flag: RedFlag, known: Known) -> Reason | None:
    return _reason(flag, known) if known.truth(flag.when) else None


def _reason(flag: RedFlag, known: Known) -> Reason:
    names = known.knowledge.needs(flag)
    return Reason(
        id=flag.id,
        level=flag.level,
        say=flag.say,
        do=flag.do,
        points_to=flag.points_to,
        source=flag.source,
        status=flag.status,
        because=sorted(name for name in names if known.value(name) not in (None, False)),
    )
