"""What a validation against a survey found, as text and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nightcramp.knowledge.loader import knowledge
from nightcramp.language import gettext as _
from nightcramp.language import language, noted, number
from nightcramp.report.document import AnyBlock, Bullets, Document, Para, Picture, Section, Table
from nightcramp.report.document_text import page_text
from nightcramp.report.trial_picture import PAGE
from nightcramp.report.validation_picture import Curve, curve_picture
from nightcramp.validation.design import Estimate
from nightcramp.validation.result import (
    BOOSTED,
    Group,
    GroupKind,
    OutcomeResult,
    Performance,
    Point,
    Validation,
)

NONE = "–"
STEPS = {
    "file": noted("people in the file"),
    "age": noted("of the age looked at"),
    "examined": noted("with a weight of the examination"),
    "answered": noted("answered about cramps"),
}
OUTCOMES = {
    "often": noted("Cramps five or more times a month"),
    "any": noted("Any cramps in the month"),
}
MODELS = {
    "nightcramp": noted("the assessment, with the derived slope"),
    "published": noted("the assessment as published, slope 1"),
    "independent": noted("without effects read off this round"),
    "age_and_sex": noted("age and sex alone"),
    BOOSTED: noted("boosted model, same inputs"),
}
DRAWN = {
    "nightcramp": noted("the assessment"),
    "age_and_sex": MODELS["age_and_sex"],
    BOOSTED: noted("boosted model"),
}
"""Models whose curves are drawn, and what they are called there."""
TENTHS = noted("Predicted beside observed, in tenths of the population")
KINDS: dict[GroupKind, str] = {
    "age": noted("By age"),
    "sex": noted("By sex"),
    "factor_group": noted("By group of factors that are present"),
    "factor": noted("By factor that is present"),
}
SEXES = {"": noted("all"), "male": noted("men"), "female": noted("women")}
GROUPS = {
    "circulation": noted("circulation"),
    "fluid": noted("too little fluid"),
    "habits": noted("habits"),
    "hormones": noted("hormones"),
    "medicines": noted("medicines"),
    "minerals": noted("minerals and vitamins"),
    "muscle": noted("muscles"),
    "nerves": noted("nerves"),
    "organs": noted("organs"),
    "other": noted("other causes"),
    "pregnancy": noted("pregnancy"),
    "sleep": noted("sleep"),
}
LIMITS = (
    noted(
        "A survey at one time: it shows who has cramps, not why. One recalled month, and no "
        "examination of the cramp."
    ),
    noted(
        "The derived map gives a base rate by age and sex, and one slope. No number of the "
        "knowledge was fitted to the survey by this command."
    ),
    noted("Intervals hold predictions as they are; they do not count how the map was fitted."),
    noted("What nobody answered or measured is unknown, never no."),
)


def validation_text(found: Validation) -> str:
    """Return the report for the terminal, at most 80 columns wide."""
    return page_text(document_of(found))


def document_of(found: Validation) -> Document:
    """Return the report as a document."""
    return Document(
        language=language(),
        title=_("The assessment held against {survey} {wave}").format(
            survey=found.survey, wave=found.wave
        ),
        about=_("nightcramp {version}; {file}. Weighted to the population.").format(
            version=found.version, file=found.file
        ),
        sections=(
            _aims(found),
            *(_outcome(one, found) for one in found.outcomes),
            _prevalence(found),
            _people(found),
            _limits(found),
        ),
    )


def _aims(found: Validation) -> Section:
    often = next(one for one in found.outcomes if one.outcome == "often")
    ours = model_of(often, "nightcramp")
    low, high = found.aims.slope
    slope, way = ours.slope.value, often.way.value
    rows = [
        (
            _("area under the curve"),
            _("{aim} or more").format(aim=number(found.aims.auc, ".2f")),
            interval(ours.auc, ".3f"),
            _reached(ours.auc.value, found.aims.auc),
        ),
        (
            _("of the way from age and sex to the boosted model"),
            _("{aim} or more").format(aim=number(found.aims.way, ".2f")),
            interval(often.way, ".2f"),
            _reached(way, found.aims.way),
        ),
        (
            _("calibration slope"),
            _("{low} to {high}").format(low=number(low), high=number(high)),
            interval(ours.slope, ".2f"),
            _yes(None if slope is None else low <= slope <= high),
        ),
    ]
    return Section(
        id="aims",
        title=_("Aims and what was reached"),
        blocks=(
            Table(
                caption=_(OUTCOMES["often"]),
                head=(_("what"), _("aim"), _("reached (95 % interval)"), _("there")),
                rows=tuple(rows),
                widths=(3, 1.4, 2, 1),
            ),
        ),
    )


def _reached(value: float | None, aim: float) -> str:
    return _yes(None if value is None else value >= aim)


def _yes(so: bool | None) -> str:
    if so is None:
        return NONE
    return _("yes") if so else _("no")


def model_of(outcome: OutcomeResult, name: str) -> Performance:
    """Return how one model did for an outcome."""
    return next(one for one in outcome.models if one.model == name)


def _outcome(one: OutcomeResult, found: Validation) -> Section:
    blocks: list[AnyBlock] = [
        Para(
            text=_("{cases} people; {rate} of the population.").format(
                cases=one.cases, rate=percent(one.rate)
            ),
            tone="lead",
        ),
        _models(one),
        Bullets(items=tuple(_remarks(one))),
        _picture(one),
        _tenths(one),
    ]
    blocks += [_groups(one, kind) for kind in KINDS]
    return Section(id=one.outcome, title=_(OUTCOMES[one.outcome]), blocks=tuple(blocks))


def _models(one: OutcomeResult) -> Table:
    rows = tuple(
        (
            _(MODELS[m.model]),
            interval(m.auc, ".3f"),
            interval(m.slope, ".2f"),
            interval(m.intercept, ".2f"),
            interval(m.brier, ".4f"),
            _number(m.scaled_brier.value, ".3f"),
        )
        for m in one.models
    )
    return Table(
        caption=_("Models, with 95 % intervals"),
        head=(
            _("model"),
            _("area"),
            _("slope"),
            _("intercept"),
            _("Brier score"),
            _("scaled"),
        ),
        rows=rows,
        widths=(3, 2, 2, 2, 2, 1),
    )


def _remarks(one: OutcomeResult) -> Iterator[str]:
    if one.way.value is not None:
        yield _(
            "From age and sex to the boosted model, the assessment covers {way} of the way in area."
        ).format(way=interval(one.way, ".2f"))
    if one.outcome == "often":
        yield _(
            "Against people who never have cramps, those with fewer left out, the area is {area}."
        ).format(area=interval(one.against_never, ".3f"))
    yield _(
        "At the same age and sex, log odds rise by {slope} for each unit of the assessment's log "
        "multiplier; 1 means that the published ratios are right on the whole."
    ).format(slope=interval(one.slope_of_multiplier, ".2f"))


def _picture(one: OutcomeResult) -> Picture:
    """Return the curves; their table stands below it, the fifth block of its section."""
    curves = [Curve(_(DRAWN[m.model]), _beside(m), m.curve) for m in one.models if m.model in DRAWN]
    table = (f"{one.outcome}-4-caption", _(TENTHS))
    return curve_picture(curves, one.outcome, PAGE, _curve_title(one), table)


def _beside(of: Performance) -> str:
    return _("slope {slope}; holds in {held} of {told} tenths").format(
        slope=interval(of.slope, ".2f"), held=_held(of.curve), told=_told(of.curve)
    )


def _held(points: Sequence[Point]) -> int:
    return sum(point.holds is True for point in points)


def _told(points: Sequence[Point]) -> int:
    return sum(point.holds is not None for point in points)


def _curve_title(one: OutcomeResult) -> str:
    """Return in how many tenths the assessment holds, and how it does in the highest."""
    points = model_of(one, "nightcramp").curve
    if not _told(points):
        return _("{outcome}: in no tenth of the population is there an interval.").format(
            outcome=_(OUTCOMES[one.outcome])
        )
    return _(
        "{outcome}: in {held} of {told} tenths of the population the interval of what was observed "
        "holds what the assessment predicted. In the highest tenth it predicted {predicted} of "
        "100; {observed} were observed."
    ).format(
        outcome=_(OUTCOMES[one.outcome]),
        held=_held(points),
        told=_told(points),
        predicted=number(100 * points[-1].predicted, ".0f"),
        observed=interval(_times_100(points[-1].observed), ".0f"),
    )


def _tenths(one: OutcomeResult) -> Table:
    drawn = [(m, _(DRAWN[m.model])) for m in one.models if m.model in DRAWN]
    rows = tuple(_tenth(name, point) for m, name in drawn for point in m.curve)
    return Table(
        caption=_(TENTHS),
        head=(
            _("model, tenth"),
            _("people"),
            _("predicted"),
            _("observed (95 % interval)"),
            _("holds"),
        ),
        rows=rows,
        widths=(2.4, 1, 1, 2, 1),
    )


def _tenth(name: str, point: Point) -> tuple[str, ...]:
    return (
        f"{name}, {point.tenth}",
        str(point.people),
        _percent(point.predicted),
        percent(point.observed),
        _yes(point.holds),
    )


def _groups(one: OutcomeResult, kind: GroupKind) -> Table:
    rows = tuple(_group(group) for group in one.groups if group.kind == kind)
    return Table(
        caption=_(KINDS[kind]),
        head=(
            _("group"),
            _("people"),
            _("cases"),
            _("predicted"),
            _("observed (95 % interval)"),
            _("observed / predicted"),
            _("area"),
            _("slope"),
        ),
        rows=rows,
        widths=(2.4, 1, 1, 1, 2, 2, 1.6, 1),
    )


def _group(group: Group) -> tuple[str, ...]:
    return (
        _named(group),
        str(group.people),
        str(group.cases),
        _percent(group.predicted),
        percent(group.observed),
        interval(group.ratio, ".2f"),
        interval(group.auc, ".2f"),
        _number(group.slope.value, ".2f"),
    )


def _named(group: Group) -> str:
    if group.kind == "factor" and group.id in knowledge().factors:
        return knowledge().factors[group.id].label
    words = {"sex": SEXES, "factor_group": GROUPS}.get(group.kind, {})
    return _(words[group.id]) if group.id in words else group.id


def _prevalence(found: Validation) -> Section:
    rows = tuple(
        (
            f"{one.age or _('all ages')}, {_(SEXES[one.sex])}",
            str(one.people),
            percent(one.any),
            percent(one.mild),
            percent(one.often),
        )
        for one in found.prevalence
    )
    return Section(
        id="prevalence",
        title=_("How many have cramps"),
        blocks=(
            Table(
                caption=_("Of the population, with 95 % intervals"),
                head=(
                    _("age and sex"),
                    _("people"),
                    _("any"),
                    _("one to four a month"),
                    _("five or more a month"),
                ),
                rows=rows,
                widths=(2, 1, 2, 2, 2),
            ),
        ),
    )


def _people(found: Validation) -> Section:
    rows = tuple((_(STEPS[one.step]), str(one.people)) for one in found.left)
    design = _("{strata} strata, {clusters} clusters; {inputs} inputs for the boosted model.")
    items = [
        design.format(strata=found.strata, clusters=found.clusters, inputs=found.inputs),
        _("Of {lines} lines of medicines, {unread} name nothing that is known here.").format(
            lines=found.medicine_lines, unread=found.unrecognised_lines
        ),
    ]
    if found.impossible:
        names = ", ".join(f"{name} ({count})" for name, count in sorted(found.impossible.items()))
        items.append(
            _("Values that are not possible count as unknown: {names}.").format(names=names)
        )
    if found.absent:
        names = ", ".join(found.absent)
        items.append(_("No column of this file tells of: {names}.").format(names=names))
    return Section(
        id="people",
        title=_("Who was looked at"),
        blocks=(
            Table(
                caption=_("People left"), head=(_("step"), _("people")), rows=rows, widths=(3, 1)
            ),
            Bullets(items=tuple(items)),
        ),
    )


def _limits(found: Validation) -> Section:
    items = [_(line) for line in LIMITS]
    if found.map == "crossed":
        items.insert(
            0,
            _(
                "This is the round the map was derived from: each tenth of the clusters was "
                "predicted by a map fitted to the others."
            ),
        )
    else:
        items.insert(0, _("The kept map was used unchanged; this round had no part in it."))
    if found.own_sources:
        items.insert(
            1,
            _(
                "Some effects in the knowledge were read off this very round ({sources}), so it "
                "flatters them; the line without them shows by how much."
            ).format(sources=", ".join(found.own_sources)),
        )
    if not any(one.model == BOOSTED for outcome in found.outcomes for one in outcome.models):
        items.append(
            _(
                "The boosted model was left out, by choice or because its library is missing "
                "(`pip install 'nightcramp[validate]'`)."
            )
        )
    return Section(id="limits", title=_("Limits"), blocks=(Bullets(items=tuple(items)),))


def interval(estimate: Estimate, form: str) -> str:
    """Return an estimate with its interval."""
    if estimate.value is None:
        return NONE
    value = number(estimate.value, form)
    if estimate.low is None or estimate.high is None:
        return value
    low, high = number(estimate.low, form), number(estimate.high, form)
    return _("{value} ({low} to {high})").format(value=value, low=low, high=high)


def percent(estimate: Estimate) -> str:
    """Return a proportion in per cent with its interval."""
    return interval(_times_100(estimate), ".1f") + (" %" if estimate.value is not None else "")


def _times_100(estimate: Estimate) -> Estimate:
    values = {
        name: None if value is None else 100 * value
        for name in ("value", "se", "low", "high")
        if (value := getattr(estimate, name)) is not None or name == "value"
    }
    return Estimate(**values)


def _percent(value: float) -> str:
    return f"{number(100 * value, '.1f')} %"


def _number(value: float | None, form: str) -> str:
    return NONE if value is None else number(value, form)
