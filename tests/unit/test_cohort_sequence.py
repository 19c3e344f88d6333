"""Sequence ratios and case series: small examples by hand, and slower ways to the same numbers."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import binomtest

from nightcramp.cohort.sequence.analysis import (
    SequenceReport,
    analyse,
    control_members,
    marker_ids,
    medicine_ids,
    wanted_of,
)
from nightcramp.cohort.sequence.case_series import case_series, cases_of, counted_markers, pieces_of
from nightcramp.cohort.sequence.controls import calibrated, summary, systematic_error
from nightcramp.cohort.sequence.histories import (
    BEFORE,
    NEVER,
    Histories,
    Spells,
    from_arrays,
    from_events,
    in_order,
    joined,
)
from nightcramp.cohort.sequence.marker_rates import YEAR, month_edges
from nightcramp.cohort.sequence.poisson import fit, profiled
from nightcramp.cohort.sequence.ratio import (
    expected_of,
    pairs_of,
    proportion_interval,
    sequence_ratio,
    suggested_run_in,
)
from nightcramp.cohort.sequence.settings import Choice, content, faults_of, settings
from nightcramp.cohort.source.tokens import BORN, DIED, OBSERVED, Token
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import speaking
from nightcramp.report.cohort_sequence import sequence_document, sequence_text
from nightcramp.report.document import Picture
from nightcramp.report.document_html import html_of
from nightcramp.report.document_pdf import pdf_of
from prescription_histories import MARKER, Drug, World, simulate

QUININE = Token(kind="medicine", id="quinine")
TOKENS = [BORN, OBSERVED, DIED, QUININE, Token(kind="lab", id="potassium", unit="mmol/L")]
Event = tuple[int, int, int | None, int | None, float | None]


def table(*events: Event) -> pa.Table:
    """Return events (person, token, start, end, value) as the tables of a cohort hold them."""
    columns = [list(column) for column in zip(*events, strict=True)]
    kinds = [pa.int64(), pa.int32(), pa.int32(), pa.int32(), pa.float64()]
    names = ["person", "token", "start", "end", "value"]
    return pa.table({n: pa.array(c, k) for n, c, k in zip(names, columns, kinds, strict=True)})


# --- who is observed, and what comes first ---


def test_periods_that_touch_are_one_and_death_ends_them() -> None:
    histories = from_events(
        table(
            (7, 0, 1945, 511, 1.0),
            (7, 1, 100, 199, None),
            (7, 1, 200, 300, None),
            (7, 1, 500, 900, None),
            (7, 2, 700, None, None),
            (9, 3, 10, 12, None),
        ),
        TOKENS,
    )
    assert histories.person.tolist() == [7, 7]
    assert list(zip(histories.entry.tolist(), histories.exit.tolist(), strict=True)) == [
        (100, 300),
        (500, 700),
    ]
    born = (dt.date(1945, 5, 11) - dt.date(1970, 1, 1)).days
    assert histories.born.tolist() == [born, born]
    assert histories.female.tolist() == [1, 1]
    assert histories.people == 1


def test_what_began_in_an_earlier_period_is_not_new_in_a_later_one() -> None:
    histories = from_events(
        table(
            (1, 1, 100, 200, None),
            (1, 1, 400, 500, None),
            (1, 3, 150, None, None),
            (1, 3, 450, None, None),
            (2, 1, 100, 200, None),
            (2, 3, 50, 60, None),
            (3, 1, 100, 200, None),
            (3, 3, 210, 220, None),
            (4, 1, 100, 200, None),
        ),
        TOKENS,
    )
    assert histories.first(["medicine:quinine"]).tolist() == [150, BEFORE, BEFORE, NEVER, NEVER]
    assert histories.first(["medicine:furosemide"]).tolist() == [NEVER] * 5


def test_births_are_known_as_far_as_they_are_told() -> None:
    """Year alone: its middle; month alone: its middle; two that differ: unknown."""
    observed = [(person, 1, 100, 200, None) for person in range(1, 6)]
    told = [
        (1, 0, 1950, 0, 0.0),
        (2, 0, 1950, 200, None),
        (3, 0, 1950, 231, 1.0),
        (4, 0, 1950, 101, 1.0),
        (4, 0, 1951, 101, 1.0),
    ]
    histories = from_events(table(*told, *observed), TOKENS)
    days = [dt.date(1950, 7, 1), dt.date(1950, 2, 15), dt.date(1950, 2, 15)]
    born = [(day - dt.date(1970, 1, 1)).days for day in days]
    assert histories.born.tolist() == [*born, NEVER, NEVER]
    assert histories.female.tolist() == [0, -1, 1, 1, -1]


def test_supplies_last_as_recorded_or_as_long_as_they_were_for() -> None:
    histories = from_events(
        table(
            (1, 0, 1970, 401, None),
            (1, 1, 95, 900, None),
            (1, 3, 50, 60, None),
            (1, 3, 100, 110, None),
            (1, 3, 200, None, 30.0),
            (1, 3, 300, 290, 10.0),
            (1, 3, 400, None, None),
        ),
        TOKENS,
    )
    spells = histories.spells(["medicine:quinine"], lasts=5)
    assert list(zip(spells.start.tolist(), spells.end.tolist(), strict=True)) == [
        (100, 110),
        (200, 229),
        (300, 309),
        (400, 404),
    ]
    assert histories.first(["medicine:quinine"]).tolist() == [100]


def test_a_table_without_a_column_says_which() -> None:
    with pytest.raises(InputError, match="has no column 'value'"):
        from_events(table((1, 1, 1, 2, None)).drop_columns(["value"]), TOKENS)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60), st.integers(0, 15)), max_size=25),
    st.integers(0, 5),
)
def test_joining_spells_leaves_the_days_that_a_day_by_day_count_gives(
    spells: list[tuple[int, int, int]], gap: int
) -> None:
    """Against marking every day: gaps of at most so many days between marked ones are filled."""
    made = in_order(
        [who for who, _s, _n in spells],
        [start for _w, start, _n in spells],
        [start + length for _w, start, length in spells],
    )
    seen = joined(made, gap)
    for who in range(4):
        days = {d for w, s, n in spells if w == who for d in range(s, s + n + 1)}
        for one, other in pairwise(sorted(days)):
            if other - one - 1 <= gap:
                days |= set(range(one, other))
        mine = seen.who == who
        both = list(zip(seen.start[mine].tolist(), seen.end[mine].tolist(), strict=True))
        assert {d for s, e in both for d in range(s, e + 1)} == days
        assert all(after[0] - before[1] - 1 > gap for before, after in pairwise(both))


# --- the order of starts ---


def trio(
    starts: list[tuple[int, int]], *, entry: int = 0, until: int = 2000
) -> tuple[Histories, Any, Any]:
    """Return people who begin (medicine, marker) on these days, and the days."""
    size = len(starts)
    people = np.arange(size)
    histories = from_arrays(person=people, entry=[entry] * size, exit=[until] * size)
    medicine, marker = (np.array([one[k] for one in starts], np.int32) for k in (0, 1))
    return histories, medicine, marker


def test_pairs_are_new_starts_within_the_window_in_one_order_or_the_other() -> None:
    histories, medicine, marker = trio(
        [
            (800, 900),
            (800, 700),
            (800, 800),
            (800, 1166),
            (800, 1165),
            (300, 400),
            (800, 300),
            (NEVER, 900),
        ]
    )
    pairs = pairs_of(histories, medicine, marker, settings(), 365)
    assert np.flatnonzero(pairs.after).tolist() == [0, 4]
    assert np.flatnonzero(pairs.before).tolist() == [1]
    assert pairs.started.tolist() == [True] * 5 + [False, True, False]


def test_expected_by_counts_is_the_sum_over_starts_of_markers_after_over_before() -> None:
    """Three starts, five markers, by hand: 5 after and 4 before within 100 days."""
    histories, medicine, marker = trio(
        [(500, NEVER), (600, NEVER), (700, NEVER)]
        + [(NEVER, day) for day in (450, 550, 560, 650, 780)]
    )
    chosen = settings(trend="counts", window=100)
    expected = expected_of(histories, pairs_of(histories, medicine, marker, chosen, 0), chosen)
    assert expected is not None
    assert expected.ratio == pytest.approx((2 + 1 + 1) / (1 + 2 + 1))


def slow_expected(
    histories: Histories, medicine: Any, marker: Any, window: int, run_in: int, band: int
) -> float:
    """Return the order expected by rates, counted day by day in plain Python."""

    def cell(row: int, day: int) -> tuple[object, int]:
        born = int(histories.born[row])
        age = "unknown" if born == NEVER else _band(day - born, band)
        month = dt.date(1970, 1, 1) + dt.timedelta(days=day)
        return (age, int(histories.female[row])), month.year * 12 + month.month

    time: dict[tuple[object, int], int] = {}
    events: dict[tuple[object, int], int] = {}
    after: dict[tuple[object, int], int] = {}
    before: dict[tuple[object, int], int] = {}

    def count(into: dict[tuple[object, int], int], row: int, day: int) -> None:
        into[cell(row, day)] = into.get(cell(row, day), 0) + 1

    for row in range(len(histories)):
        since, last = int(histories.entry[row]) + run_in, int(histories.exit[row])
        start, mark = int(medicine[row]), int(marker[row])
        if start > last:
            for day in range(since, min(last, mark) + 1):
                count(time, row, day)
            if since <= mark <= last:
                count(events, row, mark)
        elif start >= since and mark >= max(since, start - window):
            for day in range(max(since, start - window), min(start - 1, mark) + 1):
                count(before, row, day)
            for day in range(start + 1, min(last, start + window, mark) + 1):
                count(after, row, day)
    strata, months = {key[0] for key in time}, {key[1] for key in time}
    rate, wave = dict.fromkeys(strata, 0.0), dict.fromkeys(months, 1.0)
    for _round in range(60):
        for one in strata:
            at = sum(n * wave[m] for (s, m), n in time.items() if s == one)
            rate[one] = sum(n for (s, _m), n in events.items() if s == one) / at
        for one in months:
            at = sum(n * rate[s] for (s, m), n in time.items() if m == one)
            seen = sum(n for (_s, m), n in events.items() if m == one)
            wave[one] = seen / at if at else 0.0
    late, early = (
        sum(n * rate.get(s, 0.0) * wave.get(m, 0.0) for (s, m), n in days.items())
        for days in (after, before)
    )
    return late / early


def _band(days: int, years: int) -> int:
    edges = [round(edge * YEAR) for edge in range(0, 125, years)]
    return max(sum(edge <= days for edge in edges) - 1, 0)


def test_expected_by_rates_is_what_counting_every_day_gives() -> None:
    world = World(people=150, years=4.0, rate=0.3, trend=0.4, ageing=0.05)
    world = replace(world, drugs=(Drug("furosemide", rate=0.2, trend=0.2),))
    made = simulate(world, 3)
    born = made.born.copy()
    born[::9] = NEVER
    histories = replace(made, born=born)
    medicine, marker = histories.first(["medicine:furosemide"]), histories.first([MARKER])
    chosen = settings(window=200)
    seen = expected_of(histories, pairs_of(histories, medicine, marker, chosen, 90), chosen)
    assert seen is not None
    assert seen.ratio == pytest.approx(
        slow_expected(histories, medicine, marker, 200, 90, chosen.age_band), rel=1e-6
    )


@pytest.mark.parametrize(("count", "total"), [(0, 12), (3, 12), (12, 12), (140, 251)])
def test_intervals_of_a_proportion_are_those_of_a_library(count: int, total: int) -> None:
    library = binomtest(count, total)
    for kind, name in (("exact", "exact"), ("score", "wilson")):
        other = library.proportion_ci(0.95, method=name)
        ours = proportion_interval(count, total, 0.95, kind)
        assert ours == pytest.approx((other.low, other.high), abs=1e-9)


def test_too_few_pairs_give_no_ratio_and_small_numbers_are_not_told() -> None:
    one_sided = trio([(800, 900)] * 30 + [(800, 700)] * 3 + [(NEVER, 900)] * 50)
    seen = sequence_ratio(*one_sided, settings(), 365)
    assert (seen.withheld, seen.ratio, seen.after, seen.before) == ("small_cell", None, 30, None)
    few = trio([(800, 900)] * 9 + [(800, 700)] * 7)
    seen = sequence_ratio(*few, settings(), 365)
    assert (seen.withheld, seen.ratio) == ("few_pairs", None)
    lonely = trio([(800, 900)] * 20 + [(800, 700)] * 20)
    assert sequence_ratio(*lonely, settings(), 365).withheld == "no_trend"


def test_old_users_who_look_new_ask_for_a_longer_run_in() -> None:
    clean = World(people=20_000, drugs=(Drug("furosemide", rate=0.05),))
    mixed = replace(clean, drugs=(Drug("furosemide", rate=0.05, prevalent=0.3),))
    for world, days in ((clean, 0), (mixed, 90)):
        histories = simulate(world, 1)
        first = histories.first(["medicine:furosemide"])
        assert suggested_run_in(histories, first, settings()) == days


# --- case series ---


def days_of_cases(histories: Histories, chosen: Any) -> tuple[list[Any], list[int]]:
    """Return for each case what holds on each day of it, and which day the marker came."""
    medicine, marker = histories.first(["medicine:furosemide"]), histories.first([MARKER])
    rows, marks = [], []
    for row in range(len(histories)):
        since, last = int(histories.entry[row]) + 365, int(histories.exit[row])
        if not since <= marker[row] <= last:
            continue
        start = int(medicine[row])
        days = np.arange(since, last + 1)
        dates = days.astype("datetime64[D]")
        months = dates.astype("datetime64[M]").astype(int)
        turn = 2 * np.pi * (months % 12 + 0.5) / 12
        waves = [wave(k * turn) for k in (1, 2) for wave in (np.cos, np.sin)]
        if start < since:
            exposed = [np.zeros(len(days)), np.zeros(len(days)), np.ones(len(days))]
        else:
            exposed = [
                (days >= start - chosen.before) & (days <= start),
                (days > start) & (days <= start + chosen.risk),
                days > start + chosen.risk,
            ]
        age = (days - int(histories.born[row])) // (YEAR * chosen.age_band)
        rows.append((np.array([*exposed, *waves], float), months, age))
        marks.append(int(marker[row]) - since)
    return rows, marks


def direct(histories: Histories, chosen: Any) -> tuple[Any, Any]:
    """Return the negative log likelihood as written down, day by day, and its size."""
    rows, marks = days_of_cases(histories, chosen)
    months = np.concatenate([month for _x, month, _a in rows])
    ages = sorted({int(a) for _x, _m, age in rows for a in age})[1:]
    first, last = int(months.min()), int(months.max())
    bends = [*range(first, last + 1, 12), last + 1]
    late = [m[day] >= bends[-2] for (_x, m, _a), day in zip(rows, marks, strict=True)]
    if len(bends) > 2 and not any(late):
        del bends[-2]
    made = [
        np.vstack(
            [
                x,
                *[np.interp(month + 0.5, bends, one) for one in np.eye(len(bends))[1:]],
                *[(age == a) for a in ages],
            ]
        ).T.astype(float)
        for x, month, age in rows
    ]

    def minus(at: Any) -> float:
        total = 0.0
        for x, mark in zip(made, marks, strict=True):
            rate = x @ at
            total += rate[mark] - np.log(np.exp(rate - rate.max()).sum()) - rate.max()
        return -total

    return minus, made[0].shape[1]


def small_world() -> tuple[Histories, Any]:
    world = World(people=1200, years=4.0, rate=0.1, trend=0.2, turnover=0.2)
    world = replace(world, drugs=(Drug("furosemide", ratio=2.0, rate=0.25),))
    return simulate(world, 5), settings(
        least_band=1, least_exposed=1, age_band=12, risk=200, before=150
    )


def test_the_case_series_is_the_likelihood_written_down_day_by_day() -> None:
    """Ratio, its standard error's interval and the profile, against a general optimiser."""
    histories, chosen = small_world()
    seen = case_series(histories, ["medicine:furosemide"], [MARKER], chosen, 365)
    minus, size = direct(histories, chosen)
    best = minimize(minus, np.zeros(size), method="BFGS", options={"gtol": 1e-4})
    assert seen.ratio is not None
    assert seen.early is not None
    assert seen.ratio.value == pytest.approx(math.exp(best.x[1]), rel=1e-3)
    assert seen.early.value == pytest.approx(math.exp(best.x[0]), rel=1e-3)
    for end in (seen.ratio.low, seen.ratio.high):
        held = math.log(end)

        def at_end(rest: Any, held: float = held) -> float:
            return float(minus(np.insert(rest, 1, held)))

        there = minimize(at_end, np.delete(best.x, 1), method="BFGS", options={"gtol": 1e-3})
        assert 2 * (there.fun - best.fun) == pytest.approx(3.8415, abs=0.02)


def test_the_case_series_is_a_poisson_regression_with_a_level_for_everybody() -> None:
    """Farrington 1995: given how many markers each has, the levels of people drop out."""
    histories, chosen = small_world()
    cases = cases_of(histories, [MARKER], chosen, 365)
    few = replace(
        cases,
        row=cases.row[:60],
        since=cases.since[:60],
        until=cases.until[:60],
        markers=replace(
            cases.markers,
            who=cases.markers.who[cases.markers.who < 60],
            day=cases.markers.day[cases.markers.who < 60],
        ),
    )
    plain = settings(harmonics=0, calendar=False, ages=False, risk=200)
    pieces, _exposure = pieces_of(histories, few, ["medicine:furosemide"], plain)
    found = fit(pieces)
    x = np.hstack([pieces.design[pieces.codes[0]], np.eye(60)[pieces.case]])
    at = np.concatenate([np.zeros(pieces.design.shape[1]), np.full(60, -6.0)])
    for _step in range(60):
        mean = pieces.days * np.exp(x @ at)
        at += np.linalg.solve(x.T @ (mean[:, None] * x), x.T @ (pieces.events - mean))
    size = pieces.design.shape[1]
    covariance = np.linalg.inv(x.T @ (mean[:, None] * x))[:size, :size]
    assert found.parameters == pytest.approx(at[:size], abs=1e-6)
    assert found.covariance == pytest.approx(covariance, rel=1e-5)
    ends = profiled(pieces, found, 1, 0.95)
    assert ends is not None
    assert ends[0] < found.parameters[1] < ends[1]


def marked_people(days: list[list[int]]) -> Histories:
    """Return people observed for ten years with markers on these days."""
    size = len(days)
    who = [place for place, each in enumerate(days) for _day in each]
    flat = [day for each in days for day in each]
    spells = in_order(who, flat, flat)
    return from_arrays(
        person=np.arange(size),
        entry=[0] * size,
        exit=[3650] * size,
        born=[-20_000] * size,
        records={MARKER: spells},
    )


def test_further_markers_count_after_so_long_without_any() -> None:
    """Supplies of one treatment are one marker; those before the run-in still end the wait."""
    histories = marked_people([[400, 700, 1000, 1400], [100, 500], [300, 400], []])
    since = np.full(4, 365)
    first = counted_markers(histories, [MARKER], since, settings())
    assert list(zip(first.who.tolist(), first.day.tolist(), strict=True)) == [(0, 400)]
    every = counted_markers(histories, [MARKER], since, settings(all_markers=True))
    assert list(zip(every.who.tolist(), every.day.tolist(), strict=True)) == [
        (0, 400),
        (0, 1400),
        (1, 500),
    ]


def test_a_case_series_without_enough_says_why() -> None:
    nobody = case_series(marked_people([[], []]), ["medicine:x"], [MARKER], settings(), 365)
    assert (nobody.withheld, nobody.cases) == ("no_case", 0)
    unexposed = marked_people([[800 + place] for place in range(40)])
    seen = case_series(unexposed, ["medicine:x"], [MARKER], settings(), 365)
    assert (seen.withheld, seen.cases, seen.exposed) == ("few_exposed", 40, 0)
    days = np.arange(780, 820, dtype=np.int32)
    taken = Spells(np.arange(40), days, days)
    always = replace(unexposed, records={**unexposed.records, "medicine:x": taken})
    seen = case_series(always, ["medicine:x"], [MARKER], settings(), 365)
    assert (seen.withheld, seen.ratio) == ("one_sided", None)


def test_people_without_a_known_age_are_left_out_and_it_is_said() -> None:
    histories, chosen = small_world()
    born = histories.born.copy()
    born[::2] = NEVER
    seen = case_series(
        replace(histories, born=born), ["medicine:furosemide"], [MARKER], chosen, 365
    )
    whole = case_series(histories, ["medicine:furosemide"], [MARKER], chosen, 365)
    assert "no_age" in seen.notices
    assert "no_age" not in whole.notices
    assert seen.cases is not None
    assert whole.cases is not None
    assert 0 < seen.cases < whole.cases


# --- controls ---


def test_many_exact_controls_show_the_error_they_were_made_with() -> None:
    rng = np.random.default_rng(1)
    error = systematic_error(rng.normal(0.2, 0.1, 300).tolist(), [0.01] * 300, 2.0)
    told = summary(error, 0.95)
    assert told.times.value == pytest.approx(math.exp(0.2), rel=0.02)
    assert told.spread == pytest.approx(0.1, rel=0.1)
    freed = calibrated(math.log(2.0) + 0.2, 0.05, error, 0.95)
    assert freed.ratio.value == pytest.approx(2.0, rel=0.02)
    half = 1.96 * math.hypot(0.05, 0.1)
    assert math.log(freed.ratio.high) == pytest.approx(math.log(2.0) + half, abs=0.03)
    assert calibrated(0.2, 0.05, error, 0.95).p > 0.8
    assert freed.p < 0.001


# --- ids and choices ---


def test_a_class_holds_its_medicines_and_those_of_classes_below_it() -> None:
    ids = medicine_ids("diuretic", knowledge())
    assert {"medicine:furosemide", "medicine:spironolactone", "medicine:loop_diuretic"} <= {*ids}
    assert "medicine:atenolol" not in ids
    assert medicine_ids("atenolol", knowledge()) == ["medicine:atenolol"]
    assert "condition:muscle_cramp" in marker_ids("muscle_cramp", knowledge())
    assert "medicine:quinine" in marker_ids("quinine", knowledge())


def test_an_analysis_asks_for_the_events_it_needs_and_no_others() -> None:
    wanted = wanted_of(["statin"], ["muscle_cramp"])
    assert all(map(wanted, [BORN, OBSERVED, DIED]))
    needed = [("medicine", "simvastatin"), ("medicine", "atenolol"), ("condition", "muscle_cramp")]
    assert all(wanted(Token(kind=kind, id=name)) for kind, name in needed)  # type: ignore[arg-type]
    others = [("medicine", "furosemide"), ("condition", "insomnia"), ("lab", "potassium")]
    assert not any(wanted(Token(kind=kind, id=name)) for kind, name in others)  # type: ignore[arg-type]


def test_controls_are_medicines_of_which_no_effect_is_known() -> None:
    members = control_members(content().controls.medicines, knowledge())
    assert {"atenolol", "tiotropium"} <= {*members}
    assert not {"carvedilol", "bisoprolol"} & {*members}


@pytest.mark.parametrize("wrong", ["diuretics_", "nothing"])
def test_an_unknown_medicine_or_marker_is_told_with_a_hint(wrong: str) -> None:
    histories = marked_people([[800]])
    with pytest.raises(UnknownIdError, match="no medicine or class") as told:
        analyse(histories, [wrong], ["quinine"])
    assert told.value.hint
    with pytest.raises(UnknownIdError, match="no marker"):
        analyse(histories, ["diuretic"], [wrong])


def test_nobody_observed_is_an_error_that_says_what_is_needed() -> None:
    with pytest.raises(InputError, match="nobody was observed") as told:
        analyse(from_arrays(person=[], entry=[], exit=[]), ["diuretic"], ["quinine"])
    assert "OBSERVATION_PERIOD" in told.value.hint


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"window": 0}, "window"),
        ({"run_in": -1}, "run_in"),
        ({"blackout": 365}, "blackout"),
        ({"confidence": 1.5}, "confidence"),
        ({"trend": "guess"}, "settings"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(InputError) as told:
        settings(**changes)
    assert told.value.where == where


def test_every_choice_is_assumed_or_has_a_source_that_exists() -> None:
    assert faults_of(content(), knowledge()) == []
    bare = msgspec.structs.replace(
        content(), choices={"window": Choice(value=1, status="published")}
    )
    lost = msgspec.structs.replace(
        content(), choices={"window": Choice(value=1, status="published", source=["Nobody1900"])}
    )
    assert faults_of(bare, knowledge()) == ["[choices.window] has no source"]
    assert faults_of(lost, knowledge()) == ["[choices.window]: no source 'Nobody1900'"]


# --- what people read ---

DRUGS = (
    Drug("furosemide", 1.47, 0.05, prevalent=0.05),
    Drug("salmeterol", 2.42, 0.0005),
    *(Drug(name, 1.0, 0.04) for name in ("atenolol", "metoprolol", "propranolol")),
    *(Drug(name, 1.0, 0.04) for name in ("tiotropium", "ipratropium")),
)


@pytest.fixture(scope="module")
def report() -> SequenceReport:
    histories = simulate(World(people=15_000, rate=0.03, drugs=DRUGS), 2)
    return analyse(histories, ["diuretic", "laba"], ["quinine"])


def test_the_text_gives_ratio_order_published_and_controls_on_eighty_columns(
    report: SequenceReport,
) -> None:
    text = sequence_text(report)
    seen = report.results[0].sequence
    assert seen.ratio is not None
    assert max(map(len, text.splitlines())) <= 80
    assert f"{seen.ratio.value:.2f} ({seen.ratio.low:.2f} to {seen.ratio.high:.2f})" in text
    assert f"{seen.after} people had the first marker within 365 days after" in " ".join(
        text.split()
    )
    assert "1.47 (1.33–1.63)" in text
    assert "5 controls" in text
    assert "atenolol" in text


def test_numbers_of_too_few_people_stand_nowhere(report: SequenceReport) -> None:
    rare = report.results[1]
    assert rare.sequence.ratio is None
    assert rare.sequence.before is None
    assert "no ratio, too few people began both" in " ".join(sequence_text(report).split())
    whole = msgspec.to_builtins(report)
    counts = [
        value
        for part in walk(whole)
        for name in ("starters", "after", "before", "cases", "exposed", "acting", "starts")
        if isinstance(value := part.get(name), int)
    ]
    assert counts
    settings_of_run = {id(whole["settings"])}
    assert not [
        part[name]
        for part in walk(whole)
        if id(part) not in settings_of_run
        for name in ("starters", "after", "before", "cases", "exposed", "acting", "starts")
        if isinstance(part.get(name), int) and 0 < part[name] < 5
    ]


def walk(value: Any) -> Any:
    """Yield every mapping inside a value."""
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from walk(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from walk(part)


def test_the_document_has_a_picture_with_its_table_as_page_and_pdf(
    report: SequenceReport,
) -> None:
    document = sequence_document(report)
    picture = next(b for s in document.sections for b in s.blocks if isinstance(b, Picture))
    page = html_of(document)
    assert f'id="{picture.table[0]}"' in page
    assert picture.title in page
    assert "published: 1.47 times (1.33 to 1.63)" in picture.description
    assert pdf_of(document, dt.datetime(2026, 1, 1)).startswith(b"%PDF")


def test_the_report_speaks_spanish(report: SequenceReport) -> None:
    with speaking("es"):
        text = sequence_text(report)
    assert "1,47 (1,33–1,63)" in text
    assert max(map(len, text.splitlines())) <= 80
    for english in ("by order", "by chance", "Negative controls", "run-in"):
        assert english not in text


def test_the_report_survives_json(report: SequenceReport) -> None:
    again = msgspec.json.decode(msgspec.json.encode(report), type=SequenceReport)
    assert sequence_text(again) == sequence_text(report)


def test_cramps_that_call_for_the_medicine_are_warned_of() -> None:
    histories = simulate(
        World(people=15_000, rate=0.03, drugs=(Drug("furosemide", rate=0.04, called=0.2),)), 1
    )
    text = sequence_text(analyse(histories, ["diuretic"], ["quinine"], controls=[]))
    assert "the cramps may have had a part in the prescribing" in " ".join(text.split())


def test_months_are_counted_by_the_calendar() -> None:
    edges = month_edges(0, 59)
    assert edges.tolist() == [0, 31, 59, 90]
