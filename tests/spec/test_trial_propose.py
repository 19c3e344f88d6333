"""What may be tested on one's own nights, who must agree, what is refused, and what comes first."""

from __future__ import annotations

import pytest

from nightcramp.assess.assessment import assess
from nightcramp.assess.known import Known
from nightcramp.assess.triage import triage
from nightcramp.errors import InputError
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.facts import Facts
from nightcramp.person.finding import Finding, Ratio
from nightcramp.trial.propose import gate, propose, propose_own
from people import person

WELL = person(age=70, nights_per_month=12)
ON_STATIN = person(medicines=["simvastatin 20 mg, for 8 years"])
ON_WARFARIN = person(medicines=["warfarin 3 mg"])
WEAK_KIDNEYS = person("ckd")
WEAK_HEART = person("heart_failure")
ON_DIALYSIS = person("dialysis")
PREGNANT = person("pregnancy", pregnancy_weeks=30)

ALLOWED = [
    "stretch_before_bed",
    "soap",
    "a bar of soap under the sheet",
    "Copper bracelet on the left leg",
    "magnesium",
    "magnesium tablets every evening",
    "no coffee after noon",
    "no alcohol",
    "wool socks in bed",
    "walking 20 minutes",
    "drink two more glasses of water",
    "own:horseshoe",
]
ASKED = [
    ("vitamin_k2", WELL, "vitamin_k2"),
    ("vitamin b6 tablets", WELL, "vitamin_b_complex"),
    ("horse oil", WELL, "unknown"),
    ("soap and belladonna", WELL, "unknown"),
    ("CBD drops", WELL, "swallowed"),
    ("magnesium spray", WELL, "magnesium_on_the_skin"),
    ("a pinch of salt in water", WELL, "salts"),
    ("diltiazem_verapamil", WELL, "stop_drug"),
    ("metoprolol", WELL, "medicine_new"),
    ("magnesium", PREGNANT, "pregnancy_any"),
    ("magnesium_in_pregnancy", PREGNANT, "pregnancy_any"),
    ("hot bath", PREGNANT, "pregnancy_heat"),
    ("compression_stockings", WELL, "compression_stockings"),
]
REFUSED = [
    ("quinine", WELL, "quinine"),
    ("a glass of tonic water at night", WELL, "tonic_water"),
    ("Qualaquin", WELL, "quinine"),
    ("soap and quinine", WELL, "quinine"),
    ("stop my statin", ON_STATIN, "medicine_changed"),
    ("simvastatin every other night", ON_STATIN, "medicine_changed"),
    ("without my water tablets", WELL, "medicine_changed"),
    ("magnesium instead of my beta-blocker", WELL, "medicine_changed"),
    ("leave out my tablets", WELL, "prescribed"),
    ("review_medicine", ON_STATIN, "review_medicine"),
    ("magnesium", WEAK_KIDNEYS, "mg_ckd"),
    ("magnesium spray", WEAK_KIDNEYS, "mg_ckd"),
    ("magnesium citrate powder", person("dialysis"), "mg_ckd_severe"),
    ("vitamin_k2", ON_WARFARIN, "vitamin_k2_warfarin"),
    ("vitamin K tablets", ON_WARFARIN, "vitamin_k2_warfarin"),
    ("natto for supper", ON_WARFARIN, "vitamin_k2_warfarin"),
    ("milk of magnesia", WEAK_KIDNEYS, "mg_ckd"),
    ("drink_enough", WEAK_HEART, "fluids_hf"),
    ("drink more water", WEAK_HEART, "fluids_hf"),
    ("two litres of water", ON_DIALYSIS, "fluids_hf"),
    ("salt water", ON_DIALYSIS, "pickle_salt"),
    ("diltiazem_verapamil", PREGNANT, "pregnancy_medicines"),
    ("bananas", WELL, "potassium_food"),
    ("whisky", WELL, "alcoholic_drink"),
    ("relief_stretch_now", WELL, "relief_stretch_now"),
    ("heat pad", person("numbness"), "heat_numb"),
    ("stretch_before_bed", person("leg_swelling_one_side"), "dvt_stretch"),
]


def decided(words: str, facts: Facts, seen: frozenset[str] = frozenset()) -> tuple[str, list[str]]:
    """Return what becomes of a wish, with the rules that decided."""
    found = gate(words, Known(facts, cautious=True), seen)
    return found.safety, [ground.rule for ground in found.grounds]


@pytest.mark.parametrize("words", ALLOWED)
def test_harmless_things_are_the_persons_own_to_test(words: str) -> None:
    """Actions that may be self-tested, and remedies that touch nothing but bed and skin."""
    assert decided(words, WELL)[0] == "allowed"


@pytest.mark.parametrize(("words", "facts", "rule"), ASKED, ids=[row[0] for row in ASKED])
def test_what_a_prescriber_must_agree_to(words: str, facts: Facts, rule: str) -> None:
    """Medicines, what is swallowed, what nobody knows, and what an illness makes doubtful."""
    safety, rules = decided(words, facts)
    assert (safety, rule in rules) == ("ask_prescriber", True), rules


@pytest.mark.parametrize(("words", "facts", "rule"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused(words: str, facts: Facts, rule: str) -> None:
    """The strictest rule decides, whatever else is named beside it, and says why."""
    safety, rules = decided(words, facts)
    assert (safety, rule in rules) == ("refused", True), rules
    assert len(gate(words, Known(facts, cautious=True)).reason.split()) >= 8


def test_every_reason_is_a_sentence_of_the_content_files() -> None:
    """A refusal says what the rule says, word for word."""
    said = gate("magnesium", Known(WEAK_KIDNEYS, cautious=True)).reason
    assert knowledge().safety["mg_ckd"].say in said


@pytest.mark.parametrize("wanted", ["stretch_before_bed", "soap", "magnesium", "a new pillow"])
def test_nothing_is_tested_while_a_warning_sign_stands(wanted: str) -> None:
    """An emergency or same-day sign refuses everything, and says what to do first."""
    swollen = person("leg_swelling_one_side")
    found = gate(wanted, Known(swollen, cautious=True), seen=frozenset({"dvt_sus"}))
    assert found.safety == "refused"
    assert "dvt_sus" in [ground.rule for ground in found.grounds]
    assert knowledge().red_flags["dvt_sus"].do in found.reason


def test_a_sign_for_soon_refuses_until_a_clinician_has_seen_it() -> None:
    """Growing weakness must be looked at before anything is tried; then a test may begin."""
    weak = person("breathless")
    flags = [r.id for r in triage(Known(weak, cautious=True)).reasons if r.level == "soon"]
    assert flags
    assert decided("soap", weak)[0] == "refused"
    assert decided("soap", weak, frozenset(flags))[0] == "allowed"


def test_warning_signs_that_were_not_asked_about_are_listed() -> None:
    """Before a test is locked the questions about warning signs are to be answered."""
    assert "leg_swelling_one_side" in gate("soap", Known(WELL, cautious=True)).unanswered
    told = person(no=["leg_swelling_one_side"])
    assert "leg_swelling_one_side" not in gate("soap", Known(told, cautious=True)).unanswered


def test_the_page_for_a_prescriber_names_the_thing_and_the_reason() -> None:
    """It asks for agreement, and tells a pharmacist how to blind the test where that can be."""
    page = gate("vitamin_k2", Known(WELL, cautious=True)).page
    assert page is not None
    assert "vitamin k2" in page.asks[0]
    assert knowledge().trials["vitamin_k2"].why in " ".join(page.asks)
    assert any("pharmacist" in line for line in page.blinding)
    assert not any("{" in line for line in (*page.asks, *page.please, *page.blinding))
    stockings = gate("compression_stockings", Known(WELL, cautious=True)).page
    assert stockings is not None
    assert stockings.blinding == ()


def test_allowed_and_refused_things_need_no_page() -> None:
    """Nobody is asked to sign what is harmless or refused."""
    assert gate("soap", Known(WELL, cautious=True)).page is None
    assert gate("quinine", Known(WELL, cautious=True)).page is None


def test_what_is_worth_testing_first() -> None:
    """Stretching has trials behind it and asks little; soap is a belief; quinine is refused."""
    made = propose(assess(WELL, questions=0), WELL)
    order = [proposal.action for proposal in made if proposal.safety == "allowed"]
    assert order[0] == "stretch_before_bed"
    assert order.index("stretch_before_bed") < order.index("soap_in_bed")
    kinds = [proposal.safety for proposal in made]
    assert kinds == sorted(kinds, key=["allowed", "ask_prescriber", "refused"].index)
    for kind in ("allowed", "ask_prescriber", "refused"):
        scores = [proposal.score for proposal in made if proposal.safety == kind]
        assert scores == sorted(scores, reverse=True)


def test_a_proposal_says_what_to_do_and_what_to_expect() -> None:
    """Two arms with instructions, the size with its source, and the reason in plain words."""
    made = {p.action: p for p in propose(assess(WELL, questions=0), WELL)}
    stretch = made["stretch_before_bed"]
    assert [arm.kind for arm in stretch.arms] == ["action", "leave"]
    assert all(arm.instruction for arm in stretch.arms)
    assert stretch.expected.ratio == pytest.approx(0.85)
    assert stretch.expected.source == ("Hallegraeff2012", "Coppin2005")
    assert "15 of 100 fewer" in stretch.why
    assert stretch.washout < stretch.block_nights
    magnesium = made["magnesium"]
    assert magnesium.chance < 0.05 < stretch.chance


def test_what_the_diary_shows_comes_first() -> None:
    """A finding of the person's own nights outweighs what was published."""
    finding = Finding(
        id="caffeine_cups",
        label="cups with caffeine",
        state="found",
        why="",
        probability=0.95,
        effect=Ratio(ratio=1.8, low=1.4, high=2.3),
        actions=("less_caffeine",),
        factors=("caffeine",),
    )
    facts = Facts(knowledge(), WELL.all, [finding])
    first = propose(assess(facts, questions=0), facts)[0]
    assert first.action == "less_caffeine"
    assert first.expected.ratio == pytest.approx(1 / 1.8, abs=1e-3)
    assert first.expected.status == "own"
    assert "your diary" in first.why


def test_in_an_emergency_there_is_nothing_to_propose() -> None:
    """Help comes first: the plan is empty, and so is the list."""
    facts = person("leg_cold_pale_sudden", "leg_swelling_one_side", "chest_pain")
    found = assess(facts, questions=0)
    assert found.triage.level == "emergency"
    assert propose(found, facts) == []


def test_with_a_sign_for_today_every_proposal_is_refused() -> None:
    """The plan may hold something; none of it is tested before the sign was seen."""
    facts = person("dark_urine", age=70, nights_per_month=12)
    made = propose(assess(facts, questions=0), facts)
    assert made
    assert {proposal.safety for proposal in made} == {"refused"}


def test_a_remedy_of_ones_own_gets_arms_in_ones_own_words() -> None:
    """What is allowed can go straight into a protocol."""
    proposal = propose_own("  copper   bracelet ", WELL)
    assert proposal.safety == "allowed"
    assert proposal.words == "copper bracelet"
    assert "copper bracelet" in proposal.arms[0].instruction
    assert proposal.arms[1].kind == "leave"
    with pytest.raises(InputError, match="nothing to test"):
        propose_own("  ", WELL)


def test_every_action_says_who_may_test_it() -> None:
    """No action slips through without an entry, and only harmless kinds are self-tested."""
    trials = knowledge().trials
    assert set(trials) == set(knowledge().actions)
    alone = {name for name, trial in trials.items() if trial.who == "self"}
    assert alone == {name for name, action in knowledge().actions.items() if action.self_test}
