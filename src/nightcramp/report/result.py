"""What is behind the cramps: how soon to be seen, what it is, how much each cause could be."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from nightcramp.assess.assessment import Assessment
from nightcramp.assess.triage import URGENT
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Level
from nightcramp.language import gettext as _
from nightcramp.person.fact import Fact
from nightcramp.person.finding import Finding
from nightcramp.plan.plan import showed
from nightcramp.report.causes import CauseView, cause_views, first_causes, rows_of
from nightcramp.report.findings import MEDICINE, MEDICINE_NOTE, times
from nightcramp.report.plans import Plan, plan_of
from nightcramp.report.share_picture import SharePicture, share_picture
from nightcramp.report.terminal import in_ten, likely_syndromes, ruled_out_first
from nightcramp.report.words import BE_SEEN_NOTE, LADDER_MARKS, LEVEL_TITLES, SELF_CARE_NOTE

State = Literal["nothing", "emergency", "whole"]
MOST_REASONS = 2
QUESTIONS = 5
MOST_ORIGINS = 4


class ReasonView(Struct, frozen=True, kw_only=True):
    """Why somebody should look at this, and what to do."""

    says: str
    do: str


class LooksLike(Struct, frozen=True, kw_only=True):
    """What this may be; `often` is "" where no number may be given."""

    label: str
    often: str
    says: str


class QuestionView(Struct, frozen=True, kw_only=True):
    """A question worth answering, and why."""

    ask: str
    why: str


class OwnView(Struct, frozen=True, kw_only=True):
    """What the person's own trial or nights show, with the sign of how sure that is."""

    mark: str
    label: str
    says: list[str]


class ConflictView(Struct, frozen=True, kw_only=True):
    """What does not fit together, or was not understood, and where each part was said."""

    says: str
    origins: list[str]


class ResultPage(Struct, frozen=True, kw_only=True):
    """The whole result, in the order in which it is shown.

    `state`: `nothing` to assess yet; in an `emergency` there is only what must be done now.
    `counts`: whether numbers are given; not while an emergency must be ruled out.
    """

    state: State
    level: Level = "self_care"
    title: str = ""
    urgent: bool = False
    diary_only: bool = False
    reasons: list[ReasonView] = []
    more_reasons: list[ReasonView] = []
    notes: list[str] = []
    rule_out: list[str] = []
    looks_like: list[LooksLike] = []
    counts: bool = True
    picture: SharePicture | None = None
    causes: list[CauseView] = []
    others: int = 0
    trials: list[OwnView] = []
    findings: list[OwnView] = []
    findings_note: str = ""
    signs: list[QuestionView] = []
    questions: list[QuestionView] = []
    plan: Plan = Plan(first=[], more=[], not_for_you=[], believed=[])
    conflicts: list[ConflictView] = []
    not_understood: list[ConflictView] = []
    natural_course: str = ""
    assumptions: list[str] = []


class OthersPage(Struct, frozen=True, kw_only=True):
    """The explanations that weigh little, each with its ledger; none in an emergency."""

    state: State
    causes: list[CauseView] = []


def result_of(
    found: Assessment,
    known: Knowledge,
    findings: tuple[Finding, ...] = (),
    *,
    diary_only: bool = False,
) -> ResultPage:
    """Return an assessment as it is shown."""
    emergency, counts = found.triage.level == "emergency", not ruled_out_first(found)
    reasons = [
        ReasonView(says=reason.say, do=reason.do)
        for reason in found.triage.reasons
        if not emergency or reason.level == "emergency"
    ]
    most = len(reasons) if emergency else MOST_REASONS
    first = ResultPage(
        state="emergency" if emergency else "whole",
        level=found.triage.level,
        title=_(LEVEL_TITLES[found.triage.level]),
        urgent=found.triage.level in URGENT,
        diary_only=diary_only,
        reasons=reasons[:most],
        more_reasons=reasons[most:],
        notes=[] if reasons else [_(SELF_CARE_NOTE), _(BE_SEEN_NOTE)],
        rule_out=[item.label for item in found.explanations if item.flagged],
        looks_like=looks_like(found, known, counts=counts),
        counts=counts,
        conflicts=conflicts(found),
        not_understood=not_understood(found),
    )
    return first if emergency else _with_the_rest(first, found, known, findings)


def _with_the_rest(
    page: ResultPage, found: Assessment, known: Knowledge, findings: tuple[Finding, ...]
) -> ResultPage:
    causes = first_causes(found, known)
    drawn = rows_of(found, known)
    shown = [f for f in findings if f.state == "found"]
    medicine = any(f.id.startswith(MEDICINE) for f in shown)
    return replace(
        page,
        picture=share_picture(found, known.model) if drawn else None,
        causes=cause_views(causes, found, known),
        others=len(found.explanations) - len(causes),
        trials=own_trials(found),
        findings=[own_finding(finding) for finding in shown],
        findings_note=_(MEDICINE_NOTE) if medicine else "",
        signs=[_question(q.ask, q.why) for q in found.next_questions if q.red_flag],
        questions=[_question(q.ask, q.why) for q in found.next_questions if not q.red_flag],
        plan=plan_of(found, known, counts=page.counts),
        natural_course=known.statements["natural_course"].text if page.counts else "",
        assumptions=found.assumptions if page.counts else [],
    )


def looks_like(found: Assessment, known: Knowledge, *, counts: bool) -> list[LooksLike]:
    """Return what this may well be, with numbers only where they may be given."""
    return [
        LooksLike(
            label=syndrome.label,
            often=in_ten(syndrome.probability) if counts else "",
            says=known.mimics[syndrome.id].summary,
        )
        for syndrome in likely_syndromes(found, known)
    ]


def own_trials(found: Assessment) -> list[OwnView]:
    """Return what the person's own trials showed."""
    return [
        OwnView(
            mark=LADDER_MARKS["confirmed" if verdict.outcome == "works" else "refuted"][1],
            label=verdict.title,
            says=[showed(verdict)],
        )
        for verdict in found.verdicts
    ]


def own_finding(finding: Finding) -> OwnView:
    """Return what the diary found of something."""
    label = finding.label[:1].upper() + finding.label[1:]
    size = [f"{times(finding.effect)}; {finding.contrast}."] if finding.effect else []
    return OwnView(mark=LADDER_MARKS["supported"][1], label=label, says=size)


def conflicts(found: Assessment) -> list[ConflictView]:
    """Return what does not fit together, with where each part was said."""
    return [
        ConflictView(
            says=conflict.say,
            origins=[
                f"{_place(fact)} {fact.provenance.written or fact.provenance.note}"
                for fact in conflict.facts[:MOST_ORIGINS]
            ],
        )
        for conflict in found.contradictions
    ]


def not_understood(found: Assessment) -> list[ConflictView]:
    """Return what was told and not understood, with where it stands."""
    return [
        ConflictView(says=str(fact.value), origins=[_place(fact)]) for fact in found.unrecognised
    ]


def _place(fact: Fact) -> str:
    """Return where a fact was read: the file by its name alone, and the place in it."""
    return f"{PurePath(fact.provenance.file).name}: {fact.provenance.at}"


def _question(ask: str, why: str) -> QuestionView:
    return QuestionView(ask=ask, why=why)


def others_of(found: Assessment, known: Knowledge) -> OthersPage:
    """Return what `result_of` leaves out of an assessment."""
    if found.triage.level == "emergency":
        return OthersPage(state="emergency")
    shown = {item.id for item in first_causes(found, known)}
    rest = [item for item in found.explanations if item.id not in shown]
    return OthersPage(state="whole", causes=cause_views(rest, found, known))
