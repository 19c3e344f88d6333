"""The description of the JSON API (OpenAPI 3.1), made from the routes and their contracts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from nightcramp import __version__
from nightcramp.app.problem import Problem
from nightcramp.app.routes import Act, Done, Download, Route, View

REF = "#/components/schemas/{name}"
JSON, PROBLEM, FORM = "application/json", "application/problem+json", "multipart/form-data"
PROBLEMS = {
    "401": "Nobody is signed in.",
    "403": "Whoever asks may not do this.",
    "404": "There is no such thing.",
    "413": "More was sent than this takes.",
    "421": "The server is not called this.",
    "422": "What was sent cannot be used; the problem says why.",
    "429": "Too many tries; `Retry-After` says how long to wait.",
    "503": "The store cannot be opened now.",
}


def openapi(routes: Iterable[Route]) -> dict[str, Any]:
    """Return the description of all routes below `/api`."""
    listed = list(routes)
    kinds: list[type] = [Problem, Done]
    kinds += [route.contract for route in listed if isinstance(route, View)]
    acts = [route for route in listed if isinstance(route, Act)]
    kinds += [kind for act in acts for kind in (act.form, act.answer)]
    schemas, components = msgspec.json.schema_components(
        list(dict.fromkeys(kinds)), ref_template=REF, schema_hook=_hook
    )
    by_kind = dict(zip(dict.fromkeys(kinds), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in listed:
        method = "post" if isinstance(route, Act) else "get"
        paths.setdefault(f"/api{_plain(route.path)}", {})[method] = _operation(route, by_kind)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "nightcramp",
            "version": __version__,
            "description": "What the pages show and do, as JSON. It runs on your own machine.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(route: Route, by_kind: dict[type, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"summary": route.says, "responses": _responses(route, by_kind)}
    names = re.findall(r"{(\w+)}", _plain(route.path))
    if names:
        told["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in names
        ]
    if isinstance(route, Act):
        told["requestBody"] = _body(route, by_kind)
    return told


def _body(act: Act, by_kind: dict[type, Any]) -> dict[str, Any]:
    if not act.files:
        needed = any(field.required for field in msgspec.structs.fields(act.form))
        return {"required": needed, "content": {JSON: {"schema": by_kind[act.form]}}}
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    schema = {"type": "object", "properties": dict.fromkeys(act.files, files)}
    return {"required": True, "content": {FORM: {"schema": schema}}}


def _responses(route: Route, by_kind: dict[type, Any]) -> dict[str, Any]:
    if isinstance(route, Download):
        content: dict[str, Any] = {route.kind: {"schema": {"type": "string", "format": "binary"}}}
    else:
        kind = route.contract if isinstance(route, View) else route.answer
        content = {JSON: {"schema": by_kind[kind]}}
    found: dict[str, Any] = {"200": {"description": route.says, "content": content}}
    for status, why in PROBLEMS.items():
        problem = {PROBLEM: {"schema": by_kind[Problem]}}
        found[status] = {"description": why, "content": problem}
    return found


def _plain(path: str) -> str:
    """Return a path without the converters of its parameters."""
    return re.sub(r"{(\w+):\w+}", r"{\1}", path)


def _hook(kind: type) -> dict[str, Any]:
    return {"type": "object"}
