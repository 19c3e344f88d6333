"""The example: somebody made up, to look at before one begins."""

from __future__ import annotations

from msgspec import Struct

from nightcramp.app.access.database import forget
from nightcramp.app.access.entering import show_example
from nightcramp.app.access.people import people_here
from nightcramp.app.access.preferences import keep_preferences
from nightcramp.app.asked import Asked
from nightcramp.app.example import EXAMPLE_NAME, example_place, leave_example
from nightcramp.app.problem import RefusedError
from nightcramp.app.routes import Act, Done, Nothing, Route, View
from nightcramp.language import gettext as _
from nightcramp.store.place import placed_at

PAGE = "/example"


class ExamplePage(Struct, frozen=True, kw_only=True):
    """Who the example is; `is_shown`: its diary is the one shown now."""

    name: str
    is_shown: bool
    may_open: bool


def example(asked: Asked) -> ExamplePage:
    """Return who the example is."""
    return ExamplePage(name=EXAMPLE_NAME, is_shown=asked.viewer.example, may_open=_may_open(asked))


def open_example(asked: Asked, form: Nothing) -> Done:
    """Show the example from the next page on."""
    if not _may_open(asked):
        raise RefusedError(401, _("sign in first"))
    kept = asked.preferences
    keep_preferences(_key(), language=kept.language, zone=kept.zone, units=kept.units)
    show_example(asked, wanted=True)
    return Done(goto="/")


def leave(asked: Asked, form: Nothing) -> Done:
    """Go back to one's own; what was done in the example is thrown away."""
    if asked.viewer.example:
        forget(asked.viewer.key)
        leave_example()
    show_example(asked, wanted=False)
    return Done(goto="/", said=_("You left the example. What you did in it is gone."))


def _may_open(asked: Asked) -> bool:
    """Return whether it is shown to whoever asks: elsewhere only to who is signed in."""
    role = asked.viewer.role
    return role == "owner" or (role == "nobody" and asked.door.local)


def _key() -> str:
    """Return the key of the example, the same whenever it is restored."""
    with placed_at(example_place()):
        return next(key for key, name in people_here().items() if name == EXAMPLE_NAME)


ROUTES: tuple[Route, ...] = (
    View(PAGE, example, "example.html", "Who the example is.", public=True),
    Act(PAGE, open_example, Nothing, "Show the example from now on.", again=PAGE, public=True),
    Act(f"{PAGE}/leave", leave, Nothing, "Leave the example.", public=True),
)
