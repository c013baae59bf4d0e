"""Readers to compare: this program and other people's, each opened with its best documented settings.

`python -m realtime.bench.engines NAME JOBS.json` is the process of one of them: it reads the pictures that JOBS.json
lists and prints one line of JSON per answer.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import ArrayLike

from realtime.bench.child import ROOT
from realtime.errors import SourceError, UserError
from realtime.stats import peak_memory

SIGN = "@reader "  # begins the lines that are ours; some readers print as they like
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
WHITELISTS = {"digits": "0123456789.", "plates": LETTERS + "0123456789", "characters": ""}
Answer = list[tuple[str, list[float] | None]]  # texts, each with its box x0, y0, x1, y1 or None


@dataclass(frozen=True)
class PictureKind:
    """A kind of picture: which mode reads it, and whether the picture is the text itself."""

    name: str
    mode: str
    whole: bool
    folders: tuple[str, ...]
    text: str = "text"  # the column that holds the truth


CROPS = ("taiwan", "europe", "europe_two_line", "brazil", "us", "china", "argentina", "sweden")
SCENES = ("china", "argentina", "dashcam")
KINDS = (
    PictureKind("plate crops", "plates", True, tuple(f"plates/crops/{name}" for name in CROPS)),
    PictureKind("plates in the street", "plates", False, tuple(f"plates/scenes/{name}" for name in SCENES)),
    PictureKind("words", "characters", True, ("characters/iiit5k_words",)),
    PictureKind("displays", "digits", False, ("digits/fuel_pumps",), "digits_before_point"),
)


Read = Callable[[np.ndarray, PictureKind], "Answer | None"]  # None: this is no picture for that reader


def answer_all(name: str, job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A line per picture, then one with the version, the memory and the size; or one that says why there is none."""
    try:
        opener, packages = READERS[name]
        read = opener(job["models"])
    except (ImportError, AttributeError, UserError, OSError, RuntimeError, ValueError) as error:
        yield {"absent": f"{error}".splitlines()[0] or type(error).__name__}
        return
    for kind in KINDS:
        for k, path in enumerate(job["pictures"].get(kind.name, ())):
            image = cv2.imread(path)
            if image is None:
                raise SourceError(f"{path} cannot be read.")
            if k == 0:
                if read(image, kind) is None:
                    break
                yield {"warm": kind.name}
            begin = time.perf_counter()
            answer = read(image, kind)
            yield {"kind": kind.name, "answer": answer, "ms": 1000 * (time.perf_counter() - begin)}
    yield {"version": version_of(packages[0]), "memory": peak_memory(), "size": installed(packages)}


def glyphcam(models: str | None) -> Read:
    """This program: each kind of picture by its mode."""
    from realtime.pipeline import Pipeline, load

    held: dict[str, Pipeline] = {}

    def read(image: np.ndarray, kind: PictureKind) -> Answer | None:
        if kind.mode not in held:
            try:
                held[kind.mode] = cast(Pipeline, load(kind.mode, models))  # of one mode
            except UserError:
                return None
        if kind.whole:
            return [(held[kind.mode].read_whole(image).text, None)]
        return [(s.reading.text, list(s.box)) for s in held[kind.mode].read(image)]

    return read


def rapidocr(_: str | None) -> Read:
    """RapidOCR 3, PP-OCRv6 as it comes. Lines are read without finding them first, as its page on speed advises."""
    module = importlib.import_module("rapidocr")
    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    engine = module.RapidOCR(params={**threads, "Global.log_level": "critical"})

    def lines(image: np.ndarray, **options: bool) -> Answer:
        found = engine(image, **options)
        if found.txts is None:
            return []
        boxes = found.boxes if getattr(found, "boxes", None) is not None else [None] * len(found.txts)
        return [(text, rectangle(box)) for text, box in zip(found.txts, boxes, strict=True)]

    return with_lines(lines)


def rapidocr_v4(_: str | None) -> Read:
    """RapidOCR 1.4 with the smaller PP-OCRv4."""
    engine = importlib.import_module("rapidocr_onnxruntime").RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)

    def lines(image: np.ndarray, **options: bool) -> Answer:
        found, _ = engine(image, **options)
        if not found:
            return []
        return [(row[1], rectangle(row[0])) if len(row) == 3 else (row[0], None) for row in found]

    return with_lines(lines)


def with_lines(lines: Callable[..., Answer]) -> Read:
    """Pictures that are one line are read as such; square ones may hold two: found first, else read as one line."""
    found = {"use_det": True, "use_cls": True, "use_rec": True}  # said each time: version 3 keeps what was said last
    alone = {"use_det": False, "use_cls": False, "use_rec": True}

    def read(image: np.ndarray, kind: PictureKind) -> Answer:
        if not kind.whole:
            return lines(image, **found)
        flat = image.shape[1] >= 2 * image.shape[0] or kind.mode != "plates"
        return lines(image, **alone) if flat else lines(image, **found) or lines(image, **alone)

    return read


def tesseract(_: str | None) -> Read:
    """Tesseract 5 in the process, as its page on quality advises: gray, dark on light, enlarged, with a border.

    Page segmentation: 7 for a line, 6 for a square plate, 8 for a word, 11 for text anywhere; characters are limited to
    those that can occur, and its dictionaries are off where texts are no words. Height, inversion and the choice not to
    binarise did best among 28 ways on the training pictures.
    """
    module = importlib.import_module("tesserocr")
    folders = sorted(Path("/usr/share/tesseract-ocr").glob("*/tessdata"))
    if not folders:
        raise UserError("No language data is installed (apt-get install tesseract-ocr-eng).")
    no_words = {"load_system_dawg": "0", "load_freq_dawg": "0"}
    held = {}

    def read(image: np.ndarray, kind: PictureKind) -> Answer:
        if kind.mode not in held:
            ways = {} if kind.mode == "characters" else {"variables": no_words}
            held[kind.mode] = module.PyTessBaseAPI(path=str(folders[-1]), lang="eng", **ways)
            held[kind.mode].SetVariable("tessedit_char_whitelist", WHITELISTS[kind.mode])
        api, (gray, scale) = held[kind.mode], prepared(image, kind)
        api.SetPageSegMode(getattr(module.PSM, segmentation(image, kind)))
        api.SetImageBytes(gray.tobytes(), gray.shape[1], gray.shape[0], 1, gray.shape[1])
        if kind.whole:
            return [(api.GetUTF8Text().strip(), None)]
        api.Recognize()
        return list(text_lines(module, api, scale))

    return read


def text_lines(module: ModuleType, api: Any, scale: float) -> Iterator[tuple[str, list[float]]]:
    """The lines that Tesseract found, with boxes in the picture before it was prepared."""
    level = module.RIL.TEXTLINE
    for line in module.iterate_level(api.GetIterator(), level):
        if not line.Empty(level):
            yield line.GetUTF8Text(level), [(v - 10) / scale for v in line.BoundingBox(level)]


def segmentation(image: np.ndarray, kind: PictureKind) -> str:
    """The name of Tesseract's page segmentation mode for a picture."""
    if not kind.whole:
        return "SPARSE_TEXT"
    if kind.mode == "characters":
        return "SINGLE_WORD"
    return "SINGLE_LINE" if image.shape[1] >= 2 * image.shape[0] else "SINGLE_BLOCK"


def prepared(image: np.ndarray, kind: PictureKind) -> tuple[np.ndarray, float]:
    """Gray, dark on light, enlarged, with a border of 10 pixels; and by how much it was enlarged."""
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    height = 64 * (2 if segmentation(image, kind) == "SINGLE_BLOCK" else 1)
    scale = height / gray.shape[0] if kind.whole else max(1.0, 1500 / max(gray.shape))
    gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    if kind.whole and (cv2.threshold(gray, 0, 255, cv2.THRESH_OTSU)[1] > 0).mean() < 0.5:
        gray = 255 - gray
    edge = int(np.median(np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])))
    return cv2.copyMakeBorder(gray, 10, 10, 10, 10, cv2.BORDER_CONSTANT, value=edge), scale


def cascades(_: str | None) -> Read:
    """OpenCV's plate cascade: it finds and reads nothing."""
    if not hasattr(cv2, "CascadeClassifier"):
        raise UserError(f"OpenCV {cv2.__version__} no longer has cascades.")
    finder = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_russian_plate_number.xml"))
    cv2.setNumThreads(1)

    def read(image: np.ndarray, kind: PictureKind) -> Answer | None:
        if kind.mode != "plates" or kind.whole:
            return None
        gray = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
        return [("", [float(v) for v in (x, y, x + w, y + h)]) for x, y, w, h in finder.detectMultiScale(gray, 1.1, 3)]

    return read


READERS: dict[str, tuple[Callable[[str | None], Read], tuple[str, ...]]] = {
    "glyphcam": (glyphcam, ("glyphcam", "numpy", "opencv-python", "imutils", "click", "tqdm", "ai-edge-litert")),
    "RapidOCR, PP-OCRv6": (rapidocr, ("rapidocr", "onnxruntime")),
    "RapidOCR, PP-OCRv4": (rapidocr_v4, ("rapidocr-onnxruntime",)),
    "Tesseract": (tesseract, ("tesserocr", "apt:tesseract-ocr-eng")),
    "OpenCV cascade": (cascades, ("opencv-python",)),
}


def rectangle(points: ArrayLike | None) -> list[float] | None:
    """The upright box around points (n, 2)."""
    if points is None:
        return None
    points = np.asarray(points, float).reshape(-1, 2)
    return [*points.min(0).tolist(), *points.max(0).tolist()]


def version_of(package: str) -> str:
    """The installed version of a distribution; "" where it runs from its source."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def installed(packages: Iterable[str]) -> int:
    """Bytes on disk of distributions and all that they need; this program's own folders where it is not installed."""
    found: dict[str, int] = {}
    waiting = list(packages)
    while waiting:
        name = re.split(r"[^A-Za-z0-9._:-]", waiting.pop())[0].lower().replace("_", "-")
        if name not in found:
            found[name], needs = size_and_needs(name)
            waiting += needs
    return sum(found.values())


def size_and_needs(name: str) -> tuple[int, list[str]]:
    """Bytes of one distribution, and the requirements that hold here."""
    if name.startswith("apt:"):
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Installed-Size}", name[4:]], capture_output=True, text=True)
        return 1024 * int(done.stdout or 0), []
    try:
        dist = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return (sum(folder_size(ROOT / part) for part in ("realtime", "models")) if name == "glyphcam" else 0), []
    files = [Path(str(path.locate())) for path in dist.files or ()]
    sizes = [path.stat().st_size for path in files if path.is_file()]
    return sum(sizes), [need for need in dist.requires or () if "extra ==" not in need]


def folder_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


if __name__ == "__main__":
    for line in answer_all(sys.argv[1], json.loads(Path(sys.argv[2]).read_text())):
        print(SIGN + json.dumps(line), flush=True)
