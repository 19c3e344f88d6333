"""The interview, one question a page: the same engine and questions as in the terminal."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from nightcramp.app.asked import Asked
from nightcramp.app.routes import Act, Done, Route, View
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.intake.answers import says_unknown
from nightcramp.intake.diary_facts import with_diary
from nightcramp.intake.interview import MOST_STEPS, Interview, why_asked
from nightcramp.intake.own_record import OwnRecord, own_record
from nightcramp.intake.told import Step, keep_told
from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.schema import Condition, Question
from nightcramp.language import gettext as _
from nightcramp.report.words import LEVEL_TITLES

MORE = 10
SPANS = ("days", "weeks", "months", "years")
Kind = Literal["yes_no", "choice", "many", "number", "duration"]
Id = Annotated[str, Meta(max_length=80)]
Line = Annotated[str, Meta(max_length=300)]


class Choice(Struct, frozen=True, kw_only=True):
    """One answer that can be given, and whether it was."""

    value: str
    label: str
    chosen: bool = False


class Sign(Struct, frozen=True, kw_only=True):
    """One warning sign of a list, why it is asked, and whether it was said to be so."""

    id: str
    ask: str
    why: str
    chosen: bool = False


class Written(Struct, frozen=True, kw_only=True):
    """One line of a list, and what was understood of it."""

    place: int
    text: str
    understood: list[str]


class Urgent(Struct, frozen=True, kw_only=True):
    """What cannot wait, and what to do."""

    title: str
    do: str


class InterviewPage(Struct, frozen=True, kw_only=True):
    """One step of the interview, or its end.

    `number` of at most `most` steps; `back`: the number of the step before. `asks`: what kind of
    answer a question takes; `value` and `span` are the one given before.
    """

    kind: Literal["signs", "question", "medicines", "conditions", "finished"]
    number: int
    most: int
    back: int | None = None
    ids: list[str] = []
    ask: str = ""
    why: str = ""
    help: str = ""
    asks: Kind = "yes_no"
    choices: list[Choice] = []
    signs: list[Sign] = []
    lines: list[Written] = []
    value: str = ""
    span: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    not_known: bool = False
    urgent: Urgent | None = None
    emergency: bool = False
    more: bool = False
    """Whether there are still questions worth asking."""


class AnswerForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was answered to one step.

    `then`: `answer` keeps `value`; `none` says that no sign of a list is so; `unknown` that one
    does not know; `add` and `remove` change a list; `on` goes on from it.
    """

    kind: Literal["signs", "question", "medicines", "conditions"]
    ids: Annotated[list[Id], Meta(max_length=40)] = []
    then: Literal["answer", "none", "unknown", "add", "remove", "on"] = "answer"
    value: Annotated[list[Id], Meta(max_length=40)] = []
    span: Literal["", "days", "weeks", "months", "years"] = ""
    line: Line = ""
    place: Annotated[int, Meta(ge=0, le=1000)] = 0
    going_on: bool = False
    """Whether more was asked for than the usual number of questions."""


def next_page(asked: Asked) -> InterviewPage:
    """Return the step that comes next, or the end."""
    talk = talk_of(asked.record, asked)
    steps = talk.told.steps
    most = len(steps) + MORE if asked.query.get("more") == "1" else MOST_STEPS
    step = talk.next_step(most)
    if step is None:
        return _finished(talk)
    return _page(talk, step, len(steps) + 1, most=max(most, MOST_STEPS))


def page_again(asked: Asked) -> InterviewPage:
    """Return a step that was answered, to be looked at or answered otherwise."""
    talk = talk_of(asked.record, asked)
    number = _number(asked)
    if number == len(talk.told.steps) + 1:
        step = talk.next_step(number)
        return _page(talk, step, number) if step else _finished(talk)
    if not 1 <= number <= len(talk.told.steps):
        raise UnknownIdError(_("the interview has not come so far"))
    return _page(talk, talk.told.steps[number - 1], number)


def answer(asked: Asked, form: AnswerForm) -> Done:
    """Keep what was answered; the same step may be answered again."""
    step = Step(kind=form.kind, ids=tuple(form.ids))
    with asked.opened() as store:
        talk = talk_of(own_record(store), asked)
        _check(step, talk)
        stays = _answered(talk, step, form)
        talk.done(step)
        keep_told(store, talk.told, asked.clock.now)
    if stays:
        return Done(goto=f"/interview/{_number(asked)}")
    urgent = talk.urgent()
    if urgent and urgent.level == "emergency":
        return Done(goto="/result")
    return Done(goto="/interview?more=1" if form.going_on else "/interview")


def talk_of(record: OwnRecord, asked: Asked) -> Interview:
    """Return the interview of a person as far as it has come."""
    today = asked.clock.today
    beside = with_diary(record.imported, record.nights, today)
    return Interview(knowledge(), record.told, today, beside)


def _number(asked: Asked) -> int:
    text = asked.params.get("number", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise UnknownIdError(_("there is no such step"))
    return int(text)


def _check(step: Step, talk: Interview) -> None:
    """Raise UnknownIdError for a step that asks what nobody asks."""
    known = talk.known
    if any(name not in known.questions and name not in known.conditions for name in step.ids):
        raise UnknownIdError(_("there is no such question"))
    if (step.kind == "question" and len(step.ids) != 1) or (step.kind == "signs" and not step.ids):
        raise InputError(_("there is no such question"))


def _answered(talk: Interview, step: Step, form: AnswerForm) -> bool:
    """Keep an answer; return whether the page stays, as a list does while it is written."""
    if step.kind in ("medicines", "conditions"):
        return _listed(talk, step.kind, form)
    if form.then == "unknown":
        talk.answer(dict.fromkeys(step.ids, "unknown"))
    elif step.kind == "signs":
        _check_ticks(form)
        so = set(form.value) if form.then == "answer" else set()
        talk.answer({name: "yes" if name in so else "no" for name in step.ids})
    else:
        talk.answer({step.ids[0]: _value(talk.asked(step.ids[0]), form)})
    return False


def _check_ticks(form: AnswerForm) -> None:
    """Raise InputError where what was ticked and what was pressed do not fit together."""
    if form.then == "none" and form.value:
        raise InputError(
            _("something is ticked, and “None of these” was pressed"),
            hint=_("Press “Those I ticked”, or take the ticks away."),
        )
    if form.then != "none" and not form.value:
        raise InputError(
            _("nothing is ticked"), hint=_("If none of it is so, press “None of these”.")
        )


def _listed(talk: Interview, entry: str, form: AnswerForm) -> bool:
    line = form.line.strip()
    if form.then == "remove":
        talk.told.remove_line(entry, form.place)
        return True
    if line:
        talk.add_line(entry, line)
        return form.then == "add"
    if form.then == "add":
        raise InputError(_("nothing is written there"))
    return False


def _value(question: Question | Condition, form: AnswerForm) -> Any:
    kind = _kind(question)
    if not form.value:
        raise InputError(_("choose or write an answer"), hint=_("Or say that you do not know."))
    if kind == "many":
        return list(form.value)
    text = form.value[0].strip()
    if says_unknown(text):
        return "unknown"
    text = text.replace(",", ".") if kind in ("number", "duration") else text
    return f"{text} {form.span or 'weeks'}" if kind == "duration" and _is_number(text) else text


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def _kind(question: Question | Condition) -> Kind:
    return question.kind if isinstance(question, Question) else "yes_no"


def _page(talk: Interview, step: Step, number: int, most: int = MOST_STEPS) -> InterviewPage:
    urgent = talk.urgent()
    common: dict[str, Any] = {
        "kind": step.kind,
        "number": number,
        "most": max(most, number),
        "back": number - 1 if number > 1 else None,
        "ids": list(step.ids),
        "urgent": Urgent(title=_(LEVEL_TITLES[urgent.level]), do=urgent.reasons[0].do)
        if urgent
        else None,
    }
    if step.kind == "signs":
        return InterviewPage(**common, ask=_("Is any of these so, now?"), signs=_signs(talk, step))
    if step.kind in ("medicines", "conditions"):
        return InterviewPage(**common, **_list_words(step.kind), lines=_lines(talk, step.kind))
    return InterviewPage(**common, **_question(talk, step.ids[0]))


def _signs(talk: Interview, step: Step) -> list[Sign]:
    given = talk.told.answers()
    asked = [(name, talk.asked(name)) for name in step.ids]
    return [
        Sign(id=name, ask=one.ask, why=why_asked(one), chosen=given.get(name) == "yes")
        for name, one in asked
    ]


def _list_words(kind: str) -> dict[str, Any]:
    why = _("Medicines and illnesses can cause cramps, or decide what is safe to try.")
    if kind == "medicines":
        ask = _("Which medicines, inhalers, injections and supplements do you take?")
        how = _(
            "One at a time, with dose and since when if you know: “indapamide 1.5 mg since May”."
        )
    else:
        ask = _("Which illnesses and operations have you had?")
        how = _("One at a time: “diabetes”, “knee replacement 2019”.")
    return {"ask": ask, "why": why, "help": how}


def _lines(talk: Interview, entry: str) -> list[Written]:
    return [
        Written(place=place, text=text, understood=talk.understood(entry, place))
        for place, text in enumerate(map(_text_of, talk.told.lines(entry)))
    ]


def _text_of(line: Any) -> str:
    """Return a line as it was written; of a table of a story file, what stands in it."""
    return line if isinstance(line, str) else ", ".join(str(part) for part in line.values())


def _question(talk: Interview, name: str) -> dict[str, Any]:
    question, given = talk.asked(name), talk.told.answers().get(name)
    told: dict[str, Any] = {
        "ask": question.ask,
        "why": why_asked(question),
        "asks": _kind(question),
        "choices": _choices(question, given),
        "not_known": given == "unknown",
    }
    if isinstance(question, Question):
        limits = question.maximum > question.minimum
        told |= {
            "help": question.help,
            "unit": _(question.unit) if question.unit else "",
            "low": question.minimum if limits else None,
            "high": question.maximum if limits else None,
        }
    if isinstance(given, str) and given != "unknown":
        value, _space, span = given.partition(" ")
        told |= {"value": value, "span": span if span in SPANS else ""}
    elif isinstance(given, int | float):
        told |= {"value": f"{given:g}"}
    return told


def _choices(question: Question | Condition, given: Any) -> list[Choice]:
    chosen = given if isinstance(given, list) else [{True: "yes", False: "no"}.get(given, given)]
    if _kind(question) == "yes_no":
        return [
            Choice(value="yes", label=_("Yes"), chosen="yes" in chosen),
            Choice(value="no", label=_("No"), chosen="no" in chosen),
        ]
    options = question.options if isinstance(question, Question) else []
    return [Choice(value=one.id, label=one.label, chosen=one.id in chosen) for one in options]


def _finished(talk: Interview) -> InterviewPage:
    urgent = talk.urgent()
    steps = len(talk.told.steps)
    emergency = urgent is not None and urgent.level == "emergency"
    return InterviewPage(
        kind="finished",
        number=steps,
        most=max(steps, MOST_STEPS),
        back=steps or None,
        urgent=Urgent(title=_(LEVEL_TITLES[urgent.level]), do=urgent.reasons[0].do)
        if urgent
        else None,
        emergency=emergency,
        more=not emergency and talk.next_step(steps + 1) is not None,
    )


ROUTES: tuple[Route, ...] = (
    View("/interview", next_page, "interview.html", "The next step of the interview."),
    View("/interview/{number}", page_again, "interview.html", "One step of the interview."),
    Act(
        "/interview/{number}",
        answer,
        AnswerForm,
        "Answer one step of the interview.",
        again="/interview/{number}",
    ),
)
