"""Merges the facts of several files into one person."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nightcramp.intake.story import read_story
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.facts import Facts


def read_facts(files: Iterable[Path]) -> Facts:
    """Return the facts of all files together; raises InputError for the first unusable one."""
    known = knowledge()
    return Facts(known, [fact for path in files for fact in read_story(known, path)])
