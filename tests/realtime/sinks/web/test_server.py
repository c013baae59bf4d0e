"""The page serves those it may, shows the newest, and never holds the loop up."""

import asyncio
import base64
import dataclasses
import json
import re
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from conftest import FakePipeline, make_frame, make_image, make_result, make_track
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

aiohttp = pytest.importorskip("aiohttp")

from realtime.errors import ModelError, SinkError, UserError
from realtime.sinks.web import clients as clients_module
from realtime.sinks.web import door, records, server, site
from realtime.sinks.web.guard import FAILURES
from realtime.values import Match

TOKEN = "correct horse"
PAGE = Path(server.__file__).parent / "page"


class Pad:
    """Classifies every drawing as its mean."""

    def classify(self, image):
        return [(str(int(image.mean())), 0.75), ("", 0.25)]

    def network_input(self, image):
        return image[::2, ::2]


class Records:
    """Finds what it is asked for; has one picture."""

    def search(self, query, limit):
        return [{"text": query.text, "camera": query.camera, "limit": limit}]

    def summary(self, query, span):
        return {"span": span, "since": query.since}

    def csv(self, query, limit):
        return query.mode.encode()

    def crop(self, number):
        return b"picture" if number == 7 else None


@contextmanager
def served(address="0", token="", **options):
    options = {"pipeline": FakePipeline(), "draw": lambda r: r.frame.image} | options
    with server.Web(address, token, **options) as sink:
        yield sink


def result_of(index, value=None, **changes):
    value = index % 250 if value is None else value
    return make_result(make_frame(index, image=make_image(value=value)), **changes)


def ask(sink, path, method="GET", token="", headers=(), **options):
    """Status, body (parsed where it is JSON) and headers of one request."""

    async def talk():
        shown = dict(headers) | ({"Authorization": f"Bearer {token}"} if token else {})
        async with (
            aiohttp.ClientSession(root(sink)) as session,
            session.request(method, path, headers=shown, **options) as r,
        ):
            body = await r.read()
            return r.status, json.loads(body) if r.content_type == "application/json" else body, r.headers

    return asyncio.run(talk())


def root(sink):
    return f"http://127.0.0.1:{sink.port}"


def watch(sink, steps, **options):
    """Run `steps(viewer)` on a WebSocket to the page."""

    async def talk():
        async with aiohttp.ClientSession(root(sink)) as session, session.ws_connect("/api/live", **options) as viewer:
            return await asyncio.wait_for(steps(viewer), 20)

    return asyncio.run(talk())


@pytest.fixture
def sink():
    with served(history=Records(), open_pad=lambda mode: Pad()) as page:
        yield page


# ---- what it answers


def test_state_and_readings(sink):
    assert ask(sink, "/api/state")[1]["status"] == "waiting"
    sink.write(result_of(5, confirmed=(make_track(7, "42"),)))
    state = ask(sink, "/api/state")[1]
    assert (state["status"], state["frame"], state["threshold"]) == ("live", 5, 0.5)
    (reading,) = ask(sink, "/api/readings")[1]
    assert (reading["text"], reading["track"], reading["gone"]) == ("42", 7, False)
    crop = ask(sink, reading["crop"])[1]
    assert cv2.imdecode(np.frombuffer(crop, np.uint8), 1).shape == (10, 20, 3)
    assert ask(sink, "/api/readings/999/crop.jpg")[0] == 404


def test_the_page_and_its_files(sink):
    for name, kind in {"": "text/html", **door.FILES}.items():
        status, body, headers = ask(sink, f"/{name}")
        raw = (PAGE / (name or "index.html")).read_bytes()
        assert status == 200 and headers["Content-Type"].startswith(kind)
        assert body == (json.loads(raw) if kind.endswith("json") else raw)


def test_the_page_fetches_nothing_from_elsewhere():
    for path in PAGE.iterdir():
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text), path.name


def test_the_threshold_reaches_the_pipeline():
    pipeline = FakePipeline()
    with served(pipeline=pipeline) as sink:
        assert ask(sink, "/api/threshold", "PUT", json={"threshold": 0.8})[:2] == (200, {"threshold": 0.8})
        assert pipeline.threshold == 0.8
        for wrong in (
            {"threshold": 1.1},
            {"threshold": "x"},
            {"threshold": None},
            {},
            [],
            3,
            {"threshold": float("nan")},
        ):
            assert ask(sink, "/api/threshold", "PUT", json=wrong)[0] == 400
        assert ask(sink, "/api/threshold", "PUT", data=b"{")[0] == 400
        assert pipeline.threshold == 0.8


def test_search(sink):
    assert ask(sink, "/api/search?text=A%25B&limit=7")[1] == [{"text": "A%B", "camera": "", "limit": 7}]
    assert ask(sink, "/api/search?camera=gate")[1] == [{"text": "", "camera": "gate", "limit": 100}]
    assert ask(sink, "/api/search?text=" + "x" * 500)[1][0]["text"] == "x" * 100
    for wrong in ("0", "501", "-1", "1e2", "٣", "9" * 30):
        assert ask(sink, f"/api/search?limit={wrong}")[0] == 400


def test_summary_and_export(sink):
    assert ask(sink, "/api/summary?by=hour&since=2024-05-06")[1] == {"span": "hour", "since": "2024-05-06"}
    assert ask(sink, "/api/summary?by=week")[0] == 400
    assert ask(sink, "/api/search?since=yesterday")[0] == 400
    status, body, headers = ask(sink, "/api/records.csv?mode=plates")
    assert (status, body) == (200, b"plates") and "attachment" in headers["Content-Disposition"]


def test_a_database_that_cannot_be_read_is_no_empty_answer():
    def broken(text, limit):
        raise UserError("The database cannot be searched (malformed).")

    with served(history=SimpleNamespace(search=broken)) as sink:
        status, answer, _ = ask(sink, "/api/search?text=A")
    assert status == 503 and "malformed" in answer["error"]


def test_a_search_that_takes_too_long_ends_and_holds_no_picture_up(monkeypatch):
    monkeypatch.setattr(records, "ANSWER", 0.2)
    going = threading.Event()
    with served(history=SimpleNamespace(search=lambda text, limit: going.wait(20))) as sink:
        sink.write(result_of(1))
        assert [ask(sink, "/api/search?text=A")[0] for _ in range(3)] == [503] * 3
        assert ask(sink, "/api/picture.jpg")[0] == 200
        going.set()


def test_crops_of_records(sink):
    assert ask(sink, "/api/records/7/crop.jpg")[:2] == (200, b"picture")
    assert ask(sink, "/api/records/8/crop.jpg")[0] == ask(sink, "/api/records/7/../crop.jpg")[0] == 404


def test_without_database_and_pad_it_says_so():
    with served() as sink:
        assert "--db" in ask(sink, "/api/search")[1]["error"]
        assert ask(sink, "/api/records/7/crop.jpg")[0] == 404
        assert ask(sink, "/api/classify?width=8&height=8", "POST", data=b"x" * 64)[0] == 404
        state = ask(sink, "/api/state")[1]
        assert not state["search"] and not state["pads"]


def test_a_drawing_is_classified_and_shown_as_the_network_gets_it(sink):
    drawing = np.arange(160, dtype=np.uint8).reshape(10, 16)
    status, answer, _ = ask(sink, "/api/classify?mode=digits&width=16&height=10", "POST", data=drawing.tobytes())
    assert status == 200
    assert answer["top"] == [{"text": "79", "probability": 0.75}, {"text": "", "probability": 0.25}]
    assert (answer["input"]["width"], answer["input"]["height"]) == (8, 5)
    assert base64.b64decode(answer["input"]["pixels"]) == drawing[::2, ::2].tobytes()


@pytest.mark.parametrize(
    "query",
    ["width=16", "width=16&height=11", "width=7&height=8", "width=513&height=8", "mode=x&width=16&height=10", ""],
)
def test_no_other_drawings(sink, query):
    assert ask(sink, f"/api/classify?{query}", "POST", data=bytes(160))[0] == 400


def test_a_body_too_large_is_refused(sink):
    assert ask(sink, "/api/classify?width=512&height=512", "POST", data=bytes(512 * 512))[0] == 200
    assert ask(sink, "/api/classify?width=512&height=512", "POST", data=bytes(512 * 512 + 1))[0] == 413


def test_a_pad_without_models_says_why():
    def missing(mode):
        raise ModelError(f"{mode} is missing.")

    with served(open_pad=missing) as sink:
        status, answer, _ = ask(sink, "/api/classify?width=8&height=8", "POST", data=bytes(64))
    assert (status, answer["error"]) == (503, "digits is missing.")


def test_a_fault_of_our_own_is_said_in_general_here_and_exactly_in_the_log(caplog):
    def broken(mode):
        raise RuntimeError("secret detail")

    with served(open_pad=broken) as sink:
        status, answer, _ = ask(sink, "/api/classify?width=8&height=8", "POST", data=bytes(64))
    assert status == 500 and "secret" not in answer["error"] and "secret detail" in caplog.text


def test_openapi_describes_exactly_the_routes(sink):
    document = json.loads((PAGE / "openapi.json").read_text())
    described = {(verb.upper(), path) for path, verbs in document["paths"].items() for verb in verbs}
    answers = site.Site(None, None, None, None, None, None)
    resources = ((r.method, r.resource.canonical) for r in answers.application().router.routes())
    assert described == {(m, p) for m, p in resources if p.startswith("/api/") and m != "HEAD"}
    text = json.dumps(document)
    for reference in set(re.findall(r'"#/components/(\w+)/(\w+)"', text)):
        assert reference[1] in document["components"][reference[0]]


def test_answers_have_the_described_fields(sink):
    schemas = json.loads((PAGE / "openapi.json").read_text())["components"]["schemas"]
    known = dataclasses.replace(make_track().reading, known=Match("42"))
    everything = make_track(2, reading=known, direction="up", crossing=1)
    sink.write(result_of(1, confirmed=(make_track(), everything)))
    state, (reading, plain) = ask(sink, "/api/state")[1], ask(sink, "/api/readings")[1]
    assert set(plain) == set(schemas["Reading"]["required"])
    classified = ask(sink, "/api/classify?width=8&height=8", "POST", data=bytes(64))[1]
    for name, answer in {"State": state, "Reading": reading, "Classified": classified}.items():
        assert set(answer) == set(schemas[name]["properties"]), name


# ---- whom it answers


def test_other_names_and_other_pages_are_refused(sink):
    assert ask(sink, "/api/state", headers={"Host": "evil.example"})[0] == 403
    assert (
        ask(sink, "/api/threshold", "PUT", headers={"Origin": "http://evil.example"}, json={"threshold": 0})[0] == 403
    )
    assert ask(sink, "/api/threshold", "PUT", headers={"Origin": root(sink)}, json={"threshold": 0})[0] == 200

    for site_, status in (("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403)):
        assert ask(sink, "/api/state", headers={"Sec-Fetch-Site": site_})[0] == status

    async def refused(_viewer):
        raise AssertionError("a foreign page may not watch")

    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        watch(sink, refused, origin="http://evil.example")


def test_a_token_guards_everything_but_the_empty_page():
    with served(token=TOKEN) as sink:
        paths = json.loads((PAGE / "openapi.json").read_text())["paths"]
        for path, verbs in paths.items():
            for verb in verbs:
                assert ask(sink, path.replace("{id}", "1"), verb.upper())[0] == 401, path
        assert ask(sink, "/api/state", token="wrong token")[0] == 401
        assert ask(sink, "/")[0] == 200


def test_the_token_as_header_password_and_cookie():
    with served(token=TOKEN) as sink:
        assert ask(sink, "/api/state", token=TOKEN)[0] == 200
        basic = base64.b64encode(f"me:{TOKEN}".encode()).decode()
        assert ask(sink, "/api/state", headers={"Authorization": f"Basic {basic}"})[0] == 200
        status, _, headers = ask(sink, "/api/session", "POST", token=TOKEN)
        cookie = headers["Set-Cookie"]
        assert status == 200 and "HttpOnly" in cookie and "SameSite=Strict" in cookie and TOKEN not in cookie
        assert ask(sink, "/api/state", headers={"Cookie": cookie.partition(";")[0]})[0] == 200


def test_guesses_are_limited():
    with served(token=TOKEN) as sink:
        assert [ask(sink, "/api/state", token="guess")[0] for _ in range(FAILURES)] == [401] * FAILURES
        status, answer, headers = ask(sink, "/api/state", token=TOKEN)
        assert status == 429 and int(headers["Retry-After"]) > 0 and "token" in answer["error"]


def test_other_machines_need_a_token_which_is_announced_once():
    said = []
    with served("0.0.0.0:0", announce=said.append) as sink:
        assert said == [f"Watch at {sink.url}"] and sink.url.endswith(f"#token={sink.token}")
        assert ask(sink, "/api/state")[0] == 401
        assert ask(sink, "/api/state", token=sink.token)[0] == 200
    with served("0.0.0.0:0", TOKEN) as sink:
        assert TOKEN not in sink.url


@pytest.mark.parametrize(
    "path",
    [
        "/../setup.cfg",
        "/page/../../errors.py",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2fweb.py",
        "//etc/passwd",
        "/page.css/",
        "/api/readings/../../x/crop.jpg",
        "/api/readings/%2fetc%2fpasswd/crop.jpg",
        "/page.js%00.html",
        "/static/page.js",
    ],
)
def test_no_path_reaches_a_file(sink, path):
    with socket.create_connection(("127.0.0.1", sink.port), 5) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        status = client.makefile("rb").readline()
    assert b" 404 " in status or b" 400 " in status


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_whatever_arrives_it_goes_on(sink, garbage):
    with socket.create_connection(("127.0.0.1", sink.port), 5) as client:
        client.sendall(garbage + b"\r\n\r\n")
    assert ask(sink, "/api/state")[0] == 200


@pytest.mark.parametrize(
    "request_",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
        b"POST /api/session HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_malformed_requests_leave_no_trace_and_learn_nothing(sink, caplog, request_):
    with socket.create_connection(("127.0.0.1", sink.port), 5) as client:
        client.sendall(request_)
        client.shutdown(socket.SHUT_WR)
        answer = client.makefile("rb").read()
    assert b"aiohttp" not in answer.lower() and b"python" not in answer.lower()
    assert not [r for r in caplog.records if r.exc_info and r.levelname != "DEBUG"]


# ---- pictures


def count_draws(drawn):
    def draw(result):
        drawn.append(result.frame.index)
        return result.frame.image

    return draw


def gray_of(body):
    return int(cv2.imdecode(np.frombuffer(body, np.uint8), 0)[-1, -1])


def test_pictures_are_encoded_once_each_and_only_for_those_who_look():
    drawn = []
    with served(draw=count_draws(drawn)) as sink:
        assert ask(sink, "/api/picture.jpg")[0] == 503
        for index in range(20):
            sink.write(result_of(index))
        assert drawn == []
        bodies = {ask(sink, "/api/picture.jpg")[1] for _ in range(3)}
        assert drawn == [19] and len(bodies) == 1 and abs(gray_of(bodies.pop()) - 19) <= 2


def test_wide_pictures_are_shrunk():
    image = site.jpeg(make_image(4000, 100))
    assert cv2.imdecode(np.frombuffer(image, np.uint8), 1).shape == (32, 1280, 3)


def test_motion_jpeg_moves(sink):
    async def two():
        async with aiohttp.ClientSession(root(sink)) as session, session.get("/api/picture.mjpg") as answer:
            reader = aiohttp.MultipartReader.from_response(answer)
            grays = []
            for value in (50, 200):
                sink.write(result_of(value))
                grays.append(gray_of(await (await reader.next()).read()))
            return grays

    sink.write(result_of(50))
    assert np.allclose(asyncio.run(two()), (50, 200), atol=2)


def test_live_pushes_state_readings_and_asked_for_pictures(sink):
    async def steps(viewer):
        first = await viewer.receive_json()
        sink.write(result_of(60, confirmed=(make_track(),)))
        await viewer.send_str("next")
        heard = [await viewer.receive() for _ in range(3)]
        return first, heard

    first, heard = watch(sink, steps)
    assert first["status"] == "waiting" and first["readings"] == []
    pictures = [m.data for m in heard if m.type is aiohttp.WSMsgType.BINARY]
    states = [json.loads(m.data) for m in heard if m.type is aiohttp.WSMsgType.TEXT]
    assert len(pictures) == 1 and abs(gray_of(pictures[0]) - 60) <= 2
    assert ["readings" in s for s in states] == [True, False]


def test_a_viewer_who_asks_late_gets_the_newest():
    drawn = []
    with served(draw=count_draws(drawn)) as sink:

        async def steps(viewer):
            for index in range(100):
                sink.write(result_of(index))
            await viewer.send_str("next")
            while True:
                message = await viewer.receive()
                if message.type is aiohttp.WSMsgType.BINARY:
                    return gray_of(message.data)

        assert abs(watch(sink, steps) - 99) <= 2
    assert drawn == [99]


def test_no_more_viewers_than_there_are_places(sink, monkeypatch):
    monkeypatch.setattr(site, "VIEWERS", 1)

    async def steps(_viewer):
        return await asyncio.to_thread(ask, sink, "/api/picture.mjpg")

    status, answer, _ = watch(sink, steps)
    assert status == 503 and "viewers" in answer["error"]
    sink.write(result_of(1))
    assert watch(sink, lambda viewer: viewer.receive_json())["viewers"] == 1


# ---- clients that are slow, silent or too many


def test_a_viewer_who_never_reads_costs_nobody_else_anything():
    """The loop writes noise (pictures that do not compress) while one client reads nothing; another gets the last."""
    noise = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8)
    last = make_image(value=200)
    with served() as sink, socket.create_connection(("127.0.0.1", sink.port)) as sleeper:
        sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sleeper.sendall(b"GET /api/picture.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for index in range(300):
            sink.write(make_result(make_frame(index, image=noise)))
        sink.write(make_result(make_frame(300, image=last)))
        assert abs(gray_of(ask(sink, "/api/picture.jpg")[1]) - 200) <= 2
    assert not any(thread.name == "web" for thread in threading.enumerate())


def test_a_viewer_who_takes_too_long_is_dropped(monkeypatch):
    monkeypatch.setattr(site, "PATIENCE", 0.2)
    noise = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8)
    with served() as sink, socket.create_connection(("127.0.0.1", sink.port)) as sleeper:
        sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sleeper.sendall(b"GET /api/picture.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        write_until(sink, noise, lambda: ask(sink, "/api/state")[1]["viewers"] == 1)
        write_until(sink, noise, lambda: ask(sink, "/api/state")[1]["viewers"] == 0)


def write_until(sink, image, done):
    for index in range(2000):
        sink.write(make_result(make_frame(index, image=image)))
        if done():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to that")


def test_silent_connections_are_closed(monkeypatch):
    monkeypatch.setattr(server, "PATIENCE", 0.05)
    with served() as sink, socket.create_connection(("127.0.0.1", sink.port), 10) as silent:
        silent.sendall(b"GET / HT")
        assert silent.recv(1) == b""


def test_connections_are_limited(monkeypatch):
    monkeypatch.setattr(clients_module, "CONNECTIONS", 3)
    with served() as sink:
        clients = [socket.create_connection(("127.0.0.1", sink.port), 10) for _ in range(4)]
        assert clients[0].recv(1) == b""
        clients[3].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert clients[3].recv(12) == b"HTTP/1.1 200"
        for client in clients:
            client.close()


# ---- beginning and end


def test_the_thread_ends_with_the_sink_whoever_watches():
    before = set(threading.enumerate())
    with served() as sink:
        clients = [socket.create_connection(("127.0.0.1", sink.port), 10) for _ in range(3)]
        for client, path in zip(clients, ("/", "/api/picture.mjpg", "/api/state"), strict=True):
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            sink.write(result_of(1))
    assert set(threading.enumerate()) <= before
    for client in clients:
        client.close()


def test_it_starts_again_on_the_same_port():
    with served() as first:
        port = first.port
        ask(first, "/api/state")
    with served(str(port)) as second:
        assert ask(second, "/api/state")[0] == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "203.0.113.7"])
def test_an_address_that_cannot_be_served(host):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"{host}:{taken.getsockname()[1]}"
        with pytest.raises(SinkError, match="Cannot serve on"), served(address, TOKEN):
            pass


def test_url_of_an_ipv6_address():
    sink = server.Web("[::1]:80", pipeline=SimpleNamespace(mode="digits"), draw=None)
    assert urlsplit(sink.url).hostname == "::1"
