"""The facts of many people at once, read from their events as one person's are.

The rules are those of `cohort/people/person.py`, which reads one person without NumPy; tests hold
the two against each other.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from nightcramp.cohort.content import CohortContent, cohort_content
from nightcramp.cohort.people.batch import Account, Batch, Measured, Taken, Told, When
from nightcramp.cohort.people.grouped import first_of_each, newest, run_starts, with_rows
from nightcramp.cohort.source.arrays import (
    MOST_SUPPLY,
    NEVER,
    Events,
    Flags,
    Floats,
    Ints,
    birth_days,
)
from nightcramp.cohort.source.tokens import Token
from nightcramp.errors import InputError
from nightcramp.intake.fhir.codes import RecordCodes, codes_of
from nightcramp.knowledge.loader import Knowledge
from nightcramp.person.units import convert

OLDEST = 120


class Reader:
    """Reads batches of events; the tables of one run, and what it keeps of units."""

    def __init__(self, knowledge: Knowledge, tokens: list[Token], when: When) -> None:
        self.knowledge = knowledge
        self.tokens = tokens
        self.when = when
        self.content: CohortContent = cohort_content(knowledge)
        self.codes: RecordCodes = codes_of(knowledge).content
        self.conditions = list(knowledge.conditions)
        self.medicines = [*knowledge.medicines, *knowledge.medicine_classes]
        self.labs = list(knowledge.labs)
        self._converted: list[dict[float, float]] = [{} for _ in tokens]
        kinds = np.array([token.kind for token in tokens])
        self.is_kind = {kind: kinds == kind for kind in set(kinds.tolist())}
        self.subject = np.array([self._index(token) for token in tokens])
        self._flags = {
            name: np.array([one in ids for one in self.conditions])
            for name, ids in (
                ("passing", self.content.passing),
                ("lasting", self.codes.lasting),
            )
        }
        self._becomes = np.array(
            [self._place(self.codes.resolved_becomes.get(one, "")) for one in self.conditions]
        )
        self._marks = np.array([self._marker_bits(token) for token in tokens])
        self._weak = sum(1 << i for i, m in enumerate(self.content.markers) if m.weak)
        self._pregnancy = self.conditions.index("pregnancy")

    def _place(self, name: str) -> int:
        return self.conditions.index(name) if name else -1

    def _index(self, token: Token) -> int:
        """Return the place of what a token is about in the list of its kind."""
        if token.kind in {"condition", "operation", "treatment"}:
            return self.conditions.index(token.id)
        if token.kind == "medicine":
            return self.medicines.index(token.id)
        return self.labs.index(token.id) if token.kind == "lab" else -1

    def _marker_bits(self, token: Token) -> int:
        from nightcramp.assess.known import lineage

        bits = 0
        for place, marker in enumerate(self.content.markers):
            named = token.kind == "condition" and token.id in marker.conditions
            if token.kind == "medicine":
                named = not lineage(self.knowledge, token.id).isdisjoint(marker.medicines)
            bits |= named << place
        return bits

    def _kind(self, kind: str, token: Ints) -> Flags:
        table = self.is_kind.get(kind)
        return np.zeros(len(token), bool) if table is None else table[token]

    def read(self, events: Events) -> Batch:
        """Return the people of some events who are looked at, with their facts."""
        account = Account()
        ids, who = np.unique(events.person, return_inverse=True)
        born, female, kept = self._births(events, who, len(ids), account)
        first, last, died = self._observed(events, who, len(ids))
        account.steps["people"] += int((born != 0).sum())
        events, who = self._of_life(events, who, np.where(born > 0, kept, NEVER), account)
        seen = (born > 0) & (first != NEVER)
        account.steps["observed"] += int(seen.sum())
        inside = seen[who] & (events.start >= first[who]) & (events.start <= last[who])
        marked_on, markers = self._marked(events, who, inside, len(ids))
        as_of = self._days(first, last, died, marked_on)
        chosen = seen & (as_of != NEVER)
        if self.when.day:
            account.steps["observed_then"] += int(chosen.sum())
        age, possible = _ages(kept, as_of, chosen)
        chosen &= possible
        account.steps["possible_age"] += int(chosen.sum())
        if not self.when.everyone:
            chosen &= (markers & ~self._weak) != 0
            account.steps["marked"] += int(chosen.sum())
        return self._batch(
            events, who, ids, chosen, as_of, age, female, marked_on, markers, account
        )

    # Who is looked at, and when

    def _births(
        self, events: Events, who: Ints, count: int, account: Account
    ) -> tuple[Ints, Ints, Ints]:
        """Return (1 with one birth, -1 with several, 0 with none), sex, and the day of birth.

        The day is `NEVER` where no year of birth is known.
        """
        rows = np.flatnonzero(self._kind("born", events.token))
        mine, days = who[rows], birth_days(events.start[rows], events.end[rows])
        state = np.zeros(count, np.int64)
        day = np.full(count, NEVER, np.int64)
        sex = np.full(count, -1, np.int64)
        state[mine], day[mine] = 1, days
        sex[mine] = np.where(np.isnan(events.value[rows]), -1, events.value[rows])
        again = np.flatnonzero(mine[1:] == mine[:-1]) + 1
        differ = again[(days[again] != days[again - 1])]
        state[mine[differ]] = -1
        account.notice("born_twice", len(again), len(np.unique(mine[again])))
        account.notice("births_differ", len(differ), len(np.unique(mine[differ])))
        strangers = state[who] == 0
        account.notice("not_in_person", int(strangers.sum()), int((state == 0).sum()))
        return state, sex, day

    def _observed(self, events: Events, who: Ints, count: int) -> tuple[Ints, Ints, Ints]:
        rows = np.flatnonzero(self._kind("observed", events.token) & (events.end >= events.start))
        first = np.full(count, np.iinfo(np.int64).max)
        last = np.full(count, NEVER, np.int64)
        np.minimum.at(first, who[rows], events.start[rows])
        np.maximum.at(last, who[rows], events.end[rows])
        first[last == NEVER] = NEVER
        died = np.full(count, np.iinfo(np.int64).max)
        deaths = np.flatnonzero(self._kind("died", events.token) & (events.start != NEVER))
        np.minimum.at(died, who[deaths], events.start[deaths])
        return first, last, died

    def _of_life(
        self, events: Events, who: Ints, born: Ints, account: Account
    ) -> tuple[Events, Ints]:
        """Return the events with a day that is not before the birth; counts the others."""
        about = self.subject[events.token] >= 0
        about |= self._kind("answer", events.token) | self._kind("number", events.token)
        undated = about & (events.start == NEVER)
        early = about & ~undated & (events.start < born[who])
        account.notice("no_date", int(undated.sum()))
        account.notice("before_birth", int(early.sum()), len(np.unique(who[early])))
        keep = about & ~undated & ~early
        events, who = events.where(keep), who[keep]
        turned = (events.end != NEVER) & (events.end < events.start)
        account.notice("end_before_start", int(turned.sum()))
        if turned.any():
            end = np.where(turned, NEVER, events.end)
            fields = {name: getattr(events, name) for name in events.__dataclass_fields__}
            events = Events(**{**fields, "end": end})
        same = np.zeros(len(events), bool)
        for name in ("person", "token", "start", "end", "value"):
            column = getattr(events, name)
            equal = column[1:] == column[:-1]
            if name == "value":
                equal |= np.isnan(column[1:]) & np.isnan(column[:-1])
            same[1:] = equal if name == "person" else same[1:] & equal
        account.notice("repeated", int(same.sum()))
        return events.where(~same), who[~same]

    def _marked(self, events: Events, who: Ints, inside: Flags, count: int) -> tuple[Ints, Ints]:
        """Return the latest day with a marker, and which markers there are."""
        bits = self._marks[events.token]
        limit = self.when.number
        rows = np.flatnonzero(
            (bits != 0) & inside & (True if limit is None else events.start <= limit)
        )
        found = np.zeros(count, np.int64)
        np.bitwise_or.at(found, who[rows], bits[rows])
        strong = rows[(bits[rows] & ~self._weak) != 0]
        latest = np.full(count, NEVER, np.int64)
        np.maximum.at(latest, who[strong], events.start[strong])
        weak_only = np.full(count, NEVER, np.int64)
        np.maximum.at(weak_only, who[rows], events.start[rows])
        return np.where(latest != NEVER, latest, weak_only), found

    def _days(self, first: Ints, last: Ints, died: Ints, marked_on: Ints) -> Ints:
        """Return the day on which each person is looked at."""
        if (day := self.when.number) is not None:
            there = (first != NEVER) & (first <= day) & (last >= day) & (died >= day)
            return np.where(there, day, NEVER)
        end = np.minimum(last, died)
        return np.where(marked_on != NEVER, marked_on, np.where(end >= first, end, NEVER))

    def _batch(
        self,
        events: Events,
        who: Ints,
        ids: Ints,
        chosen: Flags,
        as_of: Ints,
        age: Ints,
        female: Ints,
        marked_on: Ints,
        markers: Ints,
        account: Account,
    ) -> Batch:
        number = np.cumsum(chosen) - 1
        keep = chosen[who] & (events.start <= as_of[who])
        events, who = events.where(keep), number[who[keep]]
        day = as_of[chosen]
        conditions, denied = self._conditions(events, who, day)
        return Batch(
            reader=self,
            ids=ids[chosen],
            as_of=day,
            age=age[chosen],
            female=female[chosen],
            marked_on=marked_on[chosen],
            markers=markers[chosen],
            conditions=conditions,
            denied=denied,
            answers=self._answers(events, who),
            numbers=self._numbers(events, who),
            medicines=self._medicines(events, who, day),
            labs=self._labs(events, who, day, account),
            account=account,
        )

    # Conditions

    def _conditions(self, events: Events, who: Ints, as_of: Ints) -> tuple[Told, Told]:
        stated = self._stated(events, who, as_of)
        done = self._done(events, who, as_of)
        both = Told(*(np.concatenate(pair) for pair in zip(stated, done, strict=True)))
        present = first_of_each(both, len(self.conditions))
        return self._pregnancies(events, who, as_of, present)

    def _stated(self, events: Events, who: Ints, as_of: Ints) -> tuple[Ints, Ints, Ints]:
        """Return (who, what, since) of the conditions that diagnoses leave as present."""
        rows = np.flatnonzero(self._kind("condition", events.token))
        who, what = who[rows], self.subject[events.token[rows]]
        start, end, day = events.start[rows], events.end[rows], as_of[who]
        lasts = (end != NEVER) & (end > start)
        passing = self._flags["passing"][what]
        current = np.where(lasts, end >= day, ~passing | (day - start <= self.content.passing_days))
        longest = self.knowledge.questions["pregnancy_weeks"].maximum * 7
        pregnant = what == self._pregnancy
        current &= ~pregnant | (day - start <= longest)
        groups = run_starts(who * len(self.conditions) + what)
        if not len(groups):
            return who, what, start
        there = np.logical_or.reduceat(current, groups)
        who, what, since = who[groups], what[groups], start[groups]
        becomes = np.where(there | self._flags["lasting"][what], what, self._becomes[what])
        kept = becomes >= 0
        return who[kept], becomes[kept], since[kept]

    def _done(self, events: Events, who: Ints, as_of: Ints) -> tuple[Ints, Ints, Ints]:
        """Return (who, what, since) of operations, and of treatments that go on."""
        over = as_of[who] - np.maximum(events.start, events.end)
        recent = over <= self.knowledge.model.stopped_days
        rows = np.flatnonzero(
            self._kind("operation", events.token) | (self._kind("treatment", events.token) & recent)
        )
        return who[rows], self.subject[events.token[rows]], events.start[rows]

    def _pregnancies(
        self, events: Events, who: Ints, as_of: Ints, present: Told
    ) -> tuple[Told, Told]:
        """Return the conditions, and those denied: a later answer decides on a pregnancy."""
        asked = np.array([t.kind == "answer" and t.id == "pregnancy" for t in self.tokens])
        rows = np.flatnonzero(asked[events.token])
        longest = self.knowledge.questions["pregnancy_weeks"].maximum * 7
        rows = rows[as_of[who[rows]] - events.start[rows] <= longest]
        nobody = Told(*(np.empty(0, np.int64) for _ in range(3)))
        if not len(rows):
            return present, nobody
        said = np.array([t.value is True for t in self.tokens])[events.token[rows]]
        stated = self._latest_statement(events, who, as_of)
        people = np.unique(who[rows])
        latest = {p: (int(stated[p]), True) for p in people.tolist() if stated[p] != NEVER}
        for row, yes in zip(rows.tolist(), said.tolist(), strict=True):
            here = int(who[row])
            one = int(events.start[row]), bool(yes)
            latest[here] = max(latest.get(here, one), one)
        kept = ~((present.what == self._pregnancy) & np.isin(present.who, people))
        told = Told(present.who[kept], present.what[kept], present.since[kept])
        yes_rows = [(p, d) for p, (d, yes) in latest.items() if yes]
        no_rows = [(p, d) for p, (d, yes) in latest.items() if not yes]
        return with_rows(told, yes_rows, self._pregnancy), with_rows(
            nobody, no_rows, self._pregnancy
        )

    def _latest_statement(self, events: Events, who: Ints, as_of: Ints) -> Ints:
        """Return the day of each person's latest diagnosis of a pregnancy that still counts."""
        rows = np.flatnonzero(
            self._kind("condition", events.token) & (self.subject[events.token] == self._pregnancy)
        )
        start, end, day = events.start[rows], events.end[rows], as_of[who[rows]]
        longest = self.knowledge.questions["pregnancy_weeks"].maximum * 7
        counts = (day - start <= longest) & ~((end != NEVER) & (end > start) & (end < day))
        latest = np.full(len(as_of), NEVER, np.int64)
        np.maximum.at(latest, who[rows[counts]], start[counts])
        return latest

    # Answers and numbers

    def _answers(self, events: Events, who: Ints) -> Told:
        rows = np.flatnonzero(self._kind("answer", events.token))
        names = [token.id for token in self.tokens]
        places = {name: i for i, name in enumerate(dict.fromkeys(names))}
        question = np.array([places[name] for name in names])[events.token[rows]]
        rows = rows[question != places.get("pregnancy", -1)]
        question = np.array([places[name] for name in names])[events.token[rows]]
        last = newest(who[rows], question, events.start[rows], len(places))
        rows = rows[last]
        return Told(who[rows], events.token[rows], events.start[rows])

    def _numbers(self, events: Events, who: Ints) -> tuple[Told, Floats]:
        rows = np.flatnonzero(self._kind("number", events.token) & np.isfinite(events.value))
        least = np.array([self._limits(token)[0] for token in self.tokens])
        most = np.array([self._limits(token)[1] for token in self.tokens])
        token, value = events.token[rows], events.value[rows]
        rows = rows[(value >= least[token]) & (value <= most[token])]
        rows = rows[newest(who[rows], events.token[rows], events.start[rows], len(self.tokens))]
        return Told(who[rows], events.token[rows], events.start[rows]), events.value[rows]

    def _limits(self, token: Token) -> tuple[float, float]:
        if token.kind != "number":
            return math.inf, -math.inf
        question = self.knowledge.questions[token.id]
        return question.minimum, question.maximum

    # Medicines

    def _medicines(self, events: Events, who: Ints, as_of: Ints) -> Taken:
        """Return the latest run of each medicine: supplies no further apart than the window."""
        rows = np.flatnonzero(self._kind("medicine", events.token))
        who, what, start = who[rows], self.subject[events.token[rows]], events.start[rows]
        end = _supplied_until(start, events.end[rows], events.value[rows])
        groups = run_starts(who * len(self.medicines) + what)
        if not len(groups):
            return Taken(who, what, np.empty(0, bool), start, end)
        window = self.content.persistence_days
        size = np.diff(np.append(groups, len(who)))
        group = np.repeat(np.arange(len(groups)), size)
        until = np.maximum.accumulate(group * (1 << 32) + end) - group * (1 << 32)
        fresh = np.ones(len(who), bool)
        fresh[1:] = (group[1:] != group[:-1]) | (start[1:] - until[:-1] > window)
        begins = np.maximum.accumulate(np.where(fresh, np.arange(len(who)), 0))
        final = groups + size - 1
        who, what, last = who[final], what[final], until[final]
        return Taken(who, what, last + window >= as_of[who], start[begins[final]], last)

    # Labs

    def _labs(self, events: Events, who: Ints, as_of: Ints, account: Account) -> Measured:
        recent = as_of[who] - events.start <= self.knowledge.model.lab_days
        rows = np.flatnonzero(self._kind("lab", events.token) & recent & np.isfinite(events.value))
        value = self._in_own_unit(events.token[rows], events.value[rows])
        account.notice("impossible_lab", int(np.isnan(value).sum()))
        rows, value = rows[~np.isnan(value)], value[~np.isnan(value)]
        lab = self.subject[events.token[rows]]
        last = newest(who[rows], lab, events.start[rows], len(self.labs))
        rows, value, lab = rows[last], value[last], lab[last]
        low = self._limit(events.token[rows], events.low[rows])
        high = self._limit(events.token[rows], events.high[rows])
        upside_down = low >= high
        low[upside_down] = high[upside_down] = np.nan
        return Measured(who[rows], lab, value, low, high, events.start[rows])

    def _limit(self, token: Ints, limit: Floats) -> Floats:
        united = np.array([bool(one.unit) for one in self.tokens])[token]
        converted = self._in_own_unit(token, limit, rounded=False)
        return np.where(united, converted, np.nan)

    def _in_own_unit(self, token: Ints, value: Floats, *, rounded: bool = True) -> Floats:
        """Return values in their labs' units, NaN where they are not possible."""
        result = np.full(len(value), np.nan)
        for number in np.unique(token).tolist():
            mine = token == number
            different, inverse = np.unique(value[mine], return_inverse=True)
            own = np.array([self._converted_one(number, v, rounded) for v in different.tolist()])
            result[mine] = own[inverse]
        return result

    def _converted_one(self, number: int, value: float, rounded: bool) -> float:
        if not math.isfinite(value):
            return math.nan
        kept = self._converted[number]
        if value not in kept:
            if len(kept) > 100_000:
                kept.clear()
            token = self.tokens[number]
            try:
                kept[value] = convert(self.knowledge.labs[token.id], value, token.unit)[0]
            except InputError:
                kept[value] = math.nan
        return round(kept[value], 6) if rounded else kept[value]

    @functools.cached_property
    def marker_ids(self) -> list[str]:
        """Return the ids of the markers, in the order of their bits."""
        return [marker.id for marker in self.content.markers]


def _supplied_until(start: Ints, end: Ints, days: Floats) -> Ints:
    """Return the last day of supplies: as written, else by the days supplied, else the first."""
    supply = np.clip(np.nan_to_num(days, nan=1.0), 1, MOST_SUPPLY).astype(np.int64)
    return np.where(end != NEVER, end, start + supply - 1)


def _ages(born: Ints, as_of: Ints, chosen: Flags) -> tuple[Ints, Flags]:
    """Return full years of age (-1 unknown), and whether they are possible."""
    known = chosen & (born != NEVER)
    birth = np.where(known, born, 0).astype("datetime64[D]")
    day = np.where(known, as_of, 0).astype("datetime64[D]")
    years = day.astype("datetime64[Y]").astype(np.int64) - birth.astype("datetime64[Y]").astype(
        np.int64
    )
    early = _day_of_year(day) < _day_of_year(birth)
    age = np.where(known, years - early, -1)
    return age, ~known | ((age >= 0) & (age <= OLDEST))


def _year(day: Any) -> Ints:
    years: Ints = day.astype("datetime64[Y]").astype(np.int64)
    return years


def _day_of_year(day: Any) -> Ints:
    """Return month * 100 + day, by which days of different years compare."""
    month = day.astype("datetime64[M]")
    months = month.astype(np.int64) % 12
    days = (day - month.astype("datetime64[D]")).astype(np.int64)
    ordered: Ints = months * 100 + days
    return ordered
