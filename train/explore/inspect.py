"""Look inside a network: what every layer sees, what excites a filter, which pixels decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import cv2
import numpy as np
from tqdm import tqdm

from realtime.errors import ModelError, UserError
from realtime.model import grouped, runtime
from realtime.modes import MODES
from realtime.preprocess import fit, fit_square, to_gray
from realtime.recognise import decode, softmax
from realtime.spec import ModelSpec, load_spec
from train.datasets.example import read_picture
from train.reports import html, plots
from train.sampling.recipes import STRIDE

MOST_CHANNELS = 64  # shown per layer
WIDEST = 960  # CSS pixels of a layer's picture
TOP = 5


@dataclass(frozen=True, eq=False)
class Layer:
    """What one layer gives for one picture: float32 (h, w, c), (steps, c) or (c,)."""

    name: str
    kind: str
    values: np.ndarray


class KerasNet:
    """A .keras file, opened up."""

    def __init__(self, path: Path) -> None:
        import keras

        import train.nets  # registers what a saved network may hold  # noqa: F401

        try:
            self.model = keras.models.load_model(path, compile=False)
        except Exception as error:  # zip, JSON, HDF5 and Keras each raise their own
            raise ModelError(f"{path} is not a Keras model ({first_line(error)}).", "Name a .keras file.") from None
        outputs = self.model.output_shape
        self.spec = spec_of(path, self.model.input_shape, outputs)
        self.channels = self.model.input_shape[-1]

    def layers(self, batch: np.ndarray) -> list[Layer]:
        """Every layer's output for the first picture of a batch (1, h, w, c), in order."""
        import keras

        shown = [layer for layer in self.model.layers if not isinstance(layer, keras.layers.InputLayer)]
        opened = keras.Model(self.model.inputs[0], [layer.output for layer in shown])
        values = opened(batch.astype(np.float32), training=False)
        pairs = zip(shown, values if isinstance(values, list | tuple) else [values], strict=True)
        return [Layer(a.name, type(a).__name__, plain(v)[0]) for a, v in pairs]

    def outputs(self, batch: np.ndarray) -> dict[str, np.ndarray]:
        """The network's outputs for a batch, float32, by name ("" where there is one)."""
        import keras

        return named(keras.tree.map_structure(plain, self.model(batch.astype(np.float32), training=False)))


class TfliteNet:
    """A .tflite file with every tensor kept."""

    def __init__(self, path: Path) -> None:
        module = runtime()
        try:
            self.interpreter = module.Interpreter(
                model_path=str(path),
                experimental_preserve_all_tensors=True,
                # Kernels that a delegate fuses leave nothing to look at.
                experimental_op_resolver_type=module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            )
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path} is not a TFLite model ({first_line(error)}).", "Name a .tflite file.") from None
        source = self.interpreter.get_input_details()[0]
        outputs = {o["name"]: tuple(o["shape"]) for o in self.interpreter.get_output_details()}
        self.source, self.channels = source["index"], int(source["shape"][-1])
        self.spec = spec_of(path, tuple(source["shape"]), outputs)

    def run(self, batch: np.ndarray) -> None:
        self.interpreter.resize_tensor_input(self.source, batch.shape)
        self.interpreter.allocate_tensors()
        kind = self.interpreter.get_input_details()[0]["dtype"]
        self.interpreter.set_tensor(self.source, batch.astype(kind))
        self.interpreter.invoke()

    def layers(self, batch: np.ndarray) -> list[Layer]:
        """Every operation's output for a batch (1, h, w, c), by the tensors' own scale and zero point."""
        self.run(batch)
        details = {d["index"]: d for d in self.interpreter.get_tensor_details()}
        found = []
        for operation in self.interpreter._get_ops_details():
            tensor = details[int(operation["outputs"][0])]
            values = self.tensor(tensor)
            if values.ndim > 1:  # shapes and other bookkeeping are vectors
                found.append(Layer(tensor["name"].split(";")[0], operation["op_name"], values[0]))
        return found

    def tensor(self, detail: dict) -> np.ndarray:
        values, (scale, zero) = self.interpreter.get_tensor(detail["index"]), detail["quantization"]
        return (values.astype(np.float32) - zero) * scale if scale else values.astype(np.float32)

    def outputs(self, batch: np.ndarray) -> dict[str, np.ndarray]:
        """As of KerasNet."""
        self.run(batch)
        details = sorted(self.interpreter.get_output_details(), key=lambda d: d["name"])
        values = [self.tensor(d) for d in details]
        if len(values) == 1:
            return {"": values[0]}
        return {"objectness" if v.shape[-1] == 1 else "corners": v for v in values}


Net = KerasNet | TfliteNet


def open_net(path: Path) -> Net:
    """A network of either kind; ModelError where the file is missing or is no network."""
    path = Path(path)
    kinds: dict[str, type[KerasNet | TfliteNet]] = {".keras": KerasNet, ".tflite": TfliteNet}
    if not path.is_file() or path.suffix not in kinds:
        raise ModelError(f"{path} is not a model file.", "Name a .keras or .tflite file.")
    return kinds[path.suffix](path)


def first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]


def plain(tensor) -> np.ndarray:
    """A backend's tensor as float32 numbers that no gradient hangs on."""
    from keras import ops

    return np.asarray(ops.convert_to_numpy(ops.stop_gradient(tensor)), np.float32)


def named(outputs) -> dict[str, np.ndarray]:
    return dict(outputs) if isinstance(outputs, dict) else {"": outputs}


def spec_of(path: Path, source: Sequence, outputs) -> ModelSpec:
    """The sidecar beside a model (or the only one in its folder), else what its shapes tell."""
    for candidate in [path.with_suffix(".json"), *sorted(path.parent.glob("*.json"))]:
        try:
            return load_spec(candidate)
        except ModelError:
            continue
    height, width = (int(n) if n and n > 1 else 96 for n in source[1:3])
    several = isinstance(outputs, dict) and len(outputs) > 1
    classes = 0 if several else int(next(iter(outputs.values()))[-1] if isinstance(outputs, dict) else outputs[-1])
    kind = "locator" if several else "classifier" if height == width else "reader"
    known = ((mode.name, mode.alphabet_of(kind)) for mode in MODES.values())
    name, alphabet = next((pair for pair in known if len(pair[1]) + 1 == classes), ("characters", ""))
    return ModelSpec(path.stem, name, kind, height, width, alphabet)


def network_input(image: np.ndarray, net: Net) -> np.ndarray:
    """What the network receives for a picture: uint8 (h, w), through realtime's own preprocessing."""
    gray = to_gray(image)
    if net.spec.kind == "locator":
        return gray
    return fit_square(gray, net.spec) if net.spec.kind == "classifier" else fit(gray, net.spec)


def batch_of(gray: np.ndarray, net: Net) -> np.ndarray:
    """(1, h, w, channels) of a gray picture; a locator may take blocks of pixels as channels."""
    if net.spec.kind == "locator":
        height, width = (side // STRIDE * STRIDE for side in gray.shape)
        return grouped(gray[None, :height, :width, None], net.channels)
    return np.repeat(gray[None, ..., None], net.channels, axis=-1)


def answer(outputs: dict[str, np.ndarray], spec: ModelSpec) -> str:
    """A network's outputs for one picture in words."""
    if "objectness" in outputs:
        return f"objectness up to {outputs['objectness'].max():.3f}"
    probabilities = softmax(outputs[""][0], spec.temperature)
    if probabilities.ndim == 2:
        reading = decode(probabilities, spec)
        return f"{reading.text!r} {reading.confidence:.3f}"
    names = [*(spec.alphabet or map(str, range(len(probabilities) - 1))), "none"]
    best = np.argsort(-probabilities)[:TOP]
    return ", ".join(f"{names[i]} {probabilities[i]:.3f}" for i in best)


# --- what every layer sees


def grid(layer: Layer, most: int = 48) -> np.ndarray:
    """A layer's channels as tiles, uint8 BGR: dark blue is the layer's least, yellow its most; a vector as bars."""
    values = layer.values
    if values.ndim == 1:
        return bars(values)
    low, high = values.min(), values.max()
    if values.ndim == 2:
        return coloured(values.T, low, high)
    tiles = [coloured(values[..., c], low, high) for c in range(min(values.shape[-1], MOST_CHANNELS))]
    scale = min(1.0, most / values.shape[0])
    height, width = (max(1, round(n * scale)) for n in values.shape[:2])
    columns = min(len(tiles), 16 if width < 2 * height else 8)
    return plots.sheet(tiles, columns=columns, height=height, width=width)


def coloured(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Numbers (h, w) as colours, uint8 BGR."""
    return cv2.applyColorMap(((values - low) / max(high - low, 1e-9) * 255).astype(np.uint8), cv2.COLORMAP_VIRIDIS)


def bars(values: np.ndarray, height: int = 64) -> np.ndarray:
    """Numbers (n,) as bars from zero upwards and downwards, uint8 gray."""
    most = max(float(np.abs(values).max()), 1e-9)
    level = np.linspace(1, -1, height)[:, None]
    scaled = values[None] / most
    ink = np.where(scaled >= 0, (level >= 0) & (level <= scaled), (level < 0) & (level >= scaled))
    return np.kron(np.where(ink, 60, 255).astype(np.uint8), np.ones((1, max(1, 512 // len(values))), np.uint8))


# --- which pixels decided


def chosen(outputs: dict) -> tuple[str, np.ndarray]:
    """The output that decides, and weights of its shape that pick what was answered: the winner of each step.

    Steps won by the last class (blank, none) count only where every step is; a objectness counts by itself.
    """
    if "objectness" in outputs:
        return "objectness", outputs["objectness"]
    values = outputs[""]
    winners = np.eye(values.shape[-1], dtype=np.float32)[values.argmax(-1)]
    legible = winners * (np.arange(values.shape[-1]) < values.shape[-1] - 1)
    return "", legible if legible.any() else winners


def saliency(net: Net, gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How much each pixel matters for the answer, 0 to 1, float32 (h, w)."""
    strength = by_gradient(net, gray, rng) if isinstance(net, KerasNet) else by_occlusion(net, gray, rng)
    return (strength / max(float(strength.max()), 1e-9)).astype(np.float32)


def by_gradient(net: KerasNet, gray: np.ndarray, rng: np.random.Generator, samples: int = 12) -> np.ndarray:
    """SmoothGrad (Smilkov et al. 2017): mean size of the gradient over noisy copies of the picture."""
    from keras import ops

    from train.explore.gradient import gradient

    batch = batch_of(gray, net).astype(np.float32)
    key, weights = chosen(net.outputs(batch))
    constant = ops.convert_to_tensor(weights.astype(np.float32))
    noisy = np.clip(batch + rng.normal(0, 20, (samples, *batch.shape[1:])), 0, 255).astype(np.float32)
    found = gradient(lambda x: ops.sum(named(net.model(x, training=False))[key] * constant), noisy)
    return cv2.GaussianBlur(np.abs(found).mean(axis=(0, 3)), (0, 0), 1.0)


def by_occlusion(net: Net, gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How far the answer falls when a square is painted over with the mean (Zeiler and Fergus 2014): for int8."""
    outputs = net.outputs(batch_of(gray, net))
    key, weights = chosen(outputs)
    start = float((outputs[key] * weights).sum())
    square = max(3, gray.shape[0] // 6)
    fall = np.zeros(gray.shape, np.float32)
    times = np.full(gray.shape, 1e-6, np.float32)
    for y in range(0, gray.shape[0], square // 2):
        for x in range(0, gray.shape[1], square // 2):
            place = np.s_[y : y + square, x : x + square]
            covered = gray.copy()
            covered[place] = round(float(gray.mean()))
            fall[place] += max(0.0, start - float((net.outputs(batch_of(covered, net))[key] * weights).sum()))
            times[place] += 1
    return fall / times


def overlaid(gray: np.ndarray, heat: np.ndarray, scale: int = 8) -> np.ndarray:
    """The picture, enlarged, with heat (0 to 1) over it: uint8 BGR."""
    scale = max(1, min(scale, 640 // gray.shape[1]))
    size = gray.shape[1] * scale, gray.shape[0] * scale
    base = cv2.cvtColor(cv2.resize(gray, size, interpolation=cv2.INTER_NEAREST), cv2.COLOR_GRAY2BGR)
    hot = cv2.applyColorMap((cv2.resize(heat, size) * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    return cv2.addWeighted(base, 0.45, hot, 0.55, 0)


# --- what excites a filter


def filter_layers(net: KerasNet, wanted: Sequence[str]) -> list:
    """The convolutions to look at: the named ones, else all."""
    import keras

    every = {a.name: a for a in net.model.layers if isinstance(a, keras.layers.Conv2D | keras.layers.DepthwiseConv2D)}
    if unknown := [n for n in wanted if n not in every]:
        raise UserError(f"{unknown[0]!r} is not a convolution of this model.", f"It has {', '.join(every)}.")
    return [every[n] for n in wanted] if wanted else list(every.values())


def exciting(net: KerasNet, layer, count: int, rng: np.random.Generator, steps: int = 40) -> np.ndarray:
    """Pictures that the first `count` filters of a layer answer most strongly to, uint8 (count, h, w).

    Gradient ascent on the filter's mean output from gray noise, each step as long as the last; a slight blur now and
    then keeps the picture from dissolving into single pixels.
    """
    import keras
    from keras import ops

    from train.explore.gradient import gradient

    opened = keras.Model(net.model.inputs[0], layer.output)
    count = min(count, opened.output_shape[-1])
    own = ops.convert_to_tensor(np.eye(opened.output_shape[-1], dtype=np.float32)[:count, None, None])
    x = rng.normal(128, 12, (count, net.spec.height, net.spec.width, net.channels)).astype(np.float32)
    for step in range(steps):
        slope = gradient(lambda x: ops.sum(ops.mean(opened(x, training=False) * own, axis=(1, 2))), x)
        length = np.sqrt((slope**2).mean(axis=(1, 2, 3), keepdims=True))
        x = np.clip(x + 6 * slope / np.maximum(length, 1e-12), 0, 255)
        if step % 8 == 7 and step < steps - 1:
            x = np.stack([cv2.GaussianBlur(p, (0, 0), 0.5).reshape(p.shape) for p in x])
    return x.mean(axis=3).astype(np.uint8)


# --- the page


def picture_parts(net: Net, path: Path, with_saliency: bool) -> Iterator[str]:
    """The part of the page that is about one picture."""
    image = read_picture(path)
    gray = network_input(image, net)
    batch = batch_of(gray, net)
    yield html.heading(path.name)
    yield html.paragraph(f"Answer: {answer(net.outputs(batch), net.spec)}")
    yield html.figure(plots.fitted(image, 200, 300), "the picture")
    yield html.figure(gray, "what the network receives", width=max(200, gray.shape[1]))
    if with_saliency:
        yield html.figure(overlaid(gray, saliency(net, gray, np.random.default_rng(0))), "which pixels decided")
    for layer in net.layers(batch):
        shape = "x".join(map(str, layer.values.shape))
        alone = layer.values.ndim == 3 and layer.values.shape[-1] == 1
        width = WIDEST // 4 if alone else WIDEST
        yield html.figure(grid(layer), f"{layer.name} ({layer.kind}) {shape}", width) + "<br>"


def filter_parts(net: Net, count: int, names: Sequence[str]) -> Iterator[str]:
    """The part of the page that is about filters."""
    if not isinstance(net, KerasNet):
        raise UserError("Filters are found by gradients, which an int8 model has none of.", "Name the .keras file.")
    yield html.heading("What excites each filter most")
    for layer in tqdm(filter_layers(net, names), desc="filters", unit="layer"):
        pictures = exciting(net, layer, count, np.random.default_rng(0))
        width = 64 * net.spec.width // net.spec.height
        columns = min(len(pictures), 16 if width < 128 else 8)
        sheet = plots.sheet(list(pictures), columns=columns, height=64, width=width)
        yield html.figure(sheet, layer.name, min(WIDEST, sheet.shape[1])) + "<br>"


@click.command("inspect")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("pictures", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=Path("inspect.html"), show_default=True)
@click.option("--filters", type=click.IntRange(0), default=0, help="Also show what excites this many filters a layer.")
@click.option("--layer", "names", multiple=True, help="Only this convolution's filters; may be repeated.")
@click.option("--saliency", "with_saliency", is_flag=True, help="Also show which pixels decided.")
def command(
    model: Path, pictures: tuple[Path, ...], out: Path, filters: int, names: tuple[str, ...], with_saliency: bool
):
    """Show what every layer of MODEL (.keras or .tflite) makes of each PICTURE, as one page that opens offline."""
    net = open_net(model)
    excited = list(filter_parts(net, filters, names)) if filters else []
    parts = [p for path in tqdm(pictures, desc="pictures") for p in picture_parts(net, path, with_saliency)]
    click.echo(html.save_page(out, f"Inside {model.name}", parts + excited))
