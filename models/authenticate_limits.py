# ruff: noqa: E501
"""From scores to probabilities and limits: Platt's line for each letter height, split-conformal limits for each class."""

from __future__ import annotations

import numpy as np

BUCKETS = (20.0, 40.0, 1e9)
"""Letter heights in pixels up to which a calibration of its own holds."""
ACCUSED, MISSED = 0.005, 0.0175
"""Share of marks that are there that may be called digital, and of overlays that may be called physical, before the
correction for several sightings. An accusation costs a maker more. Of 14026 marks on photos that no judge has seen,
0.06 % of the real ones are then called digital and 2.2 % of the overlays physical, 0.7 % of all; 34 % end unsure. On
photos of sources that the judges of measurements do not know, of ICDAR 2003, labels and packages, 1.6, 0.5 and 0.6 % of
all are then wrong."""
STRANGERS = 1.5
"""Logits that are added to the limit for "digital": marks on photos of cameras that training never saw come out higher.
With judges of measurements that know no photo of ICDAR 2003, the hardest source, 6 of 1016 of its real words are called
digital (11 with 1.25, 20 with 0.9; fewer after `cues.calibration.among`), of labels 6 of 2187, of packages 0 of 1858; of
1205 words on photos by others, which no judge knows, 0. At 1.25, 1 of 156 words of the corpus' originals was."""


def calibrated(score, digital, height, weight) -> list[dict]:
    """Platt's line in each bucket (Platt 1999), and split-conformal limits for one to four sightings.

    The limits are those of all buckets together: of one alone they hang on the two or three hardest photos.
    """
    lines = [_line(score[at], digital[at], weight[at]) for at in _in_buckets(height)]
    p = np.zeros(len(score))
    for at, (slope, offset) in zip(_in_buckets(height), lines, strict=True):
        p[at] = 1 / (1 + np.exp(-(offset + slope * score[at])))
    there, added = (digital == 0), (digital == 1)
    above = [with_margin(max(0.5, 1 - limit(1 - p[there], weight[there], ACCUSED / n))) for n in (1, 2, 3, 6)]
    below = [min(0.5, limit(p[added], weight[added], MISSED / n)) for n in (1, 2, 3, 4)]
    told("all", p, digital, above[0], below[0])
    for up_to, at in zip(BUCKETS, _in_buckets(height), strict=True):
        told(f"up to {up_to:.0f} px", p[at], digital[at], above[0], below[0])
    return [
        {"up_to_px": up_to, "slope": slope, "offset": offset, "physical_below": below, "digital_above": above}
        for up_to, (slope, offset) in zip(BUCKETS, lines, strict=True)
    ]


def _in_buckets(height) -> list[np.ndarray]:
    return [(height > low) & (height <= high) for low, high in zip((0.0, *BUCKETS), BUCKETS, strict=False)]


def _line(score, digital, weight) -> tuple[float, float]:
    """Slope and offset, both classes alike."""
    from sklearn.linear_model import LogisticRegression

    weight = weight.astype(float)
    for k in (0, 1):
        weight[digital == k] *= len(digital) / 2 / weight[digital == k].sum()
    line = LogisticRegression(C=10.0).fit(score[:, None], digital, sample_weight=weight)
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def told(name: str, p, digital, above: float, below: float) -> None:
    there, added = p[digital == 0], p[digital == 1]
    print(f"{name}: there {len(there)}, physical {(there <= below).mean():.3f}, digital {(there >= above).mean():.4f}; "
          f"added {len(added)}, digital {(added >= above).mean():.3f}, physical {(added <= below).mean():.4f}")  # fmt: skip


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


def toml(fusion: dict[str, float], buckets, typical) -> str:
    lines = [
        "# Written by models/fuse_authenticate.py; see models/authenticate.md.",
        "[fusion]",
        *(f"{name} = {weight:.6f}" for name, weight in fusion.items()),
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
