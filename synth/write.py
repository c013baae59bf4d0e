"""Samples on disk: one seed per index, so that the same sample comes whatever the number of workers; resumable."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from itertools import takewhile
from pathlib import Path

import cv2
import numpy as np

from realtime.archive.workers import DaskPool, ProcessPool, completed, in_order
from realtime.errors import SinkError, SourceError, UserError
from synth.plates.plate import sample_plate_crop
from synth.plates.scene import render_plate_scene, sample_plate_scene
from synth.sources import MACHINE, Sources, use
from synth.text.clip import Clip, render_clip, sample_clip
from synth.text.crops import sample_character, sample_crop, sample_not_character
from synth.text.fonts import ALPHABET, DIGITS
from synth.text.scene import render_scene, sample_scene

Rng = np.random.Generator
CHUNK = 8  # samples per job
PICTURES = {".jpg", ".jpeg", ".png", ".bmp"}


@dataclass(frozen=True)
class Request:
    """What is asked for; `backgrounds` is a folder of photographs, or empty."""

    kind: str
    mode: str = "digits"
    split: str = "train"
    seed: int = 0
    backgrounds: str = ""
    sources: Sources = MACHINE


@dataclass(frozen=True, eq=False)
class Drawn:
    """A picture, or the frames of a film, and the truth as it goes into labels.jsonl."""

    truth: dict
    drawn: np.ndarray | Clip


def draw(request: Request, index: int) -> Drawn:
    """Drawn `index` of a request: the same whenever and wherever it is drawn."""
    use(request.sources)
    rng = np.random.default_rng((request.seed, index))
    return DRAWERS[request.kind](rng, request, photographs(request.backgrounds))


def _line(rng: Rng, request: Request, backgrounds) -> Drawn:
    image, text = sample_crop(rng, request.mode, request.split, backgrounds)
    return Drawn({"text": text}, image)


def _character(rng: Rng, request: Request, backgrounds) -> Drawn:
    alphabet = DIGITS if request.mode == "digits" else ALPHABET
    image, char = sample_character(rng, request.split, alphabet, backgrounds)
    return Drawn({"text": char}, image)


def _nothing(rng: Rng, request: Request, backgrounds) -> Drawn:
    return Drawn({"text": ""}, sample_not_character(rng, backgrounds, request.split))


def _scene(rng: Rng, request: Request, backgrounds) -> Drawn:
    scene = sample_scene(rng, request.mode, request.split)
    image, quads, texts = render_scene(scene, backgrounds)
    return Drawn({"texts": texts, "quads": np.round(quads, 2).tolist()}, image)


def _clip(rng: Rng, request: Request, backgrounds) -> Drawn:
    clip = sample_clip(rng, request.split)
    return Drawn({"fps": clip.fps}, clip)


def _plate(rng: Rng, request: Request, backgrounds) -> Drawn:
    image, text = sample_plate_crop(rng)
    return Drawn({"text": text}, image)


def _street(rng: Rng, request: Request, backgrounds) -> Drawn:
    image, quads, texts = render_plate_scene(sample_plate_scene(rng, backgrounds))
    return Drawn({"texts": list(texts), "quads": np.round(quads, 2).tolist()}, image)


# What can be drawn: another kind is one more entry.
DRAWERS: dict[str, Callable[[Rng, Request, Sequence[np.ndarray]], Drawn]] = {
    "lines": _line,
    "characters": _character,
    "nothing": _nothing,
    "scenes": _scene,
    "clips": _clip,
    "plates": _plate,
    "streets": _street,
}


@lru_cache(2)
def photographs(folder: str) -> tuple[np.ndarray, ...]:
    """All pictures below a folder, gray; none for an empty name. SourceError where the folder holds no picture."""
    if not folder:
        return ()
    paths = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in PICTURES)
    read = (cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths)
    images = tuple(image for image in read if image is not None and min(image.shape) >= 64)
    if not images:
        raise SourceError(f"The folder {folder} holds no picture of 64 pixels or more.", "Name one that does.")
    return images


# --- a folder of samples


def write_all(request: Request, folder: Path, count: int, workers: int = 1, scheduler: str = "") -> Iterator[int]:
    """Draw samples 0 to count - 1 into the folder, except those already there; yields each index when it is on disk.

    Pictures are named by index; labels.jsonl has one line for each, in order of their index within one run.
    """
    pool = DaskPool(scheduler) if scheduler else ProcessPool(workers) if workers > 1 else None
    done = prepare(request, folder)
    missing = [index for index in range(count) if index not in done]
    with (folder / "labels.jsonl").open("a") as labels:
        for row in _rows(partial(_store, anywhere(request), folder.resolve()), missing, pool):
            labels.write(json.dumps(row) + "\n")
            labels.flush()
            yield row["index"]


def prepare(request: Request, folder: Path) -> set[int]:
    """Make the folder, or check that it was begun by the same request; the indices that it already has."""
    asked = json.dumps(asdict(request), indent=1)
    settings = folder / "settings.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not settings.exists():
            settings.write_text(asked)
    except OSError as error:
        raise SinkError(f"{folder} cannot be written: {error.strerror}.", "Name another folder with --out.") from error
    if settings.read_text() != asked:
        raise UserError(f"{folder} was begun with other settings (see settings.json there).", "Name another folder.")
    return {row["index"] for row in read_labels(folder)}


def read_labels(folder: Path) -> list[dict]:
    """The rows of labels.jsonl; a last line that was cut off by a crash is dropped, also on disk."""
    path = folder / "labels.jsonl"
    if not path.exists():
        return []
    text = path.read_text()
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole)
    return [json.loads(line) for line in whole.splitlines()]


def anywhere(request: Request) -> Request:
    """The request with paths that mean the same in every working directory."""
    sources = replace(request.sources, fonts=tuple(map(resolved, request.sources.fonts)))
    return replace(request, sources=sources, backgrounds=request.backgrounds and resolved(request.backgrounds))


def resolved(folder: str) -> str:
    """A path from the root."""
    return str(Path(folder).resolve())


def _rows(work: Callable[[int], dict], indices: Sequence[int], pool: ProcessPool | DaskPool | None) -> Iterator[dict]:
    """The rows of the indices, in order."""
    if pool is None:
        yield from map(work, indices)
        return
    jobs = [tuple(indices[i : i + CHUNK]) for i in range(0, len(indices), CHUNK)]
    with pool:
        for _, rows in in_order(jobs, completed(pool, partial(_several, work), jobs, threading.Event())):
            if isinstance(rows, BaseException):
                raise rows
            yield from rows


def _several(work: Callable[[int], dict], indices: Sequence[int], stop: threading.Event | None = None) -> list[dict]:
    """One job: the rows of a few indices; fewer when told to stop."""
    return [work(index) for index in takewhile(lambda _: not (stop and stop.is_set()), indices)]


def _store(request: Request, folder: Path, index: int) -> dict:
    """Write one sample's picture or film; its row of labels."""
    cv2.setNumThreads(1)
    sample = draw(request, index)
    if isinstance(sample.drawn, Clip):
        name = f"{index:06d}.mp4"
        frames = render_clip(sample.drawn, photographs(request.backgrounds))
        truth = write_video(folder / name, frames, sample.drawn.fps, sample.drawn.size)
        return {"index": index, "file": name, **sample.truth, "frames": truth}
    name = f"{index:06d}.png"
    cv2.imwrite(str(folder / name), sample.drawn)
    return {"index": index, "file": name, **sample.truth}


def write_video(path: Path, frames: Iterable, fps: float, size: tuple[int, int]) -> list[list[dict]]:
    """Frames (BGR, truth) into an .mp4 of `size` (height, width); per frame the rows {"text", "quad"}."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, size[::-1])
    if not writer.isOpened():
        raise SinkError(f"{path} cannot be written as a video.", "Name a file that ends in .mp4 in an existing folder.")
    rows = []
    for image, truth in frames:
        writer.write(image)
        rows.append([{"text": text, "quad": np.round(quad, 1).tolist()} for quad, text in truth])
    writer.release()
    return rows


# --- looking at samples


def sheet(request: Request, count: int) -> np.ndarray:
    """The first samples side by side, each with its text below, in the order of their index: uint8 gray."""
    tall, wide = CELLS.get(request.kind, (48, 160))
    columns = max(1, 1280 // wide)
    cells = [_cell(draw(request, index), tall, wide) for index in range(count)]
    cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
    return np.vstack([np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)])


CELLS = {
    "characters": (64, 64), "nothing": (64, 64), "scenes": (240, 320), "clips": (240, 320), "streets": (180, 320),
}  # fmt: skip


def _cell(sample: Drawn, tall: int, wide: int) -> np.ndarray:
    image = still(sample)
    scale = min(tall / image.shape[0], wide / image.shape[1])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    cell = np.zeros((tall + 14, wide), np.uint8)
    cell[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    label = sample.truth.get("text", " ".join(sample.truth.get("texts", ())))
    cv2.putText(cell, label, (1, tall + 11), cv2.FONT_HERSHEY_SIMPLEX, 0.35, 220, 1, cv2.LINE_AA)
    return cell


def still(sample: Drawn) -> np.ndarray:
    """The sample as one gray picture with its quadrilaterals drawn in: of a film the first frame."""
    if isinstance(sample.drawn, Clip):
        first, truth = next(iter(render_clip(sample.drawn)))
        image, quads = cv2.cvtColor(first, cv2.COLOR_BGR2GRAY), [quad for quad, _ in truth]
    else:
        image, quads = sample.drawn, sample.truth.get("quads", [])
    for quad in quads:
        image = cv2.polylines(image.copy(), [np.round(quad).astype(np.int32)], True, 255, 1, cv2.LINE_AA)
    return image
