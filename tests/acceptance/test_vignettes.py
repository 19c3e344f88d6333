"""The clinical vignettes reach the aims of the project."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "vignettes"))

import score

pytestmark = pytest.mark.skipif(
    not score.ANSWERS.exists(), reason="../shared/data/vignettes.yaml is not here"
)


@pytest.mark.parametrize("labs", [False, True])
def test_vignettes(labs: bool) -> None:
    """Cause first in 75 %, among three in 95 %, no emergency missed, at most one self-care over."""
    cases = score.YAML(typ="safe").load(score.ANSWERS.read_text(encoding="utf-8"))
    outcomes = [score.outcome(case, labs=labs) for case in cases]
    assert len(outcomes) == 28
    assert sum(o.rank == 1 for o in outcomes) >= 0.75 * len(outcomes)
    assert sum(o.rank <= 3 for o in outcomes) >= 0.95 * len(outcomes)
    assert score.missed(outcomes) == 0
    assert sum(o.over for o in outcomes if o.wanted_level == "self_care") <= 1


def test_no_rule_names_a_case() -> None:
    """The knowledge knows nothing of the vignettes."""
    from nightcramp.knowledge.loader import CONTENT

    text = "\n".join(path.read_text(encoding="utf-8") for path in CONTENT.rglob("*.toml"))
    stories = (score.HERE / "stories").glob("*.yaml")
    assert not [story.stem for story in stories if story.stem in text]
