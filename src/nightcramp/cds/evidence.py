"""Links of a card to its evidence: the DOI of each source, nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from nightcramp.assess.assessment import EffectView
from nightcramp.cds.messages import Link
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Source
from nightcramp.language import gettext as _
from nightcramp.language import number
from nightcramp.report.sourced import link_of
from nightcramp.report.words import STATUS_WORDS

MOST_LINKS = 6
LONGEST = 120


def links_to(keys: Iterable[str], known: Knowledge) -> list[Link]:
    """Return links to the sources that have a DOI, each once, in the order named."""
    sources = (known.sources[key] for key in dict.fromkeys(keys))
    links = {link_of(one): Link(label=_label(one), url=link_of(one)) for one in sources if one.doi}
    return list(links.values())[:MOST_LINKS]


def effect_in_short(effect: EffectView) -> str:
    """Return a published effect with its interval and grade; its population is in the source."""
    return _("{measure} {ratio} ({low} to {high}), grade {grade}, {status}").format(
        measure=effect.measure,
        ratio=number(effect.ratio),
        low=number(effect.low),
        high=number(effect.high),
        grade=effect.grade,
        status=_(STATUS_WORDS[effect.status]),
    )


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` characters, cut after a word."""
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def _label(source: Source) -> str:
    who = " ".join(part for part in (source.authors, source.year) if part)
    return shortened(": ".join(part for part in (who, source.title) if part), LONGEST)
