"""The report of a trial as a page and as a PDF: the answer first, then all that it rests on."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator

from nightcramp import __version__
from nightcramp.diary.wording import day_in_words
from nightcramp.language import gettext as _
from nightcramp.language import language, noted, number
from nightcramp.report import trial_answer, trial_weighed
from nightcramp.report.cent import cent
from nightcramp.report.cent_methods import OUTCOMES, design, order
from nightcramp.report.document import (
    AnyBlock,
    Bullets,
    Document,
    Facts,
    File,
    Files,
    Para,
    Section,
    Subhead,
)
from nightcramp.report.document_html import html_of
from nightcramp.report.document_pdf import pdf_of
from nightcramp.report.trial_course import COMPARED, LETTERS, Course, NightSeen, TrialReport
from nightcramp.report.trial_picture import PAGE, PAPER, nights_picture
from nightcramp.report.trial_size import Size, fewer, size_of
from nightcramp.report.trial_size_picture import size_picture
from nightcramp.trial.protocol import canonical

NOT_BEGUN = noted("No block has begun. The picture comes with the first nights.")
STEPS = (
    noted(
        "Take the SHA-256 of protocol.json. It must be the fingerprint above: then nothing in the "
        "protocol was changed after it was locked."
    ),
    noted(
        "Draw the order again. Number all orders that keep the limits, in alphabetical order, from "
        "0. Join the SHA-256 of “seed/0/0”, “seed/0/1” and so on. Take as many bytes as the count "
        "of orders needs, and 8 more, as one number, the first byte the highest. Where it is below "
        "the largest multiple of the count that so many bytes can hold, its remainder by the count "
        "is the number of the order; else go on with “seed/1/0”. It must be the order in the "
        "protocol."
    ),
    noted(
        "Sort the nights of nights.csv by block, and compare A with B in your own way. The test of "
        "the order needs no model: any measure of difference, worked out for every order, will do."
    ),
    noted(
        "`nightcramp trial export` writes all files of the trial, with a small program that does "
        "all this and computes the test again. The figures here are those of nightcramp {version}."
    ),
)


def trial_html(report: TrialReport) -> str:
    """Return the report as one page that stands alone."""
    return html_of(document_of(report, PAGE))


def trial_pdf(report: TrialReport, now: dt.datetime) -> bytes:
    """Return the report as PDF/UA-1; the same report and time give the same bytes."""
    return pdf_of(document_of(report, PAPER), now)


def document_of(report: TrialReport, width: float) -> Document:
    """Return the whole report, its pictures so wide."""
    course = Course(report)
    made = day_in_words(report.verdict.made_on)
    return Document(
        language=language(),
        title=_("{title}: a randomised N-of-1 trial").format(title=report.protocol.title),
        about=_("One person's own nights. Report of {day}.").format(day=made),
        sections=(
            trial_answer.answer(course),
            pictures(course, width),
            trial_weighed.weighed(course),
            trial_weighed.checks(course),
            trial_weighed.blocks(course),
            cent(course),
            _protocol(course),
        ),
    )


def pictures(course: Course, width: float) -> Section:
    """Return the nights and the size, drawn; the table of the size stands behind it."""
    nights = nights_picture(course, width, trial_answer.headline(course))
    none = _(NOT_BEGUN if course.order_open else trial_weighed.HIDDEN)
    begun = any(block.begun for block in course.known)
    size = size_of(course.verdict, course.protocol.outcome, course.verdict.effect)
    drawn: tuple[AnyBlock, ...] = (nights if begun else Para(text=none),)
    if begun and size:
        drawn += (size_picture(size, width, _size_title(size)), trial_weighed.size_table(course))
    return Section(id="picture", title=_("Your nights in a picture"), blocks=drawn)


def _size_title(size: Size) -> str:
    return _("A: {amount} {unit} (it could be {span}).").format(
        amount=size.about(size.first), unit=size.unit, span=size.span
    )


def _protocol(course: Course) -> Section:
    """Return the protocol, its fingerprint, its files and how to compute it all again."""
    return Section(
        id="protocol",
        title=_("The protocol, and how to compute it again"),
        blocks=(
            Facts(pairs=tuple(_plan(course))),
            Subhead(text=_("Fingerprint of the protocol (SHA-256)")),
            Para(text=course.report.fingerprint, tone="code"),
            Subhead(text=_("Files")),
            *_files(course),
            Subhead(text=_("How to compute it again")),
            Bullets(items=tuple(_(step).format(version=__version__) for step in STEPS)),
        ),
    )


def _plan(course: Course) -> Iterator[tuple[str, str]]:
    plan = course.protocol
    yield _("Name"), plan.id
    yield _("Question"), plan.question
    for place, arm in enumerate(plan.arms):
        beside = "" if place in COMPARED else " " + _("Not part of the comparison.")
        yield f"{LETTERS[place]}: {arm.label}", f"{arm.instruction}{beside}"
    yield _("Design"), design(course)
    yield _("First evening"), day_in_words(plan.first_evening)
    yield _("What is counted"), _(OUTCOMES[plan.outcome])
    matters = _("{fewer} (a ratio of {ratio})").format(
        fewer=fewer(plan.smallest_effect), ratio=number(plan.smallest_effect)
    )
    yield _("Matters from"), matters
    yield _("Error at most"), number(plan.error)
    yield _("Order"), order(course)
    if plan.prescriber:
        yield _("Agreed to by"), plan.prescriber
    locked = course.report.locked_at
    yield _("Locked"), f"{locked:%Y-%m-%d %H:%M %Z}".rstrip() if locked else _("not recorded")


def _files(course: Course) -> Iterator[AnyBlock]:
    """Yield the nights, and the protocol once its order has nothing to hide."""
    told = File(
        name="nights.csv",
        media="text/csv",
        text=nights_csv(course),
        says=_("every night of the trial so far; arms are counted from 0, as in the protocol"),
    )
    if not course.order_open:
        yield Files(files=(told,))
        yield Para(
            text=_(
                "The protocol comes with the report once the trial has ended: it says what is in "
                "which pack."
            ),
            tone="note",
        )
        return
    plan = File(
        name="protocol.json",
        media="application/json",
        text=canonical(course.protocol).decode(),
        says=_("the protocol, to the letter as its fingerprint was taken"),
    )
    yield Files(files=(plan, told))


def nights_csv(course: Course) -> str:
    """Return every night so far as rows; empty is not known or hidden, block -1 the run-in."""
    arms = [f"{arm}" if course.order_open else "" for arm in range(len(course.protocol.arms))]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("evening", "block", "arm", "counts", "outcome", "followed"))
    writer.writerows(_csv_row(night, -1, "", False) for night in course.run_in if night.lived)
    for block in course.blocks:
        writer.writerows(
            _csv_row(night, block.number, arms[block.arm], night.counts and block.over)
            for night in block.nights
            if night.lived
        )
    return out.getvalue()


def _csv_row(night: NightSeen, block: int, arm: str, counts: bool) -> tuple[str, ...]:
    return (
        night.evening.isoformat(),
        f"{block}",
        arm,
        f"{counts:d}",
        _digits(night.value),
        _digits(night.done),
    )


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
