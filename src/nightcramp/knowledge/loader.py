"""Reads the content files into one checked `Knowledge`, or says what is wrong where."""

from __future__ import annotations

import functools
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from nightcramp.errors import KnowledgeError
from nightcramp.knowledge import schema
from nightcramp.knowledge.expression import Expression, ExpressionError, compile_expression
from nightcramp.language import ENGLISH, catalogue, language

CONTENT = Path(__file__).parent / "content"

Record = TypeVar("Record")


class Knowledge(msgspec.Struct, eq=False, dict=True, kw_only=True):
    """Everything medical, by id. Not to be changed after loading."""

    model: schema.Model
    sources: dict[str, schema.Source]
    credibility: dict[str, schema.Credibility]
    questions: dict[str, schema.Question]
    conditions: dict[str, schema.Condition]
    labs: dict[str, schema.Lab]
    medicine_classes: dict[str, schema.MedicineClass]
    medicines: dict[str, schema.Medicine]
    medicine_clues: list[schema.Clue]
    factors: dict[str, schema.Factor]
    mimics: dict[str, schema.Mimic]
    red_flags: dict[str, schema.RedFlag]
    safety: dict[str, schema.SafetyRule]
    contradictions: dict[str, schema.Contradiction]
    instruments: dict[str, schema.Instrument]
    actions: dict[str, schema.Action]
    statements: dict[str, schema.Statement]
    measures: dict[str, schema.Measure]
    diary_model: schema.DiaryModel
    trials: dict[str, schema.TrialTemplate]
    remedies: dict[str, schema.Remedy]
    trial_model: schema.TrialModel
    paths: dict[str, str] = {}
    ordinary_words: list[str] = []
    """Words of the language that are no misspelt names, though they look like one."""

    @functools.cached_property
    def _expressions(self) -> dict[str, Expression]:
        return {}

    @functools.cached_property
    def _needs(self) -> dict[str, frozenset[str]]:
        return {}

    def condition_of(self, text: str) -> Expression:
        """Return the compiled form of a condition used in the content."""
        if text not in self._expressions:
            self._expressions[text] = compile_expression(text)
        return self._expressions[text]

    def follows(self, name: str, value: object) -> dict[str, bool]:
        """Return what an answer or a condition with this value implies, one step far."""
        if value in (None, False, "", []):
            return {}
        if name in self.questions:
            return dict(self.questions[name].implies)
        condition = self.conditions.get(name)
        return dict.fromkeys(condition.implies, True) if condition else {}

    def path_of(self, record: object) -> str:
        """Return the content file a record was read from."""
        return self.paths.get(_key(record), "")

    @functools.cached_property
    def _readers(self) -> dict[str, dict[str, list[str]]]:
        return {}

    def readers(self, collection: str) -> dict[str, list[str]]:
        """Return, for each name, the ids of a collection's records that read it."""
        if collection not in self._readers:
            index: dict[str, list[str]] = {}
            for identifier, record in getattr(self, collection).items():
                for name in self.needs(record):
                    index.setdefault(name, []).append(identifier)
            self._readers[collection] = index
        return self._readers[collection]

    def needs(self, record: schema.Content) -> frozenset[str]:
        """Return the names of questions and conditions that a record's conditions read."""
        key = _key(record)
        if key not in self._needs:
            texts = [text for _, text in conditions_in(record)]
            self._needs[key] = frozenset().union(*(self.names_in(text) for text in texts))
        return self._needs[key]

    def names_in(self, text: str) -> frozenset[str]:
        """Return the names a condition depends on, through scores and ranges too."""
        expression = self.condition_of(text)
        names = set(expression.names)
        for function, argument in expression.calls:
            if function in {"score", "score_min"}:
                names |= self.needs(self.instruments[argument])
            elif function == "flagged":
                names |= frozenset().union(*map(self.needs, self.red_flags.values()))
            elif function == "began_after_medicine":
                names |= {"onset", "recent_flare"}
            elif function in {"low", "high", "normal", "times_upper"}:
                names |= {"sex", "age"}
        return frozenset(names)


def _key(record: object) -> str:
    return f"{type(record).__name__}/{getattr(record, 'id', '')}"


def read_toml(path: Path) -> dict[str, Any]:
    """Parse one TOML file; raises KnowledgeError with the file and line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"not valid TOML: {error}", where=str(path)) from None


def _fit(data: Any, kind: type[Record], where: str) -> Record:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise KnowledgeError(str(error), where=where) from None


def _single(path: Path, kind: type[Record]) -> Record:
    return _fit(read_toml(path), kind, str(path))


class _Reader:
    """Collects records of one content folder, refusing a second use of an id."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths: dict[str, str] = {}

    def files(self, name: str) -> Iterator[Path]:
        path = self.root / f"{name}.toml"
        if path.exists():
            yield path
        yield from sorted((self.root / name).glob("*.toml"))

    def single(self, name: str, kind: type[Record]) -> dict[str, Record]:
        """Read one record a file, named by its own id."""
        records: dict[str, Record] = {}
        for path in self.files(name):
            record = self._add(records, _fit(read_toml(path), kind, str(path)), path)
            if path.stem != record:
                raise KnowledgeError(f"holds id {record!r}; name the file so", where=str(path))
        return records

    def many(self, name: str, key: str, kind: type[Record]) -> dict[str, Record]:
        """Read the `[[key]]` tables of the files called `name`."""
        records: dict[str, Record] = {}
        for path in self.files(name):
            for index, data in enumerate(read_toml(path).get(key, [])):
                where = f"{path} [[{key}]] {data.get('id', index + 1)}"
                self._add(records, _fit(data, kind, where), path)
        return records

    def _add(self, records: dict[str, Record], record: Record, path: Path) -> str:
        identifier = str(record.id)  # type: ignore[attr-defined]
        if identifier in records:
            raise KnowledgeError(f"the id {identifier!r} is used twice", where=str(path))
        records[identifier] = record
        self.paths[_key(record)] = str(path.relative_to(self.root))
        return identifier

    def table(self, name: str, kind: type[Record]) -> dict[str, Record]:
        """Read files whose top-level tables are named records."""
        records: dict[str, Record] = {}
        for path in self.files(name):
            for key, data in read_toml(path).items():
                if key in records:
                    raise KnowledgeError(f"[{key}] stands twice", where=str(path))
                records[key] = _fit(data, kind, f"{path} [{key}]")
        return records

    def medicines(
        self,
    ) -> tuple[dict[str, schema.MedicineClass], dict[str, schema.Medicine]]:
        classes: dict[str, schema.MedicineClass] = {}
        medicines: dict[str, schema.Medicine] = {}
        for path in self.files("medicines"):
            found = _fit(read_toml(path), schema.MedicineFile, str(path))
            for group in found.classes:
                self._add(classes, group, path)
            for medicine in found.medicines:
                self._add(medicines, medicine, path)
        return classes, medicines


def load(root: Path = CONTENT) -> Knowledge:
    """Read and check every content file below `root`; raises KnowledgeError."""
    from nightcramp.knowledge.validation import validate

    knowledge = _read(root)
    validate(knowledge)
    return knowledge


def _read(root: Path) -> Knowledge:
    reader = _Reader(root)
    classes, medicines = reader.medicines()
    return Knowledge(
        model=_single(root / "model.toml", schema.Model),
        sources=reader.table("sources", schema.Source),
        credibility=reader.table("credibility", schema.Credibility),
        questions=reader.many("questions", "question", schema.Question),
        conditions=reader.many("conditions", "condition", schema.Condition),
        labs=reader.many("labs", "lab", schema.Lab),
        medicine_classes=classes,
        medicines=medicines,
        medicine_clues=_medicine_clues(root),
        factors=reader.single("factors", schema.Factor),
        mimics=reader.single("mimics", schema.Mimic),
        red_flags=reader.many("red_flags", "flag", schema.RedFlag),
        safety=reader.many("safety", "rule", schema.SafetyRule),
        contradictions=reader.many("contradictions", "contradiction", schema.Contradiction),
        instruments=reader.single("instruments", schema.Instrument),
        actions=reader.single("actions", schema.Action),
        statements=reader.many("statements", "statement", schema.Statement),
        measures=reader.many("measures", "measure", schema.Measure),
        diary_model=_single(root / "diary_model.toml", schema.DiaryModel),
        trials=reader.many("trials", "trial", schema.TrialTemplate),
        remedies=reader.many("trials", "remedy", schema.Remedy),
        trial_model=_single(root / "trial_model.toml", schema.TrialModel),
        paths=reader.paths,
    )


def _medicine_clues(root: Path) -> list[schema.Clue]:
    path = root / "medicine_timing.toml"
    return _fit(read_toml(path).get("clue", []), list[schema.Clue], str(path))


_LOADING = threading.RLock()


def knowledge() -> Knowledge:
    """Return the shipped knowledge in the language of whoever is being answered.

    It is read and checked once, then kept as a snapshot.
    """
    with _LOADING:
        return _shipped(language())


@functools.lru_cache(maxsize=4)
def _shipped(code: str) -> Knowledge:
    if code != ENGLISH:
        from nightcramp.language.content import in_language

        return in_language(_shipped(ENGLISH), code, catalogue())
    from nightcramp.knowledge.snapshot import read_snapshot, write_snapshot

    kept = read_snapshot(CONTENT)
    if kept is None:
        kept = load()
        write_snapshot(CONTENT, kept)
    return kept


def conditions_in(record: object) -> Iterator[tuple[str, str]]:
    """Yield (key, condition text) for every condition inside a record."""
    if isinstance(record, schema.Content):
        for name in record.__struct_fields__:
            value = getattr(record, name)
            if name in {"when", "ask_if", "applies", "per"} and value:
                yield name, value
            elif isinstance(value, list):
                for index, item in enumerate(value):
                    for key, text in conditions_in(item):
                        yield f"{name}[{index}].{key}", text
            elif isinstance(value, schema.Content):
                for key, text in conditions_in(value):
                    yield f"{name}.{key}", text


__all__ = ["CONTENT", "ExpressionError", "Knowledge", "knowledge", "load"]
