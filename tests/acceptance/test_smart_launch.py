"""A SMART launch from a record system: the page opens there, read-only, and ends there."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from nightcramp.cds.server import create_cds
from nightcramp.cds.settings import RecordSystem, Settings
from nightcramp.cds.smart.scopes import is_granted, scopes
from record_systems import (
    BUNDLES,
    TODAY,
    URL,
    RecordServer,
    condition,
    medicine,
    patient,
    record_in,
    record_server,
    result,
)

WHO = patient(name=[{"given": ["Ana"], "family": "Muster"}])
RECORD = [WHO, condition(), medicine("indapamide 2.5 MG"), result("2823-3", 3.2, "mmol/L")]


@pytest.fixture
def system() -> Iterator[RecordServer]:
    """A record system with one patient who has cramps and takes indapamide."""
    with record_server(list(RECORD)) as running:
        yield running


def browser(system: RecordServer, **more: Any) -> TestClient:
    """Return a browser that knows the service, which knows the record system."""
    known = RecordSystem(iss=system.iss, client_id="nightcramp", key=more.pop("key", ""))
    settings = Settings(url=URL, record_system=[known], **more)
    app = create_cds(settings, today=lambda: TODAY)
    return TestClient(app, base_url=URL, follow_redirects=False)


def opened(client: TestClient, system: RecordServer, launch: str = "l1") -> Any:
    """Launch, let the user of the record system agree, and return the last answer."""
    asked = client.get(
        "/launch", params={"iss": system.iss, **({"launch": launch} if launch else {})}
    )
    assert asked.status_code == 302, asked.text
    back = client.get(system.authorise(asked.headers["location"]))
    return client.get(back.headers["location"]) if back.status_code == 303 else back


def test_the_page_for_the_visit_opens_inside_the_record_system(system: RecordServer) -> None:
    page = opened(browser(system), system)
    assert page.status_code == 200
    assert "Ana Muster" in page.text
    assert "1950-03-01" in page.text
    assert "indapamide" in page.text
    assert "potassium" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "script-src" not in page.headers["content-security-policy"]
    assert set(re.findall(r'(?:href|action)="(/[^"#?]*)', page.text)) == {
        "/launch/end",
        "/static/app.webmanifest",
        "/static/icon.svg",
        "/static/nightcramp.css",
    }


def test_only_reading_is_asked_for(system: RecordServer) -> None:
    client = browser(system)
    asked = client.get("/launch", params={"iss": system.iss, "launch": "l1"})
    query = {k: v[0] for k, v in parse_qs(urlsplit(asked.headers["location"]).query).items()}
    assert query["launch"] == "l1"
    assert query["scope"].split()[0] == "launch"
    assert {one.rpartition(".")[2] for one in query["scope"].split()[1:]} == {"rs"}
    assert len(query["code_challenge"]) == 43
    assert len(query["state"]) >= 32


def test_an_older_record_system_is_asked_in_its_own_words(system: RecordServer) -> None:
    system.capabilities = ["launch-ehr", "client-public"]
    system.methods = None
    client = browser(system)
    asked = client.get("/launch", params={"iss": system.iss, "launch": "l1"})
    scope = parse_qs(urlsplit(asked.headers["location"]).query)["scope"][0]
    assert "patient/Condition.read" in scope
    assert opened(client, system).status_code == 200


def test_a_launch_of_its_own_asks_for_a_patient(system: RecordServer) -> None:
    client = browser(system)
    asked = client.get("/launch", params={"iss": system.iss})
    query = parse_qs(urlsplit(asked.headers["location"]).query)
    assert query["scope"][0].startswith("launch/patient ")
    assert "launch" not in query
    assert opened(client, system, launch="").status_code == 200


def test_a_confidential_client_signs_who_it_is(system: RecordServer, tmp_path: Path) -> None:
    key = ECKey.generate_key("P-384", {"kid": "own"})
    file = tmp_path / "key.json"
    file.write_text(json.dumps(key.as_dict(private=True)))
    system.public_key = key
    assert opened(browser(system, key=str(file)), system).status_code == 200


def test_a_record_is_read_over_several_pages(system: RecordServer) -> None:
    system.page_size = 1
    system.resources.append(condition("44054006"))
    page = opened(browser(system), system)
    assert "diabetes" in page.text.lower()
    assert "beyond a first page" not in page.text


def test_a_further_page_elsewhere_is_not_followed(system: RecordServer) -> None:
    """A token never goes to another server than the one it is for."""
    system.page_size = 1
    system.resources.append(condition("44054006"))
    with record_server([]) as other:
        system.next_elsewhere = other.address
        page = opened(browser(system), system)
        assert other.asked == []
    assert page.status_code == 200
    assert "diagnoses beyond a first page" in page.text


def test_what_cannot_be_read_is_said(system: RecordServer) -> None:
    system.broken = {"Observation"}
    page = opened(browser(system), system)
    assert page.status_code == 200
    assert "laboratory results" in page.text


def test_the_page_ends_when_it_is_closed(system: RecordServer) -> None:
    client = browser(system)
    opened(client, system)
    assert client.get("/launch/visit").status_code == 200
    closed = client.post("/launch/end", headers={"origin": URL})
    assert "Ana" not in closed.text
    over = client.get("/launch/visit")
    assert over.status_code == 403
    assert "Ana" not in over.text
    assert "Open it again from the record system" in over.text


def test_the_page_ends_by_itself_after_half_an_hour(
    system: RecordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nightcramp.cds.smart import visits

    monkeypatch.setattr(visits, "SECONDS", -1.0)
    assert opened(browser(system), system).status_code == 403


def test_a_real_browser_opens_and_closes_it(system: RecordServer, chromium: Any) -> None:
    """Nothing on the page leads out of it; the button that ends it works from a real page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    known = RecordSystem(iss=system.iss, client_id="nightcramp")
    app = create_cds(Settings(url=url, record_system=[known]), today=lambda: TODAY)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    context = chromium.new_context(viewport={"width": 900, "height": 1000})
    context.set_default_timeout(15_000)
    try:
        page = context.new_page()
        wait_for(lambda: server.started)
        page.goto(f"{url}/launch?iss={system.iss}&launch=l1")
        assert page.url == f"{url}/launch/visit"
        assert "Ana Muster" in page.inner_text("aside")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.click("text=Close it")
        page.wait_for_selector("h1:has-text('Closed')")
        page.goto(f"{url}/launch/visit")
        assert "Ana" not in page.content()
    finally:
        context.close()
        server.should_exit = True
        thread.join()


def wait_for(done: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _again in range(300):
        if done():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to be")


def test_another_browser_does_not_see_it(system: RecordServer) -> None:
    client = browser(system)
    opened(client, system)
    seen = dict(client.cookies)
    client.cookies.clear()
    assert client.get("/launch/visit").status_code == 403
    client.cookies.update({name: "x" * len(value) for name, value in seen.items()})
    assert client.get("/launch/visit").status_code == 403


def test_cookies_are_for_the_server_alone(system: RecordServer) -> None:
    client = browser(system)
    asked = client.get("/launch", params={"iss": system.iss, "launch": "l1"})
    assert "HttpOnly" in asked.headers["set-cookie"]
    assert "SameSite=Lax" in asked.headers["set-cookie"]


def test_inside_a_frame_only_of_a_site_that_was_set(system: RecordServer) -> None:
    frames = ["https://ehr.example.org"]
    known = RecordSystem(iss=system.iss, client_id="nightcramp")
    settings = Settings(url="https://cds.example.org", record_system=[known], frames=frames)
    app = create_cds(settings, today=lambda: TODAY)
    client = TestClient(app, base_url="http://localhost", follow_redirects=False)
    asked = client.get("/launch", params={"iss": system.iss, "launch": "l1"})
    policy = asked.headers["content-security-policy"]
    assert "frame-ancestors https://ehr.example.org" in policy
    cookie = asked.headers["set-cookie"]
    assert cookie.startswith("__Host-")
    assert "SameSite=None" in cookie
    assert "Secure" in cookie


# --- what goes wrong ---


def failing(answer: Any, status: int, says: str) -> None:
    """Check that an answer is a clear page from which nothing leaks."""
    assert answer.status_code == status
    assert "<h1>" in answer.text
    assert says in answer.text
    for secret in (
        "a-token-of-the-record-system",
        "Ana",
        "indapamide",
        "invalid_grant",
        "Traceback",
    ):
        assert secret not in answer.text


def test_an_unknown_record_system(system: RecordServer) -> None:
    with record_server([]) as other:
        answer = browser(system).get("/launch", params={"iss": other.iss, "launch": "l1"})
        assert other.asked == []
    failing(answer, 403, "not known here")


@pytest.mark.parametrize("iss", ["", "file:///etc/passwd", "http://169.254.169.254/", "x" * 9000])
def test_an_address_that_is_none(system: RecordServer, iss: str) -> None:
    assert browser(system).get("/launch", params={"iss": iss, "launch": "l"}).status_code in (
        400,
        403,
    )


def test_a_wrong_state(system: RecordServer) -> None:
    client = browser(system)
    asked = client.get("/launch", params={"iss": system.iss, "launch": "l1"})
    back = re.sub(
        r"state=[^&]+", "state=of-somebody-else", system.authorise(asked.headers["location"])
    )
    failing(client.get(back), 400, "is not known here, or is over")


def test_the_state_of_another_browser(system: RecordServer) -> None:
    """Nobody can make somebody else open a patient of theirs."""
    client = browser(system)
    asked = client.get("/launch", params={"iss": system.iss, "launch": "l1"})
    back = system.authorise(asked.headers["location"])
    client.cookies.clear()
    failing(client.get(back), 400, "is not known here, or is over")


def test_a_code_that_comes_twice(system: RecordServer) -> None:
    client = browser(system)
    asked = client.get("/launch", params={"iss": system.iss, "launch": "l1"})
    back = system.authorise(asked.headers["location"])
    assert client.get(back).status_code == 303
    failing(client.get(back), 400, "is not known here, or is over")


def test_a_code_of_another_launch(system: RecordServer) -> None:
    """The verifier of one launch does not fit the code of another."""
    client = browser(system)
    one = client.get("/launch", params={"iss": system.iss, "launch": "l1"}).headers["location"]
    two = client.get("/launch", params={"iss": system.iss, "launch": "l2"}).headers["location"]
    code = parse_qs(urlsplit(system.authorise(one)).query)["code"][0]
    mixed = re.sub(r"code=[^&]+", f"code={code}", system.authorise(two))
    failing(client.get(mixed), 502, "gave no right to read")


def test_two_launches_in_one_browser_both_come_back(system: RecordServer) -> None:
    client = browser(system)
    one = client.get("/launch", params={"iss": system.iss, "launch": "l1"}).headers["location"]
    two = client.get("/launch", params={"iss": system.iss, "launch": "l2"}).headers["location"]
    assert client.get(system.authorise(one)).status_code == 303
    assert client.get(system.authorise(two)).status_code == 303


def test_the_user_says_no(system: RecordServer) -> None:
    client = browser(system)
    asked = client.get("/launch", params={"iss": system.iss, "launch": "l1"})
    state = parse_qs(urlsplit(asked.headers["location"]).query)["state"][0]
    words = "<script>alert(1)</script>"
    answer = client.get(
        "/launch/back",
        params={"error": "access_denied", "error_description": words, "state": state},
    )
    failing(answer, 403, "did not allow it")
    assert "alert" not in answer.text


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"token_status": 400, "token_answer": {"error": "invalid_grant"}}, 502, "gave no right"),
        ({"token_status": 500}, 502, "gave no right"),
        ({"token_answer": {"token_type": "mac"}}, 502, "gave no right"),
        ({"token_answer": {"access_token": None}}, 502, "gave no right"),
        ({"token_answer": {"patient": ""}}, 403, "no patient is open"),
        ({"granted": "launch patient/Patient.rs"}, 403, "did not allow to read: Condition"),
        ({"granted": "launch patient/*.cud"}, 403, "did not allow to read"),
        ({"granted": ""}, 403, "did not allow to read: Patient, Condition"),
        ({"given_patient": "p2"}, 502, "did not give the patient"),
        ({"broken": {"Patient"}}, 502, "did not give the patient"),
        ({"methods": ["plain"]}, 502, "PKCE"),
        ({"capabilities": "none"}, 502, "does not say where"),
    ],
)
def test_a_record_system_that_errs(
    system: RecordServer, changes: dict[str, Any], status: int, says: str
) -> None:
    for name, value in changes.items():
        setattr(system, name, value)
    client = browser(system)
    asked = client.get("/launch", params={"iss": system.iss, "launch": "l1"})
    answer = (
        asked
        if asked.status_code != 302
        else client.get(system.authorise(asked.headers["location"]))
    )
    assert says.lower() in answer.text.lower()
    failing(answer, status, "cannot be opened")


def test_another_patient_in_the_record_is_refused(system: RecordServer) -> None:
    """A server that answers with somebody else's records shows nothing at all."""
    stranger = {**medicine("salmeterol", patient="p2"), "id": "s"}
    real = system.get

    def mixed(path: str, query: str) -> tuple[int, Any]:
        status, value = real(path, query)
        if "MedicationRequest" in path:
            value = {**value, "entry": [*value.get("entry", []), {"resource": stranger}]}
        return status, value

    system.get = mixed  # type: ignore[method-assign]
    failing(opened(browser(system), system), 400, "about another patient")


def test_a_patient_that_is_not_the_one_that_is_open(system: RecordServer) -> None:
    real = system.get

    def other(path: str, query: str) -> tuple[int, Any]:
        return (200, {**WHO, "id": "p2"}) if path == "/fhir/Patient/p1" else real(path, query)

    system.get = other  # type: ignore[method-assign]
    failing(opened(browser(system), system), 400, "another patient")


def test_a_record_system_that_is_not_there(system: RecordServer) -> None:
    known = RecordSystem(iss="http://127.0.0.1:9/fhir", client_id="nightcramp")
    app = create_cds(Settings(url=URL, record_system=[known]))
    answer = TestClient(app, base_url=URL).get("/launch", params={"iss": known.iss, "launch": "l"})
    failing(answer, 502, "does not say where")


def test_a_person_without_cramps_on_record(system: RecordServer) -> None:
    system.resources.remove(RECORD[1])
    page = opened(browser(system), system)
    assert "does not say that this person has leg cramps" in page.text


@pytest.mark.skipif(not BUNDLES, reason="no shared data beside the checkout")
def test_a_whole_record_of_the_shared_bundles() -> None:
    identifier, resources = record_in(BUNDLES[7])
    with record_server(resources, identifier) as system:
        page = opened(browser(system), system)
    assert page.status_code == 200
    assert "Dennis" in page.text
    assert "furosemide" in page.text


SCOPES = [
    ("patient/Condition.rs", "Condition", True),
    ("patient/Condition.read", "Condition", True),
    ("patient/*.read", "Condition", True),
    ("user/*.cruds", "Condition", True),
    ("patient/*.*", "Condition", True),
    ("patient/Condition.rs?category=problem-list-item", "Condition", True),
    ("patient/Condition.r", "Condition", False),
    ("patient/Patient.r", "Patient", True),
    ("patient/Condition.s", "Condition", False),
    ("patient/Condition.write", "Condition", False),
    ("patient/ConditionX.rs", "Condition", False),
    ("system/*.rs", "Condition", False),
    ("launch openid", "Condition", False),
]


@pytest.mark.parametrize(("granted", "kind", "allowed"), SCOPES)
def test_what_a_scope_allows(granted: str, kind: str, allowed: bool) -> None:
    assert is_granted(f"launch {granted} openid", kind) is allowed


def test_no_scope_asks_to_write() -> None:
    asked = scopes(["permission-v2"], standalone=True) + " " + scopes([], standalone=False)
    assert not re.search(r"\.(?:[cruds]*[cud]|write|\*)", asked)
