"""Published scores, with their own exact scoring; incomplete ones say so."""

from __future__ import annotations

from msgspec import Struct

from nightcramp.assess.known import Known
from nightcramp.knowledge.schema import Band, Instrument
from nightcramp.language import called
from nightcramp.language import gettext as _


class ItemScore(Struct, frozen=True, kw_only=True):
    """One item: whether it holds, and its points (None when unknown)."""

    id: str
    says: str
    holds: str
    points: float | None


class Score(Struct, frozen=True, kw_only=True):
    """The result of one instrument. `score` is None when it cannot be given."""

    id: str
    label: str
    score: float | None
    result: str
    complete: bool
    answered: int
    items: list[ItemScore]


def score_of(instrument: Instrument, known: Known) -> Score:
    """Score one instrument on what is known."""
    if instrument.applies and known.truth(instrument.applies) is not True:
        unsuited = _("does not apply here, or not known whether it does")
        return _score(instrument, None, unsuited, [])
    if instrument.kind == "path":
        return _walk(instrument, known)
    if instrument.kind == "linear":
        return _linear(instrument, known)
    return _sum(instrument, known)


def _sum(instrument: Instrument, known: Known) -> Score:
    items = []
    for item in instrument.items:
        truth = known.truth(item.when)
        points = {True: item.points, False: item.points_if_no, None: None}[truth]
        holds = {True: "yes", False: "no", None: "unknown"}[truth]
        items.append(ItemScore(id=item.id, says=item.says, holds=holds, points=points))
    answered = [item.points for item in items if item.points is not None]
    enough = len(answered) == len(items) if instrument.complete else bool(answered)
    total = sum(answered) if enough else None
    return _score(instrument, total, _band(instrument.bands, total, known), items)


def _linear(instrument: Instrument, known: Known) -> Score:
    values = [(term, known.call("lab", (term.lab,))) for term in instrument.terms]
    missing = [term.lab for term, value in values if value is None]
    if missing:
        return _score(instrument, None, _lacking(missing, known), [])
    results = [known.lab_result(term.lab) for term in instrument.terms]
    if len({result.days_ago for result in results if result}) > 1:
        return _score(instrument, None, _("needs results of one blood sample"), [])
    total = instrument.constant + sum(term.coefficient * value for term, value in values)
    return _score(instrument, total, _band(instrument.bands, total, known), [])


def _lacking(labs: list[str], known: Known) -> str:
    names = [called(lab, known.knowledge.labs[lab].label) for lab in labs]
    return _("needs {results}").format(results=", ".join(names))


def _walk(instrument: Instrument, known: Known) -> Score:
    steps = {step.id: step for step in instrument.steps}
    at, items = instrument.steps[0].id, []
    while at in steps:
        step = steps[at]
        truth = known.truth(step.when)
        holds = {True: "yes", False: "no", None: "unknown"}[truth]
        items.append(ItemScore(id=step.id, says=step.ask, holds=holds, points=None))
        at = {True: step.yes, False: step.no, None: step.unknown}[truth]
    return _score(instrument, None, at, items)


def _band(bands: list[Band], total: float | None, known: Known) -> str:
    if total is None:
        return _("not enough answers")
    for band in bands:
        if total >= band.at_least and known.truth(band.when):
            return band.label
    return ""


def _score(
    instrument: Instrument, total: float | None, result: str, items: list[ItemScore]
) -> Score:
    answered = sum(item.holds != "unknown" for item in items)
    return Score(
        id=instrument.id,
        label=instrument.label,
        score=total,
        result=result,
        complete=answered == len(items) and bool(items or instrument.terms),
        answered=answered,
        items=items,
    )
