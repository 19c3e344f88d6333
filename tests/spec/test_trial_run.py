"""A trial from its lock to its last night: what is locked, asked for, and said of changes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from locked_trials import EVENING, LOCKED_AT, NO_STRETCH, STRETCH, design, locked, look, protocol
from nightcramp.errors import InputError
from nightcramp.intake.diary_clock import PersonClock
from nightcramp.intake.trial_run import chosen, happened, look_at, this_evening, told_in, tonight_of
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.night import Night
from nightcramp.person.verdict import Verdict
from nightcramp.report.trial import schedule_text, today_text
from nightcramp.report.trial_calendar import calendar_of
from nightcramp.store.trials import KeptTrial
from nightcramp.trial.events import TrialEvent
from nightcramp.trial.lock import (
    TamperedError,
    decoded,
    file_of,
    lock,
    new_seed,
    protocol_of,
    read_lock,
)
from nightcramp.trial.look import Look, judged
from nightcramp.trial.protocol import Arm, Protocol, canonical, fingerprint

DAY = dt.timedelta(days=1)
DUMMY = Arm(id="dummy", label="Dummy of stretching", instruction="Take it.", kind="dummy")
BLIND = {"arms": (replace(STRETCH, label="Capsule"), DUMMY), "blocks": 6}


def clock(day: int, time: str = "12:30") -> PersonClock:
    """Return the clock so many days after the first evening of the trials of these tests."""
    now = dt.datetime.combine(EVENING + day * DAY, dt.time.fromisoformat(time), LOCKED_AT.tzinfo)
    return PersonClock(now, dt.timezone(dt.timedelta(hours=1)), "+01:00")


def kept(*events: TrialEvent, **changes: Any) -> KeptTrial:
    """Return a locked trial with what happened."""
    return KeptTrial(lock=locked(**changes), events=events)


def event(kind: str, day: int | None = None, **what: Any) -> TrialEvent:
    """Return something that happened, of the night so many days after the first."""
    evening = None if day is None else EVENING + day * DAY
    return TrialEvent(kind=kind, at=LOCKED_AT, evening=evening, **what)  # type: ignore[arg-type]


# --- the lock ---


def test_the_schedule_is_the_one_its_seed_draws() -> None:
    """The same seed draws the same, for ever; seeds are new each time."""
    assert protocol(seed="a").schedule == (0, 1, 1, 0, 1, 0)
    assert protocol(seed="a") == protocol(seed="a")
    assert len({new_seed() for _ in range(50)}) == 50
    drawn = {protocol(seed=str(seed)).schedule for seed in range(200)}
    assert drawn == set(protocol().space)


@pytest.mark.parametrize("days", [-1, -30])
def test_a_trial_is_locked_before_its_first_night(days: int) -> None:
    """On the first evening itself it still can be."""
    lock(protocol(first_evening=LOCKED_AT.date()), LOCKED_AT)
    with pytest.raises(InputError, match="has passed"):
        lock(protocol(first_evening=LOCKED_AT.date() + days * DAY), LOCKED_AT)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"blocks": 5}, "cannot be shared equally"),
        ({"blocks": 0}, "cannot be shared equally"),
        ({"blocks": 10**9}, "cannot be shared equally"),
        ({"longest_run": 0}, "at least one block"),
        ({"washout": 4}, "every night of a block"),
        ({"block_nights": 0}, "at least one"),
        ({"run_in": -1}, "counted from 0"),
        ({"smallest_effect": 1.2}, "ratio below 1"),
        ({"error": 0.0}, "between 0 and 0.5"),
        ({"block_nights": 500}, "longer than"),
        ({"arms": (STRETCH,)}, "two arms, or three"),
        ({"arms": (STRETCH, STRETCH)}, "same id"),
        ({"title": "a\nb"}, "cannot be printed"),
        ({"first_evening": dt.date(9999, 1, 1)}, "too far off"),
    ],
)
def test_a_design_that_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    """With a sentence, before anything is drawn or kept."""
    first = changes.pop("first_evening", EVENING)
    with pytest.raises(InputError, match=words):
        protocol_of(design(**changes), "x-1", first, "seed")


def test_a_lock_comes_back_from_its_file() -> None:
    """All of it, and the SHA-256 is that of the canonical protocol."""
    one = locked(prescriber="Dr Lee", factors=("caffeine",), run_in=3)
    assert read_lock(file_of(one), "p.json") == one
    assert one.sha256 == fingerprint(one.protocol)
    assert decoded(canonical(one.protocol).decode(), one.protocol.id) == one.protocol


def edited(change: Callable[[dict[str, Any]], None], rehashed: bool) -> bytes:
    """Return a lock's file as somebody edited it, maybe with a new SHA-256 that fits."""
    content = json.loads(file_of(locked()))
    change(content)
    if rehashed:
        found = read_lock_unchecked(content)
        content["sha256"] = fingerprint(found)
    return json.dumps(content).encode()


def read_lock_unchecked(content: dict[str, Any]) -> Protocol:
    """Return the protocol of a file without any check."""
    import msgspec

    return msgspec.convert(content["protocol"], Protocol, strict=False)


EDITS: dict[str, tuple[Callable[[dict[str, Any]], None], bool, str]] = {
    "a smaller effect": (lambda c: c["protocol"].update(smallest_effect=0.9), False, "SHA-256"),
    "another title": (lambda c: c["protocol"].update(title="Walking"), False, "SHA-256"),
    "another seed": (lambda c: c["protocol"].update(seed="b"), True, "its seed draws"),
    "a schedule by hand": (lambda c: c["protocol"]["schedule"].reverse(), True, "its seed draws"),
    "more blocks": (lambda c: c["protocol"].update(blocks=8), True, "its seed draws"),
    "a later lock": (
        lambda c: c.update(locked_at="2026-03-17T00:30:00+01:00"),
        False,
        "only after its first evening",
    ),
    "an earlier first night": (
        lambda c: c["protocol"].update(first_evening="2026-03-01"),
        True,
        "only after its first evening",
    ),
    "blocks beyond reason": (lambda c: c["protocol"].update(blocks=10**12), False, "longer"),
    "a hash by hand": (lambda c: c.update(sha256="0" * 64), False, "SHA-256"),
}


@pytest.mark.parametrize(("change", "rehashed", "words"), EDITS.values(), ids=EDITS)
def test_an_edited_file_is_said_to_be_tampered_with(
    change: Callable[[dict[str, Any]], None], rehashed: bool, words: str
) -> None:
    """Where and why, also where the SHA-256 was made to fit."""
    with pytest.raises(TamperedError, match="tampered with") as caught:
        read_lock(edited(change, rehashed), "p.json")
    assert words in str(caught.value)
    assert "p.json" in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff\xfe", b'{"sha256": "x"}', b"[" * 100_000, b" " * (2 << 20)],
    ids=["empty", "no lock", "a list", "no text", "half", "deep", "long"],
)
def test_what_is_no_protocol_is_refused(content: bytes) -> None:
    """With a sentence that names the file."""
    with pytest.raises(InputError) as caught:
        read_lock(content, "p.json")
    assert "p.json" in str(caught.value)


# --- tonight ---


@pytest.mark.parametrize(
    ("day", "time", "phase", "arm", "counts"),
    [
        (-1, "12:30", "before", None, False),
        (0, "09:00", "run-in", None, False),
        (1, "23:00", "run-in", None, False),
        (2, "03:30", "run-in", None, False),
        (2, "12:30", "block", "do", False),
        (3, "12:30", "block", "do", True),
        (5, "23:59", "block", "do", True),
        (6, "03:59", "block", "do", True),
        (6, "04:00", "block", "leave", False),
        (25, "20:00", "block", "do", True),
        (26, "03:00", "block", "do", True),
        (26, "04:00", "over", None, False),
    ],
)
def test_what_tonight_is(day: int, time: str, phase: str, arm: str | None, counts: bool) -> None:
    """In the small hours it is still the evening before; a washout night does not count."""
    trial = kept(run_in=2)
    now = tonight_of(trial, this_evening(clock(day, time)))
    assert (now.phase, now.arm.id if now.arm else None, now.counts) == (phase, arm, counts)


def test_tonight_is_one_line_and_says_nothing_of_later_blocks() -> None:
    """What to do, and whether the night counts."""
    for day in range(-2, 28):
        text = today_text(kept(run_in=2), clock(day))
        assert text.count("\n") == 1
        arm = protocol(run_in=2).arm_of(EVENING + day * DAY)
        shown = {one.id for one in (STRETCH, NO_STRETCH) if one.instruction in text}
        assert shown == ({arm.id} if arm else set())


def test_a_blind_trial_names_packs_until_its_end() -> None:
    """The arm of a pack is not shown, tonight or later, unless it was asked for."""
    trial = kept(**BLIND)
    for day in range(24):
        shown = today_text(trial, clock(day)) + schedule_text(trial, clock(day))
        assert "Capsule" not in shown
        assert "Dummy" not in shown
        assert f"pack {day // 4 + 1}" in shown
    assert "Dummy" in schedule_text(trial, clock(24, "18:00"))
    told = replace(trial, events=(event("unblinded"),))
    assert "Dummy" in schedule_text(told, clock(3))


def test_after_a_stop_nothing_is_asked_for() -> None:
    """From the evening of the stop on."""
    trial = kept(event("stopped", 5, note="ill"))
    assert tonight_of(trial, EVENING + 4 * DAY).phase == "block"
    assert tonight_of(trial, EVENING + 5 * DAY).phase == "stopped"


def test_the_trial_meant_is_the_one_that_runs() -> None:
    """Else the latest; by its id any."""
    first, second = kept(event("stopped", 2)), kept(identifier="stretching-2")
    both = {"stretching-1": first, "stretching-2": second}
    assert chosen(both, "", EVENING) is second
    assert chosen(both, "stretching-1", EVENING) is first
    over = replace(second, events=(event("stopped", 3),))
    assert chosen({**both, "stretching-2": over}, "", EVENING + 9 * DAY) is over
    for trials, name in ((both, "x"), ({}, "")):
        with pytest.raises(InputError):
            chosen(trials, name, EVENING)


# --- what is told ---


@pytest.mark.parametrize(
    ("time", "night", "evening"),
    [("22:30", "", 5), ("08:00", "", 4), ("02:00", "", 4), ("13:00", "", 5), ("13:00", "last", 4)],
)
def test_a_night_is_told_of_by_when_it_is_told(time: str, night: str, evening: int) -> None:
    """In the evening tonight, in the morning the night just past."""
    entry, told = told_in(kept(), True, night, clock(5, time))
    assert told == EVENING + evening * DAY
    assert entry.body is not None
    assert entry.body.values == {"trial:stretching-1": 1.0}  # type: ignore[union-attr]


@pytest.mark.parametrize(("day", "night"), [(-1, ""), (24, ""), (5, "2026-03-02"), (40, "last")])
def test_a_night_outside_the_trial_is_refused(day: int, night: str) -> None:
    """Before, after, or long ago; a night to come as well."""
    with pytest.raises(InputError):
        told_in(kept(), False, night, clock(day))
    with pytest.raises(InputError):
        happened(kept(), "illness", "flu", night, clock(day))
    with pytest.raises(InputError, match="in the future"):
        told_in(kept(), False, str(EVENING + 9 * DAY), clock(3))


# --- looking, and what is changed after a look ---


def nights_of(of: Protocol, low: int = 0, high: int = 3) -> list[Night]:
    """Return nights with few cramps under the first arm and many under the second."""
    evenings = [of.first_evening + day * DAY for day in range(of.nights)]
    arms = [of.arm_of(evening) for evening in evenings]
    return [
        Night(evening=evening, cramps=low if arm and arm.id == "do" else high)
        for evening, arm in zip(evenings, arms, strict=True)
    ]


def seen(nights: list[Night], day: int, trial: KeptTrial) -> KeptTrial:
    """Return a trial after one more look, on the morning of a day."""
    look_now = look_at(trial, nights, clock(day, "09:00"))
    return replace(trial, looks=(*trial.looks, look_now))


def with_cramps(nights: list[Night], changed: dict[int, int | None]) -> list[Night]:
    """Return nights with other numbers of cramps, by their place."""
    return [
        replace(night, cramps=changed.get(place, night.cramps))
        for place, night in enumerate(nights)
    ]


def verdict_of(trial: KeptTrial, nights: list[Night], day: int) -> Verdict:
    """Return the verdict on the morning of a day."""
    return look_at(trial, nights, clock(day, "09:00")).verdict


WIDE: dict[str, Any] = {"blocks": 8, "block_nights": 5}


def test_a_look_holds_the_nights_of_the_blocks_that_ended() -> None:
    """In the small hours the last night is not over yet."""
    trial = kept(**WIDE)
    nights = nights_of(trial.protocol)
    early, late = clock(10, "03:00"), clock(10, "09:00")
    assert len(look_at(trial, nights, early).outcomes) == 5
    assert len(look_at(trial, nights, late).outcomes) == 10
    assert look_at(trial, nights, late).verdict.blocks_over == 2


def test_nothing_is_said_where_nothing_was_changed() -> None:
    """Nights that are logged late, of a block that goes on, are no change."""
    trial = kept(**WIDE)
    nights = nights_of(trial.protocol)
    late = [night for night in nights if night.evening != EVENING + 6 * DAY]
    trial = seen(late, 9, trial)
    found = verdict_of(trial, nights, 20)
    assert found.notes == ()
    assert "changed_nights" not in {check.id for check in found.checks}


def test_a_night_that_was_changed_after_a_look_is_named() -> None:
    """With what it said then and says now; one that was filled in as well."""
    trial = kept(**WIDE)
    nights = nights_of(trial.protocol)
    before = with_cramps(nights, {3: None})
    trial = seen(before, 20, trial)
    found = verdict_of(trial, with_cramps(nights, {7: 9}), 40)
    said = " ".join(found.notes)
    assert "the night of Thu 19 to Fri 20 March said nothing, now" in said
    assert "the night of Mon 23 to Tue 24 March said" in said
    assert "now 9" in said
    assert found.outcome == "works"
    assert [check.holds for check in found.checks if check.id == "changed_nights"] == [True]


def test_a_washout_night_may_be_changed() -> None:
    """It counts for nothing."""
    trial = kept(**WIDE)
    nights = nights_of(trial.protocol)
    trial = seen(nights, 20, trial)
    assert verdict_of(trial, with_cramps(nights, {5: 9}), 40).notes == ()


def test_a_verdict_made_by_changes_after_a_look_is_withheld() -> None:
    """No difference when it was looked at, a large one after the diary was edited."""
    trial = kept(**WIDE)
    alike = [
        replace(night, cramps=place % 3) for place, night in enumerate(nights_of(trial.protocol))
    ]
    trial = seen(alike, 40, trial)
    assert trial.looks[0].verdict.outcome == "cannot_tell"
    found = verdict_of(trial, nights_of(trial.protocol), 41)
    assert found.outcome == "withheld"
    assert "changed after a look" in found.why
    assert found.effect is None
    assert not found.tells
    assert [check.holds for check in found.checks if check.id == "changed_nights"] == [False]


def test_cramps_moved_between_the_arms_are_seen() -> None:
    """One night goes down in an arm, another goes up in the other."""
    trial = kept(**WIDE)
    nights = nights_of(trial.protocol, 2, 2)
    trial = seen(nights, 40, trial)
    first, second = (trial.protocol.schedule.index(arm) * 5 + 2 for arm in (0, 1))
    found = verdict_of(trial, with_cramps(nights, {first: 1, second: 3}), 41)
    assert "moved between the arms" in " ".join(found.notes)
    same = (trial.protocol.schedule.index(0) * 5 + place for place in (2, 3))
    down, up = same
    found = verdict_of(trial, with_cramps(nights, {down: 1, up: 3}), 41)
    assert "moved between the arms" not in " ".join(found.notes)


def test_changing_back_what_was_changed_leaves_no_trace_in_the_verdict() -> None:
    """What counts is how a night stood at its first look."""
    trial = kept(**WIDE)
    nights = nights_of(trial.protocol)
    trial = seen(nights, 20, trial)
    trial = seen(with_cramps(nights, {7: 9}), 21, trial)
    assert verdict_of(trial, nights, 22).notes == ()


def test_a_stopped_trial_is_judged_by_its_nights_up_to_the_stop() -> None:
    """Later nights count no more, and the stop is said with its reason."""
    trial = kept(event("stopped", 20, note="moved house"), **WIDE)
    nights = nights_of(trial.protocol)
    found = verdict_of(trial, nights, 45)
    assert found.blocks_over == 4
    assert found.p is None
    assert found.made_on == EVENING + 45 * DAY
    assert "Stopped early, on Sun 5 April: moved house." in found.notes


def test_a_trial_stopped_before_it_began_tells_nothing() -> None:
    """Without an error."""
    trial = kept(event("stopped", -1, note="no"), **WIDE)
    found = verdict_of(trial, [], 0)
    assert (found.outcome, found.blocks_over) == ("cannot_tell", 0)


def test_what_happened_is_said_beside_the_verdict() -> None:
    """New starts, illness, deviations, and an order that was looked at."""
    events = (
        event("restarts", other="stretching-0"),
        event("illness", 3, note="flu"),
        event("illness", 4, note="flu"),
        event("deviation", 5, note="away"),
        event("unblinded"),
    )
    trial = kept(*events)
    notes = verdict_of(trial, nights_of(trial.protocol), 24).notes
    said = " ".join(notes)
    for words in ("place of stretching-0", "2 notes of illness", "1 note of", "was looked at"):
        assert words in said


def test_the_verdict_says_what_was_measured() -> None:
    """So that pain is not taken for a number of cramps."""
    model = knowledge().diary_model
    one = protocol(outcome="pain")
    assert judged(one, [], model, EVENING).measured == "pain"


def test_a_look_of_another_shape_tells_no_lie() -> None:
    """Looks hold exactly what they were made of."""
    one = look(protocol())
    assert isinstance(one, Look)
    assert one.outcomes[2] is None


# --- the calendar ---


def unfolded(content: bytes) -> list[str]:
    """Return the lines of a calendar file, folds undone; each is at most 75 bytes long."""
    assert content.endswith(b"\r\n")
    raw = content.split(b"\r\n")[:-1]
    assert max(map(len, raw)) <= 75
    assert not any(b"\r" in line or b"\n" in line for line in raw)
    return content.decode().replace("\r\n ", "").split("\r\n")[:-1]


def events_in(content: bytes) -> list[dict[str, str]]:
    """Return the events of a calendar file as names and values."""
    lines, found = unfolded(content), []
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert lines[-1] == "END:VCALENDAR"
    for line in lines:
        if line == "BEGIN:VEVENT":
            found.append({})
        elif found and line != "END:VEVENT":
            name, _, value = line.partition(":")
            found[-1][name] = value
    return found


def test_a_calendar_has_an_all_day_event_for_each_block() -> None:
    """They follow each other without a gap, from the first evening to the last."""
    trial = kept(run_in=2)
    found = events_in(calendar_of(trial, EVENING))
    assert len(found) == 7
    starts = [one["DTSTART;VALUE=DATE"] for one in found]
    ends = [one["DTEND;VALUE=DATE"] for one in found]
    assert starts[0] == "20260316"
    assert starts[1:] == ends[:-1]
    assert ends[-1] == f"{trial.protocol.last_evening + DAY:%Y%m%d}"
    assert len({one["UID"] for one in found}) == 7
    assert {one["DTSTAMP"] for one in found} == {"20260315T190000Z"}


def test_a_daily_calendar_has_an_event_for_each_night() -> None:
    """Of one day each."""
    found = events_in(calendar_of(kept(run_in=2), EVENING, daily=True))
    assert len(found) == 26
    assert found[0]["DTEND;VALUE=DATE"] == found[1]["DTSTART;VALUE=DATE"]


@pytest.mark.parametrize("changes", [{"run_in": 2}, BLIND])
def test_a_calendar_tells_others_nothing(changes: dict[str, Any]) -> None:
    """No word of the title, the arms, or of cramps."""
    text = calendar_of(kept(**changes), EVENING).decode().casefold()
    for word in ("stretch", "cramp\n", "capsule", "dummy", "cramps", "leg", "bed"):
        assert word not in text


def test_a_blind_calendar_does_not_show_the_order() -> None:
    """All blocks look alike but for their number."""
    names = {
        one["SUMMARY"].split(" (")[0] for one in events_in(calendar_of(kept(**BLIND), EVENING))
    }
    assert names == {f"Pack {block}" for block in range(1, 7)}


def test_a_stopped_trial_leaves_the_calendar_where_it_stopped() -> None:
    """The block it was stopped in ends the day before."""
    found = events_in(calendar_of(kept(event("stopped", 6)), EVENING))
    assert [one["DTEND;VALUE=DATE"] for one in found] == ["20260320", "20260322"]


def test_long_words_arefolded_between_letters() -> None:
    """A line of letters with several bytes comes back whole."""
    from nightcramp.report.calendar_file import folded

    line = "SUMMARY:" + "ü€a" * 60
    raw = folded(line).encode()
    assert unfolded(raw) == [line]
    for part in raw.split(b"\r\n"):
        part.decode()
