"""What an institution sets: its address, who may call, how often a card repeats, record systems."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from nightcramp.errors import InputError
from nightcramp.language import gettext as _

LOOPBACK = ("localhost", "127.0.0.1", "::1")
HERE = "http://127.0.0.1:8322"
Amount = Annotated[int, Meta(ge=1, le=1_000_000)]


class Client(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A system that may call: its `iss`, and its public keys as a file or at an address.

    `keys`: a JWK Set file beside the settings. `jku`: the address of a JWK Set, which is then
    fetched from there and from nowhere else. `tenants`: whom it may speak for; any if empty.
    """

    iss: str
    keys: str = ""
    jku: str = ""
    tenants: list[str] = []


class RecordSystem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record system in which the page for the visit may open.

    `iss`: the base address of its FHIR server. `key`: a file with a private JWK, for a
    confidential client (`private_key_jwt`); a public client has none.
    """

    iss: str
    client_id: str
    key: str = ""


class Muting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When cards that only inform are no longer given to a client: so many were told about in
    the last `months` months, and at least this share of them was overridden."""

    least: Amount = 50
    share: Annotated[float, Meta(gt=0, le=1)] = 0.9
    months: Annotated[int, Meta(ge=1, le=24)] = 3


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that can be set; see `docs/cds.md`.

    `url`: the address that callers use, without a slash at the end. `origins`: sites whose
    pages may call from a browser. `frames`: sites that may show the page in a frame.
    `fetch_from`: FHIR servers that may be asked for what a call left out (with `--fetch`).
    """

    url: str = HERE
    client: list[Client] = []
    record_system: list[RecordSystem] = []
    origins: list[str] = []
    frames: list[str] = []
    fetch_from: list[str] = []
    repeat_hours: Annotated[float, Meta(gt=0, le=24 * 31)] = 12
    muting: Muting = Muting()
    counts: str = ""
    most_mb: Annotated[int, Meta(ge=1, le=64)] = 16
    calls_per_minute: Amount = 6000
    longest_token: Annotated[int, Meta(ge=10, le=3600)] = 600
    folder: str = ""
    """The folder of the settings file; files are named from there."""

    @property
    def name(self) -> str:
        """The host name callers use."""
        return urlsplit(self.url).hostname or ""

    def file(self, name: str) -> Path:
        """Return where a file named in the settings lies."""
        return Path(self.folder) / name


def read_settings(path: Path) -> Settings:
    """Return the settings in a TOML file; raises InputError naming what is wrong."""
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
        settings = msgspec.convert({**plain, "folder": str(path.parent)}, Settings)
    except OSError as error:
        said = _("cannot be read: {fault}").format(fault=error.strerror or error)
        raise InputError(said, where=str(path)) from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise InputError(str(error), where=str(path)) from None
    return checked(settings, str(path))


def checked(settings: Settings, where: str = "") -> Settings:
    """Return settings whose addresses can be used; raises InputError."""
    systems = [system.iss for system in settings.record_system]
    jkus = [client.jku for client in settings.client if client.jku]
    for address in (settings.url, *systems, *jkus, *settings.fetch_from):
        _check_address(address, where)
    if urlsplit(settings.url).path:
        said = _("the service needs an address of its own, without a path: {text}")
        raise InputError(said.format(text=settings.url), where=where)
    for origin in (*settings.origins, *settings.frames):
        parts = urlsplit(origin)
        if f"{parts.scheme}://{parts.netloc}" != origin or parts.scheme not in ("http", "https"):
            said = _("not the origin of a site: {text}").format(text=origin)
            raise InputError(said, where=where, hint="https://ehr.example.org")
    for client in settings.client:
        if bool(client.keys) == bool(client.jku):
            said = _("the client {name} needs either `keys` or `jku`").format(name=client.iss)
            raise InputError(said, where=where)
    return settings


def _check_address(address: str, where: str) -> None:
    parts = urlsplit(address)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not (safe and parts.hostname) or parts.query or parts.fragment or address.endswith("/"):
        said = _("not an address that can be used: {text}").format(text=address)
        hint = _("An address begins with https:// and has no slash at its end.")
        raise InputError(said, where=where, hint=hint)
