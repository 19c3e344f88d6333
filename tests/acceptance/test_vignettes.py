"""The clinical vignettes reach the aims of the project."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "vignettes"))

import score


@pytest.mark.parametrize("labs", [False, True])
@pytest.mark.parametrize(("name", "count"), [("shared", 28), ("own", 108)])
def test_vignettes(name: str, count: int, labs: bool) -> None:
    """Cause first in 75 %, among three in 95 %, no emergency missed, at most one self-care over."""
    if not score.SETS[name].exists():
        pytest.skip("../shared/data/vignettes.yaml is not here")
    outcomes = score.outcomes(name, labs=labs)
    assert len(outcomes) == count
    assert sum(o.rank == 1 for o in outcomes) >= 0.75 * count
    assert sum(o.rank <= 3 for o in outcomes) >= 0.95 * count
    assert score.missed(outcomes) == 0
    assert sum(o.over for o in outcomes if o.wanted_level == "self_care") <= 1


def test_no_rule_names_a_case() -> None:
    """The knowledge knows nothing of the vignettes."""
    from nightcramp.knowledge.loader import CONTENT

    text = "\n".join(path.read_text(encoding="utf-8") for path in CONTENT.rglob("*.toml"))
    stories = score.HERE.glob("*/stories/*.yaml")
    names = re.compile("|".join(rf'"{story.stem}"' for story in stories))
    assert not names.search(text)
