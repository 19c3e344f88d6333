"""LHC-Forms in a real browser shows the questions and gives a response that becomes facts.

The npm packages `lforms` and `zone.js` are looked for in the folder that NIGHTCRAMP_NODE_MODULES
names, else in `node_modules` of the checkout. They are served on loopback; the browser reaches
nothing else.
"""

from __future__ import annotations

import functools
import json
import os
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from nightcramp.intake.formats import read_any
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import speaking
from nightcramp.report.fhir.questionnaire import interview
from people import ROOT

MODULES = Path(os.environ.get("NIGHTCRAMP_NODE_MODULES") or ROOT / "node_modules")
FORMS = "lforms/dist/lforms"
ZONE = "zone.js/bundles/zone.umd.min.js"
PAGE = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Form</title>
<link rel="stylesheet" href="{FORMS}/webcomponent/styles.css"><link rel="icon" href="data:,"></head>
<body><div id="form"></div>
<script src="{ZONE}"></script>
<script src="{FORMS}/webcomponent/runtime.js"></script>
<script src="{FORMS}/webcomponent/polyfills.js"></script>
<script src="{FORMS}/webcomponent/main.js"></script>
<script src="{FORMS}/fhir/R4/lformsFHIR.min.js"></script></body></html>"""
SHOW = """form => Promise.race([
  LForms.Util.addFormToPage(form, 'form', {fhirVersion: 'R4'}).then(() => null, String),
  new Promise(done => setTimeout(() => done('the form was not shown'), 60000))])"""
RESPONSE = "() => LForms.Util.getFormFHIRData('QuestionnaireResponse', 'R4')"


class _Quiet(SimpleHTTPRequestHandler):
    """Serves the page, and the files of LHC-Forms."""

    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def forms() -> Iterator[str]:
    """The address at which LHC-Forms is served."""
    if not ((MODULES / FORMS).exists() and (MODULES / ZONE).exists()):
        pytest.skip(
            f"the npm packages lforms and zone.js are not in {MODULES} (NIGHTCRAMP_NODE_MODULES)"
        )
    handler = functools.partial(_Quiet, directory=str(MODULES))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shown(chromium: Any, forms: str) -> Iterator[Any]:
    """A function that shows a questionnaire in LHC-Forms and returns the page."""
    context = chromium.new_context()
    context.set_default_timeout(30_000)
    outside: list[str] = []

    def guard(route: Any) -> None:
        if route.request.url.startswith(forms):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    context.route("**/*", guard)

    def show(form: dict[str, Any]) -> Any:
        page = context.new_page()
        page.goto(forms)
        page.wait_for_function("window.LForms && LForms.Util && LForms.FHIR")
        said = page.evaluate(SHOW, form)
        assert said is None, said
        return page

    yield show
    assert outside == []
    context.close()


def part(page: Any, name: str) -> Any:
    """Return the part of the page that asks a question."""
    return page.locator(f"[id='item-{name}/1/1']")


def say(page: Any, name: str, yes: bool) -> None:
    """Answer a question by yes or no."""
    page.locator(f"[id='{name}/1/1|{str(yes).lower()}']").click()


def write(page: Any, name: str, text: str) -> None:
    """Write into a field, and leave it."""
    box = page.locator(f"[id='{name}/1/1']")
    box.fill(text)
    box.press("Tab")


def choose(page: Any, name: str, option: str) -> None:
    """Choose from a list."""
    box = page.locator(f"[id='{name}/1/1']")
    box.click()
    box.press("Control+a")
    box.press_sequentially(option)
    box.press("Tab")


def facts_in(page: Any, folder: Path) -> dict[str, Any]:
    """Return what is read from the response of a form that was filled in, by id."""
    response = page.evaluate(RESPONSE)
    file = folder / "response.json"
    file.write_text(json.dumps(response), encoding="utf-8")
    return {fact.id: fact.value for fact in read_any(knowledge(), file).facts}


def test_the_form_is_filled_in_and_becomes_facts(shown: Any, tmp_path: Path) -> None:
    """A few answers, one of which makes another question appear, come out as the facts told."""
    page = shown(interview(knowledge()))
    uphill = part(page, "pain_uphill")
    assert uphill.count() == 0
    write(page, "age", "61")
    say(page, "called_cramp", True)
    say(page, "painless", False)
    say(page, "pain_walking", True)
    uphill.wait_for()
    say(page, "pain_uphill", True)
    page.locator(
        "[id='site/1/1|https://nightcramp.example/fhir/CodeSystem/answers-site|foot']"
    ).click()
    write(page, "onset", "3")
    choose(page, "unit_onset", "weeks")
    write(page, "medicines", "amlodipine 5 mg")
    found = facts_in(page, tmp_path)
    use = found.pop("amlodipine")
    assert (use.taking, use.dose) == (True, "5mg")
    assert found == {
        "age": 61.0,
        "called_cramp": True,
        "painless": False,
        "pain_walking": True,
        "pain_uphill": True,
        "site": ["foot"],
        "onset": 21.0,
    }


def test_a_condition_in_fhirpath_is_followed(shown: Any, tmp_path: Path) -> None:
    """Whether somebody may be pregnant is asked until sex or age says otherwise."""
    page = shown(interview(knowledge()))
    pregnancy = part(page, "pregnancy")
    assert pregnancy.count() == 1
    choose(page, "sex", "male")
    pregnancy.wait_for(state="detached")
    choose(page, "sex", "female")
    pregnancy.wait_for()
    say(page, "pregnancy", True)
    part(page, "pregnancy_weeks").wait_for()
    write(page, "pregnancy_weeks", "20")
    assert facts_in(page, tmp_path) == {"sex": "female", "pregnancy": True, "pregnancy_weeks": 20.0}


def test_the_form_speaks_spanish(shown: Any, tmp_path: Path) -> None:
    """The Spanish form shows Spanish questions; its response is read like any other."""
    with speaking("es"):
        form = interview(knowledge())
    page = shown(form)
    text = next(
        i["text"] for part in form["item"] for i in part["item"] if i["linkId"] == "painless"
    )
    assert part(page, "painless").get_by_text(text, exact=True).count() == 1
    say(page, "painless", True)
    assert facts_in(page, tmp_path) == {"painless": True}
