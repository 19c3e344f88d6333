"""Streams the entries of export.xml through expat: constant memory, no entities, no surprises."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from xml.parsers import expat

from nightcramp.errors import InputError
from nightcramp.intake.apple_health.archive import AGAIN, Readable
from nightcramp.language import gettext as _
from nightcramp.language import noted

CHUNK = 1 << 15
NOT_SO = noted(
    "An export of the Health app is not so; make the export again (Health app, your picture, "
    "Export All Health Data) and copy it whole."
)
UNTYPED = noted("a record without a type")
MOST_PROLOGUE = 1 << 20
MOST_TOKEN = 1 << 22
MOST_DEPTH = 50
TAG, LINE, ZONE, ENERGY = "#tag", "#line", "#zone", "#energy"
"""Keys added to an entry's attributes; no XML attribute can be named so."""

CHILDREN = frozenset(
    {
        "MetadataEntry",
        "WorkoutStatistics",
        "WorkoutEvent",
        "WorkoutRoute",
        "WorkoutActivity",
        "FileReference",
        "HeartRateVariabilityMetadataList",
        "InstantaneousBeatsPerMinute",
    }
)
"""Entries that belong to the record or workout before them."""

Attributes = dict[str, Any]
Progress = Callable[[int, int], None]
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BLANKED = bytes.maketrans(bytes([*range(9), 11, 12, *range(14, 32)]), b" " * 29)
_DOCTYPE = re.compile(rb"<!DOCTYPE.*?(?=<HealthData[\s>])", re.DOTALL)
_CUT_OFF = {
    expat.errors.XML_ERROR_NO_ELEMENTS,
    expat.errors.XML_ERROR_UNCLOSED_TOKEN,
    expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    expat.errors.XML_ERROR_PARTIAL_CHAR,
}


class MendableError(Exception):
    """The file is broken in a way Apple's own exports are; reading it mended may work."""


class EntryStream:
    """Reads one export once. `mended`: drop the DTD and blank control characters first.

    iOS 16 wrote a DTD that is no XML, and some apps store control characters in texts.
    """

    def __init__(self, where: str, located: frozenset[str], *, mended: bool = False) -> None:
        self.where = where
        self.mended = mended
        self.fed = 0
        self.started = False
        self.records: list[Attributes] = []
        self.others: list[Attributes] = []
        self._ended: list[str] = []
        self._depth = 0
        self._counted = [0]
        self._parser = self._new_parser(located)

    def entries(
        self, stream: Readable, size: int, progress: Progress | None
    ) -> Iterator[tuple[list[Attributes], list[Attributes]]]:
        """Yield (records, other entries) piece by piece; raises InputError, MendableError.

        Attributes carry what their children say: `#zone` (HKTimeZone) and `#energy` (workouts).
        """
        while chunk := stream.read(CHUNK):
            self._feed(self._prologue(chunk, stream) if self.fed == 0 else chunk)
            yield self._ready()
            if progress is not None:
                progress(min(self.fed, size), size)
        self._parse(b"", final=True)
        yield self.records, self.others

    def _prologue(self, chunk: bytes, stream: Readable) -> bytes:
        """Return the first piece; mended, its document type is blanked, lines kept."""
        if not self.mended:
            return chunk
        chunk += stream.read(MOST_PROLOGUE)
        found = _DOCTYPE.search(chunk)
        if found is None:
            return chunk
        if b"<!ENTITY" in found[0]:
            raise self._refused(_("this file declares entities"))
        return chunk[: found.start()] + b"\n" * found[0].count(b"\n") + chunk[found.end() :]

    def _feed(self, chunk: bytes) -> None:
        if self.mended and _CONTROL.search(chunk):
            chunk = chunk.translate(_BLANKED)
        before = len(self.records) + len(self.others)
        self.fed += len(chunk)
        self._parse(chunk)
        self._depth += len(self.records) + len(self.others) - before + self._counted[0]
        self._depth -= len(self._ended)
        self._counted[0] = 0
        self._ended.clear()
        self._check_bounds()

    def _check_bounds(self) -> None:
        if not self.started and self.fed > MOST_PROLOGUE + CHUNK:
            raise self._refused(_("this file has no health data in its first megabyte"))
        if self._depth > MOST_DEPTH:
            raise self._refused(_("this file is nested far deeper than any export"))
        if self.fed - max(self._parser.CurrentByteIndex, 0) > MOST_TOKEN:
            raise self._refused(_("this file has one entry of more than four megabytes"))

    def _ready(self) -> tuple[list[Attributes], list[Attributes]]:
        """Return the complete entries; the last may still have children to come."""
        ready = self.records[:-1], self.others[:-1]
        del self.records[:-1], self.others[:-1]
        return ready

    def _refused(self, what: str) -> InputError:
        return InputError(
            what,
            where=_("{file}: line {line}").format(
                file=self.where, line=self._parser.CurrentLineNumber
            ),
            hint=_(NOT_SO),
        )

    def _parse(self, chunk: bytes, *, final: bool = False) -> None:
        try:
            self._parser.Parse(chunk, final)
        except expat.ExpatError as error:
            raise self._fault(error, chunk) from None
        except (LookupError, ValueError):
            raise InputError(
                _("is written in an encoding that cannot be read"), where=self.where, hint=_(AGAIN)
            ) from None

    def _fault(self, error: expat.ExpatError, chunk: bytes) -> Exception:
        problem = expat.errors.messages.get(error.code, "not XML")
        if problem in _CUT_OFF:
            what = _("the file stops in the middle: it was cut off or is still being written")
        elif not self.mended and (not self.started or _CONTROL.search(chunk)):
            return MendableError()
        else:
            what = _("the XML is damaged ({fault})").format(fault=problem)
        place = _("{file}: line {line}, column {column}").format(
            file=self.where, line=error.lineno, column=error.offset + 1
        )
        return InputError(what, where=place, hint=_(AGAIN))

    def _new_parser(self, located: frozenset[str]) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._on_doctype
        parser.EntityDeclHandler = self._on_entity
        parser.AttlistDeclHandler = self._on_attribute_list
        inside = self._start_handler(parser, located)

        def root(name: str, attributes: Attributes) -> None:
            if name != "HealthData":
                raise InputError(
                    _("is not an Apple Health export"),
                    where=self.where,
                    hint=_("Give export.zip or export.xml."),
                )
            self.started = True
            self._counted[0] += 1
            parser.StartElementHandler = inside

        parser.StartElementHandler = root
        parser.EndElementHandler = self._ended.append
        return parser

    def _on_doctype(self, name: str, system: str | None, public: str | None, inside: bool) -> None:
        if system is not None or public is not None:
            raise self._refused(_("this file refers to another file"))

    def _on_entity(self, *declared: object) -> None:
        raise self._refused(_("this file declares entities"))

    def _on_attribute_list(
        self, element: str, name: str, kind: str, default: str | None, required: bool
    ) -> None:
        if default is not None:
            raise self._refused(_("this file declares values for attributes that are not there"))

    def _start_handler(
        self, parser: expat.XMLParserType, located: frozenset[str]
    ) -> Callable[[str, Attributes], None]:
        """Return the handler every entry passes, kept short: it runs millions of times.

        Records inside a Correlation stand once more at the top level and are passed over.
        """
        records, others, counted = self.records, self.others, self._counted
        add = records.append
        last: Attributes = {}

        def start(name: str, attributes: Attributes) -> None:
            nonlocal last
            if name == "Record":
                add(attributes)
                last = attributes
                if attributes.setdefault("type", UNTYPED) in located:
                    attributes[LINE] = parser.CurrentLineNumber
            elif name in CHILDREN:
                counted[0] += 1
                if name == "MetadataEntry":
                    if attributes.get("key") == "HKTimeZone":
                        last[ZONE] = attributes.get("value", "")
                elif name == "WorkoutStatistics" and str(attributes.get("type")).endswith(
                    "ActiveEnergyBurned"
                ):
                    last[ENERGY] = attributes
            else:
                attributes[TAG] = name
                attributes[LINE] = parser.CurrentLineNumber
                others.append(attributes)
                last = attributes if name == "Workout" else {}
                if name == "Correlation":
                    parser.StartElementHandler = within
                    parser.EndElementHandler = leave

        def within(name: str, attributes: Attributes) -> None:
            counted[0] += 1

        def leave(name: str) -> None:
            self._ended.append(name)
            if name == "Correlation":
                parser.StartElementHandler = start
                parser.EndElementHandler = self._ended.append

        return start
