"""What the person's own nights show, worked out beside the pages when asked for."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from nightcramp.app.asked import Asked
from nightcramp.app.background import BACKGROUND, Work
from nightcramp.app.problem import sentence
from nightcramp.app.routes import Act, Done, Nothing, Route, View
from nightcramp.intake.own_findings import own_findings
from nightcramp.intake.own_record import OwnRecord, keep
from nightcramp.language import gettext as _
from nightcramp.person.finding import Finding, Findings, State
from nightcramp.report.document import Picture
from nightcramp.report.findings import (
    MEDICINE,
    MEDICINE_NOTE,
    TITLES,
    null_histories,
    said_of,
    silence,
    summary,
    table,
)
from nightcramp.report.findings_picture import findings_picture, left_out
from nightcramp.report.words import LADDER_MARKS, LADDER_WORDS, printable

KIND = "findings"


class FindingShown(Struct, frozen=True, kw_only=True):
    """One finding in sentences, the first with its name; `mark`: how sure, "" where nothing is."""

    said: list[str]
    mark: str
    word: str


class FindingGroup(Struct, frozen=True, kw_only=True):
    """Findings that came out alike, and what must be said beside them."""

    state: State
    title: str
    findings: list[FindingShown]
    note: str


class FindingsPage(Struct, frozen=True, kw_only=True):
    """What the nights show. `state`: whether it is of the nights as they are now.

    `nothing`: no night is written down. `never`: not looked at yet. `changed`: the nights have
    changed since. `problem`: why the last look did not come to an end.
    """

    state: Literal["nothing", "never", "changed", "working", "current"]
    problem: str
    hint: str
    summary: str
    silence: str
    stopped: list[str]
    groups: list[FindingGroup]
    null_histories: str
    assumptions: list[str]
    picture: Picture | None
    left_out: str
    table_head: list[str]
    table_rows: list[list[str]]


def findings(asked: Asked) -> FindingsPage:
    """Return what was found, as far as it was looked for."""
    record, work = asked.record, BACKGROUND.latest(asked, KIND)
    kept = record.kept[1] if record.kept and record.nights else None
    failed = work.error if work and _is_of(work, record) else None
    head, *rows = table(kept.findings) if kept else [()]
    return FindingsPage(
        state=_state(record, work),
        problem=sentence(failed.message) if failed else "",
        hint=failed.hint if failed else "",
        summary=summary(kept) if kept else "",
        silence=silence(kept) if kept else "",
        stopped=[*kept.withheld, *kept.missing] if kept else [],
        groups=_groups(kept) if kept else [],
        null_histories=null_histories(kept) if kept and kept.null_histories else "",
        assumptions=list(kept.assumptions) if kept and kept.null_histories else [],
        picture=findings_picture(kept, record.nights) if kept and rows else None,
        left_out=left_out(kept) if kept else "",
        table_head=list(head),
        table_rows=[[printable(cell) for cell in row] for row in rows],
    )


def look_again(asked: Asked, form: Nothing) -> Done:
    """Begin to look at the nights as they are now, unless that is done already."""
    record = asked.record
    if record.nights and record.up_to_date() is None:
        work = BACKGROUND.start(asked, KIND, lambda: _found(asked, record), record.digest())
        work.wait()
    return Done(goto="/findings")


def _found(asked: Asked, record: OwnRecord) -> None:
    """Work out the findings of a record and keep them; the store is not held meanwhile."""
    found = own_findings(record)
    with asked.opened() as store:
        keep(store, record, found)


def _state(
    record: OwnRecord, work: Work | None
) -> Literal["nothing", "never", "changed", "working", "current"]:
    if not record.nights:
        return "nothing"
    if work is not None and work.state == "working":
        return "working"
    if record.kept is None:
        return "never"
    return "current" if record.up_to_date() else "changed"


def _is_of(work: Work, record: OwnRecord) -> bool:
    return work.state == "failed" and bool(work.about == record.digest())


def _groups(found: Findings) -> list[FindingGroup]:
    groups = []
    for state, title in TITLES.items():
        chosen = [finding for finding in found.findings if finding.state == state]
        medicine = state == "found" and any(one.id.startswith(MEDICINE) for one in chosen)
        if chosen:
            groups.append(
                FindingGroup(
                    state=state,
                    title=_(title),
                    findings=[_shown(finding) for finding in chosen],
                    note=_(MEDICINE_NOTE) if medicine else "",
                )
            )
    return groups


def _shown(finding: Finding) -> FindingShown:
    supported = finding.state == "found" and finding.effect is not None
    return FindingShown(
        said=[printable(line) for line in said_of(finding)],
        mark=LADDER_MARKS["supported"][1] if supported else "",
        word=_(LADDER_WORDS["supported"]) if supported else "",
    )


ROUTES: tuple[Route, ...] = (
    View("/findings", findings, "findings.html", "What the nights show, as far as it was looked."),
    Act("/findings", look_again, Nothing, "Look at the nights again.", again="/findings"),
)
