"""Weighted area, calibration and design-based spread: by hand, and against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nightcramp.errors import InputError

pytest.importorskip("scipy", reason="the extra `validate` is not installed")

from nightcramp.validation.design import (
    Estimate,
    SurveyDesign,
    design_of,
    jackknife,
    mean,
    proportion,
)
from nightcramp.validation.maps import Predictors, cross_predicted, fit, predict
from nightcramp.validation.statistics import (
    auc,
    brier,
    calibration_intercept,
    calibration_slope,
    chance,
    log_odds,
    logistic,
    scaled_brier,
    tenths,
)
from nightcramp.validation.validate import curve

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


def numbers(*values: float) -> Array:
    return np.array(values, dtype=np.float64)


def flags(*values: int) -> Flags:
    return np.array(values, dtype=bool)


def odds(p: float) -> float:
    return math.log(p / (1 - p))


# --- discrimination ---


def test_the_area_is_the_weighted_part_of_pairs_in_order() -> None:
    """Cases 0.9 (weight 2) and 0.3 (1), others 0.3 (3) and 0.1 (1).

    Pairs: 2 x 3 and 2 x 1 in order, 1 x 3 tied, 1 x 1 in order: (6 + 2 + 1.5 + 1) / 12.
    """
    found = auc(numbers(0.9, 0.3, 0.3, 0.1), flags(1, 1, 0, 0), numbers(2, 1, 3, 1))
    assert found == pytest.approx(10.5 / 12)


def test_the_area_needs_both_kinds_of_people() -> None:
    assert math.isnan(auc(numbers(0.1, 0.2), flags(1, 1), numbers(1, 1)))


def pairs_in_order(score: Array, case: Flags, weight: Array) -> float:
    """Return the area by looking at every pair."""
    right = total = 0.0
    for i in np.flatnonzero(case):
        for j in np.flatnonzero(~case):
            pair = weight[i] * weight[j]
            total += pair
            right += pair * (1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0)
    return right / total if total else math.nan


PERSON = st.tuples(st.integers(0, 6), st.booleans(), st.sampled_from([0.0, 0.5, 1.0, 3.7]))


@given(st.lists(PERSON, min_size=2, max_size=25))
@settings(deadline=None)
def test_the_area_equals_a_look_at_every_pair(people: list[tuple[int, bool, float]]) -> None:
    score = numbers(*(p[0] for p in people))
    case, weight = flags(*(p[1] for p in people)), numbers(*(p[2] for p in people))
    expected = pairs_in_order(score, case, weight)
    assert auc(score, case, weight) == pytest.approx(expected, nan_ok=True)


# --- calibration ---


def test_two_probabilities_give_slope_and_intercept_by_hand() -> None:
    """Of people told 0.2, 10 % have it; of those told 0.6, 50 %."""
    probability = numbers(0.2, 0.2, 0.6, 0.6)
    case, weight = flags(1, 0, 1, 0), numbers(1, 9, 5, 5)
    slope = (odds(0.5) - odds(0.1)) / (odds(0.6) - odds(0.2))
    assert calibration_slope(probability, case, weight) == pytest.approx(slope)


def test_the_intercept_is_the_difference_in_log_odds_for_one_probability() -> None:
    found = calibration_intercept(numbers(0.2, 0.2), flags(1, 0), numbers(3, 7))
    assert found == pytest.approx(odds(0.3) - odds(0.2))


def test_right_probabilities_have_slope_one_and_doubled_log_odds_a_half() -> None:
    truth = np.linspace(0.05, 0.7, 40)
    probability = np.repeat(truth, 2)
    case = np.tile(flags(1, 0), 40)
    weight = np.stack([truth, 1 - truth], axis=1).ravel()
    assert calibration_slope(probability, case, weight) == pytest.approx(1)
    assert calibration_intercept(probability, case, weight) == pytest.approx(0, abs=1e-9)
    overdone = chance(2 * log_odds(probability))
    assert calibration_slope(overdone, case, weight) == pytest.approx(0.5)


def test_the_brier_score_by_hand() -> None:
    """0.8 with the outcome (weight 1), 0.4 without (3); everybody's mean is 1/4."""
    given_ = numbers(0.8, 0.4), flags(1, 0), numbers(1, 3)
    assert brier(*given_) == pytest.approx((0.04 + 3 * 0.16) / 4)
    assert scaled_brier(*given_) == pytest.approx(1 - 0.13 / 0.1875)


def test_tenths_hold_equal_parts_of_the_population() -> None:
    random = np.random.default_rng(3)
    weight = random.uniform(1, 20, 4000)
    place = tenths(random.random(4000), weight)
    assert np.bincount(place, weight) / weight.sum() == pytest.approx(np.full(10, 0.1), abs=0.005)


def test_people_with_one_probability_are_in_one_tenth() -> None:
    assert len(set(tenths(np.full(50, 0.3), np.ones(50)).tolist())) == 1


def test_a_regression_without_an_answer_says_so() -> None:
    """Two columns that are the same have no coefficients of their own."""
    terms = np.ones((4, 2))
    assert np.isnan(logistic(terms, flags(1, 0, 1, 0), np.ones(4))).all()


# --- spread ---


def six_people() -> SurveyDesign:
    """Two strata: one with two clusters of one person, one with two clusters of two."""
    return design_of(
        numbers(10, 20, 10, 10, 30, 20), numbers(1, 1, 2, 2, 2, 2), numbers(1, 2, 1, 1, 2, 2)
    )


def test_a_mean_and_its_standard_error_by_hand() -> None:
    """y = 1 0 1 1 0 1 has mean 0.5; z = w (y - 0.5) / 100 is .05 -.1 .05 .05 -.15 .1.

    Cluster totals .05 -.1 and .1 -.05, each stratum adds 2 x 2 x .075^2.
    """
    found = mean(numbers(1, 0, 1, 1, 0, 1), six_people(), np.ones(6, bool))
    assert found.value == pytest.approx(0.5)
    assert found.se == pytest.approx(math.sqrt(2 * 2 * 2 * 0.075**2))


def test_the_interval_has_as_many_degrees_of_freedom_as_clusters_less_strata() -> None:
    """Four clusters, two strata: t with two degrees of freedom is 4.3027."""
    found = mean(numbers(1, 0, 1, 1, 0, 1), six_people(), np.ones(6, bool))
    assert found.se is not None
    assert found.high == pytest.approx(0.5 + 4.302653 * found.se)


def test_the_interval_of_a_proportion_is_made_in_log_odds_and_stays_inside() -> None:
    """At a half the log odds' standard error is that of the proportion times four."""
    found = proportion(flags(1, 0, 1, 1, 0, 1), six_people(), np.ones(6, bool))
    assert found.se is not None
    reach = 4.302653 * 4 * found.se
    assert found.low == pytest.approx(1 / (1 + math.exp(reach)))
    assert found.high == pytest.approx(1 / (1 + math.exp(-reach)))
    assert proportion(np.zeros(6, bool), six_people(), np.ones(6, bool)) == Estimate(value=0.0)


def test_a_group_keeps_its_place_in_the_design() -> None:
    """Leaving people out by weight 0 is not the same as forgetting their clusters."""
    among = flags(1, 1, 1, 1, 0, 0)
    found = mean(numbers(1, 0, 1, 1, 0, 1), six_people(), among)
    assert found.value == pytest.approx(0.6)
    # z: .08 -.24 .08 .08; totals .08 -.24 and .16 0
    assert found.se == pytest.approx(math.sqrt(2 * 2 * 0.16**2 + 2 * 2 * 0.08**2))


def test_a_stratum_with_one_cluster_is_refused() -> None:
    with pytest.raises(InputError, match="stratum 2 has a single cluster"):
        design_of(numbers(1, 1, 1), numbers(1, 1, 2), numbers(1, 2, 1))


class Drawn:
    """A survey of some size with a score, an outcome and clusters that are alike within."""

    def __init__(self, seed: int, strata: int, clusters: int, people: int, alike: float) -> None:
        random = np.random.default_rng(seed)
        count = strata * clusters * people
        place = np.arange(count)
        self.stratum = (place // (clusters * people)).astype(float)
        self.cluster = (place // people % clusters).astype(float)
        self.weight = random.uniform(1, 5, count)
        shared = np.repeat(random.normal(0, alike, strata * clusters), people)
        self.score = random.normal(0, 1, count)
        self.case = random.random(count) < chance(-1 + self.score + shared)
        self.design = design_of(self.weight, self.stratum, self.cluster)


def brute_force_variance(drawn: Drawn) -> float:
    """Return the jackknife variance of the area by dropping people and counting pairs."""
    whole = pairs_in_order(drawn.score, drawn.case, drawn.weight)
    variance = 0.0
    for stratum in np.unique(drawn.stratum):
        beside = drawn.stratum == stratum
        clusters = np.unique(drawn.cluster[beside])
        for cluster in clusters:
            kept = ~(beside & (drawn.cluster == cluster))
            weight = drawn.weight.copy()
            weight[beside] *= len(clusters) / (len(clusters) - 1)
            without = pairs_in_order(drawn.score[kept], drawn.case[kept], weight[kept])
            variance += (len(clusters) - 1) / len(clusters) * (without - whole) ** 2
    return variance


@pytest.mark.parametrize(("seed", "clusters"), [(1, 2), (2, 3), (3, 5)])
def test_the_jackknife_equals_dropping_each_cluster(seed: int, clusters: int) -> None:
    drawn = Drawn(seed, strata=4, clusters=clusters, people=6, alike=0.8)
    found = area(drawn)
    assert found.se == pytest.approx(math.sqrt(brute_force_variance(drawn)))


def area(drawn: Drawn) -> Estimate:
    return jackknife(lambda w: [auc(drawn.score, drawn.case, w)], drawn.design)[0]


def linearised_variance(drawn: Drawn) -> float:
    """Return the variance of the area from each person's part in it (no replicates)."""
    whole = pairs_in_order(drawn.score, drawn.case, drawn.weight)
    above = drawn.score[:, None] > drawn.score[None, :]
    beats = above + 0.5 * (drawn.score[:, None] == drawn.score[None, :])
    cases, others = drawn.weight * drawn.case, drawn.weight * ~drawn.case
    of_case = beats @ others / others.sum() - whole
    of_other = cases @ beats / cases.sum() - whole
    linear = cases * of_case / cases.sum() + others * of_other / others.sum()
    variance = 0.0
    for stratum in np.unique(drawn.stratum):
        beside = drawn.stratum == stratum
        names = np.unique(drawn.cluster[beside])
        totals = [linear[beside & (drawn.cluster == name)].sum() for name in names]
        variance += len(names) * float(np.var(totals, ddof=1))
    return variance


def test_the_jackknife_and_the_linearisation_of_the_area_agree() -> None:
    """Two ways that share nothing but the definition of the area."""
    drawn = Drawn(5, strata=12, clusters=2, people=40, alike=0.5)
    assert area(drawn).se == pytest.approx(math.sqrt(linearised_variance(drawn)), rel=0.05)


def test_the_jackknife_and_the_linearisation_of_a_mean_agree() -> None:
    drawn = Drawn(6, strata=12, clusters=2, people=40, alike=0.5)
    case = drawn.case.astype(float)
    linear = mean(case, drawn.design, np.ones(len(case), bool))
    replicated = jackknife(lambda w: [float(w @ case / w.sum())], drawn.design)[0]
    assert replicated.se == pytest.approx(linear.se, rel=0.02)


def test_intervals_hold_the_truth_as_often_as_they_say_and_simple_ones_do_not() -> None:
    """Clusters alike within: of 300 surveys 95 % intervals hold the mean about 285 times."""
    truth = float(np.mean([Drawn(s, 10, 2, 30, 0.8).case.mean() for s in range(2000, 2300)]))
    held = simple = 0
    for seed in range(300):
        drawn = Drawn(seed, 10, 2, 30, 0.8)
        found = proportion(drawn.case, drawn.design, np.ones(600, bool))
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
        plain = 1.96 * math.sqrt(found.value * (1 - found.value) / 600)
        simple += abs(found.value - truth) <= plain
    assert 273 <= held <= 297
    assert simple < 250


# --- the calibration curve ---


class Rated(Drawn):
    """A survey whose outcome has some base rate, and the true probability of each score."""

    def __init__(self, seed: int, base: float) -> None:
        super().__init__(seed, strata=15, clusters=2, people=100, alike=0.5)
        random = np.random.default_rng(seed + 10_000)
        shared = random.normal(0, 0.5, self.design.clusters)[self.design.cluster]
        self.case = random.random(len(self.score)) < chance(base + self.score + shared)
        nodes, parts = np.polynomial.hermite_e.hermegauss(21)
        each = chance(base + self.score[:, None] + 0.5 * nodes)
        self.truth: Array = each @ (parts / parts.sum())


def overdone(probability: Array) -> Array:
    """Return probabilities whose log odds lie twice as far from the middle."""
    middle = log_odds(np.array([probability.mean()]))
    return chance(2 * log_odds(probability) - middle)


@pytest.mark.parametrize("base", [-2.0, -3.0])
def test_a_curve_holds_right_predictions_as_often_as_it_says_and_overdone_ones_not(
    base: float,
) -> None:
    """Of 1,000 tenths, intervals of 95 % hold what was rightly predicted about 950 times."""
    surveys = [Rated(seed, base) for seed in range(100)]
    right = [p.holds for d in surveys for p in curve(d.truth, d.case, d.design)]
    wrong = [p.holds for d in surveys for p in curve(overdone(d.truth), d.case, d.design)]
    told = [holds for holds in right if holds is not None]
    assert len(told) > 980
    assert 0.92 <= np.mean(told) <= 0.98
    assert wrong.count(True) < 600


def test_a_curve_is_made_of_weighted_means_and_its_intervals_agree_with_the_jackknife() -> None:
    drawn = Rated(3, -2.0)
    place = tenths(drawn.truth, drawn.weight)
    points = curve(drawn.truth, drawn.case, drawn.design)
    assert [point.tenth for point in points] == list(range(1, 11))
    for point in points:
        inside = place == point.tenth - 1
        weight = drawn.weight * inside
        assert point.people == inside.sum()
        assert point.predicted == pytest.approx(weight @ drawn.truth / weight.sum())
        assert point.observed.value == pytest.approx(weight @ drawn.case / weight.sum())

        def share(weights: Array, inside: Flags = inside) -> list[float]:
            return [float(weights[inside] @ drawn.case[inside] / weights[inside].sum())]

        assert point.observed.se == pytest.approx(jackknife(share, drawn.design)[0].se, rel=0.1)


def test_a_tenth_that_ties_leave_empty_is_left_out_of_a_curve() -> None:
    """Half the people have one probability: their place is the third tenth."""
    drawn = Rated(4, -2.0)
    tied = np.where(drawn.truth < np.median(drawn.truth), 0.01, drawn.truth)
    points = curve(tied, drawn.case, drawn.design)
    assert sum(point.people for point in points) == len(tied)
    assert [point.tenth for point in points] == [3, 6, 7, 8, 9, 10]


# --- the derived map ---


def population(seed: int = 1, count: int = 20_000) -> tuple[Predictors, Flags, Array]:
    random = np.random.default_rng(seed)
    people = Predictors(
        random.uniform(20, 85, count),
        (random.random(count) < 0.5).astype(float),
        random.gamma(2, 0.4, count),
        random.gamma(2, 0.2, count),
    )
    age = (people.age - 50) / 10
    truth = chance(-2 + 0.2 * age - 0.05 * age**2 + 0.4 * people.female + 0.7 * people.multiplier)
    return people, random.random(count) < truth, random.uniform(1, 9, count)


def test_the_map_finds_what_was_planted() -> None:
    people, case, weight = population()
    found = fit("nightcramp", people, case, weight)
    assert found.intercept == pytest.approx(-2, abs=0.15)
    assert found.age == pytest.approx(0.2, abs=0.04)
    assert found.age_squared == pytest.approx(-0.05, abs=0.02)
    assert found.female == pytest.approx(0.4, abs=0.12)
    assert found.multiplier == pytest.approx(0.7, abs=0.1)


def test_the_published_map_holds_the_slope_at_one_and_age_and_sex_at_none() -> None:
    people, case, weight = population(count=500)
    assert fit("published", people, case, weight).multiplier == 1
    alone = fit("age_and_sex", people, case, weight)
    assert alone.multiplier == 0
    assert predict(alone, "age_and_sex", people).mean() == pytest.approx(case.mean(), abs=0.02)


def test_nobody_is_predicted_by_a_map_that_saw_their_cluster() -> None:
    """Turning the outcomes of one fold around changes the predictions of all others alone."""
    people, case, weight = population(count=400)
    folds = np.arange(400) // 20 % 10
    before = cross_predicted("nightcramp", people, case, weight, folds)
    turned = np.where(folds == 3, ~case, case)
    after = cross_predicted("nightcramp", people, turned, weight, folds)
    assert np.array_equal(before[folds == 3], after[folds == 3])
    assert not np.allclose(before[folds != 3], after[folds != 3])
