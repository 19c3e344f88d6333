"""The ledger of one explanation: each piece of evidence, how it moved, its source."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.assess.assessment import Assessment, EffectView, Explanation, Share
from nightcramp.assess.instruments import Score
from nightcramp.assess.ledger import Evidence
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Source
from nightcramp.language import gettext as _
from nightcramp.language import noted, number
from nightcramp.report.terminal import in_ten
from nightcramp.report.words import LADDER_WORDS, STATUS_WORDS, of_twelve, twelve_range, wrap

PATH_ENDS = {
    "DEFINITE": noted("definite"),
    "PROBABLE": noted("probable"),
    "POSSIBLE": noted("possible"),
    "UNLIKELY": noted("unlikely"),
    "INCOMPLETE": noted("incomplete"),
}
"""Where the decision path for side effects ends, in words."""


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
    lines += [wrap(line) for line in standing(item, found)]
    if item.kind != "emergency":
        lines += ["", _("Where it starts"), *_start(item)]
    lines += ["", _("For"), *_evidence(item.supports)]
    lines += ["", _("Against"), *_evidence(item.against)]
    lines += ["", _("Not known"), *_unknown(item.unknown)]
    share = next((s for s in found.shares if s.id == item.id), None)
    if share:
        lines += ["", _("How much it could explain"), *map(wrap, share_lines(share))]
    if item.scores:
        scores = [wrap(score_line(score), 4, "  * ") for score in item.scores]
        lines += ["", _("Scores for side effects of medicines"), *scores]
    if item.tell:
        lines += ["", _("To be honest"), wrap(item.tell)]
    lines += ["", _("Sources"), *_sources(item, share, knowledge)]
    return "\n".join(lines) + "\n"


def standing(item: Explanation, found: Assessment) -> Iterator[str]:
    """Yield where an explanation stands among the others; emergencies never as a number."""
    rank = [e.id for e in found.explanations].index(item.id) + 1
    if item.flagged:
        yield _("A warning sign points here: it must be ruled out first.")
    elif item.kind != "emergency":
        place = _("Number {rank} of {count} explanations; {sure}.")
        sure, count = _(LADDER_WORDS[item.ladder]), len(found.explanations)
        yield place.format(rank=rank, count=count, sure=sure)
    if item.kind == "emergency":
        yield _("No list of answers can rule this out. If a warning sign appears, be seen at once.")
    if item.kind == "mimic":
        among = _("Among the things this could be: {in_ten}.")
        yield among.format(in_ten=in_ten(item.weight))


def _start(item: Explanation) -> Iterator[str]:
    line = item.start
    yield wrap(f"{line.says} ({number(line.ratio, '.3g')})", 4, "  * ")
    yield wrap(rests_on(line), 6)


def rests_on(line: Evidence) -> str:
    """Return what a piece of evidence rests on, with the keys of its sources."""
    source = f"; {', '.join(line.source)}" if line.source else ""
    return f"{_(STATUS_WORDS[line.status])}{source}"


def _evidence(lines: list[Evidence]) -> Iterator[str]:
    if not lines:
        yield "  " + _("nothing")
    for line in lines:
        yield wrap(f"{said(line)}  x {number(line.ratio, '.2g')}", 4, "  * ")
        yield wrap(rests_on(line), 6)
        if line.note:
            yield wrap(line.note, 6)


def said(line: Evidence) -> str:
    """Return what was observed, or that it is not so."""
    return _("not so: {says}").format(says=line.says) if line.holds == "no" else line.says


def _unknown(lines: list[Evidence]) -> Iterator[str]:
    if not lines:
        yield "  " + _("nothing that would count")
    for line in lines:
        yield wrap(line.says, 4, "  ? ")


def share_lines(share: Share) -> Iterator[str]:
    """Yield how much a factor could explain, and the effect that this rests on."""
    effect = share.effects[0]
    spread = twelve_range(share.low, share.high)
    part = _("{count} of 12 cramps (it could be {spread})")
    yield part.format(count=of_twelve(share.share), spread=spread)
    yield _("Chance that it is there: {chance}.").format(chance=f"{share.presence:.0%}")
    yield effect_line(effect)
    if effect.note:
        yield effect.note
    likely = _("Your own pattern makes it {times} times as likely as an ordinary cramp.")
    yield likely.format(times=number(share.pattern, ".2g"))


def effect_line(effect: EffectView) -> str:
    """Return an effect with its interval, in whom it was found, and how far it is trusted."""
    return _(
        "Effect: {measure} {ratio} ({low} to {high}), {population}; {status}, grade {grade}, taken "
        "to be causal with probability {credibility} (a choice)."
    ).format(
        measure=effect.measure,
        ratio=number(effect.ratio, ".4g"),
        low=number(effect.low, ".4g"),
        high=number(effect.high, ".4g"),
        population=effect.population,
        status=_(STATUS_WORDS[effect.status]),
        grade=effect.grade,
        credibility=number(effect.credibility),
    )


def score_line(score: Score) -> str:
    """Return what an instrument came to."""
    result = _(PATH_ENDS.get(score.result, score.result)).lower()
    if score.score is not None:
        points = number(score.score)
        result = _("{points} points, {result}").format(points=points, result=result)
    return f"{score.label}: {result}"


def source_keys(item: Explanation, share: Share | None) -> list[str]:
    """Return the sources that an explanation rests on, each once."""
    keys = [key for line in [item.start, *item.supports, *item.against] for key in line.source]
    keys += [key for effect in (share.effects if share else []) for key in effect.source]
    return list(dict.fromkeys(keys))


def _sources(item: Explanation, share: Share | None, knowledge: Knowledge) -> Iterator[str]:
    keys = source_keys(item, share)
    if not keys:
        nothing = _("none: all of it is assumed or settled by the facts themselves")
        yield f"  {nothing}"
    for key in keys:
        yield wrap(f"{key}: {citation(knowledge.sources[key])}", 4, "  - ")
