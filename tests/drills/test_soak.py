"""A live run under attack: the disk full and empty again, the database locked, the broker away; nothing is lost.

GLYPHCAM_SOAK=2160000 makes it as long as a day at 25 frames per second: about 20 minutes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

pytest.importorskip("paho.mqtt.client")

HERE = Path(__file__).resolve().parent
FRAMES = int(os.environ.get("GLYPHCAM_SOAK", "8000"))
OUTAGE = 3.0 if FRAMES > 100_000 else 0.4  # seconds
GROWTH = 20 * 1024  # kilobytes: what waits for a full disk or a lock, and no more
MEGABYTES = 8 + FRAMES // 3000


@pytest.fixture
def disk(tmp_path):
    """A file system that is soon full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", folder]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_every_confirmed_value_is_in_the_database_at_the_end(disk):
    places = (ROOT, HERE, HERE.parent, HERE.parent / "realtime" / "sinks")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))}
    command = [sys.executable, HERE / "soak.py", str(FRAMES), str(disk), str(OUTAGE)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300 + FRAMES / 300)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    facts = json.loads(done.stdout)
    print(facts)
    assert facts["frames"] == FRAMES and facts["rounds"] >= 3
    assert facts["rows"] == facts["values"] == facts["lines"] == facts["confirmed"] and facts["sound"]
    assert {"a.db", "a.jsonl"} <= set(facts["failed"]) and facts["failing"] == [] and facts["events"] >= 2
    assert [text for text in facts["failures"] if "MQTT" not in text] == []
    assert facts["grown_kb"] < GROWTH
