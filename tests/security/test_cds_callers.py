"""Who may call the services: tokens that are accepted, and all the others that are not."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from starlette.testclient import TestClient

from nightcramp.cds.outgoing import Outgoing
from nightcramp.cds.server import create_cds
from nightcramp.cds.settings import Client, Settings, checked, read_settings
from nightcramp.cds.trust import KeyRing, Trust
from nightcramp.errors import InputError
from record_systems import (
    SIGN,
    TODAY,
    URL,
    VISIT,
    Keys,
    answers,
    call,
    condition,
    draft,
    medicine,
    ordering,
    patient,
    prefetch,
    searchset,
)

SERVICE = f"/cds-services/{VISIT}"
KEYS = Keys()
OTHER = Keys("https://other.example.org")
DAY = 86_400


def made(tmp_path: Path, keys: Keys = KEYS, **settings: Any) -> TestClient:
    """Return a client of a service that knows one record system."""
    (tmp_path / "keys.json").write_bytes(keys.public)
    known = Client(iss=keys.iss, keys="keys.json", tenants=settings.pop("tenants", []))
    chosen = Settings(url=URL, client=[known], folder=str(tmp_path), **settings)
    return TestClient(create_cds(chosen, today=lambda: TODAY), base_url=URL)


@pytest.fixture
def cds(tmp_path: Path) -> TestClient:
    """A service that knows one record system."""
    return made(tmp_path)


def asked(cds: TestClient, headers: dict[str, str], path: str = SERVICE) -> int:
    return cds.post(path, json=call(), headers=headers).status_code


# --- accepted ---


def test_the_token_of_a_known_record_system(cds: TestClient) -> None:
    assert asked(cds, KEYS.bearer()) == 200
    assert asked(cds, KEYS.bearer(aud=["https://elsewhere.example", URL + SERVICE])) == 200
    discovery = cds.get("/cds-services", headers=KEYS.bearer("/cds-services"))
    assert len(discovery.json()["services"]) == 3


def test_rsa_keys_too(tmp_path: Path) -> None:
    keys = Keys.rsa()
    assert asked(made(tmp_path, keys), keys.bearer()) == 200


def test_feedback_by_the_address_of_the_service_or_its_own(cds: TestClient) -> None:
    path = f"{SERVICE}/feedback"
    body = {
        "feedback": [
            {"card": "x", "outcome": "overridden", "outcomeTimestamp": "2026-11-26T10:00:00Z"}
        ]
    }
    assert cds.post(path, json=body, headers=KEYS.bearer(path)).status_code == 200
    assert cds.post(path, json=body, headers=KEYS.bearer(SERVICE)).status_code == 200
    assert cds.post(path, json=body, headers=KEYS.bearer("/cds-services")).status_code == 401


def test_only_for_the_houses_that_are_allowed(tmp_path: Path) -> None:
    cds = made(tmp_path, tenants=["north"])
    assert asked(cds, KEYS.bearer(tenant="north")) == 200
    assert asked(cds, KEYS.bearer(tenant="south")) == 401
    assert asked(cds, KEYS.bearer()) == 401


# --- refused ---


def unsigned(**changes: Any) -> str:
    """Return a token that says `alg: none`."""
    _header, claims, _signature = KEYS.token(**changes).split(".")
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT","kid":"k1"}').rstrip(b"=")
    return f"{header.decode()}.{claims}."


def symmetric() -> str:
    """Return a token signed with the public key as if it were a shared secret."""
    now = int(time.time())
    claims = {"iss": KEYS.iss, "aud": URL + SERVICE, "exp": now + 60, "iat": now, "jti": "s"}
    header = {"alg": "HS384", "typ": "JWT", "kid": "k1"}
    return jwt.encode(header, claims, OctKey.import_key(KEYS.public), algorithms=["HS384"])


def tampered() -> str:
    """Return a token whose claims were changed after it was signed."""
    header, _claims, signature = KEYS.token().split(".")
    _header, claims, _signature = KEYS.token(tenant="another").split(".")
    return f"{header}.{claims}.{signature}"


def foreign() -> str:
    """Return a token of another system that says it is the known one."""
    return Keys(KEYS.iss).token()


NOW = int(time.time())
WRONG = {
    "nothing": "",
    "no token": "Bearer ",
    "basic": "Basic dXNlcjpwYXNz",
    "no JWT": "Bearer abc",
    "three empty parts": "Bearer ..",
    "no JSON": "Bearer YQ.YQ.YQ",
    "too long": "Bearer " + "a" * 20_000,
    "control characters": "Bearer a\tb.c.d",
    "alg none": f"Bearer {unsigned()}",
    "symmetric": f"Bearer {symmetric()}",
    "claims changed": f"Bearer {tampered()}",
    "signed by somebody else": f"Bearer {foreign()}",
    "unknown issuer": f"Bearer {OTHER.token()}",
    "no issuer": f"Bearer {KEYS.token(iss=None)}",
    "issuer is a list": f"Bearer {KEYS.token(iss=[KEYS.iss])}",
    "expired": f"Bearer {KEYS.token(exp=NOW - 120, iat=NOW - 400)}",
    "no end": f"Bearer {KEYS.token(exp=None)}",
    "end is a text": f"Bearer {KEYS.token(exp='tomorrow')}",
    "end is a yes": f"Bearer {KEYS.token(exp=True)}",
    "never ends": f"Bearer {KEYS.token(exp=NOW + 30 * DAY)}",
    "no beginning": f"Bearer {KEYS.token(iat=None)}",
    "from the future": f"Bearer {KEYS.token(iat=NOW + 500, exp=NOW + 600)}",
    "not before": f"Bearer {KEYS.token(nbf=NOW + 500)}",
    "no jti": f"Bearer {KEYS.token(jti=None)}",
    "empty jti": f"Bearer {KEYS.token(jti='')}",
    "jti is a number": f"Bearer {KEYS.token(jti=7)}",
    "no audience": f"Bearer {KEYS.token(aud=None)}",
    "audience is the base": f"Bearer {KEYS.token(aud=URL)}",
    "audience is another service": f"Bearer {KEYS.token(f'/cds-services/{SIGN}')}",
    "audience is another host": f"Bearer {KEYS.token(aud='https://cds.example.org' + SERVICE)}",
    "audience begins with it": f"Bearer {KEYS.token(aud=URL + SERVICE + '/x')}",
    "unknown key": f"Bearer {KEYS.token(header_kid='k2')}",
    "no key id": f"Bearer {KEYS.token(header_kid=None)}",
    "another type": f"Bearer {KEYS.token(header_typ='at+jwt')}",
    "no type": f"Bearer {KEYS.token(header_typ='')}",
    "keys at an address of its own": f"Bearer {KEYS.token(header_jku='https://evil.example/k')}",
}


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
def test_a_wrong_token_is_refused(cds: TestClient, value: str) -> None:
    answer = cds.post(SERVICE, json=call(), headers={"authorization": value} if value else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "The token of the caller is not accepted."


def test_a_token_is_good_once(cds: TestClient) -> None:
    headers = KEYS.bearer()
    assert asked(cds, headers) == 200
    assert asked(cds, headers) == 401
    assert asked(cds, KEYS.bearer()) == 200


def test_a_token_that_failed_elsewhere_is_not_used_up(cds: TestClient) -> None:
    headers = KEYS.bearer()
    assert asked(cds, headers, f"/cds-services/{SIGN}") == 401
    assert asked(cds, headers) == 200


def test_the_address_is_the_one_that_was_set_not_the_one_that_was_called(cds: TestClient) -> None:
    """A token for what the `Host` header says is no token for this service."""
    headers = KEYS.bearer(aud="http://evil.example" + SERVICE)
    assert asked(cds, {**headers, "host": "evil.example"}) == 421


def test_who_is_not_known_sends_no_body(cds: TestClient) -> None:
    """The token comes first: what is wrong with the rest is nobody else's business."""
    assert (
        cds.post(SERVICE, content=b"{", headers={"content-type": "text/plain"}).status_code == 401
    )


def test_used_tokens_are_forgotten_when_they_have_ended(tmp_path: Path) -> None:
    now = [time.time()]
    (tmp_path / "keys.json").write_bytes(KEYS.public)
    known = Client(iss=KEYS.iss, keys="keys.json")
    trust = Trust(Settings(url=URL, client=[known], folder=str(tmp_path)), lambda: now[0])
    token = KEYS.token()
    assert trust.caller(f"Bearer {token}", [URL + SERVICE]).iss == KEYS.iss
    now[0] += 359
    with pytest.raises(Exception, match="not accepted"):
        trust.caller(f"Bearer {token}", [URL + SERVICE])
    now[0] += 2
    with pytest.raises(Exception, match="not accepted"):
        trust.caller(f"Bearer {token}", [URL + SERVICE])


# --- keys at an address ---


@pytest.fixture
def key_server() -> Iterator[dict[str, Any]]:
    """A server of keys whose answer tests change."""
    served: dict[str, Any] = {"body": KEYS.public, "status": 200, "asked": 0}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served["asked"] += 1
            self.send_response(served["status"])
            if "location" in served:
                self.send_header("location", served["location"])
            self.send_header("content-length", str(len(served["body"])))
            self.end_headers()
            self.wfile.write(served["body"])

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served["address"] = f"http://127.0.0.1:{server.server_address[1]}/jwks"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


def by_address(served: dict[str, Any]) -> TestClient:
    known = Client(iss=KEYS.iss, jku=served["address"])
    return TestClient(create_cds(Settings(url=URL, client=[known])), base_url=URL)


def test_keys_are_fetched_from_the_one_address_once(key_server: dict[str, Any]) -> None:
    cds = by_address(key_server)
    for _again in range(3):
        assert asked(cds, KEYS.bearer(header_jku=key_server["address"])) == 200
    assert asked(cds, KEYS.bearer()) == 200
    assert key_server["asked"] == 1


def test_a_token_cannot_name_another_address(key_server: dict[str, Any]) -> None:
    evil = Keys(KEYS.iss)
    headers = evil.bearer(header_jku=key_server["address"] + "?evil")
    assert asked(by_address(key_server), headers) == 401
    assert key_server["asked"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": 500},
        {"body": b"no keys"},
        {"body": b"{}"},
        {"body": b'{"keys": []}'},
        {"body": b" " * 300_000},
        {"status": 302, "location": "http://127.0.0.1:1/"},
    ],
)
def test_keys_that_cannot_be_had(key_server: dict[str, Any], wrong: dict[str, Any]) -> None:
    key_server |= wrong
    assert asked(by_address(key_server), KEYS.bearer()) == 401


def test_new_keys_are_found_after_a_while_and_strangers_do_not_make_it_ask(
    key_server: dict[str, Any],
) -> None:
    now = [1000.0]
    settings = Settings(url=URL, client=[Client(iss=KEYS.iss, jku=key_server["address"])])
    ring = KeyRing(settings.client[0], settings, Outgoing(), lambda: now[0])
    assert ring.key("k1") is not None
    for _again in range(20):
        with pytest.raises(Exception, match="unknown key"):
            ring.key("k2")
    assert key_server["asked"] == 1
    newer = Keys(KEYS.iss, ECKey.generate_key("P-384", {"kid": "k2"}))
    key_server["body"] = newer.public
    now[0] += 61
    assert ring.key("k2") is not None
    assert key_server["asked"] == 2


# --- hostile calls of somebody who is known ---

STRANGER = condition(patient="p2")
DEEP = b'{"hook":' + b"[" * 100_000
HOSTILE: dict[str, tuple[Any, int]] = {
    "no JSON": (b"{", 400),
    "nothing": (b"", 400),
    "a list": ([], 400),
    "deep": (DEEP, 400),
    "deep in the prefetch": (
        b'{"hook":"patient-view","hookInstance":"1","context":{"userId":"u","patientId":"p1"},'
        b'"prefetch":{"conditions":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}}",
        400,
    ),
    "not UTF-8": (b'{"hook":"\xff\xfe"}', 400),
    "no hook": ({key: value for key, value in call().items() if key != "hook"}, 400),
    "no instance": ({**call(), "hookInstance": ""}, 400),
    "no context": ({key: value for key, value in call().items() if key != "context"}, 400),
    "no patient": ({**call(), "context": {"userId": "u"}}, 400),
    "no user": ({**call(), "context": {"patientId": "p1"}}, 400),
    "patient is an address": (call(patientId="../../Patient/2"), 400),
    "patient is a query": (call(patientId="p1&x=1"), 400),
    "patient is null": (call(patientId=None), 400),
    "another hook": ({**call(), "hook": "order-sign"}, 400),
    "a right without a server": (
        {
            **call(),
            "fhirAuthorization": {
                "access_token": "t",
                "token_type": "Bearer",
                "expires_in": 1,
                "scope": "",
                "subject": "",
            },
        },
        400,
    ),
    "the prefetch is a list": ({**call(), "prefetch": []}, 400),
    "no prefetch": ({**call(), "prefetch": None}, 412),
    "an empty prefetch": (call(given={}), 412),
    "nothing that tells of cramps": (call(given={"patient": patient(), "observations": None}), 412),
    "only an error of the server": (
        call(given={"conditions": {"resourceType": "OperationOutcome"}}),
        412,
    ),
    "another patient": (call(given={**prefetch(condition()), "patient": patient("p2")}), 400),
    "a diagnosis of another patient": (call(given=prefetch(condition(), STRANGER)), 400),
    "of another patient at an address": (
        call(given=prefetch(condition(subject={"reference": "https://x.example/fhir/Patient/p2"}))),
        400,
    ),
    "of another patient by uuid": (
        call(given=prefetch(condition(subject={"reference": "urn:uuid:p2"}))),
        400,
    ),
    "a patient where diagnoses belong": (call(given={"conditions": searchset(patient())}), 400),
    "a number where diagnoses belong": (call(given={"conditions": 7}), 400),
    "an image where diagnoses belong": (
        call(given={"conditions": {"resourceType": "Binary", "data": "AAAA"}}),
        400,
    ),
    "no resource type": (call(given={"conditions": {"entry": [{"resource": {"id": "1"}}]}}), 400),
    "entries that are none": (
        call(given={"conditions": {"resourceType": "Bundle", "entry": 4}}),
        400,
    ),
}


@pytest.mark.parametrize(("body", "status"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_call_is_refused(cds: TestClient, body: Any, status: int) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": "application/json", **KEYS.bearer()}
    answer = cds.post(SERVICE, content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"status", "title", "detail", "where", "hint"}
    assert "Traceback" not in answer.text
    assert len(answer.text) < 1000


ORDERS: dict[str, Any] = {
    "no drafts": {**ordering(draft("furosemide"))["context"], "draftOrders": None},
    "no bundle": {**ordering(draft("furosemide"))["context"], "draftOrders": draft("furosemide")},
    "drafts of another patient": ordering(draft("furosemide", patient="p2"))["context"],
    "a subject that is a number": ordering(draft("furosemide", subject=4))["context"],
    "no selections": {
        key: value for key, value in ordering(draft("x"))["context"].items() if key != "selections"
    },
}


@pytest.mark.parametrize("context", ORDERS.values(), ids=ORDERS)
def test_hostile_orders_are_refused(cds: TestClient, context: dict[str, Any]) -> None:
    path = "/cds-services/nightcramp-order-select"
    asked = {**ordering(draft("furosemide")), "context": context}
    answer = cds.post(path, json=asked, headers=KEYS.bearer(path))
    assert answer.status_code == 400, answer.text


def test_resources_about_no_person_take_no_part(cds: TestClient) -> None:
    ward = medicine("indapamide", subject={"reference": "Group/ward"})
    answer = cds.post(SERVICE, json=call(given=prefetch(condition(), ward)), headers=KEYS.bearer())
    assert answer.json() == {"cards": []}


def test_an_unknown_service_and_a_wrong_method(cds: TestClient) -> None:
    unknown = cds.post(
        "/cds-services/other", json=call(), headers=KEYS.bearer("/cds-services/other")
    )
    assert unknown.status_code == 404
    assert cds.get(SERVICE, headers=KEYS.bearer()).status_code == 405
    assert cds.get("/nowhere").status_code == 404
    for answer in (unknown, cds.get("/nowhere"), cds.get(SERVICE)):
        assert answer.headers["content-type"] == "application/problem+json"


def test_fifty_megabytes_are_refused_before_they_are_read(cds: TestClient) -> None:
    read = [0]

    def body() -> Iterator[bytes]:
        for _part in range(50):
            read[0] += 1
            yield b" " * 1_000_000

    headers = {"content-type": "application/json", **KEYS.bearer()}
    answer = cds.post(SERVICE, content=b" " * 50_000_000, headers=headers)
    assert answer.status_code == 413
    headers = {"content-type": "application/json", **KEYS.bearer()}
    assert cds.post(SERVICE, content=body(), headers=headers).status_code == 413


def test_what_is_no_json_is_refused_by_its_kind(cds: TestClient) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", **KEYS.bearer()}
    assert cds.post(SERVICE, content=b"a=b", headers=headers).status_code == 415


def test_too_many_calls_are_told_to_wait(tmp_path: Path) -> None:
    cds = made(tmp_path, calls_per_minute=30)
    answers = [cds.post(SERVICE, json=call(), headers=KEYS.bearer()) for _again in range(14)]
    assert {one.status_code for one in answers[:10]} == {200}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


# --- sites, hosts, headers ---


def test_pages_of_allowed_sites_may_call(tmp_path: Path) -> None:
    cds = made(tmp_path, origins=["https://ehr.example.org"])
    asks = {
        "origin": "https://ehr.example.org",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    before = cds.options(SERVICE, headers=asks)
    assert before.status_code == 200
    assert before.headers["access-control-allow-origin"] == "https://ehr.example.org"
    assert "POST" in before.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in before.headers
    headers = {"origin": "https://ehr.example.org", **KEYS.bearer()}
    answer = cds.post(SERVICE, json=call(), headers=headers)
    assert answer.headers["access-control-allow-origin"] == "https://ehr.example.org"
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://ehr.example.org.evil.example"]
)
def test_pages_of_other_sites_may_not(tmp_path: Path, origin: str) -> None:
    cds = made(tmp_path, origins=["https://ehr.example.org"])
    before = cds.options(
        SERVICE, headers={"origin": origin, "access-control-request-method": "POST"}
    )
    assert "access-control-allow-origin" not in before.headers
    answer = cds.post(SERVICE, json=call(), headers={"origin": origin, **KEYS.bearer()})
    assert answer.status_code == 403


def test_safe_headers_on_every_answer(cds: TestClient) -> None:
    for answer in (
        cds.post(SERVICE, json=call(), headers=KEYS.bearer()),
        cds.get("/"),
        cds.get("/x"),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_without_clients_only_this_machine_is_answered() -> None:
    cds = TestClient(create_cds(Settings(url=URL)), base_url=URL)
    assert cds.get("/cds-services").status_code == 200
    assert cds.get("/cds-services", headers={"host": "evil.example"}).status_code == 421
    assert cds.get("/cds-services", headers={"x-forwarded-for": "10.0.0.1"}).status_code == 421


# --- fetching what was left out ---


def authorised(server: str) -> dict[str, Any]:
    right = {
        "access_token": "a-token-of-the-record-system",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "cds",
    }
    given = {"conditions": searchset(condition())}
    return {**call(given=given), "fhirServer": server, "fhirAuthorization": right}


@pytest.mark.parametrize("fetches", [False, True])
@pytest.mark.parametrize("listed", [False, True])
def test_nothing_is_fetched_unless_both_say_so(fetches: bool, listed: bool) -> None:
    from record_systems import record_server

    with record_server([patient(), medicine("indapamide")]) as system:
        settings = Settings(url=URL, fetch_from=[system.iss] if listed else [])
        app = create_cds(settings, fetches=fetches, today=lambda: TODAY)
        cds = TestClient(app, base_url=URL)
        found = cds.post(SERVICE, json=authorised(system.iss)).json()["cards"]
        assert bool(system.asked) is (fetches and listed)
        assert bool(found) is (fetches and listed)
        if found:
            assert "indapamide" in found[0]["summary"]
            assert "Not given" not in found[0]["detail"]
            assert not any(
                one.startswith("Condition?") and "inactive" not in one for one in system.asked
            )


def test_what_is_fetched_of_another_patient_is_refused() -> None:
    from record_systems import record_server

    with record_server([patient()]) as system:
        system.get = lambda path, query: (200, searchset(medicine("x", patient="p2")))  # type: ignore[method-assign]
        app = create_cds(Settings(url=URL, fetch_from=[system.iss]), fetches=True)
        answer = TestClient(app, base_url=URL).post(SERVICE, json=authorised(system.iss))
        assert answer.status_code == 400


def test_a_server_that_is_down_is_said_in_the_card() -> None:
    down = "http://127.0.0.1:9/fhir"
    asked = authorised(down)
    asked["prefetch"]["medicationRequests"] = searchset(medicine("indapamide"))
    app = create_cds(Settings(url=URL, fetch_from=[down]), fetches=True, today=lambda: TODAY)
    (card,) = TestClient(app, base_url=URL).post(SERVICE, json=asked).json()["cards"]
    assert "laboratory results" in card["detail"].partition("Not given")[2]


# --- logs ---

PLANTED = ("Zaphodine", "p1", "indapamide", "Practitioner/1", "Muster", "90392009", "secret-token")


def test_no_log_holds_a_health_fact(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    cds = made(tmp_path)
    signs = [condition(), medicine("indapamide Zaphodine"), answers(called_cramp=True)]
    who = patient(name=[{"family": "Muster"}])
    good = call(given={**prefetch(*signs), "patient": who})
    for body in (good, *[one for one, _status in HOSTILE.values() if isinstance(one, dict)]):
        cds.post(SERVICE, json=body, headers=KEYS.bearer())
    cds.post(SERVICE, json=good, headers={"authorization": "Bearer secret-token.p1.Muster"})
    cds.post(f"/cds-services/{SERVICE}/Muster", json=good)
    own = [one for one in caplog.records if one.name.startswith(("nightcramp", "uvicorn", "root"))]
    said = "\n".join(one.getMessage() + str(one.exc_info) for one in own)
    assert "POST" in said
    assert [word for word in PLANTED if word in said] == []


def test_an_unforeseen_error_says_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nightcramp.cds import desk

    def broken(*_args: Any) -> None:
        raise ValueError("Muster has indapamide")

    cds = made(tmp_path)
    monkeypatch.setattr(desk, "person_of", broken)
    answer = cds.post(SERVICE, json=call(), headers=KEYS.bearer())
    assert answer.status_code == 500
    assert answer.json()["title"] == "Internal Server Error"
    own = [one for one in caplog.records if one.name.startswith("nightcramp")]
    assert "ValueError" in "\n".join(one.getMessage() for one in own)
    for one in own:
        assert "Muster" not in one.getMessage() + str(one.exc_info)


# --- settings ---

FILE = f"""
url = "https://cds.example.org"
repeat_hours = 24
origins = ["https://ehr.example.org"]

[[client]]
iss = "{KEYS.iss}"
keys = "keys.json"
tenants = ["north"]

[[record_system]]
iss = "https://fhir.example.org/r4"
client_id = "nightcramp"

[muting]
least = 20
"""


def test_a_settings_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "cds.toml"
    file.write_text(FILE)
    (tmp_path / "keys.json").write_bytes(KEYS.public)
    settings = read_settings(file)
    assert settings.client[0].tenants == ["north"]
    assert settings.muting.least == 20
    create_cds(settings)


FAULTS = {
    "unknown entry": 'uurl = "x"',
    "no TOML": "url = ",
    "address without https": 'url = "http://cds.example.org"',
    "a slash at the end": 'url = "https://cds.example.org/"',
    "a path": 'url = "https://cds.example.org/cds"',
    "neither keys nor address": '[[client]]\niss = "x"',
    "both": '[[client]]\niss = "x"\nkeys = "k"\njku = "https://x.example/k"',
    "an origin with a path": 'origins = ["https://x.example/a"]',
    "every origin": 'origins = ["*"]',
    "a negative number": "calls_per_minute = -1",
}


@pytest.mark.parametrize("text", FAULTS.values(), ids=FAULTS)
def test_settings_that_cannot_be_used(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cds.toml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_settings(file)
    assert caught.value.where == str(file)


def test_without_the_library_for_tokens_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="joserfc") as caught:
        made(tmp_path)
    assert "nightcramp[cds]" in caught.value.hint


@pytest.mark.parametrize("content", [None, b"no", b"{}", b'{"keys": []}'])
def test_keys_that_are_none_show_at_the_start(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "keys.json").write_bytes(content)
    known = Client(iss=KEYS.iss, keys="keys.json")
    with pytest.raises(InputError):
        create_cds(checked(Settings(url=URL, client=[known], folder=str(tmp_path))))
