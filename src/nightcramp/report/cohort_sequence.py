"""What came of medicines before a cramp marker, as text and as a document."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.cohort.content import MARKERS
from nightcramp.cohort.sequence import analysis as analysis
from nightcramp.cohort.sequence import case_series as series_of
from nightcramp.cohort.sequence import ratio as sequence_of
from nightcramp.cohort.sequence.analysis import Result, SequenceReport
from nightcramp.cohort.sequence.case_series import CaseSeries
from nightcramp.cohort.sequence.controls import Calibrated, ErrorSummary
from nightcramp.cohort.sequence.ratio import Ratio
from nightcramp.cohort.sequence.settings import Published, content
from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.lookup import name_of_medicine
from nightcramp.language import gettext as _
from nightcramp.language import language, noted, number
from nightcramp.report.cohort_sequence_picture import Group, Line, forest_picture
from nightcramp.report.document import AnyBlock, Bullets, Document, Para, Picture, Section, Table
from nightcramp.report.document_text import page_text
from nightcramp.report.trial_size import grouped

NONE = "–"

WITHHELD = {
    sequence_of.FEW_PAIRS: noted("too few people began both"),
    sequence_of.SMALL_CELL: noted("too few people on one side to tell"),
    sequence_of.NO_TREND: noted("nobody else shows what to expect by chance"),
    series_of.NO_CASE: noted("nobody has a first marker after the run-in"),
    series_of.FEW_EXPOSED: noted("too few people with a marker were on and off it"),
    series_of.ONE_SIDED: noted("all markers lie on one side"),
    series_of.NOT_SETTLED: noted("the likelihood has no highest point"),
}
NOTICES = {
    series_of.EVENT_FIRST: noted(
        "Cramps are more or less frequent shortly before {name} is begun than long before: the "
        "cramps may have had a part in the prescribing, and its case series is not to be trusted."
    ),
    series_of.NO_AGE: noted(
        "People whose age is not known are left out of the case series of {name}."
    ),
    series_of.COMMON: noted(
        "The marker is common. A case series of first markers takes them to be rare, and may be "
        "off by some per cent."
    ),
    analysis.RUN_IN_SHORT: noted(
        "First records of {name} or of the marker go on falling after the run-in: some of them "
        "are no starts. A longer run-in is safer."
    ),
    analysis.RUN_IN_UNKNOWN: noted(
        "Nobody was observed long enough to see whether the run-in is long enough for {name}."
    ),
}
TRENDS = {
    "rates": noted(
        "What chance would give is taken from people who do not take the medicine: how often they "
        "get the marker, month by month, by age and sex."
    ),
    "counts": noted(
        "What chance would give is taken from all new markers around the day of each start."
    ),
    "none": noted("Trends over time are not allowed for; the ratios are crude."),
}
LIMITS = (
    noted(
        "A marker is a prescription or a code, not a cramp. Cramps that nobody treats or writes "
        "down are not seen."
    ),
    noted(
        "Traits that never change (sex, build, lasting illness) cannot bend these ratios. What "
        "changes when a medicine is begun can: the illness it is for, more visits, other new "
        "medicines."
    ),
    noted(
        "A ratio says how much more often cramps are treated after the start. It says nothing "
        "about one person, and it is no reason to stop a medicine."
    ),
)


def sequence_text(found: SequenceReport) -> str:
    """Return the report for the terminal, at most 80 columns wide."""
    return page_text(sequence_document(found))


def sequence_document(found: SequenceReport) -> Document:
    """Return the report as a document."""
    markers = ", ".join(marker_name(one) for one in found.markers)
    return Document(
        language=language(),
        title=_("Medicines before cramps: {markers}").format(markers=markers),
        about=_(
            "nightcramp {version}; {people} people observed from {since} to {until}, {marked} of "
            "them with a first marker."
        ).format(
            version=found.version,
            people=grouped(found.people),
            since=found.since.isoformat(),
            until=found.until.isoformat(),
            marked=_count(found.marked, found),
        ),
        sections=(
            _answer(found),
            _numbers(found),
            *_controls(found),
            *_series(found),
            _run_ins(found),
            _limits(found),
        ),
    )


def medicine_name(identifier: str) -> str:
    """Return what a medicine or class is called; a class by its label."""
    group = knowledge().medicine_classes.get(identifier)
    return group.label if group else name_of_medicine(identifier)


def _first(name: str) -> str:
    return name[:1].upper() + name[1:]


def marker_name(identifier: str) -> str:
    """Return what a marker is called."""
    known = knowledge()
    if identifier in MARKERS:
        return _(MARKERS[identifier])
    if identifier in known.conditions:
        return known.conditions[identifier].label
    return name_of_medicine(identifier)


def _answer(found: SequenceReport) -> Section:
    blocks: list[AnyBlock] = [
        Para(text=_said(one, found), tone="lead" if place == 0 else "plain")
        for place, one in enumerate(found.results)
    ]
    blocks += [Para(text=text, tone="warning") for text in dict.fromkeys(_warnings(found))]
    if picture := _picture(found):
        blocks.append(picture)
    return Section(id="answer", title=_("What the order of starts shows"), blocks=tuple(blocks))


def _warnings(found: SequenceReport) -> Iterator[str]:
    for one in found.results:
        of_series = one.series.notices if one.series and one.series.ratio else ()
        for notice in (*one.notices, *of_series):
            yield _(NOTICES[notice]).format(name=medicine_name(one.id))


def _said(one: Result, found: SequenceReport) -> str:
    """Return what came out for a medicine in two or three sentences."""
    name = _first(medicine_name(one.id))
    seen = one.sequence
    if seen.ratio is None:
        return _("{name}: no ratio, {why}.").format(name=name, why=_(WITHHELD[seen.withheld]))
    parts = [
        _(
            "{name}: {after} people had the first marker within {days} days after the start, "
            "{before} within as many days before it. By chance there would be {expected} after for "
            "each one before."
        ).format(
            name=name,
            after=_count(seen.after, found),
            before=_count(seen.before, found),
            days=found.settings.window,
            expected=number(seen.expected or 0.0, ".2f"),
        ),
        _verdict(seen.ratio).format(ratio=_interval(seen.ratio)),
    ]
    if freed := one.sequence_calibrated:
        parts.append(
            _("Allowing for how far off medicines are that cannot matter: {ratio}.").format(
                ratio=_interval(freed.ratio)
            )
        )
    return " ".join(parts)


def _verdict(ratio: Ratio) -> str:
    if ratio.low > 1:
        return _("So cramps come {ratio} times as often after the start: more than by chance.")
    if ratio.high < 1:
        return _("So cramps come {ratio} times as often after the start: fewer than by chance.")
    return _("So cramps come {ratio} times as often after the start; this may be chance.")


def _picture(found: SequenceReport) -> Picture | None:
    groups = [
        group
        for one in (*found.results, *found.controls)
        if one in found.results or one.id not in found.members
        if (group := _group(one, control=one not in found.results)).lines
    ]
    if not any(line.mark != "published" for group in groups for line in group.lines):
        return None
    table = ("numbers-0-caption", _("the ratios in numbers"))
    return forest_picture(groups, _title(found), table)


def _group(one: Result, *, control: bool) -> Group:
    lines = []
    if one.sequence.ratio:
        lines.append(Line(mark="sequence", ratio=one.sequence.ratio))
    if one.series and one.series.ratio:
        lines.append(Line(mark="series", ratio=one.series.ratio))
    if one.published:
        lines.append(Line(mark="published", ratio=_of_published(one.published)))
    return Group(label=medicine_name(one.id), lines=tuple(lines), control=control)


def _of_published(one: Published) -> Ratio:
    return Ratio(value=one.ratio, low=one.low, high=one.high)


def _title(found: SequenceReport) -> str:
    """Return the finding that the picture shows."""
    more = [
        medicine_name(one.id)
        for one in found.results
        if one.sequence.ratio and one.sequence.ratio.low > 1
    ]
    if not more:
        return _("No medicine looked at is followed by more cramps than chance explains")
    return _("Followed by more cramps than chance explains: {names}").format(names=", ".join(more))


def _numbers(found: SequenceReport) -> Section:
    per_cent = number(100 * found.settings.confidence)
    ways = Table(
        caption=_("Times as often after the start, with {percent} % intervals").format(
            percent=per_cent
        ),
        head=(_("medicine"), _("by order of starts"), _("by case series"), _("published")),
        rows=tuple(_ways(one) for one in found.results),
        widths=(2, 2, 2, 2),
    )
    counts = Table(
        caption=_("People who began both, at most {days} days apart").format(
            days=found.settings.window
        ),
        head=(_("medicine"), _("began it"), _("after"), _("before"), _("crude"), _("by chance")),
        rows=tuple(_counts(one, found) for one in found.results),
        widths=(3, 1, 1, 1, 1, 1),
    )
    blocks: list[AnyBlock] = [ways, counts]
    if any(one.sequence_calibrated or one.series_calibrated for one in found.results):
        blocks.append(_freed(found))
    return Section(id="numbers", title=_("In numbers"), blocks=tuple(blocks))


def _ways(one: Result) -> tuple[str, ...]:
    published = _shown(_of_published(one.published)) if one.published else NONE
    return (
        medicine_name(one.id),
        _shown(one.sequence.ratio),
        _shown(one.series.ratio if one.series else None),
        published,
    )


def _counts(one: Result, found: SequenceReport) -> tuple[str, ...]:
    seen = one.sequence
    return (
        medicine_name(one.id),
        *(_count(count, found) for count in (seen.starters, seen.after, seen.before)),
        _number(seen.crude),
        _number(seen.expected),
    )


def _freed(found: SequenceReport) -> Table:
    return Table(
        caption=_("The same, freed of the error that controls show"),
        head=(
            _("medicine"),
            _("by order of starts"),
            _("p"),
            _("by case series"),
            _("p"),
        ),
        rows=tuple(
            (
                medicine_name(one.id),
                *_with_p(one.sequence_calibrated),
                *_with_p(one.series_calibrated),
            )
            for one in found.results
        ),
        widths=(2, 2, 1, 2, 1),
    )


def _with_p(one: Calibrated | None) -> tuple[str, str]:
    return (_shown(one.ratio), _p(one.p)) if one else (NONE, NONE)


def _p(value: float) -> str:
    return _("below {limit}").format(limit=number(0.001)) if value < 0.001 else number(value, ".3f")


def _controls(found: SequenceReport) -> Iterator[Section]:
    if not found.controls:
        return
    rows = tuple(
        (
            medicine_name(one.id),
            _count(one.sequence.after, found),
            _count(one.sequence.before, found),
            _shown(one.sequence.ratio),
            _shown(one.series.ratio if one.series else None),
        )
        for one in found.controls
    )
    told = [
        _("These medicines are not known to bring cramps, so their ratios should be near 1."),
        *_error("sequence", found.error, found),
        *_error("series", found.series_error, found),
    ]
    yield Section(
        id="controls",
        title=_("Negative controls"),
        blocks=(
            Bullets(items=tuple(told)),
            Table(
                caption=_("Medicines that cannot matter, looked at in the same way"),
                head=(
                    _("medicine"),
                    _("after"),
                    _("before"),
                    _("by order of starts"),
                    _("by case series"),
                ),
                rows=rows,
                widths=(3, 1, 1, 2, 2),
            ),
        ),
    )


def _error(way: str, error: ErrorSummary | None, found: SequenceReport) -> Iterator[str]:
    if way == "series" and not found.settings.case_series:
        return
    what = _("By order of starts") if way == "sequence" else _("By case series")
    if error is None:
        yield _("{way}: fewer than {least} controls give a ratio, too few to tell.").format(
            way=what, least=found.settings.least_controls
        )
        return
    yield _("{way}: {count} controls; one more would be off by {times} times.").format(
        way=what, count=error.controls, times=_interval(error.times)
    )


def _series(found: SequenceReport) -> Iterator[Section]:
    seen = [(one.id, one.series) for one in found.results if one.series]
    if not seen:
        return
    withheld = [
        _("{name}: no ratio, {why}.").format(
            name=_first(medicine_name(name)), why=_(WITHHELD[one.withheld])
        )
        for name, one in seen
        if one.withheld
    ]
    said = (
        _(
            "People with a marker, each beside themselves: in the {days} days after the start, and "
            "at other times. Age, season and calendar year are allowed for."
        ).format(days=found.settings.risk)
        if found.settings.risk_window == "after_start"
        else _(
            "People with a marker, each beside themselves: while they take it and {days} days on, "
            "and at other times. Age, season and calendar year are allowed for."
        ).format(days=found.settings.washout)
    )
    blocks: list[AnyBlock] = [
        Para(text=said),
        Table(
            caption=_("Times as often as at other times of the same people"),
            head=(
                _("medicine"),
                _("people"),
                _("on and off"),
                _("on"),
                _("{days} days before").format(days=found.settings.before),
            ),
            rows=tuple(_of_series(name, one, found) for name, one in seen),
            widths=(2, 1, 1, 2, 2),
        ),
    ]
    if withheld:
        blocks.append(Bullets(items=tuple(withheld)))
    yield Section(id="series", title=_("Case series"), blocks=tuple(blocks))


def _of_series(name: str, one: CaseSeries, found: SequenceReport) -> tuple[str, ...]:
    return (
        medicine_name(name),
        _count(one.cases, found),
        _count(one.exposed, found),
        _shown(one.ratio),
        _shown(one.early),
    )


def _run_ins(found: SequenceReport) -> Section:
    rows = tuple(
        (medicine_name(one.id), str(other.run_in), _shown(other.ratio))
        for one in found.results
        for other in one.other_run_ins
    )
    items = [_suggested(one.id, one.suggested_run_in, found) for one in found.waiting]
    blocks: list[AnyBlock] = [
        Para(
            text=_(
                "A first record is a start only where enough time without one comes first. A "
                "run-in that is too short takes old users for new ones."
            )
        ),
        Bullets(items=tuple(items)),
        Table(
            caption=_("Times as often after the start, by run-in"),
            head=(_("medicine"), _("run-in in days"), _("by order of starts")),
            rows=rows,
            widths=(3, 1, 2),
        ),
    ]
    return Section(id="run-in", title=_("What counts as begun"), blocks=tuple(blocks))


def _suggested(name: str, days: int | None, found: SequenceReport) -> str:
    what = _first(medicine_name(name)) if name else _("The marker")
    if days is None:
        return _("{what}: observed too briefly to see how long the run-in should be.").format(
            what=what
        )
    if days >= max(found.settings.run_ins):
        return _("{what}: first records still fall after the longest run-in looked at.").format(
            what=what
        )
    return _("{what}: first records come evenly after {days} days.").format(what=what, days=days)


def _limits(found: SequenceReport) -> Section:
    chosen = found.settings
    run_in = (
        _("A start counts after {days} days of observation without a record.").format(
            days=chosen.run_in
        )
        if chosen.run_in is not None
        else _("A start counts after as long without a record as the waiting times suggest.")
    )
    methods = content().methods
    cited = [*methods["sequence"], *methods["case_series"], *methods["controls"]]
    return Section(
        id="limits",
        title=_("How it was done, and limits"),
        blocks=(
            Bullets(
                items=(
                    run_in,
                    _(TRENDS[chosen.trend]),
                    _("Numbers of fewer than {count} people are not told.").format(
                        count=chosen.smallest_cell
                    ),
                    *(_(line) for line in LIMITS),
                    _("Methods: {cited}.").format(cited="; ".join(cited)),
                )
            ),
        ),
    )


def _count(count: int | None, found: SequenceReport) -> str:
    if count is None:
        return f"<{found.settings.smallest_cell}"
    return grouped(count)


def _number(value: float | None) -> str:
    return NONE if value is None else number(value, ".2f")


def _shown(ratio: Ratio | None) -> str:
    """Return a ratio as it stands in a table."""
    if ratio is None:
        return NONE
    low, high = number(ratio.low, ".2f"), number(ratio.high, ".2f")
    return f"{number(ratio.value, '.2f')} ({low}–{high})"


def _interval(ratio: Ratio) -> str:
    return _("{value} ({low} to {high})").format(
        value=number(ratio.value, ".2f"),
        low=number(ratio.low, ".2f"),
        high=number(ratio.high, ".2f"),
    )
