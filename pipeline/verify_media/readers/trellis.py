"""The trellis of a name: its best CTC path through a line, and where on it each letter is written.

States are letter, filler, letter, ... ; a path may skip a filler unless the letters beside it are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify_media.readers.ocr_recognise import FILLER, Alphabet

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Path:
    """A path over the time steps [start, stop); `score` is log-probability per letter."""

    score: float
    start: int
    stop: int


def best_paths(lines: Sequence[Floats], name: str, alphabet: Alphabet) -> list[Path]:
    """The best path in each line (T x K log-probabilities), wherever it begins and ends: Viterbi over all at once."""
    columns = _columns(name, alphabet)
    emit = np.full((max(len(line) for line in lines), len(lines), len(columns)), -99.0, np.float32)
    for row, line in enumerate(lines):
        emit[: len(line), row] = line[:, columns]
    scores, starts, stops = _viterbi(emit, _may_skip(name))
    return [Path(float(s) / len(name), int(a), int(b)) for s, a, b in zip(scores, starts, stops, strict=True)]


def letter_spans(line: Floats, name: str, alphabet: Alphabet, offset: int = 0) -> tuple[tuple[int, int], ...]:
    """On which steps [start, stop) each letter is written on the best path from end to end of a line (T x K).

    A forced alignment: the path is traced back. Steps count from `offset`.
    """
    emit = line[:, _columns(name, alphabet)]
    states = _traced(emit, _may_skip(name))
    steps = [np.flatnonzero(states == state) for state in range(0, emit.shape[1], 2)]
    return tuple((offset + int(own[0]), offset + int(own[-1]) + 1) for own in steps)


def _traced(emit: Floats, may_skip: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The state at each step of the best path from the first state to the last."""
    steps, states = emit.shape
    score = np.where(np.arange(states) == 0, emit[0], np.float32(-1e9))
    moves = np.zeros((steps, states), np.intp)
    for step in range(1, steps):
        choices = _moved(score, may_skip)
        moves[step] = choices.argmax(axis=0)
        score = choices.max(axis=0) + emit[step]
    path = np.full(steps, states - 1, np.intp)
    for step in range(steps - 1, 0, -1):
        path[step - 1] = path[step] - moves[step, path[step]]
    return path


def _viterbi(emit: Floats, may_skip: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    """Score, first step and end step of the best path in each row of T x rows x states."""
    steps, rows, states = emit.shape
    score = np.full((rows, states), -1e9, np.float32)
    start = np.zeros((rows, states), np.intp)
    best = np.full(rows, -1e9, np.float32)
    best_start, best_stop = np.zeros(rows, np.intp), np.zeros(rows, np.intp)
    everyone = np.arange(rows)
    for step in range(steps):
        choices = _moved(score, may_skip)
        origins = np.stack([start, np.roll(start, 1, axis=1), np.roll(start, 2, axis=1)])
        choices[1, :, 0] = 0.0
        origins[1, :, 0] = step
        pick = choices.argmax(axis=0)
        score = np.take_along_axis(choices, pick[None], 0)[0] + emit[step]
        start = np.take_along_axis(origins, pick[None], 0)[0]
        better = score[:, -1] > best
        best = np.where(better, score[:, -1], best)
        best_start = np.where(better, start[everyone, -1], best_start)
        best_stop = np.where(better, step + 1, best_stop)
    return best, best_start, best_stop


def _moved(score: Floats, may_skip: NDArray[np.bool_]) -> Floats:
    """3 x ... x states: the score of each state's path that stays, comes from the state before, or skips that one."""
    moved = np.full((3, *score.shape), -1e9, np.float32)
    moved[0] = score
    moved[1, ..., 1:] = score[..., :-1]
    moved[2, ..., 2:] = np.where(may_skip[2:], score[..., :-2], -1e9)
    return moved


def _may_skip(name: str) -> NDArray[np.bool_]:
    may = np.zeros(2 * len(name) - 1, bool)
    may[2::2] = [a != b for a, b in zip(name[1:], name[:-1], strict=True)]
    return may


def _columns(name: str, alphabet: Alphabet) -> NDArray[np.intp]:
    keys = [key for letter in name for key in (letter, FILLER)][:-1]
    return np.array([alphabet.index[key] for key in keys], np.intp)
