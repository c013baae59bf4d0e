"""Fetching public sets: small archives made here, served by a server of this machine."""

import gzip
import hashlib
import http.server
import io
import json
import tarfile
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from realtime.errors import SourceError
from train.datasets import SETS, load_shared, there
from train.datasets import download as module
from train.datasets.download import check, command, digest, prepare
from train.datasets.sources import SOURCES, Archive, PublicSet
from train.datasets.unpack import unpack
from train.sampling.load import load_labelled
from train.sampling.recipes import SPECS, TAKES


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `files`, whole or from an offset; stops after `limit` bytes of a body; notes what it was asked."""

    def do_GET(self):
        server = self.server
        server.asked.append((self.path, self.headers.get("Range")))
        content = server.files.get(self.path)
        if content is None:
            return self.send_error(404)
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1]) if server.ranges else 0
        if start >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            return self.end_headers()
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        return self.wfile.write(content[start:][: server.limit])

    def log_message(self, *args):
        pass


@pytest.fixture
def site():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.asked, server.limit, server.ranges = {}, [], None, True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def tgz(members: dict[str, bytes], *extra: tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in extra:
            archive.addfile(info)
    return out.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def serve(site, name: str, content: bytes, pinned: bool = True) -> dict[str, PublicSet]:
    """One set "letters" of one archive on the site."""
    site.files[f"/{name}"] = content
    size, sha = (len(content), "sha256:" + hashlib.sha256(content).hexdigest()) if pinned else (0, "")
    return {"letters": PublicSet("http://page.example", "free", (Archive(f"{site.url}/{name}", size, sha),))}


def test_a_set_is_fetched_checked_and_unpacked_once(tmp_path, site):
    sources = serve(site, "letters.tgz", tgz({"English/a.txt": b"A", "English/Hnd/b.txt": b"B"}))
    target = prepare("letters", tmp_path, sources)
    assert (target / "English/Hnd/b.txt").read_bytes() == b"B"
    said = []
    assert prepare("letters", tmp_path, sources, said.append) == target
    assert len(site.asked) == 1 and "already" in said[0]
    check("letters", tmp_path, sources)


def test_a_broken_download_goes_on_where_it_stopped(tmp_path, site):
    content = tgz({"a.bin": np.random.default_rng(1).bytes(5000)})
    sources = serve(site, "letters.tgz", content)
    site.limit = 1000
    with pytest.raises(SourceError, match=r"broke off.*Run it again"):
        prepare("letters", tmp_path, sources)
    assert not (tmp_path / "archives/letters.tgz").exists() and not (tmp_path / "public").exists()
    site.limit = None
    prepare("letters", tmp_path, sources)
    assert [r for _, r in site.asked] == [None, "bytes=1000-"]
    assert (tmp_path / "archives/letters.tgz").read_bytes() == content


def test_a_server_without_ranges_starts_over(tmp_path, site):
    content = tgz({"a.txt": b"A" * 3000})
    sources = serve(site, "letters.tgz", content)
    (tmp_path / "archives").mkdir()
    (tmp_path / "archives/letters.tgz.part").write_bytes(b"something longer than the file itself" * 99)
    site.ranges = False
    prepare("letters", tmp_path, sources)
    assert (tmp_path / "archives/letters.tgz").read_bytes() == content


@pytest.mark.parametrize("surplus", [b"", b"more than the file has"])
def test_a_part_that_reaches_the_end_is_taken_or_fetched_anew(tmp_path, site, surplus):
    content = tgz({"a.txt": b"A"})
    sources = serve(site, "letters.tgz", content)
    (tmp_path / "archives").mkdir()
    (tmp_path / "archives/letters.tgz.part").write_bytes(content + surplus)
    prepare("letters", tmp_path, sources)
    assert (tmp_path / "archives/letters.tgz").read_bytes() == content


def test_another_file_than_published_is_refused_and_nothing_is_unpacked(tmp_path, site):
    sources = serve(site, "letters.tgz", tgz({"a.txt": b"A"}))
    site.files["/letters.tgz"] = tgz({"a.txt": b"tampered"})
    with pytest.raises(SourceError, match=r"not the file that was published.*Remove it"):
        prepare("letters", tmp_path, sources)
    assert not (tmp_path / "public").exists()


def test_without_a_published_hash_the_first_one_is_recorded_and_said(tmp_path, site):
    sources, said = serve(site, "letters.tgz", tgz({"a.txt": b"A"}), pinned=False), []
    prepare("letters", tmp_path, sources, said.append)
    assert "No published hash" in said[0]
    path = tmp_path / "archives/letters.tgz"
    assert json.loads((tmp_path / "archives/hashes.json").read_text()) == {
        "letters.tgz": f"sha256:{digest(path, 'sha256')}"
    }
    path.write_bytes(tgz({"a.txt": b"changed"}))
    with pytest.raises(SourceError, match="not the file"):
        check("letters", tmp_path, sources)


def test_a_site_that_is_down_names_the_page_and_the_place_for_the_file(tmp_path, site):
    sources = serve(site, "letters.tgz", tgz({"a.txt": b"A"}))
    content = site.files.pop("/letters.tgz")
    with pytest.raises(SourceError, match=r"cannot be fetched.*page\.example.*archives/letters\.tgz") as error:
        prepare("letters", tmp_path, sources)
    assert "\n" not in str(error.value)
    (tmp_path / "archives/letters.tgz").write_bytes(content)  # as the sentence says
    prepare("letters", tmp_path, sources)


def test_an_unreachable_host_is_said_too(tmp_path):
    sources = {"letters": PublicSet("page", "free", (Archive("http://127.0.0.1:1/x.tgz"),))}
    with pytest.raises(SourceError, match="cannot be fetched"):
        prepare("letters", tmp_path, sources)
    sources = {"letters": PublicSet("page", "free", (Archive("file:///etc/hostname"),))}
    with pytest.raises(SourceError, match="not a web address"):
        prepare("letters", tmp_path, sources)


def test_too_little_disk_is_said_before_the_download(tmp_path, site):
    sources = {"letters": PublicSet("page", "free", (Archive(f"{site.url}/x.tgz", size=1 << 60),))}
    with pytest.raises(SourceError, match="needs"):
        prepare("letters", tmp_path, sources)
    assert not site.asked


def test_a_disk_that_fills_up_is_one_sentence(tmp_path, site, monkeypatch):
    sources = serve(site, "letters.tgz", tgz({"a.txt": b"A"}))
    monkeypatch.setattr(module, "unpack", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(SourceError, match="full"):
        prepare("letters", tmp_path, sources)
    assert not (tmp_path / "public/letters").exists()


def test_an_interrupted_unpacking_leaves_no_half_set(tmp_path, site, monkeypatch):
    sources = serve(site, "letters.tgz", tgz({"a.txt": b"A"}))
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(module, "unpack", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        prepare("letters", tmp_path, sources)
    assert not (tmp_path / "public/letters").exists()
    assert (prepare("letters", tmp_path, sources) / "a.txt").is_file()


def test_check_says_what_is_missing_and_fetches_nothing(tmp_path, site):
    sources = serve(site, "letters.tgz", tgz({"a.txt": b"A"}))
    with pytest.raises(SourceError, match="not prepared"):
        check("letters", tmp_path, sources)
    target = prepare("letters", tmp_path, sources)
    (target / "a.txt").unlink()
    asked = len(site.asked)
    with pytest.raises(SourceError, match=r"lacks 1 files, a\.txt"):
        check("letters", tmp_path, sources)
    assert len(site.asked) == asked


@pytest.mark.parametrize("name", ["../out.txt", "/out.txt", "a/../../out.txt", "..\\out.txt", "C:/out.txt"])
def test_nothing_lands_outside_the_target(tmp_path, name):
    path, target = tmp_path / "x.tgz", tmp_path / "deep/target"
    path.write_bytes(tgz({name: b"evil"}))
    with pytest.raises(SourceError, match="outside"):
        unpack(path, target)
    zipped = tmp_path / "x.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr(name, b"evil")
    with pytest.raises(SourceError, match="outside"):
        unpack(zipped, target)
    assert not list(tmp_path.rglob("out.txt")) and not Path("/out.txt").exists()


def test_links_and_devices_are_left_out(tmp_path):
    path = tmp_path / "x.tgz"
    path.write_bytes(
        tgz({"a.txt": b"A"}, link("l", "/etc/passwd"), link("h", "a.txt", tarfile.LNKTYPE), link("d", "", b"3"))
    )
    assert unpack(path, tmp_path / "t") == 3
    assert [p.name for p in (tmp_path / "t").iterdir()] == ["a.txt"]


def test_a_symbolic_link_in_a_zip_is_left_out(tmp_path):
    info = zipfile.ZipInfo("l")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert unpack(tmp_path / "x.zip", tmp_path / "t") == 1
    assert not (tmp_path / "t/l").exists()


def test_a_bomb_is_stopped(tmp_path):
    path = tmp_path / "x.tgz"
    path.write_bytes(tgz({"zeros": bytes(80 << 20)}))
    with pytest.raises(SourceError, match="more than such a set"):
        unpack(path, tmp_path / "t")
    assert sum(p.stat().st_size for p in (tmp_path / "t").rglob("*")) <= 80 << 20


@pytest.mark.parametrize("name", ["x.tgz", "x.zip"])
def test_a_damaged_archive_is_said(tmp_path, name):
    (tmp_path / name).write_bytes(tgz({"a": b"A" * 9999})[:60])
    with pytest.raises(SourceError, match="damaged"):
        unpack(tmp_path / name, tmp_path / "t")


def test_a_prepared_set_is_read_under_its_name(tmp_path, site):
    def idx(array):
        return gzip.compress(bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes())

    archives = []
    for part in ("train", "t10k"):
        for kind, array in (("images-idx3", np.ones((1, 28, 28), np.uint8)), ("labels-idx1", np.array([4], np.uint8))):
            site.files[f"/{part}-{kind}-ubyte.gz"] = idx(array)
            archives.append(Archive(f"{site.url}/{part}-{kind}-ubyte.gz"))
    prepare("mnist", tmp_path, {"mnist": PublicSet("page", "free", tuple(archives))})
    assert [(e.text, e.split) for e in load_shared(tmp_path, ["public/mnist"])] == [("4", "train"), ("4", "val")]


def test_every_public_set_has_a_reader_and_well_formed_hashes():
    assert {f"public/{n}" for n in SOURCES} <= set(SETS)
    lengths = {"sha256": 64, "md5": 32}
    for archive in (a for s in SOURCES.values() for a in s.archives):
        kind, _, value = archive.digest.partition(":")
        assert not kind or (len(value) == lengths[kind] and int(value, 16))
        assert archive.url.startswith("http")


def test_the_command_lists_and_refuses_unknown_names(tmp_path):
    listed = CliRunner().invoke(command, [])
    assert listed.exit_code == 0 and all(n in listed.output for n in SOURCES)
    refused = CliRunner().invoke(command, ["minst", "--data", str(tmp_path)])
    assert isinstance(refused.exception, SourceError) and "mnist" in str(refused.exception)


def test_what_is_fetched_is_what_training_and_validation_take(tmp_path, site):
    """MNIST as it is published, with a digit for training and one for validation."""
    archives = []
    for part, digit in (("train", 3), ("t10k", 8)):
        for kind, head, body in (
            ("images-idx3", (0x803, 1, 28, 28), bytes([90]) * 784),
            ("labels-idx1", (0x801, 1), bytes([digit])),
        ):
            name = f"{part}-{kind}-ubyte.gz"
            site.files[f"/{name}"] = gzip.compress(np.array(head, ">u4").tobytes() + body)
            archives.append(Archive(f"{site.url}/{name}"))
    prepare("mnist", tmp_path, {"mnist": PublicSet("http://page.example", "free", tuple(archives))}, lambda _: None)
    spec = SPECS["digits-classifier"]
    (learned,) = load_labelled(str(tmp_path), TAKES["digits-classifier"], "train", spec.alphabet)
    assert learned.text == "3" and learned.gray.shape == (28, 28)
    assert there(tmp_path, TAKES["digits-classifier"]) == ["public/mnist"]
    (held,) = load_labelled(str(tmp_path), TAKES["digits-classifier"], "val", spec.alphabet)
    assert held.text == "8"
