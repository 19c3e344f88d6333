"""Makes the helpers beside it importable from every folder of tests, and its fixtures known.

Examples are drawn anew at every run, but the same ones on a build machine (CI is set there).
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import time
from collections.abc import Iterator

import pytest
from hypothesis import settings

from apps import app, chromium, phone, served
from stores import home, postgresql, server, store_home

__all__ = ["app", "chromium", "home", "phone", "postgresql", "served", "server", "store_home"]

settings.register_profile("build", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("build")


@pytest.fixture(autouse=True)
def _zone_of_this_machine() -> Iterator[None]:
    """After each test the C library is in this machine's zone again, whatever TZ was in it."""
    yield
    time.tzset()
