"""Batches come from processes that end with whoever asked for them."""

import os
import signal
import subprocess
import sys
import time

from conftest import ROOT

ENDLESS = """
import multiprocessing, time
import numpy as np
from realtime.spec import ModelSpec
from train.sampling.batches import Recipe, batches

def make(recipe):
    return lambda rng: (np.zeros((200, 200), np.uint8), np.int32(0))

if __name__ == "__main__":
    stream = batches(make, Recipe("none", "", ModelSpec("", "", "classifier", 32, 32)), 64, 1)
    next(stream)
    print(multiprocessing.active_children()[0].pid, flush=True)
    time.sleep(60)
"""


def running(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        with open(f"/proc/{pid}/stat") as status:
            return status.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_worker_ends_when_the_trainer_is_killed(tmp_path):
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS)
    settings = {**os.environ, "PYTHONPATH": str(ROOT)}
    trainer = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=settings)
    worker = int(trainer.stdout.readline())
    time.sleep(1.0)  # until a batch that nobody takes fills the pipe
    trainer.send_signal(signal.SIGKILL)
    trainer.wait()
    trainer.stdout.close()
    until = time.monotonic() + 20
    while running(worker):
        assert time.monotonic() < until, "the worker outlived its trainer"
        time.sleep(0.1)
