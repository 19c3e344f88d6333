"""What is asked and answered at the addresses of CDS Hooks 2.0, as plain values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Raw, Struct

FhirId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Address = Annotated[str, Meta(min_length=1, max_length=2000)]
Indicator = Literal["info", "warning", "critical"]


class Service(Struct, frozen=True, kw_only=True):
    """One service as discovery describes it."""

    hook: str
    title: str
    description: str
    id: str
    prefetch: dict[str, str]


class Discovery(Struct, frozen=True, kw_only=True):
    """All services there are."""

    services: list[Service]


class Coding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One code of a code system."""

    code: str
    system: str = ""
    display: str = ""


class Source(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose guidance a card is."""

    label: str
    url: str = ""
    topic: Coding | None = None


class Link(Struct, frozen=True, kw_only=True):
    """An address to open: of a source of evidence, or of the page inside the record system."""

    label: str
    url: str
    type: Literal["absolute", "smart"] = "absolute"


class Action(Struct, frozen=True, kw_only=True):
    """Something that is created when the clinician says so. Nothing is changed or deleted."""

    type: Literal["create"] = "create"
    description: str
    resource: dict[str, Any]


class Suggestion(Struct, frozen=True, kw_only=True):
    """One thing that may be done."""

    label: str
    uuid: str
    actions: list[Action]


class Card(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What a clinician is shown; optional parts without a value are left out."""

    uuid: str
    summary: str
    detail: str
    indicator: Indicator
    source: Source
    suggestions: list[Suggestion] = []
    selection_behavior: Literal["", "at-most-one", "any"] = ""
    override_reasons: list[Coding] = []
    links: list[Link] = []


class Answer(Struct, frozen=True, kw_only=True):
    """The cards for one call: none, or one."""

    cards: list[Card]


class Authorization(Struct, frozen=True, kw_only=True):
    """The right to fetch from the caller's FHIR server."""

    access_token: Annotated[str, Meta(min_length=1, max_length=20_000)]
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str
    subject: str


class Request(Struct, frozen=True, kw_only=True, rename="camel"):
    """One call of a service."""

    hook: Name
    hook_instance: Name
    context: Raw
    fhir_server: Address | None = None
    fhir_authorization: Authorization | None = None
    prefetch: dict[str, Raw] | None = None


class VisitContext(Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose record is open, and who looks at it."""

    user_id: Name
    patient_id: FhirId
    encounter_id: str | None = None


class SignContext(VisitContext, frozen=True, kw_only=True, rename="camel"):
    """The orders that are about to be signed: a Bundle."""

    draft_orders: Raw


class SelectContext(SignContext, frozen=True, kw_only=True, rename="camel"):
    """The orders so far, and which were chosen just now (`MedicationRequest/1`)."""

    selections: list[Name]


class AcceptedSuggestion(Struct, frozen=True, kw_only=True):
    """A suggestion that was taken."""

    id: Name


class OverrideReason(Struct, frozen=True, kw_only=True, rename="camel"):
    """Why a card was dismissed; what was typed in free text is not read."""

    reason: Coding | None = None


class Reaction(Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of one card."""

    card: Name
    outcome: Literal["accepted", "overridden"]
    outcome_timestamp: Annotated[str, Meta(max_length=40)]
    accepted_suggestions: list[AcceptedSuggestion] | None = None
    override_reason: OverrideReason | None = None


class Feedback(Struct, frozen=True, kw_only=True):
    """What became of cards given before."""

    feedback: Annotated[list[Reaction], Meta(min_length=1, max_length=200)]
