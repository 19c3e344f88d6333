"""Scores the clinical vignettes: is the published cause found, is the triage safe?

Two sets, both encoded by hand as story files from the stories alone: the project's collected
cases (answers in ../shared/data/vignettes.yaml beside the checkout, skipped where that is not)
and cases of our own (vignettes/own).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from nightcramp.assess.assessment import assess
from nightcramp.assess.triage import LEVELS
from nightcramp.intake.merge import read_facts
from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.lookup import canonical_id

HERE = Path(__file__).parent
SETS = {
    "shared": HERE.parent.parent / "shared" / "data" / "vignettes.yaml",
    "own": HERE / "own" / "cases.yaml",
}


@dataclass(frozen=True)
class Outcome:
    """One vignette assessed one way."""

    id: str
    wanted: frozenset[str]
    ranked: list[str]
    wanted_level: str
    acceptable: list[str]
    level: str

    @property
    def rank(self) -> int:
        """Return the place of the first accepted cause, counted from 1."""
        places = [i for i, name in enumerate(self.ranked, 1) if name in self.wanted]
        return places[0] if places else len(self.ranked) + 1

    def urgency(self, level: str) -> int:
        """Return 0 for the most urgent level."""
        return LEVELS.index(level)

    @property
    def safe(self) -> bool:
        """Return whether the level is at least as urgent as one that is acceptable."""
        return self.urgency(self.level) <= max(self.urgency(x) for x in self.acceptable)

    @property
    def over(self) -> bool:
        """Return whether the level is more urgent than every acceptable one."""
        return self.urgency(self.level) < min(self.urgency(x) for x in self.acceptable)


def main() -> int:
    """Print the tables; exit 1 when an aim is missed and --strict is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=list(SETS), action="append", help="only this set")
    parser.add_argument("--verbose", action="store_true", help="one line a vignette")
    parser.add_argument("--strict", action="store_true", help="fail when an aim is missed")
    options = parser.parse_args()
    reached = [show(name, options.verbose) for name in options.set or SETS]
    return 0 if all(reached) or not options.strict else 1


def show(name: str, verbose: bool) -> bool:
    """Print one set, with and without labs; returns whether the aims are reached."""
    if not SETS[name].exists():
        print(f"{name}: skipped, {SETS[name]} is not here")
        return True
    tables = {f"{name}, {with_labs(x)}": outcomes(name, labs=x) for x in (False, True)}
    for title, found in tables.items():
        report(title, found, verbose=verbose)
    baselines(cases_of(name), next(iter(tables.values())))
    reached = all(aims(found) for found in tables.values())
    print("aims: top-1 75 %, top-3 95 %, no emergency missed, one self-care case over at most:")
    print("reached\n" if reached else "not reached\n")
    return reached


def with_labs(labs: bool) -> str:
    """Return the words for one way of scoring."""
    return "with labs" if labs else "without labs"


def cases_of(name: str) -> list[dict[str, Any]]:
    """Return the cases of a set."""
    cases: list[dict[str, Any]] = YAML(typ="safe").load(SETS[name].read_text(encoding="utf-8"))
    return cases


def outcomes(name: str, *, labs: bool) -> list[Outcome]:
    """Assess all cases of a set."""
    return [outcome(case, HERE / name, labs=labs) for case in cases_of(name)]


def outcome(case: dict[str, Any], folder: Path, *, labs: bool) -> Outcome:
    """Assess one vignette from its story file, with its labs file if wanted."""
    files = [folder / "stories" / f"{case['id']}.yaml"]
    extra = folder / "labs" / f"{case['id']}.yaml"
    if labs and extra.exists():
        files.append(extra)
    found = assess(read_facts(files), questions=0)
    answer = case["answer"]
    return Outcome(
        id=case["id"],
        wanted=frozenset(map(name_of, [answer["primary_cause"], *case["also_accept"]])),
        ranked=[name_of(item.id) for item in found.explanations],
        wanted_level=answer["triage"],
        acceptable=list(dict.fromkeys([answer["triage"], *case["triage_acceptable"]])),
        level=found.triage.level,
    )


def name_of(identifier: str) -> str:
    """Return one spelling for an id: aliases and prefixes resolved."""
    return canonical_id(identifier, knowledge())


def report(name: str, outcomes: list[Outcome], *, verbose: bool) -> None:
    """Print one block of figures."""
    count = len(outcomes)
    print(f"{name} ({count} vignettes)")
    print(f"  top-1             {share(sum(o.rank == 1 for o in outcomes), count)}")
    print(f"  top-3             {share(sum(o.rank <= 3 for o in outcomes), count)}")
    print(f"  triage exact      {share(sum(o.level == o.wanted_level for o in outcomes), count)}")
    print(f"  triage acceptable {share(sum(o.level in o.acceptable for o in outcomes), count)}")
    print(f"  triage safe       {share(sum(o.safe for o in outcomes), count)}")
    print(f"  emergencies missed        {missed(outcomes)} of {len(emergencies(outcomes))}")
    own = [o for o in outcomes if o.wanted_level == "self_care"]
    strictly = sum(o.level != "self_care" for o in own)
    print(f"  self-care over-triaged    {sum(o.over for o in own)} of {len(own)}", end="")
    print(f" (not exactly self-care: {strictly})")
    if verbose:
        for o in outcomes:
            print(f"    {o.rank:3}  {o.level:<10} ({'/'.join(o.acceptable)})  {o.id}:", end=" ")
            print(f"{'|'.join(sorted(o.wanted))} <- {', '.join(o.ranked[:3])}")


def emergencies(outcomes: list[Outcome]) -> list[Outcome]:
    """Return the vignettes whose level is an emergency."""
    return [o for o in outcomes if o.wanted_level == "emergency"]


def missed(outcomes: list[Outcome]) -> int:
    """Return how many emergencies got a level that nobody accepts as urgent enough."""
    return sum(not o.safe for o in emergencies(outcomes))


def aims(outcomes: list[Outcome]) -> bool:
    """Return whether the aims of the project are reached."""
    count = len(outcomes)
    own = [o for o in outcomes if o.wanted_level == "self_care"]
    return (
        sum(o.rank == 1 for o in outcomes) >= 0.75 * count
        and sum(o.rank <= 3 for o in outcomes) >= 0.95 * count
        and missed(outcomes) == 0
        and sum(o.over for o in own) <= 1
    )


def baselines(cases: list[dict[str, Any]], outcomes: list[Outcome]) -> None:
    """Print what guessing would get."""
    causes = Counter(name_of(case["answer"]["primary_cause"]) for case in cases)
    top1 = top3 = 0
    for case, o in zip(cases, outcomes, strict=True):
        others = causes - Counter([name_of(case["answer"]["primary_cause"])])
        ranked = [name for name, _ in others.most_common()]
        top1 += ranked[0] in o.wanted
        top3 += bool(o.wanted & set(ranked[:3]))
    count, choices = len(cases), len(outcomes[0].ranked)
    print("baselines")
    print(f"  most frequent cause of the other cases first: top-1 {share(top1, count)}", end="")
    print(f", top-3 {share(top3, count)}")
    print(
        f"  chance among {choices} explanations: top-1 {1 / choices:.0%}, top-3 {3 / choices:.0%}"
    )
    levels = Counter(o.wanted_level for o in outcomes)
    commonest, number = levels.most_common(1)[0]
    print(f"  always {commonest}: triage exact {share(number, count)}")


def share(part: int, whole: int) -> str:
    """Return `part of whole (per cent)`."""
    return f"{part} of {whole} ({part / whole:.0%})"


if __name__ == "__main__":
    sys.exit(main())
