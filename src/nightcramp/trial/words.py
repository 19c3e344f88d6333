"""What a person's own words name: remedies, actions and medicines, the longest names first."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from nightcramp.knowledge.loader import Knowledge
from nightcramp.language.words import plain, spoken

Kind = Literal["remedy", "action", "medicine"]
Target = tuple[Kind, str]
MOST_WORDS = 8


@dataclass(frozen=True)
class Named:
    """What was named in words; `unknown` are words that say nothing to us."""

    targets: tuple[Target, ...]
    unknown: tuple[str, ...]
    changing: bool
    """Whether something is to be stopped, left out, raised or lowered."""


def named_in(text: str, knowledge: Knowledge) -> Named:
    """Return what a text names; a name inside a longer one does not count."""
    words = _words(text)
    names = _names(knowledge)
    spans = list(_outermost(_spans(words, names)))
    targets = dict.fromkeys(names[" ".join(words[a:b])] for a, b in spans)
    covered = {place for a, b in spans for place in range(a, b)}
    said, own = knowledge.trial_model.words, spoken()[-1].trials
    change = {" ".join(_words(word)) for word in (*said.change_words, *own.changes)}
    fillers = {*said.fillers, *own.fillers, *(w for phrase in change for w in phrase.split())}
    rest = [word for place, word in enumerate(words) if place not in covered]
    return Named(
        targets=tuple(targets),
        unknown=tuple(w for w in rest if w not in fillers and not w.isdigit()),
        changing=any(f" {phrase} " in f" {' '.join(words)} " for phrase in change),
    )


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", plain(text))


def _spans(words: list[str], names: dict[str, Target]) -> Iterator[tuple[int, int]]:
    for start in range(len(words)):
        for end in range(start + 1, min(start + MOST_WORDS, len(words)) + 1):
            if " ".join(words[start:end]) in names:
                yield start, end


def _outermost(spans: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    listed = list(spans)
    for a, b in listed:
        if not any((c, d) != (a, b) and c <= a and b <= d for c, d in listed):
            yield a, b


@functools.lru_cache(maxsize=2)
def _names(knowledge: Knowledge) -> dict[str, Target]:
    """Return every name with what it stands for; remedies come before actions and medicines."""
    found: dict[str, Target] = {}
    for name, target in _all_names(knowledge):
        phrase = " ".join(_words(name))
        for form in (phrase, f"{phrase}s"):
            found.setdefault(form, target)
    return found


def _all_names(knowledge: Knowledge) -> Iterator[tuple[str, Target]]:
    for remedy in knowledge.remedies.values():
        yield from ((word, ("remedy", remedy.id)) for word in remedy.words)
    for action in knowledge.actions.values():
        names = (action.id, action.label, *action.aliases)
        yield from ((name, ("action", action.id)) for name in names)
    for group in knowledge.medicine_classes.values():
        target = _medicine(group.id, knowledge)
        yield from ((name, target) for name in (group.id, group.label, *group.names))
    for medicine in knowledge.medicines.values():
        target = _medicine(medicine.id, knowledge)
        yield from ((n, target) for n in (medicine.id, *medicine.names, *medicine.brands))


def _medicine(identifier: str, knowledge: Knowledge) -> Target:
    """Return the action a medicine stands for, else the medicine."""
    stands_for = knowledge.trial_model.words.is_action
    if identifier in knowledge.actions:
        return "action", identifier
    classes = knowledge.medicines[identifier].classes if identifier in knowledge.medicines else []
    for name in (identifier, *classes):
        if name in stands_for:
            return "action", stands_for[name]
    return "medicine", identifier
