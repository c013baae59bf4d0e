"""A run of many frames, with outages, ends with the memory that it had after its first thousand.

GLYPHCAM_FRAMES=100000 makes it as long as a real one.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FRAMES = int(os.environ.get("GLYPHCAM_FRAMES", "3000"))
GROWTH = 5 * 1024  # kilobytes


def test_memory_and_threads_stay_what_they_were(tmp_path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(HERE.parents[1]), str(HERE.parent)))}
    command = [sys.executable, HERE / "long.py", str(FRAMES), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300 + FRAMES / 100)
    assert done.returncode == 0, done.stderr
    frames, grown, threads, failures = map(int, done.stdout.split())
    assert (frames, threads, failures) == (FRAMES, 1, 0)
    assert grown < GROWTH
