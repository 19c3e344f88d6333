"""Turns what a browser or a program sent into the form of an act, or says what does not fit."""

from __future__ import annotations

import tempfile
import typing
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from nightcramp.app.asked import Upload
from nightcramp.app.problem import RefusedError
from nightcramp.errors import InputError, one_line
from nightcramp.language import gettext as _

MOST_BYTES = 1 << 20
MOST_FILE_BYTES = 4 << 30
CHUNK = 1 << 20
Typed = Mapping[str, Sequence[str]]
"""What was typed into a form, as it was typed."""


async def body_of(request: Request, most: int = MOST_BYTES) -> bytes:
    """Return the body of a request; raises RefusedError for one that is too long."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise RefusedError(413, _("more was sent than this takes"))
        parts.append(part)
    return b"".join(parts)


async def form_of(
    request: Request, names: tuple[str, ...], stack: AsyncExitStack
) -> tuple[Typed, dict[str, tuple[Upload, ...]]]:
    """Return what was typed, and the files that were sent under `names`.

    Files lie in a folder of their own until `stack` is closed.
    """
    limited = _limited(request, MOST_FILE_BYTES if names else MOST_BYTES)
    try:
        form = await stack.enter_async_context(
            limited.form(max_files=20 if names else 0, max_fields=1000, max_part_size=MOST_BYTES)
        )
    except HTTPException as error:
        raise RefusedError(422, _misfit(ValueError(error.detail))) from None
    except FormParserError:
        raise RefusedError(422, _("this is not a form")) from None
    typed: dict[str, list[str]] = {}
    files: dict[str, tuple[Upload, ...]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            typed.setdefault(name, []).append(value)
        elif name in names and value.filename:
            files[name] = (*files.get(name, ()), await _kept(value, stack))
    return typed, files


def _limited(request: Request, most: int) -> Request:
    """Return a request whose body ends with RefusedError where it is longer, however it is sent."""
    size = 0

    async def receive() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > most:
            raise RefusedError(413, _("more was sent than this takes"))
        return message

    told = request.headers.get("content-length", "0")
    if told.isdecimal() and int(told) > most:
        raise RefusedError(413, _("more was sent than this takes"))
    return Request(request.scope, receive)


def _name_of(file: UploadFile) -> str:
    """Return the name a file was sent under, without folders and odd signs, and not long."""
    last = (file.filename or "").replace("\\", "/").rpartition("/")[2]
    plain = "".join(sign for sign in last if sign.isprintable()).strip(". ")
    kept = plain.encode("utf-8", "ignore")[-120:].decode("utf-8", "ignore")
    return kept.strip(". ") or "file"


async def _kept(file: UploadFile, stack: AsyncExitStack) -> Upload:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nightcramp-")))
    path = folder / _name_of(file)
    with path.open("wb") as handle:
        while chunk := await file.read(CHUNK):
            handle.write(chunk)
    return Upload(name=path.name, path=path)


def filled(form: type[Struct], typed: Typed) -> Any:
    """Return a form filled with what was typed; what was left empty is left out."""
    hints = typing.get_type_hints(form)
    data: dict[str, object] = {}
    for field in msgspec.structs.fields(form):
        values = [value for value in typed.get(field.encode_name, ()) if value != ""]
        if not values:
            continue
        is_list = typing.get_origin(hints[field.name]) in (list, tuple, set, frozenset)
        data[field.encode_name] = values if is_list else values[-1].strip()
    try:
        return msgspec.convert(data, form, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(_misfit(error)) from None


def decoded(form: type[Struct], body: bytes) -> Any:
    """Return a form from JSON; raises InputError that says what does not fit."""
    try:
        return msgspec.json.decode(body or b"{}", type=form)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(_misfit(error)) from None


def _misfit(error: BaseException) -> str:
    return _("this does not fit: {why}").format(why=one_line(error, 200))
