"""A whole trial through the commands, as a person runs it from the proposal to their assessment."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nightcramp.cli.main import cli
from nightcramp.diary.entry import Entry, Told
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.intake import diary_clock, trial_run
from nightcramp.intake.diary_clock import new_id
from nightcramp.report import recompute
from nightcramp.store.database import opened
from nightcramp.store.entries import add_entries
from nightcramp.store.trials import kept_trials
from nightcramp.trial.lock import TamperedError
from nightcramp.trial.protocol import Protocol

DAY = dt.timedelta(days=1)
STORY = "as_of: 2026-08-30\nanswers:\n  age: 60\n  muscle_cramp: yes\n"
SMALL = ("--blocks", "8", "--block", "5", "--washout", "1", "--smallest", "50", "--run-in", "2")
LOCK = (*SMALL, "--anyway", "--no-warning-signs")
SetClock = Callable[[str], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch, home: Path) -> SetClock:
    """Return a function that sets the clock of a person in Berlin with a store of their own.

    The seeds of their trials are the same in each run of the tests.
    """
    monkeypatch.setenv("TZ", "Europe/Berlin")
    seeds = itertools.count(1)
    monkeypatch.setattr(trial_run, "new_seed", lambda: f"seed {next(seeds)}")

    def to(text: str) -> None:
        moment = dt.datetime.fromisoformat(text)
        monkeypatch.setattr(diary_clock, "utc_now", lambda: moment.astimezone(dt.UTC))

    to("2026-09-01T15:00+02:00")
    return to


@pytest.fixture
def _told(set_clock: SetClock, tmp_path: Path) -> None:
    """Somebody without a warning sign has told of themselves; it is a Tuesday afternoon."""
    story = tmp_path / "me.yaml"
    story.write_text(STORY, encoding="utf-8")
    run("import", str(story))


def run(*words: str, typed: str = "") -> Result:
    """Run one command, whatever comes of it."""
    return CliRunner().invoke(cli, words, input=typed)


def said(*words: str) -> str:
    """Return what a command printed; it must have gone well and fit on 80 columns."""
    result = run(*words)
    assert result.exit_code == 0, result.exception
    lines = [line for line in result.stdout.splitlines() if not line.startswith("Written to")]
    wide = words[0] != "trial" or words[1] == "today"
    assert wide or max(map(len, lines), default=0) <= 80
    return " ".join(result.stdout.split())


def refused(*words: str, typed: str = "") -> InputError:
    """Return the error for people that a command ended with."""
    error = run(*words, typed=typed).exception
    assert isinstance(error, InputError), error
    return error


def locked(*more: str, what: str = "stretch_before_bed") -> Protocol:
    """Lock a small trial and return its protocol."""
    said("trial", "lock", what, *LOCK, *more)
    with opened() as store:
        return list(kept_trials(store).values())[-1].protocol


def log(protocol: Protocol, first: int, last: int, alike: bool = False) -> None:
    """Keep made-up nights of a trial, with hardly a cramp in the first arm but many else."""
    entries = []
    for night in range(first, last):
        evening = protocol.first_evening + night * DAY
        arm = protocol.arm_of(evening)
        few = alike or (arm and arm.id == "do")
        cramps = night % 2 if few else 3 + night % 3
        at = dt.datetime.combine(evening + DAY, dt.time(8 if alike else 9), dt.UTC)
        body = Told(evening=evening, cramps=cramps)
        entries.append(Entry(id=new_id(), made_at=at, zone="UTC", body=body))
    with opened() as store:
        add_entries(store, entries)


@pytest.mark.usefixtures("_told")
def test_a_trial_from_the_proposal_to_the_assessment(set_clock: SetClock, tmp_path: Path) -> None:
    """Proposed, planned, locked, run, looked at, judged, checked by somebody else, and used."""
    assert "[stretch_before_bed]" in said("trial", "propose")
    assert "8 blocks of 5" in said("trial", "plan", "stretch_before_bed", *SMALL)
    file = tmp_path / "protocol.json"
    protocol = locked("--file", str(file), "--first", "2026-09-02")
    assert protocol.nights == 42
    assert "Your own store holds the same protocol" in said("trial", "verify", str(file))
    assert "begins on Wed 2 September" in said("trial", "today")

    set_clock("2026-09-03T20:00+02:00")
    assert "does not count" in said("trial", "today")
    log(protocol, 0, 11)
    set_clock("2026-09-13T08:00+02:00")
    said("trial", "done")
    set_clock("2026-09-13T08:05+02:00")
    said("trial", "not-done", "--night", "last")
    said("trial", "illness", "a", "cold", "--night", "2026-09-10")
    arm = protocol.arm_of(dt.date(2026, 9, 13))
    assert arm is not None
    assert arm.instruction in said("trial", "today")
    status = said("trial", "status")
    assert "night 12 of 42" in status
    assert "Logged: 11 of 11 nights" in status
    assert "0 of 1 night you told of" in status
    assert "1 note of illness" in status

    log(protocol, 11, 42)
    set_clock("2026-10-14T08:00+02:00")
    answer = said("trial", "verdict")
    assert answer.startswith("It works for you.")
    for words in ("p = 0.03", "Stake now", "A to B: 0.", "confirmed"):
        assert words in answer
    found = json.loads(run("trial", "verdict", "--json").stdout)
    assert found["outcome"] == "works"
    assert "it works" in said("trial", "list")
    _checked_by_somebody_else(tmp_path, found)
    _used(found)


def _checked_by_somebody_else(tmp_path: Path, found: dict[str, Any]) -> None:
    """The export says the same to who has nothing but it."""
    said("trial", "export", str(tmp_path / "trial.zip"))
    with zipfile.ZipFile(tmp_path / "trial.zip") as archive:
        archive.extractall(tmp_path / "other")
    assert recompute.main(tmp_path / "other") == 0
    verdict = json.loads((tmp_path / "other" / "verdict.json").read_text(encoding="utf-8"))
    assert verdict == found
    assert "is whole" in said("trial", "verify", str(tmp_path / "other" / "lock.json"))


def _used(found: dict[str, Any]) -> None:
    """The assessment shows the verdict, and the plan expects what it showed."""
    assessment = json.loads(run("assess", "--json").stdout)
    item = next(one for one in assessment["plan"] if one["id"] == "stretch_before_bed")
    assert item["ladder"] == "confirmed"
    percent = 100 * (1 - found["effect"]["ratio"])
    assert item["expected_reduction"]["percent"] == pytest.approx(percent, abs=0.1)
    page = said("assess")
    assert "What your own trials showed" in page
    assert "Your trial: it works for you" in page


@pytest.mark.usefixtures("_told")
def test_a_verdict_is_kept_across_a_lost_database(set_clock: SetClock, tmp_path: Path) -> None:
    """Protocol, events and looks come back from an export, and are tables for a spreadsheet."""
    protocol = locked("--first", "2026-09-01")
    log(protocol, 0, 42)
    set_clock("2026-09-20T08:00+02:00")
    said("trial", "illness", "flu", "--night", "2026-09-03")
    before = said("trial", "verdict")
    said("export", str(tmp_path / "all.zip"))
    said("export", "--csv", str(tmp_path / "tables"))
    rows = (tmp_path / "tables" / "trials.csv").read_text(encoding="utf-8-sig").splitlines()
    assert rows[0] == "trial,evening,block,arm,counts,outcome,followed"
    assert rows[1].startswith("stretch_before_bed-1,2026-09-01,0,,0,")
    events = (tmp_path / "tables" / "trial_events.csv").read_text(encoding="utf-8-sig")
    assert "illness" in events
    said("restore", "--replace", str(tmp_path / "all.zip"))
    assert said("trial", "verdict") == before
    with opened() as store:
        (trial,) = kept_trials(store).values()
    assert len(trial.looks) == 1


@pytest.mark.usefixtures("_told")
def test_a_diary_edited_after_a_look_is_said(set_clock: SetClock) -> None:
    """An honest look first, then other cramps: no verdict comes of it."""
    protocol = locked("--first", "2026-09-01")
    log(protocol, 0, 42, alike=True)
    set_clock("2026-10-20T08:00+02:00")
    assert "can't tell" in said("trial", "verdict")
    log(protocol, 0, 42)
    set_clock("2026-10-21T08:00+02:00")
    answer = said("trial", "verdict")
    assert "We give no answer, because a check failed" in answer
    assert "Changed after a look: the night of" in answer
    assert "What your own trials showed" not in said("assess")


@pytest.mark.usefixtures("_told")
def test_a_look_that_was_only_a_status_counts_as_a_look(set_clock: SetClock) -> None:
    """What was seen of the answer is remembered, whichever command showed it."""
    protocol = locked("--first", "2026-09-01")
    log(protocol, 0, 42, alike=True)
    set_clock("2026-10-20T08:00+02:00")
    said("trial", "status")
    log(protocol, 0, 42)
    assert "Changed after a look" in said("trial", "verdict")


# --- what is not locked ---


@pytest.mark.usefixtures("_told")
def test_nothing_is_locked_while_somebody_says_yes_to_a_warning_sign() -> None:
    """The signs that were not asked yet are shown; one yes ends it, a no goes on."""
    words = ("trial", "lock", "stretch_before_bed", *SMALL, "--anyway")
    shown = run(*words, typed="y\n")
    assert "chest pain" in shown.output
    assert isinstance(shown.exception, InputError)
    assert "No trial yet" in said("trial", "list")
    assert run(*words, typed="n\n").exit_code == 0


@pytest.mark.usefixtures("_told")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["quinine"], "never"),
        (["stop", "my", "statin"], "never stopped or changed"),
        (["stretch_before_bed"], "advised against"),
        (["vitamin", "e"], "prescriber must agree"),
        (["stretch_before_bed", "--blocks", "7"], "shared equally"),
        (["stretch_before_bed", "--washout", "9", "--block", "5"], "too short"),
        (["stretch_before_bed", "--nothing"], "needs a dummy"),
        (["stretch_before_bed", "--against", "less_caffeine", "--dummy"], "with each other"),
        ([], "say what is to be tested"),
    ],
)
def test_what_is_not_to_be_locked_is_refused_with_the_reason(words: list[str], says: str) -> None:
    """And nothing is kept."""
    more = ["--no-warning-signs"]
    if "--blocks" not in words and "--washout" not in words:
        more += ["--blocks", "8", "--block", "5", "--washout", "1"]
    assert says in str(refused("trial", "lock", *words, *more))
    assert "No trial yet" in said("trial", "list")


def test_a_warning_sign_that_stands_refuses_every_trial(
    set_clock: SetClock, tmp_path: Path
) -> None:
    """The reason is that of the sign; a clinician's look lifts one that can wait."""
    run("import", str(Path(__file__).parents[2] / "examples" / "margaret.yaml"))
    error = refused("trial", "lock", "stretch_before_bed", *LOCK)
    assert "potassium" in str(error)
    assert "--seen k_low_green" in error.hint
    locked("--seen", "k_low_green")
    assert said("trial", "propose").count("Your potassium is a little low") <= 2


@pytest.mark.usefixtures("_told")
def test_one_trial_at_a_time_and_a_new_start_is_recorded(set_clock: SetClock) -> None:
    """A second one waits; a restart has a new name and order, and both say so."""
    first = locked()
    assert "two at once" in str(refused("trial", "lock", "less_caffeine", *LOCK))
    set_clock("2026-09-05T10:00+02:00")
    said("trial", "lock", "--restart", first.id, "--why", "moved house", "--no-warning-signs")
    with opened() as store:
        before, after = kept_trials(store).values()
    assert [event.kind for event in before.events] == ["stopped", "restarted"]
    assert before.stopped == dt.date(2026, 9, 5)
    assert after.protocol.id == "stretch_before_bed-2"
    assert after.protocol.seed != first.seed
    assert after.events[0].other == first.id
    assert "stopped early" in said("trial", "list")
    assert "place of stretch_before_bed-1" in said("trial", "status")
    assert "moved house" in said("trial", "verdict", "--trial", first.id)
    said("trial", "stop", "--why", "enough")
    assert "is over already" in str(refused("trial", "stop", "--why", "again"))
    assert "was stopped" in said("trial", "today")


@pytest.mark.usefixtures("_told")
def test_a_blind_trial_keeps_its_order_until_the_end(set_clock: SetClock, tmp_path: Path) -> None:
    """Packs by number for the person, the list for the pharmacist, and a look is recorded."""
    pytest.importorskip("typst")
    page, packs = tmp_path / "page.pdf", tmp_path / "packs.pdf"
    said("trial", "page", str(page), "vitamin_e", "--dummy", *SMALL)
    locked("--dummy", "--prescriber", "Dr Lee", "--packs", str(packs), what="vitamin_e")
    assert page.read_bytes().startswith(b"%PDF")
    assert packs.read_bytes().startswith(b"%PDF")
    set_clock("2026-09-05T15:00+02:00")
    for words in (["today"], ["status"], ["schedule"]):
        shown = said("trial", *words)
        assert "pack 1" in shown
        assert "Dummy" not in shown
    assert "not to be seen" in str(refused("trial", "export", str(tmp_path / "x.zip")))
    assert not (tmp_path / "x.zip").exists()
    assert "Dummy" in said("trial", "schedule", "--unblind")
    assert "was looked at on Sat 5 September" in said("trial", "status")


@pytest.mark.usefixtures("_told")
def test_a_file_is_written_whole_or_nothing_is_locked(tmp_path: Path) -> None:
    """Where the file cannot be written, there is no trial; what is there stays."""
    there = tmp_path / "there.json"
    there.write_text("precious")
    refused("trial", "lock", "stretch_before_bed", *LOCK, "--file", str(there))
    assert there.read_text() == "precious"
    nowhere = tmp_path / "no" / "folder.json"
    assert run("trial", "lock", "stretch_before_bed", *LOCK, "--file", str(nowhere)).exception
    assert "No trial yet" in said("trial", "list")


@pytest.mark.usefixtures("_told")
def test_a_tampered_file_is_told_from_the_locked_one(tmp_path: Path) -> None:
    """By itself, by the fingerprint that was noted, and by the own store."""
    file = tmp_path / "protocol.json"
    protocol = locked("--file", str(file))
    locked_file = json.loads(file.read_text(encoding="utf-8"))
    noted = locked_file["sha256"]
    assert "that you gave" in said("trial", "verify", str(file), "--sha256", noted.upper())
    error = refused("trial", "verify", str(file), "--sha256", "0" * 64)
    assert "not the one that was noted" in str(error)
    other = tmp_path / "other.json"
    locked_file["protocol"]["smallest_effect"] = 0.95
    other.write_text(json.dumps(locked_file), encoding="utf-8")
    assert isinstance(run("trial", "verify", str(other)).exception, TamperedError)
    said("trial", "stop", "--why", "for the test")
    assert protocol.id in said("trial", "verify", str(file))


def test_anybody_can_verify_a_file_without_a_store(home: Path, tmp_path: Path) -> None:
    """Nothing is made in their home, and what cannot be known is said."""
    from locked_trials import locked as some_lock
    from nightcramp.trial.lock import file_of

    path = tmp_path / "p.json"
    path.write_bytes(file_of(some_lock()))
    assert "compare the SHA-256" in said("trial", "verify", str(path), "--zone", "UTC")
    assert not home.exists()


@pytest.mark.usefixtures("_told")
def test_a_calendar_is_written_for_the_whole_trial(tmp_path: Path) -> None:
    """In a new file."""
    locked()
    path = tmp_path / "trial.ics"
    said("trial", "calendar", str(path))
    assert path.read_bytes().count(b"BEGIN:VEVENT\r\n") == 9
    refused("trial", "calendar", str(path))


@pytest.mark.usefixtures("_told")
def test_a_report_is_a_page_or_a_pdf(set_clock: SetClock, tmp_path: Path) -> None:
    """By its ending; any other is refused."""
    pytest.importorskip("typst")
    locked()
    said("trial", "report", str(tmp_path / "r.html"))
    said("trial", "report", str(tmp_path / "r.pdf"))
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    assert "Stretch" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "a page (.html) or a PDF" in str(refused("trial", "report", str(tmp_path / "r.txt")))


@pytest.mark.usefixtures("set_clock")
def test_without_a_trial_there_is_a_sentence() -> None:
    """Which says where to begin."""
    for words in (["today"], ["status"], ["verdict"], ["done"], ["schedule"]):
        assert "propose" in refused("trial", *words).hint
    assert isinstance(refused("trial", "status", "--trial", "x"), UnknownIdError)


@pytest.mark.usefixtures("_told")
def test_adherence_stands_in_the_diary_and_makes_no_finding(set_clock: SetClock) -> None:
    """The night shows it in words; it is not looked at as something that acts on cramps."""
    protocol = locked("--first", "2026-09-01")
    log(protocol, 0, 42)
    set_clock("2026-09-10T08:00+02:00")
    said("trial", "done")
    assert "did as the trial stretch_before_bed-1 said yes" in said("night", "last")
    found = json.loads(run("findings", "--json").stdout)
    assert not [one for one in found["findings"] if one["id"].startswith("trial:")]
