"""Limits: multiply-accumulates counted by hand, peaks measured, loads told."""

import numpy as np
import pytest
from conftest import ROOT

from realtime.bench import roofline
from realtime.bench.roofline import Load, Peak
from realtime.pipeline import load
from realtime.setup import Setup
from realtime.stats import Stopwatch

MODELS = ROOT / "models"
SHIPPED = pytest.mark.skipif(not list(MODELS.glob("digits-*.tflite")), reason="no models yet")


def tensor(*shape, dtype=np.int8):
    return {"shape": np.array(shape), "dtype": dtype}


@pytest.mark.parametrize("name, kernel, output, macs", [
    ("CONV_2D", (8, 3, 3, 4), (1, 10, 20, 8), 10 * 20 * 8 * 3 * 3 * 4),
    ("DEPTHWISE_CONV_2D", (1, 5, 5, 16), (1, 7, 7, 16), 7 * 7 * 16 * 25),
    ("FULLY_CONNECTED", (10, 64), (3, 10), 3 * 10 * 64),
    ("ADD", (1, 10), (1, 10), 0),
])  # fmt: skip
def test_multiplications_are_those_of_the_definition(name, kernel, output, macs):
    assert roofline.multiplications(name, [tensor(1, 9, 9, 4), tensor(*kernel)], [tensor(*output)]) == macs


def test_an_input_that_is_left_out_is_no_tensor():
    assert roofline.known({3: "a", 5: "b"}, [3, -1, 5]) == ["a", "b"]
    assert roofline.size_of(tensor(2, 3, dtype=np.int32)) == 24


def test_the_floor_is_the_slower_of_the_two():
    peak = Peak(macs=1e9, bytes=1e9, ratio=4)
    assert Load("read", 1, 2e6, 1e6, 10.0).floor(peak) == pytest.approx(2.0)
    assert Load("read", 1, 1e6, 3e6, 10.0).floor(peak) == pytest.approx(3.0)


def test_the_peak_is_measured():
    peak = roofline.peak()
    assert 1e8 < peak.macs < 1e14 and 1e8 < peak.bytes < 1e13 and peak.ratio in (2, 4)


def test_dot_products_are_read_off_the_processor(tmp_path):
    facts = tmp_path / "cpuinfo"
    facts.write_text("flags : fpu avx2 avx512_vnni\n")
    assert roofline.dot_products(facts)
    facts.write_text("flags : fpu avx2\n")
    assert not roofline.dot_products(facts) and not roofline.dot_products(tmp_path / "none")


def test_shapes_are_counted_and_timed():
    watch = Stopwatch()
    net = roofline.Watched(lambda batch: batch, watch, "read")
    for height in (8, 8, 4):
        net(np.zeros((1, height, 8, 1), np.uint8))
    assert net.shapes == {(1, 8, 8, 1): 2, (1, 4, 8, 1): 1} and set(watch.take()) == {"read"}


def test_the_table_ends_with_the_largest_gap():
    found = [Load("locate", 5, 1e8, 1e6, 9.0), Load("read", 3, 1e8, 1e6, 2.0)]
    lines = roofline.load_table(found, Peak(1e11, 1e10, 4)).splitlines()
    assert lines[1].startswith("read") and lines[2].startswith("locate") and "9.0" in lines[2]
    assert "100 G int8" in lines[-1] and lines[-2] == "largest gap: locate, 8.00 ms per frame"


@SHIPPED
def test_what_the_shipped_networks_do_is_counted():
    found = {load.stage: load for load in roofline.loads(Setup("digits").reader, "digits", (320, 240), 2, 2)}
    assert set(found) == {"locator", "reader", "second", "classifier"}
    assert roofline.faults(load("digits"), "digits", (320, 240), 2, 10) < 200  # of some 300 that its pictures fill
    assert 0 < roofline.batched(load("digits").recogniser.net, 10) < 3
    assert found["classifier"].calls == 0  # for whole pictures only
    for one in (found["locator"], found["reader"]):  # the second reader is asked about what is doubtful
        assert one.macs > 1e5 and one.bytes > 1e4 and one.calls >= 1 and one.ms > 0
