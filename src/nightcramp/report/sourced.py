"""Citations and lines of evidence as pages show them: each with what it rests on."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from nightcramp.assess.ledger import Evidence
from nightcramp.knowledge.schema import Source, Trial
from nightcramp.language import gettext as _
from nightcramp.language import noted, number
from nightcramp.report.explain import citation, said
from nightcramp.report.words import STATUS_WORDS

DOI = "https://doi.org/"
RESULTS = {
    "better": noted("it helped"),
    "no_difference": noted("it made no difference"),
    "unclear": noted("it cannot be told"),
    "worse": noted("it made things worse"),
    "none": noted("no trial has counted it"),
}


class SourceView(Struct, frozen=True, kw_only=True):
    """A citation with its number on the page; `link` is "" where it has no DOI."""

    number: int
    text: str
    link: str


class LineView(Struct, frozen=True, kw_only=True):
    """Something observed or published: what it is, how far it moves the result, what it rests on.

    `sources` are numbers of the citations beside it.
    """

    says: str
    force: str = ""
    rests_on: str = ""
    note: str = ""
    sources: list[int] = []


class TestedView(Struct, frozen=True, kw_only=True):
    """What was tested: what came out, in whom, how good the evidence is."""

    finding: str
    population: str
    result: str
    label: str
    sources: list[int]


class Citations:
    """Numbers the sources of a page in the order in which they are first named."""

    def __init__(self, known: dict[str, Source]) -> None:
        self._known = known
        self._numbers: dict[str, int] = {}

    def numbers(self, keys: Iterable[str]) -> list[int]:
        """Return the numbers of sources, new ones counted on."""
        return [self._numbers.setdefault(key, len(self._numbers) + 1) for key in keys]

    def views(self) -> list[SourceView]:
        """Return all that were named."""
        return [
            SourceView(number=count, text=citation(source), link=link_of(source))
            for source, count in ((self._known[key], count) for key, count in self._numbers.items())
        ]


def link_of(source: Source) -> str:
    """Return the address of a source at its DOI, or ""."""
    return f"{DOI}{source.doi}" if source.doi else ""


def line_view(line: Evidence, cited: Citations, *, weighed: bool = True) -> LineView:
    """Return one line of a ledger; one that is not known moves nothing."""
    return LineView(
        says=said(line) if weighed else line.says,
        force=force(line.ratio) if weighed else "",
        rests_on=_(STATUS_WORDS[line.status]),
        note=line.note,
        sources=cited.numbers(line.source),
    )


def force(ratio: float) -> str:
    """Return in words how far a likelihood ratio moves the odds."""
    if ratio <= 0:
        return _("rules it out")
    if ratio >= 1:
        return _("{times} times as likely").format(times=number(ratio, ".2g"))
    return _("{times} times less likely").format(times=number(1 / ratio, ".2g"))


def tested_view(trial: Trial, cited: Citations) -> TestedView:
    """Return what a trial found, with its label."""
    return TestedView(
        finding=trial.finding,
        population=trial.population,
        result=_(RESULTS[trial.result]),
        label=f"{trial.grade}; {_(STATUS_WORDS[trial.status])}",
        sources=cited.numbers(trial.source),
    )
