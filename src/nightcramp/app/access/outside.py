"""What must hold before others than this machine can reach the app; and what logs never hold."""

from __future__ import annotations

import logging
import sys
import threading

from nightcramp.app.access.passphrases import people_with_passphrase
from nightcramp.app.access.people import people_here
from nightcramp.errors import InputError
from nightcramp.language import gettext as _

TALKATIVE = ("python_multipart", "multipart", "asyncio", "sqlalchemy", "webauthn", "alembic")
"""Libraries whose warnings may quote what was sent."""


def refuse_unguarded() -> None:
    """Raise InputError unless somebody here has a passphrase."""
    if people_with_passphrase() & people_here().keys():
        return
    raise InputError(
        _("others could reach this, and nobody here has a passphrase"),
        hint=_(
            "Set one with `nightcramp passphrase`. Then put HTTPS in front: `--tls-cert` and "
            "`--tls-key`, or a reverse proxy such as Caddy on this machine and `--name`."
        ),
    )


def silence_libraries() -> None:
    """Let no library, thread or finalizer write to the log what people sent."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    threading.excepthook = lambda found: _log(found.exc_type, "a thread")
    sys.unraisablehook = lambda found: _log(found.exc_type, "what was thrown away")


def _log(kind: type[BaseException] | None, where: str) -> None:
    logging.getLogger("nightcramp.app").error("a %s in %s", kind.__name__ if kind else "?", where)
