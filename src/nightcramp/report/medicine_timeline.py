"""When each medicine began, beside when the cramps began: as a picture and as its table."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.lookup import name_of_medicine
from nightcramp.language import gettext as _
from nightcramp.language import ngettext
from nightcramp.language.dates import month
from nightcramp.person.fact import DoseChange, Fact, MedicineUse
from nightcramp.person.facts import use_of
from nightcramp.report.drawing import TYPE, lines_of, n, text

WIDTH, LEFT, RIGHT, SIZE, LINE, BOLD, BOLDER = 340, 8, 332, 15, 20, 9.0, 1.15
SHORTEST, LONGEST, TIMES = 90.0, 730.0, 3.0
"""The scale shows at least and at most so many days, or so many times those with cramps."""
NEAR = 61
"""Within so many days a date is told to the day, before that by its month."""
INK, HAIR, ACCENT, TAKEN = "#211d1a", "#8d8379", "#b3330a", "#0f5f8c"


class MedicineTime(Struct, frozen=True, kw_only=True):
    """One medicine in time, in days ago; `since` is None where nobody told when it began."""

    label: str
    dose: str
    taking: bool | None
    since: float | None
    stopped: float | None
    changes: list[DoseChange]


class Timeline(Struct, frozen=True, kw_only=True):
    """The picture with the sentence that it shows and the table behind it."""

    title: str
    svg: str
    head: list[str]
    table: list[list[str]]


def medicine_times(facts: Sequence[Fact], known: Knowledge) -> list[MedicineTime]:
    """Return the medicines told, each statement once, those begun last first."""
    times = [_time(fact.id, use_of(fact), known) for fact in facts]
    kept = [item for place, item in enumerate(times) if item not in times[:place]]
    return sorted(kept, key=lambda item: (item.since is None, item.since or 0.0, item.label))


def _time(identifier: str, use: MedicineUse, known: Knowledge) -> MedicineTime:
    group = known.medicine_classes.get(identifier)
    return MedicineTime(
        label=group.label if group else name_of_medicine(identifier),
        dose=use.dose,
        taking=use.taking,
        since=use.since_days,
        stopped=use.stopped_days,
        changes=list(use.changes),
    )


def timeline(times: Sequence[MedicineTime], onset: float | None, today: dt.date) -> Timeline:
    """Return medicines against the onset of the cramps, both in days before today."""
    head = [_("medicine"), _("dose"), _("taken"), _("changes of dose"), _("beside the cramps")]
    rows = [_row(item, onset, today) for item in times]
    title = _title(times, onset)
    return Timeline(title=title, svg=_svg(times, onset, today, title, rows), head=head, table=rows)


def _row(item: MedicineTime, onset: float | None, today: dt.date) -> list[str]:
    changes = "; ".join(_change(change, today) for change in item.changes)
    return [item.label, item.dose, taken(item, today), changes, beside(item, onset)]


def _title(times: Sequence[MedicineTime], onset: float | None) -> str:
    if onset is None:
        return _("When the cramps began was not told, so no medicine can be held against it")
    near = [item for item in times if item.since is not None and 0 <= item.since - onset <= 92]
    if near:
        names = ", ".join(item.label for item in near)
        return _("Begun in the three months before the cramps: {names}").format(names=names)
    return _("No medicine is known to have begun in the three months before the cramps")


def taken(item: MedicineTime, today: dt.date) -> str:
    """Return since when or from when to when a medicine was taken, in words."""
    start = _("start not told") if item.since is None else _when(item.since, today)
    if item.stopped is not None:
        return _("{start}, stopped {end}").format(start=start, end=_when(item.stopped, today))
    if item.taking is False:
        return _("{start}, not taken now").format(start=start)
    return start if item.since is None else _("since {start}").format(start=start)


def _change(change: DoseChange, today: dt.date) -> str:
    words = {"raised": _("raised"), "lowered": _("lowered"), "changed": _("changed")}
    when = "" if change.days_ago is None else f" {_when(change.days_ago, today)}"
    return f"{words[change.direction]}{when}"


def beside(item: MedicineTime, onset: float | None) -> str:
    """Return how long before or after the onset of the cramps a medicine was begun."""
    if item.since is None or onset is None:
        return _("not known")
    lag = item.since - onset
    if abs(lag) < 1:
        return _("begun on the same day")
    form = _("begun {span} before the cramps") if lag > 0 else _("begun {span} after the cramps")
    return form.format(span=span_words(abs(lag)))


def span_words(days: float) -> str:
    """Return a length of time in the unit that people would use."""
    for unit, least in ((365.25, 730), (30.44, 92), (7, 21), (1, 0)):
        if days >= least:
            count = round(days / unit)
            return _units(unit, count).format(count=count)
    return ""


def _units(unit: float, count: int) -> str:
    if unit == 1:
        return ngettext("{count} day", "{count} days", count)
    if unit == 7:
        return ngettext("{count} week", "{count} weeks", count)
    if unit < 100:
        return ngettext("{count} month", "{count} months", count)
    return ngettext("{count} year", "{count} years", count)


def _when(days_ago: float, today: dt.date) -> str:
    date = today - dt.timedelta(days=round(days_ago))
    if days_ago <= NEAR:
        form = _("{day} {month} {year}")
        return form.format(day=date.day, month=month(date), year=f"{date:%Y}")
    return _("about {month} {year}").format(month=month(date), year=f"{date:%Y}")


def _span(times: Sequence[MedicineTime], onset: float | None) -> float:
    """Return how many days the scale shows; what is older reaches beyond its left end."""
    most = max(SHORTEST, TIMES * onset if onset else 0.0, LONGEST)
    told = [onset, *(item.since for item in times), *(item.stopped for item in times)]
    within = [days for days in told if days is not None and days <= most]
    if onset is not None and onset > most:
        within.append(onset)
    return max([SHORTEST, *within]) * 1.1


def _svg(
    times: Sequence[MedicineTime],
    onset: float | None,
    today: dt.date,
    title: str,
    rows: list[list[str]],
) -> str:
    span = _span(times, onset)

    def at(days: float) -> float:
        return RIGHT - (RIGHT - LEFT) * min(days / span, 1.0)

    began = "" if onset is None else _("cramps began {when}").format(when=_when(onset, today))
    above = _lines(began, BOLDER) if began else []
    top = 8.0 + (LINE * (len(above) + 1) if above else 0)
    parts: list[str] = []
    for item in times:
        top = _bar(item, at, span, top, today, parts)
        if onset is not None:
            parts.append(_onset_line(at(onset), top - 28, top - 8))
    if onset is not None:
        parts += _onset(at(onset), above)
    parts += _scale(top, span, today)
    told = " ".join(f"{row[0]}: {row[2]}, {row[4]}." for row in rows)
    return (
        f'<svg class="timeline" viewBox="0 0 {WIDTH} {n(top + 34)}" role="img" '
        f'aria-labelledby="timeline-title timeline-words" font-size="{SIZE}" fill="{INK}">'
        f'<title id="timeline-title">{html.escape(title)}</title>'
        f'<desc id="timeline-words">{html.escape(told)}</desc>{"".join(parts)}</svg>'
    )


def _bar(
    item: MedicineTime,
    at: Callable[[float], float],
    span: float,
    top: float,
    today: dt.date,
    parts: list[str],
) -> float:
    """Add a medicine's name and the time it was taken; return where the next one begins."""
    named = _lines(f"{item.label} {item.dose}".strip(), BOLDER)
    said = _lines(taken(item, today))
    for place, line in enumerate([*named, *said]):
        bold = place < len(named)
        kind = "ink" if bold else "soft"
        parts.append(text(LEFT, top + 15 + LINE * place, line, kind=kind, bold=bold))
    y = top + LINE * (len(named) + len(said)) + 10
    end = at(item.stopped or 0.0) if item.taking is not False or item.stopped else RIGHT
    if item.since is None:
        parts.append(
            f'<path class="taken" stroke="{TAKEN}" stroke-width="3" stroke-dasharray="2 7" '
            f'd="M{LEFT} {n(y)}H{n(end)}"/>'
        )
    else:
        start = at(item.since)
        line = f"M{n(start)} {n(y)}H{n(end)}"
        parts.append(f'<path class="taken" stroke="{TAKEN}" stroke-width="8" d="{line}"/>')
        if item.since > span:
            parts.append(f'<path class="ink" d="M{LEFT - 6} {n(y)}l9 -7v14z"/>')
        parts += _changes(item, at, y)
    return y + 18


def _changes(item: MedicineTime, at: Callable[[float], float], y: float) -> Iterator[str]:
    for change in item.changes:
        if change.days_ago is not None:
            x = at(change.days_ago)
            turn = -9 if change.direction != "lowered" else 9
            yield f'<path class="ink" d="M{n(x - 6)} {n(y)}h12l-6 {turn}z"/>'


def _onset(x: float, lines: list[str]) -> Iterator[str]:
    """Yield when the cramps began, in words that stay on the picture, with a mark below."""
    width = max(len(line) for line in lines) * BOLD
    left = max(LEFT, min(x - width / 2, RIGHT - width))
    for place, line in enumerate(lines, 1):
        yield text(left, LINE * place - 5, line, kind="onset", bold=True)
    point = f"M{n(x - 6)} {n(LINE * len(lines) + 2)}h12l-6 9z"
    yield f'<path class="onset" fill="{ACCENT}" d="{point}"/>'


def _onset_line(x: float, top: float, bottom: float) -> str:
    """Return the piece of the onset's line that crosses one medicine."""
    return (
        f'<path class="onset-line" stroke="{ACCENT}" stroke-width="3" '
        f'd="M{n(x)} {n(top)}V{n(bottom)}"/>'
    )


def _scale(top: float, span: float, today: dt.date) -> Iterator[str]:
    yield f'<path class="hair" stroke="{HAIR}" d="M{LEFT} {n(top)}H{RIGHT}"/>'
    yield text(LEFT, top + 20, _when(span, today), kind="soft")
    yield text(RIGHT, top + 20, _("today"), kind="soft", anchor="end")


def _lines(words: str, wider: float = 1.0) -> list[str]:
    return lines_of(words, (RIGHT - LEFT) * TYPE / SIZE / wider)
