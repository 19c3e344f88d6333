"""Opens a file a person gave, whatever its notation, within safe limits."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from nightcramp.errors import InputError, one_line

MOST_BYTES = 2_000_000
MOST_DEPTH = 12


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the content of a TOML, YAML or JSON file; raises InputError."""
    data = _parse(path, text_of(path))
    if not isinstance(data, dict):
        raise InputError(
            "this is not a story file: it must hold named entries such as `answers`",
            where=str(path),
            hint="`nightcramp schema story` shows what a story file may hold.",
        )
    return data


def text_of(path: Path, kind: str = "story file") -> str:
    """Return the text of a file of some kind; raises InputError where it cannot be read."""
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(
                f"the file has {size / 1e6:.1f} MB; a {kind} has at most {MOST_BYTES / 1e6:.0f} MB",
                where=str(path),
                hint="Check that this is the file you meant.",
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError:
        raise InputError(
            "is not text in UTF-8", where=str(path), hint="Save it as a UTF-8 text file."
        ) from None


def _parse(path: Path, text: str) -> Any:
    readers = {".toml": _toml, ".json": _json, ".yaml": _yaml, ".yml": _yaml}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"the ending {path.suffix!r} is not known",
            where=str(path),
            hint="A story file ends in .toml, .yaml or .json.",
        )
    try:
        data = reader(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"is not valid {path.suffix[1:].upper()}: {one_line(error, 200)}", where=str(path)
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
            raise ValueError(f"the entry {key!r} stands twice")
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
                raise ValueError(f"line {line}: references (&, *, !) are not used in story files")
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise ValueError(str(error)) from None


def _check_depth(data: Any, path: Path) -> None:
    level = [data]
    for _ in range(MOST_DEPTH):
        level = [v for item in level for v in _children(item)]
        if not level:
            return
    raise InputError("is nested too deeply for a story file", where=str(path))


def _children(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return list(item.values())
    return list(item) if isinstance(item, list) else []
