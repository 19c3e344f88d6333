"""Passkeys, with the authenticator that a browser has for tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps import PHONE, serving
from nightcramp.app.access.database import access, passkey
from nightcramp.app.access.door import Challenges, Door
from nightcramp.app.access.passkeys import are_possible, passkeys_of
from nightcramp.app.access.passphrases import set_passphrase
from nightcramp.app.access.people import people_here
from walks import WORDS

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def me(home: Path) -> str:
    """The key of the one person there is, who has a passphrase."""
    key = next(iter(people_here()))
    set_passphrase(key, WORDS)
    return key


@pytest.fixture
def device(me: str, chromium: Any, home: Path) -> Iterator[Any]:
    """A page with an authenticator; `page.cdp` and `page.authenticator` steer it."""
    pytest.importorskip("webauthn")
    with serving(home) as served:
        address = served.address.replace("127.0.0.1", "localhost")
        context = chromium.new_context(base_url=address, **PHONE)
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.cdp = context.new_cdp_session(page)
        page.cdp.send("WebAuthn.enable")
        made = page.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        page.authenticator = made["authenticatorId"]
        yield page
        context.close()


def register(page: Any) -> None:
    page.goto("/sign-in")
    page.get_by_label("Passphrase").fill(WORDS)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto("/settings/security")
    page.get_by_label("What to call it").fill("my phone")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text("The passkey is kept").wait_for()


def sign_out(page: Any) -> None:
    page.goto("/settings/security")
    page.get_by_role("button", name="Sign out here").click()
    page.wait_for_url("**/sign-in")


def use_passkey(page: Any) -> None:
    page.goto("/sign-in")
    page.get_by_role("link", name="Use a passkey instead").click()
    page.get_by_role("button", name="Continue").click()


def test_a_passkey_is_made_and_signs_in(device: Any, me: str) -> None:
    register(device)
    sign_out(device)
    use_passkey(device)
    device.wait_for_url(lambda url: "/sign-in" not in url)
    device.goto("/settings/security")
    assert device.get_by_role("button", name="Remove my phone").is_visible()
    assert [one.used_at is not None for one in passkeys_of(me)] == [True]


def test_who_is_not_verified_by_the_device_does_not_get_in(device: Any) -> None:
    register(device)
    sign_out(device)
    device.cdp.send(
        "WebAuthn.setUserVerified",
        {"authenticatorId": device.authenticator, "isUserVerified": False},
    )
    use_passkey(device)
    device.get_by_text("The passkey was not used").wait_for()
    assert "/sign-in/passkey" in device.url


def test_a_copied_device_is_noticed_by_its_count(device: Any) -> None:
    register(device)
    sign_out(device)
    with access(writing=True) as connection:
        connection.execute(passkey.update().values(sign_count=1000))
    use_passkey(device)
    device.get_by_text("not known here").wait_for()
    assert device.context.request.get("/api/tonight").status == 401


def test_what_was_signed_once_is_not_taken_twice(device: Any) -> None:
    """Nor in another browser: a challenge belongs to one browser and counts once."""
    register(device)
    sign_out(device)
    sent: list[str] = []
    device.on("request", lambda one: sent.append(one.post_data or "") if one.post_data else None)
    use_passkey(device)
    device.wait_for_url(lambda url: "/sign-in" not in url)
    with access(writing=True) as connection:
        connection.execute(passkey.update().values(sign_count=0))
    sign_out(device)
    form = {"content-type": "application/x-www-form-urlencoded"}
    signed = next(one for one in sent if one.startswith("credential="))
    again = device.context.request.post("/sign-in/passkey", data=signed, headers=form)
    assert again.status == 422
    assert "took too long, or was sent twice" in again.text()


def test_a_challenge_is_taken_once_and_for_its_purpose() -> None:
    challenges = Challenges()
    name, challenge = challenges.give("sign in")
    assert challenges.take(name, "register") is None
    assert challenges.take(name, "sign in") is None, "it was taken already"
    name, challenge = challenges.give("sign in")
    assert challenges.take("another browser", "sign in") is None
    assert challenges.take(name, "sign in") == challenge


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"id":1}',
        '{"id":"a","rawId":"!","response":{},"type":"x"}',
        "[" * 9,
    ],
)
def test_what_is_no_passkey_is_refused_in_peace(credential: str, me: str, client: Any) -> None:
    pytest.importorskip("webauthn")
    one = client()
    assert "challenge" in one.get("/api/sign-in/passkey").json()["options"]
    answer = one.post("/api/sign-in/passkey", json={"credential": credential})
    assert answer.status_code == 422


def test_passkeys_are_offered_where_browsers_have_them() -> None:
    assert are_possible(Door(origin="http://localhost:8321"))
    assert are_possible(Door(origin="https://night.example", secure=True))
    assert not are_possible(Door(origin="http://night.example"))
    assert not are_possible(Door(origin="http://127.0.0.1:8321"))
    assert not are_possible(Door(origin="https://192.0.2.1", secure=True))


def test_the_pages_work_without_the_library(
    me: str, signed_in: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "webauthn", None)
    monkeypatch.setattr("nightcramp.app.access.passkeys.are_installed", lambda: False)
    assert client().get("/sign-in/passkey").status_code == 200
    mine = signed_in()
    assert "pip install" in mine.get("/settings/security").text
    form = {"label": "x", "credential": "{}"}
    assert mine.post("/settings/security/passkeys", data=form).status_code == 422
