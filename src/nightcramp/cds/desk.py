"""Answers calls of the services: reads the person, and decides whether there is a card to show."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from nightcramp.app.problem import RefusedError
from nightcramp.assess.assessment import assess
from nightcramp.cds.cards import Place, Told, visit_card
from nightcramp.cds.messages import (
    Answer,
    Authorization,
    Card,
    Feedback,
    Request,
    SignContext,
    VisitContext,
)
from nightcramp.cds.orders import drafts_of, order_card
from nightcramp.cds.outgoing import Outgoing, OutgoingError
from nightcramp.cds.person import Person, person_of
from nightcramp.cds.prefetch import Given, check_enough, read_prefetch, take
from nightcramp.cds.reactions import Reactions
from nightcramp.cds.repeats import Repeats
from nightcramp.cds.services import PATIENT, Kind, Wanted, wanted
from nightcramp.cds.settings import Settings
from nightcramp.cds.trust import Caller
from nightcramp.errors import one_line
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import gettext as _

T = TypeVar("T")
AT_ONCE = 4


@dataclass(frozen=True)
class Call:
    """One call, read. `drafts`: the medicines that are ordered, None where it is about a visit."""

    context: VisitContext
    instance: str
    person: Person
    drafts: list[dict[str, Any]] | None

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to say, before anything is weighed."""
        return not self.person.has_cramps if self.drafts is None else not self.drafts


@dataclass
class Desk:
    """What is behind the addresses. `fetches`: whether what a call left out may be fetched."""

    settings: Settings
    fetches: bool = False
    today: Callable[[], dt.date] = dt.date.today
    outgoing: Outgoing = field(default_factory=lambda: Outgoing(seconds=2))
    repeats: Repeats = field(init=False)
    reactions: Reactions = field(init=False)
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        """Make the memory of what was shown, and read the counts."""
        chosen = self.settings
        self.repeats = Repeats(chosen.repeat_hours * 3600)
        file = chosen.file(chosen.counts) if chosen.counts else None
        self.reactions = Reactions(chosen.muting, file)
        self.place = Place(chosen.url, bool(chosen.record_system))

    def read(self, kind: Kind, body: bytes) -> Call:
        """Return what one call asks, and of whom; raises RefusedError."""
        known, today = knowledge(), self.today()
        request = read(body, Request)
        context = self._context(kind, request)
        parts = wanted(known, today, kind)
        given = read_prefetch(request.prefetch or {}, parts, context.patient_id)
        self._fetch(given, parts, request, context.patient_id)
        drafts = drafts_of(context) if isinstance(context, SignContext) else None
        check_enough(given, parts)
        return Call(context, request.hook_instance, person_of(given, parts, known, today), drafts)

    def answer(self, kind: Kind, caller: Caller, call: Call) -> Answer:
        """Return the cards for one call: one, or none."""
        known, today, context = knowledge(), self.today(), call.context
        if call.is_quiet:
            return Answer(cards=[])
        if call.drafts is not None:
            told = order_card(call.drafts, call.person, self.place, known, today)
        else:
            found = assess(call.person.facts, questions=0)
            told = visit_card(found, call.person, context.patient_id, self.place, known)
        whom = (caller.iss, caller.tenant, context.user_id, context.patient_id)
        if told is None or self._is_held_back(told, kind, caller, whom, call.instance):
            return Answer(cards=[])
        card = _named(told.card)
        self.reactions.given(card.uuid, caller.iss, kind.id, told.kind, today)
        return Answer(cards=[card])

    def listen(self, kind: Kind, caller: Caller, body: bytes) -> None:
        """Count what became of cards; raises RefusedError (400)."""
        feedback = read(body, Feedback)
        for one in feedback.feedback:
            if one.outcome == "accepted" and not one.accepted_suggestions:
                raise RefusedError(400, _("`acceptedSuggestions` is missing"))
            if not _is_moment(one.outcome_timestamp):
                raise RefusedError(400, _("`outcomeTimestamp` is not a time"))
        self.reactions.tell(feedback.feedback, caller.iss, kind.id, self.today())

    def _context(self, kind: Kind, request: Request) -> Any:
        if request.hook != kind.hook:
            said = _("this service is for the hook {hook}")
            raise RefusedError(400, said.format(hook=kind.hook))
        if request.fhir_authorization and not request.fhir_server:
            raise RefusedError(400, _("`fhirAuthorization` needs `fhirServer`"))
        return read(request.context, kind.context, "context: ")

    def _fetch(
        self, given: Given, parts: tuple[Wanted, ...], request: Request, patient: str
    ) -> None:
        """Fetch what the call left out, if that is allowed, from a server that was set."""
        server, right = (request.fhir_server or "").rstrip("/"), request.fhir_authorization
        if not (self.fetches and right and server in self.settings.fetch_from):
            return
        missing = [part for part in parts if part.key not in given.there]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(lambda part: self._fetched(server, part, right, patient), missing)
            for part, data in zip(missing, found, strict=True):
                if data is not None:
                    take(given, part, data, patient)

    def _fetched(
        self, server: str, part: Wanted, right: Authorization, patient: str
    ) -> bytes | None:
        query = part.query.replace(PATIENT, quote(patient, safe=""))
        headers = {
            "authorization": f"Bearer {right.access_token}",
            "accept": "application/fhir+json",
        }
        try:
            return self.outgoing.get(f"{server}/{query}", headers)
        except OutgoingError:
            return None

    def _is_held_back(
        self, told: Told, kind: Kind, caller: Caller, whom: tuple[str, ...], instance: str
    ) -> bool:
        """Return whether a card was shown lately, or is of a kind that nobody there wants.

        An emergency is always shown; whatever is more than information is never muted.
        """
        if told.card.indicator == "critical":
            return False
        muted = self.reactions.is_muted(caller.iss, kind.id, told.kind, self.today())
        if muted and told.card.indicator == "info":
            return True
        content = msgspec.json.encode(told.card)
        return self.repeats.is_repeated(*whom, content=content, instance=instance)


def read(data: bytes | msgspec.Raw, kind: type[T], where: str = "") -> T:
    """Return JSON as a value; raises RefusedError (400) naming the place that does not fit."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        said = _("what was sent does not fit: {where}{fault}")
        raise RefusedError(400, said.format(where=where, fault=one_line(error, 160))) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RefusedError(400, _("what was sent is not JSON")) from None
    except RecursionError:
        raise RefusedError(400, _("what was sent is nested too deeply")) from None


def _named(card: Card) -> Card:
    """Return a card with its own id, and ids for what it suggests."""
    suggestions = [msgspec.structs.replace(one, uuid=str(uuid.uuid4())) for one in card.suggestions]
    return msgspec.structs.replace(card, uuid=str(uuid.uuid4()), suggestions=suggestions)


def _is_moment(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return len(text) > len("2026-11-26")
