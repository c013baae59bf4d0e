"""python -m synth: render training data, look at it, make the demo film."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click
import cv2
import numpy as np
from tqdm import tqdm

from realtime.errors import SinkError, UserError

try:
    from synth.letters import letter_table
    from synth.sources import Sources, current, use
    from synth.text.clip import demo_clip, render_clip
    from synth.text.fonts import ALPHABET, font_families
    from synth.text.strings import vocabulary
    from synth.write import DRAWERS, Request, sheet, write_all, write_video
except ModuleNotFoundError as missing:  # a plain installation reads, and draws nothing
    if missing.name is None or missing.name.split(".")[0] in ("realtime", "synth"):
        raise
    raise SystemExit(f"Error: {missing.name} is not installed. Run: pip install '.[train]'") from None

HELP = {
    "lines": "Lines of text as a reader is given them.",
    "characters": "Single characters as a classifier is given them.",
    "nothing": "What is no character: backgrounds, half digits, seams between letters.",
    "scenes": "Whole pictures with the corners of their text.",
    "clips": "Short films with the truth of every frame.",
    "plates": "Number plates as a reader is given them; they know no mode and no split.",
    "streets": "Street scenes with the corners of their number plates.",
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--fonts", multiple=True, metavar="DIR", help="More folders of fonts, besides the system's.")
def main(fonts: tuple[str, ...]) -> None:
    """Render training data; the same seed and index always give the same sample."""
    use(Sources(fonts=fonts))


def asked(command):
    """The options that every kind of sample has."""
    options = (
        click.option("--mode", type=click.Choice(["digits", "characters"]), default="digits", show_default=True),
        click.option("--split", type=click.Choice(["train", "val"]), default="train", show_default=True,
                     help="Which font families: val has those that training never sees."),
        click.option("--seed", default=0, show_default=True, metavar="N"),
        click.option("--backgrounds", default="", metavar="DIR", help="Photographs to put text on."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def _add(kind: str) -> None:
    """The subcommand that writes samples of a kind."""

    @main.command(kind, help=HELP.get(kind, ""))
    @click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Continued if begun.")
    @click.option("--count", default=100, show_default=True, metavar="N")
    @click.option("--workers", default=1, show_default=True, metavar="N", help="Processes; changes no sample.")
    @click.option("--scheduler", default="", metavar="ADDRESS",
                  help="A Dask cluster instead; all its workers see DIR and have the same fonts.")  # fmt: skip
    @asked
    def write(out: Path, count: int, workers: int, scheduler: str, **settings) -> None:
        steps = _told(write_all(Request(kind, sources=current(), **settings), out, count, workers, scheduler))
        list(tqdm(steps, total=count, unit="sample", disable=None))


def _told(steps):
    """The steps, with what a user got wrong as one sentence."""
    try:
        yield from steps
    except UserError as error:
        raise click.ClickException(str(error)) from error


for _kind in DRAWERS:
    _add(_kind)


@main.command("sheet")
@click.argument("kind", type=click.Choice(list(DRAWERS)))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--count", default=120, show_default=True, metavar="N")
@asked
def contact_sheet(kind: str, out: Path, count: int, mode: str, split: str, seed: int, backgrounds: str) -> None:
    """Many samples on one picture, to look at: python -m synth sheet characters sheet.png"""
    request = Request(kind, mode, split, seed, backgrounds, current())
    for page in _told(iter([sheet(request, count)])):
        _save(out, page)


def _save(out: Path, page) -> None:
    try:
        written = cv2.imwrite(str(out), page)
    except cv2.error:
        written = False
    if not written:
        raise click.ClickException(str(SinkError(f"{out} cannot be written.", "Name a .png in an existing folder.")))


@main.command()
@click.argument("out", type=click.Path(path_type=Path))
def demo(out: Path) -> None:
    """The film that `run_camera.py --demo` shows: python -m synth demo realtime/demo.mp4"""
    clip = demo_clip()
    try:
        write_video(out, render_clip(clip), clip.fps, clip.size)
    except UserError as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.argument("out", type=click.Path(path_type=Path))
def letters(out: Path) -> None:
    """Which letters follow each other in English words, for the reader of words: models/letters.npz

    The words are those of words.txt and of the packages wamerican-small, wamerican and wbritish (SCOWL).
    """
    rows, index = letter_table(vocabulary())
    try:
        np.savez_compressed(out, rows=rows, index=index)
    except OSError as error:
        raise click.ClickException(str(SinkError(f"{out} cannot be written ({error.strerror})."))) from None
    click.echo(f"{out}: {len(vocabulary())} words, {len(rows)} contexts, {out.stat().st_size / 1000:.0f} kB")


@main.command()
def fonts() -> None:
    """How many font families there are, by kind and split."""
    families = font_families()
    counts = Counter((rows[0].kind, rows[0].split) for rows in families.values())
    for (kind, split), count in sorted(counts.items()):
        click.echo(f"{kind:8s} {split:5s} {count:4d}")
    click.echo(f"{len(families)} families, {len(font_families(alphabet=ALPHABET))} of them with all 62 characters")


if __name__ == "__main__":
    main(prog_name="python -m synth")
