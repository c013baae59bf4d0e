"""HTML pages that open offline: pictures are inside, nothing is loaded."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from train.files import write

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 76em; padding: 0 1em; color: #222; }
h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin-top: 2em; border-bottom: 1px solid #ddd }
table { border-collapse: collapse } td, th { padding: .25em .8em; text-align: right; border-bottom: 1px solid #eee }
td:first-child, th:first-child { text-align: left }
figure { display: inline-block; margin: .4em .6em .4em 0; vertical-align: top }
figcaption { font-size: .8em; color: #555; max-width: 24em; overflow-wrap: anywhere }
img { image-rendering: pixelated; max-width: 100%; border: 1px solid #ddd }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd } figcaption { color: #aaa } }
"""


def save_page(path: Path, title: str, parts: Iterable[str]) -> Path:
    """Write the parts (HTML, as the functions below make it) as one page."""
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{STYLE}</style>'
    body = f"<h1>{html.escape(title)}</h1>" + "\n".join(parts)
    return write(path, f"<!doctype html><html><head>{head}</head><body>{body}</body></html>\n")


def heading(text: str) -> str:
    return f"<h2>{html.escape(text)}</h2>"


def paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"


def figure(image: np.ndarray, caption: str = "", width: int | None = None) -> str:
    """A picture, uint8 gray (H, W) or BGR (H, W, 3), shown `width` CSS pixels wide, with a line below it."""
    done, packed = cv2.imencode(".png", image)
    if not done:
        raise ValueError(f"No picture: shape {image.shape}, {image.dtype}.")
    source = "data:image/png;base64," + base64.b64encode(packed.tobytes()).decode()
    size = f' style="width:{width}px"' if width else ""
    room = f' style="max-width:{width}px"' if width else ""
    text = html.escape(caption)
    return f'<figure><img src="{source}" alt="{text}"{size}><figcaption{room}>{text}</figcaption></figure>'


def table(header: Sequence[str], rows: Iterable[Sequence]) -> str:
    """A table; numbers are shown with at most four decimals."""
    lines = ["".join(f"<th>{html.escape(str(h))}</th>" for h in header)]
    lines += ["".join(f"<td>{html.escape(shown(v))}</td>" for v in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def shown(value) -> str:
    """A cell's text."""
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
