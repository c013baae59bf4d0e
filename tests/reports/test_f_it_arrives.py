"""Kind F: exit 0 although data did not arrive. What brokers do is in tests/realtime/sinks/test_mqtt.py."""

import threading
import time

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import FakePipeline, write_clip
from stand_in import StandIn, block

import run_camera
from realtime import setup
from realtime.capture.live import Live
from realtime.loop import run

FAST = 40.0  # seconds that pass for the source in one real second


def clock():
    """The source's time."""
    return FAST * time.monotonic()


class Slow:
    """A camera with a picture every so many of the source's seconds, then none for ever."""

    def __init__(self, pictures, seconds, end):
        self.pictures, self.seconds, self.end = list(pictures), seconds, end

    def read(self):
        if not self.pictures:
            self.end.wait(10)
            return False, None
        time.sleep(self.seconds / FAST)
        return True, self.pictures.pop(0)

    def get(self, prop):
        return 0.0

    def release(self):
        pass


def meter():
    """A picture with one bright block, which stands still."""
    image = np.full((120, 160, 3), 20, np.uint8)
    block(image, 60, 60, 220)
    return image


@pytest.mark.parametrize("seconds", [3.0, 6.0])
def test_a_stream_is_lost_by_its_own_pace_only(seconds):
    end, stop = threading.Event(), threading.Event()
    camera = Slow([meter()] * 8, seconds, end)
    with Live("slow", lambda patience: camera, stop, clock, first=30.0, beat=seconds / 2) as source:
        events = []
        for frame in source:
            events.append(frame.event)
            if frame.event == "source lost":
                break
        end.set()
    assert events == [""] * 8 + ["source lost"]
    assert source.patience >= 3 * seconds


def test_a_slow_stream_gives_a_record():
    end, stop = threading.Event(), threading.Event()
    with Live("slow", lambda patience: Slow([meter()] * 8, 6.0, end), stop, clock, first=30.0) as source:
        summary = run(source, StandIn().open(), [], stop, limit=8)
        end.set()
    assert summary.tracks == 1


def test_a_broker_that_is_not_there_ends_a_recording_with_1(tmp_path, monkeypatch, caplog):
    pytest.importorskip("paho.mqtt.client")
    monkeypatch.setattr(setup, "load", lambda *_, **__: FakePipeline())
    monkeypatch.setattr("realtime.sinks.mqtt.PATIENCE", 0.1)
    clip = write_clip(tmp_path / "a.avi", 4)
    done = CliRunner().invoke(run_camera.main, [str(clip), "--mqtt", "mqtt://me:secret@127.0.0.1:1"])
    assert done.exit_code == 1
    assert "1 of 1 readings did not reach the MQTT broker 127.0.0.1" in caplog.text and "secret" not in caplog.text
