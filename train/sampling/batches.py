"""Batches from worker processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, Full

import cv2
import numpy as np

from realtime.preprocess import PADDING
from realtime.spec import ModelSpec

POOL = 16  # batches of lines that are sorted by width at once

Sample = tuple[np.ndarray, np.ndarray | np.int32]  # uint8 (h, w), and the target

Sampler = Callable[[np.random.Generator], Sample]


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a stream of samples; small, so that it travels to a worker and into settings.json."""

    task: str
    data: str
    spec: ModelSpec = field(repr=False)
    seed: int = 0
    added: tuple[str, ...] = ()  # folders of pictures of one's own
    shares: Mapping[str, float] = field(default_factory=dict)  # of the parts of the mixture


def _work(make: Callable[[Recipe], Sampler], recipe: Recipe, worker: int, batch: int, queue) -> None:
    """A worker's life: batches into the queue until the trainer is gone."""
    cv2.setNumThreads(1)
    queue.cancel_join_thread()  # a batch that nobody takes any more must not keep this process alive
    sampler, index, trainer = make(recipe), 0, multiprocessing.parent_process()
    count = batch * (POOL if recipe.spec.keep_aspect else 1)
    while trainer and trainer.is_alive():
        samples = [sampler(np.random.default_rng((recipe.seed, worker, index + k))) for k in range(count)]
        index += count
        for packed in packs(samples, batch, np.random.default_rng((recipe.seed, worker, index))):
            while trainer.is_alive() and not offered(queue, packed):
                pass


def packs(samples: Sequence[Sample], batch: int, rng: np.random.Generator) -> Iterator[Sample]:
    """Batches of samples; where there are several, of samples alike in width, cut to the widest, in a random order."""
    images, targets = (np.stack(column) for column in zip(*samples, strict=True))
    if len(samples) == batch:
        yield images[..., None], targets
        return
    widths = used_widths(images, targets)
    order = np.argsort(widths, kind="stable")
    for k in rng.permutation(len(samples) // batch):
        rows = order[k * batch : (k + 1) * batch]
        width = widths[rows[-1]] if rng.random() < 0.85 else images.shape[2]
        yield images[rows, :, :width, None], targets[rows]


def used_widths(images: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Columns up to the last that is not padding, in sixteens, and enough for two CTC steps a character."""
    ink = (images != PADDING).any(1)[:, ::-1]
    needed = np.maximum(images.shape[2] - ink.argmax(1), 8 * targets[:, 1] + 16)
    return np.minimum(-(-needed // 16) * 16, images.shape[2])


def offered(queue, item, seconds: float = 5.0) -> bool:
    """Whether the queue took the item within some seconds; it waits no longer, for the reader may have been killed."""
    try:
        queue.put(item, timeout=seconds)
        return True
    except Full:
        return False


def batches(make: Callable[[Recipe], Sampler], recipe: Recipe, batch: int, workers: int) -> Iterator[Sample]:
    """Endless batches of (uint8 (n, h, w, 1), targets) from worker processes, which end with the caller.

    Raises RuntimeError where a worker ended: what it died of stands on standard error.
    """
    context = multiprocessing.get_context("spawn")
    queue = context.Queue(maxsize=6)
    processes = [
        context.Process(target=_work, args=(make, recipe, worker, batch, queue), daemon=True)
        for worker in range(workers)
    ]
    for process in processes:
        process.start()
    try:
        while True:
            yield received(queue, processes)
    finally:
        for process in processes:
            process.terminate()


def received(queue, processes: Sequence, seconds: float = 2.0):
    """The next item of the queue; RuntimeError where none comes because a process is dead."""
    while True:
        try:
            return queue.get(timeout=seconds)
        except Empty:
            if not all(process.is_alive() for process in processes):
                raise RuntimeError("A process that makes samples has ended.") from None
