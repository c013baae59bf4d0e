"""python -m train check: whether a folder of one's own can be trained on, before hours are spent on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from realtime.errors import SourceError
from realtime.modes import CHARACTERS, MARKS, MODES
from train.datasets import Example, load_shared
from train.datasets.folder import TABLE
from train.explore.dataset import look_all, twins

SHOWN = 3  # names in a line
SPLITS = "train", "val"


@dataclass(frozen=True)
class Problem:
    """What is wrong, and the rows in which it is."""

    what: str
    rows: Sequence[str]

    def __str__(self) -> str:
        more = f" and {len(self.rows) - SHOWN} more" if len(self.rows) > SHOWN else ""
        return f"{len(self.rows)} {self.what}: {', '.join(self.rows[:SHOWN])}{more}".removesuffix(": ")


def problems(folder: Path, alphabet: str) -> Iterator[Problem]:
    """Everything in a folder that training would stumble over or learn wrongly."""
    examples = list(load_shared("", [str(folder)]))
    if not examples:
        raise SourceError(f"{folder / TABLE} has no rows.", "Its first line is file,text; then a row for each text.")
    placed: dict[bool | None, list[Example]] = {True: [], False: [], None: []}
    for example in examples:
        placed[inside(example)].append(example)
    broken: list[str] = []
    pairs = twins(look_all(placed[True], folder.name, broken))
    finds: Sequence[tuple[str, list[str]]] = (
        ("files are missing or are not pictures", [e.name for e in placed[None]]),
        ("boxes lie outside their picture", [e.name for e in placed[False]]),
        ("texts have characters that are not in the alphabet", strange(examples, alphabet)),
        ("rows have no text", [e.name for e in examples if e.text is None]),
        ("rows stand twice", doubles(examples)),
        ("pictures are there twice with other texts", [pair(t) for t in pairs if len({s.example.text for s in t}) > 1]),
        ("pictures stand in train and in val", [pair(t) for t in pairs if len({s.example.split for s in t}) > 1]),
        ("splits are neither train nor val", [e.name for e in examples if e.split not in SPLITS]),
    )
    yield from (Problem(what, rows) for what, rows in finds if rows)
    for split in SPLITS:
        if all(e.split != split for e in examples):
            yield Problem(f"rows of the split {split}", [])


def inside(example: Example) -> bool | None:
    """Whether the corners lie in the picture, a pixel beyond allowed; None where the picture cannot be read."""
    try:
        height, width = example.image().shape[:2]
    except SourceError:
        return None
    if example.quad is None:
        return True
    box = example.quad.box
    return box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1 and min(example.quad.size) > 1


def strange(examples: Sequence[Example], alphabet: str) -> list[str]:
    """Texts that the alphabet cannot spell, with what is strange in them."""
    return [
        f"{e.text!r} ({''.join(sorted(set(e.text) - set(alphabet)))!r})"
        for e in examples
        if e.text and set(e.text) - set(alphabet)
    ]


def doubles(examples: Sequence[Example]) -> list[str]:
    """Rows of the same file and place."""
    count = Counter((e.path, e.quad and e.quad.corners) for e in examples)
    return [path.name for (path, _), times in count.items() if times > 1 and path]


def pair(group: Sequence) -> str:
    """Two pictures that are alike."""
    return " = ".join(s.example.name for s in group[:2])


def summary(examples: Sequence[Example]) -> Iterator[str]:
    """How many rows there are of each split, and what each mode can spell of them."""
    for split, count in Counter(e.split for e in examples).items():
        placed = sum(e.quad is not None for e in examples if e.split == split)
        yield f"{split}: {count} rows, {placed} of them with a place in their picture"
    for mode in MODES.values():
        spelled = sum(bool(e.text) and set(e.text or "") <= set(mode.alphabet) for e in examples)
        yield f"{mode.name}: {spelled} texts can be spelled"


@click.command("check")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--mode", type=click.Choice(list(MODES)), help="Whose alphabet the texts must keep to; any if left out.")
def command(folder: Path, mode: str | None) -> None:
    """Check a FOLDER of your own pictures: files, boxes, alphabet, doubles, what stands in train and in val."""
    if not (folder / TABLE).is_file():
        raise SourceError(f"{folder} holds no {TABLE}.", "It is a table with the columns file,text.")
    found = list(problems(folder.resolve(), MODES[mode].alphabet if mode else CHARACTERS + MARKS))
    for line in (*summary(list(load_shared("", [str(folder.resolve())]))), *map(str, found)):
        click.echo(line)
    if found:
        raise SourceError(f"{folder} has {len(found)} kinds of problems.", "Mend labels.csv or leave those rows out.")
    click.echo(f"{folder} can be trained on: python -m train fit TASK --add {folder}")
