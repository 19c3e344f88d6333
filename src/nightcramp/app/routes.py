"""The kinds of routes: views that show something, acts that change something, files to take away.

Each stands once and is served twice: as a page for browsers, and below `/api` as JSON. What a
view returns is the contract of its page: the template sees nothing else.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from nightcramp.app.asked import Asked


class Done(Struct, frozen=True, kw_only=True):
    """What became of an act: where to go on, and what is said there."""

    goto: str
    said: str = ""
    secret: str = ""
    """An address that opens something; it is shown this once, with what is said."""


class Nothing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The form of an act that needs to know nothing."""


@dataclass(frozen=True)
class View:
    """Something to look at. `make` returns its contract; `says` is one sentence for the API.

    `public`: before signing in. `readers`: also for a clinician's link.
    """

    path: str
    make: Callable[[Asked], Struct]
    template: str
    says: str
    public: bool = False
    readers: bool = False

    @property
    def contract(self) -> type[Struct]:
        """The type of what is shown."""
        return typing.get_type_hints(self.make)["return"]  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Act:
    """Something to do. `do` takes the filled `form`; `again` is the view that shows a fault.

    `public`: before signing in. `files`: names under which files may be sent. `answer`: what
    `do` returns, where a program is told more than a person.
    """

    path: str
    do: Callable[[Asked, Any], Done]
    form: type[Struct]
    says: str
    again: str = ""
    public: bool = False
    files: tuple[str, ...] = ()
    answer: type[Done] = Done


@dataclass(frozen=True)
class File:
    """Bytes to take away, with their name and media type."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True)
class Download:
    """A file to take away. `public`: before signing in, where the address itself is the key."""

    path: str
    make: Callable[[Asked], File]
    says: str
    kind: str = "application/octet-stream"
    readers: bool = False
    public: bool = False


@dataclass(frozen=True)
class Passage:
    """An address that leads elsewhere at once, such as a link that was sent to a clinician."""

    path: str
    do: Callable[[Asked], Done]
    says: str
    public: bool = False
    answer: type[Done] = Done


Route = View | Act | Download | Passage
