"""Links for a clinician: made, listed, taken back, opened and closed."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from msgspec import Meta, Struct

from nightcramp.app.access.cookies import READER
from nightcramp.app.access.database import DAY
from nightcramp.app.access.links import LONGEST, end_link, links_of, make_link, open_link
from nightcramp.app.access.passphrases import has_passphrase
from nightcramp.app.access.sessions import end_session
from nightcramp.app.asked import Asked
from nightcramp.app.pages.security import refuse_example
from nightcramp.app.problem import RefusedError
from nightcramp.app.routes import Act, Done, Nothing, Passage, Route, View
from nightcramp.language import gettext as _

PAGE = "/settings/links"
READERS_START = "/doctor"


class LinkLine(Struct, frozen=True, kw_only=True):
    """One link that works: for whom, until when, how often it was opened."""

    id: str
    label: str
    made_on: dt.date
    ends_at: dt.datetime
    uses: int
    used_on: dt.date | None


class LinksPage(Struct, frozen=True, kw_only=True):
    """The links that work now."""

    links: list[LinkLine]
    days: list[int]
    this_machine_only: bool
    """Whether an address made here opens on this machine only."""
    needs_passphrase: bool


class NewLink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For whom a link is, and how many days it works."""

    label: Annotated[str, Meta(max_length=80)] = ""
    days: Literal[1, 7, 30] = 7


class OneLink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which link is meant."""

    id: Annotated[str, Meta(max_length=100)]


def links_page(asked: Asked) -> LinksPage:
    """Return the links of a person."""
    refuse_example(asked)
    zone = asked.clock.zone
    return LinksPage(
        links=[
            LinkLine(
                id=one.id,
                label=one.label,
                made_on=one.made_at.astimezone(zone).date(),
                ends_at=one.ends_at.astimezone(zone),
                uses=one.uses,
                used_on=one.used_at.astimezone(zone).date() if one.used_at else None,
            )
            for one in links_of(asked.viewer.key)
        ],
        days=[1, 7, 30],
        this_machine_only=asked.door.local,
        needs_passphrase=not has_passphrase(asked.viewer.key),
    )


def add_link(asked: Asked, form: NewLink) -> Done:
    """Make a link; its address is shown this once."""
    refuse_example(asked)
    label = form.label.strip() or _("No name")
    token = make_link(asked.viewer.key, label, form.days)
    return Done(
        goto=PAGE,
        said=_("The link for {label} is made. Copy its address now: it is not shown again.").format(
            label=label
        ),
        secret=f"{asked.door.origin}/link/{token}",
    )


def take_link_back(asked: Asked, form: OneLink) -> Done:
    """Take a link back; whoever opened it sees nothing more."""
    refuse_example(asked)
    end_link(asked.viewer.key, form.id)
    return Done(goto=PAGE, said=_("The link is taken back. It opens nothing any more."))


def follow_link(asked: Asked) -> Done:
    """Open a link: this browser may then read what a clinician may see, and do nothing."""
    token = open_link(asked.params["token"])
    if asked.door.reader is not None:
        end_session(asked.door.reader.hash)
    asked.door.set(READER, token, LONGEST * DAY)
    return Done(goto=READERS_START)


def close_link(asked: Asked, form: Nothing) -> Done:
    """Close what a link opened in this browser."""
    if asked.door.reader is None:
        raise RefusedError(404, _("no link is open here"))
    end_session(asked.door.reader.hash)
    asked.door.clear(READER)
    return Done(goto="/sign-in", said=_("Closed. Open the link again to read on."))


ROUTES: tuple[Route, ...] = (
    View(PAGE, links_page, "links.html", "The links for a clinician that work now."),
    Act(PAGE, add_link, NewLink, "Make a link for a clinician; it is shown once.", again=PAGE),
    Act(f"{PAGE}/end", take_link_back, OneLink, "Take a link back.", again=PAGE),
    Passage("/link/{token}", follow_link, "Open a clinician's link.", public=True),
    Act("/link/close", close_link, Nothing, "Close what a link opened.", public=True),
)
