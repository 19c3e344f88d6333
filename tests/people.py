"""Made-up people for tests: a few words in, facts or an assessment out."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from nightcramp.assess.assessment import Assessment, assess
from nightcramp.assess.known import Known
from nightcramp.assess.triage import LEVELS, Triage, triage
from nightcramp.intake.merge import read_facts
from nightcramp.intake.story import facts_of_story
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.facts import Facts

ROOT = Path(__file__).parent.parent
TODAY = dt.date(2026, 11, 23)
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
STORIES = sorted((ROOT / "vignettes" / "shared" / "stories").glob("*.yaml"))


def person(
    *yes: str,
    no: Iterable[str] = (),
    unknown: Iterable[str] = (),
    medicines: Sequence[Any] = (),
    conditions: Sequence[Any] = (),
    labs: Sequence[Any] = (),
    **answers: Any,
) -> Facts:
    """Return the facts of somebody who says yes, no, don't know and the rest as given."""
    told = {**dict.fromkeys(unknown, "unknown"), **dict.fromkeys(no, "no")}
    return from_story(
        {
            "answers": {**told, **dict.fromkeys(yes, "yes"), **answers},
            "medicines": list(medicines),
            "conditions": list(conditions),
            "labs": list(labs),
        }
    )


def from_story(*stories: dict[str, Any]) -> Facts:
    """Return the facts of one person told in one or several stories."""
    told = [
        fact
        for number, story in enumerate(stories, 1)
        for fact in facts_of_story(knowledge(), story, f"test{number}", TODAY)
    ]
    return Facts(knowledge(), told)


def triage_of(facts: Facts) -> Triage:
    """Return how soon this person should be seen, as an assessment decides it."""
    return triage(Known(facts, cautious=True))


def urgency(level: str) -> int:
    """Return 0 for an emergency, more for what can wait longer."""
    return LEVELS.index(level)  # type: ignore[arg-type]


@functools.cache
def assessed(path: Path, *more: Path, questions: int = 0) -> Assessment:
    """Return the assessment of story files, computed once a test run."""
    return assess(read_facts([path, *more]), questions=questions)
