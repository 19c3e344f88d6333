"""The content holds what the evidence tables list, and ships no code that it may not."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from nightcramp.knowledge.loader import CONTENT, knowledge

EVIDENCE = Path(__file__).parents[3] / "shared" / "evidence"
pytestmark = pytest.mark.skipif(not EVIDENCE.exists(), reason="../shared/evidence is not here")

NOT_MEDICINES = {"substance:alcohol"}
NOT_FLAGS = {"ordinary"}
CLASS_NAMES = {
    "class:diuretic_any": "diuretic",
    "class:k_sparing_diuretic": "k_sparing_diuretic",
    "class:thiazide_like": "thiazide_like_diuretic",
    "class:loop_diuretic": "loop_diuretic",
    "class:statin": "statin",
    "class:laba_any": "laba",
    "class:laba_alone": "laba",
    "class:laba_ics": "laba_with_steroid",
    "combined_oral_contraceptive": "hormonal_contraceptive",
}


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of an evidence table."""
    with (EVIDENCE / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_every_medicine_of_the_evidence_is_known() -> None:
    """Each ingredient and class can be named, with its verified RxNorm code."""
    known = knowledge()
    for row in rows("codes/drugs.csv"):
        identifier = CLASS_NAMES.get(row["id"], row["id"])
        if identifier in NOT_MEDICINES:
            continue
        assert identifier in known.medicines or identifier in known.medicine_classes, row["id"]
        medicine = known.medicines.get(identifier)
        if medicine and medicine.rxnorm:
            assert medicine.rxnorm == row["rxcui"], identifier


def test_published_ratios_of_medicines_are_as_printed() -> None:
    """The sequence ratios reach the assessment unchanged."""
    known = knowledge()
    for row in rows("codes/drugs.csv"):
        if row["effect_type"] != "aSR" or row["id"] == "class:laba_any":
            continue
        effects = known.medicine_classes[CLASS_NAMES[row["id"]]].effect
        printed = (float(row["effect"]), float(row["ci_lo"]), float(row["ci_hi"]))
        assert printed in {(e.ratio, e.low, e.high) for e in effects}, row["id"]


def test_every_red_flag_row_is_a_rule() -> None:
    """No row of the safety table was lost."""
    found = {flag.row for flag in knowledge().red_flags.values()}
    assert {row["id"] for row in rows("safety/redflags.csv")} - NOT_FLAGS <= found


def test_levels_of_red_flags_follow_the_table() -> None:
    """Each row keeps its level, mapped to the five of the product."""
    levels = {"emergency_999": "emergency", "gp_urgent": "soon", "renal_unit": "soon"}
    levels |= {"gp_routine": "routine", "pharmacist_gp": "routine"}
    known = knowledge().red_flags
    softer = []
    order = ["emergency", "same_day", "soon", "routine", "self_care"]
    for row in rows("safety/redflags.csv"):
        wanted = levels.get(row["level"], row["level"])
        found = [flag.level for flag in known.values() if flag.row == row["id"]]
        if row["id"] not in NOT_FLAGS and min(map(order.index, found)) > order.index(wanted):
            softer.append((row["id"], wanted, found))
    assert softer == []


def test_condition_codes_are_the_verified_ones() -> None:
    """Every ICD-10-CM prefix is there; SNOMED only from the free set."""
    conditions = knowledge().conditions.values()
    prefixes = {prefix for c in conditions for prefix in c.icd10cm}
    free: set[str] = set()
    for row in rows("codes/conditions.csv"):
        assert set(filter(None, row["icd10cm_prefix"].split(";"))) <= prefixes, row["id"]
        free |= set(filter(None, row["snomed_ips_ccby"].split(";")))
    assert {code for c in conditions for code in c.snomed} <= free


def test_lab_codes_are_the_verified_ones() -> None:
    """Every LOINC code of the table is read, and codes of other samples are excluded."""
    labs = knowledge().labs.values()
    read = {code for lab in labs for code in lab.loinc}
    assert not [lab.id for lab in labs if set(lab.loinc) & set(lab.loinc_excluded)]
    for row in rows("codes/labs.csv"):
        if re.fullmatch(r"\d+-\d", row["loinc"]) and row["id"] != "bun_creat_ratio":
            assert row["loinc"] in read, row["id"]


def test_every_safety_row_is_a_rule() -> None:
    """No row of the safety facts was lost."""
    known = knowledge()
    ids = set(known.safety) | set(known.red_flags)
    assert {row["id"] for row in rows("codes/safety.csv")} <= ids


def test_no_second_hand_memory_is_shipped() -> None:
    """No content file holds an evidence mark that means: not established."""
    for path in CONTENT.rglob("*.toml"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"UNVERIFIED\b(?! there)|\[MEM\]|\bNOT FOUND\b", text), path.name
