"""What a diary shows: a diary in, what is found, open, withheld or too little out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
import pytest

from nightcramp.assess.assessment import assess
from nightcramp.assess.known import Known
from nightcramp.diary.diagnostics import logs_only_bad_nights, strange_counts, truncated_rate
from nightcramp.diary.findings import findings_of
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.fact import Fact, Provenance
from nightcramp.person.facts import Facts
from nightcramp.person.finding import Finding, Findings
from nightcramp.person.night import Night
from nightcramp.report.findings import findings_text
from nightcramp.report.findings_picture import findings_svg

FIRST = dt.date(2026, 3, 2)
Acts = Callable[[dict[str, float]], float]


@dataclass(frozen=True)
class Person:
    """Somebody who keeps a diary: how often cramps come, and what they write down."""

    nights: int = 120
    rate: float = 0.7
    drift: float = 0.4
    acts: Acts = lambda day: 0.0
    logs: Callable[[int, int], bool] = lambda night, cramps: True
    seed: int = 1

    def diary(self) -> list[Night]:
        """Return the nights as this person writes them down."""
        random = np.random.default_rng(self.seed)
        level, nights = 0.0, []
        for night in range(self.nights):
            level = 0.7 * level + self.drift * random.normal()
            day = self.day(random)
            cramps = int(random.poisson(self.rate * np.exp(level + self.acts(day))))
            if self.logs(night, cramps):
                evening = FIRST + dt.timedelta(days=night)
                nights.append(Night(evening=evening, cramps=cramps, values=day))
        return nights

    def day(self, random: np.random.Generator) -> dict[str, float]:
        """Return what a day held."""
        return {
            "alcohol": float(random.random() < 0.4) * 3,
            "caffeine_cups": float(random.integers(0, 6)),
            "stretching": float(random.random() < 0.5),
            "own:chocolate": float(random.random() < 0.3),
        }


def shown(nights: list[Night], facts: list[Fact] | None = None) -> Findings:
    """Return the findings of nights, of a person about whom little else is known."""
    return findings_of(nights, Known(Facts(knowledge(), facts or [])))


def by_id(found: Findings) -> dict[str, Finding]:
    """Return the findings by what they are about."""
    return {finding.id: finding for finding in found.findings}


def drinks(day: dict[str, float]) -> float:
    """Alcohol acts, threefold."""
    return 1.1 * (day["alcohol"] > 0)


@pytest.fixture(scope="module")
def drinker() -> Findings:
    """The findings of somebody whose cramps follow alcohol."""
    return shown(Person(nights=150, acts=drinks).diary())


def test_what_acts_is_found_with_its_size(drinker: Findings) -> None:
    """Cramps three times as many after drinking: found, and the interval holds it."""
    alcohol = by_id(drinker)["alcohol"]
    assert alcohol.state == "found"
    assert alcohol.effect is not None
    assert alcohol.effect.low > 1.3
    assert alcohol.effect.low < 3.0 < alcohol.effect.high
    assert alcohol.contrast == "2.6 against 0 drinks"
    assert alcohol.lag == 0


def test_what_does_not_act_is_not_found(drinker: Findings) -> None:
    """Chocolate, coffee and stretching stay open or are spoken against."""
    rest = {f.id: f.state for f in drinker.findings if f.id != "alcohol"}
    assert set(rest) == {"caffeine_cups", "stretching", "own:chocolate"}
    assert "found" not in rest.values()


def test_the_analysis_says_how_often_it_is_wrong(drinker: Findings) -> None:
    """Of its own null histories, it would have found something in few."""
    assert drinker.null_histories == knowledge().diary_model.null_histories
    assert drinker.null_with_finding <= 0.06 * drinker.null_histories


def test_the_same_diary_says_the_same(drinker: Findings) -> None:
    """Byte for byte, in whatever order the nights come."""
    again = shown(Person(nights=150, acts=drinks).diary()[::-1])
    assert msgspec.json.encode(again) == msgspec.json.encode(drinker)


def test_silence_is_explained() -> None:
    """Where nothing acts nothing is found, and the page says that this is usual."""
    found = shown(Person(seed=5).diary())
    assert all(f.state in {"undecided", "unlikely"} for f in found.findings)
    assert "That is the usual result" in findings_text(found)


def test_how_many_more_nights_is_said() -> None:
    """What is open says how many nights would settle it, or that none would."""
    found = shown(Person(nights=60, seed=5).diary())
    open_ones = [f for f in found.findings if f.state == "undecided"]
    assert open_ones
    for finding in open_ones:
        assert "more" in finding.why or "by now" in finding.why
    longer = shown(Person(nights=240, seed=5).diary())
    before, after = by_id(found)["stretching"], by_id(longer)["stretching"]
    assert after.more_nights is not None
    assert before.more_nights is None or before.more_nights > after.more_nights


def test_a_short_diary_says_what_is_missing() -> None:
    """Twenty nights find nothing, whatever happened on them."""
    found = shown(Person(nights=20, acts=drinks).diary())
    assert {f.state for f in found.findings} == {"too_little"}
    assert "8 more" in found.missing[0]


def test_few_cramps_are_good_news() -> None:
    """A diary almost without cramps compares nothing and says so."""
    found = shown(Person(rate=0.01).diary())
    assert any("good news" in line for line in found.missing)


def test_no_night_at_all() -> None:
    """An empty diary gives a sentence, a page and a picture."""
    found = shown([])
    assert "No night is logged yet" in found.missing[0]
    assert "No night is logged" in findings_text(found)
    assert "No night is logged" in findings_svg(found, [])


def test_logging_only_bad_nights_is_noticed() -> None:
    """Somebody who writes down bad nights only gets no findings but the reason."""
    found = shown(Person(acts=drinks, logs=lambda night, cramps: cramps > 0).diary())
    assert {f.state for f in found.findings} == {"withheld"}
    assert "Log the good nights too" in found.withheld[0]


def test_a_night_not_logged_is_no_night_without_a_cramp() -> None:
    """Leaving nights out at random changes little; calling them free of cramps changes much."""
    person = Person(nights=150, acts=drinks)
    sparse = [night for i, night in enumerate(person.diary()) if i % 3]
    gone = [night.evening for i, night in enumerate(person.diary()) if i % 3 == 0]
    holed, zeros = shown(sparse), shown(sparse + [Night(evening=e, cramps=0) for e in gone])
    assert holed.logged == len(sparse)
    assert zeros.logged == 150
    rate = [f.cramps / f.logged for f in (shown(person.diary()), holed, zeros)]
    assert rate[1] == pytest.approx(rate[0], rel=0.2)
    assert rate[2] < 0.75 * rate[0]


def test_days_without_a_count_still_tell_what_they_held() -> None:
    """An evening with drinks and no count is a night not logged, not a night without cramps."""
    nights = Person(nights=60).diary()
    nights[10] = Night(evening=nights[10].evening, values=nights[10].values)
    assert shown(nights).logged == 59


def test_something_recorded_on_few_days_is_not_looked_at() -> None:
    """What was written down for a tenth of the nights says so, with the number needed."""
    nights = [
        Night(
            evening=night.evening,
            cramps=night.cramps,
            values={**night.values, **({"heat": 1.0} if i % 10 == 0 else {})},
        )
        for i, night in enumerate(Person(nights=60).diary())
    ]
    heat = by_id(shown(nights))["heat"]
    assert heat.state == "too_little"
    assert heat.why == "recorded for 6 of 60 logged nights; 30 are needed"


def test_what_always_goes_together_is_not_told_apart() -> None:
    """Two names for the same days: one is looked at, the other says why not."""
    nights = [
        Night(
            evening=night.evening,
            cramps=night.cramps,
            values={**night.values, "own:pub": float(night.values["alcohol"] > 0)},
        )
        for night in Person(nights=80, acts=drinks).diary()
    ]
    pub = by_id(shown(nights))["own:pub"]
    assert pub.state == "too_little"
    assert "no diary could tell them apart" in pub.why


def test_a_measure_that_follows_a_cramp_is_no_cause_of_it() -> None:
    """Sleep is looked at the night before only, and getting up not at all."""
    measures = knowledge().measures
    assert measures["sleep_hours"].lags == [1]
    assert measures["wake_time"].lags == []
    assert measures["awake_minutes"].lags == []


def test_counts_no_model_can_make_withhold_everything() -> None:
    """A night of three hundred cramps among quiet ones is a slip of the pen, or another illness."""
    nights = Person(nights=100, acts=drinks).diary()
    nights[40] = Night(evening=nights[40].evening, cramps=300, values=nights[40].values)
    found = shown(nights)
    assert {f.state for f in found.findings} == {"withheld"}
    assert "worst night" in " ".join(found.withheld)


def test_diagnostics_compare_with_what_the_model_makes() -> None:
    """Counts beyond all replicas are named, counts among them are not."""
    random = np.random.default_rng(0)
    made = random.poisson(1.0, (100, 99)).astype(float)
    assert strange_counts(random.poisson(1.0, 100).astype(float), made) == ()
    alike = np.repeat(random.poisson(1.0, 10), 10).astype(float)
    assert any("neighbouring nights" in words for words in strange_counts(alike, made))
    yes_or_no = np.minimum(random.poisson(1.0, 100), 1).astype(float)
    assert strange_counts(yes_or_no, made) == ()


def test_the_truncated_rate_is_the_one_whose_mean_it_was_given() -> None:
    """From the mean of counts above zero back to the rate."""
    for rate in (0.05, 0.7, 3.0):
        assert truncated_rate(rate / -np.expm1(-rate)) == pytest.approx(rate, rel=1e-6)


def test_every_night_a_cramp_is_not_called_bad_logging() -> None:
    """Somebody who logs all nights and cramps in all of them keeps an honest diary."""
    model = knowledge().diary_model
    assert not logs_only_bad_nights(np.ones(60), model)
    gaps = np.where(np.arange(60) % 2, 1.0, np.nan)
    assert logs_only_bad_nights(gaps, model)
    honest = np.where(np.arange(60) % 4 == 1, 0.0, gaps)
    assert not logs_only_bad_nights(honest, model)


def test_a_finding_replaces_the_published_effect_in_the_assessment(drinker: Findings) -> None:
    """The factor becomes supported, its share rests on the person's own nights."""
    facts = [
        Fact(kind="answer", id=name, value=value, provenance=Provenance(file="story", at=name))
        for name, value in {"age": 60.0, "called_cramp": True, "relief_stretch": True}.items()
    ]
    alone = assess(Facts(knowledge(), facts), questions=0)
    joined = assess(Facts(knowledge(), facts, drinker.findings), questions=0)
    assert "alcohol" not in {share.id for share in alone.shares}
    share = next(share for share in joined.shares if share.id == "alcohol")
    assert share.ladder == "supported"
    assert share.effects[0].grade == "S"
    assert share.share > 0.1
    assert 0 <= share.low <= share.share <= share.high
    advice = next(item for item in joined.plan if item.id == "less_alcohol")
    assert advice.diary.startswith("Your diary: ")


def test_what_was_not_found_changes_no_assessment(drinker: Findings) -> None:
    """Open findings take no part."""
    nothing = [f for f in drinker.findings if f.state != "found"]
    facts = [Fact(kind="answer", id="age", value=60.0, provenance=Provenance(file="s", at="a"))]
    alone, joined = Facts(knowledge(), facts), Facts(knowledge(), facts, nothing)
    assert assess(alone, questions=0) == assess(joined, questions=0)


def test_the_picture_names_its_finding_and_holds_its_table(drinker: Findings) -> None:
    """The title says what was found; the table stands behind it for who cannot see."""
    picture = findings_svg(drinker, Person(nights=150, acts=drinks).diary())
    assert "<title" in picture
    assert "Alcoholic drinks: " in picture
    for label in ("caffeine", "stretching", "chocolate"):
        assert label in picture.split("</desc>")[0]
