"""What was told in an interview is kept as it stood each time; the latest counts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from nightcramp.store.archive import write_archive
from nightcramp.store.database import opened
from nightcramp.store.people import add_person
from nightcramp.store.reading import everything
from nightcramp.store.restore import restore
from nightcramp.store.stories import keep_story, kept_story
from stores import NOON

pytestmark = pytest.mark.usefixtures("store_home")
LATER = NOON + dt.timedelta(hours=1)


def test_the_latest_story_counts_and_each_person_has_their_own() -> None:
    with opened(everyone=True) as store:
        add_person(store, "Anna")
    with opened("me") as store:
        assert kept_story(store) is None
        keep_story(store, NOON, b'{"parts":[1]}')
    with opened("me") as store:
        keep_story(store, LATER, b'{"parts":[2]}')
    with opened("me") as store:
        assert kept_story(store) == b'{"parts":[2]}'
    with opened("Anna") as store:
        assert kept_story(store) is None


def test_a_story_goes_into_the_archive_and_comes_back(tmp_path: Path) -> None:
    with opened("me") as store:
        keep_story(store, NOON, b'{"parts":[{"answers":{"age":70}}]}')
    with opened("me") as store, (tmp_path / "all.zip").open("wb") as handle:
        write_archive(handle, everything(store.connection))
    with opened("me") as store:
        keep_story(store, LATER, b"{}")
    restore(tmp_path / "all.zip", replace=True)
    with opened("me") as store:
        assert kept_story(store) == b'{"parts":[{"answers":{"age":70}}]}'
