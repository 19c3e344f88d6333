"""What a person told in interviews: parts by the day they were told, and the steps so far."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import msgspec
from msgspec import Struct

from nightcramp.errors import InputError
from nightcramp.intake.reading import Reading
from nightcramp.intake.story import facts_of_story, story_date
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import ENGLISH, language
from nightcramp.language import gettext as _
from nightcramp.store.database import Store
from nightcramp.store.stories import keep_story, kept_story

FILE = "interview"
LISTS = ("medicines", "conditions", "labs")


class Step(Struct, frozen=True, kw_only=True):
    """One page of an interview: warning signs, one question, or a list to be written."""

    kind: Literal["signs", "question", "medicines", "conditions"]
    ids: tuple[str, ...] = ()


class ToldStory(Struct, kw_only=True):
    """Story mappings, one for each day something was told, and the steps that were answered.

    A day on which two languages were spoken has two mappings. Times in one ("three weeks ago")
    count back from its own day; its words are read in its language, whoever looks at it.
    """

    parts: list[dict[str, Any]] = []
    steps: list[Step] = []

    def answers(self) -> dict[str, Any]:
        """Return all answers as they were given; of each question there is one."""
        return {k: v for part in self.parts for k, v in part.get("answers", {}).items()}

    def lines(self, entry: str) -> list[Any]:
        """Return the lines of a list, oldest first."""
        return [line for part in self.parts for line in part.get(entry, ())]

    def answer(self, name: str, value: Any, today: dt.date) -> None:
        """Put an answer in the place of any before; None takes it back."""
        for part in self.parts:
            part.get("answers", {}).pop(name, None)
        if value is not None:
            self._today(today).setdefault("answers", {})[name] = value

    def add_line(self, entry: str, line: str, today: dt.date) -> None:
        """Add a line to a list."""
        self._today(today).setdefault(entry, []).append(line)

    def remove_line(self, entry: str, place: int) -> None:
        """Remove a line by its place in `lines`; raises InputError where there is none."""
        for part in self.parts:
            lines = part.get(entry, [])
            if 0 <= place < len(lines):
                del lines[place]
                return
            place -= len(lines)
        raise InputError(_("that line is gone already"))

    def _today(self, today: dt.date) -> dict[str, Any]:
        written = {} if language() == ENGLISH else {"language": language()}
        for part in self.parts:
            if story_date(part, FILE, today) == today and _language(part) == written:
                return part
        self.parts.append({"as_of": today.isoformat(), **written})
        return self.parts[-1]

    def readings(self, knowledge: Knowledge, file: str = FILE) -> list[Reading]:
        """Return the facts of each part; raises InputError for what does not fit."""
        return [
            Reading(
                file=file,
                format=FILE,
                as_of=story_date(part, file),
                facts=facts_of_story(knowledge, part, file),
            )
            for part in self.parts
        ]


def told_in(store: Store, knowledge: Knowledge) -> ToldStory:
    """Return what the person told, without what today's questions no longer know."""
    body = kept_story(store)
    told = msgspec.json.decode(body, type=ToldStory) if body else ToldStory()
    for part in told.parts:
        _leave_out_unfit(part, knowledge)
    return told


def keep_told(store: Store, told: ToldStory, now: dt.datetime) -> None:
    """Keep what was told."""
    keep_story(store, now, msgspec.json.encode(told))


def _leave_out_unfit(part: dict[str, Any], knowledge: Knowledge) -> None:
    """Leave out what an earlier version asked and this one cannot read."""
    try:
        facts_of_story(knowledge, part, FILE)
        return
    except InputError:
        pass
    for name, value in list(part.get("answers", {}).items()):
        if not _fits({**_day(part), "answers": {name: value}}, knowledge):
            del part["answers"][name]
    for entry in LISTS:
        lines = part.get(entry, [])
        part[entry] = [one for one in lines if _fits({**_day(part), entry: [one]}, knowledge)]


def _day(part: dict[str, Any]) -> dict[str, Any]:
    return {name: part[name] for name in ("as_of", "language") if name in part}


def _language(part: dict[str, Any]) -> dict[str, Any]:
    """Return the language a part was told in, as the part says it; of English ones nothing."""
    return {"language": part["language"]} if "language" in part else {}


def _fits(part: dict[str, Any], knowledge: Knowledge) -> bool:
    try:
        facts_of_story(knowledge, part, FILE)
    except InputError:
        return False
    return True
