"""What the diary shows, as text: what was found, what is open, and how far to trust it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nightcramp.person.finding import Finding, Findings, Ratio, State
from nightcramp.report.terminal import titled
from nightcramp.report.words import LADDER_MARKS, wrap

TITLES: dict[State, str] = {
    "found": "Your nights show this",
    "undecided": "Can't tell yet",
    "unlikely": "Your nights speak against this",
    "withheld": "Not shown, because a check failed",
    "too_little": "Not enough written down to look at",
}
NIGHTS_AFTER = {0: "the night after that day", 1: "the night a day later"}
SILENCE = (
    "Nothing stands out. That is the usual result and no fault of yours: most cramps follow "
    "nothing that can be written down, and one person's nights are few."
)
MEDICINE_NOTE = (
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
    yield from titled("What your nights show")
    if found.first is None or found.last is None:
        return
    yield wrap(
        f"You logged {found.logged} of {found.nights} nights from {found.first:%-d %B %Y} to "
        f"{found.last:%-d %B %Y}. {found.with_cramps} had cramps, {found.cramps} in all."
    )


def _stopped(found: Findings) -> Iterator[str]:
    for line in (*found.withheld, *found.missing):
        yield wrap(line, 4, "  ! ")
    looked = [f for f in found.findings if f.probability is not None]
    if looked and not any(f.state == "found" for f in looked):
        yield wrap(SILENCE)


def _of_state(found: Findings, state: State) -> Iterator[str]:
    chosen = [finding for finding in found.findings if finding.state == state]
    if not chosen:
        return
    yield from titled(TITLES[state])
    for finding in chosen:
        yield from _finding(finding)
    if state == "found" and any(f.id.startswith(MEDICINE) for f in chosen):
        yield wrap(MEDICINE_NOTE)


def _finding(finding: Finding) -> Iterator[str]:
    mark = LADDER_MARKS["supported" if finding.state == "found" else "possible"]
    name = finding.label[:1].upper() + finding.label[1:]
    if finding.effect is None or finding.published is None:
        yield wrap(f"{name}: {finding.why}.", 6, "  * ")
        return
    if finding.state == "found":
        yield wrap(f"{name}: {times(finding.effect)}.", 6, f"  {mark} ")
        yield wrap(f"{_first(finding.contrast)}, {NIGHTS_AFTER[finding.lag]}.", 6)
        yield wrap(f"{_first(finding.why)}.", 6)
    else:
        yield wrap(f"{name} ({finding.contrast}): {finding.why}.", 6, "  * ")
        yield wrap(f"If it matters: {times(finding.effect)}.", 6)
    yield wrap(_changed(finding), 6)


def times(ratio: Ratio) -> str:
    """Return a rate ratio in words, with its interval."""
    size = (
        "as many cramps" if f"{ratio.ratio:.2g}" == "1" else f"{ratio.ratio:.2g} times the cramps"
    )
    return f"{size} (it could be {ratio.low:.2g} to {ratio.high:.2g} times)"


def _changed(finding: Finding) -> str:
    """Return how the diary moved what was believed before."""
    assert finding.before is not None
    assert finding.probability is not None
    assert finding.published is not None
    return (
        f"That it matters: {in_hundred(finding.before)} before your diary, "
        f"{in_hundred(finding.probability)} now. Before: {times(finding.published)}; "
        f"{finding.basis}."
    )


def in_hundred(probability: float) -> str:
    """Return a probability as a number in a hundred, never as none or all."""
    return f"{min(max(round(100 * probability), 1), 99)} in 100"


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _trust(found: Findings) -> Iterator[str]:
    if not found.null_histories:
        return
    yield from titled("How far to trust this")
    yield wrap(
        f"We made {found.null_histories} histories like yours, with the same nights missing, in "
        "which nothing matters. The same analysis found something in "
        f"{found.null_with_finding} of them."
    )
    for line in found.assumptions:
        yield wrap(line, 4, "  * ")


def table(findings: Sequence[Finding]) -> list[tuple[str, ...]]:
    """Return the findings as rows of words, the table behind the picture."""
    heading = ("what", "state", "times the cramps", "it could be", "that it matters")
    rows = [
        (
            f.label,
            TITLES[f.state],
            f"{f.effect.ratio:.2g}",
            f"{f.effect.low:.2g} to {f.effect.high:.2g}",
            in_hundred(f.probability),
        )
        for f in findings
        if f.effect is not None and f.probability is not None
    ]
    return [heading, *rows]
