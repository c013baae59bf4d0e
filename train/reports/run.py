"""What a run reached, to look at: confusion, reliability, worst mistakes, float against int8, run against run."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from realtime.errors import SourceError
from realtime.spec import load_spec
from train.datasets.example import read_picture
from train.metrics import Reliability, reliability
from train.reports import html, plots

MISSING = "∅"  # in a confusion matrix: nothing there, or nothing read
WORST = 200


@dataclass(frozen=True, eq=False)
class Judged:
    """One answer beside its truth, with the picture the network saw (uint8 gray or BGR)."""

    truth: str
    answer: str
    confidence: float
    image: np.ndarray
    source: str = ""
    name: str = ""

    @property
    def right(self) -> bool:
        return self.truth == self.answer


def write_report(run: Path, judged: Sequence[Judged], alphabet: str) -> Reliability:
    """Put confusion.png, reliability.png, worst.png, worst.html and, from history.csv, curves.png into a run."""
    run = Path(run)
    if not judged:
        raise SourceError(f"There is nothing to report on in {run}.", "Evaluate at least one picture.")
    counts, labels = confusion(judged, alphabet)
    plots.save_confusion(counts, labels, run / "confusion.png")
    bins = reliability([j.confidence for j in judged], [j.right for j in judged])
    plots.save_reliability(bins, run / "reliability.png", run.name)
    save_worst(run, judged)
    write_curves(run)
    return bins


def write_curves(run: Path) -> None:
    """Put curves.png, from history.csv where there is one, into a run."""
    if (Path(run) / "history.csv").is_file():
        plots.save_curves(Path(run) / "history.csv", Path(run) / "curves.png")


def confusion(judged: Iterable[Judged], alphabet: str) -> tuple[np.ndarray, list[str]]:
    """Counts (classes, classes) over single characters, and the labels: the alphabet and "nothing".

    Texts are aligned with fewest edits, so that a missing or a surplus character counts once.
    """
    labels = [*alphabet, MISSING]
    index = {c: i for i, c in enumerate(labels)}
    pairs = [p for j in judged for p in aligned(j.truth, j.answer)]
    known = [(index[t], index[a]) for t, a in pairs if t in index and a in index]
    truths, answers = zip(*known, strict=True) if known else ((), ())
    return plots.confusion_counts(truths, answers, len(labels)), labels


def aligned(truth: str, answer: str) -> list[tuple[str, str]]:
    """Pairs of characters of a shortest edit from truth to answer (Wagner and Fischer 1974); MISSING pads."""
    cost = np.zeros((len(truth) + 1, len(answer) + 1), int)
    cost[:, 0], cost[0] = np.arange(len(truth) + 1), np.arange(len(answer) + 1)
    for i, t in enumerate(truth, 1):
        for j, a in enumerate(answer, 1):
            cost[i, j] = min(cost[i - 1, j - 1] + (t != a), cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    pairs, i, j = [], len(truth), len(answer)
    while i or j:
        both = i and j and cost[i, j] == cost[i - 1, j - 1] + (truth[i - 1] != answer[j - 1])
        up = both or (i and cost[i, j] == cost[i - 1, j] + 1)
        left = both or not up
        pairs.append((truth[i - 1] if up else MISSING, answer[j - 1] if left else MISSING))
        i, j = i - bool(up), j - bool(left)
    return pairs[::-1]


def worst(judged: Iterable[Judged], most: int = WORST) -> list[Judged]:
    """The wrong answers, surest first."""
    return sorted((j for j in judged if not j.right), key=lambda j: -j.confidence)[:most]


def save_worst(run: Path, judged: Sequence[Judged], most: int = WORST) -> Path:
    """worst.png, a sheet of the surest mistakes, and worst.html, the same with sources and shares per set."""
    mistakes = worst(judged, most)
    tiles = [j.image for j in mistakes] or [np.full((32, 32), 255, np.uint8)]
    captions = [f"{j.truth or '-'} > {j.answer or '-'} {j.confidence:.2f}" for j in mistakes] or ["none"]
    plots.save_picture(plots.sheet(tiles, captions, width=120), run / "worst.png")
    parts = [html.table(("set", "pictures", "wrong", "share right"), shares(judged)), html.heading("Surest first")]
    parts += [html.figure(j.image, caption_of(j), width=180) for j in mistakes]
    return html.save_page(run / "worst.html", f"Worst mistakes of {run.name}", parts)


def shares(judged: Sequence[Judged]) -> list[tuple[str, int, int, float]]:
    """Set, pictures, mistakes and share right, worst set first."""
    sets: dict[str, list[bool]] = {}
    for j in judged:
        sets.setdefault(j.source, []).append(j.right)
    rows = [(s or "-", len(r), len(r) - sum(r), sum(r) / len(r)) for s, r in sets.items()]
    return sorted(rows, key=lambda row: row[3])


def caption_of(j: Judged) -> str:
    """Truth, answer and where the picture is from."""
    where = " ".join(filter(None, (j.source, j.name)))
    return f"{j.truth or MISSING} read as {j.answer or MISSING}, {j.confidence:.3f}. {where}"


def save_disagreements(run: Path, floats: Sequence[Judged], int8s: Sequence[Judged]) -> float:
    """int8.html: pictures on which the int8 network answers otherwise than the float one; the share that agrees."""
    apart = [(f, i) for f, i in zip(floats, int8s, strict=True) if f.answer != i.answer]
    agreement = 1 - len(apart) / max(len(floats), 1)
    lost = sum(f.right and not i.right for f, i in apart)
    won = sum(i.right and not f.right for f, i in apart)
    said = f"int8 alone is wrong on {lost}, float alone on {won}."
    parts = [html.paragraph(f"Same answer on {agreement:.2%} of {len(floats)} pictures. {said}")]
    for f, i in sorted(apart, key=lambda pair: -pair[0].confidence)[:WORST]:
        answers = f"float {f.answer or MISSING} {f.confidence:.3f}, int8 {i.answer or MISSING} {i.confidence:.3f}"
        parts.append(html.figure(f.image, f"truth {f.truth or MISSING}: {answers}", width=180))
    html.save_page(Path(run) / "int8.html", f"float against int8 in {Path(run).name}", parts)
    return agreement


@dataclass(frozen=True)
class RunRow:
    """One run in a comparison; nan where a run does not say."""

    name: str
    scores: dict[str, float]
    epochs: int
    minutes: float
    latency: float  # milliseconds, one thread
    size: float  # bytes

    @property
    def score(self) -> float:
        return self.scores.get("score", float("nan"))


def read_run(run: Path) -> RunRow:
    """Scores (scores.json, else the best epoch of history.csv), size and latency (scores.json, else measured).

    Raises SourceError where the folder is no run, or the run never finished an epoch.
    """
    run = Path(run)
    if not (run / "settings.json").is_file() and not (run / "history.csv").is_file():
        raise SourceError(f"{run} is not a run: it has neither settings.json nor history.csv.", "Name one of runs/.")
    history = plots.read_history(run / "history.csv")
    best = int(np.nanargmax(history["score"])) if "score" in history else -1
    scores = {k: float(v[best]) for k, v in history.items() if k not in ("epoch", "minutes")} | stored_scores(run)
    minutes = float(history["minutes"][-1]) if "minutes" in history else float("nan")
    model = next(iter(sorted(run.glob("*.tflite"))), None)
    size = scores.pop("bytes", float(model.stat().st_size) if model else float("nan"))
    latency = scores.pop("latency_ms", None) or (latency_of(model) if model else float("nan"))
    return RunRow(run.name, scores, len(history["loss"]) if "loss" in history else 0, minutes, latency, size)


def stored_scores(run: Path) -> dict[str, float]:
    """The numbers at the top of scores.json, {} where there is none."""
    path = run / "scores.json"
    try:
        values = json.loads(path.read_text()) if path.is_file() else {}
        return {k: float(v) for k, v in values.items() if isinstance(v, int | float)}
    except (ValueError, AttributeError) as error:
        raise SourceError(f"{path} is not a table of scores ({error}).", "Evaluate the run again.") from None


def latency_of(model: Path, runs: int = 40) -> float:
    """Median milliseconds of one input on one thread."""
    from realtime.model import Model

    spec = load_spec(model.with_suffix(".json"))
    net, batch = Model(model, spec), np.zeros((1, spec.height, spec.width, 1), np.uint8)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        net(batch)
        times.append(time.perf_counter() - start)
    return float(np.median(times) * 1e3)


def compare(runs: Sequence[Path], out: Path) -> list[list[str]]:
    """Table rows (header first) of several runs; the same with a plot of score against cost as `out` (.html)."""
    rows = [read_run(r) for r in runs]
    keys = [k for k in rows[0].scores if all(k in r.scores for r in rows)]
    header = ["run", *keys, "epochs", "minutes", "ms", "kB"]
    cells = [[r.name, *(r.scores[k] for k in keys), r.epochs, r.minutes, r.latency, r.size / 1e3] for r in rows]
    names, scores = [r.name for r in rows], [r.score for r in rows]
    picture = Path(out).with_suffix(".png")
    plots.save_tradeoff(names, scores, [r.latency for r in rows], [r.size for r in rows], picture)
    html.save_page(out, "Runs", [html.table(header, cells), html.figure(read_picture(picture))])
    return [header, *([html.shown(c) for c in row] for row in cells)]


@click.command("compare")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/compare.html"), show_default=True)
def command(runs: tuple[Path, ...], out: Path) -> None:
    """Set runs side by side: one table, and one plot of score against latency and size."""
    rows = compare(runs, out)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    click.echo(f"{out} and {out.with_suffix('.png')}")
