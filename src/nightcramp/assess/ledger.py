"""Every piece of evidence that was weighed, how it moved the result, and its source."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from nightcramp.assess.known import Known
from nightcramp.knowledge.schema import Clue, Status
from nightcramp.language import gettext as _
from nightcramp.language import noted

STATUS_NAMES: dict[str, str] = {
    "published": noted("published"),
    "second_hand": noted("second_hand"),
    "derived": noted("derived"),
    "established": noted("established"),
    "assumed": noted("assumed"),
    "definition": noted("definition"),
    "own": noted("own"),
}


class Evidence(Struct, frozen=True, kw_only=True):
    """One line of a ledger. `ratio` above 1 speaks for, below 1 against."""

    says: str
    ratio: float
    group: str
    status: Status
    source: list[str] = []
    note: str = ""
    holds: Literal["yes", "no", "unknown"] = "yes"
    counted: bool = True


def weigh(clues: list[Clue], known: Known) -> tuple[float, list[Evidence]]:
    """Return (product of one ratio a group, the ledger of all clues).

    Within a group only the observation that moves most is counted, since features of one
    thing go together; unknown observations count for nothing.
    """
    lines = [_line(clue, known.truth(clue.when)) for clue in clues]
    strongest: dict[str, int] = {}
    for index, line in enumerate(lines):
        if line.holds == "unknown" or line.ratio == 1.0:
            continue
        best = strongest.get(line.group)
        if best is None or _force(line) > _force(lines[best]):
            strongest[line.group] = index
    counted = set(strongest.values())
    product = 1.0
    for index in sorted(counted):
        product *= lines[index].ratio
    return product, [replace(line, counted=index in counted) for index, line in enumerate(lines)]


def _line(clue: Clue, truth: bool | None) -> Evidence:
    ratio = {True: clue.ratio, False: clue.ratio_if_no, None: 1.0}[truth]
    holds: Literal["yes", "no", "unknown"] = (
        "unknown" if truth is None else "yes" if truth else "no"
    )
    return Evidence(
        says=clue.says,
        ratio=ratio,
        group=clue.group,
        status=clue.status,
        source=clue.source,
        note=clue.note,
        holds=holds,
    )


def _force(line: Evidence) -> float:
    return max(line.ratio, 1 / line.ratio) if line.ratio > 0 else float("inf")


def status_name(status: str) -> str:
    """Return the short word for what a number rests on."""
    return _(STATUS_NAMES.get(status, status))


def sides(
    lines: list[Evidence],
) -> tuple[list[Evidence], list[Evidence], list[Evidence]]:
    """Return what speaks for, what speaks against (both strongest first), what is unknown."""
    counted = [line for line in lines if line.counted and line.holds != "unknown"]
    speaking_for = sorted((x for x in counted if x.ratio > 1), key=lambda x: -x.ratio)
    against = sorted((x for x in counted if x.ratio < 1), key=lambda x: x.ratio)
    return speaking_for, against, [x for x in lines if x.holds == "unknown"]
