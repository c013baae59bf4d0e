"""How far each network is from what the processor can do: multiply-accumulates and bytes against its measured peaks."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from realtime.bench import testcard
from realtime.bench.child import environment
from realtime.bench.stages import WARM, Opener
from realtime.contracts import Pipeline
from realtime.model import Model, runtime, taken
from realtime.pipeline import SHIPPED
from realtime.recognise import BATCH
from realtime.setup import Setup
from realtime.stats import Stopwatch
from realtime.values import Frame

# A fresh process, because numpy's matrix library takes its number of threads when it is loaded.
PEAKS = """
import json, time, numpy as np
a, b, c = (np.ones((1024, 1024), np.float32) for _ in range(3))
x, y = np.ones(1 << 25, np.uint8), np.empty(1 << 25, np.uint8)
def best(work):
    spent = []
    for _ in range(12):
        begin = time.perf_counter(); work(); spent.append(time.perf_counter() - begin)
    return min(spent)
print(json.dumps([1024**3 / best(lambda: np.matmul(a, b, out=c)), 2 * x.nbytes / best(lambda: np.copyto(y, x))]))
"""


@dataclass(frozen=True)
class Peak:
    """What one core does at most per second: int8 multiply-accumulates, and bytes read and written."""

    macs: float
    bytes: float
    ratio: int  # int8 multiply-accumulates for each float32 one


@dataclass(frozen=True)
class Load:
    """What a network has to do in a frame on average, and the milliseconds that it takes."""

    stage: str
    calls: float
    macs: float
    bytes: float
    ms: float

    def floor(self, peak: Peak) -> float:
        """Milliseconds that no program can be faster than on this core."""
        return 1000 * max(self.macs / peak.macs, self.bytes / peak.bytes)


class Watched:
    """A network that counts the shapes it is called with, and its time."""

    def __init__(self, net: Model, watch: Stopwatch, stage: str) -> None:
        self.net, self._watch, self._stage = net, watch, stage
        self.shapes: Counter[tuple[int, ...]] = Counter()

    def __call__(self, batch: np.ndarray) -> Any:
        self.shapes[batch.shape] += 1
        with self._watch(self._stage):
            return self.net(batch)


def film(mode: str, size: tuple[int, int], objects: int, count: int) -> list[Frame]:
    """Frames of a film drawn for it."""
    return [Frame(k, k / testcard.FPS, x, "film") for k, x in enumerate(testcard.frames(mode, size, objects, count))]


def faults(pipeline: Pipeline, mode: str, size: tuple[int, int], objects: int, count: int = 50) -> float:
    """Memory pages that the system hands out for a frame once the sizes are known: near 0 where all is reused."""
    frames = film(mode, size, objects, 2 * count)
    for frame in frames[:count]:
        pipeline(frame)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for frame in frames[count:]:
        pipeline(frame)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / count


def loads(opener: Opener, mode: str, size: tuple[int, int], objects: int, count: int = 60) -> list[Load]:
    """What every network of `opener(instrument)` does in a frame of a film drawn for it."""
    watch, watched = Stopwatch(), dict[str, Watched]()

    def instrument(net: Model, network: str) -> Watched:
        return watched.setdefault(network, Watched(net, watch, network))

    pipeline = opener(instrument)
    for frame in film(mode, size, objects, count + WARM):
        if frame.index == WARM:
            watch.take()
            for net in watched.values():
                net.shapes.clear()
        pipeline(frame)
    spent = watch.take()
    return [load_of(stage, net, spent.get(stage, 0.0), count) for stage, net in watched.items()]


def batched(net: Model, count: int = 40) -> float:
    """What reading a text takes in a batch, as a share of what it takes alone."""
    batch = np.random.default_rng(1).integers(0, 256, (BATCH, net.spec.height, net.spec.width, 1), np.uint8)
    watch = Stopwatch()
    for k in range(count):
        if k == WARM:
            watch.take()
        with watch("batch"):
            net(batch)
        with watch("alone"):
            for one in batch:
                net(one[None])
    spent = watch.take()
    return spent["batch"] / spent["alone"]


def load_of(stage: str, net: Watched, ms: float, frames: int) -> Load:
    """The mean over the frames."""
    costs = {shape: cost(net.net, shape) for shape in net.shapes}
    macs, moved = (sum(n * costs[shape][i] for shape, n in net.shapes.items()) / frames for i in (0, 1))
    return Load(stage, sum(net.shapes.values()) / frames, macs, moved, ms / frames)


def cost(model: Model, shape: tuple[int, ...]) -> tuple[int, int]:
    """Multiply-accumulates and bytes that one call takes: every tensor written once, and read once where it is used."""
    interpreter = plain_interpreter(model, shape)
    tensors = {t["index"]: t for t in interpreter.get_tensor_details()}
    done = _operations(interpreter)
    steps = [(o["op_name"], known(tensors, o["inputs"]), known(tensors, o["outputs"])) for o in done]
    macs = sum(multiplications(name, inputs, outputs) for name, inputs, outputs in steps)
    return macs, sum(size_of(tensor) for _, inputs, outputs in steps for tensor in (*inputs, *outputs))


def plain_interpreter(model: Model, shape: tuple[int, ...]) -> Any:
    """An interpreter without delegates, so that every operation is there to be counted."""
    module = runtime()
    plain = module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = module.Interpreter(model_content=model.path.read_bytes(), experimental_op_resolver_type=plain)
    source = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(source["index"], taken(shape, source))
    interpreter.allocate_tensors()
    return interpreter


def _operations(interpreter: Any) -> list[dict[str, Any]]:
    details: list[dict[str, Any]] = interpreter._get_ops_details()  # no public way; the tests notice when it goes
    return details


def known(tensors: Mapping[int, dict[str, Any]], indices: Iterable[int]) -> list[dict[str, Any]]:
    """The tensors of an operation; an input that is left out has no index."""
    return [tensors[i] for i in indices if i in tensors]


def multiplications(name: str, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> int:
    """Multiply-accumulates of an operation; 0 for those that only move, add or compare."""
    if name not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        return 0
    kernel = inputs[1]["shape"]  # (out, height, width, in), (1, height, width, out) or (out, in)
    per_output = np.prod(kernel[1:3]) if name == "DEPTHWISE_CONV_2D" else np.prod(kernel[1:])
    return int(np.prod(outputs[0]["shape"]) * per_output)


def size_of(tensor: dict[str, Any]) -> int:
    """Bytes of a tensor."""
    return int(np.prod(tensor["shape"]) * np.dtype(tensor["dtype"]).itemsize)


def peak() -> Peak:
    """Measured: float32 products of 1024x1024 matrices and copies of 32 MB, on one thread, best of twelve.

    int8 is taken as 4 times float32 where the processor has dot products of bytes (VNNI, SDOT), else as 2 times.
    """
    done = subprocess.run([sys.executable, "-c", PEAKS], env=environment(threads=1), capture_output=True, check=True)
    macs, moved = json.loads(done.stdout)
    ratio = 4 if dot_products() else 2
    return Peak(ratio * macs, moved, ratio)


def dot_products(facts: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor multiplies and adds four bytes in one lane at once."""
    words = set(facts.read_text().split()) if facts.exists() else set()
    return bool(words & {"avx512_vnni", "avx_vnni", "asimddp"})


def report(modes: str, size: tuple[int, int], objects: int, count: int, models: str | None) -> str:
    """How far each network of each mode is from its floor, and how much fresh memory a frame takes."""
    best, parts = peak(), list[str]()
    for mode in modes.split(","):
        opener = Setup(mode, models).reader
        fresh = faults(opener(), mode, size, objects)
        share = batched(Model((Path(models) if models else SHIPPED) / f"{mode}-reader.tflite"))
        parts += [f"{mode}, {size[0]}x{size[1]}", load_table(loads(opener, mode, size, objects, count), best)]
        parts += [f"a text read in a batch of {BATCH} takes {share:.2f} of the time that it takes alone"]
        parts += [f"fresh memory pages per frame: {fresh:.1f}", ""]
    return "\n".join(parts).rstrip()


def load_table(found: Sequence[Load], best: Peak) -> str:
    """The loads for people, largest gap to the floor last."""
    rows = [f"{'network':10s}{'calls':>7s}{'M macs':>9s}{'MB':>8s}{'ms':>8s}{'floor':>8s}{'times':>7s}"]
    ranked = sorted(found, key=lambda load: load.ms - load.floor(best))
    for load in ranked:
        floor = load.floor(best)
        figures = f"{load.calls:7.1f}{load.macs / 1e6:9.1f}{load.bytes / 1e6:8.2f}{load.ms:8.2f}{floor:8.2f}"
        rows.append(f"{load.stage:10s}{figures}{load.ms / floor if floor else 0.0:7.1f}")
    last = ranked[-1]
    rows += ["", f"largest gap: {last.stage}, {last.ms - last.floor(best):.2f} ms per frame"]
    rows += [f"one core: {best.macs / 1e9:.0f} G int8 macs per second (float32 measured, times {best.ratio}), "]
    rows[-1] += f"{best.bytes / 1e9:.1f} GB per second copied"
    return "\n".join(rows)
