"""Every text people read: of the code, the templates and the knowledge; and what is missing.

`python -m nightcramp.language.extract es` writes what Spanish still lacks as a PO file.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nightcramp.language import FOLDER
from nightcramp.language.catalogue import Catalogue, read_catalogue

PACKAGE = FOLDER.parent
FUNCTIONS = {"_": None, "gettext": None, "noted": None, "N_": None, "ngettext": (1, 2)}
MARKS = {"**.py": "python", "**.html": "jinja2.ext.babel_extract"}


class Found(NamedTuple):
    """One text, with the form for several where it is counted, and where it stands."""

    text: str
    many: str
    where: str


def texts_of_code() -> Iterator[Found]:
    """Yield the texts marked in modules and templates."""
    from babel.messages.extract import extract_from_dir

    found = extract_from_dir(
        PACKAGE, list(MARKS.items()), keywords=FUNCTIONS, options_map={"**.html": {"silent": "0"}}
    )
    for file, line, message, _, _ in found:
        one, many = message if isinstance(message, tuple) else (message, "")
        yield Found(one, many, f"{file}:{line}")


def texts_of_knowledge() -> Iterator[Found]:
    """Yield the texts of the content files, units of measures and questions included."""
    from nightcramp.knowledge.loader import knowledge
    from nightcramp.language.content import texts_in

    known = knowledge()
    for name in known.__struct_fields__:
        for where, text in texts_in(getattr(known, name)):
            yield Found(text, "", f"{name}/{where}")
    units = {one.unit: one.id for one in known.measures.values()}
    units |= {one.unit: one.id for one in known.questions.values()}
    yield from (Found(unit, "", f"units/{name}") for unit, name in units.items() if unit)


def missing(words: Catalogue) -> list[Found]:
    """Return each text that a catalogue does not translate, once."""
    found = {one.text: one for one in (*texts_of_knowledge(), *texts_of_code())}
    return [one for one in found.values() if one.text not in words.texts]


def po_of(found: list[Found]) -> str:
    """Return texts as a PO file to be filled in."""
    from io import BytesIO

    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    catalog = Catalog()
    for one in found:
        catalog.add((one.text, one.many) if one.many else one.text, locations=[(one.where, 0)])
    out = BytesIO()
    write_po(out, catalog, width=0, omit_header=True)
    return out.getvalue().decode()


def main() -> None:
    """Write what a language lacks to standard output."""
    folder = FOLDER / Path(sys.argv[1]).name
    sys.stdout.write(po_of(missing(read_catalogue(folder))))


if __name__ == "__main__":
    main()
