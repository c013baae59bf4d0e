"""A small broker of MQTT 3.1.1 hears readings, discovery and farewell, also after it was away."""

import dataclasses
import json
import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress

import numpy as np
import pytest
from conftest import make_frame, make_result, make_track

paho = pytest.importorskip("paho.mqtt.client")

from realtime.errors import SinkError
from realtime.sinks import mqtt
from realtime.sinks.mqtt import Mqtt, parse_broker

CONNECT, CONNACK, PUBLISH, PUBACK, DISCONNECT = 1, 2, 3, 4, 14


class Broker:
    """Takes what is published with QoS 1, after a `pause` each; `accept` is the CONNACK's return code."""

    def __init__(self, port=0, accept=0, pause=0.0, deaf=False):
        self.accept, self.pause, self.deaf = accept, pause, deaf
        self.heard: list[tuple[str, str, bool]] = []
        self.logins: list[bytes] = []
        self.news = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.clients: list[socket.socket] = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        try:
            while True:
                client, _ = self.listener.accept()
                self.clients.append(client)
                threading.Thread(target=self.talk, args=(client,), daemon=True).start()
        except OSError:
            return

    def talk(self, client):
        try:
            stream = client.makefile("rb")
            while (packet := read_packet(stream)) is not None:
                self.answer(client, *packet)
        except OSError:
            return

    def answer(self, client, kind, flags, body):
        with self.news:
            if kind == CONNECT:
                self.logins.append(body)
                client.sendall(bytes([CONNACK << 4, 2, 0, self.accept]))
            elif kind == PUBLISH:
                size, number = struct.unpack("!H", body[:2])[0], 2 if flags & 2 else 0
                topic, payload = body[2 : 2 + size].decode(), body[2 + size + number :].decode(errors="replace")
                time.sleep(self.pause)
                if number and not (self.deaf and topic.endswith("/reading")):
                    client.sendall(bytes([PUBACK << 4, 2]) + body[2 + size : 4 + size])
                self.heard.append((topic, payload, bool(flags & 1)))
            self.news.notify_all()

    def wait_for(self, condition):
        with self.news:
            assert self.news.wait_for(lambda: condition(self), 20), self.heard

    def texts(self):
        return [json.loads(p)["text"] for t, p, _ in self.heard if t == "gate/reading"]

    def close(self):
        for channel in (self.listener, *self.clients):
            with suppress(OSError):
                channel.shutdown(socket.SHUT_RDWR)
            channel.close()


def read_packet(stream):
    """Kind, flags and body of the next packet; None at the end."""
    head = stream.read(1)
    if not head:
        return None
    size = shift = 0
    while True:
        (byte,) = stream.read(1)
        size |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return head[0] >> 4, head[0] & 15, stream.read(size)


@contextmanager
def broker(*arguments, **options):
    server = Broker(*arguments, **options)
    try:
        yield server
    finally:
        server.close()


def reading(text):
    return make_result(make_frame(source="rtsp://u:secret@h/"), confirmed=(make_track(text=text),))


def config(server, kind):
    """What Home Assistant is told of an entity."""
    return next(json.loads(payload) for topic, payload, _ in server.heard if topic.startswith(f"homeassistant/{kind}/"))


def told(server, **options):
    """What an entity of each kind is made of, for a sink with these options."""
    with Mqtt(f"mqtt://127.0.0.1:{server.port}/house", "digits", **options):
        server.wait_for(lambda s: any(t.endswith("/status") and p == "online" for t, p, _ in s.heard))
    return {kind: config(server, kind) for kind in ("sensor", "event")}


@pytest.mark.parametrize(
    ("measures", "fields"),
    [
        ("water", ("water", "m³", "total_increasing")),
        ("energy:MWh", ("energy", "MWh", "total_increasing")),
        ("temperature", ("temperature", "°C", "measurement")),
    ],
)
def test_a_meter_is_a_measurement_of_home_assistant(measures, fields):
    with broker() as server:
        sensor = told(server, measures=measures)["sensor"]
    assert tuple(sensor[name] for name in ("device_class", "unit_of_measurement", "state_class")) == fields


def test_unknown_measures_are_refused():
    with pytest.raises(SinkError, match="Choose from: water"):
        Mqtt("mqtt://h", "digits", measures="luck")


def test_each_camera_has_its_own_topic_and_identity():
    seen = []
    for name, source in (("gate", "rtsp://a"), ("yard", "rtsp://a"), ("", "rtsp://a"), ("", "rtsp://b")):
        with broker() as server:
            seen.append(told(server, name=name, source=source)["sensor"])
    assert len({sensor["unique_id"] for sensor in seen}) == 4
    assert [sensor["state_topic"] for sensor in seen] == [
        "house/gate/reading",
        "house/yard/reading",
        *["house/reading"] * 2,
    ]
    assert seen[0]["availability_topic"] == "house/gate/status"


def test_the_same_text_is_two_events_and_a_correction_is_none_of_its_own():
    track = make_track(1, "AB1")
    with broker() as server, Mqtt(f"mqtt://127.0.0.1:{server.port}/gate", "plates", pictures=False) as sink:
        sink.write(make_result(confirmed=(track,)))
        sink.write(make_result(confirmed=(dataclasses.replace(track, count=9),)))
        sink.write(make_result(ended=(track,)))
        sink.write(make_result(confirmed=(make_track(2, "AB1"),)))
        server.wait_for(lambda s: len(s.texts()) == 3)
    events = [json.loads(payload)["event"] for topic, payload, _ in server.heard if topic == "gate/reading"]
    assert events == ["begin", "present", "begin"]


def test_a_lost_source_is_not_available():
    with broker() as server, Mqtt(f"mqtt://127.0.0.1:{server.port}/gate", "plates") as sink:
        server.wait_for(lambda s: ("gate/status", "online", True) in s.heard)
        for event in ("source lost", "source waiting", "source back"):
            sink.write(make_result(make_frame(event=event)))
        server.wait_for(lambda s: [p for t, p, _ in s.heard if t == "gate/status"] == ["online", "offline", "online"])


def test_readings_are_retained_and_home_assistant_is_told():
    with broker() as server:
        with Mqtt(f"mqtt://me:pass%40word@127.0.0.1:{server.port}/gate/", "plates") as sink:
            sink.write(reading("AB1"))
            sink.write(make_result(ended=(make_track(),)))
            sink.write(reading("CD2"))
            server.wait_for(lambda s: len(s.texts()) == 2)
        heard = {topic: payload for topic, payload, _ in server.heard}
        server.wait_for(lambda s: s.heard[-1][:2] == ("gate/status", "offline"))
    assert server.texts() == ["AB1", "CD2"] and all(retained for *_, retained in server.heard)
    assert b"me" in server.logins[0] and b"pass@word" in server.logins[0] and b"offline" in server.logins[0]
    sensor, event = (config(server, kind) for kind in ("sensor", "event"))
    assert (sensor["state_topic"], sensor["availability_topic"]) == ("gate/reading", "gate/status")
    assert (event["state_topic"], event["event_types"]) == ("gate/reading", ["reading", "correction"])
    assert sensor["unique_id"] != event["unique_id"] and sensor["device"] == event["device"]
    assert "state_class" not in sensor
    assert "secret" not in heard["gate/reading"]


@pytest.mark.parametrize("pictures", [True, False])
def test_the_picture_comes_before_its_reading_and_home_assistant_is_told(pictures):
    seen = dataclasses.replace(make_track(text="AB1"), best_crop=np.zeros((8, 8, 3), np.uint8))
    with broker() as server:
        address, crop = f"mqtt://127.0.0.1:{server.port}/gate", lambda result, track: "crops/1.jpg"
        with Mqtt(address, "plates", crop=crop, pictures=pictures) as sink:
            sink.write(make_result(make_frame(), confirmed=(seen,)))
            server.wait_for(lambda s: s.texts() == ["AB1"])
    topics = [topic for topic, *_ in server.heard]
    told = any(topic.startswith("homeassistant/image/") for topic in topics), "gate/picture" in topics
    assert told == (pictures, pictures)
    if pictures:
        assert topics.index("gate/picture") < topics.index("gate/reading")
        assert "JFIF" in next(payload for topic, payload, _ in server.heard if topic == "gate/picture")
    assert json.loads(dict(h[:2] for h in server.heard)["gate/reading"])["crop"] == "crops/1.jpg"


def test_what_is_read_while_the_broker_is_away_comes_later(monkeypatch):
    monkeypatch.setattr(mqtt, "WAITS", (0.1, 0.1))
    with broker() as server:
        port = server.port
    with Mqtt(f"mqtt://127.0.0.1:{port}/gate", "plates") as sink:
        for text in ("1", "2", "3"):
            sink.write(reading(text))
        with broker(port) as server:
            server.wait_for(lambda s: s.texts() == ["1", "2", "3"])


def test_of_too_many_the_newest_stay_and_the_others_are_counted(monkeypatch):
    monkeypatch.setattr(mqtt, "WAITING", 5)
    monkeypatch.setattr(mqtt, "PARTING", 0.2)
    monkeypatch.setattr(mqtt, "WAITS", (0.1, 0.1))
    with broker() as server:
        port = server.port
    with pytest.raises(SinkError, match="45 of 50 readings"), Mqtt(f"mqtt://127.0.0.1:{port}/gate", "plates") as sink:
        for number in range(50):
            sink.write(reading(str(number)))
        with broker(port) as server:
            server.wait_for(lambda s: s.texts()[-1:] == ["49"])
    assert server.texts() == ["45", "46", "47", "48", "49"]


def test_a_recording_waits_for_a_slow_broker_and_loses_nothing():
    with broker(pause=0.002) as server, Mqtt(f"mqtt://127.0.0.1:{server.port}/gate", "plates", live=False) as sink:
        for number in range(300):
            sink.write(reading(str(number)))
    assert server.texts() == [str(number) for number in range(300)]


@pytest.mark.parametrize("live", [True, False])
def test_readings_for_a_broker_that_never_answers_are_an_error(monkeypatch, live):
    monkeypatch.setattr(mqtt, "PARTING", 0.1)
    monkeypatch.setattr(mqtt, "PATIENCE", 0.1)
    sink = Mqtt("mqtt://127.0.0.1:1", "digits", live=live)
    with pytest.raises(SinkError, match="1 of 1 readings did not reach"), sink:
        sink.write(reading("1"))


def test_readings_that_are_not_acknowledged_are_an_error(monkeypatch):
    monkeypatch.setattr(mqtt, "PARTING", 0.2)
    monkeypatch.setattr(mqtt, "PATIENCE", 0.2)
    with broker(deaf=True) as server:
        sink = Mqtt(f"mqtt://127.0.0.1:{server.port}/gate", "digits", live=False)
        with pytest.raises(SinkError, match="2 of 2 readings did not reach"), sink:
            sink.write(reading("1"))
            sink.write(reading("2"))
            server.wait_for(lambda s: len(s.texts()) == 2)


def test_the_signal_to_stop_does_not_wait_for_a_broker(monkeypatch):
    monkeypatch.setattr(mqtt, "PARTING", 0.1)
    monkeypatch.setattr(mqtt, "WAITING", 1)
    stop = threading.Event()
    stop.set()
    with pytest.raises(SinkError, match="2 of 2"), Mqtt("mqtt://127.0.0.1:1", "d", live=False, stop=stop) as sink:
        sink.write(reading("1"))
        sink.write(reading("2"))


def test_a_broker_that_refuses_is_said_and_not_waited_for(caplog):
    with broker(accept=5) as server:
        sink = Mqtt(f"mqtt://u:secret@127.0.0.1:{server.port}", "digits", live=False)
        with pytest.raises(SinkError, match="It refuses: Not authorized") as caught, sink:
            sink.write(reading("1"))
    assert "secret" not in caplog.text + str(caught.value)


def test_no_thread_stays():
    before = set(threading.enumerate())
    with Mqtt("mqtt://127.0.0.1:1", "digits"):
        pass
    assert set(threading.enumerate()) <= before


def test_addresses():
    assert parse_broker("mqtts://h") == mqtt.Broker("h", 8883, True, "", "", "glyphcam")
    assert parse_broker("mqtt://a:b%3Ac@h:5/x/y/") == mqtt.Broker("h", 5, False, "a", "b:c", "x/y")


@pytest.mark.parametrize(
    "url", ["", "h", "http://h", "mqtt://", "mqtt://h:port", "mqtt://h:99999", "mqtt://h/a/#", "mqtt://[h"]
)
def test_addresses_that_are_none(url):
    with pytest.raises(SinkError, match="--mqtt"):
        parse_broker(url)


def test_a_wrong_address_does_not_show_its_password():
    with pytest.raises(SinkError) as caught:
        parse_broker("http://u:secret@h")
    assert "secret" not in str(caught.value)


def test_a_reading_handed_over_as_the_broker_goes_is_kept(monkeypatch):
    with broker() as server, Mqtt(f"mqtt://127.0.0.1:{server.port}/gate", "digits") as sink:
        server.wait_for(lambda s: any(topic == "gate/status" for topic, _, _ in s.heard))
        real, gone = sink._client.publish, iter([True])

        def publish(topic, *arguments, **options):
            sent = real(topic, *arguments, **options)
            if topic == "gate/reading" and next(gone, False):
                sent.rc = paho.MQTT_ERR_NO_CONN
            return sent

        monkeypatch.setattr(sink._client, "publish", publish)
        sink.write(reading("AB1"))
        sink.write(reading("AB2"))
        server.wait_for(lambda s: {"AB1", "AB2"} <= set(s.texts()))
