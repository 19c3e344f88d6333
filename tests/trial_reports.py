"""Made-up trials for the tests of their report: every outcome, and the ends of what can be."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from msgspec.structs import replace

from nightcramp.person.finding import Ratio
from nightcramp.person.night import Night
from nightcramp.person.verdict import Check, Outcome, Verdict
from nightcramp.report.trial_course import Course, TrialReport
from nightcramp.trial.events import TrialEvent
from nightcramp.trial.nights import adherence_key, trial_nights
from nightcramp.trial.protocol import Arm, Chances, Protocol, fingerprint
from nightcramp.trial.schedule import Space

FIRST = dt.date(2026, 3, 2)
LOCKED = dt.datetime(2026, 3, 1, 18, 30, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)
OUTCOMES: tuple[Outcome, ...] = ("works", "does_not_matter", "harms", "cannot_tell", "withheld")
STRETCH = Arm(
    id="do",
    label="Stretching before bed",
    instruction="Stretch calves and thighs right before bed, both legs.",
    kind="action",
)
LEAVE = Arm(
    id="leave",
    label="No stretching before bed",
    instruction="Do no stretches in the evening.",
    kind="leave",
)
DUMMY = Arm(id="dummy", label="The dummy", instruction="One capsule at night.", kind="dummy")
WALK = Arm(id="walk", label="An evening walk", instruction="Walk for 15 minutes.", kind="action")
RATIOS: dict[Outcome, tuple[float, float, float]] = {
    "works": (0.52, 0.36, 0.74),
    "does_not_matter": (0.99, 0.82, 1.19),
    "harms": (1.68, 1.21, 2.33),
    "cannot_tell": (0.83, 0.55, 1.27),
    "withheld": (0.60, 0.40, 0.90),
}
EXTREME = {"works": 2, "does_not_matter": 90, "harms": 3, "cannot_tell": 41, "withheld": 20}
STAKES = {"works": 45.6, "does_not_matter": 1.2, "harms": 61.0, "cannot_tell": 2.4, "withheld": 5}
LARGE = {"works": 0.93, "does_not_matter": 0.01, "harms": 0.002, "cannot_tell": 0.31}
WHY: dict[Outcome, str] = {
    "works": "fewer under the first arm, and hardly by chance",
    "does_not_matter": "whatever difference there is, it is smaller than matters to you",
    "harms": "more under the first arm, and hardly by chance",
    "cannot_tell": "chance alone could have made a difference like this",
    "withheld": "it does not hold that the arm of one block did not act on into the next",
}


def protocol(**changes: Any) -> Protocol:
    """Return a protocol of ten blocks of a week, its schedule drawn by its seed."""
    plan: dict[str, Any] = {
        "id": "stretching-2026",
        "title": "Stretching before bed",
        "question": "Do I have fewer cramps when I stretch before bed?",
        "arms": (STRETCH, LEAVE),
        "first_evening": FIRST,
        "run_in": 5,
        "block_nights": 7,
        "blocks": 10,
        "washout": 2,
        "longest_run": 3,
        "outcome": "cramps",
        "smallest_effect": 0.75,
        "error": 0.05,
        "seed": "margaret",
        "action": "stretch_before_bed",
        "chances": (
            Chances(ratio=0.5, works=0.72, does_not_matter=0.02, harms=0.0, cannot_tell=0.26),
        ),
    } | changes
    space = Space(len(plan["arms"]), plan["blocks"], plan["longest_run"])
    return Protocol(**plan, schedule=space.draw(plan["seed"]))


def nights(plan: Protocol, ratio: float = 1.0, days: int | None = None) -> list[Night]:
    """Return made-up nights, every ninth not logged and every seventh told to be otherwise."""
    source = random.Random(20261126)
    unit = {"pain": "pain_worst", "sleep_lost": "sleep_lost"}.get(plan.outcome, "")
    told = []
    for day in range(plan.nights if days is None else days):
        evening = plan.first_evening + dt.timedelta(days=day)
        arm = plan.arm_of(evening)
        rate = 1.1 * (ratio if arm is plan.arms[0] else 1.0)
        count = sum(source.random() < rate / 6 for _ in range(6))
        values = {adherence_key(plan): float(day % 7 != 3)}
        if unit:
            values[unit] = count * (20.0 if unit == "sleep_lost" else 2.0)
        if day % 9 != 4:
            told.append(Night(evening=evening, cramps=count, values=values))
    return told


def verdict(plan: Protocol, outcome: Outcome, until: dt.date, course: Course | None) -> Verdict:
    """Return a verdict of an outcome whose counts are those of the nights."""
    ratio, low, high = RATIOS[outcome]
    shown = outcome != "withheld"
    blocks = [block for block in course.blocks if block.over] if course else []
    used = [[v for b in blocks if b.arm == arm for v in b.used] for arm in (0, 1)]
    rates = [sum(values) / len(values) if values else None for values in used]
    both = all(used)
    size = Ratio(ratio=ratio, low=low, high=high)
    return Verdict(
        trial=plan.id,
        title=plan.title,
        fingerprint=fingerprint(plan),
        made_on=until,
        outcome=outcome,
        why=WHY[outcome] if both else "both arms must have had a block with nights logged first",
        blocks_over=len(blocks),
        blocks=plan.blocks,
        nights_counted=sum(len(block.used) for block in blocks),
        nights_missing=sum(block.missing for block in blocks),
        first_arm=plan.arms[0].label,
        second_arm=plan.arms[1].label,
        rate_first=rates[0],
        rate_second=rates[1],
        smallest_effect=plan.smallest_effect,
        error=plan.error,
        p=EXTREME[outcome] / plan.space.size if len(blocks) == plan.blocks else None,
        schedules=plan.space.size if len(blocks) == plan.blocks else 0,
        stake=STAKES[outcome] / 4 if both else 1.0,
        most_stake=STAKES[outcome] if both else 1.0,
        effect=size if shown and both else None,
        sequence=Ratio(ratio=ratio, low=low * 0.8, high=high * 1.25) if shown and both else None,
        by_adherence=Ratio(ratio=0.97 * ratio, low=low, high=high) if shown and both else None,
        followed=0.86 if both else None,
        large_enough=LARGE[outcome] if shown and both else None,
        more_nights=62 if outcome == "cannot_tell" and both else None,
        checks=_checks(outcome) if both else (),
        action=plan.action,
    )


def _checks(outcome: Outcome) -> tuple[Check, ...]:
    missing = "nights were logged about as often under either arm"
    after = "the arm of one block did not act on into the next"
    return (
        Check(id="missing", says=missing, holds=True),
        Check(id="carry_over", says=after, holds=outcome != "withheld"),
    )


def report(
    found: Outcome = "works",
    *,
    days: int | None = None,
    events: tuple[TrialEvent, ...] = (),
    **changes: Any,
) -> TrialReport:
    """Return a report of made-up nights, the trial over unless only some days have passed."""
    plan = protocol(**changes)
    gone = plan.nights if days is None else days
    until = plan.first_evening + dt.timedelta(days=gone)
    told = trial_nights(plan, nights(plan, RATIOS[found][0], days), until - dt.timedelta(days=1))
    begun = TrialReport(
        protocol=plan,
        verdict=verdict(plan, found, until, None),
        nights=told,
        events=events,
        fingerprint=fingerprint(plan),
        locked_at=LOCKED,
    )
    return replace(begun, verdict=verdict(plan, found, until, Course(begun)))


HOSTILE = '</title><script>alert(1)</script> #panic("x") *b* _i_ $x^2$ <b>&amp; "\'` \u202e]]>'
LONG = "W" * 90


def edge_cases() -> dict[str, TrialReport]:
    """Return a report for each outcome, and for each end of what can be."""
    ill = TrialEvent(kind="illness", at=LOCKED, evening=FIRST, note=HOSTILE)
    stop = TrialEvent(
        kind="stopped", at=NOW, evening=FIRST + dt.timedelta(days=50), note="a holiday"
    )
    named = Arm(
        id="do",
        label=f"Etirer les mollets, słodycze, Ő ß {LONG}",
        instruction=LONG * 4,
        kind="action",
    )
    hostile = Arm(id=HOSTILE, label=HOSTILE, instruction=HOSTILE, kind="action")
    return {
        **{outcome: report(outcome) for outcome in OUTCOMES},
        "no nights": report("cannot_tell", days=0),
        "one block": report("cannot_tell", days=13),
        "on the way": report("cannot_tell", days=45),
        "blind, on the way": report("cannot_tell", days=45, arms=(STRETCH, DUMMY)),
        "blind, over": report("works", arms=(STRETCH, DUMMY)),
        "stopped": report("cannot_tell", days=50, events=(stop,)),
        "three arms": report("works", arms=(STRETCH, LEAVE, WALK), blocks=12),
        "sixty blocks": report("works", blocks=60, longest_run=4),
        "sixty blocks of three": report("works", arms=(STRETCH, LEAVE, WALK), blocks=60),
        "long blocks": report("works", blocks=4, block_nights=42, run_in=0, washout=0),
        "long names": report("works", arms=(named, LEAVE), title=f"Dehnen für Füße {LONG}"),
        "hostile": report(
            "works",
            arms=(hostile, LEAVE),
            title=HOSTILE,
            question=HOSTILE,
            id="x",
            seed=HOSTILE,
            prescriber=HOSTILE,
            events=(ill,),
        ),
        "pain": report("works", outcome="pain"),
        "sleep": report("harms", outcome="sleep_lost"),
        "nights with cramp": report("does_not_matter", outcome="nights_with_cramp"),
    }
