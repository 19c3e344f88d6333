"""Writes calendar files (RFC 5545): lines of the right length, and texts that stay texts."""

from __future__ import annotations

from collections.abc import Iterable

MOST_BYTES = 75


def calendar_file(product: str, lines: Iterable[str]) -> bytes:
    """Return a calendar that holds these lines, from its first to its last."""
    whole = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//nightcramp//{product}//EN",
        "CALSCALE:GREGORIAN",
        *lines,
        "END:VCALENDAR",
    )
    return "".join(folded(line) for line in whole).encode()


def escaped(text: str) -> str:
    """Return text with the signs escaped that mean something in a calendar."""
    for sign in "\\;,":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", "\\n")


def folded(line: str) -> str:
    """Return a line with its end, broken into pieces of at most 75 bytes, no letter cut."""
    pieces: list[str] = []
    piece = ""
    for sign in line:
        room = MOST_BYTES - bool(pieces)
        if len((piece + sign).encode()) > room:
            pieces.append(piece)
            piece = ""
        piece += sign
    return "\r\n ".join([*pieces, piece]) + "\r\n"
