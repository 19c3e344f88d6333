"""Published scores, each against examples worked out by hand from its own rules."""

from __future__ import annotations

from typing import Any

import pytest

from nightcramp.assess.instruments import Score, score_of
from nightcramp.assess.known import Known
from nightcramp.assess.medicines import medicine_scope
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.fact import MedicineUse
from nightcramp.person.facts import Facts
from people import person


def scored(instrument: str, facts: Facts) -> Score:
    """Return one instrument's result for somebody."""
    return score_of(knowledge().instruments[instrument], Known(facts))


# --- alcohol: AUDIT-C, 0 to 4 points for each of three answers ---

OFTEN = {
    "never": 0,
    "monthly_or_less": 1,
    "two_to_four_a_month": 2,
    "two_to_three_a_week": 3,
    "four_or_more_a_week": 4,
}
MUCH = {
    "one_or_two": 0,
    "three_or_four": 1,
    "five_or_six": 2,
    "seven_to_nine": 3,
    "ten_or_more": 4,
}
SIX = {"never": 0, "less_than_monthly": 1, "monthly": 2, "weekly": 3, "daily": 4}


def drinker(often: str, much: str, six: str, **more: Any) -> Facts:
    """Return the facts of somebody's drinking."""
    return person(
        alcohol_frequency=often, alcohol_typical_drinks=much, alcohol_six_or_more=six, **more
    )


@pytest.mark.parametrize(("often", "points"), [x for x in OFTEN.items() if x[1]])
def test_audit_c_how_often(often: str, points: int) -> None:
    """The first question gives 1 to 4 points."""
    assert scored("audit_c", drinker(often, "one_or_two", "never")).score == points


@pytest.mark.parametrize(("much", "points"), MUCH.items())
def test_audit_c_how_much(much: str, points: int) -> None:
    """The second question adds 0 to 4 points to the one of the first."""
    assert scored("audit_c", drinker("monthly_or_less", much, "never")).score == 1 + points


@pytest.mark.parametrize(("six", "points"), SIX.items())
def test_audit_c_six_or_more(six: str, points: int) -> None:
    """The third question adds 0 to 4 points."""
    assert scored("audit_c", drinker("monthly_or_less", "one_or_two", six)).score == 1 + points


@pytest.mark.parametrize(
    ("often", "much", "six", "sex", "total", "positive"),
    [
        ("four_or_more_a_week", "ten_or_more", "daily", "male", 12, True),
        ("two_to_three_a_week", "three_or_four", "never", "male", 4, True),
        ("two_to_three_a_week", "one_or_two", "never", "male", 3, False),
        ("two_to_three_a_week", "one_or_two", "never", "female", 3, True),
        ("two_to_four_a_month", "one_or_two", "never", "female", 2, False),
        ("two_to_four_a_month", "five_or_six", "less_than_monthly", "female", 5, True),
    ],
)
def test_audit_c_cut_offs(
    often: str, much: str, six: str, sex: str, total: int, positive: bool
) -> None:
    """Positive from 3 in women and from 4 in men."""
    result = scored("audit_c", drinker(often, much, six, sex=sex))
    assert result.score == total
    assert result.result.startswith("below") is not positive


def test_audit_c_of_those_who_never_drink_is_nothing() -> None:
    """Who never drinks scores 0 without the other two questions."""
    result = scored("audit_c", person(alcohol_frequency="never"))
    assert (result.score, result.complete) == (0, True)


def test_audit_c_is_not_scored_by_halves() -> None:
    """With one answer missing there is no sum, rather than a low one."""
    result = scored(
        "audit_c",
        person(alcohol_frequency="four_or_more_a_week", alcohol_typical_drinks="unknown"),
    )
    assert result.score is None
    assert not result.complete


# --- walking pain: Edinburgh ---

WALKING = {
    "pain_walking": "yes",
    "pain_standing_still_or_sitting": "no",
    "pain_uphill": "yes",
    "walking_pain_gone_in_ten_minutes": "yes",
}


@pytest.mark.parametrize(
    ("changed", "result"),
    [
        ({"walking_pain_in_calf": "yes"}, "DEFINITE"),
        (
            {"walking_pain_in_calf": "yes", "walking_pain_in_thigh_or_buttock": "yes"},
            "DEFINITE",
        ),
        ({"walking_pain_in_calf": "no", "walking_pain_in_thigh_or_buttock": "yes"}, "ATYPICAL"),
        ({"walking_pain_in_calf": "no", "walking_pain_in_thigh_or_buttock": "no"}, "NEGATIVE"),
        ({"walking_pain_in_calf": "yes", "pain_walking": "no"}, "NEGATIVE"),
        ({"walking_pain_in_calf": "yes", "pain_standing_still_or_sitting": "yes"}, "NEGATIVE"),
        ({"walking_pain_in_calf": "yes", "pain_uphill": "no"}, "NEGATIVE"),
        ({"walking_pain_in_calf": "yes", "walking_pain_gone_in_ten_minutes": "no"}, "NEGATIVE"),
        ({"walking_pain_in_calf": "yes", "pain_uphill": "unknown"}, "INCOMPLETE"),
        ({"walking_pain_in_calf": "unknown"}, "INCOMPLETE"),
        (
            {"walking_pain_in_calf": "no", "walking_pain_in_thigh_or_buttock": "unknown"},
            "INCOMPLETE",
        ),
    ],
)
def test_edinburgh(changed: dict[str, str], result: str) -> None:
    """All four conditions, then the calf is definite, thigh or buttock atypical."""
    assert scored("edinburgh_claudication", person(**{**WALKING, **changed})).result == result


# --- narrow spinal canal: LSS-SSHQ ---

FIRST = (
    "numb_thigh_to_calf",
    "leg_symptoms_walking_ease_rest",
    "leg_symptoms_standing",
    "better_bending_forward",
)
LAST = (
    "numb_both_legs",
    "numb_soles",
    "numb_buttocks",
    "numb_without_pain",
    "burning_buttocks",
    "walking_brings_urine",
)


def sshq(*yes: str) -> Score:
    """Return the score of somebody who says yes to these items and no to the rest."""
    return scored("lss_sshq", person(*yes, no=set(FIRST) | set(LAST) - set(yes)))


@pytest.mark.parametrize(
    ("yes", "total", "positive"),
    [
        (FIRST, 4, True),
        (FIRST + LAST, 10, True),
        ((FIRST[0], LAST[0], LAST[1]), 3, True),
        ((FIRST[3], LAST[4], LAST[5]), 3, True),
        (FIRST[:3], 3, False),
        ((FIRST[0], FIRST[1], LAST[0]), 3, False),
        ((*FIRST[:3], LAST[0]), 4, False),
        (LAST[:4], 4, False),
        (LAST, 6, False),
        ((), 0, False),
    ],
)
def test_lss_sshq(yes: tuple[str, ...], total: int, positive: bool) -> None:
    """Positive with all of the first four, or one of them and two of the last six."""
    result = sshq(*yes)
    assert result.score == total
    assert result.result.startswith("points at") is positive


# --- restless legs: five criteria ---

CRITERIA = ("urge_to_move", "worse_at_rest", "relief_movement", "worse_evening", "not_only_cramp")


@pytest.mark.parametrize(
    ("no", "unknown", "total", "words"),
    [
        ((), (), 5, "meets the five criteria"),
        (("not_only_cramp",), (), 4, "four of five; cramps, joints or position may explain it"),
        ((), ("not_only_cramp",), 4, "possible; something else"),
        (("urge_to_move",), (), 4, "does not meet"),
        (("worse_evening",), (), 4, "does not meet"),
        (("worse_at_rest", "relief_movement"), (), 3, "does not meet"),
    ],
)
def test_irlssg(no: tuple[str, ...], unknown: tuple[str, ...], total: int, words: str) -> None:
    """All five are needed; without the look-alikes ruled out it is only possible."""
    yes = [name for name in CRITERIA if name not in {*no, *unknown}]
    result = scored("rls_irlssg", person(*yes, no=no, unknown=unknown))
    assert result.score == total
    assert result.result.startswith(words)


@pytest.mark.parametrize(
    ("answer", "score", "words"), [("yes", 1, "yes"), ("no", 0, "no"), ("unknown", None, "not")]
)
def test_one_question_for_restless_legs(answer: str, score: int | None, words: str) -> None:
    """A no ends the search, a yes leads on, unknown is neither."""
    result = scored("rls_single", person(restless_evening_relief=answer))
    assert result.score == score
    assert result.result.startswith(words)


# --- nerves of the feet: MNSI part A ---

MNSI_YES = (
    "numbness",
    "burning_feet",
    "feet_sensitive",
    "tingling",
    "bedcover_hurts",
    "open_foot_sore_ever",
    "nerve_symptoms_worse_at_night",
    "pain_walking",
    "dry_cracked_feet",
    "amputation",
)
MNSI_NO = ("hot_cold_told_apart", "feels_feet_walking")


@pytest.mark.parametrize("item", MNSI_YES)
def test_mnsi_items_that_score_for_yes(item: str) -> None:
    """Each of them is one point, and nothing else is."""
    others = [name for name in MNSI_YES if name != item]
    facts = person(item, *MNSI_NO, no=others, conditions=["diabetes", "no diabetic neuropathy"])
    assert scored("mnsi_a", facts).score == 1


@pytest.mark.parametrize("item", MNSI_NO)
def test_mnsi_items_that_score_for_no(item: str) -> None:
    """Feet that cannot tell hot from cold, or are not felt in walking, are a point."""
    other = [name for name in MNSI_NO if name != item]
    facts = person(*other, no=[*MNSI_YES, item], conditions=["diabetes", "no diabetic neuropathy"])
    assert scored("mnsi_a", facts).score == 1


def test_mnsi_counts_the_diagnosis_and_reaches_thirteen() -> None:
    """Thirteen items score; cramps and feeling weak do not."""
    facts = person(
        *MNSI_YES,
        "called_cramp",
        "weak_all_over",
        no=MNSI_NO,
        conditions=["diabetes", "diabetic neuropathy"],
    )
    assert scored("mnsi_a", facts).score == 13
    assert len(knowledge().instruments["mnsi_a"].items) == 13


@pytest.mark.parametrize(
    ("count", "words"), [(7, "7 or more"), (6, "4 or more"), (4, "4 or more"), (3, "below 4")]
)
def test_mnsi_cut_offs(count: int, words: str) -> None:
    """Both published cut-offs are shown, the newer from 4, the old one from 7."""
    yes, no = MNSI_YES[:count], MNSI_YES[count:]
    facts = person(*yes, *MNSI_NO, no=no, conditions=["diabetes", "no diabetic neuropathy"])
    result = scored("mnsi_a", facts)
    assert result.score == count
    assert result.result.startswith(words)


def test_mnsi_is_for_people_with_diabetes_or_such_a_pattern() -> None:
    """Of others no score is given."""
    assert scored("mnsi_a", person("numbness", conditions=["no diabetes"])).score is None
    assert scored("mnsi_a", person("numbness", "stocking_pattern")).score is not None


# --- clots: only ever more urgent ---

WELLS = (
    "active_cancer",
    "leg_paralysed_or_plaster",
    "surgery_12_weeks",
    "calf_tender",
    "whole_leg_swollen",
    "calf_3cm_larger",
    "pitting_one_leg",
    "collateral_veins",
    "previous_thrombosis",
)


@pytest.mark.parametrize("item", WELLS)
def test_wells_items_are_one_point_each(item: str) -> None:
    """Nine items, one point each."""
    assert scored("wells_dvt", person(item)).score == 1


def test_wells_counts_bed_rest_and_operation_once() -> None:
    """They are one item of the score."""
    assert scored("wells_dvt", person("bed_three_days")).score == 1
    assert scored("wells_dvt", person("bed_three_days", "surgery_12_weeks")).score == 1


def test_wells_never_takes_points_away() -> None:
    """The item for another diagnosis is left to clinicians, so the sum runs from 0 to 9."""
    items = knowledge().instruments["wells_dvt"].items
    assert len(items) == 9
    assert all(item.points == 1 and item.points_if_no == 0 for item in items)
    result = scored("wells_dvt", person(*WELLS, "cramp_hard_knot", "relief_stretch"))
    assert result.score == 9


@pytest.mark.parametrize(
    ("yes", "words"),
    [
        (("calf_tender", "calf_3cm_larger"), "two or more points: be seen today"),
        (("calf_tender",), "this sum cannot rule out a clot"),
    ],
)
def test_wells_has_one_direction(yes: tuple[str, ...], words: str) -> None:
    """Two points hurry, fewer say nothing."""
    assert scored("wells_dvt", person(*yes, no=set(WELLS) - set(yes))).result.startswith(words)


def test_wells_and_oudega_are_not_for_pregnancy() -> None:
    """There LEFt takes their place."""
    facts = person("pregnancy", "leg_swelling_one_side", "calf_tender", "left_leg_affected")
    assert scored("wells_dvt", facts).score is None
    assert scored("oudega", facts).score is None
    assert scored("left_pregnancy", facts).score == 1


@pytest.mark.parametrize(
    ("told", "total", "words"),
    [
        ({"sex": "male", "leg_injury_lately": "no"}, 2, "this sum cannot rule out"),
        ({"sex": "male", "leg_injury_lately": "yes"}, 1, "this sum cannot rule out"),
        (
            {"sex": "male", "leg_injury_lately": "no", "calf_3cm_larger": "yes"},
            4,
            "four or more points",
        ),
        (
            {"sex": "female", "leg_injury_lately": "no", "medicines": ["the pill"]},
            2,
            "this sum cannot",
        ),
        (
            {
                "sex": "female",
                "active_cancer": "yes",
                "surgery_12_weeks": "yes",
                "collateral_veins": "yes",
                "leg_injury_lately": "no",
            },
            4,
            "four or more points",
        ),
    ],
)
def test_oudega(told: dict[str, Any], total: int, words: str) -> None:
    """Points of the rule without its blood test; four or more mean referral."""
    result = scored("oudega", person("leg_swelling_one_side", **told))
    assert result.score == total
    assert result.result.startswith(words)


@pytest.mark.parametrize(
    ("left", "bigger", "weeks", "total"),
    [
        ("yes", "yes", 12, 3),
        ("yes", "no", 30, 1),
        ("no", "yes", 30, 1),
        ("no", "no", 13, 1),
        ("no", "no", 14, 0),
    ],
)
def test_left(left: str, bigger: str, weeks: int, total: int) -> None:
    """Left leg, calf two centimetres bigger, first three months: one point each."""
    facts = person(
        "new_lasting_pain_one_leg",
        left_leg_affected=left,
        calf_2cm_larger=bigger,
        pregnancy_weeks=weeks,
    )
    result = scored("left_pregnancy", facts)
    assert result.score == total
    assert ("be seen today" in result.result) is (total >= 1)


def test_left_is_only_for_pregnancy_with_a_leg_complaint() -> None:
    """Otherwise it is not scored."""
    assert scored("left_pregnancy", person("pregnancy", "left_leg_affected")).score is None
    assert scored("left_pregnancy", person("calf_tender", no=["pregnancy"])).score is None


# --- shortage of water: osmolarity ---

BLOOD = (
    "sodium 140 mmol/L",
    "potassium 4.0 mmol/L",
    "glucose 5.0 mmol/L",
    "urea 6.0 mmol/L",
)


@pytest.mark.parametrize(
    ("labs", "expected", "above"),
    [
        # 1.86 x 144 + 1.15 x 5 + 6 + 14 = 267.84 + 5.75 + 20
        (BLOOD, 293.59, False),
        # 1.86 x 150 + 1.15 x 8 + 10 + 14 = 279 + 9.2 + 24
        (("sodium 145", "potassium 5.0", "glucose 8.0 mmol/L", "urea 10.0 mmol/L"), 312.2, True),
        # 1.86 x 142.5 + 1.15 x 10 + 4.45 + 14 = 265.05 + 11.5 + 18.45: exactly at the cut-off
        (("sodium 138.5", "potassium 4.0", "glucose 10 mmol/L", "urea 4.45 mmol/L"), 295.0, False),
    ],
)
def test_osmolarity(labs: tuple[str, ...], expected: float, above: bool) -> None:
    """1.86 (Na + K) + 1.15 glucose + urea + 14; above 295 suggests too little water."""
    result = scored("osmolarity", person(age=70, labs=labs))
    assert result.score == pytest.approx(expected, abs=1e-6)
    assert result.result.startswith("above 295") is above


@pytest.mark.parametrize(
    "facts",
    [
        person(age=64, labs=BLOOD),
        person(labs=BLOOD),
        person(age=70, labs=[*BLOOD, "eGFR 25 mL/min"]),
        person(age=70, labs=BLOOD, conditions=["heart failure"]),
        person(age=70, labs=BLOOD, conditions=["cirrhosis"]),
    ],
)
def test_osmolarity_is_refused_where_it_was_not_tested(facts: Facts) -> None:
    """Not below 65, nor with weak kidneys, heart failure or cirrhosis, nor at unknown age."""
    assert scored("osmolarity", facts).score is None


@pytest.mark.parametrize("missing", range(4))
def test_osmolarity_needs_all_four_results(missing: int) -> None:
    """What is missing is named, and no sum is made of the rest."""
    labs = [line for index, line in enumerate(BLOOD) if index != missing]
    result = scored("osmolarity", person(age=70, labs=labs))
    assert result.score is None
    assert BLOOD[missing].split()[0] in result.result


def test_osmolarity_needs_one_blood_sample() -> None:
    """Results of different days are not put together."""
    dates = ("2026-11-20", "2026-11-20", "2026-11-20", "2026-09-20")
    labs = [
        {"name": line.split()[0], "value": float(line.split()[1]), "unit": "mmol/L", "date": date}
        for line, date in zip(BLOOD, dates, strict=True)
    ]
    assert scored("osmolarity", person(age=70, labs=labs)).score is None


# --- medicines: Naranjo and Liverpool ---


def of_medicine(instrument: str, **told: bool | None) -> Score:
    """Return the result for one medicine of which this is told (the rest is unknown)."""
    use = {name: value for name, value in told.items() if name in MedicineUse.__struct_fields__}
    scope = medicine_scope(Known(person()), MedicineUse(**use), others=0)
    context = {name: value for name, value in told.items() if name not in use}
    known = Known(person()).about_medicine({**scope, **context})
    return score_of(knowledge().instruments[instrument], known)


@pytest.mark.parametrize(
    ("told", "total", "word"),
    [
        ({}, 1, "possible"),
        ({"after_start": True, "other_causes": True}, 2, "possible"),
        ({"after_start": True, "other_causes": False}, 5, "probable"),
        ({"after_start": True, "other_causes": True, "better_when_stopped": True}, 3, "possible"),
        (
            {
                "after_start": True,
                "better_when_stopped": True,
                "back_when_restarted": True,
                "other_causes": False,
                "better_with_less": True,
            },
            9,
            "definite",
        ),
        (
            {
                "after_start": True,
                "better_when_stopped": True,
                "other_causes": False,
                "better_with_less": True,
                "same_reaction_before": True,
            },
            8,
            "probable",
        ),
        ({"after_start": False, "other_causes": True}, -1, "doubtful"),
        (
            {
                "after_start": False,
                "other_causes": True,
                "back_when_restarted": False,
                "reported_before": False,
            },
            -3,
            "doubtful",
        ),
    ],
)
def test_naranjo(told: dict[str, bool], total: int, word: str) -> None:
    """Its own points for yes, no and unknown; definite needs a second try of the medicine."""
    result = of_medicine("naranjo", **told)
    assert (result.score, result.result) == (total, word)


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({}, "INCOMPLETE"),
        ({"after_start": False}, "UNLIKELY"),
        ({"after_start": False, "better_with_less": True}, "POSSIBLE"),
        ({"after_start": True, "better_when_stopped": False}, "POSSIBLE"),
        ({"after_start": True, "other_causes": True}, "POSSIBLE"),
        ({"after_start": True, "other_causes": None}, "POSSIBLE"),
        ({"after_start": True, "other_causes": False}, "PROBABLE"),
        ({"after_start": True, "other_causes": False, "reported_before": False}, "POSSIBLE"),
        ({"after_start": True, "other_causes": False, "back_when_restarted": True}, "DEFINITE"),
        ({"after_start": True, "other_causes": False, "same_reaction_before": True}, "DEFINITE"),
        (
            {
                "after_start": True,
                "better_when_stopped": True,
                "other_causes": True,
                "back_when_restarted": True,
            },
            "POSSIBLE",
        ),
    ],
)
def test_liverpool(told: dict[str, bool], word: str) -> None:
    """The path ends where the published figure ends; other causes keep it at possible."""
    assert of_medicine("liverpool", **told).result == word


# --- features of a night cramp ---


def test_the_seven_features_are_counted_and_not_judged() -> None:
    """Present features are shown; there is no cut-off and no word for the count."""
    facts = person(
        "pain_intense",
        "sore_afterwards",
        "wakes_from_sleep",
        "distress",
        site=["calf"],
        episode_minutes=10,
    )
    result = scored("hallegraeff7", facts)
    assert result.score == 7
    assert result.result == ""
    longer = scored("hallegraeff7", person(site=["thigh"], episode_minutes=11))
    assert longer.score == 0


def test_every_instrument_is_tried_here() -> None:
    """A new instrument needs its examples in this file."""
    assert set(knowledge().instruments) == {
        "audit_c",
        "edinburgh_claudication",
        "hallegraeff7",
        "left_pregnancy",
        "liverpool",
        "lss_sshq",
        "mnsi_a",
        "naranjo",
        "osmolarity",
        "oudega",
        "rls_irlssg",
        "rls_single",
        "wells_dvt",
    }
