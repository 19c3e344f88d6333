"""The shape of every content file; loading a file means fitting it to these."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Level = Literal["emergency", "same_day", "soon", "routine", "self_care"]
"""How soon to see a clinician, most urgent first."""

Status = Literal[
    "published", "second_hand", "derived", "established", "assumed", "definition", "own"
]
"""Where a number comes from.

`published`: read at its source. `second_hand`: read in somebody's summary of it.
`derived`: computed from published counts. `established`: a guideline or physiology
says that it happens, the size is assumed. `assumed`: nobody has published it.
`definition`: the fact itself settles it (only probabilities of 0 and 1).
`own`: computed from this person's own nights; never in a content file.
"""

Grade = Literal["A", "B", "C", "D", "E", "N", "X", "S", "T"]
"""How strong a published association is: see `credibility.toml`."""


Text = Annotated[str, Meta(description="A text that people read; it is translated.")]


class Content(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of everything read from a content file."""


class Source(Content, frozen=True, kw_only=True):
    """One citation."""

    title: str
    authors: str = ""
    year: str = ""
    journal: str = ""
    doi: str = ""
    pmid: str = ""
    note: str = ""
    read: Literal["source", "abstract", "copy", "summary", "data"] = "source"


class Credibility(Content, frozen=True, kw_only=True):
    """How often an association of this grade is taken to be causal (a choice)."""

    probability: float
    meaning: Text


class Model(Content, frozen=True, kw_only=True):
    """The modelling choices of the project, see `model.toml`."""

    shrink_sd: float
    draws: int
    seed: int
    interval: float
    flagged_probability: float
    suspected_ratio: float
    present_probability: float
    shown_weight: float
    stopped_days: float
    lab_days: float
    general_from: float
    began_before_days: float
    began_after_days: float
    trimester_weeks: tuple[float, float, float]


class DiaryModel(Content, frozen=True, kw_only=True):
    """The choices behind findings, see `diary_model.toml`."""

    usual_mean: float
    usual_sd: float
    trend_sd: float
    season_sd: float
    weekday_sd: float
    drift_sd: float
    most_correlation: float
    overdispersion_sd: float
    unpublished_sd: float
    named_inclusion: float
    own_inclusion: float
    same_day: float
    found_probability: float
    found_rate: float
    null_histories: int
    seed: int
    least_nights: int
    least_cramp_nights: int
    least_recorded: float
    least_days_with: int
    inseparable: float
    replicas: int
    unlogged: float
    hardly_free: float
    only_bad: float
    against: float
    reference_ratio: float
    worth_seeing: float
    seen_with: float
    most_more_nights: int
    check_error: float


class Baseline(Content, frozen=True, kw_only=True):
    """Nights to plan with where a person has too few of their own.

    `rate`: cramps a night. `kappa`, `sigma`, `rho`: overdispersion, hidden drift's standard
    deviation and its correlation from night to night. `logged`: part of nights written down.
    """

    rate: float
    kappa: float
    sigma: float
    rho: float
    logged: float
    says: Text
    status: Status
    source: list[str] = []
    note: Text = ""


class PrescriberPage(Content, frozen=True, kw_only=True):
    """The words of the page that asks a prescriber; `{action}` and `{reasons}` are filled in."""

    title: Text
    asks: list[Text]
    please: list[Text]
    blinding: list[Text]
    sign: list[Text]


class OwnWords(Content, frozen=True, kw_only=True):
    """How medicines and unknown things in a person's own words are decided, and what is said.

    `changed`: a medicine that is taken, or named with one of the `change_words`. `new`: any
    other. `is_action`: classes of medicines that stand for an action. `fillers`: words that
    mean nothing by themselves.
    """

    changed: Text
    new: Text
    change_words: list[str]
    is_action: dict[str, str]
    unknown: Text
    seen_first: Text
    urgent_first: Text
    fillers: list[str]


Who = Literal["self", "prescriber", "nobody"]
"""Who may decide on a test: the person, the person with a prescriber, or nobody."""


class ArmText(Content, frozen=True, kw_only=True):
    """What one arm of a test is called and what to do."""

    label: Text
    instruction: Text


class TrialTemplate(Content, frozen=True, kw_only=True):
    """What testing an action on one's own nights would be; its id is the action's.

    `why`: the reason where the person may not decide alone. `block_nights`, `washout`: nights
    of a block and how many of its first nights do not count. `smallest_effect`: the rate ratio
    from which it matters, unless the person says otherwise.
    """

    id: str
    who: Who
    why: Text = ""
    do: ArmText | None = None
    leave: ArmText | None = None
    burden: Text = ""
    effort: Literal["little", "some", "much"] = "little"
    outcome: Literal["cramps", "nights_with_cramp", "pain", "sleep_lost"] = "cramps"
    block_nights: int = 7
    washout: int = 1
    run_in: int = 0
    smallest_effect: float = 0.75
    dummy: Text = ""


class TrialModel(Content, frozen=True, kw_only=True):
    """The choices behind proposals and plans of trials, see `trial_model.toml`."""

    error: float
    longest_run: int
    longest_nights: int
    lengths: list[int]
    block_lengths: list[int]
    simulated: int
    schedules: int
    seed: int
    least_answer: float
    good_answer: float
    recent_nights: int
    ease: dict[str, float]
    baseline: Baseline
    own: TrialTemplate
    page: PrescriberPage
    words: OwnWords


class Option(Content, frozen=True, kw_only=True):
    """One answer of a choice question."""

    id: str
    label: Text


class Question(Content, frozen=True, kw_only=True):
    """Something a person, a clinician or a record can answer."""

    id: str
    ask: Text
    why: Text
    kind: Literal["yes_no", "choice", "many", "number", "duration"]
    section: str
    clinician: bool = False
    options: list[Option] = []
    unit: str = ""
    minimum: float = 0.0
    maximum: float = 0.0
    ask_if: str = ""
    expected: float = 0.2
    red_flag: bool = False
    implies: dict[str, bool] = {}
    probes: list[float] = []
    help: Text = ""


class Condition(Content, frozen=True, kw_only=True):
    """A diagnosis, operation or state that a record or a person can name."""

    id: str
    label: Text
    names: list[str] = []
    icd10cm: list[str] = []
    snomed: list[str] = []
    omop: list[str] = []
    implies: list[str] = []
    excludes_names: list[str] = []
    ask: Text = ""
    ask_if: str = ""
    expected: float = 0.1
    role: str = ""


class Conversion(Content, frozen=True, kw_only=True):
    """Multiply a value in this unit by `factor` (then add `offset`)."""

    unit: str
    factor: float
    offset: float = 0.0
    basis: str = ""


class ReferenceRange(Content, frozen=True, kw_only=True):
    """Fallback limits in the canonical unit, used when the lab gave none."""

    low: float | None = None
    high: float | None = None
    when: str = ""


class Lab(Content, frozen=True, kw_only=True):
    """A laboratory test, its codes, its unit and its fallback range."""

    id: str
    label: Text
    names: list[str]
    unit: str
    units: list[Conversion]
    loinc: list[str] = []
    loinc_excluded: list[str] = []
    omop: list[str] = []
    ranges: list[ReferenceRange] = []
    range_source: str = ""
    plausible: tuple[float, float]
    note: Text = ""


class Effect(Content, frozen=True, kw_only=True):
    """A published ratio of cramps with against without, or one marked as assumed."""

    ratio: float
    low: float
    high: float
    measure: Text
    population: Text
    grade: Grade
    status: Status
    source: list[str] = []
    when: str = ""
    per: str = ""
    above: float = 0.0
    most_units: float = 0.0
    note: Text = ""


class Clue(Content, frozen=True, kw_only=True):
    """One observation and how it shifts the odds, within a feature group.

    `ratio` applies when the condition holds, `ratio_if_no` when it is known not to.
    Within a group only the strongest applies; unknown observations count for nothing.
    """

    group: str
    when: str
    ratio: float = 1.0
    ratio_if_no: float = 1.0
    says: Text
    status: Status
    source: list[str] = []
    note: Text = ""


class Presence(Content, frozen=True, kw_only=True):
    """How likely the factor is present, for people of whom `when` holds."""

    probability: float
    says: Text
    status: Status
    source: list[str] = []
    when: str = ""
    low: float | None = None
    high: float | None = None
    population: Text = ""


class Factor(Content, frozen=True, kw_only=True):
    """Something that can contribute to cramps."""

    id: str
    label: Text
    clinical: Text
    group: str
    summary: Text
    honest: Text
    presence: list[Presence]
    effect: list[Effect]
    aliases: list[str] = []
    mission: bool = False
    presence_clue: list[Clue] = []
    attribution_clue: list[Clue] = []
    ask_clinician: list[Text] = []
    tests: list[Text] = []
    see: Level = "routine"


class Prior(Content, frozen=True, kw_only=True):
    """Relative weight of a syndrome among people with night-time leg trouble."""

    weight: float
    anchor: Text
    status: Status
    source: list[str] = []
    when: str = ""


class Mimic(Content, frozen=True, kw_only=True):
    """A syndrome: the night cramp itself, or a condition taken for one."""

    id: str
    kind: Literal["target", "mimic", "emergency"]
    label: Text
    clinical: Text
    summary: Text
    tell_apart: Text
    prior: list[Prior]
    feature: list[Clue]
    aliases: list[str] = []
    attributed_to: list[str] = []
    ask_clinician: list[Text] = []
    see: Level = "routine"


class RedFlag(Content, frozen=True, kw_only=True):
    """A rule over facts that asks for a clinician at a level."""

    id: str
    when: str
    level: Level
    say: Text
    do: Text
    source: list[str]
    status: Status
    points_to: list[str] = []
    row: str = ""
    note: Text = ""


class SafetyRule(Content, frozen=True, kw_only=True):
    """When an action must not be suggested, and what is said in its place."""

    id: str
    when: str
    blocks: list[str]
    effect: Literal["block", "ask_first"]
    say: Text
    source: list[str]
    status: Status


class MedicineClass(Content, frozen=True, kw_only=True):
    """A class of medicines, with the effect its members inherit."""

    id: str
    label: Text
    names: list[str] = []
    parents: list[str] = []
    atc: list[str] = []
    mechanism: Text = ""
    say: Text = ""
    effect: list[Effect] = []


class Medicine(Content, frozen=True, kw_only=True):
    """One ingredient: names, brands, codes, and its own effect if one is known."""

    id: str
    classes: list[str]
    names: list[str] = []
    brands: list[str] = []
    rxnorm: str = ""
    atc: list[str] = []
    omop: str = ""
    mechanism: Text = ""
    say: Text = ""
    effect: list[Effect] = []
    contains: list[str] = []


class MedicineFile(Content, frozen=True, kw_only=True):
    """One file of `medicines/`."""

    classes: list[MedicineClass] = field(default_factory=list, name="class")
    medicines: list[Medicine] = field(default_factory=list, name="medicine")


class Trial(Content, frozen=True, kw_only=True):
    """What a trial (or the lack of one) found for an action."""

    finding: Text
    population: Text
    grade: Text
    status: Status
    source: list[str] = []
    result: Literal["better", "no_difference", "unclear", "worse", "none"] = "unclear"


class Reduction(Content, frozen=True, kw_only=True):
    """Expected fall in cramps in per cent, with its interval."""

    percent: float
    low: float
    high: float
    status: Status
    source: list[str] = []
    note: Text = ""


class Action(Content, frozen=True, kw_only=True):
    """Something to do."""

    id: str
    label: Text
    kind: Literal["prevent", "relieve", "care", "supplement", "medicine", "belief"]
    summary: Text
    how: list[Text]
    verdict: Text
    trials: list[Trial] = field(default_factory=list, name="trial")
    reduction: Reduction | None = None
    factors: list[str] = []
    when: str = ""
    harms: Text = ""
    ask_clinician: list[Text] = []
    self_test: bool = False
    never: bool = False
    general: bool = False
    order: int = 50
    aliases: list[str] = []


class Remedy(Content, frozen=True, kw_only=True):
    """Things people name themselves, by the words for them, and who may decide on a test.

    `like`: actions whose safety rules hold for them too.
    """

    id: str
    words: list[str]
    who: Who
    say: Text
    like: list[str] = []


class Item(Content, frozen=True, kw_only=True):
    """One item of an instrument: points when `when` holds, or does not."""

    id: str
    says: Text
    when: str
    points: float = 1.0
    points_if_no: float = 0.0


class Band(Content, frozen=True, kw_only=True):
    """A label for scores from `at_least` up (bands are listed highest first)."""

    at_least: float
    label: Text
    when: str = ""


class Step(Content, frozen=True, kw_only=True):
    """One node of a decision path: where yes, no and unknown lead."""

    id: str
    ask: Text
    when: str
    yes: str
    no: str
    unknown: str


class Term(Content, frozen=True, kw_only=True):
    """A coefficient of a linear formula over lab values."""

    lab: str
    coefficient: float


class Instrument(Content, frozen=True, kw_only=True):
    """A published questionnaire or score with its own exact scoring."""

    id: str
    label: Text
    kind: Literal["sum", "path", "linear", "count"]
    about: Text
    source: list[str]
    licence: Text
    accuracy: Text
    use: Text
    for_medicine: bool = False
    applies: str = ""
    items: list[Item] = field(default_factory=list, name="item")
    bands: list[Band] = field(default_factory=list, name="band")
    steps: list[Step] = field(default_factory=list, name="step")
    terms: list[Term] = field(default_factory=list, name="term")
    constant: float = 0.0
    complete: bool = False


class Contradiction(Content, frozen=True, kw_only=True):
    """Two things that cannot both hold; shown, never resolved silently."""

    id: str
    when: str
    say: Text


class Statement(Content, frozen=True, kw_only=True):
    """A sentence with a number that is shown on every assessment."""

    id: str
    text: Text
    source: list[str]
    status: Status


class Measure(Content, frozen=True, kw_only=True):
    """Something counted for a night or for the day before it, from a wearable or a diary.

    `belongs`: `day` is the civil day of the evening, `night` noon to noon. `joins`: how the
    records of one day become one number. `kind`: an amount, yes (1) or no (0), a score, or a
    time of day. `lags`: how many days before a night it may act, 0 for the day that ends in
    it; none for what tells nothing of causes. `factors` and `actions`: what its effect on
    cramps would speak for. `belief`: the factor or action whose published effect is where
    findings start.
    """

    id: str
    label: Text
    unit: str
    belongs: Literal["day", "night"]
    joins: Literal["sum", "mean", "last", "most", "least", "hours"]
    names: list[str] = []
    healthkit: list[str] = []
    loinc: list[str] = []
    units: list[Conversion] = []
    plausible: tuple[float, float] = (0.0, 1e9)
    note: Text = ""
    kind: Literal["amount", "yes_no", "score", "clock"] = "amount"
    lags: list[int] = []
    factors: list[str] = []
    actions: list[str] = []
    belief: str = ""
