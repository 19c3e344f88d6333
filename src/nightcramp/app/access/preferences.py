"""What each person prefers: language, zone and units."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from nightcramp.app.access.database import access, preference
from nightcramp.diary.clock import zone_named
from nightcramp.errors import InputError
from nightcramp.language import NAMES
from nightcramp.language import gettext as _

Units = Literal["metric", "imperial"]


class Preferences(Struct, frozen=True, kw_only=True):
    """How one person wants to be answered."""

    language: str = "en"
    """A code of `language.NAMES`; "" where none was chosen: then the browser's is taken."""
    zone: str = ""
    """Time zone in the tz database; "" is the machine's."""
    units: Units = "metric"


def preferences_of(person: str) -> Preferences:
    """Return what a person prefers, by their key; the language is "" where none was chosen."""
    with access() as connection:
        row = connection.execute(select(preference).where(preference.c.person == person)).first()
    if row is None:
        return Preferences(language="")
    return Preferences(language=row.language, zone=row.zone, units=row.units)


def keep_preferences(
    person: str, *, language: str = "", zone: str = "", units: Units = "metric"
) -> None:
    """Keep what a person prefers; raises InputError for a language or zone that is not known."""
    if language and language not in NAMES:
        raise InputError(_("there is no such language"))
    zone = zone.strip()
    if zone:
        zone_named(zone)
    values = {"language": language, "zone": zone, "units": units}
    with access(writing=True) as connection:
        statement = insert(preference).values(person=person, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["person"], set_=values))
