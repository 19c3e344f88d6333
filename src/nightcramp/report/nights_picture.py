"""Nights for a page: their signs, and the weeks as bars with how many nights were logged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from nightcramp.language import gettext as _
from nightcramp.language import ngettext, noted
from nightcramp.language.dates import short_month
from nightcramp.person.night import Night
from nightcramp.report.document import Picture
from nightcramp.report.drawing import TYPE, n, text
from nightcramp.report.findings_picture import PAGE, night_mark

DAY = dt.timedelta(days=1)
WEEK, MOST_OF_IT = 7, 5
"""Nights of a week, and from how many logged ones on its bar is full."""
SIGNS: Mapping[str, tuple[int | None, str]] = {
    "none": (0, noted("no cramp")),
    "one": (1, noted("one")),
    "two": (2, noted("two")),
    "more": (3, noted("three or more")),
    "unlogged": (None, noted("not logged")),
}
"""The five signs of a night by name, with the cramps they stand for and their words."""
WIDE, HIGH, TOP, FOOT = 360, 96, 22, 66
PIP = 5.0
TABLE = ("weeks-table", noted("week by week"))


class Week(Struct, frozen=True, kw_only=True):
    """One week, or what of it is shown: its first evening, and what was logged of it."""

    first: dt.date
    nights: int
    logged: int
    with_cramps: int
    cramps: int


def sign_of(cramps: int | None) -> str:
    """Return the name of the sign of a night."""
    shown = None if cramps is None else min(cramps, 3)
    return next(name for name, (count, _words) in SIGNS.items() if count == shown)


def sign_drawing(name: str) -> str:
    """Return a night's sign as parts of an SVG of 20 by 20."""
    return night_mark(PAGE, 10, 11, SIGNS[name][0])


def weeks_of(nights: Sequence[Night]) -> list[Week]:
    """Return nights that follow each other, those not logged too, by their weeks from Monday."""
    weeks: dict[dt.date, list[Night]] = {}
    for night in nights:
        monday = night.evening - DAY * night.evening.weekday()
        weeks.setdefault(monday, []).append(night)
    return [_week(of_week) for of_week in weeks.values()]


def _week(nights: list[Night]) -> Week:
    counts = [night.cramps for night in nights if night.cramps is not None]
    return Week(
        first=nights[0].evening,
        nights=len(nights),
        logged=len(counts),
        with_cramps=sum(count > 0 for count in counts),
        cramps=sum(counts),
    )


def weeks_picture(weeks: Sequence[Week]) -> Picture:
    """Return cramps a week as bars, with a dot for each night of the week, filled where logged."""
    wide = WIDE / max(len(weeks), 6)
    most = max([1, *(week.cramps for week in weeks)])
    parts = [f'<path class="grid" d="M0 {TOP + HIGH}H{WIDE}"/>']
    for place, week in enumerate(weeks):
        parts += _drawn(week, place * wide, wide, most, named=_is_named(weeks, place))
    parts += _legend(TOP + HIGH + FOOT + 22)
    return Picture(
        id="weeks",
        title=title_of(weeks),
        description=_("A bar a week; the table below holds the same numbers."),
        width=WIDE,
        height=TOP + HIGH + FOOT + 54,
        body=f'<g font-size="{TYPE}">{"".join(parts)}</g>',
        table=(TABLE[0], _(TABLE[1])),
    )


def title_of(weeks: Sequence[Week]) -> str:
    """Return what the weeks hold, in one sentence."""
    cramps, logged, nights = (
        sum(getattr(week, name) for week in weeks) for name in ("cramps", "logged", "nights")
    )
    said = ngettext(
        "{cramps} cramp in {weeks} weeks, with {logged} of {nights} nights logged.",
        "{cramps} cramps in {weeks} weeks, with {logged} of {nights} nights logged.",
        cramps,
    )
    return said.format(cramps=cramps, weeks=len(weeks), logged=logged, nights=nights)


def weeks_table(weeks: Sequence[Week]) -> tuple[list[str], list[list[str]]]:
    """Return (head, rows) of the table behind the picture."""
    head = [_("Week from"), _("Cramps"), _("Nights with cramp"), _("Nights logged")]
    rows = [
        [
            f"{week.first.day} {short_month(week.first)}",
            f"{week.cramps}" if week.logged else _("not logged"),
            f"{week.with_cramps}" if week.logged else _("not logged"),
            _("{logged} of {nights}").format(logged=week.logged, nights=week.nights),
        ]
        for week in weeks
    ]
    return head, rows


def _is_named(weeks: Sequence[Week], place: int) -> bool:
    """Return whether a week has its month below it: the first, and each that begins a month."""
    return place == 0 or weeks[place].first.month != weeks[place - 1].first.month


def _drawn(week: Week, x: float, wide: float, most: int, *, named: bool) -> Iterator[str]:
    middle, base = x + wide / 2, TOP + HIGH
    if week.logged:
        high = HIGH * week.cramps / most
        kind = "ink" if week.logged >= MOST_OF_IT else "hollow"
        bar = min(wide - 8, 22)
        box = f"v{n(-high)}h{n(bar)}v{n(high)}z"
        yield f'<path class="{kind}" d="M{n(middle - bar / 2)} {n(base)}{box}"/>'
        yield text(middle, base - high - 5, f"{week.cramps}", anchor="middle")
    for night in range(week.nights):
        kind = "ink" if night < week.logged else "hollow"
        y = base + 9 + night * (PIP + 1.5)
        yield f'<circle class="{kind}" cx="{n(middle)}" cy="{n(y)}" r="{n(PIP / 2 - 0.3)}"/>'
    if named:
        yield text(x + 2, base + FOOT, short_month(week.first), kind="soft")


def _legend(y: float) -> Iterator[str]:
    yield f'<circle class="ink" cx="5" cy="{n(y - 4)}" r="2.2"/>'
    yield text(14, y, _("a night logged"))
    yield f'<circle class="hollow" cx="145" cy="{n(y - 4)}" r="2.2"/>'
    yield text(154, y, _("a night not logged"))
    yield f'<path class="hollow" d="M1 {n(y + 20)}v-10h8v10z"/>'
    said = _("hollow bar: fewer than {nights} nights of that week logged")
    yield text(14, y + 20, said.format(nights=MOST_OF_IT))
