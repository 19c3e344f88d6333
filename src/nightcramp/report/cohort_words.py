"""The fixed words of a screened population, and its counts and shares as they are said."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.cohort.content import MARKERS
from nightcramp.cohort.tables.counting import AGES
from nightcramp.cohort.tables.disclosure import WITHHELD, Shown
from nightcramp.cohort.tables.population import CohortSummary, GroupShare, StepShown
from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.lookup import name_of_medicine
from nightcramp.language import called, noted, number
from nightcramp.language import gettext as _
from nightcramp.plan.plan import in_a_sentence
from nightcramp.report.trial_size import grouped

NONE = "–"
HUNDRED, THOUSAND = 100, 1000
MEDICATION = "medication:"
LEVEL_WORDS = {
    "emergency": noted("now"),
    "same_day": noted("today"),
    "soon": noted("within days"),
    "routine": noted("at an ordinary visit"),
    "self_care": noted("nothing on record asks for it"),
}
SEX_WORDS = {"female": noted("women"), "male": noted("men"), "": noted("sex not recorded")}
AGE_UNKNOWN = noted("age not known")
GROUP_WORDS = {
    "muscles": noted("muscles, tired or ill"),
    "dehydration": noted("too little fluid"),
    "circulation": noted("circulation and diabetes"),
    "minerals": noted("minerals and vitamins"),
    "nerves": noted("nerves"),
    "pregnancy": noted("pregnancy"),
    "medicines": noted("medicines"),
    "beyond": noted("other illnesses and habits"),
    "small": noted("all else together"),
    "unexplained": noted("not explained by anything we know"),
}
TABLE_WORDS = {
    "condition_occurrence": noted("conditions"),
    "drug_exposure": noted("medicines"),
    "measurement": noted("laboratory tests"),
    "procedure_occurrence": noted("operations"),
    "observation": noted("observations"),
    "Condition": noted("conditions"),
    "Procedure": noted("operations"),
    "Observation": noted("observations"),
    "MedicationRequest": noted("prescriptions"),
    "MedicationStatement": noted("medicines told of"),
    "MedicationDispense": noted("medicines handed over"),
    "MedicationAdministration": noted("medicines given"),
}
WAYS = {
    "omop_id": noted("OMOP id"),
    "code": noted("code"),
    "ancestor": noted("ancestor"),
    "relationship": noted("relationship"),
    "name": noted("name"),
    "none": noted("nothing here"),
}
"""How a row of a database was understood."""
SCREENED = noted("looked at")
NOT_SAID = noted("a number that is not shown")
SMALLEST_SHARE = 0.0005
"""Groups with a mean share below this are nothing to speak of."""


def told(people: Shown) -> str:
    """Return a count as it may be read: 1,204, <5, >95, or a dash."""
    return people.text(NONE) if people.count is None else grouped(people.count)


def of_people(people: Shown, summary: CohortSummary) -> str:
    """Return how many of the people have something, as a natural frequency."""
    whole = summary.people.count
    if not whole or people == WITHHELD:
        return told(people)
    if people.count is None or whole < THOUSAND:
        return _("{count} of {people}").format(count=told(people), people=grouped(whole))
    count = round(THOUSAND * people.count / whole)
    said = _("fewer than 1") if people.count and not count else grouped(count)
    return _("{count} of {people}").format(count=said, people=grouped(THOUSAND))


def in_words(people: Shown, summary: CohortSummary) -> str:
    """Return the same within a sentence, where a dash says nothing."""
    return _(NOT_SAID) if people == WITHHELD else of_people(people, summary)


def of_hundred(share: float | None) -> str:
    """Return a share of cramps as a natural frequency."""
    if share is None:
        return NONE
    return _("{count} of {people}").format(count=hundredths(share), people=HUNDRED)


def hundredths(share: float | None) -> str:
    """Return a share in cramps of a hundred."""
    if share is None:
        return NONE
    count = HUNDRED * share
    if 0 < count < 0.05:
        return "<" + number(0.1)
    return number(count, ".0f" if count >= 10 or not count else ".1f")


def age_words(low: int, *, short: bool = False) -> str:
    """Return a band of age in years: "65 to 79", "80 and over"."""
    if low == AGES[-1][0]:
        return f"{low}+" if short else _("{age} and over").format(age=low)
    high = next(high for start, high in AGES if start == low)
    if short:
        return f"{low}–{high}"
    return _("{low} to {high}").format(low=low, high=high)


def sentence(words: str) -> str:
    """Return words that begin a sentence."""
    return words[:1].upper() + words[1:]


def explanation(name: str) -> str:
    """Return what a factor or a medicine is called within a sentence."""
    if name.startswith(MEDICATION):
        return name_of_medicine(name)
    factor = knowledge().factors.get(name)
    return in_a_sentence(factor.label) if factor else name.replace("_", " ")


def marker(name: str) -> str:
    """Return what a sign of cramps is called."""
    return _(MARKERS[name]) if name in MARKERS else name.replace("_", " ")


def flag(name: str) -> str:
    """Return the first sentence of what a red flag says to a person, else its id."""
    rule = knowledge().red_flags.get(name)
    if rule is None:
        return name.replace("_", " ")
    first = rule.say.split(". ")[0].removesuffix(".")
    return called(f"“{first}”", f"«{first}»")


def steps_said(summary: CohortSummary) -> Iterator[tuple[str, StepShown, bool]]:
    """Yield the filters: (what stayed, the filter, whether it is the last)."""
    last = len(summary.attrition) - 1
    for place, step in enumerate(summary.attrition):
        yield _(step.says or SCREENED), step, place == last


def worth_telling(summary: CohortSummary) -> list[GroupShare]:
    """Return the groups of causes with any share of cramps, and those whose share is hidden."""
    return [one for one in summary.shares if one.mean is None or one.mean >= SMALLEST_SHARE]
