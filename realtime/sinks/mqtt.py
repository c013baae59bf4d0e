"""Publish each confirmed reading to an MQTT broker, where Home Assistant finds it by itself."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import cv2
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from realtime.errors import OptionError, SinkError
from realtime.output.pictures import digest
from realtime.output.record import BEGIN, PRESENT, record
from realtime.privacy.redact import mask
from realtime.values import BACK, LOST, Frame, Result, Track

PORTS = {"mqtt": 1883, "mqtts": 8883}
TOPIC = "glyphcam"
WAITING = 100  # readings kept while the broker is away
IN_FLIGHT = 20  # readings that the broker did not acknowledge yet
PATIENCE = 30.0  # seconds that a recording waits for a broker that takes nothing
KEEPALIVE = 30  # seconds
WAITS = (1, 60)  # seconds between two attempts to connect: at first, at most
PARTING = 2.0  # seconds for the last words
EVENT_TYPES = ["reading", "correction"]
EVENT = "{{ dict(value_json, event_type='reading' if value_json.event == 'begin' else 'correction') | tojson }}"
TEXT, NUMBER = "{{ value_json.text }}", "{{ value_json.text | float(none) }}"
NAMES = {"event": "event", "sensor": "reading", "image": "picture"}  # of entities in topics
UNITS = {  # of what Home Assistant measures, by its device classes
    "water": "m³", "gas": "m³", "energy": "kWh", "temperature": "°C", "humidity": "%", "weight": "kg", "power": "W",
    "voltage": "V", "current": "A", "pressure": "bar", "speed": "km/h", "distance": "m", "duration": "s",
}  # fmt: skip
TOTALS = ("water", "gas", "energy")  # what a meter counts: it only grows
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measures:
    """What a display measures: a device class of Home Assistant and its unit."""

    kind: str
    unit: str

    def fields(self) -> dict[str, str]:
        """The fields of a sensor that make it a measurement, for statistics and the Energy dashboard."""
        state_class = "total_increasing" if self.kind in TOTALS else "measurement"
        return {"device_class": self.kind, "unit_of_measurement": self.unit, "state_class": state_class}


def parse_measures(text: str) -> Measures:
    """What "water" or "water:L" says. Raises OptionError."""
    kind, _, unit = text.partition(":")
    if kind not in UNITS:
        raise OptionError(f"--measures {text!r} is not known.", f"Choose from: {', '.join(UNITS)}.")
    return Measures(kind, unit or UNITS[kind])


@dataclass(frozen=True)
class Broker:
    """Where to publish: mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC]."""

    host: str
    port: int
    tls: bool
    user: str
    password: str
    topic: str


def parse_broker(url: str) -> Broker:
    """The broker of an address; OptionError where it is none."""
    form = "mqtt[s]://[USER:PASSWORD@]HOST[:PORT][/TOPIC]"
    wrong = OptionError(f"--mqtt {mask(url)!r} is not a broker address.", f"Write {form}, unusual characters as %XX.")
    try:
        parts = urlsplit(url)
        port, host = parts.port or PORTS[parts.scheme], parts.hostname or ""
    except (ValueError, KeyError):
        raise wrong from None
    topic = unquote(parts.path).strip("/")
    if not parts.hostname or set(url) & set("?#") or set(topic) & set("+#\0"):
        raise wrong
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Broker(host, port, parts.scheme == "mqtts", user, password, topic or TOPIC)


def topic_part(name: str) -> str:
    """A name as the last part of a topic."""
    return re.sub(r"[/+#\0\s]+", "_", name)


class Message(NamedTuple):
    """A record as JSON, and a JPEG of what was read; empty without one."""

    reading: str
    picture: bytes


def jpeg(track: Track) -> bytes:
    """The best picture of a value; empty where it has none."""
    return b"" if track.best_crop is None else cv2.imencode(".jpg", track.best_crop)[1].tobytes()


class Mqtt:
    """A sink that publishes each confirmed track to TOPIC/reading, and its picture to TOPIC/picture, retained.

    A thread of the client's own talks to the broker and comes back to it when it was away. What cannot be sent waits
    in a bounded queue: a live run drops the oldest, a recording waits for the broker, until `stop` is set or nothing
    moves for PATIENCE seconds. Readings that the broker never acknowledged are an error at the end. TOPIC/status says
    "online" or, while the source is lost and by the broker itself, "offline". With a `name`, TOPIC ends in it.
    """

    def __init__(
        self,
        url: str,
        mode: str,
        *,
        live: bool = True,
        stop: threading.Event | None = None,
        crop: Callable[[Result, Track], str] = lambda result, track: "",
        pictures: bool = True,
        name: str = "",
        source: str = "",
        measures: str = "",
    ) -> None:
        broker = parse_broker(url)
        self.broker = replace(broker, topic=f"{broker.topic}/{topic_part(name)}") if name else broker
        self._source, self._measures = source, parse_measures(measures) if measures else None
        self._told: set[tuple[str, int, int]] = set()  # values that stand
        self._status = "online"
        self._mode, self._live, self._stop = mode, live, stop or threading.Event()
        self._crop, self._pictures = crop, pictures
        self._lock, self._sending, self._news = threading.Lock(), threading.Lock(), threading.Event()
        self._due = False
        self._waiting: deque[Message] = deque()
        self._sent: deque[paho.MQTTMessageInfo] = deque()
        self._refusal = ""
        self.trouble = ""  # why readings wait
        self._client = self._new_client()
        self.dropped = self.total = 0

    def _new_client(self) -> paho.Client:
        broker = self.broker
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"glyphcam-{secrets.token_hex(4)}")
        if broker.user:
            client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            client.tls_set()
        client.max_queued_messages_set(0)  # this sink counts itself
        client.reconnect_delay_set(*WAITS)
        client.will_set(self._topic("status"), "offline", qos=1, retain=True)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_publish = lambda *_: self._send_waiting()
        return client

    def __enter__(self) -> Mqtt:
        self._client.connect_async(self.broker.host, self.broker.port, KEEPALIVE)
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wait_until(lambda: not self._open(), PARTING if self._live else PATIENCE)
        if self._client.is_connected():
            farewell = self._client.publish(self._topic("status"), "offline", qos=1, retain=True)
            with contextlib.suppress(RuntimeError):  # the broker went first
                farewell.wait_for_publish(PARTING)
        self._client.disconnect()
        self._client.loop_stop()
        if lost := self.dropped + self._open():
            reason = self._refusal or "It was away or slow."
            host = self.broker.host
            raise SinkError(f"{lost} of {self.total} readings did not reach the MQTT broker {host}.", reason)

    def write(self, result: Result) -> None:
        """Publish the values that were confirmed, or corrected, in this frame."""
        self._note_source(result.frame)
        for track in result.confirmed:
            if not self._live:
                self._wait_until(lambda: len(self._waiting) < WAITING, PATIENCE)
            key = (result.frame.source, *track.key)
            event = PRESENT if key in self._told else BEGIN
            self._told.add(key)
            row = record(track, self._mode, result.frame, event, self._crop(result, track))
            self._add(Message(json.dumps(row), jpeg(track) if self._pictures else b""))

        self._told -= {(result.frame.source, *track.key) for track in result.ended}

    def _note_source(self, frame: Frame) -> None:
        """Say whether there is anything to be read."""
        status = {LOST: "offline", BACK: "online"}.get(frame.event, self._status)
        if status != self._status:
            self._status = status
            self._client.publish(self._topic("status"), status, qos=1, retain=True)

    def _add(self, message: Message) -> None:
        self.total += 1
        with self._lock:
            self._waiting.append(message)
            if len(self._waiting) > WAITING:
                self._waiting.popleft()
                self.dropped += 1
        self._send_waiting()

    def _open(self) -> int:
        """Readings that the broker did not acknowledge yet."""
        with self._lock:
            while self._sent and self._sent[0].is_published():
                self._sent.popleft()
            return len(self._waiting) + sum(not sent.is_published() for sent in self._sent)

    def _wait_until(self, done: Callable[[], bool], patience: float) -> None:
        """Wait as long as the broker goes on taking readings; in vain where it refuses."""
        last, since = self._open(), time.monotonic()
        while not (done() or self._refusal or time.monotonic() - since > patience):
            if self._stop.is_set():
                patience = min(patience, PARTING)
            self._news.wait(0.05)
            self._news.clear()
            if (still := self._open()) != last:
                last, since = still, time.monotonic()

    def _send_waiting(self) -> None:
        """Hand the client what may be in flight, in order; called by the loop and by the client's thread alike.

        The client calls with a lock of its own held, so that neither thread may wait for the other here: one hands
        over, and looks again where the other one came meanwhile.
        """
        self._news.set()
        self._due = True
        while self._due and self._sending.acquire(blocking=False):
            try:
                self._due = False
                self._hand_over()
            finally:
                self._sending.release()

    def _hand_over(self) -> None:
        while self._client.is_connected():
            with self._lock:
                if not self._waiting or sum(not sent.is_published() for sent in self._sent) >= IN_FLIGHT:
                    return
                message = self._waiting.popleft()
            if message.picture:
                self._client.publish(self._topic("picture"), message.picture, retain=True)
            sent = self._client.publish(self._topic("reading"), message.reading, qos=1, retain=True)
            with self._lock:
                if sent.rc != paho.MQTT_ERR_SUCCESS:  # the broker went at this moment; once more is better than never
                    self._waiting.appendleft(message)
                    return
                self._sent.append(sent)

    def _connected(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._refusal = f"It refuses: {reason}."
            self.trouble = f"The MQTT broker {self.broker.host} refuses, readings wait."
            log.warning("The MQTT broker %s refuses: %s", self.broker.host, reason)
            return
        self._refusal = self.trouble = ""
        for topic, text in self._discovery():
            client.publish(topic, text, qos=1, retain=True)
        client.publish(self._topic("status"), self._status, qos=1, retain=True)
        self._send_waiting()

    def _disconnected(self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self.trouble = self.trouble or f"The MQTT broker {self.broker.host} is gone, readings wait."
            log.warning("The MQTT broker %s is gone (%s), trying again", self.broker.host, reason)

    def _topic(self, name: str) -> str:
        return f"{self.broker.topic}/{name}"

    def _discovery(self) -> Iterator[tuple[str, str]]:
        """Topics and messages by which Home Assistant makes its entities (MQTT discovery)."""
        node = f"glyphcam_{digest(self.broker.topic, self._source)}"
        shared = {
            "availability_topic": self._topic("status"),
            "device": {
                "identifiers": [node],
                "name": self.broker.topic,
                "manufacturer": "glyphcam",
                "model": self._mode,
            },
        }
        for kind, fields in self._entities().items():
            own = {"unique_id": f"{node}_{kind}", **fields, **shared}
            yield f"homeassistant/{kind}/{node}/{NAMES[kind]}/config", json.dumps(own)

    def _entities(self) -> dict[str, dict[str, Any]]:
        """An event for automations, also fired when the same text comes again; the last reading; its picture.

        The last reading is a sensor, and a measurement if its unit is known.
        """
        reading = {"state_topic": self._topic("reading"), "icon": "mdi:text-recognition"}
        entities: dict[str, dict[str, Any]] = {
            "event": {"name": "Reading event", "event_types": EVENT_TYPES, "value_template": EVENT, **reading},
            "sensor": {
                "name": "Reading",
                "value_template": NUMBER if self._measures else TEXT,
                "json_attributes_topic": self._topic("reading"),
                **reading,
                **(self._measures.fields() if self._measures else {}),
            },
        }
        if self._pictures:
            entities["image"] = {"name": "Picture", "image_topic": self._topic("picture")}
        return entities
