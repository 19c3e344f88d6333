"""Facts about the person in an export: who they are, pregnancy, symptoms of the last days.

Cramps of the belly (`AbdominalCramps`) are not leg cramps and are never read as such; the Health
app has no record type for leg cramps.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from nightcramp.intake.apple_health.clock import Clock
from nightcramp.intake.apple_health.nights import short
from nightcramp.intake.apple_health.sources import BAD_DATE, Count
from nightcramp.intake.apple_health.stream import LINE, Attributes
from nightcramp.intake.medicines import read_medicine
from nightcramp.intake.reading import Account
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.fact import Fact, Provenance, Value
from nightcramp.person.night import Night

RECENT_DAYS = 14
YEAR = 365
_CATEGORY = "HKCategoryTypeIdentifier"
_CHARACTERISTIC = "HKCharacteristicTypeIdentifier"
SEXES = {"HKBiologicalSexFemale": "female", "HKBiologicalSexMale": "male"}
SEXES |= {"HKBiologicalSexOther": "other"}
SYMPTOMS = {
    "Diarrhea": "diarrhoea",
    "Vomiting": "vomiting",
    "NightSweats": "hot_flushes",
    "HotFlashes": "hot_flushes",
}
"""Symptoms read as answers when they are recent, and the question they answer."""

TO_ASK = {
    "ChestTightnessOrPain": noted("chest pain"),
    "ShortnessOfBreath": noted("shortness of breath"),
    "Fainting": noted("fainting"),
    "RapidPoundingOrFlutteringHeartbeat": noted("a racing heart"),
    "LowerBackPain": noted("low back pain"),
    "GeneralizedBodyAche": noted("aching all over"),
    "Dizziness": noted("dizziness"),
    "Fever": noted("fever"),
}
"""Symptoms that are asked about: whether they last, or how bad they are, no record tells."""

CONTRACEPTIVES = {
    "Oral": "oral contraceptive",
    "Patch": "contraceptive patch",
    "IntravaginalRing": "contraceptive ring",
    "Implant": "contraceptive implant",
}
PREGNANCY, TEST, FLOW = "Pregnancy", "PregnancyTestResult", "MenstrualFlow"
LACTATION, CONTRACEPTIVE, APNOEA = "Lactation", "Contraceptive", "SleepApneaEvent"
_OTHERS = (PREGNANCY, TEST, FLOW, LACTATION, CONTRACEPTIVE, APNOEA)
LOCATED = frozenset(_CATEGORY + name for name in (*SYMPTOMS, *TO_ASK, *_OTHERS))
_ABSENT = ("NotPresent", "None")


@dataclass(frozen=True)
class _Event:
    """One record: days as ordinals, `end` None while it lasts."""

    start: int
    end: int | None
    value: str
    line: int

    def lasts(self, day: int) -> bool:
        return self.start <= day and (self.end is None or day <= self.end)


class Person:
    """What the export says of the person, until it is read to its end.

    Of each kind of record only the latest of each value is kept.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._me: Attributes = {}
        self._events: dict[str, dict[str, _Event]] = defaultdict(dict)
        self._older: Counter[str] = Counter()

    def read_me(self, attributes: Attributes) -> None:
        """Take in the characteristics."""
        self._me = attributes

    def read(self, records: list[Attributes], leave_out: Count) -> None:
        """Take in records of one of the `LOCATED` types."""
        for record in records:
            name = short(record["type"])
            value = _value(name, str(record.get("value", "")))
            try:
                event = self._event(record, value)
            except (KeyError, ValueError):
                leave_out(BAD_DATE, 1)
                continue
            known = self._events[name]
            if value in known:
                self._older[name] += 1
                event = max(event, known[value], key=lambda e: e.start)
            known[value] = event

    def _event(self, record: Attributes, value: str) -> _Event:
        days = self._clock.days
        start = days[record["startDate"][:10]]
        text = str(record.get("endDate", record["startDate"]))[:10]
        end = None if "2100" <= text[:4] <= "9999" else days[text]
        return _Event(start, end, value, int(record.get(LINE, 0)))


class PersonFacts:
    """Turns what was read of the person into facts, as of one date."""

    def __init__(
        self, person: Person, knowledge: Knowledge, file: str, as_of: dt.date, account: Account
    ) -> None:
        self._person = person
        self._knowledge = knowledge
        self._file = file
        self._as_of = as_of
        self._today = as_of.toordinal()
        self._account = account

    def facts(self, nights: list[Night]) -> Iterator[Fact]:
        """Yield the facts; what is not used is accounted for."""
        for name, count in self._person._older.items():
            self._account.used[name] -= count
            self._unused(name, noted("an older record of the same kind"), count)
        yield from self._characteristics()
        yield from self._body_mass_index(nights)
        yield from self._pregnancy()
        yield from self._contraceptives()
        yield from self._symptoms()
        yield from self._apnoea()

    def _unused(self, name: str, reason: str, count: int = 1) -> None:
        self._account.leave_out(name, reason)
        self._account.unused[name][reason] += count - 1

    def _drop(self, name: str, reason: str) -> None:
        """Account for a record that was kept and then not used."""
        self._account.used[name] -= 1
        self._unused(name, reason)

    def _events(self, name: str) -> dict[str, _Event]:
        """Return the latest event of each value, without those after the export."""
        found = {}
        for value, event in self._person._events.get(name, {}).items():
            if event.start > self._today:
                self._drop(name, noted("dated after the export"))
            else:
                found[value] = event
        return found

    def _origin(self, event: _Event, name: str, note: str = "") -> Provenance:
        date = dt.date.fromordinal(event.start)
        return Provenance(
            file=self._file,
            at=_("line {line}").format(line=event.line),
            written=_("{name} of {date}").format(name=name, date=date),
            note=note,
        )

    def _answer(self, name: str, value: Value, origin: Provenance) -> Fact:
        kind = "answer" if name in self._knowledge.questions else "condition"
        return Fact(kind=kind, id=name, value=value, provenance=origin)  # type: ignore[arg-type]

    def _characteristics(self) -> Iterator[Fact]:
        me = self._person._me
        at = _("line {line}").format(line=me.get(LINE, 0))
        origin = Provenance(file=self._file, at=at, written="Me")
        try:
            born = dt.date.fromisoformat(str(me.get(_CHARACTERISTIC + "DateOfBirth"))[:10])
        except ValueError:
            born = None
        if born is not None:
            age = self._as_of.year - born.year
            age -= (self._as_of.month, self._as_of.day) < (born.month, born.day)
            if self._fits("age", float(age)):
                yield self._answer("age", float(age), origin)
            else:
                self._unused("Me", noted("a date of birth that cannot be"))
        sex = SEXES.get(me.get(_CHARACTERISTIC + "BiologicalSex", ""))
        if sex is not None:
            yield self._answer("sex", sex, origin)

    def _fits(self, question: str, value: float) -> bool:
        asked = self._knowledge.questions[question]
        return asked.minimum <= value <= asked.maximum

    def _body_mass_index(self, nights: list[Night]) -> Iterator[Fact]:
        """Yield the index of the last weight and height, else the last one written."""
        last = {
            measure: night
            for night in nights
            for measure in ("weight", "height", "body_mass_index")
            if measure in night.values
        }
        if "weight" in last and "height" in last:
            weight, height = last["weight"], last["height"]
            value = weight.values["weight"] / height.values["height"] ** 2
            note = _("weight of {weighed}, height of {measured}").format(
                weighed=weight.evening, measured=height.evening
            )
        elif "body_mass_index" in last:
            value = last["body_mass_index"].values["body_mass_index"]
            note = _("written on {date}").format(date=last["body_mass_index"].evening)
        else:
            return
        if self._fits("body_mass_index", value):
            origin = Provenance(file=self._file, at=_("body measurements"), note=note)
            yield self._answer("body_mass_index", round(value, 1), origin)

    def _pregnancy(self) -> Iterator[Fact]:
        longest = int(self._knowledge.questions["pregnancy_weeks"].maximum) * 7
        recorded = max(self._events(PREGNANCY).values(), key=lambda e: e.start, default=None)
        yield from self._pregnancy_recorded(recorded, longest)
        yield from self._pregnancy_tested(recorded, longest)
        yield from self._birth(recorded)

    def _pregnancy_recorded(self, recorded: _Event | None, longest: int) -> Iterator[Fact]:
        if recorded is None:
            return
        if recorded.lasts(self._today) and self._today - recorded.start <= longest:
            note = _("recorded since {date}").format(date=dt.date.fromordinal(recorded.start))
            yield self._answer("pregnancy", True, self._origin(recorded, PREGNANCY, note))
            self._account.to_ask.append(_("How many weeks pregnant are you?"))
        else:
            self._drop(PREGNANCY, noted("over before the export"))

    def _pregnancy_tested(self, recorded: _Event | None, longest: int) -> Iterator[Fact]:
        """Yield a pregnancy for a positive test that nothing later speaks against."""
        tests = self._events(TEST)
        flow = self._events(FLOW)
        for _value in flow:
            self._drop(FLOW, noted("nothing about cramps is known of it"))
        for _value in set(tests) - {"Positive"}:
            self._drop(TEST, noted("one test that is not positive settles nothing"))
        positive = tests.get("Positive")
        if positive is None:
            return
        later = [e.start for v, e in tests.items() if v == "Negative"]
        later += [e.start for v, e in flow.items() if v not in _ABSENT]
        if recorded is not None and recorded.end is not None:
            later.append(recorded.end)
        if self._today - positive.start > longest:
            self._drop(TEST, noted("longer ago than a pregnancy lasts"))
        elif any(day > positive.start for day in later):
            self._drop(TEST, noted("something later speaks against a pregnancy now"))
        else:
            note = _("positive test of {date}").format(date=dt.date.fromordinal(positive.start))
            yield self._answer("pregnancy", True, self._origin(positive, TEST, note))

    def _birth(self, recorded: _Event | None) -> Iterator[Fact]:
        """Yield a recent birth: a pregnancy that ended within a year, and breastfeeding after."""
        feeding = max(self._events(LACTATION).values(), key=lambda e: e.start, default=None)
        if feeding is None:
            return
        if recorded is None or recorded.end is None or feeding.end is None:
            ended = None
        else:
            ended = recorded.end if recorded.end <= feeding.end else None
        if ended is None or not 0 <= self._today - ended <= YEAR:
            self._drop(LACTATION, noted("it does not say when the birth was"))
            self._account.to_ask.append(_("Breastfeeding is recorded: when did you give birth?"))
            return
        weeks = float((self._today - ended) // 7)
        yield self._answer("postpartum_weeks", weeks, self._origin(feeding, LACTATION))

    def _contraceptives(self) -> Iterator[Fact]:
        for value, event in self._events(CONTRACEPTIVE).items():
            words = CONTRACEPTIVES.get(value)
            if words is None:
                self._drop(CONTRACEPTIVE, noted("it does not say whether it holds a hormone"))
                continue
            taking = event.lasts(self._today)
            stopped = None if taking or event.end is None else float(self._today - event.end)
            yield from read_medicine(
                self._knowledge,
                words,
                self._origin(event, CONTRACEPTIVE),
                self._as_of,
                taking=taking,
                since_days=float(self._today - event.start),
                stopped_days=stopped,
            )

    def _recent(self, name: str, days: int) -> _Event | None:
        """Return the latest event of a kind if it is recent; the rest is accounted for."""
        found = sorted(self._events(name).values(), key=lambda e: (e.start, e.line))
        for _older in found[:-1]:
            self._drop(name, noted("an older record of the same kind"))
        if not found:
            return None
        last = found[-1]
        if self._today - max(last.start, last.end or last.start) > days:
            self._drop(name, _("more than {days} days before the export").format(days=days))
            return None
        return last

    def _symptoms(self) -> Iterator[Fact]:
        answers: dict[str, list[tuple[_Event, str]]] = defaultdict(list)
        for name, question in SYMPTOMS.items():
            if event := self._recent(name, RECENT_DAYS):
                answers[question].append((event, name))
        for question, told in answers.items():
            present = [item for item in told if item[0].value not in _ABSENT]
            event, name = (present or told)[-1]
            yield self._answer(question, bool(present), self._origin(event, name))
        for name, words in TO_ASK.items():
            if (event := self._recent(name, RECENT_DAYS)) is None:
                continue
            self._drop(name, noted("asked about: a record does not say whether it lasts"))
            if event.value not in _ABSENT:
                date = dt.date.fromordinal(event.start)
                asked = _("You recorded {symptom} on {date}: do you have it now?")
                self._account.to_ask.append(asked.format(symptom=_(words), date=date))

    def _apnoea(self) -> Iterator[Fact]:
        """Yield what the watch noticed in sleep; it is a sign and not a diagnosis."""
        if event := self._recent(APNOEA, YEAR):
            note = _("the watch noticed disturbed breathing in sleep; this is no diagnosis")
            yield self._answer("breathing_pauses", True, self._origin(event, APNOEA, note))


def _value(name: str, text: str) -> str:
    """Return the end of a category's name: `HKCategoryValueSeverityMild` is `Mild`."""
    for prefix in ("HKCategoryValue", name, "Severity", "Presence", "VaginalBleeding"):
        text = text.removeprefix(prefix)
    return text[:40]
