"""One statement about the person, and where it came from."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Value = bool | float | str | list[str] | None
"""An answer: yes/no, a number, an option, several options, or asked but unknown."""

Kind = Literal["answer", "condition", "medicine", "lab", "unrecognised"]


class Provenance(Struct, frozen=True, kw_only=True):
    """Where a fact was read: file, place in it, and the words as written."""

    file: str
    at: str
    written: str = ""
    note: str = ""


class DoseChange(Struct, frozen=True, kw_only=True):
    """A dose raised or lowered, this many days ago if known."""

    direction: Literal["raised", "lowered", "changed"]
    days_ago: float | None = None


class MedicineUse(Struct, frozen=True, kw_only=True, tag_field="is", tag="medicine"):
    """How one medicine was taken; times are days before the story's date."""

    taking: bool | None = True
    dose: str = ""
    since_days: float | None = None
    stopped_days: float | None = None
    intermittent: bool | None = None
    changes: tuple[DoseChange, ...] = ()
    began_after: bool | None = None
    predates: bool | None = None
    better_when_stopped: bool | None = None
    back_when_restarted: bool | None = None
    better_with_less: bool | None = None
    after_each_dose: bool | None = None
    same_reaction_before: bool | None = None


class LabResult(Struct, frozen=True, kw_only=True, tag_field="is", tag="lab"):
    """A result in the lab's canonical unit, with the range printed beside it."""

    value: float | None = None
    word: Literal["", "low", "normal", "high"] = ""
    bound: Literal["", "<", ">"] = ""
    low: float | None = None
    high: float | None = None
    days_ago: float | None = None
    unit_assumed: bool = False


class Fact(Struct, frozen=True, kw_only=True):
    """One statement about the person."""

    kind: Kind
    id: str
    value: Value | MedicineUse | LabResult
    provenance: Provenance
