"""Pictures of a screened population: who was left, what is behind it, who should be seen.

Parts of SVG whose colours come from classes, so that they follow the page into the dark; they
work in grey. They draw what the summary shows and nothing else: a hidden count has no bar.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nightcramp.cohort.tables.disclosure import Shown
from nightcramp.cohort.tables.population import CohortSummary, People
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.report.cohort_words import (
    AGE_UNKNOWN,
    GROUP_WORDS,
    SEX_WORDS,
    age_words,
    of_hundred,
    sentence,
    steps_said,
    told,
    worth_telling,
)
from nightcramp.report.document import Picture
from nightcramp.report.drawing import LETTER, TYPE, lines_of, n, text

LINE, BAR, GAP = 16, 13, 11
"""Heights of a line of words, of a bar, and of the room below it."""
KINDS = {
    "ink": 'class="ink"',
    "soft": 'class="soft"',
    "tint": 'class="tint"',
    "outline": 'class="hollow" stroke-width="1.2"',
    "unexplained": 'class="none" stroke-width="2.4"',
    "hidden": 'class="hollow" stroke-width="1.2" stroke-dasharray="2 3"',
}
"""How a bar looks, from dark to light, then what stands apart from all."""
TOLD_APART: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("ink", noted("now or today"), ("emergency", "same_day")),
    ("soft", noted("within days"), ("soon",)),
    ("tint", noted("at an ordinary visit"), ("routine",)),
    ("outline", noted("nothing on record asks for it"), ("self_care",)),
)
"""Levels as they are drawn, the most urgent nearest to the middle."""
NOT_SHOWN = noted("level not shown: few people")
MIDDLE, COUNTS = 68, 46
"""Room for ages between the sexes, and for counts at the ends."""


@dataclass(frozen=True)
class Bar:
    """A named bar: how long as a part of the longest (None draws none), what is said of it."""

    label: str
    said: str
    part: float | None
    kind: str


def attrition_picture(summary: CohortSummary, width: float, title: str) -> Picture:
    """Return how many people each filter left, as bars that narrow."""
    most = max(step.left.count or 0 for step in summary.attrition)
    bars = [
        Bar(says, told(step.left), _part(step.left, most), "ink" if last else "soft")
        for says, step, last in steps_said(summary)
    ]
    return _bars(bars, width, "left", title, ("left-1-caption", _("People left")))


def _part(people: Shown, most: int) -> float | None:
    return people.count / most if people.count else None


def causes_picture(summary: CohortSummary, width: float, title: str) -> Picture:
    """Return the mean share of each group of causes, and what nothing explains."""
    parts = [(GROUP_WORDS[one.id], one.mean) for one in worth_telling(summary)]
    most = max([summary.unexplained or 0.0, *(mean or 0.0 for _name, mean in parts)]) or 1.0
    bars = [
        Bar(_(name), of_hundred(mean), None if mean is None else mean / most, "soft")
        for name, mean in parts
    ]
    left = summary.unexplained or 0.0
    bars.append(Bar(_(GROUP_WORDS["unexplained"]), of_hundred(left), left / most, "unexplained"))
    return _bars(bars, width, "causes", title, ("causes-1-caption", _("Causes by group")))


def _bars(
    bars: Sequence[Bar], width: float, name: str, title: str, table: tuple[str, str]
) -> Picture:
    parts, y = [], 0.0
    for bar in bars:
        said = len(bar.said) * LETTER + 12
        lines = lines_of(sentence(bar.label), width - said)
        for place, line in enumerate(lines):
            parts.append(text(0, y + TYPE + LINE * place, line))
        parts.append(text(width, y + TYPE, bar.said, anchor="end", bold=True))
        y += LINE * len(lines) + 3
        if bar.part is not None:
            parts.append(_box(1, y, max(1.5, (width - 2) * bar.part), bar.kind))
        y += BAR + GAP
    return Picture(
        id=f"picture-{name}",
        title=title,
        description=" ".join(f"{sentence(bar.label)}: {bar.said}." for bar in bars),
        width=width,
        height=y,
        body=f'<g font-size="{TYPE}">{"".join(parts)}</g>',
        table=table,
    )


def _box(x: float, y: float, wide: float, kind: str, high: float = BAR) -> str:
    """Return a bar; a tinted one is too pale to stand without its outline."""
    place = f'x="{n(x)}" y="{n(y)}" width="{n(wide)}" height="{n(high)}"'
    looks = ("tint", "outline") if kind == "tint" else (kind,)
    return "".join(f"<rect {KINDS[look]} {place}/>" for look in looks)


# --- people by age, sex and level ---


@dataclass(frozen=True)
class Sides:
    """Women to the left of the ages, men to the right, under one scale."""

    width: float
    most: int

    @property
    def room(self) -> float:
        """Return how long the longest bar is."""
        return (self.width - MIDDLE) / 2 - COUNTS

    def long(self, people: int) -> float:
        """Return how long the bar of some people is."""
        return self.room * people / self.most

    def at(self, sex: str, start: float, wide: float) -> float:
        """Return where a piece begins that lies `start` off the ages."""
        middle = self.width / 2
        off = MIDDLE / 2 + start
        return middle + off if sex == "male" else middle - off - wide


def people_picture(summary: CohortSummary, width: float, title: str) -> Picture:
    """Return people by age, women to the left and men to the right, by level."""
    drawn = [group for group in summary.groups if group.sex in ("female", "male")]
    sides = Sides(width, max([1, *(group.people.count or 0 for group in drawn)]))
    ages = list(dict.fromkeys(group.low for group in drawn))[::-1]
    parts = [*_heads(sides)]
    y = LINE + 6.0
    for low in ages:
        parts.append(_age(sides, y, low))
        parts += [part for group in drawn if group.low == low for part in _group(sides, y, group)]
        y += BAR + GAP
    legend, y = _legend(summary, width, y + 4)
    return Picture(
        id="picture-people",
        title=title,
        description=" ".join(_in_words(group) for group in drawn),
        width=width,
        height=y,
        body="".join([f'<g font-size="{TYPE}">', *parts, *legend, "</g>"]),
        table=("people-1-caption", _("People by age, sex and how soon they should be seen")),
    )


def _heads(sides: Sides) -> Iterator[str]:
    for sex, anchor in (("female", "end"), ("male", "")):
        yield text(sides.at(sex, 0, 0), TYPE, sentence(_(SEX_WORDS[sex])), anchor=anchor, bold=True)


def _age(sides: Sides, y: float, low: int | None) -> str:
    words = _("no age") if low is None else age_words(low, short=True)
    return text(sides.width / 2, y + BAR - 2, words, kind="soft", anchor="middle")


def _group(sides: Sides, y: float, group: People) -> Iterator[str]:
    """Yield a bar in pieces by level, the most urgent at the ages, and its count at the end."""
    start = 0.0
    for kind, people in _pieces(group):
        wide = sides.long(people)
        yield _box(sides.at(group.sex, start, wide), y, max(wide, 0.8), kind)
        start += wide
    end = sides.at(group.sex, start + 5, 0)
    anchor = "" if group.sex == "male" else "end"
    yield text(end, y + BAR - 2, told(group.people), anchor=anchor)


def _pieces(group: People) -> Iterator[tuple[str, int]]:
    """Yield (look, people) of a bar; what a hidden level leaves over stands last."""
    if group.people.count is None:
        return
    left = group.people.count
    for kind, _words, levels in TOLD_APART:
        counts = [group.levels[one].count for one in levels if one in group.levels]
        known = [count for count in counts if count is not None]
        if counts and len(known) == len(counts) and sum(known):
            yield kind, sum(known)
            left -= sum(known)
    if left:
        yield ("hidden" if group.levels else "soft"), left


def _legend(summary: CohortSummary, width: float, y: float) -> tuple[list[str], float]:
    """Return what the pieces mean, and where it ends."""
    looks = {kind for group in summary.groups for kind, _people in _pieces(group)}
    if not any(group.levels for group in summary.groups):
        return [], y
    named = [(kind, words) for kind, words, _levels in TOLD_APART if kind in looks]
    parts = []
    for kind, words in [*named, *([("hidden", NOT_SHOWN)] if "hidden" in looks else [])]:
        parts.append(_box(1, y, 18, kind, high=11))
        parts.append(text(26, y + 10, _(words)))
        y += LINE + 2
    return parts, y


def _in_words(group: People) -> str:
    age = _(AGE_UNKNOWN) if group.low is None else age_words(group.low)
    return f"{sentence(_(SEX_WORDS[group.sex]))}, {age}: {told(group.people)}."
