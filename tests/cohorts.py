"""Holds what a screening says of people against what the single-person code says of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nightcramp.assess.known import Known
from nightcramp.assess.picture import Picture, picture
from nightcramp.assess.triage import LEVELS
from nightcramp.cohort.people.batch import Batch, When
from nightcramp.cohort.people.one import listed
from nightcramp.cohort.people.person import Event, Seen, seen
from nightcramp.cohort.people.reader import Reader
from nightcramp.cohort.source.arrays import Events
from nightcramp.cohort.source.tokens import Token
from nightcramp.cohort.weigh.weighing import Weigher, Weighings
from nightcramp.knowledge.loader import Knowledge
from nightcramp.person.facts import Facts

EXACT = 1e-12


def event_lists(events: Events, tokens: list[Token]) -> dict[int, list[Event]]:
    """Return the events of each person as single events."""
    begins = np.flatnonzero(np.append(True, events.person[1:] != events.person[:-1]))
    ends = np.append(begins[1:], len(events))
    return {
        int(events.person[begin]): listed(events.where(slice(begin, end)), tokens)
        for begin, end in zip(begins, ends, strict=True)
    }


def differences(
    events: Events,
    tokens: list[Token],
    knowledge: Knowledge,
    when: When,
    weigher: Weigher | None = None,
) -> Iterator[str]:
    """Yield where the people of some events differ from the same people read one by one."""
    batch = Reader(knowledge, tokens, when).read(events)
    weigher = weigher or Weigher(knowledge)
    found = weigher.weigh(batch)
    alone = {
        person: one
        for person, listed in event_lists(events, tokens).items()
        if (one := seen(listed, knowledge, day=when.number)) and _is_chosen(one, when)
    }
    if set(alone) != set(batch.ids.tolist()):
        yield f"people: {sorted(set(alone) ^ set(batch.ids.tolist()))}"
        return
    for index, person in enumerate(batch.ids.tolist()):
        for fault in _of_one(index, alone[person], batch, found, weigher):
            yield f"person {person}: {fault}"


def _is_chosen(one: Seen, when: When) -> bool:
    return when.everyone or bool(set(one.markers) - {"muscle_relaxant"})


def _of_one(
    index: int, alone: Seen, batch: Batch, found: Weighings, weigher: Weigher
) -> Iterator[str]:
    knowledge = weigher.knowledge
    if batch.facts(index) != alone.facts:
        yield f"facts {batch.facts(index)} and {alone.facts}"
        return
    if int(batch.as_of[index]) != alone.as_of:
        yield "the day"
    names = batch.reader.marker_ids
    if [n for i, n in enumerate(names) if batch.markers[index] >> i & 1] != alone.markers:
        yield "the markers"
    facts = Facts(knowledge, alone.facts)
    single = picture(Known(facts), Known(facts, cautious=True))
    yield from _of_picture(int(found.profiles.of[index]), single, found, weigher)


def _of_picture(profile: int, single: Picture, found: Weighings, weigher: Weigher) -> Iterator[str]:
    rows = np.flatnonzero(found.factors.who == profile)
    shares = {
        found.factors.names[found.factors.what[row]]: float(found.factors.share[row])
        for row in rows
    }
    if set(shares) != set(single.shares):
        yield f"factors {sorted(set(shares) ^ set(single.shares))}"
        return
    for name, share in single.shares.items():
        if abs(share - shares[name]) > EXACT:
            yield f"share of {name}: {shares[name]} and {share}"
    if abs(found.unexplained[profile] - single.unexplained) > EXACT:
        yield "the unexplained part"
    for item in single.factors:
        row = next(r for r in rows if found.factors.names[found.factors.what[r]] == item.factor.id)
        weight = found.factors.weights[found.factors.weight[row]]
        there = weight.presence, weight.pattern, weight.ladder
        if there != (item.presence.probability, item.pattern, item.ladder):
            yield f"presence of {item.factor.id}"
    flags = [
        f.id for f, fired in zip(weigher.red_flags, found.flags[profile], strict=True) if fired
    ]
    if sorted(flags) != sorted(reason.id for reason in single.triage.reasons):
        yield f"red flags {flags}"
    if LEVELS[found.level[profile]] != single.triage.level:
        yield "the level"
    for syndrome in single.syndromes:
        ours = found.syndromes[profile, weigher.mimics.index(syndrome.id)]
        if abs(ours - syndrome.probability) > EXACT:
            yield f"probability of {syndrome.id}: {ours} and {syndrome.probability}"


def every_token(knowledge: Knowledge) -> list[Token]:
    """Return a token of every kind for everything that the knowledge holds."""
    from nightcramp.intake.fhir.codes import codes_of

    codes = codes_of(knowledge).content
    answers = {
        (name, value)
        for options in codes.answers.values()
        for given in options.values()
        for name, value in given.items()
    }
    return [
        Token(kind="born"),
        Token(kind="observed"),
        Token(kind="died"),
        *(Token(kind="condition", id=name) for name in knowledge.conditions),
        *(Token(kind="operation", id=name) for name in codes.operations),
        *(Token(kind="treatment", id=name) for name in codes.treatments),
        *(Token(kind="medicine", id=name) for name in knowledge.medicines),
        *(Token(kind="medicine", id=name) for name in knowledge.medicine_classes),
        *(
            Token(kind="lab", id=lab.id, unit=unit)
            for lab in knowledge.labs.values()
            for unit in dict.fromkeys(["", lab.unit, *(c.unit for c in lab.units)])
        ),
        *(Token(kind="number", id=n.question) for n in codes.numbers.values()),
        *(
            Token(kind="answer", id=name, value=value)
            for name, value in sorted(answers, key=lambda pair: (pair[0], str(pair[1])))
        ),
    ]


def random_events(
    tokens: list[Token], knowledge: Knowledge, people: int, seed: int, most: int = 40
) -> Events:
    """Return the events of made-up people: all that can be on record, faults included.

    `most`: so many events a person or fewer.
    """
    random = np.random.default_rng(seed)
    kinds = np.array([token.kind for token in tokens])
    places = {kind: np.flatnonzero(kinds == kind) for kind in set(kinds.tolist())}
    read = {
        number
        for number, token in enumerate(tokens)
        if token.kind == "medicine" or token.id in READ_OFTEN
    }
    rows: list[tuple[int, int, int, int, float, float, float]] = []
    never, nan = int(np.iinfo(np.int32).min), float("nan")
    for person in range(1, people + 1):
        year = int(random.integers(1915, 2012)) if random.random() > 0.03 else 0
        rest = int(random.integers(0, 13)) * 100 + int(random.integers(0, 32))
        births = 1 + (random.random() < 0.03)
        for again in range(births if random.random() > 0.03 else 0):
            value = random.choice([0.0, 1.0, nan])
            rows.append(
                (person, 0, year + again * int(random.integers(0, 2)), rest, value, nan, nan)
            )
        for _period in range(int(random.choice([0, 1, 1, 1, 2]))):
            start = int(random.integers(11000, 17000))
            rows.append((person, 1, start, start + int(random.integers(-50, 4000)), nan, nan, nan))
        if random.random() < 0.1:
            rows.append((person, 2, int(random.integers(12000, 20000)), never, nan, nan, nan))
        for _event in range(int(random.integers(0, most))):
            kind = random.choice(list(KINDS), p=list(KINDS.values()))
            choice = places[kind]
            if random.random() < 0.5 and (often := [n for n in choice.tolist() if n in read]):
                choice = np.array(often)
            token = int(random.choice(choice))
            rows.append((person, token, *_random_event(tokens[token], knowledge, random)))
    order = sorted(range(len(rows)), key=lambda i: (rows[i][0], rows[i][1], rows[i][2], i))
    columns = [np.array([rows[i][c] for i in order]) for c in range(7)]
    ints = [column.astype(np.int64) for column in columns[:4]]
    return Events(*ints, *(column.astype(np.float64) for column in columns[4:]))


KINDS = {
    "condition": 0.3,
    "medicine": 0.3,
    "lab": 0.25,
    "answer": 0.07,
    "operation": 0.03,
    "treatment": 0.03,
    "number": 0.02,
}
READ_OFTEN = frozenset(
    {
        "night_leg_cramps", "muscle_cramp", "diabetes", "pregnancy", "deep_vein_thrombosis",
        "ckd_advanced", "dialysis", "cirrhosis", "lumbar_stenosis", "potassium", "calcium", "ck",
        "magnesium", "hba1c", "sodium", "low_potassium", "smoking_status_current",
        "smoking_status_former", "polyneuropathy", "alcohol_use_disorder", "stroke",
    }
)  # fmt: skip


def _random_event(
    token: Token, knowledge: Knowledge, random: np.random.Generator
) -> tuple[int, int, float, float, float]:
    never, nan = int(np.iinfo(np.int32).min), float("nan")
    start = (
        int(random.integers(16500, 19500))
        if random.random() > 0.1
        else int(random.integers(9000, 20000))
    )
    start = never if random.random() < 0.01 else start
    end = start + int(random.choice([0, 0, 5, 29, 90, 400, 3000, -3]))
    end = never if random.random() < 0.3 or start == never else end
    if token.kind == "medicine":
        return start, end, float(random.choice([nan, 28, 90, 0, 1e7])), nan, nan
    if token.kind == "number":
        return start, never, float(random.choice([nan, 22.5, 30, 31, 40, 900])), nan, nan
    if token.kind != "lab":
        return start, end, nan, nan, nan
    low, high = _plausible(token, knowledge)
    value = round(float(random.uniform(0.8 * low, 1.1 * high)), int(random.integers(0, 4)))
    lab = knowledge.labs[token.id]
    ends = [end for row in lab.ranges for end in (row.low, row.high) if end]
    if ends and token.unit in {"", lab.unit} and random.random() < 0.5:
        value = float(random.choice(ends))
    limits = sorted(float(x) for x in random.uniform(low, high, 2))
    limits = [x if random.random() < 0.3 else nan for x in limits]
    value = nan if random.random() < 0.03 else value
    return start, never, value, limits[0], limits[1]


def _plausible(token: Token, knowledge: Knowledge) -> tuple[float, float]:
    from nightcramp.person.units import conversion_of

    lab = knowledge.labs[token.id]
    by = conversion_of(lab, token.unit)
    low, high = ((end - by.offset) / by.factor for end in lab.plausible)
    return low, high
