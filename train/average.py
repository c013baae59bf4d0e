"""The command that averages runs: weights in between those of several runs read better than each of them.

Runs that began from one network and saw other mixtures lie in one valley of the loss; their mean keeps what each has
learned (Wortsman et al. 2022, "Model soups").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import numpy as np

from realtime.errors import ModelError
from train.datasets.place import data_option
from train.export import minutes, run_of
from train.sampling.recipes import SPECS

TRIED = (0.2, 0.35, 0.5, 0.65, 0.8)  # shares of one more run
Weights = list[np.ndarray]


@click.command(name="average")
@click.argument("runs", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the new run.")
@data_option
def command(runs: Sequence[Path], out: Path, data: str) -> None:
    """Average the weights of RUNS of one task in the shares that score best on held-out pictures.

    The runs must have begun from the same network. What it writes is a run like any other: export it.
    """
    from train.trainer import append, save
    from train.validate import scorer

    found = [run_of(run) for run in runs]
    settings, model = found[0]
    if len({s["task"] for s, _ in found}) > 1:
        raise ModelError(f"{', '.join(str(run) for run in runs)} are runs of several tasks.", "Name runs of one task.")
    score = scorer(SPECS[settings["task"]], data, tuple(settings.get("added", ())))

    def scored(weights: Weights) -> float:
        model.set_weights(weights)
        return score(model)["score"]

    # Copies: under some backends Keras hands out the weights themselves, which scoring overwrites.
    shares, weights = blended([[w.copy() for w in other.get_weights()] for _, other in found], scored, click.echo)
    model.set_weights(weights)
    out.mkdir(parents=True, exist_ok=True)
    save(model, out / "model.keras")
    averaged = {run.name: round(share, 3) for run, share in zip(runs, shares, strict=True) if share}
    (out / "settings.json").write_text(json.dumps({**settings, "averaged": averaged}, indent=1) + "\n")
    append(out / "history.csv", {"epoch": 0, "minutes": round(sum(map(minutes, runs)), 2), **score(model)})


def blended(
    weights: Sequence[Weights], score: Callable[[Weights], float], say: Callable[[str], None] = print
) -> tuple[list[float], Weights]:
    """Shares (adding up to 1, some 0) and mean of the weights: from the best on, each next one as far as it helps."""
    alone = [score(w) for w in weights]
    order = sorted(range(len(weights)), key=lambda k: -alone[k])
    shares, best, mean = [0.0] * len(weights), alone[order[0]], weights[order[0]]
    shares[order[0]] = 1.0
    for k in order[1:]:
        tries = [(score(between(mean, weights[k], t)), t) for t in TRIED]
        say(f"{k}: " + ", ".join(f"{t} {value:.4f}" for value, t in tries))
        value, t = max(tries)
        if value > best:
            best, mean = value, between(mean, weights[k], t)
            shares = [share * (1 - t) for share in shares]
            shares[k] = t
    return shares, mean


def between(a: Weights, b: Weights, share: float) -> Weights:
    """Weights that lie `share` of the way from a to b."""
    return [(1 - share) * x + share * y for x, y in zip(a, b, strict=True)]
