"""Record systems for tests: prefetch as one would send it, its tokens, and one that is served."""

from __future__ import annotations

import base64
import copy
import datetime as dt
import hashlib
import json
import secrets
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from nightcramp.cds.services import SERVICES, wanted
from nightcramp.knowledge.loader import knowledge

Resource = dict[str, Any]
ROOT = Path(__file__).parent
FOLDER = ROOT.parent.parent / "shared" / "data" / "fhir"
BUNDLES = sorted(FOLDER.glob("*.json")) if FOLDER.is_dir() else []
ONE_PERSON = ROOT / "fixtures" / "fhir" / "one_person.json"
TODAY = dt.date(2026, 11, 26)
URL = "http://127.0.0.1:8322"
VISIT, SELECT, SIGN = SERVICES
SNOMED = "http://snomed.info/sct"


# --- resources ---


def condition(snomed: str = "90392009", patient: str = "p1", **more: Any) -> Resource:
    """Return a diagnosis; night leg cramps unless another is named."""
    return {
        "resourceType": "Condition",
        "id": f"c{snomed}",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": SNOMED, "code": snomed}]},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }


def named(text: str, patient: str = "p1") -> Resource:
    """Return a diagnosis in words."""
    return condition("", patient, id=text.replace(" ", "-"), code={"text": text})


def medicine(name: str, since: str = "2026-08-01", patient: str = "p1", **more: Any) -> Resource:
    """Return a prescription that is followed."""
    return {
        "resourceType": "MedicationRequest",
        "id": name.split()[0].lower(),
        "status": "active",
        "intent": "order",
        "authoredOn": since,
        "medicationCodeableConcept": {"text": name},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }


def draft(name: str, **more: Any) -> Resource:
    """Return a prescription that is being written."""
    made = medicine(name, **more)
    return {**made, "status": "draft"}


def result(loinc: str, value: float, unit: str, day: str = "2026-11-01") -> Resource:
    """Return a laboratory result."""
    return {
        "resourceType": "Observation",
        "id": f"o{loinc}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "unit": unit, "code": unit},
    }


def answers(**told: Any) -> Resource:
    """Return a questionnaire that was answered."""
    kinds = {bool: "valueBoolean", int: "valueInteger", float: "valueDecimal", str: "valueString"}
    items = [
        {"linkId": name, "answer": [{kinds[type(value)]: value}]} for name, value in told.items()
    ]
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "q1",
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "authored": "2026-11-20",
        "item": items,
    }


def patient(identifier: str = "p1", **more: Any) -> Resource:
    """Return who the person is."""
    base = {"resourceType": "Patient", "id": identifier, "gender": "female"}
    return {**base, "birthDate": "1950-03-01", **more}


def searchset(*resources: Resource) -> Resource:
    """Return what a search gives."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        "entry": [{"resource": one, "search": {"mode": "match"}} for one in resources],
    }


def prefetch(*resources: Resource) -> dict[str, Any]:
    """Return all parts of the prefetch of one person, each with what belongs there."""
    kinds = {
        "conditions": "Condition",
        "medicationRequests": "MedicationRequest",
        "medicationStatements": "MedicationStatement",
        "observations": "Observation",
        "questionnaireResponses": "QuestionnaireResponse",
    }
    parts: dict[str, Any] = {"patient": patient()}
    for key, kind in kinds.items():
        found = [one for one in resources if one["resourceType"] == kind]
        parts[key] = searchset(*found) if found else None
    return parts | {"pastConditions": None, "pastMedicationRequests": None}


def call(hook: str = "patient-view", given: Any = None, **context: Any) -> dict[str, Any]:
    """Return a call of a service, each with a hook instance of its own."""
    return {
        "hook": hook,
        "hookInstance": str(uuid.uuid4()),
        "context": {"userId": "Practitioner/1", "patientId": "p1", **context},
        "prefetch": prefetch(condition()) if given is None else given,
    }


def ordering(*drafts: Resource, given: Any = None, chosen: Any = None) -> dict[str, Any]:
    """Return a call of the service for orders that are being chosen."""
    names = [f"MedicationRequest/{one['id']}" for one in drafts] if chosen is None else chosen
    return call("order-select", given, draftOrders=searchset(*drafts), selections=names)


def signing(*drafts: Resource, given: Any = None) -> dict[str, Any]:
    """Return a call of the service for orders that are about to be signed."""
    return call("order-sign", given, draftOrders=searchset(*drafts))


# --- a whole record, as its server would give it ---


def record_in(path: Path) -> tuple[str, list[Resource]]:
    """Return the patient's id and the resources of a bundle, with addresses as on a server."""
    entries = json.loads(path.read_text(encoding="utf-8"))["entry"]
    urls = {one.get("fullUrl"): one["resource"] for one in entries}
    names = {
        url: f"{one['resourceType']}/{one['id']}"
        for url, one in urls.items()
        if url and "id" in one
    }
    resources = [_addressed(one["resource"], names) for one in entries]
    whose = next(one for one in resources if one["resourceType"] == "Patient")
    return whose["id"], resources


def _addressed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: names.get(inner, inner) if key == "reference" else _addressed(inner, names)
            for key, inner in value.items()
        }
    return [_addressed(one, names) for one in value] if isinstance(value, list) else value


def search(resources: list[Resource], query: str) -> Resource | None:
    """Return what a FHIR server gives for a query of discovery; None for nothing."""
    kind, _sign, rest = query.partition("?")
    if "/" in kind:
        kind, _slash, identifier = kind.partition("/")
        return next(
            (one for one in resources if (one["resourceType"], one["id"]) == (kind, identifier)),
            None,
        )
    asked = {key: values[0] for key, values in parse_qs(rest).items()}
    found = [one for one in resources if one["resourceType"] == kind and _fits(one, asked)]
    return searchset(*found[: int(asked.get("_count", 1000))]) if found else None


def _fits(one: Resource, asked: dict[str, str]) -> bool:
    whose = (one.get("subject") or {}).get("reference", "")
    if whose != f"Patient/{asked['patient']}":
        return False
    if "status" in asked and one.get("status") not in asked["status"].split(","):
        return False
    clinical = (one.get("clinicalStatus") or {}).get("coding", [{}])[0].get("code")
    if "clinical-status" in asked and clinical not in asked["clinical-status"].split(","):
        return False
    if "code" in asked:
        codes = {coding["code"] for coding in one["code"].get("coding", ())}
        if not codes & set(asked["code"].split(",")):
            return False
    since = asked.get("date", asked.get("authoredon", "ge"))[2:]
    when = one.get("effectiveDateTime", one.get("authoredOn", "9"))
    return when >= since


def prefetch_of(
    resources: list[Resource], identifier: str, today: dt.date = TODAY
) -> dict[str, Any]:
    """Return the prefetch of a whole record by the templates of discovery."""
    return {
        part.key: search(resources, part.query.replace("{{context.patientId}}", identifier))
        for part in wanted(knowledge(), today)
    }


# --- tokens ---


@dataclass
class Keys:
    """The keys of one record system, private and public."""

    iss: str = "https://ehr.example.org"
    private: Any = field(default_factory=lambda: ECKey.generate_key("P-384", {"kid": "k1"}))
    algorithm: str = "ES384"

    @classmethod
    def rsa(cls, iss: str = "https://ehr.example.org") -> Keys:
        """Return keys of the other kind."""
        return cls(iss, RSAKey.generate_key(2048, {"kid": "k1"}), "RS384")

    @property
    def public(self) -> bytes:
        """The JWK Set that others get."""
        return json.dumps(KeySet([self.private]).as_dict(private=False)).encode()

    def token(self, path: str = f"/cds-services/{VISIT}", **changes: Any) -> str:
        """Return a token for one call; None takes a claim (or `header_...`) away."""
        now = int(time.time())
        claims = {
            "iss": self.iss,
            "aud": URL + path,
            "exp": now + 300,
            "iat": now,
            "jti": secrets.token_hex(16),
        }
        header = {"alg": self.algorithm, "typ": "JWT", "kid": "k1"}
        for name, value in changes.items():
            inside = header if name.startswith("header_") else claims
            inside[name.removeprefix("header_")] = value
        header = {key: value for key, value in header.items() if value is not None}
        claims = {key: value for key, value in claims.items() if value is not None}
        return jwt.encode(header, claims, self.private, algorithms=[self.algorithm])

    def bearer(self, path: str = f"/cds-services/{VISIT}", **changes: Any) -> dict[str, str]:
        """Return the header of a call."""
        return {"authorization": f"Bearer {self.token(path, **changes)}"}


# --- a served record system: authorisation and FHIR ---


@dataclass
class RecordServer:
    """A small record system on loopback. Its fields are what a test changes to make it wrong."""

    resources: list[Resource]
    patient: str
    address: str = ""
    capabilities: list[str] = field(default_factory=lambda: ["launch-ehr", "permission-v2"])
    methods: list[str] | None = field(default_factory=lambda: ["S256"])
    granted: str | None = None
    given_patient: str = ""
    token_status: int = 200
    token_answer: dict[str, Any] = field(default_factory=dict)
    public_key: Any = None
    page_size: int = 50
    next_elsewhere: str = ""
    broken: set[str] = field(default_factory=set)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    asserted: set[str] = field(default_factory=set)

    @property
    def iss(self) -> str:
        """The base address of its FHIR server."""
        return f"{self.address}/fhir"

    def authorise(self, location: str) -> str:
        """Do what its user does at the authorisation page; return where the browser is sent."""
        asked = {key: one[0] for key, one in parse_qs(urlsplit(location).query).items()}
        assert asked["response_type"] == "code"
        assert asked["aud"] == self.iss
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Exchange a code: once, for the client it was made for, against its PKCE verifier."""
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or made != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        if form["redirect_uri"] != asked["redirect_uri"] or not self._is_client(form, asked):
            return 401, {"error": "invalid_client"}
        if self.token_status != 200:
            return self.token_status, self.token_answer
        scope = asked["scope"] if self.granted is None else self.granted
        answer = {
            "access_token": "a-token-of-the-record-system",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": scope,
            "patient": self.given_patient or self.patient,
        }
        return 200, answer | self.token_answer

    def _is_client(self, form: dict[str, str], asked: dict[str, str]) -> bool:
        if self.public_key is None:
            return form.get("client_id") == asked["client_id"]
        token = jwt.decode(form["client_assertion"], self.public_key, algorithms=["ES384"])
        claims = token.claims
        fresh = claims["jti"] not in self.asserted and claims["exp"] <= time.time() + 300
        self.asserted.add(claims["jti"])
        named = claims["iss"] == claims["sub"] == asked["client_id"]
        return fresh and named and claims["aud"] == f"{self.address}/token"

    def get(self, path: str, query: str) -> tuple[int, Any]:
        """Answer what is read."""
        if path == "/fhir/.well-known/smart-configuration":
            found = {
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "capabilities": self.capabilities,
                "code_challenge_methods_supported": self.methods,
            }
            return 200, {key: value for key, value in found.items() if value is not None}
        asked = path.removeprefix("/fhir/") + (f"?{query}" if query else "")
        self.asked.append(asked)
        if asked.partition("?")[0].partition("/")[0] in self.broken:
            return 500, {"resourceType": "OperationOutcome"}
        found = search(self.resources, asked)
        if found is None:
            return (404, {}) if "?" not in asked else (200, searchset())
        return 200, self._page(found, path, query) if "?" in asked else found

    def _page(self, found: Resource, path: str, query: str) -> Resource:
        start = int(parse_qs(query).get("_start", ["0"])[0])
        page = copy.copy(found)
        page["entry"] = found["entry"][start : start + self.page_size]
        if start + self.page_size < len(found["entry"]):
            kept = {key: one[0] for key, one in parse_qs(query).items() if key != "_start"}
            after = urlencode({**kept, "_start": start + self.page_size})
            base = self.next_elsewhere or self.address
            page["link"] = [{"relation": "next", "url": f"{base}{path}?{after}"}]
        return page


@contextmanager
def record_server(resources: list[Resource], patient_id: str = "p1") -> Iterator[RecordServer]:
    """Serve a record system on a free port of loopback."""
    system = RecordServer(resources, patient_id)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("location", system.authorise(self.path))
                self.end_headers()
                return
            needs = not parts.path.endswith("smart-configuration")
            given = self.headers.get("authorization") == "Bearer a-token-of-the-record-system"
            if needs and not given:
                self._answer(401, {})
            else:
                self._answer(*system.get(parts.path, parts.query))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer(*system.token({key: one[0] for key, one in parse_qs(body).items()}))

        def _answer(self, status: int, value: Any) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    system.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield system
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
