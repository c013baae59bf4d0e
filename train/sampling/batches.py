"""Batches from worker processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, Full

import cv2
import numpy as np

from realtime.spec import ModelSpec

Sample = tuple[np.ndarray, np.ndarray | np.int32]  # uint8 (h, w), and the target

Sampler = Callable[[np.random.Generator], Sample]


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a stream of samples; small, so that it travels to a worker and into settings.json."""

    task: str
    data: str
    spec: ModelSpec = field(repr=False)
    seed: int = 0


def _work(make: Callable[[Recipe], Sampler], recipe: Recipe, worker: int, batch: int, queue) -> None:
    """A worker's life: batches into the queue until the trainer is gone."""
    cv2.setNumThreads(1)
    queue.cancel_join_thread()  # a batch that nobody takes any more must not keep this process alive
    sampler, index, trainer = make(recipe), 0, multiprocessing.parent_process()
    while trainer and trainer.is_alive():
        samples = [sampler(np.random.default_rng((recipe.seed, worker, index + k))) for k in range(batch)]
        index += batch
        images = np.stack([s[0] for s in samples])[..., None]
        targets = np.stack([s[1] for s in samples])
        while trainer.is_alive() and not offered(queue, (images, targets)):
            pass


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
