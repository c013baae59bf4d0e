"""A live run under attack, as a process of its own: python soak.py FRAMES DISK [OUTAGE].

DISK is a small file system of its own. Five times it is filled to the last byte and emptied, the database locked and
freed, the broker shut and opened again, for OUTAGE seconds each. Says what arrived, as JSON.
"""

from __future__ import annotations

import itertools
import json
import socket
import sqlite3
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

from drive import DrillPipeline
from long import Camera, Scale
from test_mqtt import Broker

from realtime.capture.live import Live
from realtime.loop import run
from realtime.sinks.mqtt import Mqtt
from realtime.sinks.store import Store
from realtime.sinks.table import Table, json_line

ROUNDS = 5
CHUNK = bytes(1 << 16)


class Counted(DrillPipeline):
    """Remembers how many values were confirmed, and nothing else."""

    values = 0

    def __call__(self, frame):
        result = super().__call__(frame)
        self.values += len(result.confirmed)
        return result


class Troubles:
    """A sink that remembers which outputs were said to fail."""

    def __init__(self) -> None:
        self.seen, self.last = set(), ()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def write(self, result):
        self.last = [text for text in result.failures if "MQTT" not in text]
        self.seen |= {Path(text.split()[0]).name for text in result.failures if "MQTT" not in text}


class Attack(threading.Thread):
    """Breaks one thing after the other, evenly over the run, and mends it."""

    def __init__(self, disk: Path, port: int, scale: Scale, frames: int, outage: float) -> None:
        super().__init__(daemon=True)
        self.disk, self.port, self.scale, self.frames, self.outage = disk, port, scale, frames, outage
        self.broker, self.done, self.rounds = Broker(port), threading.Event(), 0
        self.memory = 0  # kilobytes after the first round

    def run(self) -> None:
        for number in range(ROUNDS):
            due = self.frames * (number + 0.5) / (ROUNDS + 1)
            while self.scale.frames < due and not self.done.wait(0.02):
                pass
            if self.done.is_set():
                break
            for attack in (self.fill, self.lock, self.hang_up):
                attack()
            self.rounds += 1
        self.broker.close()

    def fill(self) -> None:
        ballast = self.disk / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(CHUNK):
                pass
        self.done.wait(self.outage)
        ballast.unlink()

    def lock(self) -> None:
        with closing(sqlite3.connect(self.disk / "a.db", isolation_level=None, timeout=60)) as base:
            base.execute("BEGIN IMMEDIATE")
            self.done.wait(self.outage)
            base.execute("ROLLBACK")

    def hang_up(self) -> None:
        self.broker.close()
        self.done.wait(self.outage)
        self.broker = Broker(self.port)


def arrived(disk: Path) -> dict[str, int]:
    """Values that are over, in the database and in the table, each counted once."""
    query = "SELECT count(*), count(DISTINCT text) FROM tracks WHERE event = 'end'"
    with closing(sqlite3.connect(disk / "a.db")) as base:
        rows, values = base.execute(query).fetchone()
        sound = base.execute("PRAGMA integrity_check").fetchone()[0]
        events = base.execute("SELECT count(*) FROM events WHERE event LIKE 'output failed%'").fetchone()[0]
    with (disk / "a.jsonl").open() as lines:
        ends = sum(json.loads(line)["event"] == "end" for line in lines)
    return {"rows": rows, "values": values, "sound": sound == "ok", "lines": ends, "events": events}


def main(frames: int, disk: Path, outage: float) -> None:
    """Run until `frames` are read, and say what arrived."""
    scale, stop, troubles, pipeline, begin = Scale(), threading.Event(), Troubles(), Counted(), time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    attack = Attack(disk, port, scale, frames, outage)
    outputs = [
        Table(disk / "a.jsonl", "digits", json_line, live=True),
        Store(disk / "a.db", "digits", live=True),
        Mqtt(f"mqtt://127.0.0.1:{port}/gate", "digits"),
    ]
    numbers = itertools.count(1)
    source = Live("camera", lambda patience: Camera(numbers), stop, back_off=(0.001,), beat=0.001)
    attack.start()
    with source:
        summary = run(source, pipeline, outputs, stop, limit=frames, watchers=[scale, troubles])
    attack.done.set()
    attack.join()
    facts = {"frames": summary.frames, "confirmed": pipeline.values, "seconds": round(time.monotonic() - begin, 1)}
    facts |= {"rounds": attack.rounds, "failed": sorted(troubles.seen), "failing": list(troubles.last)}
    facts |= {"grown_kb": scale.now - scale.first, "failures": list(summary.failures), **arrived(disk)}
    print(json.dumps(facts))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 3.0)
