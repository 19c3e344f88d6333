"""The report of a trial: the same figures as its verdict, whole, safe, and readable by everyone."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import functools
import hashlib
import io
import itertools
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pypdf
import pytest
from msgspec.structs import replace

from nightcramp.errors import InputError
from nightcramp.knowledge.loader import knowledge
from nightcramp.person.verdict import Outcome
from nightcramp.report import document_html
from nightcramp.report.document import Facts, Table
from nightcramp.report.trial_course import TrialReport
from nightcramp.report.trial_picture import PAGE
from nightcramp.report.trial_report import document_of, trial_html, trial_pdf
from nightcramp.trial.analysis import verdict_of
from nightcramp.trial.events import TrialEvent
from nightcramp.trial.nights import trial_nights
from nightcramp.trial.protocol import Protocol, canonical, fingerprint
from trial_reports import (
    DUMMY,
    HOSTILE,
    LOCKED,
    NOW,
    OUTCOMES,
    STRETCH,
    WALK,
    edge_cases,
    nights,
    protocol,
    report,
)

CASES = edge_cases()
GROUPS = (
    "1a 1b 2a.1 2a.2 2b 3a 3b 4a 4b 4c 5 6a.1 6a.2 6b 7a 7b 8a 8b 8c 9 10 11a 11b 12a 12b 12c",
    "13a.1 13a.2 13b 14a 14b 15 16 17a.1 17a.2 17b 18 19 20 21 22 23 24 25",
)
ITEMS = [item for group in GROUPS for item in group.split()]
VOID = {"meta", "path", "rect", "circle"}
TABLE = re.compile(r"(\(?)(×|[\d.]+)(\)?)")
ZERO_WIDTH = "\N{ZERO WIDTH SPACE}"


class Page(HTMLParser):
    """A page as a browser would read it: elements with attributes and text, in order."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close an element; everything inside it must be closed."""
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep a text with the element it is in."""
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data))

    def of(self, *tags: str) -> list[str]:
        """Return the texts directly in some elements."""
        return [text for tag, text in self.texts if tag in tags]

    def attributes(self, name: str) -> list[str]:
        """Return the values of an attribute."""
        return [value for _, attrs in self.elements if (value := attrs.get(name)) is not None]

    @property
    def words(self) -> str:
        """Return everything that is read, styles aside, on one line."""
        return " ".join(" ".join(text for tag, text in self.texts if tag != "style").split())

    def files(self) -> dict[str, str]:
        """Return the files that the page carries."""
        links = [attrs for tag, attrs in self.elements if tag == "a" and "download" in attrs]
        return {
            str(link["download"]): base64.b64decode(str(link["href"]).split(",")[1]).decode()
            for link in links
        }


def printed(made: TrialReport) -> pypdf.PdfReader:
    """Return the PDF as somebody would open it."""
    return pypdf.PdfReader(io.BytesIO(trial_pdf(made, NOW)))


@functools.cache
def html(name: str) -> str:
    """Return the page of a case."""
    return trial_html(CASES[name])


@functools.cache
def pdf(name: str) -> pypdf.PdfReader:
    """Return the PDF of a case as somebody would open it."""
    return printed(CASES[name])


def words_of(reader: pypdf.PdfReader) -> str:
    """Return all text of a PDF on one line, without the numbers of its pages."""
    pages = (page.extract_text() for page in reader.pages)
    text = " ".join(re.sub(r"\d+ / \d+\s*$", "", page) for page in pages)
    return " ".join(text.replace(ZERO_WIDTH, "").split())


def section(page: str, name: str) -> str:
    """Return the part of a page with this id."""
    return page.split(f'<section id="{name}"')[1].split("</section>")[0]


# --- what it says ---


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_item_of_cent_is_answered(name: str) -> None:
    """All 44 parts of the 25 items stand in their order, each with a sentence."""
    parts = document_of(CASES[name], PAGE).sections
    (cent,) = [part for part in parts if part.id == "cent"]
    pairs = [pair for block in cent.blocks if isinstance(block, Facts) for pair in block.pairs]
    assert [term.split(". ")[0] for term, _ in pairs] == ITEMS
    assert [term for term, said in pairs if len(said.split()) < 3 and "8c" not in term] == []
    assert [term for term, said in pairs if "None." in said and "None. " not in said] == []


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_page_and_pdf_answer_every_item(outcome: Outcome) -> None:
    """What the page says of each item, the PDF says too."""
    page, words = Page(html(outcome)), words_of(pdf(outcome))
    for term, said in zip(page.of("dt"), page.of("dd"), strict=True):
        assert term in words
        assert said in words


@pytest.mark.parametrize("outcome", ["works", "does_not_matter", "harms", "cannot_tell"])
def test_figures_are_those_of_the_verdict(outcome: Outcome) -> None:
    """Ratios, p, stake, schedules and counts are the verdict's, in the page and in the PDF."""
    found = CASES[outcome].verdict
    assert found.effect is not None
    assert found.sequence is not None
    assert found.by_adherence is not None
    said = [f"p = {found.p:.2g}", f"Stake now {found.stake:.3g}, at most {found.most_stake:.3g}"]
    for ratio in (found.effect, found.sequence, found.by_adherence):
        said.append(f"{ratio.ratio:.2f} (from {ratio.low:.2f} to {ratio.high:.2f})")
    said.append(f"{found.schedules} orders that could have been drawn")
    said.append(f"{found.nights_counted} nights counted, {found.nights_missing} not logged")
    said.append(f"average {found.rate_first:.2f} a night")
    page, paper = Page(html(outcome)).words, words_of(pdf(outcome))
    assert [text for text in said if text not in page or text not in paper] == []


@pytest.mark.parametrize("outcome", ["works", "does_not_matter", "harms", "cannot_tell"])
def test_size_is_told_in_cramps_of_a_time(outcome: Outcome) -> None:
    """The cramps of either arm and the interval are what the rate and the ratio make them."""
    found = CASES[outcome].verdict
    assert found.rate_second is not None
    assert found.effect is not None
    lead = section(html(outcome), "answer").split('class="lead">')[1].split("<")[0]
    told = re.search(r"about (\d+) cramps (.+?), instead of about (\d+) .+ (\d+) to (\d+)", lead)
    assert told is not None
    nights_in = {"a week": 7, "in four weeks": 28, "in twelve weeks": 84}[told[2]]
    usual = nights_in * found.rate_second
    ends = (found.effect.ratio, 1.0, found.effect.low, found.effect.high)
    assert [int(told[i]) for i in (1, 3, 4, 5)] == [round(usual * end) for end in ends]


def test_outcomes_are_told_apart_in_the_first_line() -> None:
    """Each outcome has its own headline, which is the first heading under the title."""
    first = [Page(html(outcome)).of("h2")[0] for outcome in OUTCOMES]
    assert len(set(first)) == len(OUTCOMES)
    assert first[0] == "It works for you."
    assert first[3] == "We can't tell yet: another 62 nights might."


def test_no_sum_is_shown_where_the_verdict_is_withheld() -> None:
    """A failed check is the answer; neither sizes nor averages of the arms are given."""
    made = CASES["withheld"]
    page = Page(trial_html(made))
    assert "seems to have acted on into the next" in page.words
    assert "no: the answer is withheld" in page.words
    assert f"average {made.verdict.rate_first:.2f}" not in page.words
    assert re.search(r"\(from \d", page.words) is None
    assert "A's average must be" not in page.words


def test_cannot_tell_says_whether_more_nights_would_help() -> None:
    """With no number of nights that would do, it says that more would not."""
    made = CASES["cannot_tell"]
    without = replace(made, verdict=replace(made.verdict, more_nights=None))
    assert "would probably not tell either" in Page(trial_html(without)).words
    assert "would probably not tell either" not in Page(trial_html(made)).words


def test_nothing_to_tell_yet() -> None:
    """Before the first night, and with one arm only, it says what is missing."""
    before = Page(html("no nights")).words
    assert "There is nothing to tell yet. The first night is Mon 2 March 2026." in before
    one = Page(html("one block")).words
    assert "Blocks that are over: 1 of 10. Both arms must have had a block" in one


def test_what_happened_on_the_way_is_told() -> None:
    """A stop with its reason, illness, and the notes of the verdict."""
    made = CASES["stopped"]
    made = replace(made, verdict=replace(made.verdict, notes=("Something was changed.",)))
    words = Page(trial_html(made)).words
    assert "The trial was stopped before its end. stopped, Tue 21 April 2026: “a holiday”." in words
    assert "What happened on the way Something was changed." in words


def test_a_prescriber_and_their_medicine_are_respected() -> None:
    """Where a prescriber agreed, they are named, and nothing is to be stopped because of this."""
    words = Page(trial_html(report("harms", prescriber="Dr Grey"))).words
    assert "Do not stop or change a prescribed medicine because of this" in words
    assert "Agreed to by: Dr Grey." in words


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("pain", "points of pain (of 10) a night"),
        ("sleep", "minutes of sleep lost a night"),
        ("nights with cramp", "nights with cramp in four weeks"),
    ],
)
def test_each_outcome_has_its_own_unit(name: str, unit: str) -> None:
    """Pain, sleep and nights are not told as cramps."""
    assert unit in Page(html(name)).words


def test_a_third_arm_is_shown_and_not_compared() -> None:
    """It has its row and its nights, and the report says that it is not part of it."""
    words = Page(html("three arms")).words
    assert "C (" not in words.split("Your nights in a picture")[0]
    assert "3 rows of nights under one scale" in words
    assert "not part of the comparison" in words


# --- the picture and its table ---


def marks(page: str) -> Counter[str]:
    """Count the signs of nights in the picture of nights, its legend and frames aside."""
    drawing = section(page, "picture").split("</svg>")[0]
    legend = {"cross": 1, "none": 1, "hollow": 1, "ink": 1}
    kinds = re.findall(r'<(?:path|circle) class="(cross|none|hollow|ink)"', drawing)
    return Counter(kinds) - Counter(legend)


@pytest.mark.parametrize("name", ["works", "three arms", "sixty blocks", "pain", "long blocks"])
def test_the_picture_shows_the_nights_of_the_table(name: str) -> None:
    """As many crosses, rings, bars and hollow signs as the table has nights of each kind."""
    made = CASES[name]
    page = trial_html(made)
    (table,) = [
        block
        for part in document_of(made, PAGE).sections
        if part.id == "blocks"
        for block in part.blocks
        if isinstance(block, Table)
    ]
    told: Counter[str] = Counter()
    for row in table.rows:
        if row[0] != "run-in":
            for bracket, value, _ in TABLE.findall(row[3]):
                kind = "none" if float(value if value != "×" else 1) == 0 else "ink"
                told["cross" if value == "×" else "hollow" if bracket else kind] += 1
    assert marks(page) == told
    assert sum(told.values()) == made.protocol.blocks * made.protocol.block_nights
    for value in ("×", "("):
        assert any(value in row[3] for row in table.rows) or name == "long blocks"


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_table_holds_every_night_as_it_was_told(name: str) -> None:
    """The rows of nights.csv are the nights of the trial, and give the averages of the verdict."""
    made = CASES[name]
    rows = list(csv.DictReader(io.StringIO(Page(trial_html(made)).files()["nights.csv"])))
    told = [None if value != value else value for value in made.nights.outcome.tolist()]
    assert [float(row["outcome"]) if row["outcome"] else None for row in rows] == told[: len(rows)]
    assert all(value is None for value in told[len(rows) :])
    for arm, rate in enumerate((made.verdict.rate_first, made.verdict.rate_second)):
        used = [
            float(row["outcome"])
            for row in rows
            if row["arm"] == f"{arm}" and row["counts"] == "1" and row["outcome"]
        ]
        if name != "blind, on the way":
            assert (sum(used) / len(used) if used else None) == pytest.approx(rate)


def test_the_picture_has_words_and_a_link_to_its_table() -> None:
    """A drawing names itself and describes its rows; the link leads to the table."""
    page = html("works")
    picture = section(page, "picture")
    assert picture.count("<svg") == picture.count("<title") == picture.count("<desc") == 2
    assert "Row A, Stretching before bed: 5 blocks over" in picture
    assert '<a href="#blocks">' in picture
    assert "<table>" in section(page, "blocks")
    assert '<a href="#picture-2-caption">' in picture
    told = picture.split('id="picture-2-caption">')[1]
    found = CASES["works"].verdict
    assert found.effect is not None
    assert found.rate_second is not None
    assert told.startswith("The size in numbers (cramps a week)")
    assert f"<td>{7 * found.rate_second * found.effect.ratio:.1f}</td>" in told


def test_the_line_of_what_matters_stands_at_its_value() -> None:
    """It is the second arm's average times the smallest effect, on the scale of the bars."""
    made = CASES["works"]
    assert made.verdict.rate_second is not None
    drawing = section(trial_html(made), "picture").split("</svg>")[0]
    (line, *_) = re.findall(r'class="goal"[^>]* d="M40 ([\d.]+)H', drawing)
    ends = re.findall(r'class="grid" d="M40 ([\d.]+)H', drawing)[:2]
    top, bottom = sorted(map(float, ends))
    share = (bottom - float(line)) / (bottom - top)
    most = max(
        value
        for value, block in zip(made.nights.outcome, made.nights.block, strict=True)
        if block >= 0 and value == value
    )
    assert share * most == pytest.approx(0.75 * made.verdict.rate_second, abs=0.01)


# --- nobody is misled or harmed ---


def test_hostile_text_is_inert() -> None:
    """Names, notes and seeds that look like markup change no element and no attribute."""
    made = CASES["hostile"]
    page, plain = Page(trial_html(made)), trial_html(made).casefold()
    assert page.open == []
    tags = Counter(tag for tag, _ in page.elements)
    assert tags["script"] == 0
    assert tags["title"] == 1 + tags["svg"]
    assert [name for _, attrs in page.elements for name in attrs if name.startswith("on")] == []
    assert HOSTILE.replace("\u202e", "?") in page.words
    assert "\u202e" not in plain
    assert "<script" not in plain
    words = words_of(printed(made))
    assert '#panic("x") *b* _i_ $x^2$ <b>&amp;' in words


def test_a_page_stands_alone() -> None:
    """No script, nothing loaded from anywhere, and a policy that says so."""
    for made in CASES.values():
        page = Page(trial_html(made))
        tags = {tag for tag, _ in page.elements}
        assert not tags & {"script", "link", "img", "iframe", "object", "base", "form"}
        assert page.attributes("src") == []
        assert all(link.startswith(("#", "data:")) for link in page.attributes("href"))
        (style,) = page.of("style")
        assert not re.search(r"url\(|@import|https?:", style)
        assert "default-src 'none'; style-src 'unsafe-inline'" in page.attributes("content")


def test_a_protocol_that_was_changed_is_said_first() -> None:
    """Another fingerprint than the locked one stands before the answer, with both."""
    made = CASES["works"]
    changed = replace(made, protocol=replace(made.protocol, smallest_effect=0.5))
    words = Page(trial_html(changed)).words
    assert "is not the one that was locked. Do not rely on the answer." in words
    assert fingerprint(changed.protocol) in words
    assert made.fingerprint in words
    assert words.index("Do not rely") < words.index("With A (")
    assert Page(trial_html(changed)).of("h2")[0].startswith("Do not rely on this report")
    assert "It works for you." not in words
    assert "not the one that was locked" in words_of(printed(changed))
    assert "not the one that was locked" not in Page(trial_html(made)).words


def test_a_schedule_edited_by_hand_is_said() -> None:
    """An order that its seed does not draw is named, even where the fingerprint was renewed."""
    made = CASES["works"]
    plan = replace(made.protocol, schedule=made.protocol.schedule[::-1])
    again = replace(
        made,
        protocol=plan,
        fingerprint=fingerprint(plan),
        verdict=replace(made.verdict, fingerprint=fingerprint(plan)),
    )
    assert "the schedule is not the one its seed draws" in Page(trial_html(again)).words


def test_a_blind_trial_keeps_its_order_until_the_end() -> None:
    """While it goes on nothing tells which block was which; afterwards all is shown."""
    before, after = CASES["blind, on the way"], CASES["blind, over"]
    page = Page(trial_html(before))
    assert before.protocol.seed not in page.words
    assert list(page.files()) == ["nights.csv"]
    assert {row["arm"] for row in csv.DictReader(io.StringIO(page.files()["nights.csv"]))} == {""}
    assert "<svg" not in trial_html(before)
    assert list(printed(before).attachments) == ["nights.csv"]
    shown = Page(trial_html(after))
    assert f"Seed: {after.protocol.seed}." in shown.words
    assert list(shown.files()) == ["protocol.json", "nights.csv"]
    told = TrialEvent(kind="unblinded", at=LOCKED)
    opened = report("cannot_tell", days=45, arms=(STRETCH, DUMMY), events=(told,))
    assert "It was looked at before the end: Sun 1 March 2026." in Page(trial_html(opened)).words
    assert "protocol.json" in Page(trial_html(opened)).files()


# --- somebody else can compute it again ---


def test_the_protocol_comes_to_the_letter() -> None:
    """The file in the page, and the one in the PDF, have the fingerprint that is printed."""
    for name in ("works", "hostile", "long names"):
        made = CASES[name]
        page = Page(trial_html(made))
        text = page.files()["protocol.json"].encode()
        assert hashlib.sha256(text).hexdigest() == made.fingerprint
        assert made.fingerprint in page.of("code")
        reader = printed(made)
        assert bytes(reader.attachments["protocol.json"][0]) == canonical(made.protocol) == text
        assert made.fingerprint in words_of(reader)


def drawn_as_told(plan: Protocol) -> tuple[int, ...]:
    """Return the order of a protocol by the steps that the report tells."""
    orders = list(plan.space)
    width = (len(orders).bit_length() + 7) // 8 + 8
    for counter in range(9):
        parts = [f"{plan.seed}/{counter}/{part}" for part in range(2)]
        joined = b"".join(hashlib.sha256(part.encode()).digest() for part in parts)
        number = int.from_bytes(joined[:width], "big")
        if number < 256**width // len(orders) * len(orders):
            return orders[number % len(orders)]
    raise AssertionError


@pytest.mark.parametrize("seed", ["margaret", "a", "b", "ő"])
def test_the_steps_it_tells_draw_the_order(seed: str) -> None:
    """Following the words of the report gives the order in the protocol."""
    plan = protocol(seed=seed)
    assert drawn_as_told(plan) == plan.schedule
    words = Page(trial_html(report("works", seed=seed))).words
    assert "Join the SHA-256 of “seed/0/0”, “seed/0/1” and so on." in words


def test_a_verdict_as_it_is_computed_is_reported() -> None:
    """A verdict of the analysis itself, with an effect that is plain to see."""
    plan = protocol(blocks=8, block_nights=6, run_in=0, washout=1)
    told = nights(plan, 0.05)
    today = plan.last_evening + dt.timedelta(days=1)
    found = verdict_of(plan, told, knowledge().diary_model, today)
    made = TrialReport(
        protocol=plan,
        verdict=found,
        nights=trial_nights(plan, told),
        fingerprint=fingerprint(plan),
    )
    words = Page(trial_html(made)).words
    assert found.outcome == "works"
    assert "It works for you." in words
    assert f"p = {found.p:.2g}" in words
    assert f"Of all {found.schedules} orders" in words
    assert "Locked not recorded" in words


# --- everyone can read it ---


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_page_is_built_for_everyone(name: str) -> None:
    """Language, one title, headings in steps, heads of tables, unique ids, links that lead on."""
    page = Page(html(name))
    assert page.open == []
    assert dict(page.elements)["html"]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.attributes("href") if link[0] == "#"} <= set(ids)
    named = [name for value in page.attributes("aria-labelledby") for name in value.split()]
    assert set(named) <= set(ids)
    scopes = [attrs.get("scope") for tag, attrs in page.elements if tag == "th"]
    assert set(scopes) == {"col", "row"} or not scopes
    assert {attrs["role"] for tag, attrs in page.elements if tag == "svg"} <= {"img"}


def luminance(color: str) -> float:
    """Return how bright a colour is, as WCAG counts it."""
    digits = color.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_colours_have_enough_contrast() -> None:
    """Words 4.5 to 1 on every ground, signs and lines 3 to 1, by day, in the dark, on paper."""
    style = document_html.STYLE.read_text(encoding="utf-8")
    blocks = re.findall(r":root {(.*?)}", style, re.S)
    schemes = [dict(re.findall(r"--(\w+): (#\w+)", block)) for block in blocks]
    assert len(schemes) == 3
    for colors in schemes:
        for ground in ("ground", "raised"):
            for words in ("ink", "soft", "accent"):
                assert contrast(colors[words], colors[ground]) >= 4.5
        for sign in ("ink", "soft", "accent"):
            assert contrast(colors[sign], colors["tint"]) >= 3
    assert "prefers-color-scheme: dark" in style
    assert "@media print" in style


def figures(reader: pypdf.PdfReader) -> tuple[Counter[str], list[str]]:
    """Return how many tags of each kind a PDF has, and the words of its pictures."""
    counted: Counter[str] = Counter()
    alts: list[str] = []

    def walk(node: Any) -> None:
        node = node.get_object()
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                counted[str(node["/S"])] += 1
            if "/Alt" in node:
                alts.append(str(node["/Alt"]))
            if "/K" in node:
                walk(node["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"]["/K"])
    return counted, alts


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_pdf_is_built_for_everyone(name: str) -> None:
    """PDF/UA-1 with language and title, tagged tables and headings, words for every picture."""
    reader = pdf(name)
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert b"<pdfuaid:part>1<" in root["/Metadata"].get_data()
    assert reader.metadata is not None
    assert str(reader.metadata.title).endswith("a randomised N-of-1 trial")
    counted, alts = figures(reader)
    drawings = html(name).count("<svg")
    assert len(alts) == drawings
    assert counted["/Figure"] >= drawings
    assert counted["/TH"] >= counted["/Table"] * 2
    assert counted["/H1"] == 1


def test_letters_of_europe_are_set_and_others_named() -> None:
    """Accents are printed; a sign that no font has is named, and the page still shows it."""
    assert "słodycze, Ő ß" in words_of(pdf("long names"))
    foreign = report("works", title="夜 stretching")
    assert "夜 stretching" in Page(trial_html(foreign)).words
    with pytest.raises(InputError, match="cannot be printed"):
        trial_pdf(foreign, NOW)


def test_the_same_report_gives_the_same_bytes() -> None:
    """Only the report and the time of making change the files."""
    made = CASES["works"]
    assert trial_html(made) == trial_html(made)
    assert trial_pdf(made, NOW) == trial_pdf(made, NOW)
    assert trial_pdf(made, NOW) != trial_pdf(made, NOW + dt.timedelta(days=1))


@pytest.mark.parametrize("name", ["long names", "hostile", "sixty blocks of three"])
def test_nothing_is_wider_than_a_sheet(name: str) -> None:
    """Names without a space are broken: no piece of text is longer than a line has room for."""
    for page in pdf(name).pages:
        assert 590 < float(page.mediabox.width) < 600
        longest = max(page.extract_text().splitlines(), key=len)
        assert len(longest.replace(ZERO_WIDTH, "")) < 130


def test_a_walk_beside_two_arms_keeps_its_name() -> None:
    """The third arm is named in the protocol with its instruction."""
    words = Page(html("three arms")).words
    assert f"C: {WALK.label} {WALK.instruction} Not part of the comparison." in words
