"""Live sources: the newest frame, drops counted, failures said and mended."""

import itertools
import sys
import threading
import types

import cv2
import numpy as np
import pytest
from conftest import make_image, write_clip

from realtime.capture.live import STEADY, Live, fourcc_name, open_camera
from realtime.capture.open import open_source
from realtime.capture.picamera import PiCamera, shrunk
from realtime.errors import SourceError
from realtime.values import BACK, LOST


class FakeCamera:
    """Plays a script: pictures, False for a failed read, an Event to wait for; then fails for good."""

    def __init__(self, script=(), opened=True, fourcc="MJPG"):
        self.script, self.opened, self.fourcc = iter(script), opened, fourcc
        self.asked, self.released = {}, False

    def isOpened(self):  # noqa: N802
        return self.opened

    def read(self):
        step = next(self.script, False)
        if isinstance(step, threading.Event):
            step.wait(10)
            return self.read()
        return (True, step) if isinstance(step, np.ndarray) else (False, None)

    def set(self, prop, value):
        self.asked[prop] = value
        return True

    def get(self, prop):
        if prop == cv2.CAP_PROP_FOURCC:
            return float(cv2.VideoWriter.fourcc(*self.fourcc))
        known = {cv2.CAP_PROP_FRAME_WIDTH: 640.0, cv2.CAP_PROP_FRAME_HEIGHT: 480.0, cv2.CAP_PROP_FPS: 30.0}
        return known.get(prop, 0.0)

    def release(self):
        self.released = True


def live(*cameras, **changes):
    """A live source that opens one camera after the other."""
    waiting = iter(cameras)

    def opener(patience):
        camera = next(waiting, None)
        if camera is None:
            raise SourceError("gone")
        return camera

    return Live("fake", opener, back_off=(0.01,), beat=0.01, **{"first": changes.get("stall", 8.0), **changes})


def test_no_camera_names_the_demo():
    with pytest.raises(SourceError, match=r"Camera 7 cannot be opened.*--demo"):
        open_camera("7", None, None, make=lambda *_: FakeCamera(opened=False))


def test_a_camera_is_asked_for_motion_jpeg_size_and_rate():
    camera = FakeCamera()
    assert open_camera("0", (1280, 720), 15, make=lambda *_: camera) is camera
    assert camera.asked[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")
    assert (camera.asked[cv2.CAP_PROP_FRAME_WIDTH], camera.asked[cv2.CAP_PROP_FRAME_HEIGHT]) == (1280, 720)
    assert camera.asked[cv2.CAP_PROP_FPS] == 15


def test_a_camera_that_gives_another_size_is_reported(caplog):
    open_camera("0", (1280, 720), None, make=lambda *_: FakeCamera(fourcc="YUYV"))
    assert "640x480, not the 1280x720" in caplog.text
    assert fourcc_name(FakeCamera(fourcc="YUYV")) == "YUYV"


def test_live_gives_the_newest_frame_and_counts_the_dropped():
    taken, more = threading.Event(), threading.Event()
    pictures = [make_image(value=v) for v in range(1, 7)]
    script = [pictures[0], taken, *pictures[1:5], more, pictures[5], threading.Event()]
    with live(FakeCamera(script)) as source:
        frames = iter(source)
        assert next(frames).image[-1, -1, 0] == 1
        taken.set()
        while source.dropped < 3:  # pictures 2, 3 and 4 come too early
            pass
        assert next(frames).image[-1, -1, 0] == 5
        more.set()
        assert next(frames).image[-1, -1, 0] == 6
        script[-1].set()
    assert source.dropped == 3 and source.live


def test_a_lost_camera_is_opened_again_and_says_so():
    picture = make_image()
    taken, end = threading.Event(), threading.Event()
    first, second = FakeCamera([picture, taken]), FakeCamera([picture[:20], end])
    with live(first, second) as source:
        events = []
        for frame in source:
            taken.set()
            events.append(frame.event)
            if frame.event == BACK:
                break
        end.set()
    assert events[:2] == ["", LOST] and events[-1] == BACK
    assert set(events[2:-1]) <= {"source waiting"}
    assert frame.image.shape[0] == 20 and first.released


def test_a_stall_is_noticed_and_its_end_too():
    stall, end = threading.Event(), threading.Event()
    with live(FakeCamera([make_image(), stall, make_image(), end]), stall=0.05) as source:
        frames = iter(source)
        assert [next(frames).event, next(frames).event] == ["", LOST]
        stall.set()
        assert BACK in itertools.takewhile(bool, (f.event for f in itertools.islice(frames, 500)))
        end.set()


def test_frame_times_come_from_the_clock_and_indices_count_new_pictures():
    stall, end = threading.Event(), threading.Event()
    ticks = itertools.count(100.0, 0.001)
    with live(FakeCamera([make_image(), stall, make_image(), end]), stall=0.05, clock=lambda: next(ticks)) as source:
        frames = iter(source)
        first, lost = next(frames), next(frames)
        stall.set()
        back = next(frame for frame in frames if frame.event == BACK)
        end.set()
    assert (first.index, lost.index, back.index) == (0, 0, 1)
    assert 100 <= first.time < lost.time < back.time


def test_a_camera_without_a_first_picture_is_an_error():
    with live(FakeCamera([])) as source, pytest.raises(SourceError, match="delivers no picture"):
        next(iter(source))


def test_an_outage_before_anyone_looked_is_none():
    end = threading.Event()
    with live(FakeCamera([make_image()]), FakeCamera([make_image(value=7), end])) as source:
        while not source.dropped:  # the second camera's picture takes the place of the first one's
            pass
        first = next(iter(source))
        end.set()
    assert first.event == "" and first.image[-1, -1, 0] == 7


class Pauses(threading.Event):
    """Never set, never waits, remembers how long it should have."""

    def __init__(self, most):
        super().__init__()
        self.asked, self.most = [], most

    def wait(self, timeout=None):
        self.asked.append(timeout)
        return len(self.asked) > self.most


def pauses_of(*lasting):
    """The pauses before a camera is opened again that lasts so many seconds each time."""
    now, source = [0.0], live(FakeCamera())
    source.close()

    class Lasting(FakeCamera):
        def read(self):
            now[0] += self.seconds
            return False, None

    def opener(patience=0.0):
        camera = Lasting()
        camera.seconds = lasting[min(len(source._closing.asked), len(lasting) - 1)]
        return camera

    source._opener, source._clock, source._back_off = opener, lambda: now[0], (1.0, 2.0, 4.0)
    source._closing = Pauses(len(lasting))
    source._read_on(opener())
    return source._closing.asked[:-1]


def test_a_camera_that_fails_again_and_again_is_opened_less_and_less_often():
    assert pauses_of(0.1, 0.1, 0.1, 0.1) == [1.0, 2.0, 4.0, 4.0]


def test_a_camera_that_lasted_is_opened_again_soon():
    assert pauses_of(0.1, 0.1, STEADY, 0.1) == [1.0, 2.0, 1.0, 2.0]


def test_pictures_of_gigabytes_are_refused_before_one_is_read():
    class Huge(FakeCamera):
        def get(self, prop):
            return 26_000.0

        def read(self):
            raise AssertionError("a picture was asked for")

    camera = Huge()
    with pytest.raises(SourceError, match="claims pictures of 26000x26000"):
        live(camera)
    assert camera.released


def test_a_video_with_more_pixels_than_fit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("realtime.capture.source.LARGEST", 64 * 48 - 1)
    with pytest.raises(SourceError, match=r"claims pictures of 64x48"):
        open_source(str(write_clip(tmp_path / "clip.mp4")))


def test_stop_ends_a_live_source_and_closing_ends_its_thread():
    stop, end = threading.Event(), threading.Event()
    camera = FakeCamera([make_image(), end])
    with live(camera, stop=stop) as source:
        frames = iter(source)
        next(frames)
        stop.set()
        assert list(frames) == []
        end.set()
    assert camera.released
    assert not [t for t in threading.enumerate() if t.name == "reads fake"]


def test_a_driver_that_raises_counts_as_a_failed_read():
    class Broken(FakeCamera):
        def read(self):
            raise cv2.error("driver")

    end = threading.Event()
    with live(Broken(), FakeCamera([make_image(), end])) as source:
        with pytest.raises(SourceError):
            next(iter(source))
        end.set()


def test_passwords_are_masked():
    with Live("rtsp://me:secret@host/1", lambda _: FakeCamera([make_image(), False])) as source:
        assert source.name == "rtsp://me:***@host/1"
        assert next(iter(source)).source == "rtsp://me:***@host/1"


class FakePicamera2:
    """The few verbs of picamera2 that are used, with a log of their calls; rows of the small stream are filled up."""

    calls, fault, filling = [], None, 64

    def create_video_configuration(self, main, lores=None, controls=None):
        return {"main": main, "lores": lores, "controls": controls}

    def configure(self, configuration):
        if isinstance(self.fault, ValueError):
            raise self.fault
        self.configuration = configuration
        self.calls.append(("configure", configuration))

    def camera_configuration(self):
        return self.configuration

    def start(self):
        self.calls.append("start")

    def capture_arrays(self, names, wait):
        assert wait < 3
        if "stop" in self.calls or self.fault:
            raise self.fault or RuntimeError("stopped")
        return [self.picture(name, *self.configuration[name]["size"]) for name in names], {"SensorTimestamp": 1}

    def picture(self, name, width, height):
        if name == "main":
            return make_image(width, height)
        luma = cv2.cvtColor(make_image(width, height), cv2.COLOR_BGR2GRAY)
        return cv2.copyMakeBorder(luma, 0, height // 2, 0, self.filling, cv2.BORDER_CONSTANT, value=200)

    def stop(self):
        self.calls.append("stop")

    def close(self):
        self.calls.append("close")


@pytest.fixture
def fake_picamera2(monkeypatch):
    monkeypatch.setattr(FakePicamera2, "calls", [])
    monkeypatch.setattr(FakePicamera2, "fault", None)
    monkeypatch.setitem(sys.modules, "picamera2", types.SimpleNamespace(Picamera2=FakePicamera2))
    return FakePicamera2


def test_the_pi_camera_is_a_source_like_any_other(fake_picamera2):
    with open_source("picamera", size=(640, 360), fps=20) as source:
        frame = next(iter(source))
        assert (source.live, source.size, source.fps) == (True, (640, 360), 20.0)
    assert frame.image.shape == (360, 640, 3) and frame.small is None
    main = {"size": (640, 360), "format": "RGB888"}
    configuration = {"main": main, "lores": None, "controls": {"FrameRate": 20.0}}
    assert fake_picamera2.calls == [("configure", configuration), "start", "stop", "close"]


def test_the_pi_camera_gives_a_large_picture_and_a_small_gray_one_of_the_same_moment(fake_picamera2):
    with open_source("picamera", size=(1920, 1080)) as source:
        frame = next(iter(source))
        assert source.size == (1920, 1080)
    assert frame.image.shape == (1080, 1920, 3) and frame.small.shape == (360, 640)
    assert np.array_equal(frame.small, cv2.cvtColor(make_image(640, 360), cv2.COLOR_BGR2GRAY))


def test_the_small_picture_is_left_out_where_nobody_needs_it(fake_picamera2):
    assert len(PiCamera().read()) == 3
    assert len(PiCamera(small=False).read()) == 2


@pytest.mark.parametrize(("large", "small"), [
    ((1280, 720), (640, 360)), ((2028, 1520), (640, 480)), ((720, 1280), (360, 640)), ((2304, 1296), (640, 360)),
    ((1332, 990), (640, 476)),
])  # fmt: skip
def test_the_small_picture_has_the_shape_of_the_large_one(large, small):
    assert shrunk(large) == small


@pytest.mark.parametrize("fault", [RuntimeError("no frame"), TimeoutError()])
def test_a_failing_or_stalled_pi_camera_is_a_failed_read(fake_picamera2, fault):
    camera = PiCamera()
    fake_picamera2.fault = fault
    assert camera.read() == (False,)


def test_a_pi_camera_that_refuses_its_settings_is_closed_and_named(fake_picamera2):
    fake_picamera2.fault = ValueError("unsupported")
    with pytest.raises(SourceError, match=r"does not start with 99999x1 \(unsupported\).*--size"):
        open_source("picamera", size=(99999, 1))
    assert fake_picamera2.calls == ["close"]


def test_without_picamera2_the_way_out_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(SourceError, match="apt install python3-picamera2"):
        open_source("picamera")


def test_a_picamera2_built_for_another_numpy_names_the_way_out(monkeypatch):
    def grown(name):
        raise ValueError("numpy.dtype size changed, may indicate binary incompatibility")

    monkeypatch.setattr("realtime.capture.picamera.importlib.import_module", grown)
    with pytest.raises(SourceError, match=r"does not fit the numpy.*numpy<2"):
        PiCamera()
