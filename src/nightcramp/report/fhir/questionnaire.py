"""The forms any FHIR program can show: the interview (SDC), and the morning's diary."""

from __future__ import annotations

from typing import Any

from nightcramp import __version__
from nightcramp.intake.fhir import canonical as ours
from nightcramp.intake.fhir import own_diary as diary
from nightcramp.intake.fhir.enablement import Clause, Enabled
from nightcramp.intake.fhir.form import (
    CONDITION_LINES,
    LISTS,
    LISTS_TITLE,
    MEDICINE_LINES,
    Asked,
    form_of,
)
from nightcramp.intake.fhir.ucum import fhir_codes, ucum_of
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Measure, Question
from nightcramp.language import gettext as _
from nightcramp.language import language, noted
from nightcramp.report.fhir.answers import form_address, option, titles
from nightcramp.report.fhir.diary import QUESTIONS
from nightcramp.report.fhir.elements import Json, clean, coding, concept, extension, filled

TYPES = {
    "yes_no": "boolean",
    "choice": "choice",
    "many": "choice",
    "number": "decimal",
    "duration": "quantity",
}
LENGTHS = {"d": noted("days"), "wk": noted("weeks"), "mo": noted("months"), "a": noted("years")}
CONTROL = f"{ours.CORE}/questionnaire-itemControl"
CONTROLS = "http://hl7.org/fhir/questionnaire-item-control"
UNIT, UNIT_OPTION = f"{ours.CORE}/questionnaire-unit", f"{ours.CORE}/questionnaire-unitOption"
LEAST, MOST = f"{ours.CORE}/minValue", f"{ours.CORE}/maxValue"
EXPRESSION = f"{ours.SDC}/sdc-questionnaire-enableWhenExpression"
PROFILE = f"{ours.SDC}/sdc-questionnaire"
TITLE = noted("Night-time leg cramps: the questions of nightcramp")
INTRO = noted(
    "Leave out what you do not know: no answer is never read as no. Nothing has to be answered."
)
DIARY_TITLE = noted("Night-time leg cramps: what the night was like")
DIARY_INTRO = noted("One response for each night. No cramp is 0; leave out what you do not know.")
LINES = {
    MEDICINE_LINES: noted("Medicines you take or took, one a line, with dose and since when"),
    CONDITION_LINES: noted("Illnesses and operations, one a line"),
}


def interview(knowledge: Knowledge) -> Json:
    """Return all questions a person can answer as a questionnaire, in the language asked for."""
    shown = titles()
    items = [
        _group(part, shown[part], [_question(asked) for asked in listed])
        for part, listed in form_of(knowledge).parts.items()
    ]
    lists = _group(LISTS, _(LISTS_TITLE), [_line(name) for name in LINES])
    return _form(ours.INTERVIEW, "NightcrampInterview", TITLE, INTRO, [*items, lists])


def morning_diary(knowledge: Knowledge) -> Json:
    """Return the questions about one night and the day before it as a questionnaire."""
    day = [_measured(measure) for measure in knowledge.measures.values()]
    text, number = {"type": "string"}, {"type": "decimal"}
    items = [
        _asked(diary.EVENING, {"type": "date", "required": True}),
        _asked(diary.CRAMPS, {"type": "integer"}),
        *day,
        _asked(
            diary.MEDICINE,
            {"type": "group", "repeats": True},
            [
                _asked(diary.NAME, text),
                _asked(diary.TAKEN, {"type": "boolean"}),
                _asked(diary.DOSE, text),
            ],
        ),
        _asked(
            diary.NAMED,
            {"type": "group", "repeats": True},
            [_asked(diary.NAMED_NAME, text), _asked(diary.NAMED_VALUE, number)],
        ),
        _asked(diary.NOTE, text),
    ]
    return _form(ours.DIARY, "NightcrampDiary", DIARY_TITLE, DIARY_INTRO, items)


def _form(address: str, name: str, title: str, intro: str, items: list[Json]) -> Json:
    url = form_address(address)
    return {
        "resourceType": "Questionnaire",
        "id": url.rpartition("/")[2],
        "meta": {"profile": [PROFILE]},
        "language": language(),
        "url": url,
        "version": __version__,
        "name": name,
        "title": _(title),
        "status": "active",
        "experimental": False,
        "subjectType": ["Patient"],
        "publisher": "nightcramp",
        "description": _(intro),
        "item": items,
    }


def _group(name: str, title: str, items: list[Json]) -> Json:
    return {"linkId": name, "text": clean(title), "type": "group", "required": False, "item": items}


# The interview


def _question(asked: Asked) -> Json:
    record = asked.record
    system = ours.QUESTION if isinstance(record, Question) else ours.CONDITION
    label = "" if isinstance(record, Question) else record.label
    return filled(
        extension=[*_limits(record), *_enabled_expression(asked.enabled), *_control(asked)],
        linkId=asked.id,
        code=[coding(system, asked.id, label)],
        text=clean(record.ask),
        type=TYPES[asked.kind],
        enableWhen=_enable_when(asked.enabled),
        enableBehavior=asked.enabled.behavior if len(asked.enabled.clauses) > 1 else "",
        required=False,
        repeats=True if asked.kind == "many" else None,
        answerOption=_options(record),
        item=_help(asked),
    )


def _help(asked: Asked) -> list[Json]:
    record = asked.record
    text = (record.help or record.why) if isinstance(record, Question) else ""
    if not text:
        return []
    control = concept(coding(CONTROLS, "help"))
    return [
        {
            "extension": [extension(CONTROL, valueCodeableConcept=control)],
            "linkId": f"{asked.id}.help",
            "text": clean(text),
            "type": "display",
        }
    ]


def _control(asked: Asked) -> list[Json]:
    if asked.kind != "many":
        return []
    boxes = concept(coding(CONTROLS, "check-box"))
    return [extension(CONTROL, valueCodeableConcept=boxes)]


def _options(record: Any) -> list[Json]:
    options = record.options if isinstance(record, Question) else []
    return [{"valueCoding": option(record, one.id)} for one in options]


def _limits(record: Any) -> list[Json]:
    """Return unit and limits of a number, or the units of a length of time."""
    if not isinstance(record, Question):
        return []
    if record.kind == "duration":
        units = [coding(ours.UCUM, code, _(word)) for code, word in LENGTHS.items()]
        return [extension(UNIT_OPTION, valueCoding=unit) for unit in units]
    if record.kind != "number":
        return []
    found = _unit(record.unit)
    if record.maximum > record.minimum:
        found.append(extension(LEAST, valueDecimal=record.minimum))
        found.append(extension(MOST, valueDecimal=record.maximum))
    return found


def _unit(unit: str) -> list[Json]:
    if not unit:
        return []
    return [extension(UNIT, valueCoding=coding(ours.UCUM, ucum_of(unit), _(unit)))]


def _enable_when(enabled: Enabled) -> list[Json]:
    return [_clause(clause) for clause in enabled.clauses]


def _clause(clause: Clause) -> Json:
    value = clause.answer
    shared: Json = {"question": clause.question, "operator": clause.operator}
    if isinstance(value, bool):
        return {**shared, "answerBoolean": value}
    if isinstance(value, str):
        return {**shared, "answerCoding": coding(ours.answers_of(clause.question), value)}
    return {**shared, "answerDecimal": value}


def _enabled_expression(enabled: Enabled) -> list[Json]:
    if enabled.kind != "expression":
        return []
    said = {"language": "text/fhirpath", "expression": enabled.expression}
    return [extension(EXPRESSION, valueExpression=said)]


def _line(name: str) -> Json:
    code = fhir_codes().loinc[name]
    return {
        "linkId": name,
        "code": [coding(ours.LOINC, code.code, code.display)],
        "text": clean(_(LINES[name])),
        "type": "string",
        "required": False,
        "repeats": True,
    }


# The diary


def _asked(name: str, kind: Json, items: list[Json] | None = None) -> Json:
    """Return one question of the diary; `kind`: its type, and how often."""
    shared = {"linkId": name, "text": clean(_(QUESTIONS[name])), "required": False, **kind}
    return {**shared, "item": items} if items else shared


def _measured(measure: Measure) -> Json:
    least, most = measure.plausible
    is_number = measure.kind != "yes_no"
    limits = [extension(LEAST, valueDecimal=least), extension(MOST, valueDecimal=most)]
    codes = [coding(ours.LOINC, code) for code in measure.loinc[:1]]
    return filled(
        extension=[*_unit(measure.unit), *limits] if is_number else [],
        linkId=measure.id,
        code=[*codes, coding(ours.MEASURE, measure.id, measure.label)],
        text=clean(measure.label),
        type="decimal" if is_number else "boolean",
        required=False,
    )
