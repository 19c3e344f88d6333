"""Language, units and time zone of one person, and the way to all other settings."""

from __future__ import annotations

import functools
from typing import Annotated, Literal
from zoneinfo import available_timezones

from msgspec import Meta, Struct

from nightcramp.app.access.preferences import keep_preferences
from nightcramp.app.asked import Asked
from nightcramp.app.routes import Act, Done, Route, View
from nightcramp.errors import InputError
from nightcramp.intake.diary_clock import machine_zone
from nightcramp.language import NAMES, speaking
from nightcramp.language import gettext as _

PAGE = "/settings"
AREAS = (
    "Africa/",
    "America/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


class LanguageChoice(Struct, frozen=True):
    """A language by its code, and what it calls itself."""

    code: str
    name: str


class SettingsPage(Struct, frozen=True, kw_only=True):
    """How a person wants to be answered.

    `zone`: "" for the machine's, which is `machine_zone` ("" where it is not known).
    """

    name: str
    language: str
    languages: list[LanguageChoice]
    units: Literal["metric", "imperial"]
    zone: str
    machine_zone: str
    zones: list[str]
    example: bool


class SettingsForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Language, units and zone; no zone is the machine's."""

    language: Annotated[str, Meta(max_length=10)] = "en"
    units: Literal["metric", "imperial"] = "metric"
    zone: Annotated[str, Meta(max_length=60)] = ""


def settings(asked: Asked) -> SettingsPage:
    """Return the settings of whoever asks."""
    kept = asked.preferences
    return SettingsPage(
        name=asked.viewer.name,
        language=kept.language,
        languages=[LanguageChoice(code, name) for code, name in NAMES.items()],
        units=kept.units,
        zone=kept.zone,
        machine_zone=_machine_zone(),
        zones=list(_zones()),
        example=asked.viewer.example,
    )


def keep_settings(asked: Asked, form: SettingsForm) -> Done:
    """Keep the settings; the next page is in the language chosen."""
    person = asked.viewer.key
    keep_preferences(person, language=form.language, zone=form.zone, units=form.units)
    with speaking(form.language):
        return Done(goto=PAGE, said=_("Kept."))


def _machine_zone() -> str:
    try:
        return machine_zone()
    except InputError:
        return ""


@functools.cache
def _zones() -> tuple[str, ...]:
    """Return the names of zones by place, in the order of the alphabet."""
    return tuple(sorted(name for name in available_timezones() if name.startswith(AREAS)))


ROUTES: tuple[Route, ...] = (
    View(PAGE, settings, "settings.html", "Language, units and time zone."),
    Act(PAGE, keep_settings, SettingsForm, "Keep language, units and time zone.", again=PAGE),
)
