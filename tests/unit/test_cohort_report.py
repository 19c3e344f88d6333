"""A screened population on paper: the same numbers as its files, small counts never among them."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
import numpy as np
import pypdf
import pytest

from nightcramp.cohort.tables.disclosure import WITHHELD, Shown
from nightcramp.cohort.tables.population import CohortSummary
from nightcramp.cohort.tables.summary import LEVELS, summarise
from nightcramp.cohort.tables.summary_tables import tables_of, write_tables
from nightcramp.errors import InputError
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import speaking
from nightcramp.report.cohort import PAPER, cohort_document, cohort_text
from nightcramp.report.document import Picture
from nightcramp.report.document_html import html_of
from nightcramp.report.document_pdf import pdf_of

MEDICINES = ("furosemide", "hydrochlorothiazide", "atorvastatin", "salmeterol", "metformin")
EFFECT = {"furosemide": 0.3, "hydrochlorothiazide": 0.25, "atorvastatin": 0.1, "salmeterol": 0.5}
FACTORS = ("diabetes", "pregnancy", "lumbar_stenosis", "dehydration", "cirrhosis", "smoking")
PREGNANT = (5, 6, 7)
MARKERS = ("night_leg_cramps", "muscle_cramp", "quinine", "muscle_relaxant")
FLAGS = {"emergency": "pe_leg", "same_day": "breathless_known", "soon": "breathless_new"}
NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
BANDS = ((0, 17), (18, 34), (35, 49), (50, 64), (65, 79), (80, 199))


class Made:
    """A made-up population: rows as the files of a result hold them."""

    def __init__(self, people: int, seed: int = 1) -> None:
        """Draw people, some groups of them very small."""
        draw = np.random.default_rng(seed)
        self.people: list[dict[str, Any]] = []
        self.factors: list[dict[str, Any]] = []
        self.medicines: list[dict[str, Any]] = []
        for person in range(1, people + 1):
            self._draw(person, draw)

    def _draw(self, person: int, draw: np.random.Generator) -> None:
        level = str(draw.choice(LEVELS, p=[0.01, 0.02, 0.1, 0.3, 0.57]))
        taken = [
            name
            for name, p in zip(MEDICINES, (0.3, 0.2, 0.2, 0.05, 0.1), strict=True)
            if draw.random() < p
        ]
        has = ["pregnancy"] if person in PREGNANT else []
        has += [
            name
            for name, p in zip(FACTORS, (0.3, 0.0, 0.2, 0.1, 0.02, 0.05), strict=True)
            if draw.random() < p
        ]
        weights = dict.fromkeys(FACTORS, 0.02) | {name: draw.uniform(0.3, 1) for name in has}
        weights |= {f"medication:{name}": EFFECT[name] for name in taken if name in EFFECT}
        whole = 2.0 + sum(weights.values())
        shares = {name: weight / whole for name, weight in weights.items()}
        self._keep(person, shares, {*has, *(n for n in shares if n.startswith("medication"))})
        review = [name for name in taken if EFFECT.get(name, 0) > 0.2]
        self.medicines += [
            {
                "person_id": person,
                "medicine": name,
                "taking": True,
                "since": None,
                "until": None,
                "share": shares.get(f"medication:{name}"),
                "review": name in review,
            }
            for name in taken
        ]
        self.medicines.append(
            {
                "person_id": person,
                "medicine": "amlodipine",
                "taking": False,
                "since": None,
                "until": dt.date(2020, 1, 1),
                "share": None,
                "review": False,
            }
        )
        marked = [name for name in MARKERS if draw.random() < 0.4] or ["muscle_cramp"]
        self.people.append(
            {
                "person_id": person,
                "as_of": dt.date(2025, 6, 30),
                "age": None if person % 31 == 0 else int(np.clip(draw.normal(62, 18), 3, 99)),
                "sex": str(draw.choice(["female", "male", ""], p=[0.55, 0.43, 0.02])),
                "marked_on": dt.date(2025, 1, 1),
                "markers": marked,
                "level": level,
                "red_flags": [FLAGS[level]] if level in FLAGS else [],
                "night_cramp": float(draw.beta(6, 2)),
                "unexplained": 2.0 / whole,
                "factors_present": len(has) + sum(name in EFFECT for name in taken),
                "review": review,
            }
        )

    def _keep(self, person: int, shares: dict[str, float], has: set[str]) -> None:
        self.factors += [
            {
                "person_id": person,
                "factor": name,
                "share": share,
                "presence": 1.0 if name in has else 0.05,
                "pattern": 1.0,
                "ladder": "possible",
                "since": None,
            }
            for name, share in shares.items()
        ]

    def write(self, folder: Path, **run: Any) -> Path:
        """Write the files of a result."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        text, day, number = pa.string(), pa.date32(), pa.float64()
        kinds = {
            "people": [
                ("person_id", pa.int64()),
                ("as_of", day),
                ("age", pa.int16()),
                ("sex", text),
                ("marked_on", day),
                ("markers", pa.list_(text)),
                ("level", text),
                ("red_flags", pa.list_(text)),
                ("night_cramp", number),
                ("unexplained", number),
                ("factors_present", pa.int16()),
                ("review", pa.list_(text)),
            ],
            "factors": [
                ("person_id", pa.int64()),
                ("factor", text),
                ("share", number),
                ("presence", number),
                ("pattern", number),
                ("ladder", text),
                ("since", day),
            ],
            "medicines": [
                ("person_id", pa.int64()),
                ("medicine", text),
                ("taking", pa.bool_()),
                ("since", day),
                ("until", day),
                ("share", number),
                ("review", pa.bool_()),
            ],
        }
        folder.mkdir(parents=True, exist_ok=True)
        for name, columns in kinds.items():
            rows = pa.Table.from_pylist(getattr(self, name), schema=pa.schema(columns))
            pq.write_table(rows, folder / f"{name}.parquet")
        (folder / "run.json").write_text(json.dumps(self.run() | run), encoding="utf-8")
        return folder

    def run(self) -> dict[str, Any]:
        """Return what a run tells of itself."""
        people = len(self.people)
        steps = {
            "people in the database": people * 9 + 3,
            "observed": people * 9 + 1,
            "of known age": people * 5,
            "with a sign of cramps": people,
        }
        return {
            "version": "0.9",
            "made_on": "2025-07-01",
            "who": "marked",
            "as_of": "2025-06-30",
            "source": {
                "kind": "duckdb",
                "shown": "made.duckdb",
                "cdm_version": "5.4",
                "name": "Made up",
                "release": "",
            },
            "attrition": [{"id": s, "says": s, "people": n} for s, n in steps.items()],
            "vocabulary": [
                {
                    "table": "drug_exposure",
                    "concepts": 20,
                    "rows": 1203,
                    "by": {"omop_id": 800, "code": 400, "none": 3},
                }
            ],
            "notices": [{"id": "early", "says": "dates before birth", "rows": 4001, "people": 2}],
            "smallest_cell": 5,
        }


@pytest.fixture(scope="module")
def made() -> Made:
    """A population of 600."""
    return Made(600)


@pytest.fixture(scope="module")
def summary(made: Made, tmp_path_factory: pytest.TempPathFactory) -> CohortSummary:
    """The summary of it."""
    return summarise(made.write(tmp_path_factory.mktemp("result")))


@pytest.fixture(scope="module")
def open_summary(made: Made, tmp_path_factory: pytest.TempPathFactory) -> CohortSummary:
    """The same with every count shown."""
    return summarise(made.write(tmp_path_factory.mktemp("open")), 0)


def counts_in(value: Any) -> Iterator[int]:
    """Yield every count of people that a summary shows."""
    if isinstance(value, Shown):
        yield from () if value.count is None else (value.count,)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from counts_in(getattr(value, name))
    elif isinstance(value, dict):
        yield from (count for item in value.values() for count in counts_in(item))
    elif isinstance(value, list):
        yield from (count for item in value for count in counts_in(item))


# --- the numbers ---


def test_counts_are_those_of_the_files(made: Made, open_summary: CohortSummary) -> None:
    found, people = open_summary, made.people
    assert found.people.count == len(people)
    assert {n: s.count for n, s in found.levels.items()} == {
        level: sum(one["level"] == level for one in people) for level in LEVELS
    }
    groups = Counter((band(one["age"]), one["sex"]) for one in people)
    assert {(g.low, g.sex): g.people.count for g in found.groups} == groups
    signs = Counter(name for one in people for name in one["markers"])
    assert {one.id: one.people.count for one in found.markers} == signs
    flags = Counter(name for one in people for name in one["red_flags"])
    assert {one.id: one.people.count for one in found.flags} == flags
    assert found.review.count == sum(bool(one["review"]) for one in people)
    taking = Counter(row["medicine"] for row in made.medicines if row["taking"])
    assert {row.id: row.taking.count for row in found.medicines} == taking
    review = Counter(row["medicine"] for row in made.medicines if row["review"])
    assert {row.id: row.review.count for row in found.medicines if row.review.count} == review


def band(age: int | None) -> int | None:
    return None if age is None else next(low for low, high in BANDS if low <= age <= high)


def test_shares_are_those_of_the_files(made: Made, open_summary: CohortSummary) -> None:
    """Means and quartiles against plain Python; a quartile is exact to a thousandth."""
    rows = {row.id: row for row in open_summary.factors}
    for name in FACTORS:
        shares = [row["share"] for row in made.factors if row["factor"] == name]
        theirs = [r["share"] for r in made.factors if r["factor"] == name and r["presence"] > 0.5]
        assert rows[name].people.count == len(theirs)
        assert rows[name].mean == pytest.approx(sum(shares) / 600, abs=1e-7)
        assert rows[name].mean_with == pytest.approx(fmean(theirs), abs=1e-7)
        spread = rows[name].quartiles
        if spread is not None:
            low, middle, high = np.quantile(theirs, [0.25, 0.5, 0.75], method="inverted_cdf")
            assert (spread.first, spread.middle, spread.third) == pytest.approx(
                (low, middle, high), abs=6e-4
            )
    whole = sum(one.mean or 0.0 for one in open_summary.shares)
    assert whole + (open_summary.unexplained or 0.0) == pytest.approx(1.0, abs=1e-6)


def test_groups_of_causes_hold_their_factors(open_summary: CohortSummary) -> None:
    means = {row.id: row.mean or 0.0 for row in open_summary.factors}
    found = {one.id: one.mean for one in open_summary.shares}
    assert found["circulation"] == pytest.approx(means["diabetes"])
    assert found["nerves"] == pytest.approx(means["lumbar_stenosis"])
    assert found["beyond"] == pytest.approx(means["cirrhosis"] + means["smoking"])
    medicines = sum(row.mean or 0.0 for row in open_summary.medicines)
    assert found["medicines"] == pytest.approx(medicines)


def test_pairs_are_people_with_both(made: Made, open_summary: CohortSummary) -> None:
    has: dict[str, set[int]] = {}
    for row in made.factors:
        if row["presence"] > 0.5:
            has.setdefault(row["factor"], set()).add(row["person_id"])
    assert len(open_summary.pairs) > 5
    for pair in open_summary.pairs:
        assert pair.people.count == len(has[pair.first] & has[pair.second])
    first = open_summary.pairs[0].people.count
    assert first == max(len(has[a] & has[b]) for a in has for b in has if a != b)


# --- what is hidden ---


@pytest.mark.parametrize(("people", "seed"), [(7, 1), (60, 2), (600, 3), (600, 4), (3000, 5)])
def test_no_summary_shows_a_small_count(people: int, seed: int, tmp_path: Path) -> None:
    made = Made(people, seed)
    for smallest in (5, 11):
        found = summarise(made.write(tmp_path / str(smallest)), smallest)
        assert [count for count in counts_in(found) if 0 < count < smallest] == []


def test_small_counts_are_there_to_be_hidden(open_summary: CohortSummary) -> None:
    """The check above finds small counts where nothing is hidden."""
    assert len([count for count in counts_in(open_summary) if 0 < count < 5]) > 10


def test_amounts_of_few_people_are_hidden_with_them(
    summary: CohortSummary, open_summary: CohortSummary
) -> None:
    shown = {row.id: row for row in summary.factors}
    rare = [row.id for row in open_summary.factors if 0 < (row.people.count or 0) < 5]
    assert rare == ["pregnancy"]
    assert shown["pregnancy"].people == Shown(below=5)
    assert (shown["pregnancy"].mean, shown["pregnancy"].mean_with) == (None, None)
    # Its group holds nothing else, and all groups with the unexplained sum to one.
    hidden = [one.id for one in summary.shares if one.mean is None]
    assert "pregnancy" in hidden
    assert len(hidden) > 1
    assert summary.unexplained == open_summary.unexplained


def test_a_hidden_level_is_not_told_by_its_red_flag(tmp_path: Path) -> None:
    """The one flag of a level says how many people are at it."""
    made = Made(300)
    for place, one in enumerate(made.people):
        one["level"] = "same_day" if place < 3 else "soon" if place < 12 else "self_care"
        one["red_flags"] = [FLAGS[one["level"]]] if one["level"] in FLAGS else []
    found = summarise(made.write(tmp_path))
    assert found.levels["same_day"] == Shown(below=5)
    assert found.levels["soon"] == WITHHELD
    assert {one.id: one.people for one in found.flags}["breathless_new"] == WITHHELD


def test_the_only_medicine_to_review_hides_as_its_row_does(tmp_path: Path) -> None:
    """22 take it and in 20 it is worth a review: the 2 others must not be told."""
    made = Made(300)
    for one in made.people:
        one["review"] = ["furosemide"] if one["person_id"] <= 20 else []
    row = next(row for row in made.medicines if row["taking"])
    made.medicines = [
        row | {"person_id": person, "medicine": "furosemide", "review": person <= 20}
        for person in range(1, 23)
    ]
    made.factors = [one for one in made.factors if one["factor"] in FACTORS]
    found = summarise(made.write(tmp_path))
    [medicine] = found.medicines
    assert WITHHELD in (medicine.taking, medicine.review)
    assert found.review == medicine.review


def test_the_last_number_of_causes_is_open(tmp_path: Path) -> None:
    made = Made(300)
    for one in made.people:
        one["factors_present"] = one["person_id"] % 3
    found = summarise(made.write(tmp_path))
    assert found.together == {0: Shown(count=100), 1: Shown(count=200)}
    assert "1 or more" in html_of(cohort_document(found))


def test_a_step_that_leaves_few_out_is_hidden(summary: CohortSummary) -> None:
    out = [step.out for step in summary.attrition]
    assert out[1] == Shown(below=5)
    assert summary.attrition[-1].left == Shown(count=600)
    assert summary.attrition[0].left == Shown(count=600 * 9 + 3)
    assert summary.attrition[1].left == WITHHELD


def test_rows_of_few_people_are_hidden(summary: CohortSummary) -> None:
    [notice] = summary.notices
    assert (notice.rows, notice.people) == (WITHHELD, Shown(below=5))
    [reading] = summary.vocabulary
    assert reading.by["none"] == Shown(below=5)
    assert reading.by["code"] == WITHHELD


@pytest.mark.parametrize("people", [0, 3])
def test_hardly_anybody_is_a_report_too(people: int, tmp_path: Path) -> None:
    found = summarise(Made(people).write(tmp_path))
    text = cohort_text(found)
    assert "Who was looked at" in text
    assert "worth a review" not in text
    assert found.factors == found.medicines == found.groups == []
    assert "Nobody was left" in text if people == 0 else "too few to tell" in text
    assert pdf_of(cohort_document(found, PAPER), NOW)[:5] == b"%PDF-"


# --- files for other programs ---


def test_tables_say_the_same_as_the_summary(summary: CohortSummary, tmp_path: Path) -> None:
    written = write_tables(summary, tmp_path)
    assert {path.stem for path in written} == set(tables_of(summary))
    factors = (tmp_path / "tables" / "factors.csv").read_text(encoding="utf-8").splitlines()
    assert factors[0].startswith("id,group,people,mean,mean_with,quartile_first")
    assert "pregnancy,pregnancy,<5,,,,," in factors
    cells = [cell for path in written for cell in path.read_text().replace("\n", ",").split(",")]
    assert "hidden" in cells


def test_json_holds_no_small_count(summary: CohortSummary) -> None:
    said = msgspec.json.encode(summary).decode()
    assert [n for n in re.findall(r'"count":(\d+)', said) if 0 < int(n) < 5] == []


# --- bad input ---


def test_a_folder_without_a_result_is_said_so(tmp_path: Path, made: Made) -> None:
    with pytest.raises(InputError, match="cannot be read as the result of a screening"):
        summarise(tmp_path / "nowhere")
    folder = made.write(tmp_path / "part")
    (folder / "factors.parquet").unlink()
    with pytest.raises(InputError, match="result of a screening"):
        summarise(folder)
    (folder / "factors.parquet").write_bytes(b"PAR1 no such thing")
    with pytest.raises(InputError, match="result of a screening"):
        summarise(folder)
    (folder / "run.json").write_text('{"version": 3}', encoding="utf-8")
    with pytest.raises(InputError, match="Expected `str`"):
        summarise(folder)


def test_other_columns_are_said_so(tmp_path: Path, made: Made) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = made.write(tmp_path)
    pq.write_table(pa.table({"person_id": [1, 2]}), folder / "medicines.parquet")
    with pytest.raises(InputError, match="medicine"):
        summarise(folder)


# --- what is read ---


def test_the_terminal_is_narrow_and_urgent_first(summary: CohortSummary) -> None:
    text = cohort_text(summary)
    assert max(map(len, text.splitlines())) <= 80
    assert text.index("asks for help now") < text.index("worth a review")
    assert text.index("Who was looked at") < text.index("What is behind")
    count = summary.review.count
    assert f"{count} of 600 people with a sign of cramps take a medicine" in " ".join(text.split())
    assert "Not explained by anything we know" in text
    assert "tells nobody to stop, start or change one" in " ".join(text.split())


def test_large_populations_are_told_of_in_a_thousand(tmp_path: Path) -> None:
    made = Made(2000)
    text = " ".join(cohort_text(summarise(made.write(tmp_path))).split())
    review = sum(bool(one["review"]) for one in made.people)
    assert f"{round(review / 2)} of 1,000 people with a sign of cramps take" in text


def test_open_counts_are_warned_of(open_summary: CohortSummary, summary: CohortSummary) -> None:
    assert "people may be recognised" in cohort_text(open_summary)
    assert "people may be recognised" not in cohort_text(summary)


def test_the_report_says_what_is_not_protected(summary: CohortSummary) -> None:
    page = html_of(cohort_document(summary))
    assert "does not hold against two reports" in page
    assert "&lt;5" in page


class Balance(HTMLParser):
    """Elements of a page, each closed, and the ids it holds and refers to."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element open."""
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.targets += [(found.get("href") or "#")[1:]] if tag == "a" else []
        if tag not in {"meta", "rect", "path"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close it."""
        if tag not in {"rect", "path"}:
            assert self.open.pop() == tag


def test_the_page_is_whole_and_its_pictures_have_tables(summary: CohortSummary) -> None:
    document = cohort_document(summary)
    page = Balance(html_of(document))
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert set(page.targets) <= set(page.ids)
    pictures = [b for s in document.sections for b in s.blocks if isinstance(b, Picture)]
    assert len(pictures) == 3
    for picture in pictures:
        assert picture.table[0] in page.ids
        assert picture.title.endswith(".")
        assert picture.description


def test_pictures_stay_inside_their_frame(summary: CohortSummary) -> None:
    """Bars lie within the picture, and no bar stands for a hidden count."""
    for width in (360, 600):
        document = cohort_document(summary, width)
        for picture in (b for s in document.sections for b in s.blocks if isinstance(b, Picture)):
            bars = re.findall(r'x="([\d.-]+)" y="([\d.-]+)" width="([\d.]+)"', picture.body)
            assert bars
            for x, y, wide in bars:
                assert float(x) >= 0
                assert float(x) + float(wide) <= width + 0.1
                assert 0 <= float(y) <= picture.height


def test_a_hidden_group_has_no_bar(summary: CohortSummary, open_summary: CohortSummary) -> None:
    def bars(of: CohortSummary) -> int:
        pictures = [b for s in cohort_document(of).sections for b in s.blocks]
        found = next(b for b in pictures if isinstance(b, Picture) and b.id == "picture-causes")
        return found.body.count("<rect")

    hidden = [one for one in summary.shares if one.mean is None]
    assert bars(open_summary) - bars(summary) == len(hidden)


def test_the_paper_is_tagged_and_says_the_same(summary: CohortSummary) -> None:
    paper = pypdf.PdfReader(io.BytesIO(pdf_of(cohort_document(summary, PAPER), NOW)))
    text = " ".join(" ".join(page.extract_text() for page in paper.pages).split())
    assert paper.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert f"{summary.review.count} of 600" in text
    assert "Not explained by anything we know" in text


def test_spanish_readers_read_spanish(made: Made, tmp_path: Path) -> None:
    folder = made.write(tmp_path, attrition=[{"id": "all", "says": "", "people": 12_345}])
    with speaking("es"):
        text = cohort_text(summarise(folder))
        document = cohort_document(summarise(folder))
    assert "calambres" in text
    assert "?" not in text
    assert document.language == "es"
    assert max(map(len, text.splitlines())) <= 80
    labels = {knowledge().factors[name].label for name in ("lumbar_stenosis", "cirrhosis")}
    assert not [label for label in labels if label in text]
