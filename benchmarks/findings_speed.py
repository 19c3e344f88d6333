"""How long findings take, against nights and exposures; draws docs/findings_speed.svg.

    python benchmarks/findings_speed.py

Each time is the shortest of three in this process, with and without the 199 null histories that
the command always makes. Beside it, in the same process, statsmodels' negative binomial fit with
standard errors for dependence (which weighs one model, not all) where statsmodels is installed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import diaries
from nightcramp.diary.analysis import analyse
from nightcramp.diary.history import History

PICTURE = Path(__file__).parents[1] / "docs" / "findings_speed.svg"
NIGHTS = (30, 60, 120, 240, 365, 730)
EXPOSURES = (1, 2, 4, 6, 8, 10, 12, 14)
REPEATS = 3
INK, ACCENT, GROUND, SOFT = "#211d1a", "#c0390b", "#fbf7f0", "#6b625a"
WIDTH, HEIGHT, LEFT, TOP = 420, 240, 60, 60
Point = tuple[int, float]


def history_of(nights: int, exposures: int) -> History:
    """Return a simulated diary in which nothing acts."""
    kinds = tuple(diaries.KINDS[i % len(diaries.KINDS)] for i in range(exposures))
    scenario = replace(diaries.SCENARIOS["null-rho-0.5"], nights=nights, kinds=kinds)
    return diaries.simulate(scenario, np.random.default_rng([nights, exposures]))[0]


def shortest(work: Callable[[], object]) -> float:
    """Return the shortest of three times, in seconds."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def measure(nights: int, exposures: int) -> tuple[float, float]:
    """Return seconds without and with null histories."""
    history = history_of(nights, exposures)
    plain = shortest(lambda: analyse(history))
    whole = shortest(lambda: analyse(history, always_count_chance=True))
    return plain, whole


def by_statsmodels(nights: int, exposures: int) -> float | None:
    """Return the seconds of one negative binomial fit with HAC errors, if it can be had."""
    try:
        import statsmodels.api as sm
    except ImportError:
        return None
    history = history_of(nights, exposures)
    columns = [diaries.baseline(history.first, nights)[:, 1:]]
    columns += [diaries.column(e)[:, None] for e in history.exposures]
    design = np.hstack(columns)
    family = sm.families.NegativeBinomial(alpha=0.5)
    model = sm.GLM(history.cramps, design, family=family)
    return shortest(lambda: model.fit(cov_type="HAC", cov_kwds={"maxlags": 14}))


def _chart(left: int, title: str, axis: str, series: dict[str, list[Point]]) -> str:
    """Return a line chart as SVG parts, both axes from zero."""
    most_x = max(x for points in series.values() for x, _ in points)
    most_y = max(y for points in series.values() for _, y in points)
    parts = [f'<text x="{left}" y="34" font-weight="bold">{title}</text>']
    parts.append(f'<path d="M{left} {TOP}v{HEIGHT}h{WIDTH}" stroke="{SOFT}" fill="none"/>')
    parts.append(f'<text x="{left + WIDTH / 2}" y="{TOP + HEIGHT + 38}">{axis}</text>')
    for (name, points), color in zip(series.items(), (ACCENT, INK), strict=False):
        at = [
            (left + WIDTH * x / most_x, TOP + HEIGHT * (1 - y / most_y * 0.95)) for x, y in points
        ]
        line = " ".join(f"{x:.0f},{y:.0f}" for x, y in at)
        parts.append(f'<polyline points="{line}" stroke="{color}" fill="none" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3.5" fill="{color}"/>' for x, y in at]
        x, y = at[-1]
        said = f"{name}, {points[-1][1]:.2g} s"
        parts.append(f'<text x="{x:.0f}" y="{y - 8:.0f}" text-anchor="end">{said}</text>')
        parts += [
            f'<text x="{x:.0f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{value}</text>'
            for (x, _), (value, _) in zip(at, points, strict=True)
        ]
    return "\n".join(parts)


def picture(nights: dict[str, list[Point]], exposures: dict[str, list[Point]]) -> str:
    """Return both curves as one SVG."""
    whole_width, height = 2 * WIDTH + 3 * LEFT, HEIGHT + TOP + 60
    title = "Seconds for one analysis, by nights and by exposures"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole_width} {height}" role="img" '
        f'aria-label="{title}">\n<title>{title}</title>\n'
        f'<rect width="100%" height="100%" fill="{GROUND}"/>\n'
        f'<g font-family="Noto Sans, DejaVu Sans, sans-serif" font-size="12" fill="{INK}">\n'
        + _chart(LEFT, "Ten exposures: seconds by nights", "nights", nights)
        + _chart(2 * LEFT + WIDTH, "120 nights: seconds by exposures", "exposures", exposures)
        + "\n</g>\n</svg>\n"
    )


def main() -> None:
    """Print the times and draw the curves."""
    print(f"{'nights':>7} {'exposures':>10} {'analysis':>9} {'with null':>10} {'statsmodels':>12}")
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for nights, exposures in [*((n, 10) for n in NIGHTS), *((120, e) for e in EXPOSURES)]:
        if (nights, exposures) in found:
            continue
        found[nights, exposures] = measure(nights, exposures)
        plain, whole = found[nights, exposures]
        other = by_statsmodels(nights, exposures)
        beside = "not installed" if other is None else f"{other:.3f} s"
        print(f"{nights:7} {exposures:10} {plain:7.2f} s {whole:8.2f} s {beside:>12}", flush=True)
    names = ("analysis", "with 199 null histories")
    by_nights = {n: [(t, found[t, 10][i]) for t in NIGHTS] for i, n in enumerate(names)}
    by_exposures = {n: [(e, found[120, e][i]) for e in EXPOSURES] for i, n in enumerate(names)}
    PICTURE.write_text(picture(by_nights, by_exposures), encoding="utf-8")
    print(f"drawn: {PICTURE.name}")


if __name__ == "__main__":
    main()
