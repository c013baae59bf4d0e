"""Run a .tflite file: the only file that knows the runtime."""

from __future__ import annotations

import hashlib
import importlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from realtime.errors import ModelError
from realtime.modes import Mode
from realtime.spec import AGAIN, ModelSpec, load_spec

BLOCK = 4  # pixels a side of what some networks take as channels; the four of a row are moved as one number
MOST_SHAPES = 10  # enough for five levels of a picture, upright and from the side
Ready = tuple[Any, dict[str, Any], list[dict[str, Any]]]  # an interpreter, its input and its outputs
log = logging.getLogger(__name__)
RUNTIMES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")


def runtime() -> ModuleType:
    """The first TFLite runtime that is installed, as its interpreter module; ModelError where there is none."""
    for name in RUNTIMES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise ModelError("No TFLite runtime is installed.", "Run: pip install ai-edge-litert (or tflite-runtime).")


class Model:
    """An int8 network as a function: uint8 (n, height, width, 1) -> float32 outputs.

    A network may take blocks of 4 x 4 pixels as channels, (n, height / 4, width / 4, 16), which its first layer goes
    through faster. One interpreter serves each input shape, so that a picture size is planned once;
    the last few are kept. With several outputs a tuple is returned, in order of their names.
    """

    _greeted = False  # whether the runtime has said what it says once

    def __init__(self, path: Path, spec: ModelSpec | None = None, threads: int = 1) -> None:
        self.path, self.threads = Path(path), threads
        self._content = self._read()
        self.spec = spec or load_spec(self.path.with_suffix(".json"))
        self._interpreters: dict[tuple[int, ...], Ready] = {}
        # The bytes in memory are compared, so that what runs is what was checked.
        if self.spec.sha256 != hashlib.sha256(self._content).hexdigest():
            raise ModelError(f"{self.path} is not the file its sidecar describes (other sha256).", "Export it again.")

    def _read(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError:
            hint = "Name the folder that holds the models with --models."
            raise ModelError(f"{self.path} is missing.", hint) from None

    def __call__(self, batch: np.ndarray) -> Any:
        interpreter, source, outputs = self._prepared(batch.shape)
        interpreter.set_tensor(source["index"], grouped(batch, int(source["shape"][-1])))
        interpreter.invoke()
        values = tuple(_floats(interpreter.get_tensor(o["index"]), *o["quantization"]) for o in outputs)
        return values if len(values) > 1 else values[0]

    def check(self) -> None:
        """Raises ModelError where the network's input and outputs are not those that its sidecar describes."""
        shape, outputs = expected(self.spec)
        _, source, got = self._plan(shape)
        signature = tuple(map(int, source["shape_signature"]))
        fits = len(signature) == 4 and all(a in (-1, b) for a, b in zip(signature, taken(shape, source), strict=True))
        fits &= not self.spec.any_width or signature[2] == -1
        found = tuple(tuple(map(int, o["shape"])) for o in got)
        if source["dtype"] is not np.uint8 or not fits or found != outputs:
            asked = (*shape[:2], "any width", 1) if self.spec.any_width else shape
            text = f"{self.path} takes {signature} and gives {found}, but its sidecar says {asked} and {outputs}."
            raise ModelError(text, AGAIN)

    def _prepared(self, shape: tuple[int, ...]) -> Ready:
        """Interpreter, input and output details for one input shape."""
        ready = self._interpreters.pop(shape, None) or self._plan(shape)
        self._interpreters[shape] = ready  # the last used is the last; the first goes when they are too many
        if len(self._interpreters) > MOST_SHAPES:
            del self._interpreters[next(iter(self._interpreters))]
        return ready

    def _plan(self, shape: tuple[int, ...]) -> Ready:
        try:
            return self._allocated(shape)
        except (ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise ModelError(
                f"{self.path} cannot be run on {shape} by this runtime ({reason}).", "Export it again."
            ) from None

    def _allocated(self, shape: tuple[int, ...]) -> Ready:
        if Model._greeted:
            return self._made(shape)
        Model._greeted = True
        with hushed():
            return self._made(shape)

    def _made(self, shape: tuple[int, ...]) -> Ready:
        interpreter = runtime().Interpreter(model_content=self._content, num_threads=self.threads)
        source = interpreter.get_input_details()[0]
        interpreter.resize_tensor_input(source["index"], taken(shape, source))
        interpreter.allocate_tensors()
        return interpreter, source, sorted(interpreter.get_output_details(), key=lambda o: o["name"])


@contextmanager
def hushed() -> Iterator[None]:
    """Without the greeting that the runtime writes to standard error of its own accord, unless that is wanted.

    It speaks from outside of Python, once, when its first network is ready; what fails is raised.
    """
    if log.isEnabledFor(logging.DEBUG):
        yield
        return
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def open_model(folder: Path, mode: Mode, kind: str, threads: int = 1) -> Model:
    """The model of a mode and a kind in a folder. Raises ModelError where it is another one, or not what it says."""
    model = Model(folder / f"{mode.name}-{kind}.tflite", threads=threads)
    check_asked(model.spec, mode, kind, model.path.with_suffix(".json"))
    model.check()
    return model


def check_asked(spec: ModelSpec, mode: Mode, kind: str, path: Path) -> None:
    """Raises ModelError where a sidecar describes another model than the one that was asked for."""
    if (spec.mode, spec.network) != (mode.name, kind):
        text = f"{path} describes the {spec.kind} for {spec.mode!r}, but the {kind} for {mode.name!r} was asked for."
        raise ModelError(text, "Give every model the name of its mode and kind.")
    if kind in ("reader", "classifier") and spec.alphabet != mode.alphabet_of(kind):
        raise ModelError(f"{path}: the alphabet {spec.alphabet!r:.80} is not that of {mode.name}.", AGAIN)
    if kind == "locator" and (spec.stride < 1 or spec.height % spec.stride or spec.width % spec.stride):
        raise ModelError(f"{path}: stride is {spec.stride}, which does not divide the window's sides.", AGAIN)


def expected(spec: ModelSpec) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """An input's shape, (1, h, w, 1), and the shapes of the outputs that it must give, in order of their names.

    A locator is asked for two by two windows, so that its stride shows.
    """
    if spec.kind == "locator":
        sides = spec.height + spec.stride, spec.width + spec.stride
        return (1, *sides, 1), ((1, 2, 2, 8), (1, 2, 2, 1))
    if spec.kind == "text-locator":
        rows, columns = spec.height // (2 * spec.stride), spec.width // (2 * spec.stride)  # 2 x 2 cells in each place
        return (1, spec.height, spec.width, 1), ((1, rows, columns, 24), (1, rows, columns, 4))
    if spec.kind == "corners":
        outputs: tuple[tuple[int, ...], ...] = ((1, 8), (1, 1))
    else:
        outputs = ((1, spec.slots, spec.classes) if spec.kind == "reader" else (1, spec.classes),)
    return (1, spec.height, spec.width, 1), outputs


def taken(shape: tuple[int, ...], source: dict[str, Any]) -> tuple[int, ...]:
    """The input's shape for pictures of `shape`, (n, h, w, 1); `source` are the input's details. Raises ValueError."""
    channels = int(source["shape"][-1])
    side = BLOCK if channels == BLOCK**2 else 1
    if shape[3] != 1 or channels != side**2 or shape[1] % side or shape[2] % side:
        raise ValueError(f"it takes {channels} channels from one, and sides that {side} divides")
    return (shape[0], shape[1] // side, shape[2] // side, channels)


def grouped(batch: np.ndarray, channels: int) -> np.ndarray:
    """Blocks of 4 x 4 pixels as 16 channels, row by row: uint8 (n, h, w, 1) -> (n, h / 4, w / 4, 16); or as it is."""
    if channels == 1:
        return batch
    count, height, width, _ = batch.shape
    rows = np.ascontiguousarray(batch[..., 0]).view(np.uint32)  # four pixels of a row move as one
    blocks = rows.reshape(count, height // BLOCK, BLOCK, width // BLOCK).transpose(0, 1, 3, 2)
    return np.ascontiguousarray(blocks).view(np.uint8).reshape(count, height // BLOCK, width // BLOCK, channels)


def _floats(values: np.ndarray, scale: float, zero: int) -> np.ndarray:
    """Quantised numbers as float32, by the tensor's own scale and zero point."""
    if not scale:
        return values.astype(np.float32, copy=False)
    found = values.astype(np.float32)
    found -= np.float32(zero)
    found *= np.float32(scale)  # in place: a map of a picture fills a megabyte
    return found
