"""Whose diaries are here: listed, added, renamed, chosen and removed."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from nightcramp.app.access.passphrases import people_with_passphrase
from nightcramp.app.access.people import people_here, remove_with_access
from nightcramp.app.asked import Asked
from nightcramp.app.pages.security import refuse_example
from nightcramp.app.problem import RefusedError
from nightcramp.app.routes import Act, Done, Route, View
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.language import gettext as _
from nightcramp.store.database import opened
from nightcramp.store.people import add_person, list_people, rename_person

PAGE = "/people"
Name = Annotated[str, Meta(max_length=200)]
Key = Annotated[str, Meta(max_length=100)]


class PersonLine(Struct, frozen=True, kw_only=True):
    """Somebody whose diary is here.

    `state`: theirs is shown; it opens at once; it asks for its passphrase. `may_change`: it may
    be renamed and removed here.
    """

    person: str
    name: str
    entries: int
    imports: int
    state: Literal["shown", "open", "locked"]
    may_change: bool


class PeoplePage(Struct, frozen=True, kw_only=True):
    """The people whoever asks may know of: on this machine all, elsewhere themselves."""

    people: list[PersonLine]
    may_add: bool
    example: bool = False


class NewPerson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody is to be called."""

    name: Name = ""


class NewName(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose name changes, and what to."""

    person: Key = ""
    name: Name = ""


class RemovePerson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is removed, and their name, typed to be sure."""

    person: Key = ""
    name: Name = ""


def people(asked: Asked) -> PeoplePage:
    """Return whose diaries are here; the example is of one person alone."""
    if asked.viewer.example:
        return PeoplePage(people=[], may_add=False, example=True)
    guarded = people_with_passphrase()
    with opened(everyone=True) as store:
        counts = {one.name: one for one in list_people(store)}
    return PeoplePage(
        people=[
            PersonLine(
                person=key,
                name=name,
                entries=counts[name].entries,
                imports=counts[name].imports,
                state=_state(asked, key, key in guarded),
                may_change=_may_change(asked, key, key in guarded),
            )
            for key, name in people_here().items()
            if name in counts and (asked.door.local or key == asked.viewer.key)
        ],
        may_add=asked.door.local,
    )


def add(asked: Asked, form: NewPerson) -> Done:
    """Add somebody."""
    refuse_example(asked)
    if not asked.door.local:
        raise RefusedError(
            403,
            _("people are added at the machine on which nightcramp runs"),
            hint=_("`nightcramp people add NAME` does it there."),
        )
    with opened(everyone=True) as store:
        add_person(store, form.name)
    return Done(goto=PAGE, said=_("{name} is added.").format(name=form.name.strip()))


def rename(asked: Asked, form: NewName) -> Done:
    """Call somebody otherwise."""
    before = _changeable(asked, form.person)
    with opened(everyone=True) as store:
        rename_person(store, before, form.name)
    said = _("{name} is now called {new}.").format(name=before, new=form.name.strip())
    return Done(goto=PAGE, said=said)


def remove(asked: Asked, form: RemovePerson) -> Done:
    """Remove somebody with all of theirs, from the backups here too."""
    name = _changeable(asked, form.person)
    if form.name.strip() != name:
        raise InputError(_("that is another name, so nothing was removed"))
    aside = remove_with_access(name)
    said = [_("Everything of “{name}” is deleted here.").format(name=name)]
    if aside and asked.door.local:
        said.append(_("Older stores may still hold it: {files}.").format(files=", ".join(aside)))
    return Done(goto="/" if form.person == asked.viewer.key else PAGE, said=" ".join(said))


def _changeable(asked: Asked, person: str) -> str:
    """Return the name of somebody who may be changed here; raises for anybody else alike."""
    refuse_example(asked)
    name = people_here().get(person, "")
    if not name or not _may_change(asked, person, person in people_with_passphrase()):
        raise UnknownIdError(_("there is nobody here by that key whom you may change"))
    return name


def _may_change(asked: Asked, person: str, guarded: bool) -> bool:
    return person == asked.viewer.key or (asked.door.local and not guarded)


def _state(asked: Asked, person: str, guarded: bool) -> Literal["shown", "open", "locked"]:
    if person == asked.viewer.key:
        return "shown"
    return "locked" if guarded else "open"


ROUTES: tuple[Route, ...] = (
    View(PAGE, people, "people.html", "Whose diaries are here."),
    Act(PAGE, add, NewPerson, "Add somebody.", again=PAGE),
    Act(f"{PAGE}/rename", rename, NewName, "Call somebody otherwise.", again=PAGE),
    Act(f"{PAGE}/remove", remove, RemovePerson, "Remove somebody with all of theirs.", again=PAGE),
)
