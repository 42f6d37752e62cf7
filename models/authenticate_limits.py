# ruff: noqa: E501
"""From scores to probabilities and limits: Platt's line for each letter height, split-conformal limits for each class."""

from __future__ import annotations

import numpy as np

BUCKETS = (20.0, 40.0, 1e9)
"""Letter heights in pixels up to which a calibration of its own holds."""
ACCUSED, MISSED = 0.005, 0.014
"""Share of marks that are there that may be called digital, and of overlays that may be called physical, before the
correction for several sightings. An accusation costs a maker more."""
STRANGERS = 1.75
"""Logits that are added to the limit for "digital": marks on photos of cameras that training never saw come out higher.
Set so that with trees that know no photo of the source, about 1 % of the real marks of the hardest source are called
digital (5 % with 0.5, 2.6 % with 1, 1.2 % with 1.5; of the other sources 0.04 %). Overlays pay for it: they end unsure."""


def calibrated(score, digital, height, weight, *, told: bool = True) -> list[dict]:
    """Platt's line in each bucket (Platt 1999), and split-conformal limits for one to four sightings."""
    from sklearn.linear_model import LogisticRegression

    found, low = [], 0.0
    for up_to in BUCKETS:
        at = (height > low) & (height <= up_to)
        low = up_to
        y, s, w = digital[at], score[at], weight[at].astype(float)
        for k in (0, 1):
            w[y == k] *= len(y) / 2 / w[y == k].sum()
        line = LogisticRegression(C=10.0).fit(s[:, None], y, sample_weight=w)
        slope, offset = float(line.coef_[0, 0]), float(line.intercept_[0])
        p = 1 / (1 + np.exp(-(offset + slope * s)))
        above = [with_margin(max(0.5, 1 - limit(1 - p[y == 0], w[y == 0], ACCUSED / n))) for n in (1, 2, 3, 6)]
        below = [min(0.5, limit(p[y == 1], w[y == 1], MISSED / n)) for n in (1, 2, 3, 4)]
        if told:
            print(f"bucket {up_to}: n {np.bincount(y)}, digital above {above[0]:.3f} physical below {below[0]:.3f}, digital found "
                  f"{np.average(p[y == 1] >= above[0], weights=w[y == 1]):.2f} physical found {np.average(p[y == 0] <= below[0], weights=w[y == 0]):.2f}")  # fmt: skip
        found.append(
            {"up_to_px": up_to, "slope": slope, "offset": offset, "physical_below": below, "digital_above": above}
        )
    return found


def limit(p: np.ndarray, weight: np.ndarray, error: float) -> float:
    """The p below which the weighted share stays within `error`, with the conformal correction for the size of the set
    (Vovk et al. 2005; weights after Tibshirani et al. 2019: the mark to be judged weighs as much as the mean one)."""
    order = np.argsort(p)
    total = np.cumsum(weight[order]) + weight.mean()
    within = np.nonzero(total <= error * (weight.sum() + weight.mean()))[0]
    return float(p[order][within[-1]]) if len(within) else float(p[order][0]) * 0.7


def with_margin(p: float) -> float:
    """`p` moved by STRANGERS logits."""
    return float(1 / (1 + (1 - p) / p * np.exp(-STRANGERS)))


def toml(fusion, buckets, typical) -> str:
    lines = [
        "# Written by models/fuse_authenticate.py; see models/authenticate.md.",
        "[fusion]",
        *(f"{name} = {weight:.6f}" for name, weight in zip(("trees", "pixels", "setting"), fusion, strict=True)),
        "",
        "[typical]",
    ]
    lines += [f"{n} = [{', '.join(f'{v:.5f}' for v in q)}]" for n, q in typical.items()]
    for b in buckets:
        lines += [
            "",
            "[[bucket]]",
            f"up_to_px = {b['up_to_px']:.1f}",
            f"slope = {b['slope']:.6f}",
            f"offset = {b['offset']:.6f}",
        ]
        lines += [f"{k} = [{', '.join(f'{v:.6f}' for v in b[k])}]" for k in ("physical_below", "digital_above")]
    return "\n".join(lines) + "\n"
