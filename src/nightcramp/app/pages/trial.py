"""Trials on one's own nights: tonight's instruction, how it stands, and what came out."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from nightcramp.app.asked import Asked
from nightcramp.app.routes import Act, Done, Download, File, Route, View
from nightcramp.diary.wording import night_in_words
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.intake.diary_clock import PersonClock
from nightcramp.intake.trial_run import (
    LONGEST_NOTE,
    check_order_open,
    happened,
    look_at,
    stop_in,
    this_evening,
    told_in,
    tonight_of,
)
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.night import Night
from nightcramp.report.document import Para, Section
from nightcramp.report.trial import (
    followed,
    followed_in_words,
    lived_nights,
    logged_in_words,
    report_of,
    state_in_words,
    tonight_in_words,
    where_in_words,
)
from nightcramp.report.trial_answer import answer, nights_in_words
from nightcramp.report.trial_calendar import calendar_of
from nightcramp.report.trial_course import Course, TrialReport
from nightcramp.report.trial_export import write_export
from nightcramp.report.trial_picture import PAGE
from nightcramp.report.trial_report import pictures, trial_html, trial_pdf
from nightcramp.report.trial_weighed import blocks, checks, weighed
from nightcramp.report.words import printable
from nightcramp.store.entries import add_entries
from nightcramp.store.trials import KeptTrial, add_event, keep_look
from nightcramp.trial.lock import file_of
from nightcramp.trial.nights import adherence_key

DAY = dt.timedelta(days=1)
Words = Annotated[str, Meta(max_length=LONGEST_NOTE)]
EVENTS = {
    "illness": noted("You were ill, night of {night}: {note}"),
    "deviation": noted("Otherwise than planned, night of {night}: {note}"),
}


class NightToTell(Struct, frozen=True, kw_only=True):
    """A night of which it can be told whether it went as the trial said, and what was told."""

    evening: dt.date
    name: str
    asked: str
    told: Literal["", "done", "not done"]


class Arm(Struct, frozen=True, kw_only=True):
    """One of the things compared."""

    label: str
    instruction: str


class TrialShown(Struct, frozen=True, kw_only=True):
    """One trial as it stands this morning. `number`: its place among the person's trials.

    `fresh`: no night of it is over, so its fingerprint is still to be noted.

    `tonight`: what to do and whether the night counts, "" once it has ended. `answer`: what has
    come out so far, `answer_rest` what must be said beside it. Of a blind trial that goes on
    nothing here tells its order; `order_open` says so.
    """

    number: int
    title: str
    question: str
    phase: str
    fresh: bool
    begun: bool
    ended: bool
    tonight: str
    to_tell: list[NightToTell]
    progress: list[str]
    on_the_way: list[str]
    arms: list[Arm]
    answer: Section
    answer_rest: Section
    picture: Section
    weighed: Section
    checks: Section
    blocks: Section
    fingerprint: str
    locked_at: dt.datetime
    order_open: bool
    first: dt.date
    last_told: dt.date
    prescriber: str


class TrialInList(Struct, frozen=True, kw_only=True):
    """A trial among others: its title, when it was, and what the last look found."""

    number: int
    title: str
    state: str


class TrialsPage(Struct, frozen=True, kw_only=True):
    """The trial that runs, if one does, and the others, latest first."""

    trial: TrialShown | None
    others: list[TrialInList]


class TrialPage(Struct, frozen=True, kw_only=True):
    """One trial."""

    trial: TrialShown


class DoneForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a night went as the trial said."""

    night: dt.date
    went: Literal["done", "not done"]


class NoteForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happened in a night, in the person's own words."""

    kind: Literal["illness", "deviation"]
    night: dt.date
    words: Words = ""


class StopForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a trial is stopped."""

    why: Words = ""


class CompareForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fingerprint that was noted when the trial was locked."""

    noted: Annotated[str, Meta(max_length=200)] = ""


def trials(asked: Asked) -> TrialsPage:
    """Return the trial that runs, and all others."""
    kept, evening = asked.record.trials, this_evening(asked.clock)
    running = [number for number, one in enumerate(kept.values(), 1) if not one.ended(evening)]
    shown = running[-1] if running else None
    others = [
        TrialInList(
            number=number,
            title=one.protocol.title,
            state=printable(state_in_words(one, evening, asked.clock.today)),
        )
        for number, one in enumerate(kept.values(), 1)
        if number != shown
    ]
    return TrialsPage(
        trial=_shown(asked, shown) if shown is not None else None, others=others[::-1]
    )


def trial(asked: Asked) -> TrialPage:
    """Return one trial."""
    return TrialPage(trial=_shown(asked, number_of(asked)))


def tell(asked: Asked, form: DoneForm) -> Done:
    """Keep whether a night went as the trial said."""
    number, found = _chosen(asked)
    with without_hints():
        entry, evening = told_in(found, form.went == "done", str(form.night), asked.clock)
    with asked.opened() as store:
        add_entries(store, [msgspec.structs.replace(entry, origin="app")])
    said = _("Noted for the night of {night}.")
    return Done(
        goto=f"/trial/{number}", said=said.format(night=night_in_words(evening, asked.clock.today))
    )


def note(asked: Asked, form: NoteForm) -> Done:
    """Keep what happened in a night; the night still counts."""
    number, found = _chosen(asked)
    with without_hints():
        event, evening = happened(found, form.kind, form.words, str(form.night), asked.clock)
    with asked.opened() as store:
        add_event(store, found.protocol.id, event)
    said = _("Noted for the night of {night}.")
    return Done(
        goto=f"/trial/{number}", said=said.format(night=night_in_words(evening, asked.clock.today))
    )


def stop(asked: Asked, form: StopForm) -> Done:
    """Stop a trial before its end; what was kept of it stays."""
    number, found = _chosen(asked)
    with asked.opened() as store:
        stop_in(store, found.protocol.id, form.why, asked.clock)
    return Done(goto=f"/trial/{number}", said=_("Stopped. What was kept of it stays."))


def compare(asked: Asked, form: CompareForm) -> Done:
    """Compare the fingerprint that was noted with that of the protocol."""
    number, found = _chosen(asked)
    if "".join(form.noted.split()).casefold() != found.lock.sha256:
        raise InputError(_("this is not the fingerprint of this protocol; look at each digit"))
    return Done(
        goto=f"/trial/{number}",
        said=_("It is the same fingerprint: the protocol is the one that was locked."),
    )


def calendar(asked: Asked) -> File:
    """Return the blocks for a calendar, in words that tell others nothing."""
    number, found = _chosen(asked)
    content = calendar_of(found, this_evening(asked.clock))
    return File(f"trial-{number}.ics", "text/calendar", content)


def report_page(asked: Asked) -> File:
    """Return the whole report as a page that stands alone."""
    number, found = _chosen(asked)
    text = trial_html(looked(asked, found))
    return File(f"trial-{number}.html", "text/html", text.encode())


def report_pdf(asked: Asked) -> File:
    """Return the whole report as a PDF."""
    number, found = _chosen(asked)
    content = trial_pdf(looked(asked, found), asked.clock.now)
    return File(f"trial-{number}.pdf", "application/pdf", content)


def export(asked: Asked) -> File:
    """Return everything of a trial, so that somebody else can compute it again."""
    number, found = _chosen(asked)
    check_order_open(found, asked.clock)
    out = io.BytesIO()
    write_export(out, found, looked(asked, found), knowledge().diary_model)
    return File(f"trial-{number}.zip", "application/zip", out.getvalue())


def protocol(asked: Asked) -> File:
    """Return the protocol as it was locked, once its order has nothing to hide."""
    number, found = _chosen(asked)
    check_order_open(found, asked.clock)
    return File(f"trial-{number}.json", "application/json", file_of(found.lock))


@contextmanager
def without_hints() -> Iterator[None]:
    """Leave out what is said to people at a terminal: hints that name commands."""
    try:
        yield
    except InputError as error:
        raise InputError(error.message) from None


def number_of(asked: Asked) -> int:
    """Return the number of the trial in the address; raises UnknownIdError for none."""
    text = asked.params["number"]
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    if not 1 <= number <= len(asked.record.trials):
        raise UnknownIdError(_("there is no such trial"))
    return number


def looked(asked: Asked, found: KeptTrial) -> TrialReport:
    """Return the report of a trial as of this morning; the look is kept if it shows anything."""
    nights = asked.record.nights
    look = look_at(found, nights, asked.clock)
    with asked.opened() as store:
        keep_look(store, found.protocol.id, look)
    return report_of(found, nights, look)


def _chosen(asked: Asked) -> tuple[int, KeptTrial]:
    number = number_of(asked)
    return number, _of_number(asked.record.trials, number)


def _of_number(kept: Mapping[str, KeptTrial], number: int) -> KeptTrial:
    return list(kept.values())[number - 1]


def _shown(asked: Asked, number: int) -> TrialShown:
    found, clock = _of_number(asked.record.trials, number), asked.clock
    evening = this_evening(clock)
    report = looked(asked, found)
    course, ended, plan = Course(report), found.ended(evening), found.protocol
    tonight = tonight_of(found, evening)
    first, rest = _in_two(answer(course))
    return TrialShown(
        number=number,
        title=plan.title,
        question=plan.question,
        phase=tonight.phase,
        fresh=not lived_nights(found, evening) and not ended,
        begun=evening >= plan.first_evening,
        ended=ended,
        tonight="" if ended else printable(tonight_in_words(found, tonight, clock.today)),
        to_tell=list(_to_tell(found, asked.record.nights, clock)),
        progress=list(_progress(found, report, clock)),
        on_the_way=list(_on_the_way(found, clock)),
        arms=[Arm(label=arm.label, instruction=arm.instruction) for arm in plan.arms],
        answer=first,
        answer_rest=rest,
        picture=pictures(course, PAGE),
        weighed=weighed(course),
        checks=checks(course),
        blocks=blocks(course),
        fingerprint=found.lock.sha256,
        locked_at=found.lock.locked_at,
        order_open=found.order_open(evening),
        first=plan.first_evening,
        last_told=min(clock.tonight, plan.last_evening),
        prescriber=plan.prescriber,
    )


def _in_two(section: Section) -> tuple[Section, Section]:
    """Return the paragraphs that a section begins with up to its lead, and what follows."""
    leads = [
        place
        for place, block in enumerate(section.blocks)
        if isinstance(block, Para) and block.tone == "lead"
    ]
    cut = leads[0] + 1 if leads else len(section.blocks)
    rest = msgspec.structs.replace(section, id=f"{section.id}-rest", blocks=section.blocks[cut:])
    return msgspec.structs.replace(section, blocks=section.blocks[:cut]), rest


def _to_tell(
    found: KeptTrial, nights: Sequence[Night], clock: PersonClock
) -> Iterator[NightToTell]:
    """Yield the nights of now: tonight, or the one just past, and the one before it."""
    values = {night.evening: night.values for night in nights}
    key = adherence_key(found.protocol)
    for evening in (clock.tonight, clock.tonight - DAY):
        asked = tonight_of(found, evening)
        if asked.phase != "block" or asked.arm is None:
            continue
        told = values.get(evening, {}).get(key)
        pack = _("pack {number}").format(number=asked.pack)
        yield NightToTell(
            evening=evening,
            name=night_in_words(evening, clock.today),
            asked=asked.arm.label if asked.pack is None else pack,
            told="" if told is None else "done" if told else "not done",
        )


def _progress(found: KeptTrial, report: TrialReport, clock: PersonClock) -> Iterator[str]:
    """Yield how far a trial has come, and how well it was followed, a sentence each."""
    evening, plan = this_evening(clock), found.protocol
    lived = lived_nights(found, evening)
    yield from where_in_words(found, evening, clock.today)
    yield from logged_in_words(plan, report.nights, lived, clock.today)
    done, known, nights = followed(report.nights, lived)
    if known:
        yield followed_in_words(done, known)
    if known < nights:
        said = _("For {nights} you did not say whether you did as it said.")
        yield said.format(nights=nights_in_words(nights - known))
    yield _("{over} of {blocks} blocks have ended.").format(
        over=report.verdict.blocks_over, blocks=report.verdict.blocks
    )


def _on_the_way(found: KeptTrial, clock: PersonClock) -> Iterator[str]:
    for event in found.events:
        if event.kind in EVENTS and event.evening is not None:
            night = night_in_words(event.evening, clock.today)
            yield printable(_(EVENTS[event.kind]).format(night=night, note=event.note))


ONE = "/trial/{number}"
ROUTES: tuple[Route, ...] = (
    View("/trial", trials, "trials.html", "The trial that runs, and those before it."),
    View(ONE, trial, "trial.html", "One trial as it stands this morning."),
    Act(f"{ONE}/done", tell, DoneForm, "Tell whether a night went as the trial said.", again=ONE),
    Act(f"{ONE}/note", note, NoteForm, "Note what happened in a night.", again=ONE),
    Act(f"{ONE}/stop", stop, StopForm, "Stop a trial before its end.", again=ONE),
    Act(f"{ONE}/compare", compare, CompareForm, "Compare a noted fingerprint.", again=ONE),
    Download(f"{ONE}/calendar.ics", calendar, "The blocks for a calendar.", "text/calendar"),
    Download(f"{ONE}/report.html", report_page, "The whole report as a page.", "text/html"),
    Download(f"{ONE}/report.pdf", report_pdf, "The whole report.", "application/pdf"),
    Download(f"{ONE}/export.zip", export, "Everything, to compute it again.", "application/zip"),
    Download(f"{ONE}/protocol.json", protocol, "What was locked.", "application/json"),
)
