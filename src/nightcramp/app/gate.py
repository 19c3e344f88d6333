"""Decides who asks and what they may see; keeps what is to be said next.

Whoever is nobody is refused unless a route is public. Where only this machine can ask, the diary
of a person without a passphrase is open to it; everywhere else a session is needed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

import msgspec
from babel import negotiate_locale
from starlette.requests import Request
from starlette.responses import Response

from nightcramp.app.access.cookies import (
    EXAMPLE,
    PASSKEY,
    PERSON,
    READER,
    SAID,
    SESSION,
    Cookie,
    cookie_in,
    set_cookie,
)
from nightcramp.app.access.database import access
from nightcramp.app.access.door import Challenges, Door
from nightcramp.app.access.limits import Limits
from nightcramp.app.access.passphrases import people_with_passphrase
from nightcramp.app.access.people import people_here
from nightcramp.app.access.preferences import Preferences, preferences_of
from nightcramp.app.access.sessions import Session, note_use, session_of
from nightcramp.app.asked import Asked, Viewer
from nightcramp.app.problem import Problem, RefusedError
from nightcramp.app.routes import Done
from nightcramp.app.templating import Frame
from nightcramp.errors import InputError
from nightcramp.intake.diary_clock import PersonClock, person_clock
from nightcramp.language import ENGLISH, NAMES
from nightcramp.language import gettext as _
from nightcramp.store.database import ME
from nightcramp.store.place import current_place, placed_at

MOST_SAID = 1000
SAID_SECONDS = 60
NOBODY = Viewer(key="", name="", role="nobody")


@dataclass
class Gate:
    """Who may see what. `local`: only this machine can ask."""

    local: bool = True
    said: dict[str, Done] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    challenges: Challenges = field(default_factory=Challenges)

    def asked(self, request: Request, *, public: bool) -> Asked:
        """Return the request as pages see it; raises RefusedError for who is nobody."""
        people = people_here()
        with access():
            door = replace(self._door(request), several=self.local and len(people) > 1)
            chosen = cookie_in(request.cookies, PERSON, secure=door.secure)
            viewer = _viewer(door, chosen, people, people_with_passphrase())
            asked = self._asked(request, door, viewer)
        request.state.asked = asked
        if viewer.role == "nobody" and not (public or asked.viewer.example):
            raise RefusedError(401, _("sign in first"))
        for used in (door.session, door.reader):
            if used is not None:
                note_use(used)
        return asked

    def frame(self, request: Request, asked: Asked, problem: Problem | None = None) -> Frame:
        """Return what stands around a page."""
        waiting = cookie_in(request.cookies, SAID, secure=asked.door.secure)
        said = self.said.pop(waiting, Done(goto=""))
        return Frame(
            path=request.url.path,
            who=asked.viewer.name,
            several=asked.door.several,
            reader=asked.viewer.role == "reader",
            nobody=asked.viewer.role == "nobody",
            example=asked.viewer.example,
            said=said.said,
            secret=said.secret,
            problem=problem,
        )

    def frame_of_problem(self, request: Request) -> Frame:
        """Return what stands around a page that only says what went wrong."""
        asked: Asked | None = getattr(request.state, "asked", None)
        viewer = asked.viewer if asked else NOBODY
        return Frame(
            path=request.url.path,
            reader=viewer.role == "reader",
            nobody=viewer.role == "nobody",
            example=viewer.example,
        )

    def settle(self, request: Request, response: Response, done: Done | None = None) -> None:
        """Set the cookies of an answer, and keep what is to be said on the next page."""
        door: Door = request.state.asked.door
        if done is not None and (done.said or done.secret):
            key = secrets.token_urlsafe(18)
            while len(self.said) >= MOST_SAID:
                self.said.pop(next(iter(self.said)))
            self.said[key] = done
            door.set(SAID, key, SAID_SECONDS)
        elif done is None and cookie_in(request.cookies, SAID, secure=door.secure):
            door.clear(SAID)
        self.set_cookies(request, response)

    def set_cookies(self, request: Request, response: Response) -> None:
        """Set the cookies that pages and acts asked for; of one name, the last."""
        door: Door = request.state.asked.door
        wanted: dict[str, Cookie] = {cookie.name: cookie for cookie in door.cookies}
        for cookie in wanted.values():
            set_cookie(response, cookie, secure=door.secure)

    def language_of(self, request: Request) -> str:
        """Return the language to answer in: of the person, else the machine, else the browser."""
        asked: Asked | None = getattr(request.state, "asked", None)
        return asked.preferences.language if asked else language_for(request)

    def _door(self, request: Request) -> Door:
        """Return the way a request came in; behind a proxy on this machine, as the proxy says."""
        proxied = not self.local and _is_loopback(_peer(request))
        headers = request.headers
        forwarded = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        scheme = headers.get("x-forwarded-proto", "") if proxied else ""
        scheme = scheme if scheme in ("http", "https") else request.url.scheme
        secure = scheme == "https"

        def found(name: str) -> str:
            return cookie_in(request.cookies, name, secure=secure)

        return Door(
            address=forwarded if proxied and forwarded else _peer(request),
            origin=f"{scheme}://{headers.get('host', 'localhost')}",
            local=self.local,
            secure=secure,
            session=_kind(session_of(found(SESSION)), by_link=False),
            reader=_kind(session_of(found(READER)), by_link=True),
            challenge=found(PASSKEY),
            limits=self.limits,
            challenges=self.challenges,
        )

    def _asked(self, request: Request, door: Door, viewer: Viewer) -> Asked:
        wants_example = cookie_in(request.cookies, EXAMPLE, secure=door.secure) == "1"
        may = viewer.role == "owner" or (self.local and viewer.role == "nobody")
        if wants_example and may:
            return _example(request, door)
        preferences = _settled(viewer, request)
        return Asked(
            viewer=viewer,
            preferences=preferences,
            place=current_place(),
            clock=_clock(preferences),
            params=dict(request.path_params),
            query=dict(request.query_params),
            door=door,
        )


def _viewer(
    door: Door, chosen: str, people: Mapping[str, str], with_passphrase: Collection[str]
) -> Viewer:
    """Return who asks: a reader before all else, whoever was chosen, whoever signed in, nobody."""
    reachable = [key for key in people if door.local or key in with_passphrase]
    if door.reader is not None and door.reader.person in reachable:
        key = door.reader.person
        return Viewer(key=key, name=people[key], role="reader")
    open_to_all = [key for key in people if door.local and key not in with_passphrase]
    signed_in = [door.session.person] if door.session else []
    for key in (chosen, *signed_in, _usual(people, open_to_all)):
        if key in reachable and key in (*signed_in, *open_to_all):
            return Viewer(key=key, name=people[key])
    return NOBODY


def _usual(people: Mapping[str, str], open_to_all: Collection[str]) -> str:
    """Return the key of the person meant where none is chosen, as for the commands; "" for none."""
    names = {name: key for key, name in people.items()}
    named = os.environ.get("NIGHTCRAMP_PERSON", "")
    if named or ME in names:
        key = names.get(named or ME, "")
    else:
        key = next(iter(people), "") if len(people) == 1 else ""
    return key if key in open_to_all else ""


def _kind(session: Session | None, *, by_link: bool) -> Session | None:
    """Return a session of this kind only: a link never stands in for signing in."""
    return session if session and bool(session.link) == by_link else None


def _example(request: Request, door: Door) -> Asked:
    from nightcramp.app.example import EXAMPLE_NAME, example_clock, example_place

    place = example_place()
    with placed_at(place):
        key = next(key for key, name in people_here().items() if name == EXAMPLE_NAME)
    viewer = Viewer(key=key, name=EXAMPLE_NAME, example=True)
    preferences = _settled(viewer, request)
    return Asked(
        viewer=viewer,
        preferences=preferences,
        place=place,
        clock=example_clock(preferences.zone),
        params=dict(request.path_params),
        query=dict(request.query_params),
        door=replace(door, several=False),
    )


def _settled(viewer: Viewer, request: Request) -> Preferences:
    """Return what a viewer prefers; a reader is answered in their own language."""
    kept = preferences_of(viewer.key) if viewer.key else Preferences(language="")
    known = kept.language if kept.language in NAMES and viewer.role == "owner" else ""
    return msgspec.structs.replace(kept, language=known or language_for(request))


def _clock(preferences: Preferences) -> PersonClock:
    """Return the clock of the zone a person prefers, or of this machine where that is gone."""
    try:
        return person_clock(preferences.zone)
    except InputError:
        return person_clock()


def language_for(request: Request) -> str:
    """Return the language where none was chosen: NIGHTCRAMP_LANGUAGE, the browser's, English."""
    told = os.environ.get("NIGHTCRAMP_LANGUAGE", "")
    if told in NAMES:
        return told
    wanted: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "")[:500].split(","):
        name, _sep, quality = part.strip().partition(";q=")
        try:
            wanted.append((-float(quality or 1), name.replace("-", "_")))
        except ValueError:
            continue
    codes = [name for weight, name in sorted(wanted, key=lambda one: one[0]) if weight < 0 and name]
    found = negotiate_locale(codes, list(NAMES), aliases={})
    return (found or ENGLISH).lower()


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
