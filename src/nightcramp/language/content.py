"""The knowledge in another language: texts are looked up, names are added, all else stays.

Which fields are texts is said where they are declared: `Text` in `knowledge/schema.py`.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from nightcramp.knowledge.schema import Text
from nightcramp.language.catalogue import Catalogue
from nightcramp.language.names import names_of, with_names

if TYPE_CHECKING:
    from nightcramp.knowledge.loader import Knowledge


def in_language(knowledge: Knowledge, code: str, words: Catalogue) -> Knowledge:
    """Return the knowledge with the texts and beside the names of a language."""
    texts: Knowledge = in_words_of(knowledge, words)
    return with_names(texts, names_of(code), where=f"{code}/names.toml")


def in_words_of(value: Any, words: Catalogue) -> Any:
    """Return a record, or lists and tables of records, with its texts translated."""
    if isinstance(value, Struct):
        texts = texts_of(type(value))
        changed = {}
        for name in value.__struct_fields__:
            before = getattr(value, name)
            after = _looked_up(before, words) if name in texts else in_words_of(before, words)
            if after is not before:
                changed[name] = after
        return replace(value, **changed) if changed else value
    if isinstance(value, dict):
        return _if_changed(value, {key: in_words_of(item, words) for key, item in value.items()})
    if isinstance(value, list):
        return _if_changed(value, [in_words_of(item, words) for item in value])
    return value


def texts_in(value: Any) -> Iterator[tuple[str, str]]:
    """Yield (kind and field, text) of every text people read in records, in their order."""
    if isinstance(value, Struct):
        texts = texts_of(type(value))
        for name in value.__struct_fields__:
            inner = getattr(value, name)
            if name not in texts:
                yield from texts_in(inner)
                continue
            for text in [inner] if isinstance(inner, str) else inner:
                if text:
                    yield f"{type(value).__name__}.{name}", text
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)


@functools.cache
def texts_of(kind: type) -> frozenset[str]:
    """Return the names of the fields of a record that hold texts people read."""
    hints = typing.get_type_hints(kind, include_extras=True)
    wanted = {Text, Text | None, list[Text]}
    return frozenset(name for name, hint in hints.items() if hint in wanted)


def _looked_up(value: Any, words: Catalogue) -> Any:
    if isinstance(value, list):
        return _if_changed(value, [words.get(text) for text in value])
    return words.get(value) if value else value


def _if_changed(before: Any, after: Any) -> Any:
    items = (
        zip(before.values(), after.values(), strict=True)
        if isinstance(before, dict)
        else (zip(before, after, strict=True))
    )
    return before if all(old is new for old, new in items) else after
