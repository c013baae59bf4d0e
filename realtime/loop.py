"""The only `for frame in ...` of the program: frames through the pipeline into the sinks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from realtime.contracts import Discreet, Frames, Patient, Pipeline, Sink
from realtime.errors import SinkError, SourceError
from realtime.stats import Rate, Summary, Timings
from realtime.values import LOST, WAITING, Frame, Result

LONGEST_GAP = 3600.0  # seconds between two frames of a camera, beyond which its clock was set
log = logging.getLogger(__name__)


def as_it_is(frame: Frame) -> Frame:
    """What is shown of a frame that was not read, where there is nothing to hide."""
    return frame


def always(frame: Frame) -> bool:
    """The gate that lets every frame through."""
    return True


def run(
    frames: Frames,
    pipeline: Pipeline,
    sinks: Sequence[Sink],
    stop: threading.Event,
    clock: Callable[[], float] = time.perf_counter,
    *,
    gate: Callable[[Frame], bool] = always,
    limit: int | None = None,
    watchers: Sequence[Sink] = (),
) -> Summary:
    """Read frames until the source ends, `stop` is set or `limit` frames came; what happened is in the summary.

    Sinks are entered first and closed last; the last result carries the tracks that were still alive. A sink that
    raises is closed and reported; a live run goes on with the others, a recording ends. `watchers` are sinks that
    alone are no reason to go on. A source that fails in the midst of the run ends it, with its error in the summary.
    """
    live = frames.live
    reader = FrameReader(pipeline, gate, frames)
    begin = clock()
    with Outlets([*watchers, *sinks], clock) as outlets:
        try:
            for frame, waited in timed(frames, clock):
                for result in reader(frame, 0.0 if live else waited, clock()):
                    result = replace(result, failures=outlets.failing())
                    reader.timings.add({**result.timings, "sinks": outlets.write(result)})
                failed = outlets.failures and not (live and outlets.any_of(sinks))
                if stop.is_set() or failed or (limit and reader.frames >= limit):
                    break
        except SourceError as error:
            outlets.note(error)
        except MemoryError:
            outlets.note(SourceError("There is not enough memory for pictures of this size.", "Make them smaller."))
        except KeyboardInterrupt:
            stop.set()
        finally:
            if reader.last:
                outlets.write(reader.end(reader.last))
    return reader.summary(clock() - begin, tuple(outlets.failures), stop.is_set())


def timed(frames: Iterable[Frame], clock: Callable[[], float]) -> Iterator[tuple[Frame, float]]:
    """Each frame with the milliseconds that it took to come."""
    begin = clock()
    for frame in frames:
        yield frame, 1000 * (clock() - begin)
        begin = clock()


class FrameReader:
    """Turns frames into results and keeps the figures."""

    def __init__(self, pipeline: Pipeline, gate: Callable[[Frame], bool], source: Frames) -> None:
        self._pipeline, self._gate, self._source = pipeline, gate, source
        self._rate = Rate()
        self.timings = Timings()
        self.frames = self.read = self.tracks = 0
        self.last: Result | None = None
        self._unread = pipeline.unread if isinstance(pipeline, Discreet) else as_it_is

    def __call__(self, frame: Frame, decode: float, now: float) -> Iterator[Result]:
        """The results that a frame gives: its own, and before it one that ends the tracks of what was before.

        That is another source, or the time before a camera's clock was set.
        """
        if self.last and (self.last.frame.source != frame.source or self._set_anew(self.last.frame.time, frame.time)):
            yield self.end(self.last)
        yield self._kept(self._waiting(frame) if frame.event in (LOST, WAITING) else self._fresh(frame, decode, now))

    def _set_anew(self, before: float, now: float) -> bool:
        return getattr(self._source, "live", False) and not 0 <= now - before < LONGEST_GAP

    def _waiting(self, frame: Frame) -> Result:
        """No new picture: nothing to read; tracks end once the source does not come back at once."""
        ended = self._pipeline.flush() if frame.event == WAITING else ()
        return Result(self._unread(frame), ended=ended, dropped=self._dropped)

    def _fresh(self, frame: Frame, decode: float, now: float) -> Result:
        self.frames += 1
        fps = self._rate.tick(now)
        if self._gate(frame):
            self.read += 1
            result = self._pipeline(frame)
        else:
            result = Result(self._unread(frame), tracks=self.last.tracks if self.last else ())
        timings = {"decode": decode, **result.timings} if decode else result.timings
        return replace(result, fps=fps, dropped=self._dropped, timings=timings)

    @property
    def _dropped(self) -> int:
        return self._source.dropped

    def end(self, last: Result) -> Result:
        """The last result once more, with nothing but the tracks that end now."""
        ended = self._pipeline.flush()
        return self._kept(replace(last, sightings=(), tracks=(), confirmed=(), ended=ended, timings={}))

    def _kept(self, result: Result) -> Result:
        self.tracks += len(result.ended)
        self.last = result
        return result

    def summary(self, seconds: float, failures: tuple[str, ...], stopped: bool) -> Summary:
        """The figures of the run."""
        stages = self.timings.percentiles(50, 95)
        return Summary(self.frames, self.read, self._dropped, self.tracks, seconds, stages, failures, stopped)


class Outlets:
    """The sinks of a run: entered in order, closed in reverse, each alone with its failures."""

    def __init__(self, sinks: Sequence[Sink], clock: Callable[[], float]) -> None:
        self._sinks, self._clock = sinks, clock
        self._open: list[Sink] = []
        self.failures: list[str] = []

    def __enter__(self) -> Outlets:
        try:
            for sink in self._sinks:
                sink.__enter__()
                self._open.append(sink)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        while self._open:
            self._close(self._open.pop())

    def any_of(self, sinks: Sequence[Sink]) -> bool:
        """Whether one of these is still open."""
        return any(sink in self._open for sink in sinks)

    def failing(self) -> tuple[str, ...]:
        """What sinks say that failed for good, or do so at the moment."""
        troubles = (sink.trouble for sink in self._open if isinstance(sink, Patient))
        return (*self.failures, *filter(None, troubles))

    def write(self, result: Result) -> float:
        """Give the result to every open sink; the milliseconds that this took."""
        begin = self._clock()
        for sink in tuple(self._open):
            try:
                sink.write(result)
            except Exception as error:  # whatever one sink does must not stop the others
                self.note(error, sink)
                self._open.remove(sink)
                self._close(sink)
        return 1000 * (self._clock() - begin)

    def _close(self, sink: Sink) -> None:
        try:
            sink.__exit__(None, None, None)
        except Exception as error:
            self.note(error, sink)

    def note(self, error: Exception, sink: Sink | None = None) -> None:
        """Report a failure, once."""
        expected = isinstance(error, SinkError | SourceError)
        text = str(error) if expected else f"{type(sink).__name__} failed: {error!r}."
        if text not in self.failures:
            self.failures.append(text)
            log.error("%s", text, exc_info=None if expected else error)
