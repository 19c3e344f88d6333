"""What the diary shows, as text: what was found, what is open, and how far to trust it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from nightcramp.language import gettext as _
from nightcramp.language import noted, number
from nightcramp.language.dates import month
from nightcramp.person.finding import Finding, Findings, Ratio, State
from nightcramp.report.terminal import titled
from nightcramp.report.words import LADDER_MARKS, wrap

TITLES: dict[State, str] = {
    "found": noted("Your nights show this"),
    "undecided": noted("Can't tell yet"),
    "unlikely": noted("Your nights speak against this"),
    "withheld": noted("Not shown, because a check failed"),
    "too_little": noted("Not enough written down to look at"),
}
NIGHTS_AFTER = {0: noted("the night after that day"), 1: noted("the night a day later")}
SILENCE = noted(
    "Nothing stands out. That is the usual result and no fault of yours: most cramps follow "
    "nothing that can be written down, and one person's nights are few."
)
MEDICINE_NOTE = noted(
    "Do not stop or change a prescribed medicine because of this: show it to whoever prescribed it."
)
MEDICINE = "medicine:"


def findings_text(found: Findings) -> str:
    """Return all findings for the terminal."""
    parts = [
        *_head(found),
        *_stopped(found),
        *(line for state in TITLES for line in _of_state(found, state)),
        *_trust(found),
    ]
    return "\n".join(parts).strip() + "\n"


def _head(found: Findings) -> Iterator[str]:
    yield from titled(_("What your nights show"))
    if said := summary(found):
        yield wrap(said)


def summary(found: Findings) -> str:
    """Return how many nights were looked at, "" where there are none."""
    if found.first is None or found.last is None:
        return ""
    logged = _(
        "You logged {logged} of {nights} nights from {first} to {last}. "
        "{with_cramps} had cramps, {cramps} in all."
    )
    return logged.format(
        logged=found.logged,
        nights=found.nights,
        first=_date(found.first),
        last=_date(found.last),
        with_cramps=found.with_cramps,
        cramps=found.cramps,
    )


def _date(date: dt.date) -> str:
    return _("{day} {month} {year}").format(day=date.day, month=month(date), year=f"{date:%Y}")


def _stopped(found: Findings) -> Iterator[str]:
    for line in (*found.withheld, *found.missing):
        yield wrap(line, 4, "  ! ")
    if said := silence(found):
        yield wrap(said)


def silence(found: Findings) -> str:
    """Return that nothing stands out and why that is usual, "" where something does."""
    looked = [f for f in found.findings if f.probability is not None]
    return _(SILENCE) if looked and not any(f.state == "found" for f in looked) else ""


def _of_state(found: Findings, state: State) -> Iterator[str]:
    chosen = [finding for finding in found.findings if finding.state == state]
    if not chosen:
        return
    yield from titled(_(TITLES[state]))
    for finding in chosen:
        yield from _finding(finding)
    if state == "found" and any(f.id.startswith(MEDICINE) for f in chosen):
        yield wrap(_(MEDICINE_NOTE))


def _finding(finding: Finding) -> Iterator[str]:
    shown = finding.state == "found" and finding.effect is not None
    mark = LADDER_MARKS["supported"] if shown else "*"
    for place, line in enumerate(said_of(finding)):
        yield wrap(line, 6, None if place else f"  {mark} ")


def said_of(finding: Finding) -> Iterator[str]:
    """Yield what is said of a finding, a sentence each, its name first."""
    name = _first(finding.label)
    if finding.effect is None or finding.published is None:
        yield f"{name}: {finding.why}."
        return
    if finding.state == "found":
        yield f"{name}: {times(finding.effect)}."
        yield f"{_first(finding.contrast)}, {_(NIGHTS_AFTER[finding.lag])}."
        yield f"{_first(finding.why)}."
    else:
        yield f"{name} ({finding.contrast}): {finding.why}."
        yield _("If it matters: {times}.").format(times=times(finding.effect))
    yield _changed(finding)


def times(ratio: Ratio) -> str:
    """Return a rate ratio in words, with its interval."""
    size = _("{ratio} times the cramps").format(ratio=number(ratio.ratio, ".2g"))
    return _("{size} (it could be {low} to {high} times)").format(
        size=_("as many cramps") if f"{ratio.ratio:.2g}" == "1" else size,
        low=number(ratio.low, ".2g"),
        high=number(ratio.high, ".2g"),
    )


def _changed(finding: Finding) -> str:
    """Return how the diary moved what was believed before."""
    assert finding.before is not None
    assert finding.probability is not None
    assert finding.published is not None
    return _(
        "That it matters: {before} before your diary, {now} now. Before: {published}; {basis}."
    ).format(
        before=in_hundred(finding.before),
        now=in_hundred(finding.probability),
        published=times(finding.published),
        basis=finding.basis,
    )


def in_hundred(probability: float) -> str:
    """Return a probability as a number in a hundred, never as none or all."""
    count = min(max(round(100 * probability), 1), 99)
    return _("{count} in 100").format(count=count)


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _trust(found: Findings) -> Iterator[str]:
    if not found.null_histories:
        return
    yield from titled(_("How far to trust this"))
    yield wrap(null_histories(found))
    for line in found.assumptions:
        yield wrap(line, 4, "  * ")


def null_histories(found: Findings) -> str:
    """Return how often chance alone would have fooled this analysis."""
    made = _(
        "We made {histories} histories like yours, with the same nights missing, in which nothing "
        "matters. The same analysis found something in {found} of them."
    )
    return made.format(histories=found.null_histories, found=found.null_with_finding)


def table(findings: Sequence[Finding]) -> list[tuple[str, ...]]:
    """Return the findings as rows of words, the table behind the picture."""
    heading = (
        _("what"),
        _("state"),
        _("times the cramps"),
        _("it could be"),
        _("that it matters"),
    )
    rows = [
        (
            f.label,
            _(TITLES[f.state]),
            number(f.effect.ratio, ".2g"),
            _("{low} to {high}").format(
                low=number(f.effect.low, ".2g"), high=number(f.effect.high, ".2g")
            ),
            in_hundred(f.probability),
        )
        for f in findings
        if f.effect is not None and f.probability is not None
    ]
    return [heading, *rows]
