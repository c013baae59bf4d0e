"""Every set by its name: which folder of the data is read how, and what is held out.

"plates/...", "characters/...", "digits/..." and "backgrounds/..." are a collection of real pictures that is not
published as a whole; "public/..." are the sets that `python -m train prepare` fetches. A folder of one's own that holds
a labels.csv is a set too: its name is its path.

Most sets say themselves which rows validate. Two do not, so it is decided here: meters by device, world_boxes by file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from realtime.errors import SourceError
from train.datasets.chars74k import read_chars74k
from train.datasets.example import Example, held_out
from train.datasets.folder import TABLE, read_folder
from train.datasets.idx import read_emnist, read_mnist
from train.datasets.iiit5k import read_iiit5k
from train.datasets.svhn import read_svhn_digits, read_svhn_numbers
from train.datasets.unipen import read_unipen

# Whole devices, about one row in eight, of every kind: water, power, gas, LCD.
HELD_OUT_METERS = frozenset(
    {
        "water/integra/nili",
        "water/pp",
        "water/watermeter_lcd",
        "water/unknown/pilg",
        "water/wasser_geraete_gmbh",
        "power/heliowatt/ikn",
        "power/itron_c114u_2",
        "power/unknown/japander",
        "gas/rockberte",
        "lcd/lcd_pb",
    }
)


def load_shared(root: str | Path, names: Iterable[str]) -> Iterator[Example]:
    """Every example of the named sets below `root`; a name may be a prefix ("plates/crops").

    Raises SourceError for a name that is no set and for a folder that is not there.
    """
    for name in names:
        for each in matching(name):
            yield from SETS.get(each, own)(Path(root), each)


def load_there(root: str | Path, names: Iterable[str]) -> Iterator[Example]:
    """Every example of those of the named sets that are there."""
    yield from load_shared(root, there(root, names))


def there(root: str | Path, names: Iterable[str]) -> list[str]:
    """Those of the named sets whose folders are there, and for one that is not the public set that stands for it."""
    wanted = [each for name in names for each in matching(name)]
    found = [next((s for s in (each, STAND_INS.get(each, "")) if s and is_there(root, s)), "") for each in wanted]
    return [name for name in found if name]


def is_there(root: str | Path, name: str) -> bool:
    """Whether the folder of a set is there; one of one's own is, or it would not be a set."""
    return name not in SETS or folder_of(root, name).is_dir()


def folder_of(root: str | Path, name: str) -> Path:
    """Where a set lies."""
    return Path(root) / FOLDERS.get(name, name)


def matching(name: str) -> list[str]:
    """The sets that a name or a prefix stands for."""
    found = [each for each in SETS if each == name or each.startswith(name.rstrip("/") + "/")]
    if not found and (Path(name) / TABLE).is_file():
        return [name]
    if not found:
        raise SourceError(f"{name!r} is not a data set.", f"Known are: {', '.join(SETS)}.")
    return [name] if name in found else found


def own(_: Path, name: str) -> Iterator[Example]:
    """A folder of one's own; where it does not say which rows validate, one file in five does."""
    for example in read_folder(Path(name), group="group", split=""):
        group = example.group or str(example.path)
        held = held_out(Path(group).name, OWN_HELD_OUT)
        yield example if example.split else replace(example, split="val" if held else "train")


def plain(root: Path, name: str, **columns: str) -> Iterator[Example]:
    """A folder with a labels.csv."""
    return read_folder(root / name, name=name, **columns)


def word_characters(root: Path, name: str) -> Iterator[Example]:
    """The characters of the scene words, each a box in the word's picture; grouped by word."""
    for example in read_folder(root / Path(name).parent, "chars.csv", name=name, text="char"):
        yield replace(example, group=example.stem)


def meters(root: Path, name: str) -> Iterator[Example]:
    """Digit windows of meters, split by device."""
    for example in read_folder(root / name, name=name, group="source_dir"):
        device = device_of(example.group)
        yield replace(example, group=device, split="val" if device in HELD_OUT_METERS else "train")


def device_of(folder: str) -> str:
    """The device behind a folder of the meter collection: dates, hours and batches of one device fall together.

    'collected/powermeter/ISKRA.T3F-01S1_20250630/20250630' and '.../ISKRA T3F-01S1' are one; all that one
    contributor without a device name sent in stays one ('unknown/iotson').
    """
    name = folder.strip().lower().removeprefix("collected/")
    name = re.sub(r"^(water|power|gas)meter/\s*", r"\1/", name)
    name = re.sub(r"[/_](20\d{6})\b.*|/labeled_.*|/(cold|warm)$", "", name)
    name = re.sub(r"^(.*iotson)/.*", r"\1", name).replace("iskra.", "iskra ")
    return "ziffer" if re.match(r"^$|ziffer|neural-network|jomjol", name) else name


def photographed_words(root: Path, name: str) -> Iterator[Example]:
    """Words of street photographs, numbered photograph by photograph: the third hundred of 500 validates."""
    for example in read_folder(root / name, name=name, text="raw_text"):
        number = int(example.stem.removeprefix("word_"))
        yield replace(example, split="val" if number // 100 % 5 == 2 else "train", group=str(number // 100))


def wire_labels(root: Path, name: str) -> Iterator[Example]:
    """Printed wire tags whose label a large reader confirms."""
    return (e for e in read_folder(root / name, name=name, text="raw_text") if e.tags["ocr_agrees"] == "1")


def lcd_digits(root: Path, name: str) -> Iterator[Example]:
    """Cells of liquid crystal displays: a digit, a minus, or nothing."""
    meaning = {"10": "-", "11": ""}
    for example in read_folder(root / name, name=name):
        device = int(example.stem) // 2000  # pictures were numbered as they were taken
        yield replace(example, text=meaning.get(example.text or "", example.text), group=f"lcd/{device}")


def world_boxes(root: Path, name: str) -> Iterator[Example]:
    """Plates of the world as boxes without a text, split by file."""
    for example in read_folder(root / name, name=name):
        file = example.stem
        yield replace(example, group=file, split="val" if validates(file) else "train")


def validates(file: str) -> bool:
    """The publisher's test part and some of its training part validate, about one in ten.

    Its own validation part trains: 89 pairs of its 264 pictures are augmented copies of each other.
    """
    return file.startswith("test_") or (file.startswith("train_") and held_out(file, 0.09))


def array(root: Path, name: str, file: str, group: str) -> Iterator[Example]:
    """An .npz of equally large pictures with `images`, `labels` and perhaps `split`."""
    path = root / name / file
    if not path.is_file():
        raise SourceError(f"{path} is missing.", "Name the folder of the real data with --data.")
    with np.load(path) as stored:
        images, labels, groups = stored["images"], stored["labels"], stored[group]
        splits = stored["split"] if "split" in stored else np.full(len(labels), "train")
    for pixels, label, one, split in zip(images, labels, groups, splits, strict=True):
        yield Example(name, str(label), str(split), pixels=pixels, group=str(one))


# Pictures of these sets that do show text, found by reading all of them: "036", "CITY OF EDINBURGH", "CASTROL",
# "OREGON TRAIL", "142", "69", "094", "EIIR", "861", "VIKING LINE"; "PRADA", "NEW", a trade mark.
WRITTEN = {
    "backgrounds/bsds500": (6, 113, 219, 222, 240, 281, 381, 389, 436, 470),
    "backgrounds/dtd10": (491, 502, 512),
}


def backgrounds(root: Path, name: str) -> Iterator[Example]:
    """Pictures without any object, those of WRITTEN left out: the truth is the empty text; one in five validates."""
    written = {f"{number:05d}.jpg" for number in WRITTEN.get(name, ())}
    files = [path for path in sorted((root / name).glob("*.jpg")) if path.name not in written]
    if not files:
        raise SourceError(f"{root / name} holds no picture.", "Name the folder of the real data with --data.")
    for path in files:
        yield Example(name, "", "val" if held_out(f"{name}/{path.name}", 0.2) else "train", path=path)


OWN_HELD_OUT = 0.2  # share of a folder of one's own that validates

# Sets that lie in the folder of another, and those that a public set stands for where they are not there.
FOLDERS = {"characters/iiit5k_words/chars": "characters/iiit5k_words", "public/iiit5k-chars": "public/iiit5k"}
STAND_INS = {
    "characters/chars74k": "public/chars74k-img",
    "characters/iiit5k_words": "public/iiit5k",
    "characters/iiit5k_words/chars": "public/iiit5k-chars",
    "characters/handwriting": "public/unipen",
}

Reader = Callable[[Path, str], Iterator[Example]]  # the data's root, the set's name


def public(reader: Callable[..., Iterator[Example]], folder: str = "", **options) -> Reader:
    """A public set's own reader as one that finds its folder below the data's root."""
    return lambda root, name: reader(root / (f"public/{folder}" if folder else name), name, **options)


SETS: dict[str, Reader] = {
    "plates/crops/taiwan": plain,
    "plates/crops/europe": plain,
    "plates/crops/europe_two_line": partial(plain, group="country"),
    "plates/crops/brazil": plain,
    "plates/crops/us": partial(plain, group="state"),
    "plates/crops/china": plain,
    "plates/crops/argentina": plain,
    "plates/crops/sweden": plain,
    "plates/crops/india_mixed": plain,
    "plates/scenes/china": plain,
    "plates/scenes/world_boxes": world_boxes,
    "plates/scenes/argentina": plain,
    "plates/scenes/brazil_gate": plain,
    "plates/scenes/dashcam": partial(plain, group="video"),
    "characters/chars74k": plain,
    "characters/iiit5k_words": plain,
    "characters/iiit5k_words/chars": word_characters,
    "characters/handwriting": partial(array, file="strokes_40x40.npz", group="writer"),
    "characters/plate_glyphs": partial(array, file="glyphs_32x32.npz", group="country"),
    "digits/meters": meters,
    "digits/fuel_pumps": partial(plain, text="digits_before_point"),
    "digits/lcd": lcd_digits,
    "words/scenes_icdar15": plain,
    "displays/medical": partial(plain, text="value"),
    "displays/energy": partial(plain, text="value"),
    "words/icdar15": photographed_words,
    "words/wire_labels": wire_labels,
    "words/photos": partial(plain, text="raw_text"),
    "characters/handwritten_paper": partial(plain, group="index"),
    "found": plain,
    "backgrounds/imagenet1000": backgrounds,
    "backgrounds/bsds500": backgrounds,
    "backgrounds/dtd10": backgrounds,
    "backgrounds/openalpr_neg_gray": backgrounds,
    "public/chars74k-img": public(read_chars74k),
    "public/chars74k-hnd": public(read_chars74k, part="EnglishHnd"),
    "public/chars74k-fnt": public(read_chars74k, part="EnglishFnt"),
    "public/mnist": public(read_mnist),
    "public/emnist": public(read_emnist),
    "public/svhn": public(read_svhn_digits),
    "public/svhn-full": public(read_svhn_numbers),
    "public/iiit5k": public(read_iiit5k),
    "public/iiit5k-chars": public(read_iiit5k, "iiit5k", characters=True),
    "public/unipen": public(read_unipen),
}
