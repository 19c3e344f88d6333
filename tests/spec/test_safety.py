"""What is never said and never advised, whoever asks."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightcramp.assess.assessment import Assessment, assess
from nightcramp.assess.known import Known
from nightcramp.knowledge import schema
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.facts import Facts
from nightcramp.plan.safety import blocked, safety_notes
from nightcramp.report.terminal import assessment_text
from people import EXAMPLES, ROOT, STORIES, assessed, from_story, person

TOUCHING = {
    "stretch_before_bed",
    "relief_stretch_now",
    "massage_and_walk",
    "gentle_exercise",
    "warm_bath_heat",
    "compression_stockings",
}
"""What a leg with a clot in it must be spared."""


def advised(facts: Facts) -> set[str]:
    """Return the actions that an assessment advises."""
    return {item.id for item in assess(facts, questions=0).plan if item.advised}


def text_of(found: Assessment) -> str:
    """Return the printed assessment."""
    return assessment_text(found, knowledge())


# --- actions that are kept from people ---


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(
            person("called_cramp", conditions=["chronic kidney disease"]),
            id="kidney disease",
        ),
        pytest.param(
            person("called_cramp", labs=["eGFR 45 mL/min"]),
            id="eGFR 45",
        ),
        pytest.param(
            person("called_cramp", labs=["creatinine 300 umol/L"], age=70, sex="male"),
            id="creatinine 300",
        ),
        pytest.param(
            person("called_cramp", conditions=["kidney transplant"]),
            id="kidney transplant",
        ),
        pytest.param(person("called_cramp", labs=["eGFR 20 mL/min"]), id="eGFR 20"),
        pytest.param(person("called_cramp", conditions=["CKD stage 5"]), id="CKD 5"),
        pytest.param(person("called_cramp", conditions=["haemodialysis"]), id="dialysis"),
        pytest.param(person("called_cramp", labs=["magnesium 1.3 mmol/L"]), id="magnesium high"),
        pytest.param(
            person("pregnancy", conditions=["end-stage kidney disease"]), id="pregnant, CKD 5"
        ),
    ],
)
def test_no_magnesium_with_weak_kidneys(facts: Facts) -> None:
    """Kidneys that clear too little magnesium: it is neither advised nor to be tried."""
    assert not advised(facts) & {"magnesium", "magnesium_in_pregnancy"}


@pytest.mark.parametrize(
    "told",
    [
        {"conditions": ["chronic kidney disease"]},
        {"labs": ["eGFR 45 mL/min"]},
        {"conditions": ["kidney transplant"]},
        {"pregnancy": "yes"},
        {"age": 12},
    ],
)
def test_magnesium_is_not_to_be_tried_alone_where_a_clinician_must_be_asked(
    told: dict[str, Any],
) -> None:
    """The plan says why, and the person's own trial of it is not offered."""
    plan = {item.id: item for item in assess(person("called_cramp", **told), questions=0).plan}
    assert plan["magnesium"].safety
    assert not plan["magnesium"].self_test


@pytest.mark.parametrize(
    "told",
    [
        {"conditions": ["heart failure"]},
        {"conditions": ["haemodialysis"]},
        {"conditions": ["peritoneal dialysis"]},
        {"conditions": ["CKD stage 5"]},
        {"conditions": ["cirrhosis with ascites"]},
        {"labs": ["sodium 131 mmol/L"]},
        {"fluid_restricted": "yes"},
    ],
)
def test_nobody_is_told_to_drink_more_whose_fluid_is_limited(told: dict[str, Any]) -> None:
    """Heart, kidneys, liver or low sodium: the clinician sets how much."""
    facts = person("called_cramp", "drinking_little", "dark_scant_urine", **told)
    found = assess(facts, questions=0)
    assert "drink_enough" not in {item.id for item in found.plan if item.advised}
    assert "drink_enough" in {item.id for item in found.plan}


def test_drinking_enough_is_advised_to_others() -> None:
    """The rule above is not kept by never advising it."""
    assert "drink_enough" in advised(person("called_cramp", "drinking_little"))


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(person("leg_swelling_one_side"), id="swollen"),
        pytest.param(person("leg_warm_red"), id="warm"),
        pytest.param(person("hard_sore_vein"), id="hard vein"),
        pytest.param(person("new_lasting_pain_one_leg"), id="lasting pain"),
        pytest.param(person("scan_clot"), id="clot seen"),
        pytest.param(person("calf_3cm_larger"), id="calf 3 cm"),
        pytest.param(person("calf_tender", "immobile_lately"), id="tender after a journey"),
        pytest.param(person("calf_tender", medicines=["the pill"]), id="tender, the pill"),
        pytest.param(person("sudden_severe_leg_pain"), id="sudden pain"),
        pytest.param(
            person("calf_2cm_larger"),
            id="calf 2 cm",
        ),
        pytest.param(
            person("pitting_one_leg"),
            id="pitting",
        ),
        pytest.param(
            person("collateral_veins"),
            id="filled veins",
        ),
        pytest.param(
            person("constant_symptom", side="one_side", onset="5 days"),
            id="constant, one leg",
        ),
        pytest.param(
            person("pregnancy", "leg_swelling"),
            id="pregnant, swollen",
        ),
        pytest.param(
            person("leg_swelling", postpartum_weeks=3),
            id="after birth, swollen",
        ),
        pytest.param(
            person("pregnancy", "constant_symptom"),
            id="pregnant, pain stays",
        ),
        pytest.param(
            person("long_cramp_not_easing", "immobile_lately"),
            id="long cramp after a journey",
        ),
    ],
)
def test_no_stretching_rubbing_or_heat_where_a_clot_is_suspected(facts: Facts) -> None:
    """A flag points at a clot, so the leg is left alone until somebody has looked."""
    found = assess(facts, questions=0)
    suspected = {target for reason in found.triage.reasons for target in reason.points_to}
    assert "deep_vein_thrombosis" in suspected
    assert not {item.id for item in found.plan if item.advised} & TOUCHING


def test_stretching_is_advised_for_an_ordinary_cramp() -> None:
    """The rule above is not kept by never advising it."""
    assert "stretch_before_bed" in advised(person("called_cramp", "cramp_hard_knot"))


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("stretch_before_bed", {"conditions": ["deep vein thrombosis"]}),
        ("massage_and_walk", {"conditions": ["deep vein thrombosis"]}),
        ("vitamin_k2", {"medicines": ["warfarin"]}),
        ("vitamin_k2", {"medicines": ["Coumadin 3 mg"]}),
        ("potassium_and_bananas", {"medicines": ["ramipril 5 mg"]}),
        ("potassium_and_bananas", {"medicines": ["losartan"]}),
        ("potassium_and_bananas", {"medicines": ["spironolactone"]}),
        ("potassium_and_bananas", {"conditions": ["chronic kidney disease"]}),
        ("potassium_and_bananas", {"labs": ["potassium 5.4 mmol/L"]}),
        ("compression_stockings", {"conditions": ["peripheral artery disease"]}),
        ("warm_bath_heat", {"conditions": ["diabetic neuropathy"]}),
        ("calcium_supplement", {"labs": ["adjusted calcium 2.8 mmol/L"]}),
        ("gabapentin", {"medicines": ["morphine"]}),
        ("pickle_juice", {"conditions": ["heart failure"]}),
    ],
)
def test_pairs_that_do_harm_are_blocked(action: str, told: dict[str, Any]) -> None:
    """The action is blocked, and the reason is said in words."""
    facts = person("called_cramp", **told)
    notes = safety_notes(action, Known(facts, cautious=True))
    assert blocked(notes)
    assert len(notes[0].say.split()) > 5
    assert action not in advised(facts)


def test_a_blocked_action_is_not_blocked_for_everybody() -> None:
    """The table above tells people apart."""
    nobody = Known(person("called_cramp"), cautious=True)
    for action in ("vitamin_k2", "compression_stockings", "warm_bath_heat", "drink_enough"):
        assert not blocked(safety_notes(action, nobody))


def test_a_contradicted_safety_fact_counts_as_there() -> None:
    """One file says heart failure, another denies it: no push to drink."""
    facts = from_story({"conditions": ["heart failure"]}, {"conditions": ["no heart failure"]})
    assert "drink_enough" not in advised(facts)


@pytest.mark.parametrize(
    "facts",
    [
        person("chest_pain"),
        person("saddle_numbness", "back_pain"),
        person("leg_cold_pale_sudden"),
        person("dark_urine", "muscle_pain_new_unexplained"),
        person(labs=["potassium 2.2 mmol/L"]),
        person("cramp_hard_knot", "confused_drowsy", conditions=["cirrhosis"]),
    ],
)
def test_in_an_emergency_there_is_nothing_to_do_but_get_help(facts: Facts) -> None:
    """No action, no supplement, no trial: the plan is empty, and help comes first."""
    found = assess(facts)
    assert found.triage.level == "emergency"
    assert found.plan == []
    text = text_of(found)
    assert text.startswith("GET HELP NOW")
    assert "Get help first." in text
    assert "Expect about" not in text


# --- random people ---

YES_NO = sorted(
    q.id
    for q in knowledge().questions.values()
    if q.kind == "yes_no" and q.id not in {"no_other_conditions", "no_other_medicines"}
)
random_stories = st.fixed_dictionaries(
    {
        "answers": st.dictionaries(st.sampled_from(YES_NO), st.booleans(), max_size=8),
        "medicines": st.lists(
            st.sampled_from(["quinine", "simvastatin", "indapamide", "warfarin", "salbutamol"]),
            max_size=2,
        ),
        "conditions": st.lists(
            st.sampled_from(["cirrhosis", "diabetes", "haemodialysis", "pregnant 30 weeks"]),
            max_size=1,
        ),
        "labs": st.lists(st.sampled_from(["potassium 3.4 mmol/L", "eGFR 25 mL/min"]), max_size=1),
    }
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(random_stories)
def test_quinine_is_never_suggested(story: dict[str, Any]) -> None:
    """Whoever it is: not advised, not to be tried, and never named without its danger."""
    facts = from_story(story)
    found = assess(facts, questions=0)
    items = [item for item in found.plan if item.id == "quinine"]
    assert not any(item.advised or item.self_test for item in items)
    assert blocked(safety_notes("quinine", Known(facts, cautious=True)))
    for item in found.plan:
        if item.advised:
            assert not re.search("quinine|tonic water", " ".join([item.label, *item.how]), re.I)
    for sentence in sentences(text_of(found)):
        if re.search(r"\b(quinine|tonic)\b", sentence, re.I):
            assert not re.search(r"\b(try|drink) (it|some|quinine|tonic)", sentence, re.I)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(random_stories)
def test_an_urgent_person_is_told_so_first(story: dict[str, Any]) -> None:
    """The title says the level, and what urgent flags point to leads the explanations."""
    found = assess(from_story(story), questions=0)
    flagged = [item.flagged for item in found.explanations]
    assert flagged == sorted(flagged, reverse=True)
    if found.triage.level == "emergency":
        assert text_of(found).startswith("GET HELP NOW")
        assert found.plan == []
    if found.triage.level == "same_day":
        assert text_of(found).startswith("BE SEEN TODAY")


def test_no_strength_lost_is_not_said_of_those_who_did_not_say_it() -> None:
    """Twitching with strength unknown: unknown is not no, in words either."""
    for reason in assess(person("twitching"), questions=0).triage.reasons:
        assert not re.search(r"no strength (?:has|is|was)|strength (?:has|is) not", reason.say)


# --- the words ---

VERB = (
    r"(?:stop|start|chang|paus|skip|halv|doubl|discontinu|switch|swap|reduc|lower|rais|increas|"
    r"leav|drop|cut|replac|quit)(?:e|ing|ping|ting)?(?: down| off| out| up)?"
)
THING = (
    r"(?:medicines?|medications?|tablets?|pills?|statins?|inhalers?|doses?|insulin|drugs?|"
    r"diuretics?|patch(?:es)?|prescriptions?|prescribed|antidepressants?|\w+statin|indapamide)"
)
ORDER = re.compile(
    rf"\b(?:{VERB}|come off) (?:\w+ ){{0,4}}{THING}\b|\b(?:stop|skip|halve) it\b", re.I
)
ALLOWED = re.compile(
    r"\b(?:do not|don't|never|not be|no trial|no study|before you|ask\w*|whether|was started|"
    r"were started|from being|after (?:starting|it was)|why|could|on your own|without asking|"
    r"can be dangerous)\b|\?$",
    re.I,
)
NHS = re.compile(r"^The NHS tells people on a statin with new, unexplained muscle pain")


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, line breaks and bullets taken out."""
    flat = re.sub(r"\n\s*\n|\n(?=\s*[*!x>●·]\s)|\n-+\n", " ¶ ", text)
    flat = re.sub(r"\s+", " ", flat)
    return [s.strip(" *!x>¶-") for s in re.split(r"(?<=[.?!;])\s|¶", flat) if s.strip(" ¶")]


def orders(text: str) -> list[str]:
    """Return the sentences that tell to stop, start or change a prescribed medicine."""
    return [s for s in sentences(text) if ORDER.search(s) and not ALLOWED.search(s)]


@pytest.mark.parametrize(
    "bad",
    [
        "Stop your simvastatin.",
        "You can halve the dose.",
        "Try stopping the water tablets for two weeks.",
        "Switch to another statin.",
        "It is best to skip the evening dose.",
        "Come off the inhaler.",
        "Start a new prescribed medicine.",
        "If it hurts, stop it.",
    ],
)
def test_the_check_for_orders_finds_orders(bad: str) -> None:
    """The check below is not blind."""
    assert orders(f"Here is a first sentence. {bad} And a last one.") == [bad]


DOOMED = (
    r"(?:clots?|thromb\w*|embolism|cauda|emergenc\w*|blocked artery|artery is blocked|stroke|"
    r"heart attack|muscle damage|tetanus|sepsis|anything serious|dangerous|serious|urgent)"
)
DENIED = (
    r"(?:unlikely|not likely|improbable|(?:is|are) rare|rarely|low risk|harmless|excluded?|"
    r"rules? out|ruled out|need not|no need|not (?:a|an|due to|from|caused by)|no sign of|isn't|"
    r"less than 1 in 10|about [1-9] in 10|cannot be|can wait|probably no)"
)
CALMING = re.compile(rf"\b{DOOMED}\b.*\b{DENIED}\b|\b{DENIED}\b.*\b{DOOMED}\b", re.I)
FAIR = re.compile(
    r"(?:cannot|nobody can|must be|has to be|have to be|does not|do not|never) (?:be )?rule|"
    r"has not been ruled out|Rarely this is muscle damage|can rarely do serious harm|"
    r"is not a cramp",
    re.I,
)
SOOTHING = re.compile(
    r"nothing to worry|don't worry|do not worry|no need to (?:worry|see|call)|nothing serious|"
    r"safe to (?:wait|ignore)|can be ignored|you are fine|all clear|reassur|rest assured",
    re.I,
)


def calming(text: str) -> list[str]:
    """Return the sentences that call an emergency unlikely or soothe the reader."""
    return [
        s
        for s in sentences(text)
        if SOOTHING.search(s) or (CALMING.search(s) and not FAIR.search(s))
    ]


@pytest.mark.parametrize(
    "bad",
    [
        "A clot is unlikely.",
        "This is probably not a blood clot.",
        "Your answers rule out a clot.",
        "less than 1 in 10 Blood clot in a leg vein",
        "It is rarely dangerous.",
        "There is nothing to worry about.",
        "There is no sign of cauda equina.",
    ],
)
def test_the_check_for_soothing_finds_it(bad: str) -> None:
    """The check below is not blind."""
    assert calming(f"Here is a first sentence. {bad} And a last one.")


OTHERS: dict[str, dict[str, Any]] = {
    "statin, muscle pain": {
        "muscle_pain_new_unexplained": "yes",
        "medicines": ["simvastatin"],
    },
    "swollen calf": {"leg_swelling_one_side": "yes", "cramp_hard_knot": "yes"},
    "tender calf": {
        "calf_tender": "yes",
        "relief_stretch": "yes",
        "side": "one_side",
        "episode_minutes": 2,
    },
    "many medicines": {
        "called_cramp": "yes",
        "onset": "6 weeks",
        "medicines": [
            "indapamide since 8 weeks",
            "salmeterol",
            "lithium",
            "prednisolone",
            "warfarin",
            "insulin",
        ],
    },
    "sick day": {"vomiting": "yes", "medicines": ["ramipril", "metformin"]},
    "nothing": {},
}
TOLD = {path.stem: (path,) for path in [*STORIES, *EXAMPLES]} | {
    f"{path.stem} with labs": (path, labs)
    for path in STORIES
    if (labs := ROOT / "vignettes" / "shared" / "labs" / path.name).exists()
}
"""The vignettes, with and without labs, and the examples."""


@functools.cache
def found_of(name: str) -> Assessment:
    """Return the assessment of one of the people above."""
    if name in OTHERS:
        return assess(person(**OTHERS[name]), questions=3)
    return assessed(*TOLD[name])


PRINTED = [*TOLD, *OTHERS]


@pytest.mark.parametrize("name", PRINTED)
def test_no_assessment_orders_a_change_of_medicine(name: str) -> None:
    """Only the NHS text on statins says stop, and it is given as theirs."""
    assert [s for s in orders(text_of(found_of(name))) if not NHS.search(s)] == []


@pytest.mark.parametrize("name", PRINTED)
def test_no_assessment_calls_an_emergency_unlikely(name: str) -> None:
    """Neither in words nor as a number beside its name."""
    text = text_of(found_of(name))
    assert calming(text) == []
    assert not re.search(r"\bunlikely\b", text, re.I)
    emergencies = [m.label for m in knowledge().mimics.values() if m.kind == "emergency"]
    for line in text.splitlines():
        if re.search(r"(?:less than|about) [1-4] in 10\b", line):
            assert not any(label in line for label in emergencies)


@pytest.mark.parametrize("name", PRINTED)
def test_what_must_be_ruled_out_stands_before_what_it_looks_like(name: str) -> None:
    """Each flagged emergency is named; next to it nothing is nearly certain."""
    found = found_of(name)
    text = " ".join(text_of(found).split())
    for item in found.explanations:
        if item.flagged:
            assert f"{item.label}: must be ruled out first." in text
    if any(item.flagged and item.kind == "emergency" for item in found.explanations):
        assert "nearly certain Night leg cramps" not in text


PLAIN = ("called_cramp", "cramp_hard_knot", "relief_stretch", "sudden_onset", "sore_afterwards")


@pytest.mark.parametrize("sign", ["leg_swelling_one_side", "leg_warm_red", "hard_sore_vein"])
def test_nothing_is_nearly_certain_while_a_clot_must_be_ruled_out(sign: str) -> None:
    """However much it sounds like a cramp, the page does not make the clot sound unlikely."""
    facts = person(sign, *PLAIN, at_night="yes", episode_minutes=3, site=["calf"])
    text = text_of(assess(facts, questions=0))
    assert "A blood clot in a leg vein: must be ruled out first." in text
    assert "nearly certain" not in text


@pytest.mark.parametrize("sign", ["weakness_sudden", "both_legs_weak_new", "chvostek_trousseau"])
def test_no_emergency_is_given_a_small_number(sign: str) -> None:
    """An emergency is never printed as `about 1 in 10`."""
    text = text_of(assess(person(sign, *PLAIN[:3]), questions=0))
    emergencies = [m.label for m in knowledge().mimics.values() if m.kind == "emergency"]
    shown = [line for line in text.splitlines() if any(label in line for label in emergencies)]
    assert [line for line in shown if re.search(r"[0-4] in 10\b", line)] == []


# --- the words in the content files ---

READ = {
    "say",
    "do",
    "how",
    "verdict",
    "ask_clinician",
    "tell_apart",
    "honest",
    "summary",
    "says",
    "why",
    "ask",
    "text",
    "harms",
    "label",
    "finding",
}
SHOWN = (
    "questions",
    "conditions",
    "factors",
    "mimics",
    "red_flags",
    "safety",
    "contradictions",
    "instruments",
    "actions",
    "statements",
    "medicines",
    "medicine_classes",
)


def words(record: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield (place, text) for everything in a record that people read."""
    for name in record.__struct_fields__:
        value = getattr(record, name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, schema.Content):
                yield from words(item, f"{place}.{name}")
            elif isinstance(item, str) and name in READ and item:
                yield f"{place}.{name}", item


CONTENT = [
    (place, text)
    for collection in SHOWN
    for record in getattr(knowledge(), collection).values()
    for place, text in words(record, f"{collection}/{record.id}")
]


def test_the_content_check_reads_the_content() -> None:
    """The walk below finds the words of every collection."""
    assert len(CONTENT) > 1000
    assert {place.split("/")[0] for place, _ in CONTENT} == set(SHOWN)


def test_no_content_orders_a_change_of_medicine() -> None:
    """Every sentence about changing a medicine forbids it alone, asks, or reports a study."""
    found = [(place, s) for place, text in CONTENT for s in orders(text) if not NHS.search(s)]
    assert found == []


def test_stop_taking_is_never_said() -> None:
    """Not even in a subordinate clause."""
    assert [place for place, text in CONTENT if re.search(r"stop taking", text, re.I)] == []


def test_no_content_calls_an_emergency_unlikely() -> None:
    """Nor does any label of a score for clots."""
    assert [(place, s) for place, text in CONTENT for s in calming(text)] == []


@pytest.mark.parametrize("score", ["wells_dvt", "oudega", "left_pregnancy"])
def test_no_score_for_clots_has_a_reassuring_band(score: str) -> None:
    """A low sum says that it cannot exclude a clot, and nothing else."""
    lowest = min(knowledge().instruments[score].bands, key=lambda band: band.at_least)
    assert "cannot rule out a clot" in lowest.label


@pytest.mark.parametrize(
    ("pattern", "meaning"),
    [
        ("!", "an exclamation mark"),
        (r"\bsimply\b", "simply"),
        (r"\bjust\b(?! (?:before|below|above|after))", "just"),
        (r"\b(?:obviously|of course|clearly you)\b", "of course"),
        (r"https?:|www\.", "an address"),
    ],
)
def test_the_voice(pattern: str, meaning: str) -> None:
    """Calm and plain: no exclamation marks, no belittling, no addresses."""
    assert [place for place, text in CONTENT if re.search(pattern, text, re.I)] == [], meaning


def test_every_story_used_here_is_there() -> None:
    """At least thirty different people were printed."""
    assert len(PRINTED) >= 30
    assert {found_of(name).triage.level for name in PRINTED} >= {"emergency", "self_care"}
