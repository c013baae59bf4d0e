"""An autoencoder over characters: a 64-number code for each picture, walks between codes, a map of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

import click
import cv2
import numpy as np
from tqdm import tqdm

from realtime.errors import ModelError, SourceError, UserError
from realtime.modes import CHARACTERS
from realtime.preprocess import fit_square, to_gray
from realtime.spec import ModelSpec
from train.datasets import Example, cut_out, load_there
from train.datasets.example import read_picture
from train.datasets.place import data_option
from train.files import beside, write
from train.reports import plots

CODE = 64
SPEC = ModelSpec("characters-latent", "characters", "classifier", 32, 32, CHARACTERS)
SETS = ("characters/chars74k", "characters/iiit5k_words/chars", "characters/handwriting")


@dataclass(frozen=True)
class LatentSettings:
    """How the autoencoder is trained; a run goes on only with the settings it began with."""

    data: str
    sets: tuple[str, ...] = SETS
    most: int = 16_000  # pictures; more add minutes, hardly sharpness
    epochs: int = 10
    batch: int = 128
    rate: float = 2e-3
    seed: int = 1


def picture(example: Example) -> np.ndarray:
    """A character as the classifier sees it: contrast normalised, proportions kept, uint8 (32, 32)."""
    return fit_square(to_gray(cut_out(example)), SPEC)


def load(settings: LatentSettings, rng: np.random.Generator) -> tuple[np.ndarray, list[str]]:
    """Shuffled training pictures, uint8 (n, 32, 32), and their labels."""
    examples = [e for e in load_there(Path(settings.data), settings.sets) if e.split == "train" and e.text]
    if not examples:
        raise SourceError(f"{settings.data} holds no character to learn from.", "Name the data folder with --data.")
    chosen = [examples[i] for i in rng.permutation(len(examples))[: settings.most]]
    return np.stack([picture(e) for e in tqdm(chosen, desc="pictures")]), [e.text for e in chosen]


def build():
    """Encoder and decoder joined: (32, 32, 1) in 0..1 -> code (64,) -> (32, 32, 1) in 0..1."""
    import keras
    from keras import layers

    x = source = keras.Input((32, 32, 1), name="picture")
    for filters in (32, 64, 96):
        x = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(x)
    code = layers.Dense(CODE, name="code")(layers.Flatten()(x))
    x = layers.Reshape((4, 4, 96))(layers.Dense(4 * 4 * 96, activation="relu", name="unfold")(code))
    for filters in (64, 32, 16):
        x = layers.Conv2DTranspose(filters, 3, strides=2, padding="same", activation="relu")(x)
    drawn = layers.Conv2D(1, 3, padding="same", activation="sigmoid", name="drawn")(x)
    return keras.Model(source, drawn, name="latent")


def fit(settings: LatentSettings, out: Path, say: Callable[[str], None] = print):
    """Train to `out`/latent.keras, saved whole after every epoch; a run that was interrupted goes on from there."""
    import keras

    out, done = Path(out), epochs_done(Path(out), settings)
    images, _ = load(settings, np.random.default_rng(settings.seed))
    if done:
        model = load_model(out)
        say(f"{out} has {done} epochs already.")
    else:
        keras.utils.set_random_seed(settings.seed)
        model = build()
        model.compile(keras.optimizers.Adam(settings.rate), "mse")
        write(out / "settings.json", json.dumps(asdict(settings), indent=1) + "\n")
    for epoch in range(done, settings.epochs):
        loss = train_epoch(model, images, np.random.default_rng((settings.seed, epoch)), settings, epoch)
        keep(model, out, epoch, loss)
        say(f"epoch {epoch + 1} of {settings.epochs}: loss {loss:.5f}")
    plots.save_curves(out / "history.csv", out / "curves.png")
    return model


def epochs_done(out: Path, settings: LatentSettings) -> int:
    """How many epochs `out` holds, 0 where nothing is there; UserError where it was begun with other settings."""
    if not (out / "history.csv").is_file() or not (out / "latent.keras").is_file():
        return 0
    stored = json.loads((out / "settings.json").read_text())
    now = json.loads(json.dumps(asdict(settings)))
    if {k: v for k, v in stored.items() if k != "epochs"} != {k: v for k, v in now.items() if k != "epochs"}:
        raise UserError(f"{out} was begun with other settings.", "Name another folder, or remove this one.")
    return len(plots.read_history(out / "history.csv")["epoch"])


def train_epoch(model, images: np.ndarray, rng: np.random.Generator, settings: LatentSettings, epoch: int) -> float:
    """One pass over the pictures in random order; the mean loss."""
    order, losses = rng.permutation(len(images)), []
    batches = [order[i : i + settings.batch] for i in range(0, len(order), settings.batch)]
    for chosen in tqdm(batches, desc=f"epoch {epoch + 1}", unit="batch"):
        x = images[chosen, ..., None].astype(np.float32) / 255
        losses.append(float(model.train_on_batch(x, x)))
    return losses[-1]  # Keras' own running mean since the epoch before


def keep(model, out: Path, epoch: int, loss: float) -> None:
    """Save the network, then note the epoch: an interruption between the two costs one epoch, never a half file."""
    with beside(out / "latent.keras") as work:
        model.save(work)
    model.reset_metrics()
    history = out / "history.csv"
    before = history.read_text() if epoch and history.is_file() else "epoch,loss\n"
    write(history, f"{before}{epoch + 1},{loss:.6f}\n")


def load_model(run: Path):
    """The autoencoder of a run; ModelError where there is none."""
    import keras

    path = Path(run) / "latent.keras"
    if not path.is_file():
        raise ModelError(f"{path} is missing.", f"Train it first: python -m train latent fit {run} --data DIR")
    try:
        return keras.models.load_model(path)
    except Exception as error:  # zip, JSON, HDF5 and Keras each raise their own
        raise ModelError(f"{path} is not an autoencoder ({type(error).__name__}).", "Train it again.") from None


def halves(model) -> tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]:
    """encode: uint8 (n, 32, 32) -> float32 (n, 64); decode: the way back."""
    import keras

    encoder = keras.Model(model.inputs[0], model.get_layer("code").output)
    x = source = keras.Input((CODE,))
    for layer in model.layers[[a.name for a in model.layers].index("unfold") :]:
        x = layer(x)
    decoder = keras.Model(source, x)

    def encode(images: np.ndarray) -> np.ndarray:
        return np.asarray(encoder.predict(images[..., None].astype(np.float32) / 255, verbose=0))

    def decode(codes: np.ndarray) -> np.ndarray:
        return (np.asarray(decoder.predict(codes, verbose=0))[..., 0] * 255).astype(np.uint8)

    return encode, decode


def path_between(codes: np.ndarray, steps: int, closed: bool = True) -> np.ndarray:
    """A smooth way through codes (n, d): `steps` points from each to the next, float32 (legs * steps [+ 1], d).

    Catmull-Rom spline (1974): it passes through every code, and its direction never jumps. A closed way ends one step
    before it begins again, so that a video of it loops.
    """
    n = len(codes)
    legs = n if closed else n - 1
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    weights = np.stack([-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]) / 2
    index = np.arange(legs)[:, None] + np.arange(-1, 3)
    index = index % n if closed else np.clip(index, 0, n - 1)
    points = np.einsum("kso,lkd->lsd", weights, codes[index]).reshape(-1, codes.shape[1])
    return np.concatenate([points, codes[:0] if closed else codes[-1:]]).astype(np.float32)


def enlarged(images: np.ndarray, side: int = 256) -> Iterator[np.ndarray]:
    """Each small picture (32, 32) smoothly as uint8 BGR (side, side, 3)."""
    for image in images:
        large = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
        yield cv2.cvtColor(large, cv2.COLOR_GRAY2BGR)


def save_video(frames: Sequence[np.ndarray], fps: float, path: Path) -> Path:
    """BGR frames as .mp4 (or what the suffix says), whole; UserError where OpenCV cannot write that kind."""
    height, width = frames[0].shape[:2]
    with beside(path) as work:
        video = cv2.VideoWriter(str(work), cv2.VideoWriter.fourcc(*"mp4v"), fps, (width, height))
        if not video.isOpened():
            raise UserError(f"{path} cannot be written as a video.", "Choose a name that ends in .mp4.")
        for frame in tqdm(frames, desc=path.name, unit="frame"):
            video.write(frame)
        video.release()
    return path


def save_gif(frames: Sequence[np.ndarray], fps: float, path: Path) -> Path:
    """BGR frames as a looping GIF, whole; its clock has hundredths of a second."""
    from PIL import Image

    pictures = [Image.fromarray(f[:, :, ::-1]).convert("L") for f in frames]
    delay = max(20, round(100 / fps) * 10)
    with beside(path) as work:
        pictures[0].save(work, save_all=True, append_images=pictures[1:], duration=delay, loop=0)
    return path


def flattened(codes: np.ndarray) -> np.ndarray:
    """Codes (n, d) -> places (n, 2) in which neighbours stay neighbours: t-SNE (van der Maaten and Hinton 2008).

    It begins at the principal components, so that the same codes give the same map.
    """
    from sklearn.manifold import TSNE

    perplexity = min(20.0, len(codes) / 3)
    return np.asarray(TSNE(perplexity=perplexity, init="pca", random_state=0).fit_transform(codes))


def cells(points: np.ndarray, side: int) -> np.ndarray:
    """A cell (x, y) of a grid of `side` by `side` for each point (n, 2), no two in one: int (n, 2).

    Every point, the innermost first, takes the free cell that is nearest to its place.
    """
    low, high = points.min(0), points.max(0)
    wanted = (points - low) / np.maximum(high - low, 1e-9) * (side - 1)
    free = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), -1).reshape(-1, 2)
    taken = np.empty((len(points), 2), int)
    for k in np.argsort(((wanted - wanted.mean(0)) ** 2).sum(1)):
        nearest = ((free - wanted[k]) ** 2).sum(1).argmin()
        taken[k] = free[nearest]
        free = np.delete(free, nearest, axis=0)
    return taken


def map_picture(images: np.ndarray, labels: Sequence[str], points: np.ndarray, tile: int = 28) -> np.ndarray:
    """Thumbnails near their points (n, 2), framed in the colour of their character, uint8 BGR; none hides another."""
    side = ceil(1.15 * len(images) ** 0.5)
    canvas = np.full((side * tile, side * tile, 3), 255, np.uint8)
    hues = {c: i for i, c in enumerate(CHARACTERS)}
    wheel = cv2.applyColorMap(np.linspace(0, 230, len(CHARACTERS)).astype(np.uint8)[:, None], cv2.COLORMAP_HSV)[:, 0]
    for image, label, (x, y) in zip(images, labels, tile * cells(points, side), strict=True):
        framed = np.empty((tile, tile, 3), np.uint8)
        framed[:] = wheel[hues.get(label, 0)]
        framed[2:-2, 2:-2] = cv2.resize(image, (tile - 4, tile - 4), interpolation=cv2.INTER_AREA)[..., None]
        canvas[y : y + tile, x : x + tile] = framed
    return canvas


sets_option = click.option("--set", "sets", multiple=True, default=SETS, show_default=True, help="May be repeated.")
seed_option = click.option("--seed", type=int, default=LatentSettings.seed, show_default=True)


@click.group("latent")
def command() -> None:
    """An autoencoder over characters: train it, walk through its codes, map them."""


@command.command("fit")
@click.argument("run", type=click.Path(path_type=Path))
@data_option
@sets_option
@click.option("--epochs", type=click.IntRange(1), default=LatentSettings.epochs, show_default=True)
@click.option(
    "--most", type=click.IntRange(1), default=LatentSettings.most, show_default=True, help="Pictures to learn from."
)
@seed_option
def fit_command(run: Path, data: str, sets: tuple[str, ...], epochs: int, most: int, seed: int) -> None:
    """Train to RUN/latent.keras; called again, it goes on where it stopped."""
    fit(LatentSettings(data, sets, epochs=epochs, most=most, seed=seed), run, click.echo)


@command.command("walk")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("pictures", nargs=-1, type=click.Path(path_type=Path))
@click.option("--random", "count", type=click.IntRange(2), default=8, show_default=True, help="Stops without PICTUREs.")
@data_option
@sets_option
@click.option("--steps", type=click.IntRange(1), default=24, show_default=True, help="Frames from stop to stop.")
@click.option("--seconds", type=click.FloatRange(0.1), default=10.0, show_default=True, help="Length of the video.")
@seed_option
@click.option("--out", type=click.Path(path_type=Path), default=Path("walk.mp4"), show_default=True)
def walk_command(
    run: Path, pictures: tuple[Path, ...], data: str, sets: tuple[str, ...], count: int, steps: int, seconds: float,
    seed: int, out: Path,
) -> None:  # fmt: skip
    """Write a smooth walk between PICTUREs, or random characters, as a video (.mp4) and a .gif beside it."""
    if len(pictures) == 1:
        raise UserError("A walk needs two pictures, one was named.", "Name another, or none for random ones.")
    encode, decode = halves(load_model(run))
    if pictures:
        stops = np.stack([fit_square(to_gray(read_picture(p)), SPEC) for p in pictures])
    else:
        stops, _ = load(LatentSettings(data, sets, most=count), np.random.default_rng(seed))
    frames = list(enlarged(decode(path_between(encode(stops), steps))))
    fps = len(frames) / seconds
    click.echo(save_video(frames, fps, out))
    click.echo(save_gif(frames, fps, out.with_suffix(".gif")))


@command.command("map")
@click.argument("run", type=click.Path(path_type=Path))
@data_option
@sets_option
@click.option("--most", type=click.IntRange(3), default=3000, show_default=True, help="Characters on the map.")
@seed_option
@click.option("--out", type=click.Path(path_type=Path), default=Path("map.png"), show_default=True)
def map_command(run: Path, data: str, sets: tuple[str, ...], most: int, seed: int, out: Path) -> None:
    """Draw characters of the data so that those with like codes lie beside each other."""
    encode, _ = halves(load_model(run))
    images, labels = load(LatentSettings(data, sets, most=most), np.random.default_rng(seed))
    click.echo(plots.save_picture(map_picture(images, labels, flattened(encode(images))), out))
