"""The names of a language: whole, checked, and shown."""

from __future__ import annotations

import pytest

from nightcramp.errors import KnowledgeError
from nightcramp.intake.conditions import condition_names
from nightcramp.intake.labs import lab_of
from nightcramp.intake.medicines import medicine_names
from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.lookup import name_of_medicine
from nightcramp.language import NAMES, speaking
from nightcramp.language.names import KINDS, names_in, names_of, with_names, written_out
from nightcramp.language.words import plain, words_of

OTHERS = [code for code in NAMES if code != "en"]
CLASSES_WITHOUT_A_SHORT_NAME = {
    "antiemetic_dopamine",
    "blood_pressure_other",
    "cholesterol_other",
    "imid",
    "levodopa_class",
}
"""Groups that only the knowledge makes: nobody writes their name, in English neither."""


@pytest.mark.parametrize("code", OTHERS)
def test_everything_has_a_name(code: str) -> None:
    known, names = knowledge(), names_of(code)
    assert known.medicines.keys() == names.medicines.keys()
    assert known.conditions.keys() == names.conditions.keys()
    assert known.labs.keys() == names.labs.keys()
    lacking = known.medicine_classes.keys() - names.classes.keys()
    assert lacking == CLASSES_WITHOUT_A_SHORT_NAME
    assert not any(known.medicine_classes[name].names for name in lacking - {"levodopa_class"})


@pytest.mark.parametrize("code", OTHERS)
def test_every_name_is_read_as_what_it_names(code: str) -> None:
    with speaking(code):
        known, names = knowledge(), names_of(code)
    ingredients, classes = medicine_names(known)
    conditions = condition_names(known)
    for kind, index in (("medicines", ingredients), ("classes", classes)):
        for name, texts in getattr(names, kind).items():
            for text in texts:
                assert [found.id for found in index.find(text)] == [name], text
    for name, texts in names.conditions.items():
        for text in texts:
            assert [found.id for found in conditions.find(text)] == [name], text
    for name, texts in names.labs.items():
        for text in texts:
            lab = lab_of(known, text)
            assert lab is not None, text
            assert lab.id == name, text


@pytest.mark.parametrize("code", OTHERS)
def test_english_names_come_first_and_stay(code: str) -> None:
    english = knowledge()
    with speaking(code):
        other = knowledge()
    words = {plain(text) for text in names_of(code).not_names}
    for collection in ("medicines", "medicine_classes", "labs", "conditions"):
        for name, record in getattr(english, collection).items():
            kept = [text for text in record.names if text not in words]
            assert getattr(other, collection)[name].names[: len(kept)] == kept


@pytest.mark.parametrize(
    ("identifier", "english", "spanish"),
    [
        ("indapamide", "indapamide", "indapamida"),
        ("medication:zoledronic_acid", "zoledronic acid", "ácido zoledrónico"),
        (
            "losartan_hydrochlorothiazide",
            "losartan hydrochlorothiazide",
            "losartán/hidroclorotiazida",
        ),
        ("acei", "acei", "inhibidores de la ECA"),
        ("arb", "arb", "sartanes (ARA II)"),
        ("blue_pill", "blue pill", "blue pill"),
    ],
)
def test_what_is_shown(identifier: str, english: str, spanish: str) -> None:
    """The Spanish international name; a class by its label; what nobody knows as written."""
    assert name_of_medicine(identifier) == english
    with speaking("es"):
        assert name_of_medicine(identifier) == spanish


def test_no_two_medicines_are_shown_alike() -> None:
    with speaking("es"):
        shown = [name_of_medicine(name) for name in knowledge().medicines]
    assert len(set(shown)) == len(shown)


def test_mixtures_are_named_by_what_they_hold() -> None:
    names = names_of("es").medicines
    for medicine in knowledge().medicines.values():
        if len(medicine.contains) > 1 and "/" in names[medicine.id][0]:
            parts = sorted(names[part][0] for part in medicine.contains)
            assert sorted(names[medicine.id][0].split("/")) == parts


def test_choices_stand_for_each_of_their_texts() -> None:
    assert written_out("prótesis de (la |)(cadera|rodilla)") == [
        "prótesis de la cadera",
        "prótesis de la rodilla",
        "prótesis de cadera",
        "prótesis de rodilla",
    ]
    assert written_out("calcium (total)") == ["calcium (total)"]


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ('[medicines]\nindapamid = ["indapamida"]', "medicines.indapamid: there is no such id"),
        ('[labs]\npotassium = ["potasio", " "]', "labs.potassium: a name is empty"),
        ("[conditions]\nasthma = []", "conditions.asthma: a name is empty"),
        (
            '[medicines]\nindapamide = ["agua"]\n[classes]\ndiuretic = ["Água"]',
            "classes.diuretic: 'Água' stands for medicines.indapamide too",
        ),
        (
            '[conditions]\nanaemia = ["asthma"]',
            "conditions.anaemia: 'asthma' stands for conditions.asthma too",
        ),
        ('ordinary = ["por la"]', "ordinary: 'por la' is not one word"),
        ('not_names = ["sol"]', "not_names: 'sol' is no name"),
    ],
)
def test_faults_name_their_key(written: str, fault: str) -> None:
    with pytest.raises(KnowledgeError) as error:
        with_names(knowledge(), names_in(written), where="es/names.toml")
    assert str(error.value).startswith("es/names.toml: 1 fault(s)")
    assert fault in str(error.value)


@pytest.mark.parametrize("code", NAMES)
def test_words_are_written_as_the_text_they_meet(code: str) -> None:
    """Patterns meet small letters without accents: one with an accent would never fit."""
    words = words_of(code)
    for part in (words.medicines, words.conditions, words.labs, words.answers, words.trials):
        for name in part.__struct_fields__:
            for text in getattr(part, name) if isinstance(getattr(part, name), list) else []:
                assert plain(text).lower() == text.lower(), text


def test_no_table_of_names_is_left_unread() -> None:
    assert {*KINDS, "ordinary", "not_names"} == set(names_of("es").__struct_fields__)
