"""The loop: every frame once through the pipeline, every sink alone with its failures, a clean end whatever happens."""

import itertools
import threading
import tracemalloc

import pytest
from conftest import FakePipeline, make_frame

from realtime.errors import SinkError, SourceError
from realtime.loop import run


class Note:
    """A sink that remembers, and fails when told."""

    def __init__(self, fail_at=None, error=None, on_exit=None, on_enter=None):
        self.results, self.events = [], []
        self.fail_at, self.on_exit, self.on_enter = fail_at, on_exit, on_enter
        self.error = error or SinkError("full")

    def __enter__(self):
        if self.on_enter:
            raise self.on_enter
        self.events.append("enter")
        return self

    def __exit__(self, *_):
        self.events.append("exit")
        if self.on_exit:
            raise self.on_exit

    def write(self, result):
        if self.fail_at is not None and result.frame.index >= self.fail_at:
            raise self.error
        self.results.append(result)

    @property
    def indices(self):
        return [result.frame.index for result in self.results]


class Frames:
    """A source of given frames."""

    live = False
    dropped = 0

    def __init__(self, frames=()):
        self.frames = frames

    def __iter__(self):
        return iter(self.frames)


class LiveFrames(Frames):
    live = True


def ticking(step=0.01):
    ticks = itertools.count(0.0, step)
    return lambda: next(ticks)


def run_with(frames, *sinks, pipeline=None, stop=None, **changes):
    pipeline = pipeline or FakePipeline()
    return run(frames, pipeline, sinks, stop or threading.Event(), ticking(), **changes), pipeline


def test_every_frame_is_read_once_and_the_last_result_ends_the_tracks():
    note = Note()
    summary, pipeline = run_with(Frames(make_frame(i) for i in range(5)), note)
    assert [frame.index for frame in pipeline.seen] == [0, 1, 2, 3, 4]
    assert note.indices == [0, 1, 2, 3, 4, 4]
    assert [len(result.ended) for result in note.results] == [0, 0, 0, 0, 0, 1]
    assert note.results[5].frame is note.results[4].frame and not note.results[5].sightings
    assert (summary.frames, summary.read, summary.tracks, summary.failures) == (5, 5, 1, ())
    assert note.events == ["enter", "exit"]


def test_an_empty_source_ends_at_once():
    summary, pipeline = run_with(Frames(), Note())
    assert summary.frames == 0 and pipeline.flushed == 0


def test_results_carry_the_true_rate_and_the_time_of_each_stage():
    note = Note()
    summary, _ = run_with(Frames(make_frame(i) for i in range(5)), note)
    step = note.results[4].frame
    assert step and note.results[0].fps == 0 and note.results[4].fps > 0
    assert set(note.results[4].timings) == {"decode", "locate", "read"}
    assert set(summary.stages) == {"decode", "locate", "read", "sinks"}


def test_waiting_for_a_camera_is_no_work():
    note = Note()
    run_with(LiveFrames([make_frame(0), make_frame(1)]), note)
    assert "decode" not in note.results[0].timings


def test_frames_kept_back_by_the_gate_still_reach_the_sinks_with_the_tracks_so_far():
    note = Note()
    summary, pipeline = run_with(Frames(make_frame(i) for i in range(6)), note, gate=lambda f: f.index % 3 == 0)
    assert [frame.index for frame in pipeline.seen] == [0, 3]
    assert note.indices == [0, 1, 2, 3, 4, 5, 5]
    assert [len(result.tracks) for result in note.results[:6]] == [1] * 6
    assert [len(result.sightings) for result in note.results[:6]] == [1, 0, 0, 1, 0, 0]
    assert (summary.frames, summary.read, summary.skipped) == (6, 2, pytest.approx(2 / 3))


def test_tracks_end_where_a_source_ends():
    note = Note()
    frames = [make_frame(i, source=name) for name in ("a.mp4", "b.mp4") for i in range(2)]
    run_with(Frames(frames), note)
    assert [(r.frame.source, r.frame.index, len(r.ended)) for r in note.results] == [
        ("a.mp4", 0, 0), ("a.mp4", 1, 0), ("a.mp4", 1, 1), ("b.mp4", 0, 0), ("b.mp4", 1, 0), ("b.mp4", 1, 1),
    ]  # fmt: skip


def test_a_lost_source_is_shown_but_not_read_and_ends_its_tracks_when_it_stays_away():
    note = Note()
    events = ["", "source lost", "source waiting", "source back"]
    summary, pipeline = run_with(LiveFrames(make_frame(0, i / 10, event=e) for i, e in enumerate(events)), note)
    assert [frame.event for frame in pipeline.seen] == ["", "source back"]
    assert [result.frame.event for result in note.results[:4]] == events
    assert [len(result.ended) for result in note.results[:4]] == [0, 0, 1, 0]
    assert summary.frames == 2


def test_stop_and_limit_end_the_run():
    stop = threading.Event()

    def until_three():
        for i in itertools.count():
            if i == 3:
                stop.set()
            yield make_frame(i)

    note = Note()
    summary, _ = run_with(Frames(until_three()), note, stop=stop)
    assert note.indices == [0, 1, 2, 3, 3] and summary.stopped
    note = Note()
    summary, _ = run_with(Frames(make_frame(i) for i in itertools.count()), note, limit=4)
    assert note.indices == [0, 1, 2, 3, 3] and not summary.stopped


def test_a_camera_goes_on_without_the_sink_that_failed():
    good, bad = Note(), Note(fail_at=2)
    summary, _ = run_with(LiveFrames(make_frame(i) for i in range(5)), bad, good)
    assert good.indices == [0, 1, 2, 3, 4, 4] and bad.indices == [0, 1]
    assert bad.events == ["enter", "exit"] and summary.failures == ("full",)


def test_a_recording_ends_when_a_sink_fails():
    good, bad = Note(), Note(fail_at=2)
    summary, _ = run_with(Frames(make_frame(i) for i in range(5)), bad, good)
    assert good.indices == [0, 1, 2, 2] and summary.failures == ("full",)
    assert len(good.results[-1].ended) == 1


def test_a_camera_without_any_sink_left_ends_whatever_watches():
    watcher = Note()
    summary, _ = run_with(LiveFrames(make_frame(i) for i in range(5)), Note(fail_at=1), watchers=[watcher])
    assert watcher.indices == [0, 1, 1] and summary.failures == ("full",)


def test_a_bug_in_a_sink_is_reported_by_its_name(caplog):
    summary, _ = run_with(LiveFrames([make_frame(0)]), Note(fail_at=0, error=ZeroDivisionError("oh")), Note())
    assert summary.failures == ("Note failed: ZeroDivisionError('oh').",)
    assert caplog.text.count("Note failed") == 1


def test_a_sink_that_cannot_be_closed_is_a_failure_and_the_others_are_closed():
    good, bad = Note(), Note(on_exit=SinkError("rows are lost"))
    summary, _ = run_with(Frames([make_frame(0)]), good, bad)
    assert summary.failures == ("rows are lost",) and good.events == ["enter", "exit"]


def test_a_sink_that_cannot_be_opened_ends_the_run_before_it_began():
    good = Note()
    pipeline = FakePipeline()
    with pytest.raises(SinkError, match="no room"):
        run_with(Frames([make_frame(0)]), good, Note(on_enter=SinkError("no room")), pipeline=pipeline)
    assert good.events == ["enter", "exit"] and not pipeline.seen


def test_a_source_that_fails_keeps_what_was_read():
    def broken():
        yield make_frame(0)
        yield make_frame(1)
        raise SourceError("cut off")

    note = Note()
    summary, _ = run_with(Frames(broken()), note)
    assert note.indices == [0, 1, 1] and len(note.results[-1].ended) == 1
    assert summary.failures == ("cut off",) and note.events == ["enter", "exit"]


def test_ctrl_c_ends_in_good_order():
    def interrupted():
        yield make_frame(0)
        raise KeyboardInterrupt

    note = Note()
    summary, _ = run_with(Frames(interrupted()), note)
    assert summary.stopped and note.events == ["enter", "exit"] and len(note.results[-1].ended) == 1


def test_a_bug_in_the_pipeline_is_not_hidden_but_sinks_are_closed():
    class Broken(FakePipeline):
        def __call__(self, frame):
            if frame.index == 2:
                raise ZeroDivisionError
            return super().__call__(frame)

    note = Note()
    with pytest.raises(ZeroDivisionError):
        run_with(Frames(make_frame(i) for i in range(5)), note, pipeline=Broken())
    assert note.indices == [0, 1, 1] and note.events == ["enter", "exit"]


def test_no_memory_is_a_failure_and_what_was_read_is_kept():
    class Hungry(FakePipeline):
        def __call__(self, frame):
            if frame.index == 2:
                raise MemoryError
            return super().__call__(frame)

    note = Note()
    summary, _ = run_with(Frames(make_frame(i) for i in range(5)), note, pipeline=Hungry())
    assert "not enough memory" in summary.failures[0] and note.indices == [0, 1, 1]


@pytest.mark.parametrize(("live", "ends"), [(True, 2), (False, 1)])
def test_the_time_before_a_cameras_clock_was_set_is_another_source(live, ends):
    frames = [make_frame(0, 0.0), make_frame(1, 0.1), make_frame(2, 9e8), make_frame(3, 9e8 + 0.1)]
    _, pipeline = run_with((LiveFrames if live else Frames)(frames))
    assert pipeline.flushed == ends


def test_dropped_frames_are_counted():
    frames = LiveFrames([make_frame(0), make_frame(1)])
    frames.dropped = 7
    note = Note()
    summary, _ = run_with(frames, note)
    assert summary.dropped == 7 and note.results[0].dropped == 7


class Scale:
    """A sink that weighs the program now and then."""

    def __init__(self, *at):
        self.at, self.bytes = at, []

    def __enter__(self):
        tracemalloc.start()

    def __exit__(self, *_):
        tracemalloc.stop()

    def write(self, result):
        if result.frame.index in self.at:
            self.bytes.append(tracemalloc.get_traced_memory()[0])


def test_memory_does_not_grow_with_the_run():
    class Forgetful(FakePipeline):
        def __call__(self, frame):
            self.seen.clear()
            return super().__call__(frame)

    image, scale = make_frame(0).image, Scale(2500, 4000)
    run_with(Frames(make_frame(i, image=image) for i in range(4001)), scale, pipeline=Forgetful())
    assert scale.bytes[1] - scale.bytes[0] < 20_000


class Patient(Note):
    """A sink that keeps what it cannot write in its second frame."""

    @property
    def trouble(self):
        return "full for now" if len(self.results) == 2 else ""


def test_every_result_says_what_fails_at_the_moment_and_what_failed_for_good():
    note = Note()
    summary, _ = run_with(LiveFrames(make_frame(i) for i in range(5)), Patient(), Note(fail_at=3), note)
    assert [result.failures for result in note.results[:5]] == [(), (), ("full for now",), (), ("full",)]
    assert summary.failures == ("full",)
