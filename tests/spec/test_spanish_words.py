"""What Spanish people write of medicines, illnesses, results and times, and what is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from nightcramp.errors import InputError
from nightcramp.intake.answers import fit_answer
from nightcramp.intake.conditions import read_condition
from nightcramp.intake.labs import read_lab_line
from nightcramp.intake.medicines import read_medicine
from nightcramp.intake.told import ToldStory
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import speaking
from nightcramp.person.duration import days_in
from nightcramp.person.fact import Fact, LabResult, MedicineUse, Provenance
from nightcramp.person.facts import use_of
from nightcramp.trial.words import named_in

ORIGIN = Provenance(file="story", at="line")
TODAY = dt.date(2026, 11, 23)


@pytest.fixture(autouse=True)
def _spanish() -> Iterator[None]:
    """Every line is read as by somebody who reads Spanish."""
    with speaking("es"):
        yield


def medicines(text: str) -> list[Fact]:
    return list(read_medicine(knowledge(), text, ORIGIN, TODAY))


def use(text: str) -> MedicineUse:
    (fact,) = medicines(text)
    return use_of(fact)


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("3 semanas", 21),
        ("hace 3 semanas", 21),
        ("hace tres semanas", 21),
        ("desde hace 2 años", 730.5),
        ("hace 2 anos", 730.5),
        ("hace unos 2 meses", 60.88),
        ("hace un par de meses", 60.88),
        ("hace once años", 4017.75),
        ("medio año", 182.6),
        ("hace año y medio", 547.9),
        ("hace dos años y medio", 913.1),
        ("2 o 3 semanas", 14),
        ("2-3 semanas", 14),
        ("una quincena", 14),
        ("hoy", 0),
        ("ayer", 1),
        ("anteayer", 2),
        ("anoche", 1),
        ("la semana pasada", 7),
        ("el mes pasado", 30.44),
        ("hace años", 1095.8),
        ("desde hace muchos años", 1095.8),
        ("unas semanas", 21),
        ("desde mayo", 192),
        ("desde el 3 de mayo", 192),
        ("desde finales de mayo", 192),
        ("desde septiembre", 69),
        ("desde setiembre", 69),
        ("desde marzo de 2026", 253),
        ("desde octubre del 2025", 404),
        ("desde 2019", 2702),
        ("en el año 2020", 2336),
        ("2014", 4528),
        ("hace 6 meses, 2 veces al día", 182.6),
    ],
)
def test_lengths_of_time(written: str, days: float) -> None:
    """Words, numbers, dates and years become days, as in English."""
    assert days_in(written, TODAY) == pytest.approx(days, rel=0.001)


@pytest.mark.parametrize(
    "written",
    [
        "cada 8 horas",
        "cada 8 h",
        "tres veces a la semana",
        "3 días a la semana",
        "una vez al mes",
        "dos al día",
        "por la noche",
        "todos los días",
        "un día sí y otro no",
        "a las 7 de la mañana",
        "a las 22:30",
        "dentro de 3 semanas",
        "en 3 semanas",
        "2 y 3 pastillas",
        "desde siempre",
        "hace mucho",
        "a menudo",
    ],
)
def test_how_often_and_what_is_to_come_are_no_lengths_of_time(written: str) -> None:
    """And what tells no length is not guessed."""
    assert days_in(written, TODAY) is None


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        ("indapamida 1,5 mg desde mayo", ["indapamide"]),
        ("ácido zoledrónico", ["zoledronic_acid"]),
        ("acido zoledronico", ["zoledronic_acid"]),
        ("AMLODIPINO 5", ["amlodipine"]),
        ("tomo Sintrom", ["acenocoumarol"]),
        ("Eutirox 75", ["levothyroxine"]),
        ("pastilla para la tensión", ["blood_pressure_medicine"]),
        ("las pastillas de la tensión", ["blood_pressure_medicine"]),
        ("pastillas para dormir", ["hypnotic"]),
        ("protector de estómago", ["ppi"]),
        ("la píldora", ["hormonal_contraceptive"]),
        ("estatinas", ["statin"]),
        ("lormetazepam 1 mg", ["benzodiazepine"]),
        ("hierro por la vena", ["iv_iron"]),
        ("magnesio para los calambres", ["magnesium_supplement"]),
        ("calcio con vitamina D", ["calcium_carbonate", "colecalciferol"]),
        ("ramipril y furosemida", ["ramipril", "furosemide"]),
        ("ácido acetilsalicílico 100 mg, ramipril 2,5 mg", ["aspirin", "ramipril"]),
        ("losartán/hidroclorotiazida 50/12,5", ["losartan", "hydrochlorothiazide"]),
        ("water tablet desde mayo", ["diuretic"]),
        ("simvastatima 20", ["simvastatin"]),
        ("carbamacepina", ["carbamazepine"]),
    ],
)
def test_medicines(written: str, ids: list[str]) -> None:
    """Spanish names and brands, lay words, English names between, and misspellings."""
    assert [(fact.kind, fact.id) for fact in medicines(written)] == [("medicine", i) for i in ids]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("indapamida 1,5 mg desde mayo", {"dose": "1,5mg", "since_days": 192}),
        ("simvastatina 40 mg al día desde hace 8 años", {"dose": "40mg", "since_days": 2922}),
        ("metformina 850 mg dos veces al día desde 2019", {"dose": "850mg", "since_days": 2702}),
        ("omeprazol desde hace 1,5 años", {"since_days": 547.875}),
        ("insulina 20 unidades hace un par de meses", {"dose": "20unidades", "since_days": 60.88}),
        ("amlodipino, lo dejé en 2020", {"taking": False, "stopped_days": 2336}),
        ("furosemida, la dejé hace 2 semanas", {"taking": False, "stopped_days": 14}),
        ("furosemida hasta hace dos meses", {"taking": False, "stopped_days": 60.88}),
        ("ya no tomo enalapril", {"taking": False, "stopped_days": 0}),
        ("antes tomaba estatinas", {"taking": False, "stopped_days": 0}),
        ("no tomo estatinas", {"taking": False, "stopped_days": None}),
        ("paracetamol 1 g cada 8 horas", {"dose": "1g", "since_days": None}),
        ("hierro intravenoso cada 3 meses", {"intermittent": True, "since_days": None}),
        ("ácido alendrónico una vez por semana", {"intermittent": True, "since_days": None}),
        ("enalapril por 3 meses", {"intermittent": None, "since_days": 91.32}),
        ("hidroclorotiazida 2 y 3 pastillas", {"since_days": None}),
        ("lorazepam 1 mg bajo receta", {"changes": ()}),
    ],
)
def test_how_a_medicine_is_taken(written: str, expected: dict[str, Any]) -> None:
    """Dose with a decimal comma, start, end, and how often."""
    found = use(written)
    for name, value in expected.items():
        assert getattr(found, name) == (pytest.approx(value) if value else value), name


@pytest.mark.parametrize(
    ("written", "direction", "days"),
    [
        ("atorvastatina 20 mg, me la subieron hace un mes", "raised", 30.44),
        ("furosemida 40 mg (aumentada hace 2 semanas)", "raised", 14),
        ("espironolactona 25 mg, bajada a 12,5 mg hace 3 semanas", "lowered", 21),
        ("prednisona, la reduje en septiembre", "lowered", 69),
    ],
)
def test_changes_of_dose(written: str, direction: str, days: float) -> None:
    assert [(c.direction, c.days_ago) for c in use(written).changes] == [(direction, days)]


@pytest.mark.parametrize(
    "written",
    [
        "gotas verdes del abuelo",
        "también una pastilla de la primera",
        "plátano",
        "pastilla para la migraña",
        "esas pastillas",
        "no sé",
    ],
)
def test_what_is_not_understood_is_not_guessed(written: str) -> None:
    """Ordinary words are no misspelt medicines, though some look like one."""
    (fact,) = medicines(written)
    assert (fact.kind, fact.value) == ("unrecognised", written)


@pytest.mark.parametrize("written", ["ninguno", "Nada", "no tomo ningún medicamento", "none"])
def test_nothing_else_is_taken(written: str) -> None:
    (fact,) = medicines(written)
    assert (fact.id, fact.value) == ("no_other_medicines", True)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("tengo diabetes", {"diabetes": True}),
        ("diabetes tipo 2 sin neuropatía", {"diabetes": True, "polyneuropathy": False}),
        ("no tengo diabetes ni hipertensión", {"diabetes": False, "hypertension": False}),
        ("no tengo diabetes pero sí asma", {"diabetes": False, "asthma": True}),
        ("prótesis de rodilla 2019", {"knee_osteoarthritis": True}),
        ("artrosis en las rodillas", {"knee_osteoarthritis": True}),
        ("tensión alta", {"hypertension": True}),
        ("hipercolesterolemia familiar", {"high_cholesterol": True}),
        ("insuficiencia renal crónica estadio 3", {"ckd": True}),
        ("insuficiencia renal estadio 4", {"ckd_advanced": True}),
        ("cáncer de mama en 2015", {"cancer": True}),
        ("tuve una trombosis en 2019", {"previous_thrombosis": True}),
        ("trombosis venosa profunda descartada", {"deep_vein_thrombosis": False}),
        ("cirrosis con ascitis", {"cirrhosis": True, "ascites": True}),
        ("embarazada de 30 semanas", {"pregnancy": True, "pregnancy_weeks": 30.0}),
        ("embarazo, segundo trimestre", {"pregnancy": True, "pregnancy_weeks": 20.0}),
        ("mis problemas son asma y gota", {"asthma": True, "arthritis": True}),
        ("exfumadora", {"smoking_status_former": True}),
        ("diavetes", {"diabetes": True}),
        ("MS", {"multiple_sclerosis": True}),
        ("mi madre tuvo varices", {}),
        ("antecedentes familiares de diabetes", {}),
        ("mi hijo tiene asma", {}),
        ("ninguna", {}),
        ("sin antecedentes de interés", {}),
    ],
)
def test_conditions(written: str, expected: dict[str, object]) -> None:
    """Synonyms, denials, relatives and misspellings are told apart."""
    facts = read_condition(knowledge(), written, ORIGIN)
    assert {fact.id: fact.value for fact in facts} == expected


@pytest.mark.parametrize(
    "written",
    [
        "anginas",
        "celulitis",
        "gotas para los ojos",
        "vacuna del tétanos",
        "diabetes insípida",
        "la presión",
        "no fumo",
        "mala suerte",
    ],
)
def test_what_only_sounds_like_a_condition(written: str) -> None:
    """Words that mean something else are kept, and play no part."""
    (fact,) = read_condition(knowledge(), written, ORIGIN)
    assert (fact.kind, fact.value) == ("unrecognised", written)


@pytest.mark.parametrize(
    ("written", "lab", "value"),
    [
        ("potasio 3,2 mmol/l", "potassium", 3.2),
        ("mi potasio es de 3,2", "potassium", 3.2),
        ("calcio 8,9 mg/dl", "calcium", 2.221),
        ("creatinina 0,9 mg/dl", "creatinine", 79.6),
        ("glucosa en ayunas: 126 mg/dl", "glucose", 6.99),
        ("hemoglobina glicosilada 7,2 %", "hba1c", 7.2),
        ("filtrado glomerular 45", "egfr", 45),
        ("vitamina D 20 ng/ml", "vitamin_d", 49.9),
        ("TSH <0,02 mU/l", "tsh", 0.02),
        ("potassium 2.9 mmol/L", "potassium", 2.9),
    ],
)
def test_results(written: str, lab: str, value: float) -> None:
    """Spanish names, decimal commas and usual units."""
    (fact,) = read_lab_line(knowledge(), written, ORIGIN)
    assert fact.id == lab
    assert isinstance(fact.value, LabResult)
    assert fact.value.value == pytest.approx(value, rel=0.002)


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("potasio bajo", "low"),
        ("CK alta", "high"),
        ("ferritina muy baja", "low"),
        ("magnesio: normal", "normal"),
        ("TSH dentro de lo normal", "normal"),
    ],
)
def test_results_in_words(written: str, word: str) -> None:
    (fact,) = read_lab_line(knowledge(), written, ORIGIN)
    assert isinstance(fact.value, LabResult)
    assert fact.value.word == word


def test_the_printed_range_has_decimal_commas_too() -> None:
    (fact,) = read_lab_line(knowledge(), "potasio 3,2 mmol/l (3,5-5,1)", ORIGIN)
    assert isinstance(fact.value, LabResult)
    assert (fact.value.low, fact.value.high) == (3.5, 5.1)


@pytest.mark.parametrize("written", ["potasio no está bajo", "potasio en orina 40 mmol/l"])
def test_results_that_are_not_guessed(written: str) -> None:
    (fact,) = read_lab_line(knowledge(), written, ORIGIN)
    assert fact.kind == "unrecognised"


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("called_cramp", "sí", True),
        ("called_cramp", "Si", True),
        ("called_cramp", "no", False),
        ("called_cramp", "yes", True),
        ("called_cramp", "no sé", None),
        ("called_cramp", "No lo sé", None),
        ("onset", "desde hace 2 años", 730.5),
        ("age", "71", 71),
        ("age", "71,5", 71.5),
    ],
)
def test_answers(name: str, written: str, value: object) -> None:
    assert fit_answer(knowledge(), name, written, TODAY) == value


def test_a_decimal_comma_is_no_number_in_english() -> None:
    with speaking("en"), pytest.raises(InputError):
        fit_answer(knowledge(), "age", "71,5", TODAY)


def test_what_was_told_in_spanish_is_read_so_by_everybody() -> None:
    """A clinician who reads English sees the same facts: the words keep their language."""
    told = ToldStory()
    told.add_line("medicines", "furosemida 40 mg, la dejé hace 2 semanas", TODAY)
    told.add_line("conditions", "sin diabetes", TODAY)
    told.answer("onset", "hace 3 años", TODAY)
    spanish = told.readings(knowledge())[0].facts
    with speaking("en"):
        told.add_line("medicines", "indapamide since May", TODAY)
        english = [fact for part in told.readings(knowledge()) for fact in part.facts]
    assert english[:-1] == spanish
    assert [fact.id for fact in english] == ["onset", "furosemide", "diabetes", "indapamide"]
    assert [part.get("language") for part in told.parts] == ["es", None]


@pytest.mark.parametrize(
    ("written", "targets", "changing"),
    [
        ("dejar la indapamida", [("medicine", "indapamide")], True),
        ("tomar la mitad de la estatina", [("medicine", "statin")], True),
        ("magnesio por la noche", [("action", "magnesium")], False),
        ("acido folico", [("action", "vitamin_b_complex")], False),
    ],
)
def test_what_a_test_is_to_be_about(
    written: str, targets: list[tuple[str, str]], changing: bool
) -> None:
    """A medicine is known by its Spanish name, and so is that it would be changed."""
    named = named_in(written, knowledge())
    assert (list(named.targets), named.changing, named.unknown) == (targets, changing, ())
