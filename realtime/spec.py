"""The sidecar beside every .tflite: one frozen class for training and running."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from realtime.errors import ModelError

KINDS = ("locator", "text-locator", "corners", "reader", "classifier")


@dataclass(frozen=True)
class ModelSpec:
    """What a network takes and what its numbers mean.

    A `locator` sees windows of `height` x `width` pixels every `stride` pixels and gives objectness and four corners; a
    `text-locator` gives kernels and geometry of realtime.locate.text_locator, each cell from such a window; a `corners`
    network finds the four corners in a loose crop; a `reader` gives `slots` CTC steps over the alphabet, blank last; a
    `classifier` gives one distribution over the alphabet, "none of these" last.

    The corners of a text lie tight around the ink of its whole string. A reader of lines reads `margin` of its height
    beyond them on every side, and is trained for corners that are off by 15 % of the height above and below and by 10 %
    of it at the ends.
    """

    name: str
    mode: str
    kind: str
    height: int
    width: int
    alphabet: str = ""
    slots: int = 0
    stride: int = 0
    keep_aspect: bool = False  # pad to the input's shape instead of stretching
    any_width: bool = False  # a reader that takes narrower inputs too and gives as many fewer steps
    margin: float = 0.0  # of a located object's height, that is read beyond its corners on every side
    letters: str = ""  # the file beside it that tells how letters follow each other in words
    threshold: float = 0.5
    temperature: float = 1.0
    sha256: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> str:
        """Its part in a mode: `locator` whichever way it locates, else its kind."""
        return self.kind.removeprefix("text-")

    @property
    def classes(self) -> int:
        """Width of the last axis: the alphabet and the blank or none class."""
        return len(self.alphabet) + 1


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def save_spec(spec: ModelSpec, path: Path) -> None:
    """Write the sidecar as readable JSON."""
    Path(path).write_text(json.dumps(dataclasses.asdict(spec), indent=1, ensure_ascii=False) + "\n")


def load_spec(path: Path) -> ModelSpec:
    """Read a sidecar; raises ModelError where it is missing, is not JSON, or has a field that makes no sense."""
    path = Path(path)
    try:
        values = json.loads(path.read_text())
        spec = ModelSpec(**values)
    except FileNotFoundError:
        hint = "Copy the .json beside the .tflite."
        raise ModelError(f"{path} is missing: every model needs its sidecar.", hint) from None
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path} is not a model's sidecar ({error}).", AGAIN) from None
    return checked(spec, path)


def checked(spec: ModelSpec, path: Path) -> ModelSpec:
    """The spec itself where its fields make sense, else ModelError with the first one that does not."""
    for field_ in dataclasses.fields(spec):
        value, name = getattr(spec, field_.name), field_.name
        if not _TYPES[field_.type](value):
            raise ModelError(f"{path}: {name} is {value!r:.60}, which is not of type {field_.type}.", AGAIN)
        if name in RANGES and not RANGES[name][0] <= value <= RANGES[name][1]:
            raise ModelError(f"{path}: {name} is {value}, not from {RANGES[name][0]} to {RANGES[name][1]}.", AGAIN)
    if spec.kind not in KINDS:
        raise ModelError(f"{path}: kind is {spec.kind!r}, not one of {', '.join(KINDS)}.", AGAIN)
    if len(set(spec.alphabet)) < len(spec.alphabet):
        raise ModelError(f"{path}: the alphabet repeats a character.", AGAIN)
    return spec


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


AGAIN = "Export the model again."
RANGES = {
    "height": (1, 4096), "width": (1, 4096), "slots": (0, 4096), "stride": (0, 256), "margin": (0, 2),
    "threshold": (0, 1), "temperature": (0.01, 100),
}  # fmt: skip
_TYPES: dict[Any, Callable[[Any], bool]] = {  # by the name of a field's type
    "str": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": _is_number,
    "bool": lambda value: isinstance(value, bool),
    "dict[str, Any]": lambda value: isinstance(value, dict),
}
