"""From what could be tested to a locked trial: proposals, the plan with its chances, the lock."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from nightcramp.app.asked import Asked
from nightcramp.app.background import BACKGROUND, Work
from nightcramp.app.pages.trial import Arm, without_hints
from nightcramp.app.problem import sentence
from nightcramp.app.routes import Act, Done, Download, File, Route, View
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.intake.own_record import OwnRecord
from nightcramp.intake.trial_plan import (
    ANY_SIGN,
    MEASURED,
    Planned,
    Wanted,
    check_advised,
    check_allowed,
    check_signs,
    design_of,
    planned,
    proposal_of,
    proposals_of,
    signs_to_ask,
    titles_of,
    to_be_seen,
)
from nightcramp.intake.trial_run import first_evening_of, lock_in, this_evening
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.facts import Facts
from nightcramp.report.document import Section
from nightcramp.report.trial_page import page_pdf
from nightcramp.report.trial_plan import (
    NOTHING_TO_PROPOSE,
    SAFETY,
    chances_table,
    design_in_words,
    needed_in_words,
)
from nightcramp.store.trials import kept_trials
from nightcramp.trial.gate import Page
from nightcramp.trial.propose import Proposal

PLAN, SEEN = "trial plan", "warning signs seen"
Measure = Literal["cramps", "nights", "pain", "sleep"]
MEASURES: dict[Measure, str] = {
    "cramps": noted("How many cramps"),
    "nights": noted("Nights with a cramp"),
    "pain": noted("How bad the worst was"),
    "sleep": noted("Sleep lost"),
}
FREQUENT = noted(
    "“We can't tell” is the usual end of such a trial, and no fault of yours: one person's nights "
    "are few. It does not mean that the thing does not work."
)


class Choice(Struct, frozen=True):
    """One thing to choose: what is sent, and what is read."""

    value: str
    label: str


class ProposalShown(Struct, frozen=True, kw_only=True):
    """Something that could be tested; `what` is sent to choose it."""

    what: str
    title: str
    why: str
    reason: str


class Refused(Struct, frozen=True, kw_only=True):
    """What is not for testing for one reason; `to_be_seen`: until a clinician has looked."""

    titles: list[str]
    reason: str
    to_be_seen: list[str]


class NewTrialPage(Struct, frozen=True, kw_only=True):
    """What could be tested. `running`: the number of the trial that must end first, 0 for none.

    `nothing_known`: nothing was told yet, so nothing can be proposed safely.
    """

    running: int
    nothing_known: bool
    none: str
    allowed_title: str
    allowed: list[ProposalShown]
    ask_title: str
    ask: list[ProposalShown]
    refused_title: str
    refused: list[Refused]
    measures: list[Choice]


class PlanPage(Struct, frozen=True, kw_only=True):
    """The plan of a trial with its chances. `token` names it, so that this one is locked.

    `state`: `none` where nothing was chosen. `advised`: worth doing. `signs`: questions about
    warning signs that were not asked yet. `asks`: a prescriber must agree first, for `reason`.
    """

    state: Literal["none", "working", "ready", "failed"]
    problem: str
    hint: str
    token: str
    title: str
    arms: list[Arm]
    advised: bool
    possible: bool
    why: str
    design: list[str]
    burden: str
    frequent: str
    chances: Section | None
    baseline: str
    asks: bool
    reason: str
    any_sign: str
    signs: list[str]
    first: dt.date | None


class WishForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be tested: one of the proposals, or the person's own words; and a few choices.

    `smallest`: from how many of 100 fewer on it matters.
    """

    what: Annotated[str, Meta(max_length=60)] = ""
    words: Annotated[str, Meta(max_length=200)] = ""
    smallest: Annotated[int, Meta(ge=1, le=95)] | None = None
    longest: Annotated[int, Meta(ge=8, le=1000)] | None = None
    block_nights: Annotated[int, Meta(ge=1, le=60)] | None = None
    measure: Measure | None = None


class SeenForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Warning signs that a clinician has looked at."""

    signs: Annotated[list[Annotated[str, Meta(max_length=80)]], Meta(max_length=50)] = []


class LockForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said before the lock. `anyway`: also where it is advised against."""

    token: Annotated[str, Meta(max_length=40)] = ""
    first: dt.date | None = None
    signs: Literal["yes", "no"] | None = None
    prescriber: Annotated[str, Meta(max_length=200)] = ""
    anyway: Literal["yes"] | None = None


def new_trial(asked: Asked) -> NewTrialPage:
    """Return what is worth testing, and what is not for testing."""
    facts = _facts(asked.record)
    found = proposals_of(facts, _seen(asked)) if facts else []
    by_safety = {name: [one for one in found if one.safety == name] for name in SAFETY}
    return NewTrialPage(
        running=_running(asked),
        nothing_known=facts is None,
        none=_(NOTHING_TO_PROPOSE) if facts and not found else "",
        allowed_title=_(SAFETY["allowed"]),
        allowed=[_proposal(one) for one in by_safety["allowed"]],
        ask_title=_(SAFETY["ask_prescriber"]),
        ask=[_proposal(one) for one in by_safety["ask_prescriber"]],
        refused_title=_(SAFETY["refused"]),
        refused=list(_refused(by_safety["refused"])),
        measures=[Choice(value, _(label)) for value, label in MEASURES.items()],
    )


def have_seen(asked: Asked, form: SeenForm) -> Done:
    """Keep in mind which warning signs a clinician has looked at."""
    BACKGROUND.note(asked, SEEN, _seen(asked) | frozenset(form.signs))
    return Done(goto="/trial/new")


def wish(asked: Asked, form: WishForm) -> Done:
    """Begin to work out what may come of a trial."""
    record, wanted = asked.record, _wanted(asked, form)
    facts = record.facts()
    _check_allowed(wanted, facts)
    work = BACKGROUND.start(asked, PLAN, lambda: planned(wanted, record, facts), wanted)
    work.wait()
    if work.error is not None:
        BACKGROUND.forget(asked, PLAN)
        raise InputError(work.error.message)
    return Done(goto="/trial/plan")


def plan(asked: Asked) -> PlanPage:
    """Return the plan that was asked for, as far as it is worked out."""
    work = BACKGROUND.latest(asked, PLAN)
    if work is None or not isinstance(work.result, Planned):
        return _no_plan(work)
    found, facts = work.result, asked.record.facts()
    page = _page_of(found)
    asks = next((one for one in found.proposals if one.safety == "ask_prescriber"), None)
    return PlanPage(
        state="ready",
        problem="",
        hint="",
        token=work.token,
        title=titles_of(found),
        arms=[Arm(label=arm.label, instruction=arm.instruction) for arm in found.arms],
        advised=found.plan.advice == "do",
        possible=found.draft is not None,
        why=found.plan.why,
        design=[*_design(found), *needed_in_words(found)],
        burden=found.first.burden,
        frequent=_(FREQUENT),
        chances=_chances(found),
        baseline=_("Worked out with {baseline}.").format(baseline=found.plan.baseline),
        asks=page is not None,
        reason=asks.reason if asks else "",
        any_sign=_(ANY_SIGN),
        signs=signs_to_ask(facts),
        first=first_evening_of(asked.clock),
    )


def lock_plan(asked: Asked, form: LockForm) -> Done:
    """Draw the order and lock the plan that was shown; nothing of it changes any more."""
    found, wanted = _planned(asked, form.token)
    facts = asked.record.facts()
    _check_allowed(wanted, facts)
    if signs_to_ask(facts):
        if form.signs is None:
            raise InputError(_("answer first whether any of the warning signs is so"))
        check_signs(
            form.signs == "yes", _("Tell of it in the interview: it says how soon to be seen.")
        )
    _check_agreed(found, form.prescriber)
    if form.anyway is None:
        check_advised(found, _("Tick “All the same” below if you want it anyway."))
    if _running(asked):
        raise InputError(_("another trial is not over, and two at once cannot be told apart"))
    design = design_of(found, form.prescriber)
    with asked.opened() as store, without_hints():
        lock_in(store, design, asked.clock, first=form.first)
        number = len(kept_trials(store))
    BACKGROUND.forget(asked, PLAN)
    return Done(
        goto=f"/trial/{number}",
        said=_("Locked. The order is drawn, and nothing of the plan changes any more."),
    )


def prescriber_page(asked: Asked) -> File:
    """Return the page that asks a prescriber about the plan."""
    work = BACKGROUND.latest(asked, PLAN)
    found = work.result if work else None
    page = _page_of(found) if isinstance(found, Planned) else None
    if page is None or not isinstance(found, Planned):
        raise UnknownIdError(_("there is no plan that needs somebody's agreement"))
    return File("plan.pdf", "application/pdf", page_pdf(found, page, asked.clock.now))


def _facts(record: OwnRecord) -> Facts | None:
    """Return the facts, None where nothing was told yet."""
    try:
        return record.facts()
    except InputError:
        return None


def _running(asked: Asked) -> int:
    evening = this_evening(asked.clock)
    kept = enumerate(asked.record.trials.values(), 1)
    return max((number for number, one in kept if not one.ended(evening)), default=0)


def _seen(asked: Asked) -> frozenset[str]:
    said = BACKGROUND.latest(asked, SEEN)
    return said.about if said else frozenset()


def _proposal(one: Proposal) -> ProposalShown:
    return ProposalShown(what=one.action, title=one.title, why=one.why, reason=one.reason)


def _refused(chosen: Sequence[Proposal]) -> Iterator[Refused]:
    """Yield each reason once, with all that it refuses."""
    for reason in dict.fromkeys(one.reason for one in chosen):
        refused = [one for one in chosen if one.reason == reason]
        yield Refused(
            titles=[one.title for one in refused],
            reason=reason,
            to_be_seen=to_be_seen(refused[0]),
        )


def _wanted(asked: Asked, form: WishForm) -> Wanted:
    what = form.what or form.words
    if not what.strip():
        raise InputError(_("say what you want to test"))
    return Wanted(
        what=what,
        outcome=MEASURED[form.measure] if form.measure else None,
        smallest=None if form.smallest is None else 1 - form.smallest / 100,
        longest=form.longest,
        block_nights=form.block_nights,
        seen=_seen(asked),
    )


def _check_allowed(wanted: Wanted, facts: Facts) -> None:
    """Raise InputError where what is wanted is not for testing, without words for a terminal."""
    with without_hints():
        check_allowed(proposal_of(wanted.what, facts, wanted.seen))


def _no_plan(work: Work | None) -> PlanPage:
    """Return the page while nothing is worked out."""
    error = work.error if work else None
    return PlanPage(
        state="none" if work is None else work.state if work.state != "done" else "none",
        problem=sentence(error.message) if error else "",
        hint="",
        token="",
        title="",
        arms=[],
        advised=False,
        possible=False,
        why="",
        design=[],
        burden="",
        frequent="",
        chances=None,
        baseline="",
        asks=False,
        reason="",
        any_sign="",
        signs=[],
        first=None,
    )


def _design(found: Planned) -> Iterator[str]:
    return design_in_words(found, found.draft) if found.draft else iter(())


def _chances(found: Planned) -> Section | None:
    if found.draft is None or not found.draft.chances:
        return None
    table = chances_table(found.draft)
    return Section(id="chances", title=table.caption, blocks=(table,))


def _page_of(found: Planned) -> Page | None:
    return next((one.page for one in found.proposals if one.page is not None), None)


def _planned(asked: Asked, token: str) -> tuple[Planned, Wanted]:
    """Return the plan that was shown; raises InputError where there is another by now."""
    work = BACKGROUND.latest(asked, PLAN)
    if work is None or not isinstance(work.result, Planned):
        raise InputError(_("there is no plan to lock; choose again what you want to test"))
    if not hmac.compare_digest(work.token.encode(), token.encode()):
        raise InputError(_("the plan has changed meanwhile; look at it again"))
    return work.result, work.about


def _check_agreed(found: Planned, prescriber: str) -> None:
    """Raise InputError where a prescriber must agree and nobody did."""
    if not prescriber.strip() and any(one.safety == "ask_prescriber" for one in found.proposals):
        raise InputError(
            _("a prescriber must agree first"),
            hint=_("Print the page that asks them. Then write here who agreed, and when."),
        )


ROUTES: tuple[Route, ...] = (
    View("/trial/new", new_trial, "trial_new.html", "What is worth testing on one's own nights."),
    Act("/trial/new", wish, WishForm, "Plan a trial of something.", again="/trial/new"),
    Act(
        "/trial/new/seen",
        have_seen,
        SeenForm,
        "Say that a clinician has looked at warning signs.",
        again="/trial/new",
    ),
    View("/trial/plan", plan, "trial_plan.html", "The plan of a trial with its chances."),
    Act("/trial/plan/lock", lock_plan, LockForm, "Lock the plan.", again="/trial/plan"),
    Download(
        "/trial/plan/page.pdf",
        prescriber_page,
        "The page that asks a prescriber.",
        "application/pdf",
    ),
)
