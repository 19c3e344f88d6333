"""The three computations of a trial side by side, its checks, and its blocks as a table."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.person.finding import Ratio
from nightcramp.report.document import TIED, Panel, Panels, Para, Section, Table
from nightcramp.report.trial_answer import HOLDS, first_up
from nightcramp.report.trial_course import COMPARED, LETTERS, BlockSeen, Course, NightSeen, mean
from nightcramp.report.trial_picture import TABLE
from nightcramp.report.trial_size import KINDS, in_times, number, size_of
from nightcramp.trial.betting import limit_of

NOT_LOGGED = "×"
HIDDEN = (
    "Your nights stand here once the trial has ended. Until then they would show what was in which "
    "pack."
)
WITHHELD = "Withheld, because a check failed."


def weighed(course: Course) -> Section:
    """Return the randomisation test, the stake and the size, side by side."""
    return Section(
        id="weighed",
        title="Three ways to weigh it",
        blocks=(
            Para(text=_rule(course)),
            Panels(panels=(_by_order(course), _by_stake(course), _by_size(course))),
        ),
    )


def _rule(course: Course) -> str:
    error = course.verdict.error
    at_end = error if len(course.protocol.arms) == len(COMPARED) else error / 2
    return (
        f"“Works” and “harms” need a stake of {limit_of(error):g} on any morning, or at the end a "
        f"p of {at_end:g} at most. The looks before are counted in, so p may have to be a little "
        "smaller. “Does not matter” needs the third way: all sizes that fit must be too small to "
        "matter. A failed check withholds the answer."
    )


def _by_order(course: Course) -> Panel:
    """Return the exact randomisation test."""
    verdict = course.verdict
    if verdict.p is None:
        result = ["Not yet", "It is worked out once, when the last block has ended."]
    else:
        result = [f"p = {verdict.p:.2g}", _orders(course)]
    asked = "Could the order alone have made this difference? (Exact randomisation test.)"
    return Panel(title="1. Other orders", lines=(*result, asked))


def _orders(course: Course) -> str:
    verdict = course.verdict
    assert verdict.p is not None
    among = verdict.schedules + (not verdict.exact)
    which = "all" if verdict.exact else "yours and others drawn by chance,"
    return (
        f"Of {which} {among:,} orders that could have been drawn, {round(verdict.p * among):,} "
        "would show a difference as large as yours, or larger."
    )


def _by_stake(course: Course) -> Panel:
    """Return the bet on the arms and the interval for all looks."""
    verdict = course.verdict
    return Panel(
        title="2. A bet on each block",
        lines=(
            f"Stake now {verdict.stake:.3g}, at most {verdict.most_stake:.3g}",
            "It began at 1. Only a real difference makes it grow for long; it counts from "
            f"{limit_of(verdict.error):g} on.",
            "It may be looked at every morning. (Anytime-valid e-process.)",
            f"Ratio of A to B that holds for all looks: {_shown(course, 'sequence')}.",
        ),
    )


def _by_size(course: Course) -> Panel:
    """Return the count model: by assignment first, by adherence second."""
    verdict = course.verdict
    if verdict.effect is None:
        first = WITHHELD if verdict.outcome == "withheld" else "Not yet"
        return Panel(title="3. How large", lines=(first, *_about_size()))
    return Panel(
        title="3. How large",
        lines=(
            f"A to B: {in_times(verdict.effect)}",
            "Ratio with its 95 % interval, by what the order asked for.",
            f"By what you really did: {in_times(verdict.by_adherence)}. {_followed(course)}",
            *_about_size(),
        ),
    )


def _about_size() -> Iterator[str]:
    yield "1 means no difference, below 1 fewer with A. (Bayesian model of counts, with drift.)"


def _shown(course: Course, name: str) -> str:
    if course.verdict.outcome == "withheld":
        return "withheld"
    return in_times(getattr(course.verdict, name))


def _followed(course: Course) -> str:
    followed = course.verdict.followed
    if followed is None:
        return "Whether the order was followed was not told."
    return f"You followed the order on {round(100 * followed)} of every 100 nights you told of."


def size_table(course: Course) -> Table:
    """Return the size in numbers, by each way it was worked out."""
    found = course.verdict
    ways = {
        "by the order": found.effect,
        "by what you did": found.by_adherence,
        "for all looks": found.sequence,
    }
    rows = [_size_row(course, way, ratio) for way, ratio in ways.items() if ratio]
    size = size_of(found, course.protocol.outcome, found.effect)
    return Table(
        caption=f"The size in numbers ({size.unit if size else ''})",
        head=("How", "A", "could be", "B", "A to B"),
        rows=tuple(rows),
        widths=(1.6, 1, 1.2, 1, 2.6),
    )


def _size_row(course: Course, way: str, ratio: Ratio) -> tuple[str, ...]:
    main = size_of(course.verdict, course.protocol.outcome, course.verdict.effect)
    assert main is not None
    first, low, high = (main.second * part for part in (ratio.ratio, ratio.low, ratio.high))
    digits = max(main.kind.digits, 1)
    low_high = f"{number(low, digits)} to {number(high, digits)}"
    return way, number(first, digits), low_high, number(main.second, digits), in_times(ratio)


def checks(course: Course) -> Section:
    """Return what must hold before an answer is given, and whether it does."""
    found = course.verdict.checks
    none = "Not checked yet: both A and B must have had a block with nights logged first."
    answers = {True: "yes", False: "no: the answer is withheld"}
    rows = tuple((HOLDS.get(c.id, first_up(c.says)), answers[c.holds]) for c in found)
    table = Table(
        caption="What must hold before an answer is given",
        head=("It must hold that", "Does it?"),
        rows=rows,
        widths=(2, 1),
    )
    return Section(id="checks", title="Checks", blocks=(table,) if found else (Para(text=none),))


def blocks(course: Course) -> Section:
    """Return every night, block by block: the table behind the picture."""
    section, _ = TABLE
    unit = KINDS[course.protocol.outcome].noun
    table = Table(
        caption=f"Each block and its nights in order ({unit})",
        head=("Block", "Arm", "From", "Nights", "Average"),
        rows=(*_run_in(course), *(_row(course, block) for block in course.known)),
        widths=(0.9, 0.7, 1.4, 4, 1.3),
    )
    return Section(
        id=section,
        title="Your nights, block by block",
        blocks=(Para(text=_key(course)), *([table] if table.rows else []), *_kept_back(course)),
    )


def _key(course: Course) -> str:
    arms = "; ".join(
        f"{LETTERS[place]} is “{arm.label}”" for place, arm in enumerate(course.protocol.arms)
    )
    return (
        f"{arms}. {NOT_LOGGED} is a night not logged. A night in brackets does not count: it is "
        "part of the washout, the run-in, or a block that is not over."
    )


def _kept_back(course: Course) -> Iterator[Para]:
    """Yield why no blocks are shown while a blind trial goes on."""
    if not course.order_open:
        yield Para(text=HIDDEN, tone="note")


def _run_in(course: Course) -> Iterator[tuple[str, ...]]:
    if course.run_in:
        told = " ".join(_night(course, night, False) for night in course.run_in if night.lived)
        average = mean(night.value for night in course.run_in if night.value is not None)
        said = "to come" if average is None else f"({_amount(course, average)})"
        yield "run-in", "none", _day(course.run_in[0]), told or "to come", said


def _row(course: Course, block: BlockSeen) -> tuple[str, ...]:
    told = [_night(course, n, block.over and n.counts) for n in block.nights if n.lived]
    return (
        f"{block.number + 1}",
        LETTERS[block.arm],
        _day(block.nights[0]),
        " ".join(told) or "to come",
        _block_average(course, block),
    )


def _block_average(course: Course, block: BlockSeen) -> str:
    average = mean(block.used)
    if average is None:
        return "none logged" if block.over else "not over"
    return _amount(course, average)


def _amount(course: Course, average: float) -> str:
    return number(average * KINDS[course.protocol.outcome].factor, 2)


def _night(course: Course, night: NightSeen, counts: bool) -> str:
    factor = KINDS[course.protocol.outcome].factor
    told = NOT_LOGGED if night.value is None else f"{night.value * factor:g}"
    return told if counts else f"({told})"


def _day(night: NightSeen) -> str:
    return f"{night.evening.day} {night.evening:%b %Y}".replace(" ", TIED)
