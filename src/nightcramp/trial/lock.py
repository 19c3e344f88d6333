"""Locks a protocol before its first night: one file, its SHA-256, and the time it was locked.

What is locked is never changed. Whoever has the file can check that it is whole and that its
schedule is the one the seed draws; whoever also has the SHA-256 of the day it was locked can
check that it is the same protocol.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets

import msgspec
from msgspec import Struct

from nightcramp.errors import InputError, one_line
from nightcramp.language import gettext as _
from nightcramp.trial.protocol import Arm, Chances, Outcome, Protocol, canonical, check, fingerprint
from nightcramp.trial.schedule import Space

TRIAL_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
SEED_BYTES = 16
MOST_NIGHTS, MOST_BLOCKS, LONGEST_TEXT = 1000, 200, 2000
LAST_YEAR = 2200
MOST_BYTES = 1 << 20


class TamperedError(InputError):
    """A protocol is not, or cannot be, the one that was locked."""


class Design(Struct, frozen=True, kw_only=True):
    """Everything that is decided of a trial but its name, its first evening and its schedule."""

    title: str
    question: str
    arms: tuple[Arm, ...]
    run_in: int
    block_nights: int
    blocks: int
    washout: int
    longest_run: int
    outcome: Outcome
    smallest_effect: float
    error: float
    action: str = ""
    factors: tuple[str, ...] = ()
    prescriber: str = ""
    chances: tuple[Chances, ...] = ()


class Lock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A locked protocol: the SHA-256 of its bytes, and when it was locked."""

    sha256: str
    locked_at: dt.datetime
    protocol: Protocol


def new_seed() -> str:
    """Return a seed nobody could foresee, from the machine's source of randomness."""
    return secrets.token_hex(SEED_BYTES)


def protocol_of(design: Design, identifier: str, first_evening: dt.date, seed: str) -> Protocol:
    """Return the protocol of a design with the schedule its seed draws; raises InputError."""
    _check_sizes(len(design.arms), design.blocks, design.longest_run)
    schedule = Space(len(design.arms), design.blocks, design.longest_run).draw(seed)
    chosen = {name: getattr(design, name) for name in design.__struct_fields__}
    protocol = Protocol(
        id=identifier, first_evening=first_evening, seed=seed, schedule=schedule, **chosen
    )
    check_whole(protocol)
    return protocol


def lock(protocol: Protocol, now: dt.datetime) -> Lock:
    """Lock a protocol; raises InputError where its first evening has passed."""
    if protocol.first_evening < now.date():
        raise InputError(
            _("the first evening, {date}, has passed").format(date=protocol.first_evening),
            hint=_("A trial is locked before its first night. Choose tonight or a later evening."),
        )
    check_whole(protocol)
    return Lock(sha256=fingerprint(protocol), locked_at=now, protocol=protocol)


def file_of(locked: Lock) -> bytes:
    """Return a lock as the bytes of its file: JSON that people can read."""
    return msgspec.json.format(msgspec.json.encode(locked), indent=1) + b"\n"


def read_lock(content: bytes, where: str) -> Lock:
    """Return the lock of a file, all of it checked; raises InputError or TamperedError."""
    if len(content) > MOST_BYTES:
        raise InputError(_("this is too long for a protocol"), where=where)
    try:
        locked = msgspec.json.decode(content, type=Lock)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InputError(
            _("this is no locked protocol: {fault}").format(fault=one_line(error, 200)),
            where=where,
            hint=_("`nightcramp trial lock --file FILE` writes one."),
        ) from None
    check_lock(locked, where)
    return locked


def check_lock(locked: Lock, where: str = "") -> None:
    """Raise TamperedError unless the protocol is whole, in time, and the one of its SHA-256."""
    try:
        check_whole(locked.protocol)
        found = fingerprint(locked.protocol)
    except InputError as error:
        raise _tampered(error.message, where) from None
    if found != locked.sha256:
        raise _tampered(_("its SHA-256 is not the one it was locked with"), where)
    if locked.locked_at.date() > locked.protocol.first_evening:
        raise _tampered(_("it was locked only after its first evening"), where)


def decoded(text: str, identifier: str) -> Protocol:
    """Return a stored protocol from its canonical text; raises TamperedError."""
    where = _("trial {name}").format(name=identifier)
    try:
        protocol = msgspec.json.decode(text, type=Protocol)
        check_whole(protocol)
    except (msgspec.MsgspecError, InputError) as error:
        raise _tampered(one_line(error, 200), where) from None
    if canonical(protocol).decode() != text or protocol.id != identifier:
        raise _tampered(_("it is not as it was written"), where)
    return protocol


def check_whole(protocol: Protocol) -> None:
    """Raise InputError for a protocol that cannot be, or was not drawn by its seed."""
    if fault := _fault_of(protocol):
        raise InputError(fault)
    _check_sizes(len(protocol.arms), protocol.blocks, protocol.longest_run)
    check(protocol)


def _fault_of(protocol: Protocol) -> str:
    """Return what is wrong with the texts and numbers of a protocol, "" for nothing."""
    texts = [protocol.title, protocol.question, protocol.prescriber, protocol.seed]
    texts += [text for arm in protocol.arms for text in (arm.id, arm.label, arm.instruction)]
    if not TRIAL_ID.fullmatch(protocol.id):
        return _("the id of a trial is of small letters, digits, - and _")
    if any(len(text) > LONGEST_TEXT or not text.isprintable() for text in texts):
        return _("a text is too long, or cannot be printed")
    if len({arm.id for arm in protocol.arms}) != len(protocol.arms):
        return _("two arms have the same id")
    if not (protocol.run_in >= 0 and protocol.washout >= 0 and protocol.block_nights >= 1):
        return _("nights are counted from 0, and a block has at least one")
    if not 0 < protocol.error < 0.5:
        return _("the error is a chance between 0 and 0.5")
    if protocol.blocks > MOST_BLOCKS or protocol.nights > MOST_NIGHTS:
        longest = _("it is longer than {blocks} blocks or {nights} nights")
        return longest.format(blocks=MOST_BLOCKS, nights=MOST_NIGHTS)
    return "" if protocol.first_evening.year <= LAST_YEAR else _("its first evening is too far off")


def _check_sizes(arms: int, blocks: int, longest_run: int) -> None:
    """Raise InputError where blocks cannot be shared among the arms."""
    if not 2 <= arms <= 3:
        raise InputError(_("a trial compares two arms, or three"))
    if not arms <= blocks <= MOST_BLOCKS or blocks % arms:
        raise unequal(blocks, arms)
    if longest_run < 1:
        raise InputError(_("a run is at least one block long"))


def unequal(blocks: int, arms: int) -> InputError:
    """Return the error for blocks that cannot be shared equally."""
    return InputError(
        _("{blocks} blocks cannot be shared equally among {arms} arms").format(
            blocks=blocks, arms=arms
        ),
        hint=_("Take a multiple of {arms}.").format(arms=arms),
    )


def _tampered(why: str, where: str) -> TamperedError:
    return TamperedError(
        _("this protocol was tampered with, or damaged: {why}").format(why=why),
        where=where,
        hint=_("What was locked is never changed. Use the file of the day it was locked."),
    )
