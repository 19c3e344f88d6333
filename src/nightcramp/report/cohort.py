"""A screened population as text for the terminal and as a document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from nightcramp.cohort.tables.disclosure import OFF, Shown
from nightcramp.cohort.tables.population import (
    MARKED,
    CohortSummary,
    FactorRow,
    MedicineRow,
    UseShown,
)
from nightcramp.diary.wording import day_in_words
from nightcramp.language import gettext as _
from nightcramp.language import language, noted
from nightcramp.report.cohort_picture import attrition_picture, causes_picture, people_picture
from nightcramp.report.cohort_words import (
    AGE_UNKNOWN,
    GROUP_WORDS,
    LEVEL_WORDS,
    MEDICATION,
    NONE,
    SEX_WORDS,
    TABLE_WORDS,
    WAYS,
    age_words,
    explanation,
    flag,
    hundredths,
    in_words,
    marker,
    of_hundred,
    of_people,
    sentence,
    steps_said,
    told,
    worth_telling,
)
from nightcramp.report.document import AnyBlock, Bullets, Document, Para, Section, Table
from nightcramp.report.document_text import page_text
from nightcramp.report.trial_picture import PAGE, PAPER

__all__ = ["PAGE", "PAPER", "cohort_document", "cohort_text"]

MOST_ROWS, MOST_BRIEF = 16, 10
"""So many rows a table of the document has at most, and of the terminal."""
TABLE_LEFT_OUT = noted("This table is left out: with so few people it would give a count away.")
REVIEW = noted(
    "“Worth a review” is a question to whoever prescribes the medicine. It tells nobody to stop, "
    "start or change one."
)
SIGNS = noted(
    "A sign of cramps (a code, quinine, a muscle relaxant) is a trace somebody left, not a "
    "diagnosis: a muscle relaxant is given for many things."
)
NO_SIGN = noted(
    "How soon comes from rules over what is on record. Where nothing on record asks for it, "
    "something may still be wrong."
)
LIMITS = (
    noted(
        "Records tell what was written down, not what is so. What nobody wrote down is unknown, "
        "never no: habits, sleep and most complaints are not in them."
    ),
    noted(
        "Shares are means of a model, every person counted alike. The published ratios behind them "
        "are not free of confounding, so they are rather too high than too low."
    ),
    noted("A share of a group says nothing of one person in it."),
)
SAFE = noted(
    "Counts of 1 to {most} people are shown as <{least}, nearly all as >, and a dash (–) stands "
    "where a number would give such a count away; means and quartiles go with their counts."
)
NOT_SAFE = noted(
    "That holds inside this report. It does not hold against two reports of different days or "
    "filters laid side by side, or against what a reader knows already."
)
OPEN = noted(
    "Small counts are shown in this report: people may be recognised. Keep it where the records "
    "are kept."
)


# --- the terminal ---


def cohort_text(summary: CohortSummary) -> str:
    """Return what matters for the terminal, 80 columns wide; the rest is in the report's files."""
    return page_text(_document(summary, None), only=BRIEF, most=MOST_BRIEF)


BRIEF = frozenset({"answer", "left", "causes", "medicines", "people", "limits"})
"""Sections that the terminal shows."""


# --- the document ---


def cohort_document(summary: CohortSummary, width: float = PAGE) -> Document:
    """Return the whole report, its pictures so wide (`PAGE` or `PAPER`)."""
    return _document(summary, width)


def _document(summary: CohortSummary, width: float | None) -> Document:
    """Return the report; without pictures where there is no width."""
    sections = [_answer(summary), _left(summary, width)]
    if summary.people.count:
        makers: tuple[Callable[[CohortSummary, float | None], Section], ...] = (
            _causes,
            _medicines,
            _people,
            _signs,
            _together,
        )
        sections += [make(summary, width) for make in makers]
    return Document(
        language=language(),
        title=_("Cramps in a population: what is behind them"),
        about=_about(summary),
        sections=(*sections, _source(summary), _limits(summary)),
    )


def _about(summary: CohortSummary) -> str:
    source = summary.source
    cdm = (
        _("OMOP CDM {version}").format(version=source.cdm_version.lstrip("v"))
        if source.cdm_version
        else ""
    )
    base = ", ".join(filter(None, (source.name or source.shown, cdm, source.release)))
    return _("{base}. As of {day}. nightcramp {version}.").format(
        base=base, day=_day(summary.as_of), version=summary.version
    )


def _day(text: str) -> str:
    """Return the day people were looked at in words."""
    try:
        return day_in_words(dt.date.fromisoformat(text))
    except ValueError:
        return _("each person's own day")


def _answer(summary: CohortSummary) -> Section:
    """Return what came out, the urgent first."""
    blocks: list[AnyBlock] = []
    if summary.smallest_cell <= OFF:
        blocks.append(Para(text=_(OPEN), tone="warning"))
    if not summary.people.count:
        blocks.append(Para(text=_nobody(summary), tone="lead"))
        return Section(id="answer", title=_("What came out"), blocks=tuple(blocks))
    blocks += [
        Para(text=_urgent(summary), tone="lead"),
        Para(text=_reviewed(summary), tone="lead"),
        Bullets(items=tuple(_findings(summary))),
        Para(text=_(REVIEW), tone="note"),
    ]
    return Section(id="answer", title=_("What came out"), blocks=tuple(blocks))


def _nobody(summary: CohortSummary) -> str:
    if summary.people.hidden:
        return _("{count} people were left to look at: too few to tell anything of them.").format(
            count=told(summary.people)
        )
    return _("Nobody was left to look at. The next section shows where people dropped out.")


def _who(summary: CohortSummary) -> str:
    return _("with a sign of cramps") if summary.who == MARKED else _("looked at")


def _urgent(summary: CohortSummary) -> str:
    """Return how many should be seen now or today."""
    levels = summary.levels
    if not any(levels[one].count != 0 for one in ("emergency", "same_day")):
        return _(
            "In nobody's record does something ask for help now or today. That does not mean "
            "that nothing is wrong."
        )
    return _(
        "Of the people {who}, something on record asks for help now in {now}, and for a visit the "
        "same day in {today}. Look at them first."
    ).format(
        who=_who(summary),
        now=in_words(levels["emergency"], summary),
        today=in_words(levels["same_day"], summary),
    )


def _reviewed(summary: CohortSummary) -> str:
    if summary.review.count == 0:
        return _("Nobody takes a medicine that is worth a review for cramps.")
    return _("{count} people {who} take a medicine that is worth a review.").format(
        count=sentence(in_words(summary.review, summary)), who=_who(summary)
    )


def _findings(summary: CohortSummary) -> Iterator[str]:
    yield _("{count} people were looked at ({who}).").format(
        count=told(summary.people), who=_everyone_or_marked(summary)
    )
    if summary.unexplained is not None:
        yield _(
            "Of their cramps, {count} are not explained by anything on record, every person "
            "counted alike."
        ).format(count=of_hundred(summary.unexplained))
    named = [one for one in summary.shares if one.id != "small" and one.mean]
    if named:
        yield _("The largest group of causes: {group}, {count} cramps.").format(
            group=_(GROUP_WORDS[named[0].id]), count=of_hundred(named[0].mean)
        )
    none = summary.together.get(0, Shown(count=0))
    if none.count != 0:
        yield _("In {count} people, nothing on record is known to go with cramps.").format(
            count=in_words(none, summary)
        )


def _everyone_or_marked(summary: CohortSummary) -> str:
    if summary.who == MARKED:
        return _("those with a sign of cramps")
    return _("everyone, with a sign of cramps or without")


def _left(summary: CohortSummary, width: float | None) -> Section:
    title = _("Who was looked at")
    if not summary.attrition:
        return Section(id="left", title=title, blocks=(Para(text=_(TABLE_LEFT_OUT)),))
    table = Table(
        caption=_("People left"),
        head=(_("filter"), _("people left"), _("left out")),
        rows=tuple(
            (sentence(says), told(step.left), told(step.out) if place else "")
            for place, (says, step, _last) in enumerate(steps_said(summary))
        ),
        widths=(4, 1, 1),
    )
    if width is None:
        return Section(id="left", title=title, blocks=(table,))
    picture = attrition_picture(summary, width, _left_title(summary))
    return Section(id="left", title=title, blocks=(picture, table))


def _left_title(summary: CohortSummary) -> str:
    first, last = summary.attrition[0].left, summary.attrition[-1].left
    if first.hidden:
        return _("{last} people are left to look at.").format(last=told(last))
    return _("Of {first} people in the database, {last} are left to look at.").format(
        first=told(first), last=told(last)
    )


def _causes(summary: CohortSummary, width: float | None) -> Section:
    groups = [(GROUP_WORDS[one.id], one.mean) for one in worth_telling(summary)]
    rows = [(sentence(_(words)), hundredths(mean)) for words, mean in groups]
    rows.append((sentence(_(GROUP_WORDS["unexplained"])), hundredths(summary.unexplained)))
    by_group = Table(
        caption=_("Causes by group"),
        head=(_("group of causes"), _("of 100 cramps")),
        rows=tuple(rows),
        widths=(3, 1),
    )
    blocks: list[AnyBlock] = [by_group, *_spread(summary), _factors(summary)]
    blocks += _left_to_files(len(summary.factors), "factors", width)
    if width is not None:
        blocks.insert(0, causes_picture(summary, width, _causes_title(summary)))
    return Section(id="causes", title=_("What is behind their cramps"), blocks=tuple(blocks))


def _causes_title(summary: CohortSummary) -> str:
    named = [one for one in summary.shares if one.id != "small" and one.mean]
    left = of_hundred(summary.unexplained)
    if not named:
        return _("Of their cramps, {left} are not explained by anything we know.").format(left=left)
    return _(
        "Of their cramps, {left} are not explained by anything we know; the largest named group is "
        "{group}, {count}."
    ).format(left=left, group=_(GROUP_WORDS[named[0].id]), count=of_hundred(named[0].mean))


def _spread(summary: CohortSummary) -> Iterator[AnyBlock]:
    spread = summary.unexplained_quartiles
    if spread is not None:
        yield Para(
            text=_(
                "Not explained, person by person: a quarter have {first} of 100 cramps or fewer, "
                "half have {middle} or fewer, a quarter have {third} or more."
            ).format(
                first=hundredths(spread.first),
                middle=hundredths(spread.middle),
                third=hundredths(spread.third),
            )
        )


def _factors(summary: CohortSummary) -> Table:
    """Return the factors with the most of all cramps; who has few people is hidden with them."""
    return Table(
        caption=_(
            "Factors that are not medicines; of 100 cramps in all people, and in people with it"
        ),
        head=(
            _("factor"),
            _("people"),
            _("in all"),
            _("with it"),
            _("middle half"),
        ),
        rows=tuple(_factor_row(row) for row in summary.factors[:MOST_ROWS]),
        widths=(3, 1, 1.3, 1.3, 1.3),
    )


def _left_to_files(rows: int, name: str, width: float | None) -> Iterator[Para]:
    """Yield where the rest of a table is; the terminal says so under the table."""
    if rows > MOST_ROWS and width is not None:
        yield Para(
            text=_("{count} more rows stand in {file}.").format(
                count=rows - MOST_ROWS, file=f"tables/{name}.csv"
            ),
            tone="note",
        )


def _factor_row(row: FactorRow) -> tuple[str, ...]:
    return (sentence(explanation(row.id)), told(row.people), *_sizes(row))


def _sizes(row: FactorRow | MedicineRow) -> tuple[str, str, str]:
    spread = row.quartiles
    half = NONE
    if spread is not None:
        half = _("{low} to {high}").format(
            low=hundredths(spread.first), high=hundredths(spread.third)
        )
    return hundredths(row.mean), hundredths(row.mean_with), half


def _medicines(summary: CohortSummary, width: float | None) -> Section:
    title = _("Medicines worth a review")
    rows = [row for row in summary.medicines if row.review.count != 0 or row.mean is not None]
    if not rows:
        none = _("Nobody takes a medicine that is known to go with cramps.")
        return Section(id="medicines", title=title, blocks=(Para(text=none),))
    table = Table(
        caption=_(
            "Medicines that can go with cramps; of 100 cramps in all people, and in people with it"
        ),
        head=(
            _("medicine"),
            _("take it"),
            _("worth a review"),
            _("in all"),
            _("with it"),
            _("middle half"),
        ),
        rows=tuple(
            (_medicine(row), told(row.taking), told(row.review), *_sizes(row))
            for row in rows[:MOST_ROWS]
        ),
        widths=(3, 1, 1.1, 1.3, 1.3, 1.3),
    )
    blocks: list[AnyBlock] = [Para(text=_reviewed(summary)), table]
    blocks += _left_to_files(len(rows), "medicines", width)
    if width is not None:
        blocks.append(Para(text=_(REVIEW), tone="note"))
    return Section(id="medicines", title=title, blocks=tuple(blocks))


def _medicine(row: MedicineRow) -> str:
    return sentence(explanation(MEDICATION + row.id))


def _people(summary: CohortSummary, width: float | None) -> Section:
    title = _("How soon somebody should see them")
    levels = Table(
        caption=_("People by how soon"),
        head=(_("how soon"), _("people"), _("how many")),
        rows=tuple(
            (sentence(_(LEVEL_WORDS[name])), told(people), of_people(people, summary))
            for name, people in summary.levels.items()
        ),
        widths=(3, 1, 1.5),
    )
    if width is None:
        return Section(id="people", title=title, blocks=(levels, Para(text=_(NO_SIGN))))
    blocks: list[AnyBlock] = []
    if any(group.sex for group in summary.groups):
        blocks.append(people_picture(summary, width, _people_title(summary)))
    else:
        blocks.append(Para(text=_("Nobody's sex is on record, so there is no picture.")))
    blocks += [_by_age(summary), levels, *_flags(summary), Para(text=_(NO_SIGN), tone="note")]
    return Section(id="people", title=title, blocks=tuple(blocks))


def _people_title(summary: CohortSummary) -> str:
    known = [one for one in summary.groups if one.people.count and one.sex and one.low is not None]
    if not known:
        return _("People by age and sex: every group is too small to be shown.")
    largest = max(known, key=lambda one: one.people.count or 0)
    said = _("The largest group are {sex} of {age}: {count} people.").format(
        sex=_(SEX_WORDS[largest.sex]),
        age=age_words(largest.low or 0),
        count=of_people(largest.people, summary),
    )
    return " ".join([said, *_now_or_today(summary)])


def _now_or_today(summary: CohortSummary) -> Iterator[str]:
    counts = [summary.levels[name].count for name in ("emergency", "same_day")]
    known: list[int] = [count for count in counts if count is not None]
    urgent = sum(known)
    if urgent and len(known) == len(counts):
        yield _("In {count} something on record asks for help now or today.").format(
            count=of_people(Shown(count=urgent), summary)
        )


def _by_age(summary: CohortSummary) -> AnyBlock:
    """Return people by age and sex; by level too where that tells nobody."""
    if not summary.groups:
        return Para(text=_(TABLE_LEFT_OUT))
    levels = list(summary.groups[0].levels)
    return Table(
        caption=_("People by age, sex and how soon they should be seen"),
        head=(_("age and sex"), _("people"), *(_(LEVEL_WORDS[name]) for name in levels)),
        rows=tuple(
            (
                _("{sex}, {age}").format(
                    sex=sentence(_(SEX_WORDS[group.sex])),
                    age=_(AGE_UNKNOWN) if group.low is None else age_words(group.low),
                ),
                told(group.people),
                *(told(group.levels[name]) for name in levels),
            )
            for group in summary.groups
        ),
        widths=(2.2, 1.1, *(1.1 for _level in levels)),
    )


def _flags(summary: CohortSummary) -> Iterator[Table]:
    if summary.flags:
        yield Table(
            caption=_("What on record asks for it, in the words said to a person"),
            head=(_("sign"), _("how soon"), _("people")),
            rows=tuple(
                (flag(one.id), _(LEVEL_WORDS[one.level]) if one.level else NONE, told(one.people))
                for one in summary.flags[:MOST_ROWS]
            ),
            widths=(5, 1.4, 1),
        )


def _signs(summary: CohortSummary, _width: float | None) -> Section:
    markers: AnyBlock = Table(
        caption=_("Signs of cramps on record; one person can have several"),
        head=(_("sign"), _("people"), _("how many")),
        rows=tuple(
            (sentence(marker(one.id)), told(one.people), of_people(one.people, summary))
            for one in summary.markers
        ),
        widths=(3, 1, 1.5),
    )
    if not summary.markers:
        markers = Para(text=_("Nobody has a sign of cramps on record."))
    return Section(
        id="signs",
        title=_("What told of cramps"),
        blocks=(markers, _probable(summary), Para(text=_(SIGNS), tone="note")),
    )


def _probable(summary: CohortSummary) -> AnyBlock:
    if not summary.night_cramp:
        return Para(text=_(TABLE_LEFT_OUT))
    return Table(
        caption=_("How likely it is ordinary night cramps, and not something taken for them"),
        head=(_("of 100 people like this one"), _("people"), _("how many")),
        rows=tuple(
            (_chance(one.low, one.high), told(one.people), of_people(one.people, summary))
            for one in summary.night_cramp
        ),
        widths=(3, 1, 1.5),
    )


def _chance(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return _("not known")
    return _("{low} to {high}").format(low=f"{100 * low:.0f}", high=f"{100 * high:.0f}")


def _together(summary: CohortSummary, _width: float | None) -> Section:
    last = max(summary.together, default=0)
    number = tuple(
        (
            _("{count} or more").format(count=count) if count == last else str(count),
            told(people),
            of_people(people, summary),
        )
        for count, people in summary.together.items()
    )
    pairs = tuple(
        (_both(one.first, one.second), told(one.people), of_people(one.people, summary))
        for one in summary.pairs
    )
    return Section(
        id="together",
        title=_("What comes together"),
        blocks=(
            Table(
                caption=_("How many known causes a person has on record"),
                head=(_("causes"), _("people"), _("how many")),
                rows=number,
                widths=(3, 1, 1.5),
            )
            if number
            else Para(text=_(TABLE_LEFT_OUT)),
            Table(
                caption=_("Two of the commonest causes in one person"),
                head=(_("two causes"), _("people"), _("how many")),
                rows=pairs,
                widths=(4, 1, 1.5),
            )
            if pairs
            else Para(text=_("No pair of common causes can be shown.")),
        ),
    )


def _both(first: str, second: str) -> str:
    return _("{first} and {second}").format(
        first=sentence(explanation(first)), second=explanation(second)
    )


def _source(summary: CohortSummary) -> Section:
    blocks: list[AnyBlock] = []
    if summary.vocabulary:
        blocks.append(_vocabulary(summary.vocabulary))
    if summary.notices:
        blocks.append(
            Table(
                caption=_("What is odd in the database, and how much of it"),
                head=(_("what"), _("rows"), _("people")),
                rows=tuple(
                    (
                        sentence(_(one.says) if one.says else one.id.replace("_", " ")),
                        NONE if one.rows is None else told(one.rows),
                        NONE if one.people is None else told(one.people),
                    )
                    for one in summary.notices
                ),
                widths=(5, 1, 1),
            )
        )
    if not blocks:
        blocks.append(Para(text=_("Nothing odd was found.")))
    return Section(id="source", title=_("How the database was read"), blocks=tuple(blocks))


def _vocabulary(uses: Sequence[UseShown]) -> Table:
    ways = [way for way in WAYS if any(way in one.by for one in uses)]
    return Table(
        caption=_("Rows by what told their meaning; the last column was not used"),
        head=(_("rows about"), _("rows"), *(_(WAYS[way]) for way in ways)),
        rows=tuple(
            (
                sentence(_(TABLE_WORDS[one.table]) if one.table in TABLE_WORDS else one.table),
                told(one.rows),
                *(told(one.by.get(way, Shown(count=0))) for way in ways),
            )
            for one in uses
        ),
        widths=(2, 1.2, *(1.2 for _way in ways)),
    )


def _limits(summary: CohortSummary) -> Section:
    items = [_(line) for line in LIMITS]
    if summary.smallest_cell > OFF:
        most, least = summary.smallest_cell - 1, summary.smallest_cell
        items += [_(SAFE).format(most=most, least=least), _(NOT_SAFE)]
    return Section(id="limits", title=_("Limits"), blocks=(Bullets(items=tuple(items)),))
