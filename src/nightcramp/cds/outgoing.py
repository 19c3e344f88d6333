"""The few calls that go out, to addresses an institution has set: short, small, no redirects."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from nightcramp.cds.settings import LOOPBACK
from nightcramp.errors import NightcrampError
from nightcramp.language import gettext as _

CHUNK = 1 << 16


class OutgoingError(NightcrampError):
    """Another system did not answer as it should; nothing of what it said is in the message."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: bytes


@dataclass(frozen=True)
class Outgoing:
    """Calls other systems. `seconds`: for one call in all; `most`: bytes of one answer."""

    seconds: float = 10.0
    most: int = 16_000_000
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def get(self, address: str, headers: Mapping[str, str] | None = None) -> bytes:
        """Return what is at an address; raises OutgoingError unless the answer is 200."""
        reply = self.call("GET", address, headers=headers)
        if reply.status != 200:
            said = _("the other system answered {status}").format(status=reply.status)
            raise OutgoingError(said, reply.status)
        return reply.body

    def call(
        self,
        method: str,
        address: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the answer of another system, whatever its status; raises OutgoingError."""
        until = time.monotonic() + self.seconds
        connection = self._connection(address)
        try:
            parts = urlsplit(address)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            sent = {"accept": "application/json", "connection": "close", **(headers or {})}
            connection.request(method, path, body, sent)
            with connection.getresponse() as response:
                return Reply(response.status, self._read(response, connection, until))
        except (OSError, http.client.HTTPException, ValueError):
            raise OutgoingError(_("the other system cannot be reached")) from None
        finally:
            connection.close()

    def _connection(self, address: str) -> http.client.HTTPConnection:
        parts = urlsplit(address)
        host = parts.hostname or ""
        if parts.scheme == "https":
            return http.client.HTTPSConnection(
                host, parts.port, timeout=self.seconds, context=self.context
            )
        if parts.scheme == "http" and host in LOOPBACK:
            return http.client.HTTPConnection(host, parts.port, timeout=self.seconds)
        raise OutgoingError(_("only https may be called"))

    def _read(
        self,
        response: http.client.HTTPResponse,
        connection: http.client.HTTPConnection,
        until: float,
    ) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            left = until - time.monotonic()
            if left <= 0:
                raise OutgoingError(_("the other system takes too long"))
            if connection.sock is not None:
                connection.sock.settimeout(left)
            part = response.read1(CHUNK)
            if not part:
                return b"".join(parts)
            parts.append(part)
            size += len(part)
            if size > self.most:
                raise OutgoingError(_("the other system sends too much"))


def is_within(address: str, base: str) -> bool:
    """Return whether an address lies below a base address of the same system."""
    return address == base or address.startswith((f"{base}/", f"{base}?"))
