"""Translations, read from the PO files of a language: what translators' programs write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nightcramp.errors import KnowledgeError

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Texts of one language by their English; of counted ones, both forms."""

    texts: Mapping[str, str | tuple[str, ...]]

    def get(self, text: str) -> str:
        """Return the translation of a text, or the text itself where there is none."""
        found = self.texts.get(text)
        return found if isinstance(found, str) else text

    def counted(self, one: str, many: str, count: int) -> str:
        """Return the form for a count; one form is for one, the other for all else."""
        forms = self.texts.get(one)
        if isinstance(forms, tuple) and len(forms) == 2:
            one, many = forms
        return one if count == 1 else many


def read_catalogue(folder: Path) -> Catalogue:
    """Read every PO file of a folder; raises KnowledgeError for one that is not whole.

    A text that two files translate differently is refused: one English text has one
    translation.
    """
    texts: dict[str, str | tuple[str, ...]] = {}
    for path in sorted(folder.glob("*.po")):
        for key, value in _translated(_read(path)):
            if texts.setdefault(key, value) != value:
                raise KnowledgeError(f"translated in two ways: {key[:60]!r}", where=str(path))
    return Catalogue(texts)


def _read(path: Path) -> Catalog:
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as handle:
            return read_po(handle, charset="utf-8", abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"not a PO file: {error}", where=str(path)) from None


def _translated(catalog: Catalog) -> list[tuple[str, str | tuple[str, ...]]]:
    found: list[tuple[str, str | tuple[str, ...]]] = []
    for message in catalog:
        if not message.id or message.fuzzy:
            continue
        if isinstance(message.id, str) and isinstance(message.string, str) and message.string:
            found.append((message.id, message.string))
        elif isinstance(message.id, tuple | list) and all(message.string or ()):
            found.append((message.id[0], tuple(message.string or ())))
    return found
