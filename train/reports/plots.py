"""Pictures of figures: curves, confusion, reliability, accuracy against cost; and sheets of many small pictures."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from realtime.errors import SourceError
from train.files import beside
from train.metrics import Reliability

INK, BLUE, ORANGE, FAINT = "#333333", "#2b6cb0", "#dd6b20", "#cccccc"


def new_figure(width: float, height: float, columns: int = 1):
    """A matplotlib figure (inches) without any window or global state, and its axes as a list."""
    from matplotlib.figure import Figure

    figure = Figure((width, height), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False)[0]
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(colors=INK)
    return figure, list(axes)


def save_figure(figure, path: Path) -> Path:
    """Write a figure as PNG, whole."""
    with beside(path) as work:
        figure.savefig(work, dpi=120)
    return Path(path)


def read_history(path: Path) -> dict[str, np.ndarray]:
    """The columns of a history.csv as float arrays; SourceError where there is none or it has no finished epoch."""
    try:
        with Path(path).open(newline="") as lines:
            rows = list(csv.DictReader(lines))
        columns = {k: np.array([float(r[k] or "nan") for r in rows]) for k in rows[0]} if rows else {}
    except FileNotFoundError:
        raise SourceError(f"{path} is missing: the run never finished an epoch.", "Let it train longer.") from None
    except (TypeError, ValueError, csv.Error) as error:
        raise SourceError(f"{path} is not a training history ({error}).", "Train the run again.") from None
    if not columns:
        raise SourceError(f"{path} is empty: the run never finished an epoch.", "Let it train longer.")
    return columns


def save_curves(history: Path, path: Path) -> Path:
    """Over epochs the losses, and every score where it is between 0 and 1; the one that counts is bold."""
    columns = read_history(history)
    epochs = columns.pop("epoch", np.arange(1, len(next(iter(columns.values()))) + 1))
    losses = {name: values for name, values in columns.items() if "loss" in name}
    shares = {name: np.where((v >= 0) & (v <= 1), v, np.nan) for name, v in columns.items() if name not in losses}
    shares = {name: values for name, values in shares.items() if not np.isnan(values).all()}
    figure, (left, right) = new_figure(13, 4.5, 2)
    draw_curves(left, epochs, losses, "loss")
    draw_curves(right, epochs, shares, "score")
    lowest = min((np.nanmin(values) for values in losses.values()), default=0)
    far = lowest > 0 and max(np.nanmax(values) for values in losses.values()) > 10 * lowest
    left.set_yscale("log" if far else "linear")
    return save_figure(figure, path)


def draw_curves(axis, epochs: np.ndarray, columns: Mapping[str, np.ndarray], title: str) -> None:
    """A line per column in colours of its own, named beside the axis; the one that is called like the title is bold."""
    import matplotlib
    from matplotlib.ticker import MaxNLocator

    colours = matplotlib.colormaps["turbo"](np.linspace(0.08, 0.92, max(2, len(columns))))
    for colour, (name, values) in zip(colours, columns.items(), strict=False):
        own = {"color": INK, "linewidth": 2.5, "zorder": 3} if name == title else {"color": colour, "linewidth": 1}
        axis.plot(epochs, values, "o-", markersize=3, label=name, **own)
    axis.set(title=title, xlabel="epoch")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.grid(color=FAINT, linewidth=0.5)
    if len(columns) > 1:
        axis.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))


def confusion_counts(truths: Sequence[int], answers: Sequence[int], classes: int) -> np.ndarray:
    """int (classes, classes): row = truth, column = answer."""
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (np.asarray(truths, int), np.asarray(answers, int)), 1)
    return counts


def save_confusion(counts: np.ndarray, labels: Sequence[str], path: Path) -> Path:
    """Row-wise shares of a confusion matrix; rare mistakes stay visible by a square-root colour scale."""
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    size = min(16, max(4, 0.22 * len(labels) + 2))
    figure, (axis,) = new_figure(size + 1, size)
    drawn = axis.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
    ticks = np.arange(len(labels))
    axis.set_xticks(ticks, labels, fontsize=8)
    axis.set_yticks(ticks, labels, fontsize=8)
    axis.set(xlabel="answer", ylabel="truth", title=f"{np.trace(counts)} of {counts.sum()} on the diagonal")
    bar = figure.colorbar(drawn, shrink=0.6)
    bar.set_ticks(np.sqrt([0, 0.01, 0.05, 0.2, 0.5, 1]), labels=["0", "1 %", "5 %", "20 %", "50 %", "100 %"])
    for row, column in np.argwhere(counts) if len(labels) <= 16 else []:
        ink = "white" if shares[row, column] > 0.4 else INK
        axis.text(column, row, counts[row, column], ha="center", va="center", fontsize=7, color=ink)
    return save_figure(figure, path)


def save_reliability(bins: Reliability, path: Path, title: str = "") -> Path:
    """Share right against confidence, with how many answers lie where; on the dashed line a threshold means itself."""
    figure, (axis,) = new_figure(5.5, 5)
    width = 1 / len(bins.count)
    middles = (np.arange(len(bins.count)) + 0.5) * width
    axis.bar(middles, bins.count / max(bins.count.sum(), 1), width, color=FAINT, label="share of answers")
    axis.plot([0, 1], [0, 1], "--", color=INK, linewidth=1)
    axis.plot(bins.confidence, bins.accuracy, "o-", color=BLUE, label="right")
    axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share", aspect="equal")
    axis.set_title(f"{title}  calibration error {bins.error:.3f}".strip(), fontsize=10)
    axis.legend(frameon=False)
    return save_figure(figure, path)


def save_bars(labels: Sequence[str], values: Sequence[float], path: Path, title: str = "") -> Path:
    """One bar per label, in the given order."""
    figure, (axis,) = new_figure(max(4, 0.18 * len(labels) + 1), 3)
    axis.bar(np.arange(len(labels)), values, color=BLUE)
    axis.margins(x=0.01)
    axis.set_xticks(np.arange(len(labels)), labels, fontsize=8)
    axis.set_title(title, fontsize=10)
    return save_figure(figure, path)


def save_tradeoff(
    names: Sequence[str], scores: Sequence[float], latencies: Sequence[float], sizes: Sequence[float], path: Path
) -> Path:
    """Scores (0 to 1) against milliseconds (left) and bytes (right), one named point per run; nan is left out."""
    figure, axes = new_figure(11, 4.5, 2)
    for axis, costs, label in zip(axes, (latencies, np.asarray(sizes) / 1e3), ("ms, one thread", "kB"), strict=True):
        axis.scatter(costs, np.asarray(scores) * 100, color=ORANGE, zorder=3)
        for name, cost, score in zip(names, costs, scores, strict=True):
            if math.isfinite(cost) and math.isfinite(score):
                axis.annotate(name, (cost, score * 100), xytext=(6, 4), textcoords="offset points", fontsize=8)
        axis.set(xlabel=label, ylabel="score, %")
        axis.grid(color=FAINT, linewidth=0.5)
    return save_figure(figure, path)


def fitted(image: np.ndarray, height: int, width: int, ground: int = 255) -> np.ndarray:
    """A picture scaled into uint8 BGR (height, width, 3), proportions kept, centred; enlarged without smoothing."""
    image = image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    scale = min(height / image.shape[0], width / image.shape[1])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
    tile = np.full((height, width, 3), ground, np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    tile[top : top + size[1], left : left + size[0]] = small
    return tile


def sheet(
    images: Sequence[np.ndarray], captions: Sequence[str] = (), columns: int = 10, height: int = 64, width: int = 96
) -> np.ndarray:
    """Many pictures (gray or BGR, uint8) as one, uint8 BGR, row by row, each with a short line (ASCII) below."""
    captions = list(captions) or [""] * len(images)
    strip = 14 if any(captions) else 0
    rows = max(1, math.ceil(len(images) / columns))
    whole = np.full((rows * (height + strip + 4), columns * (width + 4), 3), 255, np.uint8)
    for i, (image, caption) in enumerate(zip(images, captions, strict=True)):
        y, x = (i // columns) * (height + strip + 4), (i % columns) * (width + 4)
        whole[y : y + height, x : x + width] = fitted(image, height, width)
        place = (x + 1, y + height + 11)
        cv2.putText(whole, caption, place, cv2.FONT_HERSHEY_SIMPLEX, 0.36, (40, 40, 40), 1, cv2.LINE_AA)
    return whole


def save_picture(image: np.ndarray, path: Path) -> Path:
    """Write a picture whole, in the format of the suffix."""
    done, packed = cv2.imencode(Path(path).suffix or ".png", image)
    if not done:
        raise SourceError(f"{path} has no picture format that can be written.", "Use .png or .jpg.")
    with beside(path) as work:
        work.write_bytes(packed.tobytes())
    return Path(path)
