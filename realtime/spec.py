"""The sidecar beside every .tflite: one frozen class for training and running."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from realtime.errors import ModelError

KINDS = ("locator", "corners", "reader", "classifier")


@dataclass(frozen=True)
class ModelSpec:
    """What a network eats and what its numbers mean.

    A `locator` sees windows of `height` x `width` pixels every `stride` pixels and gives objectness and four corners; a
    `corners` network finds the four corners in a loose crop; a `reader` gives `slots` CTC steps over the alphabet,
    blank last; a `classifier` gives one distribution over the alphabet, "none of these" last.
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
    margin: float = 0.0  # of a located object's height, that is read beyond its corners on every side
    threshold: float = 0.5
    temperature: float = 1.0
    sha256: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)

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
    """Read a sidecar; raises ModelError where it is missing, is not JSON or lacks or adds a field."""
    path = Path(path)
    try:
        values = json.loads(path.read_text())
        spec = ModelSpec(**values)
    except FileNotFoundError:
        hint = "Copy the .json beside the .tflite."
        raise ModelError(f"{path} is missing: every model needs its sidecar.", hint) from None
    except (ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is not a model's sidecar ({error}).", "Export the model again.") from None
    return checked(spec, path)


def checked(spec: ModelSpec, path: Path) -> ModelSpec:
    """The spec itself where its fields make sense, else ModelError."""
    types_fit = all(isinstance(getattr(spec, f.name), _TYPES[f.type]) for f in dataclasses.fields(spec))
    if not types_fit or spec.kind not in KINDS or not (0 < spec.height <= 4096 and 0 < spec.width <= 4096):
        raise ModelError(f"{path} has a field of the wrong type or size.", "Export the model again.")
    return spec


_TYPES = {"str": str, "int": int, "float": (int, float), "bool": bool, "dict[str, Any]": dict}
