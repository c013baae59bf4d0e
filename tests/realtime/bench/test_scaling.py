"""Scaling: what is measured is what is said; the page and its plots hold every figure."""

import json

import pytest
from conftest import FakePipeline
from stand_in import StandIn

from realtime.archive.workers import ProcessPool
from realtime.bench import scaling
from realtime.setup import Setup


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(scaling, "load", lambda mode, models: FakePipeline())
    monkeypatch.setattr(Setup, "reader", lambda setup, instrument=None: FakePipeline())


def test_every_size_and_number_is_measured(fake, monkeypatch):
    monkeypatch.setattr(scaling, "SIZES", ((64, 48), (128, 96)))
    monkeypatch.setattr(scaling, "OBJECTS", (0, 2))
    sizes = scaling.over_sizes("digits", None, 3)
    assert [round(megapixels * 1e6) for megapixels, _ in sizes] == [64 * 48, 128 * 96]
    assert all(ms > 0 for _, ms in sizes)
    assert [objects for objects, _ in scaling.over_objects("digits", None, 3)] == [0, 2]


def test_a_long_run_is_looked_at_by_decades(fake, capsys):
    scaling.run_long("digits", None, 1200)
    looks = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [frames for frames, _ in looks] == [1, 10, 100, 1000, 1200]
    assert looks == sorted(looks) and looks[0][1] > 1e6


def test_frames_of_a_long_run_follow_each_other():
    frames = list(scaling.LongFilm("digits", 120, lambda k: None))
    assert [f.index for f in frames] == list(range(120)) and frames[119].time == 119 / 25


def test_workers_share_the_films(monkeypatch):
    monkeypatch.setattr(scaling, "SECONDS", 1.0)
    monkeypatch.setattr(scaling, "Setup", lambda mode, models: StandIn())
    points = scaling.over_workers("digits", None, (1,), scaling.local)
    assert points[0][0] == 1 and points[0][1] > 0
    with scaling.local(3) as pool:
        assert isinstance(pool, ProcessPool) and pool.workers == 3


def test_the_page_holds_every_figure():
    found = {
        "size": [(0.1, 5.0), (0.9, 10.0)],
        "objects": [(0, 4.0), (20, 8.0)],
        "length": [(1, 90.0), (1000, 100.0), (10_000, 101.0)],
        "workers": [(1, 50.0), (2, 90.0)],
    }
    text = scaling.page(found, "Measured with X.")
    for part in ("Measured with X.", "| 0.9 | 10 |", "9 times the pixels: 2.00 times", "After 1,000 frames 100.0 MB",
                 "1.80 times with 2", "scaling-length.svg", "20 the texts: 2.00 times", "before the last"):  # fmt: skip
        assert part in text, part
    assert "cluster" not in text
    pages = scaling.plots(found)
    assert set(pages) == {f"scaling-{name}.svg" for name in found} and all("<svg" in page for page in pages.values())


def test_the_loopback_cluster_has_its_workers(tmp_path):
    pytest.importorskip("distributed")
    with scaling.loopback(1) as cluster, cluster:
        assert list(cluster._client.nthreads().values()) == [1]
        assert cluster.submit(len, (1, 2, 3)).result(60) == 3


@pytest.mark.parametrize("points, says", [
    ([(1, 5.0), (2, 9.0), (4, 18.0)], "all the way to 4"),
    ([(1, 5.0), (2, 9.0), (4, 30.0), (8, 60.0)], "up to 2; at 4 each costs 1.67 times"),
    ([(0, 10.0), (1, 12.0), (10, 29.0)], "all the way to 10"),
    ([(0, 10.0), (1, 12.0), (10, 60.0)], "up to 1; at 10 each costs 2.50 times"),
])  # fmt: skip
def test_the_page_says_where_cost_stops_being_linear(points, says):
    assert says in scaling.linear_until(points)


def test_the_page_says_where_workers_stop_gaining():
    assert "there: 4 gain less than a tenth over 2" in scaling.said_of_workers([(1, 10.0), (2, 19.0), (4, 20.0)])
