"""The app for tests: in this process, or served on loopback and looked at with a real browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True}
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def app(home: Path) -> Any:
    """A client of the app in this process, over an empty store."""
    from starlette.testclient import TestClient

    from nightcramp.app.server import create_app

    with TestClient(create_app(), base_url="http://localhost") as client:
        yield client


@dataclass(frozen=True)
class Served:
    """A server that runs: where it is, its data folder, and its process."""

    address: str
    home: Path
    process: subprocess.Popen[str]


@contextmanager
def serving(home: Path, *options: str, **environment: str) -> Iterator[Served]:
    """Serve the app over the store in a folder until the end, on a free port of loopback."""
    command = [sys.executable, "-m", "nightcramp.cli.main", "serve", "--port", "0", *options]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("NIGHTCRAMP_")}
    process = subprocess.Popen(
        command,
        env={**kept, "NIGHTCRAMP_HOME": str(home), **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        yield Served(said.split(" is at ")[1].split()[0].rstrip("/"), home, process)
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.fixture
def served(home: Path) -> Iterator[Served]:
    """The app, served over an empty store."""
    with serving(home) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser for all tests."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as runner:
        browser = runner.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def phone(chromium: Any, served: Served) -> Iterator[Any]:
    """A page on a phone-sized screen that knows the app by short addresses."""
    context = chromium.new_context(base_url=served.address, **PHONE)
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


@contextmanager
def killable(chromium: Any, address: str, profile: Path) -> Iterator[Any]:
    """Yield a context of a browser of its own, with a profile on disk, which a test may kill."""
    from playwright.sync_api import Error

    context = chromium.browser_type.launch_persistent_context(
        str(profile), executable_path=CHROMIUM, args=FLAGS, base_url=address, **PHONE
    )
    try:
        yield context
    finally:
        with suppress(Error):  # it is closed already where the test killed it
            context.close()


def new_folder() -> Path:
    """Return a new folder for a profile."""
    return Path(tempfile.mkdtemp(prefix="nightcramp-test-"))
