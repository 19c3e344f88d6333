"""Causes as pages show them: how much, how sure, and the balance of what speaks for and against."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from nightcramp.assess.assessment import Assessment, Explanation, Share
from nightcramp.assess.ledger import Evidence
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import number
from nightcramp.report.explain import score_line, share_lines, source_keys, standing
from nightcramp.report.share_picture import ShareRow, share_rows
from nightcramp.report.sourced import Citations, LineView, SourceView, line_view
from nightcramp.report.terminal import likely_syndromes, ruled_out_first
from nightcramp.report.words import LADDER_MARKS, LADDER_WORDS, counted


class CauseView(Struct, frozen=True, kw_only=True):
    """One possible cause, ready to be shown with its ledger.

    `sure` is the word of the ladder and `mark` its sign; both are "" for emergencies, which
    no list of answers can weigh. `size` is "" where no part of the cramps is given.
    """

    number: int
    label: str
    clinical: str
    sure: str
    ladder: str
    mark: str
    size: str
    standing: list[str]
    start: LineView | None
    speaks_for: list[LineView]
    against: list[LineView]
    unknown: list[LineView]
    effect: list[str]
    scores: list[str]
    honest: str
    sources: list[SourceView]


def first_causes(found: Assessment, known: Knowledge) -> list[Explanation]:
    """Return what is shown first: in the picture, suspected, likely, or to be ruled out."""
    likely = {s.id for s in likely_syndromes(found, known)}
    drawn = {row.id for row in rows_of(found, known)}
    return [
        item
        for item in found.explanations
        if item.flagged or item.id in drawn or item.id in likely or item.ladder not in PLAIN
    ]


PLAIN = frozenset({"possible", ""})


def rows_of(found: Assessment, known: Knowledge) -> list[ShareRow]:
    """Return the rows of the picture; none where nothing may be counted or it is no cramp."""
    cramp = next(s for s in found.syndromes if s.id == "night_cramp")
    if ruled_out_first(found) or cramp.probability < 0.1:
        return []
    return share_rows(found, known.model)


def cause_views(items: list[Explanation], found: Assessment, known: Knowledge) -> list[CauseView]:
    """Return causes as they are shown, in their order."""
    drawn = {row.id: row for row in rows_of(found, known) if row.id}
    counts = not ruled_out_first(found)
    places = {item.id: place for place, item in enumerate(found.explanations, 1)}
    return [
        cause_view(item, places[item.id], found, known, drawn.get(item.id), counts=counts)
        for item in items
    ]


def cause_view(
    item: Explanation,
    place: int,
    found: Assessment,
    known: Knowledge,
    row: ShareRow | None,
    *,
    counts: bool,
) -> CauseView:
    """Return one cause. `counts`: whether numbers may be given at all."""
    share = next((s for s in found.shares if s.id == item.id), None)
    emergency = item.kind == "emergency"
    sure = "" if emergency or item.flagged else item.ladder
    cited = Citations(known.sources)
    cited.numbers(source_keys(item, share))
    weighed = counts and not emergency
    return CauseView(
        number=place,
        label=item.label,
        clinical=item.clinical if item.clinical != item.label else "",
        sure=_(LADDER_WORDS[sure]) if sure else "",
        ladder=sure,
        mark=LADDER_MARKS[sure][1] if sure else "!",
        size=_size(row),
        standing=list(standing(item, found)) if counts else _must(item),
        start=_start(item.start, cited) if weighed else None,
        speaks_for=[_line(line, cited, weighed) for line in item.supports],
        against=[_line(line, cited, weighed) for line in item.against],
        unknown=[line_view(line, cited, weighed=False) for line in item.unknown],
        effect=list(_effect(share)) if share and weighed else [],
        scores=[score_line(score) for score in item.scores],
        honest=item.tell,
        sources=cited.views(),
    )


def _size(row: ShareRow | None) -> str:
    if row is None:
        return ""
    size = _("{count} of 12 cramps (it could be {spread})")
    return size.format(count=counted(row.count), spread=row.spread)


def _must(item: Explanation) -> list[str]:
    """Return what may be said while an emergency must be ruled out."""
    return [_("A warning sign points here: it must be ruled out first.")] if item.flagged else []


def _start(line: Evidence, cited: Citations) -> LineView:
    return LineView(
        says=f"{line.says} ({number(line.ratio, '.3g')})",
        rests_on=line_view(line, cited).rests_on,
        note=line.note,
        sources=cited.numbers(line.source),
    )


def _line(line: Evidence, cited: Citations, weighed: bool) -> LineView:
    view = line_view(line, cited)
    return view if weighed else LineView(says=view.says, sources=view.sources)


def _effect(share: Share) -> Iterator[str]:
    """Yield what the size rests on; the size itself stands beside the cause."""
    yield from list(share_lines(share))[1:]
