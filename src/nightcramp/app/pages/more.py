"""Where everything else is."""

from __future__ import annotations

from msgspec import Struct

from nightcramp.app.asked import Asked
from nightcramp.app.routes import Route, View
from nightcramp.language import gettext as _


class Link(Struct, frozen=True):
    """A room, what it is called, and what is in it."""

    path: str
    name: str
    holds: str


class MorePage(Struct, frozen=True, kw_only=True):
    """The rooms that the tabs do not show."""

    links: list[Link]


def more(asked: Asked) -> MorePage:
    """Return where everything else is."""
    return MorePage(
        links=[
            Link("/morning", _("The morning"), _("What last night and the day before it held.")),
            Link("/interview", _("Questions"), _("One a page; stop whenever you like.")),
            Link("/records", _("Records"), _("Bring in files of a clinic, a phone or a table.")),
            Link("/findings", _("Findings"), _("What your cramps go with, from your own nights.")),
            Link("/doctor", _("For my doctor"), _("A page to take along, and a link to read.")),
            Link("/people", _("People"), _("Whose diary this is.")),
            Link("/settings", _("Settings"), _("Language, reminders, what is kept, deleting it.")),
            Link("/evidence", _("What we know"), _("Every cause and remedy, with its sources.")),
            Link("/design", _("The design"), _("Colours, type and parts of these pages.")),
        ]
    )


ROUTES: tuple[Route, ...] = (View("/more", more, "more.html", "Where everything else is."),)
