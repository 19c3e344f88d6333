"""How soon to see a clinician: the rows of the table of red flags, each with few facts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightcramp.knowledge.loader import knowledge
from nightcramp.person.facts import Facts
from people import from_story, person, triage_of, urgency

EMERGENCY, SAME_DAY, SOON, ROUTINE = "emergency", "same_day", "soon", "routine"
STATIN = ["simvastatin 40 mg"]
PLAIN = {
    "called_cramp": "yes",
    "cramp_hard_knot": "yes",
    "sudden_onset": "yes",
    "pain_intense": "yes",
    "relief_stretch": "yes",
    "sore_afterwards": "yes",
    "at_night": "yes",
    "wakes_from_sleep": "yes",
    "site": ["calf"],
    "side": "either",
    "episode_minutes": 3,
}
"""An ordinary night cramp, as most people tell it."""

# row of the table of red flags, who, level, a flag among the reasons
ROWS: list[tuple[str, Facts, str, str]] = [
    # clots
    ("one leg, breathless", person("breathless", side="one_side"), EMERGENCY, "pe_leg"),
    ("one leg, chest pain", person("chest_pain", side="one_side"), EMERGENCY, "pe_leg"),
    (
        "swollen leg, coughing blood",
        person("leg_swelling_one_side", "coughing_blood"),
        EMERGENCY,
        "pe_leg",
    ),
    ("warm leg, fainted", person("leg_warm_red", "collapse"), EMERGENCY, "pe_leg"),
    (
        "swollen leg, racing heart",
        person("leg_swelling_one_side", "racing_heart"),
        EMERGENCY,
        "pe_leg",
    ),
    ("fainted", person("collapse"), EMERGENCY, "pe_any"),
    ("chest pain", person("chest_pain"), EMERGENCY, "pe_any"),
    ("breathless at rest", person("breathless_at_rest"), EMERGENCY, "pe_any"),
    (
        "lasting pain, swollen",
        person("new_lasting_pain_one_leg", "leg_swelling_one_side"),
        SAME_DAY,
        "dvt_sus",
    ),
    ("warm or red leg", person("leg_warm_red"), SAME_DAY, "dvt_sus"),
    ("hard sore vein", person("hard_sore_vein"), SAME_DAY, "dvt_sus"),
    (
        "lasting pain, operation",
        person("new_lasting_pain_one_leg", "surgery_12_weeks"),
        SAME_DAY,
        "dvt_pain_risk",
    ),
    (
        "lasting pain, cast",
        person("new_lasting_pain_one_leg", "leg_paralysed_or_plaster"),
        SAME_DAY,
        "dvt_pain_risk",
    ),
    (
        "lasting pain, bedbound",
        person("new_lasting_pain_one_leg", "bed_three_days"),
        SAME_DAY,
        "dvt_pain_risk",
    ),
    (
        "lasting pain, earlier clot",
        person("new_lasting_pain_one_leg", conditions=["previous DVT in 2019"]),
        SAME_DAY,
        "dvt_pain_risk",
    ),
    (
        "lasting pain, active cancer",
        person("new_lasting_pain_one_leg", "active_cancer"),
        SAME_DAY,
        "dvt_pain_risk",
    ),
    (
        "lasting pain, the pill",
        person("new_lasting_pain_one_leg", medicines=["the pill"]),
        SAME_DAY,
        "dvt_pain_risk",
    ),
    ("pregnant, swollen", person("pregnancy", "leg_swelling"), SAME_DAY, "dvt_preg"),
    ("pregnant, pain stays", person("pregnancy", "constant_symptom"), SAME_DAY, "dvt_preg"),
    (
        "after birth, lasting pain",
        person("new_lasting_pain_one_leg", postpartum_weeks=4),
        SAME_DAY,
        "dvt_preg",
    ),
    # spine
    ("back pain, bladder", person("back_pain", "bladder_bowel_change"), EMERGENCY, "ces"),
    ("leg pain, saddle", person("leg_pain_from_back", "saddle_numbness"), EMERGENCY, "ces"),
    ("back pain, weak legs", person("back_pain", "both_legs_weak_new"), EMERGENCY, "ces"),
    ("back pain, sexual change", person("back_pain", "sexual_change"), EMERGENCY, "ces"),
    (
        "both legs new, back, numb",
        person("back_pain", "both_legs_buttocks", "numbness", "back_leg_change_within_two_weeks"),
        EMERGENCY,
        "ces_bilat",
    ),
    (
        "both legs new, back, weak",
        person("back_pain", "both_legs_buttocks", "weakness_measured", onset="5 days"),
        EMERGENCY,
        "ces_bilat",
    ),
    # arteries
    ("sudden pain, cold", person("sudden_severe_leg_pain", "cold_foot"), EMERGENCY, "ali"),
    ("sudden pain, numb", person("sudden_severe_leg_pain", "numbness"), EMERGENCY, "ali"),
    ("sudden pain, no pulse", person("sudden_severe_leg_pain", "pulses_weak"), EMERGENCY, "ali"),
    (
        "sudden pain, cannot move",
        person("sudden_severe_leg_pain", "weakness_sudden"),
        EMERGENCY,
        "ali",
    ),
    ("suddenly cold and pale", person("leg_cold_pale_sudden"), EMERGENCY, "ali"),
    (
        "foot rest pain, hangs leg",
        person("rest_pain_foot", "relief_hanging_leg_down"),
        SAME_DAY,
        "clti",
    ),
    ("sore does not heal", person("sore_not_healing"), SAME_DAY, "clti"),
    ("black tissue", person("black_tissue"), SAME_DAY, "clti"),
    # muscle
    (
        "dark urine, muscle pain",
        person("dark_urine", "muscle_pain_new_unexplained"),
        EMERGENCY,
        "rhabdo",
    ),
    ("dark urine, weakness", person("dark_urine", "weakness_measured"), EMERGENCY, "rhabdo"),
    ("dark urine, muscle swelling", person("dark_urine", "muscle_swelling"), EMERGENCY, "rhabdo"),
    ("statin, dark urine", person("dark_urine", medicines=STATIN), SAME_DAY, "statin_dark"),
    (
        "statin, muscle pain",
        person("muscle_pain_new_unexplained", medicines=STATIN),
        SAME_DAY,
        "statin_muscle",
    ),
    (
        "statin, weakness",
        person("proximal_weakness", medicines=STATIN),
        SAME_DAY,
        "statin_muscle",
    ),
    (
        "statin, old night cramp",
        person(
            "cramp_hard_knot",
            "at_night",
            no=["by_day", "weakness_measured", "dark_urine"],
            onset="10 years",
            medicines=["simvastatin for 8 years"],
        ),
        ROUTINE,
        "statin_night",
    ),
    (
        "injury, pain out of proportion",
        person("injury_cast_long_lie", "pain_out_of_proportion"),
        EMERGENCY,
        "compart",
    ),
    (
        "long lie, tense limb",
        person("injury_cast_long_lie", "muscle_swelling"),
        EMERGENCY,
        "compart",
    ),
    ("cramp over ten minutes", person("long_cramp_not_easing"), SAME_DAY, "cramp10"),
    # poison, wounds, heat, fluid
    ("lead or mercury", person("toxin_contact"), SAME_DAY, "toxin"),
    ("dirty wound", person("dirty_wound"), SAME_DAY, "tet_wound"),
    ("stiff jaw", person("jaw_stiff"), EMERGENCY, "tet"),
    (
        "wound, spasms everywhere",
        person("dirty_wound", site=["whole_body"]),
        EMERGENCY,
        "tet",
    ),
    (
        "poison, spasms everywhere",
        person("toxin_contact", site=["whole_body"]),
        EMERGENCY,
        "convulsant",
    ),
    ("heat, confused", person("hot_environment", "confused_drowsy"), EMERGENCY, "heat"),
    ("heat, fit", person("hot_environment", "seizure"), EMERGENCY, "heat"),
    (
        "heat, not better cooled",
        person("hot_environment", "no_better_after_cooling"),
        EMERGENCY,
        "heat",
    ),
    ("vomiting, no urine", person("vomiting", "no_urine"), EMERGENCY, "dehyd"),
    ("diarrhoea, confused", person("diarrhoea", "confused_drowsy"), EMERGENCY, "dehyd"),
    ("ketones over 3", person(ketones=3.4), EMERGENCY, "dka"),
    (
        "thirst, urine, vomiting",
        person("thirst", "passing_much_urine", "vomiting"),
        EMERGENCY,
        "dka",
    ),
    # pregnancy
    ("30 weeks, headache", person("severe_headache", pregnancy_weeks=30), SAME_DAY, "pet"),
    ("30 weeks, vision", person("vision_change", pregnancy_weeks=30), SAME_DAY, "pet"),
    ("30 weeks, under the ribs", person("rib_pain", pregnancy_weeks=30), SAME_DAY, "pet"),
    (
        "30 weeks, sudden swelling",
        person("sudden_swelling_face_hands", pregnancy_weeks=30),
        SAME_DAY,
        "pet",
    ),
    ("after birth, vision", person("vision_change", postpartum_weeks=2), SAME_DAY, "pet"),
    # strength
    ("weaker within 4 weeks", person("weakness_within_four_weeks"), EMERGENCY, "weak_sym"),
    ("weak within days", person("weakness_sudden"), EMERGENCY, "weak_acute"),
    ("weak, lasting", person("weakness_measured"), SOON, "weak_slow"),
    ("muscle thinner", person("muscle_wasting"), SOON, "weak_slow"),
    (
        "weak, breathless lying flat",
        person("weakness_measured", "breathless_at_rest"),
        EMERGENCY,
        "weak_resp",
    ),
    ("weak, swallowing", person("weakness_measured", "bulbar_symptoms"), SOON, "weak_bulb"),
    (
        "twitching, strong",
        person("twitching", no=["weakness_measured", "muscle_wasting"]),
        ROUTINE,
        "twitch_only",
    ),
    # skin
    (
        "skin hot, sore, swollen",
        person("leg_warm_red", "leg_swelling", "pain_intense"),
        SAME_DAY,
        "cellulitis",
    ),
    ("hot skin, fever", person("leg_warm_red", "fever"), EMERGENCY, "sepsis"),
    (
        "hot skin, fast breathing",
        person("leg_warm_red", "fast_breathing_clammy"),
        EMERGENCY,
        "sepsis",
    ),
    # children, bones, cancer
    ("child, bone pain", person("bone_pain", age=9), SAME_DAY, "child_bone"),
    ("child, pale or bruised", person("pale_or_bruised", age=9), SAME_DAY, "child_bone"),
    ("child, spots", person("petechiae", age=9), EMERGENCY, "child_pet"),
    ("child, limp", person("child_limp", age=6), SAME_DAY, "child_limp"),
    ("child, swollen joint", person("joint_swollen_hot", age=6), SAME_DAY, "child_limp"),
    ("66, bone pain", person("bone_pain", age=66), SOON, "adult_bone"),
    ("active cancer, back pain", person("active_cancer", "back_pain"), EMERGENCY, "cancer_neuro"),
    (
        "cancer, weak leg",
        person("weakness_measured", conditions=["breast cancer"]),
        EMERGENCY,
        "cancer_neuro",
    ),
    # illnesses and medicines
    (
        "Addison, vomiting",
        person("vomiting", conditions=["Addison's disease"]),
        EMERGENCY,
        "addison",
    ),
    (
        "long-term steroid, vomiting",
        person("vomiting", medicines=["prednisolone for 2 years"]),
        EMERGENCY,
        "addison",
    ),
    ("dialysis", person("called_cramp", conditions=["haemodialysis"]), SOON, "dialysis"),
    (
        "lithium, coarse tremor",
        person("coarse_tremor_unsteady", medicines=["lithium"]),
        EMERGENCY,
        "lithium",
    ),
    ("lithium level 1.6", person(labs=["lithium level 1.6 mmol/L"]), EMERGENCY, "lithium"),
    ("ramipril, diarrhoea", person("diarrhoea", medicines=["ramipril"]), SOON, "sickday"),
    ("metformin, vomiting", person("vomiting", medicines=["metformin"]), SOON, "sickday"),
    (
        "reliever often, steroid",
        person("inhaler_many_puffs", medicines=["salbutamol", "prednisolone for 1 week"]),
        SOON,
        "b2k",
    ),
    # cramps beyond the calf and foot
    (
        "cramps in the hands",
        person("called_cramp", site=["calf", "hand"]),
        ROUTINE,
        "atypical_sites",
    ),
    (
        "cramps spread and get worse",
        person("called_cramp", "getting_worse", site=["whole_body"]),
        SOON,
        "atypical_sites_worse",
    ),
]


@pytest.mark.parametrize(
    ("facts", "level", "flag"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_each_row_of_the_table(facts: Facts, level: str, flag: str) -> None:
    """The fewest facts a row asks for bring its level, and the row is among the reasons."""
    found = triage_of(facts)
    assert found.level == level
    assert flag in {reason.id for reason in found.reasons}


def test_every_row_of_the_table_of_red_flags_is_tried() -> None:
    """A rule that names a row of the table stands in the tests of this file."""
    tried = {row[3] for row in ROWS} | {row[3] for row in BANDS} | {"ordinary"}
    rows = {flag.row: flag.id for flag in knowledge().red_flags.values() if flag.row}
    assert {row: flag for row, flag in rows.items() if flag not in tried} == {}


def test_every_reason_says_what_it_saw_and_what_to_do() -> None:
    """No flag fires without words for the person."""
    for _, facts, _, _ in ROWS:
        for reason in triage_of(facts).reasons:
            assert len(reason.say.split()) > 4
            assert len(reason.do.split()) > 3


# --- blood results ---

BANDS: list[tuple[str, dict[str, Any], str, str]] = [
    ("potassium 2.4 mmol/L", {}, EMERGENCY, "k_low_red"),
    ("potassium 2.5 mmol/L", {}, SAME_DAY, "k_low_amber"),
    ("potassium 2.7 mmol/L", {}, SAME_DAY, "k_low_amber"),
    ("potassium 3.0 mmol/L", {}, SOON, "k_low_green"),
    ("potassium 3.2 mmol/L", {}, SOON, "k_low_green"),
    ("potassium 3.6 mmol/L", {}, "self_care", ""),
    ("potassium 3.2 mmol/L", {"medicines": ["digoxin"]}, SAME_DAY, "k_low_dig"),
    ("potassium 5.6 mmol/L", {"racing_heart": "yes"}, EMERGENCY, "k_high_red"),
    ("potassium 6.2 mmol/L", {}, SAME_DAY, "k_high_amber"),
    ("potassium 6.5 mmol/L", {}, EMERGENCY, "k_high_red"),
    ("adjusted calcium 1.85 mmol/L", {}, EMERGENCY, "ca_low_red"),
    ("adjusted calcium 1.9 mmol/L", {}, SOON, "ca_low_amber"),
    ("adjusted calcium 2.1 mmol/L", {}, SOON, "ca_low_amber"),
    ("adjusted calcium 2.1 mmol/L", {"hand_spasm": "yes"}, EMERGENCY, "ca_low_red"),
    ("adjusted calcium 2.1 mmol/L", {"tingling_mouth_fingers": "yes"}, EMERGENCY, "ca_low_red"),
    ("adjusted calcium 2.3 mmol/L", {}, "self_care", ""),
    ("magnesium 0.35 mmol/L", {}, EMERGENCY, "mg_low_red"),
    ("magnesium 0.45 mmol/L", {}, SAME_DAY, "mg_low_amber"),
    ("magnesium 0.65 mmol/L", {"racing_heart": "yes"}, EMERGENCY, "mg_low_red"),
    ("magnesium 0.8 mmol/L", {}, "self_care", ""),
    ("sodium 118 mmol/L", {}, EMERGENCY, "na_low_red"),
    ("sodium 122 mmol/L", {}, SAME_DAY, "na_low_amber"),
    ("sodium 131 mmol/L", {"vomiting": "yes"}, EMERGENCY, "na_low_red"),
    ("sodium 140 mmol/L", {}, "self_care", ""),
    ("phosphate 0.25 mmol/L", {}, EMERGENCY, "po4_red"),
    ("CK 5000 U/L", {}, EMERGENCY, "ck_phone"),
    ("CK 2100 U/L (40-200)", {"dark_urine": "yes"}, EMERGENCY, "ck_phone"),
    ("CK 2100 U/L (40-200)", {"weakness_measured": "yes"}, EMERGENCY, "ck_phone"),
    ("CK 2100 U/L (40-200)", {}, SAME_DAY, "ck_10"),
    ("CK 1100 U/L (40-200)", {"medicines": STATIN}, SAME_DAY, "ck_5"),
    ("CK 190 U/L (40-200)", {}, "self_care", ""),
]


@pytest.mark.parametrize(("result", "told", "level", "flag"), BANDS)
def test_bands_of_blood_results(result: str, told: dict[str, Any], level: str, flag: str) -> None:
    """A result falls into the band that the table of red flags gives it."""
    found = triage_of(person(labs=[result], **told))
    assert found.level == level
    assert flag in {reason.id for reason in found.reasons} or not flag


@pytest.mark.parametrize(
    ("result", "level"),
    [
        ("K 2.4 mmol/L", EMERGENCY),
        ("Na 118 mmol/L", EMERGENCY),
        ("Mg 0.3 mmol/L", EMERGENCY),
        ("lithium 1.6 mmol/L", EMERGENCY),
        ("ketones 4 mmol/L", EMERGENCY),
    ],
)
def test_the_names_on_a_laboratory_sheet_are_understood(result: str, level: str) -> None:
    """A dangerous result is not lost because it stands under its usual short name."""
    assert triage_of(person(labs=[result])).level == level


@pytest.mark.parametrize("named", ["deep vein thrombosis", "pulmonary embolism"])
def test_a_clot_that_somebody_named_is_not_left_to_self_care(named: str) -> None:
    """Cramps with a clot among the illnesses are a reason to ask a clinician."""
    found = triage_of(person("called_cramp", conditions=[named]))
    assert urgency(found.level) <= urgency(SOON)


# --- two facts together ---


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ({"leg_swelling_one_side": "yes"}, {"breathless": "yes"}, EMERGENCY),
        ({"hard_sore_vein": "yes"}, {"coughing_blood": "yes"}, EMERGENCY),
        (
            {"labs": ["potassium 3.3 mmol/L"], "medicines": ["furosemide 40 mg"]},
            {"medicines": ["digoxin 125 mcg"]},
            SAME_DAY,
        ),
        ({"medicines": ["furosemide"]}, {"medicines": ["digoxin"]}, SOON),
        ({"medicines": STATIN, "called_cramp": "yes"}, {"dark_urine": "yes"}, SAME_DAY),
        ({"muscle_pain_new_unexplained": "yes"}, {"dark_urine": "yes"}, EMERGENCY),
        ({"pregnancy": "yes"}, {"leg_swelling": "yes"}, SAME_DAY),
        ({"fever": "yes"}, {"leg_warm_red": "yes"}, EMERGENCY),
        (
            {"weakness_measured": "yes"},
            {"breathless_at_rest": "yes", "conditions": ["COPD"]},
            EMERGENCY,
        ),
        ({"hot_environment": "yes"}, {"no_urine": "yes"}, EMERGENCY),
        ({"vomiting": "yes"}, {"conditions": ["adrenal insufficiency"]}, EMERGENCY),
        ({"back_pain": "yes"}, {"conditions": ["active cancer"]}, EMERGENCY),
        ({"severe_headache": "yes"}, {"pregnancy_weeks": 30}, SAME_DAY),
        ({"bone_pain": "yes"}, {"age": 9}, SAME_DAY),
        ({"racing_heart": "yes"}, {"vomiting": "yes"}, SAME_DAY),
        ({"medicines": STATIN, "called_cramp": "yes"}, {"muscle_swelling": "yes"}, SAME_DAY),
    ],
)
def test_a_second_fact_makes_the_first_more_urgent(
    one: dict[str, Any], other: dict[str, Any], together: str
) -> None:
    """The first fact alone can wait longer than the two together."""
    both = {**one, **other}
    both["medicines"] = [*one.get("medicines", []), *other.get("medicines", [])]
    assert triage_of(person(**both)).level == together
    assert urgency(triage_of(person(**one)).level) > urgency(together)


# --- what needs nobody ---


@pytest.mark.parametrize(
    "told",
    [
        {"age": 45, "onset": "3 years"},
        {"age": 72, "onset": "6 years", "nights_per_month": 4},
        {"age": 29, "sex": "female", "pregnancy": "yes", "pregnancy_weeks": 30, "onset": "4 weeks"},
        {"age": 29, "pregnancy": "yes", "pregnancy_weeks": 30, "side": "one_side"},
        {"age": 45, "onset": "3 years", "leg_swelling_one_side": "no", "dark_urine": "no"},
    ],
)
def test_a_plain_night_cramp_is_for_self_care(told: dict[str, Any]) -> None:
    """Sudden, hard, minutes, eased by stretching, nothing else: nobody is sent anywhere."""
    found = triage_of(person(**{**PLAIN, **told}))
    assert found.level == "self_care"
    assert found.reasons == []


# --- properties ---

SIGNS = sorted(q.id for q in knowledge().questions.values() if q.red_flag and q.kind == "yes_no")
OTHERS = sorted(
    {"no_other_conditions", "no_other_medicines"}
    | {
        name
        for flag in knowledge().red_flags.values()
        for name in knowledge().needs(flag)
        if name in knowledge().questions and knowledge().questions[name].kind == "yes_no"
    }
)
ILLNESSES = ["heart failure", "COPD", "epilepsy", "cancer", "diabetes", "cirrhosis", "pregnant"]
MEDICINES = ["simvastatin", "digoxin", "furosemide", "lithium", "prednisolone", "the pill"]
RESULTS = ["potassium 3.3 mmol/L", "magnesium 0.6 mmol/L", "CK 1100 U/L (40-200)", "sodium 131"]

stories = st.fixed_dictionaries(
    {
        "answers": st.dictionaries(
            st.sampled_from(sorted({*SIGNS, *OTHERS})), st.sampled_from(["yes", "no"]), max_size=7
        ),
        "medicines": st.lists(st.sampled_from(MEDICINES), max_size=2, unique=True),
        "conditions": st.lists(st.sampled_from(ILLNESSES), max_size=2, unique=True),
        "labs": st.lists(st.sampled_from(RESULTS), max_size=1),
    }
)
more = st.fixed_dictionaries(
    {},
    optional={
        "age": st.sampled_from([2, 9, 45, 72]),
        "side": st.sampled_from(["one_side", "either", "both"]),
        "onset": st.sampled_from(["2 days", "5 weeks", "4 years"]),
        "site": st.sampled_from([["calf"], ["foot"], ["whole_body"]]),
        "pregnancy_weeks": st.sampled_from([12, 30]),
    },
)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(stories, more, st.sampled_from(SIGNS))
def test_one_more_warning_sign_is_never_less_urgent(
    story: dict[str, Any], told: dict[str, Any], sign: str
) -> None:
    """A `yes` to any warning sign, said before or not, can only hurry."""
    story = {**story, "answers": {**story["answers"], **told}}
    before = triage_of(from_story(story))
    after = triage_of(from_story(story, {"answers": {sign: "yes"}}))
    assert urgency(after.level) <= urgency(before.level)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(stories, more, st.data())
def test_not_knowing_changes_nothing(
    story: dict[str, Any], told: dict[str, Any], data: st.DataObject
) -> None:
    """`unknown` for whatever was not answered keeps the level and the reasons."""
    story = {**story, "answers": {**story["answers"], **told}}
    left = sorted({*knowledge().questions, *knowledge().conditions} - story["answers"].keys())
    unknown = data.draw(st.lists(st.sampled_from(left), min_size=1, max_size=20, unique=True))
    before = triage_of(from_story(story))
    asked = {"answers": dict.fromkeys(unknown, "unknown")}
    assert triage_of(from_story(story, asked)) == before


@pytest.mark.parametrize("sign", SIGNS)
def test_a_contradicted_warning_sign_counts_as_yes(sign: str) -> None:
    """Where one file says yes and another no, triage takes the more urgent side."""
    yes, no = {"answers": {sign: "yes"}}, {"answers": {sign: "no"}}
    level = triage_of(from_story(yes)).level
    assert triage_of(from_story(yes, no)).level == level
    assert triage_of(from_story(no, yes)).level == level
