"""The launch: which record system, where to ask, PKCE and state, and the token in exchange."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from nightcramp.app.problem import RefusedError
from nightcramp.cds.outgoing import Outgoing, OutgoingError
from nightcramp.cds.settings import LOOPBACK, RecordSystem, Settings
from nightcramp.cds.smart.scopes import NEEDED, is_granted, scopes
from nightcramp.cds.trust import check_installed
from nightcramp.errors import InputError
from nightcramp.language import gettext as _

BACK = "/launch/back"
PENDING_SECONDS = 600.0
MOST_PENDING = 2_000
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = {"EC": "ES384", "RSA": "RS384"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Configuration(Struct, frozen=True, kw_only=True):
    """What `.well-known/smart-configuration` says that is used."""

    authorization_endpoint: str
    token_endpoint: str
    capabilities: list[str] = []
    code_challenge_methods_supported: list[str] = []


class Token(Struct, frozen=True, kw_only=True):
    """The answer of the token endpoint."""

    access_token: str
    token_type: str
    patient: str = ""
    scope: str | None = None


class Granted(Struct, frozen=True, kw_only=True):
    """The right to read one patient's record for a moment."""

    iss: str
    patient: str
    token: str
    scope: str


@dataclass(frozen=True)
class _Pending:
    """A launch that was sent to be authorised."""

    system: RecordSystem
    token_endpoint: str
    verifier: str
    scope: str
    until: float


@dataclass
class Launches:
    """Begins and finishes launches. A state belongs to one browser and is good for one time."""

    settings: Settings
    outgoing: Outgoing
    clock: Callable[[], float] = time.monotonic
    systems: dict[str, RecordSystem] = field(init=False)
    _keys: dict[str, Any] = field(default_factory=dict)
    _pending: OrderedDict[tuple[str, str], _Pending] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Read the private keys, so that a wrong one shows when the service starts."""
        self.systems = {one.iss: one for one in self.settings.record_system}
        for one in self.settings.record_system:
            if one.key:
                check_installed()
                self._keys[one.iss] = _private_key(self.settings.file(one.key))

    def begin(self, iss: str, launch: str, browser: str) -> str:
        """Return the address at which the record system asks its user; raises RefusedError."""
        system = self.systems.get(iss.rstrip("/"))
        if system is None:
            raise RefusedError(403, _("this record system is not known here"))
        found = self._configuration(system)
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(32)
        scope = scopes(found.capabilities, standalone=not launch)
        pending = _Pending(
            system, found.token_endpoint, verifier, scope, self.clock() + PENDING_SECONDS
        )
        with self._lock:
            self._pending[_mark(browser), _mark(state)] = pending
            while len(self._pending) > MOST_PENDING:
                self._pending.popitem(last=False)
        asked = {
            "response_type": "code",
            "client_id": system.client_id,
            "redirect_uri": self.settings.url + BACK,
            "scope": scope,
            "state": state,
            "aud": system.iss,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            **({"launch": launch} if launch else {}),
        }
        sign = "&" if urlsplit(found.authorization_endpoint).query else "?"
        return f"{found.authorization_endpoint}{sign}{urlencode(asked)}"

    def finish(self, browser: str, state: str, code: str) -> Granted:
        """Return what was granted for a code; raises RefusedError.

        The state is used up whatever comes of it.
        """
        pending = self._taken(browser, state)
        if not code:
            raise RefusedError(403, _("the record system did not allow it"))
        token = self._token(pending, code)
        scope = pending.scope if token.scope is None else token.scope
        missing = [kind for kind in NEEDED if not is_granted(scope, kind)]
        if missing:
            said = _("the record system did not allow to read: {kinds}")
            raise RefusedError(403, said.format(kinds=", ".join(missing)))
        if not token.patient:
            raise RefusedError(403, _("no patient is open in the record system"))
        return Granted(
            iss=pending.system.iss, patient=token.patient, token=token.access_token, scope=scope
        )

    def _taken(self, browser: str, state: str) -> _Pending:
        with self._lock:
            pending = self._pending.pop((_mark(browser), _mark(state)), None)
        if pending is None or not browser or self.clock() > pending.until:
            raise RefusedError(
                400,
                _("this launch is not known here, or is over"),
                hint=_("Open it again from the record system."),
            )
        return pending

    def _configuration(self, system: RecordSystem) -> Configuration:
        address = f"{system.iss}/.well-known/smart-configuration"
        try:
            found = msgspec.json.decode(self.outgoing.get(address), type=Configuration)
        except (OutgoingError, msgspec.DecodeError, UnicodeDecodeError):
            raise RefusedError(
                502, _("the record system does not say where to ask for its records")
            ) from None
        methods = found.code_challenge_methods_supported
        if methods and "S256" not in methods:
            raise RefusedError(502, _("the record system does not know PKCE with S256"))
        for endpoint in (found.authorization_endpoint, found.token_endpoint):
            if not _is_safe(endpoint):
                raise RefusedError(502, _("the record system names an address without https"))
        return found

    def _token(self, pending: _Pending, code: str) -> Token:
        """Exchange a code; raises RefusedError, in which nothing stands of what was answered."""
        system = pending.system
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.url + BACK,
            "code_verifier": pending.verifier,
        }
        if system.iss in self._keys:
            made = assertion(self._keys[system.iss], system.client_id, pending.token_endpoint)
            form |= {"client_assertion_type": ASSERTION, "client_assertion": made}
        else:
            form["client_id"] = system.client_id
        refused = RefusedError(502, _("the record system gave no right to read"))
        try:
            body = urlencode(form).encode()
            reply = self.outgoing.call("POST", pending.token_endpoint, body, FORM)
            token = msgspec.json.decode(reply.body, type=Token)
        except (OutgoingError, msgspec.DecodeError, UnicodeDecodeError):
            raise refused from None
        if reply.status != 200 or token.token_type.lower() != "bearer":
            raise refused
        return token


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a PKCE verifier (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def assertion(key: Any, client: str, endpoint: str) -> str:
    """Return a signed statement of who the client is, good for five minutes and one time."""
    from joserfc import jwt

    now, algorithm = int(time.time()), ALGORITHMS[key.key_type]
    claims = {
        "iss": client,
        "sub": client,
        "aud": endpoint,
        "iat": now,
        "exp": now + 300,
        "jti": secrets.token_urlsafe(24),
    }
    header = {"alg": algorithm, "typ": "JWT", "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=[algorithm])


def _private_key(file: Any) -> Any:
    from joserfc.errors import JoseError
    from joserfc.jwk import import_key

    try:
        key = import_key(json.loads(file.read_bytes()))
        usable = key.is_private and key.kid and key.key_type in ALGORITHMS
    except (OSError, ValueError, KeyError, TypeError, JoseError):
        usable = False
    if not usable:
        raise InputError(_("is no private key (JWK, EC P-384 or RSA, with a kid)"), where=str(file))
    return key


def _mark(secret: str) -> str:
    """Return by what a secret is found, so that finding takes as long for all."""
    return hmac.digest(b"nightcramp launch", secret.encode(), "sha256").hex()


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
