"""Sets pages as PDF/UA: the one place that calls typst."""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from nightcramp.errors import InputError, NightcrampError, one_line
from nightcramp.language import gettext as _

TEMPLATES = Path(__file__).parent / "templates"
FONTS = Path(__file__).parent / "fonts"
STANDARDS = ("1.7", "ua-1")
UNSHOWN = re.compile(r"the text (?:contains the disallowed codepoint )?`\"(.+?)\"`")
MOST = 300


def compile_pdf(template: str, data: Mapping[str, Any], *, now: dt.datetime) -> bytes:
    """Return `templates/<template>.typ` filled with `data` as a tagged PDF/UA-1 document.

    `data` reaches the template as JSON, never as markup. `now` is the time of creation written
    into the document: the same template, data and time give the same bytes. Raises
    NightcrampError where typst is missing, and InputError where a character has no letter form.
    """
    typst = _typst()
    try:
        return bytes(
            typst.compile(
                TEMPLATES / f"{template}.typ",
                format="pdf",
                root=TEMPLATES,
                font_paths=_fonts(),
                sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
                pdf_standards=list(STANDARDS),
                timestamp=int(now.timestamp()),
            )
        )
    except UnicodeEncodeError as error:
        raise _unshown(ascii(error.object[error.start])) from None
    except typst.TypstError as error:
        raise _refused(template, error) from None


def _typst() -> ModuleType:
    try:
        import typst
    except ImportError:
        raise NightcrampError(
            _("PDF pages need the part of nightcramp that is not installed here"),
            hint=_("Install it with `pip install 'nightcramp[pdf]'`."),
        ) from None
    return typst


@functools.cache
def _fonts() -> Any:
    """Return the fonts that come with nightcramp and typst: alike on every machine."""
    return _typst().Fonts(include_system_fonts=False, font_paths=[FONTS])


def _refused(template: str, error: Exception) -> NightcrampError:
    found = UNSHOWN.search(str(error))
    if found is not None:
        return _unshown(found.group(1))
    why = _("the page cannot be set: {why}").format(why=one_line(error, MOST))
    return NightcrampError(why, where=template)


def _unshown(character: str) -> InputError:
    return InputError(
        _("the character {character} cannot be printed: no font here has it").format(
            character=character
        ),
        hint=_("Write that name or note in other letters."),
    )
