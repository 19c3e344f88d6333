"""The page for the person's doctor, to be shown, printed, or opened by a link."""

from __future__ import annotations

from nightcramp.app.asked import Asked
from nightcramp.app.pages.result import facts_of
from nightcramp.app.routes import Download, File, Route, View
from nightcramp.assess.assessment import assess
from nightcramp.knowledge.loader import knowledge
from nightcramp.report.visit import DoctorPage, doctor_of, pattern_of, weeks_of


def doctor(asked: Asked) -> DoctorPage:
    """Return the page for the person's doctor."""
    today, record = asked.clock.now.date(), asked.record
    facts = facts_of(record, asked)
    if facts is None:
        return DoctorPage(
            there=False,
            made_on=today,
            pattern=pattern_of(None, record.nights, today),
            weeks=weeks_of(record.nights),
        )
    found = assess(facts, questions=0)
    return doctor_of(found, facts, record.nights, knowledge(), today)


def doctor_pdf(asked: Asked) -> File:
    """Return the page as PDF."""
    from nightcramp.report.visit_pdf import visit_pdf

    content = visit_pdf(doctor(asked), asked.clock.now)
    return File(name="nightcramp.pdf", kind="application/pdf", content=content)


ROUTES: tuple[Route, ...] = (
    View(
        "/doctor",
        doctor,
        "doctor.html",
        "One page for the person's doctor, with nights and sources on a second.",
        readers=True,
    ),
    Download(
        "/doctor/page.pdf",
        doctor_pdf,
        "The same as a PDF for printing.",
        kind="application/pdf",
        readers=True,
    ),
)
