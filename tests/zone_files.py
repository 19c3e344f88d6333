"""Every time zone of this machine's tz database, with the moments at which its clock changes.

Read from the compiled files, independently of `zoneinfo`, so that the clock can be checked.
"""

from __future__ import annotations

import bisect
import functools
import hashlib
import struct
import zoneinfo
from dataclasses import dataclass
from pathlib import Path

HEADER = struct.Struct(">4s1c15x6l")


@dataclass(frozen=True)
class Zone:
    """One zone: when its offset from UTC changes (seconds since 1970), and to how many seconds."""

    name: str
    times: tuple[int, ...]
    offsets: tuple[int, ...]
    first: int
    rule: str

    def offset(self, second: int) -> int:
        """Return the offset at a moment up to the last listed change."""
        place = bisect.bisect_right(self.times, second)
        return self.offsets[place - 1] if place else self.first

    def evening(self, second: int) -> int:
        """Return the evening of a moment, as days since 1970, by plain whole numbers."""
        return (second + self.offset(second) - 43_200) // 86_400


def read_zone(name: str) -> Zone | None:
    """Return a zone from its compiled file; None where this machine has no such file."""
    path = next((Path(p, name) for p in zoneinfo.TZPATH if Path(p, name).is_file()), None)
    if path is None:
        return None
    data = path.read_bytes()
    magic, version, isut, isstd, leaps, times, types, letters = HEADER.unpack_from(data)
    assert magic == b"TZif"
    assert version >= b"2"
    start = HEADER.size + times * 5 + types * 6 + letters + leaps * 8 + isstd + isut
    _, _, isut, isstd, leaps, times, types, letters = HEADER.unpack_from(data, start)
    at = start + HEADER.size
    moments = struct.unpack_from(f">{times}q", data, at)
    kinds = data[at + 8 * times : at + 9 * times]
    at += 9 * times
    offsets = [struct.unpack_from(">l", data, at + 6 * kind)[0] for kind in range(types)]
    at += 6 * types + letters + leaps * 12 + isstd + isut
    rule = data[at:].decode().strip()
    return Zone(name, moments, tuple(offsets[kind] for kind in kinds), offsets[0], rule)


@functools.cache
def every_zone() -> tuple[Zone, ...]:
    """Return every zone of the tz database, one name for each that differs from the others."""
    found: dict[str, Zone] = {}
    for name in sorted(zoneinfo.available_timezones()):
        zone = read_zone(name)
        if zone is not None:
            content = repr((zone.times, zone.offsets, zone.first, zone.rule))
            found.setdefault(hashlib.sha256(content.encode()).hexdigest(), zone)
    return tuple(found.values())
