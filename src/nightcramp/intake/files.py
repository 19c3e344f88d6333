"""Opens a file a person gave, whatever its notation, within safe limits."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from nightcramp.errors import InputError, one_line
from nightcramp.language import gettext, noted, number

MOST_BYTES = 2_000_000
MOST_DEPTH = 12
KINDS = (noted("story file"), noted("protocol"), noted("sheet"))
"""What files are called in messages about them."""


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the content of a TOML, YAML or JSON file; raises InputError."""
    data = _parse(path, text_of(path))
    if not isinstance(data, dict):
        raise InputError(
            gettext("this is not a story file: it must hold named entries such as `answers`"),
            where=str(path),
            hint=gettext("`nightcramp schema story` shows what a story file may hold."),
        )
    return data


def text_of(path: Path, kind: str = "story file") -> str:
    """Return the text of a file of some kind; raises InputError where it cannot be read."""
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(
                gettext("the file has {size} MB; a {kind} has at most {most} MB").format(
                    size=number(size / 1e6, ".1f"),
                    kind=gettext(kind),
                    most=f"{MOST_BYTES / 1e6:.0f}",
                ),
                where=str(path),
                hint=gettext("Check that this is the file you meant."),
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        why = gettext("cannot be read: {why}").format(why=error.strerror)
        raise InputError(why, where=str(path)) from None
    except UnicodeDecodeError:
        raise InputError(
            gettext("is not text in UTF-8"),
            where=str(path),
            hint=gettext("Save it as a UTF-8 text file."),
        ) from None


def _parse(path: Path, text: str) -> Any:
    readers = {".toml": _toml, ".json": _json, ".yaml": _yaml, ".yml": _yaml}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            gettext("the ending {ending!r} is not known").format(ending=path.suffix),
            where=str(path),
            hint=gettext("A story file ends in .toml, .yaml or .json."),
        )
    try:
        data = reader(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            gettext("is not valid {notation}: {why}").format(
                notation=path.suffix[1:].upper(), why=one_line(error, 200)
            ),
            where=str(path),
        ) from None
    _check_depth(data, path)
    return data


def _toml(text: str) -> Any:
    return tomllib.loads(text)


def _json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_no_duplicates)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(gettext("the entry {key!r} stands twice").format(key=key))
        result[key] = value
    return result


def _yaml(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    reader = YAML(typ="safe", pure=True)
    try:
        for token in reader.scan(text):
            if type(token).__name__ in {"AnchorToken", "AliasToken", "TagToken"}:
                line = token.start_mark.line + 1
                references = gettext(
                    "line {line}: references (&, *, !) are not used in story files"
                )
                raise ValueError(references.format(line=line))
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise ValueError(str(error)) from None


def _check_depth(data: Any, path: Path) -> None:
    level = [data]
    for _ in range(MOST_DEPTH):
        level = [v for item in level for v in _children(item)]
        if not level:
            return
    raise InputError(gettext("is nested too deeply for a story file"), where=str(path))


def _children(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return list(item.values())
    return list(item) if isinstance(item, list) else []
