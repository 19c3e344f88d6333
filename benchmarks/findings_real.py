"""Findings on real diaries: 133 people with migraine, and one person's 238 days of moments.

    python benchmarks/findings_real.py [FOLDER]

FOLDER holds carData_KosteckiDillon.csv and mgm_symptom_data_n1_esm.csv (by default the data
folder beside the checkout). Nothing of them is about cramps: they show that the analysis runs on
what people really write down, and how often it says something.
"""

from __future__ import annotations

import csv
import datetime as dt
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from nightcramp.assess.known import Known
from nightcramp.diary.findings import findings_of
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.facts import Facts
from nightcramp.person.finding import Finding, Findings
from nightcramp.person.night import Night

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "diary"
MIGRAINE, MOMENTS = "carData_KosteckiDillon.csv", "mgm_symptom_data_n1_esm.csv"
START = dt.date(1996, 1, 1)
DAY_ONE = dt.date(2012, 8, 13)
WANTED = ("Physical", "Tired", "Hungry", "Sleepy", "Down", "Worrying", "Restless")


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a file."""
    with path.open(newline="", encoding="utf-8") as handle:
        yield from csv.DictReader(handle)


def migraine_diaries(path: Path) -> dict[str, list[Night]]:
    """Return a diary a person: headache yes or no, the air, and whether medicine was changed."""
    diaries: dict[str, dict[dt.date, Night]] = defaultdict(dict)
    for row in rows(path):
        day = START + dt.timedelta(days=int(row["dos"]))
        values = {"own:air_quality": float(row["airq"])} if row["airq"] not in {"", "NA"} else {}
        count = int(row["headache"] == "yes")
        diaries[row["id"]][day] = Night(evening=day, cramps=count, values=values)
    return {person: sorted(days.values(), key=_evening) for person, days in diaries.items()}


def _evening(night: Night) -> dt.date:
    return night.evening


def moments_diary(path: Path) -> list[Night]:
    """Return one person's days: moments with a headache, and the mean of what was felt."""
    felt: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows(path):
        for name in ("Headache", *WANTED):
            if row[name] not in {"", "NA"}:
                felt[int(row["dayno"])][name].append(float(row[name]))
    nights = []
    for day in sorted(felt):
        moments = felt[day]
        values = {
            f"own:{name.lower()}": sum(moments[name]) / len(moments[name])
            for name in WANTED
            if moments[name]
        }
        count = sum(value >= 2 for value in moments["Headache"]) if moments["Headache"] else None
        evening = DAY_ONE + dt.timedelta(days=day)
        nights.append(Night(evening=evening, cramps=count, values=values))
    return nights


def summary(found: Iterable[Findings]) -> tuple[Counter[str], Counter[str], int, int]:
    """Return states of what was looked at, why diaries said nothing, and null finding counts."""
    states: Counter[str] = Counter()
    silent: Counter[str] = Counter()
    made = wrong = 0
    for item in found:
        states.update(finding.state for finding in item.findings)
        silent.update(_reason(line) for line in item.missing)
        silent.update(line.split(":")[0] for line in item.withheld)
        made += item.null_histories
        wrong += item.null_with_finding
    return states, silent, made, wrong


def _reason(line: str) -> str:
    return line.split(".")[0].split(";")[0].lstrip("0123456789 ")


def _said(finding: Finding) -> str:
    if finding.effect is None:
        return finding.why
    size = finding.effect
    return f"{finding.probability:.2f}  {size.ratio:.2f} ({size.low:.2f} to {size.high:.2f})"


def main() -> None:
    """Print what is found and what is not."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    known = Known(Facts(knowledge(), []))
    start = time.perf_counter()
    diaries = migraine_diaries(folder / MIGRAINE)
    results = [findings_of(nights, known) for nights in diaries.values()]
    states, silent, made, wrong = summary(results)
    seconds = time.perf_counter() - start
    days = sum(result.logged for result in results)
    print(f"{len(diaries)} migraine diaries, {days} days, {seconds:.0f} s")
    print(f"  states of air quality: {dict(states)}")
    print(f"  diaries that say nothing, by reason: {dict(silent)}")
    print(f"  null histories: {made}, with a finding: {wrong}")
    start = time.perf_counter()
    one = findings_of(moments_diary(folder / MOMENTS), known)
    print(f"one person, {one.logged} days of {one.nights}, {time.perf_counter() - start:.0f} s")
    for finding in one.findings:
        print(f"  {finding.label:<12} {finding.state:<10} {_said(finding)}")
    print(f"  null histories: {one.null_histories}, with a finding: {one.null_with_finding}")
    print(*one.withheld, *one.missing, sep="\n")


if __name__ == "__main__":
    main()
