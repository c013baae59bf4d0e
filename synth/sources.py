"""What rendering draws from beside what the machine has: more fonts, glyphs of plates, written characters.

A sample is decided by its seed, its request and these; they are set once in each process, before anything is drawn.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Sources:
    """Paths, all of which may be missing.

    `fonts`: folders that are searched deeply, besides the system's. `glyphs`: an .npz of binarised glyphs of plates
    with `images` (n, 32, 32), `labels` and `country`. `strokes`: an .npz of characters that people wrote, white ink on
    black, with `images` (n, h, w), `labels` and `split`.
    """

    fonts: tuple[str, ...] = ()
    glyphs: str = ""
    strokes: str = ""


MACHINE = Sources()  # what the machine has, and nothing more
_CURRENT: ContextVar[Sources] = ContextVar("sources", default=MACHINE)


def use(sources: Sources) -> None:
    """Render from these from now on."""
    _CURRENT.set(sources)


def current() -> Sources:
    """What is rendered from."""
    return _CURRENT.get()
