"""What the page and its API answer."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
from aiohttp import WSMsgType, web

from realtime.modes import PADS
from realtime.sinks.web.door import Door
from realtime.sinks.web.guard import Guard
from realtime.sinks.web.live_state import Board
from realtime.sinks.web.records import Records, number

VIEWERS = 8  # clients that get pictures at the same time
PACE = 0.03  # seconds between two pictures for one viewer
STATE_PACE = 0.2
PATIENCE = 10.0  # seconds for a client to take a message, or to send its request
WIDEST = 1280  # pixels; wider pictures are shrunk for the page
LARGEST_DRAWING = 512
WORKERS = ("pictures", "drawings")  # threads
Turned = tuple[int, bool]  # degrees clockwise, and whether mirrored then
log = logging.getLogger(__name__)


def jpeg(image: np.ndarray, quality: int = 80) -> bytes:
    """A picture as JPEG, shrunk to WIDEST columns."""
    if image.shape[1] > WIDEST:
        height = max(1, round(image.shape[0] * WIDEST / image.shape[1]))
        image = cv2.resize(image, (WIDEST, height), interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, quality))[1].tobytes()


class Pads:
    """The drawing pad's networks, opened when first asked for, one drawing at a time."""

    def __init__(self, open_pad: Callable[[str], Any]) -> None:
        self._open = open_pad
        self._lock = threading.Lock()
        self._pipelines: dict[str, Any] = {}

    def classify(self, mode: str, image: np.ndarray) -> dict[str, Any]:
        """Top 5 for a drawing (uint8 gray (h, w)), the picture that the network got, and the milliseconds it took."""
        with self._lock:
            pipeline = self._pipelines.get(mode) or self._pipelines.setdefault(mode, self._open(mode))
            start = time.perf_counter()
            top = [{"text": text, "probability": round(float(p), 4)} for text, p in pipeline.classify(image)]
            shown = np.ascontiguousarray(pipeline.network_input(image))
            spent = 1000 * (time.perf_counter() - start)
        pixels = base64.b64encode(shown.tobytes()).decode()
        size = {"width": shown.shape[1], "height": shown.shape[0]}
        return {"top": top, "input": size | {"pixels": pixels}, "milliseconds": round(spent, 2)}


class Site:
    """What the addresses answer; lives on the server's thread."""

    def __init__(
        self,
        board: Board,
        guard: Guard,
        pipeline: Any,
        draw: Callable[..., Any],
        history: Any,
        pads: Pads | None,
        turn: Turned = (0, False),
    ) -> None:
        self._board, self._door, self._pipeline = board, Door(guard, "index.html"), pipeline
        self._draw, self._pads = draw, pads
        self._records, self._searches = Records(history), history is not None
        self._turn = turn
        self._fresh = asyncio.Event()
        self._encoding = asyncio.Lock()
        self._jpeg = (0, b"")
        # What is slow waits for its like alone: the live picture never for a search or a drawing.
        self._encoder, self._classifier = (ThreadPoolExecutor(1, f"web {n}") for n in WORKERS)
        self._viewers = 0
        self._over = False
        self._sockets: set[web.WebSocketResponse] = set()

    def application(self) -> web.Application:
        """All routes behind one gate."""
        app = self._door.application(
            [
                web.get("/api/state", self.state),
                web.get("/api/readings", self.readings),
                web.get(r"/api/readings/{id:\d{1,9}}/crop.jpg", self.crop),
                web.put("/api/threshold", self.threshold),
                *self._records.routes(),
                web.post("/api/classify", self.classify),
                web.get("/api/picture.jpg", self.picture),
                web.get("/api/picture.mjpg", self.stream),
                web.get("/api/live", self.live),
            ],
            LARGEST_DRAWING**2,
        )
        app.on_shutdown.append(self._hang_up)
        app.on_cleanup.append(self._end_workers)
        app.on_cleanup.append(self._records.close)
        return app

    def wake(self) -> None:
        """A newer result lies on the board."""
        fresh, self._fresh = self._fresh, asyncio.Event()
        fresh.set()

    async def _hang_up(self, _app: web.Application) -> None:
        self._over = True
        self.wake()
        for viewer in list(self._sockets):
            await viewer.close(code=1001)

    async def _end_workers(self, _app: web.Application) -> None:
        for worker in (self._encoder, self._classifier):
            worker.shutdown(cancel_futures=True)

    def _state(self) -> dict[str, Any]:
        abilities = {"search": self._searches, "pads": PADS if self._pads else ()}
        steering = {"threshold": round(float(self._pipeline.threshold), 3)}
        steering |= {"rotate": self._turn[0], "flip": self._turn[1]}
        return self._board.state() | abilities | steering | {"viewers": self._viewers, "full": self._viewers >= VIEWERS}

    async def state(self, request: web.Request) -> web.Response:
        return web.json_response(self._state())

    async def readings(self, request: web.Request) -> web.Response:
        return web.json_response(self._board.readings())

    async def crop(self, request: web.Request) -> web.Response:
        image = self._board.crop(int(request.match_info["id"]))
        if image is None:
            raise web.HTTPNotFound(text="This reading is no longer kept.")
        return web.Response(body=await self._on(self._encoder, jpeg, image, 90), content_type="image/jpeg")

    async def threshold(self, request: web.Request) -> web.Response:
        try:
            value = float((await _json(request))["threshold"])
        except (TypeError, KeyError, ValueError):
            value = -1.0
        if not 0 <= value <= 1:
            raise web.HTTPBadRequest(text='Send {"threshold": F} with F from 0 to 1.')
        self._pipeline.set_threshold(value)
        return web.json_response({"threshold": value})

    @staticmethod
    async def _on(worker: ThreadPoolExecutor, work: Callable[..., Any], *values: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(worker, work, *values)

    async def classify(self, request: web.Request) -> web.Response:
        if self._pads is None:
            raise web.HTTPNotFound(text="There is no drawing pad.")
        mode = request.query.get("mode", PADS[0])
        if mode not in PADS:
            raise web.HTTPBadRequest(text=f"mode is one of {', '.join(PADS)}.")
        size = tuple(number(request, name, 8, LARGEST_DRAWING) for name in ("height", "width"))
        async with asyncio.timeout(PATIENCE):
            body = await request.read()
        if len(body) != size[0] * size[1]:
            raise web.HTTPBadRequest(text="The body is one byte per pixel, row by row: height x width bytes.")
        image = np.frombuffer(body, np.uint8).reshape(size)
        return web.json_response(await self._on(self._classifier, self._pads.classify, mode, image))

    async def picture(self, request: web.Request) -> web.Response:
        serial, body = await self._newest_jpeg()
        if not serial:
            raise web.HTTPServiceUnavailable(text="No picture has come yet.")
        return web.Response(body=body, content_type="image/jpeg")

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Motion JPEG, for players and home automation."""
        with self._viewing():
            kind = {"Content-Type": "multipart/x-mixed-replace; boundary=picture"}
            response = web.StreamResponse(headers=kind)
            await response.prepare(request)
            with contextlib.suppress(TimeoutError, ConnectionError):
                async for body in self._pictures():
                    head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
                    async with asyncio.timeout(PATIENCE):
                        await response.write(head.encode() + body + b"\r\n")
            return response

    async def live(self, request: web.Request) -> web.WebSocketResponse:
        """Push: state and readings as JSON, and one JPEG for each "next" that the client sends."""
        with self._viewing():
            viewer = web.WebSocketResponse(heartbeat=PATIENCE, max_msg_size=64, compress=False)
            await viewer.prepare(request)
            self._sockets.add(viewer)
            wanted = asyncio.Event()
            feeder = asyncio.create_task(self._feed(viewer, wanted))
            try:
                async for message in viewer:
                    if message.type is WSMsgType.TEXT and message.data == "next":
                        wanted.set()
                        self.wake()
            finally:
                self._sockets.discard(viewer)
                feeder.cancel()
                await asyncio.gather(feeder, return_exceptions=True)
            return viewer

    async def _feed(self, viewer: web.WebSocketResponse, wanted: asyncio.Event) -> None:
        """Send what is new until the viewer goes, or is too slow to be one."""
        shown = version = -1
        stated = 0.0
        try:
            while True:
                loop_time = asyncio.get_running_loop().time()
                if loop_time - stated >= STATE_PACE:
                    stated, version = loop_time, await self._send_state(viewer, version)
                if wanted.is_set() and self._board.serial > max(shown, 0):
                    wanted.clear()
                    shown, body = await self._newest_jpeg()
                    async with asyncio.timeout(PATIENCE):
                        await viewer.send_bytes(body)
                await self._newer()
        except (TimeoutError, ConnectionError):
            await viewer.close(code=1008, drain=False)
        except Exception:
            log.exception("No picture for the page")
            await viewer.close(code=1011)

    async def _send_state(self, viewer: web.WebSocketResponse, version: int) -> int:
        """State, with the readings where they are newer than `version`; gives the version sent."""
        state = self._state()
        if state["version"] != version:
            state["readings"] = self._board.readings()
        async with asyncio.timeout(PATIENCE):
            await viewer.send_json(state)
        return int(state["version"])

    async def _pictures(self) -> AsyncIterator[bytes]:
        shown = 0
        while not self._over:
            if self._board.serial > shown:
                shown, body = await self._newest_jpeg()
                yield body
            await self._newer()

    async def _newer(self) -> None:
        """Wait for the next result, for a second at most, and never less than PACE."""
        fresh = self._fresh
        await asyncio.sleep(PACE)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await fresh.wait()

    async def _newest_jpeg(self) -> tuple[int, bytes]:
        """Serial number and picture of the newest result, encoded once however many ask for it."""
        async with self._encoding:
            serial, result = self._board.newest()
            if result is not None and self._jpeg[0] != serial:
                self._jpeg = serial, await self._on(self._encoder, lambda: jpeg(self._draw(result)))
            return self._jpeg

    @contextlib.contextmanager
    def _viewing(self) -> Iterator[None]:
        if self._viewers >= VIEWERS:
            raise web.HTTPServiceUnavailable(text=f"{VIEWERS} viewers are watching already.")
        self._viewers += 1
        try:
            yield
        finally:
            self._viewers -= 1


async def _json(request: web.Request) -> Any:
    async with asyncio.timeout(PATIENCE):
        return await request.json()
