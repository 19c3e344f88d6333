"""The same person for a visit of ten minutes: what a clinician wants to see, on one page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from msgspec import Struct

from nightcramp.assess.assessment import Assessment, EffectView, Explanation
from nightcramp.assess.medicines import PREFIX
from nightcramp.assess.triage import URGENT
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Level
from nightcramp.language import gettext as _
from nightcramp.language import ngettext, number
from nightcramp.person.fact import Fact, LabResult
from nightcramp.person.facts import Facts
from nightcramp.person.night import Night
from nightcramp.plan.plan import PlanItem
from nightcramp.report.causes import first_causes, rows_of
from nightcramp.report.explain import PATH_ENDS, effect_line, said, source_keys
from nightcramp.report.medicine_timeline import Timeline, medicine_times, span_words, timeline
from nightcramp.report.plans import NoteView, note_views
from nightcramp.report.result import (
    ConflictView,
    LooksLike,
    OwnView,
    ReasonView,
    conflicts,
    looks_like,
    own_finding,
    own_trials,
)
from nightcramp.report.sourced import Citations, SourceView
from nightcramp.report.terminal import ruled_out_first
from nightcramp.report.words import (
    LADDER_MARKS,
    LADDER_WORDS,
    LEVEL_TITLES,
    SELF_CARE_NOTE,
    STATUS_WORDS,
    counted,
)

MONTH = 28
WEEK = 7
MOST_WEEKS = 16
MOST_LINES, MOST_ASKS = 2, 6


class Told(Struct, frozen=True, kw_only=True):
    """Something with what is said of it."""

    label: str
    says: str


class Pointer(Struct, frozen=True, kw_only=True):
    """A possible cause for a clinician: how much, how sure, on what evidence.

    `grade` is that of the published effect, `effect` the effect itself in words.
    """

    label: str
    clinical: str
    size: str
    sure: str
    ladder: str
    mark: str
    grade: str
    effect: str
    speaks_for: list[str]
    sources: list[int]


class Scored(Struct, frozen=True, kw_only=True):
    """A suspect medicine with its two causality scores, and how complete the answers are."""

    medicine: str
    naranjo: str
    liverpool: str
    complete: bool


class TestIdea(Struct, frozen=True, kw_only=True):
    """Examinations that might be worth it, and the cause of weight that they are for."""

    because: str
    tests: list[str]


class WeekOfNights(Struct, frozen=True, kw_only=True):
    """Seven nights from an evening on."""

    first: dt.date
    logged: int
    with_cramps: int
    cramps: int


class DoctorPage(Struct, frozen=True, kw_only=True):
    """One person for their doctor: the first page, and nights and sources for a second.

    `there` is false where nothing is known yet. `counts`: whether shares are given; not while
    an emergency must be ruled out. Nothing in it advises against the safety rules.
    """

    there: bool
    made_on: dt.date
    who: str = ""
    level: Level = "self_care"
    title: str = ""
    urgent: bool = False
    reasons: list[ReasonView] = []
    notes: list[str] = []
    rule_out: list[str] = []
    looks_like: list[LooksLike] = []
    counts: bool = True
    pattern: list[Told] = []
    pointers: list[Pointer] = []
    unexplained: str = ""
    timeline: Timeline | None = None
    scores: list[Scored] = []
    labs: list[Told] = []
    tests: list[TestIdea] = []
    trials: list[OwnView] = []
    findings: list[OwnView] = []
    tried: list[Told] = []
    asks: list[str] = []
    not_for_you: list[NoteView] = []
    conflicts: list[ConflictView] = []
    weeks: list[WeekOfNights] = []
    sources: list[SourceView] = []


def doctor_of(
    found: Assessment, facts: Facts, nights: Sequence[Night], known: Knowledge, today: dt.date
) -> DoctorPage:
    """Return an assessment as it is shown to a clinician."""
    counts, cited = not ruled_out_first(found), Citations(known.sources)
    reasons = found.triage.reasons
    for reason in reasons:
        cited.numbers(reason.source)
    taken = medicine_times(facts.medicines(), known)
    rows = rows_of(found, known)
    return DoctorPage(
        there=True,
        made_on=today,
        who=_who(facts, known),
        level=found.triage.level,
        title=_(LEVEL_TITLES[found.triage.level]),
        urgent=found.triage.level in URGENT,
        reasons=[ReasonView(says=reason.say, do=reason.do) for reason in reasons],
        notes=[] if reasons else [_(SELF_CARE_NOTE)],
        rule_out=[item.label for item in found.explanations if item.flagged],
        looks_like=looks_like(found, known, counts=counts),
        counts=counts,
        pattern=pattern_of(facts, nights, today),
        pointers=pointers_of(found, known, cited) if counts else [],
        unexplained=_left(rows[-1].count, rows[-1].spread) if rows else "",
        timeline=timeline(taken, _onset(facts), today) if taken else None,
        scores=scores_of(found),
        labs=[_lab(fact, known, today) for fact in facts.all if fact.kind == "lab"],
        tests=tests_of(found, known),
        trials=own_trials(found),
        findings=[own_finding(f) for f in facts.findings],
        tried=list(tried_of(found.plan, nights, known)),
        asks=asks_of(found.plan),
        not_for_you=note_views([item for item in found.plan if item.safety], known),
        conflicts=conflicts(found),
        weeks=weeks_of(nights),
        sources=cited.views(),
    )


def _who(facts: Facts, known: Knowledge) -> str:
    """Return age and sex, as far as they were told."""
    age, sex = facts.value("age"), facts.value("sex")
    options = {option.id: option.label for option in known.questions["sex"].options}
    parts = []
    if isinstance(age, float | int):
        parts.append(_("{age} years").format(age=number(age, ".0f")))
    if isinstance(sex, str):
        parts.append(options.get(sex, sex).lower())
    return ", ".join(parts)


def _onset(facts: Facts) -> float | None:
    value = facts.value("onset")
    return float(value) if isinstance(value, float | int) else None


def pattern_of(facts: Facts | None, nights: Sequence[Night], today: dt.date) -> list[Told]:
    """Return the pattern in numbers: of the diary where there is one, else as told."""
    pattern = []
    onset = _onset(facts) if facts else None
    if onset is not None:
        began = _("{span} ago").format(span=span_words(onset))
        pattern.append(Told(label=_("Began"), says=began))
    logged = [night for night in nights if night.cramps is not None]
    if logged:
        return [*pattern, *_of_diary(nights, today)]
    return [*pattern, *(_as_told(facts) if facts else [])]


def _as_told(facts: Facts) -> Iterator[Told]:
    bad, many = facts.value("nights_per_month"), facts.value("cramps_per_night")
    if isinstance(bad, float | int):
        says = _("{count} a month, as told").format(count=number(bad))
        yield Told(label=_("Nights with cramps"), says=says)
    if isinstance(many, float | int):
        yield Told(label=_("Cramps on such a night"), says=number(many))


def _of_diary(nights: Sequence[Night], today: dt.date) -> Iterator[Told]:
    """Yield four weeks beside the four before them, so that a change is seen."""
    for label, start in ((_("Last 4 weeks"), 1), (_("The 4 weeks before"), MONTH + 1)):
        days = {today - dt.timedelta(days=day) for day in range(start, start + MONTH)}
        within = [night for night in nights if night.evening in days]
        known = [night.cramps for night in within if night.cramps is not None]
        if known:
            yield Told(label=label, says=_counts(known))
            yield from _sleep_lost(within, label)
    every = [night.cramps for night in nights if night.cramps is not None]
    evenings = [night.evening for night in nights]
    span = (max(evenings) - min(evenings)).days + 1
    whole = _("{cramps} cramps in {logged} logged nights of {span}")
    yield Told(
        label=_("Whole diary"),
        says=whole.format(cramps=sum(every), logged=len(every), span=span),
    )


def _counts(known: list[int]) -> str:
    a_week = number(WEEK * sum(known) / len(known), ".2g")
    return _(
        "about {week} cramps a week; cramps on {bad} of {logged} logged nights of {month}"
    ).format(week=a_week, bad=sum(count > 0 for count in known), logged=len(known), month=MONTH)


def _sleep_lost(nights: list[Night], label: str) -> Iterator[Told]:
    lost = [night.values["sleep_lost"] for night in nights if "sleep_lost" in night.values]
    if lost:
        says = ngettext(
            "{minutes} minutes in all, told of {count} night",
            "{minutes} minutes in all, told of {count} nights",
            len(lost),
        ).format(minutes=number(sum(lost), ".0f"), count=len(lost))
        yield Told(label=_("{when}: sleep lost").format(when=label), says=says)


def pointers_of(found: Assessment, known: Knowledge, cited: Citations) -> list[Pointer]:
    """Return what points to what, in the order of the result; emergencies are named elsewhere."""
    drawn = {row.id: row for row in rows_of(found, known) if row.id}
    shares = {share.id: share for share in found.shares}
    pointers = []
    for item in first_causes(found, known):
        if item.kind in ("emergency", "idiopathic") or item.flagged or item.id == "night_cramp":
            continue
        row, share = drawn.get(item.id), shares.get(item.id)
        pointers.append(
            Pointer(
                label=item.label,
                clinical=item.clinical if item.clinical != item.label else "",
                size=_size(row.count, row.spread) if row else "",
                sure=_(LADDER_WORDS[item.ladder]),
                ladder=item.ladder,
                mark=LADDER_MARKS[item.ladder][1],
                grade=_grade(share.effects[0]) if share else "",
                effect=effect_line(share.effects[0]) if share else "",
                speaks_for=_for(item),
                sources=cited.numbers(source_keys(item, share)),
            )
        )
    return pointers


def _grade(effect: EffectView) -> str:
    status = _(STATUS_WORDS[effect.status])
    return _("grade {grade}, {status}").format(grade=effect.grade, status=status)


def _for(item: Explanation) -> list[str]:
    lines = item.supports[:MOST_LINES]
    return [f"{said(line)} ({_(STATUS_WORDS[line.status])})" for line in lines]


def _size(count: int, spread: str) -> str:
    return _("{count} of 12 cramps (it could be {spread})").format(
        count=counted(count), spread=spread
    )


def _left(count: int, spread: str) -> str:
    return _("Not explained: {size}.").format(size=_size(count, spread))


def scores_of(found: Assessment) -> list[Scored]:
    """Return the Naranjo and Liverpool result of each medicine that could cause cramps."""
    weighed = {share.id for share in found.shares}
    return [
        Scored(
            medicine=item.label,
            naranjo=_result(item, "naranjo"),
            liverpool=_result(item, "liverpool"),
            complete=all(score.complete for score in item.scores),
        )
        for item in found.explanations
        if item.id.startswith(PREFIX) and item.id in weighed and item.scores
    ]


def _result(item: Explanation, instrument: str) -> str:
    score = next((score for score in item.scores if score.id == instrument), None)
    if score is None:
        return ""
    result = _(PATH_ENDS.get(score.result, score.result)).lower()
    if score.score is not None:
        result = _("{points} points, {result}").format(points=number(score.score), result=result)
    return result


def _lab(fact: Fact, known: Knowledge, today: dt.date) -> Told:
    """Return a result with its range and date, in the unit of the test."""
    result, lab = fact.value, known.labs[fact.id]
    assert isinstance(result, LabResult)
    words = {"low": _("low"), "normal": _("normal"), "high": _("high"), "": ""}
    amount = "" if result.value is None else f"{result.bound}{number(result.value)} {lab.unit}"
    parts = [amount or words[result.word]]
    if result.low is not None or result.high is not None:
        low = "" if result.low is None else number(result.low)
        high = "" if result.high is None else number(result.high)
        parts.append(_("range {low} to {high}").format(low=low, high=high))
    if result.unit_assumed:
        parts.append(_("unit assumed"))
    parts.append(_("no date") if result.days_ago is None else _ago(result.days_ago))
    return Told(label=lab.label, says="; ".join(part for part in parts if part))


def _ago(days: float) -> str:
    return _("{span} ago").format(span=span_words(days)) if days >= 1 else _("today")


def tests_of(found: Assessment, known: Knowledge) -> list[TestIdea]:
    """Return the tests that factors of weight name, each with its reason; else none."""
    shown = first_causes(found, known)
    factors = [known.factors[item.id] for item in shown if item.id in known.factors]
    ladder = {item.id: _(LADDER_WORDS[item.ladder]) for item in shown}
    return [
        TestIdea(
            because=_("{cause} ({sure})").format(cause=factor.label, sure=ladder[factor.id]),
            tests=factor.tests,
        )
        for factor in factors
        if factor.tests
    ]


def tried_of(plan: Sequence[PlanItem], nights: Sequence[Night], known: Knowledge) -> Iterator[Told]:
    """Yield what the diary says was tried, and what the person's trials and nights show of it."""
    actions = known.actions
    for measure in known.measures.values():
        if not measure.actions or measure.kind != "yes_no":
            continue
        told = [night.values[measure.id] for night in nights if measure.id in night.values]
        if any(told):
            says = _("on {done} of {told} nights told").format(
                done=sum(value > 0 for value in told), told=len(told)
            )
            yield Told(label=actions[measure.actions[0]].label, says=says)
    for item in plan:
        says = " ".join(line for line in (item.trial, item.diary) if line)
        if says:
            yield Told(label=item.label, says=says)


def asks_of(plan: Sequence[PlanItem]) -> list[str]:
    """Return the questions for the clinician, of what is advised, each once."""
    advised = [line for item in plan if item.advised for line in item.ask_clinician[:2]]
    return list(dict.fromkeys(advised))[:MOST_ASKS]


def weeks_of(nights: Sequence[Night]) -> list[WeekOfNights]:
    """Return the last weeks of the diary, newest first, each of seven nights from its first."""
    if not nights:
        return []
    last, weeks = max(night.evening for night in nights), []
    for back in range(MOST_WEEKS):
        first = last - dt.timedelta(days=WEEK * (back + 1) - 1)
        within = [
            night.cramps
            for night in nights
            if night.cramps is not None and 0 <= (night.evening - first).days < WEEK
        ]
        if within:
            weeks.append(
                WeekOfNights(
                    first=first,
                    logged=len(within),
                    with_cramps=sum(count > 0 for count in within),
                    cramps=sum(within),
                )
            )
    return weeks
