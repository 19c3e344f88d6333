"""Who calls: JWTs of the callers an institution allows, checked as CDS Hooks 2.0 asks."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from nightcramp.app.problem import RefusedError
from nightcramp.cds.outgoing import Outgoing, OutgoingError
from nightcramp.cds.settings import Client, Settings
from nightcramp.errors import InputError
from nightcramp.language import gettext as _

ALGORITHMS = ("ES384", "RS384")
LEEWAY = 60
LONGEST = 8_000
MOST_SEEN = 200_000
KEPT_KEYS = 600.0
ASKED_AGAIN = 60.0
log = logging.getLogger("nightcramp.cds")


class Caller(Struct, frozen=True, kw_only=True):
    """Who called: the issuer of the token, and for whom; "" where nobody must say so."""

    iss: str = ""
    tenant: str = ""


class _NotTrustedError(Exception):
    """Why a token is not accepted, in a word for the log."""


@dataclass
class KeyRing:
    """The public keys of one client: from a file, or fetched from its one address.

    Fetched keys are kept for ten minutes; an unknown key makes it ask again, once a minute at
    most.
    """

    client: Client
    settings: Settings
    outgoing: Outgoing
    clock: Callable[[], float] = time.monotonic
    _keys: Any = None
    _asked: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Read the keys of a file at once, so that a wrong one shows when the service starts."""
        if self.client.keys:
            file = self.settings.file(self.client.keys)
            try:
                self._keys = key_set(file.read_bytes())
            except (OSError, ValueError, KeyError, TypeError):
                raise InputError(_("is no set of public keys (JWK Set)"), where=str(file)) from None

    def key(self, kid: str) -> Any:
        """Return the key of that id; raises _NotTrustedError."""
        if not self.client.jku:
            return _key_in(self._keys, kid)
        with self._lock:
            age = self.clock() - self._asked
            if self._keys is None or age > KEPT_KEYS:
                self._fetch()
            try:
                return _key_in(self._keys, kid)
            except _NotTrustedError:
                if age < ASKED_AGAIN:
                    raise
            self._fetch()
            return _key_in(self._keys, kid)

    def _fetch(self) -> None:
        if self._keys is None and self._asked and self.clock() - self._asked < ASKED_AGAIN / 12:
            raise _NotTrustedError("keys not reached")
        self._asked = self.clock()
        try:
            self._keys = key_set(self.outgoing.get(self.client.jku))
        except (OutgoingError, ValueError, KeyError, TypeError):
            if self._keys is None:
                raise _NotTrustedError("keys not reached") from None


def check_installed() -> None:
    """Raise InputError where what checks and signs tokens is not installed."""
    if importlib.util.find_spec("joserfc") is None:
        raise InputError(
            _("signed tokens need the library joserfc"),
            hint=_("`pip install 'nightcramp[cds]'` adds it."),
        )


def key_set(data: bytes) -> Any:
    """Return the public keys of a JWK Set; raises ValueError, KeyError or TypeError."""
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        return KeySet.import_key_set(json.loads(data))
    except JoseError as error:
        raise ValueError(str(error)) from None


def _key_in(keys: Any, kid: str) -> Any:
    found = [key for key in keys if key.kid == kid and key.key_type in ("EC", "RSA")]
    if len(found) != 1:
        raise _NotTrustedError("unknown key")
    return found[0]


@dataclass
class Seen:
    """Tokens that were used, until they would have expired: each may be used once."""

    _until: dict[bytes, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def use(self, iss: str, jti: str, until: float, now: float) -> None:
        """Note that a token is used; raises _NotTrustedError if it was before."""
        made = hashlib.sha256(f"{len(iss)} {iss} {jti}".encode()).digest()
        with self._lock:
            if self._until.get(made, 0.0) > now:
                raise _NotTrustedError("replayed")
            if len(self._until) >= MOST_SEEN:
                self._until = {one: end for one, end in self._until.items() if end > now}
            if len(self._until) >= MOST_SEEN:
                raise RefusedError(503, _("too many calls at once"), wait=LEEWAY)
            self._until[made] = until


@dataclass
class Trust:
    """Decides who may call. Without clients set, everybody who can reach it may."""

    settings: Settings
    clock: Callable[[], float] = time.time
    outgoing: Outgoing = field(default_factory=lambda: Outgoing(seconds=3, most=256_000))
    rings: dict[str, KeyRing] = field(init=False)
    seen: Seen = field(default_factory=Seen)

    def __post_init__(self) -> None:
        """Read the keys of all clients."""
        if self.settings.client:
            check_installed()
        self.rings = {
            one.iss: KeyRing(one, self.settings, self.outgoing) for one in self.settings.client
        }

    def caller(self, authorization: str | None, addresses: Collection[str]) -> Caller:
        """Return who calls one of the addresses; raises RefusedError (401).

        What exactly is wrong with a token is logged and not answered.
        """
        if not self.rings:
            return Caller()
        try:
            return self._caller(authorization or "", addresses)
        except _NotTrustedError as error:
            log.warning("a caller was refused: %s", error)
            raise RefusedError(401, _("the token of the caller is not accepted")) from None

    def _caller(self, authorization: str, addresses: Collection[str]) -> Caller:
        scheme, _blank, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _NotTrustedError("no token")
        if len(token) > LONGEST:
            raise _NotTrustedError("too long")
        header, claims = _unverified(token)
        ring = self.rings.get(claims["iss"]) if isinstance(claims.get("iss"), str) else None
        if ring is None:
            raise _NotTrustedError("unknown issuer")
        _check_header(header, ring.client)
        _verify(token, ring.key(header["kid"]), header["alg"])
        self._check_times(claims)
        self._check_claims(claims, ring.client, addresses)
        self.seen.use(ring.client.iss, claims["jti"], claims["exp"] + LEEWAY, self.clock())
        return Caller(iss=ring.client.iss, tenant=claims.get("tenant", ""))

    def _check_times(self, claims: dict[str, Any]) -> None:
        now = self.clock()
        issued, ends, begins = (_time(claims.get(name)) for name in ("iat", "exp", "nbf"))
        if issued is None or ends is None or ("nbf" in claims and begins is None):
            raise _NotTrustedError("no times")
        if ends + LEEWAY <= now:
            raise _NotTrustedError("expired")
        if max(issued, begins or 0) > now + LEEWAY:
            raise _NotTrustedError("not yet valid")
        if ends - now > self.settings.longest_token + LEEWAY:
            raise _NotTrustedError("valid for too long")

    def _check_claims(
        self, claims: dict[str, Any], client: Client, addresses: Collection[str]
    ) -> None:
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        if not set(addresses) & {one for one in named if isinstance(one, str)}:
            raise _NotTrustedError("for another address")
        jti, tenant = claims.get("jti"), claims.get("tenant", "")
        if not isinstance(jti, str) or not 1 <= len(jti) <= 500:
            raise _NotTrustedError("no jti")
        if not isinstance(tenant, str) or (client.tenants and tenant not in client.tenants):
            raise _NotTrustedError("unknown tenant")


def _time(value: object) -> float | None:
    """Return a moment in seconds since 1970, or None for what cannot be one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        return None
    return float(value)


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a token, to find out with which key it is to be checked."""
    from joserfc import jws
    from joserfc.errors import JoseError

    try:
        parts = jws.extract_compact(token.encode())
        claims = json.loads(parts.payload)
        header = parts.headers()
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise _NotTrustedError("no JWT") from None
    if not isinstance(claims, dict) or not isinstance(header, dict):
        raise _NotTrustedError("no JWT")
    return header, claims


def _check_header(header: dict[str, Any], client: Client) -> None:
    if header.get("alg") not in ALGORITHMS:
        raise _NotTrustedError("algorithm")
    if header.get("typ") != "JWT" or not isinstance(header.get("kid"), str):
        raise _NotTrustedError("header")
    if "jku" in header and (not client.jku or header["jku"] != client.jku):
        raise _NotTrustedError("keys elsewhere")


def _verify(token: str, key: Any, algorithm: str) -> None:
    from joserfc import jwt
    from joserfc.errors import JoseError

    try:
        jwt.decode(token, key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError, RecursionError):
        raise _NotTrustedError("signature") from None
