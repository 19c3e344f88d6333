"""A server's first requests come at once; none of them may find anything half made."""

from __future__ import annotations

import subprocess
import sys

FIRST = """
import threading
from nightcramp.knowledge.loader import CONTENT, knowledge
from nightcramp.knowledge.snapshot import read_snapshot

ready = threading.Barrier(16)

def first() -> None:
    ready.wait()
    read_snapshot(CONTENT)
    knowledge()

threads = [threading.Thread(target=first) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("still here")
"""


def survives(before: str) -> bool:
    """Return whether a process is still there after sixteen threads began at once."""
    code = before + FIRST
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "Error" not in done.stderr.replace("Fatal Python error", ""), done.stderr
    return done.stdout.strip() == "still here"


def test_threads_that_begin_at_once_do_not_crash_a_server_that_is_ready() -> None:
    ready = "from nightcramp.readiness import make_ready\nmake_ready()\n"
    assert all(survives(ready) for _ in range(3))


def test_the_app_is_ready_before_it_answers() -> None:
    assert survives("from nightcramp.app.server import create_app\ncreate_app()\n")


def test_without_being_ready_they_do() -> None:
    """Once this fails the library is mended, and `readiness` can go."""
    snapshot = "from nightcramp.knowledge.loader import knowledge; knowledge()"
    subprocess.run([sys.executable, "-c", snapshot], check=True)
    assert not all(survives("") for _ in range(12))
