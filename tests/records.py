"""Made-up records for tests of FHIR: stories, diaries and imports, whole people of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import strategies as st

from nightcramp.assess.assessment import assess
from nightcramp.diary.corrections import standing
from nightcramp.diary.entry import Cramp, Entry, Medicine, Told
from nightcramp.diary.nights import nights_of
from nightcramp.intake.fhir.reader import read_fhir_resources
from nightcramp.intake.reading import Reading
from nightcramp.intake.story import facts_of_story
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.fact import Fact, Provenance
from nightcramp.person.facts import Facts
from nightcramp.person.night import Night
from nightcramp.report.fhir.bundle import bundle_of
from nightcramp.report.fhir.export import _notes
from nightcramp.report.fhir.scope import Exported

TODAY = dt.date(2026, 11, 20)
NOW = dt.datetime(2026, 11, 20, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=1)))
FILE = "bundle.json"
KNOWN = knowledge()

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z")) | st.just(" "), max_size=20
).map(str.strip)
"""Texts as people write them; other white space than a space does not come through FHIR."""
NAMES = WORDS.filter(lambda text: bool(text) and text.isprintable())


def _answer(question: Any) -> st.SearchStrategy[Any]:
    options = [option.id for option in question.options]
    known = {
        "yes_no": st.booleans(),
        "choice": st.sampled_from(options) if options else st.nothing(),
        "many": st.lists(st.sampled_from(options), max_size=4) if options else st.nothing(),
        "number": st.floats(question.minimum, max(question.maximum, question.minimum)),
        "duration": st.floats(0, 20_000),
    }[question.kind]
    return known | st.just("unknown")


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    """Answers to some questions, examinations and illnesses among them."""
    names = draw(st.sets(st.sampled_from(sorted(KNOWN.questions)), max_size=25))
    told = {name: draw(_answer(KNOWN.questions[name])) for name in sorted(names)}
    ill = draw(st.sets(st.sampled_from(sorted(KNOWN.conditions)), max_size=5))
    return told | {name: draw(st.booleans() | st.just("unknown")) for name in sorted(ill)}


DAYS = st.floats(0, 9000) | st.integers(0, 4000)
YES = st.none() | st.booleans()
MEDICINE = st.fixed_dictionaries(
    {"name": st.sampled_from(sorted({**KNOWN.medicines, **KNOWN.medicine_classes})) | NAMES},
    optional={
        "dose": st.sampled_from(["5 mg", "2 tablets", ""]),
        "since": DAYS,
        "stopped": DAYS,
        "raised": DAYS,
        "lowered": DAYS,
        "taking": YES,
        "cramps_began_after": YES,
        "cramps_were_there_before": YES,
        "cramps_follow_doses": YES,
        "better_when_stopped": YES,
        "better_with_less": YES,
        "back_when_restarted": YES,
        "same_reaction_before": YES,
    },
)
CONDITION = st.sampled_from([c.label for c in KNOWN.conditions.values()]) | NAMES


@st.composite
def labs(draw: st.DrawFn) -> dict[str, Any]:
    """One laboratory result, as a number with or without unit and range, or as a word."""
    lab = draw(st.sampled_from(sorted(KNOWN.labs.values(), key=lambda one: one.id)))
    low, high = lab.plausible
    value = draw(st.floats(low, high) | st.sampled_from(["low", "normal", "high"]))
    told: dict[str, Any] = {"name": lab.names[0], "value": value}
    if isinstance(value, float):
        told["value"] = f"{draw(st.sampled_from(['', '<', '>']))}{value:.6f}"
        told["unit"] = draw(st.sampled_from(["", lab.unit]))
        limits = sorted(draw(st.tuples(st.floats(low, high), st.floats(low, high))))
        if limits[0] < limits[1] and draw(st.booleans()):
            told["low"], told["high"] = limits
    if draw(st.booleans()):
        told["date"] = draw(DAYS)
    return told


STORY = st.fixed_dictionaries(
    {},
    optional={
        "answers": answers(),
        "medicines": st.lists(MEDICINE, max_size=4),
        "conditions": st.lists(CONDITION, max_size=4),
        "labs": st.lists(labs(), max_size=4),
    },
)


@st.composite
def facts(draw: st.DrawFn) -> list[Fact]:
    """The facts of one or two stories, which may contradict each other."""
    from nightcramp.errors import InputError

    told: list[Fact] = []
    for number, story in enumerate(draw(st.lists(STORY, min_size=1, max_size=2))):
        try:
            told += facts_of_story(KNOWN, story, f"story{number}.yaml", TODAY)
        except InputError:
            continue
    return told


MINUTES = st.integers(-13 * 60, 14 * 60)
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "+02:00", "UTC"])


@st.composite
def moments(draw: st.DrawFn) -> dt.datetime:
    """Moments of the last weeks, with the offset of some clock."""
    zone = dt.timezone(dt.timedelta(minutes=draw(MINUTES)))
    first, last = dt.datetime(2026, 10, 1), dt.datetime(2026, 11, 20)
    return draw(st.datetimes(first, last)).replace(tzinfo=zone)


CRAMPS = st.builds(
    Cramp,
    at=moments(),
    leg=st.sampled_from([None, "left", "right", "both"]),
    muscles=st.lists(st.sampled_from(["calf", "foot", "toes", "thigh", "other"]), max_size=3).map(
        tuple
    ),
    pain=st.none() | st.integers(0, 10),
    minutes=st.none() | st.floats(0.1, 200),
    woke=YES,
    relief=st.lists(st.sampled_from(["stretch", "walk", "heat", "nothing"]), max_size=2).map(tuple),
    sore_next_day=YES,
    note=WORDS,
)
EVENINGS = st.dates(dt.date(2026, 10, 1), dt.date(2026, 11, 18))


@st.composite
def values(draw: st.DrawFn) -> dict[str, float]:
    """What was told of a day: measures of the knowledge and things the person named."""
    names = draw(st.sets(st.sampled_from(sorted(KNOWN.measures)), max_size=4))
    told: dict[str, float] = {}
    for name in sorted(names):
        measure = KNOWN.measures[name]
        yes_no = measure.kind == "yes_no"
        told[name] = draw(st.sampled_from([0.0, 1.0]) if yes_no else st.floats(*measure.plausible))
    if draw(st.booleans()):
        told[draw(st.sampled_from(["own:late meal", "medicine:amlodipine"]))] = draw(
            st.sampled_from([0.0, 1.0])
        )
    return told


TOLD = st.builds(
    Told,
    evening=EVENINGS,
    cramps=st.none() | st.integers(0, 6),
    values=values(),
    medicines=st.lists(
        st.builds(
            Medicine,
            name=NAMES,
            taken=st.booleans(),
            dose=st.just("5 mg") | st.just(""),
        ),
        max_size=2,
    ).map(tuple),
    note=WORDS,
)
IDS = st.uuids().map(lambda one: one.hex)
ENTRY = st.builds(
    Entry,
    id=IDS,
    made_at=moments(),
    zone=ZONES,
    origin=st.sampled_from(["terminal", "app", "paper", "program"]),
    replaces=st.just("") | IDS,
    body=CRAMPS | TOLD,
)
IMPORTED = st.builds(
    Night,
    evening=EVENINGS,
    cramps=st.none() | st.integers(0, 6),
    values=values(),
    note=WORDS,
    provenance=st.sampled_from(["export.zip", "/home/me/diary.csv"]).map(
        lambda file: (Provenance(file=file, at="row 1"),)
    ),
).filter(lambda night: night.cramps is not None or night.values or night.note)


@st.composite
def exports(draw: st.DrawFn) -> Exported:
    """A whole record: facts, a diary, nights of imports, and the assessment of it."""
    brought = [draw(st.lists(IMPORTED, max_size=4, unique_by=lambda night: night.evening))]
    return exported(draw(facts()), draw(st.lists(ENTRY, max_size=5)), brought)


def exported(
    told: Sequence[Fact] = (),
    entries: Sequence[Entry] = (),
    brought: Sequence[Sequence[Night]] = (),
    **more: Any,
) -> Exported:
    """Return an export of these facts, entries and imported nights."""
    held = standing(entries)
    assessed = assess(Facts(KNOWN, told), questions=0) if told else None
    return Exported(
        **{
            "whose": "me",
            "knowledge": KNOWN,
            "as_of": TODAY,
            "now": NOW,
            "zone": "Europe/Berlin",
            "facts": list(told),
            "entries": held,
            "nights": nights_of(held, brought, KNOWN.measures),
            "notes_of_imports": _notes(brought),
            "assessment": assessed,
            **more,
        }
    )


def story(**parts: Any) -> list[Fact]:
    """Return the facts of a story told today."""
    return facts_of_story(KNOWN, parts, "story.yaml", TODAY)


def written(record: Exported) -> bytes:
    """Return an export as JSON."""
    return msgspec.json.encode(bundle_of(record))


def read_back(record: Exported) -> Reading:
    """Return what the reader of FHIR finds in an export."""
    return read_fhir_resources([written(record)], KNOWN, file=FILE, one_person=False)


def resources(record: Exported, kind: str = "") -> list[dict[str, Any]]:
    """Return the resources of an export, of one type where one is named."""
    found = [entry["resource"] for entry in bundle_of(record)["entry"]]
    return [one for one in found if kind in ("", one["resourceType"])]


def entry(body: Cramp | Told, **more: Any) -> Entry:
    """Return an entry made in Berlin just now."""
    return Entry(
        **{"id": uuid.uuid4().hex, "made_at": NOW, "zone": "Europe/Berlin", "body": body, **more}
    )
