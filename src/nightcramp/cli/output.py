"""What commands print for programs."""

from __future__ import annotations

from typing import Any


def json_text(value: Any) -> str:
    """Return a value as indented JSON."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode()
