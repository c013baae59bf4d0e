"""The pages that the benchmarks write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2

from realtime.errors import SinkError
from realtime.model import runtime


def machine() -> str:
    """The processor, the TFLite runtime and OpenCV's version."""
    facts = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.split(":")[1].strip() for line in facts.splitlines() if line.startswith(("model name", "Model"))]
    return f"{names[0] if names else 'unknown processor'}, {runtime().__name__.split('.')[0]}, OpenCV {cv2.__version__}"


def filled(text: str, name: str, part: str) -> str:
    """The text with what stands between the marks <!-- name --> and <!-- /name --> replaced, where it has them."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    if begin not in text or end not in text:
        return text
    return text[: text.index(begin) + len(begin)] + part.strip() + "\n" + text[text.index(end) :]


def write_all(out: Path, pages: Mapping[str, str]) -> None:
    """Write the pages into a folder. Raises SinkError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (out / name).write_text(text)
    except OSError as error:
        raise SinkError(f"{out} cannot be written ({error.strerror}).", "Name a folder with --out.") from None
