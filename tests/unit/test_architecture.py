"""Rules about the shape of the code and of the content that no single test would notice."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nightcramp
from nightcramp.knowledge import schema
from nightcramp.knowledge.loader import CONTENT, knowledge, load

SOURCE = Path(nightcramp.__file__).parent
REPOSITORY = SOURCE.parent.parent
CORE = ("knowledge", "person", "assess", "plan", "diary", "trial")
OUTER = ("intake", "report", "cli", "store", "app", "cds", "cohort")
HEAVY = (
    "numpy",
    "ruamel",
    "rapidfuzz",
    "sqlalchemy",
    "alembic",
    "lxml",
    "openpyxl",
    "fhir",
    "typst",
    "tzlocal",
)


def modules(*packages: str) -> list[Path]:
    """Return the Python files of some packages."""
    return sorted(path for name in packages for path in (SOURCE / name).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Yield every module that a file imports anywhere, functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield from (f"{base}.{alias.name}" for alias in node.names)


def name_of(path: Path) -> str:
    """Return the dotted name of a source file."""
    return ".".join(["nightcramp", *path.relative_to(SOURCE).with_suffix("").parts])


CORE_MODULES = modules(*CORE)


@pytest.mark.parametrize("path", CORE_MODULES, ids=[name_of(path) for path in CORE_MODULES])
def test_the_core_knows_nobody_outside(path: Path) -> None:
    """Knowledge, facts, assessment and plan import no intake, report or command line."""
    outside = {
        name
        for name in imported(path)
        for package in OUTER
        if name.startswith(f"nightcramp.{package}")
    }
    assert outside == set()


@pytest.mark.parametrize("path", CORE_MODULES, ids=[name_of(path) for path in CORE_MODULES])
def test_the_core_needs_no_web_no_database_and_no_terminal(path: Path) -> None:
    """The core runs on the standard library, msgspec and numpy alone."""
    roots = {name.split(".")[0] for name in imported(path)}
    assert roots <= {*sys.stdlib_module_names, "msgspec", "numpy", "nightcramp"}


def test_no_relative_imports() -> None:
    """Every import says from where it comes."""
    relative = [
        (name_of(path), name)
        for path in sorted(SOURCE.rglob("*.py"))
        for name in imported(path)
        if name.startswith(".")
    ]
    assert relative == []


@pytest.mark.parametrize("package", ["knowledge", "person"])
def test_the_inner_rooms_know_nothing_of_the_outer_core(package: str) -> None:
    """Knowledge and facts know neither the assessment nor the plan."""
    outward = [
        (name_of(path), name)
        for path in modules(package)
        for name in imported(path)
        if name.startswith(("nightcramp.assess", "nightcramp.plan"))
    ]
    assert outward == []


def test_the_check_for_imports_sees_imports() -> None:
    """The walk above finds imports inside functions."""
    assert len(CORE_MODULES) > 15
    assert "nightcramp.knowledge.loader.knowledge" in set(imported(SOURCE / "cli" / "main.py"))


def loaded_after(code: str) -> set[str]:
    """Return the modules loaded in a fresh interpreter after some code."""
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_the_command_line_starts_without_the_heavy_parts() -> None:
    """`nightcramp --help` waits for no numerics, no YAML and no fuzzy matching."""
    loaded = {name.split(".")[0] for name in loaded_after("import nightcramp.cli.main")}
    assert "click" in loaded
    assert not loaded & set(HEAVY)


def test_reading_the_knowledge_needs_no_numerics() -> None:
    """Printing what nightcramp knows loads neither numpy nor a YAML reader."""
    code = "from nightcramp.knowledge.loader import knowledge\nknowledge()"
    loaded = {name.split(".")[0] for name in loaded_after(code)}
    assert not loaded & set(HEAVY)


def test_nothing_in_the_core_calls_out() -> None:
    """No module opens a connection: health data stays on the machine."""
    network = {"socket", "urllib", "http", "ssl", "requests", "httpx", "aiohttp", "ftplib"}
    callers = {
        name_of(path): roots
        for path in modules(*CORE, "intake", "report", "cli", "store")
        if (roots := {name.split(".")[0] for name in imported(path)} & network)
    }
    assert callers == {}


# --- files ---

CONTENT_FILES = sorted(CONTENT.rglob("*.toml"))
ADDRESS = re.compile(r"https?://", re.I)
BUILD_FILES = (
    "pyproject.toml",
    "requirements.lock",
    "requirements.build.in",
    "Makefile",
    ".ci/run",
)


@pytest.mark.parametrize("path", CONTENT_FILES, ids=[path.stem for path in CONTENT_FILES])
def test_no_content_file_holds_a_web_address(path: Path) -> None:
    """Citations carry a DOI or PMID, never the address where a page was seen."""
    assert re.findall(r"https?:|www\.|://", path.read_text(encoding="utf-8"), re.I) == []


def test_build_files_hold_no_address() -> None:
    """Where packages come from is the business of the machine, not of the project."""
    naming = [
        name
        for name in BUILD_FILES
        if ADDRESS.search((REPOSITORY / name).read_text(encoding="utf-8"))
    ]
    assert naming == []


# --- content ---


def parts(record: Any, place: str) -> Iterator[tuple[str, schema.Content]]:
    """Yield (place, part) for a record and everything inside it."""
    yield place, record
    for name in record.__struct_fields__:
        value = getattr(record, name)
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, schema.Content):
                yield from parts(item, f"{place}.{name}[{index}]")


def everything() -> list[tuple[str, schema.Content]]:
    """Return every part of every record with its place."""
    found = []
    for collection in knowledge().__struct_fields__:
        records = getattr(knowledge(), collection)
        if isinstance(records, dict) and collection != "paths":
            for key, record in records.items():
                found += list(parts(record, f"{collection}/{key}"))
    for index, clue in enumerate(knowledge().medicine_clues):
        found += list(parts(clue, f"medicine_timing[{index}]"))
    return found


def test_the_shipped_content_passes_its_check() -> None:
    """All files load and fit together, from the files themselves."""
    fresh = load()
    assert set(fresh.factors) == set(knowledge().factors)
    assert set(fresh.red_flags) == set(knowledge().red_flags)


def test_every_number_that_is_not_assumed_has_a_source() -> None:
    """A status other than assumed or definition names at least one known source."""
    with_status = [
        (place, part) for place, part in everything() if getattr(part, "status", None) is not None
    ]
    assert len(with_status) > 1000
    bare = [
        place
        for place, part in with_status
        if part.status not in {"assumed", "definition"}  # type: ignore[attr-defined]
        and not set(part.source) & set(knowledge().sources)  # type: ignore[attr-defined]
    ]
    assert bare == []


def test_assumed_numbers_are_weak() -> None:
    """A number nobody has published moves odds threefold at most, either way."""
    strong = []
    for place, part in everything():
        if getattr(part, "status", None) != "assumed":
            continue
        if isinstance(part, schema.Clue):
            ratios = (part.ratio, part.ratio_if_no)
            strong += [(place, r) for r in ratios if not 0.32 <= r <= 3.001]
        elif isinstance(part, schema.Effect) and part.ratio > 3:
            strong.append((place, part.ratio))
        elif isinstance(part, schema.Presence) and part.probability > 0.5:
            strong.append((place, part.probability))
    assert strong == []


def test_every_source_can_be_found() -> None:
    """A citation has a title, and an identifier, somebody who wrote it, or what is known of it."""
    lost = [
        key
        for key, source in knowledge().sources.items()
        if not source.title
        or not (source.doi or source.pmid or source.authors or source.journal or source.note)
    ]
    assert lost == []
    odd = [
        key
        for key, source in knowledge().sources.items()
        if (source.doi and not re.fullmatch(r"10\.\d{4,9}/\S+", source.doi))
        or (source.pmid and not re.fullmatch(r"\d{5,8}", source.pmid))
    ]
    assert odd == []


@pytest.mark.parametrize("collection", ["factors", "mimics", "actions"])
def test_every_record_is_summed_up_and_stands_in_its_own_file(collection: str) -> None:
    """Factors, mimics and actions: a summary for people, a file of the same name."""
    for key, record in getattr(knowledge(), collection).items():
        assert len(record.summary.split()) >= 4, f"{collection}/{key} has no summary"
        assert (CONTENT / collection / f"{key}.toml").exists()


def test_factors_and_mimics_say_what_is_honest_and_how_to_tell_apart() -> None:
    """Each factor admits what is not known, each mimic says how it differs."""
    assert [f.id for f in knowledge().factors.values() if not f.honest] == []
    assert [m.id for m in knowledge().mimics.values() if not m.tell_apart] == []


@pytest.mark.parametrize("lab", sorted(knowledge().labs))
def test_codes_of_a_lab_are_not_also_excluded(lab: str) -> None:
    """A LOINC code means the test, or is known not to, never both."""
    record = knowledge().labs[lab]
    assert not set(record.loinc) & set(record.loinc_excluded)
    assert record.plausible[0] < record.plausible[1]


def test_a_loinc_code_means_one_test() -> None:
    """No code stands under two labs."""
    seen: dict[str, str] = {}
    twice = []
    for lab in knowledge().labs.values():
        for code in lab.loinc:
            if code in seen:
                twice.append((code, seen[code], lab.id))
            seen[code] = lab.id
    assert twice == []


def test_ranges_lie_inside_what_is_possible() -> None:
    """Fallback limits are in the lab's own unit."""
    for lab in knowledge().labs.values():
        for limits in lab.ranges:
            for limit in (limits.low, limits.high):
                assert limit is None or lab.plausible[0] <= limit <= lab.plausible[1], lab.id


def test_the_mission_is_covered() -> None:
    """The seven causes of the mission are factors (medicines are factors by themselves)."""
    wanted = {
        "muscle_fatigue",
        "dehydration",
        "venous_insufficiency",
        "peripheral_artery_disease",
        "diabetes",
        "calcium_deficiency",
        "potassium_deficiency",
        "magnesium_deficiency",
        "lumbar_stenosis",
        "nerve_root_compression",
        "pregnancy",
    }
    assert wanted <= set(knowledge().factors)
    assert [name for name in wanted if not knowledge().factors[name].mission] == []


def test_every_python_file_says_what_it_is() -> None:
    """Each module starts with a docstring, and every public function has one sentence."""
    silent = []
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if not ast.get_docstring(tree):
            silent.append(name_of(path))
        for node in tree.body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"
            if public and not ast.get_docstring(node):
                silent.append(f"{name_of(path)}.{node.name}")
    assert silent == []
