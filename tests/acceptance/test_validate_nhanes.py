"""`nightcramp validate nhanes`: on a made-up survey, on the real one, and on what is broken."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner, Result

pytest.importorskip("duckdb", reason="the extra `validate` is not installed")
pytest.importorskip("sklearn", reason="the extra `validate` is not installed")

from nightcramp.assess.assessment import assess
from nightcramp.cli.main import cli
from nightcramp.errors import InputError
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import speaking
from nightcramp.person.facts import Facts
from nightcramp.report.document import Picture, Table
from nightcramp.report.document_html import html_of
from nightcramp.report.validation import document_of, validation_text
from nightcramp.validation import boosted
from nightcramp.validation.design import Estimate
from nightcramp.validation.mapping import SHIPPED, choices
from nightcramp.validation.maps import MODELS, OUTCOMES, predict, read_map
from nightcramp.validation.respondents import Respondents
from nightcramp.validation.result import Validation
from nightcramp.validation.validate import derived, read_respondents, validate
from surveys import Columns, medicines_of, people_of, shipped, write_survey, write_table

SHARED = Path(__file__).parents[2].parent / "shared"
DATA, EVIDENCE = SHARED / "data" / "nhanes-2005-06", SHARED / "evidence" / "nhanes-2005-06"
QUICK = "--no-boosted"


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["validate", "nhanes", *map(str, words)])


def outcome(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in found["outcomes"] if one["outcome"] == name)


def model(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in found["models"] if one["model"] == name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up survey of the round that the map was derived from."""
    return write_survey(tmp_path_factory.mktemp("survey") / "made", people_of())


@pytest.fixture(scope="module")
def made(folder: Path) -> Respondents:
    return read_respondents(folder)


# --- a made-up survey, whole ---


def test_the_report_tells_what_was_planted(folder: Path, tmp_path: Path) -> None:
    """Cramps follow arthritis and heart failure: the assessment beats age and sex alone."""
    page = tmp_path / "report.html"
    shown = run(folder, QUICK, "--json", "--html", page)
    assert shown.exception is None
    found = json.loads(shown.stdout)
    often = outcome(found, "often")
    ours, alone = model(often, "nightcramp"), model(often, "age_and_sex")
    assert ours["auc"]["value"] > alone["auc"]["value"] + 0.05
    assert ours["brier"]["value"] < alone["brier"]["value"]
    assert ours["auc"]["low"] < ours["auc"]["value"] < ours["auc"]["high"]
    assert found["map"] == "crossed"
    for one in often["models"]:
        assert sum(point["people"] for point in one["curve"]) == found["left"][-1]["people"]
    assert {group["kind"] for group in often["groups"]} == {"age", "sex", "factor", "factor_group"}
    assert "arthritis" in {group["id"] for group in often["groups"]}
    assert "The assessment held against NHANES 2005-2006" in page.read_text(encoding="utf-8")


def test_the_boosted_model_stands_beside_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One setting and one seed, so that it is quick; the part of the way follows."""
    small = {"max_iter": 10, "max_leaf_nodes": 3, "min_samples_leaf": 10}
    monkeypatch.setattr(boosted, "SETTINGS", (small,))
    monkeypatch.setattr(boosted, "SEEDS", (1,))
    shown = run(folder, "--json")
    assert shown.exception is None
    for one in json.loads(shown.stdout)["outcomes"]:
        area = {m["model"]: m["auc"]["value"] for m in one["models"]}
        start, end = area["age_and_sex"], area["boosted"]
        if end > start:
            way = (area["nightcramp"] - start) / (end - start)
            assert one["way"]["value"] == pytest.approx(way)
        points = {m["model"]: m["curve"] for m in one["models"]}
        assert points["boosted"] != points["nightcramp"]


def test_the_text_says_aims_models_curve_and_limits(made: Respondents) -> None:
    text = validation_text(validate(made, bound=False))
    for words in (
        "Aims and what was reached",
        "age and sex alone",
        "in tenths of the population",
        "By factor that is present",
        "five or more a month",
        "read off this very round",
        "boosted model was left out",
    ):
        assert words in text
    with speaking("es"):
        assert "Objetivos y lo alcanzado" in validation_text(validate(made, bound=False))


def test_another_round_uses_the_kept_map_unchanged(tmp_path: Path) -> None:
    """Its predictions are those of the file; columns of other names are told, not refused."""
    columns = people_of(wave=5, seed=4)
    del columns["LBXFER"]
    people = read_respondents(write_survey(tmp_path / "five", columns))
    found = validate(people, bound=False)
    assert found.map == "kept"
    assert found.own_sources == []
    assert found.absent == ["ferritin (LBXFER)"]
    kept = read_map().of("often", "nightcramp")
    told = predict(kept, "nightcramp", people.predictors)
    often = next(one for one in found.outcomes if one.outcome == "often")
    weight = people.design.weight
    ours = next(m for m in often.models if m.model == "nightcramp")
    held = sum(p.predicted * p.people for p in ours.curve)
    assert np.average(told, weights=weight) > 0
    assert held == pytest.approx(told.sum(), rel=0.15)


def test_a_derived_map_is_written_with_where_it_comes_from(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "map.toml"
    assert run(folder, "--derive", target).exception is None
    assert "Survey-weighted logistic regression" in target.read_text(encoding="utf-8")
    assert read_map(target).of("often", "published").multiplier == 1
    assert run(folder, QUICK, "--map", target, "--json").exception is None
    again = run(folder, "--derive", target)
    assert isinstance(again.exception, InputError)


# --- what is read ---


@pytest.fixture(scope="module")
def with_bound(made: Respondents) -> Validation:
    """The made-up survey with a boosted model, one small setting and one seed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosted, "SETTINGS", ({"max_iter": 10, "max_leaf_nodes": 3},))
        patch.setattr(boosted, "SEEDS", (1,))
        return validate(made)


@pytest.mark.parametrize("tongue", ["en", "es"])
def test_the_terminal_needs_no_more_than_80_columns(with_bound: Validation, tongue: str) -> None:
    """And what stands below for want of room is still there."""
    with speaking(tongue):
        text = validation_text(with_bound)
        document = document_of(with_bound)
    assert max(map(len, text.splitlines())) <= 80
    said = " ".join(text.split())
    for table in (b for s in document.sections for b in s.blocks if isinstance(b, Table)):
        assert all(cell in said for row in table.rows for cell in row[1:])


def curves_of(found: Validation, name: str) -> tuple[Picture, Table]:
    """Return the picture of an outcome's curves, and the table that it says holds the same."""
    section = next(one for one in document_of(found).sections if one.id == name)
    picture = next(one for one in section.blocks if isinstance(one, Picture))
    table = section.blocks[int(picture.table[0].split("-")[1])]
    assert isinstance(table, Table)
    assert table.caption == picture.table[1]
    return picture, table


TICK = r'<text class="soft" x="([\d.]+)" y="([\d.]+)" text-anchor="{side}">([\d.]+)</text>'
MARK = (
    r'(?:<path class="line" stroke-width="1.5" d="M([\d.]+) ([\d.]+)V([\d.]+)"/>)?'
    r'<circle class="(ink|halo)" cx="([\d.]+)" cy="([\d.]+)"'
    r'|<path class="line" stroke-width="1.5" d="M([\d.]+) ([\d.]+)l8 8m0-8l-8 8"/>'
)


def read_off(picture: Picture) -> list[tuple[float, float, list[float], str]]:
    """Return (predicted, observed, interval, sign) of every mark, in per cent, by the scales."""
    body, _legend = picture.body.split('<g transform="translate(0', 1)
    found = []
    for panel in re.split(r'<text class="ink"[^>]*font-weight', body)[1:]:
        across = [(float(x), float(told)) for x, _y, told in ticks(panel, "middle")]
        up = [(float(y) - 4, float(told)) for _x, y, told in ticks(panel, "end")]
        for x, low, high, kind, at, y, left, top in re.findall(MARK, panel):
            spread = [scaled(up, float(end)) for end in (low, high) if end]
            assert not x or x == at
            if not kind:
                at, y = float(left) + 4, float(top) + 4
            sign = {"ink": "yes", "halo": "no", "": "–"}[kind]
            found.append((scaled(across, float(at)), scaled(up, float(y)), spread, sign))
    return found


def ticks(panel: str, side: str) -> list[tuple[str, str, str]]:
    return re.findall(TICK.format(side=side), panel)


def scaled(scale: list[tuple[float, float]], place: float) -> float:
    """Return what a place means on a scale with some marks."""
    (start, first), (end, last) = scale[0], scale[-1]
    return first + (place - start) * (last - first) / (end - start)


def numbers(cell: str) -> list[float]:
    return [float(one) for one in re.findall(r"[\d.]+", cell)]


@pytest.mark.parametrize("name", OUTCOMES)
def test_the_curves_show_what_their_table_says(with_bound: Validation, name: str) -> None:
    """Every mark read off against the scales: place, interval, and whether that holds."""
    picture, table = curves_of(with_bound, name)
    marks = read_off(picture)
    assert len(marks) == len(table.rows)
    assert {row[0].rpartition(", ")[0] for row in table.rows} == {
        "the assessment",
        "age and sex alone",
        "boosted model",
    }
    for (predicted, observed, spread, sign), row in zip(marks, table.rows, strict=True):
        seen = numbers(row[3])
        assert predicted == pytest.approx(numbers(row[2])[0], abs=0.15)
        assert [observed, *spread] == pytest.approx([seen[0], *seen[1:]], abs=0.15)
        assert sign == row[4]


def test_the_title_of_a_curve_counts_the_assessments_tenths(with_bound: Validation) -> None:
    for name in OUTCOMES:
        picture, table = curves_of(with_bound, name)
        ours = [row for row in table.rows if row[0].startswith("the assessment,")]
        told = [row[4] for row in ours if row[4] != "–"]
        assert f"in {told.count('yes')} of {len(told)} tenths" in picture.title
        shown = re.search(r"it predicted (\d+) of 100; (\d+)", picture.title)
        assert shown
        last = [numbers(ours[-1][column])[0] for column in (2, 3)]
        assert [float(one) for one in shown.groups()] == pytest.approx(last, abs=0.6)
        assert picture.description.count("in the lowest tenth") == 3


def test_curves_are_in_the_page_with_their_tables(with_bound: Validation) -> None:
    """The pictures stay inside their frames, and lead to tables that are there."""
    page = html_of(document_of(with_bound))
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for name in OUTCOMES:
        picture, _table = curves_of(with_bound, name)
        assert f'href="#{picture.table[0]}"' in page
        assert picture.table[0] in ids
        for x, y in re.findall(r'c?x="([\d.-]+)" c?y="([\d.-]+)"', picture.body):
            assert 0 <= float(x) <= picture.width
            assert 0 <= float(y) <= picture.height


def test_a_tenth_without_an_interval_is_a_cross_and_is_not_counted(with_bound: Validation) -> None:
    """Where nobody had cramps nothing is said of the spread."""
    often = next(one for one in with_bound.outcomes if one.outcome == "often")
    nobody = Estimate(value=0.0)
    models = [
        msgspec.structs.replace(
            m, curve=[msgspec.structs.replace(p, observed=nobody) for p in m.curve]
        )
        for m in often.models
    ]
    changed_ = msgspec.structs.replace(
        with_bound, outcomes=[msgspec.structs.replace(often, models=models)]
    )
    picture, table = curves_of(changed_, "often")
    assert {row[4] for row in table.rows} == {"–"}
    assert {sign for _p, _o, _spread, sign in read_off(picture)} == {"–"}
    assert "in no tenth of the population is there an interval" in picture.title
    assert "no interval, as nobody or everybody had cramps" in picture.body


# --- facts ---


def test_every_respondent_is_assessed_as_one_person_is(made: Respondents) -> None:
    """The score is the unexplained part that `nightcramp assess` prints."""
    for row in range(0, len(made.facts), 60):
        alone = assess(Facts(knowledge(), made.facts[row]), questions=0)
        told = -math.log(alone.unexplained.share)
        assert made.scored.multiplier[row] == pytest.approx(told, abs=1e-5)


def test_refused_and_unknown_are_never_no() -> None:
    """With every code of the survey's items at 7 or 9 only age and sex are known."""
    mapping = shipped()
    items = {name for entry in mapping.facts for one in choices(entry) for name in one}
    items -= {"RIAGENDR"}
    for code in (7.0, 9.0, 77.0, 99.0, 777.0, 999.0):
        columns = people_of()
        codes = {name: np.full(len(columns["SEQN"]), code) for name in items}
        # counts of days, drinks and the reason for no periods hold 7 and 9 as answers
        codes |= {n: np.full(len(columns["SEQN"]), 777.0) for n in ("ALQ120Q", "ALQ130")}
        codes |= {"RHD042": np.full(len(columns["SEQN"]), 99.0)}
        assert told_by(columns | codes) == {"age", "sex", "body_mass_index", "potassium"}


def told_by(columns: Columns) -> set[str]:
    """Return what the mapping finds in columns, medicines left out."""
    from nightcramp.validation.facts import Reader
    from nightcramp.validation.survey import Survey

    mapping = shipped()
    wave = mapping.wave(4)
    assert wave is not None
    reader = Reader(knowledge(), mapping, Survey("made up", wave, columns, {}, []))
    return {fact.id for row in range(40) for fact in reader.facts(row)}


def test_sleep_and_self_rated_health_are_not_used() -> None:
    mapping = shipped()
    names = {n for wave in (4, 5) for e in mapping.entries(wave) for one in choices(e) for n in one}
    assert not [name for name in names if name.startswith(("SLQ", "SLD", "DPQ", "HSD", "HUQ"))]
    ids = {entry.id for wave in (4, 5) for entry in mapping.entries(wave)}
    assert not ids & {"sleep_apnoea", "snoring", "breathing_pauses", "short_sleep", "insomnia"}


def test_medicines_are_read_by_ingredient(made: Respondents) -> None:
    taken = {fact.id for facts in made.facts for fact in facts if fact.kind == "medicine"}
    assert taken == {"hydrochlorothiazide", "triamterene", "salmeterol", "atorvastatin"}
    assert set(made.reader.unrecognised) == {"UNHEARDOFINE"}


# --- what is broken ---


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mapping.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


BROKEN = {
    "unknown fact": ('id = "arthritis"', 'id = "artritis"', "artritis.*arthritis"),
    "unknown lab": ('id = "potassium"', 'id = "potasium"', "potasium.*potassium"),
    "unknown number": ('id = "body_mass_index"', 'id = "bmi"', "bmi"),
    "wrong answer": ('value = "female"', 'value = "girl"', "girl"),
    "wrong kind": ('value = "male"', "value = true", r"\[\[fact\]\] sex"),
    "wrong unit": ('unit = "mg/dL"', 'unit = "stone"', "stone"),
    "not TOML": ("[survey]", "[survey", "not a mapping"),
    "unknown entry": ("rules = [", "rulez = [", "rulez"),
    "no such column": ("MCQ160B", "MCQ160Z", r"tidy_made-up\.parquet.*MCQ160Z.*heart_failure"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_mapping_is_refused(name: str, folder: Path, tmp_path: Path) -> None:
    old, new, says = BROKEN[name]
    shown = run(folder, QUICK, "--mapping", changed(tmp_path, old, new))
    assert isinstance(shown.exception, InputError)
    with pytest.raises(InputError, match=f"(?s){says}"):
        raise shown.exception


def without(name: str) -> Callable[[Columns], Columns]:
    return lambda columns: {key: value for key, value in columns.items() if key != name}


def with_(**values: Any) -> Callable[[Columns], Columns]:
    return lambda columns: (
        columns
        | {
            name: np.full(len(columns["SEQN"]), value, dtype=object)
            for name, value in values.items()
        }
    )


BAD_TABLES: dict[str, tuple[Callable[[Columns], Columns], str]] = {
    "no cramp item": (without("SLQ160"), "no column SLQ160"),
    "no weight": (without("WTMEC2YR"), "no column WTMEC2YR"),
    "a column of the mapping is missing": (without("PAD200"), "no column PAD200.*sedentary"),
    "a round that is not described": (with_(SDDSRVYR=9.0), "round 9 .*SDDSRVYR"),
    "two rounds in one": (
        lambda c: c | {"SDDSRVYR": np.where(c["SEQN"] < 9, 4.0, 5.0)},
        "round 4, 5",
    ),
    "text for numbers": (with_(MCQ160A="yes"), "MCQ160A holds text"),
    "design missing": (with_(SDMVPSU=None), "SDMVPSU is empty for 400 people"),
    "people twice": (with_(SEQN=1.0), "more than once"),
    "negative weights": (with_(WTMEC2YR=-1.0), "below 0"),
    "nobody answered": (with_(SLQ160=9.0), "nobody of 20 or more"),
    "all alike": (with_(SLQ160=0.0), "answer about cramps is the same"),
    "one cluster": (with_(SDMVPSU=1.0), "single cluster"),
    "empty": (lambda c: {name: values[:0] for name, values in c.items()}, "holds nobody"),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_bad_table_of_people_is_said_plainly(name: str, tmp_path: Path) -> None:
    change, says = BAD_TABLES[name]
    columns = people_of()
    folder = write_survey(tmp_path / "bad", change(columns), medicines_of(columns))
    shown = run(folder, QUICK)
    assert isinstance(shown.exception, InputError)
    with pytest.raises(InputError, match=f"(?s){says}"):
        raise shown.exception


def nothing(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def no_medicines(folder: Path) -> None:
    (folder / "rx_long_made-up.parquet").unlink()


def two_rounds(folder: Path) -> None:
    (folder / "tidy_other.parquet").write_bytes(b"")


def not_parquet(folder: Path) -> None:
    (folder / "tidy_made-up.parquet").write_text("SEQN,SLQ160\n1,0\n", encoding="utf-8")


def other_medicines(folder: Path) -> None:
    write_table(folder / "rx_long_made-up.parquet", {"SEQN": [1.0], "RXD295": [2.0]})


BAD_FOLDERS = {
    nothing: r"holds no file tidy_\*\.parquet",
    no_medicines: "table of medicines is missing",
    two_rounds: "several rounds.*tidy_made-up.parquet, tidy_other.parquet",
    not_parquet: "cannot be read as a Parquet file",
    other_medicines: "no column RXDUSE, RXDDRUG, RXDDAYS",
}


@pytest.mark.parametrize("damage", BAD_FOLDERS, ids=lambda one: one.__name__)
def test_a_bad_folder_is_said_plainly(damage: Callable[[Path], None], tmp_path: Path) -> None:
    folder = write_survey(tmp_path / "bad", people_of())
    damage(folder)
    shown = run(folder, QUICK)
    assert isinstance(shown.exception, InputError)
    with pytest.raises(InputError, match=f"(?s){BAD_FOLDERS[damage]}"):
        raise shown.exception


def test_a_path_that_is_not_there_and_a_map_that_is_none(folder: Path, tmp_path: Path) -> None:
    shown = run(tmp_path / "nowhere")
    assert isinstance(shown.exception, InputError)
    assert shown.exception.exit_code == 12
    shown = run(folder, "--map", SHIPPED)
    assert isinstance(shown.exception, InputError)
    assert "derived map" in str(shown.exception)


# --- the real survey ---

needs_data = pytest.mark.skipif(
    not (DATA.is_dir() and EVIDENCE.is_dir()), reason=f"no shared data beside the checkout: {DATA}"
)


@pytest.fixture(scope="module")
def real() -> Respondents:
    return read_respondents(DATA)


@pytest.fixture(scope="module")
def found(real: Respondents) -> Validation:
    return validate(real, bound=False)


@needs_data
def test_the_published_prevalence_comes_out(found: Validation) -> None:
    """24 to 25 % mild, 6 % moderate to severe."""
    whole = found.prevalence[0]
    assert whole.mild.value == pytest.approx(0.245, abs=0.006)
    assert whole.often.value == pytest.approx(0.06, abs=0.005)


@needs_data
def test_the_table_of_age_and_sex_comes_out(found: Validation) -> None:
    """People, per cent and intervals as in the evidence, whose t has 30 degrees of freedom."""
    ours = {(one.age, one.sex): one for one in found.prevalence}
    with (EVIDENCE / "prevalence.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 21
    for row in rows:
        age = "80+" if row["age"] == "80-120" else row["age"]
        one = ours[age, {"all": "", "M": "male", "F": "female"}[row["sex"]]]  # type: ignore[index]
        assert one.people == int(row["n"])
        for told, estimate in (("any", one.any), ("ge5", one.often)):
            assert estimate.value is not None
            assert estimate.se is not None
            assert 100 * estimate.value == pytest.approx(float(row[told]), abs=0.06)
            high = 100 * (estimate.value + 2.042 * estimate.se)
            assert high == pytest.approx(float(row[f"{told}_hi"]), abs=0.11)


@needs_data
def test_the_columns_become_the_facts_they_should(real: Respondents) -> None:
    """Counted in the raw columns by hand."""
    import duckdb

    def count(condition: str) -> int:
        where = "RIDAGEYR >= 20 AND WTMEC2YR > 0 AND SLQ160 BETWEEN 0 AND 4"
        table = DATA / "tidy_2005-2006.parquet"
        sql = f"SELECT count(*) FROM '{table}' WHERE {where} AND ({condition})"
        with duckdb.connect() as engine:
            row = engine.execute(sql).fetchone()
        assert row is not None
        return int(row[0])

    def told(name: str, value: object) -> int:
        return sum(f.id == name and f.value == value for facts in real.facts for f in facts)

    assert told("heart_failure", True) == count("MCQ160B = 1")
    assert told("heart_failure", False) == count("MCQ160B = 2")
    assert told("copd", True) == count("MCQ160G = 1 OR MCQ160K = 1")
    assert told("copd", False) == count("MCQ160G = 2 AND MCQ160K = 2")
    assert told("smoker", True) == count("SMQ040 IN (1, 2)")
    assert told("sedentary", True) == count("PAD200 IN (2, 3) AND PAD320 IN (2, 3)")
    assert told("pregnancy", True) == count(
        "RIDEXPRG = 1 OR (RHD143 = 1 AND RIDEXPRG IS DISTINCT FROM 2)"
    )
    assert told("sex", "female") == count("RIAGENDR = 2")
    takers = sum(any(f.id == "hydrochlorothiazide" for f in facts) for facts in real.facts)
    assert takers == count("rx_list LIKE '%HYDROCHLOROTHIAZIDE%'")


@needs_data
def test_the_assessment_orders_people_and_holds(found: Validation) -> None:
    """Well above age and sex, the slope in its aim; an aim that is not reached is not claimed."""
    often, anything = found.outcomes
    for one, least in ((often, 0.05), (anything, 0.03)):
        areas = {m.model: m.auc.value for m in one.models}
        ours, alone = areas["nightcramp"], areas["age_and_sex"]
        assert ours is not None
        assert alone is not None
        assert ours > alone + least
        slope = next(m.slope.value for m in one.models if m.model == "nightcramp")
        assert slope is not None
        assert found.aims.slope[0] <= slope <= found.aims.slope[1]
        curve = next(m.curve for m in one.models if m.model == "nightcramp")
        assert sum(point.holds is True for point in curve) >= 8


@needs_data
def test_effects_read_off_the_survey_flatter_it(found: Validation) -> None:
    """Without them the area is lower, and still above that of age and sex."""
    for one in found.outcomes:
        area = {m.model: m.auc.value or 0.0 for m in one.models}
        assert area["age_and_sex"] < area["independent"] < area["nightcramp"]


@needs_data
def test_the_kept_map_is_what_this_round_gives(real: Respondents) -> None:
    """Deriving it again gives the same probabilities."""
    kept, again = read_map(), derived(real)
    assert kept.people == again.people
    for name in OUTCOMES:
        for one in MODELS:
            before = predict(kept.of(name, one), one, real.predictors)
            after = predict(again.of(name, one), one, real.predictors)
            assert np.abs(before - after).max() < 0.005
