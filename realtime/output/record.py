"""What is written down: values, sightings and events as dictionaries; addresses masked, texts hashed on request."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from realtime.errors import UserError
from realtime.modes import MARKS
from realtime.privacy.redact import mask, printable
from realtime.values import Frame, Match, Reading, Result, Sighting, Track

FIELDS = (
    "event", "source", "frame", "time", "track", "value", "mode", "text", "confidence", "confidences",
    "box", "quad", "line", "region", "first_time", "last_time", "first_at", "last_at", "count",
)  # fmt: skip
MORE = (
    "candidates",
    "known",
    "known_name",
    "known_list",
    "known_off",
    "direction",
    "crossing",
    "crop",
)  # where they were asked for
BEGIN, PRESENT, CROSSED, END, DOUBTFUL, SEEN = "begin", "present", "crossed", "end", "doubtful", "seen"  # occasions
KEY_BYTES = 32
SHORTEST_KEY = 16
HASH_DIGITS = 32


def record(track: Track, mode: str, frame: Frame, event: str = END, crop: str = "") -> dict[str, Any]:
    """A track with its value as a JSON-ready dictionary with FIELDS, and those of MORE that were asked for.

    "frame", "time", "box" and "quad" are those of the value's latest sighting; the text is the vote of all of them.
    `frame` gives the source and its calendar; `event` says on which occasion the record is written.
    """
    row = _row(track.sighting, track.reading, mode, frame.source)
    row |= {"event": event, "frame": track.last_frame, "track": track.id, "value": track.value, "count": track.count}
    row |= {"crop": crop} if crop else {}
    row |= {"direction": track.direction, "crossing": track.crossing} if track.direction else {}
    return _ordered(row | _times(frame, track.first_time, track.last_time))


def sighting_record(sighting: Sighting, frame: Frame, mode: str = "", track: Track | None = None) -> dict[str, Any]:
    """One sighting of one frame with the same FIELDS; "track" is null where the sighting belongs to none."""
    row = _row(sighting, sighting.reading, mode, frame.source)
    numbers = {"track": track and track.id, "value": track and track.value}
    row |= {"event": SEEN, "frame": frame.index, **numbers, "count": 1}
    return _ordered(row | _times(frame, frame.time, frame.time))


def _times(frame: Frame, first: float, last: float) -> dict[str, Any]:
    """Seconds of the source, and where its calendar is known ISO 8601 with the zone of this machine."""
    seconds = {"time": _seconds(last), "first_time": _seconds(first), "last_time": _seconds(last)}
    return seconds | {"first_at": calendar(frame.epoch, first), "last_at": calendar(frame.epoch, last)}


def calendar(epoch: float | None, seconds: float) -> str:
    """When so many seconds after an epoch (Unix time) are, ISO 8601 to the millisecond; "" without an epoch."""
    if epoch is None:
        return ""
    return datetime.fromtimestamp(epoch + seconds).astimezone().isoformat(timespec="milliseconds")


def event_record(event: str, source: str, frame: int, time: float) -> dict[str, Any]:
    """Something that happened to a source: "source lost" or "source back", with the frame index and time in seconds."""
    return {"event": event, "source": printable(mask(source)), "frame": frame, "time": _seconds(time)}


def _row(sighting: Sighting, reading: Reading, mode: str, source: str) -> dict[str, Any]:
    return {
        "source": printable(mask(source)),
        "mode": sighting.mode or mode,
        "text": reading.text,
        "confidence": round(float(reading.confidence), 4),
        "confidences": [round(float(p), 4) for p in reading.confidences],
        "box": [round(float(v), 2) for v in sighting.box],
        "quad": [[round(float(x), 2), round(float(y), 2)] for x, y in sighting.quad.corners],
        "line": sighting.line,
        "region": reading.region,
        **_matched(reading.known),
        **({"candidates": [[text, round(float(p), 4)] for text, p in reading.listed]} if reading.listed else {}),
    }


def _matched(known: Match | None) -> dict[str, Any]:
    """The known text that was read, whose it is, on which list, how far off; empty for none; nothing without a list."""
    if known is None:
        return {}
    off = known.off if known else None
    return {"known": known.text, "known_name": known.name, "known_list": known.list, "known_off": off}


def _ordered(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in (*FIELDS, *MORE) if name in FIELDS or name in row}


def _seconds(time: float) -> float:
    return round(float(time), 3)


def read_key(path: Path) -> bytes:
    """The secret in a salt file, made with 32 random bytes (readable to the owner alone) where there is none yet.

    UserError where the file cannot be read or made, or holds fewer than 16 bytes.
    """
    try:
        _make_key(Path(path))
        key = Path(path).read_bytes()
    except OSError as error:
        hint = "Name a file that can be read or created."
        raise UserError(f"{path} is not a usable salt file ({error.strerror}).", hint) from None
    if len(key) < SHORTEST_KEY:
        raise UserError(f"{path} holds {len(key)} bytes, a salt needs {SHORTEST_KEY}.", "Delete it to get a new one.")
    return key


def _make_key(path: Path) -> None:
    """Write a new key where there is no file; an existing one stays."""
    if path.exists():
        return
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))


def keyed_hash(text: str, key: bytes) -> str:
    """HMAC-SHA256 of a text, 32 hex digits: the same plate gives the same hash, which only the key's owner can make."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:HASH_DIGITS]


def hashed(result: Result, key: bytes) -> Result:
    """The result with every text replaced by its keyed hash, ready for any sink; pictures stay what they are."""
    return reworded(result, lambda reading: _hashed_reading(reading, key))


def doubtful(result: Result, least: float) -> Result:
    """The result with '?' for each character that is less sure than `least`."""
    return reworded(result, lambda reading: dataclasses.replace(reading, text=reading.masked(least)))


def with_candidates(result: Result, most: int) -> Result:
    """The result whose records tell the `most` likeliest texts of each reading."""
    return reworded(result, lambda reading: dataclasses.replace(reading, listed=likeliest(reading, most)))


def likeliest(reading: Reading, most: int) -> tuple[tuple[str, float], ...]:
    """The text and the next likely ones, with probabilities that are at most 1 together.

    Where a vote made the text surer than any one look at it, the others share what is left.
    """
    if not reading.text:
        return ()
    others = [(text, p) for text, p in reading.candidates if text and text != reading.text]
    left, total = 1 - reading.confidence, sum(p for _, p in others)
    share = min(1.0, left / total) if total else 0.0
    return ((reading.text, reading.confidence), *((text, share * p) for text, p in others))[:most]


def plain(result: Result) -> Result:
    """The result with digits only in its numbers: without points, minus signs and colons."""
    return reworded(result, _without_marks)


def _without_marks(reading: Reading) -> Reading:
    kept = [(c, p) for c, p in zip(reading.text, reading.confidences, strict=True) if c not in MARKS]
    text, confidences = "".join(c for c, _ in kept), tuple(p for _, p in kept)
    return dataclasses.replace(reading, text=text, confidences=confidences)


def reworded(result: Result, change: Callable[[Reading], Reading]) -> Result:
    """The result with every reading in it changed."""

    def of_sighting(sighting: Sighting) -> Sighting:
        return dataclasses.replace(sighting, reading=change(sighting.reading))

    def of_track(track: Track) -> Track:
        best = track.best and of_sighting(track.best)
        return dataclasses.replace(
            track, reading=change(track.reading), sighting=of_sighting(track.sighting), best=best
        )

    return dataclasses.replace(
        result,
        sightings=tuple(map(of_sighting, result.sightings)),
        tracks=tuple(map(of_track, result.tracks)),
        confirmed=tuple(map(of_track, result.confirmed)),
        ended=tuple(map(of_track, result.ended)),
        doubtful=tuple(map(of_track, result.doubtful)),
        crossed=tuple(map(of_track, result.crossed)),
    )


def _hashed_reading(reading: Reading, key: bytes) -> Reading:
    text = keyed_hash(reading.text, key)
    known = dataclasses.replace(reading.known, text=text, name="") if reading.known else reading.known
    return dataclasses.replace(reading, text=text, confidences=(), candidates=(), listed=(), known=known)
