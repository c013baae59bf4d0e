"""From CTC probabilities to the likeliest texts: prefix beam search, and the likelihood of given texts over views.

A reader's step gives a class or the blank; a text's probability is the sum over all paths of steps that spell it
(Graves et al. 2006). The best path alone misses texts whose probability is spread over several paths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from math import prod
from operator import itemgetter

import numpy as np

Prior = Callable[[str], float]  # a text begun -> what its last character weighs in it; "\n" is the text's end
Candidates = tuple[tuple[str, float], ...]

WIDTH = 6  # prefixes kept at each step; 10 change no answer
LEAST = 5e-3  # a class less likely extends no prefix; a prefix this much less likely than the best is dropped
END = "\n"


def search(probabilities: np.ndarray, alphabet: str, prior: Prior | None = None, width: int = WIDTH) -> Candidates:
    """The likeliest texts of CTC probabilities (steps, classes), blank last, best first, with their probabilities.

    `prior` moves probability between the texts found; what the network leaves to all others stays theirs. Steps that
    are sure of the blank cost nothing, so a clear text costs a tenth of a doubtful one.
    """
    beam: dict[str, tuple[float, float]] = {"": (1.0, 0.0)}
    weights = {"": 1.0}
    for blank, likely in events(probabilities, alphabet):
        beam = extended(beam, blank, likely)
        if len(beam) > 1:
            weigh(beam, weights, prior)
            beam = pruned(beam, weights, width)
    found = {text: sum(pair) for text, pair in beam.items()}
    return ranked(found, {text: weights[text] * (prior(text + END) if prior else 1.0) for text in found})


def events(probabilities: np.ndarray, alphabet: str) -> list[tuple[float, list[tuple[str, float]]]]:
    """Per step the probability of the blank and the characters that are likely enough; runs of blanks become one."""
    steps, classes = np.nonzero(probabilities[:, :-1] > LEAST)
    likely = zip(steps.tolist(), classes.tolist(), probabilities[steps, classes].tolist(), strict=True)
    blanks = probabilities[:, -1].tolist()
    rows: list[tuple[float, list[tuple[str, float]]]] = []
    done = 0
    for step, group in groupby(likely, key=itemgetter(0)):
        if step > done:
            rows.append((prod(blanks[done:step]), []))
        rows.append((blanks[step], [(alphabet[index], p) for _, index, p in group]))
        done = step + 1
    return [*rows, (prod(blanks[done:]), [])] if done < len(blanks) else rows


def extended(
    beam: Mapping[str, tuple[float, float]], blank: float, likely: Sequence[tuple[str, float]]
) -> dict[str, tuple[float, float]]:
    """The beam after one more step: prefix -> probability of its paths that end in a blank, and of the others."""
    grown: dict[str, tuple[float, float]] = {}
    for prefix, (silent, spoken) in beam.items():
        total, last = silent + spoken, prefix[-1:]
        same = 0.0
        for char, p in likely:
            start = total
            if char == last:
                same, start = spoken * p, silent
            key = prefix + char
            before = grown.get(key, NEVER)
            grown[key] = before[0], before[1] + start * p
        before = grown.get(prefix, NEVER)
        grown[prefix] = before[0] + total * blank, before[1] + same
    return grown


NEVER = (0.0, 0.0)


def weigh(beam: Mapping[str, tuple[float, float]], weights: dict[str, float], prior: Prior | None) -> None:
    """Add what the prior thinks of each new prefix; a prefix's parent is always known."""
    for prefix in beam:
        if prefix not in weights:
            weights[prefix] = weights[prefix[:-1]] * prior(prefix) if prior else 1.0


def pruned(
    beam: dict[str, tuple[float, float]], weights: Mapping[str, float], width: int
) -> dict[str, tuple[float, float]]:
    """The heaviest prefixes."""
    scores = {prefix: sum(pair) * weights[prefix] for prefix, pair in beam.items()}
    least = LEAST * max(scores.values())
    kept = sorted((p for p, score in scores.items() if score >= least), key=scores.__getitem__, reverse=True)[:width]
    return {prefix: beam[prefix] for prefix in kept}


def ranked(found: Mapping[str, float], weights: Mapping[str, float]) -> Candidates:
    """Texts best first, each with its share of the probability found, by probability and weight."""
    shares = {text: p * weights[text] for text, p in found.items()}
    scale = sum(found.values()) / max(sum(shares.values()), TINY)
    return tuple(sorted(((text, share * scale) for text, share in shares.items()), key=lambda row: -row[1]))


def agreed(probabilities: np.ndarray, alphabet: str, prior: Prior | None = None, most: int = 12) -> Candidates:
    """The texts that several views of one object (views, steps, classes) have in common, best first.

    Views are no independent witnesses, for one network looks at one object: so the logarithms of a text's probability
    are averaged over them, and only then weighed. The surest single view is the worst guide: a view that cuts a
    text's end off is sure of the rest.
    """
    found: dict[str, float] = {}
    for view in probabilities:
        for text, p in search(view, alphabet, prior):
            found[text] = found.get(text, 0.0) + p / len(probabilities)
    texts = sorted(found, key=found.__getitem__, reverse=True)[:most]
    chances = likelihoods(probabilities, texts, alphabet)
    means = np.exp(SHARPNESS * np.log(np.maximum(chances, TINY)).mean(0)).tolist()
    mass = sum(found[text] for text in texts)
    shares = ranked(dict(zip(texts, means, strict=True)), {text: weight(text, prior) for text in texts})
    total = max(sum(means), TINY)
    return tuple((text, p * mass / total) for text, p in shares)


TINY = 1e-300
SHARPNESS = 1.5  # of the averaged logarithms: between one view (1) and independent ones (their number)


def weight(text: str, prior: Prior | None) -> float:
    """What a prior thinks of a whole text."""
    return float(np.prod([prior(text[: k + 1]) for k in range(len(text))])) * prior(text + END) if prior else 1.0


def support(text: str, candidates: Candidates) -> tuple[float, ...]:
    """For each character of a text the probability of the candidates that agree with it up to there, or from there."""
    return tuple(
        min(1.0, sum(p for other, p in candidates if other.startswith(text[: k + 1]) or other.endswith(text[k:])))
        for k in range(len(text))
    )


def likelihoods(probabilities: np.ndarray, texts: Sequence[str], alphabet: str) -> np.ndarray:
    """P(text | view), float64 (views, texts), of probabilities (views, steps, classes): the CTC forward algorithm.

    Columns of the paths are blank, first character, blank, second character and so on, as in the paper.
    """
    labels = spelled(texts, alphabet)
    skips = np.zeros(labels.shape)
    skips[:, 2:] = (labels[:, 2:] != len(alphabet)) & (labels[:, 2:] != labels[:, :-2])
    paths = np.zeros((len(probabilities), *labels.shape))
    paths[..., 0] = 1.0
    for step in np.maximum(probabilities, FLOOR).astype(float).swapaxes(0, 1):
        moved = paths.copy()
        moved[..., 1:] += paths[..., :-1]
        moved[..., 2:] += paths[..., :-2] * skips[:, 2:]
        paths = moved * step[:, labels]
    rows, ends = np.arange(len(texts)), 2 * np.array([len(text) for text in texts])
    return paths[:, rows, ends] + np.where(ends > 0, paths[:, rows, ends - 1], 0.0)


FLOOR = 1e-7  # of a step's probability: forty of them still are a float64


def spelled(texts: Sequence[str], alphabet: str) -> np.ndarray:
    """Classes of each text between blanks, filled up with blanks: int (texts, 2 * longest + 1)."""
    labels = np.full((len(texts), 2 * max(map(len, texts)) + 1), len(alphabet))
    for row, text in zip(labels, texts, strict=True):
        row[1 : 2 * len(text) : 2] = [alphabet.index(char) for char in text]
    return labels
