"""Finds the names the knowledge holds inside free text: exact first, then near."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nightcramp.language.words import plain

_TOKEN = re.compile(r"[a-z0-9]+(?:[-'+.][a-z0-9]+)*\+?")
LONGEST_NAME = 8
LEAST_NEAR_LENGTH = 5
LEAST_NEAR_SCORE = 84.0


@dataclass(frozen=True)
class Found:
    """A name found in a text: the id it stands for, and how it was matched."""

    id: str
    start: int
    end: int
    near: str = ""


def tokens(text: str) -> list[tuple[str, int, int]]:
    """Split text into (token, start, end): small letters, no accents, hyphens read as spaces."""
    spaced = plain(text).replace("-", " ").replace("/", " ").replace("’", "'")
    return [(match[0], match.start(), match.end()) for match in _TOKEN.finditer(spaced)]


def normal(text: str) -> str:
    """Return the spelling by which names are compared."""
    return " ".join(token for token, _, _ in tokens(text))


class NameIndex:
    """Looks up names (and near misses) of one kind of record.

    `barred`: phrases that contain a name and mean something else. `ordinary`: words that are no
    misspelt names, though they look like one.
    """

    def __init__(
        self,
        named: Iterable[tuple[str, str]],
        barred: Iterable[str] = (),
        ordinary: Iterable[str] = (),
    ) -> None:
        self.ids: dict[str, str] = {}
        for name, identifier in named:
            self.ids.setdefault(normal(name), identifier)
        self.barred = frozenset(normal(name) for name in (*barred, *ordinary))
        self._near_names = [n for n in self.ids if " " not in n and len(n) >= LEAST_NEAR_LENGTH]

    def find(self, text: str) -> list[Found]:
        """Return the names in `text`, longest first match, no overlaps."""
        words = tokens(text)
        found: list[Found] = []
        position = 0
        while position < len(words):
            size, identifier = self._longest_at(words, position)
            if identifier:
                last = words[position + size - 1]
                found.append(Found(identifier, words[position][1], last[2]))
            position += size
        return found

    def _longest_at(self, words: list[tuple[str, int, int]], at: int) -> tuple[int, str]:
        for size in range(min(LONGEST_NAME, len(words) - at), 0, -1):
            phrase = " ".join(word for word, _, _ in words[at : at + size])
            if phrase in self.ids:
                return size, self.ids[phrase]
            if phrase in self.barred:
                return size, ""
            if phrase.endswith("s") and phrase[:-1] in self.ids:
                return size, self.ids[phrase[:-1]]
        return 1, ""

    def _barred_at(self, words: list[tuple[str, int, int]]) -> set[int]:
        """Return the positions of words inside phrases that must not be read."""
        return {
            position
            for at in range(len(words))
            for size in range(1, min(LONGEST_NAME, len(words) - at) + 1)
            if " ".join(word for word, _, _ in words[at : at + size]) in self.barred
            for position in range(at, at + size)
        }

    def near(self, text: str) -> list[Found]:
        """Return the one name nearest to a word of `text`, if near enough."""
        from rapidfuzz import fuzz, process

        best: tuple[float, Found] | None = None
        words = tokens(text)
        barred = self._barred_at(words)
        for position, (word, start, end) in enumerate(words):
            if (
                position in barred
                or len(word) < LEAST_NEAR_LENGTH
                or any(c.isdigit() for c in word)
            ):
                continue
            match = process.extractOne(
                word, self._near_names, scorer=fuzz.ratio, score_cutoff=LEAST_NEAR_SCORE
            )
            if match and (best is None or match[1] > best[0]):
                best = match[1], Found(self.ids[match[0]], start, end, near=match[0])
        return [best[1]] if best else []
