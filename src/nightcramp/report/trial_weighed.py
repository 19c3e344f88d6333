"""The three computations of a trial side by side, its checks, and its blocks as a table."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.language import gettext as _
from nightcramp.language import noted, number
from nightcramp.language.dates import short_month
from nightcramp.person.finding import Ratio
from nightcramp.report.document import TIED, Panel, Panels, Para, Section, Table
from nightcramp.report.trial_answer import must_hold
from nightcramp.report.trial_course import COMPARED, LETTERS, BlockSeen, Course, NightSeen, mean
from nightcramp.report.trial_picture import TABLE
from nightcramp.report.trial_size import KINDS, amount, grouped, in_times, size_of
from nightcramp.trial.betting import limit_of

NOT_LOGGED = "×"
HIDDEN = noted(
    "Your nights stand here once the trial has ended. Until then they would show what was in which "
    "pack."
)
WITHHELD = noted("Withheld, because a check failed.")


def weighed(course: Course) -> Section:
    """Return the randomisation test, the stake and the size, side by side."""
    return Section(
        id="weighed",
        title=_("Three ways to weigh it"),
        blocks=(
            Para(text=_rule(course)),
            Panels(panels=(_by_order(course), _by_stake(course), _by_size(course))),
        ),
    )


def _rule(course: Course) -> str:
    error = course.verdict.error
    at_end = error if len(course.protocol.arms) == len(COMPARED) else error / 2
    return _(
        "“Works” and “harms” need a stake of {limit} on any morning, or at the end a p of {p} at "
        "most. The looks before are counted in, so p may have to be a little smaller. “Does not "
        "matter” needs the third way: all sizes that fit must be too small to matter. A failed "
        "check withholds the answer."
    ).format(limit=number(limit_of(error)), p=number(at_end))


def _by_order(course: Course) -> Panel:
    """Return the exact randomisation test."""
    verdict = course.verdict
    if verdict.p is None:
        result = [_("Not yet"), _("It is worked out once, when the last block has ended.")]
    else:
        result = [f"p = {number(verdict.p, '.2g')}", _orders(course)]
    asked = _("Could the order alone have made this difference? (Exact randomisation test.)")
    return Panel(title=_("1. Other orders"), lines=(*result, asked))


def _orders(course: Course) -> str:
    verdict = course.verdict
    assert verdict.p is not None
    among = verdict.schedules + (not verdict.exact)
    said = (
        _(
            "Of all {orders} orders that could have been drawn, {extreme} would show a difference "
            "as large as yours, or larger."
        )
        if verdict.exact
        else _(
            "Of yours and others drawn by chance, {orders} orders that could have been drawn, "
            "{extreme} would show a difference as large as yours, or larger."
        )
    )
    return said.format(orders=grouped(among), extreme=grouped(round(verdict.p * among)))


def _by_stake(course: Course) -> Panel:
    """Return the bet on the arms and the interval for all looks."""
    verdict = course.verdict
    return Panel(
        title=_("2. A bet on each block"),
        lines=(
            _("Stake now {stake}, at most {most}").format(
                stake=number(verdict.stake, ".3g"), most=number(verdict.most_stake, ".3g")
            ),
            _(
                "It began at 1. Only a real difference makes it grow for long; it counts from "
                "{limit} on."
            ).format(limit=number(limit_of(verdict.error))),
            _("It may be looked at every morning. (Anytime-valid e-process.)"),
            _("Ratio of A to B that holds for all looks: {ratio}.").format(
                ratio=_shown(course, "sequence")
            ),
        ),
    )


def _by_size(course: Course) -> Panel:
    """Return the count model: by assignment first, by adherence second."""
    verdict, title = course.verdict, _("3. How large")
    about = _(
        "1 means no difference, below 1 fewer with A. (Bayesian model of counts, with drift.)"
    )
    if verdict.effect is None:
        first = _(WITHHELD) if verdict.outcome == "withheld" else _("Not yet")
        return Panel(title=title, lines=(first, about))
    done = _("By what you really did: {ratio}.").format(ratio=in_times(verdict.by_adherence))
    return Panel(
        title=title,
        lines=(
            _("A to B: {ratio}").format(ratio=in_times(verdict.effect)),
            _("Ratio with its 95 % interval, by what the order asked for."),
            f"{done} {_followed(course)}",
            about,
        ),
    )


def _shown(course: Course, name: str) -> str:
    if course.verdict.outcome == "withheld":
        return _("withheld")
    return in_times(getattr(course.verdict, name))


def _followed(course: Course) -> str:
    followed = course.verdict.followed
    if followed is None:
        return _("Whether the order was followed was not told.")
    return _("You followed the order on {followed} of every 100 nights you told of.").format(
        followed=round(100 * followed)
    )


def size_table(course: Course) -> Table:
    """Return the size in numbers, by each way it was worked out."""
    found = course.verdict
    ways = {
        _("by the order"): found.effect,
        _("by what you did"): found.by_adherence,
        _("for all looks"): found.sequence,
    }
    rows = [_size_row(course, way, ratio) for way, ratio in ways.items() if ratio]
    size = size_of(found, course.protocol.outcome, found.effect)
    return Table(
        caption=_("The size in numbers ({unit})").format(unit=size.unit if size else ""),
        head=(_("How"), "A", _("could be"), "B", _("A to B")),
        rows=tuple(rows),
        widths=(1.6, 1, 1.2, 1, 2.6),
    )


def _size_row(course: Course, way: str, ratio: Ratio) -> tuple[str, ...]:
    main = size_of(course.verdict, course.protocol.outcome, course.verdict.effect)
    assert main is not None
    first, low, high = (main.second * part for part in (ratio.ratio, ratio.low, ratio.high))
    digits = max(main.kind.digits, 1)
    low_high = _("{least} to {most}").format(least=amount(low, digits), most=amount(high, digits))
    return way, amount(first, digits), low_high, amount(main.second, digits), in_times(ratio)


def checks(course: Course) -> Section:
    """Return what must hold before an answer is given, and whether it does."""
    found = course.verdict.checks
    none = _("Not checked yet: both A and B must have had a block with nights logged first.")
    answers = {True: _("yes"), False: _("no: the answer is withheld")}
    table = Table(
        caption=_("What must hold before an answer is given"),
        head=(_("It must hold that"), _("Does it?")),
        rows=tuple((must_hold(check), answers[check.holds]) for check in found),
        widths=(2, 1),
    )
    blocks = (table,) if found else (Para(text=none),)
    return Section(id="checks", title=_("Checks"), blocks=blocks)


def blocks(course: Course) -> Section:
    """Return every night, block by block: the table behind the picture."""
    unit = _(KINDS[course.protocol.outcome].noun)
    table = Table(
        caption=_("Each block and its nights in order ({unit})").format(unit=unit),
        head=(_("Block"), _("Arm of the trial"), _("From"), _("Nights"), _("Average")),
        rows=(*_run_in(course), *(_row(course, block) for block in course.known)),
        widths=(0.9, 0.7, 1.4, 4, 1.3),
    )
    return Section(
        id=TABLE[0],
        title=_("Your nights, block by block"),
        blocks=(Para(text=_key(course)), *([table] if table.rows else []), *_kept_back(course)),
    )


def _key(course: Course) -> str:
    arms = "; ".join(
        _("{letter} is “{arm}”").format(letter=LETTERS[place], arm=arm.label)
        for place, arm in enumerate(course.protocol.arms)
    )
    return _(
        "{arms}. {cross} is a night not logged. A night in brackets does not count: it is part of "
        "the washout, the run-in, or a block that is not over."
    ).format(arms=arms, cross=NOT_LOGGED)


def _kept_back(course: Course) -> Iterator[Para]:
    """Yield why no blocks are shown while a blind trial goes on."""
    if not course.order_open:
        yield Para(text=_(HIDDEN), tone="note")


def _run_in(course: Course) -> Iterator[tuple[str, ...]]:
    if course.run_in:
        told = " ".join(_night(course, night, False) for night in course.run_in if night.lived)
        average = mean(night.value for night in course.run_in if night.value is not None)
        to_come = _("to come")
        said = to_come if average is None else f"({_amount(course, average)})"
        yield _("run-in"), _("none"), _day(course.run_in[0]), told or to_come, said


def _row(course: Course, block: BlockSeen) -> tuple[str, ...]:
    told = [_night(course, n, block.over and n.counts) for n in block.nights if n.lived]
    return (
        f"{block.number + 1}",
        LETTERS[block.arm],
        _day(block.nights[0]),
        " ".join(told) or _("to come"),
        _block_average(course, block),
    )


def _block_average(course: Course, block: BlockSeen) -> str:
    average = mean(block.used)
    if average is None:
        return _("none logged") if block.over else _("not over")
    return _amount(course, average)


def _amount(course: Course, average: float) -> str:
    return amount(average * KINDS[course.protocol.outcome].factor, 2)


def _night(course: Course, night: NightSeen, counts: bool) -> str:
    factor = KINDS[course.protocol.outcome].factor
    told = NOT_LOGGED if night.value is None else number(night.value * factor)
    return told if counts else f"({told})"


def _day(night: NightSeen) -> str:
    date = night.evening
    return TIED.join((f"{date.day}", short_month(date), f"{date.year}"))
