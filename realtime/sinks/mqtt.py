"""Publish each confirmed reading to an MQTT broker, where Home Assistant finds it by itself."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import secrets
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from paho.mqtt import client as paho

from realtime.errors import SinkError
from realtime.output.record import BEGIN, record
from realtime.redact import mask
from realtime.values import Result

PORTS = {"mqtt": 1883, "mqtts": 8883}
TOPIC = "glyphcam"
WAITING = 100  # readings kept while the broker is away; the newest stay
KEEPALIVE = 30  # seconds
WAITS = (1, 60)  # seconds between two attempts to connect: at first, at most
PARTING = 2.0  # seconds for the last words
log = logging.getLogger(__name__)


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
    """The broker of an address; SinkError where it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        parts = port = None
    topic = unquote(parts.path).strip("/") if parts else ""
    if not parts or not parts.hostname or set(url) & set("?#") or set(topic) & set("+#\0"):
        form = "mqtt[s]://[USER:PASSWORD@]HOST[:PORT][/TOPIC]"
        raise SinkError(f"--mqtt {mask(url)!r} is no broker.", f"Write {form}, odd characters as %XX.")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Broker(parts.hostname, port, parts.scheme == "mqtts", user, password, topic or TOPIC)


class Mqtt:
    """A sink that publishes the record of each confirmed track to TOPIC/reading, retained.

    Publishing never blocks: a thread of the client's own talks to the broker and comes back to it when it was away.
    What cannot be sent waits in a bounded queue. TOPIC/status says "online" or, by the broker itself, "offline".
    """

    def __init__(self, url: str, mode: str) -> None:
        self.broker = parse_broker(url)
        self._mode = mode
        self._waiting: deque[str] = deque(maxlen=WAITING)
        self._client = self._new_client()
        self.dropped = 0

    def _new_client(self) -> paho.Client:
        broker = self.broker
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=f"glyphcam-{secrets.token_hex(4)}")
        if broker.user:
            client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            client.tls_set()
        client.max_queued_messages_set(WAITING)
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
        if self._client.is_connected():
            farewell = self._client.publish(self._topic("status"), "offline", qos=1, retain=True)
            with contextlib.suppress(RuntimeError):  # the broker went first
                farewell.wait_for_publish(PARTING)
        self._client.disconnect()
        self._client.loop_stop()
        if self.dropped:
            log.warning("%d readings were not published: the broker was away or slow", self.dropped)

    def write(self, result: Result) -> None:
        """Publish the values that were confirmed, or corrected, in this frame."""
        for track in result.confirmed:
            self.dropped += len(self._waiting) == WAITING
            self._waiting.append(json.dumps(record(track, self._mode, result.frame, BEGIN)))
        if result.confirmed:
            self._send_waiting()

    def _send_waiting(self) -> None:
        """Hand the client what it takes; called by the loop and by the client's thread alike, so without a lock."""
        while self._waiting:
            try:
                reading = self._waiting.popleft()
            except IndexError:  # the other thread was faster
                return
            sent = self._client.publish(self._topic("reading"), reading, qos=1, retain=True)
            if sent.rc == paho.MQTT_ERR_QUEUE_SIZE:
                self._waiting.appendleft(reading)
                return

    def _connected(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            log.warning("The MQTT broker %s refuses: %s", self.broker.host, reason)
            return
        client.publish(*self._discovery(), qos=1, retain=True)
        client.publish(self._topic("status"), "online", qos=1, retain=True)
        self._send_waiting()

    def _disconnected(self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            log.warning("The MQTT broker %s is gone (%s), trying again", self.broker.host, reason)

    def _topic(self, name: str) -> str:
        return f"{self.broker.topic}/{name}"

    def _discovery(self) -> tuple[str, str]:
        """Topic and message by which Home Assistant makes a sensor (its MQTT discovery)."""
        node = re.sub(r"[^\w-]", "_", self.broker.topic, flags=re.ASCII)
        sensor = {
            "name": "Reading",
            "unique_id": f"{node}_reading",
            "icon": "mdi:text-recognition",
            "state_topic": self._topic("reading"),
            "value_template": "{{ value_json.text }}",
            "json_attributes_topic": self._topic("reading"),
            "availability_topic": self._topic("status"),
            "device": {
                "identifiers": [node],
                "name": self.broker.topic,
                "manufacturer": "glyphcam",
                "model": self._mode,
            },
        }
        return f"homeassistant/sensor/{node}/reading/config", json.dumps(sensor)
