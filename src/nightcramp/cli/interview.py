"""The interview in the terminal: warning signs, medicines, then the best question first."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from nightcramp.assess.assessment import assess
from nightcramp.errors import InputError
from nightcramp.intake.answers import says_unknown, yes_or_no
from nightcramp.intake.files import read_mapping
from nightcramp.intake.interview import Interview, why_asked
from nightcramp.intake.story import story_date
from nightcramp.intake.told import ToldStory
from nightcramp.knowledge.loader import Knowledge, knowledge
from nightcramp.knowledge.schema import Condition, Question
from nightcramp.report.terminal import assessment_text
from nightcramp.report.words import LEVEL_TITLES, wrap

MOST_QUESTIONS = 25
INTRO = (
    "A few questions about your nights. Answer as you can; Enter alone means you do not know. "
    "`?` says why a question is asked, `b` goes back one, `q` stops and shows the result."
)


PAGE = 10
MEDICINES = (
    "Which medicines, inhalers, injections and supplements do you take?",
    "One a line, with dose and since when if you know; `none` if none. Empty line to go on.",
)
CONDITIONS = (
    "Which illnesses and operations have you had?",
    "One a line. Empty line to go on.",
)


class StoppedError(Exception):
    """The person asked for the result now."""


class Talk:
    """Asks in the terminal what the interview wants to know."""

    def __init__(self, known: Knowledge, story: dict[str, Any], file: str) -> None:
        self.story = story
        told = ToldStory(parts=[story])
        self.interview = Interview(known, told, story_date(story, file), file=file)
        self.order: list[str] = []

    @property
    def answers(self) -> dict[str, Any]:
        return self.interview.told.answers()

    def run(self) -> None:
        """Ask until nothing more would change the picture, or the person stops."""
        click.echo(wrap(INTRO, 0))
        try:
            self._warning_signs()
            self._listed("medicines", *MEDICINES)
            self._listed("conditions", *CONDITIONS)
            self._best_first()
        except (StoppedError, EOFError, click.Abort):
            click.echo("")

    def _warning_signs(self) -> None:
        signs = self.interview.signs()
        pages = [signs[start : start + PAGE] for start in range(0, len(signs), PAGE)]
        for number, page in enumerate(pages, 1):
            click.echo(f"\nWarning signs, {number} of {len(pages)}. Is any of these so, now?")
            self._checklist(page)
            self._stop_if_urgent()

    def _stop_if_urgent(self) -> None:
        """Show at once what cannot wait; in an emergency ask nothing more."""
        found = self.interview.urgent()
        if found is None:
            return
        click.echo(f"\n{LEVEL_TITLES[found.level]}")
        click.echo(wrap(found.reasons[0].do))
        if found.level == "emergency":
            raise StoppedError

    def _checklist(self, signs: list[Question]) -> None:
        for number, question in enumerate(signs, 1):
            click.echo(wrap(question.ask, 5, f" {number:2}. "))
        while True:
            text = self._prompt(
                "Numbers that are so; `0` if none; Enter if you do not know",
                lambda: _reasons(signs),
            )
            if says_unknown(text):
                return
            chosen = numbers_in(text, len(signs))
            if chosen is not None:
                break
            click.echo(f"  Type numbers from 1 to {len(signs)}, for instance `2 5`, or `0`.")
        given = {sign.id: "yes" if n in chosen else "no" for n, sign in enumerate(signs, 1)}
        self.interview.answer(given)

    def _listed(self, entry: str, ask: str, how: str) -> None:
        if self.interview.told.lines(entry):
            return
        click.echo(f"\n{ask}")
        click.echo(wrap(how))
        while text := self._prompt(">", lambda: "Medicines and illnesses can cause cramps."):
            self._echo_understood(entry, text)

    def _echo_understood(self, entry: str, text: str) -> None:
        try:
            names = self.interview.add_line(entry, text)
        except InputError as error:
            click.echo(f"  {error}")
            return
        click.echo(f"  understood: {', '.join(names)}" if names else "  kept, but not known here")

    def _best_first(self) -> None:
        for _ in range(MOST_QUESTIONS):
            question = self.interview.question()
            if question is None:
                return
            self._ask(question)

    def _ask(self, question: Question | Condition) -> None:
        click.echo("")
        click.echo(wrap(question.ask, 0))
        for number, option in enumerate(getattr(question, "options", []), 1):
            click.echo(f"  {number}. {option.label}")
        while True:
            text = self._prompt(_hint(question), lambda: why_asked(question))
            if text == "b" and self.order:
                self.interview.answer({self.order.pop(): None})
                return
            if self._kept(question, text):
                return

    def _kept(self, question: Question | Condition, text: str) -> bool:
        try:
            self.interview.answer({question.id: _value(question, text)})
        except InputError as error:
            message = error.message.removeprefix(f"{question.id}: ")
            click.echo(wrap(f"{message}. {error.hint}"))
            return False
        self.order.append(question.id)
        return True

    def _prompt(self, text: str, why: Callable[[], str]) -> str:
        while True:
            answer = click.prompt(text, default="", show_default=False, prompt_suffix=" ").strip()
            if answer == "?":
                click.echo(wrap(why()))
            elif answer.lower() == "q":
                raise StoppedError
            else:
                return answer


def numbers_in(text: str, most: int) -> set[int] | None:
    """Return the numbers typed (`2 5`), none for `0`; None when it is not clear."""
    if text.strip().lower() in {"0", "none", "no"}:
        return set()
    parts = text.replace(",", " ").split()
    if not all(part.isdecimal() and 1 <= int(part) <= most for part in parts):
        return None
    return {int(part) for part in parts}


def _reasons(signs: list[Question]) -> str:
    return " ".join(f"{number}: {question.why}" for number, question in enumerate(signs, 1))


def _hint(question: Question | Condition) -> str:
    kind = question.kind if isinstance(question, Question) else "yes_no"
    hints = {
        "yes_no": "[y/n]",
        "choice": "[number]",
        "many": "[numbers]",
        "duration": "[for instance: 3 weeks]",
        "number": f"[{getattr(question, 'unit', '') or 'number'}]",
    }
    return hints[kind]


def _value(question: Question | Condition, text: str) -> Any:
    """Turn what was typed into an answer; option numbers become option ids."""
    if says_unknown(text):
        return "unknown"
    options = [option.id for option in getattr(question, "options", [])]
    if not options:
        said = yes_or_no(text)
        return text if said is None else ("yes" if said else "no")
    parts = text.replace(",", " ").split()
    chosen = [
        options[int(p) - 1] if p.isdigit() and 1 <= int(p) <= len(options) else p for p in parts
    ]
    many = isinstance(question, Question) and question.kind == "many"
    return chosen if many else chosen[0]


def run_interview(file: Path | None, save: Path | None) -> None:
    """Run the interview, show the assessment, save the story if asked to."""
    if save is not None and save.suffix.lower() not in {".json", ".yaml"}:
        raise InputError("a story is saved as .json or .yaml", where=str(save))
    known = knowledge()
    story = read_mapping(file) if file else {}
    talk = Talk(known, story, str(file or "interview"))
    talk.run()
    click.echo("")
    click.echo(assessment_text(assess(talk.interview.facts()), known), nl=False)
    target = save or _asked_for_file()
    if target is not None:
        save_story(talk.interview.told.parts[0], target)
        click.echo(f"Story saved in {target}")


def _asked_for_file() -> Path | None:
    try:
        text = click.prompt(
            "\nSave the story? File name, or Enter for no", default="", show_default=False
        )
    except click.Abort:
        return None
    if not text.strip():
        return None
    path = Path(text.strip())
    return path if path.suffix.lower() in {".json", ".yaml"} else path.with_suffix(".yaml")


def save_story(story: dict[str, Any], path: Path) -> None:
    """Write a story so that it is whole or not there; raises InputError."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(_written(story, path.suffix.lower()), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(f"cannot be written: {error.strerror}", where=str(path)) from None


def _written(story: dict[str, Any], suffix: str) -> str:
    if suffix == ".json":
        return json.dumps(story, indent=1, ensure_ascii=False, default=str) + "\n"
    import io

    from ruamel.yaml import YAML

    writer, out = YAML(typ="safe", pure=True), io.StringIO()
    writer.default_flow_style = False
    writer.allow_unicode = True
    writer.dump(story, out)
    return out.getvalue()
