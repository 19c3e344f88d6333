"""The ledger of one explanation: each piece of evidence, how it moved, its source."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.assess.assessment import Assessment, Explanation, Share
from nightcramp.assess.ledger import Evidence
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Source
from nightcramp.report.terminal import in_ten
from nightcramp.report.words import STATUS_WORDS, of_twelve, twelve_range, wrap


def citation(source: Source) -> str:
    """Return a citation on one line, with its DOI or PMID."""
    parts = [source.authors, source.year, source.title, source.journal]
    parts += [
        f"doi:{source.doi}" if source.doi else "",
        f"PMID {source.pmid}" if source.pmid else "",
    ]
    return ". ".join(part.rstrip(".") for part in parts if part)


def explanation_text(item: Explanation, found: Assessment, knowledge: Knowledge) -> str:
    """Return the whole ledger of one explanation as text."""
    lines = [f"{item.label}", wrap(item.clinical), ""]
    lines += list(_standing(item, found))
    if item.kind != "emergency":
        lines += ["", "Where it starts", *_start(item)]
    lines += ["", "For", *_evidence(item.supports)]
    lines += ["", "Against", *_evidence(item.against)]
    lines += ["", "Not known", *_unknown(item.unknown)]
    share = next((s for s in found.shares if s.id == item.id), None)
    if share:
        lines += ["", "How much it could explain", *_share(share)]
    if item.scores:
        lines += ["", "Scores for side effects of medicines", *_scores(item)]
    if item.tell:
        lines += ["", "To be honest", wrap(item.tell)]
    lines += ["", "Sources", *_sources(item, share, knowledge)]
    return "\n".join(lines) + "\n"


def _standing(item: Explanation, found: Assessment) -> Iterator[str]:
    rank = [e.id for e in found.explanations].index(item.id) + 1
    if item.flagged:
        yield wrap("A warning sign points here: it must be ruled out first.")
    elif item.kind != "emergency":
        yield wrap(f"Number {rank} of {len(found.explanations)} explanations; {item.ladder}.")
    if item.kind == "emergency":
        yield wrap(
            "No list of answers can rule this out. If a warning sign appears, be seen at once."
        )
    if item.kind == "mimic":
        yield wrap(f"Among the things this could be: {in_ten(item.weight)}.")


def _start(item: Explanation) -> Iterator[str]:
    line = item.start
    yield wrap(f"{line.says} ({line.ratio:.3g})", 4, "  * ")
    source = f"; {', '.join(line.source)}" if line.source else ""
    yield wrap(f"{STATUS_WORDS[line.status]}{source}", 6)


def _evidence(lines: list[Evidence]) -> Iterator[str]:
    if not lines:
        yield "  nothing"
    for line in lines:
        yield wrap(f"{_said(line)}  x {line.ratio:.2g}", 4, "  * ")
        source = f"; {', '.join(line.source)}" if line.source else ""
        yield wrap(f"{STATUS_WORDS[line.status]}{source}", 6)
        if line.note:
            yield wrap(line.note, 6)


def _said(line: Evidence) -> str:
    return f"not so: {line.says}" if line.holds == "no" else line.says


def _unknown(lines: list[Evidence]) -> Iterator[str]:
    if not lines:
        yield "  nothing that would count"
    for line in lines:
        yield wrap(line.says, 4, "  ? ")


def _share(share: Share) -> Iterator[str]:
    effect = share.effects[0]
    yield wrap(
        f"{of_twelve(share.share)} of 12 cramps (it could be {twelve_range(share.low, share.high)})"
    )
    yield wrap(f"Chance that it is there: {share.presence:.0%}.")
    yield wrap(
        f"Effect: {effect.measure} {effect.ratio:g} ({effect.low:g} to {effect.high:g}), "
        f"{effect.population}; {STATUS_WORDS[effect.status]}, grade {effect.grade}, taken to be "
        f"causal with probability {effect.credibility:g} (a choice)."
    )
    if effect.note:
        yield wrap(effect.note)
    yield wrap(
        f"Your own pattern makes it {share.pattern:.2g} times as likely as an ordinary cramp."
    )


def _scores(item: Explanation) -> Iterator[str]:
    for score in item.scores:
        points = "" if score.score is None else f"{score.score:g} points, "
        yield wrap(f"{score.label}: {points}{score.result.lower()}", 4, "  * ")


def _sources(item: Explanation, share: Share | None, knowledge: Knowledge) -> Iterator[str]:
    keys = [key for line in [item.start, *item.supports, *item.against] for key in line.source]
    keys += [key for effect in (share.effects if share else []) for key in effect.source]
    if not keys:
        yield "  none: all of it is assumed or settled by the facts themselves"
    for key in dict.fromkeys(keys):
        yield wrap(f"{key}: {citation(knowledge.sources[key])}", 4, "  - ")
