"""The person and the software, as resources."""

from __future__ import annotations

from collections.abc import Iterable

from nightcramp import __version__
from nightcramp.language import gettext as _
from nightcramp.person.fact import Fact
from nightcramp.report.fhir.elements import (
    Json,
    Names,
    clean,
    concept,
    filled,
    narrative,
    resource,
    says,
)

GENDERS = ("female", "male", "other")


def patient(names: Names, facts: Iterable[Fact], name: str) -> Json:
    """Return the person: sex as told, a name only where one is given.

    The age is an answer, not a date of birth: nobody told one.
    """
    told = {fact.value for fact in facts if fact.id == "sex" and fact.value in GENDERS}
    gender = told.pop() if len(told) == 1 else ""
    return resource(
        "Patient",
        names.of("patient"),
        text=narrative(_("The person whose record this is")),
        name=[{"text": clean(name)}] if says(name) else [],
        gender=gender,
    )


def software(names: Names) -> Json:
    """Return what wrote the export, with its version."""
    return resource(
        "Device",
        names.of("device"),
        text=narrative(f"nightcramp {__version__}"),
        deviceName=[filled(name="nightcramp", type="model-name")],
        version=[{"value": __version__}],
        type=concept(text="software"),
    )
