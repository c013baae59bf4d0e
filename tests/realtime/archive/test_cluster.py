"""A real Dask scheduler and two worker processes, one of which is killed in the middle: everything there once."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from conftest import ROOT
from stand_in import StandIn, in_one_piece, parts_of, rows, wait_for, write_film

from realtime.archive import run as archive
from realtime.archive.workers import DaskPool
from realtime.errors import UserError
from synth.write import Request, read_labels, write_all

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The scheduler's address and its two workers."""
    folder = tmp_path_factory.mktemp("cluster")
    facts = folder / "scheduler.json"
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    settings = {**os.environ, "PYTHONPATH": path, "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}
    begun = []

    def begin(*words):
        log = (folder / f"{len(begun)}.log").open("w")
        command = [sys.executable, "-m", "dask", *words, "--scheduler-file", str(facts)]
        begun.append(subprocess.Popen(command, stdout=log, stderr=log, env=settings, cwd=folder))
        return begun[-1]

    begin("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    wait_for(facts.exists)
    workers = [begin("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard") for _ in range(2)]
    yield address_of(facts), workers
    for process in reversed(begun):
        process.terminate()
        process.wait(20)


def address_of(facts):
    return json.loads(facts.read_text())["address"]


def test_a_worker_that_is_killed_loses_and_doubles_nothing(cluster, tmp_path):
    address, workers = cluster
    films, base = [write_film(tmp_path / f"{k}.mp4", 6.0, tone=20 * k) for k in range(3)], tmp_path / "a.sqlite"
    DaskPool(address).wait_for(2)
    killer = threading.Thread(target=lambda: (wait_for(lambda: parts_of(base) >= 3), workers[0].kill()))
    killer.start()
    setup = StandIn(pause=0.03)
    report = archive.run(films, setup, str(base), DaskPool(address), threading.Event(), seconds=1.0)
    killer.join()
    assert workers[0].wait(20) < 0 and workers[1].poll() is None
    assert report.failures == [] and report.recordings == 3 and report.frames == 180
    wanted = [row for film in films for row in in_one_piece(film, tmp_path / f"{Path(film).stem}.sqlite")[0]]
    assert rows(base) == wanted


def test_samples_are_rendered_there_as_here(cluster, tmp_path):
    request = Request("nothing", seed=5)
    assert list(write_all(request, tmp_path / "there", 20, scheduler=cluster[0])) == list(range(20))
    list(write_all(request, tmp_path / "here", 20))
    assert read_labels(tmp_path / "there") == read_labels(tmp_path / "here")
    for name in ("000000.png", "000019.png"):
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def test_where_no_scheduler_is_one_sentence_says_so(monkeypatch):
    monkeypatch.setattr("realtime.archive.workers.JOIN_SECONDS", 0.5)
    with pytest.raises(UserError, match="No Dask scheduler answers"), DaskPool("tcp://127.0.0.1:9"):
        pass
