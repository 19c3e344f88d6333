"""Takes over what a phone kept while it had no connection."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from nightcramp.app.asked import Asked
from nightcramp.app.problem import RefusedError
from nightcramp.app.routes import Act, Done, Route
from nightcramp.diary.entry import Entry
from nightcramp.intake.diary_arrival import Arrival, take_in
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import gettext as _

MOST = 500


class Handover(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Entries of one diary; `diary` is its key, "" where the phone does not know it."""

    diary: Annotated[str, Meta(max_length=64)] = ""
    entries: Annotated[list[Entry], Meta(max_length=MOST)]


class HandedOver(Done, frozen=True, kw_only=True):
    """What became of each entry, in the order in which they were sent."""

    arrivals: list[Arrival]


def hand_over(asked: Asked, form: Handover) -> HandedOver:
    """Add the entries of a phone, each exactly once, whatever becomes of the others."""
    unknown_whose = not form.diary and not asked.viewer.example
    if not unknown_whose and form.diary != asked.viewer.key:
        raise RefusedError(403, _("these entries belong to another diary"))
    now, measures = asked.clock.now, knowledge().measures
    arrivals = asked.together(lambda store: take_in(store, form.entries, now, measures))
    return HandedOver(goto="/tonight", arrivals=arrivals)


ROUTES: tuple[Route, ...] = (
    Act(
        "/entries",
        hand_over,
        Handover,
        "Add entries made on a phone, each exactly once by its id.",
        answer=HandedOver,
    ),
)
