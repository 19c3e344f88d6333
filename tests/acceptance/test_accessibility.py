"""Every page can be read, reached and pressed: by thumb, keyboard, screen reader, zoomed, at night.

The pages are those of all routes, as several people meet them (tests/visits.py); what must hold
for each is in tests/page_checks.py, and each of those checks fails here on a page made to be bad.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("axe_playwright_python")

import page_checks as checks
from apps import PHONE, Served, serving
from nightcramp.app.pages import ROUTES
from nightcramp.app.routes import Act
from visits import NEVER_REFUSED, REFUSED, SAMPLES, SCENES, scenes, views

NIGHT_PAGES = ("/tonight", "/tonight/relief")
MOST_RED = 0xEC


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app, served over one store that the scenes fill one after the other."""
    with serving(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def blank(chromium: Any) -> Iterator[Any]:
    """An empty page of a phone's browser, kept for all tests here."""
    context = chromium.new_context(**PHONE)
    yield context.new_page()
    context.close()


# --- every page there is ---


@pytest.mark.parametrize("name", SCENES)
def test_no_page_has_a_fault(name: str, everybody: Served, chromium: Any) -> None:
    found = {}
    for scene in scenes(chromium, everybody.address, [name]):
        page = scene.context.new_page()
        for visit in scene.visits:
            visit.go(page)
            before = bool(visit.action) or scene.language != "en"
            faults = checks.faults(page, scene.language, seen_before=before)
            if faults:
                found[visit.name] = faults
    assert found == {}


def test_every_page_is_visited() -> None:
    """An address with a name in it has a sample; a page with a form to be refused is refused."""
    named = {view.path for view in views() if "{" in view.path}
    assert named - SAMPLES.keys() == set()
    again = {one.again for one in ROUTES if isinstance(one, Act) and one.again}
    assert again - REFUSED.keys() - NEVER_REFUSED == set()


# --- at night ---


@pytest.fixture
def night(chromium: Any, everybody: Served) -> Iterator[Any]:
    """A page on a phone that is set to light, as most are."""
    context = chromium.new_context(
        base_url=everybody.address, color_scheme="light", service_workers="block", **PHONE
    )
    context.request.post("/example")
    context.request.post("/tonight")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("address", NIGHT_PAGES)
def test_a_night_page_shines_red_and_no_brighter_than_it_must(
    address: str, night: Any, blank: Any
) -> None:
    night.goto(address)
    red, green, blue = checks.brightest(blank, night.screenshot(full_page=True))
    assert (green, blue) == (0, 0)
    assert red == MOST_RED


@pytest.mark.parametrize(
    ("scheme", "painted"), [("color-scheme", (0x12,) * 3), ("nothing", (255,) * 3)]
)
def test_the_night_page_is_dark_even_without_its_style_sheet(
    scheme: str, painted: tuple[int, int, int], night: Any, blank: Any
) -> None:
    """Where it is painted before its colours are there, its ground is nearly black all the same.

    Without what the head says of the scheme it would be white, as the second case shows.
    """

    def page_of(route: Any) -> None:
        body = route.fetch().text().replace('name="color-scheme"', f'name="{scheme}"')
        route.fulfill(body=body, content_type="text/html")

    night.route("**/tonight", page_of)
    night.route("**/nightcramp.css*", lambda route: route.abort())
    night.goto("/tonight")
    corner = {"x": 380, "y": 834, "width": 8, "height": 8}
    assert checks.brightest(blank, night.screenshot(clip=corner)) == painted


def test_nothing_is_painted_before_the_style_sheet_is_there(night: Any) -> None:
    night.goto("/tonight")
    found = night.evaluate(
        """performance.getEntriesByType("resource").find((one) => one.name.includes(".css"))
        .renderBlockingStatus"""
    )
    assert found == "blocking"


def test_the_button_of_the_night_is_there_without_scrolling(night: Any) -> None:
    for width, height in ((390, 844), (320, 480), (844, 390)):
        night.set_viewport_size({"width": width, "height": height})
        night.goto("/tonight")
        box = night.get_by_role("button", name="Cramp now").bounding_box()
        assert box["height"] >= 0.35 * height
        assert night.evaluate("document.documentElement.scrollHeight") <= height


# --- by keyboard ---


@pytest.mark.parametrize("address", ["/", "/tonight", "/settings", "/interview"])
def test_tab_goes_through_everything_in_order(address: str, night: Any) -> None:
    night.goto(address)
    reached = "document.activeElement.outerHTML"
    listed = night.evaluate(
        """[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select")]
        .filter((one) => one.checkVisibility() && (one.type !== "radio" || one.checked
          || !document.querySelector(`[name=${one.name}]:checked`)))
        .map((one) => one.outerHTML)"""
    )
    seen = []
    for _press in listed:
        night.keyboard.press("Tab")
        seen.append(night.evaluate(reached))
    assert seen == listed


def test_the_first_tab_leads_past_everything_to_the_content(night: Any) -> None:
    night.goto("/nights")
    night.keyboard.press("Tab")
    night.keyboard.press("Enter")
    assert night.evaluate("document.activeElement.id") == "content"


# --- the checks themselves: each fails on a page made to be bad ---

GOOD = """<!doctype html><html lang="en"><head><title>Good</title><style>
  body { margin: 0; background: #fff; color: #000; font: 18px/1.5 sans-serif }
  a, button, summary { display: inline-block; min-width: 48px; min-height: 48px }
  p a { display: inline } :focus-visible { outline: 3px solid #00f }
  button { border: 2px solid; background: #fff; color: #000 }
</style></head><body><main><h1>One</h1><h2>Two</h2>%s</main></body></html>"""

BAD = {
    "targets": [
        "<button style='min-height: 0; height: 30px'>Small</button>",
        "<p><a href='#'>Alone in its line</a></p>",
        "<label class='choice'><input type='checkbox'></label>",
        "<details><summary style='min-height: 0'>More</summary></details>",
    ],
    "order": [
        "<button tabindex='2'>First of all</button>",
        "<div style='display: flex; flex-direction: column-reverse'>"
        "<button>Below</button><button>Above</button></div>",
        "<div style='display: flex; flex-direction: row-reverse'>"
        "<button>Right</button><button>Left</button></div>",
    ],
    "focus": [
        "<button style='outline: none'>Where am I?</button>",
        "<button style='outline: 3px solid transparent'>Where am I?</button>",
        "<button>Hidden</button>"
        "<div style='position: fixed; inset: 0; background: #fff'>A curtain</div>",
    ],
    "names": [
        "<button aria-label='Close'>Keep</button>",
        "<a href='#' aria-label='x'>All nights</a>",
    ],
    "headings": ["<h4>Too deep</h4>", "<h1>Another</h1>", "<h2></h2>"],
    "pictures": [
        "<svg width='9' height='9'></svg>",
        "<svg role='img' width='9' height='9'></svg>",
        "<img src='data:,'>",
        "<figure><svg role='img' aria-label='Nights' width='9' height='9'></svg></figure>",
    ],
    "contrast": [
        "<p style='color: #999'>Pale</p>",
        "<svg role='img' aria-label='x'><text y='20' fill='#bbb'>Pale</text></svg>",
    ],
    "night": [
        "<p style='color: #f00'>Too bright</p>",
        "<p style='color: #200; border: 1px solid #00f'>Blue</p>",
    ],
    "sideways": ["<p style='width: 500px'>Wide</p>", "<p>%s</p>" % ("x" * 90)],
    "motion": [
        "<style>@keyframes a { to { opacity: 0 } } p { animation: a 9s }</style><p>Fades</p>",
        "<p style='transition: color 1s'>Slow</p>",
        "<svg><animate attributeName='x' dur='1s'/></svg>",
    ],
    "spread": ["<p style='white-space: nowrap'>A line that fits just so on a phone, and no</p>"],
}
"""By check: parts of a page that it must find fault with."""


@pytest.mark.parametrize(
    ("check", "part"), [(check, part) for check, parts in BAD.items() for part in parts]
)
def test_a_check_finds_what_is_wrong(check: str, part: str, blank: Any) -> None:
    blank.set_viewport_size(checks.ZOOMED if check == "sideways" else checks.PHONE)
    told = [checks.DAY] if check == "targets" else []
    blank.set_content(GOOD % "<p>Words</p>")
    blank.keyboard.press("Tab")
    if check != "night":
        assert checks.look(blank, check, *told) == []
    good = len(checks.look(blank, check, *told))
    blank.set_content(GOOD % part)
    assert len(checks.look(blank, check, *told)) > good


def test_a_good_page_has_no_fault(blank: Any) -> None:
    blank.set_viewport_size(checks.PHONE)
    blank.set_content(
        GOOD
        % """<p>See <a href="#">a link in its text</a> here.</p><button>Keep</button>
        <details><summary>More</summary><p>Less</p></details>
        <figure><svg role="img" aria-label="Nights" width="9" height="9"></svg>
        <table><caption>Nights</caption><tr><th scope="col">Night</th></tr></table></figure>"""
    )
    assert checks.faults(blank) == []


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ("<html lang='en'><title>T</title><h1>One</h1><p>Outside</p>", "main parts"),
        ("<html lang='de'><title>T</title><main><h1>One</h1></main>", "language"),
        ("<html lang='en'><main><h1>One</h1></main>", "no title"),
        (
            "<html lang='en'><title>T</title><p>Aside</p><main><h1>One</h1></main>",
            "stands in no landmark",
        ),
        (
            "<html lang='en'><title>T</title><nav>a</nav><main><h1>One</h1></main><nav>b</nav>",
            "without names that differ",
        ),
    ],
)
def test_landmarks_are_looked_for(page: str, fault: str, blank: Any) -> None:
    blank.set_content(f"<!doctype html>{page}")
    assert fault in " ".join(checks.look(blank, "landmarks", "en"))


@pytest.mark.parametrize("part", ["<button></button>", "<input>", "<a href='#'></a>", "<select>"])
def test_what_has_no_name_is_found(part: str, blank: Any) -> None:
    blank.set_content(GOOD % part)
    assert checks.nameless(blank)
    blank.set_content(GOOD % "<label>Name <input></label><button>Keep</button>")
    assert checks.nameless(blank) == []


def test_axe_finds_what_it_is_asked_for(blank: Any) -> None:
    blank.set_content(GOOD % "<input><p style='color: #999'>Pale</p>")
    found = " ".join(checks.axe(blank))
    assert "axe label" in found
    assert "axe color-contrast" in found
    assert "label" not in " ".join(checks.axe(blank, checks.OF_COLOURS))


@pytest.mark.parametrize(
    ("colour", "found"), [("#ec0000", (236, 0, 0)), ("#ec0001", (236, 0, 1)), ("#fff", (255,) * 3)]
)
def test_the_brightest_of_a_picture_is_found(
    colour: str, found: tuple[int, int, int], blank: Any
) -> None:
    blank.set_content(f"<body style='background: #000'><p style='color: {colour}'>███</p>")
    assert checks.brightest(blank, blank.screenshot()) == found
