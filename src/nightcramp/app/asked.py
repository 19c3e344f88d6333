"""One request as the pages see it: who asks, by which clock, about which store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from nightcramp.app.access.door import Door
from nightcramp.app.access.preferences import Preferences
from nightcramp.app.problem import RefusedError
from nightcramp.diary.amounts import measuring_in
from nightcramp.diary.entry import Cramp, Entry, Told
from nightcramp.errors import InputError
from nightcramp.intake.diary_clock import PersonClock
from nightcramp.intake.own_record import OwnRecord, own_record
from nightcramp.language import gettext as _
from nightcramp.language import speaking
from nightcramp.store.database import Store, opened
from nightcramp.store.place import Place, placed_at
from nightcramp.store.together import together

T = TypeVar("T")
__all__ = ["Asked", "Preferences", "Upload", "Viewer"]


class Viewer(Struct, frozen=True, kw_only=True):
    """Whose pages are shown, and to whom: the person, or a clinician with their link.

    Nobody is who has not signed in: they see public pages, and no store.
    """

    key: str
    """The key of the person in the store; "" for nobody."""
    name: str
    role: Literal["owner", "reader", "nobody"] = "owner"
    example: bool = False


class Upload(Struct, frozen=True, kw_only=True):
    """A file that was sent: the name it had, and where it lies until the request is answered."""

    name: str
    path: Path


@dataclass(frozen=True)
class Asked:
    """One request. `params` are of the path, `query` of the address, `files` those sent.

    `door` is the way it came in: pages about signing in need it, others do not.
    """

    viewer: Viewer
    preferences: Preferences
    place: Place
    clock: PersonClock
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[Upload, ...]] = field(default_factory=dict)
    door: Door = field(default_factory=Door)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Let everything in between speak this person's language and mean their store."""
        with ExitStack() as stack:
            stack.enter_context(placed_at(self.place))
            stack.enter_context(speaking(self.preferences.language))
            stack.enter_context(measuring_in(self.preferences.units))
            yield

    @contextmanager
    def opened(self) -> Iterator[Store]:
        """Open the person's store, in one transaction that is kept whole or not at all."""
        if self.viewer.role == "nobody":
            raise RefusedError(401, _("sign in first"))
        with opened(self.viewer.name) as store:
            if store.who.key != self.viewer.key:
                raise RefusedError(404, _("this person was removed meanwhile"))
            yield store

    def together(self, work: Callable[[Store], T]) -> T:
        """Do work with the person's store, in one transaction with others that wait; return it."""
        if self.viewer.role == "nobody":
            raise RefusedError(401, _("sign in first"))
        return together(self.viewer.key, work)

    @cached_property
    def record(self) -> OwnRecord:
        """What the store holds of the person, read once a request."""
        with self.opened() as store:
            return own_record(store)

    def entry(self, body: Cramp | Told | None, replaces: str = "") -> Entry:
        """Return an entry of the diary made now, in the app."""
        made = self.clock.entry(body, replaces)
        return msgspec.structs.replace(made, origin="app")

    def upload(self, name: str) -> Upload:
        """Return the one file sent under a name; raises InputError where there is none."""
        found = self.files.get(name, ())
        if len(found) != 1:
            raise InputError(_("choose one file first"))
        return found[0]
