"""One page for several cameras: what each camera's own page answers is handed on, and nobody gets around the guard."""

import asyncio
import json
from contextlib import ExitStack

import pytest
from conftest import FakePipeline, make_frame, make_image, make_result, make_track

aiohttp = pytest.importorskip("aiohttp")

from functools import partial

from realtime.service.supervise import CameraState
from realtime.sinks.web import server

TOKEN = "correct horse"
STATES = [CameraState("gate", "running"), CameraState("yard", "waiting", 2, "no camera", 3.0)]


@pytest.fixture
def start(tmp_path):
    """Starts a front with one camera that runs and one that does not; gives the camera's page and the front."""
    with ExitStack() as stack:

        def started(token=""):
            pipeline = FakePipeline()
            camera = stack.enter_context(
                server.Web(f"unix:{tmp_path}/gate.page", pipeline=pipeline, draw=lambda r: r.frame.image)
            )
            camera.write(make_result(make_frame(7, image=make_image(value=120)), confirmed=(make_track(),)))
            sockets = {"gate": f"{tmp_path}/gate.page", "yard": f"{tmp_path}/yard.page"}
            front = partial(server.front, sockets=sockets, states=lambda: STATES)
            return camera, stack.enter_context(server.Server("0", token, front, lambda line: None)), pipeline

        yield started


def ask(front, path, method="GET", headers=None, **options):
    async def talk():
        root = f"http://127.0.0.1:{front.port}"
        async with (
            aiohttp.ClientSession(root) as session,
            session.request(method, path, headers=headers, **options) as answer,
        ):
            body = await answer.read()
            return answer.status, json.loads(body) if answer.content_type == "application/json" else body

    return asyncio.run(talk())


def test_the_states_of_all_cameras(start):
    _, front, _ = start()
    status, cameras = ask(front, "/api/cameras")
    assert status == 200 and cameras[0]["status"] == "running"
    assert cameras[1] == {"name": "yard", "status": "waiting", "restarts": 2, "reason": "no camera", "retry": 3.0}
    assert b"cameras.js" in ask(front, "/")[1]


def test_a_cameras_own_page_lies_behind(start):
    _, front, pipeline = start()
    assert ask(front, "/cameras/gate/api/state")[1]["frame"] == 7
    assert ask(front, "/cameras/gate/api/picture.jpg")[1].startswith(b"\xff\xd8")
    assert b"page.js" in ask(front, "/cameras/gate/")[1]
    assert ask(front, "/cameras/gate/api/threshold", "PUT", json={"threshold": 0.75})[0] == 200
    assert pipeline.threshold == 0.75
    assert ask(front, "/cameras/gate/api/threshold", "PUT", json={"threshold": 7})[0] == 400


def test_a_camera_that_is_down_or_unknown_is_said(start):
    _, front, _ = start()
    assert ask(front, "/cameras/yard/api/state") == (503, {"error": "This camera does not answer at the moment."})
    assert ask(front, "/cameras/nobody/api/state")[0] == 404


def test_live_is_handed_on_in_both_directions(start):
    _, front, _ = start()

    async def talk():
        async with (
            aiohttp.ClientSession(f"http://127.0.0.1:{front.port}") as session,
            session.ws_connect("/cameras/gate/api/live") as viewer,
        ):
            state = json.loads((await viewer.receive(10)).data)
            await viewer.send_str("next")
            while (message := await viewer.receive(10)).type is not aiohttp.WSMsgType.BINARY:
                pass
            return state, message.data

    state, picture = asyncio.run(talk())
    assert state["frame"] == 7 and picture.startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    "path",
    [
        "/api/cameras", "/cameras/gate/", "/cameras/gate/api/state", "/cameras/gate/%61pi/state",
        "/cameras/gate//api/state", "/cameras/gate/api/live",
    ],
)  # fmt: skip
def test_the_token_guards_every_camera(start, path):
    _, front, _ = start(TOKEN)
    assert ask(front, path)[0] == 401
    assert ask(front, path, headers={"Authorization": "Bearer wrong one"})[0] == 401


def test_one_session_opens_all(start):
    _, front, _ = start(TOKEN)

    async def talk():
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{front.port}", cookie_jar=jar) as session:
            shown = {"Authorization": f"Bearer {TOKEN}"}
            async with session.post("/cameras/gate/api/session", headers=shown) as answer:
                assert answer.status == 200
            async with session.get("/cameras/gate/api/state") as answer:
                return answer.status

    assert asyncio.run(talk()) == 200


def test_a_foreign_page_may_not_ask(start):
    _, front, _ = start()
    assert ask(front, "/cameras/gate/api/state", headers={"Origin": "http://evil.example"})[0] == 403
    assert ask(front, "/cameras/gate/api/state", headers={"Host": "evil.example"})[0] == 403


def test_a_socket_in_the_file_system_is_its_owners_alone(start, tmp_path):
    start()
    assert (tmp_path / "gate.page").stat().st_mode & 0o777 == 0o600
    (tmp_path / "file").write_text("mine")
    with pytest.raises(server.SinkError, match="Cannot serve at"):
        server.listen_at(str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "mine"
