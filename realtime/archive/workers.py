"""Those who do the jobs: processes on this machine, or the workers of a Dask cluster that is there already."""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any

from realtime.errors import UserError

AHEAD = 2  # jobs handed out per worker, so that none waits while results are taken in
GRACE = 5.0  # seconds in which a worker should end its job when it is told to
JOIN_SECONDS = 10.0  # in which a scheduler must answer
_leaving = threading.Event()  # in a worker process: set when it should end


class ProcessPool:
    """Processes on this machine. They end with this one, whatever becomes of it.

    They hold the reading end of a pipe that is never written to: it closes when they should leave, or when this process
    dies. (A multiprocessing.Event would block for ever after the death of a process that waited for it.)
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    @property
    def window(self) -> int:
        """Jobs to hand out at once."""
        return AHEAD * self.workers

    def __enter__(self) -> ProcessPool:
        context = multiprocessing.get_context("spawn")
        self._reader, self._writer = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(self.workers, context, _begin, (self._reader,))
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._reader.close()

    def submit(self, function: Callable[..., Any], job: Any) -> Future[Any]:
        """Have `function(job, stop=event)` done; a pool that is broken answers with BrokenExecutor."""
        try:
            return self._pool.submit(_call, function, job)
        except BrokenExecutor as error:
            failed: Future[Any] = Future()
            failed.set_exception(error)
            return failed

    def renew(self) -> None:
        """New processes, for the old ones are gone."""
        self.__exit__()
        self.__enter__()


class DaskPool:
    """Workers of the Dask scheduler at an address; one that dies is replaced by another, up to three times a job."""

    def __init__(self, address: str) -> None:
        self.address = address

    @property
    def window(self) -> int:
        """Jobs to hand out at once: enough for those who are there, and for some who come."""
        threads: dict[str, int] = self._client.nthreads()
        return max(16, AHEAD * sum(threads.values()))

    def __enter__(self) -> DaskPool:
        try:
            distributed = importlib.import_module("distributed")
        except ImportError:
            raise UserError(
                "distributed is not installed.", "In glyphcam's folder, run: pip install '.[cluster]'."
            ) from None
        try:
            self._client = distributed.Client(self.address, timeout=JOIN_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            hint = "Start one with: dask scheduler"
            raise UserError(f"No Dask scheduler answers at {self.address} ({error}).", hint) from None
        self._executor = self._client.get_executor(pure=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(wait=False)
        self._client.close(timeout=GRACE)

    def wait_for(self, workers: int) -> None:
        """Wait until `workers` of them have joined."""
        with self:
            self._client.wait_for_workers(workers)

    def submit(self, function: Callable[..., Any], job: Any) -> Future[Any]:
        """Have `function(job)` done somewhere."""
        future: Future[Any] = self._executor.submit(function, job)
        return future

    def renew(self) -> None:
        """The scheduler sees to that."""


Pool = ProcessPool | DaskPool


def completed(
    pool: Pool, function: Callable[..., Any], jobs: Iterable[Any], stop: threading.Event
) -> Iterator[tuple[Any, ...]]:
    """Each job with its result, or with the exception that it ended with, as they come; ends early when `stop` is set.

    Where a worker process dies, the jobs that were out are done again one by one, so that only the culprit fails.
    Raises UserError where the cluster is lost.
    """
    jobs, pending = iter(jobs), dict[Future[Any], Any]()
    while not stop.is_set():
        pending |= {pool.submit(function, job): job for job in islice(jobs, max(0, pool.window - len(pending)))}
        if not pending:
            return
        done = wait(pending, 0.2, FIRST_COMPLETED).done
        if any(isinstance(outcome(future), BrokenExecutor) for future in done):
            done = wait(pending).done
        results = [(pending.pop(future), outcome(future)) for future in done]
        suspects = [job for job, result in results if isinstance(result, BrokenExecutor)]
        yield from (pair for pair in results if not isinstance(pair[1], BrokenExecutor))
        yield from one_by_one(pool, function, suspects)


def one_by_one(pool: Pool, function: Callable[..., Any], jobs: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """Jobs after the pool broke, each with nothing beside it: the one in which it breaks again is to blame."""
    broken = True
    for job in jobs:
        if broken:
            pool.renew()
        result = outcome(pool.submit(function, job))
        broken = isinstance(result, BrokenExecutor)
        yield job, result
    if broken and jobs:
        pool.renew()


def in_order(jobs: Iterable[Any], pairs: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The pairs of job and result in the order of the jobs."""
    early: dict[str, Any] = {}
    pairs = iter(pairs)
    for job in jobs:
        while job not in early:
            pair = next(pairs, None)
            if pair is None:
                return
            early[pair[0]] = pair[1]
        yield job, early.pop(job)


def outcome(future: Future[Any]) -> Any:
    """The result of a job, or the exception that it ended with. Raises UserError where it was lost with its cluster."""
    try:
        return future.exception() or future.result()
    except CancelledError:
        raise UserError("The scheduler is gone.", "Restart it and run this again: finished work is kept.") from None


def _begin(pipe: Connection) -> None:
    """In a fresh worker: leave it to the first process to react to Ctrl-C or a closed terminal, and watch it."""
    for number in (signal.SIGINT, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])):
        signal.signal(number, signal.SIG_IGN)
    logging.basicConfig(level=logging.CRITICAL)  # what goes wrong is told once, by the first process
    threading.Thread(target=_watch, args=(pipe,), daemon=True).start()


def _watch(pipe: Connection) -> None:
    pipe.poll(None)
    _leaving.set()
    time.sleep(GRACE)
    os._exit(1)


def _call(function: Callable[..., Any], job: Any) -> Any:
    return function(job, stop=_leaving)
