"""The JSON API does what its description says, whatever is sent: no answer is undocumented.

What fits the schema may still be refused, with a problem that says why: no schema knows that a
night has not begun.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.python.asgi import HOST
from schemathesis.specs.openapi.checks import positive_data_acceptance

from nightcramp.app.server import create_app

API = schemathesis.openapi.from_asgi("/api/openapi.json", create_app(names=["localhost", HOST]))


@pytest.fixture(autouse=True)
def _empty(home: Path) -> None:
    """Every example is sent to the store of this test."""


@API.parametrize()
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_documented(case: Any) -> None:
    case.call_and_validate(excluded_checks=[positive_data_acceptance])
