"""Passkeys: a phone or security key signs in by touch or face (WebAuthn), in place of words.

The `webauthn` library is an extra; without it passkeys are not offered. The person is always
verified by the device, each challenge counts once, and a device that was copied is noticed by
its count.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from ipaddress import ip_address

from msgspec import Struct
from sqlalchemy import delete, insert, select, update

from nightcramp.app.access.cookies import PASSKEY
from nightcramp.app.access.database import access, now, passkey
from nightcramp.app.access.door import CHALLENGE_SECONDS, Door
from nightcramp.app.access.sessions import moment
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.language import gettext as _

MOST = 20
"""How many passkeys one person can have."""
SIGNING_IN = "sign in"


class Passkey(Struct, frozen=True, kw_only=True):
    """One passkey of a person: what they call it, and when it was last used."""

    id: str
    label: str
    made_at: dt.datetime
    used_at: dt.datetime | None


def are_installed() -> bool:
    """Return whether the library for passkeys is there."""
    from importlib.util import find_spec

    return find_spec("webauthn") is not None


def are_possible(door: Door) -> bool:
    """Return whether a browser offers passkeys here: over HTTPS or at localhost, under a name."""
    return (door.secure or door.host == "localhost") and not _is_number(door.host)


def passkeys_of(person: str) -> list[Passkey]:
    """Return the passkeys of a person, the oldest first."""
    with access() as connection:
        mine = select(passkey).where(passkey.c.person == person).order_by(passkey.c.made_at)
        return [
            Passkey(
                id=row.id,
                label=row.label,
                made_at=moment(row.made_at),
                used_at=moment(row.used_at) if row.used_at else None,
            )
            for row in connection.execute(mine)
        ]


def asked_to_register(door: Door, person: str, name: str) -> str:
    """Return, as JSON, what a browser needs to make a passkey for somebody signed in."""
    from webauthn import base64url_to_bytes, generate_registration_options, options_to_json
    from webauthn.helpers import structs

    made = generate_registration_options(
        rp_id=door.host,
        rp_name="nightcramp",
        user_name=name,
        user_id=hashlib.sha256(person.encode()).digest(),
        challenge=_given(door, f"register {person}"),
        timeout=CHALLENGE_SECONDS * 1000,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.id))
            for one in passkeys_of(person)
        ],
    )
    return options_to_json(made)


def register(door: Door, person: str, label: str, credential: str) -> None:
    """Keep the passkey a browser made for somebody; raises InputError for one that does not fit."""
    _check_installed()
    from webauthn import verify_registration_response
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    challenge = _taken(door, f"register {person}")
    if len(passkeys_of(person)) >= MOST:
        raise InputError(_("there are too many passkeys"), hint=_("Remove one of them first."))
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=door.host,
            expected_origin=door.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise _misfit() from None
    identifier = bytes_to_base64url(made.credential_id)
    with access(writing=True) as connection:
        if connection.scalar(select(passkey.c.id).where(passkey.c.id == identifier)):
            raise InputError(_("this passkey is here already"))
        connection.execute(
            insert(passkey).values(
                id=identifier,
                person=person,
                label=label,
                public_key=made.credential_public_key,
                sign_count=made.sign_count,
                made_at=now(),
                used_at=0,
            )
        )


def remove_passkey(person: str, identifier: str) -> None:
    """Remove a passkey of this person."""
    with access(writing=True) as connection:
        mine = delete(passkey).where(passkey.c.person == person, passkey.c.id == identifier)
        if not connection.execute(mine).rowcount:
            raise UnknownIdError(_("there is no such passkey"))


def asked_to_sign_in(door: Door) -> str:
    """Return, as JSON, what a browser needs to sign somebody in; it says of nobody who is here."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    return options_to_json(
        generate_authentication_options(
            rp_id=door.host,
            challenge=_given(door, SIGNING_IN),
            timeout=CHALLENGE_SECONDS * 1000,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def person_signing_in(door: Door, credential: str) -> str:
    """Return the key of the person whose passkey signed; raises InputError for any other."""
    _check_installed()
    from webauthn import verify_authentication_response
    from webauthn.helpers import bytes_to_base64url, parse_authentication_credential_json
    from webauthn.helpers.exceptions import WebAuthnException

    challenge = _taken(door, SIGNING_IN)
    try:
        sent = parse_authentication_credential_json(credential)
        identifier = bytes_to_base64url(sent.raw_id)
        with access(writing=True) as connection:
            mine = select(passkey).where(passkey.c.id == identifier)
            row = connection.execute(mine).first()
            if row is None:
                raise _misfit()
            signed = verify_authentication_response(
                credential=sent,
                expected_challenge=challenge,
                expected_rp_id=door.host,
                expected_origin=door.origin,
                credential_public_key=row.public_key,
                credential_current_sign_count=row.sign_count,
                require_user_verification=True,
            )
            used = update(passkey).where(passkey.c.id == identifier)
            values = {"sign_count": signed.new_sign_count, "used_at": now()}
            connection.execute(used.values(**values))
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise _misfit() from None
    return str(row.person)


def _given(door: Door, purpose: str) -> bytes:
    name, challenge = door.challenges.give(_bound(door, purpose))
    door.set(PASSKEY, name, CHALLENGE_SECONDS)
    return challenge


def _taken(door: Door, purpose: str) -> bytes:
    challenge = door.challenges.take(door.challenge, _bound(door, purpose))
    if challenge is None:
        raise InputError(_("that took too long, or was sent twice"), hint=_("Try it once more."))
    return challenge


def _bound(door: Door, purpose: str) -> str:
    """Return a purpose that holds for this session alone."""
    return f"{purpose} {door.session.hash if door.session else ''}"


def _check_installed() -> None:
    if not are_installed():
        raise InputError(
            _("passkeys are not installed here"),
            hint=_("`pip install 'nightcramp[passkeys]'` adds them."),
        )


def _misfit() -> InputError:
    return InputError(_("this passkey is not known here"), hint=_("Try the passphrase."))


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
