"""Signing in and out: passphrases, sessions, links, limits, and the file they are kept in."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner

from nightcramp.app.access import database
from nightcramp.app.access.database import DAY, access, passphrase
from nightcramp.app.access.feeds import end_feed, feed_made_at, make_feed, person_of_feed
from nightcramp.app.access.limits import FREE, LONGEST, MOST, Limits, network_of
from nightcramp.app.access.links import end_link, links_of, make_link
from nightcramp.app.access.passphrases import (
    has_passphrase,
    is_passphrase,
    remove_passphrase,
    set_passphrase,
)
from nightcramp.app.access.people import people_here, remove_with_access
from nightcramp.app.access.preferences import keep_preferences, preferences_of
from nightcramp.app.access.sessions import IDLE, new_session, note_use, session_of
from nightcramp.cli.main import cli
from nightcramp.errors import InputError
from nightcramp.store.database import opened
from nightcramp.store.people import add_person, rename_person
from nightcramp.store.trouble import StoreError
from walks import WORDS, acts, addresses, evenings, forms, plant, shown, typed


class Clock:
    """A clock that a test can put forward."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def time(self) -> float:
        """Return the second it is."""
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which sessions and links end."""
    one = Clock()
    monkeypatch.setattr(database, "time", one)
    return one


@pytest.fixture
def me(home: Path) -> str:
    """The key of the one person there is, who has a passphrase."""
    key = next(iter(people_here()))
    set_passphrase(key, WORDS)
    return key


def session_cookie(client: Any) -> str:
    return str(client.cookies.get("nightcramp-session", ""))


# --- passphrases ---


def test_without_a_passphrase_this_machine_needs_none(client: Any) -> None:
    assert client().get("/tonight").status_code == 200


def test_a_passphrase_is_asked_for_on_this_machine_too(me: str, client: Any) -> None:
    mine = client()
    assert mine.get("/tonight").url.path == "/sign-in"
    answer = mine.post("/sign-in", data={"name": "me", "passphrase": "not this one at all"})
    assert answer.status_code == 422
    assert "do not go together" in answer.text
    mine.post("/sign-in", data={"name": "me", "passphrase": WORDS}, follow_redirects=False)
    assert mine.get("/tonight").url.path == "/tonight"


def test_a_passphrase_is_long_and_needs_nothing_else(home: Path) -> None:
    with pytest.raises(InputError, match="at least 10"):
        set_passphrase("somebody", "Aa1!Aa1!x")
    set_passphrase("somebody", "aaaaaaaaaa")
    assert is_passphrase("somebody", "aaaaaaaaaa")


def test_a_passphrase_is_the_same_from_any_keyboard(home: Path) -> None:
    set_passphrase("somebody", "calambre año nuevo")
    assert is_passphrase("somebody", " calambre an\u0303o nuevo ")


def test_a_passphrase_is_kept_as_argon2id_only(me: str, home: Path) -> None:
    content = (home / "app.db").read_bytes()
    assert b"$argon2id$" in content
    assert WORDS.encode() not in content


def test_an_older_hash_is_kept_anew_at_the_next_sign_in(me: str, hasher: Any) -> None:
    older = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(WORDS)
    with access(writing=True) as connection:
        connection.execute(passphrase.update().values(hash=older))
    assert is_passphrase(me, WORDS)
    with access() as connection:
        kept = connection.scalar(passphrase.select().with_only_columns(passphrase.c.hash))
    assert not hasher.check_needs_rehash(kept)
    assert is_passphrase(me, WORDS)


@pytest.mark.parametrize("name", ["me", "nobody here", "", "m\x00e"])
def test_a_check_takes_one_hash_whoever_is_named(
    name: str, me: str, client: Any, hasher: Any
) -> None:
    """So who is there cannot be told by the time it takes, nor by the answer."""
    before = hasher.verified
    answer = client(local=False).post("/api/sign-in", json={"name": name, "passphrase": "wrong"})
    assert hasher.verified == before + 1
    assert answer.status_code == 422
    assert answer.json()["detail"] == "The name and the passphrase do not go together."


def test_nobody_is_named_to_who_asks_from_elsewhere(me: str, client: Any) -> None:
    with opened(everyone=True) as store:
        rename_person(store, "me", "Wilhelmina")
    assert "Wilhelmina" in client().get("/sign-in").text
    elsewhere = client(local=False)
    for path in ("/sign-in", "/api/sign-in", "/sign-in/passkey", "/", "/people"):
        assert "Wilhelmina" not in elsewhere.get(path).text


def test_changing_the_passphrase_needs_the_old_one_and_ends_other_sessions(
    me: str, signed_in: Any
) -> None:
    here, there = signed_in(), signed_in()
    form = {"current": "a wrong guess", "new": "another passphrase", "again": "another passphrase"}
    assert here.post("/settings/security/passphrase", data=form).status_code == 422
    here.post("/settings/security/passphrase", data={**form, "current": WORDS})
    assert is_passphrase(me, "another passphrase")
    assert here.get("/api/tonight").status_code == 200
    assert there.get("/api/tonight").status_code == 401


def test_a_passphrase_can_be_taken_away_on_this_machine_only(me: str, signed_in: Any) -> None:
    elsewhere, here = signed_in(local=False), signed_in()
    path, form = "/settings/security/passphrase/remove", {"current": WORDS}
    assert elsewhere.post(path, data=form).status_code == 403
    assert here.post(path, data={"current": "a wrong guess"}).status_code == 422
    assert has_passphrase(me)
    here.post(path, data=form)
    assert not has_passphrase(me)
    assert elsewhere.get("/api/tonight").status_code == 401


def test_a_passphrase_is_never_shown_again(me: str, client: Any) -> None:
    """A form that is refused is filled in again, but for what is secret."""
    mine = client()
    answer = mine.post("/sign-in", data={"name": "me", "passphrase": "some wrong secret"})
    assert "some wrong secret" not in answer.text


def test_the_command_sets_a_passphrase_typed_twice(home: Path) -> None:
    done = CliRunner().invoke(cli, ["passphrase"], input=f"{WORDS}\n{WORDS}\n")
    assert done.exit_code == 0, done.output
    assert WORDS not in done.output
    key = next(iter(people_here()))
    assert is_passphrase(key, WORDS)
    short = CliRunner().invoke(cli, ["passphrase"], input="short\nshort\n")
    assert isinstance(short.exception, InputError)
    CliRunner().invoke(cli, ["passphrase", "--remove"])
    assert not has_passphrase(key)


@pytest.mark.parametrize("options", [["--host", "0.0.0.0"], ["--name", "night.example"]])
def test_serving_others_is_refused_until_somebody_has_a_passphrase(
    options: list[str], home: Path
) -> None:
    done = CliRunner().invoke(cli, ["serve", "--port", "0", *options])
    assert isinstance(done.exception, InputError)
    assert "nightcramp passphrase" in done.exception.hint
    assert "--tls-cert" in done.exception.hint
    assert "Caddy" in done.exception.hint


# --- sessions ---


def test_a_session_begins_with_a_new_token(me: str, client: Any) -> None:
    """A token that somebody else put into the browser before is worth nothing after."""
    victim, planted = client(), "a" * 43
    victim.cookies.set("nightcramp-session", planted)
    victim.post("/api/sign-in", json={"name": "me", "passphrase": WORDS})
    victims = [one for one in victim.cookies.jar if one.name == "nightcramp-session"]
    assert len({one.value for one in victims} - {planted}) == 1
    attacker = client()
    attacker.cookies.set("nightcramp-session", planted)
    assert attacker.get("/api/tonight").status_code == 401


def test_signing_in_again_ends_the_session_before(me: str, signed_in: Any, client: Any) -> None:
    mine, other = signed_in(), client()
    old = session_cookie(mine)
    mine.post("/api/sign-in", json={"name": "me", "passphrase": WORDS})
    assert session_cookie(mine) != old
    other.cookies.set("nightcramp-session", old)
    assert other.get("/api/tonight").status_code == 401


def test_the_cookie_is_for_the_server_alone(me: str, client: Any) -> None:
    plain = client().post("/api/sign-in", json={"name": "me", "passphrase": WORDS})
    cookie = next(one for one in plain.headers.get_list("set-cookie") if "session" in one)
    assert cookie.startswith("nightcramp-session=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    secure = client(tls=True).post("/api/sign-in", json={"name": "me", "passphrase": WORDS})
    for cookie in secure.headers.get_list("set-cookie"):
        assert cookie.startswith("__Host-nightcramp-")
        assert {"HttpOnly", "SameSite=lax", "Path=/", "Secure"} <= set(cookie.split("; "))
        assert "Domain" not in cookie


def test_behind_a_proxy_with_https_the_cookie_is_secure(me: str, client: Any) -> None:
    proxy = client(local=False, address="127.0.0.1")
    headers = {"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7"}
    answer = proxy.post("/api/sign-in", json={"name": "me", "passphrase": WORDS}, headers=headers)
    assert "__Host-nightcramp-session" in answer.headers["set-cookie"]


def test_only_the_hash_of_a_token_is_kept(me: str, signed_in: Any, home: Path) -> None:
    token = session_cookie(signed_in())
    assert len(token) == 43
    assert token.encode() not in (home / "app.db").read_bytes()


def test_a_session_ends_when_it_is_idle_and_in_the_end(me: str, clock: Clock) -> None:
    idle = new_session(me)
    clock.at += IDLE - 1
    assert session_of(idle)
    clock.at += 1
    assert session_of(idle) is None
    used = new_session(me)
    for _ in range(20):
        clock.at += 5 * DAY
        if found := session_of(used):
            note_use(found)
    assert session_of(used) is None


def test_use_keeps_a_session_alive(me: str, signed_in: Any, clock: Clock) -> None:
    mine = signed_in()
    for _ in range(3):
        clock.at += IDLE - DAY
        assert mine.get("/api/tonight").status_code == 200


def test_signing_out_ends_the_session_at_the_server(me: str, signed_in: Any, client: Any) -> None:
    mine, thief = signed_in(), client()
    thief.cookies.set("nightcramp-session", session_cookie(mine))
    assert mine.post("/sign-out").url.path == "/sign-in"
    assert thief.get("/api/tonight").status_code == 401


def test_signing_out_everywhere_ends_every_session(me: str, signed_in: Any) -> None:
    here, there = signed_in(), signed_in()
    here.post("/settings/security/sign-out")
    assert [one.get("/api/tonight").status_code for one in (here, there)] == [401, 401]


def test_what_is_said_next_is_said_to_this_browser_alone(me: str, signed_in: Any) -> None:
    here, there = signed_in(), signed_in()
    here.post("/settings/links", data={"label": "Dr Who", "days": "7"}, follow_redirects=False)
    assert "/link/" not in there.get("/settings/links").text
    first, second = (here.get("/settings/links").text for _ in range(2))
    assert "/link/" in first
    assert "/link/" not in second


# --- several people on one machine ---


@pytest.fixture
def bea(me: str) -> str:
    """The key of another person, without a passphrase."""
    with opened(everyone=True) as store:
        add_person(store, "Bea")
    return next(key for key, name in people_here().items() if name == "Bea")


def whose(client: Any) -> str:
    found = client.get("/api/settings/security")
    return found.json()["name"] if found.status_code == 200 else str(found.status_code)


def test_an_open_diary_is_chosen_on_this_machine(me: str, bea: str, client: Any) -> None:
    mine = client()
    assert whose(mine) == "401"
    mine.post("/sign-in/choose", data={"person": bea}, follow_redirects=False)
    assert whose(mine) == "Bea"


def test_a_diary_with_a_passphrase_is_not_chosen_but_by_who_signed_in(
    me: str, bea: str, client: Any, signed_in: Any
) -> None:
    other = client()
    answer = other.post("/sign-in/choose", data={"person": me}, follow_redirects=False)
    assert answer.status_code == 403
    other.cookies.set("nightcramp-person", me)
    assert whose(other) == "401"
    mine = signed_in()
    assert whose(mine) == "me"
    mine.post("/sign-in/choose", data={"person": bea}, follow_redirects=False)
    assert whose(mine) == "Bea"
    mine.post("/sign-in/choose", data={"person": me}, follow_redirects=False)
    assert whose(mine) == "me"


def test_a_person_who_is_removed_takes_sessions_and_links_along(
    me: str, signed_in: Any, client: Any
) -> None:
    mine, reader = signed_in(), client()
    reader.get(f"/link/{make_link(me, 'Dr', 7)}", follow_redirects=False)
    secret = make_feed(me)
    keep_preferences(me, language="es", zone="Europe/Madrid")
    remove_with_access("me")
    assert whose(mine) != "401"
    assert mine.get("/api/settings/security").json()["has_passphrase"] is False
    assert person_of_feed(secret) is None
    assert preferences_of(me).zone == ""
    with access() as connection:
        for table in database.metadata.tables.values():
            assert connection.execute(table.select()).first() is None


# --- preferences and feeds ---


def test_preferences_are_kept_by_person(me: str, signed_in: Any) -> None:
    keep_preferences(me, language="es", zone="America/Lima", units="imperial")
    assert preferences_of(me).units == "imperial"
    assert '<html lang="es"' in signed_in().get("/settings/security").text
    with pytest.raises(InputError):
        keep_preferences(me, zone="Mars/Olympus")
    with pytest.raises(InputError):
        keep_preferences(me, language="tlh")


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("es-MX,en;q=0.5", "es"), ("de, es;q=0.4, en;q=0.8", "en"), ("xx;q=x,,;q=", "en"), ("", "en")],
)
def test_without_a_choice_the_browser_says_the_language(
    wanted: str, language: str, home: Path, client: Any
) -> None:
    page = client().get("/sign-in", headers={"accept-language": wanted}).text
    assert f'<html lang="{language}"' in page


def test_the_secret_of_a_feed_can_be_made_anew(me: str, home: Path) -> None:
    assert feed_made_at(me) is None
    first, second = make_feed(me), make_feed(me)
    assert person_of_feed(first) is None
    assert person_of_feed(second) == me
    assert person_of_feed(second, local=False) == me
    remove_passphrase(me)
    assert person_of_feed(second, local=False) is None
    assert second.encode() not in (home / "app.db").read_bytes()
    end_feed(me)
    assert person_of_feed(second) is None


# --- links ---


def opened_by(client: Any, token: str) -> Any:
    one = client()
    one.status = one.get(f"/link/{token}", follow_redirects=False).status_code
    return one


def test_a_link_ends_on_its_day(me: str, client: Any, clock: Clock) -> None:
    token = make_link(me, "Dr", 1)
    reader = opened_by(client, token)
    assert reader.get("/api/nights").status_code == 403
    clock.at += DAY
    assert reader.get("/api/nights").status_code == 401
    assert opened_by(client, token).status == 404
    assert links_of(me) == []


def test_a_link_taken_back_closes_what_it_opened(me: str, client: Any, signed_in: Any) -> None:
    token, mine = make_link(me, "Dr", 30), signed_in()
    reader = opened_by(client, token)
    assert [one.uses for one in links_of(me)] == [1]
    mine.post("/settings/links/end", data={"id": links_of(me)[0].id})
    assert reader.get("/api/nights").status_code == 401
    assert opened_by(client, token).status == 404


def test_a_link_that_never_was_opens_nothing(me: str, client: Any) -> None:
    assert opened_by(client, "a" * 43).status == 404


def test_only_its_owner_takes_a_link_back(me: str, bea: str) -> None:
    make_link(me, "Dr", 7)
    with pytest.raises(InputError):
        end_link(bea, links_of(me)[0].id)
    assert len(links_of(me)) == 1


def test_a_link_is_not_opened_by_looking_ahead(me: str, client: Any) -> None:
    """Programs that only look whether an address is there send HEAD: it opens nothing."""
    token, one = make_link(me, "Dr", 7), client()
    assert one.head(f"/link/{token}").status_code == 405
    assert links_of(me)[0].uses == 0
    assert not one.cookies


def test_a_reader_can_close_the_link_again(me: str, client: Any) -> None:
    reader = opened_by(client, make_link(me, "Dr", 7))
    assert "Close it" in reader.get("/tonight").text
    reader.post("/link/close", follow_redirects=False)
    assert reader.get("/api/tonight").status_code == 401


def test_a_link_is_made_on_its_page_and_shown_once(me: str, signed_in: Any, home: Path) -> None:
    mine = signed_in()
    done = mine.post("/api/settings/links", json={"label": "Dr Who", "days": 7}).json()
    token = done["secret"].rpartition("/")[2]
    assert len(token) == 43
    assert token.encode() not in (home / "app.db").read_bytes()
    assert mine.post("/api/settings/links", json={"days": 365}).status_code == 422


# --- limits ---


def test_guessing_a_passphrase_waits_longer_and_longer(me: str, client: Any) -> None:
    guesser = client()
    form = {"name": "me", "passphrase": "a wrong guess"}
    answers = [guesser.post("/api/sign-in", json=form) for _ in range(FREE + 1)]
    assert [one.status_code for one in answers] == [422] * FREE + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 2
    right = guesser.post("/sign-in", data={"name": "me", "passphrase": WORDS})
    assert right.status_code == 429
    other = client(address="192.0.2.99").post("/api/sign-in", json=form)
    assert other.status_code == 429, "the person is protected from many addresses too"


def test_waits_double_up_to_the_longest_and_are_forgotten_after_success() -> None:
    at = [0.0]
    limits, waits = Limits(clock=lambda: at[0]), []
    for _ in range(FREE + 14):
        while wait := limits.begin(["one"]):
            waits.append(wait)
            at[0] += wait
    assert waits[:4] == [2, 3, 5, 9]
    assert max(waits) <= LONGEST + 1
    assert waits == sorted(waits)
    limits.succeed(["one"])
    assert [limits.begin(["one"]) for _ in range(FREE)] == [0] * FREE


def test_limits_remember_a_bounded_number() -> None:
    limits = Limits(clock=lambda: 0.0)
    for number in range(MOST + 500):
        limits.begin([f"address {number}"])
    assert len(limits._tries) == MOST


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("fe80::1%eth0", "fe80:0000:0000:0000"),
        ("testclient", "unknown"),
    ],
)
def test_a_client_is_an_address_or_a_network_of_ipv6(address: str, network: str) -> None:
    assert network_of(address) == network


def test_behind_a_proxy_tries_count_by_who_is_behind_it(me: str, client: Any) -> None:
    proxy = client(local=False, address="127.0.0.1")
    form = {"name": "nobody", "passphrase": "a wrong guess"}
    for number in range(FREE + 1):
        last = proxy.post(
            "/api/sign-in",
            json={**form, "name": f"nobody {number}"},
            headers={"x-forwarded-for": "203.0.113.9, 192.0.2.7"},
        )
    assert last.status_code == 429
    other = proxy.post("/api/sign-in", json=form, headers={"x-forwarded-for": "192.0.2.8"})
    assert other.status_code == 422


# --- the file ---


def test_the_file_is_for_its_owner_only(me: str, home: Path) -> None:
    file = home / "app.db"
    assert file.stat().st_mode & 0o777 == 0o600
    os.chmod(file, 0o644)
    assert has_passphrase(me)
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", ["not a database at all" * 50, "other tables", "too new"])
def test_a_damaged_file_lets_nobody_in_and_says_so(
    damage: str, me: str, home: Path, client: Any
) -> None:
    file = home / "app.db"
    if damage == "too new":
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    elif damage == "other tables":
        file.unlink()
        with sqlite3.connect(file) as connection:
            connection.execute("CREATE TABLE other (id)")
        connection.close()
    else:
        file.write_text(damage)
    answer = client().get("/tonight", follow_redirects=False)
    assert answer.status_code == 503
    assert "app.db" in answer.text
    with pytest.raises(StoreError):
        has_passphrase(me)


def test_the_file_holds_no_health_fact(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signed_in: Any
) -> None:
    """Whatever is told of somebody, and whichever page is opened, stays in the store."""
    one = plant("me", "wq7xmarkz", tmp_path, monkeypatch)
    set_passphrase(one.key, WORDS)
    mine = signed_in()
    for route in shown():
        for address in addresses(route, [one.ids[0], *evenings()]):
            mine.get(address, follow_redirects=False)
    for act in acts():
        if "sign-" not in act.path and not act.path.startswith("/settings"):
            for address in addresses(act, one.ids[:1]):
                mine.post(address, data=typed(next(forms(act.form, "wq7xmarkz"))))
    assert b"wq7xmarkz" not in (home / "app.db").read_bytes()
