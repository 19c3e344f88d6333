"""Requests that mean no good: from other sites, to other names, too large, too slow."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nightcramp.app import guard
from nightcramp.app.forms import MOST_BYTES
from nightcramp.app.guard import HEADERS, impatient
from nightcramp.app.problem import RefusedError
from walks import Planted, acts, addresses, all_of, named, plant, shown

FROM_ELSEWHERE = {
    "another site": {"origin": "https://evil.example"},
    "another port": {"origin": "http://localhost:1234"},
    "another name of this machine": {"origin": "http://127.0.0.1"},
    "nowhere": {"origin": "null"},
    "nonsense": {"origin": "http://[::1"},
    "two at once": {"origin": "http://localhost https://evil.example"},
    "fetched by another site": {"sec-fetch-site": "cross-site"},
    "fetched by a sibling": {"sec-fetch-site": "same-site", "origin": "http://localhost"},
}


@pytest.fixture
def planted(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planted:
    """Somebody who has told this and that."""
    return plant("me", "wq7xmarkz", tmp_path, monkeypatch)


# --- other sites ---


@pytest.mark.parametrize("headers", FROM_ELSEWHERE.values(), ids=FROM_ELSEWHERE)
def test_another_site_cannot_act(headers: dict[str, str], planted: Planted, app: Any) -> None:
    before = all_of("me")
    for act in acts():
        for address in addresses(act, planted.ids[:1]):
            for path in (address, f"/api{address}"):
                assert app.post(path, headers=headers).status_code == 403, path
    assert all_of("me") == before


def test_a_page_of_the_app_can(home: Path, app: Any) -> None:
    headers = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
    assert app.post("/tonight", headers=headers, follow_redirects=False).status_code == 303


@pytest.mark.parametrize("tls", [True, False])
def test_over_https_a_page_without_it_is_another_site(tls: bool, home: Path, client: Any) -> None:
    """Whoever is in between can make pages of the same name without HTTPS."""
    proxy = {} if tls else {"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1"}
    one = client(local=False, tls=tls, address="127.0.0.1")
    for scheme, status in (("http", 403), ("https", 303)):
        headers = {**proxy, "origin": f"{scheme}://night.example"}
        assert one.post("/sign-out", headers=headers, follow_redirects=False).status_code == status


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_do_nothing(method: str, planted: Planted, app: Any) -> None:
    before = all_of("me")
    for act in acts():
        assert app.request(method, addresses(act, planted.ids)[0]).status_code == 405
    assert all_of("me") == before


def test_a_method_is_never_overridden(planted: Planted, app: Any) -> None:
    """Neither by a header nor by a field: what is asked for by GET is not done."""
    before = all_of("me")
    headers = {"x-http-method-override": "POST", "x-method-override": "POST"}
    for act in acts():
        address = addresses(act, planted.ids)[0]
        app.get(f"{address}?_method=POST", headers=headers, follow_redirects=False)
        app.head(address, headers=headers, follow_redirects=False)
    assert all_of("me") == before


# --- host names ---


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "", "localhost@evil.example", "[::1", "127.0.0.2"],
)
def test_only_known_names_are_answered(host: str, home: Path, app: Any) -> None:
    answer = app.get("/tonight", headers={"host": host}, follow_redirects=False)
    assert answer.status_code == 421
    assert "evil" not in answer.text


def test_two_names_at_once_are_none(home: Path, app: Any) -> None:
    headers = [("host", "localhost"), ("host", "evil.example")]
    assert app.get("/tonight", headers=headers).status_code == 421


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:8321", "[::1]:8321"])
def test_names_of_this_machine_are_answered(host: str, home: Path, app: Any) -> None:
    assert app.get("/sign-in", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("header", guard.OF_PROXIES)
def test_a_proxy_passes_nothing_on_to_what_is_meant_for_this_machine(
    header: str, home: Path, app: Any
) -> None:
    """A proxy in front would open the diary to all the world without anybody noticing."""
    answer = app.get("/tonight", headers={header: "for=192.0.2.1"}, follow_redirects=False)
    assert answer.status_code == 421
    assert "--name" in answer.text


# --- headers ---


def test_every_answer_has_the_safe_headers(planted: Planted, app: Any) -> None:
    answers = [app.get(address) for route in shown() for address in addresses(route, ["1"])]
    answers += [app.get("/nowhere"), app.get("/static/nightcramp.css"), app.delete("/tonight")]
    answers += [app.get("/", headers={"host": "evil.example"})]
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, answer.url
        if "/static/" not in str(answer.url):
            assert "no-store" in answer.headers["cache-control"], answer.url


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    policy = HEADERS["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert policy.startswith("default-src 'none'")


def test_head_is_get_without_its_body(home: Path, app: Any) -> None:
    answer = app.head("/sign-in")
    assert (answer.status_code, answer.content) == (200, b"")


# --- paths ---

TRAVERSALS = [
    "/static/../gate.py",
    "/static/..%2fgate.py",
    "/static/%2e%2e/gate.py",
    "/static/..%5cgate.py",
    "/static/%00",
    "/static//etc/passwd",
    "/static/....//gate.py",
    "//etc/passwd",
    "/static/",
]


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_path_leads_out_of_the_static_files(path: str, home: Path, app: Any) -> None:
    answer = app.get(path)
    assert answer.status_code in (400, 404)
    assert "root:" not in answer.text
    assert "import" not in answer.text


@pytest.mark.parametrize(
    "part", ["..", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%5c..%5cx", "%00", "%ff"]
)
def test_no_parameter_is_a_path(part: str, planted: Planted, app: Any) -> None:
    for route in shown():
        for address in addresses(route, [part]):
            answer = app.get(address)
            assert answer.status_code < 500, address
            assert "root:" not in answer.text


@pytest.mark.parametrize(
    "name",
    [
        "../../../up.csv",
        "..\\..\\up.csv",
        "/etc/up.csv",
        "a\x00b.csv",
        "ü" * 300 + ".csv",
        "...",
        "",
    ],
)
def test_a_file_cannot_say_where_it_is_put(name: str, home: Path, app: Any, tmp_path: Path) -> None:
    for act in acts():
        for field in act.files:
            content = (
                f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
            )
            body = content.encode() + b"\r\ndate,cramps\r\n2026-03-01,1\r\n--x--\r\n"
            headers = {"content-type": "multipart/form-data; boundary=x"}
            answer = app.post(addresses(act, ["1"])[0], content=body, headers=headers)
            assert answer.status_code < 500, name
    assert not list(tmp_path.rglob("up.csv"))


# --- bombs ---


def in_pieces(size: int) -> Iterator[bytes]:
    """Yield a body in pieces, so that its length is not told before."""
    yield b"name="
    for _ in range(size // 65_536 + 1):
        yield b"a" * 65_536


FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("path", ["/sign-in", "/api/sign-in"])
def test_a_body_that_is_too_long_is_refused_told_or_not(path: str, home: Path, app: Any) -> None:
    told = app.post(path, content=b"a" * (MOST_BYTES + 1), headers=FORM)
    untold = app.post(path, content=in_pieces(2 * MOST_BYTES), headers=FORM)
    assert [told.status_code, untold.status_code] == [413, 413]


def test_too_many_fields_are_refused(home: Path, app: Any) -> None:
    many = "&".join(f"f{number}=1" for number in range(1500))
    assert app.post("/sign-in", content=many, headers=FORM).status_code == 422
    parts = {f"f{number}": (None, "1") for number in range(1500)}
    assert app.post("/sign-in", files=parts).status_code == 422


def test_a_file_where_none_belongs_is_refused(home: Path, app: Any) -> None:
    file = {"passphrase": ("a.txt", b"x" * 100, "text/plain")}
    assert app.post("/sign-in", files=file).status_code == 422


def test_json_that_is_nested_deeply_is_refused(home: Path, app: Any) -> None:
    for body in (b"[" * 100_000, b'{"name":' * 100_000, b'{"a":' * 5000 + b"1" + b"}" * 5000):
        assert app.post("/api/sign-in", content=body).status_code == 422


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b"nothing of that kind"),
        ("multipart/form-data; boundary=x", b"--x\r\n" * 2000),
        ("multipart/form-data; boundary=x", b"--x\r\nA: " + b"b" * 500_000),
        ("application/x-www-form-urlencoded", b"%zz&==&&&%&\xff\xfe=\x00"),
        ("application/x-www-form-urlencoded; charset=utf-7", b"+ADw-script+AD4-"),
        ("text/plain", b"name=me"),
        ("application/json", b'{"name": "\\ud800"}'),
    ],
)
def test_a_form_that_is_none_is_refused_in_peace(
    kind: str, body: bytes, home: Path, app: Any
) -> None:
    for act in acts():
        for address in addresses(act, ["1"]):
            for path in (address, f"/api{address}"):
                answer = app.post(
                    path, content=body, headers={"content-type": kind}, follow_redirects=False
                )
                assert answer.status_code < 500, (path, answer.text[:300])


def test_a_zip_bomb_is_not_unpacked(home: Path, app: Any) -> None:
    """A file of records that would become a thousand times larger ends in a sentence."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("apple_health_export/export.xml", b"<HealthData>" + b" " * (64 << 20))
    for act in acts():
        for field in act.files:
            file = {field: ("export.zip", packed.getvalue(), "application/zip")}
            answer = app.post(addresses(act, ["1"])[0], files=file)
            assert answer.status_code < 500


# --- slow senders ---


def test_who_sends_too_slowly_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "PATIENCE", 0.02)

    async def never() -> Any:
        await asyncio.Event().wait()

    async def at_once() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def scenario() -> None:
        with pytest.raises(RefusedError) as refused:
            await impatient(never)()
        assert refused.value.status == 408
        received = impatient(at_once)
        assert (await received())["type"] == "http.request"

    with ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, scenario()).result()


def test_each_act_is_walked_over() -> None:
    assert len(named(acts())) == len(acts()) > 10
