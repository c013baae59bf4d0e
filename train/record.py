"""What a run is made of, beside its settings: sets, fonts, mixture, code, versions. It goes into settings.json."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from realtime.errors import SourceError
from realtime.spec import ModelSpec
from synth.sources import current
from synth.text.fonts import discover, searched
from train.datasets import Example, load_shared, there
from train.datasets.shared import folder_of, matching
from train.resume import digest
from train.sampling.load import draw_from
from train.sampling.mixtures import mixture_of
from train.sampling.recipes import GLYPHS, SPECS, TAKES

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = "keras", "tensorflow", "torch", "numpy", "opencv-python", "pillow"
STROKES = "characters/handwriting"


def recorded(task: str, data: str, added: Sequence[str], mixture: Mapping[str, float]) -> dict:
    """Everything that decides the samples of a run on this machine."""
    draw_from(data)
    check_usable(added, SPECS[task])
    sets = {name: set_of(data, name) for name in there(data, rendered_from(task) + TAKES[task])}
    return {
        "mixture": dict(mixture) or mixture_of(task, bool(added)),
        "sets": sets,
        "own": {Path(folder).name: set_of("", folder) for folder in added},
        "missing": missing(data, TAKES[task]),
        "fonts": fonts(),
        "code": code(),
        "versions": {"backend": os.environ.get("KERAS_BACKEND", "tensorflow"), **versions()},
    }


def check_usable(added: Sequence[str], spec: ModelSpec) -> None:
    """SourceError for a folder of one's own that lacks a picture, or that this network can learn nothing from."""
    for folder in added:
        examples = list(load_shared("", [folder]))
        gone = [e.name for e in examples if e.path and not e.path.is_file()]
        if gone:
            raise SourceError(f"{folder} lacks {len(gone)} pictures, {gone[0]} first.", f"See: train check {folder}")
        if not any(e.split == "train" and fits(e, spec) for e in examples):
            wanted = f"text that {spec.alphabet!r:.70} can spell" if spec.alphabet else "place of a text"
            raise SourceError(f"{folder} has no {wanted}.", f"Run: python -m train check {folder}")


def fits(example: Example, spec: ModelSpec) -> bool:
    """Whether a network can learn from a picture: its text, as far as readers of lines can spell it, or its place."""
    if not spec.alphabet:
        return example.quad is not None
    text = example.text or ""
    return bool(text) and (set(text) <= set(spec.alphabet) or spec.keep_aspect)


def rendered_from(task: str) -> tuple[str, ...]:
    """The sets that rendering draws glyphs or strokes from."""
    return (GLYPHS,) if SPECS[task].mode == "plates" else (STROKES,)


def set_of(root: str, name: str) -> dict:
    """How many rows of a set train and validate, and a digest of its folder."""
    splits = Counter(e.split for e in load_shared(root, [name]))
    folder = folder_of(root, name)
    return {"train": splits["train"], "val": splits["val"], "sha256": digest_of(folder)}


def digest_of(folder: Path) -> str:
    """16 hex digits that change with any file's name or content."""
    found = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        found.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as content:
            found.update(hashlib.file_digest(content, "sha256").digest())
    return found.hexdigest()[:16]


def missing(data: str, names: Iterable[str]) -> list[str]:
    """The sets that are not there, neither themselves nor what stands for them."""
    return [each for name in names for each in matching(name) if not there(data, [each])]


def fonts() -> dict[str, str]:
    """File name -> 12 hex digits of its content, of every font that is drawn from."""
    paths = [Path(font.path) for font in discover(searched((), current().fonts))]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in paths}


def code() -> str:
    """A digest of what makes samples and networks."""
    packages = ROOT / "synth", ROOT / "train", ROOT / "realtime"
    return digest([path for package in packages for path in package.rglob("*.py")])


def versions() -> dict[str, str]:
    """The versions of the packages that have a part in it."""

    def of(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return ""

    return {package: of(package) for package in PACKAGES if of(package)}


def differences(old: Mapping, new: Mapping) -> list[str]:
    """What is not as it was when a run was recorded, a line each."""
    lines = [
        f"{name}: {told(was)}, now {told(now)}"
        for name, was, now in both(old.get("sets", {}), new["sets"])
        if was != now
    ]
    changed = [name for name, was, now in both(old.get("fonts", {}), new["fonts"]) if was != now]
    lines += [f"{len(changed)} fonts, such as {changed[0]}"] if changed else []
    other = [what for what in ("code", "versions") if old.get(what) != new[what]]
    return lines + [f"{what}: {old.get(what)}, now {new[what]}" for what in other]


def both(old: Mapping, new: Mapping) -> list[tuple]:
    """Every name with its two values, None where it has none."""
    return [(name, old.get(name), new.get(name)) for name in {**old, **new}]


def told(one: Mapping | None) -> str:
    """A set in a line of differences."""
    return f"{one['train']} + {one['val']} ({one['sha256']})" if one else "not there"


def introduce(record: Mapping, data: str, say: Callable[[str], None]) -> None:
    """Say which sets a run learns from, and which it could have had."""
    sets = {**record["sets"], **{f"{name} (your own)": one for name, one in record["own"].items()}}
    for name, one in sets.items():
        say(f"{name}: {one['train']} to learn from, {one['val']} to validate on")
    if not sets:
        say("There are no real pictures: it learns from rendered ones alone, and is validated on rendered ones.")
    if record["missing"]:
        say(f"Not in {data}, although they would help: {', '.join(record['missing'])}.")
        say("`python -m train prepare` lists the public sets; `--add FOLDER` takes pictures of your own.")
