"""Kind B: what a source is was decided by its spelling."""

import shutil
import threading
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from conftest import write_clip, write_picture
from reports.made import encoded, ffmpeg, film, needs_ffmpeg, read, silenced

from realtime.archive.job import fetched
from realtime.capture.kinds import Kind, kind_of
from realtime.capture.open import open_source


@pytest.mark.parametrize("name", ["a.jfif", "a.jpe", "a", "a.heic", "a.mp4", "a.txt"])
def test_a_picture_is_a_still_whatever_its_name(tmp_path, name):
    (tmp_path / name).write_bytes(encoded(".jpg"))
    frames, said = read(tmp_path / name)
    assert [frame.still for frame in frames] == [True] and said == ""


@pytest.mark.parametrize("name", ["a", "a.jpg", "a.txt", "a.dat"])
def test_a_recording_is_one_whatever_its_name(tmp_path, name):
    write_clip(tmp_path / "clip.avi", 5).rename(tmp_path / name)
    frames, said = read(tmp_path / name)
    assert len(frames) == 5 and not any(frame.still for frame in frames) and said == ""


@needs_ffmpeg
@pytest.mark.parametrize("ending", [".mp4", ".gif", ".webm"])
def test_a_film_of_one_frame_is_a_still(tmp_path, ending):
    frames, said = read(film(tmp_path / f"a{ending}", 1, {".gif": "gif", ".webm": "libvpx"}.get(ending, "mpeg4")))
    assert [frame.still for frame in frames] == [True] and said == ""


@needs_ffmpeg
def test_a_stream_of_jpegs_is_a_recording(tmp_path):
    path = ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x48:rate=5", "-frames:v", 5, "-f", "mjpeg", tmp_path / "a.mjpg")
    assert kind_of(str(path)) is Kind.VIDEO and len(read(path)[0]) == 5


@pytest.mark.parametrize("name", ["notes.txt", "notes", "notes.mp4", "notes.nfo"])
def test_a_text_is_never_rendered(tmp_path, name):
    (tmp_path / name).write_text("meter 4711\n" * 33)
    frames, said = read(tmp_path / name)
    assert frames == [] and "is text, neither a picture nor a video" in said


def test_a_text_in_a_glob_is_passed_over_and_named(tmp_path, caplog):
    caplog.set_level("INFO", "realtime")
    write_picture(tmp_path / "a.png")
    (tmp_path / "readings.txt").write_text("meter 4711\n" * 33)
    frames, said = read(tmp_path / "*")
    assert len(frames) == 1 and said == "" and "readings.txt" in caplog.text


def test_what_exists_is_no_camera_and_no_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "2024").mkdir()
    write_picture(tmp_path / "2024" / "a.png")
    shutil.copy(write_clip(tmp_path / "clip.avi", 3), "cam:front.avi")
    assert len(read("2024")[0]) == 1
    assert len(read("cam:front.avi")[0]) == 3
    assert len(read(["cam:front.avi", "2024"])[0]) == 4
    assert len(read(f"file://{tmp_path}/2024/a.png")[0]) == 1


def test_a_query_does_not_hide_an_ending(tmp_path):
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://clips/a.avi", "wb") as file:
        file.write(write_clip(tmp_path / "a.avi", 3).read_bytes())
    with fetched("memory://clips/a.avi") as copy:
        assert copy.endswith("/a.avi") and len(read(copy)[0]) == 3


@contextmanager
def camera(pictures, user=""):
    """A camera that answers each request with its next picture."""
    shown = iter(pictures)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            if user and self.headers.get("Authorization") != user:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Type", "image/jpeg")
            self.end_headers()
            self.wfile.write(next(shown, pictures[-1]))

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}/snap.jpg?a=1"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(("login", "header"), [("", ""), ("me:s%40y@", "Basic bWU6c0B5")])
def test_a_picture_behind_an_address_is_asked_for_again_and_again(login, header):
    grays = [encoded(".jpg", np.full((48, 64), 40 * k, np.uint8)) for k in range(6)]
    with camera(grays, header) as place, open_source(f"http://{login}{place}", max_fps=50) as source:
        frames = iter(source)
        seen = [next(frames) for _ in range(4)]
    assert source.live and not any(frame.event or frame.still for frame in seen)
    values = [int(frame.image.mean()) // 40 for frame in seen]
    assert values == sorted(set(values)), "each picture once, in order"
    assert "s@y" not in source.name and "s%40y" not in source.name


@contextmanager
def served(folder):
    """A web server for the files in a folder."""

    class Files(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = partial(Files, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@needs_ffmpeg
def test_a_recording_behind_an_address_is_read_to_its_end(tmp_path):
    film(tmp_path / "a.mp4", 30)
    silenced(write_clip(tmp_path / "damaged.avi", 40), b"00dc", 20)
    with served(tmp_path) as address:
        frames, said = read(f"{address}/a.mp4?token=1")
        assert len(frames) == 30 and said == "" and not frames[0].still
        frames, said = read(f"{address}/damaged.avi")
        assert len(frames) == 39 and "1 frame in it could not be decoded" in said
        assert "does not deliver video" in read(f"{address}/none.mp4")[1]
