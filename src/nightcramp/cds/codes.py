"""The code systems of the cards, as FHIR CodeSystems at their own addresses."""

from __future__ import annotations

from typing import Any

from nightcramp import __version__
from nightcramp.cds.cards import REASONS_AGAINST
from nightcramp.language import gettext as _

TOPICS = {"night-leg-cramps": "Night leg cramps"}


def code_system(name: str, url: str) -> dict[str, Any] | None:
    """Return a code system by the end of its address; None where there is none."""
    codes = {"override-reasons": REASONS_AGAINST, "topics": TOPICS}.get(name)
    if codes is None:
        return None
    return {
        "resourceType": "CodeSystem",
        "url": f"{url}/codes/{name}",
        "version": __version__,
        "name": "Nightcramp" + name.title().replace("-", ""),
        "status": "active",
        "content": "complete",
        "concept": [{"code": code, "display": _(said)} for code, said in codes.items()],
    }
