"""The commands of a trial on one's own nights: propose, plan, lock, run, and the verdict."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nightcramp.cli.output import json_text

if TYPE_CHECKING:
    from nightcramp.intake.diary_clock import PersonClock
    from nightcramp.intake.own_record import OwnRecord
    from nightcramp.intake.trial_plan import Planned, Wanted
    from nightcramp.report.trial_course import TrialReport
    from nightcramp.store.trials import KeptTrial
    from nightcramp.trial.events import Kind
    from nightcramp.trial.lock import Design, Lock

Command = TypeVar("Command", bound=Callable[..., Any])
OUT = click.Path(path_type=Path, dir_okay=False)
ZONE = click.option("--zone", default="", help="Time zone you are in; else this machine's.")
TRIAL = click.option("--trial", "name", default="", help="Its id; else the one that runs.")
NIGHT = click.option("--night", default="", help="Which night: last, monday, 2026-11-24.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
SEEN = click.option(
    "--seen", multiple=True, metavar="ID", help="A warning sign a clinician has looked at."
)
WHAT = click.argument("what", nargs=-1, required=True)


def planning(command: Command) -> Command:
    """Add the options by which a design is chosen otherwise than proposed."""
    for option in reversed(_PLANNING):
        command = option(command)
    return command


_PLANNING = (
    click.option("--against", default="", metavar="ACTION", help="Another action, not without."),
    click.option("--dummy", is_flag=True, help="Compare with a dummy that looks alike."),
    click.option("--nothing", is_flag=True, help="With --dummy: a third arm has neither."),
    click.option(
        "--measure",
        type=click.Choice(["cramps", "nights", "pain", "sleep"]),
        help="What is counted: cramps, nights with any, worst pain, sleep lost.",
    ),
    click.option(
        "--smallest",
        type=click.FloatRange(1, 95),
        help="From how many of 100 fewer it matters to you.",
    ),
    click.option("--longest", type=click.IntRange(8, 1000), help="Nights in all, at most."),
    click.option("--blocks", type=click.IntRange(2, 200), help="How many blocks, exactly."),
    click.option("--block", "block_nights", type=click.IntRange(1, 60), help="Nights of a block."),
    click.option("--washout", type=click.IntRange(0, 30), help="First nights that do not count."),
    click.option("--run-in", type=click.IntRange(0, 60), help="Nights to settle in before."),
    SEEN,
)


@click.group()
def trial() -> None:
    """Test one thing fairly on your own nights: in an order drawn by chance.

    \b
    nightcramp trial propose                    what is worth testing
    nightcramp trial plan stretch_before_bed    what may come of it
    nightcramp trial lock stretch_before_bed    draw the order and lock it
    nightcramp trial today                      what to do tonight
    nightcramp trial done                       last night went as it said
    nightcramp trial verdict                    the answer, any morning
    """


# --- before ---


@trial.command()
@SEEN
@AS_JSON
def propose(seen: tuple[str, ...], as_json: bool) -> None:
    """Show what is worth testing on your own nights, and what is not for testing."""
    from nightcramp.intake.trial_plan import proposals_of
    from nightcramp.report.trial_plan import proposals_text

    found = proposals_of(_record().facts(), frozenset(seen))
    click.echo(json_text(found) if as_json else proposals_text(found), nl=as_json)


@trial.command()
@WHAT
@planning
@AS_JSON
def plan(what: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Show what may come of testing WHAT: an action's id, or your own words.

    It makes up trials with nights like yours and counts how they end. It takes some seconds.
    """
    from nightcramp.report.trial_plan import plan_text

    found = _planned(_wanted(what, options), _record())
    click.echo(json_text(found) if as_json else plan_text(found), nl=as_json)


@trial.command()
@click.argument("what", nargs=-1)
@planning
@click.option(
    "--first",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First evening; else tonight, or tomorrow after 18:00.",
)
@click.option("--file", type=OUT, help="Also write the locked protocol here.")
@click.option("--packs", type=OUT, help="With a dummy: the pharmacist's list (PDF).")
@click.option("--prescriber", default="", help="Who agreed, where somebody must.")
@click.option("--restart", default="", metavar="ID", help="Take the place of this trial.")
@click.option("--why", default="", help="With --restart: why it is started again.")
@click.option("--anyway", is_flag=True, help="Also where it is advised against.")
@click.option("--no-warning-signs", is_flag=True, help="I have none of the warning signs.")
@ZONE
def lock(
    what: tuple[str, ...],
    first: dt.datetime | None,
    file: Path | None,
    packs: Path | None,
    prescriber: str,
    restart: str,
    why: str,
    anyway: bool,
    no_warning_signs: bool,
    zone: str,
    **options: Any,
) -> None:
    """Draw the order for WHAT and lock the protocol before the first night.

    What is locked never changes. The words and options are those of `plan`.
    """
    from nightcramp.intake.trial_run import lock_in
    from nightcramp.report.trial_plan import locked_text
    from nightcramp.store.csv_tables import refuse_existing
    from nightcramp.store.database import opened

    clock, record = _clock(zone), _record()
    for path in filter(None, (file, packs)):
        refuse_existing(path)
    if restart:
        design = _design_again(restart, options, record)
    else:
        design = _design(what, options, record, prescriber, anyway)
    _ask_signs(record, no_warning_signs)
    begins = first.date() if first else None
    with opened() as store:
        locked = lock_in(store, design, clock, first=begins, restarts=restart, why=why)
        _write_lock(locked, file, packs)
    click.echo(locked_text(locked, clock.today), nl=False)


def _design(
    what: tuple[str, ...],
    options: dict[str, Any],
    record: OwnRecord,
    prescriber: str,
    anyway: bool,
) -> Design:
    """Return the design of what is wanted; raises InputError where it is not to be locked."""
    from nightcramp.errors import InputError
    from nightcramp.intake.trial_plan import check_advised, design_of

    if not what:
        raise InputError(
            "say what is to be tested", hint="`nightcramp trial propose` shows what can be."
        )
    found = _planned(_wanted(what, options), record)
    design = design_of(found, prescriber)
    if not anyway:
        hint = "`nightcramp trial plan` shows the chances; --anyway locks it all the same."
        check_advised(found, hint)
    return design


def _design_again(name: str, options: dict[str, Any], record: OwnRecord) -> Design:
    """Return the design of a trial that is started again with a new order, as it was."""
    from nightcramp.intake.trial_plan import design_again
    from nightcramp.intake.trial_run import chosen

    before = chosen(record.trials, name, dt.date.max)
    return design_again(before.protocol, record.facts(), frozenset(options["seen"]))


def _ask_signs(record: OwnRecord, none_of_them: bool) -> None:
    """Ask for the warning signs that were not asked yet; raises InputError unless none is so."""
    from nightcramp.intake.trial_plan import ANY_SIGN, check_signs, signs_to_ask
    from nightcramp.report.words import wrap

    asked = [] if none_of_them else signs_to_ask(record.facts())
    if not asked:
        return
    click.echo("\n".join(wrap(question, 4, "  * ") for question in asked))
    hint = "`nightcramp interview` asks about each sign and says how soon to be seen."
    check_signs(click.confirm(ANY_SIGN, default=None), hint)


def _write_lock(locked: Lock, file: Path | None, packs: Path | None) -> None:
    """Write the protocol and the pharmacist's list, each whole or not at all."""
    from nightcramp.trial.lock import file_of

    if file is not None:
        _write(file, file_of(locked))
    if packs is not None:
        from nightcramp.report.trial_page import packs_pdf

        _write(packs, packs_pdf(locked.protocol, locked.locked_at))


@trial.command()
@click.argument("file", type=OUT)
@WHAT
@planning
@ZONE
def page(file: Path, what: tuple[str, ...], zone: str, **options: Any) -> None:
    """Write the page that asks a prescriber about testing WHAT to FILE (PDF)."""
    from nightcramp.errors import InputError
    from nightcramp.report.trial_page import page_pdf

    found = _planned(_wanted(what, options), _record())
    asks = next((one.page for one in found.proposals if one.page is not None), None)
    if asks is None:
        raise InputError("nobody needs to be asked: you can test this yourself")
    _write(file, page_pdf(found, asks, _clock(zone).now))
    click.echo(f"Written to {file}")


@trial.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--sha256", default="", help="The fingerprint that was noted when it was locked.")
@ZONE
def verify(file: Path, sha256: str, zone: str) -> None:
    """Check that a protocol FILE is whole and was locked before its first night."""
    from nightcramp.intake.trial_verify import verified
    from nightcramp.report.trial_plan import verified_text
    from nightcramp.store.place import current_place

    trials = _trials() if current_place().exists() else {}
    locked, compared = verified(file, sha256, trials)
    click.echo(verified_text(locked, compared, _clock(zone).today), nl=False)


# --- on the way ---


@trial.command()
@TRIAL
@ZONE
def today(name: str, zone: str) -> None:
    """Say in one line what to do tonight, and whether the night counts."""
    from nightcramp.report.trial import today_text

    clock = _clock(zone)
    click.echo(today_text(_chosen(name, clock), clock), nl=False)


@trial.command()
@TRIAL
@click.option("--unblind", is_flag=True, help="Show what is in the packs; that is recorded.")
@ZONE
def schedule(name: str, unblind: bool, zone: str) -> None:
    """Show all blocks with their dates and what to do in each, those to come too."""
    from nightcramp.report.trial import schedule_text

    clock = _clock(zone)
    found = _opened_order(_chosen(name, clock), clock) if unblind else _chosen(name, clock)
    click.echo(schedule_text(found, clock), nl=False)


@trial.command()
@click.argument("file", type=OUT)
@click.option("--daily", is_flag=True, help="An event a day, not a block.")
@TRIAL
@ZONE
def calendar(file: Path, daily: bool, name: str, zone: str) -> None:
    """Write the blocks to FILE (.ics) for your calendar, in words that tell others nothing."""
    from nightcramp.intake.trial_run import this_evening
    from nightcramp.report.trial_calendar import calendar_of

    clock = _clock(zone)
    _write(file, calendar_of(_chosen(name, clock), this_evening(clock), daily=daily))
    click.echo(f"Written to {file}")


@trial.command()
@NIGHT
@TRIAL
@ZONE
def done(night: str, name: str, zone: str) -> None:
    """Tell that a night went as the trial said: tonight's, until noon the one just past."""
    _tell(True, night, name, zone)


@trial.command(name="not-done")
@NIGHT
@TRIAL
@ZONE
def not_done(night: str, name: str, zone: str) -> None:
    """Tell that a night did not go as the trial said; it still counts."""
    _tell(False, night, name, zone)


@trial.command()
@click.argument("words", nargs=-1, required=True)
@NIGHT
@TRIAL
@ZONE
def deviation(words: tuple[str, ...], night: str, name: str, zone: str) -> None:
    """Note in your WORDS what went otherwise than planned."""
    _note("deviation", words, night, name, zone)


@trial.command()
@click.argument("words", nargs=-1, required=True)
@NIGHT
@TRIAL
@ZONE
def illness(words: tuple[str, ...], night: str, name: str, zone: str) -> None:
    """Note in your WORDS that you were ill; the night still counts."""
    _note("illness", words, night, name, zone)


@trial.command()
@click.option("--why", required=True, help="In your own words; it is kept.")
@TRIAL
@ZONE
def stop(why: str, name: str, zone: str) -> None:
    """Stop a trial before its end; what was kept of it stays."""
    from nightcramp.intake.trial_run import stop_in
    from nightcramp.store.database import opened

    clock = _clock(zone)
    found = _chosen(name, clock)
    with opened() as store:
        stop_in(store, found.protocol.id, why, clock)
    click.echo(f"Stopped: {found.protocol.id}. `nightcramp trial verdict` shows what it told.")


@trial.command()
@TRIAL
@AS_JSON
@ZONE
def status(name: str, as_json: bool, zone: str) -> None:
    """Show how a trial stands this morning: nights, what was done, what is missing."""
    from nightcramp.report.trial import status_text

    clock = _clock(zone)
    found, report = _looked(name, clock)
    text = status_text(found, report.verdict, report.nights, clock)
    click.echo(json_text(report.verdict) if as_json else text, nl=as_json)


@trial.command(name="list")
@AS_JSON
@ZONE
def list_command(as_json: bool, zone: str) -> None:
    """List your trials, oldest first."""
    from nightcramp.report.trial import list_text

    trials = _trials()
    shown = json_text([trial.lock for trial in trials.values()])
    click.echo(shown if as_json else list_text(trials, _clock(zone)), nl=as_json)


# --- after ---


@trial.command()
@TRIAL
@AS_JSON
@ZONE
def verdict(name: str, as_json: bool, zone: str) -> None:
    """Show the answer as far as it has come; it enters your assessment.

    You may look every morning: that does not make a false answer likelier.
    """
    from nightcramp.report.trial import verdict_text

    _, report = _looked(name, _clock(zone))
    click.echo(json_text(report.verdict) if as_json else verdict_text(report), nl=as_json)


@trial.command()
@click.argument("file", type=OUT)
@TRIAL
@ZONE
def report(file: Path, name: str, zone: str) -> None:
    """Write the whole report to FILE: a page (.html) or a PDF (.pdf)."""
    from nightcramp.errors import InputError
    from nightcramp.report.trial_report import trial_html, trial_pdf

    clock = _clock(zone)
    kind = file.suffix.casefold()
    if kind not in (".html", ".pdf"):
        raise InputError("a report is a page (.html) or a PDF (.pdf)", where=str(file))
    _, made = _looked(name, clock)
    _write(file, trial_html(made).encode() if kind == ".html" else trial_pdf(made, clock.now))
    click.echo(f"Written to {file}")


@trial.command()
@click.argument("file", type=OUT)
@click.option("--unblind", is_flag=True, help="Also before the end of a blind trial; recorded.")
@TRIAL
@ZONE
def export(file: Path, unblind: bool, name: str, zone: str) -> None:
    """Write everything of a trial to FILE (.zip), so that somebody else can compute it again."""
    from nightcramp.intake.trial_run import check_order_open
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.report.trial_export import write_export
    from nightcramp.store.csv_tables import refuse_existing
    from nightcramp.store.files import written_whole

    clock = _clock(zone)
    refuse_existing(file)
    if unblind:
        _opened_order(_chosen(name, clock), clock)
    found, made = _looked(name, clock)
    hint = "Wait for the end; --unblind writes it all the same, and that is recorded."
    check_order_open(found, clock, hint)
    with written_whole(file) as handle:
        write_export(handle, found, made, knowledge().diary_model)
    click.echo(f"Written to {file}")


# --- shared ---


def _clock(zone: str) -> PersonClock:
    from nightcramp.intake.diary_clock import person_clock

    return person_clock(zone)


def _record() -> OwnRecord:
    """Return what the store holds of the person."""
    from nightcramp.intake.own_record import own_record
    from nightcramp.store.database import opened

    with opened() as store:
        return own_record(store)


def _trials() -> dict[str, KeptTrial]:
    from nightcramp.store.database import opened
    from nightcramp.store.trials import kept_trials

    with opened() as store:
        return kept_trials(store)


def _chosen(name: str, clock: PersonClock) -> KeptTrial:
    """Return the trial of this id, else the one that runs, else the latest."""
    from nightcramp.intake.trial_run import chosen, this_evening

    return chosen(_trials(), name, this_evening(clock))


def _wanted(what: tuple[str, ...], options: dict[str, Any]) -> Wanted:
    from nightcramp.intake.trial_plan import MEASURED, Wanted

    smallest, measure = options.pop("smallest"), options.pop("measure")
    return Wanted(
        what=" ".join(what),
        outcome=MEASURED[measure] if measure else None,
        smallest=None if smallest is None else 1 - smallest / 100,
        seen=frozenset(options.pop("seen")),
        **options,
    )


def _planned(wanted: Wanted, record: OwnRecord) -> Planned:
    from nightcramp.intake.trial_plan import planned

    return planned(wanted, record, record.facts())


def _looked(name: str, clock: PersonClock) -> tuple[KeptTrial, TrialReport]:
    """Return a trial and its report as of this morning; the look is kept if it shows anything."""
    from nightcramp.intake.trial_run import chosen, look_at, this_evening
    from nightcramp.report.trial import report_of
    from nightcramp.store.database import opened
    from nightcramp.store.trials import keep_look

    record = _record()
    found = chosen(record.trials, name, this_evening(clock))
    look = look_at(found, record.nights, clock)
    with opened() as store:
        keep_look(store, found.protocol.id, look)
    return found, report_of(found, record.nights, look)


def _tell(done: bool, night: str, name: str, zone: str) -> None:
    """Keep in the diary whether a night went as the trial said."""
    from nightcramp.intake.trial_run import told_in
    from nightcramp.report.trial import noted_text
    from nightcramp.store.database import opened
    from nightcramp.store.entries import add_entries

    clock = _clock(zone)
    entry, evening = told_in(_chosen(name, clock), done, night, clock)
    with opened() as store:
        add_entries(store, [entry])
    how = "it went as the trial said" if done else "it did not go as the trial said"
    click.echo(noted_text(how, evening, clock.today), nl=False)


def _note(kind: Kind, words: tuple[str, ...], night: str, name: str, zone: str) -> None:
    """Keep what happened in a night, in the person's own words."""
    from nightcramp.intake.trial_run import happened
    from nightcramp.report.trial import noted_text
    from nightcramp.store.database import opened
    from nightcramp.store.trials import add_event

    clock = _clock(zone)
    found = _chosen(name, clock)
    event, evening = happened(found, kind, " ".join(words), night, clock)
    with opened() as store:
        add_event(store, found.protocol.id, event)
    click.echo(noted_text(f"{kind} ({event.note})", evening, clock.today), nl=False)


def _opened_order(found: KeptTrial, clock: PersonClock) -> KeptTrial:
    """Record that the order of a blind trial was looked at; return the trial with that."""
    from nightcramp.intake.trial_run import this_evening
    from nightcramp.store.database import opened
    from nightcramp.store.trials import add_event, kept_trials
    from nightcramp.trial.events import TrialEvent

    name = found.protocol.id
    with opened() as store:
        if not found.order_open(this_evening(clock)):
            add_event(store, name, TrialEvent(kind="unblinded", at=clock.now))
        return kept_trials(store)[name]


def _write(path: Path, content: bytes) -> None:
    """Write a new file, whole or not at all."""
    from nightcramp.store.csv_tables import refuse_existing
    from nightcramp.store.files import written_whole

    refuse_existing(path)
    with written_whole(path) as handle:
        handle.write(content)
